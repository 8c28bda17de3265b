package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/digest"
)

// TestFateWords reads every fate of a change aloud.
func TestFateWords(t *testing.T) {
	w := fateWording{now: noon, zone: time.UTC}
	settled, later := noon.Add(-time.Hour), noon.Add(time.Hour)
	posted := digest.Entry{ID: 1, Verb: "post", Settled: settled}
	with := func(change func(*digest.Entry)) digest.Entry { e := posted; change(&e); return e }
	for _, c := range []struct {
		e    digest.Explanation
		want string
	}{
		{digest.Explanation{Fate: digest.FateTold, Entry: posted}, "Posted 10 December, 11:00 UTC in a digest."},
		{digest.Explanation{Fate: digest.FateTold, Entry: with(func(e *digest.Entry) { e.Place = chat.Conversation{Platform: "fake", ID: "1", Thread: "2"} })},
			"Posted 10 December, 11:00 UTC in a digest, in the story’s thread."},
		{digest.Explanation{Fate: digest.FateTold, Entry: with(func(e *digest.Entry) { e.Verb = "reply" }), Amended: digest.Amended{Done: 1}},
			"Posted 10 December, 11:00 UTC as an answer to the message that it corrects. The message that told of it shows it as it is now."},
		{digest.Explanation{Fate: digest.FateTold, Entry: with(func(e *digest.Entry) { e.Form = digest.Living })},
			"Posted 10 December, 11:00 UTC as the message that is kept up to date."},
		{digest.Explanation{Fate: digest.FateTold, Entry: with(func(e *digest.Entry) { e.Form, e.Verb = digest.Living, "edit" })},
			"Shown 10 December, 11:00 UTC in the message that is kept up to date."},
		{digest.Explanation{Fate: digest.FateTold, Entry: posted, Merged: 7}, "Posted 10 December, 11:00 UTC in a digest. It is told as one with a later change of the same."},
		{digest.Explanation{Fate: digest.FateTold, Entry: posted, Other: true, Order: digest.Subscription{ID: 2}},
			"Posted 10 December, 11:00 UTC in a digest. Another subscription of this conversation told it."},
		{digest.Explanation{Fate: digest.FateTold, Entry: posted, Other: true}, "Posted 10 December, 11:00 UTC in a digest. The subscription that told it has ended."},
		{digest.Explanation{Fate: digest.FateWaiting, Entry: digest.Entry{Verb: "post", Trouble: "later: HTTP 502."}, When: settled, Until: later},
			"It waits to be posted since 10 December, 11:00 UTC: later: HTTP 502. It is tried again 10 December, 13:00 UTC."},
		{digest.Explanation{Fate: digest.FateWaiting, Entry: digest.Entry{Verb: "edit"}, When: settled, Until: settled},
			"It waits to be shown since 10 December, 11:00 UTC. It is next."},
		{digest.Explanation{Fate: digest.FateSending}, "It is being posted right now."},
		{digest.Explanation{Fate: digest.FateHeld, Until: later}, "Quiet hours hold it until 10 December, 13:00 UTC."},
		{digest.Explanation{Fate: digest.FateSuspended}, "It is kept until the bot may post here again."},
		{digest.Explanation{Fate: digest.FateUnconfirmed, Entry: digest.Entry{Doubts: 2}}, "Whether it was posted is not known: 2 sends went unanswered."},
		{digest.Explanation{Fate: digest.FateRefused}, "The service refused the message. The operators were told."},
		{digest.Explanation{Fate: digest.FateSkipped}, "An operator decided not to post it."},
		{digest.Explanation{Fate: digest.FateFixed}, "The message that was to show it cannot be changed any more."},
		{digest.Explanation{Fate: digest.FateNotDue, Until: later}, "It is not due before the next digest, 10 December, 13:00 UTC."},
		{digest.Explanation{Fate: digest.FateSettling, Until: later}, "It goes out when the briefs have been quiet for a while, about 10 December, 13:00 UTC."},
		{digest.Explanation{Fate: digest.FateSettling}, "It goes out in a moment."},
		{digest.Explanation{Fate: digest.FateUnasked, Order: digest.Subscription{Importance: brief.Major}}, "It is below the importance asked for here, which is major."},
		{digest.Explanation{Fate: digest.FateSilent}, "The editors keep it silent."},
		{digest.Explanation{Fate: digest.FateUndone}, "It was undone before it was told."},
		{digest.Explanation{Fate: digest.FateRemoval, Amended: digest.Amended{Owed: 2, Fixed: 1}},
			"What is removed is not announced. 2 messages that told of it are yet to be brought up to date. The message that told of it cannot be changed any more."},
		{digest.Explanation{Fate: digest.FateReturned, Amended: digest.Amended{Done: 3}}, "It is back as it was, which is not announced. The 3 messages that told of it show it as it is now."},
		{digest.Explanation{Fate: digest.FateBefore, Until: later}, "The subscription began later, 10 December, 13:00 UTC."},
		{digest.Explanation{Fate: digest.FateNoOrder}, "There is no subscription for this story here."},
		{digest.Explanation{Fate: digest.FateForgotten}, "It is so long ago that what became of it is not kept."},
		{digest.Explanation{Fate: digest.FatePassed}, "There was nothing to tell of it when it was due: it said nothing new, or was not to be read here."},
	} {
		if got := w.words(c.e); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.e.Fate, got, c.want)
		}
	}
	if got, want := w.withheld(digest.Explanation{Count: 1, When: settled}),
		"A digest was withheld in whole or in part, 10 December, 11:00 UTC: what it told may not be read here any more."; got != want {
		t.Errorf("withheld:\n%s\nwant\n%s", got, want)
	}
}

