package discord

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

func TestSlashInServer(t *testing.T) {
	play(t, func(s *stage) {
		_, m := s.slash(channelID, "event", discordtest.Option{Name: "id", Value: "talks a=b"}, discordtest.Option{Name: "story", Value: "grain"})
		if !m.Ephemeral() {
			s.Error("the answer in a server is public")
		}
		if _, ok := m.Button("Share"); !ok {
			s.Errorf("no Share button:\n%s", m.Text())
		}
		inv := s.host.last()
		want := chat.Invocation{
			ID: inv.ID, Call: chat.Call{Name: "event", Args: []chat.Arg{{Option: "id", Value: "talks a=b"}, {Option: "story", Value: "grain"}}},
			Where:   chat.Conversation{Platform: "discord", ID: channelID},
			Room:    []string{"discord:" + channelID, "discord-guild:" + guildID},
			Asker:   []string{"discord-user:" + reader.User, "discord-role:" + guildID + "/" + roleID},
			Private: true, Language: "uk",
		}
		inv.Manages = nil
		if d := cmp.Diff(want, inv); d != "" {
			s.Errorf("invocation (-want +got):\n%s", d)
		}
	})
}

func TestSlashInThread(t *testing.T) {
	play(t, func(s *stage) {
		s.slash(threadID, "overview")
		inv := s.host.last()
		if d := cmp.Diff([]string{"discord:" + threadID, "discord:" + channelID, "discord-guild:" + guildID}, inv.Room); d != "" {
			s.Errorf("room (-want +got):\n%s", d)
		}
		if inv.Where.String() != "discord:"+threadID {
			s.Errorf("where = %v", inv.Where)
		}
	})
}

func TestSlashInDirectChat(t *testing.T) {
	play(t, func(s *stage) {
		_, m := s.slash(directID, "overview")
		if m.Ephemeral() {
			s.Error("an answer in a private chat is ephemeral")
		}
		if _, ok := m.Button("Share"); ok {
			s.Error("an answer in a private chat offers to share")
		}
		inv := s.host.last()
		if !inv.Direct || !inv.Private {
			s.Errorf("direct %v, private %v, want both", inv.Direct, inv.Private)
		}
		if d := cmp.Diff([]string{"discord:" + directID, "discord-user:" + reader.User}, inv.Room); d != "" {
			s.Errorf("room (-want +got):\n%s", d)
		}
	})
}

func TestManagers(t *testing.T) {
	for name, test := range map[string]struct {
		permissions uint64
		want        bool
	}{
		"nobody special":  {discordtest.Posting, false},
		"administrator":   {discordtest.Administrator, true},
		"manages server":  {discordtest.ManageGuild | discordtest.Posting, true},
		"manages channel": {discordtest.ManageChannels, true},
		"owner":           {^uint64(0), true},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				by := reader
				by.Permissions = test.permissions
				p, err := s.server.Slash(by, channelID, "subscribe")
				if err != nil {
					s.Fatal(err)
				}
				s.answer(p)
				if got, err := s.host.last().Manages(s.ctx); err != nil || got != test.want {
					s.Errorf("Manages() = %v, %v, want %v", got, err, test.want)
				}
			})
		})
	}
}

func TestSlowAnswerIsDeferred(t *testing.T) {
	for channel, flags := range map[string]int{channelID: discordtest.Ephemeral, directID: 0} {
		play(t, func(s *stage) {
			began := time.Now()
			s.host.answer(func(_ context.Context, inv chat.Invocation) chat.Reply {
				<-time.After(10 * time.Second)
				return overview(inv)
			})
			p, m := s.slash(channel, "overview")
			if p.Acknowledged() != answerDeferred {
				s.Errorf("first answer of type %d, want deferred", p.Acknowledged())
			}
			if m.Flags != flags {
				s.Errorf("flags = %d, want %d", m.Flags, flags)
			}
			if took := time.Since(began); took < 10*time.Second || took > 11*time.Second {
				s.Errorf("answered after %v", took)
			}
			if !strings.Contains(m.Text(), "Some words.") {
				s.Errorf("answer:\n%s", m.Text())
			}
		})
	}
}

