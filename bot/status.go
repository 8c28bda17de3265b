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

// status tells what is served, how fresh it is, what waits to be posted, and the
// addresses by which the configuration would name this conversation and the asker.
// Operators, where nobody else reads it, also see what is wrong.
func (b *Bot) status(ctx context.Context, q *question) (chat.Reply, error) {
	here, err := b.ledger.Status(ctx, q.Where)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("reading the status: %w", err)
	}
	orders, err := b.ledger.Subscriptions(ctx, q.Where)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("reading the subscriptions: %w", err)
	}
	items := []chat.Item{
		b.servedItem(ctx, q),
		hereItem(q, here, orders, zoneOf(b.current().Timezone)),
		addressItem(q),
	}
	if q.operator && (q.Private || q.Direct) {
		troubles, err := b.operatorItems(ctx, q)
		if err != nil {
			return chat.Reply{}, err
		}
		items = append(items, troubles...)
	}
	return chat.Reply{Card: b.statusCard(q, items), Unshared: true}, nil
}

// statusCard lays out the items. There is no option to page by: what does not fit
// is for the log, and said to be there.
func (b *Bot) statusCard(q *question, items []chat.Item) chat.Card {
	p := paginate(shelve(items), "", 0)
	card := chat.Card{
		Title:   "Status",
		Items:   p.items(),
		Note:    chat.Plainly(dotted("briefbot "+b.version, q.now.UTC().Format("2 January 2006, 15:04 UTC"))),
		Actions: [][]chat.Action{{{Label: "Stories", Call: "stories"}, {Label: "Help", Call: "help"}}},
	}
	if p.older != "" {
		card.Items = append(card.Items, chat.Item{ID: "more", Body: chat.Plainly("There is more, which the log has in full.")})
	}
	return card
}

// servedItem is what is served, and how fresh it is.
func (b *Bot) servedItem(ctx context.Context, q *question) chat.Item {
	stories := q.reader.Stories()
	old := 0
	for _, d := range stories {
		if d.Stale(q.now) {
			old++
		}
	}
	snapshot := b.library.Current()
	words := counted(len(stories), "story", "stories") + " readable here"
	if old > 0 {
		words += fmt.Sprintf(", %d of them past review", old)
	}
	body := lines(
		chat.Plainly(words+"."),
		chat.Plainly("Revision "+shortRevision(snapshot.Revision())+", loaded "+agoWords(q.now.Sub(snapshot.Taken()))+"."),
	)
	for _, d := range stories[:min(len(stories), storiesPerPage)] {
		body = lines(body, chat.Plainly("– "+shorten(d.Title, 60)+": "+b.freshness(ctx, q, d)))
	}
	if more := len(stories) - storiesPerPage; more > 0 {
		body = lines(body, said(fmt.Sprintf("and %d more, which /stories lists.", more)))
	}
	return chat.Item{ID: "served", Head: chat.Styled("Stories", chat.Bold), Body: body}
}

// hereItem is what is owed to this conversation.
func hereItem(q *question, s digest.Status, orders []digest.Subscription, zone *time.Location) chat.Item {
	words := "No subscriptions"
	if s.Subscriptions > 0 {
		words = counted(s.Subscriptions, "subscription", "subscriptions")
	}
	if s.Suspended > 0 {
		words += ", suspended"
	}
	body := chat.Plainly(words + ".")
	if i := slices.IndexFunc(orders, func(o digest.Subscription) bool { return o.Suspended != "" }); i >= 0 {
		body = lines(body, chat.Plainly(suspendedWords(orders[i].Suspended)))
	}
	body = lines(body, chat.Plainly(queueWords(s, q.now)))
	if !s.Next.IsZero() {
		body = lines(body, chat.Plainly("The next digest is due "+momentWords(s.Next, zone)+"."))
	}
	if held := heldWords(orders, q.now); held != "" {
		body = lines(body, chat.Plainly(held))
	}
	return chat.Item{ID: "here", Head: chat.Styled("This conversation", chat.Bold), Body: body}
}

// heldWords says until when quiet hours hold what is to be posted; empty if none do.
func heldWords(orders []digest.Subscription, now time.Time) string {
	var until []string
	for _, o := range orders {
		if held := o.HeldUntil(now); !held.IsZero() {
			until = append(until, momentWords(held, zoneOf(o.Timezone)))
		}
	}
	if len(until) == 0 {
		return ""
	}
	return "It is quiet here now: digests are held until " + listed(unique(until)) + "."
}

func queueWords(s digest.Status, now time.Time) string {
	words := "Nothing waits to be posted"
	if n := s.Waiting + s.Sending; n > 0 {
		words = counted(n, "message", "messages") + " waiting to be posted"
	}
	if !s.Oldest.IsZero() {
		words += ", the oldest for " + durationWords(now.Sub(s.Oldest))
	}
	if !s.LastSent.IsZero() {
		words += "; the last was posted " + agoWords(now.Sub(s.LastSent))
	}
	return words + "."
}

