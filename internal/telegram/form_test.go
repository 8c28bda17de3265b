package telegram_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/telegram"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// suggestForm is a form with a field of each kind.
func suggestForm() *chat.Form {
	return &chat.Form{Title: "Suggest", Lead: chat.Plainly("It goes to the editors."), Submit: "Send it", Fields: []chat.Field{
		{Name: "title", Label: "Title", Summary: "What it is called", Value: "Talks in README.md", Required: true},
		{Name: "detail", Label: "Detail", Long: true},
		{Name: "source", Label: "Source", Required: true},
	}}
}

// forms has the host ask for forms, by “/suggest”, and thank for what was filled in.
func forms(r *rig, f *chat.Form) {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	r.host.more = []chat.Command{{Name: "suggest", Summary: "Suggest a correction"}}
	r.host.answer = func(inv chat.Invocation) chat.Reply {
		switch {
		case inv.Filled != nil:
			return chat.Reply{Card: chat.Card{Title: "Thanks"}}
		case strings.HasPrefix(inv.Line, "/suggest"), strings.HasPrefix(inv.Line, "~"), strings.HasPrefix(inv.Line, "suggest"):
			return chat.Reply{Card: chat.Card{Title: "Please fill it in"}, Form: f, Call: "suggest grain talks"}
		}
		return chat.Reply{Card: chat.Card{Title: "Answer to " + inv.Line}}
	}
}

// filled are the texts that forms were sent with.
func (h *host) filled() []map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []map[string]string
	for _, inv := range h.asked {
		if inv.Filled != nil {
			all = append(all, inv.Filled)
		}
	}
	return all
}

// says has Ada write and waits until all is answered; she takes a while for it.
func (r *rig) says(text string) {
	r.t.Helper()
	r.writes(telegramtest.Incoming{Text: text})
}

func (r *rig) writes(in telegramtest.Incoming) {
	r.t.Helper()
	time.Sleep(5 * time.Second)
	in.Chat, in.From = 42, 42
	r.Write(in)
	r.settle()
}

// settle waits until the bot has nothing to do.
func (r *rig) settle() {
	r.t.Helper()
	r.Await("the update to be confirmed", func() bool { return r.Pending() == 0 })
	time.Sleep(3 * time.Second)
	synctest.Wait()
}

// presses has Ada press a button of the last message that has it.
func (r *rig) presses(label string) telegramtest.Callback {
	r.t.Helper()
	all := r.Messages(42)
	for i := len(all) - 1; i >= 0; i-- {
		if button(all[i], label) != "" {
			time.Sleep(5 * time.Second)
			id := r.PressLabel(all[i], 42, label)
			r.settle()
			return r.Callback(id)
		}
	}
	r.t.Fatalf("there is no button %q in:\n%s", label, strings.Join(texts(all), "\n---\n"))
	return telegramtest.Callback{}
}

// reads checks that the last messages in Ada's chat hold these words, in order.
func (r *rig) reads(words ...string) {
	r.t.Helper()
	all := texts(r.Messages(42))
	if len(all) < len(words) {
		r.t.Fatalf("there are %d messages, want %q", len(all), words)
	}
	for i, want := range words {
		if got := all[len(all)-len(words)+i]; !strings.Contains(got, want) {
			r.t.Errorf("message %d from the end is\n%s\nwant %q", len(words)-i, got, want)
		}
	}
}

// fillings runs a test in which Ada is being asked the first question of a form.
func fillings(t *testing.T, test func(r *rig)) {
	t.Helper()
	piped(t, func(t *testing.T, r *rig) {
		forms(r, suggestForm())
		r.says("/suggest grain talks")
		r.reads("Suggest · 1 of 3")
		test(r)
		r.clean()
	})
}

