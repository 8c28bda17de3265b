package web

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// runTime is how long the bot may take for an answer in the preview. The server
// gives up on a request soon after.
const runTime = 10 * time.Second

// maxLine is the most bytes that a question may have.
const maxLine = 4 << 10

// A previewPage is the preview.
type previewPage struct {
	page
	Panes   []Pane
	Welcome welcome
	Entries []entryView
	Version string // of the transcript, for the stream of events
	Release string
	Session bool // the asker came with the token and may go
	Ledger  bool // there is a page for it
	Names   []string
}

// preview shows the conversation, with the answer to the query's question below
// it. Asking that way changes nothing, neither at the bot nor here.
func (w *Web) preview(rw http.ResponseWriter, r *http.Request) {
	entries, version := w.log.since(0)
	p := previewPage{
		page:    page{Title: "Preview", Wide: true, Inbox: w.options.Suggestions != nil},
		Panes:   w.options.Panes,
		Welcome: w.welcome(r.Context()),
		Version: w.log.epoch + "-" + strconv.Itoa(version),
		Release: w.options.Version,
		Session: !w.private(r) && w.session(r),
		Ledger:  w.options.Ledger != nil,
	}
	for _, e := range entries {
		p.Entries = append(p.Entries, w.view(e))
	}
	for _, c := range w.host.Commands() {
		p.Names = append(p.Names, "/"+c.Name)
	}
	if line := cleanLine(r.URL.Query().Get("q")); line != "" {
		inv := w.invocation(line)
		inv.Local = true
		reply := w.run(r.Context(), inv)
		answer := w.answered(line, reply)
		answer.ID = "answer"
		p.Entries = append(p.Entries, w.view(answer))
	}
	w.page(rw, r, http.StatusOK, "preview.html", p)
}

// ask answers a question typed in the preview.
func (w *Web) ask(rw http.ResponseWriter, r *http.Request) {
	if !w.form(rw, r) {
		return
	}
	line := cleanLine(r.PostForm.Get("line"))
	if line == "" {
		w.shown(rw, r)
		return
	}
	reply := w.run(r.Context(), w.invocation(line))
	w.shown(rw, r, w.log.add(w.answered(line, reply)))
}

// press answers the press of a button: in place of the answer that it stands
// under, or below everything where that was posted rather than answered, or where
// there is a form to be filled in.
func (w *Web) press(rw http.ResponseWriter, r *http.Request) {
	if !w.form(rw, r) {
		return
	}
	line := cleanLine(r.PostForm.Get("data"))
	if line == "" {
		w.shown(rw, r)
		return
	}
	pressed, known := w.log.find(r.PostForm.Get("entry"))
	inv := w.invocation(line)
	inv.Pressed = true
	reply := w.run(r.Context(), inv)
	if known && reply.Form == nil && pressed.Kind == answerEntry && !w.owned(r.Context(), pressed.ID) {
		if e, ok := w.log.replace(pressed.ID, reply.Card); ok {
			w.shown(rw, r, e)
			return
		}
	}
	w.shown(rw, r, w.log.add(w.answered("/"+strings.TrimPrefix(line, "/"), reply)))
}

// owned asks the bot whether it posted a message by itself. A doubt is a yes.
func (w *Web) owned(ctx context.Context, id string) bool {
	owns, err := w.host.Owns(ctx, conversation(), chat.MessageID(id))
	if err != nil {
		w.options.Logger.Warn("asking whose a message is", "message", id, "error", err)
		return true
	}
	return owns
}

// form reads a posted form; where it cannot, it has answered.
func (w *Web) form(rw http.ResponseWriter, r *http.Request) bool {
	if err := r.ParseForm(); err != nil {
		http.Error(rw, "This form cannot be read, or is too long.", http.StatusBadRequest)
		return false
	}
	return true
}

