package digest

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"github.com/briefbot/briefbot/internal/chat"
)

// A crew is the River client that works on jobs. It looks around twenty times a second as
// long as it runs, so it is sent home when there was nothing to do for a while, and is back
// within milliseconds. The dispatcher's loop owns it.
type crew struct {
	client *river.Client[*sql.Tx]
	ledger *Ledger
	logger *slog.Logger
	home   atomic.Bool // it does not run
	leaves bool        // it was told to stop, and takes nothing new
	busy   time.Time   // when there was a job last
}

// restAfter is for how long there is nothing to do before a crew goes home.
const restAfter = 30 * time.Second

// newCrew returns the crew of a dispatcher, at work. It begins nothing new once ctx is
// done.
func newCrew(ctx context.Context, d *Dispatcher) (*crew, error) {
	client, err := newWorking(d.ledger.driver, d.platforms(), &worker{dispatcher: d, stop: ctx}, d.ledger.now, d.logger)
	if err != nil {
		return nil, fmt.Errorf("starting the queue: %w", err)
	}
	c := &crew{client: client, ledger: d.ledger, logger: d.logger}
	return c, c.begin(ctx, d.now())
}

// begin has the crew work.
func (c *crew) begin(ctx context.Context, now time.Time) error {
	// River is stopped by Stop alone, so that it does not cut short what is sent.
	if err := c.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("starting the queue: %w", c.ledger.explain(err))
	}
	c.busy = now
	c.home.Store(false)
	return nil
}

// man has the crew work as long as there are jobs.
func (c *crew) man(ctx context.Context, now time.Time) error {
	owed, err := scalar(ctx, c.ledger.read, sqlManned)
	if err != nil {
		return c.ledger.explain(err)
	}
	if owed > 0 || now.Before(c.busy) {
		c.busy = now
	}
	if !c.home.Load() && (c.leaves || now.Sub(c.busy) >= restAfter) {
		c.leave(ctx)
	}
	if c.home.Load() && owed > 0 {
		return c.begin(ctx, now)
	}
	return nil
}

// leave sends the crew home. What is at work still is waited for at the next turn.
func (c *crew) leave(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, settleRetry)
	defer cancel()
	c.leaves = true
	if c.client.Stop(within) == nil {
		c.leaves = false
		c.home.Store(true)
	}
}

// end lets what is in flight land, and sends the crew home for good.
func (c *crew) end(ctx context.Context) {
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin+settleRetry)
	defer cancel()
	if err := c.client.Stop(stopping); err != nil {
		c.logger.Warn("sends in flight were left for the next start", "error", err)
		cancelled, done := context.WithTimeout(context.WithoutCancel(ctx), settleRetry)
		defer done()
		_ = c.client.StopAndCancel(cancelled)
	}
}

// A worker is what River runs for a job.
type worker struct {
	river.WorkerDefaults[batchArgs]
	dispatcher *Dispatcher
	stop       context.Context // done when nothing new is to be begun
}

// Work sends what the job's conversations are owed. A job is never retried: what
// it leaves undone is found without a living job and given another.
func (w *worker) Work(ctx context.Context, job *river.Job[batchArgs]) error {
	d := w.dispatcher
	e := d.engines[job.Args.Platform]
	if e == nil {
		return nil // the platform is off now; the deliveries wait for it
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.stop, cancel)()
	conversations, err := d.ledger.conversationsOf(ctx, job.ID)
	if err == nil {
		err = e.work(ctx, conversations, job.ID, job.Args.Lane, d.now().Add(jobSlice))
	}
	if err = ignoreDone(ctx, err); err != nil {
		d.alarm(ctx, "deliver", fmt.Sprintf("Sending what is owed did not work; it is tried again within a minute. %v", err))
	}
	return nil
}

// conversationsOf returns the conversations that a job works on.
func (l *Ledger) conversationsOf(ctx context.Context, job int64) ([]chat.Conversation, error) {
	all, err := collect(ctx, l.read, func(scan func(...any) error) (where chat.Conversation, err error) {
		var name string
		if err := scan(&name); err != nil {
			return where, err
		}
		return chat.ParseConversation(name)
	}, sqlOfJob, job)
	if err != nil {
		return nil, fmt.Errorf("reading a job's conversations: %w", l.explain(err))
	}
	return all, nil
}
