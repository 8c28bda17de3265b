package chat

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestConversationRoundTrip(t *testing.T) {
	for _, c := range []Conversation{
		{"telegram", "-1001234567890", ""},
		{"telegram", "-1001234567890", "12"},
		{"discord", "112233445566778899", ""},
		{"web", "preview", ""},
	} {
		got, err := ParseConversation(c.String())
		if err != nil || got != c {
			t.Errorf("%v became %v, %v", c, got, err)
		}
	}
}

func TestParseConversationRefuses(t *testing.T) {
	for _, s := range []string{"", "telegram", ":1", "telegram:", "telegram:/1", "telegram:1/", "telegram: 1", "tele gram:1", "a:1\n"} {
		c, err := ParseConversation(s)
		if err == nil {
			t.Errorf("%q was read as %+v", s, c)
		} else if !strings.Contains(err.Error(), "platform:id") {
			t.Errorf("%q: the error does not say what is right: %v", s, err)
		}
	}
}

func FuzzParseConversation(f *testing.F) {
	f.Add("telegram:-1/2")
	f.Add("a:b/c/d")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseConversation(s)
		if err != nil {
			return
		}
		if again, err := ParseConversation(c.String()); err != nil || again != c {
			t.Errorf("%q: %+v became %+v, %v", s, c, again, err)
		}
	})
}

// TestOutcomesUnwrap lets a caller find the outcome and what caused it, however
// deep they are.
func TestOutcomesUnwrap(t *testing.T) {
	cause := errors.New("cause")
	to := Conversation{Platform: "telegram", ID: "-100"}
	for want, outcome := range map[string]error{
		"later: cause":                  &Later{After: time.Second, Err: cause},
		"uncertain: cause":              &Uncertain{Err: cause},
		"moved to telegram:-100: cause": &MovedTo{To: to, Err: cause},
		"gone: cause":                   &Gone{Err: cause},
		"refused: cause":                &Refused{Err: cause},
	} {
		err := fmt.Errorf("sending: %w", outcome)
		if !errors.Is(err, cause) || !errors.Is(err, outcome) || outcome.Error() != want {
			t.Errorf("%v, want %s", outcome, want)
		}
	}
}
