package bot

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/digest"
)

const bridge = `title: Harbour bridge closed
overview: The bridge is closed until its bearings have been inspected.
timeline:
  - {id: closed, date: 2025-11-21, title: The bridge is closed to traffic}
`

const inspected = bridge + `  - {id: inspected, date: 2025-12-09, title: The bearings are inspected, announce: now}
`

// A scripted source serves what it is given and says when that changes.
type scripted struct {
	mu     sync.Mutex
	briefs map[string]string
	err    error
	notify chan struct{}
}

func newScripted(briefs map[string]string) *scripted {
	return &scripted{briefs: briefs, notify: make(chan struct{}, 1)}
}

func (s *scripted) Load(_ context.Context, previous *brief.Snapshot) (*brief.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	var all []*brief.Dossier
	var problems []brief.Problem
	for id, text := range s.briefs {
		d, found := brief.Decode(id+".yaml", []byte(text))
		problems = append(problems, found...)
		if d == nil && previous != nil {
			d, _ = brief.Unrestricted(previous).Story(id)
		}
		if d != nil {
			all = append(all, d)
		}
	}
	return brief.NewSnapshot("r", noon, all, problems), nil
}

func (s *scripted) Watch(ctx context.Context, changed func()) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.notify:
			changed()
		}
	}
}

// set changes what the source serves.
func (s *scripted) set(briefs map[string]string, err error) {
	s.mu.Lock()
	s.briefs, s.err = briefs, err
	s.mu.Unlock()
	s.notify <- struct{}{}
}

func withSource(s brief.Source) setting { return func(w *world) { w.options.Source = s } }

// realTime has the bot go by the wall clock, as the dispatcher does.
func realTime(w *world) { w.options.Now = time.Now }

// running runs a bot until the test ends, and returns a function that stops it and
// returns what Run returned.
func running(t *testing.T, w *world) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return stop
}

// deadline bounds what a test waits for.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until something that is settled elsewhere has become true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx := deadline(t)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("it never came true that %s", what)
		case <-tick.C:
		}
	}
}

// TestCommitToDigest is the second flow of the design: a file changes, readers see
// the event, and the conversation that subscribed gets a digest, once.
func TestCommitToDigest(t *testing.T) {
	source := newScripted(map[string]string{"bridge": bridge})
	w := newWorld(t, nil, withSource(source), realTime, withConfig(Config{Settle: time.Millisecond}))
	running(t, w)
	ctx := deadline(t)
	inv := asker("manager", "/subscribe bridge immediate")
	if reply, err := w.fake.Ask(ctx, inv); err != nil || reply.Card.Tone == chat.Trouble {
		t.Fatalf("%v\n%s", err, reply.Card.Plain())
	}
	source.set(map[string]string{"bridge": inspected}, nil)
	if err := w.fake.Await(ctx, func(sends []chattest.Send) bool { return len(sends) > 0 }); err != nil {
		t.Fatalf("no digest: %v\n%s", err, w.logged)
	}
	card := w.fake.Posted(room)[0].Card
	if !strings.Contains(card.Plain(), "The bearings are inspected") || card.Tone != chat.New {
		t.Errorf("the digest is\n%s", card.Plain())
	}
	for _, call := range card.Calls() {
		if kept, err := w.ledger.Call(ctx, "~"+chat.Ticket(call)); err != nil || kept != call {
			t.Errorf("the call %q is kept as %q, %v", call, kept, err)
		}
	}
	if answer, err := w.fake.Ask(ctx, asker("reader", "/timeline")); err != nil || !strings.Contains(answer.Card.Plain(), "The bearings are inspected") {
		t.Errorf("%v\n%s", err, answer.Card.Plain())
	}
	// Changed layout is no news.
	source.set(map[string]string{"bridge": "# a comment\n" + inspected}, nil)
	source.set(map[string]string{"bridge": inspected + "  - {id: reopened, date: 2025-12-10, title: The bridge reopens}\n"}, nil)
	if err := w.fake.Await(ctx, func(sends []chattest.Send) bool { return len(sends) > 1 }); err != nil {
		t.Fatal(err)
	}
	if second := w.fake.Posted(room)[1].Card.Plain(); !strings.Contains(second, "The bridge reopens") || strings.Contains(second, "inspected") {
		t.Errorf("the second digest is\n%s", second)
	}
}

