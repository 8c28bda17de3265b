package digest

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// A driver is River's for SQLite with notifications that stay in the process:
// the one that River has reads the database every fifty milliseconds, and rings
// before the transaction it rings for is committed.
type driver struct {
	*riversqlite.Driver
	bell *bell
}

func newDriver(db *sql.DB, b *bell) *driver { return &driver{Driver: riversqlite.New(db), bell: b} }

// GetListener returns what River waits on.
func (d *driver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{bell: d.bell}
}

// SupportsListenNotify keeps River from writing notifications into the database.
func (d *driver) SupportsListenNotify() bool { return false }

// A bell tells a River client that jobs of a queue were committed.
type bell struct {
	rung chan string
}

func newBell() *bell { return &bell{rung: make(chan string, 64)} }

// ring never waits: with the buffer full, enough is on its way, and what it would
// miss is found by polling.
func (b *bell) ring(queues ...string) {
	for _, q := range queues {
		select {
		case b.rung <- q:
		default:
		}
	}
}

// insertTopic is River's name for the news that a queue has new jobs.
const insertTopic = "river_insert"

// A listener is the bell as River knows it.
type listener struct {
	bell *bell
	mu   sync.Mutex
}

func (l *listener) Close(context.Context) error            { return nil }
func (l *listener) Connect(context.Context) error          { return nil }
func (l *listener) Listen(context.Context, string) error   { return nil }
func (l *listener) Ping(context.Context) error             { return nil }
func (l *listener) Schema() string                         { return "" }
func (l *listener) SetAfterConnectExec(string)             {}
func (l *listener) Unlisten(context.Context, string) error { return nil }

func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case queue := <-l.bell.rung:
		return &riverdriver.Notification{Topic: insertTopic, Payload: fmt.Sprintf(`{"queue":%q}`, queue)}, nil
	}
}

// Numbers of the queue. A job is a batch of conversations; it gives up what it
// did not get to after jobSlice, long before it would be taken for stuck.
const (
	jobConversations = 50
	jobsAtOnce       = 20 // a platform
	urgentAtOnce     = 10 // of what is urgent
	amendsAtOnce     = 4  // of what is done with messages that were posted
	jobSlice         = time.Minute
	jobTimeout       = 10 * time.Minute
	queuePoll        = 30 * time.Second // only for what a full bell missed
	queueCooldown    = 5 * time.Millisecond
)

// A batchArgs is the job of working on the deliveries that name it.
type batchArgs struct {
	Platform string `json:"platform"`
	Lane     lane   `json:"lane"`
}

// A lane is how much of a hurry a job is in. Each has a queue of its own, so that a long
// broadcast does not keep busy the workers of what is urgent, nor many corrections those
// of what is news.
type lane int

// The lanes, the last the first to go.
const (
	laneAmend lane = iota // what is done with messages that were posted
	laneNews              // what tells news, also by keeping a message up to date
	laneNow               // what is announced now, and cards of their own, such as alarms
	lanes     = 3
)

// Kind is what River calls the job.
func (batchArgs) Kind() string { return "deliver" }

// queueName returns a queue of a platform: River allows letters, digits, _ and -.
func queueName(platform string, l lane) string {
	return "deliver_" + platform + [lanes]string{"_amend", "", "_now"}[l]
}

// enqueue adds a job for a platform within tx and returns its number. The caller
// rings the bell once tx is committed.
func enqueue(ctx context.Context, client *river.Client[*sql.Tx], tx *transaction, platform string, l lane) (int64, error) {
	args := batchArgs{Platform: platform, Lane: l}
	res, err := client.InsertTx(ctx, tx.Tx, args, &river.InsertOpts{Queue: queueName(platform, l), MaxAttempts: 1000})
	if err != nil {
		return 0, fmt.Errorf("enqueueing a batch: %w", err)
	}
	return res.Job.ID, nil
}

// An ourClock is the ledger's as River knows it: with one of its own a job could be in
// the future for one of them.
type ourClock struct{ now func() time.Time }

func (c ourClock) Now() time.Time { return c.now() }

func (c ourClock) NowOrNil() *time.Time {
	t := c.now()
	return &t
}

// newInserter returns a client that only adds jobs.
func newInserter(d *driver, now func() time.Time) (*river.Client[*sql.Tx], error) {
	return river.NewClient(d, &river.Config{Logger: slog.New(slog.DiscardHandler), Test: river.TestConfig{Time: ourClock{now}}})
}

// A terse handler drops what a library reports of its usual work.
type terse struct{ slog.Handler }

// Enabled lets warnings and errors pass, as far as they are wanted.
func (t terse) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && t.Handler.Enabled(ctx, level)
}

// WithAttrs and WithGroup stay terse.
func (t terse) WithAttrs(attrs []slog.Attr) slog.Handler { return terse{t.Handler.WithAttrs(attrs)} }
func (t terse) WithGroup(name string) slog.Handler       { return terse{t.Handler.WithGroup(name)} }

// newWorking returns a client that works on the queues of these platforms.
func newWorking(d *driver, platforms []string, w river.Worker[batchArgs], now func() time.Time, logger *slog.Logger) (*river.Client[*sql.Tx], error) {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, w); err != nil {
		return nil, err
	}
	queues := make(map[string]river.QueueConfig)
	for _, p := range platforms {
		for l, workers := range [lanes]int{amendsAtOnce, jobsAtOnce, urgentAtOnce} {
			queues[queueName(p, lane(l))] = river.QueueConfig{MaxWorkers: workers}
		}
	}
	return river.NewClient(d, &river.Config{
		Queues:               queues,
		Workers:              workers,
		FetchPollInterval:    queuePoll,
		FetchCooldown:        queueCooldown,
		JobTimeout:           jobTimeout,
		RescueStuckJobsAfter: 2 * jobTimeout,
		// One process has nobody to elect. What the leader does for a queue, the
		// dispatcher does from the deliveries: they know what is left undone.
		LeaderElectionDisabled: true,
		Logger:                 slog.New(terse{logger.Handler()}),
		Test:                   river.TestConfig{Time: ourClock{now}},
	})
}
