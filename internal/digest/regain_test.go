package digest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A scene is a conversation with one platform in which a story goes on.
type scene struct {
	t          *testing.T
	ledger     *Ledger
	board      *board
	options    DispatcherOptions
	dispatcher *Dispatcher
}

// newScene prepares a store in which stories a and b are recorded, and an order of
// telegram:1 for all.
func newScene(t *testing.T, mode Mode) *scene {
	t.Helper()
	s := &scene{t: t, ledger: openNew(t), board: newBoard("telegram")}
	s.options = amending(s.ledger, s.board)
	record(t, s.ledger, dossier(t, "a"), dossier(t, "b"))
	inMode(t, s.ledger, "telegram:1", AllStories, mode)
	return s
}

// play begins to work and returns what ends that.
func (s *scene) play() (stop func()) {
	s.t.Helper()
	var err error
	if s.dispatcher, err = NewDispatcher(s.options); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.dispatcher.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error("Run:", err)
		}
	}
}

// record records what stories a and b are, lets a minute pass, and compares what is
// shown then.
func (s *scene) record(a, b []brief.Event, want ...string) {
	s.t.Helper()
	record(s.t, s.ledger, dossier(s.t, "a", a...), dossier(s.t, "b", b...))
	s.wait(want...)
}

func (s *scene) wait(want ...string) {
	s.t.Helper()
	time.Sleep(time.Minute)
	synctest.Wait()
	same(s.t, s.board.shows(), lines(want...))
}

// TestRegain checks that what was posted is brought up to date where a story may be
// read again, with nothing new to tell: also from what an earlier edit shows, after a
// restart, and for a living message.
func TestRegain(t *testing.T) {
	e0, other := event("e0"), titledEvent("e0", "Another")
	for _, c := range []struct {
		name    string
		mode    Mode
		restart bool
	}{{name: "woken"}, {name: "restarted", restart: true}, {name: "living", mode: ModeEdit}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var hidden atomic.Bool
				s := newScene(t, c.mode)
				s.options.Visible = func(_ Subscription, story string) bool { return story != "a" || !hidden.Load() }
				stop := s.play()
				of := func(events ...brief.Event) []brief.Event { return events }
				if c.mode == ModeEdit {
					s.record(of(e0, event("e1")), nil, "1 *e0; e1")
					hidden.Store(true)
					s.record(of(event("e1")), nil, "1 *e0; e1")
					hidden.Store(false)
					s.dispatcher.Wake()
					s.wait("1 *e0 (removed); e1")
					stop()
					return
				}
				s.record(of(e0), nil, "1 e0")
				s.record(of(other), nil, "1 e0 (revised)", "1 re m0: e0 revised")
				hidden.Store(true)
				// Of what it became, what was posted first would be right.
				s.record(of(e0), nil, "1 e0 (revised)", "1 re m0: e0 revised")
				edits, _ := s.board.counts()
				s.dispatcher.Wake()
				s.wait("1 e0 (revised)", "1 re m0: e0 revised")
				hidden.Store(false)
				if c.restart {
					stop()
					stop = s.play()
				} else {
					s.dispatcher.Wake()
				}
				s.wait("1 e0", "1 re m0: e0 revised")
				s.dispatcher.Wake()
				s.wait("1 e0", "1 re m0: e0 revised")
				if now, _ := s.board.counts(); now != edits+1 {
					t.Errorf("%d edits to bring back a message", now-edits)
				}
				stop()
			})
		})
	}
}

// TestWithheldAnswer checks that an answer of which a part may not be read any more
// answers with the rest.
func TestWithheldAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hidden atomic.Bool
		s := newScene(t, ModePost)
		s.options.Visible = func(_ Subscription, story string) bool { return story != "b" || !hidden.Load() }
		s.board.reply = func(n int, _ post) (error, bool) {
			if n == 1 {
				hidden.Store(true)
				return &chat.Later{After: 10 * time.Second, Err: errors.New("busy")}, false
			}
			return nil, true
		}
		stop := s.play()
		s.record([]brief.Event{event("of-a")}, []brief.Event{event("of-b")}, "1 of-a; of-b")
		s.record([]brief.Event{retracted(t, "of-a")}, []brief.Event{retracted(t, "of-b")}, "1 of-a; of-b", "1 re m0: of-a retracted")
		hidden.Store(false)
		s.dispatcher.Wake()
		s.wait("1 of-a (retracted); of-b (retracted)", "1 re m0: of-a retracted")
		stop()
	})
}

