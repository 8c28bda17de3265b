// Package mirror hides how a git repository that is elsewhere is read: its address,
// how one proves to its host who one is, and the copy of one branch that is kept on
// this machine.
//
// An [Address] says what to read: where the repository is, which branch of it, and
// which folder the reader of the mirror is interested in. A [Mirror] fetches that
// branch, over https or ssh, into a bare repository of its own; a repository on this
// machine is opened where it is and never written to. What was fetched last is there
// again after a restart, without the host.
//
// [Mirror.Reach] is for a command that compares what the repository has been: it finds
// branches, tags and commits, and fetches those to a copy that serves nothing else.
//
// # What is trusted
//
// Nothing that a repository holds is ever run: no git program is started, and there is
// no work tree, so there are no hooks and no filters. A token goes to the host of the
// address alone, as redirects to another one are refused, and the key of an ssh host
// has to be known beforehand. No error, no log line and no address as it is shown has
// a password or a token in it.
//
// # The copy
//
// The first fetch takes the newest commit alone. Later ones take what was added since,
// so the history grows with what the mirror saw; a fetch that does not lead to a whole
// state, as after a branch was set back, begins again with the newest commit alone. So
// does one that finds the copy damaged, or grown beyond what it is worth. A copy takes
// the place of the one before it when it is whole, and never earlier.
package mirror
