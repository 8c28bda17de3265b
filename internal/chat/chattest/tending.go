package chattest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
)

// A Tender is the Harness of a platform that can do something with what it posted:
// that edits, answers, pins, opens threads or gives addresses.
type Tender interface {
	Harness
	// Delete has somebody who may delete one of the bot's messages.
	Delete(where chat.Conversation, m Message)
	// Threaded are conversations in which the bot may open threads, if it can at all;
	// they may be Places too.
	Threaded() []chat.Conversation
	// Hinder makes the next act in a conversation come to an outcome, and reports
	// whether the vendor can do that at all.
	Hinder(where chat.Conversation, a Action, o Outcome) bool
}

// An Action is something that a platform does besides posting.
type Action string

// The actions.
const (
	Editing Action = "edit"
	Pinning Action = "pin"
	Opening Action = "open" // of a thread
)

// Fixed is the outcome of an action that can never be done.
const Fixed Outcome = "fixed"

// tending are the parts for what a platform does besides posting.
func tending() []part {
	list := []part{
		{"edit", tended((*suite).edit)},
		{"reply", tended((*suite).reply)},
		{"pin", tended((*suite).pin)},
		{"open threads", tended((*suite).openThreads)},
		{"threads where there are none", tended((*suite).noThreads)},
		{"address", tended((*suite).address)},
		{"tend what is gone", tended((*suite).tendGone)},
		{"tend what is no message", tended((*suite).tendNothing)},
		{"tend cancelled", tended((*suite).tendCancelled)},
	}
	for _, a := range []Action{Editing, Pinning, Opening} {
		for _, o := range []Outcome{Later, Uncertain, Gone, Refused, Fixed} {
			name := fmt.Sprintf("%s comes to %s", a, o)
			list = append(list, part{name, tended(func(s *suite, t Tender) { s.hinder(t, a, o) })})
		}
	}
	return list
}

// tended is a part for harnesses that are Tenders. One that is none must be that of a
// platform which only posts.
func tended(run func(*suite, Tender)) func(*suite) {
	return func(s *suite) {
		if t, ok := s.Harness.(Tender); ok {
			run(s, t)
			return
		}
		switch s.Platform().(type) {
		case chat.Editor, chat.Replier, chat.Pinner, chat.Threader, chat.Linker:
			s.Errorf("the platform does more than post: its harness must be a Tender")
		}
	}
}

// words is a card that is found by its words.
func words(s string) chat.Card { return chat.Card{Title: "Words", Lead: chat.Plainly(s)} }

// post sends a card, and fails the test unless it can be read.
func (s *suite) post(where chat.Conversation, c chat.Card, key, text string) (chat.MessageID, Message) {
	s.Helper()
	id, err := s.Platform().Send(s.Context(), where, c, key)
	if err != nil {
		s.Fatalf("%v: %v", where, err)
	}
	return id, s.awaitMessage(where, text)
}

// edit has messages show other cards, twice each.
func (s *suite) edit(Tender) {
	editor, ok := s.Platform().(chat.Editor)
	if !ok {
		return
	}
	for i, place := range s.Places() {
		id, before := s.post(place.Where, echo("as it was"), key("edit", i), "as it was")
		all := len(s.Messages(place.Where))
		now := words("as it is now. @everyone " + strings.Repeat("And more. ", 20))
		now.Actions = [][]chat.Action{{{Label: "Site", URL: "https://example.org/site"}}}
		for range 2 {
			if err := editor.Edit(s.Context(), place.Where, id, now); err != nil {
				s.Fatalf("%v: %v", place.Where, err)
			}
			m := s.awaitMessage(place.Where, "as it is now")
			switch {
			case m.ID != before.ID || !m.Edited:
				s.Errorf("%v: message %s was to be edited, and %+v shows it", place.Where, before.ID, m)
			case strings.Contains(m.Text, "as it was"):
				s.Errorf("%v: what was there before is left over: %q", place.Where, m.Text)
			case fmt.Sprint(m.Buttons) != "[Site]":
				s.Errorf("%v: the buttons are %q", place.Where, m.Buttons)
			}
		}
		if n := len(s.Messages(place.Where)); n != all {
			s.Errorf("%v: there are %d messages after edits, want the %d from before", place.Where, n, all)
		}
		if err := editor.Edit(s.Context(), place.Where, id, hostile()); err != nil {
			s.Errorf("%v: the hostile card: %v", place.Where, err)
		}
	}
}

// reply answers messages.
func (s *suite) reply(Tender) {
	replier, ok := s.Platform().(chat.Replier)
	if !ok {
		return
	}
	for i, place := range s.Places() {
		original, asked := s.post(place.Where, words("the original"), key("original", i), "the original")
		for range 2 {
			if _, err := replier.Reply(s.Context(), place.Where, original, words("an answer"), key("reply", i)); err != nil {
				s.Fatalf("%v: %v", place.Where, err)
			}
			m := s.awaitMessage(place.Where, "an answer")
			if m.Answers != asked.ID {
				s.Errorf("%v: it answers %q, want %q", place.Where, m.Answers, asked.ID)
			}
			if !s.deduplicates() {
				break
			}
		}
		if got := s.count(place.Where, "an answer"); got != 1 {
			s.Errorf("%v: one key gave %d answers", place.Where, got)
		}
		if original, _ := s.find(place.Where, "the original"); original.Edited || original.Answers != "" {
			s.Errorf("%v: the original is now %+v", place.Where, original)
		}
	}
}

