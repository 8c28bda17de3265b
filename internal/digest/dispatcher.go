package digest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A Digest is the changes due for one subscription at one flush.
type Digest struct {
	// Sub is the order that the digest answers, as far as the cards may depend on
	// it: Stories, Schedule, Timezone and Importance. Digests that agree in all
	// this are composed once and sent to many.
	Sub Subscription
	// Form is what its cards are to be.
	Form Form
	// Story is the one that the card of a Living or Opening digest is about, or
	// in whose thread the digest goes; empty: it goes to the conversation itself.
	Story string
	// Changes are those to tell: filtered, merged, oldest first.
	Changes []Recorded
	// From and To are when the first and the last of Changes were recorded.
	From, To time.Time
	Zone     *time.Location
}

// DispatcherOptions are what a Dispatcher is made of. Ledger, Platforms and
// Compose are required.
type DispatcherOptions struct {
	Ledger    *Ledger
	Platforms []chat.Platform
	// Compose writes the digest's cards; none means that there is nothing to tell.
	// It depends on nothing but the digest and what was recorded, and changes
	// nothing but what it may do twice. The calls of the cards are kept.
	Compose func(ctx context.Context, d Digest) ([]chat.Card, error)
	// Revise returns the card that a message is to show which was posted with c, now
	// that its items underwent what marks tell; without any, c. It depends on nothing
	// else but what was recorded, and changes nothing. Nil: what was posted stays.
	Revise func(ctx context.Context, c chat.Card, marks []Mark) (chat.Card, error)
	// Visible says whether a subscription's conversation may read a story. It is
	// asked when a digest is planned and again before each send. Nil: it may.
	Visible func(sub Subscription, story string) bool
	// Alarm tells the operators, once for equal keys. Nil: it is logged.
	Alarm func(ctx context.Context, key, message string)
	// Settle is how long briefs must be quiet before an immediate digest goes out;
	// zero: thirty seconds.
	Settle time.Duration
	Now    func() time.Time // nil: the ledger's
	Logger *slog.Logger     // nil: none
}

const usualSettle = 30 * time.Second

// stopWithin is how long sends in flight may take once the dispatcher is stopped.
const stopWithin = 10 * time.Second

// look is how often the dispatcher looks at what is due without being told: the
// clock may jump, and a job may be lost.
const look = time.Minute

// A Dispatcher plans digests when they are due and sees every delivery to its
// outcome.
type Dispatcher struct {
	ledger  *Ledger
	planner planner
	engines map[string]*engine // by platform
	journal *journal
	crew    *crew // nil: there is no platform
	alarm   func(ctx context.Context, key, message string)
	now     func() time.Time
	logger  *slog.Logger
	swept   time.Time // when lost jobs were last looked for
	turned  time.Time // when the last turn was; the zero time: none yet
	// regain says that conversations may see now what they could not.
	regain atomic.Bool
}

// NewDispatcher returns a dispatcher that does nothing until Run.
func NewDispatcher(o DispatcherOptions) (*Dispatcher, error) {
	if o.Ledger == nil || o.Compose == nil {
		return nil, errors.New("a dispatcher needs a ledger and somebody who composes")
	}
	d := &Dispatcher{ledger: o.Ledger, engines: make(map[string]*engine), journal: newJournal(o.Ledger), alarm: o.Alarm, now: o.Now, logger: o.Logger}
	d.regain.Store(true) // it may have changed since the last run
	if d.logger == nil {
		d.logger = slog.New(slog.DiscardHandler)
	}
	if d.now == nil {
		d.now = o.Ledger.now
	}
	if d.alarm == nil {
		d.alarm = func(_ context.Context, key, message string) { d.logger.Error(message, "alarm", key) }
	}
	if o.Visible == nil {
		o.Visible = func(Subscription, string) bool { return true }
	}
	if o.Settle <= 0 {
		o.Settle = usualSettle
	}
	d.planner = planner{ledger: o.Ledger, compose: o.Compose, revise: o.Revise, visible: o.Visible, alarm: d.alarm, settle: o.Settle, serves: d.serves}
	for _, p := range o.Platforms {
		if _, twice := d.engines[p.Name()]; twice {
			return nil, fmt.Errorf("two platforms are called %s", p.Name())
		}
		d.engines[p.Name()] = d.newEngine(p)
	}
	return d, nil
}

func (d *Dispatcher) newEngine(p chat.Platform) *engine {
	own := d.planner
	e := &engine{
		platform: p, ledger: d.ledger, journal: d.journal, pace: newGovernor(p), planner: &own,
		alarm: d.alarm, now: d.now,
	}
	if dd, ok := p.(chat.Deduplicator); ok {
		e.dedupes = dd.Dedupes()
	}
	return e
}

