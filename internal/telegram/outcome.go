package telegram

import (
	"net/http"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A verb is what a request was to do in a conversation.
type verb uint8

// The verbs.
const (
	toPost verb = iota + 1
	toEdit
	toPin
	toUnpin
	toOpen // a topic
	toLook
)

// A saying is what the service says of one thing, by fragments in lower case, and
// that in words for those who manage the conversation. The descriptions are not
// documented; these were seen in its source and in reports.
type saying struct {
	words string
	texts []string
}

// in returns the first of sayings that a fault's description says, or nil.
func (f *fault) in(sayings []saying) *saying {
	for i, s := range sayings {
		if f.has(s.texts...) {
			return &sayings[i]
		}
	}
	return nil
}

// lost are the sayings by which the bot may not post to a conversation until somebody
// lets it: the whole chat is closed to it.
var lost = []saying{
	{"the bot was blocked", []string{"bot was blocked by the user", "user_is_blocked", "you blocked"}},
	{"the account was deleted", []string{"user is deactivated", "input_user_deactivated"}},
	{"the person has not written to the bot yet", []string{"can't initiate conversation"}},
	{"this is a bot, and bots cannot write to each other", []string{"can't send messages to the bot", "can't send messages to bots"}},
	{"the bot was removed", []string{"bot was kicked", "user_banned_in_channel"}},
	{"the bot is not a member", []string{"bot is not a member", "channel_private", "user_not_participant"}},
	{"the group was deleted", []string{"group chat was deleted", "group chat was deactivated", "group is deactivated", "chat_id_invalid"}},
	{"there is no such chat, or the bot is not in it", []string{"chat not found", "user not found", "peer_id_invalid"}},
}

// muted are those by which the bot is there and may not write.
var muted = []saying{
	{"the bot is not an administrator with the right to post messages", []string{"need administrator rights", "chat_admin_required", "chat_admin_invite_required"}},
	{"the bot may not send text messages", []string{"not enough rights to send", "have no rights to send", "chat_write_forbidden", "chat_restricted", "chat_send_plain_forbidden", "user_restricted", "chat_guest_send_forbidden"}},
}

// closed are those by which a topic, and it alone, cannot be posted to.
var closed = []saying{
	{"the topic was deleted", []string{"message thread not found", "topic_deleted", "topic_id_invalid", "msg_thread_invalid"}},
	{topicClosed, []string{"topic_closed"}},
}

const topicClosed = "the topic is closed, and the bot may not manage topics"

// fixed are those by which what a verb asks cannot be done, however often it is tried.
var fixed = map[verb][]saying{
	toEdit: {
		{"the message was deleted", []string{"message to edit not found", "message_id_invalid", "message not found", "message identifier is not specified"}},
		{"the message can no longer be changed", []string{"message can't be edited", "message_edit_time_expired", "message_author_required", "there is no text in the message to edit", "not enough rights to edit"}},
	},
	toPin: {
		{"the bot may not pin messages", []string{"not enough rights", "chat_admin_required", "need administrator rights", "right_forbidden", "have no rights"}},
		{"the message was deleted", []string{"message to pin not found", "message_id_invalid", "message not found"}},
	},
	toOpen: {
		{"the chat has no topics", []string{"the chat is not a forum", "channel_forum_missing", "forum_enabled", "not a supergroup", "method is available only for supergroup", "method is available for supergroup", "topics are not enabled"}},
		{"the bot may not manage topics", []string{"not enough rights", "chat_admin_required", "need administrator rights", "right_forbidden"}},
		{"there are too many topics", []string{"topics_limit", "too many topics", "topic_limit"}},
	},
}

// already are the sayings by which the service has what a verb asks.
var already = map[verb][]string{
	toEdit:  {"message is not modified", "message_not_modified"},
	toPin:   {"chat_not_modified", "message is already pinned"},
	toUnpin: {"message to unpin not found", "chat_not_modified", "message is not pinned"},
}

// What answers may still do something about.
var (
	noReply    = []string{"message to be replied not found", "replied message not found", "message to reply not found", "reply_message_id_invalid"}
	stalePress = []string{"query is too old", "query id is invalid"}
)

// A reason says in plain words why something cannot be done. The fault is within it.
type reason struct {
	words string
	fault *fault
}

func (r *reason) Error() string { return r.words }
func (r *reason) Unwrap() error { return r.fault }

// gone is the outcome of what a saying says.
func (f *fault) gone(s *saying) error { return &chat.Gone{Err: &reason{s.words, f}} }

// outcome is what a failed request to a conversation comes to. It is nil where the
// service already has what was asked for.
func (f *fault) outcome(v verb, to chat.Conversation) error {
	switch {
	case f.status == 0 && f.written, f.status == http.StatusOK:
		// Nothing came back, or nothing whole: it may have been done.
		return &chat.Uncertain{Err: f}
	case f.status == 0:
		return &chat.Later{Err: f}
	case f.migrateTo != 0:
		to.ID, to.Thread = decimal(f.migrateTo), ""
		return &chat.MovedTo{To: to, Err: f}
	case f.status == http.StatusTooManyRequests:
		after := f.retryAfter
		if after == 0 {
			after = retryDefault
		}
		return &chat.Later{After: after, Err: f}
	case f.badToken():
		return &chat.Later{After: time.Minute, Everyone: true, Err: f}
	case !f.service, f.status >= 500, f.status == http.StatusConflict, f.status < 400:
		return &chat.Later{After: f.retryAfter, Err: f}
	}
	return f.said4xx(v)
}

// said4xx is the outcome of what the service itself refused.
func (f *fault) said4xx(v verb) error {
	if f.has(already[v]...) {
		return nil
	}
	if s := f.in(lost); s != nil {
		return f.gone(s)
	}
	if s := f.in(fixed[likePin(v)]); s != nil {
		return &chat.Fixed{Err: &reason{s.words, f}}
	}
	if s := f.in(closed); s != nil && (v == toPost || v == toLook) {
		return f.gone(s)
	} else if s != nil {
		return &chat.Fixed{Err: &reason{s.words, f}}
	}
	if s := f.in(muted); s != nil {
		return f.gone(s)
	}
	switch {
	case f.status == http.StatusForbidden:
		return &chat.Gone{Err: f}
	case f.has("not enough rights") && v != toEdit:
		return f.gone(&saying{words: "the bot may not send text messages"})
	case v == toPin, v == toUnpin, v == toOpen:
		// There is no card in it that could be wrong.
		return &chat.Fixed{Err: f}
	}
	return &chat.Refused{Err: f}
}

// likePin has unpinning fail for what pinning fails for.
func likePin(v verb) verb {
	if v == toUnpin {
		return toPin
	}
	return v
}