// count says how many messages of a conversation have a text.
func (s *suite) count(where chat.Conversation, text string) (n int) {
	for _, m := range s.Messages(where) {
		if strings.Contains(plainWords(m.Text), text) {
			n++
		}
	}
	return n
}

// pin pins messages and takes them down, twice each.
func (s *suite) pin(Tender) {
	pinner, ok := s.Platform().(chat.Pinner)
	if !ok {
		return
	}
	for i, place := range s.Places() {
		other, _ := s.post(place.Where, words("another one"), key("another", i), "another one")
		id, _ := s.post(place.Where, words("to be pinned"), key("pin", i), "to be pinned")
		all := len(s.Messages(place.Where))
		if err := pinner.Pin(s.Context(), place.Where, other); err != nil {
			s.Fatalf("%v: %v", place.Where, err)
		}
		for _, pinned := range []bool{true, true, false, false} {
			act := map[bool]func(context.Context, chat.Conversation, chat.MessageID) error{true: pinner.Pin, false: pinner.Unpin}[pinned]
			if err := act(s.Context(), place.Where, id); err != nil {
				s.Fatalf("%v: pinned %v: %v", place.Where, pinned, err)
			}
			m := s.awaitMessage(place.Where, "to be pinned")
			if m.Pinned != pinned || m.Edited {
				s.Errorf("%v: the message is now %+v, want it pinned: %v", place.Where, m, pinned)
			}
			if m := s.awaitMessage(place.Where, "another one"); !m.Pinned {
				s.Errorf("%v: another message was taken down", place.Where)
			}
		}
		if n := len(s.Messages(place.Where)); n != all {
			s.Errorf("%v: there are %d messages after pins, want the %d from before", place.Where, n, all)
		}
	}
}

// openThreads opens threads and posts in them.
func (s *suite) openThreads(t Tender) {
	threader, ok := s.Platform().(chat.Threader)
	if !ok {
		return
	}
	for i, where := range t.Threaded() {
		seen := map[chat.Conversation]bool{where: true}
		for j, name := range []string{"Grain", strings.Repeat("A very long name 🌾 ", 20), " ", "@everyone"} {
			key, text := key("open", i*10+j), fmt.Sprintf("the beginning of thread %d.", j)
			opened, err := threader.OpenThread(s.Context(), where, name, words(text), key)
			if err != nil {
				s.Fatalf("%v: %q: %v", where, name, err)
			}
			if opened.Platform != where.Platform || seen[opened] {
				s.Errorf("%v: %q was opened as %v", where, name, opened)
			}
			seen[opened] = true
			if s.deduplicates() {
				if again, err := threader.OpenThread(s.Context(), where, name, words(text), key); err != nil || again != opened {
					s.Errorf("%v: one key opened %v, and then %v, %v", where, opened, again, err)
				}
			}
			s.post(opened, words("news"), key+"n", "news")
			if in := s.count(opened, text) + s.count(where, text); in != 1 {
				s.Errorf("%v: what begins %v can be read %d times", where, opened, in)
			}
		}
	}
}

// noThreads asks for threads where there can be none: in threads and private chats.
func (s *suite) noThreads(t Tender) {
	threader, ok := s.Platform().(chat.Threader)
	if !ok {
		return
	}
	var within []chat.Conversation
	for i, where := range t.Threaded() {
		opened, err := threader.OpenThread(s.Context(), where, "Grain", words("a beginning"), key("outer", i))
		if err != nil {
			s.Fatalf("%v: %v", where, err)
		}
		within = append(within, opened)
	}
	for i, where := range within {
		before := len(s.Messages(where))
		_, err := threader.OpenThread(s.Context(), where, "Inner", words("an inner beginning"), key("inner", i))
		s.checkOutcome(Fixed, err)
		if n := len(s.Messages(where)); n != before {
			s.Errorf("%v: a thread that cannot be left %d messages", where, n-before)
		}
	}
}

// address asks for the addresses of messages. Not every message has one.
func (s *suite) address(Tender) {
	linker, ok := s.Platform().(chat.Linker)
	if !ok {
		return
	}
	known := map[string]bool{}
	for i, place := range s.Places() {
		for j := range 2 {
			text := fmt.Sprintf("addressed %d", j)
			id, _ := s.post(place.Where, words(text), key("address", i*10+j), text)
			link := linker.MessageURL(s.Context(), place.Where, id)
			if again := linker.MessageURL(s.Context(), place.Where, id); again != link {
				s.Errorf("%v: the address is %q, and then %q", place.Where, link, again)
			}
			if link == "" {
				continue
			}
			if u, err := url.Parse(link); err != nil || u.Scheme != "https" || u.Host == "" || known[link] {
				s.Errorf("%v: the address is %q", place.Where, link)
			}
			known[link] = true
		}
		if link := linker.MessageURL(s.Context(), place.Where, "no message!"); link != "" {
			s.Errorf("%v: what is no message has the address %q", place.Where, link)
		}
	}
}

