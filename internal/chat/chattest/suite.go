package chattest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/briefbot/briefbot/internal/chat"
)

// A Harness connects a platform to its vendor's stand-in and acts for the people
// there. A method that cannot do what it is asked fails the test.
type Harness interface {
	// Platform is the platform under test. It is not serving yet; the suite calls
	// Serve where it is needed.
	Platform() chat.Platform
	// Places are where the asker may ask: a private chat, a room, a topic. At least
	// one. The asker manages none but her private chat.
	Places() []Place
	// Say has the asker type a line such as “/echo one two” there, or fill in the
	// slash command that it means (see [Slash]). It waits until the platform
	// receives.
	Say(where chat.Conversation, line string)
	// Press has the asker press the button with this label under a message. A
	// button that leads into a chat with the bot is followed to there. It waits as
	// Say does.
	Press(where chat.Conversation, m Message, label string)
	// Messages are the bot's messages that the asker can read in a conversation, as
	// they now stand, oldest first; those only the asker can see, too.
	Messages(where chat.Conversation) []Message
	// Await waits until cond holds, asking again whenever something happened at the
	// vendor, and fails the test after a while. Cond may call the harness.
	Await(what string, cond func() bool)
	// Fail makes the next post to a conversation come to an outcome, and reports
	// whether the vendor can do that at all.
	Fail(where chat.Conversation, o Outcome) bool
	// Refused are the requests that the vendor refused, for people, but for those
	// that Fail asked for.
	Refused() []string
	// Secrets are what must appear in no log and no error. Log is everything logged
	// so far.
	Secrets() []string
	Log() string
}

// A Place is a conversation with what the platform should say of a question from
// there.
type Place struct {
	Where       chat.Conversation
	Room, Asker []string // as of [chat.Invocation]; the order counts for Asker's first only
	Private     bool
	Direct      bool
}

// A Message is a message as its readers see it.
type Message struct {
	ID string // the harness's own
	// Text is all that can be read, in order, without the vendor's markup and its
	// escapes.
	Text    string
	Buttons []string // labels
	Private bool     // only the asker sees it
	Edited  bool
	// Pings says that it notified somebody by a mention.
	Pings bool
	// Answers is the ID of the message that it is shown to answer, Pinned whether it
	// is kept at the top. Both are for a [Tender] to tell.
	Answers string
	Pinned  bool
}

// An Outcome is what the vendor makes of a post.
type Outcome string

// The outcomes of a post that fails, as of package chat.
const (
	Later     Outcome = "later"     // with a delay of its own
	Uncertain Outcome = "uncertain" // the connection is lost after the post was written
	MovedTo   Outcome = "moved"
	Gone      Outcome = "gone"
	Refused   Outcome = "refused"
)

// Suite holds a platform to the contract of package chat. Each part gets a harness of
// its own, which lives as long as the part's test.
func Suite(t *testing.T, harness func(t *testing.T) Harness) {
	for _, p := range parts() {
		t.Run(p.name, func(t *testing.T) { runPart(t, harness(t), p.run) })
	}
}

// A part is one test of the suite.
type part struct {
	name string
	run  func(*suite)
}

func parts() []part {
	list := []part{
		{"say", (*suite).say},
		{"press", (*suite).press},
		{"press on what was sent", (*suite).pressOwned},
		{"error", (*suite).fails},
		{"hostile answer", (*suite).hostileAnswer},
		{"hostile send", (*suite).hostileSend},
		{"send around serve", (*suite).sendAround},
		{"send twice", (*suite).sendTwice},
		{"send many", (*suite).sendMany},
		{"send cancelled", (*suite).sendCancelled},
		{"stop", (*suite).stop},
	}
	for _, o := range []Outcome{Later, Uncertain, MovedTo, Gone, Refused} {
		list = append(list, part{"outcome " + string(o), func(s *suite) { s.outcome(o) }})
	}
	return slices.Concat(list, filling(), tending())
}

// A suite is one part's test.
type suite struct {
	testing.TB
	Harness
	host *witness
	// refusals says that the part has the vendor refuse requests.
	refusals bool
}

func runPart(t testing.TB, h Harness, run func(*suite)) {
	host, err := newWitness(commands(), chat.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{TB: t, Harness: h, host: host}
	run(s)
	s.checkManners()
}

// longWords do not fit into a button.
const longWords = "a call that is far too long to fit into the few bytes that a button carries"

// commands are what the suite asks: each has one option at most, which takes all
// words.
func commands() []chat.Command {
	words := chat.Option{Name: "words", Summary: "What to say", Rest: true}
	return []chat.Command{
		{Name: "echo", Summary: "Say it again", Options: []chat.Option{words}, Run: func(_ context.Context, inv *chat.Invocation) (chat.Reply, error) {
			return chat.Reply{Card: echo(inv.Arg("words"))}, nil
		}},
		{Name: "hostile", Summary: "Say everything at once", Run: func(context.Context, *chat.Invocation) (chat.Reply, error) {
			return chat.Reply{Card: hostile()}, nil
		}},
		{Name: "fail", Summary: "Go wrong", Run: func(context.Context, *chat.Invocation) (chat.Reply, error) {
			return chat.Reply{}, errors.New("inner workings")
		}},
	}
}

func echo(words string) chat.Card {
	return chat.Card{
		Title: "Echo", Lead: chat.Plainly("You said: " + words), Note: chat.Plainly("As of today"),
		Actions: [][]chat.Action{
			{{Label: "Again", Call: chat.NewCall("echo", "again").String()}, {Label: "Long", Call: chat.NewCall("echo", longWords).String()}},
			{{Label: "Read", URL: "https://example.org/read"}},
		},
	}
}

// Slash returns the command and the options that a line of the suite means, for
// services where one does not type a line but fills in a form.
func Slash(line string) (command string, options []chat.Arg, err error) {
	host, err := newWitness(commands(), chat.Rules{})
	if err != nil {
		return "", nil, err
	}
	call, err := chat.ParseCall(line)
	if err != nil {
		return "", nil, err
	}
	c, ok := host.set.Lookup(call.Name)
	if !ok {
		return "", nil, fmt.Errorf("the suite has no command %q", call.Name)
	}
	if len(call.Args) == 0 || len(c.Options) == 0 {
		return c.Name, nil, nil
	}
	words := call.Args[0].Value
	for _, a := range call.Args[1:] {
		words += " " + a.Value
	}
	return c.Name, []chat.Arg{{Option: c.Options[0].Name, Value: words}}, nil
}
