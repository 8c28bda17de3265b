package chat

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Form asks for several texts at once. A command that needs more than options
// returns it in its [Reply]; the platform shows it as the service can (a modal, one
// question after the other, a page), and runs the same call again with what was
// filled in as [Invocation.Filled]. A form is shown only to the one who asked.
//
// A command that returns a form has done nothing yet: it may be asked for the same
// form any number of times, for one asker, without one ever being sent.
type Form struct {
	Title  string // at most [MaxFormTitle] code points
	Lead   Text   // what it is for; left out where the service has no place for it
	Fields []Field
	Submit string // the word on the button that sends it, where the service has one of ours; empty: Send
}

// A Field is one text that a [Form] asks for.
type Field struct {
	Name    string // by which [Invocation.Filled] has it: [a-z0-9_]{1,32}
	Label   string // at most [MaxFieldLabel] code points
	Summary string // what to write there, at most 100 code points; may be empty
	// Value is what it holds to begin with, at most [MaxFieldText] code points, and one
	// line unless the field is Long.
	Value string
	Long  bool // several lines
	// Required says that it must not be sent empty. Any other may be emptied, or
	// skipped, which leaves its Value as it is.
	Required bool
}

// What every service accepts of a form: Discord's limits of a modal
// (https://discord.com/developers/docs/components/reference#text-input).
const (
	MaxFields     = 5
	MaxFormTitle  = 45   // code points
	MaxFieldLabel = 45   // code points
	MaxFieldText  = 4000 // code points
)

// Validate returns everything about the form that a service would refuse.
func (f *Form) Validate() error {
	var problems []error
	if n := len(f.Fields); n == 0 || n > MaxFields {
		problems = append(problems, fmt.Errorf("the form has %d fields, and may have 1 to %d", n, MaxFields))
	}
	if n := utf8.RuneCountInString(f.Submit); n > MaxLabel {
		problems = append(problems, fmt.Errorf("the form's button has %d characters, and may have %d", n, MaxLabel))
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(f.Title)); n == 0 || n > MaxFormTitle {
		problems = append(problems, fmt.Errorf("the form's title has %d characters, and may have 1 to %d", n, MaxFormTitle))
	}
	seen := map[string]bool{}
	for _, field := range f.Fields {
		for _, p := range field.problems() {
			problems = append(problems, fmt.Errorf("field %s: %s", field.Name, p))
		}
		if seen[field.Name] {
			problems = append(problems, fmt.Errorf("field %s: there are two of this name", field.Name))
		}
		seen[field.Name] = true
	}
	return errors.Join(problems...)
}

func (f Field) problems() []string {
	problems := nameProblems(f.Name)
	if n := utf8.RuneCountInString(strings.TrimSpace(f.Label)); n == 0 || n > MaxFieldLabel {
		problems = append(problems, fmt.Sprintf("its label has %d characters, and may have 1 to %d", n, MaxFieldLabel))
	}
	if n := utf8.RuneCountInString(f.Summary); n > maxSummary {
		problems = append(problems, fmt.Sprintf("its summary has %d characters, and may have %d", n, maxSummary))
	}
	if n := utf8.RuneCountInString(f.Value); n > MaxFieldText {
		problems = append(problems, fmt.Sprintf("it begins with %d characters, and may have %d", n, MaxFieldText))
	}
	if strings.ContainsAny(f.Value, "\r\n") && !f.Long {
		problems = append(problems, "it begins with several lines, and is not long")
	}
	return problems
}

// Clean returns a text as a field takes it, for its [Field.Problem] to judge: valid,
// lines ended by a line feed alone, and a single line where the field is not long.
// White space at both ends is left out.
func (f Field) Clean(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	if !f.Long {
		text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' }), " ")
	}
	return strings.TrimSpace(text)
}

// Problem says for people, in a sentence without a full stop, why a text cannot be
// sent in this field; empty where it can.
func (f Field) Problem(text string) string {
	if n := utf8.RuneCountInString(text); n > MaxFieldText {
		return fmt.Sprintf("“%s” has %d characters, and may have %d", f.Label, n, MaxFieldText)
	}
	if f.Required && text == "" {
		return fmt.Sprintf("“%s” must not be empty", f.Label)
	}
	return ""
}

// fill returns what every field of the form comes to where given was filled in:
// fields that are not there, or that nobody changed, keep their very values, and what
// the form does not ask for is left out. The error is a [FormError].
func (f *Form) fill(given map[string]string) (map[string]string, error) {
	filled := make(map[string]string, len(f.Fields))
	var problems []string
	for _, field := range f.Fields {
		text, ok := given[field.Name]
		if text = field.Clean(text); !ok || text == field.Clean(field.Value) {
			text = field.Value
		}
		filled[field.Name] = text
		if p := field.Problem(text); p != "" {
			problems = append(problems, p)
		}
	}
	if len(problems) > 0 {
		return filled, &FormError{Problem: strings.Join(problems, "; ")}
	}
	return filled, nil
}

// with is the form with other texts to begin with, as far as it can begin with them.
func (f *Form) with(filled map[string]string) *Form {
	next := *f
	next.Fields = make([]Field, len(f.Fields))
	for i, field := range f.Fields {
		if text := filled[field.Name]; utf8.RuneCountInString(text) <= MaxFieldText {
			field.Value = text
		}
		next.Fields[i] = field
	}
	return &next
}

// written are the texts of a form that could not be sent, so that whoever wrote them
// need not write them again.
func (f *Form) written(filled map[string]string) []Item {
	var items []Item
	for _, field := range f.Fields {
		if text := filled[field.Name]; text != "" && text != field.Value {
			items = append(items, Item{ID: field.Name, Label: field.Label, Body: Plainly(text)})
		}
	}
	return items
}

// Invite is the card of a reply where its form cannot be shown at once: with a button
// above all others that runs the call again, which then shows the form. Without a form
// it is the card.
func (r Reply) Invite(label string) Card {
	if r.Form == nil || r.Call == "" {
		return r.Card
	}
	c := r.Card.Clone()
	c.Actions = append([][]Action{{{Label: label, Call: r.Call}}}, c.Actions...)
	return c
}
