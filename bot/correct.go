package bot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// correctionCards word the short answer to a message that told something otherwise:
// an item for each thing that is corrected. Of anything else it makes a digest. It
// depends on its arguments alone.
func correctionCards(d digest.Digest, find func(id string) (*brief.Dossier, bool), page func(*brief.Dossier) string) ([]chat.Card, error) {
	if slices.ContainsFunc(d.Changes, func(c digest.Recorded) bool { return !corrects(c.Kind) }) {
		return digestCards(d, find, page)
	}
	things, err := corrections(d.Changes, find)
	if err != nil || len(things) == 0 {
		return nil, err
	}
	card := chat.Card{Tone: chat.Correction, Note: chat.Plainly(rangeWords(d.To, d.To, d.Zone))}
	word := "Retraction"
	var stories []*brief.Dossier
	for _, t := range things {
		if !t.retracted() {
			word = "Correction"
		}
		if !slices.Contains(stories, t.dossier) {
			stories = append(stories, t.dossier)
		}
	}
	card.Title = correctionTitle(word, stories)
	if len(stories) == 1 {
		card.URL = page(stories[0])
	}
	card.Items, card.Actions = correctionItems(things, stories)
	if !things[0].known {
		card.URL, card.Actions = "", nil
	}
	return []chat.Card{card}, nil
}

// A correctedThing is an item of a dossier with all that is corrected about it.
type correctedThing struct {
	dossier       *brief.Dossier
	known         bool // the dossier can be read
	seq           int64
	section, id   string
	kind          brief.ChangeKind // of the change of the event itself; empty: only of what was published
	before, after *brief.Event
	published     []brief.Correction
}

func (t *correctedThing) retracted() bool { return t.after != nil && t.after.Retracted != nil }

// corrections sorts changes by the thing that they correct.
func corrections(changes []digest.Recorded, find func(string) (*brief.Dossier, bool)) ([]*correctedThing, error) {
	var things []*correctedThing
	for _, c := range changes {
		section, id := "timeline", c.Item
		if c.Kind == brief.CorrectionPublished {
			section, id, _ = strings.Cut(c.Item, "/")
		}
		i := slices.IndexFunc(things, func(t *correctedThing) bool {
			return t.dossier.ID == c.Story && t.section == section && t.id == id
		})
		if i < 0 {
			d, ok := dossierOf(things, c.Story)
			if !ok {
				if d, ok = find(c.Story); !ok {
					d = &brief.Dossier{ID: c.Story, Title: c.Story}
				}
			}
			i = len(things)
			things = append(things, &correctedThing{dossier: d, known: ok, seq: c.Seq, section: section, id: id})
		}
		if err := things[i].add(c); err != nil {
			return nil, fmt.Errorf("wording change %d: %w", c.Seq, err)
		}
	}
	return things, nil
}

// corrects reports whether a correction may tell a kind of change.
func corrects(kind brief.ChangeKind) bool {
	switch kind {
	case brief.EventRevised, brief.EventRetracted, brief.EventRestored, brief.CorrectionPublished:
		return true
	}
	return false
}

func dossierOf(things []*correctedThing, story string) (*brief.Dossier, bool) {
	for _, t := range things {
		if t.dossier.ID == story {
			return t.dossier, t.known
		}
	}
	return nil, false
}

// add takes up a change about the thing.
func (t *correctedThing) add(c digest.Recorded) (err error) {
	if c.Kind == brief.CorrectionPublished {
		published, err := brief.As[brief.Correction](c.After)
		if err == nil && published != nil {
			t.published = append(t.published, *published)
		}
		return err
	}
	if t.before, err = brief.As[brief.Event](c.Before); err != nil {
		return err
	}
	if t.after, err = brief.As[brief.Event](c.After); err != nil {
		return err
	}
	if t.before == nil || t.after == nil {
		return fmt.Errorf("the %s has no before and after", c.Kind)
	}
	t.kind, t.seq = c.Kind, c.Seq
	return nil
}

