package chat

import "context"

// A Command is one thing that can be asked, declared once and projected to every
// platform.
type Command struct {
	// Name is [a-z0-9_]{1,32} and Summary at most 100 code points: what every
	// service accepts.
	Name, Summary string
	Access        Access
	Options       []Option // in the order in which they are typed
	// Changes says that running the command changes something kept: such a
	// command is refused where nothing may be stored.
	Changes bool
	// Run answers one invocation whose arguments were bound and whose access was
	// checked. Whoever receives an error calls it no second time.
	Run func(context.Context, *Invocation) (Reply, error)
}

// Access is what a command asks of the one who calls it.
type Access uint8

// The levels of access, each including those before it.
const (
	Anyone   Access = iota
	Manager         // of the conversation
	Operator        // of the bot
)

// Kind is what an option's value means, so that a platform can offer the right
// way of entering it.
type Kind uint8

// The kinds of options.
const (
	Words  Kind = iota // free text
	Story              // a story's id
	Person             // a person's or an organization's name
	ItemID             // an item's id within a story
	Date               // an EDTF date
	Number
)

// An Option is one argument of a command.
type Option struct {
	Name, Summary string // as for a Command
	Kind          Kind
	Required      bool
	// Rest takes all the words that are left.
	Rest bool
	// Named says that the option is only given as option=value.
	Named bool
	// Prefix returns how many of the leading words make up the longest valid
	// value, zero for none. Nil: one word.
	Prefix func(words []string) int
	// Known reports whether word is a value of this option. Where it is not, and
	// the option has a Default, the word fills the next option. Nil: every word is
	// a value.
	Known func(ctx context.Context, who *Invocation, word string) bool
	// Default returns the value where none is given, and the empty string for
	// none: the conversation's default story, or the only one that the asker may
	// see. Nil: none.
	Default func(ctx context.Context, who *Invocation) string
	// Choices are all the values there are, where they are few; any other value is
	// a [UsageError].
	Choices []Choice
	// Complete offers values that begin with, or contain, what was typed, best
	// first, at most [MaxChoices]. It answers within a few milliseconds and
	// offers nothing that the asker may not see. Nil: Choices, if any.
	Complete func(ctx context.Context, who *Invocation, typed string) []Choice
}

// A Choice is a value offered to the one who types.
type Choice struct {
	Label string `json:"label"` // at most 100 code points
	Value string `json:"value"` // at most 100 code points
}

// MaxChoices is how many choices Discord shows
// (https://discord.com/developers/docs/interactions/application-commands).
const MaxChoices = 25

// An Invocation is a call with who asks, where, and with what access.
type Invocation struct {
	// ID is the vendor's id of the event. Effects are idempotent by it.
	ID string
	// Line is what was typed or what a button carried. It is used where Call has
	// no name.
	Line string
	// Call is what was asked; the Set fills it from Line.
	Call Call
	// Values are the bound arguments by option; filled by the Set.
	Values map[string]string
	// Where is the conversation that the question came from.
	Where Conversation
	// Room are the access subjects of the conversation, and Asker those of the
	// one who asks, as the configuration writes them: telegram:-1001,
	// discord:112233, discord-guild:…; telegram:4242, discord-user:…,
	// discord-role:GUILD/ROLE. Asker's first is the asker's own address.
	Room, Asker []string
	// Private says that nobody but the asker will see the answer: only then do
	// the asker's own groups count.
	Private bool
	// Direct says that Where is the asker's private chat, which she manages.
	Direct bool
	// Pressed says that a button was pressed rather than a line typed.
	Pressed bool
	// Local says that the question is a local operator's, and that nothing may be
	// stored for it.
	Local bool
	// Trusted says that the asker is an operator by the way she came (the local
	// command line, the private preview).
	Trusted bool
	// Manages reports whether the asker manages the conversation. It is asked at
	// most once, and only where the answer matters. Nil: no.
	Manages func(context.Context) (bool, error)
	// Language is the asker's BCP 47 tag, or empty.
	Language string
	// Filled are the texts of the [Form] that the same call was answered with before,
	// by field; nil where no form was sent. A platform gives what was sent to it; a
	// command has, from the [Set], a text for every field of the form that it asks
	// with, as [Field.Clean] makes it and without a [Field.Problem], and nothing else.
	Filled map[string]string
}

// Arg returns the bound value of option, or the empty string.
func (inv *Invocation) Arg(option string) string { return inv.Values[option] }

// A Reply is the answer to an invocation.
type Reply struct {
	Card Card
	// Call is the call as it was bound, in typed form: what a Share button
	// repeats. It is empty where there is nothing to share (an error, a picker).
	// A command need not fill it in; the [Set] does.
	Call string
	// Unshared says that there is nothing to share, so that the Set leaves Call
	// empty.
	Unshared bool
	// Form is to be filled in before the command can be carried out; Card says the
	// same where a form cannot be shown at once, and is shown with a button that runs
	// Call again, or is the way to the form. Call is then the call that is run again
	// with what was filled in; the Set fills it in here too, even where the command
	// Changes something. Such a reply is not offered for sharing. A command that was
	// given Filled may ask again, with what is wrong in Card.
	Form *Form
}
