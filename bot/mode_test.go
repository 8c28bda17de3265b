package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/digest"
)

const reopened = inspected + `  - {id: reopened, date: 2025-12-10, title: The bridge reopens, importance: major}
`

// ablePlatform gives the world's platform every ability.
func ablePlatform(w *world) *chattest.Able {
	a := chattest.NewAble(w.fake)
	w.options.Platforms = []chat.Platform{a}
	return a
}

// inModeOf runs a bot whose room is told of the bridge in a mode, as soon as
// anything changes.
func inModeOf(t *testing.T, mode string) (*world, *chattest.Able, *scripted) {
	t.Helper()
	source := newScripted(map[string]string{"bridge": bridge})
	var able *chattest.Able
	w := newWorld(t, nil, withSource(source), realTime, withConfig(Config{Settle: time.Millisecond}), func(w *world) { able = ablePlatform(w) })
	running(t, w)
	inv := asker("manager", "/subscribe bridge immediate mode="+mode)
	if reply, err := w.fake.Ask(deadline(t), inv); err != nil || reply.Card.Tone == chat.Trouble {
		t.Fatalf("%v\n%s", err, reply.Card.Plain())
	}
	return w, able, source
}

// acted waits until an act was done that is told by its verb.
func acted(t *testing.T, a *chattest.Able, verb string) chattest.Act {
	t.Helper()
	var found chattest.Act
	eventually(t, verb+" was called", func() bool {
		for _, act := range a.Acts() {
			if act.Verb == verb {
				found = act
				return true
			}
		}
		return false
	})
	return found
}

// TestLivingMessage follows one message of a story from its first digest to the
// next: it is pinned, edited, and a press on it never edits it.
func TestLivingMessage(t *testing.T) {
	w, able, source := inModeOf(t, "edit")
	source.set(map[string]string{"bridge": inspected}, nil)
	pin := acted(t, able, "pin")
	posts := w.fake.Posted(room)
	if len(posts) != 1 || posts[0].ID != pin.Message || pin.Where != room {
		t.Fatalf("posted %d messages, pinned %+v", len(posts), pin)
	}
	first := posts[0].Card.Plain()
	for _, want := range []string{"Harbour bridge closed", "The bearings are inspected", "kept up to date", "Latest", "The bridge is closed to traffic"} {
		if !strings.Contains(first, want) {
			t.Errorf("the message does not say %q:\n%s", want, first)
		}
	}
	source.set(map[string]string{"bridge": reopened}, nil)
	edit := acted(t, able, "edit")
	if edit.Message != pin.Message || edit.Where != room {
		t.Errorf("edited was %+v", edit)
	}
	second := edit.Card.Plain()
	if !strings.Contains(second, "The bridge reopens") || !strings.Contains(second, "The bearings are inspected") || edit.Card.Title != posts[0].Card.Title {
		t.Errorf("it shows now\n%s", second)
	}
	for _, call := range edit.Card.Calls() {
		if kept, err := w.ledger.Call(t.Context(), "~"+chat.Ticket(call)); err != nil || kept != call {
			t.Errorf("the call %q is kept as %q, %v", call, kept, err)
		}
	}
	if owns, err := w.ledger.Owns(t.Context(), room, pin.Message); err != nil || !owns {
		t.Errorf("the message is the bot's own: %v, %v", owns, err)
	}
	if n := len(w.fake.Posted(room)); n != 1 {
		t.Errorf("%d messages were posted", n)
	}
}

// TestThreadOfStory checks that digests go to the story's thread, whose first card
// says what it is for.
func TestThreadOfStory(t *testing.T) {
	w, able, source := inModeOf(t, "thread")
	source.set(map[string]string{"bridge": inspected}, nil)
	open := acted(t, able, "open")
	if open.Where != room || open.Name != "Harbour bridge closed" || !strings.Contains(open.Card.Plain(), "Digests about this story are posted in this thread") {
		t.Errorf("opened was %+v", open)
	}
	thread := room
	thread.Thread = "t1"
	if err := w.fake.Await(deadline(t), func(sends []chattest.Send) bool { return len(sends) > 0 }); err != nil {
		t.Fatal(err)
	}
	posts := w.fake.Posted(thread)
	if len(posts) != 1 || !strings.Contains(posts[0].Card.Plain(), "The bearings are inspected") {
		t.Errorf("in the thread is %+v", posts)
	}
	if n := len(w.fake.Posted(room)); n != 0 {
		t.Errorf("%d messages were posted outside of it", n)
	}
}

// TestModesOfConfiguration checks that the file cannot order what a platform cannot
// do: at the start it is an error, and at a reload the old configuration stays.
func TestModesOfConfiguration(t *testing.T) {
	config := func(mode digest.Mode) Config {
		return Config{Subscriptions: []digest.Subscription{{Where: room, Stories: []string{"bridge"}, Schedule: digest.Immediate, Mode: mode}}}
	}
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(config(digest.ModePost)))
	for _, mode := range []digest.Mode{digest.ModeEdit, digest.ModeThread} {
		err := w.Reload(t.Context(), config(mode))
		if err == nil || !strings.Contains(err.Error(), "fake:-100") || !strings.Contains(err.Error(), "mode "+string(mode)) {
			t.Errorf("a reload with %s says %v", mode, err)
		}
		o := w.options
		o.Ledger, o.Config = openLedger(t, ":memory:", w.now), config(mode)
		if _, err := New(t.Context(), o); err == nil || !strings.Contains(err.Error(), "fake:-100") {
			t.Errorf("a start with %s says %v", mode, err)
		}
	}
	subs, err := w.ledger.Subscriptions(t.Context(), room)
	if err != nil || len(subs) != 1 || subs[0].Mode != digest.ModePost {
		t.Errorf("in force is %+v, %v", subs, err)
	}
	// A platform that is off is not asked.
	other := config(digest.ModeThread)
	other.Subscriptions[0].Where.Platform = "elsewhere"
	if err := w.Reload(t.Context(), other); err != nil {
		t.Errorf("an order for a platform that is off: %v", err)
	}
}
