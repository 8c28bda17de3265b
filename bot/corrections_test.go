package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/digest"
)

// A newsroom corrects the story of the bridge, of which a room is told at once.
type newsroom struct {
	*world
	t       *testing.T
	able    *chattest.Able
	source  *scripted
	story   *brief.Dossier
	other   string // another story, which anyone may read
	fences  int
	refused error // what every edit ends with
}

// newNewsroom runs a bot that tells a room of all stories.
func newNewsroom(t *testing.T, settings ...func(*newsroom)) *newsroom {
	t.Helper()
	d := &newsroom{t: t, source: newScripted(nil)}
	for _, s := range settings {
		s(d)
	}
	d.story = &brief.Dossier{ID: "bridge", Title: "Harbour bridge closed", Overview: "It is closed."}
	d.other = ferry
	d.source.briefs = d.briefs()
	d.world = newWorld(t, nil, withSource(d.source), realTime, withConfig(Config{
		Settle:        time.Millisecond,
		Policy:        brief.Policy{Groups: map[string][]string{"newsroom": {"fake:-42"}}},
		Subscriptions: []digest.Subscription{{Where: room, Stories: []string{digest.AllStories}, Schedule: digest.Immediate}},
	}), func(w *world) { d.able = ablePlatform(w) })
	d.able.Judge = func(a chattest.Act) error {
		if a.Verb == "edit" {
			return d.refused
		}
		return nil
	}
	running(t, d.world)
	if _, err := d.fake.Host(deadline(t)); err != nil {
		t.Fatal(err)
	}
	return d
}

// briefs are the stories as files.
func (d *newsroom) briefs() map[string]string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: %s\noverview: %s\n", d.story.Title, d.story.Overview)
	if d.story.Audience != nil {
		fmt.Fprintf(&b, "audience: [%s]\n", strings.Join(d.story.Audience, ", "))
	}
	b.WriteString("timeline:\n  - {id: begun, date: 2024-01-01, title: It begins}\n")
	for _, e := range d.story.Timeline {
		fmt.Fprintf(&b, "  - {id: %s, date: %s, title: %q", e.ID, e.Date, e.Title)
		if e.Retracted != nil {
			fmt.Fprintf(&b, ", retracted: {on: 2025-12-11, why: %q}", e.Retracted.Why)
		}
		b.WriteString("}\n")
	}
	if len(d.story.Corrections) > 0 {
		b.WriteString("corrections:\n")
	}
	for _, c := range d.story.Corrections {
		fmt.Fprintf(&b, "  - {on: 2025-12-11, text: %q, item: %s}\n", c.Text, c.Item)
	}
	return map[string]string{"bridge": b.String(), "ferry": d.other}
}

// save has the bot see what the newsroom wrote.
func (d *newsroom) save() { d.source.set(d.briefs(), nil) }

// tell adds an event and waits until the room is told of it in a message of its own.
func (d *newsroom) tell(id, title string) chattest.Send {
	d.t.Helper()
	date, err := brief.ParseDate("2025-12-10")
	if err != nil {
		d.t.Fatal(err)
	}
	before := len(d.posts())
	d.story.Timeline = append(d.story.Timeline, brief.Event{ID: id, Date: date, Title: title})
	d.save()
	return d.post(before)
}

func (d *newsroom) posts() []chattest.Send { return d.fake.Posted(room) }

// post waits for a message of the room beyond the first n.
func (d *newsroom) post(n int) chattest.Send {
	d.t.Helper()
	eventually(d.t, fmt.Sprintf("there are more than %d messages", n), func() bool { return len(d.posts()) > n })
	return d.posts()[n]
}

// edits waits until so many edits were made of a message and returns them.
func (d *newsroom) edits(of chat.MessageID, n int) []chattest.Act {
	d.t.Helper()
	var all []chattest.Act
	eventually(d.t, fmt.Sprintf("message %s was edited %d times", of, n), func() bool {
		all = slices.DeleteFunc(d.able.Acts(), func(a chattest.Act) bool { return a.Verb != "edit" || a.Message != of })
		return len(all) >= n
	})
	return all
}

