package telegram

import (
	"log/slog"
	"runtime/debug"
	"sync"
)

// Lanes run tasks: those of one chat one after another, those of several at once.
// Each busy chat has one goroutine, which owns nothing but its turn.
type lanes struct {
	log    *slog.Logger
	mu     sync.Mutex
	queues map[int64][]func() // what waits behind the running task
	closed bool
	wg     sync.WaitGroup
}

func newLanes(log *slog.Logger) *lanes { return &lanes{log: log, queues: map[int64][]func(){}} }

// maxQueue is how much one chat may have waiting: a flood from one must not hold up
// the others.
const maxQueue = 50

// run queues a task for a chat and reports whether there was room. After stop it
// does nothing.
func (l *lanes) run(chat int64, task func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return true
	}
	queue, busy := l.queues[chat]
	if len(queue) >= maxQueue {
		return false
	}
	l.queues[chat] = append(queue, task)
	if !busy {
		l.wg.Go(func() { l.work(chat) })
	}
	return true
}

func (l *lanes) work(chat int64) {
	for {
		l.mu.Lock()
		queue := l.queues[chat]
		if len(queue) == 0 || l.closed {
			delete(l.queues, chat)
			l.mu.Unlock()
			return
		}
		l.queues[chat] = queue[1:]
		l.mu.Unlock()
		l.contain(queue[0])
	}
}

// contain keeps a panic in one task from ending the process.
func (l *lanes) contain(task func()) {
	defer func() {
		if v := recover(); v != nil {
			l.log.Error("an update caused a panic", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	task()
}

// stop drops the tasks that have not begun. done is closed when the others have
// ended.
func (l *lanes) stop() (done <-chan struct{}) {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		l.wg.Wait()
		close(ended)
	}()
	return ended
}
