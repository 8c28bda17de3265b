package discord

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

func TestSurvey(t *testing.T) {
	const posting = discordtest.Posting
	for name, test := range map[string]struct {
		guild   discordtest.Guild
		channel discordtest.Channel
		want    []string // missing
	}{
		"everything allowed": {discordtest.Guild{}, discordtest.Channel{}, nil},
		"nothing allowed": {
			discordtest.Guild{Roles: []discordtest.Role{{ID: guildID, Permissions: discordtest.ViewChannel}}},
			discordtest.Channel{}, []string{"SEND_MESSAGES", "EMBED_LINKS"},
		},
		"by a role": {
			discordtest.Guild{Roles: []discordtest.Role{{ID: guildID, Permissions: discordtest.ViewChannel}, {ID: roleID, Permissions: posting}}, BotRoles: []string{roleID}},
			discordtest.Channel{}, nil,
		},
		"by a role that the bot has not": {
			discordtest.Guild{Roles: []discordtest.Role{{ID: guildID, Permissions: discordtest.ViewChannel | discordtest.EmbedLinks}, {ID: roleID, Permissions: posting}}},
			discordtest.Channel{}, []string{"SEND_MESSAGES"},
		},
		"denied to all here": {
			discordtest.Guild{}, discordtest.Channel{Overwrites: []discordtest.Overwrite{{ID: guildID, Deny: discordtest.EmbedLinks}}}, []string{"EMBED_LINKS"},
		},
		"denied to all, allowed to the bot": {
			discordtest.Guild{},
			discordtest.Channel{Overwrites: []discordtest.Overwrite{{ID: "1100000000000000001", Member: true, Allow: discordtest.SendMessages}, {ID: guildID, Deny: discordtest.SendMessages}}},
			nil,
		},
		"one role denies, another allows": {
			discordtest.Guild{BotRoles: []string{roleID, "77"}},
			discordtest.Channel{Overwrites: []discordtest.Overwrite{{ID: roleID, Allow: discordtest.SendMessages}, {ID: "77", Deny: discordtest.SendMessages}}},
			nil,
		},
		"an administrator": {
			discordtest.Guild{Roles: []discordtest.Role{{ID: guildID}, {ID: roleID, Permissions: discordtest.Administrator}}, BotRoles: []string{roleID}},
			discordtest.Channel{Overwrites: []discordtest.Overwrite{{ID: guildID, Deny: posting}}}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			playUnserved(t, discordtest.Options{}, func(s *stage) {
				test.guild.ID, test.guild.Name = guildID, "Newsroom"
				test.channel.ID, test.channel.Guild, test.channel.Name = channelID, guildID, "news"
				s.server.AddGuild(test.guild)
				s.server.AddChannel(test.channel)
				got, err := s.discord.Survey(s.ctx, conversation(channelID))
				if err != nil {
					s.Fatal(err)
				}
				want := chat.Survey{Room: []string{"discord:" + channelID, "discord-guild:" + guildID}, Title: "#news in Newsroom", CanPost: len(test.want) == 0, Missing: test.want}
				if d := cmp.Diff(want, got); d != "" {
					s.Errorf("(-want +got):\n%s", d)
				}
				// What the survey says is what happens.
				s.refusals = true
				_, err = s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "k")
				if (err == nil) != got.CanPost {
					s.Errorf("CanPost is %v, and Send() = %v", got.CanPost, err)
				}
				for _, name := range test.want {
					if outcomeName(err) != "gone" || !strings.Contains(err.Error(), name) {
						s.Errorf("Send() = %v, want it gone for want of %s", err, name)
					}
				}
			})
		})
	}
}

func TestSurveyOfOtherPlaces(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.refusals = true
		s.server.AddGuild(discordtest.Guild{ID: guildID, Name: "Newsroom", Roles: []discordtest.Role{{ID: guildID, Permissions: discordtest.ViewChannel | discordtest.SendMessages | discordtest.EmbedLinks}}})
		got, err := s.discord.Survey(s.ctx, conversation(threadID))
		if err != nil {
			s.Fatal(err)
		}
		want := chat.Survey{Room: []string{"discord:" + threadID, "discord:" + channelID, "discord-guild:" + guildID}, Title: "#a thread in Newsroom", Missing: []string{"SEND_MESSAGES_IN_THREADS"}}
		if d := cmp.Diff(want, got); d != "" {
			s.Errorf("thread (-want +got):\n%s", d)
		}
		got, err = s.discord.Survey(s.ctx, conversation(directID))
		if err != nil {
			s.Fatal(err)
		}
		want = chat.Survey{Room: []string{"discord:" + directID, "discord-user:" + reader.User}, CanPost: true}
		if d := cmp.Diff(want, got); d != "" {
			s.Errorf("private chat (-want +got):\n%s", d)
		}
		if _, err = s.discord.Survey(s.ctx, conversation("404")); outcomeName(err) != "gone" {
			s.Errorf("an unknown channel: %v", err)
		}
		s.server.AddChannel(discordtest.Channel{ID: channelID, Guild: guildID, Name: "news", Overwrites: []discordtest.Overwrite{{ID: guildID, Deny: discordtest.ViewChannel}}})
		if _, err = s.discord.Survey(s.ctx, conversation(channelID)); outcomeName(err) != "gone" || !strings.Contains(err.Error(), "VIEW_CHANNEL") {
			s.Errorf("a hidden channel: %v", err)
		}
	})
}

