package brief

import "context"

// A Source is where snapshots come from.
type Source interface {
	// Load returns the snapshot of what the source holds now. What did not
	// change since previous is taken from it, and a file in error is served in the
	// version that previous has; previous may be nil, or come from the ledger's
	// baseline. An error means that the source could not be read at all: the
	// current snapshot then stays. Problems of single files are in the snapshot.
	Load(ctx context.Context, previous *Snapshot) (*Snapshot, error)
	// Watch calls changed whenever Load may have something new, once for a burst
	// of changes, until ctx is done; then it returns nil. It calls from its own
	// goroutine and does not notice what happens during the call until after it.
	Watch(ctx context.Context, changed func()) error
}
