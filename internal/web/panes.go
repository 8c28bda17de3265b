package web

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/briefbot/briefbot/internal/chat"
)

// Discord answers an interaction whose texts have together about ten thousand
// bytes with an error that it documents nowhere
// (https://github.com/discord/discord-api-docs/issues/8554).
const discordBytes = 9000

// An entryView is an entry as the page shows it.
type entryView struct {
	ID      string
	Kind    entryKind
	Version int
	Line    string // what was asked, with the slash
	Mark    string // what kind of message it is, where it answers nothing
	Title   string // for those who hear that it came
	Clock   string
	Time    string // RFC 3339
	Panes   []paneView
	Form    *formView // nil: there is none to be filled in
}

// A paneView is an entry as one service shows it.
type paneView struct {
	Entry    string // the entry's ID
	Line     string // what was asked
	Name     string
	Slug     string
	Day      string // empty: today
	Clock    string
	Time     string
	Discord  []discordView
	Telegram []telegramView
	Raw      []string
	Sizes    []string
	Notes    []string // what was left out
	Faults   []string // what the service would refuse
	Text     string   // all that can be read in the requests
	Messages int
	Stored   bool // the requests can be looked at
}

// A partial is what changed, as parts of the page.
type partial struct {
	Entries []entryView
	Welcome *welcome // nil: as before
}

// partial shows entries that came or changed, and the stories again where a brief
// did.
func (w *Web) partial(ctx context.Context, entries []entry) partial {
	p := partial{Entries: w.views(entries)}
	for _, e := range entries {
		if p.Welcome == nil && (e.Kind == previewEntry || e.Kind == troubleEntry) {
			wel := w.welcome(ctx)
			p.Welcome = &wel
		}
	}
	return p
}

func (w *Web) views(entries []entry) []entryView {
	views := make([]entryView, 0, len(entries))
	for _, e := range entries {
		views = append(views, w.view(e))
	}
	return views
}

func (w *Web) view(e entry) entryView {
	v := entryView{
		ID: e.ID, Kind: e.Kind, Version: e.version, Title: e.Card.Title,
		Clock: e.At.Format("15:04"), Time: e.At.Format("2006-01-02T15:04:05Z07:00"),
	}
	if e.Line != "" {
		v.Line = "/" + strings.TrimPrefix(e.Line, "/")
	}
	switch e.Kind {
	case digestEntry:
		v.Mark = "Delivered to this preview"
	case previewEntry:
		v.Mark = "Digest preview: what subscribers are due after this edit"
	case troubleEntry:
		v.Mark = "Trouble: what operators are told"
	}
	for _, p := range w.options.Panes {
		pv := w.pane(p, e)
		pv.Entry, pv.Line, pv.Clock, pv.Time, pv.Stored = e.ID, v.Line, v.Clock, v.Time, e.version > 0
		pv.wire(e.invite(), e.shownAsForm())
		v.Panes = append(v.Panes, pv)
	}
	v.Form = e.formView()
	return v
}

// openLabel is what the button says that opens a form where a service shows a way to it.
const openLabel = "Open the form"

// invite is the card of an entry, with a way to its form where it has one.
func (e entry) invite() chat.Card {
	if e.asks == nil {
		return e.Card
	}
	return chat.Reply{Card: e.Card, Form: &e.asks.form, Call: e.asks.call}.Invite(openLabel)
}

// bodies are the requests that show an entry at the service.
func (p Pane) bodies(e entry) ([]json.RawMessage, error) {
	if e.shownAsForm() && p.Form != nil {
		return p.Form(e.asks.form, e.asks.call)
	}
	return p.Payloads(e.invite())
}

// shownAsForm says that the services show a form rather than a card: what was wrong
// with a form is told on a card.
func (e entry) shownAsForm() bool { return e.asks != nil && !e.asks.again }

// pane reads what the service would be sent. Whatever goes wrong is shown in the
// pane, for that is what the preview is for.
func (w *Web) pane(p Pane, e entry) paneView {
	v := paneView{Name: p.Name, Slug: slug(p.Name)}
	bodies, err := p.bodies(e)
	if err != nil {
		w.options.Logger.Error("rendering a card", "service", p.Name, "error", err)
		v.Faults = append(v.Faults, "this card cannot be sent: "+err.Error())
		return v
	}
	bytes := 0
	for _, body := range bodies {
		bytes += len(body)
		said, err := v.read(body)
		if err != nil {
			v.Faults = append(v.Faults, err.Error())
			continue
		}
		v.Messages++
		v.Text += said + "\n"
	}
	if v.Messages > 1 {
		v.Sizes = append([]string{countWords(v.Messages, "message")}, v.Sizes...)
	}
	v.Sizes = append(v.Sizes, kilobytes(bytes))
	if !e.shownAsForm() {
		v.Notes = leftOut(e.Card, v.Text)
	}
	return v
}

