package chattest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
)

// A Filler is the Harness of a platform that shows forms, which every one does.
type Filler interface {
	Harness
	// Fill waits for the form that the asker's last question in a conversation, or her
	// last press there, was answered with; changes what is given of it, by label, leaves
	// the rest as it is, and sends it. It returns the form as she saw it.
	Fill(where chat.Conversation, texts map[string]string) Sheet
	// Dismiss waits for it likewise, and has her close it without sending it.
	Dismiss(where chat.Conversation)
	// Again has the vendor tell once more that the last form was sent, as it does where
	// it did not hear that this was taken, or the asker send it twice, and reports
	// whether that can happen at all.
	Again() bool
	// Restart makes Platform another one, as after a restart of the bot. The one before
	// does not serve any more.
	Restart()
}

// A Sheet is a form as the asker saw it.
type Sheet struct {
	Title  string
	Labels []string // in the order in which she met them
	Values []string // what each field held to begin with
	// Where is the conversation that the form is answered in.
	Where chat.Conversation
}

// The suite's form. The texts say what the answers are found by.
const (
	formTitle  = "Suite’s form"
	fieldName  = "Your *name*"
	fieldTale  = "The tale"
	fieldPlain = "One line"
	taleBefore = "It was a <dark> night.\n\n**Nobody** @here saw 🌂 it; نص"
	lineBefore = "as `it` is"
)

func suiteForm() *chat.Form {
	return &chat.Form{
		Title: formTitle, Lead: chat.Plainly("What is filled in here is said again."), Submit: "Tell it",
		Fields: []chat.Field{
			{Name: "name", Label: fieldName, Summary: "Who tells it", Required: true},
			{Name: "tale", Label: fieldTale, Value: taleBefore, Long: true},
			{Name: "line", Label: fieldPlain, Value: lineBefore},
		},
	}
}

// told is what a form was sent with.
type told struct {
	id     string // of the invocation
	words  string
	filled map[string]string
}

// formCommands are a command that asks for a form, and one whose answer has a button to
// it. What is told is noted.
func formCommands(note func(told)) []chat.Command {
	words := chat.Option{Name: "words", Summary: "What it is about", Rest: true}
	return []chat.Command{
		{Name: "tell", Summary: "Fill in a form", Changes: true, Options: []chat.Option{words}, Run: func(_ context.Context, inv *chat.Invocation) (chat.Reply, error) {
			if inv.Filled == nil {
				return chat.Reply{Card: chat.Card{Title: formTitle, Lead: chat.Plainly("Please fill in the form.")}, Form: suiteForm(), Unshared: true}, nil
			}
			if note != nil {
				note(told{inv.ID, inv.Arg("words"), inv.Filled})
			}
			return chat.Reply{Card: chat.Card{Title: "Told", Lead: chat.Plainly("Told by " + inv.Filled["name"])}}, nil
		}},
		{Name: "offer", Summary: "Offer a form", Run: func(context.Context, *chat.Invocation) (chat.Reply, error) {
			return chat.Reply{Card: offer("on offer")}, nil
		}},
	}
}

// offer is a card with a button to the form.
func offer(words string) chat.Card {
	return chat.Card{Title: "Offer", Lead: chat.Plainly(words), Actions: [][]chat.Action{{{Label: "Tell", Call: "tell from a button"}}}}
}

// filling are the parts for forms.
func filling() []part {
	return []part{
		{"form", filled((*suite).form)},
		{"form from a button", filled((*suite).formPressed)},
		{"form of a long call", filled((*suite).formLong)},
		{"form dismissed", filled((*suite).formDismissed)},
		{"form with hostile texts", filled((*suite).formHostile)},
		{"form refused", filled((*suite).formRefused)},
		{"form sent twice", filled((*suite).formTwice)},
		{"form across a restart", filled((*suite).formRestart)},
	}
}

// filled is a part for harnesses that are Fillers, which all have to be.
func filled(run func(*suite, Filler)) func(*suite) {
	return func(s *suite) {
		f, ok := s.Harness.(Filler)
		if !ok {
			s.Fatal("the harness must be a Filler: every platform shows forms")
		}
		run(s, f)
	}
}

