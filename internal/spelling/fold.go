package spelling

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s as it is compared when somebody looks for it: in lower case,
// without the accents of Latin, Greek, Cyrillic, Hebrew and Arabic, with
// compatibility forms written out, apostrophes dropped, and other punctuation
// and space as one space between words. Letters that merely contain a mark for a
// reader of their script (й, ї, ў, and all of Indic and kana) stay as they are.
func Fold(s string) string {
	if isFolded(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	var last rune // written
	space := false
	write := func(r rune) {
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
		last = r
	}
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(s, " ")) {
		r = unicode.ToLower(r)
		switch {
		case isPlain(r):
			write(r)
		case isLetterMark(last, r) && !space:
			b.WriteRune(r)
		case isAccent(r) || isApostrophe(r) || unicode.Is(unicode.Cf, r):
		case unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsControl(r):
			space = true
		case plainLetters(r) != "":
			for _, p := range plainLetters(r) {
				write(p)
			}
		default:
			write(r)
		}
	}
	return b.String()
}

// isFolded reports whether Fold would return s: a quick answer for many ids, tags
// and typed words.
func isFolded(s string) bool {
	for i := range len(s) {
		if !isPlain(rune(s[i])) {
			return false
		}
	}
	return true
}

func isPlain(r rune) bool { return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' }

// isLetterMark says whether the mark makes another letter of the one before it.
func isLetterMark(letter, mark rune) bool {
	switch mark {
	case '\u0306':
		return letter == 'и' || letter == 'у'
	case '\u0308':
		return letter == 'і'
	}
	return false
}

// isAccent says whether r is a mark that readers leave out when they type.
func isAccent(r rune) bool {
	switch {
	case r < 0x0300:
		return false
	case r <= 0x036F, // Latin, Greek, Cyrillic
		0x0591 <= r && r <= 0x05C7,                                                                      // Hebrew
		0x0610 <= r && r <= 0x061A, 0x064B <= r && r <= 0x065F, r == 0x0670, 0x06D6 <= r && r <= 0x06ED, // Arabic
		0x1AB0 <= r && r <= 0x1AFF, 0x1DC0 <= r && r <= 0x1DFF, 0x20D0 <= r && r <= 0x20FF, 0xFE20 <= r && r <= 0xFE2F:
		return unicode.Is(unicode.M, r)
	}
	return false
}

func isApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', 'ʹ', '`':
		return true
	}
	return false
}

// plainLetters returns what is typed for a lower-case letter that no
// decomposition makes plain, or nothing.
func plainLetters(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'þ':
		return "th"
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'đ', 'ð':
		return "d"
	case 'ħ':
		return "h"
	case 'ŧ':
		return "t"
	case 'ı':
		return "i"
	case 'ς':
		return "σ"
	}
	return ""
}
