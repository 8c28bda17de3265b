package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A fakeLedger holds deliveries, the newest last.
type fakeLedger struct {
	mu       sync.Mutex
	list     []Account
	searched []Search
	did      []string // “retry 7”
	err      error
}

func (l *fakeLedger) Deliveries(_ context.Context, s Search) ([]Delivery, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.searched = append(l.searched, s)
	var found []Delivery
	for _, a := range slices.Backward(l.list) {
		d := a.Delivery
		fits := (s.State == "" || d.State == s.State) && (s.Verb == "" || d.Verb == s.Verb) && (s.Platform == "" || d.Where.Platform == s.Platform) &&
			(s.Story == "" || slices.Contains(d.Stories, s.Story)) && (s.Where.ID == "" || d.Where == s.Where) &&
			(s.Before == 0 || d.ID < s.Before) && strings.Contains(strings.ToLower(d.Title+" "+d.Trouble), strings.ToLower(s.Words))
		if fits && len(found) < s.Limit {
			found = append(found, d)
		}
	}
	return found, l.err
}

func (l *fakeLedger) Tally(_ context.Context, platform string) (map[string]int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := make(map[string]int)
	for _, a := range l.list {
		if platform == "" || a.Where.Platform == platform {
			counts[a.State]++
		}
	}
	return counts, l.err
}

func (l *fakeLedger) Delivery(_ context.Context, id int64) (Account, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id < 1 || id > int64(len(l.list)) {
		return Account{}, fmt.Errorf("reading: %w", cmp.Or(l.err, ErrNoDelivery))
	}
	return l.list[id-1], l.err
}

func (l *fakeLedger) Retry(_ context.Context, id int64) error {
	return l.settle(id, "retry", "waiting")
}
func (l *fakeLedger) Skip(_ context.Context, id int64) error { return l.settle(id, "skip", "skipped") }

func (l *fakeLedger) settle(id int64, what, state string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
		return l.err
	case id < 1 || id > int64(len(l.list)):
		return ErrNoDelivery
	case l.list[id-1].State == "sent":
		return fmt.Errorf("asked too late: %w", &Refusal{Why: "it was sent already"})
	}
	l.did = append(l.did, fmt.Sprintf("%s %d", what, id))
	l.list[id-1].State = state
	return nil
}

// set changes a delivery as the dispatcher would.
func (l *fakeLedger) set(id int64, change func(*Account)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.list[id-1])
}

// add appends a delivery and returns its number.
func (l *fakeLedger) add(a Account) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.ID = int64(len(l.list) + 1)
	a.Verb, a.State = cmp.Or(a.Verb, "post"), cmp.Or(a.State, "sent")
	if a.Where.ID == "" {
		a.Where = chat.Conversation{Platform: "telegram", ID: "-1001234567890"}
	}
	l.list = append(l.list, a)
	return a.ID
}

// ledgerNow is when the ledgers of tests are looked at.
var ledgerNow = time.Date(2025, 12, 2, 14, 5, 0, 0, time.UTC)