// item words the thing with what was wrong about it.
func (t *correctedThing) item(room int) chat.Item {
	said := published(t.dossier, t.published, room)
	var it chat.Item
	if t.kind != "" {
		it = reworded(t.dossier, t.kind, t.before, t.after, standing{}, room)
	} else {
		it = chat.Item{Head: chat.Styled(itemName(t.dossier, t.section, t.id), chat.Bold)}
		if t.section == "" {
			it.Head = chat.Styled(t.dossier.Title, chat.Bold)
		}
		if e, ok := t.dossier.Event(t.id); ok && t.section == "timeline" {
			it = eventItem(e)
			said = lines(said, from(t.dossier, e.Sources))
		}
		it.Label = dotted("Corrected", it.Label)
	}
	it.ID = strconv.FormatInt(t.seq, 10)
	it.Body = lines(said, it.Body)
	return whole(it)
}

// correctionTitle says by a word what is corrected.
func correctionTitle(word string, stories []*brief.Dossier) string {
	if len(stories) > 1 {
		return fmt.Sprintf("%ss in %s", word, counted(len(stories), "story", "stories"))
	}
	return word + ": " + stories[0].Title
}

// correctionItems are the things by story, each text in at most what leaves room for
// all, and the buttons to read on.
func correctionItems(things []*correctedThing, stories []*brief.Dossier) (items []chat.Item, actions [][]chat.Action) {
	calls := eventCalls(things, stories)
	for _, room := range [...]int{1000, 500, 250, 120, 60, 0} {
		items = nil
		for _, d := range stories {
			if len(stories) > 1 {
				items = append(items, chat.Item{ID: "story/" + d.ID, Head: chat.Styled(d.Title, chat.Bold)})
			}
			for _, t := range things {
				if t.dossier != d {
					continue
				}
				it := t.item(room)
				if n := slices.Index(calls, t.call()); n >= 0 && len(calls) > 1 {
					it.Label = dotted(strconv.Itoa(n+1), it.Label)
				}
				items = append(items, it)
			}
		}
		if itemsSize(items) <= revisedCost {
			break
		}
	}
	return items, correctionRows(calls, stories)
}

// call asks for the event that the thing is, empty if it is none that can be read.
func (t *correctedThing) call() string {
	if _, ok := t.dossier.Event(t.id); !ok || t.section != "timeline" {
		return ""
	}
	return chat.NewCall("event", t.dossier.ID, t.id).String()
}

// eventCalls are the calls of the events among the things of one story, in their
// order.
func eventCalls(things []*correctedThing, stories []*brief.Dossier) []string {
	var calls []string
	for _, t := range things {
		if call := t.call(); call != "" && len(stories) == 1 && len(calls) < eventsPerPage {
			calls = append(calls, call)
		}
	}
	return calls
}

// correctionRows are buttons to the events that are corrected, and to their story.
func correctionRows(calls []string, stories []*brief.Dossier) [][]chat.Action {
	if len(stories) > 1 {
		var buttons []chat.Action
		for _, d := range stories[:min(len(stories), 2*chat.MaxRows)] {
			buttons = append(buttons, storyButton("timeline", d, ""))
		}
		return pairs(buttons)
	}
	timeline := chat.Action{Label: "Timeline", Call: chat.NewCall("timeline", stories[0].ID).String()}
	if len(calls) == 1 {
		return [][]chat.Action{{{Label: "The event", Call: calls[0]}, timeline}}
	}
	numbers := make([]chat.Action, len(calls))
	for i, call := range calls {
		numbers[i] = chat.Action{Label: strconv.Itoa(i + 1), Call: call}
	}
	overview := chat.Action{Label: "Overview", Call: chat.NewCall("overview", stories[0].ID).String()}
	return append(rows(numbers, chat.MaxRow), []chat.Action{overview, timeline})
}
