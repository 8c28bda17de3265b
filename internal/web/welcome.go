package web

import (
	"github.com/briefbot/briefbot/internal/brief"
)

// A page is what every page has.
type page struct {
	Title       string // before the product's name
	Description string
	Language    string
	Wide        bool // the preview's layout
}

// A welcome is what stands where the conversation begins.
type welcome struct {
	Try     []try
	Stories []storyLine
	Missing []Pane // services that the bot is not connected to
}

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

func (w *Web) welcome() welcome {
	wel := welcome{Stories: w.lines()}
	story := ""
	if len(wel.Stories) > 0 {
		story = " " + wel.Stories[0].ID
	}
	wel.Try = []try{
		{"/stories", "every story"},
		{"/overview" + story, "one at a glance"},
		{"/timeline" + story, "newest first"},
		{"/scenarios" + story, "what may come"},
		{"/subscribe all immediate", "get digests here"},
		{"/help", "all commands"},
	}
	for _, p := range w.options.Panes {
		if !p.Live {
			wel.Missing = append(wel.Missing, p)
		}
	}
	return wel
}

// lines returns the stories that anyone may read.
func (w *Web) lines() []storyLine {
	var lines []storyLine
	for _, d := range w.options.Open().Stories() {
		lines = append(lines, storyLine{
			ID: d.ID, Title: d.Title, Subtitle: d.Subtitle, Status: d.Status,
			Events: len(d.Timeline), AsOf: d.AsOf.Words(), Language: d.Language,
		})
	}
	return lines
}