// tendGone does everything with a message that was deleted.
func (s *suite) tendGone(t Tender) {
	s.refusals = true
	for i, place := range s.Places() {
		id, m := s.post(place.Where, words("soon gone"), key("gone", i), "soon gone")
		t.Delete(place.Where, m)
		s.tendVain(place.Where, id, key("vain", i))
	}
}

// tendNothing does everything with what is no message.
func (s *suite) tendNothing(Tender) {
	for i, place := range s.Places() {
		for j, id := range []chat.MessageID{"", "no message!"} {
			s.tendVain(place.Where, id, key("nothing", i*10+j))
		}
	}
}

// tendVain edits and pins what cannot be, and answers it, which is posted all the
// same.
func (s *suite) tendVain(where chat.Conversation, id chat.MessageID, key string) {
	s.Helper()
	if editor, ok := s.Platform().(chat.Editor); ok {
		s.checkOutcome(Fixed, editor.Edit(s.Context(), where, id, words("never to be read")))
	}
	if pinner, ok := s.Platform().(chat.Pinner); ok {
		s.checkOutcome(Fixed, pinner.Pin(s.Context(), where, id))
		// Whether there is anything to take down need not be known.
		if err := pinner.Unpin(s.Context(), where, id); err != nil {
			s.checkOutcome(Fixed, err)
		}
	}
	if replier, ok := s.Platform().(chat.Replier); ok {
		text := "an answer to nothing " + key + "."
		if _, err := replier.Reply(s.Context(), where, id, words(text), key); err != nil {
			s.Fatalf("%v: answering %q: %v", where, id, err)
		}
		if m := s.awaitMessage(where, text); m.Answers != "" {
			s.Errorf("%v: what answers nothing answers %q", where, m.Answers)
		}
	}
	if m, ok := s.find(where, "never to be read"); ok {
		s.Errorf("%v: %+v shows what was to replace nothing", where, m)
	}
}

// tendCancelled does everything with a context that is done: nothing happens, and it
// may be tried again.
func (s *suite) tendCancelled(t Tender) {
	done, cancel := context.WithCancel(s.Context())
	cancel()
	place := s.Places()[0].Where
	id, _ := s.post(place, words("as it was"), key("still", 0), "as it was")
	for _, a := range []Action{Editing, Pinning, Opening} {
		where := s.whereTo(t, a, place)
		if err, able := s.try(done, a, where, id, "cancelled"); able {
			var later *chat.Later
			if !errors.As(err, &later) {
				s.Errorf("%s with a context that is done: %v, want a Later", a, err)
			}
		}
	}
	if m, ok := s.find(place, "as it was"); !ok || m.Edited || m.Pinned || s.count(place, "cancelled") > 0 {
		s.Errorf("the message is now %+v, and something else may be there", m)
	}
}

// whereTo is a conversation for an action: place, but for threads.
func (s *suite) whereTo(t Tender, a Action, place chat.Conversation) chat.Conversation {
	if threaded := t.Threaded(); a == Opening && len(threaded) > 0 {
		return threaded[0]
	}
	return place
}

// try does one action with a message, and says whether the platform can.
func (s *suite) try(ctx context.Context, a Action, where chat.Conversation, id chat.MessageID, text string) (err error, able bool) {
	switch p := s.Platform(); a {
	case Editing:
		if editor, ok := p.(chat.Editor); ok {
			return editor.Edit(ctx, where, id, words(text)), true
		}
	case Pinning:
		if pinner, ok := p.(chat.Pinner); ok {
			return pinner.Pin(ctx, where, id), true
		}
	case Opening:
		if threader, ok := p.(chat.Threader); ok {
			_, err := threader.OpenThread(ctx, where, text, words(text), key("try", 0))
			return err, true
		}
	}
	return nil, false
}

// hinder does an action while the vendor fails in one way, and then again.
func (s *suite) hinder(t Tender, a Action, o Outcome) {
	place := s.Places()[0].Where
	id, _ := s.post(place, words("as it was"), key("hinder", 0), "as it was")
	where := s.whereTo(t, a, place)
	if !t.Hinder(where, a, o) {
		s.Logf("nothing at the vendor comes to the outcome %s of %s", o, a)
		return
	}
	err, able := s.try(s.Context(), a, where, id, "as it is now")
	if !able {
		return
	}
	s.checkOutcome(o, err)
	for _, secret := range s.Secrets() {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
			s.Errorf("the error tells a secret")
		}
	}
	if o != Uncertain {
		return
	}
	if err, _ := s.try(s.Context(), a, where, id, "as it is now"); err != nil {
		s.Errorf("repeating what was uncertain: %v", err)
	}
	if m, _ := s.find(place, "as it is now"); a == Editing && !m.Edited {
		s.Errorf("the message is now %+v", m)
	}
}
