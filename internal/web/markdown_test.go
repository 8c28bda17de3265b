package web

import (
	"fmt"
	"strings"
	"testing"
)

// sketch writes nodes as kind(…), text as it is.
func sketch(nodes []node) string {
	var b strings.Builder
	for _, n := range nodes {
		if n.Kind == textNode {
			b.WriteString(n.Text)
			continue
		}
		name := string(n.Kind)
		if n.Level > 0 {
			name += fmt.Sprint(n.Level)
		}
		b.WriteString(name + "(" + n.Text + sketch(n.Kids))
		if n.URL != "" && n.URL != plainText(n.Kids) {
			b.WriteString(" → " + n.URL)
		}
		b.WriteString(")")
	}
	return b.String()
}

// TestMarkdownAsDiscordReadsIt holds what Discord's client makes of text.
func TestMarkdownAsDiscordReadsIt(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain", "plain"},
		{"**bold** *it* _it_ __under__ ~~gone~~ ||psst||", "bold(bold) italic(it) italic(it) underline(under) strike(gone) spoiler(psst)"},
		{"***both***", "italic(bold(both))"},
		{"**a *b* c**", "bold(a italic(b) c)"},
		{`\*no\* \_no\_ \~~no\~~ \|\|no\|\|`, "*no* _no_ ~~no~~ ||no||"},
		{`\\*it*`, `\italic(it)`},
		{`a\b \ c`, `a\b \ c`},
		{"snake_case_name and _it_", "snake_case_name and italic(it)"},
		{"2 * 3 * 4", "2 * 3 * 4"},
		{"*open **open", "*open **open"},
		{"**", "**"},
		{"~~a~~_b", "~~a~~_b"},
		{"`code **x**` ``a`b``", "code(code **x**) code(a`b)"},
		{"`open", "`open"},
		{"```go\nx := 1\n```", "pre(x := 1)"},
		{"```\n**x**\n```after", "pre(**x**)after"},
		{"[label](https://example.org/)", "link(label → https://example.org/)"},
		{"[**bold**](<https://example.org/a%29>)", "link(bold(bold) → https://example.org/a%29)"},
		{`[a\]b](https://example.org "title")`, "link(a]b → https://example.org)"},
		{"[x](javascript:alert)", "[x](javascript:alert)"},
		{"[x](https://)", "[x](https://)"},
		{"[https://a.example](https://b.example)", "[link(https://a.example](https://b.example))"},
		{"[x] (https://example.org)", "[x] (link(https://example.org))"},
		{`\[x\](https://example.org/)`, "[x](link(https://example.org/))"},
		{"see https://example.org/a_b_c.", "see link(https://example.org/a_b_c)."},
		{"(https://example.org/x)", "(link(https://example.org/x))"},
		{"<https://example.org>", "link(https://example.org)"},
		{`https\://example.org`, "https://example.org"},
		{"@everyone <@1> <@&2> <#3> <:x:4> <t:5:R>", "mention(@everyone) mention(<@1>) mention(<@&2>) mention(<#3>) mention(<:x:4>) mention(<t:5:R>)"},
		{"@\u200beveryone \\<@1>", "@\u200beveryone <@1>"},
		{"# One\n## Two\n### Three\n#### four\n#five", "heading1(One)heading2(Two)heading3(Three)#### four\n#five"},
		{`\# not`, "# not"},
		{"x # not", "x # not"},
		{"-# small", "small(small)"},
		{"- a\n- b\n  - c\n- d", "list(item(a)item(blist(item(c)))item(d))"},
		{"1. a\n2. b", "ordered(item(a)item(b))"},
		{`\- a` + "\n" + `1\. b`, "- a\n1. b"},
		{"> a\n> **b**\nc", "quote(a\nbold(b))c"},
		{">>> a\nb", "quote(a\nb)"},
		{`\> a`, "> a"},
		{"> > a", "quote(> a)"},
		{"Привіт **світ** 🇺🇦 *e\u0301*", "Привіт bold(світ) 🇺🇦 italic(e\u0301)"},
	} {
		if got := sketch(markdown{}.parse(c.in)); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

// TestMarkdownInTitles holds that a title has no blocks and no links.
func TestMarkdownInTitles(t *testing.T) {
	got := sketch(markdown{inline: true, linked: true}.parse("# *a* [b](https://example.org) - c"))
	if want := "# italic(a) [b](https://example.org) - c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzMarkdown reads anything, quickly and without losing a letter that is no
// part of a mark.
func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"**a**", "> a\n> b", "- a\n  - b", strings.Repeat("*_~|`[", 200), strings.Repeat("> ", 300), strings.Repeat("- a\n ", 100),
		"[[[[](((", "```\n```", "\\", "<t:1>", "1. \n2.", "\xff*a*\xff", strings.Repeat("[", 2000), strings.Repeat("**a", 700)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 8192 {
			return
		}
		got := letters(plainText(markdown{}.parse(s)))
		if strings.ContainsAny(s, "()<`") || letters(s) == got {
			return // addresses and the names of languages are not shown
		}
		if n, m := len([]rune(got)), len([]rune(letters(s))); n > m {
			t.Errorf("%q: letters were invented: %q", s, got)
		}
	})
}
