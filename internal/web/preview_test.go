package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

var firstEntry = regexp.MustCompile(`<li class="entry \w+" id="([^"]+)"`)

// entryID returns the id of the first entry in a part of a page.
func entryID(t *testing.T, html string) string {
	t.Helper()
	m := firstEntry.FindStringSubmatch(html)
	if m == nil {
		t.Fatalf("no entry in:\n%s", html)
	}
	return m[1]
}

// TestAnswerInBothPanes asks as a script does.
func TestAnswerInBothPanes(t *testing.T) {
	d := private(t)
	html := d.asks(t, "  /overview   us-nss-2025 ")
	contains(t, html, `<hx-partial hx-target="#log" hx-swap="place">`, `class="pane discord"`, `class="pane telegram"`,
		`You</b> used <code>/overview us-nss-2025</code>`, `<span class="text">/overview us-nss-2025</span>`, "of 6,000 characters", "of 4,096 units", `fill="#5865f2"`)
	if n := strings.Count(html, "Russia recast"); n < 2 {
		t.Errorf("the title appears %d times, want it in both panes", n)
	}
	inv := d.bot.last()
	if !inv.Trusted || !inv.Direct || !inv.Private || inv.Local || inv.Pressed || inv.Where.String() != "web:preview" || inv.ID == "" {
		t.Errorf("an invocation that is not an operator's in the preview: %+v", inv)
	}
	if manages, err := inv.Manages(t.Context()); !manages || err != nil {
		t.Error("the operator does not manage the preview")
	}
	contains(t, d.get(t, "/"), entryID(t, html), `data-line="/overview us-nss-2025"`)
	contains(t, d.asks(t, "overview us-nss-2025"), "used <code>/overview us-nss-2025</code>")
	if again := d.bot.last(); again.ID == inv.ID {
		t.Error("two questions have one id")
	}
}

// TestWithoutScript asks and presses with plain forms.
func TestWithoutScript(t *testing.T) {
	d := private(t)
	r := d.do(t, request{method: "POST", path: "/ask", form: url.Values{"line": {"/overview us-nss-2025"}}})
	to := r.Header.Get("Location")
	if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/#m") {
		t.Fatalf("%s to %q", r.Status, to)
	}
	page := d.get(t, "/")
	id := entryID(t, page)
	if to != "/#"+id {
		t.Errorf("the answer is %s, but the page goes to %s", id, to)
	}
	contains(t, page, `<form method="post" action="/press"`, `name="entry" value="`+id+`"`, `value="timeline us-nss-2025"`, `<option value="/timeline">`)
	r = d.do(t, request{method: "POST", path: "/press", form: url.Values{"entry": {id}, "data": {"timeline us-nss-2025"}}})
	if r.Header.Get("Location") != to {
		t.Errorf("the press goes to %q, want %q", r.Header.Get("Location"), to)
	}
	if page = d.get(t, "/"); entryID(t, page) != id || strings.Count(page, `<li class="entry`) != 1 {
		t.Error("the press made a new answer")
	}
	contains(t, page, "Older")
	r = d.do(t, request{method: "POST", path: "/ask", form: url.Values{"line": {" "}}})
	if r.Header.Get("Location") != "/" || d.bot.count() != 2 {
		t.Errorf("nothing was asked: %s to %q", r.Status, r.Header.Get("Location"))
	}
}

// TestQuestionInAddress shows an answer without keeping anything of it.
func TestQuestionInAddress(t *testing.T) {
	d := private(t)
	page := d.get(t, "/?q=%2Ftimeline+us-nss-2025")
	contains(t, page, `id="answer"`, "used <code>/timeline us-nss-2025</code>")
	if inv := d.bot.last(); !inv.Local {
		t.Error("a question in an address may change what is kept")
	}
	lacks(t, page, `value="~`)
	lacks(t, d.get(t, "/"), `id="answer"`)
	lacks(t, d.get(t, "/?q=%2Fsubscribe"), "Subscribed")
	contains(t, d.posts(t, "/press", url.Values{"entry": {"answer"}, "data": {"overview us-nss-2025"}}), "used <code>/overview us-nss-2025</code>")
}