// events waits until so many events were told, and returns them.
func (s *stage) events(n int) []chat.Event {
	s.Helper()
	for range 100 {
		if events := s.host.happened(); len(events) >= n {
			return events
		}
		<-time.After(time.Second)
	}
	s.Fatalf("%d events, want %d", len(s.host.happened()), n)
	return nil
}

func TestInvitedToAServer(t *testing.T) {
	play(t, func(s *stage) {
		const guild, system, second = "4000000000000000001", "4000000000000000002", "4000000000000000003"
		s.server.AddChannel(discordtest.Channel{ID: system, Guild: guild, Name: "welcome"})
		s.server.AddChannel(discordtest.Channel{ID: second, Guild: guild, Name: "news"})
		s.server.Join(discordtest.Guild{ID: guild, Name: "New", System: system})
		events := s.events(3)
		last := events[len(events)-1]
		want := chat.Event{Kind: chat.Added, Where: conversation(system), Room: []string{"discord:" + system, "discord-guild:" + guild}}
		if d := cmp.Diff(want, last); d != "" {
			s.Errorf("(-want +got):\n%s", d)
		}
		for _, e := range events[:2] {
			if e.Kind != chat.Back {
				s.Errorf("event %+v, want its channels back first", e)
			}
		}
		// Another connection, or an outage, is no invitation.
		s.server.Outage(guild)
		s.server.DropGateway()
		s.wait("another session", func() bool { return len(s.server.Identifies()) == 2 })
		s.answersAgain()
		<-time.After(time.Minute)
		if n := len(s.host.happened()); n != 3 {
			s.Errorf("%d events after an outage, want none more", n-3)
		}
		// Being thrown out loses the channels; being invited again gives them back.
		s.server.Kick(guild)
		for _, e := range s.events(5)[3:] {
			if e.Kind != chat.Lost || e.Reason == "" {
				s.Errorf("event %+v, want lost", e)
			}
		}
		s.server.Join(discordtest.Guild{ID: guild, Name: "New", System: system})
		if e := s.events(8)[7]; e.Kind != chat.Added {
			s.Errorf("event %+v, want added", e)
		}
	})
}

func TestGreetingWithoutASystemChannel(t *testing.T) {
	play(t, func(s *stage) {
		const guild, silent, news = "4000000000000000001", "4000000000000000002", "4000000000000000003"
		s.server.AddChannel(discordtest.Channel{ID: "4000000000000000004", Guild: guild, Name: "voice", Type: 2})
		s.server.AddChannel(discordtest.Channel{ID: silent, Guild: guild, Name: "rules", Overwrites: []discordtest.Overwrite{{ID: guild, Deny: discordtest.SendMessages}}})
		s.server.AddChannel(discordtest.Channel{ID: news, Guild: guild, Name: "news"})
		s.server.Join(discordtest.Guild{ID: guild, Name: "New"})
		want := chat.Event{Kind: chat.Added, Where: conversation(news), Room: []string{"discord:" + news, "discord-guild:" + guild}}
		if d := cmp.Diff(want, s.events(4)[3]); d != "" {
			s.Errorf("(-want +got):\n%s", d)
		}
	})
}

// A question from a channel tells what the bot may do there, which counts where
// Discord cannot be asked.
func TestSurveyWhereDiscordCannotBeAsked(t *testing.T) {
	for name, test := range map[string]struct {
		fault discordtest.Fault
		asked bool
		want  string // the outcome
	}{
		"told before":  {discordtest.Fault{Path: "/guilds/*", Status: 503, Times: -1}, true, ""},
		"a false path": {discordtest.Fault{Path: "/guilds/*/members/*", Status: 404, Times: -1}, true, ""},
		"told nothing": {discordtest.Fault{Path: "/guilds/*", Status: 503, Times: -1}, false, "later"},
		"told no":      {discordtest.Fault{Path: "/channels/*", Status: 403, Code: 50001, Times: -1}, true, "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				if test.asked {
					s.slash(channelID, "overview")
				}
				s.server.Fail(test.fault)
				got, err := s.discord.Survey(s.ctx, conversation(channelID))
				if test.want != "" {
					if outcomeName(err) != test.want {
						s.Errorf("Survey() = %+v, %v; want %s", got, err, test.want)
					}
					return
				}
				want := chat.Survey{Room: []string{"discord:" + channelID, "discord-guild:" + guildID}, CanPost: true}
				if d := cmp.Diff(want, got); err != nil || d != "" {
					s.Errorf("%v (-want +got):\n%s", err, d)
				}
				<-time.After(toldFor + time.Minute)
				if _, err := s.discord.Survey(s.ctx, conversation(channelID)); err == nil {
					s.Error("what was told long ago counts")
				}
			})
		})
	}
}

