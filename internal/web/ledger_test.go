package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
)

// desk returns a Web with a ledger that acts for an operator.
func desk(t *testing.T, l Ledger) *door {
	t.Helper()
	return open(t, "127.0.0.1:8080", withLedger(l))
}

// TestLedgerIsForOperators asks for the pages, and to change something, as others.
func TestLedgerIsForOperators(t *testing.T) {
	l := variedLedger(t)
	d := open(t, "0.0.0.0:8080", func(o *Options) { withLedger(l)(o); o.WebToken = token })
	never := body(t, d.do(t, request{path: "/never-there"}))
	for _, q := range []request{
		{path: "/ledger"}, {path: "/ledger?state=sent"}, {path: "/ledger/1"}, {path: "/ledger/999"}, {path: "/ledger/"},
		{method: "POST", path: "/ledger/6/retry", form: url.Values{}}, {method: "POST", path: "/ledger/10/skip", form: url.Values{}},
	} {
		r := d.do(t, q)
		if got := body(t, r); r.StatusCode != http.StatusNotFound || got != never {
			t.Errorf("%s to a stranger: %s\n%s", q.path, r.Status, got)
		}
	}
	if len(l.searched) != 0 || len(l.did) != 0 {
		t.Errorf("a stranger reached the ledger: %v, %v", l.searched, l.did)
	}
	bearer := map[string]string{"Authorization": "Bearer " + token}
	for _, path := range []string{"/ledger", "/ledger/1"} {
		if r := d.do(t, request{path: path, header: bearer}); r.StatusCode != http.StatusOK {
			t.Errorf("%s with the token: %s", path, r.Status)
		}
	}
	lacks(t, d.get(t, "/stories"), "/ledger")
}

// TestOtherSitesCannotSettle tries to change deliveries from a page elsewhere.
func TestOtherSitesCannotSettle(t *testing.T) {
	for _, header := range []map[string]string{
		{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://127.0.0.1:1"},
	} {
		l := variedLedger(t)
		d := desk(t, l)
		for _, path := range []string{"/ledger/6/retry", "/ledger/10/skip"} {
			r := d.do(t, request{method: "POST", path: path, form: url.Values{}, header: header})
			if r.StatusCode != http.StatusForbidden {
				t.Errorf("%s with %v: %s", path, header, r.Status)
			}
			if r := d.do(t, request{path: path}); r.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("GET %s: %s", path, r.Status)
			}
		}
		if len(l.did) != 0 {
			t.Errorf("with %v it did %v", header, l.did)
		}
	}
}

// TestNoLedger has no page where there is no ledger.
func TestNoLedger(t *testing.T) {
	d := private(t)
	for _, q := range []request{{path: "/ledger"}, {path: "/ledger/1"}, {method: "POST", path: "/ledger/1/retry", form: url.Values{}}} {
		if r := d.do(t, q); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", q.path, r.Status)
		}
	}
	lacks(t, d.get(t, "/"), `href="/ledger"`)
	contains(t, desk(t, &fakeLedger{}).get(t, "/"), `href="/ledger"`)
}

// TestLedgerLists says of each delivery what is to be known first.
func TestLedgerLists(t *testing.T) {
	d := desk(t, variedLedger(t))
	page := d.get(t, "/ledger")
	contains(t, page,
		`<span class="badge unconfirmed"><span class="sign" aria-hidden="true">?</span> Unconfirmed</span>`, "3 attempts, 3 doubts", "no answer after the request was written",
		`<span class="badge waiting">`, "kept while nothing can be sent there", `<span class="word">due</span> <time datetime="2025-12-02T14:05:35Z">14:05:35</time>`,
		`<span class="word">sent</span> <time datetime="2025-12-01T12:05:02Z">1 Dec, 12:05:02</time>`, "Not possible", "Skipped", "Withheld", "Refused", "text alone", "Sending",
		`href="/ledger?where=discord%3a112233445566778899"`, `href="/ledger?story=us-nss-2025"`, "thread telegram:-1001234567890/42", "Pins the message of delivery 1",
		`<a id="state-all" class="" href="/ledger" aria-current="true">All <span class="count">11</span></a>`, `Waiting <span class="count">2</span>`, "11 deliveries", `hx-get="/ledger"`)
	if first, last := strings.Index(page, `id="d11"`), strings.Index(page, `id="d1"`); first < 0 || last < first {
		t.Errorf("the newest is at %d, the oldest at %d", first, last)
	}
	if got := strings.Count(page, `<tr role="row" id="d`); got != 11 {
		t.Errorf("%d rows", got)
	}
}

