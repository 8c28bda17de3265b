package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// subscribe orders digests for the conversation.
func (b *Bot) subscribe(ctx context.Context, q *question) (chat.Reply, error) {
	if q.Arg("story") == "" {
		return chat.Reply{Card: picker(q), Unshared: true}, nil
	}
	sub, stories, err := b.order(q)
	if err != nil {
		return chat.Reply{}, err
	}
	if sub.Room, err = b.mayPost(ctx, q.Invocation); err != nil {
		return chat.Reply{}, err
	}
	// What a conversation is sent is what it may read, whoever asks for it.
	if stories = b.visibleTo(sub.Room, stories); len(stories) == 0 {
		return chat.Reply{}, &unknownStory{word: q.Arg("story"), question: q}
	}
	before, err := b.ledger.Subscriptions(ctx, q.Where)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("reading the subscriptions: %w", err)
	}
	now, err := b.ledger.Subscribe(ctx, sub)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("subscribing: %w", err)
	}
	b.wake()
	return chat.Reply{Card: b.subscribedCard(q, now, before, stories)}, nil
}

// order reads what is to be subscribed to, and how, and the stories that it covers
// now.
func (b *Bot) order(q *question) (digest.Subscription, []*brief.Dossier, error) {
	sub := digest.Subscription{Where: q.Where, Timezone: b.current().Timezone}
	var stories []*brief.Dossier
	if strings.EqualFold(q.Arg("story"), everyStory) {
		sub.Stories, stories = []string{digest.AllStories}, q.reader.Stories()
	} else {
		d, ok := q.reader.Resolve(q.Arg("story"))
		if !ok {
			return sub, nil, &unknownStory{word: q.Arg("story"), question: q}
		}
		sub.Stories, stories = []string{d.ID}, []*brief.Dossier{d}
	}
	if mode := q.Arg("mode"); mode != "" && mode != "post" {
		return sub, nil, &notBuilt{what: "The mode " + quoted(mode)}
	}
	if q.Arg("quiet") != "" {
		return sub, nil, &notBuilt{what: "Holding digests during quiet hours"}
	}
	if typed := q.Arg("schedule"); typed != "" {
		schedule, err := digest.ParseSchedule(typed)
		if err != nil {
			return sub, nil, &badValue{"schedule", typed, "immediate, hourly, daily 08:00, weekdays 08:00, weekly mon 08:00, or five cron fields"}
		}
		sub.Schedule = schedule
	}
	if typed := q.Arg("timezone"); typed != "" {
		zone, err := time.LoadLocation(typed)
		if err != nil || strings.EqualFold(typed, "local") {
			return sub, nil, &badValue{"timezone", typed, "an IANA zone such as Europe/Kyiv"}
		}
		sub.Timezone = zone.String()
	}
	switch importance := brief.Importance(strings.ToLower(q.Arg("importance"))); importance {
	case "", brief.Minor, brief.Normal, brief.Major:
		sub.Importance = importance
	default:
		return sub, nil, &badValue{"importance", q.Arg("importance"), "minor, normal or major"}
	}
	return sub, stories, nil
}

// mayPost asks the conversation's platform whether the bot may post there, and
// returns the conversation's access subjects.
func (b *Bot) mayPost(ctx context.Context, inv *chat.Invocation) (room []string, err error) {
	surveyor, ok := b.platform(inv.Where.Platform).(chat.Surveyor)
	if !ok {
		return inv.Room, nil
	}
	survey, err := surveyor.Survey(ctx, inv.Where)
	var gone *chat.Gone
	switch {
	case errors.As(err, &gone):
		return nil, &cannotPost{}
	case err != nil:
		return nil, fmt.Errorf("surveying %v: %w", inv.Where, err)
	case !survey.CanPost:
		return nil, &cannotPost{missing: survey.Missing}
	case len(survey.Room) == 0:
		return inv.Room, nil
	}
	return survey.Room, nil
}

// visibleTo returns those of stories that a conversation may read.
func (b *Bot) visibleTo(room []string, stories []*brief.Dossier) []*brief.Dossier {
	reader := b.current().Policy.Reader(b.library.Current(), room...)
	return slices.DeleteFunc(slices.Clone(stories), func(d *brief.Dossier) bool {
		_, ok := reader.Story(d.ID)
		return !ok
	})
}

