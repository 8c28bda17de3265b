package telegram_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/telegram"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// poster is a bot that is not served: Send works without.
func poster(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, Server: telegramtest.NewServer(t, telegramtest.Options{Pipe: true, Limits: true}), host: newHost(), log: &chattest.Log{}}
		r.AddChat(telegramtest.Chat{ID: 42})
		r.AddChat(telegramtest.Chat{ID: -100, Forum: true, Topics: []int{7}})
		r.bot = r.connect()
		test(t, r)
	})
}

func (r *rig) send(to string, c chat.Card, key string) (chat.MessageID, error) {
	return r.bot.Send(context.Background(), conversation(to), c, key)
}

func TestDigestsHaveLinksInGroupsAndButtonsInPrivate(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		c := chat.Card{Title: "Digest", Actions: [][]chat.Action{{{Label: "Read", Call: "overview a"}, {Label: "Site", URL: "https://example.org/"}}}}
		for _, to := range []string{"42", "-100", "-100/7"} {
			if id, err := r.send(to, c, "k"); err != nil || id == "" {
				t.Fatalf("%s: %q %v", to, id, err)
			}
		}
		link := "https://t.me/BriefBot?start=" + chat.Ticket("overview a")
		for _, m := range r.Messages(-100) {
			if got := m.Keyboard[0][0]; got.URL != link || got.Data != "" {
				t.Errorf("in a group the button is %+v", got)
			}
		}
		if got := r.Last(-100).Thread; got != 7 {
			t.Errorf("the thread is %d", got)
		}
		if got := r.Last(42).Keyboard[0][0]; got.Data != "overview a" || got.URL != "" {
			t.Errorf("in private the button is %+v", got)
		}
		r.clean()
	})
}

func longCard() chat.Card {
	c := chat.Card{Title: "Digest", Actions: [][]chat.Action{{{Label: "Read", Call: "overview a"}}}}
	for i := range 40 {
		c.Items = append(c.Items, chat.Item{Label: "1 January 2025", Head: chat.Plainly(fmt.Sprint("Event ", i)), Body: chat.Plainly("Some words." + strings.Repeat(" Some words.", 25))})
	}
	return c
}

func TestLongDigestGoesOnWhereItStopped(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		r.Script("sendMessage", telegramtest.Fault{}, telegramtest.Fault{Status: 429, RetryAfter: 20, Description: "Too Many Requests: retry after 20"}, telegramtest.Fault{}, telegramtest.Fault{Reset: telegramtest.Before})
		var outcomes []string
		var id chat.MessageID
		for {
			var err error
			id, err = r.send("42", longCard(), "key")
			outcomes = append(outcomes, outcome(err))
			if err == nil || len(outcomes) > 9 {
				break
			}
			time.Sleep(20 * time.Second)
		}
		if got := strings.Join(outcomes, ", "); got != "later 20s, uncertain, sent" {
			t.Errorf("the outcomes were %s", got)
		}
		all := r.Messages(42)
		if len(all) < 3 || !strings.HasPrefix(string(id), fmt.Sprint(all[len(all)-1].ID, " ", all[0].ID)) {
			t.Fatalf("%d messages, the last is %q", len(all), id)
		}
		whole := strings.Join(texts(all), "\n")
		for i := range 40 {
			if n := strings.Count(whole, fmt.Sprintf("Event %d\n", i)); n != 1 {
				t.Errorf("event %d is there %d times", i, n)
			}
		}
		for i, m := range all {
			if (len(m.Keyboard) > 0) != (i == len(all)-1) {
				t.Errorf("message %d of %d has the buttons %v", i+1, len(all), m.Keyboard)
			}
		}
		// The same key again is another message: Telegram cannot tell them apart.
		if _, err := r.send("42", longCard(), "key"); err != nil {
			t.Error(err)
		}
		if n := len(r.Messages(42)); n != 2*len(all) {
			t.Errorf("%d messages after sending again", n)
		}
	})
}

func TestRefusalForHasteIsHeeded(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		r.AddChat(telegramtest.Chat{ID: 43})
		haste := telegramtest.Fault{Status: 429, RetryAfter: 30, Description: "Too Many Requests: retry after 30"}
		card := chat.Card{Title: "A"}
		r.Script("sendMessage", haste)
		if _, err := r.send("42", card, "k"); outcome(err) != "later 30s" {
			t.Error(err)
		}
		// The chat waits, and nothing is asked of the vendor; others go on.
		if _, err := r.send("42", card, "k"); outcome(err) != "later 30s" {
			t.Error(err)
		}
		if _, err := r.send("43", card, "k"); err != nil {
			t.Error(err)
		}
		if n := len(r.Calls("sendMessage")); n != 2 {
			t.Errorf("%d calls", n)
		}
		time.Sleep(30 * time.Second)
		if _, err := r.send("42", card, "k"); err != nil {
			t.Error(err)
		}
		// Two chats within a second: everything waits.
		r.Script("sendMessage", haste, haste)
		if _, err := r.send("42", card, "k"); outcome(err) != "later 30s" {
			t.Error(err)
		}
		if _, err := r.send("43", card, "k"); outcome(err) != "later 30s everyone" {
			t.Error(err)
		}
		if _, err := r.send("-100", card, "k"); outcome(err) != "later 30s everyone" {
			t.Error(err)
		}
		time.Sleep(30 * time.Second)
		if _, err := r.send("-100", card, "k"); err != nil {
			t.Error(err)
		}
	})
}

