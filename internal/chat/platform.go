package chat

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// A Conversation is where messages go.
type Conversation struct {
	Platform string `json:"platform"`         // the platform's name: discord, telegram, web
	ID       string `json:"id"`               // the vendor's id of the chat or channel
	Thread   string `json:"thread,omitempty"` // a topic within it, or empty
}

// String returns the conversation as the configuration writes it:
// platform:id or platform:id/thread.
func (c Conversation) String() string {
	s := c.Platform + ":" + c.ID
	if c.Thread != "" {
		s += "/" + c.Thread
	}
	return s
}

// ParseConversation reads what [Conversation.String] writes.
func ParseConversation(s string) (Conversation, error) {
	platform, rest, ok := strings.Cut(s, ":")
	id, thread, threaded := strings.Cut(rest, "/")
	if !ok || platform == "" || id == "" || threaded && thread == "" || strings.ContainsAny(s, " \t\n") {
		return Conversation{}, fmt.Errorf("%q is not a conversation: write platform:id or platform:id/thread, for example telegram:-1001234567890", s)
	}
	return Conversation{Platform: platform, ID: id, Thread: thread}, nil
}

// A MessageID is a posted message as its platform names it; only the platform
// reads it. Where one id of the service's does not say it all, it stands first, that
// of the message with the buttons, and what else there is follows after a space.
type MessageID string

// A Platform connects the bot to one chat service.
type Platform interface {
	// Name is the first part of every Conversation on this platform.
	Name() string
	// Serve receives invocations, has host run them and answers, until ctx is
	// done. It reconnects by itself and returns an error only if it cannot
	// continue; it returns nil when ctx is done and the answers begun are given.
	// Called once.
	Serve(ctx context.Context, host Host) error
	// Send posts c to a conversation. Calls with equal keys mean the same
	// message; a platform that can deduplicate must. A key is at most 25 bytes of
	// [A-Za-z0-9_-]. The error is one of the outcomes below. Send may be called
	// before, during and after Serve, by many at once.
	Send(ctx context.Context, to Conversation, c Card, key string) (MessageID, error)
}

// A Host is what the bot offers to a platform.
type Host interface {
	// Commands are all the commands there are, for registration.
	Commands() []Command
	// Run answers one invocation. It always answers: errors become cards.
	Run(context.Context, Invocation) Reply
	// Complete offers values for the option that is being typed; inv.Call holds
	// what is given so far.
	Complete(ctx context.Context, inv Invocation, option, typed string) []Choice
	// CompleteLine offers whole lines that continue the one being typed: command
	// names first, then values of the option under the cursor, which is at the
	// end.
	CompleteLine(ctx context.Context, inv Invocation, line string) []Choice
	// Owns says whether a message was posted by Send (a digest, an alarm, a
	// greeting): a press on such a message never edits it. The id is the service's,
	// that with which a [MessageID] begins.
	Owns(ctx context.Context, where Conversation, id MessageID) (bool, error)
	// Lifecycle reports that a conversation moved, was lost, is back, or is new.
	Lifecycle(context.Context, Event) error
	// Seen says whether the platform's event was handled before, and remembers
	// it. Offset and SetOffset keep a poller's place. What is answered twice after
	// a crash is harmless: the effects of a call are idempotent by the event's id.
	Seen(ctx context.Context, platform, event string) (bool, error)
	Offset(ctx context.Context, platform string) (string, error)
	SetOffset(ctx context.Context, platform, offset string) error
	// Note returns what a platform noted under a key, empty where that is nothing or
	// its time is over; SetNote notes a value until then, in the place of an earlier
	// one, and an empty value forgets it. What a form is filled in with so far is kept
	// so, across restarts. A key begins with the platform's name; a value has at most
	// [MaxNote] bytes.
	Note(ctx context.Context, key string) (string, error)
	SetNote(ctx context.Context, key, value string, until time.Time) error
	// Alarm tells the operators of trouble that a platform cannot mend by itself,
	// once for equal keys.
	Alarm(ctx context.Context, key, message string)
}

