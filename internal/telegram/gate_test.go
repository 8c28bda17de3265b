package telegram

import (
	"context"
	"strings"
	"testing"
	"time"
)

// A clock stands until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

func newClock() *clock { return &clock{time.Date(2025, 12, 1, 8, 0, 0, 0, time.UTC)} }

// passed counts how many of n messages pass at once.
func passed(g *gate, n int, keep float64, chat func(i int) int64) int {
	count := 0
	for i := range n {
		if g.try(chat(i), keep) == 0 {
			count++
		}
	}
	return count
}

func TestGateKeepsAReserveForAnswers(t *testing.T) {
	c := newClock()
	g := newGate(c.now)
	if got := passed(g, 100, reserve, func(i int) int64 { return int64(i + 1) }); got != allBurst-reserve {
		t.Errorf("%d digests pass at once, not %d", got, allBurst-reserve)
	}
	if got := passed(g, 100, 0, func(i int) int64 { return int64(i + 1000) }); got != reserve {
		t.Errorf("%d answers pass after them, not %d", got, reserve)
	}
	if wait, err := g.pass(context.Background(), 7000, false, 0); wait == 0 || err != nil {
		t.Errorf("a digest passes an empty gate: %v %v", wait, err)
	}
	c.advance(time.Second / 20)
	if wait, err := g.pass(context.Background(), 7001, false, 0); wait == 0 || err != nil {
		t.Errorf("a digest takes what is kept for answers: %v %v", wait, err)
	}
	if wait, err := g.pass(context.Background(), 7002, true, 0); wait != 0 || err != nil {
		t.Errorf("an answer waits %v for what is kept for it: %v", wait, err)
	}
	// While digests press on without a pause, an answer finds room at once.
	worst := time.Duration(0)
	for i := range int64(400) {
		c.advance(10 * time.Millisecond)
		g.try(2000+i, reserve)
		if i >= 100 && i%50 == 0 {
			worst = max(worst, g.try(5000+i, 0))
		}
	}
	if worst > 0 {
		t.Errorf("an answer would wait %v", worst)
	}
}

func TestGateKeepsTheVendorsLimits(t *testing.T) {
	for name, test := range map[string]struct {
		chat   int64
		window time.Duration
		most   int
	}{
		"a chat":          {42, 10 * time.Second, 13},
		"a group":         {-100, time.Minute, 20},
		"all (chat by i)": {0, time.Second, 40},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			g := newGate(c.now)
			count, id := 0, int64(1)
			for begun := c.at; c.at.Sub(begun) < test.window; c.advance(5 * time.Millisecond) {
				chat := test.chat
				if chat == 0 {
					id++
					chat = id
				}
				if g.try(chat, 0) == 0 {
					count++
				}
			}
			if count > test.most || count < test.most*3/4 {
				t.Errorf("%d pass in %v, not about %d", count, test.window, test.most)
			}
		})
	}
}

// TestGateSpacesPosts has a digest of several messages, which nobody waits for, keep
// to one a second in its chat, also right after an answer.
func TestGateSpacesPosts(t *testing.T) {
	for _, chat := range []int64{42, -42} {
		c := newClock()
		g := newGate(c.now)
		if wait := g.try(chat, 0); wait != 0 {
			t.Fatalf("an answer waits %v", wait)
		}
		for range 2 {
			wait := g.try(chat, reserve)
			if wait <= time.Second || wait > 2*time.Second {
				t.Errorf("a post in %d waits %v after another message, not a little over a second", chat, wait)
			}
			c.advance(wait)
			if wait := g.try(chat, reserve); wait != 0 {
				t.Errorf("after that, a post in %d waits %v", chat, wait)
			}
		}
	}
}

// TestGateSpacesFromDeparture has a message wait for its place in the second after it
// passed: the next in its chat keeps its distance from when it left.
func TestGateSpacesFromDeparture(t *testing.T) {
	c := newClock()
	g := newGate(c.now)
	if wait := g.try(42, reserve); wait != 0 {
		t.Fatalf("the first waits %v", wait)
	}
	c.advance(400 * time.Millisecond)
	leave, err := g.enter(t.Context(), 42, false)
	if err != nil {
		t.Fatal(err)
	}
	leave()
	if wait := g.try(42, reserve); wait != chatGap {
		t.Errorf("the next waits %v after the first left, not %v", wait, chatGap)
	}
}

func TestGateSaysHowLongToWait(t *testing.T) {
	c := newClock()
	g := newGate(c.now)
	for range 3 {
		if wait := g.try(42, 0); wait != 0 {
			t.Fatalf("wait %v", wait)
		}
	}
	wait := g.try(42, 0)
	if wait <= 0 || wait > time.Second {
		t.Errorf("wait %v", wait)
	}
	c.advance(wait)
	if wait := g.try(42, 0); wait != 0 {
		t.Errorf("after that, wait %v", wait)
	}
}