func (d *Dispatcher) serves(platform string) bool { return d.engines[platform] != nil }

// Wake has the dispatcher look at once at what is due, and at what conversations may
// see: it is to be called when that changed. The ledger's own verbs have it look at
// what is due by themselves.
func (d *Dispatcher) Wake() {
	d.regain.Store(true)
	d.ledger.stir()
}

// Run plans, claims, sends and settles until ctx is done, then lets the sends in
// flight settle for at most ten seconds. Called once. It returns an error only
// if the ledger cannot be used; damage of the store ends the run at once.
//
// It starts the journal, which owns what workers write; River, whose workers own
// the sends; the pruner; and is itself the loop that plans and that gives River its
// jobs.
func (d *Dispatcher) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// The guard owns nothing: a store that turns out to be damaged ends the run.
	go func() {
		select {
		case <-d.ledger.harm.found:
			stop()
		case <-ctx.Done():
		}
	}()
	err := d.work(ctx)
	if damage := d.ledger.damage(); damage != nil {
		return damage
	}
	return err
}

// work is Run until ctx is done.
func (d *Dispatcher) work(ctx context.Context) error {
	flight, land := context.WithCancel(context.WithoutCancel(ctx))
	defer land()
	for _, e := range d.engines {
		e.flight = flight
	}
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { d.journal.run(writing) })
	pruning, stopPruning := context.WithCancel(ctx)
	wg.Go(func() { d.pruner(pruning) })
	defer wg.Wait()
	defer stopWriting()
	defer stopPruning()
	if err := d.takeOver(ctx); err != nil {
		return err
	}
	for _, e := range d.engines {
		if err := e.recall(ctx, d.now()); err != nil {
			return err
		}
	}
	if len(d.engines) == 0 {
		return d.loop(ctx)
	}
	crew, err := newCrew(ctx, d)
	if err != nil {
		return err
	}
	d.crew = crew
	err = d.loop(ctx)
	landing := time.AfterFunc(stopWithin, land)
	defer landing.Stop()
	d.crew.end(ctx)
	return err
}

// takeOver forgets the jobs of the process before: this is the only one now, and
// what they did not get to is given new ones.
func (d *Dispatcher) takeOver(ctx context.Context) error {
	return d.ledger.update(ctx, "take over", func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, sqlTakeOver); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, sqlForgetAllJobs)
		return err
	})
}

func (d *Dispatcher) platforms() (names []string) {
	for name := range d.engines {
		names = append(names, name)
	}
	return names
}

// loop plans and sweeps whenever something is due or was stirred, until ctx is
// done. A store that fails is tried again: what it holds is still owed.
func (d *Dispatcher) loop(ctx context.Context) error {
	for {
		now := d.now()
		next, err := d.turn(ctx, now)
		if ctx.Err() != nil {
			return nil
		}
		pause := look
		if err != nil {
			d.alarm(ctx, "dispatch", fmt.Sprintf("Planning what is due did not work; it is tried again every second. %v", err))
			pause = settleRetry
		} else if !next.IsZero() {
			pause = max(0, min(look, next.Sub(d.now())))
		}
		if err := d.rest(ctx, pause, err != nil); err != nil {
			return nil
		}
	}
}

// rest waits until something is due, stirred unless deaf, or ctx done.
func (d *Dispatcher) rest(ctx context.Context, pause time.Duration, deaf bool) error {
	t := time.NewTimer(pause)
	defer t.Stop()
	stirred := d.ledger.wake
	if deaf {
		stirred = nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
	case <-stirred:
	}
	return nil
}

// clockSlack is how far a clock may be set back before it is taken to have been
// wrong: what adjusts clocks moves them by less.
const clockSlack = 5 * time.Second

// turn does what is due at now and returns when there will be more.
func (d *Dispatcher) turn(ctx context.Context, now time.Time) (time.Time, error) {
	if d.turned.IsZero() || now.Before(d.turned.Add(-clockSlack)) {
		if err := d.planner.realign(ctx, now); err != nil {
			return time.Time{}, err
		}
		if err := d.ledger.reconsider(ctx, now); err != nil {
			return time.Time{}, err
		}
	}
	d.turned = now
	if d.regain.Swap(false) {
		if err := d.planner.regain(ctx, now); err != nil {
			d.regain.Store(true)
			return time.Time{}, err
		}
	}
	planned, err := d.planner.run(ctx, now)
	if err != nil {
		return time.Time{}, err
	}
	owed, err := d.sweep(ctx, now)
	if err == nil && d.crew != nil {
		err = d.crew.man(ctx, now)
	}
	return earliest(planned, owed), err
}

