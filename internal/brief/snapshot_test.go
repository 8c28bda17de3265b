package brief

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var _ Source = (*Dir)(nil)

func TestNewSnapshot(t *testing.T) {
	a, b := story(t, "a", "A", "2025"), story(t, "b", "B", "2025")
	dossiers := []*Dossier{b, a}
	problems := []Problem{
		{Path: "briefs/b.yaml", Line: 7, Severity: Error, Message: "late"},
		{Path: "briefs/b.yaml", Line: 2, Severity: Error, Message: "early"},
		{Path: "briefs/a.yaml", Line: 1, Severity: Warning, Message: "harmless"},
		{Path: "briefs/c.yaml", Line: 1, Severity: Error, Message: "never was good"},
		{Path: "briefs/a.uk.yaml", Line: 1, Severity: Error, Message: "a translation"},
	}
	s := NewSnapshot("r1", testNow, dossiers, problems)
	if s.Revision() != "r1" || !s.Taken().Equal(testNow) {
		t.Errorf("revision %q taken %v", s.Revision(), s.Taken())
	}
	if diff := cmp.Diff([]string{"a", "b"}, idsOf(s.Dossiers())); diff != "" {
		t.Error(diff)
	}
	var messages []string
	for _, p := range s.Problems() {
		messages = append(messages, p.Message)
	}
	if diff := cmp.Diff([]string{"a translation", "harmless", "early", "late", "never was good"}, messages); diff != "" {
		t.Error(diff)
	}
	for id, want := range map[string]bool{"a": false, "b": true, "c": false, "": false} {
		if s.Broken(id) != want {
			t.Errorf("%q is broken: %v", id, !want)
		}
	}
	// What the caller does with its slices afterwards changes nothing.
	dossiers[0], problems[0].Message = a, "changed"
	s.Dossiers()[0], s.Problems()[0].Message = b, "changed"
	if idsOf(s.Dossiers())[0] != "a" || s.Problems()[0].Message != "a translation" {
		t.Error("the snapshot is not its own")
	}
}

func TestSnapshotOfOneIDTwice(t *testing.T) {
	s := snapshotOf(story(t, "a", "First", "2025"), story(t, "b", "B", "2025"), story(t, "a", "Second", "2025"))
	if diff := cmp.Diff([]string{"First", "B"}, titles(s.Dossiers())); diff != "" {
		t.Error(diff)
	}
	if p := s.Problems(); len(p) != 1 || p[0].Severity != Warning || !strings.Contains(p[0].Message, "another dossier") {
		t.Errorf("problems: %v", p)
	}
}

func TestNoSnapshot(t *testing.T) {
	for name, s := range map[string]*Snapshot{"nil": nil, "zero": {}, "empty": NewSnapshot("", time.Time{}, nil, nil)} {
		if s.Revision() != "" || !s.Taken().IsZero() || len(s.Dossiers()) != 0 || len(s.Problems()) != 0 || s.Broken("a") {
			t.Errorf("%s: has something", name)
		}
	}
}

func TestLibrary(t *testing.T) {
	first, second := NewSnapshot("1", testNow, nil, nil), NewSnapshot("2", testNow, nil, nil)
	l := NewLibrary(first)
	if l.Current() != first {
		t.Error("the first is not the current one")
	}
	if previous := l.Swap(second); previous != first || l.Current() != second {
		t.Error("the second did not take its place")
	}
	if previous := l.Swap(nil); previous != second || l.Current() == nil {
		t.Error("nil stands for the empty one")
	}
}

func TestLookups(t *testing.T) {
	d := mustDecode(t, fullText)
	check := func(what, id string, got string, ok bool) {
		t.Helper()
		if !ok || got != id {
			t.Errorf("the %s %s: %q, %v", what, id, got, ok)
		}
	}
	e, ok := d.Event("accord")
	check("event", "accord", e.ID, ok)
	i, ok := d.Indicator("cargoes")
	check("indicator", "cargoes", i.ID, ok)
	p, ok := d.Person("jane-doe")
	check("person", "jane-doe", p.ID, ok)
	o, ok := d.Organization("imo")
	check("organization", "imo", o.ID, ok)
	s, ok := d.Scenario("managed")
	check("scenario", "managed", s.ID, ok)
	h, ok := d.Case("initiative")
	check("case", "initiative", h.ID, ok)
	n, c, ok := d.Citation("wire")
	check("citation", "wire", c.ID, ok)
	if n != 2 {
		t.Errorf("the second source is number %d", n)
	}
	if e != &d.Timeline[1] {
		t.Error("an event is found as a copy")
	}
	if e, ok := d.Event("nothing"); e != nil || ok {
		t.Errorf("an event that is not there: %v", e)
	}
	if n, c, ok := d.Citation("nothing"); n != 0 || c != nil || ok {
		t.Errorf("a citation that is not there: %d, %v", n, c)
	}
	if got := d.CorrectionsOf("indicators/cargoes"); len(got) != 1 || got[0].Text != "It said 41." {
		t.Errorf("corrections: %v", got)
	}
	if got := d.CorrectionsOf("timeline/accord"); len(got) != 0 {
		t.Errorf("corrections of another: %v", got)
	}
}

func TestCitationName(t *testing.T) {
	for _, test := range []struct {
		c    Citation
		want string
	}{
		{Citation{ID: "a", Publisher: "Wire", Title: "Talks end"}, "Wire: Talks end"},
		{Citation{ID: "a", Publisher: "Wire"}, "Wire"},
		{Citation{ID: "a", Title: "Talks end"}, "Talks end"},
		{Citation{ID: "a"}, "a"},
	} {
		if got := test.c.Name(); got != test.want {
			t.Errorf("%+v is called %q, want %q", test.c, got, test.want)
		}
	}
}

// TestStale asks on the last day of the review and after it.
func TestStale(t *testing.T) {
	review, err := ParseDate("2025-12-08")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		review Date
		now    time.Time
		want   bool
	}{
		{Date{}, time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{review, time.Date(2025, 12, 8, 23, 59, 0, 0, time.UTC), false},
		{review, time.Date(2025, 12, 9, 0, 0, 0, 0, time.UTC), true},
	} {
		if got := (&Dossier{ReviewBy: test.review}).Stale(test.now); got != test.want {
			t.Errorf("with a review by %v, stale at %v: %v", test.review, test.now, got)
		}
	}
}

func TestNewestFirst(t *testing.T) {
	d := mustDecode(t, "title: T\noverview: O\ntimeline:\n- {id: b, date: 2025-02, title: B}\n- {id: a, date: 2025-01, title: A}\n- {id: c, date: 2025-02, title: C}\n")
	var ids []string
	for _, e := range d.NewestFirst() {
		ids = append(ids, e.ID)
	}
	if got := strings.Join(ids, " "); got != "b c a" {
		t.Errorf("the newest first are %s", got)
	}
}
