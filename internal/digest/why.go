package digest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A Fate is what became of a change in a conversation.
type Fate string

// The fates of a change. Those of the first group have a delivery that tells it.
const (
	FateTold        Fate = "told"
	FateWaiting     Fate = "waiting"   // in line, or to be tried again; Until is when
	FateSending     Fate = "sending"   // right now
	FateHeld        Fate = "held"      // by quiet hours; Until is their end
	FateSuspended   Fate = "suspended" // nothing can be sent there; Trouble says why
	FateUnconfirmed Fate = "unconfirmed"
	FateRefused     Fate = "refused"
	FateSkipped     Fate = "skipped"
	FateWithheld    Fate = "withheld" // it may not be seen there; of what it told nothing is said
	FateFixed       Fate = "fixed"    // the message that was to show it cannot be changed; another does, Until is when

	FateNotDue   Fate = "not due"  // before Until
	FateSettling Fate = "settling" // it is told once the briefs are quiet, about Until
	FateUnasked  Fate = "unasked"  // below the importance that is asked for
	FateSilent   Fate = "silent"   // the editors do not announce it
	FateUndone   Fate = "undone"   // before it was told
	FateRemoval  Fate = "removal"  // what is removed is not announced
	FateReturned Fate = "returned" // it is back as it was
	FateBefore   Fate = "before"   // it was recorded before the subscription began
	FateNoOrder  Fate = "no order" // no subscription there is for its story
	// FateForgotten is that of a change which is so old that what became of it is not
	// kept.
	FateForgotten Fate = "forgotten"
	FatePassed    Fate = "passed" // it was considered when due, and nothing was to be told of it
)

// An Explanation says what became of one change in a conversation.
type Explanation struct {
	// Change is zero where Fate is FateWithheld: what was withheld is not told.
	Change Recorded
	Fate   Fate
	// Entry is the delivery that tells it; its ID is zero if there is none.
	Entry Entry
	// When is when it was settled, or since when it waits.
	When time.Time
	// Until is when it is told, or tried, at the earliest.
	Until time.Time
	// Merged is the later change with which it is told as one; 0: it is told itself.
	Merged int64
	// Order is the subscription that is for its story now; its ID is zero if none is.
	Order Subscription
	// Other says that another subscription than Order told it.
	Other bool
	// Amended says what became of the messages that told its item before: they were
	// brought up to date, or are to be.
	Amended Amended
	// Count is how many digests FateWithheld is about.
	Count int
}

// Amended counts messages that told an item before it changed again.
type Amended struct {
	Done  int // show it as it is now
	Owed  int // are to
	Fixed int // cannot be changed
}

// An Inquiry asks what became of the changes in a conversation.
type Inquiry struct {
	Where chat.Conversation
	// Story is the one whose changes are asked about; empty: every one.
	Story string
	// Readable says whether the asker may read a story; others are not told of.
	Readable func(story string) bool
	// Before is the number of the last change of the page before; 0: the first page.
	Before int64
	Limit  int // changes on a page, at least 1
}

// Why says, of the changes of stories that can be read, what became of each in a
// conversation, the newest first. More says that there are older ones.
func (d *Dispatcher) Why(ctx context.Context, q Inquiry) (all []Explanation, more bool, err error) {
	w := why{planner: d.planner.another(), Inquiry: q, now: d.now()}
	if all, more, err = w.explainAll(ctx); err != nil {
		return nil, false, fmt.Errorf("finding what became of changes: %w", d.ledger.explain(err))
	}
	return all, more, nil
}

// A why is one inquiry.
type why struct {
	*planner
	Inquiry
	now     time.Time
	orders  []Subscription
	pending map[int64][]change // by order: what would be told of it now
}

func (w *why) explainAll(ctx context.Context) (all []Explanation, more bool, err error) {
	if err := w.prepare(ctx); err != nil {
		return nil, false, err
	}
	changes, more, err := w.page(ctx)
	if err != nil {
		return nil, false, err
	}
	from, upto := int64(0), w.Before-1
	if more {
		from = changes[len(changes)-1].Seq
	}
	withheld, err := w.withheld(ctx, from, upto)
	if err != nil {
		return nil, false, err
	}
	for _, c := range changes {
		for len(withheld) > 0 && withheld[0].upto >= c.Seq {
			all, withheld = append(all, withheld[0].Explanation), withheld[1:]
		}
		e, err := w.one(ctx, c)
		if err != nil {
			return nil, false, err
		}
		all = append(all, e)
	}
	for _, h := range withheld {
		all = append(all, h.Explanation)
	}
	return all, more, nil
}

func (w *why) prepare(ctx context.Context) (err error) {
	if w.Before <= 0 {
		w.Before = math.MaxInt64
	}
	w.Limit = max(1, w.Limit)
	w.pending = make(map[int64][]change)
	if w.Where, err = current(ctx, w.ledger.read, w.Where); err != nil {
		return err
	}
	if err := w.look(ctx, w.now); err != nil {
		return err
	}
	w.orders, err = collect(ctx, w.ledger.read, scanSubscription, sqlSubscriptionsOf, w.Where.String())
	return err
}

