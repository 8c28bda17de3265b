package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/telegram"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// outcome names what an error of Send comes to, with its figures.
func outcome(err error) string {
	var later *chat.Later
	var uncertain *chat.Uncertain
	var moved *chat.MovedTo
	var gone *chat.Gone
	var refused *chat.Refused
	var fixed *chat.Fixed
	switch {
	case err == nil:
		return "sent"
	case errors.As(err, &later):
		s := fmt.Sprintf("later %v", later.After)
		if later.Everyone {
			s += " everyone"
		}
		return s
	case errors.As(err, &uncertain):
		return "uncertain"
	case errors.As(err, &moved):
		return "moved to " + moved.To.String()
	case errors.As(err, &gone):
		return "gone"
	case errors.As(err, &refused):
		return "refused"
	case errors.As(err, &fixed):
		return "fixed"
	}
	return "no outcome: " + err.Error()
}

func TestEveryAnswerHasItsOutcome(t *testing.T) {
	type fault = telegramtest.Fault
	said := func(status int, text string) fault { return fault{Status: status, Description: text} }
	for _, test := range []struct {
		fault fault
		want  string
	}{
		{fault{}, "sent"},
		{fault{Status: 429, RetryAfter: 7, Description: "Too Many Requests: retry after 7"}, "later 7s"},
		{fault{Status: 429, RetryAfter: 9, Header: true, Description: "Too Many Requests"}, "later 9s"},
		{fault{Status: 429, RetryAfter: 9, Header: true, HTML: true}, "later 9s everyone"},
		{said(429, "Too Many Requests"), "later 5s"},
		{fault{Status: 400, MigrateTo: -1005, Description: "Bad Request: group chat was upgraded to a supergroup chat"}, "moved to telegram:-1005"},
		{said(403, "Forbidden: bot was blocked by the user"), "gone"},
		{said(403, "Forbidden: user is deactivated"), "gone"},
		{said(403, "Forbidden: bot can't initiate conversation with a user"), "gone"},
		{said(403, "Forbidden: bot was kicked from the supergroup chat"), "gone"},
		{said(403, "Forbidden: bot was kicked from the channel chat"), "gone"},
		{said(403, "Forbidden: bot is not a member of the channel chat"), "gone"},
		{said(403, "Forbidden: the group chat was deleted"), "gone"},
		{said(403, "Forbidden: the bot can't send messages to the bot"), "gone"},
		{said(400, "Bad Request: chat not found"), "gone"},
		{said(400, "Bad Request: not enough rights to send text messages to the chat"), "gone"},
		{said(400, "Bad Request: need administrator rights in the channel chat"), "gone"},
		{said(400, "Bad Request: have no rights to send a message"), "gone"},
		{said(400, "Bad Request: CHAT_WRITE_FORBIDDEN"), "gone"},
		{said(400, "Bad Request: TOPIC_CLOSED"), "gone"},
		{said(400, "Bad Request: message thread not found"), "gone"},
		{said(400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"), "refused"},
		{said(400, "Bad Request: message is too long"), "refused"},
		{said(400, "Bad Request: text is too long"), "refused"},
		{said(400, "Bad Request: message text is empty"), "refused"},
		{said(400, "Bad Request: can't parse entities: unsupported entity"), "refused"},
		{said(400, "Bad Request: ENTITIES_TOO_LONG"), "refused"},
		{said(400, "Bad Request: BUTTON_DATA_INVALID"), "refused"},
		{said(400, "Bad Request: reply markup is too long"), "refused"},
		{said(400, "Bad Request: something else"), "refused"},
		{said(413, "Request Entity Too Large"), "refused"},
		{said(401, "Unauthorized"), "later 1m0s everyone"},
		{said(404, "Not Found"), "later 1m0s everyone"},
		{said(404, "Not Found: method not found"), "refused"},
		{said(409, "Conflict: whatever"), "later 0s"},
		{said(500, "Internal Server Error"), "later 0s"},
		{fault{Status: 500, HTML: true}, "later 0s"},
		{fault{Status: 502, HTML: true}, "later 0s"},
		{fault{Status: 503, HTML: true, RetryAfter: 20, Header: true}, "later 20s"},
		{fault{Status: 504, HTML: true}, "later 0s"},
		{fault{Status: 403, HTML: true}, "later 0s"}, // a proxy's word is not the vendor's
		{fault{Status: 404, HTML: true}, "later 0s"},
		{fault{Status: 302, HTML: true}, "later 0s"},
		{fault{Status: 200, HTML: true}, "uncertain"},
		{fault{Result: `{"message_id":`}, "uncertain"},
		{fault{Result: `[]`}, "uncertain"},
		{fault{Result: `{}`}, "uncertain"},
		{fault{Reset: telegramtest.Before}, "uncertain"},
		{fault{Reset: telegramtest.After}, "uncertain"},
		{fault{Hang: true}, "uncertain"},
	} {
		t.Run(fmt.Sprintf("%+v", test.fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &rig{t: t, Server: telegramtest.NewServer(t, telegramtest.Options{Pipe: true}), host: newHost(), log: &chattest.Log{}}
				r.AddChat(telegramtest.Chat{ID: 42})
				r.Script("sendMessage", test.fault)
				id, err := r.connect().Send(context.Background(), conversation("42"), chat.Card{Title: "A"}, "key")
				if got := outcome(err); got != test.want {
					t.Errorf("%s, not %s: %v", got, test.want, err)
				}
				if (err == nil) != (id == "1") {
					t.Errorf("the message is %q", id)
				}
				if err != nil && strings.Contains(err.Error(), "TEST-token") {
					t.Errorf("the token is in %v", err)
				}
			})
		})
	}
}

