package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// ledgerRows is how many deliveries a page lists.
const ledgerRows = 50

// ledgerRefresh is how often an open page is brought up to date: soon enough to watch
// a digest go out, and seldom enough that counting 100,000 deliveries is no load.
const ledgerRefresh = 4 * time.Second

// A ledgerPage lists deliveries.
type ledgerPage struct {
	page
	Session bool // the asker came with the token and may go
	Form    filterForm
	Found   foundView
}

// A bar is the head of the ledger's pages.
type bar struct {
	Session bool // the asker may go
	Inside  bool // the page is one of a delivery
	Inbox   bool // there is a page of suggestions
}

// A filterForm is what the list may be narrowed by, as it stands.
type filterForm struct {
	Search
	Conversation string   // as given
	Platforms    []string // to choose from
	Verbs        []verbView
	Stories      []storyLine
	Set          bool // anything but the state is set
}

// A foundView is the part of the list that is brought up to date by itself.
type foundView struct {
	Self    string // its address
	Every   string // how often
	States  []stateLink
	Rows    []deliveryView
	Fault   string // what cannot be searched for
	Empty   string // why there are no rows
	Summary string
	Older   string // addresses of other pages; empty: there is none
	Newest  string
}

// A stateLink leads to the deliveries in a state.
type stateLink struct {
	stateView
	URL     string
	Count   string // empty: not counted
	None    bool   // counted, and there are none
	Current bool
}

// ledger lists deliveries. A script asks for the part of the page that changes.
func (w *Web) ledger(rw http.ResponseWriter, r *http.Request) {
	if w.options.Ledger == nil {
		w.missing(rw, r)
		return
	}
	s, fault := readSearch(r.URL.Query())
	found, err := w.found(r.Context(), s, fault)
	if err != nil {
		w.broken(rw, err)
		return
	}
	if r.Header.Get("HX-Request") == "true" {
		w.page(rw, r, http.StatusOK, "found", found)
		return
	}
	status := http.StatusOK
	if fault != "" {
		status = http.StatusBadRequest
	}
	w.page(rw, r, status, "ledger.html", ledgerPage{
		page:    page{Title: "Ledger", Wide: true, Inbox: w.options.Suggestions != nil},
		Session: !w.private(r) && w.session(r),
		Form:    w.filterForm(r, s),
		Found:   found,
	})
}

// every says how often a page is brought up to date, as htmx reads it.
func (w *Web) every() string { return fmt.Sprintf("%dms", w.refresh.Milliseconds()) }

// readSearch reads a search from an address. Fault says what of it is none.
func readSearch(q url.Values) (s Search, fault string) {
	text := func(name string) string { return cleanLine(q.Get(name)) }
	s = Search{State: text("state"), Verb: text("verb"), Platform: text("platform"), Story: text("story"), Words: text("words"), Limit: ledgerRows + 1}
	if where := text("where"); where != "" {
		var err error
		if s.Where, err = chat.ParseConversation(where); err != nil {
			fault = fmt.Sprintf("“%s” is no conversation: write platform:id or platform:id/thread.", where)
		}
	}
	if before := q.Get("before"); before != "" {
		var err error
		if s.Before, err = strconv.ParseInt(before, 10, 64); err != nil || s.Before < 1 {
			fault = "This page of the list does not exist."
			s.Before = 0
		}
	}
	if i := slices.IndexFunc(stateViews(), func(v stateView) bool { return v.ID == s.State }); s.State != "" && i < 0 {
		fault = fmt.Sprintf("“%s” is no state of a delivery.", s.State)
	}
	if i := slices.IndexFunc(verbViews(), func(v verbView) bool { return v.ID == s.Verb }); s.Verb != "" && i < 0 {
		fault = fmt.Sprintf("“%s” is nothing that a delivery does.", s.Verb)
	}
	return s, fault
}

// address returns the address of a search.
func (s Search) address() string {
	q := make(url.Values)
	for name, value := range map[string]string{"state": s.State, "verb": s.Verb, "platform": s.Platform, "story": s.Story, "words": s.Words} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if s.Where.ID != "" {
		q.Set("where", s.Where.String())
	}
	if s.Before > 0 {
		q.Set("before", strconv.FormatInt(s.Before, 10))
	}
	if len(q) == 0 {
		return "/ledger"
	}
	return "/ledger?" + q.Encode()
}

// narrowed reports whether a search says more than a state and a platform: what the
// states are counted for.
func (s Search) narrowed() bool {
	return s.Verb != "" || s.Story != "" || s.Words != "" || s.Where.ID != ""
}

