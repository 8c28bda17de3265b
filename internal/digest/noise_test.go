package digest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// wording makes a card that says what each event was and is now.
func wording(_ context.Context, d Digest) ([]chat.Card, error) {
	title := func(raw json.RawMessage) string {
		var e struct{ Title string }
		if len(raw) == 0 || json.Unmarshal(raw, &e) != nil {
			return "-"
		}
		return e.Title
	}
	card := chat.Card{}
	for i, c := range d.Changes {
		if i > 0 {
			card.Title += "; "
		}
		card.Title += fmt.Sprintf("%s %s: %s > %s", c.Kind, c.Item, title(c.Before), title(c.After))
	}
	return []chat.Card{card}, nil
}

// TestMergedOnce records states of an event that was told, between two digests,
// and checks what the second says of them.
func TestMergedOnce(t *testing.T) {
	titled := func(title string) []brief.Event { return []brief.Event{{ID: "one", Title: title}} }
	retracted := func(title string) []brief.Event {
		e := titled(title)
		e[0].Retracted = &brief.Retraction{On: date(t, "2025-12-01"), Why: "It was a hoax."}
		return e
	}
	as := func(i brief.Importance, title string) []brief.Event {
		e := titled(title)
		e[0].Importance = i
		return e
	}
	for _, c := range []struct {
		name       string
		importance brief.Importance
		states     [][]brief.Event // after the one that was told, A
		want       string
	}{
		{name: "three revisions", states: [][]brief.Event{titled("B"), titled("C"), titled("D")}, want: "event.revised one: A > D"},
		{name: "revised and back", states: [][]brief.Event{titled("B"), titled("A")}},
		{name: "revised, back and revised", states: [][]brief.Event{titled("B"), titled("A"), titled("C")}, want: "event.revised one: A > C"},
		{name: "retracted and restored", states: [][]brief.Event{retracted("A"), titled("A")}},
		{name: "retracted, restored and revised", states: [][]brief.Event{retracted("A"), titled("A"), titled("B")}, want: "event.revised one: A > B"},
		{name: "revised and retracted", states: [][]brief.Event{titled("B"), retracted("B")}, want: "event.retracted one: A > B"},
		{name: "removed and back", states: [][]brief.Event{nil, titled("A")}},
		{name: "removed", states: [][]brief.Event{nil}},
		{name: "revised and removed", states: [][]brief.Event{titled("B"), nil}},
		{name: "removed and back otherwise", states: [][]brief.Event{nil, titled("B")}, want: "event.revised one: A > B"},
		{name: "below what is asked for", importance: brief.Major, states: [][]brief.Event{as(brief.Minor, "B")}},
		{name: "raised to what is asked for", importance: brief.Major, states: [][]brief.Event{as(brief.Normal, "B"), as(brief.Major, "B")}, want: "event.revised one: A > B"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlot(t, "2026-01-10 09:00")
			p.dispatcher.planner.compose = wording
			record(t, p.ledger, dossier(t, "a"))
			inKyiv(t, p.ledger, "telegram:1", "a", "daily 08:00", c.importance)
			p.until("2026-01-10 10:00")
			first := titled("A")
			if c.importance != "" {
				first[0].Importance = c.importance
			}
			record(t, p.ledger, dossier(t, "a", first...))
			p.until("2026-01-11 09:00")
			for _, state := range c.states {
				p.asleep(p.now.Add(time.Minute).In(kyiv(t)).Format("2006-01-02 15:04"))
				record(t, p.ledger, dossier(t, "a", state...))
			}
			p.until("2026-01-13 09:00")
			want := "2026-01-11 08:00 event.added one: - > A"
			if c.want != "" {
				want = lines(want, "2026-01-12 08:00 "+c.want)
			}
			same(t, p.told("telegram:1"), want)
		})
	}
}
