package discord

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

// broadcast sends a card to each channel with as many workers as the pace says.
func (s *stage) broadcast(channels []string, each func(channel string, err error)) {
	jobs := make(chan string)
	var workers sync.WaitGroup
	for range s.discord.Pace(chat.Conversation{}).Workers {
		workers.Go(func() {
			for c := range jobs {
				_, err := s.discord.Send(s.ctx, conversation(c), chat.Card{Title: "News"}, "key")
				each(c, err)
			}
		})
	}
	for _, c := range channels {
		jobs <- c
	}
	close(jobs)
	workers.Wait()
}

func TestBroadcastKeepsTheLimits(t *testing.T) {
	playUnserved(t, discordtest.Options{Limits: true, Latency: 120 * time.Millisecond}, func(s *stage) {
		channels := s.server.Populate("2000000000000000099", 500)
		began := time.Now()
		s.broadcast(channels, func(c string, err error) {
			if err != nil {
				s.Errorf("channel %s: %v", c, err)
			}
		})
		took := time.Since(began)
		if rate := 500 / took.Seconds(); rate < 0.95*45 || rate > 45.5 {
			s.Errorf("%.1f messages a second (%v for 500), want 95 %% of 45 or more", rate, took)
		}
		if n := len(s.server.Messages("")); n != 500 {
			s.Errorf("%d messages, want 500", n)
		}
	})
}

func TestAnswersDoNotWaitBehindABroadcast(t *testing.T) {
	playUnserved(t, discordtest.Options{Limits: true, Latency: 100 * time.Millisecond}, func(s *stage) {
		s.serve()
		s.wait("the commands", func() bool { return s.server.Connected() == 1 && len(s.server.Commands()) > 0 })
		channels := s.server.Populate("2000000000000000099", 500)
		var sending sync.WaitGroup
		sending.Go(func() {
			s.broadcast(channels, func(c string, err error) {
				if err != nil {
					s.Errorf("channel %s: %v", c, err)
				}
			})
		})
		for range 20 {
			began := time.Now()
			s.slash(channelID, "overview")
			if took := time.Since(began); took > 300*time.Millisecond {
				s.Errorf("an answer took %v", took)
			}
			<-time.After(300 * time.Millisecond)
		}
		sending.Wait()
	})
}

func TestOneChannelKeepsItsBucket(t *testing.T) {
	playUnserved(t, discordtest.Options{Limits: true}, func(s *stage) {
		var sends sync.WaitGroup
		began := time.Now()
		for i := range 12 {
			sends.Go(func() {
				if _, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "News"}, fmt.Sprint("key", i)); err != nil {
					// Longer than a worker should be held.
					if outcomeName(err) != "later" {
						s.Errorf("Send() = %v", err)
					}
				}
			})
		}
		sends.Wait()
		if n := len(s.server.Messages(channelID)); n < 10 || time.Since(began) < 5*time.Second {
			s.Errorf("%d messages in %v", n, time.Since(began))
		}
	})
}

func TestGlobalLimitSilencesEverythingButAnswers(t *testing.T) {
	play(t, func(s *stage) {
		s.server.Fail(discordtest.Fault{Path: "/channels/*/messages", Status: 429, RetryAfter: 5 * time.Second, Scope: "global"})
		if _, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "a"); outcomeName(err) != "later, everyone" {
			s.Errorf("Send() = %v", err)
		}
		began := time.Now()
		s.slash(channelID, "overview")
		if took := time.Since(began); took > time.Second {
			s.Errorf("an answer waited %v", took)
		}
		s.send(threadID, chat.Card{Title: "x"}, "b")
		if took := time.Since(began); took < 5*time.Second {
			s.Errorf("another send waited only %v", took)
		}
	})
}

func TestEdgeBlockSilencesEverything(t *testing.T) {
	play(t, func(s *stage) {
		s.server.Fail(discordtest.Fault{Path: "/channels/*/messages", Status: 429, HTML: "<html>error 1015"})
		if _, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "a"); outcomeName(err) != "later, everyone" {
			s.Errorf("Send() = %v", err)
		}
		before := len(s.server.Requests())
		_, err := s.discord.Send(s.ctx, conversation(threadID), chat.Card{Title: "x"}, "b")
		later, ok := err.(*chat.Later)
		if !ok || !later.Everyone || later.After < 50*time.Second {
			s.Errorf("Send() = %v, want later for everyone in about a minute", err)
		}
		if _, err := s.server.Slash(reader, channelID, "overview"); err != nil {
			s.Fatal(err)
		}
		<-time.After(10 * time.Second)
		if n := len(s.server.Requests()); n != before {
			s.Errorf("%d requests during the block", n-before)
		}
		<-time.After(time.Minute)
		s.send(threadID, chat.Card{Title: "x"}, "b")
	})
}

