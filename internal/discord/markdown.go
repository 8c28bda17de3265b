package discord

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/chat"
)

// gap is put between two runs of markup that would otherwise be read as one, and
// after an “@”, so that it names nobody. It has no width.
const gap = "\u200b"

// markdown writes t in Discord's Markdown
// (https://support.discord.com/hc/en-us/articles/210298617). What stands in t is
// shown as it stands there: no text of it becomes markup, a mention or a link.
func markdown(t chat.Text) string {
	var b strings.Builder
	lines := linesOf(t)
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		writeLine(&b, line)
	}
	return b.String()
}

// linesOf splits t into lines; a line is quoted as a whole or not at all. Empty
// lines at the ends are left out.
func linesOf(t chat.Text) []chat.Text {
	lines := []chat.Text{nil}
	for _, s := range t {
		for i, text := range strings.Split(clean(s.Text), "\n") {
			last := &lines[len(lines)-1]
			turns := text != "" && len(*last) > 0 && quoted(*last) != (s.Style&chat.Quote != 0)
			switch {
			case i == 0 && turns && last.String() == "":
				*last = nil // the quote ended with its line
			case i > 0 || turns:
				lines = append(lines, nil)
				last = &lines[len(lines)-1]
			}
			if text != "" || i > 0 && s.Style&chat.Quote != 0 {
				*last = append(*last, chat.Span{Text: text, Style: s.Style, URL: s.URL})
			}
		}
	}
	return trimLines(lines)
}

func quoted(line chat.Text) bool { return len(line) > 0 && line[0].Style&chat.Quote != 0 }

func trimLines(lines []chat.Text) []chat.Text {
	blank := func(t chat.Text) bool { return strings.TrimSpace(t.String()) == "" }
	for len(lines) > 0 && blank(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && blank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// clean drops what no message may hold, and marks that turn the direction of what
// follows, and makes all line ends one.
func clean(s string) string {
	if !strings.ContainsFunc(s, unclean) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\t", " ").Replace(s)
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) || turning(r) {
			return -1
		}
		return r
	}, s)
}

// turning says whether a sign has what follows it, ours too, run in a direction
// of its choice (https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters).
// Isolates stay: they turn the order of words at most.
func turning(r rune) bool { return r >= '\u202a' && r <= '\u202e' }

// unclean says whether clean changes a sign.
func unclean(r rune) bool {
	return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || turning(r) || r == utf8.RuneError
}

func writeLine(b *strings.Builder, line chat.Text) {
	if quoted(line) {
		b.WriteString("> ")
	}
	start, marked := true, false
	for _, s := range merged(line) {
		core := strings.TrimSpace(s.Text)
		if !visible(core) {
			b.WriteString(s.Text)
			marked = false
			continue
		}
		before, after, _ := strings.Cut(s.Text, core)
		written, marks := span(core, s, start)
		if before != "" {
			b.WriteString(before)
		} else if marked && marks {
			b.WriteString(gap)
		}
		b.WriteString(written)
		b.WriteString(after)
		start, marked = false, marks && after == ""
	}
}

// merged joins neighbours that are written alike, so that markup is not closed and
// opened within a word, and nothing is formed of the ends of two.
func merged(line chat.Text) chat.Text {
	var joined chat.Text
	for _, s := range line {
		s.URL = safeURL(s.URL)
		s.Style = styleOf(s)
		if n := len(joined); n > 0 && joined[n-1].Style == s.Style && joined[n-1].URL == s.URL {
			joined[n-1].Text += s.Text
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// styleOf is the style in which a span can be written.
func styleOf(s chat.Span) chat.Style {
	style := s.Style &^ chat.Quote
	switch {
	case style&chat.Code != 0 && strings.Contains(s.Text, "`"):
		style &^= chat.Code
	case style&chat.Code != 0:
		return chat.Code
	}
	// An asterisk within italics ends them in some of Discord's clients.
	if strings.Contains(s.Text, "*") {
		style &^= chat.Italic
	}
	return style
}

// span writes one run of text and says whether its ends are markup.
func span(core string, s chat.Span, start bool) (written string, marks bool) {
	switch {
	case s.Style&chat.Code != 0:
		written, marks = "`"+core+"`", true
	default:
		written = escape(core, start)
	}
	switch {
	case s.URL == "":
	case !marks && linkable(core):
		written, marks = "["+written+"](<"+s.URL+">)", true
	default:
		written += " [link](<" + s.URL + ">)"
	}
	emphasis, strike := marksOf(s.Style)
	if edge := written[len(written)-1]; emphasis != "" && edge == '*' || strike != "" && edge == '~' {
		// A text that ends in the sign of its mark keeps a distance from it.
		written += gap
	}
	return strike + emphasis + written + emphasis + strike, marks || emphasis+strike != ""
}

// marksOf are the marks around a run.
func marksOf(style chat.Style) (emphasis, strike string) {
	if style&chat.Bold != 0 {
		emphasis = "**"
	}
	if style&chat.Italic != 0 {
		emphasis += "*"
	}
	if style&chat.Strike != 0 {
		strike = "~~"
	}
	return emphasis, strike
}

// linkable says whether a text can stand in the brackets of a link: Discord's
// clients pair brackets there without regard to escapes, and refuse texts that
// look like an address.
func linkable(s string) bool {
	open := false
	for _, r := range s {
		switch r {
		case '[':
			if open {
				return false
			}
			open = true
		case ']':
			if !open {
				return false
			}
			open = false
		}
	}
	return !open && !strings.Contains(s, "://")
}

// listNumber begins an entry of a numbered list.
var listNumber = regexp.MustCompile(`^[0-9]+\.`)

// escape writes s so that it is shown as it stands; start says that it begins a
// line.
func escape(s string, start bool) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for i, r := range s {
		switch r {
		case '\\', '*', '_', '~', '`', '|', '[', ']', '<', '>', '(', ')':
			b.WriteByte('\\')
		case '#', '-', '+':
			if start {
				b.WriteByte('\\')
			}
		case ':':
			// An address or the name of an emoji may follow.
			if !strings.HasPrefix(s[i+1:], " ") {
				b.WriteByte('\\')
			}
		case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			if !start {
				break
			}
			if n := len(listNumber.FindString(s[i:])); n > 0 {
				return b.String() + s[i:i+n-1] + `\.` + escape(s[i+n:], false)
			}
		}
		b.WriteRune(r)
		if r == '@' {
			b.WriteString(gap)
		}
		// "-#" is small print: both signs begin a line.
		start = start && (r == '-' || unicode.IsSpace(r))
	}
	return b.String()
}

// safeURL returns address as it may stand between “](<” and “>)”, or nothing if
// it is not an address to follow.
func safeURL(address string) string {
	if address == "" || !utf8.ValidString(address) {
		return ""
	}
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	var b strings.Builder
	for _, c := range []byte(u.String()) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("()<>[]{}\"\\^`|*~", c) >= 0 {
			const hex = "0123456789ABCDEF"
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
			continue
		}
		b.WriteByte(c)
	}
	if b.Len() > maxURL {
		return ""
	}
	return b.String()
}
