package digest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

// untold says why no digest tells a change: what the planner made of it, or would
// make of it now.
func (w *why) untold(ctx context.Context, e *Explanation, c change) error {
	order := e.Order
	switch {
	case strings.HasSuffix(string(c.Kind), ".removed"):
		e.Fate = FateRemoval
		return nil
	case order.ID == 0:
		e.Fate = FateNoOrder
		return nil
	case c.Seq <= order.sinceSeq:
		e.Fate, e.Until = FateBefore, order.Since
		return nil
	case c.Announce == brief.Silent:
		e.Fate = FateSilent
		return nil
	case c.Seq <= order.Cursor:
		return w.considered(ctx, e, c, order.Cursor)
	}
	told, err := w.foreseen(ctx, order)
	if err != nil {
		return err
	}
	for _, t := range told {
		if t.Seq >= c.Seq && (t.subject == c.subject || t.Kind == brief.DossierOpened && t.Story == c.Story) {
			if t.Seq != c.Seq {
				e.Merged = t.Seq
			}
			w.ahead(e, t)
			return nil
		}
	}
	return w.considered(ctx, e, c, w.head)
}

// foreseen returns what an order would be told now of what it was not told yet.
func (w *why) foreseen(ctx context.Context, s Subscription) ([]change, error) {
	if told, known := w.pending[s.ID]; known {
		return told, nil
	}
	window, err := w.window(ctx, s, w.head)
	if err != nil {
		return nil, err
	}
	told, err := w.sift(ctx, &flush{sub: s, cursor: w.head, urgent: w.head}, window)
	w.pending[s.ID] = told
	return told, err
}

// ahead says when a change is told that is yet to be planned.
func (w *why) ahead(e *Explanation, told change) {
	order := e.Order
	urgent := told.Announce == brief.Now
	held := order.HeldUntil(w.now)
	switch {
	case order.Suspended != "":
		e.Fate = FateSuspended
	case !held.IsZero() && !urgent:
		e.Fate, e.Until = FateHeld, held
	case urgent || order.Schedule == Immediate:
		e.Fate = FateSettling
		if until := w.last.Add(w.settle); until.After(w.now) {
			e.Until = until
		}
	default:
		e.Fate, e.Until = FateNotDue, order.Next
	}
}

// considered says why nothing is told of a change that was looked at with all up to
// another, or would be.
func (w *why) considered(ctx context.Context, e *Explanation, c change, upto int64) error {
	spans, err := w.neighbours(ctx, c, upto)
	if err != nil {
		return err
	}
	_, lowers := slices.BinarySearchFunc(spans, c, bySeq)
	switch {
	case c.origin != ordinary:
		e.Fate = FateReturned
	case undone(spans, c):
		e.Fate = FateUndone
	case lowers && slices.ContainsFunc(spans, func(l change) bool { return l.Seq > c.Seq && l.Announce == brief.Silent }):
		e.Fate = FateSilent
	case c.Importance.Rank() < e.Order.Importance.Rank() && e.Order.Importance != "":
		e.Fate = FateUnasked
	case w.now.Sub(c.At) > keepFor:
		e.Fate = FateForgotten
	default:
		e.Fate = FatePassed
	}
	return nil
}

// neighbourhood is how many changes of one item before and after another are looked
// at for whether it was undone.
const neighbourhood = 20

const (
	sqlEarlier = sqlChange + `WHERE subject = $1 AND seq < $2 AND seq > $3 ORDER BY seq DESC LIMIT $4`
	sqlLater   = sqlChange + `WHERE subject = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq LIMIT $4`
	sqlToldTo  = `SELECT COALESCE(MAX(t.seq), 0) FROM composition_changes t JOIN digests g ON g.composition = t.composition
		WHERE t.subject = $1 AND g.conversation = $2 AND t.seq < $3`
)

// neighbours returns the changes of c's item that nobody there was told of, from the
// last that was told to upto, in their order.
func (w *why) neighbours(ctx context.Context, c change, upto int64) ([]change, error) {
	from, err := scalar(ctx, w.ledger.read, sqlToldTo, c.subject, w.Where.String(), c.Seq)
	if err != nil {
		return nil, err
	}
	before, err := collect(ctx, w.ledger.read, scanChange, sqlEarlier, c.subject, c.Seq, max(from, startOf(w.orders, c.Story)), int64(neighbourhood))
	if err != nil {
		return nil, err
	}
	slices.Reverse(before)
	after, err := collect(ctx, w.ledger.read, scanChange, sqlLater, c.subject, c.Seq, upto, int64(neighbourhood))
	return append(before, after...), err
}

// startOf returns the change up to which an order for a story is not told anything.
func startOf(orders []Subscription, story string) int64 {
	if i := tells(orders, story); i >= 0 {
		return orders[i].sinceSeq
	}
	return 0
}

// undone says whether changes of one item that follow each other, c among them, come
// to nothing.
func undone(spans []change, c change) bool {
	for i, first := range spans {
		if first.Seq > c.Seq {
			break
		}
		for j := i; j < len(spans); j++ {
			if spans[j].Seq < c.Seq || i == j {
				continue
			}
			if nothing(merged(spans[i : j+1])) {
				return true
			}
		}
	}
	return false
}

// nothing says whether merged changes tell nothing: an item came and went.
func nothing(changes []change) bool {
	return !slices.ContainsFunc(changes, func(c change) bool { return !strings.HasSuffix(string(c.Kind), ".removed") })
}

const sqlAmendments = `SELECT e.state, COUNT(DISTINCT e.target) FROM composition_changes t JOIN digests g ON g.composition = t.composition AND g.conversation = $1
	JOIN deliveries v ON v.digest = g.id JOIN deliveries e ON e.target = v.id AND e.target > 0 AND e.verb = 'edit'
	WHERE t.subject = $2 AND t.seq < $3 AND g.form NOT IN ('living', 'correction') AND (e.settled_at = 0 OR e.settled_at >= $4)
	AND e.id = (SELECT MAX(x.id) FROM deliveries x WHERE x.target = v.id AND x.target > 0 AND x.verb = 'edit') GROUP BY e.state`

// amended says what became of the messages that told the item of a change before.
func (w *why) amended(ctx context.Context, c change) (a Amended, err error) {
	item := c.subject
	switch {
	case c.Kind == brief.CorrectionPublished:
		item = corrected(c.Change)
	case strings.HasPrefix(string(c.Kind), "event."), strings.HasSuffix(string(c.Kind), ".removed"), c.origin != ordinary:
	default:
		return a, nil // it is news, and marks nothing
	}
	_, err = collect(ctx, w.ledger.read, func(scan func(...any) error) (none struct{}, err error) {
		var state string
		var n int
		err = scan(&state, &n)
		switch state {
		case sent:
			a.Done += n
		case waiting, sending:
			a.Owed += n
		case moot, refused:
			a.Fixed += n
		}
		return none, err
	}, sqlAmendments, w.Where.String(), item, c.Seq, millis(c.At.Truncate(time.Millisecond)))
	return a, err
}
