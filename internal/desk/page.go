package desk

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPage is the size in bytes of the largest page that is read: what a brief may
// have, so that the draft of it can be one.
const maxPage = 1 << 20

// A line is a line of a page that is not blank.
type line struct {
	text    string // without indentation and markers
	marker  string // of an entry of a list, such as “-” or “1.”
	indent  int    // before the marker or the text
	level   int    // of a heading, 1 to 6, or boldLine; 0 for none
	gap     bool   // a blank line, or none at all, is before it
	doubled bool   // the page has it twice in a row, as captions of pictures are
}

// boldLine is the level of a line that is bold as a whole.
const boldLine = 7

var (
	hashHeading = regexp.MustCompile(`^(#{1,6})\s+(.*?)\s*#*$`)
	boldHeading = regexp.MustCompile(`^(?:\*\*([^*]+)\*\*|__([^_]+)__):?$`)
	underline   = regexp.MustCompile(`^(?:=+|-{2,})$`)
	rulerLine   = regexp.MustCompile(`^(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$`)
	listMarker  = regexp.MustCompile(`^([-*+•]|[0-9]{1,3}[.)])\s+(\S.*)$`)
	htmlPage    = regexp.MustCompile(`(?i)^\s*<(?:!doctype|html|head|body|\?xml)\b`)
)

// readPage returns the lines of a page.
func readPage(page []byte) ([]line, error) {
	page = bytes.TrimPrefix(page, []byte("\uFEFF"))
	switch {
	case len(page) > maxPage:
		return nil, fmt.Errorf("the page has %d bytes, and may have %d (1 MiB): import a part of it", len(page), maxPage)
	case !utf8.Valid(page):
		return nil, fmt.Errorf("the page is not UTF-8 text in line %d: save it as UTF-8", invalidLine(page))
	case htmlPage.Match(page):
		return nil, errors.New("the page is HTML: open it in a browser, and save or copy it as text")
	}
	var lines []line
	gap := true
	for raw := range strings.SplitSeq(cleaned(string(page)), "\n") {
		text := strings.TrimSpace(raw)
		if text == "" {
			gap = true
			continue
		}
		if last := len(lines) - 1; !gap && underline.MatchString(text) && lines[last].plain() && lines[last].gap {
			lines[last].level = 1 + strings.IndexByte("=-", text[0])
			continue
		}
		if rulerLine.MatchString(text) {
			gap = true
			continue
		}
		lines = append(lines, newLine(raw, text, gap))
		gap = false
	}
	if len(lines) == 0 {
		return nil, errors.New("the page is empty: there is nothing to import")
	}
	return undoubled(lines), nil
}

func invalidLine(page []byte) int {
	for i, text := range bytes.Split(page, []byte("\n")) {
		if !utf8.Valid(text) {
			return i + 1
		}
	}
	return 1
}

// cleaned writes ends of lines, spaces and hyphens in one way each, and drops what
// does not show.
func cleaned(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n", "\f", "\n", "\v", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		const joiner, nonJoiner = '\u200D', '\u200C' // letters of some scripts and emoji need them
		switch {
		case r == '\u2010' || r == '\u2011':
			return '-'
		case r == '\n' || r == '\t' || r == joiner || r == nonJoiner:
			return r
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, s)
}

func newLine(raw, text string, gap bool) line {
	l := line{text: text, gap: gap}
	for _, c := range raw {
		if c != ' ' && c != '\t' {
			break
		}
		l.indent++
	}
	if m := hashHeading.FindStringSubmatch(text); m != nil && m[2] != "" {
		l.level, l.text = len(m[1]), m[2]
	} else if m := listMarker.FindStringSubmatch(text); m != nil {
		l.marker, l.text = m[1], m[2]
	} else if m := boldHeading.FindStringSubmatch(text); m != nil && strings.TrimSpace(m[1]+m[2]) != "" {
		l.level, l.text = boldLine, m[1]+m[2]
	}
	l.text = strings.Join(strings.Fields(l.text), " ")
	return l
}

// plain reports whether the line is neither a heading nor an entry of a list.
func (l line) plain() bool { return l.level == 0 && l.marker == "" }

// short reports whether the line could be a title: no more than so many characters,
// and not the end of a sentence.
func (l line) short(most int) bool {
	return utf8.RuneCountInString(l.text) <= most && !strings.ContainsAny(l.text[len(l.text)-1:], ".;,:") ||
		utf8.RuneCountInString(l.text) <= most && abbreviated.MatchString(l.text)
}

// abbreviated is a text that ends with a full stop, but not with a sentence.
var abbreviated = regexp.MustCompile(`\b(?:[A-Z]|Inc|Ltd|Co|Corp|Jr|Sr)\.$`)

// undoubled takes out each line that repeats the one before it.
func undoubled(lines []line) []line {
	kept := lines[:1]
	for _, l := range lines[1:] {
		if last := &kept[len(kept)-1]; l.text == last.text && l.level == last.level && l.marker == last.marker {
			last.doubled = true
		} else {
			kept = append(kept, l)
		}
	}
	return kept
}
