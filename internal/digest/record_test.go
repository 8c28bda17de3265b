package digest

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/briefbot/briefbot/internal/brief"
)

// kinds returns what was recorded, in short.
func kinds(changes []Recorded) string {
	var all []string
	for _, c := range changes {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", c.Story, c.Kind, c.Item)))
	}
	return strings.Join(all, "; ")
}

func TestRecord(t *testing.T) {
	revised := event("one")
	revised.Title = "Event one, as it was"
	for _, c := range []struct {
		name  string
		steps [][]*brief.Dossier
		want  []string
	}{
		{"a first record announces nothing", [][]*brief.Dossier{{dossier(t, "a", event("one"))}}, []string{""}},
		{"equal snapshots", [][]*brief.Dossier{{dossier(t, "a", event("one"))}, {dossier(t, "a", event("one"))}}, []string{"", ""}},
		{"an event", [][]*brief.Dossier{{dossier(t, "a")}, {dossier(t, "a", event("one"))}}, []string{"", "a event.added one"}},
		{"a dossier that appears", [][]*brief.Dossier{{dossier(t, "a")}, {dossier(t, "a"), dossier(t, "b", event("one"))}},
			[]string{"", "b dossier.opened"}},
		{"one that appears in an empty folder", [][]*brief.Dossier{{}, {dossier(t, "b", event("one"))}}, []string{"", "b dossier.opened"}},
		{"an item that goes and comes back", [][]*brief.Dossier{{dossier(t, "a", event("one"))}, {dossier(t, "a")}, {dossier(t, "a", event("one"))}},
			[]string{"", "a event.removed one", "a event.added one"}},
		{"an item that comes back different", [][]*brief.Dossier{{dossier(t, "a", event("one"))}, {dossier(t, "a")}, {dossier(t, "a", revised)}},
			[]string{"", "a event.removed one", "a event.revised one"}},
		{"an event that comes back retracted", [][]*brief.Dossier{{dossier(t, "a", event("one"))}, {dossier(t, "a")}, {dossier(t, "a", retracted(t, "one"))}},
			[]string{"", "a event.removed one", "a event.retracted one"}},
		{"a retracted event that goes and comes back", [][]*brief.Dossier{{dossier(t, "a", retracted(t, "one"))}, {dossier(t, "a")}, {dossier(t, "a", retracted(t, "one"))}},
			[]string{"", "a event.removed one", "a event.added one"}},
		{"a retracted event that was not there", [][]*brief.Dossier{{dossier(t, "a")}, {dossier(t, "a", retracted(t, "one"))}}, []string{"", ""}},
		{"a dossier that goes and comes back", [][]*brief.Dossier{{dossier(t, "a", event("one"))}, {}, {dossier(t, "a", event("one"))}},
			[]string{"", "a dossier.removed", "a dossier.opened"}},
		{"a dossier that comes back different", [][]*brief.Dossier{{dossier(t, "a", event("one"))}, {}, {dossier(t, "a", revised)}},
			[]string{"", "a dossier.removed", "a dossier.opened; a event.revised one"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "l.db")
			for i, step := range c.steps {
				// Reopened each time: nothing may rest on what one process remembers.
				l := openFile(t, path)
				if got := kinds(record(t, l, step...)); got != c.want[i] {
					t.Errorf("step %d recorded %q, want %q", i, got, c.want[i])
				}
				if got := kinds(record(t, l, step...)); got != "" {
					t.Errorf("step %d, again: %q", i, got)
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestRecordNumbers(t *testing.T) {
	now := time.UnixMilli(1764000000000).UTC()
	l, err := Open(t.Context(), Options{Store: Memory, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	record(t, l, dossier(t, "a"))
	if _, ok, err := l.LastChange(t.Context(), "a"); ok || err != nil {
		t.Errorf("after the first record there was a change (%v)", err)
	}
	now = now.Add(time.Hour)
	got := record(t, l, dossier(t, "a", event("one"), event("two")))
	now = now.Add(time.Hour)
	got = append(got, record(t, l, dossier(t, "a", event("one"), event("two"), event("three")))...)
	for i, c := range got {
		if c.Seq != int64(i+1) {
			t.Errorf("change %d has number %d", i, c.Seq)
		}
	}
	if at, ok, err := l.LastChange(t.Context(), "a"); !ok || err != nil || !at.Equal(now) {
		t.Errorf("the last change was at %v (%v, %v), want %v", at, ok, err, now)
	}
	if _, ok, err := l.LastChange(t.Context(), "unknown"); ok || err != nil {
		t.Errorf("an unknown story changed (%v)", err)
	}
}

func TestBaseline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	l := openFile(t, path)
	empty, err := l.Baseline(t.Context())
	if err != nil || len(empty.Dossiers()) != 0 {
		t.Fatalf("the baseline of a new store has %d dossiers (%v)", len(empty.Dossiers()), err)
	}
	a, b := dossier(t, "a", event("one")), dossier(t, "b")
	record(t, l, a, b, dossier(t, "gone"))
	b.Subtitle = "Before it was immutable"
	b2 := *b
	b2.Subtitle = "New"
	record(t, l, a, &b2)
	l.Close()
	l = openFile(t, path)
	got, err := l.Baseline(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*brief.Dossier{a, &b2}, got.Dossiers(), cmpopts.EquateComparable(brief.Date{})); diff != "" {
		t.Errorf("the baseline differs (-want +got):\n%s", diff)
	}
	if got.Revision() != "r" {
		t.Errorf("the baseline's revision is %q", got.Revision())
	}
}

// TestRecordKeepsVersions checks that every version stays, once for equal
// contents, with when it came.
func TestRecordKeepsVersions(t *testing.T) {
	l := openNew(t)
	one, two := dossier(t, "a", event("one")), dossier(t, "a", event("two"))
	for _, d := range []*brief.Dossier{one, two, one} {
		record(t, l, d)
	}
	record(t, l)
	var contents, versions, gone int64
	for query, v := range map[string]*int64{
		"SELECT COUNT(*) FROM contents": &contents, "SELECT COUNT(*) FROM versions": &versions,
		"SELECT COUNT(*) FROM versions WHERE hash = ''": &gone,
	} {
		var err error
		if *v, err = scalar(t.Context(), l.read, query); err != nil {
			t.Fatal(err)
		}
	}
	if contents != 2 || versions != 4 || gone != 1 {
		t.Errorf("%d contents, %d versions, %d of them of a removed dossier; want 2, 4, 1", contents, versions, gone)
	}
}

// TestRecordTouchesWhatChanged checks that an unchanged dossier is neither read
// nor written.
func TestRecordTouchesWhatChanged(t *testing.T) {
	l := openNew(t)
	all := []*brief.Dossier{dossier(t, "a", event("one")), dossier(t, "b"), dossier(t, "c")}
	record(t, l, all...)
	// Damage what is kept of b: reading it would fail.
	if _, err := l.store.write.ExecContext(t.Context(), "UPDATE contents SET body = $1 WHERE hash IN (SELECT hash FROM dossiers WHERE story = 'b')", []byte("damaged")); err != nil {
		t.Fatal(err)
	}
	all[0] = dossier(t, "a", event("one"), event("two"))
	if got := kinds(record(t, l, all...)); got != "a event.added two" {
		t.Errorf("recorded %q", got)
	}
	all[1] = dossier(t, "b", event("one"))
	if _, err := l.Record(t.Context(), snapshot(all...)); err == nil || !strings.Contains(err.Error(), "recorded of b") {
		t.Errorf("a damaged version gives %v, want an error that names the story", err)
	}
}

// BenchmarkRecord records one changed dossier among 10,000 of about 15 KB.
func BenchmarkRecord(b *testing.B) {
	l := openFile(b, filepath.Join(b.TempDir(), "b.db"))
	detail := strings.Repeat("What was agreed, by whom, and what it means for the talks. ", 5)
	all := make([]*brief.Dossier, 10_000)
	for i := range all {
		var events []brief.Event
		for j := range 40 {
			events = append(events, brief.Event{ID: fmt.Sprint("event-", j), Detail: detail})
		}
		all[i] = dossier(b, fmt.Sprint("story-", i), events...)
	}
	began := time.Now()
	if _, err := l.Record(context.Background(), snapshot(all...)); err != nil {
		b.Fatal(err)
	}
	first := time.Since(began).Seconds()
	n := 0
	for b.Loop() {
		n++
		changed := *all[5000]
		changed.Subtitle = fmt.Sprint("Version ", n)
		all[5000] = &changed
		changes, err := l.Record(context.Background(), snapshot(all...))
		if err != nil || len(changes) != 1 {
			b.Fatal(changes, err)
		}
	}
	b.ReportMetric(first, "first-s")
}
