package brief

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const storiesDir = "testdata/stories"

func readStory(tb testing.TB, id string) (path string, data []byte) {
	tb.Helper()
	path = filepath.Join(storiesDir, id+briefExt)
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return path, data
}

func decodeStory(tb testing.TB, id string) *Dossier {
	tb.Helper()
	d, problems := Decode(readStory(tb, id))
	if d == nil || len(problems) > 0 {
		tb.Fatalf("%s: %v", id, problems)
	}
	return d
}

// TestDecodeFull holds the JSON form of the brief that uses every key to a golden
// file, and checks that it does use every key.
func TestDecodeFull(t *testing.T) {
	d := decodeStory(t, "full")
	got, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const golden = "testdata/full.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the dossier differs from %s (-want +got):\n%s", golden, diff)
	}
	used := make(map[string]bool)
	noteFields(reflect.ValueOf(*d), used)
	for _, field := range slices.Sorted(maps.Keys(used)) {
		if !used[field] {
			t.Errorf("%s is used nowhere in the brief that is to use every key", field)
		}
	}
}

// noteFields records for every field of the model under v whether it is set.
func noteFields(v reflect.Value, used map[string]bool) {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			noteFields(v.Index(i), used)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			noteFields(v.Elem(), used)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Date]() {
			return
		}
		for i := range v.NumField() {
			name := v.Type().Name() + "." + v.Type().Field(i).Name
			used[name] = used[name] || !v.Field(i).IsZero() || v.Field(i).Kind() == reflect.Bool
			noteFields(v.Field(i), used)
		}
	}
}

// TestDecodeJSON checks that a dossier's JSON form is a brief as well, and comes to
// the same dossier both as JSON and as YAML.
func TestDecodeJSON(t *testing.T) {
	for _, id := range []string{"minimal", "full", "huge"} {
		want := decodeStory(t, id)
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var asJSON Dossier
		if err := json.Unmarshal(text, &asJSON); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		text = bytes.Replace(text, []byte(`"id":"`+id+`",`), nil, 1)
		asYAML, problems := Decode(id+briefExt, text)
		if len(problems) > 0 {
			t.Errorf("%s: %v", id, problems)
		}
		for form, got := range map[string]*Dossier{"JSON": &asJSON, "YAML": asYAML} {
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(Date{})); diff != "" {
				t.Errorf("%s through %s (-want +got):\n%s", id, form, diff)
			}
		}
	}
}

// TestDecodeDefaults checks what is there although it is not written.
func TestDecodeDefaults(t *testing.T) {
	d := decodeStory(t, "minimal")
	e := d.Timeline[0]
	if d.ID != "minimal" || d.Status != Active || e.Importance != Normal || e.Announce != InDigest {
		t.Errorf("id %q, status %q, importance %q, announce %q", d.ID, d.Status, e.Importance, e.Announce)
	}
	d = decodeStory(t, "full")
	var ids []string
	for _, e := range d.Timeline {
		ids = append(ids, e.ID)
	}
	want := []string{
		"centre-founded", "earlier-closure", "draft-circulates", "talks-begin", "accord-signed", "first-ship",
		"mine-reported", "premiums-fall", "corridor-review",
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("the timeline is in another order (-want +got):\n%s", diff)
	}
	for got, want := range map[string]string{
		d.Indicators[1].ID: "war-risk-premium", d.People[1].ID: "ukasz-muller-nunez", d.Organizations[1].ID: "ministry-of-trade",
		d.Scenarios[1].ID: "new-closure", d.History[1].ID: "sound-toll", d.Sources[2].ID: "harbour-log",
	} {
		if got != want {
			t.Errorf("an id by default is %q, want %q", got, want)
		}
	}
}

