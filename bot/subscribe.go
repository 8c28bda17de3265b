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
	readable := b.visibleTo(sub.Room, stories)
	if len(readable) == 0 && len(stories) > 0 {
		return chat.Reply{}, &notHere{title: stories[0].Title}
	}
	before, err := b.ledger.Subscriptions(ctx, q.Where)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("reading the subscriptions: %w", err)
	}
	now, err := b.ledger.Subscribe(ctx, sub)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("subscribing: %w", err)
	}
	b.letIn(ctx, q.Where) // the service says that the bot may post here
	if err := b.resume(ctx, q.Where); err != nil {
		return chat.Reply{}, err
	}
	b.wake()
	return chat.Reply{Card: b.subscribedCard(q, now, before, readable)}, nil
}

// resume ends the suspension of a conversation of which the platform just said that
// the bot may post there; it need not have reported that when it came about.
func (b *Bot) resume(ctx context.Context, where chat.Conversation) error {
	reason, err := b.ledger.Suspended(ctx, where)
	switch {
	case err != nil:
		return fmt.Errorf("asking whether %v is suspended: %w", where, err)
	case reason == "":
		return nil
	}
	return b.back(ctx, where)
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
	sub.Mode = digest.Mode(strings.ToLower(q.Arg("mode")))
	if why := able(b.platform(q.Where.Platform), sub.Mode); why != "" {
		return sub, nil, &notAble{mode: sub.Mode, why: why}
	}
	if typed := q.Arg("quiet"); typed != "" {
		hours, err := digest.ParseQuiet(typed)
		if err != nil {
			return sub, nil, &badValue{"quiet", typed, "two times of day such as 22:00-07:00"}
		}
		sub.Quiet = hours
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
// returns the conversation's access subjects. A private chat is its only member's.
func (b *Bot) mayPost(ctx context.Context, inv *chat.Invocation) ([]string, error) {
	room, err := b.surveyed(ctx, inv)
	if err != nil {
		return nil, err
	}
	if inv.Direct && len(inv.Asker) > 0 && !slices.Contains(room, inv.Asker[0]) {
		room = append(slices.Clone(room), inv.Asker[0])
	}
	return room, nil
}

func (b *Bot) surveyed(ctx context.Context, inv *chat.Invocation) ([]string, error) {
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
			chat.Plainly("Changes are posted here "+orderWords(now)+"."),
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
			card.Lead = lines(card.Lead, chat.Plainly("Before, they were posted "+orderWords(old)+"."))
		}
	}
	if q.Arg("schedule") == "" {
		card.Lead = append(card.Lead, otherSchedules(now)...)
	}
	if latest, of, ok := latestNews(stories, q.now); ok {
		card.Items = b.sample(now.Mode, of, digest.Digest{Changes: []digest.Recorded{latest}, From: q.now, To: q.now, Zone: zone})
		if len(stories) > 1 {
			card.Note = chat.Plainly("The sample is from “" + of.Title + "”.")
		}
	}
	return card
}

// otherSchedules says how to be posted to at other times.
func otherSchedules(now digest.Subscription) chat.Text {
	return chat.Text{
		{Text: "\nFor another schedule, name it: "},
		{Text: "/subscribe " + orderWord(now) + " weekdays 07:30 Europe/Kyiv", Style: chat.Code},
		{Text: ", or immediate, hourly, daily 18:00, weekly mon 08:00."},
	}
}

// nextWords says exactly when the next digest comes.
func (b *Bot) nextWords(q *question, s digest.Subscription, zone *time.Location) chat.Text {
	held := s.HeldUntil(q.now)
	if s.Schedule == digest.Immediate && !held.IsZero() {
		return chat.Plainly("It is quiet now: what changes is held until " + momentWords(held, zone) + ".")
	}
	if s.Schedule == digest.Immediate {
		return chat.Plainly(fmt.Sprintf("The next digest comes when something changes and the briefs have been quiet for %s.", durationWords(b.current().settle())))
	}
	next := s.Next
	if next.IsZero() {
		next = s.Schedule.Next(q.now, zone)
	}
	if !held.IsZero() && next.Equal(held) {
		return chat.Plainly("It is quiet now: the next digest is held until " + momentWords(next, zone) + ", if anything changed by then.")
	}
	return chat.Plainly("The next digest comes on " + momentWords(next, zone) + ", if anything changed by then.")
}
