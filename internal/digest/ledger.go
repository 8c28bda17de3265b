package digest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
)

// Options are what a Ledger is opened with.
type Options struct {
	// Store is the path of a SQLite file, or Memory.
	Store  string
	Logger *slog.Logger     // nil: none
	Now    func() time.Time // nil: time.Now
}

// A Ledger is the durable record of changes, subscriptions, cursors and
// deliveries. Its verbs may be called by many at once; each is one transaction.
type Ledger struct {
	*store
	logger   *slog.Logger
	now      func() time.Time
	driver   *driver
	inserter *river.Client[*sql.Tx]
	id       string // names this store in keys, so that two stores never share one
	wake     chan struct{}
	record   recordCache
	close1   sync.Once
	// fault, in tests, refuses a transaction before it begins, or hides that it
	// was committed.
	fault func(step string, committed bool) error
}

// Open opens the store, brings its schema up to date, and keeps every other
// process out of it until Close. A store that is damaged, in use, or of a newer
// program is an error that names it; it is never replaced, and a damaged one not
// written to.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	l := &Ledger{logger: o.Logger, now: o.Now, wake: make(chan struct{}, 1)}
	if l.logger == nil {
		l.logger = slog.New(slog.DiscardHandler)
	}
	if l.now == nil {
		l.now = time.Now
	}
	var err error
	if l.store, err = openStore(ctx, o.Store); err != nil {
		return nil, err
	}
	if err := l.prepare(ctx); err != nil {
		l.Close()
		return nil, fmt.Errorf("opening the store %s: %w", o.Store, l.explain(err))
	}
	if l.anew {
		l.logger.Warn("the store was made anew: the one that was there is gone, and with it all that it held", "store", o.Store)
	}
	return l, nil
}

const (
	sqlSetting    = `SELECT value FROM settings WHERE name = $1`
	sqlNewSetting = `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`
	sqlSetSetting = `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
)

func (l *Ledger) prepare(ctx context.Context) error {
	l.driver = newDriver(l.store.write.DB, newBell())
	if err := migrate(ctx, l.store.write.DB, l.driver); err != nil {
		return err
	}
	var err error
	if l.inserter, err = newInserter(l.driver, l.now); err != nil {
		return err
	}
	if _, err := l.store.write.ExecContext(ctx, sqlNewSetting, "store", rand.Text()); err != nil {
		return err
	}
	if err := l.store.write.QueryRowContext(ctx, sqlSetting, "store").Scan(&l.id); err != nil || l.lock == nil {
		return err
	}
	return sign(l.lock, true)
}

// Close closes the store. Whatever runs on it is to be stopped first.
func (l *Ledger) Close() (err error) {
	l.close1.Do(func() { err = l.store.close() })
	return err
}

// update runs f in one transaction. Step names it in errors and to tests. What f
// did is there as a whole if update returns nil, and not at all otherwise, unless
// the commit itself went unanswered: every caller is safe to repeat.
func (l *Ledger) update(ctx context.Context, step string, f func(tx *transaction) error) error {
	if err := l.damage(); err != nil {
		return fmt.Errorf("%s: %w", step, err)
	}
	if l.fault != nil {
		if err := l.fault(step, false); err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	err := l.transact(ctx, f)
	if err == nil && l.fault != nil {
		err = l.fault(step, true)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", step, l.explain(err))
	}
	return nil
}

func (l *Ledger) transact(ctx context.Context, f func(tx *transaction) error) error {
	begun, err := l.store.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	tx := &transaction{Tx: begun, pool: l.store.write}
	if err := f(tx); err != nil {
		tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	tx.keep(ctx)
	return nil
}

// stir has the dispatcher look at what is due.
func (l *Ledger) stir() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// A queryer is a transaction or a pool.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// collect returns what scan makes of every row of a query. The rows are read to
// the end before anything else is asked: there may be one connection only.
func collect[T any](ctx context.Context, q queryer, scan func(scan func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// scanOne reads rows of one column.
func scanOne[T any](scan func(...any) error) (v T, err error) {
	err = scan(&v)
	return v, err
}

const sqlCount = `INSERT INTO counters (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value RETURNING value`

// next takes n numbers of a counter and returns the first of them.
func next(ctx context.Context, tx *transaction, counter string, n int64) (int64, error) {
	var last int64
	if err := tx.QueryRowContext(ctx, sqlCount, counter, n).Scan(&last); err != nil {
		return 0, fmt.Errorf("counting %s: %w", counter, err)
	}
	return last - n + 1, nil
}

// millis returns t as the store keeps it; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment returns what millis kept.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// keyOf returns a key of 24 characters for what parts name within this store:
// what every platform accepts, and Discord as a nonce.
func (l *Ledger) keyOf(parts ...string) string {
	h := sha256.New()
	for _, p := range append([]string{l.id}, parts...) {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}
