package bot

import (
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// everyStory is the word for all stories in a subscription.
const everyStory = "all"

// commands is the table of all that can be asked, in the order of the help.
func (b *Bot) commands() []chat.Command {
	story := chat.Option{
		Name: "story", Summary: "A story, by its id or title", Kind: chat.Story,
		Known: b.knowsStory, Default: b.defaultStory, Complete: b.completeStory,
	}
	subscribed := story
	subscribed.Summary = "A story, or all"
	subscribed.Known, subscribed.Complete = b.knowsStoryOrAll, b.completeStoryOrAll
	// What is posted in a conversation is not asked about by default.
	listed := subscribed
	listed.Default = nil
	after := chat.Option{
		Name: "after", Summary: "Go on after this item", Kind: chat.ItemID, Named: true,
	}
	// Where nothing but a story is asked for, a title may be typed without quotes.
	alone := story
	alone.Rest = true
	listed.Rest = true
	section := func(name, summary string, run answer) chat.Command {
		return chat.Command{Name: name, Summary: summary, Options: []chat.Option{alone, after}, Run: b.ask(run)}
	}
	members := func(name, summary, who string, run answer) chat.Command {
		return chat.Command{Name: name, Summary: summary, Run: b.ask(run), Options: []chat.Option{
			story,
			{Name: "name", Summary: who, Kind: chat.Person, Rest: true, Complete: b.completeMember(name)},
			after,
		}}
	}
	return []chat.Command{
		{Name: "stories", Summary: "The stories you can read", Run: b.ask(b.stories), Options: []chat.Option{
			{Name: "tag", Summary: "Only stories with this tag", Complete: b.completeTag},
			after,
		}},
		section("overview", "What a story is about, its figures and latest events", b.story(b.overview)),
		{Name: "timeline", Summary: "What happened, newest first", Run: b.ask(b.story(b.timeline)), Options: []chat.Option{
			story,
			{Name: "from", Summary: "No earlier than this date: 2025, 2025-11 or 2025-11-21", Kind: chat.Date},
			{Name: "to", Summary: "No later than this date: 2025, 2025-11 or 2025-11-21", Kind: chat.Date},
			{Name: "kind", Summary: "Only events of this kind", Complete: b.completeKind},
			{Name: "after", Summary: "Go on after the event with this id", Kind: chat.ItemID, Complete: b.completeEvent},
		}},
		{Name: "event", Summary: "One event in full, with people, sources and corrections", Run: b.ask(b.story(b.event)), Options: []chat.Option{
			story,
			{Name: "id", Summary: "The event’s id", Kind: chat.ItemID, Required: true, Complete: b.completeEvent},
			after,
		}},
		members("people", "Who is involved; with a name, that person in every story", "A person’s name", b.people),
		members("organizations", "Which organizations are involved; with a name, that one in every story", "An organization’s name", b.organizations),
		section("indicators", "The figures to watch, and how they moved", b.story(listing("indicator", "indicators", indicatorItems))),
		section("scenarios", "How the story may go on", b.story(listing("scenario", "scenarios", scenarioItems))),
		section("history", "Earlier cases worth comparing", b.story(listing("earlier case", "earlier cases", historyItems))),
		section("sources", "The sources that the numbers in answers refer to", b.story(listing("source", "sources", sourceItems))),
		{Name: "suggest", Summary: "Suggest a correction of an event or a story to the editors", Changes: true, Run: b.ask(b.suggest), Options: []chat.Option{
			story,
			{Name: "id", Summary: "The event’s id; none: the story as a whole", Kind: chat.ItemID, Complete: b.completeEvent},
		}},
		{Name: "subscribe", Summary: "Have changes posted here", Access: chat.Manager, Changes: true, Run: b.ask(b.subscribe), Options: []chat.Option{
			subscribed,
			{Name: "schedule", Summary: "immediate, hourly, daily 08:00, weekdays 08:00, weekly mon 08:00, or cron",
				Prefix: digest.ScheduleWords, Complete: completeSchedule},
			{Name: "timezone", Summary: "The zone of the schedule’s hours, such as Europe/Kyiv", Complete: completeZone},
			{Name: "mode", Summary: "post: new messages; edit: one message, kept up to date; thread: a thread for each story", Choices: modes()},
			{Name: "importance", Summary: "Only what matters this much or more", Choices: choices("minor", "normal", "major")},
			{Name: "quiet", Summary: "Hours without digests, such as 22:00-07:00", Complete: completeQuiet},
		}},
		{Name: "unsubscribe", Summary: "Stop posting changes here", Access: chat.Manager, Changes: true,
			Options: []chat.Option{listed}, Run: b.ask(b.unsubscribe)},
		{Name: "subscriptions", Summary: "What is posted here, and when", Access: chat.Manager,
			Options: []chat.Option{listed}, Run: b.ask(b.subscriptions)},
		{Name: "default", Summary: "Show or set the story meant when none is named; none clears it", Access: chat.Manager,
			Options: []chat.Option{{
				Name: "story", Summary: "A story, or none", Kind: chat.Story, Complete: b.completeStory, Rest: true,
			}}, Run: b.ask(b.setDefault)},
		{Name: "why", Summary: "What was and was not posted here, and why", Access: chat.Manager,
			Options: []chat.Option{listed, after}, Run: b.ask(b.why)},
		{Name: "suggestions", Summary: "What readers suggested to correct", Access: chat.Operator, Run: b.ask(b.listSuggestions), Options: []chat.Option{
			{Name: "id", Summary: "The number of one of them", Kind: chat.Number},
			{Name: "state", Summary: "What becomes of it", Choices: choices(digest.SuggestionStates()...)},
			after,
		}},
		{Name: "status", Summary: "What this bot serves, how fresh it is, and your addresses", Run: b.ask(b.status)},
		{Name: "help", Summary: "What you can ask", Options: []chat.Option{after}, Run: b.ask(b.help)},
		{Name: "start", Summary: "A greeting, and where to begin", Run: b.ask(b.start)},
	}
}

// choices offers words as they are.
func choices(words ...string) []chat.Choice {
	all := make([]chat.Choice, len(words))
	for i, w := range words {
		all[i] = chat.Choice{Label: w, Value: w}
	}
	return all
}
