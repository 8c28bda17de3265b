package web

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func readsDiscord(t *testing.T, body string) discordView {
	t.Helper()
	v, err := readDiscord(json.RawMessage(body))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestDiscordMessage reads every part of a message.
func TestDiscordMessage(t *testing.T) {
	const message = `{"content":"**hi**","embeds":[{"title":"A *title*","url":"https://example.org/","description":"  \n[1](https://example.org/s)\n","color":5793266,
		"author":{"name":"desk"},"fields":[{"name":"N","value":"_v_","inline":true}],"footer":{"text":"**as it is**"},"timestamp":"2025-12-01T10:00:00Z","image":{"url":"attachment://x.png"}}],
		"components":[{"type":1,"components":[{"type":2,"style":1,"label":"Here","custom_id":"a"},{"type":2,"style":2,"label":"There","custom_id":"b","disabled":true},{"type":2,"style":5,"label":"Out","url":"https://example.org/"}]}]}`
	for name, body := range map[string]string{"a message": message, "an answer": `{"type":4,"data":` + message + `}`} {
		v := readsDiscord(t, body)
		if len(v.Faults) > 0 {
			t.Errorf("%s: %v", name, v.Faults)
		}
		box := v.Boxes[0]
		for what, got := range map[string]string{
			"bold(hi)": sketch(v.Content), "A italic(title)": sketch(box.Title), "link(1 → https://example.org/s)": sketch(box.Parts[0].Body),
			"italic(v)": sketch(box.Parts[1].Body), "#5865f2": box.Color, "desk": box.Author,
			"**as it is** • 01/12/2025 10:00 UTC": box.Footer, "[attachment://x.png]": fmt.Sprint(box.Alt),
			"[[{ Here  a true false} { There  b false true} { Out https://example.org/  false false}]]": fmt.Sprint(v.Rows),
			// Of a message, the code points of title, description, name, value, footer and author.
			"[{30 4096 in the description} {59 6000 characters}]": fmt.Sprint(v.Measures),
		} {
			if got != what {
				t.Errorf("%s: got %s, want %s", name, got, what)
			}
		}
	}
}

// TestDiscordContainers reads a message of components.
func TestDiscordContainers(t *testing.T) {
	v := readsDiscord(t, `{"flags":32768,"components":[{"type":17,"accent_color":255,"components":[{"type":10,"content":"# T"},{"type":14},
		{"type":9,"components":[{"type":10,"content":"**s**"}],"accessory":{"type":2,"style":2,"label":"L","custom_id":"x"}},
		{"type":12,"items":[{"description":"a curve"}]},{"type":1,"components":[{"type":2,"style":2,"label":"M","custom_id":"y"}]}]},{"type":10,"content":"below"},{"type":99}]}`)
	if got := v.Boxes[0].Color; got != "#0000ff" {
		t.Errorf("colour %s", got)
	}
	if got := fmt.Sprint(v.Boxes[0].Alt, v.Measures, v.Faults); got != "[a curve] [{13 4000 characters}] [a component of type 99, which the preview does not know]" {
		t.Error(got)
	}
	if got := sketch(v.Boxes[0].Parts[0].Body) + sketch(v.Boxes[0].Parts[2].Body) + sketch(v.Boxes[1].Parts[0].Body); got != "heading1(T)bold(s)below" {
		t.Error(got)
	}
	pane := paneView{Discord: []discordView{v}}
	if n := len(pane.buttons()); n != 2 {
		t.Errorf("%d buttons, want 2", n)
	}
}

// TestDiscordFaults names what Discord would refuse.
func TestDiscordFaults(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	button := func(label, id string) string {
		return fmt.Sprintf(`{"type":2,"style":2,"label":%q,"custom_id":%q}`, label, id)
	}
	row := func(buttons ...string) string { return `{"type":1,"components":[` + strings.Join(buttons, ",") + `]}` }
	for _, c := range []struct{ body, want string }{
		{`{"content":"` + long(2000) + `"}`, ""},
		{`{"content":"` + long(2001) + `"}`, "2001 characters; Discord takes 2000"},
		{`{"embeds":[{"title":"` + long(257) + `"}]}`, "title of 257"},
		{`{"embeds":[{"description":"` + long(4096) + `"}]}`, ""},
		{`{"embeds":[{"description":"` + long(4097) + `"}]}`, "description of 4097"},
		{`{"embeds":[{"description":"` + long(4000) + `"},{"description":"` + long(2001) + `"}]}`, "6001 characters of text"},
		{`{"embeds":[` + strings.TrimSuffix(strings.Repeat(`{"title":"x"},`, 11), ",") + `]}`, "11 embeds"},
		{`{"embeds":[{"fields":[` + strings.TrimSuffix(strings.Repeat(`{"name":"n","value":"v"},`, 26), ",") + `]}]}`, "26 fields"},
		{`{"embeds":[{"footer":{"text":"` + long(2049) + `"}}]}`, "footer of 2049"},
		{`{"components":[{"type":10,"content":"` + long(4001) + `"}]}`, "4001 characters of text"},
		{`{"components":[` + row(button("a", "x"), button("b", "x")) + `]}`, `two buttons carry "x"`},
		{`{"components":[` + row(button("a", "")) + `]}`, "carries nothing"},
		{`{"components":[` + row(button(long(81), "x")) + `]}`, "label of 81"},
		{`{"components":[` + row(button("a", long(101))) + `]}`, "custom_id of 101"},
		{`{"components":[` + row(button("a", "1"), button("a", "2"), button("a", "3"), button("a", "4"), button("a", "5"), button("a", "6")) + `]}`, "6 buttons in a row"},
		{`{"components":[` + strings.TrimSuffix(strings.Repeat(row(`{"type":2,"style":5,"label":"a","url":"https://example.org"}`)+",", 6), ",") + `]}`, "6 rows"},
	} {
		got := strings.Join(readsDiscord(t, c.body).Faults, "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%.80s…: faults %q, want %q", c.body, got, c.want)
		}
	}
	if _, err := readDiscord(json.RawMessage(`[]`)); err == nil {
		t.Error("a list is read as a message")
	}
}

