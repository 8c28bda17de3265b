package brief

import "testing"

// Whoever may add a file chooses its name, and a terminal obeys what it is shown.
func TestProblemIsOneLine(t *testing.T) {
	for path, want := range map[string]string{
		"briefs/grain.yaml":       "briefs/grain.yaml:2:1: is wrong",
		"my briefs/łódź.yaml":     "my briefs/łódź.yaml:2:1: is wrong",
		"x\n::error::forged.yaml": `"x\n::error::forged.yaml":2:1: is wrong`,
		"\x1b]0;title\x07.yaml":   `"\x1b]0;title\a.yaml":2:1: is wrong`,
		"grain\u202elmay.yaml":    `"grain\u202elmay.yaml":2:1: is wrong`,
		"grain\xff.yaml":          `"grain\xff.yaml":2:1: is wrong`,
	} {
		p := Problem{Path: path, Line: 2, Column: 1, Severity: Error, Message: "is wrong"}
		if got := p.String(); got != want {
			t.Errorf("%q: %s, want %s", path, got, want)
		}
	}
}
