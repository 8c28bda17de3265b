package digest

import (
	"context"
	"fmt"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A Suspension is a conversation to which nothing can be sent.
type Suspension struct {
	Where  chat.Conversation
	Reason string
	Since  time.Time
	// Probed is when somebody last looked whether it is over; Since, if nobody did.
	Probed time.Time
	// Told says that those who manage the conversation were told of it.
	Told bool
}

const (
	sqlSuspensions = `SELECT conversation, suspended, suspended_at, probed_at, told_at FROM conversations WHERE suspended <> '' AND probed_at <= $1
		ORDER BY probed_at, conversation LIMIT $2`
	sqlSuspension     = `SELECT conversation, suspended, suspended_at, probed_at, told_at FROM conversations WHERE suspended <> '' AND conversation = $1`
	sqlProbed         = `UPDATE conversations SET probed_at = $1 WHERE conversation = $2 AND suspended <> ''`
	sqlTellSuspension = `UPDATE conversations SET told_at = $1 WHERE conversation = $2 AND suspended <> '' AND told_at = 0`
)

func scanSuspension(scan func(...any) error) (s Suspension, err error) {
	var where string
	var since, probed, told int64
	if err := scan(&where, &s.Reason, &since, &probed, &told); err != nil {
		return s, err
	}
	s.Since, s.Probed, s.Told = moment(since), moment(probed), told > 0
	s.Where, err = chat.ParseConversation(where)
	return s, err
}

// Suspensions returns at most limit suspended conversations that were last probed at
// a moment or before, those that wait longest first.
func (l *Ledger) Suspensions(ctx context.Context, probed time.Time, limit int) ([]Suspension, error) {
	all, err := collect(ctx, l.read, scanSuspension, sqlSuspensions, millis(probed), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("reading what is suspended: %w", l.explain(err))
	}
	return all, nil
}

// Suspension returns the suspension of a conversation; false if it is not suspended.
func (l *Ledger) Suspension(ctx context.Context, where chat.Conversation) (s Suspension, ok bool, err error) {
	where, err = current(ctx, l.read, where)
	var found []Suspension
	if err == nil {
		found, err = collect(ctx, l.read, scanSuspension, sqlSuspension, where.String())
	}
	if err != nil {
		return s, false, fmt.Errorf("reading a suspension: %w", l.explain(err))
	}
	if len(found) == 0 {
		return s, false, nil
	}
	return found[0], true, nil
}

// TellSuspension notes that those who manage a suspended conversation are told of it.
// First says that they were not told of it before.
func (l *Ledger) TellSuspension(ctx context.Context, where chat.Conversation) (first bool, err error) {
	err = l.update(ctx, "tell suspension", func(tx *transaction) error {
		res, err := tx.ExecContext(ctx, sqlTellSuspension, millis(l.now()), where.String())
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		first = n > 0
		return err
	})
	return first, err
}

// Probed notes that somebody looks now whether a suspension is over.
func (l *Ledger) Probed(ctx context.Context, where chat.Conversation) error {
	return l.update(ctx, "probe", func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, sqlProbed, millis(l.now()), where.String())
		return err
	})
}
