package digest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// onward does not wait between two transactions.
func onward() error { return nil }

// rowsOf counts the rows of tables.
func rowsOf(t testing.TB, l *Ledger, tables ...string) string {
	t.Helper()
	var words []string
	for _, table := range tables {
		n, err := scalar(t.Context(), l.read, `SELECT COUNT(*) FROM `+table)
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, fmt.Sprint(table, " ", n))
	}
	return strings.Join(words, ", ")
}

const agesLater = keepFor + 24*time.Hour

// TestPrune plays what was settled long ago and checks what is left of it, and that
// what is left still works.
func TestPrune(t *testing.T) {
	one, two := event("one"), event("two")
	tables := []string{"deliveries", "digests", "compositions", "composition_changes", "composition_cards", "cards"}
	for _, c := range []struct {
		name string
		play func(p *whyPlot)
		want string
	}{
		{"a digest, its correction and its edits", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{one}, []brief.Event{titledEvent("one", "Revised")})
		}, "deliveries 0, digests 0, compositions 0, composition_changes 0, composition_cards 0, cards 0"},
		{"a card of its own", func(p *whyPlot) {
			owePosts(p, p.ledger, "telegram:1", "an alarm")
			p.rest(time.Minute)
		}, "deliveries 0, digests 0, compositions 0, composition_changes 0, composition_cards 0, cards 0"},
		{"what is still owed", func(p *whyPlot) {
			p.order("immediate")
			p.sends(func(int, post) (error, bool) { return &chat.Gone{Err: errors.New("kicked")}, false })
			p.states([]brief.Event{one})
		}, "deliveries 1, digests 1, compositions 1, composition_changes 1, composition_cards 1, cards 1"},
		{"what an edit that is still owed is about", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{one})
			p.edits(&chat.Later{After: time.Hour})
			p.states([]brief.Event{retracted(p.T, "one")})
		}, "deliveries 2, digests 1, compositions 1, composition_changes 1, composition_cards 1, cards 2"},
		{"what a living message shows", func(p *whyPlot) {
			p.order("immediate", func(s *Subscription) { s.Mode = ModeEdit })
			p.states([]brief.Event{one}, []brief.Event{one, two})
		}, "deliveries 2, digests 2, compositions 2, composition_changes 3, composition_cards 2, cards 2"},
		{"what a subscription that is behind must not tell again", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{one})
			alterIn(p, p.ledger, `UPDATE subscriptions SET cursor_seq = 0, schedule = 'daily 08:00', next_at = 9000000000000`)
		}, "deliveries 0, digests 1, compositions 1, composition_changes 1, composition_cards 1, cards 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newWhyPlot(t, time.Second)
				c.play(p)
				full := rowsOf(t, p.ledger, tables...)
				if forgotten, err := p.ledger.prune(t.Context(), time.Now().Add(keepFor-time.Hour), onward); err != nil || forgotten.any() {
					t.Errorf("too early %+v was forgotten, %v", forgotten, err)
				}
				if got := rowsOf(t, p.ledger, tables...); got != full {
					t.Errorf("of %s there is only %s", full, got)
				}
				calls := rowsOf(t, p.ledger, "calls", "changes", "versions")
				if _, err := p.ledger.prune(t.Context(), time.Now().Add(agesLater), onward); err != nil {
					t.Fatal(err)
				}
				if got := rowsOf(t, p.ledger, tables...); got != c.want {
					t.Errorf("there is left\n%s\nof\n%s\nwant\n%s", got, full, c.want)
				}
				if got := rowsOf(t, p.ledger, "calls", "changes", "versions"); got != calls {
					t.Errorf("of %s there is left %s", calls, got)
				}
			})
		})
	}
}

// TestPruneThenEdit checks that a living message is still kept up to date, and its
// edits still tell what they told, after all around it was forgotten.
func TestPruneThenEdit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWhyPlot(t, time.Second)
		p.order("immediate", func(s *Subscription) { s.Mode = ModeEdit })
		p.states([]brief.Event{event("one")}, []brief.Event{event("one"), event("two")})
		if _, err := p.ledger.prune(t.Context(), time.Now().Add(agesLater), onward); err != nil {
			t.Fatal(err)
		}
		p.states([]brief.Event{event("one"), event("two"), event("three")})
		same(t, p.board.shows(), "1 *one; two; three")
	})
}

