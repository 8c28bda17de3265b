package brief

import (
	_ "embed" // the model's comments
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// Schema returns the JSON Schema (draft 2020-12) of a brief, for editors that check
// and complete YAML while it is written. It refuses no brief that Decode takes,
// save for white space around a text. Decode refuses more: what depends on other
// parts of the file, such as references, and dates that no calendar has.
func Schema() ([]byte, error) {
	comments, err := dossierComments()
	if err != nil {
		return nil, fmt.Errorf("describing a brief: %w", err)
	}
	reflector := jsonschema.Reflector{
		FieldNameTag:               "yaml",
		ExpandedStruct:             true,
		RequiredFromJSONSchemaTags: true,
		CommentMap:                 comments,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[Date]() {
				return &jsonschema.Schema{}
			}
			return nil
		},
	}
	s := reflector.ReflectFromType(reflect.TypeFor[Dossier]())
	s.ID = ""
	s.Title = "A brief: one story as briefbot tells it"
	w := schemaWriter{definitions: s.Definitions, comments: comments}
	w.mapping(s, reflect.TypeFor[Dossier](), dossierShape())
	w.snippets()
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describing a brief: %w", err)
	}
	return append(text, '\n'), nil
}

//go:embed dossier.go
var dossierSource string

// dossierComments returns the comments on the model, as jsonschema wants them.
func dossierComments() (map[string]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "dossier.go", dossierSource, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	comments := make(map[string]string)
	for _, declaration := range file.Decls {
		g, ok := declaration.(*ast.GenDecl)
		if ok && g.Tok == token.CONST {
			choiceComments(g, comments)
		}
		if !ok || g.Tok != token.TYPE {
			continue
		}
		spec := g.Specs[0].(*ast.TypeSpec)
		name := reflect.TypeFor[Dossier]().PkgPath() + "." + spec.Name.Name
		comments[name] = new(doc.Package).Synopsis(g.Doc.Text())
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				comments[name+"."+field.Names[0].Name] = strings.TrimSpace(field.Comment.Text())
			}
		}
	}
	return comments, nil
}

// choiceComments adds the comments on the constants of a declaration, by the name of
// their type and their value.
func choiceComments(g *ast.GenDecl, comments map[string]string) {
	for _, spec := range g.Specs {
		v := spec.(*ast.ValueSpec)
		t, typed := v.Type.(*ast.Ident)
		if !typed || len(v.Values) != 1 {
			continue
		}
		if value, ok := v.Values[0].(*ast.BasicLit); ok {
			comments[t.Name+"="+strings.Trim(value.Value, `"`)] = strings.TrimSpace(v.Comment.Text())
		}
	}
}

// A schemaWriter says in a schema what the rules say.
type schemaWriter struct {
	definitions jsonschema.Definitions
	comments    map[string]string
}

// snippets gives editors a whole entry to fill in where the required keys alone would be
// a poor one: what an event should say besides, and where something was found.
func (w schemaWriter) snippets() {
	for _, s := range []struct {
		name, label string
		keys        []string
	}{
		{"Event", "A whole event", []string{"id", "date", "title", "kind", "detail", "sources"}},
		{"Person", "A whole person", []string{"name", "title", "role"}},
		{"Citation", "A whole source", []string{"id", "publisher", "title", "url", "date"}},
		{"Retraction", "A retraction", []string{"on", "why"}},
	} {
		definition := w.definitions[s.name]
		entries := make([]string, len(s.keys))
		for i, key := range s.keys {
			entries[i] = fmt.Sprintf(`%q: "$%d"`, key, i+1)
			if property, _ := definition.Properties.Get(key); property.Items != nil {
				entries[i] = fmt.Sprintf(`%q: ["$%d"]`, key, i+1)
			}
		}
		body := json.RawMessage("{" + strings.Join(entries, ", ") + "}") // in this order
		setExtra(definition, "defaultSnippets", []any{map[string]any{"label": s.label, "description": definition.Description, "body": body}})
	}
}

func (w schemaWriter) mapping(s *jsonschema.Schema, t reflect.Type, of *shape) {
	for i := range of.rules {
		r := &of.rules[i]
		if r.required {
			s.Required = append(s.Required, r.key)
		}
		property, _ := s.Properties.Get(r.key)
		field := t.Field(r.field).Type
		w.property(property, field, r)
		if r.of != nil {
			elem := structOf(field)
			w.mapping(w.definitions[elem.Name()], elem, r.of)
		}
	}
}

// property describes the value of a key. A key that may be left out may also be
// left blank, unless that could be a mistake with consequences.
func (w schemaWriter) property(s *jsonschema.Schema, t reflect.Type, r *rule) {
	blank := !r.required && !r.nonempty
	switch {
	case t.Kind() == reflect.Slice:
		setType(s, blank, "array")
		if r.max > 0 {
			s.MaxItems = new(uint64(r.max))
		}
		if r.nonempty {
			s.MinItems = new(uint64(1))
		}
		if r.of == nil {
			entry := *r
			entry.max = 0
			w.scalar(s.Items, t.Elem(), &entry, false)
		}
	case r.of != nil: // a reference to its definition says all
	case t.Kind() == reflect.Pointer:
		w.scalar(s, t.Elem(), r, blank)
	default:
		w.scalar(s, t, r, blank)
	}
}

