package discordtest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Limits of a form, in code points
// (https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal,
// https://discord.com/developers/docs/components/reference#label).
const (
	maxModalTitle  = 45
	maxModalParts  = 5
	maxModalLabel  = 45
	maxModalHelp   = 100 // a label's description, and a placeholder
	maxModalText   = 4000
	maxModalCustom = 100
)

// A Modal is a form as its user sees it.
type Modal struct {
	CustomID string
	Title    string
	Texts    []string // what stands between the fields, in Discord's Markdown
	Fields   []Field
	sent     bool // or dismissed
}

// A Field is a text input with its label.
type Field struct {
	CustomID, Label, Description, Placeholder, Value string
	Long, Required                                   bool
	Min, Max                                         int
}

// checkModal judges the data of an answer that shows a form.
func checkModal(data map[string]any) (*Modal, answer, bool) {
	k := &checker{ids: map[string]bool{}}
	m := &Modal{CustomID: str(data["custom_id"])}
	if n := utf8.RuneCountInString(m.CustomID); n < 1 || n > maxModalCustom {
		k.fail("data.custom_id: must be between 1 and %d in length, has %d", maxModalCustom, n)
	}
	if m.Title = k.text("data.title", data["title"], maxModalTitle); m.Title == "" {
		k.fail("data.title: This field is required")
	}
	parts, _ := data["components"].([]any)
	if len(parts) < 1 || len(parts) > maxModalParts {
		k.fail("data.components: must be between 1 and %d in length, has %d", maxModalParts, len(parts))
	}
	for i, v := range parts {
		part, _ := v.(map[string]any)
		k.part(m, fmt.Sprintf("data.components[%d]", i), part)
	}
	for name := range data {
		if name != "custom_id" && name != "title" && name != "components" {
			k.fail("data.%s: a form has no such field", name)
		}
	}
	switch {
	case k.problem != "":
		return nil, invalid("%s", k.problem), false
	case k.bytes > maxBytes:
		// What an answer of too many bytes gets.
		return nil, refuse(http.StatusNotFound, 10062, "Unknown interaction"), false
	}
	return m, answer{}, true
}

func (k *checker) part(m *Modal, at string, part map[string]any) {
	switch number(part["type"]) {
	case 10:
		text := k.text(at+".content", part["content"], maxModalText)
		if text == "" {
			k.fail("%s.content: This field is required", at)
		}
		m.Texts = append(m.Texts, text)
	case 18:
		f := Field{Label: k.text(at+".label", part["label"], maxModalLabel), Description: k.text(at+".description", part["description"], maxModalHelp)}
		if f.Label == "" {
			k.fail("%s.label: This field is required", at)
		}
		if _, given := part["description"]; given && f.Description == "" {
			k.fail("%s.description: must not be empty", at)
		}
		input, _ := part["component"].(map[string]any)
		k.input(&f, at+".component", input)
		m.Fields = append(m.Fields, f)
	default:
		k.fail("%s.type: only labels and text displays are played here", at)
	}
}

func (k *checker) input(f *Field, at string, in map[string]any) {
	if number(in["type"]) != 4 {
		k.fail("%s.type: only text inputs are played here", at)
	}
	if _, given := in["label"]; given {
		k.fail("%s.label: not within a label", at)
	}
	f.CustomID = str(in["custom_id"])
	if n := utf8.RuneCountInString(f.CustomID); n < 1 || n > maxModalCustom {
		k.fail("%s.custom_id: must be between 1 and %d in length, has %d", at, maxModalCustom, n)
	}
	if k.ids[f.CustomID] {
		k.fail("%s.custom_id: %q is duplicated", at, f.CustomID)
	}
	k.ids[f.CustomID] = true
	style := number(in["style"])
	if style != 1 && style != 2 {
		k.fail("%s.style: %d is none", at, style)
	}
	f.Long, f.Max, f.Required = style == 2, maxModalText, true
	if v, given := in["required"].(bool); given {
		f.Required = v
	}
	if v, given := in["max_length"]; given {
		f.Max = number(v)
	}
	f.Min = number(in["min_length"])
	if f.Max < 1 || f.Max > maxModalText || f.Min < 0 || f.Min > f.Max {
		k.fail("%s: lengths from %d to %d", at, f.Min, f.Max)
	}
	f.Placeholder = k.text(at+".placeholder", in["placeholder"], maxModalHelp)
	k.text(at+".value", in["value"], f.Max)
	f.Value = str(in["value"])
	if strings.Contains(f.Value, "\n") && !f.Long {
		k.fail("%s.value: a short input has one line", at)
	}
}

// Modal waits for the form that answers an interaction.
func (p *Pending) Modal(ctx context.Context) (Modal, error) {
	var m *Modal
	err := p.server.Wait(ctx, func() bool {
		p.server.mu.Lock()
		defer p.server.mu.Unlock()
		m = p.modal
		return m != nil
	})
	if err != nil {
		return Modal{}, fmt.Errorf("waiting for the form that answers interaction %s: %w", p.id, err)
	}
	return *m, nil
}

// Submit has a member change some fields of the form that an interaction was answered
// with, by their labels, and send it. It fails where Discord's client would not let
// anybody do so: a form can be sent once.
func (s *Server) Submit(by Member, p *Pending, texts map[string]string) (*Pending, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := p.modal
	if m == nil || m.sent {
		return nil, fmt.Errorf("interaction %s shows no form", p.id)
	}
	parts := []any{}
	used := 0
	for i, f := range m.Fields {
		text, changed := texts[f.Label]
		if !changed {
			text = f.Value
		} else {
			used++
		}
		if !f.Long {
			text = strings.ReplaceAll(text, "\n", " ")
		}
		n := utf8.RuneCountInString(text)
		if f.Required && n == 0 || n > f.Max || n > 0 && n < f.Min {
			return nil, fmt.Errorf("the field %q does not take a text of %d characters", f.Label, n)
		}
		input := map[string]any{"type": 4, "id": 2*i + 2, "custom_id": f.CustomID, "value": text}
		parts = append(parts, map[string]any{"type": 18, "id": 2*i + 1, "component": input})
	}
	if used < len(texts) {
		return nil, fmt.Errorf("the form %q has not all of the fields %v", m.Title, texts)
	}
	for i := range m.Texts {
		parts = append(parts, map[string]any{"type": 10, "id": 100 + i})
	}
	sent, err := s.interact(by, p.channel, 5, map[string]any{"custom_id": m.CustomID, "components": parts}, p.source)
	if err != nil {
		return nil, err
	}
	m.sent = true
	return sent, nil
}

// Dismiss has a member close the form without sending it, of which Discord tells the
// bot nothing.
func (s *Server) Dismiss(p *Pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.modal != nil {
		p.modal.sent = true
	}
}
