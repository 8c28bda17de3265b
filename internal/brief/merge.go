package brief

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// Merge returns what several changes, oldest first and of whatever stories, come
// to for somebody who heard of none of them: at most one change an item, and the
// changes that [Diff] finds between the first state and the last. What was undone
// is gone, and so is what came and went. The order is that of Diff; items other
// than events are in the order in which they first changed.
//
// Two things Diff would know and Merge cannot: an item that went without a change
// (a case, a correction, an event that was retracted from the first) and what a
// story that was removed and came back another one has kept; that counts as
// opened.
func Merge(changes []Change) []Change {
	stories := make(map[string]*storyline)
	var ids []string
	for _, c := range changes {
		s, ok := stories[c.Story]
		if !ok {
			s = &storyline{items: make(map[string]int)}
			stories[c.Story] = s
			ids = append(ids, c.Story)
		}
		s.add(c)
	}
	slices.Sort(ids)
	var merged []Change
	for _, id := range ids {
		merged = append(merged, stories[id].merged()...)
	}
	return merged
}

// A storyline is what happened to one story.
type storyline struct {
	opened, removed *Change
	spans           []span
	items           map[string]int // places in spans, by key
	before, after   *Heading       // the first and the last that a change tells; nil: the heading did not change
}

// A span is the first change of an item, and the newest.
type span struct{ first, last Change }

func (s *storyline) add(c Change) {
	switch {
	case c.Kind == DossierRemoved && s.opened != nil:
		s.opened = nil
	case c.Kind == DossierRemoved:
		s.removed = &c
	case c.Kind == DossierOpened && s.removed != nil && sameVersion(s.removed.Before, c.After):
		s.removed = nil
	case c.Kind == DossierOpened:
		s.opened = &c
	case s.opened != nil:
		changed := reopened(*s.opened, c)
		s.opened = &changed
	default:
		s.addItem(c)
	}
}

func (s *storyline) addItem(c Change) {
	if part := c.Kind.part(); part == statusPart || part == overviewPart {
		if s.before == nil {
			s.before, _ = As[Heading](c.Before)
		}
		s.after, _ = As[Heading](c.After)
	}
	key := c.Key()
	if i, ok := s.items[key]; ok {
		s.spans[i].last = c
		return
	}
	s.items[key] = len(s.spans)
	s.spans = append(s.spans, span{first: c, last: c})
}

// merged returns what the story's changes come to.
func (s *storyline) merged() []Change {
	switch {
	case s.opened != nil:
		return []Change{*s.opened}
	case s.removed != nil:
		removed := *s.removed
		if len(s.spans) > 0 { // the version that it had at first is not known
			heading := s.before
			if heading == nil {
				heading, _ = As[Heading](removed.Before)
			}
			removed.Before = withHeading(removed.Before, heading)
		}
		return []Change{removed}
	}
	var merged []Change
	for _, sp := range s.spans {
		if c, ok := s.merge(sp); ok {
			merged = append(merged, c)
		}
	}
	slices.SortStableFunc(merged, compareChanges)
	return merged
}

// merge returns what the first and the newest change of an item come to.
func (s *storyline) merge(sp span) (Change, bool) {
	switch sp.first.Kind.part() {
	case statusPart:
		return mergeSpan(s.headed(sp), statusRules())
	case overviewPart:
		return mergeSpan(s.headed(sp), overviewRules())
	case eventPart:
		return mergeSpan(sp, eventRules())
	case indicatorPart:
		return mergeSpan(sp, indicatorRules())
	case personPart:
		return mergeSpan(sp, personRules())
	case organizationPart:
		return mergeSpan(sp, organizationRules())
	case scenarioPart:
		return mergeSpan(sp, scenarioRules())
	case casePart:
		return mergeSpan(sp, caseRules())
	}
	return sp.first, true
}

// mergeSpan compares what was before the first change with what is after the
// last. Where one of them cannot be read, the last change stands as it is.
func mergeSpan[T any](sp span, r rules[T]) (Change, bool) {
	before, errBefore := As[T](sp.first.Before)
	after, errAfter := As[T](sp.last.After)
	switch {
	case errBefore != nil || errAfter != nil:
		return sp.last, true
	case before == nil && after == nil:
		return Change{}, false
	}
	return compare(sp.last.Story, sp.last.Item, before, after, r)
}

// headed returns sp with the first and the last heading that any change tells:
// the title may have changed after the status did.
func (s *storyline) headed(sp span) span {
	sp.first.Before = withHeading(sp.first.Before, s.before)
	sp.last.After = withHeading(sp.last.After, s.after)
	return sp
}

// withHeading returns raw, a Heading, with the title, subtitle and status of h and
// without a version, if both can be read.
func withHeading(raw json.RawMessage, h *Heading) json.RawMessage {
	old, err := As[Heading](raw)
	if err != nil || old == nil || h == nil {
		return raw
	}
	return rawJSON(&Heading{Title: h.Title, Subtitle: h.Subtitle, Status: h.Status, Overview: old.Overview})
}

// reopened returns the opening of a story that then changed by c.
func reopened(opening, c Change) Change {
	heading, err := As[Heading](opening.After)
	if err != nil {
		return opening
	}
	if part := c.Kind.part(); part == statusPart || part == overviewPart {
		if heading, err = As[Heading](c.After); err != nil {
			return opening
		}
	}
	opening.After = withHeading(opening.After, heading)
	return opening
}

func sameVersion(before, after []byte) bool {
	a, errA := As[Heading](before)
	b, errB := As[Heading](after)
	return errA == nil && errB == nil && a != nil && b != nil && a.Version != "" && a.Version == b.Version
}

func compareChanges(a, b Change) int {
	return cmp.Or(cmp.Compare(a.Kind.part(), b.Kind.part()), eventDate(a).Compare(eventDate(b)))
}

func eventDate(c Change) time.Time {
	if c.Kind.part() != eventPart {
		return time.Time{}
	}
	raw := c.After
	if len(raw) == 0 {
		raw = c.Before
	}
	e, err := As[Event](raw)
	if err != nil || e == nil {
		return time.Time{}
	}
	return e.Date.First()
}