// TestDigestsKeepAudiences checks that a conversation subscribed to all stories is
// told only of those that it may read, and that one which may is told.
func TestDigestsKeepAudiences(t *testing.T) {
	secret := strings.Replace(bridge, "overview:", "audience: [newsroom]\noverview:", 1)
	source := newScripted(map[string]string{"secret": secret, "bridge": bridge})
	newsroom := chat.Conversation{Platform: "fake", ID: "-42"}
	w := newWorld(t, nil, withSource(source), realTime, withConfig(Config{
		Settle: time.Millisecond,
		Policy: brief.Policy{Groups: map[string][]string{"newsroom": {"fake:-42"}}},
		Subscriptions: []digest.Subscription{
			{Where: room, Stories: []string{digest.AllStories}, Schedule: digest.Immediate},
			{Where: room, Stories: []string{"secret"}, Schedule: digest.Immediate},
			{Where: newsroom, Stories: []string{digest.AllStories}, Schedule: digest.Immediate},
		},
	}))
	running(t, w)
	ctx := deadline(t)
	if _, err := w.fake.Host(ctx); err != nil {
		t.Fatal(err)
	}
	event := "  - {id: found, date: 2025-12-10, title: Something is found}\n"
	source.set(map[string]string{"secret": secret + event, "bridge": bridge}, nil)
	if err := w.fake.Await(ctx, func(sends []chattest.Send) bool { return slices.ContainsFunc(sends, to(newsroom)) }); err != nil {
		t.Fatalf("the newsroom is not told: %v\n%s", err, w.logged)
	}
	source.set(map[string]string{"secret": secret + event, "bridge": inspected}, nil)
	if err := w.fake.Await(ctx, func(sends []chattest.Send) bool { return slices.ContainsFunc(sends, to(room)) }); err != nil {
		t.Fatalf("the room is not told of the open story: %v", err)
	}
	for _, s := range w.fake.Posted(room) {
		if text := s.Card.Plain(); strings.Contains(text, "found") || strings.Contains(text, "secret") {
			t.Errorf("the room is told\n%s", text)
		}
	}
}

// to selects the sends to a conversation.
func to(where chat.Conversation) func(chattest.Send) bool {
	return func(s chattest.Send) bool { return s.To == where }
}

