package desk

import (
	"encoding/json"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
)

// Name returns what the item of a change is called; empty if nothing tells.
func Name(c brief.Change) string {
	after, before := object(c.After), object(c.Before)
	for _, fields := range []map[string]json.RawMessage{after, before} {
		for _, key := range []string{"name", "title", "label", "text"} {
			if text := value(fields, key); text != nothing {
				return text
			}
		}
	}
	return ""
}

// A Difference is a field of an item before and after a change, each on one line.
type Difference struct{ Field, Before, After string }

// Differences returns the fields in which an item was changed. What was added or
// removed has none.
func Differences(c brief.Change) []Difference {
	before, after := object(c.Before), object(c.After)
	list := make([]Difference, len(c.Fields))
	for i, field := range c.Fields {
		list[i] = Difference{field, value(before, field), value(after, field)}
	}
	return list
}

func object(raw json.RawMessage) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(raw, &fields) // what is no object has no fields to show
	return fields
}

// nothing stands for a field that is not there.
const nothing = "(none)"

// value returns a field on one line: a text as it is, texts in a row, and anything
// else as JSON.
func value(fields map[string]json.RawMessage, name string) string {
	raw, ok := fields[name]
	if !ok {
		return nothing
	}
	var text string
	var list []string
	var withdrawn struct{ On, Why string }
	switch {
	case json.Unmarshal(raw, &text) == nil:
	case json.Unmarshal(raw, &list) == nil:
		text = strings.Join(list, ", ")
	case name == "retracted" && json.Unmarshal(raw, &withdrawn) == nil:
		text = strings.Trim(withdrawn.On+": "+withdrawn.Why, ": ")
	default:
		text = string(raw)
	}
	return strings.Join(strings.Fields(text), " ")
}
