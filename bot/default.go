package bot

import (
	"context"
	"fmt"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// noStory is the word that clears a default.
const noStory = "none"

// setDefault shows, sets or clears the conversation's default story.
func (b *Bot) setDefault(ctx context.Context, q *question) (chat.Reply, error) {
	word := q.Arg("story")
	if word == "" {
		return b.showDefault(ctx, q)
	}
	if q.Local {
		return chat.Reply{}, chat.ErrLocal
	}
	by := ""
	if len(q.Asker) > 0 {
		by = q.Asker[0]
	}
	// A story may be called “none”; then its name sets it.
	d, ok := q.reader.Resolve(word)
	if !ok && same(word, noStory) {
		if err := b.ledger.SetDefault(ctx, q.Where, "", by); err != nil {
			return chat.Reply{}, fmt.Errorf("clearing the default story: %w", err)
		}
		return chat.Reply{Card: noDefaultCard("The default story is cleared."), Unshared: true}, nil
	}
	// A default answers everybody in the conversation, so the conversation must be
	// able to read it.
	if !ok {
		return chat.Reply{}, &unknownStory{word: word, question: q}
	}
	if !q.Direct && len(b.visibleTo(q.Room, []*brief.Dossier{d})) == 0 {
		return chat.Reply{}, &notHere{title: d.Title}
	}
	if err := b.ledger.SetDefault(ctx, q.Where, d.ID, by); err != nil {
		return chat.Reply{}, fmt.Errorf("setting the default story: %w", err)
	}
	return chat.Reply{Card: b.defaultCard(ctx, q, d, "Default story set"), Unshared: true}, nil
}

func (b *Bot) showDefault(ctx context.Context, q *question) (chat.Reply, error) {
	id, err := b.ledger.Default(ctx, q.Where)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("reading the default story: %w", err)
	}
	if d, ok := q.reader.Story(id); ok {
		return chat.Reply{Card: b.defaultCard(ctx, q, d, "Default story"), Unshared: true}, nil
	}
	return chat.Reply{Card: noDefaultCard("This conversation has no default story."), Unshared: true}, nil
}

func (b *Bot) defaultCard(ctx context.Context, q *question, d *brief.Dossier, title string) chat.Card {
	return b.frame(ctx, q, d, chat.Card{
		Title: title,
		Lead: said("“" + d.Title + "” is meant here where no story is named. " +
			"/default " + noStory + " clears it."),
		Actions: [][]chat.Action{{{Label: "Clear", Call: chat.NewCall("default", noStory).String()}}},
	})
}

func noDefaultCard(text string) chat.Card {
	return chat.Card{
		Title:   "Default story",
		Lead:    said(text + " /default followed by a story sets one."),
		Actions: [][]chat.Action{{{Label: "Stories", Call: "stories"}}},
	}
}
