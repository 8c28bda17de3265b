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

// suspendedShown is how many suspended conversations, draftsShown how many drafts, and
// alarmsShown how many troubles of a kind, the status lists one by one.
const (
	suspendedShown = 5
	draftsShown    = 5
	alarmsShown    = 3
)

// operatorItems are what only operators see: what is owed to everyone, how the services
// are, what is broken, and the alarms.
func (b *Bot) operatorItems(ctx context.Context, q *question) ([]chat.Item, error) {
	all, err := b.ledger.Status(ctx, chat.Conversation{})
	if err != nil {
		return nil, fmt.Errorf("reading the status: %w", err)
	}
	items := []chat.Item{deliveriesItem(all, q.now)}
	services, err := b.serviceItems(ctx, q.now)
	if err != nil {
		return nil, err
	}
	items = append(items, services...)
	if broken := brokenWords(b.library.Current()); broken != "" {
		items = append(items, chat.Item{ID: "broken", Head: chat.Styled("Broken briefs", chat.Bold), Body: chat.Plainly(broken)})
	}
	if drafts := draftWords(b.library.Current()); drafts != "" {
		items = append(items, chat.Item{ID: "drafts", Head: chat.Styled("Drafts", chat.Bold), Body: chat.Plainly(drafts)})
	}
	if n := warnings(b.library.Current()); n > 0 {
		items = append(items, chat.Item{ID: "warnings", Head: chat.Styled(counted(n, "warning", "warnings")+" about the briefs", chat.Bold),
			Body: chat.Plainly("briefbot check lists them.")})
	}
	if item, ok, err := b.suggestionsItem(ctx, q.now); err != nil {
		return nil, err
	} else if ok {
		items = append(items, item)
	}
	if all.Suspended > 0 {
		item, err := b.suspendedItem(ctx, q.now, all.Suspended)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	alarms, err := b.ledger.Alarms(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the alarms: %w", err)
	}
	return append(items, alarmItems(alarms)...), nil
}

// deliveriesItem counts subscriptions and messages of everyone.
func deliveriesItem(s digest.Status, now time.Time) chat.Item {
	settled := fmt.Sprintf("%d posted, %d unconfirmed, %d refused, %d withheld", s.Sent, s.Unconfirmed, s.Refused, s.Withheld)
	if s.Skipped > 0 {
		settled += fmt.Sprintf(", %d skipped", s.Skipped)
	}
	return chat.Item{ID: "deliveries", Head: chat.Styled("All conversations", chat.Bold), Body: lines(
		chat.Plainly(counted(s.Subscriptions, "subscription", "subscriptions")+", "+counted(s.Suspended, "conversation", "conversations")+" suspended."),
		chat.Plainly(queueWords(s, now)),
		chat.Plainly(settled+"."),
	)}
}

// serviceItems tell how each platform is, and what waits on it. One that is off is
// listed where something waits for it.
func (b *Bot) serviceItems(ctx context.Context, now time.Time) ([]chat.Item, error) {
	traffic, err := b.ledger.Traffic(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the traffic: %w", err)
	}
	var names []string
	for _, p := range b.platforms {
		names = append(names, p.Name())
	}
	for name, t := range traffic {
		if b.platform(name) == nil && t.Posts+t.Edits > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	items := make([]chat.Item, len(names))
	for i, name := range names {
		body := chat.Plainly(trafficWords(traffic[name], now))
		if words := b.contactWords(name, now); words != "" {
			body = lines(chat.Plainly(words), body)
		}
		items[i] = chat.Item{ID: "service-" + name, Label: "Service", Head: chat.Styled(name, chat.Bold), Body: body}
	}
	return items, nil
}

// contactWords say since when a service is heard from, or why it is not; empty if that
// is not known.
func (b *Bot) contactWords(name string, now time.Time) string {
	if err := b.health.of("platform " + name); err != nil {
		return "It has stopped: " + shorten(err.Error(), 300)
	}
	p := b.platform(name)
	if p == nil {
		return "It is off."
	}
	r, ok := p.(chat.Reporter)
	if !ok {
		return ""
	}
	switch since, trouble := r.Contact(); {
	case trouble != nil:
		return "Not connected: " + shorten(trouble.Error(), 300)
	case !since.IsZero():
		return "Connected for " + durationWords(now.Sub(since)) + "."
	}
	return "Not connected yet."
}

// trafficWords say what waits on a platform and how much was sent of late.
func trafficWords(t digest.Traffic, now time.Time) string {
	words := "Nothing waits"
	if t.Posts > 0 {
		words = counted(t.Posts, "message waits", "messages wait") + ", the oldest for " + durationWords(now.Sub(t.Oldest))
	}
	if t.Edits > 0 {
		words += "; " + counted(t.Edits, "change of a message waits", "changes of messages wait")
	}
	if t.Kept > 0 {
		words += fmt.Sprintf("; %d kept for suspended conversations", t.Kept)
	}
	words += "."
	if t.Recent > 0 {
		words += fmt.Sprintf(" %d sent within %s, %.1f a minute.", t.Recent, durationWords(digest.TrafficSpan), float64(t.Recent)/digest.TrafficSpan.Minutes())
	}
	return words
}

// suspendedItem lists conversations that nothing can be sent to.
func (b *Bot) suspendedItem(ctx context.Context, now time.Time, all int) (chat.Item, error) {
	some, err := b.ledger.Suspensions(ctx, now, suspendedShown)
	if err != nil {
		return chat.Item{}, fmt.Errorf("reading what is suspended: %w", err)
	}
	var found []string
	for _, s := range some {
		line := s.Where.String() + ": " + strings.TrimSuffix(shorten(s.Reason, 200), ".")
		if !s.Since.IsZero() {
			line += ", for " + durationWords(now.Sub(s.Since))
		}
		found = append(found, line+".")
	}
	if more := all - len(some); more > 0 {
		found = append(found, fmt.Sprintf("and %d more.", more))
	}
	return chat.Item{ID: "suspended", Head: chat.Styled("Suspended", chat.Bold), Body: chat.Plainly(strings.Join(found, "\n"))}, nil
}

// alarmItems list the troubles that were not mended by their kinds, the latest first.
// Broken briefs are told as they are now, not here.
func alarmItems(alarms []digest.AlarmState) []chat.Item {
	var kinds []string
	of := make(map[string][]digest.AlarmState)
	for _, a := range alarms {
		kind, _, _ := strings.Cut(a.Key, ":")
		if kind+":" == brokenPrefix {
			continue
		}
		if of[kind] == nil {
			kinds = append(kinds, kind)
		}
		of[kind] = append(of[kind], a)
	}
	items := make([]chat.Item, len(kinds))
	for i, kind := range kinds {
		items[i] = alarmItem(of[kind])
		items[i].ID = fmt.Sprintf("alarm-%d", i+1)
	}
	return items
}

// alarmItem tells of the troubles of a kind: the last of them, how often they were met,
// and a few more.
func alarmItem(of []digest.AlarmState) chat.Item {
	const moment = "2 January 2006, 15:04 UTC"
	last := of[0]
	first, count := last.First, 0
	for _, a := range of {
		count += a.Count
		if a.First.Before(first) {
			first = a.First
		}
	}
	words := "On " + last.Last.UTC().Format(moment) + "."
	if count > 1 {
		words = fmt.Sprintf("Since %s, %d times, the last on %s.", first.UTC().Format(moment), count, last.Last.UTC().Format(moment))
	}
	body := []chat.Text{chat.Plainly(words)}
	for _, a := range of[1:min(len(of), alarmsShown)] {
		body = append(body, chat.Plainly("– "+shorten(a.Message, 200)))
	}
	if more := len(of) - alarmsShown; more > 0 {
		body = append(body, chat.Plainly(fmt.Sprintf("and %d more of this kind.", more)))
	}
	return chat.Item{Label: "Alarm", Head: chat.Plainly(shorten(last.Message, 400)), Body: lines(body...)}
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

// draftWords lists the drafts, and what is served instead of each.
func draftWords(s *brief.Snapshot) string {
	var found []string
	for _, p := range s.Problems() {
		if p.Rule == brief.RuleDraft {
			found = append(found, p.String())
		}
	}
	if more := len(found) - draftsShown; more > 0 {
		found = append(found[:draftsShown], fmt.Sprintf("and %d more.", more))
	}
	return strings.Join(found, "\n")
}

func warnings(s *brief.Snapshot) int {
	n := 0
	for _, p := range s.Problems() {
		if p.Severity == brief.Warning && p.Rule != brief.RuleDraft {
			n++
		}
	}
	return n
}
