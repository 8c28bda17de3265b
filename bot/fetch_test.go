package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

// A remote source is a scripted one that is elsewhere.
type remote struct {
	*scripted
	mu    sync.Mutex
	fresh brief.Freshness
}

func (r *remote) Freshness() brief.Freshness {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fresh
}

// look has the source asked, with what comes of it, and the bot read it.
func (r *remote) look(w *world, f brief.Freshness) {
	r.mu.Lock()
	r.fresh = f
	r.mu.Unlock()
	w.pass(2 * time.Hour) // whatever time a card waits until it is brought up to date
	w.reload(w.t.Context())
	w.tellAlarms(w.t.Context())
}

// fetchAlarms returns what is kept of alarms, and the card of the last.
func fetchAlarms(w *world) (kept, card string) {
	w.t.Helper()
	all, err := w.ledger.Alarms(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range all {
		kept += a.Key + ": " + a.Message + "\n"
	}
	if posted := w.alarmsPosted(); len(posted) > 0 {
		card = fmt.Sprint(len(posted), ": ", posted[len(posted)-1].Plain())
	}
	return kept, card
}

// TestFetchAlarms has fetching fail, for one reason after the other, and work again:
// the operators are told when somebody should see to it, of the newest reason on the
// same card, and that it is over.
func TestFetchAlarms(t *testing.T) {
	source := &remote{scripted: newScripted(map[string]string{"bridge": bridge})}
	w := newWorld(t, nil, withSource(source), withConfig(Config{Alarms: alarmRooms}))
	failing := func(n int, lasting bool, why error) brief.Freshness {
		return brief.Freshness{Failing: w.now(), Failures: n, Lasting: lasting, Err: why}
	}
	away := errors.New("the host does not answer")
	for _, step := range []struct {
		name       string
		look       brief.Freshness
		kept, card string // a part of what is kept and of the last card
	}{
		{"once", failing(1, false, away), "", ""},
		{"twice", failing(2, false, away), "", ""},
		{"and well", brief.Freshness{Fetched: w.now()}, "", ""},
		{"three times", failing(3, true, away), "the host does not answer", "1: Alarm"},
		{"for another reason", failing(4, true, errors.New("the host answers 401")), "the host answers 401", "401"},
		{"for days", failing(900, true, errors.New("the host answers 404")), "the host answers 404", "404"},
		{"and well again", brief.Freshness{Fetched: w.now()}, "", "This is over: news of the briefs that could not be fetched."},
		{"at once", failing(1, true, errors.New("no branch main")), "no branch main", "2: Alarm"},
		{"over", brief.Freshness{Fetched: w.now()}, "", "over"},
	} {
		source.look(w, step.look)
		kept, card := fetchAlarms(w)
		if (kept == "") != (step.kept == "") || !strings.Contains(kept, step.kept) {
			t.Errorf("%s: what is kept is %q, want %q", step.name, kept, step.kept)
		}
		if (card == "") != (step.card == "") || !strings.Contains(card, step.card) {
			t.Errorf("%s: the cards are %q, want %q", step.name, card, step.card)
		}
		if err := w.Ready(t.Context()); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	for _, part := range []string{"the host does not answer", "the host answers 401", "the host answers 404"} {
		if n := strings.Count(w.logged.String(), part); n != 1 {
			t.Errorf("the log says %q %d times:\n%s", part, n, w.logged.String())
		}
	}
}

// TestFetchAlarmsGoOn keeps an alarm of fetching as long as it fails, however long nobody
// asks, and clears it after a restart too.
func TestFetchAlarmsGoOn(t *testing.T) {
	source := &remote{scripted: newScripted(map[string]string{"bridge": bridge})}
	w := newWorld(t, nil, withSource(source), withConfig(Config{Alarms: alarmRooms}))
	source.look(w, brief.Freshness{Failures: 1, Lasting: true, Err: errors.New("the host answers 403")})
	w.pass(72 * time.Hour)
	w.tellAlarms(t.Context())
	if kept, card := fetchAlarms(w); !strings.Contains(kept, "403") || !strings.HasPrefix(card, "1: Alarm\n") {
		t.Errorf("after three days %q is kept, and the card is %q", kept, card)
	}
	source.fresh = brief.Freshness{Failures: 1, Err: errors.New("timeout")}
	w.options.Source = source
	if _, err := New(context.Background(), w.options); err != nil {
		t.Fatal(err)
	}
	if kept, _ := fetchAlarms(w); !strings.Contains(kept, "403") {
		t.Errorf("a start without news clears the alarm: %q", kept)
	}
	source.fresh = brief.Freshness{Fetched: w.now()}
	if _, err := New(context.Background(), w.options); err != nil {
		t.Fatal(err)
	}
	if kept, _ := fetchAlarms(w); kept != "" {
		t.Errorf("a start with news keeps %q", kept)
	}
}

// TestFetchAtStart starts without a copy while the host is away: what was recorded is
// served, the bot is not ready, and the operators are told at the third failure.
func TestFetchAtStart(t *testing.T) {
	source := &remote{scripted: newScripted(map[string]string{"bridge": bridge})}
	w := newWorld(t, nil, withSource(source), withConfig(Config{Alarms: alarmRooms}))
	away := errors.New("the host does not answer")
	source.set(nil, fmt.Errorf("fetching: %w", away))
	for n := 1; n <= 3; n++ {
		source.look(w, brief.Freshness{Failures: n, Lasting: n == 3, Err: away})
		kept, _ := fetchAlarms(w)
		if told := strings.HasPrefix(kept, "source: "); told != (n == 3) || strings.Contains(kept, "fetch: ") {
			t.Errorf("after %d failures %q is kept", n, kept)
		}
		if err := w.Ready(t.Context()); err == nil {
			t.Errorf("after %d failures it is ready", n)
		}
	}
}
