package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/briefbot/briefbot/internal/chat"
)

// A fakeBox holds suggestions, the newest last.
type fakeBox struct {
	mu   sync.Mutex
	list []Suggestion
	err  error
}

func (b *fakeBox) Suggestions(_ context.Context, s SuggestionSearch) ([]Suggestion, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []Suggestion
	for _, g := range slices.Backward(b.list) {
		fits := (s.State == "" || g.State == s.State) && (s.Story == "" || g.Story == s.Story) && (s.Before == 0 || g.ID < s.Before) &&
			strings.Contains(strings.ToLower(g.Title+" "+g.Reason+" "+g.Asker), strings.ToLower(s.Words))
		if fits && len(found) < s.Limit {
			g.Patch = nil
			found = append(found, g)
		}
	}
	return found, b.err
}

func (b *fakeBox) SuggestionCounts(context.Context) (map[string]int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	counts := make(map[string]int)
	for _, s := range b.list {
		counts[s.State]++
	}
	return counts, b.err
}

func (b *fakeBox) Suggestion(_ context.Context, id int64) (Suggestion, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return Suggestion{}, b.err
	}
	if id < 1 || id > int64(len(b.list)) {
		return Suggestion{}, fmt.Errorf("reading: %w", ErrNoSuggestion)
	}
	return b.list[id-1], nil
}

func (b *fakeBox) SettleSuggestion(_ context.Context, id int64, state string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list[id-1].State, b.list[id-1].By, b.list[id-1].Settled = state, "web:preview", ledgerNow
	return b.err
}

func (b *fakeBox) add(s Suggestion) {
	s.ID = int64(len(b.list) + 1)
	if s.State == "" {
		s.State = "open"
	}
	s.Patched = s.Patch != nil
	s.At = ledgerNow.Add(-time.Duration(20-s.ID) * time.Minute)
	if s.Where.ID == "" {
		s.Where = chat.Conversation{Platform: "telegram", ID: "-1001234567890"}
	}
	b.list = append(b.list, s)
}

const hostileText = `<script>alert(1)</script> "&amp; ` + "\u202ex" + ` https://example.org/`

// variedBox holds a suggestion of every kind.
func variedBox() *fakeBox {
	b := &fakeBox{}
	patch := []byte("From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\nFrom: \"telegram:4242\" <telegram.4242@users.briefbot.invalid>\nSubject: [PATCH] us-nss-2025: correct moscow-talks\n\n---\n briefs/us-nss-2025.yaml | 2 +-\n\ndiff --git a/briefs/us-nss-2025.yaml b/briefs/us-nss-2025.yaml\n@@ -1 +1 @@\n-title: Talks in Minsk\n+title: Talks in “Moscow” and a long line that goes on and on, so that it does not fit on the page and is to be scrolled, whatever that takes\n")
	b.add(Suggestion{Asker: "telegram:4242", Story: "us-nss-2025", Item: "timeline/moscow-talks", Title: "Talks in Minsk", Path: "briefs/us-nss-2025.yaml", Line: 212, Patch: patch,
		Fields: []SuggestedField{{"title", "Talks in Minsk", "Talks in “Moscow”"}, {"date", "2025-12-02~", "2025-12-02"}, {"detail", "", "They met for five hours.\n\n- One\n- Two"}},
		Reason: "https://example.org/communiqué\nThe second paragraph has the place."})
	b.add(Suggestion{Asker: "discord-user:998877665544332211", Story: "us-nss-2025", Title: "The strategy", Reason: "There is nothing of what Congress said.", Unpatched: "It changes no text: it is words alone.",
		Where: chat.Conversation{Platform: "discord", ID: "112233445566778899"}})
	b.add(Suggestion{Asker: "telegram:7", Story: "us-nss-2025", Item: "timeline/gone", Title: hostileText, Fields: []SuggestedField{{"title", hostileText, strings.Repeat("verylongword", 30)}}, Reason: hostileText,
		State: "dismissed", By: "telegram:1", Settled: ledgerNow, Unpatched: "The brief had an error when this was suggested."})
	b.add(Suggestion{Asker: "telegram:4242", Story: "bridge", Item: "timeline/closed", Title: "The bridge is closed", Patch: patch, Path: "briefs/bridge.yaml", Line: 9,
		Fields: []SuggestedField{{"date", "2025", "2025-11"}}, Reason: "The council’s minutes.", State: "taken", By: "the brief", Settled: ledgerNow, Where: chat.Conversation{Platform: "telegram", ID: "4242"}})
	return b
}

