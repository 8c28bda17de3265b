package digest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A StateError says why an entry cannot be retried or skipped. Its text is for
// operators.
type StateError struct {
	ID    int64
	State string // of the entry
	Why   string
}

// Error says which entry, and why not.
func (e *StateError) Error() string { return fmt.Sprintf("entry %d: %s", e.ID, e.Why) }

// Retry has an entry sent again under its key, so that a platform which knows the
// key posts it once: what is unconfirmed, refused, skipped or moot from the
// beginning, with its card as it is now, and what is waiting at once, with what waits
// before it in its conversation. The error is ErrNoEntry, or a *StateError if it is
// in another state, its conversation is suspended, or quiet hours hold it.
func (l *Ledger) Retry(ctx context.Context, id int64) error {
	err := l.update(ctx, "retry", func(tx *transaction) error {
		e, err := readEntry(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := e.retriable(l.now()); err != nil {
			return err
		}
		now := millis(l.now())
		if e.state != waiting {
			_, err := tx.ExecContext(ctx, sqlRetry, now, id)
			return err
		}
		if _, err := tx.ExecContext(ctx, sqlHasten, now, id, now); err != nil || !e.posts {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlHastenBefore, now, e.where, id, now)
		return err
	})
	if err == nil {
		l.stir()
	}
	return err
}

// A browsed is what retrying and skipping ask of an entry.
type browsed struct {
	id               int64
	state, where     string
	suspended        string
	posts            bool
	posted           bool // its target was
	urgent           bool
	quiet, zone      string
	doubts, newerToo int
}

const (
	sqlBrowsed = `SELECT v.state, v.conversation, COALESCE(n.suspended, ''), v.verb IN ('post', 'reply'), COALESCE(t.message, '') <> '',
		COALESCE(g.urgent, FALSE), COALESCE(s.quiet, ''), COALESCE(s.timezone, ''), v.doubts,
		(SELECT COUNT(*) FROM deliveries o WHERE o.target = v.target AND o.target > 0 AND o.id > v.id AND o.verb IN ('edit', 'pin', 'unpin')
			AND (o.verb = 'edit') = (v.verb = 'edit'))
		FROM deliveries v LEFT JOIN deliveries t ON t.id = v.target LEFT JOIN digests g ON g.id = v.digest LEFT JOIN subscriptions s ON s.id = g.subscription
		LEFT JOIN conversations n ON n.conversation = v.conversation WHERE v.id = $1`
	sqlRetry = `UPDATE deliveries SET state = 'waiting', plain = FALSE, due_at = $1, job = 0, attempts = 0, doubts = 0, settled_at = 0, trouble = ''
		WHERE id = $2 AND state IN ('unconfirmed', 'refused', 'skipped', 'moot')`
	sqlHasten       = `UPDATE deliveries SET due_at = $1 WHERE id = $2 AND state = 'waiting' AND job = 0 AND due_at > $3`
	sqlHastenBefore = `UPDATE deliveries SET due_at = $1 WHERE conversation = $2 AND id < $3 AND verb IN ('post', 'reply')
		AND settled_at = 0 AND state = 'waiting' AND job = 0 AND due_at > $4`
	sqlSkip      = `UPDATE deliveries SET state = 'skipped', settled_at = $1, trouble = $2 WHERE id = $3 AND state = 'waiting'`
	sqlSkipAbout = `UPDATE deliveries SET state = 'skipped', settled_at = $1, trouble = $2 WHERE target = $3 AND target > 0 AND verb <> 'reply' AND state = 'waiting'`
)

func readEntry(ctx context.Context, tx *transaction, id int64) (e browsed, err error) {
	e.id = id
	err = tx.QueryRowContext(ctx, sqlBrowsed, id).Scan(&e.state, &e.where, &e.suspended, &e.posts, &e.posted, &e.urgent, &e.quiet, &e.zone, &e.doubts, &e.newerToo)
	if errors.Is(err, sql.ErrNoRows) {
		return e, ErrNoEntry
	}
	return e, err
}

// retriable says why an entry cannot be retried at now; nil if it can.
func (e browsed) retriable(now time.Time) error {
	why := ""
	switch e.state {
	case sending:
		why = "it is being sent right now"
	case sent:
		why = "it was sent"
	case withheld:
		why = "what it tells may not be seen there any more"
	}
	if why == "" && e.suspended != "" {
		why = "nothing can be sent to " + e.where + " until the bot is let back in: " + e.suspended
	}
	if why == "" && !e.posts && e.newerToo > 0 {
		why = "a later entry does the same with that message"
	}
	if why == "" && !e.posts && e.state != waiting && !e.posted {
		why = "the message that it is about was not posted"
	}
	if why == "" && e.state == waiting {
		end, err := e.held(now)
		if err != nil {
			return err
		}
		if !end.IsZero() {
			why = "quiet hours hold it until " + end.Format("15:04 MST")
		}
	}
	if why == "" {
		return nil
	}
	return &StateError{ID: e.id, State: e.state, Why: why}
}

func (e browsed) held(now time.Time) (time.Time, error) {
	quiet, err := ParseQuiet(e.quiet)
	v := delivery{state: e.state, urgent: e.urgent, doubts: e.doubts, quiet: quiet, timezone: e.zone}
	if err != nil || !e.posts {
		return time.Time{}, err
	}
	return v.held(now), nil
}

// Skip settles an entry that is waiting without sending it, and what waits for its
// message with it. By says who wants that; it is kept. The error is ErrNoEntry, or a
// *StateError for an entry in another state.
func (l *Ledger) Skip(ctx context.Context, id int64, by string) error {
	err := l.update(ctx, "skip", func(tx *transaction) error {
		e, err := readEntry(ctx, tx, id)
		if err != nil {
			return err
		}
		if e.state != waiting {
			why := "it is " + e.state + ", and only what is waiting can be skipped"
			return &StateError{ID: id, State: e.state, Why: why}
		}
		for _, skip := range []string{sqlSkip, sqlSkipAbout} {
			if _, err := tx.ExecContext(ctx, skip, millis(l.now()), "skipped by "+by, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		l.stir() // what waited for it is next
	}
	return err
}
