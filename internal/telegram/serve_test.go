package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/telegram"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// piped runs a test in a bubble with a bot at a vendor that keeps its limits, and
// holds it to have been refused nothing.
func piped(t *testing.T, test func(*testing.T, *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, telegramtest.Options{Pipe: true, Limits: true})
		test(t, r)
		if err := r.stop(); err != nil {
			t.Errorf("Serve ended with %v", err)
		}
		if log := r.log.String(); strings.Contains(log, "TEST-token") {
			t.Errorf("the token was logged:\n%s", log)
		}
	})
}

// clean fails the test if the vendor refused anything.
func (r *rig) clean() {
	r.t.Helper()
	for _, c := range r.Refused() {
		r.t.Errorf("refused: %s %v: %s", c.Method, c.Params, c.Error)
	}
	if n := r.Limited(); n > 0 {
		r.t.Errorf("%d calls were too many", n)
	}
}

func TestAnswersOverTheNetwork(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	r.Say(42, 42, "/overview us-nss-2025")
	m := r.said(42, 1)[0]
	if m.Text != "Answer to /\u2060overview us-nss-2025" || m.Preview || m.ReplyTo != 0 {
		t.Errorf("the answer was %+v", m)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	r.clean()
}

func TestWhatIsACommand(t *testing.T) {
	const group, topic = -100, 7
	for name, test := range map[string]struct {
		in   telegramtest.Incoming
		want string // empty: ignored
	}{
		"plain":                 {telegramtest.Incoming{Chat: group, From: 43, Text: "/overview x"}, "/overview x"},
		"addressed":             {telegramtest.Incoming{Chat: group, From: 43, Text: "/overview@BriefBot x"}, "/overview x"},
		"addressed in any case": {telegramtest.Incoming{Chat: group, From: 43, Text: "/OverView@bRIEFbOT x"}, "/overview x"},
		"another bot's":         {telegramtest.Incoming{Chat: group, From: 43, Text: "/overview@OtherBot x"}, ""},
		"alike":                 {telegramtest.Incoming{Chat: group, From: 43, Text: "/overview@BriefBot2 x"}, ""},
		"white space":           {telegramtest.Incoming{Chat: group, From: 43, Text: "/overview\nx  y"}, "/overview\nx  y"},
		"in the middle":         {telegramtest.Incoming{Chat: group, From: 43, Text: "try /overview"}, ""},
		"words in a group":      {telegramtest.Incoming{Chat: group, From: 43, Text: "hello"}, ""},
		"a caption":             {telegramtest.Incoming{Chat: group, From: 43, Text: "/overview x", Caption: true}, "/overview x"},
		"in a topic":            {telegramtest.Incoming{Chat: group, From: 43, Text: "/overview", Thread: topic}, "/overview"},
		"forwarded by itself":   {telegramtest.Incoming{Chat: group, SenderChat: -200, Auto: true, Text: "/overview"}, ""},
		"posted in a channel":   {telegramtest.Incoming{Chat: -200, Text: "/overview"}, "/overview"},
		"words in a channel":    {telegramtest.Incoming{Chat: -200, Text: "news"}, ""},
		"words in private":      {telegramtest.Incoming{Chat: 42, From: 42, Text: "hello"}, "/help"},
		"a photo in private":    {telegramtest.Incoming{Chat: 42, From: 42, Text: "look", Caption: true}, ""},
		"unmarked letters":      {telegramtest.Incoming{Chat: 42, From: 42, Text: "/обзор x"}, "/обзор x"},
		"copied":                {telegramtest.Incoming{Chat: 42, From: 42, Text: "/\u2060overview README.\u2060md"}, "/overview README.md"},
		"invited":               {telegramtest.Incoming{Chat: group, From: 42, Text: "/start@BriefBot true"}, ""},
		"start in a group":      {telegramtest.Incoming{Chat: group, From: 42, Text: "/start@BriefBot"}, "/start"},
		"start":                 {telegramtest.Incoming{Chat: 42, From: 42, Text: "/start"}, "/start"},
		"a deep link":           {telegramtest.Incoming{Chat: 42, From: 42, Text: "/start AbCdEf0123_-wxyz"}, "~AbCdEf0123_-wxyz"},
		"an odd deep link":      {telegramtest.Incoming{Chat: 42, From: 42, Text: "/start campaign"}, "/start"},
	} {
		t.Run(name, func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				r.Write(test.in)
				r.Await("the update to be confirmed", func() bool { return r.Pending() == 0 })
				synctest.Wait()
				var want []string
				if test.want != "" {
					want = []string{test.want}
				}
				if diff := cmp.Diff(want, r.host.lines()); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
				r.clean()
			})
		})
	}
}

