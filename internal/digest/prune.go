package digest

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

const (
	// keepFor is for how long after it was settled a delivery is kept, with the digest
	// that it is part of: that long a message is brought up to date, and it can be told
	// what became of a change. What living messages show is kept for as long as they
	// are kept up to date.
	keepFor = 400 * 24 * time.Hour
	// keepAlarms is for how long a trouble is listed that nobody cleared and that was
	// not met again.
	keepAlarms = 30 * 24 * time.Hour
	// keepSuggestions is for how long after it was settled a suggestion is kept, with who
	// made it.
	keepSuggestions = 90 * 24 * time.Hour

	pruneEvery = 24 * time.Hour
	// prunerLooks is how often the pruner looks whether a day is over.
	prunerLooks = time.Hour
	// pruneBatch is how many rows one transaction looks at, and prunePause how long it
	// is between two of them: what is to be sent goes first.
	pruneBatch = 200
	prunePause = 50 * time.Millisecond
)

// Each walk goes through a table in the order of its key, a batch at a time, and drops
// what nothing needs any more. What is left is looked at again the next day.
const (
	sqlOldDeliveries = `SELECT COALESCE(MAX(id), 0), COUNT(*) FROM (SELECT id FROM deliveries WHERE id > $1 AND planned_at < $2 ORDER BY id LIMIT $3) found`
	sqlDropDelivery  = `DELETE FROM deliveries WHERE id > $1 AND id <= $2 AND settled_at > 0 AND settled_at < $3
		AND NOT EXISTS (SELECT 1 FROM living l WHERE l.delivery = deliveries.id)
		AND NOT EXISTS (SELECT 1 FROM living l WHERE l.digest = deliveries.digest)
		AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.target = deliveries.id AND o.target > 0 AND o.settled_at = 0)`
	sqlOldDigests = `SELECT COALESCE(MAX(id), 0), COUNT(*) FROM (SELECT id FROM digests WHERE id > $1 AND planned_at < $2 ORDER BY id LIMIT $3) found`
	// What a subscription has yet to consider, another may have told already.
	sqlDropDigest = `DELETE FROM digests WHERE id > $1 AND id <= $2 AND planned_at < $3
		AND NOT EXISTS (SELECT 1 FROM deliveries v WHERE v.digest = digests.id)
		AND NOT EXISTS (SELECT 1 FROM living l WHERE l.digest = digests.id)
		AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.conversation = digests.conversation AND s.cursor_seq < digests.upto_seq)`
	sqlSomeCompositions = `SELECT COALESCE(MAX(hash), ''), COUNT(*) FROM (SELECT hash FROM compositions WHERE hash > $1 ORDER BY hash LIMIT $2) found`
	sqlUntold           = `hash > $1 AND hash <= $2 AND at < $3 AND NOT EXISTS (SELECT 1 FROM digests g WHERE g.composition = compositions.hash)`
	sqlDropChanges      = `DELETE FROM composition_changes WHERE composition IN (SELECT hash FROM compositions WHERE ` + sqlUntold + `)`
	sqlDropCards        = `DELETE FROM composition_cards WHERE composition IN (SELECT hash FROM compositions WHERE ` + sqlUntold + `)`
	sqlDropComposition  = `DELETE FROM compositions WHERE ` + sqlUntold
	sqlSomeCards        = `SELECT COALESCE(MAX(hash), ''), COUNT(*) FROM (SELECT hash FROM cards WHERE hash > $1 ORDER BY hash LIMIT $2) found`
	sqlDropCard         = `DELETE FROM cards WHERE hash > $1 AND hash <= $2
		AND NOT EXISTS (SELECT 1 FROM deliveries v WHERE v.card = cards.hash)
		AND NOT EXISTS (SELECT 1 FROM deliveries v WHERE v.shown = cards.hash AND v.shown <> '')
		AND NOT EXISTS (SELECT 1 FROM composition_cards c WHERE c.card = cards.hash)`
	sqlDropAlarms = `DELETE FROM alarms WHERE last_at < $1 AND NOT EXISTS (SELECT 1 FROM alarm_kinds k WHERE k.kind = alarms.kind AND k.ended_at = 0)`
)

// Pruned counts what was forgotten.
type Pruned struct {
	Deliveries, Digests, Compositions, Cards, Alarms, Suggestions, Notes int64
}

func (p Pruned) any() bool { return p != Pruned{} }

// pruner owns what is forgotten: once a day what was settled long ago, until ctx is
// done. The calls of buttons are never forgotten, because a button may be pressed for
// as long as its message stands, nor are the versions of stories and their changes.
func (d *Dispatcher) pruner(ctx context.Context) {
	tick := time.NewTicker(prunerLooks)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		forgotten, err := d.ledger.pruneDaily(ctx, d.now(), func() error { return wait(ctx, prunePause) })
		switch {
		case err != nil && ctx.Err() == nil:
			d.logger.ErrorContext(ctx, "forgetting what was settled long ago", "error", err)
		case forgotten.any():
			d.logger.InfoContext(ctx, "forgot what was settled long ago", "deliveries", forgotten.Deliveries, "digests", forgotten.Digests,
				"compositions", forgotten.Compositions, "cards", forgotten.Cards, "alarms", forgotten.Alarms,
				"suggestions", forgotten.Suggestions, "notes", forgotten.Notes)
		}
	}
}