// TestWhyForgotten checks that of what was forgotten nothing is made up.
func TestWhyForgotten(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	record(t, p.ledger, dossier(t, "a"))
	subscribe(t, p.ledger, "telegram:1", "a", "immediate")
	record(t, p.ledger, dossier(t, "a", event("one")))
	p.until("2026-01-10 10:00")
	alterIn(t, p.ledger, `UPDATE deliveries SET state = 'sent', settled_at = planned_at`)
	p.now = p.now.Add(agesLater)
	if forgotten, err := p.ledger.prune(t.Context(), p.now, onward); err != nil || forgotten.Deliveries != 1 {
		t.Fatalf("%+v was forgotten, %v", forgotten, err)
	}
	all, _, err := p.dispatcher.Why(t.Context(), Inquiry{Where: chat.Conversation{Platform: "telegram", ID: "1"}, Limit: 5, Readable: func(string) bool { return true }})
	if err != nil || len(all) != 1 || all[0].Fate != FateForgotten {
		t.Errorf("what became of it is %+v, %v", all, err)
	}
}

// TestPruneDaily checks that forgetting is done once a day, goes on after a failure,
// and ends when it is told to.
func TestPruneDaily(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	l := p.ledger
	for i := range 3 * pruneBatch {
		owePosts(t, l, fmt.Sprint("telegram:", i%7), fmt.Sprint("card ", i))
	}
	alterIn(t, l, `UPDATE deliveries SET state = 'sent', settled_at = planned_at WHERE id % 3 > 0`)
	now := p.now.Add(agesLater)
	stopped := errors.New("stopped")
	pauses := 0
	_, err := l.pruneDaily(t.Context(), now, func() error {
		if pauses++; pauses == 2 {
			return stopped
		}
		return nil
	})
	if !errors.Is(err, stopped) {
		t.Fatalf("it ended with %v", err)
	}
	forgotten, err := l.pruneDaily(t.Context(), now, onward)
	if err != nil || forgotten.Deliveries == 0 || forgotten.Cards != 2*pruneBatch {
		t.Errorf("it went on with %+v, %v", forgotten, err)
	}
	if got, want := rowsOf(t, l, "deliveries", "cards"), fmt.Sprintf("deliveries %d, cards %d", pruneBatch, pruneBatch); got != want {
		t.Errorf("there is left %s, want %s", got, want)
	}
	alterIn(t, l, `UPDATE deliveries SET state = 'sent', settled_at = planned_at`)
	if forgotten, err = l.pruneDaily(t.Context(), now.Add(23*time.Hour), onward); err != nil || forgotten.any() {
		t.Errorf("twice in a day: %+v, %v", forgotten, err)
	}
	if forgotten, err = l.pruneDaily(t.Context(), now.Add(24*time.Hour), onward); err != nil || forgotten.Deliveries != pruneBatch {
		t.Errorf("the next day: %+v, %v", forgotten, err)
	}
	if forgotten, err = l.pruneDaily(t.Context(), now.Add(-time.Hour), onward); err != nil || forgotten.any() {
		t.Errorf("with a clock that was set back: %+v, %v", forgotten, err)
	}
}

