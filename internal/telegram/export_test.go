package telegram

import "time"

// Unpaced lets messages to one chat follow each other at once, for tests by a real
// clock at a vendor without limits.
func Unpaced(t *Telegram) {
	t.gate.shape = func(int64) (float64, time.Duration) { return 100, time.Millisecond }
}
