package digest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// still orders a story in Kyiv with quiet hours.
func still(t *testing.T, l *Ledger, where, story, schedule, hours string) Subscription {
	t.Helper()
	s := subscribe(t, l, where, story, schedule)
	s.Timezone, s.Quiet = "Europe/Kyiv", quiet(t, hours)
	s, err := l.Subscribe(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestQuietHours plays what is recorded when, and checks what is planned when, for
// a conversation in Kyiv with quiet hours.
func TestQuietHours(t *testing.T) {
	type step struct {
		at     string
		events []brief.Event
	}
	one, two, three := event("one"), event("two"), event("three")
	urgent := announced("two", brief.Now, "")
	for _, c := range []struct {
		name, schedule, quiet string
		steps                 []step // after a first record at 2026-01-10 09:00
		end, want             string
	}{
		{
			name: "an immediate order is held and told at once", schedule: "immediate", quiet: "22:00-07:00",
			steps: []step{{"2026-01-10 21:00", []brief.Event{one}}, {"2026-01-10 22:00", []brief.Event{one, two}}, {"2026-01-11 03:00", []brief.Event{one, two, three}}},
			end:   "2026-01-12 09:00", want: lines("2026-01-10 21:00 a event.added one", "2026-01-11 07:00 a event.added two; a event.added three"),
		},
		{
			name: "it goes on as before", schedule: "immediate", quiet: "22:00-07:00",
			steps: []step{{"2026-01-10 23:00", []brief.Event{one}}, {"2026-01-11 07:30", []brief.Event{one, two}}},
			end:   "2026-01-12 09:00", want: lines("2026-01-11 07:00 a event.added one", "2026-01-11 07:30 a event.added two"),
		},
		{
			name: "several windows are one digest", schedule: "hourly", quiet: "22:00-07:00",
			steps: []step{{"2026-01-10 20:30", []brief.Event{one}}, {"2026-01-10 22:30", []brief.Event{one, two}}, {"2026-01-11 05:30", []brief.Event{one, two, three}}},
			end:   "2026-01-12 09:00", want: lines("2026-01-10 21:00 a event.added one", "2026-01-11 07:00 a event.added two; a event.added three"),
		},
		{
			name: "a schedule within them", schedule: "daily 23:00", quiet: "22:00-07:00",
			steps: []step{{"2026-01-10 10:00", []brief.Event{one}}, {"2026-01-11 06:00", []brief.Event{one, two}}, {"2026-01-11 08:00", []brief.Event{one, two, three}}},
			end:   "2026-01-12 09:00", want: lines("2026-01-11 07:00 a event.added one; a event.added two", "2026-01-12 07:00 a event.added three"),
		},
		{
			name: "what is undone in them is silence", schedule: "immediate", quiet: "22:00-07:00",
			steps: []step{{"2026-01-10 22:30", []brief.Event{one}}, {"2026-01-11 06:00", nil}},
			end:   "2026-01-12 09:00",
		},
		{
			name: "what is announced now passes, and is not told again", schedule: "daily 08:00", quiet: "22:00-07:00",
			steps: []step{{"2026-01-10 22:30", []brief.Event{one}}, {"2026-01-10 23:30", []brief.Event{one, urgent}}},
			end:   "2026-01-12 09:00", want: lines("2026-01-10 23:30 a event.added two", "2026-01-11 08:00 a event.added one"),
		},
		{
			name: "of an immediate order too", schedule: "immediate", quiet: "22:00-07:00",
			steps: []step{{"2026-01-10 22:30", []brief.Event{one}}, {"2026-01-10 23:30", []brief.Event{one, urgent}}},
			end:   "2026-01-12 09:00", want: lines("2026-01-10 23:30 a event.added two", "2026-01-11 07:00 a event.added one"),
		},
		{
			name: "announced now as the first of the night", schedule: "immediate", quiet: "22:00-07:00",
			steps: []step{{"2026-01-10 23:30", []brief.Event{one, urgent}}},
			end:   "2026-01-12 09:00", want: lines("2026-01-10 23:30 a event.added two", "2026-01-11 07:00 a event.added one"),
		},
		{
			name: "in the night of spring", schedule: "immediate", quiet: "22:00-07:00",
			steps: []step{{"2026-03-28 23:00", []brief.Event{one}}, {"2026-03-29 04:30", []brief.Event{one, two}}},
			end:   "2026-03-29 09:00", want: "2026-03-29 07:00 a event.added one; a event.added two",
		},
		{
			name: "in the night of autumn", schedule: "hourly", quiet: "22:00-03:30",
			steps: []step{{"2026-10-24 23:00", []brief.Event{one}}, {"2026-10-25 02:30", []brief.Event{one, two}}},
			end:   "2026-10-25 09:00", want: "2026-10-25 03:30 a event.added one; a event.added two",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlot(t, c.steps[0].at[:8]+"01 09:00")
			record(t, p.ledger, dossier(t, "a"))
			still(t, p.ledger, "telegram:1", "a", c.schedule, c.quiet)
			for _, s := range c.steps {
				p.until(s.at)
				record(t, p.ledger, dossier(t, "a", s.events...))
			}
			p.until(c.end)
			same(t, p.told("telegram:1"), c.want)
		})
	}
}

// TestSettleAfterQuiet checks that briefs which change as quiet hours end are
// waited for, and not for ever.
func TestSettleAfterQuiet(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	p.dispatcher.planner.settle = 2 * time.Minute
	record(t, p.ledger, dossier(t, "a"))
	still(t, p.ledger, "telegram:1", "a", "immediate", "22:00-07:00")
	p.until("2026-01-10 23:00")
	events := []brief.Event{event("night")}
	record(t, p.ledger, dossier(t, "a", events...))
	for minute := range 25 {
		p.until(inZone(t, "2026-01-11 06:59").Add(time.Duration(minute) * time.Minute).Format("2006-01-02 15:04"))
		events = append(events, event(fmt.Sprint("at-", minute)))
		record(t, p.ledger, dossier(t, "a", events...))
	}
	p.until("2026-01-11 09:00")
	got := strings.Split(p.told("telegram:1"), "\n")
	if len(got) != 2 || !strings.HasPrefix(got[0], "2026-01-11 07:20 a event.added night; ") || !strings.HasSuffix(got[1], " a event.added at-24") {
		t.Errorf("posted\n%s", strings.Join(got, "\n"))
	}
}

// TestQuietClock sends the clock forward and back in and around quiet hours.
func TestQuietClock(t *testing.T) {
	for _, c := range []struct{ name, schedule, wrong, right, want string }{
		{"forward past their end", "immediate", "2026-01-11 12:00", "2026-01-11 12:00", "2026-01-11 12:00 a event.added one"},
		{"back before them", "immediate", "2026-01-10 23:30", "2026-01-10 20:00", "2026-01-10 20:00 a event.added one"},
		{"years ahead and back, immediate", "immediate", "2030-05-05 23:00", "2026-01-10 20:00", "2026-01-10 20:00 a event.added one"},
		{"years ahead and back, hourly", "hourly", "2030-05-05 23:00", "2026-01-10 20:10", "2026-01-10 21:00 a event.added one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlot(t, "2026-01-10 19:00")
			record(t, p.ledger, dossier(t, "a"))
			still(t, p.ledger, "telegram:1", "a", c.schedule, "22:00-07:00")
			p.until("2026-01-10 23:00")
			p.asleep(c.wrong)
			if strings.HasPrefix(c.wrong, "2030") {
				p.until(c.wrong)
			}
			p.asleep("2026-01-10 23:00")
			record(t, p.ledger, dossier(t, "a", event("one")))
			p.until("2026-01-10 23:10")
			p.asleep(c.right)
			p.until("2026-01-11 13:00")
			same(t, p.told("telegram:1"), c.want)
		})
	}
}