func addressItem(q *question) chat.Item {
	body := append(chat.Plainly("This conversation: "), chat.Span{Text: q.Where.String(), Style: chat.Code})
	if len(q.Asker) > 0 {
		body = lines(body, append(chat.Plainly("You: "), chat.Span{Text: q.Asker[0], Style: chat.Code}))
	}
	return chat.Item{ID: "addresses", Head: chat.Styled("Addresses for the configuration", chat.Bold), Body: body}
}

// operatorItems are what only operators see: deliveries of everyone, alarms, and
// briefs that are broken.
func (b *Bot) operatorItems(ctx context.Context, q *question) ([]chat.Item, error) {
	all, err := b.ledger.Status(ctx, chat.Conversation{})
	if err != nil {
		return nil, fmt.Errorf("reading the status: %w", err)
	}
	alarms, err := b.ledger.Alarms(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the alarms: %w", err)
	}
	items := []chat.Item{{ID: "deliveries", Head: chat.Styled("All conversations", chat.Bold), Body: lines(
		chat.Plainly(counted(all.Subscriptions, "subscription", "subscriptions")+", "+counted(all.Suspended, "conversation", "conversations")+" suspended."),
		chat.Plainly(queueWords(all, q.now)),
		chat.Plainly(fmt.Sprintf("%d posted, %d unconfirmed, %d refused, %d withheld.", all.Sent, all.Unconfirmed, all.Refused, all.Withheld)),
	)}}
	if broken := brokenWords(b.library.Current()); broken != "" {
		items = append(items, chat.Item{ID: "broken", Head: chat.Styled("Broken briefs", chat.Bold), Body: chat.Plainly(broken)})
	}
	if n := warnings(b.library.Current()); n > 0 {
		items = append(items, chat.Item{ID: "warnings", Head: chat.Styled(counted(n, "warning", "warnings")+" about the briefs", chat.Bold),
			Body: chat.Plainly("briefbot check lists them.")})
	}
	if suspended, err := b.suspendedList(ctx); err != nil {
		return nil, err
	} else if suspended != "" {
		items = append(items, chat.Item{ID: "suspended", Head: chat.Styled("Suspended", chat.Bold), Body: chat.Plainly(suspended)})
	}
	for i, a := range alarms {
		if strings.HasPrefix(a.Key, brokenPrefix) {
			continue // told above, as it is now
		}
		const moment = "2 January 2006, 15:04 UTC"
		words := "On " + a.First.UTC().Format(moment) + "."
		if a.Count > 1 {
			words = fmt.Sprintf("Since %s, %d times, the last on %s.", a.First.UTC().Format(moment), a.Count, a.Last.UTC().Format(moment))
		}
		items = append(items, chat.Item{
			ID: fmt.Sprintf("alarm-%d", i+1), Label: "Alarm",
			Head: chat.Plainly(shorten(a.Message, 400)), Body: chat.Plainly(words),
		})
	}
	return items, nil
}

// brokenWords lists the errors in briefs with their places.
func brokenWords(s *brief.Snapshot) string {
	var found []string
	for _, p := range s.Problems() {
		if p.Severity == brief.Error {
			found = append(found, p.String())
		}
	}
	return strings.Join(found, "\n")
}

func warnings(s *brief.Snapshot) int {
	n := 0
	for _, p := range s.Problems() {
		if p.Severity == brief.Warning {
			n++
		}
	}
	return n
}

func (b *Bot) suspendedList(ctx context.Context) (string, error) {
	subs, err := b.ledger.AllSubscriptions(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the subscriptions: %w", err)
	}
	var found []string
	for _, s := range subs {
		if line := s.Where.String() + ": " + s.Suspended; s.Suspended != "" && !slices.Contains(found, line) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "\n"), nil
}

// agoWords says how long ago something was.
func agoWords(d time.Duration) string {
	if d < time.Minute {
		return "just now"
	}
	return durationWords(d) + " ago"
}

// durationWords is a duration in its largest unit: “3 hours”.
func durationWords(d time.Duration) string {
	switch {
	case d < time.Minute:
		return counted(int(d.Seconds()), "second", "seconds")
	case d < time.Hour:
		return counted(int(d.Minutes()), "minute", "minutes")
	case d < 48*time.Hour:
		return counted(int(d.Hours()), "hour", "hours")
	}
	return counted(int(d.Hours()/24), "day", "days")
}

// shortRevision abbreviates a commit's or content's hash as git does.
func shortRevision(revision string) string {
	const short = 7
	for _, r := range revision {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return revision
		}
	}
	if len(revision) <= short {
		return revision
	}
	return revision[:short]
}
