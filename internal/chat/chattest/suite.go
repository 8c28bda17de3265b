package chattest

import (
	"testing"

	"github.com/briefbot/briefbot/internal/chat"
)

// A Harness connects a platform to its vendor's stand-in and acts for the people
// there. A method that cannot do what it is asked fails the test.
type Harness interface {
	// Platform is the platform under test. It is not serving yet; the suite calls
	// Serve where it is needed.
	Platform() chat.Platform
	// Places are where the asker may ask: a private chat, a room, a topic. At least
	// one.
	Places() []Place
	// Say has the asker type a line such as “/echo one two” there, or fill in the
	// slash command that it means.
	Say(where chat.Conversation, line string)
	// Press has the asker press the button with this label under a message. A
	// button that leads into a chat with the bot is followed to there.
	Press(where chat.Conversation, m Message, label string)
	// Messages are the bot's messages that the asker can read in a conversation, as
	// they now stand, oldest first; those only the asker can see, too.
	Messages(where chat.Conversation) []Message
	// Await waits until cond holds, asking again whenever something happened at the
	// vendor, and fails the test after a while. Cond may call the harness.
	Await(what string, cond func() bool)
	// Fail makes the next post to a conversation come to an outcome, and reports
	// whether the vendor can do that at all.
	Fail(where chat.Conversation, o Outcome) bool
	// Refused are the requests that the vendor refused, for people, but for those
	// that Fail asked for.
	Refused() []string
	// Secrets are what must appear in no log and no error. Log is everything logged
	// so far.
	Secrets() []string
	Log() string
	// Deduplicates says that the vendor posts a message with the same key once.
	Deduplicates() bool
}

// A Place is a conversation with what the platform should say of a question from
// there.
type Place struct {
	Where       chat.Conversation
	Room, Asker []string // as of [chat.Invocation]; the order counts for Asker's first only
	Private     bool
	Direct      bool
}

// A Message is a message as its readers see it.
type Message struct {
	ID string // the harness's own
	// Text is all that can be read, in order, without the vendor's markup, its
	// escapes and invisible characters.
	Text    string
	Buttons []string // labels
	Private bool     // only the asker sees it
	Edited  bool
	// Pings says that it notified somebody by a mention.
	Pings bool
}

// An Outcome is what the vendor makes of a post.
type Outcome string

// The outcomes of a post that fails, as of package chat.
const (
	Later     Outcome = "later"     // with a delay of its own
	Uncertain Outcome = "uncertain" // the connection is lost after the post was written
	MovedTo   Outcome = "moved"
	Gone      Outcome = "gone"
	Refused   Outcome = "refused"
)

// Suite holds a platform to the contract of package chat. Each part gets a harness of
// its own, which lives as long as the part's test.
func Suite(t *testing.T, harness func(t *testing.T) Harness) {
	for _, part := range []struct {
		name string
		run  func(*suite)
	}{
		{"say", (*suite).say},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(&suite{T: t, Harness: harness(t)}) })
	}
}

// A suite is one part's test.
type suite struct {
	*testing.T
	Harness
}

func (s *suite) say() {}
