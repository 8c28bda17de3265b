package digest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// TestJudge checks what becomes of a delivery by the outcome of a send.
func TestJudge(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1764000000000).UTC()
	here := chat.Conversation{Platform: "p", ID: "1"}
	there := chat.Conversation{Platform: "p", ID: "2"}
	cause := errors.New("cause")
	fresh := delivery{where: here, planned: now.Add(-time.Minute), firstSent: now.Add(-time.Second), attempts: 1}
	with := func(change func(*delivery)) *delivery { d := fresh; change(&d); return &d }
	for _, c := range []struct {
		name     string
		v        *delivery
		err      error
		dedupes  time.Duration
		state    string
		from, to time.Duration // until it is due
		doubts   int
		plain    bool
		alarm    string
		suspend  bool
		moved    bool
		everyone bool
	}{
		{name: "sent", v: &fresh, state: sent},
		{name: "later, as the service says", v: &fresh, err: &chat.Later{After: 7 * time.Second, Err: cause}, state: waiting, from: 7 * time.Second, to: 7 * time.Second},
		{name: "later, everyone", v: &fresh, err: &chat.Later{After: 7 * time.Second, Everyone: true, Err: cause}, state: waiting, from: 7 * time.Second, to: 7 * time.Second, everyone: true},
		{name: "later, wrapped", v: &fresh, err: fmt.Errorf("sending: %w", &chat.Later{After: time.Second, Err: cause}), state: waiting, from: time.Second, to: time.Second},
		{name: "later, by itself", v: &fresh, err: &chat.Later{Err: cause}, state: waiting, from: 3 * time.Second, to: 5 * time.Second},
		{name: "later, for the fifth time", v: with(func(v *delivery) { v.attempts = 5 }), err: &chat.Later{Err: cause}, state: waiting, from: 51 * time.Second, to: 77 * time.Second},
		{name: "later, for the hundredth time", v: with(func(v *delivery) { v.attempts = 100 }), err: &chat.Later{Err: cause}, state: waiting, from: 8 * time.Minute, to: 12 * time.Minute},
		{name: "later, is no doubt", v: with(func(v *delivery) { v.doubts = 1 }), err: &chat.Later{After: time.Second, Err: cause}, state: waiting, from: time.Second, to: time.Second, doubts: 1},
		{name: "later, after a day", v: with(func(v *delivery) { v.planned = now.Add(-25 * time.Hour); v.attempts = 200 }), err: &chat.Later{Err: cause}, state: waiting, from: 48 * time.Minute, to: 72 * time.Minute, alarm: "late:p:1"},
		{name: "uncertain", v: &fresh, err: &chat.Uncertain{Err: cause}, state: waiting, from: 3 * time.Second, to: 3 * time.Second, doubts: 1},
		{name: "uncertain twice", v: with(func(v *delivery) { v.doubts = 1 }), err: &chat.Uncertain{Err: cause}, state: unconfirmed, doubts: 2, alarm: "unconfirmed:p:1"},
		{name: "uncertain twice, deduplicated", v: with(func(v *delivery) { v.doubts = 1 }), err: &chat.Uncertain{Err: cause}, dedupes: 5 * time.Minute, state: waiting, from: 3 * time.Second, to: 3 * time.Second, doubts: 2},
		{name: "uncertain thrice, deduplicated", v: with(func(v *delivery) { v.doubts = 2 }), err: &chat.Uncertain{Err: cause}, dedupes: 5 * time.Minute, state: unconfirmed, doubts: 3, alarm: "unconfirmed:p:1"},
		{name: "uncertain, the key forgotten", v: with(func(v *delivery) { v.doubts = 1; v.firstSent = now.Add(-2 * time.Minute) }), err: &chat.Uncertain{Err: cause}, dedupes: time.Hour, state: unconfirmed, doubts: 2, alarm: "unconfirmed:p:1"},
		{name: "unclassified", v: &fresh, err: cause, state: waiting, from: 3 * time.Second, to: 3 * time.Second, doubts: 1},
		{name: "moved", v: &fresh, err: &chat.MovedTo{To: there, Err: cause}, state: waiting, moved: true},
		{name: "moved to where it is", v: &fresh, err: &chat.MovedTo{To: here, Err: cause}, state: waiting, from: 3 * time.Second, to: 5 * time.Second},
		{name: "gone", v: &fresh, err: &chat.Gone{Err: cause}, state: waiting, suspend: true, alarm: "gone:p:1"},
		{name: "refused", v: &fresh, err: &chat.Refused{Err: cause}, state: waiting, plain: true, alarm: "refused:p:"},
		{name: "refused as plain text too", v: with(func(v *delivery) { v.plain = true }), err: &chat.Refused{Err: cause}, state: refused, plain: true, alarm: "refused-plain:p:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := judge(c.v, "m1", c.err, now, c.dedupes)
			if d.state != c.state || d.doubts != c.doubts || d.plain != c.plain {
				t.Errorf("state %s, doubts %d, plain %v; want %s, %d, %v", d.state, d.doubts, d.plain, c.state, c.doubts, c.plain)
			}
			if wait := d.due.Sub(now); c.state == waiting && (wait < c.from || wait > c.to) {
				t.Errorf("due after %v, want %v to %v", wait, c.from, c.to)
			}
			if d.key != c.alarm || (d.alarm != "") != (c.alarm != "") {
				t.Errorf("alarm %q (%s), want %q", d.key, d.alarm, c.alarm)
			}
			if (d.suspend != "") != c.suspend || (d.moved == there) != c.moved || !d.everyone.IsZero() != c.everyone {
				t.Errorf("suspend %q, moved to %v, everyone until %v", d.suspend, d.moved, d.everyone)
			}
			if c.err == nil && d.message != "m1" || c.err != nil && (d.message != "" || !strings.Contains(d.trouble, "cause")) {
				t.Errorf("message %q, trouble %q", d.message, d.trouble)
			}
		})
	}
}

