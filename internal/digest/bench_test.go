package digest

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// crowd subscribes n conversations of a platform at once.
func crowd(t testing.TB, l *Ledger, platform string, n int, schedule Schedule) {
	t.Helper()
	var subs []Subscription
	for i := range n {
		subs = append(subs, Subscription{
			Where:   chat.Conversation{Platform: platform, ID: strconv.Itoa(i + 1)},
			Stories: []string{AllStories}, Schedule: schedule,
		})
	}
	all, err := l.AllSubscriptions(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Configured {
			subs = append(subs, s)
		}
	}
	if err := l.Configure(context.Background(), subs); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkDeliver plans, sends and settles one digest to each of 10,000
// conversations of a platform without limits that answers after 30 ms.
func BenchmarkDeliver(b *testing.B) {
	for _, latency := range []time.Duration{0, 30 * time.Millisecond} {
		b.Run(fmt.Sprint("latency=", latency), func(b *testing.B) { benchmarkDeliver(b, latency) })
	}
}

func benchmarkDeliver(b *testing.B, latency time.Duration) {
	const n = 10_000
	l := openFile(b, filepath.Join(b.TempDir(), "b.db"))
	f := newFake("telegram")
	f.latency = latency
	events := []brief.Event{event("one")}
	record(b, l, dossier(b, "a", events...))
	crowd(b, l, "telegram", n, Immediate)
	stop := run(b, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Millisecond})
	defer stop()
	want := 0
	b.ReportAllocs()
	for b.Loop() {
		events = append(events, event("more-"+strconv.Itoa(want)))
		want += n
		record(b, l, dossier(b, "a", events...))
		for f.calls() < want {
			<-f.grew
		}
		for {
			s, err := l.Status(context.Background(), chat.Conversation{})
			if err != nil {
				b.Fatal(err)
			}
			if s.Sent == want {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	b.ReportMetric(float64(want)/b.Elapsed().Seconds(), "deliveries/s")
}