// A server between may leave out the entities of a message.
func TestCommandWithoutEntities(t *testing.T) {
	code := []any{map[string]any{"type": "code", "offset": 0, "length": 9}}
	for name, test := range map[string]struct {
		text     string
		entities any
		want     []string
	}{
		"plain":         {"/overview x", nil, []string{"/overview x"}},
		"addressed":     {"/Overview@briefbot", nil, []string{"/overview"}},
		"another bot's": {"/overview@OtherBot x", nil, nil},
		"a path":        {"/usr/bin/env", nil, nil},
		"other letters": {"/обзор x", nil, nil},
		"quoted code":   {"/overview x", code, nil},
	} {
		t.Run(name, func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				m := map[string]any{"message_id": 900, "date": 1, "text": test.text,
					"chat": map[string]any{"id": -100, "type": "supergroup"}, "from": map[string]any{"id": 43, "first_name": "Ben"}}
				if test.entities != nil {
					m["entities"] = test.entities
				}
				r.Push("message", m)
				r.Await("the update to be confirmed", func() bool { return r.Pending() == 0 })
				synctest.Wait()
				if diff := cmp.Diff(test.want, r.host.lines()); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
				r.clean()
			})
		})
	}
}

func TestWhoAsksWhereAndWithWhatAccess(t *testing.T) {
	type who struct {
		Where               string
		Room, Asker         []string
		Private, Direct     bool
		Language            string
		Manages             bool
		Pressed             bool
		Asks                int // for getChatMember or getChat
		Thread, Reply, Edit int
	}
	for name, test := range map[string]struct {
		in   telegramtest.Incoming
		want who
	}{
		"a person": {telegramtest.Incoming{Chat: 42, From: 42},
			who{Where: "telegram:42", Room: []string{"telegram:42"}, Asker: []string{"telegram:42"}, Private: true, Direct: true, Language: "en", Manages: true}},
		"an administrator": {telegramtest.Incoming{Chat: -100, From: 42},
			who{Where: "telegram:-100", Room: []string{"telegram:-100"}, Asker: []string{"telegram:42"}, Language: "en", Manages: true, Asks: 1, Reply: 1}},
		"a member": {telegramtest.Incoming{Chat: -100, From: 43},
			who{Where: "telegram:-100", Room: []string{"telegram:-100"}, Asker: []string{"telegram:43"}, Language: "uk", Asks: 1, Reply: 1}},
		"in a topic": {telegramtest.Incoming{Chat: -100, From: 43, Thread: 7},
			who{Where: "telegram:-100/7", Room: []string{"telegram:-100"}, Asker: []string{"telegram:43"}, Language: "uk", Asks: 1, Thread: 7, Reply: 1}},
		"in the general topic": {telegramtest.Incoming{Chat: -100, From: 43, Thread: 1},
			who{Where: "telegram:-100", Room: []string{"telegram:-100"}, Asker: []string{"telegram:43"}, Language: "uk", Asks: 1, Reply: 1}},
		"an anonymous administrator": {telegramtest.Incoming{Chat: -100, SenderChat: -100},
			who{Where: "telegram:-100", Room: []string{"telegram:-100"}, Asker: []string{"telegram:-100"}, Manages: true, Reply: 1}},
		"the linked channel": {telegramtest.Incoming{Chat: -300, SenderChat: -200},
			who{Where: "telegram:-300", Room: []string{"telegram:-300"}, Asker: []string{"telegram:-200"}, Manages: true, Asks: 1, Reply: 1}},
		"another channel": {telegramtest.Incoming{Chat: -100, SenderChat: -200},
			who{Where: "telegram:-100", Room: []string{"telegram:-100"}, Asker: []string{"telegram:-200"}, Asks: 1, Reply: 1}},
		"a channel": {telegramtest.Incoming{Chat: -200},
			who{Where: "telegram:-200", Room: []string{"telegram:-200"}, Asker: []string{"telegram:-200"}, Manages: true}},
	} {
		t.Run(name, func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				r.AddChat(telegramtest.Chat{ID: -300, Title: "Discussion", Linked: -200})
				test.in.Text = "/overview"
				r.Write(test.in)
				m := r.said(test.in.Chat, 1)[0]
				inv := r.host.last()
				if inv.ID != fmt.Sprintf("message:%d/1", test.in.Chat) {
					t.Errorf("the id is %q", inv.ID)
				}
				if n := len(r.Calls("getChatMember", "getChat")); n > 0 {
					t.Errorf("%d questions were asked before they mattered", n)
				}
				manages, err := inv.Manages(context.Background())
				if err != nil {
					t.Error(err)
				}
				if again, err := inv.Manages(context.Background()); again != manages || err != nil {
					t.Errorf("asked again: %v %v", again, err)
				}
				got := who{inv.Where.String(), inv.Room, inv.Asker, inv.Private, inv.Direct, inv.Language, manages, inv.Pressed,
					len(r.Calls("getChatMember", "getChat")), m.Thread, m.ReplyTo, 0}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
				r.clean()
			})
		})
	}
}

