package brief

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"
	"gopkg.in/yaml.v3"
)

const setStyles = `title: Plain title   # kept
subtitle: 'it''s'  # kept
status: "active" # kept
overview: |  # kept
  First.

  Second
people:
- name: Jane Doe
  role: >-
    one two
    three four
    five six

    seven
  title:
  # about Bob
- {id: bob, name: Bob}
-   id: eve
    name: "Eve \"E\" and
      so on"
    role: plain text in
      two lines # kept

timeline:
  - {id: a, date: 2025, title: Flow, people: [bob]}
  - id: b
    # where it comes from
    date: 2025-11
    title: B
    detail: |2-
        indented
      text

    retracted: {on: 2025}
  - &c
    id: c
    <<: &m {kind: merged, date: 2024}
    title: &t Text
    detail: *t
scenarios:
  - title: S
    likelihood: 0.5  # kept
`

// TestSetStyles shows what changes in a file with fields in every style.
func TestSetStyles(t *testing.T) {
	for _, c := range []struct{ where, value, want string }{
		{"//title", "Another", "-title: Plain title   # kept\n+title: Another   # kept\n"},
		{"//title", "A: b # c", "-title: Plain title   # kept\n+title: \"A: b # c\"   # kept\n"},
		{"//title", " spaced\n out ", "-title: Plain title   # kept\n+title: spaced out   # kept\n"},
		{"//subtitle", "they're “here”", "-subtitle: 'it''s'  # kept\n+subtitle: 'they''re “here”'  # kept\n"},
		{"//status", "closed", "-status: \"active\" # kept\n+status: \"closed\" # kept\n"},
		{"//overview", "First.\n\nThird", "-  Second\n+  Third\n"},
		{"//overview", " indented\nx", "-overview: |  # kept\n-  First.\n-\n-  Second\n+overview: |2  # kept\n+   indented\n+  x\n"},
		{"//as_of", "2025-12-01", "+as_of: 2025-12-01\n"},
		{"people/jane-doe/role", "one 2 three four five six\nseven", "-    one two\n+    one 2\n"},
		{"people/jane-doe/role", "one two three four five six\nseven\neight", "+\n+    eight\n"},
		{"people/jane-doe/title", "Minister", "-  title:\n+  title: Minister\n"},
		{"people/jane-doe/id", "jd", "-- name: Jane Doe\n+- id: jd\n+  name: Jane Doe\n"},
		{"people/bob/title", "King, of [x]", "-- {id: bob, name: Bob}\n+- {id: bob, name: Bob, title: \"King, of [x]\"}\n"},
		{"people/bob/role", "a\nb", "-- {id: bob, name: Bob}\n+- {id: bob, name: Bob, role: \"a\\nb\"}\n"},
		{"people/eve/name", "Eve \"F\" and so on", "-    name: \"Eve \\\"E\\\" and\n+    name: \"Eve \\\"F\\\" and\n"},
		{"people/eve/role", "plain text in three lines", "-      two lines # kept\n+      three lines # kept\n"},
		{"people/eve/role", "a: b", "-    role: plain text in\n-      two lines # kept\n+    role: \"a: b\" # kept\n"},
		{"people/eve/role", "- a\n- b", "-    role: plain text in\n-      two lines # kept\n+    role: | # kept\n+      - a\n+      - b\n"},
		{"timeline/a/date", "2025-11", "-  - {id: a, date: 2025, title: Flow, people: [bob]}\n+  - {id: a, date: 2025-11, title: Flow, people: [bob]}\n"},
		{"timeline/a/title", "2025", "-  - {id: a, date: 2025, title: Flow, people: [bob]}\n+  - {id: a, date: 2025, title: \"2025\", people: [bob]}\n"},
		{"timeline/a/date", "2025?", "-  - {id: a, date: 2025, title: Flow, people: [bob]}\n+  - {id: a, date: \"2025?\", title: Flow, people: [bob]}\n"},
		{"timeline/b/date", "2025-12", "-    date: 2025-11\n+    date: 2025-12\n"},
		{"timeline/b/kind", "yes", "+    kind: \"yes\"\n"},
		{"timeline/b/detail", "text", "-        indented\n       text\n"},
		{"timeline/b/importance", "major", "+    importance: major\n"},
		{"timeline/c/detail", "Words", "-    detail: *t\n+    detail: Words\n"},
		{"timeline/c/kind", "own", "+    kind: own\n"},
		{"scenarios/s/likelihood", "0.75", "-    likelihood: 0.5  # kept\n+    likelihood: 0.75  # kept\n"},
	} {
		for _, end := range []string{"\n", "\r\n"} {
			before := strings.ReplaceAll(setStyles, "\n", end)
			text := readText(t, before)
			part := strings.Split(c.where, "/")
			e, err := text.Set(part[0], part[1], part[2], c.value)
			if err != nil {
				t.Errorf("%s: %v", c.where, err)
				continue
			}
			after, err := Apply([]byte(before), e)
			if err != nil {
				t.Fatal(err)
			}
			if end == "\r\n" && strings.Contains(strings.ReplaceAll(string(after), end, ""), "\n") {
				t.Errorf("%s: a line does not end with CRLF in %q", c.where, after)
			}
			if got := changedLines(before, string(after)); got != changedLines("", "")+lines(c.want) {
				t.Errorf("%s: changes\n%swant\n%s", c.where, got, c.want)
			}
		}
	}
}

