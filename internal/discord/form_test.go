package discord

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

// asking answers with a form, after a while, and what is filled in with a card.
func asking(after time.Duration, f *chat.Form) func(context.Context, chat.Invocation) chat.Reply {
	return func(_ context.Context, inv chat.Invocation) chat.Reply {
		if inv.Filled != nil {
			return chat.Reply{Card: chat.Card{Title: "Thanks", Lead: chat.Plainly("for " + inv.Filled["what"])}}
		}
		<-time.After(after)
		return chat.Reply{Card: chat.Card{Title: "A form", Lead: chat.Plainly("Please fill it in.")}, Form: f, Call: "suggest grain talks"}
	}
}

func shortForm() *chat.Form {
	return &chat.Form{Title: "Suggest", Lead: chat.Plainly("To *whom* it may"), Fields: []chat.Field{
		{Name: "what", Label: "What", Summary: "In a few words", Required: true}, {Name: "why", Label: "Why", Value: "because\nof it", Long: true},
	}}
}

// modal waits for the form that answers p.
func (s *stage) modal(p *discordtest.Pending) discordtest.Modal {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	m, err := p.Modal(ctx)
	if err != nil {
		s.Fatalf("%v\n%s", err, s.logs)
	}
	return m
}

// submit sends the form that answers p, and returns the answer.
func (s *stage) submit(p *discordtest.Pending, texts map[string]string) (*discordtest.Pending, discordtest.Message) {
	s.Helper()
	sent, err := s.server.Submit(reader, p, texts)
	if err != nil {
		s.Fatal(err)
	}
	return sent, s.answer(sent)
}

func TestFormIsShownAtOnce(t *testing.T) {
	play(t, func(s *stage) {
		s.host.answer(asking(time.Second, shortForm()))
		p, err := s.server.Slash(reader, channelID, "overview")
		if err != nil {
			s.Fatal(err)
		}
		m := s.modal(p)
		want := discordtest.Modal{CustomID: "form suggest grain talks", Title: "Suggest", Texts: []string{`To \*whom\* it may`}, Fields: []discordtest.Field{
			{CustomID: "what", Label: "What", Description: "In a few words", Required: true, Max: 4000},
			{CustomID: "why", Label: "Why", Value: "because\nof it", Long: true, Max: 4000},
		}}
		if diff := cmp.Diff(want, m, cmp.AllowUnexported(discordtest.Modal{})); diff != "" {
			s.Errorf("the form (-want +got):\n%s", diff)
		}
		_, answer := s.submit(p, map[string]string{"What": "a *thing*"})
		if !answer.Ephemeral() || !strings.Contains(answer.Text(), "for a") {
			s.Errorf("answered with flags %d:\n%s", answer.Flags, answer.Text())
		}
		inv := s.host.last()
		if inv.Line != "suggest grain talks" || inv.Call.Name != "" || inv.ID == "" || !inv.Private {
			s.Errorf("asked %+v", inv)
		}
		if diff := cmp.Diff(map[string]string{"what": "a *thing*", "why": "because\nof it"}, inv.Filled); diff != "" {
			s.Errorf("filled in (-want +got):\n%s", diff)
		}
	})
}

// TestFormTooLate has a handler that takes longer than a form may be waited for: there
// is a button to it instead.
func TestFormTooLate(t *testing.T) {
	play(t, func(s *stage) {
		s.host.answer(asking(5*time.Second, shortForm()))
		_, m := s.slash(channelID, "overview")
		if _, shared := m.Button("Share"); shared || !m.Ephemeral() {
			s.Errorf("the way to a form is public:\n%s", m.Text())
		}
		b, ok := m.Button(openLabel)
		if !ok {
			s.Fatalf("no button to the form:\n%s", m.Text())
		}
		s.host.answer(asking(0, shortForm()))
		p, err := s.server.Press(reader, m.ID, b.CustomID)
		if err != nil {
			s.Fatal(err)
		}
		s.modal(p)
		before, _ := s.server.Message(m.ID)
		sent, answer := s.submit(p, map[string]string{"What": "it"})
		if sent.Edited() || answer.ID == m.ID || !answer.Ephemeral() {
			s.Errorf("the answer took the place of the message that led to the form:\n%s", answer.Text())
		}
		if now, _ := s.server.Message(m.ID); now.Text() != before.Text() {
			s.Errorf("the message that led to the form is now:\n%s", now.Text())
		}
	})
}

// TestFormTooLateFromAButton has a slow form behind the button of an answer, which is
// edited by every other press.
func TestFormTooLateFromAButton(t *testing.T) {
	play(t, func(s *stage) {
		_, m := s.slash(channelID, "overview")
		s.host.answer(asking(5*time.Second, shortForm()))
		b, _ := m.Button("Timeline")
		p, err := s.server.Press(reader, m.ID, b.CustomID)
		if err != nil {
			s.Fatal(err)
		}
		follow, err := p.FollowUp(s.ctx, 0)
		if err != nil {
			s.Fatal(err)
		}
		if _, ok := follow.Button(openLabel); !ok || !follow.Ephemeral() {
			s.Errorf("answered with flags %d:\n%s", follow.Flags, follow.Text())
		}
		if now, _ := s.server.Message(m.ID); now.Text() != m.Text() {
			s.Errorf("the answer is now:\n%s", now.Text())
		}
	})
}

