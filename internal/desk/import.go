package desk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
)

// idLength is how long the ids are that import makes: pleasant to type, and short
// enough for the call of a button.
const idLength = 40

// longestDossierTitle is how many characters the title of a dossier may have.
const longestDossierTitle = 200

// An Import is the draft of a brief that was made of a story page.
type Import struct {
	Title    string   // of the story; empty if the page has none that would do
	Text     []byte   // the brief, a draft without errors
	Holds    string   // what it has, in words: “an overview, 3 indicators and 11 events”
	Unplaced int      // how many lines stand in a comment at its end
	Notes    []string // what an editor should know of how the page was read, a sentence each
}

// ReadStory makes the draft of a brief of a story page: plain text or Markdown with
// headings such as Overview, Key Indicators, People, Organizations, Timeline,
// Scenarios and Historical Context. Name is what the page is called, for a comment.
//
// Nothing is invented and nothing lost. What the page does not say in a place of its
// own, dates above all, is left out for an editor to find; prose is the page's, and
// marked as such; and what has no place in a brief stands in a comment. Only marks of
// lists and headings, repeated lines and what does not show are dropped.
//
// An error says why the page cannot be read at all.
func ReadStory(name string, page []byte) (*Import, error) {
	lines, err := readPage(page)
	if err != nil {
		return nil, err
	}
	s := &story{sections: make(map[string][]item)}
	s.read(parts(lines))
	text := s.write(name)
	if d, problems := brief.Decode("story.yaml", text); d == nil {
		return nil, fmt.Errorf("the page cannot be made a brief: %s", problems[0].Message)
	}
	unplaced := 0
	for _, r := range s.rest {
		unplaced += max(1, len(r.lines))
	}
	return &Import{Title: s.title, Text: text, Holds: s.holds(), Unplaced: unplaced, Notes: s.notes}, nil
}

// A story is a page on its way to a brief.
type story struct {
	title, subtitle string
	overview        []line
	sections        map[string][]item
	rest            []part // what could not be placed, under its headings
	notes           []string
}

func (s *story) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// leave keeps lines for the comment at the end.
func (s *story) leave(heading string, lines []line) {
	if len(lines) > 0 {
		s.rest = append(s.rest, part{heading: heading, lines: lines})
	}
}

func (s *story) read(all []part) {
	citing(all)
	for i := range all {
		all[i].lines = s.takeApart(all[i])
	}
	all[0].lines = s.readTitle(all[0].lines)
	if len(all) == 1 {
		if s.overview = all[0].lines; len(s.overview) == 0 {
			return
		}
		s.note("The page has no headings that import knows (Overview, Key Indicators, People, Organizations, Timeline, Scenarios, " +
			"Historical Context), so all of its text stands in the overview.")
		return
	}
	s.readHead(all[0].lines)
	for _, p := range all[1:] {
		s.readPart(p)
	}
}

// takeApart keeps what no section takes, pictures and tables, for the end, and
// footnotes for the sources; it returns the other lines.
func (s *story) takeApart(p part) []line {
	var kept, left []line
	for _, l := range p.lines {
		switch {
		case isNote(l):
			if it := source(l); it != nil {
				s.sections["sources"] = append(s.sections["sources"], it)
				continue
			}
			left = append(left, l)
		case strings.HasPrefix(l.text, "|"), strings.HasPrefix(l.text, "!["), strings.HasPrefix(l.text, "<!--"), !strings.ContainsFunc(l.text, letterOrDigit):
			left = append(left, l)
		default:
			kept = append(kept, l)
		}
	}
	s.leave(p.heading, left)
	return kept
}

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// readTitle finds the title among the lines before the first heading of a section,
// and returns the others.
func (s *story) readTitle(lines []line) []line {
	at := titleLine(lines)
	if at < 0 {
		return lines
	}
	title := lines[at].text
	s.title = plainText(title)
	return slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return l.text == title })
}

// titleLine returns where the title stands: a heading, a line that is repeated, or
// the first that has two words; -1 if none of them would do.
func titleLine(lines []line) int {
	fits := func(l line) bool {
		return utf8.RuneCountInString(plainText(l.text)) <= longestDossierTitle && l.marker == ""
	}
	for i, l := range lines {
		if l.level == 1 && fits(l) {
			return i
		}
	}
	for i, l := range lines {
		if fits(l) && (l.doubled || slices.ContainsFunc(lines[i+1:], func(other line) bool { return other.text == l.text })) {
			return i
		}
	}
	if i := slices.IndexFunc(lines, func(l line) bool { return fits(l) && strings.Contains(l.text, " ") }); i >= 0 {
		return i
	}
	return slices.IndexFunc(lines, fits)
}

// readHead takes the lines before the first section: a line under the title, text
// that leads in, and what belongs to the page rather than to the story.
func (s *story) readHead(lines []line) {
	var left []line
	for _, l := range lines {
		switch n := utf8.RuneCountInString(l.text); {
		case s.subtitle == "" && len(s.overview) == 0 && n > longestKind && n <= longestDossierTitle && l.marker == "":
			s.subtitle = plainText(l.text)
		case n > longestName:
			s.overview = append(s.overview, l)
		default:
			left = append(left, l)
		}
	}
	s.leave("", left)
}

