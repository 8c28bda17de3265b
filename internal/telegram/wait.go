package telegram

import (
	"context"
	"math/rand/v2"
	"time"
)

// The shortest and the longest wait between tries. The longest, the chance and a try
// that takes callTimeout are over within a minute.
const (
	minBackoff = time.Second
	maxBackoff = 30 * time.Second
)

// backoff is how long to wait after so many failures in a row: doubled each time,
// with up to a quarter of chance, so that many do not come back at once.
func backoff(failures int) time.Duration {
	d := min(minBackoff<<min(failures, 6), maxBackoff)
	return d + rand.N(d/4)
}

// sleep waits and reports whether ctx is still going on.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