func TestFormIsAskedFor(t *testing.T) {
	fillings(t, func(r *rig) {
		first := r.Last(42)
		want := "Suggest · 1 of 3\n\nIt goes to the editors.\n\nTitle\nWhat it is called\nNow: Talks in README.md\n\nWrite another text as a message, or keep this one."
		if first.Text != want || fmt.Sprint(styled(first, "code")) != "[Talks in README.md]" {
			t.Errorf("the first question is\n%q\nwant\n%q, with the text to be copied: %v", first.Text, want, styled(first, "code"))
		}
		r.presses("Keep as it is")
		r.reads("Detail\nWrite it as a message, or skip it.")
		r.says("  One\n\nтри <b>🌂</b> @here  ")
		r.reads("3 of 3\n\nSource\nWrite it as a message.")
		if last := r.Last(42); button(last, "Skip") != "" || button(last, "Back") == "" || button(last, "Cancel") == "" {
			t.Errorf("the buttons are %v", last.Keyboard)
		}
		r.presses("Back")
		r.reads("Now: One\n\nтри <b>🌂</b> @here")
		r.presses("Leave empty")
		r.says("https://example.org/")
		r.reads("Nothing is sent yet. Please look it over.\n\nas it was\nTitle\nTalks in README.md\n\nDetail\n(empty)\n\nSource\nhttps://example.org/")
		if n := len(r.host.filled()); n != 0 {
			t.Fatalf("%d forms were sent before anybody said so", n)
		}
		r.presses("Change: Detail")
		r.reads("2 of 3")
		r.presses("Back")
		r.reads("look it over")
		r.presses("Change: Title")
		r.reads("Suggest · 1 of 3\n\nTitle")
		r.says("Talks elsewhere")
		r.reads("look it over.\n\nTitle\nTalks elsewhere")
		r.presses("Send it")
		r.reads("Sent.", "Thanks")
		if diff := cmp.Diff([]map[string]string{{"title": "Talks elsewhere", "detail": "", "source": "https://example.org/"}}, r.host.filled()); diff != "" {
			t.Errorf("filled in (-want +got):\n%s", diff)
		}
		if inv := r.host.last(); inv.Line != "suggest grain talks" || !strings.HasPrefix(inv.ID, "form:42/") || !inv.Direct || !inv.Pressed || fmt.Sprint(inv.Asker) != "[telegram:42]" {
			t.Errorf("asked %+v", inv)
		}
		r.says("words")
		r.reads("Answer to /")
	})
}

// TestFormAndCommands has a command asked in between, and what only looks like one.
func TestFormAndCommands(t *testing.T) {
	fillings(t, func(r *rig) {
		r.says("/overview grain")
		r.reads("Answer to /\u2060overview grain", "Suggest · 1 of 3")
		r.says("/25 of them")
		r.reads("Suggest · 2 of 3")
		r.says("/cancel")
		r.reads("Cancelled. Nothing was sent.")
		r.says("/cancel")
		r.reads("Answer to /\u2060cancel")
		if n := len(r.host.filled()); n != 0 {
			t.Errorf("%d forms were sent", n)
		}
	})
}

func TestFormIsCancelled(t *testing.T) {
	fillings(t, func(r *rig) {
		n := len(r.Messages(42))
		question := r.Last(42)
		r.presses("Cancel")
		r.reads("Suggest\n\nCancelled. Nothing was sent.")
		if now := len(r.Messages(42)); now != n || len(r.Last(42).Keyboard) > 0 {
			t.Errorf("there are %d messages after %d, the last with %v", now, n, r.Last(42).Keyboard)
		}
		for _, label := range []string{"Keep as it is", "Cancel"} {
			id := r.Press(telegramtest.Press{Chat: 42, From: 42, Message: question.ID, Data: button(question, label)})
			r.settle()
			if c := r.Callback(id); !strings.Contains(c.Text, "This form is closed") {
				t.Errorf("%s: the press is answered with %+v", label, c)
			}
		}
	})
}

// TestFormWithOddAnswers answers with what is no answer.
func TestFormWithOddAnswers(t *testing.T) {
	fillings(t, func(r *rig) {
		r.writes(telegramtest.Incoming{Text: "a caption", Caption: true})
		r.reads("Please answer in words", "1 of 3")
		r.Push("message", map[string]any{"message_id": 900, "date": time.Now().Unix(), "chat": map[string]any{"id": 42, "type": "private"},
			"from": map[string]any{"id": 42, "first_name": "Ada"}, "sticker": map[string]any{"file_id": "f"}})
		r.settle()
		r.reads("Please answer in words", "1 of 3")
		n := len(r.Messages(42))
		r.Push("message", map[string]any{"message_id": 901, "date": time.Now().Unix(), "chat": map[string]any{"id": 42, "type": "private"},
			"from": map[string]any{"id": 42, "first_name": "Ada"}, "message_auto_delete_timer_changed": map[string]any{"message_auto_delete_time": 86400}})
		r.settle()
		if now := len(r.Messages(42)); now != n {
			t.Errorf("what the service tells is answered: %q", r.Last(42).Text)
		}
	})
}

