package desk_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/desk"
)

// told returns problems as “line rule: message”.
func told(problems []brief.Problem) string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, strings.TrimPrefix(p.String(), p.Path+":")+" ["+string(p.Severity)+"]")
	}
	return strings.Join(lines, "\n")
}

// TestNewChecks checks what is said of a brief to start from: that it is a draft, and
// what is to be filled in.
func TestNewChecks(t *testing.T) {
	d, problems := brief.Decode("a.yaml", desk.New(`The "bridge": closed`))
	if d == nil || !d.Draft || d.Title != `The "bridge": closed` {
		t.Fatalf("%+v, %s", d, told(problems))
	}
	want := `6:1: this is a draft, which is served and announced to nobody: take this line out when it is finished [warning]
17:11: overview is blank: write it [warning]
48:10: timeline has no value: write timeline: [] if there are none yet [warning]`
	if diff := cmp.Diff(want, told(problems)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d, problems := brief.Decode("a.yaml", desk.New("")); d == nil || len(problems) != 4 || problems[1].Rule != "missing" {
		t.Errorf("without a title: %s", told(problems))
	}
}

// TestNewExamples takes the # of every example away: what is there then is a brief
// without a mistake in it, and has every key that a brief may have.
func TestNewExamples(t *testing.T) {
	text := regexp.MustCompile(`(?m)^# ( *[-a-z])`).ReplaceAllString(string(desk.New("Grain corridor reopens")), "$1")
	text = strings.Replace(text, "overview: |\n", "overview: |\n  Text.\n", 1)
	text = strings.Replace(text, "yaml-language-server:", "# ", 1)
	d, problems := brief.Decode("a.yaml", []byte(text))
	if d == nil || len(problems) != 1 || problems[0].Rule != brief.RuleDraft {
		t.Fatalf("%s\n%s", told(problems), text)
	}
	for _, key := range keys(t) {
		if !strings.Contains(text, key+":") {
			t.Errorf("there is no example of %s", key)
		}
	}
}

// keys returns every key that a brief or a part of one may have.
func keys(t *testing.T) []string {
	t.Helper()
	text, err := brief.Schema()
	if err != nil {
		t.Fatal(err)
	}
	type object struct{ Properties map[string]json.RawMessage }
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	found := slices.Collect(maps.Keys(schema.Properties))
	for _, part := range schema.Defs {
		found = slices.AppendSeq(found, maps.Keys(part.Properties))
	}
	return found
}
