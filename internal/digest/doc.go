// Package digest hides how nothing is lost and little is repeated: the durable
// record of changes, who is to be told of them and when, and what became of every
// message that is owed.
//
// The [Ledger] is that record, the [Dispatcher] what works it off. Every effect
// outside is written down before it is attempted and again when its outcome is
// known, so that a process killed at any moment goes on where it was.
package digest