// readPart takes what stands under one heading.
func (s *story) readPart(p part) {
	readers := map[string]func([]line) ([]line, []item){
		"indicators": indicators, "people": people, "organizations": organizations, "timeline": s.timeline,
		"scenarios": scenarios, "history": history, "sources": sources,
	}
	read := readers[p.section]
	switch {
	case p.section == "overview":
		if len(p.lines) > 0 {
			p.lines[0].gap = true
		}
		s.overview = append(s.overview, p.lines...)
	case read == nil:
		s.rest = append(s.rest, p)
	case len(p.lines) > 0:
		before, items := read(p.lines)
		s.sections[p.section] = append(s.sections[p.section], items...)
		s.leave(p.heading, before)
	}
}

// timeline reads events, oldest first if their dates say which are.
func (s *story) timeline(lines []line) ([]line, []item) {
	before, all := events(lines)
	switch orderOf(all) {
	case newestFirst:
		slices.Reverse(all)
		s.note("The page has its timeline newest first; the brief has it oldest first.")
	case noOrder:
		s.note("The dates of the page's timeline are in no order; the brief keeps the page's, and readers get it by date.")
	case unknownOrder:
		if len(all) > 1 {
			s.note("The page does not date its timeline well enough to say which end is the newest; the brief keeps the page's order.")
		}
	}
	items := make([]item, len(all))
	for i, v := range all {
		items[i] = v.item()
	}
	return before, items
}

// sectionOrder is the order of a brief's lists, with how one and many of their items
// are called.
var sectionOrder = []struct{ key, one, many string }{
	{"indicators", "indicator", "indicators"}, {"people", "person", "people"}, {"organizations", "organization", "organizations"},
	{"timeline", "event", "events"}, {"scenarios", "scenario", "scenarios"}, {"history", "historical case", "historical cases"},
	{"sources", "source", "sources"},
}

// holds says in words what the brief has.
func (s *story) holds() string {
	var found []string
	if len(s.overview) > 0 {
		found = append(found, "an overview")
	}
	for _, section := range sectionOrder {
		if n := len(s.sections[section.key]); n > 0 {
			found = append(found, counted(n, section.one, section.many))
		}
	}
	switch last := len(found) - 1; last {
	case -1:
		return "a title alone"
	case 0:
		return found[0]
	default:
		return strings.Join(found[:last], ", ") + " and " + found[last]
	}
}

func (s *story) write(name string) []byte {
	w := new(writer)
	w.WriteString(schemaLine)
	w.comment("A draft that briefbot import made of "+quotedName(name)+".",
		"What is marked “# "+brief.RewriteMark+"” is the page's own text: say it in your own words, then take the mark out.",
		"Titles and names are the page's too. “briefbot check” lists what is left to do.")
	w.WriteString("\n")
	w.field(field{key: "draft", text: "true", raw: true, note: "nobody sees the story until you take this line out"}, "")
	w.field(field{key: "title", text: s.title}, "")
	if s.subtitle != "" {
		w.field(field{key: "subtitle", text: s.subtitle}, "")
	}
	w.WriteString("\n")
	w.field(field{key: "overview", text: prose(s.overview), prose: len(s.overview) > 0}, "")
	for _, section := range sectionOrder {
		if items := s.sections[section.key]; len(items) > 0 || section.key == "timeline" {
			w.section(section.key, identified(items, section.one))
		}
	}
	s.writeRest(w)
	return []byte(strings.NewReplacer(startCitation, "[^", endCitation, "]").Replace(w.String()))
}

func quotedName(name string) string {
	if name = oneLine(name); name == "" {
		return "a page"
	}
	return name
}

// writeRest writes what could not be placed.
func (s *story) writeRest(w *writer) {
	if len(s.rest) == 0 {
		return
	}
	w.WriteString("\n")
	w.comment("What import could not place:")
	for _, r := range s.rest {
		w.comment("")
		if r.heading != "" {
			w.comment(r.heading + ":")
		}
		for _, l := range r.lines {
			for _, text := range wrapped(l.text, proseWidth) {
				w.comment("  " + text)
			}
		}
	}
}

// identified gives every item an id of its own, first.
func identified(items []item, noun string) []item {
	taken := make(map[string]int) // with how often it was wanted
	all := make([]item, len(items))
	for i, it := range items {
		id, rest := brief.Slug(nameOf(it), idLength), it
		if len(it) > 0 && it[0].key == "id" {
			id, rest = it[0].text, it[1:]
		}
		if id == "" {
			id = brief.Slug(noun, idLength) + "-" + strconv.Itoa(i+1)
		}
		for base := id; taken[id] > 0; {
			taken[base]++
			id = base + "-" + strconv.Itoa(taken[base])
		}
		taken[id] = 1
		all[i] = append(item{{key: "id", text: id, raw: true}}, rest...)
	}
	return all
}

// nameOf returns what an item is called.
func nameOf(it item) string {
	for _, f := range it {
		switch f.key {
		case "name", "title", "label":
			return f.text
		}
	}
	return ""
}
