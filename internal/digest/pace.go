package digest

import (
	"context"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// patience is how long a conversation's turn may be away for a worker to wait for
// it; for longer ones the conversation is left and come back to.
const patience = 2 * time.Second

// A governor lets one platform's messages go no faster than the platform allows,
// in the order in which they ask: over all, to one conversation, and in flight.
type governor struct {
	now   func() time.Time
	pace  func(chat.Conversation) chat.Pace
	every time.Duration // between any two messages
	slots chan struct{} // in flight; nil: any number

	mu      sync.Mutex
	next    time.Time // when the next message may go
	paused  time.Time // until when none may
	earned  map[chat.Conversation]time.Time
	cleared int // size of earned after it was last cleared
}

func newGovernor(p chat.Platform, now func() time.Time) *governor {
	g := &governor{now: now, earned: make(map[chat.Conversation]time.Time)}
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
		g.slots = make(chan struct{}, overall.Workers)
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
	now := g.now()
	earned := g.earned[to] // when all of the burst is available again
	if p.Each <= 0 || earned.Before(now) {
		return 0
	}
	return max(0, earned.Add(-time.Duration(max(p.Burst, 1)-1)*p.Each).Sub(now))
}

// took notes that a conversation takes its turn now.
func (g *governor) took(to chat.Conversation) { g.tookAt(to, g.now()) }

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
	g.clear(g.now())
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

// pass waits until one more message may go. Done is to be called when it was
// answered. The error is ctx's.
func (g *governor) pass(ctx context.Context) (done func(), err error) {
	done = func() {}
	if g.slots != nil {
		select {
		case g.slots <- struct{}{}:
			done = func() { <-g.slots }
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	at := g.reserve()
	for {
		if err := wait(ctx, at.Sub(g.now())); err != nil {
			done()
			return nil, err
		}
		g.mu.Lock()
		paused := g.paused
		g.mu.Unlock()
		if !paused.After(g.now()) {
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
	at := g.now()
	if g.next.After(at) {
		at = g.next
	}
	if g.paused.After(at) {
		at = g.paused
	}
	g.next = at.Add(g.every)
	return at
}

// pause lets nothing go before a moment.
func (g *governor) pause(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.paused) {
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
