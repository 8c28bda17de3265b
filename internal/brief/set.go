package brief

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Set returns the edit that gives a field another value, in the layout of the file: how
// a value is quoted, where a comment stands and how far a block is indented stay as they
// are as far as the new value can be written so. A missing key is added in the place
// that the contract's order gives it. The item is named as in [Text.Locate]; with
// section and item "", key is one of the top mapping.
//
// The value is what the field is to say: text, a date, a number, or true or false. One
// line of text is wanted unless the field is prose. Space around it is not kept.
//
// The text after the edit has been read: it says the value and is otherwise the same,
// and it has no errors if this one has none. Where no such edit can be made, for instance
// since an alias brings the value to another place too, the error says why.
func (t *Text) Set(section, item, key, value string) (Edit, error) {
	e, err := t.set(section, item, key, value)
	if err != nil {
		return Edit{}, fmt.Errorf("setting %s: %w", strings.Trim(section+" "+item+" "+key, " "), err)
	}
	return e, nil
}

func (t *Text) set(section, item, key, value string) (Edit, error) {
	f, err := t.field(section, item, key)
	if err != nil {
		return Edit{}, err
	}
	if f.want, err = f.wanted(value); err != nil {
		return Edit{}, err
	}
	var candidates []Edit
	if f.present {
		candidates = f.replacements()
	} else {
		candidates = f.insertions()
	}
	err = errors.New("it cannot be written there: change it by hand")
	for _, e := range candidates {
		if err = f.verify(e); err == nil {
			return e, nil
		}
	}
	return Edit{}, err
}

// A field is a key of a mapping that is to get a value.
type field struct {
	*Text
	rule    *rule
	shape   *shape
	text    bool // rather than a date, a number or a truth value
	prose   bool
	number  bool // or a truth value
	want    string
	mapping spot
	key     string
	name    spot // the key, and what it has, if present
	value   spot
	present bool
}

// field finds what Set is asked to change.
func (t *Text) field(section, item, key string) (*field, error) {
	if (section == "") != (item == "") {
		return nil, errors.New("a field belongs to an item of a section, or to the brief itself")
	}
	of, shape, index, ok := fieldRule(section, key)
	if !ok {
		return nil, fmt.Errorf("there is no such field in %s", strings.TrimSpace("a brief "+section))
	}
	f := &field{Text: t, rule: &shape.rules[index], shape: shape, key: key}
	switch kind := of.Kind(); {
	case kind == reflect.String:
		f.text, f.prose = true, f.rule.kind == "prose"
	case kind == reflect.Float64, kind == reflect.Bool, of == reflect.TypeFor[*float64]():
		f.number = true
	case of == reflect.TypeFor[Date]():
	default:
		return nil, errors.New("this holds more than one value: change it by hand")
	}
	if f.mapping, ok = t.find(section, item, ""); !ok {
		return nil, fmt.Errorf("%s has no %s", section, quote(item))
	}
	if f.mapping = t.written(f.mapping); f.mapping.node.Kind != yaml.MappingNode {
		return nil, errors.New("this is no mapping that could have the field")
	}
	f.name, f.value, f.present = t.entry(f.mapping, key)
	if f.present && target(f.value.node).Kind != yaml.ScalarNode {
		return nil, fmt.Errorf("there is %s now, and no value: change it by hand", describe(f.value.node))
	}
	return f, nil
}

// fieldRule returns the type of a field and the rule for it.
func fieldRule(section, key string) (of reflect.Type, s *shape, index int, ok bool) {
	s, of = dossierShape(), reflect.TypeFor[Dossier]()
	if section != "" {
		i, ok := s.rule(section)
		if !ok || s.rules[i].of == nil {
			return nil, nil, 0, false
		}
		of, s = structOf(of.Field(s.rules[i].field).Type), s.rules[i].of
	}
	if index, ok = s.rule(key); !ok {
		return nil, nil, 0, false
	}
	return of.Field(s.rules[index].field).Type, s, index, true
}

// wanted returns what reading the field will give for a value.
func (f *field) wanted(value string) (string, error) {
	if !utf8.ValidString(value) {
		return "", errors.New("the value is not UTF-8")
	}
	value = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(value)
	for _, c := range value {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return "", fmt.Errorf("the value holds the control character %U, which cannot be shown: take it out", c)
		}
	}
	return tidy(value, f.prose), nil
}

// verify reads the text after an edit. The error says what is not as it should be.
func (f *field) verify(e Edit) error {
	data, err := Apply(f.data, e)
	if err != nil {
		return err
	}
	after, problems := ReadText(f.path, data)
	if after == nil {
		return errors.New("it cannot be written there: change it by hand")
	}
	if f.dossier != nil && after.dossier == nil {
		for _, p := range problems {
			if p.Severity == Error {
				return errors.New(p.Message)
			}
		}
	}
	c := comparison{field: f}
	switch {
	case !c.same(f.root, after.root) || c.visits == 0:
		return errors.New("it cannot be written there without a change elsewhere: change it by hand")
	case c.visits > 1:
		return errors.New("an alias brings this to another place too: change it by hand")
	}
	return nil
}

