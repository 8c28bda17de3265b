package chat

import "context"

// ParseCall reads a call in its typed form, with or without the leading slash.
func ParseCall(line string) (Call, error) { return Call{}, &UnknownCommand{} }

// NewSet returns the set of these commands.
func NewSet(commands []Command, rules Rules) (*Set, error) {
	return &Set{commands: commands, rules: rules}, nil
}

// Run answers one invocation. It always answers: errors become cards.
func (s *Set) Run(ctx context.Context, inv Invocation) Reply { return Reply{} }

// Complete offers values for an option; inv.Call holds what is given so far.
func (s *Set) Complete(ctx context.Context, inv Invocation, option, typed string) []Choice {
	return nil
}

// CompleteLine offers whole lines that continue the one being typed.
func (s *Set) CompleteLine(ctx context.Context, inv Invocation, line string) []Choice { return nil }

// Usage returns how the command is typed.
func (c Command) Usage() string { return "/" + c.Name }

// Fit returns c cut so that fits reports true, and how many items were left out.
func Fit(c Card, fits func(Card) bool) (fitted Card, dropped int) { return c, 0 }

// Plain returns the card as plain text, without markup.
func (c Card) Plain() string { return c.Title }

// Tidy returns t as valid UTF-8 without white space at either end, without empty
// spans, and with equal neighbours joined.
func (t Text) Tidy() Text { return t }

// Slice returns the part of t between two byte offsets of [Text.String].
func (t Text) Slice(from, to int) Text { return t }

// Cut splits t where its head is as long as fits allows, at the end of a
// paragraph, line, sentence or word where one is near, otherwise between two
// graphemes, and inside a grapheme only where not even one fits. Only white space
// at the cut is lost. The rest is nil if all of t fits, and all of t if nothing
// does.
func (t Text) Cut(fits func(Text) bool) (head, rest Text) { return t, nil }

// Pieces splits t by [Text.Cut] into pieces that all fit.
func (t Text) Pieces(fits func(Text) bool) []Text { return []Text{t} }
