package telegram

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// chat is the chat whose lane an update takes.
func (u update) chat() int64 {
	switch {
	case u.Message != nil:
		return u.Message.Chat.ID
	case u.Edited != nil:
		return u.Edited.Chat.ID
	case u.Post != nil:
		return u.Post.Chat.ID
	case u.Press != nil && u.Press.Message != nil:
		return u.Press.Message.Chat.ID
	case u.Press != nil:
		return u.Press.From.ID
	case u.Standing != nil:
		return u.Standing.Chat.ID
	}
	return 0
}

// handle does what an update asks for.
func (s *session) handle(ctx context.Context, u update) {
	switch {
	case u.Message != nil:
		s.written(ctx, u.Message)
	case u.Edited != nil:
		s.edited(ctx, u.Edited)
	case u.Post != nil:
		s.written(ctx, u.Post)
	case u.Press != nil:
		s.pressed(ctx, u.Press)
	case u.Standing != nil:
		s.stands(ctx, u.Standing)
	}
}

// written answers a message, if it is meant for the bot.
func (s *session) written(ctx context.Context, m *message) {
	s.t.names.note(m.Chat.ID, m.Chat.Username)
	if m.MigrateTo != 0 || m.MigrateFrom != 0 {
		s.migrated(ctx, m)
		return
	}
	if m.Closed != nil || m.Reopened != nil {
		s.turned(ctx, m)
		return
	}
	if m.Auto || m.ViaBot != nil || m.From != nil && m.From.IsBot && m.SenderChat == nil {
		return
	}
	var form *filling
	if m.Chat.Type == private {
		if form = s.filling(ctx, m.conversation()); form != nil && s.answers(ctx, form, m) {
			return
		}
	}
	line, pressed, ok := s.asks(m)
	if !ok {
		return
	}
	inv := s.invocation(m)
	inv.ID = "message:" + decimal(m.Chat.ID) + "/" + strconv.Itoa(m.ID)
	inv.Line, inv.Pressed = line, pressed
	if m.From != nil {
		inv.Language = m.From.Language
	}
	inv.Asker = []string{address(m.sender())}
	inv.Manages = func(ctx context.Context) (bool, error) { return s.t.writerManages(ctx, m) }
	reply := s.run(ctx, inv)
	to := target{where: inv.Where}
	if m.Chat.isGroup() {
		to.reply = m.ID
	}
	if reply.Form != nil {
		s.ask(ctx, inv, to, reply)
		return
	}
	s.give(ctx, to, reply.Card)
	if form != nil && !form.idle(time.Now()) {
		s.put(ctx, form) // the question is not to be looked for above the answer
	}
}

// asks reads what a message asks the bot. In a private chat everything is meant for
// it; words that are no command are answered with help.
func (s *session) asks(m *message) (line string, pressed, ok bool) {
	text, marks := m.Text, m.Entities
	if text == "" {
		text, marks = m.Caption, m.CapEntities
	}
	direct := m.Chat.Type == private
	line, ok = command(text, marks, s.me.Username, direct)
	if ok {
		// Who copies from an answer copies what keeps it quiet, too.
		line, ok = start(strings.ReplaceAll(line, mute, ""), direct)
		return line, strings.HasPrefix(line, "~"), ok
	}
	return "/help", false, direct && m.Text != "" && !strings.HasPrefix(m.Text, "/")
}

// sender is who wrote a message: a person, or the chat in whose name it was written.
func (m *message) sender() int64 {
	switch {
	case m.SenderChat != nil:
		return m.SenderChat.ID
	case m.From != nil:
		return m.From.ID
	}
	return m.Chat.ID
}

// address is a person's or a chat's access subject.
func address(id int64) string { return platformName + ":" + decimal(id) }

// general is the topic of a forum that must not be named when sending.
const general = 1

// conversation is where a message stands.
func (m *message) conversation() chat.Conversation {
	c := chat.Conversation{Platform: platformName, ID: decimal(m.Chat.ID)}
	if m.Topic && m.Thread > general {
		c.Thread = strconv.Itoa(m.Thread)
	}
	return c
}

// invocation is one from where a message stands.
func (s *session) invocation(m *message) chat.Invocation {
	direct := m.Chat.Type == private
	return chat.Invocation{
		Where: m.conversation(), Room: []string{address(m.Chat.ID)},
		Private: direct, Direct: direct,
	}
}

// run has the host answer, with not too many at once.
func (s *session) run(ctx context.Context, inv chat.Invocation) chat.Reply {
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	return s.host.Run(ctx, inv)
}

// pressed answers a button: first the press itself, so that the client stops
// waiting, then with a message.
func (s *session) pressed(ctx context.Context, p *press) {
	if !s.calls.add(p.ID) {
		return
	}
	if p.Message == nil {
		s.acknowledge(ctx, p.ID, map[string]string{"text": "This button is under a message that cannot be changed from here. Ask again in a chat with me."})
		return
	}
	if s.formPressed(ctx, p) {
		return
	}
	m := p.Message
	where := m.conversation()
	owned := s.owns(ctx, where, m.ID)
	if owned && m.Chat.Type != private {
		// Only the one who pressed may be answered, and that is the private chat.
		s.acknowledge(ctx, p.ID, map[string]string{"url": "https://t.me/" + s.me.Username + "?start=" + ticketOf(p.Data)})
		return
	}
	s.acknowledge(ctx, p.ID, map[string]string{})
	if p.Data == "" {
		return
	}
	inv := s.invocation(m)
	inv.ID, inv.Line, inv.Pressed, inv.Language = "callback:"+p.ID, p.Data, true, p.From.Language
	inv.Asker = []string{address(p.From.ID)}
	inv.Manages = func(ctx context.Context) (bool, error) { return s.t.manages(ctx, &m.Chat, p.From.ID) }
	reply := s.run(ctx, inv)
	to := target{where: where}
	if !owned && m.Date != 0 {
		to.edit = m.ID
	}
	if reply.Form != nil {
		s.ask(ctx, inv, to, reply)
		return
	}
	s.give(ctx, to, reply.Card)
}

// ticketOf is the name under which a button's call is kept.
func ticketOf(data string) string {
	if name, ok := strings.CutPrefix(data, "~"); ok && ticket.MatchString(name) {
		return name
	}
	return chat.Ticket(data)
}

// owns says whether a message was posted by Send. Where that cannot be told, the
// message is left alone.
func (s *session) owns(ctx context.Context, where chat.Conversation, id int) bool {
	owned, err := s.host.Owns(ctx, where, chat.MessageID(strconv.Itoa(id)))
	if err != nil {
		s.t.log.Error("whose message a button is under could not be told", "error", err)
		return where.ID != "" && !strings.HasPrefix(where.ID, "-")
	}
	return owned
}

// acknowledge tells the service that a press arrived. One that is too old to be
// acknowledged is answered all the same.
func (s *session) acknowledge(ctx context.Context, id string, p map[string]string) {
	p["callback_query_id"] = id
	err := s.t.client.call(ctx, "answerCallbackQuery", p, nil)
	if f := faultOf(err); f != nil && !f.has(stalePress...) {
		s.t.log.Warn("a button press could not be acknowledged", "error", f)
	}
}

// recent is a window of names.
type recent struct {
	mu    sync.Mutex
	known map[string]bool
	order []string
}

// add notes a name and reports whether it is new.
func (r *recent) add(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string]bool{}
	}
	if r.known[name] {
		return false
	}
	r.known[name] = true
	r.order = append(r.order, name)
	if len(r.order) > window {
		delete(r.known, r.order[0])
		r.order = r.order[1:]
	}
	return true
}
