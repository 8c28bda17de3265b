package desk

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
)

// MaxReport is how long a report is at most, in characters: a comment on GitHub may have
// 65,536 (https://github.com/orgs/community/discussions/41331), and whoever posts it may add
// the addresses of its pictures. A note on GitLab may be longer.
const MaxReport = 60_000

// maxProblems is how many problems a report names, errors first: what it is for comes
// after them.
const maxProblems = 30

// ReportMark begins every report, so that a workflow finds its comment again.
const ReportMark = "<!-- briefbot preview -->"

// A Report tells the reviewer of a change of the briefs what it would cause. Texts of
// briefs stand in it as code, so that none of them can mention anybody, be a link or an
// image, or end the part that it stands in.
type Report struct {
	Changes  []brief.Change  // all of them, in the order in which they are told
	Untold   []brief.Change  // those that no digest tells
	Hidden   int             // how many changes of stories for some readers are left out
	Exposed  []string        // stories for some readers that are shown
	Access   []Access        // stories that others than before may read
	Repaired []string        // stories whose file was in error before
	Problems []brief.Problem // of the files as they would be
	Known    int             // how many warnings of what is as it was are left out
	Urgent   []Message       // what a subscription to everything would be told at once
	Digest   []Message       // what it would be told by its schedule
	Modes    []Mode          // what other modes than post show
	Unshown  int             // of how many stories they would show more
	Earlier  []Correction    // what would become of messages that were posted before
}

// An Access is who may read a story: these groups, or everyone if there is none.
type Access struct {
	Story         string
	Before, After []string
}

// Markdown returns the report in at most limit characters. What does not fit is left
// out as whole parts, and the end says so.
func (r *Report) Markdown(limit int) string {
	parts := []string{ReportMark + "\n### " + r.summary() + "\n"}
	parts = append(parts, r.access()...)
	parts = append(parts, r.problems()...)
	parts = append(parts, r.changes()...)
	parts = append(parts, r.digest()...)
	parts = append(parts, r.modes()...)
	parts = append(parts, r.earlier()...)
	parts = append(parts, r.untold()...)
	const more = "\nThe report is longer than fits here: the rest is in `report.md` among the files of this run.\n"
	var b strings.Builder
	size := 0
	for i, part := range parts {
		n := utf8.RuneCountInString(part)
		if size+n > limit || i < len(parts)-1 && size+n > limit-utf8.RuneCountInString(more) {
			b.WriteString(more)
			break
		}
		b.WriteString(part)
		size += n
	}
	return b.String()
}

// summary says it all in one line.
func (r *Report) summary() string {
	s := r.told()
	if n := len(r.Earlier); n > 0 {
		s += fmt.Sprintf("; what was posted about %s is corrected", counted(n, "event", "events"))
	}
	if n := len(r.Access); n > 0 {
		s += fmt.Sprintf("; others than before may read %s", counted(n, "story", "stories"))
	}
	if n := len(r.Repaired); n > 0 {
		s += fmt.Sprintf("; %s repaired", counted(n, "story is", "stories are"))
	}
	broken := make(map[string]bool)
	for _, p := range r.Problems {
		broken[p.Path] = broken[p.Path] || p.Severity == brief.Error
	}
	if n := len(slices.DeleteFunc(slices.Collect(maps.Values(broken)), func(is bool) bool { return !is })); n > 0 {
		s += fmt.Sprintf("; %s in error", counted(n, "file is", "files are"))
	}
	return s
}

// told says how much changes, and how many messages tell it.
func (r *Report) told() string {
	switch {
	case len(r.Changes) == 0 && r.Hidden > 0:
		return "Only stories for some readers change; nobody else is told anything"
	case len(r.Changes) == 0 && len(r.Access)+len(r.Repaired) > 0:
		return "Nobody is told anything"
	case len(r.Changes) == 0:
		return "Nothing changes for readers, and nobody is told anything"
	}
	s := fmt.Sprintf("%s in %s", counted(len(r.Changes), "change", "changes"), counted(len(stories(r.Changes)), "story", "stories"))
	var told []string
	for _, m := range totals(append(slices.Clone(r.Urgent), r.Digest...)) {
		told = append(told, fmt.Sprintf("%s on %s", counted(m.Messages, "message", "messages"), m.Service))
	}
	if len(told) == 0 {
		return s + ", of which nobody is told"
	}
	return s + ", told in " + strings.Join(told, " and ")
}

func stories(changes []brief.Change) (ids []string) {
	for _, c := range changes {
		if !slices.Contains(ids, c.Story) {
			ids = append(ids, c.Story)
		}
	}
	return ids
}

// totals adds up the messages of each service.
func totals(all []Message) (sums []Message) {
	for _, m := range all {
		i := slices.IndexFunc(sums, func(s Message) bool { return s.Service == m.Service })
		if i < 0 {
			i = len(sums)
			sums = append(sums, Message{Service: m.Service})
		}
		sums[i].Messages += m.Messages
	}
	return sums
}

// access says who may read what changes, where that is not everyone as before.
func (r *Report) access() (parts []string) {
	if len(r.Exposed) > 0 {
		parts = append(parts, "\n**Not for everyone:** "+codes(r.Exposed)+" can be read by some groups only, and stand here for all who can read this.\n")
	}
	for _, a := range r.Access {
		parts = append(parts, fmt.Sprintf("\n**Who may read %s changes:** before %s, from now on %s.\n", code(a.Story), groups(a.Before), groups(a.After)))
	}
	return parts
}

