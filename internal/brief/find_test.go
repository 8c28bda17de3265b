package brief

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t testing.TB, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var testNow = time.Date(2025, 12, 8, 12, 0, 0, 0, time.UTC)

// story returns a dossier with one event on a day.
func story(t testing.TB, id, title, day string, change ...func(*Dossier)) *Dossier {
	d := &Dossier{ID: id, Title: title, Status: Active, Timeline: []Event{{ID: "e", Date: mustParse(t, day), Title: "It happened"}}}
	for _, c := range change {
		c(d)
	}
	return d
}

func tagged(tags ...string) func(*Dossier) { return func(d *Dossier) { d.Tags = tags } }

func with(people ...Person) func(*Dossier) { return func(d *Dossier) { d.People = people } }

func withOrganizations(orgs ...Organization) func(*Dossier) {
	return func(d *Dossier) { d.Organizations = orgs }
}

func only(groups ...string) func(*Dossier) { return func(d *Dossier) { d.Audience = groups } }

func related(ids ...string) func(*Dossier) { return func(d *Dossier) { d.Related = ids } }

func snapshotOf(dossiers ...*Dossier) *Snapshot {
	return NewSnapshot("test", testNow, dossiers, nil)
}

func TestFind(t *testing.T) {
	r := Unrestricted(snapshotOf(
		story(t, "grain-corridor", "Grain corridor reopens", "2025-11-21", tagged("trade", "black-sea"),
			with(Person{ID: "jane-doe", Name: "Jane Doe", Aliases: []string{"The Minister"}})),
		story(t, "black-sea-fleet", "The fleet moves east", "2025-10-01"),
		story(t, "migrants", "Migration pact", "2025-12-01", tagged("europe")),
		story(t, "elections", "Wybory w Łodzi", "2025-09-01",
			withOrganizations(Organization{ID: "pkw", Name: "Państwowa Komisja Wyborcza", Aliases: []string{"PKW"}})),
		story(t, "old-grain", "Old grain", "1999"),
		story(t, "future", "What is planned", "2025-01-01", func(d *Dossier) {
			d.Timeline = append(d.Timeline, Event{ID: "f", Date: mustParse(t, "2030-01-01"), Title: "Planned"})
		}),
	))
	for _, test := range []struct {
		typed string
		want  []string
	}{
		{"", []string{"migrants", "grain-corridor", "black-sea-fleet", "elections", "future", "old-grain"}},
		{"!", []string{"migrants", "grain-corridor", "black-sea-fleet", "elections", "future", "old-grain"}},
		{"grain", []string{"grain-corridor", "old-grain"}},
		{"old-grain", []string{"old-grain"}},
		{"black", []string{"black-sea-fleet", "grain-corridor"}}, // the id before the tag
		{"BLACK SEA", []string{"black-sea-fleet", "grain-corridor"}},
		{"m", []string{"migrants", "black-sea-fleet", "grain-corridor", "elections"}}, // begins an id; a word of a title; of an alias; in a name
		{"rain", []string{"grain-corridor", "old-grain"}},                             // inside a word
		{"lodzi", []string{"elections"}},
		{"łódzi", []string{"elections"}},
		{"panstwowa", []string{"elections"}},
		{"jane", []string{"grain-corridor"}},
		{"doe", []string{"grain-corridor"}},
		{"minister", []string{"grain-corridor"}},
		{"reopens grain", []string{"grain-corridor"}}, // words in another order
		{"fleet sea", []string{"black-sea-fleet"}},
		{"reopens zebra", []string{}},
		{"zebra", []string{}},
		{"\x01", []string{"migrants", "grain-corridor", "black-sea-fleet", "elections", "future", "old-grain"}},
	} {
		if diff := cmp.Diff(test.want, idsOf(r.Find(test.typed, 10))); diff != "" {
			t.Errorf("Find(%q): %s", test.typed, diff)
		}
	}
	for max, want := range map[int]int{-1: 0, 0: 0, 1: 1, 5: 5, 100: 6} {
		if got := len(r.Find("", max)); got != want {
			t.Errorf("Find at most %d: %d", max, got)
		}
	}
}

