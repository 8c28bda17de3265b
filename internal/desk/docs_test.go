package desk_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/desk"
)

// TestRulesInDocs holds the table of the manual to the rules that there are.
func TestRulesInDocs(t *testing.T) {
	const path, begin, end = "../../docs/check.md", "<!-- rules -->\n", "<!-- /rules -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	table := "| rule | looks for | |\n| --- | --- | --- |\n"
	for _, r := range desk.Rules() {
		table += fmt.Sprintf("| `%s` | %s | %s |\n", r.Name, r.Summary, r.Weight())
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("the manual has no place for the rules")
	}
	want := before + begin + table + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Errorf("%s does not have the rules that there are: go test ./internal/desk -run RulesInDocs -update", path)
	}
}
