package digest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// renewEvery is how far apart two living messages about a story in a conversation
// are posted where the first can not be edited any more: messages that services
// limit the edits of must not become a flood.
const renewEvery = time.Hour

const (
	sqlLivingIs  = `SELECT digest, renew_at FROM living WHERE subscription = $1 AND story = $2 AND delivery = $3`
	sqlLiving    = `SELECT delivery, renew_at FROM living WHERE subscription = $1 AND story = $2`
	sqlSetLiving = `INSERT INTO living (subscription, story, delivery, digest, renew_at) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (subscription, story) DO UPDATE SET delivery = excluded.delivery, digest = excluded.digest, renew_at = 0`
	sqlNowShows   = `UPDATE living SET digest = $1 WHERE subscription = $2 AND story = $3`
	sqlLastLiving = `SELECT g.composition, (SELECT COUNT(*) FROM deliveries v WHERE v.digest = g.id AND v.verb IN ('post', 'edit') AND v.state IN ('sent', 'unconfirmed'))
		FROM living l JOIN digests g ON g.id = l.digest WHERE l.subscription = $1 AND l.story = $2`
	sqlLastKind   = `SELECT kind FROM changes WHERE subject = $1 ORDER BY seq DESC LIMIT 1`
	sqlPosted     = `SELECT planned_at FROM deliveries WHERE id = $1`
	sqlRenewAt    = `UPDATE living SET renew_at = $1 WHERE delivery = $2`
	sqlToRenew    = `SELECT subscription, story, delivery, digest FROM living WHERE renew_at > 0 AND renew_at <= $1 ORDER BY renew_at LIMIT $2`
	sqlNextRenew  = `SELECT COALESCE(MIN(renew_at), 0) FROM living WHERE renew_at > 0`
	sqlDigestOf   = `SELECT digest FROM deliveries WHERE id = $1`
	sqlLivingOf   = `SELECT story, delivery FROM living WHERE subscription = $1`
	sqlEndLiving  = `DELETE FROM living WHERE subscription = $1 AND story = $2`
	sqlDropPin    = `UPDATE deliveries SET state = 'moot', settled_at = $1, trouble = 'the message is not kept up to date any more' WHERE target = $2 AND target > 0 AND verb = 'pin' AND state = 'waiting'`
	sqlNewMessage = `INSERT INTO deliveries (id, key, digest, platform, conversation, card, state, plain, due_at, job, attempts, doubts,
		planned_at, first_sent_at, settled_at, message, trouble)
		VALUES ($1, $2, $3, $4, $5, $6, 'waiting', FALSE, $7, 0, 0, 0, $8, 0, 0, '', '')`
)

// A living message is the one that is kept up to date about a story, for an order.
type living struct {
	subscription int64
	story        string
	delivery     int64 // that posted it, or is to
	digest       int64 // the last that it shows, or is to show
}

func scanLiving(scan func(...any) error) (m living, err error) {
	err = scan(&m.subscription, &m.story, &m.delivery, &m.digest)
	return m, err
}

// still says whether m is the living message that it was when it was read, and
// whether another is to take its place.
func (m *living) still(ctx context.Context, tx *transaction) (is, renewing bool, err error) {
	var digest, renew int64
	err = tx.QueryRowContext(ctx, sqlLivingIs, m.subscription, m.story, m.delivery).Scan(&digest, &renew)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}
	return digest == m.digest, renew > 0, err
}

// keep has a living message show a card of its digest. One that cannot be edited is
// left, and the one that follows shows the card.
func (l *Ledger) keep(ctx context.Context, tx *transaction, m living, card string, now time.Time) error {
	is, renewing, err := m.still(ctx, tx)
	if err != nil || !is {
		return err
	}
	if renewing {
		_, err := tx.ExecContext(ctx, sqlSwap, card, m.digest, m.delivery)
		return err
	}
	return l.show(ctx, tx, m.delivery, card, m.digest, now)
}

// living has the living message about a story show a digest's card, and posts it
// where there is none.
func (b *batch) living(ctx context.Context, digest int64, key string, s Subscription, story, card string, l lane) error {
	var id, renew int64
	err := b.tx.QueryRowContext(ctx, sqlLiving, s.ID, story).Scan(&id, &renew)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil {
		if _, err := b.tx.ExecContext(ctx, sqlNowShows, digest, s.ID, story); err != nil {
			return err
		}
		now, err := shows(ctx, b.tx, id)
		switch {
		case err != nil:
			return err
		case renew > 0: // it cannot be edited; the one that follows shows the card
			_, err := b.tx.ExecContext(ctx, sqlSwap, card, digest, id)
			return err
		case !now.settled || now.state == sent && now.message != "" && now.where == s.Where: // not left behind
			return b.ledger.show(ctx, b.tx, id, card, digest, b.now)
		}
	}
	job, err := b.job(ctx, s.Where.Platform, l)
	if err != nil {
		return err
	}
	first, err := b.owe(ctx, digest, job, s.Where, "", []string{card}, "delivery", key)
	if err != nil {
		return err
	}
	if _, err := b.tx.ExecContext(ctx, sqlSetLiving, s.ID, story, first, digest); err != nil {
		return err
	}
	return b.ledger.verb(ctx, b.tx, pins, first, s.Where, "", 0, job, b.now)
}

// fresh is for how long a living message goes on telling a change, while others
// follow: its edits notify nobody, so that readers come and look when they do.
const fresh = 24 * time.Hour

