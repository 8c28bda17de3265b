package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A binder gives a call's arguments to a command's options, by the rules of the
// typed form: named arguments first, then words in the order of the options.
type binder struct {
	ctx     context.Context
	who     *Invocation
	command Command
	values  map[string]string
	words   []positional
	next    int // the first option that a word may still fill
	// problem is the first thing that was wrong. Binding goes on after it, so that
	// completion can use what there is.
	problem string
	// last is the option that took the last words, and lastArg the index of the
	// first argument it took; -1 for none.
	last, lastArg int
}

// A positional is a word without an option, and the argument it came from.
type positional struct {
	text string
	arg  int
}

// bind fills in who.Values and who.Call from who.Call, for a command of its name.
// The error is a [UsageError]; the values that could be bound are there all the
// same.
func bind(ctx context.Context, who *Invocation, c Command) error {
	b := newBinder(ctx, who, c)
	b.finish()
	if b.problem != "" {
		return &UsageError{Command: c, Problem: b.problem}
	}
	who.Call = b.call()
	return nil
}

// newBinder binds the arguments that were given; defaults are left to finish.
func newBinder(ctx context.Context, who *Invocation, c Command) *binder {
	b := &binder{ctx: ctx, who: who, command: c, values: make(map[string]string, len(c.Options)), last: -1, lastArg: -1}
	who.Values = b.values
	b.bindNamed()
	for len(b.words) > 0 {
		b.bindWord()
	}
	return b
}

func (b *binder) fail(format string, args ...any) {
	if b.problem == "" {
		b.problem = fmt.Sprintf(format, args...)
	}
}

// shown returns a typed word as a reader is shown it.
func shown(word string) string {
	return "“" + Shorten(word, fitsChoice) + "”"
}

// bindNamed binds option=value and collects the words.
func (b *binder) bindNamed() {
	hasRest := slices.ContainsFunc(b.command.Options, func(o Option) bool { return o.Rest })
	for i, a := range b.who.Call.Args {
		name := strings.ToLower(a.Option)
		switch {
		case a.Option == "":
			b.words = append(b.words, positional{a.Value, i})
		case b.command.option(name) >= 0:
			if _, twice := b.values[name]; twice {
				b.fail("The option %s is given twice", name)
			} else if a.Value != "" {
				b.values[name] = a.Value
			}
		case hasRest: // an equals sign in free text
			b.words = append(b.words, positional{a.Option + "=" + a.Value, i})
		default:
			b.fail("There is no option %s%s", shown(a.Option), b.command.optionNames())
		}
	}
}

// bindWord gives the first word, or as many as the option takes, to the option
// whose turn it is, or to a later one that it must mean.
func (b *binder) bindWord() {
	b.next = b.open(b.next)
	if b.next < 0 {
		b.next = len(b.command.Options)
		b.fail("%s is one word too many", shown(b.words[0].text))
		b.words = nil
		return
	}
	if b.words[0].text == "" { // "" leaves the option out
		b.words = b.words[1:]
		b.next++
		return
	}
	at, n := b.next, b.takes(b.next)
	if n == 0 {
		at, n = b.instead()
	}
	texts := make([]string, n)
	for i, w := range b.words[:n] {
		texts[i] = w.text
	}
	b.values[b.command.Options[at].Name] = strings.Join(texts, " ")
	b.last, b.lastArg = at, b.words[0].arg
	b.words, b.next = b.words[n:], at+1
}

// open returns the first option from i on that a word can fill, or -1.
func (b *binder) open(i int) int {
	for ; i < len(b.command.Options); i++ {
		o := b.command.Options[i]
		if _, given := b.values[o.Name]; !o.Named && !given {
			return i
		}
	}
	return -1
}

// takes returns how many of the words option i takes, zero if the first is not a
// value of it.
func (b *binder) takes(i int) int {
	o, first := b.command.Options[i], b.words[0].text
	switch {
	case o.Rest:
		return len(b.words)
	case o.Prefix != nil:
		return b.prefix(o)
	case o.Known != nil && !o.Known(b.ctx, b.who, first):
		return 0
	case len(o.Choices) > 0 && o.choice(first) < 0:
		return 0
	}
	return 1
}

