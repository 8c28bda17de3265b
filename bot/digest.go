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

// compose words a digest. It looks through nobody's eyes in particular, because one
// wording goes to many conversations: what a digest holds was selected by what its
// readers may see, and no other story is named in it.
func (b *Bot) compose(_ context.Context, d digest.Digest) ([]chat.Card, error) {
	cards, err := b.formed(d)
	return b.signed(cards, d), err
}

// formed words a digest in its form.
func (b *Bot) formed(d digest.Digest) ([]chat.Card, error) {
	find := brief.Unrestricted(b.library.Current()).Story
	switch d.Form {
	case digest.Correction:
		return correctionCards(d, find, b.page)
	case digest.Living:
		return livingCards(d, find, b.page)
	case digest.Opening:
		return openingCards(d, find, b.page), nil
	}
	return digestCards(d, find, b.page)
}

// digestCards words a digest: what is new, what was revised and what was
// retracted, by story. It depends on its arguments alone. A story that is not
// found is told from the changes themselves.
func digestCards(d digest.Digest, find func(id string) (*brief.Dossier, bool), page func(*brief.Dossier) string) ([]chat.Card, error) {
	groups, err := grouped(d.Changes, find)
	if err != nil || len(groups) == 0 {
		return nil, err
	}
	cards := split(groups, pageCost)
	note := chat.Plainly(rangeWords(d.From, d.To, d.Zone))
	for i := range cards {
		card := &cards[i].Card
		card.Title = digestTitle(groups, len(d.Changes))
		if len(cards) > 1 {
			card.Title += fmt.Sprintf(" (%d of %d)", i+1, len(cards))
		}
		if len(groups) == 1 && !groups[0].gone {
			card.URL = page(groups[0].dossier)
		}
		card.Note = note
		card.Actions = readOn(cards[i])
	}
	if rest := beyond(groups, cards); rest.Head != nil {
		last := &cards[len(cards)-1]
		last.Items = append(last.Items, rest)
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
	gone    bool // the story cannot be read any more
}

// A news is a change as it is told.
type news struct {
	chat.Item
	tone  chat.Tone
	event string // the id of the event to read on about
	whole bool   // it is about the story as a whole, and names it
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
				d = &brief.Dossier{ID: c.Story, Title: lastTitle(c.Change)}
			}
			groups = append(groups, group{dossier: d, gone: !ok})
			i = len(groups) - 1
		}
		n, err := tell(groups[i].dossier, c.Change)
		if err != nil {
			return nil, fmt.Errorf("wording change %d: %w", c.Seq, err)
		}
		n.ID = strconv.FormatInt(c.Seq, 10)
		groups[i].news = append(groups[i].news, n)
	}
	for _, g := range groups {
		slices.SortStableFunc(g.news, func(a, b news) int { return a.rank() - b.rank() })
	}
	return groups, nil
}

// rank is where a change stands in its story's part of a digest: what is about the
// story as a whole, then what is new, what was revised, and what was withdrawn.
func (n news) rank() int {
	switch {
	case n.whole:
		return 0
	case n.tone == chat.New:
		return 1
	case n.tone == chat.Revised:
		return 2
	}
	return 3
}

// lastTitle is the title of a story that cannot be found, as far as a change tells it.
func lastTitle(c brief.Change) string {
	h, err := brief.As[brief.Heading](c.Before)
	if err != nil || h == nil || !strings.HasPrefix(string(c.Kind), "dossier.") {
		return c.Story
	}
	return h.Title
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
	told     map[*brief.Dossier]int
}

// split lays the changes out on cards at item borders, each with room for so much,
// each story behind its title where there are several.
func split(groups []group, room int) []digestCard {
	p := &printer{several: len(groups) > 1, room: room}
	p.open()
	for _, g := range groups {
		headed := !p.several || len(g.news) == 1 && g.news[0].whole
		for _, n := range g.news {
			if p.told == maxDigestItems {
				return p.cards
			}
			if !p.fits(n) {
				if len(p.cards) == maxDigestCards {
					return p.cards
				}
				p.open()
				headed = headed && !p.several
			}
			if !headed {
				p.add(storyHeading(g))
				headed = true
			}
			p.tell(g, n)
		}
	}
	return p.cards
}