// TestFormTooLong answers with more than a field takes, in one message and in as many as
// a client makes of it.
func TestFormTooLong(t *testing.T) {
	fillings(t, func(r *rig) {
		r.says(strings.Repeat("я", 4001))
		r.reads("“Title” has 4001 characters, and may have 4000. Please send it again.", "1 of 3")
		r.says(strings.Repeat("я", 4000))
		r.reads("2 of 3")
		r.presses("Back")
		above := r.Messages(42)
		if got := above[len(above)-2].Text; got != strings.Repeat("я", 4000) || !strings.Contains(r.Last(42).Text, "Now: (above)") {
			t.Errorf("a long text is shown as\n%q\n%q", got, r.Last(42).Text)
		}
		r.presses("Keep as it is")

		// 4,500 characters, cut by the client.
		n := len(r.Messages(42))
		now := time.Now()
		r.Write(telegramtest.Incoming{Chat: 42, From: 42, Text: strings.Repeat("я", 4096), Date: now})
		r.Write(telegramtest.Incoming{Chat: 42, From: 42, Text: strings.Repeat("я", 404), Date: now})
		r.settle()
		if all := texts(r.Messages(42))[n:]; len(all) != 2 || !strings.Contains(all[0], "“Detail” has 4096 characters") {
			t.Errorf("answered with %q", all)
		}
		// 2,500 characters of two units each, likewise: the first part alone would fit.
		now = time.Now()
		r.Write(telegramtest.Incoming{Chat: 42, From: 42, Text: strings.Repeat("🌂", 2048), Date: now})
		r.Write(telegramtest.Incoming{Chat: 42, From: 42, Text: strings.Repeat("🌂", 452), Date: now.Add(time.Second)})
		r.settle()
		r.reads("came in several messages", "2 of 3")
		r.says("short")
		r.reads("3 of 3")
		r.says(strings.Repeat("s", 3000))
		r.reads("look it over")
		if all := r.Last(42).Text; !strings.Contains(all, "яя…") || !strings.Contains(all, "ss…") || !strings.Contains(all, "short") {
			t.Errorf("the summary is\n%s", all)
		}
		r.presses("Send it")
		if f := r.host.filled(); len(f) != 1 || f[0]["title"] != strings.Repeat("я", 4000) || f[0]["detail"] != "short" {
			t.Errorf("filled in %v", f)
		}
	})
}

// TestFormLeftAlone answers after more than an hour, and after more than a day.
func TestFormLeftAlone(t *testing.T) {
	fillings(t, func(r *rig) {
		r.says("New title")
		time.Sleep(2 * time.Hour)
		r.says("a thought")
		r.reads("more than an hour ago")
		r.says("/overview grain")
		r.reads("Answer to /\u2060overview grain")
		r.presses("Skip")
		r.reads("more than an hour ago")
		r.presses("Go on")
		r.reads("2 of 3")
		r.presses("Skip")
		r.says("source")
		time.Sleep(2 * time.Hour)
		r.presses("Send it")
		r.reads("more than an hour ago")
		if n := len(r.host.filled()); n != 0 {
			t.Fatal("a form that was left alone is sent by a slip of the finger")
		}
		r.presses("Go on")
		r.presses("Send it")
		if diff := cmp.Diff([]map[string]string{{"title": "New title", "detail": "", "source": "source"}}, r.host.filled()); diff != "" {
			t.Errorf("filled in (-want +got):\n%s", diff)
		}
	})
}

// TestTwoForms begins a form while another is open.
func TestTwoForms(t *testing.T) {
	fillings(t, func(r *rig) {
		old := r.Last(42)
		r.says("New title")
		r.says("/suggest another")
		r.reads("The form “Suggest” that you had begun is closed. Nothing of it was sent.")
		id := r.Press(telegramtest.Press{Chat: 42, From: 42, Message: old.ID, Data: button(old, "Keep as it is")})
		r.settle()
		if c := r.Callback(id); !strings.Contains(c.Text, "another one took its place") {
			t.Errorf("an old button is answered with %+v", c)
		}
		r.reads("1 of 3")
		r.presses("Keep as it is")
		r.reads("2 of 3")
	})
}

