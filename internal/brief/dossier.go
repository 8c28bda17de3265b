package brief

import (
	"slices"
	"time"
)

// A Dossier is a brief, parsed and validated. It is immutable once it is in a
// [Snapshot]. Its JSON form has the keys of its YAML form.
//
// The tag “brief” holds what a value must be beyond its type; see rule.
// Comments on types and fields are also descriptions in the [Schema].
type Dossier struct {
	ID            string         `json:"id" yaml:"-"`
	Draft         bool           `json:"draft,omitempty" yaml:"draft"`                                                        // not finished: served and announced to nobody
	Title         string         `json:"title" yaml:"title" brief:"required,max=200"`                                         // the story in a few words
	Subtitle      string         `json:"subtitle,omitempty" yaml:"subtitle"`                                                  // one line under the title
	Status        Status         `json:"status,omitempty" yaml:"status" brief:"choice=active|watching|closed,default=active"` // active if left out
	AsOf          Date           `json:"as_of,omitzero" yaml:"as_of" brief:"single"`                                          // when an editor last stood by the whole text
	ReviewBy      Date           `json:"review_by,omitzero" yaml:"review_by" brief:"single"`                                  // past it, every answer says that the dossier is stale
	Language      string         `json:"language,omitempty" yaml:"language" brief:"language"`                                 // the language of the texts, as a BCP 47 tag such as en or uk
	Tags          []string       `json:"tags,omitempty" yaml:"tags"`                                                          // what the story can be found by
	Audience      []string       `json:"audience,omitempty" yaml:"audience" brief:"id,nonempty"`                              // access groups that may read it; left out: everyone
	Overview      string         `json:"overview" yaml:"overview" brief:"required,prose"`                                     // what the story is about
	Indicators    []Indicator    `json:"indicators,omitempty" yaml:"indicators"`                                              // figures worth watching
	People        []Person       `json:"people,omitempty" yaml:"people"`                                                      // who takes part
	Organizations []Organization `json:"organizations,omitempty" yaml:"organizations"`                                        // who takes part
	Timeline      []Event        `json:"timeline" yaml:"timeline" brief:"required,max=2000"`                                  // what happened and what is ahead; the order in the file does not matter
	Scenarios     []Scenario     `json:"scenarios,omitempty" yaml:"scenarios"`                                                // how the story may go on
	History       []Case         `json:"history,omitempty" yaml:"history"`                                                    // earlier cases worth comparing
	Sources       []Citation     `json:"sources,omitempty" yaml:"sources"`                                                    // what the dossier cites
	Related       []string       `json:"related,omitempty" yaml:"related" brief:"ref=stories"`                                // ids of other dossiers
	Corrections   []Correction   `json:"corrections,omitempty" yaml:"corrections"`                                            // what earlier versions had wrong
}

// Status says whether a story is still told.
type Status string

// The states of a story. A dossier that names none is active.
const (
	Active   Status = "active"   // the story is told
	Watching Status = "watching" // little happens, and somebody still looks
	Closed   Status = "closed"   // the story is over; it can still be read
)

// An Indicator is a figure worth watching.
type Indicator struct {
	ID      string   `json:"id,omitempty" yaml:"id" brief:"id,slug=Label"`         // made of the label if left out; digests and corrections hang on it, so it stays
	Label   string   `json:"label" yaml:"label" brief:"required"`                  // what is measured
	Value   string   `json:"value" yaml:"value" brief:"required"`                  // as printed
	Unit    string   `json:"unit,omitempty" yaml:"unit"`                           // what the value counts, such as ships
	Detail  string   `json:"detail,omitempty" yaml:"detail" brief:"prose"`         // what the figure says, and what it leaves out
	Series  []Point  `json:"series,omitempty" yaml:"series"`                       // oldest first
	Sources []string `json:"sources,omitempty" yaml:"sources" brief:"ref=sources"` // ids of sources
}

// A Point is an indicator's value at a time.
type Point struct {
	Date  Date    `json:"date" yaml:"date" brief:"required"`   // the date of the value
	Value float64 `json:"value" yaml:"value" brief:"required"` // the value, as a number
}

// A Person is somebody who takes part in the story.
type Person struct {
	ID      string   `json:"id,omitempty" yaml:"id" brief:"id,slug=Name"` // made of the name if left out; digests and corrections hang on it, so it stays
	Name    string   `json:"name" yaml:"name" brief:"required"`           // the name in full
	Aliases []string `json:"aliases,omitempty" yaml:"aliases"`            // other names to be found by
	Title   string   `json:"title,omitempty" yaml:"title"`                // the title held now
	Role    string   `json:"role,omitempty" yaml:"role" brief:"prose"`    // the part in this story
	Roles   []Role   `json:"roles,omitempty" yaml:"roles"`                // titles held over time
}