func TestAnswerNobodyWaitsFor(t *testing.T) {
	play(t, func(s *stage) {
		done := make(chan struct{})
		s.host.answer(func(ctx context.Context, inv chat.Invocation) chat.Reply {
			defer close(done)
			<-ctx.Done()
			return overview(inv)
		})
		if _, err := s.server.Slash(reader, channelID, "overview"); err != nil {
			s.Fatal(err)
		}
		<-done
	})
}

func TestPressOnAnswerEditsIt(t *testing.T) {
	for _, channel := range []string{channelID, directID} {
		for _, slow := range []time.Duration{0, 5 * time.Second} {
			play(t, func(s *stage) {
				_, first := s.slash(channel, "overview")
				s.host.answer(func(_ context.Context, inv chat.Invocation) chat.Reply {
					<-time.After(slow)
					return overview(inv)
				})
				p, second := s.press(first, "Timeline")
				if !p.Edited() || second.ID != first.ID {
					s.Errorf("slow %v in %s: the answer was not edited in place", slow, channel)
				}
				if second.Flags != first.Flags {
					s.Errorf("flags changed from %d to %d", first.Flags, second.Flags)
				}
				inv := s.host.last()
				if inv.Line != "timeline grain" || !inv.Pressed || !inv.Private || inv.Call.Name != "" {
					s.Errorf("invocation %+v", inv)
				}
				if !strings.Contains(second.Text(), "timeline grain") {
					s.Errorf("answer:\n%s", second.Text())
				}
			})
		}
	}
}

func TestTwoButtonsMayAskTheSame(t *testing.T) {
	play(t, func(s *stage) {
		digest := s.send(channelID, chat.Card{Title: "x", Actions: [][]chat.Action{{
			{Label: "Page 2", Call: "timeline grain"}, {Label: "Older", Call: "timeline grain"}, {Label: "Older still", Call: "timeline grain"},
		}}}, "key")
		for _, label := range []string{"Page 2", "Older", "Older still"} {
			s.press(digest, label)
			if line := s.host.last().Line; line != "timeline grain" {
				s.Errorf("%s asks %q", label, line)
			}
		}
	})
}

func TestPressOnDigestLeavesIt(t *testing.T) {
	for _, channel := range []string{channelID, threadID, directID} {
		for _, slow := range []time.Duration{0, 5 * time.Second} {
			play(t, func(s *stage) {
				digest := s.send(channel, overview(chat.Invocation{Line: "digest"}).Card, "key-1")
				s.host.answer(func(_ context.Context, inv chat.Invocation) chat.Reply {
					<-time.After(slow)
					return overview(inv)
				})
				p, m := s.press(digest, "Timeline")
				if p.Edited() || m.ID == digest.ID {
					s.Error("a press edited the digest")
				}
				if want := channel != directID; m.Ephemeral() != want {
					s.Errorf("ephemeral = %v, want %v", m.Ephemeral(), want)
				}
				if now, _ := s.server.Message(digest.ID); now.Edits != 0 {
					s.Error("the digest was edited")
				}
			})
		}
	}
}

func TestPressOnDeletedAnswerIsAnsweredAnew(t *testing.T) {
	for _, slow := range []time.Duration{0, 5 * time.Second} {
		play(t, func(s *stage) {
			_, first := s.slash(channelID, "overview")
			s.host.answer(func(_ context.Context, inv chat.Invocation) chat.Reply {
				<-time.After(slow)
				return overview(inv)
			})
			for _, path := range []string{"/interactions/*/*/callback", "/webhooks/*/*/messages/@original"} {
				s.server.Fail(discordtest.Fault{Path: path, Body: "timeline grain", Status: 404, Code: unknownMessage})
			}
			b, _ := first.Button("Timeline")
			p, err := s.server.Press(reader, first.ID, b.CustomID)
			if err != nil {
				s.Fatal(err)
			}
			var m discordtest.Message
			if slow > 0 {
				m, err = p.FollowUp(s.ctx, 0)
			} else {
				m, err = p.Message(s.ctx)
			}
			if err != nil || m.ID == first.ID || !m.Ephemeral() {
				s.Errorf("answered by message %s, ephemeral %v, error %v", m.ID, m.Ephemeral(), err)
			}
		})
	}
}