// TestPruneAlarms checks that old troubles are forgotten unless they last.
func TestPruneAlarms(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	l := p.ledger
	for _, a := range []struct {
		key  string
		over time.Duration
	}{{"unconfirmed:telegram:1", 24 * time.Hour}, {"brief:a.yaml", 0}} {
		if _, err := l.Alarm(t.Context(), a.key, "old", a.over); err != nil {
			t.Fatal(err)
		}
	}
	p.now = p.now.Add(keepAlarms + time.Hour)
	kinds, err := l.AlarmKinds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		if err := l.ToldAlarm(t.Context(), k, "told"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Alarm(t.Context(), "unconfirmed:telegram:2", "new", 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := l.ClearAlarm(t.Context(), "unconfirmed:telegram:2"); err != nil {
		t.Fatal(err)
	}
	alterIn(t, l, `UPDATE alarm_kinds SET ended_at = 1 WHERE kind = 'unconfirmed'`)
	if forgotten, err := l.prune(t.Context(), p.now, onward); err != nil || forgotten.Alarms != 1 {
		t.Errorf("%+v was forgotten, %v", forgotten, err)
	}
	if all, err := l.Alarms(t.Context()); err != nil || len(all) != 1 || all[0].Key != "brief:a.yaml" {
		t.Errorf("there is left %+v, %v", all, err)
	}
}

// TestPruner runs a dispatcher and checks that it forgets by itself.
func TestPruner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		owePosts(t, l, "telegram:1", "old")
		old := millis(l.now().Add(-agesLater))
		alterIn(t, l, `UPDATE deliveries SET state = 'sent', planned_at = $1, settled_at = $2`, old, old)
		run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{newFake("telegram")}})
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := rowsOf(t, l, "deliveries", "cards"); got != "deliveries 0, cards 0" {
			t.Errorf("there is left %s", got)
		}
	})
}

// BenchmarkPrune measures what deliveries take while a hundred thousand old ones are
// forgotten, against what they take while nothing is.
func BenchmarkPrune(b *testing.B) {
	const old, n = 100_000, 2_000
	l := openNew(b)
	fillOld(b, l, old)
	schedule := Immediate
	record(b, l, dossier(b, "a"))
	crowd(b, l, "telegram", n, schedule)
	f := newFake("telegram")
	stop := run(b, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Millisecond})
	defer stop()
	events := []brief.Event(nil)
	deliver := func() time.Duration {
		begun, before := time.Now(), f.calls()
		events = append(events, event(fmt.Sprint("e", len(events))))
		record(b, l, dossier(b, "a", events...))
		for f.calls() < before+n {
			<-f.grew
		}
		return time.Since(begun)
	}
	deliver()
	for b.Loop() {
		idle := deliver()
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() {
			_, err := l.prune(ctx, time.Now(), func() error { return wait(ctx, prunePause) })
			done <- err
		}()
		busy := deliver()
		cancel()
		if err := <-done; err != nil && ctx.Err() == nil {
			b.Fatal(err)
		}
		b.ReportMetric(busy.Seconds()/idle.Seconds(), "busy/idle")
	}
}

// fillOld writes n deliveries that were sent long ago, each with its digest.
func fillOld(t testing.TB, l *Ledger, n int) {
	t.Helper()
	at := millis(time.Now().Add(-agesLater))
	err := l.update(context.Background(), "fill", func(tx *transaction) error {
		first, err := next(t.Context(), tx, "delivery", int64(n))
		if err != nil {
			return err
		}
		if _, err := next(t.Context(), tx, "digest", int64(n)); err != nil {
			return err
		}
		for i := range n {
			where, id := fmt.Sprint("telegram:", 1_000_000+i%5000), first+int64(i)
			composition := fmt.Sprint("old", i/1000)
			if i%1000 == 0 {
				if err := fillComposition(t.Context(), tx, composition, at); err != nil {
					return err
				}
			}
			if _, err := tx.ExecContext(t.Context(), sqlNewDigest, id, fmt.Sprint("g", i), int64(0), where, composition, int64(0), at, "", false, int64(0)); err != nil {
				return err
			}
			if _, err := tx.ExecContext(t.Context(), sqlNewDelivery, id, fmt.Sprint("d", i), id, "telegram", where, composition, at, int64(0), at, ""); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(t.Context(), `UPDATE deliveries SET state = 'sent', settled_at = planned_at, message = 'm' || id`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func fillComposition(ctx context.Context, tx *transaction, name string, at int64) error {
	if _, err := tx.ExecContext(ctx, sqlNewComposition, name, at); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, sqlNewCard, name, `{"title":"Old news of `+name+`","items":[{"id":"1","head":[{"text":"An event"}]}]}`); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, sqlCompositionCard, name, int64(0), name); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, sqlCompositionChange, name, "a/event/one", int64(1), "a", `{"story":"a","kind":"event.added","item":"one"}`)
	return err
}
