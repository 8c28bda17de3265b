package bot

import (
	"slices"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// A Proposal is what would be posted if the briefs changed, in the very cards.
type Proposal struct {
	// Urgent is what a subscription to everything would be told at once, and Digest what
	// it would be told by its schedule. One that is told of everything at once gets both
	// as one digest.
	Urgent, Digest []chat.Card
	// Apart is the same for the modes that tell each story by itself, in the order in
	// which the stories are told.
	Apart []Apart
	// Amendments are what would become of messages that were posted before.
	Amendments []Amendment
	// Untold are the changes that no digest tells.
	Untold []brief.Change
}

// An Apart is what would be shown of one story where each is told by itself, with what is
// told at once and what is told by the schedule as one.
type Apart struct {
	Story string
	// Living is the message that mode edit keeps up to date, as it would be edited or,
	// where there is none yet, posted.
	Living chat.Card
	// Opening is what the story's thread begins with in mode thread, where there is none
	// yet, and Digest what is posted into it.
	Opening chat.Card
	Digest  []chat.Card
}

// An Amendment is what would become of a message that told the subject of a change.
type Amendment struct {
	Change brief.Change
	// Before is the message as it was posted, with nothing else in it, and After as it
	// would be brought up to date.
	Before, After chat.Card
	// Answer is the short answer that a subscription gets beside it; nil for none.
	Answer *chat.Card
}

// Propose words what the changes that lead from one snapshot to another would cause,
// told at an instant. Before and after are seen through nobody's eyes in particular:
// whoever shows the cards answers for who may see them.
func Propose(changes []brief.Change, before, after *brief.Snapshot, at time.Time) (p Proposal, err error) {
	var urgent, told, all []digest.Recorded
	for i, c := range changes {
		recorded := digest.Recorded{Seq: int64(i + 1), At: at, Change: c}
		switch {
		case isUntold(c):
			p.Untold = append(p.Untold, c)
		case c.Announce == brief.Now:
			urgent = append(urgent, recorded)
		default:
			told = append(told, recorded)
		}
		if !isUntold(c) {
			all = append(all, recorded)
		}
		a, ok, err := amendment(recorded, before, after)
		if err != nil {
			return p, err
		}
		if ok {
			p.Amendments = append(p.Amendments, a)
		}
	}
	if p.Urgent, err = proposed(urgent, after); err != nil {
		return p, err
	}
	if p.Digest, err = proposed(told, after); err != nil {
		return p, err
	}
	p.Apart, err = apart(all, after)
	return p, err
}

// apart words changes story by story.
func apart(changes []digest.Recorded, after *brief.Snapshot) (stories []Apart, err error) {
	find := brief.Unrestricted(after).Story
	for _, c := range changes {
		if slices.ContainsFunc(stories, func(s Apart) bool { return s.Story == c.Story }) {
			continue
		}
		of := digestOf(slices.DeleteFunc(slices.Clone(changes), func(o digest.Recorded) bool { return o.Story != c.Story }))
		of.Story = c.Story
		s := Apart{Story: c.Story, Opening: openingCards(of, find, noPage)[0]}
		living, err := livingCards(of, find, noPage)
		if err != nil {
			return nil, err
		}
		s.Living = living[0]
		if s.Digest, err = digestCards(of, find, noPage); err != nil {
			return nil, err
		}
		stories = append(stories, s)
	}
	return stories, nil
}

// proposed words changes as a digest; none for no changes.
func proposed(changes []digest.Recorded, after *brief.Snapshot) ([]chat.Card, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	return digestCards(digestOf(changes), brief.Unrestricted(after).Story, noPage)
}

// isUntold reports whether no digest tells a change.
func isUntold(c brief.Change) bool {
	return c.Announce == brief.Silent || strings.HasSuffix(string(c.Kind), ".removed")
}

func digestOf(changes []digest.Recorded) digest.Digest {
	return digest.Digest{Changes: changes, From: changes[0].At, To: changes[len(changes)-1].At, Zone: time.UTC}
}

func noPage(*brief.Dossier) string { return "" }

// amendment returns what becomes of the message that told the event which a change is
// about, if it is about one that may have been told.
func amendment(c digest.Recorded, before, after *brief.Snapshot) (a Amendment, ok bool, err error) {
	kinds := []brief.ChangeKind{brief.EventRevised, brief.EventRetracted, brief.EventRestored, brief.EventRemoved}
	if !slices.Contains(kinds, c.Kind) {
		return a, false, nil
	}
	first := digest.Recorded{Seq: c.Seq, At: c.At, Change: c.Change}
	first.Kind, first.Before, first.After, first.Fields = brief.EventAdded, nil, c.Before, nil
	posted, err := digestCards(digestOf([]digest.Recorded{first}), brief.Unrestricted(before).Story, noPage)
	if err != nil || len(posted) == 0 {
		return a, false, err
	}
	a = Amendment{Change: c.Change, Before: posted[0]}
	find := brief.Unrestricted(after).Story
	if a.After, err = revisedCard(posted[0], []digest.Mark{{Told: first, Now: &c}}, find); err != nil {
		return a, false, err
	}
	if !isUntold(c.Change) {
		answer, err := correctionCards(digestOf([]digest.Recorded{c}), find, noPage)
		if err != nil {
			return a, false, err
		}
		if len(answer) > 0 {
			a.Answer = &answer[0]
		}
	}
	return a, true, nil
}
