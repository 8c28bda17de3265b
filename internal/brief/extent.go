package brief

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A Span is a part of a text, from the byte From up to the byte To, which is not in it.
type Span struct{ From, To int }

// A spot is a node, and the indentation of the block that it stands in: the column
// from 0 of the nearest block mapping or list around it, -1 if there is none. The text
// of a block scalar counts from there.
type spot struct {
	node   *yaml.Node
	indent int
}

func (t *Text) top() spot { return spot{t.root, -1} }

// noteAnchors records what the nodes stand in that aliases stand for.
func (t *Text) noteAnchors() {
	if bytes.IndexByte(t.data, '*') < 0 || bytes.IndexByte(t.data, '&') < 0 {
		return
	}
	t.around = make(map[*yaml.Node]int)
	var walk func(s spot)
	walk = func(s spot) {
		if s.node.Anchor != "" {
			t.around[s.node] = s.indent
		}
		if len(s.node.Content) == 0 {
			return
		}
		inner := t.indent(s)
		for _, child := range s.node.Content {
			walk(spot{child, inner})
		}
	}
	walk(t.top())
}

// written returns what an alias stands for, and any other node itself.
func (t *Text) written(s spot) spot {
	for s.node.Kind == yaml.AliasNode {
		s = spot{s.node.Alias, t.around[s.node.Alias]}
	}
	return s
}

// valueOf returns the value for a key of the mapping at s: its own, or else what merge
// keys bring in.
func (t *Text) valueOf(s spot, key string) (spot, bool) {
	return t.valueWithin(s, key, 0)
}

func (t *Text) valueWithin(s spot, key string, depth int) (spot, bool) {
	s = t.written(s)
	if s.node.Kind != yaml.MappingNode || depth > maxExpansion {
		return spot{}, false
	}
	if _, value, ok := t.entry(s, key); ok {
		return value, true
	}
	inner := t.indent(s)
	for i := 0; i+1 < len(s.node.Content); i += 2 {
		if !isMerge(s.node.Content[i]) {
			continue
		}
		from := []spot{{s.node.Content[i+1], inner}}
		if list := t.items(from[0]); list != nil {
			from = list
		}
		for _, each := range from {
			if value, ok := t.valueWithin(each, key, depth+1); ok {
				return value, true
			}
		}
	}
	return spot{}, false
}

// entry returns the first entry for a key that the mapping at s itself has.
func (t *Text) entry(s spot, name string) (key, value spot, ok bool) {
	for i := 0; i+1 < len(s.node.Content); i += 2 {
		k := s.node.Content[i]
		if n := target(k); n.Kind == yaml.ScalarNode && n.Value == name && !isMerge(k) {
			inner := t.indent(s)
			return spot{k, inner}, spot{s.node.Content[i+1], inner}, true
		}
	}
	return spot{}, spot{}, false
}

// start returns the first byte of a node: of its anchor or tag, if it has one.
func (t *Text) start(n *yaml.Node) int { return t.starts()[n] }

// findStarts finds where the nodes begin, in their order, since a ruler counts a line from
// its start otherwise, and all of a brief may be in one.
func (t *Text) findStarts() map[*yaml.Node]int {
	starts := make(map[*yaml.Node]int)
	r := t.lines.yaml
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		starts[n] = r.find(place{n.Line, n.Column})
		for _, child := range n.Content {
			walk(child)
		}
	}
	walk(t.root)
	return starts
}

// span returns where a node stands.
func (t *Text) span(s spot) Span {
	from := t.start(s.node)
	return Span{from, max(from, t.end(s))}
}

// end returns the byte after a node.
func (t *Text) end(s spot) int {
	start := t.start(s.node)
	switch {
	case s.node.Kind == yaml.AliasNode:
		return start + len("*") + len(s.node.Value)
	case s.node.Kind == yaml.ScalarNode:
		return t.scalarEnd(s, t.content(s.node))
	case len(s.node.Content) == 0:
		return t.bracketEnd(t.content(s.node))
	}
	last := t.lastEnd(s)
	if open := t.content(s.node); s.node.Style&yaml.FlowStyle != 0 && t.opens(s.node, open) {
		return t.bracketEnd(max(last, open))
	}
	return last
}

