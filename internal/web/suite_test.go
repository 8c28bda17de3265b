package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
)

// TestSuite holds the preview to the contract of a platform.
func TestSuite(t *testing.T) {
	chattest.Suite(t, func(t *testing.T) chattest.Harness {
		h := &harness{t: t}
		h.Restart()
		return h
	})
}

func (h *harness) Restart() {
	w, err := New(Options{Panes: panes()})
	if err != nil {
		h.t.Fatal(err)
	}
	if h.web != nil {
		h.page = h.open() // what the asker has before her stays there
	}
	h.web = w
}

// open is the form that is there to be filled in.
func (h *harness) open() *formView {
	h.t.Helper()
	if v := h.page; v != nil {
		h.page = nil
		return v
	}
	var open *formView
	h.Await("a form", func() bool {
		entries, _ := h.web.log.since(0)
		for _, e := range entries {
			if v := e.formView(); v != nil && v.State == formOpen {
				open = v
			}
		}
		return open != nil
	})
	return open
}

func (h *harness) Fill(where chat.Conversation, texts map[string]string) chattest.Sheet {
	h.t.Helper()
	v := h.open()
	sheet := chattest.Sheet{Title: v.Title, Where: where}
	h.sent = url.Values{"entry": {v.Entry}, "call": {v.Call}, "do": {"send"}}
	for _, f := range v.Fields {
		sheet.Labels, sheet.Values = append(sheet.Labels, f.Label), append(sheet.Values, f.Value)
		text, changed := texts[f.Label]
		if !changed {
			text = f.Value
		}
		h.sent.Set(f.Name, strings.NewReplacer("\r\n", "\r\n", "\n", "\r\n").Replace(text)) // as browsers do
	}
	h.post("/fill", h.sent)
	return sheet
}

func (h *harness) Dismiss(chat.Conversation) {
	h.t.Helper()
	v := h.open()
	h.post("/fill", url.Values{"entry": {v.Entry}, "call": {v.Call}, "do": {"cancel"}})
}

func (h *harness) Again() bool {
	h.t.Helper()
	h.post("/fill", h.sent)
	return true
}

// A harness acts for the one who sits before the preview.
type harness struct {
	t    *testing.T
	web  *Web
	sent url.Values // the last form
	page *formView  // on a page that was opened before a restart
}

func (h *harness) Platform() chat.Platform { return h.web }

func (h *harness) Places() []chattest.Place {
	own := []string{"web:preview"}
	return []chattest.Place{{Where: conversation(), Room: own, Asker: own, Private: true, Direct: true}}
}

func (h *harness) Say(_ chat.Conversation, line string) {
	h.t.Helper()
	h.post("/ask", url.Values{"line": {line}})
}

func (h *harness) Press(_ chat.Conversation, m chattest.Message, label string) {
	h.t.Helper()
	e, ok := h.web.log.find(m.ID)
	if !ok {
		h.t.Fatalf("no message %s", m.ID)
	}
	view := h.web.view(e)
	for _, b := range view.Panes[1].buttons() {
		if b.Label == label {
			h.post("/press", url.Values{"entry": {m.ID}, "data": {b.Data}})
			return
		}
	}
	h.t.Fatalf("no button %q under %s", label, m.ID)
}

// post sends a form once the preview listens, as a script of the page does.
func (h *harness) post(path string, form url.Values) {
	h.t.Helper()
	<-h.web.listened
	base := "http://" + h.web.Addr()
	r, err := http.NewRequestWithContext(h.t.Context(), "POST", base+path, strings.NewReader(form.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", base)
	r.Header.Set("HX-Request", "true")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		h.t.Fatalf("%s: %s", path, answer.Status)
	}
}

// Messages reads the pane of Telegram: what can be read there, and its buttons.
func (h *harness) Messages(chat.Conversation) []chattest.Message {
	var list []chattest.Message
	entries, _ := h.web.log.since(0)
	for _, e := range entries {
		pane := h.web.view(e).Panes[1]
		m := chattest.Message{ID: e.ID, Text: plainText(pane.Telegram[0].Body)}
		for _, b := range pane.buttons() {
			m.Buttons = append(m.Buttons, b.Label)
		}
		if len(pane.Faults) > 0 {
			h.t.Errorf("the pane shows faults: %v", pane.Faults)
		}
		list = append(list, m)
	}
	return list
}

// Await asks again whenever the conversation changed.
func (h *harness) Await(what string, cond func() bool) {
	h.t.Helper()
	changed, stop := h.web.log.watch()
	defer stop()
	for late := time.After(10 * time.Second); !cond(); {
		select {
		case <-changed:
		case <-late:
			h.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (h *harness) Fail(chat.Conversation, chattest.Outcome) bool { return false }
func (h *harness) Refused() []string                             { return nil }
func (h *harness) Secrets() []string                             { return nil }
func (h *harness) Log() string                                   { return "" }

var _ chattest.Filler = (*harness)(nil)
