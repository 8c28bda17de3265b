package chattest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/briefbot/briefbot/internal/chat"
)

// key returns the key of the nth message of a part.
func key(part string, n int) string { return fmt.Sprintf("suite-%s_%d", part, n) }

// sendAround sends before and during Serve.
func (s *suite) sendAround() {
	for i, place := range s.Places() {
		if _, err := s.Platform().Send(s.Context(), place.Where, echo("before"), key("before", i)); err != nil {
			s.Errorf("%v, before Serve: %v", place.Where, err)
		}
		s.awaitMessage(place.Where, "You said: before")
	}
	s.serve()
	for i, place := range s.Places() {
		id, err := s.Platform().Send(s.Context(), place.Where, echo("during"), key("during", i))
		if err != nil || id == "" {
			s.Errorf("%v, during Serve: %q, %v", place.Where, id, err)
		}
		if m := s.awaitMessage(place.Where, "You said: during"); m.Private {
			s.Errorf("%v: only the asker can read what was sent", place.Where)
		}
	}
}

// sendTwice sends with the same key again.
func (s *suite) sendTwice() {
	place := s.Places()[0]
	var ids []chat.MessageID
	for range 2 {
		id, err := s.Platform().Send(s.Context(), place.Where, echo("once"), key("twice", 0))
		if err != nil {
			s.Fatal(err)
		}
		ids = append(ids, id)
	}
	if !s.deduplicates() {
		return
	}
	if ids[0] != ids[1] {
		s.Errorf("one key gave the messages %q and %q", ids[0], ids[1])
	}
	if got := len(s.Messages(place.Where)); got != 1 {
		s.Errorf("one key gave %d messages", got)
	}
}

// sendMany sends at once from many goroutines.
func (s *suite) sendMany() {
	const many = 6
	places := s.Places()
	errs := make([]error, many)
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			_, errs[i] = s.Platform().Send(s.Context(), places[i%len(places)].Where, echo(fmt.Sprintf("number %d.", i)), key("many", i))
		})
	}
	group.Wait()
	for i, err := range errs {
		var later *chat.Later
		if errors.As(err, &later) { // the service's pace is not the platform's fault
			continue
		}
		if err != nil {
			s.Errorf("message %d: %v", i, err)
			continue
		}
		s.awaitMessage(places[i%len(places)].Where, fmt.Sprintf("number %d.", i))
	}
}

// sendCancelled sends with a context that is done: nothing is posted, and it may be
// tried again.
func (s *suite) sendCancelled() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	place := s.Places()[0]
	_, err := s.Platform().Send(ctx, place.Where, echo("never"), key("cancelled", 0))
	var later *chat.Later
	if !errors.As(err, &later) {
		s.Errorf("Send with a context that is done: %v, want a Later", err)
	}
	if m, ok := s.find(place.Where, "never"); ok {
		s.Errorf("Send with a context that is done posted %+v", m)
	}
}

// outcome sends while the vendor fails in one way.
func (s *suite) outcome(o Outcome) {
	place := s.Places()[0]
	for _, other := range s.Places() { // a room can do what a private chat cannot
		if !other.Direct {
			place = other
		}
	}
	if !s.Harness.Fail(place.Where, o) {
		s.TB.Logf("nothing at the vendor comes to the outcome %s", o)
		return
	}
	started := time.Now()
	_, err := s.Platform().Send(s.Context(), place.Where, echo("with trouble"), key("outcome", 0))
	if took := time.Since(started); took > patience {
		s.Errorf("Send took %v to fail", took)
	}
	if err == nil {
		s.Fatalf("Send returned no error, want %s", o)
	}
	s.checkOutcome(o, err)
	for _, secret := range s.Secrets() {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
			s.Errorf("the error tells a secret")
		}
	}
	if o == Uncertain {
		s.again(place)
	}
}

func (s *suite) checkOutcome(o Outcome, err error) {
	s.Helper()
	var later *chat.Later
	var uncertain *chat.Uncertain
	var moved *chat.MovedTo
	var gone *chat.Gone
	var refused *chat.Refused
	var fixed *chat.Fixed
	is := map[Outcome]bool{
		Later: errors.As(err, &later), Uncertain: errors.As(err, &uncertain), MovedTo: errors.As(err, &moved),
		Gone: errors.As(err, &gone), Refused: errors.As(err, &refused), Fixed: errors.As(err, &fixed),
	}
	for name, got := range is {
		if got != (name == o) {
			s.Errorf("%v: %s is %v, want the outcome %s", err, name, got, o)
		}
	}
	if later != nil && later.After <= 0 {
		s.Errorf("%v: the vendor's delay is lost", err)
	}
	if moved != nil && (moved.To.Platform != s.Platform().Name() || moved.To.ID == "") {
		s.Errorf("%v: moved to %+v", err, moved.To)
	}
}