func readsTelegram(t *testing.T, text, entities string) telegramView {
	t.Helper()
	body, err := json.Marshal(map[string]any{"text": text, "entities": json.RawMessage(entities)})
	if err != nil {
		t.Fatal(err)
	}
	v, err := readTelegram(body)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestTelegramEntities shows styles where the offsets put them.
func TestTelegramEntities(t *testing.T) {
	for _, c := range []struct{ text, entities, want string }{
		{"a bold word", `[{"type":"bold","offset":2,"length":4}]`, "a bold(bold) word"},
		{"🇺🇦 bold", `[{"type":"bold","offset":5,"length":4}]`, "🇺🇦 bold(bold)"},
		{"ab", `[{"type":"bold","offset":0,"length":2},{"type":"italic","offset":1,"length":1}]`, "bold(a)italic(bold(b))"},
		{"a link", `[{"type":"text_link","offset":2,"length":4,"url":"https://example.org/"},{"type":"bold","offset":2,"length":4}]`, "a link(bold(link) → https://example.org/)"},
		{"x = 1", `[{"type":"code","offset":0,"length":5}]`, "code(x = 1)"},
		{"said\nquoted\nafter", `[{"type":"expandable_blockquote","offset":5,"length":6}]`, "said\nquote(quoted)after"},
		{"<b>&amp;</b>", `[]`, "<b>&amp;</b>"},
		{"read README.md and https://example.org/x.", `[]`, "read link(README.md → http://README.md) and link(https://example.org/x)."},
		{"by @somebody, #tag, $USD, /help", `[]`, "by mention(@somebody), mention(#tag), mention($USD), mention(/help)"},
		{"by @\u200bsomebody and/or 1/2", `[]`, "by @\u200bsomebody and/or 1/2"},
		{"/help", `[{"type":"code","offset":0,"length":5}]`, "code(/help)"},
		{"@somebody", `[{"type":"text_link","offset":0,"length":9,"url":"https://example.org/"}]`, "link(@somebody → https://example.org/)"},
	} {
		v := readsTelegram(t, c.text, c.entities)
		if got := sketch(v.Body); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, got, c.want)
		}
		if len(v.Faults) > 0 {
			t.Errorf("%q: %v", c.text, v.Faults)
		}
	}
}

