package brief

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A writer writes a brief by chance, in every layout that an editor might choose. Nothing
// is wrong with it but that ids may be missing.
type writer struct {
	*rand.Rand
	strings.Builder
	anchors []string // of lists of people that are written
}

// generated returns a brief. Above each event stand comments that name its title.
func generated(seed uint64) string {
	w := &writer{Rand: rand.New(rand.NewPCG(seed, 2025))}
	w.WriteString(w.pick("", "", "# a brief\n", "# a brief\n\n", "---\n"))
	sections := []func(){
		func() { w.entry("title", "", w.words(3), false) },
		func() { w.entry("overview", "", w.prose(), true) },
		w.people, w.timeline,
		func() { w.WriteString("sources:\n- {id: wire, title: Wire}\n") },
	}
	if w.IntN(2) == 0 {
		sections = append(sections, func() { w.WriteString("tags: [a, b,\n  c]\n") }, func() { w.WriteString("status: closed # for good\n") })
	}
	w.Shuffle(len(sections), func(i, j int) { sections[i], sections[j] = sections[j], sections[i] })
	for _, section := range sections {
		section()
		w.WriteString(w.pick("", "", "\n", "# between\n", "\n# between\n\n"))
	}
	text := w.String()
	if w.IntN(4) == 0 {
		text = strings.TrimRight(text, "\n")
	}
	if w.IntN(4) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if w.IntN(8) == 0 {
		text = byteOrderMark + text
	}
	return text
}

func (w *writer) pick(choices ...string) string { return choices[w.IntN(len(choices))] }

func (w *writer) words(n int) string {
	var words []string
	for range 1 + w.IntN(n) {
		words = append(words, w.pick("one", "été", "Київ", "it's", `"so"`, "a:b", "c#d", "100%", "x,", "[y]", "{z", "- n", "-", "2025", "null", "*q", "…", "🚢", `\n`))
	}
	return "T " + strings.Join(words, " ")
}

func (w *writer) prose() string {
	text := w.words(12)
	for w.IntN(3) == 0 {
		text += w.pick("\n", "\n\n", "\n- ") + w.words(20)
	}
	return text
}

// scalar writes a value in a style by chance. What follows the value on its line must
// begin with a comment.
func (w *writer) scalar(value, indent string, prose, flow bool) string {
	inner := indent + "  "
	oneLine := !strings.Contains(value, "\n")
	switch style := w.IntN(6); {
	case style == 0 && isPlain(value) && !(flow && strings.ContainsAny(value, ",[]{}:")):
		return value
	case style == 1 && oneLine:
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	case style == 2 && prose && !flow:
		return w.pick("|", "|-", "| # text", "|2", "|+") + "\n" + inner + strings.ReplaceAll(value, "\n", "\n"+inner)
	case style == 3 && prose && oneLine && !flow:
		return w.pick(">", ">-", ">2-") + "\n" + inner + strings.ReplaceAll(value, " ", w.pick(" ", "\n"+inner))
	case style == 4 && isPlain(value) && !strings.Contains(value, "-") && !flow:
		return strings.ReplaceAll(value, " ", "\n"+inner)
	}
	return doubleQuoted(value)
}

// entry writes a key with a value, after what stands before it on the line.
func (w *writer) entry(key, indent, value string, prose bool) {
	written := w.scalar(value, indent, prose, false)
	w.WriteString(key + ": " + written)
	if !strings.ContainsAny(written, "|>") || !strings.Contains(written, "\n") {
		w.WriteString(w.pick("", "", " # said", "   "))
	}
	w.WriteString("\n")
	if w.IntN(8) == 0 && !strings.Contains(written, "\n") {
		w.WriteString(indent + "# below " + key + "\n")
	}
}

// ids of the people are their names in small letters.
var generatedPeople = []string{"Ann", "Bob", "Eve"}

func (w *writer) people() {
	w.WriteString("people:" + w.pick("\n", " # all\n", "\n\n"))
	for _, name := range generatedPeople {
		w.WriteString("  - name: " + w.pick(name, "'"+name+"'", `"`+name+`"`) + "\n")
		if w.IntN(2) == 0 {
			w.WriteString("    ")
			w.entry("role", "    ", w.prose(), true)
		}
	}
}

