package chat

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A Window keeps a vendor's limit of so many requests in any span of time, however
// requests and answers are held up on their way: a request counts from when it
// leaves until the span has passed after its answer, and somewhere in between the
// vendor counts it. One that hangs counts for two spans, so that hanging requests
// do not stop the others. It may be used by many at once.
type Window struct {
	limit int
	span  time.Duration

	mu      sync.Mutex
	places  []*place // taken, in the order in which requests left
	changed chan struct{}
}

// A place is taken by one request.
type place struct{ until time.Time }

// NewWindow returns a window that lets limit requests through in any span.
func NewWindow(limit int, span time.Duration) *Window {
	return &Window{limit: limit, span: span, changed: make(chan struct{})}
}

// Enter waits until one more request may leave with keep places still free, which
// are for those who keep less. The caller calls leave when the answer is there, or
// none will come. The error is that of ctx.
func (w *Window) Enter(ctx context.Context, keep int) (leave func(), err error) {
	for {
		w.mu.Lock()
		now := time.Now()
		wait := w.look(now, keep)
		if wait == 0 {
			p := &place{now.Add(2 * w.span)}
			w.places = append(w.places, p)
			w.mu.Unlock()
			return sync.OnceFunc(func() { w.leave(p) }), nil
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

// leave gives a place back a span after the answer.
func (w *Window) leave(p *place) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if until := time.Now().Add(w.span); until.Before(p.until) {
		p.until = until
	}
	close(w.changed)
	w.changed = make(chan struct{})
}