// TestDecodeOrder checks that what is dated is sorted, and that what begins
// together keeps the order of the file.
func TestDecodeOrder(t *testing.T) {
	d := decodeText(t, `
title: T
overview: O
timeline:
  - {id: c, date: 2025-12-02/2025-12-08, title: C}
  - {id: b, date: 2025-12-02, title: B}
  - {id: a, date: 2025-12-01, title: A}
  - {id: d, date: 2025-12-02T00:00:00Z, title: D}
indicators:
  - {label: L, value: 1, series: [{date: 2025-12, value: 2}, {date: 2025-11, value: 1}]}
scenarios:
  - {title: S, assessments: [{date: 2026, likelihood: 0.2}, {date: 2025, likelihood: 0.1}]}
`)
	order := ""
	for _, e := range d.Timeline {
		order += e.ID
	}
	if order != "acbd" {
		t.Errorf("the events are in the order %s, want acbd", order)
	}
	if d.Indicators[0].Series[0].Value != 1 || d.Scenarios[0].Assessments[0].Likelihood != 0.1 {
		t.Errorf("not sorted by date: %v, %v", d.Indicators[0].Series, d.Scenarios[0].Assessments)
	}
}

func decodeText(t *testing.T, text string) *Dossier {
	t.Helper()
	d, problems := Decode("story.yaml", []byte(text))
	if d == nil || len(problems) > 0 {
		t.Fatalf("%v in\n%s", problems, text)
	}
	return d
}

// TestDecodeSame checks that how a brief is written makes no difference.
func TestDecodeSame(t *testing.T) {
	const text = `title: Accord signed
subtitle: One line of text
status: active
as_of: 2025-12-08
overview: |
  First paragraph
  goes on.

  Second.
people:
  - {id: jane, name: Jane Doe, aliases: [J. Doe]}
timeline:
  - {id: signed, date: 2025, title: Signed, importance: normal, people: [jane]}
`
	want := decodeText(t, text)
	for name, other := range map[string]string{
		"carriage returns": strings.ReplaceAll(text, "\n", "\r\n"),
		"byte order mark":  "\uFEFF" + text,
		"document start":   "---\n" + text + "...\n",
		"comments":         "# one\n" + strings.ReplaceAll(text, "status: active\n", "status: active # two\n# three\n"),
		"no end of line":   strings.TrimSuffix(text, "\n"),
		"blank lines":      "\n\n" + strings.ReplaceAll(text, "status:", "\nstatus:") + "\n\n",
		"quotes":           strings.NewReplacer("Accord signed", `"Accord \x73igned"`, "2025-12-08", "'2025-12-08'", "2025,", `"2025",`).Replace(text),
		"white space":      strings.NewReplacer("Accord signed", `"  Accord signed "`, "One line of text", "\"One line\tof text\\n\"").Replace(text),
		"block scalars":    strings.NewReplacer("One line of text", ">-\n  One line\n  of text", "overview: |", "overview: |+").Replace(text),
		"key order":        "timeline:\n  - {title: Signed, people: [jane], id: signed, date: 2025}\n" + strings.Split(text, "timeline:")[0],
		"left out":         strings.NewReplacer("status: active\n", "", "importance: normal, ", "").Replace(text),
		"nothing":          text + "tags:\nlanguage: ~\nrelated: []\nhistory: null\n",
		"an anchor":        strings.NewReplacer("Accord signed", "&a Accord signed", "id: jane,", "id: &j jane,", "[jane]", "[*j]").Replace(text),
		"a merge":          strings.Replace(text, "{id: signed,", "{<<: {id: other, date: 1999}, id: signed,", 1),
		"a tag":            strings.Replace(text, "Accord signed", "!!str Accord signed", 1),
	} {
		got := decodeText(t, other)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Date{})); diff != "" {
			t.Errorf("%s make a difference (-want +got):\n%s", name, diff)
		}
	}
}

// TestDecodeIDs checks ids that are not simply written.
func TestDecodeIDs(t *testing.T) {
	d := decodeText(t, `
title: T
overview: O
timeline: []
people:
  - &a {id: &i jane, name: Jane Doe, title: Minister}
  - {<<: *a, id: john, name: John Doe}
  - {id: , name: Jim Doe}
  - {name: 2025}
  - {name: A very long name that goes on and on until there is no more room for it in an id}
organizations:
  - {id: *i, name: Office of Jane Doe}
sources:
  - {publisher: The Wire}
  - {publisher: The Wire, title: A report}
`)
	var ids []string
	for _, p := range d.People {
		ids = append(ids, p.ID)
	}
	ids = append(ids, d.Organizations[0].ID, d.Sources[0].ID, d.Sources[1].ID)
	want := []string{"jane", "john", "jim-doe", "2025", "a-very-long-name-that-goes-on-and-on-until-there-is-no-more-room", "jane", "the-wire", "a-report"}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if d.People[1].Title != "Minister" {
		t.Errorf("nothing merged into %+v", d.People[1])
	}
	_, problems := Decode("story.yaml", []byte("title: T\noverview: O\ntimeline: []\npeople:\n  - &a {id: a, name: A}\n  - {<<: *a, name: B}\n"))
	if len(problems) != 1 || problems[0].Rule != "id" || problems[0].Line != 6 || !strings.Contains(problems[0].Message, "write another") {
		t.Errorf("a merged id: %v", problems)
	}
}

