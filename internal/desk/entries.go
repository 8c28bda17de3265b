package desk

import (
	"cmp"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
)

// Lines of a page that are no longer than this, in characters, are taken for what
// they are called, where the place allows it.
const (
	longestName   = 100
	longestKind   = 40
	longestFigure = 40
	longestTitle  = 160
)

// words writes a field of one line, and nothing for no text.
func words(key, text string) item {
	if text == "" {
		return nil
	}
	return item{{key: key, text: plainText(text)}}
}

// sentences writes a field of somebody else's prose, and nothing for no lines.
func sentences(key string, lines []line) item {
	if len(lines) == 0 {
		return nil
	}
	return item{{key: key, text: prose(lines), prose: true}}
}

// join puts fields in a row.
func join(parts ...item) item {
	var all item
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// texts returns lines of the texts that are not empty.
func texts(all ...string) []line {
	var lines []line
	for _, s := range all {
		if s != "" {
			lines = append(lines, line{text: s})
		}
	}
	return lines
}

// figure is a line that could be an indicator's value.
var figure = regexp.MustCompile(`^[~≈<>+±−-]?\s*(?:[$€£¥₴]\s?|US\$\s?)?[0-9][^.!?]*(?:[.,][0-9][^.!?]*)*$`)

func isFigure(s string) bool {
	return utf8.RuneCountInString(s) <= longestFigure && figure.MatchString(s)
}

// indicators reads values, each with its label and what is said of it.
func indicators(lines []line) (before []line, items []item) {
	starts, ok := startsOf(lines, noLabel)
	if !ok {
		last := -2 // where the last one started
		starts = func(i int) bool {
			if i > last+1 && isFigure(lines[i].text) {
				last = i
			}
			return i == last
		}
	}
	before, entries := split(lines, starts)
	for _, e := range entries {
		items = append(items, indicator(e))
	}
	return before, items
}

func indicator(e []line) item {
	value, label, rest := e[0].text, "", e[1:]
	switch name, said := cut(value); {
	case isFigure(value) || said == "":
		if len(rest) > 0 && rest[0].plain() {
			label, rest = rest[0].text, rest[1:]
		}
	case isFigure(name):
		value, label = name, said
	default:
		label = name
		value, said = cut(said)
		rest = append(texts(said), rest...)
	}
	return join(item{{key: "label", text: plainText(label)}, {key: "value", text: plainText(value)}}, sentences("detail", rest))
}

// people reads names, each with a title and a part in the story.
func people(lines []line) (before []line, items []item) {
	starts, ok := startsOf(lines, noLabel)
	if !ok {
		last := -3
		starts = func(i int) bool {
			l := lines[i]
			if l.doubled || i == 0 || i > last+1 && l.short(longestName) && (utf8.RuneCountInString(lines[i-1].text) <= 2*longestTitle || l.gap) {
				last = i
			}
			return i == last
		}
	}
	before, entries := split(lines, starts)
	for _, e := range entries {
		items = append(items, person(e))
	}
	return before, items
}

// inParentheses takes what stands in parentheses at the end of a line off it.
func inParentheses(s string) (before, inside string) {
	s = strings.TrimSpace(s)
	if !strings.HasSuffix(s, ")") {
		return s, ""
	}
	depth := 0
	for i := len(s) - 1; i >= 0; i-- {
		switch s[i] {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+1 : len(s)-1])
			}
		}
	}
	return s, ""
}

func person(e []line) item {
	name, title := e[0].text, ""
	rest := e[1:]
	if len(rest) > 0 && rest[0].plain() {
		title, rest = rest[0].text, rest[1:]
	} else {
		name, title = cut(name)
	}
	title, role := inParentheses(title)
	return join(words("name", name), words("title", title), sentences("role", append(texts(role), rest...)))
}

// organizations reads names, each with a kind, a status and what is said of it.
func organizations(lines []line) (before []line, items []item) {
	starts, ok := startsOf(lines, noLabel)
	if !ok {
		said := false // something longer of the present one
		starts = func(i int) bool {
			l := lines[i]
			start := i == 0 || l.doubled || said && l.short(longestName)
			_, status := labelled(l.text, "status")
			said = !start && !status && (said || !l.short(longestName))
			return start
		}
	}
	before, entries := split(lines, starts)
	for _, e := range entries {
		items = append(items, organization(e))
	}
	return before, items
}