func TestSharedLimitHoldsItsChannelOnly(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.server.Fail(discordtest.Fault{Path: "/channels/" + channelID + "/messages", Status: 429, RetryAfter: 4 * time.Second, Scope: "shared"})
		if _, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "a"); outcomeName(err) != "later" {
			s.Errorf("Send() = %v", err)
		}
		began := time.Now()
		s.send(threadID, chat.Card{Title: "x"}, "b")
		if took := time.Since(began); took > time.Second {
			s.Errorf("another channel waited %v", took)
		}
		s.send(channelID, chat.Card{Title: "x"}, "a")
		if took := time.Since(began); took < 3*time.Second {
			s.Errorf("the channel waited only %v", took)
		}
	})
}

func TestLongWaitIsPutOff(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.server.Fail(discordtest.Fault{Path: "/channels/" + channelID + "/messages", Status: 429, RetryAfter: time.Hour, Scope: "user"})
		for range 2 {
			_, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "a")
			later, ok := err.(*chat.Later)
			if !ok || later.Everyone || later.After < 59*time.Minute {
				s.Errorf("Send() = %v, want later in an hour", err)
			}
		}
		if n := len(s.server.Requests()); n != 1 {
			s.Errorf("%d requests, want 1", n)
		}
	})
}

func TestSpacing(t *testing.T) {
	s := spacing{every: time.Second / overallRate, burst: 2}
	now := time.Unix(1000, 0)
	var turns []time.Time
	for range 500 {
		turns = append(turns, s.reserve(now))
	}
	for i := range turns {
		n := 0
		for _, u := range turns[i:] {
			if u.Sub(turns[i]) < time.Second {
				n++
			}
		}
		if n > 50 {
			t.Fatalf("%d turns in the second from %v", n, turns[i])
		}
	}
	if took := turns[499].Sub(now); took > 11*time.Second {
		t.Errorf("500 turns take %v", took)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		p.silence = time.Now().Add(5 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := p.acquire(ctx, digest, "route", "1"); err == nil {
			t.Error("acquire() succeeded")
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("waited %v", took)
		}
	})
}

func TestBucketsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		for i := range 1000 {
			release, err := p.acquire(t.Context(), answer, "POST /webhooks/:id/:token", fmt.Sprint(i))
			if err != nil {
				t.Fatal(err)
			}
			release(nil)
		}
		<-time.After(2 * time.Minute)
		release, err := p.acquire(t.Context(), answer, "POST /webhooks/:id/:token", "new")
		if err != nil {
			t.Fatal(err)
		}
		release(nil)
		if n := len(p.buckets); n != 1 {
			t.Errorf("%d buckets are kept, want 1", n)
		}
	})
}

func TestLostAnswersDoNotJamABucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		h := http.Header{}
		h.Set("X-RateLimit-Limit", "2")
		h.Set("X-RateLimit-Remaining", "1")
		h.Set("X-RateLimit-Reset-After", "1")
		h.Set("X-RateLimit-Bucket", "b")
		for range 10 {
			release, err := p.acquire(t.Context(), answer, "r", "1")
			if err != nil {
				t.Fatal(err)
			}
			release(&http.Response{Header: h})
			for range 3 {
				if release, err = p.acquire(t.Context(), answer, "r", "1"); err != nil {
					t.Fatal(err)
				}
				release(nil)
			}
		}
	})
}

func TestRoutes(t *testing.T) {
	for _, test := range []struct {
		method, path string
		kind         class
		route, major string
	}{
		{"POST", "/channels/123/messages", digest, "POST /channels/:id/messages", "123"},
		{"PATCH", "/channels/123/messages/456", digest, "PATCH /channels/:id/messages/:id", "123"},
		{"GET", "/guilds/123/members/456", other, "GET /guilds/:id/members/:id", "123"},
		{"POST", "/interactions/1/tok/callback", answer, "POST /interactions/:id/:token/callback", "1"},
		{"PATCH", "/webhooks/1/tok/messages/@original", answer, "PATCH /webhooks/:id/:token/messages/@original", "1/tok"},
		{"GET", "/gateway/bot", other, "GET /gateway/bot", ""},
	} {
		kind, route, major := routeOf(test.method, test.path)
		if kind != test.kind || route != test.route || major != test.major {
			t.Errorf("routeOf(%s %s) = %v, %q, %q", test.method, test.path, kind, route, major)
		}
	}
}

