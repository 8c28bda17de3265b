package bot

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// An editor changes a story at random.
type editor struct {
	*rand.Rand
	words int
}

// said is a text that nobody wrote before, at times a long one.
func (e *editor) said() string {
	e.words++
	return strings.Repeat(fmt.Sprintf("Sentence %d of *the desk*, [^a] and more. ", e.words), 1+e.IntN(1+e.IntN(20)))
}

func (e *editor) date() brief.Date {
	d, err := brief.ParseDate(fmt.Sprintf("2025-%02d-%02d", 1+e.IntN(12), 1+e.IntN(28)))
	if err != nil {
		panic(err)
	}
	return d
}

func (e *editor) event(id int) brief.Event {
	return brief.Event{ID: fmt.Sprint("event-", id), Date: e.date(), Title: strings.TrimSpace(shorten(e.said(), 90)), Detail: e.said(), Sources: []string{"a"}}
}

// story returns the next state of a story: events come, are revised, retracted, taken
// out and brought back.
func (e *editor) story(of *brief.Dossier, shelf map[string]brief.Event) *brief.Dossier {
	next := *of
	next.Timeline, next.People = slices.Clone(of.Timeline), slices.Clone(of.People)
	next.Corrections = slices.Clone(of.Corrections)
	for range 1 + e.IntN(6) {
		if len(next.Timeline) == 0 || e.IntN(6) == 0 {
			next.Timeline = append(next.Timeline, e.event(len(shelf)+len(next.Timeline)+100*e.words))
			continue
		}
		i := e.IntN(len(next.Timeline))
		event := &next.Timeline[i]
		switch e.IntN(8) {
		case 0:
			event.Title = strings.TrimSpace(shorten(e.said(), 90))
		case 1:
			event.Detail = e.said()
		case 2:
			event.Date, event.Kind = e.date(), "Diplomacy"
		case 3:
			event.Retracted = &brief.Retraction{On: e.date(), Why: e.said()}
		case 4:
			event.Retracted = nil
		case 5:
			shelf[event.ID] = *event
			next.Timeline = slices.Delete(next.Timeline, i, i+1)
		case 6:
			for id, back := range shelf {
				next.Timeline = append(next.Timeline, back)
				delete(shelf, id)
				break
			}
		case 7:
			next.Corrections = append(next.Corrections, brief.Correction{On: e.date(), Text: e.said(), Item: "timeline/" + event.ID})
		}
	}
	return &next
}

// become says what became of what was told, as the ledger does.
func become(told []digest.Recorded, known, now *brief.Dossier) []digest.Mark {
	var marks []digest.Mark
	for _, r := range told {
		after, err := brief.As[brief.Event](r.After)
		if err != nil || after == nil || !strings.HasPrefix(string(r.Kind), "event.") {
			continue
		}
		m := digest.Mark{Told: r}
		was := *known
		was.Timeline, was.People, was.Corrections = []brief.Event{*after}, nil, nil
		is := was
		is.Timeline = slices.DeleteFunc(slices.Clone(now.Timeline), func(e brief.Event) bool { return e.ID != after.ID })
		for _, c := range brief.DiffDossier(&was, &is) {
			m.Now = &digest.Recorded{Seq: 1000, At: nextDay, Change: c}
		}
		for _, c := range now.Corrections[len(known.Corrections):] {
			if c.Item == "timeline/"+after.ID {
				m.Corrections = append(m.Corrections, c)
			}
		}
		marks = append(marks, m)
	}
	return marks
}

// FuzzRevise edits a story at random after a digest about it went out. However often,
// its cards keep their items, fit as before, lead nowhere new and tell of no other
// story; marking them again changes nothing, and once all is as it was told they are
// as they were posted.
func FuzzRevise(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		e := &editor{Rand: rand.New(rand.NewPCG(seed, 1))}
		first := &brief.Dossier{ID: "told", Title: "The story", Overview: "Text.", Sources: []brief.Citation{{ID: "a", Publisher: "The Wire"}}}
		shelf := make(map[string]brief.Event)
		for i := range e.IntN(30) {
			first.Timeline = append(first.Timeline, e.event(i))
		}
		known := first
		for range 1 + e.IntN(8) {
			known = e.story(known, shelf)
		}
		told := recorded(1, noon, []*brief.Dossier{first}, []*brief.Dossier{known})
		posted := wordDigest(t, plainly(told), []*brief.Dossier{known})
		now := known
		for range 5 {
			now = e.story(now, shelf)
			marks := become(told, known, now)
			for _, c := range posted {
				checkRevised(t, c, marks, now)
			}
		}
		for _, c := range posted {
			if diff := cmp.Diff(c, reviseOnce(t, c, become(told, known, known), known)); diff != "" {
				t.Errorf("nothing is otherwise, and yet (-posted +revised):\n%s", diff)
			}
		}
	})
}