// A Role is a title that a person held for a time.
type Role struct {
	Title string `json:"title" yaml:"title" brief:"required"`      // the title held
	From  Date   `json:"from,omitzero" yaml:"from" brief:"single"` // since when
	To    Date   `json:"to,omitzero" yaml:"to" brief:"single"`     // until when; left out: it is held still
}

// An Organization takes part in the story.
type Organization struct {
	ID      string   `json:"id,omitempty" yaml:"id" brief:"id,slug=Name"` // made of the name if left out; digests and corrections hang on it, so it stays
	Name    string   `json:"name" yaml:"name" brief:"required"`           // the name in full
	Aliases []string `json:"aliases,omitempty" yaml:"aliases"`            // other names to be found by
	Kind    string   `json:"kind,omitempty" yaml:"kind"`                  // such as “UN agency”
	Status  string   `json:"status,omitempty" yaml:"status"`              // the part in this story, in a few words
	About   string   `json:"about,omitempty" yaml:"about" brief:"prose"`  // what it is, and what it does in this story
}

// An Event is an entry of the timeline.
type Event struct {
	ID            string      `json:"id" yaml:"id" brief:"required,id"`                                                        // digests and corrections hang on it, so it stays whatever else changes
	Date          Date        `json:"date" yaml:"date" brief:"required"`                                                       // when it happened or will, as exactly as is known
	Title         string      `json:"title" yaml:"title" brief:"required"`                                                     // what happened, in a line
	Kind          string      `json:"kind,omitempty" yaml:"kind"`                                                              // as the editors classify
	Detail        string      `json:"detail,omitempty" yaml:"detail" brief:"prose"`                                            // what is known of it
	Importance    Importance  `json:"importance,omitempty" yaml:"importance" brief:"choice=minor|normal|major,default=normal"` // what readers can filter by; normal if left out
	Announce      Announce    `json:"announce,omitempty" yaml:"announce" brief:"choice=now|digest|silent,default=digest"`      // how digests tell it; digest if left out
	People        []string    `json:"people,omitempty" yaml:"people" brief:"ref=people"`                                       // ids of people
	Organizations []string    `json:"organizations,omitempty" yaml:"organizations" brief:"ref=organizations"`                  // ids of organizations
	Sources       []string    `json:"sources,omitempty" yaml:"sources" brief:"ref=sources"`                                    // ids of sources
	Retracted     *Retraction `json:"retracted,omitempty" yaml:"retracted"`                                                    // withdraws the event without deleting it
}

// Importance is how much an event matters; none given is Normal.
type Importance string

// The degrees of importance.
const (
	Minor  Importance = "minor"  // for those who want everything
	Normal Importance = "normal" // for most
	Major  Importance = "major"  // also for those who want little
)

// Rank orders degrees of importance: 0 for minor, 1 for normal and for none, 2
// for major.
func (i Importance) Rank() int {
	switch i {
	case Minor:
		return 0
	case Major:
		return 2
	}
	return 1
}

// Announce is how an event is to be told; none given is InDigest.
type Announce string

// The ways of telling.
const (
	Now      Announce = "now"    // at once, after the settle time
	InDigest Announce = "digest" // on each subscription's schedule
	Silent   Announce = "silent" // not at all
)

// A Retraction withdraws an event without deleting it.
type Retraction struct {
	On  Date   `json:"on,omitzero" yaml:"on" brief:"single"` // when it was withdrawn
	Why string `json:"why,omitempty" yaml:"why"`             // the reason, which readers are told
}

// A Scenario is one way the story may go on.
type Scenario struct {
	ID          string       `json:"id,omitempty" yaml:"id" brief:"id,slug=Title"`         // made of the title if left out; digests and corrections hang on it, so it stays
	Title       string       `json:"title" yaml:"title" brief:"required"`                  // the scenario in a few words
	DiscussedBy []string     `json:"discussed_by,omitempty" yaml:"discussed_by"`           // who considers it
	Detail      string       `json:"detail,omitempty" yaml:"detail" brief:"prose"`         // how it would come about
	Likelihood  *float64     `json:"likelihood,omitempty" yaml:"likelihood" brief:"share"` // what the desk gives it now, from 0 to 1
	Assessments []Assessment `json:"assessments,omitempty" yaml:"assessments"`             // oldest first
	Signposts   []string     `json:"signposts,omitempty" yaml:"signposts"`                 // what would show that it comes about
	Outcome     *Outcome     `json:"outcome,omitempty" yaml:"outcome"`                     // what became of it
}

// An Assessment is a likelihood somebody gave at a time.
type Assessment struct {
	Date       Date    `json:"date" yaml:"date" brief:"required"`                   // when it was given
	Likelihood float64 `json:"likelihood" yaml:"likelihood" brief:"required,share"` // 0 to 1
	By         string  `json:"by,omitempty" yaml:"by"`                              // who gave it
}

// An Outcome says what became of a scenario.
type Outcome struct {
	On       Date   `json:"on" yaml:"on" brief:"required,single"`      // when that was known
	Happened bool   `json:"happened" yaml:"happened" brief:"required"` // whether it came about
	Note     string `json:"note,omitempty" yaml:"note"`                // in what way
}