// content returns where a node begins after its anchor and tag.
func (t *Text) content(n *yaml.Node) int {
	at := t.start(n)
	if len(n.Content) > 0 && t.start(n.Content[0]) == at {
		return at // what stands here is its first key's
	}
	for at < len(t.data) && (t.data[at] == '&' || t.data[at] == '!') {
		if n.Kind == yaml.ScalarNode && n.Value == "" && n.Style&^yaml.TaggedStyle == 0 {
			return t.bareEnd(at) // nothing comes after them
		}
		at = t.skipSpace(t.wordEnd(at, n.Style&yaml.FlowStyle != 0))
	}
	return at
}

// bareEnd returns the byte after an anchor, a tag or both.
func (t *Text) bareEnd(at int) int {
	for {
		end := t.wordEnd(at, true)
		next := t.skipSpace(end)
		if next == end || next == len(t.data) || t.data[next] != '&' && t.data[next] != '!' || t.data[next] == t.data[at] {
			return end
		}
		at = next
	}
}

// wordEnd returns the byte after an anchor or a tag.
func (t *Text) wordEnd(at int, flow bool) int {
	if bytes.HasPrefix(t.data[at:], []byte("!<")) {
		if i := bytes.IndexByte(t.data[at:], '>'); i >= 0 {
			return at + i + 1
		}
	}
	ends := " \t\r\n"
	if flow || t.data[at] == '&' {
		ends += ",[]{}:"
	}
	i := bytes.IndexFunc(t.data[at+1:], func(c rune) bool {
		return strings.ContainsRune(ends, c) && !(c == ':' && t.data[at] == '!') || isBreak(c)
	})
	if i < 0 {
		return len(t.data)
	}
	return at + 1 + i
}

// opens reports whether a node written in brackets or braces begins with one. One in
// brackets may be “key: value” alone.
func (t *Text) opens(n *yaml.Node, at int) bool {
	if len(n.Content) > 0 && t.start(n.Content[0]) == t.start(n) {
		return false
	}
	return at < len(t.data) && (t.data[at] == '[' || t.data[at] == '{')
}

// bracketEnd returns the byte after the next closing bracket or brace. There is
// nothing but space, commas and comments before it.
func (t *Text) bracketEnd(at int) int {
	for at < len(t.data) {
		switch t.data[at] {
		case ']', '}':
			return at + 1
		case '#':
			at = t.lineEnd(at)
		default:
			at++
		}
	}
	return at
}

// lastEnd returns the byte after the last child of a node.
func (t *Text) lastEnd(s spot) int {
	inner := t.indent(s)
	last := len(s.node.Content) - 1
	value := spot{s.node.Content[last], inner}
	if s.node.Kind == yaml.SequenceNode {
		return t.end(value)
	}
	key := t.end(spot{s.node.Content[last-1], inner})
	at := t.start(value.node)
	if t.end(value) == at && at > 0 && t.data[at-1] != ':' {
		return key // the library puts what is not there where the next thing begins
	}
	return max(key, t.end(value))
}

// indent returns the indentation that what stands in the node counts from.
func (t *Text) indent(s spot) int {
	if s.node.Style&yaml.FlowStyle != 0 || len(s.node.Content) == 0 {
		return s.indent
	}
	at := t.content(s.node)
	start := t.lineStart(at)
	return utf8.RuneCount(t.data[start:at])
}