// TestPressInPlace presses buttons under an answer, whatever was asked before.
func TestPressInPlace(t *testing.T) {
	d := private(t)
	first := entryID(t, d.asks(t, "/overview us-nss-2025"))
	d.asks(t, "/stories")
	html := d.posts(t, "/press", url.Values{"entry": {first}, "data": {"timeline us-nss-2025"}})
	if got := entryID(t, html); got != first {
		t.Errorf("the press shows %s, want %s in its place", got, first)
	}
	contains(t, html, ": timeline", "used <code>/overview us-nss-2025</code>")
	if inv := d.bot.last(); !inv.Pressed || inv.Line != "timeline us-nss-2025" {
		t.Errorf("the press is %+v", inv)
	}
	// A call too long for a button is whole in the page, because nobody kept it.
	contains(t, html, `value="timeline us-nss-2025 after=`+strings.Repeat("long-", 20)+`"`)
	if again := d.posts(t, "/press", url.Values{"entry": {first}, "data": {" "}}); strings.Contains(again, "<li") {
		t.Errorf("a button that carries nothing showed %s", again)
	}
}

// TestPostedIsNotEdited presses buttons under what was posted by itself.
func TestPostedIsNotEdited(t *testing.T) {
	c := chat.Card{Title: "Two changes", Actions: [][]chat.Action{{{Label: "Timeline", Call: "timeline us-nss-2025"}}}}
	for name, post := range map[string]func(*door) string{
		"a digest preview": func(d *door) string { d.Announce([]chat.Card{c}); return entryID(t, d.get(t, "/")) },
		"a digest": func(d *door) string {
			id, err := d.Send(t.Context(), conversation(), c, "key")
			if err != nil {
				t.Fatal(err)
			}
			return string(id)
		},
		"what the bot owns": func(d *door) string {
			id := entryID(t, d.asks(t, "/stories"))
			d.bot.owned[chat.MessageID(id)] = true
			return id
		},
		"a doubt": func(d *door) string {
			d.bot.ownsErr = errors.New("the store is away")
			return entryID(t, d.asks(t, "/stories"))
		},
		"what is long gone": func(*door) string { return "m0-1" },
	} {
		t.Run(name, func(t *testing.T) {
			d := private(t)
			id := post(d)
			html := d.posts(t, "/press", url.Values{"entry": {id}, "data": {"timeline us-nss-2025"}})
			if entryID(t, html) == id {
				t.Error("the press edited it")
			}
			contains(t, html, "used <code>/timeline us-nss-2025</code>")
			if page := d.get(t, "/"); strings.HasPrefix(name, "a digest") {
				contains(t, page, "Two changes")
			}
		})
	}
}