func TestNothingWrittenIsLater(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	bot, err := telegram.New(telegram.Options{Token: "1:SECRET-token", API: "http://" + address})
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"42", "-100"} {
		_, err = bot.Send(context.Background(), conversation(to), chat.Card{Title: "A"}, "key")
		if got := outcome(err); !strings.HasPrefix(got, "later") {
			t.Errorf("%s: %v", got, err)
		}
		if strings.Contains(err.Error(), "SECRET") {
			t.Errorf("the token is in %v", err)
		}
	}
	if got := bot.Invitation(); got != "" {
		t.Errorf("the invitation is %q", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = bot.Send(ctx, conversation("42"), chat.Card{Title: "A"}, "key")
	if got := outcome(err); got != "later 0s" {
		t.Errorf("cancelled before anything was written: %s: %v", got, err)
	}
}

// A proxy may say until when to wait.
func TestRetryAfterMayBeADate(t *testing.T) {
	for header, want := range map[string][2]time.Duration{
		time.Now().Add(time.Hour).UTC().Format(http.TimeFormat):  {50 * time.Minute, time.Hour},
		time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): {5 * time.Second, 5 * time.Second},
		"-5":   {5 * time.Second, 5 * time.Second},
		"soon": {5 * time.Second, 5 * time.Second},
	} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		defer proxy.Close()
		bot, err := telegram.New(telegram.Options{Token: "1:a", API: proxy.URL})
		if err != nil {
			t.Fatal(err)
		}
		_, err = bot.Send(context.Background(), conversation("42"), chat.Card{Title: "A"}, "key")
		var later *chat.Later
		if !errors.As(err, &later) || later.After < want[0] || later.After > want[1] || !later.Everyone {
			t.Errorf("%q: %v, %+v", header, err, later)
		}
	}
}