// TestBrokenBriefAlarmsOnce breaks a brief in several ways, over a restart too: the
// old version answers, and each alarm conversation gets one message until the brief
// is mended.
func TestBrokenBriefAlarmsOnce(t *testing.T) {
	broken := bridge + "nonsense: true\n"
	source := newScripted(map[string]string{"bridge": bridge})
	config := Config{Alarms: []string{"fake:-900"}, Operators: []string{"fake:1"}}
	store := filepath.Join(t.TempDir(), "store.db")
	ledger, err := digest.Open(t.Context(), digest.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	withLedger := func(w *world) { w.options.Ledger = ledger }
	w := newWorld(t, nil, withSource(source), withLedger, realTime, withConfig(config))
	stop := running(t, w)
	ctx := deadline(t)
	if _, err := w.fake.Host(ctx); err != nil {
		t.Fatal(err)
	}
	source.set(map[string]string{"bridge": broken}, nil)
	if err := w.fake.Await(ctx, func(sends []chattest.Send) bool { return len(sends) > 0 }); err != nil {
		t.Fatalf("no alarm: %v\n%s", err, w.logged)
	}
	alarms := chat.Conversation{Platform: "fake", ID: "-900"}
	if text := w.fake.Posted(alarms)[0].Card.Plain(); !strings.Contains(text, "bridge.yaml:5:1") {
		t.Errorf("the alarm does not name the place:\n%s", text)
	}
	source.set(map[string]string{"bridge": broken + "more: nonsense\n"}, nil)
	answer := w.ask("reader", "/overview bridge").Card.Plain()
	if !strings.Contains(answer, "until its bearings") || !strings.Contains(answer, "held back") {
		t.Errorf("the old version does not answer:\n%s", answer)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}

	ledger = openLedger(t, store, nil)
	again := newWorld(t, nil, withSource(source), withLedger, realTime, withConfig(config))
	if answer := again.ask("reader", "/overview bridge").Card.Plain(); !strings.Contains(answer, "until its bearings") {
		t.Errorf("after a restart:\n%s", answer)
	}
	// Mended and broken again is a new trouble.
	source.mu.Lock()
	source.briefs = map[string]string{"bridge": bridge}
	source.mu.Unlock()
	again.refresh()
	source.mu.Lock()
	source.briefs = map[string]string{"bridge": broken}
	source.mu.Unlock()
	again.refresh()
	running(t, again)
	if err := again.fake.Await(ctx, func(sends []chattest.Send) bool { return len(sends) > 0 }); err != nil {
		t.Fatal(err)
	}
	if n := len(w.fake.Posted(alarms)); n != 1 {
		t.Errorf("the first process posted %d alarms", n)
	}
	if n := len(again.fake.Posted(alarms)); n != 1 {
		t.Errorf("the second process posted %d alarms", n)
	}
}

// TestUnreadableSource checks that a source that cannot be read is fatal where
// nothing was ever recorded, and otherwise alarmed while the last dossiers answer.
func TestUnreadableSource(t *testing.T) {
	source := newScripted(nil)
	source.err = errors.New("no such disk")
	ledger := openLedger(t, ":memory:", nil)
	if _, err := New(t.Context(), Options{Source: source, Ledger: ledger}); err == nil || !strings.Contains(err.Error(), "no such disk") {
		t.Fatalf("got %v", err)
	}
	source.err, source.briefs = nil, map[string]string{"bridge": bridge}
	withLedger := func(w *world) { w.options.Ledger = ledger }
	newWorld(t, nil, withSource(source), withLedger)
	source.err = errors.New("no such disk")
	w := newWorld(t, nil, withSource(source), withLedger)
	if answer := w.ask("reader", "/overview").Card.Plain(); !strings.Contains(answer, "until its bearings") {
		t.Errorf("got\n%s", answer)
	}
	var part interface{ Part() string }
	if err := w.Ready(t.Context()); !errors.As(err, &part) || part.Part() != "briefs" {
		t.Errorf("ready: %v", err)
	}
	if w.reload(t.Context()) {
		t.Error("reloading succeeded")
	}
	source.mu.Lock()
	source.err = nil
	source.mu.Unlock()
	w.refresh()
	if err := w.Ready(t.Context()); err != nil {
		t.Errorf("mended, but %v", err)
	}
	if alarms, err := ledger.Alarms(t.Context()); err != nil || len(alarms) != 0 {
		t.Errorf("mended, but %v, %v", alarms, err)
	}
}

// A doomed platform cannot be served.
type doomed struct {
	*chattest.Fake
	name string
}

func (d doomed) Name() string                           { return d.name }
func (d doomed) Serve(context.Context, chat.Host) error { return errors.New("the token is wrong") }

// TestOnePlatformFails checks that a platform which fails for good does not stop
// another, that the operators are told, and that a bot without any gives up.
func TestOnePlatformFails(t *testing.T) {
	bad := doomed{chattest.NewFake("bad", chattest.FakeOptions{}), "bad"}
	w := newWorld(t, map[string]string{"bridge": bridge}, func(w *world) {
		w.options.Platforms = append(w.options.Platforms, bad)
		w.options.Config.Alarms = []string{"fake:-900"}
	}, realTime)
	running(t, w)
	ctx := deadline(t)
	if err := w.fake.Await(ctx, func(sends []chattest.Send) bool { return len(sends) > 0 }); err != nil {
		t.Fatalf("no alarm: %v", err)
	}
	if reply, err := w.fake.Ask(ctx, asker("reader", "/stories")); err != nil || reply.Card.Title != "Stories" {
		t.Errorf("the other does not answer: %v, %v", reply, err)
	}
	var part interface{ Part() string }
	if err := w.Ready(ctx); !errors.As(err, &part) || part.Part() != "platform bad" {
		t.Errorf("ready: %v", err)
	}

	alone := newWorld(t, map[string]string{"bridge": bridge}, func(w *world) { w.options.Platforms = []chat.Platform{bad} })
	if err := alone.Run(ctx); err == nil || !strings.Contains(err.Error(), "the token is wrong") {
		t.Errorf("a bot without platforms ran: %v", err)
	}
}

// TestReload checks that a bad configuration leaves the old one in force, and that a
// good one changes who may read what at once.
func TestReload(t *testing.T) {
	secret := strings.Replace(bridge, "overview:", "audience: [newsroom]\noverview:", 1)
	w := newWorld(t, map[string]string{"secret": secret}, withConfig(Config{Operators: []string{"fake:1"}}))
	readable := func() bool { return w.ask("reader", "/overview secret").Card.Tone != chat.Trouble }
	if readable() {
		t.Fatal("the story is open")
	}
	for _, bad := range []Config{
		{Alarms: []string{"nowhere"}},
		{Operators: []string{"4242"}},
		{Timezone: "Mars/Base"},
	} {
		if err := w.Reload(t.Context(), bad); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
	if !w.operates(&chat.Invocation{Asker: []string{"fake:1"}}) {
		t.Error("a bad configuration took the operator away")
	}
	good := Config{
		Policy:        brief.Policy{Groups: map[string][]string{"newsroom": {"fake:-100"}}},
		Subscriptions: []digest.Subscription{{Where: room, Stories: []string{"secret"}, Schedule: digest.Immediate}},
		Timezone:      "Europe/Kyiv",
	}
	if err := w.Reload(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	if !readable() || w.operates(&chat.Invocation{Asker: []string{"fake:1"}}) {
		t.Error("the new configuration is not in force")
	}
	subs, err := w.ledger.Subscriptions(t.Context(), room)
	if err != nil || len(subs) != 1 || !subs[0].Configured || subs[0].Timezone != "Europe/Kyiv" || !w.visible(subs[0], "secret") {
		t.Errorf("the subscriptions are %+v, %v", subs, err)
	}
	list := w.ask("manager", "/subscriptions").Card.Plain()
	if !strings.Contains(list, "From the configuration") {
		t.Errorf("got\n%s", list)
	}
	ended := w.ask("manager", "/unsubscribe secret").Card.Plain()
	if !strings.Contains(ended, "Nothing to unsubscribe") || !strings.Contains(ended, "only its operators can end that") {
		t.Errorf("got\n%s", ended)
	}
}

// TestAsk checks what counts as answered on the command line.
func TestAsk(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge})
	for line, refused := range map[string]bool{
		"/overview bridge":          false,
		"timeline":                  false,
		"/timeline kind=nothing":    false, // found nothing
		"/people bridge nobody":     false, // found nobody
		"/stories nothing":          false,
		"/status":                   false,
		"/help":                     false,
		"/overview nope":            true,
		"/event bridge nope":        true,
		"/event bridge":             true,
		"/nope":                     true,
		"/timeline from=never":      true,
		"/subscribe bridge":         true,
		"/default bridge":           true,
		"/search harbour":           true,
		`/timeline "unclosed`:       true,
		"/timeline bridge nope=yes": true,
	} {
		reply, err := w.Ask(t.Context(), line)
		if (err != nil) != refused {
			t.Errorf("%s: %v\n%s", line, err, reply.Card.Plain())
		}
	}
}

// TestInternalErrors checks that a reader is told a reference and nothing else, and
// the log everything.
func TestInternalErrors(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge})
	inv := asker("reader", "/overview")
	card := w.explain(t.Context(), &inv, errors.New("dial tcp 10.0.0.1: secret trouble"))
	reference := card.Plain()[strings.LastIndex(card.Plain(), "reference ")+len("reference "):]
	reference, _, _ = strings.Cut(reference, ".")
	if strings.Contains(card.Plain(), "secret") || !strings.Contains(w.logged.String(), "secret trouble") || !strings.Contains(w.logged.String(), reference) {
		t.Errorf("told\n%s\nlogged\n%s", card.Plain(), w.logged)
	}
}

