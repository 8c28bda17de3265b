package desk

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The headings of a page, in small letters, by the section of the brief that stands
// under them.
var headings = map[string][]string{
	"overview":      {"overview", "summary", "in brief", "the story", "the story so far", "about", "about the story", "introduction", "at a glance"},
	"indicators":    {"indicators", "key indicators", "key numbers", "key metrics", "by the numbers", "the numbers", "figures"},
	"people":        {"people", "people involved", "key people", "key players", "who is involved", "who's involved", "who is who", "who's who"},
	"organizations": {"organizations", "organizations involved", "key organizations", "organisations", "organisations involved", "key organisations", "groups involved"},
	"timeline":      {"timeline", "timeline of events", "key events", "events", "chronology"},
	"scenarios":     {"scenarios", "possible scenarios", "what could happen next", "what happens next", "what may happen next", "what's next", "possible outcomes"},
	"history":       {"historical context", "historical precedents", "historical parallels", "historical cases", "history", "precedents"},
	"sources":       {"sources", "references", "citations", "footnotes", "notes"},
}

var headingNumber = regexp.MustCompile(`^[0-9]{1,2}[.)]\s+`)

// sectionOf returns the section of a brief that a heading is about, or "".
func sectionOf(heading string) string {
	heading = strings.ToLower(strings.ReplaceAll(plainText(heading), "’", "'"))
	heading = headingNumber.ReplaceAllString(heading, "")
	heading = strings.TrimFunc(heading, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for section, names := range headings {
		for _, name := range names {
			if heading == name {
				return section
			}
		}
	}
	return ""
}

// A part is what stands under one heading of a page.
type part struct {
	section string // of the brief; "" where there is none for it
	heading string
	lines   []line
}

// parts takes a page apart by its headings. The first part is what stands before
// them.
func parts(lines []line) []part {
	all := []part{{}}
	deepest := 0 // level of the headings of sections
	for _, l := range lines {
		section := ""
		if l.level > 0 || l.plain() && l.gap && l.indent == 0 {
			section = sectionOf(l.text)
		}
		// A line in bold may as well begin an entry.
		switch other := l.level > 0 && l.level <= deepest && l.level < boldLine; {
		case section == "" && !other, len(all) == 1 && other:
			last := &all[len(all)-1]
			last.lines = append(last.lines, l)
			continue
		case section != "":
			deepest = max(deepest, l.level)
		}
		all = append(all, part{section: section, heading: l.text})
	}
	return all
}

// startsOf returns where the entries of a section start, if headings or markers of a
// list say so. A heading that is a label starts none.
func startsOf(lines []line, label func(line) bool) (starts func(i int) bool, ok bool) {
	top, indent := 0, -1
	for _, l := range lines {
		if l.level > 0 && !label(l) && (top == 0 || l.level < top) {
			top = l.level
		}
		if l.marker != "" && (indent < 0 || l.indent < indent) {
			indent = l.indent
		}
	}
	switch {
	case top > 0:
		return func(i int) bool { return lines[i].level == top && !label(lines[i]) }, true
	case indent >= 0 && lines[0].marker != "":
		return func(i int) bool { return lines[i].marker != "" && lines[i].indent <= indent+1 }, true
	}
	return nil, false
}

func noLabel(line) bool { return false }

// split cuts lines before each that starts an entry. What comes before the first is
// no entry.
func split(lines []line, starts func(i int) bool) (before []line, entries [][]line) {
	for i, l := range lines {
		if starts(i) {
			entries = append(entries, nil)
		}
		if last := len(entries) - 1; last < 0 {
			before = append(before, l)
		} else {
			entries[last] = append(entries[last], l)
		}
	}
	return before, entries
}

var (
	strongText = regexp.MustCompile(`\*\*([^*]+)\*\*|__([^_]+)__`)
	emphasized = regexp.MustCompile(`^(?:\*([^*]+)\*|_([^_]+)_)$`)
	linkedText = regexp.MustCompile(`\[([^\[\]]+)\]\((https?://[^\s()]+)\)`)
)

// plainText returns a line without the marks of Markdown that may stand in a name or
// a title. The address of a link stays, in parentheses, where it is not lost.
func plainText(s string) string {
	s = strongText.ReplaceAllString(s, "$1$2")
	s = emphasized.ReplaceAllString(strings.TrimSpace(s), "$1$2")
	return strings.Join(strings.Fields(linkedText.ReplaceAllString(s, "$1 ($2)")), " ")
}

// prose returns lines as prose: a paragraph where a blank line is, lists as lists.
// What looks like a citation is none in a page.
func prose(lines []line) string {
	var b strings.Builder
	for i, l := range lines {
		text := strings.ReplaceAll(l.text, "[^", `\[^`)
		switch {
		case l.level > 0:
			text = "**" + plainText(text) + "**"
		case l.marker != "":
			text = strings.Replace(l.marker, "•", "-", 1) + " " + text
		}
		switch {
		case i == 0:
		case unwrapped(lines[i-1]) || unwrapped(l), l.gap || l.level > 0 || lines[i-1].level > 0 || (l.marker != "") != (lines[i-1].marker != ""):
			b.WriteString("\n\n")
		default:
			b.WriteString("\n")
		}
		b.WriteString(text)
	}
	return b.String()
}

// unwrapped reports whether a line is a paragraph of its own, since no editor that
// wraps text leaves a line as long.
func unwrapped(l line) bool { return l.plain() && utf8.RuneCountInString(l.text) > 120 }

// separators stand between a name or a label and what is said of it, the clearer
// first.
var separators = []string{" — ", " – ", "—", ": ", " - ", ", "}

// cut splits a line into what it names and what it says of that.
func cut(s string) (name, rest string) {
	if m := strongText.FindStringSubmatchIndex(s); m != nil && m[0] == 0 {
		name, rest = plainText(s[:m[1]]), s[m[1]:]
		return strings.TrimRight(name, ":, "), strings.TrimLeft(rest, " :,–—-")
	}
	for _, separator := range separators {
		if name, rest, ok := strings.Cut(s, separator); ok && strings.TrimSpace(name) != "" && utf8.RuneCountInString(name) <= 80 {
			return strings.TrimSpace(name), strings.TrimSpace(rest)
		}
	}
	return s, ""
}

// labelled returns what follows one of the labels and a colon at the beginning of a
// line.
func labelled(text string, labels ...string) (rest string, ok bool) {
	label, rest, found := strings.Cut(plainText(text), ":")
	if !found {
		return "", false
	}
	label = strings.ToLower(strings.TrimSpace(label))
	for _, each := range labels {
		if label == each {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}
