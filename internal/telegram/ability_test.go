package telegram_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// manager is an administrator who may pin and manage topics.
var manager = telegramtest.Standing{Status: "administrator", Pin: true, Topics: true}

func (r *rig) edit(where string, id chat.MessageID, c chat.Card) error {
	return r.bot.Edit(context.Background(), conversation(where), id, c)
}

// mustSend sends and waits where the pace asks for it.
func (r *rig) mustSend(to string, c chat.Card) chat.MessageID {
	r.t.Helper()
	for i := range 100 {
		id, err := r.send(to, c, "key")
		if err == nil {
			return id
		}
		if !strings.HasPrefix(outcome(err), "later") || i == 99 {
			r.t.Fatalf("sending to %s: %v", to, err)
		}
		time.Sleep(10 * time.Second)
	}
	return ""
}

func TestEditChangesTheMessageAndNothingWhenRepeated(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		c := chat.Card{Title: "Digest", Lead: chat.Plainly("As it was"), Actions: [][]chat.Action{{{Label: "Read", Call: "overview a"}}}}
		for _, to := range []string{"42", "-100", "-100/7"} {
			id := r.mustSend(to, c)
			now := c
			now.Lead = chat.Text{{Text: "As it was", Style: chat.Strike}, {Text: " As it is"}}
			for range 2 {
				if err := r.edit(to, id, now); err != nil {
					t.Errorf("%s: %v", to, err)
				}
			}
			chatID, _ := place(conversation(to))
			m := r.Last(chatID)
			if m.Text != "Digest\n\nAs it was As it is" || m.Edits != 1 || m.Preview || len(m.Entities) != 2 || len(m.Keyboard) != 1 {
				t.Errorf("%s: the message is now %+v", to, m)
			}
			if link := m.Keyboard[0][0].URL; (link == "") != (to == "42") {
				t.Errorf("%s: the button leads to %q", to, link)
			}
		}
		if n := len(r.Refused()); n != 3 { // the three repetitions
			t.Errorf("%d calls were refused", n)
		}
	})
}

func TestEditThatIsNotPossible(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		r.AddChat(telegramtest.Chat{ID: -5, Type: "group"})
		theirs := r.Say(42, 42, "hello")
		gone := r.mustSend("42", chat.Card{Title: "A"})
		r.Delete(42, theirs+1)
		before := r.mustSend("-5", chat.Card{Title: "A"})
		shut := r.mustSend("-100/7", chat.Card{Title: "A"})
		r.CloseTopic(-100, 7)
		calls := len(r.Calls("editMessageText"))
		for name, test := range map[string]struct {
			where string
			id    chat.MessageID
			want  string
			calls int
		}{
			"another's":          {"42", chat.MessageID(fmt.Sprint(theirs)), "fixed", 1},
			"deleted":            {"42", gone, "fixed", 1},
			"unknown":            {"42", "999", "fixed", 1},
			"none":               {"42", "m7", "fixed", 0},
			"in a closed topic":  {"-100/7", shut, "fixed", 1},
			"before the move":    {"-1000000000005", before, "fixed", 0},
			"in no conversation": {"x", "1", "gone", 0},
		} {
			if err := r.edit(test.where, test.id, chat.Card{Title: "B"}); outcome(err) != test.want {
				t.Errorf("%s: %v", name, err)
			}
			if n := len(r.Calls("editMessageText")) - calls; n != test.calls {
				t.Errorf("%s: %d calls, not %d", name, n, test.calls)
			}
			calls += test.calls
			time.Sleep(10 * time.Second)
		}
		r.Migrate(-5, -1000000000005)
		if err := r.edit("-5", before, chat.Card{Title: "B"}); outcome(err) != "moved to telegram:-1000000000005" {
			t.Error(err)
		}
	})
}

