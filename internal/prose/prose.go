package prose

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extension "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/briefbot/briefbot/internal/chat"
)

// A Cite returns the number under which a source is listed and, where it has one,
// its address. A citation that is not ok stays as it was written.
type Cite func(id string) (number int, url string, ok bool)

// Text returns markdown as styled text.
//
// It knows paragraphs (with an empty line between them), emphasis, strikethrough,
// code, links to http and https, lists and quotes. [^id] becomes “[3]” and leads to
// the source's address. A heading becomes a bold line, a picture its alternative
// text, and a line break within a paragraph a space. Everything else stays as it was
// written: raw HTML and its entities, addresses in plain text, and the address of a
// link that leads elsewhere than to http or https, which follows its text. A nil
// cite leaves every citation as it was written, and so does a markdown of more than
// 32 KiB with everything in it: no prose is as long, and parsing takes time with the
// square of the length.
func Text(markdown string, cite Cite) chat.Text {
	if len(markdown) > maxLength {
		return chat.Plainly(markdown).Tidy()
	}
	source := []byte(strings.ToValidUTF8(markdown, "\uFFFD"))
	w := writer{source: source, cite: cite}
	w.blocks(smallMarkdown().Parse(text.NewReader(source)), "\n\n")
	return w.text.Tidy()
}

const maxLength = 32 << 10

// A writer turns a tree of nodes into spans.
type writer struct {
	source []byte
	cite   Cite
	text   chat.Text
	style  chat.Style
	url    string
	indent string // of the lines of a list
	depth  int    // of the list
}

// write appends s in the current style.
func (w *writer) write(s string) { w.writeLink(s, w.url) }

func (w *writer) writeLink(s, url string) {
	style := w.style
	if style&chat.Code != 0 { // combines with nothing
		style, url = chat.Code, ""
	}
	if s != "" {
		w.text = append(w.text, chat.Span{Text: s, Style: style, URL: url})
	}
}

// with writes the children of n in one more style.
func (w *writer) with(style chat.Style, n ast.Node, children func(ast.Node)) {
	before := w.style
	w.style |= style
	children(n)
	w.style = before
}

// blocks writes the blocks in n with a separator between them.
func (w *writer) blocks(n ast.Node, separator string) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.PreviousSibling() != nil {
			if _, list := c.(*ast.List); list && w.depth > 0 {
				w.write("\n" + w.indent)
			} else {
				w.write(separator + w.indent)
			}
		}
		w.block(c)
	}
}

func (w *writer) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		w.with(chat.Bold, n, w.inlines)
	case *ast.Blockquote:
		w.with(chat.Quote, n, func(n ast.Node) { w.blocks(n, "\n\n") })
	case *ast.List:
		w.list(n)
	case *ast.ThematicBreak:
		w.write("———")
	default: // a paragraph, or the text of a tight list's item
		w.inlines(n)
	}
}

// list writes one line an item, with what is nested indented under it.
func (w *writer) list(n *ast.List) {
	indent := w.indent
	w.depth++
	number := n.Start
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		mark := "• "
		if w.depth%2 == 0 {
			mark = "◦ "
		}
		if n.IsOrdered() {
			mark = strconv.Itoa(number) + ". "
			number++
		}
		if c.PreviousSibling() != nil {
			w.write("\n" + indent)
		}
		w.write(mark)
		w.indent = indent + "  "
		if _, list := c.FirstChild().(*ast.List); list { // nothing but a list in it
			w.write("\n" + w.indent)
		}
		w.blocks(c, "\n")
		w.indent = indent
	}
	w.depth--
}

// inlines writes the children of n.
func (w *writer) inlines(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.inline(c)
	}
}

func (w *writer) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.words(n)
	case *ast.Emphasis:
		w.with(emphasis(n.Level), n, w.inlines)
	case *extension.Strikethrough:
		w.with(chat.Strike, n, w.inlines)
	case *ast.CodeSpan:
		w.code(n)
	case *ast.Link:
		w.link(n)
	case *ast.AutoLink:
		label := string(n.Label(w.source))
		w.writeLink(label, address(label))
	case *ast.RawHTML:
		w.write(joinLines(string(n.Segments.Value(w.source))))
	case *citation:
		w.citation(n)
	default: // a picture: its alternative text
		w.inlines(n)
	}
}

func emphasis(level int) chat.Style {
	if level > 1 {
		return chat.Bold
	}
	return chat.Italic
}

func (w *writer) words(n *ast.Text) {
	s := n.Segment.Value(w.source)
	if !n.IsRaw() {
		s = util.UnescapePunctuations(s)
	}
	w.write(string(s))
	switch {
	case n.HardLineBreak():
		w.write("\n" + w.indent)
	case n.SoftLineBreak():
		w.write(" ")
	}
}

// code writes a code span. In a quotation it is plain, because code combines with
// nothing and would tear the quotation in two.
func (w *writer) code(n *ast.CodeSpan) {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(w.source))
		}
	}
	style := chat.Code
	if w.style&chat.Quote != 0 {
		style = 0
	}
	w.with(style, n, func(ast.Node) { w.write(joinLines(b.String())) })
}

func joinLines(s string) string { return strings.ReplaceAll(s, "\n", " ") }

func (w *writer) link(n *ast.Link) {
	destination := string(util.UnescapePunctuations(n.Destination))
	before := w.url
	w.url = address(destination)
	start := len(w.text)
	w.inlines(n)
	if w.url == "" && destination != "" && w.text[start:].String() != destination {
		w.write(" (" + destination + ")")
	}
	w.url = before
}

// address returns destination if a reader may be led there: http or https, with a
// host, without a user's name.
func address(destination string) string {
	u, err := url.Parse(destination)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return ""
	}
	return u.String()
}

func (w *writer) citation(n *citation) {
	if w.cite != nil {
		if number, url, ok := w.cite(n.id); ok {
			if w.url != "" {
				url = w.url
			}
			w.writeLink("["+strconv.Itoa(number)+"]", address(url))
			return
		}
	}
	w.write("[^" + n.id + "]")
}
