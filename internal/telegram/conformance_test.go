package telegram_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/telegram"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// asker is the person of the conformance suite.
const asker = 42

// A harness lets the conformance suite act at Telegram.
type harness struct {
	*rig
	asked    []string           // descriptions of the faults that were asked for
	before   map[string]int     // how many messages a chat had before the last question
	followed bool               // the link to a form
	sent     telegramtest.Press // of the last form
	clock    time.Time          // of what the asker writes
}

func TestConformance(t *testing.T) {
	chattest.Suite(t, func(t *testing.T) chattest.Harness {
		r := &rig{t: t, Server: telegramtest.NewServer(t, telegramtest.Options{}), host: newHost(), log: &chattest.Log{}}
		r.AddChat(telegramtest.Chat{ID: asker, Title: "Ada"})
		r.AddChat(telegramtest.Chat{ID: -101, Title: "Group", Type: "group", Bot: manager, Members: map[int64]string{asker: "member"}})
		r.AddChat(telegramtest.Chat{ID: -102, Title: "Forum", Forum: true, Topics: []int{7}, Bot: manager, Members: map[int64]string{asker: "member"}})
		r.bot = r.connect()
		telegram.Unpaced(r.bot)
		return &harness{rig: r, clock: time.Now()}
	})
}

func (h *harness) Platform() chat.Platform { return h.bot }
func (h *harness) Secrets() []string {
	return []string{h.Token(), strings.SplitN(h.Token(), ":", 2)[1]}
}
func (h *harness) Log() string { return h.log.String() }
func (h *harness) Places() []chattest.Place {
	me := []string{"telegram:42"}
	return []chattest.Place{
		{Where: conversation("42"), Room: me, Asker: me, Private: true, Direct: true},
		{Where: conversation("-101"), Room: []string{"telegram:-101"}, Asker: me},
		{Where: conversation("-102/7"), Room: []string{"telegram:-102"}, Asker: me},
	}
}

func place(where chat.Conversation) (id int64, thread int) {
	id, _ = strconv.ParseInt(where.ID, 10, 64)
	thread, _ = strconv.Atoi(where.Thread)
	return id, thread
}

func (h *harness) Say(where chat.Conversation, line string) {
	h.mark()
	id, thread := place(where)
	h.Write(telegramtest.Incoming{Chat: id, From: asker, Thread: thread, Text: line})
}

func (h *harness) find(where chat.Conversation, m chattest.Message) telegramtest.Message {
	h.t.Helper()
	id, _ := place(where)
	for _, now := range h.rig.Messages(id) {
		if strconv.Itoa(now.ID) == m.ID {
			return now
		}
	}
	h.t.Fatalf("there is no message %s in %v", m.ID, where)
	return telegramtest.Message{}
}

func (h *harness) Press(where chat.Conversation, m chattest.Message, label string) {
	h.t.Helper()
	h.mark()
	at := h.find(where, m)
	for _, row := range at.Keyboard {
		for _, b := range row {
			if _, ticket, link := strings.Cut(b.URL, "?start="); b.Text == label && link {
				h.rig.Say(asker, asker, "/start "+ticket)
				return
			}
		}
	}
	h.PressLabel(at, asker, label)
}

func (h *harness) Messages(where chat.Conversation) []chattest.Message {
	id, thread := place(where)
	var found []chattest.Message
	for _, m := range h.rig.Messages(id) {
		if m.Thread != thread {
			continue
		}
		out := chattest.Message{ID: strconv.Itoa(m.ID), Text: m.Text, Edited: m.Edits > 0}
		out.Pinned = slices.Contains(h.Pinned(id), out.ID)
		if m.ReplyTo != 0 {
			out.Answers = strconv.Itoa(m.ReplyTo)
		}
		for _, row := range m.Keyboard {
			for _, b := range row {
				out.Buttons = append(out.Buttons, strings.TrimPrefix(b.Text, "• "))
			}
		}
		out.Pings = slices.ContainsFunc(telegramtest.Detected(m.Text, m.Entities), func(s string) bool { return strings.HasPrefix(s, "@") })
		found = append(found, out)
	}
	return found
}

func (h *harness) Fail(where chat.Conversation, o chattest.Outcome) bool {
	id, _ := place(where)
	f, ok := map[chattest.Outcome]telegramtest.Fault{
		chattest.Later:     {Status: 429, RetryAfter: 3, Description: "Too Many Requests: retry after 3"},
		chattest.Uncertain: {Reset: telegramtest.After},
		chattest.MovedTo:   {Status: 400, MigrateTo: -1005, Description: "Bad Request: group chat was upgraded to a supergroup chat"},
		chattest.Gone:      {Status: 403, Description: "Forbidden: bot was kicked from the group chat"},
		chattest.Refused:   {Status: 400, Description: "Bad Request: ENTITIES_TOO_LONG"},
	}[o]
	if ok {
		h.asked = append(h.asked, f.Description)
		h.ScriptChat("sendMessage", id, f)
	}
	return ok
}

func (h *harness) Delete(where chat.Conversation, m chattest.Message) {
	id, _ := place(where)
	h.rig.Delete(id, h.find(where, m).ID)
}

func (h *harness) Threaded() []chat.Conversation { return []chat.Conversation{conversation("-102")} }

func (h *harness) Hinder(where chat.Conversation, a chattest.Action, o chattest.Outcome) bool {
	id, _ := place(where)
	method := map[chattest.Action]string{
		chattest.Editing: "editMessageText", chattest.Pinning: "pinChatMessage", chattest.Opening: "createForumTopic",
	}[a]
	f, ok := map[chattest.Outcome]telegramtest.Fault{
		chattest.Later:     {Status: 429, RetryAfter: 3, Description: "Too Many Requests: retry after 3"},
		chattest.Uncertain: {Reset: telegramtest.After},
		chattest.Gone:      {Status: 403, Description: "Forbidden: bot was kicked from the group chat"},
		chattest.Refused:   {Status: 400, Description: "Bad Request: ENTITIES_TOO_LONG"},
		chattest.Fixed:     {Status: 400, Description: "Bad Request: TOPIC_CLOSED"},
	}[o]
	if ok = ok && (o != chattest.Refused || a == chattest.Editing); ok {
		h.asked = append(h.asked, f.Description)
		h.ScriptChat(method, id, f)
	}
	return ok
}

var _ chattest.Tender = (*harness)(nil)

// settled is what the vendor says of what is so already: doing it again is how one
// finds out.
var settled = []string{"message is not modified", "CHAT_NOT_MODIFIED", "message to unpin not found"}

func (h *harness) Refused() []string {
	var all []string
	for _, c := range h.rig.Refused() {
		if slices.ContainsFunc(settled, func(s string) bool { return strings.Contains(c.Error, s) }) {
			continue
		}
		if !slices.Contains(h.asked, c.Error) {
			all = append(all, fmt.Sprintf("%s %v: %s", c.Method, c.Params, c.Error))
		}
	}
	return all
}