// deduplicates says whether the platform promises to post a message with the same
// key once.
func (s *suite) deduplicates() bool {
	d, ok := s.Platform().(chat.Deduplicator)
	return ok && d.Dedupes() > 0
}

// again repeats a send whose first try may have been posted.
func (s *suite) again(place Place) {
	if _, err := s.Platform().Send(s.Context(), place.Where, echo("with trouble"), key("outcome", 0)); err != nil {
		s.Fatalf("repeating an uncertain send: %v", err)
	}
	s.awaitMessage(place.Where, "You said: with trouble")
	copies := 0
	for _, m := range s.Messages(place.Where) {
		if strings.Contains(m.Text, "with trouble") {
			copies++
		}
	}
	if most := map[bool]int{true: 1, false: 2}[s.deduplicates()]; copies > most {
		s.Errorf("an uncertain send, repeated, gave %d messages", copies)
	}
}

// hostileAnswer asks for the hostile card, hostileSend sends it.
func (s *suite) hostileAnswer() {
	s.serve()
	place := s.Places()[0]
	s.Say(place.Where, "/hostile")
	s.awaitMessage(place.Where, "itm0000")
	s.checkHostile(place)
}

func (s *suite) hostileSend() {
	for i, place := range s.Places() {
		s.host.Keep(hostile())
		if _, err := s.Platform().Send(s.Context(), place.Where, hostile(), key("hostile", i)); err != nil {
			s.Fatalf("%v: %v", place.Where, err)
		}
		s.awaitMessage(place.Where, "itm0000")
		s.checkHostile(place)
	}
}

// checkHostile looks for everything of the hostile card in a conversation: what is
// not there must be what the card says is not shown.
func (s *suite) checkHostile(place Place) {
	s.Helper()
	var all strings.Builder
	var buttons []string
	for _, m := range s.Messages(place.Where) {
		all.WriteString(m.Text + "\n")
		buttons = append(buttons, m.Buttons...)
	}
	text, c := letters(all.String()), hostile()
	if title := []rune(letters(c.Title)); !strings.Contains(text, string(title[:40])) {
		s.Errorf("%v: the title is lost", place.Where)
	}
	if lead := []rune(letters(c.Lead.String())); !strings.Contains(text, string(lead[:60])) {
		s.Errorf("%v: the lead is lost", place.Where)
	}
	shown := 0
	for shown < len(c.Items) && strings.Contains(text, letters(marker(shown))) {
		shown++
	}
	for i, item := range c.Items {
		body := letters(item.Head.String() + item.Body.String())
		switch {
		case i >= shown && strings.Contains(text, letters(marker(i))):
			s.Errorf("%v: item %d is shown, but an earlier one is not", place.Where, i)
		case i < shown && shown > 1 && !strings.Contains(text, body):
			s.Errorf("%v: item %d of %d shown is not whole", place.Where, i, shown)
		}
	}
	if left := len(c.Items) - shown; left > 0 && !strings.Contains(text, letters(fmt.Sprintf("%d more not shown", left))) {
		s.Errorf("%v: %d items are left out, and nothing says so", place.Where, left)
	}
	s.checkButtons(place, c, buttons)
}

func (s *suite) checkButtons(place Place, c chat.Card, got []string) {
	s.Helper()
	var want []string
	for _, row := range c.Actions {
		for _, a := range row {
			want = append(want, a.Label)
		}
	}
	if len(got) != len(want) {
		s.Fatalf("%v: %d buttons, want %d", place.Where, len(got), len(want))
	}
	for i := range want {
		if short := []rune(letters(want[i]))[:20]; !strings.HasPrefix(letters(got[i]), string(short)) {
			s.Errorf("%v: button %d is %q, want %q", place.Where, i, got[i], want[i])
		}
	}
}

// letters returns the letters and digits of s: what no escape, ellipsis or line
// break may change.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// checkManners looks at what holds at the end of every part.
func (s *suite) checkManners() {
	s.Helper()
	for _, refused := range s.Refused() {
		if s.refusals {
			break
		}
		s.Errorf("the vendor refused a request: %s", refused)
	}
	log := s.Harness.Log()
	for _, secret := range s.Secrets() {
		if secret == "" || strings.Contains(log, secret) {
			s.Errorf("the log tells a secret")
		}
	}
	for _, place := range s.Places() {
		for _, m := range s.Messages(place.Where) {
			if m.Pings {
				s.Errorf("%v: somebody was notified by %q", place.Where, m.Text)
			}
		}
	}
}
