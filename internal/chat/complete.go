package chat

import (
	"context"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Complete offers values for the option that is being typed; inv.Call holds what is
// given so far, and where it has no name inv.Line does. What the earlier arguments
// are bound to is in the Values that [Option.Complete] sees. It offers at most
// [MaxChoices], each fit to be shown by every service, and nothing rather than an
// error.
func (s *Set) Complete(ctx context.Context, inv Invocation, option, typed string) (choices []Choice) {
	defer func() {
		if recover() != nil { // nothing to offer is an answer too
			choices = nil
		}
	}()
	if inv.Call.Name == "" {
		inv.Call, _ = ParseCall(inv.Line)
	}
	c, ok := s.Lookup(inv.Call.Name)
	if !ok {
		return nil
	}
	at := c.option(strings.ToLower(option))
	if at < 0 {
		return nil
	}
	inv.Call.Args = without(inv.Call.Args, option)
	newBinder(ctx, &inv, c).finish()
	delete(inv.Values, c.Options[at].Name)
	return c.Options[at].offer(ctx, &inv, typed)
}

// without returns args but for those that name option.
func without(args []Arg, option string) []Arg {
	var kept []Arg
	for _, a := range args {
		if !strings.EqualFold(a.Option, option) {
			kept = append(kept, a)
		}
	}
	return kept
}

// offer returns presentable choices for a value of o.
func (o Option) offer(ctx context.Context, who *Invocation, typed string) []Choice {
	if o.Complete != nil {
		return presentable(o.Complete(ctx, who, typed))
	}
	return presentable(matching(o.Choices, typed))
}

// matching returns the choices that begin with what was typed, then those that
// contain it.
func matching(choices []Choice, typed string) []Choice {
	typed = strings.ToLower(strings.TrimSpace(typed))
	var first, second []Choice
	for _, c := range choices {
		value, label := strings.ToLower(c.Value), strings.ToLower(c.Label)
		switch {
		case strings.HasPrefix(value, typed) || strings.HasPrefix(label, typed):
			first = append(first, c)
		case strings.Contains(value, typed) || strings.Contains(label, typed):
			second = append(second, c)
		}
	}
	return append(first, second...)
}

// presentable returns the first choices that every service takes. A long label is
// cut; a choice whose value is too long is left out, because half a value would
// not work.
func presentable(choices []Choice) []Choice {
	var kept []Choice
	seen := map[string]bool{}
	for _, c := range choices {
		if len(kept) == MaxChoices {
			break
		}
		if c.Label = strings.TrimSpace(c.Label); c.Label == "" {
			c.Label = c.Value
		}
		c.Label = Shorten(c.Label, fitsChoice)
		if fitsChoice(c.Value) && fitsChoice(c.Label) && utf8.ValidString(c.Value) && !seen[c.Value] {
			seen[c.Value] = true
			kept = append(kept, c)
		}
	}
	return kept
}

// CompleteLine offers whole lines that continue the one being typed, whose end is
// the cursor: commands by name, labelled with their summaries, then values of the
// option under the cursor and the names of options not yet given. The value of a
// choice is the whole new line and may be of any length. It offers at most
// [MaxChoices], and nothing rather than an error.
func (s *Set) CompleteLine(ctx context.Context, inv Invocation, line string) (choices []Choice) {
	defer func() {
		if recover() != nil { // as in Complete
			choices = nil
		}
	}()
	line = strings.ToValidUTF8(line, "\uFFFD")
	words := scan(line)
	if len(words) == 0 || len(words) == 1 && !endsInSpace(line) {
		return s.completeName(inv, line)
	}
	inv.Line = ""
	inv.Call, _ = ParseCall(line)
	c, ok := s.Lookup(inv.Call.Name)
	if !ok {
		return nil
	}
	l := lineCompleter{ctx: ctx, inv: &inv, command: c, line: line, words: words[1:], cursor: word{start: len(line)}}
	if last := words[len(words)-1]; last.open || !endsInSpace(line) {
		l.cursor, l.words = last, words[1:len(words)-1]
	}
	found := l.complete()
	return found[:min(len(found), MaxChoices)]
}

// completeName offers the commands whose name begins with, or else contains, what
// was typed.
func (s *Set) completeName(inv Invocation, line string) []Choice {
	typed := strings.ToLower(strings.TrimLeft(strings.TrimSpace(line), "/"))
	typed, _, _ = strings.Cut(typed, "@")
	var first, second []Choice
	for _, c := range s.commands {
		choice := Choice{Label: c.Summary, Value: "/" + c.Name}
		switch {
		case c.Changes && inv.Local:
		case strings.HasPrefix(c.Name, typed):
			first = append(first, choice)
		case strings.Contains(c.Name, typed):
			second = append(second, choice)
		}
	}
	found := append(first, second...)
	return found[:min(len(found), MaxChoices)]
}

func endsInSpace(line string) bool {
	r, _ := utf8.DecodeLastRuneInString(line)
	return unicode.IsSpace(r)
}

// A lineCompleter completes the arguments of one line.
type lineCompleter struct {
	ctx     context.Context
	inv     *Invocation
	command Command
	line    string
	words   []word // before the cursor
	cursor  word   // the word being typed, empty after white space
	bound   *binder
}

func (l *lineCompleter) complete() []Choice {
	l.inv.Call.Args = nil
	for _, w := range l.words {
		l.inv.Call.Args = append(l.inv.Call.Args, w.arg)
	}
	l.bound = newBinder(l.ctx, l.inv, l.command)
	if i := l.command.option(strings.ToLower(l.cursor.arg.Option)); i >= 0 {
		return l.named(l.command.Options[i])
	}
	if found, only := l.continued(); len(found) > 0 || only {
		return found
	}
	return append(l.positional(), l.names()...)
}

// offer offers values of o, with everything else bound or at its default.
func (l *lineCompleter) offer(o Option, typed string) []Choice {
	inv := *l.inv
	inv.Values = maps.Clone(l.bound.values)
	delete(inv.Values, o.Name)
	for _, other := range l.command.Options {
		if inv.Values[other.Name] == "" && other.Default != nil && other.Name != o.Name {
			inv.Values[other.Name] = other.Default(l.ctx, &inv)
		}
	}
	return o.offer(l.ctx, &inv, typed)
}

// named offers values for option=… under the cursor.
func (l *lineCompleter) named(o Option) []Choice {
	var found []Choice
	for _, c := range l.offer(o, l.cursor.arg.Value) {
		c.Value = l.line[:l.cursor.start] + o.Name + "=" + quote(c.Value, false)
		found = append(found, c)
	}
	return found
}

// continued offers values of the option that took the last words and may take
// those under the cursor too. Only says that they can belong to no other.
func (l *lineCompleter) continued() (found []Choice, only bool) {
	if l.bound.last < 0 {
		return nil, false
	}
	o := l.command.Options[l.bound.last]
	if !o.Rest && o.Prefix == nil {
		return nil, false
	}
	var typed []string
	for _, w := range l.words[l.bound.lastArg:] {
		typed = append(typed, w.says())
	}
	typed = append(typed, l.cursor.says())
	return l.values(o, l.words[l.bound.lastArg].start, strings.Join(typed, " ")), o.Rest
}

// positional offers values of the option whose turn it is, or of the next where
// that one has a default and nothing to offer.
func (l *lineCompleter) positional() []Choice {
	for i := l.bound.open(l.bound.next); i >= 0; i = l.bound.open(i + 1) {
		o := l.command.Options[i]
		found := l.values(o, l.cursor.start, l.cursor.says())
		if len(found) > 0 || o.Default == nil || o.Default(l.ctx, l.inv) == "" {
			return found
		}
	}
	return nil
}

// values offers lines in which a value of o stands from start on.
func (l *lineCompleter) values(o Option, start int, typed string) []Choice {
	var found []Choice
	for _, c := range l.offer(o, typed) {
		c.Value = l.line[:start] + o.written(c.Value)
		found = append(found, c)
	}
	return found
}

// written returns a value of o as it is typed by position: options that take
// several words need no quotes around plain ones.
func (o Option) written(value string) string {
	if !o.Rest && o.Prefix == nil {
		return quote(value, true)
	}
	for w := range strings.SplitSeq(value, " ") {
		if quote(w, true) != w {
			return quote(value, true)
		}
	}
	return value
}

// names offers the options not given yet, by name.
func (l *lineCompleter) names() []Choice {
	typed := strings.ToLower(l.cursor.text)
	var found []Choice
	for _, o := range l.command.Options {
		if _, given := l.bound.values[o.Name]; !given && strings.HasPrefix(o.Name, typed) {
			found = append(found, Choice{Label: o.Summary, Value: l.line[:l.cursor.start] + o.Name + "="})
		}
	}
	return found
}

// says returns what the word says, whether it names an option or not.
func (w word) says() string {
	if w.arg.Option != "" {
		return w.arg.Option + "=" + w.arg.Value
	}
	return w.arg.Value
}
