package digest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// TestCrewRests sends the crew home when there is nothing to do, has it back at once for
// news, and has it stay as long as something waits at a platform.
func TestCrewRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newBoard("telegram")
		f.reply = func(int, post) (error, bool) {
			time.Sleep(50 * time.Second)
			return nil, true
		}
		record(t, l, dossier(t, "a"))
		subscribe(t, l, "telegram:1", "a", "immediate")
		d, err := NewDispatcher(DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Compose: opening, Settle: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer runs(t, d)()
		home := func(want bool) {
			t.Helper()
			synctest.Wait()
			if d.crew.home.Load() != want {
				t.Errorf("%v: the crew is home: %v", time.Now(), d.crew.home.Load())
			}
		}
		time.Sleep(5 * time.Second)
		home(false)
		for _, id := range []string{"e0", "e1"} {
			time.Sleep(2 * time.Minute)
			home(true)
			began := time.Now()
			record(t, l, dossier(t, "a", event(id)))
			time.Sleep(45 * time.Second)
			home(false)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			sent := f.sent()
			if last := sent[len(sent)-1]; last.Card.Title != "a event.added "+id || last.At.Sub(began) > 2*time.Second {
				t.Errorf("told %q after %v", last.Card.Title, last.At.Sub(began))
			}
		}
	})
}
