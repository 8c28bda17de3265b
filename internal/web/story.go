package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/briefbot/briefbot/internal/brief"
)

// index lists the open stories.
func (w *Web) index(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		rw.Header().Set("Cache-Control", "no-cache")
	}
	w.page(rw, r, http.StatusOK, "index.html", struct {
		page
		Stories []storyLine
		Login   bool
	}{page{Title: "Stories", Description: "Current stories as dossiers: overview, timeline, people and sources."}, storyLines(w.options.Open().Stories()), w.options.WebToken != "" && !w.operator(r)})
}

// story shows an open story, as a page or as JSON. For any other the answer is
// the one for a name that nobody ever used.
func (w *Web) story(rw http.ResponseWriter, r *http.Request) {
	reader := w.options.Open()
	id, isJSON := strings.CutSuffix(r.PathValue("name"), ".json")
	d, ok := reader.Story(id)
	if !ok {
		w.missing(rw, r)
		return
	}
	rw.Header().Set("Cache-Control", "no-cache")
	if isJSON {
		w.storyJSON(rw, r, reader, d)
		return
	}
	key := storyKey{d, reader.Revision(), w.asOf(r, d), w.stale(d)}
	body, ok := w.stories.get(key)
	if !ok {
		var err error
		if body, err = w.render("story.html", w.storyPage(key, reader)); err != nil {
			w.broken(rw, err)
			return
		}
		w.stories.put(key, body)
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.body(rw, r, body)
}

// A storyKey is all that a story's page is made of: what the dossier says, what
// else is open, and what is said of its age.
type storyKey struct {
	dossier     *brief.Dossier
	revision    string
	asOf, stale string
}

// A storyCache keeps pages, because strangers ask for them and the largest takes a
// second to make.
type storyCache struct {
	mu    sync.Mutex
	pages map[storyKey][]byte
	size  int // of all pages, in bytes
}

// maxStoryBytes is how much is kept before all is forgotten: what is read just now.
const maxStoryBytes = 16 << 20

func (c *storyCache) get(key storyKey) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, ok := c.pages[key]
	return body, ok
}

func (c *storyCache) put(key storyKey, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pages == nil || c.size+len(body) > maxStoryBytes {
		c.pages, c.size = make(map[storyKey][]byte), 0
	}
	if _, ok := c.pages[key]; !ok {
		c.pages[key] = body
		c.size += len(body)
	}
}

// storyJSON answers with the dossier, without naming what its reader may not see.
func (w *Web) storyJSON(rw http.ResponseWriter, r *http.Request, reader *brief.Reader, d *brief.Dossier) {
	open := *d
	open.Related = nil
	for _, other := range reader.Related(d) {
		open.Related = append(open.Related, other.ID)
	}
	body, err := json.MarshalIndent(open, "", "  ")
	if err != nil {
		w.broken(rw, fmt.Errorf("encoding the story %s: %w", d.ID, err))
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	w.body(rw, r, append(body, '\n'))
}

// A storyPage is a dossier as a page shows it: every text split into blocks,
// every date in words, every reference resolved.
type storyPage struct {
	page
	ID            string
	Heading       string
	Subtitle      string
	Status        brief.Status
	Tags          []string
	AsOf, Stale   string
	Overview      []node
	Indicators    []indicatorView
	Events        []eventView // newest first
	People        []partyView
	Organizations []partyView
	Scenarios     []scenarioView
	History       []caseView
	Corrections   []correctionView
	Sources       []sourceView
	Related       []storyLine
	Sections      []section
}

// A section is a part of the page that can be gone to.
type section struct{ ID, Name string }

func (w *Web) storyPage(key storyKey, reader *brief.Reader) storyPage {
	d := key.dossier
	v := storyView{d}
	p := storyPage{
		page: page{Title: d.Title, Description: summary(d), Language: d.Language},
		ID:   d.ID, Heading: d.Title, Subtitle: d.Subtitle, Status: d.Status, Tags: d.Tags,
		AsOf: key.asOf, Stale: key.stale,
		Overview: v.prose(d.Overview), Indicators: v.indicators(), Events: v.events(),
		People: v.people(), Organizations: v.organizations(), Scenarios: v.scenarios(),
		History: v.history(), Corrections: v.corrections(), Sources: v.sources(),
	}
	p.Related = storyLines(reader.Related(d))
	for _, s := range []struct {
		section
		items int
	}{
		{section{"overview", "Overview"}, 1}, {section{"indicators", "Indicators"}, len(p.Indicators)},
		{section{"timeline", "Timeline"}, len(p.Events)}, {section{"people", "People"}, len(p.People)},
		{section{"organizations", "Organizations"}, len(p.Organizations)}, {section{"scenarios", "Scenarios"}, len(p.Scenarios)},
		{section{"history", "Earlier cases"}, len(p.History)}, {section{"corrections", "Corrections"}, len(p.Corrections)},
		{section{"sources", "Sources"}, len(p.Sources)}, {section{"related", "Related"}, len(p.Related)},
	} {
		if s.items > 0 {
			p.Sections = append(p.Sections, s.section)
		}
	}
	return p
}

// asOf says when the text was last stood by, or else when it last changed.
func (w *Web) asOf(r *http.Request, d *brief.Dossier) string {
	if !d.AsOf.IsZero() {
		return "As of " + d.AsOf.Words()
	}
	if w.options.LastChange == nil {
		return ""
	}
	at, ok, err := w.options.LastChange(r.Context(), d.ID)
	if err != nil {
		w.options.Logger.Warn("asking when a story last changed", "story", d.ID, "error", err)
	}
	if err != nil || !ok {
		return ""
	}
	return "Last changed on " + at.UTC().Format("2 January 2006")
}

// stale says that the date is past by which the text was to be looked at again.
func (w *Web) stale(d *brief.Dossier) string {
	if !d.Stale(w.options.Now()) {
		return ""
	}
	return fmt.Sprintf("This dossier was due for review by %s and may be out of date.", d.ReviewBy.Words())
}

// summary describes the story in a line, for those who list the page.
func summary(d *brief.Dossier) string {
	if d.Subtitle != "" {
		return d.Subtitle
	}
	text := strings.Join(strings.Fields(plainText(storyView{d}.prose(d.Overview))), " ")
	const most = 160
	if len(text) <= most {
		return text
	}
	cut := strings.LastIndexByte(text[:most], ' ')
	return strings.ToValidUTF8(text[:max(cut, 0)], "") + "…"
}

// A storyView makes the parts of a story's page.
type storyView struct{ d *brief.Dossier }

func (v storyView) prose(markdown string) []node {
	return proseNodes(markdown, func(id string) (int, bool) {
		n, _, ok := v.d.Citation(id)
		return n, ok
	})
}

// A citeView is a reference to a source of the page.
type citeView struct {
	Number int
	ID     string
	Name   string
}

func (v storyView) cites(ids []string) []citeView {
	var cites []citeView
	for _, id := range ids {
		if n, c, ok := v.d.Citation(id); ok {
			cites = append(cites, citeView{n, id, c.Name()})
		}
	}
	slices.SortFunc(cites, func(a, b citeView) int { return a.Number - b.Number })
	return cites
}
