package bot

import (
	"slices"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// sample shows how what is told in a mode will look, by a digest of d.
func (b *Bot) sample(mode digest.Mode, d *brief.Dossier, of digest.Digest) []chat.Item {
	of.Story = d.ID
	find := func(string) (*brief.Dossier, bool) { return d, true }
	word, what := digestCards, "A digest will look like this:"
	var items []chat.Item
	switch mode {
	case digest.ModeEdit:
		word, what = livingCards, "The message about a story will look like this:"
	case digest.ModeThread:
		items = sampled("The thread of a story will begin like this:", openingCards(of, find, b.page))
		what = "A digest in it will look like this:"
	}
	cards, err := word(of, find, b.page)
	if err != nil {
		b.log.Error("making a sample of a digest", "story", d.ID, "error", err)
	}
	return append(items, sampled(what, cards)...)
}

// sampled is what the first of some cards says, as items behind words that say what
// it is.
func sampled(what string, cards []chat.Card) []chat.Item {
	if len(cards) == 0 {
		return nil
	}
	items := []chat.Item{{ID: "sample", Head: chat.Styled(what, chat.Italic)}}
	if lead := cards[0].Lead; len(lead) > 0 {
		items = append(items, chat.Item{ID: "lead", Head: chat.Styled(cards[0].Title, chat.Bold), Body: lead})
	}
	return append(items, cards[0].Items...)
}

// latestNews is the latest event among stories as if it had just been added, with its
// story; false if there is none.
func latestNews(stories []*brief.Dossier, now time.Time) (news digest.Recorded, of *brief.Dossier, ok bool) {
	var latest *brief.Event
	for _, story := range stories {
		for i := range story.Timeline {
			e := &story.Timeline[i]
			if e.Retracted == nil && !e.Date.First().After(now) && (latest == nil || e.Date.Compare(latest.Date) >= 0) {
				of, latest = story, e
			}
		}
	}
	if latest == nil {
		return news, nil, false
	}
	change := brief.DiffDossier(without(of, latest.ID), of)
	if len(change) != 1 {
		return news, nil, false
	}
	return digest.Recorded{At: now, Change: change[0]}, of, true
}

// without returns d as it was before one event.
func without(d *brief.Dossier, event string) *brief.Dossier {
	earlier := *d
	earlier.Timeline = slices.DeleteFunc(slices.Clone(d.Timeline), func(e brief.Event) bool { return e.ID == event })
	return &earlier
}
