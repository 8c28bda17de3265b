package brief

import (
	"slices"
	"strings"
	"time"
)

// empty stands for the nil snapshot.
var empty = NewSnapshot("", time.Time{}, nil, nil)

type entry struct{}

func newEntry(*Dossier) *entry { return nil }

type lookout struct {
	records []*record
	all     *view
}

func newLookout(records []*record, _ time.Time) *lookout {
	l := &lookout{records: records}
	l.all = &view{all: true}
	for _, r := range records {
		l.all.stories = append(l.all.stories, r.dossier)
	}
	return l
}

func (l *lookout) view(groups []string) *view {
	v := &view{groups: groups}
	for _, r := range l.records {
		if v.shows(r.dossier) {
			v.stories = append(v.stories, r.dossier)
		}
	}
	return v
}

type view struct {
	all     bool
	groups  []string
	stories []*Dossier
}

func (v *view) shows(d *Dossier) bool {
	return v.all || len(d.Audience) == 0 || slices.ContainsFunc(d.Audience, func(g string) bool { return slices.Contains(v.groups, g) })
}

func (v *view) titled() []*Dossier { return v.stories }

// Resolve returns the one dossier whose id or title is word, whatever the case
// and the accents. A title that several visible dossiers have names none of them.
func (r *Reader) Resolve(word string) (*Dossier, bool) { return r.Story(strings.ToLower(word)) }

// Find returns the at most max dossiers that fit what is typed so far, best
// first: typed begins the title or id, or a tag, or the name or an alias of
// somebody in it; then it begins a word of them; then it is anywhere in them; then
// each of its words begins a word of them. Case, accents and punctuation do not
// matter. Equals come newest first, and all come so where nothing is typed.
func (r *Reader) Find(typed string, max int) []*Dossier { return r.Stories() }

// Nearest returns the at most max dossiers whose ids, titles or words of titles
// are nearest to word by edit distance, nearest first.
func (r *Reader) Nearest(word string, max int) []*Dossier { return r.Stories() }

// Appearances returns where the person or organization with this name, alias or
// id appears in the dossiers that the asker may see, by title. Case and accents do
// not matter.
func (r *Reader) Appearances(name string) []Appearance { return nil }
