package desk

import (
	"context"
	"slices"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

// CheckOptions are the options of [Check].
type CheckOptions struct {
	Now time.Time // none given: time.Now
	// Base is the revision that the briefs are compared with; empty: HEAD, where the
	// folder is in a git repository that has one.
	Base string
}

// Check returns everything that an editor should know of the briefs at paths, each a file
// or a folder of briefs: what [brief.Check] finds, and warnings of what only an editor can
// judge, in the order of path and position, without what comments allow. The error is
// about a path that is not there, or a Base that is none.
func Check(ctx context.Context, o CheckOptions, paths ...string) ([]brief.Problem, error) {
	s, err := survey(ctx, o.Now, newDisk(o.Base, paths))
	if err != nil {
		return nil, err
	}
	return s.problems, nil
}

// CheckPast is [Check] of a folder of briefs as it was at a commit. It is compared with
// what it was at another, before; nil: with nothing but itself.
func CheckPast(ctx context.Context, now time.Time, past, before *brief.Past) ([]brief.Problem, error) {
	s, err := survey(ctx, now, revision{past, before})
	if err != nil {
		return nil, err
	}
	return s.problems, nil
}

// A Mended is a brief that was mended, with the problems that are gone.
type Mended struct {
	Path          string
	Before, After []byte
	Fixed         []brief.Problem
}

// Fix mends what can be mended in the briefs at paths without changing what is meant. It
// writes nothing; a brief with nothing to mend is not among what it returns.
func Fix(ctx context.Context, o CheckOptions, paths ...string) (all []Mended, err error) {
	s, err := survey(ctx, o.Now, newDisk(o.Base, paths))
	if err != nil {
		return nil, err
	}
	var mendable []string
	for _, p := range s.problems {
		if p.Fix != nil && !slices.Contains(mendable, p.Path) {
			mendable = append(mendable, p.Path)
		}
	}
	for _, path := range mendable {
		text, err := s.from.text(path)
		if err != nil {
			return nil, err
		}
		after, fixed := mend(path, text, s.compared)
		if len(fixed) > 0 {
			all = append(all, Mended{Path: path, Before: text, After: after, Fixed: fixed})
		}
	}
	return all, nil
}
