package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/digest"
)

// TestBrokenFromTheStart checks that a brief which never was good is alarmed as one
// that is not served, and holds up no other.
func TestBrokenFromTheStart(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge, "other": "title: [\n"})
	shown := w.takeShown()
	if len(shown) != 1 || !strings.Contains(shown[0].Plain(), "other.yaml has an error and is not served") {
		t.Errorf("shown %v", shown)
	}
	if answer := w.ask("reader", "/stories").Card.Plain(); !strings.Contains(answer, "1 story.") {
		t.Errorf("got\n%s", answer)
	}
}

// TestFailuresAreRetried lets the source, then the watch, fail in a bubble of time:
// both are tried again, and the alarms end with the trouble.
func TestFailuresAreRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger, err := digest.Open(context.Background(), digest.Options{Store: ":memory:"})
		if err != nil {
			t.Fatal(err)
		}
		source := &faulty{scripted: newScripted(map[string]string{"bridge": bridge}), watchErr: errors.New("no more watches")}
		b, err := New(context.Background(), Options{Source: source, Ledger: ledger})
		if err != nil {
			t.Fatal(err)
		}
		alarms := func() string {
			all, err := ledger.Alarms(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			var keys []string
			for _, a := range all {
				keys = append(keys, fmt.Sprintf("%s×%d", a.Key, a.Count))
			}
			return strings.Join(keys, " ")
		}
		ctx, cancel := context.WithCancel(context.Background())
		var loops sync.WaitGroup
		loops.Go(func() { b.watch(ctx) })
		loops.Go(func() { b.follow(ctx) })
		synctest.Wait()
		if got := alarms(); got != "watch×1" {
			t.Errorf("at first: %q", got)
		}
		source.scripted.mu.Lock()
		source.err = errors.New("no such disk")
		source.scripted.mu.Unlock()
		b.notify()
		time.Sleep(2*retryEvery + time.Second) // in the bubble
		if got := alarms(); !strings.Contains(got, "source×") || !strings.Contains(got, "watch×3") {
			t.Errorf("with the disk gone, and watched three times: %q", got)
		}
		source.scripted.mu.Lock()
		source.err, source.watchErr = nil, nil
		source.briefs = map[string]string{"bridge": inspected}
		source.scripted.mu.Unlock()
		time.Sleep(3*retryEvery + time.Second)
		if got := alarms(); got != "" {
			t.Errorf("mended: %q", got)
		}
		if d, ok := b.Reader().Story("bridge"); !ok || len(d.Timeline) != 2 {
			t.Error("the new version is not served")
		}
		cancel()
		loops.Wait()
		if err := ledger.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestLook asks for looks in a storm, in a bubble of time: a source that is elsewhere is
// told of each, and another is loaded once at once and once in five seconds.
func TestLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger, err := digest.Open(context.Background(), digest.Options{Store: ":memory:"})
		if err != nil {
			t.Fatal(err)
		}
		near := &numbered{}
		b, err := New(context.Background(), Options{Source: near, Ledger: ledger})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		var loop sync.WaitGroup
		loop.Go(func() { b.follow(ctx) })
		loads := func() int {
			synctest.Wait()
			near.mu.Lock()
			defer near.mu.Unlock()
			return near.n - 1 // the first is New's
		}
		b.Look()
		if n := loads(); n != 1 {
			t.Errorf("%d loads at once", n)
		}
		for range 50 {
			b.Look()
			time.Sleep(99 * time.Millisecond) // in the bubble
		}
		if n := loads(); n != 1 {
			t.Errorf("%d loads in five seconds", n)
		}
		time.Sleep(time.Minute)
		if n := loads(); n != 2 {
			t.Errorf("%d loads after the storm", n)
		}
		b.Look()
		if n := loads(); n != 3 {
			t.Errorf("%d loads a minute later", n)
		}
		cancel()
		loop.Wait()

		far := &fetcher{numbered: near}
		if b, err = New(context.Background(), Options{Source: far, Ledger: ledger}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			b.Look()
		}
		if far.asked != 3 {
			t.Errorf("the source was asked %d times", far.asked)
		}
		if err := ledger.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A fetcher is a source that is elsewhere.
type fetcher struct {
	*numbered
	asked int
}

func (f *fetcher) Fetch() { f.asked++ }

// TestLookAfterTheClockWasSetBack looks at once.
func TestLookAfterTheClockWasSetBack(t *testing.T) {
	var l looks
	if in, ok := l.ask(noon); in != 0 || !ok {
		t.Errorf("in %v, %v", in, ok)
	}
	if in, ok := l.ask(noon.Add(-time.Hour)); in != 0 || !ok {
		t.Errorf("after an hour was set back: in %v, %v", in, ok)
	}
}

// TestPlatformThatLastsIsMended starts after a platform had stopped: where it lasts,
// the alarm of the last time ends, and where it fails at once the operators, who know,
// are not told again.
func TestPlatformThatLastsIsMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger, err := digest.Open(context.Background(), digest.Options{Store: ":memory:"})
		if err != nil {
			t.Fatal(err)
		}
		good, bad := chattest.NewFake("good", chattest.FakeOptions{}), doomed{chattest.NewFake("bad", chattest.FakeOptions{}), "bad"}
		for _, name := range []string{"good", "bad"} {
			if _, err := ledger.Alarm(context.Background(), "platform:"+name, "it stopped", troubleOver); err != nil {
				t.Fatal(err)
			}
		}
		source := newScripted(map[string]string{"bridge": bridge})
		b, err := New(context.Background(), Options{Source: source, Ledger: ledger, Platforms: []chat.Platform{good, bad}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 2)
		var platforms sync.WaitGroup
		for _, p := range b.platforms {
			platforms.Go(func() { b.serve(ctx, p, ended) })
		}
		time.Sleep(retryEvery + time.Second) // in the bubble
		all, err := ledger.Alarms(context.Background())
		if err != nil || len(all) != 1 || all[0].Key != "platform:bad" || all[0].Count != 2 {
			t.Errorf("alarms %+v, %v", all, err)
		}
		cancel()
		platforms.Wait()
		if err := ledger.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A faulty source cannot be watched while it has an error for it.
type faulty struct {
	*scripted
	watchErr error
}

func (f *faulty) Watch(ctx context.Context, changed func()) error {
	f.scripted.mu.Lock()
	err := f.watchErr
	f.scripted.mu.Unlock()
	if err != nil {
		return err
	}
	return f.scripted.Watch(ctx, changed)
}

// TestAnswersDuringReloads asks while the briefs change: every answer is of one
// piece, with as many events as the day that it is as of.
func TestAnswersDuringReloads(t *testing.T) {
	source := &numbered{}
	w := newWorld(t, nil, withSource(source))
	var askers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		askers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				card := w.Host().Run(context.Background(), asker("reader", "/timeline")).Card
				var day, events int
				fmt.Sscanf(card.Note.String(), "As of %d December", &day)
				fmt.Sscanf(strings.TrimPrefix(card.Lead.String(), "All "), "%d", &events)
				if day == 0 || day != events {
					t.Errorf("the story as of day %d has %d events:\n%s", day, events, card.Plain())
					return
				}
			}
		})
	}
	for range 30 {
		w.refresh()
	}
	close(stop)
	askers.Wait()
}

