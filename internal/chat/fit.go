package chat

import (
	"fmt"
	"sort"
)

// Fit returns c cut so that fits reports true of it, and how many items were left
// out whole. It leaves out items from the end; if not even the first fits it
// shortens that one's body; and a lead, a note or a title that is too long by
// itself is shortened too: at the end of a paragraph, line, sentence or word where
// one is near, never inside a grapheme, with an ellipsis. The note then ends with
// “3 more not shown”. Actions and the picture are never left out, and c is not
// changed.
//
// Fits must hold for a card if it holds for a longer one. If it does not even hold
// for a card without any text, the card with no text but its title is returned.
func Fit(c Card, fits func(Card) bool) (fitted Card, dropped int) {
	if fits(c) {
		return c, 0
	}
	f := fitter{whole: c, card: c, fits: fits}
	f.card.Title, f.card.Lead, f.card.Items, f.card.Note = c.Title, nil, nil, nil
	f.title()
	f.note()
	nicer := f.lead()
	kept := f.items()
	f.card.Lead = nicer
	return f.card, len(c.Items) - kept
}

// A fitter grows card, which fits, towards whole, which does not.
type fitter struct {
	whole, card Card
	fits        func(Card) bool
	small       Text // the note, shortened if need be, without the count
}

// with reports whether the card fits after one change.
func (f *fitter) with(change func(*Card)) bool {
	c := f.card
	change(&c)
	return f.fits(c)
}

func (f *fitter) title() {
	if short := Shorten(f.whole.Title, func(s string) bool {
		return f.with(func(c *Card) { c.Title = s })
	}); short != "" {
		f.card.Title = short
	}
}

// note puts in the note with the largest count that may be needed.
func (f *fitter) note() {
	none := len(f.whole.Items)
	fits := func(t Text) bool {
		return f.with(func(c *Card) { c.Note = counted(t, none) })
	}
	f.small = f.whole.Note
	if !fits(f.small) {
		f.small = shortened(f.whole.Note, fits)
	}
	if fits(f.small) {
		f.card.Note = counted(f.small, none)
	}
}

// lead puts in as much of the lead as there is room for, to the last code point, and
// returns how it should be cut in the end. Items are fitted after the former, so
// that a card with more room never shows fewer of them.
func (f *fitter) lead() (nicer Text) {
	fits := func(t Text) bool { return f.with(func(c *Card) { c.Lead = t }) }
	lead := f.whole.Lead
	if fits(lead) {
		f.card.Lead = lead
		return lead
	}
	if nicer = shortened(lead, fits); nicer == nil && fits(elide(nil)) {
		nicer = elide(nil)
	}
	f.card.Lead = nicer
	ends := runeEnds(lead.String())
	n := sort.Search(len(ends), func(i int) bool { return !fits(elide(lead.Slice(0, ends[i]))) })
	if n > 0 {
		f.card.Lead = elide(lead.Slice(0, ends[n-1]))
	}
	return nicer
}

// items puts in as many items as there is room for and returns how many.
func (f *fitter) items() (kept int) {
	all := f.whole.Items
	first := func(n int) func(*Card) {
		return func(c *Card) {
			c.Items = all[:n:n]
			c.Note = counted(f.small, len(all)-n)
		}
	}
	kept = sort.Search(len(all), func(i int) bool { return !f.with(first(i + 1)) })
	if kept > 0 {
		first(kept)(&f.card)
		return kept
	}
	if len(all) == 0 {
		return 0
	}
	return f.firstItem()
}

// firstItem puts in the first item with a shortened body, if that fits.
func (f *fitter) firstItem() (kept int) {
	shortest := func(body Text) func(*Card) {
		return func(c *Card) {
			item := f.whole.Items[0]
			item.Body = body
			c.Items = []Item{item}
			c.Note = counted(f.small, len(f.whole.Items)-1)
		}
	}
	body := shortened(f.whole.Items[0].Body, func(t Text) bool { return f.with(shortest(t)) })
	if body == nil && (len(f.whole.Items[0].Body) == 0 || !f.with(shortest(elide(nil)))) {
		return 0
	}
	if body == nil {
		body = elide(nil)
	}
	shortest(body)(&f.card)
	return 1
}

// counted returns a note that says how many items were left out.
func counted(note Text, left int) Text {
	if left == 0 {
		return note
	}
	return Join(" · ", note, Plainly(fmt.Sprintf("%d more not shown", left)))
}
