package web

import (
	"slices"
	"strings"
)

// A kind is what a node is on the screen. The templates know every one.
type kind string

// The kinds of nodes. Those with children show them; the others show their text.
const (
	textNode      kind = "text"
	boldNode      kind = "bold"
	italicNode    kind = "italic"
	underlineNode kind = "underline"
	strikeNode    kind = "strike"
	spoilerNode   kind = "spoiler"
	linkNode      kind = "link"
	quoteNode     kind = "quote"
	headingNode   kind = "heading" // Level 1 to 3
	smallNode     kind = "small"
	listNode      kind = "list" // of itemNodes
	orderedNode   kind = "ordered"
	itemNode      kind = "item"
	codeNode      kind = "code"
	preNode       kind = "pre"
	mentionNode   kind = "mention" // something that would notify, or open something of the service's own
	paraNode      kind = "para"
	citeNode      kind = "cite" // leads to a source on the same page
)

// A node is a piece of text as a client shows it.
type node struct {
	Kind  kind
	Text  string
	URL   string
	Level int
	Kids  []node
}

// appendText appends s to nodes, joined to a text that stands last.
func appendText(nodes []node, s string) []node {
	if s == "" {
		return nodes
	}
	if n := len(nodes); n > 0 && nodes[n-1].Kind == textNode {
		nodes[n-1].Text += s
		return nodes
	}
	return append(nodes, node{Kind: textNode, Text: s})
}

// plainText returns what nodes say, without any style.
func plainText(nodes []node) string {
	var b strings.Builder
	writePlain(&b, nodes)
	return b.String()
}

func writePlain(b *strings.Builder, nodes []node) {
	for _, n := range nodes {
		b.WriteString(n.Text)
		writePlain(b, n.Kids)
		if slices.Contains([]kind{paraNode, quoteNode, itemNode, headingNode, preNode}, n.Kind) {
			b.WriteByte('\n')
		}
	}
}

// A button is a button under a message: it leads to URL, or carries Data back.
type button struct {
	ID       string // of the page's element
	Label    string
	URL      string
	Data     string
	Current  bool // shown as chosen
	Disabled bool
}

// A measure is how much of a limit a message uses.
type measure struct {
	Used, Limit int
	Unit        string
}

// Over reports whether the service would refuse the message for it.
func (m measure) Over() bool { return m.Limit > 0 && m.Used > m.Limit }