func TestShare(t *testing.T) {
	play(t, func(s *stage) {
		_, private := s.slash(channelID, "overview", discordtest.Option{Name: "story", Value: "grain"})
		p, public := s.press(private, "Share")
		if public.Ephemeral() || p.Edited() {
			s.Error("sharing did not post for all")
		}
		if _, ok := public.Button("Share"); ok {
			s.Error("what is shared offers to be shared")
		}
		inv := s.host.last()
		if inv.Private || inv.Line != "overview story=grain" {
			s.Errorf("shared as private %v, line %q", inv.Private, inv.Line)
		}
		// What is shared is nobody's answer: a press there leaves it.
		p, own := s.press(public, "Timeline")
		if p.Edited() || !own.Ephemeral() {
			s.Error("a press on a shared message edited it, or answered for all")
		}
	})
}

func TestShareOfWhatTheRoomMayNotSee(t *testing.T) {
	for _, slow := range []time.Duration{0, 5 * time.Second} {
		play(t, func(s *stage) {
			s.host.answer(func(_ context.Context, inv chat.Invocation) chat.Reply {
				if inv.Private {
					return overview(inv)
				}
				<-time.After(slow)
				return chat.Reply{Card: chat.Card{Title: "No such story"}}
			})
			_, private := s.slash(channelID, "overview")
			b, _ := private.Button("Share")
			p, err := s.server.Press(reader, private.ID, b.CustomID)
			if err != nil {
				s.Fatal(err)
			}
			var m discordtest.Message
			if slow > 0 {
				m, err = p.FollowUp(s.ctx, 0)
			} else {
				m, err = p.Message(s.ctx)
			}
			if err != nil {
				s.Fatal(err)
			}
			if !m.Ephemeral() || !strings.Contains(m.Text(), "No such story") {
				s.Errorf("ephemeral %v:\n%s", m.Ephemeral(), m.Text())
			}
			if shown := s.server.Messages(channelID); len(shown) != 0 {
				s.Errorf("the room saw %d messages", len(shown))
			}
			if now, _ := s.server.Message(private.ID); now.Edits != 0 {
				s.Error("the answer whose button was pressed changed")
			}
		})
	}
}

func TestSlowShareIsPublic(t *testing.T) {
	play(t, func(s *stage) {
		_, private := s.slash(channelID, "overview")
		s.host.answer(func(_ context.Context, inv chat.Invocation) chat.Reply {
			<-time.After(5 * time.Second)
			return overview(inv)
		})
		b, _ := private.Button("Share")
		p, err := s.server.Press(reader, private.ID, b.CustomID)
		if err != nil {
			s.Fatal(err)
		}
		m, err := p.FollowUp(s.ctx, 0)
		if err != nil || m.Ephemeral() {
			s.Errorf("follow-up ephemeral %v, error %v", m.Ephemeral(), err)
		}
	})
}

func TestErrorsOfferNoShare(t *testing.T) {
	play(t, func(s *stage) {
		s.host.answer(func(context.Context, chat.Invocation) chat.Reply {
			return chat.Reply{Card: chat.Card{Title: "Which story?"}}
		})
		if _, m := s.slash(channelID, "overview"); len(m.Buttons) != 0 {
			s.Errorf("buttons:\n%s", m.Text())
		}
	})
}

func TestCompletion(t *testing.T) {
	long := strings.Repeat("й", 101)
	play(t, func(s *stage) {
		s.host.complete = func(_ context.Context, inv chat.Invocation, option, typed string) []chat.Choice {
			if option != "story" || typed != "gr" || inv.Call.String() != "event id=talks" {
				s.Errorf("completing %q from %q with %q", option, typed, inv.Call)
			}
			choices := []chat.Choice{{Label: "Grain", Value: "grain"}, {Label: long, Value: "long-label"}, {Label: "long value", Value: long}, {Value: "no-label"}}
			for range 30 {
				choices = append(choices, chat.Choice{Label: "more", Value: "more"})
			}
			return choices
		}
		p, err := s.server.Complete(reader, channelID, "event", discordtest.Option{Name: "story", Value: "gr"}, discordtest.Option{Name: "id", Value: "talks"})
		if err != nil {
			s.Fatal(err)
		}
		choices, err := p.Choices(s.ctx)
		if err != nil {
			s.Fatal(err)
		}
		if len(choices) != 25 || choices[0].Name != "Grain" || choices[2].Name != "no-label" {
			s.Errorf("%d choices: %v", len(choices), choices)
		}
	})
}

