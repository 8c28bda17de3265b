package chat_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// TestWindowHoldsUnderJitter lets the vendor count requests at any moment between
// their leaving and their answer: no second may hold more than the limit.
func TestWindowHoldsUnderJitter(t *testing.T) {
	const limit, requests = 30, 600
	synctest.Test(t, func(t *testing.T) {
		w := chat.NewWindow(limit, time.Second)
		random := rand.New(rand.NewPCG(1, 2))
		var mu sync.Mutex
		var counted []time.Time
		var all sync.WaitGroup
		began := time.Now()
		for range requests {
			// Most are held up a little, one in ten for long.
			held := int64(10 * time.Millisecond)
			if random.Int64N(10) == 0 {
				held = int64(300 * time.Millisecond)
			}
			way := 30*time.Millisecond + time.Duration(random.Int64N(held))
			back := 20*time.Millisecond + time.Duration(random.Int64N(int64(10*time.Millisecond)))
			all.Go(func() {
				leave, err := w.Enter(t.Context(), 0)
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(way) // in the bubble no time is lost
				mu.Lock()
				counted = append(counted, time.Now())
				mu.Unlock()
				time.Sleep(back)
				leave()
			})
		}
		all.Wait()
		for i := limit; i < len(counted); i++ {
			if d := counted[i].Sub(counted[i-limit]); d < time.Second {
				t.Fatalf("%d requests within %v", limit+1, d)
			}
		}
		// A place is taken for the span and what its request was held up, 1.32 s at most.
		if took, most := time.Since(began), requests/limit*1320*time.Millisecond; took > most {
			t.Errorf("%d requests took %v, more than %v", requests, took, most)
		}
	})
}

// TestWindowOfFarVendor answers every request after half a second: that must not
// cost half the rate.
func TestWindowOfFarVendor(t *testing.T) {
	const limit, requests, way = 30, 600, 500 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		w := chat.NewWindow(limit, time.Second)
		began := time.Now()
		var all sync.WaitGroup
		for range requests {
			all.Go(func() {
				leave, err := w.Enter(t.Context(), 0)
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(way) // in the bubble no time is lost
				leave()
			})
		}
		all.Wait()
		took := time.Since(began)
		if least := (requests/limit - 1) * time.Second; took < least {
			t.Errorf("%d requests took %v, less than %v", requests, took, least)
		}
		if most := requests/limit*1070*time.Millisecond + way; took > most {
			t.Errorf("%d requests took %v, more than %v", requests, took, most)
		}
	})
}

func TestWindowKeepsPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := chat.NewWindow(3, time.Second)
		enter := func(keep int) (time.Duration, func()) {
			began := time.Now()
			leave, err := w.Enter(t.Context(), keep)
			if err != nil {
				t.Fatal(err)
			}
			return time.Since(began), leave
		}
		_, first := enter(1)
		_, second := enter(1)
		first()
		// Two places are taken; the third is for those who keep none.
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, err := w.Enter(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("entered a place that was kept: %v", err)
		}
		waited, third := enter(0)
		if waited != 0 {
			t.Errorf("waited %v for a free place", waited)
		}
		second()
		third()
		third() // a second call changes nothing
		if waited, leave := enter(0); waited != 500*time.Millisecond {
			t.Errorf("waited %v for a place that the first request gives back after a second", waited)
			leave()
		}
	})
}

func TestWindowForgetsHanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := chat.NewWindow(2, time.Second)
		began := time.Now()
		for range 6 {
			if _, err := w.Enter(t.Context(), 0); err != nil { // no answer ever comes
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("six requests that hang took %v, want 4s: two every two seconds", took)
		}
	})
}

// TestLanesHoldPostsBelowAll sends posts until they may not go on: what is no post
// still may.
func TestLanesHoldPostsBelowAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLanes(5, 3, 1, time.Second)
		began := time.Now()
		for range 3 {
			leave, err := l.EnterPost(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			leave()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, err := l.EnterPost(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a fourth post left within a second: %v", err)
		}
		if _, err := l.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 500*time.Millisecond {
			t.Errorf("what is no post waited until %v", took)
		}
	})
}

// TestLanesForgetWhoGivesUp has a post wait for its lane and give up: it takes nothing
// of what there is for the others.
func TestLanesForgetWhoGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLanes(3, 1, 0, time.Second)
		first, err := l.EnterPost(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer first()
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if _, err := l.EnterPost(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("a second post at once: %v", err)
			}
			cancel()
		}
		began := time.Now()
		for range 2 {
			leave, err := l.Enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer leave()
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("answers waited %v", d)
		}
	})
}
