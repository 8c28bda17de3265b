package brief

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// states returns the changes over a row of versions of one story, nil for none.
func states(versions ...*Dossier) []Change {
	var changes []Change
	for i := 1; i < len(versions); i++ {
		if versions[i-1] != nil || versions[i] != nil {
			changes = append(changes, DiffDossier(versions[i-1], versions[i])...)
		}
	}
	return changes
}

func TestMerge(t *testing.T) {
	base := mustDecode(t, fullText)
	as := func(pairs ...string) *Dossier {
		t.Helper()
		text := fullText
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(text, pairs[i]) {
				t.Fatalf("no %q", pairs[i])
			}
			text = strings.Replace(text, pairs[i], pairs[i+1], 1)
		}
		return mustDecode(t, text)
	}
	const in, event = "timeline:\n", "timeline:\n  - {id: new, date: 2025-11-01, title: New}\n"
	const retractedEvent = "timeline:\n  - {id: new, date: 2025-11-01, title: New, retracted: {on: 2025-12-01}}\n"
	retracted := []string{"title: It opened}", "title: It opened, retracted: {on: 2025-12-01}}"}
	for _, test := range []struct {
		name     string
		versions []*Dossier
		want     string
	}{
		{"nothing", []*Dossier{base, base}, ""},
		{"undone", []*Dossier{base, as("title: It opened}", "title: It closed}"), base}, ""},
		{"twice revised", []*Dossier{base, as("title: It opened}", "title: It closed}"), as("title: It opened}", "title: It closed, kind: War}")}, "event.revised opened [title kind]"},
		{"partly undone", []*Dossier{base, as("title: It opened}", "title: It closed, kind: War}"), as("title: It opened}", "title: It opened, kind: War}")}, "event.revised opened [kind]"},
		{"added, then revised", []*Dossier{base, as(in, event), as(in, event, "title: New}", "title: Newer, importance: major}")}, "event.added new major digest"},
		{"came and went", []*Dossier{base, as(in, event), base}, ""},
		{"came, was retracted", []*Dossier{base, as(in, event), as(in, retractedEvent)}, ""},
		{"came, was retracted, restored", []*Dossier{base, as(in, event), as(in, retractedEvent), as(in, event)}, "event.added new"},
		{"retracted, restored", []*Dossier{base, as(retracted...), base}, ""},
		{"retracted, restored otherwise", []*Dossier{base, as(retracted...), as("title: It opened}", "title: It did not open}")}, "event.revised opened [title]"},
		{"retracted, removed", []*Dossier{as(in, event), as(in, retractedEvent), base}, "event.removed new"},
		{"went and came", []*Dossier{as(in, event), base, as(in, event)}, ""},
		{"went and came otherwise", []*Dossier{as(in, event), base, as(in, event, "title: New}", "title: Newer}")}, "event.revised new [title]"},
		{"likelihood there and back", []*Dossier{base, as("likelihood: 0.35", "likelihood: 0.5"), base}, ""},
		{"moved, then revised", []*Dossier{base, as("likelihood: 0.35", "likelihood: 0.5"), as("likelihood: 0.35", "likelihood: 0.5", "title: Managed reopening", "title: Managed")}, "scenario.moved managed [title likelihood]"},
		{"revised, then resolved", []*Dossier{base, as("Managed reopening", "Managed"), as("Managed reopening\n", "Managed\n    outcome: {on: 2026, happened: true}\n")}, "scenario.resolved managed [title outcome]"},
		{"closed and opened again", []*Dossier{base, as("status: active", "status: closed"), base}, ""},
		{"watching, then closed", []*Dossier{base, as("status: active", "status: watching"), as("status: active", "status: closed")}, "dossier.closed [status]"},
		{"closed, then watching", []*Dossier{base, as("status: active", "status: closed"), as("status: active", "status: watching")}, "status.changed [status]"},
		{"title there and back", []*Dossier{base, as("Grain corridor reopens", "Other"), base}, ""},
		{"opened, then revised", []*Dossier{nil, base, as("Grain corridor reopens", "Other", in, event)}, "dossier.opened"},
		{"opened and removed", []*Dossier{nil, base, as(in, event), nil}, ""},
		{"opened, removed, opened", []*Dossier{nil, base, nil, as(in, event)}, "dossier.opened"},
		{"revised and removed", []*Dossier{base, as(in, event), nil}, "dossier.removed"},
		{"removed and back", []*Dossier{base, nil, base}, ""},
		{"revised, removed and back", []*Dossier{base, as(in, event), nil, as(in, event)}, "event.added new"},
		{"removed, back, revised", []*Dossier{base, nil, base, as(in, event)}, "event.added new"},
		{"removed, another", []*Dossier{base, nil, as(in, event)}, "dossier.opened"},
		{"removed, another, removed", []*Dossier{base, nil, as(in, event), nil}, "dossier.removed"},
		{"correction", []*Dossier{base, as("text: It said 41.", "text: It said 42."), as("text: It said 41.", "text: It said 42.", in, event)}, "event.added new; correction.published indicators/cargoes"},
		{"the same correction twice", []*Dossier{as("corrections:\n  - {on: 2025-12-03, text: It said 41., item: indicators/cargoes}\n", ""), base,
			as("corrections:\n  - {on: 2025-12-03, text: It said 41., item: indicators/cargoes}\n", ""), base}, "correction.published indicators/cargoes"},
	} {
		merged := Merge(states(test.versions...))
		if got := strings.Join(short(merged), "; "); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		if again := Merge(merged); !slices.Equal(short(again), short(merged)) {
			t.Errorf("%s: merged again: %q", test.name, short(again))
		}
	}
}

