package digest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// The states of a delivery. It is waiting until it is claimed, sending until its
// outcome is known, and from waiting or sending comes to one of the others.
const (
	waiting     = "waiting"
	sending     = "sending"
	sent        = "sent"
	unconfirmed = "unconfirmed" // it may have been posted; nobody can say
	refused     = "refused"
	withheld    = "withheld" // what it tells may not be seen there any more
	moot        = "moot"     // the message of its target cannot be changed so
	skipped     = "skipped"  // an operator did not want it sent
)

// A delivery is one card owed to one conversation, or what is to be done with the
// message of another delivery there.
type delivery struct {
	id        int64
	verb      string
	target    int64          // the delivery whose message it is about; 0: none
	message   chat.MessageID // of the target; empty where it has none, or stayed behind when the conversation moved
	shown     string         // the card that is owed instead of the first; empty: the first
	key       string
	digest    int64 // 0: a card of its own
	where     chat.Conversation
	story     string            // in whose thread it is posted; empty: in the conversation
	place     chat.Conversation // the thread, once it is known; zero: the conversation
	opened    thread            // what is known of that
	card      string            // the hash of the card
	state     string
	plain     bool
	due       time.Time
	attempts  int
	doubts    int
	planned   time.Time
	firstSent time.Time
	// Of its digest.
	subscription int64
	composition  string
	form         Form
	urgent       bool
	// Of the order that it answers, if there still is one.
	quiet    Quiet
	timezone string
}

const (
	sqlNewCard     = `INSERT INTO cards (hash, body) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`
	sqlCard        = `SELECT body FROM cards WHERE hash = $1`
	sqlNewDelivery = `INSERT INTO deliveries (id, key, digest, platform, conversation, card, state, plain, due_at, job, attempts, doubts,
		planned_at, first_sent_at, settled_at, message, trouble, story)
		VALUES ($1, $2, $3, $4, $5, $6, 'waiting', FALSE, $7, $8, 0, 0, $9, 0, 0, '', '', $10) ON CONFLICT (key) DO NOTHING`
	sqlDeliveryColumns = `SELECT v.id, v.verb, v.target, v.key, v.digest, v.story, v.card, CASE WHEN v.verb = 'edit' THEN COALESCE(t.shown, '') ELSE v.shown END,
		CASE WHEN t.conversation = v.conversation THEN t.message ELSE '' END, CASE WHEN t.conversation = v.conversation THEN t.place ELSE '' END, v.state, v.plain, v.due_at, v.attempts, v.doubts, v.planned_at, v.first_sent_at,
		COALESCE(g.subscription, 0), COALESCE(g.composition, ''), COALESCE(g.form, ''), COALESCE(g.urgent, FALSE), COALESCE(s.quiet, ''), COALESCE(s.timezone, '')
		FROM deliveries v LEFT JOIN digests g ON g.id = v.digest LEFT JOIN subscriptions s ON s.id = g.subscription LEFT JOIN deliveries t ON t.id = v.target `
	sqlDelivery = sqlDeliveryColumns + `WHERE v.conversation = $1 AND v.settled_at = 0 AND v.verb IN ('post', 'reply') AND v.id > $2 ORDER BY v.id LIMIT 1`
	// Against a bare parameter, SQLite would weigh the index of what has no job anew with each value.
	sqlAmending = sqlDeliveryColumns + `WHERE v.conversation = $1 AND v.settled_at = 0 AND +v.job = $2 AND v.verb NOT IN ('post', 'reply') AND COALESCE(t.settled_at, 1) > 0
		ORDER BY v.due_at, v.id LIMIT 1`
	sqlOwns = `SELECT (SELECT COUNT(*) FROM deliveries WHERE conversation = $1 AND message <> '' AND (message = $2 OR message LIKE CAST($2 AS TEXT) || ' %'))
		+ (SELECT COUNT(*) FROM deliveries WHERE place = $3 AND place <> '' AND (message = $4 OR message LIKE CAST($4 AS TEXT) || ' %'))`
)

// cardForm returns a card's JSON and the hash that names it.
func cardForm(c chat.Card) (body, hash string, err error) {
	data, err := json.Marshal(c)
	if err != nil {
		return "", "", fmt.Errorf("writing a card: %w", err)
	}
	sum := sha256.Sum256(data)
	return string(data), hex.EncodeToString(sum[:]), nil
}

// storeCard keeps a card, and the calls of its buttons: a platform may name any
// of them by its ticket.
func storeCard(ctx context.Context, tx *transaction, c chat.Card, now time.Time) (hash string, err error) {
	body, hash, err := cardForm(c)
	if err != nil {
		return "", err
	}
	if _, err := tx.ExecContext(ctx, sqlNewCard, hash, body); err != nil {
		return "", err
	}
	for _, call := range c.Calls() {
		if _, err := tx.ExecContext(ctx, sqlKeepCall, "~"+chat.Ticket(call), call, millis(now)); err != nil {
			return "", err
		}
	}
	return hash, nil
}

// Post owes one card to a conversation outside a digest: an alarm, a greeting.
// For equal keys it is owed to a conversation once; a key may be any text.
func (l *Ledger) Post(ctx context.Context, to chat.Conversation, c chat.Card, key string) error {
	err := l.update(ctx, "post", func(tx *transaction) error {
		to, err := current(ctx, tx, to)
		if err != nil {
			return err
		}
		now := l.now()
		hash, err := storeCard(ctx, tx, c, now)
		if err != nil {
			return err
		}
		id, err := next(ctx, tx, "delivery", 1)
		if err != nil {
			return err
		}
		due, err := dueIn(ctx, tx, to, now)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlNewDelivery, id, l.keyOf("post", to.String(), key), int64(0), to.Platform, to.String(), hash,
			due, int64(0), millis(now), "")
		return err
	})
	if err == nil {
		l.stir()
	}
	return err
}

