package digest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A loom is a fake platform with threads. Open, if set, decides what opening one
// comes to; done says that it was opened all the same.
type loom struct {
	*fake
	open func(n int) (err error, done bool)

	mu     sync.Mutex
	asked  []string // keys, in order
	names  []string
	byKey  map[string]chat.Conversation
	opened int
	gone   map[string]bool // threads that were deleted
}

func newLoom(name string) *loom {
	l := &loom{fake: newFake(name), byKey: make(map[string]chat.Conversation), gone: make(map[string]bool)}
	l.reply = func(_ int, p post) (error, bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.gone[p.To.Thread] {
			return &chat.Gone{Err: errors.New("no such thread")}, false
		}
		return nil, true
	}
	return l
}

func (l *loom) OpenThread(_ context.Context, in chat.Conversation, name string, c chat.Card, key string) (chat.Conversation, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead != nil && l.dead.Load() {
		return chat.Conversation{}, &chat.Uncertain{Err: errors.New("dead")}
	}
	n := len(l.asked)
	l.asked = append(l.asked, key)
	var err error
	done := true
	if l.open != nil {
		err, done = l.open(n)
	}
	where, known := l.byKey[key]
	if done && !known {
		l.opened++
		where = chat.Conversation{Platform: in.Platform, ID: in.ID, Thread: fmt.Sprint("t", l.opened)}
		l.byKey[key] = where
		l.names = append(l.names, name)
	}
	if err != nil {
		return chat.Conversation{}, err
	}
	return where, nil
}

func (l *loom) delete(thread string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone[thread] = true
}

func (l *loom) asks() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.asked)
}

// places returns what was posted where.
func (l *loom) places() string {
	var all []string
	for _, p := range l.sent() {
		all = append(all, strings.TrimSuffix(p.To.ID+"/"+p.To.Thread, "/")+" "+p.Card.Title)
	}
	return strings.Join(all, "\n")
}

// opening words a digest as compose does, and the beginning of a thread.
func opening(ctx context.Context, d Digest) ([]chat.Card, error) {
	if d.Form == Opening {
		return []chat.Card{{Title: "Thread of " + d.Story, Actions: [][]chat.Action{{{Label: "Overview", Call: "overview " + d.Story}}}}}, nil
	}
	return compose(ctx, d)
}