func TestMergeKeepsTheFirstBeforeAndTheLastAfter(t *testing.T) {
	first := mustDecode(t, fullText)
	second := mustDecode(t, edit(t, "title: It opened}", "title: It was opened}"))
	third := mustDecode(t, edit(t, "title: It opened}", "title: It had opened}"))
	merged := Merge(states(first, second, third))
	if len(merged) != 1 {
		t.Fatal(short(merged))
	}
	before, _ := As[Event](merged[0].Before)
	after, _ := As[Event](merged[0].After)
	if before.Title != "It opened" || after.Title != "It had opened" {
		t.Errorf("from %q to %q", before.Title, after.Title)
	}
}

func TestMergeHeadings(t *testing.T) {
	first := mustDecode(t, fullText)
	second := mustDecode(t, edit(t, "status: active", "status: closed"))
	third := mustDecode(t, strings.Replace(edit(t, "status: active", "status: closed"), "Grain corridor reopens", "It is over", 1))
	for _, changes := range [][]Change{Merge(states(first, second, third)), DiffDossier(first, third)} {
		for _, c := range changes {
			before, _ := As[Heading](c.Before)
			after, _ := As[Heading](c.After)
			if before.Title != "Grain corridor reopens" || before.Status != Active || after.Title != "It is over" || after.Status != Closed {
				t.Errorf("%s: from %+v to %+v", c.Kind, before, after)
			}
		}
	}
	opened := Merge(states(nil, first, second, third))
	if h, err := As[Heading](opened[0].After); err != nil || h.Title != "It is over" || h.Status != Closed || h.Overview != "" {
		t.Errorf("opened as %+v, %v", h, err)
	}
	removed := Merge(states(first, second, third, nil))
	if h, err := As[Heading](removed[0].Before); err != nil || h.Title != "Grain corridor reopens" || h.Status != Active {
		t.Errorf("removed from %+v, %v", h, err)
	}
}

// TestKeysTellItemsApart has equal ids in every section, and several kinds of
// change of one item.
func TestKeysTellItemsApart(t *testing.T) {
	same := [][]ChangeKind{
		{EventAdded, EventRevised, EventRetracted, EventRestored, EventRemoved},
		{IndicatorAdded, IndicatorMoved, IndicatorRemoved},
		{PersonAdded, PersonRole, PersonRemoved},
		{OrganizationAdded, OrganizationRevised, OrganizationRemoved},
		{ScenarioAdded, ScenarioMoved, ScenarioRevised, ScenarioResolved, ScenarioRemoved},
		{CaseAdded, CaseRevised},
		{OverviewRevised},
		{StatusChanged, DossierClosed},
		{CorrectionPublished},
		{DossierOpened, DossierRemoved},
	}
	known := make(map[string]int)
	for i, kinds := range same {
		for _, kind := range kinds {
			for _, story := range []string{"a", "b"} {
				key := Change{Story: story, Kind: kind, Item: "x"}.Key()
				if j, ok := known[key]; ok && j != i {
					t.Errorf("%s and %s share the key %q", kind, same[j][0], key)
				}
				known[key] = i
			}
		}
	}
	if len(known) != 2*len(same) {
		t.Errorf("%d keys for %d kinds of item in two stories", len(known), len(same))
	}
	one, other := Change{Kind: CorrectionPublished, After: []byte(`{"text":"a"}`)}, Change{Kind: CorrectionPublished, After: []byte(`{"text":"b"}`)}
	if one.Key() == other.Key() {
		t.Error("two corrections share a key")
	}
}

