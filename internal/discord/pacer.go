package discord

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// The rates of https://discord.com/developers/docs/topics/rate-limits: 50 requests
// a second, of which digests may use 45. Requests are spaced evenly, and no second
// holds more than 50 even where they are held up on their way; one place of those
// is kept for what is no digest.
const (
	digestRate   = 45
	overallRate  = 48
	overallLimit = 50
	digestKeep   = 1
)

// resetSlack is added to every reset, for the clocks of two machines.
const resetSlack = 50 * time.Millisecond

// edgeBlock is the least time to stay away after a 429 that is no JSON: it comes
// from the network before the API and means the address.
const edgeBlock = time.Minute

// A class is what a request is for.
type class uint8

const (
	other  class = iota
	digest       // posts or changes a message on nobody's question
	answer       // answers an interaction: exempt from the overall limit
)

// patience is how long a request of a class waits for its turn before it is put
// off instead: a digest would hold up a worker, and an answer is dead after 3 s.
func (c class) patience() time.Duration {
	switch c {
	case digest:
		return 10 * time.Second
	case answer:
		return 3 * time.Second
	}
	return time.Minute
}

// errPaced says that a request was put off without being sent.
type errPaced struct {
	after    time.Duration
	everyone bool
	why      string
}

func (e *errPaced) Error() string {
	return fmt.Sprintf("held back for %v: %s", e.after.Round(time.Millisecond), e.why)
}

// A pacer has every request wait for its turn: under the overall rate, in its
// bucket as the headers describe it, and while Discord asks for silence. It is
// safe for use by many goroutines.
type pacer struct {
	lanes *chat.Lanes // under the overall limit; digests are the posts

	mu      sync.Mutex
	overall spacing
	digests spacing
	silence time.Time         // until then nothing is sent but answers
	blocked time.Time         // until then nothing is sent
	hashes  map[string]string // the vendor's name of a bucket, by route
	limits  map[string]int    // the size of a bucket, by the vendor's name
	buckets map[string]*bucket
	swept   time.Time
	breaker breaker
	strange int // answers in a row that were not Discord's
	// trouble is told what a person should know, as often as it is so; nil: nobody
	// is. It must not block.
	trouble func(key, message string)
}

func newPacer() *pacer {
	return &pacer{
		lanes:   chat.NewLanes(overallLimit, digestRate, digestKeep, time.Second),
		overall: spacing{every: time.Second / overallRate, burst: 2},
		digests: spacing{every: time.Second / digestRate, burst: 1},
		hashes:  map[string]string{}, limits: map[string]int{}, buckets: map[string]*bucket{},
		breaker: breaker{began: time.Now()},
	}
}

// quicken multiplies the limits over all channels, for a stand-in that has none. It
// is called before anything else.
func (p *pacer) quicken(times int) {
	p.lanes = chat.NewLanes(overallLimit*times, digestRate*times, digestKeep*times, time.Second)
	p.overall.every /= time.Duration(times)
	p.digests.every /= time.Duration(times)
}

// spacing hands out turns at an even pace with a small burst.
type spacing struct {
	every time.Duration
	burst int
	next  time.Time // when the turn after the last would come without a burst
}

// reserve takes the next turn and returns when it is.
func (s *spacing) reserve(now time.Time) time.Time {
	if s.next.Before(now) {
		s.next = now
	}
	turn := s.next.Add(-s.every * time.Duration(s.burst-1))
	s.next = s.next.Add(s.every)
	if turn.Before(now) {
		return now
	}
	return turn
}

// A bucket is a rate limit as the headers of answers describe it.
type bucket struct {
	limit     int // zero: not known yet
	remaining int
	reset     time.Time // zero: no window has begun
	inflight  int
	used      time.Time
	changed   chan struct{}
}

func (b *bucket) notify() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// acquire waits for a request's turn. The caller hands the answer to release,
// nil if there was none.
func (p *pacer) acquire(ctx context.Context, c class, route, major string) (release func(*http.Response), err error) {
	b, err := p.enter(ctx, c, route, major)
	if err != nil {
		return nil, err
	}
	leave := func() {}
	if c != answer {
		if leave, err = p.space(ctx, c); err != nil {
			p.release(b, route, major, nil)
			return nil, err
		}
	}
	return func(r *http.Response) { leave(); p.release(b, route, major, r) }, nil
}

// space waits for the overall pace. The caller calls leave when the answer is there.
func (p *pacer) space(ctx context.Context, c class) (leave func(), err error) {
	if c != digest {
		if err := p.turn(ctx, &p.overall); err != nil {
			return nil, err
		}
		return p.lanes.Enter(ctx)
	}
	if err := p.turn(ctx, &p.digests); err != nil {
		return nil, err
	}
	if err := p.turn(ctx, &p.overall); err != nil {
		return nil, err
	}
	return p.lanes.EnterPost(ctx)
}

// turn waits for the next turn of a spacing.
func (p *pacer) turn(ctx context.Context, s *spacing) error {
	p.mu.Lock()
	turn := s.reserve(time.Now())
	p.mu.Unlock()
	return until(ctx, turn)
}

