package bot

import (
	"context"
	"fmt"
	"slices"
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
	items := []chat.Item{b.servedItem(ctx, q), b.hereItem(ctx, q, here, orders), addressItem(q)}
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
	body := lines(chat.Plainly(words+"."), b.revisionLines(q, snapshot))
	for _, d := range stories[:min(len(stories), storiesPerPage)] {
		body = lines(body, chat.Plainly("– "+shorten(d.Title, 60)+": "+b.freshness(ctx, q, d)))
	}
	if more := len(stories) - storiesPerPage; more > 0 {
		body = lines(body, said(fmt.Sprintf("and %d more, which /stories lists.", more)))
	}
	return chat.Item{ID: "served", Head: chat.Styled("Stories", chat.Bold), Body: body}
}

// revisionLines say from where and when it is what is served. Operators see who edited it
// last, and whether newer states can be fetched.
func (b *Bot) revisionLines(q *question, s *brief.Snapshot) chat.Text {
	origin := s.Origin()
	if origin == "" {
		return chat.Plainly("Revision " + shortRevision(s.Revision()) + ", loaded " + agoWords(q.now.Sub(s.Taken())) + ".")
	}
	text := chat.Plainly("Revision " + origin + ", committed " + agoWords(q.now.Sub(s.Taken())) + ".")
	own := q.operator && (q.Private || q.Direct)
	if by := changedBy("Last edited", lastCommit(s, q.reader.Stories()), zoneOf(b.current().Timezone)); own && by != "" {
		text = lines(text, chat.Plainly(by))
	}
	if f, ok := b.fetched(); ok {
		text = lines(text, chat.Plainly(fetchWords(f, q.now, own)))
	}
	return text
}

// fetchWords say when the source could last be asked for news, and to operators why it
// cannot be now.
func fetchWords(f brief.Freshness, now time.Time, operator bool) string {
	words := "Not fetched since the start."
	if !f.Fetched.IsZero() {
		words = "Last fetched " + agoWords(now.Sub(f.Fetched)) + "."
	}
	if operator && !f.Failing.IsZero() {
		words += " Fetching fails since " + dayWords(f.Failing.UTC()) + f.Failing.UTC().Format(", 15:04 UTC: ") + ended(f.Err.Error())
	}
	return words
}

// ordersShown is how many of a conversation's subscriptions its status lists.
const ordersShown = 5

// hereItem is what is ordered here, whether it can be posted, and what is owed.
func (b *Bot) hereItem(ctx context.Context, q *question, s digest.Status, orders []digest.Subscription) chat.Item {
	words := "No subscriptions."
	if s.Subscriptions > 0 {
		words = counted(s.Subscriptions, "subscription", "subscriptions") + "."
	}
	body := chat.Plainly(words)
	if len(orders) > 0 && b.runs(ctx, q) {
		body = lines(body, b.orderLines(q, orders))
	}
	if i := slices.IndexFunc(orders, func(o digest.Subscription) bool { return o.Suspended != "" }); i >= 0 {
		body = lines(body, chat.Plainly(suspendedWords(orders[i].Suspended)))
		if missing := b.missingHere(ctx, q); missing != nil {
			body = lines(body, missing)
		}
	}
	body = lines(body, chat.Plainly(queueWords(s, q.now)))
	if !s.Next.IsZero() {
		body = lines(body, chat.Plainly("The next digest is due "+momentWords(s.Next, zoneOf(b.current().Timezone))+"."))
	}
	if held := heldWords(orders, q.now); held != "" {
		body = lines(body, chat.Plainly(held))
	}
	return chat.Item{ID: "here", Head: chat.Styled("This conversation", chat.Bold), Body: body}
}

// runs says whether the asker manages the conversation, or is an operator.
func (b *Bot) runs(ctx context.Context, q *question) bool {
	return q.operator || q.Manages != nil && manages(ctx, *q.Invocation)
}

// orderLines are the subscriptions of a conversation, a line each.
func (b *Bot) orderLines(q *question, orders []digest.Subscription) chat.Text {
	var all []chat.Text
	for _, o := range orders[:min(len(orders), ordersShown)] {
		all = append(all, chat.Plainly("– "+capital(shorten(b.coverage(q, o), 120))+": "+orderWords(o)))
	}
	if more := len(orders) - ordersShown; more > 0 {
		all = append(all, said(fmt.Sprintf("and %d more, which /subscriptions lists.", more)))
	}
	return lines(all...)
}

// missingHere says, to those who can change it, what the bot lacks to post in a
// suspended conversation as the service has it now.
func (b *Bot) missingHere(ctx context.Context, q *question) chat.Text {
	surveyor, ok := b.platform(q.Where.Platform).(chat.Surveyor)
	if !ok || !b.runs(ctx, q) {
		return nil
	}
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	survey, err := surveyor.Survey(asking, q.Where)
	switch {
	case err != nil: // what the suspension says is all that is known
		return nil
	case survey.CanPost:
		return chat.Plainly("The bot may post here again: what was kept comes in a moment.")
	case len(survey.Missing) > 0:
		return chat.Plainly("It lacks: " + listed(survey.Missing) + ". Give it that, and what was kept comes by itself.")
	}
	return nil
}

// askTime is how long an answer waits for what the service says of a conversation.
const askTime = 2 * time.Second

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
