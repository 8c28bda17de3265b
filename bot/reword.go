package bot

import (
	"slices"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A standing is what was told of an event and is still so, to be told with what is
// not.
type standing struct {
	fields fields // of an earlier revision
	detail bool   // the event itself
}

// reworded is an event in d that was told wrong, or not as it is now. No text of it is
// longer than room.
func reworded(d *brief.Dossier, kind brief.ChangeKind, before, after *brief.Event, rest standing, room int) chat.Item {
	it := eventItem(after)
	sources := from(d, after.Sources)
	if room == 0 {
		sources = nil
	}
	limit := min(newsCost, room)
	if after.Retracted != nil {
		return retractedItem(before, after, sources, room)
	}
	if kind == brief.EventRestored {
		it.Label = dotted("Restored", it.Label)
		it.Body = lines(chat.Plainly("The retraction was withdrawn: this stands again."), bounded(eventDetail(d, after), limit), sources)
		return it
	}
	it.Label = dotted("Corrected", it.Label)
	changed := eventFields(d, before, after)
	retold := false // the text is told by what changed in it
	for i, f := range changed {
		retold = retold || f.name == "detail" && len(f.text) > 0
		if len(f.text) == 0 && i < len(rest.fields) {
			changed[i] = rest.fields[i]
		}
		if f.name == "sources" && len(changed[i].text) > 0 {
			sources = nil // they are told by what changed in them
		}
	}
	it.Body = bounded(lines(changed.texts()...), room)
	if rest.detail && !retold {
		it.Body = lines(it.Body, bounded(eventDetail(d, after), limit))
	}
	it.Body = lines(it.Body, sources)
	return it
}

// retractedItem is an event that does not stand any more, under its last title: the one
// by which it was told may have been corrected since.
func retractedItem(before, after *brief.Event, sources chat.Text, room int) chat.Item {
	label := "Retracted"
	if on := after.Retracted.On; !on.IsZero() {
		label += onOrIn(on)
	}
	stood := *after
	stood.Retracted = nil
	was := eventItem(&stood)
	return chat.Item{
		ID: after.ID, Label: label, Head: struck(was.Head),
		Body: lines(bounded(chat.Plainly(after.Retracted.Why), room), chat.Styled(was.Label, chat.Italic), sources),
	}
}

// bounded is the beginning of a text, and nothing where there is no room.
func bounded(t chat.Text, room int) chat.Text {
	if room == 0 {
		return nil
	}
	return excerpt(t, room)
}

// struck is a text struck through.
func struck(t chat.Text) chat.Text {
	t = slices.Clone(t)
	for i := range t {
		if t[i].Style&chat.Code == 0 {
			t[i].Style |= chat.Strike
		}
	}
	return t
}

// published are corrections about one item, oldest first, each as a line: “Correction,
// 3 December 2025: An earlier version gave 41 cargoes.”
func published(d *brief.Dossier, corrections []brief.Correction, room int) chat.Text {
	said := make([]chat.Text, len(corrections))
	for i, c := range corrections {
		said[i] = labelled("Correction, "+c.On.Words()+":", bounded(text(d, c.Text), min(newsCost, room)))
	}
	return lines(said...)
}
