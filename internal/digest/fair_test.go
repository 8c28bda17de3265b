package digest

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// TestHugeBacklog owes one conversation a thousand messages before anybody else is
// owed one each: the others are served at the platform's pace all the same, and the
// backlog keeps its order.
func TestHugeBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backlog, others := 1000, 200
		if detecting {
			backlog, others = 300, 60
		}
		l := openNew(t)
		f := pacedFake(chat.Pace{PerSecond: 28, Burst: 1, Each: time.Second, Workers: 8})
		post := func(id, title string) {
			if err := l.Post(t.Context(), chat.Conversation{Platform: "telegram", ID: id}, chat.Card{Title: title}, title); err != nil {
				t.Fatal(err)
			}
		}
		for i := range backlog {
			post("1", strconv.Itoa(i))
		}
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}})
		time.Sleep(10 * time.Second)
		began := time.Now()
		for i := range others {
			post(strconv.Itoa(1000+i), "other")
		}
		time.Sleep(time.Duration(backlog+60) * time.Second)
		synctest.Wait()
		next, served := 0, 0
		for _, p := range f.sent() {
			if p.To.ID != "1" {
				served++
				if waited := p.At.Sub(began); waited > time.Duration(others)*time.Second/25+2*time.Second {
					t.Errorf("a message waited %v behind the backlog of another conversation", waited)
				}
				continue
			}
			if p.Card.Title != strconv.Itoa(next) {
				t.Fatalf("message %d of the backlog is %s", next, p.Card.Title)
			}
			next++
		}
		if next != backlog || served != others {
			t.Errorf("%d of the backlog and %d others were sent", next, served)
		}
		stop()
	})
}

// TestLimitedAlone has one conversation limited again and again in a broadcast: nobody
// else waits for it.
func TestLimitedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 200
		l := openNew(t)
		f := pacedFake(chat.Pace{PerSecond: 28, Burst: 1, Each: time.Second, Workers: 8})
		var limited atomic.Int64
		f.reply = func(_ int, p post) (error, bool) {
			if p.To.ID == "7" && limited.Load() < 5 {
				limited.Add(1)
				return &chat.Later{After: 30 * time.Second, Err: errors.New("429")}, false
			}
			return nil, true
		}
		record(t, l, dossier(t, "a"))
		crowd(t, l, "telegram", n, Immediate)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		record(t, l, dossier(t, "a", event("one")))
		began := time.Now()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		for _, p := range f.sent() {
			took := p.At.Sub(began)
			if p.To.ID == "7" && took < 150*time.Second {
				t.Errorf("the limited conversation was told after %v, sooner than the service allowed", took)
			}
			if p.To.ID != "7" && took > 10*time.Second {
				t.Errorf("%v was told after %v", p.To, took)
			}
		}
		if len(f.sent()) != n {
			t.Errorf("%d of %d were told", len(f.sent()), n)
		}
		stop()
	})
}

// TestUrgentGoesFirst publishes an event that is announced now in the middle of a long
// broadcast: it goes out before what is left of the broadcast.
func TestUrgentGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, early := 1500, 20
		if detecting {
			n = 400
		}
		l := openNew(t)
		f := pacedFake(chat.Pace{PerSecond: 28, Burst: 1, Each: time.Second, Workers: 8})
		record(t, l, dossier(t, "a"), dossier(t, "b"))
		var subs []Subscription
		for i := range n {
			subs = append(subs, Subscription{Where: chat.Conversation{Platform: "telegram", ID: strconv.Itoa(i + 1)}, Stories: []string{"a"}, Schedule: Immediate})
		}
		if err := l.Configure(t.Context(), subs); err != nil {
			t.Fatal(err)
		}
		// One of them is in the broadcast too, near its end: what it is told there
		// comes first, and is in a hurry with it.
		subscribe(t, l, fmt.Sprint("telegram:", n), "b", "daily 08:00")
		for i := range early {
			subscribe(t, l, fmt.Sprint("telegram:", 10_000+i), "b", "daily 08:00")
		}
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		long := dossier(t, "a", event("long"))
		record(t, l, long)
		time.Sleep(5 * time.Second)
		now := event("urgent")
		now.Announce = brief.Now
		record(t, l, long, dossier(t, "b", now))
		began := time.Now()
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		var last time.Duration
		urgent, ordinary := 0, 0
		for _, p := range f.sent() {
			if !strings.Contains(p.Card.Title, "urgent") {
				ordinary++
				continue
			}
			urgent++
			last = max(last, p.At.Sub(began))
		}
		if urgent != early+1 || last > 5*time.Second {
			t.Errorf("%d of %d were told of what is urgent, the last after %v", urgent, early+1, last)
		}
		if ordinary != n {
			t.Errorf("%d of %d were told of the rest", ordinary, n)
		}
		stop()
	})
}