func (d *newsroom) did(verb string) int {
	n := 0
	for _, a := range d.able.Acts() {
		if a.Verb == verb {
			n++
		}
	}
	return n
}

// quiet checks that the room has so many messages and answers once all that the
// newsroom did so far is carried through: news about another story follow it.
func (d *newsroom) quiet(posts, replies int) {
	d.t.Helper()
	d.fences++
	d.other += fmt.Sprintf("  - {id: fence-%d, date: 2025-12-10, title: Fence %d}\n", d.fences, d.fences)
	d.save()
	fence := d.post(posts)
	if text := fence.Card.Plain(); !strings.Contains(text, fmt.Sprint("Fence ", d.fences)) || strings.Contains(text, "bridge") {
		d.t.Fatalf("there are more than %d messages; the next is\n%s", posts, text)
	}
	if n := d.did("reply"); n != replies {
		d.t.Errorf("%d answers were posted, want %d", n, replies)
	}
}

func checkSays(t *testing.T, c chat.Card, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(strikes([]chat.Card{c})[0].Plain(), w) {
			t.Errorf("it does not say %q:\n%s", w, strikes([]chat.Card{c})[0].Plain())
		}
	}
}

// TestRevisionIsCarriedThrough revises an event that was told: the message says so,
// and one answer to it.
func TestRevisionIsCarriedThrough(t *testing.T) {
	d := newNewsroom(t)
	told := d.tell("inspected", "Two bearings are broken")
	d.story.Timeline[0].Title = "Three bearings are broken"
	d.save()
	edit := d.edits(told.ID, 1)[0]
	checkSays(t, edit.Card, "1 · Corrected · 10 December 2025", "Title: ~~Two bearings are broken~~ → Three bearings are broken")
	answer := d.post(1)
	reply := acted(t, d.able, "reply")
	if reply.Message != told.ID || answer.Key != reply.Key {
		t.Errorf("the answer is to %s, want %s", reply.Message, told.ID)
	}
	checkSays(t, answer.Card, "Correction: Harbour bridge closed", "~~Two bearings are broken~~ → Three bearings are broken", "/event bridge inspected")
	d.quiet(2, 1)
}

// TestRetractionIsCarriedThrough retracts what was told and takes the retraction back:
// the message is struck through, and then as it was.
func TestRetractionIsCarriedThrough(t *testing.T) {
	d := newNewsroom(t)
	told := d.tell("inspected", "Two bearings are broken")
	d.story.Timeline[0].Retracted = &brief.Retraction{Why: "Nobody looked."}
	d.save()
	edit := d.edits(told.ID, 1)[0]
	checkSays(t, edit.Card, "Withdrawn · Harbour bridge closed", "1 · Retracted on 11 December 2025", "~~Two bearings are broken~~", "Nobody looked.")
	answer := d.post(1)
	checkSays(t, answer.Card, "Retraction: Harbour bridge closed", "~~Two bearings are broken~~", "Nobody looked.")
	d.story.Timeline[0].Retracted = nil
	d.save()
	if back := d.edits(told.ID, 2)[1]; !cmp.Equal(back.Card, told.Card) {
		t.Errorf("the message is not as it was (-then +now):\n%s", cmp.Diff(told.Card, back.Card))
	}
	// The answer stays what it was: another one tells what came after it.
	checkSays(t, d.post(2).Card, "Restored", "this stands again")
	d.quiet(3, 2)
}

