package desk

import (
	"fmt"

	"github.com/briefbot/briefbot/internal/brief"
)

// Left says in plain words what an editor has to do before a draft can be published,
// of all that check says of it: a line for each kind of work, in the order in which
// it is best done.
func Left(problems []brief.Problem) []string {
	const fewParts = 5
	counts := make(map[string]int)
	var missing, other []string
	for _, p := range problems {
		if p.Rule == brief.RuleMissing {
			missing = append(missing, fmt.Sprintf("Line %d: %s.", p.Line, p.Message))
		}
		switch p.Rule {
		case brief.RuleDraft, brief.RuleMissing, brief.RuleUndated, brief.RuleSource, brief.RuleRewrite:
			counts[p.Rule]++
		default:
			other = append(other, p.String())
		}
	}
	var left []string
	if len(missing) <= fewParts {
		left = append(left, missing...)
		delete(counts, brief.RuleMissing)
	}
	for _, work := range []struct{ rule, one, many string }{
		{brief.RuleMissing, "part is missing that every brief has", "parts are missing that every brief has"},
		{brief.RuleUndated, "event has no date", "events have no date"},
		{brief.RuleSource, "event has no source", "events have no source"},
		{brief.RuleRewrite, "text is the page's own: say it in your own words", "texts are the page's own: say them in your own words"},
	} {
		if n := counts[work.rule]; n > 0 {
			left = append(left, counted(n, work.one, work.many)+".")
		}
	}
	left = append(left, other...)
	return append(left, "Take out the line “draft: true” when it is finished.")
}
