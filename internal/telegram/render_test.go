package telegram

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// render returns the text and entities of a text as they are sent.
func render(t chat.Text) (string, []entity) { return entities(trim(quiet(words(t)))) }

func TestEntitiesNestAndCountUnits(t *testing.T) {
	const b, i, s = chat.Bold, chat.Italic, chat.Strike
	for name, test := range map[string]struct {
		text chat.Text
		want []entity
	}{
		"plain":   {chat.Plainly("words"), nil},
		"one":     {chat.Text{{Text: "a "}, {Text: "bold", Style: b}}, []entity{{"bold", 2, 4, ""}}},
		"outside": {chat.Text{{Text: "😀😀"}, {Text: "x", Style: b}}, []entity{{"bold", 4, 1, ""}}},
		"inside":  {chat.Text{{Text: "👩‍👩‍👧", Style: b}}, []entity{{"bold", 0, 8, ""}}},
		"overlap": {
			chat.Text{{Text: "aa", Style: b}, {Text: "bb", Style: b | i}, {Text: "cc", Style: i}},
			[]entity{{"italic", 2, 2, ""}, {"bold", 0, 4, ""}, {"italic", 4, 2, ""}},
		},
		"nested": {
			chat.Text{{Text: "aa", Style: b}, {Text: "bb", Style: b | s}, {Text: "cc", Style: b}},
			[]entity{{"strikethrough", 2, 2, ""}, {"bold", 0, 6, ""}},
		},
		"the longer is outside": {
			chat.Text{{Text: "aa", Style: b | i}, {Text: "bb", Style: i}},
			[]entity{{"bold", 0, 2, ""}, {"italic", 0, 4, ""}},
		},
		"white space at the ends": {
			chat.Text{{Text: "a"}, {Text: " b \n", Style: b}, {Text: "c"}},
			[]entity{{"bold", 2, 1, ""}},
		},
		"white space alone": {chat.Text{{Text: "a"}, {Text: " \n ", Style: b}, {Text: "c"}}, nil},
		"code is alone": {
			chat.Text{{Text: "a", Style: b}, {Text: "b", Style: b | chat.Code}, {Text: "c", Style: b}},
			[]entity{{"bold", 0, 1, ""}, {"code", 1, 1, ""}, {"bold", 2, 1, ""}},
		},
		"code in a link": {
			chat.Text{{Text: "x", Style: chat.Code, URL: "https://example.org/"}},
			[]entity{{"text_link", 0, 1, "https://example.org/"}},
		},
		"code in a quotation": {
			chat.Text{{Text: "q", Style: chat.Quote}, {Text: "x", Style: chat.Quote | chat.Code}},
			[]entity{{"blockquote", 0, 2, ""}},
		},
		"a quotation closes all": {
			chat.Text{{Text: "a", Style: b}, {Text: "b", Style: b | chat.Quote}, {Text: "c", Style: b}},
			[]entity{{"bold", 0, 1, ""}, {"bold", 1, 1, ""}, {"blockquote", 1, 1, ""}, {"bold", 2, 1, ""}},
		},
		"a long quotation is folded": {
			chat.Text{{Text: strings.Repeat("ä", 281), Style: chat.Quote}},
			[]entity{{"expandable_blockquote", 0, 281, ""}},
		},
		"two links": {
			chat.Text{{Text: "a", URL: "https://a.org"}, {Text: "b", URL: "https://b.org"}},
			[]entity{{"text_link", 0, 1, "https://a.org"}, {"text_link", 1, 1, "https://b.org"}},
		},
		"bold in a link": {
			chat.Text{{Text: "a", URL: "https://a.org"}, {Text: "b", URL: "https://a.org", Style: b}},
			[]entity{{"bold", 1, 1, ""}, {"text_link", 0, 2, "https://a.org"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			text, got := render(test.text)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("entities of %q (-want +got):\n%s", text, diff)
			}
		})
	}
}

