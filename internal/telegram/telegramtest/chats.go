package telegramtest

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// A Chat is where messages go.
type Chat struct {
	ID     int64  // positive for a private chat, negative for others
	Type   string // private, group, supergroup, channel; empty: by the sign, private or supergroup
	Title  string // for a private chat the first name
	Name   string // of a public chat
	Forum  bool
	Topics []int // the topics of a forum, besides the general one
	Linked int64 // the channel or discussion group that belongs to this one
	// Members are the users' status: creator, administrator, member, …
	Members map[int64]string
	// Bot is the bot's own standing; the zero value is one that may post.
	Bot Standing
}

// A Standing is what the bot is in a chat.
type Standing struct {
	Status string // empty: member, or administrator in a channel
	Mute   bool   // of a restricted member, an administrator of a channel, or a chat that lets nobody write
	Pin    bool   // an administrator who may pin messages
	Topics bool   // an administrator who may manage topics
}

// A room is a chat with its history.
type room struct {
	Chat
	messages []*Message
	pinned   []int
	closed   []int // topics
	names    map[int]string
	moved    int64
}

// A Message is one of the bot's, as it now stands.
type Message struct {
	Chat     int64
	ID       int
	Thread   int
	ReplyTo  int
	Text     string
	Entities []Entity
	Keyboard [][]Button
	Preview  bool // link previews were left on
	Edits    int
	Posted   string // the text when it was posted
	At       time.Time
	bot      bool
}

// A Button is one button of a keyboard.
type Button struct {
	Text string `json:"text"`
	URL  string `json:"url"`
	Data string `json:"callback_data"`
}

// AddChat adds a chat, and for a private one its user.
func (s *Server) AddChat(c Chat) {
	if c.Type == "" {
		c.Type = "supergroup"
		if c.ID > 0 {
			c.Type = "private"
		}
	}
	if c.Bot.Status == "" {
		c.Bot.Status = "member"
		if c.Type == "channel" {
			c.Bot.Status = "administrator"
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chats[c.ID] = &room{Chat: c}
	if c.Type == "private" {
		s.userLocked(c.ID, c.Title)
	}
}

// AddUser adds a user, or changes one's language.
func (s *Server) AddUser(id int64, name, language string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userLocked(id, name)
	u["first_name"], u["language_code"] = name, language
}

func (s *Server) userLocked(id int64, name string) map[string]any {
	if s.users[id] == nil {
		if name == "" {
			name = "Reader " + strconv.FormatInt(id, 10)
		}
		s.users[id] = map[string]any{"id": id, "is_bot": false, "first_name": name, "language_code": "en"}
	}
	return s.users[id]
}

// chatJSON is the chat as updates carry it. The lock is held.
func (r *room) chatJSON() map[string]any {
	c := map[string]any{"id": r.ID, "type": r.Type}
	if r.Type == "private" {
		c["first_name"] = r.Title
	} else {
		c["title"] = r.Title
	}
	if r.Forum {
		c["is_forum"] = true
	}
	if r.Name != "" {
		c["username"] = r.Name
	}
	return c
}

// Incoming is a message that somebody writes.
type Incoming struct {
	Chat, From int64
	Thread     int
	Text       string
	Caption    bool  // the text stands under a photo
	SenderChat int64 // written in the name of a chat: the group itself, or a channel
	Auto       bool  // forwarded from the linked channel by the service
	ReplyTo    int
	Date       time.Time // zero: now
}

// Say writes text into a chat as one of its people, or into a channel, and returns
// the message's id.
func (s *Server) Say(chat, from int64, text string) int {
	return s.Write(Incoming{Chat: chat, From: from, Text: text})
}

// Write writes a message and returns its id.
func (s *Server) Write(in Incoming) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roomLocked(in.Chat)
	id := s.messageID(in.Chat)
	if in.Date.IsZero() {
		in.Date = time.Now()
	}
	m := map[string]any{"message_id": id, "date": in.Date.Unix(), "chat": r.chatJSON()}
	kind := "message"
	switch {
	case r.Type == "channel":
		kind = "channel_post"
		m["sender_chat"] = r.chatJSON()
	case in.SenderChat == in.Chat && in.Chat < 0:
		m["from"] = map[string]any{"id": 1087968824, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot"}
		m["sender_chat"] = r.chatJSON()
	case in.SenderChat != 0:
		m["from"] = map[string]any{"id": 136817688, "is_bot": true, "first_name": "Channel", "username": "Channel_Bot"}
		m["sender_chat"] = s.roomLocked(in.SenderChat).chatJSON()
	default:
		m["from"] = s.userLocked(in.From, "")
	}
	if in.Auto {
		m["is_automatic_forward"] = true
	}
	if in.Thread != 0 {
		m["message_thread_id"] = in.Thread
		if slices.Contains(r.Topics, in.Thread) {
			m["is_topic_message"] = true
		}
	}
	text, entities := "text", "entities"
	if in.Caption {
		text, entities = "caption", "caption_entities"
		m["photo"] = []any{map[string]any{"file_id": "f", "file_unique_id": "u", "width": 90, "height": 90}}
	}
	m[text] = in.Text
	if n := commandLength(in.Text); n > 0 {
		m[entities] = []any{map[string]any{"type": "bot_command", "offset": 0, "length": n}}
	}
	r.messages = append(r.messages, &Message{Chat: in.Chat, ID: id, Thread: in.Thread, Text: in.Text, At: time.Now()})
	s.push(kind, m)
	return id
}

// commandLength is how many units of a text the service marks as a command.
func commandLength(text string) int {
	if !strings.HasPrefix(text, "/") {
		return 0
	}
	end := strings.IndexFunc(text[1:], func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '@')
	})
	if end < 0 {
		end = len(text) - 1
	}
	if end == 0 {
		return 0
	}
	return len(utf16.Encode([]rune(text[:end+1])))
}