// subscribedCard confirms a subscription: what comes, when, what it replaced, and
// how it will look.
func (b *Bot) subscribedCard(q *question, now digest.Subscription, before []digest.Subscription, stories []*brief.Dossier) chat.Card {
	zone := zoneOf(now.Timezone)
	card := chat.Card{
		Title: "Subscribed: " + b.coverage(q, now),
		Lead: lines(
			chat.Plainly("Changes are posted here "+scheduleWords(now)+importanceFrom(now.Importance)+"."),
			b.nextWords(q, now, zone),
		),
		Actions: [][]chat.Action{{
			{Label: "Subscriptions", Call: "subscriptions"},
			{Label: "Unsubscribe", Call: chat.NewCall("unsubscribe", orderWord(now)).String()},
		}},
	}
	for _, old := range before {
		if !slices.Equal(old.Stories, now.Stories) {
			continue
		}
		if old.Configured {
			card.Lead = lines(card.Lead, chat.Plainly("The bot’s configuration orders the same here, posted "+scheduleWords(old)+"; that one counts."))
		} else {
			card.Lead = lines(card.Lead, chat.Plainly("Before, they were posted "+scheduleWords(old)+importanceFrom(old.Importance)+"."))
		}
	}
	if sample, ok := b.sample(stories, zone, q.now); ok {
		card.Items = append([]chat.Item{{ID: "sample", Head: chat.Styled("A digest will look like this:", chat.Italic)}}, sample.Items...)
		card.Note = chat.Plainly("Sample: " + sample.Title)
	}
	return card
}

// nextWords says exactly when the next digest comes.
func (b *Bot) nextWords(q *question, s digest.Subscription, zone *time.Location) chat.Text {
	if s.Schedule == digest.Immediate {
		return chat.Plainly(fmt.Sprintf("The next digest comes when something changes and the briefs have been quiet for %s.", durationWords(b.current().settle())))
	}
	next := s.Next
	if next.IsZero() {
		next = s.Schedule.Next(q.now, zone)
	}
	return chat.Plainly("The next digest comes on " + momentWords(next, zone) + ", if anything changed by then.")
}

// sample words the latest event among stories as if it had just been added.
func (b *Bot) sample(stories []*brief.Dossier, zone *time.Location, now time.Time) (chat.Card, bool) {
	var d *brief.Dossier
	var latest *brief.Event
	for _, story := range stories {
		for i := range story.Timeline {
			e := &story.Timeline[i]
			if e.Retracted == nil && !e.Date.First().After(now) && (latest == nil || e.Date.Compare(latest.Date) >= 0) {
				d, latest = story, e
			}
		}
	}
	if latest == nil {
		return chat.Card{}, false
	}
	change := brief.DiffDossier(without(d, latest.ID), d)
	if len(change) != 1 {
		return chat.Card{}, false
	}
	cards, err := digestCards(digest.Digest{
		Changes: []digest.Recorded{{At: now, Change: change[0]}}, From: now, To: now, Zone: zone,
	}, func(string) (*brief.Dossier, bool) { return d, true }, b.page)
	if err != nil || len(cards) == 0 {
		return chat.Card{}, false
	}
	return cards[0], true
}

// without returns d as it was before one event.
func without(d *brief.Dossier, event string) *brief.Dossier {
	earlier := *d
	earlier.Timeline = slices.DeleteFunc(slices.Clone(d.Timeline), func(e brief.Event) bool { return e.ID == event })
	return &earlier
}

// unsubscribe ends a subscription of the conversation.
func (b *Bot) unsubscribe(ctx context.Context, q *question) (chat.Reply, error) {
	subs, err := b.ledger.Subscriptions(ctx, q.Where)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("reading the subscriptions: %w", err)
	}
	word := q.Arg("story")
	if word == "" {
		return chat.Reply{Card: b.unsubscribePicker(q, subs), Unshared: true}, nil
	}
	story := digest.AllStories
	name := "all stories"
	if !strings.EqualFold(word, everyStory) {
		id, title, ok := b.orderedStory(q, subs, word)
		if !ok {
			return chat.Reply{}, &unknownStory{word: word, question: q}
		}
		story, name = id, title
	}
	removed, configured, err := b.ledger.Unsubscribe(ctx, q.Where, story)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("unsubscribing: %w", err)
	}
	return chat.Reply{Card: unsubscribedCard(name, removed, configured, subs, story)}, nil
}

// orderedStory finds the story to unsubscribe from: one that the asker may see, or
// one that the conversation ordered while it could see it.
func (b *Bot) orderedStory(q *question, subs []digest.Subscription, word string) (id, title string, ok bool) {
	if d, ok := q.reader.Resolve(word); ok {
		return d.ID, d.Title, true
	}
	for _, s := range subs {
		if slices.Contains(s.Stories, word) {
			return word, word, true
		}
	}
	return "", "", false
}

func unsubscribedCard(name string, removed, configured int, subs []digest.Subscription, story string) chat.Card {
	card := chat.Card{
		Title:   "Unsubscribed: " + name,
		Lead:    chat.Plainly("That subscription has ended."),
		Actions: [][]chat.Action{{{Label: "Subscriptions", Call: "subscriptions"}}},
	}
	if removed == 0 {
		card.Title = "Nothing to unsubscribe"
		card.Lead = chat.Plainly("There was no subscription made here for " + name + ".")
	}
	if configured > 0 {
		card.Lead = lines(card.Lead, chat.Plainly("The bot’s configuration orders it for this conversation as well; only its operators can end that."))
	}
	for _, s := range subs {
		if story != digest.AllStories && !s.Configured && slices.Contains(s.Stories, digest.AllStories) {
			card.Lead = lines(card.Lead, chat.Plainly("The subscription to all stories stays, and includes it: /unsubscribe all ends that."))
		}
	}
	return card
}

