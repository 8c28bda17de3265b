package bot

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/digest"
)

// alarmRooms are the conversations of a test that get the alarms.
var alarmRooms = []string{"fake:-900", "fake:-901"}

// alarmsPosted returns the cards that the first alarm conversation is owed or shows, the
// oldest first.
func (w *world) alarmsPosted() []chat.Card {
	w.t.Helper()
	where, err := chat.ParseConversation(alarmRooms[0])
	if err != nil {
		w.t.Fatal(err)
	}
	entries, err := w.ledger.Entries(w.t.Context(), digest.Search{Where: where, Verbs: []string{"post"}, Limit: 500})
	if err != nil {
		w.t.Fatal(err)
	}
	cards := make([]chat.Card, len(entries))
	for i, e := range entries {
		account, err := w.ledger.Entry(w.t.Context(), e.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		cards[len(entries)-1-i] = account.Card
	}
	return cards
}

// TestManyGone has five hundred conversations vanish at once while the bot runs: the
// operators get one message in each of their conversations, which comes to count them
// and is edited at most once a minute, and says when it is over.
func TestManyGone(t *testing.T) {
	const many = 500
	synctest.Test(t, func(t *testing.T) {
		able := chattest.NewAble(chattest.NewFake("fake", chattest.FakeOptions{}))
		source := newScripted(map[string]string{"bridge": bridge})
		w := newWorld(t, nil, withSource(source), realTime, withConfig(Config{Alarms: alarmRooms}), func(w *world) {
			w.fake, w.options.Platforms = able.Fake, []chat.Platform{able}
			w.options.Ledger = openLedger(t, ":memory:", time.Now)
		})
		stop := running(t, w)
		var wg sync.WaitGroup
		for i := range many {
			if i == 1 {
				wg.Wait() // one is told before the others are met
			}
			wg.Go(func() {
				where := chat.Conversation{Platform: "fake", ID: fmt.Sprint(1000 + i)}
				w.alarm(t.Context(), lostKey(where), fmt.Sprintf("Nothing can be sent to %v until the bot is let back in: it was kicked", where))
			})
		}
		wg.Wait()
		time.Sleep(50 * time.Second)
		synctest.Wait()
		for _, name := range alarmRooms {
			where, err := chat.ParseConversation(name)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(able.Posted(where)); n != 1 {
				t.Fatalf("%d messages in %s, want 1", n, name)
			}
		}
		if acts := able.Acts(); len(acts) != 0 {
			t.Errorf("edited within the first minute: %+v", acts)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		acts := able.Acts()
		if len(acts) != len(alarmRooms) {
			t.Fatalf("%d edits, want one of each message", len(acts))
		}
		text := acts[0].Card.Plain()
		for _, part := range []string{"500 troubles of this kind. Met 500 times since 1 January 2000, 00:00 UTC", "/status"} {
			if !strings.Contains(text, part) {
				t.Errorf("the card does not say %q:\n%s", part, text)
			}
		}
		if n := strings.Count(text, "Nothing can be sent to"); n != 5 {
			t.Errorf("the card names %d of the latest, want 5:\n%s", n, text)
		}
		for i := range many {
			w.mended(t.Context(), lostKey(chat.Conversation{Platform: "fake", ID: fmt.Sprint(1000 + i)}))
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if text = able.Acts()[len(able.Acts())-1].Card.Plain(); !strings.Contains(text, "This is over: conversations that could not be posted to.") {
			t.Errorf("the card does not say that it is over:\n%s", text)
		}
		if kinds, err := w.ledger.AlarmKinds(t.Context()); err != nil || len(kinds) != 0 {
			t.Errorf("what is over is kept: %v, %v", kinds, err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestAlarmKinds plays troubles and checks what the operators are shown: a card a kind,
// a new one only for a kind that was over.
func TestAlarmKinds(t *testing.T) {
	type step struct {
		after time.Duration
		raise string // a key
		mend  string
	}
	for _, c := range []struct {
		name  string
		steps []step
		want  []string // the heads of the cards
	}{
		{"one trouble", []step{{raise: "gone:fake:1"}}, []string{"Alarm: gone:fake:1"}},
		{"it goes on", []step{{raise: "gone:fake:1"}, {after: time.Hour, raise: "gone:fake:1"}}, []string{"Alarm: gone:fake:1; Met 2 times"}},
		{"another of its kind", []step{{raise: "gone:fake:1"}, {after: time.Hour, raise: "gone:fake:2"}}, []string{"Alarm: gone:fake:2; 2 troubles of this kind. Met 2 times"}},
		{"another kind", []step{{raise: "gone:fake:1"}, {raise: "late:fake:1"}}, []string{"Alarm: gone:fake:1", "Alarm: late:fake:1"}},
		{"one of two is mended", []step{{raise: "gone:fake:1"}, {after: time.Minute, raise: "gone:fake:2"}, {after: time.Hour, mend: "gone:fake:1"}},
			[]string{"Alarm: gone:fake:2; Met 2 times"}},
		{"over", []step{{raise: "gone:fake:1"}, {after: time.Hour, mend: "gone:fake:1"}}, []string{"Alarm, over: This is over; Met 1 time"}},
		{"over and again", []step{{raise: "gone:fake:1"}, {after: time.Hour, mend: "gone:fake:1"}, {after: time.Hour, raise: "gone:fake:1"}},
			[]string{"Alarm, over: This is over; Met 1 time", "Alarm: gone:fake:1"}},
		{"over and again at once", []step{{raise: "gone:fake:1"}, {mend: "gone:fake:1"}, {raise: "gone:fake:1"}},
			[]string{"Alarm, over: This is over; Met 1 time", "Alarm: gone:fake:1"}},
		{"a day without it", []step{{raise: "unconfirmed:fake:1"}, {after: 25 * time.Hour}},
			[]string{"Alarm, over: This is over; Met 1 time"}},
		{"a day without it, and again", []step{{raise: "unconfirmed:fake:1"}, {after: 25 * time.Hour, raise: "unconfirmed:fake:1"}},
			[]string{"Alarm, over: This is over; Met 1 time", "Alarm: unconfirmed:fake:1"}},
		{"never a day without it", []step{{raise: "unconfirmed:fake:1"}, {after: 23 * time.Hour, raise: "unconfirmed:fake:2"}, {after: 23 * time.Hour, raise: "unconfirmed:fake:1"}},
			[]string{"Alarm: unconfirmed:fake:1; 2 troubles of this kind. Met 3 times"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(Config{Alarms: alarmRooms}))
			for _, s := range c.steps {
				w.pass(s.after)
				if s.raise != "" {
					w.alarm(t.Context(), s.raise, s.raise)
				}
				if s.mend != "" {
					w.mended(t.Context(), s.mend)
				}
			}
			for range 3 {
				w.pass(90 * time.Minute)
				w.tellAlarms(t.Context())
			}
			var heads []string
			for _, card := range w.alarmsPosted() {
				heads = append(heads, alarmHead(card))
			}
			if diff := cmp.Diff(c.want, heads); diff != "" {
				t.Error("the cards (-want +got):\n", diff)
			}
			if shown := len(w.takeShown()); shown != len(c.want) {
				t.Errorf("the preview was shown %d cards, want %d", shown, len(c.want))
			}
		})
	}
}

// alarmHead is what a card says before its colons and times.
func alarmHead(c chat.Card) string {
	lead, _, _ := strings.Cut(c.Lead.String(), ": ")
	note, _, _ := strings.Cut(c.Note.String(), " since ")
	note, _, _ = strings.Cut(note, ",")
	return strings.TrimSuffix(c.Title+": "+lead+"; "+note, "; ")
}

// TestAlarmPause checks that a trouble which lasts is not an edit a minute.
func TestAlarmPause(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(Config{Alarms: alarmRooms[:1]}))
	told, last := 0, ""
	for range 24 * 60 {
		w.pass(time.Minute)
		w.alarm(t.Context(), "late:fake:1", "late")
		w.tellAlarms(t.Context())
		kinds, err := w.ledger.AlarmKinds(t.Context())
		if err != nil || len(kinds) != 1 {
			t.Fatal(kinds, err)
		}
		if kinds[0].Told != last {
			told, last = told+1, kinds[0].Told
		}
	}
	if told < 50 || told > 150 {
		t.Errorf("a trouble that was met every minute of a day was told %d times", told)
	}
}

// TestAlarmWithoutLedger checks that an alarm which cannot be written down is in the
// log.
func TestAlarmWithoutLedger(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge}, func(w *world) {
		w.options.Ledger = openLedger(t, ":memory:", w.now)
	})
	if err := w.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	w.alarm(t.Context(), "gone:fake:1", "It was kicked.")
	w.tellAlarms(t.Context())
	if log := w.logged.String(); !strings.Contains(log, "It was kicked.") || !strings.Contains(log, "looking at the alarms") {
		t.Errorf("the log says:\n%s", log)
	}
}
