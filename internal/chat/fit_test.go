package chat

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// textOf returns all text of a card, a line each.
func textOf(c Card) string {
	lines := []string{c.Title, c.Lead.String()}
	for _, item := range c.Items {
		lines = append(lines, item.Label, item.Head.String(), item.Body.String())
	}
	lines = append(lines, c.Note.String())
	return strings.Join(lines, "\n")
}

func maxRunes(n int) func(Card) bool {
	return func(c Card) bool { return utf8.RuneCountInString(textOf(c)) <= n }
}

func maxItems(n int) func(Card) bool { return func(c Card) bool { return len(c.Items) <= n } }

func numbered(n int) []Item {
	var items []Item
	for i := range n {
		items = append(items, Item{Label: "2025", Head: Plainly(fmt.Sprintf("Event %d", i)), Body: Plainly("It happened. Twice.")})
	}
	return items
}

func TestFit(t *testing.T) {
	long := "One sentence here. Another one there. A third one follows."
	for _, test := range []struct {
		name    string
		card    Card
		fits    func(Card) bool
		want    Card
		dropped int
	}{
		{"fits", Card{Title: "T", Items: numbered(2)}, maxItems(2), Card{Title: "T", Items: numbered(2)}, 0},
		{"items", Card{Title: "T", Items: numbered(5), Note: Plainly("As of today")}, maxItems(2),
			Card{Title: "T", Items: numbered(2), Note: Text{{Text: "As of today"}, {Text: " · "}, {Text: "3 more not shown"}}}, 3},
		{"no note", Card{Items: numbered(3)}, maxItems(2), Card{Items: numbered(2), Note: Plainly("1 more not shown")}, 1},
		{"first body", Card{Title: "T", Items: []Item{{Head: Plainly("H"), Body: Plainly(long)}, {Head: Plainly("I")}}}, maxRunes(55),
			Card{Title: "T", Items: []Item{{Head: Plainly("H"), Body: Text{{Text: "One sentence here."}, {Text: " …"}}}}, Note: Plainly("1 more not shown")}, 1},
		{"only body", Card{Items: []Item{{Head: Plainly("H"), Body: Plainly(long)}}}, maxRunes(47),
			Card{Items: []Item{{Head: Plainly("H"), Body: Text{{Text: "One sentence here. Another one there."}, {Text: " …"}}}}}, 0},
		{"lead", Card{Title: "T", Lead: Plainly(long), Items: numbered(3)}, maxRunes(63),
			Card{Title: "T", Lead: Text{{Text: "One sentence here. Another one there."}, {Text: " …"}}, Note: Plainly("3 more not shown")}, 3},
		{"note", Card{Title: "T", Note: Plainly(long)}, maxRunes(24), Card{Title: "T", Note: Text{{Text: "One sentence here."}, {Text: " …"}}}, 0},
		{"title", Card{Title: long, Lead: Plainly("x")}, maxRunes(25), Card{Title: "One sentence here. …", Lead: Plainly("x")}, 0},
		{"nothing fits", Card{Title: "T", Lead: Plainly(long), Items: numbered(2), Actions: [][]Action{{{Label: "a"}}}}, func(Card) bool { return false },
			Card{Title: "T", Actions: [][]Action{{{Label: "a"}}}}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, dropped := Fit(test.card, test.fits)
			if dropped != test.dropped {
				t.Errorf("%d dropped, want %d", dropped, test.dropped)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestFitWithSeparateLimits has a limit for the lead alone, as Discord has: a long
// lead must not cost the items that there is room for.
func TestFitWithSeparateLimits(t *testing.T) {
	fits := func(c Card) bool {
		return utf8.RuneCountInString(c.Lead.String()) <= 100 && len(c.Items) <= 4
	}
	got, dropped := Fit(Card{Lead: Plainly(strings.Repeat("Words go on. ", 50)), Items: numbered(6)}, fits)
	if dropped != 2 || len(got.Items) != 4 || !fits(got) {
		t.Errorf("%d items, %d dropped", len(got.Items), dropped)
	}
}

func randomCard(random *rand.Rand) Card {
	c := Card{Title: randomText(random, 10).String(), Lead: randomText(random, 40), Note: randomText(random, 6),
		Actions: [][]Action{{{Label: "Next", Call: "next"}}}}
	for range random.IntN(8) {
		c.Items = append(c.Items, Item{Label: "x", Head: randomText(random, 8), Body: randomText(random, 30)})
	}
	return c
}

// TestFitProperties fits random cards under random limits.
func TestFitProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		c := randomCard(random)
		before, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		last := len(c.Items)
		for most := 300; most > 0; most -= 1 + random.IntN(40) {
			limit := maxRunes(most)
			if random.IntN(2) == 0 {
				limit = func(c Card) bool { return len(textOf(c)) <= most*2 }
			}
			got, dropped := Fit(c, limit)
			checkFit(t, c, got, dropped, limit)
			if !maxRunes(most)(Card{Title: c.Title, Note: counted(c.Note, len(c.Items))}) {
				continue // the small print alone is too long
			}
			if got, _ := Fit(c, maxRunes(most)); len(got.Items) > last {
				t.Fatalf("%s\nless room for %d runes shows more items: %d after %d", before, most, len(got.Items), last)
			} else {
				last = len(got.Items)
			}
		}
		after, err := json.Marshal(c)
		if err != nil || string(before) != string(after) {
			t.Fatalf("the card was changed: %v\n%s\n%s", err, before, after)
		}
	}
}

func checkFit(t *testing.T, c, got Card, dropped int, fits func(Card) bool) {
	t.Helper()
	least := Card{Title: got.Title, Actions: c.Actions}
	if !fits(got) && fits(least) {
		t.Fatalf("what was fitted does not fit: %+v", got)
	}
	if len(got.Items)+dropped != len(c.Items) {
		t.Fatalf("%d shown and %d dropped of %d", len(got.Items), dropped, len(c.Items))
	}
	for i, item := range got.Items {
		if whole := cmp.Equal(item, c.Items[i]); !whole && len(got.Items) > 1 {
			t.Fatalf("item %d was changed though others could go", i)
		}
	}
	counted := fmt.Sprintf("%d more not shown", dropped)
	if said := strings.HasSuffix(got.Note.String(), counted); dropped > 0 && len(got.Items) > 0 && !said {
		t.Fatalf("%d items are left out, and the note says %q", dropped, got.Note)
	}
	if !cmp.Equal(got.Actions, c.Actions) {
		t.Fatalf("the actions are %v", got.Actions)
	}
	checkBeginning(t, c.Lead, got.Lead)
	if len(got.Items) == 1 {
		checkBeginning(t, c.Items[0].Body, got.Items[0].Body)
	}
}

// checkBeginning fails unless got is whole, or a beginning of it that ends between
// two graphemes with an ellipsis after it, or nothing.
func checkBeginning(t *testing.T, whole, got Text) {
	t.Helper()
	if cmp.Equal(whole, got) || len(got) == 0 {
		return
	}
	beginning, ok := strings.CutSuffix(strings.TrimSuffix(got.String(), "…"), " ")
	if !ok && !strings.HasSuffix(got.String(), "…") {
		t.Fatalf("%q ends without an ellipsis", got)
	}
	if !strings.HasPrefix(whole.String(), beginning) {
		t.Fatalf("%q is no beginning of %q", got, whole)
	}
	checkWhole(t, whole.String(), []Text{Plainly(beginning)})
}

func FuzzFit(f *testing.F) {
	f.Add(uint64(1), 10, 2)
	f.Fuzz(func(t *testing.T, seed uint64, mostRunes, mostItems int) {
		c := randomCard(rand.New(rand.NewPCG(seed, seed)))
		fits := func(c Card) bool { return maxRunes(mostRunes)(c) && maxItems(mostItems)(c) }
		got, dropped := Fit(c, fits)
		checkFit(t, c, got, dropped, fits)
	})
}

// TestFitEndsWhateverFits has a predicate without any sense.
func TestFitEndsWhateverFits(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		c := randomCard(random)
		got, dropped := Fit(c, func(Card) bool { return random.IntN(2) == 0 })
		if len(got.Items)+dropped != len(c.Items) {
			t.Fatalf("%d shown and %d dropped of %d", len(got.Items), dropped, len(c.Items))
		}
	}
}

func TestFitMeasuresSeldom(t *testing.T) {
	calls := 0
	c := Card{Title: "T", Lead: Plainly("L"), Items: numbered(2000)}
	Fit(c, func(c Card) bool { calls++; return maxRunes(4000)(c) })
	if calls > 40 {
		t.Errorf("%d measurements for 2,000 items", calls)
	}
}

func BenchmarkFit(b *testing.B) {
	c := Card{Title: "T", Lead: Plainly("L"), Items: numbered(200)}
	for b.Loop() {
		Fit(c, maxRunes(4000))
	}
}
