package discord

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
)

// A queue has work done in order by one goroutine, however fast it comes: the
// library's reader must never wait.
type queue struct {
	mu   sync.Mutex
	jobs []func()
	wake chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// push adds a job and never blocks.
func (q *queue) push(job func()) {
	q.mu.Lock()
	q.jobs = append(q.jobs, job)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run does the jobs until ctx is done.
func (q *queue) run(ctx context.Context, logger *slog.Logger) {
	for {
		q.mu.Lock()
		jobs := q.jobs
		q.jobs = nil
		q.mu.Unlock()
		for _, job := range jobs {
			if ctx.Err() != nil {
				return
			}
			guard(job, logger)
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			return
		}
	}
}

// guard does a job and survives its panic.
func guard(job func(), logger *slog.Logger) {
	defer func() {
		if p := recover(); p != nil {
			logger.Error("handling a Discord event panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	job()
}
