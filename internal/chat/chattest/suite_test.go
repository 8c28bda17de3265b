package chattest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/chat"
)

// faults are ways in which a platform may break the contract.
type faults struct {
	wrongRoom, wrongAsker, publicAnswer, losesWords, losesItem, losesButton, silentCut bool
	newAnswer, editsSent, pings, refused, tellsSecret, goesOn, forgetsKey, flatError   bool
	noDelay, wrongOutcome, postsCancelled, tellsInner                                  bool
	editsAnew, keepsOld, losesReference, unpinsAll, noticesPins, oneThread, nests      bool
	oddAddress, editsGone, repliesToAny, tendsCancelled, losesBeginning                bool
	showsForms, emptiesForms, escapesForms, sendsClosed, countsForms, forgetsForms     bool
	cutsCalls, believesForms                                                           bool
}

// model is a platform and its vendor in one, which keeps the contract but for its
// faults.
type model struct {
	faults
	places []Place

	mu       sync.Mutex
	changed  *sync.Cond
	host     chat.Host
	messages map[chat.Conversation][]*modelMessage
	keys     map[string]chat.MessageID
	failing  map[chat.Conversation]Outcome
	hindered map[Action]Outcome
	threads  map[string]chat.Conversation
	events   int

	open, sent *modelForm // as it is shown, and as it was sent last
	filled     map[string]string
}

type modelMessage struct {
	Message
	card chat.Card
	sent bool
}

const modelSecret = "secret-token"

func newModel(f faults) *model {
	asker := []string{"model:asker", "model-group:friends"}
	m := &model{
		faults: f,
		places: []Place{
			{Where: chat.Conversation{Platform: "model", ID: "asker"}, Room: []string{"model:asker"}, Asker: asker, Private: true, Direct: true},
			{Where: chat.Conversation{Platform: "model", ID: "room"}, Room: []string{"model:room"}, Asker: asker},
			{Where: chat.Conversation{Platform: "model", ID: "whispers", Thread: "7"}, Room: []string{"model:whispers"}, Asker: asker, Private: true},
		},
		messages: map[chat.Conversation][]*modelMessage{}, keys: map[string]chat.MessageID{}, failing: map[chat.Conversation]Outcome{},
		hindered: map[Action]Outcome{}, threads: map[string]chat.Conversation{},
	}
	m.changed = sync.NewCond(&m.mu)
	return m
}

func (m *model) Platform() chat.Platform { return m }
func (m *model) Places() []Place         { return m.places }
func (m *model) Name() string            { return "model" }
func (m *model) Dedupes() time.Duration  { return time.Minute }
func (m *model) Secrets() []string       { return []string{modelSecret} }

func (m *model) Refused() []string {
	if m.refused {
		return []string{"400"}
	}
	return nil
}

func (m *model) Log() string {
	if m.tellsSecret {
		return "using " + modelSecret
	}
	return "using a token"
}

func (m *model) Serve(ctx context.Context, host chat.Host) error {
	m.mu.Lock()
	m.host = host
	m.changed.Broadcast()
	m.mu.Unlock()
	<-ctx.Done()
	if m.goesOn {
		return ctx.Err()
	}
	return nil
}

// invocation returns an invocation from a place as the model reports it.
func (m *model) invocation(where chat.Conversation, line string) chat.Invocation {
	place := m.places[slices.IndexFunc(m.places, func(p Place) bool { return p.Where == where })]
	m.events++
	inv := chat.Invocation{ID: fmt.Sprint(m.events), Line: line, Where: where, Room: place.Room, Asker: place.Asker, Private: place.Private, Direct: place.Direct}
	if m.wrongRoom {
		inv.Room = nil
	}
	if m.wrongAsker {
		inv.Asker = []string{place.Asker[1], place.Asker[0]}
	}
	if m.losesWords {
		inv.Line = strings.TrimSuffix(inv.Line, " words")
	}
	return inv
}

