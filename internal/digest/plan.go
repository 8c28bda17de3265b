package digest

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// planBatch is how many subscriptions are planned in one transaction.
const planBatch = 250

// longSettle is after how many settle times without quiet a digest goes out
// anyway.
const longSettle = 10

// retryPlan is after how long a digest that could not be composed is tried again.
const retryPlan = time.Minute

// A planner turns what is due into deliveries. It remembers, for one pass, what
// it read and composed, so that many subscriptions that are told the same cost
// little more than one.
type planner struct {
	ledger  *Ledger
	compose func(context.Context, Digest) ([]chat.Card, error)
	revise  func(context.Context, chat.Card, []Mark) (chat.Card, error)
	visible func(Subscription, string) bool
	alarm   func(ctx context.Context, key, message string)
	settle  time.Duration
	serves  func(platform string) bool

	head int64 // the newest change, and when it was recorded
	last time.Time

	windows  map[string][]change
	merged   map[string][]change
	composed map[string]*composition
}

// A change is one as it is kept, or what several came to.
type change struct {
	Recorded
	subject string
	origin  int64
}

// A composition is what is told, and how.
type composition struct {
	hash    string
	changes []change
	cards   []chat.Card
}

// A part is what one of a flush's digests tells: of one story, or of all.
type part struct {
	*composition
	form   Form
	story  string // whose message or thread it is for; empty: no story's
	target int64  // the delivery whose message it answers; 0: none
}

// A flush is what is planned for one subscription.
type flush struct {
	sub    Subscription
	key    string
	window bool   // the key is of a window on the clock
	held   bool   // it waits for the end of quiet hours
	told   []part // none: nothing
	cursor int64  // the new places
	urgent int64
	next   time.Time
}

const (
	sqlDue = `SELECT ` + sqlSubscriptionColumns + sqlSubscriptionTables +
		`WHERE s.next_at > 0 AND s.next_at <= $1 AND COALESCE(c.suspended, '') = '' AND s.id > $2 ORDER BY s.id LIMIT $3`
	sqlDueImmediate = `SELECT ` + sqlSubscriptionColumns + sqlSubscriptionTables +
		`WHERE s.schedule = 'immediate' AND s.next_at = 0 AND s.cursor_seq < $1 AND COALESCE(c.suspended, '') = '' AND s.id > $2 ORDER BY s.id LIMIT $3`
	sqlDueUrgent = `SELECT ` + sqlSubscriptionColumns + sqlSubscriptionTables +
		`WHERE (s.schedule <> 'immediate' OR s.next_at > 0) AND s.urgent_seq < $1 AND COALESCE(c.suspended, '') = '' AND s.id > $2 ORDER BY s.id LIMIT $3`
	sqlAhead = `SELECT ` + sqlSubscriptionColumns + sqlSubscriptionTables +
		`WHERE s.next_at > $1 AND s.id > $2 ORDER BY s.id LIMIT $3`
	sqlNextDue = `SELECT COALESCE(MIN(s.next_at), 0)` + sqlSubscriptionTables + `WHERE s.next_at > 0 AND COALESCE(c.suspended, '') = ''`
)

// run plans what is due at now and returns when the next may be, the zero time if
// nothing is in sight.
func (p *planner) run(ctx context.Context, now time.Time) (time.Time, error) {
	p.forget()
	if err := p.look(ctx, now); err != nil {
		return time.Time{}, p.ledger.explain(err)
	}
	// First, so that what waits to be posted knows what a digest would have to correct.
	amend, err := p.amend(ctx, now, false)
	if err != nil {
		return time.Time{}, err
	}
	failed, err := p.each(ctx, now, sqlDue, millis(now), p.scheduled)
	if err != nil {
		return time.Time{}, err
	}
	quiet, err := p.wave(ctx, now, &failed)
	if err != nil {
		return time.Time{}, err
	}
	var due int64
	if err := p.ledger.read.QueryRowContext(ctx, sqlNextDue).Scan(&due); err != nil {
		return time.Time{}, p.ledger.explain(err)
	}
	renew, err := p.renew(ctx, now)
	if err != nil {
		return time.Time{}, err
	}
	if _, err := p.amend(ctx, now, true); err != nil {
		return time.Time{}, err
	}
	next := earliest(earliest(moment(due), quiet), earliest(renew, amend))
	if failed {
		// What failed is still due: do not come back for it at once.
		if again := now.Add(retryPlan); next.IsZero() || !next.After(now) {
			next = again
		}
	}
	return next, nil
}

