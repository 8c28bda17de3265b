package digest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// TestLiving plays what a living message comes to: each step is an event more of
// story a, and what happened before it.
func TestLiving(t *testing.T) {
	cause := errors.New("cause")
	type step struct {
		after time.Duration // since the step before
		b     bool          // story b changes too
	}
	nth := func(n int, err error, done bool) func(int, chat.MessageID) (error, bool) {
		return func(i int, _ chat.MessageID) (error, bool) {
			if i == n {
				return err, done
			}
			return nil, true
		}
	}
	for _, c := range []struct {
		name   string
		edit   func(int, chat.MessageID) (error, bool)
		pin    func(int, chat.MessageID) (error, bool)
		steps  []step
		want   string
		edits  int
		pins   int
		alarms string
		status Status
	}{
		{name: "one message a story, pinned once", steps: []step{{b: true}, {after: time.Minute}, {after: time.Minute, b: true}}, edits: 3, pins: 2,
			want: lines("1 *a event.added e0; a event.added e1; a event.added e2", "1 *b event.added e0; b event.added e2"), status: Status{Sent: 2}},
		{name: "deleted, and posted anew after an hour at the earliest", edit: nth(0, &chat.Fixed{Err: cause}, false), steps: []step{{}, {after: time.Minute}}, edits: 1, pins: 1,
			want: "1 *a event.added e0", status: Status{Sent: 1}},
		{name: "deleted, and posted anew an hour later", edit: nth(0, &chat.Fixed{Err: cause}, false), steps: []step{{}, {after: time.Minute}, {after: time.Minute}, {after: time.Hour}}, edits: 2, pins: 3,
			want: lines("1 a event.added e0", "1 *a event.added e0; a event.added e1; a event.added e2; a event.added e3"), status: Status{Sent: 2}},
		{name: "deleted long after, and posted anew at once", edit: nth(0, &chat.Fixed{Err: cause}, false), steps: []step{{}, {after: 2 * time.Hour}}, edits: 1, pins: 3,
			want: lines("1 a event.added e0", "1 *a event.added e0; a event.added e1"), status: Status{Sent: 2}},
		{name: "not sure whether it was edited", edit: nth(0, &chat.Uncertain{Err: cause}, true), steps: []step{{}, {after: time.Minute}}, edits: 2, pins: 1,
			want: "1 *a event.added e0; a event.added e1", status: Status{Sent: 1}},
		{name: "edited later", edit: nth(0, &chat.Later{After: 30 * time.Second, Err: cause}, false), steps: []step{{}, {after: time.Minute}}, edits: 2, pins: 1,
			want: "1 *a event.added e0; a event.added e1", status: Status{Sent: 1}},
		{name: "edited much later, when there is more", edit: nth(0, &chat.Later{After: 10 * time.Minute, Err: cause}, false), steps: []step{{}, {after: time.Minute}, {after: time.Minute}, {after: 10 * time.Minute}}, edits: 3, pins: 1,
			want: "1 *a event.added e0; a event.added e1; a event.added e2; a event.added e3", status: Status{Sent: 1}},
		{name: "not pinned", pin: nth(0, &chat.Fixed{Err: cause}, false), steps: []step{{}, {after: time.Minute}}, edits: 1, pins: 1, alarms: "pin:telegram:1",
			want: "1 a event.added e0; a event.added e1", status: Status{Sent: 1}},
		{name: "not sure whether it was pinned", pin: nth(0, &chat.Uncertain{Err: cause}, false), steps: []step{{}}, pins: 2,
			want: "1 *a event.added e0", status: Status{Sent: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				f := newBoard("telegram")
				f.edit, f.pin = c.edit, c.pin
				record(t, l, dossier(t, "a"), dossier(t, "b"))
				inMode(t, l, "telegram:1", AllStories, ModeEdit)
				var a alarms
				o := DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second, Alarm: a.tell}
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
					ofA = append(ofA, event(fmt.Sprint("e", i)))
					if s.b {
						ofB = append(ofB, event(fmt.Sprint("e", i)))
					}
					record(t, l, dossier(t, "a", ofA...), dossier(t, "b", ofB...))
					time.Sleep(2 * time.Minute)
					synctest.Wait()
				}
				same(t, f.shows(), c.want)
				if edits, pins := f.counts(); edits != c.edits || pins != c.pins {
					t.Errorf("%d edits and %d pins, want %d and %d", edits, pins, c.edits, c.pins)
				}
				if got := a.String(); got != c.alarms {
					t.Errorf("alarms %q, want %q", got, c.alarms)
				}
				s, err := l.Status(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"})
				if got := (Status{Waiting: s.Waiting, Sent: s.Sent, Suspended: s.Suspended, Unconfirmed: s.Unconfirmed}); err != nil || got != c.status {
					t.Errorf("status %+v, %v, want %+v", got, err, c.status)
				}
				stop()
			})
		})
	}
}

