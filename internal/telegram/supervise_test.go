package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

func TestSecondCopyIsNamed(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.Await("a poll", func() bool { return len(r.Calls("getMe")) > 0 })
		synctest.Wait()
		// Another copy polls with the same token, as often as it can.
		other, host := r.connect(), newHost()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- other.Serve(ctx, host) }()
		r.AwaitFor(10*time.Minute, "an alarm", func() bool {
			r.host.mu.Lock()
			defer r.host.mu.Unlock()
			host.mu.Lock()
			defer host.mu.Unlock()
			return len(r.host.alarms)+len(host.alarms) > 0
		})
		if log := r.log.String(); !strings.Contains(log, "another copy of this bot") {
			t.Errorf("the log does not say so:\n%s", log)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		r.answersOnce("/overview")
		if n := len(r.Calls("getUpdates")); n > 200 {
			t.Errorf("%d polls", n)
		}
	})
}

func TestOneConflictIsNoAlarm(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.Script("getUpdates", telegramtest.Fault{Status: 409, Description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"})
		r.stop()
		r.serve()
		r.Say(42, 42, "/overview")
		r.AwaitFor(time.Minute, "an answer", func() bool { return len(r.Messages(42)) == 1 })
		r.host.mu.Lock()
		defer r.host.mu.Unlock()
		if len(r.host.alarms) > 0 {
			t.Errorf("alarms %v", r.host.alarms)
		}
	})
}

func TestWebhookIsRemovedAndNothingLost(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.stop()
		r.SetWebhook("https://example.org/hook")
		r.Say(42, 42, "/overview")
		r.serve()
		r.said(42, 1)
		calls := r.Calls("deleteWebhook")
		if len(calls) != 1 || calls[0].Params["drop_pending_updates"] != "false" {
			t.Errorf("the calls were %v", calls)
		}
		if !strings.Contains(r.log.String(), "webhook") {
			t.Error("the log does not speak of the webhook")
		}
	})
}

// answersOnce has somebody ask, and holds the bot to answer within a minute, and once.
func (r *rig) answersOnce(line string) {
	r.t.Helper()
	before := len(r.Messages(42))
	r.Say(42, 42, line)
	r.AwaitFor(time.Minute, "an answer within a minute", func() bool { return len(r.Messages(42)) > before })
	time.Sleep(5 * time.Minute)
	if n := len(r.Messages(42)) - before; n != 1 {
		r.t.Errorf("%d answers", n)
	}
	asked := 0
	for _, l := range r.host.lines() {
		if l == line {
			asked++
		}
	}
	if asked != 1 {
		r.t.Errorf("the host was asked %d times", asked)
	}
}

var errUnreachable = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("network is unreachable")}

// TestOutagesAreSurvived has everything fail for a while, from the start and in the
// middle of a run: what was asked meanwhile is answered once within a minute, and
// nobody is asked more often than need be.
func TestOutagesAreSurvived(t *testing.T) {
	const minutes, hour = 5 * time.Minute, time.Hour
	for name, test := range map[string]struct {
		fault telegramtest.Fault
		long  time.Duration
	}{
		"a proxy's page for minutes": {telegramtest.Fault{Status: 502, HTML: true}, minutes},
		"the service is ill":         {telegramtest.Fault{Status: 500, Description: "Internal Server Error"}, minutes},
		"a page with status 200":     {telegramtest.Fault{Status: 200, HTML: true}, minutes},
		"an odd answer":              {telegramtest.Fault{Result: "{}"}, minutes},
		"resets":                     {telegramtest.Fault{Reset: telegramtest.Before}, minutes},
		"no answer at all":           {telegramtest.Fault{Hang: true}, minutes},
		"haste":                      {telegramtest.Fault{Status: 429, RetryAfter: 5, Description: "Too Many Requests: retry after 5"}, minutes},
		"a proxy's haste":            {telegramtest.Fault{Status: 429, HTML: true}, minutes},
		"a proxy's refusal":          {telegramtest.Fault{Status: 403, HTML: true}, minutes},
		"a proxy knows nothing":      {telegramtest.Fault{Status: 404, HTML: true}, minutes},
		"a redirect":                 {telegramtest.Fault{Status: 302, HTML: true}, minutes},
		"no network for an hour":     {telegramtest.Fault{}, hour},
		"silence for an hour":        {telegramtest.Fault{Hang: true}, hour},
	} {
		for _, running := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, running %v", name, running), func(t *testing.T) {
				piped(t, func(t *testing.T, r *rig) {
					if running {
						r.answersOnce("/overview before")
					} else {
						r.stop()
					}
					begun, before := time.Now(), len(r.Calls())
					cut := func() bool { return time.Since(begun) < test.long }
					if test.fault == (telegramtest.Fault{}) {
						down := func() error {
							if cut() {
								return errUnreachable
							}
							return nil
						}
						r.down.Store(&down)
						r.CloseConnections()
					} else {
						r.Always("", func(telegramtest.Call) (telegramtest.Fault, bool) { return test.fault, cut() })
					}
					if !running {
						r.serve()
					}
					time.Sleep(test.long)
					if n := len(r.Calls()) - before; n > int(test.long/time.Minute)*20+30 {
						t.Errorf("%d calls in %v", n, test.long)
					}
					r.answersOnce("/overview after")
				})
			})
		}
	}
}

