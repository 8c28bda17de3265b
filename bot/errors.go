package bot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
	"github.com/briefbot/briefbot/internal/spelling"
)

// Errors that mean something to the one who asks. Each is told by explain; every
// other error is internal.
type (
	// unknownStory: no story of this name, or none that the asker may see.
	unknownStory struct {
		word     string
		question *question
	}
	// unknownEvent: the story has no event of this id.
	unknownEvent struct {
		id      string
		dossier *brief.Dossier
	}
	// badValue: an option's value is not what the option takes.
	badValue struct{ option, value, want string }
	// notAble: the service cannot post in a mode.
	notAble struct {
		mode digest.Mode
		why  string
	}
	// notHere: the asker may read the story, the conversation may not.
	notHere struct{ title string }
	// notAdmitted: the bot is closed, and does not know who asks.
	notAdmitted struct{}
	// cannotPost: the bot lacks permissions in the conversation.
	cannotPost struct {
		missing []string
		reason  string
	}
)

func (e *unknownStory) Error() string { return "there is no story called " + quoted(e.word) }
func (e *unknownEvent) Error() string { return "there is no event " + quoted(e.id) }
func (e *badValue) Error() string {
	return fmt.Sprintf("the option “%s” does not take %s: write %s", e.option, quoted(e.value), e.want)
}
func (e *notAble) Error() string {
	return fmt.Sprintf("digests cannot be posted here in the mode “%s”: %s", e.mode, e.why)
}
func (e *notHere) Error() string     { return "this conversation may not read “" + e.title + "”" }
func (e *notAdmitted) Error() string { return "the bot is closed to this asker" }
func (e *cannotPost) Error() string  { return "the bot may not post in this conversation" }

// later are the commands that are planned and not built yet.
var later = [...]string{
	"search", "changes", "catchup", "asof", "corrections", "language", "forget",
}

// explain returns what an asker is told of an error. What it does not know is told
// as internal, under a reference with which the log has all of it.
func (b *Bot) explain(ctx context.Context, inv *chat.Invocation, err error) chat.Card {
	var (
		unknown *chat.UnknownCommand
		usage   *chat.UsageError
		form    *chat.FormError
		story   *unknownStory
		event   *unknownEvent
		closed  *notAdmitted
		here    *notHere
		post    *cannotPost
		value   *badValue
		unable  *notAble
	)
	switch {
	case errors.As(err, &unknown):
		return unknownCommandCard(unknown)
	case errors.As(err, &usage):
		return b.usageCard(inv, usage)
	case errors.As(err, &form):
		return trouble("Please check the form", sentence(form.Problem)+" Nothing was sent.")
	case errors.As(err, &story):
		if strings.HasPrefix(inv.Line, "~") {
			// Whoever guesses a name must not learn that something is kept under it.
			return staleButton()
		}
		return unknownStoryCard(story.word, story.question)
	case errors.As(err, &event):
		return unknownEventCard(event)
	case errors.As(err, &here):
		return trouble("Not for this conversation",
			"You may read “"+here.title+"”, but not everybody in this conversation may, so it can neither be posted here nor be its default.")
	case errors.As(err, &closed):
		return closedCard(inv)
	case errors.As(err, &post):
		return cannotPostCard(post)
	case errors.As(err, &value):
		return trouble("That value does not fit", sentence(value.Error()))
	case errors.As(err, &unable):
		return trouble("Not possible here", sentence(unable.Error())+" Leave the mode out, and each digest is a new message.")
	case errors.Is(err, chat.ErrNoCall):
		return staleButton()
	case errors.Is(err, chat.ErrNotManager):
		return trouble("For managers", "Only those who manage this conversation can do that.")
	case errors.Is(err, chat.ErrNotOperator):
		return trouble("For operators", "Only the operators of this bot can do that.")
	case errors.Is(err, chat.ErrNoForm):
		return trouble("Not from here", "This command asks for a form, which cannot be filled in here. Ask in a chat.")
	case errors.Is(err, chat.ErrLocal):
		return trouble("Not from here", "This command changes something that is kept, which is not possible here. Ask in a chat.")
	}
	return b.internal(ctx, inv, err)
}

// internal logs err under a reference and tells the asker the reference alone.
func (b *Bot) internal(ctx context.Context, inv *chat.Invocation, err error) chat.Card {
	reference := strings.ToLower(rand.Text()[:8])
	b.log.ErrorContext(ctx, "answering failed", "reference", reference,
		"command", inv.Call.Name, "where", inv.Where.String(), "error", err)
	return trouble("Something went wrong",
		"This could not be answered. The operators find out more under the reference "+reference+".")
}

func trouble(title, text string) chat.Card {
	return chat.Card{Title: title, Tone: chat.Trouble, Lead: said(text)}
}