func (w *Web) found(ctx context.Context, s Search, fault string) (foundView, error) {
	v := foundView{Self: s.address(), Every: w.every(), Fault: fault}
	counts, err := w.options.Ledger.Tally(ctx, s.Platform)
	if err != nil {
		return v, fmt.Errorf("counting deliveries: %w", err)
	}
	v.States = stateLinks(s, counts)
	if fault != "" {
		return v, nil
	}
	list, err := w.options.Ledger.Deliveries(ctx, s)
	if err != nil {
		return v, fmt.Errorf("reading the ledger: %w", err)
	}
	if len(list) > ledgerRows {
		list = list[:ledgerRows]
		older := s
		older.Before = list[ledgerRows-1].ID
		v.Older = older.address()
	}
	if s.Before > 0 {
		first := s
		first.Before = 0
		v.Newest = first.address()
	}
	v.Rows = viewDeliveries(list, w.options.Now())
	v.Summary, v.Empty = summarize(v, s, counts)
	return v, nil
}

// stateLinks returns the states to choose from, with how many there are of each
// where no other filter makes that another number.
func stateLinks(s Search, counts map[string]int) []stateLink {
	chosen := s.State
	s.Before = 0
	total := 0
	for _, n := range counts {
		total += n
	}
	link := func(v stateView, n int) stateLink {
		s.State = v.ID
		l := stateLink{stateView: v, URL: s.address(), Current: v.ID == chosen}
		if !s.narrowed() {
			l.Count, l.None = thousands(n), n == 0
		}
		return l
	}
	links := []stateLink{link(stateView{Name: "All"}, total)}
	for _, v := range stateViews() {
		links = append(links, link(v, counts[v.ID]))
	}
	return links
}

// summarize says what is listed, or why nothing is.
func summarize(v foundView, s Search, counts map[string]int) (summary, empty string) {
	total := 0
	for _, n := range counts {
		total += n
	}
	switch {
	case len(v.Rows) == 0 && total == 0 && s.Platform == "" && s.Before == 0:
		return "", "Nothing was sent or planned yet. What the bot owes to conversations appears here."
	case len(v.Rows) == 0 && s.Before > 0:
		return "", "There is nothing older."
	case len(v.Rows) == 0:
		return "", "No delivery fits this."
	case v.Older == "" && v.Newest == "":
		return deliveries(len(v.Rows), ""), ""
	case v.Newest == "":
		return "The newest " + thousands(len(v.Rows)), ""
	}
	return deliveries(len(v.Rows), "older "), ""
}

// deliveries returns “1 older delivery”, “12 older deliveries”.
func deliveries(n int, which string) string {
	if n == 1 {
		return "1 " + which + "delivery"
	}
	return thousands(n) + " " + which + "deliveries"
}

func (w *Web) filterForm(r *http.Request, s Search) filterForm {
	f := filterForm{Search: s, Conversation: cleanLine(r.URL.Query().Get("where")), Verbs: verbViews(), Set: s.narrowed() || s.Platform != ""}
	for _, p := range w.options.Panes {
		f.Platforms = append(f.Platforms, slug(p.Name))
	}
	f.Platforms = append(f.Platforms, platformName)
	if s.Platform != "" && !slices.Contains(f.Platforms, s.Platform) {
		f.Platforms = append(f.Platforms, s.Platform)
	}
	open := w.options.Open().Stories()
	f.Stories = append(storyLines(open), w.closed(r.Context(), open)...)
	return f
}

// A deliveryPage is all that is known of a delivery.
type deliveryPage struct {
	page
	Session bool
	Facts   factsView
	Panes   []paneView
	Changes []changeView
	About   []deliveryView
	Said    string // what became of what was asked for
	Refused string // why that was not done
}

// A factsView is the part of a delivery's page that is brought up to date by
// itself.
type factsView struct {
	deliveryView
	Every       string // how often
	URL         string // of the message
	Steps       []step
	ListAddress string // of the deliveries to its conversation
	Retry, Skip string // what pressing does; empty: not now
	RetryURL    string
	SkipURL     string
}

// delivery shows all that is known of one.
func (w *Web) delivery(rw http.ResponseWriter, r *http.Request) {
	w.showDelivery(rw, r, http.StatusOK, "")
}

