package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

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
	if len(subs) > 0 && len(card.Actions) > 0 {
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
		card.Lead = said("None. /subscribe has changes posted here.")
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
				Label: "Unsubscribe: " + shorten(b.coverage(q, s), 28),
				Call:  chat.NewCall("unsubscribe", orderWord(s)).String(),
			})
		}
		body := b.nextWords(q, s, zone)
		if s.Suspended != "" {
			body = chat.Plainly(suspendedWords(s.Suspended))
		}
		card.Items = append(card.Items, chat.Item{
			ID:    fmt.Sprint(i + 1),
			Label: label,
			Head:  chat.Styled(capital(b.coverage(q, s)), chat.Bold),
			Body:  lines(chat.Plainly("Posted "+orderWords(s)+"."), body),
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

// orderWords says how often and what, how, and when not: “daily at 08:00
// Europe/Kyiv, only what is of major importance, quiet from 22:00 to 07:00”.
func orderWords(s digest.Subscription) string {
	return scheduleWords(s) + importanceFrom(s.Importance) + modeWords(s.Mode) + quietWords(s)
}

// quietWords says when nothing is posted. The zone is named where the schedule does
// not.
func quietWords(s digest.Subscription) string {
	from, to, ok := strings.Cut(s.Quiet.String(), "-")
	if !ok {
		return ""
	}
	words := ", quiet from " + from + " to " + to
	if s.Schedule == digest.Immediate || s.Schedule.String() == "hourly" {
		words += " " + zoneOf(s.Timezone).String()
	}
	return words
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
