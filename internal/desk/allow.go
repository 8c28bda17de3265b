package desk

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/spelling"
)

// ruleAllow is the rule of comments that allow nothing.
const ruleAllow = "allow"

// An allowance is a rule named in a comment “# check: allow source, kind”, which silences
// it from one line to another.
type allowance struct {
	name         string
	line, column int // where it is named
	from, to     int // lines
	used         bool
	idle         bool // is told where it silences nothing
}

// allowanceComment finds the comment in its line.
var allowanceComment = regexp.MustCompile(`(?:^|\s)#\s*check:\s*allow\b[ :]*(.*?)\s*$`)

// allowancesOf returns what the comments of a brief allow: one above the first key, in
// the whole brief; one above or behind anything else, in that and all that stands in it.
func allowancesOf(t *brief.Text) []*allowance {
	if !strings.Contains(string(t.Bytes()), "check:") {
		return nil
	}
	rows := rowsOf(t)
	var all, above []*allowance
	head := true
	for i, l := range rows {
		here := allowancesIn(l, i+1, t.Dossier() != nil && !t.Dossier().Draft)
		all = append(all, here...)
		switch {
		case l.comment && head:
			for _, a := range here {
				a.from, a.to = 1, len(rows)
			}
		case l.comment:
			above = append(above, here...)
		case l.text != "" && !l.inBlock:
			for _, a := range append(above, here...) {
				a.from, a.to = i+1, lastOf(rows, i)+1
			}
			above, head = nil, false
		}
	}
	return all
}

// A row is a line of a brief.
type row struct {
	text    string // without the space around it
	indent  int    // columns before it
	comment bool   // nothing but one
	inBlock bool   // part of a text after | or >
}

func rowsOf(t *brief.Text) []row {
	var rows []row
	blocks := t.Blocks()
	at := 0
	for text := range strings.Lines(string(t.Bytes())) {
		l := row{text: strings.TrimSpace(text)}
		l.indent = len(text) - len(strings.TrimLeft(text, " "))
		for len(blocks) > 0 && blocks[0].To <= at {
			blocks = blocks[1:]
		}
		l.inBlock = len(blocks) > 0 && blocks[0].From < at
		l.comment = !l.inBlock && strings.HasPrefix(l.text, "#")
		rows = append(rows, l)
		at += len(text)
	}
	return rows
}

// lastOf returns the last line of what begins on a line: those below it that are indented
// more, or that are the list of its key.
func lastOf(rows []row, first int) int {
	last := first
	isKey := !strings.HasPrefix(rows[first].text, "-")
	for i := first + 1; i < len(rows); i++ {
		l := rows[i]
		inside := l.indent > rows[first].indent || isKey && l.indent == rows[first].indent && strings.HasPrefix(l.text, "- ")
		switch {
		case l.text == "" || l.comment:
		case l.inBlock || inside:
			last = i
		default:
			return last
		}
	}
	return last
}

// allowancesIn returns what the comment on a line names.
func allowancesIn(l row, number int, tellIdle bool) (named []*allowance) {
	m := allowanceComment.FindStringSubmatchIndex(l.text)
	if m == nil || l.inBlock {
		return nil
	}
	at := m[2]
	for _, name := range strings.FieldsFunc(l.text[m[2]:m[3]], func(r rune) bool { return r == ',' || r == ' ' }) {
		at += strings.Index(l.text[at:], name)
		named = append(named, &allowance{
			name: name, line: number, column: l.indent + len([]rune(l.text[:at])) + 1,
			idle: tellIdle && !slices.ContainsFunc(rules, func(r Rule) bool { return r.Name == name && r.passing }),
		})
		at += len(name)
	}
	return named
}

// silenced reports whether a problem is allowed where it is. An error never is.
func silenced(allowances []*allowance, p brief.Problem) bool {
	quiet := false
	for _, a := range allowances {
		if p.Severity == brief.Warning && a.name == p.Rule && a.from <= p.Line && p.Line <= a.to {
			a.used, quiet = true, true
		}
	}
	return quiet
}

// idle returns warnings of allowances that name no rule, or that silenced nothing.
func idle(path string, allowances []*allowance) (found []brief.Problem) {
	for _, a := range allowances {
		p := brief.Problem{
			Path: path, Line: a.line, Column: a.column, EndLine: a.line, EndColumn: a.column + len([]rune(a.name)),
			Severity: brief.Warning, Rule: ruleAllow,
		}
		i := slices.IndexFunc(Rules(), func(r Rule) bool { return r.Name == a.name })
		switch {
		case i < 0:
			p.Message = fmt.Sprintf("there is no rule %q to allow%s", a.name, nearRule(a.name))
		case Rules()[i].Severity == brief.Error:
			p.Message = fmt.Sprintf("%s is an error, which no comment allows: correct it", a.name)
		case a.used || !a.idle:
			continue
		default:
			p.Message = fmt.Sprintf("nothing here breaks the rule %s any more: take it out of this comment", a.name)
		}
		found = append(found, p)
	}
	return found
}

func nearRule(name string) string {
	var names []string
	for _, r := range Rules() {
		names = append(names, r.Name)
	}
	if near := spelling.Suggestion(name, names); near != "" {
		return near
	}
	return ": briefbot check --rules lists them"
}