// reviseOnce marks a card of one story, and fails if another one is asked for.
func reviseOnce(t *testing.T, c chat.Card, marks []digest.Mark, now *brief.Dossier) chat.Card {
	t.Helper()
	revised, err := revisedCard(c, marks, func(id string) (*brief.Dossier, bool) {
		if id != now.ID {
			t.Errorf("the story %q was asked for", id)
		}
		return now, true
	})
	if err != nil {
		t.Fatal(err)
	}
	return revised
}

func checkRevised(t *testing.T, c chat.Card, marks []digest.Mark, now *brief.Dossier) {
	t.Helper()
	before := c.Clone()
	revised := reviseOnce(t, c, marks, now)
	checkCard(t, revised)
	if diff := cmp.Diff(before, c); diff != "" {
		t.Fatalf("the card that was posted is another now:\n%s", diff)
	}
	if diff := cmp.Diff(revised, reviseOnce(t, revised, marks, now)); diff != "" {
		t.Errorf("marked again it is another (-once +twice):\n%s", diff)
	}
	shuffled := slices.Clone(marks)
	slices.Reverse(shuffled)
	if diff := cmp.Diff(revised, reviseOnce(t, c, shuffled, now)); diff != "" {
		t.Errorf("it depends on the order of the marks:\n%s", diff)
	}
	if revised.Title != c.Title || revised.URL != c.URL || len(revised.Items) != len(c.Items) {
		t.Errorf("it is about something else:\n%s", revised.Plain())
	}
	for i, it := range revised.Items {
		if it.ID != c.Items[i].ID {
			t.Errorf("item %d is %s, and was %s", i, it.ID, c.Items[i].ID)
		}
	}
	for _, call := range revised.Calls() {
		if !slices.Contains(c.Calls(), call) {
			t.Errorf("it leads to %s", call)
		}
	}
	if size, allowed := cardSize(revised), max(cardSize(c)+60, maxCardSize); size > allowed {
		t.Errorf("a card of cost %d became one of %d:\n%s", cardSize(c), size, revised.Plain())
	}
	for _, m := range marks {
		checkMark(t, c, revised, m)
	}
}

// checkMark compares what a card says of an item with what became of it.
func checkMark(t *testing.T, posted, revised chat.Card, m digest.Mark) {
	t.Helper()
	i := slices.IndexFunc(revised.Items, func(it chat.Item) bool { return it.ID == fmt.Sprint(m.Told.Seq) })
	if i < 0 {
		return
	}
	it := revised.Items[i]
	after, _ := brief.As[brief.Event](m.Told.After)
	if m.Now != nil {
		after, _ = brief.As[brief.Event](m.Now.After)
	}
	standsNot := after == nil || after.Retracted != nil
	through := !slices.ContainsFunc(it.Head, func(s chat.Span) bool { return s.Style&chat.Strike == 0 })
	if through != standsNot {
		t.Errorf("struck through: %v, withdrawn: %v\n%s", through, standsNot, revised.Plain())
	}
	if m.Now == nil && len(m.Corrections) == 0 {
		if diff := cmp.Diff(posted.Items[i], it); diff != "" {
			t.Errorf("nothing happened to the item, and yet:\n%s", diff)
		}
		return
	}
	call := chat.NewCall("event", m.Told.Story, m.Told.Item).String()
	if gone := after == nil; gone == slices.Contains(revised.Calls(), call) && slices.Contains(posted.Calls(), call) {
		t.Errorf("the event is gone: %v, and so is its button", gone)
	}
	if !slices.ContainsFunc([]string{"Corrected", "Retracted", "Restored", "Withdrawn"}, func(w string) bool { return strings.Contains(it.Label, w) }) {
		t.Errorf("the label is %q", it.Label)
	}
}

