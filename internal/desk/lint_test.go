package desk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

// lintAt lints a brief on a day of 2026.
func lintAt(t testing.TB, text string) (found []string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bridge.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	problems, err := Check(t.Context(), CheckOptions{Now: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)}, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		found = append(found, p.Rule)
	}
	return found
}

// TestAllowed checks where a comment silences a rule, and where not.
func TestAllowed(t *testing.T) {
	const brief = "title: A\noverview: B\ntimeline:\n  - {id: a, date: 2024, title: One}\n  - {id: b, date: 2025, title: Two}\n"
	for _, test := range []struct {
		name, text string
		want       int
	}{
		{"none", brief, 2},
		{"at the top", "# check: allow source\n" + brief, 0},
		{"after another comment", "# A bridge.\n# check: allow source\n" + brief, 0},
		{"another rule", "# check: allow kind\n" + brief, 2},
		{"several rules", "# check: allow kind, source\n" + brief, 0},
		{"a rule that nothing breaks", "# check: allow source, markup\n" + brief, 1},
		{"an error", "# check: allow source, syntax\n" + brief, 1},
		{"behind the line", strings.Replace(brief, "One}", "One} # check: allow source", 1), 1},
		{"above the line", strings.Replace(brief, "  - {id: a", "  # check: allow source\n  - {id: a", 1), 1},
		{"above a line and a comment", strings.Replace(brief, "  - {id: a", "  # check: allow source\n  # as told\n  - {id: a", 1), 1},
		{"above the section", strings.Replace(brief, "timeline:\n", "# check: allow source\ntimeline:\n", 1), 0},
		{"behind the section", strings.Replace(brief, "timeline:\n", "timeline: # check: allow source\n", 1), 0},
		{"behind a section without indentation", strings.NewReplacer("timeline:\n", "timeline: # check: allow source\n", "  - ", "- ").Replace(brief), 0},
		{"behind another section", strings.Replace(brief, "overview: B\n", "overview: B # check: allow source\n", 1), 3},
		{"in a text", strings.Replace(brief, "overview: B\n", "overview: |\n  # check: allow source\n  B\n", 1), 3}, // the text has a heading
		{"a name that is none", "# check: allow sorce\n" + brief, 3},
	} {
		if got := lintAt(t, test.text); len(got) != test.want {
			t.Errorf("%s: found %v, want %d", test.name, got, test.want)
		}
	}
}

// TestMendNot checks that nothing is mended that would make an error, be another text, or
// is allowed, and that what stands beside it is mended all the same.
func TestMendNot(t *testing.T) {
	none := func(*brief.Text) comparison { return comparison{} }
	for _, test := range []struct{ name, text, want string }{
		{"an id that is taken", "title: A\noverview: B\nstatus: actve\ntimeline:\n  - {id: one, date: 2024, title: X}\n  - {id: One, date: 2024, title: Y}\n",
			"title: A\noverview: B\nstatus: active\ntimeline:\n  - {id: one, date: 2024, title: X}\n  - {id: One, date: 2024, title: Y}\n"},
		{"a line break of prose", "title: A\noverview: |\n  One  \n  two \ntimeline: []\n", "title: A\noverview: |\n  One  \n  two\ntimeline: []\n"},
		{"an escaped space", "title: \"A\\ \n  b\"\noverview: B\ntimeline: []\n", "title: \"A\\ \n  b\"\noverview: B\ntimeline: []\n"},
		{"what is allowed", "title: A   # check: allow whitespace \noverview: B \ntimeline: []\n", "title: A   # check: allow whitespace \noverview: B\ntimeline: []\n"},
	} {
		if got, _ := mend("bridge.yaml", []byte(test.text), none); string(got) != test.want {
			t.Errorf("%s: mended:\n%s\nwant:\n%s", test.name, got, test.want)
		}
	}
	was, _ := brief.Decode("bridge.yaml", []byte("title: A\noverview: B\ntimeline:\n  - {id: one, date: 2024, title: The bridge is closed}\n"))
	before := func(*brief.Text) comparison { return comparison{before: was} }
	const renamed = "title: A\noverview: B\ntimeline:\n  - {id: two, date: 2024, title: The bridge is closed}\n"
	if got, _ := mend("bridge.yaml", []byte(renamed), before); !strings.Contains(string(got), "id: one") {
		t.Errorf("an id that was changed is still %s", got)
	}
	const mentioned = renamed + "corrections:\n  - {on: 2024, text: X, item: timeline/two}\n"
	if got, _ := mend("bridge.yaml", []byte(mentioned), before); string(got) != mentioned {
		t.Errorf("an id that is mentioned became another: %s", got)
	}
}

// TestSays checks which texts name somebody.
func TestSays(t *testing.T) {
	for _, test := range []struct {
		text, name string
		want       bool
	}{
		{"Jane Doe signs.", "Jane Doe", true},
		{"“Jane Doe”, she says", "Jane Doe", true},
		{"Jane Doerr signs.", "Jane Doe", false},
		{"jane doe signs.", "Jane Doe", false},
		{"Mary Jane Doe", "Jane Doe", true},
		{"NATO meets.", "NATO", true},
		{"The IMO meets.", "IMO", true},
		{"It is said.", "It", false},
		{"Президент Зеленський", "Зеленський", true},
		{"Зеленського", "Зеленськ", false},
		{"", "Jane", false},
		{"Jane", "", false},
	} {
		if got := says(test.text, test.name); got != test.want {
			t.Errorf("%q says %q: %v", test.text, test.name, got)
		}
	}
}

// TestLintDraft checks that of a draft only that is said which package brief says.
func TestLintDraft(t *testing.T) {
	if got := lintAt(t, "draft: true\ntitle: A\noverview: B  \ntimeline:\n  - {id: a, date: 2024, title: One}\n"); strings.Join(got, " ") != "draft source" {
		t.Errorf("found %v in a draft", got)
	}
}

// FuzzMend mends anything: what is YAML stays so, and what was without error stays
// without one.
func FuzzMend(f *testing.F) {
	f.Add("title: A\noverveiw: B  \nstatus: opn\ntimeline:\n  - {date: 21.11.2025, title: One, people: [Jane Doe]}\npeople:\n  - {name: Jane Doe}\n")
	f.Add("title: A\noverview: B\ntags: [a, a]\ntimeline:\n  - id: x\n    date: 1 March 2024\n    title: T\n    kind: Diplomcay")
	f.Add("# check: allow source, nothing\ntitle: \"A\"\r\noverview: |\r\n  B \r\ntimeline: []\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		before, problems := brief.ReadText("bridge.yaml", []byte(text))
		after, fixed := mend("bridge.yaml", []byte(text), func(*brief.Text) comparison { return comparison{} })
		if len(fixed) == 0 {
			return
		}
		mended, left := brief.ReadText("bridge.yaml", after)
		if before != nil && mended == nil {
			t.Fatalf("%q is no YAML any more: %q", text, after)
		}
		if before != nil && before.Dossier() != nil && mended.Dossier() == nil {
			t.Fatalf("%q had no error, and has %v: %q (mended %v, before %v)", text, left, after, fixed, problems)
		}
		for _, p := range append(problems, left...) {
			_ = Excerpt([]byte(text), p)
		}
	})
}
