package digest

import (
	"context"
	"errors"
	"testing"
)

// TestJournalEnds writes to a journal while it is run, as it ends, and after it: what
// was there is written, and what comes too late is told so rather than kept waiting.
func TestJournalEnds(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	j := newJournal(p.ledger)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	early := make(chan error, 1)
	j.entries <- entry{step: "early", done: early, write: func(*transaction) error { return nil }}
	j.run(ctx)
	if err := <-early; err != nil {
		t.Errorf("what was there is not written: %v", err)
	}
	written := false
	err := j.do(t.Context(), "late", func(*transaction) error { written = true; return nil })
	if !errors.Is(err, errEnded) || written {
		t.Errorf("what comes too late is written: %v, %v", written, err)
	}
}
