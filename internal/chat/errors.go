package chat

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Errors that a command returns, or its [Set] finds, for what the asker should be
// told. Anything else is internal to the reader and complete in the log.
var (
	// ErrNotManager: only a manager of the conversation may.
	ErrNotManager = errors.New("not a manager of this conversation")
	// ErrNotOperator: only an operator of the bot may.
	ErrNotOperator = errors.New("not an operator")
	// ErrNoCall: nothing is kept under the name that a button or a link carries.
	ErrNoCall = errors.New("no call is kept under this name")
	// ErrLocal: the command changes something kept, and the question came from
	// where nothing may be stored.
	ErrLocal = errors.New("this command changes what is kept, which cannot be done from here")
	// ErrNoForm: the command asks for a form, and the question came from where none
	// can be filled in.
	ErrNoForm = errors.New("this command asks for a form, which cannot be filled in here")
)

// An UnknownCommand says that there is no command of this name.
type UnknownCommand struct {
	Name    string   // as it was typed, in lower case; empty for an empty line
	Nearest []string // commands with similar names, best first, at most three
}

func (e *UnknownCommand) Error() string {
	if e.Name == "" {
		return "no command was given"
	}
	s := fmt.Sprintf("there is no command /%s", e.Name)
	if len(e.Nearest) > 0 {
		s += "; did you mean /" + strings.Join(e.Nearest, ", /") + "?"
	}
	return s
}

// A UsageError says that a command was called with arguments it cannot take.
type UsageError struct {
	Command Command
	Problem string // a full sentence for readers, without a full stop
}

func (e *UsageError) Error() string { return e.Problem + "; usage: " + e.Command.Usage() }

// A FormError says that what was filled in cannot be sent.
type FormError struct {
	Problem string // for people, in full, without a full stop
}

func (e *FormError) Error() string { return e.Problem }

// A Panic is what a command's panic becomes: internal to the reader.
type Panic struct {
	Command string
	Value   any
	Stack   []byte
}

func (e *Panic) Error() string {
	return fmt.Sprintf("panic in /%s: %v\n%s", e.Command, e.Value, e.Stack)
}

// explainPlainly is how errors are told where [Rules] do not say it better: what
// this package knows in full, and of anything else only that it went wrong.
func explainPlainly(err error) Card {
	c := Card{Title: "That did not work", Tone: Trouble, Lead: Plainly("Something went wrong on our side.")}
	var unknown *UnknownCommand
	var usage *UsageError
	var form *FormError
	switch {
	case errors.As(err, &unknown):
		c.Lead = Plainly(sentence(unknown.Error()))
	case errors.As(err, &usage):
		c.Lead = Join("\n", Plainly(sentence(usage.Problem)), Styled(usage.Command.Usage(), Code))
	case errors.As(err, &form):
		c.Lead = Plainly(sentence(form.Problem))
	case errors.Is(err, ErrNotManager):
		c.Lead = Plainly("Only those who manage this conversation can do that.")
	case errors.Is(err, ErrNotOperator):
		c.Lead = Plainly("Only the bot's operators can do that.")
	case errors.Is(err, ErrNoCall):
		c.Lead = Plainly("This button is out of date.")
	case errors.Is(err, ErrNoForm):
		c.Lead = Plainly("This command asks for a form, which cannot be filled in here. Ask in a chat.")
	case errors.Is(err, ErrLocal):
		c.Lead = Plainly("This command changes what is kept, so it works in a chat only.")
	}
	return c
}

// sentence makes an error's text a sentence for readers.
func sentence(s string) string {
	if s == "" {
		return s
	}
	if r, n := utf8.DecodeRuneInString(s); n > 0 {
		s = string(unicode.ToUpper(r)) + s[n:]
	}
	if !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}