// TestStaleButtons presses what was answered already.
func TestStaleButtons(t *testing.T) {
	fillings(t, func(r *rig) {
		first := r.Last(42)
		r.says("New title")
		id := r.Press(telegramtest.Press{Chat: 42, From: 42, Message: first.ID, Data: button(first, "Keep as it is")})
		r.settle()
		if c := r.Callback(id); c.Text != "This question is answered already." {
			t.Errorf("answered with %+v", c)
		}
		r.reads("2 of 3", "2 of 3")
		for _, data := range []string{"form! keep", "form! keep x y", "form! sing " + strings.Fields(button(first, "Cancel"))[2] + " 1", strings.Replace(button(r.Last(42), "Skip"), "empty", "send", 1)} {
			n := len(r.Messages(42))
			r.Press(telegramtest.Press{Chat: 42, From: 42, Message: first.ID, Data: data})
			r.settle()
			if len(r.Messages(42)) == n && !slices.ContainsFunc(r.Calls("answerCallbackQuery"), func(c telegramtest.Call) bool { return c.Params["text"] != "" }) {
				t.Errorf("%q: nothing is said", data)
			}
		}
		r.says("detail")
		r.says("source")
		send := r.Last(42)
		data := button(send, "Send it")
		r.Press(telegramtest.Press{Chat: 42, From: 42, Message: send.ID, Data: data})
		r.Press(telegramtest.Press{Chat: 42, From: 42, Message: send.ID, Data: data})
		r.settle()
		if n := len(r.host.filled()); n != 1 {
			t.Errorf("the form was sent %d times", n)
		}
		r.says("words at the end")
		r.reads("Answer to /")
	})
}

// TestFormAndEdits edits what was answered.
func TestFormAndEdits(t *testing.T) {
	fillings(t, func(r *rig) {
		edit := func(id int, text string) {
			r.Push("edited_message", map[string]any{"message_id": id, "date": time.Now().Unix(), "edit_date": time.Now().Unix(), "text": text,
				"chat": map[string]any{"id": 42, "type": "private"}, "from": map[string]any{"id": 42, "first_name": "Ada"}})
			r.settle()
		}
		time.Sleep(5 * time.Second)
		title := r.Say(42, 42, "New titel")
		r.settle()
		edit(title, "New title")
		r.reads("“Title” is now as you edited it.")
		edit(title, strings.Repeat("x", 4001))
		r.reads("so your answer is left as it was", "2 of 3")
		n := len(r.Messages(42))
		edit(title, "New title")
		edit(title+1000, "of nothing")
		if now := len(r.Messages(42)); now != n {
			t.Errorf("edits that change nothing are answered: %q", r.Last(42).Text)
		}
		r.presses("Skip")
		r.says("source")
		edit(title, "Newest title")
		r.reads("look it over.\n\nTitle\nNewest title")
	})
}

// TestFormComesBack has the host find something wrong.
func TestFormComesBack(t *testing.T) {
	fillings(t, func(r *rig) {
		r.says("New title")
		r.says("detail")
		r.says("source")
		answer := r.host.answer
		r.host.answer = func(inv chat.Invocation) chat.Reply {
			f := suggestForm()
			f.Fields[0].Value, f.Fields[1].Value, f.Fields[2].Value = "New title", "detail", ""
			return chat.Reply{Card: chat.Card{Title: "Not so", Items: []chat.Item{{Body: chat.Plainly("detail")}}}, Form: f, Call: inv.Line}
		}
		r.presses("Send it")
		r.reads("Not so", "3 of 3\n\nSource")
		r.host.answer = answer
		r.says("better")
		r.presses("Send it")
		r.reads("Thanks")
		if f := r.host.filled(); f[len(f)-1]["title"] != "New title" || f[len(f)-1]["source"] != "better" {
			t.Errorf("filled in %v", f)
		}
		if ids := r.host.ids(); ids[len(ids)-1] != ids[len(ids)-2] {
			t.Errorf("one form was sent as %q", ids[len(ids)-2:])
		}
		// Who is refused is not told that it was sent.
		r.says("/suggest again")
		r.presses("Keep as it is")
		r.presses("Skip")
		r.says("source")
		r.host.answer = func(chat.Invocation) chat.Reply {
			return chat.Reply{Card: chat.Card{Title: "For managers", Tone: chat.Trouble}}
		}
		r.presses("Send it")
		r.reads("Not sent.", "For managers")
	})
}

// ids are those of what was asked with a form.
func (h *host) ids() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, inv := range h.asked {
		if inv.Filled != nil {
			all = append(all, inv.ID)
		}
	}
	return all
}

