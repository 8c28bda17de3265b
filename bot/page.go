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
		if r > 0xFFFF || strings.ContainsRune("\\*_~`|[]<>()#@:", r) {
			n++
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

// An entry is one item of a section as pages count them: a long one comes in
// several parts, the later of which are called “id.2”, “id.3” and so on.
type entry struct {
	chat.Item
	number int // of the whole item, from one
}

// entries numbers the items and splits those that no page could hold.
func entries(items []chat.Item) []entry {
	var all []entry
	for i, it := range items {
		for _, part := range parts(it) {
			all = append(all, entry{part, i + 1})
		}
	}
	return all
}

// parts splits an item so that each part fits a page and no text is lost.
func parts(it chat.Item) []chat.Item {
	if cost(it.Head) > headCost {
		head, rest := it.Head.Cut(within(headCost))
		it.Head = append(head.Tidy(), chat.Span{Text: " …"})
		it.Body = chat.Join("\n\n", append(chat.Text{{Text: "… "}}, rest...), it.Body)
	}
	if itemSize(it) <= pageCost {
		return []chat.Item{it}
	}
	room := pageCost - itemSize(chat.Item{Label: it.Label, Head: it.Head, URL: it.URL}) - len(" (continued)")
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
// most limit items stand on a page; zero is no limit.
func paginate(items []chat.Item, after string, limit int) page {
	all := entries(items)
	start, found := follow(all, after)
	p := page{total: len(items), lost: !found}
	end := fill(all, start, limit)
	p.entries = all[start:end]
	if len(p.entries) > 0 {
		p.first, p.last = all[start].number, all[end-1].number
	}
	if end < len(all) {
		p.older = all[end-1].ID
	}
	if start > 0 {
		p.hasNewer = true
		if s := unfill(all, start, limit); s > 0 {
			p.newer = all[s-1].ID
		}
	}
	return p
}

// follow returns the index behind the entry called after. Where its later parts
// are gone because the text became shorter, it is the item's last part.
func follow(all []entry, after string) (start int, found bool) {
	if after == "" {
		return 0, true
	}
	base, part, _ := strings.Cut(after, ".")
	exact := slices.IndexFunc(all, func(e entry) bool { return e.ID == after })
	if exact < 0 && part != "" {
		for i, e := range all {
			if e.ID == base || strings.HasPrefix(e.ID, base+".") {
				exact = i
			}
		}
	}
	return exact + 1, exact >= 0
}

// fill returns the end of the page that begins at start.
func fill(all []entry, start, limit int) int {
	used := 0
	for i := start; i < len(all); i++ {
		used += itemSize(all[i].Item)
		if i > start && (used > pageCost || limit > 0 && i-start >= limit) {
			return i
		}
	}
	return len(all)
}

// unfill returns the start of the page that ends before end.
func unfill(all []entry, end, limit int) int {
	used := 0
	for i := end - 1; i >= 0; i-- {
		used += itemSize(all[i].Item)
		if i < end-1 && (used > pageCost || limit > 0 && end-1-i >= limit) {
			return i + 1
		}
	}
	return 0
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
		row = append(row, chat.Action{Label: before, Call: call.With("after", p.newer).String()})
	}
	if p.older != "" {
		row = append(row, chat.Action{Label: after, Call: call.With("after", p.older).String()})
	}
	return row
}
