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
