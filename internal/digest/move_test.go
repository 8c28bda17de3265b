package digest

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// The conversation that moves, and what it becomes.
var (
	oldHome = chat.Conversation{Platform: "telegram", ID: "1"}
	newHome = chat.Conversation{Platform: "telegram", ID: "2"}
)

// TestMovedMessages moves a conversation after it was told of an event: its messages
// stay behind, where no other is touched, and what follows is told in the new one.
func TestMovedMessages(t *testing.T) {
	for _, c := range []struct {
		name  string
		mode  Mode
		event brief.Event // that takes the place of e0
		want  string
	}{
		{"a correction is a message of its own", ModePost, titledEvent("e0", "Another"), lines("1 e0", "2 e0 revised")},
		{"a living message is posted and pinned anew", ModeEdit, event("e0"), lines("1 *e0", "2 *e0; e1")},
		{"a thread is opened anew", ModeThread, event("e0"), lines("1/t1 e0", "2/t2 e1")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				f := newBoard("telegram")
				record(t, l, dossier(t, "a"))
				inMode(t, l, oldHome.String(), "a", c.mode)
				run(t, amending(l, f))
				record(t, l, dossier(t, "a", event("e0")))
				time.Sleep(time.Minute)
				synctest.Wait()
				if err := l.Move(t.Context(), oldHome, newHome); err != nil {
					t.Fatal(err)
				}
				if c.mode == ModePost {
					record(t, l, dossier(t, "a", c.event))
				} else {
					record(t, l, dossier(t, "a", c.event, event("e1")))
				}
				time.Sleep(65 * time.Minute)
				synctest.Wait()
				same(t, f.shows(), c.want)
				if edits, _ := f.counts(); edits != 0 {
					t.Errorf("%d messages were edited", edits)
				}
				s, err := l.Status(t.Context(), newHome)
				if err != nil || s.Waiting+s.Sending != 0 {
					t.Errorf("status %+v, %v", s, err)
				}
			})
		})
	}
}

// TestMovedWhileOwed moves a conversation that is owed an edit, an answer and a living
// message: the edit is dropped, and the rest arrives in the new one.
func TestMovedWhileOwed(t *testing.T) {
	for _, mode := range []Mode{ModePost, ModeEdit} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				f := newBoard("telegram")
				record(t, l, dossier(t, "a"))
				inMode(t, l, oldHome.String(), "a", mode)
				var away atomic.Bool
				fail := &chat.Later{After: 5 * time.Minute, Err: errors.New("away")}
				answer := func() (error, bool) {
					if away.Load() {
						return fail, false
					}
					return nil, true
				}
				f.edit = func(int, chat.MessageID) (error, bool) { return answer() }
				f.reply = func(int, post) (error, bool) { return answer() }
				run(t, amending(l, f))
				record(t, l, dossier(t, "a", event("e0")))
				time.Sleep(time.Minute)
				synctest.Wait()
				away.Store(true)
				record(t, l, dossier(t, "a", titledEvent("e0", "Another")))
				time.Sleep(time.Minute)
				synctest.Wait()
				away.Store(false)
				if err := l.Move(t.Context(), oldHome, newHome); err != nil {
					t.Fatal(err)
				}
				time.Sleep(65 * time.Minute)
				synctest.Wait()
				want := lines("1 e0", "2 e0 revised")
				if mode == ModeEdit {
					want = lines("1 *e0", "2 *e0 revised")
				}
				same(t, f.shows(), want)
			})
		})
	}
}

// TestLossOfWhatMoved checks that the loss of what a conversation was says nothing of
// what it became, and that the trouble with it is over.
func TestLossOfWhatMoved(t *testing.T) {
	l := openNew(t)
	if _, err := l.Suspend(t.Context(), oldHome, "gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Alarm(t.Context(), goneKey(oldHome), "Nothing can be sent", 0); err != nil {
		t.Fatal(err)
	}
	if err := l.Move(t.Context(), oldHome, newHome); err != nil {
		t.Fatal(err)
	}
	if first, err := l.Suspend(t.Context(), oldHome, "gone"); first || err != nil {
		t.Error(first, err)
	}
	for _, where := range []chat.Conversation{oldHome, newHome} {
		if reason, err := l.Suspended(t.Context(), where); reason != "" || err != nil {
			t.Errorf("%v is suspended: %q, %v", where, reason, err)
		}
	}
	if alarms, err := l.Alarms(t.Context()); len(alarms) != 0 || err != nil {
		t.Error(alarms, err)
	}
}