func TestManagersAreForgottenAfterAMinute(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.Say(-100, 43, "/overview")
		r.said(-100, 1)
		manages := func() bool {
			yes, err := r.host.last().Manages(context.Background())
			if err != nil {
				t.Error(err)
			}
			return yes
		}
		if manages() {
			t.Error("a member manages")
		}
		r.SetMember(-100, 43, "administrator")
		if manages() {
			t.Error("the answer was not remembered")
		}
		time.Sleep(61 * time.Second)
		if !manages() {
			t.Error("the answer was not forgotten")
		}
	})
}

// buttons answers every call with a card that has one button.
func buttons(inv chat.Invocation) chat.Reply {
	return chat.Reply{Card: chat.Card{Title: "At " + inv.Line, Actions: [][]chat.Action{{{Label: "More", Call: "timeline a after=b"}}}}}
}

func TestPressIsAnsweredFirstThenEdited(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.host.answer = buttons
		r.Write(telegramtest.Incoming{Chat: -100, From: 42, Thread: 7, Text: "/overview"})
		m := r.said(-100, 1)[0]
		id := r.PressLabel(m, 43, "More")
		r.Await("the edit", func() bool { return r.Last(-100).Edits == 1 })
		if got := r.Last(-100); got.Text != "At timeline a after=b" || got.ID != m.ID {
			t.Errorf("the message is now %+v", got)
		}
		inv := r.host.last()
		if inv.ID != "callback:"+id || !inv.Pressed || inv.Private || inv.Where.String() != "telegram:-100/7" || inv.Asker[0] != "telegram:43" || inv.Language != "uk" {
			t.Errorf("asked %+v", inv)
		}
		if yes, err := inv.Manages(context.Background()); yes || err != nil {
			t.Errorf("a member manages: %v %v", yes, err)
		}
		calls := r.Calls("answerCallbackQuery", "editMessageText")
		if len(calls) != 2 || calls[0].Method != "answerCallbackQuery" {
			t.Errorf("the calls were %v", calls)
		}
		r.clean()
		// The same page again: the vendor refuses, the reader sees no difference.
		r.PressLabel(r.Last(-100), 43, "More")
		r.Await("the second edit", func() bool { return len(r.Calls("editMessageText")) == 2 })
		synctest.Wait()
		if log := r.log.String(); strings.Contains(log, "not given") {
			t.Errorf("what is not modified was taken for an error:\n%s", log)
		}
		if n := len(r.Messages(-100)); n != 1 {
			t.Errorf("there are %d messages", n)
		}
	})
}

