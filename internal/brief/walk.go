package brief

import (
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// mapping reads n into the struct v. Every key it may have is read at most once;
// what merge keys (<<) bring in is overridden by what is written out.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, s *shape) {
	n = target(n)
	if n.Kind != yaml.MappingNode {
		d.fail(d.at(n), "type", "this is %s, and should be %s such as %s", describe(n), s.noun, s.example())
		return
	}
	m := mappingReader{d: d, v: v, shape: s, seen: make([]*yaml.Node, len(s.rules))}
	m.pairs(n, false)
	m.merges(n, 0)
	m.missing(n)
	for i := range s.rules {
		if r := &s.rules[i]; r.fallback != "" && v.Field(r.field).IsZero() {
			v.Field(r.field).SetString(r.fallback)
		}
	}
	d.together(n, v.Addr().Interface())
}

// A mappingReader reads one mapping.
type mappingReader struct {
	d     *decoder
	v     reflect.Value
	shape *shape
	seen  []*yaml.Node    // the key of each rule
	meant map[string]bool // the keys that misspelt ones stand for
	nulls []*yaml.Node    // the value of each rule that must have one and has none; nil without any
}

// pairs reads the keys of n; of a merged mapping, those that are not there yet.
func (m *mappingReader) pairs(n *yaml.Node, merged bool) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if isMerge(key) {
			continue
		}
		if m.d.full() {
			return
		}
		name := target(key)
		if name.Kind != yaml.ScalarNode {
			m.d.fail(m.d.at(key), "type", "a key is a word, and this is %s", describe(name))
			continue
		}
		index, ok := m.shape.rule(name.Value)
		switch {
		case !ok:
			m.unknown(n, key, name.Value)
		case m.seen[index] == nil:
			m.seen[index] = key
			m.value(key, value, index)
		case !merged:
			m.d.fail(m.d.at(key), "duplicate-key", "%q is here for the second time, after line %d: keep one", name.Value, m.d.at(m.seen[index]).line)
		}
	}
}

// value reads the value of a key. What is to be said of one that is missing waits
// until the others are read.
func (m *mappingReader) value(key, value *yaml.Node, index int) {
	r := &m.shape.rules[index]
	if r.kind == "prose" {
		m.d.unwritten(key, value)
	}
	if n := target(value); isNull(n) && r.required {
		if m.nulls == nil {
			m.nulls = make([]*yaml.Node, len(m.shape.rules))
		}
		m.nulls[index] = n
		return
	}
	m.d.value(value, m.v.Field(r.field), r)
}

func (m *mappingReader) unknown(n, key *yaml.Node, name string) {
	keys := m.shape.keys()
	m.d.fail(m.d.at(key), "unknown-key", "unknown key %s%s", quote(name),
		didYouMean(name, keys, m.shape.noun+" has "+strings.Join(keys, ", ")))
	if near := onlyNear(name, keys); near != "" && valueOf(n, near) == nil {
		m.d.offerRevealing(key, near)
		if m.meant == nil {
			m.meant = make(map[string]bool)
		}
		m.meant[near] = true
	}
}

// merges reads what the merge keys of n bring in: a mapping, or a list of mappings
// of which earlier ones count first.
func (m *mappingReader) merges(n *yaml.Node, depth int) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], target(n.Content[i+1])
		if !isMerge(key) {
			continue
		}
		from := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			from = value.Content
		}
		for _, each := range from {
			each = target(each)
			if each.Kind != yaml.MappingNode || depth > maxExpansion {
				m.d.fail(m.d.at(key), "type", "<< takes a mapping or a list of mappings")
				continue
			}
			m.pairs(each, true)
			m.merges(each, depth+1)
		}
	}
}

func (m *mappingReader) missing(n *yaml.Node) {
	for i, key := range m.seen {
		switch r := &m.shape.rules[i]; {
		case key == nil && r.required && !m.meant[r.key]:
			name, hint := m.lacks(r, key)
			m.d.fail(m.d.at(n), name, "%s needs %s%s", m.shape.noun, r.key, hint)
			if i == m.shape.id {
				m.d.noteNameless(n, m.v)
			}
		case m.nulls != nil && m.nulls[i] != nil:
			name, hint := m.lacks(r, key)
			m.d.fail(m.d.at(m.nulls[i]), name, "%s has no value: write %s%s", r.key, requiredOf(m.v.Field(r.field).Type(), r), hint)
		}
	}
}

// value reads n into v, which is of the kind that r is about.
func (d *decoder) value(n *yaml.Node, v reflect.Value, r *rule) {
	n = target(n)
	if isNull(n) {
		d.null(n, v, r)
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		d.list(n, v, r)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), r)
	case reflect.Struct:
		if date, ok := v.Addr().Interface().(*Date); ok {
			*date = d.date(n, r)
			return
		}
		d.mapping(n, v, r.of)
	case reflect.String:
		v.SetString(d.text(n, r))
	case reflect.Float64:
		v.SetFloat(d.number(n, r))
	case reflect.Bool:
		v.SetBool(d.boolean(n, r))
	}
}

// null judges a key without a value that is not required. For most keys that is the
// same as no key.
func (d *decoder) null(n *yaml.Node, v reflect.Value, r *rule) {
	if r.nonempty || v.Kind() == reflect.Pointer && r.of != nil {
		d.fail(d.at(n), RuleMissing, "%s has no value: write %s, or take the key out", r.key, wanted(v.Type(), r))
	}
}

// requiredOf says what a required key without a value should have.
func requiredOf(t reflect.Type, r *rule) string {
	if t.Kind() == reflect.Slice {
		return r.key + ": [] if there are none yet"
	}
	return wanted(t, r)
}

