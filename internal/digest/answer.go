package digest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// maxAnswers is how many messages one flush answers with corrections. Where more are
// concerned, one digest tells them all: many answers at once would be noise.
const maxAnswers = 3

// An answer is what corrects one message.
type answer struct {
	target int64
	story  string
	told   []change
}

// answers divides what a flush tells into corrections of what was told there in few
// messages, each of which is answered, and the rest. What was told there just as it
// is now is neither.
func (p *planner) answers(ctx context.Context, s Subscription, told []change) (parts []part, rest []change, err error) {
	var found []answer
	whole := slices.Clone(told) // if too many messages are concerned
	for _, c := range told {
		before, corrects, err := p.toldBefore(ctx, s.Where, c)
		if err != nil {
			return nil, nil, err
		}
		if !corrects {
			rest = append(rest, c)
			continue
		}
		now, changed := c.Change, true
		if c.Seq <= before.knows {
			changed = false // the message told it itself
		} else if before.latest != nil {
			now, changed = rebase(*before.latest, c.Change)
		}
		at := slices.IndexFunc(whole, func(w change) bool { return w.subject == c.subject })
		if !changed {
			whole = slices.Delete(whole, at, at+1)
			continue
		}
		c.Change, whole[at].Change = now, now
		i := slices.IndexFunc(found, func(a answer) bool { return a.target == before.delivery })
		if i < 0 {
			found = append(found, answer{target: before.delivery, story: c.Story})
			i = len(found) - 1
		}
		found[i].told = append(found[i].told, c)
	}
	if len(found) > maxAnswers {
		return nil, whole, nil
	}
	for _, a := range found {
		c, err := p.composition(ctx, s, Correction, a.story, a.told)
		if err != nil {
			return nil, nil, err
		}
		if c != nil {
			parts = append(parts, part{composition: c, form: Correction, story: a.story, target: a.target})
		}
	}
	return parts, rest, nil
}

// A telling is where a conversation was told of an item.
type telling struct {
	delivery int64         // that posted it first
	knows    int64         // it took the changes up to this one into account
	latest   *brief.Change // as it was told last; nil where the item itself did not change
}

const sqlTellings = `SELECT v.id, v.knows, t.seq, t.body, k.hash, k.body FROM composition_changes t JOIN digests g ON g.composition = t.composition
	JOIN deliveries v ON v.digest = g.id JOIN cards k ON k.hash = v.card
	WHERE t.subject = $1 AND g.conversation = $2 AND g.form <> 'living' AND v.verb IN ('post', 'reply')
	AND (v.settled_at = 0 OR v.message <> '') ORDER BY t.seq, v.id`

// toldBefore says whether a change corrects what a message told a conversation, and
// which.
func (p *planner) toldBefore(ctx context.Context, where chat.Conversation, c change) (t telling, corrects bool, err error) {
	subject, whole := c.subject, c.Kind == brief.CorrectionPublished
	switch {
	case whole:
		subject = corrected(c.Change)
	case !strings.HasPrefix(string(c.Kind), "event.") || c.Kind == brief.EventAdded:
		return t, false, nil
	}
	if subject == "" {
		return t, false, nil
	}
	var seq int64
	_, err = collect(ctx, p.ledger.read, func(scan func(...any) error) (none struct{}, err error) {
		var id, knows int64
		var change, card []byte
		var k keptCard
		if err := scan(&id, &knows, &seq, &change, &k.hash, &card); err != nil {
			return none, err
		}
		if err := json.Unmarshal(card, &k.card); err != nil || !k.tells(seq) {
			return none, err
		}
		if t.delivery == 0 {
			t.delivery, t.knows = id, knows
		}
		if !whole {
			t.latest = new(brief.Change)
			err = json.Unmarshal(change, t.latest)
		}
		return none, err
	}, sqlTellings, subject, where.String())
	if err != nil {
		return t, false, fmt.Errorf("reading what was told before: %w", p.ledger.explain(err))
	}
	if t.latest != nil && t.knows > seq {
		seen, err := collect(ctx, p.ledger.read, scanChange, sqlSeen, subject, seq, t.knows)
		if err != nil {
			return t, false, fmt.Errorf("reading what was told before: %w", p.ledger.explain(err))
		}
		for _, s := range seen {
			t.latest.After = s.After
		}
	}
	return t, t.delivery > 0, nil
}

// sqlSeen is the last change of an item that a message took into account after the one
// that it tells.
const sqlSeen = sqlChange + `WHERE subject = $1 AND seq > $2 AND seq <= $3 ORDER BY seq DESC LIMIT 1`

const sqlNewAnswer = `UPDATE deliveries SET verb = 'reply', target = $1 WHERE id = $2`

// answer owes cards to a conversation, the first as an answer to the message of a
// delivery. They go where that message is.
func (b *batch) answer(ctx context.Context, digest int64, key string, to chat.Conversation, target int64, cards []string, l lane) error {
	job, err := b.job(ctx, to.Platform, l)
	if err != nil {
		return err
	}
	first, err := b.owe(ctx, digest, job, to, "", cards, "delivery", key)
	if err != nil {
		return err
	}
	_, err = b.tx.ExecContext(ctx, sqlNewAnswer, target, first)
	return err
}
