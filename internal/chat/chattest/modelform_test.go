package chattest

import (
	"context"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
)

// A modelForm is a form that the model shows.
type modelForm struct {
	form  *chat.Form
	call  string
	where chat.Conversation
	id    string
}

// asks shows the form of a reply, if it has one; the caller holds the lock.
func (m *model) asks(where chat.Conversation, reply chat.Reply) bool {
	if reply.Form == nil {
		return false
	}
	m.events++
	m.open = &modelForm{reply.Form, chat.Short(reply.Call), where, "form " + string(rune('0'+m.events))}
	if m.cutsCalls && len(reply.Call) > chat.MaxData {
		m.open.call = reply.Call[:chat.MaxData]
	}
	if m.showsForms {
		m.add(where, chat.Card{Title: reply.Form.Title, Lead: chat.Plainly(reply.Form.Fields[1].Value)}, false, false)
	}
	return true
}

func (m *model) Fill(where chat.Conversation, texts map[string]string) Sheet {
	f := m.open
	sheet := Sheet{Title: f.form.Title, Where: f.where}
	filled := map[string]string{}
	for _, field := range f.form.Fields {
		sheet.Labels, sheet.Values = append(sheet.Labels, field.Label), append(sheet.Values, field.Value)
		text, changed := texts[field.Label]
		switch {
		case !changed && m.emptiesForms:
			text = ""
		case !changed:
			text = field.Value
		}
		if m.escapesForms {
			text = strings.ReplaceAll(text, "<", "&lt;")
		}
		filled[field.Name] = text
	}
	m.filled, m.sent = filled, f
	m.send(f.id)
	return sheet
}

// send runs the call of the form that was sent.
func (m *model) send(id string) {
	m.mu.Lock()
	inv, host := m.invocation(m.sent.where, m.sent.call), m.host
	m.mu.Unlock()
	inv.Filled, inv.ID, inv.Pressed, inv.Private = m.filled, id, true, true
	if m.believesForms {
		host.(*witness).shut.Store(false)
	}
	reply := host.Run(context.Background(), inv)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(m.sent.where, reply.Card, !m.publicAnswer, false)
}

func (m *model) Dismiss(where chat.Conversation) {
	if m.sendsClosed {
		m.Fill(where, map[string]string{fieldName: "Nobody"})
	}
	m.open = nil
}

func (m *model) Again() bool {
	id := m.sent.id
	if m.countsForms {
		id += " again"
	}
	m.send(id)
	return true
}

func (m *model) Restart() {
	if m.forgetsForms {
		m.open = nil
	}
}
