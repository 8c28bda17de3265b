package bot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// revisedCost is how much the items of a revised card may be, in the units of [cost],
// where they were not more before: what is marked then pushes nothing out.
const revisedCost = pageCost + 500

// revise words the card that a message shows now, from the one with which it was
// posted. It looks through nobody's eyes, as compose does.
func (b *Bot) revise(_ context.Context, c chat.Card, marks []digest.Mark) (chat.Card, error) {
	return revisedCard(c, marks, brief.Unrestricted(b.library.Current()).Story)
}

// revisedCard marks on a card what became of its items since it was posted: what was
// corrected says what was told before, what was withdrawn is struck through. A card of
// which nothing was corrected is returned as it is. It depends on its arguments
// alone, and marking the result again changes nothing.
func revisedCard(c chat.Card, marks []digest.Mark, find func(id string) (*brief.Dossier, bool)) (chat.Card, error) {
	r := reviser{original: c, find: find, withdrawn: make(map[string]bool)}
	for _, m := range marks {
		if err := r.add(m); err != nil {
			return chat.Card{}, fmt.Errorf("marking what became of change %d: %w", m.Told.Seq, err)
		}
	}
	if len(r.marked) == 0 {
		return c, nil
	}
	// Where much is marked, each mark is shorter.
	card, allowed := c, max(itemsSize(c.Items), revisedCost)
	for _, room := range [...]int{1000, 500, 250, 120, 60, 0} {
		card = r.marks(room)
		if itemsSize(card.Items) <= allowed {
			break
		}
	}
	card.Note = r.note()
	switch {
	case c.Tone == chat.Correction:
	case r.nothingStands():
		card.Tone = chat.Withdrawn
	case c.Tone == chat.Withdrawn:
		card.Tone = chat.Revised
	}
	r.dropGone(&card)
	return card, nil
}

func itemsSize(items []chat.Item) int {
	n := 0
	for _, it := range items {
		n += itemSize(it)
	}
	return n
}

// A reviser marks the items of a card.
type reviser struct {
	original  chat.Card
	find      func(string) (*brief.Dossier, bool)
	marked    []markedItem
	withdrawn map[string]bool // the ids of items that do not stand any more
	events    []string        // the calls of events that are gone
	stories   []string        // that are gone
}

// A markedItem is an item of a card with what became of it.
type markedItem struct {
	digest.Mark
	at            int // its place
	dossier       *brief.Dossier
	before, after *brief.Event // where it is about an event; after is nil if that is gone
}

// removed reports whether what the item tells was taken out of the brief.
func (m *markedItem) removed() bool {
	return m.Now != nil && strings.HasSuffix(string(m.Now.Kind), ".removed")
}

// add takes up a mark if the card has its item.
func (r *reviser) add(mark digest.Mark) error {
	id := strconv.FormatInt(mark.Told.Seq, 10)
	m := markedItem{Mark: mark, at: slices.IndexFunc(r.original.Items, func(it chat.Item) bool { return it.ID == id })}
	if m.at < 0 {
		return nil
	}
	var err error
	if strings.HasPrefix(string(mark.Told.Kind), "event.") {
		if m.before, err = brief.As[brief.Event](mark.Told.After); err != nil {
			return err
		}
		m.after = m.before
		if mark.Now != nil {
			if m.after, err = brief.As[brief.Event](mark.Now.After); err != nil {
				return err
			}
		}
	}
	r.withdrawn[id] = m.removed() || m.after != nil && m.after.Retracted != nil
	if mark.Now == nil && len(mark.Corrections) == 0 {
		return nil
	}
	story := mark.Told.Story
	var ok bool
	if m.dossier, ok = r.find(story); !ok {
		m.dossier = &brief.Dossier{ID: story, Title: story}
	}
	if m.removed() && m.before != nil {
		r.events = append(r.events, chat.NewCall("event", story, mark.Told.Item).String())
	}
	if m.removed() && mark.Now.Kind == brief.DossierRemoved {
		r.stories = append(r.stories, story)
	}
	r.marked = append(r.marked, m)
	return nil
}

// marks returns the card with its items marked, each text in at most room.
func (r *reviser) marks(room int) chat.Card {
	card := r.original.Clone()
	for _, m := range r.marked {
		card.Items[m.at] = m.item(card.Items[m.at], room)
	}
	return card
}

