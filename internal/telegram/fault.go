package telegram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A fault is a request that failed, with all that is known of it.
type fault struct {
	method     string
	status     int    // HTTP status or the service's own code; zero: no answer
	text       string // the service's description in lower case
	said       bool   // the service itself said so
	service    bool   // the answer came whole from the service, not from a proxy
	written    bool   // the request may have reached the service
	retryAfter time.Duration
	migrateTo  int64
	redact     *strings.Replacer
	err        error
}

// Error never holds the token.
func (f *fault) Error() string {
	text := f.err.Error()
	if f.status != 0 && !f.said {
		text = fmt.Sprintf("status %d: %s", f.status, text)
	}
	return f.redact.Replace("telegram " + f.method + ": " + text)
}

// Is tells a cancelled context from other faults. The causes are not handed out
// otherwise: they may hold the token.
func (f *fault) Is(target error) bool {
	return (target == context.Canceled || target == context.DeadlineExceeded) && errors.Is(f.err, target)
}

// has says whether the service's description holds one of the fragments.
func (f *fault) has(fragments ...string) bool {
	for _, s := range fragments {
		if strings.Contains(f.text, s) {
			return true
		}
	}
	return false
}

// faultOf returns the fault within err, or nil.
func faultOf(err error) *fault {
	var f *fault
	errors.As(err, &f)
	return f
}

// What the service says, by fragments in lower case. The descriptions are not
// documented; these were seen in its source and in reports.
var (
	// The chat is not there for the bot, until somebody lets it in.
	goneTexts = []string{
		"chat not found", "user not found", "not enough rights", "have no rights to send", "need administrator rights",
		"chat_write_forbidden", "chat_admin_required", "chat_restricted", "chat_send_plain_forbidden", "channel_private",
		"user_is_blocked", "input_user_deactivated", "peer_id_invalid", "group chat was deactivated", "group is deactivated",
		"bot was kicked", "bot is not a member", "message thread not found", "topic_closed", "topic_deleted", "user_banned_in_channel",
	}
	notModified = "message is not modified"
	notEditable = []string{"message to edit not found", "message can't be edited", "message_id_invalid"}
	noReply     = []string{"message to be replied not found", "replied message not found", "message to reply not found"}
	stalePress  = []string{"query is too old", "query id is invalid"}
)

// retryDefault is how long a refusal for haste is heeded that names no time.
const retryDefault = 5 * time.Second

// retryTime is how long the service asked to wait, if it did.
func retryTime(err error) time.Duration {
	if f := faultOf(err); f != nil {
		return f.retryAfter
	}
	return 0
}

// badToken says whether the service does not know the bot: nothing will work until
// the operators give it another token.
func (f *fault) badToken() bool {
	return f.service && (f.status == http.StatusUnauthorized || f.status == http.StatusNotFound && !f.has("method not found"))
}

// outcome is what a failed request to a conversation comes to. It is nil where the
// service already has what was asked for.
func (f *fault) outcome(to chat.Conversation) error {
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
	case f.status == http.StatusForbidden, f.has(goneTexts...):
		return &chat.Gone{Err: f}
	case f.has(notModified):
		return nil
	}
	return &chat.Refused{Err: f}
}
