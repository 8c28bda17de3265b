package discord

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

// A permission that is taken is told of with its name, once, and so is that it was
// given back; a channel that was never posted to concerns nobody.
func TestPermissionsTakenAndGiven(t *testing.T) {
	news := func(deny uint64) discordtest.Channel {
		return discordtest.Channel{ID: channelID, Guild: guildID, Name: "news", Overwrites: []discordtest.Overwrite{{ID: guildID, Deny: deny}}}
	}
	thread := func(locked, archived bool) discordtest.Channel {
		return discordtest.Channel{ID: threadID, Guild: guildID, Name: "a thread", Type: discordtest.PublicThread, Parent: channelID, Locked: locked, Archived: archived}
	}
	everyone := func(p uint64) []discordtest.Role { return []discordtest.Role{{ID: guildID, Permissions: p}} }
	for name, test := range map[string]struct {
		channel    string
		take, give func(*discordtest.Server)
		reason     string
	}{
		"to write, by an overwrite": {
			channelID,
			func(s *discordtest.Server) { s.AddChannel(news(discordtest.SendMessages)) }, func(s *discordtest.Server) { s.AddChannel(news(0)) },
			"SEND_MESSAGES",
		},
		"to see, by an overwrite": {
			channelID,
			func(s *discordtest.Server) { s.AddChannel(news(discordtest.ViewChannel)) }, func(s *discordtest.Server) { s.AddChannel(news(0)) },
			"VIEW_CHANNEL",
		},
		"links, by an overwrite of the bot": {
			channelID,
			func(s *discordtest.Server) {
				c := news(0)
				c.Overwrites = append(c.Overwrites, discordtest.Overwrite{ID: s.Application(), Member: true, Deny: discordtest.EmbedLinks})
				s.AddChannel(c)
			},
			func(s *discordtest.Server) { s.AddChannel(news(0)) },
			"EMBED_LINKS",
		},
		"to write in threads, by the channel": {
			threadID,
			func(s *discordtest.Server) { s.AddChannel(news(discordtest.SendMessagesInThreads)) }, func(s *discordtest.Server) { s.AddChannel(news(0)) },
			"SEND_MESSAGES_IN_THREADS",
		},
		"by everybody's role": {
			channelID,
			func(s *discordtest.Server) { s.ChangeRoles(guildID, everyone(discordtest.ViewChannel)) },
			func(s *discordtest.Server) { s.ChangeRoles(guildID, everyone(discordtest.Posting)) },
			"SEND_MESSAGES, EMBED_LINKS",
		},
		"by a role that the bot loses": {
			channelID,
			func(s *discordtest.Server) {
				s.ChangeRoles(guildID, append(everyone(discordtest.ViewChannel|discordtest.EmbedLinks), discordtest.Role{ID: roleID, Permissions: discordtest.Posting}))
			},
			func(s *discordtest.Server) {
				s.ChangeRoles(guildID, append(everyone(discordtest.ViewChannel|discordtest.EmbedLinks), discordtest.Role{ID: roleID, Permissions: discordtest.Posting}), roleID)
			},
			"SEND_MESSAGES",
		},
		"a locked thread": {
			threadID,
			func(s *discordtest.Server) { s.AddChannel(thread(true, true)) }, func(s *discordtest.Server) { s.AddChannel(thread(false, true)) },
			"the thread is locked, and the bot lacks MANAGE_THREADS",
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.refusals = true
				s.send(test.channel, chat.Card{Title: "x"}, "k")
				test.take(s.server)
				lost := s.events(1)[0]
				if lost.Kind != chat.Lost || lost.Where != conversation(test.channel) || !strings.Contains(lost.Reason, test.reason) {
					s.Errorf("event %+v, want %s lost for want of %s", lost, test.channel, test.reason)
				}
				// What was told is true, and the send says the same.
				_, err := s.discord.Send(s.ctx, conversation(test.channel), chat.Card{Title: "x"}, "k2")
				if missing := test.reason[strings.LastIndex(test.reason, " ")+1:]; outcomeName(err) != "gone" || !strings.Contains(err.Error(), missing) {
					s.Errorf("Send() = %v, want it gone for want of %s", err, missing)
				}
				test.take(s.server)
				<-time.After(time.Minute)
				if n := len(s.host.happened()); n != 1 {
					s.Errorf("%d events, want one", n)
				}
				test.give(s.server)
				if back := s.events(2)[1]; back.Kind != chat.Back || back.Where != conversation(test.channel) {
					s.Errorf("event %+v, want it back", back)
				}
				s.send(test.channel, chat.Card{Title: "x"}, "k3")
				test.take(s.server)
				if again := s.events(3)[2]; again.Kind != chat.Lost {
					s.Errorf("event %+v, want it lost again", again)
				}
			})
		})
	}
}