// item words the item anew.
func (m *markedItem) item(it chat.Item, room int) chat.Item {
	number, label := cutNumber(it.Label)
	said := published(m.dossier, m.Corrections, room)
	now := it
	switch {
	case m.removed():
		now = m.gone(it)
		number = ""
	case m.Now != nil && m.before != nil && m.after != nil:
		now = reworded(m.dossier, m.Now.Kind, m.before, m.after, m.rest(), room)
	default:
		now.Label = label
		if !strings.HasPrefix(label, "Retracted") {
			now.Label = dotted("Corrected", strings.TrimPrefix(label, "Corrected · "))
			for _, word := range []string{"New · ", "Revised · ", "Restored · ", "Correction · "} {
				if rest, ok := strings.CutPrefix(label, word); ok {
					now.Label = dotted("Corrected", rest)
				}
			}
		}
		if strings.HasPrefix(it.Body.String(), said.String()) {
			said = nil // it is marked already
		}
	}
	now.ID, now.Label, now.Body = it.ID, dotted(number, now.Label), lines(said, now.Body)
	return whole(now)
}

// cutNumber splits the number of its button from an item's label.
func cutNumber(label string) (number, rest string) {
	first, rest, _ := strings.Cut(label, " · ")
	if _, err := strconv.Atoi(first); err != nil {
		return "", label
	}
	return first, rest
}

// gone is an item that was taken out of its brief, or with it.
func (m *markedItem) gone(it chat.Item) chat.Item {
	label, what := "Withdrawn", "Taken out of the story"
	part, _, _ := strings.Cut(string(m.Now.Kind), ".")
	switch {
	case m.before != nil:
		label = dotted(label, eventItem(m.before).Label)
	case part == "dossier":
		what = "The story was withdrawn"
	default:
		label = dotted(label, capital(part))
	}
	return chat.Item{
		Label: label,
		Head:  struck(it.Head),
		Body:  chat.Plainly(what + " on " + dayWords(m.Now.At.UTC()) + "."),
		URL:   it.URL,
	}
}

// rest is what the item told besides what changed since and still stands: of a
// revision, what else was revised; of anything else, the event itself.
func (m *markedItem) rest() standing {
	if m.Told.Kind != brief.EventRevised {
		return standing{detail: true}
	}
	before, err := brief.As[brief.Event](m.Told.Before)
	if err != nil || before == nil {
		return standing{}
	}
	return standing{fields: eventFields(m.dossier, before, m.before)}
}

// note is the card's note with the day of the last correction.
func (r *reviser) note() chat.Text {
	var last time.Time
	day, word := "", "Edited "
	for _, m := range r.marked {
		if !m.removed() {
			word = "Corrected "
		}
		if m.Now != nil && !m.Now.At.Before(last) {
			last, day = m.Now.At, dayWords(m.Now.At.UTC())
		}
		for _, c := range m.Corrections {
			if on := c.On.First(); !on.Before(last) {
				last, day = on, c.On.Words()
			}
		}
	}
	line := word + day + "."
	if strings.HasSuffix(r.original.Note.String(), line) {
		return r.original.Note
	}
	return lines(r.original.Note, chat.Plainly(line))
}

// nothingStands reports whether everything that the card tells was withdrawn.
func (r *reviser) nothingStands() bool {
	return !slices.ContainsFunc(r.original.Items, func(it chat.Item) bool {
		return !strings.HasPrefix(it.ID, "story/") && !r.withdrawn[it.ID]
	})
}

// dropGone drops what leads to what is not there any more.
func (r *reviser) dropGone(card *chat.Card) {
	if len(r.events) == 0 && len(r.stories) == 0 {
		return
	}
	var rows [][]chat.Action
	for _, row := range card.Actions {
		if row = slices.DeleteFunc(slices.Clone(row), r.leadsNowhere); len(row) > 0 {
			rows = append(rows, row)
		}
	}
	card.Actions = rows
	for _, story := range r.stories {
		if strings.HasSuffix(card.URL, "/stories/"+story) {
			card.URL = ""
		}
	}
}

func (r *reviser) leadsNowhere(a chat.Action) bool {
	words := strings.Fields(a.Call)
	return slices.Contains(r.events, a.Call) || len(words) > 1 && slices.Contains(r.stories, words[1])
}
