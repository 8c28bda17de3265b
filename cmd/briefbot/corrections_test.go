package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/briefbot/briefbot/internal/discord/discordtest"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// The conversations of TestCorrections.
const (
	correctedChat    = -1000000000700
	correctedGuild   = "900700"
	correctedChannel = "900701"
)

// TestCorrections plays testdata/corrections.txtar on both services at once: each
// state of the brief is followed by what the readers have before them then. The name
// of a state says how many messages there are in each conversation, and how often
// they were edited. Before a state that is called killed the process is.
func TestCorrections(t *testing.T) {
	t.Parallel()
	path := filepath.Join("testdata", "corrections.txtar")
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := string(txtar.Format(archive))
	w := newCorrected(t)
	for i := 0; i+1 < len(archive.Files); i += 2 {
		state, shown := archive.Files[i], &archive.Files[i+1]
		var name string
		var messages, edits int
		if _, err := fmt.Sscanf(state.Name, "%s messages=%d edits=%d", &name, &messages, &edits); err != nil {
			t.Fatalf("%s: %v", state.Name, err)
		}
		if name == "killed" {
			w.process.kill()
			w.process = nil
		}
		w.write("briefs/grain.yaml", string(state.Data))
		if w.process == nil {
			w.start("--listen", "off", "--settle", "300ms")
		}
		w.wait("the state "+state.Name, func() bool {
			on, at := w.counts()
			return on == [2]int{messages, messages} && at == [2]int{edits, edits}
		})
		shown.Data = []byte(w.read())
	}
	w.process.stop()
	if got := string(txtar.Format(archive)); got != want {
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Errorf("readers see something else (-want +got); after reading it, rewrite with -update:\n%s", cmp.Diff(want, got))
	}
	w.checkAnswers()
}

// newCorrected returns a world in which a group and a channel are told of every story at
// once.
func newCorrected(t *testing.T) *world {
	w := newWorld(t)
	w.telegram.AddChat(telegramtest.Chat{ID: correctedChat, Type: "group", Title: "Room"})
	w.discord.AddGuild(discordtest.Guild{ID: correctedGuild, Name: "Guild"})
	w.discord.AddChannel(discordtest.Channel{ID: correctedChannel, Guild: correctedGuild, Name: "news"})
	w.write("briefbot.yaml", fmt.Sprintf(`subscriptions:
  - {to: "telegram:%d", stories: ["*"], schedule: immediate}
  - {to: "discord:%s", stories: ["*"], schedule: immediate}
`, correctedChat, correctedChannel))
	return w
}

// counts are how many messages there are on Telegram and Discord, and how often they
// were edited.
func (w *world) counts() (messages, edits [2]int) {
	for _, m := range w.telegram.Messages(correctedChat) {
		messages[0]++
		edits[0] += m.Edits
	}
	for _, m := range w.discord.Messages(correctedChannel) {
		messages[1]++
		edits[1] += m.Edits
	}
	return messages, edits
}

// checkAnswers checks that each correction answers the first message, and that neither
// service had anything to refuse.
func (w *world) checkAnswers() {
	w.t.Helper()
	chat, channel := w.telegram.Messages(correctedChat), w.discord.Messages(correctedChannel)
	for i := range chat {
		if answers := chat[i].ReplyTo == chat[0].ID; answers != (i > 0) {
			w.t.Errorf("message %d on Telegram answers %d", i, chat[i].ReplyTo)
		}
	}
	for i := range channel {
		if answers := channel[i].Reply == channel[0].ID; answers != (i > 0) {
			w.t.Errorf("message %d on Discord answers %q", i, channel[i].Reply)
		}
	}
	for _, r := range w.telegram.Refused() {
		w.t.Errorf("Telegram refused %s: %s", r.Method, r.Error)
	}
	for _, r := range w.discord.Refused() {
		w.t.Errorf("Discord refused %s %s: %s", r.Method, r.Path, r.Problem)
	}
}

// today is what a message says of the day and the hour of the test.
var today = regexp.MustCompile(`(Recorded|Covers) [^A-Z]*[A-Z][a-z]{2} [\d :]+( – [^A-Z]*[A-Z][a-z]{2} [\d :]+)?|(Corrected|Edited|story on) \d{1,2} \w+ 20\d\d`)

// read is all that readers have before them, oldest first.
func (w *world) read() string {
	var b strings.Builder
	for _, m := range w.telegram.Messages(correctedChat) {
		fmt.Fprintf(&b, "Telegram\n--------\n%s\n\n", struckText(m))
	}
	for _, m := range w.discord.Messages(correctedChannel) {
		fmt.Fprintf(&b, "Discord\n-------\n%s\n\n", m.Text())
	}
	return today.ReplaceAllStringFunc(b.String(), func(s string) string {
		word, _, _ := strings.Cut(s, " ")
		switch word {
		case "Recorded", "Covers":
			return "Recorded TODAY "
		case "story":
			word = "story on"
		}
		return word + " TODAY"
	})
}