// TestClockJumps sets the clock forward and back by hours in the middle of a broadcast:
// everybody is told once.
func TestClockJumps(t *testing.T) {
	for _, jumps := range [][]time.Duration{{5 * time.Hour}, {-5 * time.Hour}, {26 * time.Hour, -26 * time.Hour}, {-3 * time.Hour, 3 * time.Hour}} {
		t.Run(fmt.Sprint(jumps), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 300
				if detecting {
					n = 60
				}
				var off atomic.Int64
				clock := func() time.Time { return time.Now().Add(time.Duration(off.Load())) }
				l := openAt(t, Options{Store: filepath.Join(t.TempDir(), "l.db"), Now: clock})
				f := pacedFake(chat.Pace{PerSecond: 28, Burst: 1, Each: time.Second, Workers: 8})
				record(t, l, dossier(t, "a"))
				crowd(t, l, "telegram", n, Immediate)
				stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
				record(t, l, dossier(t, "a", event("one")))
				for _, jump := range jumps {
					time.Sleep(time.Duration(n) * time.Second / 75)
					off.Add(int64(jump))
				}
				time.Sleep(2 * time.Minute)
				record(t, l, dossier(t, "a", event("one"), event("two")))
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				got := make(map[string]int)
				for _, p := range f.sent() {
					got[p.To.ID+" "+p.Card.Title]++
				}
				for id := range n {
					for _, e := range []string{"one", "two"} {
						if times := got[fmt.Sprint(id+1, " a event.added ", e)]; times != 1 {
							t.Fatalf("conversation %d was told of %s %d times", id+1, e, times)
						}
					}
				}
				stop()
			})
		})
	}
}

// TestEditsGoLast has an event revised that everybody was told of, and others told of
// something new while the messages are edited: no answer and no news wait for edits.
func TestEditsGoLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, later := 1000, 100
		if detecting {
			n = 500
		}
		l := openNew(t)
		f := newBoard("telegram")
		f.pace, f.latency = chat.Pace{PerSecond: 28, Burst: 1, Each: time.Second, Workers: 8}, 100*time.Millisecond
		var edited []time.Time // under the lock of the board
		f.edit = func(int, chat.MessageID) (error, bool) {
			edited = append(edited, time.Now())
			return nil, true
		}
		record(t, l, dossier(t, "a"), dossier(t, "b"))
		var subs []Subscription
		for i := range n {
			s := Subscription{Where: chat.Conversation{Platform: "telegram", ID: strconv.Itoa(i + 1)}, Stories: []string{"a"}, Schedule: Immediate}
			if i < later {
				s.Stories = []string{"a", "b"} // it is told while its messages are to be edited
			}
			subs = append(subs, s)
		}
		for i := range later {
			subs = append(subs, Subscription{Where: chat.Conversation{Platform: "telegram", ID: strconv.Itoa(10_000 + i)}, Stories: []string{"b"}, Schedule: Immediate})
		}
		if err := l.Configure(t.Context(), subs); err != nil {
			t.Fatal(err)
		}
		stop := run(t, amending(l, f))
		defer stop()
		record(t, l, dossier(t, "a", event("e0")), dossier(t, "b"))
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		began := time.Now()
		record(t, l, dossier(t, "a", titledEvent("e0", "Another")), dossier(t, "b"))
		answers := time.Duration(n) * time.Second / 28
		time.Sleep(answers + time.Duration(n)*time.Second/100) // the answers are posted, and edits began
		news := time.Now()
		record(t, l, dossier(t, "a", titledEvent("e0", "Another")), dossier(t, "b", event("news")))
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		counts := make(map[string]int)
		var lastAnswer, lastNews time.Duration
		for _, p := range f.sent() {
			switch {
			case strings.HasPrefix(p.Card.Title, "re "):
				counts["answers"]++
				lastAnswer = max(lastAnswer, p.At.Sub(began))
			case strings.Contains(p.Card.Title, "news"):
				counts["news"]++
				lastNews = max(lastNews, p.At.Sub(news))
			}
		}
		if counts["answers"] != n || lastAnswer > answers*11/10+5*time.Second {
			t.Errorf("%d of %d answers were posted, the last after %v", counts["answers"], n, lastAnswer)
		}
		// Where an edit has its turn already, news wait for that one.
		if within := 3*time.Duration(later)*time.Second/28 + 3*time.Second; counts["news"] != 2*later || lastNews > within {
			t.Errorf("%d of %d were told of what is new, the last after %v, want %v", counts["news"], 2*later, lastNews, within)
		}
		if len(edited) != n || !edited[n-1].After(news.Add(lastNews)) {
			t.Errorf("%d of %d messages were edited", len(edited), n)
		}
	})
}
