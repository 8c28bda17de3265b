package bot

import (
	"context"
	"fmt"
	"slices"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// event shows all there is about one event, and how it is corrected.
func (b *Bot) event(_ context.Context, q *question, d *brief.Dossier) (chat.Card, error) {
	e, ok := d.Event(q.Arg("id"))
	if !ok {
		return chat.Card{}, &unknownEvent{id: q.Arg("id"), dossier: d}
	}
	call := chat.NewCall("event", d.ID, e.ID)
	p := paginate(shelve(eventItems(d, e)), q.Arg("after"), 0)
	card := chat.Card{
		Title: d.Title + " · Event",
		Lead:  pageLead(p, "", "part", "parts"),
		Items: p.items(),
	}
	if e.Retracted != nil {
		card.Tone = chat.Withdrawn
	}
	if row := p.turn(call, "Back", "Read on"); row != nil {
		card.Actions = append(card.Actions, row)
	}
	if row := involvedRow(d, e); row != nil {
		card.Actions = append(card.Actions, row)
	}
	suggest := chat.Action{Label: "Suggest a correction", Call: chat.NewCall("suggest", d.ID, e.ID).String()}
	card.Actions = append(card.Actions, append(neighbours(d, e), suggest))
	return card, nil
}

// eventItems are the event itself, who is involved, where it is from, and what was
// corrected.
func eventItems(d *brief.Dossier, e *brief.Event) []chat.Item {
	whole := eventItem(e)
	whole.Body = paragraphs(retraction(e), eventDetail(d, e))
	items := []chat.Item{whole}
	add := func(id, head string, body chat.Text) {
		if body.String() != "" {
			items = append(items, chat.Item{ID: id, Head: chat.Styled(head, chat.Bold), Body: body})
		}
	}
	var people, organizations, sources []chat.Text
	for _, id := range e.People {
		if p, ok := d.Person(id); ok {
			people = append(people, chat.Plainly(naming(p.Name, p.Title)))
		}
	}
	for _, id := range e.Organizations {
		if o, ok := d.Organization(id); ok {
			organizations = append(organizations, chat.Plainly(naming(o.Name, o.Kind)))
		}
	}
	for _, id := range e.Sources {
		if n, c, ok := d.Citation(id); ok {
			sources = append(sources, citation(n, c))
		}
	}
	add("people", "People", lines(people...))
	add("organizations", "Organizations", lines(organizations...))
	add("sources", "Sources", lines(sources...))
	add("corrections", "Corrections", corrected(d, "timeline/"+e.ID))
	return items
}

func naming(name, what string) string {
	if what == "" {
		return name
	}
	return name + ", " + what
}

// citation is a source in one line: “[3] Reuters: Title, 1 December 2025”.
func citation(n int, c *brief.Citation) chat.Text {
	t := chat.Link(fmt.Sprintf("[%d] %s", n, c.Name()), c.URL)
	if !c.Date.IsZero() {
		t = append(t, chat.Span{Text: ", " + c.Date.Words()})
	}
	return t
}

// involvedRow are buttons to the first people and organizations of an event.
func involvedRow(d *brief.Dossier, e *brief.Event) []chat.Action {
	const readable = 30
	var row []chat.Action
	for _, id := range e.People {
		if p, ok := d.Person(id); ok {
			row = append(row, chat.Action{Label: shorten(p.Name, readable), Call: member("people", d, id)})
		}
	}
	for _, id := range e.Organizations {
		if o, ok := d.Organization(id); ok {
			row = append(row, chat.Action{Label: shorten(o.Name, readable), Call: member("organizations", d, id)})
		}
	}
	return row[:min(len(row), chat.MaxRow)]
}

// member asks for one person or organization, whom the id in the dossier names.
func member(command string, d *brief.Dossier, id string) string {
	return chat.NewCall(command, d.ID, id).String()
}

// neighbours are buttons to the events before and after e, and to the page of the
// timeline that begins with it.
func neighbours(d *brief.Dossier, e *brief.Event) []chat.Action {
	events := d.NewestFirst()
	i := slices.Index(events, e)
	var row []chat.Action
	if i+1 < len(events) {
		row = append(row, chat.Action{Label: "Earlier event", Call: chat.NewCall("event", d.ID, events[i+1].ID).String()})
	}
	if i > 0 {
		row = append(row,
			chat.Action{Label: "Later event", Call: chat.NewCall("event", d.ID, events[i-1].ID).String()},
			chat.Action{Label: "Timeline from here", Call: chat.NewCall("timeline", d.ID).With("after", events[i-1].ID).String()})
	}
	return row
}