// struckText is a message of Telegram with what is struck through between ~~.
func struckText(m telegramtest.Message) string {
	units := utf16.Encode([]rune(m.Text))
	var b strings.Builder
	for i := 0; i <= len(units); i++ {
		for _, e := range m.Entities {
			if e.Type == "strikethrough" && (i == e.Offset || i == e.Offset+e.Length) {
				b.WriteString("~~")
			}
		}
		if i < len(units) {
			b.WriteString(string(utf16.Decode(units[i : i+1])))
		}
	}
	for _, row := range m.Keyboard {
		for _, button := range row {
			b.WriteString("\n[" + button.Text + "]")
		}
	}
	return b.String()
}

// TestCorrectionsWithoutMessages corrects what was told in messages that are gone, or
// cannot be edited any more: the correction is posted alone, and once.
func TestCorrectionsWithoutMessages(t *testing.T) {
	t.Parallel()
	w := newCorrected(t)
	w.write("briefs/grain.yaml", story(1, "Event"))
	w.start("--listen", "off", "--settle", "300ms")
	w.write("briefs/grain.yaml", story(2, "Event"))
	shown := func(n int) func() bool {
		return func() bool {
			messages, _ := w.counts()
			return messages == [2]int{n, n}
		}
	}
	w.wait("the digests", shown(1))
	w.telegram.Always("editMessageText", func(telegramtest.Call) (telegramtest.Fault, bool) {
		return telegramtest.Fault{Status: 400, Description: "Bad Request: message can't be edited"}, true
	})
	gone := w.discord.Messages(correctedChannel)[0].ID
	w.discord.DeleteMessage(gone)
	w.write("briefs/grain.yaml", strings.Replace(story(2, "Event"), "Event 1", "Incident 1", 1))
	w.wait("the corrections", func() bool {
		messages, _ := w.counts()
		return messages == [2]int{2, 1}
	})
	// What is told next shows that there was no more of it.
	w.write("briefs/grain.yaml", strings.Replace(story(3, "Event"), "Event 1", "Incident 1", 1))
	w.wait("the next digests", func() bool {
		messages, _ := w.counts()
		return messages == [2]int{3, 2}
	})
	w.process.stop()
	chat, channel := w.telegram.Messages(correctedChat), w.discord.Messages(correctedChannel)
	if chat[1].ReplyTo != chat[0].ID || chat[0].Edits != 0 || !strings.Contains(struckText(chat[1]), "~~Event 1~~ → Incident 1") {
		t.Errorf("on Telegram message %d answers with\n%s", chat[1].ReplyTo, chat[1].Text)
	}
	if channel[0].Reply == gone || !strings.Contains(channel[0].Text(), "~~Event 1~~ → Incident 1") {
		t.Errorf("on Discord there is\n%s", channel[0].Text())
	}
	for _, text := range []string{chat[2].Text, channel[1].Text()} {
		if !strings.Contains(text, "Event 2") || strings.Contains(text, "Incident") {
			t.Errorf("the next digest is\n%s", text)
		}
	}
}

// TestCorrectionsOfMany corrects what four messages told: each is marked, and one digest
// answers none of them. Then the story is closed with the save that corrects it again:
// nothing of that reaches anybody.
func TestCorrectionsOfMany(t *testing.T) {
	t.Parallel()
	const told = 4
	w := newCorrected(t)
	w.write("briefs/other.yaml", "title: Harbour bridge\noverview: Text.\ntimeline:\n  - {id: closed, date: 2025, title: It is closed}\n")
	w.write("briefs/grain.yaml", story(1, "Event"))
	w.start("--listen", "off", "--settle", "300ms")
	reached := func(messages, edits int) func() bool {
		return func() bool {
			on, at := w.counts()
			return on == [2]int{messages, messages} && at == [2]int{edits, edits}
		}
	}
	for n := range told {
		w.write("briefs/grain.yaml", story(2+n, "Event"))
		w.wait("a digest", reached(n+1, 0))
	}
	first := strings.Replace(story(1+told, "Incident"), "Incident 0", "Event 0", 1)
	w.write("briefs/grain.yaml", first)
	w.wait("the digest of corrections", reached(told+1, told))
	closed := strings.ReplaceAll(first, "Incident", "Secret")
	w.write("briefs/grain.yaml", strings.Replace(closed, "overview:", "audience: [newsroom]\noverview:", 1))
	w.write("briefs/other.yaml", "title: Harbour bridge\noverview: Text.\ntimeline:\n  - {id: closed, date: 2025, title: It is closed}\n  - {id: open, date: 2026, title: It is open}\n")
	w.wait("the digest of the other story", reached(told+2, told))
	w.process.stop()
	seen := w.read()
	if strings.Contains(seen, "Secret") {
		t.Errorf("what may not be seen is:\n%s", seen)
	}
	for n := range told {
		// On both services, in the message that told it and in the digest.
		if got := strings.Count(seen, fmt.Sprintf("~~Event %d~~ → Incident %d", n+1, n+1)); got != 4 {
			t.Errorf("event %d is corrected %d times:\n%s", n+1, got, seen)
		}
	}
	for _, m := range w.telegram.Messages(correctedChat) {
		if m.ReplyTo != 0 {
			t.Errorf("message %d answers %d", m.ID, m.ReplyTo)
		}
	}
	for _, m := range w.discord.Messages(correctedChannel) {
		if m.Reply != "" {
			t.Errorf("message %s answers %s", m.ID, m.Reply)
		}
	}
}