// list reads the items of n into the slice v.
func (d *decoder) list(n *yaml.Node, v reflect.Value, r *rule) {
	if n.Kind != yaml.SequenceNode {
		hint := ""
		if n.Kind == yaml.ScalarNode && r.of == nil {
			hint = ": write [" + clip(n.Value) + "]"
		}
		d.fail(d.at(n), "type", "%s is %s, and should be %s%s", r.key, describe(n), wanted(v.Type(), r), hint)
		if hint != "" {
			d.offerList(n)
		}
		return
	}
	items := n.Content
	if r.max > 0 && len(items) > r.max {
		d.fail(d.at(items[r.max]), "limit", "%s has %d entries, and may have %d: this is the first too many", r.key, len(items), r.max)
		items = items[:r.max]
	}
	if len(items) == 0 {
		if r.nonempty {
			d.fail(d.at(n), RuleMissing, "%s is empty: write %s, or take the key out", r.key, wanted(v.Type(), r))
		}
		if !r.required {
			return
		}
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if d.full() {
			return
		}
		d.item(item, v.Index(i), r)
	}
	if s, ok := v.Interface().([]string); ok && len(s) > 1 {
		d.repeats(items, s, r)
	}
}

func (d *decoder) item(n *yaml.Node, v reflect.Value, r *rule) {
	if n := target(n); isNull(n) {
		d.fail(d.at(n), RuleMissing, "an entry of %s is empty: write it, or take the hyphen out", r.key)
		return
	}
	d.value(n, v, r)
	if r.of != nil && r.of.id >= 0 && target(n).Kind == yaml.MappingNode {
		d.identify(target(n), v, r)
	}
}

// repeats warns of what is listed twice.
func (d *decoder) repeats(items []*yaml.Node, words []string, r *rule) {
	seen := make(map[string]bool, len(words))
	for i, word := range words {
		if word != "" && seen[word] {
			d.warn(d.at(items[i]), "repeated", "%q is listed twice in %s: keep one", word, r.key)
			d.offerRemoval(items[i])
		}
		seen[word] = true
	}
}

// target returns what an alias stands for, and any other node itself.
func target(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.Tag == "!!merge" }

// describe says what a node is, in words for an editor.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case isNull(n):
		return "empty"
	case n.Tag == "!!int" || n.Tag == "!!float":
		return "the number " + clip(n.Value)
	case n.Tag == "!!bool":
		return "the truth value " + clip(n.Value)
	}
	return "the text " + quote(n.Value)
}

// wanted says what should be there.
func wanted(t reflect.Type, r *rule) string {
	switch {
	case t.Kind() == reflect.Slice && r.of != nil:
		return "a list of mappings such as " + r.of.example()
	case t.Kind() == reflect.Slice && (r.ref != "" || r.kind == "id"):
		return "a list of ids"
	case t.Kind() == reflect.Slice:
		return "a list of texts"
	case r.of != nil:
		return "a mapping such as " + r.of.example()
	case t == reflect.TypeFor[Date]():
		return "a date such as 2025-11-21, 2025-11 or 2025"
	case t.Kind() == reflect.Float64 || t.Kind() == reflect.Pointer:
		return "a number"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case len(r.choices) > 0:
		return oneOf(r.choices)
	case r.kind == "prose":
		return "text"
	}
	return "a line of text"
}

// together judges keys of one mapping that must agree.
func (d *decoder) together(n *yaml.Node, item any) {
	switch item := item.(type) {
	case *Dossier:
		if d.draft != nil {
			d.warn(*d.draft, RuleDraft, "this is a draft, which is served and announced to nobody: take this line out when it is finished")
		}
		if item.ReviewBy.endsBefore(item.AsOf) {
			d.warn(d.at(nodeOf(n, "review_by")), "date", "review_by, %s, is before as_of, %s: the dossier is stale from the start", item.ReviewBy, item.AsOf)
		}
	case *Event:
		d.unsourced(n, item)
	case *Role:
		if item.To.endsBefore(item.From) {
			d.fail(d.at(nodeOf(n, "to")), "date", "the role ends, %s, before it begins, %s", item.To, item.From)
		}
	case *Indicator:
		d.repeatedDates(nodeOf(n, "series"), item.Series)
	case *Citation:
		if item.Publisher == "" && item.Title == "" && item.URL == "" && valueOf(n, "url") == nil {
			d.fail(d.at(n), RuleMissing, "a source needs a publisher, a title or a url")
		}
	}
}

// endsBefore reports whether d is over before e begins, both being dates.
func (d Date) endsBefore(e Date) bool {
	return !d.IsZero() && !e.IsZero() && d.end <= e.first
}

// repeatedDates warns of two values for one date, of which a curve can show but
// one. The points are still in the order of their nodes.
func (d *decoder) repeatedDates(series *yaml.Node, points []Point) {
	seen := make(map[Date]bool, len(points))
	for i, p := range points {
		if seen[p.Date] && !p.Date.IsZero() && i < len(series.Content) {
			d.warn(d.at(series.Content[i]), "repeated", "the series has two values for %s: keep one", p.Date)
		}
		seen[p.Date] = true
	}
}

// nodeOf returns the value that the mapping n has for a key, or n if it has none
// of its own.
func nodeOf(n *yaml.Node, key string) *yaml.Node {
	if value := valueOf(n, key); value != nil {
		return target(value)
	}
	return n
}

// valueOf returns the value that the mapping n itself has for a key, or nil.
func valueOf(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
