package brief

// A Dossier is a brief, parsed and validated. It is immutable once it is in a
// [Snapshot]. Its JSON form has the keys of its YAML form.
//
// A field called prose holds the small Markdown of package prose.
type Dossier struct {
	ID            string         `json:"id" yaml:"-"`
	Title         string         `json:"title" yaml:"title"`
	Subtitle      string         `json:"subtitle,omitempty" yaml:"subtitle"`
	Status        Status         `json:"status,omitempty" yaml:"status"`
	AsOf          Date           `json:"as_of,omitzero" yaml:"as_of"`
	ReviewBy      Date           `json:"review_by,omitzero" yaml:"review_by"`
	Language      string         `json:"language,omitempty" yaml:"language"` // BCP 47
	Tags          []string       `json:"tags,omitempty" yaml:"tags"`
	Audience      []string       `json:"audience,omitempty" yaml:"audience"` // groups; none: everyone
	Overview      string         `json:"overview" yaml:"overview"`           // prose
	Indicators    []Indicator    `json:"indicators,omitempty" yaml:"indicators"`
	People        []Person       `json:"people,omitempty" yaml:"people"`
	Organizations []Organization `json:"organizations,omitempty" yaml:"organizations"`
	Timeline      []Event        `json:"timeline" yaml:"timeline"` // oldest first
	Scenarios     []Scenario     `json:"scenarios,omitempty" yaml:"scenarios"`
	History       []Case         `json:"history,omitempty" yaml:"history"`
	Sources       []Citation     `json:"sources,omitempty" yaml:"sources"`
	Related       []string       `json:"related,omitempty" yaml:"related"` // ids of other dossiers
	Corrections   []Correction   `json:"corrections,omitempty" yaml:"corrections"`
}

// Status says whether a story is still told.
type Status string

// The states of a story. A dossier that names none is active.
const (
	Active   Status = "active"
	Watching Status = "watching"
	Closed   Status = "closed"
)

// An Indicator is a figure worth watching.
type Indicator struct {
	ID      string   `json:"id,omitempty" yaml:"id"`
	Label   string   `json:"label" yaml:"label"`
	Value   string   `json:"value" yaml:"value"` // as printed
	Unit    string   `json:"unit,omitempty" yaml:"unit"`
	Detail  string   `json:"detail,omitempty" yaml:"detail"` // prose
	Series  []Point  `json:"series,omitempty" yaml:"series"` // oldest first
	Sources []string `json:"sources,omitempty" yaml:"sources"`
}

// A Point is an indicator's value at a time.
type Point struct {
	Date  Date    `json:"date" yaml:"date"`
	Value float64 `json:"value" yaml:"value"`
}

// A Person is somebody who takes part in the story.
type Person struct {
	ID      string   `json:"id,omitempty" yaml:"id"`
	Name    string   `json:"name" yaml:"name"`
	Aliases []string `json:"aliases,omitempty" yaml:"aliases"`
	Title   string   `json:"title,omitempty" yaml:"title"`
	Role    string   `json:"role,omitempty" yaml:"role"` // in this story; prose
	Roles   []Role   `json:"roles,omitempty" yaml:"roles"`
}

// A Role is a title that a person held for a time.
type Role struct {
	Title string `json:"title" yaml:"title"`
	From  Date   `json:"from,omitzero" yaml:"from"`
	To    Date   `json:"to,omitzero" yaml:"to"`
}

// An Organization takes part in the story.
type Organization struct {
	ID      string   `json:"id,omitempty" yaml:"id"`
	Name    string   `json:"name" yaml:"name"`
	Aliases []string `json:"aliases,omitempty" yaml:"aliases"`
	Kind    string   `json:"kind,omitempty" yaml:"kind"`
	Status  string   `json:"status,omitempty" yaml:"status"`
	About   string   `json:"about,omitempty" yaml:"about"` // prose
}

// An Event is an entry of the timeline.
type Event struct {
	ID            string      `json:"id" yaml:"id"`
	Date          Date        `json:"date" yaml:"date"`
	Title         string      `json:"title" yaml:"title"`
	Kind          string      `json:"kind,omitempty" yaml:"kind"` // as the editors classify
	Detail        string      `json:"detail,omitempty" yaml:"detail"`
	Importance    Importance  `json:"importance,omitempty" yaml:"importance"`
	Announce      Announce    `json:"announce,omitempty" yaml:"announce"`
	People        []string    `json:"people,omitempty" yaml:"people"`
	Organizations []string    `json:"organizations,omitempty" yaml:"organizations"`
	Sources       []string    `json:"sources,omitempty" yaml:"sources"`
	Retracted     *Retraction `json:"retracted,omitempty" yaml:"retracted"`
}

// Importance is how much an event matters; none given is Normal.
type Importance string

// The degrees of importance.
const (
	Minor  Importance = "minor"
	Normal Importance = "normal"
	Major  Importance = "major"
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
	On  Date   `json:"on,omitzero" yaml:"on"`
	Why string `json:"why,omitempty" yaml:"why"`
}

// A Scenario is one way the story may go on.
type Scenario struct {
	ID          string       `json:"id,omitempty" yaml:"id"`
	Title       string       `json:"title" yaml:"title"`
	DiscussedBy []string     `json:"discussed_by,omitempty" yaml:"discussed_by"`
	Detail      string       `json:"detail,omitempty" yaml:"detail"`         // prose
	Likelihood  *float64     `json:"likelihood,omitempty" yaml:"likelihood"` // 0 to 1
	Assessments []Assessment `json:"assessments,omitempty" yaml:"assessments"`
	Signposts   []string     `json:"signposts,omitempty" yaml:"signposts"`
	Outcome     *Outcome     `json:"outcome,omitempty" yaml:"outcome"`
}

// An Assessment is a likelihood somebody gave at a time.
type Assessment struct {
	Date       Date    `json:"date" yaml:"date"`
	Likelihood float64 `json:"likelihood" yaml:"likelihood"` // 0 to 1
	By         string  `json:"by,omitempty" yaml:"by"`
}

// An Outcome says what became of a scenario.
type Outcome struct {
	On       Date   `json:"on" yaml:"on"`
	Happened bool   `json:"happened" yaml:"happened"`
	Note     string `json:"note,omitempty" yaml:"note"`
}

// A Case is an earlier case worth comparing.
type Case struct {
	ID           string `json:"id,omitempty" yaml:"id"`
	Title        string `json:"title" yaml:"title"`
	Period       string `json:"period,omitempty" yaml:"period"` // EDTF, or text
	WhatHappened string `json:"what_happened,omitempty" yaml:"what_happened"`
	ShortTerm    string `json:"short_term,omitempty" yaml:"short_term"`
	LongTerm     string `json:"long_term,omitempty" yaml:"long_term"`
	Relevance    string `json:"relevance,omitempty" yaml:"relevance"`
}

// A Citation is a source that the dossier cites. Its number, counted from one in
// the order of the file, is how answers cite it.
type Citation struct {
	ID        string `json:"id" yaml:"id"`
	Publisher string `json:"publisher,omitempty" yaml:"publisher"`
	Title     string `json:"title,omitempty" yaml:"title"`
	URL       string `json:"url,omitempty" yaml:"url"` // http or https
	Date      Date   `json:"date,omitzero" yaml:"date"`
}

// A Correction says what an earlier version had wrong.
type Correction struct {
	On   Date   `json:"on" yaml:"on"`
	Text string `json:"text" yaml:"text"`
	Item string `json:"item,omitempty" yaml:"item"` // section/id
}
