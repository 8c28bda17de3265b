package bot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

const (
	// maxDigestCards is how many messages one digest may be, and maxDigestItems
	// how many changes it tells one by one. What is beyond is counted, with a button
	// to where it can be read.
	maxDigestCards = 5
	maxDigestItems = 40
	// newsCost is how much of a text that is new a digest shows.
	newsCost = 500
)

// compose words a digest for those who read its conversation.
func (b *Bot) compose(_ context.Context, d digest.Digest) ([]chat.Card, error) {
	reader := b.current().Policy.Reader(b.library.Current(), d.Sub.Room...)
	return digestCards(d, reader.Story, b.page)
}

// digestCards words a digest: what is new, what was revised and what was
// retracted, by story. It depends on its arguments alone. A story that is not
// found is told from the changes themselves.
func digestCards(d digest.Digest, find func(id string) (*brief.Dossier, bool), page func(*brief.Dossier) string) ([]chat.Card, error) {
	groups, err := grouped(d.Changes, find)
	if err != nil || len(groups) == 0 {
		return nil, err
	}
	cards := split(groups)
	note := chat.Plainly("Covers " + rangeWords(d.From, d.To, d.Zone))
	for i := range cards {
		card := &cards[i].Card
		card.Title = digestTitle(groups, len(d.Changes))
		if len(cards) > 1 {
			card.Title += fmt.Sprintf(" (%d of %d)", i+1, len(cards))
		}
		if len(groups) == 1 {
			card.URL = page(groups[0].dossier)
		}
		card.Note = note
		card.Actions = readOn(cards[i])
	}
	if rest := beyond(groups, cards); rest > 0 {
		last := &cards[len(cards)-1]
		last.Lead = lines(last.Lead, nil)
		last.Items = append(last.Items, chat.Item{
			ID:   "rest",
			Head: chat.Styled("And "+counted(rest, "more change", "more changes")+".", chat.Bold),
			Body: chat.Plainly("The timeline and the other sections show them."),
		})
	}
	plain := make([]chat.Card, len(cards))
	for i, c := range cards {
		plain[i] = c.Card
	}
	return plain, nil
}

// A group is the changes of one story.
type group struct {
	dossier *brief.Dossier
	news    []news
}

// A news is a change as it is told.
type news struct {
	chat.Item
	tone  chat.Tone
	event string // the id of the event to read on about
}

// grouped words the changes and sorts them by story, in the order in which the
// stories first come.
func grouped(changes []digest.Recorded, find func(string) (*brief.Dossier, bool)) ([]group, error) {
	var groups []group
	for _, c := range changes {
		i := slices.IndexFunc(groups, func(g group) bool { return g.dossier.ID == c.Story })
		if i < 0 {
			d, ok := find(c.Story)
			if !ok {
				d = &brief.Dossier{ID: c.Story, Title: c.Story}
			}
			groups = append(groups, group{dossier: d})
			i = len(groups) - 1
		}
		n, err := tell(groups[i].dossier, c.Change)
		if err != nil {
			return nil, fmt.Errorf("wording change %d: %w", c.Seq, err)
		}
		n.ID = strconv.FormatInt(c.Seq, 10)
		groups[i].news = append(groups[i].news, n)
	}
	return groups, nil
}

// digestTitle says what the digest is about.
func digestTitle(groups []group, changes int) string {
	if len(groups) == 1 {
		return groups[0].dossier.Title
	}
	return fmt.Sprintf("%s in %s", counted(changes, "change", "changes"), counted(len(groups), "story", "stories"))
}

// A digestCard is a card with what its buttons are about.
type digestCard struct {
	chat.Card
	dossiers []*brief.Dossier
	events   []string // ids, for a card of one story
	told     int
}