// However long the service is silent, the answer is there within a minute of its
// speaking again: no poll waits for long on a connection that is dead.
func TestSilenceOfAnyLength(t *testing.T) {
	for long := time.Second; long < 4*time.Minute; long += 3700 * time.Millisecond {
		t.Run(long.String(), func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				begun := make(chan time.Time, 1)
				var first time.Time
				r.Always("getUpdates", func(c telegramtest.Call) (telegramtest.Fault, bool) {
					if first.IsZero() {
						first = c.At
						begun <- first
					}
					return telegramtest.Fault{Hang: true}, c.At.Sub(first) < long
				})
				time.Sleep(time.Until((<-begun).Add(long)))
				r.answersOnce("/overview")
			})
		})
	}
}

// What was asked while the way was cut is answered in order and once, also where the
// service believes to have told it.
func TestQuestionsOfAnOutageAreAnsweredOnce(t *testing.T) {
	for name, fault := range map[string]telegramtest.Fault{
		"told and lost": {Reset: telegramtest.After},
		"never told":    {Status: 502, HTML: true},
	} {
		t.Run(name, func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				begun := time.Now()
				r.Always("getUpdates", func(telegramtest.Call) (telegramtest.Fault, bool) { return fault, time.Since(begun) < 5*time.Minute })
				var want []string
				for i := range 10 {
					want = append(want, fmt.Sprint("/overview ", i))
					r.Say(42, 42, want[i])
					time.Sleep(30 * time.Second)
				}
				r.AwaitFor(time.Minute, "the answers", func() bool { return len(r.Messages(42)) == 10 })
				time.Sleep(5 * time.Minute)
				if diff := cmp.Diff(want, r.host.lines()); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
				if n := len(r.Messages(42)); n != 10 {
					t.Errorf("%d answers", n)
				}
			})
		})
	}
}

func TestOutageOfThePollAlone(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		begun, before := time.Now(), len(r.Calls("getUpdates"))
		r.Always("getUpdates", func(telegramtest.Call) (telegramtest.Fault, bool) {
			return telegramtest.Fault{Status: 502, HTML: true}, time.Since(begun) < 10*time.Minute
		})
		time.Sleep(10 * time.Minute)
		if n := len(r.Calls("getUpdates")) - before; n < 15 || n > 60 {
			t.Errorf("%d polls in ten minutes", n)
		}
		r.answersOnce("/overview")
		if !strings.Contains(r.log.String(), "polled again") {
			t.Error("the log does not say that it works again")
		}
	})
}

func TestUnknownTokenStopsTheBot(t *testing.T) {
	for name, fault := range map[string]telegramtest.Fault{
		"unauthorized": {Status: 401, Description: "Unauthorized"},
		"not found":    {Status: 404, Description: "Not Found"},
	} {
		for _, method := range []string{"getMe", "getUpdates"} {
			t.Run(name+" "+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := &rig{t: t, Server: telegramtest.NewServer(t, telegramtest.Options{Pipe: true}), host: newHost(), log: &chattest.Log{}}
					r.Always(method, func(telegramtest.Call) (telegramtest.Fault, bool) { return fault, true })
					err := r.connect().Serve(context.Background(), r.host)
					if err == nil || !strings.Contains(err.Error(), "BotFather") {
						t.Errorf("Serve ended with %v", err)
					}
					if err != nil && strings.Contains(err.Error(), "TEST-token") {
						t.Errorf("the token is in %v", err)
					}
				})
			})
		}
	}
}

