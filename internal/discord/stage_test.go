package discord

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

// The people and places of the tests.
const (
	guildID   = "2000000000000000001"
	channelID = "2000000000000000002"
	threadID  = "2000000000000000003"
	directID  = "2000000000000000004"
	roleID    = "2000000000000000005"
)

var reader = discordtest.Member{User: "3000000000000000001", Name: "Reader", Roles: []string{roleID}, Locale: "uk"}

// A stage is a Discord, an adapter and a host for one test. It lives in a bubble:
// its time passes at once.
type stage struct {
	*testing.T
	ctx     context.Context
	server  *discordtest.Server
	pipe    *discordtest.Pipe
	discord *Discord
	host    *host
	logs    *chattest.Log
	serving bool
	served  chan error    // what Serve returned
	over    chan struct{} // closed when Serve has returned
	stop    context.CancelFunc
	// refusals says that the test has Discord refuse requests.
	refusals bool
}

// loadSpecs reads Discord's OpenAPI file once, if BRIEFBOT_TEST_SPECS names the
// folder that holds it.
var loadSpecs = sync.OnceValues(func() (*discordtest.Schemas, error) {
	folder := os.Getenv("BRIEFBOT_TEST_SPECS")
	if folder == "" {
		return nil, nil
	}
	return discordtest.LoadSpecs(folder)
})

func TestBodiesAreCheckedAgainstTheSpecs(t *testing.T) {
	specs, err := loadSpecs()
	if err != nil {
		t.Fatal(err)
	}
	if specs != nil {
		return
	}
	const advice = "bodies are not checked against Discord's OpenAPI file: set BRIEFBOT_TEST_SPECS to the folder of discord-openapi.json"
	if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
		t.Fatal(advice)
	}
	t.Skip(advice)
}

// play runs test on a stage whose adapter serves, once it is connected and has
// registered its commands.
func play(t *testing.T, test func(*stage)) {
	t.Helper()
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.serve()
		s.wait("the connection", func() bool { return s.server.Connected() == 1 && len(s.server.Commands()) > 0 })
		test(s)
	})
}

// playUnserved runs test on a stage whose adapter does not serve yet.
func playUnserved(t *testing.T, o discordtest.Options, test func(*stage)) {
	t.Helper()
	specs, err := loadSpecs()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := &stage{T: t, pipe: discordtest.NewPipe(), host: newHost(), logs: &chattest.Log{}, served: make(chan error, 1), over: make(chan struct{})}
		o.Listener, o.Schemas = s.pipe, specs
		if s.server, err = discordtest.NewServer(o); err != nil {
			t.Fatal(err)
		}
		s.server.AddGuild(discordtest.Guild{ID: guildID, Name: "Newsroom", System: channelID})
		s.server.AddChannel(discordtest.Channel{ID: channelID, Guild: guildID, Name: "news"})
		s.server.AddChannel(discordtest.Channel{ID: threadID, Guild: guildID, Name: "a thread", Type: discordtest.PublicThread, Parent: channelID})
		s.server.AddChannel(discordtest.Channel{ID: directID, Type: discordtest.DirectChat, Recipient: reader.User})
		s.discord, err = New(Options{
			Token: s.server.Token(), API: s.server.API(), Dial: s.pipe.Dial,
			Logger: slog.New(slog.NewTextHandler(s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		if err != nil {
			t.Fatal(err)
		}
		s.ctx, s.stop = context.WithCancel(t.Context())
		defer s.close()
		test(s)
	})
}

func (s *stage) serve() {
	s.serving = true
	go func() {
		s.served <- s.discord.Serve(s.ctx, s.host)
		close(s.over)
	}()
}

// close ends everything and checks what holds after every test.
func (s *stage) close() {
	synctest.Wait()
	s.stop()
	if s.serving {
		<-s.over
	}
	s.server.Close()
	s.pipe.Close()
	s.discord.rest.close()
	// The library takes a second to end a session.
	<-time.After(2 * time.Second)
	synctest.Wait()
	if logs := s.logs.String(); strings.Contains(logs, s.server.Token()) || strings.Contains(logs, "interaction-token") {
		s.Errorf("a token is in the log:\n%s", logs)
	}
	for _, r := range s.server.Refused() {
		if !s.refusals {
			s.Errorf("Discord refused %s %s: %d %s\n%s", r.Method, r.Route, r.Status, r.Problem, r.Body)
		}
	}
	for _, r := range s.server.Requests() {
		if strings.Contains(string(r.Body), `"embeds"`) && !strings.Contains(string(r.Body), `"allowed_mentions":{"parse":[]`) {
			s.Errorf("%s %s leaves mentions open: %s", r.Method, r.Route, r.Body)
		}
	}
}

// wait waits until ok holds on the server, for a minute of the bubble's time.
func (s *stage) wait(what string, ok func() bool) {
	s.Helper()
	s.waitFor(time.Minute, what, ok)
}

func (s *stage) waitFor(d time.Duration, what string, ok func() bool) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, d)
	defer cancel()
	if err := s.server.Wait(ctx, ok); err != nil {
		s.Fatalf("waiting for %s: %v\n%s", what, err, s.logs)
	}
	// The library holds a lock while it sleeps at the end of a session. Nobody may
	// wait for that lock then, or the bubble's time stands still: so its heartbeat
	// is let begin before anything else happens.
	synctest.Wait()
}