// prefix is takes for an option whose values are several words; one quoted word
// may hold a whole value.
func (b *binder) prefix(o Option) int {
	texts := make([]string, len(b.words))
	for i, w := range b.words {
		texts[i] = w.text
	}
	if n := o.Prefix(texts); n > 0 {
		return min(n, len(texts))
	}
	if fields := strings.Fields(texts[0]); len(fields) > 1 && o.Prefix(fields) == len(fields) {
		return 1
	}
	return 0
}

// instead returns the option that takes the words which the next one does not: the
// one after it where the next has a default, or a later one that is sure to know
// them. If there is none the next takes one word all the same, or all where its values
// are several, and the command says what is wrong with it.
func (b *binder) instead() (option, words int) {
	o := b.command.Options[b.next]
	anything := o.Prefix == nil
	if o.Prefix != nil || o.Known != nil && b.fillDefault(o) {
		for at := b.open(b.next + 1); at >= 0; at = b.open(at + 1) {
			if anything || b.command.Options[at].selective() {
				if n := b.takes(at); n > 0 {
					return at, n
				}
			}
			anything = false
		}
	}
	delete(b.values, o.Name)
	if o.Prefix != nil {
		// Words given to later options would be complained of instead.
		return b.next, len(b.words)
	}
	return b.next, 1
}

// fillDefault gives o its default value, and reports whether it has one.
func (b *binder) fillDefault(o Option) bool {
	if o.Default == nil {
		return false
	}
	value := o.Default(b.ctx, b.who)
	if value == "" {
		return false
	}
	b.values[o.Name] = value
	return true
}

// finish fills in defaults and checks what is required and what there is to
// choose.
func (b *binder) finish() {
	for _, o := range b.command.Options {
		value := b.values[o.Name]
		if value == "" && b.fillDefault(o) {
			value = b.values[o.Name]
		}
		if value == "" {
			if o.Required {
				b.fail("The option %s is missing", o.Name)
			}
			continue
		}
		if len(o.Choices) == 0 {
			continue
		}
		if i := o.choice(value); i >= 0 {
			b.values[o.Name] = o.Choices[i].Value
		} else {
			b.fail("The option %s is one of %s, not %s", o.Name, o.choiceValues(), shown(value))
		}
	}
}

// call returns the bound call in its canonical form: values by position as far as
// none is left out, then by name.
func (b *binder) call() Call {
	c := Call{Name: b.command.Name}
	byPosition := true
	for _, o := range b.command.Options {
		value := b.values[o.Name]
		switch {
		case value == "":
			byPosition = false
		case byPosition && !o.Named:
			c.Args = append(c.Args, Arg{Value: value})
		default:
			byPosition = false
			c.Args = append(c.Args, Arg{Option: o.Name, Value: value})
		}
	}
	return c
}

// option returns the index of the option of this name, or -1.
func (c Command) option(name string) int {
	return slices.IndexFunc(c.Options, func(o Option) bool { return o.Name == name })
}

func (c Command) optionNames() string {
	if len(c.Options) == 0 {
		return "; the command has none"
	}
	names := make([]string, len(c.Options))
	for i, o := range c.Options {
		names[i] = o.Name
	}
	return "; there is " + strings.Join(names, ", ")
}

// selective says that the option can tell its values from other words.
func (o Option) selective() bool {
	return o.Known != nil || o.Prefix != nil || len(o.Choices) > 0
}

// choice returns the index of the choice with this value in any case, or -1.
func (o Option) choice(value string) int {
	return slices.IndexFunc(o.Choices, func(c Choice) bool { return strings.EqualFold(c.Value, value) })
}

func (o Option) choiceValues() string {
	values := make([]string, len(o.Choices))
	for i, c := range o.Choices {
		values[i] = c.Value
	}
	return strings.Join(values, ", ")
}

// Usage returns how the command is typed: “/timeline [story] [from]”, with what is
// required in angle brackets, what takes all words that are left with dots, and
// what is only given by name as “[story=…]”.
func (c Command) Usage() string {
	var b strings.Builder
	b.WriteString("/" + c.Name)
	for _, o := range c.Options {
		text := o.Name
		if o.Named {
			text += "=…"
		} else if o.Rest {
			text += "…"
		}
		if o.Required {
			b.WriteString(" <" + text + ">")
		} else {
			b.WriteString(" [" + text + "]")
		}
	}
	return b.String()
}