// TestLivingAtMostHourly deletes every message as soon as it is edited: another is
// posted once an hour.
func TestLivingAtMostHourly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newBoard("telegram")
		f.edit = func(int, chat.MessageID) (error, bool) { return &chat.Fixed{Err: errors.New("too many edits")}, false }
		record(t, l, dossier(t, "a"))
		inMode(t, l, "telegram:1", "a", ModeEdit)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		var events []brief.Event
		for i := range 20 {
			events = append(events, event(fmt.Sprint("e", i)))
			record(t, l, dossier(t, "a", events...))
			time.Sleep(10 * time.Minute)
		}
		synctest.Wait()
		posts := f.sent()
		for i := 1; i < len(posts); i++ {
			if apart := posts[i].At.Sub(posts[i-1].At); apart < time.Hour {
				t.Errorf("messages %d and %d are %v apart", i-1, i, apart)
			}
		}
		if n := len(posts); n != 3 && n != 4 {
			t.Errorf("%d messages in 200 minutes", n)
		}
		stop()
	})
}

// TestModeChanges changes the mode of an order between digests.
func TestModeChanges(t *testing.T) {
	for _, c := range []struct {
		name  string
		modes []Mode
		want  string
	}{
		{"post, edit", []Mode{ModePost, ModeEdit, ModeEdit}, lines("1 a event.added e0", "1 *a event.added e1; a event.added e2")},
		{"edit, post", []Mode{ModeEdit, ModeEdit, ModePost}, lines("1 a event.added e0; a event.added e1", "1 a event.added e2")},
		{"edit, post, edit", []Mode{ModeEdit, ModePost, ModeEdit}, lines("1 a event.added e0", "1 a event.added e1", "1 *a event.added e2")},
		{"edit, thread", []Mode{ModeEdit, ModeThread, ModeThread}, lines("1 a event.added e0", "1/t1 a event.added e1", "1/t1 a event.added e2")},
		{"thread, post, thread", []Mode{ModeThread, ModePost, ModeThread}, lines("1/t1 a event.added e0", "1 a event.added e1", "1/t1 a event.added e2")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				f := newBoard("telegram")
				record(t, l, dossier(t, "a"))
				stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second, Compose: opening})
				var events []brief.Event
				for i, mode := range c.modes {
					inMode(t, l, "telegram:1", "a", mode)
					events = append(events, event(fmt.Sprint("e", i)))
					record(t, l, dossier(t, "a", events...))
					time.Sleep(time.Minute)
					synctest.Wait()
				}
				same(t, f.shows(), c.want)
				stop()
			})
		})
	}
}

