package chattest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
)

// patience is how long the suite waits for what must happen soon.
const patience = 20 * time.Second

// serve lets the platform receive until the returned function is called, which
// checks how it stops and does nothing when called again. It is called at the end of
// the test in any case.
func (s *suite) serve() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Platform().Serve(ctx, s.host) }()
	stopped := false
	stop = func() {
		s.Helper()
		cancel()
		if stopped {
			return
		}
		stopped = true
		select {
		case err := <-ended:
			if err != nil {
				s.Errorf("Serve returned %v after its context was done, want nil", err)
			}
		case <-time.After(patience):
			s.Errorf("Serve goes on %v after its context was done", patience)
		}
	}
	s.Cleanup(stop)
	return stop
}

// find returns the message with this text in a conversation, if there is one.
func (s *suite) find(where chat.Conversation, text string) (Message, bool) {
	for _, m := range s.Messages(where) {
		if strings.Contains(plainWords(m.Text), text) {
			return m, true
		}
	}
	return Message{}, false
}

// awaitMessage waits for a message with this text.
func (s *suite) awaitMessage(where chat.Conversation, text string) Message {
	s.Helper()
	s.Await("a message with “"+text+"” in "+where.String(), func() bool {
		_, ok := s.find(where, text)
		return ok
	})
	m, _ := s.find(where, text)
	return m
}

// plainWords returns s with single spaces between its words.
func plainWords(s string) string { return strings.Join(strings.Fields(s), " ") }

// last returns the newest invocation.
func (s *suite) last() chat.Invocation {
	s.Helper()
	all := s.host.Invocations()
	if len(all) == 0 {
		s.Fatal("nothing was asked of the host")
	}
	return all[len(all)-1]
}

// say asks a question in every place, and looks at what the host is asked and at
// the answer.
func (s *suite) say() {
	s.serve()
	for i, place := range s.Places() {
		text := []string{"first words", "second thoughts", "third time", "fourth wall", "fifth wheel", "sixth sense"}[i%6]
		s.Say(place.Where, "/echo "+text)
		m := s.awaitMessage(place.Where, "You said: "+text)
		if got := len(s.host.Invocations()); got != i+1 {
			s.Fatalf("%d questions were asked of the host, want %d", got, i+1)
		}
		inv := s.last()
		s.checkInvocation(place, inv)
		if inv.Pressed {
			s.Errorf("%v: a line that was said counts as pressed", place.Where)
		}
		if got, err := calledWith(inv); err != nil || got != text {
			s.Errorf("%v: the words are %q, %v; want %q", place.Where, got, err, text)
		}
		if !place.Direct && m.Private != place.Private {
			s.Errorf("%v: the answer is private: %v, want %v", place.Where, m.Private, place.Private)
		}
		if want := []string{"Again", "Long", "Read"}; !slices.Equal(m.Buttons, want) {
			s.Errorf("%v: the buttons are %q, want %q", place.Where, m.Buttons, want)
		}
	}
}