// scalarEnd returns the byte after a scalar whose text begins at a byte.
func (t *Text) scalarEnd(s spot, at int) int {
	switch n := s.node; {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return t.quoteEnd(at+1, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return t.quoteEnd(at+1, '\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return t.blockEnd(s, at)
	default:
		return t.plainEnd(at, n.Value)
	}
}

// quoteEnd returns the byte after a closing quotation mark.
func (t *Text) quoteEnd(at int, mark byte) int {
	for ; at < len(t.data); at++ {
		switch {
		case t.data[at] == '\\' && mark == '"':
			at++
		case t.data[at] == mark && mark == '\'' && bytes.HasPrefix(t.data[at+1:], []byte{mark}):
			at++
		case t.data[at] == mark:
			return at + 1
		}
	}
	return len(t.data)
}

// plainEnd returns the byte after a text without quotation marks, which may be folded
// anywhere between its words and is otherwise there as it is.
func (t *Text) plainEnd(at int, value string) int {
	for _, word := range strings.FieldsFunc(value, isPlainSpace) {
		at = t.skipSpace(at)
		if !bytes.HasPrefix(t.data[at:], []byte(word)) {
			return at
		}
		at += len(word)
	}
	return at
}

func isPlainSpace(c rune) bool { return c == ' ' || c == '\t' || isBreak(c) }

// isBreak reports whether YAML ends a line with c.
func isBreak(c rune) bool {
	return c == '\n' || c == '\r' || c == '\u0085' || c == '\u2028' || c == '\u2029'
}

// skipSpace returns the first byte from at on that is neither space nor the end of a
// line.
func (t *Text) skipSpace(at int) int {
	if i := bytes.IndexFunc(t.data[at:], func(c rune) bool { return !isPlainSpace(c) }); i >= 0 {
		return at + i
	}
	return len(t.data)
}

// lineStart returns the first byte of the line, as YAML counts, in which a byte is.
func (t *Text) lineStart(at int) int {
	starts := t.lines.yaml.starts
	lo, hi := 0, len(starts)
	for lo+1 < hi {
		if mid := (lo + hi) / 2; starts[mid] <= at {
			lo = mid
		} else {
			hi = mid
		}
	}
	return starts[lo]
}

// lineEnd returns the byte after the last of a line, before its break.
func (t *Text) lineEnd(at int) int {
	if i := bytes.IndexFunc(t.data[at:], isBreak); i >= 0 {
		return at + i
	}
	return len(t.data)
}

// nextLine returns the first byte of the line after the break at a byte.
func (t *Text) nextLine(at int) int {
	if bytes.HasPrefix(t.data[at:], []byte("\r\n")) {
		return at + 2
	}
	_, size := utf8.DecodeRune(t.data[at:])
	return at + size
}

// blockEnd returns the byte after a block scalar whose | or > is at a byte.
func (t *Text) blockEnd(s spot, at int) int {
	end := t.lineEnd(at)
	header := string(t.data[at:end])
	keep, explicit := blockHeader(header)
	if !keep && explicit == 0 && strings.TrimFunc(s.node.Value, isBreak) == "" {
		return t.headerEnd(at, header)
	}
	indent, found := 0, false
	if explicit > 0 {
		indent, found = max(s.indent, 0)+explicit, true
	}
	hasText := strings.TrimFunc(s.node.Value, isBreak) != ""
	last := t.headerEnd(at, header)
	for end < len(t.data) {
		line := t.nextLine(end)
		end = t.lineEnd(line)
		text := t.data[line:end]
		spaces := len(text) - len(bytes.TrimLeft(text, " "))
		blank := spaces == len(text)
		if !found && !blank && hasText {
			indent, found = spaces, true
		}
		switch {
		case blank && line == len(t.data):
		case blank && (keep || found && spaces > indent):
			last = end
		case blank:
		case !found || spaces < indent:
			return last
		default:
			last = end
		}
	}
	return last
}

// headerEnd returns the byte after the header of a block scalar, without a comment.
func (t *Text) headerEnd(at int, header string) int {
	if i := strings.IndexAny(header, " \t"); i >= 0 {
		header = header[:i]
	}
	return at + len(header)
}

// blockHeader reads the indicators of a block scalar.
func blockHeader(header string) (keep bool, indent int) {
	for _, c := range header[1:] {
		switch {
		case c == '+':
			keep = true
		case c >= '1' && c <= '9':
			indent = int(c - '0')
		case c != '-' || unicode.IsSpace(c):
			return keep, indent
		}
	}
	return keep, indent
}
