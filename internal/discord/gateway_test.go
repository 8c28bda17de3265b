package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

// answersAgain fails the test unless a command is answered within a minute, and
// answered once.
func (s *stage) answersAgain() {
	s.Helper()
	began, before := time.Now(), s.host.runs()
	s.waitFor(time.Minute, "the next connection", func() bool { return s.server.Connected() == 1 })
	s.slash(channelID, "overview")
	if took := time.Since(began); took > time.Minute {
		s.Errorf("it is answered again after %v", took)
	}
	<-time.After(time.Minute)
	if n := s.host.runs() - before; n != 1 {
		s.Errorf("one command was run %d times", n)
	}
}

// Whatever a connection does at first: the next one comes within two minutes of the
// beginning, within a minute of the first one's end, and a command is answered once.
func TestConnectionsThatGoWrongAtFirst(t *testing.T) {
	scripts := map[string]discordtest.Script{
		"silent":                 {Silent: true},
		"silent after hello":     {SilentAfterHello: true},
		"reconnect, not ready":   {Reconnect: true},
		"invalid session":        {Invalid: true},
		"invalid, resumable":     {Resumable: true},
		"handshake refused":      {Refuse: 503},
		"handshake forbidden":    {Refuse: 403},
		"dropped (1006)":         {Drop: true},
		"an unknown close code":  {Close: 4999},
		"deaf after ready":       {Deaf: true},
		"hello without interval": {Greeting: map[string]any{}},
		"hello of nothing":       {Greeting: map[string]any{"heartbeat_interval": 0}},
		"hello of the past":      {Greeting: map[string]any{"heartbeat_interval": -41250}},
		"hello of an age":        {Greeting: map[string]any{"heartbeat_interval": int64(1) << 60}},
		"hello of a text":        {Greeting: "hello"},
		"ready with a null":      {Ready: map[string]any{"v": 10, "guilds": []any{map[string]any{"id": guildID}, nil}}},
	}
	for _, code := range []int{1000, 1001, 1011, 1012, 4000, 4001, 4002, 4003, 4005, 4006, 4007, 4008, 4009} {
		scripts[fmt.Sprint("closed with ", code)] = discordtest.Script{Close: code}
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			playUnserved(t, discordtest.Options{}, func(s *stage) {
				s.server.Connections(script)
				began := time.Now()
				s.serve()
				s.waitFor(3*time.Minute, "a second connection", func() bool {
					return s.server.Connected() == 1 && s.server.Sockets() > 1
				})
				if took := time.Since(began); took > 2*time.Minute || took > time.Minute && !script.Deaf {
					s.Errorf("connected after %v", took)
				}
				s.wait("the commands", func() bool { return len(s.server.Commands()) > 0 })
				s.answersAgain()
			})
		})
	}
}

// A READY that lacks what it should hold begins a connection all the same, and loses
// no channel.
func TestReadyWithLittleInIt(t *testing.T) {
	for name, ready := range map[string]any{
		"nothing":             map[string]any{},
		"null servers":        map[string]any{"v": 10, "guilds": nil, "user": nil, "application": nil, "session_id": nil},
		"unavailable servers": map[string]any{"guilds": []any{map[string]any{"id": guildID, "unavailable": true}}},
		"nobody":              map[string]any{"guilds": []any{map[string]any{"id": guildID}}, "user": map[string]any{}},
		"a null":              nil,
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				script := discordtest.Script{Ready: ready}
				if ready == nil {
					script.Ready = json.RawMessage("null")
				}
				s.server.Connections(script)
				s.server.DropGateway()
				s.waitFor(time.Minute, "another session", func() bool { return len(s.server.Identifies()) == 2 })
				s.answersAgain()
				if events := s.host.happened(); len(events) != 0 {
					s.Errorf("events %+v", events)
				}
				s.send(channelID, chat.Card{Title: "x"}, "k")
			})
		})
	}
}

// A server that cannot be reached for a while is not lost, in whichever way Discord
// says so; one that the bot is thrown out of meanwhile is.
func TestUnavailableServers(t *testing.T) {
	play(t, func(s *stage) {
		s.server.Outage(guildID)
		s.server.Dispatch("GUILD_CREATE", map[string]any{"id": guildID, "unavailable": true})
		s.server.Connections(discordtest.Script{Ready: map[string]any{"guilds": []any{map[string]any{"id": guildID, "unavailable": true}}}})
		s.server.DropGateway()
		s.waitFor(time.Minute, "another session", func() bool { return len(s.server.Identifies()) == 2 })
		s.answersAgain()
		if events := s.host.happened(); len(events) != 0 {
			s.Fatalf("events %+v", events)
		}
		s.server.Dispatch("GUILD_CREATE", map[string]any{"id": guildID, "unavailable": true})
		s.server.Kick(guildID)
		for _, e := range s.events(2) {
			if e.Kind != chat.Lost {
				s.Errorf("event %+v, want lost", e)
			}
		}
	})
}

// Events alone are no life: heartbeats that go unheard end a connection.
func TestUnheardHeartbeatsAreNoticed(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.server.Connections(discordtest.Script{Unheard: true})
		s.serve()
		s.wait("the connection", func() bool { return s.server.Connected() == 1 })
		began := time.Now()
		for len(s.server.Identifies()) == 1 && time.Since(began) < 5*time.Minute {
			<-time.After(5 * time.Second)
			s.server.Dispatch("TYPING_START", map[string]any{"channel_id": channelID})
		}
		if took := time.Since(began); took > 2*41250*time.Millisecond+30*time.Second {
			s.Errorf("it was noticed after %v", took)
		}
		s.answersAgain()
	})
}

