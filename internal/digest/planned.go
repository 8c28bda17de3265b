package digest

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

const (
	sqlAdvance = `UPDATE subscriptions SET cursor_seq = $1, urgent_seq = $2, next_at = $3
		WHERE id = $4 AND cursor_seq = $5 AND urgent_seq = $6 AND next_at = $7 AND conversation = $8`
	sqlNewComposition    = `INSERT INTO compositions (hash, at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`
	sqlCompositionChange = `INSERT INTO composition_changes (composition, subject, seq, story, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (composition, subject) DO NOTHING`
	sqlCompositionCard   = `INSERT INTO composition_cards (composition, position, card) VALUES ($1, $2, $3) ON CONFLICT (composition, position) DO NOTHING`
	sqlNewDigest         = `INSERT INTO digests (id, key, subscription, conversation, composition, upto_seq, planned_at, form, urgent, from_seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING`
)

// store writes a batch of flushes: digests, deliveries, the jobs for them and the
// new places, in one transaction. A subscription that was changed since it was
// read is left for the next pass.
func (p *planner) store(ctx context.Context, flushes []flush, now time.Time) error {
	var queues []string
	err := p.ledger.update(ctx, "plan", func(tx *transaction) error {
		b := batch{planner: p, tx: tx, now: now, cards: make(map[string][]string), jobs: make(map[string]*openJob)}
		for _, f := range flushes {
			if err := b.add(ctx, f); err != nil {
				return err
			}
		}
		queues = b.queues
		return nil
	})
	if err == nil {
		p.ledger.driver.bell.ring(queues...)
	}
	return err
}

// A batch is what one planning transaction has written so far.
type batch struct {
	*planner
	tx     *transaction
	now    time.Time
	cards  map[string][]string // the hashes of a stored composition's cards
	jobs   map[string]*openJob // by queue
	queues []string
}

// An openJob is a job that has room for more conversations.
type openJob struct {
	id   int64
	left int
}

const sqlWindowDone = `SELECT COUNT(*) FROM digests WHERE key = $1`

func (b *batch) add(ctx context.Context, f flush) error {
	s := f.sub
	if len(f.told) > 0 && f.window {
		done, err := scalar(ctx, b.tx, sqlWindowDone, f.key)
		if err != nil {
			return err
		}
		if done > 0 {
			// A reading that comes twice: what came since waits for the next window.
			f.told, f.cursor, f.urgent = nil, s.Cursor, s.urgent
		}
	}
	res, err := b.tx.ExecContext(ctx, sqlAdvance, f.cursor, f.urgent, millis(f.next), s.ID, s.Cursor, s.urgent, millis(s.Next), s.Where.String())
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	for i, part := range f.told {
		key := f.key
		if i > 0 {
			key = b.ledger.keyOf("part", f.key, string(part.form), part.story, strconv.FormatInt(part.target, 10))
		}
		if err := b.digest(ctx, f, part, key); err != nil {
			return err
		}
	}
	return nil
}

// digest writes a digest and its deliveries.
func (b *batch) digest(ctx context.Context, f flush, told part, key string) error {
	id, err := next(ctx, b.tx, "digest", 1)
	if err != nil {
		return err
	}
	s := f.sub
	_, err = b.tx.ExecContext(ctx, sqlNewDigest, id, key, s.ID, s.Where.String(), told.hash, max(f.cursor, f.urgent), millis(b.now),
		string(told.form), passes(told.changes), s.Cursor)
	if err != nil {
		return err
	}
	cards, err := b.composition(ctx, told.composition)
	if err != nil {
		return err
	}
	l := laneNews
	if passes(told.changes) {
		l = laneNow
	}
	if told.form == Living {
		return b.living(ctx, id, key, s, told.story, cards[0], l)
	}
	if told.form == Correction {
		return b.answer(ctx, id, key, s.Where, told.target, cards, l)
	}
	story := ""
	if s.Mode == ModeThread {
		story = told.story
	}
	return b.deliver(ctx, id, key, s.Where, story, cards, l)
}

// composition stores what is told, once, and returns the hashes of its cards.
func (b *batch) composition(ctx context.Context, c *composition) ([]string, error) {
	if cards, ok := b.cards[c.hash]; ok {
		return cards, nil
	}
	if _, err := b.tx.ExecContext(ctx, sqlNewComposition, c.hash, millis(b.now)); err != nil {
		return nil, err
	}
	for _, t := range c.changes {
		body, err := json.Marshal(t.Change)
		if err != nil {
			return nil, err
		}
		if _, err := b.tx.ExecContext(ctx, sqlCompositionChange, c.hash, t.subject, t.Seq, t.Story, string(body)); err != nil {
			return nil, err
		}
	}
	var cards []string
	for i, card := range c.cards {
		hash, err := storeCard(ctx, b.tx, card, b.now)
		if err != nil {
			return nil, err
		}
		if _, err := b.tx.ExecContext(ctx, sqlCompositionCard, c.hash, int64(i), hash); err != nil {
			return nil, err
		}
		cards = append(cards, hash)
	}
	b.cards[c.hash] = cards
	return cards, nil
}

// deliver owes cards to a conversation, or to the thread of a story in it, in their
// order.
func (b *batch) deliver(ctx context.Context, digest int64, key string, to chat.Conversation, story string, cards []string, l lane) error {
	job, err := b.job(ctx, to.Platform, l)
	if err != nil {
		return err
	}
	_, err = b.owe(ctx, digest, job, to, story, cards, "delivery", key)
	return err
}

// owe writes deliveries of a digest, whose keys are made of name and the place of
// the card, and returns the number of the first.
func (b *batch) owe(ctx context.Context, digest, job int64, to chat.Conversation, story string, cards []string, name ...string) (id int64, err error) {
	if id, err = next(ctx, b.tx, "delivery", int64(len(cards))); err != nil {
		return 0, err
	}
	for i, card := range cards {
		key := b.ledger.keyOf(append(slices.Clip(name), strconv.Itoa(i))...)
		_, err := b.tx.ExecContext(ctx, sqlNewDelivery, id+int64(i), key, digest, to.Platform, to.String(), card, millis(b.now), job, millis(b.now), story)
		if err != nil {
			return 0, err
		}
	}
	return id, nil
}

// job returns the number of a job that has room for one more conversation; 0 for
// a platform that nobody serves now.
func (b *batch) job(ctx context.Context, platform string, l lane) (int64, error) {
	if !b.serves(platform) {
		return 0, nil
	}
	queue := queueName(platform, l)
	open := b.jobs[queue]
	if open == nil || open.left == 0 {
		id, err := enqueue(ctx, b.ledger.inserter, b.tx, platform, l)
		if err != nil {
			return 0, err
		}
		open = &openJob{id: id, left: jobConversations}
		b.jobs[queue] = open
		if !slices.Contains(b.queues, queue) {
			b.queues = append(b.queues, queue)
		}
	}
	open.left--
	return open.id, nil
}