// realign brings back the subscriptions whose next window lies further off than
// their schedule asks for: a clock that was wrong had sent them there, and they
// would sleep until it is right.
func (p *planner) realign(ctx context.Context, now time.Time) error {
	for last := int64(0); ; {
		subs, err := collect(ctx, p.ledger.read, scanSubscription, sqlAhead, millis(now), last, planBatch)
		if err != nil {
			return fmt.Errorf("reading what is ahead: %w", p.ledger.explain(err))
		}
		var early []flush
		for _, s := range subs {
			last = s.ID
			next := s.due(now)
			if s.Schedule == Immediate {
				next = s.HeldUntil(now)
			}
			if next.Before(s.Next) {
				early = append(early, hold(s, next))
			}
		}
		if len(early) > 0 {
			if err := p.store(ctx, early, now); err != nil {
				return err
			}
		}
		if len(subs) < planBatch {
			return nil
		}
	}
}

// another returns a planner that may be used at the same time, with a memory of its own.
func (p *planner) another() *planner {
	o := &planner{ledger: p.ledger, compose: p.compose, revise: p.revise, visible: p.visible, alarm: p.alarm, settle: p.settle, serves: p.serves}
	o.forget()
	return o
}

// forget drops what was read and composed: the next pass may find it changed.
func (p *planner) forget() {
	p.windows, p.merged, p.composed = make(map[string][]change), make(map[string][]change), make(map[string]*composition)
}

// earliest returns the earlier of two times, of which the zero time is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

const (
	sqlFirstImmediate = `SELECT COALESCE(MIN(s.cursor_seq), -1)` + sqlSubscriptionTables + `WHERE s.schedule = 'immediate' AND s.next_at = 0 AND s.cursor_seq < $1 AND COALESCE(c.suspended, '') = ''`
	sqlFirstUrgent    = `SELECT COALESCE(MIN(s.urgent_seq), -1)` + sqlSubscriptionTables + `WHERE (s.schedule <> 'immediate' OR s.next_at > 0) AND s.urgent_seq < $1 AND COALESCE(c.suspended, '') = ''`
	sqlUrgentHead     = `SELECT COALESCE(MAX(seq), 0) FROM changes WHERE announce = 'now'`
	sqlChangeAt       = `SELECT at FROM changes WHERE seq = $1`
	sqlNextUrgent     = `SELECT COALESCE(MIN(seq), 0) FROM changes WHERE announce = 'now' AND seq > $1`
)

// wave plans what goes out as soon as the briefs are quiet, and returns when they
// will be, if there is something to wait for.
func (p *planner) wave(ctx context.Context, now time.Time, failed *bool) (time.Time, error) {
	q, head := p.ledger.read, p.head
	if head == 0 {
		return time.Time{}, nil
	}
	urgent, err := scalar(ctx, q, sqlUrgentHead)
	if err != nil {
		return time.Time{}, p.ledger.explain(err)
	}
	first, err := p.firstPending(ctx, head, urgent)
	if err != nil || first == 0 {
		return time.Time{}, p.ledger.explain(err)
	}
	since, err := scalar(ctx, q, sqlChangeAt, first)
	if err != nil {
		return time.Time{}, p.ledger.explain(err)
	}
	due := earliest(p.last.Add(p.settle), moment(since).Add(longSettle*p.settle))
	if due.After(now) {
		return due, nil
	}
	bad, err := p.each(ctx, now, sqlDueImmediate, head, func(s Subscription, now time.Time) flush { return p.immediate(s, now, head) })
	*failed = *failed || bad
	if err != nil || urgent == 0 {
		return time.Time{}, err
	}
	bad, err = p.each(ctx, now, sqlDueUrgent, urgent, func(s Subscription, now time.Time) flush { return p.urgent(s, head) })
	*failed = *failed || bad
	return time.Time{}, err
}

// look finds the newest change. One that seems to be yet to come was recorded
// before the clock was set back: nobody waits for that to settle.
func (p *planner) look(ctx context.Context, now time.Time) (err error) {
	p.last = time.Time{}
	if p.head, err = head(ctx, p.ledger.read); err != nil || p.head == 0 {
		return err
	}
	at, err := scalar(ctx, p.ledger.read, sqlChangeAt, p.head)
	if last := moment(at); !last.After(now) {
		p.last = last
	}
	return err
}