// carry adds to what a living message is to tell about a story what it tells already
// and what it did not get to show. An item that was removed since is not told.
func (p *planner) carry(ctx context.Context, s Subscription, story string, told []change) ([]change, error) {
	var composed string
	var seen int64
	err := p.ledger.read.QueryRowContext(ctx, sqlLastLiving, s.ID, story).Scan(&composed, &seen)
	if errors.Is(err, sql.ErrNoRows) {
		return told, nil
	}
	if err != nil {
		return nil, p.ledger.explain(err)
	}
	before, err := p.toldBy(ctx, composed)
	if err != nil {
		return nil, err
	}
	from := told[len(told)-1].At.Add(-fresh)
	var carried []change
	for _, c := range before {
		if seen > 0 && c.At.Before(from) {
			continue
		}
		var kind string
		if err := p.ledger.read.QueryRowContext(ctx, sqlLastKind, c.subject).Scan(&kind); err != nil {
			return nil, p.ledger.explain(err)
		}
		if !strings.HasSuffix(kind, ".removed") {
			carried = append(carried, c)
		}
	}
	if seen > 0 {
		// Readers know what was shown: the change since is what is new to them.
		carried = slices.DeleteFunc(carried, func(c change) bool {
			return slices.ContainsFunc(told, func(n change) bool { return n.subject == c.subject })
		})
		return append(carried, told...), nil
	}
	if all := merged(append(carried, told...)); len(all) > 0 {
		return all, nil
	}
	return told, nil
}

// fixed notes that the message of a delivery can not be edited any more: if it is a
// living one, another is to take its place, at once where that is urgent.
func (l *Ledger) fixed(ctx context.Context, tx *transaction, target int64, urgent bool, now time.Time) error {
	posted, err := scalar(ctx, tx, sqlPosted, target)
	if err != nil {
		return err
	}
	at := now
	if next := moment(posted).Add(renewEvery); !urgent && next.After(now) && next.Sub(now) <= renewEvery {
		at = next
	}
	_, err = tx.ExecContext(ctx, sqlRenewAt, millis(at), target)
	return err
}

// renew posts the living messages that are to take the place of others, and returns
// when there will be more.
func (p *planner) renew(ctx context.Context, now time.Time) (time.Time, error) {
	for {
		found, err := collect(ctx, p.ledger.read, scanLiving, sqlToRenew, millis(now), int64(planBatch))
		if err != nil {
			return time.Time{}, fmt.Errorf("reading what is to be posted anew: %w", p.ledger.explain(err))
		}
		if len(found) == 0 {
			break
		}
		err = p.ledger.update(ctx, "renew", func(tx *transaction) error {
			for _, m := range found {
				if err := p.ledger.renew(ctx, tx, m, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return time.Time{}, err
		}
	}
	next, err := scalar(ctx, p.ledger.read, sqlNextRenew)
	return moment(next), p.ledger.explain(err)
}

// renew posts a living message anew, unpins the old one and pins the new.
func (l *Ledger) renew(ctx context.Context, tx *transaction, m living, now time.Time) error {
	if is, _, err := m.still(ctx, tx); err != nil || !is {
		return err
	}
	old, err := shows(ctx, tx, m.delivery)
	if err != nil {
		return err
	}
	where, err := current(ctx, tx, old.where)
	if err != nil {
		return err
	}
	due, err := dueIn(ctx, tx, where, now)
	if err != nil {
		return err
	}
	id, err := next(ctx, tx, "delivery", 1)
	if err != nil {
		return err
	}
	key := l.keyOf("living", strconv.FormatInt(m.delivery, 10))
	if _, err := tx.ExecContext(ctx, sqlNewMessage, id, key, m.digest, where.Platform, where.String(), old.card, due, millis(now)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, sqlSetLiving, m.subscription, m.story, id, m.digest); err != nil {
		return err
	}
	if err := l.unpin(ctx, tx, m.delivery, now); err != nil {
		return err
	}
	return l.verb(ctx, tx, pins, id, where, "", 0, 0, now)
}

// unpin takes back that a message is pinned, or was to be.
func (l *Ledger) unpin(ctx context.Context, tx *transaction, target int64, now time.Time) error {
	res, err := tx.ExecContext(ctx, sqlDropPin, millis(now), target)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	old, err := shows(ctx, tx, target)
	if err != nil {
		return err
	}
	return l.verb(ctx, tx, unpins, target, old.where, "", 0, 0, now)
}

// retire leaves the living messages of an order as they are, and unpins them: those
// about the given stories, or all for none.
func (l *Ledger) retire(ctx context.Context, tx *transaction, order int64, stories ...string) error {
	found, err := collect(ctx, tx, func(scan func(...any) error) (m living, err error) {
		err = scan(&m.story, &m.delivery)
		return m, err
	}, sqlLivingOf, order)
	if err != nil {
		return err
	}
	for _, m := range found {
		if len(stories) > 0 && !slices.Contains(stories, m.story) {
			continue
		}
		if _, err := tx.ExecContext(ctx, sqlEndLiving, order, m.story); err != nil {
			return err
		}
		if err := l.unpin(ctx, tx, m.delivery, l.now()); err != nil {
			return err
		}
	}
	return nil
}

// endOrder ends an order, and keeps nothing up to date that it had posted.
func (l *Ledger) endOrder(ctx context.Context, tx *transaction, order int64) error {
	if err := l.retire(ctx, tx, order); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, sqlEndOrder, order)
	return err
}