// A Case is an earlier case worth comparing.
type Case struct {
	ID           string `json:"id,omitempty" yaml:"id" brief:"id,slug=Title"`               // made of the title if left out; digests and corrections hang on it, so it stays
	Title        string `json:"title" yaml:"title" brief:"required"`                        // what the case is called
	Period       string `json:"period,omitempty" yaml:"period" brief:"period"`              // EDTF, or text
	WhatHappened string `json:"what_happened,omitempty" yaml:"what_happened" brief:"prose"` // the case in a paragraph
	ShortTerm    string `json:"short_term,omitempty" yaml:"short_term" brief:"prose"`       // what came of it at once
	LongTerm     string `json:"long_term,omitempty" yaml:"long_term" brief:"prose"`         // what came of it in the end
	Relevance    string `json:"relevance,omitempty" yaml:"relevance" brief:"prose"`         // what it tells about this story
}

// A Citation is a source that the dossier cites. Its number, counted from one in
// the order of the file, is how answers cite it.
type Citation struct {
	ID        string `json:"id" yaml:"id" brief:"id,slug=Title|Publisher"` // what prose cites as [^id]; made of the title or the publisher if left out
	Publisher string `json:"publisher,omitempty" yaml:"publisher"`         // who published it
	Title     string `json:"title,omitempty" yaml:"title"`                 // what it is called
	URL       string `json:"url,omitempty" yaml:"url" brief:"url"`         // http or https; left out rather than invented
	Date      Date   `json:"date,omitzero" yaml:"date"`                    // when it was published
}

// A Correction says what an earlier version had wrong.
type Correction struct {
	On   Date   `json:"on" yaml:"on" brief:"required,single"`         // when the correction was published
	Text string `json:"text" yaml:"text" brief:"required"`            // what was wrong
	Item string `json:"item,omitempty" yaml:"item" brief:"ref=items"` // what it is about: section/id
}

// Stale reports whether now is past the review by which an editor was to look at
// the dossier again.
func (d *Dossier) Stale(now time.Time) bool {
	return !d.ReviewBy.IsZero() && !now.Before(d.ReviewBy.End())
}

// Name returns what the source is called: “Publisher: Title”, as far as it has them,
// or else its id.
func (c *Citation) Name() string {
	switch {
	case c.Publisher != "" && c.Title != "":
		return c.Publisher + ": " + c.Title
	case c.Publisher == "" && c.Title == "":
		return c.ID
	}
	return c.Publisher + c.Title
}

// NewestFirst returns the events, the newest first; those that begin together stay in
// the order of the file.
func (d *Dossier) NewestFirst() []*Event {
	events := make([]*Event, len(d.Timeline))
	for i := range d.Timeline {
		events[i] = &d.Timeline[i]
	}
	slices.SortStableFunc(events, func(a, b *Event) int { return b.Date.Compare(a.Date) })
	return events
}

// Event returns the event with this id.
func (d *Dossier) Event(id string) (*Event, bool) {
	return pick(d.Timeline, func(e *Event) bool { return e.ID == id })
}

// Indicator returns the indicator with this id.
func (d *Dossier) Indicator(id string) (*Indicator, bool) {
	return pick(d.Indicators, func(i *Indicator) bool { return i.ID == id })
}

// Person returns the person with this id.
func (d *Dossier) Person(id string) (*Person, bool) {
	return pick(d.People, func(p *Person) bool { return p.ID == id })
}

// Organization returns the organization with this id.
func (d *Dossier) Organization(id string) (*Organization, bool) {
	return pick(d.Organizations, func(o *Organization) bool { return o.ID == id })
}

// Scenario returns the scenario with this id.
func (d *Dossier) Scenario(id string) (*Scenario, bool) {
	return pick(d.Scenarios, func(s *Scenario) bool { return s.ID == id })
}

// Case returns the earlier case with this id.
func (d *Dossier) Case(id string) (*Case, bool) {
	return pick(d.History, func(c *Case) bool { return c.ID == id })
}

// Citation returns the source that is cited under this id, and its number,
// counted from one in the order of the file.
func (d *Dossier) Citation(id string) (number int, c *Citation, ok bool) {
	for i := range d.Sources {
		if d.Sources[i].ID == id {
			return i + 1, &d.Sources[i], true
		}
	}
	return 0, nil, false
}

// CorrectionsOf returns the corrections of one item, written section/id, in the
// order of the file.
func (d *Dossier) CorrectionsOf(item string) []Correction {
	var found []Correction
	for _, c := range d.Corrections {
		if c.Item == item {
			found = append(found, c)
		}
	}
	return found
}

func pick[T any](items []T, match func(*T) bool) (*T, bool) {
	for i := range items {
		if match(&items[i]) {
			return &items[i], true
		}
	}
	return nil, false
}