// invocation is a question asked in the preview, by an operator in a private chat.
func (w *Web) invocation(line string) chat.Invocation {
	w.mu.Lock()
	w.asked++
	id := w.log.epoch + "." + strconv.Itoa(w.asked)
	w.mu.Unlock()
	where := conversation()
	return chat.Invocation{
		ID: id, Line: line, Where: where,
		Room: []string{where.String()}, Asker: []string{where.String()},
		Private: true, Direct: true, Trusted: true,
		Manages: func(context.Context) (bool, error) { return true, nil },
	}
}

func (w *Web) run(ctx context.Context, inv chat.Invocation) chat.Reply {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	return w.host.Run(ctx, inv)
}

// shown answers with the entries that came or changed: as parts of the page for a
// script, otherwise as a new look at the page.
func (w *Web) shown(rw http.ResponseWriter, r *http.Request, changed ...entry) {
	if r.Header.Get("HX-Request") == "true" {
		w.page(rw, r, http.StatusOK, "partial", w.partial(r.Context(), changed))
		return
	}
	to := "/"
	if len(changed) > 0 {
		to = "/#" + changed[len(changed)-1].anchor()
	}
	http.Redirect(rw, r, to, http.StatusSeeOther)
}

// A suggestion is a line that continues the one being typed.
type suggestion struct {
	Label  string `json:"label"`
	Detail string `json:"detail,omitempty"`
	Value  string `json:"value"`
}

// complete answers with the lines that continue the one being typed.
func (w *Web) complete(rw http.ResponseWriter, r *http.Request) {
	line := strings.ToValidUTF8(r.URL.Query().Get("line"), "")
	if len(line) > maxLine {
		line = ""
	}
	choices := w.host.CompleteLine(r.Context(), w.invocation(line), line)
	list := make([]suggestion, 0, len(choices))
	for _, c := range choices {
		list = append(list, w.suggestion(c))
	}
	body, err := json.Marshal(list)
	if err != nil {
		http.Error(rw, "Something went wrong here.", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	w.body(rw, r, body)
}

// suggestion sets the name of a command or an option off from what it does.
func (w *Web) suggestion(c chat.Choice) suggestion {
	name := strings.TrimPrefix(strings.TrimSpace(c.Value), "/")
	commands := w.host.Commands()
	i := slices.IndexFunc(commands, func(c chat.Command) bool { return c.Name == name })
	if i < 0 && strings.HasSuffix(c.Value, "=") {
		return suggestion{Label: c.Value[strings.LastIndexByte(c.Value, ' ')+1:], Detail: c.Label, Value: c.Value}
	}
	if i < 0 {
		return suggestion{Label: c.Label, Detail: strings.TrimSpace(c.Value), Value: c.Value}
	}
	return suggestion{Label: "/" + name, Detail: commands[i].Summary, Value: c.Value}
}

// payload shows the request bodies of an entry as they would be sent.
func (w *Web) payload(rw http.ResponseWriter, r *http.Request) {
	e, ok := w.log.find(r.PathValue("entry"))
	i := slices.IndexFunc(w.options.Panes, func(p Pane) bool { return slug(p.Name) == r.PathValue("pane") })
	if !ok || i < 0 {
		w.missing(rw, r)
		return
	}
	bodies, err := w.options.Panes[i].bodies(e)
	if err != nil {
		w.options.Logger.Error("rendering a card", "service", w.options.Panes[i].Name, "error", err)
		http.Error(rw, "The card cannot be sent: "+err.Error(), http.StatusInternalServerError)
		return
	}
	text, err := json.MarshalIndent(bodies, "", "  ")
	if err != nil {
		http.Error(rw, "The card cannot be sent: "+err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	w.body(rw, r, append(text, '\n'))
}

// cleanLine makes one line of what was typed, bounded and readable.
func cleanLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) > maxLine {
		s = strings.ToValidUTF8(s[:maxLine], "") // without half a character
	}
	return s
}
