package digest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

const (
	sqlComposed = `SELECT t.seq, c.at, t.subject, t.body, c.commit_hash, c.author, c.authored_at FROM composition_changes t JOIN changes c ON c.seq = t.seq WHERE t.composition = $1 ORDER BY t.seq`
	sqlWithhold = `UPDATE deliveries SET state = 'withheld', settled_at = $1, trouble = 'what it tells may not be seen there any more'
		WHERE digest = $2 AND settled_at = 0`
	sqlWithholdEdit = `UPDATE deliveries SET state = 'withheld', settled_at = $1, trouble = 'what it tells may not be seen there any more'
		WHERE id = $2 AND settled_at = 0`
	sqlRecompose = `UPDATE digests SET composition = $1 WHERE id = $2`
)

// withholdEdit drops what was to be done with a message whose conversation may not
// see any more what it tells: the message stays as it is until that may be seen
// again.
func withholdEdit(ctx context.Context, tx *transaction, v *delivery, now time.Time) error {
	_, err := tx.ExecContext(ctx, sqlWithholdEdit, millis(now), v.id)
	return err
}

const sqlWithheldEdits = `SELECT v.id, v.target, v.conversation, v.digest, g.subscription, g.composition FROM deliveries v JOIN digests g ON g.id = v.digest
	WHERE v.state = 'withheld' AND v.verb = 'edit' AND v.id > $1 AND NOT EXISTS (SELECT 1 FROM deliveries e
	WHERE e.target = v.target AND e.target > 0 AND e.verb = 'edit'
	AND (e.settled_at = 0 OR e.settled_at > v.settled_at OR e.settled_at = v.settled_at AND e.id > v.id)) ORDER BY v.id LIMIT $2`

// regain plans again what was to be done with messages and was withheld, where it
// may be seen now what they tell.
func (p *planner) regain(ctx context.Context, now time.Time) error {
	for last := int64(0); ; {
		found, err := collect(ctx, p.ledger.read, func(scan func(...any) error) (v *delivery, err error) {
			v = new(delivery)
			var where string
			if err := scan(&v.id, &v.target, &where, &v.digest, &v.subscription, &v.composition); err != nil {
				return nil, err
			}
			v.where, err = chat.ParseConversation(where)
			return v, err
		}, sqlWithheldEdits, last, int64(amendBatch))
		if err != nil {
			return fmt.Errorf("reading what was withheld: %w", p.ledger.explain(err))
		}
		if len(found) == 0 {
			return nil
		}
		last = found[len(found)-1].id
		var seen []*delivery
		for _, v := range found {
			_, _, all, err := p.permitted(ctx, v)
			if err != nil {
				return err
			}
			if all {
				seen = append(seen, v)
			}
		}
		if err := p.showAgain(ctx, seen, now); err != nil {
			return err
		}
	}
}

// showAgain owes edits again that were withheld.
func (p *planner) showAgain(ctx context.Context, edits []*delivery, now time.Time) error {
	if len(edits) == 0 {
		return nil
	}
	return p.ledger.update(ctx, "regain", func(tx *transaction) error {
		for _, v := range edits {
			s, err := shows(ctx, tx, v.target)
			if err == nil && s.missed {
				err = p.ledger.show(ctx, tx, v.target, s.card, v.digest, now)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// withhold drops what is left of a digest that tells what its conversation may not
// see any more, and owes the conversation the rest of it instead. Stories are
// those that it still sees.
func (p *planner) withhold(ctx context.Context, v *delivery, sub Subscription, stories []string, now time.Time) error {
	told, err := p.toldBy(ctx, v.composition)
	if err != nil {
		return err
	}
	told = slices.DeleteFunc(told, func(c change) bool { return !slices.Contains(stories, c.Story) })
	var rest *composition
	if len(told) > 0 {
		if rest, err = p.composition(ctx, sub, v.form, "", told); err != nil {
			return err
		}
	}
	return p.ledger.update(ctx, "withhold", func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, sqlWithhold, millis(now), v.digest); err != nil {
			return err
		}
		b := batch{planner: p, tx: tx, now: now}
		return b.instead(ctx, v, rest)
	})
}

// toldBy returns the changes that a composition tells.
func (p *planner) toldBy(ctx context.Context, composition string) ([]change, error) {
	told, err := toldBy(ctx, p.ledger.read, composition)
	if err != nil {
		return nil, fmt.Errorf("reading what a digest tells: %w", p.ledger.explain(err))
	}
	return told, nil
}

func toldBy(ctx context.Context, q queryer, composition string) ([]change, error) {
	return collect(ctx, q, func(scan func(...any) error) (c change, err error) {
		var at, authored int64
		var body []byte
		if err := scan(&c.Seq, &at, &c.subject, &body, &c.Commit.Hash, &c.Commit.Author, &authored); err != nil {
			return c, err
		}
		c.At, c.Commit.At = moment(at), moment(authored)
		return c, json.Unmarshal(body, &c.Change)
	}, sqlComposed, composition)
}

// instead gives a digest another composition, or none, and the deliveries of it.
func (b *batch) instead(ctx context.Context, v *delivery, rest *composition) error {
	if rest == nil {
		_, err := b.tx.ExecContext(ctx, sqlRecompose, "", v.digest)
		return err
	}
	if _, err := b.tx.ExecContext(ctx, sqlRecompose, rest.hash, v.digest); err != nil {
		return err
	}
	b.cards = make(map[string][]string)
	cards, err := b.composition(ctx, rest)
	if err != nil {
		return err
	}
	// No job: the worker that withheld goes on with the conversation.
	first, err := b.owe(ctx, v.digest, 0, v.where, v.story, cards, "instead", v.key, rest.hash)
	if err == nil && v.verb == replies {
		_, err = b.tx.ExecContext(ctx, sqlNewAnswer, v.target, first)
	}
	return err
}