// A card of several messages is edited in all of them, goes on where it stopped, and
// never becomes more or fewer messages.
func TestEditOfSeveralMessages(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*chat.Card)
		want   string // in the whole text
	}{
		"struck through": {func(c *chat.Card) {
			for i := range c.Items {
				c.Items[i].Body[0].Style = chat.Strike
			}
		}, "Event 39\n"},
		"longer": {func(c *chat.Card) {
			for i := range c.Items {
				c.Items[i].Body = append(c.Items[i].Body, chat.Span{Text: strings.Repeat(" More words.", 20)})
			}
		}, "more not shown"},
		"shorter": {func(c *chat.Card) { c.Items = c.Items[:2] }, "…\n"},
		"a word":  {func(c *chat.Card) { c.Items = nil }, "…\nDigest"},
	} {
		t.Run(name, func(t *testing.T) {
			poster(t, func(t *testing.T, r *rig) {
				id := r.mustSend("-100", longCard())
				n := len(r.Messages(-100))
				if n < 3 {
					t.Fatalf("%d messages", n)
				}
				now := longCard()
				test.change(&now)
				r.ScriptChat("editMessageText", -100, telegramtest.Fault{}, telegramtest.Fault{Status: 502, HTML: true})
				var outcomes []string
				for len(outcomes) < 9 && (len(outcomes) == 0 || outcomes[len(outcomes)-1] != "sent") {
					outcomes = append(outcomes, outcome(r.edit("-100", id, now)))
					time.Sleep(20 * time.Second)
				}
				if outcomes[0] != "later 0s" || outcomes[len(outcomes)-1] != "sent" {
					t.Errorf("the outcomes were %v", outcomes)
				}
				if calls := len(r.Calls("editMessageText")); calls != n+1 {
					t.Errorf("%d edits of %d messages", calls, n)
				}
				all := r.Messages(-100)
				if len(all) != n || len(all[n-1].Keyboard) != 1 {
					t.Errorf("there are %d messages, not %d, the last with %v", len(all), n, all[n-1].Keyboard)
				}
				if whole := strings.Join(texts(all), "\n"); !strings.Contains(whole, test.want) {
					t.Errorf("%q is not in\n%s", test.want, whole)
				}
				// Back to what it was: nothing is remembered of the way here.
				for range 9 {
					if r.edit("-100", id, longCard()) == nil {
						break
					}
					time.Sleep(20 * time.Second)
				}
				if whole := strings.Join(texts(r.Messages(-100)), "\n"); strings.Count(whole, "\nEvent ") != 40 || strings.Contains(whole, "…") {
					t.Errorf("it cannot be taken back:\n%s", whole)
				}
			})
		})
	}
}

// An edit that stopped half way is not gone on with when another is asked for.
func TestEditOvertakenByAnother(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		id := r.mustSend("42", longCard())
		versions := map[string]chat.Card{}
		for _, word := range []string{"first", "second"} {
			c := longCard()
			for i := range c.Items {
				c.Items[i].Label = word
			}
			versions[word] = c
		}
		r.Script("editMessageText", telegramtest.Fault{}, telegramtest.Fault{Status: 502, HTML: true})
		if err := r.edit("42", id, versions["first"]); outcome(err) != "later 0s" {
			t.Fatal(err)
		}
		if err := r.edit("42", id, versions["second"]); err != nil {
			t.Fatal(err)
		}
		whole := strings.Join(texts(r.Messages(42)), "\n")
		if n := strings.Count(whole, "second\n"); n != 40 || strings.Contains(whole, "first\n") {
			t.Errorf("%d items are of the second:\n%s", n, whole)
		}
	})
}

func TestEditOfSeveralMessagesOneOfWhichIsGone(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		id := r.mustSend("42", longCard())
		first := r.Messages(42)[0].ID
		r.Delete(42, first)
		now := longCard()
		now.Note = chat.Plainly("Corrected")
		if err := r.edit("42", id, now); outcome(err) != "fixed" {
			t.Error(err)
		}
		if last := r.Last(42); !strings.Contains(last.Text, "Corrected") {
			t.Errorf("the last message is %q", last.Text)
		}
	})
}

