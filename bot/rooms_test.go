package bot

import (
	"errors"
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/digest"
)

// TestLifecycle carries a conversation through its life.
func TestLifecycle(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(Config{Alarms: []string{"fake:-900"}}), realTime)
	running(t, w)
	ctx := deadline(t)
	host, err := w.fake.Host(ctx)
	if err != nil {
		t.Fatal(err)
	}
	life := func(e chat.Event) {
		t.Helper()
		if err := host.Lifecycle(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	life(chat.Event{Kind: chat.Added, Where: room, Room: roomSubj})
	life(chat.Event{Kind: chat.Added, Where: room, Room: roomSubj})
	if err := w.fake.Await(ctx, func(s []chattest.Send) bool { return len(s) > 0 }); err != nil {
		t.Fatal(err)
	}
	greeting := w.fake.Posted(room)[0]
	if !strings.Contains(greeting.Card.Plain(), "Harbour bridge closed") {
		t.Errorf("the greeting is\n%s", greeting.Card.Plain())
	}
	eventually(t, "the greeting is known as the bot’s own, so that no press edits it", func() bool {
		owns, err := host.Owns(ctx, room, greeting.ID)
		return err == nil && owns
	})
	if reply := w.ask("manager", "/subscribe bridge"); reply.Card.Tone == chat.Trouble {
		t.Fatal(reply.Card.Plain())
	}
	life(chat.Event{Kind: chat.Lost, Where: room, Reason: "kicked"})
	if subs, err := w.ledger.Subscriptions(ctx, room); err != nil || len(subs) != 1 || subs[0].Suspended == "" {
		t.Errorf("lost, but %+v, %v", subs, err)
	}
	if err := w.fake.Await(ctx, func(s []chattest.Send) bool { return len(s) > 1 }); err != nil {
		t.Fatalf("the operators are not told: %v", err)
	}
	moved := chat.Conversation{Platform: "fake", ID: "-200"}
	life(chat.Event{Kind: chat.Moved, Where: room, To: moved})
	life(chat.Event{Kind: chat.Back, Where: moved})
	if subs, err := w.ledger.Subscriptions(ctx, moved); err != nil || len(subs) != 1 || subs[0].Suspended != "" {
		t.Errorf("moved and back, but %+v, %v", subs, err)
	}
	if n := len(w.fake.Posted(room)); n != 1 {
		t.Errorf("%d greetings", n)
	}
}

// TestLetInAgain finds that the bot may write again where the service did not say so:
// somebody writes to it in private, or a group is subscribed where it may post.
func TestLetInAgain(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(everyone()))
	private := asker("private", "").Where
	suspended := func(where chat.Conversation) bool {
		t.Helper()
		reason, err := w.ledger.Suspended(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		return reason != ""
	}
	for _, where := range []chat.Conversation{private, room} {
		if _, err := w.ledger.Suspend(t.Context(), where, "blocked"); err != nil {
			t.Fatal(err)
		}
	}
	w.ask("private", "/start")
	w.ask("manager", "/stories")
	if suspended(private) || !suspended(room) {
		t.Errorf("private %v, a group that shows nothing %v", suspended(private), suspended(room))
	}
	w.fake.SetSurvey(room, chat.Survey{Room: roomSubj, Missing: []string{"Send Messages"}}, nil)
	w.ask("manager", "/subscribe bridge")
	if !suspended(room) {
		t.Error("a group where the bot may not post is open again")
	}
	w.fake.SetSurvey(room, chat.Survey{Room: roomSubj, CanPost: true}, nil)
	w.ask("manager", "/subscribe bridge")
	if suspended(room) {
		t.Error("a group where the bot may post stays shut")
	}
}

// TestSubscribeWhereItMayNotPost checks that a conversation in which the bot lacks a
// permission is not subscribed, and is told which.
func TestSubscribeWhereItMayNotPost(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge})
	w.fake.SetSurvey(room, chat.Survey{Room: roomSubj, Missing: []string{"Send Messages", "Embed Links"}}, nil)
	answer := w.ask("manager", "/subscribe bridge").Card
	if answer.Tone != chat.Trouble || !strings.Contains(answer.Plain(), "Send Messages and Embed Links") {
		t.Errorf("got\n%s", answer.Plain())
	}
	w.fake.SetSurvey(room, chat.Survey{}, &chat.Gone{Err: errors.New("kicked")})
	if answer := w.ask("manager", "/subscribe bridge").Card; answer.Tone != chat.Trouble {
		t.Errorf("got\n%s", answer.Plain())
	}
	if subs, err := w.ledger.Subscriptions(t.Context(), room); err != nil || len(subs) != 0 {
		t.Errorf("subscribed all the same: %+v, %v", subs, err)
	}
}

