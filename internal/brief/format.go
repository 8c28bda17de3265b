package brief

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Format gives every item without an id one, and orders the timeline by its dates, as
// [Decode] does. Nothing else changes: comments, the order of keys, quotation marks and
// line ends stay, and a comment above an event goes where the event goes. To format again
// changes nothing.
//
// An id is the slug of the item's name, with a number behind it where another item has
// that. A brief with any error but missing ids is returned as it is, with all problems.
// A timeline that cannot be ordered without changing what it says stays in its order, and
// a problem says so.
func Format(path string, text []byte) ([]byte, []Problem) {
	named, err := identified(path, text)
	if err != nil {
		return text, []Problem{*fileProblem(path, Error, err.Error())}
	}
	t, problems := ReadText(path, named)
	if t == nil || t.read == nil || hasErrors(problems) {
		return text, withoutNames(problems)
	}
	ordered, problem := t.ordered()
	if problem != nil {
		problems = append(problems, *problem)
	}
	return ordered, problems
}

// withoutNames says of events that still need an id why they got none.
func withoutNames(problems []Problem) []Problem {
	for i, p := range problems {
		if p.Rule == RuleMissing && p.Message == "an event needs id" {
			problems[i].Message = "an event needs an id, and none can be made of its title: write one"
		}
	}
	return problems
}

// identified returns the text with an id for every item that has none.
func identified(path string, text []byte) ([]byte, error) {
	t, _ := ReadText(path, text)
	if t == nil || t.read == nil {
		return text, nil // whoever reads it next says why
	}
	var edits []Edit
	for _, section := range dossierShape().sections() {
		edits = append(edits, t.missingIDs(section)...)
	}
	if edits == nil {
		return text, nil
	}
	return Apply(text, edits...)
}

// missingIDs returns the edits that write the ids of a section's items.
func (t *Text) missingIDs(section string) (edits []Edit) {
	list, ok := t.valueOf(t.top(), section)
	if !ok {
		return nil
	}
	taken := make(map[string]bool)
	for _, item := range t.items(list) {
		if id, written := t.idOf(section, item); written {
			taken[id] = true
		}
	}
	for _, item := range t.items(list) {
		if item.node.Kind != yaml.MappingNode || len(item.node.Content) == 0 || valueOf(item.node, "id") != nil {
			continue
		}
		base, _ := t.idOf(section, item)
		if base == "" {
			base = cutSlug(slug(t.textOf(item, "title")), maxItemID)
		}
		id := freeSlug(base, taken)
		edit, ok := idBefore(t.data, t.start(item.node.Content[0]), item.node, id)
		if id == "" || !ok {
			continue
		}
		taken[id] = true
		edits = append(edits, edit)
	}
	return edits
}

// freeSlug returns a slug that is not taken, "" for none.
func freeSlug(base string, taken map[string]bool) string {
	if base == "" || !taken[base] {
		return base
	}
	for i := 2; ; i++ {
		end := fmt.Sprintf("-%d", i)
		if id := cutSlug(base, maxItemID-len(end)) + end; !taken[id] {
			return id
		}
	}
}

// idBefore returns the edit that writes an id before the first entry of the mapping n,
// which is at a byte; in quotation marks where the keys have them, as in JSON.
func idBefore(data []byte, at int, n *yaml.Node, id string) (Edit, bool) {
	entry := "id: " + id
	if n.Content[0].Style&yaml.DoubleQuotedStyle != 0 {
		entry = fmt.Sprintf("%q: %q", "id", id)
	}
	if n.Style&yaml.FlowStyle != 0 {
		return Edit{Span{at, at}, entry + ", "}, true
	}
	from := bytes.LastIndexFunc(data[:at], isBreak) + 1
	if from > 0 {
		_, size := utf8.DecodeRune(data[from-1:])
		from += size - 1
	}
	if strings.Trim(string(data[from:at]), " -") != "" {
		return Edit{}, false // an anchor or a tag stands before it
	}
	return Edit{Span{at, at}, entry + newlineOf(data, at) + strings.Repeat(" ", at-from)}, true
}

// ordered returns the text with the events of the timeline in the order of their dates.
func (t *Text) ordered() ([]byte, *Problem) {
	list, ok := t.valueOf(t.top(), "timeline")
	if !ok {
		return t.data, nil
	}
	items := t.items(list)
	order := t.order(items)
	if order == nil || slices.IsSorted(order) {
		return t.data, nil
	}
	pieces, ok := t.pieces(t.written(list), items)
	if ok {
		if text := pieces.in(order, t.newline()); t.saysAlso(text) {
			return text, nil
		}
	}
	line, column := t.Place(t.span(list).From)
	return t.data, &Problem{
		Path: t.path, Line: line, Column: column, Severity: Warning, Rule: "order",
		Message: "the timeline is not in the order of its dates, and cannot be put in order without changing what it says: an anchor or a comment is in the way",
	}
}

