package bot

import (
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/chat"
)

// FuzzLine asks whatever line there is: it is answered by a card that can be shown,
// never by an internal error.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		"", "/", "~", "/overview", "/overview full", "/timeline full 2025 2026 Diplomacy after=accord-signed",
		"/timeline full after=accord-signed.2", "/timeline full after=.", "/timeline full after=accord-signed.-1",
		"/timeline full after=accord-signed.99999999999999999999", "/people full “Jane Doe”", "/people name=«J. Doe»",
		"/event full id=\"\\\"", "/subscribe all weekly mon 08:00 Europe/Kyiv", "/subscribe full * * * * *",
		"/unsubscribe all", "/default none", "/stories tag=trade after=minimal", "/help after=event", "/search x",
		"/overview \xff\xfe", "/overview \u202e", "/overview @everyone", "/people full J̷̢̛", "/timeline from=../2025 to=2026/..",
	} {
		f.Add(line)
	}
	stories := testStories(f)
	delete(stories, "huge") // it is walked elsewhere, and slow to fuzz
	w := newWorld(f, stories, withConfig(everyone()))
	f.Fuzz(func(t *testing.T, line string) {
		for _, who := range []string{"reader", "manager", "terminal"} {
			card := w.Host().Run(t.Context(), asker(who, line)).Card
			if strings.HasPrefix(card.Title, "Something went wrong") {
				t.Errorf("%s: %q is an internal error:\n%s", who, line, w.logged)
			}
			checkCard(t, card)
			if size := cardSize(card); size > maxCardSize {
				t.Errorf("%s: %q is answered by a card of cost %d", who, line, size)
			}
			w.Host().CompleteLine(t.Context(), asker(who, ""), line)
		}
		if reply, err := w.Ask(t.Context(), line); (err != nil) != (reply.Card.Tone == chat.Trouble) {
			t.Errorf("%q: %v", line, err)
		}
	})
}