// A linking platform has addresses for its messages, and is busy at times.
type linking struct {
	*chattest.Able
	busy *atomic.Bool
}

func (l linking) Send(ctx context.Context, to chat.Conversation, c chat.Card, key string) (chat.MessageID, error) {
	if l.busy.Load() {
		return "", &chat.Later{After: 2 * time.Minute, Err: errors.New("busy")}
	}
	return l.Able.Send(ctx, to, c, key)
}

func (linking) MessageURL(_ context.Context, where chat.Conversation, id chat.MessageID) string {
	return fmt.Sprintf("https://chat.example.org/%s/%s", where.ID, id)
}

// TestWhyTold runs the bot and asks why a change was posted, and where; then one that
// is withheld, of which nothing may be said.
func TestWhyTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		able := chattest.NewAble(chattest.NewFake("fake", chattest.FakeOptions{}))
		var busy atomic.Bool
		source := newScripted(map[string]string{"bridge": bridge})
		w := newWorld(t, nil, withSource(source), realTime, func(w *world) {
			w.fake, w.options.Platforms = able.Fake, []chat.Platform{linking{able, &busy}}
			w.options.Ledger = openLedger(t, ":memory:", time.Now)
		})
		able.SetSurvey(room, chat.Survey{Room: roomSubj, CanPost: true}, nil)
		running(t, w)
		if reply := w.ask("manager", "/subscribe bridge immediate"); reply.Card.Tone == chat.Trouble {
			t.Fatal(reply.Card.Plain())
		}
		source.set(map[string]string{"bridge": inspected}, nil)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		card := w.ask("manager", "/why").Card
		if len(card.Items) != 1 {
			t.Fatalf("%d changes:\n%s", len(card.Items), card.Plain())
		}
		it := card.Items[0]
		want := []string{"New · 9 December 2025 · Harbour bridge closed", "The bearings are inspected", "https://chat.example.org/-100/1"}
		if diff := cmp.Diff(want, []string{it.Label, it.Head.String(), it.URL}); diff != "" {
			t.Error("the change (-want +got):\n", diff)
		}
		if body := it.Body.String(); !strings.HasPrefix(body, "Posted 1 January, 00:0") || !strings.Contains(body, " UTC in a digest.\nRecorded 1 January") {
			t.Errorf("it says:\n%s", body)
		}
		checkCard(t, card)

		busy.Store(true)
		source.set(map[string]string{"bridge": inspected + "  - {id: secret, date: 2025-12-10, title: A secret}\n"}, nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if text := w.ask("manager", "/why").Card.Plain(); !strings.Contains(text, "It waits to be posted since 1 January") || !strings.Contains(text, "later: busy. It is tried again 1 January") {
			t.Errorf("what waits is not told:\n%s", text)
		}
		source.set(map[string]string{"bridge": "audience: [newsroom]\n" + inspected}, nil)
		busy.Store(false)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		card = w.ask("manager", "/why").Card
		if text := card.Plain(); len(card.Items) != 1 || card.Items[0].Label != "Withheld" || strings.Contains(text, "secret") || strings.Contains(text, "ridge") {
			t.Errorf("of what is withheld it says:\n%s", text)
		}
	})
}
