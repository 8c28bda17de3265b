package brief

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// The canon functions return an item as it reads: what differs between two
// versions of it in canon differs for readers. They sort lists, write out
// defaults, wrap prose alike, and empty the keys that are no news.

func canonEvent(e Event) Event {
	e.Title, e.Kind, e.Detail = canonLine(e.Title), canonLine(e.Kind), canonProse(e.Detail)
	e.Importance = cmp.Or(e.Importance, Normal)
	e.Announce = ""
	e.People, e.Organizations, e.Sources = canonList(e.People), canonList(e.Organizations), canonList(e.Sources)
	if e.Retracted != nil {
		e.Retracted = &Retraction{On: e.Retracted.On, Why: canonLine(e.Retracted.Why)}
	}
	return e
}

func canonIndicator(i Indicator) Indicator {
	i.Label, i.Value, i.Unit, i.Detail = canonLine(i.Label), canonLine(i.Value), canonLine(i.Unit), canonProse(i.Detail)
	i.Series = sorted(i.Series, func(a, b Point) int {
		return cmp.Or(a.Date.Compare(b.Date), strings.Compare(a.Date.String(), b.Date.String()), cmp.Compare(a.Value, b.Value))
	})
	i.Sources = nil
	return i
}

func canonPerson(p Person) Person {
	p.Name, p.Title, p.Role = canonLine(p.Name), canonLine(p.Title), canonProse(p.Role)
	p.Aliases = nil
	p.Roles = sorted(p.Roles, func(a, b Role) int {
		return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To), strings.Compare(a.Title, b.Title))
	})
	for i := range p.Roles {
		p.Roles[i].Title = canonLine(p.Roles[i].Title)
	}
	return p
}

func canonOrganization(o Organization) Organization {
	o.Name, o.Kind, o.Status, o.About = canonLine(o.Name), canonLine(o.Kind), canonLine(o.Status), canonProse(o.About)
	o.Aliases = nil
	return o
}

func canonScenario(s Scenario) Scenario {
	s.Title, s.Detail = canonLine(s.Title), canonProse(s.Detail)
	s.DiscussedBy, s.Signposts = canonList(s.DiscussedBy), canonList(s.Signposts)
	s.Assessments = sorted(s.Assessments, func(a, b Assessment) int {
		return cmp.Or(a.Date.Compare(b.Date), strings.Compare(a.By, b.By), cmp.Compare(a.Likelihood, b.Likelihood))
	})
	if s.Outcome != nil {
		s.Outcome = &Outcome{On: s.Outcome.On, Happened: s.Outcome.Happened, Note: canonLine(s.Outcome.Note)}
	}
	return s
}

func canonCase(c Case) Case {
	c.Title, c.Period, c.WhatHappened = canonLine(c.Title), canonLine(c.Period), canonProse(c.WhatHappened)
	c.ShortTerm, c.LongTerm, c.Relevance = canonProse(c.ShortTerm), canonProse(c.LongTerm), canonProse(c.Relevance)
	return c
}

func canonCorrection(c Correction) Correction {
	c.Text = canonLine(c.Text)
	return c
}

func canonHeading(h Heading) Heading {
	h.Title, h.Subtitle, h.Overview = canonLine(h.Title), canonLine(h.Subtitle), canonProse(h.Overview)
	h.Status = cmp.Or(h.Status, Active)
	return h
}

// canonList sorts a list whose order says nothing.
func canonList(list []string) []string {
	list = sorted(list, strings.Compare)
	for i := range list {
		list[i] = canonLine(list[i])
	}
	return list
}

// sorted returns a sorted copy of list, nil for an empty one.
func sorted[T any](list []T, compare func(a, b T) int) []T {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, compare)
	return list
}

// canonLine returns a text that is no prose with single spaces between its words.
func canonLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// canonProse returns prose with every paragraph on one line, however it was
// wrapped, and one empty line where there was any.
func canonProse(s string) string {
	var b strings.Builder
	gap := false
	for line := range strings.SplitSeq(s, "\n") {
		text := canonLine(line)
		if text == "" {
			gap = true
			continue
		}
		starts := startsBlock(text)
		first := b.Len() == 0
		switch {
		case first:
		case gap:
			b.WriteString("\n\n")
		case starts:
			b.WriteString("\n")
		default:
			b.WriteString(" ")
		}
		if !first && (starts || gap) {
			b.WriteString(line[:len(line)-len(strings.TrimLeft(line, " \t"))]) // nesting
		}
		gap = false
		b.WriteString(text)
	}
	return b.String()
}

// startsBlock says whether a line begins something of its own in Markdown rather
// than going on with the line before it.
func startsBlock(line string) bool {
	switch line[0] {
	case '>', '#':
		return true
	case '-', '*', '+':
		return len(line) == 1 || line[1] == ' '
	}
	digits := strings.TrimLeft(line, "0123456789")
	return len(digits) < len(line) && (strings.HasPrefix(digits, ". ") || strings.HasPrefix(digits, ") ")) ||
		strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~")
}

// differing returns the keys in which two items differ, in the order of their
// fields.
func differing[T any](a, b T) []string {
	var keys []string
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			key, _, _ := strings.Cut(x.Type().Field(i).Tag.Get("json"), ",")
			keys = append(keys, key)
		}
	}
	return keys
}