// TestDecodeScalars checks that text is what the file says, whatever YAML would
// make of it.
func TestDecodeScalars(t *testing.T) {
	for written, want := range map[string]string{
		"14": "14", "14.50": "14.50", "1_000": "1_000", "0x1F": "0x1F", "017": "017", "1e3": "1e3", "-0": "-0", ".5": ".5",
		"true": "true", "No": "No", "yes": "yes", "2025-11-21": "2025-11-21", "12:30": "12:30", `"14"`: "14", "'~'": "~",
		"<<": "<<", "=": "=", "14 %": "14 %", "a  b": "a  b", `"a\tb"`: "a b", ".inf": ".inf",
	} {
		d := decodeText(t, "title: T\noverview: O\ntimeline: []\nindicators: [{label: L, value: "+written+"}]\n")
		if got := d.Indicators[0].Value; got != want {
			t.Errorf("value: %s is %q, want %q", written, got, want)
		}
	}
	for written, want := range map[string]float64{"14": 14, "0.35": 0.35, "-1": -1, "1e3": 1000, "0x10": 16, "1_000": 1000, ".5": 0.5} {
		d := decodeText(t, "title: T\noverview: O\ntimeline: []\nindicators: [{label: L, value: x, series: [{date: 2025, value: "+written+"}]}]\n")
		if got := d.Indicators[0].Series[0].Value; got != want {
			t.Errorf("value: %s is %v, want %v", written, got, want)
		}
	}
	for written, want := range map[string]string{"EN": "en", "pt-br": "pt-BR", "zh-hant-tw": "zh-Hant-TW", "uk": "uk", "mul": "mul"} {
		d := decodeText(t, "title: T\noverview: O\ntimeline: []\nlanguage: "+written+"\n")
		if d.Language != want {
			t.Errorf("language: %s is %q, want %q", written, d.Language, want)
		}
	}
}

// TestDecodeProse checks that the layout of prose is kept, within the text.
func TestDecodeProse(t *testing.T) {
	d := decodeText(t, "title: T\ntimeline: []\noverview: |2+\n\n      code\n\n    - item  \n    - item\n\n\n")
	if want := "    code\n\n  - item  \n  - item"; d.Overview != want {
		t.Errorf("the overview is %q, want %q", d.Overview, want)
	}
}

// filled returns a brief with n events.
func filled(n int) []byte {
	var b bytes.Buffer
	b.WriteString("title: T\noverview: O\ntimeline:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {id: e%d, date: 2025, title: E}\n", i)
	}
	return b.Bytes()
}