// A send that is given up while the service is silent may have been posted; whoever
// gave it up can tell.
func TestSendGivenUpIsUncertain(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		r.Script("sendMessage", telegramtest.Fault{Hang: true})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := r.bot.Send(ctx, conversation("42"), chat.Card{Title: "A"}, "key")
		if outcome(err) != "uncertain" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestConversationsThatAreNone(t *testing.T) {
	bot, err := telegram.New(telegram.Options{Token: "1:a"})
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []chat.Conversation{{Platform: "discord", ID: "42"}, {Platform: "telegram", ID: "@name"}, {Platform: "telegram"}, {Platform: "telegram", ID: "-100", Thread: "x"}} {
		if _, err := bot.Send(context.Background(), to, chat.Card{Title: "A"}, "key"); outcome(err) != "gone" {
			t.Errorf("sending to %+v: %v", to, err)
		}
		if _, err := bot.Survey(context.Background(), to); outcome(err) != "gone" {
			t.Errorf("looking at %+v: %v", to, err)
		}
	}
}

func TestSurvey(t *testing.T) {
	for name, test := range map[string]struct {
		chat    telegramtest.Chat
		title   string
		missing []string
		outcome string
	}{
		"a person":             {telegramtest.Chat{ID: 42, Title: "Ada"}, "Ada", nil, "sent"},
		"a group":              {telegramtest.Chat{ID: -100, Title: "Newsroom"}, "Newsroom", nil, "sent"},
		"a silent group":       {telegramtest.Chat{ID: -100, Title: "N", Bot: telegramtest.Standing{Status: "member", Mute: true}}, "N", []string{"Send Text Messages"}, "sent"},
		"restricted":           {telegramtest.Chat{ID: -100, Title: "N", Bot: telegramtest.Standing{Status: "restricted", Mute: true}}, "N", []string{"Send Text Messages"}, "sent"},
		"a channel":            {telegramtest.Chat{ID: -100, Title: "C", Type: "channel"}, "C", nil, "sent"},
		"a channel, a member":  {telegramtest.Chat{ID: -100, Title: "C", Type: "channel", Bot: telegramtest.Standing{Status: "member"}}, "C", []string{"Administrator", "Post Messages"}, "sent"},
		"a channel, no posts":  {telegramtest.Chat{ID: -100, Title: "C", Type: "channel", Bot: telegramtest.Standing{Status: "administrator", Mute: true}}, "C", []string{"Post Messages"}, "sent"},
		"kicked":               {telegramtest.Chat{ID: -100, Bot: telegramtest.Standing{Status: "kicked"}}, "", nil, "gone"},
		"not there (no chat)":  {telegramtest.Chat{ID: 7}, "", nil, "gone"},
		"blocked by the asker": {telegramtest.Chat{ID: 42, Bot: telegramtest.Standing{Status: "kicked"}}, "", nil, "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &rig{t: t, Server: telegramtest.NewServer(t, telegramtest.Options{Pipe: true}), host: newHost(), log: &chattest.Log{}}
				if test.chat.ID != 7 {
					r.AddChat(test.chat)
				}
				id := fmt.Sprint(test.chat.ID)
				s, err := r.connect().Survey(context.Background(), conversation(id))
				if outcome(err) != test.outcome {
					t.Fatalf("%v", err)
				}
				if err != nil {
					return
				}
				if s.Title != test.title || s.CanPost != (test.missing == nil) || strings.Join(s.Missing, ",") != strings.Join(test.missing, ",") || s.Room[0] != "telegram:"+id {
					t.Errorf("the survey is %+v", s)
				}
			})
		})
	}
}

func TestSurveyOfATopic(t *testing.T) {
	poster(t, func(t *testing.T, r *rig) {
		ctx := context.Background()
		look := func(want string, missing ...string) {
			t.Helper()
			s, err := r.bot.Survey(ctx, conversation("-100/7"))
			if outcome(err) != want || err == nil && (s.CanPost != (missing == nil) || !slices.Equal(s.Missing, missing)) {
				t.Errorf("%+v, %v; want %s, %v", s, err, want, missing)
			}
			_, err = r.send("-100/7", chat.Card{Title: "A"}, "key")
			if (outcome(err) == "sent") != (want == "sent" && missing == nil) {
				t.Errorf("a post there: %v", err)
			}
			time.Sleep(10 * time.Second)
		}
		look("sent")
		r.CloseTopic(-100, 7)
		look("sent", "Manage Topics, as the topic is closed")
		r.SetBot(-100, 42, manager)
		look("sent")
		r.SetBot(-100, 42, telegramtest.Standing{Status: "restricted", Mute: true})
		look("sent", "Send Text Messages")
		r.SetBot(-100, 42, telegramtest.Standing{Status: "member"})
		r.ReopenTopic(-100, 7)
		r.Script("sendChatAction", telegramtest.Fault{Status: 400, Description: "Bad Request: wrong parameter"})
		look("sent") // it says nothing of the topic
		r.Script("sendChatAction", telegramtest.Fault{Status: 502, HTML: true})
		if _, err := r.bot.Survey(ctx, conversation("-100/7")); outcome(err) != "later 0s" {
			t.Error(err)
		}
		r.DeleteTopic(-100, 7)
		look("gone")
	})
}