func organization(e []line) item {
	name, kind, status := e[0].text, "", ""
	var about []line
	if len(e) == 1 {
		var said string
		name, said = cut(name)
		about = texts(said)
	}
	for _, l := range e[1:] {
		said, ok := labelled(l.text, "status", "role")
		switch {
		case ok && status == "" && said != "":
			status = said
		case kind == "" && len(about) == 0 && l.plain() && l.short(longestName):
			kind = l.text
		default:
			about = append(about, l)
		}
	}
	return join(words("name", name), words("kind", kind), words("status", status), sentences("about", about))
}

// scenarios reads numbered titles, each with who discusses it and what it says.
func scenarios(lines []line) (before []line, items []item) {
	starts, ok := startsOf(lines, noLabel)
	numbered := len(lines) > 0 && isNumber(lines[0].text)
	switch {
	case numbered:
		starts = func(i int) bool { return isNumber(lines[i].text) }
	case !ok:
		said := false
		starts = func(i int) bool {
			start := i == 0 || said && lines[i].short(longestTitle)
			_, by := labelled(lines[i].text, "discussed by")
			said = !start && !by && (said || !lines[i].short(longestTitle))
			return start
		}
	}
	before, entries := split(lines, starts)
	for _, e := range entries {
		if numbered {
			e = e[1:]
		}
		if len(e) > 0 {
			items = append(items, scenario(e))
		}
	}
	return before, items
}

var numberLine = regexp.MustCompile(`^[0-9]{1,3}[.)]?$`)

func isNumber(s string) bool { return numberLine.MatchString(s) }

var shareText = regexp.MustCompile(`^([0-9]{1,3})\s?%$`)

func scenario(e []line) item {
	title, detail := e[0].text, []line(nil)
	if len(e) == 1 {
		var said string
		title, said = cut(title)
		detail = texts(said)
	}
	var by, likelihood item
	for _, l := range e[1:] {
		said, isBy := labelled(l.text, "discussed by")
		share, isShare := labelled(l.text, "likelihood", "probability")
		m := shareText.FindStringSubmatch(share)
		switch {
		case isBy && by == nil && said != "":
			by = item{{key: "discussed_by", list: listed(said)}}
		case isShare && likelihood == nil && m != nil && len(m[1]) < 3:
			n, _ := strconv.Atoi(m[1])
			likelihood = item{{key: "likelihood", text: strconv.FormatFloat(float64(n)/100, 'f', -1, 64), raw: true, note: m[0]}}
		default:
			detail = append(detail, l)
		}
	}
	return join(words("title", title), by, sentences("detail", detail), likelihood)
}

// listed takes an enumeration apart.
func listed(s string) []string {
	separator := ","
	if strings.Contains(s, ";") {
		separator = ";"
	}
	var all []string
	for each := range strings.SplitSeq(strings.TrimRight(s, "."), separator) {
		if each = strings.TrimSpace(each); each != "" {
			all = append(all, each)
		}
	}
	return all
}

// history reads earlier cases.
func history(lines []line) (before []line, items []item) {
	isLabel := func(l line) bool { key, _, _ := caseLabel(l); return key != "" }
	starts, ok := startsOf(lines, isLabel)
	if !ok {
		last := -2
		starts = func(i int) bool {
			if i+1 < len(lines) && lines[i].short(longestTitle) && !isLabel(lines[i]) &&
				(isPeriod(lines[i+1].text) && !isLabel(lines[i+1]) || isLabel(lines[i+1]) && i != last+1 && beginsCase(lines[i+1])) {
				last = i
			}
			return i == last
		}
	}
	before, entries := split(lines, starts)
	for _, e := range entries {
		items = append(items, historicalCase(e))
	}
	return before, items
}

func isPeriod(s string) bool {
	_, ok := brief.ReadDate(s)
	return ok || utf8.RuneCountInString(s) <= longestKind && strings.ContainsAny(s, "0123456789") && !strings.HasSuffix(s, ".")
}

// beginsCase reports whether a line is the label of what a case tells first.
func beginsCase(l line) bool {
	key, _, _ := caseLabel(l)
	return key == "what_happened"
}

// caseLabels are the labels inside an earlier case, by what stands under them.
var caseLabels = map[string][]string{
	"what_happened": {"what happened", "outcome", "the outcome"},
	"short_term":    {"short term", "short-term", "short-term outcome", "in the short term"},
	"long_term":     {"long term", "long-term", "long-term outcome", "in the long term"},
	"relevance":     {"why it's relevant", "why it is relevant", "why it matters", "relevance", "why this is relevant"},
}

// caseLabel returns the key that a label of an earlier case stands for, and what
// follows it in its line. What stands under “Outcome” alone is part of what happened.
func caseLabel(l line) (key, rest string, ok bool) {
	text := strings.ReplaceAll(l.text, "’", "'")
	for key, names := range caseLabels {
		if _, ok := labelled(text, names...); ok {
			_, rest, _ := strings.Cut(l.text, ":")
			return key, strings.TrimLeft(rest, " *_"), true
		}
		if _, ok := labelled(text+":", names...); ok {
			return key, "", true
		}
	}
	return "", "", false
}