// TestTelegramFormBody reads lists that stand as strings of JSON, as forms carry
// them.
func TestTelegramFormBody(t *testing.T) {
	v, err := readTelegram(json.RawMessage(`{"text":"ab","entities":"[{\"type\":\"bold\",\"offset\":0,\"length\":1}]","reply_markup":"{\"inline_keyboard\":[[{\"text\":\"A\",\"callback_data\":\"a\"},{\"text\":\"B\",\"url\":\"https://example.org/\"}]]}"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := sketch(v.Body) + fmt.Sprint(v.Rows); got != "bold(a)b[[{ A  a false false} { B https://example.org/  false false}]]" {
		t.Error(got)
	}
}

// TestTelegramFaults names what Telegram would refuse, drop or shift.
func TestTelegramFaults(t *testing.T) {
	many := "[" + strings.TrimSuffix(strings.Repeat(`{"type":"bold","offset":0,"length":1},`, 101), ",") + "]"
	for _, c := range []struct{ text, entities, want string }{
		{strings.Repeat("a", 4096), `[]`, ""},
		{strings.Repeat("🙂", 2049), `[]`, "4098 units"},
		{" a", `[]`, "white space"},
		{"\n", `[]`, "empty"},
		{"a", many, "101 entities"},
		{"a", `[{"type":"bold","offset":0,"length":2}]`, "outside the text"},
		{"a", `[{"type":"bold","offset":-1,"length":2}]`, "outside the text"},
		{"a", `[{"type":"bold","offset":0,"length":0}]`, "outside the text"},
		{"🙂", `[{"type":"bold","offset":1,"length":1}]`, "cuts a character"},
		{"abc", `[{"type":"bold","offset":0,"length":2},{"type":"italic","offset":1,"length":2}]`, "cross"},
		{"abc", `[{"type":"italic","offset":1,"length":2},{"type":"bold","offset":0,"length":2}]`, "cross"},
	} {
		got := strings.Join(readsTelegram(t, c.text, c.entities).Faults, "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%.20q: faults %q, want %q", c.text, got, c.want)
		}
	}
	for body, want := range map[string]string{
		`{"text":"a","parse_mode":"HTML"}`: "parse_mode",
		`{"text":"a","reply_markup":{"inline_keyboard":[[{"text":"A","callback_data":"` + strings.Repeat("x", 65) + `"}]]}}`:                                  "carries 65 bytes",
		`{"text":"a","reply_markup":{"inline_keyboard":[[{"text":"A"}]]}}`:                                                                                    "carries 0 bytes",
		`{"text":"a","reply_markup":{"inline_keyboard":[[` + strings.TrimSuffix(strings.Repeat(`{"text":"A","url":"https://example.org"},`, 9), ",") + `]]}}`: "9 buttons",
	} {
		v, err := readTelegram(json.RawMessage(body))
		if got := strings.Join(v.Faults, "; "); err != nil || !strings.Contains(got, want) {
			t.Errorf("%.60s: faults %q (%v), want %q", body, got, err, want)
		}
	}
	for _, body := range []string{`[]`, `{"text":"a","entities":{}}`, `{"text":"a","entities":"["}`, `{"text":"a","reply_markup":1}`} {
		if _, err := readTelegram(json.RawMessage(body)); err == nil {
			t.Errorf("%s is read", body)
		}
	}
}

// FuzzTelegram reads any text and offsets without losing a letter.
func FuzzTelegram(f *testing.F) {
	f.Add("a 🙂 b README.md", 0, 3, 2, 9)
	f.Add("said\nquoted\nafter", 5, 6, 0, 17)
	f.Add("\U0010ffff", 1, 1, 0, 1)
	f.Fuzz(func(t *testing.T, text string, o1, l1, o2, l2 int) {
		body, err := json.Marshal(map[string]any{"text": text, "entities": []map[string]any{
			{"type": "blockquote", "offset": o1, "length": l1}, {"type": "bold", "offset": o2, "length": l2},
		}})
		if err != nil {
			return
		}
		v, err := readTelegram(body)
		if err != nil {
			return
		}
		if len(v.Faults) == 0 && letters(plainText(v.Body)) != letters(v.Text) {
			t.Errorf("%q shows %q", v.Text, plainText(v.Body))
		}
	})
}
