package bot

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/digest"
)

// noon is the instant at which the tests' clock begins.
var noon = time.Date(2025, time.December, 10, 12, 0, 0, 0, time.UTC)

// The conversation in which the tests ask, and the people in it.
var (
	room     = chat.Conversation{Platform: "fake", ID: "-100"}
	roomSubj = []string{"fake:-100"}
)

// A world is a bot over briefs in a folder, with one fake platform.
type world struct {
	*Bot
	t       testing.TB
	dir     string
	fake    *chattest.Fake
	logged  *chattest.Log
	mu      sync.Mutex
	clock   time.Time
	shown   [][]chat.Card // by Preview
	options Options
}

// A setting changes how a world is made.
type setting func(*world)

func withConfig(c Config) setting { return func(w *world) { w.options.Config = c } }

// newWorld writes the briefs, by id, and makes a bot that serves them.
func newWorld(t testing.TB, briefs map[string]string, settings ...setting) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), clock: noon, logged: new(chattest.Log)}
	for id, text := range briefs {
		w.write(id, text)
	}
	w.fake = chattest.NewFake("fake", chattest.FakeOptions{Deduplicates: true})
	w.fake.SetSurvey(room, chat.Survey{Room: roomSubj, Title: "Room", CanPost: true}, nil)
	w.options = Options{
		Source:    brief.NewDir(w.dir, brief.DirOptions{}),
		Platforms: []chat.Platform{w.fake},
		Preview:   w.show,
		PublicURL: "https://briefs.example.org",
		Version:   "test",
		Now:       w.now,
		Logger:    slog.New(slog.NewTextHandler(w.logged, nil)),
	}
	for _, s := range settings {
		s(w)
	}
	if w.options.Ledger == nil {
		w.options.Ledger = openLedger(t, ":memory:", w.now)
	}
	bot, err := New(t.Context(), w.options)
	if err != nil {
		t.Fatal(err)
	}
	w.Bot = bot
	return w
}

func openLedger(t testing.TB, store string, now func() time.Time) *digest.Ledger {
	t.Helper()
	ledger, err := digest.Open(t.Context(), digest.Options{Store: store, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ledger.Close(); err != nil {
			t.Error(err)
		}
	})
	return ledger
}

func (w *world) write(id, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, id+".yaml"), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) show(cards []chat.Card) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shown = append(w.shown, cards)
}

// takeShown returns what was shown in the preview since it was last taken.
func (w *world) takeShown() []chat.Card {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []chat.Card
	for _, cards := range w.shown {
		all = append(all, cards...)
	}
	w.shown = nil
	return all
}

// asker returns an invocation of somebody by name: a reader or a manager in the
// room, somebody in a private chat, an operator in hers, or whoever sits at the
// terminal.
func asker(name, line string) chat.Invocation {
	inv := chat.Invocation{Line: line, Where: room, Room: roomSubj, Asker: []string{"fake:7"}}
	private := func(subject string) {
		inv.Where = chat.Conversation{Platform: "fake", ID: strings.TrimPrefix(subject, "fake:")}
		inv.Room, inv.Asker, inv.Private, inv.Direct = []string{subject}, []string{subject}, true, true
	}
	switch name {
	case "reader":
	case "manager":
		inv.Manages = func(context.Context) (bool, error) { return true, nil }
	case "private":
		private("fake:7")
	case "insider":
		private("fake:42")
	case "operator":
		private("fake:1")
	case "terminal":
		return LocalInvocation(line)
	default:
		panic("no asker is called " + name)
	}
	return inv
}

// ask has the host answer what somebody asks.
func (w *world) ask(name, line string) chat.Reply {
	return w.Host().Run(w.t.Context(), asker(name, line))
}

// refresh reads the briefs again, as if the source had noticed a change.
func (w *world) refresh() {
	w.t.Helper()
	if !w.reload(w.t.Context()) {
		w.t.Fatalf("reloading failed:\n%s", w.logged)
	}
}

// find returns the call of the button with a label.
func find(card chat.Card, label string) (string, error) {
	for _, row := range card.Actions {
		for _, a := range row {
			if a.Label == label {
				return a.Data(), nil
			}
		}
	}
	return "", fmt.Errorf("there is no button %q in:\n%s", label, card.Plain())
}

// testStories are the stories that package brief tests with: minimal, huge, and
// one that uses every key.
func testStories(t testing.TB) map[string]string {
	t.Helper()
	stories := make(map[string]string)
	for _, id := range []string{"minimal", "huge", "full"} {
		data, err := os.ReadFile(filepath.Join("..", "internal", "brief", "testdata", "stories", id+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		stories[id] = string(data)
	}
	return stories
}

// everyone is a configuration in which the room may read the stories of newsroom.
func everyone() Config {
	return Config{
		Policy:    brief.Policy{Groups: map[string][]string{"newsroom": {"fake:-100", "fake:42"}}},
		Operators: []string{"fake:1"},
	}
}
