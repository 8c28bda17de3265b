package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

// answersAgain fails the test unless a command is answered within a minute.
func (s *stage) answersAgain() {
	s.Helper()
	s.waitFor(time.Minute, "the next connection", func() bool { return s.server.Connected() == 1 })
	s.slash(channelID, "overview")
}

func TestConnectionsThatGoWrongAtFirst(t *testing.T) {
	for name, script := range map[string]discordtest.Script{
		"silent":                 {Silent: true},
		"silent after hello":     {SilentAfterHello: true},
		"reconnect, not ready":   {Reconnect: true},
		"invalid session":        {Invalid: true},
		"handshake refused":      {Refuse: 503},
		"closed with 4000":       {Close: 4000},
		"closed for rate limits": {Close: 4008},
		"closed with a time-out": {Close: 4009},
		"closed normally":        {Close: 1000},
		"closed by a going away": {Close: 1001},
		"an unknown close code":  {Close: 4999},
		"deaf after ready":       {Deaf: true},
	} {
		t.Run(name, func(t *testing.T) {
			playUnserved(t, discordtest.Options{}, func(s *stage) {
				s.server.Connections(script)
				began := time.Now()
				s.serve()
				s.waitFor(3*time.Minute, "a second connection", func() bool {
					return s.server.Connected() == 1 && (len(s.server.Identifies()) > 1 || script.Silent || script.Refuse != 0)
				})
				if took := time.Since(began); took > 2*time.Minute {
					s.Errorf("connected after %v", took)
				}
				s.wait("the commands", func() bool { return len(s.server.Commands()) > 0 })
				s.slash(channelID, "overview")
			})
		})
	}
}

func TestConnectionsThatEnd(t *testing.T) {
	for name, end := range map[string]func(*discordtest.Server){
		"dropped":          (*discordtest.Server).DropGateway,
		"asked to go":      (*discordtest.Server).AskReconnect,
		"invalidated":      (*discordtest.Server).Invalidate,
		"closed with 4000": func(s *discordtest.Server) { s.CloseGateway(4000) },
		"closed with 1001": func(s *discordtest.Server) { s.CloseGateway(1001) },
		// These end the library's goroutine, and the process with it.
		"told of no server": func(s *discordtest.Server) { s.Dispatch("GUILD_CREATE", nil) },
		"told of a nothing": func(s *discordtest.Server) { s.Dispatch("GUILD_UPDATE", map[string]any{}) },
		"told of no voice":  func(s *discordtest.Server) { s.Dispatch("VOICE_STATE_UPDATE", nil) },
		"told of a number":  func(s *discordtest.Server) { s.Dispatch("GUILD_CREATE", 5) },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.slash(channelID, "overview")
				before := len(s.server.Identifies())
				end(s.server)
				s.waitFor(time.Minute, "another session", func() bool { return len(s.server.Identifies()) == before+1 })
				s.answersAgain()
			})
		})
	}
}

func TestSilenceIsNoticedAfterTwoHeartbeats(t *testing.T) {
	play(t, func(s *stage) {
		s.server.Mute()
		began := time.Now()
		s.waitFor(5*time.Minute, "another session", func() bool { return len(s.server.Identifies()) == 2 })
		if took := time.Since(began); took > 2*41250*time.Millisecond+30*time.Second {
			s.Errorf("the silence was noticed after %v", took)
		}
		s.answersAgain()
	})
}

func TestHealthyConnectionStays(t *testing.T) {
	play(t, func(s *stage) {
		<-time.After(24 * time.Hour)
		if n := len(s.server.Identifies()); n != 1 {
			s.Errorf("%d sessions in a day, want 1", n)
		}
		if n := s.server.Heartbeats(); n < 2000 {
			s.Errorf("%d heartbeats in a day", n)
		}
		s.slash(channelID, "overview")
	})
}

func TestFatalCloseCodesEndServing(t *testing.T) {
	for _, code := range []int{4004, 4010, 4011, 4012, 4013, 4014} {
		playUnserved(t, discordtest.Options{}, func(s *stage) {
			s.server.Connections(discordtest.Script{Close: code})
			s.serve()
			err := <-s.served
			if err == nil || !strings.Contains(err.Error(), fmt.Sprint(code)) {
				s.Errorf("close code %d: Serve() = %v", code, err)
			}
			if code == 4004 && !strings.Contains(err.Error(), "BRIEFBOT_DISCORD_TOKEN") {
				s.Errorf("the remedy is not named: %v", err)
			}
			if n := len(s.server.Identifies()); n != 1 {
				s.Errorf("close code %d: %d sessions, want 1", code, n)
			}
		})
	}
}

