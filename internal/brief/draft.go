package brief

import (
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// Rules of problems that tell an editor what a draft lacks.
const (
	RuleDraft   = "draft"   // the brief is a draft
	RuleMissing = "missing" // what is required is not there: no more than a warning in a draft
	RuleUndated = "undated" // an event of a draft has no date
	RuleSource  = "source"  // an event of a draft names no source
	RuleRewrite = "rewrite" // a text is marked as somebody else's words
)

// RewriteMark is the comment, without its #, that marks prose as somebody else's
// words. It stands behind the text, or behind its key where the text begins on the
// next line.
const RewriteMark = "rewrite"

var rewriteMark = regexp.MustCompile(`(?i)^#+\s*` + RewriteMark + `\b`)

// draftMark returns the place of the key that makes a brief a draft, or nil.
func (d *decoder) draftMark(root *yaml.Node) *place {
	if root.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		value, draft := target(root.Content[i+1]), false
		if root.Content[i].Value == "draft" && value.Tag == "!!bool" && value.Decode(&draft) == nil && draft {
			at := d.at(root.Content[i])
			return &at
		}
	}
	return nil
}

// unwritten warns of prose that is marked as somebody else's words.
func (d *decoder) unwritten(key, value *yaml.Node) {
	if rewriteMark.MatchString(value.LineComment) || rewriteMark.MatchString(key.LineComment) {
		d.warn(d.at(key), RuleRewrite, "%s is marked as somebody else's words: say it in your own, then take out the comment “# %s”", key.Value, RewriteMark)
	}
}

// unsourced warns of an event of a draft without a source.
func (d *decoder) unsourced(n *yaml.Node, e *Event) {
	if d.draft != nil && len(e.Sources) == 0 && !strings.Contains(e.Detail, citationStart) {
		d.warn(d.at(n), RuleSource, "the event has no source: write where it was found under sources, and its id here")
	}
}

// lacks returns the rule of a problem that a required value is not there, and what is
// to be added to its message: what a comment behind the key, if there is one, or the
// text of an event in a draft says about when it was.
func (m *mappingReader) lacks(r *rule, key *yaml.Node) (name, hint string) {
	event, ok := m.v.Addr().Interface().(*Event)
	if !ok || r.key != "date" || m.d.draft == nil {
		return RuleMissing, ""
	}
	if key != nil && key.LineComment != "" {
		return RuleUndated, "; " + clip(strings.TrimLeft(key.LineComment, "# "))
	}
	words := TimeWords(event.Title + "\n" + event.Detail)
	if len(words) == 0 {
		return RuleUndated, "; the event's text does not say when it was"
	}
	return RuleUndated, "; the event's text says “" + strings.Join(words, "”, “") + "”"
}

// draftProblem says that a file is a draft, and what is served instead.
func draftProblem(path string, at place, served bool) Problem {
	message := "this is a draft, so it is not served"
	if served {
		message = "this became a draft, so the story is served as it was before; to take it away, remove the file"
	}
	return Problem{Path: path, Line: at.line, Column: at.column, Severity: Warning, Rule: RuleDraft, Message: message}
}
