package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
)

// help lists the commands, generated from the table.
func (b *Bot) help(_ context.Context, q *question) (chat.Reply, error) {
	commands := b.set.Commands()
	items := make([]chat.Item, len(commands))
	for i, c := range commands {
		items[i] = chat.Item{
			ID:   c.Name,
			Head: chat.Styled(usage(c), chat.Code),
			Body: chat.Plainly(summary(c)),
		}
	}
	p := paginate(shelve(items), q.Arg("after"), 0)
	card := chat.Card{
		Title: "What you can ask",
		Lead: lines(pageLead(p, "", "command", "commands"),
			chat.Plainly("<…> is needed, […] may be left out. Without a story, the conversation’s default is meant, or you choose one.")),
		Items: p.items(),
		Note:  chat.Plainly("briefbot " + b.version),
	}
	card.Actions = [][]chat.Action{{{Label: "Stories", Call: "stories"}, {Label: "Status", Call: "status"}}}
	if row := p.turn(chat.NewCall("help"), "Back", "More"); row != nil {
		card.Actions = append([][]chat.Action{row}, card.Actions...)
	}
	return chat.Reply{Card: card, Call: q.again(nil).String()}, nil
}

// usage is how a command is typed, without the options that buttons alone need.
func usage(c chat.Command) string {
	c.Options = slices.DeleteFunc(slices.Clone(c.Options), func(o chat.Option) bool { return o.Named })
	for i := range c.Options {
		c.Options[i].Rest = c.Options[i].Rest && c.Options[i].Kind != chat.Story
	}
	return c.Usage()
}

func summary(c chat.Command) string {
	switch c.Access {
	case chat.Manager:
		return c.Summary + " (managers)"
	case chat.Operator:
		return c.Summary + " (operators)"
	}
	return c.Summary
}

func optionLines(c chat.Command) chat.Text {
	var t chat.Text
	for _, o := range c.Options {
		if o.Named {
			continue
		}
		t = lines(t, append(chat.Styled(o.Name, chat.Code), chat.Span{Text: ": " + o.Summary}))
	}
	return t
}

// start greets, and shows what there is to read.
func (b *Bot) start(ctx context.Context, q *question) (chat.Reply, error) {
	reply, err := b.stories(ctx, q)
	if err != nil {
		return reply, err
	}
	reply.Card.Title = "Welcome to briefbot"
	reply.Card.Lead = paragraphs(greeting(), reply.Card.Lead)
	reply.Card.Actions = append(reply.Card.Actions, []chat.Action{{Label: "Help", Call: "help"}})
	return reply, nil
}

func greeting() chat.Text {
	return said("I keep dossiers on running stories: what each is about, its timeline, who is involved, where it may go, and the sources. " +
		"Ask /overview or /timeline, or press a button. Whoever manages a conversation can have changes posted with /subscribe.")
}

// greetingCard is what the bot says when it is added to a conversation.
func (b *Bot) greetingCard(q *question) chat.Card {
	stories := q.reader.Stories()
	card := chat.Card{Title: "Hello", Lead: greeting()}
	shown := stories[:min(len(stories), storiesPerPage)]
	card.Items = suggestions(shown)
	var buttons []chat.Action
	for _, d := range shown {
		buttons = append(buttons, storyButton("overview", d, ""))
	}
	card.Actions = append(pairs(buttons), []chat.Action{{Label: "Stories", Call: "stories"}, {Label: "Help", Call: "help"}})
	if len(stories) > len(shown) {
		card.Note = chat.Plainly(fmt.Sprintf("%d of %d stories.", len(shown), len(stories)))
	}
	return card
}

// commandTable returns the commands as the table of the README.
func (b *Bot) commandTable() string {
	var t strings.Builder
	t.WriteString("| command | answer |\n| --- | --- |\n")
	for _, c := range b.set.Commands() {
		fmt.Fprintf(&t, "| `%s` | %s |\n", strings.ReplaceAll(usage(c), "|", `\|`), summary(c))
	}
	return t.String()
}