func TestInvalidSessionsSpendFewStarts(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		for range 1000 {
			s.server.Connections(discordtest.Script{Invalid: true})
		}
		s.serve()
		<-time.After(24 * time.Hour)
		if n := len(s.server.Identifies()); n > 900 {
			s.Errorf("%d sessions in a day", n)
		}
	})
}

func TestSessionsBeginApart(t *testing.T) {
	playUnserved(t, discordtest.Options{Limits: true}, func(s *stage) {
		s.serve()
		for n := 1; n <= 4; n++ {
			s.wait("a session", func() bool { return len(s.server.Identifies()) == n && s.server.Connected() == 1 })
			s.server.CloseGateway(4000)
		}
		at := s.server.Identifies()
		for i := range at[1:] {
			if apart := at[i+1].Sub(at[i]); apart < 5*time.Second {
				s.Errorf("two sessions begin %v apart", apart)
			}
		}
	})
}

func TestLastStartsAreKept(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.server.SetSessionStarts(1000, 100, 3*time.Hour)
		s.serve()
		<-time.After(2 * time.Hour)
		if n := len(s.server.Identifies()); n != 0 {
			s.Errorf("%d sessions were begun of the last 100", n)
		}
		if s.host.alarm("discord-sessions") == "" {
			s.Error("the operators were not told")
		}
		s.server.SetSessionStarts(1000, 1000, 24*time.Hour)
		s.waitFor(2*time.Hour, "the connection", func() bool { return s.server.Connected() == 1 })
	})
}

func TestAnHourWithoutNetwork(t *testing.T) {
	play(t, func(s *stage) {
		s.pipe.SetDown(true)
		s.server.DropGateway()
		<-time.After(time.Hour)
		s.pipe.SetDown(false)
		s.waitFor(time.Minute, "another session", func() bool { return len(s.server.Identifies()) == 2 })
		s.answersAgain()
		if n := len(s.server.Identifies()); n != 2 {
			s.Errorf("%d sessions, want 2", n)
		}
	})
}

func TestRefusedTokenEndsServing(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.refusals = true
		other, err := New(Options{Token: "MTEwMDAwMDAwMDAwMDAwMDAwMQ.another.token", API: s.server.API(), Dial: s.pipe.Dial})
		if err != nil {
			s.Fatal(err)
		}
		defer other.rest.close()
		err = other.Serve(s.ctx, s.host)
		if err == nil || !strings.Contains(err.Error(), "BRIEFBOT_DISCORD_TOKEN") {
			s.Errorf("Serve() = %v", err)
		}
		// A send fails without another request.
		before := len(s.server.Requests())
		_, err = other.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "k")
		if later, ok := err.(*chat.Later); !ok || !later.Everyone {
			s.Errorf("Send() = %v, want later for everyone", err)
		}
		if _, err := other.Survey(s.ctx, conversation(channelID)); err == nil {
			s.Error("a survey succeeded with a refused token")
		}
		if n := len(s.server.Requests()); n != before {
			s.Errorf("%d more requests with a refused token", n-before)
		}
	})
}

func TestAbandonedConnectionIsDeaf(t *testing.T) {
	heard := 0
	v := &supervisor{event: func(string, json.RawMessage) { heard++ }}
	c := &connection{supervisor: v, generation: v.generation.Add(1), ready: make(chan struct{})}
	e := &discordgo.Event{Type: "GUILD_CREATE"}
	c.event(e)
	v.generation.Add(1)
	c.event(e)
	if heard != 1 {
		t.Errorf("%d events were heard, want the one before the connection was given up", heard)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.pipe.SetDown(true)
		s.serve()
		<-time.After(10 * time.Second)
		s.stop()
		if err := <-s.served; err != nil {
			s.Errorf("Serve() = %v", err)
		}
	})
}

func TestHostPanicInEventIsContained(t *testing.T) {
	play(t, func(s *stage) {
		s.server.Dispatch("GUILD_DELETE", "not an object")
		s.server.Dispatch("INTERACTION_CREATE", 42)
		s.server.Dispatch("INTERACTION_CREATE", map[string]any{"id": "1", "type": 77})
		s.slash(channelID, "overview")
	})
}

func TestCloseCodes(t *testing.T) {
	for code, want := range map[int]bool{1000: false, 1006: false, 4000: false, 4007: false, 4009: false, 4004: true, 4014: true} {
		if got := fatal(fmt.Errorf("wrapped: %w", closeError(code))) != nil; got != want {
			t.Errorf("close code %d is fatal: %v, want %v", code, got, want)
		}
	}
	if fatal(context.Canceled) != nil || fatal(nil) != nil {
		t.Error("an ordinary end is fatal")
	}
}