// slash uses a command and returns its answer.
func (s *stage) slash(channel, command string, options ...discordtest.Option) (*discordtest.Pending, discordtest.Message) {
	s.Helper()
	p, err := s.server.Slash(reader, channel, command, options...)
	if err != nil {
		s.Fatal(err)
	}
	return p, s.answer(p)
}

// press presses a button by its label and returns what was answered.
func (s *stage) press(m discordtest.Message, label string) (*discordtest.Pending, discordtest.Message) {
	s.Helper()
	b, ok := m.Button(label)
	if !ok {
		s.Fatalf("no button %q under:\n%s", label, m.Text())
	}
	p, err := s.server.Press(reader, m.ID, b.CustomID)
	if err != nil {
		s.Fatal(err)
	}
	return p, s.answer(p)
}

func (s *stage) answer(p *discordtest.Pending) discordtest.Message {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 20*time.Minute)
	defer cancel()
	m, err := p.Message(ctx)
	if err != nil {
		s.Fatalf("%v\n%s", err, s.logs)
	}
	return m
}

// send posts a card and fails the test unless it was sent.
func (s *stage) send(channel string, c chat.Card, key string) discordtest.Message {
	s.Helper()
	id, err := s.discord.Send(s.ctx, conversation(channel), c, key)
	if err != nil {
		s.Fatal(err)
	}
	m, ok := s.server.Message(string(id))
	if !ok {
		s.Fatalf("Send returned the id %q, which is no message", id)
	}
	return m
}

// A host answers with what a test gives it and keeps what it was asked.
type host struct {
	mu       sync.Mutex
	commands []chat.Command
	run      func(context.Context, chat.Invocation) chat.Reply
	complete func(ctx context.Context, inv chat.Invocation, option, typed string) []chat.Choice
	asked    []chat.Invocation
	events   []chat.Event
	seen     map[string]bool
	alarms   map[string]string
}

func newHost() *host {
	h := &host{seen: map[string]bool{}, alarms: map[string]string{}}
	h.commands = []chat.Command{
		{Name: "overview", Summary: "What a story is about", Options: []chat.Option{{Name: "story", Summary: "The story", Kind: chat.Story, Complete: offer}}},
		{Name: "event", Summary: "One event", Options: []chat.Option{
			{Name: "story", Summary: "The story", Kind: chat.Story, Complete: offer},
			{Name: "id", Summary: "The event", Kind: chat.ItemID, Required: true},
		}},
		{Name: "subscribe", Summary: "Get digests", Access: chat.Manager, Options: []chat.Option{
			{Name: "importance", Summary: "How much", Choices: []chat.Choice{{Label: "Major", Value: "major"}, {Label: "All", Value: "minor"}}},
			{Name: "count", Summary: "A number", Kind: chat.Number},
		}},
	}
	h.run = func(_ context.Context, inv chat.Invocation) chat.Reply { return overview(inv) }
	return h
}

func offer(context.Context, *chat.Invocation, string) []chat.Choice { return nil }

// overview is an ordinary answer.
func overview(inv chat.Invocation) chat.Reply {
	line := inv.Line
	if line == "" {
		line = inv.Call.String()
	}
	return chat.Reply{Call: line, Card: chat.Card{
		Title: "Answer to " + line,
		Lead:  chat.Plainly("Some words."),
		Actions: [][]chat.Action{{
			{Label: "Overview", Call: "overview grain", Current: true}, {Label: "Timeline", Call: "timeline grain"},
		}},
	}}
}

func (h *host) Commands() []chat.Command {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.commands
}

func (h *host) Run(ctx context.Context, inv chat.Invocation) chat.Reply {
	h.mu.Lock()
	h.asked = append(h.asked, inv)
	run := h.run
	h.mu.Unlock()
	return run(ctx, inv)
}

// answer changes how the host answers.
func (h *host) answer(run func(context.Context, chat.Invocation) chat.Reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.run = run
}

// runs is how often Run or Complete was asked.
func (h *host) runs() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.asked)
}

// last is the last invocation.
func (h *host) last() chat.Invocation {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked[len(h.asked)-1]
}

func (h *host) Complete(ctx context.Context, inv chat.Invocation, option, typed string) []chat.Choice {
	h.mu.Lock()
	h.asked = append(h.asked, inv)
	complete := h.complete
	h.mu.Unlock()
	return complete(ctx, inv, option, typed)
}

func (h *host) CompleteLine(context.Context, chat.Invocation, string) []chat.Choice { return nil }

func (h *host) Owns(context.Context, chat.Conversation, chat.MessageID) (bool, error) {
	return false, nil
}

func (h *host) Lifecycle(_ context.Context, e chat.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
	return nil
}

// happened are the events so far.
func (h *host) happened() []chat.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]chat.Event(nil), h.events...)
}

func (h *host) Seen(_ context.Context, platform, event string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := h.seen[platform+event]
	h.seen[platform+event] = true
	return seen, nil
}

func (h *host) Offset(context.Context, string) (string, error)           { return "", nil }
func (h *host) SetOffset(context.Context, string, string) error          { return nil }
func (h *host) Note(context.Context, string) (string, error)             { return "", nil }
func (h *host) SetNote(context.Context, string, string, time.Time) error { return nil }
func (h *host) Alarm(_ context.Context, key, message string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alarms[key] = message
}

func (h *host) alarm(key string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.alarms[key]
}
