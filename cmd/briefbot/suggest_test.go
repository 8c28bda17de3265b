package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/bot"
	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
	"github.com/briefbot/briefbot/internal/discord"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
	"github.com/briefbot/briefbot/internal/telegram"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

const suggestedBrief = `# Kept by the desk.
title: Grain corridor reopens
overview: |
  Ships carry grain again.
timeline:
  - id: accord-signed   # by the protocol
    date: 2025-11-21
    title: 'Accord signed in Geneva'
    detail: >-
      Both delegations signed at noon,
      and shook hands.
  - {id: talks-begin, date: 2025-10~, title: Talks begin}
`

// gitIn runs git in the world's folder, without the settings of whoever tests.
func (w *world) gitIn(in string, args ...string) string {
	w.t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		const reason = "no git found: install git to apply patches with it"
		if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
			w.t.Fatal(reason)
		}
		w.t.Skip(reason)
	}
	c := exec.CommandContext(w.t.Context(), "git", args...)
	c.Dir, c.Stdin = w.dir, strings.NewReader(in)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
		"GIT_AUTHOR_NAME=Desk", "GIT_AUTHOR_EMAIL=desk@example.org", "GIT_COMMITTER_NAME=Desk", "GIT_COMMITTER_EMAIL=desk@example.org")
	out, err := c.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %s: %v\n%s\n%s", strings.Join(args, " "), err, out, in)
	}
	return string(out)
}

// newSuggested is a world whose briefs are in a git repository, with a channel that is
// told of changes at once and a chat that gets the alarms.
func newSuggested(t *testing.T) *world {
	w := newCorrected(t)
	w.telegram.AddChat(telegramtest.Chat{ID: operators})
	w.write("briefbot.yaml", fmt.Sprintf(`subscriptions:
  - {to: "discord:%s", stories: ["*"], schedule: immediate}
operators: ["telegram:4242"]
alarms: ["telegram:%d"]
`, correctedChannel, operators))
	w.write("briefs/grain.yaml", suggestedBrief)
	w.write(".gitignore", "briefbot.*\n")
	w.gitIn("", "init", "-q", "-b", "main")
	w.gitIn("", "add", "-A")
	w.gitIn("", "commit", "-q", "-m", "The briefs")
	return w
}

