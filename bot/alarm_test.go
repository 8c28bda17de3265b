package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/digest"
)

// TestUnrecordedAlarm has a trouble met every second while the store takes nothing: it
// is in the log once a minute, with the store's reason.
func TestUnrecordedAlarm(t *testing.T) {
	w := newWorld(t, nil, func(w *world) {
		ledger, err := digest.Open(t.Context(), digest.Options{Store: ":memory:", Now: w.now})
		if err != nil {
			t.Fatal(err)
		}
		w.options.Ledger = ledger
	})
	if err := w.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	for range 150 {
		w.alarm(t.Context(), "dispatch", "Planning did not work.")
		w.mu.Lock()
		w.clock = w.clock.Add(time.Second)
		w.mu.Unlock()
	}
	logged := w.logged.String()
	if n := strings.Count(logged, "Planning did not work."); n != 3 {
		t.Errorf("logged %d times in 150 seconds, want once a minute:\n%s", n, logged)
	}
	if !strings.Contains(logged, "unrecorded") || !strings.Contains(logged, "closed") {
		t.Errorf("the log does not say why:\n%s", logged)
	}
}
