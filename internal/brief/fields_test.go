package brief

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

const fieldReference = "../../docs/fields.md"

const fieldsHead = `# The keys of a brief

Every key that a brief may have, part by part: what it holds, and whether it must be there. [editors.md](editors.md) shows
how to write a brief, [briefs.md](briefs.md) has one whole, the forms of dates, and what prose and ids may be.

This page is made of the program's own types. After a change of them: ` + "`go test ./internal/brief -run FieldReference -update`." + `
`

// TestFieldReference holds the reference of all keys to the types that it is made of.
// The examples are those of the manual.
func TestFieldReference(t *testing.T) {
	_, rest, _ := strings.Cut(readManual(t), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(example), &root); err != nil {
		t.Fatal(err)
	}
	comments, err := dossierComments()
	if err != nil {
		t.Fatal(err)
	}
	w := &fieldWriter{t: t, comments: comments}
	w.WriteString(fieldsHead)
	w.part("The brief", reflect.TypeFor[Dossier](), dossierShape(), root.Content[:1])
	if *update {
		if err := os.WriteFile(fieldReference, []byte(w.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(fieldReference)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.String(), string(got)); diff != "" {
		t.Errorf("%s is not what the types say (-want +got); run go test -run FieldReference -update:\n%s", fieldReference, diff)
	}
}

// A fieldWriter writes the reference.
type fieldWriter struct {
	strings.Builder
	t        *testing.T
	comments map[string]string
}

// part writes the keys of one kind of mapping, with examples from mappings of it, and
// after them the parts that it is made of.
func (w *fieldWriter) part(title string, typ reflect.Type, s *shape, examples []*yaml.Node) {
	fmt.Fprintf(w, "\n## %s\n\n", title)
	name := typ.PkgPath() + "." + typ.Name()
	if typ != reflect.TypeFor[Dossier]() {
		fmt.Fprintf(w, "%s\n\n", w.comments[name])
	}
	w.WriteString("| key | holds | what it is | for example |\n| --- | --- | --- | --- |\n")
	type inner struct {
		title    string
		rule     *rule
		typ      reflect.Type
		examples []*yaml.Node
	}
	var parts []inner
	for i := range s.rules {
		r := &s.rules[i]
		field := typ.Field(r.field)
		values := valuesOf(examples, r.key)
		if len(values) == 0 {
			w.t.Errorf("the example of the manual has no %s of %s", r.key, s.noun)
			continue
		}
		about := w.comments[name+"."+field.Name]
		if about == "" {
			w.t.Errorf("nothing is said about %s of %s", r.key, s.noun)
		}
		sample := ""
		if r.of == nil {
			sample = "`" + flow(values[0]) + "`"
		} else {
			sample = "[below](#" + r.key + ")"
			parts = append(parts, inner{strings.ToUpper(r.key[:1]) + r.key[1:], r, structOf(field.Type), mappings(values)})
		}
		key := "`" + r.key + "`"
		if r.required {
			key = "**" + key + "**, required"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", key, w.holds(field.Type, r), cell(about), cell(sample))
	}
	for _, p := range parts {
		w.part(p.title, p.typ, p.rule.of, p.examples)
	}
}

// holds says what the value of a key may be.
func (w *fieldWriter) holds(typ reflect.Type, r *rule) string {
	words := ""
	switch {
	case typ.Kind() == reflect.Slice && r.of != nil:
		words = "a list, each " + r.of.noun
	case typ.Kind() == reflect.Slice:
		words = "a list of " + w.scalarWords(typ.Elem(), r, true)
	case r.of != nil:
		words = r.of.noun
	default:
		words = w.scalarWords(typ, r, false)
	}
	switch {
	case r.max > 0 && typ.Kind() == reflect.Slice:
		words += fmt.Sprintf(", at most %d", r.max)
	case r.max > 0:
		words += fmt.Sprintf(", at most %d characters", r.max)
	}
	if r.nonempty {
		words += ", not empty"
	}
	return words
}

// scalarWords says what a single value may be, or each of many.
func (w *fieldWriter) scalarWords(typ reflect.Type, r *rule, many bool) string {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	one := func(single, plural string) string {
		if many {
			return plural
		}
		return single
	}
	switch {
	case typ.Kind() == reflect.Bool:
		return "`true` or `false`"
	case typ.Kind() == reflect.Float64 && r.kind == "share":
		return "a number from 0 to 1"
	case typ.Kind() == reflect.Float64:
		return "a number"
	case typ == reflect.TypeFor[Date]() && r.kind == "single":
		return "[a date](briefs.md#dates), no interval"
	case typ == reflect.TypeFor[Date]():
		return "[a date](briefs.md#dates)"
	case len(r.choices) > 0:
		return w.choiceWords(typ, r)
	case r.ref == "stories":
		return one("the id of another story", "ids of other stories")
	case r.ref == "items":
		return "a section and an id in it, `section/id`"
	case r.ref != "":
		return one("an id", "ids") + " of `" + r.ref + "`"
	case r.kind == "id" || r.slug != nil:
		return one("an id", "ids")
	case r.kind == "prose":
		return "[prose](briefs.md#prose-and-ids)"
	case r.kind == "period":
		return "[a date](briefs.md#dates), or text"
	case r.kind == "url":
		return "an address, `http` or `https`"
	case r.kind == "language":
		return "a language tag"
	}
	return one("a line of text", "texts")
}

func (w *fieldWriter) choiceWords(typ reflect.Type, r *rule) string {
	var words []string
	for _, choice := range r.choices {
		word := "`" + choice + "`"
		if meaning := w.comments[typ.Name()+"="+choice]; meaning != "" {
			word += ": " + meaning
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}

// valuesOf returns what mappings have for a key.
func valuesOf(mappings []*yaml.Node, key string) []*yaml.Node {
	var found []*yaml.Node
	for _, m := range mappings {
		if value := valueOf(m, key); value != nil {
			found = append(found, value)
		}
	}
	return found
}

// mappings returns the mappings that values are or list.
func mappings(values []*yaml.Node) []*yaml.Node {
	var found []*yaml.Node
	for _, v := range values {
		if v.Kind == yaml.SequenceNode {
			found = append(found, v.Content...)
		} else {
			found = append(found, v)
		}
	}
	return found
}

// flow writes a value in one line, as a brief may have it.
func flow(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		var items []string
		for _, item := range n.Content {
			items = append(items, flow(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return `"` + n.Value + `"`
	}
	first, _, more := strings.Cut(strings.TrimSpace(n.Value), "\n")
	if more {
		first = strings.TrimRightFunc(first, unicode.IsSpace) + " …"
	}
	return first
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
