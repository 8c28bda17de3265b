package digest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

const (
	sqlKeepCall = `INSERT INTO calls (name, call, at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`
	sqlCall     = `SELECT call FROM calls WHERE name = $1`
)

// KeepCalls keeps calls under the names that [chat.Ticket] gives them.
func (l *Ledger) KeepCalls(ctx context.Context, calls ...string) error {
	unknown := make(map[string]string)
	for _, call := range calls {
		name := "~" + chat.Ticket(call)
		if _, err := l.Call(ctx, name); errors.Is(err, chat.ErrNoCall) {
			unknown[name] = call
		} else if err != nil {
			return err
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return l.update(ctx, "keep calls", func(tx *transaction) error {
		for name, call := range unknown {
			if _, err := tx.ExecContext(ctx, sqlKeepCall, name, call, millis(l.now())); err != nil {
				return err
			}
		}
		return nil
	})
}

// Call returns the call kept under a name, “~” and its ticket; chat.ErrNoCall if
// there is none.
func (l *Ledger) Call(ctx context.Context, name string) (string, error) {
	var call string
	err := l.read.QueryRowContext(ctx, sqlCall, name).Scan(&call)
	if errors.Is(err, sql.ErrNoRows) {
		return "", chat.ErrNoCall
	}
	if err != nil {
		return "", fmt.Errorf("reading a kept call: %w", l.explain(err))
	}
	return call, nil
}

// Events are remembered for remembered, which is longer than any service repeats
// one, and forgotten a few at a time as new ones come.
const (
	remembered = 7 * 24 * time.Hour
	sqlSee     = `INSERT INTO events (platform, event, at) VALUES ($1, $2, $3) ON CONFLICT (platform, event) DO NOTHING`
	sqlForget  = `DELETE FROM events WHERE (platform, event) IN (SELECT platform, event FROM events WHERE at < $1 ORDER BY at LIMIT 8)`
)

// Seen says whether a platform's event was handled before, and remembers it, for
// a week at least.
func (l *Ledger) Seen(ctx context.Context, platform, event string) (seen bool, err error) {
	err = l.update(ctx, "see", func(tx *transaction) error {
		now := l.now()
		res, err := tx.ExecContext(ctx, sqlSee, platform, event, millis(now))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if seen = n == 0; err != nil || seen {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlForget, millis(now.Add(-remembered)))
		return err
	})
	return seen, err
}

const (
	sqlOffset    = `SELECT place FROM offsets WHERE platform = $1`
	sqlSetOffset = `INSERT INTO offsets (platform, place) VALUES ($1, $2) ON CONFLICT (platform) DO UPDATE SET place = excluded.place`
)

// Offset returns a poller's place, the empty string if none was set.
func (l *Ledger) Offset(ctx context.Context, platform string) (string, error) {
	var place string
	err := l.read.QueryRowContext(ctx, sqlOffset, platform).Scan(&place)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading the offset of %s: %w", platform, l.explain(err))
	}
	return place, nil
}

// SetOffset keeps a poller's place.
func (l *Ledger) SetOffset(ctx context.Context, platform, offset string) error {
	return l.update(ctx, "set offset", func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, sqlSetOffset, platform, offset)
		return err
	})
}
