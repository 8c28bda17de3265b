package telegram

import (
	"context"
	"sync"

	"github.com/briefbot/briefbot/internal/chat"
)

// present says whether a member is in the chat.
func (m membership) present() bool {
	switch m.Status {
	case "creator", "administrator", "member":
		return true
	case "restricted":
		return m.Member == nil || *m.Member
	}
	return false
}

// mayPost says whether a member of a chat of this type may write there.
func (m membership) mayPost(kind string) bool {
	switch {
	case !m.present():
		return false
	case kind == channel:
		return m.Status == "creator" || m.Status == "administrator" && (m.Post == nil || *m.Post)
	case m.Status == "restricted":
		return m.Send != nil && *m.Send
	}
	return true
}

// stands reports a change of the bot's own standing in a chat: invited, let back
// in, put out, or silenced.
func (s *session) stands(ctx context.Context, st *standing) {
	s.t.admins.forget(st.Chat.ID)
	before, now := st.Old.mayPost(st.Chat.Type), st.New.mayPost(st.Chat.Type)
	e := chat.Event{Where: chat.Conversation{Platform: platformName, ID: decimal(st.Chat.ID)}, Room: []string{address(st.Chat.ID)}}
	switch {
	case before == now:
		return
	case !now:
		e.Kind, e.Reason = chat.Lost, lostReason(st)
	case st.Old.present() || st.Old.Status == "kicked" || st.Chat.Type == private:
		e.Kind = chat.Back
	default:
		e.Kind = chat.Added
	}
	s.tell(ctx, e)
}

func lostReason(st *standing) string {
	switch {
	case st.Chat.Type == private:
		return "the bot was blocked"
	case !st.New.present():
		return "the bot was removed"
	case st.Chat.Type == channel:
		return "the bot is not an administrator with the right to post messages"
	}
	return "the bot may not send text messages"
}

// managesTopics says whether a member may write in a closed topic.
func (m membership) managesTopics() bool {
	return m.Status == "creator" || m.Status == "administrator" && m.Topics != nil && *m.Topics
}

// turned reports that a topic was closed or opened again. One that is deleted is
// told by nobody: the next post there finds out, or a [Telegram.Survey].
func (s *session) turned(ctx context.Context, m *message) {
	e := chat.Event{Kind: chat.Back, Where: m.conversation(), Room: []string{address(m.Chat.ID)}}
	if m.Closed != nil {
		me, err := s.t.member(ctx, m.Chat.ID, s.me.ID)
		if err != nil {
			s.t.log.Warn("whether the bot may write in a closed topic could not be told; the next post will tell", "topic", e.Where.String(), "error", err)
			return
		}
		if me.managesTopics() {
			return
		}
		e.Kind, e.Reason = chat.Lost, topicClosed
	}
	s.tell(ctx, e)
}

// tellTries is how often a change is told where it cannot be kept; the service tells
// it once.
const tellTries = 6

// tell reports a change and says whether it was kept.
func (s *session) tell(ctx context.Context, e chat.Event) bool {
	for try := 0; ; try++ {
		err := s.host.Lifecycle(ctx, e)
		if err == nil {
			return true
		}
		s.t.log.Error("a change of a conversation could not be kept", "conversation", e.Where.String(), "try", try+1, "error", err)
		if try+1 == tellTries || !sleep(ctx, backoff(try)) {
			return false
		}
	}
}

// migrated reports that a group became a supergroup. The service says so in both
// chats.
func (s *session) migrated(ctx context.Context, m *message) {
	from, to := m.Chat.ID, m.MigrateTo
	if m.MigrateFrom != 0 {
		from, to = m.MigrateFrom, m.Chat.ID
	}
	s.moved(ctx, chat.Conversation{Platform: platformName, ID: decimal(from)}, chat.Conversation{Platform: platformName, ID: decimal(to)})
}

// moves remember which moves were told.
type moves struct {
	mu   sync.Mutex
	told map[string]bool
}

// moved tells of a move once, whichever way it became known.
func (s *session) moved(ctx context.Context, from, to chat.Conversation) {
	from.Thread, to.Thread = "", ""
	s.moves.mu.Lock()
	defer s.moves.mu.Unlock()
	if s.moves.told[from.ID] {
		return
	}
	if !s.tell(ctx, chat.Event{Kind: chat.Moved, Where: from, To: to, Room: []string{platformName + ":" + to.ID}}) {
		return
	}
	if s.moves.told == nil {
		s.moves.told = map[string]bool{}
	}
	s.moves.told[from.ID] = true
}