const (
	sqlChangesBefore        = sqlChange + `WHERE seq < $1 ORDER BY seq DESC LIMIT $2`
	sqlChangesOfStoryBefore = sqlChange + `WHERE story = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3`
)

// page returns the changes of a page, the newest first, and whether there are more.
func (w *why) page(ctx context.Context) (found []change, more bool, err error) {
	const chunk = 100
	readable := make(map[string]bool)
	for before := w.Before; ; {
		query, args := sqlChangesBefore, []any{before, int64(chunk)}
		if w.Story != "" {
			query, args = sqlChangesOfStoryBefore, []any{w.Story, before, int64(chunk)}
		}
		some, err := collect(ctx, w.ledger.read, scanChange, query, args...)
		if err != nil {
			return nil, false, err
		}
		for _, c := range some {
			may, asked := readable[c.Story]
			if !asked {
				may = w.Readable(c.Story)
				readable[c.Story] = may
			}
			if !may {
				continue
			}
			if len(found) == w.Limit {
				return found, true, nil
			}
			found = append(found, c)
		}
		if len(some) < chunk {
			return found, false, nil
		}
		before = some[len(some)-1].Seq
	}
}

const sqlWithheldOf = `SELECT g.upto_seq, COUNT(DISTINCT g.id), MAX(v.settled_at) FROM digests g JOIN deliveries v ON v.digest = g.id AND v.state = 'withheld' AND v.verb IN ('post', 'reply')
	WHERE g.conversation = $1 AND g.upto_seq >= $2 AND g.upto_seq <= $3 GROUP BY g.upto_seq ORDER BY g.upto_seq DESC`

type withheldAt struct {
	Explanation
	upto int64
}

// withheld tells that something was withheld between two changes, the newest first.
// Asked about one story it says nothing: that would tell which one it was.
func (w *why) withheld(ctx context.Context, from, upto int64) ([]withheldAt, error) {
	if w.Story != "" {
		return nil, nil
	}
	return collect(ctx, w.ledger.read, func(scan func(...any) error) (h withheldAt, err error) {
		var at int64
		h.Fate = FateWithheld
		err = scan(&h.upto, &h.Count, &at)
		h.When = moment(at)
		return h, err
	}, sqlWithheldOf, w.Where.String(), from, upto)
}

// one says what became of a change.
func (w *why) one(ctx context.Context, c change) (e Explanation, err error) {
	e.Change = c.Recorded
	if i := tells(w.orders, c.Story); i >= 0 {
		e.Order = w.orders[i]
	}
	if e.Amended, err = w.amended(ctx, c); err != nil {
		return e, err
	}
	told, err := w.toldIn(ctx, c)
	if err != nil {
		return e, err
	}
	if told != nil {
		return e, w.owed(ctx, &e, *told)
	}
	return e, w.untold(ctx, &e, c)
}

// A rendition is a digest of the conversation that tells a change.
type rendition struct {
	digest, order int64
	seq           int64 // the change as which it tells it
	delivery      int64 // 0: none is left
	state         string
	form          Form
}

const (
	sqlRenditions = `SELECT g.id, g.subscription, t.seq, g.form FROM composition_changes t JOIN digests g ON g.composition = t.composition
		WHERE t.subject = $1 AND g.conversation = $2 AND (t.seq = $3 OR t.seq > $4 AND g.from_seq < $5) ORDER BY g.id`
	sqlRenditionsSince = `SELECT g.id, g.subscription, t.seq, g.form FROM composition_changes t JOIN digests g ON g.composition = t.composition
		WHERE t.subject = $1 AND g.conversation = $2 AND g.id > $3 AND g.subscription = $4 ORDER BY g.id`
	sqlDeliveryNumber = sqlDeliveryColumns + `WHERE v.id = $1`
	sqlOpened         = `SELECT COALESCE(MAX(seq), 0), COALESCE(MAX(subject), '') FROM changes WHERE story = $1 AND kind = 'dossier.opened' AND seq < $2`
	sqlDeliveries     = `SELECT v.id, v.state, COALESCE(c.body, '') FROM deliveries v LEFT JOIN cards c ON c.hash = CASE WHEN v.shown <> '' THEN v.shown ELSE v.card END
		WHERE v.digest = $1 AND v.digest > 0 AND (v.verb IN ('post', 'reply') OR v.verb = 'edit' AND $2 = 'living') ORDER BY v.id`
)

