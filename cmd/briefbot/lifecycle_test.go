package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/discord/discordtest"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// The conversations of TestConversationsComeBack that are there from the start to
// the end, and the one that a group becomes.
const (
	aliveChat, alarmChat   = -1001, -1002
	oldGroup, newGroup     = -77, -10077
	keptGuild, leftGuild   = "900200", "900300"
	aliveChannel, lostHere = "900201", "900202"
	forum, topic           = -1014, 7
)

// A loss is how a conversation is lost, and how the bot comes back.
type loss struct {
	name  string
	where string // as the configuration writes it
	chat  int64
	// lose takes the bot's right to post; back gives it back.
	lose, back func(w *world)
	// news counts how often the conversation got a text.
	news func(w *world, text string) int
}

func inChat(name string, chat int64, after telegramtest.Standing, lose telegramtest.Standing, back func(w *world)) loss {
	if back == nil {
		back = func(w *world) { w.telegram.SetBot(chat, 7, after) }
	}
	return loss{
		name: name, where: fmt.Sprint("telegram:", chat), chat: chat,
		lose: func(w *world) { w.telegram.SetBot(chat, 7, lose) }, back: back,
		news: func(w *world, text string) int { return w.chatNews(chat, text) },
	}
}

func inChannel(name, channel string, lose, back func(w *world)) loss {
	return loss{
		name: name, where: "discord:" + channel, lose: lose, back: back,
		news: func(w *world, text string) int { return w.channelNews(channel, text) },
	}
}

func (w *world) chatNews(chat int64, text string) (n int) {
	for _, m := range w.telegram.Messages(chat) {
		if strings.Contains(m.Text, text) {
			n++
		}
	}
	return n
}

func (w *world) channelNews(channel, text string) (n int) {
	for _, m := range w.discord.Messages(channel) {
		if strings.Contains(m.Text(), text) {
			n++
		}
	}
	return n
}

// losses are all ways to lose a conversation from which there is a way back.
func losses() []loss {
	member, admin := telegramtest.Standing{Status: "member"}, telegramtest.Standing{Status: "administrator"}
	kicked := telegramtest.Standing{Status: "kicked"}
	channel := func(deny uint64) discordtest.Channel {
		c := discordtest.Channel{ID: lostHere, Guild: keptGuild, Name: "news"}
		if deny != 0 {
			c.Overwrites = []discordtest.Overwrite{{ID: keptGuild, Deny: deny}}
		}
		return c
	}
	return []loss{
		inChat("kicked from a group", -1011, member, kicked, nil),
		inChat("blocked in private", 4011, member, kicked, nil),
		inChat("muted in a group", -1012, member, telegramtest.Standing{Status: "restricted", Mute: true}, nil),
		inChat("no right to post in a channel", -1013, admin, telegramtest.Standing{Status: "administrator", Mute: true}, nil),
		{
			name: "group becomes supergroup", where: fmt.Sprint("telegram:", oldGroup), chat: oldGroup,
			lose: func(w *world) { w.telegram.Migrate(oldGroup, newGroup) },
			back: func(*world) {},
			news: func(w *world, text string) int {
				return w.chatNews(oldGroup, text) + w.chatNews(newGroup, text)
			},
		},
		{
			name: "topic closed", where: fmt.Sprintf("telegram:%d/%d", forum, topic), chat: forum,
			lose: func(w *world) { w.telegram.CloseTopic(forum, topic) },
			back: func(w *world) { w.telegram.ReopenTopic(forum, topic) },
			news: func(w *world, text string) int { return w.chatNews(forum, text) },
		},
		inChannel("permission taken in a channel", lostHere,
			func(w *world) { w.discord.AddChannel(channel(discordtest.SendMessages)) },
			func(w *world) { w.discord.AddChannel(channel(0)) }),
		inChannel("kicked from a server", "900301",
			func(w *world) { w.discord.Kick(leftGuild) },
			func(w *world) { w.discord.Join(discordtest.Guild{ID: leftGuild, Name: "Left"}) }),
	}
}

// populate makes every conversation of a test, each subscribed by the file.
func populate(w *world, all []loss) {
	w.discord.AddGuild(discordtest.Guild{ID: keptGuild, Name: "Kept"})
	w.discord.AddGuild(discordtest.Guild{ID: leftGuild, Name: "Left"})
	w.discord.AddChannel(discordtest.Channel{ID: aliveChannel, Guild: keptGuild, Name: "alive"})
	w.discord.AddChannel(discordtest.Channel{ID: lostHere, Guild: keptGuild, Name: "news"})
	w.discord.AddChannel(discordtest.Channel{ID: "900301", Guild: leftGuild, Name: "news"})
	var file strings.Builder
	fmt.Fprintf(&file, "alarms: [\"telegram:%d\"]\nsubscriptions:\n", alarmChat)
	order := func(to string) {
		fmt.Fprintf(&file, "  - {to: %q, stories: [grain], schedule: immediate}\n", to)
	}
	for _, chat := range []int64{aliveChat, alarmChat} {
		w.telegram.AddChat(telegramtest.Chat{ID: chat})
	}
	order(fmt.Sprint("telegram:", aliveChat))
	order("discord:" + aliveChannel)
	for _, l := range all {
		if l.chat != 0 {
			w.telegram.AddChat(telegramChatOf(l.chat))
		}
		order(l.where)
	}
	w.write("briefbot.yaml", file.String())
}

