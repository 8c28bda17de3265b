package digest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strconv"
	"sync/atomic"
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

// A drain is a platform that takes everything and remembers nothing but how much.
type drain struct {
	took atomic.Int64
	all  int64         // how much there is to take
	done chan struct{} // gets a token when all was taken
}

func (d *drain) Name() string                           { return "telegram" }
func (d *drain) Serve(context.Context, chat.Host) error { return errors.New("not served") }

func (d *drain) Send(context.Context, chat.Conversation, chat.Card, string) (chat.MessageID, error) {
	n := d.took.Add(1)
	if n == d.all {
		d.done <- struct{}{}
	}
	return chat.MessageID(strconv.FormatInt(n, 10)), nil
}

// BenchmarkPlanAndSettle plans one digest to each of many conversations, and claims,
// sends and settles every delivery, on a platform that takes no time. The most memory
// that is in use at once must not depend on how many there are.
func BenchmarkPlanAndSettle(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint("deliveries=", n), func(b *testing.B) { benchmarkPlanAndSettle(b, n) })
	}
}

func benchmarkPlanAndSettle(b *testing.B, n int) {
	l := openFile(b, filepath.Join(b.TempDir(), "b.db"))
	events := []brief.Event{event("one")}
	record(b, l, dossier(b, "a", events...))
	crowd(b, l, "telegram", n, Immediate)
	d := &drain{all: int64(n), done: make(chan struct{}, 1)}
	defer run(b, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{d}, Settle: time.Millisecond})()
	runtime.GC()
	var before, after runtime.MemStats
	peak := watchHeap()
	runtime.ReadMemStats(&before)
	times := 0
	for b.Loop() {
		times++
		d.took.Store(0)
		events = append(events, event("more-"+strconv.Itoa(times)))
		record(b, l, dossier(b, "a", events...))
		<-d.done
		awaitSettled(b, l, n*times)
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*times), "ns/delivery")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(n*times), "B/delivery")
	b.ReportMetric(float64(peak())/(1<<20), "peak-heap-MB")
}

// A press is a drain whose messages can be edited.
type press struct {
	drain
	edits atomic.Int64
}

func (p *press) Edit(context.Context, chat.Conversation, chat.MessageID, chat.Card) error {
	if p.edits.Add(1) == p.all {
		p.done <- struct{}{}
	}
	return nil
}

// BenchmarkAmend retracts an event that was posted in many conversations, to which
// nothing is said but in place: every message is edited.
func BenchmarkAmend(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint("messages=", n), func(b *testing.B) { benchmarkAmend(b, n) })
	}
}

func benchmarkAmend(b *testing.B, n int) {
	l := openFile(b, filepath.Join(b.TempDir(), "b.db"))
	record(b, l, dossier(b, "a"))
	crowd(b, l, "telegram", n, Immediate)
	p := &press{drain: drain{all: int64(n), done: make(chan struct{}, 1)}}
	o := amending(l)
	o.Platforms, o.Settle = []chat.Platform{p}, time.Millisecond
	defer run(b, o)()
	record(b, l, dossier(b, "a", event("one")))
	<-p.done
	awaitSettled(b, l, n)
	runtime.GC()
	peak := watchHeap()
	times := 0
	for b.Loop() {
		times++
		p.edits.Store(0)
		silent := titledEvent("one", fmt.Sprint("Title ", times))
		silent.Announce = brief.Silent
		if times%2 == 1 { // or the cards would be as before, and nothing edited
			silent.Retracted = &brief.Retraction{On: date(b, "2025-12-01"), Why: "wrong"}
		} else {
			silent.Retracted = nil
		}
		record(b, l, dossier(b, "a", silent))
		<-p.done
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*times), "ns/message")
	b.ReportMetric(float64(peak())/(1<<20), "peak-heap-MB")
}

// awaitSettled returns once so many deliveries were sent.
func awaitSettled(b *testing.B, l *Ledger, n int) {
	b.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for range look.C {
		owed, err := scalar(b.Context(), l.read, "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE settled_at = 0 LIMIT 1) owed")
		if err != nil {
			b.Fatal(err)
		}
		if owed == 0 {
			break
		}
	}
	if s, err := l.Status(b.Context(), chat.Conversation{}); err != nil || s.Sent != n {
		b.Fatalf("%d were sent, want %d (%v)", s.Sent, n, err)
	}
}

// watchHeap watches how much of the heap is in use until the returned function, which
// tells the most, is called.
func watchHeap() (peak func() uint64) {
	stop, ended := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		look := time.NewTicker(5 * time.Millisecond)
		defer look.Stop()
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for {
			select {
			case <-stop:
				ended <- most
				return
			case <-look.C:
				metrics.Read(sample)
				most = max(most, sample[0].Value.Uint64())
			}
		}
	}()
	return func() uint64 { close(stop); return <-ended }
}