func withBox(b Suggestions) func(*Options) {
	return func(o *Options) {
		o.Ledger, o.Suggestions = &fakeLedger{}, b
		o.Now = func() time.Time { return ledgerNow }
	}
}

func box(t *testing.T, b Suggestions) *door {
	t.Helper()
	return open(t, "127.0.0.1:8080", withBox(b))
}

// TestSuggestionsAreForOperators asks as a stranger for what exists, and what does not.
func TestSuggestionsAreForOperators(t *testing.T) {
	d := open(t, "0.0.0.0:8080", func(o *Options) {
		withBox(variedBox())(o)
		o.WebToken = "s3cret"
	})
	for _, q := range []request{
		{path: "/suggestions"}, {path: "/suggestions/"}, {path: "/suggestions/1"}, {path: "/suggestions/1.patch"}, {path: "/suggestions/99.patch"},
		{method: "POST", path: "/suggestions/1/settle", form: url.Values{"state": {"dismissed"}}},
	} {
		q.host = "briefs.example.org"
		if r := d.do(t, q); r.StatusCode != http.StatusNotFound && r.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s answers %d to a stranger", q.method, q.path, r.StatusCode)
		}
	}
	r := d.do(t, request{path: "/suggestions/1.patch", host: "briefs.example.org", header: map[string]string{"Authorization": "Bearer s3cret"}})
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK || !strings.HasPrefix(string(body), "From 0000") {
		t.Errorf("the patch for whoever has the token: %d, %v\n%s", r.StatusCode, err, body)
	}
	if got := r.Header.Get("Content-Type"); got != "text/x-patch; charset=utf-8" {
		t.Errorf("it is %s", got)
	}
	if got := r.Header.Get("Content-Disposition"); got != "attachment; filename=suggestion-1-us-nss-2025-moscow-talks.patch" {
		t.Errorf("it is kept under %s", got)
	}
}

// TestSuggestionsList shows the open ones, and the others when asked.
func TestSuggestionsList(t *testing.T) {
	d := box(t, variedBox())
	page := d.get(t, "/suggestions")
	contains(t, page, "Talks in “Moscow”", "https://example.org/communiqué", "discord-user:998877665544332211", "No patch: It changes no text", `href="/suggestions/1.patch"`,
		`Open <span class="count">2</span>`, `All <span class="count">4</span>`, "<code>briefs/us-nss-2025.yaml:212</code>", `in <code>telegram:-1001234567890</code>`)
	lacks(t, page, "The bridge is closed", `href="/suggestions/2.patch"`)
	page = d.get(t, "/suggestions?state=all")
	contains(t, page, "The bridge is closed", "Taken by <code>the brief</code>", "&lt;script&gt;alert(1)&lt;/script&gt;", "Open again")
	lacks(t, page, "<script>alert", "in <code>telegram:4242</code>")
	page = d.get(t, "/suggestions?state=all&words=minutes")
	contains(t, page, "The bridge is closed")
	lacks(t, page, "Moscow", `class="count"`)
	contains(t, d.get(t, "/suggestions?words=nothing+of+the+kind"), "No suggestion fits this.")
	contains(t, box(t, &fakeBox{}).get(t, "/suggestions"), "Nobody has suggested a correction yet.")
	contains(t, d.get(t, "/"), `href="/suggestions"`)
	contains(t, d.get(t, "/ledger"), `href="/suggestions"`)
	lacks(t, open(t, "127.0.0.1:8080", func(o *Options) { o.Ledger = &fakeLedger{} }).get(t, "/ledger"), "/suggestions")
	for path, want := range map[string]int{
		"/suggestions?state=nonsense": 400, "/suggestions?before=x": 400, "/suggestions/0": 404, "/suggestions/01": 404, "/suggestions/x.patch": 404,
		"/suggestions/99": 404, "/suggestions/2.patch": 404, "/suggestions/1.txt": 404, "/suggestions/1": 200,
	} {
		if r := d.do(t, request{path: path}); r.StatusCode != want {
			t.Errorf("%s answers %d, want %d", path, r.StatusCode, want)
		}
	}
}

// TestSuggestionsPages goes through very many.
func TestSuggestionsPages(t *testing.T) {
	b := &fakeBox{}
	for i := range 60 {
		b.add(Suggestion{Asker: "telegram:1", Story: "bridge", Title: fmt.Sprintf("Number-%d.", i+1), Reason: "x"})
	}
	d := box(t, b)
	page := d.get(t, "/suggestions")
	contains(t, page, "Number-60.", "Number-36.", `href="/suggestions?before=36" rel="next"`)
	lacks(t, page, "Number-35.")
	page = d.get(t, "/suggestions?before=11")
	contains(t, page, "Number-10.", "Number-1.", `href="/suggestions">Newest`)
	lacks(t, page, "Number-11.", `rel="next"`)
}

