package brief

import "time"

// A Freshness says how a source that is elsewhere could be asked of late.
type Freshness struct {
	Fetched time.Time // when it last could; zero: not since the start
	Failing time.Time // since when it cannot; zero: it can
	Err     error     // why it cannot
}

// Freshness returns how the host could be asked of late.
func (g *Git) Freshness() Freshness {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.fresh
}

// note notes what came of asking the host.
func (f *Freshness) note(now time.Time, err error) {
	switch {
	case err == nil:
		*f = Freshness{Fetched: now}
		return
	case f.Failing.IsZero():
		f.Failing = now
	}
	f.Err = err
}
