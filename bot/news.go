package bot

import (
	"fmt"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// tell words one change in d, which may be older or newer than the change.
func tell(d *brief.Dossier, c brief.Change) (news, error) {
	part, _, _ := strings.Cut(string(c.Kind), ".")
	switch part {
	case "event":
		return tellAs(d, c, tellEvent)
	case "indicator":
		return tellAs(d, c, tellIndicator)
	case "person":
		return tellAs(d, c, tellPerson)
	case "organization":
		return tellAs(d, c, tellOrganization)
	case "scenario":
		return tellAs(d, c, tellScenario)
	case "case":
		return tellAs(d, c, tellCase)
	case "correction":
		return tellAs(d, c, tellCorrection)
	}
	return tellAs(d, c, tellDossier)
}

// tellAs reads both sides of a change and has them worded. Neither is ever nil: a
// side that the change does not have is the zero T.
func tellAs[T any](d *brief.Dossier, c brief.Change, word func(*brief.Dossier, brief.Change, *T, *T) news) (news, error) {
	before, err := brief.As[T](c.Before)
	if err != nil {
		return news{}, err
	}
	after, err := brief.As[T](c.After)
	if err != nil {
		return news{}, err
	}
	if before == nil {
		before = new(T)
	}
	if after == nil {
		after = new(T)
	}
	n := word(d, c, before, after)
	n.Item = whole(n.Item)
	return n, nil
}

// whole keeps an item within what one card can hold. What is cut is text that the
// buttons lead to.
func whole(it chat.Item) chat.Item {
	const room = pageCost - 600
	it.Head = excerpt(it.Head, headCost)
	it.Body = excerpt(it.Body, room)
	return it
}

func tellEvent(d *brief.Dossier, c brief.Change, before, after *brief.Event) news {
	e := after
	if c.Kind == brief.EventRemoved {
		e = before
	}
	n := news{event: e.ID, Item: eventItem(e)}
	detail := excerpt(eventDetail(d, e), newsCost)
	switch c.Kind {
	case brief.EventAdded:
		n.tone, n.Label = chat.New, dotted("New", n.Label)
		n.Body = lines(retraction(e), detail, from(d, e.Sources))
	case brief.EventRetracted:
		n.tone, n.Label = chat.Withdrawn, dotted("Retracted", n.Label)
		n.Body = lines(retraction(e), from(d, e.Sources))
	case brief.EventRestored:
		n.tone, n.Label = chat.Revised, dotted("Restored", n.Label)
		n.Body = lines(chat.Plainly("The retraction was withdrawn: this stands again."), detail, from(d, e.Sources))
	case brief.EventRemoved:
		n.tone, n.Label, n.event = chat.Withdrawn, dotted("Removed", n.Label), ""
		n.Head = chat.Styled(e.Title, chat.Bold|chat.Strike)
	default:
		n.tone, n.Label = chat.Revised, dotted("Revised", n.Label)
		n.Body = lines(eventFields(d, before, after).texts()...)
	}
	return n
}

// fields are what became of the fields of an item: one text each, none where a field
// is as it was.
type fields []field

type field struct {
	name string
	text chat.Text
}

func (f fields) texts() []chat.Text {
	texts := make([]chat.Text, len(f))
	for i := range f {
		texts[i] = f[i].text
	}
	return texts
}

// eventFields tell what became of each field of an event in d.
func eventFields(d *brief.Dossier, before, after *brief.Event) fields {
	return fields{
		{"title", moved("Title", before.Title, after.Title)},
		{"date", moved("Date", before.Date.Words(), after.Date.Words())},
		{"kind", moved("Kind", before.Kind, after.Kind)},
		{"importance", moved("Importance", degree(before.Importance), degree(after.Importance))},
		{"retracted", otherReason(before.Retracted, after.Retracted)},
		{"detail", rewritten("Text", d, before.Detail, after.Detail)},
		{"people", joined("People", before.People, after.People, func(id string) string {
			p, ok := d.Person(id)
			return nameOr(ok, func() string { return p.Name }, id)
		})},
		{"organizations", joined("Organizations", before.Organizations, after.Organizations, func(id string) string {
			o, ok := d.Organization(id)
			return nameOr(ok, func() string { return o.Name }, id)
		})},
		{"sources", joined("Sources", before.Sources, after.Sources, func(id string) string {
			_, s, ok := d.Citation(id)
			return nameOr(ok, func() string { return sourceHead(s) }, id)
		})},
	}
}

// otherReason tells what became of the words of a retraction.
func otherReason(before, after *brief.Retraction) chat.Text {
	if before == nil || after == nil {
		return nil
	}
	return lines(
		moved("Retracted on", before.On.Words(), after.On.Words()),
		moved("Reason", before.Why, after.Why),
	)
}

func nameOr(ok bool, name func() string, id string) string {
	if ok {
		return name()
	}
	return id
}

func degree(i brief.Importance) string {
	if i == "" {
		return string(brief.Normal)
	}
	return string(i)
}

func tellIndicator(d *brief.Dossier, c brief.Change, before, after *brief.Indicator) news {
	n := news{Item: chat.Item{Head: indicatorHead(*after)}}
	switch c.Kind {
	case brief.IndicatorAdded:
		n.tone, n.Label = chat.New, "New indicator"
		n.Body = lines(excerpt(text(d, after.Detail), newsCost), from(d, after.Sources))
	case brief.IndicatorRemoved:
		n.tone, n.Label = chat.Withdrawn, "Indicator removed"
		n.Head = chat.Styled(before.Label, chat.Strike)
	default:
		n.tone, n.Label = chat.Revised, "Indicator revised"
		n.Body = lines(
			moved("Value", valueWords(before), valueWords(after)),
			moved("Label", before.Label, after.Label),
			rewritten("Text", d, before.Detail, after.Detail),
			points(before.Series, after.Series),
			from(d, after.Sources),
		)
	}
	return n
}

// points tells which points of a series are new or other than before.
func points(before, after []brief.Point) chat.Text {
	known := make(map[brief.Point]bool)
	for _, p := range before {
		known[p] = true
	}
	var fresh []brief.Point
	for _, p := range after {
		if !known[p] {
			fresh = append(fresh, p)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return labelled("New in the series:", chat.Plainly(seriesWords(fresh)))
}

func tellPerson(d *brief.Dossier, c brief.Change, before, after *brief.Person) news {
	n := news{Item: chat.Item{Head: chat.Styled(after.Name, chat.Bold)}}
	switch c.Kind {
	case brief.PersonAdded:
		n.tone, n.Label = chat.New, "New person"
		n.Body = lines(chat.Styled(after.Title, chat.Italic), excerpt(text(d, after.Role), newsCost))
	case brief.PersonRemoved:
		n.tone, n.Label = chat.Withdrawn, "Person removed"
		n.Head = chat.Styled(before.Name, chat.Strike)
	default:
		n.tone, n.Label = chat.Revised, "Person revised"
		n.Body = lines(
			moved("Name", before.Name, after.Name),
			moved("Title", before.Title, after.Title),
			rewritten("Part in the story", d, before.Role, after.Role),
			joined("Roles", roleWords(before.Roles), roleWords(after.Roles), func(s string) string { return s }),
		)
	}
	return n
}

func roleWords(roles []brief.Role) []string {
	var words []string
	for _, r := range roles {
		words = append(words, r.Title+term(r.From, r.To))
	}
	return words
}

func tellOrganization(d *brief.Dossier, c brief.Change, before, after *brief.Organization) news {
	n := news{Item: chat.Item{Head: chat.Styled(after.Name, chat.Bold)}}
	switch c.Kind {
	case brief.OrganizationAdded:
		n.tone, n.Label = chat.New, "New organization"
		n.Body = lines(chat.Styled(after.Kind, chat.Italic), labelled("Status:", chat.Plainly(after.Status)), excerpt(text(d, after.About), newsCost))
	case brief.OrganizationRemoved:
		n.tone, n.Label = chat.Withdrawn, "Organization removed"
		n.Head = chat.Styled(before.Name, chat.Strike)
	default:
		n.tone, n.Label = chat.Revised, "Organization revised"
		n.Body = lines(
			moved("Name", before.Name, after.Name),
			moved("Kind", before.Kind, after.Kind),
			moved("Status", before.Status, after.Status),
			rewritten("Text", d, before.About, after.About),
		)
	}
	return n
}

func tellScenario(d *brief.Dossier, c brief.Change, before, after *brief.Scenario) news {
	n := news{tone: chat.Revised, Item: chat.Item{Label: "Scenario revised", Head: chat.Styled(after.Title, chat.Bold)}}
	switch c.Kind {
	case brief.ScenarioAdded:
		n.tone, n.Label = chat.New, "New scenario"
		n.Body = lines(labelled("Likelihood:", chat.Plainly(likelihoodWords(after.Likelihood))), excerpt(text(d, after.Detail), newsCost))
	case brief.ScenarioRemoved:
		n.tone, n.Label = chat.Withdrawn, "Scenario removed"
		n.Head = chat.Styled(before.Title, chat.Strike)
	default:
		if c.Kind == brief.ScenarioResolved {
			n.Label = "Scenario resolved"
		}
		n.Body = lines(
			outcomeChange(before.Outcome, after.Outcome),
			moved("Likelihood", likelihoodWords(before.Likelihood), likelihoodWords(after.Likelihood)),
			labelled("New assessment:", chat.Plainly(assessmentWords(freshAssessments(before.Assessments, after.Assessments)))),
			moved("Title", before.Title, after.Title),
			rewritten("Text", d, before.Detail, after.Detail),
			joined("Signposts", before.Signposts, after.Signposts, func(s string) string { return s }),
			joined("Discussed by", before.DiscussedBy, after.DiscussedBy, func(s string) string { return s }),
		)
	}
	return n
}

func likelihoodWords(l *float64) string {
	if l == nil {
		return ""
	}
	return percent(*l)
}

func freshAssessments(before, after []brief.Assessment) []brief.Assessment {
	known := make(map[brief.Assessment]bool)
	for _, a := range before {
		known[a] = true
	}
	var fresh []brief.Assessment
	for _, a := range after {
		if !known[a] {
			fresh = append(fresh, a)
		}
	}
	return fresh
}

func outcomeChange(before, after *brief.Outcome) chat.Text {
	switch {
	case after == nil && before != nil:
		return chat.Plainly("Its outcome is open again.")
	case after == nil || before != nil && *before == *after:
		return nil
	}
	return outcomeWords(after)
}

func tellCase(d *brief.Dossier, c brief.Change, before, after *brief.Case) news {
	n := news{Item: chat.Item{Label: dotted("Earlier case revised", periodWords(after.Period)), Head: chat.Styled(after.Title, chat.Bold)}}
	if c.Kind == brief.CaseAdded {
		n.tone, n.Label = chat.New, dotted("New earlier case", periodWords(after.Period))
		n.Body = excerpt(text(d, after.Relevance), newsCost)
		return n
	}
	n.tone = chat.Revised
	n.Body = lines(
		moved("Title", before.Title, after.Title),
		moved("Period", periodWords(before.Period), periodWords(after.Period)),
		rewritten("What happened", d, before.WhatHappened, after.WhatHappened),
		rewritten("In the short term", d, before.ShortTerm, after.ShortTerm),
		rewritten("In the long term", d, before.LongTerm, after.LongTerm),
		rewritten("Why it matters here", d, before.Relevance, after.Relevance),
	)
	return n
}

func tellCorrection(d *brief.Dossier, c brief.Change, _, after *brief.Correction) news {
	n := news{tone: chat.Revised, Item: chat.Item{
		Label: dotted("Correction", after.On.Words()),
		Head:  text(d, after.Text),
	}}
	if section, id, ok := strings.Cut(after.Item, "/"); ok {
		n.Body = labelled("About:", chat.Plainly(itemName(d, section, id)))
		if section == "timeline" {
			n.event = id
		}
	}
	return n
}

// itemName names an item of any section for people.
func itemName(d *brief.Dossier, section, id string) string {
	switch section {
	case "timeline":
		if e, ok := d.Event(id); ok {
			return e.Title
		}
	case "indicators":
		if in, ok := d.Indicator(id); ok {
			return in.Label
		}
	case "people":
		if p, ok := d.Person(id); ok {
			return p.Name
		}
	case "organizations":
		if o, ok := d.Organization(id); ok {
			return o.Name
		}
	case "scenarios":
		if s, ok := d.Scenario(id); ok {
			return s.Title
		}
	case "history":
		if c, ok := d.Case(id); ok {
			return c.Title
		}
	case "sources":
		if _, c, ok := d.Citation(id); ok {
			return c.Name()
		}
	}
	return fmt.Sprintf("%s/%s", section, id)
}

func tellDossier(d *brief.Dossier, c brief.Change, before, after *brief.Heading) news {
	n := news{tone: chat.Revised, Item: chat.Item{Head: chat.Styled(after.Title, chat.Bold)}}
	switch c.Kind {
	case brief.DossierOpened:
		n.whole = true
		n.tone, n.Label = chat.New, "New story"
		n.Body = paragraphs(chat.Styled(after.Subtitle, chat.Italic), excerpt(text(d, d.Overview), newsCost))
	case brief.DossierClosed:
		n.whole = true
		n.Label = "Story closed"
		n.Body = chat.Plainly("It is not followed any more; what was told stays readable.")
	case brief.DossierRemoved:
		n.whole = true
		n.tone, n.Label = chat.Withdrawn, "Story withdrawn"
		n.Head = chat.Styled(before.Title, chat.Bold|chat.Strike)
	case brief.StatusChanged:
		n.Head = chat.Styled("Status changed", chat.Bold)
		n.Body = moved("Status", statusWords(before.Status), statusWords(after.Status))
	default:
		n.Head = chat.Styled("Overview revised", chat.Bold)
		n.Body = lines(
			moved("Title", before.Title, after.Title),
			moved("Subtitle", before.Subtitle, after.Subtitle),
			rewritten("Text", d, before.Overview, after.Overview),
		)
	}
	return n
}
