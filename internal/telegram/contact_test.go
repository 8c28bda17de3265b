package telegram_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// TestContact checks that operators can see since when updates are polled, and why they
// are not.
func TestContact(t *testing.T) {
	piped(t, func(t *testing.T, r *rig) {
		r.answersOnce("/overview")
		began, err := r.bot.Contact()
		if began.IsZero() || began.After(time.Now()) || err != nil {
			t.Fatalf("polled since %v, %v", began, err)
		}
		until := time.Now().Add(10 * time.Minute)
		r.Always("getUpdates", func(telegramtest.Call) (telegramtest.Fault, bool) {
			return telegramtest.Fault{Status: 502, HTML: true}, time.Now().Before(until)
		})
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if _, err = r.bot.Contact(); err == nil || !strings.Contains(err.Error(), "502") {
			t.Errorf("the trouble is %v", err)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if since, err := r.bot.Contact(); since.Before(until) || err != nil {
			t.Errorf("polled again since %v, %v", since, err)
		}
	})
}
