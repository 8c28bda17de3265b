package web

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// span reads one run of styled text, a link or a mention.
func (m markdown) span(s string, depth int) (node, int, bool) {
	switch s[0] {
	case '\\':
		return escaped(s)
	case '*', '_':
		return m.emphasis(s, depth)
	case '~':
		return m.between(s, "~~", '_', strikeNode, depth)
	case '|':
		return m.between(s, "||", 0, spoilerNode, depth)
	case '`':
		return code(s)
	case '[':
		return m.masked(s, depth)
	case '<':
		return m.angle(s)
	case '@':
		return everyone(s)
	case 'h':
		return m.bare(s)
	}
	return node{}, 0, false
}

// escaped reads a backslash that takes the meaning of what follows: any character
// but letters, digits and white space.
func escaped(s string) (node, int, bool) {
	r, size := utf8.DecodeRuneInString(s[1:])
	if size == 0 || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) || unicode.IsSpace(r) {
		return node{}, 0, false
	}
	return node{Kind: textNode, Text: s[1 : 1+size]}, 1 + size, true
}

// emphasis reads bold, italic or underlined text, the longest that matches.
func (m markdown) emphasis(s string, depth int) (node, int, bool) {
	var found node
	longest, inner := 0, ""
	take := func(k kind, content string, used int, ok bool) {
		if ok && used > longest {
			found, inner, longest = node{Kind: k}, content, used
		}
	}
	if s[0] == '*' {
		content, used, ok := starred(s)
		take(italicNode, content, used, ok)
		content, used, ok = doubled(s, "**")
		take(boldNode, content, used, ok)
	} else {
		content, used, ok := underscored(s)
		take(italicNode, content, used, ok)
		content, used, ok = doubled(s, "__")
		take(underlineNode, content, used, ok)
	}
	if longest == 0 {
		return node{}, 0, false
	}
	found.Kids = m.spans(inner, depth)
	return found, longest, true
}

// starred reads *…*: the star is followed by no space, and closed by a single one.
func starred(s string) (string, int, bool) {
	if len(s) < 3 || isSpace(s[1]) {
		return "", 0, false
	}
	for i := 1; i < len(s); {
		switch {
		case s[i] == '*' && i > 1 && !strings.HasPrefix(s[i:], "**"):
			if isSpace(s[i-1]) {
				return "", 0, false
			}
			return s[1:i], i + 1, true
		case strings.HasPrefix(s[i:], "**"):
			i += 2
		case s[i] == '*':
			return "", 0, false
		case s[i] == '\\' && i+1 < len(s):
			i += 2
		default:
			i++
		}
	}
	return "", 0, false
}

// underscored reads _…_, which no word character follows.
func underscored(s string) (string, int, bool) {
	for i := 1; i < len(s); {
		switch {
		case s[i] == '_' && i > 1 && (i+1 == len(s) || !isWord(s[i+1])):
			return s[1:i], i + 1, true
		case strings.HasPrefix(s[i:], "__"):
			i += 2
		case s[i] == '_':
			return "", 0, false
		case s[i] == '\\' && i+1 < len(s):
			i += 2
		default:
			i++
		}
	}
	return "", 0, false
}

// doubled reads **…** or __…__, which no further such character follows.
func doubled(s, mark string) (string, int, bool) {
	if !strings.HasPrefix(s, mark) {
		return "", 0, false
	}
	for i := 2; i < len(s); {
		if i > 2 && strings.HasPrefix(s[i:], mark) && (i+2 == len(s) || s[i+2] != mark[0]) {
			return s[2:i], i + 2, true
		}
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		i++
	}
	return "", 0, false
}

// between reads text between two equal marks, after which not may not stand.
func (m markdown) between(s, mark string, not byte, k kind, depth int) (node, int, bool) {
	if !strings.HasPrefix(s, mark) || len(s) < 5 {
		return node{}, 0, false
	}
	for at := 3; at < len(s); at++ {
		if !strings.HasPrefix(s[at:], mark) || not != 0 && at+2 < len(s) && s[at+2] == not {
			continue
		}
		return node{Kind: k, Kids: m.spans(s[2:at], depth)}, at + 2, true
	}
	return node{}, 0, false
}