// TestReviseThroughManyStories marks an item of a digest about several stories, and
// nothing of the others.
func TestReviseThroughManyStories(t *testing.T) {
	one, two := manyEvents("one", 2), manyEvents("two", 2)
	told := recorded(1, noon, nil, []*brief.Dossier{one, two})
	for i := range told {
		if told[i].Kind != brief.DossierOpened {
			t.Fatalf("told is %s", told[i].Kind)
		}
	}
	empty := func(d *brief.Dossier) *brief.Dossier {
		return &brief.Dossier{ID: d.ID, Title: d.Title, Overview: d.Overview}
	}
	told = recorded(1, noon, []*brief.Dossier{empty(one), empty(two)}, []*brief.Dossier{one, two})
	posted := wordDigest(t, plainly(told), []*brief.Dossier{one, two})
	if len(posted) != 1 {
		t.Fatalf("%d cards", len(posted))
	}
	retracted := *two
	retracted.Timeline = slices.Clone(two.Timeline)
	for i := range retracted.Timeline {
		retracted.Timeline[i].Retracted = &brief.Retraction{Why: "It was not so."}
	}
	since := recorded(100, nextDay, []*brief.Dossier{two}, []*brief.Dossier{&retracted})
	revised := revisedCards(t, posted, marksOf(told, since), []*brief.Dossier{one, &retracted})[0]
	if revised.Tone != chat.New {
		t.Errorf("half of it stands, and the tone is %q", revised.Tone)
	}
	of := ""
	for i, it := range revised.Items {
		if story, ok := strings.CutPrefix(it.ID, "story/"); ok {
			of = story
			continue
		}
		if changed := !cmp.Equal(posted[0].Items[i], it); changed != (of == "two") {
			t.Errorf("item %d of %q is another: %v", i, of, changed)
		}
	}
}

// TestReviseStoryWithdrawn strikes a story through that was told as new, and takes away
// what led to it.
func TestReviseStoryWithdrawn(t *testing.T) {
	d := manyEvents("one", 1)
	told := recorded(1, noon, nil, []*brief.Dossier{d})
	posted := wordDigest(t, plainly(told), []*brief.Dossier{d})
	since := recorded(100, nextDay, []*brief.Dossier{d}, nil)
	revised := revisedCards(t, posted, marksOf(told, since), nil)[0]
	if revised.Tone != chat.Withdrawn || revised.URL != "" || len(revised.Actions) != 0 {
		t.Errorf("a story that is gone is shown as\n%s", revised.Plain())
	}
	if !strings.Contains(revised.Plain(), "The story was withdrawn on 11 December 2025.") {
		t.Errorf("it does not say so:\n%s", revised.Plain())
	}
}

// TestReviseBrokenChange reports what cannot be read, with its number.
func TestReviseBrokenChange(t *testing.T) {
	c := chat.Card{Items: []chat.Item{{ID: "7"}}}
	told := digest.Recorded{Seq: 7, Change: brief.Change{Story: "one", Kind: brief.EventAdded, After: []byte("{")}}
	now := told
	for _, m := range []digest.Mark{{Told: told}, {Told: digest.Recorded{Seq: 7, Change: brief.Change{Kind: brief.EventAdded}}, Now: &now}} {
		if _, err := revisedCard(c, []digest.Mark{m}, storiesOf(nil)); err == nil || !strings.Contains(err.Error(), "change 7") {
			t.Errorf("the error is %v", err)
		}
	}
}

// TestCorrectionsOfManyThings checks that one short card has room for all that a
// message may have told, with a button to each.
func TestCorrectionsOfManyThings(t *testing.T) {
	for _, n := range []int{1, 2, 5, 8, 20, 40} {
		before := manyEvents("one", n)
		after := *before
		after.Timeline = slices.Clone(before.Timeline)
		for i := range after.Timeline {
			after.Timeline[i].Detail = strings.Repeat("Another sentence that says a little. ", 20)
		}
		since := recorded(100, nextDay, []*brief.Dossier{before}, []*brief.Dossier{&after})
		cards := inForm(t, digest.Correction, since, []*brief.Dossier{&after})
		if len(cards) != 1 || len(cards[0].Items) != n {
			t.Fatalf("%d corrections make %d cards", n, len(cards))
		}
		checkCard(t, cards[0])
		if size := cardSize(cards[0]); size > maxCardSize {
			t.Errorf("%d corrections make a card of cost %d", n, size)
		}
	}
}