func TestReply(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		reply := func(to string, original chat.MessageID) telegramtest.Message {
			t.Helper()
			time.Sleep(10 * time.Second)
			id, err := r.bot.Reply(context.Background(), conversation(to), original, chat.Card{Title: "Correction"}, "reply")
			chatID, _ := place(conversation(to))
			m := r.Last(chatID)
			if err != nil || !strings.HasPrefix(string(id), fmt.Sprint(m.ID)) || m.Text != "Correction" {
				t.Errorf("%s: %q %v, the message is %+v", to, id, err, m)
			}
			return m
		}
		for _, to := range []string{"42", "-100", "-100/7"} {
			id := r.mustSend(to, longCard())
			chatID, thread := place(conversation(to))
			all := r.Messages(chatID)
			first := all[slices.IndexFunc(all, func(m telegramtest.Message) bool { return m.Thread == thread })].ID
			if m := reply(to, id); m.ReplyTo != first || m.Thread != thread {
				t.Errorf("%s: the answer is to %d in %d, not to %d", to, m.ReplyTo, m.Thread, first)
			}
			r.Delete(chatID, first)
			if m := reply(to, id); m.ReplyTo != 0 {
				t.Errorf("%s: the answer is to %d, which is gone", to, m.ReplyTo)
			}
		}
		r.clean()
		// A server that does not know the parameter says so; a group's old ids mean
		// other messages now.
		r.Script("sendMessage", telegramtest.Fault{Status: 400, Description: "Bad Request: message to be replied not found"})
		reply("42", "1")
		r.AddChat(telegramtest.Chat{ID: -1000000000005})
		theirs := r.Say(-1000000000005, 43, "hello")
		if m := reply("-1000000000005", chat.MessageID(fmt.Sprint(theirs, " -5"))); m.ReplyTo != 0 {
			t.Errorf("the answer is to %d, which is another's", m.ReplyTo)
		}
	})
}

// Of an answer of several messages the first is the answer.
func TestLongReply(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		asked := r.Say(42, 42, "hello")
		var outcomes []string
		r.Script("sendMessage", telegramtest.Fault{}, telegramtest.Fault{Status: 502, HTML: true})
		for range 2 {
			_, err := r.bot.Reply(context.Background(), conversation("42"), chat.MessageID(fmt.Sprint(asked)), longCard(), "key")
			outcomes = append(outcomes, outcome(err))
		}
		if !slices.Equal(outcomes, []string{"later 0s", "sent"}) {
			t.Errorf("the outcomes were %v", outcomes)
		}
		for i, m := range r.Messages(42) {
			if (m.ReplyTo == asked) != (i == 0) {
				t.Errorf("message %d answers %d", i+1, m.ReplyTo)
			}
		}
	})
}

func TestPin(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		r.AddChat(telegramtest.Chat{ID: -101, Bot: manager})
		r.AddChat(telegramtest.Chat{ID: -200, Type: "channel", Bot: telegramtest.Standing{Status: "administrator"}})
		ctx := context.Background()
		for to, want := range map[string]string{"42": "sent", "-101": "sent", "-100": "fixed", "-200": "fixed"} {
			id := r.mustSend(to, longCard())
			chatID, _ := place(conversation(to))
			first := fmt.Sprint(r.Messages(chatID)[0].ID)
			for range 2 {
				if err := r.bot.Pin(ctx, conversation(to), id); outcome(err) != want {
					t.Errorf("pinning in %s: %v", to, err)
				}
				time.Sleep(10 * time.Second)
			}
			if want == "sent" {
				if diff := cmp.Diff([]string{first}, r.Pinned(chatID)); diff != "" {
					t.Errorf("pinned in %s (-want +got):\n%s", to, diff)
				}
			}
			for range 2 {
				if err := r.bot.Unpin(ctx, conversation(to), id); outcome(err) != want {
					t.Errorf("unpinning in %s: %v", to, err)
				}
				time.Sleep(10 * time.Second)
			}
			if left := r.Pinned(chatID); len(left) > 0 {
				t.Errorf("%v are pinned in %s", left, to)
			}
		}
		for id, want := range map[chat.MessageID]string{"999": "fixed", "": "fixed", "1 -5": "fixed"} {
			if err := r.bot.Pin(ctx, conversation("-101"), id); outcome(err) != want {
				t.Errorf("pinning %q: %v", id, err)
			}
		}
		r.SetBot(-101, 42, telegramtest.Standing{Status: "kicked"})
		if err := r.bot.Pin(ctx, conversation("-101"), "1"); outcome(err) != "gone" {
			t.Error(err)
		}
	})
}