// A numbered source has one more event, and is as of a day later, at every load.
type numbered struct {
	mu sync.Mutex
	n  int
}

func (s *numbered) Load(context.Context, *brief.Snapshot) (*brief.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	d := manyEvents("story", s.n)
	for i := range d.Timeline {
		d.Timeline[i].Detail = ""
	}
	// Few enough for one page.
	if s.n > eventsPerPage {
		d.Timeline = d.Timeline[:eventsPerPage]
	}
	d.AsOf, _ = brief.ParseDate(fmt.Sprintf("2025-12-%02d", len(d.Timeline)))
	return brief.NewSnapshot(fmt.Sprintf("r%d", len(d.Timeline)), noon, []*brief.Dossier{d}, nil), nil
}

func (s *numbered) Watch(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return nil
}

// TestRunLeavesNothingBehind checks that every goroutine ends with Run.
func TestRunLeavesNothingBehind(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	ledger, err := digest.Open(t.Context(), digest.Options{Store: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, map[string]string{"bridge": bridge}, realTime, func(w *world) { w.options.Ledger = ledger })
	stop := running(t, w)
	if reply, err := w.fake.Ask(deadline(t), chat.Invocation{Line: "/start", Where: room, Room: roomSubj}); err != nil || reply.Card.Title == "" {
		t.Errorf("%v, %v", reply, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := ledger.Close(); err != nil {
		t.Error(err)
	}
	goleak.VerifyNone(t, ignore)
}

// TestChangeCacheForgets has the ledger asked before a change and answering after
// it: what it says then is old, and not kept.
func TestChangeCacheForgets(t *testing.T) {
	var c changeCache
	old := lastChange{at: time.Unix(1, 0), ok: true}
	_, _, remember := c.get("a")
	c.clear()
	remember(old)
	if last, known, _ := c.get("a"); known {
		t.Errorf("the cache holds %v, which was true before it was cleared", last)
	}
	_, _, remember = c.get("a")
	remember(old)
	if last, known, _ := c.get("a"); !known || last != old {
		t.Errorf("the cache holds %v, %v", last, known)
	}
}