// TestCorrectionOfSeveralStories names each of them, and tells what is no correction as
// a digest does.
func TestCorrectionOfSeveralStories(t *testing.T) {
	one, two := manyEvents("one", 1), manyEvents("two", 1)
	other := func(d *brief.Dossier) *brief.Dossier {
		o := *d
		o.Timeline = slices.Clone(d.Timeline)
		o.Timeline[0].Title = "Otherwise"
		return &o
	}
	after := []*brief.Dossier{other(one), other(two)}
	since := recorded(100, nextDay, []*brief.Dossier{one, two}, after)
	card := inForm(t, digest.Correction, since, after)[0]
	plain := card.Plain()
	for _, want := range []string{"Corrections in 2 stories", "Story one", "Story two", "/timeline one", "/timeline two"} {
		if !strings.Contains(plain, want) {
			t.Errorf("it does not say %q:\n%s", want, plain)
		}
	}
	added := recorded(100, nextDay, []*brief.Dossier{{ID: "one", Title: "Story one", Overview: "Text."}}, []*brief.Dossier{one})
	if card := inForm(t, digest.Correction, added, []*brief.Dossier{one})[0]; card.Title != "Story one" || card.Tone != chat.New {
		t.Errorf("an event that is new is told as\n%s", card.Plain())
	}
}

// TestLivingFits checks that a message that is kept up to date stays one, however much
// there is to say.
func TestLivingFits(t *testing.T) {
	stories := testStories(t)
	for id, text := range stories {
		d, problems := brief.Decode(id+".yaml", []byte(text))
		if d == nil {
			t.Fatal(problems)
		}
		empty := &brief.Dossier{ID: d.ID, Title: d.Title, Overview: d.Overview, Status: d.Status}
		since := recorded(1, nextDay, []*brief.Dossier{empty}, []*brief.Dossier{d})
		cards := inForm(t, digest.Living, since, []*brief.Dossier{d})
		if len(cards) != 1 {
			t.Fatalf("%s makes %d cards", id, len(cards))
		}
		checkCard(t, cards[0])
		if size := cardSize(cards[0]); size > maxCardSize {
			t.Errorf("%s makes a card of cost %d:\n%s", id, size, cards[0].Plain())
		}
		opening := inForm(t, digest.Opening, nil, []*brief.Dossier{d})[0]
		checkCard(t, opening)
		if size := cardSize(opening); size > pageCost {
			t.Errorf("the thread of %s opens with a card of cost %d", id, size)
		}
	}
}

// TestReviseByTheBot checks that the bot words with the stories that it serves.
func TestReviseByTheBot(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge})
	d, _ := brief.Unrestricted(w.library.Current()).Story("bridge")
	told := recorded(1, noon, []*brief.Dossier{{ID: "bridge", Title: d.Title, Overview: d.Overview}}, []*brief.Dossier{d})
	posted, err := w.compose(t.Context(), digest.Digest{Changes: told, From: noon, To: noon})
	if err != nil {
		t.Fatal(err)
	}
	gone := &digest.Recorded{Seq: 2, At: nextDay, Change: brief.Change{Story: "bridge", Kind: brief.EventRemoved, Item: "closed", Before: told[0].After}}
	card, err := w.revise(context.Background(), posted[0], []digest.Mark{{Told: told[0], Now: gone}})
	if err != nil || card.Tone != chat.Withdrawn || !strings.Contains(card.Plain(), "Taken out of the story on 11 December 2025.") {
		t.Errorf("%v\n%s", err, card.Plain())
	}
	for _, form := range []digest.Form{digest.Living, digest.Opening, digest.Correction} {
		cards, err := w.compose(t.Context(), digest.Digest{Form: form, Story: "bridge", Changes: told, From: noon, To: noon})
		if err != nil || len(cards) != 1 || !strings.Contains(cards[0].Title, d.Title) {
			t.Errorf("%s: %v, %v", form, cards, err)
		}
	}
}
