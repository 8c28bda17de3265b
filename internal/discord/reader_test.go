package discord

import (
	"regexp"
	"strings"
)

// A reading is what a reader of Discord's Markdown sees.
type reading struct {
	text  strings.Builder
	nodes []string // the kinds of markup met, links with their address
}

// The rules of Discord's Markdown, in the order in which its clients try them. They
// are written from its documentation and from the open-source parser that the
// clients grew out of, in their most generous form: what any client might take for
// markup is markup here.
var (
	readEscape   = regexp.MustCompile(`^\\([^0-9A-Za-z\s])`)
	readAuto     = regexp.MustCompile(`^<(https?://[^ >]+)>`)
	readURL      = regexp.MustCompile(`^(?:https?|steam|discord)://[^\s<]+`)
	readMention  = regexp.MustCompile(`^<(?:@[!&]?\d+|#\d+|a?:\w+:\d+|t:-?\d+(?::\w)?|/[^>]+:\d+|id:\w+)>`)
	readEveryone = regexp.MustCompile(`^@(?:everyone|here)`)
	readCode     = regexp.MustCompile("^(`+)([\\s\\S]*?[^`])(`+)")
	readEmoji    = regexp.MustCompile(`^:[A-Za-z0-9_+-]+:`)
	readHeading  = regexp.MustCompile(`^ *#{1,3} +`)
	readSmall    = regexp.MustCompile(`^ *-# +`)
	readList     = regexp.MustCompile(`^ *(?:[*+-]|\d+\.) +`)
	readQuote    = regexp.MustCompile(`^ *>(?:>>)? `)
)

// read reads a whole text.
func read(s string) *reading {
	r := &reading{}
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			r.text.WriteByte('\n')
		}
		if m := readQuote.FindString(line); m != "" {
			r.nodes = append(r.nodes, "quote")
			line = line[len(m):]
		}
		r.block(line)
	}
	return r
}

// block reads what begins a line, and then the line.
func (r *reading) block(line string) {
	if strings.HasPrefix(line, "```") {
		r.nodes = append(r.nodes, "code block")
	}
	for kind, rule := range map[string]*regexp.Regexp{"heading": readHeading, "small print": readSmall, "list": readList} {
		if rule.MatchString(line) {
			r.nodes = append(r.nodes, kind)
		}
	}
	r.inline(line)
}

func (r *reading) inline(s string) {
	for s != "" {
		if n := r.step(s); n > 0 {
			s = s[n:]
			continue
		}
		r.text.WriteByte(s[0])
		s = s[1:]
	}
}

// step reads one piece of markup at the beginning of s and returns its length.
func (r *reading) step(s string) int {
	if m := readEscape.FindStringSubmatch(s); m != nil {
		r.text.WriteString(m[1])
		return len(m[0])
	}
	for kind, rule := range map[string]*regexp.Regexp{"link": readAuto, "address": readURL, "mention": readMention, "everyone": readEveryone, "emoji": readEmoji} {
		if m := rule.FindString(s); m != "" {
			r.nodes = append(r.nodes, kind)
			r.text.WriteString(m)
			return len(m)
		}
	}
	if m := readCode.FindStringSubmatch(s); m != nil && m[1] == m[3] {
		r.nodes = append(r.nodes, "code")
		r.text.WriteString(m[2])
		return len(m[0])
	}
	if n := r.link(s); n > 0 {
		return n
	}
	for _, mark := range []string{"***", "**", "__", "~~", "||", "*", "_"} {
		if n := r.run(s, mark); n > 0 {
			return n
		}
	}
	return 0
}

// link reads [text](<address>). Brackets in the text are paired without regard to
// escapes, as the clients do.
func (r *reading) link(s string) int {
	if s[0] != '[' {
		return 0
	}
	depth, end := 0, -1
	for i := 0; i < len(s) && end < 0; i++ {
		switch s[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				end = i
			}
		}
	}
	if end < 0 || !strings.HasPrefix(s[end+1:], "(") {
		return 0
	}
	target := s[end+2:]
	close := strings.Index(target, ")")
	if close < 0 {
		return 0
	}
	r.nodes = append(r.nodes, "link "+strings.Trim(target[:close], "<>"))
	r.inline(s[1:end])
	return end + 2 + close + 1
}

// run reads an emphasised run, which ends at its mark unless that is escaped.
func (r *reading) run(s, mark string) int {
	if !strings.HasPrefix(s, mark) {
		return 0
	}
	for i := len(mark); i < len(s); i++ {
		if s[i] == '\\' {
			i++
			continue
		}
		if i > len(mark) && strings.HasPrefix(s[i:], mark) && !(len(s) > i+len(mark) && s[i+len(mark)] == mark[0]) {
			r.nodes = append(r.nodes, mark)
			r.inline(s[len(mark):i])
			return i + len(mark)
		}
	}
	return 0
}

// Read is what a reader sees of a text in Discord's Markdown, for tests of the
// package from without.
func Read(s string) string { return read(s).text.String() }
