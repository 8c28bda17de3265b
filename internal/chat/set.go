package chat

import (
	"context"
)

// A Set is the validated list of commands. It alone reads a typed line, binds
// arguments, checks access and turns an error into a reply; whatever else shows
// commands is a projection of it. It is safe for use by many at once.
type Set struct {
	commands []Command
	byName   map[string]int
	rules    Rules
}

// Rules are what a [Set] must be told about the bot. The zero value has no
// operators but trusted invocations, keeps no calls and explains errors plainly.
type Rules struct {
	// Operator reports whether the asker may do everything. A Trusted invocation
	// need not be asked about. Nil: nobody.
	Operator func(*Invocation) bool
	// Explain returns what the asker is told of an error: one of this package, one
	// that the command returned, or a [Panic]. It is called once for each, so it
	// is also where an internal error is logged. Nil: a plain default.
	Explain func(ctx context.Context, inv *Invocation, err error) Card
	// Recall returns the call kept under a name that begins with a tilde, or
	// [ErrNoCall]. Nil: none is kept.
	Recall func(ctx context.Context, name string) (string, error)
}

// Commands returns all commands in the order given to [NewSet].
func (s *Set) Commands() []Command { return s.commands }

// Lookup returns the command of this name.
func (s *Set) Lookup(name string) (Command, bool) {
	i, ok := s.byName[name]
	if !ok {
		return Command{}, false
	}
	return s.commands[i], true
}
