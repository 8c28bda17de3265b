package brief

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/mirror"
)

// TestFreshness keeps since when and how often asking fails, with the newest reason,
// until it succeeds. Somebody should see to what does not pass by itself at once, and to
// what may pass at the third time.
func TestFreshness(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2025, 12, 1, 9, minute, 0, 0, time.UTC) }
	away, busy := fmt.Errorf("no answer: %w", mirror.ErrPassing), fmt.Errorf("503: %w", mirror.ErrPassing)
	refused := errors.New("401")
	var f Freshness
	for i, step := range []struct {
		err  error
		want Freshness
	}{
		{away, Freshness{Failing: at(0), Failures: 1, Err: away}},
		{busy, Freshness{Failing: at(0), Failures: 2, Err: busy}},
		{nil, Freshness{Fetched: at(2)}},
		{away, Freshness{Fetched: at(2), Failing: at(3), Failures: 1, Err: away}},
		{away, Freshness{Fetched: at(2), Failing: at(3), Failures: 2, Err: away}},
		{busy, Freshness{Fetched: at(2), Failing: at(3), Failures: 3, Err: busy, Lasting: true}},
		{nil, Freshness{Fetched: at(6)}},
		{refused, Freshness{Fetched: at(6), Failing: at(7), Failures: 1, Err: refused, Lasting: true}},
		{away, Freshness{Fetched: at(6), Failing: at(7), Failures: 2, Err: away, Lasting: true}},
		{nil, Freshness{Fetched: at(9)}},
	} {
		if f.note(at(i), step.err); f != step.want {
			t.Errorf("step %d: %+v, want %+v", i, f, step.want)
		}
	}
}