func (s *Server) roomLocked(id int64) *room {
	r := s.chats[id]
	if r == nil {
		s.t.Errorf("the test uses chat %d, which it did not add", id)
		r = &room{Chat: Chat{ID: id, Type: "private"}}
		s.chats[id] = r
	}
	return r
}

func (s *Server) messageID(chat int64) int {
	s.nextID[chat]++
	return s.nextID[chat]
}

// A Callback is a button press and what the bot answered to it.
type Callback struct {
	ID       string
	Answered bool
	Text     string
	URL      string
}

// Press is how a button is pressed.
type Press struct {
	Chat, From   int64
	Message      int
	Data         string
	Inaccessible bool   // the message is too old for the service to show it
	Inline       string // the message was sent by way of another chat, and has only this id
}

// Press presses a button and returns the callback's id.
func (s *Server) Press(p Press) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := strconv.Itoa(9_000_000 + len(s.order))
	q := map[string]any{"id": id, "from": s.userLocked(p.From, ""), "chat_instance": "1", "data": p.Data}
	switch {
	case p.Inline != "":
		q["inline_message_id"] = p.Inline
	case p.Inaccessible:
		q["message"] = map[string]any{"message_id": p.Message, "date": 0, "chat": s.roomLocked(p.Chat).chatJSON()}
	default:
		r := s.roomLocked(p.Chat)
		m := r.message(p.Message)
		if m == nil {
			s.t.Errorf("the test presses a button of message %d in %d, which does not exist", p.Message, p.Chat)
			m = &Message{ID: p.Message}
		}
		q["message"] = s.messageJSON(r, m)
	}
	s.callbacks[id] = &Callback{ID: id}
	s.order = append(s.order, id)
	s.push("callback_query", q)
	return id
}

// PressLabel presses the button with this label under a message, and fails the test
// if there is none, or if it is a link.
func (s *Server) PressLabel(m Message, from int64, label string) string {
	s.t.Helper()
	for _, row := range m.Keyboard {
		for _, b := range row {
			if b.Text == label && b.Data != "" {
				return s.Press(Press{Chat: m.Chat, From: from, Message: m.ID, Data: b.Data})
			}
		}
	}
	s.t.Fatalf("message %d has no button %q to press: %v", m.ID, label, m.Keyboard)
	return ""
}

// Callback returns what became of a press.
func (s *Server) Callback(id string) Callback {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.callbacks[id]; c != nil {
		return *c
	}
	return Callback{}
}

// Messages returns the bot's messages in a chat as they now stand, oldest first.
func (s *Server) Messages(chat int64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.chats[chat]
	if r == nil {
		return nil
	}
	var found []Message
	for _, m := range r.messages {
		if m.bot {
			found = append(found, *m)
		}
	}
	return found
}

