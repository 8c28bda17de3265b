package bot

import (
	"context"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

const (
	// latestEvents is how many events an overview shows, and eventsAhead how many
	// of those that are still to come.
	latestEvents = 3
	eventsAhead  = 2
)

// relatedButtons is how many related stories get a button.
const relatedButtons = chat.MaxRow

// overview tells what a story is about, with its indicators, the latest events and
// what was corrected.
func (b *Bot) overview(_ context.Context, q *question, d *brief.Dossier) (chat.Card, error) {
	p := paginate(shelve(overviewItems(d, q.now)), q.Arg("after"), 0)
	card := chat.Card{Lead: pageLead(p, "", "part", "parts"), Items: p.items()}
	if !p.hasNewer {
		card.Lead = lines(chat.Styled(d.Subtitle, chat.Italic), chat.Plainly(state(d)), card.Lead)
	}
	if first := card.Items; len(first) > 0 && first[0].ID == "overview" {
		card.Lead = paragraphs(card.Lead, first[0].Body)
		card.Items = first[1:]
	}
	if row := p.turn(chat.NewCall("overview", d.ID), "Back", "Read on"); row != nil {
		card.Actions = append(card.Actions, row)
	}
	if row := relatedRow(q, d); row != nil {
		card.Actions = append(card.Actions, row)
	}
	return card, nil
}

// overviewItems are what an overview consists of; the first is its prose.
func overviewItems(d *brief.Dossier, now time.Time) []chat.Item {
	items := []chat.Item{{ID: "overview", Body: text(d, d.Overview)}}
	add := func(id, head string, body chat.Text) {
		if body.String() != "" {
			items = append(items, chat.Item{ID: id, Head: chat.Styled(head, chat.Bold), Body: body})
		}
	}
	var indicators, corrections []chat.Text
	for _, in := range d.Indicators {
		indicators = append(indicators, bulleted(indicatorHead(brief.Indicator{
			Label: shorten(in.Label, overviewWords), Value: shorten(in.Value, overviewWords), Unit: shorten(in.Unit, overviewWords),
		})))
	}
	for _, c := range newestCorrections(d) {
		corrections = append(corrections, bulleted(append(chat.Plainly(c.On.Words()+": "), text(d, c.Text)...)))
	}
	ahead, past := parted(d.NewestFirst(), now)
	add("indicators", "Indicators", lines(indicators...))
	add("ahead", "Ahead", eventLines(ahead[max(0, len(ahead)-eventsAhead):]))
	add("latest", "Latest", eventLines(past[:min(latestEvents, len(past))]))
	add("corrections", "Corrections", lines(corrections...))
	return items
}

// overviewWords is how many code points of a title or figure an overview shows; its
// section shows all.
const overviewWords = 200

func bulleted(t chat.Text) chat.Text { return append(chat.Plainly("• "), t...) }

// eventLines are events in a line each: “• 8 December 2025, major: Title”.
func eventLines(events []*brief.Event) chat.Text {
	var t chat.Text
	for _, e := range events {
		when := e.Date.Words()
		if e.Importance == brief.Major {
			when += ", major"
		}
		title := chat.Styled(shorten(e.Title, overviewWords), chat.Bold)
		if e.Retracted != nil {
			title[0].Style |= chat.Strike
			title = append(title, chat.Span{Text: " (retracted)"})
		}
		t = lines(t, bulleted(append(chat.Plainly(when+": "), title...)))
	}
	return t
}

// parted parts events, the newest first, into those that are still to come and the
// others.
func parted(events []*brief.Event, now time.Time) (ahead, past []*brief.Event) {
	for _, e := range events {
		if e.Date.First().After(now) {
			ahead = append(ahead, e)
		} else {
			past = append(past, e)
		}
	}
	return ahead, past
}

// state says in a line what is known of a dossier as a whole.
func state(d *brief.Dossier) string {
	tags := ""
	if len(d.Tags) > 0 {
		tags = "tagged " + strings.Join(d.Tags, ", ")
	}
	return dotted(statusWords(d.Status), counted(len(d.Timeline), "event", "events"), tags)
}

// relatedRow are buttons to the related stories that the asker may see.
func relatedRow(q *question, d *brief.Dossier) []chat.Action {
	var row []chat.Action
	for _, other := range q.reader.Related(d) {
		if len(row) < relatedButtons {
			row = append(row, storyButton("overview", other, "Related: "))
		}
	}
	return row
}

// storyButton is a button that asks command about d.
func storyButton(command string, d *brief.Dossier, prefix string) chat.Action {
	const readable = 40
	return chat.Action{
		Label: prefix + shorten(d.Title, readable),
		Call:  chat.NewCall(command, d.ID).String(),
	}
}

// pageLead opens a page: which part of how much it is, and that what it was to go on
// after is gone.
func pageLead(p page, more, one, many string) chat.Text {
	var lead chat.Text
	if p.lost {
		lead = chat.Plainly("The entry to go on after is no longer there; this begins at the top.")
	}
	words := p.rangeWords(one, many)
	if words != "" {
		words += more + "."
	}
	return lines(lead, chat.Plainly(words))
}