// TestDecodeLimits checks both sides of every limit.
func TestDecodeLimits(t *testing.T) {
	base := "title: T\noverview: O\ntimeline: []\n"
	pad := func(size int) []byte { return []byte(base + "#" + strings.Repeat("x", size-len(base)-2) + "\n") }
	for _, test := range []struct {
		name, path string
		data       []byte
		want       string // "" for none
	}{
		{"a file of 1 MiB", "", pad(maxFile), ""},
		{"a larger file", "", pad(maxFile + 1), "1:1 limit"},
		{"2,000 events", "", filled(2000), ""},
		{"2,001 events", "", filled(2001), "2004:5 limit"},
		{"a title of 200", "", []byte(strings.Replace(base, "T", strings.Repeat("ж", 200), 1)), ""},
		{"a title of 201", "", []byte(strings.Replace(base, "T", strings.Repeat("e\u0301", 100)+"x", 1)), "1:8 limit"},
		{"an id of 64", "", []byte(base + "audience: [" + strings.Repeat("x", 64) + "]\n"), ""},
		{"an id of 65", "", []byte(base + "audience: [" + strings.Repeat("x", 65) + "]\n"), "4:12 id"},
		{"a name of 32", strings.Repeat("x", 32) + ".yaml", []byte(base), ""},
		{"a name of 33", strings.Repeat("x", 33) + ".yaml", []byte(base), "1:1 file-name"},
		{"aliases within bounds", "", []byte("title: &a " + strings.Repeat("x", 100) + "\noverview: *a\nsubtitle: *a\ntimeline: []\n"), ""},
		{"deep nesting", "", []byte(base + "tags: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000)), "4:8 type"},
		{"deeper nesting", "", []byte(base + "tags: " + strings.Repeat("[", 20_000)), "4:1 syntax"},
		{"not UTF-8", "", []byte("title: T\noverview: caf\xe9\n"), "2:14 encoding"},
		{"UTF-16", "", []byte("\xff\xfet\x00i\x00"), "1:1 encoding"},
		{"a NUL", "", []byte("title: T\nover\x00view: O\n"), "2:5 control-character"},
		{"nothing", "", nil, "1:1 empty"},
		{"white space", "", []byte(" \n\n"), "1:1 empty"},
	} {
		path := test.path
		if path == "" {
			path = "story.yaml"
		}
		d, problems := Decode(path, test.data)
		got := ""
		if len(problems) > 0 {
			got = fmt.Sprintf("%d:%d %s", problems[0].Line, problems[0].Column, problems[0].Rule)
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q: %.200v", test.name, got, test.want, problems)
		}
		if (d == nil) != (test.want != "") {
			t.Errorf("%s: a dossier with problems %v", test.name, problems)
		}
	}
}

// TestDecodeFreeWords checks that what is for readers only may be any text.
func TestDecodeFreeWords(t *testing.T) {
	d, problems := Decode("story.yaml", []byte("title: T\noverview: O\ntimeline: [{id: e, date: 2025, title: E, kind: Foreign policy}]\ntags: [Black Sea, торгівля]\n"))
	if d == nil || len(problems) > 0 {
		t.Fatal(problems)
	}
	if diff := cmp.Diff([]string{"Black Sea", "торгівля"}, d.Tags); diff != "" {
		t.Error(diff)
	}
}

// TestDecodeUncertainInBraces checks that the YAML library's own trouble with a
// date such as 2025? is told where it stands.
func TestDecodeUncertainInBraces(t *testing.T) {
	for text, want := range map[string]place{
		"timeline:\n  - {id: e, date: 2025, title: E}\n  - {id: f, date: 2025-11?, title: F}\n": {5, 19},
		"timeline: [{id: e, title: E, date: 2025?}]\n":                                          {3, 36},
	} {
		d, problems := Decode("story.yaml", []byte("title: T\noverview: O\n"+text))
		if d != nil || len(problems) != 1 {
			t.Fatalf("%s: %v", text, problems)
		}
		if p := problems[0]; (place{p.Line, p.Column}) != want || !strings.Contains(p.Message, "in quotes") {
			t.Errorf("%s: %v", text, p)
		}
	}
}

// TestDecodeBombs checks that a small file cannot cost much.
func TestDecodeBombs(t *testing.T) {
	var billion strings.Builder
	billion.WriteString("title: T\noverview: O\ntags: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 30 {
		fmt.Fprintf(&billion, "key%d: &a%d [%s]\n", i, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 10))
	}
	billion.WriteString("timeline: *a30\n")
	merges := "title: T\noverview: O\ntimeline:\n  - &m0 {id: a, date: 2025, title: A}\n"
	for i := range 30 {
		merges += fmt.Sprintf("  - &m%d {<<: [*m%d, *m%d, *m%d]}\n", i+1, i, i, i)
	}
	for name, text := range map[string]string{
		"lists of lists": billion.String(), "merges of merges": merges,
		"a merge of itself": "title: T\noverview: O\ntimeline: [&m {<<: *m, id: a}]\n",
		"a key of itself":   "&a {? *a : b}\n",
	} {
		d, problems := Decode("story.yaml", []byte(text))
		if d != nil || len(problems) != 1 || problems[0].Rule != "limit" && problems[0].Rule != "alias" {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// TestDecodeManyProblems checks that a file with nothing right in it is told of
// within bounds, and last that there is more.
func TestDecodeManyProblems(t *testing.T) {
	text := "title: T\noverview: O\ntimeline:\n" + strings.Repeat("  - {id: '!', date: x}\n", 1500)
	d, problems := Decode("story.yaml", []byte(text))
	if d != nil || len(problems) != maxProblems {
		t.Fatalf("%d problems, want %d", len(problems), maxProblems)
	}
	if !slices.ContainsFunc(problems, func(p Problem) bool { return p.Rule == "limit" }) {
		t.Error("it is not said that there are more problems")
	}
}

// TestDecodeWarnings checks that warnings hold nothing back, however many they are.
func TestDecodeWarnings(t *testing.T) {
	many, problems := Decode("story.yaml", []byte("title: T\noverview: O\ntimeline: []\ntags: ["+strings.Repeat("a, ", 2*maxProblems)+"]\n"))
	if many == nil || len(problems) >= maxProblems {
		t.Errorf("dossier %v with %d problems", many, len(problems))
	}
	d, problems := Decode("story.yaml", []byte("title: T\noverview: O\ntimeline: []\ntags: [a, b, a]\n"))
	if d == nil || len(problems) != 1 || problems[0].Severity != Warning {
		t.Errorf("dossier %v, problems %v", d, problems)
	}
}

// TestDecodeOddBreaks checks that lines are counted as editors count them.
func TestDecodeOddBreaks(t *testing.T) {
	for name, text := range map[string]string{
		"line separator":  "title: \"a\u2028b\u2029c\"\noverview: O\n  \ntimeline: []\nstatus: open\n",
		"next line":       "title: \"a\u0085b\"\noverview: O\n\ntimeline: []\nstatus: open\n",
		"carriage return": "title: T\r\noverview: O\r\n\r\ntimeline: []\r\nstatus: open\r\n",
		"single return":   "title: T\noverview: \"a\rb\"\n\ntimeline: []\nstatus: open\n",
	} {
		_, problems := Decode("story.yaml", []byte(text))
		if len(problems) != 1 || problems[0].Line != 5 || problems[0].Column != 9 {
			t.Errorf("%s: %v, want one problem at 5:9", name, problems)
		}
	}
}

// TestNoGoNames checks that messages are for editors.
func TestNoGoNames(t *testing.T) {
	golden, err := os.ReadFile(brokenGolden)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"brief.", "struct", "reflect", "yaml.", "Node", "float64", "[]string", "!!map", "!!seq", "unmarshal", "%!", "<nil>"} {
		for line := range strings.Lines(string(golden)) {
			if _, message, _ := strings.Cut(line, ": "); strings.Contains(message, word) {
				t.Errorf("%q is no word for editors: %s", word, line)
			}
		}
	}
}

// TestRules checks that every rule a problem may have is provoked by a broken brief.
func TestRules(t *testing.T) {
	golden, err := os.ReadFile(brokenGolden)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []string{
		"alias", "choice", "control-character", "date", "document", "duplicate-key", "empty", "file", "file-name", "id", "language",
		"limit", "missing", "range", "reference", "repeated", "syntax", "translation", "type", "unknown-key", "url",
	} {
		if !bytes.Contains(golden, []byte(" "+rule+"]\n")) {
			t.Errorf("no broken brief breaks the rule %s", rule)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, dir := range []string{storiesDir, brokenDir} {
		files, err := filepath.Glob(dir + "/*.yaml")
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if len(data) < 16<<10 {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, problems := Decode("story.yaml", data)
		if (d == nil) != hasErrors(problems) {
			t.Fatalf("dossier %v with problems %v", d, problems)
		}
		lines := strings.Split(string(data), "\n")
		for _, p := range problems {
			if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len([]rune(lines[p.Line-1]))+1 {
				t.Errorf("a place outside the file: %v", p)
			}
			if p.Message == "" || p.Rule == "" || p.Severity == "" || strings.Contains(p.Message, "%!(") && !bytes.Contains(data, []byte("%!(")) || len(p.Message) > 1000 {
				t.Errorf("not a good message: %+v", p)
			}
		}
		if d == nil {
			return
		}
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var again Dossier
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	})
}