func TestOpenThread(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		r.AddChat(telegramtest.Chat{ID: -101, Forum: true, Bot: manager})
		ctx := context.Background()
		long := strings.Repeat("Pokrovsk 👩‍👩‍👧 ", 40)
		where, err := r.bot.OpenThread(ctx, conversation("-101"), long, chat.Card{Title: "About"}, "key")
		if err != nil || where.ID != "-101" || where.Thread == "" {
			t.Fatalf("%v %v", where, err)
		}
		m := r.Last(-101)
		if m.Text != "About" || fmt.Sprint(m.Thread) != where.Thread {
			t.Errorf("the first message is %+v in %v", m, where)
		}
		if name := r.Topic(-101, m.Thread); !strings.HasPrefix(name, "Pokrovsk") || !strings.HasSuffix(name, "…") || len([]rune(name)) < 60 {
			t.Errorf("the topic's name is %q", name)
		}
		time.Sleep(10 * time.Second)
		empty, err := r.bot.OpenThread(ctx, conversation("-101"), " ", chat.Card{}, "other")
		if err != nil || empty == where || len(r.Messages(-101)) != 1 {
			t.Errorf("without a card: %v %v", empty, err)
		}
		r.clean()
	})
}

// A topic that was opened before its first message failed is not opened twice.
func TestOpenThreadGoesOnWhereItStopped(t *testing.T) {
	for name, test := range map[string]struct {
		fault    telegramtest.Fault
		first    string
		messages int
	}{
		"haste":     {telegramtest.Fault{Status: 429, RetryAfter: 5, Description: "Too Many Requests: retry after 5"}, "later 5s", 1},
		"uncertain": {telegramtest.Fault{Reset: telegramtest.After}, "sent", 1},
		"refused":   {telegramtest.Fault{Status: 400, Description: "Bad Request: ENTITIES_TOO_LONG"}, "sent", 0},
	} {
		t.Run(name, func(t *testing.T) {
			poster(t, func(t *testing.T, r *rig) {
				r.AddChat(telegramtest.Chat{ID: -101, Forum: true, Bot: manager})
				r.Script("sendMessage", test.fault)
				open := func() string {
					_, err := r.bot.OpenThread(context.Background(), conversation("-101"), "Pokrovsk", chat.Card{Title: "About"}, "key")
					return outcome(err)
				}
				got := open()
				if got != test.first {
					t.Errorf("first %s, not %s", got, test.first)
				}
				time.Sleep(10 * time.Second)
				if got != "sent" && open() != "sent" {
					t.Error("it does not go on")
				}
				if n, m := len(r.Calls("createForumTopic")), len(r.Messages(-101)); n != 1 || m != test.messages {
					t.Errorf("%d topics, %d messages", n, m)
				}
			})
		})
	}
}

func TestOpenThreadThatIsNotPossible(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		r.AddChat(telegramtest.Chat{ID: -101, Bot: manager})
		r.AddChat(telegramtest.Chat{ID: -102, Forum: true, Bot: telegramtest.Standing{Status: "kicked"}})
		for to, want := range map[string]struct{ outcome, reason string }{
			"42":     {"fixed", "no topics"},
			"-101":   {"fixed", "no topics"},
			"-100":   {"fixed", "may not manage topics"},
			"-100/7": {"fixed", "holds no topics"},
			"-102":   {"gone", "removed"},
			"-999":   {"gone", "no such chat"},
			"x":      {"gone", ""},
		} {
			_, err := r.bot.OpenThread(context.Background(), conversation(to), "Pokrovsk", chat.Card{}, "key")
			if outcome(err) != want.outcome || !strings.Contains(err.Error(), want.reason) {
				t.Errorf("%s: %v", to, err)
			}
		}
		if m := r.Messages(-100); len(m) > 0 {
			t.Errorf("posted %+v", m)
		}
	})
}

func TestMessageURL(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		r.AddChat(telegramtest.Chat{ID: -1001234567890, Forum: true, Topics: []int{7}})
		r.AddChat(telegramtest.Chat{ID: -1009876543210, Type: "channel", Name: "front_news"})
		ctx := context.Background()
		if _, err := r.bot.Survey(ctx, conversation("-1009876543210")); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			where string
			id    chat.MessageID
			want  string
		}{
			{"-1001234567890", "12", "https://t.me/c/1234567890/12"},
			{"-1001234567890", "14 12 13", "https://t.me/c/1234567890/12"},
			{"-1001234567890/7", "12", "https://t.me/c/1234567890/7/12"},
			{"-1009876543210", "12", "https://t.me/front_news/12"},
			{"-5", "12 -5", ""},
			{"-1001234567890", "12 -5", ""},
			{"42", "12", ""},
			{"x", "12", ""},
			{"-1001234567890", "", ""},
		} {
			if got := r.bot.MessageURL(ctx, conversation(test.where), test.id); got != test.want {
				t.Errorf("%s %q: %q, not %q", test.where, test.id, got, test.want)
			}
		}
	})
}
