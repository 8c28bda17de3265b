package bot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/chat"
)

// book makes items of various lengths, some longer than a page.
func book(r *rand.Rand, n int) []chat.Item {
	items := make([]chat.Item, n)
	for i := range items {
		length := r.IntN(400)
		if r.IntN(8) == 0 {
			length = r.IntN(9000)
		}
		items[i] = chat.Item{
			ID:   fmt.Sprintf("item-%d", i),
			Head: chat.Plainly(strings.Repeat("head ", r.IntN(90))),
			Body: chat.Plainly(strings.Repeat("слово ", length/6)),
		}
	}
	return items
}

// letters are what is left of a text without the marks that pages add.
func letters(items []chat.Item) string {
	var b strings.Builder
	for _, it := range items {
		head := strings.TrimSuffix(it.Head.String(), " (continued)")
		if strings.Contains(it.ID, ".") {
			head = ""
		}
		b.WriteString(head + it.Body.String())
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" …\n", r) {
			return -1
		}
		return r
	}, b.String())
}

// TestPagesLoseNothing walks forward through books of all kinds: every page fits,
// and together they hold all of the text, once.
func TestPagesLoseNothing(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		items := book(r, r.IntN(40))
		limit := r.IntN(9)
		var read []chat.Item
		after := ""
		for range 1000 {
			p := paginate(shelve(items), after, limit)
			size := 0
			for _, it := range p.items() {
				size += itemSize(it)
			}
			if size > pageCost {
				t.Fatalf("seed %d: a page costs %d", seed, size)
			}
			if limit > 0 && len(p.entries) > limit {
				t.Fatalf("seed %d: a page of %d entries", seed, len(p.entries))
			}
			read = append(read, p.items()...)
			if after = p.older; after == "" {
				break
			}
		}
		if got, want := letters(read), letters(items); got != want {
			t.Fatalf("seed %d: read %d letters of %d", seed, len(got), len(want))
		}
	}
}

// TestPagesTurnBack checks that the page before ends where this one begins.
func TestPagesTurnBack(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		items := book(r, 1+r.IntN(40))
		limit := r.IntN(9)
		books := shelve(items)
		for at := (place{}); !books.end(at); at = books.next(at) {
			e := books.at(at)
			p := paginate(books, e.ID, limit)
			if len(p.entries) == 0 {
				continue // behind the last
			}
			if !p.hasNewer {
				t.Fatalf("seed %d: nothing before %s", seed, p.entries[0].ID)
			}
			back := paginate(books, p.newer, limit)
			if !slices.ContainsFunc(back.entries, func(b entry) bool { return b.ID == e.ID }) {
				t.Fatalf("seed %d: %s is not on the page before the one after it", seed, e.ID)
			}
		}
	}
}

func TestPageAfterWhatIsGone(t *testing.T) {
	items := []chat.Item{
		{ID: "a", Body: chat.Plainly(strings.Repeat("word ", 2000))},
		{ID: "b", Body: chat.Plainly("b")},
	}
	for _, c := range []struct {
		after, first string
		lost         bool
	}{
		{"", "a", false},
		{"a", "a.2", false},
		{"a.999", "b", false}, // the item became shorter
		{"gone", "a", true},
		{"b", "", false},
	} {
		p := paginate(shelve(items), c.after, 0)
		first := ""
		if len(p.entries) > 0 {
			first = p.entries[0].ID
		}
		if first != c.first || p.lost != c.lost {
			t.Errorf("after %q: got %q, lost %v; want %q, %v", c.after, first, p.lost, c.first, c.lost)
		}
	}
}

func TestRows(t *testing.T) {
	for n, want := range [][]int{{}, {1}, {2}, {3}, {4}, {5}, {3, 3}, {4, 3}, {4, 4}, {5, 4}} {
		var got []int
		for _, row := range rows(make([]chat.Action, n), chat.MaxRow) {
			got = append(got, len(row))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d buttons: rows of %v, want %v", n, got, want)
		}
	}
}