// A refusal for haste is heeded whoever words it, and wherever it says how long.
func TestEveryRefusalForHasteIsHeeded(t *testing.T) {
	for name, test := range map[string]struct {
		fault telegramtest.Fault
		want  string
	}{
		"in the body":           {telegramtest.Fault{Status: 429, RetryAfter: 30, Description: "Too Many Requests: retry after 30"}, "later 30s"},
		"in the header":         {telegramtest.Fault{Status: 429, RetryAfter: 30, Header: true, Description: "Too Many Requests"}, "later 30s"},
		"a proxy's":             {telegramtest.Fault{Status: 429, RetryAfter: 30, Header: true, HTML: true}, "later 30s everyone"},
		"a proxy's, no time":    {telegramtest.Fault{Status: 429, HTML: true}, "later 5s everyone"},
		"no time said":          {telegramtest.Fault{Status: 429, Description: "Too Many Requests"}, "later 5s"},
		"longer than a session": {telegramtest.Fault{Status: 429, RetryAfter: 35000, Description: "Too Many Requests: retry after 35000"}, "later 9h43m20s"},
	} {
		t.Run(name, func(t *testing.T) {
			poster(t, func(t *testing.T, r *rig) {
				id := r.mustSend("42", chat.Card{Title: "A"})
				time.Sleep(10 * time.Second)
				r.Script("editMessageText", test.fault)
				edit := func() string { return outcome(r.edit("42", id, chat.Card{Title: "B"})) }
				if got := edit(); got != test.want {
					t.Errorf("%s, not %s", got, test.want)
				}
				// All that is done there waits, and nothing is asked of the vendor.
				after, _ := time.ParseDuration(strings.Fields(test.want)[1])
				if _, err := r.send("42", chat.Card{Title: "C"}, "k"); after > 5*time.Second && outcome(err) != test.want {
					t.Error(err)
				}
				time.Sleep(after)
				if got := edit(); got != "sent" {
					t.Errorf("afterwards: %s", got)
				}
				for _, c := range r.Calls() {
					if since := c.At.Sub(r.Calls("editMessageText")[0].At); since > 0 && since < after {
						t.Errorf("%s was called %v after the refusal", c.Method, since)
					}
				}
			})
		})
	}
}

// Posts, edits and pins in a group share its 20 a minute, and leave room for answers.
func TestGroupGetsTwentyAMinuteInAll(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.SetBot(-100, 42, manager)
		id := r.mustSend("-100", chat.Card{Title: "0"})
		begun := time.Now()
		do := []func(i int) error{
			func(i int) error { return r.edit("-100", id, chat.Card{Title: fmt.Sprint(i)}) },
			func(i int) error {
				_, err := r.send("-100", chat.Card{Title: fmt.Sprint(i)}, fmt.Sprint(i))
				return err
			},
			func(int) error { return r.bot.Pin(context.Background(), conversation("-100"), id) },
			func(int) error { return r.bot.Unpin(context.Background(), conversation("-100"), id) },
		}
		var slowest time.Duration
		for i, last := 1, 0; time.Since(begun) < 5*time.Minute; {
			if i%30 == 0 && i != last {
				last = i
				asked, n := time.Now(), len(r.Messages(-100))
				r.Say(-100, 43, "/overview")
				r.said(-100, n+1)
				slowest = max(slowest, time.Since(asked))
			}
			switch got := outcome(do[i%len(do)](i)); {
			case got == "sent":
				i++
			case !strings.HasPrefix(got, "later"):
				t.Fatal(got)
			}
			time.Sleep(100 * time.Millisecond)
		}
		calls := r.Calls("sendMessage", "editMessageText", "pinChatMessage", "unpinChatMessage")
		for i := 20; i < len(calls); i++ {
			if d := calls[i].At.Sub(calls[i-20].At); d < time.Minute {
				t.Fatalf("21 calls within %v", d)
			}
		}
		if len(calls) < 5*14 {
			t.Errorf("%d calls in five minutes", len(calls))
		}
		if slowest > time.Second {
			t.Errorf("an answer took %v", slowest)
		}
		r.clean()
	})
}

