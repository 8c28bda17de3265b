package brief

import (
	"errors"
	"testing"
	"time"
)

// TestFreshness keeps since when asking fails, with the newest reason, until it succeeds.
func TestFreshness(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2025, 12, 1, 9, minute, 0, 0, time.UTC) }
	first, second := errors.New("no such host"), errors.New("refused")
	var f Freshness
	for i, step := range []struct {
		err  error
		want Freshness
	}{
		{first, Freshness{Failing: at(0), Err: first}},
		{nil, Freshness{Fetched: at(1)}},
		{first, Freshness{Fetched: at(1), Failing: at(2), Err: first}},
		{second, Freshness{Fetched: at(1), Failing: at(2), Err: second}},
		{nil, Freshness{Fetched: at(4)}},
	} {
		if f.note(at(i), step.err); f != step.want {
			t.Errorf("step %d: %+v, want %+v", i, f, step.want)
		}
	}
}
