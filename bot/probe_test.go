package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// suspendedWorld is a world whose room was lost while it was owed a digest.
func suspendedWorld(t *testing.T, settings ...setting) *world {
	t.Helper()
	w := newWorld(t, map[string]string{"bridge": bridge}, settings...)
	if reply := w.ask("manager", "/subscribe bridge immediate"); reply.Card.Tone == chat.Trouble {
		t.Fatal(reply.Card.Plain())
	}
	if _, err := w.ledger.Suspend(t.Context(), room, "kicked"); err != nil {
		t.Fatal(err)
	}
	return w
}

// suspension returns why a conversation is suspended.
func (w *world) suspension(where chat.Conversation) string {
	w.t.Helper()
	reason, err := w.ledger.Suspended(w.t.Context(), where)
	if err != nil {
		w.t.Fatal(err)
	}
	return reason
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// TestDailyProbe finds that the bot was let back in though the service did not say
// so, and keeps what is missing up to date meanwhile.
func TestDailyProbe(t *testing.T) {
	w := suspendedWorld(t)
	w.fake.SetSurvey(room, chat.Survey{Room: roomSubj, Missing: []string{"Send Messages"}}, nil)
	w.pass(23 * time.Hour)
	w.probeDue(t.Context())
	if got := w.suspension(room); got != "kicked" {
		t.Errorf("probed before a day was over: %q", got)
	}
	w.pass(2 * time.Hour)
	w.probeDue(t.Context())
	if got := w.suspension(room); got != "missing: Send Messages" {
		t.Errorf("suspended because of %q", got)
	}
	w.fake.SetSurvey(room, chat.Survey{}, errors.New("unreachable"))
	w.pass(25 * time.Hour)
	w.probeDue(t.Context())
	w.fake.SetSurvey(room, chat.Survey{}, &chat.Gone{Err: errors.New("kicked")})
	w.pass(25 * time.Hour)
	w.probeDue(t.Context())
	if got := w.suspension(room); got != "missing: Send Messages" {
		t.Errorf("suspended because of %q", got)
	}
	w.fake.SetSurvey(room, chat.Survey{Room: roomSubj, CanPost: true}, nil)
	w.pass(time.Hour)
	w.probeDue(t.Context())
	if w.suspension(room) == "" {
		t.Error("probed twice in a day")
	}
	w.pass(24 * time.Hour)
	w.probeDue(t.Context())
	if got := w.suspension(room); got != "" {
		t.Errorf("still suspended: %q", got)
	}
	if subs, err := w.ledger.Subscriptions(t.Context(), room); err != nil || len(subs) != 1 {
		t.Errorf("subscriptions %v, %v", subs, err)
	}
}

// TestProbesAreSpread looks at a few conversations at a time, and gets to all.
func TestProbesAreSpread(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge})
	const lost = 3*probesAtOnce + 1
	for i := range lost {
		where := chat.Conversation{Platform: "fake", ID: fmt.Sprint("-", 1000+i)}
		if _, err := w.ledger.Suspend(t.Context(), where, "kicked"); err != nil {
			t.Fatal(err)
		}
	}
	w.pass(25 * time.Hour)
	for round := range 4 {
		w.probeDue(t.Context())
		left, err := w.ledger.Suspensions(t.Context(), w.now(), lost)
		if err != nil {
			t.Fatal(err)
		}
		if want := max(0, lost-(round+1)*probesAtOnce); len(left) != want {
			t.Errorf("after round %d %d are suspended, want %d", round, len(left), want)
		}
	}
}

// TestCommandResumes has a command in a suspended conversation find that the bot may
// post again: in the conversation itself, and in a thread of it.
func TestCommandResumes(t *testing.T) {
	for _, thread := range []string{"", "7"} {
		t.Run("thread "+thread, func(t *testing.T) {
			w := suspendedWorld(t, realTime)
			running(t, w)
			inv := asker("reader", "/stories")
			inv.Where.Thread = thread
			if reply := w.Host().Run(t.Context(), inv); reply.Card.Tone == chat.Trouble {
				t.Fatal(reply.Card.Plain())
			}
			eventually(t, "the conversation is resumed", func() bool { return w.suspension(room) == "" })
		})
	}
}

// TestCommandsProbeSeldom asks the service once, however many commands there are.
func TestCommandsProbeSeldom(t *testing.T) {
	w := suspendedWorld(t)
	for range 2 * probesAtOnce {
		w.ask("reader", "/stories")
	}
	if n := len(w.askedIn.queue); n != 1 {
		t.Errorf("%d probes are asked for", n)
	}
	<-w.askedIn.queue
	w.pass(askAgain)
	w.ask("reader", "/stories")
	if n := len(w.askedIn.queue); n != 1 {
		t.Errorf("%d probes are asked for a minute later", n)
	}
}

