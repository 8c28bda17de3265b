package main

import (
	"context"
	"errors"

	"github.com/briefbot/briefbot/internal/digest"
	"github.com/briefbot/briefbot/internal/web"
)

// webOperator is who settles a suggestion on the web pages, which know operators but
// not their names.
const webOperator = "an operator on the web"

// An inbox is what readers suggested, as the web pages' operators see it.
type inbox struct {
	ledger *digest.Ledger
	settle func(ctx context.Context, id int64, state string) error
}

// Suggestions returns what a search finds.
func (i inbox) Suggestions(ctx context.Context, s web.SuggestionSearch) ([]web.Suggestion, error) {
	found, err := i.ledger.Suggestions(ctx, digest.SuggestionSearch{State: s.State, Story: s.Story, Words: s.Words, Before: s.Before, Limit: s.Limit})
	list := make([]web.Suggestion, 0, len(found))
	for _, s := range found {
		list = append(list, suggestion(s))
	}
	return list, err
}

// SuggestionCounts counts suggestions by state.
func (i inbox) SuggestionCounts(ctx context.Context) (map[string]int, error) {
	return i.ledger.SuggestionCounts(ctx)
}

// Suggestion returns one with its patch.
func (i inbox) Suggestion(ctx context.Context, id int64) (web.Suggestion, error) {
	s, err := i.ledger.Suggestion(ctx, id)
	if err != nil {
		return web.Suggestion{}, unsuggested(err)
	}
	return suggestion(s), nil
}

// SettleSuggestion puts one in another state.
func (i inbox) SettleSuggestion(ctx context.Context, id int64, state string) error {
	return unsuggested(i.settle(ctx, id, state))
}

// unsuggested returns an error of the ledger as the pages know it.
func unsuggested(err error) error {
	if errors.Is(err, digest.ErrNoSuggestion) {
		return web.ErrNoSuggestion
	}
	return err
}

func suggestion(s digest.Suggestion) web.Suggestion {
	w := web.Suggestion{
		ID: s.ID, At: s.At, Asker: s.Asker, Where: s.Where, Story: s.Story, Item: s.Item, Title: s.Title, Reason: s.Reason,
		Path: s.Path, Line: s.Line, Patched: s.Patched, Unpatched: s.Unpatched, Patch: s.Patch, State: s.State, Settled: s.Settled, By: s.By,
	}
	for _, f := range s.Fields {
		w.Fields = append(w.Fields, web.SuggestedField(f))
	}
	return w
}
