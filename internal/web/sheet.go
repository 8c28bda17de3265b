package web

import (
	"fmt"
	"html/template"
	"log/slog"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// OtherColours is the fragment of the address of a sheet's page that shows it in the other
// colours of the service: Discord on light ground, Telegram on dark.
const OtherColours = "other"

// A Sheet shows cards as the preview does, on pages that need nothing beside themselves:
// for a report, or for a picture of one.
type Sheet struct {
	web *Web
}

// NewSheet returns a sheet that shows these services.
func NewSheet(panes []Pane) (*Sheet, error) {
	w := &Web{options: Options{Panes: panes, Logger: slog.New(slog.DiscardHandler)}}
	var err error
	if w.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if w.pages, err = parsePages(w.assets); err != nil {
		return nil, err
	}
	return &Sheet{web: w}, nil
}

// A Reading is a card as one service would get it.
type Reading struct {
	Service  string
	Text     string   // what can be read in the requests, in the service's own markup
	Messages int      // how many requests there are
	Sizes    []string // how much of which limit is used
	Cut      []string // what is left out or shortened
	Faults   []string // what the service would refuse
}

// Read returns the card as each service would get it, in the order of the panes.
func (s *Sheet) Read(c chat.Card) []Reading {
	readings := make([]Reading, 0, len(s.web.options.Panes))
	for _, p := range s.web.options.Panes {
		v := s.web.pane(p, entry{Card: c})
		readings = append(readings, Reading{v.Name, v.Text, v.Messages, v.Sizes, v.Notes, v.Faults})
	}
	return readings
}

// A Shown is a card on a page, under a caption; empty: none.
type Shown struct {
	Caption string
	Card    chat.Card
}

// Page returns an HTML page that shows cards as one service does, posted at an instant.
// The error says that there is no pane of that name.
func (s *Sheet) Page(title, service string, at time.Time, cards []Shown) ([]byte, error) {
	for _, p := range s.web.options.Panes {
		if p.Name != service {
			continue
		}
		page := sheetPage{Title: title, Slug: slug(p.Name), Other: OtherColours,
			Style: template.CSS(string(s.web.assets.files["preview.css"].body) + string(s.web.assets.files["sheet.css"].body))}
		for i, c := range cards {
			v := s.web.pane(p, entry{Card: c.Card})
			v.Entry, v.Day = fmt.Sprintf("card-%d", i+1), at.Format("2 Jan 2006")
			v.Clock, v.Time = at.Format("15:04"), at.Format(time.RFC3339)
			v.wire(c.Card, false)
			page.Entries = append(page.Entries, sheetEntry{Caption: c.Caption, Pane: v})
		}
		return s.web.render("sheet.html", page)
	}
	return nil, fmt.Errorf("showing cards: there is no pane called %q", service)
}

type sheetPage struct {
	Title   string
	Slug    string
	Other   string
	Style   template.CSS // our own
	Entries []sheetEntry
}

type sheetEntry struct {
	Caption string
	Pane    paneView
}
