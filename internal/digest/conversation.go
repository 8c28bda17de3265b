package digest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// never is when a delivery is due whose conversation is suspended.
const never = math.MaxInt64

const sqlBecame = `SELECT became FROM moves WHERE conversation = $1`

// current returns what a conversation became, itself if it never moved.
func current(ctx context.Context, q queryer, where chat.Conversation) (chat.Conversation, error) {
	for range 16 { // a ring of moves ends too
		var became string
		err := q.QueryRowContext(ctx, sqlBecame, where.String()).Scan(&became)
		if errors.Is(err, sql.ErrNoRows) {
			return where, nil
		}
		if err != nil {
			return where, err
		}
		if where, err = chat.ParseConversation(became); err != nil {
			return where, err
		}
	}
	return where, nil
}

// Move gives everything of a conversation to the one that it became. Doing it
// again changes nothing.
func (l *Ledger) Move(ctx context.Context, from, to chat.Conversation) error {
	err := l.update(ctx, "move", func(tx *transaction) error { return l.move(ctx, tx, from, to) })
	if err == nil {
		l.stir()
	}
	return err
}

const (
	sqlMoved     = `INSERT INTO moves (conversation, became) VALUES ($1, $2) ON CONFLICT (conversation) DO UPDATE SET became = excluded.became`
	sqlUnmoved   = `DELETE FROM moves WHERE conversation = $1`
	sqlMoveOrder = `UPDATE subscriptions SET conversation = $1 WHERE id = $2`
	sqlMoveOwed  = `UPDATE deliveries SET conversation = $1, platform = $2, job = 0, due_at = CASE WHEN due_at = $3 THEN $4 ELSE due_at END
		WHERE conversation = $5 AND settled_at = 0`
	sqlMoveDigests      = `UPDATE digests SET conversation = $1 WHERE conversation = $2`
	sqlMoveConversation = `INSERT INTO conversations (conversation, suspended, default_story, default_by)
		SELECT $1, '', default_story, default_by FROM conversations WHERE conversation = $2
		ON CONFLICT (conversation) DO UPDATE SET
		default_by = CASE WHEN conversations.default_story = '' THEN excluded.default_by ELSE conversations.default_by END,
		default_story = CASE WHEN conversations.default_story = '' THEN excluded.default_story ELSE conversations.default_story END`
	sqlForgetConversation = `DELETE FROM conversations WHERE conversation = $1`
)

func (l *Ledger) move(ctx context.Context, tx *transaction, from, to chat.Conversation) error {
	if from == to {
		return nil
	}
	if _, err := tx.ExecContext(ctx, sqlUnmoved, to.String()); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, sqlMoved, from.String(), to.String()); err != nil {
		return err
	}
	if err := l.moveOrders(ctx, tx, from, to); err != nil {
		return err
	}
	now := millis(l.now())
	if _, err := tx.ExecContext(ctx, sqlMoveOwed, to.String(), to.Platform, int64(never), now, from.String()); err != nil {
		return err
	}
	// What was told there was told to the same people.
	if _, err := tx.ExecContext(ctx, sqlMoveDigests, to.String(), from.String()); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, sqlMoveConversation, to.String(), from.String()); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, sqlForgetThreads, from.String()); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, sqlForgetConversation, from.String()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, sqlClearAlarm, goneKey(from))
	return err
}

// moveOrders moves a conversation's orders; where the new one has an order for
// the same stories, that stays, and nothing of the old one's is told again.
func (l *Ledger) moveOrders(ctx context.Context, tx *transaction, from, to chat.Conversation) error {
	moving, err := collect(ctx, tx, scanSubscription, sqlSubscriptionsOf, from.String())
	if err != nil {
		return err
	}
	there, err := collect(ctx, tx, scanSubscription, sqlSubscriptionsOf, to.String())
	if err != nil {
		return err
	}
	for _, s := range moving {
		taken := false
		for _, o := range there {
			taken = taken || o.Configured == s.Configured && fmt.Sprint(o.Stories) == fmt.Sprint(s.Stories)
		}
		if taken {
			err = l.endOrder(ctx, tx, s.ID)
		} else {
			_, err = tx.ExecContext(ctx, sqlMoveOrder, to.String(), s.ID)
		}
		if err != nil {
			return err
		}
	}
	return l.arrange(ctx, tx, to)
}