// pruneDaily prunes unless that was done within a day. Pause is called between two
// transactions; its error ends the work, which the next call begins again.
func (l *Ledger) pruneDaily(ctx context.Context, now time.Time, pause func() error) (p Pruned, err error) {
	var text string
	if err := l.read.QueryRowContext(ctx, sqlPrunedAt).Scan(&text); err != nil {
		return p, fmt.Errorf("reading when it was last pruned: %w", l.explain(err))
	}
	last, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return p, fmt.Errorf("reading when it was last pruned: %w", err)
	}
	if since := now.Sub(moment(last)); last > 0 && since >= 0 && since < pruneEvery {
		return p, nil
	}
	if p, err = l.prune(ctx, now, pause); err != nil {
		return p, err
	}
	return p, l.update(ctx, "pruned", func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, sqlSetSetting, "pruned_at", strconv.FormatInt(millis(now), 10))
		return err
	})
}

const sqlPrunedAt = `SELECT COALESCE(MAX(value), '0') FROM settings WHERE name = 'pruned_at'`

// prune forgets what was settled long before now, in an order in which nothing is
// left that refers to what is gone.
func (l *Ledger) prune(ctx context.Context, now time.Time, pause func() error) (p Pruned, err error) {
	before := millis(now.Add(-keepFor))
	if p.Deliveries, err = l.pruneNumbers(ctx, sqlOldDeliveries, sqlDropDelivery, before, pause); err != nil {
		return p, err
	}
	if p.Digests, err = l.pruneNumbers(ctx, sqlOldDigests, sqlDropDigest, before, pause); err != nil {
		return p, err
	}
	p.Compositions, err = l.pruneHashes(ctx, sqlSomeCompositions, pause, func(tx *transaction, last, upto string) (int64, error) {
		for _, drop := range []string{sqlDropChanges, sqlDropCards} {
			if _, err := dropped(ctx, tx, drop, last, upto, before); err != nil {
				return 0, err
			}
		}
		return dropped(ctx, tx, sqlDropComposition, last, upto, before)
	})
	if err != nil {
		return p, err
	}
	p.Cards, err = l.pruneHashes(ctx, sqlSomeCards, pause, func(tx *transaction, last, upto string) (int64, error) {
		return dropped(ctx, tx, sqlDropCard, last, upto)
	})
	if err != nil {
		return p, err
	}
	err = l.update(ctx, "prune", func(tx *transaction) (err error) {
		if p.Alarms, err = dropped(ctx, tx, sqlDropAlarms, millis(now.Add(-keepAlarms))); err != nil {
			return err
		}
		if p.Suggestions, err = dropped(ctx, tx, sqlDropSuggestions, millis(now.Add(-keepSuggestions))); err != nil {
			return err
		}
		p.Notes, err = dropped(ctx, tx, sqlDropNotes, millis(now))
		return err
	})
	return p, err
}

func (l *Ledger) pruneNumbers(ctx context.Context, some, drop string, before int64, pause func() error) (int64, error) {
	return pruneWalk(l, ctx, pause, func(last int64) (upto int64, n int, err error) {
		err = l.read.QueryRowContext(ctx, some, last, before, int64(pruneBatch)).Scan(&upto, &n)
		return upto, n, err
	}, func(tx *transaction, last, upto int64) (int64, error) {
		return dropped(ctx, tx, drop, last, upto, before)
	})
}

func (l *Ledger) pruneHashes(ctx context.Context, some string, pause func() error, drop func(tx *transaction, last, upto string) (int64, error)) (int64, error) {
	return pruneWalk(l, ctx, pause, func(last string) (upto string, n int, err error) {
		err = l.read.QueryRowContext(ctx, some, last, int64(pruneBatch)).Scan(&upto, &n)
		return upto, n, err
	}, drop)
}

// pruneWalk goes through a table by its key: some finds the last of the next batch and
// how many they are, drop drops those of them that are not needed.
func pruneWalk[K int64 | string](l *Ledger, ctx context.Context, pause func() error, some func(last K) (K, int, error),
	drop func(tx *transaction, last, upto K) (int64, error)) (all int64, err error) {
	for last := *new(K); ; {
		upto, n, err := some(last)
		if err != nil {
			return all, fmt.Errorf("looking for what is to be forgotten: %w", l.explain(err))
		}
		if n == 0 {
			return all, nil
		}
		gone := int64(0)
		if err := l.update(ctx, "prune", func(tx *transaction) (err error) {
			gone, err = drop(tx, last, upto)
			return err
		}); err != nil {
			return all, err
		}
		all, last = all+gone, upto
		if err := pause(); err != nil {
			return all, err
		}
	}
}

func dropped(ctx context.Context, tx *transaction, query string, args ...any) (int64, error) {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