// sentence makes a sentence of an error's text.
func sentence(s string) string { return capital(strings.TrimSuffix(s, ".")) + "." }

func staleButton() chat.Card {
	card := trouble("This button is out of date", "What it asked is no longer known. Please ask again.")
	card.Actions = [][]chat.Action{{{Label: "Stories", Call: "stories"}, {Label: "Help", Call: "help"}}}
	return card
}

func unknownCommandCard(e *chat.UnknownCommand) chat.Card {
	help := [][]chat.Action{{{Label: "Stories", Call: "stories"}, {Label: "Help", Call: "help"}}}
	if slices.Contains(later[:], e.Name) {
		card := trouble("Not built yet", "/"+e.Name+" is planned and not built yet. /help lists what there is.")
		card.Actions = help
		return card
	}
	card := trouble("Unknown command", "There is no command "+quoted("/"+e.Name)+". /help lists what there is.")
	if e.Name == "" {
		card = trouble("No command", "Begin with a command, such as /stories. /help lists what there is.")
	}
	if len(e.Nearest) > 0 {
		card.Lead = append(card.Lead, chat.Span{Text: " Did you mean /" + strings.Join(e.Nearest, ", /") + "?"})
	}
	card.Actions = help
	return card
}

// usageCard says what a call lacks and how it is typed. Where the story is clear
// there are buttons to find the rest.
func (b *Bot) usageCard(inv *chat.Invocation, e *chat.UsageError) chat.Card {
	card := trouble("Please check the command", sentence(e.Problem))
	if e.Command.Name == "" {
		return card
	}
	card.Items = []chat.Item{{ID: "usage", Head: chat.Styled(usage(e.Command), chat.Code), Body: optionLines(e.Command)}}
	if d, ok := b.reader(inv).Resolve(inv.Arg("story")); ok {
		card.Actions = storyLinks(d)
	}
	return card
}

// storyLinks are the first ways into a story.
func storyLinks(d *brief.Dossier) [][]chat.Action {
	return [][]chat.Action{{
		{Label: "Timeline", Call: chat.NewCall("timeline", d.ID).String()},
		{Label: "Overview", Call: chat.NewCall("overview", d.ID).String()},
	}}
}

func unknownEventCard(e *unknownEvent) chat.Card {
	card := trouble("No such event", "There is no event "+quoted(e.id)+" in “"+e.dossier.Title+"”.")
	if near := nearestEvent(e.id, e.dossier); near != nil {
		card.Lead = append(card.Lead, chat.Span{Text: " Did you mean this one?"})
		item := eventItem(near)
		item.Body = chat.Styled(near.ID, chat.Code)
		card.Items = []chat.Item{item}
		card.Actions = [][]chat.Action{{{Label: shorten(near.Title, 34), Call: chat.NewCall("event", e.dossier.ID, near.ID).String()}}}
	}
	card.Actions = append(card.Actions, storyLinks(e.dossier)...)
	return card
}

// nearestEvent is the event of d whose id is most like a word, or the newest whose
// id begins with it; nil where there is none.
func nearestEvent(word string, d *brief.Dossier) *brief.Event {
	const telling = 3 // code points that say enough of how an id begins
	events := d.NewestFirst()
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	near := spelling.Nearest(word, ids)
	begins := strings.ToLower(word)
	if i := slices.IndexFunc(ids, func(id string) bool { return strings.HasPrefix(id, begins) }); near == "" && i >= 0 && utf8.RuneCountInString(word) >= telling {
		return events[i]
	}
	e, _ := d.Event(near)
	return e
}

func closedCard(inv *chat.Invocation) chat.Card {
	card := trouble("This bot is for a closed circle",
		"It answers only people and conversations that its operators have let in. To be let in, give them this address:")
	for i, address := range addresses(inv) {
		card.Items = append(card.Items, chat.Item{ID: fmt.Sprint(i), Head: chat.Styled(address, chat.Code)})
	}
	return card
}

// addresses are the conversation's and the asker's own, as the groups of the
// configuration write them: a topic is of its chat's groups.
func addresses(inv *chat.Invocation) []string {
	all := []string{ownSubject(inv.Where)}
	if len(inv.Asker) > 0 && inv.Asker[0] != all[0] {
		all = append(all, inv.Asker[0])
	}
	return all
}

func cannotPostCard(e *cannotPost) chat.Card {
	text := "I may not post in this conversation, so nothing was changed."
	switch {
	case len(e.missing) > 0:
		text += " Missing: " + listed(e.missing) + "."
	case e.reason != "":
		text += " The service says: " + e.reason + "."
	}
	return trouble("No permission to post", text+" Let me post here and ask again.")
}
