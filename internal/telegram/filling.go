package telegram

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A filling is how far somebody has filled in a form, question by question. It is
// noted at the host after every step, so that a restart loses none of it.
type filling struct {
	Form    chat.Form
	Call    string            // what is run with the texts
	Number  string            // tells the buttons of this form from those of others
	Texts   map[string]string // given so far, by field
	By      map[string]int    // the messages that gave them, which may be edited
	At      int               // the field that is asked for; behind the last one: what is there to be sent
	Once    bool              // only this one is asked for again
	Touched time.Time         // when its asker last did something with it
	Last    last              // the last message that was looked at

	where   chat.Conversation
	instead string // the title of a form whose place it took
}

// last is a message that was looked at as an answer.
type last struct {
	ID    int
	Date  int64
	Cut   bool // it may be the first part of a text that is too long for one message
	Field int  // that it answered; -1: it was not taken
}

const (
	// idleAfter is how long a form may be left alone before what is written is no
	// answer any more; for keptFor it can be gone on with.
	idleAfter = time.Hour
	keptFor   = 24 * time.Hour
	// cutAt is how long a message is at least that the client may have cut a text into,
	// in UTF-16 units, and cutWithin how soon the rest follows, in seconds.
	cutAt     = 4000
	cutWithin = 1
)

// begin begins to fill in a form, which was asked for by the event of this id.
func begin(reply chat.Reply, where chat.Conversation, event string, now time.Time) *filling {
	return &filling{
		Form: *reply.Form, Call: reply.Call, Number: chat.Ticket(event)[:8], Texts: map[string]string{}, By: map[string]int{},
		Touched: now, Last: last{Field: -1}, where: where,
	}
}

// idle says that the form was left alone for long.
func (f *filling) idle(now time.Time) bool { return now.Sub(f.Touched) > idleAfter }

// complete says that every question is answered.
func (f *filling) complete() bool { return f.At >= len(f.Form.Fields) }

// current is what a field holds now.
func (f *filling) current(field chat.Field) string {
	if text, given := f.Texts[field.Name]; given {
		return text
	}
	return field.Value
}

// give answers the question that is asked and goes on to the next.
func (f *filling) give(text string, by int) {
	field := f.Form.Fields[f.At]
	f.Texts[field.Name] = text
	delete(f.By, field.Name)
	if by != 0 {
		f.By[field.Name] = by
	}
	f.At++
	if f.Once {
		f.At, f.Once = len(f.Form.Fields), false
	}
}

// filled are the texts to be sent.
func (f *filling) filled() map[string]string {
	filled := map[string]string{}
	for _, field := range f.Form.Fields {
		filled[field.Name] = f.current(field)
	}
	return filled
}

// again goes back to the first field that cannot be sent as it is, of a form that came
// back.
func (f *filling) again(reply chat.Reply) {
	f.Form, f.Texts = *reply.Form, map[string]string{}
	f.At, f.Once = 0, false
	for !f.complete() && f.Form.Fields[f.At].Problem(f.Form.Fields[f.At].Clean(f.Form.Fields[f.At].Value)) == "" {
		f.At++
	}
}

// noteKey is the key of the note of a conversation's form.
func noteKey(where chat.Conversation) string { return platformName + " form " + where.String() }

// filling returns the form that is being filled in in a conversation, nil for none.
func (s *session) filling(ctx context.Context, where chat.Conversation) *filling {
	note, err := s.host.Note(ctx, noteKey(where))
	if err != nil {
		s.t.log.Error("how far a form was filled in cannot be read", "where", where.String(), "error", err)
	}
	if note == "" {
		return nil
	}
	f := &filling{where: where}
	if err := json.Unmarshal([]byte(note), f); err != nil || len(f.Form.Fields) == 0 {
		s.t.log.Error("how far a form was filled in cannot be understood", "where", where.String(), "error", err)
		return nil
	}
	return f
}

// keep notes how far a form is filled in, and says whether that worked.
func (s *session) keep(ctx context.Context, f *filling) bool {
	note, err := json.Marshal(f)
	if err == nil {
		err = s.host.SetNote(ctx, noteKey(f.where), string(note), f.Touched.Add(keptFor))
	}
	if err != nil {
		s.t.log.Error("how far a form is filled in cannot be kept", "where", f.where.String(), "error", err)
		s.give(ctx, target{where: f.where}, trouble(f.Form.Title, "This could not be kept. Please try again in a moment."))
	}
	return err == nil
}

// drop forgets a form.
func (s *session) drop(ctx context.Context, f *filling) {
	if err := s.host.SetNote(ctx, noteKey(f.where), "", time.Time{}); err != nil {
		s.t.log.Error("a form that is closed cannot be forgotten", "where", f.where.String(), "error", err)
	}
}

// unmute takes out of a text what quiet puts into the bot's own: whoever copies from
// an answer copies that too. What somebody wrote otherwise is left alone.
func unmute(text string) string {
	parts := strings.Split(text, mute)
	if len(parts) == 1 {
		return text
	}
	ours := map[int]bool{}
	for _, h := range mutes(strings.Join(parts, "")) {
		ours[h.pos] = true
	}
	var b strings.Builder
	at := 0
	for i, part := range parts {
		if i > 0 && !ours[at] {
			b.WriteString(mute)
		}
		b.WriteString(part)
		at += len(part)
	}
	return b.String()
}

// formPrefix begins what the buttons of a form carry. No command is named so.
const formPrefix = "form! "

// The verbs of a form's buttons.
const (
	keepIt   = "keep"
	emptyIt  = "empty"
	goBack   = "back"
	goOn     = "on"
	cancelIt = "cancel"
	sendIt   = "send"
	changeIt = "change" // the number of a field follows at once
)

// button is what a button of the question that is asked carries.
func (f *filling) button(verb string) string {
	return formPrefix + verb + " " + f.Number + " " + strconv.Itoa(f.At)
}

// readButton reads what button writes.
func readButton(data string) (verb, number string, at int, ok bool) {
	rest, ok := strings.CutPrefix(data, formPrefix)
	words := strings.Split(rest, " ")
	if !ok || len(words) != 3 {
		return "", "", 0, false
	}
	at, err := strconv.Atoi(words[2])
	return words[0], words[1], at, err == nil
}
