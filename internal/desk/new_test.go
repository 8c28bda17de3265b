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

// TestLeft reads what is left to do, of drafts that lack little and much.
func TestLeft(t *testing.T) {
	for text, want := range map[string]string{
		"draft: true\n": "Line 1: a brief needs title.|Line 1: a brief needs overview.|Line 1: a brief needs timeline.|Take out the line “draft: true” when it is finished.",
		"draft: true\ntitle: T\noverview: O # rewrite\npeople: [{}, {}, {}, {}, {}, {}]\ntimeline: [{id: e, title: E}]\n": "6 parts are missing that every brief has.|" +
			"1 event has no date.|1 event has no source.|1 text is the page's own: say it in your own words.|Take out the line “draft: true” when it is finished.",
		"draft: true\ntitle: T\noverview: O\ntimeline: []\ntags: [a, a]\n": "a.yaml:5:11: \"a\" is listed twice in tags: keep one|Take out the line “draft: true” when it is finished.",
	} {
		_, problems := brief.Decode("a.yaml", []byte(text))
		if diff := cmp.Diff(strings.Split(want, "|"), desk.Left(problems)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}