// TestLostOnce tells the operators once of a conversation that a send and the service
// both report.
func TestLostOnce(t *testing.T) {
	w := suspendedWorld(t)
	w.takeShown()
	life := func(e chat.Event) {
		t.Helper()
		if err := w.Host().Lifecycle(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	life(chat.Event{Kind: chat.Lost, Where: room, Reason: "kicked"})
	if cards := w.takeShown(); len(cards) != 0 {
		t.Errorf("told again: %v", cards)
	}
	life(chat.Event{Kind: chat.Back, Where: room})
	life(chat.Event{Kind: chat.Lost, Where: room, Reason: "kicked"})
	life(chat.Event{Kind: chat.Lost, Where: room, Reason: "kicked"})
	if cards := w.takeShown(); len(cards) != 1 {
		t.Errorf("told %d times of the second loss", len(cards))
	}
}

// TestManagersAreToldOnce tells somebody who manages a suspended conversation what is
// missing, with her next command there, and nobody else or again.
func TestManagersAreToldOnce(t *testing.T) {
	const told = "Nothing can be posted here by itself"
	w := suspendedWorld(t)
	says := func(name, line string) bool { return strings.Contains(w.ask(name, line).Card.Plain(), told) }
	press := asker("manager", "stories")
	press.Pressed = true
	if strings.Contains(w.Host().Run(t.Context(), press).Card.Plain(), told) {
		t.Error("an answer was changed for it")
	}
	if says("reader", "/stories") {
		t.Error("a reader is told")
	}
	answer := w.ask("manager", "/stories").Card.Plain()
	if !strings.Contains(answer, told+". Suspended: kicked. What is due is kept.") || !strings.Contains(answer, "Harbour bridge") {
		t.Errorf("the manager gets\n%s", answer)
	}
	if says("manager", "/stories") {
		t.Error("told twice")
	}
	for _, line := range []string{"/subscriptions", "/status"} {
		if answer := w.ask("manager", line).Card.Plain(); !strings.Contains(answer, "Suspended: kicked. What is due is kept.") {
			t.Errorf("%s says\n%s", line, answer)
		}
	}
	// What is missing now is the same suspension; another one is told of again.
	if _, err := w.ledger.Suspend(t.Context(), room, "missing: Send Messages"); err != nil {
		t.Fatal(err)
	}
	if says("manager", "/stories") {
		t.Error("told twice of one suspension")
	}
	if err := w.Host().Lifecycle(t.Context(), chat.Event{Kind: chat.Back, Where: room}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ledger.Suspend(t.Context(), room, "muted"); err != nil {
		t.Fatal(err)
	}
	inv := asker("manager", "/nonsense")
	inv.Where.Thread = "7"
	if answer := w.Host().Run(t.Context(), inv).Card.Plain(); !strings.Contains(answer, told+". Suspended: muted.") {
		t.Errorf("in a thread, with a mistake, the manager gets\n%s", answer)
	}
}

// TestNobodyIsConcerned says nothing of a suspension where nothing would be posted,
// and where it cannot be told who manages.
func TestNobodyIsConcerned(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge})
	suspend := func() {
		t.Helper()
		if _, err := w.ledger.Suspend(t.Context(), room, "kicked"); err != nil {
			t.Fatal(err)
		}
	}
	suspend()
	if answer := w.ask("manager", "/stories").Card.Plain(); strings.Contains(answer, "kicked") {
		t.Errorf("without subscriptions the manager gets\n%s", answer)
	}
	w.ask("manager", "/subscribe bridge") // resumes it
	suspend()
	inv := asker("reader", "/stories")
	inv.Manages = func(context.Context) (bool, error) { return false, errors.New("unreachable") }
	if answer := w.Host().Run(t.Context(), inv).Card.Plain(); strings.Contains(answer, "kicked") {
		t.Errorf("who may be no manager gets\n%s", answer)
	}
	if answer := w.ask("manager", "/stories").Card.Plain(); !strings.Contains(answer, "Suspended: kicked") {
		t.Errorf("the manager gets\n%s", answer)
	}
}

// TestMovedIsTold tells the operators once of a conversation that moved, if the
// configuration names it, until it does not any more.
func TestMovedIsTold(t *testing.T) {
	config := Config{
		Policy:        brief.Policy{Groups: map[string][]string{"newsroom": {"fake:-100"}}},
		Subscriptions: []digest.Subscription{{Where: room, Stories: []string{"bridge"}, Schedule: digest.Immediate}},
	}
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(config))
	to := chat.Conversation{Platform: "fake", ID: "-200"}
	move := func(from chat.Conversation) {
		t.Helper()
		if err := w.Host().Lifecycle(t.Context(), chat.Event{Kind: chat.Moved, Where: from, To: to}); err != nil {
			t.Fatal(err)
		}
	}
	move(room)
	move(room)
	cards := w.takeShown()
	if len(cards) != 1 || !strings.Contains(cards[0].Plain(), "fake:-100 has become fake:-200") || !strings.Contains(cards[0].Plain(), "subscriptions and access.groups") {
		t.Errorf("the operators are told %v", cards)
	}
	if subs, err := w.ledger.Subscriptions(t.Context(), to); err != nil || len(subs) != 1 {
		t.Errorf("moved %v, %v", subs, err)
	}
	move(chat.Conversation{Platform: "fake", ID: "-300"})
	if cards := w.takeShown(); len(cards) != 0 {
		t.Errorf("told of what nobody named: %v", cards)
	}
	alarms := func() int {
		t.Helper()
		all, err := w.ledger.Alarms(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	config.Policy.Groups = nil
	if err := w.Reload(t.Context(), config); err != nil || alarms() != 1 {
		t.Errorf("after half of it was mended %d alarms, %v", alarms(), err)
	}
	config.Subscriptions = []digest.Subscription{{Where: to, Stories: []string{"bridge"}, Schedule: digest.Immediate}}
	if err := w.Reload(t.Context(), config); err != nil || alarms() != 0 {
		t.Errorf("after it was mended %d alarms, %v", alarms(), err)
	}
	if subs, err := w.ledger.Subscriptions(t.Context(), to); err != nil || len(subs) != 1 {
		t.Errorf("at the end %v, %v", subs, err)
	}
}