func TestTransportGoesNowhereElse(t *testing.T) {
	r, err := newREST("token", "http://127.0.0.1:1/api", nil, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"https://example.org/api/v9/users/@me", "http://discord.com/api/v9/users/@me", "https://discord.com/elsewhere", "https://discord.com.example.org/api/v9/x"} {
		req, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.transport.RoundTrip(req); err == nil {
			t.Errorf("a request to %s was let out", address)
		}
	}
}

// bucketHeaders is an answer whose headers tell of its bucket.
func bucketHeaders(name string, limit, remaining int, after string) *http.Response {
	h := http.Header{}
	h.Set("X-RateLimit-Bucket", name)
	h.Set("X-RateLimit-Limit", fmt.Sprint(limit))
	h.Set("X-RateLimit-Remaining", fmt.Sprint(remaining))
	h.Set("X-RateLimit-Reset-After", after)
	// The vendor's clock may be anywhere: the time of the reset is not believed.
	h.Set("X-RateLimit-Reset", "1000000000.5")
	return &http.Response{Header: h}
}

// Buckets are the vendor's: routes of one name share one, major ids do not, and the
// wait is that of the headers with a little added.
func TestBucketsAreThoseOfTheHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		once := func(route, major, after string, remaining int) time.Duration {
			began := time.Now()
			release, err := p.acquire(t.Context(), answer, route, major)
			if err != nil {
				t.Fatal(err)
			}
			release(bucketHeaders("hash", 3, remaining, after))
			return time.Since(began)
		}
		once("PATCH /a", "1", "2.5", 1)
		once("DELETE /b", "1", "2.5", 0)
		if took := once("PATCH /a", "2", "2.5", 2); took != 0 {
			t.Errorf("another channel waited %v", took)
		}
		if took := once("PATCH /a", "1", "2.5", 2); took != 2500*time.Millisecond+resetSlack {
			t.Errorf("the other route of the bucket waited %v, want until its reset", took)
		}
		if n := len(p.buckets); n != 2 {
			t.Errorf("%d buckets, want one a channel", n)
		}
		// A route that gets another name leaves the old one's waits behind.
		release, err := p.acquire(t.Context(), answer, "PATCH /a", "1")
		if err != nil {
			t.Fatal(err)
		}
		release(bucketHeaders("renamed", 3, 2, "60"))
		if took := once("PATCH /a", "1", "2.5", 1); took != 0 {
			t.Errorf("under its new name the route waited %v", took)
		}
	})
}

// Nothing that the headers hold breaks the pacer or holds it up for ever.
func TestHeadersThatMakeNoSense(t *testing.T) {
	for name, r := range map[string]*http.Response{
		"no limit":        bucketHeaders("h", 0, 0, "1"),
		"a negative one":  bucketHeaders("h", -5, -1, "1"),
		"a past reset":    bucketHeaders("h", 1, 0, "-100"),
		"no number":       bucketHeaders("h", 1, 0, "NaN"),
		"an absurd reset": bucketHeaders("h", 1, 0, "1e300"),
		"no headers":      {Header: http.Header{}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPacer()
				release, err := p.acquire(t.Context(), other, "GET /x", "")
				if err != nil {
					t.Fatal(err)
				}
				release(r)
				_, err = p.acquire(t.Context(), other, "GET /x", "")
				if paced, ok := err.(*errPaced); err != nil && (!ok || paced.after > 25*time.Hour || paced.everyone) {
					t.Errorf("acquire() = %v", err)
				}
			})
		})
	}
}

// The overall limit is kept whatever the requests are for, and answers are outside.
func TestOverallLimitOfAllClasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		var mu sync.Mutex
		var at []time.Time
		var all sync.WaitGroup
		for i := range 300 {
			kind := other
			if i%2 == 0 {
				kind = digest
			}
			all.Go(func() {
				release, err := p.acquire(t.Context(), kind, "route", fmt.Sprint(i))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				at = append(at, time.Now())
				mu.Unlock()
				<-time.After(50 * time.Millisecond)
				release(nil)
			})
		}
		began := time.Now()
		for i := range 200 {
			release, err := p.acquire(t.Context(), answer, "callback", fmt.Sprint(i))
			if err != nil {
				t.Fatal(err)
			}
			release(nil)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("200 answers waited %v behind 300 others", took)
		}
		all.Wait()
		for i := range at {
			if i >= overallLimit && at[i].Sub(at[i-overallLimit]) < time.Second {
				t.Fatalf("more than %d requests in the second before %v", overallLimit, at[i].Sub(began))
			}
		}
	})
}
