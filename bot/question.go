package bot

import (
	"context"
	"slices"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A question is an invocation as a handler sees it: with what its asker may read,
// at one instant.
type question struct {
	*chat.Invocation
	reader *brief.Reader
	now    time.Time
	// operator says that the asker may do everything.
	operator bool
}

// An answer handles one kind of question.
type answer func(context.Context, *question) (chat.Reply, error)

// admit says that a closed bot does not know who asks.
func (b *Bot) admit(inv *chat.Invocation) error {
	if !b.reader(inv).Admitted() {
		return &notAdmitted{}
	}
	return nil
}

// ask turns an answer into what a command runs: it looks through the asker's eyes
// at the snapshot of this moment, and turns away whom a closed bot does not know.
func (b *Bot) ask(run answer) func(context.Context, *chat.Invocation) (chat.Reply, error) {
	return func(ctx context.Context, inv *chat.Invocation) (chat.Reply, error) {
		q := b.question(inv)
		if !q.reader.Admitted() {
			return chat.Reply{}, &notAdmitted{}
		}
		return run(ctx, q)
	}
}

func (b *Bot) question(inv *chat.Invocation) *question {
	return &question{
		Invocation: inv,
		reader:     b.reader(inv),
		now:        b.now(),
		operator:   b.operates(inv),
	}
}

// reader returns what the asker of inv may read in the answer to it: what others
// can see shows what the conversation may read, and an operator's own chat all.
func (b *Bot) reader(inv *chat.Invocation) *brief.Reader {
	snapshot, policy := b.library.Current(), &b.current().Policy
	switch {
	case inv.Trusted || inv.Local || inv.Private && b.operates(inv):
		return brief.Unrestricted(snapshot)
	case inv.Private:
		return policy.Reader(snapshot, slices.Concat(inv.Room, inv.Asker)...)
	}
	return policy.Reader(snapshot, inv.Room...)
}

// operates reports whether the asker is an operator of the bot.
func (b *Bot) operates(inv *chat.Invocation) bool {
	if inv.Trusted || inv.Local {
		return true
	}
	operators := b.current().Operators
	return slices.ContainsFunc(inv.Asker, func(subject string) bool {
		return slices.Contains(operators, subject)
	})
}

// A tale answers a question about one story: with what it says, not with what
// stands around every answer about a story.
type tale func(ctx context.Context, q *question, d *brief.Dossier) (chat.Card, error)

// story turns a tale into an answer: it finds the dossier, shows a picker where
// none is named, and frames what the tale says.
func (b *Bot) story(tell tale) answer {
	return func(ctx context.Context, q *question) (chat.Reply, error) {
		word := q.Arg("story")
		if word == "" {
			return chat.Reply{Card: picker(q), Unshared: true}, nil
		}
		d, ok := q.reader.Resolve(word)
		if !ok {
			return chat.Reply{}, &unknownStory{word: word, question: q}
		}
		card, err := tell(ctx, q, d)
		if err != nil {
			return chat.Reply{}, err
		}
		return b.reply(ctx, q, d, card), nil
	}
}

// reply frames a card about d and says what would ask for it again.
func (b *Bot) reply(ctx context.Context, q *question, d *brief.Dossier, card chat.Card) chat.Reply {
	return chat.Reply{Card: b.frame(ctx, q, d, card), Call: q.again(d).String()}
}

// again returns the call that was bound, with the story spelled out.
func (q *question) again(d *brief.Dossier) chat.Call {
	call := chat.NewCall(q.Call.Name)
	if d != nil {
		call = chat.NewCall(q.Call.Name, d.ID)
	}
	for _, name := range optionOrder {
		call = call.With(name, q.Arg(name))
	}
	return call
}

// optionOrder is the order in which repeated calls name their options; the story,
// which all have, comes first by position.
var optionOrder = [...]string{
	"tag", "from", "to", "kind", "id", "name",
	"schedule", "timezone", "mode", "importance", "quiet", "after",
}
