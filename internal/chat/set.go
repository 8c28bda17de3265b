package chat

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/briefbot/briefbot/internal/spelling"
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
	// Admit returns why the asker may not use the bot at all, nil where she may. It is
	// asked before anything else: who is shut out learns nothing. Nil: all may.
	Admit func(*Invocation) error
	// Explain returns what the asker is told of an error: one of this package, one
	// that the command returned, or a [Panic]. It is called once for each, so it
	// is also where an internal error is logged. Nil: a plain default.
	Explain func(ctx context.Context, inv *Invocation, err error) Card
	// Recall returns the call kept under a name that begins with a tilde, or
	// [ErrNoCall]. Nil: none is kept.
	Recall func(ctx context.Context, name string) (string, error)
}

// NewSet returns the set of these commands, in this order. The error names
// everything that a service would refuse: names, lengths, numbers, duplicates.
func NewSet(commands []Command, rules Rules) (*Set, error) {
	if err := validate(commands); err != nil {
		return nil, fmt.Errorf("checking the commands: %w", err)
	}
	s := &Set{commands: slices.Clone(commands), byName: make(map[string]int, len(commands)), rules: rules}
	for i, c := range commands {
		s.byName[c.Name] = i
	}
	return s, nil
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

// Run answers one invocation: it asks whether the asker is admitted, reads or recalls
// the call, binds its arguments, checks access and runs the command, in this order. It always answers: an error,
// and a panic, become the card that [Rules] explain them with.
//
// The reply's Call is the bound call, unless the command set it, left it out
// ([Reply.Unshared]) or changes something. A reply with a form has it in any case.
//
// What was filled in reaches no command that did not ask for it: where inv.Filled is
// given, the command is first run without, and only where it returns a form, and
// that can be sent so, a second time with the texts of all its fields. Otherwise the
// answer is what the command answers without them. Where something is wrong with them,
// or goes wrong then, the answer says so and has what was written, and the same form
// to be filled in again.
func (s *Set) Run(ctx context.Context, inv Invocation) Reply {
	reply, err := s.run(ctx, &inv)
	if err != nil {
		return Reply{Card: s.explain(ctx, &inv, err)}
	}
	return reply
}

func (s *Set) run(ctx context.Context, inv *Invocation) (reply Reply, err error) {
	defer func() {
		if r := recover(); r != nil {
			reply, err = Reply{}, &Panic{Command: inv.Call.Name, Value: r, Stack: debug.Stack()}
		}
	}()
	if inv.Manages != nil {
		ask := inv.Manages
		inv.Manages = onceOnly(ask)
	}
	if s.rules.Admit != nil {
		if err := s.rules.Admit(inv); err != nil {
			return Reply{}, err
		}
	}
	c, err := s.find(ctx, inv)
	if err != nil {
		return Reply{}, err
	}
	if err := bind(ctx, inv, c); err != nil {
		return Reply{}, err
	}
	if err := s.admit(ctx, inv, c); err != nil {
		return Reply{}, err
	}
	if inv.Filled != nil {
		return s.runFilled(ctx, inv, c)
	}
	return s.runCommand(ctx, inv, c)
}

// runCommand runs c for a bound invocation and completes its reply.
func (s *Set) runCommand(ctx context.Context, inv *Invocation, c Command) (Reply, error) {
	reply, err := c.Run(ctx, inv)
	if err != nil {
		return Reply{}, err
	}
	if reply.Form != nil && inv.Local {
		return Reply{}, ErrNoForm
	}
	if reply.Form != nil {
		if err := reply.Form.Validate(); err != nil {
			return Reply{}, fmt.Errorf("checking the form of /%s: %w", c.Name, err)
		}
	}
	if reply.Call == "" && (reply.Form != nil || !reply.Unshared && !c.Changes) {
		reply.Call = inv.Call.String()
	}
	return reply, nil
}

// runFilled runs c with what was filled in, if it asks for that.
func (s *Set) runFilled(ctx context.Context, inv *Invocation, c Command) (Reply, error) {
	asking := *inv
	asking.Filled = nil
	reply, err := s.runCommand(ctx, &asking, c)
	if err != nil || reply.Form == nil {
		return reply, err
	}
	filled, err := reply.Form.fill(inv.Filled)
	if err == nil {
		sending := *inv
		sending.Filled = filled
		var answer Reply
		if answer, err = s.runCommand(ctx, &sending, c); err == nil {
			return answer, nil
		}
	}
	reply.Card = s.explain(ctx, inv, err)
	reply.Card.Items = append(reply.Card.Items, reply.Form.written(filled)...)
	reply.Form = reply.Form.with(filled)
	return reply, nil
}

// onceOnly asks once and remembers the answer.
func onceOnly(ask func(context.Context) (bool, error)) func(context.Context) (bool, error) {
	var once sync.Once
	var yes bool
	var err error
	return func(ctx context.Context) (bool, error) {
		once.Do(func() { yes, err = ask(ctx) })
		return yes, err
	}
}

// find returns the command that inv calls, filling in inv.Call where only a line
// was given.
func (s *Set) find(ctx context.Context, inv *Invocation) (Command, error) {
	if inv.Call.Name == "" {
		line, err := s.recall(ctx, strings.TrimSpace(inv.Line))
		if err != nil {
			return Command{}, err
		}
		if inv.Call, err = ParseCall(line); err != nil {
			return Command{}, err
		}
	}
	c, ok := s.Lookup(inv.Call.Name)
	if !ok {
		return Command{}, &UnknownCommand{Name: inv.Call.Name, Nearest: s.nearest(inv.Call.Name)}
	}
	return c, nil
}

// recall returns line, or the call that is kept under it if it is a short name.
func (s *Set) recall(ctx context.Context, line string) (string, error) {
	if !strings.HasPrefix(line, "~") {
		return line, nil
	}
	if s.rules.Recall == nil || !isTicket(line[1:]) {
		return "", ErrNoCall
	}
	kept, err := s.rules.Recall(ctx, line)
	if err != nil {
		return "", fmt.Errorf("recalling the call %s: %w", line, err)
	}
	return kept, nil
}

// admit says whether the asker may run c here.
func (s *Set) admit(ctx context.Context, inv *Invocation, c Command) error {
	if err := s.checkAccess(ctx, inv, c.Access); err != nil {
		return err
	}
	if c.Changes && inv.Local {
		return ErrLocal
	}
	return nil
}

func (s *Set) checkAccess(ctx context.Context, inv *Invocation, access Access) error {
	switch {
	case access == Anyone, inv.Trusted, s.rules.Operator != nil && s.rules.Operator(inv):
		return nil
	case access == Operator:
		return ErrNotOperator
	case inv.Direct:
		return nil
	case inv.Manages == nil:
		return ErrNotManager
	}
	manages, err := inv.Manages(ctx)
	if err != nil {
		return fmt.Errorf("asking whether the asker manages %v: %w", inv.Where, err)
	}
	if !manages {
		return ErrNotManager
	}
	return nil
}

// explain returns the card for an error, whatever happens on the way.
func (s *Set) explain(ctx context.Context, inv *Invocation, err error) (card Card) {
	defer func() {
		if recover() != nil {
			card = explainPlainly(err)
		}
	}()
	if s.rules.Explain == nil {
		return explainPlainly(err)
	}
	return s.rules.Explain(ctx, inv, err)
}

// nearest returns the names of at most three commands like name.
func (s *Set) nearest(name string) []string {
	type near struct {
		name     string
		distance int
	}
	var found []near
	for _, c := range s.commands {
		limit := 1 + len(c.Name)/4
		d := spelling.Distance([]rune(name), []rune(c.Name), limit)
		if d <= limit || len(name) > 1 && strings.HasPrefix(c.Name, name) {
			found = append(found, near{c.Name, d})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, n := range found[:min(3, len(found))] {
		names = append(names, n.name)
	}
	return names
}