// Archiving alone loses no thread: a post brings it back.
func TestArchivedThreadIsNotLost(t *testing.T) {
	play(t, func(s *stage) {
		s.send(threadID, chat.Card{Title: "x"}, "k")
		s.server.AddChannel(discordtest.Channel{ID: threadID, Guild: guildID, Name: "a thread", Type: discordtest.PublicThread, Parent: channelID, Archived: true})
		<-time.After(time.Minute)
		if events := s.host.happened(); len(events) != 0 {
			s.Errorf("events %+v", events)
		}
		s.send(threadID, chat.Card{Title: "x"}, "k2")
	})
}

// Changes where nothing is posted cost no request, and roles that are sorted are
// looked at once.
func TestChangesCostLittle(t *testing.T) {
	play(t, func(s *stage) {
		s.send(channelID, chat.Card{Title: "x"}, "k")
		synctest.Wait()
		before := len(s.server.Requests())
		s.server.AddChannel(discordtest.Channel{ID: threadID, Guild: guildID, Name: "renamed", Type: discordtest.PublicThread, Parent: channelID})
		<-time.After(time.Minute)
		if n := len(s.server.Requests()) - before; n != 0 {
			s.Errorf("%d requests for a thread that nobody uses", n)
		}
		for i := range 50 {
			s.server.Dispatch("GUILD_ROLE_UPDATE", map[string]any{"guild_id": guildID, "role": map[string]any{"id": fmt.Sprint(7000 + i)}})
		}
		<-time.After(time.Minute)
		if n := len(s.server.Requests()) - before; n == 0 || n > 4 {
			s.Errorf("%d requests for 50 sorted roles, want those of one look", n)
		}
		if events := s.host.happened(); len(events) != 0 {
			s.Errorf("events %+v", events)
		}
	})
}

// A look that fails for another reason tells nothing.
func TestLookThatFailsTellsNothing(t *testing.T) {
	play(t, func(s *stage) {
		s.send(channelID, chat.Card{Title: "x"}, "k")
		s.server.Fail(discordtest.Fault{Method: "GET", Path: "/channels/*", Status: 503, Times: -1})
		s.server.AddChannel(discordtest.Channel{ID: channelID, Guild: guildID, Name: "news", Overwrites: []discordtest.Overwrite{{ID: guildID, Deny: discordtest.SendMessages}}})
		<-time.After(time.Minute)
		if events := s.host.happened(); len(events) != 0 {
			s.Errorf("events %+v", events)
		}
	})
}

// With a channel go its threads.
func TestDeletedChannelLosesItsThreads(t *testing.T) {
	play(t, func(s *stage) {
		s.server.DeleteChannel(channelID)
		var lost []string
		for _, e := range s.events(2) {
			lost = append(lost, e.Where.ID)
			if e.Kind != chat.Lost || !strings.Contains(e.Reason, "deleted") {
				s.Errorf("event %+v, want lost", e)
			}
		}
		if slices.Sort(lost); !slices.Equal(lost, []string{channelID, threadID}) {
			s.Errorf("lost %v", lost)
		}
	})
}