func TestTextIsTrimmedAsTheServiceWould(t *testing.T) {
	text, got := render(chat.Text{{Text: "\u2800 \n"}, {Text: " a", Style: chat.Bold}, {Text: "b \u200b"}})
	if text != "ab" || len(got) != 1 || got[0] != (entity{"bold", 0, 1, ""}) {
		t.Errorf("got %q %v", text, got)
	}
}

func TestNothingBecomesALinkByItself(t *testing.T) {
	for _, text := range []string{
		"ask @everyone", "@BotFather", "mail jane@example.org now", "#tag", "#тег", "#1a", "see /start", "(/help)", "$USD rose",
		"README.md", "read README.md.", "example.org", "www.example.org/path", "münchen.de", "почта.рф", "a.b.co.uk",
		"ftp://example.org", "tg://resolve?domain=x", "ton://x", "mailto:a@example.org", "127.0.0.1", "at 10.0.0.1.", "https://localhost/x",
		"https://user@example.org", "x@y", "@a #b $CD /e f.gh", "😀@name", "end.Next sentence", "@@name", "https://example.org\"@name",
		"https://a.b\u0301c.d/@e",
	} {
		got, marks := render(chat.Plainly(text))
		var e []telegramtest.Entity
		for _, m := range marks {
			e = append(e, telegramtest.Entity(m))
		}
		for _, d := range telegramtest.Detected(got, e) {
			if !strings.HasPrefix(d, "https://example.org") {
				t.Errorf("%q is sent as %q, where the service finds %q", text, got, d)
			}
		}
		if strings.ReplaceAll(got, mute, "") != text {
			t.Errorf("%q lost something: %q", text, got)
		}
	}
}

func TestWhatIsNoLinkStaysAsItIs(t *testing.T) {
	for _, text := range []string{
		"and/or", "3.14", "2025/03", "U.S. and e.g. this", "U.S.-led", "v1.2-rc", "No. 1", "#1 of 3", "$5 million", "US$5", "C# and F#", "a @ b",
		"https://example.org/a/b#c?d=@e", "(https://example.org/x_(y)).", "12.5 %", "02.12.2025", "10:30", "a. b", "…",
	} {
		if got, _ := render(chat.Plainly(text)); got != text {
			t.Errorf("%q is sent as %q", text, got)
		}
	}
	if got, _ := render(chat.Text{{Text: "/overview README.md", Style: chat.Code}}); got != "/overview README.md" {
		t.Errorf("code is sent as %q", got)
	}
	if got, _ := render(chat.Text{{Text: "example.org", URL: "https://example.org"}}); got != "example.org" {
		t.Errorf("a link's words are sent as %q", got)
	}
}

func TestSignsAtTheBorderOfSpans(t *testing.T) {
	for _, text := range []chat.Text{
		{{Text: "@"}, {Text: "name", Style: chat.Bold}},
		{{Text: "README", Style: chat.Bold}, {Text: "."}, {Text: "md", Style: chat.Italic}},
		{{Text: "see /", Style: chat.Bold}, {Text: "start"}},
		{{Text: "@", URL: "https://example.org"}, {Text: "name"}},
		{{Text: "x", Style: chat.Code}, {Text: "@name"}},
	} {
		got, marks := render(text)
		var e []telegramtest.Entity
		for _, m := range marks {
			e = append(e, telegramtest.Entity(m))
		}
		if d := telegramtest.Detected(got, e); len(d) > 0 {
			t.Errorf("%v is sent as %q, where the service finds %q", text, got, d)
		}
	}
}

func TestAddressesThatWouldBeDroppedAreWritten(t *testing.T) {
	for address, want := range map[string]string{
		"javascript:alert(1)":    "here (javascript:alert(1))",
		"http://localhost:8080/": "here (http:\u2060//localhost:8080/)",
		"ftp://example.org/x":    "here (ftp:\u2060//example.\u2060org/x)",
		"https://a..b/":          "here (https:\u2060//a..b/)",
		"":                       "here",
	} {
		got, marks := render(chat.Text{{Text: "here", URL: address}})
		if got != want || len(marks) > 0 {
			t.Errorf("a link to %q is sent as %q %v, not %q", address, got, marks, want)
		}
	}
	for _, address := range []string{"https://example.org", "http://a.b/c?d=e#f", "https://пошта.укр/", "https://example.org:8443/x"} {
		if _, marks := render(chat.Link("here", address)); len(marks) != 1 || marks[0].URL != address {
			t.Errorf("the link to %q is sent as %v", address, marks)
		}
	}
}

