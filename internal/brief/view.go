package brief

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxViews bounds the views that a snapshot keeps for another question.
const maxViews = 64

// A lookout makes and keeps the views of a snapshot.
type lookout struct {
	all       *view
	audiences map[string]bool // every group that an audience names

	mu    sync.Mutex
	views map[string]*view // by the groups, joined
}

// A view is what the members of some groups see of a snapshot. The nil view shows
// nothing.
type view struct {
	groups []string
	all    bool
	titled []*record // by title
	recent []*record // newest first
}

func newLookout(records []*record, taken time.Time) *lookout {
	l := &lookout{audiences: make(map[string]bool), views: make(map[string]*view)}
	for _, r := range records {
		for _, group := range r.dossier.Audience {
			l.audiences[group] = true
		}
	}
	l.all = &view{all: true, titled: byTitle(records), recent: byRecency(records, taken)}
	return l
}

// view returns what the members of groups see.
func (l *lookout) view(groups []string) *view {
	groups = slices.DeleteFunc(groups, func(g string) bool { return !l.audiences[g] })
	slices.Sort(groups)
	key := strings.Join(groups, "\x00")
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.views[key]
	if !ok {
		v = l.all.narrow(groups)
		if len(l.views) >= maxViews {
			clear(l.views)
		}
		l.views[key] = v
	}
	return v
}

// narrow returns what the members of groups see of v.
func (v *view) narrow(groups []string) *view {
	n := &view{groups: groups}
	hidden := func(r *record) bool { return !n.shows(r.dossier) }
	n.titled = slices.DeleteFunc(slices.Clone(v.titled), hidden)
	n.recent = slices.DeleteFunc(slices.Clone(v.recent), hidden)
	return n
}

// shows says whether v has d in it.
func (v *view) shows(d *Dossier) bool {
	if v == nil {
		return false
	}
	return v.all || len(d.Audience) == 0 || slices.ContainsFunc(d.Audience, func(group string) bool {
		return slices.Contains(v.groups, group)
	})
}

func byTitle(records []*record) []*record {
	records = slices.Clone(records)
	slices.SortStableFunc(records, compareTitles)
	return records
}

func byRecency(records []*record, taken time.Time) []*record {
	newest := make(map[*record]int64, len(records))
	for _, r := range records {
		newest[r] = recency(r.dossier, taken)
	}
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b *record) int {
		return cmp.Or(cmp.Compare(newest[b], newest[a]), compareTitles(a, b))
	})
	return records
}

func compareTitles(a, b *record) int {
	return cmp.Or(strings.Compare(a.entry().title, b.entry().title), strings.Compare(a.dossier.ID, b.dossier.ID))
}

// recency is when the newest thing in d happened that is not still to come, or
// when an editor last stood by it, whichever is later, in Unix seconds.
func recency(d *Dossier, taken time.Time) int64 {
	newest := int64(0)
	if !d.AsOf.IsZero() {
		newest = d.AsOf.First().Unix()
	}
	past := func(i int) bool { return !d.Timeline[i].Date.First().After(taken) }
	for i := len(d.Timeline) - 1; i >= 0; i-- {
		if past(i) {
			return max(newest, d.Timeline[i].Date.First().Unix())
		}
	}
	return newest
}
