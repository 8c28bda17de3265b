package bot

import (
	"strings"
	"time"
	"unicode"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// editorLength is how many characters of an editor's name are shown.
const editorLength = 60

// signed notes on the cards of a digest who edited what it tells, where that is known
// and the configuration wants it.
func (b *Bot) signed(cards []chat.Card, d digest.Digest) []chat.Card {
	if !b.current().EditedBy {
		return cards
	}
	if words := editedBy(d.Changes, zoneOr(d.Zone)); words != "" {
		for i := range cards {
			cards[i].Note = lines(cards[i].Note, chat.Plainly(words))
		}
	}
	return cards
}

// editedBy says who edited the changes, the one of the newest commit by name, with that
// commit: “Edited by Jane Doe and 2 others, last on 1 December 2025 (1a2b3c4)”. It is
// empty where nobody is known.
func editedBy(changes []digest.Recorded, zone *time.Location) string {
	var last brief.Commit
	editors := make(map[string]bool)
	for _, c := range changes {
		name := editorName(c.Commit)
		if name == "" {
			continue
		}
		editors[name] = true
		if last.Hash == "" || c.Commit.At.After(last.At) {
			last = c.Commit
		}
	}
	others := len(editors) - 1
	switch {
	case others < 0:
		return ""
	case others == 0:
		return "Edited by " + editorName(last) + " on " + commitWords(last, zone)
	}
	return "Edited by " + editorName(last) + " and " + counted(others, "other", "others") + ", last on " + commitWords(last, zone)
}

// commitWords names a commit by its day and the beginning of its hash.
func commitWords(c brief.Commit, zone *time.Location) string {
	return dayWords(c.At.In(zone)) + " (" + shortRevision(c.Hash) + ")"
}

// editorName is an author's name on one line, without what could turn the line around
// or is not seen.
func editorName(c brief.Commit) string {
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(c.Author, "\uFFFD"))
	return shorten(strings.Join(strings.Fields(visible), " "), editorLength)
}

// changedBy says behind a word with which commit a change came; empty if that is not
// known.
func changedBy(word string, c brief.Commit, zone *time.Location) string {
	name := editorName(c)
	if name == "" {
		return ""
	}
	return word + " by " + name + " on " + commitWords(c, zone) + "."
}

// lastCommit is the newest commit that is known to have changed one of the stories.
func lastCommit(s *brief.Snapshot, stories []*brief.Dossier) (last brief.Commit) {
	for _, d := range stories {
		if c, ok := s.Commit(d.ID); ok && (last.Hash == "" || c.At.After(last.At)) {
			last = c
		}
	}
	return last
}
