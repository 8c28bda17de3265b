package digest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// patience is how long a conversation's turn may be away for a worker to wait for
// it; for longer ones the conversation is left and come back to.
const patience = 2 * time.Second

// A governor lets one platform's messages go no faster than the platform allows,
// in the order in which they ask, those in a hurry first: over all, to one conversation,
// and in flight. It goes by a clock that nobody can set.
type governor struct {
	pace  func(chat.Conversation) chat.Pace
	every time.Duration // between any two messages
	bound bool          // there is a number of messages that may be in flight

	mu      sync.Mutex
	free    int                              // how many more may be in flight
	line    []*waiter                        // for one of those places
	hurried map[chat.Conversation][lanes]int // how many jobs of each lane work there
	next    time.Time                        // when the next message may go
	paused  time.Time                        // until when none may
	earned  map[chat.Conversation]time.Time
	cleared int // size of earned after it was last cleared
}

// A waiter waits for a place in flight.
type waiter struct {
	to     chat.Conversation
	seated chan struct{} // closed when it has one
}

func newGovernor(p chat.Platform) *governor {
	g := &governor{earned: make(map[chat.Conversation]time.Time), hurried: make(map[chat.Conversation][lanes]int)}
	pacer, ok := p.(chat.Pacer)
	if !ok {
		return g
	}
	g.pace = pacer.Pace
	overall := pacer.Pace(chat.Conversation{Platform: p.Name()})
	if overall.PerSecond > 0 {
		g.every = time.Duration(float64(time.Second) / overall.PerSecond)
	}
	if overall.Workers > 0 {
		g.bound, g.free = true, overall.Workers
	}
	return g
}

// turn returns how long a conversation's next turn is away. One worker at a time
// works on a conversation, so that nobody else takes the turn before took.
func (g *governor) turn(to chat.Conversation) time.Duration {
	if g.pace == nil {
		return 0
	}
	p := g.pace(to)
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	earned := g.earned[to] // when all of the burst is available again
	if p.Each <= 0 || earned.Before(now) {
		return 0
	}
	return max(0, earned.Add(-time.Duration(max(p.Burst, 1)-1)*p.Each).Sub(now))
}

// took notes that a conversation takes its turn now.
func (g *governor) took(to chat.Conversation) { g.tookAt(to, time.Now()) }

// tookAt notes that a conversation took its turn at a moment.
func (g *governor) tookAt(to chat.Conversation, at time.Time) {
	if g.pace == nil {
		return
	}
	p := g.pace(to)
	if p.Each <= 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	earned := g.earned[to]
	if earned.Before(at) {
		earned = at
	}
	g.earned[to] = earned.Add(p.Each)
	g.clear(time.Now())
}

// clear forgets conversations that may send a whole burst, when there are many.
func (g *governor) clear(now time.Time) {
	if len(g.earned) < 2*g.cleared+1000 {
		return
	}
	for c, earned := range g.earned {
		if !earned.After(now) {
			delete(g.earned, c)
		}
	}
	g.cleared = len(g.earned)
}

// hurry has what goes to a conversation go before everything of the lanes that come
// after, what waits already too, until calm is called.
func (g *governor) hurry(to chat.Conversation, l lane) (calm func()) {
	count := func(n int) {
		g.mu.Lock()
		defer g.mu.Unlock()
		jobs := g.hurried[to]
		if jobs[l] += n; jobs == ([lanes]int{}) {
			delete(g.hurried, to)
			return
		}
		g.hurried[to] = jobs
	}
	count(1)
	return func() { count(-1) }
}

// lane returns the first lane in which there are jobs for a conversation. The caller
// holds g.mu.
func (g *governor) lane(to chat.Conversation) lane {
	jobs := g.hurried[to]
	for l := laneNow; l > laneAmend; l-- {
		if jobs[l] > 0 {
			return l
		}
	}
	return laneAmend
}

// seat waits for a place in flight. The error is ctx's.
func (g *governor) seat(ctx context.Context, to chat.Conversation) error {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return nil
	}
	w := &waiter{to: to, seated: make(chan struct{})}
	g.line = append(g.line, w)
	g.mu.Unlock()
	select {
	case <-w.seated:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.line, w); i >= 0 {
		g.line = slices.Delete(g.line, i, i+1)
	} else {
		g.release() // it was given one just now
	}
	return ctx.Err()
}

// release gives a place in flight to the next in line. The caller holds g.mu.
func (g *governor) release() {
	if len(g.line) == 0 {
		g.free++
		return
	}
	first, best := 0, lane(-1)
	for i, w := range g.line {
		if l := g.lane(w.to); l > best {
			first, best = i, l
		}
		if best == laneNow {
			break
		}
	}
	w := g.line[first]
	g.line = slices.Delete(g.line, first, first+1)
	close(w.seated)
}

// pass waits until one more message, to a conversation, may go. Done is to be called
// when it was answered. The error is ctx's.
func (g *governor) pass(ctx context.Context, to chat.Conversation) (done func(), err error) {
	done = func() {}
	if g.bound {
		if err := g.seat(ctx, to); err != nil {
			return nil, err
		}
		done = func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.release()
		}
	}
	at := g.reserve()
	for {
		if err := wait(ctx, time.Until(at)); err != nil {
			done()
			return nil, err
		}
		g.mu.Lock()
		paused := g.paused
		g.mu.Unlock()
		if !paused.After(time.Now()) {
			return done, nil
		}
		// The platform was paused meanwhile: line up again behind the pause.
		at = g.reserve()
	}
}

// reserve takes the next moment at which a message may go. Moments follow one
// another at even distances, however late each is used.
func (g *governor) reserve() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := time.Now()
	if g.next.After(at) {
		at = g.next
	}
	if g.paused.After(at) {
		at = g.paused
	}
	g.next = at.Add(g.every)
	return at
}

// pause lets nothing go for a while.
func (g *governor) pause(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.paused) {
		g.paused = until
	}
}

// wait returns after d, or with ctx's error if that is done first.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
