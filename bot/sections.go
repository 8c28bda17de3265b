package bot

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// listing turns the items of a section into a tale, in pages.
func listing(one, many string, items func(*brief.Dossier) []chat.Item) tale {
	return func(_ context.Context, q *question, d *brief.Dossier) (chat.Card, error) {
		all := items(d)
		if len(all) == 0 {
			return chat.Card{Lead: chat.Plainly("No " + many + " in this dossier.")}, nil
		}
		p := paginate(shelve(all), q.Arg("after"), 0)
		card := chat.Card{Lead: pageLead(p, "", one, many), Items: p.items()}
		if row := p.turn(chat.NewCall(q.Call.Name, d.ID), "Back", "More"); row != nil {
			card.Actions = append(card.Actions, row)
		}
		return card, nil
	}
}

// indicatorItems are the figures worth watching, with how they moved.
func indicatorItems(d *brief.Dossier) []chat.Item {
	var items []chat.Item
	for _, in := range d.Indicators {
		items = append(items, chat.Item{
			ID:   in.ID,
			Head: indicatorHead(in),
			Body: paragraphs(
				text(d, in.Detail),
				labelled("Over time:", chat.Plainly(seriesWords(in.Series))),
				lines(cited(d, in.Sources), corrected(d, "indicators/"+in.ID)),
			),
		})
	}
	return items
}

// indicatorHead is an indicator in a line: “Cargoes a week: 14 ships”.
func indicatorHead(in brief.Indicator) chat.Text {
	return append(chat.Plainly(in.Label+": "), chat.Span{Text: valueWords(&in), Style: chat.Bold})
}

// valueWords is an indicator's value with its unit: “14 ships”.
func valueWords(in *brief.Indicator) string { return strings.TrimSpace(in.Value + " " + in.Unit) }

// seriesWords is a series in a line: “9 (1 November 2025) → 14 (1 December 2025)”.
func seriesWords(series []brief.Point) string {
	s := ""
	for i, p := range series {
		if i > 0 {
			s += " → "
		}
		s += strconv.FormatFloat(p.Value, 'f', -1, 64) + " (" + p.Date.Words() + ")"
	}
	return s
}

// scenarioItems are the ways the story may go on.
func scenarioItems(d *brief.Dossier) []chat.Item {
	var items []chat.Item
	for _, s := range d.Scenarios {
		head := chat.Styled(s.Title, chat.Bold)
		if s.Likelihood != nil {
			head = append(head, chat.Span{Text: ": " + percent(*s.Likelihood)})
		}
		items = append(items, chat.Item{
			ID:   s.ID,
			Head: head,
			Body: paragraphs(
				outcomeWords(s.Outcome),
				text(d, s.Detail),
				labelled("Likelihood over time:", chat.Plainly(assessmentWords(s.Assessments))),
				signposts(s.Signposts),
				lines(
					labelled("Discussed by:", chat.Plainly(listed(s.DiscussedBy))),
					corrected(d, "scenarios/"+s.ID),
				),
			),
		})
	}
	return items
}

// assessmentWords is how a likelihood moved: “20 % (1 November 2025, desk) → 35 %
// (1 December 2025, desk)”.
func assessmentWords(assessments []brief.Assessment) string {
	s := ""
	for i, a := range assessments {
		if i > 0 {
			s += " → "
		}
		by := a.Date.Words()
		if a.By != "" {
			by += ", " + a.By
		}
		s += percent(a.Likelihood) + " (" + by + ")"
	}
	return s
}

func signposts(signs []string) chat.Text {
	if len(signs) == 0 {
		return nil
	}
	t := []chat.Text{chat.Styled("Signposts:", chat.Bold)}
	for _, s := range signs {
		t = append(t, chat.Plainly("• "+s))
	}
	return lines(t...)
}

// outcomeWords says what became of a scenario.
func outcomeWords(o *brief.Outcome) chat.Text {
	if o == nil {
		return nil
	}
	verdict := "Did not happen"
	if o.Happened {
		verdict = "Happened"
	}
	if !o.On.IsZero() {
		verdict += " (" + o.On.Words() + ")"
	}
	if o.Note == "" {
		return chat.Styled(verdict+".", chat.Bold)
	}
	return labelled(verdict+":", chat.Plainly(o.Note))
}

// historyItems are the earlier cases worth comparing.
func historyItems(d *brief.Dossier) []chat.Item {
	var items []chat.Item
	for _, c := range d.History {
		items = append(items, chat.Item{
			ID:    c.ID,
			Label: periodWords(c.Period),
			Head:  chat.Styled(c.Title, chat.Bold),
			Body: paragraphs(
				labelled("What happened:", text(d, c.WhatHappened)),
				labelled("In the short term:", text(d, c.ShortTerm)),
				labelled("In the long term:", text(d, c.LongTerm)),
				labelled("Why it matters here:", text(d, c.Relevance)),
				corrected(d, "history/"+c.ID),
			),
		})
	}
	return items
}

// periodWords reads a period as a date where it is one.
func periodWords(period string) string {
	date, err := brief.ParseDate(period)
	if err != nil {
		return period
	}
	return date.Words()
}

// sourceItems are the sources under the numbers by which answers cite them.
func sourceItems(d *brief.Dossier) []chat.Item {
	var items []chat.Item
	for i, c := range d.Sources {
		title := c.Title
		if c.Publisher == "" {
			title = ""
		}
		items = append(items, chat.Item{
			ID:    c.ID,
			Label: fmt.Sprintf("[%d]", i+1),
			Head:  chat.Plainly(sourceHead(&c)),
			URL:   c.URL,
			Body: lines(
				chat.Plainly(dotted(title, c.Date.Words())),
				corrected(d, "sources/"+c.ID),
			),
		})
	}
	return items
}

func sourceHead(c *brief.Citation) string {
	switch {
	case c.Publisher != "":
		return c.Publisher
	case c.Title != "":
		return c.Title
	}
	return c.ID
}