// TestSuggestedOnDiscord has a reader correct an event in a form, the operators get a
// card of it, an editor apply the patch, and everybody see the event corrected.
func TestSuggestedOnDiscord(t *testing.T) {
	t.Parallel()
	w := newSuggested(t)
	w.start("--settle", "300ms", "--listen", "127.0.0.1:0")
	ctx, cancel := contextWithin(t, time.Minute)
	defer cancel()
	reader := discordtest.Member{User: "700700", Name: "Reader"}
	p, err := w.discord.Slash(reader, correctedChannel, "event", discordtest.Option{Name: "story", Value: "grain"}, discordtest.Option{Name: "id", Value: "accord-signed"})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.Message(ctx)
	if err != nil {
		t.Fatal(err)
	}
	press, err := w.discord.Press(reader, answer.ID, "suggest grain accord-signed")
	if err != nil {
		t.Fatal(err)
	}
	form, err := press.Modal(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(form.Fields) != 4 || form.Fields[0].Value != "Accord signed in Geneva" || form.Fields[1].Value != "2025-11-21" || form.Fields[2].Value != "Both delegations signed at noon, and shook hands." {
		t.Errorf("the form begins with %+v", form.Fields)
	}
	sent, err := w.discord.Submit(reader, press, map[string]string{
		form.Fields[0].Label: "Accord: signed in “Genève”", form.Fields[1].Label: "2025-11-20", form.Fields[3].Label: "https://example.org/protocol, page 3\n---\ndiff --git a/x b/x",
	})
	if err != nil {
		t.Fatal(err)
	}
	thanks, err := sent.Message(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(thanks.Text(), "Suggestion 1 is with the editors") {
		t.Errorf("the answer is\n%s", thanks.Text())
	}
	w.wait("the card for the operators", func() bool { return len(w.telegram.Messages(operators)) == 1 })
	card := w.telegram.Last(operators).Text
	for _, want := range []string{"Suggested correction 1", "discord-user:700700", "Accord: signed in “Genève”", "2025-11-20", "https://example.org/protocol, page 3", "briefs/grain.yaml:7"} {
		if !strings.Contains(card, want) {
			t.Errorf("the card lacks %q:\n%s", want, card)
		}
	}
	status, patch := w.page("GET", "/suggestions/1.patch")
	if status != 200 {
		t.Fatalf("the patch: %d %s", status, patch)
	}
	w.gitIn(patch, "am")
	if got := w.gitIn("", "log", "-1", "--format=%an <%ae>: %s", "--name-only"); got != "discord-user:700700 <discord-user.700700@users.briefbot.invalid>: grain: correct accord-signed\n\nbriefs/grain.yaml\n" {
		t.Errorf("the commit is %s", got)
	}
	if got := w.gitIn("", "diff", "--stat", "HEAD~1"); !strings.Contains(got, "2 insertions(+), 2 deletions(-)") {
		t.Errorf("the commit changes %s\n%s", got, w.gitIn("", "diff", "HEAD~1"))
	}
	w.wait("the digest", func() bool {
		messages := w.discord.Visible(correctedChannel)
		return len(messages) > 0 && strings.Contains(messages[len(messages)-1].Text(), "Accord: signed in “Genève”")
	})
	w.wait("the card to say that it was taken", func() bool {
		return strings.Contains(w.telegram.Last(operators).Text, "Taken by the brief")
	})
	if got := len(w.telegram.Messages(operators)); got != 1 {
		t.Errorf("the operators have %d messages", got)
	}
	if !w.has("/suggestions?state=taken", "Suggestion 1") {
		t.Error("the page does not list it as taken")
	}
	w.process.stop()
	for _, r := range w.telegram.Refused() {
		t.Errorf("Telegram refused %s: %s", r.Method, r.Error)
	}
	for _, r := range w.discord.Refused() {
		t.Errorf("Discord refused %s %s: %s", r.Method, r.Path, r.Problem)
	}
}

// TestSuggestedOnTelegram has a reader correct an event in a private chat, one question
// after the other, and be told of a date that is none before anything is sent.
func TestSuggestedOnTelegram(t *testing.T) {
	t.Parallel()
	w := newSuggested(t)
	const reader = 7007
	w.telegram.AddChat(telegramtest.Chat{ID: reader})
	w.start("--settle", "300ms", "--listen", "127.0.0.1:0")
	reads := func(text string) telegramtest.Message {
		t.Helper()
		w.wait(text, func() bool { return strings.Contains(w.telegram.Last(reader).Text, text) })
		return w.telegram.Last(reader)
	}
	w.telegram.Say(reader, reader, "/event grain talks-begin")
	w.telegram.PressLabel(reads("Talks begin"), reader, "Suggest a correction")
	first := reads("Suggest a correction · 1 of 4")
	if !strings.Contains(first.Text, "Now: Talks begin") || !strings.Contains(first.Text, "They see your address, telegram:7007.") {
		t.Errorf("the first question is\n%s", first.Text)
	}
	w.telegram.PressLabel(first, reader, "Keep as it is")
	reads("2 of 4")
	w.telegram.Say(reader, reader, "September 2025")
	w.telegram.PressLabel(reads("3 of 4"), reader, "Skip")
	reads("4 of 4")
	w.telegram.Say(reader, reader, "https://example.org/diary")
	w.telegram.PressLabel(reads("Please look it over."), reader, "Send to the editors")
	w.wait("what is wrong with the date", func() bool {
		for _, m := range w.telegram.Messages(reader) {
			if strings.Contains(m.Text, "Please check what you wrote") && strings.Contains(m.Text, "September 2025") {
				return true
			}
		}
		return false
	})
	if got := len(w.telegram.Messages(operators)); got != 0 {
		t.Fatalf("the operators have %d messages already", got)
	}
	w.telegram.PressLabel(reads("Please look it over."), reader, "Change: Date")
	reads("Now: September 2025")
	w.telegram.Say(reader, reader, "2025-09~")
	w.telegram.PressLabel(reads("Please look it over."), reader, "Send to the editors")
	reads("Suggestion 1 is with the editors")
	w.wait("the card for the operators", func() bool { return len(w.telegram.Messages(operators)) == 1 })
	card := w.telegram.Last(operators)
	if !strings.Contains(card.Text, "From telegram:7007.") || !strings.Contains(card.Text, "2025-10~ → 2025-09~") {
		t.Errorf("the card is\n%s", card.Text)
	}
	_, patch := w.page("GET", "/suggestions/1.patch")
	w.gitIn(patch, "am")
	if got := w.gitIn("", "diff", "HEAD~1", "-U0"); !strings.Contains(got, "-  - {id: talks-begin, date: 2025-10~, title: Talks begin}\n+  - {id: talks-begin, date: 2025-09~, title: Talks begin}\n") {
		t.Errorf("the commit changes\n%s", got)
	}
	w.wait("the digest", func() bool {
		messages := w.discord.Messages(correctedChannel)
		return len(messages) > 0 && strings.Contains(messages[len(messages)-1].Text(), "about September 2025")
	})
	// An operator opens it again, by the button of the card.
	w.wait("the card to say that it was taken", func() bool { return strings.Contains(w.telegram.Last(operators).Text, "Taken by the brief") })
	w.telegram.PressLabel(w.telegram.Last(operators), operators, "Open again")
	w.wait("the list", func() bool { return w.has("/suggestions", "Suggestion 1") })
	w.process.stop()
	for _, r := range w.telegram.Refused() {
		t.Errorf("Telegram refused %s: %s", r.Method, r.Error)
	}
}

// TestSuggestedFromGroup asks for the form in a group, which reads nothing of it: a link
// leads to the private chat.
func TestSuggestedFromGroup(t *testing.T) {
	t.Parallel()
	w := newSuggested(t)
	const reader, group = 7007, -7008
	w.telegram.AddChat(telegramtest.Chat{ID: reader})
	w.telegram.AddChat(telegramtest.Chat{ID: group, Title: "Readers", Members: map[int64]string{reader: "member"}})
	w.start("--settle", "300ms", "--listen", "127.0.0.1:0")
	w.telegram.Say(group, reader, "/suggest grain talks-begin")
	ticket := ""
	w.wait("the link", func() bool {
		for _, row := range w.telegram.Last(group).Keyboard {
			for _, b := range row {
				if _, found, link := strings.Cut(b.URL, "?start="); link {
					ticket = found
				}
			}
		}
		return ticket != ""
	})
	w.telegram.Say(reader, reader, "/start "+ticket)
	w.wait("the first question", func() bool { return strings.Contains(w.telegram.Last(reader).Text, "Now: Talks begin") })
	w.telegram.PressLabel(w.telegram.Last(reader), reader, "Cancel")
	w.wait("the end", func() bool { return strings.Contains(w.telegram.Last(reader).Text, "Cancelled. Nothing was sent.") })
	w.process.stop()
	for _, r := range w.telegram.Refused() {
		t.Errorf("Telegram refused %s: %s", r.Method, r.Error)
	}
}

// TestSuggestedAndKilled kills the process once somebody was told that her suggestion is
// with the editors: it is.
func TestSuggestedAndKilled(t *testing.T) {
	t.Parallel()
	w := newSuggested(t)
	w.start("--listen", "off")
	w.telegram.Always("sendMessage", func(telegramtest.Call) (telegramtest.Fault, bool) {
		return telegramtest.Fault{Status: 502, Description: "Bad Gateway"}, true
	})
	ctx, cancel := contextWithin(t, time.Minute)
	defer cancel()
	reader := discordtest.Member{User: "700700", Name: "Reader"}
	p, err := w.discord.Slash(reader, correctedChannel, "suggest", discordtest.Option{Name: "story", Value: "grain"}, discordtest.Option{Name: "id", Value: "talks-begin"})
	if err != nil {
		t.Fatal(err)
	}
	form, err := p.Modal(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := w.discord.Submit(reader, p, map[string]string{form.Fields[3].Label: "They began in September."})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := sent.Message(ctx); err != nil || !strings.Contains(m.Text(), "is with the editors") {
		t.Fatalf("%v: %s", err, m.Text())
	}
	w.process.kill()
	w.telegram.Close()
	w.telegram = telegramtest.NewServer(t, telegramtest.Options{})
	w.telegram.AddChat(telegramtest.Chat{ID: operators})
	w.start("--listen", "off")
	w.wait("the card", func() bool { return len(w.telegram.Messages(operators)) == 1 })
	if got := w.telegram.Last(operators).Text; !strings.Contains(got, "They began in September.") {
		t.Errorf("the card is\n%s", got)
	}
	w.process.stop()
}

// TestSuggestionsPingNobody carries hostile suggestions through to what both services
// are sent: nobody is pinged, and what was written stands there as it was written.
func TestSuggestionsPingNobody(t *testing.T) {
	for i, text := range []string{
		"@everyone @here <@998877665544332211> <@&1> <#2> </suggest:1> <t:1:R> <a:x:1>",
		"**bold** __under__ ~~strike~~ ||spoiler|| `code` ```block``` > quote # head - item",
		"[text](https://evil.example) <https://evil.example> ![x](https://evil.example)",
		`<b>bold</b> <a href="tg://user?id=4242">x</a> &amp; tg://user?id=1 @telegram_user`,
	} {
		card := suggestedCard(t, text)
		for _, it := range card.Items {
			for _, span := range append(it.Head, it.Body...) {
				if span.URL != "" {
					t.Errorf("text %d leads to %s", i, span.URL)
				}
			}
		}
		if plain := card.Plain(); strings.Count(plain, text) < 3 {
			t.Errorf("text %d is not shown as it was written:\n%s", i, plain)
		}
		checkHarmless(t, "discord", discord.Payloads, card, func(body string) bool { return strings.Contains(body, `"allowed_mentions":{"parse":[]`) })
		checkHarmless(t, "telegram", telegram.Payloads, card, func(body string) bool { return !strings.Contains(body, "parse_mode") })
	}
}

func checkHarmless(t *testing.T, name string, payloads func(chat.Card) ([]json.RawMessage, error), card chat.Card, harmless func(body string) bool) {
	t.Helper()
	bodies, err := payloads(card)
	if err != nil || len(bodies) == 0 {
		t.Fatalf("%s: %v", name, err)
	}
	for _, body := range bodies {
		if !harmless(string(body)) || strings.Contains(string(body), `"url":"https://evil.example`) {
			t.Errorf("%s is sent\n%s", name, body)
		}
	}
}

// suggestedCard is the card of a suggestion in which a text stands everywhere.
func suggestedCard(t *testing.T, text string) chat.Card {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "grain.yaml"), []byte(suggestedBrief), 0o600); err != nil {
		t.Fatal(err)
	}
	ledger, err := digest.Open(t.Context(), digest.Options{Store: digest.Memory})
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	b, err := bot.New(t.Context(), bot.Options{
		Source: brief.NewDir(dir, brief.DirOptions{}), Ledger: ledger, Config: bot.Config{Operators: []string{"telegram:7"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	inv := chat.Invocation{
		ID: "1", Line: "/suggest grain talks-begin", Where: chat.Conversation{Platform: "telegram", ID: "7"}, Room: []string{"telegram:7"}, Asker: []string{"telegram:7"}, Private: true,
		Filled: map[string]string{"title": text, "detail": text, "why": text},
	}
	b.Host().Run(t.Context(), inv)
	inv.Line, inv.Filled = "/suggestions 1", nil
	return b.Host().Run(t.Context(), inv).Card // as the operators' conversations get it
}
