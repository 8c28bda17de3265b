// Package brief hides how stories are written and compared: the YAML of a brief,
// its dates, what is wrong with it and where, which version of a dossier counts,
// who may read it, and what differs between two versions.
//
// # From a file to a dossier
//
// [Decode] reads one brief, a YAML file, in one walk over its nodes. The struct
// tags of [Dossier] and what it is made of say both what keys there are and what
// each may hold (see rule), so that the walk, the messages and the [Schema] for
// editors cannot disagree. What the walk cannot judge, because it may stand further
// down, is kept and judged at the end: ids that are referred to, and citations in
// prose.
//
// Every [Problem] has a place, and a file is told all of its problems at once. An
// error holds back the brief it is in, so there is no half a dossier: Decode returns
// a whole one or none. [Check] does the same for files and folders, for people
// rather than for the bot. A draft may lack what is required; it is left out of
// every snapshot, in which a story stays as it was before its brief became one.
//
// A [Text] is a brief as it is written, with where everything stands in it: what changes
// a brief, as [Text.Set] and [Format] do, changes its bytes and nothing else.
//
// A [Date] is EDTF level 1 or a time. It keeps what was written, orders by the first
// instant that may be meant, and has [Date.Words] at the precision it has. [ReadDate]
// and [TimeWords] find dates in English prose, for editors who take one over.
//
// # From dossiers to readers
//
// A [Source] loads a [Snapshot], the dossiers of one revision, each in its newest
// valid version; [Dir] is the source that watches a folder, and [Git] the one that
// follows a branch of a repository. A [Past] is a folder as it was at a revision: of the
// repository that it is in, or of one elsewhere. A [Library] holds the current
// snapshot and swaps it whole.
//
// A [Reader] is a snapshot seen with what one asker may see, made by a [Policy]. It
// is the only way to read dossiers for somebody: what it does not show does not
// exist, neither by id nor by name, search or relation. Every dossier is made ready
// to be looked for when it is loaded, so that completion is quick among thousands.
//
// # From two snapshots to changes
//
// [Diff] compares dossiers item by item, by id, and returns each [Change] that a
// reader would care about, with before and after as JSON. Order, layout and quoting
// are none, since they are gone once a brief is decoded. [Merge] makes several edits
// of one item into one change, or into none.
//
// # What lives as long as what
//
// Dossiers and snapshots never change once they are made, and everything above may
// be used by many goroutines at once. A snapshot shares the dossiers of unchanged
// files with the snapshot before it.
package brief