func (w *writer) timeline() {
	n := w.IntN(7)
	if n == 0 {
		w.WriteString("timeline: []\n")
		return
	}
	if w.IntN(5) == 0 {
		w.brackets(n)
		return
	}
	indent := w.pick("", "  ", "    ")
	w.WriteString("timeline:" + w.pick("\n", " # all of it\n", "\n\n", " &all\n") + w.pick("", "", indent+"# about the list\n\n"))
	for i := range n {
		w.event(indent, fmt.Sprintf("e%d", i))
	}
	w.WriteString(w.pick("", "", indent+"# the end\n"))
}

func (w *writer) brackets(n int) {
	w.WriteString("timeline: [")
	space := w.pick(" ", "\n  ", "")
	for i := range n {
		w.WriteString(space + w.inBraces(fmt.Sprintf("e%d", i)) + ",")
	}
	w.WriteString(w.pick("]", " ]", "\n  ]") + "\n")
}

func (w *writer) date() string {
	return w.pick("2025", "2024-03", "2024-03-05", "2024-02~", "../2023", "2024-01/2025", "2024-03-05T10:00:00Z", "2022", "2021")
}

func (w *writer) inBraces(name string) string {
	parts := []string{"date: " + w.date(), "title: " + name, "kind: " + w.scalar(w.words(2), "", false, true)}
	if w.IntN(2) == 0 {
		parts = append(parts, "id: "+name)
	}
	w.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return w.pick("{", "{ ") + strings.Join(parts, w.pick(", ", ",", ",\n          ")) + "}"
}

// event writes an event whose title is its name.
func (w *writer) event(indent, name string) {
	w.WriteString(w.pick("", "", "\n", "\n\n"))
	for range w.IntN(3) {
		w.WriteString(indent + "# above " + name + "\n")
	}
	if w.IntN(4) == 0 {
		w.WriteString(indent + "- " + w.inBraces(name) + w.pick("", " # beside "+name) + "\n")
		return
	}
	dash := w.pick("- ", "-   ", "- ", "-\n")
	inner := indent + strings.Repeat(" ", len(dash))
	if dash == "-\n" {
		dash, inner = "- # beside "+name+"\n"+indent+"  ", indent+"  "
	}
	parts := []func(){
		func() { w.WriteString("date: " + w.date() + w.pick("", " # when") + "\n") },
		func() { w.WriteString("title: " + w.pick(name, "'"+name+"'", `"`+name+`"`) + "\n") },
	}
	if w.IntN(2) == 0 {
		parts = append(parts, func() { w.WriteString("id: " + name + "\n") })
	}
	if w.IntN(2) == 0 {
		parts = append(parts, func() { w.entry("detail", inner, w.prose(), true) })
	}
	if w.IntN(3) == 0 {
		parts = append(parts, func() { w.WriteString("sources:\n" + inner + "- wire\n") })
	}
	if w.IntN(3) == 0 {
		parts = append(parts, w.involved)
	}
	w.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	w.WriteString(indent + dash)
	for i, part := range parts {
		if i > 0 {
			w.WriteString(w.pick("", "", "", "\n", inner+"# inside "+name+"\n") + inner)
		}
		part()
	}
	w.WriteString(w.pick("", "", inner+"# after "+name+"\n"))
}

// involved writes the people of an event, perhaps by an alias.
func (w *writer) involved() {
	switch {
	case len(w.anchors) > 0 && w.IntN(2) == 0:
		w.WriteString("people: *" + w.pick(w.anchors...) + "\n")
	case w.IntN(3) == 0:
		name := fmt.Sprintf("p%d", len(w.anchors))
		w.anchors = append(w.anchors, name)
		w.WriteString("people: &" + name + " [ann, bob]\n")
	default:
		w.WriteString("people: [ann, eve] # both\n")
	}
}

// FuzzLayouts formats and changes generated briefs.
func FuzzLayouts(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(seed, "a: b\nc")
	}
	f.Fuzz(func(t *testing.T, seed uint64, value string) {
		text := generated(seed)
		read, problems := ReadText("x.yaml", []byte(text))
		if read == nil || slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Error && p.Message != "an event needs id" }) {
			t.Fatalf("a bad brief was made: %v\n%s", problems, text)
		}
		if checkSpans(t, read); !t.Failed() {
			formatted := checkFormat(t, text)
			checkSet(t, formatted, int(seed>>3), value)
		}
	})
}

