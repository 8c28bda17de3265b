package brief

import (
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// A Text is a brief as written, with where everything in it stands. It never changes;
// many goroutines may use it at once.
type Text struct {
	path    string
	data    []byte
	root    *yaml.Node
	dossier *Dossier
	read    *Dossier
	lines   *layout
	around  map[*yaml.Node]int        // of anchored nodes, the indentation of what they stand in
	starts  func() map[*yaml.Node]int // where nodes begin, found when it is first asked
}

// ReadText reads a brief as it is written. The problems are those that [Decode] finds.
// The text is nil where data is not one YAML document; there is one of a file that is
// YAML but in error, so that things can be pointed at and mended.
func ReadText(path string, data []byte) (*Text, []Problem) {
	t, r := readAsText(path, data)
	return t, r.problems
}

func readAsText(path string, data []byte) (*Text, reading) {
	d := &decoder{path: path, data: data, ids: make(map[string]map[string]*yaml.Node)}
	r := protect(path, d.read)
	root := d.root
	if root == nil {
		root = unnamed(data)
	}
	if root == nil {
		return nil, r
	}
	t := &Text{path: path, data: data, root: root, dossier: r.dossier, read: r.read, lines: d.layout()}
	t.starts = sync.OnceValue(t.findStarts)
	t.noteAnchors()
	return t, r
}

// unnamed returns the document in data whatever the name of its file, or nil if it is
// none.
func unnamed(data []byte) *yaml.Node {
	d := &decoder{data: data}
	protect("", func() reading {
		d.root = d.parse()
		return reading{}
	})
	return d.root
}

// Dossier returns what the text says, or nil if it has errors.
func (t *Text) Dossier() *Dossier { return t.dossier }

// Read returns what could be read of the text even where it has errors: what is wrong is
// left out of it. It is nil where nothing could.
func (t *Text) Read() *Dossier { return t.read }

// Path returns the path that was given to [ReadText].
func (t *Text) Path() string { return t.path }

// Bytes returns the text itself, which must not be changed.
func (t *Text) Bytes() []byte { return t.data }

// Place returns the line and the column, both from 1, the column in characters, of a
// byte of the text; of what is beyond it, the nearest one.
func (t *Text) Place(offset int) (line, column int) {
	r := t.lines.editor // a ruler remembers, and a text may have many readers
	p := r.place(min(max(offset, 0), len(t.data)))
	return p.line, p.column
}

// Blocks returns where the texts stand that follow a | or a >, in the order of the file:
// in them every character counts, and nothing is a comment.
func (t *Text) Blocks() []Span {
	var blocks []Span
	var walk func(s spot)
	walk = func(s spot) {
		if s.node.Kind == yaml.ScalarNode && s.node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			blocks = append(blocks, t.span(s))
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
	return blocks
}

// Locate returns the bytes of the value that stands under a key of an item of a
// section, without the key. The item is named by its id, written or made of its name.
// With key "" it is the whole item; with item "" the value of the section, or that of
// a key of the top mapping, whose section is "". What an alias or a merge key brings in
// stands where it is written out.
//
// The value ends with its last character that is no line break, except that a block
// scalar with + has the empty lines that are part of it; what has no characters, as
// after “key:”, is an empty span there. A comment after the value is not part of it.
func (t *Text) Locate(section, item, key string) (Span, bool) {
	s, ok := t.find(section, item, key)
	if !ok {
		return Span{}, false
	}
	return t.span(s), true
}

// find returns the node that Locate is asked for.
func (t *Text) find(section, item, key string) (spot, bool) {
	at := t.top()
	switch {
	case item != "" && section == "":
		return spot{}, false
	case section == "" && key == "":
		return at, true
	case section == "":
		return t.valueOf(at, key)
	}
	at, ok := t.valueOf(at, section)
	if ok && item != "" {
		at, ok = t.item(section, at, item)
	} else if key != "" {
		return spot{}, false
	}
	if ok && key != "" {
		return t.valueOf(at, key)
	}
	return at, ok
}

// item returns the first item with an id of the list at s.
func (t *Text) item(section string, s spot, id string) (spot, bool) {
	for _, each := range t.items(s) {
		if own, _ := t.idOf(section, each); own == id {
			return each, true
		}
	}
	return spot{}, false
}

// items returns the entries of the list at s.
func (t *Text) items(s spot) []spot {
	s = t.written(s)
	if s.node.Kind != yaml.SequenceNode {
		return nil
	}
	items := make([]spot, len(s.node.Content))
	inner := t.indent(s)
	for i, n := range s.node.Content {
		items[i] = spot{n, inner}
	}
	return items
}

// idOf returns the id of an item of a section, and whether it is written.
func (t *Text) idOf(section string, item spot) (id string, written bool) {
	i, ok := dossierShape().rule(section)
	if !ok {
		return "", false
	}
	shape := dossierShape().rules[i].of
	if shape == nil || shape.id < 0 {
		return "", false
	}
	if id = t.textOf(item, "id"); id != "" {
		return id, true
	}
	for _, field := range shape.rules[shape.id].slug {
		for _, r := range shape.rules {
			if name := t.textOf(item, r.key); r.field == field && name != "" {
				return cutSlug(slug(name), maxItemID), false
			}
		}
	}
	return "", false
}

// textOf returns the line of text under a key of a mapping, "" if there is none.
func (t *Text) textOf(s spot, key string) string {
	value, ok := t.valueOf(s, key)
	if !ok {
		return ""
	}
	n := target(value.node)
	if n.Kind != yaml.ScalarNode || isNull(n) {
		return ""
	}
	return strings.Join(strings.Fields(n.Value), " ")
}