func TestLayoutReadsWellOnAPhone(t *testing.T) {
	c := chat.Card{
		Title: "Grain corridor", Tone: chat.Revised, URL: "https://example.org/grain",
		Lead: chat.Plainly("What changed since Monday."),
		Items: []chat.Item{
			{Label: "21 November 2025 · Diplomacy", Head: chat.Plainly("Accord signed"), Body: chat.Plainly("In Geneva.")},
			{Label: "[1]", Head: chat.Plainly("UN JCC"), URL: "https://example.org/jcc"},
			{Label: "[2]", Head: chat.Plainly("Reuters")},
		},
		Picture: &chat.Picture{Alt: "A line that rises"},
		Note:    chat.Plainly("As of 8 December 2025"),
		Actions: [][]chat.Action{{{Label: "Site", URL: "http://localhost/"}}},
	}
	want := `Revised · Grain corridor

What changed since Monday.

21 November 2025 · Diplomacy
Accord signed
In Geneva.

[1] UN JCC
[2] Reuters

Picture: A line that rises

Site: http:` + "\u2060" + `//localhost/

As of 8 December 2025`
	got := layout(c)
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("layout (-want +got):\n%s", diff)
	}
	_, marks := entities(got)
	wantMarks := []string{"bold Revised · Grain corridor", "text_link Revised · Grain corridor", "italic 21 November 2025 · Diplomacy", "bold Accord signed",
		"bold UN JCC", "text_link UN JCC", "bold Reuters", "italic Picture: A line that rises", "italic As of 8 December 2025"}
	var gotMarks []string
	for _, m := range marks {
		gotMarks = append(gotMarks, m.Type+" "+want[bytesOf(want, m.Offset):bytesOf(want, m.Offset+m.Length)])
	}
	less := func(a, b string) bool { return a < b }
	if diff := cmp.Diff(sorted(wantMarks, less), sorted(gotMarks, less)); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

