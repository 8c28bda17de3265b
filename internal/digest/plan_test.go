package digest

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A plot is a ledger whose clock goes where the test sends it, with a dispatcher
// that plans and whose platform nobody works for.
type plot struct {
	t          *testing.T
	now        time.Time
	ledger     *Ledger
	dispatcher *Dispatcher
}

func newPlot(t *testing.T, moment string) *plot {
	t.Helper()
	p := &plot{t: t, now: inZone(t, moment)}
	p.ledger = openAt(t, Options{Store: filepath.Join(t.TempDir(), "l.db"), Now: func() time.Time { return p.now }})
	var err error
	p.dispatcher, err = NewDispatcher(DispatcherOptions{Ledger: p.ledger, Platforms: []chat.Platform{newFake("telegram")}, Compose: compose, Settle: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// until does what is due when it is, up to a moment.
func (p *plot) until(moment string) {
	p.t.Helper()
	end := inZone(p.t, moment)
	for {
		next, err := p.dispatcher.turn(p.t.Context(), p.now)
		if err != nil {
			p.t.Fatal(err)
		}
		if next.IsZero() || next.After(end) {
			break
		}
		p.now = maxTime(next, p.now.Add(time.Millisecond))
	}
	p.asleep(moment)
	if _, err := p.dispatcher.turn(p.t.Context(), p.now); err != nil {
		p.t.Fatal(err)
	}
}

// asleep lets time pass without doing anything.
func (p *plot) asleep(moment string) { p.now = inZone(p.t, moment) }

// told returns what a conversation is owed since when.
func (p *plot) told(where string) string {
	p.t.Helper()
	all, err := collect(p.t.Context(), p.ledger.read, func(scan func(...any) error) (string, error) {
		var planned int64
		var body []byte
		if err := scan(&planned, &body); err != nil {
			return "", err
		}
		var c chat.Card
		err := json.Unmarshal(body, &c)
		return moment(planned).In(kyiv(p.t)).Format("2006-01-02 15:04 ") + c.Title, err
	}, "SELECT v.planned_at, c.body FROM deliveries v JOIN cards c ON c.hash = v.card WHERE v.conversation = $1 ORDER BY v.id", where)
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

// inZone returns a moment in the zone of the tests.
func inZone(t *testing.T, moment string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", moment, kyiv(t))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func kyiv(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func inKyiv(t *testing.T, l *Ledger, where, story, schedule string, importance brief.Importance) Subscription {
	t.Helper()
	s := subscribe(t, l, where, story, schedule)
	s.Timezone, s.Importance = "Europe/Kyiv", importance
	s, err := l.Subscribe(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func lines(s ...string) string {
	return strings.Join(s, "\n")
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("posted\n%s\nwant\n%s", got, want)
	}
}

// announced returns an event that says how it is told.
func announced(id string, a brief.Announce, i brief.Importance) brief.Event {
	return brief.Event{ID: id, Announce: a, Importance: i}
}

// TestTold plays what is recorded when, and checks what is told when, to a
// conversation in Kyiv.
func TestTold(t *testing.T) {
	type step struct {
		at     string
		events []brief.Event
		gone   bool // the dossier is not there
	}
	revised := event("one")
	revised.Title = "Something else"
	for _, c := range []struct {
		name       string
		schedule   string
		importance brief.Importance
		steps      []step // the first is the first record
		end        string
		want       string
	}{
		{
			name: "one digest a day", schedule: "daily 08:00",
			steps: []step{{at: "2026-01-10 09:00"}, {at: "2026-01-10 10:00", events: []brief.Event{event("one")}}, {at: "2026-01-10 11:00", events: []brief.Event{event("one"), event("two")}},
				{at: "2026-01-12 09:00", events: []brief.Event{event("one"), event("two"), event("three")}}},
			end: "2026-01-15 09:00", want: lines("2026-01-11 08:00 a event.added one; a event.added two", "2026-01-13 08:00 a event.added three"),
		},
		{
			name: "several edits of one item", schedule: "daily 08:00",
			steps: []step{{at: "2026-01-10 09:00"}, {at: "2026-01-10 10:00", events: []brief.Event{event("one")}}, {at: "2026-01-10 11:00", events: []brief.Event{revised}}},
			end:   "2026-01-12 09:00", want: "2026-01-11 08:00 a event.added one",
		},
		{
			name: "undone before it was told", schedule: "daily 08:00",
			steps: []step{{at: "2026-01-10 09:00"}, {at: "2026-01-10 10:00", events: []brief.Event{event("one")}}, {at: "2026-01-10 11:00"}},
			end:   "2026-01-12 09:00",
		},
		{
			name: "undone and done again before it was told", schedule: "daily 08:00",
			steps: []step{{at: "2026-01-10 09:00"}, {at: "2026-01-10 10:00", events: []brief.Event{event("one")}}, {at: "2026-01-10 11:00"},
				{at: "2026-01-10 12:00", events: []brief.Event{event("one")}}},
			end: "2026-01-12 09:00", want: "2026-01-11 08:00 a event.added one",
		},
		{
			name: "undone in one window and done again in the next", schedule: "daily 08:00",
			steps: []step{{at: "2026-01-10 09:00"}, {at: "2026-01-10 10:00", events: []brief.Event{event("one")}}, {at: "2026-01-10 11:00"},
				{at: "2026-01-11 12:00", events: []brief.Event{event("one")}}},
			end: "2026-01-13 09:00", want: "2026-01-12 08:00 a event.added one",
		},
		{
			name: "removed and back as it was", schedule: "immediate",
			steps: []step{{at: "2026-01-10 09:00"}, {at: "2026-01-10 10:00", events: []brief.Event{event("one")}}, {at: "2026-01-10 11:00"},
				{at: "2026-01-10 12:00", events: []brief.Event{event("one")}}},
			end: "2026-01-10 13:00", want: "2026-01-10 10:00 a event.added one",
		},
		{
			name: "of the first record, removed and back as it was", schedule: "immediate",
			steps: []step{{at: "2026-01-10 09:00", events: []brief.Event{event("one")}}, {at: "2026-01-10 11:00"},
				{at: "2026-01-10 12:00", events: []brief.Event{event("one")}}},
			end: "2026-01-10 13:00",
		},
		{
			name: "removed and back different", schedule: "immediate",
			steps: []step{{at: "2026-01-10 09:00", events: []brief.Event{event("one")}}, {at: "2026-01-10 11:00"},
				{at: "2026-01-10 12:00", events: []brief.Event{revised}}},
			end: "2026-01-10 13:00", want: "2026-01-10 12:00 a event.revised one",
		},
		{
			name: "a dossier removed and back as it was", schedule: "immediate",
			steps: []step{{at: "2026-01-10 09:00", events: []brief.Event{event("one")}}, {at: "2026-01-10 11:00", gone: true},
				{at: "2026-01-10 12:00", events: []brief.Event{event("one")}}},
			end: "2026-01-10 13:00",
		},
		{
			name: "a dossier removed and back different", schedule: "daily 08:00",
			steps: []step{{at: "2026-01-10 09:00", events: []brief.Event{event("one")}}, {at: "2026-01-10 11:00", gone: true},
				{at: "2026-01-10 12:00", events: []brief.Event{event("one"), event("two")}}},
			end: "2026-01-12 13:00", want: "2026-01-11 08:00 a event.added two",
		},
		{
			name: "silent", schedule: "immediate",
			steps: []step{{at: "2026-01-10 09:00"}, {at: "2026-01-10 10:00", events: []brief.Event{announced("one", brief.Silent, brief.Major)}}},
			end:   "2026-01-10 13:00",
		},
		{
			name: "of some importance", schedule: "immediate", importance: brief.Major,
			steps: []step{{at: "2026-01-10 09:00"}, {at: "2026-01-10 10:00", events: []brief.Event{
				announced("minor", "", brief.Minor), event("normal"), announced("major", "", brief.Major)}}},
			end: "2026-01-10 13:00", want: "2026-01-10 10:00 a event.added major",
		},
		{
			name: "at once before the schedule", schedule: "daily 08:00",
			steps: []step{{at: "2026-01-10 09:00"}, {at: "2026-01-10 10:00", events: []brief.Event{event("one")}},
				{at: "2026-01-10 12:00", events: []brief.Event{event("one"), announced("two", brief.Now, "")}},
				{at: "2026-01-10 13:00", events: []brief.Event{event("one"), announced("two", brief.Now, ""), event("three")}}},
			end: "2026-01-13 09:00", want: lines("2026-01-10 12:00 a event.added two", "2026-01-11 08:00 a event.added one; a event.added three"),
		},
		{
			name: "added for the digest, then urgent", schedule: "daily 08:00",
			steps: []step{{at: "2026-01-10 09:00"}, {at: "2026-01-10 10:00", events: []brief.Event{event("one"), event("two")}},
				{at: "2026-01-10 12:00", events: []brief.Event{announced("one", brief.Now, brief.Major), event("two")}}},
			end: "2026-01-13 09:00", want: lines("2026-01-10 12:00 a event.added one", "2026-01-11 08:00 a event.added two"),
		},
		{
			name: "urgent, then revised", schedule: "daily 08:00",
			steps: []step{{at: "2026-01-10 09:00"}, {at: "2026-01-10 10:00", events: []brief.Event{announced("one", brief.Now, "")}},
				{at: "2026-01-10 12:00", events: []brief.Event{revised}}},
			end: "2026-01-13 09:00", want: lines("2026-01-10 10:00 a event.added one", "2026-01-11 08:00 a event.revised one"),
		},
		{
			name: "a reading of the clock that comes twice", schedule: "30 3 * * *",
			steps: []step{{at: "2026-10-24 09:00"}, {at: "2026-10-25 02:00", events: []brief.Event{event("one")}},
				{at: "2026-10-25 02:30", events: []brief.Event{event("one"), event("two")}},
				{at: "2026-10-25 04:10", events: []brief.Event{event("one"), event("two"), event("three")}}},
			end: "2026-10-27 09:00", want: lines("2026-10-25 03:30 a event.added one; a event.added two", "2026-10-26 03:30 a event.added three"),
		},
		{
			name: "a reading of the clock that is left out", schedule: "30 3 * * *",
			steps: []step{{at: "2026-03-28 09:00"}, {at: "2026-03-29 02:00", events: []brief.Event{event("one")}}},
			end:   "2026-03-30 09:00", want: "2026-03-29 04:30 a event.added one",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlot(t, c.steps[0].at)
			record(t, p.ledger, dossier(t, "a", c.steps[0].events...))
			inKyiv(t, p.ledger, "telegram:1", "a", c.schedule, c.importance)
			for _, s := range c.steps[1:] {
				p.until(s.at)
				if s.gone {
					record(t, p.ledger)
					continue
				}
				record(t, p.ledger, dossier(t, "a", s.events...))
			}
			p.until(c.end)
			same(t, p.told("telegram:1"), c.want)
		})
	}
}

// TestDowntime checks that windows missed while the program was down make one
// digest, and the next comes at its usual time.
func TestDowntime(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	record(t, p.ledger, dossier(t, "a"))
	inKyiv(t, p.ledger, "telegram:1", "a", "daily 08:00", "")
	p.until("2026-01-10 10:00")
	record(t, p.ledger, dossier(t, "a", event("one")))
	p.asleep("2026-01-12 10:00")
	record(t, p.ledger, dossier(t, "a", event("one"), event("two")))
	p.asleep("2026-01-13 11:00")
	p.until("2026-01-13 12:00")
	record(t, p.ledger, dossier(t, "a", event("one"), event("two"), event("three")))
	p.until("2026-01-16 12:00")
	same(t, p.told("telegram:1"), lines("2026-01-13 11:00 a event.added one; a event.added two", "2026-01-14 08:00 a event.added three"))
}

// TestClockWasWrong sends the clock years ahead and back, with the dispatcher
// running and with it started again: nothing waits for years.
func TestClockWasWrong(t *testing.T) {
	for name, back := range map[string]func(*plot){
		"running": func(*plot) {},
		"started again": func(p *plot) {
			var err error
			p.dispatcher, err = NewDispatcher(DispatcherOptions{Ledger: p.ledger, Platforms: []chat.Platform{newFake("telegram")}, Compose: compose, Settle: time.Second})
			if err != nil {
				p.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlot(t, "2026-01-10 09:00")
			record(t, p.ledger, dossier(t, "a"))
			inKyiv(t, p.ledger, "telegram:1", "a", "daily 08:00", "")
			inKyiv(t, p.ledger, "telegram:2", "a", "weekly mon 08:00", "")
			p.until("2026-01-10 10:00")
			p.asleep("2030-05-05 10:00")
			p.until("2030-05-05 11:00")
			p.asleep("2026-01-10 11:00")
			back(p)
			record(t, p.ledger, dossier(t, "a", event("one")))
			p.until("2026-01-12 09:00") // a Monday
			same(t, p.told("telegram:1"), lines("2026-01-11 08:00 a event.added one"))
			same(t, p.told("telegram:2"), lines("2026-01-12 08:00 a event.added one"))
		})
	}
}

// TestToldOnce checks that of several orders of a conversation one tells.
func TestToldOnce(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	l := p.ledger
	a, b := dossier(t, "a"), dossier(t, "b")
	record(t, l, a, b)
	inKyiv(t, l, "telegram:1", "*", "daily 08:00", "")
	inKyiv(t, l, "telegram:1", "a", "immediate", "")
	p.until("2026-01-10 10:00")
	record(t, l, dossier(t, "a", event("one")), dossier(t, "b", event("one")))
	p.until("2026-01-10 11:00")
	// The order for all takes a over, and does not repeat what was told.
	if n, _, err := l.Unsubscribe(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"}, "a"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	record(t, l, dossier(t, "a", event("one"), event("two")), dossier(t, "b", event("one")))
	p.until("2026-01-11 09:00")
	// An order for one story goes on where the order for all was.
	record(t, l, dossier(t, "a", event("one"), event("two"), event("three")), dossier(t, "b", event("one")))
	inKyiv(t, l, "telegram:1", "a", "daily 20:00", "")
	p.until("2026-01-13 09:00")
	same(t, p.told("telegram:1"), lines("2026-01-10 10:00 a event.added one", "2026-01-11 08:00 b event.added one; a event.added two",
		"2026-01-11 20:00 a event.added three"))
}

func TestCorrectionFollowsItsItem(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	l := p.ledger
	record(t, l, dossier(t, "a", event("old")))
	for where, importance := range map[string]brief.Importance{"telegram:1": "", "telegram:2": brief.Major} {
		inKyiv(t, l, where, "a", "immediate", importance)
	}
	major := announced("one", "", brief.Major)
	record(t, l, dossier(t, "a", event("old"), major))
	p.until("2026-01-10 09:01")
	// Told as major, then lowered: its correction is for those who were told.
	minor := announced("one", "", brief.Minor)
	corrected := dossier(t, "a", event("old"), minor)
	record(t, l, corrected)
	p.until("2026-01-10 09:02")
	again := *corrected
	again.Corrections = []brief.Correction{{On: date(t, "2025-12-03"), Text: "It was less.", Item: "timeline/one"},
		{On: date(t, "2025-12-03"), Text: "It was more.", Item: "timeline/old"}}
	record(t, l, &again)
	p.until("2026-01-10 09:04")
	same(t, p.told("telegram:2"), lines("2026-01-10 09:00 a event.added one", "2026-01-10 09:02 a correction.published timeline/one"))
}
