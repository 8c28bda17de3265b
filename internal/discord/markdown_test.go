package discord

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
)

func TestMarkdown(t *testing.T) {
	for name, test := range map[string]struct {
		text chat.Text
		want string
	}{
		"plain":                  {chat.Plainly("Talks in Geneva"), "Talks in Geneva"},
		"bold and italic":        {chat.Text{{Text: "a"}, {Text: "b", Style: chat.Bold}, {Text: "c", Style: chat.Italic}}, "a**b**" + gap + "*c*"},
		"both at once":           {chat.Styled("x", chat.Bold|chat.Italic), "***x***"},
		"struck":                 {chat.Styled("gone", chat.Strike), "~~gone~~"},
		"struck and bold":        {chat.Styled("gone", chat.Strike|chat.Bold), "~~**gone**~~"},
		"spaces stay outside":    {chat.Text{{Text: " b ", Style: chat.Bold}, {Text: "c"}}, " **b** c"},
		"bold ends in a star":    {chat.Styled("a*", chat.Bold), `**a\*` + gap + `**`},
		"neighbours are joined":  {chat.Text{{Text: "a", Style: chat.Bold}, {Text: "b", Style: chat.Bold}}, "**ab**"},
		"italic with a star":     {chat.Styled("a*b", chat.Italic), `a\*b`},
		"code":                   {chat.Styled("a*b_c", chat.Code), "`a*b_c`"},
		"code with a backtick":   {chat.Styled("a`b", chat.Code), "a\\`b"},
		"link":                   {chat.Link("source", "https://example.org/a_(b)"), "[source](<https://example.org/a_%28b%29>)"},
		"citation":               {chat.Link("[3]", "https://example.org/"), `[\[3\]](<https://example.org/>)`},
		"link with odd brackets": {chat.Link("a] b", "https://example.org/"), `a\] b [link](<https://example.org/>)`},
		"link named an address":  {chat.Link("https://a.example/", "https://b.example/"), `https\://a.example/ [link](<https://b.example/>)`},
		"bad link":               {chat.Link("x", "javascript:alert(1)"), "x"},
		"link with a password":   {chat.Link("x", "https://u:p@example.org/"), "x"},
		"lines":                  {chat.Styled("a\n\nb", chat.Bold), "**a**\n\n**b**"},
		"quote":                  {chat.Text{{Text: "He said:"}, {Text: "one\ntwo", Style: chat.Quote}, {Text: "after"}}, "He said\\:\n> one\n> two\nafter"},
		"quoted paragraphs":      {chat.Text{{Text: "one\n\ntwo\n", Style: chat.Quote}, {Text: "after"}}, "> one\n> \n> two\nafter"},
		"a quote of two styles":  {chat.Text{{Text: "one ", Style: chat.Quote}, {Text: "two", Style: chat.Quote | chat.Bold}, {Text: "\n"}}, "> one **two**"},
		"heading":                {chat.Plainly("# a\n## b\n-# c"), "\\# a\n\\## b\n\\-\\# c"},
		"lists":                  {chat.Plainly("- a\n+ b\n* c\n1. d\n2025. e\n  - f"), "\\- a\n\\+ b\n\\* c\n1\\. d\n2025\\. e\n  \\- f"},
		"numbers stay":           {chat.Plainly("1.5 million, 12:30"), `1\.5 million, 12\:30`},
		"everyone":               {chat.Plainly("@everyone <@123> <#5> <:a:1>"), "@" + gap + `everyone \<@` + gap + `123\> \<#5\> \<\:a\:1\>`},
		"address":                {chat.Plainly("see https://example.org/x_y_z"), `see https\://example.org/x\_y\_z`},
		"emoji code":             {chat.Plainly(":smile: a:b"), `\:smile: a\:b`},
		"html":                   {chat.Plainly("<b>&amp;"), `\<b\>&amp;`},
		"control characters":     {chat.Plainly("a\x00b\x1b[0m\r\nc\td"), "ab\\[0m\nc d"},
		"turned direction":       {chat.Text{{Text: "a\u202egpj.exe"}, {Text: "\u202bb\u202c"}}, "agpj.exeb"},
		"broken text":            {chat.Plainly("a\xffb"), "a\uFFFDb"},
		"blank ends":             {chat.Plainly("\n\n a \n\n"), " a "},
		"empty":                  {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(test.want, markdown(test.text)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// hostile are pieces of text that mean something to Discord.
var hostile = []string{
	"*", "**", "_", "__", "~~", "`", "```", "|", "||", "[", "]", "(", ")", "](", "<", ">", ">>> ", "> ", "# ", "## ", "-# ", "- ", "+ ", "1. ", "12. ",
	"@everyone", "@here", "<@123>", "<@&5>", "<#77>", "<:x:1>", "<t:123:f>", "</a:1>", "<id:guide>", ":smile:", ":", "://", "https://example.org/a_b*c", "http",
	"\\", "\\\\", "\n", "\n\n", " ", "  ", "a", "слово", "Ω", "漢字", "é", "e\u0301", "👩‍👩‍👧", "\u200b", "\u202e", "README.md", "snake_case_name", "<b>&amp;", "!", "[x](https://a.b)", "[^1]", "@", "#", "\t", "\r",
}

func hostileText(r *rand.Rand, n int) string {
	var b strings.Builder
	for range r.IntN(n) + 1 {
		b.WriteString(hostile[r.IntN(len(hostile))])
	}
	return b.String()
}

// shown is a text as a reader should see it: without what no message holds, and
// without signs that have no width.
func shown(s string) string {
	lines := strings.Split(clean(s), "\n")
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), gap, "")
}

// checkPlain fails the test unless s is read as it stands, without any markup.
func checkPlain(t *testing.T, s string) {
	t.Helper()
	written := markdown(chat.Plainly(s))
	r := read(written)
	if len(r.nodes) > 0 {
		t.Errorf("%q is written %q, which has %q", s, written, r.nodes)
	}
	if got := strings.ReplaceAll(r.text.String(), gap, ""); got != shown(s) {
		t.Errorf("%q is written %q and read %q", s, written, got)
	}
}

func TestHostileTextFormsNoMarkup(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		checkPlain(t, hostileText(r, 12))
	}
}

// checkStyled fails the test unless the texts of spans are read as they stand, with
// no markup but their own.
func checkStyled(t *testing.T, spans chat.Text) {
	t.Helper()
	written := markdown(spans)
	r := read(written)
	var allowed []string
	var text strings.Builder
	quoted := false
	for _, s := range spans {
		text.WriteString(clean(s.Text))
		if u := safeURL(s.URL); u != "" {
			allowed = append(allowed, "link "+u)
		}
		quoted = quoted || s.Style&chat.Quote != 0
	}
	allowed = append(allowed, "***", "**", "*", "~~", "code")
	if quoted {
		allowed = append(allowed, "quote")
	}
	for _, n := range r.nodes {
		if !slices.Contains(allowed, n) {
			t.Errorf("%q is written %q, which has %q", spans, written, n)
		}
	}
	// A quote stands on lines of its own, and where a link cannot carry its text
	// the word “link” follows.
	strip := func(s string) string {
		return strings.ReplaceAll(strings.Join(strings.Fields(strings.ReplaceAll(s, gap, "")), ""), "link", "")
	}
	if got, want := strip(r.text.String()), strip(text.String()); got != want {
		t.Errorf("%q is written %q and read %q", spans, written, got)
	}
}

func TestHostileSpansFormTheirOwnMarkupOnly(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	addresses := []string{"", "", "https://example.org/x", "https://example.org/a_(b)?q=<x>&y=[1]", "javascript:alert(1)", "not an address"}
	for range 2_000 {
		var spans chat.Text
		for range r.IntN(4) + 1 {
			spans = append(spans, chat.Span{Text: hostileText(r, 5), Style: chat.Style(r.IntN(32)), URL: addresses[r.IntN(len(addresses))]})
		}
		checkStyled(t, spans)
		if t.Failed() {
			return
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, uint8(0), s+"x", uint8(3), "https://example.org/"+s)
	}
	f.Fuzz(func(t *testing.T, a string, styleA uint8, b string, styleB uint8, address string) {
		if len(a)+len(b)+len(address) > 1000 {
			t.Skip("reading it back would take too long")
		}
		checkPlain(t, a+b)
		checkStyled(t, chat.Text{{Text: a, Style: chat.Style(styleA & 31)}, {Text: b, Style: chat.Style(styleB & 31), URL: address}})
	})
}

func TestSafeURL(t *testing.T) {
	for given, want := range map[string]string{
		"https://example.org/a b":                          "https://example.org/a%20b",
		"HTTPS://example.org":                              "https://example.org",
		"https://example.org/ж":                            "https://example.org/%D0%B6",
		"https://example.org/>)[x](https://b/":             "https://example.org/%3E%29%5Bx%5D%28https://b/",
		"ftp://example.org/":                               "",
		"https://":                                         "",
		"//example.org/":                                   "",
		"https://u@example.org/":                           "",
		"https://example.org/\n":                           "https://example.org/",
		"https://example.org/" + strings.Repeat("x", 3000): "",
	} {
		if got := safeURL(given); got != want {
			t.Errorf("safeURL(%q) = %q, want %q", given, got, want)
		}
	}
}
