package desk

import (
	"fmt"
	"slices"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

// A Rule is something that [Check] looks for.
type Rule struct {
	Name     string // short, and the same for good; a comment “check: allow NAME” silences it
	Summary  string
	Severity brief.Severity
	// Mixed says that there are warnings under the name of an error, too.
	Mixed bool

	look func(*lint) // nil: package brief does
	// whole says that it takes a brief without errors: what could not be read may be what
	// is missing.
	whole bool
	// passing says that what it finds comes and goes with the day, the last commit or the
	// briefs beside this one.
	passing bool
}

// Weight says what the rule's problems are: “error”, “warning”, or “error or warning”.
func (r Rule) Weight() string {
	if r.Mixed {
		return "error or warning"
	}
	return string(r.Severity)
}

// Rules returns what Check looks for: first what is wrong for certain, then what only an
// editor can judge.
func Rules() []Rule { return slices.Concat(certain, rules) }

// A comparison is what a brief is compared with. With the zero value it is compared with
// nothing but itself.
type comparison struct {
	now    time.Time      // none given: time.Now
	kinds  map[string]int // how many events of all briefs have a kind
	before *brief.Dossier // as it was committed last; nil: not, or the same
	only   string         // a rule; none given: all of them
}

// lintText returns what an editor should look at in a brief that may be without error. It
// says nothing of a draft: that it is one says enough.
func lintText(t *brief.Text, c comparison) []brief.Problem {
	d := t.Read()
	if d == nil || d.Draft {
		return nil
	}
	if c.now.IsZero() {
		c.now = time.Now()
	}
	l := &lint{text: t, dossier: d, comparison: c}
	for _, r := range rules {
		if l.rule = r.Name; c.only != "" && c.only != r.Name || r.look == nil || r.whole && t.Dossier() == nil {
			continue
		}
		r.look(l)
	}
	slices.SortStableFunc(l.found, brief.Problem.Compare)
	return l.found
}

// A lint looks at one brief.
type lint struct {
	comparison
	text    *brief.Text
	dossier *brief.Dossier
	rule    string
	found   []brief.Problem
}

// warn records a warning about what stands under a key of an item, or else about the
// item, or else about the whole brief.
func (l *lint) warn(section, item, key string, format string, args ...any) *brief.Problem {
	for _, at := range [][3]string{{section, item, key}, {section, item, ""}, {section, "", ""}} {
		if span, ok := l.text.Locate(at[0], at[1], at[2]); ok {
			return l.warnAt(span, format, args...)
		}
	}
	return l.warnAt(brief.Span{}, format, args...)
}

func (l *lint) warnAt(span brief.Span, format string, args ...any) *brief.Problem {
	p := brief.Problem{Path: l.text.Path(), Severity: brief.Warning, Rule: l.rule, Message: fmt.Sprintf(format, args...)}
	p.Line, p.Column = l.text.Place(span.From)
	if line, column := l.text.Place(span.To); line == p.Line && column > p.Column {
		p.EndLine, p.EndColumn = line, column
	}
	l.found = append(l.found, p)
	return &l.found[len(l.found)-1]
}

// events calls look with every event that stands.
func (l *lint) events(look func(e *brief.Event)) {
	for i := range l.dossier.Timeline {
		if e := &l.dossier.Timeline[i]; e.Retracted == nil && e.ID != "" {
			look(e)
		}
	}
}
