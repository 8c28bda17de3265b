package telegram

import (
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/chat"
)

// mute is put where a name, tag, command or domain would otherwise be found. It is
// invisible, forbids a line break, and belongs to none of them; the zero-width
// joiners would, in a domain or a tag.
const mute = "\u2060"

var (
	fullAddress = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"«»“”'{}|\\^\[\]]+`)
	schemeColon = regexp.MustCompile(`(?i)\b(?:[a-z][a-z0-9+.-]*://|mailto:)`)
	quadruple   = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,3}){3}$`)
)

// quiet returns t so that nothing in it becomes a link, a mention, a tag or a
// command by itself: a dossier's text must ping nobody. Addresses written in full
// stay as they are, and so does code, where the service looks for none.
func quiet(t chat.Text) chat.Text {
	whole := t.String()
	if !strings.ContainsAny(whole, "@#$/.:") {
		return t
	}
	at := mutes(whole)
	var out chat.Text
	from := 0
	for _, s := range t {
		to := from + len(s.Text)
		var b strings.Builder
		last := from
		for len(at) > 0 && at[0].pos <= to {
			m := at[0]
			at = at[1:]
			if s.Style&chat.Code != 0 || s.URL != "" && m.domain {
				continue
			}
			b.WriteString(whole[last:m.pos])
			b.WriteString(mute)
			last = m.pos
		}
		b.WriteString(whole[last:to])
		s.Text = b.String()
		out = append(out, s)
		from = to
	}
	return out
}

// A hush is a byte offset at which a mute goes in.
type hush struct {
	pos    int
	domain bool // it breaks a bare domain, which does no harm where it is a link anyway
}

// mutes returns where a text needs mutes, in order.
func mutes(text string) []hush {
	skip := spans(text)
	var at []hush
	add := func(pos int, domain bool) {
		i := sort.Search(len(skip), func(i int) bool { return skip[i][1] > pos })
		if i < len(skip) && pos > skip[i][0] {
			return
		}
		at = append(at, hush{pos, domain})
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '@', '#', '$', '/':
			if signals(text, i) {
				add(i+1, false)
			}
		case '.':
			if inDomain(text, i) {
				add(i+1, true)
			}
		}
	}
	if !strings.Contains(text, ":") {
		return at
	}
	for _, m := range schemeColon.FindAllStringIndex(text, -1) {
		if colon := m[0] + strings.IndexByte(text[m[0]:m[1]], ':'); colon+1 < len(text) {
			add(colon+1, false)
		}
	}
	slices.SortFunc(at, func(a, b hush) int { return a.pos - b.pos })
	return slices.CompactFunc(at, func(a, b hush) bool { return a.pos == b.pos })
}

// spans are the addresses written in full that the service may well link.
func spans(text string) [][]int {
	if !strings.Contains(text, "://") {
		return nil
	}
	var keep [][]int
	for _, m := range fullAddress.FindAllStringIndex(text, -1) {
		if linkable(strings.TrimRight(text[m[0]:m[1]], ".,;:!?)]}'\"»”")) {
			keep = append(keep, m)
		}
	}
	return keep
}

// signals says whether the sign at i begins something the service looks for.
func signals(text string, i int) bool {
	next, _ := utf8.DecodeRuneInString(text[i+1:])
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	switch text[i] {
	case '@':
		return isWord(next)
	case '#':
		return isWord(next) && !numberOnly(text[i+1:])
	case '$':
		return next >= 'A' && next <= 'Z' || next >= 'a' && next <= 'z'
	case '/':
		return next < utf8.RuneSelf && isWord(next) && !(i > 0 && (isWord(before) && !unicode.IsMark(before) || strings.ContainsRune("/<>", before)))
	}
	return false
}

// numberOnly says whether a text begins with digits alone, as in “#1”.
func numberOnly(text string) bool {
	end := strings.IndexFunc(text, func(r rune) bool { return !isWord(r) })
	if end < 0 {
		end = len(text)
	}
	return strings.Trim(text[:end], "0123456789") == ""
}

func isWord(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r))
}

// inDomain says whether the dot at i stands in what could be a domain, a file name
// that looks like one, or an address of the internet.
func inDomain(text string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	if i == 0 || !isWord(before) && before != '-' {
		return false
	}
	if text[i-1] <= '9' && quadruple.MatchString(digits(text, i)) {
		return true
	}
	letters := 0
	for _, r := range text[i+1:] {
		if !unicode.IsLetter(r) {
			break
		}
		if letters++; letters == 2 {
			return true
		}
	}
	return false
}

// digits are the digits and dots around i, as far as an address of the internet
// could reach.
func digits(text string, i int) string {
	const reach = len("255.255.255.255.")
	in := func(b byte) bool { return b == '.' || b >= '0' && b <= '9' }
	from, to := i, i+1
	for from > 0 && i-from < reach && in(text[from-1]) {
		from--
	}
	for to < len(text) && to-i < reach && in(text[to]) {
		to++
	}
	return strings.Trim(text[from:to], ".")
}