// form has a form filled in everywhere: it is shown to the asker alone, what she leaves
// as it is stays so, and she alone is answered.
func (s *suite) form(f Filler) {
	s.serve()
	for i, place := range s.Places() {
		s.Say(place.Where, fmt.Sprintf("/tell number %d", i))
		sheet := f.Fill(place.Where, map[string]string{fieldName: fmt.Sprintf("Teller %d", i)})
		s.checkSheet(sheet)
		s.checkAnswered(sheet, fmt.Sprintf("Told by Teller %d", i))
		s.checkTold(i+1, fmt.Sprintf("number %d", i), map[string]string{"name": fmt.Sprintf("Teller %d", i), "tale": taleBefore, "line": lineBefore})
		inv := s.last()
		if inv.Filled == nil || inv.Where != sheet.Where {
			s.Errorf("%v: the form was sent from %v, want %v", place.Where, inv.Where, sheet.Where)
		}
		s.checkUnseen(place, "It was a")
	}
}

// checkSheet looks at a form as its asker saw it.
func (s *suite) checkSheet(sheet Sheet) {
	s.Helper()
	want := Sheet{Title: formTitle, Labels: []string{fieldName, fieldTale, fieldPlain}, Values: []string{"", taleBefore, lineBefore}, Where: sheet.Where}
	if diff := cmp.Diff(want, sheet); diff != "" {
		s.Errorf("%v: the form (-want +got):\n%s", sheet.Where, diff)
	}
}

// checkAnswered waits for the answer to a form, which the asker alone can read.
func (s *suite) checkAnswered(sheet Sheet, text string) {
	s.Helper()
	m := s.awaitMessage(sheet.Where, text)
	i := slices.IndexFunc(s.Places(), func(p Place) bool { return p.Where == sheet.Where })
	if i < 0 || !s.Places()[i].Direct && !m.Private {
		s.Errorf("%v: others can read the answer to a form, %q", sheet.Where, m.Text)
	}
}

// checkTold looks at what the command was given: so many in all, the last as wanted.
func (s *suite) checkTold(count int, words string, want map[string]string) {
	s.Helper()
	all := s.host.Told()
	if len(all) != count {
		s.Fatalf("%d forms were told, want %d", len(all), count)
	}
	last := all[count-1]
	if last.words != words {
		s.Errorf("the form was told about %q, want %q", last.words, words)
	}
	if diff := cmp.Diff(want, last.filled); diff != "" {
		s.Errorf("what was filled in (-want +got):\n%s", diff)
	}
}

// checkUnseen finds nothing of a form where others read.
func (s *suite) checkUnseen(place Place, text string) {
	s.Helper()
	for _, m := range s.Messages(place.Where) {
		if !place.Direct && !m.Private && strings.Contains(plainWords(m.Text), text) {
			s.Errorf("%v: others can read %q", place.Where, m.Text)
		}
	}
}

// formPressed opens a form from the button of an answer and from that of a message that
// was sent. Both messages stay as they are.
func (s *suite) formPressed(f Filler) {
	s.serve()
	count := 0
	for i, place := range s.Places() {
		s.Say(place.Where, "/offer")
		answer := s.awaitMessage(place.Where, "on offer")
		s.host.Keep(offer("sent"))
		id, err := s.Platform().Send(s.Context(), place.Where, offer("sent around"), key("form", i))
		if err != nil {
			s.Fatal(err)
		}
		s.host.Own(place.Where, id)
		sent := s.awaitMessage(place.Where, "sent around")
		for _, m := range []Message{answer, sent} {
			count++
			name := fmt.Sprintf("Presser %d", count)
			s.Press(place.Where, m, "Tell")
			sheet := f.Fill(place.Where, map[string]string{fieldName: name, fieldPlain: ""})
			s.checkAnswered(sheet, "Told by "+name)
			s.checkTold(count, "from a button", map[string]string{"name": name, "tale": taleBefore, "line": ""})
			now := s.Messages(place.Where)
			at := slices.IndexFunc(now, func(n Message) bool { return n.ID == m.ID })
			if at < 0 || now[at].Text != m.Text || now[at].Edited {
				s.Errorf("%v: the message with the button was %+v, and is not any more", place.Where, m)
			}
		}
	}
}

// formLong has a form whose call no button can carry.
func (s *suite) formLong(f Filler) {
	s.serve()
	place := s.Places()[0]
	s.Say(place.Where, "/tell "+longWords+" "+longWords)
	sheet := f.Fill(place.Where, map[string]string{fieldName: "Long"})
	s.checkAnswered(sheet, "Told by Long")
	s.checkTold(1, longWords+" "+longWords, map[string]string{"name": "Long", "tale": taleBefore, "line": lineBefore})
}