func TestSlowOrBrokenCompletionOffersNothing(t *testing.T) {
	for name, complete := range map[string]func(context.Context) []chat.Choice{
		"slow":   func(context.Context) []chat.Choice { <-time.After(3 * time.Second); return nil },
		"panics": func(context.Context) []chat.Choice { panic("a bug") },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.host.complete = func(ctx context.Context, _ chat.Invocation, _, _ string) []chat.Choice { return complete(ctx) }
				p, err := s.server.Complete(reader, channelID, "overview", discordtest.Option{Name: "story", Value: ""})
				if err != nil {
					s.Fatal(err)
				}
				if choices, err := p.Choices(s.ctx); err != nil || len(choices) != 0 {
					s.Errorf("choices %v, error %v", choices, err)
				}
			})
		})
	}
}

func TestPanicIsAnswered(t *testing.T) {
	play(t, func(s *stage) {
		s.host.answer(func(context.Context, chat.Invocation) chat.Reply { panic("a bug") })
		_, m := s.slash(channelID, "overview")
		if !strings.Contains(m.Text(), "Something went wrong") {
			s.Errorf("answer:\n%s", m.Text())
		}
		if !strings.Contains(s.logs.String(), "a bug") {
			s.Error("the panic is not in the log")
		}
		s.host.answer(func(_ context.Context, inv chat.Invocation) chat.Reply { return overview(inv) })
		s.slash(channelID, "overview")
	})
}

func TestFirstAnswerSurvivesFaults(t *testing.T) {
	callback := "/interactions/*/*/callback"
	for name, fault := range map[string]discordtest.Fault{
		"Discord fails once":       {Path: callback, Status: 500},
		"a proxy fails once":       {Path: callback, Status: 502, HTML: "<html>Bad gateway</html>"},
		"reset after it was given": {Path: callback, Reset: true, After: true},
		"failed after given":       {Path: callback, Status: 503, After: true},
		"the edit fails":           {Path: "/webhooks/*/*/messages/@original", Status: 500},
		"the edit is limited":      {Path: "/webhooks/*/*/messages/@original", Status: 429, RetryAfter: 700 * time.Millisecond, Scope: "user"},
	} {
		for _, slow := range []time.Duration{0, 4 * time.Second} {
			t.Run(name, func(t *testing.T) {
				play(t, func(s *stage) {
					// A first answer that was given twice is refused, and rightly so.
					s.refusals = true
					s.server.Fail(fault)
					s.host.answer(func(_ context.Context, inv chat.Invocation) chat.Reply {
						<-time.After(slow)
						return overview(inv)
					})
					_, m := s.slash(channelID, "overview")
					if !strings.Contains(m.Text(), "Some words.") || !m.Ephemeral() {
						s.Errorf("ephemeral %v:\n%s", m.Ephemeral(), m.Text())
					}
				})
			})
		}
	}
}

func TestRefusedAnswerIsApologisedFor(t *testing.T) {
	play(t, func(s *stage) {
		s.server.Fail(discordtest.Fault{Path: "/interactions/*/*/callback", Status: 400, Code: 50035, Message: "Invalid Form Body"})
		_, m := s.slash(channelID, "overview")
		if !strings.Contains(m.Text(), "Something went wrong") || !m.Ephemeral() {
			s.Errorf("ephemeral %v:\n%s", m.Ephemeral(), m.Text())
		}
	})
}

func TestLateAnswerIsDroppedQuietly(t *testing.T) {
	for _, code := range []int{unknownInteraction, unknownWebhook, invalidWebhookToken} {
		play(t, func(s *stage) {
			s.server.Fail(discordtest.Fault{Path: "/interactions/*/*/callback", Status: 404, Code: code, Message: "Unknown"})
			if _, err := s.server.Slash(reader, channelID, "overview"); err != nil {
				s.Fatal(err)
			}
			s.wait("the refusal", func() bool { return len(s.server.Requests()) > 0 && strings.Contains(s.logs.String(), "too late") })
			if logs := s.logs.String(); strings.Contains(logs, "level=WARN") || strings.Contains(logs, "level=ERROR") {
				s.Errorf("log:\n%s", logs)
			}
		})
	}
}

func TestUnknownComponentIsNoObstacle(t *testing.T) {
	play(t, func(s *stage) {
		// The library cannot decode such a message.
		s.server.Novelties()
		_, m := s.slash(channelID, "overview")
		if p, m := s.press(m, "Timeline"); !p.Edited() || !strings.Contains(m.Text(), "timeline grain") {
			s.Errorf("answer:\n%s", m.Text())
		}
	})
}

