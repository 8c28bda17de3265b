package digest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// ids returns the numbers of entries.
func ids(entries []Entry) (all []int64) {
	for _, e := range entries {
		all = append(all, e.ID)
	}
	return all
}

// alterIn changes rows of an open store.
func alterIn(t testing.TB, l *Ledger, query string, args ...any) {
	t.Helper()
	err := l.update(t.Context(), "alter", func(tx *transaction) error {
		_, err := tx.ExecContext(t.Context(), query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// owePosts owes cards with these titles to a conversation.
func owePosts(t testing.TB, l *Ledger, where string, titles ...string) {
	t.Helper()
	to, err := chat.ParseConversation(where)
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range titles {
		if err := l.Post(t.Context(), to, chat.Card{Title: title}, title); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEntries searches a ledger with a digest to each of two conversations, an edit
// of one of them, and cards of their own in every state.
func TestEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		record(t, l, dossier(t, "a"), dossier(t, "b"))
		subscribe(t, l, "telegram:1", "a", "immediate")
		subscribe(t, l, "telegram:2", "b", "immediate")
		record(t, l, dossier(t, "a", event("first")), dossier(t, "b", event("second")))
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{newFake("telegram")}})
		time.Sleep(time.Minute)
		stop() // deliveries 1 and 2 are sent
		owePosts(t, l, "discord:3/9", "Waits", "Is sent", "Is refused", "50 % & more")
		alterIn(t, l, `UPDATE deliveries SET state = 'sending' WHERE id = 4`)
		alterIn(t, l, `UPDATE deliveries SET state = 'refused', settled_at = 1, trouble = 'Bad_request: field' WHERE id = 5`)
		err := l.update(t.Context(), "edit", func(tx *transaction) error {
			hash, err := storeCard(t.Context(), tx, chat.Card{Title: "Corrected"}, l.now())
			if err != nil {
				return err
			}
			return l.show(t.Context(), tx, 1, hash, 0, l.now())
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name   string
			search Search
			want   []int64
		}{
			{"everything", Search{}, []int64{7, 6, 5, 4, 3, 2, 1}},
			{"a page", Search{Limit: 3}, []int64{7, 6, 5}},
			{"the next page", Search{Limit: 3, Before: 5}, []int64{4, 3, 2}},
			{"one state", Search{States: []string{"sent"}}, []int64{2, 1}},
			{"states", Search{States: []string{"refused", "sending"}}, []int64{5, 4}},
			{"states with what is sent", Search{States: []string{"refused", "sent"}}, []int64{5, 2, 1}},
			{"a state that is no other's beginning", Search{States: []string{"sen"}}, nil},
			{"a verb", Search{Verbs: []string{"edit"}}, []int64{7}},
			{"verbs", Search{Verbs: []string{"edit", "post"}, Limit: 2}, []int64{7, 6}},
			{"a platform", Search{Platform: "discord"}, []int64{6, 5, 4, 3}},
			{"a story, with the edit of what told it", Search{Story: "a"}, []int64{7, 1}},
			{"another story", Search{Story: "b"}, []int64{2}},
			{"an unknown story", Search{Story: "c"}, nil},
			{"a conversation", Search{Where: chat.Conversation{Platform: "telegram", ID: "1"}}, []int64{7, 1}},
			{"a thread", Search{Where: chat.Conversation{Platform: "discord", ID: "3", Thread: "9"}}, []int64{6, 5, 4, 3}},
			{"a conversation without its threads", Search{Where: chat.Conversation{Platform: "discord", ID: "3"}}, nil},
			{"words in a title", Search{Words: "is REFUSED"}, []int64{5}},
			{"words in a card that is shown now", Search{Words: "corrected"}, []int64{7, 1}},
			{"words in a digest", Search{Words: "event.added second"}, []int64{2}},
			{"words in the trouble", Search{Words: "bad_request"}, []int64{5}},
			{"words with what would stand for any letter", Search{Words: "bad%field"}, nil},
			{"words that JSON writes otherwise", Search{Words: "50 % & more"}, []int64{6}},
			{"words in the conversation", Search{Words: "telegram:"}, []int64{7, 2, 1}},
			{"all at once", Search{Words: "is", Platform: "discord", States: []string{"refused"}, Verbs: []string{"post"}}, []int64{5}},
			{"quotes are words", Search{Words: `' OR 1=1 --`}, nil},
		} {
			got, err := l.Entries(t.Context(), c.search)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if !slices.Equal(ids(got), c.want) {
				t.Errorf("%s: found %v, want %v", c.name, ids(got), c.want)
			}
		}
	})
}

// TestEntry reads all of a digest's message that was edited, of its edit, and of a
// card of its own.
func TestEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		record(t, l, dossier(t, "a"))
		subscribe(t, l, "telegram:1", "a", "immediate")
		recorded := record(t, l, dossier(t, "a", event("first"), event("next")))
		start := l.now().UTC()
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{newFake("telegram")}})
		time.Sleep(time.Minute)
		stop()
		err := l.update(t.Context(), "edit", func(tx *transaction) error {
			hash, err := storeCard(t.Context(), tx, chat.Card{Title: "Corrected"}, l.now())
			if err != nil {
				return err
			}
			return l.show(t.Context(), tx, 1, hash, 0, l.now())
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := l.Entry(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		sent := start.Add(usualSettle).Truncate(time.Millisecond)
		want := Entry{
			ID: 1, Verb: "post", State: "sent", Where: chat.Conversation{Platform: "telegram", ID: "1"}, Digest: 1, Stories: []string{"a"},
			Title: "Corrected", Planned: sent, Sent: sent, Settled: sent, Attempts: 1, Message: "m0",
		}
		if diff := cmp.Diff(want, got.Entry); diff != "" {
			t.Error("the message (-want +got):\n", diff)
		}
		if got.Card.Title != "Corrected" {
			t.Errorf("its card is %q, want the one that is shown", got.Card.Title)
		}
		if len(got.Changes) != 2 || got.Changes[0].Item != recorded[0].Item || got.Changes[1].Seq != recorded[1].Seq {
			t.Errorf("its changes are %v, want both that were recorded", got.Changes)
		}
		if !slices.Equal(ids(got.About), []int64{2}) {
			t.Errorf("about it are %v, want its edit", ids(got.About))
		}
		edit, err := l.Entry(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		if edit.Target != 1 || edit.Verb != "edit" || edit.State != "waiting" || edit.Due.IsZero() || len(edit.Changes) != 2 || edit.Card.Title != "Corrected" {
			t.Errorf("the edit is %+v", edit)
		}
		if _, err := l.Entry(t.Context(), 3); !errors.Is(err, ErrNoEntry) {
			t.Errorf("an entry that is not there: %v, want ErrNoEntry", err)
		}
	})
}

// TestCounts counts deliveries by platform and state.
func TestCounts(t *testing.T) {
	l := openNew(t)
	owePosts(t, l, "telegram:1", "1", "2")
	owePosts(t, l, "discord:1", "3")
	alterIn(t, l, `UPDATE deliveries SET state = 'sent', settled_at = 1 WHERE id = 2`)
	got, err := l.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, c := range got {
		words = append(words, fmt.Sprint(c.Platform, " ", c.State, " ", c.Count))
		if c.Oldest.IsZero() {
			t.Errorf("%v has no beginning", c)
		}
	}
	if want := []string{"discord waiting 1", "telegram sent 1", "telegram waiting 1"}; !slices.Equal(words, want) {
		t.Errorf("counted %v, want %v", words, want)
	}
}

// TestRetry retries and skips entries in every state.
func TestRetry(t *testing.T) {
	for _, c := range []struct {
		name, set   string // how entry 2 of three is before
		skip        bool
		state, want string // the state after, or why not
	}{
		{name: "unconfirmed", set: `state = 'unconfirmed', settled_at = 5, attempts = 2, doubts = 2, plain = TRUE, trouble = 'x', job = 7`, state: "waiting"},
		{name: "refused", set: `state = 'refused', settled_at = 5, plain = TRUE`, state: "waiting"},
		{name: "skipped", set: `state = 'skipped', settled_at = 5`, state: "waiting"},
		{name: "sent", set: `state = 'sent', settled_at = 5`, state: "sent", want: "retry: entry 2: it was sent"},
		{name: "withheld", set: `state = 'withheld', settled_at = 5`, state: "withheld", want: "retry: entry 2: what it tells may not be seen there any more"},
		{name: "sending", set: `state = 'sending'`, state: "sending", want: "retry: entry 2: it is being sent right now"},
		{name: "waiting", set: `due_at = 9000000000000`, state: "waiting"},
		{name: "skip waiting", skip: true, set: `due_at = 5`, state: "skipped"},
		{name: "skip sending", skip: true, set: `state = 'sending'`, state: "sending", want: "skip: entry 2: it is sending, and only what is waiting can be skipped"},
		{name: "skip sent", skip: true, set: `state = 'sent', settled_at = 5`, state: "sent", want: "skip: entry 2: it is sent, and only what is waiting can be skipped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := openNew(t)
			owePosts(t, l, "telegram:1", "1", "2", "3")
			alterIn(t, l, `UPDATE deliveries SET due_at = 9000000000000`)
			alterIn(t, l, `UPDATE deliveries SET `+c.set+` WHERE id = 2`)
			before, err := l.Entry(t.Context(), 2)
			if err != nil {
				t.Fatal(err)
			}
			if c.skip {
				err = l.Skip(t.Context(), 2, "telegram:4242")
			} else {
				err = l.Retry(t.Context(), 2)
			}
			var state *StateError
			if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && (got != c.want || !errors.As(err, &state)) {
				t.Fatalf("the error is %v, want %q", err, c.want)
			}
			after, errRead := l.Entry(t.Context(), 2)
			if errRead != nil {
				t.Fatal(errRead)
			}
			switch {
			case after.State != c.state:
				t.Errorf("it is %s, want %s", after.State, c.state)
			case err != nil && cmp.Diff(before, after) != "":
				t.Error("it was changed all the same:", cmp.Diff(before, after))
			case err == nil && c.skip && (after.Trouble != "skipped by telegram:4242" || after.Settled.IsZero()):
				t.Errorf("it does not tell who skipped it: %+v", after.Entry)
			case err == nil && !c.skip && (after.Due.After(time.Now()) || !after.Settled.IsZero() || after.Attempts+after.Doubts > 0 || after.Plain):
				t.Errorf("it does not begin anew: %+v", after.Entry)
			}
			first, err := l.Entry(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if hastened, want := first.Due.Before(time.Now()), c.name == "waiting"; hastened != want {
				t.Errorf("what waits before it is tried now: %v, want %v", hastened, want)
			}
		})
	}
}

// TestRetryRefused checks that what nobody can send now is not retried, and says why.
func TestRetryRefused(t *testing.T) {
	l := openNew(t)
	where := chat.Conversation{Platform: "telegram", ID: "1"}
	owePosts(t, l, where.String(), "1")
	for _, err := range []error{l.Retry(t.Context(), 2), l.Skip(t.Context(), 2, "x")} {
		if !errors.Is(err, ErrNoEntry) {
			t.Errorf("an entry that is not there: %v, want ErrNoEntry", err)
		}
	}
	alterIn(t, l, `UPDATE deliveries SET state = 'unconfirmed', settled_at = 5`)
	if _, err := l.Suspend(t.Context(), where, "it was kicked"); err != nil {
		t.Fatal(err)
	}
	want := "entry 1: nothing can be sent to telegram:1 until the bot is let back in: it was kicked"
	if err := l.Retry(t.Context(), 1); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("in a suspended conversation: %v, want %q", err, want)
	}
	if e, err := l.Entry(t.Context(), 1); err != nil || e.State != "unconfirmed" || e.Suspended != "it was kicked" {
		t.Errorf("the entry is %+v, %v", e.Entry, err)
	}
}

