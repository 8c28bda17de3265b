package digest

import "github.com/briefbot/briefbot/internal/brief"

// A Mode is how a subscription is told.
type Mode string

// The modes of a subscription.
const (
	ModePost   Mode = "post"   // each digest is a message of its own; also the zero Mode
	ModeEdit   Mode = "edit"   // one living message a story is kept up to date
	ModeThread Mode = "thread" // digests go to the story's thread
)

// A Form is what a digest's cards are to be.
type Form string

// The forms of a digest.
const (
	// News tells the changes.
	News Form = ""
	// Correction is one short card that answers the message which told the changed
	// items before: before is as it was told, after as it is now.
	Correction Form = "correction"
	// Living is the one card of a story that is kept up to date, with what changed
	// last.
	Living Form = "living"
	// Opening is the one card at the beginning of a story's thread. It tells no
	// change.
	Opening Form = "opening"
)

// A Mark is what became of an item that a posted card tells.
type Mark struct {
	// Told is the change that the card's item tells; the item's ID is its number.
	Told Recorded
	// Now is what the item underwent since it was told: before is as it was told,
	// after as it is now. It may be a removal; nil if it is again as it was told.
	Now *Recorded
	// Corrections are those published about the item since, oldest first.
	Corrections []brief.Correction
}