func telegramChatOf(chat int64) telegramtest.Chat {
	switch c := (telegramtest.Chat{ID: chat}); chat {
	case oldGroup:
		c.Type = "group"
		return c
	case -1013:
		c.Type = "channel"
		return c
	case forum:
		c.Forum, c.Topics = true, []int{topic}
		return c
	default:
		return c
	}
}

// TestConversationsComeBack takes conversations from the bot in every way there is,
// lets it back in, and finds that each got what it missed, once, that its order
// stands, and that the operators were told of each loss once.
func TestConversationsComeBack(t *testing.T) {
	w := newWorld(t)
	all := losses()
	populate(w, all)
	w.write("briefs/grain.yaml", story(1, "Event"))
	w.start("--settle", "1s")
	alive := func(text string) func() bool {
		return func() bool { return w.chatNews(aliveChat, text) == 1 && w.channelNews(aliveChannel, text) == 1 }
	}
	everywhere := func(text string) func() bool {
		return func() bool {
			for _, l := range all {
				if l.news(w, text) == 0 {
					return false
				}
			}
			return true
		}
	}
	w.write("briefs/grain.yaml", story(2, "Event"))
	w.wait("the first event everywhere", everywhere("Event 1"))

	for _, l := range all {
		l.lose(w)
	}
	w.write("briefs/grain.yaml", story(3, "Event"))
	w.wait("the second event where the bot may post", alive("Event 2"))
	w.wait("the operators to be told", func() bool { return w.chatNews(alarmChat, "1012") > 0 || w.chatNews(alarmChat, "1011") > 0 })
	for _, l := range all {
		if n := l.news(w, "Event 2"); n != 0 && l.chat != oldGroup {
			t.Errorf("%s: posted all the same", l.name)
		}
	}

	for _, l := range all {
		l.back(w)
	}
	w.wait("what was missed everywhere", everywhere("Event 2"))
	w.write("briefs/grain.yaml", story(4, "Event"))
	w.wait("the third event everywhere", everywhere("Event 3"))
	w.wait("the third event where nothing was lost", alive("Event 3"))
	for _, l := range all {
		for _, text := range []string{"Event 1", "Event 2", "Event 3"} {
			if n := l.news(w, text); n != 1 {
				t.Errorf("%s: %s was told %d times", l.name, text, n)
			}
		}
	}
	for _, l := range all {
		if n := w.chatNews(alarmChat, l.where+" "); n > 1 {
			t.Errorf("%s: the operators were told %d times", l.name, n)
		}
	}
}

// TestConversationsEnd deletes a topic and a channel: the operators are told of each
// once, what stands beside it goes on, and the orders are kept, also through a restart.
func TestConversationsEnd(t *testing.T) {
	w := newWorld(t)
	w.discord.AddGuild(discordtest.Guild{ID: keptGuild, Name: "Kept"})
	w.discord.AddChannel(discordtest.Channel{ID: aliveChannel, Guild: keptGuild, Name: "alive"})
	w.discord.AddChannel(discordtest.Channel{ID: lostHere, Guild: keptGuild, Name: "news"})
	w.telegram.AddChat(telegramtest.Chat{ID: alarmChat})
	w.telegram.AddChat(telegramtest.Chat{ID: forum, Forum: true, Topics: []int{topic, topic + 1}})
	deadTopic, deadChannel := fmt.Sprintf("telegram:%d/%d", forum, topic), "discord:"+lostHere
	file := fmt.Sprintf("alarms: [\"telegram:%d\"]\nsubscriptions:\n", alarmChat)
	for _, to := range []string{deadTopic, deadChannel, fmt.Sprintf("telegram:%d/%d", forum, topic+1), "discord:" + aliveChannel} {
		file += fmt.Sprintf("  - {to: %q, stories: [grain], schedule: immediate}\n", to)
	}
	w.write("briefbot.yaml", file)
	w.write("briefs/grain.yaml", story(1, "Event"))
	args := []string{"--settle", "1s", "--listen", "127.0.0.1:0"}
	w.start(args...)
	tell := func(n, inForum, inDead int) {
		t.Helper()
		w.write("briefs/grain.yaml", story(n+1, "Event"))
		text := fmt.Sprint("Event ", n)
		w.wait(text, func() bool {
			return w.chatNews(forum, text) == inForum && w.channelNews(aliveChannel, text) == 1 && w.channelNews(lostHere, text) == inDead
		})
	}
	tell(1, 2, 1)
	w.telegram.DeleteTopic(forum, topic)
	w.discord.DeleteChannel(lostHere)
	tell(2, 1, 0)
	// The card that tells of the first comes to tell of both; the log has each.
	alarmed := func(where string) int { return strings.Count(w.process.log(), "msg=alarm key=gone:"+where+" ") }
	w.wait("the operators to be told", func() bool {
		return w.chatNews(alarmChat, "Alarm") > 0 && alarmed(deadTopic) == 1 && alarmed(deadChannel) == 1
	})
	w.process.stop()
	w.start(args...)
	tell(3, 1, 0)
	if alarmed(deadTopic) != 0 || alarmed(deadChannel) != 0 {
		t.Error("the operators were told again")
	}
	status := func() bool {
		return w.has("/?q=/status", "4 subscriptions, 2 conversations suspended", deadTopic+": ", deadChannel+": ")
	}
	w.wait("the status", status)
	for _, m := range w.telegram.Messages(forum) {
		if m.Thread == 0 {
			t.Errorf("posted outside of the topics: %q", m.Text)
		}
	}
	w.process.stop()
}