// TestFormInGroup leads from a group to the private chat.
func TestFormInGroup(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		forms(r, suggestForm())
		r.Write(telegramtest.Incoming{Chat: -100, From: 43, Thread: 7, Text: "/suggest grain talks"})
		r.settle()
		m := r.Last(-100)
		want := "https://t.me/BriefBot?start=" + chat.Ticket("suggest grain talks")
		if !strings.Contains(m.Text, "Please fill it in") || button(m, telegram.OpenLabel) != want || m.Thread != 7 {
			t.Errorf("answered in the group with %+v", m)
		}
		// What is written in the group is no answer.
		r.Write(telegramtest.Incoming{Chat: -100, From: 43, Thread: 7, Text: "/overview"})
		r.settle()
		r.says("/start " + chat.Ticket("suggest grain talks"))
		r.reads("1 of 3")
		if strings.Contains(strings.Join(texts(r.Messages(-100)), "\n"), "Talks in") {
			t.Error("the group reads the form")
		}
		r.clean()
	})
}

// TestFormRedelivered has the service repeat what was handled before a crash.
func TestFormRedelivered(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		forms(r, suggestForm())
		message := func(id int, text string) map[string]any {
			return map[string]any{"message_id": id, "date": time.Now().Unix(), "text": text, "entities": []any{map[string]any{"type": "bot_command", "offset": 0, "length": 8}},
				"chat": map[string]any{"id": 42, "type": "private"}, "from": map[string]any{"id": 42, "first_name": "Ada"}}
		}
		plain := func(id int, text string) map[string]any {
			m := message(id, text)
			delete(m, "entities")
			return m
		}
		for range 2 {
			r.Push("message", message(500, "/suggest x"))
			r.settle()
			r.reads("1 of 3")
		}
		if strings.Contains(r.Last(42).Text, "is closed") {
			t.Errorf("a form takes its own place: %s", r.Last(42).Text)
		}
		for range 2 {
			r.Push("message", plain(501, "New title"))
			r.settle()
			r.reads("2 of 3")
		}
		r.Push("message", plain(502, "detail"))
		r.settle()
		r.reads("3 of 3")
		r.clean()
	})
}

// TestFormWithoutNotes has the host keep nothing: nobody is asked in vain.
func TestFormWithoutNotes(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		forms(r, suggestForm())
		r.host.noteErr = errors.New("the disk is full")
		r.says("/suggest x")
		r.reads("This could not be kept. Please try again in a moment.")
		r.host.noteErr = nil
		r.says("/suggest x")
		r.reads("1 of 3")
		r.host.notes["telegram form telegram:42"] = "{"
		r.says("words")
		r.reads("Answer to /")
		r.clean()
	})
}

// TestFormCopied answers with what was copied from an answer of the bot.
func TestFormCopied(t *testing.T) {
	fillings(t, func(r *rig) {
		r.says("Talks in OTHER.\u2060md, width\u2060joined @\u2060here")
		r.presses("Skip")
		r.says("s")
		r.presses("Send it")
		if got := r.host.filled()[0]["title"]; got != "Talks in OTHER.md, width\u2060joined @here" {
			t.Errorf("taken as %q", got)
		}
	})
}

func TestFormPayloads(t *testing.T) {
	f := suggestForm()
	bodies, err := telegram.FormPayloads(*f, "suggest grain talks")
	if err != nil || len(bodies) != 1 {
		t.Fatalf("%s, %v", bodies, err)
	}
	if err := telegramtest.CheckMessage(bodies[0]); err != nil {
		t.Error(err)
	}
	if !json.Valid(bodies[0]) || !strings.Contains(string(bodies[0]), "1 of 3") {
		t.Errorf("%s", bodies[0])
	}
	f.Fields[0].Value = strings.Repeat("🌂", 4000)
	f.Lead = chat.Plainly(strings.Repeat("long ", 3000))
	if bodies, err = telegram.FormPayloads(*f, "suggest grain talks"); err != nil || len(bodies) != 3 {
		t.Fatalf("%d bodies, %v", len(bodies), err)
	}
	for _, b := range bodies {
		if err := telegramtest.CheckMessage(b); err != nil {
			t.Error(err)
		}
	}
	if !strings.Contains(string(bodies[2]), "(above)") || !strings.Contains(string(bodies[2]), "Cancel") {
		t.Errorf("the question is %s", bodies[2])
	}
}

// FuzzUnmute copies what the bot shows of a text: it comes back as it was.
func FuzzUnmute(f *testing.F) {
	for _, seed := range []string{"", "@here README.md /start #tag $USD", "https://example.org/a.b mailto:x@y.zz 1.2.3.4", "a\u200bb 🌂.md", "://a.bc@d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\u2060", "")
		shown := telegram.Quieted(text)
		if got := telegram.Unmute(shown); got != text {
			t.Errorf("%q is shown as %q and taken for %q", text, shown, got)
		}
	})
}
