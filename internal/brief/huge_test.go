package brief

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "rewrite the files under testdata that are generated")

const hugePath = "testdata/stories/huge.yaml"

// hostile are texts that something on the way to a reader has tripped over once:
// scripts, sequences of several code points, markup and mentions of every service.
var hostile = []string{
	"Съёмка ёлок в Київській області, їжак і ґанок",
	"Οι διαπραγματεύσεις ξεκίνησαν στην Αθήνα, ὅτι ἄνθρωπος",
	"بدأت المفاوضات في القاهرة يوم ٢ ديسمبر ٢٠٢٥",
	"המשא ומתן החל בירושלים (2025)",
	"北京举行会谈，双方签署协议。東京で会談が行われた。서울에서 회담이 열렸다.",
	"ประเทศไทย กับ हिन्दी क्षत्रिय और தமிழ்",
	"👩‍👩‍👧‍👦 🇺🇦🇪🇺 👍🏽 🏳️‍🌈 ❤️ 1️⃣ 🫱🏼‍🫲🏿",
	"Z̷̢̛̹͎̞̈́̑a̴̧̛͇l̵̰̈́g̶͚̊o̷̤͝ e\u0301e\u0301 A\u030a ﬁ ½ ① Ⅷ",
	"<b>&amp;</b> <script>alert(1)</script> <a href='x'>&lt;&#x27;",
	"@everyone @here <@123456789012345678> <@&42> <#7> @somebody",
	"*bold* _under_ ~~strike~~ `code` ||spoiler|| **open [link](x) ![](y) \\",
	"README.md and main.go, e.g. example.com or t.me/briefbot",
	"# heading\n> quote\n- item\n1. one\n+ plus\n---\n| a | b |",
	"```go\nfmt.Println(\"`x`\")\n```\n\n    indented\n\n~~~\ntildes\n~~~",
	"/start@BriefBot /help $GOLD #hashtag :smile: +1 202 555 0100 a@example.org",
	"[text](https://example.org/a_(b)_*c*?q=\"1\"&r=<2>) <https://example.org/auto>",
	"left \u202eright-to-left\u202c zero\u200bwidth\u200djoin\u00a0space\u00ad-\u2028line",
	"“quoted” ‘single’ «guillemets» „low“ \"straight\" 'apostrophe’s'",
	"yes: no # not a comment, - null ~ {a: b} [c] & * ! % | > ' \" `",
	"{{.Title}} ${HOME} %s %d \\n \\u0000 '; DROP TABLE stories; --",
}

// word returns a word of about n characters.
func word(n int, of string) string { return strings.Repeat(of, n/utf8.RuneCountInString(of)) }

func sample(i int) string { return hostile[i%len(hostile)] }

// flat returns s on one line, as titles are.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// prose returns several paragraphs, long enough to need paging or cutting.
func prose(i, paragraphs int) string {
	var b strings.Builder
	for p := range paragraphs {
		if p > 0 {
			b.WriteString("\n\n")
		}
		fmt.Fprintf(&b, "Paragraph %d of text %d: %s.[^source-%02d]", p+1, i, sample(i+p), (i+p)%60+1)
	}
	return b.String()
}

// hugeStory returns a dossier that is hard on everything that shows it.
func hugeStory() *Dossier {
	d := &Dossier{
		ID: "huge", Status: Active, Language: "mul",
		Title:    "Huge 🌍 " + strings.Repeat("Ж", 192),
		Subtitle: flat(sample(9) + " " + sample(8)),
		AsOf:     mustDate("2025-12-08"),
		Tags:     []string{"huge", "unicode"},
		Overview: prose(0, 12) + "\n\n" + word(5000, "Long") + "\n\n" + word(5000, "👩‍👩‍👧‍👦"),
		Related:  []string{"minimal", "full"},
	}
	for i := range 12 {
		d.Indicators = append(d.Indicators, hugeIndicator(i))
	}
	for i := range 40 {
		d.People = append(d.People, hugePerson(i))
	}
	for i := range 30 {
		d.Organizations = append(d.Organizations, Organization{
			ID: fmt.Sprintf("organization-%02d", i+1), Name: fmt.Sprintf("Organization %d %s", i+1, flat(sample(i))),
			Aliases: []string{flat(sample(i + 3))}, Kind: flat(sample(i + 1)), Status: flat(sample(i + 2)), About: prose(i, 2),
		})
	}
	for i := range 200 {
		d.Timeline = append(d.Timeline, hugeEvent(i))
	}
	for i := range 12 {
		d.Scenarios = append(d.Scenarios, hugeScenario(i))
	}
	for i := range 10 {
		d.History = append(d.History, Case{
			ID: fmt.Sprintf("case-%02d", i+1), Title: fmt.Sprintf("Case %d %s", i+1, flat(sample(i))),
			Period: flat(sample(i + 5)), WhatHappened: prose(i, 3), ShortTerm: prose(i+1, 2), LongTerm: prose(i+2, 2), Relevance: prose(i+3, 1),
		})
	}
	for i := range 60 {
		d.Sources = append(d.Sources, Citation{
			ID: fmt.Sprintf("source-%02d", i+1), Publisher: flat(sample(i)), Title: flat(sample(i + 7)),
			URL: fmt.Sprintf("https://example.org/%d?q=%s&x=(y)", i, word(200, "long")), Date: mustDate("2025-11-21"),
		})
	}
	for i := range 20 {
		d.Corrections = append(d.Corrections, Correction{
			On: mustDate("2025-12-03"), Text: fmt.Sprintf("Correction %d: %s", i+1, flat(sample(i))), Item: fmt.Sprintf("timeline/event-%03d", i+2),
		})
	}
	return d
}

