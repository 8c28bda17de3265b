package bot

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/clipperhouse/uax29/v2/sentences"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// listSuggestions shows operators what readers suggested, and settles it.
func (b *Bot) listSuggestions(ctx context.Context, q *question) (chat.Reply, error) {
	if !q.Private && !q.Direct {
		return chat.Reply{Card: trouble("Ask me in private", "What readers suggest is shown to operators alone: ask this in a private chat, or open /suggestions in the preview."), Unshared: true}, nil
	}
	word, state := q.Arg("id"), q.Arg("state")
	if word == "" {
		return b.openSuggestions(ctx, q)
	}
	id, err := strconv.ParseInt(word, 10, 64)
	if err != nil || id < 1 {
		return chat.Reply{}, &badValue{"id", word, "the number of a suggestion, such as 12"}
	}
	var s digest.Suggestion
	if state == "" {
		s, err = b.ledger.Suggestion(ctx, id)
	} else if q.Local {
		return chat.Reply{}, chat.ErrLocal
	} else {
		s, err = b.settleSuggestion(ctx, id, state, askerOf(*q.Invocation))
	}
	if errors.Is(err, digest.ErrNoSuggestion) {
		return chat.Reply{Card: trouble("No such suggestion", fmt.Sprintf("There is no suggestion %d: it was never made, or it was settled long ago and is forgotten.", id)), Unshared: true}, nil
	}
	if err != nil {
		return chat.Reply{}, err
	}
	card := b.suggestionCard(s)
	card.Actions = append(card.Actions, []chat.Action{{Label: "All open", Call: "suggestions"}})
	return chat.Reply{Card: card, Unshared: true}, nil
}

// openSuggestions lists those that wait for the operators, the newest first.
func (b *Bot) openSuggestions(ctx context.Context, q *question) (chat.Reply, error) {
	found, err := b.ledger.Suggestions(ctx, digest.SuggestionSearch{State: digest.SuggestionOpen, Limit: 500})
	if err != nil {
		return chat.Reply{}, err
	}
	items := make([]chat.Item, len(found))
	for i, s := range found {
		items[i] = chat.Item{
			ID: fmt.Sprint(s.ID), Label: dotted(fmt.Sprintf("Suggestion %d", s.ID), agoWords(q.now.Sub(s.At)), s.Asker),
			Head: chat.Styled(shorten(s.Title, 150), chat.Bold),
			Body: lines(append(fieldTexts(s.Fields), labelled("Why:", excerpt(chat.Plainly(s.Reason), 200)))...),
		}
	}
	p := paginate(shelve(items), q.Arg("after"), storiesPerPage)
	card := chat.Card{Title: "Suggested corrections", Lead: pageLead(p, "", "suggestion", "suggestions"), Items: p.items()}
	if len(items) == 0 {
		card.Lead = chat.Plainly("None waits for you.")
	}
	var buttons []chat.Action
	for _, e := range p.entries {
		id, _, _ := strings.Cut(e.ID, ".")
		buttons = append(buttons, chat.Action{Label: id, Call: chat.NewCall("suggestions", id).String()})
	}
	card.Actions = rows(buttons, chat.MaxRow)
	if row := p.turn(chat.NewCall("suggestions"), "Newer", "Older"); row != nil {
		card.Actions = append(card.Actions, row)
	}
	return chat.Reply{Card: card, Unshared: true}, nil
}

// settleSuggestion puts a suggestion in another state and brings the cards that tell of
// it up to date.
func (b *Bot) settleSuggestion(ctx context.Context, id int64, state, by string) (digest.Suggestion, error) {
	s, err := b.ledger.SettleSuggestion(ctx, id, state, by)
	if err != nil {
		return s, err
	}
	card := b.suggestionCard(s)
	for _, to := range b.current().alarms {
		if err := b.ledger.Amend(ctx, to, suggestionKey(s.ID), card); err != nil {
			b.log.ErrorContext(ctx, "bringing a suggestion up to date", "suggestion", s.ID, "to", to.String(), "error", err)
		}
	}
	return s, nil
}

