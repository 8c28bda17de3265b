package chat

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/google/go-cmp/cmp"
)

// runes returns a predicate that allows most code points.
func runes(most int) func(Text) bool {
	return func(t Text) bool { return utf8.RuneCountInString(t.String()) <= most }
}

func TestTidy(t *testing.T) {
	in := Text{{Text: " \n"}, {Text: "  a"}, {Text: ""}, {Text: "b"}, {Text: "c", Style: Bold}, {Text: "d", Style: Bold, URL: "https://x.org"}, {Text: " \xff\t", Style: Bold}, {Text: "\n"}}
	want := Text{{Text: "ab"}, {Text: "c", Style: Bold}, {Text: "d", Style: Bold, URL: "https://x.org"}, {Text: " \uFFFD", Style: Bold}}
	if diff := cmp.Diff(want, in.Tidy()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (Text{{Text: " "}, {Text: "\n"}}).Tidy(); got != nil {
		t.Errorf("white space became %v", got)
	}
}

func TestSlice(t *testing.T) {
	in := Text{{Text: "abc"}, {Text: "def", Style: Bold}}
	for _, test := range []struct {
		from, to int
		want     Text
	}{
		{0, 6, in},
		{2, 4, Text{{Text: "c"}, {Text: "d", Style: Bold}}},
		{3, 3, nil},
		{3, 9, Text{{Text: "def", Style: Bold}}},
		{-1, 1, Text{{Text: "a"}}},
	} {
		if diff := cmp.Diff(test.want, in.Slice(test.from, test.to)); diff != "" {
			t.Errorf("%d to %d (-want +got):\n%s", test.from, test.to, diff)
		}
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		name, text string
		most       int
		head, rest string
	}{
		{"fits", "all of it", 9, "all of it", ""},
		{"paragraph", "First one.\n\nSecond one. And more.", 20, "First one.", "Second one. And more."},
		{"paragraph too far back", "A.\n\nSecond one goes on. And more.", 28, "A.\n\nSecond one goes on.", "And more."},
		{"paragraph ends there", "First.\n\nSecond.", 6, "First.", "Second."},
		{"line", "first line\nsecond line", 15, "first line", "second line"},
		{"sentence", "It rose to 3.14 points. Then it fell.", 30, "It rose to 3.14 points.", "Then it fell."},
		{"word", "many plain words", 12, "many plain", "words"},
		{"word ends there", "many plain words", 10, "many plain", "words"},
		{"no spaces", "新しい合意が発表された", 6, "新しい合意が", "発表された"},
		{"punctuation stays", "和平，谈判", 2, "和平", "，谈判"},
		{"grapheme", "👩‍👩‍👧👩‍👩‍👧", 7, "👩‍👩‍👧", "👩‍👩‍👧"},
		{"inside a grapheme", "e" + strings.Repeat("\u0301", 9), 4, "e\u0301\u0301\u0301", strings.Repeat("\u0301", 6)},
		{"nothing", "abc", 0, "", "abc"},
		{"long word", strings.Repeat("x", 50), 20, strings.Repeat("x", 20), strings.Repeat("x", 30)},
	} {
		t.Run(test.name, func(t *testing.T) {
			head, rest := Plainly(test.text).Cut(runes(test.most))
			if head.String() != test.head || rest.String() != test.rest {
				t.Errorf("%q and %q, want %q and %q", head, rest, test.head, test.rest)
			}
		})
	}
}

func TestCutKeepsStyles(t *testing.T) {
	in := Text{{Text: "one "}, {Text: "two three", Style: Bold, URL: "https://x.org"}, {Text: " four"}}
	head, rest := in.Cut(runes(10))
	if diff := cmp.Diff(Text{{Text: "one "}, {Text: "two", Style: Bold, URL: "https://x.org"}}, head); diff != "" {
		t.Errorf("head (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Text{{Text: "three", Style: Bold, URL: "https://x.org"}, {Text: " four"}}, rest); diff != "" {
		t.Errorf("rest (-want +got):\n%s", diff)
	}
}

func TestShorten(t *testing.T) {
	most := func(n int) func(string) bool {
		return func(s string) bool { return utf8.RuneCountInString(s) <= n }
	}
	for _, test := range []struct {
		in   string
		most int
		want string
	}{
		{"short", 5, "short"},
		{"many plain words", 12, "many plain…"},
		{"One. Two. Three.", 12, "One. Two. …"},
		{"abcdef", 3, "ab…"},
		{"abcdef", 1, ""},
		{"👩‍👩‍👧👩‍👩‍👧", 8, "👩‍👩‍👧…"},
		{"", 0, ""},
	} {
		if got := Shorten(test.in, most(test.most)); got != test.want {
			t.Errorf("%q to %d: %q, want %q", test.in, test.most, got, test.want)
		}
	}
}

// letters are what hostile text is made of.
var letters = []string{"a", "Ж", "中", " ", " ", "\n", "\n\n", ". ", "\r\n", "e\u0301", "👩‍👩‍👧", "🇺🇦", "\u0600", "\u200d", "\u00a0", " \u0301", "ا", "क्षि", "!", "，"}

func randomText(random *rand.Rand, length int) Text {
	var t Text
	for range 1 + random.IntN(3) {
		var b strings.Builder
		for range random.IntN(length + 1) {
			b.WriteString(letters[random.IntN(len(letters))])
		}
		t = append(t, Span{Text: b.String(), Style: Style(random.IntN(3))})
	}
	return t.Tidy()
}

// solid returns s without white space.
func solid(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// TestPieces cuts random texts: every piece fits, nothing but white space is lost,
// and no grapheme is torn that fits.
func TestPieces(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		text, most := randomText(random, 60), 8+random.IntN(40)
		pieces := text.Pieces(runes(most))
		joined := ""
		for _, p := range pieces {
			if !runes(most)(p) || p.String() == "" {
				t.Fatalf("%q has a bad piece %q", text, p)
			}
			joined += p.String()
		}
		if solid(joined) != solid(text.String()) {
			t.Fatalf("%q became %q", text, joined)
		}
		if longestGrapheme(text.String()) <= most {
			checkWhole(t, text.String(), pieces)
		}
	}
}

func longestGrapheme(s string) int {
	longest := 0
	for g := graphemes.FromString(s); g.Next(); {
		longest = max(longest, utf8.RuneCountInString(g.Value()))
	}
	return longest
}

// checkWhole fails if a piece ends inside a grapheme of whole.
func checkWhole(t *testing.T, whole string, pieces []Text) {
	t.Helper()
	ends := map[string]bool{"": true} // by what is solid up to there
	for g := graphemes.FromString(whole); g.Next(); {
		ends[solid(whole[:g.End()])] = true
	}
	before := ""
	for _, p := range pieces {
		before += solid(p.String())
		if !ends[before] {
			t.Fatalf("%q is cut inside a grapheme, after %q", whole, before)
		}
	}
}

func FuzzPieces(f *testing.F) {
	f.Add("One two.\n\nThree e\u0301", 5)
	f.Add(" \u0301\u200d\r\n", 1)
	f.Fuzz(func(t *testing.T, s string, most int) {
		text := Plainly(strings.ToValidUTF8(s, "\uFFFD")).Tidy()
		joined := ""
		for _, p := range text.Pieces(runes(max(most, 1))) {
			if !runes(max(most, 1))(p) {
				t.Fatalf("%q does not fit", p)
			}
			joined += p.String()
		}
		if solid(joined) != solid(text.String()) {
			t.Fatalf("%q became %q", text, joined)
		}
	})
}

func TestPiecesThatFitNowhere(t *testing.T) {
	pieces := Plainly("abc").Pieces(func(Text) bool { return false })
	if diff := cmp.Diff([]Text{Plainly("abc")}, pieces); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkPieces(b *testing.B) {
	text := Plainly(strings.Repeat("The parties met in Geneva and agreed on a text. ", 850))
	b.SetBytes(int64(len(text[0].Text)))
	for b.Loop() {
		text.Pieces(runes(4000))
	}
}
