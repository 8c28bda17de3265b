package bot

import (
	"context"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/spelling"
)

// maxChoice is how many code points a choice's label, and its value, may have.
const maxChoice = 100

// knowsStory reports whether word names a story that the asker may see.
func (b *Bot) knowsStory(_ context.Context, who *chat.Invocation, word string) bool {
	_, ok := b.reader(who).Resolve(word)
	return ok
}

func (b *Bot) knowsStoryOrAll(ctx context.Context, who *chat.Invocation, word string) bool {
	return strings.EqualFold(word, everyStory) || b.knowsStory(ctx, who, word)
}

// defaultStory is the story meant where none is named: the conversation's own, or
// the only one there is. What the asker may not see is nobody's default.
func (b *Bot) defaultStory(ctx context.Context, who *chat.Invocation) string {
	reader := b.reader(who)
	if !who.Local {
		id, err := b.ledger.Default(ctx, who.Where)
		if err != nil {
			b.log.ErrorContext(ctx, "reading a default story", "where", who.Where.String(), "error", err)
		}
		if _, ok := reader.Story(id); ok {
			return id
		}
	}
	if all := reader.Stories(); len(all) == 1 {
		return all[0].ID
	}
	return ""
}

func (b *Bot) completeStory(_ context.Context, who *chat.Invocation, typed string) []chat.Choice {
	found := b.reader(who).Find(typed, chat.MaxChoices)
	all := make([]chat.Choice, len(found))
	for i, d := range found {
		all[i] = chat.Choice{Label: shorten(d.Title, maxChoice), Value: d.ID}
	}
	return all
}

func (b *Bot) completeStoryOrAll(ctx context.Context, who *chat.Invocation, typed string) []chat.Choice {
	found := b.completeStory(ctx, who, typed)
	if strings.HasPrefix(everyStory, spelling.Fold(typed)) {
		found = append([]chat.Choice{{Label: "All stories", Value: everyStory}}, found...)
	}
	return found[:min(len(found), chat.MaxChoices)]
}

func (b *Bot) completeTag(_ context.Context, who *chat.Invocation, typed string) []chat.Choice {
	var tags []string
	for _, d := range b.reader(who).Stories() {
		tags = append(tags, d.Tags...)
	}
	return matching(unique(tags), typed)
}

// asked is the story that the options given so far are about.
func (b *Bot) asked(ctx context.Context, who *chat.Invocation) (*brief.Dossier, bool) {
	word := who.Arg("story")
	if word == "" {
		word = b.defaultStory(ctx, who)
	}
	return b.reader(who).Resolve(word)
}

func (b *Bot) completeKind(ctx context.Context, who *chat.Invocation, typed string) []chat.Choice {
	d, ok := b.asked(ctx, who)
	if !ok {
		return nil
	}
	var kinds []string
	for _, e := range d.Timeline {
		kinds = append(kinds, e.Kind)
	}
	return matching(unique(kinds), typed)
}

// completeEvent offers events, newest first, by title, id or date.
func (b *Bot) completeEvent(ctx context.Context, who *chat.Invocation, typed string) []chat.Choice {
	d, ok := b.asked(ctx, who)
	if !ok {
		return nil
	}
	want := spelling.Fold(typed)
	var found []chat.Choice
	for _, e := range d.NewestFirst() {
		label := e.Date.Words() + ": " + e.Title
		if strings.Contains(spelling.Fold(label), want) || strings.Contains(spelling.Fold(e.ID), want) {
			found = append(found, chat.Choice{Label: shorten(label, maxChoice), Value: e.ID})
		}
	}
	return found[:min(len(found), chat.MaxChoices)]
}

// completeMember offers the people or the organizations of the story asked about,
// or of all, by name and alias.
func (b *Bot) completeMember(command string) func(context.Context, *chat.Invocation, string) []chat.Choice {
	return func(ctx context.Context, who *chat.Invocation, typed string) []chat.Choice {
		stories := b.reader(who).Stories()
		if d, ok := b.asked(ctx, who); ok {
			stories = []*brief.Dossier{d}
		}
		want := spelling.Fold(typed)
		var names []string
		for _, d := range stories {
			for _, n := range memberNames(d, command) {
				if slices.ContainsFunc(n, func(s string) bool { return strings.Contains(spelling.Fold(s), want) }) {
					names = append(names, n[0])
				}
			}
		}
		return matching(unique(names), "")
	}
}

