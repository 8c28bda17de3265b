package bot

import (
	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// livingCards word the message of a story that is kept up to date: what changed of
// late, and how the story stands. It depends on its arguments alone.
func livingCards(d digest.Digest, find func(id string) (*brief.Dossier, bool), page func(*brief.Dossier) string) ([]chat.Card, error) {
	groups, err := grouped(d.Changes, find)
	if err != nil || len(groups) == 0 {
		return nil, err
	}
	first := split(groups)[:1]
	told, story := first[0], groups[0]
	card := told.Card
	card.Title = digestTitle(groups, len(d.Changes))
	card.Note = chat.Plainly("This message is kept up to date. " + rangeWords(d.From, d.To, d.Zone))
	card.Actions = readOn(told)
	if rest := beyond(groups, first); rest.Head != nil {
		card.Items = append(card.Items, rest)
	}
	if story.gone {
		return []chat.Card{card}, nil
	}
	card.URL = page(story.dossier)
	card.Lead = lines(chat.Styled(story.dossier.Subtitle, chat.Italic), chat.Plainly(state(story.dossier)))
	for _, it := range overviewItems(story.dossier, d.To) {
		if it.ID == "indicators" || it.ID == "ahead" || it.ID == "latest" {
			card.Items = append(card.Items, it)
		}
	}
	return []chat.Card{card}, nil
}

// openingCards word what stands at the beginning of a story's thread.
func openingCards(d digest.Digest, find func(id string) (*brief.Dossier, bool), page func(*brief.Dossier) string) []chat.Card {
	const what = "Digests about this story are posted in this thread."
	story, ok := find(d.Story)
	if !ok {
		return []chat.Card{{Title: d.Story, Lead: chat.Plainly(what)}}
	}
	return []chat.Card{{
		Title: story.Title,
		URL:   page(story),
		Lead:  lines(chat.Styled(story.Subtitle, chat.Italic), chat.Plainly(state(story)), chat.Plainly(what)),
		Actions: [][]chat.Action{{
			{Label: "Overview", Call: chat.NewCall("overview", story.ID).String()},
			{Label: "Timeline", Call: chat.NewCall("timeline", story.ID).String()},
		}},
	}}
}
