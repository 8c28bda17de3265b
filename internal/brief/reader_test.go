package brief

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReaderSeesItsAudience(t *testing.T) {
	s := snapshotOf(
		story(t, "everyone", "Everyone", "2025-01-01"),
		story(t, "news", "News", "2025-01-01", only("newsroom")),
		story(t, "both", "Both", "2025-01-01", only("board", "newsroom")),
		story(t, "nobody", "Nobody", "2025-01-01", only("unheard-of")),
	)
	groups := map[string][]string{
		"newsroom": {"telegram:4242", "discord-role:1/2"},
		"board":    {"discord-user:7"},
		"readers":  {"telegram:5"},
		"vacant":   nil,
	}
	for _, test := range []struct {
		name     string
		closed   bool
		subjects []string
		admitted bool
		want     []string
	}{
		{"a stranger", false, []string{"telegram:1"}, true, []string{"everyone"}},
		{"nobody in particular", false, nil, true, []string{"everyone"}},
		{"a journalist", false, []string{"telegram:4242"}, true, []string{"both", "everyone", "news"}},
		{"by one of many", false, []string{"telegram:1", "discord-role:1/2"}, true, []string{"both", "everyone", "news"}},
		{"the board", false, []string{"discord-user:7"}, true, []string{"both", "everyone"}},
		{"a reader", false, []string{"telegram:5"}, true, []string{"everyone"}},
		{"a stranger, closed", true, []string{"telegram:1"}, false, []string{}},
		{"nobody, closed", true, nil, false, []string{}},
		{"a reader, closed", true, []string{"telegram:5"}, true, []string{"everyone"}},
		{"a journalist, closed", true, []string{"telegram:4242"}, true, []string{"both", "everyone", "news"}},
		{"one of many roles", false, []string{"a:1", "a:2", "a:3", "a:4", "a:5", "discord-user:7"}, true, []string{"both", "everyone"}},
		{"one of many roles, closed", true, []string{"a:1", "a:2", "a:3", "a:4", "a:5", "telegram:5"}, true, []string{"everyone"}},
		{"one that calls itself a group", false, []string{"newsroom", "unheard-of"}, true, []string{"everyone"}},
	} {
		p := &Policy{Closed: test.closed, Groups: groups}
		r := p.Reader(s, test.subjects...)
		if r.Admitted() != test.admitted {
			t.Errorf("%s: admitted is %v", test.name, r.Admitted())
		}
		if diff := cmp.Diff(test.want, idsOf(r.Stories())); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
	if got := idsOf(Unrestricted(s).Stories()); len(got) != 4 {
		t.Errorf("unrestricted: %v", got)
	}
	var none *Policy
	if diff := cmp.Diff([]string{"everyone"}, idsOf(none.Reader(s).Stories())); diff != "" {
		t.Errorf("without a policy: %s", diff)
	}
}

// TestReaderLeaksNothing asks everything that can be asked for a dossier that may
// not be seen, and for one that was never written: the answers are the same.
func TestReaderLeaksNothing(t *testing.T) {
	secret := story(t, "secret-story", "Secret plan zebra", "2025-12-07", only("newsroom"), tagged("hush"), related("open"),
		with(Person{ID: "mole", Name: "Deep Mole", Aliases: []string{"Shared Name", "Zoe"}}),
		withOrganizations(Organization{ID: "agency", Name: "The Agency"}))
	open := story(t, "open", "Open", "2025-01-01", related("secret-story", "other", "open", "missing", "other"),
		with(Person{ID: "zoe", Name: "Zoe"}))
	other := story(t, "other", "Other", "2025-01-01")
	policy := &Policy{Groups: map[string][]string{"newsroom": {"telegram:4242"}}}
	broken := []Problem{{Path: "secret-story.yaml", Severity: Error}, {Path: "other.yaml", Severity: Error}}
	with := NewSnapshot("r", testNow, []*Dossier{secret, open, other}, broken)
	without := NewSnapshot("r", testNow, []*Dossier{open, other}, broken)

	answers := func(r *Reader) map[string]string {
		all := make(map[string]string)
		for _, word := range []string{
			"", "secret-story", "SECRET STORY", "secret", "Secret plan zebra", "zebra", "zebr", "hush", "Deep Mole", "mole",
			"Shared Name", "zoe", "The Agency", "agency", "open", "ohter", "telegram:4242", "newsroom",
		} {
			story, ok := r.Story(word)
			resolved, isOne := r.Resolve(word)
			all[word] = fmt.Sprintf("%p %v %p %v %v %v %v %v", story, ok, resolved, isOne, r.Broken(word), idsOf(r.Find(word, 9)), idsOf(r.Nearest(word, 9)), r.Appearances(word))
		}
		all["stories"] = fmt.Sprint(idsOf(r.Stories()), idsOf(r.Related(open)), idsOf(r.Related(nil)), r.Admitted(), r.Revision())
		return all
	}
	if diff := cmp.Diff(answers(policy.Reader(without)), answers(policy.Reader(with, "telegram:1"))); diff != "" {
		t.Errorf("an outsider notices the story:\n%s", diff)
	}
	insider := policy.Reader(with, "telegram:4242")
	if cmp.Equal(answers(policy.Reader(with)), answers(insider)) {
		t.Error("an insider sees nothing of it either")
	}
	if diff := cmp.Diff([]string{"secret-story", "other"}, idsOf(insider.Related(open))); diff != "" {
		t.Error("related: " + diff)
	}
	if !insider.Broken("secret-story") || insider.Broken("open") {
		t.Error("an insider sees that the story is broken, and that the other is not")
	}
}

func TestReaderOfNothing(t *testing.T) {
	closed := &Policy{Closed: true}
	for name, r := range map[string]*Reader{
		"nil":                  nil,
		"not admitted":         closed.Reader(snapshotOf(story(t, "a", "A", "2025"))),
		"nil snapshot":         Unrestricted(nil),
		"zero snapshot":        Unrestricted(&Snapshot{}),
		"nil snapshot, policy": new(Policy).Reader(nil),
		"empty library":        Unrestricted(NewLibrary(nil).Current()),
	} {
		if _, ok := r.Story("a"); ok {
			t.Errorf("%s: has a story", name)
		}
		if _, ok := r.Resolve("a"); ok {
			t.Errorf("%s: resolves", name)
		}
		if n := len(r.Stories()) + len(r.Find("", 9)) + len(r.Nearest("a", 9)) + len(r.Appearances("a")) + len(r.Related(story(t, "x", "X", "2025", related("a")))); n > 0 || r.Broken("a") {
			t.Errorf("%s: sees something", name)
		}
	}
}

func TestStoriesMayBeSortedByTheCaller(t *testing.T) {
	r := Unrestricted(snapshotOf(story(t, "a", "A", "2025"), story(t, "b", "B", "2025")))
	stories := r.Stories()
	stories[0] = stories[1]
	if diff := cmp.Diff([]string{"a", "b"}, idsOf(r.Stories())); diff != "" {
		t.Error(diff)
	}
}

// TestManyViews makes more sets of groups than a snapshot keeps.
func TestManyViews(t *testing.T) {
	policy := &Policy{Groups: make(map[string][]string)}
	var dossiers []*Dossier
	for i := range 3 * maxViews {
		group := fmt.Sprintf("g%d", i)
		policy.Groups[group] = []string{fmt.Sprintf("telegram:%d", i)}
		dossiers = append(dossiers, story(t, fmt.Sprintf("s%d", i), "S", "2025", only(group)))
	}
	s := snapshotOf(dossiers...)
	for range 2 {
		for i := range dossiers {
			got := idsOf(policy.Reader(s, fmt.Sprintf("telegram:%d", i)).Stories())
			if len(got) != 1 || got[0] != fmt.Sprintf("s%d", i) {
				t.Fatalf("member %d sees %v", i, got)
			}
		}
	}
	if n := len(s.lookout().views); n > maxViews {
		t.Errorf("%d views are kept", n)
	}
}

// TestReadersWhileSwapping reads from many goroutines while the library changes.
// Every answer is of one piece. The race detector watches.
func TestReadersWhileSwapping(t *testing.T) {
	policy := &Policy{Groups: map[string][]string{"newsroom": {"telegram:4242"}}}
	snapshot := func(n int) *Snapshot {
		title := fmt.Sprintf("Version %d", n)
		return NewSnapshot(title, testNow, []*Dossier{
			story(t, "a", title, "2025-01-01"), story(t, "b", title, "2025-02-01", only("newsroom")), story(t, "c", title, "2025"),
		}, nil)
	}
	l := NewLibrary(snapshot(0))
	var readers, writer sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				r := policy.Reader(l.Current(), "telegram:4242")
				for _, d := range append(r.Stories(), r.Find("ver", 9)...) {
					if d.Title != r.Revision() {
						t.Errorf("%q in an answer at %q", d.Title, r.Revision())
					}
				}
				if got := len(r.Find("version", 9)); got != 3 {
					t.Errorf("found %d of 3", got)
				}
			}
		})
	}
	writer.Go(func() {
		for n := range 200 {
			if before := l.Swap(snapshot(n + 1)); before.Revision() != fmt.Sprintf("Version %d", n) {
				t.Errorf("before %d was %s", n+1, before.Revision())
			}
		}
	})
	writer.Wait()
	close(stop)
	readers.Wait()
}

