package bot

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// whyField is the field of the form that says why, or where it can be checked.
const whyField = "why"

// maxSuggestedTitle is how many characters a title may have that is suggested.
const maxSuggestedTitle = 200

// suggest asks what is wrong with an event, or with a story, and passes it on to the
// editors. Nothing is changed by it.
func (b *Bot) suggest(ctx context.Context, q *question) (chat.Reply, error) {
	word := q.Arg("story")
	if word == "" {
		return chat.Reply{Card: picker(q), Unshared: true}, nil
	}
	d, ok := q.reader.Resolve(word)
	if !ok {
		return chat.Reply{}, &unknownStory{word: word, question: q}
	}
	id, seen, again := strings.Cut(q.Arg("id"), sealMark)
	s := subject{story: d}
	if id != "" {
		if s.event, ok = d.Event(id); !ok {
			return chat.Reply{}, &unknownEvent{id: id, dossier: d}
		}
	}
	if q.Filled != nil {
		return b.takeSuggestion(ctx, q, s, seen)
	}
	// A form that was shown may be sent: whether it is too many is judged then, so that
	// what was written is not lost here.
	if !again {
		var many *digest.TooMany
		if err := b.ledger.MaySuggest(ctx, askerOf(*q.Invocation)); errors.As(err, &many) {
			return chat.Reply{Card: b.tooMany(many), Unshared: true}, nil
		} else if err != nil {
			return chat.Reply{}, err
		}
	}
	return b.suggestForm(q, s, nil), nil
}

// A subject is what a suggestion is about.
type subject struct {
	story *brief.Dossier
	event *brief.Event // nil: the story as a whole
}

// place is where the subject stands in the brief: its section and id; both empty for
// the story as a whole.
func (s subject) place() (section, id string) {
	if s.event == nil {
		return "", ""
	}
	return "timeline", s.event.ID
}

// item is the place as corrections name it.
func (s subject) item() string {
	if section, id := s.place(); id != "" {
		return section + "/" + id
	}
	return ""
}

func (s subject) title() string {
	if s.event == nil {
		return s.story.Title
	}
	return s.event.Title
}

// in is the same subject in another version of the story.
func (s subject) in(d *brief.Dossier) (subject, bool) {
	if s.event == nil {
		return subject{story: d}, true
	}
	e, ok := d.Event(s.event.ID)
	return subject{d, e}, ok
}

// fields are the texts that can be corrected, as they stand.
func (s subject) fields() []chat.Field {
	if s.event == nil {
		return []chat.Field{
			{Name: "title", Label: "Title", Value: s.story.Title, Required: true},
			{Name: "overview", Label: "Overview", Summary: "[^name] cites a source of the story.", Value: s.story.Overview, Long: true, Required: true},
		}
	}
	return []chat.Field{
		{Name: "title", Label: "Title", Value: s.event.Title, Required: true},
		{Name: "date", Label: "Date", Summary: "2025, 2025-11 or 2025-11-21; 2025-11~ is about then, 2025-03/2025-06 from one to the other.", Value: s.event.Date.String(), Required: true},
		{Name: "detail", Label: "Detail", Summary: "[^name] cites a source of the story.", Value: s.event.Detail, Long: true},
	}
}

// labelOf is what a field is called to people.
func labelOf(name string) string { return capital(name) }

// fits says whether a form can begin with the field as it stands.
func fits(f chat.Field) bool {
	return utf8.RuneCountInString(f.Value) <= chat.MaxFieldText && (f.Long || !strings.ContainsAny(f.Value, "\r\n"))
}

// suggestForm asks for the right texts, beginning with those that stand, or with what
// was written before.
func (b *Bot) suggestForm(q *question, s subject, written map[string]string) chat.Reply {
	fields := s.fields()
	form := &chat.Form{Title: "Suggest a correction", Submit: "Send to the editors"}
	var left []string
	for _, f := range fields {
		if text, ok := written[f.Name]; ok {
			f.Value = text
		}
		if !fits(f) {
			left = append(left, strings.ToLower(f.Label))
			continue
		}
		form.Fields = append(form.Fields, f)
	}
	form.Fields = append(form.Fields, chat.Field{
		Name: whyField, Label: "Why, or where can it be checked?", Summary: "An address or words. This is enough, if you change nothing above.",
		Value: written[whyField], Long: true, Required: true,
	})
	about := "“" + shorten(s.title(), 120) + "”"
	if s.event != nil {
		about += ", " + s.event.Date.Words()
	}
	form.Lead = chat.Plainly(about + ". Correct what is wrong. The editors decide: nothing changes by itself.")
	if len(q.Asker) > 0 {
		form.Lead = append(form.Lead, chat.Span{Text: " They see your address, "}, chat.Span{Text: q.Asker[0], Style: chat.Code}, chat.Span{Text: "."})
	}
	if left != nil {
		form.Lead = append(form.Lead, chat.Span{Text: " The " + listed(left) + " is too long for a form: say below what is wrong there."})
	}
	call := chat.NewCall("suggest", s.story.ID, idOf(s)+sealMark+seal(fields))
	return chat.Reply{
		Card: chat.Card{Title: form.Title, URL: b.page(s.story), Lead: form.Lead},
		Form: form, Call: call.String(),
	}
}