// A printer lays changes out on cards.
type printer struct {
	several bool // stories
	room    int  // on a card
	cards   []digestCard
	used    int // of the last card
	told    int
}

func (p *printer) open() {
	p.cards = append(p.cards, digestCard{told: make(map[*brief.Dossier]int)})
	p.used = 0
}

func (p *printer) last() *digestCard { return &p.cards[len(p.cards)-1] }

// fits reports whether the last card has room for n, and a button if it needs one.
func (p *printer) fits(n news) bool {
	card := p.last()
	return len(card.Items) == 0 ||
		p.used+itemSize(n.Item) <= p.room && (n.event == "" || len(card.events) < eventsPerPage)
}

func (p *printer) add(it chat.Item) {
	p.last().Items = append(p.last().Items, it)
	p.used += itemSize(it)
}

func (p *printer) tell(g group, n news) {
	card := p.last()
	if !p.several && !g.gone && n.event != "" {
		if !slices.Contains(card.events, n.event) { // two changes may be about one event
			card.events = append(card.events, n.event)
		}
		n.Label = dotted(strconv.Itoa(slices.Index(card.events, n.event)+1), n.Label)
	}
	if !g.gone && !slices.Contains(card.dossiers, g.dossier) {
		card.dossiers = append(card.dossiers, g.dossier)
	}
	if !p.several && n.whole && n.Head.String() == g.dossier.Title {
		// The card's title has said which story it is.
		n.Label, n.Head = "", chat.Styled(n.Label, chat.Bold)
	}
	card.Tone = louder(card.Tone, n.tone)
	card.told[g.dossier]++
	p.told++
	p.add(n.Item)
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

// beyond counts what the cards do not tell, by story.
func beyond(groups []group, cards []digestCard) chat.Item {
	const named = 12
	told := make(map[*brief.Dossier]int)
	for _, c := range cards {
		for d, n := range c.told {
			told[d] += n
		}
	}
	rest, stories := 0, 0
	var body chat.Text
	for _, g := range groups {
		left := len(g.news) - told[g.dossier]
		if left == 0 {
			continue
		}
		rest += left
		if stories++; stories <= named && len(groups) > 1 {
			body = lines(body, chat.Plainly(shorten(g.dossier.Title, 80)+": "+counted(left, "change", "changes")))
		}
	}
	if rest == 0 {
		return chat.Item{}
	}
	if stories > named {
		body = lines(body, chat.Plainly(fmt.Sprintf("and %d more stories", stories-named)))
	}
	return chat.Item{
		ID:   "rest",
		Head: chat.Styled("And "+counted(rest, "more change", "more changes"), chat.Bold),
		Body: lines(body, chat.Plainly("The timelines and the other sections show them all.")),
	}
}

// readOn are the buttons of a digest's card: its events by number and the story's
// sections, or the stories where there are several.
func readOn(c digestCard) [][]chat.Action {
	if len(c.dossiers) == 0 {
		return nil
	}
	if len(c.dossiers) > 1 {
		var buttons []chat.Action
		for _, d := range c.dossiers[:min(len(c.dossiers), 2*chat.MaxRows)] {
			buttons = append(buttons, storyButton("timeline", d, ""))
		}
		return pairs(buttons)
	}
	d := c.dossiers[0]
	return append(eventRows(d, c.events), []chat.Action{
		{Label: "Overview", Call: chat.NewCall("overview", d.ID).String()},
		{Label: "Timeline", Call: chat.NewCall("timeline", d.ID).String()},
	})
}

// eventRows are buttons to events by number, those that d still has.
func eventRows(d *brief.Dossier, events []string) [][]chat.Action {
	var numbers []chat.Action
	for i, id := range events {
		if _, ok := d.Event(id); ok {
			numbers = append(numbers, chat.Action{Label: strconv.Itoa(i + 1), Call: chat.NewCall("event", d.ID, id).String()})
		}
	}
	return rows(numbers, chat.MaxRow)
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
