package discord

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

// puts is how often the commands were written.
func (s *stage) puts() int {
	n := 0
	for _, r := range s.server.Requests() {
		if r.Method == "PUT" && strings.HasSuffix(r.Route, "/commands") {
			n++
		}
	}
	return n
}

func TestRegistration(t *testing.T) {
	play(t, func(s *stage) {
		if n := s.puts(); n != 1 {
			s.Fatalf("%d writes, want 1", n)
		}
		event := s.server.Command("event")
		var names []string
		for _, o := range event["options"].([]any) {
			names = append(names, o.(map[string]any)["name"].(string))
		}
		if d := cmp.Diff([]string{"id", "story"}, names); d != "" {
			s.Errorf("required options come first (-want +got):\n%s", d)
		}
		for _, want := range []struct {
			command, option string
			field           string
			value           any
		}{
			{"event", "story", "autocomplete", true},
			{"event", "id", "required", true},
			{"event", "id", "type", 3.0},
			{"subscribe", "count", "type", 10.0},
			{"subscribe", "importance", "choices", []any{map[string]any{"name": "Major", "value": "major"}, map[string]any{"name": "All", "value": "minor"}}},
		} {
			for _, o := range s.server.Command(want.command)["options"].([]any) {
				if o := o.(map[string]any); o["name"] == want.option {
					if d := cmp.Diff(want.value, o[want.field]); d != "" {
						s.Errorf("%s %s %s (-want +got):\n%s", want.command, want.option, want.field, d)
					}
				}
			}
		}
		if d := cmp.Diff([]any{0.0, 1.0}, event["contexts"]); d != "" {
			s.Errorf("contexts (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]any{0.0}, event["integration_types"]); d != "" {
			s.Errorf("integration types (-want +got):\n%s", d)
		}
	})
}

func TestRegistrationIsSkippedWhereNothingChanged(t *testing.T) {
	play(t, func(s *stage) {
		for range 3 {
			changed, err := s.discord.rest.register(s.ctx, s.server.Application(), s.host.Commands())
			if err != nil || changed {
				s.Errorf("register() = %v, %v", changed, err)
			}
		}
		if n := s.puts(); n != 1 {
			s.Errorf("%d writes, want 1", n)
		}
	})
}

func TestRegistrationOfWhatChanged(t *testing.T) {
	for name, change := range map[string]func(*chat.Command){
		"a summary":        func(c *chat.Command) { c.Summary = "Another" },
		"an option":        func(c *chat.Command) { c.Options = append(c.Options, chat.Option{Name: "extra", Summary: "More"}) },
		"an option's text": func(c *chat.Command) { c.Options = []chat.Option{{Name: "story", Summary: "Which"}} },
		"no options":       func(c *chat.Command) { c.Options = nil },
		"completing":       func(c *chat.Command) { c.Options = []chat.Option{{Name: "story", Summary: "The story"}} },
		"a name":           func(c *chat.Command) { c.Name = "summary" },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				commands := append([]chat.Command(nil), s.host.Commands()...)
				change(&commands[0])
				changed, err := s.discord.rest.register(s.ctx, s.server.Application(), commands)
				if err != nil || !changed {
					s.Errorf("register() = %v, %v", changed, err)
				}
				if changed, err = s.discord.rest.register(s.ctx, s.server.Application(), commands); err != nil || changed {
					s.Errorf("a second register() = %v, %v", changed, err)
				}
			})
		})
	}
}

func TestRegistrationReplacesLeftovers(t *testing.T) {
	for name, leftover := range map[string]map[string]any{
		"an old command":      {"name": "old", "description": "Old"},
		"hidden from readers": {"name": "overview", "description": "What a story is about", "default_member_permissions": "32"},
		"localised":           {"name": "overview", "description": "What a story is about", "name_localizations": map[string]any{"uk": "огляд"}},
		"of another kind":     {"name": "Save", "type": 3, "description": ""},
		"with other choices":  {"name": "overview", "description": "x", "options": []any{map[string]any{"type": 4, "name": "n", "description": "d", "choices": []any{map[string]any{"name": "one", "value": 1}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			playUnserved(t, discordtest.Options{}, func(s *stage) {
				s.server.SetCommands(leftover)
				s.serve()
				s.wait("the commands", func() bool { return len(s.server.Commands()) == 3 })
				if n := s.puts(); n != 1 {
					s.Errorf("%d writes, want 1", n)
				}
			})
		})
	}
}

func TestTooManyCreationsWaitForTomorrow(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.refusals = true
		s.server.SetCreated(199)
		s.serve()
		s.wait("the alarm", func() bool { return s.server.Connected() == 1 && s.puts() == 1 })
		<-time.After(12 * time.Hour)
		if s.host.alarm("discord-registration") == "" {
			s.Error("the operators were not told")
		}
		if n := s.puts(); n != 1 {
			s.Errorf("%d writes in half a day, want 1", n)
		}
		s.server.SetCreated(0)
		s.waitFor(13*time.Hour, "the commands", func() bool { return len(s.server.Commands()) == 3 })
	})
}

func TestRegistrationSurvivesFaults(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.server.Fail(discordtest.Fault{Path: "/applications/@me", Status: 500})
		s.server.Fail(discordtest.Fault{Path: "/applications/*/commands", Method: "GET", Status: 502, HTML: "<html>"})
		s.server.Fail(discordtest.Fault{Path: "/applications/*/commands", Method: "PUT", Reset: true})
		s.serve()
		s.wait("the commands", func() bool { return len(s.server.Commands()) == 3 })
	})
}

// The gateway says who the bot is, so that nothing depends on asking for it.
func TestGatewaySaysWhoTheBotIs(t *testing.T) {
	playUnserved(t, discordtest.Options{Token: "opaque"}, func(s *stage) {
		for _, path := range []string{"/applications/@me", "/users/@me"} {
			s.server.Fail(discordtest.Fault{Path: path, Status: 404, Times: -1})
		}
		s.serve()
		s.wait("the commands", func() bool { return len(s.server.Commands()) > 0 })
		if got, err := s.discord.Survey(s.ctx, conversation(channelID)); err != nil || !got.CanPost {
			s.Errorf("Survey() = %+v, %v", got, err)
		}
	})
}

func TestManyOptionsAreCut(t *testing.T) {
	c := chat.Command{Name: "many", Summary: strings.Repeat("ж", 120)}
	for i := range 30 {
		c.Options = append(c.Options, chat.Option{Name: fmt.Sprint("o", i), Complete: func(context.Context, *chat.Invocation, string) []chat.Choice { return nil }})
	}
	got := commandsOf([]chat.Command{c})[0]
	if len(got.Options) != 25 || got.Options[0].Description != "o0" || len([]rune(got.Description)) != 100 {
		t.Errorf("%d options, description %q", len(got.Options), got.Description)
	}
}