// MaxNote is how much a platform may note under one key: a form filled in twice over,
// as JSON.
const MaxNote = 512 << 10

// An Event is something that happened to a conversation.
type Event struct {
	Kind  EventKind
	Where Conversation
	To    Conversation // of Moved
	// Reason says, for people, why a conversation was lost.
	Reason string
	// Room are the conversation's access subjects where the event tells them.
	Room []string
}

// An EventKind is what happened to a conversation.
type EventKind uint8

// The kinds of events.
const (
	Added EventKind = iota + 1 // the bot was invited for the first time
	Moved                      // the conversation has a new id
	Lost                       // the bot may not post there any more
	Back                       // the bot was let back in
)

// Pace is how fast a service lets messages be posted. A zero field is no limit.
type Pace struct {
	PerSecond float64 // over all conversations: what digests may use
	// Burst is how many may go at once to one conversation, and Each how long one
	// takes to be earned back.
	Burst int
	Each  time.Duration
	// Workers is how many sends may be in flight.
	Workers int
}

// A Pacer is a Platform that states its pace, and is heeded before a limit is
// hit.
type Pacer interface {
	Platform
	Pace(to Conversation) Pace // the over-all fields are the same for every conversation
}

// A Deduplicator is a Platform that posts a message once, however often it is
// sent with one key, for as long as it remembers the key.
type Deduplicator interface {
	Platform
	// Dedupes is how long a key is remembered at least.
	Dedupes() time.Duration
}

// A Surveyor is a Platform that can look at a conversation before it is used.
type Surveyor interface {
	Platform
	// Survey tells what the platform knows of a conversation. Its error is one of
	// the outcomes.
	Survey(ctx context.Context, where Conversation) (Survey, error)
}

// A Survey is what a platform knows of a conversation.
type Survey struct {
	Room    []string // its access subjects
	Title   string   // its name, for people
	CanPost bool
	Missing []string // the permissions that are missing, in the vendor's words
}

// An Inviter is a Platform that can be invited by following a link.
type Inviter interface {
	Platform
	Invitation() string
}

// The outcomes of a send that failed. A nil error is the outcome “sent”.
type (
	// Later asks to try again after a while: the service said so, or could not be
	// reached and nothing was written.
	Later struct {
		After time.Duration // zero: the caller's back-off
		// Everyone says that the whole platform must wait, not this conversation.
		Everyone bool
		Err      error
	}
	// Uncertain means that the request was written and no answer came: the
	// message may have been posted.
	Uncertain struct{ Err error }
	// MovedTo means that the conversation has a new id.
	MovedTo struct {
		To  Conversation
		Err error
	}
	// Gone means that the bot cannot post there until somebody lets it.
	Gone struct{ Err error }
	// Refused means that the service rejects this payload: our mistake.
	Refused struct{ Err error }
	// Fixed means that what was asked cannot be done with this message, or in this
	// conversation, however often it is tried, while the conversation can be posted
	// to: the message was deleted, is too old to be edited, stands in an archived
	// thread; there are no threads, nothing may be pinned. Send never ends so.
	Fixed struct{ Err error }
)

func (e *Later) Error() string     { return fmt.Sprintf("later: %v", e.Err) }
func (e *Uncertain) Error() string { return fmt.Sprintf("uncertain: %v", e.Err) }
func (e *MovedTo) Error() string   { return fmt.Sprintf("moved to %v: %v", e.To, e.Err) }
func (e *Gone) Error() string      { return fmt.Sprintf("gone: %v", e.Err) }
func (e *Refused) Error() string   { return fmt.Sprintf("refused: %v", e.Err) }
func (e *Fixed) Error() string     { return fmt.Sprintf("not possible: %v", e.Err) }

func (e *Later) Unwrap() error     { return e.Err }
func (e *Uncertain) Unwrap() error { return e.Err }
func (e *MovedTo) Unwrap() error   { return e.Err }
func (e *Gone) Unwrap() error      { return e.Err }
func (e *Refused) Unwrap() error   { return e.Err }
func (e *Fixed) Unwrap() error     { return e.Err }
