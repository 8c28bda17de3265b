package web

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// A markdown reads text as Discord's client does: in the order and with the
// expressions of the rules that the client is built on, so that a character the
// adapter forgot to escape forms here what it would form there
// (https://support.discord.com/hc/en-us/articles/210298617).
type markdown struct {
	inline bool // no headings, lists, quotes: a title or the name of a field
	quoted bool // within a quote, which holds no other
	linked bool // within a link, which holds no other
}

// maxNesting bounds how deep styles are followed; what is nested deeper is shown
// as it is written.
const maxNesting = 24

// parse returns what s looks like.
func (m markdown) parse(s string) []node { return m.nested(s, 0) }

func (m markdown) nested(s string, depth int) []node {
	var nodes []node
	if depth > maxNesting {
		return appendText(nodes, s)
	}
	fresh := true // a line begins here
	for s != "" {
		n, used, ok := node{}, 0, false
		if fresh && !m.inline {
			n, used, ok = m.block(s, depth)
		}
		if !ok {
			n, used, ok = m.span(s, depth)
		}
		if !ok {
			_, used = utf8.DecodeRuneInString(s)
			n = node{Kind: textNode, Text: s[:used]}
		}
		if n.Kind == textNode {
			nodes = appendText(nodes, n.Text)
		} else {
			nodes = append(nodes, n)
		}
		fresh = s[used-1] == '\n'
		s = s[used:]
	}
	return nodes
}

var (
	headingRule  = regexp.MustCompile(`^(#{1,3})[ \t]+([^\n]+)(?:\n|$)`)
	smallRule    = regexp.MustCompile(`^-#[ \t]+([^\n]+)(?:\n|$)`)
	listRule     = regexp.MustCompile(`^ *(?:[-*]|\d+\.) +\S`)
	listItemRule = regexp.MustCompile(`^( *)([-*]|\d+\.) +([^\n]*)(?:\n|$)`)
	longQuote    = regexp.MustCompile(`^ *>>> +([\s\S]*)`)
	quoteLine    = regexp.MustCompile(`^ *> ([^\n]*)(?:\n|$)`)
	codeBlock    = regexp.MustCompile("^```(?:[A-Za-z0-9_+.#-]+\n)?\n*([^\n][\\s\\S]*?)\n*```")
)

// block reads what only stands at the beginning of a line.
func (m markdown) block(s string, depth int) (node, int, bool) {
	if h := headingRule.FindStringSubmatch(s); h != nil {
		return node{Kind: headingNode, Level: len(h[1]), Kids: m.spans(h[2], depth)}, len(h[0]), true
	}
	if h := smallRule.FindStringSubmatch(s); h != nil {
		return node{Kind: smallNode, Kids: m.spans(h[1], depth)}, len(h[0]), true
	}
	if !m.quoted {
		if n, used, ok := m.quote(s, depth); ok {
			return n, used, true
		}
	}
	if listRule.MatchString(s) {
		return m.list(s, depth)
	}
	return node{}, 0, false
}

// spans reads s without its blocks.
func (m markdown) spans(s string, depth int) []node {
	m.inline = true
	return m.nested(s, depth+1)
}

func (m markdown) quote(s string, depth int) (node, int, bool) {
	inner, used := "", 0
	if q := longQuote.FindStringSubmatch(s); q != nil {
		inner, used = q[1], len(q[0])
	} else {
		for {
			q := quoteLine.FindStringSubmatch(s[used:])
			if q == nil {
				break
			}
			inner += q[1] + "\n"
			used += len(q[0])
		}
	}
	if used == 0 {
		return node{}, 0, false
	}
	m.quoted = true
	return node{Kind: quoteNode, Kids: m.nested(strings.TrimSuffix(inner, "\n"), depth+1)}, used, true
}

// list reads the items that follow one another. Deeper ones become lists of the
// item they stand under.
func (m markdown) list(s string, depth int) (node, int, bool) {
	first := listItemRule.FindStringSubmatch(s)
	if first == nil || depth > maxNesting {
		return node{}, 0, false
	}
	list := node{Kind: listNode}
	if first[2] != "-" && first[2] != "*" {
		list = node{Kind: orderedNode, Text: ""}
	}
	indent, used := len(first[1]), 0
	for {
		item := listItemRule.FindStringSubmatch(s[used:])
		if item == nil || len(item[1]) < indent {
			break
		}
		if len(item[1]) > indent && len(list.Kids) > 0 {
			inner, n, ok := m.list(s[used:], depth+1)
			if !ok {
				break
			}
			last := &list.Kids[len(list.Kids)-1]
			last.Kids = append(last.Kids, inner)
			used += n
			continue
		}
		list.Kids = append(list.Kids, node{Kind: itemNode, Kids: m.spans(item[3], depth)})
		used += len(item[0])
	}
	return list, used, true
}
