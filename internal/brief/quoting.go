package brief

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// isPlain reports whether a line of text needs no quotation marks for any reader of
// YAML to take it for that text.
func isPlain(s string) bool {
	if s == "" || strings.ContainsAny(s, "\n\t") || strings.Contains(s, " #") || strings.ContainsRune(s, '\ufeff') {
		return false
	}
	written, err := yaml.Marshal(s)
	return err == nil && string(written) == s+"\n"
}

// doubleQuoted writes any text on one line.
func doubleQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c != ' ' && !unicode.IsGraphic(c) || isBreak(c) || c == '\ufeff':
			if c > 0xffff {
				fmt.Fprintf(&b, `\U%08X`, c)
			} else {
				fmt.Fprintf(&b, `\u%04X`, c)
			}
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// A block is a block scalar: its header, and its lines, each with the line break before
// it.
type block struct{ header, lines string }

// blocks writes the value as text that keeps its lines.
func (f *field) blocks(indent int) []block {
	header := "|"
	if strings.HasPrefix(f.want, " ") {
		header = fmt.Sprintf("|%d", indent-max(0, f.indent(f.mapping))) // the first line would set it
	}
	var b strings.Builder
	for line := range strings.SplitSeq(f.want, "\n") {
		b.WriteString(f.newline())
		if line != "" {
			b.WriteString(strings.Repeat(" ", indent) + line)
		}
	}
	return []block{{header, b.String()}}
}

// foldedWidth is how long the lines of new folded text are at most, if words allow.
const foldedWidth = 100

// folded writes the value, which has no line breaks, as text whose lines are joined.
func (f *field) folded(indent int) block {
	var b strings.Builder
	column := foldedWidth
	for word := range strings.SplitSeq(f.want, " ") {
		if n := utf8.RuneCountInString(word); column+1+n > foldedWidth && word != "" {
			b.WriteString(f.newline() + strings.Repeat(" ", indent) + word)
			column = indent + n
		} else {
			b.WriteString(" " + word)
			column += 1 + n
		}
	}
	return block{">-", b.String()}
}

// A term is a word of a value, what stands before it there, and where it is written.
type term struct {
	gap, text string
	Span
}

// words returns the edit that replaces no more than the words that differ, in a value
// that is written in several lines, so that the others stay as they are broken.
func (f *field) words(old Span) (Edit, bool) {
	n := f.value.node
	if n.Style&yaml.LiteralStyle != 0 || !strings.ContainsAny(string(f.data[old.From:old.To]), "\n\r") {
		return Edit{}, false
	}
	before, after := termsOf(tidy(n.Value, f.prose)), termsOf(f.want)
	if !f.place(before, old) || len(after) == 0 {
		return Edit{}, false
	}
	same := func(a, b term) bool { return a.gap == b.gap && a.text == b.text }
	first := 0
	for first < min(len(before), len(after)) && same(before[first], after[first]) {
		first++
	}
	last := 0
	for last < min(len(before), len(after))-first && same(before[len(before)-1-last], after[len(after)-1-last]) {
		last++
	}
	return f.rewritten(before[:len(before)-last], after[:len(after)-last], first)
}

// rewritten replaces the words from the one at index first on by those of after.
func (f *field) rewritten(before, after []term, first int) (Edit, bool) {
	var e Edit
	instead := first == 0 // of a word, so that what stands before it stays
	switch {
	case len(before) > first && len(after) > first && before[first].gap == after[first].gap:
		e.From, instead = before[first].From, true
	case first > 0:
		e.From = before[first-1].To
	case len(before) > 0:
		e.From = before[0].From
	default:
		return Edit{}, false
	}
	e.To = e.From
	if len(before) > first {
		e.To = before[len(before)-1].To
	}
	indent := f.continuation()
	column := utf8.RuneCount(f.data[f.lineStart(e.From):e.From])
	var b strings.Builder
	for i, w := range after[first:] {
		text := f.encoded(w.text)
		breaks := strings.Count(w.gap, "\n")
		length := utf8.RuneCountInString(text)
		switch {
		case i == 0 && instead:
		case breaks > 0 && strings.Trim(w.gap, "\n") != "":
			return Edit{}, false
		case breaks > 0:
			b.WriteString(strings.Repeat(f.newline(), breaks+1) + indent)
			column = len(indent)
		case w.gap == " " && column+1+length > foldedWidth:
			b.WriteString(f.newline() + indent)
			column = len(indent)
		default:
			b.WriteString(w.gap)
			column += len(w.gap)
		}
		b.WriteString(text)
		column += length
	}
	e.New = b.String()
	return e, true
}

// continuation returns the indentation of the last line of the value.
func (f *field) continuation() string {
	span := f.span(f.value)
	line := f.lineStart(span.To)
	if span.To == line && line > 0 {
		line = f.lineStart(line - 1)
	}
	text := string(f.data[line:span.To])
	return text[:len(text)-len(strings.TrimLeft(text, " "))]
}

// encoded writes a word as the value does.
func (f *field) encoded(s string) string {
	switch style := f.value.node.Style; {
	case style&yaml.DoubleQuotedStyle != 0:
		s = doubleQuoted(s)
		return s[1 : len(s)-1]
	case style&yaml.SingleQuotedStyle != 0:
		return strings.ReplaceAll(s, "'", "''")
	}
	return s
}

// termsOf splits a text.
func termsOf(s string) []term {
	var terms []term
	for s != "" {
		gap := len(s) - len(strings.TrimLeft(s, " \t\n"))
		end := strings.IndexAny(s[gap:], " \t\n")
		if end < 0 {
			end = len(s) - gap
		}
		terms = append(terms, term{gap: s[:gap], text: s[gap : gap+end]})
		s = s[gap+end:]
	}
	return terms
}

// place finds the words in the part of the text where they are written.
func (f *field) place(words []term, within Span) bool {
	at := within.From
	for i := range words {
		text := f.encoded(words[i].text)
		if i == 0 {
			if n := strings.Index(string(f.data[at:within.To]), text); n >= 0 {
				at += n
			}
		}
		at = f.skipSpace(at)
		if at+len(text) > within.To || string(f.data[at:at+len(text)]) != text {
			return false
		}
		words[i].Span = Span{at, at + len(text)}
		at += len(text)
	}
	return true
}