func (m *model) Say(where chat.Conversation, line string) {
	m.mu.Lock()
	for m.host == nil {
		m.changed.Wait()
	}
	inv, host := m.invocation(where, line), m.host
	m.mu.Unlock()
	reply := host.Run(context.Background(), inv)
	if m.tellsInner {
		reply.Card.Lead = append(reply.Card.Lead, chat.Span{Text: " inner workings"})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.asks(where, reply) {
		return
	}
	m.add(where, reply.Card, inv.Private && !m.publicAnswer, false)
}

func (m *model) Press(where chat.Conversation, shown Message, label string) {
	m.mu.Lock()
	for m.host == nil {
		m.changed.Wait()
	}
	at := slices.IndexFunc(m.messages[where], func(other *modelMessage) bool { return other.ID == shown.ID })
	pressed := m.messages[where][at]
	data := ""
	for _, row := range pressed.card.Actions {
		for _, a := range row {
			if a.Label == label {
				data = a.Data()
			}
		}
	}
	inv, host := m.invocation(where, data), m.host
	inv.Pressed = true
	sent := pressed.sent
	m.mu.Unlock()
	if sent {
		inv.Private = true
	}
	reply := host.Run(context.Background(), inv)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.asks(where, reply) && !m.editsSent {
		return
	}
	if sent && !m.editsSent || m.newAnswer {
		m.add(where, reply.Card, !m.publicAnswer, false)
		return
	}
	pressed.show(reply.Card)
	pressed.Edited = true
	m.changed.Broadcast()
}

// add posts a card; the caller holds the lock.
func (m *model) add(where chat.Conversation, c chat.Card, private, sent bool) chat.MessageID {
	m.events++
	message := &modelMessage{Message: Message{ID: fmt.Sprint(m.events), Private: private, Pings: m.pings}, sent: sent}
	most := 4000
	fitted, _ := chat.Fit(c, func(c chat.Card) bool { return utf8.RuneCountInString(readable(c)) <= most })
	if m.losesItem && len(fitted.Items) > 2 {
		fitted.Items = slices.Delete(slices.Clone(fitted.Items), 1, 2)
	}
	if m.silentCut {
		fitted.Note = nil
	}
	message.show(fitted)
	if m.losesButton {
		message.Buttons = message.Buttons[1:]
	}
	m.messages[where] = append(m.messages[where], message)
	m.changed.Broadcast()
	return chat.MessageID(message.ID)
}

func (message *modelMessage) show(c chat.Card) {
	message.card, message.Text, message.Buttons = c, readable(c), nil
	for _, row := range c.Actions {
		for _, a := range row {
			message.Buttons = append(message.Buttons, a.Label)
		}
	}
}

// readable returns the text of a card without its buttons.
func readable(c chat.Card) string {
	c.Actions = nil
	return c.Plain()
}

func (m *model) Send(ctx context.Context, to chat.Conversation, c chat.Card, key string) (chat.MessageID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil && !m.postsCancelled {
		return "", &chat.Later{Err: ctx.Err()}
	}
	name := to.String() + key
	if id, ok := m.keys[name]; ok && !m.forgetsKey {
		return id, nil
	}
	outcome := m.failing[to]
	delete(m.failing, to)
	if outcome == "" || outcome == Uncertain {
		m.keys[name] = m.add(to, c, false, true)
	}
	if err := m.outcome(outcome); err != nil {
		return "", err
	}
	return m.keys[name], nil
}

func (m *model) outcome(o Outcome) error {
	err := errors.New("the vendor said no")
	if m.flatError {
		err = errors.New("calling https://example.org/" + modelSecret)
	}
	if m.wrongOutcome && o != "" {
		return err
	}
	switch o {
	case Later:
		if m.noDelay {
			return &chat.Later{Err: err}
		}
		return &chat.Later{After: time.Second, Err: err}
	case Uncertain:
		return &chat.Uncertain{Err: err}
	case MovedTo:
		return &chat.MovedTo{To: chat.Conversation{Platform: "model", ID: "new"}, Err: err}
	case Gone:
		return &chat.Gone{Err: err}
	case Refused:
		return &chat.Refused{Err: err}
	case Fixed:
		return &chat.Fixed{Err: err}
	}
	return nil
}

func (m *model) Fail(where chat.Conversation, o Outcome) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failing[where] = o
	return true
}

func (m *model) Messages(where chat.Conversation) []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []Message
	for _, message := range m.messages[where] {
		found = append(found, message.Message)
	}
	return found
}

// Await need not wait: everything happens before Say, Press and Send return.
func (m *model) Await(what string, cond func() bool) {
	if !cond() {
		panic("nobody will see " + what)
	}
}

func TestSuiteAcceptsAGoodPlatform(t *testing.T) {
	Suite(t, func(*testing.T) Harness { return newModel(faults{}) })
}

