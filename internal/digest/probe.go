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
}

const (
	sqlSuspensions = `SELECT conversation, suspended, suspended_at, probed_at FROM conversations WHERE suspended <> '' AND probed_at <= $1
		ORDER BY probed_at, conversation LIMIT $2`
	sqlProbed = `UPDATE conversations SET probed_at = $1 WHERE conversation = $2 AND suspended <> ''`
)

// Suspensions returns at most limit suspended conversations that were last probed at
// a moment or before, those that wait longest first.
func (l *Ledger) Suspensions(ctx context.Context, probed time.Time, limit int) ([]Suspension, error) {
	all, err := collect(ctx, l.read, func(scan func(...any) error) (s Suspension, err error) {
		var where string
		var since, probed int64
		if err := scan(&where, &s.Reason, &since, &probed); err != nil {
			return s, err
		}
		s.Since, s.Probed = moment(since), moment(probed)
		s.Where, err = chat.ParseConversation(where)
		return s, err
	}, sqlSuspensions, millis(probed), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("reading what is suspended: %w", l.explain(err))
	}
	return all, nil
}

// Probed notes that somebody looks now whether a suspension is over.
func (l *Ledger) Probed(ctx context.Context, where chat.Conversation) error {
	return l.update(ctx, "probe", func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, sqlProbed, millis(l.now()), where.String())
		return err
	})
}
