package digest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// sendTimeout is how long a send may take; platforms have limits of their own
// below it.
const sendTimeout = time.Minute

// settleRetry is after how long the outcome of a send is written again where the
// store did not take it.
const settleRetry = time.Second

// An engine sends what is owed on one platform. It is shared by the jobs of the
// platform's queue; the locks see to it that one of them works on a conversation.
type engine struct {
	platform chat.Platform
	dedupes  time.Duration
	ledger   *Ledger
	journal  *journal
	pace     *governor
	planner  *planner // to be copied: each that composes has its own memory
	alarm    func(ctx context.Context, key, message string)
	now      func() time.Time
	locks    locks
	flight   context.Context // ends when sends in flight may take no longer
}

// recallFor is how far back a platform's limits reach that a conversation's pace
// keeps: the service remembers what a process before this one sent.
const recallFor = time.Minute

const sqlSentOf = `SELECT conversation, settled_at FROM deliveries WHERE state = 'sent' AND settled_at > $1 AND settled_at <= $2 AND platform = $3 ORDER BY settled_at`

// recall has the pace go on from what was sent of late.
func (e *engine) recall(ctx context.Context, now time.Time) error {
	_, err := collect(ctx, e.ledger.read, func(scan func(...any) error) (none struct{}, err error) {
		var name string
		var at int64
		if err := scan(&name, &at); err != nil {
			return none, err
		}
		where, err := chat.ParseConversation(name)
		if err == nil {
			e.pace.tookAt(where, time.Now().Add(moment(at).Sub(now)))
		}
		return none, err
	}, sqlSentOf, millis(now.Add(-recallFor)), millis(now), e.platform.Name())
	if err != nil {
		return fmt.Errorf("reading what was sent of late: %w", e.ledger.explain(err))
	}
	return nil
}

