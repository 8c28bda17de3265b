package bot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

const (
	// eventsPerPage is how many events one answer shows: their buttons, five a row,
	// leave room for paging and for two rows of sections.
	eventsPerPage = 8
	// excerptCost is how much of an event's detail its entry in the timeline shows;
	// /event shows all of it.
	excerptCost = 600
)

// timeline shows the events of a story, newest first, in pages.
func (b *Bot) timeline(_ context.Context, q *question, d *brief.Dossier) (chat.Card, error) {
	f, err := readFilter(q)
	if err != nil {
		return chat.Card{}, err
	}
	events := f.apply(d)
	p := paginate(timelineShelf(d, events), q.Arg("after"), eventsPerPage)
	card := chat.Card{Lead: timelineLead(p, f, len(d.Timeline)), Items: p.items()}
	if p.total == 0 && f.kind != "" {
		card.Lead = lines(card.Lead, kinds(d))
	}
	if row := numberRow(p, d); row != nil {
		card.Actions = rows(row, chat.MaxRow)
	}
	if row := p.turn(f.call(d), "Newer", "Older"); row != nil {
		card.Actions = append(card.Actions, row)
	}
	return card, nil
}

func timelineShelf(d *brief.Dossier, events []*brief.Event) *shelf {
	s := &shelf{ids: make([]string, len(events))}
	for i, e := range events {
		s.ids[i] = e.ID
	}
	s.item = func(i int) chat.Item { return timelineItem(d, events[i], i+1) }
	return s
}

// timelineLead says which events are shown, of how many, and why not all.
func timelineLead(p page, f filter, all int) chat.Text {
	switch {
	case all == 0:
		return chat.Plainly("No events yet.")
	case p.total == 0:
		return chat.Plainly(fmt.Sprintf("No events%s. The timeline has %d in all.", f.words(), all))
	case len(p.entries) == 0:
		return chat.Plainly("There is nothing older.")
	}
	words := fmt.Sprintf("All %d events", p.total)
	if f.any() {
		words = fmt.Sprintf("%d of %s", p.total, counted(all, "event", "events"))
	} else if p.total == 1 {
		words = "1 event"
	}
	if r := p.rangeWords("event", "events"); r != "" {
		words = r
	}
	lead := chat.Plainly(words + f.words() + ", newest first.")
	if p.lost {
		lead = lines(chat.Plainly("The event to go on after is no longer there; this begins with the newest."), lead)
	}
	return lead
}

// kinds names the kinds of the events of d, each once.
func kinds(d *brief.Dossier) chat.Text {
	const named = 12
	var all []string
	for _, e := range d.NewestFirst() {
		if e.Kind != "" && len(all) < named && !slices.Contains(all, e.Kind) {
			all = append(all, e.Kind)
		}
	}
	return labelled("Kinds in this timeline:", chat.Plainly(strings.Join(all, ", ")))
}

// numberRow are the buttons of the events on a page, under their numbers.
func numberRow(p page, d *brief.Dossier) []chat.Action {
	var row []chat.Action
	for i, e := range p.entries {
		id, _, _ := strings.Cut(e.ID, ".")
		if i > 0 && e.number == p.entries[i-1].number {
			continue
		}
		row = append(row, chat.Action{Label: strconv.Itoa(e.number), Call: chat.NewCall("event", d.ID, id).String()})
	}
	return row
}

// timelineItem is an event as the timeline shows it; a long detail is cut short,
// with the number under which to read on.
func timelineItem(d *brief.Dossier, e *brief.Event, number int) chat.Item {
	it := eventItem(e)
	it.Label = dotted(strconv.Itoa(number), it.Label)
	detail := eventDetail(d, e)
	if cost(detail) > excerptCost {
		head, _ := detail.Cut(within(excerptCost))
		detail = append(head.Tidy(), chat.Span{Text: fmt.Sprintf(" … (goes on under %d)", number), Style: chat.Italic})
	}
	it.Body = lines(retraction(e), detail, cited(d, e.Sources))
	return it
}

