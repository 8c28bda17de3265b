package brief

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/spelling"
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

	// EndLine and EndColumn are just after what is wrong; 0 where only its beginning
	// is known.
	EndLine   int `json:"-"`
	EndColumn int `json:"-"`
	// Fix mends it; nil where it takes an editor.
	Fix *Fix `json:"-"`
}

// A Fix mends a problem without changing what is meant.
type Fix struct {
	Says  string // what it does, as an instruction: “write overview”
	Edits []Edit // of the file's bytes

	// Reveals says that what the problem kept from being judged is judged once it is
	// mended, and may have problems of its own.
	Reveals bool
}

// String returns “path:line:column: message” in one line. A path that could be
// taken for something else on a screen is in quotes.
func (p Problem) String() string {
	path := p.Path
	if !utf8.ValidString(path) || strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) {
		path = strconv.Quote(path)
	}
	return fmt.Sprintf("%s:%d:%d: %s", path, p.Line, p.Column, p.Message)
}

// Compare orders problems by path and position.
func (p Problem) Compare(q Problem) int {
	return cmp.Or(cmp.Compare(p.Path, q.Path), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// withoutRepeats removes problems that are equal to an earlier one, however they are
// to be mended.
func withoutRepeats(problems []Problem) []Problem {
	seen := make(map[Problem]bool, len(problems))
	return slices.DeleteFunc(problems, func(p Problem) bool {
		p.Fix = nil
		again := seen[p]
		seen[p] = true
		return again
	})
}

// hasErrors reports whether any of the problems is an error.
func hasErrors(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Error })
}

// didYouMean returns “; did you mean "x"?”, or else what may be written instead.
func didYouMean(word string, candidates []string, otherwise string) string {
	if near := spelling.Suggestion(word, candidates); near != "" || otherwise == "" {
		return near
	}
	return "; " + otherwise
}

func oneOf(choices []string) string {
	last := len(choices) - 1
	return strings.Join(choices[:last], ", ") + " or " + choices[last]
}

// quote returns s in quotation marks, shortened if it is long.
func quote(s string) string { return fmt.Sprintf("%q", clip(s)) }

// clip shortens s to what is good to read in a message.
func clip(s string) string {
	const most = 60
	runes := 0
	for i := range s {
		if runes++; runes > most {
			return s[:i] + "…"
		}
	}
	return strings.Join(slices.Collect(strings.FieldsSeq(s)), " ")
}