// A token that is taken back in the middle of a run ends it within a minute, with
// what is owed kept for a better one; a moment in which the service knows no token
// does not.
func TestTokenThatIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, telegramtest.Options{Pipe: true, Limits: true})
		denied := telegramtest.Fault{Status: 401, Description: "Unauthorized"}
		r.Script("getUpdates", denied, denied)
		r.answersOnce("/overview")
		r.Revoke()
		if _, err := r.send("42", chat.Card{Title: "A"}, "key"); outcome(err) != "later 1m0s everyone" {
			t.Error(err)
		}
		select {
		case <-r.over:
		case <-time.After(time.Minute):
			t.Error("Serve goes on after a minute")
		}
		if err := r.stop(); err == nil || !strings.Contains(err.Error(), "BotFather") || strings.Contains(err.Error(), "TEST-token") {
			t.Errorf("Serve ended with %v", err)
		}
		if r.host.place() == "" {
			t.Error("its place is not kept")
		}
	})
}

// A webhook that somebody sets in the middle of a run is removed, too.
func TestWebhookSetInBetweenIsRemoved(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.answersOnce("/overview 1")
		r.SetWebhook("https://example.org/hook")
		time.Sleep(time.Minute)
		r.answersOnce("/overview 2")
		r.SetWebhook("https://example.org/hook")
		begun := time.Now()
		r.Always("deleteWebhook", func(telegramtest.Call) (telegramtest.Fault, bool) {
			return telegramtest.Fault{Status: 502, HTML: true}, time.Since(begun) < 5*time.Minute
		})
		time.Sleep(5 * time.Minute)
		if n := len(r.Calls("deleteWebhook")); n > 60 {
			t.Errorf("%d tries to remove it", n)
		}
		r.answersOnce("/overview 3")
	})
}

func TestNumbersThatBeginAnewAreFollowed(t *testing.T) {
	for _, first := range []int64{12, 699_000_000, 1_900_000_000} {
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				r.Say(42, 42, "/overview 1")
				r.said(42, 1)
				r.Await("the update to be confirmed", func() bool { return r.Pending() == 0 })
				r.RestartIDs(first)
				time.Sleep(time.Minute)
				begun := len(r.Calls("getUpdates"))
				for i := range 5 {
					r.Say(42, 42, fmt.Sprint("/overview ", i+2))
				}
				r.said(42, 6)
				r.Await("the updates to be confirmed", func() bool { return r.Pending() == 0 })
				r.Await("the place to be kept", func() bool { return r.host.place() == fmt.Sprint(first+5) })
				time.Sleep(time.Minute)
				if n := len(r.Messages(42)); n != 6 {
					t.Errorf("%d answers", n)
				}
				if n := len(r.Calls("getUpdates")) - begun; n > 30 {
					t.Errorf("%d polls", n)
				}
			})
		})
	}
}

func TestEmptyAnswersDoNotSpin(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.stop()
		r.Always("getUpdates", func(telegramtest.Call) (telegramtest.Fault, bool) {
			return telegramtest.Fault{Result: "[]"}, true
		})
		r.serve()
		before := len(r.Calls("getUpdates"))
		time.Sleep(time.Minute)
		if n := len(r.Calls("getUpdates")) - before; n < 60 || n > 121 {
			t.Errorf("%d polls in a minute", n)
		}
	})
}

// A place that cannot be kept must not be confirmed, nor make the bot spin or
// answer twice.
func TestPlaceIsKeptBeforeItIsConfirmed(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.host.mu.Lock()
		r.host.offErr = errors.New("disk full")
		r.host.mu.Unlock()
		for i := range 3 {
			r.Say(42, 42, fmt.Sprint("/overview ", i))
		}
		r.said(42, 3)
		before := len(r.Calls("getUpdates"))
		time.Sleep(time.Minute)
		if r.Pending() != 3 {
			t.Errorf("%d updates are pending, not 3", r.Pending())
		}
		if n := len(r.Calls("getUpdates")) - before; n > 130 {
			t.Errorf("%d polls in a minute", n)
		}
		r.host.mu.Lock()
		r.host.offErr = nil
		r.host.mu.Unlock()
		r.Await("the updates to be confirmed", func() bool { return r.Pending() == 0 })
		if n := len(r.Messages(42)); n != 3 {
			t.Errorf("%d answers", n)
		}
	})
}

