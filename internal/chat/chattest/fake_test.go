package chattest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
)

var _ interface {
	chat.Pacer
	chat.Surveyor
	chat.Inviter
} = (*Fake)(nil)

var room = chat.Conversation{Platform: "fake", ID: "room"}

func TestFakePosts(t *testing.T) {
	for _, deduplicates := range []bool{false, true} {
		f := NewFake("fake", FakeOptions{Deduplicates: deduplicates})
		var ids []chat.MessageID
		for range 2 {
			id, err := f.Send(t.Context(), room, chat.Card{Title: "T"}, "k")
			if err != nil || id == "" {
				t.Fatalf("%q, %v", id, err)
			}
			ids = append(ids, id)
		}
		want := map[bool]int{false: 2, true: 1}[deduplicates]
		if got := len(f.Posted(room)); got != want || (ids[0] == ids[1]) != deduplicates {
			t.Errorf("deduplicates %v: one key, sent twice, makes %d messages, %q", deduplicates, got, ids)
		}
		if got := len(f.Posted(chat.Conversation{Platform: "fake", ID: "other"})); got != 0 {
			t.Errorf("%d messages in another room", got)
		}
		if got := len(f.Sends()); got != 2 {
			t.Errorf("%d attempts are recorded, want 2", got)
		}
	}
}

func TestFakeRefuses(t *testing.T) {
	f := NewFake("fake", FakeOptions{})
	for _, k := range []string{"", strings.Repeat("x", 26), "a b", "é", "a/b"} {
		var refused *chat.Refused
		if _, err := f.Send(t.Context(), room, chat.Card{}, k); !errors.As(err, &refused) {
			t.Errorf("the key %q: %v", k, err)
		}
	}
	var refused *chat.Refused
	if _, err := f.Send(t.Context(), chat.Conversation{Platform: "other", ID: "1"}, chat.Card{}, "k"); !errors.As(err, &refused) {
		t.Errorf("another platform: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var later *chat.Later
	if _, err := f.Send(ctx, room, chat.Card{}, "k"); !errors.As(err, &later) {
		t.Errorf("a context that is done: %v", err)
	}
}

func TestFakeServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, err := newWitness(commands(), chat.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		f := NewFake("fake", FakeOptions{})
		impatient, giveUp := context.WithTimeout(t.Context(), time.Minute)
		defer giveUp()
		if _, err := f.Ask(impatient, chat.Invocation{Line: "/echo x"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("asked before serving: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Serve(ctx, host) }()
		reply, err := f.Ask(t.Context(), chat.Invocation{Line: "/echo hello"})
		if err != nil || reply.Call != "echo hello" {
			t.Errorf("%+v, %v", reply, err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if err := f.Serve(ctx, host); err == nil {
			t.Error("Serve may be called twice")
		}
	})
}

func TestFakeAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFake("fake", FakeOptions{})
		go func() {
			for _, k := range []string{"a", "b"} {
				synctest.Wait() // until the other waits
				if _, err := f.Send(t.Context(), room, chat.Card{}, k); err != nil {
					t.Error(err)
				}
			}
		}()
		two := func(sends []Send) bool { return len(sends) == 2 }
		if err := f.Await(t.Context(), two); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := f.Await(ctx, func(sends []Send) bool { return len(sends) == 3 }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting for what never comes: %v", err)
		}
	})
}

func TestFakeSurveys(t *testing.T) {
	f := NewFake("fake", FakeOptions{Pace: chat.Pace{PerSecond: 28}})
	topic := chat.Conversation{Platform: "fake", ID: "room", Thread: "4"}
	got, err := f.Survey(t.Context(), topic)
	if diff := cmp.Diff(chat.Survey{Room: []string{"fake:room"}, Title: "room", CanPost: true}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	f.SetSurvey(topic, chat.Survey{Missing: []string{"send"}}, &chat.Gone{Err: errors.New("kicked")})
	if got, err = f.Survey(t.Context(), topic); err == nil || len(got.Missing) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if f.Pace(room).PerSecond != 28 || f.Invitation() == "" {
		t.Error("the pace or the invitation is lost")
	}
}

func TestWitnessRecords(t *testing.T) {
	host, err := newWitness(commands(), chat.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	reply := host.Run(ctx, chat.Invocation{Line: "/echo one"})
	long := reply.Card.Actions[0][1]
	if got := host.Run(ctx, chat.Invocation{Line: long.Data(), Pressed: true}); got.Call != long.Call {
		t.Errorf("the button %q means %q, want %q", long.Data(), got.Call, long.Call)
	}
	if all := host.Invocations(); len(all) != 2 || all[0].Line != "/echo one" || !all[1].Pressed {
		t.Errorf("recorded %+v", all)
	}
	for i, want := range []bool{false, true} {
		if seen, err := host.Seen(ctx, "p", "1"); err != nil || seen != want {
			t.Errorf("time %d: seen %v, %v", i+1, seen, err)
		}
	}
	if err := host.SetOffset(ctx, "p", "7"); err != nil {
		t.Error(err)
	}
	if offset, err := host.Offset(ctx, "p"); err != nil || offset != "7" {
		t.Errorf("offset %q, %v", offset, err)
	}
	host.Own(room, "5")
	for id, want := range map[chat.MessageID]bool{"5": true, "6": false} {
		if owns, err := host.Owns(ctx, room, id); err != nil || owns != want {
			t.Errorf("owns %s: %v, %v", id, owns, err)
		}
	}
	if n := len(host.CompleteLine(ctx, chat.Invocation{}, "/")); n != len(host.Commands()) {
		t.Errorf("%d lines are offered", n)
	}
	if got := host.Complete(ctx, chat.Invocation{Call: chat.NewCall("echo")}, "words", "x"); got != nil {
		t.Errorf("offered %v for free text", got)
	}
}

// TestHostileIsHostile keeps the card from growing tame.
func TestHostileIsHostile(t *testing.T) {
	c := hostile()
	if len(c.Items) != 200 || len(c.Calls()) != 24 || len(c.Plain()) < 100_000 {
		t.Errorf("%d items, %d calls, %d bytes", len(c.Items), len(c.Calls()), len(c.Plain()))
	}
	for _, want := range []string{"@everyone", "<b>&amp;", "README.md", "👩‍👩‍👧‍👦", "**bold**", strings.Repeat("donaudampfschiff", 320)} {
		if !strings.Contains(c.Plain(), want) {
			t.Errorf("there is no %.20s", want)
		}
	}
	for _, call := range c.Calls() {
		if _, err := chat.ParseCall(call); err != nil {
			t.Errorf("%q: %v", call, err)
		}
	}
}