// TestAmendLiving checks that a living message shows at once what is not told: what
// was removed, and what was revised silently, also where it is posted anew.
func TestAmendLiving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ModeEdit)
		stop := s.play()
		e0, e1, e2 := event("e0"), event("e1"), event("e2")
		quietly := titledEvent("e0", "Another")
		quietly.Announce = brief.Silent
		of := func(events ...brief.Event) []brief.Event { return events }
		s.record(of(e0, e1), of(e0), "1 *e0; e1", "1 *e0")
		s.record(of(quietly, e1), of(e0), "1 *e0 (revised); e1", "1 *e0")
		s.record(of(quietly), of(e0), "1 *e0 (revised); e1 (removed)", "1 *e0")
		s.record(of(quietly, e1), of(e0), "1 *e0 (revised); e1", "1 *e0")
		s.record(of(quietly, e1, e2), of(e0), "1 *e0 (revised); e1; e2", "1 *e0")
		s.record(of(quietly, e2), of(e0), "1 *e0 (revised); e1 (removed); e2", "1 *e0")
		stop()
		// It cannot be edited while it is revised again, and is posted anew as it is then.
		time.Sleep(2 * time.Hour)
		s.board.edit = func(int, chat.MessageID) (error, bool) { return &chat.Fixed{Err: errors.New("gone")}, false }
		stop = s.play()
		s.record(of(quietly), of(e0), "1 e0 (revised); e1 (removed); e2", "1 *e0", "1 *e0 (revised); e1 (removed); e2 (removed)")
		stop()
	})
}

// TestReviseFails checks that a card which cannot be revised holds up nothing else.
func TestReviseFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a alarms
		s := newScene(t, ModePost)
		s.options.Alarm = a.tell
		s.options.Revise = func(ctx context.Context, c chat.Card, marks []Mark) (chat.Card, error) {
			if len(marks) > 0 && marks[0].Told.Item == "e0" {
				return c, errors.New("no words for it")
			}
			return marked(ctx, c, marks)
		}
		stop := s.play()
		e0, e1, e2 := event("e0"), event("e1"), event("e2")
		of := func(events ...brief.Event) []brief.Event { return events }
		s.record(of(e0), nil, "1 e0")
		s.record(of(e0, e1), nil, "1 e0", "1 e1")
		s.record(of(retracted(t, "e0"), retracted(t, "e1"), e2), nil,
			"1 e0", "1 e1 (retracted)", "1 re m0: e0 retracted", "1 re m1: e1 retracted", "1 e2")
		keys := strings.Fields(a.String())
		if len(keys) == 0 || slices.ContainsFunc(keys, func(k string) bool { return !strings.HasPrefix(k, "revise:") }) {
			t.Errorf("alarms %q, want that cards could not be revised", keys)
		}
		stop()
	})
}

// TestAmendSkipped checks that a message which an operator skipped, and has tried
// again, shows what became of its items meanwhile.
func TestAmendSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ModePost)
		s.board.reply = func(n int, _ post) (error, bool) {
			if n == 0 {
				return &chat.Later{After: time.Hour, Err: errors.New("busy")}, false
			}
			return nil, true
		}
		stop := s.play()
		s.record([]brief.Event{event("e0")}, nil)
		if err := s.ledger.Skip(t.Context(), 1, "an operator"); err != nil {
			t.Fatal(err)
		}
		// Nobody was told of it: that it was revised is news.
		s.record([]brief.Event{titledEvent("e0", "Another")}, nil, "1 e0 revised")
		if err := s.ledger.Retry(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		s.wait("1 e0 revised", "1 e0 (revised)")
		stop()
	})
}

// TestAmendPlain checks that a card which was refused, and sent as plain text, does not
// keep the next one from being sent as it is.
func TestAmendPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ModePost)
		s.board.edit = func(n int, _ chat.MessageID) (error, bool) {
			switch n {
			case 0:
				return &chat.Refused{Err: errors.New("a bad card")}, false
			case 1:
				return &chat.Later{After: 90 * time.Second, Err: errors.New("busy")}, false
			}
			return nil, true
		}
		stop := s.play()
		s.record([]brief.Event{event("e0")}, nil, "1 e0")
		s.record([]brief.Event{titledEvent("e0", "Another")}, nil, "1 e0", "1 re m0: e0 revised")
		s.record([]brief.Event{retracted(t, "e0")}, nil, "1 e0 (retracted)", "1 re m0: e0 revised", "1 re m0: e0 retracted")
		stop()
	})
}

// TestToldThoughMinor checks that an order for what is major is told that a major event
// was wrong, also where it is minor now, and of no other minor event.
func TestToldThoughMinor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, ModePost)
		order := Subscription{Where: chat.Conversation{Platform: "telegram", ID: "1"}, Stories: []string{AllStories}, Schedule: Immediate, Importance: brief.Major}
		if _, err := s.ledger.Subscribe(t.Context(), order); err != nil {
			t.Fatal(err)
		}
		weigh := func(i brief.Importance, events ...brief.Event) []brief.Event {
			events = slices.Clone(events)
			for n := range events {
				events[n].Importance = i
			}
			return events
		}
		stop := s.play()
		small := weigh(brief.Minor, event("small"))[0]
		s.record(append(weigh(brief.Major, event("e0")), small), nil, "1 e0")
		small.Title = "Another"
		s.record(append(weigh(brief.Minor, retracted(t, "e0")), small), nil, "1 e0 (retracted)", "1 re m0: e0 retracted")
		stop()
	})
}
