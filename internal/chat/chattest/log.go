package chattest

import (
	"strings"
	"sync"
)

// A Log keeps what is written to it, by many at once; the zero value is empty. It
// is read while the platform under test still writes.
type Log struct {
	mu sync.Mutex
	b  strings.Builder
}

// Write implements [io.Writer]; it never fails.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns all that was written so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
