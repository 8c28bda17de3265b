package bot

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// nextDay is when the corrections of the tests are recorded.
var nextDay = noon.Add(26 * time.Hour)

// TestCorrections compares the corrections in testdata: each archive has briefs before/
// and after/ a digest, and later/ what they became, and then what is told: the digest,
// the card its message shows later, the correction that answers it, the story's living
// message and what opens its thread. What is struck through stands in ~~.
func TestCorrections(t *testing.T) {
	paths, err := filepath.Glob("testdata/corrections/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no corrections: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			golden(t, path, playCorrection)
		})
	}
}

func playCorrection(t *testing.T, archive *txtar.Archive) {
	states := make(map[string][]*brief.Dossier)
	for _, f := range archive.Files {
		if folder, name := filepath.Split(f.Name); folder != "" {
			d, problems := brief.Decode(name, f.Data)
			if d == nil {
				t.Fatalf("%s: %v", f.Name, problems)
			}
			states[folder] = append(states[folder], d)
		}
	}
	told := recorded(1, noon, states["before/"], states["after/"])
	since := recorded(100, nextDay, states["after/"], states["later/"])
	posted := wordDigest(t, plainly(told), states["after/"])
	for i := range archive.Files {
		var cards []chat.Card
		f := &archive.Files[i]
		switch f.Name {
		case "digest":
			cards = posted
		case "revised":
			cards = revisedCards(t, posted, marksOf(told, since), states["later/"])
		case "correction":
			cards = inForm(t, digest.Correction, since, states["later/"])
		case "living":
			cards = inForm(t, digest.Living, since, states["later/"])
		case "opening":
			cards = inForm(t, digest.Opening, nil, states["later/"])
		default:
			continue
		}
		for _, c := range cards {
			checkCard(t, c)
		}
		f.Data = previewed(strikes(cards))
	}
}

// recorded are the changes between two states, numbered.
func recorded(first int64, at time.Time, before, after []*brief.Dossier) []digest.Recorded {
	var all []digest.Recorded
	for i, c := range brief.Diff(brief.NewSnapshot("1", at, before, nil), brief.NewSnapshot("2", at, after, nil)) {
		all = append(all, digest.Recorded{Seq: first + int64(i), At: at, Change: c})
	}
	return all
}

func plainly(recorded []digest.Recorded) []brief.Change {
	changes := make([]brief.Change, len(recorded))
	for i, r := range recorded {
		changes[i] = r.Change
	}
	return changes
}

// marksOf says what became of what was told, as the ledger does.
func marksOf(told, since []digest.Recorded) []digest.Mark {
	sections := map[string]string{"event": "timeline", "indicator": "indicators", "person": "people", "organization": "organizations"}
	var marks []digest.Mark
	for _, r := range told {
		m := digest.Mark{Told: r}
		part, _, _ := strings.Cut(string(r.Kind), ".")
		for _, c := range since {
			if c.Key() == r.Key() && (part == "event" || strings.HasSuffix(string(c.Kind), ".removed")) {
				m.Now = &c
			}
			if published, err := brief.As[brief.Correction](c.After); c.Kind == brief.CorrectionPublished && err == nil && c.Item == sections[part]+"/"+r.Item {
				m.Corrections = append(m.Corrections, *published)
			}
		}
		marks = append(marks, m)
	}
	return marks
}

func revisedCards(t testing.TB, posted []chat.Card, marks []digest.Mark, now []*brief.Dossier) []chat.Card {
	t.Helper()
	revised := make([]chat.Card, len(posted))
	for i, c := range posted {
		var err error
		if revised[i], err = revisedCard(c, marks, storiesOf(now)); err != nil {
			t.Fatal(err)
		}
	}
	return revised
}

func storiesOf(dossiers []*brief.Dossier) func(string) (*brief.Dossier, bool) {
	return brief.Unrestricted(brief.NewSnapshot("n", nextDay, dossiers, nil)).Story
}

// inForm words changes in a form other than News.
func inForm(t testing.TB, form digest.Form, changes []digest.Recorded, now []*brief.Dossier) []chat.Card {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		t.Fatal(err)
	}
	d := digest.Digest{Form: form, Changes: changes, Story: now[0].ID, From: noon, To: nextDay, Zone: zone}
	page := func(d *brief.Dossier) string { return "https://briefs.example.org/stories/" + d.ID }
	word := map[digest.Form]func() ([]chat.Card, error){
		digest.Correction: func() ([]chat.Card, error) { return correctionCards(d, storiesOf(now), page) },
		digest.Living:     func() ([]chat.Card, error) { return livingCards(d, storiesOf(now), page) },
		digest.Opening:    func() ([]chat.Card, error) { return openingCards(d, storiesOf(now), page), nil },
	}
	cards, err := word[form]()
	if err != nil {
		t.Fatal(err)
	}
	return cards
}

// strikes writes what is struck through between ~~.
func strikes(cards []chat.Card) []chat.Card {
	mark := func(t chat.Text) chat.Text {
		t = slices.Clone(t)
		for i := range t {
			if t[i].Style&chat.Strike != 0 {
				t[i].Text = "~~" + t[i].Text + "~~"
			}
		}
		return t
	}
	cards = slices.Clone(cards)
	for i, c := range cards {
		c = c.Clone()
		c.Lead, c.Note = mark(c.Lead), mark(c.Note)
		for j := range c.Items {
			c.Items[j].Head, c.Items[j].Body = mark(c.Items[j].Head), mark(c.Items[j].Body)
		}
		cards[i] = c
	}
	return cards
}