func TestGateHeedsPauses(t *testing.T) {
	c := newClock()
	g := newGate(c.now)
	if g.pause(42, 10*time.Second, false) {
		t.Error("one chat stops everyone")
	}
	if g.pause(42, 5*time.Second, false) {
		t.Error("the same chat twice stops everyone")
	}
	if wait := g.try(42, 0); wait != 10*time.Second {
		t.Errorf("wait %v: a shorter pause undid a longer one", wait)
	}
	if wait := g.try(43, 0); wait != 0 {
		t.Errorf("another chat waits %v", wait)
	}
	c.advance(2 * time.Second)
	if g.pause(43, time.Second, false) || g.everyone() {
		t.Error("two chats two seconds apart stop everyone")
	}
	if !g.pause(44, 3*time.Second, false) || !g.everyone() {
		t.Error("two chats at once do not stop everyone")
	}
	if wait := g.try(45, 0); wait != 3*time.Second {
		t.Errorf("a third chat waits %v", wait)
	}
	if wait, err := g.pass(context.Background(), 45, true, time.Second); wait != 3*time.Second || err != nil {
		t.Errorf("beyond its patience: %v %v", wait, err)
	}
	c.advance(3 * time.Second)
	if wait, err := g.pass(context.Background(), 45, true, time.Second); wait != 0 || err != nil {
		t.Errorf("afterwards: %v %v", wait, err)
	}
	c.advance(time.Minute)
	if !g.pause(42, time.Second, true) || g.try(46, 0) != time.Second {
		t.Error("what is meant for all stops one chat alone")
	}
}

// A clock that goes back stops nothing, and one that leaps lets no more pass than a
// burst.
func TestGateSurvivesLeapsOfTheClock(t *testing.T) {
	for _, leap := range []time.Duration{-30 * 24 * time.Hour, -time.Hour, -time.Second, time.Hour, 30 * 24 * time.Hour} {
		c := newClock()
		g := newGate(c.now)
		passed(g, 100, reserve, func(i int) int64 { return int64(i%20 - 10) })
		g.pause(77, 20*time.Second, false)
		c.advance(leap)
		if got := passed(g, 100, 0, func(i int) int64 { return int64(1000 + i) }); got > allBurst {
			t.Errorf("%v: %d pass at once", leap, got)
		}
		if wait := g.try(77, 0); wait > 20*time.Second {
			t.Errorf("%v: a pause of 20s still lasts %v", leap, wait)
		}
		c.advance(20 * time.Second)
		for _, chat := range []int64{77, 1, -1, 5} {
			if wait := g.try(chat, reserve); wait > 0 {
				t.Errorf("%v: 20s later, chat %d waits %v", leap, chat, wait)
			}
		}
	}
	if !strings.Contains(newGate(time.Now).now().String(), "m=") {
		t.Error("the clock in use is the wall's")
	}
}

// What nobody waits for leaves an answer room in its own chat, too.
func TestGateKeepsAPlaceForAnAnswerInItsChat(t *testing.T) {
	for _, chat := range []int64{42, -42} {
		c := newClock()
		g := newGate(c.now)
		for range 400 {
			g.try(chat, reserve)
			c.advance(100 * time.Millisecond)
		}
		if wait := g.try(chat, 0); wait > 0 {
			t.Errorf("an answer in %d waits %v behind posts", chat, wait)
		}
	}
}

func TestGateForgetsQuietChats(t *testing.T) {
	c := newClock()
	g := newGate(c.now)
	for i := range int64(20_000) {
		g.try(i+1, 0)
		c.advance(100 * time.Millisecond)
	}
	if n := len(g.chats); n > 5000 {
		t.Errorf("%d chats are remembered", n)
	}
}

func TestPlaceWaitsForTheSlowest(t *testing.T) {
	c := newClock()
	p := newPlace(10)
	for _, id := range []int64{10, 11, 12} {
		if fresh, rebased := p.take(id, c.now()); !fresh || rebased {
			t.Errorf("update %d: fresh %v, rebased %v", id, fresh, rebased)
		}
	}
	if fresh, _ := p.take(11, c.now()); fresh {
		t.Error("an update is new twice")
	}
	p.settle(11)
	p.settle(12)
	if got := p.offset(c.now()); got != 10 {
		t.Errorf("the offset is %d while 10 is not settled", got)
	}
	c.advance(overdue)
	if got := p.offset(c.now()); got != 13 {
		t.Errorf("the offset is %d when 10 is overdue", got)
	}
	p.settle(10)
	p.confirm(13)
	if fresh, rebased := p.take(5, c.now()); !fresh || !rebased {
		t.Errorf("a number below: fresh %v, rebased %v", fresh, rebased)
	}
	if got := p.offset(c.now()); got != 5 {
		t.Errorf("the offset is %d after numbers began anew", got)
	}
	p.settle(5)
	if got := p.offset(c.now()); got != 6 {
		t.Errorf("the offset is %d", got)
	}
}

func TestPlaceForgetsWhatIsLongPast(t *testing.T) {
	p := newPlace(0)
	for id := int64(1); id <= 3*window; id++ {
		p.take(id, time.Time{})
		p.settle(id)
	}
	if len(p.recent) != window || len(p.order) != window {
		t.Errorf("%d updates are remembered", len(p.recent))
	}
}

func TestBackoffGrowsToAnEnd(t *testing.T) {
	last := time.Duration(0)
	for i := range 40 {
		d := backoff(i)
		if d < minBackoff || d > maxBackoff*5/4 {
			t.Errorf("after %d failures: %v", i, d)
		}
		if i < 5 && d <= last {
			t.Errorf("after %d failures %v, after %v", i, d, last)
		}
		last = d
	}
}
