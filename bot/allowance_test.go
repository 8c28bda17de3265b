package bot

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// Whoever asks chooses what stands in the buttons of the answer, and what is kept for
// a button is kept for good.
func TestKeptCallsAreBounded(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge})
	kept := func(name, kind string) bool {
		t.Helper()
		reply := w.ask(name, "/timeline bridge kind="+kind)
		if !strings.Contains(reply.Call, kind) {
			t.Fatalf("the call of the answer is %q", reply.Call)
		}
		_, err := w.ledger.Call(t.Context(), "~"+chat.Ticket(reply.Call))
		if err != nil && !errors.Is(err, chat.ErrNoCall) {
			t.Fatal(err)
		}
		return err == nil
	}
	word := func(n int) string { return fmt.Sprintf("%s-%d", strings.Repeat("x", chat.MaxData), n) }
	if !kept("reader", word(1)) {
		t.Error("an ordinary call is not kept")
	}
	if kept("reader", strings.Repeat("x", maxKeptCall)) {
		t.Error("a call of any length is kept")
	}
	w.allowed.used["fake:7"] = keptCallsDay - 1
	if !kept("reader", word(2)) || kept("reader", word(3)) || kept("reader", word(4)) {
		t.Error("the day's last call is not the last that is kept")
	}
	if got := strings.Count(w.logged.String(), "more buttons in a day"); got != 1 {
		t.Errorf("the log says so %d times", got)
	}
	if !kept("operator", word(5)) {
		t.Error("nothing is kept for somebody else")
	}
	w.mu.Lock()
	w.clock = w.clock.Add(24 * time.Hour)
	w.mu.Unlock()
	if !kept("reader", word(6)) {
		t.Error("nothing is kept on the next day")
	}
}