// A comparison compares two documents but for the field, aliases replaced by what they
// stand for.
type comparison struct {
	*field
	visits int // of the mapping of the field
}

func (c *comparison) same(a, b *yaml.Node) bool {
	a, b = target(a), target(b)
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || a.Anchor != b.Anchor {
		return false
	}
	before, after := a.Content, b.Content
	if a == c.mapping.node {
		c.visits++
		var ok bool
		if before, after, ok = c.others(before, after); !ok {
			return false
		}
	}
	if len(before) != len(after) {
		return false
	}
	for i := range before {
		if !c.same(before[i], after[i]) {
			return false
		}
	}
	return true
}

// others returns the entries but for the field's, and whether it has the value it is to
// have.
func (c *comparison) others(before, after []*yaml.Node) (b, a []*yaml.Node, ok bool) {
	i := indexOf(after, c.key)
	if i < 0 || !c.says(after[i+1]) {
		return nil, nil, false
	}
	a = append(append(a, after[:i]...), after[i+2:]...)
	b = before
	if i := indexOf(before, c.key); i >= 0 {
		// Something elsewhere may be an alias of the value.
		if before[i+1].Anchor != after[i+1].Anchor || before[i+1].Anchor != "" && !c.unused(before[i+1]) {
			return nil, nil, false
		}
		b = append(append([]*yaml.Node(nil), before[:i]...), before[i+2:]...)
	}
	return b, a, true
}

// unused reports whether no alias stands for n.
func (c *comparison) unused(n *yaml.Node) bool {
	found := false
	var walk func(at *yaml.Node)
	walk = func(at *yaml.Node) {
		found = found || at.Alias == n
		for _, child := range at.Content {
			walk(child)
		}
	}
	walk(c.root)
	return !found
}

func indexOf(entries []*yaml.Node, key string) int {
	for i := 0; i+1 < len(entries); i += 2 {
		if n := target(entries[i]); n.Kind == yaml.ScalarNode && n.Value == key && !isMerge(entries[i]) {
			return i
		}
	}
	return -1
}

// says reports whether reading n gives what is wanted.
func (c *comparison) says(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || tidy(n.Value, c.prose) != c.want {
		return false
	}
	if n.Tag == "!!str" {
		return !c.number
	}
	return !c.text && n.Tag != "!!null"
}

// replacements returns edits that may give a value in the place of the one that is
// there, the best one first.
func (f *field) replacements() []Edit {
	old := f.span(f.value)
	if f.value.node.Kind == yaml.AliasNode {
		return f.fresh(old)
	}
	old.From = min(f.content(f.value.node), old.To)
	style := f.value.node.Style
	if old.From == old.To {
		return f.fresh(old)
	}
	if !f.text {
		return append(f.inQuotes(old, style), f.fresh(old)...)
	}
	var found []Edit
	if e, ok := f.words(old); ok {
		found = append(found, e)
	}
	switch {
	case style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		found = append(found, f.reblocked(old)...)
	default:
		if f.prose && strings.Contains(f.want, "\n") {
			found = append(found, f.blocked(old)...)
		}
		found = append(found, f.inQuotes(old, style)...)
	}
	return append(found, f.fresh(old)...)
}

// inQuotes writes the value as the old one is, with quotation marks or without.
func (f *field) inQuotes(old Span, style yaml.Style) []Edit {
	switch {
	case style&yaml.DoubleQuotedStyle != 0:
		return []Edit{{old, doubleQuoted(f.want)}}
	case style&yaml.SingleQuotedStyle != 0 && !strings.Contains(f.want, "\n"):
		return []Edit{{old, "'" + strings.ReplaceAll(f.want, "'", "''") + "'"}}
	}
	return nil
}

// fresh writes the value without regard to how the old one is written.
func (f *field) fresh(old Span) []Edit {
	space := ""
	if old.From > 0 && f.data[old.From-1] == ':' {
		space = " "
	}
	var found []Edit
	if f.prose && strings.Contains(f.want, "\n") {
		found = f.blocked(old)
	}
	if !f.text || isPlain(f.want) {
		found = append(found, Edit{old, space + f.want})
	}
	return append(found, Edit{old, space + doubleQuoted(f.want)})
}

// blocked writes the value as a block scalar in the place of one that is none. A
// comment on the line of the old value goes to the line of the header.
func (f *field) blocked(old Span) []Edit {
	if f.mapping.node.Style&yaml.FlowStyle != 0 {
		return nil
	}
	rest := Span{old.To, f.lineEnd(old.To)}
	comment := strings.TrimRight(string(f.data[rest.From:rest.To]), " \t")
	from := f.end(f.name)
	if i := bytes.IndexByte(f.data[from:old.From], ':'); i >= 0 && len(bytes.TrimFunc(f.data[from+i+1:old.From], unicode.IsSpace)) == 0 {
		old.From = from + i + 1 // so that the header is on the line of the key
	}
	space := ""
	if f.data[old.From-1] == ':' {
		space = " "
	}
	var found []Edit
	for _, b := range f.blocks(f.blockIndent()) {
		found = append(found, Edit{Span{old.From, rest.To}, space + b.header + comment + b.lines})
	}
	return found
}