func (s *suite) checkInvocation(place Place, inv chat.Invocation) {
	s.Helper()
	if inv.Where != place.Where {
		s.Errorf("asked from %v, want %v", inv.Where, place.Where)
	}
	if inv.ID == "" {
		s.Errorf("%v: the invocation has no id", place.Where)
	}
	if inv.Private != place.Private || inv.Direct != place.Direct || inv.Local {
		s.Errorf("%v: private %v, direct %v, local %v; want %v, %v, false", place.Where, inv.Private, inv.Direct, inv.Local, place.Private, place.Direct)
	}
	if diff := cmp.Diff(sorted(place.Room), sorted(inv.Room)); diff != "" {
		s.Errorf("%v: the room (-want +got):\n%s", place.Where, diff)
	}
	if diff := cmp.Diff(sorted(place.Asker), sorted(inv.Asker)); diff != "" {
		s.Errorf("%v: the asker (-want +got):\n%s", place.Where, diff)
	} else if len(place.Asker) > 0 && inv.Asker[0] != place.Asker[0] {
		s.Errorf("%v: the asker's first subject is %q, want her own address %q", place.Where, inv.Asker[0], place.Asker[0])
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// calledWith returns the words of an invocation of echo, whether typed or filled in.
func calledWith(inv chat.Invocation) (string, error) {
	call := inv.Call
	if call.Name == "" {
		var err error
		if call, err = chat.ParseCall(inv.Line); err != nil {
			return "", err
		}
	}
	var words []string
	for _, a := range call.Args {
		words = append(words, a.Value)
	}
	return strings.Join(words, " "), nil
}

// press presses the buttons of an answer, which is edited in place.
func (s *suite) press() {
	s.serve()
	for _, place := range s.Places() {
		s.Say(place.Where, "/echo to be edited")
		m := s.awaitMessage(place.Where, "You said: to be edited")
		before, asked := len(s.Messages(place.Where)), s.last()
		s.Press(place.Where, m, "Again")
		m = s.awaitMessage(place.Where, "You said: again")
		inv := s.last()
		if !inv.Pressed || inv.ID == asked.ID {
			s.Errorf("%v: pressed %v, with the id %q after %q", place.Where, inv.Pressed, inv.ID, asked.ID)
		}
		s.checkInvocation(place, inv)
		s.Press(place.Where, m, "Long")
		s.awaitMessage(place.Where, "You said: "+longWords)
		if got := len(s.Messages(place.Where)); got != before {
			s.Errorf("%v: there are %d messages after presses, want the %d from before", place.Where, got, before)
		}
	}
}

// pressOwned presses a button of a message that was posted by Send: the message
// stays, and the answer is for the one who pressed.
func (s *suite) pressOwned() {
	s.serve()
	for i, place := range s.Places() {
		c := echo("what was sent")
		s.host.Keep(c)
		id, err := s.Platform().Send(s.Context(), place.Where, c, key("owned", i))
		if err != nil {
			s.Fatalf("%v: %v", place.Where, err)
		}
		s.host.Own(place.Where, id)
		m := s.awaitMessage(place.Where, "You said: what was sent")
		_, before := s.answers("You said: again")
		s.Press(place.Where, m, "Again")
		s.Await("an answer to the press on what was sent to "+place.Where.String(), func() bool {
			_, now := s.answers("You said: again")
			return now > before
		})
		if private, _ := s.answers("You said: again"); !private {
			s.Errorf("%v: others can read the answer to a press on a sent message", place.Where)
		}
		now, ok := s.find(place.Where, "You said: what was sent")
		if !ok || now.ID != m.ID || now.Edited || now.Text != m.Text {
			s.Errorf("%v: the message that was sent is now %+v, it was %+v", place.Where, now, m)
		}
	}
}

// answers says how many messages anywhere have this text, and whether the asker
// alone can read them all.
func (s *suite) answers(text string) (private bool, count int) {
	private = true
	for _, place := range s.Places() {
		for _, m := range s.Messages(place.Where) {
			if strings.Contains(plainWords(m.Text), text) {
				count++
				private = private && (m.Private || place.Direct)
			}
		}
	}
	return private, count
}

// fails asks what goes wrong: the asker is told so, and no more.
func (s *suite) fails() {
	s.serve()
	place := s.Places()[0]
	s.Say(place.Where, "/fail")
	m := s.awaitMessage(place.Where, "went wrong")
	if strings.Contains(m.Text, "inner workings") {
		s.Errorf("the reader is told %q", m.Text)
	}
}

// stop ends Serve, after which sending goes on.
func (s *suite) stop() {
	stop := s.serve()
	place := s.Places()[0]
	s.Say(place.Where, "/echo before the end")
	s.awaitMessage(place.Where, "You said: before the end")
	stop()
	if _, err := s.Platform().Send(s.Context(), place.Where, echo("after the end"), key("stop", 0)); err != nil {
		s.Errorf("Send after Serve: %v", err)
	}
	s.awaitMessage(place.Where, "You said: after the end")
}
