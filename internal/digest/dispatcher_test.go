package digest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		var events []brief.Event
		record(t, l, dossier(t, "a", events...))
		subscribe(t, l, "telegram:1", "a", "immediate")
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}})
		synctest.Wait()
		add := func() {
			events = append(events, event(fmt.Sprint("e", len(events))))
			record(t, l, dossier(t, "a", events...))
		}
		add()
		time.Sleep(20 * time.Second)
		began := time.Now()
		add()
		time.Sleep(usualSettle - time.Second)
		if n := f.calls(); n != 0 {
			t.Fatalf("%d messages before the briefs were quiet", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if posts := f.sent(); titles(posts) != "a event.added e0; a event.added e1" || posts[0].At.Sub(began) > usualSettle+100*time.Millisecond {
			t.Fatalf("posted %q at %v", titles(posts), posts)
		}
		// An editor who never stops is told of all the same.
		began = time.Now()
		for time.Since(began) < longSettle*usualSettle-time.Second {
			if len(f.sent()) > 1 {
				t.Fatalf("told after %v without quiet", time.Since(began))
			}
			add()
			time.Sleep(20 * time.Second)
		}
		synctest.Wait()
		if len(f.sent()) != 2 {
			t.Errorf("%d digests after %v without quiet, want 2", len(f.sent()), time.Since(began))
		}
		stop()
	})
}

// TestComposedOnce checks that what many are told alike is composed and stored
// once.
func TestComposedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		record(t, l, dossier(t, "a"))
		many := 1500
		if detecting {
			many = 300
		}
		crowd(t, l, "telegram", many, Immediate)
		var composed atomic.Int64
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second,
			Compose: func(ctx context.Context, d Digest) ([]chat.Card, error) {
				composed.Add(1)
				return compose(ctx, d)
			}})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(f.sent()); n != many {
			t.Errorf("%d messages, want %d", n, many)
		}
		if n := composed.Load(); n != 1 {
			t.Errorf("composed %d times", n)
		}
		for _, table := range []string{"cards", "compositions", "calls"} {
			if n, err := scalar(t.Context(), l.read, "SELECT COUNT(*) FROM "+table); n != 1 || err != nil {
				t.Errorf("%d rows in %s (%v), want 1", n, table, err)
			}
		}
		stop()
	})
}

func TestComposeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		record(t, l, dossier(t, "a"), dossier(t, "b"))
		subscribe(t, l, "telegram:1", "a", "immediate")
		subscribe(t, l, "telegram:2", "b", "immediate")
		var broken atomic.Bool
		broken.Store(true)
		var told alarms
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second,
			Alarm: told.tell,
			Compose: func(ctx context.Context, d Digest) ([]chat.Card, error) {
				if broken.Load() && d.Changes[0].Story == "a" {
					return nil, errors.New("no words")
				}
				return compose(ctx, d)
			}})
		record(t, l, dossier(t, "a", event("one")), dossier(t, "b", event("one")))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		same(t, titles(f.sent()), "b event.added one")
		if n := strings.Count(told.String(), "plan:1"); n < 4 || n > 7 {
			t.Errorf("%d alarms in five minutes", n)
		}
		broken.Store(false)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		same(t, titles(f.sent()), lines("b event.added one", "a event.added one"))
		stop()
	})
}

// TestVisible checks that what may not be seen is neither planned nor, where it
// was planned before, sent; and that what may be seen of a digest is.
func TestVisible(t *testing.T) {
	for _, c := range []struct {
		name, hidden, later, want string
		withheld                  int
	}{
		{"nothing", "", "", "a event.added one; b event.added one", 0},
		{"from the first", "b", "b", "a event.added one", 0},
		{"after it was planned", "", "b", "a event.added one", 1},
		{"all of it, after it was planned", "b", "ab", "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				f := newFake("telegram")
				record(t, l, dossier(t, "a"), dossier(t, "b"))
				subscribe(t, l, "telegram:1", "*", "immediate")
				var hidden atomic.Value
				hidden.Store(c.hidden)
				f.reply = func(n int, p post) (error, bool) {
					if n == 0 {
						return &chat.Later{After: time.Minute, Err: errors.New("busy")}, false
					}
					return nil, true
				}
				stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second,
					Visible: func(s Subscription, story string) bool {
						if s.Where.ID != "1" {
							t.Errorf("asked for %v", s.Where)
						}
						return !strings.Contains(hidden.Load().(string), story)
					}})
				record(t, l, dossier(t, "a", event("one")), dossier(t, "b", event("one")))
				time.Sleep(10 * time.Second)
				hidden.Store(c.later)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				same(t, titles(f.sent()), c.want)
				s, err := l.Status(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"})
				if err != nil || s.Withheld != c.withheld || s.Waiting != 0 {
					t.Errorf("status %+v, %v; want %d withheld", s, err, c.withheld)
				}
				stop()
			})
		})
	}
}

// TestStartFails checks that a dispatcher which cannot begin says so and ends, and that
// the next one begins.
func TestStartFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		l.fault = func(step string, _ bool) error {
			if step == "take over" {
				return errFault
			}
			return nil
		}
		d, err := NewDispatcher(DispatcherOptions{Ledger: l, Platforms: []chat.Platform{newFake("telegram")}, Compose: compose})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Run(t.Context()); !errors.Is(err, errFault) {
			t.Errorf("Run: %v, want the fault", err)
		}
		l.fault = nil
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{newFake("telegram")}})
		time.Sleep(time.Minute)
		stop()
	})
}