// unsubscribePicker asks which subscription is to end.
func (b *Bot) unsubscribePicker(q *question, subs []digest.Subscription) chat.Card {
	card := b.subscriptionsCard(q, subs)
	if len(card.Actions) > 0 {
		card.Title = "Which subscription shall end?"
	}
	return card
}

// subscriptions lists what is posted in the conversation.
func (b *Bot) subscriptions(ctx context.Context, q *question) (chat.Reply, error) {
	subs, err := b.ledger.Subscriptions(ctx, q.Where)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("reading the subscriptions: %w", err)
	}
	if word := q.Arg("story"); word != "" {
		id := digest.AllStories
		if !strings.EqualFold(word, everyStory) {
			d, ok := q.reader.Resolve(word)
			if !ok {
				return chat.Reply{}, &unknownStory{word: word, question: q}
			}
			id = d.ID
		}
		subs = slices.DeleteFunc(subs, func(s digest.Subscription) bool { return !slices.Contains(s.Stories, id) })
	}
	return chat.Reply{Card: b.subscriptionsCard(q, subs)}, nil
}

// subscriptionsCard lists subscriptions, with a button to end each that was made in
// chat.
func (b *Bot) subscriptionsCard(q *question, subs []digest.Subscription) chat.Card {
	card := chat.Card{Title: "Subscriptions of this conversation"}
	if len(subs) == 0 {
		card.Lead = chat.Plainly("None. /subscribe has changes posted here.")
		card.Actions = [][]chat.Action{{{Label: "Subscribe", Call: "subscribe"}}}
		return card
	}
	var buttons []chat.Action
	for i, s := range subs {
		zone := zoneOf(s.Timezone)
		label := "Made here"
		if s.Configured {
			label = "From the configuration, which chat cannot change"
		} else if len(buttons) < storiesPerPage {
			buttons = append(buttons, chat.Action{
				Label: "End: " + shorten(b.coverage(q, s), 28),
				Call:  chat.NewCall("unsubscribe", orderWord(s)).String(),
			})
		}
		body := b.nextWords(q, s, zone)
		if s.Suspended != "" {
			body = chat.Plainly("Suspended: " + s.Suspended + ". What is due is kept.")
		}
		card.Items = append(card.Items, chat.Item{
			ID:    fmt.Sprint(i + 1),
			Label: label,
			Head:  chat.Styled(capital(b.coverage(q, s)), chat.Bold),
			Body:  lines(chat.Plainly("Posted "+scheduleWords(s)+importanceFrom(s.Importance)+"."), body),
		})
	}
	card.Actions = pairs(buttons)
	return card
}

// coverage names the stories of a subscription. One that the asker may not see any
// more is not named.
func (b *Bot) coverage(q *question, s digest.Subscription) string {
	if slices.Contains(s.Stories, digest.AllStories) {
		return "all stories"
	}
	var titles []string
	hidden := 0
	for _, id := range s.Stories {
		if d, ok := q.reader.Story(id); ok {
			titles = append(titles, d.Title)
		} else {
			hidden++
		}
	}
	if hidden > 0 {
		titles = append(titles, counted(hidden, "story", "stories")+" not readable here")
	}
	return listed(titles)
}

// orderWord is how a subscription's stories are named in a call.
func orderWord(s digest.Subscription) string {
	if slices.Contains(s.Stories, digest.AllStories) || len(s.Stories) == 0 {
		return everyStory
	}
	return s.Stories[0]
}

// scheduleWords says how often: “daily at 08:00 Europe/Kyiv”.
func scheduleWords(s digest.Subscription) string {
	zone := " " + zoneOf(s.Timezone).String()
	words := strings.Fields(s.Schedule.String())
	switch words[0] {
	case "immediate":
		return "as soon as something changes"
	case "hourly":
		return "every hour"
	case "daily":
		return "daily at " + words[1] + zone
	case "weekdays":
		return "on weekdays at " + words[1] + zone
	case "weekly":
		for day := time.Sunday; day <= time.Saturday; day++ {
			if strings.EqualFold(day.String()[:3], words[1]) {
				return "every " + day.String() + " at " + words[2] + zone
			}
		}
	}
	return "by the cron schedule “" + s.Schedule.String() + "”" + zone
}

func importanceFrom(i brief.Importance) string {
	switch i {
	case brief.Major:
		return ", only what is of major importance"
	case brief.Normal:
		return ", without what is of minor importance"
	}
	return ""
}

// zoneOf returns an IANA zone, and UTC where there is none of that name.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}
