package brief

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func readManual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/briefs.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestManualExample checks that the example in the manual is a brief, and has every
// key that there is.
func TestManualExample(t *testing.T) {
	_, rest, _ := strings.Cut(readManual(t), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("no example")
	}
	d, problems := Decode("grain-corridor.yaml", []byte(example))
	if d == nil || len(problems) > 0 {
		t.Fatal(problems)
	}
	var expect func(s *shape)
	expect = func(s *shape) {
		for _, r := range s.rules {
			if !regexp.MustCompile(`(?m)[ {]` + r.key + `:|^` + r.key + `:`).MatchString(example) {
				t.Errorf("the example has no %s of %s", r.key, s.noun)
			}
			if r.of != nil {
				expect(r.of)
			}
		}
	}
	expect(dossierShape())
}

// TestManualDates checks the table of dates in the manual.
func TestManualDates(t *testing.T) {
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.+) \\|$").FindAllStringSubmatch(readManual(t), -1)
	if len(rows) < 10 {
		t.Errorf("only %d dates", len(rows))
	}
	for _, row := range rows {
		d, err := ParseDate(row[1])
		if err != nil {
			t.Error(err)
		} else if d.Words() != row[2] {
			t.Errorf("%s reads %q, and in the manual %q", row[1], d.Words(), row[2])
		}
	}
}

// editorsBase holds what the examples for editors refer to, by its key.
var editorsBase = []struct{ key, text string }{
	{"title", "title: Grain corridor reopens"}, {"overview", "overview: Ships sail."}, {"timeline", "timeline: []"},
	{"sources", "sources: [{id: un-jcc, title: Vessel movements}]"},
}

// TestEditorsExamples checks that every example for editors is a brief without a
// mistake in it, with the parts around it that are not shown.
func TestEditorsExamples(t *testing.T) {
	text, err := os.ReadFile("../../docs/editors.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(examples) < 8 {
		t.Errorf("only %d examples", len(examples))
	}
	for _, e := range examples {
		example := e[1]
		for _, part := range editorsBase {
			if !regexp.MustCompile(`(?m)^` + part.key + `:`).MatchString(example) {
				example += part.text + "\n"
			}
		}
		d, problems := Decode("grain-corridor.yaml", []byte(example))
		if d != nil && d.Draft {
			problems = problems[1:]
		}
		if d == nil || len(problems) > 0 {
			t.Errorf("%v in\n%s", problems, example)
		}
	}
}

// TestEditorsMessages checks that what editors are told of messages is what these say.
func TestEditorsMessages(t *testing.T) {
	text, err := os.ReadFile("../../docs/editors.md")
	if err != nil {
		t.Fatal(err)
	}
	said, err := os.ReadFile(brokenGolden)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| it says | it means |")
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1)
	if len(rows) < 3 {
		t.Errorf("only %d messages", len(rows))
	}
	for _, row := range rows {
		if !strings.Contains(string(said), row[1]) {
			t.Errorf("nothing says: %s", row[1])
		}
	}
}
