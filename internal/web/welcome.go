package web

import (
	"context"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
)

// A page is what every page has.
type page struct {
	Title       string // before the product's name
	Description string
	Language    string
	Wide        bool // the preview's layout
	Inbox       bool // there is a page of suggestions
}

// A welcome is what stands where the conversation begins.
type welcome struct {
	Try     []try
	Stories []storyLine // the first of those that are open
	Open    int         // all of them
	More    int         // those not shown
	// Closed are further stories that the operator may ask for and others may not.
	Closed  []storyLine
	Missing []Pane // services that the bot is not connected to
}

// maxWelcome is how many stories the welcome lists.
const maxWelcome = 12

// A try is a question worth asking first.
type try struct{ Line, What string }

// A storyLine is a story in a list.
type storyLine struct {
	ID, Title, Subtitle string
	Status              brief.Status
	Events              int
	AsOf                string
	Language            string
}

func (w *Web) welcome(ctx context.Context) welcome {
	all := w.options.Open().Stories()
	wel := welcome{Stories: storyLines(all[:min(len(all), maxWelcome)]), Open: len(all), More: max(0, len(all)-maxWelcome)}
	wel.Closed = w.closed(ctx, all)
	story := ""
	if first := slices.Concat(wel.Stories, wel.Closed); len(first) > 0 {
		story = " " + first[0].ID
	}
	wel.Try = []try{{"/stories", "every story"}, {"/overview" + story, "one at a glance"}, {"/timeline" + story, "newest first"}}
	if i := slices.IndexFunc(all, func(d *brief.Dossier) bool { return len(d.Scenarios) > 0 }); i >= 0 {
		wel.Try = append(wel.Try, try{"/scenarios " + all[i].ID, "what may come"})
	}
	wel.Try = append(wel.Try, try{"/subscribe all immediate", "get digests here"}, try{"/help", "all commands"})
	for _, p := range w.options.Panes {
		if !p.Live {
			wel.Missing = append(wel.Missing, p)
		}
	}
	return wel
}

// closed returns the stories that the bot offers to the operator but that are not
// open.
func (w *Web) closed(ctx context.Context, open []*brief.Dossier) []storyLine {
	const line = "/overview "
	var stories []storyLine
	for _, c := range w.host.CompleteLine(ctx, w.invocation(line), line) {
		id := strings.TrimPrefix(c.Value, line)
		isOpen := slices.ContainsFunc(open, func(d *brief.Dossier) bool { return d.ID == id })
		if !isOpen && !strings.ContainsAny(id, "= ") && len(stories) < maxWelcome {
			stories = append(stories, storyLine{ID: id, Title: c.Label})
		}
	}
	return stories
}

// storyLines returns stories as they stand in a list.
func storyLines(stories []*brief.Dossier) []storyLine {
	var lines []storyLine
	for _, d := range stories {
		lines = append(lines, storyLine{
			ID: d.ID, Title: d.Title, Subtitle: d.Subtitle, Status: d.Status,
			Events: len(d.Timeline), AsOf: d.AsOf.Words(), Language: d.Language,
		})
	}
	return lines
}