// blockIndent returns the indentation of block scalars of the mapping.
func (f *field) blockIndent() int { return max(0, f.indent(f.mapping)) + 2 }

// reblocked writes the value below the header of the block scalar that is there.
func (f *field) reblocked(old Span) []Edit {
	end := f.lineEnd(old.From)
	header := string(f.data[old.From:end])
	_, explicit := blockHeader(header)
	indent, lastText := f.blockIndent(), end
	if explicit > 0 {
		indent = max(0, f.value.indent) + explicit
	}
	for at, first := end, true; at < old.To; {
		line := f.nextLine(at)
		at = f.lineEnd(line)
		if text := f.data[line:at]; len(bytes.TrimSpace(text)) > 0 {
			if lastText = at; first && explicit == 0 {
				indent = len(text) - len(bytes.TrimLeft(text, " "))
			}
			first = false
		}
	}
	blocks := f.blocks(indent)
	if f.value.node.Style&yaml.FoldedStyle != 0 && !strings.Contains(f.want, "\n") {
		blocks = append([]block{f.folded(indent)}, blocks...)
	}
	var found []Edit
	for _, b := range blocks {
		if explicit > 0 && b.header == "|" || b.header[0] == header[0] && len(b.header) == 1 || b.header == ">-" {
			found = append(found, Edit{Span{end, lastText}, b.lines})
		}
		rest := strings.TrimLeft(header[1:], "+-123456789")
		found = append(found, Edit{Span{old.From, lastText}, b.header + rest + b.lines})
	}
	return found
}

// insertions returns edits that may add the key.
func (f *field) insertions() []Edit {
	entries := f.mapping.node.Content
	flow := f.mapping.node.Style&yaml.FlowStyle != 0 || len(entries) == 0
	after := f.precedent()
	inner := f.indent(f.mapping)
	var found []Edit
	for _, value := range f.freshValues() {
		entry := f.key + ":" + value
		switch {
		case flow && strings.Contains(value, "\n"):
		case flow && len(entries) == 0:
			at := f.content(f.mapping.node) + 1
			found = append(found, Edit{Span{at, at}, entry})
		case flow && after < 0:
			at := f.start(entries[0])
			found = append(found, Edit{Span{at, at}, entry + ", "})
		case flow:
			at := f.entryEnd(after)
			found = append(found, Edit{Span{at, at}, ", " + entry})
		case after < 0:
			at := f.start(entries[0])
			found = append(found, Edit{Span{at, at}, entry + f.newline() + strings.Repeat(" ", inner)})
		default:
			at := f.lineEnd(f.entryEnd(after))
			found = append(found, Edit{Span{at, at}, f.newline() + strings.Repeat(" ", inner) + entry})
		}
	}
	return found
}

// freshValues returns what may stand after the colon of a new key.
func (f *field) freshValues() []string {
	const long = 80
	var values []string
	if f.prose && (strings.Contains(f.want, "\n") || utf8.RuneCountInString(f.want) > long) {
		if !strings.Contains(f.want, "\n") {
			b := f.folded(f.blockIndent())
			values = append(values, " "+b.header+b.lines)
		}
		for _, b := range f.blocks(f.blockIndent()) {
			values = append(values, " "+b.header+b.lines)
		}
	}
	if !f.text || isPlain(f.want) {
		values = append(values, " "+f.want)
	}
	return append(values, " "+doubleQuoted(f.want))
}

// precedent returns the index of the entry after which the key belongs, -1 if it is to
// be the first.
func (f *field) precedent() int {
	own, _ := f.shape.rule(f.key)
	last := -1
	for i := 0; i+1 < len(f.mapping.node.Content); i += 2 {
		if index, ok := f.shape.rule(target(f.mapping.node.Content[i]).Value); ok && index < own {
			last = i
		}
	}
	return last
}

// entryEnd returns the byte after an entry of the mapping.
func (f *field) entryEnd(i int) int {
	inner := f.indent(f.mapping)
	key, value := spot{f.mapping.node.Content[i], inner}, spot{f.mapping.node.Content[i+1], inner}
	at := f.end(key)
	if end := f.end(value); end > f.start(value.node) || f.data[end-1] == ':' {
		at = max(at, end)
	}
	return at
}

// newline returns how the file ends its lines.
func (t *Text) newline() string { return newlineOf(t.data, 0) }

// newlineOf returns how a text ends the line of a byte, or else the first one.
func newlineOf(data []byte, at int) string {
	end := bytes.IndexByte(data[at:], '\n')
	switch {
	case end < 0 && at > 0:
		return newlineOf(data, 0)
	case at+end > 0 && data[at+end-1] == '\r':
		return "\r\n"
	}
	return "\n"
}