// TestLedgerFilters narrows the list by each of its filters, and by all.
func TestLedgerFilters(t *testing.T) {
	l := variedLedger(t)
	d := desk(t, l)
	for _, c := range []struct {
		query string
		want  Search
		rows  int
	}{
		{"", Search{}, 11},
		{"?state=waiting", Search{State: "waiting"}, 2},
		{"?verb=pin", Search{Verb: "pin"}, 1},
		{"?platform=discord", Search{Platform: "discord"}, 6},
		{"?story=us-nss-2025", Search{Story: "us-nss-2025"}, 2},
		{"?words=+RETRY++after+", Search{Words: "RETRY after"}, 1},
		{"?where=discord:112233445566778899", Search{Where: chat.Conversation{Platform: "discord", ID: "112233445566778899"}}, 6},
		{"?before=3", Search{Before: 3}, 2},
		{"?state=sent&verb=edit&platform=discord&story=ukraine-peace-talks&words=two&before=9", Search{State: "sent", Verb: "edit", Platform: "discord", Story: "ukraine-peace-talks", Words: "two", Before: 9}, 1},
		{"?words=never+there", Search{Words: "never there"}, 0},
	} {
		page := d.get(t, "/ledger"+c.query)
		c.want.Limit = ledgerRows + 1
		if diff := cmp.Diff(c.want, l.searched[len(l.searched)-1]); diff != "" {
			t.Errorf("%s searches for (-want +got):\n%s", c.query, diff)
		}
		if got := strings.Count(page, `<tr role="row" id="d`); got != c.rows {
			t.Errorf("%s: %d rows, want %d", c.query, got, c.rows)
		}
		if counted := strings.Contains(page, `class="count"`); counted == c.want.narrowed() {
			t.Errorf("%s: the states are counted: %v", c.query, counted)
		}
		if c.rows == 0 {
			contains(t, page, "No delivery fits this.")
		}
	}
	page := d.get(t, "/ledger?platform=discord&state=sent&words=%22%3Cb%3E&verb=edit")
	contains(t, page, `value="&#34;&lt;b&gt;"`, "<option selected>discord</option>", `<option value="edit" selected>Edit</option>`, `name="state" value="sent"`, `href="/ledger?state=sent">Clear</a>`)
	lacks(t, page, "<b>\"")
}

// TestLedgerRefusesNonsense says what cannot be searched for.
func TestLedgerRefusesNonsense(t *testing.T) {
	l := variedLedger(t)
	d := desk(t, l)
	for query, want := range map[string]string{
		"?where=nowhere": "“nowhere” is no conversation", "?before=x": "This page of the list does not exist", "?before=-1": "This page of the list does not exist",
		"?state=lost": "“lost” is no state", "?verb=sing": "“sing” is nothing that a delivery does",
	} {
		r := d.do(t, request{path: "/ledger" + query})
		if r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", query, r.Status)
		}
		contains(t, body(t, r), want, `role="alert"`)
	}
	if len(l.searched) != 0 {
		t.Errorf("searched for %v", l.searched)
	}
	for _, path := range []string{"/ledger/0", "/ledger/-1", "/ledger/x", "/ledger/01", "/ledger/999", "/ledger/99999999999999999999", "/ledger/1/2"} {
		if r := d.do(t, request{path: path}); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	if r := d.do(t, request{path: "/ledger/"}); r.Header.Get("Location") != "/ledger" {
		t.Errorf("with a slash: %s to %q", r.Status, r.Header.Get("Location"))
	}
}