// TestReadmeCommands holds the table of the README to the commands there are.
func TestReadmeCommands(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, map[string]string{"bridge": bridge})
	before, rest, ok := strings.Cut(string(readme), "<!-- commands -->\n")
	table, after, closed := strings.Cut(rest, "<!-- /commands -->")
	if !ok || !closed {
		t.Fatal("README.md has no <!-- commands --> and <!-- /commands -->")
	}
	if want := w.commandTable(); strings.TrimSpace(table) != strings.TrimSpace(want) {
		if *update {
			text := before + "<!-- commands -->\n" + want + "<!-- /commands -->" + after
			if err := os.WriteFile("../README.md", []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Errorf("the table of README.md is out of date; rewrite it with -update. Want:\n%s", want)
	}
}

// TestHostKeepsPlaces checks what a poller needs, and that a platform's alarm reaches
// the operators' status.
func TestHostKeepsPlaces(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge, "odd": "title: Odd\n"}, withConfig(everyone()))
	host, ctx := w.Host(), t.Context()
	if err := host.SetOffset(ctx, "fake", "17"); err != nil {
		t.Fatal(err)
	}
	if offset, err := host.Offset(ctx, "fake"); err != nil || offset != "17" {
		t.Errorf("the place is %q, %v", offset, err)
	}
	for i, want := range []bool{false, true} {
		if seen, err := host.Seen(ctx, "fake", "event-1"); err != nil || seen != want {
			t.Errorf("time %d: seen %v, %v", i+1, seen, err)
		}
	}
	host.Alarm(ctx, "fake:quota", "The quota of the day is nearly spent.")
	if reply := w.ask("manager", "/subscribe bridge"); reply.Card.Tone == chat.Trouble {
		t.Fatal(reply.Card.Plain())
	}
	if err := host.Lifecycle(ctx, chat.Event{Kind: chat.Lost, Where: room, Reason: "the bot was removed"}); err != nil {
		t.Fatal(err)
	}
	status := w.ask("operator", "/status").Card.Plain()
	for _, want := range []string{"The quota of the day", "fake:-100: the bot was removed", "odd.yaml:", "1 conversation suspended", "Its subscription is kept"} {
		if !strings.Contains(status, want) {
			t.Errorf("the status lacks %q:\n%s", want, status)
		}
	}
	if others := w.ask("private", "/status").Card.Plain(); strings.Contains(others, "quota") || strings.Contains(others, "odd") {
		t.Errorf("others see the operators' troubles:\n%s", others)
	}
	checkCard(t, w.ask("operator", "/status").Card)
}