func TestPressesThatCannotEdit(t *testing.T) {
	press := func(name string, chatID int64, test func(t *testing.T, r *rig, m telegramtest.Message)) {
		t.Run(name, func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				r.host.answer = buttons
				r.Say(chatID, 42, "/overview")
				test(t, r, r.said(chatID, 1)[0])
			})
		})
	}
	press("the ledger's message in private is answered anew", 42, func(t *testing.T, r *rig, m telegramtest.Message) {
		r.host.own(conversation("42"), "2")
		r.PressLabel(m, 42, "More")
		if all := r.said(42, 2); all[0].Edits != 0 || all[1].Text != "At timeline a after=b" {
			t.Errorf("the messages are %+v", all)
		}
		r.clean()
	})
	press("the ledger's message in a group leads into private", -100, func(t *testing.T, r *rig, m telegramtest.Message) {
		r.host.own(conversation("-100"), "2")
		id := r.PressLabel(m, 43, "More")
		r.Await("the answer", func() bool { return r.Callback(id).Answered })
		synctest.Wait()
		if got, want := r.Callback(id).URL, "https://t.me/BriefBot?start="+chat.Ticket("timeline a after=b"); got != want {
			t.Errorf("leads to %q, not %q", got, want)
		}
		if len(r.host.lines()) != 1 || len(r.Messages(-100)) != 1 {
			t.Errorf("the press was answered in the group: %v", r.host.lines())
		}
		r.clean()
	})
	press("whose message it is cannot be told", 42, func(t *testing.T, r *rig, m telegramtest.Message) {
		r.host.mu.Lock()
		r.host.ownsErr = errors.New("locked")
		r.host.mu.Unlock()
		r.PressLabel(m, 42, "More")
		if all := r.said(42, 2); all[0].Edits != 0 {
			t.Error("a message that may be the ledger's was edited")
		}
	})
	press("the message is too old to be seen", -100, func(t *testing.T, r *rig, m telegramtest.Message) {
		r.Press(telegramtest.Press{Chat: -100, From: 43, Message: m.ID, Data: "overview a", Inaccessible: true})
		if all := r.said(-100, 2); all[1].Text != "At overview a" {
			t.Errorf("the messages are %+v", all)
		}
		r.clean()
	})
	press("the message was deleted", 42, func(t *testing.T, r *rig, m telegramtest.Message) {
		r.Script("answerCallbackQuery", telegramtest.Fault{Delay: time.Second})
		r.PressLabel(m, 42, "More")
		r.Delete(42, m.ID)
		if all := r.said(42, 1); all[0].ID == m.ID || all[0].Text != "At timeline a after=b" {
			t.Errorf("the messages are %+v", all)
		}
	})
	press("the message has no chat", 42, func(t *testing.T, r *rig, m telegramtest.Message) {
		id := r.Press(telegramtest.Press{From: 43, Data: "overview a", Inline: "inline-1"})
		r.Await("the answer", func() bool { return r.Callback(id).Answered })
		if text := r.Callback(id).Text; text == "" || len([]rune(text)) > 200 {
			t.Errorf("the press was answered %q", text)
		}
		r.clean()
	})
	press("the press is too old to be acknowledged", 42, func(t *testing.T, r *rig, m telegramtest.Message) {
		r.Script("answerCallbackQuery", telegramtest.Fault{Status: 400, Description: "Bad Request: query is too old and response timeout expired or query ID is invalid"})
		r.PressLabel(m, 42, "More")
		r.Await("the edit", func() bool { return r.Last(42).Edits == 1 })
		if log := r.log.String(); strings.Contains(log, "acknowledged") {
			t.Errorf("a stale press was logged:\n%s", log)
		}
	})
}