func TestSurveyIsNeverUncertain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, Server: telegramtest.NewServer(t, telegramtest.Options{Pipe: true}), host: newHost(), log: &chattest.Log{}}
		r.AddChat(telegramtest.Chat{ID: 42})
		r.Script("getChat", telegramtest.Fault{Reset: telegramtest.Before})
		if _, err := r.connect().Survey(context.Background(), conversation("42")); outcome(err) != "later 0s" {
			t.Error(err)
		}
	})
}

func TestSurveyWithoutADescription(t *testing.T) {
	for name, fault := range map[string]telegramtest.Fault{
		"an unknown method": {Status: 404, Description: "Not Found"},
		"nothing said":      {Result: "true"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &rig{t: t, Server: telegramtest.NewServer(t, telegramtest.Options{Pipe: true}), host: newHost(), log: &chattest.Log{}}
				r.AddChat(telegramtest.Chat{ID: 42})
				r.AddChat(telegramtest.Chat{ID: -100})
				r.AddChat(telegramtest.Chat{ID: -200, Bot: telegramtest.Standing{Status: "kicked"}})
				r.Script("getChat", fault, fault, fault)
				bot := r.connect()
				for id, want := range map[string]bool{"42": true, "-100": true, "-200": false} {
					s, err := bot.Survey(context.Background(), conversation(id))
					if (err == nil && s.CanPost) != want {
						t.Errorf("%s: %+v, %v", id, s, err)
					}
				}
			})
		})
	}
}

func TestInvitation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, Server: telegramtest.NewServer(t, telegramtest.Options{Pipe: true, Name: "SomeBot"}), host: newHost(), log: &chattest.Log{}}
		bot := r.connect()
		r.Script("getMe", telegramtest.Fault{Status: 502, HTML: true})
		if got := bot.Invitation(); got != "" {
			t.Errorf("the invitation is %q", got)
		}
		time.Sleep(2 * time.Second)
		for range 3 {
			if got := bot.Invitation(); got != "https://t.me/SomeBot?startgroup=true" {
				t.Errorf("the invitation is %q", got)
			}
		}
		if n := len(r.Calls("getMe")); n != 2 {
			t.Errorf("%d calls of getMe", n)
		}
	})
}

func TestTokenIsTakenOutOfWhatTheServiceSays(t *testing.T) {
	r := &rig{t: t, Server: telegramtest.NewServer(t, telegramtest.Options{}), host: newHost(), log: &chattest.Log{}}
	r.AddChat(telegramtest.Chat{ID: 42})
	_, secret, _ := strings.Cut(r.Token(), ":")
	r.Script("sendMessage", telegramtest.Fault{Status: 400, Description: "Bad Request: no " + r.Token() + " and no " + secret})
	_, err := r.connect().Send(context.Background(), conversation("42"), chat.Card{Title: "A"}, "key")
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, errors.Unwrap(err)), secret) {
		t.Errorf("the token is in %v", err)
	}
}

// A redirect is not followed: it would carry the token to another address.
func TestRedirectIsNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		t.Errorf("a request came to %s, referred by %q", req.URL.Path, req.Referer())
	}))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(other.URL+"/elsewhere", http.StatusTemporaryRedirect))
	defer first.Close()
	bot, err := telegram.New(telegram.Options{Token: "1:a", API: first.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bot.Send(context.Background(), conversation("42"), chat.Card{Title: "A"}, "key"); outcome(err) != "later 0s" {
		t.Error(err)
	}
}