func TestNoGreetingWhereTheBotMayNotPost(t *testing.T) {
	play(t, func(s *stage) {
		const guild, system = "4000000000000000001", "4000000000000000002"
		s.server.AddChannel(discordtest.Channel{ID: system, Guild: guild, Overwrites: []discordtest.Overwrite{{ID: guild, Deny: discordtest.SendMessages}}})
		s.server.Join(discordtest.Guild{ID: guild, System: system})
		s.server.Join(discordtest.Guild{ID: "4000000000000000009"})
		<-time.After(time.Minute)
		for _, e := range s.host.happened() {
			if e.Kind == chat.Added {
				s.Errorf("event %+v", e)
			}
		}
	})
}

func TestRemovedWhileAway(t *testing.T) {
	play(t, func(s *stage) {
		s.pipe.SetDown(true)
		s.server.DropGateway()
		s.server.Kick(guildID)
		<-time.After(time.Minute)
		s.pipe.SetDown(false)
		for _, e := range s.events(2) {
			if e.Kind != chat.Lost {
				s.Errorf("event %+v, want lost", e)
			}
		}
	})
}

func TestDeletedChannels(t *testing.T) {
	play(t, func(s *stage) {
		s.server.DeleteChannel(threadID)
		s.server.DeleteChannel(channelID)
		events := s.events(2)
		for i, id := range []string{threadID, channelID} {
			if e := events[i]; e.Kind != chat.Lost || e.Where != conversation(id) {
				s.Errorf("event %+v, want %s lost", e, id)
			}
		}
	})
}

func TestLetBackIn(t *testing.T) {
	play(t, func(s *stage) {
		s.refusals = true
		closed := discordtest.Channel{ID: channelID, Guild: guildID, Name: "news", Overwrites: []discordtest.Overwrite{{ID: guildID, Deny: discordtest.SendMessages}}}
		s.server.AddChannel(closed)
		if _, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "k"); outcomeName(err) != "gone" {
			s.Fatalf("Send() = %v", err)
		}
		closed.Name = "renamed"
		s.server.AddChannel(closed)
		<-time.After(time.Minute)
		if n := len(s.host.happened()); n != 0 {
			s.Errorf("%d events while the channel is closed", n)
		}
		s.server.AddChannel(discordtest.Channel{ID: channelID, Guild: guildID, Name: "news"})
		if e := s.events(1)[0]; e.Kind != chat.Back || e.Where != conversation(channelID) {
			s.Errorf("event %+v, want back", e)
		}
		// By a role, too.
		s.server.AddGuild(discordtest.Guild{ID: guildID, Roles: []discordtest.Role{{ID: guildID, Permissions: discordtest.ViewChannel}}})
		if _, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "k2"); outcomeName(err) != "gone" {
			s.Fatalf("Send() = %v", err)
		}
		s.server.AddGuild(discordtest.Guild{ID: guildID})
		s.server.Dispatch("GUILD_ROLE_UPDATE", map[string]any{"guild_id": guildID, "role": map[string]any{"id": guildID}})
		if e := s.events(2)[1]; e.Kind != chat.Back {
			s.Errorf("event %+v, want back", e)
		}
	})
}

func TestInvitation(t *testing.T) {
	d, err := New(Options{Token: "MTEwMDAwMDAwMDAwMDAwMDAwMQ.x.y"})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(d.Invitation())
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"client_id": {"1100000000000000001"}, "scope": {"bot applications.commands"}, "permissions": {"2252109051448320"}, "integration_type": {"0"}}
	if d := cmp.Diff(want, u.Query()); u.Host != "discord.com" || d != "" {
		t.Errorf("%s (-want +got):\n%s", u, d)
	}
}

func TestInvitationOfAnOpaqueToken(t *testing.T) {
	playUnserved(t, discordtest.Options{Token: "opaque"}, func(s *stage) {
		if link := s.discord.Invitation(); link != "" {
			s.Errorf("Invitation() = %q before the application is known", link)
		}
		s.serve()
		s.wait("the commands", func() bool { return len(s.server.Commands()) > 0 })
		if link := s.discord.Invitation(); !strings.Contains(link, s.server.Application()) {
			s.Errorf("Invitation() = %q", link)
		}
	})
}

func TestNewRefusesBadOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"no token":         {},
		"a spaced token":   {Token: "a b"},
		"no address":       {Token: "x", API: "discord.com"},
		"another scheme":   {Token: "x", API: "ftp://discord.com"},
		"a secret address": {Token: "x", API: "https://u:hunter2@discord.com/api"},
	} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: New() = %v", name, err)
		}
	}
	if _, err := New(Options{Token: "Bot x\n"}); err != nil {
		t.Errorf("New() = %v", err)
	}
}
