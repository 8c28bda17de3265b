package chat

import (
	"sync"
	"time"
)

// A Reporter is a Platform that knows whether it hears from its service.
type Reporter interface {
	Platform
	// Contact says since when the service is heard from, or why it is not. Both are
	// zero before the first try. It may be called whenever Send may.
	Contact() (since time.Time, trouble error)
}

// A Contact remembers whether a service is heard from. The zero value does not know;
// a nil one forgets what it is told. Its methods may be called by many at once.
type Contact struct {
	mu      sync.Mutex
	since   time.Time
	trouble error
}

// Good notes that the service was heard from.
func (c *Contact) Good() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		c.since = time.Now()
	}
	c.trouble = nil
}

// Bad notes why the service was not heard from. The error's text is for operators.
func (c *Contact) Bad(why error) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since, c.trouble = time.Time{}, why
}

// State says since when the service is heard from, or why it is not.
func (c *Contact) State() (since time.Time, trouble error) {
	if c == nil {
		return time.Time{}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.since, c.trouble
}
