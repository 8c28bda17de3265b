package web

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
)

// suggestion is what the form of the tests is sent with where nothing is changed.
func untouched() map[string]string {
	return map[string]string{"title": "Talks <in> Moscow & “elsewhere”", "detail": "\nFirst line\n\n**Second** line", "source": ""}
}

// posted are the fields of the last form in a page, as a browser would post them
// untouched.
func posted(t *testing.T, page string) url.Values {
	t.Helper()
	_, form, ok := strings.Cut(page, `action="/fill"`)
	if !ok {
		t.Fatalf("there is no form in:\n%s", page)
	}
	form, _, _ = strings.Cut(form, "</form>")
	v := url.Values{}
	for _, m := range regexp.MustCompile(`<input[^>]* name="([^"]*)"[^>]* value="([^"]*)"`).FindAllStringSubmatch(form, -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range regexp.MustCompile(`(?s)<textarea[^>]* name="([^"]*)"[^>]*>\n?(.*?)</textarea>`).FindAllStringSubmatch(form, -1) {
		v.Set(m[1], strings.ReplaceAll(html.UnescapeString(m[2]), "\n", "\r\n"))
	}
	return v
}

// withForms has the panes show forms as the services do.
func withForms(o *Options) {
	o.Panes[0].Form, o.Panes[1].Form = discordForm, telegramForm
}

func TestFormIsShown(t *testing.T) {
	d := private(t)
	page := d.asks(t, "/suggest us-nss-2025")
	contains(t, page, `<label for="`, `dir="auto">Title</label>`, `Detail <span class="optional">(optional)</span>`, `aria-describedby="`, ` required>`,
		`>Send to the editors</button>`, `formnovalidate>Cancel</button>`, `maxlength="8000"`, "\nFirst line\n\n**Second** line</textarea>", "What is written here goes to the editors")
	v := posted(t, page)
	v.Set("do", "send")
	answer := d.posts(t, "/fill", v)
	contains(t, answer, "Thank you", `<span class="state">Sent</span>`)
	if diff := cmp.Diff([]map[string]string{untouched()}, d.bot.sent()); diff != "" {
		t.Errorf("filled in (-want +got):\n%s", diff)
	}
	if inv := d.bot.last(); !strings.HasPrefix(inv.ID, "form m") || inv.Line != "suggest us-nss-2025" || !inv.Pressed {
		t.Errorf("asked %+v", inv)
	}
	// From another page that was open all the time.
	contains(t, d.posts(t, "/fill", v), `<span class="state">Sent</span>`)
	v.Set("do", "cancel")
	contains(t, d.posts(t, "/fill", v), `<span class="state">Sent</span>`)
	if n := len(d.bot.sent()); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
	lacks(t, d.get(t, "/"), `action="/fill"`)
}

func TestFormIsCancelled(t *testing.T) {
	d := private(t)
	v := posted(t, d.asks(t, "/suggest us-nss-2025"))
	v.Set("do", "cancel")
	contains(t, d.posts(t, "/fill", v), "Cancelled: nothing was sent")
	v.Set("do", "send")
	contains(t, d.posts(t, "/fill", v), "Cancelled: nothing was sent")
	if len(d.bot.sent()) > 0 {
		t.Error("a form that was cancelled was sent")
	}
}

// TestFormAsksAgain keeps what was written where it cannot be sent.
func TestFormAsksAgain(t *testing.T) {
	d := private(t)
	v := posted(t, d.asks(t, "/suggest us-nss-2025"))
	v.Set("do", "send")
	v.Set("field.title", " ")
	v.Set("field.source", "https://example.org/\"&<b>")
	page := d.posts(t, "/fill", v)
	contains(t, page, `role="alert"`, "“Title” must not be empty.", `value="https://example.org/&#34;&amp;&lt;b&gt;"`)
	v = posted(t, page)
	v.Set("do", "send")
	v.Set("field.title", strings.Repeat("🌂", 4001))
	page = d.posts(t, "/fill", v)
	contains(t, page, "“Title” has 4001 characters, and may have 4000.")
	v = posted(t, page)
	v.Set("do", "send")
	v.Set("field.title", strings.Repeat("🌂", 4000))
	v.Set("field.source", "none")
	page = d.posts(t, "/fill", v)
	contains(t, page, "A suggestion needs a source", strings.Repeat("🌂", 4000))
	v = posted(t, page)
	v.Set("do", "send")
	v.Set("field.source", "")
	contains(t, d.posts(t, "/fill", v), "Thank you")
	if got := d.bot.sent()[len(d.bot.sent())-1]["title"]; got != strings.Repeat("🌂", 4000) {
		t.Errorf("sent %q", got)
	}
}

// TestFormIsGuarded posts what no page of ours would.
func TestFormIsGuarded(t *testing.T) {
	d := private(t)
	v := posted(t, d.asks(t, "/suggest us-nss-2025"))
	v.Set("do", "send")
	for what, q := range map[string]request{
		"from another site": {form: v, header: map[string]string{"Origin": "https://example.org"}},
		"from nowhere":      {form: v, header: map[string]string{"Origin": ""}},
		"to another name":   {form: v, host: "example.org"},
		"by a look":         {method: "GET"},
		"longer than any":   {form: url.Values{"field.title": {strings.Repeat("x", int(fillBytes))}}},
	} {
		if q.method == "" {
			q.method = "POST"
		}
		q.path = "/fill"
		if r := d.do(t, q); r.StatusCode < 400 {
			t.Errorf("%s: %s", what, r.Status)
		}
	}
	// A call that asks for no form is not given one, and an entry is taken for what it is.
	r := d.do(t, request{method: "POST", path: "/fill", form: url.Values{"entry": {"../x"}, "call": {"stories"}, "do": {"send"}, "field.title": {"x"}}})
	if r.StatusCode != http.StatusSeeOther || strings.HasPrefix(d.bot.last().ID, "form") {
		t.Errorf("%s, asked %+v", r.Status, d.bot.last())
	}
	if len(d.bot.sent()) > 0 {
		t.Errorf("filled in %v", d.bot.sent())
	}
	contains(t, d.get(t, "/?q=/suggest"), "it works in a chat only")
}

// TestFormAsServices shows the requests that the services would be sent.
func TestFormAsServices(t *testing.T) {
	d := open(t, "127.0.0.1:8080", withForms)
	page := d.asks(t, "/suggest us-nss-2025")
	contains(t, page, `<div class="modal"`, `<p class="title" dir="auto">Suggest a correction</p>`, `Title <span class="required"`, "<p class=\"input long\" dir=\"auto\">\nFirst line",
		"31 of 4,000 in a field", "1 of 3", "Keep as it is", `value="form! cancel`)
	lacks(t, page, "Fault:", "Cut:", "Open the form")
	if n := strings.Count(page, " disabled>"); n != 2 {
		t.Errorf("%d buttons are for looking at, want Keep and Cancel", n)
	}
	id := posted(t, page).Get("entry")
	contains(t, d.get(t, "/payload/"+id+"/discord"), `"type": 9`, `"custom_id": "form suggest us-nss-2025"`)
	// What was wrong is told on a card.
	v := posted(t, page)
	v.Set("do", "send")
	v.Set("field.title", "")
	page = d.posts(t, "/fill", v)
	lacks(t, page, `<div class="modal"`)
	contains(t, page, "Open the form")
}

// TestModalFaults finds what Discord would refuse.
func TestModalFaults(t *testing.T) {
	v := readsDiscord(t, `{"type":9,"data":{"title":"`+strings.Repeat("t", 46)+`","custom_id":"x","components":[{"type":18,"label":"L","component":{"type":4,"custom_id":"a","style":1,"value":"`+
		strings.Repeat("я", 4001)+`"}},{"type":18,"label":"M","component":{"type":4,"custom_id":"a","style":2}},{"type":1}]}}`)
	want := "[a title of 46 characters; Discord takes 45 a value of 4001 characters; Discord takes 4000 two fields are called \"a\"; Discord refuses that a component of type 1, which the preview does not know in a modal]"
	if got := fmt.Sprint(v.Faults); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got := fmt.Sprint(v.Measures); got != "[{4001 4000 in a field}]" {
		t.Error(got)
	}
}

// TestFormInBrowser fills in a form with keys alone.
func TestFormInBrowser(t *testing.T) {
	ctx := tab(t, 1500, 1100)
	d := serve(t, withForms)
	do(t, ctx, chromedp.Navigate("http://"+d.Addr()+"/"), chromedp.WaitVisible(chromedp.CSS("#line")))
	do(t, ctx, chromedp.Focus(chromedp.CSS("#line"), chromedp.NodeVisible), chromedp.KeyEvent("/suggest us-nss-2025"), chromedp.KeyEvent(kb.Enter))
	wait(t, ctx, `document.activeElement.name === "field.title"`)
	if eval[string](t, ctx, `document.activeElement.labels[0].textContent.trim()`) != "Title" {
		t.Error("the first field has no label")
	}
	shot(t, ctx, "form")
	do(t, ctx, chromedp.KeyEvent(" 🌂"))
	wait(t, ctx, `document.activeElement.value.endsWith("🌂")`)
	do(t, ctx, chromedp.KeyEvent(kb.Tab))
	wait(t, ctx, `document.activeElement.name === "field.detail"`)
	// Too long by one character, and far too long in UTF-16 units.
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`(() => { const f = document.activeElement; f.value = "🌂".repeat(4001); f.dispatchEvent(new Event("input", {bubbles: true})); })()`))
	wait(t, ctx, `document.querySelector(".fill .count.over").textContent === "4,001 of 4,000 characters"`)
	do(t, ctx, chromedp.Click(chromedp.CSS(".fill .send")))
	if n := eval[int](t, ctx, `document.querySelectorAll(".entry").length`); n != 1 || len(d.bot.sent()) > 0 {
		t.Error("a form that is too long was sent")
	}
	shot(t, ctx, "form-long")
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`(() => { const f = document.querySelector(".fill textarea"); f.value = "\nSecond"; f.dispatchEvent(new Event("input", {bubbles: true})); })()`))
	do(t, ctx, chromedp.Click(chromedp.CSS(".fill .send")))
	wait(t, ctx, `document.querySelectorAll(".entry").length === 2 && document.querySelector(".fill .closed .state").textContent === "Sent"`)
	shot(t, ctx, "form-sent")
	want := []map[string]string{{"title": untouched()["title"] + " 🌂", "detail": "Second", "source": ""}}
	if diff := cmp.Diff(want, d.bot.sent()); diff != "" {
		t.Errorf("filled in (-want +got):\n%s", diff)
	}

	// Escape cancels at once where nothing was written, and asks where something was.
	do(t, ctx, chromedp.Focus(chromedp.CSS("#line"), chromedp.NodeVisible), chromedp.KeyEvent("/suggest us-nss-2025"), chromedp.KeyEvent(kb.Enter))
	wait(t, ctx, `document.activeElement.name === "field.title"`)
	do(t, ctx, chromedp.KeyEvent(kb.Escape))
	wait(t, ctx, `document.querySelectorAll(".fill .closed").length === 2`)
	wait(t, ctx, `document.activeElement.id === "line"`)
	do(t, ctx, chromedp.Focus(chromedp.CSS("#line"), chromedp.NodeVisible), chromedp.KeyEvent("/suggest us-nss-2025"), chromedp.KeyEvent(kb.Enter))
	wait(t, ctx, `document.activeElement.name === "field.title"`)
	do(t, ctx, chromedp.KeyEvent("x"))
	wait(t, ctx, `document.activeElement.value.endsWith("x")`)
	do(t, ctx, chromedp.KeyEvent(kb.Escape))
	wait(t, ctx, `!document.querySelector(".fill .discard").hidden`)
	shot(t, ctx, "form-discard")
	do(t, ctx, chromedp.KeyEvent(kb.Escape))
	wait(t, ctx, `document.querySelectorAll(".fill .closed").length === 3`)
	if len(d.bot.sent()) != 1 {
		t.Error("a form that was cancelled was sent")
	}

	// What others do does not take away what is being written.
	do(t, ctx, chromedp.Focus(chromedp.CSS("#line"), chromedp.NodeVisible), chromedp.KeyEvent("/suggest us-nss-2025"), chromedp.KeyEvent(kb.Enter))
	wait(t, ctx, `document.activeElement.name === "field.title"`)
	do(t, ctx, chromedp.KeyEvent("y"))
	d.Announce([]chat.Card{{Title: "News"}})
	wait(t, ctx, `document.querySelectorAll(".entry.preview").length === 1`)
	if got := eval[string](t, ctx, `document.activeElement.name + document.activeElement.value`); got != "field.title"+untouched()["title"]+"y" {
		t.Errorf("what is being written is now %q", got)
	}
	// A field that is required is asked for by the browser, and Cancel asks nothing.
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.activeElement.value = ""`), chromedp.Click(chromedp.CSS(".fill .send")))
	if eval[bool](t, ctx, `document.querySelector(".fill form").checkValidity()`) {
		t.Error("an empty field that is required is valid")
	}
	do(t, ctx, chromedp.Click(chromedp.CSS(".fill .cancel")))
	wait(t, ctx, `document.querySelectorAll(".fill .closed").length === 4`)
}

// TestFormOnPhone has the form fit.
func TestFormOnPhone(t *testing.T) {
	ctx := tab(t, 390, 844)
	d := serve(t, withForms)
	do(t, ctx, chromedp.Navigate("http://"+d.Addr()+"/"), chromedp.WaitVisible(chromedp.CSS("#line")))
	d.asks(t, "/suggest us-nss-2025")
	wait(t, ctx, `document.querySelector(".fill form") !== null`)
	if eval[bool](t, ctx, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("the page is wider than the phone")
	}
	shot(t, ctx, "form-phone")
}

// TestFormWithoutScript fills in a form where scripts are off.
func TestFormWithoutScript(t *testing.T) {
	ctx, d := browse(t, 1000, 900)
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Navigate("http://"+d.Addr()+"/"), chromedp.Focus(chromedp.CSS("#line"), chromedp.NodeVisible), chromedp.KeyEvent("/suggest us-nss-2025"),
		chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS(".fill .send")))
	if at := eval[string](t, ctx, "location.hash + ' ' + document.activeElement.id"); !strings.Contains(at, " m") {
		t.Errorf("the focus is at %q", at)
	}
	shot(t, ctx, "form-noscript")
	do(t, ctx, chromedp.Focus(chromedp.CSS(".fill input[name='field.source']"), chromedp.NodeVisible), chromedp.KeyEvent("https://example.org/"), chromedp.Click(chromedp.CSS(".fill .send")),
		chromedp.WaitVisible(chromedp.CSS(".fill .closed")))
	want := untouched()
	want["source"] = "https://example.org/"
	if diff := cmp.Diff([]map[string]string{want}, d.bot.sent()); diff != "" {
		t.Errorf("filled in (-want +got):\n%s", diff)
	}
	do(t, ctx, chromedp.Focus(chromedp.CSS("#line"), chromedp.NodeVisible), chromedp.KeyEvent("/suggest us-nss-2025"),
		chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS(".fill .cancel")),
		chromedp.Click(chromedp.CSS(".fill .cancel")), chromedp.WaitVisible(chromedp.CSS(".entry:nth-child(3) .fill .closed")))
}
