package telegram

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// openLabel is what the link says that leads from a group to a form.
const openLabel = "Fill in the form in private"

// maxLead is how much of what a form is for stands above its first question, in UTF-16
// units, which must be left to be seen.
const maxLead = 800

// FormPayloads returns the bodies of the sendMessage requests that begin a form: the
// first question, as of [Payloads]. Call is the call that is run again with the answers.
func FormPayloads(f chat.Form, call string) ([]json.RawMessage, error) {
	var bodies []json.RawMessage
	for _, c := range begin(chat.Reply{Form: &f, Call: call}, chat.Conversation{}, call, time.Time{}).asks() {
		data, err := json.Marshal(answerBody(c))
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, data)
	}
	return bodies, nil
}

func trouble(title, text string) chat.Card {
	return chat.Card{Title: title, Tone: chat.Trouble, Lead: chat.Plainly(text)}
}

// asks are the messages that ask the question whose turn it is, or whether to send
// what was answered. A text that does not fit beside its question stands before it.
func (f *filling) asks() []chat.Card {
	if f.complete() {
		return []chat.Card{f.summary()}
	}
	field := f.Form.Fields[f.At]
	text := f.current(field)
	whole := f.question(field, chat.Styled(text, chat.Code))
	if fitsMessage(layout(whole)) {
		return []chat.Card{whole}
	}
	var cards []chat.Card
	for _, piece := range chat.Styled(text, chat.Code).Pieces(func(t chat.Text) bool { return fitsMessage(layout(chat.Card{Lead: t})) }) {
		cards = append(cards, chat.Card{Lead: piece})
	}
	return append(cards, f.question(field, chat.Styled("(above)", chat.Italic)))
}

// question asks for a field that holds a text, as it is to be shown.
func (f *filling) question(field chat.Field, text chat.Text) chat.Card {
	c := chat.Card{Title: fmt.Sprintf("%s · %d of %d", f.Form.Title, f.At+1, len(f.Form.Fields))}
	if f.instead != "" {
		c.Note = chat.Plainly("The form “" + f.instead + "” that you had begun is closed. Nothing of it was sent.")
	}
	if f.At == 0 && !f.Once {
		c.Lead = f.Form.Lead
		if brief, _ := c.Lead.Cut(func(t chat.Text) bool { return units(t.String()) <= maxLead }); units(c.Lead.String()) > maxLead {
			c.Lead = ended(brief)
		}
	}
	it := chat.Item{ID: field.Name, Head: chat.Plainly(field.Label), Body: chat.Plainly(field.Summary)}
	current := f.current(field)
	what := "Write it as a message."
	var row []chat.Action
	if current != "" {
		it.Body = chat.Join("\n", it.Body, chat.Join(" ", chat.Plainly("Now:"), text))
		what = "Write another text as a message, or keep this one."
		row = append(row, chat.Action{Label: "Keep as it is", Call: f.button(keepIt)})
	}
	switch {
	case field.Required:
	case current == "":
		what = "Write it as a message, or skip it."
		row = append(row, chat.Action{Label: "Skip", Call: f.button(emptyIt)})
	default:
		row = append(row, chat.Action{Label: "Leave empty", Call: f.button(emptyIt)})
	}
	it.Body = chat.Join("\n\n", it.Body, chat.Styled(what, chat.Italic))
	c.Items = []chat.Item{it}
	if row != nil {
		c.Actions = append(c.Actions, row)
	}
	c.Actions = append(c.Actions, f.ways())
	return c
}

// ways are the buttons that lead out of a question.
func (f *filling) ways() []chat.Action {
	var row []chat.Action
	if f.At > 0 || f.Once {
		row = append(row, chat.Action{Label: "Back", Call: f.button(goBack)})
	}
	return append(row, chat.Action{Label: "Cancel", Call: f.button(cancelIt)})
}

// summary shows what was answered and asks whether to send it.
func (f *filling) summary() chat.Card {
	c := f.answers("Nothing is sent yet. Please look it over.")
	send := f.Form.Submit
	if send == "" {
		send = "Send"
	}
	c.Actions = [][]chat.Action{{{Label: send, Call: f.button(sendIt)}}}
	var change []chat.Action
	for i, field := range f.Form.Fields {
		change = append(change, chat.Action{Label: "Change: " + field.Label, Call: f.button(changeIt + strconv.Itoa(i))})
	}
	c.Actions = append(c.Actions, change, []chat.Action{{Label: "Cancel", Call: f.button(cancelIt)}})
	return c
}

// answers is a card of what was answered, every text cut to the room that there is.
func (f *filling) answers(lead string) chat.Card {
	card := func(most int) chat.Card {
		c := chat.Card{Title: f.Form.Title, Lead: chat.Plainly(lead)}
		for _, field := range f.Form.Fields {
			it := chat.Item{ID: field.Name, Head: chat.Plainly(field.Label)}
			text := f.current(field)
			if text == field.Value && text != "" {
				it.Label = "as it was"
			}
			it.Body = chat.Styled("(empty)", chat.Italic)
			if text != "" {
				it.Body = chat.Styled(chat.Shorten(text, func(s string) bool { return units(s) <= most }), chat.Code)
			}
			c.Items = append(c.Items, it)
		}
		return c
	}
	c := card(maxUnits)
	for most := maxUnits / 2; most > 50 && !fitsMessage(layout(c)); most = most * 3 / 4 {
		c = card(most)
	}
	return c
}

// late answers what was written to a form that was left alone for long.
func (f *filling) late() chat.Card {
	c := chat.Card{Title: f.Form.Title, Lead: chat.Plainly("You began to fill in this form more than an hour ago, so I did not take what you just wrote for an answer. Nothing was sent. What you answered before is still here.")}
	c.Actions = [][]chat.Action{{{Label: "Go on", Call: f.button(goOn)}, {Label: "Cancel", Call: f.button(cancelIt)}}}
	return c
}