// TestLedgerPages leads from page to page through many deliveries.
func TestLedgerPages(t *testing.T) {
	l := &fakeLedger{}
	contains(t, desk(t, l).get(t, "/ledger"), "Nothing was sent or planned yet.")
	l.add(Account{Delivery: Delivery{Title: "The only one"}})
	page := desk(t, l).get(t, "/ledger")
	contains(t, page, "The only one", "1 delivery")
	lacks(t, page, "Older", "Newest")
	for i := range 2*ledgerRows + 9 {
		l.add(Account{Delivery: Delivery{Title: fmt.Sprint("Digest ", i)}})
	}
	d := desk(t, l)
	page = d.get(t, "/ledger?state=sent")
	contains(t, page, "The newest 50", `href="/ledger?before=61&amp;state=sent" rel="next">Older`)
	lacks(t, page, ">Newest<")
	page = d.get(t, "/ledger?before=61&state=sent")
	contains(t, page, "50 older deliveries", `href="/ledger?state=sent">Newest`, `href="/ledger?before=11&amp;state=sent"`, `hx-get="/ledger?before=61&amp;state=sent"`)
	page = d.get(t, "/ledger?before=11&state=sent")
	contains(t, page, "10 older deliveries", "The only one")
	lacks(t, page, ">Older<")
	contains(t, d.get(t, "/ledger?before=1"), "There is nothing older.", ">Newest<")
}

// TestLedgerFragment answers a script with what changes, and with nothing else.
func TestLedgerFragment(t *testing.T) {
	d := desk(t, variedLedger(t))
	for path, want := range map[string]string{"/ledger?state=sent": `<section id="found"`, "/ledger/1": `<section id="facts"`} {
		part := body(t, d.do(t, request{path: path, header: map[string]string{"HX-Request": "true"}}))
		if !strings.HasPrefix(part, want) || strings.Contains(part, "<html") {
			t.Errorf("%s: a script gets %.200s", path, part)
		}
		if whole := d.get(t, path); !strings.Contains(whole, strings.TrimSpace(part)) {
			t.Errorf("%s: the part is not that of the page", path)
		}
	}
}

// TestDelivery shows everything about one.
func TestDelivery(t *testing.T) {
	d := desk(t, variedLedger(t))
	page := d.get(t, "/ledger/1")
	contains(t, page, `<h1 dir="auto">Two new events in Ukraine peace talks</h1>`, "the service has acknowledged it", "posts a message",
		`href="https://discord.com/channels/1/112233445566778899/1446000000000000001"`, "as Discord shows it", "as Telegram shows it", "Five hours, no communiqué.",
		"Event added", "A draft of nineteen points is leaked", "<s>Talks in Minsk</s>", "Talks in Moscow", "<code>moscow-talks</code>", "2 changes",
		"Edited by <bdi>Jane &lt;Doe&gt;</bdi>", "<code>1a2b3c4</code>",
		`<a href="/ledger/3">Edit 3</a>`, "2 attempts", "the bot may not pin messages here", "First sent to discord", "Edit: sent", "Pin: not possible", "1 December 2025 at 12:05")
	lacks(t, page, `id="retry"`, `id="skip"`, "Reference")
	if strings.Index(page, `class="pane discord"`) > strings.Index(page, `class="pane telegram"`) {
		t.Error("the card is not first shown as its platform does")
	}
	if again := d.get(t, "/ledger/2"); strings.Index(again, `class="pane discord"`) < strings.Index(again, `class="pane telegram"`) {
		t.Error("the card is not first shown as its platform does")
	}
	if buttons := strings.Count(page, "<button"); buttons != strings.Count(page, " disabled>") {
		t.Error("a button of the card can be pressed")
	}
	contains(t, d.get(t, "/ledger/3"), `edits the message of <a href="/ledger/1">delivery 1</a>`)
	lacks(t, d.get(t, "/ledger/4"), "What it shows")
	contains(t, d.get(t, "/ledger/7"), "Nothing is sent to this conversation: the bot was removed from the group", `id="skip"`)
	lacks(t, d.get(t, "/ledger/7"), `id="retry"`)
}

