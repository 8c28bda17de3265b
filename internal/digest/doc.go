// Package digest hides how nothing is lost and little is repeated: the durable
// record of changes, who is to be told of them and when, and what became of every
// message that is owed.
//
// The [Ledger] is that record, the [Dispatcher] what works it off. Every effect
// outside is written down before it is attempted and again when its outcome is
// known, so that a process killed at any moment goes on where it was.
//
// # The ledger
//
// sqlite.go opens the store, migrate.go brings it up to date, prepared.go prepares
// each statement once, and ledger.go is the transaction that every verb is. record.go
// compares a snapshot with the baseline and writes down both the changes and the new
// baseline, which baseline.go gives back. subscription.go keeps the standing orders,
// schedule.go says when they are due, and conversation.go moves and suspends what
// they are for. delivery.go is a card owed to a conversation, and verb.go what is to
// be done with a message that was posted; keep.go has what else must outlive a
// process, alarm.go what trouble there is, suggestion.go what readers would correct, prune.go forgets what was settled long ago,
// and status.go tells of all of it.
//
// browse.go finds deliveries for operators, traffic.go counts what waits, retry.go has
// one sent again or not at all, and why.go says what became of each change in a
// conversation, with untold.go for those that no delivery tells.
//
// # The dispatcher
//
// dispatcher.go is the loop: it plans what is due and gives every delivery a job.
// plan.go finds the subscriptions, hold.go leaves those alone for which quiet.go says
// that it is quiet, sift.go finds the changes that each is told, answer.go which
// of them correct what a message told before, and planned.go writes the digest, its
// deliveries and the new cursor in one transaction. amend.go has what was posted show
// what became of it. queue.go has River run the jobs, and crew.go has it rest while
// there are none. engine.go sees each delivery through claim, send and settle, in the
// order of its conversation, by the pace in pace.go; outcome.go decides what becomes of
// it, thread.go in which thread it is posted, living.go which message is kept up to
// date, withhold.go takes back what may not be seen any more, and journal.go writes what
// many of them have to write in few transactions.
package digest
