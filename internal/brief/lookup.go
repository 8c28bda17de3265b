package brief

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
