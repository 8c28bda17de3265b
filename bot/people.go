package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// latestOf is how many events the card of a person or an organization names in
// each story.
const latestOf = 3

// people shows who is involved in a story, or one of them across all stories.
func (b *Bot) people(ctx context.Context, q *question) (chat.Reply, error) {
	return b.members(ctx, q, personKind{})
}

// organizations shows which organizations are involved in a story, or one of them
// across all stories.
func (b *Bot) organizations(ctx context.Context, q *question) (chat.Reply, error) {
	return b.members(ctx, q, organizationKind{})
}

// A memberKind is what people and organizations differ in.
type memberKind interface {
	words() (one, many string)
	// items are all of a dossier; item is the one of an appearance, if it is of
	// this kind.
	items(*brief.Dossier) []chat.Item
	item(brief.Appearance) (chat.Item, bool)
	// name returns the name of the one with this id.
	name(d *brief.Dossier, id string) (string, bool)
	// events are those that the one of an appearance takes part in.
	takesPart(a brief.Appearance, e *brief.Event) bool
}

// members answers for both kinds. Somebody may be named without a story, also where
// the name stands where a story would.
func (b *Bot) members(ctx context.Context, q *question, kind memberKind) (chat.Reply, error) {
	word, name := q.Arg("story"), q.Arg("name")
	d, ok := q.reader.Resolve(word)
	switch {
	case ok && name == "":
		return b.memberList(ctx, q, d, kind)
	case ok:
		if spelled, known := kind.name(d, name); known {
			name = spelled
		}
		return b.memberCard(ctx, q, d, name, kind)
	case name != "" && word == "":
		return b.memberCard(ctx, q, nil, name, kind)
	case word == "":
		return chat.Reply{Card: picker(q), Unshared: true}, nil
	}
	whole := strings.TrimSpace(word + " " + name)
	if len(appearances(q, whole, kind)) > 0 {
		return b.memberCard(ctx, q, nil, whole, kind)
	}
	return chat.Reply{}, &unknownStory{word: word, question: q}
}

func (b *Bot) memberList(ctx context.Context, q *question, d *brief.Dossier, kind memberKind) (chat.Reply, error) {
	one, many := kind.words()
	items := kind.items(d)
	p := paginate(shelve(items), q.Arg("after"), eventsPerPage)
	card := chat.Card{Lead: pageLead(p, "", one, many), Items: p.items()}
	if len(items) == 0 {
		card.Lead = chat.Plainly("No " + many + " in this dossier.")
	}
	card.Actions = rows(memberButtons(q, d, p, kind), chat.MaxRow)
	if row := p.turn(chat.NewCall(q.Call.Name, d.ID), "Back", "More"); row != nil {
		card.Actions = append(card.Actions, row)
	}
	return b.reply(ctx, q, d, card), nil
}

// memberButtons lead from a list to those on its page.
func memberButtons(q *question, d *brief.Dossier, p page, kind memberKind) []chat.Action {
	const readable = 24
	var row []chat.Action
	for i, e := range p.entries {
		if i > 0 && e.number == p.entries[i-1].number {
			continue
		}
		id, _, _ := strings.Cut(e.ID, ".")
		if name, ok := kind.name(d, id); ok {
			row = append(row, chat.Action{Label: shorten(name, readable), Call: member(q.Call.Name, d, id)})
		}
	}
	return row
}

// memberCard shows one person or organization in every story that the asker may
// see. The frame is that of d, if it is known from where the question came.
func (b *Bot) memberCard(ctx context.Context, q *question, d *brief.Dossier, name string, kind memberKind) (chat.Reply, error) {
	found := appearances(q, name, kind)
	if len(found) == 0 {
		return b.nobody(ctx, q, d, name, kind), nil
	}
	title := memberName(found[0], kind)
	var items []chat.Item
	for _, a := range found {
		items = append(items, appearanceItem(a, title, kind))
	}
	p := paginate(shelve(items), q.Arg("after"), 0)
	call := chat.NewCall(q.Call.Name).With("name", name)
	if d != nil {
		call = chat.NewCall(q.Call.Name, d.ID).With("name", name)
	}
	card := chat.Card{
		Title: shorten(title, 200),
		Lead:  lines(chat.Plainly("Appears in "+counted(len(found), "story", "stories")+"."), pageLead(p, "", "story", "stories")),
		Items: p.items(),
	}
	if row := p.turn(call, "Back", "More"); row != nil {
		card.Actions = append(card.Actions, row)
	}
	if d == nil && len(found) == 1 {
		d = found[0].Dossier
	}
	if row := appearanceRow(found, d); row != nil {
		card.Actions = append(card.Actions, row)
	}
	if d != nil {
		card = b.frame(ctx, q, d, card)
	}
	if len(found) > 1 {
		card.URL, card.Note = "", b.asOfAll(ctx, q, p)
	}
	return chat.Reply{Card: card, Call: call.String()}, nil
}

// appearanceItem is what one story says of somebody who is called title in the
// answer.
func appearanceItem(a brief.Appearance, title string, kind memberKind) chat.Item {
	it, _ := kind.item(a)
	name := it.Head
	if name.String() == title {
		name = nil
	}
	return chat.Item{
		ID:   a.Dossier.ID,
		Head: chat.Styled(a.Dossier.Title, chat.Bold),
		Body: paragraphs(lines(name, it.Body), latestEventsOf(a, kind)),
	}
}

func memberName(a brief.Appearance, kind memberKind) string {
	it, _ := kind.item(a)
	return it.Head.String()
}

