package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/telegram"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// verbs are what is done with conversations, by the vendor's method.
var verbs = []struct {
	name, method string
	do           func(context.Context, *telegram.Telegram) error
}{
	{"send", "sendMessage", func(ctx context.Context, bot *telegram.Telegram) error {
		_, err := bot.Send(ctx, conversation("42"), chat.Card{Title: "A"}, "key")
		return err
	}},
	{"reply", "sendMessage", func(ctx context.Context, bot *telegram.Telegram) error {
		_, err := bot.Reply(ctx, conversation("42"), "1", chat.Card{Title: "A"}, "key")
		return err
	}},
	{"edit", "editMessageText", func(ctx context.Context, bot *telegram.Telegram) error {
		return bot.Edit(ctx, conversation("42"), "1", chat.Card{Title: "A"})
	}},
	{"pin", "pinChatMessage", func(ctx context.Context, bot *telegram.Telegram) error {
		return bot.Pin(ctx, conversation("42"), "1")
	}},
	{"unpin", "unpinChatMessage", func(ctx context.Context, bot *telegram.Telegram) error {
		return bot.Unpin(ctx, conversation("42"), "1")
	}},
	{"open", "createForumTopic", func(ctx context.Context, bot *telegram.Telegram) error {
		_, err := bot.OpenThread(ctx, conversation("42"), "A", chat.Card{}, "key")
		return err
	}},
}

// comesTo does one thing whose request ends in a fault, and returns the outcome and
// the words of its reason.
func comesTo(t *testing.T, verb int, fault telegramtest.Fault) (got, words string) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, Server: telegramtest.NewServer(t, telegramtest.Options{Pipe: true}), host: newHost(), log: &chattest.Log{}}
		r.AddChat(telegramtest.Chat{ID: 42})
		v := verbs[verb]
		r.Script(v.method, fault)
		err := v.do(context.Background(), r.connect())
		got = outcome(err)
		if err != nil {
			words = errors.Unwrap(err).Error()
			_, secret, _ := strings.Cut(r.Token(), ":")
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, errors.Unwrap(err)), secret) {
				t.Errorf("the token is in %v", err)
			}
		}
		if n := len(r.Calls(v.method)); n != 1 && !fault.Hang { // which is noted when it ends
			t.Errorf("%d calls", n)
		}
	})
	return got, words
}