// firstPending returns the first change that anybody waits for to be told at
// once, 0 for none.
func (p *planner) firstPending(ctx context.Context, head, urgent int64) (first int64, err error) {
	cursor, err := scalar(ctx, p.ledger.read, sqlFirstImmediate, head)
	if err != nil {
		return 0, err
	}
	if cursor >= 0 {
		first = cursor + 1
	}
	if cursor, err = scalar(ctx, p.ledger.read, sqlFirstUrgent, urgent); err != nil || cursor < 0 {
		return first, err
	}
	seq, err := scalar(ctx, p.ledger.read, sqlNextUrgent, cursor)
	if err == nil && seq > 0 && (first == 0 || seq < first) {
		first = seq
	}
	return first, err
}

func scalar(ctx context.Context, q queryer, query string, args ...any) (v int64, err error) {
	err = q.QueryRowContext(ctx, query, args...).Scan(&v)
	return v, err
}

// each plans every subscription that a query finds, a batch at a time: memory
// does not grow with their number. It says whether one could not be composed.
func (p *planner) each(ctx context.Context, now time.Time, query string, bound int64, outline func(Subscription, time.Time) flush) (failed bool, err error) {
	for last := int64(0); ; {
		subs, err := collect(ctx, p.ledger.read, scanSubscription, query, bound, last, planBatch)
		if err != nil {
			return failed, fmt.Errorf("reading what is due: %w", p.ledger.explain(err))
		}
		var flushes []flush
		for _, s := range subs {
			last = s.ID
			f := outline(s, now)
			if f.held {
				flushes = append(flushes, f)
				continue
			}
			if err := p.fill(ctx, &f); err != nil {
				if ctx.Err() != nil {
					return failed, ctx.Err()
				}
				failed = true
				p.alarm(ctx, "plan:"+strconv.FormatInt(s.ID, 10), fmt.Sprintf("The digest for %v could not be composed; it is tried again every minute. %v", s.Where, err))
				continue
			}
			flushes = append(flushes, f)
		}
		if len(flushes) > 0 {
			if err := p.store(ctx, flushes, now); err != nil {
				return failed, err
			}
		}
		if len(subs) < planBatch {
			return failed, nil
		}
	}
}

// scheduled outlines a digest whose window ends, or that quiet hours held.
func (p *planner) scheduled(s Subscription, now time.Time) flush {
	if end := s.HeldUntil(now); !end.IsZero() {
		return hold(s, end)
	}
	if s.Schedule == Immediate {
		return p.afterQuiet(s, now)
	}
	return flush{
		sub: s, cursor: -1, urgent: -1, window: true,
		key:  p.ledger.keyOf("digest", strconv.FormatInt(s.ID, 10), s.Schedule.slot(s.Next, s.zone())),
		next: s.due(now),
	}
}

// immediate outlines a digest that goes out with every wave.
func (p *planner) immediate(s Subscription, now time.Time, head int64) flush {
	if end := s.HeldUntil(now); !end.IsZero() {
		return hold(s, end)
	}
	return flush{sub: s, cursor: head, urgent: head, key: p.waveKey(s, head)}
}

// urgent outlines what a scheduled subscription is told before its time.
func (p *planner) urgent(s Subscription, head int64) flush {
	return flush{sub: s, cursor: s.Cursor, urgent: head, key: p.waveKey(s, head), next: s.Next}
}

// afterQuiet outlines what quiet hours held of an immediate order. The briefs must
// have settled here too, but not for ever.
func (p *planner) afterQuiet(s Subscription, now time.Time) flush {
	waited := s.HeldUntil(now.Add(-longSettle * p.settle)).IsZero()
	if settled := p.last.Add(p.settle); settled.After(now) && !waited {
		return hold(s, settled)
	}
	f := p.immediate(s, now, p.head)
	// A wave may have told what is announced now of the same changes.
	f.key = p.ledger.keyOf("digest", strconv.FormatInt(s.ID, 10), "quiet", strconv.FormatInt(p.head, 10))
	return f
}

func (p *planner) waveKey(s Subscription, head int64) string {
	return p.ledger.keyOf("digest", strconv.FormatInt(s.ID, 10), "wave", strconv.FormatInt(head, 10))
}