func TestStandingBecomesLifecycle(t *testing.T) {
	const added, back, lost = chat.Added, chat.Back, chat.Lost
	member, admin, left, kicked := telegramtest.Standing{Status: "member"}, telegramtest.Standing{Status: "administrator"},
		telegramtest.Standing{Status: "left"}, telegramtest.Standing{Status: "kicked"}
	silenced := telegramtest.Standing{Status: "restricted", Mute: true}
	mute := telegramtest.Standing{Status: "administrator", Mute: true}
	const noPosting = "the bot is not an administrator with the right to post messages"
	for name, test := range map[string]struct {
		chat     int64
		from, to telegramtest.Standing
		want     chat.EventKind // zero: nothing
		reason   string
	}{
		"added to a group":      {-100, left, member, added, ""},
		"added as an admin":     {-100, left, admin, added, ""},
		"let back in":           {-100, kicked, member, back, ""},
		"promoted":              {-100, member, admin, 0, ""},
		"removed":               {-100, member, kicked, lost, "the bot was removed"},
		"left":                  {-100, member, left, lost, "the bot was removed"},
		"removed after leaving": {-100, left, kicked, 0, ""},
		"silenced":              {-100, member, silenced, lost, "the bot may not send text messages"},
		"unsilenced":            {-100, silenced, member, back, ""},
		"added to a channel":    {-200, left, admin, added, ""},
		"may post no more":      {-200, admin, mute, lost, noPosting},
		"may post again":        {-200, mute, admin, back, ""},
		"demoted":               {-200, admin, member, lost, noPosting},
		"promoted to post":      {-200, member, admin, back, ""},
		"removed when silent":   {-100, silenced, kicked, 0, ""},
		"added and silenced":    {-100, left, silenced, 0, ""},
		"an admin silenced":     {-100, admin, silenced, lost, "the bot may not send text messages"},
		"blocked":               {42, member, kicked, lost, "the bot was blocked"},
		"unblocked":             {42, kicked, member, back, ""},
	} {
		t.Run(name, func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				typ := ""
				if test.chat == -200 {
					typ = "channel"
				}
				r.AddChat(telegramtest.Chat{ID: test.chat, Type: typ, Bot: test.from})
				r.SetBot(test.chat, 42, test.to)
				r.Await("the update to be confirmed", func() bool { return r.Pending() == 0 })
				id := fmt.Sprint(test.chat)
				var want []chat.Event
				if test.want != 0 {
					want = []chat.Event{{Kind: test.want, Where: conversation(id), Room: []string{"telegram:" + id}, Reason: test.reason}}
				}
				if diff := cmp.Diff(want, r.host.told()); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestMoveIsToldOnce(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.AddChat(telegramtest.Chat{ID: -5, Type: "group", Title: "Small"})
		r.host.answer = func(inv chat.Invocation) chat.Reply {
			// The group is moved while its question is being answered.
			if inv.Line == "/overview" {
				r.Migrate(-5, -1005)
			}
			return chat.Reply{Card: chat.Card{Title: "Answer"}}
		}
		r.Say(-5, 42, "/overview")
		if got := r.said(-1005, 1); got[0].Text != "Answer" {
			t.Errorf("the answer was %+v", got)
		}
		r.Await("the updates to be confirmed", func() bool { return r.Pending() == 0 })
		want := []chat.Event{{Kind: chat.Moved, Where: conversation("-5"), To: conversation("-1005"), Room: []string{"telegram:-1005"}}}
		if diff := cmp.Diff(want, r.host.told()); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

// What the service tells once is told again where it could not be kept.
func TestLifecycleIsKeptAtLast(t *testing.T) {
	for _, failures := range []int{1, 4, 100} {
		t.Run(fmt.Sprint(failures), func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				r.host.mu.Lock()
				r.host.lost = failures
				r.host.mu.Unlock()
				r.SetBot(-100, 42, telegramtest.Standing{Status: "kicked"})
				r.AwaitFor(5*time.Minute, "the update to be confirmed", func() bool { return r.Pending() == 0 })
				time.Sleep(5 * time.Minute)
				if n := len(r.host.told()); (n == 1) != (failures < 6) {
					t.Errorf("told %d times", n)
				}
				r.answersOnce("/overview")
			})
		})
	}
}

// The old id fails for a post of nobody's asking before the service message is read,
// and both say the same.
func TestMoveIsKnownByBothSignals(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.AddChat(telegramtest.Chat{ID: -5, Type: "group", Title: "Small"})
		r.Migrate(-5, -1000000000005)
		_, err := r.send("-5", chat.Card{Title: "Digest"}, "key")
		if outcome(err) != "moved to telegram:-1000000000005" {
			t.Error(err)
		}
		r.Await("the updates to be confirmed", func() bool { return r.Pending() == 0 })
		want := []chat.Event{{Kind: chat.Moved, Where: conversation("-5"), To: conversation("-1000000000005"), Room: []string{"telegram:-1000000000005"}}}
		if diff := cmp.Diff(want, r.host.told()); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		if _, err := r.send("-1000000000005", chat.Card{Title: "Digest"}, "key"); err != nil {
			t.Error(err)
		}
	})
}

