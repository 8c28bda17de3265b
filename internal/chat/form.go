package chat

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// A Form asks for several texts at once. A command that needs more than options
// returns it in its [Reply]; the platform shows it as the service can (a modal, one
// question after the other, a page), and runs the same call again with what was
// filled in as [Invocation.Filled]. A form is shown only to the one who asked.
type Form struct {
	Title  string // at most [MaxFormTitle] code points
	Lead   Text   // what it is for; left out where the service has no place for it
	Fields []Field
	Submit string // the word on the button that sends it; empty: Send
}

// A Field is one text that a [Form] asks for.
type Field struct {
	Name    string // by which [Invocation.Filled] has it: [a-z0-9_]{1,32}
	Label   string // at most [MaxFieldLabel] code points
	Summary string // what to write there, at most 100 code points; may be empty
	Value   string // what it holds to begin with, at most [MaxFieldText] code points
	Long    bool   // several lines
	// Required says that it must not be sent empty. Any other may be skipped, which
	// leaves its Value as it is.
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
	if n := utf8.RuneCountInString(f.Title); n == 0 || n > MaxFormTitle {
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
	if n := utf8.RuneCountInString(f.Label); n == 0 || n > MaxFieldLabel {
		problems = append(problems, fmt.Sprintf("its label has %d characters, and may have 1 to %d", n, MaxFieldLabel))
	}
	if n := utf8.RuneCountInString(f.Summary); n > maxSummary {
		problems = append(problems, fmt.Sprintf("its summary has %d characters, and may have %d", n, maxSummary))
	}
	if n := utf8.RuneCountInString(f.Value); n > MaxFieldText {
		problems = append(problems, fmt.Sprintf("it begins with %d characters, and may have %d", n, MaxFieldText))
	}
	return problems
}