// SettleSuggestion is for whoever acts for the operators elsewhere, by names them. The
// error is [digest.ErrNoSuggestion] where there is none of that number.
func (b *Bot) SettleSuggestion(ctx context.Context, id int64, state, by string) error {
	_, err := b.settleSuggestion(ctx, id, state, by)
	return err
}

func suggestionKey(id int64) string { return fmt.Sprint("suggestion ", id) }

// tellSuggestions owes the operators a card of every suggestion that they were not told
// of, in the conversations of the alarms. Where there are none, they find it in /status.
func (b *Bot) tellSuggestions(ctx context.Context) {
	// What was taken from somebody is told though she waits no longer.
	ctx = context.WithoutCancel(ctx)
	b.crying.Lock()
	defer b.crying.Unlock()
	untold, err := b.ledger.UntoldSuggestions(ctx)
	if err != nil {
		b.log.ErrorContext(ctx, "looking at the suggestions", "error", err)
		return
	}
	for _, s := range untold {
		if err := b.tellSuggestion(ctx, s); err != nil {
			b.log.ErrorContext(ctx, "telling of a suggestion", "suggestion", s.ID, "error", err)
		}
	}
}

func (b *Bot) tellSuggestion(ctx context.Context, s digest.Suggestion) error {
	card := b.suggestionCard(s)
	alarms := b.current().alarms
	for _, to := range alarms {
		if err := b.ledger.Post(ctx, to, card, suggestionKey(s.ID)); err != nil {
			return err
		}
	}
	if len(alarms) == 0 {
		b.unheard.Do(func() {
			b.log.WarnContext(ctx, "corrections are suggested, and no conversation gets them: name some under alarms, or look at /suggestions")
		})
	}
	return b.ledger.ToldSuggestion(ctx, s.ID)
}

// takeSuggestions settles the suggestions about stories that changed and say now what
// was suggested.
func (b *Bot) takeSuggestions(ctx context.Context, changes []digest.Recorded, next *brief.Snapshot) {
	counts, err := b.ledger.SuggestionCounts(ctx)
	if err == nil && counts[digest.SuggestionOpen] == 0 {
		return
	}
	reader := brief.Unrestricted(next)
	seen := make(map[string]bool)
	for _, c := range changes {
		d, ok := reader.Story(c.Story)
		if err != nil || seen[c.Story] || !ok {
			continue
		}
		seen[c.Story] = true
		err = b.takeAbout(ctx, d)
	}
	if err != nil {
		b.log.ErrorContext(ctx, "looking whether suggestions were taken", "error", err)
	}
}

func (b *Bot) takeAbout(ctx context.Context, d *brief.Dossier) error {
	open, err := b.ledger.OpenSuggestions(ctx, d.ID)
	if err != nil {
		return err
	}
	for _, s := range open {
		about := subject{story: d}
		if _, id, ok := strings.Cut(s.Item, "/"); ok {
			if about.event, ok = d.Event(id); !ok {
				continue
			}
		}
		if len(s.Fields) > 0 && stand(about, s.Fields) {
			if _, err := b.settleSuggestion(ctx, s.ID, digest.SuggestionTaken, "the brief"); err != nil {
				return err
			}
		}
	}
	return nil
}

// suggestionCard is a suggestion as the operators see it.
func (b *Bot) suggestionCard(s digest.Suggestion) chat.Card {
	number := fmt.Sprint(s.ID)
	card := chat.Card{Title: "Suggested correction " + number}
	card.Lead = append(chat.Plainly("From "), chat.Span{Text: s.Asker, Style: chat.Code}, chat.Span{Text: "."})
	head := chat.Item{ID: "changes", Label: dotted(s.Story, s.Item), Head: chat.Styled(excerptWords(s.Title), chat.Bold), Body: lines(fieldTexts(s.Fields)...)}
	if len(s.Fields) == 0 {
		head.Body = chat.Styled("No text is changed.", chat.Italic)
	}
	card.Items = []chat.Item{head, {ID: whyField, Head: chat.Styled("Why", chat.Bold), Body: excerpt(chat.Plainly(s.Reason), pageCost/2)}}
	card.Note = lines(chat.Plainly(stateWords(s)), patchWords(s))
	row := []chat.Action{{Label: "Story", Call: chat.NewCall("overview", s.Story).String()}}
	if section, id, ok := strings.Cut(s.Item, "/"); ok && section == "timeline" {
		row[0] = chat.Action{Label: "Event", Call: chat.NewCall("event", s.Story, id).String()}
	}
	if s.Patched && b.publicURL != "" {
		row = append(row, chat.Action{Label: "Patch", URL: b.publicURL + "/suggestions/" + number + ".patch"})
	}
	if s.State == digest.SuggestionOpen {
		row = append(row, chat.Action{Label: "Dismiss", Call: chat.NewCall("suggestions", number, digest.SuggestionDismissed).String()})
	} else {
		row = append(row, chat.Action{Label: "Open again", Call: chat.NewCall("suggestions", number, digest.SuggestionOpen).String()})
	}
	card.Actions = [][]chat.Action{row}
	return card
}