func TestTopicsThatCloseAndOpen(t *testing.T) {
	for name, test := range map[string]struct {
		bot  telegramtest.Standing
		lost bool
	}{
		"a member":                {telegramtest.Standing{}, true},
		"an administrator":        {telegramtest.Standing{Status: "administrator", Pin: true}, true},
		"one who manages topics":  {manager, false},
		"who cannot be asked for": {telegramtest.Standing{Status: "kicked"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				r.AddChat(telegramtest.Chat{ID: -101, Forum: true, Topics: []int{7}, Bot: test.bot})
				r.CloseTopic(-101, 7)
				r.ReopenTopic(-101, 7)
				r.Await("the updates to be confirmed", func() bool { return r.Pending() == 0 })
				back := chat.Event{Kind: chat.Back, Where: conversation("-101/7"), Room: []string{"telegram:-101"}}
				want := []chat.Event{back}
				if test.lost {
					lost := back
					lost.Kind, lost.Reason = chat.Lost, "the topic is closed, and the bot may not manage topics"
					want = []chat.Event{lost, back}
				}
				if diff := cmp.Diff(want, r.host.told()); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestMenusAreSetByScopeAndOnlyWhenChanged(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		set := func() int { return len(r.Calls("setMyCommands")) }
		r.Await("the menus", func() bool { return set() == 4 })
		for scope, want := range map[string][]string{
			"default": {"overview"}, "all_private_chats": {"overview", "subscribe"}, "all_group_chats": {"overview"}, "all_chat_administrators": {"overview", "subscribe"},
		} {
			if diff := cmp.Diff(want, r.Commands(scope)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", scope, diff)
			}
		}
		r.stop()
		r.serve()
		r.Await("the menus to be compared", func() bool { return len(r.Calls("getMyCommands")) == 8 })
		synctest.Wait()
		if n := set(); n != 4 {
			t.Errorf("the menus were set %d times", n)
		}
		r.clean()
	})
}

func TestMenusAreNeverFatal(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		refuse := func(telegramtest.Call) (telegramtest.Fault, bool) {
			return telegramtest.Fault{Status: 429, RetryAfter: 30, Description: "Too Many Requests: retry after 30"}, true
		}
		r.stop()
		r.Always("getMyCommands", refuse)
		r.serve()
		r.Say(42, 42, "/overview")
		r.said(42, 1)
		r.AwaitFor(time.Hour, "all tries", func() bool { return strings.Count(r.log.String(), "command menu could not be set") >= 20 })
	})
}

func TestAnswersRepeatWhatHadNoEffect(t *testing.T) {
	proxy := telegramtest.Fault{Status: 502, HTML: true}
	for name, test := range map[string]struct {
		faults []telegramtest.Fault
		want   int // messages
		tries  int
	}{
		"a proxy's page":        {[]telegramtest.Fault{proxy, proxy}, 1, 3},
		"haste":                 {[]telegramtest.Fault{{Status: 429, RetryAfter: 7, Description: "Too Many Requests: retry after 7"}}, 1, 2},
		"haste in the header":   {[]telegramtest.Fault{{Status: 429, RetryAfter: 7, Header: true, HTML: true}}, 1, 2},
		"the question is gone":  {[]telegramtest.Fault{{Status: 400, Description: "Bad Request: message to be replied not found"}}, 1, 2},
		"an uncertain answer":   {[]telegramtest.Fault{{Reset: telegramtest.After}}, 1, 1},
		"blocked":               {[]telegramtest.Fault{{Status: 403, Description: "Forbidden: bot was blocked by the user"}}, 0, 1},
		"refused, then plain":   {[]telegramtest.Fault{{Status: 400, Description: "Bad Request: ENTITIES_TOO_LONG"}}, 1, 2},
		"refused, even plain":   {[]telegramtest.Fault{{Status: 400, Description: "Bad Request: x"}, {Status: 400, Description: "Bad Request: x"}}, 0, 2},
		"nothing but failures":  {slices.Repeat([]telegramtest.Fault{proxy}, 10), 0, 5},
		"too late to be useful": {[]telegramtest.Fault{{Status: 429, RetryAfter: 3600, Description: "Too Many Requests: retry after 3600"}}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			piped(t, func(t *testing.T, r *rig) {
				r.Script("sendMessage", test.faults...)
				r.Say(-100, 42, "/overview")
				r.AwaitFor(10*time.Minute, "all tries", func() bool { return len(r.Calls("sendMessage")) >= test.tries })
				time.Sleep(3 * time.Minute)
				if n := len(r.Messages(-100)); n != test.want {
					t.Errorf("there are %d messages, not %d", n, test.want)
				}
				if n := len(r.Calls("sendMessage")); n != test.tries {
					t.Errorf("%d tries, not %d", n, test.tries)
				}
			})
		})
	}
}

