package digest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
)

// TestSuspensions probes what waits longest first, and each once.
func TestSuspensions(t *testing.T) {
	start := time.Date(2025, time.December, 10, 12, 0, 0, 0, time.UTC)
	now := start
	l, err := Open(t.Context(), Options{Store: Memory, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	place := func(id string) chat.Conversation { return chat.Conversation{Platform: "fake", ID: id} }
	for _, id := range []string{"a", "b", "c"} {
		if _, err := l.Suspend(t.Context(), place(id), "kicked"); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	check := func(what string, before time.Time, limit int, want ...string) {
		t.Helper()
		found, err := l.Suspensions(t.Context(), before, limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range found {
			got = append(got, s.Where.ID)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	check("nothing is due", start.Add(-time.Second), 9)
	check("the first two", start.Add(time.Minute), 9, "a", "b")
	check("no more than asked for", now, 1, "a")
	now = start.Add(24 * time.Hour)
	if err := l.Probed(t.Context(), place("a")); err != nil {
		t.Fatal(err)
	}
	check("the one that was probed waits again", now.Add(-time.Hour), 9, "b", "c")

	// A reason that becomes known does not begin the suspension anew.
	if first, err := l.Suspend(t.Context(), place("b"), "muted"); err != nil || first {
		t.Error(first, err)
	}
	found, err := l.Suspensions(t.Context(), now, 9)
	if err != nil {
		t.Fatal(err)
	}
	want := Suspension{Where: place("b"), Reason: "muted", Since: start.Add(time.Minute), Probed: start.Add(time.Minute)}
	if d := cmp.Diff(want, found[0]); d != "" {
		t.Error(d)
	}
	if err := l.Resume(t.Context(), place("b")); err != nil {
		t.Fatal(err)
	}
	check("what is over is not probed", now, 9, "c", "a")
}

// TestTellSuspension tells of each suspension once, also where it moves on.
func TestTellSuspension(t *testing.T) {
	l := openNew(t)
	place := chat.Conversation{Platform: "fake", ID: "a"}
	tell := func(want bool) {
		t.Helper()
		if first, err := l.TellSuspension(t.Context(), place); err != nil || first != want {
			t.Errorf("first %v, %v, want %v", first, err, want)
		}
	}
	check := func(reason string, told bool) {
		t.Helper()
		s, ok, err := l.Suspension(t.Context(), place)
		if err != nil || ok != (reason != "") || s.Reason != reason || s.Told != told {
			t.Errorf("got %+v, %v, %v", s, ok, err)
		}
	}
	suspend := func(reason string) {
		t.Helper()
		if _, err := l.Suspend(t.Context(), place, reason); err != nil {
			t.Fatal(err)
		}
	}
	check("", false)
	tell(false)
	suspend("kicked")
	check("kicked", false)
	tell(true)
	tell(false)
	suspend("muted")
	check("muted", true)
	if err := l.Resume(t.Context(), place); err != nil {
		t.Fatal(err)
	}
	check("", false)
	suspend("kicked again")
	check("kicked again", false)
	tell(true)
}

// TestProbesSurviveRestarts keeps when each was probed: a program that is started
// often does not ask the service as often.
func TestProbesSurviveRestarts(t *testing.T) {
	now := time.Date(2025, time.December, 10, 12, 0, 0, 0, time.UTC)
	o := Options{Store: t.TempDir() + "/l.db", Now: func() time.Time { return now }}
	place := chat.Conversation{Platform: "fake", ID: "a"}
	l := openAt(t, o)
	if _, err := l.Suspend(t.Context(), place, "kicked"); err != nil {
		t.Fatal(err)
	}
	now = now.Add(25 * time.Hour)
	due := func() int {
		t.Helper()
		found, err := l.Suspensions(t.Context(), now.Add(-24*time.Hour), 9)
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if n := due(); n != 1 {
		t.Errorf("%d are due after a day", n)
	}
	if err := l.Probed(t.Context(), place); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	l = openAt(t, o)
	if n := due(); n != 0 {
		t.Errorf("%d are due after a restart", n)
	}
	now = now.Add(23 * time.Hour)
	if n := due(); n != 1 {
		t.Errorf("%d are due a day later", n)
	}
}
