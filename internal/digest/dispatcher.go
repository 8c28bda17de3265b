package digest

import (
	"context"
	"log/slog"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A Digest is the changes due for one subscription at one flush.
type Digest struct {
	// Sub is the order that the digest answers, as far as the cards may depend on
	// it: Stories, Schedule, Timezone and Importance. Digests that agree in all
	// this are composed once and sent to many.
	Sub Subscription
	// Changes are those to tell: filtered, merged, oldest first.
	Changes []Recorded
	// From and To are when the first and the last of Changes were recorded.
	From, To time.Time
	Zone     *time.Location
}

// DispatcherOptions are what a Dispatcher is made of. Ledger, Platforms and
// Compose are required.
type DispatcherOptions struct {
	Ledger    *Ledger
	Platforms []chat.Platform
	// Compose writes the digest's cards; none means that there is nothing to tell.
	// It depends on nothing but the digest and what was recorded, and changes
	// nothing but what it may do twice.
	Compose func(ctx context.Context, d Digest) ([]chat.Card, error)
	// Visible says whether a subscription's conversation may read a story. It is
	// asked when a digest is planned and again before each send. Nil: it may.
	Visible func(sub Subscription, story string) bool
	// Alarm tells the operators, once for equal keys. Nil: it is logged.
	Alarm func(ctx context.Context, key, message string)
	// Settle is how long briefs must be quiet before an immediate digest goes out;
	// zero: thirty seconds.
	Settle time.Duration
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: none
}

// A Dispatcher plans digests when they are due and sees every delivery to its
// outcome.
type Dispatcher struct{}

// NewDispatcher returns a dispatcher that does nothing until Run.
func NewDispatcher(o DispatcherOptions) (*Dispatcher, error) { return nil, errDeclared }

// Run plans, claims, sends and settles until ctx is done, then lets the sends in
// flight settle for at most ten seconds. Called once. It returns an error only
// if the ledger cannot be used.
func (d *Dispatcher) Run(ctx context.Context) error { return errDeclared }

// Wake has the dispatcher look at once at what is due. The ledger's own verbs do
// so by themselves.
func (d *Dispatcher) Wake() {}