// toldIn returns the rendition of a change that came furthest, the first of equals;
// nil if there is none.
func (w *why) toldIn(ctx context.Context, c change) (best *rendition, err error) {
	found, err := w.renditions(ctx, c.subject, c.Seq)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 && c.Kind != brief.DossierOpened {
		// A story that was opened in the same digest is told as a whole.
		var opened int64
		var subject string
		if err := w.ledger.read.QueryRowContext(ctx, sqlOpened, c.Story, c.Seq).Scan(&opened, &subject); err != nil {
			return nil, err
		}
		if opened > 0 {
			if found, err = w.renditions(ctx, subject, opened); err != nil {
				return nil, err
			}
			found = slices.DeleteFunc(found, func(t rendition) bool { return t.seq < c.Seq })
		}
	}
	for _, t := range found {
		if t, err = w.follow(ctx, t, c.subject); err != nil {
			return nil, err
		}
		if best == nil || rank(t.state) < rank(best.state) {
			best = &t
		}
	}
	return best, nil
}

func (w *why) renditions(ctx context.Context, subject string, seq int64) ([]rendition, error) {
	return collect(ctx, w.ledger.read, scanRendition, sqlRenditions, subject, w.Where.String(), seq, seq, seq)
}

// follow finds the delivery of a telling. A living message that was to tell it may
// tell it as part of a later digest.
func (w *why) follow(ctx context.Context, t rendition, subject string) (rendition, error) {
	if err := w.find(ctx, &t); err != nil || t.delivery > 0 || t.form != Living {
		return t, err
	}
	later, err := collect(ctx, w.ledger.read, scanRendition, sqlRenditionsSince, subject, w.Where.String(), t.digest, t.order)
	if err != nil {
		return t, err
	}
	for _, l := range later {
		if err := w.find(ctx, &l); err != nil || l.delivery > 0 {
			return l, err
		}
	}
	return t, nil
}

func scanRendition(scan func(...any) error) (t rendition, err error) {
	err = scan(&t.digest, &t.order, &t.seq, &t.form)
	return t, err
}

// rank says how far a delivery in a state came: less is further.
func rank(state string) int {
	i := slices.Index([]string{sent, sending, waiting, unconfirmed, refused, skipped, moot, withheld}, state)
	if i < 0 {
		return math.MaxInt
	}
	return i
}

// find finds the delivery that tells a change: of several cards the one with its
// item, and the last where none has one; of several attempts the one that came
// furthest.
func (w *why) find(ctx context.Context, t *rendition) error {
	type candidate struct {
		id    int64
		state string
		has   bool
	}
	item := strconv.FormatInt(t.seq, 10)
	found, err := collect(ctx, w.ledger.read, func(scan func(...any) error) (c candidate, err error) {
		var card string
		err = scan(&c.id, &c.state, &card)
		c.has = strings.Contains(card, `"id":"`+item+`"`)
		return c, err
	}, sqlDeliveries, t.digest, string(t.form))
	if err != nil {
		return err
	}
	for _, has := range []bool{true, false} {
		for _, c := range slices.Backward(found) {
			if c.has == has && (t.delivery == 0 || has && rank(c.state) < rank(t.state)) {
				t.delivery, t.state = c.id, c.state
			}
		}
		if t.delivery > 0 {
			return nil
		}
	}
	return nil
}

const sqlRenewIn = `SELECT COALESCE(MIN(l.renew_at), 0) FROM living l JOIN subscriptions s ON s.id = l.subscription
	WHERE s.conversation = $1 AND l.story = $2 AND l.renew_at > 0`

// owed says what became of a delivery that tells a change.
func (w *why) owed(ctx context.Context, e *Explanation, t rendition) error {
	if t.seq != e.Change.Seq {
		e.Merged = t.seq
	}
	e.Other = t.order != e.Order.ID
	if t.delivery == 0 {
		e.Fate = FatePassed
		return nil
	}
	found, err := w.ledger.entries(ctx, sqlEntry, t.delivery)
	if err != nil || len(found) == 0 {
		return err
	}
	e.Entry = found[0]
	e.When = e.Entry.Settled
	switch e.Entry.State {
	case sent:
		e.Fate = FateTold
	case sending:
		e.Fate, e.When = FateSending, e.Entry.Sent
	case unconfirmed:
		e.Fate = FateUnconfirmed
	case refused:
		e.Fate = FateRefused
	case skipped:
		e.Fate = FateSkipped
	case moot:
		e.Fate = FateFixed
		renew, err := scalar(ctx, w.ledger.read, sqlRenewIn, w.Where.String(), e.Change.Story)
		e.Until = moment(renew)
		return w.ledger.explain(err)
	case withheld:
		e.Fate = FatePassed
	default:
		return w.waits(ctx, e)
	}
	return nil
}

// waits says for what a delivery waits.
func (w *why) waits(ctx context.Context, e *Explanation) error {
	e.Fate, e.When, e.Until = FateWaiting, e.Entry.Planned, e.Entry.Due
	v, err := w.ledger.found(ctx, w.Where, sqlDeliveryNumber, e.Entry.ID)
	if err != nil || v == nil {
		return err
	}
	if end := v.held(w.now); !end.IsZero() {
		e.Fate, e.Until = FateHeld, end
	}
	if e.Entry.Suspended != "" {
		e.Fate, e.Until = FateSuspended, time.Time{}
	}
	return nil
}
