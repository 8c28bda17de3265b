package brief

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// lookPause is the least time between two looks that were asked for.
	lookPause = 5 * time.Second
	// maxBackOff is the most time between two looks at a host that fails, unless the
	// interval is longer.
	maxBackOff = 5 * time.Minute
)

// Fetch implements [Fetcher].
func (g *Git) Fetch() {
	select {
	case g.asked <- struct{}{}:
	default: // one is asked for already
	}
}

// Watch implements [Source]. It has the host asked at the interval, give or take a
// tenth, less and less often while that fails, and when Fetch wants it. It calls
// changed when the branch has moved, when asking has ceased to fail, and each time that
// it fails while somebody should see to that.
func (g *Git) Watch(ctx context.Context, changed func()) error {
	last := time.Now().Add(-lookPause)
	next := time.NewTimer(g.pause(g.Freshness().Failures))
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		case <-g.asked:
			if !sleep(ctx, lookPause-time.Since(last)) {
				return nil
			}
			select {
			case <-g.asked: // meanwhile: this look is for that too
			default:
			}
		}
		was := g.Freshness()
		moved, _ := g.look(ctx) // how it went is noted
		if ctx.Err() != nil {
			return nil
		}
		last = time.Now()
		is := g.Freshness()
		if moved || is.Lasting || was.Err != nil && is.Err == nil {
			changed()
		}
		next.Reset(g.pause(is.Failures))
	}
}

// sleep waits, and returns false when ctx is done.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// pause returns the time until the next look, after so many that failed in a row. Not
// all who ask a host do so at once.
func (g *Git) pause(failures int) time.Duration {
	pause := g.options.Interval
	for range min(failures, 10) {
		pause *= 2
	}
	pause = min(pause, max(g.options.Interval, maxBackOff))
	return pause + time.Duration((rand.Float64()-0.5)*0.2*float64(pause))
}
