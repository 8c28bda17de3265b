package desk

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
)

// MaxReport is how long a report is at most, in characters: a comment on GitHub may have
// 65,536 (https://github.com/orgs/community/discussions/41331), and whoever posts it may add
// the addresses of its pictures. A note on GitLab may be longer.
const MaxReport = 60_000

// ReportMark begins every report, so that a workflow finds its comment again.
const ReportMark = "<!-- briefbot preview -->"

// A Report tells the reviewer of a change of the briefs what it would cause. Texts of
// briefs stand in it as code, so that none of them can mention anybody, be a link or an
// image, or end the part that it stands in.
type Report struct {
	Changes  []brief.Change  // all of them, in the order in which they are told
	Untold   []brief.Change  // those that no digest tells
	Hidden   int             // how many changes of stories for some readers are left out
	Problems []brief.Problem // of the files as they would be
	Digest   []Message       // what a subscription to everything would be told
	Earlier  []Correction    // what would become of messages that were posted before
}

// A Message is what one service would be sent.
type Message struct {
	Service  string
	Messages int
	Text     string   // what can be read in it, in the service's own markup
	Sizes    []string // how much of which limit is used
	Cut      []string // what is left out or shortened
	Faults   []string // what the service would refuse
	Picture  string   // the path of a picture of it beside the report; empty: none
}

// A Correction is what would become of a message about the item of a change.
type Correction struct {
	Change   brief.Change
	Answered bool // a short answer is posted besides
	Shown    []Message
}

// Markdown returns the report in at most limit characters. What does not fit is left
// out as whole parts, and the end says so.
func (r *Report) Markdown(limit int) string {
	parts := []string{ReportMark + "\n### " + r.summary() + "\n"}
	parts = append(parts, r.problems()...)
	parts = append(parts, r.changes()...)
	parts = append(parts, r.digest()...)
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
	if len(r.Changes) == 0 {
		if r.Hidden > 0 {
			return "Only stories for some readers change; nobody else is told anything"
		}
		return "Nothing changes for readers, and nobody is told anything"
	}
	s := fmt.Sprintf("%s in %s", counted(len(r.Changes), "change", "changes"), counted(len(stories(r.Changes)), "story", "stories"))
	var told []string
	for _, m := range totals(r.Digest) {
		told = append(told, fmt.Sprintf("%s on %s", counted(m.Messages, "message", "messages"), m.Service))
	}
	switch {
	case len(told) > 0:
		s += ", told in " + strings.Join(told, " and ")
	default:
		s += ", of which nobody is told"
	}
	if n := len(r.Earlier); n > 0 {
		s += fmt.Sprintf("; what was posted about %s is corrected", counted(n, "event", "events"))
	}
	return s
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

func (r *Report) problems() []string {
	if len(r.Problems) == 0 {
		return nil
	}
	parts := []string{"\n#### What check finds\n\n"}
	for _, p := range r.Problems {
		parts = append(parts, fmt.Sprintf("- **%s** %s: %s\n", p.Severity, code(fmt.Sprintf("%s:%d:%d", p.Path, p.Line, p.Column)), code(p.Message)))
	}
	if slices.ContainsFunc(r.Problems, func(p brief.Problem) bool { return p.Severity == brief.Error }) {
		parts = append(parts, "\nA brief with an error is not served: its last good version stays, and nothing of it is told.\n")
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
		parts = append(parts, fmt.Sprintf("\n%s of stories with an `audience` are left out here, where others may read them.\n", counted(r.Hidden, "change", "changes")))
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

func (r *Report) digest() []string {
	if len(r.Digest) == 0 {
		return nil
	}
	parts := []string{"\n#### What subscribers are told\n\nThis is what a subscription to everything gets, by its schedule. Others get the part that they ask for.\n"}
	for _, m := range r.Digest {
		parts = append(parts, m.markdown())
	}
	return parts
}

func (r *Report) earlier() []string {
	if len(r.Earlier) == 0 {
		return nil
	}
	parts := []string{"\n#### What becomes of earlier messages\n\nWhere one of these events was told, the message is edited in its place, and shows the others as before.\n"}
	for _, e := range r.Earlier {
		line := "\n" + changeLine(e.Change)
		if e.Answered {
			line += "\nSubscribers get a short answer to it.\n"
		}
		parts = append(parts, line)
		for _, m := range e.Shown {
			parts = append(parts, m.markdown())
		}
	}
	return parts
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

// markdown shows a message: its picture, and behind a fold what it says.
func (m Message) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n**%s**: %s\n", m.Service, strings.Join(m.Sizes, "; "))
	for _, fault := range m.Faults {
		fmt.Fprintf(&b, "\n**Fault:** %s\n", code(fault))
	}
	for _, cut := range m.Cut {
		fmt.Fprintf(&b, "\n**Cut:** %s\n", cut)
	}
	if m.Picture != "" {
		fmt.Fprintf(&b, "\n![As %s shows it](%s)\n", m.Service, m.Picture)
	}
	fmt.Fprintf(&b, "\n<details><summary>As text</summary>\n\n%s\n</details>\n", fence("text", m.Text))
	return b.String()
}

// code returns a text as a span of code on one line.
func code(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" {
		return ""
	}
	ticks := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return ticks + s + ticks
}

// fence returns a text as a block of code, which no line of it can end.
func fence(language, s string) string {
	ticks := strings.Repeat("`", max(3, longestRun(s, '`')+1))
	s = strings.ReplaceAll(strings.TrimRight(s, "\n"), "\r", "")
	return ticks + language + "\n" + s + "\n" + ticks + "\n"
}

func longestRun(s string, of rune) int {
	longest, run := 0, 0
	for _, c := range s {
		if c != of {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

func indent(s, by string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(by + line)
	}
	return b.String()
}
