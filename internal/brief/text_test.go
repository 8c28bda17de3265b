package brief

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

func readText(tb testing.TB, data string) *Text {
	tb.Helper()
	text, problems := ReadText("x.yaml", []byte(data))
	if text == nil {
		tb.Fatalf("no text: %v\n%s", problems, data)
	}
	return text
}

const everyStyle = `# first
title: Plain title   # a comment
subtitle: one
  that goes on
status: "active"
overview: |
  First.

  Second # no comment

# the people
people:
- name: 'Jane ''J.'' Doe'   # indentless
  role: >-
    folded
    text

  aliases: [J. Doe, "D, J", {a: b}: c,
    last]
- &bob
  name: "Bob \"B\" \
    Roe"
  title:
  aliases: []   # none
timeline:
  - {id: a, date: 2025, title: Flow, sources: [x], people: [bob, ], }
  - id: b
    date: 2025-11
    title: été — Київ :here it's  # quoted
    detail: |2-
        indented
      text
    sources:
      - x
      - 'y'
  - &c
    id: c
    <<: {kind: merged, date: 2024}
    detail: !!str "tagged"
  - *c
sources: [{title: X Y},{title: 'Z' , id: y}]
`

func TestLocate(t *testing.T) {
	for _, c := range []struct{ where, want string }{
		{"title", "Plain title"},
		{"subtitle", "one\n  that goes on"},
		{"status", `"active"`},
		{"overview", "|\n  First.\n\n  Second # no comment"},
		{"people/jane-j-doe/name", `'Jane ''J.'' Doe'`},
		{"people/jane-j-doe/role", ">-\n    folded\n    text"},
		{"people/jane-j-doe/aliases", "[J. Doe, \"D, J\", {a: b}: c,\n    last]"},
		{"people/bob-b-roe/name", "\"Bob \\\"B\\\" \\\n    Roe\""},
		{"people/bob-b-roe/title", ""},
		{"people/bob-b-roe/aliases", "[]"},
		{"people/bob-b-roe/", "&bob\n  name: \"Bob \\\"B\\\" \\\n    Roe\"\n  title:\n  aliases: []"},
		{"timeline/a/", "{id: a, date: 2025, title: Flow, sources: [x], people: [bob, ], }"},
		{"timeline/a/title", "Flow"},
		{"timeline/a/people", "[bob, ]"},
		{"timeline/b/title", "été — Київ :here it's"},
		{"timeline/b/detail", "|2-\n        indented\n      text"},
		{"timeline/b/sources", "- x\n      - 'y'"},
		{"timeline/c/kind", "merged"},
		{"timeline/c/detail", `!!str "tagged"`},
		{"timeline/c/", "&c\n    id: c\n    <<: {kind: merged, date: 2024}\n    detail: !!str \"tagged\""},
		{"sources//", "[{title: X Y},{title: 'Z' , id: y}]"},
		{"sources/x-y/title", "X Y"},
		{"sources/y/title", "'Z'"},
	} {
		for _, form := range []struct{ name, before, after string }{
			{"as it is", "", ""}, {"CRLF", "\n", "\r\n"}, {"byte order mark", "#", byteOrderMark + "#"},
		} {
			change := func(s string) string {
				if form.name == "CRLF" {
					return strings.ReplaceAll(s, form.before, form.after)
				}
				return strings.Replace(s, form.before+" first", form.after+" first", 1)
			}
			text := readText(t, change(everyStyle))
			parts := append(strings.Split(c.where, "/"), "", "")
			section, item, key := parts[0], parts[1], parts[2]
			if !strings.Contains(c.where, "/") {
				section, key = "", section
			}
			span, ok := text.Locate(section, item, key)
			if got := string(text.data[span.From:span.To]); !ok || got != change(c.want) {
				t.Errorf("%s: %s: %v %q, want %q", form.name, c.where, ok, got, change(c.want))
			}
		}
	}
}

func TestLocateNothing(t *testing.T) {
	text := readText(t, everyStyle)
	for _, c := range [][3]string{
		{"", "", "nothing"}, {"", "a", ""}, {"timeline", "z", ""}, {"timeline", "", "title"},
		{"nothing", "", ""}, {"timeline", "a", "kind"}, {"title", "a", ""},
	} {
		if span, ok := text.Locate(c[0], c[1], c[2]); ok {
			t.Errorf("%q is at %v", c, span)
		}
	}
}

// TestLocateInError checks that things can be found in files that are no briefs.
func TestLocateInError(t *testing.T) {
	text, problems := ReadText("No Name.yaml", []byte("timeline:\n- id: a\n  datum: x\n"))
	if text == nil || !hasErrors(problems) || text.Dossier() != nil {
		t.Fatalf("text %v, problems %v", text, problems)
	}
	if span, ok := text.Locate("timeline", "a", "datum"); !ok || span != (Span{27, 28}) {
		t.Errorf("datum is at %v, %v", span, ok)
	}
	for _, bad := range []string{"", "a: [", "\xff", "a: &a [*a]"} {
		if text, problems := ReadText("x.yaml", []byte(bad)); text != nil || !hasErrors(problems) {
			t.Errorf("%q: text %v, problems %v", bad, text, problems)
		}
	}
}

func TestPlace(t *testing.T) {
	text := readText(t, byteOrderMark+"title: é1\r\nsubtitle: x")
	for offset, want := range map[int][2]int{-1: {1, 1}, 0: {1, 1}, 3: {1, 1}, 4: {1, 2}, 12: {1, 9}, 15: {2, 1}, 99: {2, 12}} {
		if line, column := text.Place(offset); line != want[0] || column != want[1] {
			t.Errorf("byte %d is at %d:%d, want %d:%d", offset, line, column, want[0], want[1])
		}
	}
}