// TestSendShowsOnce sends twice with one key, and where there is no conversation.
func TestSendShowsOnce(t *testing.T) {
	d := private(t)
	send := func(key string) chat.MessageID {
		id, err := d.Send(t.Context(), conversation(), chat.Card{Title: "Digest of today"}, key)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	a, b, c := send("k1"), send("k1"), send("k2")
	if a != b || a == c {
		t.Errorf("messages %s, %s, %s: equal keys mean the same message, others do not", a, b, c)
	}
	page := d.get(t, "/")
	if n := strings.Count(page, `class="entry digest"`); n != 2 {
		t.Errorf("%d digests are shown, want 2", n)
	}
	contains(t, page, "Delivered to this preview")
	_, err := d.Send(t.Context(), chat.Conversation{Platform: "web", ID: "elsewhere"}, chat.Card{}, "k")
	if gone := new(chat.Gone); !errors.As(err, &gone) {
		t.Errorf("sending elsewhere: %v, want Gone", err)
	}
	if _, err := d.Survey(t.Context(), chat.Conversation{Platform: "web", ID: "elsewhere"}); err == nil {
		t.Error("another conversation can be surveyed")
	}
	if s, err := d.Survey(t.Context(), conversation()); err != nil || !s.CanPost {
		t.Errorf("the preview: %+v, %v", s, err)
	}
}

// TestAnnounceMarks says what each card is that nobody asked for.
func TestAnnounceMarks(t *testing.T) {
	d := private(t)
	d.Announce([]chat.Card{{Title: "One new event"}, {Title: "A brief is broken", Tone: chat.Trouble}})
	page := d.get(t, "/")
	contains(t, page, `class="entry preview"`, "Digest preview", "One new event", `class="entry trouble"`, "what operators are told", "A brief is broken")
}

// TestNothingEscapes shows a hostile card as the text that it is.
func TestNothingEscapes(t *testing.T) {
	d := private(t)
	evil := `<script>alert(1)</script> <img src=x onerror=alert(1)> &amp; "quoted" {{.}} </hx-partial>`
	d.Announce([]chat.Card{{Title: evil, Lead: chat.Plainly(evil), URL: "javascript:alert(1)",
		Actions: [][]chat.Action{{{Label: evil, Call: `overview "` + evil + `"`}, {Label: "out", URL: "javascript:alert(1)"}}}}})
	page := d.get(t, "/")
	lacks(t, page, "<script>alert", "<img", `href="javascript:`)
	contains(t, page, "&lt;script&gt;alert(1)&lt;/script&gt;", "&amp;amp;")
	contains(t, d.get(t, "/?q="+url.QueryEscape(evil)), "&lt;script&gt;")
}

// TestFaultsAreShown shows cards that cannot be sent, or not whole.
func TestFaultsAreShown(t *testing.T) {
	d := private(t)
	d.options.Panes = append(d.options.Panes, Pane{Name: "Pager", Payloads: func(c chat.Card) ([]json.RawMessage, error) {
		return []json.RawMessage{[]byte(`{"beep":"` + c.Title + `"}`)}, nil
	}})
	d.Announce([]chat.Card{{Title: "unsendable"}})
	page := d.get(t, "/")
	contains(t, page, "this card cannot be sent: it has no text", "&#34;beep&#34;: &#34;unsendable&#34;")
	id := entryID(t, page)
	if r := d.do(t, request{path: "/payload/" + id + "/discord"}); r.StatusCode != http.StatusInternalServerError {
		t.Errorf("the request of a card that cannot be sent: %s", r.Status)
	}
	contains(t, d.get(t, "/payload/"+id+"/pager"), `"beep": "unsendable"`)
	for _, path := range []string{"/payload/" + id + "/carrier-pigeon", "/payload/m0-1/discord"} {
		if r := d.do(t, request{path: path}); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	long := chat.Card{Title: "Long", Lead: chat.Plainly("begins")}
	for range 30 {
		long.Items = append(long.Items, chat.Item{Head: chat.Plainly("Head of an item " + strings.Repeat("x", len(long.Items))), Body: chat.Plainly(strings.Repeat("words and more words ", 30))})
	}
	d.Announce([]chat.Card{long})
	contains(t, d.get(t, "/"), "items of 30 did not fit here")
}

// TestLeftOut compares cards with what can be read of them.
func TestLeftOut(t *testing.T) {
	item := func(head, body string) chat.Item {
		return chat.Item{Head: chat.Plainly(head), Body: chat.Plainly(body)}
	}
	c := chat.Card{Lead: chat.Plainly("The lead."), Items: []chat.Item{item("First", "is here"), item("Second", "is long"), item("", "Headless")}}
	for said, want := range map[string]string{
		"The **lead**\\. First is here Second is long Headless": "",
		"The lead. First is here Second is l…":                  "1 item of 3 did not fit here, 1 item shortened to fit here",
		"The lead. First is here":                               "2 items of 3 did not fit here",
		"First is here Second is long Headless":                 "the opening text is shortened to fit here",
	} {
		if got := strings.Join(leftOut(c, said), ", "); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}

// TestCompletion offers commands with what they do, then stories.
func TestCompletion(t *testing.T) {
	d := private(t)
	complete := func(line string) []suggestion {
		var list []suggestion
		if err := json.Unmarshal([]byte(d.get(t, "/complete?line="+url.QueryEscape(line))), &list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	if got := complete("/ti"); len(got) != 1 || got[0] != (suggestion{"/timeline", "What happened, newest first", "/timeline"}) {
		t.Errorf("/ti: %+v", got)
	}
	got := complete("/overview us")
	if len(got) == 0 || got[0].Value != "/overview us-nss-2025" || !strings.Contains(got[0].Label, "Russia recast") {
		t.Errorf("/overview us: %+v", got)
	}
	if got := complete("/timeline us-nss-2025 af"); len(got) != 1 || got[0] != (suggestion{"after=", "The event before the page", "/timeline us-nss-2025 after="}) {
		t.Errorf("an option: %+v", got)
	}
	for _, line := range []string{"", "/nothing such", strings.Repeat("x", 1<<14), "\xff"} {
		if got := complete(line); got == nil {
			t.Errorf("%.10q: null, want a list", line)
		}
	}
}

// TestWelcome says what to try, which stories there are and how to go on.
func TestWelcome(t *testing.T) {
	d := private(t)
	page := d.get(t, "/")
	contains(t, page, `value="/overview us-nss-2025"`, `href="/stories/us-nss-2025"`, "2 open stories", "BRIEFBOT_DISCORD_TOKEN=…", "BRIEFBOT_TELEGRAM_TOKEN=…",
		`value="/scenarios us-nss-2025"`, "Restricted stories", "Secret talks", `value="/overview secret-talks"`)
	lacks(t, page, `href="/stories/secret-talks"`)
	d = open(t, "127.0.0.1:8080", func(o *Options) { o.Open, o.Panes[0].Live = nil, true })
	page = d.get(t, "/")
	contains(t, page, `value="/timeline us-nss-2025"`, "BRIEFBOT_TELEGRAM_TOKEN=…")
	lacks(t, page, "BRIEFBOT_DISCORD_TOKEN", "no open story")
	d.bot.stories = brief.NewSnapshot("none", time.Now(), nil, nil)
	contains(t, d.get(t, "/"), "There is no open story yet", `value="/overview"`)
	var many []*brief.Dossier
	for i := range 1234 {
		many = append(many, &brief.Dossier{ID: fmt.Sprintf("story-%04d", i), Title: "A story", Overview: "x"})
	}
	snapshot := brief.NewSnapshot("many", time.Now(), many, nil)
	d = open(t, "127.0.0.1:8080", func(o *Options) { o.Open = func() *brief.Reader { return brief.Unrestricted(snapshot) } })
	page = d.get(t, "/")
	contains(t, page, "1,234 open stories", "1,222 more")
	if n := strings.Count(page, `href="/stories/story-`); n != maxWelcome {
		t.Errorf("%d stories are listed, want %d", n, maxWelcome)
	}
}

// TestFormsAreBounded refuses what no form of ours sends.
func TestFormsAreBounded(t *testing.T) {
	d := private(t)
	r := d.do(t, request{method: "POST", path: "/ask", form: url.Values{"line": {strings.Repeat("x", formBytes)}}})
	if r.StatusCode != http.StatusBadRequest || d.bot.count() != 0 {
		t.Errorf("a form that is too long: %s", r.Status)
	}
	d.asks(t, "/overview \xff "+strings.Repeat("€", 1500))
	if line := d.bot.last().Line; len(line) > maxLine || strings.Contains(line, "\xff") || !strings.HasSuffix(line, "€") {
		t.Errorf("a line of %d bytes that ends in %q", len(line), line[len(line)-4:])
	}
}

// TestTranscriptIsBounded keeps the newest of many.
func TestTranscriptIsBounded(t *testing.T) {
	d := private(t)
	for range maxEntries + 20 {
		d.Announce([]chat.Card{{Title: "x"}})
	}
	entries, version := d.log.since(0)
	if len(entries) != maxEntries || version != maxEntries+20 || entries[maxEntries-1].version != version {
		t.Errorf("%d entries at version %d", len(entries), version)
	}
	for i := range maxKeys + 5 {
		d.log.post(entry{}, strings.Repeat("k", i+1))
	}
	if len(d.log.keys) != maxKeys || len(d.log.recent) != maxKeys {
		t.Errorf("%d and %d keys, want %d", len(d.log.keys), len(d.log.recent), maxKeys)
	}
}
