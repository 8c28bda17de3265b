// Package desk is what editors use at their desk, beside what readers see. It never
// reads YAML: package brief does.
//
// [Check] is what briefbot check prints: the errors that package brief finds, and warnings
// of what only an editor can judge, each a [Rule] of its own (rules.go, names.go, care.go). Every
// brief is looked at once, while it is in memory (survey.go), whether it is in a folder or
// was at a commit (origin.go), and comments take warnings back (allow.go). [CheckPast] says
// of a commit what Check says of a folder. [Fix] mends those that carry their mending, and nothing whose mending
// would make an error (mend.go).
//
// A [Patch] is a change that somebody proposes to a brief, as a mail that git am takes
// (patch.go).
//
// [New] is a brief to start from, and [ReadStory] makes one of a story page. Both are
// drafts, and [Left] says what is to be done before they can be published. A page is
// read in three steps: its lines (page.go), the sections under its headings
// (section.go), and the entries of each (entries.go, events.go); write.go writes the
// YAML, of which every text is quoted that could be taken for something else.
//
// A [Report] tells the reviewer of a change what it would cause, in Markdown of which no
// text of a brief can become a part.
package desk