// alarms collects what the operators are told.
type alarms struct {
	mu   sync.Mutex
	keys []string
}

func (a *alarms) tell(_ context.Context, key, _ string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys = append(a.keys, key)
}

func (a *alarms) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.keys, " ")
}

// TestOutcomes sends a digest and then another to a conversation whose platform
// answers as scripted, and checks every send and where it ends.
func TestOutcomes(t *testing.T) {
	cause := errors.New("cause")
	later := func(d time.Duration) error { return &chat.Later{After: d, Err: cause} }
	for _, c := range []struct {
		name    string
		dedupes time.Duration
		replies []error // of the sends in order; then nil
		lost    bool    // what is uncertain was not posted
		want    string  // what was posted, by seconds after the first send
		calls   int
		status  Status
		alarms  string
	}{
		{name: "sent", want: "0 one\n60 two", calls: 2, status: Status{Sent: 2}},
		{name: "later keeps the order", replies: []error{later(90 * time.Second)}, want: "90 one\n90 two", calls: 3, status: Status{Sent: 2}},
		{name: "several times later", replies: []error{later(10 * time.Second), later(20 * time.Second), later(time.Second)}, want: "31 one\n60 two", calls: 5, status: Status{Sent: 2}},
		{name: "uncertain, posted", replies: []error{&chat.Uncertain{Err: cause}}, want: "0 one\n3 one\n60 two", calls: 3, status: Status{Sent: 2}},
		{name: "uncertain, posted, deduplicated", dedupes: 5 * time.Minute, replies: []error{&chat.Uncertain{Err: cause}}, want: "0 one\n60 two", calls: 3, status: Status{Sent: 2}},
		{name: "uncertain, lost", lost: true, replies: []error{&chat.Uncertain{Err: cause}}, want: "3 one\n60 two", calls: 3, status: Status{Sent: 2}},
		{name: "uncertain to the end", lost: true, replies: []error{&chat.Uncertain{Err: cause}, &chat.Uncertain{Err: cause}}, want: "60 two", calls: 3,
			status: Status{Sent: 1, Unconfirmed: 1}, alarms: "unconfirmed:telegram:1"},
		{name: "uncertain to the end, deduplicated", dedupes: 5 * time.Minute, lost: true,
			replies: []error{&chat.Uncertain{Err: cause}, &chat.Uncertain{Err: cause}, &chat.Uncertain{Err: cause}}, want: "60 two", calls: 4,
			status: Status{Sent: 1, Unconfirmed: 1}, alarms: "unconfirmed:telegram:1"},
		{name: "a rate limit among doubts", dedupes: 5 * time.Minute, lost: true,
			replies: []error{&chat.Uncertain{Err: cause}, later(10 * time.Second), later(10 * time.Second), &chat.Uncertain{Err: cause}}, want: "26 one\n60 two", calls: 6,
			status: Status{Sent: 2}},
		{name: "refused", replies: []error{&chat.Refused{Err: cause}}, want: "0 plain one\n60 two", calls: 3, status: Status{Sent: 2}, alarms: "refused"},
		{name: "refused altogether", replies: []error{&chat.Refused{Err: cause}, &chat.Refused{Err: cause}}, want: "60 two", calls: 3,
			status: Status{Sent: 1, Refused: 1}, alarms: "refused refused-plain"},
		{name: "gone", replies: []error{&chat.Gone{Err: cause}}, calls: 1, status: Status{Waiting: 1, Suspended: 1}, alarms: "gone:telegram:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				f := newFake("telegram")
				f.dedupes = c.dedupes
				f.reply = func(n int, p post) (error, bool) {
					if n >= len(c.replies) {
						return nil, true
					}
					var u *chat.Uncertain
					return c.replies[n], errors.As(c.replies[n], &u) && !c.lost
				}
				record(t, l, dossier(t, "a"))
				subscribe(t, l, "telegram:1", "a", "immediate")
				var a alarms
				stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second, Alarm: a.tell})
				record(t, l, dossier(t, "a", event("one")))
				time.Sleep(time.Minute)
				record(t, l, dossier(t, "a", event("one"), event("two")))
				time.Sleep(4 * time.Minute)
				synctest.Wait()
				same(t, offsets(f), c.want)
				if f.calls() != c.calls {
					t.Errorf("%d sends, want %d", f.calls(), c.calls)
				}
				s, err := l.Status(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"})
				if err != nil {
					t.Fatal(err)
				}
				got := Status{Waiting: s.Waiting, Sending: s.Sending, Suspended: s.Suspended, Sent: s.Sent, Unconfirmed: s.Unconfirmed, Refused: s.Refused, Withheld: s.Withheld}
				if got != c.status {
					t.Errorf("status %+v, want %+v", got, c.status)
				}
				if got := shorten(a.String()); got != c.alarms {
					t.Errorf("alarms %q, want %q", got, c.alarms)
				}
				stop()
			})
		})
	}
}

