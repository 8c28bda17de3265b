package main

import (
	"strings"
	"testing"

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
			all := w.telegram.Messages(chat)
			return len(all) == n && strings.Contains(all[n-1].Text, word)
		}
	}
	w.write("briefs/grain.yaml", story(2, "Event"))
	w.wait("the living message", shows(group, 1, "Event 1"))
	w.wait("the topic", shows(forum, 2, "Event 1"))
	w.wait("the pin", func() bool { return len(w.telegram.Pinned(group)) == 1 })
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
