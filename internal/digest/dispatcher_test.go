package digest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openMemory(t)
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
		l := openMemory(t)
		f := newFake("telegram")
		record(t, l, dossier(t, "a"))
		crowd(t, l, "telegram", 1500, Immediate)
		var composed atomic.Int64
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second,
			Compose: func(ctx context.Context, d Digest) ([]chat.Card, error) {
				composed.Add(1)
				return compose(ctx, d)
			}})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(f.sent()); n != 1500 {
			t.Errorf("%d messages, want 1500", n)
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
		l := openMemory(t)
		f := newFake("telegram")
		record(t, l, dossier(t, "a"), dossier(t, "b"))
		subscribe(t, l, "telegram:1", "a", "immediate")
		subscribe(t, l, "telegram:2", "b", "immediate")
		broken := true
		alarms := make(map[string]int)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second,
			Alarm: func(_ context.Context, key, _ string) { alarms[key]++ },
			Compose: func(ctx context.Context, d Digest) ([]chat.Card, error) {
				if broken && d.Changes[0].Story == "a" {
					return nil, errors.New("no words")
				}
				return compose(ctx, d)
			}})
		record(t, l, dossier(t, "a", event("one")), dossier(t, "b", event("one")))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		same(t, titles(f.sent()), "b event.added one")
		if n := alarms["plan:1"]; n < 4 || n > 7 {
			t.Errorf("%d alarms in five minutes", n)
		}
		broken = false
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		same(t, titles(f.sent()), lines("b event.added one", "a event.added one"))
		stop()
	})
}

func TestVisible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openMemory(t)
		f := newFake("telegram")
		record(t, l, dossier(t, "a"), dossier(t, "b"))
		subscribe(t, l, "telegram:1", "*", "hourly")
		var hidden atomic.Value
		hidden.Store("b")
		fail := true
		f.reply = func(int, post) (error, bool) {
			if fail {
				return &chat.Later{After: time.Hour, Err: errors.New("busy")}, false
			}
			return nil, true
		}
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second,
			Visible: func(s Subscription, story string) bool {
				if s.Where.ID != "1" {
					t.Errorf("asked for %v", s.Where)
				}
				return story != hidden.Load()
			}})
		record(t, l, dossier(t, "a", event("one")), dossier(t, "b", event("one")))
		time.Sleep(70 * time.Minute)
		hidden.Store("a") // after it was planned, before it could be sent
		fail = false
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		same(t, titles(f.sent()), "")
		s, err := l.Status(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"})
		if err != nil || s.Withheld != 1 || s.Waiting != 0 {
			t.Errorf("status %+v, %v; want one withheld", s, err)
		}
		stop()
	})
}
