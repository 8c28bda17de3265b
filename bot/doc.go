// Package bot is the product: what can be asked about the stories and what is said,
// in answers and in digests. Everything it stands on hides one thing; this is the
// tour of them, from the ground up.
//
// # Stories
//
// A brief is a YAML file. Package brief reads it into a [brief.Dossier], with every
// problem at its line and column, and keeps the last good version of a file that
// broke. All dossiers of one state of the files are a [brief.Snapshot], which never
// changes; a [brief.Source] makes one from what a folder holds, and the
// [brief.Library] holds the current one, so that a reload is one swap of a pointer.
// What differs between two snapshots in a reader's eyes is a list of
// [brief.Change].
//
// Nobody reads a snapshot itself. A [brief.Policy] and the access subjects of
// somebody make a [brief.Reader], and what the asker may not see does not exist for
// it. This is the only place where audiences are enforced: the handlers here know
// of none.
//
// # Chat
//
// Package chat knows no story and no vendor. A [chat.Card] is a message as its
// author means it: text in spans, never markup. A [chat.Command] is declared once,
// as data; a [chat.Set] of them reads a typed line or a button's data, binds the
// arguments, checks access and turns an error into a card. A [chat.Platform]
// connects all this to a service: packages discord, telegram and web each are one.
// Package prose turns the small Markdown of the briefs into spans.
//
// # What is owed
//
// Package digest makes sure that nothing is lost and little is repeated. Its
// [digest.Ledger] records changes together with the state they lead to, keeps the
// subscriptions and their cursors, and knows of every message that is owed what
// became of it. Its [digest.Dispatcher] plans digests when they are due and sends
// them.
//
// # Answers
//
// An answer begins in commands.go, the table of what can be asked. In question.go
// an invocation becomes a question: with a reader for its asker, at one instant.
// Each section of a dossier has its handler, which makes a card of what the section
// says: overview.go, timeline.go, event.go, people.go, and sections.go for those
// that are plain lists. What stands around every answer about a story (its title,
// how old it is, the buttons to its sections) is in frame.go; how long sections
// come in pages that lose nothing, and go on after an item rather than a number, is
// in page.go; stories.go lists stories and asks which one is meant. What a
// conversation can order is in subscribe.go and standing.go. Errors come back to
// errors.go, which decides what a reader may be told of them.
//
// # Digests
//
// digest.go lays the changes of a digest out on cards, news.go words each kind of
// change, and rewrite.go tells how a text changed, by its sentences. All three are
// functions of their arguments alone.
//
// # One process
//
// bot.go joins the parts. New does all that can fail; Run starts every goroutine
// that this package has, each named where it is started with the state it owns:
//
//	a receiver a platform   its connection, and the answers being given there
//	the undertaker          which platforms ended for good
//	the watcher             the source's notifications
//	the reload loop         the library, and what is recorded (follow.go)
//	the dispatcher          what is due, and every delivery
//
// They end in this order: the receivers and the reload loop stop, answers begun are
// given, sends in flight settle, and whoever opened the ledger closes it. What a
// platform may ask of the bot is in host.go, trouble for the operators in alarm.go,
// and how the rooms of configured subscriptions are found in rooms.go.
package bot
