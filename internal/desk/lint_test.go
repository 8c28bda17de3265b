package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

// lintAt lints a brief on a day of 2026.
func lintAt(t testing.TB, text string) (found []string) {
	t.Helper()
	read, problems := brief.ReadText("bridge.yaml", []byte(text))
	if read == nil {
		t.Fatal(problems)
	}
	for _, p := range Lint(read, LintOptions{Now: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)}) {
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
		{"behind the line", strings.Replace(brief, "One}", "One} # check: allow source", 1), 1},
		{"above the line", strings.Replace(brief, "  - {id: a", "  # check: allow source\n  - {id: a", 1), 1},
		{"above a line and a comment", strings.Replace(brief, "  - {id: a", "  # check: allow source\n  # as told\n  - {id: a", 1), 1},
		{"two lines above", strings.Replace(brief, "timeline:\n", "# check: allow source\ntimeline:\n", 1), 2},
		{"a name that is none", "# check: allow sorce\n" + brief, 3},
	} {
		if got := lintAt(t, test.text); len(got) != test.want {
			t.Errorf("%s: found %v, want %d", test.name, got, test.want)
		}
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

// TestLintDraft checks that a draft is left alone.
func TestLintDraft(t *testing.T) {
	if got := lintAt(t, "draft: true\ntitle: A\noverview: B  \ntimeline:\n  - {id: a, date: 2024, title: One}\n"); got != nil {
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
		after, fixed := mend("bridge.yaml", []byte(text), LintOptions{})
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