func idOf(s subject) string {
	_, id := s.place()
	return id
}

// sealMark stands in a call between the id of an event, none of which has it, and the
// seal of what was shown of it.
const (
	sealMark   = "@"
	sealLength = 4 // characters for each field
)

// seal tells two states of the fields apart, each by itself. It travels with the form,
// so that what the editors changed while somebody wrote is not taken for what she wants
// to be as it was.
func seal(fields []chat.Field) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(sealOf(f, f.Value))
	}
	return b.String()
}

func sealOf(f chat.Field, text string) string {
	sum := sha256.Sum256([]byte(cleaned(f, text)))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:sealLength]
}

// cleaned is a text as the brief has it: without what cannot be shown, and white space
// as a brief is read.
func cleaned(f chat.Field, text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == '\uFEFF' {
			return -1
		}
		return r
	}, text)
	if !f.Long {
		return strings.Join(strings.Fields(text), " ")
	}
	return strings.TrimSpace(text)
}

// compare tells what was written from what stands. Moved are the fields of which both
// the one who wrote and the editors changed what was shown.
func compare(now []chat.Field, seen string, filled map[string]string) (changes []digest.SuggestedField, moved []string) {
	sealed := len(seen) == sealLength*len(now)
	for i, f := range now {
		text, given := filled[f.Name]
		text, stands := cleaned(f, text), cleaned(f, f.Value)
		if !given || text == stands {
			continue
		}
		if sealed {
			was := seen[i*sealLength:][:sealLength]
			if sealOf(f, text) == was {
				continue // nobody touched it
			}
			if sealOf(f, stands) != was {
				moved = append(moved, f.Name)
			}
		}
		changes = append(changes, digest.SuggestedField{Name: f.Name, Before: stands, After: text})
	}
	return changes, moved
}

// takeSuggestion keeps what was written in the form and has the operators told.
func (b *Bot) takeSuggestion(ctx context.Context, q *question, s subject, seen string) (chat.Reply, error) {
	o := b.original(ctx, s)
	now := o.subject.fields()
	changes, moved := compare(now, seen, q.Filled)
	if moved != nil {
		return b.movedReply(q, o.subject, changes, moved), nil
	}
	p := digest.Proposal{Title: s.title(), Fields: changes, Reason: cleaned(chat.Field{Long: true}, q.Filled[whyField])}
	problem, err := wrongIn(o.subject, changes, p.Reason)
	if err != nil {
		return chat.Reply{}, err
	}
	if problem != "" {
		return b.askAgain(q, s, "Please check what you wrote", problem), nil
	}
	draft := o.draft(changes)
	p.Path, p.Line, p.Unpatched = o.path, draft.line, draft.without
	made := digest.Suggestion{
		Key: q.Where.Platform + ":" + q.ID, Asker: askerOf(*q.Invocation), Where: q.Where, Story: s.story.ID, Item: s.item(), Proposal: p,
	}
	if q.ID == "" {
		made.Key = q.Where.Platform + ":" + rand.Text()
	}
	if draft.after != nil {
		made.Patch = b.patch(ctx, o, draft, made, q.now)
		made.Patched = made.Patch != nil
	}
	kept, err := b.ledger.Suggest(ctx, made)
	var many *digest.TooMany
	if errors.As(err, &many) {
		card := b.tooMany(many)
		card.Items = writtenItems(changes, p.Reason)
		return chat.Reply{Card: card, Unshared: true}, nil
	}
	if err != nil {
		return chat.Reply{}, fmt.Errorf("keeping a suggestion: %w", err)
	}
	b.log.InfoContext(ctx, "a correction was suggested", "suggestion", kept.ID, "story", kept.Story, "item", kept.Item)
	b.tellSuggestions(ctx)
	return b.reply(ctx, q, s.story, thanks(kept)), nil
}