func TestAppearances(t *testing.T) {
	s := snapshotOf(
		story(t, "a", "A", "2025", with(
			Person{ID: "vladimir-putin", Name: "Vladimir Putin", Aliases: []string{"VVP", "The President"}},
			Person{ID: "second", Name: "Second Person"})),
		story(t, "b", "B", "2025", with(Person{ID: "putin", Name: "Vladimir Putin"})),
		story(t, "c", "C", "2025", with(Person{ID: "vladimir-putin", Name: "Владимир Путин"}, Person{ID: "other", Name: "Other", Aliases: []string{"The President"}})),
		story(t, "d", "D", "2025", withOrganizations(Organization{ID: "vvp", Name: "VVP"}, Organization{ID: "eu", Name: "European Union", Aliases: []string{"EU"}})),
	)
	r := Unrestricted(s)
	for name, want := range map[string]string{
		"Vladimir Putin": "a:vladimir-putin b:putin c:vladimir-putin",
		"vladimir-putin": "a:vladimir-putin b:putin c:vladimir-putin",
		"VVP":            "a:vladimir-putin b:putin c:vladimir-putin d:vvp", // by the alias in a, and so by the name and id elsewhere
		"The President":  "a:vladimir-putin b:putin c:other c:vladimir-putin",
		"путин":          "a:vladimir-putin c:vladimir-putin b:putin",
		"putin vlad":     "a:vladimir-putin b:putin c:vladimir-putin",
		"second":         "a:second",
		"european":       "d:eu",
		"EU":             "d:eu",
		"nobody":         "",
		"":               "",
		"?":              "",
	} {
		got := make(map[string]bool)
		for _, a := range r.Appearances(name) {
			switch {
			case a.Person != nil && a.Organization == nil:
				got[a.Dossier.ID+":"+a.Person.ID] = true
			case a.Organization != nil && a.Person == nil:
				got[a.Dossier.ID+":"+a.Organization.ID] = true
			}
		}
		wanted := make(map[string]bool)
		for _, w := range strings.Fields(want) {
			wanted[w] = true
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("Appearances(%q): %s", name, diff)
		}
	}
}

func TestAppearancesAreByTitle(t *testing.T) {
	jane := Person{ID: "jane", Name: "Jane"}
	r := Unrestricted(snapshotOf(story(t, "z", "First", "2025", with(jane)), story(t, "a", "Second", "2025", with(jane), withOrganizations(Organization{ID: "jane", Name: "Jane"}))))
	var got []string
	for _, a := range r.Appearances("jane") {
		got = append(got, fmt.Sprintf("%s %v", a.Dossier.ID, a.Person != nil))
	}
	if diff := cmp.Diff([]string{"z true", "a true", "a false"}, got); diff != "" {
		t.Error(diff)
	}
}
