package brief

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// fullText is a brief with something in every section.
const fullText = `title: Grain corridor reopens
subtitle: One line
status: active
as_of: 2025-12-08
review_by: 2025-12-22
language: en
tags: [trade, black-sea]
audience: [newsroom]
overview: |
  The first paragraph goes
  over two lines.

  - one
  - two
indicators:
  - {id: cargoes, label: Cargoes a week, value: "14", unit: ships, detail: Counted daily., series: [{date: 2025-11-01, value: 9}, {date: 2025-12-01, value: 14}], sources: [un-jcc]}
people:
  - {id: jane-doe, name: Jane Doe, aliases: [J. Doe, JD], title: Minister of Trade, role: Signed it, roles: [{title: Deputy minister, from: 2021, to: 2024-05}]}
organizations:
  - {id: imo, name: International Maritime Organization, aliases: [IMO], kind: UN agency, status: Observer, about: It watches.}
timeline:
  - {id: opened, date: 2025-10-01, title: It opened}
  - id: accord
    date: 2025-11-21
    title: Accord signed
    kind: Diplomacy
    detail: They signed it.
    importance: major
    announce: now
    people: [jane-doe]
    organizations: [imo]
    sources: [un-jcc, wire]
  - {id: withdrawn, date: 2025-12-01, title: A report, retracted: {on: 2025-12-02, why: It was wrong}}
scenarios:
  - id: managed
    title: Managed reopening
    discussed_by: [Reuters, think tanks]
    detail: It may be managed.
    likelihood: 0.35
    assessments: [{date: 2025-11-01, likelihood: 0.2, by: desk}]
    signposts: [Insurers lower premiums]
history:
  - {id: initiative, title: Black Sea Grain Initiative, period: 2022-07/2023-07, what_happened: Ships sailed., short_term: Prices fell., long_term: It lapsed., relevance: It is alike.}
sources:
  - {id: un-jcc, publisher: UN, title: Movements, url: https://example.org/jcc, date: 2025-12-01}
  - {id: wire, publisher: A wire}
related: [other]
corrections:
  - {on: 2025-12-03, text: It said 41., item: indicators/cargoes}
`

func mustDecode(t testing.TB, text string) *Dossier {
	t.Helper()
	d, problems := Decode("story.yaml", []byte(text))
	if d == nil {
		t.Fatalf("%v\n%s", problems, text)
	}
	return d
}

// edit returns fullText with one part of it replaced.
func edit(t testing.TB, old, new string) string {
	t.Helper()
	if strings.Count(fullText, old) != 1 {
		t.Fatalf("%q is in the text %d times", old, strings.Count(fullText, old))
	}
	return strings.Replace(fullText, old, new, 1)
}

