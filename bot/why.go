package bot

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// changesPerPage is how many changes one answer explains.
const changesPerPage = 8

// why tells what became of each change in the conversation, the newest first, in
// pages.
func (b *Bot) why(ctx context.Context, q *question) (chat.Reply, error) {
	inquiry := digest.Inquiry{
		Where: q.Where, Limit: changesPerPage,
		Readable: func(story string) bool { _, ok := q.reader.Story(story); return ok },
	}
	title := "What became of the changes"
	if word := q.Arg("story"); word != "" && !strings.EqualFold(word, everyStory) {
		d, ok := q.reader.Resolve(word)
		if !ok {
			return chat.Reply{}, &unknownStory{word: word, question: q}
		}
		inquiry.Story = d.ID
		title += ": " + d.Title
	}
	// What is no number is the first page, as for an item that is gone.
	inquiry.Before, _ = strconv.ParseInt(q.Arg("after"), 10, 64)
	all, more, err := b.dispatcher.Why(ctx, inquiry)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("explaining: %w", err)
	}
	orders, err := b.ledger.Subscriptions(ctx, q.Where)
	if err != nil {
		return chat.Reply{}, fmt.Errorf("reading the subscriptions: %w", err)
	}
	card := chat.Card{Title: title, Lead: whyLead(all, orders, inquiry.Before > 0)}
	w := fateWording{now: q.now, zone: zoneOf(b.current().Timezone)}
	used := 0
	for i, e := range all {
		item, err := b.whyItem(ctx, q, w, e)
		if err != nil {
			return chat.Reply{}, err
		}
		if item.ID == "" {
			item.ID = "withheld-" + strconv.Itoa(i)
		}
		if used += itemSize(item); i > 0 && used > pageCost {
			all, more = all[:i], true
			break
		}
		card.Items = append(card.Items, item)
	}
	card.Actions = whyTurn(q, inquiry, all, more)
	return chat.Reply{Card: card, Unshared: true}, nil
}

// whyLead says what the list is, and what holds for all of it.
func whyLead(all []digest.Explanation, orders []digest.Subscription, later bool) chat.Text {
	lead := "The changes of the stories that can be read here, newest first."
	switch {
	case len(all) == 0 && later:
		lead = "There is nothing older."
	case len(all) == 0:
		lead = "Nothing has changed since the stories that can be read here were first recorded."
	}
	switch {
	case len(orders) == 0:
		lead += " There is no subscription here: /subscribe has changes posted."
	case orders[0].Suspended != "":
		lead += " Nothing can be posted here at the moment: " + ended(orders[0].Suspended)
	}
	return said(lead)
}

// ended ends words as a sentence does.
func ended(words string) string {
	return strings.TrimRight(shorten(strings.TrimSpace(words), 300), ".") + "."
}

// whyTurn are the buttons to the newest page and to the one that follows.
func whyTurn(q *question, inquiry digest.Inquiry, all []digest.Explanation, more bool) [][]chat.Action {
	call := chat.NewCall("why")
	if inquiry.Story != "" {
		call = chat.NewCall("why", inquiry.Story)
	}
	var row []chat.Action
	if q.Arg("after") != "" {
		row = append(row, chat.Action{Label: "Newest", Call: call.String()})
	}
	last := int64(0)
	for _, e := range all {
		if e.Change.Seq > 0 { // what was withheld has none
			last = e.Change.Seq
		}
	}
	if more {
		row = append(row, chat.Action{Label: "Older", Call: call.With("after", strconv.FormatInt(last, 10)).String()})
	}
	if row == nil {
		return nil
	}
	return [][]chat.Action{row}
}

// whyItem tells what became of one change.
func (b *Bot) whyItem(ctx context.Context, q *question, w fateWording, e digest.Explanation) (chat.Item, error) {
	if e.Fate == digest.FateWithheld {
		return chat.Item{Label: "Withheld", Body: chat.Plainly(w.withheld(e))}, nil
	}
	d, ok := q.reader.Story(e.Change.Story)
	if !ok {
		d = &brief.Dossier{ID: e.Change.Story, Title: e.Change.Story}
	}
	n, err := tell(d, e.Change.Change)
	if err != nil {
		return chat.Item{}, fmt.Errorf("wording change %d: %w", e.Change.Seq, err)
	}
	if e.Order.ID > 0 {
		w.zone = zoneOf(e.Order.Timezone)
	}
	label := n.Label
	if !n.whole {
		label = dotted(label, shorten(d.Title, 60))
	}
	recorded := "Recorded " + w.moment(e.Change.At) + "."
	if by := changedBy("Edited", e.Change.Commit, w.zone); by != "" {
		recorded += " " + by
	}
	return chat.Item{
		ID: strconv.FormatInt(e.Change.Seq, 10), Label: label, Head: excerpt(n.Head, newsCost), URL: b.messageURL(ctx, e.Entry),
		Body: lines(said(w.words(e)), chat.Styled(recorded, chat.Italic)),
	}, nil
}

// messageURL is the address of the message that a delivery posted or changed; empty
// if there is none.
func (b *Bot) messageURL(ctx context.Context, e digest.Entry) string {
	linker, ok := b.platform(e.Where.Platform).(chat.Linker)
	if ok && e.Message == "" && e.Target > 0 && e.Verb == "edit" {
		target, err := b.ledger.Entry(ctx, e.Target)
		if err != nil {
			b.log.ErrorContext(ctx, "looking for a message", "entry", e.Target, "error", err)
			return ""
		}
		e = target.Entry
	}
	if !ok || e.Message == "" {
		return ""
	}
	where := e.Where
	if e.Place.ID != "" {
		where = e.Place
	}
	return linker.MessageURL(ctx, where, e.Message)
}

