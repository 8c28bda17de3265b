package brief

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// A rule is what a key of a mapping may hold. Its text form, in the tag “brief” of
// a field, is a list of
//
//	required    the key must be there and hold something
//	nonempty    if the key is there, it must hold something
//	prose       text in several paragraphs, which may cite sources; other text is one line
//	id          [a-z0-9][a-z0-9-]*, at most 64 characters
//	slug=A|B    an id that may be left out: it is then the slug of field A, or else B
//	ref=…       the id of an item of that section; ref=stories, of another dossier;
//	            ref=items, of any item, as section/id
//	choice=a|b  one of these words
//	default=a   the choice if there is none
//	language    a BCP 47 tag
//	url         an http or https address
//	period      a date, or any text that does not look like one
//	single      a date that is no interval
//	share       a number from 0 to 1
//	max=n       at most n characters of text, or items
type rule struct {
	key      string
	field    int // of the struct
	of       *shape
	required bool
	nonempty bool
	kind     string // prose, id, language, url, period, single, share, or ""
	ref      string
	choices  []string
	fallback string
	max      int
	slug     []int // fields of the struct
	strict   bool  // not every text will do, and so none will not do either
}

// A shape is what a mapping may hold.
type shape struct {
	noun  string // with its article, as in “an event”
	rules []rule
	id    int // index of the rule for the item's own id, or -1
}

// dossierShape is the shape of a whole brief, read once from the struct tags.
var dossierShape = sync.OnceValue(func() *shape { return shapeOf(reflect.TypeFor[Dossier]()) })

// nouns are what the mappings are called in messages.
var nouns = map[string]string{
	"Dossier": "a brief", "Indicator": "an indicator", "Point": "a point of a series", "Person": "a person",
	"Role": "a role", "Organization": "an organization", "Event": "an event", "Retraction": "a retraction",
	"Scenario": "a scenario", "Assessment": "an assessment", "Outcome": "an outcome", "Case": "a historical case",
	"Citation": "a source", "Correction": "a correction",
}

func shapeOf(t reflect.Type) *shape {
	s := &shape{noun: nouns[t.Name()], id: -1}
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("yaml")
		if key == "-" {
			continue
		}
		r := rule{key: key, field: i}
		r.parse(t, f.Tag.Get("brief"))
		r.strict = r.ref != "" || r.choices != nil || f.Type == reflect.TypeFor[Date]() ||
			r.kind == "id" || r.kind == "language" || r.kind == "url"
		if elem := structOf(f.Type); elem != nil {
			r.of = shapeOf(elem)
		}
		if key == "id" {
			s.id = len(s.rules)
		}
		s.rules = append(s.rules, r)
	}
	return s
}

// structOf returns the struct that t is made of, if it stands for a mapping.
func structOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[Date]() {
		return nil
	}
	return t
}

// parse reads the text form of a rule for a field of t. A text that is no rule is a
// mistake of the program.
func (r *rule) parse(t reflect.Type, tag string) {
	if tag == "" {
		return
	}
	for word := range strings.SplitSeq(tag, ",") {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "required":
			r.required = true
		case "nonempty":
			r.nonempty = true
		case "ref":
			r.ref = value
		case "choice":
			r.choices = strings.Split(value, "|")
		case "default":
			r.fallback = value
		case "max":
			r.max, _ = strconv.Atoi(value)
		case "slug":
			for field := range strings.SplitSeq(value, "|") {
				f, _ := t.FieldByName(field)
				r.slug = append(r.slug, f.Index[0])
			}
		case "prose", "id", "language", "url", "period", "single", "share":
			r.kind = name
		default:
			panic(fmt.Sprintf("brief: %s.%s: no rule is called %q", t.Name(), r.key, name))
		}
	}
}

// rule returns the rule for a key.
func (s *shape) rule(key string) (index int, ok bool) {
	for i := range s.rules {
		if s.rules[i].key == key {
			return i, true
		}
	}
	return 0, false
}

// keys returns the keys that a mapping of this shape may have.
func (s *shape) keys() []string {
	keys := make([]string, len(s.rules))
	for i := range s.rules {
		keys[i] = s.rules[i].key
	}
	return keys
}

// sections returns the keys of the lists whose items have ids.
func (s *shape) sections() []string {
	var sections []string
	for _, r := range s.rules {
		if r.of != nil && r.of.id >= 0 {
			sections = append(sections, r.key)
		}
	}
	return sections
}

// example returns how an item of this shape begins, for messages: “{id: …, title: …}”.
func (s *shape) example() string {
	var keys []string
	for _, r := range s.rules {
		if r.required || r.key == "id" {
			keys = append(keys, r.key+": …")
		}
	}
	if len(keys) == 0 {
		keys = append(keys, s.rules[0].key+": …")
	}
	return "{" + strings.Join(keys, ", ") + "}"
}
