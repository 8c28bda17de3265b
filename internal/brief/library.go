package brief

import "sync/atomic"

// A Library holds the current snapshot. Readers take it without waiting for one
// another or for a reload.
type Library struct {
	current atomic.Pointer[Snapshot]
}

// NewLibrary returns a library whose current snapshot is first; nil is the empty
// one.
func NewLibrary(first *Snapshot) *Library {
	l := &Library{}
	l.Swap(first)
	return l
}

// Current returns the current snapshot, never nil. Whoever answers one question
// takes it once, so that the answer is of one piece.
func (l *Library) Current() *Snapshot { return l.current.Load() }

// Swap makes next the current snapshot and returns the one before it.
func (l *Library) Swap(next *Snapshot) (previous *Snapshot) {
	if next == nil {
		next = &Snapshot{}
	}
	return l.current.Swap(next)
}
