package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// wordDigest words changes in the dossiers as they are now, as recorded over a day
// that ends at noon.
func wordDigest(t testing.TB, changes []brief.Change, now []*brief.Dossier) []chat.Card {
	t.Helper()
	recorded := make([]digest.Recorded, len(changes))
	for i, c := range changes {
		recorded[i] = digest.Recorded{Seq: int64(i + 1), At: noon, Change: c}
	}
	zone, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		t.Fatal(err)
	}
	cards, err := digestCards(digest.Digest{Changes: recorded, From: noon.Add(-24 * time.Hour), To: noon, Zone: zone},
		brief.Unrestricted(brief.NewSnapshot("2", noon, now, nil)).Story,
		func(d *brief.Dossier) string { return "https://briefs.example.org/stories/" + d.ID })
	if err != nil {
		t.Fatal(err)
	}
	return cards
}

// manyEvents returns a dossier with n events whose titles and details are long.
func manyEvents(id string, n int) *brief.Dossier {
	d := &brief.Dossier{ID: id, Title: "Story " + id, Overview: "Text."}
	for i := range n {
		date, err := brief.ParseDate(fmt.Sprintf("2025-%02d", i%12+1))
		if err != nil {
			panic(err)
		}
		d.Timeline = append(d.Timeline, brief.Event{
			ID: fmt.Sprintf("event-%d", i), Date: date, Title: fmt.Sprintf("Event %d of %s", i, id),
			Detail: strings.Repeat("A sentence that says a little. ", 12),
		})
	}
	return d
}

// TestDigestIsSplit checks that a long digest is several cards of which none is too
// long, and that every change is told or counted.
func TestDigestIsSplit(t *testing.T) {
	for _, n := range []int{1, 8, 9, 39, 40, 41, 300} {
		d := manyEvents("one", n)
		empty := &brief.Dossier{ID: "one", Title: d.Title, Overview: d.Overview}
		cards := wordDigest(t, brief.DiffDossier(empty, d), []*brief.Dossier{d})
		told, rest := 0, 0
		for _, c := range cards {
			size := 0
			for _, it := range c.Items {
				size += itemSize(it)
				if it.ID == "rest" {
					fmt.Sscanf(it.Head.String(), "And %d more", &rest)
					continue
				}
				told++
			}
			if size > pageCost+800 {
				t.Errorf("%d changes: a card of cost %d", n, size)
			}
			checkCard(t, c)
		}
		if told+rest != n {
			t.Errorf("%d changes: %d told and %d counted", n, told, rest)
		}
		if len(cards) > maxDigestCards {
			t.Errorf("%d changes: %d cards", n, len(cards))
		}
	}
}

// TestDigestOfManyStories checks that the stories are told apart, with a button to
// each that fits.
func TestDigestOfManyStories(t *testing.T) {
	var before, after []*brief.Dossier
	for i := range 30 {
		d := manyEvents(fmt.Sprintf("s%d", i), 1)
		after = append(after, d)
		before = append(before, &brief.Dossier{ID: d.ID, Title: d.Title, Overview: d.Overview})
	}
	changes := brief.Diff(brief.NewSnapshot("1", noon, before, nil), brief.NewSnapshot("2", noon, after, nil))
	cards := wordDigest(t, changes, after)
	var text strings.Builder
	for _, c := range cards {
		checkCard(t, c)
		text.WriteString(c.Plain())
	}
	for _, d := range after {
		if !strings.Contains(text.String(), d.Title) {
			t.Errorf("%s is not told of", d.Title)
		}
	}
	if !strings.HasPrefix(cards[0].Title, "30 changes in 30 stories") {
		t.Errorf("the title is %q", cards[0].Title)
	}
}

// TestDigestOfGoneStory checks that changes of a story that cannot be found any more
// are told all the same.
func TestDigestOfGoneStory(t *testing.T) {
	d := manyEvents("gone", 2)
	for _, changes := range [][]brief.Change{
		brief.DiffDossier(&brief.Dossier{ID: "gone"}, d), brief.DiffDossier(d, nil),
	} {
		cards := wordDigest(t, changes, nil)
		if len(cards) != 1 || len(cards[0].Items) != len(changes) {
			t.Errorf("%d changes make %v", len(changes), cards)
		}
	}
}

// checkCard reports what every service would refuse, or every reader.
func checkCard(t testing.TB, c chat.Card) {
	t.Helper()
	bad := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s in:\n%s", fmt.Sprintf(format, args...), shorten(c.Plain(), 3000))
	}
	if strings.TrimSpace(c.Title) == "" {
		bad("no title")
	}
	if len([]rune(c.Title)) > 256 {
		bad("a title of %d characters", len([]rune(c.Title)))
	}
	if len(c.Actions) > chat.MaxRows {
		bad("%d rows of buttons", len(c.Actions))
	}
	var data []string
	for _, row := range c.Actions {
		if len(row) == 0 || len(row) > chat.MaxRow {
			bad("a row of %d buttons", len(row))
		}
		for _, a := range row {
			if n := len([]rune(a.Label)); n == 0 || n > chat.MaxLabel {
				bad("a label of %d characters", n)
			}
			if slices.Contains(data, a.Data()) {
				bad("two buttons ask %s", a.Call)
			}
			data = append(data, a.Data())
		}
	}
}
