package telegram

import (
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// Unpaced lets messages follow each other at once, for tests by a real
// clock at a vendor without limits.
func Unpaced(t *Telegram) {
	t.gate.lanes = chat.NewLanes(1000, 1000, allKeep, time.Second)
	t.gate.gap = 0
	t.gate.shape = func(int64) (float64, time.Duration) { return 100, time.Millisecond }
}

// OpenLabel is what a link to a form says.
const OpenLabel = openLabel

// Unmute is what an answer is taken for, and Quieted what a reader is shown of a text.
func Unmute(text string) string { return unmute(text) }

func Quieted(text string) string { return quiet(chat.Plainly(text)).String() }