// TestSurveyedRooms checks that a configured conversation may read what the groups
// of its guild may, once its platform has told which guild that is, and still when
// the platform does not answer any more.
func TestSurveyedRooms(t *testing.T) {
	secret := strings.Replace(bridge, "overview:", "audience: [newsroom]\noverview:", 1)
	config := Config{
		Policy:        brief.Policy{Groups: map[string][]string{"newsroom": {"fake-guild:9"}}},
		Subscriptions: []digest.Subscription{{Where: room, Stories: []string{"secret"}}},
	}
	w := newWorld(t, map[string]string{"secret": secret}, withConfig(config))
	reads := func() bool {
		t.Helper()
		subs, err := w.ledger.Subscriptions(t.Context(), room)
		if err != nil || len(subs) != 1 {
			t.Fatalf("%+v, %v", subs, err)
		}
		return w.visible(subs[0], "secret")
	}
	if reads() {
		t.Error("the room may read what it is not known to")
	}
	w.fake.SetSurvey(room, chat.Survey{Room: []string{"fake:-100", "fake-guild:9"}, CanPost: true}, nil)
	w.resurvey(t.Context())
	if !reads() {
		t.Error("the guild is not found")
	}
	w.fake.SetSurvey(room, chat.Survey{}, errors.New("no answer"))
	w.resurvey(t.Context())
	if !reads() {
		t.Error("the guild is forgotten")
	}
}

// Whoever is to be let in needs the address that a group of the configuration can
// hold, and that is a chat's, not a topic's.
func TestClosedBotNamesTheAddressOfAGroup(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(Config{Policy: brief.Policy{Closed: true}}))
	inv := asker("reader", "/stories")
	inv.Where.Thread = "9"
	text := w.Host().Run(t.Context(), inv).Card.Plain()
	if !strings.Contains(text, "fake:-100") || strings.Contains(text, "/9") {
		t.Errorf("the answer names another address:\n%s", text)
	}
}

// Whoever subscribes is promised digests, so the suspension of a conversation ends
// when the platform says that the bot may post there again.
func TestSubscribingEndsASuspension(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge})
	if _, err := w.ledger.Suspend(t.Context(), room, "no right to send messages"); err != nil {
		t.Fatal(err)
	}
	if card := w.ask("manager", "/subscribe bridge immediate").Card; card.Tone == chat.Trouble {
		t.Fatalf("the answer is\n%s", card.Plain())
	}
	if reason, err := w.ledger.Suspended(t.Context(), room); err != nil || reason != "" {
		t.Errorf("still suspended: %q, %v", reason, err)
	}
	// Where the bot may not post, the suspension stays.
	if _, err := w.ledger.Suspend(t.Context(), room, "no right to send messages"); err != nil {
		t.Fatal(err)
	}
	w.fake.SetSurvey(room, chat.Survey{Room: roomSubj, Missing: []string{"Send"}}, nil)
	w.ask("manager", "/subscribe bridge hourly")
	if reason, err := w.ledger.Suspended(t.Context(), room); err != nil || reason == "" {
		t.Errorf("no longer suspended, %v", err)
	}
}
