package web

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
)

// fillBytes is the most that a form filled in may have: every field full of the
// characters that take most, as “%F0%9F%8C%82” does.
const fillBytes = chat.MaxFields*chat.MaxFieldText*12 + formBytes

// A formState is what became of a form of the transcript.
type formState string

// The states of a form.
const (
	formOpen      formState = "open"
	formSent      formState = "sent"
	formCancelled formState = "cancelled"
)

// An asked is a form that the asker is to fill in.
type asked struct {
	form  chat.Form
	call  string // to run again with what was filled in
	state formState
	again bool // the card says what was wrong with what was filled in
}

// A formView is a form as the page shows it.
type formView struct {
	Entry, Call string
	Title       string
	Lead        []node
	Problem     []node // what was wrong with it
	Fields      []fieldView
	Submit      string
	State       formState
}

// A fieldView is a field with its label.
type fieldView struct {
	ID, Name       string // of the page's element, and as it is posted
	Label, Summary string
	Value          string
	Long, Required bool
	Lines          int
	Limit          int    // code points
	Units          int    // the most UTF-16 units these can be, which is what browsers count
	Described      string // the ids of what tells more about it
}

// fieldPrefix sets the names of fields apart from what else is posted.
const fieldPrefix = "field."

func (e entry) formView() *formView {
	if e.asks == nil {
		return nil
	}
	f := e.asks.form
	v := &formView{Entry: e.ID, Call: e.asks.call, Title: f.Title, Lead: textNodes(f.Lead), Submit: f.Submit, State: e.asks.state}
	if v.Submit == "" {
		v.Submit = "Send"
	}
	if e.asks.again {
		v.Problem = textNodes(e.Card.Lead)
	}
	for _, field := range f.Fields {
		id := e.ID + "-field-" + field.Name
		described := id + "-count"
		if field.Summary != "" {
			described = id + "-help " + described
		}
		v.Fields = append(v.Fields, fieldView{
			ID: id, Name: fieldPrefix + field.Name, Label: field.Label, Summary: field.Summary, Value: field.Value,
			Long: field.Long, Required: field.Required, Lines: min(12, max(4, 2+strings.Count(field.Value, "\n")+len(field.Value)/80)),
			Limit: chat.MaxFieldText, Units: 2 * chat.MaxFieldText, Described: described,
		})
	}
	return v
}

// answered is the entry that shows a reply below everything: an answer, or a form to
// be filled in.
func (w *Web) answered(line string, reply chat.Reply) entry {
	e := entry{Kind: answerEntry, Line: line, Card: reply.Card, At: w.options.Now()}
	if reply.Form != nil {
		e.Kind = formEntry
		e.asks = &asked{form: *reply.Form, call: reply.Call, state: formOpen}
	}
	return e
}

// fill takes a form that was filled in, or dismissed. A form is sent once: whoever
// sends it again, or from a page that was open before it was sent, is shown what
// became of it.
func (w *Web) fill(rw http.ResponseWriter, r *http.Request) {
	if !w.form(rw, r) {
		return
	}
	id, call := r.PostForm.Get("entry"), cleanLine(r.PostForm.Get("call"))
	state := formSent
	if r.PostForm.Get("do") == "cancel" {
		state = formCancelled
	}
	e, known, closed := w.log.closeForm(id, state)
	if known {
		call = e.asks.call
	}
	if known && !closed || state == formCancelled || call == "" {
		w.shown(rw, r, e.some()...)
		return
	}
	inv := w.invocation(call)
	inv.Pressed, inv.Filled = true, filledIn(r)
	if sentID.MatchString(id) {
		inv.ID = "form " + id // however often it arrives
	}
	reply := w.run(r.Context(), inv)
	switch {
	case reply.Form == nil:
		w.shown(rw, r, append(e.some(), w.log.add(w.answered("", reply)))...)
	case known:
		e, _ = w.log.askAgain(id, reply)
		w.shown(rw, r, e)
	default:
		again := w.answered("", reply)
		again.asks.again = true
		w.shown(rw, r, w.log.add(again))
	}
}

// sentID is what the transcript calls entries.
var sentID = regexp.MustCompile(`^m[0-9a-z]{1,16}-[0-9]{1,10}$`)

// filledIn are the texts of a posted form, by field.
func filledIn(r *http.Request) map[string]string {
	filled := map[string]string{}
	for name, values := range r.PostForm {
		if field, ok := strings.CutPrefix(name, fieldPrefix); ok {
			filled[field] = values[0]
		}
	}
	return filled
}

// anchor is the id of what of an entry is gone to: the first field of a form that is
// to be filled in.
func (e entry) anchor() string {
	if v := e.formView(); v != nil && v.State == formOpen {
		return v.Fields[0].ID
	}
	return e.ID
}

// some is the entry, unless it is none.
func (e entry) some() []entry {
	if e.ID == "" {
		return nil
	}
	return []entry{e}
}

// closeForm gives an open form of the transcript its end. Known says that there is such
// a form, and closed that it was open until now.
func (t *transcript) closeForm(id string, state formState) (e entry, known, closed bool) {
	return t.changeForm(id, func(e *entry) bool {
		if e.asks.state != formOpen {
			return false
		}
		next := *e.asks
		next.state = state
		e.asks = &next
		return true
	})
}

// askAgain opens a form anew, with what is wrong with it.
func (t *transcript) askAgain(id string, reply chat.Reply) (e entry, known bool) {
	e, known, _ = t.changeForm(id, func(e *entry) bool {
		e.Card, e.asks = reply.Card, &asked{form: *reply.Form, call: reply.Call, state: formOpen, again: true}
		return true
	})
	return e, known
}

func (t *transcript) changeForm(id string, change func(*entry) bool) (e entry, known, changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.index(id)
	if i < 0 || t.entries[i].asks == nil {
		return entry{}, false, false
	}
	if changed = change(&t.entries[i]); changed {
		t.version++
		t.entries[i].version = t.version
		t.wake()
	}
	return t.entries[i], true, changed
}
