package desk

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/spelling"
)

// A surveyor looks at every brief of a check once, while it is in memory, and keeps only
// what the others are compared with.
type surveyor struct {
	from     origin
	now      time.Time       // none given: time.Now
	problems []brief.Problem // once all were looked at: in order, without what is allowed

	mu      sync.Mutex
	allowed map[string][]*allowance   // by path
	own     map[string]map[string]int // by path: how many events have a kind
	kinds   map[string]int            // the same of all
}

// survey looks at briefs.
func survey(ctx context.Context, now time.Time, from origin) (*surveyor, error) {
	s := &surveyor{
		from: from, now: now, allowed: make(map[string][]*allowance), own: make(map[string]map[string]int), kinds: make(map[string]int),
	}
	problems, err := from.each(func(t *brief.Text) {
		if ctx.Err() == nil {
			s.look(t)
		}
	})
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return nil, err
	}
	s.problems = slices.Concat(problems, s.problems) // errors before what is said of the same place
	if err := s.lookAtSlips(); err != nil {
		return nil, err
	}
	s.problems = slices.DeleteFunc(s.problems, func(p brief.Problem) bool { return silenced(s.allowed[p.Path], p) })
	for path, allowances := range s.allowed {
		s.problems = append(s.problems, idle(path, allowances)...)
	}
	slices.SortStableFunc(s.problems, brief.Problem.Compare)
	return s, nil
}

// look judges a brief by itself and by what it was.
func (s *surveyor) look(t *brief.Text) {
	own := kindsOf(t.Read())
	o := s.compared(t)
	o.kinds = nil // they are not counted yet
	found, allowances := lintText(t, o), allowancesOf(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.own[t.Path()]; again {
		return // it was named twice
	}
	s.problems = append(s.problems, found...)
	s.own[t.Path()] = own
	for kind, n := range own {
		s.kinds[kind] += n
	}
	if len(allowances) > 0 {
		s.allowed[t.Path()] = allowances
	}
}

// compared returns what a brief is compared with.
func (s *surveyor) compared(t *brief.Text) comparison {
	c := comparison{now: s.now, kinds: s.kinds}
	if d := t.Read(); d != nil {
		c.before = s.from.before(t.Path()).Changed(d.ID, t.Bytes())
	}
	return c
}

// kindsOf counts the kinds of events.
func kindsOf(d *brief.Dossier) map[string]int {
	counts := make(map[string]int)
	if d != nil && !d.Draft {
		for _, e := range d.Timeline {
			if e.Kind != "" {
				counts[e.Kind]++
			}
		}
	}
	return counts
}

// lookAtSlips looks again at the briefs with a kind that looks like a slip of one that
// stands in all of them.
func (s *surveyor) lookAtSlips() error {
	var paths []string
	for path, own := range s.own {
		for kind := range own {
			if meantKind(kind, s.kinds) != "" {
				paths = append(paths, path)
				break
			}
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		text, err := s.from.text(path)
		if err != nil {
			return err
		}
		if t, _ := brief.ReadText(path, text); t != nil {
			s.problems = append(s.problems, lintText(t, comparison{now: s.now, kinds: s.kinds, only: ruleKind})...)
		}
	}
	return nil
}

// meantKind returns the kind that one looks like a slip of, or "": one that more events
// have, and at least two.
func meantKind(kind string, counts map[string]int) string {
	var others []string
	for _, other := range slices.Sorted(maps.Keys(counts)) {
		if other != kind && counts[other] > max(1, counts[kind]) && len([]rune(other)) > 4 {
			others = append(others, other)
		}
	}
	meant := spelling.Nearest(kind, others)
	typed, near := []rune(strings.ToLower(kind)), []rune(strings.ToLower(meant))
	if meant == "" || len(typed) < 4 || spelling.Distance(typed, near, 2) > min(2, len(typed)/4) {
		return "" // two short words are often alike
	}
	return meant
}