// TestFormFromShared opens a form from a message that all can see: it is the presser's.
func TestFormFromShared(t *testing.T) {
	play(t, func(s *stage) {
		posted := s.send(channelID, overview(chat.Invocation{Line: "x"}).Card, "key")
		s.host.answer(asking(0, shortForm()))
		b, _ := posted.Button("Timeline")
		p, err := s.server.Press(reader, posted.ID, b.CustomID)
		if err != nil {
			s.Fatal(err)
		}
		s.modal(p)
		if _, answer := s.submit(p, map[string]string{"What": "it"}); !answer.Ephemeral() {
			s.Error("the answer is public")
		}
		// Nobody is offered to share a form, and an old button does not post one.
		p, err = s.server.PressStale(reader, posted.ID, "share suggest grain talks")
		if err != nil {
			s.Fatal(err)
		}
		s.modal(p)
	})
}

// TestFormThatFailed answers a form that was sent so that it cannot be taken.
func TestFormThatFailed(t *testing.T) {
	play(t, func(s *stage) {
		s.host.answer(asking(0, shortForm()))
		p, err := s.server.Slash(reader, directID, "overview")
		if err != nil {
			s.Fatal(err)
		}
		s.modal(p)
		s.host.answer(func(context.Context, chat.Invocation) chat.Reply {
			return chat.Reply{Card: chat.Card{Title: "Not so"}, Form: shortForm(), Call: "suggest grain talks"}
		})
		_, m := s.submit(p, map[string]string{"What": "it"})
		if _, ok := m.Button(openLabel); !ok || !strings.Contains(m.Text(), "Not so") {
			s.Errorf("answered:\n%s", m.Text())
		}
	})
}

// TestFormRefused has Discord refuse a form: the asker is told.
func TestFormRefused(t *testing.T) {
	play(t, func(s *stage) {
		s.host.answer(asking(0, shortForm()))
		s.server.Fail(discordtest.Fault{Path: "/interactions/*/*/callback", Status: 400, Code: 50035, Message: "Invalid Form Body"})
		_, m := s.slash(channelID, "overview")
		if !strings.Contains(m.Text(), "Something went wrong") || !m.Ephemeral() {
			s.Errorf("answered:\n%s", m.Text())
		}
	})
}

// TestFormOfManyBytes has texts that are short enough each and too many bytes in all.
func TestFormOfManyBytes(t *testing.T) {
	long, longer := strings.Repeat("я", 3000), strings.Repeat("語", 3500)
	f := &chat.Form{Title: "Bytes", Lead: chat.Plainly(strings.Repeat("long ", 400)), Fields: []chat.Field{
		{Name: "a", Label: "A", Value: long, Required: true}, {Name: "b", Label: "B", Value: longer, Required: true, Long: true}, {Name: "c", Label: "C"},
	}}
	play(t, func(s *stage) {
		s.host.answer(asking(0, f))
		p, err := s.server.Slash(reader, channelID, "overview")
		if err != nil {
			s.Fatal(err)
		}
		m := s.modal(p)
		if m.Fields[0].Value != long || m.Fields[1].Value != "" || m.Fields[1].Required || !strings.Contains(m.Fields[1].Placeholder, "Leave this empty") {
			s.Errorf("the fields are %+v", m.Fields)
		}
		s.submit(p, map[string]string{"C": "c"})
		if diff := cmp.Diff(map[string]string{"a": long, "c": "c"}, s.host.last().Filled); diff != "" {
			s.Errorf("filled in (-want +got):\n%s", diff)
		}
		if p, err = s.server.Slash(reader, channelID, "overview"); err != nil {
			s.Fatal(err)
		}
		s.modal(p)
		s.submit(p, map[string]string{"B": "short now"})
		if got := s.host.last().Filled["b"]; got != "short now" {
			s.Errorf("filled in %q", got)
		}
	})
}

// TestFormOfFive has no room for anything but its fields.
func TestFormOfFive(t *testing.T) {
	f := &chat.Form{Title: strings.Repeat("я", 45), Lead: chat.Plainly("Left out")}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		f.Fields = append(f.Fields, chat.Field{Name: name, Label: strings.Repeat("Ж", 45), Summary: strings.Repeat("ж", 100)})
	}
	call := "suggest " + strings.Repeat("long-", 30)
	play(t, func(s *stage) {
		s.host.answer(func(context.Context, chat.Invocation) chat.Reply { return chat.Reply{Form: f, Call: call} })
		p, err := s.server.Slash(reader, channelID, "overview")
		if err != nil {
			s.Fatal(err)
		}
		if m := s.modal(p); len(m.Fields) != 5 || len(m.Texts) != 0 || m.CustomID != "form ~"+chat.Ticket(call) {
			s.Errorf("the form is %+v", m)
		}
		s.server.Dismiss(p)
		if _, err := s.server.Submit(reader, p, nil); err == nil {
			s.Error("a form that was closed can be sent")
		}
	})
}

// TestFormOfAnotherKind is sent by a client as it was before there were labels, and by
// nobody who was shown it.
func TestFormOfAnotherKind(t *testing.T) {
	var i interaction
	const data = `{"type": 5, "data": {"custom_id": "form x", "components": [{"type": 1, "components": [{"type": 4, "custom_id": "a", "value": "A"}]},
		{"type": 18, "component": {"type": 4, "custom_id": "kept b", "value": ""}}, {"type": 10, "id": 7}]}}`
	if err := json.Unmarshal([]byte(data), &i); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "A"}, i.filled()); diff != "" {
		t.Errorf("filled in (-want +got):\n%s", diff)
	}
}

func TestFormPayload(t *testing.T) {
	bodies, err := FormPayloads(*shortForm(), "suggest grain talks")
	if err != nil || len(bodies) != 1 || !strings.Contains(string(bodies[0]), `"type":9`) || !strings.Contains(string(bodies[0]), `"custom_id":"form suggest grain talks"`) {
		t.Errorf("%s, %v", bodies, err)
	}
}
