package digest

import (
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// AllStories stands for every story in a Subscription.
const AllStories = "*"

// A Subscription is a conversation's standing order: which stories, how often.
//
// A conversation is told of a change once: where several of its subscriptions
// take a story, one that names the story counts before one for all, and then the
// file's before chat's.
type Subscription struct {
	ID    int64
	Where chat.Conversation
	// Stories are ids, or AllStories alone.
	Stories  []string
	Schedule Schedule
	// Timezone is an IANA name; empty is UTC.
	Timezone string
	// Importance is the least that is told; empty or Minor: everything.
	Importance brief.Importance
	// Room are the access subjects of the conversation.
	Room []string
	// Configured says that the file orders it, so that chat cannot change it.
	Configured bool
	// Suspended says why nothing is sent; empty: it is sent.
	Suspended string
	// Next is when the next digest is due; zero for an immediate one.
	Next time.Time
	// Cursor is the number of the last change that was considered.
	Cursor int64
	// Since is when it was first ordered.
	Since time.Time
}
