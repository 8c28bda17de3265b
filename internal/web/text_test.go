package web

import (
	"testing"

	"github.com/briefbot/briefbot/internal/chat"
)

// TestProseAsBlocks makes paragraphs, lists and quotes of prose.
func TestProseAsBlocks(t *testing.T) {
	number := func(id string) (int, bool) { return 3, id == "wire" }
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"One\nline.\n\nTwo.", "para(One line.)para(Two.)"},
		{"*a* **b** ~~c~~ `d`", "para(italic(a) bold(b) strike(c) code(d))"},
		{"Said.[^wire] And.[^other]", "para(Said.cite([3] → #source-wire) And.[^other])"},
		{"- a\n- **b**\n\nafter", "list(item(a)item(bold(b)))para(after)"},
		{"1. a\n2. b", "ordered(item(a)item(b))"},
		{"> said\n>\n> again\n\nafter", "quote(said)quote(again)para(after)"},
		{"# Head\n\ntext", "para(bold(Head))para(text)"},
		{"[x](https://example.org/) <b>", "para(link(x → https://example.org/) <b>)"},
		{"- a\n\n- b", "list(item(a)item(b))"},
	} {
		if got := sketch(proseNodes(c.in, number)); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

// TestTextAsBlocks splits text that no prose made.
func TestTextAsBlocks(t *testing.T) {
	text := chat.Text{{Text: "a\n"}, {Text: "b", Style: chat.Bold | chat.Italic}, {Text: "\n\n"}, {Text: "q\nr", Style: chat.Quote}, {Text: "\n• i"}, {Text: " and", URL: "https://example.org/"}}
	if got, want := sketch(textNodes(text)), "para(a\nbold(italic(b)))quote(q\nr)list(item(ilink( and → https://example.org/)))"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
