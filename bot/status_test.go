package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/digest"
)

// A reporting platform says how its connection is.
type reporting struct {
	*chattest.Fake
	since   time.Time
	trouble error
}

func (r *reporting) Contact() (time.Time, error) { return r.since, r.trouble }

// under returns what stands under a head in an answer.
func under(t *testing.T, card chat.Card, head string) string {
	t.Helper()
	for _, it := range card.Items {
		if it.Head.String() == head {
			return it.Body.String()
		}
	}
	t.Fatalf("there is no %q in:\n%s", head, card.Plain())
	return ""
}

// TestStatusOfServices has services in every condition, and checks what operators are
// told of each, and that nobody else is.
func TestStatusOfServices(t *testing.T) {
	one := &reporting{Fake: chattest.NewFake("one", chattest.FakeOptions{}), since: noon.Add(-3 * time.Hour)}
	two := &reporting{Fake: chattest.NewFake("two", chattest.FakeOptions{}), trouble: errors.New("the gateway answers 503")}
	three := &reporting{Fake: chattest.NewFake("three", chattest.FakeOptions{})}
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(Config{Operators: []string{"fake:1"}}), func(w *world) {
		w.options.Platforms = []chat.Platform{w.fake, one, two, three}
	})
	w.health.set("platform fake", errors.New("the token is not valid"))
	owe := func(where string) chat.Conversation {
		to, err := chat.ParseConversation(where)
		if err == nil {
			err = w.ledger.Post(t.Context(), to, chat.Card{Title: where}, "key")
		}
		if err != nil {
			t.Fatal(err)
		}
		return to
	}
	for i := range 7 {
		if _, err := w.ledger.Suspend(t.Context(), owe(fmt.Sprint("two:", i)), "it was kicked."); err != nil {
			t.Fatal(err)
		}
	}
	owe("two:99")
	w.pass(time.Hour)
	owe("two:98")
	owe("absent:1")
	card := w.ask("operator", "/status").Card
	checkCard(t, card)
	for head, want := range map[string]string{
		"fake":   "It has stopped: the token is not valid\nNothing waits.",
		"one":    "Connected for 4 hours.\nNothing waits.",
		"two":    "Not connected: the gateway answers 503\n2 messages wait, the oldest for 1 hour; 7 kept for suspended conversations.",
		"three":  "Not connected yet.\nNothing waits.",
		"absent": "It is off.\n1 message waits, the oldest for 0 seconds.",
		"Suspended": "two:0: it was kicked, for 1 hour.\ntwo:1: it was kicked, for 1 hour.\ntwo:2: it was kicked, for 1 hour.\n" +
			"two:3: it was kicked, for 1 hour.\ntwo:4: it was kicked, for 1 hour.\nand 2 more.",
	} {
		if diff := cmp.Diff(want, under(t, card, head)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", head, diff)
		}
	}
	for _, who := range []string{"reader", "manager", "private"} {
		if text := w.ask(who, "/status").Card.Plain(); strings.Contains(text, "503") || strings.Contains(text, "kicked") {
			t.Errorf("the %s is told what only operators are:\n%s", who, text)
		}
	}
}

// TestTrafficWords reads what waits on a platform aloud.
func TestTrafficWords(t *testing.T) {
	for _, c := range []struct {
		traffic digest.Traffic
		want    string
	}{
		{digest.Traffic{}, "Nothing waits."},
		{digest.Traffic{Edits: 1}, "Nothing waits; 1 change of a message waits."},
		{digest.Traffic{Posts: 1, Oldest: noon.Add(-2 * time.Minute), Edits: 3, Kept: 4, Recent: 12},
			"1 message waits, the oldest for 2 minutes; 3 changes of messages wait; 4 kept for suspended conversations. 12 sent within 5 minutes, 2.4 a minute."},
	} {
		if got := trafficWords(c.traffic, noon); got != c.want {
			t.Errorf("%+v: %q, want %q", c.traffic, got, c.want)
		}
	}
}

// TestStatusOfDrafts checks that operators see which briefs are drafts, and nobody else
// that there are any.
func TestStatusOfDrafts(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge, "fair": "draft: true\ntitle: Fair\n"}, withConfig(Config{Operators: []string{"fake:1"}}))
	card := w.ask("operator", "/status").Card
	checkCard(t, card)
	if got := under(t, card, "Drafts"); !strings.HasSuffix(got, "fair.yaml:1:1: this is a draft, so it is not served") || strings.Contains(got, "\n") {
		t.Errorf("of the draft is said: %s", got)
	}
	for _, call := range []string{"/status", "/stories", "/overview fair"} {
		if text := w.ask("reader", call).Card.Plain(); strings.Contains(text, "Fair") || strings.Contains(text, "draft") {
			t.Errorf("%s shows a reader the draft:\n%s", call, text)
		}
	}
}

// TestStatusOfAlarms raises many troubles and checks that they are listed by kinds.
func TestStatusOfAlarms(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(Config{Operators: []string{"fake:1"}}))
	for i := range 500 {
		w.alarm(t.Context(), fmt.Sprint("gone:fake:", i), fmt.Sprint("Gone: ", i))
	}
	w.pass(time.Minute)
	w.alarm(t.Context(), "record", "Changes could not be recorded.")
	card := w.ask("operator", "/status").Card
	checkCard(t, card)
	var alarms []string
	for _, it := range card.Items {
		if it.Label == "Alarm" {
			alarms = append(alarms, it.Head.String()+"\n"+it.Body.String())
		}
	}
	want := []string{
		"Changes could not be recorded.\nOn 10 December 2025, 12:01 UTC.",
		"Gone: 0\nSince 10 December 2025, 12:00 UTC, 500 times, the last on 10 December 2025, 12:00 UTC.\n– Gone: 1\n– Gone: 10\nand 497 more of this kind.",
	}
	if diff := cmp.Diff(want, alarms); diff != "" {
		t.Error("the alarms (-want +got):\n", diff)
	}
}

// TestStatusOfSuspended asks in a conversation that is suspended: its managers learn
// what the bot lacks there now, and others only that it is suspended.
func TestStatusOfSuspended(t *testing.T) {
	w := suspendedWorld(t)
	here := func(who string) string {
		t.Helper()
		return under(t, w.ask(who, "/status").Card, "This conversation")
	}
	for _, c := range []struct {
		name   string
		survey chat.Survey
		err    error
		want   string
	}{
		{"something is missing", chat.Survey{Missing: []string{"Send Messages", "Embed Links"}}, nil, "It lacks: Send Messages and Embed Links. Give it that"},
		{"nothing is missing any more", chat.Survey{CanPost: true}, nil, "The bot may post here again"},
		{"the service does not answer", chat.Survey{}, context.DeadlineExceeded, "Suspended: kicked. What is due is kept.\nNothing waits"},
	} {
		w.fake.SetSurvey(room, c.survey, c.err)
		if got := here("manager"); !strings.Contains(got, c.want) || !strings.Contains(got, "Harbour bridge closed: as soon as something changes") {
			t.Errorf("%s: a manager is told:\n%s", c.name, got)
		}
		if got := here("reader"); strings.Contains(got, "lacks") || !strings.Contains(got, "Suspended: kicked.") {
			t.Errorf("%s: a reader is told:\n%s", c.name, got)
		}
	}
}
