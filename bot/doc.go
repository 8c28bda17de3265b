// Package bot is the product: what can be asked about the stories and what is said,
// in answers and in digests. Everything it stands on hides one thing. This is the
// tour of all the code, from the ground up; each package goes on where it ends.
//
// # Spelling
//
// Package spelling knows nothing but words: how they are compared when somebody
// typed them, without case and accents, and which one a slip of the fingers meant.
// Stories, commands, keys of a brief and names of settings are all found by it.
//
// # Repositories
//
// Package mirror knows git and no brief: it keeps a bare copy of one branch of a
// repository, over http, ssh or in place, and says where that stands. Secrets and
// redirects end in it.
//
// # Stories
//
// A brief is a YAML file. Package brief reads it into a [brief.Dossier], with every
// problem at its line and column, and keeps the last good version of a file that
// broke. All dossiers of one state of the files are a [brief.Snapshot], which never
// changes; a [brief.Source] makes one from what a folder or a repository holds, and the
// [brief.Library] holds the current one, so that a reload is one swap of a pointer.
// What differs between two snapshots in a reader's eyes is a list of
// [brief.Change].
//
// Nobody reads a snapshot itself. A [brief.Policy] and the access subjects of
// somebody make a [brief.Reader], and what the asker may not see does not exist for
// it. This is the only place where audiences are enforced: the handlers here know
// of none.
//
// A [brief.Text] is a brief as it is written. Whoever changes one (briefbot fmt, check
// --fix, a suggestion) changes its bytes where that is meant, and nothing else.
//
// # The desk
//
// Package desk is what editors use before anything is said: what only an editor can
// judge of a brief, drafts and how they begin, the patch of a suggestion, the report of
// a proposed change.
//
// # Chat
//
// Package chat knows no story and no vendor. A [chat.Card] is a message as its
// author means it: text in spans, never markup. A [chat.Command] is declared once,
// as data; a [chat.Set] of them reads a typed line or a button's data, binds the
// arguments, checks access and turns an error into a card. A [chat.Platform]
// connects all this to a service, and learns from a [chat.Host] what the bot offers.
// A command that needs more than options answers with a [chat.Form], and is run again
// with what was filled in.
//
// Package prose turns the small Markdown of the briefs into spans, so that nothing
// above it meets markup, and nothing below it has to trust any.
//
// # Services
//
// Packages discord and telegram are a platform each. Each hides its vendor: how
// questions arrive and are acknowledged, what a card looks like there and what of it
// fits, how fast messages may be posted, and which of the outcomes of a send an
// error means. None imports the other, and none knows a story.
//
// Package web is the third platform, and the pages of the stories that anyone may
// read. Its preview never renders a card: it shows the very requests that the other
// two would post, as their clients would show them.
//
// Beside each vendor's package stands one that plays the vendor, discordtest and
// telegramtest: a strict server in the process that refuses what the vendor refuses,
// counts what the vendor counts and fails when told to. Package chattest holds any
// platform to the contract of chat against such a stand-in, and has a platform of
// its own that posts nowhere, for the tests of this package.
//
// # What is owed
//
// Package digest makes sure that nothing is lost and little is repeated. Its
// [digest.Ledger] records changes together with the state they lead to, keeps the
// subscriptions and their cursors, and knows of every message that is owed what
// became of it. Its [digest.Dispatcher] plans digests when they are due and sends
// them, each written down before it goes out and again when its outcome is known.
//
// # Answers
//
// An answer begins in commands.go, the table of what can be asked; complete.go
// offers what may be typed. In question.go an invocation becomes a question: with a
// reader for its asker, at one instant. Each section of a dossier has its handler,
// which makes a card of what the section says: overview.go, timeline.go, event.go,
// people.go, and sections.go for those that are plain lists. What stands around
// every answer about a story (its title, how old it is, the buttons to its sections)
// is in frame.go; how long sections come in pages that lose nothing, and go on after
// an item rather than a number, is in page.go; stories.go lists stories and asks
// which one is meant. What a conversation can order is in subscribe.go,
// subscriptions.go and default.go, and why.go tells what became of it; help.go and
// status.go tell of the bot itself, operators.go of what only they may know.
// What a reader would correct is asked in suggest.go, put into the brief as it is
// written by propose.go, which has package desk make a patch of it, and shown to the
// operators by suggestions.go. Errors come back to errors.go, which decides what a
// reader may be told of them, and words.go has the turns of phrase that all share.
//
// # Digests
//
// digest.go lays the changes of a digest out on cards, news.go words each kind of
// change, and rewrite.go tells how a text changed, by its sentences. living.go words
// the message of a story that is kept up to date, and what opens a story's thread.
// What turned out wrong is worded in reword.go: correct.go makes of it the short
// answer to the message that told it, and revise.go marks it on that message's card,
// always the one with which it was posted. All are functions of their arguments alone,
// so that sample.go can show beforehand what a subscription will look like, and
// proposal.go what a proposed change of the briefs would cause. Where the
// configuration wants it, editors.go notes on the cards who edited what they tell.
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
//	the prober              whether suspended conversations can be posted to again
//	the crier               when posted alarms are brought up to date, and suggestions told
//	the dispatcher          what is due, and every delivery
//
// They end in this order: the receivers and the reload loop stop, answers begun are
// given, sends in flight settle, and whoever opened the ledger closes it. What a
// platform may ask of the bot is in host.go, trouble for the operators in alarm.go and
// the cards that tell of it in cry.go, and how the rooms of configured subscriptions
// are found in rooms.go. What becomes of a conversation that is lost or moves is in
// suspend.go and probe.go. Command briefbot, in cmd, makes the parts from flags,
// environment and file, and hands them to New.
//
// # How a question is answered
//
// Somebody types /timeline us-nss-2025 in Telegram. The poller takes the update and
// gives it to the lane of its chat, which makes an invocation of it: the line, the
// conversation, and the access subjects of both. [chat.Host.Run] leads to the set,
// which parses the line, finds the command, fills in the default story where none is
// named, and checks who asks. The handler reads one snapshot through the asker's
// eyes and composes a card; its buttons are calls in the form in which they would be
// typed. The adapter lays the card out as text with entities, cuts it to what fits,
// and posts it. A press is the same line again, read by the same parser; only the
// answer takes the place of the message, unless others were sent that message too.
//
// On Discord the same handler runs: the options come by name, the answer is deferred
// if it is slow, and only the asker sees it, with a button to share it.
//
// Where the answer is a form, Discord opens a modal, the preview has it in the page, and
// Telegram asks one question after the other in the private chat, noting every answer in
// the ledger. What is sent becomes an invocation of the same call; the set asks the
// handler once more what it wants filled in before it believes any of it.
//
// # How a change is told
//
// Somebody saves a brief. The watcher notices, waits until the file is at rest, and
// wakes the reload loop, which loads: a file that did not change is not read into a
// dossier again, and one that broke is served as it was. The library swaps, and
// readers see the new event at once. [digest.Ledger.Record] compares the snapshot
// with what was recorded last, in one transaction that writes down both the changes
// and the new state, so that no change is recorded twice or lost, wherever the
// process dies.
//
// When a subscription is due, the dispatcher plans it: the changes after its cursor,
// those that it asks for and may see, several of one item merged into one. The words
// come from digest.go; equal digests are composed once. A delivery under a key of
// its own is written down and the cursor advances, together. A delivery is then
// claimed, in a transaction of its own, before [chat.Platform.Send] is called, and
// settled by what that returns: sent, later, uncertain, moved, gone or refused. What
// a dead process left claimed is uncertain, since it may have been posted; it is
// sent again with its key, by which Discord gives back the first message.
//
// # How a correction is told
//
// An event of that digest is revised, retracted or taken out, or a correction about it
// is published. Once the briefs are quiet, whatever hour it is, the planner finds who
// was told of it and has the card of that digest marked once, by revise.go: what was
// wrong with what is right, or struck through. Every message that shows another card
// is owed an edit, which waits for no digest and holds none up. When all is again as
// it was told, the message shows again what was posted. What was revised or
// retracted is told besides, when the subscription is due: as a short answer to the
// one message that told it, or in the digest where many are concerned. What is taken
// out is not told, nor that it is back.
package bot