// variedLedger holds a delivery of every kind.
func variedLedger(t testing.TB) *fakeLedger {
	t.Helper()
	at := func(ago time.Duration) time.Time { return ledgerNow.Add(-ago) }
	discord := chat.Conversation{Platform: "discord", ID: "112233445566778899"}
	telegram := chat.Conversation{Platform: "telegram", ID: "-1001234567890"}
	after, err := json.Marshal(map[string]any{"title": "Talks in Moscow", "date": "2025-12-02"})
	if err != nil {
		t.Fatal(err)
	}
	before, err := json.Marshal(map[string]any{"title": "Talks in Minsk", "date": "2025-12-02"})
	if err != nil {
		t.Fatal(err)
	}
	card := chat.Card{Title: "Two new events in Ukraine peace talks", Tone: chat.New, Note: chat.Plainly("Ukraine peace talks"),
		Items:   []chat.Item{{Label: "2 December 2025", Head: chat.Plainly("Talks in Moscow"), Body: chat.Plainly("Five hours, no communiqué.")}, {Label: "1 December 2025", Head: chat.Plainly("A draft of nineteen points is leaked")}},
		Actions: [][]chat.Action{{{Label: "Timeline", Call: "timeline ukraine-peace-talks"}, {Label: "Source", URL: "https://example.org/"}}}}
	changes := []Change{
		{Change: brief.Change{Story: "ukraine-peace-talks", Kind: brief.EventAdded, Item: "draft-leaked", After: json.RawMessage(`{"title":"A draft of nineteen points is leaked"}`)}},
		{Change: brief.Change{Story: "ukraine-peace-talks", Kind: brief.EventRevised, Item: "moscow-talks", Fields: []string{"title"}, Before: before, After: after},
			Commit: brief.Commit{Hash: "1a2b3c4d5e6f7890123456789012345678901234", Author: "Jane <Doe>", At: at(27 * time.Hour)}},
	}
	l := &fakeLedger{}
	story := []string{"ukraine-peace-talks"}
	first := l.add(Account{Delivery: Delivery{Where: discord, Stories: story, Title: card.Title, Planned: at(26 * time.Hour), Sent: at(26 * time.Hour), Settled: at(26*time.Hour - 2*time.Second),
		Attempts: 1, Message: "1446000000000000001"}, Card: card, Changes: changes, URL: "https://discord.com/channels/1/112233445566778899/1446000000000000001"})
	l.add(Account{Delivery: Delivery{Where: telegram, Place: chat.Conversation{Platform: "telegram", ID: "-1001234567890", Thread: "42"}, Stories: story, Title: card.Title,
		Planned: at(26 * time.Hour), Sent: at(26 * time.Hour), Settled: at(26 * time.Hour), Attempts: 1, Message: "981"}, Card: card, Changes: changes})
	edit := Delivery{Verb: "edit", Target: first, Where: discord, Stories: story, Title: card.Title, Planned: at(3 * time.Hour), Sent: at(3 * time.Hour), Settled: at(3 * time.Hour), Attempts: 2}
	edit.ID = l.add(Account{Delivery: edit, Card: card})
	pin := Delivery{Verb: "pin", Target: first, Where: discord, State: "moot", Planned: at(2 * time.Hour), Settled: at(2 * time.Hour), Attempts: 1, Trouble: "the bot may not pin messages here"}
	pin.ID = l.add(Account{Delivery: pin})
	edit.State, pin.State = "sent", "moot"
	l.set(first, func(a *Account) { a.About = []Delivery{pin, edit} })
	l.add(Account{Delivery: Delivery{Verb: "reply", Target: first, Where: discord, Stories: story, Title: "Correction: Ukraine peace talks", State: "unconfirmed", Planned: at(95 * time.Minute), Sent: at(95 * time.Minute),
		Settled: at(93 * time.Minute), Attempts: 3, Doubts: 3, Trouble: "no answer after the request was written: context deadline exceeded"}, Card: chat.Card{Title: "Correction: Ukraine peace talks", Lead: chat.Plainly("41 cargoes is 14 cargoes.")}})
	l.add(Account{Delivery: Delivery{Where: telegram, Stories: []string{"us-nss-2025"}, Title: "National Security Strategy: one revision", State: "refused", Planned: at(40 * time.Minute), Sent: at(40 * time.Minute),
		Settled: at(39 * time.Minute), Attempts: 2, Plain: true, Trouble: "400 Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 412"}, Card: card})
	l.add(Account{Delivery: Delivery{Where: chat.Conversation{Platform: "telegram", ID: "-1009876543210"}, Stories: []string{"us-nss-2025", "ukraine-peace-talks"}, Title: "Daily digest: three changes in two stories", State: "waiting",
		Suspended: "the bot was removed from the group", Planned: at(6 * time.Hour)}, Card: card})
	l.add(Account{Delivery: Delivery{Where: discord, Stories: story, Title: "Secret talks", State: "withheld", Planned: at(30 * time.Minute), Settled: at(30 * time.Minute), Trouble: "what it tells may not be seen there any more"}, Card: card})
	l.add(Account{Delivery: Delivery{Where: telegram, Stories: story, Title: "One new event in Ukraine peace talks", State: "skipped", Planned: at(20 * time.Minute), Settled: at(12 * time.Minute), Trouble: "skipped by an operator"}, Card: card})
	l.add(Account{Delivery: Delivery{Where: telegram, Stories: story, Title: "One new event in Ukraine peace talks", State: "waiting", Planned: at(2 * time.Minute), Due: ledgerNow.Add(35 * time.Second), Sent: at(2 * time.Minute), Attempts: 3, Trouble: "429 Too Many Requests: retry after 35"}, Card: card})
	l.add(Account{Delivery: Delivery{Where: discord, Stories: story, Title: "One new event in Ukraine peace talks", State: "sending", Planned: at(time.Second), Due: at(time.Second), Sent: at(time.Second), Attempts: 1}, Card: card})
	return l
}

// withLedger gives a Web a ledger, and the time at which the tests look at it.
func withLedger(l Ledger) func(*Options) {
	return func(o *Options) { o.Ledger, o.Now = l, func() time.Time { return ledgerNow } }
}
