package telegramtest

import (
	"math"
	"net/http"
	"time"
)

// The vendor's limits (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).
// The bursts are unspecified there and small here.
const (
	perSecond  = 30
	chatBurst  = 4
	groupCount = 20
	groupTime  = time.Minute
)

// limits count messages as the vendor would.
type limits struct {
	on    bool
	all   bucket
	chats map[int64]*bucket
	group map[int64][]time.Time // of the last minute
}

// A bucket holds what may be sent at once.
type bucket struct {
	tokens float64
	at     time.Time
}

// take takes one token of a bucket of this size and rate, or says how long until
// there is one.
func (b *bucket) take(now time.Time, size, rate float64) time.Duration {
	if b.at.IsZero() {
		b.tokens = size
	} else {
		b.tokens = math.Min(size, b.tokens+rate*now.Sub(b.at).Seconds())
	}
	b.at = now
	if b.tokens < 1-1e-9 {
		return time.Duration((1 - b.tokens) / rate * float64(time.Second))
	}
	b.tokens--
	return 0
}

// message counts one message to a chat, or refuses it.
func (l *limits) message(now time.Time, chat int64, group bool) *failure {
	if !l.on {
		return nil
	}
	if l.chats == nil {
		l.chats, l.group = map[int64]*bucket{}, map[int64][]time.Time{}
	}
	if wait := l.all.take(now, perSecond, perSecond); wait > 0 {
		return tooMany(wait)
	}
	b := l.chats[chat]
	if b == nil {
		b = &bucket{}
		l.chats[chat] = b
	}
	if wait := b.take(now, chatBurst, 1); wait > 0 {
		return tooMany(wait)
	}
	if !group {
		return nil
	}
	recent := l.group[chat]
	for len(recent) > 0 && now.Sub(recent[0]) >= groupTime {
		recent = recent[1:]
	}
	if len(recent) >= groupCount {
		return tooMany(groupTime - now.Sub(recent[0]))
	}
	l.group[chat] = append(recent, now)
	return nil
}

func tooMany(wait time.Duration) *failure {
	seconds := int(math.Ceil(wait.Seconds()))
	return &failure{code: http.StatusTooManyRequests, text: "Too Many Requests: retry after " + decimal(int64(seconds)),
		params: map[string]any{"retry_after": seconds}}
}