func groups(names []string) string {
	if len(names) == 0 {
		return "everyone"
	}
	return codes(names)
}

func (r *Report) problems() []string {
	if len(r.Problems) == 0 && r.Known == 0 && len(r.Repaired) == 0 {
		return nil
	}
	parts := []string{"\n#### What check finds\n"}
	if len(r.Problems) > 0 {
		parts[0] += "\n"
	}
	shown := slices.Clone(r.Problems)
	slices.SortStableFunc(shown, func(a, b brief.Problem) int { return strings.Compare(string(a.Severity), string(b.Severity)) })
	for _, p := range shown[:min(len(shown), maxProblems)] {
		parts = append(parts, fmt.Sprintf("- **%s** %s: %s\n", p.Severity, code(fmt.Sprintf("%s:%d:%d", p.Path, p.Line, p.Column)), code(p.Message)))
	}
	if rest := len(shown) - maxProblems; rest > 0 {
		parts = append(parts, fmt.Sprintf("- %d more, which `briefbot check` lists\n", rest))
	}
	if slices.ContainsFunc(r.Problems, func(p brief.Problem) bool { return p.Severity == brief.Error }) {
		parts = append(parts, "\nA brief with an error is not served: its last good version stays, and nothing of it is told.\n")
	}
	if r.Known > 0 {
		parts = append(parts, fmt.Sprintf("\nLeft out here: %s of what is as it was.\n", counted(r.Known, "warning", "warnings")))
	}
	if len(r.Repaired) > 0 {
		parts = append(parts, "\n"+codes(r.Repaired)+" had an error before. What is told of it is what changed since its last good version, which cannot be seen from here.\n")
	}
	return parts
}

func (r *Report) changes() (parts []string) {
	if len(r.Changes) > 0 {
		parts = append(parts, "\n#### What changes\n")
	}
	for _, story := range stories(r.Changes) {
		parts = append(parts, "\n**"+code(story)+"**\n\n")
		for _, c := range r.Changes {
			if c.Story == story {
				parts = append(parts, changeLine(c)+differences(c))
			}
		}
	}
	if r.Hidden > 0 {
		parts = append(parts, fmt.Sprintf("\nLeft out here, where others may read it: %s of stories with an `audience`.\n", counted(r.Hidden, "change", "changes")))
	}
	return parts
}

// changeLine says in a line what changed.
func changeLine(c brief.Change) string {
	line := "- " + strings.ReplaceAll(string(c.Kind), ".", " ")
	if c.Item != "" {
		line += " " + code(c.Item)
	}
	if name := Name(c); name != "" {
		line += ": " + code(name)
	}
	var notes []string
	if c.Announce == brief.Now {
		notes = append(notes, "**announced now**, whatever the schedule and the quiet hours")
	}
	if c.Importance != brief.Normal && c.Importance != "" {
		notes = append(notes, string(c.Importance)+" importance")
	}
	if len(notes) > 0 {
		line += " (" + strings.Join(notes, "; ") + ")"
	}
	return line + "\n"
}

// differences shows before and after, as a diff.
func differences(c brief.Change) string {
	list := Differences(c)
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "- %s: %s\n+ %s: %s\n", d.Field, d.Before, d.Field, d.After)
	}
	return indent(fence("diff", b.String()), "  ")
}

func (r *Report) digest() (parts []string) {
	if len(r.Urgent) > 0 {
		parts = append(parts, "\n#### What subscribers are told at once\n\nIt waits for no schedule and no quiet hours.\n")
		parts = appendMessages(parts, r.Urgent)
	}
	if len(r.Digest) > 0 {
		parts = append(parts, "\n#### What subscribers are told by their schedule\n\n"+r.subscribers()+"\n")
		parts = appendMessages(parts, r.Digest)
	}
	return parts
}

// subscribers says who is told what of the digest.
func (r *Report) subscribers() string {
	s := "This is what a subscription to everything gets."
	if len(r.Urgent) > 0 {
		s += " An `immediate` one gets both as one."
	}
	all := len(r.Changes) - len(r.Untold)
	normal, major := r.least(brief.Normal), r.least(brief.Major)
	if normal < all || major < all && major > 0 {
		s += fmt.Sprintf(" Of the %s one with `importance=normal` gets %d, and one with `importance=major` %d.", counted(all, "change", "changes"), normal, major)
	}
	if slices.ContainsFunc(r.Earlier, func(c Correction) bool { return c.Answered }) {
		s += " Where an event was told that is revised or retracted now, the message about it is answered instead."
	}
	return s
}

// least counts the changes that a subscription is told which asks for so much.
func (r *Report) least(least brief.Importance) (n int) {
	for _, c := range r.Changes {
		untold := slices.ContainsFunc(r.Untold, func(u brief.Change) bool { return u.Story == c.Story && u.Kind == c.Kind && u.Item == c.Item })
		if !untold && c.Importance.Rank() >= least.Rank() {
			n++
		}
	}
	return n
}

func (r *Report) untold() []string {
	if len(r.Untold) == 0 {
		return nil
	}
	parts := []string{"\n#### What nobody is told\n\n"}
	for _, c := range r.Untold {
		why := "it is announced silently"
		if strings.HasSuffix(string(c.Kind), ".removed") {
			why = "what is removed is not announced; what was posted is marked as withdrawn"
		}
		parts = append(parts, strings.TrimSuffix(changeLine(c), "\n")+": "+why+"\n")
	}
	return parts
}
