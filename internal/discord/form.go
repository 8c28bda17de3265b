package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
)

// formPrefix begins what a form carries; the call that is run again follows. No
// command is named so.
const formPrefix = "form "

// keptPrefix begins the name of a field whose text is too long to be shown: left
// empty, it keeps the text. No field is named so.
const keptPrefix = "kept "

// openLabel is what a button says that opens a form.
const openLabel = "Open the form"

// The types of components of a form, and the styles of a text input
// (https://discord.com/developers/docs/components/reference).
const (
	componentInput   = 4
	componentDisplay = 10
	componentLabel   = 18

	styleShort     = 1
	styleParagraph = 2
)

// The limits of a form, in code points but for the parts
// (https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal).
const (
	maxModalParts  = 5
	maxPlaceholder = 100
	maxModalLead   = 500 // Discord takes more; what stands above the fields must leave them to be seen
)

// A modal is the form of an answer that is a form.
type modal struct {
	CustomID   string `json:"custom_id"`
	Title      string `json:"title"`
	Components []any  `json:"components"` // textDisplay, labelled
}

type textDisplay struct {
	Type    int    `json:"type"`
	Content string `json:"content"`
}

// A labelled is a text input with what stands above it.
type labelled struct {
	Type        int       `json:"type"`
	Label       string    `json:"label"`
	Description string    `json:"description,omitempty"`
	Component   textInput `json:"component"`
}

type textInput struct {
	Type        int    `json:"type"`
	CustomID    string `json:"custom_id"`
	Style       int    `json:"style"`
	Required    bool   `json:"required"` // Discord's default is true
	MaxLength   int    `json:"max_length"`
	Placeholder string `json:"placeholder,omitempty"`
	Value       string `json:"value,omitempty"`
}

// FormPayloads returns the very answer to an interaction that shows a form; call is
// the call that is run again with what it is filled in with.
func FormPayloads(f chat.Form, call string) ([]json.RawMessage, error) {
	body, err := encode(callback{answerModal, modalOf(f, call)})
	if err != nil {
		return nil, err
	}
	return []json.RawMessage{body}, nil
}

// modalOf renders a form, which is valid.
func modalOf(f chat.Form, call string) modal {
	shown := withinBytes(f)
	m := modal{CustomID: formPrefix + chat.Short(call), Title: oneLine(f.Title)}
	if lead := markdown(clipSpans(f.Lead, maxModalLead)); visible(lead) && len(f.Fields) < maxModalParts {
		m.Components = append(m.Components, textDisplay{componentDisplay, lead})
	}
	for i, field := range f.Fields {
		l := labelled{Type: componentLabel, Label: oneLine(field.Label), Description: oneLine(field.Summary)}
		l.Component = inputOf(shown[i])
		if shown[i].Value != field.Value {
			l.Component.CustomID, l.Component.Required = keptPrefix+field.Name, false
			l.Component.Placeholder = clipText("It is too long to be shown here. Leave this empty to keep it as it is.", maxPlaceholder)
		}
		m.Components = append(m.Components, l)
	}
	return m
}

func inputOf(f chat.Field) textInput {
	in := textInput{Type: componentInput, CustomID: f.Name, Style: styleShort, Required: f.Required, MaxLength: chat.MaxFieldText, Value: f.Value}
	if f.Long {
		in.Style = styleParagraph
	}
	return in
}

// withinBytes are the fields of a form, the longest without their text where all are
// more than Discord takes ([maxBytes]).
func withinBytes(f chat.Form) []chat.Field {
	fields := slices.Clone(f.Fields)
	size := len(f.Title) + len(f.Lead.String())
	for _, field := range fields {
		size += len(field.Label) + len(field.Summary) + len(field.Value)
	}
	for size > maxBytes {
		i := slices.Index(fields, slices.MaxFunc(fields, func(a, b chat.Field) int { return cmp.Compare(len(a.Value), len(b.Value)) }))
		if fields[i].Value == "" {
			break
		}
		size -= len(fields[i].Value)
		fields[i].Value = ""
	}
	return fields
}

// invite is a reply whose form cannot be shown at once: its card, with a button that
// opens the form.
func invite(reply chat.Reply) chat.Card { return reply.Invite(openLabel) }

// open shows a form. A form can only be a first answer; where Discord refuses it,
// there is a button to it instead.
func (x *exchange) open(ctx context.Context, reply chat.Reply) {
	err := x.callback(ctx, callback{answerModal, modalOf(*reply.Form, reply.Call)}, nil)
	var api *apiError
	if errors.As(err, &api) && api.Status == http.StatusBadRequest && api.Code != alreadyAnswered {
		x.logger.Error("Discord refused a form", "command", x.i.Data.Name, "error", err)
		m := compose(apology(), "")
		m.Flags = x.i.ephemeral()
		err = x.callback(ctx, callback{answerMessage, m}, nil)
	}
	if !answered(err) {
		x.note(err)
	}
}

// sent runs the call of a form again with what it was filled in with. The message that
// led to the form stays as it is.
func (x *exchange) sent(ctx context.Context) {
	inv := x.i.invocation()
	inv.Line, inv.Pressed = strings.TrimPrefix(x.i.Data.CustomID, formPrefix), true
	inv.Filled = x.i.filled()
	x.respond(ctx, inv, answerMessage, answerDeferred)
}

// filled are the texts of a form that was sent, by field.
func (i *interaction) filled() map[string]string {
	filled := map[string]string{}
	add := func(in sentInput) {
		if name, kept := strings.CutPrefix(in.CustomID, keptPrefix); !kept {
			filled[in.CustomID] = in.Value
		} else if in.Value != "" {
			filled[name] = in.Value
		}
	}
	for _, part := range i.Data.Components {
		if part.Component != nil {
			add(*part.Component)
		}
		for _, in := range part.Components { // as forms without labels have them
			add(in)
		}
	}
	return filled
}

// A sentPart is a part of a form that was sent
// (https://discord.com/developers/docs/components/reference#text-input-text-input-interaction-response-structure).
type sentPart struct {
	Component  *sentInput  `json:"component"`
	Components []sentInput `json:"components"`
}

type sentInput struct {
	CustomID string `json:"custom_id"`
	Value    string `json:"value"`
}