const (
	sqlForgetAllJobs = `DELETE FROM river_job`
	sqlTakeOver      = `UPDATE deliveries SET job = 0 WHERE settled_at = 0 AND job > 0`
	sqlLost          = `UPDATE deliveries SET job = 0 WHERE settled_at = 0 AND job > 0 AND NOT EXISTS (
		SELECT 1 FROM river_job r WHERE r.id = deliveries.job AND r.state IN ('available', 'running'))`
	sqlForgetJobs = `DELETE FROM river_job WHERE state NOT IN ('available', 'running')`
	sqlManned     = `SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE settled_at = 0 AND job > 0 LIMIT 1) owed`
	sqlAnyJob     = `SELECT (` + sqlManned + `) + (SELECT COUNT(*) FROM (SELECT 1 FROM river_job LIMIT 1) jobs)`
	sqlJobless    = `SELECT v.id, v.conversation, CASE WHEN v.verb NOT IN ('post', 'reply') AND COALESCE(g.form, '') <> 'living' THEN 0
		WHEN COALESCE(g.urgent, TRUE) THEN 2 ELSE 1 END FROM deliveries v LEFT JOIN digests g ON g.id = v.digest
		WHERE v.settled_at = 0 AND v.job = 0 AND v.platform = $1 AND v.due_at <= $2 ORDER BY v.due_at, v.id LIMIT $3`
	sqlAssign   = `UPDATE deliveries SET job = $1 WHERE id = $2 AND job = 0 AND settled_at = 0`
	sqlNextOwed = `SELECT COALESCE(MIN(due_at), 0) FROM deliveries WHERE settled_at = 0 AND job = 0 AND platform = $1`
)

// sweepBatch is how many deliveries are given to jobs in one transaction.
const sweepBatch = 2000

// sweep gives a job to every delivery that is due and has none, and returns when
// the next one is due.
func (d *Dispatcher) sweep(ctx context.Context, now time.Time) (next time.Time, err error) {
	if now.Sub(d.swept) >= look || now.Before(d.swept) {
		if err := d.recover(ctx); err != nil {
			return next, err
		}
		d.swept = now
	}
	for platform := range d.engines {
		for {
			n, err := d.assign(ctx, platform, now)
			if err != nil {
				return next, err
			}
			if n < sweepBatch {
				break
			}
		}
		due, err := scalar(ctx, d.ledger.read, sqlNextOwed, platform)
		if err != nil {
			return next, d.ledger.explain(err)
		}
		if due < never {
			next = earliest(next, moment(due))
		}
	}
	return next, nil
}

// recover takes deliveries from jobs that are not alive any more, and forgets the
// jobs.
func (d *Dispatcher) recover(ctx context.Context) error {
	any, err := scalar(ctx, d.ledger.read, sqlAnyJob)
	if err != nil || any == 0 {
		return d.ledger.explain(err)
	}
	return d.ledger.update(ctx, "recover", func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, sqlLost); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, sqlForgetJobs)
		return err
	})
}

type jobless struct {
	id    int64
	where string
	lane  lane
}

// assign gives jobs to at most sweepBatch deliveries and returns to how many.
func (d *Dispatcher) assign(ctx context.Context, platform string, now time.Time) (int, error) {
	found, err := collect(ctx, d.ledger.read, func(scan func(...any) error) (j jobless, err error) {
		err = scan(&j.id, &j.where, &j.lane)
		return j, err
	}, sqlJobless, platform, millis(now), int64(sweepBatch))
	if err != nil || len(found) == 0 {
		return 0, d.ledger.explain(err)
	}
	first := make(map[string]lane) // what is before it in its conversation is in it too
	for _, f := range found {
		first[f.where] = max(first[f.where], f.lane)
	}
	var queues []string
	err = d.ledger.update(ctx, "assign", func(tx *transaction) error {
		b := batch{planner: &d.planner, tx: tx, now: now, jobs: make(map[string]*openJob)}
		jobs := make(map[string]int64)
		for _, f := range found {
			l := f.lane
			if l != laneAmend {
				l = first[f.where]
			}
			job := jobs[f.where+queueName("", l)]
			if job == 0 {
				if job, err = b.job(ctx, platform, l); err != nil {
					return err
				}
				jobs[f.where+queueName("", l)] = job
			}
			if _, err := tx.ExecContext(ctx, sqlAssign, job, f.id); err != nil {
				return err
			}
		}
		queues = b.queues
		return nil
	})
	if err == nil {
		d.ledger.driver.bell.ring(queues...)
	}
	return len(found), err
}