func historicalCase(e []line) item {
	title, rest := e[0].text, e[1:]
	if len(e) == 1 {
		var said string
		title, said = cut(title)
		rest = texts(said)
	}
	period := item(nil)
	if len(rest) > 0 && rest[0].marker == "" && isPeriod(rest[0].text) {
		period, rest = item{periodField(rest[0].text)}, rest[1:]
	}
	said := make(map[string][]line)
	key := "what_happened"
	for _, l := range rest {
		if k, text, ok := caseLabel(l); ok {
			key = k
			if l = (line{text: text, gap: true}); text == "" {
				continue
			}
		}
		said[key] = append(said[key], l)
	}
	return join(words("title", title), period, sentences("what_happened", said["what_happened"]),
		sentences("short_term", said["short_term"]), sentences("long_term", said["long_term"]), sentences("relevance", said["relevance"]))
}

// periodField writes a period as a date where it is one.
func periodField(text string) field {
	f := field{key: "period", text: text}
	if d, ok := brief.ReadDate(text); ok && d.String() != text {
		f.text, f.raw, f.note = d.String(), true, text
	} else if !ok && strings.Trim(text, "0123456789./-~?%X") == "" {
		f.text, f.note = "", text
	}
	return f
}

var (
	noteMark   = regexp.MustCompile(`^\[(\^?)([A-Za-z0-9_-]{1,40})\]:?\s+(\S.*)$`)
	webAddress = regexp.MustCompile(`(?:^|[^\pL\pN])(https?://[^\s<>\[\]"“”]+)`)
)

// isNote reports whether a line is a footnote rather than text.
func isNote(l line) bool {
	m := noteMark.FindStringSubmatch(l.text)
	return m != nil && l.plain() && (m[1] != "" || strings.Trim(m[2], "0123456789") == "")
}

// noteID makes the id of a source of the mark of a footnote.
func noteID(mark string) string { return brief.Slug("source "+mark, idLength) }

// citing replaces, in the lines of a page, the marks of its footnotes by citations of
// the sources that these become.
func citing(all []part) {
	known := make(map[string]string)
	taken := make(map[string]bool)
	for _, p := range all {
		for _, l := range p.lines {
			if m := noteMark.FindStringSubmatch(l.text); m != nil && m[1] != "" && isNote(l) && source(l) != nil && !taken[noteID(m[2])] {
				known["[^"+m[2]+"]"] = startCitation + noteID(m[2]) + endCitation
				taken[noteID(m[2])] = true
			}
		}
	}
	for _, p := range all {
		for i, l := range p.lines {
			if !isNote(l) {
				p.lines[i].text = citation.ReplaceAllStringFunc(l.text, func(mark string) string { return cmp.Or(known[mark], mark) })
			}
		}
	}
}

// What stands around the id of a source that a draft cites, until it is written: no
// page has these characters.
const (
	startCitation = "\x01"
	endCitation   = "\x02"
)

var citation = regexp.MustCompile(`\[\^[A-Za-z0-9_-]+\]`)

// sources reads a list of what the page cites.
func sources(lines []line) (before []line, items []item) {
	for _, l := range lines {
		if it := source(l); it != nil {
			items = append(items, it)
		} else {
			before = append(before, l)
		}
	}
	return before, items
}

func source(l line) item {
	text, id := l.text, ""
	if m := noteMark.FindStringSubmatch(text); m != nil {
		text, id = m[3], noteID(m[2])
	}
	address := ""
	if m := webAddress.FindStringSubmatch(text); m != nil {
		address = strings.TrimRight(m[1], ".,;:!?")
	}
	for strings.HasSuffix(address, ")") && strings.Count(address, ")") > strings.Count(address, "(") {
		address = strings.TrimSuffix(address, ")")
	}
	if u, err := url.Parse(address); err != nil || u.Hostname() == "" || u.User != nil {
		address = ""
	}
	title := text
	if address != "" {
		title = strings.Replace(text, address, " ", 1)
		title = strings.NewReplacer("( )", " ", "< >", " ", "[", " ", "]", " ").Replace(title)
		title = strings.Trim(plainText(title), " ,;:.–—-")
	}
	if !strings.ContainsFunc(title+address, letterOrDigit) {
		return nil
	}
	it := join(words("id", id), words("title", title))
	if address != "" {
		it = append(it, field{key: "url", text: address})
	}
	return it
}