// TestOffers says of each state what an operator may do, and what comes of it.
func TestOffers(t *testing.T) {
	for state, want := range map[string][2]bool{ // retry, skip
		"waiting": {true, true}, "sending": {}, "sent": {}, "unconfirmed": {true, false}, "refused": {true, false}, "withheld": {}, "moot": {true, false}, "skipped": {true, false},
	} {
		l := &fakeLedger{}
		l.add(Account{Delivery: Delivery{State: state, Title: "A digest"}})
		page := desk(t, l).get(t, "/ledger/1")
		if got := [2]bool{strings.Contains(page, `id="retry"`), strings.Contains(page, `id="skip"`)}; got != want {
			t.Errorf("%s: retry and skip are offered: %v, want %v", state, got, want)
		}
		if state == "unconfirmed" {
			contains(t, page, "it may then stand there twice")
		}
	}
}

// TestSettle retries and skips with plain forms, and says what came of it.
func TestSettle(t *testing.T) {
	l := variedLedger(t)
	d := desk(t, l)
	press := func(path string) *http.Response {
		return d.do(t, request{method: "POST", path: path, form: url.Values{}})
	}
	for path, want := range map[string]string{"/ledger/6/retry": "It is sent again", "/ledger/10/skip": "It is skipped and will not be sent."} {
		r := press(path)
		to := r.Header.Get("Location")
		if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, strings.TrimSuffix(strings.TrimSuffix(path, "/retry"), "/skip")+"?done=") {
			t.Errorf("%s: %s to %q", path, r.Status, to)
		}
		contains(t, d.get(t, to), want, `role="status"`)
	}
	r := press("/ledger/1/retry")
	if r.StatusCode != http.StatusConflict {
		t.Errorf("retrying what was sent: %s", r.Status)
	}
	contains(t, body(t, r), "Nothing was changed: it was sent already.", `role="alert"`, "Two new events")
	for _, path := range []string{"/ledger/999/retry", "/ledger/x/skip"} {
		if r := press(path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	if len(l.did) != 2 {
		t.Errorf("it did %v", l.did)
	}
	l.err = errors.New("the disk of /var/lib is full")
	for _, q := range []request{{path: "/ledger"}, {path: "/ledger/1"}, {method: "POST", path: "/ledger/6/retry", form: url.Values{}}} {
		r := d.do(t, q)
		if r.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: %s", q.path, r.Status)
		}
		lacks(t, body(t, r), "/var/lib")
	}
	contains(t, d.logs.String(), "the disk of /var/lib is full")
}

// TestLedgerEscapes shows what is hostile in a delivery as the text that it is.
func TestLedgerEscapes(t *testing.T) {
	evil := `<script>alert(1)</script>"' onmouseover=alert(1) {{.}}`
	l := &fakeLedger{}
	l.add(Account{Delivery: Delivery{Title: evil, Trouble: evil, Message: evil, Stories: []string{evil}, Suspended: evil, State: evil, Verb: "post",
		Where: chat.Conversation{Platform: "telegram", ID: evil}}, URL: "javascript:alert(1)", Card: chat.Card{Title: evil}})
	d := desk(t, l)
	for _, path := range []string{"/ledger", "/ledger/1", "/ledger?words=" + url.QueryEscape(evil)} {
		page := d.get(t, path)
		lacks(t, page, "<script>alert", `href="javascript:`, `"' onmouseover`)
		contains(t, page, "&lt;script&gt;")
	}
}