// After a crash what was answered is served again; the next process knows it.
func TestCrashLosesNoUpdateAndRepeatsNone(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.host.mu.Lock()
		r.host.offErr = errors.New("the process dies before it keeps its place")
		r.host.mu.Unlock()
		for i := range 3 {
			r.Say(42, 42, fmt.Sprint("/overview ", i))
		}
		r.said(42, 3)
		synctest.Wait()
		r.stop()
		r.Say(42, 42, "/overview 3")
		r.host.mu.Lock()
		r.host.offErr = nil
		r.host.mu.Unlock()
		r.serve()
		r.said(42, 4)
		r.Await("the updates to be confirmed", func() bool { return r.Pending() == 0 })
		time.Sleep(time.Minute)
		want := []string{"/overview 0", "/overview 1", "/overview 2", "/overview 3"}
		if diff := cmp.Diff(want, r.host.lines()); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
	})
}

func TestOddUpdatesSpoilNothing(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.Push("message", "not an object")
		r.Push("message", map[string]any{"message_id": "seven"})
		r.Push("message", map[string]any{})
		r.Push("callback_query", map[string]any{"id": "1"})
		r.Push("my_chat_member", map[string]any{})
		r.Say(42, 42, "/overview")
		r.said(42, 1)
		r.Await("the updates to be confirmed", func() bool { return r.Pending() == 0 })
		if len(r.host.lines()) != 1 {
			t.Errorf("asked %v", r.host.lines())
		}
	})
}

func TestFloodOfOneChatIsBounded(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		for i := range 300 {
			r.Say(-100, 43, fmt.Sprint("/overview ", i))
		}
		r.Say(42, 42, "/overview")
		begun := time.Now()
		r.AwaitFor(10*time.Minute, "an answer to somebody else", func() bool { return len(r.Messages(42)) == 1 })
		if d := time.Since(begun); d > 2*time.Minute {
			t.Errorf("somebody else waited %v", d)
		}
		r.AwaitFor(time.Hour, "the updates to be confirmed", func() bool { return r.Pending() == 0 })
		if r.Limited() > 0 {
			t.Errorf("%d calls were too many", r.Limited())
		}
		time.Sleep(time.Hour)
		if n := len(r.host.lines()); n < 50 || n > 100 || !strings.Contains(r.log.String(), "faster than it can be answered") {
			t.Errorf("%d of 301 questions were asked of the host", n)
		}
	})
}

func TestPressThatComesTwiceIsAnsweredOnce(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.Say(42, 42, "/overview")
		r.said(42, 1)
		twice := map[string]any{"id": "same", "from": map[string]any{"id": 42, "first_name": "Ada"}, "chat_instance": "1", "data": "overview a",
			"message": map[string]any{"message_id": 2, "date": 0, "chat": map[string]any{"id": 42, "type": "private"}}}
		r.Push("callback_query", twice)
		r.Push("callback_query", twice)
		r.Await("the updates to be confirmed", func() bool { return r.Pending() == 0 })
		time.Sleep(time.Minute)
		if n := len(r.host.lines()); n != 2 {
			t.Errorf("asked %v", r.host.lines())
		}
	})
}

// The general topic has a number, which must not be named when sending.
func TestGeneralTopicIsLeftOut(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.Push("message", map[string]any{"message_id": 900, "message_thread_id": 1, "is_topic_message": true, "date": 1, "text": "/overview",
			"chat": map[string]any{"id": -100, "type": "supergroup"}, "from": map[string]any{"id": 43, "first_name": "Ben"},
			"entities": []any{map[string]any{"type": "bot_command", "offset": 0, "length": 9}}})
		r.said(-100, 1)
		if got := r.host.last().Where; got != conversation("-100") {
			t.Errorf("asked from %v", got)
		}
		r.clean()
	})
}
