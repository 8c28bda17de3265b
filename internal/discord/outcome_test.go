package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

// outcomeName says which outcome an error is.
func outcomeName(err error) string {
	var (
		l *chat.Later
		u *chat.Uncertain
		g *chat.Gone
		r *chat.Refused
		m *chat.MovedTo
		f *chat.Fixed
	)
	switch {
	case err == nil:
		return "sent"
	case errors.As(err, &l) && l.Everyone:
		return "later, everyone"
	case errors.As(err, &l):
		return "later"
	case errors.As(err, &u):
		return "uncertain"
	case errors.As(err, &g):
		return "gone"
	case errors.As(err, &r):
		return "refused"
	case errors.As(err, &m):
		return "moved"
	case errors.As(err, &f):
		return "fixed"
	}
	return fmt.Sprintf("no outcome: %v", err)
}

func TestSendOutcomesOfTheWire(t *testing.T) {
	post := "/channels/*/messages"
	for name, test := range map[string]struct {
		fault discordtest.Fault
		want  string
		after time.Duration
	}{
		"reset before it was read":   {discordtest.Fault{Path: post, Reset: true}, "uncertain", 0},
		"reset after it was posted":  {discordtest.Fault{Path: post, Reset: true, After: true}, "uncertain", 0},
		"no answer in time":          {discordtest.Fault{Path: post, Hang: true}, "uncertain", 0},
		"an HTML page with a 502":    {discordtest.Fault{Path: post, Status: 502, HTML: "<html>"}, "later", 0},
		"an HTML page with a 403":    {discordtest.Fault{Path: post, Status: 403, HTML: "<html>blocked"}, "later", 0},
		"limited in its bucket":      {discordtest.Fault{Path: post, Status: 429, RetryAfter: 1500 * time.Millisecond, Scope: "user"}, "later", 1500 * time.Millisecond},
		"limited with others":        {discordtest.Fault{Path: post, Status: 429, RetryAfter: 2 * time.Second, Scope: "shared"}, "later", 2 * time.Second},
		"limited over all":           {discordtest.Fault{Path: post, Status: 429, RetryAfter: 3 * time.Second, Scope: "global"}, "later, everyone", 3 * time.Second},
		"blocked at the edge":        {discordtest.Fault{Path: post, Status: 429, HTML: "<html>error 1015", Header: map[string]string{"Retry-After": "90"}}, "later, everyone", 90 * time.Second},
		"an answer that is not JSON": {discordtest.Fault{Path: post, Status: 200, HTML: "<html>", After: true}, "uncertain", 0},
	} {
		t.Run(name, func(t *testing.T) {
			playUnserved(t, discordtest.Options{}, func(s *stage) {
				s.server.Fail(test.fault)
				_, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "News"}, "key")
				if got := outcomeName(err); got != test.want {
					s.Errorf("%s, want %s (%v)", got, test.want, err)
				}
				var later *chat.Later
				if errors.As(err, &later) && later.After != test.after {
					s.Errorf("after %v, want %v", later.After, test.after)
				}
				if err != nil && (strings.Contains(err.Error(), s.server.Token()) || strings.Contains(err.Error(), "/channels/")) {
					s.Errorf("the error tells too much: %v", err)
				}
			})
		})
	}
}

func TestSendWithoutConnectionIsLater(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.pipe.SetDown(true)
		_, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "News"}, "key")
		if got := outcomeName(err); got != "later" {
			s.Errorf("%s, want later (%v)", got, err)
		}
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		_, err = s.discord.Send(ctx, conversation(channelID), chat.Card{Title: "News"}, "key")
		if got := outcomeName(err); got != "later" {
			s.Errorf("with an ended context: %s, want later (%v)", got, err)
		}
	})
}

func TestLongTextThatFailsIsRefused(t *testing.T) {
	err := &apiError{Status: http.StatusInternalServerError, JSON: true}
	if got := outcomeName(outcome(err, maxBytes+1)); got != "refused" {
		t.Errorf("a long text: %s, want refused", got)
	}
	if got := outcomeName(outcome(err, maxBytes)); got != "later" {
		t.Errorf("a short text: %s, want later", got)
	}
}

func TestRepeatedSendPostsOnce(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.server.Fail(discordtest.Fault{Path: "/channels/*/messages", Reset: true, After: true})
		card := chat.Card{Title: "News"}
		_, err := s.discord.Send(s.ctx, conversation(channelID), card, "key")
		if got := outcomeName(err); got != "uncertain" {
			s.Fatalf("%s, want uncertain", got)
		}
		m := s.send(channelID, card, "key")
		if all := s.server.Messages(channelID); len(all) != 1 || all[0].ID != m.ID {
			s.Errorf("%d messages, want the one", len(all))
		}
		s.send(channelID, card, "another-key")
		if n := len(s.server.Messages(channelID)); n != 2 {
			s.Errorf("%d messages, want 2", n)
		}
		// The first copy is deleted before the repeat: it was sent all the same.
		s.refusals = true
		s.server.DeleteMessage(m.ID)
		if _, err := s.discord.Send(s.ctx, conversation(channelID), card, "key"); err != nil {
			s.Errorf("Send() = %v", err)
		}
	})
}

func TestSendToWhatIsNoChannel(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		for _, to := range []chat.Conversation{
			{Platform: "telegram", ID: channelID}, {Platform: "discord", ID: "general"}, {Platform: "discord", ID: "../../users/@me"},
			{Platform: "discord", ID: channelID, Thread: threadID}, {Platform: "discord"},
		} {
			if _, err := s.discord.Send(s.ctx, to, chat.Card{Title: "x"}, "k"); outcomeName(err) != "refused" {
				s.Errorf("Send to %v = %v, want refused", to, err)
			}
			if _, err := s.discord.Survey(s.ctx, to); outcomeName(err) != "refused" {
				s.Errorf("Survey of %v = %v, want refused", to, err)
			}
		}
		if _, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, strings.Repeat("k", 26)); outcomeName(err) != "refused" {
			s.Errorf("with a long key: %v, want refused", err)
		}
		if n := len(s.server.Requests()); n != 0 {
			s.Errorf("%d requests were made", n)
		}
	})
}

func TestPictureIsAttached(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		card := chat.Card{Title: "Timeline", Picture: &chat.Picture{Name: "timeline.png", Type: "image/png", Alt: "Twelve events", Data: []byte("PNG")}}
		if m := s.send(channelID, card, "key"); len(m.Files) != 1 || m.Files[0] != "timeline.png" {
			s.Errorf("files %v", m.Files)
		}
		s.server.Fail(discordtest.Fault{Path: "/channels/*/messages", Status: 403, Code: 50013})
		m := s.send(channelID, card, "key-2")
		if len(m.Files) != 0 || !strings.Contains(m.Text(), "Twelve events") {
			s.Errorf("files %v, text:\n%s", m.Files, m.Text())
		}
	})
}