// recorder is a test that may fail without failing the one around it.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return context.Background() }
func (r *recorder) Cleanup(f func())         { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Error(args ...any)        { r.Errorf("%s", fmt.Sprint(args...)) }
func (r *recorder) Fatal(args ...any)        { r.Fatalf("%s", fmt.Sprint(args...)) }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// run runs one part on a platform and returns what it finds wrong.
func run(name string, f faults) []string {
	r := &recorder{}
	for _, p := range parts() {
		if p.name != name {
			continue
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() {
				for _, f := range r.cleanups {
					f()
				}
			}()
			defer func() {
				if what := recover(); what != nil {
					r.Errorf("%v", what)
				}
			}()
			runPart(r, newModel(f), p.run)
		}()
		<-done
	}
	return r.failures
}

// TestSuiteFindsFaults breaks the model in every way and wants to hear of it.
func TestSuiteFindsFaults(t *testing.T) {
	for _, test := range []struct {
		part   string
		faults faults
		want   string
	}{
		{"say", faults{wrongRoom: true}, "the room"},
		{"say", faults{wrongAsker: true}, "her own address"},
		{"say", faults{publicAnswer: true}, "the answer is private: false, want true"},
		{"say", faults{losesWords: true}, "nobody will see a message with “You said: first words”"},
		{"say", faults{losesButton: true}, "the buttons are"},
		{"say", faults{pings: true}, "somebody was notified"},
		{"say", faults{refused: true}, "the vendor refused a request: 400"},
		{"say", faults{tellsSecret: true}, "the log tells a secret"},
		{"press", faults{newAnswer: true}, "messages after presses"},
		{"press on what was sent", faults{editsSent: true}, "the message that was sent is now"},
		{"press on what was sent", faults{publicAnswer: true}, "others can read the answer"},
		{"error", faults{tellsInner: true}, "the reader is told"},
		{"hostile answer", faults{losesItem: true}, "an earlier one is not"},
		{"hostile answer", faults{silentCut: true}, "nothing says so"},
		{"hostile send", faults{losesButton: true}, "24 buttons, want 25"},
		{"hostile send", faults{silentCut: true}, "nothing says so"},
		{"send twice", faults{forgetsKey: true}, "one key gave 2 messages"},
		{"send cancelled", faults{postsCancelled: true}, "want a Later"},
		{"stop", faults{goesOn: true}, "want nil"},
		{"outcome later", faults{noDelay: true}, "the vendor's delay is lost"},
		{"outcome uncertain", faults{forgetsKey: true}, "gave 2 messages"},
		{"outcome moved", faults{wrongOutcome: true}, "want the outcome moved"},
		{"outcome gone", faults{wrongOutcome: true}, "want the outcome gone"},
		{"outcome refused", faults{flatError: true}, "the error tells a secret"},
		{"form", faults{showsForms: true}, "others can read"},
		{"form", faults{publicAnswer: true}, "others can read the answer to a form"},
		{"form", faults{emptiesForms: true}, "what was filled in"},
		{"form from a button", faults{editsSent: true}, "the message with the button was"},
		{"form of a long call", faults{cutsCalls: true}, "the form was told about"},
		{"form dismissed", faults{sendsClosed: true}, "a form that was closed was told"},
		{"form with hostile texts", faults{escapesForms: true}, "what was filled in"},
		{"form refused", faults{believesForms: true}, "nobody will see a message with “Only the bot's operators"},
		{"form sent twice", faults{countsForms: true}, "want one"},
		{"form across a restart", faults{forgetsForms: true}, "nil pointer"},
		{"edit", faults{editsAnew: true}, "messages after edits"},
		{"edit", faults{keepsOld: true}, "left over"},
		{"edit", faults{pings: true}, "somebody was notified"},
		{"reply", faults{losesReference: true}, "it answers \"\", want"},
		{"reply", faults{forgetsKey: true}, "one key gave 2 answers"},
		{"pin", faults{unpinsAll: true}, "another message was taken down"},
		{"pin", faults{noticesPins: true}, "messages after pins"},
		{"open threads", faults{oneThread: true}, "was opened as"},
		{"open threads", faults{losesBeginning: true}, "can be read 0 times"},
		{"open threads", faults{forgetsKey: true}, "one key opened"},
		{"threads where there are none", faults{nests: true}, "want the outcome fixed"},
		{"address", faults{oddAddress: true}, "the address is"},
		{"tend what is gone", faults{editsGone: true}, "want the outcome fixed"},
		{"tend what is no message", faults{repliesToAny: true}, "what answers nothing answers"},
		{"tend cancelled", faults{tendsCancelled: true}, "want a Later"},
		{"edit comes to later", faults{noDelay: true}, "the vendor's delay is lost"},
		{"edit comes to uncertain", faults{wrongOutcome: true}, "want the outcome uncertain"},
		{"pin comes to fixed", faults{wrongOutcome: true}, "want the outcome fixed"},
		{"open comes to gone", faults{flatError: true}, "the error tells a secret"},
	} {
		t.Run(test.part+" "+strings.Trim(fmt.Sprintf("%+v", test.want), "%"), func(t *testing.T) {
			found := run(test.part, test.faults)
			if !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, test.want) }) {
				t.Errorf("the suite says %q, want %q", found, test.want)
			}
		})
	}
}

func TestSlash(t *testing.T) {
	command, options, err := Slash("/echo one two")
	if err != nil || command != "echo" || len(options) != 1 || options[0] != (chat.Arg{Option: "words", Value: "one two"}) {
		t.Errorf("%q %v %v", command, options, err)
	}
	if command, options, err = Slash("/fail"); err != nil || command != "fail" || options != nil {
		t.Errorf("%q %v %v", command, options, err)
	}
	if _, _, err = Slash("/shout"); err == nil {
		t.Error("an unknown command is accepted")
	}
}