// shorten drops the hashes of cards from alarm keys.
func shorten(keys string) string {
	var all []string
	for _, k := range strings.Fields(keys) {
		if strings.HasPrefix(k, "refused") {
			k, _, _ = strings.Cut(k, ":")
		}
		all = append(all, k)
	}
	return strings.Join(all, " ")
}

// offsets returns what was posted, by seconds after the first send.
func offsets(f *fake) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, p := range f.posts {
		if !p.New {
			continue
		}
		what := strings.TrimPrefix(p.Card.Title, "a event.added ")
		if p.Card.Title == "" {
			what = "plain " + strings.TrimPrefix(strings.SplitN(p.Card.Lead.String(), "\n", 2)[0], "a event.added ")
		}
		all = append(all, fmt.Sprintf("%.0f %s", p.At.Sub(f.posts[0].At).Seconds(), what))
	}
	return strings.Join(all, "\n")
}

// TestGoneAndBack checks that what is owed to a conversation that cannot be
// written to is kept, and sent when it can.
func TestGoneAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		var gone atomic.Bool
		gone.Store(true)
		f.reply = func(_ int, p post) (error, bool) {
			if gone.Load() && p.To.ID == "1" {
				return &chat.Gone{Err: errors.New("blocked")}, false
			}
			return nil, true
		}
		record(t, l, dossier(t, "a"))
		subscribe(t, l, "telegram:1", "a", "immediate")
		subscribe(t, l, "telegram:2", "a", "immediate")
		var a alarms
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second, Alarm: a.tell})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(time.Minute)
		record(t, l, dossier(t, "a", event("one"), event("two")))
		time.Sleep(time.Minute)
		one := chat.Conversation{Platform: "telegram", ID: "1"}
		subs, err := l.Subscriptions(t.Context(), one)
		if err != nil || len(subs) != 1 || !strings.Contains(subs[0].Suspended, "blocked") {
			t.Fatalf("subscriptions %+v, %v", subs, err)
		}
		if n := f.calls(); n != 3 {
			t.Errorf("%d sends while it was gone, want 3", n)
		}
		gone.Store(false)
		if err := l.Resume(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		var got []string
		for _, p := range f.sent() {
			if p.To == one {
				got = append(got, p.Card.Title)
			}
		}
		same(t, strings.Join(got, "\n"), lines("a event.added one", "a event.added two"))
		if a.String() != "gone:telegram:1" {
			t.Errorf("alarms %s", a.String())
		}
		stop()
	})
}

func TestMovedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		old, now := chat.Conversation{Platform: "telegram", ID: "-1"}, chat.Conversation{Platform: "telegram", ID: "-1001"}
		f.reply = func(_ int, p post) (error, bool) {
			if p.To == old {
				return &chat.MovedTo{To: now, Err: errors.New("a supergroup")}, false
			}
			return nil, true
		}
		record(t, l, dossier(t, "a"))
		subscribe(t, l, old.String(), "a", "immediate")
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		posts := f.sent()
		if len(posts) != 1 || posts[0].To != now {
			t.Fatalf("posted %v, want one message to %v", posts, now)
		}
		record(t, l, dossier(t, "a", event("one"), event("two")))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := f.calls(); n != 3 {
			t.Errorf("%d sends, want 3: the second digest goes to the new place", n)
		}
		stop()
	})
}

// TestParts checks that the second card of a digest waits for the first.
func TestParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		f.reply = func(n int, p post) (error, bool) {
			if n == 0 {
				return &chat.Later{After: 20 * time.Second, Err: errors.New("busy")}, false
			}
			return nil, true
		}
		record(t, l, dossier(t, "a"))
		subscribe(t, l, "telegram:1", "a", "immediate")
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second,
			Compose: func(context.Context, Digest) ([]chat.Card, error) {
				return []chat.Card{{Title: "1 of 3"}, {Title: "2 of 3"}, {Title: "3 of 3"}}, nil
			}})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(time.Minute)
		synctest.Wait()
		same(t, offsets(f), lines("20 1 of 3", "20 2 of 3", "20 3 of 3"))
		stop()
	})
}

func TestPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		f.tail = " m7 -1" // one card in two messages
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}})
		where := chat.Conversation{Platform: "telegram", ID: "1"}
		call := "timeline a after=" + strings.Repeat("x", 60)
		card := chat.Card{Title: "Hello", Actions: [][]chat.Action{{{Label: "More", Call: call}}}}
		for range 3 {
			if err := l.Post(t.Context(), where, card, "greeting"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		synctest.Wait()
		same(t, titles(f.sent()), "Hello")
		if took := time.Until(f.sent()[0].At); took < -3*time.Second-100*time.Millisecond {
			t.Errorf("posted %v before now, want at once", took)
		}
		for id, want := range map[chat.MessageID]bool{"m0": true, "m1": false, "m7": false, "m": false, "": false, "m0 m7 -1": true} {
			if owns, err := l.Owns(t.Context(), where, id); owns != want || err != nil {
				t.Errorf("Owns(%q) is %v, %v", id, owns, err)
			}
		}
		if got, err := l.Call(t.Context(), chat.Short(call)); got != call || err != nil {
			t.Errorf("the button's call is %q, %v", got, err)
		}
		if len(f.sent()[0].Key) > 25 || strings.Trim(f.sent()[0].Key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
			t.Errorf("key %q", f.sent()[0].Key)
		}
		stop()
	})
}

// TestPanic checks that a panic in a platform takes nothing else with it.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		f.reply = func(n int, p post) (error, bool) {
			if n == 0 {
				f.sends++
				f.mu.Unlock()
				defer f.mu.Lock()
				panic("a bug")
			}
			return nil, true
		}
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}})
		if err := l.Post(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"}, chat.Card{Title: "Hello"}, "k"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		same(t, titles(f.sent()), "Hello")
		stop()
	})
}

// TestStop checks that a send in flight is settled when the dispatcher stops.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		f.latency = 5 * time.Second
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}})
		for i := range 3 {
			if err := l.Post(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"}, chat.Card{Title: fmt.Sprint(i)}, fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		stop()
		s, err := l.Status(t.Context(), chat.Conversation{})
		if err != nil || s.Sent != 1 || s.Waiting != 2 || s.Sending != 0 {
			t.Errorf("after the stop %+v, %v; want one sent and two waiting", s, err)
		}
	})
}

// pacedFake is a fake that states its pace.
func pacedFake(p chat.Pace) *fake {
	f := newFake("telegram")
	f.pace, f.latency = p, 100*time.Millisecond
	return f
}

