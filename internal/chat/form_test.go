package chat

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormValidate(t *testing.T) {
	good := func() *Form {
		return &Form{Title: "A form", Fields: []Field{{Name: "one", Label: "One"}, {Name: "two", Label: "Two", Value: "a\nb", Long: true}}}
	}
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Form){
		"has 0 fields, and may have 1 to 5":     func(f *Form) { f.Fields = nil },
		"has 6 fields":                          func(f *Form) { f.Fields = make([]Field, 6) },
		"title has 0 characters":                func(f *Form) { f.Title = " " },
		"title has 46 characters":               func(f *Form) { f.Title = strings.Repeat("я", 46) },
		"button has 81 characters":              func(f *Form) { f.Submit = strings.Repeat("я", 81) },
		"field One: the name":                   func(f *Form) { f.Fields[0].Name = "One" },
		"field one: its label has 0":            func(f *Form) { f.Fields[0].Label = "\n" },
		"field one: its summary has 101":        func(f *Form) { f.Fields[0].Summary = strings.Repeat("я", 101) },
		"field one: it begins with 4001":        func(f *Form) { f.Fields[0].Value = strings.Repeat("я", 4001) },
		"field one: it begins with several":     func(f *Form) { f.Fields[0].Value = "a\nb" },
		"field two: there are two of this name": func(f *Form) { f.Fields[0].Name = "two" },
	} {
		f := good()
		spoil(f)
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// A teller is a command that asks for a form, and what became of it.
type teller struct {
	form   *Form
	asked  int
	filled []map[string]string
	again  string // what is wrong with what was filled in
	fails  error
}

func (c *teller) set(t *testing.T, rules Rules) *Set {
	t.Helper()
	run := func(_ context.Context, inv *Invocation) (Reply, error) {
		if inv.Filled == nil {
			c.asked++
			return Reply{Card: Card{Title: "Please"}, Form: c.form, Unshared: true}, nil
		}
		c.filled = append(c.filled, inv.Filled)
		if c.fails != nil {
			return Reply{}, c.fails
		}
		if c.again != "" {
			return Reply{Card: Card{Title: c.again}, Form: c.form}, nil
		}
		return Reply{Card: Card{Title: "Told"}}, nil
	}
	set, err := NewSet([]Command{
		{Name: "tell", Summary: "Ask", Access: Manager, Changes: true, Options: []Option{free("about")}, Run: run},
		{Name: "plain", Summary: "Ask nothing", Run: func(_ context.Context, inv *Invocation) (Reply, error) {
			if inv.Filled != nil {
				t.Error("a command that asks for no form was given one")
			}
			return Reply{Card: Card{Title: "Plain"}}, nil
		}},
	}, rules)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func newTeller() *teller {
	return &teller{form: &Form{Title: "Tell", Fields: []Field{
		{Name: "name", Label: "Name", Required: true}, {Name: "tale", Label: "Tale", Value: "  once\n", Long: true}, {Name: "line", Label: "Line", Value: "as it is"},
	}}}
}

func TestFormIsAskedFor(t *testing.T) {
	c := newTeller()
	reply := c.set(t, Rules{}).Run(t.Context(), Invocation{Line: "/tell  a-story", Direct: true})
	if reply.Form == nil || reply.Call != "tell a-story" || reply.Card.Title != "Please" {
		t.Errorf("got %+v", reply)
	}
	if again := reply.Invite("Open"); again.Actions[0][0] != (Action{Label: "Open", Call: "tell a-story"}) || len(reply.Card.Actions) != 0 {
		t.Errorf("the card to it is %+v, that of the reply %+v", again, reply.Card)
	}
}

func TestFormIsSent(t *testing.T) {
	for _, test := range []struct {
		name        string
		given, want map[string]string
	}{
		{"all", map[string]string{"name": "A", "tale": "b", "line": "c"}, map[string]string{"name": "A", "tale": "b", "line": "c"}},
		{"left as it is", map[string]string{"name": "A"}, map[string]string{"name": "A", "tale": "  once\n", "line": "as it is"}},
		{"come back as it was", map[string]string{"name": "A", "tale": "once", "line": "as it is "}, map[string]string{"name": "A", "tale": "  once\n", "line": "as it is"}},
		{"emptied", map[string]string{"name": "A", "tale": " \r\n ", "line": ""}, map[string]string{"name": "A", "tale": "", "line": ""}},
		{"cleaned", map[string]string{"name": " A\r\nB\n\nC ", "tale": "\ta\r\n\r\nb\rc\x00\xff\n"}, map[string]string{"name": "A B C", "tale": "a\n\nb\nc\uFFFD", "line": "as it is"}},
		{"not asked for", map[string]string{"name": "A", "other": "x"}, map[string]string{"name": "A", "tale": "  once\n", "line": "as it is"}},
	} {
		c := newTeller()
		reply := c.set(t, Rules{}).Run(t.Context(), Invocation{Line: "tell x", Direct: true, Filled: test.given})
		if reply.Card.Title != "Told" || reply.Form != nil || reply.Call != "" {
			t.Errorf("%s: got %+v", test.name, reply)
		}
		if diff := cmp.Diff([]map[string]string{test.want}, c.filled); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestFormIsNotSent has what was filled in come back, so that nobody writes it again.
func TestFormIsNotSent(t *testing.T) {
	long := strings.Repeat("я", MaxFieldText+1)
	c := newTeller()
	reply := c.set(t, Rules{}).Run(t.Context(), Invocation{Line: "tell", Direct: true, Filled: map[string]string{"name": " ", "tale": long, "line": "new"}})
	if len(c.filled) > 0 || reply.Form == nil || reply.Call != "tell" {
		t.Fatalf("got %+v", reply)
	}
	if want := "“Name” must not be empty; “Tale” has 4001 characters, and may have 4000."; reply.Card.Lead.String() != want {
		t.Errorf("the asker is told %q, want %q", reply.Card.Lead, want)
	}
	if len(reply.Card.Items) != 2 || reply.Card.Items[0].Body.String() != long || reply.Card.Items[1].Body.String() != "new" {
		t.Errorf("what was written is not shown: %+v", reply.Card.Items)
	}
	if f := reply.Form.Fields; f[1].Value != "  once\n" || f[2].Value != "new" || reply.Form.Validate() != nil {
		t.Errorf("the form begins with %+v", f)
	}
	if c.form.Fields[2].Value != "as it is" {
		t.Error("the command's own form was changed")
	}
	c.fails = errors.New("the disk is full")
	if reply := c.set(t, Rules{}).Run(t.Context(), Invocation{Line: "tell", Direct: true, Filled: map[string]string{"name": "A"}}); reply.Form == nil ||
		reply.Form.Fields[0].Value != "A" || reply.Card.Items[0].Body.String() != "A" || reply.Card.Tone != Trouble || strings.Contains(reply.Card.Plain(), "disk") {
		t.Errorf("where the command fails the answer is %+v", reply)
	}
	c.fails, c.again = nil, "Not so"
	if reply := c.set(t, Rules{}).Run(t.Context(), Invocation{Line: "tell", Direct: true, Filled: map[string]string{"name": "A"}}); reply.Card.Title != "Not so" || reply.Form == nil || reply.Call != "tell" {
		t.Errorf("a command that asks again answers %+v", reply)
	}
}

// TestFormIsNotBelieved gives what nobody asked for, or who may not.
func TestFormIsNotBelieved(t *testing.T) {
	given := map[string]string{"name": "A"}
	c := newTeller()
	shut := false
	set := c.set(t, Rules{Admit: func(*Invocation) error {
		if shut {
			return ErrNotOperator
		}
		return nil
	}})
	if reply := set.Run(t.Context(), Invocation{Line: "plain", Filled: given}); reply.Card.Title != "Plain" {
		t.Errorf("got %+v", reply)
	}
	for what, inv := range map[string]Invocation{
		"no manager": {Line: "tell"},
		"local":      {Line: "tell", Trusted: true, Local: true},
	} {
		inv.Filled = given
		if reply := set.Run(t.Context(), inv); reply.Form != nil || reply.Card.Tone != Trouble {
			t.Errorf("%s: got %+v", what, reply)
		}
	}
	shut = true
	if reply := set.Run(t.Context(), Invocation{Line: "tell", Direct: true, Filled: given}); reply.Form != nil || reply.Card.Tone != Trouble {
		t.Errorf("shut out: got %+v", reply)
	}
	if c.asked+len(c.filled) > 0 {
		t.Errorf("the command was asked %d times and given %v", c.asked, c.filled)
	}
}

// TestFormNotHere asks where nothing can be filled in.
func TestFormNotHere(t *testing.T) {
	set, err := NewSet([]Command{{Name: "ask", Summary: "Ask", Run: func(context.Context, *Invocation) (Reply, error) {
		return Reply{Form: newTeller().form}, nil
	}}}, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	reply := set.Run(t.Context(), Invocation{Line: "ask", Local: true})
	if reply.Form != nil || !strings.Contains(reply.Card.Plain(), "cannot be filled in here") {
		t.Errorf("got %+v", reply)
	}
}

// TestFormIsBroken has a form that no service takes be an internal error.
func TestFormIsBroken(t *testing.T) {
	c := newTeller()
	c.form.Title = ""
	var told error
	set := c.set(t, Rules{Explain: func(_ context.Context, _ *Invocation, err error) Card {
		told = err
		return Card{Title: "Internal"}
	}})
	reply := set.Run(t.Context(), Invocation{Line: "tell", Direct: true})
	var usage *UsageError
	if reply.Form != nil || reply.Card.Title != "Internal" || told == nil || errors.As(told, &usage) || !strings.Contains(told.Error(), "the form of /tell") {
		t.Errorf("got %+v for %v", reply, told)
	}
}
