package web

import (
	"unicode/utf8"
)

// Discord's limits of a modal, in code points
// (https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal,
// https://discord.com/developers/docs/components/reference#label).
const (
	modalAnswer    = 9
	labelType      = 18
	inputType      = 4
	paragraphStyle = 2

	discordModalTitle = 45
	discordModalParts = 5
	discordModalLabel = 45
	discordModalHelp  = 100
	discordModalText  = 4000
)

// A modalView is a modal as Discord's client shows it.
type modalView struct {
	Title string
	Parts []modalPart
}

// A modalPart is a text of a modal, or a field.
type modalPart struct {
	Text           []node
	Label, Help    string
	Value, Ghost   string // Ghost stands where nothing is written yet
	Long, Required bool
}

// modal reads an answer that opens a modal.
func (r *discordReader) modal(m discordMessage) {
	r.ids = make(map[string]bool)
	v := &modalView{Title: m.Title}
	r.check("title", m.Title, discordModalTitle)
	r.check("custom_id", m.CustomID, discordCustomID)
	r.note(m.Title)
	if n := len(m.Components); n < 1 || n > discordModalParts {
		r.fault("%d parts; Discord takes 1 to %d", n, discordModalParts)
	}
	longest := 0
	for _, c := range m.Components {
		switch {
		case c.Type == textType:
			v.Parts = append(v.Parts, modalPart{Text: markdown{}.parse(c.Content)})
			r.note(c.Content)
		case c.Type == labelType && c.Component != nil && c.Component.Type == inputType:
			v.Parts = append(v.Parts, r.field(c))
			longest = max(longest, utf8.RuneCountInString(c.Component.Value))
		default:
			r.fault("a component of type %d, which the preview does not know in a modal", c.Type)
		}
	}
	r.view.Modal = v
	r.view.Measures = append(r.view.Measures, measure{longest, discordModalText, "in a field"})
}

func (r *discordReader) field(c discordComponent) modalPart {
	in := *c.Component
	r.check("label", c.Label, discordModalLabel)
	r.check("description", c.Description, discordModalHelp)
	r.check("placeholder", in.Placeholder, discordModalHelp)
	r.check("value", in.Value, discordModalText)
	if r.ids[in.CustomID] {
		r.fault("two fields are called %q; Discord refuses that", in.CustomID)
	}
	r.ids[in.CustomID] = true
	for _, s := range []string{c.Label, c.Description, in.Placeholder, in.Value} {
		r.note(s)
	}
	required := in.Required == nil || *in.Required
	return modalPart{Label: c.Label, Help: c.Description, Value: in.Value, Ghost: in.Placeholder, Long: in.Style == paragraphStyle, Required: required}
}
