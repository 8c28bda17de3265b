package digest

import (
	"context"
	"fmt"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

const sqlReadable = `SELECT COUNT(*) FROM (SELECT 1 FROM settings LIMIT 1) found`

// Readable returns why the store cannot be read, nil if it can. It takes as long with
// millions of deliveries as with none, so that strangers may have it asked.
func (l *Ledger) Readable(ctx context.Context) error {
	var n int
	if err := l.read.QueryRowContext(ctx, sqlReadable).Scan(&n); err != nil {
		return fmt.Errorf("reading the store: %w", l.explain(err))
	}
	return nil
}

// Status is what the ledger can say of a conversation, or of all.
type Status struct {
	Subscriptions int
	Suspended     int   // conversations
	Changes       int64 // recorded since the first record
	// Waiting and Sending are messages owed; Oldest is when the first of them was
	// planned.
	Waiting, Sending int
	Oldest           time.Time
	// Amending is how often something is owed to be done with a message that was
	// posted.
	Amending int
	// Sent, Unconfirmed, Refused, Withheld and Skipped are messages settled.
	Sent, Unconfirmed, Refused, Withheld, Skipped int
	LastSent                                      time.Time
	// Next is when the next scheduled digest is due.
	Next time.Time
}

// An empty conversation stands for all of them.
const (
	sqlStatusOrders = `SELECT COUNT(*), COALESCE(MIN(CASE WHEN next_at > 0 THEN next_at END), 0) FROM subscriptions
		WHERE conversation = $1 OR $2 = ''`
	sqlStatusSuspended = `SELECT COUNT(*) FROM conversations WHERE suspended <> '' AND (conversation = $1 OR $2 = '')`
	sqlStatusAll       = `SELECT verb, state, COUNT(*), MIN(planned_at), MAX(settled_at) FROM deliveries GROUP BY verb, state`
	sqlStatusOf        = `SELECT verb, state, COUNT(*), MIN(planned_at), MAX(settled_at) FROM deliveries WHERE conversation = $1 GROUP BY verb, state`
)

// Status returns the state of a conversation; of everything for the zero one.
func (l *Ledger) Status(ctx context.Context, where chat.Conversation) (s Status, err error) {
	name := ""
	if where != (chat.Conversation{}) {
		name = where.String()
	}
	if err := l.status(ctx, name, &s); err != nil {
		return Status{}, fmt.Errorf("reading the status: %w", l.explain(err))
	}
	return s, nil
}

func (l *Ledger) status(ctx context.Context, name string, s *Status) (err error) {
	var nextAt int64
	if err := l.read.QueryRowContext(ctx, sqlStatusOrders, name, name).Scan(&s.Subscriptions, &nextAt); err != nil {
		return err
	}
	s.Next = moment(nextAt)
	if err := l.read.QueryRowContext(ctx, sqlStatusSuspended, name, name).Scan(&s.Suspended); err != nil {
		return err
	}
	if s.Changes, err = head(ctx, l.read); err != nil {
		return err
	}
	query, args := sqlStatusAll, []any(nil)
	if name != "" {
		query, args = sqlStatusOf, []any{name}
	}
	_, err = collect(ctx, l.read, func(scan func(...any) error) (none struct{}, err error) {
		var v delivery
		var count int
		var planned, settled int64
		err = scan(&v.verb, &v.state, &count, &planned, &settled)
		s.count(&v, count, moment(planned), moment(settled))
		return none, err
	}, query, args...)
	return err
}

// count adds n deliveries of v's verb that are in v's state.
func (s *Status) count(v *delivery, n int, planned, settled time.Time) {
	owed := v.state == waiting || v.state == sending
	if !v.posts() {
		if owed {
			s.Amending += n
		}
		return
	}
	if owed {
		s.Oldest = earliest(s.Oldest, planned)
	}
	switch v.state {
	case waiting:
		s.Waiting += n
	case sending:
		s.Sending += n
	case sent:
		s.Sent += n
		s.LastSent = maxTime(s.LastSent, settled)
	case unconfirmed:
		s.Unconfirmed += n
	case refused:
		s.Refused += n
	case withheld:
		s.Withheld += n
	case skipped:
		s.Skipped += n
	}
}