// formDismissed closes a form, after which nothing happens until it is asked for again.
func (s *suite) formDismissed(f Filler) {
	s.serve()
	for i, place := range s.Places() {
		s.Say(place.Where, "/tell nothing")
		f.Dismiss(place.Where)
		if n := len(s.host.Told()); n != i {
			s.Errorf("%v: a form that was closed was told", place.Where)
		}
		s.Say(place.Where, "/tell after all")
		sheet := f.Fill(place.Where, map[string]string{fieldName: fmt.Sprintf("Second %d", i)})
		s.checkAnswered(sheet, fmt.Sprintf("Told by Second %d", i))
		s.checkTold(i+1, "after all", map[string]string{"name": fmt.Sprintf("Second %d", i), "tale": taleBefore, "line": lineBefore})
	}
}

// formHostile has texts that break escaping and counting come back as they are.
func (s *suite) formHostile(f Filler) {
	s.serve()
	place := s.Places()[0]
	texts := append(hostileTexts(), strings.Join(hostileTexts()[:8], "\n\n"), strings.Repeat("я", chat.MaxFieldText), strings.Repeat("🌂", chat.MaxFieldText/2))
	for i, text := range texts {
		if r := []rune(text); len(r) > chat.MaxFieldText {
			text = string(r[:chat.MaxFieldText])
		}
		one := plainWords(text)
		if r := []rune(one); len(r) > 200 {
			one = string(r[:200])
		}
		s.Say(place.Where, "/tell hostile")
		f.Fill(place.Where, map[string]string{fieldName: fmt.Sprintf("Hostile %d", i), fieldTale: text, fieldPlain: one})
		s.awaitMessage(place.Where, fmt.Sprintf("Told by Hostile %d", i))
		s.checkTold(i+1, "hostile", map[string]string{
			"name": fmt.Sprintf("Hostile %d", i), "tale": suiteForm().Fields[1].Clean(text), "line": suiteForm().Fields[2].Clean(one),
		})
		if !utf8.ValidString(s.last().Filled["tale"]) {
			s.Errorf("the text %d is not valid UTF-8", i)
		}
	}
}

// formRefused shuts the asker out while she fills in a form.
func (s *suite) formRefused(f Filler) {
	s.serve()
	place := s.Places()[0]
	s.Say(place.Where, "/tell too late")
	s.host.shut.Store(true)
	sheet := f.Fill(place.Where, map[string]string{fieldName: "Late"})
	s.awaitMessage(sheet.Where, "Only the bot's operators")
	if n := len(s.host.Told()); n != 0 {
		s.Errorf("%d forms of somebody who was shut out were told", n)
	}
}

// formTwice has the vendor tell twice that a form was sent: both times are the same
// event, if the command hears of the second at all.
func (s *suite) formTwice(f Filler) {
	s.serve()
	place := s.Places()[0]
	s.Say(place.Where, "/tell twice")
	sheet := f.Fill(place.Where, map[string]string{fieldName: "Once"})
	s.awaitMessage(sheet.Where, "Told by Once")
	if !f.Again() {
		return
	}
	s.refusals = true // a vendor may say that it was answered before
	s.Say(place.Where, "/echo in between")
	s.awaitMessage(place.Where, "You said: in between")
	ids := map[string]bool{}
	for _, t := range s.host.Told() {
		ids[t.id] = true
	}
	if len(ids) != 1 {
		s.Errorf("a form that was sent twice was told under the ids %q, want one", slices.Sorted(maps.Keys(ids)))
	}
}

// formRestart restarts the bot while a form is being filled in.
func (s *suite) formRestart(f Filler) {
	stop := s.serve()
	place := s.Places()[0]
	s.Say(place.Where, "/tell across a restart")
	s.Await("the question of the form", func() bool { return len(s.host.Invocations()) > 0 })
	stop()
	f.Restart()
	s.serve()
	sheet := f.Fill(place.Where, map[string]string{fieldName: "Patience"})
	s.checkAnswered(sheet, "Told by Patience")
	s.checkTold(1, "across a restart", map[string]string{"name": "Patience", "tale": taleBefore, "line": lineBefore})
}