// TestRetryKeepsKey checks that what is retried is known by its key to a platform
// that was sent it before.
func TestRetryKeepsKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("discord")
		f.dedupes = time.Hour
		var answers atomic.Bool
		f.reply = func(int, post) (error, bool) {
			if answers.Load() {
				return nil, true
			}
			return &chat.Uncertain{Err: errors.New("no answer")}, true
		}
		owePosts(t, l, "discord:1", "1")
		run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}})
		time.Sleep(time.Minute)
		if e, err := l.Entry(t.Context(), 1); err != nil || e.State != "unconfirmed" || e.Doubts != 3 {
			t.Fatalf("the entry is %+v, %v, want one that is unconfirmed", e.Entry, err)
		}
		answers.Store(true)
		if err := l.Retry(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if e, err := l.Entry(t.Context(), 1); err != nil || e.State != "sent" || e.Message != "m0" {
			t.Errorf("the entry is %+v, %v, want it sent as the first message", e.Entry, err)
		}
		if n := len(f.sent()); n != 1 {
			t.Errorf("%d messages, want the one of the first send", n)
		}
	})
}

// TestSteerRaces retries and skips what a dispatcher works on, all at once: nothing is
// posted that was skipped, nothing twice, and nothing is left over.
func TestSteerRaces(t *testing.T) {
	const each = 60
	l := openNew(t)
	f := newFake("telegram")
	f.latency = 2 * time.Millisecond
	for i := range each {
		owePosts(t, l, fmt.Sprint("telegram:", i%4), fmt.Sprint("card ", i))
	}
	run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}})
	skippedBy := make([]chan bool, each+1)
	for i := range skippedBy {
		skippedBy[i] = make(chan bool, 1)
	}
	for _, id := range slices.Backward(ids(entriesOf(t, l, Search{Limit: each}))) {
		go func() {
			var state *StateError
			err := l.Skip(context.WithoutCancel(t.Context()), id, "op")
			if err != nil && !errors.As(err, &state) {
				t.Error("skipping:", err)
			}
			skippedBy[id] <- err == nil
		}()
		go func() {
			var state *StateError
			// It is sent, waiting, or being sent: never posted a second time.
			if err := l.Retry(context.WithoutCancel(t.Context()), id); err != nil && !errors.As(err, &state) {
				t.Error("retrying:", err)
			}
		}()
	}
	skips := 0
	for _, c := range skippedBy[1:] {
		if <-c {
			skips++
		}
	}
	deadline := time.After(20 * time.Second)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		open := entriesOf(t, l, Search{States: []string{"waiting", "sending"}})
		if len(open) == 0 {
			break
		}
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("%d are left over: %+v", len(open), open[0])
		}
	}
	seen := make(map[string]int)
	for _, p := range f.sent() {
		seen[p.Card.Title]++
	}
	for _, e := range entriesOf(t, l, Search{Limit: each}) {
		if n, want := seen[e.Title], 1; e.State == "sent" && n != want || e.State == "skipped" && n != 0 {
			t.Errorf("%s is %s and was posted %d times", e.Title, e.State, n)
		}
	}
	t.Logf("%d skipped, %d posted", skips, len(seen))
}

