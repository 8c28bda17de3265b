package brief

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says whether a problem keeps a brief from being served.
type Severity string

// The severities. An error holds back the brief it is in, a warning nothing.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Problem is something wrong with a brief, and where.
type Problem struct {
	Path     string   `json:"path"`   // as given to Decode or Check
	Line     int      `json:"line"`   // from 1
	Column   int      `json:"column"` // from 1, in characters
	Severity Severity `json:"severity"`
	Rule     string   `json:"rule"`    // a short name that stays the same, such as "unknown-key"
	Message  string   `json:"message"` // what is wrong, and what would be right
}

// String returns “path:line:column: message”.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.Path, p.Line, p.Column, p.Message)
}

// sortProblems orders problems by path and position.
func sortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// withoutRepeats removes problems that are equal to an earlier one.
func withoutRepeats(problems []Problem) []Problem {
	seen := make(map[Problem]bool, len(problems))
	return slices.DeleteFunc(problems, func(p Problem) bool {
		again := seen[p]
		seen[p] = true
		return again
	})
}

// hasErrors reports whether any of the problems is an error.
func hasErrors(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Error })
}