func TestStaleButtonIsAnswered(t *testing.T) {
	play(t, func(s *stage) {
		_, m := s.slash(channelID, "overview")
		s.host.answer(func(_ context.Context, inv chat.Invocation) chat.Reply {
			return chat.Reply{Card: chat.Card{Title: "This button is out of date"}}
		})
		p, err := s.server.PressStale(reader, m.ID, "~AAAAAAAAAAAAAAAA")
		if err != nil {
			s.Fatal(err)
		}
		if m := s.answer(p); !strings.Contains(m.Text(), "out of date") {
			s.Errorf("answer:\n%s", m.Text())
		}
	})
}

func TestAnswersBegunAreGivenAtTheEnd(t *testing.T) {
	play(t, func(s *stage) {
		asked := make(chan struct{})
		s.host.answer(func(_ context.Context, inv chat.Invocation) chat.Reply {
			close(asked)
			<-time.After(time.Second)
			return overview(inv)
		})
		p, err := s.server.Slash(reader, channelID, "overview")
		if err != nil {
			s.Fatal(err)
		}
		<-asked
		s.stop()
		if err := <-s.served; err != nil {
			s.Errorf("Serve() = %v", err)
		}
		if m, err := p.Message(context.WithoutCancel(s.ctx)); err != nil || !strings.Contains(m.Text(), "Some words.") {
			s.Errorf("answer %v, %v", m.Text(), err)
		}
	})
}

// Discord has moved the fields that tell a private chat, and an answer in one, more
// than once.
func TestPrivateChatHoweverItIsTold(t *testing.T) {
	user := map[string]any{"id": reader.User}
	for name, test := range map[string]struct {
		with   map[string]any
		direct bool
	}{
		"by both":                  {map[string]any{"context": 1, "channel": map[string]any{"type": 1}}, true},
		"by its context":           {map[string]any{"context": 1}, true},
		"by its channel":           {map[string]any{"channel": map[string]any{"type": 1}}, true},
		"by having no server":      {nil, true},
		"of two other people":      {map[string]any{"context": 2, "channel": map[string]any{"type": 1}}, false},
		"of a group":               {map[string]any{"channel": map[string]any{"type": 3}}, false},
		"a server, said by halves": {map[string]any{"guild_id": guildID}, false},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.refusals = true // the server knows of no such interaction
				asked := map[string]any{"id": "77", "application_id": "88", "type": 2, "token": "t", "channel_id": directID, "user": user, "data": map[string]any{"name": "overview"}}
				for k, v := range test.with {
					asked[k] = v
				}
				s.server.Dispatch("INTERACTION_CREATE", asked)
				s.firstAnswer("77")
				if inv := s.host.last(); inv.Direct != test.direct || !inv.Private {
					s.Errorf("direct %v, private %v; want %v, true", inv.Direct, inv.Private, test.direct)
				}
			})
		})
	}
}

func TestAnswerInPrivateChatHoweverItIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		message map[string]any
		want    string
	}{
		"by metadata":           {map[string]any{"interaction_metadata": map[string]any{"id": "5"}}, `"type":7`},
		"by the older metadata": {map[string]any{"interaction": map[string]any{"id": "5"}}, `"type":7`},
		"by its type":           {map[string]any{"type": 20}, `"type":7`},
		"a digest":              {map[string]any{"type": 0, "interaction_metadata": nil}, `"type":4`},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.refusals = true // as above
				s.server.Dispatch("INTERACTION_CREATE", map[string]any{
					"id": "77", "application_id": "88", "type": 3, "token": "t", "channel_id": directID, "context": 1,
					"user": map[string]any{"id": reader.User}, "data": map[string]any{"custom_id": "timeline grain"}, "message": test.message,
				})
				first := s.firstAnswer("77")
				if !strings.Contains(first, test.want) {
					s.Errorf("answered %s, want %s", first, test.want)
				}
			})
		})
	}
}

// firstAnswer waits for the first answer to an interaction and returns its body.
func (s *stage) firstAnswer(interaction string) (body string) {
	s.Helper()
	s.wait("the answer", func() bool {
		for _, r := range s.server.Requests() {
			if strings.HasPrefix(r.Path, "/interactions/"+interaction+"/") {
				body = string(r.Body)
			}
		}
		return body != ""
	})
	return body
}