// work sends what is owed to conversations, and does what a job is to do with messages
// there, until nothing is due or ctx is done; what it does not get to before the
// deadline is given back. What is in a lane that goes before another does so too where
// that waits for its turn already.
func (e *engine) work(ctx context.Context, conversations []chat.Conversation, job int64, l lane, deadline time.Time) error {
	errs := make([]error, len(conversations))
	var wg sync.WaitGroup
	for i, where := range conversations {
		wg.Go(func() {
			defer e.pace.hurry(where, l)()
			errs[i] = e.converse(ctx, where, job, deadline)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// converse sends one conversation what it is owed, in order, and then does what a job
// is to do with messages there.
func (e *engine) converse(ctx context.Context, where chat.Conversation, job int64, deadline time.Time) error {
	unlock, err := e.locks.lock(ctx, where)
	if err != nil {
		return nil // stopping: the next start finds what is left
	}
	defer unlock()
	for ctx.Err() == nil {
		now := e.now()
		v, until, err := e.ledger.owed(ctx, where, job, now)
		if err != nil || v == nil && until.IsZero() {
			return ignoreDone(ctx, err)
		}
		switch {
		case v == nil:
			return e.leave(ctx, where, job, until)
		case v.state == sending:
			err = e.settle(ctx, v, "", &chat.Uncertain{Err: errInterrupted})
		case now.After(deadline):
			return e.leave(ctx, where, job, now)
		default:
			var away time.Duration
			if away, err = e.deliver(ctx, v); away > 0 {
				return e.leave(ctx, where, job, now.Add(away))
			}
		}
		if err != nil {
			return ignoreDone(ctx, err)
		}
	}
	return nil
}

// ignoreDone drops an error that comes from ctx being done.
func ignoreDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// leave gives a conversation back until a moment, but for what other jobs are to do
// with messages there.
func (e *engine) leave(ctx context.Context, where chat.Conversation, job int64, until time.Time) error {
	err := e.journal.do(ctx, "leave", func(tx *transaction) error {
		ms := millis(until)
		_, err := tx.ExecContext(ctx, sqlDefer, ms, ms, where.String(), job)
		return err
	})
	e.ledger.stir()
	return ignoreDone(ctx, err)
}

// deliver sees v through one attempt. Where the conversation's turn is away for
// longer than it pays to wait, it returns for how long, and nothing happened.
func (e *engine) deliver(ctx context.Context, v *delivery) (away time.Duration, err error) {
	away = e.pace.turn(v.where)
	if away > patience {
		return away, nil
	}
	if err := wait(ctx, away); err != nil {
		return 0, err
	}
	done, err := e.pace.pass(ctx, v.where)
	if err != nil {
		return 0, err
	}
	defer done()
	// Asked as late as can be: the line may have been long.
	sub, sees, all, err := e.planner.permitted(ctx, v)
	if err != nil {
		return 0, err
	}
	if !all {
		return 0, e.withhold(ctx, v, sub, sees)
	}
	if ready, err := e.settleIn(ctx, v, sub); err != nil || !ready {
		return 0, err
	}
	card, err := e.ledger.cardOf(ctx, v)
	if err != nil {
		return 0, err
	}
	e.pace.took(v.where)
	now := e.now()
	err = e.journal.do(ctx, "claim", func(tx *transaction) error { return claim(ctx, tx, v, now) })
	if errors.Is(err, errChanged) {
		return 0, nil // it is looked at again
	}
	if err != nil {
		return 0, err
	}
	v.attempts++
	if v.firstSent.IsZero() {
		v.firstSent = now
	}
	id, err := e.send(v, card)
	if lost, errLost := e.lostThread(ctx, v, err); lost {
		return 0, errLost
	}
	return 0, e.settle(ctx, v, id, err)
}

// send calls the platform. A send that was begun is not cut short by a stop until
// the flight ends; a panic is a send of which nobody knows.
func (e *engine) send(v *delivery, card chat.Card) (id chat.MessageID, err error) {
	ctx, cancel := context.WithTimeout(e.flight, sendTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = &chat.Uncertain{Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	return e.call(ctx, v, card)
}

// settle writes down what an attempt came to, for as long as it takes, however long
// its job may: a message that was posted and not written down would be posted again.
// It gives up when the flight ends.
func (e *engine) settle(ctx context.Context, v *delivery, id chat.MessageID, outcome error) error {
	now := e.now()
	d := judge(v, id, outcome, now, e.dedupes)
	if !d.everyone.IsZero() {
		e.pace.pause(d.everyone.Sub(now))
	}
	for {
		err := e.write(ctx, v, d)
		if err == nil || e.ledger.damage() != nil {
			return err
		}
		e.alarm(context.WithoutCancel(ctx), "settle", fmt.Sprintf("The outcome of a message could not be written down; it is tried again every second. %v", err))
		if wait(e.flight, settleRetry) != nil {
			return err
		}
	}
}

// write makes a verdict durable and tells the operators where it says so.
func (e *engine) write(ctx context.Context, v *delivery, d verdict) error {
	now := e.now()
	first := true
	err := e.journal.do(context.WithoutCancel(ctx), "settle", func(tx *transaction) (err error) {
		first, err = e.ledger.settle(ctx, tx, v, d, now)
		return err
	})
	if err != nil {
		return err
	}
	if d.moved.ID != "" || d.state == moot {
		e.ledger.stir() // it is owed to somebody else now, or another message is
	}
	if d.alarm != "" && first {
		e.alarm(context.WithoutCancel(ctx), d.key, d.alarm)
	}
	return nil
}

const sqlStoriesTold = `SELECT DISTINCT story FROM composition_changes WHERE composition = $1 ORDER BY story`

const sqlSubscription = `SELECT ` + sqlSubscriptionColumns + sqlSubscriptionTables + `WHERE s.id = $1`

// permitted asks again what a conversation may see of what it is about to be told,
// and says whether that is all of it. Where the order ended meanwhile, what was
// planned under it is still owed.
func (p *planner) permitted(ctx context.Context, v *delivery) (sub Subscription, sees []string, all bool, err error) {
	if v.digest == 0 {
		return sub, nil, true, nil
	}
	subs, err := collect(ctx, p.ledger.read, scanSubscription, sqlSubscription, v.subscription)
	if err != nil {
		return sub, nil, false, fmt.Errorf("reading a subscription: %w", p.ledger.explain(err))
	}
	sub = Subscription{Where: v.where}
	if len(subs) > 0 {
		sub = subs[0]
	}
	stories, err := collect(ctx, p.ledger.read, scanOne[string], sqlStoriesTold, v.composition)
	if err != nil {
		return sub, nil, false, fmt.Errorf("reading what a digest tells: %w", p.ledger.explain(err))
	}
	for _, story := range stories {
		if p.visible(sub, story) {
			sees = append(sees, story)
		}
	}
	// A digest that tells nothing any more was withheld.
	return sub, sees, len(stories) > 0 && len(sees) == len(stories), nil
}

// withhold drops what v's conversation may not see, and has the rest composed.
func (e *engine) withhold(ctx context.Context, v *delivery, sub Subscription, sees []string) error {
	if !v.posts() {
		return e.journal.do(ctx, "withhold", func(tx *transaction) error { return withholdEdit(ctx, tx, v, e.now()) })
	}
	p := *e.planner
	p.forget()
	return p.withhold(ctx, v, sub, sees, e.now())
}

// settle writes a verdict. First says that what the operators are to be told is
// news.
func (l *Ledger) settle(ctx context.Context, tx *transaction, v *delivery, d verdict, now time.Time) (first bool, err error) {
	ctx = context.WithoutCancel(ctx)
	var settled time.Time
	if d.state != waiting {
		settled = now
	}
	_, err = tx.ExecContext(ctx, sqlSettle, d.state, d.plain, millis(d.due), int64(d.doubts), millis(settled), string(d.message), d.trouble, v.id)
	if err != nil {
		return false, err
	}
	if d.state == moot && v.verb == edits {
		return true, l.fixed(ctx, tx, v.target, v.urgent, now)
	}
	if d.moved.ID != "" {
		return true, l.move(ctx, tx, v.where, d.moved)
	}
	if d.suspend != "" {
		return suspend(ctx, tx, v.where, d.suspend, now)
	}
	if d.state == sent && now.Sub(v.planned) >= lateAfter {
		_, err = tx.ExecContext(ctx, sqlClearAlarm, lateKey(v.where))
	}
	return true, err
}

// locks are one lock for each conversation that somebody holds or waits for.
type locks struct {
	mu   sync.Mutex
	held map[chat.Conversation]*turnstile
}

type turnstile struct {
	free  chan struct{} // holds a token while nobody holds the lock
	users int
}

// lock waits for a conversation's lock; the error is ctx's.
func (l *locks) lock(ctx context.Context, where chat.Conversation) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = make(map[chat.Conversation]*turnstile)
	}
	t := l.held[where]
	if t == nil {
		t = &turnstile{free: make(chan struct{}, 1)}
		t.free <- struct{}{}
		l.held[where] = t
	}
	t.users++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(l.held, where)
		}
	}
	select {
	case <-t.free:
		return func() { t.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
