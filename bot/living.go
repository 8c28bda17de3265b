package bot

import (
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// What a living message may hold of each part, in the units of [cost]. One message
// of any service has room for all of them together.
const (
	livingLine    = 200  // subtitle
	livingText    = 500  // overview
	livingNews    = 1200 // all that changed last
	livingChange  = 800  // what one change tells
	livingSection = 450  // indicators, events
	livingEvents  = 10   // changed events with a button
)

// livingCards word the message of a story that is kept up to date: how the story
// stands, and what changed last. It depends on its arguments alone.
func livingCards(d digest.Digest, find func(id string) (*brief.Dossier, bool), page func(*brief.Dossier) string) ([]chat.Card, error) {
	groups, err := grouped(d.Changes, find)
	if err != nil || len(groups) == 0 {
		return nil, err
	}
	for _, g := range groups {
		for i := range g.news {
			g.news[i].Body = excerpt(g.news[i].Body, livingChange)
		}
	}
	first := split(groups, livingNews)[:1]
	told, story := first[0], groups[0]
	told.events = told.events[:min(len(told.events), livingEvents)]
	card := told.Card
	card.Title = digestTitle(groups, len(d.Changes))
	card.Items = append([]chat.Item{lastChangeItem(d)}, card.Items...)
	card.Actions = readOn(told)
	if rest := beyond(groups, first); rest.Head != nil {
		card.Items = append(card.Items, rest)
	}
	card.Note = chat.Plainly("This message is kept up to date; last on " + momentWords(d.To, zoneOr(d.Zone)) + ".")
	if story.gone {
		return []chat.Card{card}, nil
	}
	stands := story.dossier
	card.URL = page(stands)
	card.Lead = paragraphs(standingLead(stands), excerpt(text(stands, stands.Overview), livingText))
	card.Items = append(card.Items, livingSections(stands, d.To)...)
	if !stands.AsOf.IsZero() {
		card.Note = lines(chat.Plainly("As of "+stands.AsOf.Words()+"."), stale(stands, d.To), card.Note)
	}
	card.Actions = append(eventRows(stands, told.events), sectionRows(stands, "")...)
	return []chat.Card{card}, nil
}

// lastChangeItem stands before what changed last, and says when that was.
func lastChangeItem(d digest.Digest) chat.Item {
	var last time.Time
	for _, c := range d.Changes {
		if c.At.After(last) {
			last = c.At
		}
	}
	when := last.In(zoneOr(d.Zone)).Format("2 January 2006, 15:04")
	return chat.Item{ID: "last", Head: chat.Styled("Last change: "+when, chat.Bold)}
}

// standingLead says in two lines which story it is.
func standingLead(d *brief.Dossier) chat.Text {
	return lines(
		excerpt(chat.Styled(d.Subtitle, chat.Italic), livingLine),
		chat.Plainly(dotted(statusWords(d.Status), counted(len(d.Timeline), "event", "events"))),
	)
}

// livingSections are the parts of an overview that change with the story.
func livingSections(d *brief.Dossier, now time.Time) []chat.Item {
	var items []chat.Item
	for _, it := range overviewItems(d, now) {
		if it.ID == "indicators" || it.ID == "ahead" || it.ID == "latest" {
			it.Body = excerpt(it.Body, livingSection)
			items = append(items, it)
		}
	}
	return items
}

// openingCards word what stands at the beginning of a story's thread.
func openingCards(d digest.Digest, find func(id string) (*brief.Dossier, bool), page func(*brief.Dossier) string) []chat.Card {
	const what = "Digests about this story are posted in this thread, and so are corrections."
	story, ok := find(d.Story)
	if !ok {
		return []chat.Card{{Title: d.Story, Lead: chat.Plainly(what)}}
	}
	return []chat.Card{{
		Title:   story.Title,
		URL:     page(story),
		Lead:    paragraphs(standingLead(story), excerpt(text(story, story.Overview), livingText), chat.Plainly(what)),
		Actions: sectionRows(story, ""),
	}}
}

// zoneOr is a zone, UTC where there is none.
func zoneOr(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}
