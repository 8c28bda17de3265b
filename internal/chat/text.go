package chat

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/clipperhouse/uax29/v2/sentences"
	"github.com/clipperhouse/uax29/v2/words"
)

// Tidy returns t as valid UTF-8 without white space at either end, without empty
// spans, and with neighbours of equal style and address joined.
func (t Text) Tidy() Text {
	var tidy Text
	for _, s := range t {
		s.Text = strings.ToValidUTF8(s.Text, "\uFFFD")
		if s.Text == "" {
			continue
		}
		if n := len(tidy); n > 0 && tidy[n-1].Style == s.Style && tidy[n-1].URL == s.URL {
			tidy[n-1].Text += s.Text
		} else {
			tidy = append(tidy, s)
		}
	}
	whole := tidy.String()
	return tidy.Slice(len(whole)-len(trimStart(whole)), len(trimEnd(whole)))
}

// Slice returns the part of t between two byte offsets of [Text.String].
func (t Text) Slice(from, to int) Text {
	var part Text
	pos := 0
	for _, s := range t {
		start, end := max(from-pos, 0), min(to-pos, len(s.Text))
		pos += len(s.Text)
		if start < end {
			s.Text = s.Text[start:end]
			part = append(part, s)
		}
	}
	return part
}

// Cut splits t where its head is as long as fits allows: at the end of a paragraph,
// a line, a sentence or a word where one is in the second half of what fits,
// otherwise between two graphemes, and inside a grapheme only where not even one
// fits. Only white space at the cut is lost. The rest is nil if all of t fits; the
// head is nil, and the rest all of t, if nothing does.
//
// Fits must hold for every beginning of a text that it holds for.
func (t Text) Cut(fits func(Text) bool) (head, rest Text) {
	if fits(t) {
		return t, nil
	}
	whole := t.String()
	c := t.longest(fits)
	if c.end == 0 {
		first := graphemes.FromString(whole)
		first.Next()
		c = t.longestOf(runeEnds(first.Value()), fits)
	}
	if c.end == 0 {
		return nil, t
	}
	at := c.nicest(fits)
	from := len(whole) - len(trimStart(whole[at:]))
	return c.head(at), t.Slice(from, len(whole))
}

// Pieces splits t by [Text.Cut] into pieces that all fit, but for the last one if
// nothing of it fits at all.
func (t Text) Pieces(fits func(Text) bool) []Text {
	var pieces []Text
	for len(t) > 0 {
		head, rest := t.Cut(fits)
		if head == nil {
			return append(pieces, rest)
		}
		if trimEnd(head.String()) != "" {
			pieces = append(pieces, head)
		}
		t = rest
	}
	return pieces
}

// Shorten returns s if it fits, otherwise its longest beginning that fits with an
// ellipsis after it, cut as by [Text.Cut] but never inside a grapheme. If nothing
// fits it is empty.
func Shorten(s string, fits func(string) bool) string {
	if fits(s) {
		return s
	}
	fitsText := func(t Text) bool { return fits(t.String()) }
	return shortened(Plainly(s), fitsText).String()
}

// shortened returns the longest beginning of t that fits with an ellipsis after
// it, or nothing.
func shortened(t Text, fits func(Text) bool) Text {
	elided := func(t Text) bool { return fits(elide(t)) }
	c := t.longest(elided)
	if c.end == 0 {
		return nil
	}
	return elide(c.head(c.nicest(elided)))
}

// elide puts an ellipsis after a text that was cut.
func elide(t Text) Text {
	if len(t) == 0 {
		return Text{{Text: "…"}}
	}
	mark, last := "…", t[len(t)-1]
	if strings.HasSuffix(last.Text, ".") || strings.HasSuffix(last.Text, "!") || strings.HasSuffix(last.Text, "?") {
		mark = " …"
	}
	return append(slices.Clone(t), Span{Text: mark, Style: last.Style & Quote})
}

// A cut is the longest beginning of a text that fits.
type cut struct {
	text  Text
	whole string
	ends  []int // where a cut is possible, ascending
	end   int   // where the longest beginning ends, zero if none fits
}

// longest returns the longest beginning that ends between two graphemes. It looks at
// little more of t than that beginning, which may be a small part of a long text.
func (t Text) longest(fits func(Text) bool) cut {
	c := cut{text: t, whole: t.String()}
	var ends []int
	look := 64
	for g := graphemes.FromString(c.whole); g.Next(); {
		if ends = append(ends, g.End()); len(ends) < look {
			continue
		}
		if !fits(c.head(g.End())) {
			break
		}
		look *= 2
	}
	return t.longestOf(ends, fits)
}

func (t Text) longestOf(ends []int, fits func(Text) bool) cut {
	c := cut{text: t, whole: t.String(), ends: ends}
	n := sort.Search(len(ends), func(i int) bool { return !fits(c.head(ends[i])) })
	if n > 0 {
		c.end = ends[n-1]
	}
	return c
}

// head returns the text up to end, without white space there unless it is nothing
// else.
func (c cut) head(end int) Text {
	if trimmed := len(trimEnd(c.whole[:end])); trimmed > 0 {
		end = trimmed
	}
	return c.text.Slice(0, end)
}

// nicest returns where to cut, at most at the end of c: at the largest unit of
// meaning that ends in the second half.
func (c cut) nicest(fits func(Text) bool) int {
	for _, boundary := range []func(string, int) int{paragraphEnd, lineEnd, sentenceEnd, spaceBefore, wordEnd} {
		at := boundary(c.whole, c.end)
		if _, possible := slices.BinarySearch(c.ends, at); possible && at > c.end/2 && fits(c.head(at)) {
			return at
		}
	}
	return c.end
}

func paragraphEnd(s string, most int) int { return strings.LastIndex(s[:min(most+2, len(s))], "\n\n") }

func lineEnd(s string, most int) int { return strings.LastIndex(s[:min(most+1, len(s))], "\n") }

func sentenceEnd(s string, most int) int {
	end := 0
	for it := sentences.FromString(s); it.Next(); {
		text := len(strings.TrimRightFunc(s[:it.End()], unicode.IsSpace))
		if text > most {
			break
		}
		end = text
	}
	return end
}

// spaceBefore returns the last position up to most that has white space after it.
func spaceBefore(s string, most int) int {
	if r, _ := utf8.DecodeRuneInString(s[most:]); most == len(s) || unicode.IsSpace(r) {
		return most
	}
	return strings.LastIndexFunc(s[:most], unicode.IsSpace)
}

// wordEnd returns the last end of a word up to most, for scripts that put no space
// between words; punctuation stays with what is before it.
func wordEnd(s string, most int) int {
	end := 0
	for it := words.FromString(s); it.Next() && it.End() <= most; {
		if r, _ := utf8.DecodeRuneInString(s[it.End():]); !unicode.In(r, unicode.Pe, unicode.Pf, unicode.Po) {
			end = it.End()
		}
	}
	return end
}

func runeEnds(s string) []int {
	var ends []int
	for i := range s {
		if i > 0 {
			ends = append(ends, i)
		}
	}
	return append(ends, len(s))
}

func trimEnd(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }

// trimStart leaves the last space where a combining mark stands on it.
func trimStart(s string) string {
	trimmed := strings.TrimLeftFunc(s, unicode.IsSpace)
	if r, _ := utf8.DecodeRuneInString(trimmed); len(trimmed) < len(s) && (unicode.Is(unicode.M, r) || r == '\u200d') {
		_, size := utf8.DecodeLastRuneInString(s[:len(s)-len(trimmed)])
		return s[len(s)-len(trimmed)-size:]
	}
	return trimmed
}
