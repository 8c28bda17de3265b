package telegram

import (
	"context"
	"net/http"

	"github.com/briefbot/briefbot/internal/chat"
)

// Survey asks what a chat is and whether the bot may post there. A topic is not
// looked at: the service has no question for it.
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
	if r.Type == private {
		return s, nil
	}
	var m membership
	if f := faultOf(t.client.call(ctx, "getChatMember", map[string]string{"chat_id": where.ID, "user_id": decimal(me.ID)}, &m)); f != nil {
		return chat.Survey{}, looked(f, where)
	}
	s.Missing = missing(r, m)
	s.CanPost = len(s.Missing) == 0
	return s, nil
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