func (w *Web) showDelivery(rw http.ResponseWriter, r *http.Request, status int, refused string) {
	id, ok := w.deliveryID(r)
	if !ok {
		w.missing(rw, r)
		return
	}
	a, err := w.options.Ledger.Delivery(r.Context(), id)
	if errors.Is(err, ErrNoDelivery) {
		w.missing(rw, r)
		return
	}
	if err != nil {
		w.broken(rw, fmt.Errorf("reading a delivery: %w", err))
		return
	}
	facts := w.facts(a)
	if r.Header.Get("HX-Request") == "true" {
		w.page(rw, r, http.StatusOK, "deliveryfacts", facts)
		return
	}
	p := deliveryPage{
		page:    page{Title: "Delivery " + thousands(int(id)), Wide: true, Inbox: w.options.Suggestions != nil},
		Session: !w.private(r) && w.session(r),
		Facts:   facts, Changes: viewChanges(a.Changes, w.options.Now()), About: viewDeliveries(a.About, w.options.Now()), Refused: refused,
	}
	switch r.URL.Query().Get("done") {
	case "retry":
		p.Said = "It is sent again as soon as its turn comes."
	case "skip":
		p.Said = "It is skipped and will not be sent."
	}
	if a.Verb != "pin" && a.Verb != "unpin" {
		p.Panes = w.specimens(a)
	}
	w.page(rw, r, status, "delivery.html", p)
}

// deliveryID returns the number of the delivery that an address names.
func (w *Web) deliveryID(r *http.Request) (int64, bool) {
	if w.options.Ledger == nil {
		return 0, false
	}
	name := r.PathValue("id")
	id, err := strconv.ParseInt(name, 10, 64)
	return id, err == nil && id > 0 && strconv.FormatInt(id, 10) == name
}

func (w *Web) facts(a Account) factsView {
	now := w.options.Now()
	base := "/ledger/" + strconv.FormatInt(a.ID, 10)
	f := factsView{
		deliveryView: viewDelivery(a.Delivery, now), Every: w.every(), URL: a.URL,
		Steps: steps(a, now), RetryURL: base + "/retry", SkipURL: base + "/skip",
		ListAddress: Search{Where: a.Where}.address(),
	}
	switch a.State {
	case "waiting":
		f.Skip = "It is then not sent at all, nor is what waits for its message."
		if a.Suspended == "" {
			f.Retry = "It is then tried at once."
		}
	case "unconfirmed":
		f.Retry = "It may have been posted already: it may then stand there twice."
	case "refused", "moot", "skipped":
		f.Retry = "It is then tried from the beginning."
	}
	return f
}

// specimens shows the card of a delivery as the services show it, that of its
// platform first. Its buttons are for looking at.
func (w *Web) specimens(a Account) []paneView {
	var panes []paneView
	for _, p := range w.options.Panes {
		v := w.pane(p, entry{Card: a.Card})
		at := a.Sent
		if at.IsZero() {
			at = a.Planned
		}
		if day := at.UTC().Format("2 January 2006"); day != w.options.Now().UTC().Format("2 January 2006") {
			v.Day = day
		}
		v.Entry, v.Clock, v.Time = "delivery", at.UTC().Format("15:04"), at.UTC().Format("2006-01-02T15:04:05Z07:00")
		v.wire(a.Card, false)
		for _, b := range v.buttons() {
			b.Disabled = true
		}
		panes = append(panes, v)
	}
	slices.SortStableFunc(panes, func(x, y paneView) int {
		return strings.Compare(first(y.Slug == a.Where.Platform), first(x.Slug == a.Where.Platform))
	})
	return panes
}

// first orders what is true before what is not, in descending order.
func first(yes bool) string {
	if yes {
		return "1"
	}
	return "0"
}

// retry has a delivery sent again, and skip has it not sent.
func (w *Web) retry(rw http.ResponseWriter, r *http.Request) {
	w.settle(rw, r, "retry", func(l Ledger, id int64) error { return l.Retry(r.Context(), id) })
}

func (w *Web) skip(rw http.ResponseWriter, r *http.Request) {
	w.settle(rw, r, "skip", func(l Ledger, id int64) error { return l.Skip(r.Context(), id) })
}

// settle does what an operator wants with a delivery and shows it again, with what
// became of that.
func (w *Web) settle(rw http.ResponseWriter, r *http.Request, what string, do func(Ledger, int64) error) {
	id, ok := w.deliveryID(r)
	if !ok {
		w.missing(rw, r)
		return
	}
	err := do(w.options.Ledger, id)
	var refusal *Refusal
	switch {
	case err == nil:
		w.options.Logger.Info("an operator changed a delivery", "delivery", id, "wanted", what)
		http.Redirect(rw, r, "/ledger/"+strconv.FormatInt(id, 10)+"?done="+what, http.StatusSeeOther)
	case errors.Is(err, ErrNoDelivery):
		w.missing(rw, r)
	case errors.As(err, &refusal):
		w.showDelivery(rw, r, http.StatusConflict, refusal.Why)
	default:
		w.broken(rw, fmt.Errorf("changing a delivery: %w", err))
	}
}