func entriesOf(t testing.TB, l *Ledger, s Search) []Entry {
	t.Helper()
	found, err := l.Entries(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestSkipLiving checks that what waits for a message goes with it: nothing is pinned
// that was never posted, and nobody is alarmed.
func TestSkipLiving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWhyPlot(t, time.Second)
		p.order("immediate", func(s *Subscription) { s.Mode = ModeEdit })
		p.sends(func(int, post) (error, bool) { return &chat.Later{After: time.Hour, Err: errors.New("busy")}, false })
		p.states([]brief.Event{event("one")})
		if err := p.ledger.Skip(t.Context(), 1, "op"); err != nil {
			t.Fatal(err)
		}
		for _, e := range entriesOf(t, p.ledger, Search{}) {
			if e.State != "skipped" || e.Trouble != "skipped by op" {
				t.Errorf("%s %d is %s: %s", e.Verb, e.ID, e.State, e.Trouble)
			}
		}
		p.sends(nil)
		p.states([]brief.Event{event("one"), event("two")})
		same(t, p.board.shows(), "1 *one; two")
	})
}

// TestRetryOfEdit checks which edits and pins can be retried.
func TestRetryOfEdit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWhyPlot(t, time.Second)
		fixed := &chat.Fixed{Err: errors.New("too old")}
		p.edits(fixed)
		p.order("immediate")
		p.states([]brief.Event{event("one")}, []brief.Event{retracted(t, "one")})
		edits := entriesOf(t, p.ledger, Search{Verbs: []string{"edit"}})
		if len(edits) != 1 || edits[0].State != "moot" {
			t.Fatalf("the edits are %+v", edits)
		}
		p.edits(nil)
		if err := p.ledger.Retry(t.Context(), edits[0].ID); err != nil {
			t.Fatal(err)
		}
		p.rest(time.Minute)
		same(t, p.board.shows(), lines("1 one (retracted)", "1 re m0: one retracted"))
		p.edits(fixed)
		p.states([]brief.Event{event("one")})
		p.edits(nil)
		p.states([]brief.Event{titledEvent("one", "Another")})
		var state *StateError
		followed := 0
		err := p.ledger.Retry(t.Context(), edits[0].ID)
		if !errors.As(err, &state) || state.State != "sent" {
			t.Errorf("an edit that was made: %v", err)
		}
		for _, e := range entriesOf(t, p.ledger, Search{Verbs: []string{"edit"}, States: []string{"moot"}}) {
			if e.Target != 1 {
				continue // the answer tells it too
			}
			followed++
			if err := p.ledger.Retry(t.Context(), e.ID); !errors.As(err, &state) || !strings.Contains(state.Why, "a later entry") {
				t.Errorf("an edit that another followed: %v", err)
			}
		}
		if followed == 0 {
			t.Error("no edit was followed by another")
		}
	})
}