// TestFindRanks has one story for every rank, and finds them in its order.
func TestFindRanks(t *testing.T) {
	r := Unrestricted(snapshotOf(
		story(t, "talks", "A", "2025-01-01"),
		story(t, "b", "Talks in Geneva", "2025-01-01"),
		story(t, "c", "C", "2025-01-01", tagged("talks-tag")),
		story(t, "d", "D", "2025-01-01", with(Person{ID: "x", Name: "Talks Person"})),
		story(t, "e", "Peace talks", "2025-01-01"),
		story(t, "f", "F", "2025-01-01", tagged("peace-talks")),
		story(t, "g", "G", "2025-01-01", with(Person{ID: "x", Name: "X", Aliases: []string{"the talks man"}})),
		story(t, "h", "Sidetalks", "2025-01-01"),
		story(t, "i", "I", "2025-01-01", tagged("sidetalks")),
		story(t, "j", "J", "2025-01-01", with(Person{ID: "x", Name: "Sidetalks"})),
		story(t, "k", "Nothing of it", "2025-01-01"),
	))
	want := []string{"talks", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	if diff := cmp.Diff(want, idsOf(r.Find("talks", 100))); diff != "" {
		t.Error(diff)
	}
}

func TestFindIsNewestFirst(t *testing.T) {
	asOf := func(day string) func(*Dossier) { return func(d *Dossier) { d.AsOf = mustParse(t, day) } }
	r := Unrestricted(snapshotOf(
		story(t, "a", "Alike", "2025-11-01"),
		story(t, "b", "Alike", "2025-10-01", asOf("2025-12-01")),
		story(t, "c", "Before", "2025-11-01"),
		story(t, "d", "Never", "2031-01-01"),
		story(t, "e", "Stood by earlier", "2025-11-30", asOf("2025-01-01")),
	))
	if diff := cmp.Diff([]string{"b", "e", "a", "c", "d"}, idsOf(r.Find("", 9))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e"}, idsOf(r.Stories())); diff != "" {
		t.Error("by title: " + diff)
	}
}

func TestNearest(t *testing.T) {
	r := Unrestricted(snapshotOf(
		story(t, "us-nss-2025", "Trump’s 2025 security strategy", "2025-12-01"),
		story(t, "ukraine-peace-talks", "Peace talks on Ukraine", "2025-12-02"),
		story(t, "grain-corridor", "Grain corridor reopens", "2025-11-21"),
		story(t, "lodz", "Wybory w Łodzi", "2025-09-01"),
	))
	for word, want := range map[string]string{
		"ukrane": "ukraine-peace-talks", "ukriane": "ukraine-peace-talks", "Ukraine-talks": "ukraine-peace-talks",
		"us-nss-2024": "us-nss-2025", "usnss2025": "us-nss-2025", "stratgey": "us-nss-2025",
		"grian": "grain-corridor", "Łódź": "lodz", "lozd": "lodz", "corridors": "grain-corridor",
	} {
		got := idsOf(r.Nearest(word, 3))
		if len(got) != 3 || got[0] != want {
			t.Errorf("Nearest(%q) = %v, want %s first of three", word, got, want)
		}
	}
	if got := len(r.Nearest("nothing like any of them", 9)); got != 4 {
		t.Errorf("%d are nearest, want all", got)
	}
	if got := r.Nearest("", 2); len(got) != 2 {
		t.Errorf("nearest to nothing: %v", idsOf(got))
	}
	if got := r.Nearest("x", 0); len(got) != 0 {
		t.Errorf("at most none: %v", idsOf(got))
	}
}

// A word may be as long as a message. What it begins with is compared, and no more:
// by all of it, the longest title would be nearest to anything.
func TestNearestToALongWord(t *testing.T) {
	title := strings.Repeat("grain ", 25)
	r := Unrestricted(snapshotOf(
		story(t, "grain-corridor", title, "2025-11-21"),
		story(t, "sleep", strings.Repeat("z", 200), "2025-12-01"),
	))
	if got := idsOf(r.Nearest(title+strings.Repeat("z", 5000), 1)); !slices.Equal(got, []string{"grain-corridor"}) {
		t.Errorf("nearest is %v", got)
	}
}

func TestResolve(t *testing.T) {
	r := Unrestricted(snapshotOf(
		story(t, "one", "The Crème of it", "2025-01-01", with(Person{ID: "jane", Name: "Jane", Aliases: []string{"J"}})),
		story(t, "two-words", "Twice", "2025-01-01"),
		story(t, "three", "Twice", "2025-01-01"),
		story(t, "twin", "one", "2025-01-01"), // titled as another is called
	))
	for word, want := range map[string]string{
		"one": "one", "ONE": "one", "the creme of it": "one", "“The Crème of it”": "one",
		"two-words": "two-words", "Two Words": "two-words", "three": "three",
		"Twice": "", "": "", "!": "", "on": "", "jane": "", "J": "", "nothing": "",
	} {
		d, ok := r.Resolve(word)
		if got := d; ok != (want != "") || ok && got.ID != want || !ok && got != nil {
			t.Errorf("Resolve(%q) = %v, %v, want %q", word, d, ok, want)
		}
	}
}
