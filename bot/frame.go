package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/prose"
)

// A section is a part of a dossier with a command of its own.
type section struct {
	command string
	label   string
	exists  func(*brief.Dossier) bool
}

// sections returns the sections that d has, in the order of their buttons.
func sections(d *brief.Dossier) []section {
	return slices.DeleteFunc(allSections(), func(s section) bool { return !s.exists(d) })
}

func allSections() []section {
	always := func(*brief.Dossier) bool { return true }
	return []section{
		{"overview", "Overview", always},
		{"timeline", "Timeline", always},
		{"people", "People", func(d *brief.Dossier) bool { return len(d.People) > 0 }},
		{"organizations", "Organizations", func(d *brief.Dossier) bool { return len(d.Organizations) > 0 }},
		{"indicators", "Indicators", func(d *brief.Dossier) bool { return len(d.Indicators) > 0 }},
		{"scenarios", "Scenarios", func(d *brief.Dossier) bool { return len(d.Scenarios) > 0 }},
		{"history", "History", func(d *brief.Dossier) bool { return len(d.History) > 0 }},
		{"sources", "Sources", func(d *brief.Dossier) bool { return len(d.Sources) > 0 }},
	}
}

// sectionRows are the buttons to every section of d; that of the current one is
// marked.
func sectionRows(d *brief.Dossier, current string) [][]chat.Action {
	var actions []chat.Action
	for _, s := range sections(d) {
		actions = append(actions, chat.Action{
			Label:   s.label,
			Call:    chat.NewCall(s.command, d.ID).String(),
			Current: s.command == current,
		})
	}
	return rows(actions, chat.MaxRow)
}

// rows lays actions out in as few rows of at most width as there can be, of about
// equal length.
func rows(actions []chat.Action, width int) [][]chat.Action {
	if len(actions) == 0 {
		return nil
	}
	n := (len(actions) + width - 1) / width
	return slices.Collect(slices.Chunk(actions, (len(actions)+n-1)/n))
}

// frame puts around a card what stands around every answer about d: its title,
// how old it is, and buttons to all its sections.
func (b *Bot) frame(ctx context.Context, q *question, d *brief.Dossier, card chat.Card) chat.Card {
	if card.Title == "" {
		card.Title = titled(d, q.Call.Name)
	}
	if card.URL == "" {
		card.URL = b.page(d)
	}
	card.Note = chat.Join("\n", card.Note, b.asOf(ctx, q, d))
	for _, row := range sectionRows(d, q.Call.Name) {
		if len(card.Actions) < chat.MaxRows {
			card.Actions = append(card.Actions, row)
		}
	}
	return card
}

// titled returns the title of an answer about a section of d.
func titled(d *brief.Dossier, command string) string {
	for _, s := range allSections() {
		if s.command == command && command != "overview" {
			return d.Title + " · " + s.label
		}
	}
	return d.Title
}

// page returns the public address of d, and nothing where it has none.
func (b *Bot) page(d *brief.Dossier) string {
	if b.publicURL == "" || len(d.Audience) > 0 {
		return ""
	}
	return b.publicURL + "/stories/" + d.ID
}

// asOf says how old d is: when an editor last stood by it, or it last changed;
// whether it is past its review, and whether a newer version is held back.
func (b *Bot) asOf(ctx context.Context, q *question, d *brief.Dossier) chat.Text {
	return lines(chat.Plainly(capital(b.dated(ctx, d))), b.caution(q, d))
}

// caution says that d is past its review, or that a newer version is held back, if
// it is so.
func (b *Bot) caution(q *question, d *brief.Dossier) chat.Text {
	note := stale(d, q.now)
	if q.reader.Broken(d.ID) {
		note = lines(note, chat.Plainly("Its newest version has an error and is held back; this is the last good one."))
	}
	return note
}

// stale says that d is past its review, if it is so.
func stale(d *brief.Dossier, now time.Time) chat.Text {
	if !d.Stale(now) {
		return nil
	}
	return chat.Styled(fmt.Sprintf("This dossier is stale: it was due for review by %s.", d.ReviewBy.Words()), chat.Bold)
}

// dated says when an editor last stood by d, or else when it last changed.
func (b *Bot) dated(ctx context.Context, d *brief.Dossier) string {
	if !d.AsOf.IsZero() {
		return "as of " + d.AsOf.Words()
	}
	if changed, ok := b.lastChange(ctx, d.ID); ok {
		return "as of " + dayWords(changed) + " (last change)"
	}
	return "as-of date not given"
}

// freshness is dated, and whether d is past its review or held back.
func (b *Bot) freshness(ctx context.Context, q *question, d *brief.Dossier) string {
	words := b.dated(ctx, d)
	if d.Stale(q.now) {
		words += ", stale"
	}
	if q.reader.Broken(d.ID) {
		words += ", newest version held back"
	}
	return words
}

// asOfAll says how old the stories on a page are that shows several.
func (b *Bot) asOfAll(ctx context.Context, q *question, p page) chat.Text {
	var note chat.Text
	for i, e := range p.entries {
		if i > 0 && e.number == p.entries[i-1].number {
			continue
		}
		id, _, _ := strings.Cut(e.ID, ".")
		if d, ok := q.reader.Story(id); ok {
			note = lines(note, chat.Plainly(shorten(d.Title, 60)+": "+b.dated(ctx, d)), b.caution(q, d))
		}
	}
	return note
}

// text returns prose of d with its citations numbered as /sources numbers them.
func text(d *brief.Dossier, markdown string) chat.Text {
	return prose.Text(markdown, func(id string) (int, string, bool) {
		n, c, ok := d.Citation(id)
		if !ok {
			return 0, "", false
		}
		return n, c.URL, true
	})
}

// cited returns the numbers of the sources with these ids: “Sources: [1] [3]”.
func cited(d *brief.Dossier, ids []string) chat.Text {
	var numbers []chat.Text
	for _, id := range ids {
		if n, c, ok := d.Citation(id); ok {
			numbers = append(numbers, chat.Link(fmt.Sprintf("[%d]", n), c.URL))
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	label := "Sources: "
	if len(ids) == 1 {
		label = "Source: "
	}
	return append(chat.Plainly(label), chat.Join(" ", numbers...)...)
}

// corrected returns what an earlier version had wrong about an item, newest first.
func corrected(d *brief.Dossier, item string) chat.Text {
	var said []chat.Text
	for _, c := range newestCorrections(d) {
		if c.Item == item {
			said = append(said, correction(d, c))
		}
	}
	return lines(said...)
}

func correction(d *brief.Dossier, c brief.Correction) chat.Text {
	return append(chat.Styled("Corrected "+c.On.Words()+": ", chat.Bold), text(d, c.Text)...)
}

func newestCorrections(d *brief.Dossier) []brief.Correction {
	newest := slices.Clone(d.Corrections)
	slices.SortStableFunc(newest, func(a, b brief.Correction) int { return b.On.Compare(a.On) })
	return newest
}

// paragraphs joins texts as paragraphs.
func paragraphs(texts ...chat.Text) chat.Text { return chat.Join("\n\n", texts...) }

// lines joins texts as lines. Give it all of many at once: each call copies what it is
// given, and a dossier may have thousands.
func lines(texts ...chat.Text) chat.Text { return chat.Join("\n", texts...) }

// labelled returns t behind a bold label, and nothing if t is empty.
func labelled(label string, t chat.Text) chat.Text {
	if t.String() == "" {
		return nil
	}
	return append(chat.Styled(label+" ", chat.Bold), t...)
}
