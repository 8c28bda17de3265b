package bot

import (
	"context"
	"slices"
	"sync"
	"time"
)

// alarm tells the operators of a trouble: in the log, in /status, in the preview and
// in the conversations that the configuration names. There a kind of trouble, which is
// its key up to the first colon, is one card, that is brought up to date while the
// trouble lasts: until it is mended or was not met for a day.
func (b *Bot) alarm(ctx context.Context, key, message string) {
	b.raise(ctx, key, message, troubleOver)
}

// troubleOver is after how long a trouble that was not met again is taken for over.
// A platform does not say that nobody else polls with its token any more.
const troubleOver = 24 * time.Hour

// raise is alarm with another time after which a trouble is over; zero: it lasts
// until it is mended. It reports whether the trouble was new.
func (b *Bot) raise(ctx context.Context, key, message string, over time.Duration) bool {
	// A trouble that comes up while the bot stops is kept all the same.
	ctx = context.WithoutCancel(ctx)
	met, err := b.ledger.Alarm(ctx, key, message, over)
	if err != nil {
		if b.unrecorded.again(key, b.now()) {
			b.log.ErrorContext(ctx, "alarm", "key", key, "message", message, "unrecorded", err)
		}
		return true
	}
	if !met.First {
		b.log.DebugContext(ctx, "alarm goes on", "key", key, "message", message)
		return false
	}
	b.log.ErrorContext(ctx, "alarm", "key", key, "message", message)
	if met.Kind {
		b.tellAlarms(ctx)
	}
	return true
}

// A refrain remembers when the alarms that the store did not take were logged last. A
// full disk is met every second.
type refrain struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// refrainEvery is how often an alarm that is not in the store is logged.
const refrainEvery = time.Minute

// again says whether it is time to log an alarm again.
func (r *refrain) again(key string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, ok := r.last[key]; ok && now.Sub(last) < refrainEvery && !now.Before(last) {
		return false
	}
	if r.last == nil {
		r.last = make(map[string]time.Time)
	}
	r.last[key] = now
	return true
}

// mended forgets a trouble, so that it is new when it comes again.
func (b *Bot) mended(ctx context.Context, key string) {
	if err := b.ledger.ClearAlarm(ctx, key); err != nil {
		b.log.ErrorContext(ctx, "clearing an alarm", "key", key, "error", err)
	}
}

// A partError says which part of the bot does not work. Its text is for the log;
// strangers are told the part alone.
type partError struct {
	part string
	err  error
}

func (e *partError) Error() string { return e.part + ": " + e.err.Error() }
func (e *partError) Unwrap() error { return e.err }

// Part names the part that does not work.
func (e *partError) Part() string { return e.part }

// Ready returns nil if every part works, otherwise an error whose Part method names
// the first that does not.
func (b *Bot) Ready(ctx context.Context) error {
	if err := b.ledger.Readable(ctx); err != nil {
		return &partError{"store", err}
	}
	return b.health.err()
}

// health is what is known of the parts that work by themselves.
type health struct {
	mu    sync.Mutex
	parts []*partError // err is nil while the part works
}

func (h *health) set(part string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.parts, func(p *partError) bool { return p.part == part })
	if i < 0 {
		h.parts = append(h.parts, &partError{part, err})
		return
	}
	h.parts[i] = &partError{part, err}
}

// of returns why a part does not work, nil if it does or is not known.
func (h *health) of(part string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.parts {
		if p.part == part {
			return p.err
		}
	}
	return nil
}

func (h *health) err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.parts {
		if p.err != nil {
			return p
		}
	}
	return nil
}