// appearanceRow are buttons to the first stories in which somebody appears, but for
// the one whose sections have buttons of their own.
func appearanceRow(found []brief.Appearance, framed *brief.Dossier) []chat.Action {
	var row []chat.Action
	for _, a := range found {
		if a.Dossier != framed && len(row) < chat.MaxRow {
			row = append(row, storyButton("overview", a.Dossier, ""))
		}
	}
	return row
}

// nobody answers that nobody of this name is known; that is no error.
func (b *Bot) nobody(ctx context.Context, q *question, d *brief.Dossier, name string, kind memberKind) chat.Reply {
	one, _ := kind.words()
	card := chat.Card{
		Title: "Not found",
		Lead:  chat.Plainly(fmt.Sprintf("No %s called %s appears in the stories here.", one, quoted(name))),
	}
	if d == nil {
		return chat.Reply{Card: card, Unshared: true}
	}
	return b.reply(ctx, q, d, card)
}

func appearances(q *question, name string, kind memberKind) []brief.Appearance {
	return slices.DeleteFunc(q.reader.Appearances(name), func(a brief.Appearance) bool {
		_, ok := kind.item(a)
		return !ok
	})
}

// latestEventsOf names the latest events that somebody takes part in.
func latestEventsOf(a brief.Appearance, kind memberKind) chat.Text {
	var named chat.Text
	n := 0
	for _, e := range a.Dossier.NewestFirst() {
		if !kind.takesPart(a, e) {
			continue
		}
		if n++; n <= latestOf {
			line := chat.Plainly("• " + e.Date.Words() + ": ")
			title := chat.Span{Text: shorten(e.Title, 120)}
			if e.Retracted != nil {
				title.Style = chat.Strike
			}
			named = lines(named, append(line, title))
		}
	}
	if n == 0 {
		return nil
	}
	head := counted(n, "event", "events") + ":"
	if n > latestOf {
		head = fmt.Sprintf("%d events, the latest:", n)
	}
	return lines(chat.Styled(head, chat.Bold), named)
}

type personKind struct{}

func (personKind) words() (one, many string) { return "person", "people" }

func (personKind) items(d *brief.Dossier) []chat.Item {
	items := make([]chat.Item, len(d.People))
	for i := range d.People {
		items[i] = personItem(d, &d.People[i])
	}
	return items
}

func (personKind) item(a brief.Appearance) (chat.Item, bool) {
	if a.Person == nil {
		return chat.Item{}, false
	}
	return personItem(a.Dossier, a.Person), true
}

func (personKind) name(d *brief.Dossier, id string) (string, bool) {
	p, ok := d.Person(id)
	if !ok {
		return "", false
	}
	return p.Name, true
}

func (personKind) takesPart(a brief.Appearance, e *brief.Event) bool {
	return slices.Contains(e.People, a.Person.ID)
}

// personItem is a person with title, part in the story, dated roles and aliases.
func personItem(d *brief.Dossier, p *brief.Person) chat.Item {
	var roles []chat.Text
	for _, r := range p.Roles {
		roles = append(roles, chat.Plainly("• "+r.Title+term(r.From, r.To)))
	}
	return chat.Item{
		ID:   p.ID,
		Head: chat.Styled(p.Name, chat.Bold),
		Body: lines(
			chat.Styled(p.Title, chat.Italic),
			text(d, p.Role),
			lines(roles...),
			aliases(p.Aliases),
			corrected(d, "people/"+p.ID),
		),
	}
}

// term is the time for which somebody held a role: “ (2021 – May 2024)”.
func term(from, to brief.Date) string {
	switch {
	case from.IsZero() && to.IsZero():
		return ""
	case from.IsZero():
		return " (until " + to.Words() + ")"
	case to.IsZero():
		return " (since " + from.Words() + ")"
	}
	return " (" + from.Words() + " – " + to.Words() + ")"
}

func aliases(names []string) chat.Text {
	if len(names) == 0 {
		return nil
	}
	return chat.Plainly(strings.TrimSuffix("Also known as "+listed(names), ".") + ".")
}

type organizationKind struct{}

func (organizationKind) words() (one, many string) { return "organization", "organizations" }

func (organizationKind) items(d *brief.Dossier) []chat.Item {
	items := make([]chat.Item, len(d.Organizations))
	for i := range d.Organizations {
		items[i] = organizationItem(d, &d.Organizations[i])
	}
	return items
}

func (organizationKind) item(a brief.Appearance) (chat.Item, bool) {
	if a.Organization == nil {
		return chat.Item{}, false
	}
	return organizationItem(a.Dossier, a.Organization), true
}

func (organizationKind) name(d *brief.Dossier, id string) (string, bool) {
	o, ok := d.Organization(id)
	if !ok {
		return "", false
	}
	return o.Name, true
}

func (organizationKind) takesPart(a brief.Appearance, e *brief.Event) bool {
	return slices.Contains(e.Organizations, a.Organization.ID)
}

// organizationItem is an organization with its kind, status and aliases.
func organizationItem(d *brief.Dossier, o *brief.Organization) chat.Item {
	return chat.Item{
		ID:   o.ID,
		Head: chat.Styled(o.Name, chat.Bold),
		Body: lines(
			chat.Styled(o.Kind, chat.Italic),
			labelled("Status:", chat.Plainly(o.Status)),
			text(d, o.About),
			aliases(o.Aliases),
			corrected(d, "organizations/"+o.ID),
		),
	}
}
