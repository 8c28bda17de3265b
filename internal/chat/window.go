package chat

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A Window keeps a vendor's limit of so many requests in any span of time, however
// requests and answers are held up on their way. The vendor counts a request
// somewhere between its leaving and its answer, but what every request takes, it
// takes alike: a request counts for the span, and for as much longer as its answer
// took more than the quickest of late. One that hangs counts for two spans, so that
// hanging requests do not stop the others. It may be used by many at once.
type Window struct {
	limit int
	span  time.Duration

	mu      sync.Mutex
	places  []*place // taken, in the order in which requests left
	changed chan struct{}
	quick   quickest
}

// A place is taken by one request.
type place struct{ left, until time.Time }

// NewWindow returns a window that lets limit requests through in any span.
func NewWindow(limit int, span time.Duration) *Window {
	return &Window{limit: limit, span: span, changed: make(chan struct{})}
}

// Enter waits until one more request may leave with keep places still free, which
// are for those who keep less. The caller calls leave when the answer is there, or
// none will come. The error is that of ctx.
func (w *Window) Enter(ctx context.Context, keep int) (leave func(), err error) {
	p, err := w.enter(ctx, keep)
	if err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { w.leave(p) }), nil
}

func (w *Window) enter(ctx context.Context, keep int) (*place, error) {
	for {
		w.mu.Lock()
		now := time.Now()
		wait := w.look(now, keep)
		if wait == 0 {
			p := &place{now, now.Add(2 * w.span)}
			w.places = append(w.places, p)
			w.mu.Unlock()
			return p, nil
		}
		changed := w.changed
		w.mu.Unlock()
		if err := w.wait(ctx, wait, changed); err != nil {
			return nil, err
		}
	}
}

// look returns how long it will be until there is room, if no answer comes earlier;
// zero: there is room.
func (w *Window) look(now time.Time, keep int) time.Duration {
	w.places = slices.DeleteFunc(w.places, func(p *place) bool { return !p.until.After(now) })
	over := len(w.places) - max(w.limit-keep, 1)
	if over < 0 {
		return 0
	}
	ends := make([]time.Time, len(w.places))
	for i, p := range w.places {
		ends[i] = p.until
	}
	slices.SortFunc(ends, time.Time.Compare)
	return ends[over].Sub(now)
}

func (w *Window) wait(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-changed:
	}
	return nil
}

// leave gives a place back a span after the answer, less what the quickest took.
func (w *Window) leave(p *place) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	alike := w.quick.note(now.Sub(p.left))
	alike -= alike / 8 // the quickest was held up a little too
	if until := now.Add(w.span - alike); until.Before(p.until) {
		p.until = until
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// forget gives the place of a request back that did not leave.
func (w *Window) forget(p *place) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.places = slices.DeleteFunc(w.places, func(taken *place) bool { return taken == p })
	close(w.changed)
	w.changed = make(chan struct{})
}

// Lanes keep a vendor's limit on all requests, and a lower one on posts, which
// nobody waits for: what a broadcast leaves free is there for answers. They may be
// used by many at once.
type Lanes struct {
	all, posts *Window
	keep       int
}

// NewLanes returns lanes that let limit requests through in any span, of which
// posts may be posts. A post leaves keep places of the limit free.
func NewLanes(limit, posts, keep int, span time.Duration) *Lanes {
	return &Lanes{all: NewWindow(limit, span), posts: NewWindow(posts, span), keep: keep}
}

// Enter waits until a request may leave that is no post. Leave and the error are
// those of [Window.Enter].
func (l *Lanes) Enter(ctx context.Context) (leave func(), err error) {
	return l.all.Enter(ctx, 0)
}

// EnterPost waits until a post may leave. Leave and the error are those of
// [Window.Enter].
func (l *Lanes) EnterPost(ctx context.Context) (leave func(), err error) {
	p, err := l.all.enter(ctx, l.keep)
	if err != nil {
		return nil, err
	}
	left, err := l.posts.Enter(ctx, 0)
	if err != nil {
		l.all.forget(p)
		return nil, err
	}
	left() // it counts from here, however long the answer takes
	return sync.OnceFunc(func() { l.all.leave(p) }), nil
}

// A quickest knows how long the quickest of the latest requests took.
type quickest struct {
	n            int
	this, before time.Duration // of this generation of requests and the one before
}

// generation is how many requests are compared before older ones are forgotten: the
// way to the vendor may have become longer.
const generation = 64

func (q *quickest) note(took time.Duration) time.Duration {
	switch {
	case q.n == 0:
		q.this, q.before = took, took
	case q.n%generation == 0:
		q.this, q.before = took, q.this
	}
	q.n++
	q.this = min(q.this, took)
	return min(q.this, q.before)
}
