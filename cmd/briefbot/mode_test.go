package main

import (
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/discord/discordtest"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// TestModes orders one story in one message kept up to date and in a topic, lets the
// story go on, and kills the process on the way: there is one message, pinned, and
// one topic.
func TestModes(t *testing.T) {
	t.Parallel()
	const group, forum = -1000000000500, -1000000000600
	w := newWorld(t)
	may := telegramtest.Standing{Status: "administrator", Pin: true, Topics: true}
	w.telegram.AddChat(telegramtest.Chat{ID: group, Bot: may})
	w.telegram.AddChat(telegramtest.Chat{ID: forum, Forum: true, Bot: may})
	w.write("briefbot.yaml", `subscriptions:
  - {to: "telegram:-1000000000500", stories: [grain], schedule: immediate, mode: edit}
  - {to: "telegram:-1000000000600", stories: [grain], schedule: immediate, mode: thread}
`)
	w.write("briefs/grain.yaml", story(1, "Event"))
	start := func() { w.start("--listen", "off", "--settle", "300ms") }
	start()
	shows := func(chat int64, n int, word string) func() bool {
		return func() bool {
			// A kill before the outcome is written down repeats the message.
			all := w.telegram.Messages(chat)
			return len(all) >= n && strings.Contains(all[n-1].Text, word)
		}
	}
	w.write("briefs/grain.yaml", story(2, "Event"))
	w.wait("the living message", shows(group, 1, "Event 1"))
	w.wait("the topic", shows(forum, 2, "Event 1"))
	w.wait("the pin", func() bool { return len(w.telegram.Pinned(group)) == 1 })
	w.wait("all of it to be written down", w.settled) // else it might be posted again
	w.process.kill()
	start()
	w.write("briefs/grain.yaml", story(3, "Event"))
	w.wait("the edit", shows(group, 1, "Event 2"))
	w.wait("the second digest in the topic", shows(forum, 3, "Event 2"))
	w.process.stop()

	living := w.telegram.Last(group)
	if living.Edits == 0 || !strings.Contains(living.Posted, "Event 1") || !strings.Contains(living.Text, "Event 1") {
		t.Errorf("the living message was edited %d times, from\n%s\nto\n%s", living.Edits, living.Posted, living.Text)
	}
	if pins := w.telegram.Calls("pinChatMessage"); len(pins) != 1 || pins[0].Params["disable_notification"] != "true" {
		t.Errorf("pinned with %v", pins)
	}
	topics := w.telegram.Calls("createForumTopic")
	in := w.telegram.Messages(forum)
	if len(topics) != 1 || in[0].Thread == 0 || in[1].Thread != in[0].Thread || in[2].Thread != in[0].Thread {
		t.Errorf("%d topics were opened, with %v", len(topics), in)
	}
	if refused := w.telegram.Refused(); len(refused) > 0 {
		t.Errorf("refused was %v", refused)
	}
}

// TestModesOnDiscord is the same in channels: the thread is started from a message of
// a text channel, or is a post of a forum. Where it is deleted at once the digest comes to
// the channel.
func TestModesOnDiscord(t *testing.T) {
	t.Parallel()
	const guild, edited, threaded, forum = "900400", "900401", "900402", "900403"
	w := newWorld(t)
	w.discord.AddGuild(discordtest.Guild{ID: guild, Name: "Guild"})
	w.discord.AddChannel(discordtest.Channel{ID: edited, Guild: guild, Name: "edited"})
	w.discord.AddChannel(discordtest.Channel{ID: threaded, Guild: guild, Name: "threaded"})
	w.discord.AddChannel(discordtest.Channel{ID: forum, Guild: guild, Name: "forum", Type: discordtest.ForumChannel})
	w.write("briefbot.yaml", `subscriptions:
  - {to: "discord:900401", stories: [grain], schedule: immediate, mode: edit}
  - {to: "discord:900402", stories: [grain], schedule: immediate, mode: thread}
  - {to: "discord:900403", stories: [grain], schedule: immediate, mode: thread}
`)
	w.write("briefs/grain.yaml", story(1, "Event"))
	start := func() { w.start("--listen", "off", "--settle", "300ms") }
	start()
	shows := func(all []discordtest.Message, n int, word string) bool {
		return len(all) == n && strings.Contains(all[n-1].Text(), word)
	}
	inThread := func(channel string) []discordtest.Message {
		if threads := w.discord.Threads(channel); len(threads) == 1 {
			return w.discord.Messages(threads[0].ID)
		}
		return nil
	}
	w.write("briefs/grain.yaml", story(2, "Event"))
	w.wait("the living message", func() bool { return shows(w.discord.Messages(edited), 1, "Event 1") })
	w.wait("the thread", func() bool { return shows(inThread(threaded), 1, "Event 1") })
	w.wait("the post", func() bool { return shows(inThread(forum), 2, "Event 1") })
	w.wait("the pin", func() bool { return len(w.discord.Pinned(edited)) == 1 })
	w.wait("all of it to be written down", w.settled) // else it might be posted again
	w.process.kill()
	start()
	w.write("briefs/grain.yaml", story(3, "Event"))
	w.wait("the edit", func() bool { return shows(w.discord.Messages(edited), 1, "Event 2") })
	w.wait("the second digest in the thread", func() bool { return shows(inThread(threaded), 2, "Event 2") })
	w.wait("the second digest in the post", func() bool { return shows(inThread(forum), 3, "Event 2") })
	deleted := w.discord.Threads(threaded)[0].ID
	w.discord.DeleteChannel(deleted)
	w.write("briefs/grain.yaml", story(4, "Event"))
	w.wait("the digest in the channel", func() bool { return shows(w.discord.Messages(threaded), 2, "Event 3") })
	w.wait("the next digest in the post", func() bool { return shows(inThread(forum), 4, "Event 3") })
	w.wait("another edit", func() bool { return shows(w.discord.Messages(edited), 1, "Event 3") })
	w.process.stop()

	living := w.discord.Messages(edited)[0]
	if living.Edits == 0 || !strings.Contains(living.Posted, "Event 1") || w.discord.Pinned(edited)[0] != living.ID {
		t.Errorf("the living message was edited %d times, from\n%s\nto\n%s", living.Edits, living.Posted, living.Text())
	}
	if all := w.discord.Messages(threaded); len(all) != 2 || all[0].ID != deleted {
		t.Errorf("the channel of the thread holds %v", all)
	}
	for _, r := range w.discord.Refused() {
		if r.Path != "/channels/"+deleted+"/messages" {
			t.Errorf("refused was %s %s: %s", r.Method, r.Path, r.Problem)
		}
	}
}
