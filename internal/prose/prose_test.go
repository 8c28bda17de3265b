package prose

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
)

// cite knows two sources, one of them without an address.
func cite(id string) (int, string, bool) {
	switch id {
	case "un-jcc":
		return 3, "https://example.org/jcc", true
	case "book":
		return 4, "", true
	}
	return 0, "", false
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		name, markdown string
		want           chat.Text
	}{
		{"nothing", "", nil},
		{"blank", " \n\n ", nil},
		{"words", "One *two* **three** ***four*** ~~five~~.", chat.Text{
			{Text: "One "}, {Text: "two", Style: chat.Italic}, {Text: " "}, {Text: "three", Style: chat.Bold}, {Text: " "},
			{Text: "four", Style: chat.Bold | chat.Italic}, {Text: " "}, {Text: "five", Style: chat.Strike}, {Text: "."}}},
		{"paragraphs", "One\ntwo.\n\n\nThree  \nfour\\\nfive", chat.Text{{Text: "One two.\n\nThree\nfour\nfive"}}},
		{"heading", "# Title *x*\n\nText\n\nOther\n---\nmore", chat.Text{
			{Text: "Title ", Style: chat.Bold}, {Text: "x", Style: chat.Bold | chat.Italic}, {Text: "\n\nText\n\n"},
			{Text: "Other", Style: chat.Bold}, {Text: "\n\nmore"}}},
		{"rule", "a\n\n***\n\nb", chat.Text{{Text: "a\n\n———\n\nb"}}},
		{"list", "Intro:\n\n- a\n- b\n  - c\n  - d\n- e", chat.Text{{Text: "Intro:\n\n• a\n• b\n  ◦ c\n  ◦ d\n• e"}}},
		{"numbers", "7. a\n8. b\n\n   more of b\n9. c", chat.Text{{Text: "7. a\n8. b\n  more of b\n9. c"}}},
		{"list in list", "- - a\n  - b", chat.Text{{Text: "•\u0020\n  ◦ a\n  ◦ b"}}},
		{"broken line in list", "- a\n  b\\\n  c", chat.Text{{Text: "• a b\n  c"}}},
		{"quote", "He said:\n\n> One *two*\n>\n> three `x`\n\nEnd", chat.Text{
			{Text: "He said:\n\n"}, {Text: "One ", Style: chat.Quote}, {Text: "two", Style: chat.Quote | chat.Italic},
			{Text: "\n\nthree x", Style: chat.Quote}, {Text: "\n\nEnd"}}},
		{"code", "a `b *c* [^book]` **`d`**", chat.Text{{Text: "a "}, {Text: "b *c* [^book]", Style: chat.Code}, {Text: " "}, {Text: "d", Style: chat.Code}}},
		{"link", "[a *b*](https://example.org/x_y?q=1&amp;r=2#f \"title\") c", chat.Text{
			{Text: "a ", URL: "https://example.org/x_y?q=1&amp;r=2#f"}, {Text: "b", Style: chat.Italic, URL: "https://example.org/x_y?q=1&amp;r=2#f"}, {Text: " c"}}},
		{"escaped link", `[a](https://example.org/a\_b)`, chat.Text{{Text: "a", URL: "https://example.org/a_b"}}},
		{"autolink", "<https://example.org/> <a@example.org>", chat.Text{{Text: "https://example.org/", URL: "https://example.org/"}, {Text: " a@example.org"}}},
		{"other schemes", "[a](javascript:x) [b](mailto:c@example.org) [ftp://d](ftp://d) <ftp://e> [f](/g) [h]()", chat.Text{
			{Text: "a (javascript:x) b (mailto:c@example.org) ftp://d ftp://e f (/g) h"}}},
		{"user in link", "[a](https://me:pw@example.org)", chat.Text{{Text: "a (https://me:pw@example.org)"}}},
		{"link definition", "[a]: https://example.org\n\n[a]", chat.Text{{Text: "[a]: https://example.org\n\n[a]"}}},
		{"picture", "see ![the *map*](https://example.org/m.png)", chat.Text{{Text: "see the "}, {Text: "map", Style: chat.Italic}}},
		{"html", "<b>&amp; *x*</b> <br/>\n\n<div class=\"a\">\n*y*\n</div>\n\n<!-- no -->", chat.Text{
			{Text: "<b>&amp; "}, {Text: "x", Style: chat.Italic}, {Text: "</b> <br/>\n\n<div class=\"a\"> "}, {Text: "y", Style: chat.Italic},
			{Text: " </div>\n\n<!-- no -->"}}},
		{"indented", "    not code\n\n```go\nnor this\n```", chat.Text{{Text: "not code\n\n"}, {Text: "go nor this", Style: chat.Code}}},
		{"escapes", `\*a\* \[^book] \\ 2 \< 3`, chat.Text{{Text: `*a* [^book] \ 2 < 3`}}},
		{"citations", "a[^un-jcc][^book], *b[^un-jcc]* [^other] [^Bad]", chat.Text{
			{Text: "a"}, {Text: "[3]", URL: "https://example.org/jcc"}, {Text: "[4], "}, {Text: "b", Style: chat.Italic},
			{Text: "[3]", Style: chat.Italic, URL: "https://example.org/jcc"}, {Text: " [^other] [^Bad]"}}},
		{"citation in link", "[see [^un-jcc]](https://example.org/a)", chat.Text{{Text: "see [3]", URL: "https://example.org/a"}}},
		{"pings and specials", "@everyone README.md #tag <@1> `unclosed **open", chat.Text{{Text: "@everyone README.md #tag <@1> `unclosed **open"}}},
		{"invalid", "a\xffb\x00", chat.Text{{Text: "a\uFFFDb\x00"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Text(test.markdown, cite)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTextWithoutCite(t *testing.T) {
	want := chat.Text{{Text: "a [^un-jcc]"}}
	if diff := cmp.Diff(want, Text("a [^un-jcc]", nil)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCiteToBadAddress(t *testing.T) {
	got := Text("[^x]", func(string) (int, string, bool) { return 1, "javascript:alert(1)", true })
	if diff := cmp.Diff(chat.Text{{Text: "[1]"}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDepthIsBounded nests deeper than is parsed: what is too deep is text.
func TestDepthIsBounded(t *testing.T) {
	for _, mark := range []string{"- ", "1. ", "> - "} {
		markdown := strings.Repeat(mark, 100) + "word"
		checkText(t, markdown)
		got := Text(markdown, nil).String()
		if nested := 100 - strings.Count(got, mark); mark != "1. " && (nested < 2 || nested > maxDepth) {
			t.Errorf("%q, often, nests %d times:\n%s", mark, nested, got)
		}
		if !strings.HasSuffix(got, strings.Repeat(mark, 80)+"word") {
			t.Errorf("%q, often, loses what is too deep:\n%s", mark, got)
		}
	}
}

func TestLongTextIsLiteral(t *testing.T) {
	markdown := strings.Repeat("*word* [^un-jcc]\n\n", maxLength/16)
	want := chat.Text{{Text: strings.TrimSpace(markdown)}}
	if diff := cmp.Diff(want, Text(markdown, cite)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNothingIsLost renders the prose of the shipped briefs' whole files: every
// letter comes out, in order.
func TestNothingIsLost(t *testing.T) {
	files, err := filepath.Glob("../../briefs/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no briefs to read: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkText(t, string(data))
		want := lettersOf(string(data))
		if got := lettersOf(Text(string(data), nil).String()); got != want {
			t.Errorf("%s: %d letters went in, %d came out", file, len(want), len(got))
		}
	}
}

// lettersOf returns the letters of s. Digits are left out, because a list's numbers
// are counted anew.
func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

// checkText fails if the text of markdown breaks a rule of chat.Text.
func checkText(t *testing.T, markdown string) {
	t.Helper()
	got := Text(markdown, cite)
	for _, s := range got {
		if s.Text == "" || !utf8.ValidString(s.Text) {
			t.Errorf("%q: bad span %q", markdown, s.Text)
		}
		if s.Style&chat.Code != 0 && (s.Style != chat.Code || s.URL != "") {
			t.Errorf("%q: code combines with something: %+v", markdown, s)
		}
		if s.URL == "" {
			continue
		}
		u, err := url.Parse(s.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			t.Errorf("%q: leads to %q", markdown, s.URL)
		}
	}
	if diff := cmp.Diff(got.Tidy(), got); diff != "" {
		t.Errorf("%q is not tidy (-tidy +got):\n%s", markdown, diff)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"*a **b** c*", "[^un-jcc]", "> - 1. `x`\n>> y", "[a](http://b \"c\")", "![a](b)[^book]", "<a>\n\n# h\n---", "~~a~~~", "[[a](x)](https://y)", "\t- a\n\t\t- b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, markdown string) {
		checkText(t, markdown)
		if strings.Contains(markdown, "](") { // an address and a title may go
			return
		}
		want := lettersOf(strings.ToValidUTF8(markdown, "\uFFFD"))
		if got := lettersOf(Text(markdown, nil).String()); got != want {
			t.Errorf("%q\nletters in  %q\nletters out %q", markdown, want, got)
		}
	})
}

// TestManyAtOnce parses from many goroutines: what is kept of the parser between
// texts must not be changed by them.
func TestManyAtOnce(t *testing.T) {
	const markdown = "> - a *b* [c](https://example.org) `d` [^un-jcc]\n\n1. e\n2. f"
	want := Text(markdown, cite)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if diff := cmp.Diff(want, Text(markdown, cite)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
					return
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkShortText(b *testing.B) {
	for b.Loop() {
		Text("The *parties* met in [Geneva](https://example.org/a)[^un-jcc].", cite)
	}
}

func BenchmarkText(b *testing.B) {
	paragraph := "The *parties* met in [Geneva](https://example.org/a)[^un-jcc] and **agreed** on a text.\n\n- one\n- two\n\n"
	markdown := strings.Repeat(paragraph, 400)
	b.SetBytes(int64(len(markdown)))
	for b.Loop() {
		Text(markdown, cite)
	}
}
