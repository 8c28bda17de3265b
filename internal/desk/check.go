package desk

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"
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
// or a folder of briefs: what [brief.Check] finds and what [Lint] finds, in the order of
// path and position. The error is about a path that is not there, or a Base that is none.
func Check(ctx context.Context, o CheckOptions, paths ...string) ([]brief.Problem, error) {
	problems, err := brief.Check(paths...)
	if err != nil {
		return nil, err
	}
	err = each(ctx, o, paths, func(t *brief.Text, l LintOptions) { problems = append(problems, Lint(t, l)...) })
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(problems, brief.Problem.Compare)
	return problems, nil
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
	err = each(ctx, o, paths, func(t *brief.Text, l LintOptions) {
		after, fixed := mend(t.Path(), t.Bytes(), l)
		if len(fixed) > 0 {
			all = append(all, Mended{Path: t.Path(), Before: t.Bytes(), After: after, Fixed: fixed})
		}
	})
	return all, err
}

// each calls do with every brief at paths that is YAML, and with what it is to be
// compared with.
func each(ctx context.Context, o CheckOptions, paths []string, do func(*brief.Text, LintOptions)) error {
	files, _, err := brief.Files(paths...) // why others cannot be read is told by brief.Check
	if err != nil {
		return err
	}
	texts := make([]*brief.Text, 0, len(files))
	for _, f := range files {
		if t, _ := brief.ReadText(f.Path, f.Text); t != nil {
			texts = append(texts, t)
		}
	}
	kinds := countKinds(texts)
	committed := make(map[string]*brief.Snapshot)
	for _, t := range texts {
		folder := filepath.Dir(t.Path())
		before, ok := committed[folder]
		if !ok {
			// Without a repository there is nothing to compare with, unless that is asked for.
			before, err = brief.LoadRevision(ctx, folder, cmp.Or(o.Base, "HEAD"))
			if err != nil && o.Base != "" {
				return err
			}
			committed[folder] = before
		}
		l := LintOptions{Now: o.Now, Kinds: without(kinds, t)}
		if d := t.Read(); d != nil {
			l.Before, _ = brief.Unrestricted(before).Story(d.ID)
		}
		do(t, l)
	}
	return nil
}

// countKinds counts the kinds of events in briefs.
func countKinds(texts []*brief.Text) map[string]int {
	counts := make(map[string]int)
	for _, t := range texts {
		if d := t.Read(); d != nil {
			for _, e := range d.Timeline {
				if e.Kind != "" {
					counts[e.Kind]++
				}
			}
		}
	}
	return counts
}

// without returns the counts of the other briefs.
func without(counts map[string]int, t *brief.Text) map[string]int {
	others := make(map[string]int, len(counts))
	for kind, n := range counts {
		others[kind] = n
	}
	if d := t.Read(); d != nil {
		for _, e := range d.Timeline {
			others[e.Kind]--
		}
	}
	return others
}

// maxFixes is how often a text is read again after it was mended: what is mended may
// show what it hid.
const maxFixes = 8

// mend mends a text as far as that is certain, and returns it with the problems that are
// gone.
func mend(path string, text []byte, o LintOptions) (mended []byte, fixed []brief.Problem) {
	for range maxFixes {
		t, problems := brief.ReadText(path, text)
		if t != nil {
			problems = append(problems, Lint(t, o)...)
		}
		var edits []brief.Edit
		var taken []brief.Problem
		for _, p := range problems {
			if p.Fix != nil && !overlaps(edits, p.Fix.Edits) {
				edits = append(edits, p.Fix.Edits...)
				taken = append(taken, p)
			}
		}
		next, err := brief.Apply(text, edits...)
		if len(taken) == 0 || err != nil || worse(path, text, next) {
			break
		}
		text, fixed = next, append(fixed, taken...)
	}
	return text, fixed
}

func overlaps(edits, more []brief.Edit) bool {
	return slices.ContainsFunc(more, func(b brief.Edit) bool {
		return slices.ContainsFunc(edits, func(a brief.Edit) bool { return b.From <= a.To && a.From <= b.To })
	})
}

// worse reports whether a text that was mended is no YAML any more: then it is left as it
// was.
func worse(path string, before, after []byte) bool {
	was, _ := brief.ReadText(path, before)
	is, _ := brief.ReadText(path, after)
	return was != nil && is == nil
}

// Excerpt shows the line of a problem with a mark under what is wrong, and how it is
// mended. Each of its lines begins with spaces.
func Excerpt(text []byte, p brief.Problem) string {
	lines := strings.Split(string(text), "\n")
	if p.Line < 1 || p.Line > len(lines) {
		return ""
	}
	line := strings.TrimRight(lines[p.Line-1], "\r")
	number := strings.Repeat(" ", 4) + itoa(p.Line)
	margin := strings.Repeat(" ", len(number)) + " |"
	end := p.EndColumn
	if p.EndLine != p.Line || end <= p.Column {
		end = p.Column + 1
	}
	shown, from, to := window(line, p.Column-1, end-1)
	var b strings.Builder
	b.WriteString(number + " | " + shown + "\n")
	b.WriteString(margin + " " + strings.Repeat(" ", from) + strings.Repeat("^", max(1, to-from)) + "\n")
	if p.Fix != nil {
		b.WriteString(margin + " fix: " + p.Fix.Says + "\n")
	}
	return b.String()
}
