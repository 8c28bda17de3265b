package brief

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Snapshot is an immutable set of dossiers at one revision, each in its newest
// valid version. The nil snapshot is empty. Many may use one at once.
type Snapshot struct {
	revision string
	taken    time.Time
	problems []Problem
	broken   map[string]bool
	drafts   map[string]bool   // stories whose brief is a draft
	records  []*record         // by id
	files    map[string]loaded // what the files held that it was loaded from, by path
	history  *history          // nil for a source that has none
	look     func() *lookout   // made when first asked for
}

// A record is a dossier with what finding it needs. A snapshot shares the
// records of what did not change with the snapshot before it.
type record struct {
	dossier *Dossier
	entry   func() *entry // made when first asked for
}

func newRecord(d *Dossier) *record {
	return &record{dossier: d, entry: sync.OnceValue(func() *entry { return newEntry(d) })}
}

// NewSnapshot returns the snapshot of dossiers at a revision, taken at a time.
// Problems are what is wrong with the files it comes from: a dossier whose file
// has an error counts as broken. Of several dossiers with one id the first
// counts, and the others become a problem. NewSnapshot keeps the dossiers; they
// must not change any more.
func NewSnapshot(revision string, taken time.Time, dossiers []*Dossier, problems []Problem) *Snapshot {
	records := make([]*record, 0, len(dossiers))
	for _, d := range dossiers {
		records = append(records, newRecord(d))
	}
	return newSnapshot(revision, taken, records, problems)
}

func newSnapshot(revision string, taken time.Time, records []*record, problems []Problem) *Snapshot {
	s := &Snapshot{revision: revision, taken: taken, broken: make(map[string]bool)}
	s.records = slices.Clone(records)
	slices.SortStableFunc(s.records, func(a, b *record) int { return strings.Compare(a.dossier.ID, b.dossier.ID) })
	problems = slices.Clone(problems)
	s.records = slices.CompactFunc(s.records, func(a, b *record) bool {
		if a.dossier.ID != b.dossier.ID {
			return false
		}
		problems = append(problems, *fileProblem(a.dossier.ID+briefExt, Warning, "another dossier has this id too: only the first is served"))
		return true
	})
	slices.SortStableFunc(problems, Problem.Compare)
	s.problems = problems
	for _, p := range problems {
		if id, kind := briefName(p.Path); kind == briefFile && p.Severity == Error {
			s.broken[id] = true
		}
	}
	s.look = sync.OnceValue(func() *lookout { return newLookout(s.records, s.taken) })
	return s
}

// Revision names the state that the snapshot shows: short, and equal for equal
// contents.
func (s *Snapshot) Revision() string {
	if s == nil {
		return ""
	}
	return s.revision
}

// Origin says for people where the snapshot is from, such as main at 1a2b3c4d5e6f:
// the branch and the beginning of the commit's hash. It is empty where there is no
// such thing, as for a [Dir].
func (s *Snapshot) Origin() string {
	if s == nil || s.history == nil {
		return ""
	}
	return s.history.branch + " at " + s.revision
}

// Commit returns the commit that changed a story's brief last, as far as the source
// has its history: not for a [Dir], nor where a [Git] has seen no change of it yet.
func (s *Snapshot) Commit(story string) (Commit, bool) {
	if s == nil || s.history == nil {
		return Commit{}, false
	}
	commit, ok := s.history.commits[story+briefExt]
	return commit, ok
}

// Taken is when the snapshot was loaded, or when its revision was made.
func (s *Snapshot) Taken() time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.taken
}

// Problems returns what is wrong with the files, by path and place.
func (s *Snapshot) Problems() []Problem {
	if s == nil {
		return nil
	}
	return slices.Clone(s.problems)
}

// Dossiers returns every dossier, by id, whoever may read it. It is for the
// ledger only: what readers get comes from a [Reader].
func (s *Snapshot) Dossiers() []*Dossier {
	if s == nil {
		return nil
	}
	return dossiersOf(s.records)
}

func dossiersOf(records []*record) []*Dossier {
	dossiers := make([]*Dossier, len(records))
	for i, r := range records {
		dossiers[i] = r.dossier
	}
	return dossiers
}

// Broken says whether the dossier is served in its last good version because its
// file is in error.
func (s *Snapshot) Broken(id string) bool {
	return s.record(id) != nil && s.broken[id]
}

// isDraft says whether the brief of a story is a draft now, whatever is served of it.
func (s *Snapshot) isDraft(id string) bool { return s != nil && s.drafts[id] }

// lookout returns what makes the views of s.
func (s *Snapshot) lookout() *lookout {
	if s == nil || s.look == nil {
		return newLookout(nil, time.Time{})
	}
	return s.look()
}

// record returns what s has under id, or nil.
func (s *Snapshot) record(id string) *record {
	if s == nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(s.records, id, func(r *record, id string) int { return strings.Compare(r.dossier.ID, id) })
	if !ok {
		return nil
	}
	return s.records[i]
}

// A Library holds the current snapshot. Readers take it without waiting for one
// another or for a reload.
type Library struct {
	current atomic.Pointer[Snapshot]
}

// NewLibrary returns a library whose current snapshot is first; nil is the empty
// one.
func NewLibrary(first *Snapshot) *Library {
	l := &Library{}
	l.Swap(first)
	return l
}

// Current returns the current snapshot, never nil. Whoever answers one question
// takes it once, so that the answer is of one piece.
func (l *Library) Current() *Snapshot { return l.current.Load() }

// Swap makes next the current snapshot and returns the one before it.
func (l *Library) Swap(next *Snapshot) (previous *Snapshot) {
	if next == nil {
		next = &Snapshot{}
	}
	return l.current.Swap(next)
}