// TestQuietChanged changes the order while its quiet hours hold something.
func TestQuietChanged(t *testing.T) {
	for _, c := range []struct{ name, schedule, to, want string }{
		{"none now, immediate", "immediate", "", "2026-01-10 23:30 a event.added one"},
		{"none now, daily within them", "daily 22:30", "", "2026-01-10 23:30 a event.added one"},
		{"none now, before its time", "daily 23:45", "", "2026-01-10 23:45 a event.added one"},
		{"shorter", "immediate", "22:00-04:00", "2026-01-11 04:00 a event.added one"},
		{"shorter, hourly", "hourly", "22:00-04:00", "2026-01-11 04:00 a event.added one"},
		{"longer", "daily 22:30", "22:00-08:30", "2026-01-11 08:30 a event.added one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlot(t, "2026-01-10 09:00")
			record(t, p.ledger, dossier(t, "a"))
			s := still(t, p.ledger, "telegram:1", "a", c.schedule, "22:00-07:00")
			p.until("2026-01-10 22:10")
			record(t, p.ledger, dossier(t, "a", event("one")))
			p.until("2026-01-10 23:30")
			s.Quiet = quiet(t, c.to)
			if _, err := p.ledger.Subscribe(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			p.until("2026-01-11 12:00")
			same(t, p.told("telegram:1"), c.want)
		})
	}
}

// asleepUntil waits for a time of the day on which time begins in a bubble, the
// first of January 2000 in UTC; hours past 24 are of the next day.
func asleepUntil(hour, minute int) {
	midnight := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	time.Sleep(time.Until(midnight.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)))
	synctest.Wait()
}

// posted returns what was posted when.
func posted(f *fake) string {
	var all []string
	for _, p := range f.sent() {
		all = append(all, p.At.UTC().Format("02 15:04 ")+p.Card.Title)
	}
	return strings.Join(all, "\n")
}

