package desk

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

// A Rule is something that [Lint] looks for. What it finds is a warning: it holds back
// nothing, since only an editor can judge it.
type Rule struct {
	Name    string // short, and the same for good; check: allow NAME silences it
	Summary string
	look    func(*lint)
	// whole says that it takes a brief without errors: what could not be read may be what
	// is missing.
	whole bool
}

// LintOptions are what Lint compares a brief with. The zero value compares it with
// nothing but itself.
type LintOptions struct {
	// Now is what is past and future; none given: time.Now.
	Now time.Time
	// Kinds counts the kinds of events in the briefs beside this one.
	Kinds map[string]int
	// Before is the dossier as it was committed last; nil: it was not.
	Before *brief.Dossier
}

// Lint returns what an editor should look at in a brief that may be without error, in
// the order of the text. It says nothing of a draft: that it is one says enough.
func Lint(t *brief.Text, o LintOptions) []brief.Problem {
	d := t.Read()
	if d == nil || d.Draft {
		return nil
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	l := &lint{text: t, dossier: d, options: o}
	for _, r := range rules {
		if l.rule = r.Name; !r.whole || t.Dossier() != nil {
			r.look(l)
		}
	}
	l.found = allowed(t, l.found)
	slices.SortStableFunc(l.found, brief.Problem.Compare)
	return l.found
}

// A lint looks at one brief.
type lint struct {
	text    *brief.Text
	dossier *brief.Dossier
	options LintOptions
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

// allowance is a comment that silences rules: “# check: allow source, kind”.
var allowance = regexp.MustCompile(`#\s*check:\s*allow\s+([a-z0-9, -]+?)\s*$`)

// allowed leaves out what comments silence: one before the first key does so in the
// whole brief, one behind or right above a line on that line. A name that is none is
// a warning itself.
func allowed(t *brief.Text, found []brief.Problem) []brief.Problem {
	whole, byLine := make(map[string]bool), make(map[int]map[string]bool)
	above, head := make(map[string]bool), true
	number := 0
	for line := range strings.Lines(string(t.Bytes())) {
		number++
		trimmed := strings.TrimSpace(line)
		comment := strings.HasPrefix(trimmed, "#")
		here := make(map[string]bool)
		if m := allowance.FindStringSubmatch(trimmed); m != nil {
			for name := range strings.SplitSeq(m[1], ",") {
				name = strings.TrimSpace(name)
				if here[name] = true; !known(name) {
					found = append(found, brief.Problem{
						Path: t.Path(), Line: number, Column: strings.Index(line, "#") + 1, Severity: brief.Warning, Rule: "allow",
						Message: fmt.Sprintf("there is no rule %q to allow: briefbot check --rules lists them", name),
					})
				}
			}
		}
		if !comment && trimmed != "" {
			head = false
		}
		switch {
		case comment && head:
			add(whole, here)
		case comment:
			add(above, here)
		default:
			add(here, above)
			byLine[number], above = here, make(map[string]bool)
		}
	}
	return slices.DeleteFunc(found, func(p brief.Problem) bool { return whole[p.Rule] || byLine[p.Line][p.Rule] })
}

func add(to, from map[string]bool) {
	for name := range from {
		to[name] = true
	}
}

func known(name string) bool {
	return slices.ContainsFunc(rules, func(r Rule) bool { return r.Name == name })
}

// Rules returns what Lint looks for, in the order in which it does.
func Rules() []Rule { return slices.Clone(rules) }
