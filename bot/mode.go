package bot

import (
	"fmt"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// modes are the ways of posting that the contract names.
func modes() []chat.Choice {
	return choices(string(digest.ModePost), string(digest.ModeEdit), string(digest.ModeThread))
}

// able returns why a platform cannot post in a mode, empty if it can. Of a platform
// that is off nothing is known, and nothing is posted there.
func able(p chat.Platform, mode digest.Mode) string {
	if p == nil {
		return ""
	}
	switch mode {
	case digest.ModeEdit:
		if _, ok := p.(chat.Editor); !ok {
			return "messages cannot be edited there"
		}
	case digest.ModeThread:
		if _, ok := p.(chat.Threader); !ok {
			return "there are no threads"
		}
	}
	return ""
}

// checkModes refuses a configuration that orders what a platform cannot do.
func (b *Bot) checkModes(c Config) error {
	for _, s := range c.Subscriptions {
		if why := able(b.platform(s.Where.Platform), s.Mode); why != "" {
			return fmt.Errorf("reading subscriptions: the order for %v cannot have the mode %s: %s; write mode: post, or leave it out", s.Where, s.Mode, why)
		}
	}
	return nil
}

// modeWords say how digests are posted where that is not as messages of their own.
func modeWords(m digest.Mode) string {
	switch m {
	case digest.ModeEdit:
		return ", in one message a story that is kept up to date"
	case digest.ModeThread:
		return ", in a thread for each story"
	}
	return ""
}
