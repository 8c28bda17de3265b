package chat

import (
	"context"
	"sync"
	"time"
)

// A Window keeps a vendor's limit of so many requests in any span of time, however
// requests and answers are held up on their way: a request counts from when it
// leaves until the span has passed after its answer, and somewhere in between the
// vendor counts it. It may be used by many at once.
type Window struct {
	limit int
	span  time.Duration

	mu      sync.Mutex
	flying  int         // requests without an answer yet
	landed  []time.Time // when the answers of the last span came, oldest first
	changed chan struct{}
}

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
		wait, open := w.look(time.Now(), keep)
		if open {
			w.flying++
			w.mu.Unlock()
			return sync.OnceFunc(w.leave), nil
		}
		changed := w.changed
		w.mu.Unlock()
		if err := w.wait(ctx, wait, changed); err != nil {
			return nil, err
		}
	}
}

// look says whether there is room, and otherwise how long until an answered
// request stops counting; zero: none does by itself.
func (w *Window) look(now time.Time, keep int) (wait time.Duration, open bool) {
	for len(w.landed) > 0 && now.Sub(w.landed[0]) >= w.span {
		w.landed = w.landed[1:]
	}
	if w.flying+len(w.landed) < max(w.limit-keep, 1) {
		return 0, true
	}
	if len(w.landed) == 0 {
		return 0, false
	}
	return w.landed[0].Add(w.span).Sub(now), false
}

func (w *Window) wait(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	var timer <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer:
	case <-changed:
	}
	return nil
}

func (w *Window) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flying--
	w.landed = append(w.landed, time.Now())
	close(w.changed)
	w.changed = make(chan struct{})
}