// order returns the places of the items in the order of their dates; nil where that is
// not known.
func (t *Text) order(items []spot) []int {
	at := make(map[string]int)
	for i, item := range items {
		if id, written := t.idOf("timeline", item); written {
			at[id] = i
		}
	}
	events := t.read.Timeline
	if len(at) != len(items) || len(events) != len(items) {
		return nil
	}
	order := make([]int, len(events))
	for i, e := range events {
		place, ok := at[e.ID]
		if !ok {
			return nil
		}
		order[i] = place
	}
	return order
}

// saysAlso reports whether another text decodes to the same dossier.
func (t *Text) saysAlso(text []byte) bool {
	other := decode(t.path, text)
	return other.read != nil && !hasErrors(other.problems) && reflect.DeepEqual(t.read, other.read)
}

// A cut text is one of which some pieces can change places. Between them stands what
// stays where it is.
type cutText struct {
	between []string // one more than pieces
	pieces  []string
	lines   bool // pieces are of whole lines
}

// in returns the text with its pieces in an order. A piece of whole lines may have been
// the last of the file, without a line break.
func (c cutText) in(order []int, newline string) []byte {
	var b bytes.Buffer
	for place, i := range order {
		b.WriteString(c.between[place])
		b.WriteString(c.pieces[i])
		rest := c.between[place+1]
		if last := place == len(order)-1; c.lines && !strings.HasSuffix(c.pieces[i], "\n") && (!last || rest != "") {
			b.WriteString(newline)
		}
	}
	end := c.between[len(order)]
	b.WriteString(end)
	text := b.Bytes()
	if lastly := c.pieces[len(c.pieces)-1]; c.lines && end == "" && !strings.HasSuffix(lastly, "\n") {
		text = bytes.TrimSuffix(text, []byte(newline))
	}
	return text
}

// pieces cuts the text into the items of a list, each with the comments above it. Blank
// lines stay where they are, and so do the comments of a list in brackets.
func (t *Text) pieces(list spot, items []spot) (cutText, bool) {
	if list.node.Style&yaml.FlowStyle != 0 {
		return t.inBrackets(list, items)
	}
	c := cutText{lines: true}
	at := t.head(list)
	if at < 0 {
		return c, false
	}
	start := 0
	for i, item := range items {
		span := t.span(item)
		end := t.afterComments(t.after(span.To), t.indent(list))
		from := t.firstComment(at, t.lineStart(span.From), i == 0)
		c.between = append(c.between, string(t.data[start:from]))
		c.pieces = append(c.pieces, string(t.data[from:end]))
		start, at = end, end
	}
	c.between = append(c.between, string(t.data[start:]))
	return c, true
}

// head returns where the line after the key of a list begins; -1 where its first item
// stands on the line of the key.
func (t *Text) head(list spot) int {
	key, _, ok := t.entry(t.top(), "timeline")
	if !ok {
		return -1
	}
	after := t.after(t.start(key.node))
	if after > t.lineStart(t.content(list.node)) {
		return -1
	}
	return after
}

// after returns the first byte of the line after that in which a byte is.
func (t *Text) after(at int) int { return t.nextLine(t.lineEnd(at)) }

// afterComments returns the first line from a byte on that is no comment further to the
// right than a column: such a comment belongs to the item above it.
func (t *Text) afterComments(at, column int) int {
	for at < len(t.data) {
		line := t.data[at:t.lineEnd(at)]
		text := bytes.TrimLeft(line, " ")
		if len(text) == 0 || text[0] != '#' || len(line)-len(text) <= column {
			break
		}
		at = t.after(at)
	}
	return at
}

// firstComment returns where, between two lines, the comments begin that belong to the
// second: all of them between two items, and at the head of a list those behind the last
// blank line.
func (t *Text) firstComment(from, to int, head bool) int {
	first := from
	for at := from; at < to; at = t.after(at) {
		blank := len(bytes.TrimSpace(t.data[at:t.lineEnd(at)])) == 0
		if blank && (head || at == first) {
			first = t.after(at)
		}
	}
	return min(first, to)
}

// inBrackets cuts a list in brackets, unless there is a comment between its items, of which
// it is not certain what it is about.
func (t *Text) inBrackets(list spot, items []spot) (c cutText, ok bool) {
	whole := t.span(list)
	start, commented := 0, false
	for _, item := range items {
		span := t.span(item)
		c.between = append(c.between, string(t.data[start:span.From]))
		c.pieces = append(c.pieces, string(t.data[span.From:span.To]))
		commented = commented || bytes.IndexByte(t.data[max(start, whole.From):span.From], '#') >= 0
		start = span.To
	}
	c.between = append(c.between, string(t.data[start:]))
	return c, !commented && bytes.IndexByte(t.data[start:whole.To], '#') < 0
}