// split lays the changes out on cards at item borders, each story behind its title
// where there are several.
func split(groups []group) []digestCard {
	var cards []digestCard
	used, told := 0, 0
	open := func() *digestCard {
		cards = append(cards, digestCard{})
		used = 0
		return &cards[len(cards)-1]
	}
	card := open()
	for _, g := range groups {
		headed := len(groups) == 1
		for _, n := range g.news {
			if told >= maxDigestItems {
				return cards
			}
			item := n.Item
			if len(groups) == 1 && n.event != "" {
				item.Label = dotted(strconv.Itoa(len(card.events)+1), item.Label)
			}
			size := itemSize(item)
			if len(card.Items) > 0 && (used+size > pageCost || len(card.events) >= eventsPerPage) {
				if len(cards) == maxDigestCards {
					return cards
				}
				card, headed = open(), len(groups) == 1
				if len(groups) == 1 && n.event != "" {
					item.Label = dotted("1", n.Label)
				}
			}
			if !headed {
				card.Items = append(card.Items, storyHeading(g))
				used += itemSize(storyHeading(g))
				headed = true
			}
			card.Items = append(card.Items, item)
			card.Tone = louder(card.Tone, n.tone)
			card.told++
			told++
			used += size
			if !slices.Contains(card.dossiers, g.dossier) {
				card.dossiers = append(card.dossiers, g.dossier)
			}
			if len(groups) == 1 && n.event != "" {
				card.events = append(card.events, n.event)
			}
		}
	}
	return cards
}

// storyHeading opens a story's part of a digest.
func storyHeading(g group) chat.Item {
	return chat.Item{
		ID:   "story/" + g.dossier.ID,
		Head: chat.Styled(g.dossier.Title, chat.Bold),
		Body: chat.Plainly(counted(len(g.news), "change", "changes")),
	}
}

// louder returns the tone of a card that tells of both: what is new comes before
// what is revised, and withdrawn stands only alone.
func louder(a, b chat.Tone) chat.Tone {
	order := []chat.Tone{chat.Plain, chat.Withdrawn, chat.Revised, chat.New}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

func beyond(groups []group, cards []digestCard) int {
	rest := 0
	for _, g := range groups {
		rest += len(g.news)
	}
	for _, c := range cards {
		rest -= c.told
	}
	return rest
}

// readOn are the buttons of a digest's card: its events by number and the story's
// sections, or the stories where there are several.
func readOn(c digestCard) [][]chat.Action {
	if len(c.dossiers) != 1 {
		var buttons []chat.Action
		for _, d := range c.dossiers[:min(len(c.dossiers), 2*chat.MaxRows)] {
			buttons = append(buttons, storyButton("timeline", d, ""))
		}
		return pairs(buttons)
	}
	d := c.dossiers[0]
	var numbers []chat.Action
	for i, id := range c.events {
		if _, ok := d.Event(id); ok {
			numbers = append(numbers, chat.Action{Label: strconv.Itoa(i + 1), Call: chat.NewCall("event", d.ID, id).String()})
		}
	}
	return append(rows(numbers, chat.MaxRow), []chat.Action{
		{Label: "Overview", Call: chat.NewCall("overview", d.ID).String()},
		{Label: "Timeline", Call: chat.NewCall("timeline", d.ID).String()},
	})
}

// excerpt is the beginning of a text, cut at the end of a sentence or word.
func excerpt(t chat.Text, limit int) chat.Text {
	if cost(t) <= limit {
		return t
	}
	head, _ := t.Cut(within(limit))
	return append(head.Tidy(), chat.Span{Text: " …"})
}

// from names the sources of an event, the first few by publisher.
func from(d *brief.Dossier, ids []string) chat.Text {
	const named = 4
	var names []string
	for _, id := range ids {
		if n, c, ok := d.Citation(id); ok {
			names = append(names, fmt.Sprintf("%s [%d]", shorten(sourceHead(c), 60), n))
		}
	}
	if len(names) == 0 {
		return nil
	}
	label := "Sources: "
	if len(names) == 1 {
		label = "Source: "
	}
	if len(names) > named {
		names = append(names[:named], fmt.Sprintf("%d more", len(names)-named))
	}
	return chat.Plainly(label + strings.Join(names, ", "))
}
