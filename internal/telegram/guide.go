package telegram

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// ask begins a form. In a private chat its questions follow, one after the other;
// elsewhere the bot would not see the answers and others would see the questions, so
// that there is a link to the private chat.
func (s *session) ask(ctx context.Context, inv chat.Invocation, to target, reply chat.Reply) {
	to.edit = 0
	if !inv.Direct {
		c := reply.Card.Clone()
		c.Actions = append([][]chat.Action{{{Label: openLabel, URL: deepLink(s.me.Username, reply.Call)}}}, c.Actions...)
		s.give(ctx, to, c)
		return
	}
	now := time.Now()
	f := begin(reply, inv.Where, inv.ID, now)
	if before := s.filling(ctx, inv.Where); before != nil && before.Number != f.Number && !before.idle(now) {
		f.instead = before.Form.Title
	}
	s.goOn(ctx, f)
}

// goOn notes how far a form is filled in and asks what is asked next.
func (s *session) goOn(ctx context.Context, f *filling) {
	if s.keep(ctx, f) {
		s.put(ctx, f)
	}
}

// put asks what is asked next.
func (s *session) put(ctx context.Context, f *filling) {
	for _, c := range f.asks() {
		s.give(ctx, target{where: f.where}, c)
	}
}

// answers takes a message for the answer to a form's question, and says whether it
// was meant so. Commands are none: they are answered as ever, and the form goes on.
func (s *session) answers(ctx context.Context, f *filling, m *message) bool {
	now := time.Now()
	switch name := s.commandIn(m); {
	case name == "/cancel":
		s.cancel(ctx, f, target{where: f.where})
		return true
	case name != "":
		return false
	case m.Text == "" && !m.isMedia():
		return false // the service tells something
	case f.idle(now):
		s.give(ctx, target{where: f.where}, f.late())
		return true
	case m.ID <= f.Last.ID:
		s.put(ctx, f) // it was taken before, and perhaps what followed was not asked
		return true
	}
	rest := f.Last.Cut && m.Date-f.Last.Date <= cutWithin
	answered := f.Last.Field
	f.Touched, f.Last = now, last{ID: m.ID, Date: m.Date, Cut: units(m.Text) >= cutAt || rest, Field: -1}
	switch {
	case rest && answered < 0:
		s.keep(ctx, f) // it was said already that the text is too long
	case rest:
		f.At, f.Once = answered, f.Once || f.complete()
		delete(f.Texts, f.Form.Fields[f.At].Name)
		s.object(ctx, f, "What you wrote came in several messages, and an answer is one message. Please shorten it.")
	case m.Text == "":
		s.object(ctx, f, "Please answer in words: pictures, files and recordings cannot be taken here.")
	case f.complete():
		s.object(ctx, f, "Every question is answered. Send it, change an answer, or cancel it.")
	default:
		s.accept(ctx, f, m)
	}
	return true
}

// accept has a message answer the question.
func (s *session) accept(ctx context.Context, f *filling, m *message) {
	field := f.Form.Fields[f.At]
	text := field.Clean(unmute(m.Text))
	if problem := field.Problem(text); problem != "" {
		s.object(ctx, f, problem+". Please send it again.")
		return
	}
	f.Last.Field = f.At
	f.give(text, m.ID)
	s.goOn(ctx, f)
}

// object says why a message does not answer the question, and asks again.
func (s *session) object(ctx context.Context, f *filling, why string) {
	if s.keep(ctx, f) {
		s.give(ctx, target{where: f.where}, trouble(f.Form.Title, why))
		s.put(ctx, f)
	}
}

// commandIn is the name of the command that a message asks, with its slash, if there is
// such a command.
func (s *session) commandIn(m *message) string {
	line, ok := command(m.Text, m.Entities, s.me.Username, true)
	if !ok {
		return ""
	}
	name, _ := cutWord(strings.ReplaceAll(line, mute, ""))
	if name == "/cancel" || name == "/start" {
		return name
	}
	for _, c := range s.host.Commands() {
		if name == "/"+c.Name {
			return name
		}
	}
	return ""
}