// enter waits until the bucket has room and nobody asks for silence.
func (p *pacer) enter(ctx context.Context, c class, route, major string) (*bucket, error) {
	began := time.Now()
	for {
		p.mu.Lock()
		now := time.Now()
		b := p.bucket(route, major, now)
		wait, why := p.wait(b, c, now)
		if wait == 0 {
			b.inflight++
			b.used = now
			p.mu.Unlock()
			return b, nil
		}
		changed := b.changed
		p.mu.Unlock()
		if wait > 0 && now.Add(wait).Sub(began) > c.patience() {
			return nil, &errPaced{after: wait, everyone: why != inBucket, why: why}
		}
		if err := either(ctx, wait, changed); err != nil {
			return nil, err
		}
	}
}

// wait says how long a request must wait, and why; negative: until the bucket
// changes.
func (p *pacer) wait(b *bucket, c class, now time.Time) (time.Duration, string) {
	if after := p.breaker.open(now); after > 0 {
		return after, "too many invalid requests"
	}
	if now.Before(p.blocked) {
		return p.blocked.Sub(now), "the address is blocked"
	}
	if c != answer && now.Before(p.silence) {
		return p.silence.Sub(now), "global rate limit"
	}
	if !b.reset.IsZero() && !now.Before(b.reset) {
		b.reset, b.remaining = time.Time{}, max(b.limit-b.inflight, 0)
	}
	switch {
	case b.remaining > 0:
		b.remaining--
		return 0, ""
	case (b.limit == 0 || b.reset.IsZero()) && b.inflight == 0:
		// Nothing is known: one goes ahead and comes back with the headers.
		return 0, ""
	case b.limit == 0 || b.reset.IsZero():
		return -1, inBucket
	}
	return b.reset.Sub(now), inBucket
}

// inBucket is why a request waits that only waits for its own bucket.
const inBucket = "rate limit of the route"

// bucket returns the bucket of a route and major id, by the vendor's name for it
// where that is known.
func (p *pacer) bucket(route, major string, now time.Time) *bucket {
	name := p.hashes[route]
	key := name + "|" + major
	if name == "" {
		key = route + "|" + major
	}
	b := p.buckets[key]
	if b == nil {
		p.sweep(now)
		b = &bucket{limit: p.limits[name], remaining: p.limits[name], changed: make(chan struct{})}
		p.buckets[key] = b
	}
	return b
}

// sweep forgets the buckets that nobody used for a while: each interaction has one
// of its own.
func (p *pacer) sweep(now time.Time) {
	if now.Sub(p.swept) < time.Minute {
		return
	}
	p.swept = now
	for key, b := range p.buckets {
		if b.inflight == 0 && now.Sub(b.used) > time.Minute && now.After(b.reset) {
			delete(p.buckets, key)
		}
	}
}

// release takes note of what an answer says about its bucket.
func (p *pacer) release(b *bucket, route, major string, r *http.Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.inflight--
	defer b.notify()
	if r == nil {
		// Whether it counted is not known: believe that it did until the reset.
		return
	}
	h, now := r.Header, time.Now()
	limit, err1 := strconv.Atoi(h.Get("X-RateLimit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	after, err3 := strconv.ParseFloat(h.Get("X-RateLimit-Reset-After"), 64)
	if err1 != nil || err2 != nil || err3 != nil || limit < 1 {
		return
	}
	at := b
	if name := h.Get("X-RateLimit-Bucket"); name != "" {
		p.hashes[route], p.limits[name] = name, limit
		at = p.rename(b, route, major, name)
		defer at.notify()
	}
	at.observe(limit, remaining, now.Add(seconds(after)+resetSlack))
}

// rename returns the bucket of a name and major id. The one that the route had until
// now becomes it, if it was the route's alone and there is none.
func (p *pacer) rename(b *bucket, route, major, name string) *bucket {
	own, key := route+"|"+major, name+"|"+major
	at := p.buckets[key]
	if at == nil {
		if at = b; p.buckets[own] != b {
			at = &bucket{used: b.used, changed: make(chan struct{})}
		}
		p.buckets[key] = at
	}
	if p.buckets[own] == b {
		delete(p.buckets, own)
	}
	return at
}

// observe takes what an answer says: a window that is under way only shrinks.
func (b *bucket) observe(limit, remaining int, reset time.Time) {
	if sameWindow := !b.reset.IsZero() && b.reset.Sub(reset).Abs() < time.Second; sameWindow {
		b.remaining = min(b.remaining, remaining)
	} else {
		b.remaining = max(remaining-b.inflight, 0)
	}
	b.limit, b.reset = limit, reset
}

// hold obeys a 429: it keeps requests back for as long as the answer asks.
func (p *pacer) hold(e *apiError, route, major string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	until := now.Add(e.After + resetSlack)
	switch {
	case !e.JSON:
		p.blocked = later(p.blocked, now.Add(max(e.After, edgeBlock)))
	case e.Scope == "global":
		p.silence = later(p.silence, until)
	default:
		b := p.bucket(route, major, now)
		b.remaining, b.reset = 0, later(b.reset, until)
		b.limit = max(b.limit, 1)
		b.notify()
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// until waits until t.
func until(ctx context.Context, t time.Time) error {
	return either(ctx, time.Until(t), nil)
}

// either waits for d, or until changed is closed; a negative d waits for changed
// alone.
func either(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	if d <= 0 && changed == nil {
		return ctx.Err()
	}
	var due <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		due = t.C
	}
	select {
	case <-due:
	case <-changed:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}