// wrongIn says what of the texts can be in no brief; empty if nothing.
func wrongIn(s subject, changes []digest.SuggestedField, reason string) (string, error) {
	if !strings.ContainsFunc(reason, unicode.IsGraphic) {
		return "Say why, or where it can be checked.", nil
	}
	for _, c := range changes {
		switch n := utf8.RuneCountInString(c.After); {
		case c.Name == "date":
			if _, err := brief.ParseDate(c.After); err != nil {
				return "The date: " + sentence(err.Error()), nil
			}
		case c.Name == "title" && n > maxSuggestedTitle && n > utf8.RuneCountInString(c.Before):
			return fmt.Sprintf("The title has %d characters, and may have %d.", n, maxSuggestedTitle), nil
		}
	}
	return wouldBreak(s, changes)
}

// askAgain says what is wrong with what was written, and shows the form with it.
func (b *Bot) askAgain(q *question, s subject, title, problem string) chat.Reply {
	reply := b.suggestForm(q, s, q.Filled)
	reply.Card = trouble(title, problem+" Nothing was sent.")
	changes, _ := compare(s.fields(), "", q.Filled)
	reply.Card.Items = writtenItems(changes, q.Filled[whyField])
	return reply
}

// movedReply says what was changed by the editors while somebody wrote, and shows the
// form with what she wrote, beside what stands now.
func (b *Bot) movedReply(q *question, s subject, changes []digest.SuggestedField, moved []string) chat.Reply {
	written := map[string]string{whyField: q.Filled[whyField]}
	for _, c := range changes {
		written[c.Name] = c.After
	}
	reply := b.suggestForm(q, s, written)
	reply.Card = trouble("It has changed meanwhile",
		"The editors have changed the "+listed(moved)+" since you opened the form, so nothing was sent. Look at what stands now; if it is still wrong, send what you wrote.")
	reply.Card.Items = writtenItems(changes, q.Filled[whyField])
	return reply
}

// writtenItems are what somebody wrote in a form, so that she need not write it again.
func writtenItems(changes []digest.SuggestedField, reason string) []chat.Item {
	items := make([]chat.Item, 0, len(changes)+1)
	for _, c := range changes {
		items = append(items, chat.Item{ID: c.Name, Head: chat.Styled(labelOf(c.Name), chat.Bold), Body: lines(
			labelled("Stands:", excerpt(chat.Plainly(orNone(c.Before)), newsCost)), labelled("You wrote:", excerpt(chat.Plainly(orNone(c.After)), pageCost/2)))})
	}
	if reason != "" {
		items = append(items, chat.Item{ID: whyField, Head: chat.Styled("Why", chat.Bold), Body: excerpt(chat.Plainly(reason), pageCost/2)})
	}
	return items
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// tooMany says when somebody may suggest something again.
func (b *Bot) tooMany(e *digest.TooMany) chat.Card {
	who := "You have suggested a lot of late."
	if e.Everyone {
		who = "A great deal was suggested of late."
	}
	zone := zoneOf(b.current().Timezone)
	// To the minute, and not before.
	until := e.Until.Add(time.Minute - 1).Truncate(time.Minute)
	return trouble("Please wait a little", who+" The next suggestion is taken from "+momentWords(until, zone)+" on.")
}

// thanks says that a suggestion is on its way to those who decide.
func thanks(s digest.Suggestion) chat.Card {
	card := chat.Card{
		Title: fmt.Sprintf("Suggestion %d is with the editors", s.ID),
		Lead:  chat.Plainly("Thank you. Nothing changes by itself: the editors look at it first."),
		Items: []chat.Item{{ID: "changes", Head: chat.Styled(s.Title, chat.Bold), Body: lines(fieldTexts(s.Fields)...)}},
	}
	if len(s.Fields) == 0 {
		card.Lead = append(card.Lead, chat.Span{Text: " You changed no text, so they get your words alone."})
	}
	card.Items = append(card.Items, chat.Item{ID: whyField, Head: chat.Styled("Why", chat.Bold), Body: excerpt(chat.Plainly(s.Reason), newsCost)})
	if section, id, ok := strings.Cut(s.Item, "/"); ok && section == "timeline" {
		card.Actions = [][]chat.Action{{{Label: "Event", Call: chat.NewCall("event", s.Story, id).String()}}}
	}
	return card
}
