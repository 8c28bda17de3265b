package brief

import (
	"errors"
	"time"

	"github.com/briefbot/briefbot/internal/mirror"
)

// patience is how many looks in a row may fail for reasons that may pass: the last of
// them is taken for one that lasts.
const patience = 3

// A Freshness says how a source that is elsewhere could be asked of late.
type Freshness struct {
	Fetched  time.Time // when it last could; zero: not since the start
	Failing  time.Time // since when it cannot; zero: it can
	Failures int       // how often in a row it could not
	Err      error     // why it could not the last time
	// Lasting says that somebody should see to it: of the failures in a row there are
	// three, or one was for a reason that does not pass by itself.
	Lasting bool
}

// Freshness returns how the host could be asked of late.
func (g *Git) Freshness() Freshness {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.fresh
}

// note notes what came of asking the host.
func (f *Freshness) note(now time.Time, err error) {
	if err == nil {
		*f = Freshness{Fetched: now}
		return
	}
	if f.Failing.IsZero() {
		f.Failing = now
	}
	f.Err = err
	f.Failures++
	f.Lasting = f.Lasting || f.Failures >= patience || !errors.Is(err, mirror.ErrPassing)
}
