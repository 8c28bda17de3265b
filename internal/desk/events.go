package desk

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
)

// An event is an entry of a page's timeline.
type event struct {
	date   brief.Date
	when   string // the date as the page has it
	about  string // what a line of its own says of the date, if that is no date
	title  string
	kind   string
	detail []line
}

// events reads a timeline.
func events(lines []line) (before []line, found []event) {
	starts, ok := startsOf(lines, noLabel)
	if !ok {
		starts = eventStarts(lines)
	}
	before, entries := split(lines, starts)
	for _, e := range entries {
		found = append(found, newEvent(e))
	}
	return before, found
}

// eventStarts finds where events start in a timeline without headings and lists: at
// their dates, at the titles before these, or at a title after something longer.
func eventStarts(lines []line) func(i int) bool {
	dated := func(i int) bool {
		if i >= len(lines) {
			return false
		}
		_, _, ok := leadingDate(lines[i].text)
		return ok
	}
	if slices.ContainsFunc(lines, func(l line) bool { _, _, ok := leadingDate(l.text); return ok }) {
		if dated(0) {
			return dated
		}
		return func(i int) bool {
			_, rest, ok := leadingDate(lines[min(i+1, len(lines)-1)].text)
			return i+1 < len(lines) && ok && rest == "" || i == 0
		}
	}
	said := false
	return func(i int) bool {
		start := i == 0 || said && lines[i].short(longestTitle)
		said = !start && (said || !lines[i].short(longestTitle))
		return start
	}
}

// leadingDate returns the date with which a line begins, if it is set off from what
// follows.
func leadingDate(text string) (when, rest string, ok bool) {
	if m := strongText.FindStringIndex(text); m != nil && m[0] == 0 {
		when, rest = plainText(text[:m[1]]), strings.TrimLeft(text[m[1]:], " :,–—-")
		if _, ok := brief.ReadDate(when); ok {
			return when, rest, true
		}
	}
	text = plainText(text)
	if _, ok := brief.ReadDate(text); ok && utf8.RuneCountInString(text) <= longestKind {
		return text, "", true
	}
	for _, separator := range []string{": ", " — ", " – ", "—", " - ", " | "} {
		if when, rest, ok := strings.Cut(text, separator); ok {
			if _, ok := brief.ReadDate(when); ok {
				return when, strings.TrimSpace(rest), true
			}
		}
	}
	return "", text, false
}

func newEvent(e []line) event {
	var v event
	for i, l := range e {
		if date, rest, ok := v.readDate(l); ok {
			v.when, v.date = date.when, date.date
			if l.text = rest; rest == "" {
				continue
			}
		}
		kind, isKind := labelled(l.text, "kind", "type", "category")
		switch {
		case v.title == "":
			title, more := firstSentence(l.text)
			v.title, v.detail = plainText(title), texts(more)
		case v.kind == "" && isKind && kind != "":
			v.kind = kind
		case v.when == "" && v.about == "" && len(v.detail) == 0 && l.plain() && onlyTime(l.text):
			v.about = l.text
		case v.kind == "" && len(v.detail) == 0 && l.plain() && i < 4 && l.short(longestKind):
			v.kind = plainText(l.text)
		default:
			v.detail = append(v.detail, l)
		}
	}
	return v
}

// onlyTime reports whether a line says when something was and nothing else, though not
// as a date: “early December 2025”.
func onlyTime(text string) bool {
	words := brief.TimeWords(text)
	return len(words) == 1 && len(words[0]) >= len(strings.Trim(text, ".,:;() "))
}

type dated struct {
	when string
	date brief.Date
}

// readDate reads the event's own date off a line: one that says nothing else, or the
// first line where it begins with one.
func (v *event) readDate(l line) (d dated, rest string, ok bool) {
	if v.when != "" {
		return dated{}, "", false
	}
	text := l.text
	if said, ok := labelled(text, "date", "when"); ok {
		text = said
	}
	when, rest, ok := leadingDate(text)
	if !ok || rest != "" && v.title != "" {
		return dated{}, "", false
	}
	date, _ := brief.ReadDate(when)
	return dated{when, date}, rest, true
}

var sentenceEnd = regexp.MustCompile(`[a-z0-9”’)][.!?][”’]? +[\p{Lu}“‘"]`)

// firstSentence takes the first sentence off a line that is too long for a title.
func firstSentence(s string) (first, rest string) {
	if utf8.RuneCountInString(s) <= longestTitle {
		return s, ""
	}
	m := sentenceEnd.FindStringIndex(s)
	if m == nil {
		return s, ""
	}
	cut := m[0] + strings.LastIndexByte(s[m[0]:m[1]], ' ')
	return strings.TrimRight(s[:cut], " "), strings.TrimSpace(s[cut:])
}

// item writes the event. A date that the page does not give on a line of its own is
// left to an editor, with what the text says of it.
func (v event) item() item {
	date := field{key: "date", text: v.date.String(), raw: true}
	switch hints := brief.TimeWords(v.title + "\n" + prose(v.detail)); {
	case v.when != "" && v.when != date.text:
		date.note = v.when
	case v.about != "":
		date.note = "the page says “" + v.about + "”"
	case v.when == "" && len(hints) > 0:
		date.note = "the text says “" + strings.Join(hints, "”, “") + "”"
	}
	return join(item{date}, words("title", v.title), words("kind", v.kind), sentences("detail", v.detail))
}

// An order is how the events of a page follow each other.
type order int

const (
	unknownOrder order = iota
	oldestFirst
	newestFirst
	noOrder
)

// orderOf says how events follow each other, as far as they have dates.
func orderOf(all []event) order {
	var dates []brief.Date
	for _, v := range all {
		if !v.date.IsZero() {
			dates = append(dates, v.date)
		}
	}
	compare := func(a, b brief.Date) int { return a.Compare(b) }
	reverse := func(a, b brief.Date) int { return b.Compare(a) }
	switch {
	case len(dates) < 2 || dates[0].Compare(dates[len(dates)-1]) == 0:
		return unknownOrder
	case slices.IsSortedFunc(dates, compare):
		return oldestFirst
	case slices.IsSortedFunc(dates, reverse):
		return newestFirst
	}
	return noOrder
}