const (
	schemaID     = `[a-z0-9][a-z0-9-]*`
	schemaPoint  = `(-?\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]|XX))?|-2[1-4]|-XX(-XX)?)?|\d{3}X|\d{2}XX|Y-?\d{5,9})[?~%]?`
	schemaTime   = `\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})`
	schemaSingle = `^(` + schemaPoint + `|` + schemaTime + `)$`
	schemaDate   = `^(` + schemaPoint + `(/(` + schemaPoint + `|\.\.)?)?|(\.\.)?/` + schemaPoint + `|` + schemaTime + `)$`
	schemaURL    = `^[hH][tT][tT][pP][sS]?://[^\s/?#@]+([/?#]\S*)?$`
	schemaTag    = `^[A-Za-z0-9]{1,8}([-_][A-Za-z0-9]{1,8})*$`
)

func (w schemaWriter) scalar(s *jsonschema.Schema, t reflect.Type, r *rule, blank bool) {
	switch {
	case t.Kind() == reflect.Bool:
		setType(s, blank, "boolean")
		return
	case t.Kind() == reflect.Float64:
		setType(s, blank, "number")
		if r.kind == "share" {
			s.Minimum, s.Maximum = "0", "1"
		}
		return
	case t == reflect.TypeFor[Date]():
		setType(s, blank, "string", "integer")
		s.Pattern = schemaDate
		if r.kind == "single" {
			s.Pattern = schemaSingle
		}
		setMessage(s, "write a date: 2025, 2025-11, 2025-11-21, 2025~ (about), 2025? (uncertain), or an RFC 3339 time with an offset")
		describeMore(s, "a date: 2025, 2025-11, 2025-11-21, 2025~ (about), 2025? (uncertain), or an RFC 3339 time with an offset")
		return
	case len(r.choices) > 0:
		w.choices(s, t, r, blank)
		return
	}
	setType(s, blank, "string", "number", "boolean")
	w.text(s, r)
}

// choices lists the words that a key may have. Editors show what is under
// enumDescriptions beside each.
func (w schemaWriter) choices(s *jsonschema.Schema, t reflect.Type, r *rule, blank bool) {
	s.Type = ""
	var meanings []string
	for _, choice := range r.choices {
		s.Enum = append(s.Enum, choice)
		meanings = append(meanings, w.comments[t.Name()+"="+choice])
	}
	if blank {
		s.Enum = append(s.Enum, nil)
		meanings = append(meanings, r.fallback+", as if the key were not there")
	}
	setExtra(s, "enumDescriptions", meanings)
}

// text describes what a text must be.
func (w schemaWriter) text(s *jsonschema.Schema, r *rule) {
	if r.max > 0 {
		s.MaxLength = new(uint64(r.max))
	}
	switch {
	case r.ref == "items":
		s.Pattern = `^(` + strings.Join(dossierShape().sections(), "|") + `)/` + schemaID + `$`
		setMessage(s, "write a section and an id, such as timeline/accord-signed")
	case r.ref == "stories":
		s.Pattern, s.MaxLength = `^`+schemaID+`$`, new(uint64(maxStoryID))
	case r.ref != "", r.kind == "id":
		s.Pattern, s.MaxLength = `^`+schemaID+`$`, new(uint64(maxItemID))
		setMessage(s, "write an id: a–z, 0–9 and hyphens, with a letter or a digit first")
	case r.kind == "url":
		s.Pattern = schemaURL
		setMessage(s, "write an address that begins with http:// or https://")
	case r.kind == "language":
		s.Pattern = schemaTag
		setMessage(s, "write a BCP 47 tag, such as en or uk")
	case r.required:
		s.Pattern = `\S`
	}
	if r.kind == "prose" {
		describeMore(s, "small Markdown: paragraphs, emphasis, links, lists, quotes; [^source-id] cites a source")
	}
}

// setType gives a schema several types, which the library has no field for.
func setType(s *jsonschema.Schema, blank bool, types ...string) {
	s.Type = ""
	if blank {
		types = append(types, "null")
	}
	if len(types) == 1 {
		setExtra(s, "type", types[0])
		return
	}
	setExtra(s, "type", types)
}

// setMessage gives the words for a text that the pattern refuses, which editors would
// show in its place.
func setMessage(s *jsonschema.Schema, message string) {
	setExtra(s, "patternErrorMessage", message)
}

func setExtra(s *jsonschema.Schema, key string, value any) {
	if s.Extras == nil {
		s.Extras = make(map[string]any)
	}
	s.Extras[key] = value
}

func describeMore(s *jsonschema.Schema, more string) {
	if s.Description != "" {
		more = s.Description + "; " + more
	}
	s.Description = more
}