func excerptWords(s string) string { return shorten(s, 200) }

// stateWords says what became of a suggestion; empty while it is open.
func stateWords(s digest.Suggestion) string {
	if s.State == digest.SuggestionOpen {
		return ""
	}
	return capital(s.State) + " by " + s.By + ", " + s.Settled.UTC().Format("2 January 2006, 15:04 UTC") + "."
}

// patchWords says where the patch is, or why there is none.
func patchWords(s digest.Suggestion) chat.Text {
	if !s.Patched {
		return chat.Plainly(strings.TrimSpace("There is no patch. " + s.Unpatched))
	}
	return chat.Text{
		{Text: fmt.Sprintf("%s:%d", s.Path, s.Line), Style: chat.Code}, {Text: ". For git am: "},
		{Text: fmt.Sprintf("/suggestions/%d.patch", s.ID), Style: chat.Code}, {Text: " in the preview."},
	}
}

// fieldTexts tell what is to become of each text.
func fieldTexts(fields []digest.SuggestedField) []chat.Text {
	texts := make([]chat.Text, len(fields))
	for i, f := range fields {
		if f.Name == "title" || f.Name == "date" {
			texts[i] = moved(labelOf(f.Name), excerptWords(f.Before), excerptWords(f.After))
			continue
		}
		texts[i] = retold(labelOf(f.Name), f.Before, f.After)
	}
	return texts
}

// retold tells how a text is to change, as it is written: what somebody wrote is not
// read as markup, so that it leads nowhere but where it says.
func retold(label, before, after string) chat.Text {
	if before == "" || after == "" {
		return moved(label, before, shorten(after, pageCost/2))
	}
	gone, come := difference(writtenSentences(before), writtenSentences(after))
	if len(gone) > changedSentences || len(come) > changedSentences {
		return labelled(label+", rewritten:", excerpt(chat.Plainly(after), pageCost/2))
	}
	was, is := excerpt(chat.Styled(strings.Join(gone, " "), chat.Strike), newsCost), excerpt(chat.Plainly(strings.Join(come, " ")), newsCost)
	switch {
	case gone == nil && come == nil:
		return labelled(label+":", chat.Plainly("in other lines, or in another order"))
	case gone == nil:
		return labelled(label+", added:", is)
	case come == nil:
		return labelled(label+", removed:", was)
	}
	return labelled(label+":", chat.Join(" → ", was, is))
}

func writtenSentences(s string) []string {
	var all []string
	segments := sentences.FromString(s)
	for segments.Next() {
		if s := strings.Join(strings.Fields(segments.Value()), " "); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// suggestionsItem counts for the operators what waits for them.
func (b *Bot) suggestionsItem(ctx context.Context, now time.Time) (chat.Item, bool, error) {
	counts, err := b.ledger.SuggestionCounts(ctx)
	if err != nil || counts[digest.SuggestionOpen] == 0 {
		return chat.Item{}, false, err
	}
	n := counts[digest.SuggestionOpen]
	newest, err := b.ledger.Suggestions(ctx, digest.SuggestionSearch{State: digest.SuggestionOpen, Limit: 1})
	if err != nil || len(newest) == 0 {
		return chat.Item{}, false, err
	}
	return chat.Item{ID: "suggestions", Head: chat.Styled(counted(n, "suggested correction waits", "suggested corrections wait"), chat.Bold),
		Body: said("The newest came " + agoWords(now.Sub(newest[0].At)) + ". /suggestions lists them.")}, true, nil
}
