package brief

import (
	"slices"
	"strings"
)

// A part is a part of a dossier in which changes are told apart by item.
type part int

// The parts, in the order in which Diff returns their changes.
const (
	wholePart part = iota
	statusPart
	overviewPart
	eventPart
	indicatorPart
	personPart
	organizationPart
	scenarioPart
	casePart
	correctionPart
)

func (p part) String() string {
	return [...]string{"dossier", "status", "overview", "event", "indicator", "person", "organization", "scenario", "case", "correction"}[p]
}

// part returns the part of the dossier that the kind is about.
func (k ChangeKind) part() part {
	if k == DossierClosed {
		return statusPart
	}
	name, _, _ := strings.Cut(string(k), ".")
	for p := wholePart; p <= correctionPart; p++ {
		if p.String() == name {
			return p
		}
	}
	return wholePart
}

// rules say how the items of one part of a dossier are compared.
type rules[T any] struct {
	id    func(*T) string
	canon func(T) T
	// kind says what the difference is called, or nothing where it is no change.
	// One of before and after may be nil; fields are empty then.
	kind func(before, after *T, fields []string) ChangeKind
	// weigh, where there is one, says how important the item is, and how it is
	// to be announced.
	weigh func(*T) (Importance, Announce)
}

func eventRules() rules[Event] {
	return rules[Event]{
		id:    func(e *Event) string { return e.ID },
		canon: canonEvent,
		kind:  eventKind,
		weigh: func(e *Event) (Importance, Announce) { return e.Importance, e.Announce },
	}
}

// eventKind takes an event that is retracted when it is first seen for none:
// nobody was told what it withdraws.
func eventKind(before, after *Event, _ []string) ChangeKind {
	switch {
	case after == nil:
		return EventRemoved
	case before == nil && after.Retracted != nil:
		return ""
	case before == nil:
		return EventAdded
	case before.Retracted == nil && after.Retracted != nil:
		return EventRetracted
	case before.Retracted != nil && after.Retracted == nil:
		return EventRestored
	}
	return EventRevised
}

func indicatorRules() rules[Indicator] {
	return rules[Indicator]{
		id:    func(i *Indicator) string { return i.ID },
		canon: canonIndicator,
		kind:  plainKind[Indicator](IndicatorAdded, IndicatorMoved, IndicatorRemoved),
	}
}

func personRules() rules[Person] {
	return rules[Person]{
		id:    func(p *Person) string { return p.ID },
		canon: canonPerson,
		kind:  plainKind[Person](PersonAdded, PersonRole, PersonRemoved),
	}
}

func organizationRules() rules[Organization] {
	return rules[Organization]{
		id:    func(o *Organization) string { return o.ID },
		canon: canonOrganization,
		kind:  plainKind[Organization](OrganizationAdded, OrganizationRevised, OrganizationRemoved),
	}
}

func scenarioRules() rules[Scenario] {
	return rules[Scenario]{
		id:    func(s *Scenario) string { return s.ID },
		canon: canonScenario,
		kind:  scenarioKind,
	}
}

func scenarioKind(before, after *Scenario, fields []string) ChangeKind {
	switch {
	case before == nil:
		return ScenarioAdded
	case after == nil:
		return ScenarioRemoved
	case after.Outcome != nil && slices.Contains(fields, "outcome"):
		return ScenarioResolved
	case slices.Contains(fields, "likelihood") || slices.Contains(fields, "assessments"):
		return ScenarioMoved
	}
	return ScenarioRevised
}

// caseRules make nothing of a case that is gone: the contract has no word for it.
func caseRules() rules[Case] {
	return rules[Case]{
		id:    func(c *Case) string { return c.ID },
		canon: canonCase,
		kind:  plainKind[Case](CaseAdded, CaseRevised, ""),
	}
}

func statusRules() rules[Heading] {
	return rules[Heading]{
		canon: func(h Heading) Heading { return Heading{Status: canonHeading(h).Status} },
		kind: func(_, after *Heading, _ []string) ChangeKind {
			if after.Status == Closed {
				return DossierClosed
			}
			return StatusChanged
		},
	}
}

func overviewRules() rules[Heading] {
	return rules[Heading]{
		canon: func(h Heading) Heading {
			h = canonHeading(h)
			h.Status, h.Version = "", ""
			return h
		},
		kind: func(_, _ *Heading, _ []string) ChangeKind { return OverviewRevised },
	}
}

func plainKind[T any](added, changed, removed ChangeKind) func(before, after *T, fields []string) ChangeKind {
	return func(before, after *T, _ []string) ChangeKind {
		switch {
		case before == nil:
			return added
		case after == nil:
			return removed
		}
		return changed
	}
}