func sorted(list []string, less func(a, b string) bool) []string {
	for i := range list {
		for j := i; j > 0 && less(list[j], list[j-1]); j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	return list
}

func TestToneIsAWordAndNotTwice(t *testing.T) {
	for _, test := range []struct {
		tone        chat.Tone
		title, want string
	}{
		{chat.Plain, "A", "A"}, {chat.New, "A", "New · A"}, {chat.New, "What is new", "What is new"},
		{chat.Withdrawn, "A", "Withdrawn · A"}, {chat.Trouble, "A", "Problem · A"}, {chat.Revised, "", "Revised"},
	} {
		if got := layout(chat.Card{Tone: test.tone, Title: test.title}).String(); got != test.want {
			t.Errorf("%s %q is %q, not %q", test.tone, test.title, got, test.want)
		}
	}
}

func TestEmptyCardSaysSo(t *testing.T) {
	for _, c := range []chat.Card{{}, {Title: "\u200b"}, {Lead: chat.Plainly("\n\n")}} {
		if got := layout(c).String(); got != "Nothing to show." {
			t.Errorf("%+v is %q", c, got)
		}
	}
}

func TestKeyboardKeepsItsLimits(t *testing.T) {
	long := chat.NewCall("timeline", strings.Repeat("x", 80)).String()
	rows := [][]chat.Action{
		{{Label: "Overview", Call: "overview a", Current: true}, {Label: "Timeline", Call: "timeline a"}, {Label: "People", Call: "people a"},
			{Label: "Organizations", Call: "organizations a"}, {Label: "Indicators", Call: "indicators a"}},
		{{Label: "Older", Call: long}, {Label: "Read", URL: "https://example.org/x"}, {Label: "Local", URL: "http://localhost/"}, {Label: "None"}},
	}
	k := markup(rows, "")
	want := [][]button{
		{{Text: "• Overview", Data: "overview a"}, {Text: "Timeline", Data: "timeline a"}, {Text: "People", Data: "people a"}},
		{{Text: "Organizations", Data: "organizations a"}, {Text: "Indicators", Data: "indicators a"}},
		{{Text: "Older", Data: chat.Short(long)}, {Text: "Read", URL: "https://example.org/x"}},
	}
	if diff := cmp.Diff(want, k.Rows); diff != "" {
		t.Errorf("buttons (-want +got):\n%s", diff)
	}
	for _, row := range markup(rows, "BriefBot").Rows {
		for _, b := range row {
			if b.Data != "" || !strings.HasPrefix(b.URL, "https://") {
				t.Errorf("with a bot's name the button %+v is no link", b)
			}
		}
	}
	if got, want := markup(rows, "BriefBot").Rows[0][0].URL, "https://t.me/BriefBot?start="+chat.Ticket("overview a"); got != want {
		t.Errorf("the deep link is %s, not %s", got, want)
	}
	many := make([][]chat.Action, 60)
	for i := range many {
		for j := range 5 {
			many[i] = append(many[i], chat.Action{Label: strings.Repeat("b", 70), Call: fmt.Sprint("overview ", i, j)})
		}
	}
	body, err := json.Marshal(body{Text: "x", Previews: previews{Off: true}, Markup: markup(many, "BriefBot")})
	if err != nil {
		t.Fatal(err)
	}
	if err := telegramtest.CheckMessage(body); err != nil {
		t.Error(err)
	}
	if markup([][]chat.Action{{{Label: "None"}}}, "") != nil {
		t.Error("a keyboard without buttons is sent")
	}
}

func TestRowsBreakForAPhone(t *testing.T) {
	for name, test := range map[string]struct{ row, want string }{
		"nothing":   {"", ""},
		"one":       {strings.Repeat("long ", 20), strings.Repeat("long ", 20)},
		"fits":      {"1|2|3|4|5", "1|2|3|4|5"},
		"even":      {"Overview|Timeline|People|Organizations", "Overview|Timeline / People|Organizations"},
		"unlike":    {"Dmitry Peskov|Donald Trump|Kremlin / Russian Administration|NATO", "Dmitry Peskov|Donald Trump / Kremlin / Russian Administration / NATO"},
		"odd":       {"Earlier event|Later event|Timeline from here", "Earlier event|Later event / Timeline from here"},
		"one wide":  {"Earlier event|Later event|Timeline from here and on", "Earlier event|Later event / Timeline from here and on"},
		"as it was": {"1|2|3|4|5|6|7|8|9|10", "1|2|3|4|5 / 6|7|8|9|10"},
	} {
		var row []button
		for _, label := range strings.Split(test.row, "|") {
			if label != "" {
				row = append(row, button{Text: label})
			}
		}
		var got []string
		for _, line := range lines(row) {
			var labels []string
			for _, b := range line {
				labels = append(labels, b.Text)
			}
			got = append(got, strings.Join(labels, "|"))
		}
		if diff := cmp.Diff(test.want, strings.Join(got, " / ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLongAnswerIsOneMessageThatSaysWhatIsMissing(t *testing.T) {
	c := chat.Card{Title: "Long"}
	for i := range 300 {
		c.Items = append(c.Items, chat.Item{Label: "1 January 2025", Head: chat.Plainly(fmt.Sprint("Event ", i)), Body: chat.Plainly(strings.Repeat("words ", 20))})
	}
	p, err := Payloads(c)
	if err != nil || len(p) != 1 {
		t.Fatalf("%d payloads, %v", len(p), err)
	}
	if err := telegramtest.CheckMessage(p[0]); err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(p[0]), "more not shown") {
		t.Errorf("nothing says that items are missing: %s", p[0])
	}
}

func TestLongDigestIsSplitBetweenItems(t *testing.T) {
	c := chat.Card{Title: "Digest", Actions: [][]chat.Action{{{Label: "Read", Call: "overview a"}}}}
	for i := range 60 {
		c.Items = append(c.Items, chat.Item{Label: "1 January 2025", Head: chat.Plainly(fmt.Sprint("Event ", i)), Body: chat.Plainly("Some words." + strings.Repeat(" Some words.", 25))})
	}
	bodies := postBodies(c, "BriefBot")
	if len(bodies) < 2 {
		t.Fatalf("%d messages", len(bodies))
	}
	var whole []string
	for i, b := range bodies {
		checkBody(t, b)
		if (b.Markup != nil) != (i == len(bodies)-1) {
			t.Errorf("message %d of %d: buttons %v", i+1, len(bodies), b.Markup)
		}
		if i > 0 && !strings.HasPrefix(b.Text, "1 January 2025\nEvent ") {
			t.Errorf("message %d begins inside an item: %.40q", i+1, b.Text)
		}
		whole = append(whole, b.Text)
	}
	if got, want := strings.Join(whole, "\n\n"), layout(c).String(); got != want {
		t.Error("the split lost or changed text")
	}
}

func TestEndlessCardEnds(t *testing.T) {
	c := chat.Card{Title: strings.Repeat("title ", 3000), Lead: chat.Plainly(strings.Repeat("z", 200_000))}
	for i := range 3000 {
		c.Items = append(c.Items, chat.Item{Head: chat.Plainly(fmt.Sprint(i)), Body: chat.Plainly(strings.Repeat("x", 300))})
	}
	bodies := postBodies(c, "")
	if len(bodies) > maxPieces {
		t.Errorf("%d messages", len(bodies))
	}
	for _, b := range bodies {
		checkBody(t, b)
	}
	p, _ := Payloads(c)
	if err := telegramtest.CheckMessage(p[0]); err != nil {
		t.Error(err)
	}
}

// Entities have limits of their own, in number and in bytes.
func TestManyLinksAreSplit(t *testing.T) {
	for name, test := range map[string]struct {
		links, length int
	}{"many": {350, 10}, "long": {60, 600}} {
		t.Run(name, func(t *testing.T) {
			c := chat.Card{Title: "Links"}
			for i := range test.links {
				c.Items = append(c.Items, chat.Item{Head: chat.Plainly(fmt.Sprint("Link ", i)), URL: fmt.Sprint("https://example.org/", strings.Repeat("x", test.length), i)})
			}
			bodies, links := postBodies(c, ""), 0
			for _, b := range bodies {
				checkBody(t, b)
				for _, e := range b.Entities {
					if e.Type == linkKind {
						links++
					}
				}
			}
			if len(bodies) < 2 || links != test.links {
				t.Errorf("%d messages with %d links, not %d", len(bodies), links, test.links)
			}
			p, err := Payloads(c)
			if err != nil {
				t.Fatal(err)
			}
			if err := telegramtest.CheckMessage(p[0]); err != nil {
				t.Error(err)
			}
		})
	}
}

func checkBody(t *testing.T, b body) {
	t.Helper()
	data, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := telegramtest.CheckMessage(data); err != nil {
		t.Errorf("%v\n%.500s", err, data)
	}
}

// FuzzRender makes hostile cards of whatever it is given: every message must be one
// that the service takes as it is, nothing in it may become a link by itself, and a
// posted card loses nothing.
func FuzzRender(f *testing.F) {
	f.Add("A title", "A lead with *words* and @names, README.md", "https://example.org/x", 3, uint64(7))
	f.Add("<b>&amp;", "@everyone #tag $USD /start ftp://x.y", "javascript:alert(1)", 40, uint64(0xffff))
	f.Add("\xff\xfe\x00", strings.Repeat("длинное слово ", 400), "https://localhost", 2, uint64(123456789))
	f.Add("👩‍👩‍👧 e\u0301", "a\u0301\u0302\u0303 العربية 漢字 \u202eevil\u2066", "https://a.b/"+strings.Repeat("p", 1600), 35, uint64(0xabcdef))
	f.Add("", "\u2060@\u200bname \u2800", "tg://user?id=1", 1, uint64(1))
	f.Add("t", strings.Repeat("x", 5000), "https://пошта.укр/ш", 5, uint64(99))
	f.Add("t", "e"+strings.Repeat("\u0301", 9000), "http://example.org", 1, uint64(3))
	f.Add("0 0", "\u2060", "https://example.org/\"@a", 101, uint64(1<<40-1))
	f.Fuzz(func(t *testing.T, title, text, address string, n int, seed uint64) {
		if len(text) > 20_000 || len(title) > 2_000 || len(address) > 2_000 {
			t.Skip()
		}
		c := hostile(title, text, address, n, seed)
		payloads, err := Payloads(c)
		if err != nil || len(payloads) != 1 {
			t.Fatalf("%d payloads, %v", len(payloads), err)
		}
		var answer body
		if err := json.Unmarshal(payloads[0], &answer); err != nil {
			t.Fatal(err)
		}
		posted := postBodies(c, "BriefBot")
		var whole strings.Builder
		for _, b := range append(posted, answer) {
			checkBody(t, b)
			checkQuiet(t, b)
		}
		for _, b := range posted {
			whole.WriteString(b.Text)
		}
		if len(posted) < maxPieces {
			if got, want := visible(whole.String()), visible(layout(c).String()); got != want {
				t.Errorf("posting lost text:\n%q\nis not\n%q", got, want)
			}
			if got := visible(whole.String()); !strings.Contains(got, visible(strings.Join(strings.Fields(clean(title)), " "))) {
				t.Errorf("the title %q is not in %q", title, got)
			}
		}
	})
}

// hostile is a card that uses the words given in every way there is.
func hostile(title, text, address string, n int, seed uint64) chat.Card {
	n = int(uint(n) % 40)
	next := func() uint64 {
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		return seed
	}
	if seed == 0 {
		seed = 1
	}
	spans := func() chat.Text {
		var out chat.Text
		rest := text
		for len(rest) > 0 && len(out) < 12 {
			cut := min(1+int(next()%97), len(rest))
			s := chat.Span{Text: rest[:cut], Style: chat.Style(next() % 32)}
			if next()%3 == 0 {
				s.URL = address
			}
			out, rest = append(out, s), rest[cut:]
		}
		return append(out, chat.Span{Text: rest, Style: chat.Style(next() % 32)})
	}
	tones := []chat.Tone{chat.Plain, chat.New, chat.Revised, chat.Withdrawn, chat.Trouble}
	c := chat.Card{Title: title, URL: address, Tone: tones[next()%5], Lead: spans(), Note: chat.Plainly(text)}
	if len(text) > 2000 {
		c.Note = nil
	}
	for i := range n {
		it := chat.Item{Label: title, Head: chat.Plainly(fmt.Sprint(i, " ", title))}
		switch next() % 4 {
		case 0:
			it.URL = address
		case 1:
			it.Body = spans()
		case 2:
			it.Label = "[1]"
		}
		if len(text) > 2000 && i > 3 {
			it.Body = nil
		}
		c.Items = append(c.Items, it)
		if i%7 == 0 {
			c.Actions = append(c.Actions, []chat.Action{{Label: title, Call: text}, {Label: text, URL: address}, {Label: "x", Call: "overview " + title}})
		}
	}
	return c
}

// visible is what is left of a text without what a split or a mute may change.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if blank(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}

func checkQuiet(t *testing.T, b body) {
	t.Helper()
	var e []telegramtest.Entity
	for _, m := range b.Entities {
		e = append(e, telegramtest.Entity(m))
	}
	for _, d := range telegramtest.Detected(b.Text, e) {
		if !strings.HasPrefix(strings.ToLower(d), "http") {
			t.Errorf("the service would find %q in %q", d, b.Text)
		}
	}
}
