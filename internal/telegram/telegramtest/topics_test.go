package telegramtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// expect makes one request and fails the test unless it is refused with want, or
// accepted where that is empty.
func expect(t *testing.T, s *Server, want, method string, pairs ...string) reply {
	t.Helper()
	r := must(t, s, method, pairs...)
	if r.OK != (want == "") || !strings.Contains(r.Error, want) {
		t.Errorf("%s %v was answered %s, want %q", method, pairs, r.Body, want)
	}
	return r
}

func TestTopics(t *testing.T) {
	s := NewServer(t, Options{})
	manager := Standing{Status: "administrator", Topics: true}
	s.AddChat(Chat{ID: 42})
	s.AddChat(Chat{ID: -100, Bot: manager})
	s.AddChat(Chat{ID: -101, Forum: true})
	s.AddChat(Chat{ID: -102, Forum: true, Bot: manager})
	expect(t, s, "not a forum", "createForumTopic", "chat_id", "42", "name", "a")
	expect(t, s, "not a forum", "createForumTopic", "chat_id", "-100", "name", "a")
	expect(t, s, "not enough rights", "createForumTopic", "chat_id", "-101", "name", "a")
	expect(t, s, "TOPIC_TITLE_INVALID", "createForumTopic", "chat_id", "-102", "name", " ")
	expect(t, s, "TOPIC_TITLE_INVALID", "createForumTopic", "chat_id", "-102", "name", strings.Repeat("a", 129))
	r := expect(t, s, "", "createForumTopic", "chat_id", "-102", "name", strings.Repeat("a", 128))
	var made map[string]any
	if err := json.Unmarshal(r.Result, &made); err != nil {
		t.Fatal(err)
	}
	if s.spec != nil {
		if err := s.spec.value("ForumTopic", made); err != nil {
			t.Error(err)
		}
	}
	topic := int(made["message_thread_id"].(float64))
	if s.Topic(-102, topic) != strings.Repeat("a", 128) {
		t.Error("the name is not kept")
	}
	in := []string{"chat_id", "-102", "message_thread_id", fmt.Sprint(topic)}
	say := func(want string) { t.Helper(); expect(t, s, want, "sendMessage", append(in, "text", "a")...) }
	typing := func(want string) { t.Helper(); expect(t, s, want, "sendChatAction", append(in, "action", "typing")...) }
	edit := func(want, text string) {
		t.Helper()
		expect(t, s, want, "editMessageText", "chat_id", "-102", "message_id", fmt.Sprint(topic+1), "text", text)
	}
	say("")
	typing("")
	s.CloseTopic(-102, topic)
	say("") // it manages topics
	edit("", "b")
	s.SetBot(-102, 42, Standing{Status: "member"})
	say("TOPIC_CLOSED")
	typing("TOPIC_CLOSED")
	edit("TOPIC_CLOSED", "c")
	s.ReopenTopic(-102, topic)
	say("")
	edit("", "c")
	s.DeleteTopic(-102, topic)
	say("message thread not found")
	typing("message thread not found")
	edit("message to edit not found", "d")
	expect(t, s, "not a member", "sendChatAction", "chat_id", leftChat(s), "action", "typing")
}

func leftChat(s *Server) string {
	s.AddChat(Chat{ID: -109, Bot: Standing{Status: "left"}})
	return "-109"
}

func TestPins(t *testing.T) {
	s := NewServer(t, Options{})
	s.AddChat(Chat{ID: -100, Bot: Standing{Status: "administrator", Pin: true}})
	s.AddChat(Chat{ID: -101, Bot: Standing{Status: "administrator"}})
	s.AddChat(Chat{ID: 42})
	quietly := func(chat, id string) []string {
		return []string{"chat_id", chat, "message_id", id, "disable_notification", "true"}
	}
	for _, chat := range []string{"-100", "-101", "42"} {
		expect(t, s, "", "sendMessage", "chat_id", chat, "text", "a")
	}
	expect(t, s, "STRICT", "pinChatMessage", "chat_id", "-100", "message_id", "1")
	expect(t, s, "not enough rights", "pinChatMessage", quietly("-101", "1")...)
	expect(t, s, "message to pin not found", "pinChatMessage", quietly("-100", "9")...)
	for _, chat := range []string{"-100", "42"} {
		expect(t, s, "", "pinChatMessage", quietly(chat, "1")...)
		expect(t, s, "CHAT_NOT_MODIFIED", "pinChatMessage", quietly(chat, "1")...)
	}
	if got := s.Pinned(-100); !slices.Equal(got, []string{"1"}) {
		t.Errorf("pinned are %v", got)
	}
	expect(t, s, "STRICT", "unpinChatMessage", "chat_id", "-100")
	expect(t, s, "not enough rights", "unpinChatMessage", "chat_id", "-101", "message_id", "1")
	expect(t, s, "", "unpinChatMessage", "chat_id", "-100", "message_id", "1")
	expect(t, s, "message to unpin not found", "unpinChatMessage", "chat_id", "-100", "message_id", "1")
	s.Delete(42, 1)
	if got := s.Pinned(42); len(got) > 0 {
		t.Errorf("%v are pinned and gone", got)
	}
}

func TestEditsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(t, Options{Pipe: true, Limits: true})
		s.AddChat(Chat{ID: -100})
		expect(t, s, "", "sendMessage", "chat_id", "-100", "text", "a")
		count := 0
		for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(1100 * time.Millisecond) {
			r := must(t, s, "editMessageText", "chat_id", "-100", "message_id", "1", "text", time.Now().String())
			if r.OK {
				count++
			} else if r.Status != 429 || r.Params.RetryAfter < 1 {
				t.Errorf("answered %s", r.Body)
			}
		}
		if count != 20 {
			t.Errorf("%d edits in a minute", count)
		}
	})
}

func TestRevokedToken(t *testing.T) {
	s := NewServer(t, Options{})
	s.Revoke()
	if r := must(t, s, "getMe"); r.Status != 401 {
		t.Errorf("answered %s", r.Body)
	}
}

// What the server says of the bot must be of the vendor's types, with every right.
func TestStandingsAreOfTheInterface(t *testing.T) {
	s := NewServer(t, Options{})
	if s.spec == nil { // NewServer fails where that must not be
		t.Skip("set BRIEFBOT_TEST_SPECS to the folder of telegram-bot-api.json")
	}
	for i, c := range []Chat{
		{Type: "channel", Name: "front_news", Bot: Standing{Status: "administrator", Pin: true}},
		{Type: "supergroup", Forum: true, Bot: Standing{Status: "administrator", Pin: true, Topics: true}},
		{Type: "group", Bot: Standing{Status: "restricted", Mute: true}},
	} {
		c.ID = int64(-100 - i)
		s.AddChat(c)
		for method, kind := range map[string]string{"getChat": "ChatFullInfo", "getChatMember": "ChatMember"} {
			pairs := []string{"chat_id", fmt.Sprint(c.ID)}
			if method == "getChatMember" {
				pairs = append(pairs, "user_id", fmt.Sprint(BotID))
			}
			var v any
			if err := json.Unmarshal(expect(t, s, "", method, pairs...).Result, &v); err != nil {
				t.Fatal(err)
			}
			if err := s.spec.value(kind, v); err != nil {
				t.Errorf("%s of %s: %v", method, c.Type, err)
			}
		}
	}
}