func hugeIndicator(i int) Indicator {
	n := Indicator{
		ID: fmt.Sprintf("indicator-%02d", i+1), Label: fmt.Sprintf("Indicator %d %s", i+1, flat(sample(i))),
		Value: flat(sample(i + 4)), Unit: flat(sample(i + 6)), Detail: prose(i, 2), Sources: []string{fmt.Sprintf("source-%02d", i+1)},
	}
	for month := range 100 {
		date := fmt.Sprintf("%d-%02d", 2017+month/12, month%12+1)
		n.Series = append(n.Series, Point{Date: mustDate(date), Value: float64(month*i) / 4})
	}
	return n
}

func hugePerson(i int) Person {
	p := Person{
		ID: fmt.Sprintf("person-%02d", i+1), Name: fmt.Sprintf("Person %d %s", i+1, flat(sample(i))),
		Aliases: []string{flat(sample(i + 1)), flat(sample(i + 2))}, Title: flat(sample(i + 3)), Role: prose(i, 1),
		Roles: []Role{{Title: flat(sample(i + 4)), From: mustDate("2021"), To: mustDate("2024-05")}},
	}
	if i == 7 {
		p.Name = word(5000, "Ñame")
	}
	return p
}

func hugeScenario(i int) Scenario {
	likelihood := float64(i) / 11
	return Scenario{
		ID: fmt.Sprintf("scenario-%02d", i+1), Title: fmt.Sprintf("Scenario %d %s", i+1, flat(sample(i))),
		DiscussedBy: []string{flat(sample(i + 1)), flat(sample(i + 2))}, Detail: prose(i, 4), Likelihood: &likelihood,
		Assessments: []Assessment{{Date: mustDate("2025-11"), Likelihood: likelihood, By: flat(sample(i))}},
		Signposts:   []string{flat(sample(i + 3)), flat(sample(i + 4))},
	}
}

func hugeEvent(i int) Event {
	year, month, day := 2017+i/24, i/2%12+1, i%2*14+1
	e := Event{
		ID: fmt.Sprintf("event-%03d", i+1), Date: mustDate(fmt.Sprintf("%d-%02d-%02d", year, month, day)),
		Title: fmt.Sprintf("Event %d %s", i+1, flat(sample(i))), Kind: flat(sample(i / 10)),
		Detail: prose(i, i%5+1), Importance: []Importance{Minor, Normal, Major}[i%3], Announce: InDigest,
		People:        []string{fmt.Sprintf("person-%02d", i%40+1)},
		Organizations: []string{fmt.Sprintf("organization-%02d", i%30+1)},
		Sources:       []string{fmt.Sprintf("source-%02d", i%60+1), fmt.Sprintf("source-%02d", (i+1)%60+1)},
	}
	switch i {
	case 20:
		e.Title = word(5000, "Title")
	case 21:
		e.Detail = word(5000, "Слово") + "\n\n" + word(5000, "字")
	case 22:
		e.ID = word(64, "long-id-")
	case 23:
		for p := range 40 {
			e.People = append(e.People, fmt.Sprintf("person-%02d", p+1))
		}
		e.People = e.People[1:]
	case 24:
		e.Retracted = &Retraction{On: mustDate("2025-12-01"), Why: flat(sample(9) + sample(10))}
	}
	return e
}

func mustDate(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// TestHugeStory holds the huge brief to what generates it, and its decoding to the
// dossier it was generated from.
func TestHugeStory(t *testing.T) {
	want := asYAML(t, hugeStory())
	if *update {
		if err := os.WriteFile(hugePath, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(hugePath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what it is generated from; run go test -update", hugePath)
	}
	dossier, problems := Decode(hugePath, got)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if diff := cmp.Diff(hugeStory(), dossier, cmp.AllowUnexported(Date{})); diff != "" {
		t.Errorf("decoded otherwise than generated (-want +got):\n%s", diff)
	}
}

// asYAML returns d as an editor would write it: the keys in the order of the
// contract, none that says nothing.
func asYAML(t *testing.T, d *Dossier) []byte {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	dossier := root.Content[0]
	dossier.Content = dossier.Content[2:] // the id is the file's name
	plain(dossier)
	out, err := yaml.Marshal(&root)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// plain undoes the quoting of JSON where YAML has something easier to read.
func plain(n *yaml.Node) {
	n.Style = 0
	if strings.Contains(n.Value, "\n") {
		n.Style = yaml.LiteralStyle
	}
	for _, child := range n.Content {
		plain(child)
	}
}