// TestSpans checks that what stands in the span of any node, read by itself, is that
// node, in every brief there is.
func TestSpans(t *testing.T) {
	var files []string
	for _, pattern := range []string{"testdata/*/*.yaml", "../../briefs/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := ReadText(file, data); text != nil {
			checkSpans(t, text)
		}
	}
	checkSpans(t, readText(t, everyStyle))
	checkSpans(t, readText(t, strings.ReplaceAll(everyStyle, "\n", "\r\n")))
	for _, odd := range oddTexts {
		checkSpans(t, readText(t, odd))
		checkSpans(t, readText(t, byteOrderMark+odd))
	}
}

var oddTexts = []string{
	"a", "- a\n-\n- b", "a:\n- - b\n  - c: d\n    e:\n\n# end\n", "? a\n? b\n: c\n? d\n", "|\n a\n", "a: |+\n\n\n", "a: |+\n  b\n\n\nc: d\n",
	"a: |  # comment\n  b\nc: d\n", "a: >1\n  b\n\n   c\n   \nd: e", "[a, b: c, ? d, {e}, {f: }, ]", "&a\n- &b !!str c\n- !!str &d\n- &e\n- !<x> f\n- *b\n",
	"- |1\n  a\n- >-\n\n  b\n", "x:\n  a: |\n\n     \n  b:\n", "- a: |1\n   b\n  c: d\n", "{a: [b, 'c]'], \"}\": #]\n d}", "- ! a\n- !\n", "a: &x\nb: *x\n",
	"k:\r- a\r- b\r", "k: a\u2028m: b\n", "a: b c  d\n  e\n\n  f\ng: h\n",
}

func checkSpans(t *testing.T, text *Text) {
	t.Helper()
	var walk func(s spot)
	walk = func(s spot) {
		span := text.span(s)
		if err := text.standsAt(s, span); err != nil {
			line, column := text.Place(span.From)
			t.Errorf("%s:%d:%d: %v", text.path, line, column, err)
		}
		for _, n := range s.node.Content {
			walk(spot{n, text.indent(s)})
		}
	}
	walk(text.top())
}

// standsAt reads what stands in a span by itself.
func (t *Text) standsAt(s spot, span Span) error {
	written := string(t.data[span.From:span.To])
	if s.node.Kind == yaml.AliasNode {
		if written != "*"+s.node.Value {
			return fmt.Errorf("%q is no alias %s", written, s.node.Value)
		}
		return nil
	}
	if strings.Contains(written, "*") && t.around != nil {
		return nil // its anchor is elsewhere
	}
	alone, wrapped := written, false
	if strings.Contains(written, "\n") || strings.Contains(written, "\r") {
		column := s.node.Column - 1
		alone = strings.Repeat(" ", column) + written
	}
	if s.node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		alone, wrapped = strings.Repeat(" ", max(0, s.indent))+"? "+written, true
	}
	if s.node.Style&yaml.FlowStyle != 0 && s.node.Kind == yaml.MappingNode && !strings.Contains(written, "{") {
		alone, wrapped = "["+alone+"]", true
	}
	if deepest(s.node).Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 && span.To < len(t.data) {
		alone += "\n" // which is part of the value, but not of the span
	}
	n, err := nextDocument(yaml.NewDecoder(strings.NewReader(alone)))
	if s.node.Kind == yaml.ScalarNode && s.node.Value == "" && (err != nil || n == nil) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%q: %w", written, err)
	}
	if wrapped {
		n = n.Content[0]
	}
	want, got := outline(s.node), outline(n)
	if reflect.DeepEqual(want, got) {
		return nil
	}
	return fmt.Errorf("%q is not what the node is (-want +got):\n%s", written, cmp.Diff(want, got))
}

// deepest returns the last node in n.
func deepest(n *yaml.Node) *yaml.Node {
	for len(n.Content) > 0 {
		n = n.Content[len(n.Content)-1]
	}
	return n
}

// outline returns what a node is, without where it stands and its comments.
func outline(n *yaml.Node) any {
	if n.Kind == yaml.ScalarNode || n.Kind == yaml.AliasNode {
		return n.ShortTag() + " " + n.Value
	}
	list := []any{n.ShortTag()}
	for _, child := range n.Content {
		list = append(list, outline(child))
	}
	return list
}

func TestApply(t *testing.T) {
	for _, c := range []struct {
		want  string
		edits []Edit
	}{
		{"abcdef", nil},
		{"aXYdef", []Edit{{Span{1, 3}, "XY"}}},
		{"12aXef3", []Edit{{Span{6, 6}, "3"}, {Span{1, 4}, "X"}, {Span{0, 0}, "1"}, {Span{0, 0}, "2"}}},
		{"abXY", []Edit{{Span{3, 6}, "Y"}, {Span{2, 3}, "X"}}},
		{"", []Edit{{Span{1, 3}, ""}, {Span{2, 4}, ""}}},
		{"", []Edit{{Span{3, 7}, ""}}},
		{"", []Edit{{Span{3, 2}, ""}}},
		{"", []Edit{{Span{-1, 2}, ""}}},
	} {
		got, err := Apply([]byte("abcdef"), c.edits...)
		if string(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%v: %q, %v, want %q", c.edits, got, err, c.want)
		}
	}
}
