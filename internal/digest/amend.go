package digest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// What was posted is brought up to date when what it tells is corrected, withdrawn
// or back: every message is compared with what it would have to show now, made
// from the card that was posted first. An answer that corrects is marked only where
// what it tells was removed: of what was corrected later another one tells. To do it twice changes nothing, so that it
// goes on from the last change that was wholly carried through.

const (
	sqlAmended     = `SELECT CAST(value AS BIGINT) FROM settings WHERE name = 'amended_seq'`
	sqlAmendWindow = sqlChange + `WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`
	sqlTellers     = `SELECT t.composition FROM composition_changes t
		WHERE t.subject = $1 AND EXISTS (SELECT 1 FROM digests g WHERE g.composition = t.composition AND g.form <> 'living') ORDER BY t.composition`
	sqlLivingTellers = `SELECT t.composition FROM composition_changes t
		WHERE t.subject = $1 AND EXISTS (SELECT 1 FROM digests g JOIN living l ON l.subscription = g.subscription AND l.digest = g.id
		WHERE g.composition = t.composition AND g.form = 'living') ORDER BY t.composition`
	sqlStoryTellers = `SELECT DISTINCT t.composition FROM composition_changes t
		WHERE t.story = $1 AND EXISTS (SELECT 1 FROM digests g WHERE g.composition = t.composition AND g.form <> 'living') ORDER BY t.composition`
	sqlKnows   = `UPDATE deliveries SET knows = $1 WHERE id = $2 AND state = 'waiting' AND doubts = 0`
	sqlCardsOf = `SELECT c.card, k.body FROM composition_cards c JOIN cards k ON k.hash = c.card WHERE c.composition = $1 ORDER BY c.position`
	sqlShowing = `SELECT v.id FROM deliveries v WHERE v.card = $1 AND v.id > $2 AND v.verb IN ('post', 'reply')
		AND EXISTS (SELECT 1 FROM digests g WHERE g.id = v.digest AND g.composition = $3) ORDER BY v.id LIMIT $4`
	sqlLivingShowing = `SELECT l.subscription, l.story, l.delivery, l.digest FROM digests g JOIN living l ON l.subscription = g.subscription AND l.digest = g.id
		WHERE g.composition = $1 AND l.delivery > $2 ORDER BY l.delivery LIMIT $3`
	sqlLastOf      = sqlChange + `WHERE subject = $1 AND seq > $2 ORDER BY seq DESC LIMIT 1`
	sqlCorrections = sqlChange + `WHERE story = $1 AND kind = 'correction.published' AND item = $2 AND seq > $3 ORDER BY seq`
)

// amendBatch is how many changes are carried through before that is written down,
// and how many messages in one transaction.
const amendBatch = 250

// amend has messages show what became of what they tell, once the briefs are quiet,
// and returns when they will be, if there is something to do. Those that were posted,
// or wait to be, come first, before digests are planned: what waits is then posted as
// it has to be, and needs no correction. Living messages come after that, and then it
// is done.
func (p *planner) amend(ctx context.Context, now time.Time, living bool) (time.Time, error) {
	if p.revise == nil {
		return time.Time{}, nil
	}
	done, err := scalar(ctx, p.ledger.read, sqlAmended)
	if err != nil || done >= p.head {
		return time.Time{}, p.ledger.explain(err)
	}
	since, err := scalar(ctx, p.ledger.read, sqlChangeAt, done+1)
	if err != nil {
		return time.Time{}, p.ledger.explain(err)
	}
	if due := earliest(p.last.Add(p.settle), moment(since).Add(longSettle*p.settle)); due.After(now) {
		return due, nil
	}
	for done < p.head {
		changes, err := collect(ctx, p.ledger.read, scanChange, sqlAmendWindow, done, p.head, int64(amendBatch))
		if err != nil || len(changes) == 0 {
			return time.Time{}, p.ledger.explain(err)
		}
		if err := p.carryThrough(ctx, changes, living, now); err != nil {
			return time.Time{}, err
		}
		done = changes[len(changes)-1].Seq
		if !living {
			continue
		}
		if err := p.ledger.update(ctx, "amended", func(tx *transaction) error {
			_, err := tx.ExecContext(ctx, sqlSetSetting, "amended_seq", strconv.FormatInt(done, 10))
			return err
		}); err != nil {
			return time.Time{}, err
		}
	}
	return time.Time{}, nil
}