// TestLivingEnds checks what becomes of living messages when another order takes a
// story over, and when the order ends: they are left, and unpinned.
func TestLivingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newBoard("telegram")
		record(t, l, dossier(t, "a"), dossier(t, "b"))
		inMode(t, l, "telegram:1", AllStories, ModeEdit)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		turn := func(a, b []brief.Event, want ...string) {
			t.Helper()
			record(t, l, dossier(t, "a", a...), dossier(t, "b", b...))
			time.Sleep(time.Minute)
			synctest.Wait()
			same(t, f.shows(), lines(want...))
		}
		one, two := event("one"), event("two")
		turn([]brief.Event{one}, []brief.Event{one}, "1 *a event.added one", "1 *b event.added one")
		subscribe(t, l, "telegram:1", "a", "immediate")
		turn([]brief.Event{one, two}, []brief.Event{one, two}, "1 a event.added one", "1 *b event.added one; b event.added two", "1 a event.added two")
		if _, _, err := l.Unsubscribe(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"}, AllStories); err != nil {
			t.Fatal(err)
		}
		turn([]brief.Event{one, two}, []brief.Event{one, two, event("three")}, "1 a event.added one", "1 b event.added one; b event.added two", "1 a event.added two")
		stop()
	})
}

// TestLivingUnseen checks that a message about a story which may not be seen any more
// is not edited while that is so.
func TestLivingUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newBoard("telegram")
		var hidden atomic.Bool
		later := true
		f.edit = func(int, chat.MessageID) (error, bool) {
			if later {
				later = false
				return &chat.Later{After: 10 * time.Minute, Err: errors.New("busy")}, false
			}
			return nil, true
		}
		record(t, l, dossier(t, "a"))
		inMode(t, l, "telegram:1", "a", ModeEdit)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second,
			Visible: func(Subscription, string) bool { return !hidden.Load() }})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(time.Minute)
		synctest.Wait()
		record(t, l, dossier(t, "a", event("one"), event("two")))
		time.Sleep(time.Minute)
		synctest.Wait()
		hidden.Store(true)
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		same(t, f.shows(), "1 *a event.added one")
		if edits, _ := f.counts(); edits != 1 {
			t.Errorf("it was edited %d times", edits)
		}
		hidden.Store(false)
		record(t, l, dossier(t, "a", event("one"), event("two"), event("three")))
		time.Sleep(time.Minute)
		synctest.Wait()
		// What may be read again is shown with what is new.
		same(t, f.shows(), "1 *a event.added one; a event.added two; a event.added three")
		stop()
	})
}

// TestCarried checks what a living message goes on telling while other changes
// follow: what is a day old at most, as it is now, and nothing that was removed.
func TestCarried(t *testing.T) {
	titled := func(id, title string) brief.Event { return brief.Event{ID: id, Title: title} }
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newBoard("telegram")
		record(t, l, dossier(t, "a", titled("old", "Old")))
		inMode(t, l, "telegram:1", "a", ModeEdit)
		turn := func(after time.Duration, want string, events ...brief.Event) {
			t.Helper()
			time.Sleep(after)
			stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second, Compose: wording})
			defer stop()
			record(t, l, dossier(t, "a", events...))
			time.Sleep(time.Minute)
			synctest.Wait()
			same(t, f.shows(), "1 *"+want)
		}
		old, one, two := titled("old", "Old"), titled("one", "One"), titled("two", "Two")
		turn(0, "event.added one: - > One", old, one)
		turn(time.Hour, "event.added one: - > One; event.revised old: Old > Older", titled("old", "Older"), one)
		turn(time.Hour, "event.added one: - > One; event.revised old: Older > Old", old, one)
		// Nobody is told that an item was removed; with the next change it is gone.
		turn(time.Hour, "event.added one: - > One; event.revised old: Older > Old", old)
		turn(time.Hour, "event.revised old: Older > Old; event.added two: - > Two", old, two)
		turn(23*time.Hour, "event.added two: - > Two; event.added three: - > Three", old, two, titled("three", "Three"))
		turn(48*time.Hour, "event.added four: - > Four", old, two, titled("three", "Three"), titled("four", "Four"))
	})
}
