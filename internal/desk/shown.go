package desk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
)

// A Message is what one service would be sent.
type Message struct {
	Service  string
	Messages int
	Text     string   // what can be read in it, in the service's own markup
	Sizes    []string // how much of which limit is used
	Cut      []string // what is left out or shortened
	Faults   []string // what the service would refuse
	Picture  string   // the path of a picture of it beside the report; empty: none
	Other    string   // the path of one in the service's other colours; empty: none
}

// A Mode is what would be shown of a story where each is told by itself.
type Mode struct {
	Name  string // edit or thread
	Story string
	Shown []Message
}

// A Correction is what would become of a message about the item of a change.
type Correction struct {
	Change   brief.Change
	Answered bool // a short answer is posted besides
	Shown    []Message
}

func appendMessages(parts []string, all []Message) []string {
	for _, m := range all {
		parts = append(parts, m.markdown())
	}
	return parts
}

// fold shows messages behind a summary, which is ours; open where a service would refuse
// one. It belongs into one part, so that what is cut off leaves no fold open.
func fold(summary string, all []Message) string {
	var b strings.Builder
	open := ""
	if slices.ContainsFunc(all, func(m Message) bool { return len(m.Faults) > 0 }) {
		open = " open"
	}
	fmt.Fprintf(&b, "\n<details%s><summary>%s</summary>\n", open, summary)
	for _, m := range all {
		b.WriteString(m.markdown())
	}
	return b.String() + "\n</details>\n"
}

func (r *Report) modes() []string {
	if len(r.Modes) == 0 {
		return nil
	}
	into := "its own digest goes there"
	if len(r.Modes) == 2 {
		into = "the digest above goes there"
	}
	parts := []string{"\n#### What the other modes show\n\nAbove is `mode: post`. With `mode: edit` one message a story is edited, which notifies nobody, and no correction is posted besides. " +
		"With `mode: thread` each story has a thread, and " + into + ".\n"}
	for _, m := range r.Modes {
		parts = append(parts, fold("mode: "+m.Name+", "+m.Story, m.Shown))
	}
	if r.Unshown > 0 {
		parts = append(parts, fmt.Sprintf("\nLeft out here: how they show %s more.\n", counted(r.Unshown, "story", "stories")))
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
		if len(e.Shown) > 0 {
			line += fold("How it was, will be edited"+answered(e), e.Shown)
		}
		parts = append(parts, line)
	}
	return parts
}

func answered(c Correction) string {
	if c.Answered {
		return " and is answered"
	}
	return ""
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
	if m.Other == "" {
		fmt.Fprintf(&b, "\n<details><summary>As text</summary>\n\n%s\n</details>\n", fence("text", m.Text))
		return b.String()
	}
	fmt.Fprintf(&b, "\n<details><summary>In other colours, and as text</summary>\n\n![As %s shows it in other colours](%s)\n\n%s\n</details>\n", m.Service, m.Other, fence("text", m.Text))
	return b.String()
}