// TestRemovalIsSilent takes out what was told and brings it back: the message is
// marked, then as it was, and nothing is posted.
func TestRemovalIsSilent(t *testing.T) {
	d := newNewsroom(t)
	told := d.tell("inspected", "Two bearings are broken")
	events := d.story.Timeline
	d.story.Timeline = nil
	d.save()
	edit := d.edits(told.ID, 1)[0]
	checkSays(t, edit.Card, "Withdrawn · 10 December 2025", "~~Two bearings are broken~~", "Taken out of the story on")
	if _, err := find(edit.Card, "1"); err == nil {
		t.Errorf("the button of an event that is gone is left:\n%s", edit.Card.Plain())
	}
	d.quiet(1, 0)
	d.story.Timeline = events
	d.save()
	if back := d.edits(told.ID, 2)[1]; !cmp.Equal(back.Card, told.Card) {
		t.Errorf("the message is not as it was (-then +now):\n%s", cmp.Diff(told.Card, back.Card))
	}
	d.quiet(2, 0)
}

// TestPublishedCorrection follows an entry of the corrections to the message that told
// the event.
func TestPublishedCorrection(t *testing.T) {
	d := newNewsroom(t)
	told := d.tell("inspected", "Two bearings are broken")
	d.story.Corrections = []brief.Correction{{Text: "An earlier version gave four.", Item: "timeline/inspected"}}
	d.save()
	checkSays(t, d.edits(told.ID, 1)[0].Card, "1 · Corrected", "Correction, 11 December 2025: An earlier version gave four.")
	answer := d.post(1)
	if reply := acted(t, d.able, "reply"); reply.Message != told.ID {
		t.Errorf("the answer is to %s, want %s", reply.Message, told.ID)
	}
	checkSays(t, answer.Card, "Correction: Harbour bridge closed", "Two bearings are broken", "An earlier version gave four.")
	d.quiet(2, 1)
}

// TestCorrectionsOfManyMessages revises what four messages told: each is marked, and
// one digest tells of all.
func TestCorrectionsOfManyMessages(t *testing.T) {
	d := newNewsroom(t)
	var told []chattest.Send
	for i := range 4 {
		told = append(told, d.tell(fmt.Sprint("event-", i), fmt.Sprint("Bearing ", i)))
	}
	for i := range d.story.Timeline {
		d.story.Timeline[i].Title = fmt.Sprint("Bolt ", i)
	}
	d.save()
	card := d.post(4).Card
	for i, m := range told {
		want := fmt.Sprintf("~~Bearing %d~~ → Bolt %d", i, i)
		checkSays(t, d.edits(m.ID, 1)[0].Card, want)
		checkSays(t, card, want)
	}
	if card.Title != "Harbour bridge closed" {
		t.Errorf("the digest is called %q", card.Title)
	}
	d.quiet(5, 0)
}

// TestNoCorrectionWhereAccessIsLost closes a story with the same save that corrects it:
// the room sees nothing of it any more, in no edit and no answer.
func TestNoCorrectionWhereAccessIsLost(t *testing.T) {
	d := newNewsroom(t)
	d.tell("inspected", "Two bearings are broken")
	d.story.Timeline[0].Title = "Three bearings are broken"
	d.story.Audience = []string{"newsroom"}
	d.save()
	d.quiet(1, 0)
	if n := d.did("edit"); n != 0 {
		t.Errorf("%d messages were edited", n)
	}
}

// TestCorrectionWithoutEdit refuses every edit: the answer alone tells.
func TestCorrectionWithoutEdit(t *testing.T) {
	d := newNewsroom(t, func(d *newsroom) { d.refused = &chat.Fixed{Err: errors.New("message can't be edited")} })
	told := d.tell("inspected", "Two bearings are broken")
	d.story.Timeline[0].Title = "Three bearings are broken"
	d.save()
	checkSays(t, d.post(1).Card, "Correction: Harbour bridge closed", "→ Three bearings are broken")
	if reply := acted(t, d.able, "reply"); reply.Message != told.ID {
		t.Errorf("the answer is to %s, want %s", reply.Message, told.ID)
	}
	d.quiet(2, 1)
	if n := d.did("edit"); n != 0 {
		t.Errorf("%d messages were edited", n)
	}
}
