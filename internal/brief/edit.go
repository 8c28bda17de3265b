package brief

import (
	"cmp"
	"fmt"
	"slices"
)

// An Edit puts New in the place of a part of a text.
type Edit struct {
	Span
	New string
}

// Apply returns the text after edits, given in any order. Edits that overlap, or reach
// out of the text, are an error; of two that add something at one byte, the first given
// comes first.
func Apply(text []byte, edits ...Edit) ([]byte, error) {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	var out []byte
	at := 0
	for _, e := range edits {
		if e.From < at || e.To < e.From || e.To > len(text) {
			return nil, fmt.Errorf("applying edits: bytes %d to %d of %d overlap another edit, or are not in the text", e.From, e.To, len(text))
		}
		out = append(append(out, text[at:e.From]...), e.New...)
		at = e.To
	}
	return append(out, text[at:]...), nil
}
