package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

var previewAddress = regexp.MustCompile(`preview at (http://[0-9.:]+)/`)

// address returns where the process has its pages.
func (w *world) address() string {
	w.t.Helper()
	found := previewAddress.FindStringSubmatch(w.process.log())
	if found == nil {
		w.t.Fatalf("no preview in\n%s", w.process.log())
	}
	return found[1]
}

// page asks the process for a page, or posts an empty form as a page of its own does.
func (w *world) page(method, path string) (status int, text string) {
	w.t.Helper()
	address := w.address()
	r, err := http.NewRequestWithContext(w.t.Context(), method, address+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Origin", address)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// has reports whether a page has all of some texts.
func (w *world) has(path string, texts ...string) bool {
	w.t.Helper()
	status, page := w.page(http.MethodGet, path)
	ok := status == http.StatusOK
	for _, text := range texts {
		ok = ok && strings.Contains(page, text)
	}
	return ok
}

var deliveryLink = regexp.MustCompile(`href="(/ledger/\d+)"`)

// first returns the address of the first delivery of a list.
func (w *world) first(list string) string {
	w.t.Helper()
	_, page := w.page(http.MethodGet, list)
	found := deliveryLink.FindStringSubmatch(page)
	if found == nil {
		w.t.Fatalf("no delivery in %s", page)
	}
	return found[1]
}

// TestLedgerPages follows deliveries on the pages of the ledger: one that was sent,
// one that was refused and is retried, and one that waits and is skipped.
func TestLedgerPages(t *testing.T) {
	const chat = -1001
	w := newWorld(t)
	w.telegram.AddChat(telegramtest.Chat{ID: chat})
	w.write("briefbot.yaml", fmt.Sprintf("subscriptions:\n  - {to: \"telegram:%d\", stories: [grain], schedule: immediate}\n", chat))
	w.write("briefs/grain.yaml", story(1, "Event"))
	w.start("--settle", "1s", "--listen", "127.0.0.1:0")
	if !w.has("/ledger", "Nothing was sent or planned yet.") {
		t.Error("there are deliveries before anything happened")
	}
	w.write("briefs/grain.yaml", story(2, "Event"))
	w.wait("the event", func() bool { return w.chatNews(chat, "Event 1") == 1 })
	w.wait("the page to say so", func() bool { return w.has("/ledger?state=sent&platform=telegram&story=grain", "1 delivery") })
	sent := w.first("/ledger")
	if !w.has(sent, "the service has acknowledged it", fmt.Sprint("telegram:", chat), "as Telegram shows it", "Event added", "event-1") {
		_, page := w.page(http.MethodGet, sent)
		t.Errorf("the page of what was sent: %s", page)
	}
	if status, page := w.page(http.MethodPost, sent+"/retry"); status != http.StatusConflict || !strings.Contains(page, "Nothing was changed: it was sent.") {
		t.Errorf("retrying what was sent: %d %s", status, page)
	}

	// The service refuses the card, and its text alone too.
	bad := telegramtest.Fault{Status: http.StatusBadRequest, Description: "Bad Request: can't parse entities"}
	w.telegram.ScriptChat("sendMessage", chat, bad, bad)
	w.write("briefs/grain.yaml", story(3, "Event"))
	w.wait("the refusal", func() bool { return w.has("/ledger?state=refused", "1 delivery", "can&#39;t parse entities") })
	refused := w.first("/ledger?state=refused")
	if !w.has(refused, "its text alone", `id="retry"`) {
		t.Error("the page of what was refused offers no retry")
	}
	if status, page := w.page(http.MethodPost, refused+"/retry"); status != http.StatusOK || !strings.Contains(page, "It is sent again") {
		t.Errorf("retrying: %d %s", status, page)
	}
	w.wait("what was refused", func() bool {
		return w.chatNews(chat, "Event 2") == 1 && w.has(refused, "the service has acknowledged it")
	})

	// The service is away, and what waits for it is skipped.
	away := w.telegram.Always("sendMessage", func(telegramtest.Call) (telegramtest.Fault, bool) {
		return telegramtest.Fault{Status: http.StatusBadGateway, HTML: true}, true
	})
	w.write("briefs/grain.yaml", story(4, "Event"))
	w.wait("what is owed", func() bool { return w.has("/ledger?state=waiting", "1 delivery", "502") })
	owed := w.first("/ledger?state=waiting")
	w.wait("what is owed to be skipped", func() bool {
		status, page := w.page(http.MethodPost, owed+"/skip")
		if status == http.StatusConflict {
			return false // it is being tried right now
		}
		return status == http.StatusOK && strings.Contains(page, "It is skipped and will not be sent.")
	})
	away()
	if !w.has(owed, "Skipped", "skipped by an operator in the web preview") {
		t.Error("the page does not say who skipped it")
	}
	w.write("briefs/grain.yaml", story(5, "Event"))
	w.wait("the event after it", func() bool { return w.chatNews(chat, "Event 4") == 1 })
	if n := w.chatNews(chat, "Event 3"); n != 0 {
		t.Errorf("what was skipped was posted %d times", n)
	}
	if status, _ := w.page(http.MethodGet, "/ledger/999999"); status != http.StatusNotFound {
		t.Errorf("a delivery that never was: %d", status)
	}
	w.process.stop()
}