// TestEveryTextHasItsOutcome holds what the vendor is known to say to one outcome for
// each verb: send, reply, edit, pin, unpin, open.
func TestEveryTextHasItsOutcome(t *testing.T) {
	all := func(s string) [6]string { return [6]string{s, s, s, s, s, s} }
	each := func(send, edit, pin, unpin, open string) [6]string {
		return [6]string{send, send, edit, pin, unpin, open}
	}
	closedTopic, wrongCard := each("gone", "fixed", "fixed", "fixed", "fixed"), each("refused", "refused", "fixed", "fixed", "fixed")
	noRight := each("gone", "gone", "fixed", "fixed", "fixed") // to write, pin or manage
	for _, test := range []struct {
		status int
		text   string
		want   [6]string
		words  string // of the reason, where it is the same for all that have one
	}{
		// The chat is lost.
		{403, "Forbidden: bot was blocked by the user", all("gone"), "the bot was blocked"},
		{403, "Forbidden: user is deactivated", all("gone"), "the account was deleted"},
		{403, "Forbidden: bot can't initiate conversation with a user", all("gone"), "the person has not written to the bot yet"},
		{403, "Forbidden: the bot can't send messages to the bot", all("gone"), "this is a bot, and bots cannot write to each other"},
		{403, "Forbidden: bot can't send messages to bots", all("gone"), "this is a bot, and bots cannot write to each other"},
		{403, "Forbidden: bot was kicked from the group chat", all("gone"), "the bot was removed"},
		{403, "Forbidden: bot was kicked from the supergroup chat", all("gone"), "the bot was removed"},
		{403, "Forbidden: bot was kicked from the channel chat", all("gone"), "the bot was removed"},
		{403, "Forbidden: bot is not a member of the group chat", all("gone"), "the bot is not a member"},
		{403, "Forbidden: bot is not a member of the supergroup chat", all("gone"), "the bot is not a member"},
		{403, "Forbidden: bot is not a member of the channel chat", all("gone"), "the bot is not a member"},
		{403, "Forbidden: the group chat was deleted", all("gone"), "the group was deleted"},
		{403, "Forbidden: something new", all("gone"), ""},
		{400, "Bad Request: chat not found", all("gone"), "there is no such chat, or the bot is not in it"},
		{400, "Bad Request: user not found", all("gone"), "there is no such chat, or the bot is not in it"},
		{400, "Bad Request: PEER_ID_INVALID", all("gone"), "there is no such chat, or the bot is not in it"},
		{400, "Bad Request: CHANNEL_PRIVATE", all("gone"), "the bot is not a member"},
		{400, "Bad Request: USER_IS_BLOCKED", all("gone"), "the bot was blocked"},
		{400, "Bad Request: INPUT_USER_DEACTIVATED", all("gone"), "the account was deleted"},
		{400, "Bad Request: USER_BANNED_IN_CHANNEL", all("gone"), "the bot was removed"},
		{400, "Bad Request: group chat was deactivated", all("gone"), "the group was deleted"},
		// It is muted, or lacks a right.
		{400, "Bad Request: not enough rights to send text messages to the chat", noRight, ""},
		{400, "Bad Request: have no rights to send a message", each("gone", "gone", "fixed", "fixed", "gone"), ""},
		{400, "Bad Request: need administrator rights in the channel chat", noRight, ""},
		{400, "Bad Request: CHAT_ADMIN_REQUIRED", noRight, ""},
		{400, "Bad Request: CHAT_WRITE_FORBIDDEN", all("gone"), "the bot may not send text messages"},
		{400, "Bad Request: CHAT_RESTRICTED", all("gone"), "the bot may not send text messages"},
		{400, "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN", all("gone"), "the bot may not send text messages"},
		{403, "Forbidden: CHAT_WRITE_FORBIDDEN", all("gone"), "the bot may not send text messages"},
		{400, "Bad Request: not enough rights to manage pinned messages in the chat", each("gone", "refused", "fixed", "fixed", "fixed"), ""},
		{400, "Bad Request: not enough rights to create a topic", each("gone", "refused", "fixed", "fixed", "fixed"), ""},
		{400, "Bad Request: not enough rights to edit the message", each("gone", "fixed", "fixed", "fixed", "fixed"), ""},
		{400, "Bad Request: RIGHT_FORBIDDEN", wrongCard, ""},
		// The topic alone is lost.
		{400, "Bad Request: message thread not found", closedTopic, "the topic was deleted"},
		{400, "Bad Request: TOPIC_DELETED", closedTopic, "the topic was deleted"},
		{400, "Bad Request: TOPIC_CLOSED", closedTopic, "the topic is closed, and the bot may not manage topics"},
		{400, "Bad Request: the chat is not a forum", wrongCard, ""},
		{400, "Bad Request: CHANNEL_FORUM_MISSING", wrongCard, ""},
		// The message cannot be had.
		{400, "Bad Request: message to edit not found", each("refused", "fixed", "fixed", "fixed", "fixed"), ""},
		{400, "Bad Request: message can't be edited", each("refused", "fixed", "fixed", "fixed", "fixed"), ""},
		{400, "Bad Request: MESSAGE_ID_INVALID", each("refused", "fixed", "fixed", "fixed", "fixed"), ""},
		{400, "Bad Request: MESSAGE_EDIT_TIME_EXPIRED", each("refused", "fixed", "fixed", "fixed", "fixed"), ""},
		{400, "Bad Request: MESSAGE_AUTHOR_REQUIRED", each("refused", "fixed", "fixed", "fixed", "fixed"), ""},
		{400, "Bad Request: message to pin not found", wrongCard, ""},
		{400, "Bad Request: message can't be pinned", wrongCard, ""},
		{400, "Bad Request: message to unpin not found", each("refused", "refused", "fixed", "sent", "fixed"), ""},
		{400, "Bad Request: message to delete not found", wrongCard, ""},
		{400, "Bad Request: message can't be deleted for everyone", wrongCard, ""},
		// It is so already.
		{400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message", each("refused", "sent", "fixed", "fixed", "fixed"), ""},
		{400, "Bad Request: MESSAGE_NOT_MODIFIED", each("refused", "sent", "fixed", "fixed", "fixed"), ""},
		{400, "Bad Request: CHAT_NOT_MODIFIED", each("refused", "refused", "sent", "sent", "fixed"), ""},
		// The card is wrong: our mistake.
		{400, "Bad Request: message is too long", wrongCard, ""},
		{400, "Bad Request: MESSAGE_TOO_LONG", wrongCard, ""},
		{400, "Bad Request: text is too long", wrongCard, ""},
		{400, "Bad Request: message text is empty", wrongCard, ""},
		{400, "Bad Request: text must be non-empty", wrongCard, ""},
		{400, "Bad Request: strings must be encoded in UTF-8", wrongCard, ""},
		{400, "Bad Request: can't parse entities: Unsupported start tag", wrongCard, ""},
		{400, "Bad Request: ENTITIES_TOO_LONG", wrongCard, ""},
		{400, "Bad Request: ENTITY_BOUNDS_INVALID", wrongCard, ""},
		{400, "Bad Request: BUTTON_DATA_INVALID", wrongCard, ""},
		{400, "Bad Request: BUTTON_URL_INVALID", wrongCard, ""},
		{400, "Bad Request: BUTTON_TYPE_INVALID", wrongCard, ""},
		{400, "Bad Request: reply markup is too long", wrongCard, ""},
		{400, "Bad Request: REPLY_MARKUP_TOO_LONG", wrongCard, ""},
		{400, "Bad Request: can't parse reply keyboard markup JSON object", wrongCard, ""},
		{400, "Bad Request: TOPIC_TITLE_EMPTY", wrongCard, ""},
		{400, "Bad Request: query is too old and response timeout expired or query ID is invalid", wrongCard, ""},
		{400, "Bad Request: something else", wrongCard, ""},
		{413, "Request Entity Too Large", wrongCard, ""},
		{404, "Not Found: method not found", wrongCard, ""},
		// The service is in the way.
		{401, "Unauthorized", all("later 1m0s everyone"), ""},
		{404, "Not Found", all("later 1m0s everyone"), ""},
		{409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", all("later 0s"), ""},
		{429, "Too Many Requests: retry later", all("later 5s"), ""},
		{500, "Internal Server Error", all("later 0s"), ""},
		{500, "Internal Server Error: restart", all("later 0s"), ""},
		{502, "Bad Gateway", all("later 0s"), ""},
		{503, "Service Unavailable", all("later 0s"), ""},
		{504, "Gateway Timeout", all("later 0s"), ""},
	} {
		for i, v := range verbs {
			t.Run(test.text+"/"+v.name, func(t *testing.T) {
				got, words := comesTo(t, i, telegramtest.Fault{Status: test.status, Description: test.text})
				if got != test.want[i] {
					t.Errorf("%s, not %s", got, test.want[i])
				}
				if test.words != "" && words != test.words {
					t.Errorf("the reason is %q", words)
				}
			})
		}
	}
}

// TestEveryFaultHasItsOutcomeForEachVerb has the answer come late, from a proxy, or
// not at all.
func TestEveryFaultHasItsOutcomeForEachVerb(t *testing.T) {
	type fault = telegramtest.Fault
	for _, test := range []struct {
		fault fault
		want  string
	}{
		{fault{Status: 429, RetryAfter: 7, Description: "Too Many Requests: retry after 7"}, "later 7s"},
		{fault{Status: 429, RetryAfter: 9, Header: true, HTML: true}, "later 9s everyone"},
		{fault{Status: 429, HTML: true}, "later 5s everyone"},
		{fault{Status: 400, MigrateTo: -1005, Description: "Bad Request: group chat was upgraded to a supergroup chat"}, "moved to telegram:-1005"},
		{fault{Status: 400, HTML: true}, "later 0s"},
		{fault{Status: 403, HTML: true}, "later 0s"},
		{fault{Status: 404, HTML: true}, "later 0s"},
		{fault{Status: 502, HTML: true}, "later 0s"},
		{fault{Status: 521, HTML: true}, "later 0s"},
		{fault{Status: 302, HTML: true}, "later 0s"},
		{fault{Status: 200, HTML: true}, "uncertain"},
		{fault{Result: `{"message_id":`}, "uncertain"},
		{fault{Reset: telegramtest.Before}, "uncertain"},
		{fault{Reset: telegramtest.After}, "uncertain"},
		{fault{Hang: true}, "uncertain"},
	} {
		for i, v := range verbs {
			t.Run(fmt.Sprintf("%+v/%s", test.fault, v.name), func(t *testing.T) {
				if got, _ := comesTo(t, i, test.fault); got != test.want {
					t.Errorf("%s, not %s", got, test.want)
				}
			})
		}
	}
}
