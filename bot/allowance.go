package bot

import (
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// Calls are kept for good, and those of an answer repeat what its asker typed: without
// a bound anybody could fill the disk. Nobody reads so many pages in a day, and a call
// that means something is no longer.
const (
	maxKeptCall  = 1 << 10 // bytes
	keptCallsDay = 10_000  // new ones, for one asker
)

// An allowance counts how many calls were kept for each asker on one day.
type allowance struct {
	mu   sync.Mutex
	day  int64
	used map[string]int
}

// grant returns those of calls that may be kept for an asker. Spent says that these
// were the last of the day.
func (a *allowance) grant(asker string, calls []string, now time.Time) (granted []string, spent bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if day := now.Unix() / int64((24 * time.Hour).Seconds()); a.used == nil || a.day != day {
		a.day, a.used = day, make(map[string]int)
	}
	for _, call := range calls {
		switch {
		case len(call) > maxKeptCall || a.used[asker] > keptCallsDay:
			continue
		case a.used[asker] == keptCallsDay:
			a.used[asker]++ // to say so only once
			spent = true
			continue
		}
		a.used[asker]++
		granted = append(granted, call)
	}
	return granted, spent
}

// askerOf is who asks, or where nobody is named.
func askerOf(inv chat.Invocation) string {
	if len(inv.Asker) > 0 {
		return inv.Asker[0]
	}
	return inv.Where.String()
}