// short writes changes as kind item [fields] importance announce.
func short(changes []Change) []string {
	lines := []string{}
	for _, c := range changes {
		line := string(c.Kind)
		if c.Item != "" {
			line += " " + c.Item
		}
		if len(c.Fields) > 0 {
			line += fmt.Sprint(" ", c.Fields)
		}
		if c.Importance != Normal || c.Announce != InDigest {
			line += fmt.Sprintf(" %s %s", c.Importance, c.Announce)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestDiffDossier(t *testing.T) {
	for _, test := range []struct {
		name, old, new string
		want           string // forth
		back           string // and back
	}{
		{"title", "Grain corridor reopens", "Corridor open", "overview.revised [title]", "overview.revised [title]"},
		{"subtitle", "subtitle: One line\n", "", "overview.revised [subtitle]", "overview.revised [subtitle]"},
		{"overview", "over two lines.", "over more.", "overview.revised [overview]", "overview.revised [overview]"},
		{"overview's list", "- two", "- three", "overview.revised [overview]", "overview.revised [overview]"},
		{"watching", "status: active", "status: watching", "status.changed [status]", "status.changed [status]"},
		{"closed", "status: active", "status: closed", "dossier.closed [status]", "status.changed [status]"},

		{"event added", "timeline:\n", "timeline:\n  - {id: new, date: 2025-11-01, title: New, importance: minor}\n", "event.added new minor digest", "event.removed new minor digest"},
		{"silent event", "timeline:\n", "timeline:\n  - {id: new, date: 2025-11-01, title: New, announce: silent}\n", "event.added new normal silent", "event.removed new normal silent"},
		{"event's date", "date: 2025-11-21", "date: 2025-11-22", "event.revised accord [date] major now", "event.revised accord [date] major now"},
		{"its precision", "date: 2025-11-21", "date: 2025-11-21~", "event.revised accord [date] major now", "event.revised accord [date] major now"},
		{"its texts", "title: Accord signed\n    kind: Diplomacy\n    detail: They signed it.", "title: Accord\n    kind: War\n    detail: They did not.", "event.revised accord [title kind detail] major now", "event.revised accord [title kind detail] major now"},
		{"its importance", "importance: major", "importance: minor", "event.revised accord [importance] minor now", "event.revised accord [importance] major now"},
		{"its people", "    people: [jane-doe]\n", "", "event.revised accord [people] major now", "event.revised accord [people] major now"},
		{"its organizations", "    organizations: [imo]\n", "", "event.revised accord [organizations] major now", "event.revised accord [organizations] major now"},
		{"its sources", "sources: [un-jcc, wire]", "sources: [wire]", "event.revised accord [sources] major now", "event.revised accord [sources] major now"},
		{"its announcement", "announce: now", "announce: digest", "", ""},
		{"retracted", "title: It opened}", "title: It opened, retracted: {on: 2025-12-01, why: No}}", "event.retracted opened [retracted]", "event.restored opened [retracted]"},
		{"retracted and revised", "title: It opened}", "title: It did not, retracted: {on: 2025-12-01}}", "event.retracted opened [title retracted]", "event.restored opened [title retracted]"},
		{"other reason", "why: It was wrong", "why: It was false", "event.revised withdrawn [retracted]", "event.revised withdrawn [retracted]"},
		{"retracted from the first", "timeline:\n", "timeline:\n  - {id: new, date: 2025-11-01, title: New, retracted: {on: 2025-12-01}}\n", "", "event.removed new"},
		{"event renamed", "id: opened", "id: began", "event.added began; event.removed opened", "event.added opened; event.removed began"},

		{"value", `value: "14"`, `value: "15"`, "indicator.moved cargoes [value]", "indicator.moved cargoes [value]"},
		{"indicator's texts", "label: Cargoes a week, value: \"14\", unit: ships, detail: Counted daily.", "label: Cargoes, value: \"14\", unit: boats, detail: Counted.", "indicator.moved cargoes [label unit detail]", "indicator.moved cargoes [label unit detail]"},
		{"series", "{date: 2025-12-01, value: 14}", "{date: 2025-12-01, value: 14}, {date: 2025-12-08, value: 15}", "indicator.moved cargoes [series]", "indicator.moved cargoes [series]"},
		{"indicator's sources", ", sources: [un-jcc]}", "}", "", ""},
		{"indicator added", "indicators:\n", "indicators:\n  - {label: Price, value: \"1\"}\n", "indicator.added price", "indicator.removed price"},

		{"person's name", "name: Jane Doe", "name: Jane Roe", "person.role jane-doe [name]", "person.role jane-doe [name]"},
		{"person's part", "title: Minister of Trade, role: Signed it", "title: President, role: Broke it", "person.role jane-doe [title role]", "person.role jane-doe [title role]"},
		{"person's roles", "to: 2024-05", "to: 2024-06", "person.role jane-doe [roles]", "person.role jane-doe [roles]"},
		{"person's aliases", "aliases: [J. Doe, JD]", "aliases: [Doe]", "", ""},
		{"person added", "people:\n", "people:\n  - {name: John Roe}\n", "person.added john-roe", "person.removed john-roe"},

		{"organization", "kind: UN agency, status: Observer, about: It watches.", "kind: Agency, status: Member, about: It acts.", "organization.revised imo [kind status about]", "organization.revised imo [kind status about]"},
		{"its name", "International Maritime Organization", "Maritime Organization", "organization.revised imo [name]", "organization.revised imo [name]"},
		{"its aliases", "aliases: [IMO], ", "", "", ""},
		{"organization added", "organizations:\n  - {id: imo", "organizations:\n  - {name: Union}\n  - {id: imo", "organization.added union", "organization.removed union"},

		{"likelihood", "likelihood: 0.35", "likelihood: 0.5", "scenario.moved managed [likelihood]", "scenario.moved managed [likelihood]"},
		{"no likelihood", "    likelihood: 0.35\n", "", "scenario.moved managed [likelihood]", "scenario.moved managed [likelihood]"},
		{"assessment", "by: desk}]", "by: desk}, {date: 2025-12-01, likelihood: 0.4}]", "scenario.moved managed [assessments]", "scenario.moved managed [assessments]"},
		{"moved and revised", "detail: It may be managed.\n    likelihood: 0.35", "detail: It will.\n    likelihood: 0.9", "scenario.moved managed [detail likelihood]", "scenario.moved managed [detail likelihood]"},
		{"scenario's texts", "Managed reopening", "Managed", "scenario.revised managed [title]", "scenario.revised managed [title]"},
		{"signposts", "signposts: [Insurers lower premiums]", "signposts: []", "scenario.revised managed [signposts]", "scenario.revised managed [signposts]"},
		{"outcome", "signposts: [Insurers lower premiums]", "signposts: [Insurers lower premiums]\n    outcome: {on: 2026-02-01, happened: true, note: So}", "scenario.resolved managed [outcome]", "scenario.revised managed [outcome]"},
		{"scenario added", "scenarios:\n", "scenarios:\n  - {title: Collapse}\n", "scenario.added collapse", "scenario.removed collapse"},

		{"case", "what_happened: Ships sailed., short_term: Prices fell.", "what_happened: Ships left., short_term: Prices rose.", "case.revised initiative [what_happened short_term]", "case.revised initiative [what_happened short_term]"},
		{"case added", "history:\n", "history:\n  - {title: Earlier}\n", "case.added earlier", ""},

		{"correction", "item: indicators/cargoes}\n", "item: indicators/cargoes}\n  - {on: 2025-12-04, text: It said so.}\n", "correction.published", ""},
		{"correction of an event", "item: indicators/cargoes}\n", "item: indicators/cargoes}\n  - {on: 2025-12-04, text: It said so., item: timeline/accord}\n", "correction.published timeline/accord major now", ""},
		{"another item corrected", "item: indicators/cargoes}", "item: timeline/opened}", "correction.published timeline/opened", "correction.published indicators/cargoes"},

		{"sources", "publisher: A wire", "publisher: Another wire", "", ""},
		{"as of", "as_of: 2025-12-08\nreview_by: 2025-12-22\nlanguage: en\ntags: [trade, black-sea]\naudience: [newsroom]\n", "", "", ""},
		{"related", "related: [other]", "related: [others]", "", ""},
	} {
		before, after := mustDecode(t, fullText), mustDecode(t, edit(t, test.old, test.new))
		if got := strings.Join(short(DiffDossier(before, after)), "; "); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		if got := strings.Join(short(DiffDossier(after, before)), "; "); got != test.back {
			t.Errorf("%s, back:\n got %s\nwant %s", test.name, got, test.back)
		}
	}
}

// TestDiffCoversEveryKey changes every key of the full brief: each either makes a
// change, or is known to be no news.
func TestDiffCoversEveryKey(t *testing.T) {
	silent := []string{
		"status", // the default is written out
		"as_of", "review_by", "language", "tags", "audience", "related", "sources",
		"indicators.sources", "people.aliases", "organizations.aliases", "timeline.announce",
	}
	before := mustDecode(t, fullText)
	paths := make(map[string]bool)
	walkKeys(t, fullText, func(path, changed string) {
		paths[path] = true
		after, problems := Decode("story.yaml", []byte(changed))
		if after == nil {
			t.Fatalf("%s: %v", path, problems)
		}
		top, _, _ := strings.Cut(path, ".")
		quiet := slices.Contains(silent, path) || top == "sources"
		if got := short(DiffDossier(before, after)); (len(got) == 0) != quiet {
			t.Errorf("without %s: %q", path, got)
		}
	})
	if len(paths) < 40 {
		t.Errorf("only %d keys were tried", len(paths))
	}
}

// walkKeys calls visit with the text without one optional key, for each.
func walkKeys(t *testing.T, text string, visit func(path, without string)) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	required := []string{
		"title", "overview", "timeline", "indicators.label", "indicators.value", "indicators.series.date", "indicators.series.value",
		"people.name", "people.roles.title", "organizations.name", "timeline.id", "timeline.date", "timeline.title", "scenarios.title",
		"scenarios.assessments.date", "scenarios.assessments.likelihood", "history.title", "sources.id", "corrections.on", "corrections.text",
		// Other items refer to these, or take their ids from them.
		"people", "organizations", "sources", "indicators", "people.id", "organizations.id", "indicators.id", "scenarios.id", "history.id",
		// That something is gone is no change.
		"history", "corrections",
		"timeline.retracted.on", "scenarios.outcome.on", "scenarios.outcome.happened", "scenarios.assessments", "sources.url", "sources.publisher",
	}
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
			at := strings.TrimPrefix(path+"."+n.Content[i].Value, ".")
			content := n.Content
			if !slices.Contains(required, at) {
				n.Content = slices.Delete(slices.Clone(content), i, i+2)
				out, err := yaml.Marshal(&root)
				if err != nil {
					t.Fatal(err)
				}
				visit(at, string(out))
				n.Content = content
			}
			walk(n.Content[i+1], at)
		}
		for _, child := range n.Content {
			if n.Kind != yaml.MappingNode {
				walk(child, path)
			}
		}
	}
	walk(&root, "")
}

