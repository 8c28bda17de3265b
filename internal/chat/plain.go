package chat

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Plain returns the card as plain text with a newline at the end: for a terminal,
// for golden files, and for a service that takes nothing better. Links follow their
// text in parentheses, numbered citations are listed at the end, and buttons are the
// calls that one may type. Control characters are left out, so a terminal can be
// shown any card.
func (c Card) Plain() string {
	var p plain
	p.title(c)
	p.block(p.text(c.Lead))
	p.items(c.Items)
	if c.Picture != nil {
		p.block("[Picture: " + printable(c.Picture.Alt) + "]")
	}
	p.block(p.text(c.Note))
	p.block(strings.Join(p.citations, "\n"))
	p.actions(c.Actions)
	return p.String()
}

// A plain is a card in plain text, as far as it is written.
type plain struct {
	strings.Builder
	citations []string
}

// block writes a paragraph, with an empty line before it unless it is the first.
func (p *plain) block(s string) {
	if s == "" {
		return
	}
	if p.Len() > 0 {
		p.WriteByte('\n')
	}
	p.WriteString(s)
	p.WriteByte('\n')
}

// maxUnderline is how long a line under a title gets: the width of a terminal.
const maxUnderline = 80

func (p *plain) title(c Card) {
	title := strings.Join(strings.Fields(printable(c.Title)), " ")
	// What is no news says by itself that something did not work.
	if word := c.Tone.Word(); word != "" && c.Tone != Trouble && title != "" {
		title = word + " · " + title
	}
	if title == "" {
		p.block(printable(c.URL))
		return
	}
	lines := title + "\n" + strings.Repeat("=", min(Columns(title), maxUnderline))
	if c.URL != "" {
		lines += "\n" + printable(c.URL)
	}
	p.block(lines)
}

// items writes the items, with empty lines between them if any has a body.
func (p *plain) items(items []Item) {
	var written []string
	separator := "\n"
	for _, item := range items {
		if len(item.Body) > 0 {
			separator = "\n\n"
		}
		if s := p.item(item); s != "" {
			written = append(written, s)
		}
	}
	p.block(strings.Join(written, separator))
}

func (p *plain) item(item Item) string {
	var lines []string
	indent := ""
	label, head := printable(item.Label), p.text(item.Head)
	if item.Numbered() && head != "" {
		label, head = "", label+" "+head
	}
	if label != "" {
		lines, indent = append(lines, label), "  "
	}
	if head != "" {
		lines = append(lines, indented(head, indent))
		indent = "  "
	}
	if body := p.text(item.Body); body != "" {
		lines = append(lines, indented(body, indent))
	}
	if item.URL != "" {
		lines = append(lines, indent+printable(item.URL))
	}
	return strings.Join(lines, "\n")
}

func indented(s, indent string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = indent + line
		}
	}
	return strings.Join(lines, "\n")
}

func (p *plain) actions(rows [][]Action) {
	var lines []string
	for _, row := range rows {
		for _, a := range row {
			target := a.URL
			if a.Call != "" {
				target = "/" + a.Call
			}
			label := printable(a.Label)
			if a.Current {
				label += " (shown)"
			}
			lines = append(lines, label+": "+printable(target))
		}
	}
	p.block(strings.Join(lines, "\n"))
}

// text returns t as plain text. Quoted lines begin with an angle bracket.
func (p *plain) text(t Text) string {
	var b strings.Builder
	atStart := true
	for _, s := range t.Tidy() {
		text := printable(s.Text)
		if link := printable(s.URL); isCitation(text) && link != "" {
			p.cite(text + " " + link)
		} else if link != "" && link != text {
			text += " (" + link + ")"
		}
		for _, r := range text {
			if atStart && s.Style&Quote != 0 && r != '\n' {
				b.WriteString("> ")
			}
			b.WriteRune(r)
			atStart = r == '\n'
		}
	}
	return b.String()
}

// isCitation says that s is a number in square brackets.
func isCitation(s string) bool {
	digits := strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	return digits != "" && len(digits) == len(s)-2 && strings.Trim(digits, "0123456789") == ""
}

// cite lists a citation once.
func (p *plain) cite(line string) {
	for _, c := range p.citations {
		if c == line {
			return
		}
	}
	p.citations = append(p.citations, line)
}

// printable leaves out control characters but the newline; a tab becomes a space.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r != '\n' && unicode.Is(unicode.Cc, r):
			return -1
		}
		return r
	}, s)
}

// Columns returns how many columns of a terminal s fills, as far as can be known
// without the terminal.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		switch k := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