const (
	sqlSuspended = `SELECT suspended FROM conversations WHERE conversation = $1`
	sqlSuspend   = `INSERT INTO conversations (conversation, suspended, default_story, default_by, suspended_at, probed_at) VALUES ($1, $2, '', '', $3, $4)
		ON CONFLICT (conversation) DO UPDATE SET suspended = excluded.suspended,
		suspended_at = CASE WHEN conversations.suspended = '' THEN excluded.suspended_at ELSE conversations.suspended_at END,
		probed_at = CASE WHEN conversations.suspended = '' THEN excluded.probed_at ELSE conversations.probed_at END,
		told_at = CASE WHEN conversations.suspended = '' THEN 0 ELSE conversations.told_at END`
	sqlHoldOwed = `UPDATE deliveries SET due_at = $1, job = 0 WHERE conversation = $2 AND settled_at = 0`
)

// Suspend keeps everything owed to a conversation until Resume. First says that
// it was not suspended before. That a conversation is lost which became another says
// nothing of that one.
func (l *Ledger) Suspend(ctx context.Context, where chat.Conversation, reason string) (first bool, err error) {
	err = l.update(ctx, "suspend", func(tx *transaction) error {
		became, err := current(ctx, tx, where)
		if err != nil || became != where {
			return err
		}
		first, err = suspend(ctx, tx, where, reason, l.now())
		return err
	})
	return first, err
}

func suspend(ctx context.Context, tx *transaction, where chat.Conversation, reason string, now time.Time) (first bool, err error) {
	if reason == "" {
		reason = "no reason was given"
	}
	var before string
	err = tx.QueryRowContext(ctx, sqlSuspended, where.String()).Scan(&before)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, sqlSuspend, where.String(), reason, millis(now), millis(now)); err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, sqlHoldOwed, int64(never), where.String())
	return before == "", err
}

// Suspended says why nothing is sent to a conversation, empty if it is sent.
func (l *Ledger) Suspended(ctx context.Context, where chat.Conversation) (reason string, err error) {
	if where, err = current(ctx, l.read, where); err == nil {
		err = l.read.QueryRowContext(ctx, sqlSuspended, where.String()).Scan(&reason)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading a suspension: %w", l.explain(err))
	}
	return reason, nil
}

const (
	sqlSuspendedIn = `SELECT conversation FROM conversations WHERE suspended <> '' AND (conversation = $1 OR SUBSTR(conversation, 1, $2) = $3)`
	sqlResume      = `UPDATE conversations SET suspended = '' WHERE conversation = $1`
	sqlResumeOwed  = `UPDATE deliveries SET due_at = $1 WHERE conversation = $2 AND settled_at = 0 AND due_at = $3`
)

// Resume ends a suspension, of a chat also those of its threads: whoever let the
// bot back in did so for all of them. What was kept is then sent.
func (l *Ledger) Resume(ctx context.Context, where chat.Conversation) error {
	resumed := 0
	err := l.update(ctx, "resume", func(tx *transaction) error {
		where, err := current(ctx, tx, where)
		if err != nil {
			return err
		}
		// The name of a thread holds a slash of its own: it is no beginning of another.
		prefix := where.String() + "/"
		suspended, err := collect(ctx, tx, scanOne[string], sqlSuspendedIn, where.String(), int64(len(prefix)), prefix)
		if err != nil {
			return err
		}
		resumed = len(suspended)
		for _, name := range suspended {
			if err := l.resume(ctx, tx, name); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && resumed > 0 {
		l.stir()
	}
	return err
}

func (l *Ledger) resume(ctx context.Context, tx *transaction, name string) error {
	if _, err := tx.ExecContext(ctx, sqlResume, name); err != nil {
		return err
	}
	where, err := chat.ParseConversation(name)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, sqlClearAlarm, goneKey(where)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, sqlResumeOwed, millis(l.now()), name, int64(never))
	return err
}

const (
	sqlDefault    = `SELECT default_story FROM conversations WHERE conversation = $1`
	sqlSetDefault = `INSERT INTO conversations (conversation, suspended, default_story, default_by) VALUES ($1, '', $2, $3)
		ON CONFLICT (conversation) DO UPDATE SET default_story = excluded.default_story, default_by = excluded.default_by`
)

// Default returns the conversation's default story, or the empty string.
func (l *Ledger) Default(ctx context.Context, where chat.Conversation) (string, error) {
	var story string
	err := l.read.QueryRowContext(ctx, sqlDefault, where.String()).Scan(&story)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading a default: %w", l.explain(err))
	}
	return story, nil
}

// SetDefault sets the conversation's default story; an empty one ends it. By is
// the address of who asked.
func (l *Ledger) SetDefault(ctx context.Context, where chat.Conversation, story, by string) error {
	return l.update(ctx, "default", func(tx *transaction) error {
		where, err := current(ctx, tx, where)
		if err != nil {
			return err
		}
		if story == "" {
			by = ""
		}
		_, err = tx.ExecContext(ctx, sqlSetDefault, where.String(), story, by)
		return err
	})
}