func TestPace(t *testing.T) {
	bot, err := telegram.New(telegram.Options{Token: "1:a"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		to      string
		perHour int // what a chat gets at most
	}{{"42", 3600}, {"-100", 20 * 60}} {
		p := bot.Pace(conversation(test.to))
		if p.PerSecond != 28 || p.Workers < 8 {
			t.Errorf("the pace is %+v", p)
		}
		if n := int(time.Hour / p.Each); n > test.perHour {
			t.Errorf("%s gets %d an hour", test.to, n)
		}
	}
}

// broadcast does something in every chat as a dispatcher would, at the stated pace, and
// returns how long that took.
func broadcast(t *testing.T, bot *telegram.Telegram, chats []int64, do func(where chat.Conversation) error) time.Duration {
	begun := time.Now()
	pace := bot.Pace(conversation("42"))
	slots := make(chan struct{}, pace.Workers)
	var wg sync.WaitGroup
	for i, id := range chats {
		time.Sleep(time.Until(begun.Add(time.Duration(float64(i) / pace.PerSecond * float64(time.Second)))))
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := do(conversation(fmt.Sprint(id))); err != nil {
				t.Errorf("%d: %v", id, err)
			}
		})
	}
	wg.Wait()
	return time.Since(begun)
}

func TestThousandChatsAtFullPaceAndAnswersDoNotWait(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.Always("sendMessage", func(telegramtest.Call) (telegramtest.Fault, bool) {
			return telegramtest.Fault{Delay: 30 * time.Millisecond}, true
		})
		r.Always("editMessageText", func(telegramtest.Call) (telegramtest.Fault, bool) {
			return telegramtest.Fault{Delay: 30 * time.Millisecond}, true
		})
		var chats []int64
		for i := range int64(1000) {
			id := 10_000 + i
			if i%3 == 0 {
				id = -id
			}
			r.AddChat(telegramtest.Chat{ID: id})
			chats = append(chats, id)
		}
		var posted sync.Map
		r.undisturbed(20_000, func() time.Duration {
			return broadcast(t, r.bot, chats, func(where chat.Conversation) error {
				id, err := r.bot.Send(context.Background(), where, chat.Card{Title: "Digest"}, "key")
				posted.Store(where, id)
				return err
			})
		})
		// The same again, as corrections of what was posted.
		r.undisturbed(30_000, func() time.Duration {
			return broadcast(t, r.bot, chats, func(where chat.Conversation) error {
				id, _ := posted.Load(where)
				return r.bot.Edit(context.Background(), where, id.(chat.MessageID), chat.Card{Title: "Corrected"})
			})
		})
		for _, id := range chats {
			if all := r.Messages(id); len(all) != 1 || all[0].Edits != 1 || all[0].Text != "Corrected" {
				t.Errorf("%d has the messages %+v", id, all)
			}
		}
		r.clean()
	})
}

// undisturbed has people, numbered from the first, ask while a thousand chats are
// served: that takes little longer than the pace, and nobody waits for it.
func (r *rig) undisturbed(first int64, serve func() time.Duration) {
	r.t.Helper()
	var slowest atomic.Int64
	var asking sync.WaitGroup
	asking.Go(func() {
		for i := range int64(30) {
			id := first + i
			r.AddChat(telegramtest.Chat{ID: id})
			asked := time.Now()
			r.Say(id, id, "/overview")
			r.said(id, 1)
			slowest.Store(max(slowest.Load(), int64(time.Since(asked))))
			time.Sleep(time.Second)
		}
	})
	took := serve()
	asking.Wait()
	r.t.Logf("took %v, the slowest answer %v", took, time.Duration(slowest.Load()))
	if least := time.Duration(1000.0 / 28 * 1.05 * float64(time.Second)); took > least {
		r.t.Errorf("took %v, more than %v", took, least)
	}
	if d := time.Duration(slowest.Load()); d > time.Second {
		r.t.Errorf("an answer took %v", d)
	}
}

// Even a sender that heeds no pace causes no refusal for haste.
func TestUnpacedSendsAreHeldBack(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		var wg sync.WaitGroup
		for i := range int64(300) {
			r.AddChat(telegramtest.Chat{ID: 1000 + i})
			wg.Go(func() {
				for {
					_, err := r.send(fmt.Sprint(1000+i), chat.Card{Title: "A"}, "k")
					if err == nil {
						return
					}
					if !strings.HasPrefix(outcome(err), "later") {
						t.Error(err)
						return
					}
					time.Sleep(time.Second)
				}
			})
		}
		wg.Wait()
		for range 25 {
			for {
				if _, err := r.send("-100", chat.Card{Title: "A"}, "k"); err == nil {
					break
				}
				time.Sleep(time.Second)
			}
		}
		r.clean()
	})
}
