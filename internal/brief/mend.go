package brief

import (
	"bytes"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/briefbot/briefbot/internal/spelling"
)

// offer has the problem noted last mended by writing text where n stands, in the
// quotes in which it is. It offers nothing where that is not certain to come out as
// meant.
func (d *decoder) offer(n *yaml.Node, text string) {
	at, quotes, ok := d.token(n)
	if !ok || text == "" || strings.ContainsAny(text, `"'\`) {
		return
	}
	d.mend("write "+text, Edit{Span{at.From + quotes, at.To - quotes}, text})
}

// offerRevealing is offer for a key, under which nothing was read so far.
func (d *decoder) offerRevealing(key *yaml.Node, text string) {
	d.offer(key, text)
	if d.last >= 0 && d.problems[d.last].Fix != nil {
		d.problems[d.last].Fix.Reveals = true
	}
}

// mend gives the problem noted last its fix.
func (d *decoder) mend(says string, edits ...Edit) {
	if d.last >= 0 {
		d.problems[d.last].Fix = &Fix{Says: says, Edits: edits}
	}
}

// token returns the stretch of a text that is written on one line and without
// escapes, and how many bytes of it at each end are quotation marks.
func (d *decoder) token(n *yaml.Node) (at Span, quotes int, ok bool) {
	if n.Kind != yaml.ScalarNode || n.Value == "" || strings.Contains(n.Value, "\n") {
		return Span{}, 0, false
	}
	from := d.offset(d.at(n))
	written := n.Value
	switch n.Style &^ yaml.TaggedStyle {
	case yaml.SingleQuotedStyle:
		written, quotes = "'"+n.Value+"'", 1
	case yaml.DoubleQuotedStyle:
		written, quotes = `"`+n.Value+`"`, 1
	case 0:
	default:
		return Span{}, 0, false
	}
	to := from + len(written)
	if !bytes.HasPrefix(d.data[from:], []byte(written)) || to < len(d.data) && !endsToken(d.data[to]) {
		return Span{}, 0, false // an anchor, a tag, an escape, or several lines
	}
	return Span{from, to}, quotes, true
}

func endsToken(c byte) bool { return strings.IndexByte(" \t\r\n,]}:", c) >= 0 }

// offerList has a single text made a list of one, or of what its commas part.
func (d *decoder) offerList(n *yaml.Node) {
	at, quotes, ok := d.token(n)
	if !ok || quotes > 0 || strings.ContainsAny(n.Value, `[]{}#:"'&*!|>%@`+"`") || strings.HasSuffix(n.Value, ",") || strings.HasSuffix(n.Value, "?") {
		return
	}
	d.mend("write ["+n.Value+"]", Edit{at, "[" + n.Value + "]"})
}

// offerNumber has a number written as one: without quotation marks, a share of a
// hundred as a share of one.
func (d *decoder) offerNumber(n *yaml.Node, r *rule) {
	at, _, ok := d.token(n)
	if !ok {
		return
	}
	s := strings.TrimSpace(n.Value)
	percent, isPercent := strings.CutSuffix(s, "%")
	if isPercent && r.kind == "share" {
		f, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if err != nil || f < 0 || f > 100 {
			return
		}
		s = strconv.FormatFloat(f/100, 'g', 4, 64)
	}
	if whole, tenths, ok := strings.Cut(s, ","); ok && r.kind == "share" {
		s = whole + "." + tenths
	}
	if f, err := strconv.ParseFloat(s, 64); err != nil || strings.ContainsAny(s, "xX_pPnN") || r.kind == "share" && (f < 0 || f > 1) {
		return
	}
	d.mend("write "+s, Edit{at, s})
}

// offerTruth has what English has for true and false written so.
func (d *decoder) offerTruth(n *yaml.Node) {
	at, _, ok := d.token(n)
	if !ok {
		return
	}
	switch strings.ToLower(n.Value) {
	case "yes", "y", "on", "true":
		d.mend("write true", Edit{at, "true"})
	case "no", "n", "off", "false":
		d.mend("write false", Edit{at, "false"})
	}
}

