package brief

import (
	"encoding/json"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// plainTree returns what a brief holds, dates as they are written.
func plainTree(t *testing.T, text string) map[string]any {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Tag == "!!timestamp" {
			n.Tag = "!!str"
		}
		for _, child := range n.Content {
			walk(child)
		}
	}
	walk(&root)
	var tree map[string]any
	if err := root.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

// TestLayoutIsNoChange writes one dossier in many ways.
func TestLayoutIsNoChange(t *testing.T) {
	const firstEvent = "  - {id: opened, date: 2025-10-01, title: It opened}\n"
	want := mustDecode(t, fullText)
	tree := plainTree(t, fullText)
	asJSON, err := json.MarshalIndent(tree, "", "      ")
	if err != nil {
		t.Fatal(err)
	}
	sorted, err := yaml.Marshal(tree) // keys in the order of the alphabet
	if err != nil {
		t.Fatal(err)
	}
	blocks := func(overview string) string {
		return edit(t, "overview: |\n  The first paragraph goes\n  over two lines.\n\n  - one\n  - two\n", overview)
	}
	for name, text := range map[string]string{
		"comments":             "# A comment\n" + strings.ReplaceAll(fullText, "people:\n", "people: # who\n# here\n"),
		"spaces":               strings.ReplaceAll(fullText, "\n", "   \n") + "\n\n\n",
		"line ends":            strings.ReplaceAll(fullText, "\n", "\r\n"),
		"keys in order":        string(sorted),
		"JSON":                 string(asJSON),
		"quoted":               edit(t, "title: Grain corridor reopens", `title: "Grain corridor reopens"`),
		"single quotes":        edit(t, "date: 2025-11-21", `date: '2025-11-21'`),
		"defaults left out":    edit(t, "status: active\n", ""),
		"defaults written":     edit(t, "title: It opened}", "title: It opened, importance: normal, announce: digest}"),
		"lists in other order": edit(t, "sources: [un-jcc, wire]", "sources: [wire, un-jcc]"),
		"assessed by":          edit(t, "discussed_by: [Reuters, think tanks]", "discussed_by: [think tanks, Reuters]"),
		"series":               edit(t, "[{date: 2025-11-01, value: 9}, {date: 2025-12-01, value: 14}]", "[{date: 2025-12-01, value: 14}, {date: 2025-11-01, value: 9}]"),
		"wrapped otherwise":    blocks("overview: |\n  The first\n  paragraph goes over\n  two lines.\n\n  - one\n  - two\n"),
		"on one line":          blocks("overview: |\n  The first paragraph goes over two lines.\n\n\n  - one\n  - two\n"),
		"without a last line":  blocks("overview: |-\n  The first paragraph goes\n  over two lines.\n\n  - one\n  - two\n"),
		"with empty lines":     blocks("overview: |+\n  The first paragraph goes\n  over two lines.\n\n  - one\n  - two\n\n\n"),
		"timeline reversed":    strings.NewReplacer("timeline:\n"+firstEvent, "timeline:\n", "scenarios:\n", firstEvent+"scenarios:\n").Replace(fullText),
	} {
		got, problems := Decode("story.yaml", []byte(text))
		if got == nil {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		if changes := DiffDossier(want, got); len(changes) > 0 {
			t.Errorf("%s: %q %s", name, short(changes), changes[0].After)
		}
		if version(want) != version(got) {
			t.Errorf("%s: the version differs", name)
		}
	}
}

func TestFoldedAndLiteralBlocksAreOne(t *testing.T) {
	text := func(overview string) string {
		return "title: T\noverview: " + overview + "timeline: [{id: a, date: 2025, title: A}]\n"
	}
	literal := mustDecode(t, text("|\n  One goes\n  on.\n\n  Two.\n"))
	for _, other := range []string{">\n  One\n  goes on.\n\n\n  Two.\n", ">-\n  One goes on.\n\n  Two.\n", "\"One goes on.\\n\\nTwo.\"\n"} {
		d := mustDecode(t, text(other))
		same := strings.Contains(d.Overview, "\n\n") // a folded block needs two empty lines for one
		if changes := DiffDossier(literal, d); (len(changes) == 0) != same {
			t.Errorf("%q: %q", d.Overview, short(changes))
		}
	}
}

func TestCanonProse(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"one\ntwo\n", "one two", true},
		{"one\n\ntwo", "one\n\n\n\ntwo\n\n", true},
		{"one\n\ntwo", "one\ntwo", false},
		{"- a\n- b", "- a - b", false},
		{"- a\n  b\n- c", "- a b\n- c\n", true},
		{"- a\n  - b", "- a\n- b", false},
		{"1. a\n2. b", "1. a 2. b", false},
		{"> a\nb", "> a b", true},
		{"a\n> b", "a b", false},
		{"*emphasis\nhere*", "*emphasis here*", true},
		{"2025\nwas", "2025 was", true},
		{"a  \nb", "a\nb", true},
		{"", " \n", true},
		{"a", "b", false},
	} {
		if got := canonProse(test.a) == canonProse(test.b); got != test.same {
			t.Errorf("%q and %q are the same: %v, want %v (%q, %q)", test.a, test.b, got, test.same, canonProse(test.a), canonProse(test.b))
		}
	}
}

func FuzzCanonProse(f *testing.F) {
	for _, s := range []string{"a\nb\n\n- c\n  - d", "1. x\n> y", "\t- \n", "``` \ncode\n```"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := canonProse(s)
		if twice := canonProse(once); twice != once {
			t.Errorf("%q, then %q, then %q", s, once, twice)
		}
		if strings.Join(strings.Fields(once), " ") != strings.Join(strings.Fields(s), " ") {
			t.Errorf("%q lost words: %q", s, once)
		}
	})
}
