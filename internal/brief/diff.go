package brief

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Diff returns what changed for readers between two snapshots, in the order of
// stories, then as [DiffDossier] orders. A nil before makes every dossier of after
// an opened one. A dossier whose brief became a draft is not removed: what is served
// of it stays as it was.
func Diff(before, after *Snapshot) []Change {
	var changes []Change
	olds, news := before.Dossiers(), after.Dossiers()
	for len(olds) > 0 || len(news) > 0 {
		var old, new *Dossier
		if len(news) == 0 || len(olds) > 0 && olds[0].ID <= news[0].ID {
			old = olds[0]
		}
		if old == nil || len(news) > 0 && news[0].ID == old.ID {
			new = news[0]
		}
		if old != nil {
			olds = olds[1:]
		}
		if new != nil {
			news = news[1:]
		}
		if new != nil || !after.isDraft(old.ID) {
			changes = append(changes, DiffDossier(old, new)...)
		}
	}
	return changes
}

// DiffDossier returns what changed for readers between two versions of a dossier:
// first of the dossier as a whole, then of its sections in the order of the
// contract, events by date, other items by position. With a nil before it is
// DossierOpened alone, with a nil after DossierRemoved alone.
//
// Items are compared by id, and each makes at most one change. What does not
// change the text that is read makes none: order, layout, quoting, the wrapping of
// lines, a default written out.
func DiffDossier(before, after *Dossier) []Change {
	switch {
	case before == after || before != nil && after != nil && reflect.DeepEqual(before, after):
		return nil
	case before == nil:
		return []Change{wholeChange(DossierOpened, after.ID, nil, after)}
	case after == nil:
		return []Change{wholeChange(DossierRemoved, before.ID, before, nil)}
	}
	story := after.ID
	changes := diffHeading(before, after)
	changes = append(changes, diffTimeline(before, after)...)
	changes = append(changes, diffItems(story, before.Indicators, after.Indicators, indicatorRules())...)
	changes = append(changes, diffItems(story, before.People, after.People, personRules())...)
	changes = append(changes, diffItems(story, before.Organizations, after.Organizations, organizationRules())...)
	changes = append(changes, diffItems(story, before.Scenarios, after.Scenarios, scenarioRules())...)
	changes = append(changes, diffItems(story, before.History, after.History, caseRules())...)
	return append(changes, diffCorrections(before, after)...)
}

func wholeChange(kind ChangeKind, story string, before, after *Dossier) Change {
	return Change{
		Story: story, Kind: kind,
		Before: wholeHeading(before), After: wholeHeading(after),
		Importance: Normal, Announce: InDigest,
	}
}

func wholeHeading(d *Dossier) json.RawMessage {
	if d == nil {
		return nil
	}
	h := headingOf(d)
	h.Version = version(d)
	return rawJSON(&h)
}

func headingOf(d *Dossier) Heading {
	return Heading{Title: d.Title, Subtitle: d.Subtitle, Status: cmp.Or(d.Status, Active)}
}

func diffHeading(before, after *Dossier) []Change {
	var changes []Change
	old, new := headingOf(before), headingOf(after)
	if c, ok := compare(after.ID, "", &old, &new, statusRules()); ok {
		changes = append(changes, c)
	}
	old.Overview, new.Overview = before.Overview, after.Overview
	if c, ok := compare(after.ID, "", &old, &new, overviewRules()); ok {
		changes = append(changes, c)
	}
	return changes
}

func diffTimeline(before, after *Dossier) []Change {
	changes := diffItems(after.ID, before.Timeline, after.Timeline, eventRules())
	date := func(c Change) time.Time {
		if e, ok := after.Event(c.Item); ok {
			return e.Date.First()
		}
		e, _ := before.Event(c.Item)
		return e.Date.First()
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return date(a).Compare(date(b)) })
	return changes
}

// diffItems returns the changes of one section: of what is in after in its order,
// then of what is gone.
func diffItems[T any](story string, before, after []T, r rules[T]) []Change {
	if reflect.DeepEqual(before, after) {
		return nil
	}
	olds := make(map[string]*T, len(before))
	for i := range before {
		olds[r.id(&before[i])] = &before[i]
	}
	var changes []Change
	for i := range after {
		id := r.id(&after[i])
		if c, ok := compare(story, id, olds[id], &after[i], r); ok {
			changes = append(changes, c)
		}
		delete(olds, id)
	}
	for i := range before {
		id := r.id(&before[i])
		if olds[id] == nil {
			continue
		}
		if c, ok := compare(story, id, olds[id], nil, r); ok {
			changes = append(changes, c)
		}
	}
	return changes
}

// compare returns the change that makes after of before, one of which may be nil;
// ok says whether there is one.
func compare[T any](story, item string, before, after *T, r rules[T]) (c Change, ok bool) {
	var fields []string
	if before != nil && after != nil {
		if fields = differing(r.canon(*before), r.canon(*after)); len(fields) == 0 {
			return Change{}, false
		}
	}
	kind := r.kind(before, after, fields)
	if kind == "" {
		return Change{}, false
	}
	c = Change{Story: story, Kind: kind, Item: item, Fields: fields, Importance: Normal, Announce: InDigest}
	c.Before, c.After = rawJSON(before), rawJSON(after)
	if newest := cmp.Or(after, before); r.weigh != nil {
		importance, announce := r.weigh(newest)
		c.Importance, c.Announce = cmp.Or(importance, Normal), cmp.Or(announce, InDigest)
	}
	return c, true
}

// diffCorrections returns the corrections that before did not have. One has no id:
// it is the same while it says the same of the same item. That one is gone is no
// change.
func diffCorrections(before, after *Dossier) []Change {
	known := make(map[Correction]bool, len(before.Corrections))
	for _, c := range before.Corrections {
		known[canonCorrection(c)] = true
	}
	var changes []Change
	for i := range after.Corrections {
		correction := &after.Corrections[i]
		if known[canonCorrection(*correction)] {
			continue
		}
		known[canonCorrection(*correction)] = true
		c := Change{Story: after.ID, Kind: CorrectionPublished, Item: correction.Item, After: rawJSON(correction)}
		c.Importance, c.Announce = Normal, InDigest
		if id, ok := strings.CutPrefix(correction.Item, "timeline/"); ok {
			if e, ok := after.Event(id); ok {
				c.Importance, c.Announce = cmp.Or(e.Importance, Normal), cmp.Or(e.Announce, InDigest)
			}
		}
		changes = append(changes, c)
	}
	return changes
}

// version names what readers read of d, whatever the order and layout.
func version(d *Dossier) string {
	heading := headingOf(d)
	heading.Overview = d.Overview
	content := []any{
		canonHeading(heading),
		canonItems(d.Timeline, eventRules()),
		canonItems(d.Indicators, indicatorRules()),
		canonItems(d.People, personRules()),
		canonItems(d.Organizations, organizationRules()),
		canonItems(d.Scenarios, scenarioRules()),
		canonItems(d.History, caseRules()),
		d.Corrections,
	}
	sum := sha256.Sum256(rawJSON(&content))
	return hex.EncodeToString(sum[:8])
}

func canonItems[T any](items []T, r rules[T]) []T {
	items = sorted(items, func(a, b T) int { return strings.Compare(r.id(&a), r.id(&b)) })
	for i := range items {
		items[i] = r.canon(items[i])
	}
	return items
}

// rawJSON returns the JSON of what v points to, nothing for nil. The types of a
// dossier all have a JSON form once they are decoded.
func rawJSON[T any](v *T) json.RawMessage {
	if v == nil {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("brief: no JSON for a %T: %v", v, err))
	}
	return raw
}