// carryThrough brings every message up to date that tells what some changes are
// about.
func (p *planner) carryThrough(ctx context.Context, changes []change, living bool, now time.Time) error {
	subjects, tellers := make(map[string]bool), make(map[string]bool)
	for _, c := range changes {
		subject := amends(c.Change, c.subject)
		if subject == "" || subjects[subject] {
			continue
		}
		subjects[subject] = true
		query, of := sqlTellers, subject
		if living {
			query = sqlLivingTellers
		} else if c.Kind == brief.DossierRemoved || c.Kind == brief.DossierOpened {
			query, of = sqlStoryTellers, c.Story // all that was told of it
		}
		found, err := collect(ctx, p.ledger.read, scanOne[string], query, of)
		if err != nil {
			return fmt.Errorf("reading who was told: %w", p.ledger.explain(err))
		}
		for _, composition := range found {
			if tellers[composition] {
				continue
			}
			tellers[composition] = true
			if err := p.amendComposition(ctx, composition, living, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// amends returns the subject of which messages may have to show something else
// after a change, empty if they do not: that an indicator moved on, say, is news,
// and what was told of it before stays right.
func amends(c brief.Change, subject string) string {
	kind := string(c.Kind)
	switch {
	case c.Kind == brief.CorrectionPublished:
		return corrected(c)
	case strings.HasPrefix(kind, "event."), c.Kind == brief.DossierOpened,
		strings.HasSuffix(kind, ".added"), strings.HasSuffix(kind, ".removed"):
		return subject
	}
	return ""
}

// amendComposition brings the messages of the digests up to date that tell one
// composition.
func (p *planner) amendComposition(ctx context.Context, composition string, living bool, now time.Time) error {
	told, err := p.toldBy(ctx, composition)
	if err != nil {
		return err
	}
	var marks []Mark
	var last int64 // what it tells itself is no news to it
	for _, c := range told {
		last = max(last, c.Seq)
	}
	form, err := formOf(ctx, p.ledger.read, composition)
	if err != nil {
		return p.ledger.explain(err)
	}
	for _, c := range told {
		m, err := p.mark(ctx, c, last)
		if err != nil {
			return err
		}
		if form == Correction {
			m = m.removal()
		}
		marks = append(marks, m)
	}
	cards, err := collect(ctx, p.ledger.read, scanKeptCard, sqlCardsOf, composition)
	if err != nil {
		return fmt.Errorf("reading a digest's cards: %w", p.ledger.explain(err))
	}
	for i, c := range cards {
		of := slices.DeleteFunc(slices.Clone(marks), func(m Mark) bool { return !c.tells(m.Told.Seq) })
		revised, err := p.revise(ctx, c.card, of)
		if err != nil {
			// To try it again now would come to the same, and hold up all else.
			p.alarm(ctx, "revise:"+composition, fmt.Sprintf("What was posted could not be brought up to date, and stays as it is until it changes again. %v", err))
			return ctx.Err()
		}
		switch {
		case !living:
			err = p.showAll(ctx, composition, c.hash, revised, now)
		case i == 0:
			err = p.showLiving(ctx, composition, revised, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const sqlFormOf = `SELECT COALESCE(MAX(form), '') FROM digests WHERE composition = $1`

// formOf returns what the cards of a composition are.
func formOf(ctx context.Context, q queryer, composition string) (f Form, err error) {
	err = q.QueryRowContext(ctx, sqlFormOf, composition).Scan(&f)
	return f, err
}

// removal is the mark without all that an answer of its own tells.
func (m Mark) removal() Mark {
	if m.Now == nil || !strings.HasSuffix(string(m.Now.Kind), ".removed") {
		m.Now = nil
	}
	m.Corrections = nil
	return m
}

// A keptCard is a card with the hash that names it.
type keptCard struct {
	hash string
	card chat.Card
}

func scanKeptCard(scan func(...any) error) (k keptCard, err error) {
	var body []byte
	if err := scan(&k.hash, &body); err != nil {
		return k, err
	}
	return k, json.Unmarshal(body, &k.card)
}

// tells says whether one of the card's items is of a change.
func (k keptCard) tells(seq int64) bool {
	id := strconv.FormatInt(seq, 10)
	return slices.ContainsFunc(k.card.Items, func(i chat.Item) bool { return i.ID == id })
}

// mark returns what became of what a change told, with the corrections published
// after another.
func (p *planner) mark(ctx context.Context, told change, last int64) (Mark, error) {
	m := Mark{Told: told.Recorded}
	later, err := collect(ctx, p.ledger.read, scanChange, sqlLastOf, told.subject, told.Seq)
	if err != nil {
		return m, fmt.Errorf("reading what a change came to: %w", p.ledger.explain(err))
	}
	if len(later) > 0 {
		m.Now = since(told.Change, later[0])
	}
	whole := brief.Change{Story: told.Story, Kind: brief.DossierRemoved}
	if later, err = collect(ctx, p.ledger.read, scanChange, sqlLastOf, subject(whole), told.Seq); err != nil {
		return m, fmt.Errorf("reading what became of a story: %w", p.ledger.explain(err))
	}
	if len(later) > 0 && later[0].Kind == brief.DossierRemoved {
		m.Now = withStory(told.Change, later[0])
		return m, nil
	}
	item, ok := itemOf(told.Change)
	if !ok {
		return m, nil
	}
	published, err := collect(ctx, p.ledger.read, scanChange, sqlCorrections, told.Story, item, last)
	if err != nil {
		return m, fmt.Errorf("reading corrections: %w", p.ledger.explain(err))
	}
	for _, c := range published {
		if correction, err := brief.As[brief.Correction](c.After); err == nil && correction != nil {
			m.Corrections = append(m.Corrections, *correction)
		}
	}
	return m, nil
}

// since returns what lies between an item as it was told and the last change of it,
// nil if that is nothing, or nothing that makes wrong what was told.
func since(told brief.Change, last change) *Recorded {
	r := last.Recorded
	if strings.HasSuffix(string(r.Kind), ".removed") {
		r.Before = told.After
		return &r
	}
	if !strings.HasPrefix(string(r.Kind), "event.") {
		return nil
	}
	r.Change, _ = rebase(told, r.Change)
	if r.Kind == "" {
		return nil
	}
	return &r
}

// withStory returns the removal of an item whose story was removed.
func withStory(told brief.Change, removal change) *Recorded {
	word, _, _ := strings.Cut(string(told.Kind), ".")
	r := Recorded{Seq: removal.Seq, At: removal.At, Commit: removal.Commit, Change: told}
	r.Kind, r.Before, r.After = brief.ChangeKind(word+".removed"), told.After, nil
	return &r
}

// rebase returns a change of an item as it looks to those who were told of the item
// as told has it; false if they were told just what it is now.
func rebase(told, c brief.Change) (brief.Change, bool) {
	from := c
	from.Before, from.After = told.After, c.Before
	merged := brief.Merge([]brief.Change{from, c})
	if len(merged) != 1 {
		return brief.Change{}, false
	}
	return merged[0], true
}

// sections are the first kinds of the changes in each section of a dossier, by the
// name that a correction calls it.
var sections = map[string]brief.ChangeKind{
	"timeline": brief.EventAdded, "indicators": brief.IndicatorAdded, "people": brief.PersonAdded,
	"organizations": brief.OrganizationAdded, "scenarios": brief.ScenarioAdded, "history": brief.CaseAdded,
}

// itemOf returns a change's item as a correction names it; false if none can.
func itemOf(c brief.Change) (string, bool) {
	word, _, _ := strings.Cut(string(c.Kind), ".")
	for section, kind := range sections {
		if strings.HasPrefix(string(kind), word+".") {
			return section + "/" + c.Item, true
		}
	}
	return "", false
}

// showAll has every message show a card that was posted with another one at first.
func (p *planner) showAll(ctx context.Context, composition, first string, card chat.Card, now time.Time) error {
	for last := int64(0); ; {
		ids, err := collect(ctx, p.ledger.read, scanOne[int64], sqlShowing, first, last, composition, int64(amendBatch))
		if err != nil {
			return fmt.Errorf("reading what was posted: %w", p.ledger.explain(err))
		}
		if len(ids) == 0 {
			return nil
		}
		last = ids[len(ids)-1]
		err = p.ledger.update(ctx, "amend", func(tx *transaction) error {
			hash, err := storeCard(ctx, tx, card, now)
			if err != nil {
				return err
			}
			for _, id := range ids {
				digest, err := scalar(ctx, tx, sqlDigestOf, id)
				if err == nil {
					err = p.ledger.show(ctx, tx, id, hash, digest, now)
				}
				if err == nil {
					_, err = tx.ExecContext(ctx, sqlKnows, p.head, id)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// showLiving has the living messages that show a composition show a card instead.
func (p *planner) showLiving(ctx context.Context, composition string, card chat.Card, now time.Time) error {
	for last := int64(0); ; {
		found, err := collect(ctx, p.ledger.read, scanLiving, sqlLivingShowing, composition, last, int64(amendBatch))
		if err != nil {
			return fmt.Errorf("reading what is kept up to date: %w", p.ledger.explain(err))
		}
		if len(found) == 0 {
			return nil
		}
		last = found[len(found)-1].delivery
		err = p.ledger.update(ctx, "amend", func(tx *transaction) error {
			hash, err := storeCard(ctx, tx, card, now)
			for _, m := range found {
				if err == nil {
					err = p.ledger.keep(ctx, tx, m, hash, now)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

const sqlByKey = `SELECT COALESCE(MAX(id), 0) FROM deliveries WHERE key IN ($1, $2) AND (settled_at = 0 OR message <> '')`

// Amend has the message that a [Ledger.Post] with this key owes, or posted, show
// another card. Without such a message it does nothing.
func (l *Ledger) Amend(ctx context.Context, to chat.Conversation, key string, c chat.Card) error {
	err := l.update(ctx, "amend", func(tx *transaction) error {
		now, err := current(ctx, tx, to)
		if err != nil {
			return err
		}
		// It may have been owed before the conversation moved, or since.
		id, err := scalar(ctx, tx, sqlByKey, l.keyOf("post", to.String(), key), l.keyOf("post", now.String(), key))
		if err != nil || id == 0 {
			return err
		}
		at := l.now()
		hash, err := storeCard(ctx, tx, c, at)
		if err != nil {
			return err
		}
		return l.show(ctx, tx, id, hash, 0, at)
	})
	if err == nil {
		l.stir()
	}
	return err
}