func TestDiffOrder(t *testing.T) {
	text := fullText
	for _, r := range [][2]string{
		{"title: Grain corridor reopens", "title: Other"},
		{"status: active", "status: watching"},
		{"title: It opened", "title: It really opened"},
		{"timeline:\n", "timeline:\n  - {id: new, date: 2025-11-01, title: New}\n  - {id: late, date: 2026, title: Late}\n"},
		{`value: "14"`, `value: "15"`},
		{"people:\n", "people:\n  - {name: Zed}\n"},
		{"title: Minister of Trade", "title: President"},
		{"kind: UN agency", "kind: Agency"},
		{"likelihood: 0.35", "likelihood: 0.4"},
		{"what_happened: Ships sailed.", "what_happened: Ships left."},
		{"text: It said 41.", "text: It said 42."},
	} {
		if !strings.Contains(text, r[0]) {
			t.Fatal(r[0])
		}
		text = strings.Replace(text, r[0], r[1], 1)
	}
	changes := DiffDossier(mustDecode(t, fullText), mustDecode(t, text))
	want := []string{
		"status.changed [status]", "overview.revised [title]",
		"event.revised opened [title]", "event.added new", "event.added late",
		"indicator.moved cargoes [value]", "person.added zed", "person.role jane-doe [title]",
		"organization.revised imo [kind]", "scenario.moved managed [likelihood]", "case.revised initiative [what_happened]",
		"correction.published indicators/cargoes",
	}
	if diff := cmp.Diff(want, short(changes)); diff != "" {
		t.Error(diff)
	}
}

