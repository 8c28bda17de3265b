package digest

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// Options are what a Ledger is opened with.
type Options struct {
	// Store is the path of a SQLite file, or “:memory:” for one that is forgotten.
	Store  string
	Logger *slog.Logger     // nil: none
	Now    func() time.Time // nil: time.Now
}

// A Ledger is the durable record of changes, subscriptions, cursors and
// deliveries. Its verbs may be called by many at once; each is one transaction.
type Ledger struct{}

var errDeclared = errors.New("digest: declared only")

// Open opens the store, brings its schema up to date, and keeps every other
// process out of it until Close. A store that is damaged, in use, or of a newer
// program is an error that names it; it is never replaced.
func Open(ctx context.Context, o Options) (*Ledger, error) { return nil, errDeclared }

// Close closes the store.
func (l *Ledger) Close() error { return nil }

// A Recorded is a change with its place in the ledger.
type Recorded struct {
	Seq int64     // rises by the order of recording, without gaps
	At  time.Time // when it was recorded
	brief.Change
}

// Record compares snap with what was recorded last, and writes down what changed
// together with the new state, all or nothing. Equal states change nothing. The
// first call of a new store announces nothing. It returns the new changes.
func (l *Ledger) Record(ctx context.Context, snap *brief.Snapshot) ([]Recorded, error) {
	return nil, errDeclared
}

// Baseline returns the dossiers in the versions last recorded, for a source's
// first load; an empty snapshot if there are none.
func (l *Ledger) Baseline(ctx context.Context) (*brief.Snapshot, error) { return nil, errDeclared }

// LastChange returns when the last change of a story after its first record was
// recorded, and whether there was one.
func (l *Ledger) LastChange(ctx context.Context, story string) (time.Time, bool, error) {
	return time.Time{}, false, errDeclared
}

// Subscribe adds s, or replaces what the conversation ordered for the same
// stories; where it is new it tells what is recorded from now on. It returns what
// is now in force. The error names an unknown zone.
func (l *Ledger) Subscribe(ctx context.Context, s Subscription) (Subscription, error) {
	return s, errDeclared
}

// Unsubscribe ends what the conversation ordered by chat for a story, AllStories
// for the order for all of them. It returns how many orders ended, and how many
// of the file's take the story and remain.
func (l *Ledger) Unsubscribe(ctx context.Context, where chat.Conversation, story string) (removed, configured int, err error) {
	return 0, 0, errDeclared
}

// Subscriptions returns the orders of a conversation, the file's first.
func (l *Ledger) Subscriptions(ctx context.Context, where chat.Conversation) ([]Subscription, error) {
	return nil, errDeclared
}

// AllSubscriptions returns every order, by conversation.
func (l *Ledger) AllSubscriptions(ctx context.Context) ([]Subscription, error) {
	return nil, errDeclared
}

// Configure makes subs all that the file orders. An order that was there before
// goes on where it was.
func (l *Ledger) Configure(ctx context.Context, subs []Subscription) error { return errDeclared }

// Move gives everything of a conversation to the one that it became. Doing it
// again changes nothing.
func (l *Ledger) Move(ctx context.Context, from, to chat.Conversation) error { return errDeclared }

// Suspend keeps everything owed to a conversation until Resume. First says that
// it was not suspended before.
func (l *Ledger) Suspend(ctx context.Context, where chat.Conversation, reason string) (first bool, err error) {
	return false, errDeclared
}

// Resume ends a suspension; what was kept is then sent.
func (l *Ledger) Resume(ctx context.Context, where chat.Conversation) error { return errDeclared }

// Default returns the conversation's default story, or the empty string.
func (l *Ledger) Default(ctx context.Context, where chat.Conversation) (string, error) {
	return "", errDeclared
}

// SetDefault sets the conversation's default story; an empty one ends it. By is
// the address of who asked.
func (l *Ledger) SetDefault(ctx context.Context, where chat.Conversation, story, by string) error {
	return errDeclared
}

// KeepCalls keeps calls under the names that [chat.Ticket] gives them.
func (l *Ledger) KeepCalls(ctx context.Context, calls ...string) error { return errDeclared }

// Call returns the call kept under a name, “~” and its ticket; chat.ErrNoCall if
// there is none.
func (l *Ledger) Call(ctx context.Context, name string) (string, error) { return "", errDeclared }

// Seen says whether a platform's event was handled before, and remembers it, for
// a week at least.
func (l *Ledger) Seen(ctx context.Context, platform, event string) (bool, error) {
	return false, errDeclared
}

// Offset returns a poller's place, the empty string if none was set.
func (l *Ledger) Offset(ctx context.Context, platform string) (string, error) {
	return "", errDeclared
}

// SetOffset keeps a poller's place.
func (l *Ledger) SetOffset(ctx context.Context, platform, offset string) error { return errDeclared }

// Post owes one card to a conversation outside a digest: an alarm, a greeting.
// For equal keys it is owed once; a key may be any text.
func (l *Ledger) Post(ctx context.Context, to chat.Conversation, c chat.Card, key string) error {
	return errDeclared
}

// Owns says whether a message was posted by a delivery.
func (l *Ledger) Owns(ctx context.Context, where chat.Conversation, id chat.MessageID) (bool, error) {
	return false, errDeclared
}

// Alarm counts a trouble under its key. First says that it is new since it was
// last cleared.
func (l *Ledger) Alarm(ctx context.Context, key, message string) (first bool, err error) {
	return false, errDeclared
}

// An AlarmState is a trouble that was not cleared.
type AlarmState struct {
	Key, Message string
	First, Last  time.Time
	Count        int
}

// Alarms returns the troubles that were not cleared, the latest first.
func (l *Ledger) Alarms(ctx context.Context) ([]AlarmState, error) { return nil, errDeclared }

// ClearAlarm forgets a trouble, so that it is new when it comes again.
func (l *Ledger) ClearAlarm(ctx context.Context, key string) error { return errDeclared }

// Status is what the ledger can say of a conversation, or of all.
type Status struct {
	Subscriptions int
	Suspended     int // conversations
	Changes       int64
	// Waiting and Sending are deliveries owed; Oldest is when the first of them
	// was planned.
	Waiting, Sending int
	Oldest           time.Time
	// Sent, Unconfirmed, Refused and Withheld are deliveries settled.
	Sent, Unconfirmed, Refused, Withheld int
	LastSent                             time.Time
	// Next is when the next scheduled digest is due.
	Next time.Time
}

// Status returns the state of a conversation; of everything for the zero one.
func (l *Ledger) Status(ctx context.Context, where chat.Conversation) (Status, error) {
	return Status{}, errDeclared
}
