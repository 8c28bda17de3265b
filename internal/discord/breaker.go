package discord

import (
	"fmt"
	"net/http"
	"time"
)

// count keeps account of invalid requests: too many of them block the address.
func (p *pacer) count(e *apiError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
	case http.StatusTooManyRequests:
		if e.Scope == "shared" {
			return
		}
	default:
		return
	}
	now := time.Now()
	if p.breaker.count(now) {
		p.tell("discord-invalid", fmt.Sprintf("Discord refused %d requests within ten minutes (401, 403, 429). It blocks an address after 10,000, so nothing is sent for %v; then it goes on by itself. The last answer: %d, code %d.",
			maxInvalid, p.breaker.open(now).Round(time.Second), e.Status, e.Code))
	}
}

// Answers that are not Discord's, because something stands before it: after so many
// in a row nothing but answers is sent for a while.
const (
	maxStrange  = 5
	strangeHold = 30 * time.Second
)

// foreign takes note of an answer that is not Discord's. One that claims a success
// is believed to be no exception.
func (p *pacer) foreign(success bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strange++
	if success {
		p.strange = max(p.strange, maxStrange)
	}
	if p.strange < maxStrange {
		return
	}
	p.silence = later(p.silence, time.Now().Add(strangeHold))
	p.tell("discord-foreign", "Something answers in Discord's place, a proxy or a block page. Nothing is sent for half a minute at a time until Discord answers again; look at discord.api and at the way out of this network.")
}

// genuine takes note of an answer of Discord's.
func (p *pacer) genuine() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strange = 0
}

// tell hands a trouble on. The caller holds p.mu.
func (p *pacer) tell(key, message string) {
	if p.trouble != nil {
		p.trouble(key, message)
	}
}

// A breaker counts invalid requests in ten slots of a minute. Discord blocks an
// address after 10,000 of them in ten minutes
// (https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans);
// we stop far below. Its minutes are counted from began, so that a clock that is set
// neither opens nor closes it.
type breaker struct {
	began time.Time
	slots [10]struct {
		minute int64
		n      int
	}
}

const maxInvalid = 1000

func (b *breaker) minute(now time.Time) int64 { return int64(now.Sub(b.began) / time.Minute) }

// count takes note of an invalid request and says whether it was the one that opens
// the breaker.
func (b *breaker) count(now time.Time) (opens bool) {
	before := b.open(now)
	slot := &b.slots[b.minute(now)%10]
	if slot.minute != b.minute(now) {
		slot.minute, slot.n = b.minute(now), 0
	}
	slot.n++
	return before == 0 && b.open(now) > 0
}

// open says for how long nothing may be sent, zero if everything may.
func (b *breaker) open(now time.Time) time.Duration {
	minute := b.minute(now)
	total, oldest := 0, minute
	for _, s := range b.slots {
		if s.n > 0 && s.minute > minute-10 {
			total += s.n
			oldest = min(oldest, s.minute)
		}
	}
	if total < maxInvalid {
		return 0
	}
	return b.began.Add(time.Duration(oldest+10) * time.Minute).Sub(now)
}