func TestDiffCarriesTheItems(t *testing.T) {
	before, after := mustDecode(t, fullText), mustDecode(t, edit(t, "title: Accord signed\n", "title: Accord <signed>\n"))
	changes := DiffDossier(before, after)
	if len(changes) != 1 {
		t.Fatal(short(changes))
	}
	kept, err := json.Marshal(changes[0]) // as the ledger keeps it
	if err != nil {
		t.Fatal(err)
	}
	var c Change
	if err := json.Unmarshal(kept, &c); err != nil {
		t.Fatal(err)
	}
	old, errOld := As[Event](c.Before)
	new, errNew := As[Event](c.After)
	if errOld != nil || errNew != nil {
		t.Fatal(errOld, errNew)
	}
	if diff := cmp.Diff([]Event{before.Timeline[1], after.Timeline[1]}, []Event{*old, *new}, cmp.Comparer(func(a, b Date) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if nothing, err := As[Event](nil); nothing != nil || err != nil {
		t.Errorf("of nothing: %v, %v", nothing, err)
	}
	if _, err := As[Event](json.RawMessage(`{"date": 7}`)); err == nil || !strings.Contains(err.Error(), "Event") {
		t.Errorf("of nonsense: %v", err)
	}
}

func TestDiffSnapshots(t *testing.T) {
	a, b, c := story(t, "a", "A", "2025"), story(t, "b", "B", "2025"), story(t, "c", "C", "2025")
	b2 := story(t, "b", "B2", "2025")
	stories := func(changes []Change) []string {
		all := []string{}
		for _, c := range changes {
			all = append(all, c.Story+" "+string(c.Kind))
		}
		return all
	}
	for _, test := range []struct {
		before, after *Snapshot
		want          []string
	}{
		{nil, nil, []string{}},
		{nil, snapshotOf(b, a), []string{"a dossier.opened", "b dossier.opened"}},
		{snapshotOf(a, b), nil, []string{"a dossier.removed", "b dossier.removed"}},
		{snapshotOf(a, b), snapshotOf(b, a), []string{}},
		{snapshotOf(a, b), snapshotOf(b2, c), []string{"a dossier.removed", "b overview.revised", "c dossier.opened"}},
		{snapshotOf(b), snapshotOf(a, b, c), []string{"a dossier.opened", "c dossier.opened"}},
	} {
		if diff := cmp.Diff(test.want, stories(Diff(test.before, test.after))); diff != "" {
			t.Error(diff)
		}
	}
	opened, err := As[Heading](Diff(nil, snapshotOf(a))[0].After)
	if err != nil || opened.Title != "A" || opened.Status != Active || opened.Version == "" {
		t.Errorf("opened: %+v, %v", opened, err)
	}
}

// TestDiffOfStoredDossier takes the old version from JSON, as the ledger's
// baseline does.
func TestDiffOfStoredDossier(t *testing.T) {
	paths, err := filepath.Glob("testdata/stories/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no stories", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d, problems := Decode(path, text)
		if d == nil {
			t.Fatal(problems)
		}
		stored, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		kept := new(Dossier)
		if err := json.Unmarshal(stored, kept); err != nil {
			t.Fatal(err)
		}
		if changes := append(DiffDossier(kept, d), DiffDossier(d, kept)...); len(changes) > 0 {
			t.Errorf("%s: %q", path, short(changes))
		}
		if version(d) != version(kept) {
			t.Errorf("%s: the version differs", path)
		}
	}
}

// FuzzDiff compares whatever decodes: a dossier with itself as stored, and two
// dossiers forth and back.
func FuzzDiff(f *testing.F) {
	f.Add(fullText, minimal("M"))
	f.Add(minimal("A"), minimal("B"))
	f.Add(strings.Replace(fullText, "likelihood: 0.35", "likelihood: 1", 1), fullText)
	f.Fuzz(func(t *testing.T, one, other string) {
		a, _ := Decode("story.yaml", []byte(one))
		b, _ := Decode("story.yaml", []byte(other))
		if a == nil || b == nil {
			return
		}
		kept := new(Dossier)
		if err := json.Unmarshal(rawJSON(a), kept); err != nil {
			t.Fatal(err)
		}
		if changes := DiffDossier(kept, a); len(changes) > 0 {
			t.Errorf("as stored it differs: %q", short(changes))
		}
		forth := DiffDossier(a, b)
		if got := Merge(forth); !slices.Equal(short(got), short(forth)) {
			t.Errorf("merged alone: %q, not %q", short(got), short(forth))
		}
		for _, c := range Merge(append(forth, DiffDossier(b, a)...)) {
			if !slices.Contains([]ChangeKind{CaseAdded, CorrectionPublished, EventRetracted, EventRemoved, EventRestored}, c.Kind) {
				t.Errorf("there and back: %q", short([]Change{c}))
			}
		}
	})
}