// read adds one request to the pane and returns what can be read in it.
func (v *paneView) read(body json.RawMessage) (string, error) {
	switch v.Slug {
	case "discord":
		d, err := readDiscord(body)
		if err != nil {
			return "", err
		}
		if len(d.Text) > discordBytes {
			d.Faults = append(d.Faults, fmt.Sprintf("%s of text; Discord fails beyond about %s", kilobytes(len(d.Text)), kilobytes(discordBytes)))
		}
		v.Discord = append(v.Discord, d)
		v.measures(d.Measures, d.Faults)
		return d.Text, nil
	case "telegram":
		t, err := readTelegram(body)
		if err != nil {
			return "", err
		}
		v.Telegram = append(v.Telegram, t)
		v.measures(t.Measures, t.Faults)
		return t.Text, nil
	}
	text, err := json.MarshalIndent(body, "", "  ")
	v.Raw = append(v.Raw, string(text))
	return string(body), err
}

func (v *paneView) measures(list []measure, faults []string) {
	for _, m := range list {
		v.Sizes = append(v.Sizes, thousands(m.Used)+" of "+thousands(m.Limit)+" "+m.Unit)
	}
	v.Faults = append(v.Faults, faults...)
}

// wire gives every button an id that outlives its being replaced, so that the
// focus stays where it is, and its whole call where the request holds a short
// name: what nobody kept yet can then still be pressed. Asking says that the pane shows
// how the service asks what a form asks.
func (v *paneView) wire(c chat.Card, asking bool) {
	calls := make(map[string]string)
	for _, call := range c.Calls() {
		calls[chat.Short(call)] = call
	}
	count := 0
	for _, b := range v.buttons() {
		b.ID = fmt.Sprintf("%s-%s-%d", v.Entry, v.Slug, count)
		count++
		if call, ok := calls[b.Data]; ok {
			b.Data = call
		} else if asking {
			b.Disabled = true // the form is filled in below, not by its questions
		}
	}
}

// buttons returns every button of the pane, in order of appearance.
func (v *paneView) buttons() []*button {
	var all []*button
	take := func(rows [][]button) {
		for _, row := range rows {
			for i := range row {
				all = append(all, &row[i])
			}
		}
	}
	for _, d := range v.Discord {
		for _, box := range d.Boxes {
			for _, part := range box.Parts {
				take(part.Rows)
			}
		}
		take(d.Rows)
	}
	for _, t := range v.Telegram {
		take(t.Rows)
	}
	return all
}

// kilobytes returns “1.2 kB”.
func kilobytes(n int) string { return fmt.Sprintf("%.1f kB", float64(n)/1000) }

// slug returns a pane's name as it stands in addresses and classes.
func slug(name string) string { return strings.ToLower(name) }

// leftOut compares what the card says to what can be read in the requests made
// of it, and says what is missing.
func leftOut(c chat.Card, said string) []string {
	said = letters(said)
	missing, short := 0, 0
	for _, item := range c.Items {
		head, body := letters(item.Head.String()), letters(item.Body.String())
		switch {
		case head != "" && !strings.Contains(said, head), head == "" && body != "" && !strings.Contains(said, start(body)):
			missing++
		case !strings.Contains(said, body):
			short++
		}
	}
	var notes []string
	if missing > 0 {
		notes = append(notes, fmt.Sprintf("%s of %d did not fit here", countWords(missing, "item"), len(c.Items)))
	}
	if short > 0 {
		notes = append(notes, countWords(short, "item")+" shortened to fit here")
	}
	if !strings.Contains(said, letters(c.Lead.String())) {
		notes = append(notes, "the opening text is shortened to fit here")
	}
	return notes
}

// letters returns what of s cannot be lost by escaping, wrapping or trimming.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// start returns the beginning of a text, enough to know it by.
func start(s string) string {
	for i := range s {
		if i >= 40 {
			return s[:i]
		}
	}
	return s
}