// TestUnrecordableChanges checks that changes which cannot be written down are
// alarmed, and that the bot says it is not ready, while readers get the new version.
func TestUnrecordableChanges(t *testing.T) {
	source := newScripted(map[string]string{"bridge": bridge})
	ledger, err := digest.Open(t.Context(), digest.Options{Store: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, nil, withSource(source), func(w *world) { w.options.Ledger = ledger })
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
	source.briefs = map[string]string{"bridge": inspected}
	if w.reload(t.Context()) {
		t.Error("recorded in a closed store")
	}
	if d, ok := w.Reader().Story("bridge"); !ok || len(d.Timeline) != 2 {
		t.Error("readers do not get the new version")
	}
	var part interface{ Part() string }
	if err := w.Ready(t.Context()); !errors.As(err, &part) || part.Part() != "store" {
		t.Errorf("ready: %v", err)
	}
	if !strings.Contains(w.logged.String(), "could not be recorded") {
		t.Errorf("logged\n%s", w.logged)
	}
	if answer := w.ask("reader", "/overview").Card; answer.Tone == chat.Trouble || !strings.Contains(answer.Plain(), "The bearings are inspected") {
		t.Errorf("answers stop with the store:\n%s", answer.Plain())
	}
	if answer := w.ask("manager", "/subscribe bridge").Card.Plain(); !strings.Contains(answer, "Something went wrong") {
		t.Errorf("got\n%s", answer)
	}
}

// A kept call is asked for by the hash of its text, which anybody can compute. For
// whom its story does not exist the answer must be that of a call never kept.
func TestGuessedTicketTellsNothing(t *testing.T) {
	w := newWorld(t, map[string]string{
		"bridge": bridge,
		"secret": bridge + "audience: [newsroom]\n",
	}, withConfig(Config{Policy: brief.Policy{Groups: map[string][]string{"newsroom": {"fake:42"}}}}))
	const kept, never = "overview secret", "overview nothing"
	if err := w.ledger.KeepCalls(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"reader", "private"} {
		got, want := w.ask(who, "~"+chat.Ticket(kept)), w.ask(who, "~"+chat.Ticket(never))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s can tell that the call is kept (-want +got):\n%s", who, diff)
		}
	}
	if card := w.ask("insider", "~"+chat.Ticket(kept)).Card; card.Tone == chat.Trouble {
		t.Errorf("the newsroom is answered\n%s", card.Plain())
	}
}