// TestSettleSuggestion dismisses one, and refuses what is none or comes from elsewhere.
func TestSettleSuggestion(t *testing.T) {
	b := variedBox()
	d := box(t, b)
	settle := func(path, state string, header map[string]string) int {
		if header == nil {
			header = map[string]string{"Origin": "http://127.0.0.1:8080"}
		}
		return d.do(t, request{method: "POST", path: path, form: url.Values{"state": {state}}, header: header}).StatusCode
	}
	if got := settle("/suggestions/1/settle", "dismissed", map[string]string{"Origin": "https://evil.example"}); got != http.StatusForbidden || b.list[0].State != "open" {
		t.Errorf("another site settles: %d, %s", got, b.list[0].State)
	}
	if got := settle("/suggestions/1/settle", "dismissed", nil); got != http.StatusSeeOther || b.list[0].State != "dismissed" {
		t.Errorf("dismissing: %d, %s", got, b.list[0].State)
	}
	contains(t, d.get(t, "/suggestions/1?done"), "It is dismissed now.", "Dismissed by")
	if got := settle("/suggestions/1/settle", "eaten", nil); got != http.StatusBadRequest {
		t.Errorf("a state that is none: %d", got)
	}
	if got := settle("/suggestions/77/settle", "open", nil); got != http.StatusNotFound {
		t.Errorf("one that is none: %d", got)
	}
	b.err = errors.New("the store is on fire")
	for _, path := range []string{"/suggestions", "/suggestions/1", "/suggestions/1.patch"} {
		r := d.do(t, request{path: path})
		if body, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusInternalServerError || strings.Contains(string(body), "fire") {
			t.Errorf("%s: %d %s", path, r.StatusCode, body)
		}
	}
}

// TestSuggestionsInBrowser looks at the pages, wide and on a phone, and settles one from
// the ledger on.
func TestSuggestionsInBrowser(t *testing.T) {
	ctx := tab(t, 1500, 1100)
	b := variedBox()
	d := serve(t, withBox(b))
	for _, c := range []struct {
		name, path    string
		width, height int64
	}{
		{"suggestions", "/suggestions?state=all", 1500, 1500}, {"suggestions-phone", "/suggestions?state=all", 390, 2400}, {"suggestion", "/suggestions/1", 1200, 1100},
		{"suggestion-phone", "/suggestions/1", 390, 1400}, {"suggestions-none", "/suggestions?words=never", 1200, 600},
	} {
		do(t, ctx, chromedp.EmulateViewport(c.width, c.height), chromedp.Navigate("http://"+d.Addr()+c.path), chromedp.WaitVisible(chromedp.CSS("main")))
		if !eval[bool](t, ctx, fitsWindow) {
			t.Errorf("%s: the page is wider than the window", c.name)
		}
		if bad := eval[string](t, ctx, `[...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i).join()`); bad != "" {
			t.Errorf("%s: these ids are there twice: %s", c.name, bad)
		}
		if bad := eval[string](t, ctx, `[...document.querySelectorAll("input:not([type=hidden]), select")].filter(e => !e.labels.length).map(e => e.id || e.name).join()`); bad != "" {
			t.Errorf("%s: no label names %s", c.name, bad)
		}
		shot(t, ctx, c.name)
	}
	do(t, ctx, chromedp.EmulateViewport(1200, 900), chromedp.Navigate("http://"+d.Addr()+"/ledger"), chromedp.Click(chromedp.CSS(`nav a[href="/suggestions"]`)),
		chromedp.WaitVisible(chromedp.CSS("#s1")), chromedp.Click(chromedp.CSS("#s1 button[value=dismissed]")), chromedp.WaitVisible(chromedp.CSS("#said")),
		chromedp.WaitVisible(chromedp.CSS("#s1 .badge.dismissed")))
	if b.list[0].State != "dismissed" {
		t.Errorf("it is %s", b.list[0].State)
	}
	do(t, ctx, chromedp.Click(chromedp.CSS(".crumb a")), chromedp.WaitVisible(chromedp.CSS("#s2")))
	if eval[bool](t, ctx, `document.querySelector("#s1") !== null`) {
		t.Error("what is dismissed is listed as open")
	}
}
