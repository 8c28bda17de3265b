package bot

import (
	"regexp"
	"slices"
	"strings"

	"github.com/clipperhouse/uax29/v2/sentences"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// changedSentences is how many sentences of a rewritten text are shown on each
// side; where more changed, the beginning of the new text says more.
const changedSentences = 3

// moved tells what became of a short value: “Date: 2025 → 21 November 2025”.
func moved(label, before, after string) chat.Text {
	if before == after {
		return nil
	}
	t := chat.Styled(label+": ", chat.Bold)
	if before != "" {
		t = append(t, chat.Span{Text: before, Style: chat.Strike}, chat.Span{Text: " → "})
	}
	if after == "" {
		after = "none"
	}
	return append(t, chat.Span{Text: after})
}

// joined tells what was added to a list and what was taken away.
func joined(label string, before, after []string, name func(string) string) chat.Text {
	var added, removed []string
	for _, id := range after {
		if !slices.Contains(before, id) {
			added = append(added, name(id))
		}
	}
	for _, id := range before {
		if !slices.Contains(after, id) {
			removed = append(removed, name(id))
		}
	}
	var said []string
	if added != nil {
		said = append(said, "added "+listed(added))
	}
	if removed != nil {
		said = append(said, "removed "+listed(removed))
	}
	return labelled(label+":", chat.Plainly(strings.Join(said, "; ")))
}

// rewritten tells how prose of d changed: by the sentences that went and came.
func rewritten(label string, d *brief.Dossier, before, after string) chat.Text {
	old, now := text(d, before), text(d, after)
	if old.String() == now.String() {
		return nil
	}
	if old.String() == "" {
		return labelled(label+", new:", excerpt(now, newsCost))
	}
	if now.String() == "" {
		return labelled(label+":", chat.Plainly("taken out"))
	}
	gone, come := difference(sentencesOf(d, before), sentencesOf(d, after))
	if gone == nil && come == nil {
		return labelled(label+":", chat.Plainly("set differently, or other sources cited"))
	}
	if len(gone) > changedSentences || len(come) > changedSentences {
		return labelled(label+", rewritten:", excerpt(now, newsCost))
	}
	was := excerpt(chat.Styled(strings.Join(gone, " "), chat.Strike), newsCost)
	is := excerpt(chat.Plainly(strings.Join(come, " ")), newsCost)
	switch {
	case len(gone) == 0:
		return labelled(label+", added:", is)
	case len(come) == 0:
		return labelled(label+", removed:", was)
	}
	return labelled(label+":", chat.Join(" → ", was, is))
}

// citations are the references to sources in prose: [^un-jcc].
var citations = regexp.MustCompile(`\[\^[^\]]+\]`)

// sentencesOf returns the sentences of prose, without citations and bullets.
func sentencesOf(d *brief.Dossier, markdown string) []string {
	var all []string
	segments := sentences.FromString(text(d, citations.ReplaceAllString(markdown, "")).String())
	for segments.Next() {
		s := strings.Join(strings.Fields(segments.Value()), " ")
		if s = strings.TrimPrefix(s, "• "); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// difference returns what only before has and what only after has, in order. A
// sentence that only moved is no difference.
func difference(before, after []string) (gone, come []string) {
	left := make(map[string]int)
	for _, s := range after {
		left[s]++
	}
	for _, s := range before {
		if left[s] == 0 {
			gone = append(gone, s)
			continue
		}
		left[s]--
	}
	for _, s := range after {
		if left[s] > 0 {
			come = append(come, s)
			left[s]--
		}
	}
	return gone, come
}