// lines leaves out of a wanted change what is there only to be read.
func lines(want string) string {
	var b strings.Builder
	for line := range strings.Lines(want) {
		if line[0] == '+' || line[0] == '-' {
			b.WriteString(line)
		}
	}
	return b.String()
}

// changedLines returns the lines that a unified diff takes out and adds.
func changedLines(before, after string) string {
	normal := func(s string) []byte { return []byte(strings.ReplaceAll(s, "\r\n", "\n")) }
	_, text, _ := strings.Cut(string(diff.Diff("a", normal(before), "b", normal(after))), "+++ b\n")
	return lines(text)
}

func TestSetRefuses(t *testing.T) {
	for _, c := range []struct{ section, item, key, value, want string }{
		{"", "", "nothing", "x", "no such field"},
		{"", "", "timeline", "x", "more than one value"},
		{"", "", "tags", "x", "more than one value"},
		{"timeline", "", "title", "x", "belongs to an item"},
		{"timeline", "z", "title", "x", "timeline has no"},
		{"timeline", "a", "title", "bell\a", "U+0007"},
		{"timeline", "a", "title", "\xff", "UTF-8"},
		{"timeline", "c", "title", "New", "elsewhere"},
		{"scenarios", "s", "likelihood", "much", "should be a number"},
		{"timeline", "b", "retracted", "x", "more than one value"},
	} {
		_, err := readText(t, setStyles).Set(c.section, c.item, c.key, c.value)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// TestSetKeepsBriefsValid checks that a value that would put a brief into error is
// refused with what is wrong with it.
func TestSetKeepsBriefsValid(t *testing.T) {
	path, data := readStory(t, "full")
	text, _ := ReadText(path, data)
	d := text.Dossier()
	for key, value := range map[string]string{"date": "tomorrow", "importance": "huge", "title": ""} {
		if _, err := text.Set("timeline", d.Timeline[0].ID, key, value); err == nil || strings.Contains(err.Error(), "by hand") {
			t.Errorf("%s: %q: %v", key, value, err)
		}
	}
}

// FuzzSet sets fields of briefs in every style. What is set must be read again, nothing
// else may change, and every value must be possible where the field is any text.
func FuzzSet(f *testing.F) {
	for which, value := range []string{"x", "a b", "a: b", "# x", " x", "a\nb", "- a\n\n  b\n", "2025", "'", `"\`, "é\u2028ж", "null", "|", "*a", "---", "a #b", "\ta", "x " + strings.Repeat("word ", 60)} {
		f.Add(uint16(which), value)
		f.Add(uint16(which*31), value)
	}
	texts := settable(f)
	f.Fuzz(func(t *testing.T, which uint16, value string) {
		text := texts[int(which)%len(texts)]
		checkSet(t, text, int(which)/len(texts), value)
	})
}

// plainLines writes all ends of lines in one way.
var plainLines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// canBeSet reports whether every text can hold a value.
func canBeSet(value string) bool {
	forbidden := func(c rune) bool { return unicode.IsControl(c) && !strings.ContainsRune("\n\r\t", c) }
	return strings.ContainsFunc(value, visible) && utf8.ValidString(value) && !strings.ContainsFunc(value, forbidden)
}

// settable returns briefs without errors.
func settable(tb testing.TB) []*Text {
	var texts []*Text
	for _, file := range []string{"testdata/stories/full.yaml", "../../briefs/us-nss-2025.yaml"} {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		for _, data := range []string{string(data), strings.ReplaceAll(string(data), "\n", "\r\n")} {
			text, _ := ReadText(file, []byte(data))
			if text.dossier == nil {
				tb.Fatalf("%s has errors", file)
			}
			texts = append(texts, text)
		}
	}
	whole := strings.Replace(setStyles, "scenarios:", "overview: >+\n\n  a\n  b\n\n\nscenarios:", 1)
	whole = strings.Replace(whole, "overview: |  # kept\n  First.\n\n  Second\n", "", 1)
	whole = strings.Replace(whole, "  - &c\n    id: c\n", "  - &c\n    id: c\n    date: 2026\n", 1)
	text, problems := ReadText("x.yaml", []byte(strings.ReplaceAll(whole, ", date: 2024}", "}")))
	if text == nil || text.dossier == nil {
		tb.Fatal(problems)
	}
	return append(texts, text)
}

// A fieldAt is a field that can be set; a free one takes any text.
type fieldAt struct {
	section, item, key string
	free, prose        bool
}

// in returns the mapping of the field in the JSON form of a dossier.
func (at fieldAt) in(dossier map[string]any) map[string]any {
	if at.section == "" {
		return dossier
	}
	for _, each := range dossier[at.section].([]any) {
		if item := each.(map[string]any); item["id"] == at.item {
			return item
		}
	}
	return nil
}

func fieldsOf(t *Text) []fieldAt {
	var fields []fieldAt
	add := func(section, item string, s *shape) {
		for _, r := range s.rules {
			if r.key == "id" || r.key == "name" || r.key == "label" || r.key == "title" && section != "timeline" && section != "" {
				continue // the item would be another
			}
			of, _, _, _ := fieldRule(section, r.key)
			free := of.Kind() == reflect.String && !r.strict && r.max == 0 && r.kind != "period"
			fields = append(fields, fieldAt{section: section, item: item, key: r.key, free: free, prose: r.kind == "prose"})
		}
	}
	add("", "", dossierShape())
	for _, section := range dossierShape().sections() {
		i, _ := dossierShape().rule(section)
		list, ok := t.find(section, "", "")
		if !ok {
			continue
		}
		for n, item := range t.items(list) {
			if id, _ := t.idOf(section, item); id != "" && n < 3 {
				add(section, id, dossierShape().rules[i].of)
			}
		}
	}
	return slices.DeleteFunc(fields, func(at fieldAt) bool {
		s, ok := t.find(at.section, at.item, at.key)
		return ok && (s.node.Anchor != "" || s.node.Kind == yaml.AliasNode) // tested above
	})
}

func asJSON(tb testing.TB, d *Dossier) map[string]any {
	data, err := json.Marshal(d)
	if err != nil {
		tb.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		tb.Fatal(err)
	}
	return v
}
