package web

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// Suggestions are the corrections that readers proposed, as operators see them. They
// may be asked by many at once.
type Suggestions interface {
	// Suggestions returns what a search finds, the newest first, without patches.
	Suggestions(ctx context.Context, s SuggestionSearch) ([]Suggestion, error)
	// SuggestionCounts returns how many are in which state.
	SuggestionCounts(ctx context.Context) (map[string]int, error)
	// Suggestion returns one with its patch; ErrNoSuggestion if there is none.
	Suggestion(ctx context.Context, id int64) (Suggestion, error)
	// SettleSuggestion puts one in another state; ErrNoSuggestion if there is none.
	SettleSuggestion(ctx context.Context, id int64, state string) error
}

// ErrNoSuggestion says that there is no suggestion of that number.
var ErrNoSuggestion = errors.New("there is no such suggestion")

// A SuggestionSearch says which suggestions are wanted: those that fit every field
// which is set.
type SuggestionSearch struct {
	State, Story, Words string
	Before              int64 // the last suggestion of the page before; 0: the first page
	Limit               int   // how many at most
}

// A Suggestion is a correction that a reader proposed.
type Suggestion struct {
	ID          int64
	At          time.Time
	Asker       string // an address
	Where       chat.Conversation
	Story, Item string // the item is section/id; empty: the story as a whole
	Title       string // of what is to be corrected
	Fields      []SuggestedField
	Reason      string
	Path        string // of the brief in its repository
	Line        int    // of the first change
	Patched     bool   // there is a patch
	Unpatched   string // why there is none
	Patch       []byte
	State       string // open, taken or dismissed
	Settled     time.Time
	By          string // who settled it
}

// A SuggestedField is a text as it stands and as it should.
type SuggestedField struct{ Name, Before, After string }

// suggestionRows is how many suggestions a page lists.
const suggestionRows = 25

// A suggestionsPage lists suggestions, or shows one with its patch.
type suggestionsPage struct {
	page
	Session bool
	Search  SuggestionSearch
	States  []stateLink
	Rows    []suggestionView
	One     bool
	Patch   string // of the one
	Empty   string
	Fault   string
	Said    string
	Older   string // addresses; empty: there is none
	Newest  string
}

// A suggestionView is a suggestion as the pages show it.
type suggestionView struct {
	Suggestion
	State     stateView
	At        moment
	SettledAt moment
	Event     string // the id of the event that it is about
	File      string // the name that its patch is kept under
}

// suggestionStates returns the states of suggestions, first that of those that wait.
func suggestionStates() []stateView {
	return []stateView{
		{"open", "Open", "○", "it waits for the editors"},
		{"taken", "Taken", "●", "the brief says so now"},
		{"dismissed", "Dismissed", "×", "the editors left it"},
	}
}

func suggestionState(id string) stateView {
	for _, s := range suggestionStates() {
		if s.ID == id {
			return s
		}
	}
	return stateView{ID: "other", Name: id, Sign: "·"}
}

// suggestions lists what was suggested: what is open, where nothing else is asked for.
func (w *Web) suggestions(rw http.ResponseWriter, r *http.Request) {
	if w.options.Suggestions == nil {
		w.missing(rw, r)
		return
	}
	s, fault := readSuggestionSearch(r.URL.Query())
	p := suggestionsPage{
		page:    page{Title: "Suggested corrections", Wide: true, Inbox: true},
		Session: !w.private(r) && w.session(r), Search: s, Fault: fault,
	}
	counts, err := w.options.Suggestions.SuggestionCounts(r.Context())
	if err == nil && fault == "" {
		err = w.findSuggestions(r.Context(), &p, counts)
	}
	if err != nil {
		w.broken(rw, fmt.Errorf("reading suggestions: %w", err))
		return
	}
	p.States = suggestionLinks(s, counts)
	status := http.StatusOK
	if fault != "" {
		status = http.StatusBadRequest
	}
	w.page(rw, r, status, "suggestions.html", p)
}

func (w *Web) findSuggestions(ctx context.Context, p *suggestionsPage, counts map[string]int) error {
	search := p.Search
	if search.State == "all" {
		search.State = ""
	}
	list, err := w.options.Suggestions.Suggestions(ctx, search)
	if err != nil {
		return err
	}
	if len(list) > suggestionRows {
		list = list[:suggestionRows]
		older := p.Search
		older.Before = list[suggestionRows-1].ID
		p.Older = older.address()
	}
	if p.Search.Before > 0 {
		newest := p.Search
		newest.Before = 0
		p.Newest = newest.address()
	}
	for _, s := range list {
		p.Rows = append(p.Rows, viewSuggestion(s, w.options.Now()))
	}
	switch {
	case len(p.Rows) > 0:
	case len(counts) == 0:
		p.Empty = "Nobody has suggested a correction yet. Readers find the button under every event, and /suggest."
	case p.Search.State == "open" && p.Search.Words == "" && p.Search.Story == "":
		p.Empty = "None waits for you."
	default:
		p.Empty = "No suggestion fits this."
	}
	return nil
}

