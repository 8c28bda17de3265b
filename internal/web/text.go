package web

import (
	"regexp"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/prose"
)

// citeHost stands in the addresses of citations between [prose.Text], which takes
// addresses of the web, and the page, where a citation leads to the list of its
// own sources.
const citeHost = "https://source.invalid/"

// proseNodes returns prose as paragraphs, lists and quotes. A citation leads to
// the source's place on the page.
func proseNodes(markdown string, number func(id string) (int, bool)) []node {
	return textNodes(prose.Text(markdown, func(id string) (int, string, bool) {
		n, ok := number(id)
		return n, citeHost + id, ok
	}))
}

// textNodes returns styled text as blocks: an empty line ends a paragraph, and a
// line that begins with a bullet or a number is an item of a list.
func textNodes(t chat.Text) []node {
	var blocks []node
	fresh := true // the next line joins no block
	for _, spans := range lines(t) {
		if len(spans) == 0 {
			fresh = true
			continue
		}
		k, kids := lineKind(spans)
		last := len(blocks) - 1
		if fresh && !(k == listNode || k == orderedNode) || last < 0 || blocks[last].Kind != k {
			blocks = append(blocks, node{Kind: k})
			last++
		} else if k == paraNode || k == quoteNode {
			blocks[last].Kids = appendText(blocks[last].Kids, "\n")
		}
		if k == listNode || k == orderedNode {
			kids = []node{{Kind: itemNode, Kids: kids}}
		}
		blocks[last].Kids = append(blocks[last].Kids, kids...)
		fresh = false
	}
	return blocks
}

// lines cuts text at its newlines. An empty line has no spans.
func lines(t chat.Text) [][]chat.Span {
	all := [][]chat.Span{nil}
	for _, s := range t {
		for i, part := range strings.Split(s.Text, "\n") {
			if i > 0 {
				all = append(all, nil)
			}
			if part != "" {
				s.Text = part
				all[len(all)-1] = append(all[len(all)-1], s)
			}
		}
	}
	return all
}

var (
	bullet   = regexp.MustCompile(`^\s*[•◦▪–-]\s+`)
	numbered = regexp.MustCompile(`^\s*\d+[.)]\s+`)
)

// lineKind returns what a line is part of, and what it says there.
func lineKind(spans []chat.Span) (kind, []node) {
	if spans[0].Style&chat.Quote != 0 {
		return quoteNode, spanNodes(spans)
	}
	for _, m := range []struct {
		marker *regexp.Regexp
		kind   kind
	}{{bullet, listNode}, {numbered, orderedNode}} {
		if mark := m.marker.FindString(spans[0].Text); mark != "" {
			rest := append([]chat.Span(nil), spans...)
			rest[0].Text = rest[0].Text[len(mark):]
			return m.kind, spanNodes(rest)
		}
	}
	return paraNode, spanNodes(spans)
}

func spanNodes(spans []chat.Span) []node {
	var nodes []node
	for _, s := range spans {
		if s.Text != "" {
			nodes = append(nodes, spanNode(s))
		}
	}
	return nodes
}

func spanNode(s chat.Span) node {
	n := node{Kind: textNode, Text: s.Text}
	if s.Style&chat.Code != 0 {
		n.Kind = codeNode
	}
	for _, w := range []struct {
		style chat.Style
		kind  kind
	}{{chat.Strike, strikeNode}, {chat.Italic, italicNode}, {chat.Bold, boldNode}} {
		if s.Style&w.style != 0 {
			n = node{Kind: w.kind, Kids: []node{n}}
		}
	}
	if id, ok := strings.CutPrefix(s.URL, citeHost); ok {
		return node{Kind: citeNode, URL: "#source-" + id, Kids: []node{n}}
	}
	if s.URL != "" {
		return node{Kind: linkNode, URL: s.URL, Kids: []node{n}}
	}
	return n
}
