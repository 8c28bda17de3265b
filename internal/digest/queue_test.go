package digest

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestTerse has nobody read of a queue that works as usual.
func TestTerse(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(terse{slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})}).With("queue", "q").WithGroup("jobs")
	log.Debug("fetched")
	log.Info("client started")
	if out.Len() > 0 {
		t.Errorf("usual work is logged: %s", out.String())
	}
	log.Warn("job is stuck", "id", 7)
	if got := out.String(); !strings.Contains(got, "job is stuck") || !strings.Contains(got, "queue=q") || !strings.Contains(got, "jobs.id=7") {
		t.Errorf("a warning is logged as %q", got)
	}
	out.Reset()
	quiet := slog.New(terse{slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelError})})
	if quiet.Warn("job is stuck"); out.Len() > 0 {
		t.Errorf("a warning that nobody wants is logged: %s", out.String())
	}
}
