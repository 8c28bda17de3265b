package telegram

import (
	"sync"
	"time"
)

// A place keeps a poller's place: which updates were taken, and up to where all of
// them are settled, so that a crash loses none.
type place struct {
	mu      sync.Mutex
	asked   int64               // the offset last stored: all below it is confirmed
	next    int64               // one past the highest update taken
	pending map[int64]time.Time // taken and not settled, since when
	recent  map[int64]bool      // a window of updates taken
	order   []int64             // of the window, oldest first
	settled chan struct{}       // closed and replaced whenever one settles
}

// window is how many updates are remembered as taken. Ids may restart, so the
// highest one says nothing.
const window = 4096

// overdue is how long an update may hold the place back. One whose answer the
// service itself makes wait must not hold up everyone else.
const overdue = 15 * time.Second

func newPlace(offset int64) *place {
	return &place{asked: offset, next: offset, pending: map[int64]time.Time{}, recent: map[int64]bool{}, settled: make(chan struct{})}
}

// take notes an update and reports whether it is new, and whether the service has
// begun to number anew.
func (p *place) take(id int64, now time.Time) (fresh, rebased bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.recent[id] {
		return false, false
	}
	if id < p.asked {
		p.asked, p.next, rebased = id, id, true
	}
	p.recent[id] = true
	p.order = append(p.order, id)
	if len(p.order) > window {
		delete(p.recent, p.order[0])
		p.order = p.order[1:]
	}
	p.pending[id] = now
	p.next = max(p.next, id+1)
	return true, rebased
}

// settle notes that an update's effects are done.
func (p *place) settle(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pending, id)
	close(p.settled)
	p.settled = make(chan struct{})
}

// offset is the first update that is not settled.
func (p *place) offset(now time.Time) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	low := p.next
	for id, since := range p.pending {
		if now.Sub(since) < overdue {
			low = min(low, id)
		}
	}
	return low
}

// confirm notes that an offset was stored.
func (p *place) confirm(offset int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = offset
}

// confirmed is the offset last stored.
func (p *place) confirmed() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// busy returns how many updates are not settled, and what is closed when the next
// one is.
func (p *place) busy() (int, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.pending), p.settled
}
