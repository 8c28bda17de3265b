package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

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
		r.Say(42, 42, "/overview")
		r.AwaitFor(2*time.Minute, "an answer", func() bool { return len(r.Messages(42)) == 1 })
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

func TestOutagesAreSurvived(t *testing.T) {
	for name, fault := range map[string]telegramtest.Fault{
		"a proxy's page for minutes": {Status: 502, HTML: true},
		"the service is ill":         {Status: 500, Description: "Internal Server Error"},
		"resets":                     {Reset: telegramtest.Before},
		"no answer at all":           {Hang: true},
		"haste":                      {Status: 429, RetryAfter: 5, Description: "Too Many Requests: retry after 5"},
		"a redirect":                 {Status: 302, HTML: true},
	} {
		t.Run(name, func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				r.stop()
				begun := time.Now()
				before := len(r.Calls())
				r.Always("", func(telegramtest.Call) (telegramtest.Fault, bool) {
					return fault, time.Since(begun) < 5*time.Minute
				})
				r.serve()
				time.Sleep(5 * time.Minute)
				r.Say(42, 42, "/overview")
				r.AwaitFor(2*time.Minute, "an answer within two minutes", func() bool { return len(r.Messages(42)) == 1 })
				if n := len(r.Calls()) - before; n > 400 {
					t.Errorf("%d calls in five minutes", n)
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
		if n := len(r.Calls("getUpdates")) - before; n < 5 || n > 40 {
			t.Errorf("%d polls in ten minutes", n)
		}
		r.Say(42, 42, "/overview")
		r.AwaitFor(2*time.Minute, "an answer", func() bool { return len(r.Messages(42)) == 1 })
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
					r.Script(method, fault)
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