// dueIn returns when what is planned for a conversation is due: never while that is
// suspended.
func dueIn(ctx context.Context, tx *transaction, to chat.Conversation, now time.Time) (int64, error) {
	var suspended string
	err := tx.QueryRowContext(ctx, sqlSuspended, to.String()).Scan(&suspended)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	if suspended != "" {
		return never, nil
	}
	return millis(now), nil
}

// Owns says whether a message was posted by a delivery, or is the first that the id of
// one names.
func (l *Ledger) Owns(ctx context.Context, where chat.Conversation, id chat.MessageID) (bool, error) {
	if id == "" {
		return false, nil
	}
	var n int
	if err := l.read.QueryRowContext(ctx, sqlOwns, where.String(), string(id), where.String(), string(id)).Scan(&n); err != nil {
		return false, fmt.Errorf("looking for a message: %w", l.explain(err))
	}
	return n > 0, nil
}

// owed returns what a job is to do next for a conversation, or nil: the oldest post
// that no quiet hours keep, or while that waits, what the job is to do with a message.
// Until is when the first of what is kept or waits is due.
func (l *Ledger) owed(ctx context.Context, where chat.Conversation, job int64, now time.Time) (v *delivery, until time.Time, err error) {
	for last := int64(0); ; last = v.id {
		if v, err = l.found(ctx, where, sqlDelivery, where.String(), last); err != nil {
			return nil, until, err
		}
		if v == nil {
			break
		}
		end := v.held(now)
		if end.IsZero() && (v.state == sending || !v.due.After(now)) {
			return v, until, nil
		}
		if until = earliest(until, maxTime(end, v.due)); end.IsZero() {
			break // those after it wait for it
		}
	}
	v, err = l.found(ctx, where, sqlAmending, where.String(), job)
	if err != nil || v == nil {
		return nil, until, err
	}
	if v.state == waiting && v.due.After(now) {
		return nil, earliest(until, v.due), nil
	}
	return v, until, nil
}

// maxTime returns the later of two times.
func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// found returns the delivery to a conversation that a query finds, or nil.
func (l *Ledger) found(ctx context.Context, where chat.Conversation, query string, args ...any) (*delivery, error) {
	v := &delivery{where: where}
	var due, planned, first int64
	var quiet, place string
	err := l.read.QueryRowContext(ctx, query, args...).Scan(&v.id, &v.verb, &v.target, &v.key, &v.digest, &v.story, &v.card, &v.shown,
		&v.message, &place, &v.state, &v.plain, &due, &v.attempts, &v.doubts, &planned, &first,
		&v.subscription, &v.composition, &v.form, &v.urgent, &quiet, &v.timezone)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil && place != "" {
		v.place, err = chat.ParseConversation(place)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what is owed to %v: %w", where, l.explain(err))
	}
	if v.quiet, err = ParseQuiet(quiet); err != nil {
		return nil, err
	}
	v.due, v.planned, v.firstSent = moment(due), moment(planned), moment(first)
	return v, nil
}

// cardOf returns the card of a delivery as it is to be sent.
func (l *Ledger) cardOf(ctx context.Context, v *delivery) (c chat.Card, err error) {
	hash := v.card
	if v.shown != "" {
		hash = v.shown
	}
	var body []byte
	if v.verb == pins || v.verb == unpins {
		return c, nil
	}
	if err := l.read.QueryRowContext(ctx, sqlCard, hash).Scan(&body); err != nil {
		return c, fmt.Errorf("reading a card: %w", l.explain(err))
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return c, fmt.Errorf("reading card %s: %w", hash, err)
	}
	if v.plain {
		c = chat.Card{Lead: chat.Plainly(c.Plain())}
	}
	return c, nil
}

const (
	sqlClaim = `UPDATE deliveries SET state = 'sending', attempts = attempts + 1, first_sent_at = CASE WHEN first_sent_at = 0 THEN $1 ELSE first_sent_at END, place = $2
		WHERE id = $3 AND state = 'waiting' AND $4 = COALESCE((SELECT t.shown FROM deliveries t
		WHERE t.id = CASE WHEN deliveries.verb = 'edit' THEN deliveries.target ELSE deliveries.id END), '')`
	sqlSettle = `UPDATE deliveries SET state = $1, plain = $2, due_at = $3, doubts = $4, settled_at = $5, message = $6, trouble = $7 WHERE id = $8 AND settled_at = 0`
	sqlDefer  = `UPDATE deliveries SET job = 0, due_at = CASE WHEN due_at < $1 THEN $2 ELSE due_at END WHERE conversation = $3 AND settled_at = 0
		AND (verb IN ('post', 'reply') OR job = $4)`
	sqlOfJob = `SELECT conversation FROM deliveries WHERE job = $1 AND job > 0 AND settled_at = 0 GROUP BY conversation ORDER BY MIN(id)`
)

// errChanged says that a delivery is another now than it was read: its card was
// changed, or it was settled.
var errChanged = errors.New("the delivery was changed")

// claim marks v as being sent: whoever finds the mark later knows that it may
// have been. It returns errChanged where v is not what it was any more.
func claim(ctx context.Context, tx *transaction, v *delivery, now time.Time) error {
	place := ""
	if v.place.ID != "" {
		place = v.place.String()
	}
	res, err := tx.ExecContext(ctx, sqlClaim, millis(now), place, v.id, v.shown)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, errChanged)
	}
	return nil
}
