package brief

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
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
		{"people/eve/role", "plain text in three lines", "-    role: plain text in\n-      two lines # kept\n+    role: plain text in three lines # kept\n"},
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