// readSuggestionSearch reads a search from an address. Fault says what of it is none.
func readSuggestionSearch(q url.Values) (s SuggestionSearch, fault string) {
	s = SuggestionSearch{State: cleanLine(q.Get("state")), Story: cleanLine(q.Get("story")), Words: cleanLine(q.Get("words")), Limit: suggestionRows + 1}
	if s.State == "" {
		s.State = "open"
	}
	if before := q.Get("before"); before != "" {
		var err error
		if s.Before, err = strconv.ParseInt(before, 10, 64); err != nil || s.Before < 1 {
			s.Before, fault = 0, "This page of the list does not exist."
		}
	}
	if s.State != "all" && !slices.ContainsFunc(suggestionStates(), func(v stateView) bool { return v.ID == s.State }) {
		fault = fmt.Sprintf("“%s” is no state of a suggestion.", s.State)
	}
	return s, fault
}

// address returns the address of a search.
func (s SuggestionSearch) address() string {
	q := make(url.Values)
	for name, value := range map[string]string{"state": s.State, "story": s.Story, "words": s.Words} {
		if value != "" && (name != "state" || value != "open") {
			q.Set(name, value)
		}
	}
	if s.Before > 0 {
		q.Set("before", strconv.FormatInt(s.Before, 10))
	}
	if len(q) == 0 {
		return "/suggestions"
	}
	return "/suggestions?" + q.Encode()
}

// suggestionLinks are the states to choose from, with how many there are of each where
// nothing else is asked for.
func suggestionLinks(s SuggestionSearch, counts map[string]int) []stateLink {
	chosen, narrowed, total := s.State, s.Words != "" || s.Story != "", 0
	for _, n := range counts {
		total += n
	}
	s.Before = 0
	var links []stateLink
	for _, v := range append(suggestionStates(), stateView{ID: "all", Name: "All"}) {
		n := counts[v.ID]
		if v.ID == "all" {
			n = total
		}
		s.State = v.ID
		l := stateLink{stateView: v, URL: s.address(), Current: v.ID == chosen}
		if !narrowed {
			l.Count, l.None = thousands(n), n == 0
		}
		links = append(links, l)
	}
	return links
}

func viewSuggestion(s Suggestion, now time.Time) suggestionView {
	v := suggestionView{Suggestion: s, State: suggestionState(s.State), At: momentOf(s.At, now), SettledAt: momentOf(s.Settled, now)}
	what := s.Story
	if section, id, ok := strings.Cut(s.Item, "/"); ok {
		what += "-" + id
		if section == "timeline" {
			v.Event = id
		}
	}
	v.File = fmt.Sprintf("suggestion-%d-%s.patch", s.ID, what)
	return v
}

// showSuggestion shows one with its patch, or where the address ends in .patch, gives the
// patch alone.
func (w *Web) showSuggestion(rw http.ResponseWriter, r *http.Request) {
	name, patch := strings.CutSuffix(r.PathValue("name"), ".patch")
	s, ok := w.suggestionOf(rw, r, name)
	if !ok {
		return
	}
	v := viewSuggestion(s, w.options.Now())
	if !patch {
		p := suggestionsPage{
			page:    page{Title: "Suggestion " + name, Wide: true, Inbox: true},
			Session: !w.private(r) && w.session(r), Rows: []suggestionView{v}, One: true, Patch: string(s.Patch),
		}
		if r.URL.Query().Has("done") {
			p.Said = "It is " + strings.ToLower(v.State.Name) + " now."
		}
		w.page(rw, r, http.StatusOK, "suggestions.html", p)
		return
	}
	if len(s.Patch) == 0 {
		http.Error(rw, fmt.Sprintf("Suggestion %d has no patch. %s", s.ID, s.Unpatched), http.StatusNotFound)
		return
	}
	rw.Header().Set("Content-Type", "text/x-patch; charset=utf-8")
	rw.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": v.File}))
	w.body(rw, r, s.Patch)
}

// suggestionOf returns the suggestion of a number, or answers that there is none.
func (w *Web) suggestionOf(rw http.ResponseWriter, r *http.Request, name string) (Suggestion, bool) {
	id, err := strconv.ParseInt(name, 10, 64)
	if w.options.Suggestions == nil || err != nil || id < 1 || strconv.FormatInt(id, 10) != name {
		w.missing(rw, r)
		return Suggestion{}, false
	}
	s, err := w.options.Suggestions.Suggestion(r.Context(), id)
	switch {
	case errors.Is(err, ErrNoSuggestion):
		w.missing(rw, r)
	case err != nil:
		w.broken(rw, fmt.Errorf("reading a suggestion: %w", err))
	}
	return s, err == nil
}

// settleSuggestion puts one in the state that the form names, and shows it.
func (w *Web) settleSuggestion(rw http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	s, ok := w.suggestionOf(rw, r, name)
	if !ok || !w.form(rw, r) {
		return
	}
	state := r.PostForm.Get("state")
	if !slices.ContainsFunc(suggestionStates(), func(v stateView) bool { return v.ID == state }) {
		http.Error(rw, "A suggestion is open, taken or dismissed.", http.StatusBadRequest)
		return
	}
	err := w.options.Suggestions.SettleSuggestion(r.Context(), s.ID, state)
	if errors.Is(err, ErrNoSuggestion) {
		w.missing(rw, r)
		return
	}
	if err != nil {
		w.broken(rw, fmt.Errorf("settling a suggestion: %w", err))
		return
	}
	w.options.Logger.Info("an operator settled a suggestion", "suggestion", s.ID, "state", state)
	http.Redirect(rw, r, "/suggestions/"+name+"?done", http.StatusSeeOther)
}