// Last returns the bot's last message in a chat, or the zero message.
func (s *Server) Last(chat int64) Message {
	all := s.Messages(chat)
	if len(all) == 0 {
		return Message{}
	}
	return all[len(all)-1]
}

// Delete removes a message, as somebody in the chat might.
func (s *Server) Delete(chat int64, message int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roomLocked(chat)
	r.messages = slices.DeleteFunc(r.messages, func(m *Message) bool { return m.ID == message })
	r.pinned = slices.DeleteFunc(r.pinned, func(id int) bool { return id == message })
}

// SetMember changes a user's status in a chat.
func (s *Server) SetMember(chat, user int64, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roomLocked(chat)
	if r.Members == nil {
		r.Members = map[int64]string{}
	}
	r.Members[user] = status
}

// SetBot changes the bot's standing in a chat, as by says, and tells the bot.
func (s *Server) SetBot(chat, by int64, now Standing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roomLocked(chat)
	old := s.memberJSON(r, BotID)
	r.Bot = now
	s.push("my_chat_member", map[string]any{"chat": r.chatJSON(), "from": s.userLocked(by, ""), "date": time.Now().Unix(),
		"old_chat_member": old, "new_chat_member": s.memberJSON(r, BotID)})
}

// Migrate turns a group into a supergroup of another id and tells the bot by the
// two service messages.
func (s *Server) Migrate(from, to int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.roomLocked(from)
	c := old.Chat
	c.ID, c.Type = to, "supergroup"
	s.chats[to] = &room{Chat: c}
	old.moved = to
	note := func(r *room, key string, value int64) {
		s.push("message", map[string]any{"message_id": s.messageID(r.ID), "date": time.Now().Unix(), "chat": r.chatJSON(),
			"from": s.userLocked(1, ""), key: value})
	}
	note(old, "migrate_to_chat_id", to)
	note(s.chats[to], "migrate_from_chat_id", from)
}

func (r *room) message(id int) *Message {
	for _, m := range r.messages {
		if m.ID == id {
			return m
		}
	}
	return nil
}

// messageJSON is one of the bot's messages as the service returns it.
func (s *Server) messageJSON(r *room, m *Message) map[string]any {
	out := map[string]any{"message_id": m.ID, "date": m.At.Unix(), "chat": r.chatJSON(), "text": m.Text}
	if r.Type == "channel" {
		out["sender_chat"] = r.chatJSON()
	} else {
		out["from"] = s.users[BotID]
	}
	if m.Thread != 0 {
		out["message_thread_id"] = m.Thread
		if slices.Contains(r.Topics, m.Thread) {
			out["is_topic_message"] = true
		}
	}
	if m.Edits > 0 {
		out["edit_date"] = time.Now().Unix()
	}
	return out
}

// memberJSON is a member of a chat as getChatMember tells.
func (s *Server) memberJSON(r *room, user int64) map[string]any {
	status := r.Members[user]
	if user == BotID {
		status = r.Bot.Status
	}
	if status == "" {
		status = "left"
	}
	m := map[string]any{"status": status, "user": s.userLocked(user, "")}
	may := !(user == BotID && r.Bot.Mute)
	switch status {
	case "creator":
		m["is_anonymous"] = false
	case "administrator":
		for _, right := range strings.Fields("can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members " +
			"can_promote_members can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories") {
			m[right] = false
		}
		if r.Type == "channel" {
			m["can_post_messages"], m["can_edit_messages"] = may, user == BotID && r.Bot.Pin
			break
		}
		m["can_pin_messages"] = user == BotID && r.Bot.Pin
		if r.Type == "supergroup" {
			m["can_manage_topics"] = user == BotID && r.Bot.Topics
		}
	case "restricted":
		for _, right := range strings.Fields("can_send_audios can_send_documents can_send_photos can_send_videos can_send_video_notes can_send_voice_notes " +
			"can_send_polls can_send_other_messages can_add_web_page_previews can_react_to_messages can_edit_tag can_change_info can_invite_users can_pin_messages can_manage_topics") {
			m[right] = false
		}
		m["is_member"], m["can_send_messages"], m["until_date"] = true, may, 0
	case "kicked":
		m["until_date"] = 0
	}
	return m
}
