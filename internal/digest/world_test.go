package digest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// date returns an EDTF date.
func date(t testing.TB, s string) brief.Date {
	t.Helper()
	d, err := brief.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// dossier returns a story with the given events.
func dossier(t testing.TB, id string, events ...brief.Event) *brief.Dossier {
	t.Helper()
	d := &brief.Dossier{ID: id, Title: "Story " + id, Status: brief.Active, Overview: "What it is about."}
	for _, e := range events {
		if e.Title == "" {
			e.Title = "Event " + e.ID
		}
		e.Date = date(t, "2025-11-21")
		d.Timeline = append(d.Timeline, e)
	}
	return d
}

func event(id string) brief.Event { return brief.Event{ID: id} }

func snapshot(dossiers ...*brief.Dossier) *brief.Snapshot {
	return brief.NewSnapshot("r", time.Now(), dossiers, nil)
}

// template is a new store: to migrate one for every test takes longer than most
// tests do.
var template []byte

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "briefbot-digest")
	if err == nil {
		template, err = newStore(filepath.Join(dir, "l.db"))
		os.RemoveAll(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func newStore(path string) ([]byte, error) {
	l, err := Open(context.Background(), Options{Store: path})
	if err != nil {
		return nil, err
	}
	if err := l.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// openNew opens a store that is gone after the test.
func openNew(t testing.TB) *Ledger {
	return openAt(t, Options{Store: filepath.Join(t.TempDir(), "l.db")})
}

// openFile opens the store at path, a new one if there is none.
func openFile(t testing.TB, path string) *Ledger { return openAt(t, Options{Store: path}) }

func openAt(t testing.TB, o Options) *Ledger {
	t.Helper()
	if _, err := os.Stat(o.Store); o.Store != Memory && errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(o.Store, template, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func record(t testing.TB, l *Ledger, dossiers ...*brief.Dossier) []Recorded {
	t.Helper()
	changes, err := l.Record(t.Context(), snapshot(dossiers...))
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

// compose makes one card that names what changed.
func compose(_ context.Context, d Digest) ([]chat.Card, error) {
	var words []string
	for _, c := range d.Changes {
		words = append(words, fmt.Sprintf("%s %s %s", c.Story, c.Kind, c.Item))
	}
	return []chat.Card{{Title: strings.Join(words, "; "), Actions: [][]chat.Action{{{Label: "More", Call: "timeline a"}}}}}, nil
}

func subscribe(t testing.TB, l *Ledger, where string, story, schedule string) Subscription {
	t.Helper()
	c, err := chat.ParseConversation(where)
	if err != nil {
		t.Fatal(err)
	}
	sched, err := ParseSchedule(schedule)
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Subscribe(t.Context(), Subscription{Where: c, Stories: []string{story}, Schedule: sched})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs a dispatcher until the test or stop ends it.
func run(t testing.TB, o DispatcherOptions) (stop func()) {
	t.Helper()
	if o.Compose == nil {
		o.Compose = compose
	}
	d, err := NewDispatcher(o)
	if err != nil {
		t.Fatal(err)
	}
	return runs(t, d)
}

// runs is run of a dispatcher that is there already.
func runs(t testing.TB, d *Dispatcher) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error("Run:", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func titles(posts []post) string {
	var all []string
	for _, p := range posts {
		all = append(all, p.Card.Title)
	}
	return strings.Join(all, "\n")
}