// edited has an edited message change what it answered.
func (s *session) edited(ctx context.Context, m *message) {
	if m.Chat.Type != private {
		return
	}
	f := s.filling(ctx, m.conversation())
	if f == nil {
		return
	}
	for _, field := range f.Form.Fields {
		if f.By[field.Name] != m.ID {
			continue
		}
		text := field.Clean(unmute(m.Text))
		switch problem := field.Problem(text); {
		case f.idle(time.Now()):
			s.give(ctx, target{where: f.where}, f.late())
			return
		case problem != "":
			s.object(ctx, f, problem+", so your answer is left as it was.")
			return
		case text == f.Texts[field.Name]:
			return
		}
		f.Texts[field.Name], f.Touched = text, time.Now()
		if !s.keep(ctx, f) {
			return
		}
		if f.complete() {
			s.put(ctx, f)
			return
		}
		s.give(ctx, target{where: f.where}, chat.Card{Title: f.Form.Title, Lead: chat.Plainly("“" + field.Label + "” is now as you edited it.")})
		return
	}
}

// formPressed answers a button of a form. It says whether it was one.
func (s *session) formPressed(ctx context.Context, p *press) bool {
	verb, number, at, ok := readButton(p.Data)
	if !ok {
		return false
	}
	f := s.filling(ctx, p.Message.conversation())
	say := func(text string) {
		m := map[string]string{}
		if text != "" {
			m["text"] = text
		}
		s.acknowledge(ctx, p.ID, m)
	}
	if f == nil || f.Number != number {
		say("This form is closed: it was sent, cancelled, or another one took its place.")
		return true
	}
	here := target{where: f.where}
	if p.Message.Date != 0 {
		here.edit = p.Message.ID
	}
	switch {
	case verb == cancelIt:
		say("")
		s.cancel(ctx, f, here)
	case verb == goOn:
		say("")
		f.Touched = time.Now()
		s.goOn(ctx, f)
	case f.idle(time.Now()):
		say("")
		s.give(ctx, target{where: f.where}, f.late())
	case at != f.At:
		say("This question is answered already.")
		s.put(ctx, f)
	case verb == sendIt && f.complete():
		say("")
		s.send(ctx, f, p, here)
	case f.step(verb):
		say("")
		f.Touched = time.Now()
		s.goOn(ctx, f)
	default:
		say("This cannot be done any more.")
		s.put(ctx, f)
	}
	return true
}

// step does what a button of a question says, and reports whether that could be done.
func (f *filling) step(verb string) bool {
	if n, err := strconv.Atoi(strings.TrimPrefix(verb, changeIt)); err == nil {
		if !f.complete() || n < 0 || n >= len(f.Form.Fields) {
			return false
		}
		f.At, f.Once = n, true
		return true
	}
	switch {
	case verb == goBack && f.Once:
		f.At, f.Once = len(f.Form.Fields), false
	case verb == goBack && f.At > 0:
		f.At--
	case f.complete():
		return false
	case verb == keepIt:
		field := f.Form.Fields[f.At]
		by := f.By[field.Name]
		if field.Problem(field.Clean(f.current(field))) != "" {
			return false
		}
		f.give(f.current(field), by)
	case verb == emptyIt && !f.Form.Fields[f.At].Required:
		f.give("", 0)
	default:
		return false
	}
	return true
}

// cancel closes a form without sending it, and says so in place of its question.
func (s *session) cancel(ctx context.Context, f *filling, to target) {
	s.drop(ctx, f)
	s.give(ctx, to, chat.Card{Title: f.Form.Title, Lead: chat.Plainly("Cancelled. Nothing was sent.")})
}

// send runs the call of a form with what was answered. However often it is asked for,
// it is the same event.
func (s *session) send(ctx context.Context, f *filling, p *press, at target) {
	inv := s.invocation(p.Message)
	inv.ID, inv.Line, inv.Pressed, inv.Language = "form:"+f.where.ID+"/"+f.Number, f.Call, true, p.From.Language
	inv.Asker = []string{address(p.From.ID)}
	inv.Manages = func(ctx context.Context) (bool, error) { return s.t.manages(ctx, &p.Message.Chat, p.From.ID) }
	inv.Filled = f.filled()
	reply := s.run(ctx, inv)
	if reply.Form != nil {
		f.again(reply)
		f.Touched = time.Now()
		s.give(ctx, target{where: f.where}, reply.Card)
		s.goOn(ctx, f)
		return
	}
	s.drop(ctx, f)
	if at.edit != 0 {
		word := "Sent."
		if reply.Card.Tone == chat.Trouble {
			word = "Not sent."
		}
		s.give(ctx, at, f.answers(word))
	}
	s.give(ctx, target{where: f.where}, reply.Card)
}
