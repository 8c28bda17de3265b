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
	sqlNote     = `SELECT value FROM notes WHERE key = $1 AND until_at > $2`
	sqlSetNote  = `INSERT INTO notes (key, value, until_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET value = excluded.value, until_at = excluded.until_at`
	sqlDropNote = `DELETE FROM notes WHERE key = $1`
	// sqlOldNotes forgets a few whose time is over; the pruner forgets the rest.
	sqlOldNotes  = `DELETE FROM notes WHERE key IN (SELECT key FROM notes WHERE until_at <= $1 ORDER BY until_at LIMIT 8)`
	sqlDropNotes = `DELETE FROM notes WHERE until_at <= $1`
)

// Note returns what is noted under a key, the empty string where that is nothing or
// its time is over.
func (l *Ledger) Note(ctx context.Context, key string) (string, error) {
	var value string
	err := l.read.QueryRowContext(ctx, sqlNote, key, millis(l.now())).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading a note: %w", l.explain(err))
	}
	return value, nil
}

// SetNote notes a value under a key until then, in the place of an earlier one. An
// empty value forgets it.
func (l *Ledger) SetNote(ctx context.Context, key, value string, until time.Time) error {
	if len(value) > chat.MaxNote {
		return fmt.Errorf("noting %s: it has %d bytes, and may have %d", key, len(value), chat.MaxNote)
	}
	return l.update(ctx, "note", func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, sqlOldNotes, millis(l.now())); err != nil {
			return err
		}
		if value == "" {
			_, err := tx.ExecContext(ctx, sqlDropNote, key)
			return err
		}
		_, err := tx.ExecContext(ctx, sqlSetNote, key, value, millis(until))
		return err
	})
}
