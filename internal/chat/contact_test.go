package chat

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestContact checks that good contact lasts from its first sign, and that trouble
// ends it.
func TestContact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Contact
		state := func(want time.Time, trouble error) {
			t.Helper()
			if since, err := c.State(); !since.Equal(want) || err != trouble {
				t.Errorf("since %v with %v, want %v with %v", since, err, want, trouble)
			}
		}
		state(time.Time{}, nil)
		begun := time.Now()
		c.Good()
		time.Sleep(time.Minute)
		c.Good()
		state(begun, nil)
		lost := errors.New("lost")
		c.Bad(lost)
		state(time.Time{}, lost)
		time.Sleep(time.Minute)
		c.Good()
		state(begun.Add(2*time.Minute), nil)
	})
	var none *Contact
	none.Good()
	none.Bad(errors.New("lost"))
	if since, err := none.State(); !since.IsZero() || err != nil {
		t.Errorf("nobody's contact is %v, %v", since, err)
	}
}
