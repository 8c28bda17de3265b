package web

import (
	"context"
	"errors"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A Ledger is the record of what was sent, is owed and could not be sent, as
// operators see it. It may be asked by many at once.
type Ledger interface {
	// Deliveries returns what a search finds, the newest first.
	Deliveries(ctx context.Context, s Search) ([]Delivery, error)
	// Tally returns how many deliveries of a platform are in which state; of all
	// platforms for the empty name.
	Tally(ctx context.Context, platform string) (map[string]int, error)
	// Delivery returns all that is known of a delivery; ErrNoDelivery if there is
	// none.
	Delivery(ctx context.Context, id int64) (Account, error)
	// Retry has a delivery sent again, and Skip has one not sent that is owed. The
	// error is ErrNoDelivery, or a *Refusal that says why that cannot be.
	Retry(ctx context.Context, id int64) error
	Skip(ctx context.Context, id int64) error
}

// ErrNoDelivery says that there is no delivery of that number.
var ErrNoDelivery = errors.New("there is no such delivery")

// A Refusal says why a delivery is neither sent again nor skipped. Why is shown to
// the operator: a sentence without its full stop.
type Refusal struct{ Why string }

// Error returns why.
func (r *Refusal) Error() string { return r.Why }

// A Search says which deliveries are wanted: those that fit every field which is
// set.
type Search struct {
	State, Verb     string
	Platform, Story string
	Where           chat.Conversation
	Words           string
	Before          int64 // the last delivery of the page before; 0: the first page
	Limit           int   // how many at most
}

// A Delivery is one in a list.
type Delivery struct {
	ID int64
	// Verb is what it does: post, reply, edit, pin or unpin. All but the first are
	// about the message of the delivery Target.
	Verb   string
	Target int64
	// State is waiting, sending, sent, unconfirmed, refused, withheld, moot or
	// skipped.
	State   string
	Where   chat.Conversation
	Place   chat.Conversation // the thread that its message is in; zero: none
	Stories []string
	Title   string
	Planned time.Time
	Due     time.Time // when it is tried next; zero: never, as things are
	Sent    time.Time // the first attempt; zero: none
	Settled time.Time // zero: not yet
	// Suspended says why nothing is sent to the conversation; empty: it is sent.
	Suspended string
	Attempts  int
	Doubts    int // sends that went unanswered
	Message   string
	Trouble   string
	Plain     bool // its text alone is sent
}

// An Account is all that is known of a delivery.
type Account struct {
	Delivery
	Card    chat.Card  // the zero card where it sends none
	URL     string     // of its message; empty: it has no address
	Changes []Change   // that it tells
	About   []Delivery // those about its message, the newest first
}

// A Change is one that a delivery tells.
type Change struct {
	brief.Change
	Commit brief.Commit // with which it came; zero where that is not known
}
