package telegram

import (
	"context"
	"errors"
	"net/http"

	"github.com/briefbot/briefbot/internal/chat"
)

// Survey asks what a chat is and whether the bot may post there. The service has no
// question for a topic: the bot is shown to be typing in it for a moment, which fails
// where it was deleted or is closed.
func (t *Telegram) Survey(ctx context.Context, where chat.Conversation) (chat.Survey, error) {
	id, err := chatID(where)
	if err != nil {
		return chat.Survey{}, &chat.Gone{Err: err}
	}
	me, err := t.whoami(ctx)
	if err != nil {
		return chat.Survey{}, &chat.Later{After: askAgain, Everyone: true, Err: err}
	}
	var r room
	if f := faultOf(t.client.call(ctx, "getChat", map[string]string{"chat_id": where.ID}, &r)); f != nil {
		if f.status != http.StatusOK && f.status != http.StatusNotFound {
			return chat.Survey{}, looked(f, where)
		}
		// A server that does not tell of chats still has members to ask about.
		t.log.Warn("a chat was not described", "chat", where.ID, "error", f)
		if r = (room{}); id > 0 {
			r.Type = private
		}
	}
	t.names.note(id, r.Username)
	s := chat.Survey{Room: []string{address(id)}, Title: r.name(), CanPost: true}
	if r.Type != private {
		m, err := t.member(ctx, id, me.ID)
		if f := faultOf(err); f != nil {
			return chat.Survey{}, looked(f, where)
		}
		s.Missing = missing(r, m)
	}
	if len(s.Missing) == 0 && where.Thread != "" {
		if s.Missing, err = t.topicMissing(ctx, where); err != nil {
			return chat.Survey{}, err
		}
	}
	s.CanPost = len(s.Missing) == 0
	return s, nil
}

// topicMissing is what keeps the bot from posting to a topic of a chat that it may
// post to. A refusal that says nothing of the topic proves nothing.
func (t *Telegram) topicMissing(ctx context.Context, where chat.Conversation) ([]string, error) {
	p := map[string]string{"chat_id": where.ID, "message_thread_id": where.Thread, "action": "typing"}
	f := faultOf(t.client.call(ctx, "sendChatAction", p, nil))
	if f == nil {
		return nil, nil
	}
	if s := f.in(closed); s != nil && s.words == topicClosed {
		return []string{"Manage Topics, as the topic is closed"}, nil
	}
	err := looked(f, where)
	var refused *chat.Refused
	if errors.As(err, &refused) {
		t.log.Warn("a topic could not be looked at", "topic", where.String(), "error", f)
		err = nil
	}
	return nil, err
}

// looked is the outcome of a question: asking again does no harm.
func looked(f *fault, where chat.Conversation) error {
	out := f.outcome(toLook, where)
	if _, uncertain := out.(*chat.Uncertain); uncertain || out == nil {
		return &chat.Later{Err: f}
	}
	return out
}

// missing are the rights the bot lacks to post, in the words of Telegram's apps.
func missing(r room, m membership) []string {
	silent := r.Permissions != nil && r.Permissions.Send != nil && !*r.Permissions.Send
	switch {
	case !m.present():
		return []string{"Member of the chat"}
	case r.Type == channel && m.Status != "creator" && m.Status != "administrator":
		return []string{"Administrator", "Post Messages"}
	case r.Type == channel && !m.mayPost(channel):
		return []string{"Post Messages"}
	case r.Type != channel && !m.mayPost(r.Type), r.Type != channel && m.Status == "member" && silent:
		return []string{"Send Text Messages"}
	}
	return nil
}
