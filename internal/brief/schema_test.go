package brief

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("brief.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("brief.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asEditor returns a YAML text as an editor's YAML 1.2 parser hands it to a schema:
// a date without quotes is text.
func asEditor(t *testing.T, data []byte) any {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	if len(root.Content) == 0 {
		return nil
	}
	return plainValue(t, root.Content[0])
}

func plainValue(t *testing.T, n *yaml.Node) any {
	t.Helper()
	n = target(n)
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any)
		for i := 0; i < len(n.Content); i += 2 {
			m[target(n.Content[i]).Value] = plainValue(t, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			list = append(list, plainValue(t, item))
		}
		return list
	}
	if n.Tag == "!!timestamp" {
		return n.Value
	}
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSchemaAccepts checks that the schema refuses nothing that Decode takes.
func TestSchemaAccepts(t *testing.T) {
	schema := compileSchema(t)
	files, err := filepath.Glob("../../briefs/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"minimal", "full", "huge"} {
		files = append(files, filepath.Join(storiesDir, id+briefExt))
	}
	if len(files) < 5 {
		t.Errorf("only %d briefs to check", len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(asEditor(t, data)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for _, extra := range []string{
		"subtitle:", "status:", "tags:", "people: ~", "language:", "as_of: 2025", "as_of: 2025-11-21T10:00:00Z", "review_by: 2025-12-24",
		"language: zh-Hant-TW", "tags: [2025, a]", "people: [{name: 7}]", "indicators: [{label: L, value: 14, series: []}]",
		"scenarios: [{title: S, likelihood: 0}, {title: R, likelihood: 1}]", "sources: [{id: s, url: 'HTTPS://example.org?a=b#c'}]",
	} {
		text := []byte("title: T\noverview: O\ntimeline: []\n" + extra + "\n")
		if d, problems := Decode("story.yaml", text); d == nil {
			t.Errorf("%s: %v", extra, problems)
		}
		if err := schema.Validate(asEditor(t, text)); err != nil {
			t.Errorf("%s: %v", extra, err)
		}
	}
}

// TestSchemaDates checks the schema's notion of a date against ours.
func TestSchemaDates(t *testing.T) {
	schema := compileSchema(t)
	valid := func(date string) bool {
		return schema.Validate(map[string]any{
			"title": "T", "overview": "O", "timeline": []any{map[string]any{"id": "e", "title": "E", "date": date}},
		}) == nil
	}
	for _, test := range dateTests {
		if !valid(test.text) {
			t.Errorf("the schema refuses the date %s", test.text)
		}
	}
	for _, date := range []string{
		"", "soon", "25", "2025-13", "2025-1", "2025-11-32", "21.11.2025", "2025-11-21T10:00:00", "2025-11-21 10:00:00", "..", "/", "../..",
		"2025~?", "[2025]", "2025-21-01", "2025/2026/2027", "Y2025",
	} {
		if valid(date) {
			t.Errorf("the schema takes the date %q", date)
		}
	}
}

// TestSchemaRefuses checks that the schema refuses what Decode refuses, as far as a
// schema can know.
func TestSchemaRefuses(t *testing.T) {
	schema := compileSchema(t)
	const base = "title: T\noverview: O\ntimeline: []\n"
	for name, text := range map[string]string{
		"an unknown key":            base + "weather: fine\n",
		"an unknown key of an item": base + "people: [{name: N, nickname: M}]\n",
		"no title":                  "overview: O\ntimeline: []\n",
		"a blank title":             "title: ' '\noverview: O\ntimeline: []\n",
		"no overview":               "title: T\ntimeline: []\n",
		"no timeline":               "title: T\noverview: O\n",
		"a timeline without value":  "title: T\noverview: O\ntimeline:\n",
		"a title too long":          strings.Replace(base, "T", strings.Repeat("ж", 201), 1),
		"a title that is a list":    strings.Replace(base, "T", "[T]", 1),
		"an event without id":       base[:len(base)-3] + "[{date: 2025, title: E}]\n",
		"an event without date":     base[:len(base)-3] + "[{id: e, title: E}]\n",
		"an event that is text":     base[:len(base)-3] + "[E]\n",
		"another status":            base + "status: open\n",
		"another importance":        base[:len(base)-3] + "[{id: e, date: 2025, title: E, importance: high}]\n",
		"another way to announce":   base[:len(base)-3] + "[{id: e, date: 2025, title: E, announce: loudly}]\n",
		"a group with capitals":     base + "audience: [Trade]\n",
		"a tag that is no list":     base + "tags: trade\n",
		"no audience":               base + "audience: []\n",
		"an audience without value": base + "audience:\n",
		"a language":                base + "language: english!\n",
		"an interval as one date":   base + "as_of: 2025/2026\n",
		"a date":                    base + "review_by: soon\n",
		"an address":                base + "sources: [{id: s, url: example.org}]\n",
		"an address with a user":    base + "sources: [{id: s, url: 'https://u:p@example.org'}]\n",
		"another kind of address":   base + "sources: [{id: s, url: 'ftp://example.org'}]\n",
		"a likelihood over 1":       base + "scenarios: [{title: S, likelihood: 35}]\n",
		"a likelihood in quotes":    base + "scenarios: [{title: S, likelihood: '0.35'}]\n",
		"an outcome without date":   base + "scenarios: [{title: S, outcome: {happened: true}}]\n",
		"an outcome that is text":   base + "scenarios: [{title: S, outcome: {on: 2025, happened: 'yes'}}]\n",
		"a value that is no number": base + "indicators: [{label: L, value: 1, series: [{date: 2025, value: many}]}]\n",
		"a related story":           base + "related: [The Other]\n",
		"a correction of nothing":   base + "corrections: [{on: 2025, text: C, item: nothing}]\n",
		"a correction of a section": base + "corrections: [{on: 2025, text: C, item: overview/o}]\n",
		"a retraction":              base[:len(base)-3] + "[{id: e, date: 2025, title: E, retracted: true}]\n",
		"too many events":           string(filled(2001)),
		"a list":                    "[title, overview]\n",
	} {
		if d, _ := Decode("story.yaml", []byte(text)); d != nil {
			t.Errorf("%s: Decode takes it", name)
		}
		if schema.Validate(asEditor(t, []byte(text))) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

// TestSchemaDescribes checks that editors have something to show at every key that
// does not explain itself, and keys in the order of the contract.
func TestSchemaDescribes(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct{ Description string } `json:"properties"`
		Defs       map[string]struct{ Description string } `json:"$defs"`
		Required   []string                                `json:"required"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for key, property := range schema.Properties {
		if property.Description == "" {
			t.Errorf("nothing is said about %s", key)
		}
	}
	for name, definition := range schema.Defs {
		if !strings.HasPrefix(definition.Description, "A") || !strings.HasSuffix(definition.Description, ".") {
			t.Errorf("%s: the description is %q", name, definition.Description)
		}
	}
	if got := strings.Join(schema.Required, " "); got != "title overview timeline" {
		t.Errorf("required are %s", got)
	}
	before := -1
	for _, key := range dossierShape().keys() {
		at := bytes.LastIndex(text, []byte(`    "`+key+`": {`))
		if at < before {
			t.Errorf("%s is out of order", key)
		}
		before = at
	}
}

// TestSchemaPublished holds the copy that editors are pointed at to what the program
// prints.
func TestSchemaPublished(t *testing.T) {
	const published = "../../docs/brief.schema.json"
	want, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(published, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(published)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what briefbot schema prints: go test ./internal/brief -run SchemaPublished -update", published)
	}
}