// checkFormat formats a brief, and returns what comes of it.
func checkFormat(t *testing.T, text string) *Text {
	t.Helper()
	data, problems := Format("x.yaml", []byte(text))
	after, more := ReadText("x.yaml", data)
	if after == nil || hasErrors(problems) || hasErrors(more) {
		t.Fatalf("formatting\n%s\nhas problems %v, %v, and makes\n%s", text, problems, more, data)
	}
	if again, _ := Format("x.yaml", data); !bytes.Equal(again, data) {
		t.Errorf("formatting\n%s\nmakes\n%s\nand then\n%s", text, data, again)
	}
	named, err := identified("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(runes(named), runes(data)) {
		t.Errorf("ordering\n%s\nmakes other characters:\n%s", named, data)
	}
	if diff := cmp.Diff(decode("x.yaml", named).dossier, after.dossier, cmp.AllowUnexported(Date{})); diff != "" {
		t.Errorf("ordering\n%s\nchanges what is said:\n%s", named, diff)
	}
	kept := slices.ContainsFunc(problems, func(p Problem) bool { return p.Rule == "order" })
	if !kept {
		checkOrdered(t, after, string(data))
	}
	if kept && !strings.Contains(text, "*p") {
		t.Errorf("not ordered, with nothing in the way: %v\n%s", problems, text)
	}
	return after
}

func runes(text []byte) map[rune]int {
	counts := make(map[rune]int)
	for _, c := range string(text) {
		counts[c]++
	}
	return counts
}

var belowKey = regexp.MustCompile(`# below \w+`)

var afterEvent = regexp.MustCompile(`# after (e\d+)`)

var aboutEvent = regexp.MustCompile(`# (?:above|inside|beside) (e\d+)`)

// checkOrdered checks that the events stand in the order of their dates, each with its
// comments.
func checkOrdered(t *testing.T, text *Text, data string) {
	t.Helper()
	list, _ := text.Locate("timeline", "", "")
	at := list.From
	for i, e := range text.dossier.Timeline {
		span, ok := text.Locate("timeline", e.ID, "")
		if !ok || span.From < at {
			t.Fatalf("%s is not after the event before it:\n%s", e.ID, data)
		}
		if i == 0 {
			at = 0
		}
		end := text.lineEnd(span.To)
		for _, match := range aboutEvent.FindAllStringSubmatch(data[at:end], -1) {
			if match[1] != e.Title {
				t.Fatalf("a comment about %s is at %s:\n%s", match[1], e.Title, data)
			}
		}
		rest := data[end:]
		for _, match := range afterEvent.FindAllStringSubmatchIndex(rest, 1) {
			owner := rest[match[2]:match[3]]
			if before := strings.TrimSpace(belowKey.ReplaceAllString(rest[:match[0]], "")); (owner == e.Title) != (before == "") {
				t.Fatalf("the comment after %s is not there, but near %s:\n%s", owner, e.Title, data)
			}
		}
		at = end
		if strings.Contains(data[:list.To], "timeline: [") {
			at = span.To
		}
	}
}

// checkSet sets a field of a brief to a value, and checks that this is all that changes.
func checkSet(t *testing.T, text *Text, which int, value string) {
	t.Helper()
	fields := fieldsOf(text)
	at := fields[which%len(fields)]
	e, err := text.Set(at.section, at.item, at.key, value)
	if err != nil {
		if at.free && canBeSet(value) {
			t.Errorf("%v: %q: %v\n%s", at, value, err, text.data)
		}
		return
	}
	after, err := Apply(text.data, e)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := ReadText(text.path, after)
	if again == nil || again.dossier == nil {
		t.Fatalf("%v: %q: %v\n%s", at, value, problems, after)
	}
	want, got := asJSON(t, text.dossier), asJSON(t, again.dossier)
	wanted, found := at.in(want), at.in(got)
	said, _ := found[at.key].(string)
	if want := tidy(plainLines.Replace(value), at.prose); at.free && said != want && strings.ContainsFunc(want, visible) {
		t.Errorf("%v: %q was set to %q", at, value, said)
	}
	delete(wanted, at.key)
	delete(found, at.key)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%v: %q: something else changed (-want +got):\n%s", at, value, diff)
	}
	if before, now := noted.FindAll(text.data, -1), noted.FindAll(after, -1); !strings.Contains(value, "# ") && !reflect.DeepEqual(before, now) {
		t.Errorf("%v: %q: the comments %q became %q", at, value, before, now)
	}
}

// noted finds the comments of generated briefs.
var noted = regexp.MustCompile(`# (a brief|between|said|below \w+|all( of it)?|about the list|the end|above e\d|beside e\d|inside e\d|after e\d|when|both|text|for good)`)