// A fateWording words what became of changes, at one moment and in one zone.
type fateWording struct {
	now  time.Time
	zone *time.Location
}

func (w fateWording) moment(t time.Time) string {
	return t.In(w.zone).Format("2 January, 15:04 ") + w.zone.String()
}

// words say what became of a change.
func (w fateWording) words(e digest.Explanation) string {
	words := w.fate(e)
	if e.Merged > 0 {
		words += " It is told as one with a later change of the same."
	}
	if e.Other && e.Order.ID > 0 {
		words += " Another subscription of this conversation told it."
	} else if e.Other {
		words += " The subscription that told it has ended."
	}
	return words + amendedWords(e.Amended)
}

// fate is the first sentence about a change.
func (w fateWording) fate(e digest.Explanation) string {
	switch e.Fate {
	case digest.FateTold:
		return w.told(e.Entry)
	case digest.FateWaiting:
		return w.waiting(e)
	case digest.FateSending:
		return "It is being posted right now."
	case digest.FateHeld:
		return "Quiet hours hold it until " + w.moment(e.Until) + "."
	case digest.FateSuspended:
		return "It is kept until the bot may post here again."
	case digest.FateUnconfirmed:
		return fmt.Sprintf("Whether it was posted is not known: %s went unanswered.", counted(e.Entry.Doubts, "send", "sends"))
	case digest.FateRefused:
		return "The service refused the message. The operators were told."
	case digest.FateSkipped:
		return "An operator decided not to post it."
	case digest.FateFixed:
		if !e.Until.IsZero() {
			return "The message that was to show it cannot be changed any more; another one takes its place, " + w.moment(e.Until) + "."
		}
		return "The message that was to show it cannot be changed any more."
	case digest.FateNotDue:
		return "It is not due before the next digest, " + w.moment(e.Until) + "."
	case digest.FateSettling:
		if e.Until.After(w.now) {
			return "It goes out when the briefs have been quiet for a while, about " + w.moment(e.Until) + "."
		}
		return "It goes out in a moment."
	}
	return w.untold(e)
}

// untold says why a change is not told at all.
func (w fateWording) untold(e digest.Explanation) string {
	switch e.Fate {
	case digest.FateUnasked:
		return "It is below the importance asked for here, which is " + string(e.Order.Importance) + "."
	case digest.FateSilent:
		return "The editors keep it silent."
	case digest.FateUndone:
		return "It was undone before it was told."
	case digest.FateRemoval:
		return "What is removed is not announced."
	case digest.FateReturned:
		return "It is back as it was, which is not announced."
	case digest.FateBefore:
		return "The subscription began later, " + w.moment(e.Until) + "."
	case digest.FateForgotten:
		return "It is so long ago that what became of it is not kept."
	case digest.FateNoOrder:
		return "There is no subscription for this story here."
	}
	return "There was nothing to tell of it when it was due: it said nothing new, or was not to be read here."
}

// told says when and as what a change was told.
func (w fateWording) told(e digest.Entry) string {
	at := w.moment(e.Settled)
	where := ""
	if e.Place.ID != "" {
		where = ", in the story’s thread"
	}
	switch {
	case e.Verb == "edit":
		return "Shown " + at + " in the message that is kept up to date" + where + "."
	case e.Form == digest.Living:
		return "Posted " + at + " as the message that is kept up to date" + where + "."
	case e.Verb == "reply":
		return "Posted " + at + " as an answer to the message that it corrects" + where + "."
	}
	return "Posted " + at + " in a digest" + where + "."
}

// waiting says since when a message waits, why, and until when.
func (w fateWording) waiting(e digest.Explanation) string {
	words := "It waits to be posted since " + w.moment(e.When)
	if e.Entry.Verb == "edit" {
		words = "It waits to be shown since " + w.moment(e.When)
	}
	if e.Entry.Trouble != "" {
		words += ": " + strings.TrimRight(shorten(e.Entry.Trouble, 200), ".")
	}
	if e.Until.After(w.now) {
		return words + ". It is tried again " + w.moment(e.Until) + "."
	}
	return words + ". It is next."
}

// withheld says that something was withheld, and nothing of what it was.
func (w fateWording) withheld(e digest.Explanation) string {
	words := "A digest was"
	if e.Count > 1 {
		words = fmt.Sprintf("%d digests were", e.Count)
	}
	return words + " withheld in whole or in part, " + w.moment(e.When) + ": what it told may not be read here any more."
}

// amendedWords say what became of the messages that told an item before.
func amendedWords(a digest.Amended) string {
	words := ""
	for _, part := range []struct {
		n         int
		one, many string
	}{
		{a.Done, "The message that told of it shows it as it is now.", "The %d messages that told of it show it as it is now."},
		{a.Owed, "The message that told of it is yet to be brought up to date.", "%d messages that told of it are yet to be brought up to date."},
		{a.Fixed, "The message that told of it cannot be changed any more.", "%d messages that told of it cannot be changed any more."},
	} {
		switch {
		case part.n == 1:
			words += " " + part.one
		case part.n > 1:
			words += " " + fmt.Sprintf(part.many, part.n)
		}
	}
	return words
}
