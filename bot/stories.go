package bot

import (
	"context"
	"fmt"
	"slices"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

const (
	// storiesPerPage is how many stories get a button in one answer: two a row, so
	// that titles stay readable, in four of five rows.
	storiesPerPage = 8
	storiesPerRow  = 2
	// nearest is how many stories are suggested for an unknown one.
	nearest = 3
)

// stories lists every dossier that the asker may see.
func (b *Bot) stories(ctx context.Context, q *question) (chat.Reply, error) {
	tag := q.Arg("tag")
	all := tagged(q.reader.Stories(), tag)
	shelf := &shelf{ids: make([]string, len(all)), item: func(i int) chat.Item { return b.storyItem(ctx, q, all[i]) }}
	for i, d := range all {
		shelf.ids[i] = d.ID
	}
	p := paginate(shelf, q.Arg("after"), storiesPerPage)
	card := chat.Card{Title: "Stories", Lead: storiesLead(p, tag), Items: p.items()}
	card.Actions = storyRows(q, p, "overview")
	if row := p.turn(chat.NewCall("stories").With("tag", tag), "Back", "More"); row != nil {
		card.Actions = append(card.Actions, row)
	}
	if p.total == 0 && tag != "" {
		card.Actions = [][]chat.Action{{{Label: "All stories", Call: "stories"}}}
	}
	return chat.Reply{Card: card, Call: q.again(nil).String()}, nil
}

func tagged(all []*brief.Dossier, tag string) []*brief.Dossier {
	if tag == "" {
		return all
	}
	return slices.DeleteFunc(all, func(d *brief.Dossier) bool {
		return !slices.ContainsFunc(d.Tags, func(t string) bool { return same(t, tag) })
	})
}

func storiesLead(p page, tag string) chat.Text {
	with := ""
	if tag != "" {
		with = " tagged " + quoted(tag)
	}
	if p.total == 0 {
		return chat.Plainly("There are no stories here" + with + ".")
	}
	if words := p.rangeWords("story", "stories"); words != "" {
		return chat.Plainly(words + with + ".")
	}
	return chat.Plainly(counted(p.total, "story", "stories") + with + ".")
}

// storyItem is a dossier in a list: status, date, title, subtitle and id.
func (b *Bot) storyItem(ctx context.Context, q *question, d *brief.Dossier) chat.Item {
	label := dotted(statusWords(d.Status), b.freshness(ctx, q, d))
	return chat.Item{
		ID:    d.ID,
		Label: label,
		Head:  chat.Styled(d.Title, chat.Bold),
		URL:   b.page(d),
		Body: lines(
			chat.Plainly(shorten(d.Subtitle, 300)),
			chat.Styled(d.ID, chat.Code),
		),
	}
}

// storyRows are buttons that ask command about the stories of a page.
func storyRows(q *question, p page, command string) [][]chat.Action {
	var buttons []chat.Action
	for _, e := range p.entries {
		if d, ok := q.reader.Story(e.ID); ok {
			buttons = append(buttons, storyButton(command, d, ""))
		}
	}
	return pairs(buttons)
}

func pairs(buttons []chat.Action) [][]chat.Action {
	return slices.Collect(slices.Chunk(buttons, storiesPerRow))
}

// picker asks which story is meant. It repeats the question with each as its story.
func picker(q *question) chat.Card {
	all := q.reader.Stories()
	if len(all) == 0 {
		return chat.Card{Title: "No stories", Lead: chat.Plainly("There are no stories here yet.")}
	}
	card := chat.Card{
		Title: "Which story?",
		Lead:  append(chat.Plainly("Choose one, or name it: "), chat.Styled("/"+q.Call.Name+" "+all[0].ID, chat.Code)...),
		Items: suggestions(all[:min(len(all), storiesPerPage)]),
	}
	card.Actions = pairs(q.withStories(all[:min(len(all), storiesPerPage)]))
	var last []chat.Action
	if q.Call.Name == "subscribe" {
		last = append(last, chat.Action{Label: "All stories", Call: q.withStory(everyStory).String()})
	}
	if len(all) > storiesPerPage {
		last = append(last, chat.Action{Label: "List the stories", Call: "stories"})
		card.Note = chat.Plainly(fmt.Sprintf("%d of %d stories.", storiesPerPage, len(all)))
	}
	if last != nil {
		card.Actions = append(card.Actions, last)
	}
	return card
}

func suggestions(ds []*brief.Dossier) []chat.Item {
	items := make([]chat.Item, len(ds))
	for i, d := range ds {
		items[i] = chat.Item{ID: d.ID, Head: chat.Plainly(d.Title), Body: chat.Styled(d.ID, chat.Code)}
	}
	return items
}

// withStories are buttons that repeat the question with another story.
func (q *question) withStories(ds []*brief.Dossier) []chat.Action {
	const readable = 40
	buttons := make([]chat.Action, len(ds))
	for i, d := range ds {
		buttons[i] = chat.Action{Label: shorten(d.Title, readable), Call: q.withStory(d.ID).String()}
	}
	return buttons
}

// withStory is the question with another story; a page of one story means nothing
// in another.
func (q *question) withStory(id string) chat.Call {
	call := chat.NewCall(q.Call.Name, id)
	for _, name := range optionOrder {
		if name != "after" {
			call = call.With(name, q.Arg(name))
		}
	}
	return call
}

// unknownStoryCard says that no story has this name, and which are like it. What
// the asker may not see is answered in the same way.
func unknownStoryCard(word string, q *question) chat.Card {
	card := chat.Card{
		Title: "No such story",
		Tone:  chat.Trouble,
		Lead:  chat.Plainly("There is no story called " + quoted(word) + " here."),
	}
	near := q.reader.Nearest(word, nearest)
	if len(near) > 0 {
		card.Lead = append(card.Lead, chat.Span{Text: " Did you mean one of these?"})
		card.Items = suggestions(near)
		card.Actions = rows(q.withStories(near), chat.MaxRow)
	}
	card.Actions = append(card.Actions, []chat.Action{{Label: "List the stories", Call: "stories"}})
	return card
}
