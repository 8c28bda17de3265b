package discordtest

import (
	"maps"
	"strings"
	"testing"
	"time"
)

// form has somebody use a command and returns the interaction and the path that answers
// it.
func (c *client) form(channel string) (*Pending, string) {
	c.Helper()
	c.SetCommands(map[string]any{"name": "ask", "description": "Ask"})
	p, err := c.Slash(Member{User: "30", Name: "Reader"}, channel, "ask")
	if err != nil {
		c.Fatal(err)
	}
	return p, "/interactions/" + p.id + "/" + p.token + "/callback"
}

// replaced is o with some of its fields replaced or, by nil, left out.
func replaced(o object, with object) object {
	o = maps.Clone(o)
	for k, v := range with {
		if v == nil {
			delete(o, k)
		} else {
			o[k] = v
		}
	}
	return o
}

func TestModals(t *testing.T) {
	input := object{"type": 4, "custom_id": "a", "style": 1}
	label := object{"type": 18, "label": "A", "component": input}
	data := object{"custom_id": "form", "title": "Form", "components": []any{label}}
	parts := func(list ...any) object { return replaced(data, object{"components": list}) }
	within := func(change object) object {
		return parts(replaced(label, object{"component": replaced(input, change)}))
	}
	long := strings.Repeat("я", 4001)
	for _, test := range []struct {
		name string
		data object
		want string // empty: taken
	}{
		{"plain", data, ""},
		{"five parts", parts(object{"type": 10, "content": "Text"}, label, replaced(label, object{"component": replaced(input, object{"custom_id": "b"})})), ""},
		{"no title", replaced(data, object{"title": " "}), "data.title"},
		{"long title", replaced(data, object{"title": long[:92]}), "data.title"},
		{"no id", replaced(data, object{"custom_id": ""}), "data.custom_id"},
		{"long id", replaced(data, object{"custom_id": strings.Repeat("x", 101)}), "data.custom_id"},
		{"no parts", parts(), "data.components"},
		{"six parts", parts(label, label, label, label, label, label), "data.components"},
		{"flags", replaced(data, object{"flags": 64}), "data.flags"},
		{"empty text", parts(object{"type": 10, "content": " "}, label), "content"},
		{"button", parts(object{"type": 2, "label": "B"}), "only labels"},
		{"no label", parts(replaced(label, object{"label": nil})), ".label"},
		{"long label", parts(replaced(label, object{"label": long[:92]})), ".label"},
		{"empty description", parts(replaced(label, object{"description": ""})), ".description"},
		{"no input", parts(replaced(label, object{"component": nil})), "only text inputs"},
		{"twice", parts(label, label), "duplicated"},
		{"label within", within(object{"label": "A"}), "not within a label"},
		{"no style", within(object{"style": nil}), ".style"},
		{"long value", within(object{"value": long}), "value"},
		{"value over its own limit", within(object{"value": "long", "max_length": 3}), "value"},
		{"lines", within(object{"value": "a\nb"}), "one line"},
		{"long placeholder", within(object{"placeholder": long[:202]}), "placeholder"},
		{"lengths", within(object{"max_length": 4001}), "lengths"},
		{"too many bytes", within(object{"value": strings.Repeat("語", 3400), "style": 2}), "Unknown interaction"},
	} {
		t.Run(test.name, func(t *testing.T) {
			with(t, Options{}, func(c *client) {
				_, path := c.form(testChannel)
				status, _, _ := c.do("POST", path, object{"type": 9, "data": test.data})
				if test.want == "" && status != 204 || test.want != "" && (status < 400 || !strings.Contains(c.Refused()[0].Problem, test.want)) {
					t.Errorf("status %d, refused %+v", status, c.Refused())
				}
			})
		})
	}
}

// TestModalIsFirst has a form shown when it cannot be any more.
func TestModalIsFirst(t *testing.T) {
	modal := object{"type": 9, "data": object{"custom_id": "form", "title": "Form", "components": []any{
		object{"type": 18, "label": "A", "component": object{"type": 4, "custom_id": "a", "style": 1}},
	}}}
	with(t, Options{}, func(c *client) {
		_, path := c.form(testChannel)
		c.do("POST", path, object{"type": 5})
		if _, code, _ := c.do("POST", path, modal); code != 40060 {
			t.Errorf("after a deferred answer: %d", code)
		}
		_, path = c.form(testChannel)
		<-time.After(4 * time.Second)
		if _, code, _ := c.do("POST", path, modal); code != 10062 {
			t.Errorf("too late: %d", code)
		}
		p, path := c.form(testChannel)
		if status, _, _ := c.do("POST", path, modal); status != 204 {
			t.Fatalf("shown: %d", status)
		}
		if _, code, _ := c.do("PATCH", "/webhooks/"+c.application+"/"+p.token+"/messages/@original", object{"content": "x"}); code != 10008 {
			t.Errorf("a form is no message to edit: %d", code)
		}
		for problem, texts := range map[string]map[string]string{
			"does not take": {"A": ""}, "not all": {"A": "a", "B": "b"},
		} {
			if _, err := c.Submit(Member{User: "30"}, p, texts); err == nil || !strings.Contains(err.Error(), problem) {
				t.Errorf("%v: %v", texts, err)
			}
		}
		sent, err := c.Submit(Member{User: "30"}, p, map[string]string{"A": "a"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Submit(Member{User: "30"}, p, map[string]string{"A": "a"}); err == nil {
			t.Error("a form can be sent twice")
		}
		path = "/interactions/" + sent.id + "/" + sent.token + "/callback"
		for kind, what := range map[int]string{9: "a form that follows a form", 6: "nothing to a form from a command", 7: "an edit of no message"} {
			if status, _, _ := c.do("POST", path, replaced(modal, object{"type": kind})); status != 400 {
				t.Errorf("%s: %d", what, status)
			}
		}
		if status, _, _ := c.do("POST", path, object{"type": 4, "data": object{"content": "Thanks", "flags": 64}}); status != 204 {
			t.Errorf("answered: %d", status)
		}
	})
}
