package desk

import (
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
)

// maxFixes is how often a text is read again after it was mended: what is mended may
// show what it hid, and of what is not YAML only the first mistake is seen.
const maxFixes = 100

// mend mends a text as far as that is certain, and returns it with the problems that are
// gone. What would make an error is not mended.
func mend(path string, text []byte, compared func(*brief.Text) comparison) (mended []byte, fixed []brief.Problem) {
	for range maxFixes {
		before := judge(path, text, compared)
		next, taken := mendOnce(before, text, func(b []byte) judgement { return judge(path, b, compared) })
		if len(taken) == 0 {
			break
		}
		text, fixed = next, append(fixed, taken...)
	}
	return text, fixed
}

// A judgement is what is said of a text.
type judgement struct {
	read     bool // it is YAML
	problems []brief.Problem
}

func judge(path string, text []byte, compared func(*brief.Text) comparison) judgement {
	t, problems := brief.ReadText(path, text)
	if t == nil {
		return judgement{problems: problems}
	}
	allowances := allowancesOf(t)
	problems = append(problems, lintText(t, compared(t))...)
	problems = slices.DeleteFunc(problems, func(p brief.Problem) bool { return silenced(allowances, p) })
	return judgement{true, problems}
}

// mendOnce applies what fixes it can to a text that was judged: all at once, or else each
// that does no harm.
func mendOnce(before judgement, text []byte, judge func([]byte) judgement) (mended []byte, taken []brief.Problem) {
	var edits []brief.Edit
	for _, p := range before.problems {
		if p.Fix != nil && !overlaps(edits, p.Fix.Edits) {
			edits, taken = append(edits, p.Fix.Edits...), append(taken, p)
		}
	}
	if next, err := brief.Apply(text, edits...); err == nil && !harms(before, judge(next), taken) {
		return next, taken
	}
	candidates := taken
	mended, edits, taken = text, nil, nil
	for _, p := range candidates {
		next, err := brief.Apply(text, slices.Concat(edits, p.Fix.Edits)...)
		if err == nil && !harms(before, judge(next), append(taken, p)) {
			mended, edits, taken = next, append(edits, p.Fix.Edits...), append(taken, p)
		}
	}
	return mended, taken
}

func overlaps(edits, more []brief.Edit) bool {
	return slices.ContainsFunc(more, func(b brief.Edit) bool {
		return slices.ContainsFunc(edits, func(a brief.Edit) bool { return b.From <= a.To && a.From <= b.To })
	})
}

// harms reports whether a text is worse for having been mended: no YAML any more, or with
// an error that it did not have, unless one was mended behind which it may have hidden.
func harms(before, after judgement, mended []brief.Problem) bool {
	if before.read && !after.read {
		return true
	}
	if slices.ContainsFunc(mended, func(p brief.Problem) bool { return p.Fix.Reveals }) {
		return false
	}
	known := make(map[string]int)
	for _, p := range before.problems {
		known[sameError(p)]++
	}
	for _, p := range after.problems {
		if known[sameError(p)]--; p.Severity == brief.Error && known[sameError(p)] < 0 {
			return true
		}
	}
	return false
}

// sameError tells errors apart wherever they stand, and whatever lines they name.
func sameError(p brief.Problem) string {
	return p.Rule + " " + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, p.Message)
}
