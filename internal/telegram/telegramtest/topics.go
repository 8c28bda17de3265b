package telegramtest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxTopic is how many characters a topic's name may have
// (https://core.telegram.org/bots/api#createforumtopic).
const maxTopic = 128

// thread finds the topic that a call names. The lock is held.
func (r *room) thread(id string) (int, error) {
	topic := int(number(id))
	if id == "" {
		return 0, nil
	}
	if !slices.Contains(r.Topics, topic) {
		return 0, bad("message thread not found")
	}
	return topic, r.open(topic)
}

// open refuses where a topic is closed to the bot.
func (r *room) open(topic int) error {
	if topic != 0 && slices.Contains(r.closed, topic) && !r.mayManageTopics() {
		return bad("TOPIC_CLOSED")
	}
	return nil
}

func (r *room) mayManageTopics() bool { return r.Bot.Status == "administrator" && r.Bot.Topics }

func createForumTopic(s *Server, _ context.Context, p map[string]string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.open(p["chat_id"])
	name := p["name"]
	switch n := utf8.RuneCountInString(name); {
	case err != nil:
		return nil, err
	case !r.Forum:
		return nil, bad("the chat is not a forum")
	case !r.mayManageTopics():
		return nil, bad("not enough rights to create a topic")
	case strings.TrimFunc(name, blank) == "" || n > maxTopic:
		return nil, bad("TOPIC_TITLE_INVALID")
	}
	if f := s.limits.message(time.Now(), r.ID, true); f != nil {
		return nil, f
	}
	topic := s.messageID(r.ID) // the service message about it
	r.Topics = append(r.Topics, topic)
	if r.names == nil {
		r.names = map[int]string{}
	}
	r.names[topic] = name
	s.touch()
	return map[string]any{"message_thread_id": topic, "name": name, "icon_color": 7322096}, nil
}

// Topic returns the name of a topic that the bot opened.
func (s *Server) Topic(chat int64, topic int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roomLocked(chat).names[topic]
}

// CloseTopic closes a topic and tells the bot; ReopenTopic undoes it.
func (s *Server) CloseTopic(chat int64, topic int) { s.turnTopic(chat, topic, true) }

// ReopenTopic opens a closed topic and tells the bot.
func (s *Server) ReopenTopic(chat int64, topic int) { s.turnTopic(chat, topic, false) }

func (s *Server) turnTopic(chat int64, topic int, shut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roomLocked(chat)
	key := "forum_topic_reopened"
	r.closed = slices.DeleteFunc(r.closed, func(t int) bool { return t == topic })
	if shut {
		key, r.closed = "forum_topic_closed", append(r.closed, topic)
	}
	s.push("message", map[string]any{"message_id": s.messageID(chat), "message_thread_id": topic, "is_topic_message": true,
		"date": time.Now().Unix(), "chat": r.chatJSON(), "from": s.userLocked(1, ""), key: map[string]any{}})
}

// DeleteTopic removes a topic with all its messages. The vendor tells nobody.
func (s *Server) DeleteTopic(chat int64, topic int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roomLocked(chat)
	same := func(t int) bool { return t == topic }
	r.Topics, r.closed = slices.DeleteFunc(r.Topics, same), slices.DeleteFunc(r.closed, same)
	r.messages = slices.DeleteFunc(r.messages, func(m *Message) bool { return m.Thread == topic })
}

func sendChatAction(s *Server, _ context.Context, p map[string]string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.writable(p["chat_id"])
	if err != nil {
		return nil, err
	}
	if _, err := r.thread(p["message_thread_id"]); err != nil {
		return nil, err
	}
	if r.Type == "channel" {
		return nil, bad("STRICT: an action in a channel")
	}
	return true, nil
}

// mayPin refuses where the bot may not pin. The lock is held.
func (r *room) mayPin() error {
	if r.Type == "private" || r.Bot.Status == "administrator" && r.Bot.Pin {
		return nil
	}
	return bad("not enough rights to manage pinned messages in the chat")
}

func pinChatMessage(s *Server, _ context.Context, p map[string]string) (any, error) {
	if p["disable_notification"] != "true" {
		return nil, bad("STRICT: pinning notifies everybody")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.open(p["chat_id"])
	if err != nil {
		return nil, err
	}
	if err := r.mayPin(); err != nil {
		return nil, err
	}
	id := int(number(p["message_id"]))
	if r.message(id) == nil {
		return nil, bad("message to pin not found")
	}
	if slices.Contains(r.pinned, id) {
		return nil, bad("CHAT_NOT_MODIFIED")
	}
	if f := s.limits.message(time.Now(), ^r.ID, r.Type != "private"); f != nil {
		return nil, f
	}
	r.pinned = append(r.pinned, id)
	s.messageID(r.ID) // the service message about it
	s.touch()
	return true, nil
}

func unpinChatMessage(s *Server, _ context.Context, p map[string]string) (any, error) {
	if p["message_id"] == "" {
		return nil, bad("STRICT: without an id the latest message is unpinned, whosever it is")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.open(p["chat_id"])
	if err != nil {
		return nil, err
	}
	if err := r.mayPin(); err != nil {
		return nil, err
	}
	id := int(number(p["message_id"]))
	if !slices.Contains(r.pinned, id) {
		return nil, bad("message to unpin not found")
	}
	if f := s.limits.message(time.Now(), ^r.ID, r.Type != "private"); f != nil {
		return nil, f
	}
	r.pinned = slices.DeleteFunc(r.pinned, func(m int) bool { return m == id })
	s.touch()
	return true, nil
}

// Pinned returns the ids of the messages that are pinned in a chat, in the order in
// which they were.
func (s *Server) Pinned(chat int64) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, id := range s.roomLocked(chat).pinned {
		ids = append(ids, strconv.Itoa(id))
	}
	return ids
}
