package telegram

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/chat"
)

// Limits of one message (https://core.telegram.org/bots/api#sendmessage; the bytes
// of entities are reported by users, with about 9,500 as the end).
const (
	maxUnits       = 4096 // UTF-16
	maxBytes       = 32768
	maxEntities    = 100
	maxEntityBytes = 9000
)

// units is the length of s in UTF-16 units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// A mark is an entity that is still open.
type mark struct {
	kind  string
	url   string
	begun int // units
	from  int // bytes
}

// The kinds of entities that spans become, outermost first.
const (
	quoteKind = "blockquote"
	foldKind  = "expandable_blockquote"
	linkKind  = "text_link"
	codeKind  = "code"
)

// marksOf are the entities a span wants to lie in, outermost first.
func marksOf(s chat.Span) []mark {
	if s.Style&chat.Code != 0 {
		return []mark{{kind: codeKind}}
	}
	var m []mark
	if s.Style&chat.Quote != 0 {
		m = append(m, mark{kind: quoteKind})
	}
	if s.URL != "" {
		m = append(m, mark{kind: linkKind, url: s.URL})
	}
	for _, style := range []struct {
		bit  chat.Style
		kind string
	}{{chat.Bold, "bold"}, {chat.Italic, "italic"}, {chat.Strike, "strikethrough"}} {
		if s.Style&style.bit != 0 {
			m = append(m, mark{kind: style.kind})
		}
	}
	return m
}

// entities returns a text and what styles it. No two entities cross: where styles
// overlap without nesting, the inner one is closed and opened again.
func entities(t chat.Text) (string, []entity) {
	w := &entityWriter{}
	for i, s := range t {
		w.span(s, t[i+1:])
	}
	w.closeTo(0)
	return w.text.String(), w.done
}

type entityWriter struct {
	text  strings.Builder
	units int
	open  []mark
	done  []entity
}

func (w *entityWriter) span(s chat.Span, rest chat.Text) {
	want := marksOf(s)
	w.closeTo(w.keep(want))
	for _, m := range longestFirst(w.missing(want), rest) {
		m.begun, m.from = w.units, w.text.Len()
		w.open = append(w.open, m)
	}
	w.text.WriteString(s.Text)
	w.units += units(s.Text)
}

// keep is how many of the open marks may stay open. A quotation opens and closes
// everything else.
func (w *entityWriter) keep(want []mark) int {
	quoted := len(want) > 0 && want[0].kind == quoteKind
	wasQuoted := len(w.open) > 0 && w.open[0].kind == quoteKind
	if quoted != wasQuoted {
		return 0
	}
	for i, m := range w.open {
		if !holds(want, m) {
			return i
		}
	}
	return len(w.open)
}

func (w *entityWriter) missing(want []mark) []mark {
	var missing []mark
	for _, m := range want {
		if !holds(w.open, m) {
			missing = append(missing, m)
		}
	}
	return missing
}

func holds(marks []mark, m mark) bool {
	for _, e := range marks {
		if e.kind == m.kind && e.url == m.url {
			return true
		}
	}
	return false
}

// longestFirst orders marks by how many of the following spans want them too, so
// that the outer one need not be closed for the inner one. A quotation is first.
func longestFirst(marks []mark, rest chat.Text) []mark {
	reach := func(m mark) int {
		if m.kind == quoteKind {
			return len(rest) + 1
		}
		for i, s := range rest {
			if !holds(marksOf(s), m) {
				return i
			}
		}
		return len(rest)
	}
	for i := 1; i < len(marks); i++ {
		for j := i; j > 0 && reach(marks[j]) > reach(marks[j-1]); j-- {
			marks[j], marks[j-1] = marks[j-1], marks[j]
		}
	}
	return marks
}

// closeTo ends the marks above n. White space at their ends is left out, and one
// that covers nothing visible is dropped, as the service would.
func (w *entityWriter) closeTo(n int) {
	for len(w.open) > n {
		m := w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
		covered := w.text.String()[m.from:]
		inner := strings.TrimLeftFunc(covered, blank)
		offset := m.begun + units(covered[:len(covered)-len(inner)])
		inner = strings.TrimRightFunc(inner, blank)
		if inner == "" {
			continue
		}
		kind := m.kind
		if kind == quoteKind && long(inner) {
			kind = foldKind
		}
		w.done = append(w.done, entity{Type: kind, Offset: offset, Length: units(inner), URL: m.url})
	}
}

// A quotation longer than these is shown folded.
const (
	foldRunes = 280
	foldLines = 5
)

func long(s string) bool {
	return utf8.RuneCountInString(s) > foldRunes || strings.Count(s, "\n") >= foldLines
}

// fitsMessage says whether t is one message.
func fitsMessage(t chat.Text) bool {
	if length(t) > maxBytes || units(t.String()) > maxUnits {
		return false
	}
	_, e := entities(t)
	return len(e) <= maxEntities && (len(e) == 0 || len(asJSON(e)) < maxEntityBytes)
}