// inMode orders a story as soon as it changes, in a mode.
func inMode(t *testing.T, l *Ledger, where, story string, mode Mode) Subscription {
	t.Helper()
	c, err := chat.ParseConversation(where)
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Subscribe(t.Context(), Subscription{Where: c, Stories: []string{story}, Schedule: Immediate, Mode: mode})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestThreads plays what threads come to: each step is a set of events of story a,
// and what happened before it.
func TestThreads(t *testing.T) {
	type step struct {
		after  time.Duration // since the step before
		delete string        // a thread
		b      bool          // story b changes too
	}
	cause := errors.New("cause")
	once := func(err error, done bool) func(int) (error, bool) {
		return func(n int) (error, bool) {
			if n == 0 {
				return err, done
			}
			return nil, true
		}
	}
	always := func(err error) func(int) (error, bool) { return func(int) (error, bool) { return err, false } }
	for _, c := range []struct {
		name   string
		open   func(n int) (error, bool)
		steps  []step
		want   string
		asks   int
		opened int
		alarms string
		status Status
	}{
		{name: "one thread a story", steps: []step{{b: true}, {after: time.Minute, b: true}}, asks: 2, opened: 2, status: Status{Sent: 4},
			want: lines("1/t1 a event.added e0", "1/t2 b event.added e0", "1/t1 a event.added e1", "1/t2 b event.added e1")},
		{name: "a deleted thread", steps: []step{{}, {after: 2 * time.Hour, delete: "t1"}, {after: time.Minute}}, asks: 2, opened: 2, status: Status{Sent: 3},
			want: lines("1/t1 a event.added e0", "1/t2 a event.added e1", "1/t2 a event.added e2")},
		{name: "deleted at once, and again a day later", steps: []step{{}, {after: time.Minute, delete: "t1"}, {after: time.Hour}, {after: 25 * time.Hour}}, asks: 2, opened: 2,
			alarms: "thread:telegram:1", status: Status{Sent: 4},
			want: lines("1/t1 a event.added e0", "1 a event.added e1", "1 a event.added e2", "1/t2 a event.added e3")},
		{name: "not possible, and again a day later", open: once(&chat.Fixed{Err: cause}, false), steps: []step{{}, {after: time.Hour}, {after: 25 * time.Hour}}, asks: 2, opened: 1,
			alarms: "thread:telegram:1", status: Status{Sent: 3},
			want: lines("1 a event.added e0", "1 a event.added e1", "1/t1 a event.added e2")},
		{name: "refused", open: once(&chat.Refused{Err: cause}, false), steps: []step{{}}, asks: 1, alarms: "thread:telegram:1", status: Status{Sent: 1}, want: "1 a event.added e0"},
		{name: "later", open: once(&chat.Later{After: 10 * time.Second, Err: cause}, false), steps: []step{{}}, asks: 2, opened: 1, status: Status{Sent: 1}, want: "1/t1 a event.added e0"},
		{name: "uncertain, opened", open: once(&chat.Uncertain{Err: cause}, true), steps: []step{{}}, asks: 2, opened: 1, status: Status{Sent: 1}, want: "1/t1 a event.added e0"},
		{name: "uncertain, not opened", open: once(&chat.Uncertain{Err: cause}, false), steps: []step{{}}, asks: 2, opened: 1, status: Status{Sent: 1}, want: "1/t1 a event.added e0"},
		{name: "gone", open: always(&chat.Gone{Err: cause}), steps: []step{{}}, asks: 1, alarms: "gone:telegram:1", status: Status{Waiting: 1, Suspended: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				f := newLoom("telegram")
				f.open = c.open
				record(t, l, dossier(t, "a"), dossier(t, "b"))
				inMode(t, l, "telegram:1", AllStories, ModeThread)
				var a alarms
				o := DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second, Alarm: a.tell, Compose: opening}
				stop := run(t, o)
				var ofA, ofB []brief.Event
				for i, s := range c.steps {
					if s.after > 30*time.Minute {
						stop() // time passes faster where nobody works
						time.Sleep(s.after)
						stop = run(t, o)
					} else {
						time.Sleep(s.after)
					}
					if s.delete != "" {
						f.delete(s.delete)
					}
					ofA = append(ofA, event(fmt.Sprint("e", i)))
					if s.b {
						ofB = append(ofB, event(fmt.Sprint("e", i)))
					}
					record(t, l, dossier(t, "a", ofA...), dossier(t, "b", ofB...))
					time.Sleep(2 * time.Minute)
					synctest.Wait()
				}
				same(t, f.places(), c.want)
				if f.asks() != c.asks || f.opened != c.opened {
					t.Errorf("%d threads were asked for and %d opened, want %d and %d", f.asks(), f.opened, c.asks, c.opened)
				}
				if got := a.String(); got != c.alarms {
					t.Errorf("alarms %q, want %q", got, c.alarms)
				}
				s, err := l.Status(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"})
				if got := (Status{Waiting: s.Waiting, Sent: s.Sent, Suspended: s.Suspended, Unconfirmed: s.Unconfirmed}); err != nil || got != c.status {
					t.Errorf("status %+v, %v, want %+v", got, err, c.status)
				}
				if len(f.names) > 0 && f.names[0] != "Thread of a" {
					t.Errorf("the threads are called %q", f.names)
				}
				stop()
			})
		})
	}
}

// TestOwnsInThreads checks that a message in a thread is known as the bot's own, and
// that the calls of a thread's first card are kept.
func TestOwnsInThreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newLoom("telegram")
		record(t, l, dossier(t, "a"))
		inMode(t, l, "telegram:1", "a", ModeThread)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second, Compose: opening})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(time.Minute)
		synctest.Wait()
		for where, want := range map[string]bool{"telegram:1/t1": true, "telegram:1/t2": false} {
			c, err := chat.ParseConversation(where)
			if err != nil {
				t.Fatal(err)
			}
			if owns, err := l.Owns(t.Context(), c, "m0"); owns != want || err != nil {
				t.Errorf("a message in %s is its own: %v, %v", where, owns, err)
			}
		}
		if call, err := l.Call(t.Context(), "~"+chat.Ticket("overview a")); call != "overview a" || err != nil {
			t.Errorf("the call of the first card is kept as %q, %v", call, err)
		}
		stop()
	})
}

// TestNoThreads checks that a platform without threads is posted to all the same.
func TestNoThreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		record(t, l, dossier(t, "a"))
		inMode(t, l, "telegram:1", "a", ModeThread)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second, Compose: opening})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(time.Minute)
		synctest.Wait()
		same(t, titles(f.sent()), "a event.added one")
		stop()
	})
}

// TestMovedThreads checks that a conversation which moved gets threads anew.
func TestMovedThreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newLoom("telegram")
		record(t, l, dossier(t, "a"))
		inMode(t, l, "telegram:1", "a", ModeThread)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second, Compose: opening})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := l.Move(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"}, chat.Conversation{Platform: "telegram", ID: "2"}); err != nil {
			t.Fatal(err)
		}
		record(t, l, dossier(t, "a", event("one"), event("two")))
		time.Sleep(time.Minute)
		synctest.Wait()
		same(t, f.places(), lines("1/t1 a event.added one", "2/t2 a event.added two"))
		stop()
	})
}