// TestRetryInQuietHours checks that an operator is told what holds a message.
func TestRetryInQuietHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWhyPlot(t, time.Second)
		p.order("immediate", func(s *Subscription) { s.Quiet = quiet(t, "00:02-07:00") })
		p.sends(func(int, post) (error, bool) {
			return &chat.Later{After: 2 * time.Minute, Err: errors.New("busy")}, false
		})
		p.states([]brief.Event{event("one")})
		p.rest(5 * time.Minute)
		var state *StateError
		if err := p.ledger.Retry(t.Context(), 1); !errors.As(err, &state) || state.Why != "quiet hours hold it until 07:00 UTC" {
			t.Errorf("retrying what quiet hours hold: %v", err)
		}
	})
}

// TestSearchWhileDelivering searches a ledger that is written to.
func TestSearchWhileDelivering(t *testing.T) {
	l := openNew(t)
	for i := range 200 {
		owePosts(t, l, fmt.Sprint("telegram:", i), "card")
	}
	f := newFake("telegram")
	run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}})
	for f.calls() < 200 {
		seen := make(map[int64]bool)
		for before := int64(0); ; {
			page := entriesOf(t, l, Search{Limit: 30, Before: before})
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				if seen[e.ID] {
					t.Fatalf("entry %d is on two pages", e.ID)
				}
				seen[e.ID] = true
				before = e.ID
			}
		}
		if len(seen) != 200 {
			t.Fatalf("%d entries on all pages", len(seen))
		}
		select {
		case <-f.grew:
		case <-time.After(time.Second):
		}
	}
}

// BenchmarkEntries measures a page of the ledger with 100,000 deliveries, by what is
// looked for.
func BenchmarkEntries(b *testing.B) {
	l := openNew(b)
	fillOld(b, l, 100_000)
	alterIn(b, l, `UPDATE deliveries SET state = 'refused' WHERE id % 5000 = 0`)
	for _, c := range []struct {
		name   string
		search Search
	}{
		{"newest", Search{}},
		{"page=1000", Search{Before: 50_000}},
		{"state=sent", Search{States: []string{"sent"}}},
		{"state=refused", Search{States: []string{"refused"}}},
		{"conversation", Search{Where: chat.Conversation{Platform: "telegram", ID: "1000007"}}},
		{"story", Search{Story: "a"}},
		{"story=unknown", Search{Story: "b"}},
		{"platform=unknown", Search{Platform: "discord"}},
		{"words=conversation", Search{Words: "1000007"}},
		{"words=title", Search{Words: "old news of old3"}},
		{"words=unknown", Search{Words: "nowhere to be found"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				entriesOf(b, l, c.search)
			}
		})
	}
	b.Run("entry", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Entry(b.Context(), 50_000); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("counts", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Counts(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
