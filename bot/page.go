package bot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
)

// pageCost is how much one page may hold, in the units of [cost]. A page has to
// leave room for the title, the note and the vendor's own limits: a message of
// Telegram holds 4,096 UTF-16 units (https://core.telegram.org/bots/api#sendmessage)
// and an embed of Discord 4,096 characters of description
// (https://discord.com/developers/docs/resources/message#embed-object-embed-limits).
const pageCost = 2500

// headCost is how much of an item's head stands on its one line; a longer head
// goes on in the body.
const headCost = 230

// itemCost is what an item takes beyond its text: line breaks, bullets.
const itemCost = 10

// continuedCost is what the mark of a later part takes.
const continuedCost = 20

// cost measures text by what the strictest service makes of it: UTF-16 units, twice
// for what has to be escaped, and the addresses of links.
func cost(t chat.Text) int {
	n := 0
	for _, s := range t {
		n += costOf(s.Text)
		if s.URL != "" {
			n += len(s.URL) + 6
		}
		if s.Style != 0 {
			n += 4
		}
	}
	return n
}

func costOf(s string) int {
	n := 0
	for _, r := range s {
		n++
		switch r {
		case '\\', '*', '_', '~', '`', '|', '[', ']', '<', '>', '(', ')', '#', '@', ':':
			n++
		default:
			if r > 0xFFFF {
				n++
			}
		}
	}
	return n
}

func within(limit int) func(chat.Text) bool {
	return func(t chat.Text) bool { return cost(t) <= limit }
}

func itemSize(it chat.Item) int {
	return itemCost + costOf(it.Label) + cost(it.Head) + cost(it.Body) + len(it.URL)
}

// A shelf is the items of a section, each made when a page needs it.
type shelf struct {
	ids   []string
	item  func(i int) chat.Item
	split map[int][]chat.Item
}

// shelve puts items that are made already on a shelf.
func shelve(items []chat.Item) *shelf {
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = it.ID
	}
	return &shelf{ids: ids, item: func(i int) chat.Item { return items[i] }}
}

// parts returns the parts of item i.
func (s *shelf) parts(i int) []chat.Item {
	if s.split == nil {
		s.split = make(map[int][]chat.Item)
	}
	if s.split[i] == nil {
		s.split[i] = parts(s.item(i))
	}
	return s.split[i]
}

// A place is a part of an item on a shelf.
type place struct{ item, part int }

// next returns the place after p; its item is past the end where there is none.
func (s *shelf) next(p place) place {
	if p.part+1 < len(s.parts(p.item)) {
		return place{p.item, p.part + 1}
	}
	return place{p.item + 1, 0}
}

// before returns the place before p, which is not the first.
func (s *shelf) before(p place) place {
	if p.part > 0 {
		return place{p.item, p.part - 1}
	}
	return place{p.item - 1, len(s.parts(p.item-1)) - 1}
}

func (s *shelf) at(p place) chat.Item { return s.parts(p.item)[p.part] }
func (s *shelf) end(p place) bool     { return p.item >= len(s.ids) }

// An entry is a part of an item as a page shows it.
type entry struct {
	chat.Item
	number int // of the whole item, from one
}

// parts splits an item so that each part fits a page and no text is lost. The parts
// after the first are called “id.2”, “id.3” and so on.
func parts(it chat.Item) []chat.Item {
	if cost(it.Head) > headCost {
		head, rest := it.Head.Cut(within(headCost))
		it.Head = append(head.Tidy(), chat.Span{Text: " …"})
		it.Body = chat.Join("\n\n", append(chat.Text{{Text: "… "}}, rest...), it.Body)
	}
	if itemSize(it) <= pageCost {
		return []chat.Item{it}
	}
	room := pageCost - itemSize(chat.Item{Label: it.Label, Head: it.Head, URL: it.URL}) - continuedCost
	var split []chat.Item
	for i, piece := range it.Body.Pieces(within(room)) {
		part := it
		part.Body = piece
		if i > 0 {
			part.ID = it.ID + "." + strconv.Itoa(i+1)
			part.Head = continued(it.Head)
		}
		split = append(split, part)
	}
	return split
}