// TestQuietBegins checks what quiet hours do to what is planned and not yet sent
// when they begin: it is held, and what is announced now and what no quiet order
// asked for passes it.
func TestQuietBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		ready := time.Date(2000, 1, 1, 22, 10, 0, 0, time.UTC)
		f.reply = func(n int, p post) (error, bool) {
			if until := ready.Sub(p.At); until > 0 && p.At.Hour() == 21 {
				return &chat.Later{After: until, Err: errors.New("busy")}, false
			}
			return nil, true
		}
		record(t, l, dossier(t, "a"), dossier(t, "b"))
		order := func(story, hours string) Subscription {
			s := subscribe(t, l, "telegram:1", story, "immediate")
			s.Quiet = quiet(t, hours)
			s, err := l.Subscribe(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		order("a", "22:00-07:00")
		order("b", "")
		asleepUntil(21, 58)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		asleepUntil(21, 59)
		record(t, l, dossier(t, "a", event("one")), dossier(t, "b"))
		asleepUntil(22, 20)
		record(t, l, dossier(t, "a", event("one"), announced("two", brief.Now, "")), dossier(t, "b", event("three")))
		asleepUntil(23, 0)
		if err := l.Post(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"}, chat.Card{Title: "an alarm"}, "k"); err != nil {
			t.Fatal(err)
		}
		asleepUntil(23, 5)
		// A restart in the night changes nothing.
		stop()
		asleepUntil(24, 55)
		stop = run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		asleepUntil(25, 0)
		record(t, l, dossier(t, "a", event("one"), announced("two", brief.Now, ""), event("four")), dossier(t, "b", event("three")))
		asleepUntil(25, 10)
		stop()
		asleepUntil(30, 50)
		stop = run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		asleepUntil(32, 0)
		same(t, posted(f), lines("01 22:20 b event.added three", "01 22:20 a event.added two", "01 23:00 an alarm",
			"02 07:00 a event.added one", "02 07:00 a event.added four"))
		stop()
	})
}

// TestQuietChangedWhileOwed ends quiet hours in the night: what they held of what
// was planned is sent at once.
func TestQuietChangedWhileOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		f.reply = func(n int, p post) (error, bool) {
			if n == 0 {
				return &chat.Later{After: 2 * time.Minute, Err: errors.New("busy")}, false
			}
			return nil, true
		}
		record(t, l, dossier(t, "a"))
		s := subscribe(t, l, "telegram:1", "a", "immediate")
		s.Quiet = quiet(t, "22:00-07:00")
		configure := func() {
			if err := l.Configure(t.Context(), []Subscription{s}); err != nil {
				t.Fatal(err)
			}
		}
		configure()
		asleepUntil(21, 58)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		asleepUntil(21, 59)
		record(t, l, dossier(t, "a", event("one")))
		asleepUntil(23, 0)
		same(t, posted(f), "")
		s.Quiet = quiet(t, "22:00-23:30")
		configure()
		asleepUntil(24, 0)
		same(t, posted(f), "01 23:30 a event.added one")
		stop()
	})
}

// TestUncertainInQuiet checks that what may have been posted just before quiet
// hours is not kept until the platform has forgotten its key.
func TestUncertainInQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		f.dedupes = 5 * time.Minute
		f.reply = func(n int, p post) (error, bool) {
			if n == 0 {
				return &chat.Uncertain{Err: errors.New("no answer")}, true
			}
			return nil, true
		}
		record(t, l, dossier(t, "a"))
		s := subscribe(t, l, "telegram:1", "a", "immediate")
		s.Quiet = quiet(t, "22:00-07:00")
		if _, err := l.Subscribe(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		asleepUntil(21, 58)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: 58 * time.Second})
		asleepUntil(21, 59)
		record(t, l, dossier(t, "a", event("one")))
		asleepUntil(22, 5)
		if same(t, posted(f), "01 21:59 a event.added one"); f.calls() != 2 {
			t.Errorf("%d sends, want 2", f.calls())
		}
		stop()
	})
}

func TestMode(t *testing.T) {
	l := openNew(t)
	for given, want := range map[Mode]Mode{"": ModePost, ModePost: ModePost, ModeEdit: ModeEdit, ModeThread: ModeThread} {
		s, err := l.Subscribe(t.Context(), Subscription{Where: here, Stories: []string{"a"}, Mode: given, Quiet: quiet(t, "22:00-07:00")})
		if err != nil || s.Mode != want {
			t.Errorf("%q is kept as %q, %v", given, s.Mode, err)
		}
		stored, err := l.Subscriptions(t.Context(), here)
		if err != nil || len(stored) != 1 || stored[0].Mode != want || stored[0].Quiet.String() != "22:00-07:00" {
			t.Errorf("%q is stored as %+v, %v", given, stored, err)
		}
	}
	if _, err := l.Subscribe(t.Context(), Subscription{Where: here, Mode: "shout"}); err == nil || !strings.Contains(err.Error(), "post, edit or thread") {
		t.Errorf("of a mode that there is not it says %v", err)
	}
}