// TestPace sends to a thousand conversations at a platform's pace: never faster,
// and hardly slower.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 1000
		if detecting {
			n = 200
		}
		l := openNew(t)
		f := pacedFake(chat.Pace{PerSecond: 28, Burst: 1, Each: time.Second, Workers: 8})
		record(t, l, dossier(t, "a"))
		crowd(t, l, "telegram", n, Immediate)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		posts := f.sent()
		if len(posts) != n {
			t.Fatalf("%d messages", len(posts))
		}
		took := posts[n-1].At.Sub(posts[0].At)
		if rate := float64(n-1) / took.Seconds(); rate > 28.01 || rate < 0.97*28 {
			t.Errorf("%.2f messages a second, want 28", rate)
		}
		for i := range posts[28:] {
			if d := posts[i+28].At.Sub(posts[i].At); d < 999*time.Millisecond {
				t.Fatalf("29 messages within %v", d)
			}
		}
		stop()
	})
}

// TestPaceAfterRestart checks that a conversation's pace goes on where the process
// before this one left it: the service counts the messages of both.
func TestPaceAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := pacedFake(chat.Pace{PerSecond: 28, Burst: 3, Each: 4 * time.Second, Workers: 8})
		options := DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}}
		post := func(n int) {
			if err := l.Post(t.Context(), chat.Conversation{Platform: "telegram", ID: "1"}, chat.Card{}, fmt.Sprint(n)); err != nil {
				t.Fatal(err)
			}
		}
		stop := run(t, options)
		for n := range 3 {
			post(n)
		}
		time.Sleep(time.Second)
		stop()
		if n := len(f.sent()); n != 3 {
			t.Fatalf("%d of a burst of three were sent", n)
		}
		stop = run(t, options)
		defer stop()
		for n := range 3 {
			post(10 + n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		sent := f.sent()
		if len(sent) != 6 {
			t.Fatalf("%d messages were sent", len(sent))
		}
		for i := 3; i < len(sent); i++ {
			if d := sent[i].At.Sub(sent[i-3].At); d < 4*time.Second-100*time.Millisecond {
				t.Errorf("four messages within %v", d)
			}
		}
	})
}

// TestPaceOfOne checks that a backlog of one conversation goes at its pace, in
// order, and holds up nobody else.
func TestPaceOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := pacedFake(chat.Pace{PerSecond: 28, Burst: 5, Each: 3 * time.Second, Workers: 8})
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}})
		post := func(id, title string) {
			if err := l.Post(t.Context(), chat.Conversation{Platform: "telegram", ID: id}, chat.Card{Title: title}, title); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 30 {
			post("1", fmt.Sprintf("1-%02d", i))
		}
		for i := range 20 {
			post("2", fmt.Sprint("2-", i))
			post(fmt.Sprint(10+i), fmt.Sprint("other-", i))
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		var one []post2
		for _, p := range f.sent() {
			switch {
			case p.To.ID == "1":
				one = append(one, post2{p.Card.Title, p.At})
			case strings.HasPrefix(p.Card.Title, "other"):
				if since := p.At.Sub(f.sent()[0].At); since > 3*time.Second {
					t.Errorf("%s waited %v behind a backlog", p.Card.Title, since)
				}
			}
		}
		if len(one) != 30 {
			t.Fatalf("%d messages to the one", len(one))
		}
		for i, p := range one {
			if p.title != fmt.Sprintf("1-%02d", i) {
				t.Errorf("message %d is %s", i, p.title)
			}
			if least := time.Duration(i-4)*3*time.Second - 100*time.Millisecond; p.at.Sub(one[0].at) < least {
				t.Errorf("message %d came after %v", i, p.at.Sub(one[0].at))
			}
		}
		if took := one[29].at.Sub(one[0].at); took > 80*time.Second {
			t.Errorf("the backlog took %v, want 75s", took)
		}
		stop()
	})
}

type post2 struct {
	title string
	at    time.Time
}

// TestEveryoneWaits checks that a limit of the whole platform stops all of it.
func TestEveryoneWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := pacedFake(chat.Pace{PerSecond: 28, Workers: 4})
		var until time.Time
		f.reply = func(n int, p post) (error, bool) {
			if n == 20 {
				until = p.At.Add(30 * time.Second)
				return &chat.Later{After: 30 * time.Second, Everyone: true, Err: errors.New("slow down")}, false
			}
			if p.At.Before(until) && n > 24 {
				t.Errorf("send %d came %v before the limit ended", n, until.Sub(p.At))
			}
			return nil, true
		}
		record(t, l, dossier(t, "a"))
		crowd(t, l, "telegram", 100, Immediate)
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(f.sent()) != 100 || f.calls() != 101 {
			t.Errorf("%d messages in %d sends", len(f.sent()), f.calls())
		}
		stop()
	})
}
