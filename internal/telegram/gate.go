package telegram

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// The vendor's limits (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this)
// are 30 messages a second over all, about one a second for a chat, and 20 a minute
// for a group. The pace lies a little below, and no second holds more than the
// limit even where requests bunch up on their way; one place of those is kept for
// answers. Answers may follow one another quickly in a chat, as the vendor allows
// for a short while; what nobody waits for never does.
const (
	allLimit  = 30
	allKeep   = 1
	allRate   = 29.5 // a second
	allBurst  = 10
	reserve   = 3 // of the burst, kept for answers
	chatBurst = 3
	chatKeep  = 1 // of a chat's burst, kept for answers there
	chatEach  = time.Second
	chatGap   = chatEach + 50*time.Millisecond // after any message in a chat
	// In any minute a group gets at most its burst and what a minute earns: 19, edits
	// and pins among them.
	groupBurst = 4
	groupEach  = 4 * time.Second
)

// A gate holds requests back before a limit is hit, and after one was. Answers pass
// before whatever else is sent. It reckons by differences of a clock that only goes
// forward; where one goes back all the same, it begins anew from there.
type gate struct {
	now   func() time.Time
	lanes *chat.Lanes                                         // of all messages; what is no answer is a post
	shape func(chat int64) (size float64, each time.Duration) // of a chat's bucket
	gap   time.Duration                                       // between two posts to a chat
	tempo float64                                             // of what goes to all chats

	mu     sync.Mutex
	seen   time.Time // the latest time
	all    bucket
	chats  map[int64]*bucket
	pauses map[int64]pause // by chat; the zero chat stands for all
	hasty  time.Time       // of the last refusal for haste
	hasted int64           // its chat
}

// A pause is what the service asked for.
type pause struct {
	until time.Time
	asked time.Duration
}

// left is how long a pause still lasts.
func (p pause) left(now time.Time) time.Duration { return max(p.until.Sub(now), 0) }

// A bucket holds what may pass at once and is refilled with time.
type bucket struct {
	tokens float64
	at     time.Time
	last   time.Time // when one passed
}

func newGate(now func() time.Time) *gate {
	return &gate{now: now, lanes: chat.NewLanes(allLimit, digestRate, allKeep, time.Second), shape: shape, gap: chatGap, tempo: 1, all: bucket{tokens: allBurst}, chats: map[int64]*bucket{}, pauses: map[int64]pause{}}
}

// quicken multiplies the limits over all chats, for a stand-in that has none.
func (g *gate) quicken(times int) {
	g.lanes, g.tempo = chat.NewLanes(allLimit*times, digestRate*times, allKeep*times, time.Second), float64(times)
}

// fill adds what was earned since the last look.
func (b *bucket) fill(now time.Time, size, rate float64) {
	if !b.at.IsZero() {
		b.tokens = math.Min(size, b.tokens+rate*max(now.Sub(b.at), 0).Seconds())
	}
	b.at = now
}

// shape is the size of a chat's bucket and the time one token takes.
func shape(chat int64) (size float64, each time.Duration) {
	if chat < 0 {
		return groupBurst, groupEach
	}
	return chatBurst, chatEach
}

// try lets one message pass, or says how long until it may be tried again. keep is
// how much of the over-all burst must be left, zero for an answer.
func (g *gate) try(chat int64, keep float64) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	g.reset(now)
	if wait := g.paused(now, chat); wait > 0 {
		return wait
	}
	size, each := g.shape(chat)
	b := g.chats[chat]
	if b == nil {
		g.forget(now)
		b = &bucket{tokens: size}
		g.chats[chat] = b
	}
	b.fill(now, size, 1/each.Seconds())
	g.all.fill(now, allBurst*g.tempo, allRate*g.tempo)
	here := 0.0
	if keep > 0 {
		here = chatKeep
	}
	wait := max(lack(b.tokens, 1+here, 1/each.Seconds()), lack(g.all.tokens, 1+keep, allRate*g.tempo))
	if keep > 0 && !b.last.IsZero() {
		wait = max(wait, b.last.Add(g.gap).Sub(now))
	}
	if wait == 0 {
		b.last = now
		b.tokens--
		g.all.tokens--
	}
	return wait
}

// left notes that a message to a chat leaves only now: the gap after it begins here.
func (g *gate) left(chat int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if b := g.chats[chat]; b != nil {
		b.last = g.now()
	}
}

// reset has what was reckoned by a clock that went back since begin now.
func (g *gate) reset(now time.Time) {
	if !now.Before(g.seen) {
		g.seen = now
		return
	}
	g.seen = now
	for _, b := range g.chats {
		b.last = minTime(b.last, now)
	}
	for chat, p := range g.pauses {
		g.pauses[chat] = pause{minTime(p.until, now.Add(p.asked)), p.asked}
	}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// lack is how long a bucket takes to hold want.
func lack(tokens, want, rate float64) time.Duration {
	if tokens >= want-1e-6 {
		return 0
	}
	return max(time.Duration((want-tokens)/rate*float64(time.Second)), time.Millisecond)
}

// paused is how long a chat must still wait.
func (g *gate) paused(now time.Time, chat int64) time.Duration {
	return max(g.pauses[chat].left(now), g.pauses[0].left(now))
}

// enter waits until no second holds too much. The caller calls leave when the
// message was answered; the error is that of ctx.
func (g *gate) enter(ctx context.Context, chat int64, answer bool) (leave func(), err error) {
	defer func() { g.left(chat) }()
	if answer {
		return g.lanes.Enter(ctx)
	}
	return g.lanes.EnterPost(ctx)
}

// everyone says whether all chats must wait.
func (g *gate) everyone() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pauses[0].left(g.now()) > 0
}

// forget drops the buckets that are full again, so that memory does not grow with
// the chats there ever were.
func (g *gate) forget(now time.Time) {
	if len(g.chats) < 4096 {
		return
	}
	for id, b := range g.chats {
		if now.Sub(b.at) > time.Minute {
			delete(g.chats, id)
		}
	}
	for id, p := range g.pauses {
		if p.left(now) == 0 {
			delete(g.pauses, id)
		}
	}
}

// hasteWindow is how close two refusals for haste in different chats must be to
// mean that the bot as a whole is too fast.
const hasteWindow = time.Second

// pause heeds a refusal for haste in a chat, which may be known to be meant for all of
// them. It reports whether everything has to wait.
func (g *gate) pause(chat int64, after time.Duration, all bool) (everyone bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	everyone = all || g.hasted != chat && !g.hasty.IsZero() && now.Sub(g.hasty) <= hasteWindow
	g.hasty, g.hasted = now, chat
	if everyone {
		g.prolong(0, now, after)
	}
	g.prolong(chat, now, after)
	return everyone
}

// prolong pauses a chat unless it is paused for longer.
func (g *gate) prolong(chat int64, now time.Time, after time.Duration) {
	if after > g.pauses[chat].left(now) {
		g.pauses[chat] = pause{now.Add(after), after}
	}
}

// pass waits until a message to a chat may go out. Where that takes longer than
// patience it returns the time instead, and nothing has passed. Patience zero is
// none; a negative one waits as long as ctx allows.
func (g *gate) pass(ctx context.Context, chat int64, answer bool, patience time.Duration) (wait time.Duration, err error) {
	keep := float64(reserve)
	if answer {
		keep = 0
	}
	for begun := g.now(); ; {
		wait := g.try(chat, keep)
		if wait == 0 {
			return 0, nil
		}
		if patience >= 0 && g.now().Sub(begun)+wait > patience {
			return wait, nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return 0, ctx.Err()
		}
	}
}
