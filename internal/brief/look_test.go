package brief

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// watched watches a repository that is not there in a bubble of time, as each look at
// it is told of, and returns what looks there were and the source.
func watched(t *testing.T, dir string) (looks func() []time.Duration, g *Git) {
	t.Helper()
	g, err := NewGit(dir+"#master", GitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var mu sync.Mutex
	var times []time.Duration
	noted := func() {
		mu.Lock()
		defer mu.Unlock()
		times = append(times, time.Since(began))
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Watch(ctx, noted) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return func() []time.Duration {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(times)
	}, g
}

// TestBackOff asks a host that fails less and less often, at most five minutes apart, and
// at the interval again once it works.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepository(t)
		r.commit(t, "briefs/a.yaml", minimal("A"))
		away := r.dir + "-away"
		if err := os.Rename(r.dir, away); err != nil {
			t.Fatal(err)
		}
		looks, _ := watched(t, r.dir)
		time.Sleep(30 * time.Minute) // in the bubble
		last := time.Duration(0)
		for i, at := range looks() {
			want := []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute}[min(i, 3)]
			if pause := at - last; pause < want*9/10 || pause > want*11/10 {
				t.Errorf("look %d comes after %v, want about %v", i, pause, want)
			}
			last = at
		}
		if n := len(looks()); n < 7 || n > 9 {
			t.Errorf("%d looks in half an hour", n)
		}
		if err := os.Rename(away, r.dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Minute)
		n := len(looks())
		for _, title := range []string{"B", "C", "D"} {
			r.commit(t, "briefs/a.yaml", minimal(title))
			time.Sleep(66 * time.Second) // an interval and a tenth
			if now := len(looks()); now != n+1 {
				t.Errorf("%d looks with news in an interval", now-n)
				return
			}
			n++
		}
	})
}

// TestAskedForLooks asks for many looks at once, while the host fails too: there is one
// at once, one in five seconds for all that were asked for meanwhile, and then none until
// the time has come.
func TestAskedForLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks, g := watched(t, t.TempDir())
		for range 50 {
			g.Fetch()
		}
		if n := len(looks()); n != 1 {
			t.Errorf("%d looks at once, want 1", n)
		}
		for second := range 12 {
			for range 50 {
				g.Fetch()
			}
			time.Sleep(time.Second)
			if n, want := len(looks()), 1+(second+1)/5; n != want {
				t.Errorf("%d looks after %d seconds of asking, want %d", n, second+1, want)
			}
		}
		time.Sleep(3 * time.Second)
		n := len(looks())
		if n != 4 {
			t.Errorf("%d looks for what was asked in 12 seconds, want 4", n)
		}
		time.Sleep(4 * time.Minute)
		if more := len(looks()) - n; more != 0 {
			t.Errorf("%d looks that nobody asked for", more)
		}
		time.Sleep(2 * time.Minute)
		if more := len(looks()) - n; more != 1 {
			t.Errorf("%d looks at the end of the pause, want 1", more)
		}
	})
}