// A question that came with the last breath of a connection is answered, once.
func TestQuestionOfADyingConnection(t *testing.T) {
	play(t, func(s *stage) {
		s.host.answer(func(ctx context.Context, inv chat.Invocation) chat.Reply {
			<-time.After(time.Second)
			return overview(inv)
		})
		p, err := s.server.Slash(reader, channelID, "overview")
		if err != nil {
			s.Fatal(err)
		}
		synctest.Wait()
		s.server.DropGateway()
		s.answer(p)
		s.waitFor(time.Minute, "another session", func() bool { return len(s.server.Identifies()) == 2 })
		<-time.After(time.Minute)
		if n := s.host.runs(); n != 1 {
			s.Errorf("the question was run %d times", n)
		}
	})
}

// Where the gateway is cannot be asked for a while: that is no reason to stop.
func TestGatewayAddressThatCannotBeAsked(t *testing.T) {
	for name, fault := range map[string]discordtest.Fault{
		"unavailable":    {Status: 503},
		"a bad gateway":  {Status: 502, HTML: "<html>"},
		"a block":        {Status: 403, HTML: "<html>"},
		"a sign-in":      {Status: 401, HTML: "<html>"},
		"a false page":   {Status: 200, HTML: "<html>"},
		"limited":        {Status: 429, RetryAfter: 20 * time.Second, Scope: "user"},
		"limited at all": {Status: 429, RetryAfter: 20 * time.Second, Scope: "global"},
		"reset":          {Reset: true},
		"never":          {Hang: true},
		"not an address": {Status: 200},
	} {
		t.Run(name, func(t *testing.T) {
			playUnserved(t, discordtest.Options{}, func(s *stage) {
				fault.Path, fault.Times = "/gateway/bot", 2
				s.server.Fail(fault)
				s.serve()
				s.waitFor(2*time.Minute, "the connection", func() bool { return s.server.Connected() == 1 })
				s.wait("the commands", func() bool { return len(s.server.Commands()) > 0 })
				s.answersAgain()
			})
		})
	}
}

func TestConnectionsThatEnd(t *testing.T) {
	for name, end := range map[string]func(*discordtest.Server){
		"dropped":          (*discordtest.Server).DropGateway,
		"asked to go":      (*discordtest.Server).AskReconnect,
		"invalidated":      func(s *discordtest.Server) { s.Invalidate(false) },
		"to be resumed":    func(s *discordtest.Server) { s.Invalidate(true) },
		"closed with 4000": func(s *discordtest.Server) { s.CloseGateway(4000) },
		"closed with 1001": func(s *discordtest.Server) { s.CloseGateway(1001) },
		// These end the library's goroutine, and the process with it.
		"told of no server": func(s *discordtest.Server) { s.Dispatch("GUILD_CREATE", nil) },
		"told of a nothing": func(s *discordtest.Server) { s.Dispatch("GUILD_UPDATE", map[string]any{}) },
		"told of no voice":  func(s *discordtest.Server) { s.Dispatch("VOICE_STATE_UPDATE", nil) },
		"told of a number":  func(s *discordtest.Server) { s.Dispatch("GUILD_CREATE", 5) },
		"told of a hole": func(s *discordtest.Server) {
			s.Dispatch("GUILD_CREATE", map[string]any{"id": "5", "name": strings.Repeat("x", 5000), "members": []any{nil}})
		},
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
	for _, code := range []int{4004, 4010, 4011, 4012, 4013, 4014} { // the rest is in TestConnectionsThatGoWrongAtFirst
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

// The last sessions of a day's budget are kept, and it is connected again within a
// minute of the budget's renewal.
func TestLastStartsAreKept(t *testing.T) {
	for _, left := range []int{100, 1, 0} {
		playUnserved(t, discordtest.Options{}, func(s *stage) {
			const renewed = 3 * time.Hour
			s.server.SetSessionStarts(1000, left, renewed)
			began := time.Now()
			s.serve()
			<-time.After(renewed - time.Minute)
			if n := len(s.server.Identifies()); n != 0 {
				s.Errorf("%d sessions were begun of the last %d", n, left)
			}
			if s.host.alarm("discord-sessions") == "" {
				s.Error("the operators were not told")
			}
			s.server.SetSessionStarts(1000, 1000, 24*time.Hour)
			s.waitFor(time.Hour, "the connection", func() bool { return s.server.Connected() == 1 })
			if took := time.Since(began); took > renewed+time.Minute {
				s.Errorf("connected after %v, though the budget was renewed after %v", took, renewed)
			}
			s.answersAgain()
		})
	}
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

// Of all close codes these six alone end the adapter, and each says what to do.
func TestCloseCodes(t *testing.T) {
	fatals := []int{4004, 4010, 4011, 4012, 4013, 4014}
	for code := 1000; code < 5000; code++ {
		err := fatal(fmt.Errorf("wrapped: %w", closeError(code)))
		if got, want := err != nil, slices.Contains(fatals, code); got != want {
			t.Errorf("close code %d is fatal: %v, want %v", code, got, want)
		}
		if err != nil && !strings.Contains(err.Error(), ": ") {
			t.Errorf("close code %d: %v, which names no remedy", code, err)
		}
	}
	if fatal(context.Canceled) != nil || fatal(nil) != nil {
		t.Error("an ordinary end is fatal")
	}
}