// eventItem is the head of an event: date, kind, importance and title, struck
// through where it is retracted.
func eventItem(e *brief.Event) chat.Item {
	head := chat.Styled(e.Title, chat.Bold)
	if e.Retracted != nil {
		head = chat.Styled(e.Title, chat.Bold|chat.Strike)
	}
	return chat.Item{
		ID:    e.ID,
		Label: dotted(e.Date.Words(), e.Kind, importanceWords(e.Importance)),
		Head:  head,
	}
}

// eventDetail is what there is to say about an event, struck through where it is
// retracted.
func eventDetail(d *brief.Dossier, e *brief.Event) chat.Text {
	detail := text(d, e.Detail)
	if e.Retracted != nil {
		for i := range detail {
			detail[i].Style |= chat.Strike
		}
	}
	return detail
}

// retraction says since when an event is withdrawn, and why.
func retraction(e *brief.Event) chat.Text {
	if e.Retracted == nil {
		return nil
	}
	when := "Retracted"
	if !e.Retracted.On.IsZero() {
		when += " " + e.Retracted.On.Words()
	}
	if e.Retracted.Why == "" {
		return chat.Styled(when+".", chat.Bold)
	}
	return labelled(when+":", chat.Plainly(e.Retracted.Why))
}

// A filter selects events of a timeline.
type filter struct {
	from, to brief.Date
	kind     string
}

func readFilter(q *question) (f filter, err error) {
	if f.from, err = dateOption(q, "from"); err != nil {
		return f, err
	}
	if f.to, err = dateOption(q, "to"); err != nil {
		return f, err
	}
	if !f.from.IsZero() && !f.to.IsZero() && !f.to.End().After(f.from.First()) {
		return f, &badValue{option: "to", value: q.Arg("to"), want: "a date that is not before " + f.from.Words()}
	}
	f.kind = q.Arg("kind")
	return f, nil
}

func dateOption(q *question, option string) (brief.Date, error) {
	typed := q.Arg(option)
	if typed == "" {
		return brief.Date{}, nil
	}
	date, err := brief.ParseDate(typed)
	if err != nil {
		return brief.Date{}, &badValue{option: option, value: typed,
			want: "a date such as 2025, 2025-11 or 2025-11-21"}
	}
	return date, nil
}

func (f filter) any() bool { return !f.from.IsZero() || !f.to.IsZero() || f.kind != "" }

// apply returns the events that overlap the dates and are of the kind, newest
// first.
func (f filter) apply(d *brief.Dossier) []*brief.Event {
	var events []*brief.Event
	for _, e := range d.NewestFirst() {
		if e.Date.Overlaps(f.from, f.to) && (f.kind == "" || same(e.Kind, f.kind)) {
			events = append(events, e)
		}
	}
	return events
}

// words names the filter in a sentence: “ since 2025 of kind “Diplomacy””.
func (f filter) words() string {
	var b strings.Builder
	switch {
	case !f.from.IsZero() && f.from == f.to:
		b.WriteString(onOrIn(f.from))
	case !f.from.IsZero() && !f.to.IsZero():
		b.WriteString(" from " + f.from.Words() + " to " + f.to.Words())
	case !f.from.IsZero():
		b.WriteString(" since " + f.from.Words())
	case !f.to.IsZero():
		b.WriteString(" until " + f.to.Words())
	}
	if f.kind != "" {
		b.WriteString(" of kind " + quoted(f.kind))
	}
	return b.String()
}

// onOrIn says that something falls in a date: “ on” a day, “ in” anything longer.
func onOrIn(date brief.Date) string {
	if date.End().Sub(date.First()) <= 24*time.Hour {
		return " on " + date.Words()
	}
	return " in " + date.Words()
}

// call asks for the timeline of d through the filter.
func (f filter) call(d *brief.Dossier) chat.Call {
	return chat.NewCall("timeline", d.ID).
		With("from", f.from.String()).With("to", f.to.String()).With("kind", f.kind)
}