// code reads a block of code, or code within a line between equal runs of
// backticks.
func code(s string) (node, int, bool) {
	if c := codeBlock.FindStringSubmatch(s); c != nil {
		return node{Kind: preNode, Text: c[1]}, len(c[0]), true
	}
	ticks := len(s) - len(strings.TrimLeft(s, "`"))
	for at := ticks; at < len(s); {
		next := strings.IndexByte(s[at:], '`')
		if next < 0 {
			break
		}
		at += next
		run := len(s[at:]) - len(strings.TrimLeft(s[at:], "`"))
		if run == ticks && at > ticks {
			return node{Kind: codeNode, Text: strings.TrimSpace(s[ticks:at])}, at + run, true
		}
		at += run
	}
	return node{}, 0, false
}

var linkTarget = regexp.MustCompile(`^\]\(\s*(?:<([^<>\n]*)>|((?:\([^)\s]*\)|[^\s\\()]|\\.)*))(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)`)

// masked reads [label](address). Discord shows no link where the label itself
// looks like one, or where the address is not of the web.
func (m markdown) masked(s string, depth int) (node, int, bool) {
	if m.linked {
		return node{}, 0, false
	}
	end := closing(s)
	if end < 2 {
		return node{}, 0, false
	}
	target := linkTarget.FindStringSubmatch(s[end:])
	if target == nil {
		return node{}, 0, false
	}
	label, address := s[1:end], unescape(target[1]+target[2])
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return node{}, 0, false
	}
	if strings.Contains(label, "://") {
		return node{}, 0, false
	}
	m.linked = true
	return node{Kind: linkNode, URL: address, Kids: m.spans(label, depth)}, end + len(target[0]), true
}

// closing returns where the bracket that s begins with is closed, or -1.
func closing(s string) int {
	open := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			open++
		case ']':
			if open--; open == 0 {
				return i
			}
		}
	}
	return -1
}

var escapes = regexp.MustCompile(`\\([^0-9A-Za-z\s])`)

func unescape(s string) string { return escapes.ReplaceAllString(s, "$1") }

var (
	angleAddress = regexp.MustCompile(`^<(https?://[^ >\n]+)>`)
	angleMention = regexp.MustCompile(`^<(?:@[!&]?|#|a?:\w+:|/[^:>\n]+:|t:)-?\d+(?::[tTdDfFR])?>`)
)

// angle reads an address, a mention, an emoji or a time in angle brackets.
func (m markdown) angle(s string) (node, int, bool) {
	if a := angleAddress.FindStringSubmatch(s); a != nil && !m.linked {
		return node{Kind: linkNode, URL: a[1], Kids: []node{{Kind: textNode, Text: a[1]}}}, len(a[0]), true
	}
	if a := angleMention.FindString(s); a != "" {
		return node{Kind: mentionNode, Text: a}, len(a), true
	}
	return node{}, 0, false
}

// everyone reads the two words that would notify a whole channel.
func everyone(s string) (node, int, bool) {
	for _, word := range []string{"@everyone", "@here"} {
		if strings.HasPrefix(s, word) {
			return node{Kind: mentionNode, Text: word}, len(word), true
		}
	}
	return node{}, 0, false
}

var bareAddress = regexp.MustCompile(`^https?://[^\s<]+[^<.,:;"'\]\s]`)

// bare reads an address that stands in the text by itself.
func (m markdown) bare(s string) (node, int, bool) {
	a := bareAddress.FindString(s)
	if a == "" || m.linked {
		return node{}, 0, false
	}
	for strings.HasSuffix(a, ")") && strings.Count(a, ")") > strings.Count(a, "(") {
		a = strings.TrimSuffix(a, ")")
	}
	return node{Kind: linkNode, URL: a, Kids: []node{{Kind: textNode, Text: a}}}, len(a), true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