func TestMergeStories(t *testing.T) {
	a, a2 := story(t, "a", "A", "2025"), story(t, "a", "A2", "2025")
	b, b2 := story(t, "b", "B", "2025"), story(t, "b", "B2", "2025")
	changes := append(states(b, b2), states(a, a2)...)
	changes = append(changes, states(b2, b)...)
	got := Merge(changes)
	if len(got) != 1 || got[0].Story != "a" {
		t.Errorf("%+v", got)
	}
	if got := Merge(nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// TestMergeOfWhatCannotBeRead has changes that no Diff made.
func TestMergeOfWhatCannotBeRead(t *testing.T) {
	bad := json.RawMessage(`[7]`)
	for _, kind := range []ChangeKind{EventRevised, OverviewRevised, StatusChanged, DossierOpened, DossierRemoved, "unheard.of"} {
		c := Change{Story: "a", Kind: kind, Item: "x", Before: bad, After: bad}
		if got := Merge([]Change{c, c}); len(got) != 1 && kind != DossierRemoved {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

// TestMergeIsDiff checks over random edits that the changes from a to b and from
// b to c come to those from a to c.
func TestMergeIsDiff(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		versions := []*Dossier{randomDossier(r)}
		for range 2 + r.IntN(4) {
			versions = append(versions, mutate(r, versions[len(versions)-1]))
		}
		first, last := versions[0], versions[len(versions)-1]
		want, got := plainChanges(DiffDossier(first, last)), plainChanges(Merge(states(versions...)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d, %d versions: Merge differs from Diff:\n%s", seed, len(versions), diff)
		}
	}
}

// plainChanges writes changes with all that they carry, in an order that does not
// depend on positions.
func plainChanges(changes []Change) []string {
	var lines []string
	for _, c := range changes {
		lines = append(lines, fmt.Sprintf("%s %s %v %s %s %s %s", c.Kind, c.Item, c.Fields, c.Importance, c.Announce, c.Before, c.After))
	}
	slices.Sort(lines)
	return lines
}

func randomDossier(r *rand.Rand) *Dossier {
	d := &Dossier{ID: "story", Title: word2(r), Subtitle: word2(r), Status: Active, Overview: word2(r)}
	for range 4 {
		d = mutate(r, d)
	}
	return d
}

func word2(r *rand.Rand) string { return []string{"one", "two", "three"}[r.IntN(3)] }

// mutate returns d with a few things changed. It leaves alone what Merge cannot
// know: it removes no case, and adds no event that is retracted from the first.
func mutate(r *rand.Rand, old *Dossier) *Dossier {
	d := *old
	d.Timeline, d.Indicators, d.People = slices.Clone(d.Timeline), slices.Clone(d.Indicators), slices.Clone(d.People)
	d.Organizations, d.Scenarios, d.History = slices.Clone(d.Organizations), slices.Clone(d.Scenarios), slices.Clone(d.History)
	for range 1 + r.IntN(5) {
		switch r.IntN(9) {
		case 0:
			d.Title = word2(r)
		case 1:
			d.Overview, d.Subtitle = word2(r), word2(r)
		case 2:
			d.Status = []Status{Active, Watching, Closed}[r.IntN(3)]
		case 3:
			d.Timeline = mutateItems(r, d.Timeline, func(id string) Event { return Event{ID: id, Title: word2(r)} },
				func(e *Event) {
					e.Title, e.Kind, e.Importance = word2(r), word2(r), []Importance{Minor, Normal, Major}[r.IntN(3)]
				})
		case 4:
			mutateRetraction(r, old, d.Timeline)
		case 5:
			d.Indicators = mutateItems(r, d.Indicators, func(id string) Indicator { return Indicator{ID: id, Label: "l", Value: word2(r)} },
				func(i *Indicator) { i.Value, i.Detail = word2(r), word2(r) })
		case 6:
			d.People = mutateItems(r, d.People, func(id string) Person { return Person{ID: id, Name: word2(r)} },
				func(p *Person) { p.Title, p.Role = word2(r), word2(r) })
			d.Organizations = mutateItems(r, d.Organizations, func(id string) Organization { return Organization{ID: id, Name: word2(r)} },
				func(o *Organization) { o.Kind = word2(r) })
		case 7:
			d.Scenarios = mutateItems(r, d.Scenarios, func(id string) Scenario { return Scenario{ID: id, Title: word2(r)} }, func(s *Scenario) {
				likelihood := float64(r.IntN(3)) / 2
				s.Title, s.Likelihood, s.Outcome = word2(r), &likelihood, nil
				if r.IntN(3) == 0 {
					s.Outcome = &Outcome{Happened: r.IntN(2) == 0}
				}
			})
		case 8:
			if i := r.IntN(3); i < len(d.History) {
				d.History[i].Title = word2(r)
			} else {
				d.History = append(d.History, Case{ID: fmt.Sprint("c", len(d.History)), Title: word2(r)})
			}
		}
	}
	return &d
}

// mutateItems adds, removes, moves or changes an item.
func mutateItems[T any](r *rand.Rand, items []T, create func(id string) T, change func(*T)) []T {
	switch n := len(items); r.IntN(4) {
	case 0:
		id := fmt.Sprint("i", r.IntN(4))
		if !slices.ContainsFunc(items, func(item T) bool { return strings.Contains(string(rawJSON(&item)), `"id":"`+id+`"`) }) {
			return append(items, create(id))
		}
	case 1:
		if n > 0 && !strings.Contains(string(rawJSON(&items[0])), "retracted") {
			return items[1:]
		}
	case 2:
		slices.Reverse(items)
	case 3:
		if n > 0 {
			change(&items[r.IntN(n)])
		}
	}
	return items
}

// mutateRetraction retracts an event that was there before, or restores one.
func mutateRetraction(r *rand.Rand, old *Dossier, events []Event) {
	if len(events) == 0 {
		return
	}
	e := &events[r.IntN(len(events))]
	if _, known := old.Event(e.ID); known && e.Retracted == nil {
		e.Retracted = &Retraction{Why: word2(r)}
	} else {
		e.Retracted = nil
	}
}