// offerRemoval has an entry of a list taken out: with the comma before it, or with
// the line that it has for itself.
func (d *decoder) offerRemoval(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode {
		return
	}
	at, _, ok := d.token(n)
	if !ok {
		return
	}
	before := bytes.TrimRight(d.data[:at.From], " \t\r\n")
	switch {
	case bytes.HasSuffix(before, []byte(",")):
		d.mend("take it out", Edit{Span{len(before) - 1, at.To}, ""})
	case bytes.HasSuffix(before, []byte("-")):
		from := bytes.LastIndexByte(d.data[:at.From], '\n') + 1
		rest, _, ended := bytes.Cut(d.data[at.To:], []byte("\n"))
		if len(bytes.TrimSpace(rest)) > 0 || len(bytes.TrimSpace(before[min(from, len(before)):])) != 1 || !ended {
			return // something else stands on the line
		}
		d.mend("take it out", Edit{Span{from, at.To + len(rest) + 1}, ""})
	}
}

// A nameless is an item without the id that it must have.
type nameless struct {
	node    *yaml.Node
	title   string
	problem int // index
}

func (d *decoder) noteNameless(n *yaml.Node, v reflect.Value) {
	if e, ok := v.Addr().Interface().(*Event); ok && d.last >= 0 {
		d.nameless = append(d.nameless, nameless{node: n, title: e.Title, problem: d.last})
	}
}

// offerIDs has events without an id given one that nobody has, made of their title.
func (d *decoder) offerIDs() {
	taken := make(map[string]bool)
	for id := range d.ids["timeline"] {
		taken[id] = true
	}
	for _, item := range d.nameless {
		id := freeID(item.title, taken)
		edit, ok := d.firstID(item.node, id)
		if id == "" || !ok {
			continue
		}
		taken[id] = true
		d.last = item.problem
		d.mend("write id: "+id, edit)
	}
	d.last = -1
}

// freeID returns an id made of a title that is not taken, or "" where the title has
// nothing to make one of.
func freeID(title string, taken map[string]bool) string {
	return freeSlug(cutSlug(slug(title), maxItemID), taken)
}

// firstID returns the edit that writes an id before the first entry of a mapping.
func (d *decoder) firstID(n *yaml.Node, id string) (Edit, bool) {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		return Edit{}, false
	}
	at := d.offset(d.at(n.Content[0]))
	return idBefore(d.data, at, n, id)
}

// extend gives problems with what is written on one line their ends.
func (d *decoder) extend(root *yaml.Node, problems []Problem) {
	if len(problems) == 0 {
		return
	}
	byPlace := make(map[place][]*Problem)
	for i := range problems {
		p := &problems[i]
		byPlace[place{p.Line, p.Column}] = append(byPlace[place{p.Line, p.Column}], p)
	}
	d.extendIn(root, byPlace)
}

func (d *decoder) extendIn(n *yaml.Node, byPlace map[place][]*Problem) {
	for _, child := range n.Content {
		d.extendIn(child, byPlace)
	}
	if n.Kind != yaml.ScalarNode {
		return
	}
	for _, p := range byPlace[d.at(n)] {
		if at, _, ok := d.token(n); ok {
			end := d.position(at.To)
			p.EndLine, p.EndColumn = end.line, end.column
		}
	}
}

// onlyNear returns the one candidate that a word is a slip of, or "" where it is of
// none or of several alike.
func onlyNear(word string, candidates []string) string {
	near := spelling.Nearest(word, candidates)
	backwards := slices.Clone(candidates)
	slices.Reverse(backwards)
	if near == "" || spelling.Nearest(word, backwards) != near {
		return ""
	}
	return near
}

// slipOf is onlyNear for ids, which are often like one another on purpose: their
// numbers and first letters must agree.
func slipOf(word string, ids []string) string {
	near := onlyNear(word, ids)
	if near == "" || utf8.RuneCountInString(near) < 5 || near[0] != strings.ToLower(word)[0] || digits(near) != digits(word) {
		return ""
	}
	return near
}

func digits(s string) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, s)
}
