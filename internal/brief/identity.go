package brief

import (
	"reflect"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"gopkg.in/yaml.v3"
)

// identify gives the item v of a section its id, the slug of its name where none
// is written, and holds it to being the only one.
func (d *decoder) identify(n *yaml.Node, v reflect.Value, r *rule) {
	own := &r.of.rules[r.of.id]
	field := v.Field(own.field)
	id, where, advice := field.String(), nodeOf(n, own.key), "the id %q is taken in %s, on line %d: write another"
	if id == "" {
		if own.required || where != n && !isNull(where) {
			return // told already
		}
		if id, where = d.defaultID(n, v, r); id == "" {
			return
		}
		field.SetString(id)
		advice = "the id made of this, %q, is taken in %s, on line %d: write an id"
	}
	known := d.ids[r.key]
	if known == nil {
		known = make(map[string]*yaml.Node)
		d.ids[r.key] = known
	}
	if first := known[id]; first != nil {
		d.fail(d.at(where), "id", advice, id, r.key, d.at(first).line)
		return
	}
	known[id] = where
}

// defaultID makes an id of the first field that has text.
func (d *decoder) defaultID(n *yaml.Node, v reflect.Value, r *rule) (id string, where *yaml.Node) {
	for _, field := range r.of.rules[r.of.id].slug {
		name := v.Field(field).String()
		if name == "" {
			continue
		}
		for _, other := range r.of.rules {
			if other.field == field {
				where = nodeOf(n, other.key)
			}
		}
		if id = cutSlug(slug(name), maxItemID); id == "" {
			d.fail(d.at(where), "id", "no id can be made of %s, which has no Latin letters: write an id", quote(name))
		}
		return id, where
	}
	return "", n
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

// slug makes an id of a name: marks and letters outside ASCII are dropped, small
// letters and digits kept, and anything between them becomes one hyphen.
func slug(name string) string {
	var b strings.Builder
	gap := false
	for _, c := range norm.NFKD.String(name) {
		switch c = unicode.ToLower(c); {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(c)
		case c == '\'' || c == '’' || unicode.IsLetter(c) || unicode.IsMark(c) || unicode.IsDigit(c):
		default:
			gap = true
		}
	}
	return b.String()
}

// cutSlug shortens a slug to a length, between words if it can.
func cutSlug(s string, length int) string {
	if len(s) <= length {
		return s
	}
	cut := s[:length]
	if s[length] != '-' {
		if i := strings.LastIndexByte(cut, '-'); i > 0 {
			cut = cut[:i]
		}
	}
	return strings.TrimRight(cut, "-")
}