func TestEditsAreRepeatedWhenUncertain(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.host.answer = buttons
		r.Say(42, 42, "/overview")
		m := r.said(42, 1)[0]
		r.Script("editMessageText", telegramtest.Fault{Reset: telegramtest.Before}, telegramtest.Fault{Status: 504, HTML: true})
		r.PressLabel(m, 42, "More")
		r.AwaitFor(time.Minute, "the edit", func() bool { return r.Last(42).Edits == 1 })
	})
}

func TestOneChatDoesNotHoldUpOthers(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		release := make(chan struct{})
		r.host.answer = func(inv chat.Invocation) chat.Reply {
			if inv.Where.ID == "-100" && inv.Line == "/overview 0" {
				<-release
			}
			return chat.Reply{Card: chat.Card{Title: inv.Line}}
		}
		for i := range 3 {
			r.Say(-100, 42, fmt.Sprint("/overview ", i))
		}
		r.Say(42, 42, "/overview x")
		r.said(42, 1)
		if n := len(r.Messages(-100)); n != 0 {
			t.Errorf("%d answers overtook the first", n)
		}
		close(release)
		want := []string{"/\u2060overview 0", "/\u2060overview 1", "/\u2060overview 2"}
		if diff := cmp.Diff(want, texts(r.said(-100, 3))); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
		r.clean()
	})
}

func TestPanicIsContained(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.host.answer = func(inv chat.Invocation) chat.Reply {
			if inv.Line == "/boom" {
				panic("boom")
			}
			return chat.Reply{Card: chat.Card{Title: "fine"}}
		}
		r.Say(42, 42, "/boom")
		r.Say(42, 42, "/overview")
		if got := r.said(42, 1); got[0].Text != "fine" {
			t.Errorf("the answers are %v", texts(got))
		}
		if !strings.Contains(r.log.String(), "boom") {
			t.Error("the panic was not logged")
		}
	})
}

func TestServeGivesTheAnswersItBegan(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		begun := make(chan struct{})
		r.host.answer = func(inv chat.Invocation) chat.Reply {
			close(begun)
			time.Sleep(2 * time.Second)
			return chat.Reply{Card: chat.Card{Title: "late"}}
		}
		r.Say(42, 42, "/overview")
		<-begun
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		if got := r.Messages(42); len(got) != 1 || got[0].Text != "late" {
			t.Errorf("the answers are %v", texts(got))
		}
		if r.host.place() != "700000002" {
			t.Errorf("the place is %s", r.host.place())
		}
	})
}

func TestServeTwiceIsAnError(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.Await("a poll", func() bool { return len(r.Calls("getMe")) > 0 })
		if err := r.bot.Serve(context.Background(), r.host); err == nil {
			t.Error("Serve ran twice")
		}
	})
}

func TestNewChecksItsOptions(t *testing.T) {
	for _, o := range []telegram.Options{
		{}, {Token: "secret"}, {Token: "1:a b"}, {Token: "1:abc\n"},
		{Token: "1:abc", API: "api.telegram.org"}, {Token: "1:abc", API: "ftp://api.telegram.org"}, {Token: "1:abc", API: "https://"},
		{Token: "1:abc", API: "https://user:pw@api.telegram.org"}, {Token: "1:abc", API: "https://a.org/%s"}, {Token: "1:abc", API: "https://a.org/?x=y"},
	} {
		bot, err := telegram.New(o)
		if err == nil || bot != nil {
			t.Errorf("New(%+v) succeeded", o)
		} else if strings.Contains(err.Error(), "pw") || strings.Contains(err.Error(), "abc") {
			t.Errorf("a secret is in %q", err)
		}
	}
	for _, api := range []string{"", "https://api.telegram.org/", "http://127.0.0.1:1/base"} {
		bot, err := telegram.New(telegram.Options{Token: "1:abc", API: api})
		if err != nil || bot.Name() != "telegram" {
			t.Errorf("New with %q: %v", api, err)
		}
	}
}
