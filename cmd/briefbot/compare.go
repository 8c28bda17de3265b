package main

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/desk"
)

// A comparison is two states of the briefs, for somebody who reviews what leads from
// one to the other.
type comparison struct {
	before, after *brief.Snapshot
	found         []brief.Problem // with the files of after
	restricted    bool            // stories with an audience are shown too
}

// report says what a report does that needs no message.
func (c comparison) report() desk.Report {
	var r desk.Report
	for _, change := range c.changes() {
		limited := c.isRestricted(change.Story)
		if limited && !c.restricted {
			r.Hidden++
			continue
		}
		r.Changes = append(r.Changes, change)
		if limited && !slices.Contains(r.Exposed, change.Story) {
			r.Exposed = append(r.Exposed, change.Story)
		}
	}
	r.Access = c.access()
	r.Problems, r.Known = c.problems()
	for story := range brokenIn(c.before) {
		if !brokenIn(c.after)[story] {
			r.Repaired = append(r.Repaired, story)
		}
	}
	slices.Sort(r.Repaired)
	return r
}

// changes leaves out the stories whose file has an error in one of the states: they
// are neither gone nor new, but served as they were.
func (c comparison) changes() []brief.Change {
	before, after := brokenIn(c.before), brokenIn(c.after)
	return slices.DeleteFunc(brief.Diff(c.before, c.after), func(c brief.Change) bool { return before[c.Story] || after[c.Story] })
}

func brokenIn(s *brief.Snapshot) map[string]bool {
	broken := make(map[string]bool)
	for _, p := range s.Problems() {
		if p.Severity == brief.Error {
			broken[storyOf(p)] = true
		}
	}
	return broken
}

func storyOf(p brief.Problem) string { return strings.TrimSuffix(filepath.Base(p.Path), ".yaml") }

// problems returns the errors, and the warnings of what changed, and counts the other
// warnings. What is wrong with a story for some readers is named by its place alone: the
// words may repeat what stands there.
func (c comparison) problems() (shown []brief.Problem, known int) {
	type problem struct{ file, rule, message string }
	key := func(p brief.Problem) problem { return problem{filepath.Base(p.Path), p.Rule, p.Message} }
	earlier := make(map[problem]bool)
	for _, p := range c.before.Problems() {
		earlier[key(p)] = true
	}
	for _, p := range c.found {
		story := storyOf(p)
		if p.Severity == brief.Warning && (earlier[key(p)] || c.isSame(story)) {
			known++
			continue
		}
		if c.isRestricted(story) && !c.restricted {
			p.Message = p.Rule + ", in a story that is not for everyone"
		}
		shown = append(shown, p)
	}
	return shown, known
}

// isSame says whether a story is in both states, and says the same in them.
func (c comparison) isSame(story string) bool {
	before, was := brief.Unrestricted(c.before).Story(story)
	after, is := brief.Unrestricted(c.after).Story(story)
	return was && is && reflect.DeepEqual(before, after)
}

// isRestricted says whether a story is for some readers only, before or after.
func (c comparison) isRestricted(story string) bool {
	return len(audienceIn(c.before, story)) > 0 || len(audienceIn(c.after, story)) > 0
}

func audienceIn(s *brief.Snapshot, story string) []string {
	d, ok := brief.Unrestricted(s).Story(story)
	if !ok {
		return nil
	}
	return d.Audience
}

// access returns the stories that others than before may read.
func (c comparison) access() (all []desk.Access) {
	reader := brief.Unrestricted(c.after)
	for _, d := range c.before.Dossiers() {
		if now, ok := reader.Story(d.ID); ok && !slices.Equal(slices.Sorted(slices.Values(d.Audience)), slices.Sorted(slices.Values(now.Audience))) {
			all = append(all, desk.Access{Story: d.ID, Before: d.Audience, After: now.Audience})
		}
	}
	return all
}