func continued(head chat.Text) chat.Text {
	if len(head) == 0 {
		return chat.Styled("(continued)", chat.Italic)
	}
	return append(slices.Clone(head), chat.Span{Text: " (continued)", Style: chat.Italic})
}

// A page is a run of entries that one answer shows.
type page struct {
	entries     []entry
	total       int    // items in all pages
	newer       string // what after has to be for the page before; "" for the first
	hasNewer    bool
	older       string // what after has to be for the page after; "" if there is none
	lost        bool   // the entry to go on after is gone, so this is the first page
	first, last int    // numbers of the items shown
}

// paginate returns the page that follows the entry called after, or the first. At
// most limit entries stand on a page; zero is no limit.
func paginate(s *shelf, after string, limit int) page {
	start, found := s.follow(after)
	p := page{total: len(s.ids), lost: !found}
	used := 0
	at := start
	for ; !s.end(at); at = s.next(at) {
		it := s.at(at)
		used += itemSize(it)
		if n := len(p.entries); n > 0 && (used > pageCost || limit > 0 && n >= limit) {
			p.older = p.entries[n-1].ID
			break
		}
		p.entries = append(p.entries, entry{it, at.item + 1})
	}
	if n := len(p.entries); n > 0 {
		p.first, p.last = p.entries[0].number, p.entries[n-1].number
	}
	if start != (place{}) {
		p.hasNewer = true
		p.newer = s.pageBefore(start, limit)
	}
	return p
}

// follow returns the place behind the entry called after. Where its later parts are
// gone because the text became shorter, that is behind the item.
func (s *shelf) follow(after string) (place, bool) {
	if after == "" {
		return place{}, true
	}
	id, number, _ := strings.Cut(after, ".")
	i := slices.Index(s.ids, id)
	if i < 0 {
		return place{}, false
	}
	part := 1
	if n, err := strconv.Atoi(number); err == nil {
		part = n
	}
	if part >= 1 && part < len(s.parts(i)) {
		return place{i, part}, true
	}
	return place{i + 1, 0}, true
}

// pageBefore returns what after has to be for the page that ends before a place; ""
// for the first page.
func (s *shelf) pageBefore(end place, limit int) string {
	used, n := 0, 0
	for at := end; at != (place{}); n++ {
		at = s.before(at)
		used += itemSize(s.at(at))
		if n > 0 && (used > pageCost || limit > 0 && n >= limit) {
			return s.at(at).ID
		}
	}
	return ""
}

func (p page) items() []chat.Item {
	items := make([]chat.Item, len(p.entries))
	for i, e := range p.entries {
		items[i] = e.Item
	}
	return items
}

// rangeWords says which of how many are shown, and nothing where that is all.
func (p page) rangeWords(one, many string) string {
	switch {
	case p.older == "" && !p.hasNewer:
		return ""
	case p.first == p.last:
		return fmt.Sprintf("%s %d of %d", capital(one), p.first, p.total)
	}
	return fmt.Sprintf("%s %d–%d of %d", capital(many), p.first, p.last, p.total)
}

// turn returns the buttons that lead to the pages before and after.
func (p page) turn(call chat.Call, before, after string) []chat.Action {
	var row []chat.Action
	if p.hasNewer {
		back := call.With("after", p.newer)
		if p.newer == "" {
			back = spelled(call)
		}
		row = append(row, chat.Action{Label: before, Call: back.String()})
	}
	if p.older != "" {
		row = append(row, chat.Action{Label: after, Call: call.With("after", p.older).String()})
	}
	return row
}

// spelled names the story in a call that has nothing else. It means the same as the
// call under the section's own button, but no two buttons of a message may carry
// equal data (https://discord.com/developers/docs/components/reference#custom-id).
func spelled(call chat.Call) chat.Call {
	if len(call.Args) != 1 || call.Args[0].Option != "" {
		return call
	}
	return chat.NewCall(call.Name).With("story", call.Args[0].Value)
}
