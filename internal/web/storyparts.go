package web

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
)

type indicatorView struct {
	ID, Label, Value, Unit string
	Detail                 []node
	Points                 []pointView // newest first
	Cites                  []citeView
}

type pointView struct{ Date, Value string }

func (v storyView) indicators() []indicatorView {
	var views []indicatorView
	for _, i := range v.d.Indicators {
		view := indicatorView{ID: i.ID, Label: i.Label, Value: i.Value, Unit: i.Unit, Detail: v.prose(i.Detail), Cites: v.cites(i.Sources)}
		for _, p := range slices.Backward(i.Series) {
			view.Points = append(view.Points, pointView{p.Date.Words(), fmt.Sprintf("%g", p.Value)})
		}
		views = append(views, view)
	}
	return views
}

// An eventView is an entry of the timeline.
type eventView struct {
	ID, Date, Stamp string // the date in words, and as it is written
	Title, Kind     string
	Major           bool
	Detail          []node
	Parties         []partyLink
	Cites           []citeView
	Retracted       bool
	RetractedOn     string
	RetractedWhy    string
	Corrections     []correctionView
}

// A partyLink leads to a person or an organization on the page.
type partyLink struct{ Anchor, Name string }

func (v storyView) events() []eventView {
	var views []eventView
	for _, e := range v.d.NewestFirst() {
		view := eventView{
			ID: e.ID, Date: e.Date.Words(), Stamp: e.Date.String(), Title: e.Title, Kind: e.Kind,
			Major: e.Importance == brief.Major, Detail: v.prose(e.Detail), Cites: v.cites(e.Sources),
			Parties: v.parties(e), Corrections: correctionViews(v.d.CorrectionsOf("timeline/" + e.ID)),
		}
		if e.Retracted != nil {
			view.Retracted, view.RetractedOn, view.RetractedWhy = true, e.Retracted.On.Words(), e.Retracted.Why
		}
		views = append(views, view)
	}
	return views
}

func (v storyView) parties(e *brief.Event) []partyLink {
	var links []partyLink
	for _, id := range e.People {
		if p, ok := v.d.Person(id); ok {
			links = append(links, partyLink{"person-" + p.ID, p.Name})
		}
	}
	for _, id := range e.Organizations {
		if o, ok := v.d.Organization(id); ok {
			links = append(links, partyLink{"organization-" + o.ID, o.Name})
		}
	}
	return links
}

// A partyView is a person or an organization.
type partyView struct {
	ID, Name, Title string
	Aliases         string
	Status          string
	About           []node
	Roles           []string
}

func (v storyView) people() []partyView {
	var views []partyView
	for _, p := range v.d.People {
		view := partyView{ID: p.ID, Name: p.Name, Title: p.Title, Aliases: strings.Join(p.Aliases, ", "), About: v.prose(p.Role)}
		for _, r := range p.Roles {
			view.Roles = append(view.Roles, roleWords(r))
		}
		views = append(views, view)
	}
	return views
}

func roleWords(r brief.Role) string {
	switch {
	case r.From.IsZero() && r.To.IsZero():
		return r.Title
	case r.To.IsZero():
		return r.Title + ", since " + r.From.Words()
	case r.From.IsZero():
		return r.Title + ", until " + r.To.Words()
	}
	return r.Title + ", " + r.From.Words() + " to " + r.To.Words()
}

func (v storyView) organizations() []partyView {
	var views []partyView
	for _, o := range v.d.Organizations {
		views = append(views, partyView{
			ID: o.ID, Name: o.Name, Title: o.Kind, Aliases: strings.Join(o.Aliases, ", "), Status: o.Status, About: v.prose(o.About),
		})
	}
	return views
}

type scenarioView struct {
	ID, Title   string
	By          string
	Likelihood  string // “35 %”, or empty
	Percent     int
	Detail      []node
	Assessments []string // newest first
	Signposts   []string
	Outcome     string
}

func (v storyView) scenarios() []scenarioView {
	var views []scenarioView
	for _, s := range v.d.Scenarios {
		view := scenarioView{ID: s.ID, Title: s.Title, By: strings.Join(s.DiscussedBy, ", "), Detail: v.prose(s.Detail), Signposts: s.Signposts}
		if s.Likelihood != nil {
			view.Percent = int(math.Round(*s.Likelihood * 100))
			view.Likelihood = percent(*s.Likelihood)
		}
		for _, a := range slices.Backward(s.Assessments) {
			words := a.Date.Words() + ": " + percent(a.Likelihood)
			if a.By != "" {
				words += " (" + a.By + ")"
			}
			view.Assessments = append(view.Assessments, words)
		}
		if o := s.Outcome; o != nil {
			view.Outcome = "Did not happen"
			if o.Happened {
				view.Outcome = "Happened"
			}
			view.Outcome = strings.TrimSpace(view.Outcome + ", settled on " + o.On.Words() + ". " + o.Note)
		}
		views = append(views, view)
	}
	return views
}

func percent(likelihood float64) string {
	return fmt.Sprintf("%d %%", int(math.Round(likelihood*100)))
}

type caseView struct {
	ID, Title, Period string
	Parts             []casePart
}

type casePart struct {
	Name string
	Body []node
}

func (v storyView) history() []caseView {
	var views []caseView
	for _, c := range v.d.History {
		view := caseView{ID: c.ID, Title: c.Title, Period: periodWords(c.Period)}
		for _, p := range []struct{ name, text string }{
			{"What happened", c.WhatHappened}, {"In the short term", c.ShortTerm},
			{"In the long term", c.LongTerm}, {"Why it matters here", c.Relevance},
		} {
			if p.text != "" {
				view.Parts = append(view.Parts, casePart{p.name, v.prose(p.text)})
			}
		}
		views = append(views, view)
	}
	return views
}

// periodWords returns a period in words: it is a date, or text already.
func periodWords(period string) string {
	if d, err := brief.ParseDate(period); err == nil {
		return d.Words()
	}
	return period
}

type correctionView struct{ On, Text string }

func (v storyView) corrections() []correctionView {
	newest := slices.Clone(v.d.Corrections)
	slices.SortStableFunc(newest, func(a, b brief.Correction) int { return b.On.Compare(a.On) })
	return correctionViews(newest)
}

func correctionViews(corrections []brief.Correction) []correctionView {
	var views []correctionView
	for _, c := range corrections {
		views = append(views, correctionView{c.On.Words(), c.Text})
	}
	return views
}

type sourceView struct{ ID, Publisher, Title, URL, Date string }

func (v storyView) sources() []sourceView {
	var views []sourceView
	for _, c := range v.d.Sources {
		view := sourceView{ID: c.ID, Publisher: c.Publisher, Title: c.Title, URL: c.URL, Date: c.Date.Words()}
		if view.Title == "" {
			view.Title, view.Publisher = c.Name(), ""
		}
		views = append(views, view)
	}
	return views
}
