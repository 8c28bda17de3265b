package brief

import (
	"encoding/json"
	"fmt"
)

// A ChangeKind says what kind of difference a [Change] is: the part of the
// dossier and what happened to it.
type ChangeKind string

// The kinds of change. Changed sources of a dossier, as_of, review_by, tags,
// audience, language and related are no change: nothing in them is news.
const (
	EventAdded     ChangeKind = "event.added"
	EventRevised   ChangeKind = "event.revised"   // anything but how it is announced
	EventRetracted ChangeKind = "event.retracted" // its retraction appeared
	EventRestored  ChangeKind = "event.restored"  // its retraction went away
	EventRemoved   ChangeKind = "event.removed"

	IndicatorAdded   ChangeKind = "indicator.added"
	IndicatorMoved   ChangeKind = "indicator.moved" // anything but its sources
	IndicatorRemoved ChangeKind = "indicator.removed"

	PersonAdded   ChangeKind = "person.added"
	PersonRole    ChangeKind = "person.role" // name, title, role or roles; aliases alone are no change
	PersonRemoved ChangeKind = "person.removed"

	OrganizationAdded   ChangeKind = "organization.added"
	OrganizationRevised ChangeKind = "organization.revised" // anything but its aliases
	OrganizationRemoved ChangeKind = "organization.removed"

	ScenarioAdded    ChangeKind = "scenario.added"
	ScenarioMoved    ChangeKind = "scenario.moved" // likelihood or assessments
	ScenarioRevised  ChangeKind = "scenario.revised"
	ScenarioResolved ChangeKind = "scenario.resolved" // an outcome, or another one
	ScenarioRemoved  ChangeKind = "scenario.removed"

	CaseAdded   ChangeKind = "case.added"
	CaseRevised ChangeKind = "case.revised"

	OverviewRevised     ChangeKind = "overview.revised" // title, subtitle or overview
	StatusChanged       ChangeKind = "status.changed"
	CorrectionPublished ChangeKind = "correction.published"

	DossierOpened  ChangeKind = "dossier.opened"
	DossierClosed  ChangeKind = "dossier.closed" // its status became closed
	DossierRemoved ChangeKind = "dossier.removed"
)

// A Change is one difference between two snapshots that a reader would care
// about. Its JSON form is what briefbot diff prints and what the ledger keeps.
type Change struct {
	Story string     `json:"story"`
	Kind  ChangeKind `json:"kind"`
	// Item is the item's id within its section; of a correction, the item that it
	// corrects (section/id), where it names one; empty for the dossier itself.
	Item string `json:"item,omitempty"`
	// Fields are the keys that differ, in the order of the contract. Only a
	// change of something that was there before and still is has them.
	Fields []string `json:"fields,omitempty"`
	// Before and After are the item's JSON: an Event for event kinds, and so on;
	// a Heading for overview, status and dossier kinds; a Correction. What was
	// added has no Before, what was removed no After. Read them with As.
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
	// Importance is the event's; a correction has that of the event it
	// corrects; everything else is Normal.
	Importance Importance `json:"importance"`
	// Announce is the event's; a correction has that of the event it corrects;
	// everything else is InDigest.
	Announce Announce `json:"announce"`
}

// A Heading is what the changes of a dossier as a whole have as Before and
// After.
type Heading struct {
	Title    string `json:"title"`
	Subtitle string `json:"subtitle,omitempty"`
	Status   Status `json:"status"`
	Overview string `json:"overview,omitempty"` // prose; with OverviewRevised only
	Version  string `json:"version,omitempty"`  // names the content; with DossierOpened and DossierRemoved only
}

// As returns what raw holds, the Before or After of a change, as a T; nil for
// nothing.
func As[T any](raw json.RawMessage) (*T, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	v := new(T)
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, fmt.Errorf("reading a change's %T: %w", *v, err)
	}
	return v, nil
}

// Key names what the change is about, within a snapshot: changes with equal keys
// merge into at most one.
func (c Change) Key() string {
	key := c.Story + "/" + c.Kind.part().String() + "/" + c.Item
	if c.Kind == CorrectionPublished {
		key += "/" + string(c.After)
	}
	return key
}
