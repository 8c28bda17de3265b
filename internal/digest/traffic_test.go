package digest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
)

// TestTraffic counts what is owed and what was sent of late, by platform.
func TestTraffic(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	l := p.ledger
	owePosts(t, l, "telegram:1", "1", "2", "3", "4")
	p.asleep("2026-01-10 10:00")
	owePosts(t, l, "discord:1", "5", "6")
	owePosts(t, l, "telegram:2", "7")
	alterIn(t, l, `UPDATE deliveries SET state = 'sent', settled_at = $1 WHERE id IN (1, 2)`, millis(p.now.Add(-4*time.Minute)))
	alterIn(t, l, `UPDATE deliveries SET state = 'sent', settled_at = $1 WHERE id = 5`, millis(p.now.Add(-6*time.Minute)))
	alterIn(t, l, `UPDATE deliveries SET verb = 'edit', target = 1 WHERE id = 4`)
	if _, err := l.Suspend(t.Context(), chat.Conversation{Platform: "telegram", ID: "2"}, "kicked"); err != nil {
		t.Fatal(err)
	}
	got, err := l.Traffic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nine, ten := inZone(t, "2026-01-10 09:00").UTC(), inZone(t, "2026-01-10 10:00").UTC()
	want := map[string]Traffic{
		"telegram": {Platform: "telegram", Posts: 1, Oldest: nine, Edits: 1, Kept: 1, Recent: 2},
		"discord":  {Platform: "discord", Posts: 1, Oldest: ten},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("the traffic (-want +got):\n", diff)
	}
}