// memberNames are the names of the people or organizations of d, each first in a
// list with its aliases.
func memberNames(d *brief.Dossier, command string) [][]string {
	var names [][]string
	if command == "people" {
		for _, p := range d.People {
			names = append(names, append([]string{p.Name}, p.Aliases...))
		}
		return names
	}
	for _, o := range d.Organizations {
		names = append(names, append([]string{o.Name}, o.Aliases...))
	}
	return names
}

// unique returns the words that are not empty, once each, in the order in which
// they first come.
func unique(words []string) []string {
	seen := make(map[string]bool)
	var once []string
	for _, w := range words {
		if w != "" && !seen[spelling.Fold(w)] {
			seen[spelling.Fold(w)] = true
			once = append(once, w)
		}
	}
	return once
}

// matching offers those of words that contain what was typed, first those that
// begin with it. A word too long to be a value is not offered.
func matching(words []string, typed string) []chat.Choice {
	want := spelling.Fold(typed)
	var first, rest []chat.Choice
	for _, w := range words {
		if len([]rune(w)) > maxChoice {
			continue
		}
		switch c := (chat.Choice{Label: w, Value: w}); {
		case strings.HasPrefix(spelling.Fold(w), want):
			first = append(first, c)
		case strings.Contains(spelling.Fold(w), want):
			rest = append(rest, c)
		}
	}
	all := append(first, rest...)
	return all[:min(len(all), chat.MaxChoices)]
}

func completeSchedule(_ context.Context, _ *chat.Invocation, typed string) []chat.Choice {
	return matching([]string{
		"immediate", "hourly", "daily 08:00", "daily 18:00", "weekdays 08:00", "weekly mon 08:00", "weekly fri 16:00",
	}, typed)
}

func completeQuiet(_ context.Context, _ *chat.Invocation, typed string) []chat.Choice {
	return matching([]string{"22:00-07:00", "23:00-06:00", "20:00-08:00", "00:00-06:00"}, typed)
}

func completeZone(_ context.Context, _ *chat.Invocation, typed string) []chat.Choice {
	return matching(zones(), typed)
}

// zones are IANA zones to offer; every other one may be typed.
func zones() []string {
	return strings.Fields(`
		UTC Europe/Kyiv Europe/London Europe/Berlin Europe/Paris Europe/Warsaw Europe/Brussels Europe/Madrid
		Europe/Rome Europe/Athens Europe/Istanbul Europe/Moscow Europe/Helsinki Europe/Stockholm Europe/Oslo
		Europe/Vienna Europe/Zurich Europe/Amsterdam Europe/Lisbon Europe/Dublin Europe/Prague Europe/Budapest
		Europe/Bucharest Europe/Sofia Europe/Belgrade Europe/Vilnius Europe/Riga Europe/Tallinn Europe/Chisinau
		Europe/Minsk Europe/Copenhagen America/New_York America/Chicago America/Denver America/Los_Angeles
		America/Toronto America/Vancouver America/Mexico_City America/Bogota America/Lima America/Santiago
		America/Sao_Paulo America/Argentina/Buenos_Aires Africa/Cairo Africa/Johannesburg Africa/Lagos
		Africa/Nairobi Africa/Casablanca Asia/Jerusalem Asia/Beirut Asia/Baghdad Asia/Tehran Asia/Dubai
		Asia/Riyadh Asia/Tbilisi Asia/Yerevan Asia/Baku Asia/Almaty Asia/Tashkent Asia/Karachi Asia/Kolkata
		Asia/Dhaka Asia/Bangkok Asia/Jakarta Asia/Singapore Asia/Hong_Kong Asia/Shanghai Asia/Taipei Asia/Manila
		Asia/Seoul Asia/Tokyo Australia/Perth Australia/Sydney Pacific/Auckland`)
}
