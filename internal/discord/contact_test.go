package discord

import (
	"strings"
	"testing"
	"time"
)

// TestContact checks that operators can see since when the gateway is connected, and
// why it is not.
func TestContact(t *testing.T) {
	play(t, func(s *stage) {
		s.slash(channelID, "overview")
		began, err := s.discord.Contact()
		if began.IsZero() || began.After(time.Now()) || err != nil {
			s.Fatalf("connected since %v, %v", began, err)
		}
		s.server.CloseGateway(4000)
		s.waitFor(time.Minute, "the connection to end", func() bool { _, err = s.discord.Contact(); return err != nil })
		if !strings.Contains(err.Error(), "4000") {
			s.Errorf("the trouble is %v", err)
		}
		s.answersAgain()
		if since, err := s.discord.Contact(); !since.After(began) || err != nil {
			s.Errorf("connected again since %v, %v", since, err)
		}
	})
}
