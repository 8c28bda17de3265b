package main

import (
	"context"
	"errors"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
	"github.com/briefbot/briefbot/internal/web"
)

// A ledgerView is the ledger as the web preview's operators see it.
type ledgerView struct {
	ledger    *digest.Ledger
	platforms []chat.Platform // that know where their messages are
}

// Deliveries returns what a search finds.
func (d ledgerView) Deliveries(ctx context.Context, s web.Search) ([]web.Delivery, error) {
	search := digest.Search{Platform: s.Platform, Story: s.Story, Where: s.Where, Words: s.Words, Before: s.Before, Limit: s.Limit}
	if s.State != "" {
		search.States = []string{s.State}
	}
	if s.Verb != "" {
		search.Verbs = []string{s.Verb}
	}
	entries, err := d.ledger.Entries(ctx, search)
	return deliveries(entries), err
}

// Tally counts the deliveries of a platform by state.
func (d ledgerView) Tally(ctx context.Context, platform string) (map[string]int, error) {
	counts, err := d.ledger.Counts(ctx)
	tally := make(map[string]int)
	for _, c := range counts {
		if platform == "" || c.Platform == platform {
			tally[c.State] += c.Count
		}
	}
	return tally, err
}

// Delivery returns all that is known of one.
func (d ledgerView) Delivery(ctx context.Context, id int64) (web.Account, error) {
	a, err := d.ledger.Entry(ctx, id)
	if err != nil {
		return web.Account{}, refusal(err)
	}
	return web.Account{
		Delivery: delivery(a.Entry), Card: a.Card, URL: d.url(ctx, a.Entry), Changes: changes(a.Changes), About: deliveries(a.About),
	}, nil
}

// Retry has a delivery sent again.
func (d ledgerView) Retry(ctx context.Context, id int64) error {
	return refusal(d.ledger.Retry(ctx, id))
}

// Skip has a delivery not sent.
func (d ledgerView) Skip(ctx context.Context, id int64) error {
	return refusal(d.ledger.Skip(ctx, id, "an operator in the web preview"))
}

// url returns the address of a delivery's message, where its platform knows one.
func (d ledgerView) url(ctx context.Context, e digest.Entry) string {
	where := e.Where
	if e.Place.ID != "" {
		where = e.Place
	}
	for _, p := range d.platforms {
		if linker, ok := p.(chat.Linker); ok && p.Name() == where.Platform && e.Message != "" {
			return linker.MessageURL(ctx, where, e.Message)
		}
	}
	return ""
}

// refusal returns an error of the ledger as the pages know it.
func refusal(err error) error {
	var state *digest.StateError
	switch {
	case errors.Is(err, digest.ErrNoEntry):
		return web.ErrNoDelivery
	case errors.As(err, &state):
		return &web.Refusal{Why: state.Why}
	}
	return err
}

func deliveries(entries []digest.Entry) []web.Delivery {
	list := make([]web.Delivery, 0, len(entries))
	for _, e := range entries {
		list = append(list, delivery(e))
	}
	return list
}

func delivery(e digest.Entry) web.Delivery {
	return web.Delivery{
		ID: e.ID, Verb: e.Verb, Target: e.Target, State: e.State, Where: e.Where, Place: e.Place, Stories: e.Stories, Title: e.Title,
		Planned: e.Planned, Due: e.Due, Sent: e.Sent, Settled: e.Settled, Suspended: e.Suspended,
		Attempts: e.Attempts, Doubts: e.Doubts, Message: string(e.Message), Trouble: e.Trouble, Plain: e.Plain,
	}
}

func changes(recorded []digest.Recorded) []web.Change {
	list := make([]web.Change, 0, len(recorded))
	for _, r := range recorded {
		list = append(list, web.Change{Change: r.Change, Commit: r.Commit})
	}
	return list
}
