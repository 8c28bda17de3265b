package digest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// An Entry is one delivery as operators see it.
type Entry struct {
	ID int64
	// Verb is post, reply, edit, pin or unpin; all but the first are about the message
	// of Target, another entry.
	Verb   string
	Target int64
	// State is one of States.
	State string
	Where chat.Conversation
	// Place is where the message is, or is to be, if not in Where itself: a thread.
	Place chat.Conversation
	// Digest is the number of the digest that it is part of, 0: a card of its own.
	// Form is what that digest is, and Stories are those that it tells of.
	Digest  int64
	Form    Form
	Stories []string
	Title   string // of its card
	Planned time.Time
	// Due is when it is tried next; zero: it is settled, or its conversation is
	// suspended.
	Due     time.Time
	Sent    time.Time // the first attempt; zero: none
	Settled time.Time // zero: not yet
	// Suspended says why nothing is sent to the conversation; empty: it is sent.
	Suspended string
	Attempts  int
	Doubts    int // sends that went unanswered
	Message   chat.MessageID
	Trouble   string // the last that was met, or who skipped it
	Plain     bool   // its card was refused: its text alone is sent
}

// States returns the states of deliveries: first those of what is owed, then those
// of what is settled.
func States() []string {
	return []string{waiting, sending, sent, unconfirmed, refused, withheld, moot, skipped}
}

// Verbs returns the verbs of deliveries.
func Verbs() []string { return []string{posts, replies, edits, pins, unpins} }

// A Search says which entries are wanted: those that fit every field which is set.
type Search struct {
	States, Verbs []string
	Platform      string
	Story         string            // told by its digest, or by that of its target
	Where         chat.Conversation // the conversation itself
	// Words are looked for, as they stand and in any case, in the conversation, the
	// trouble and the card.
	Words string
	// Before is the ID of the last entry of the page before; 0: the first page.
	Before int64
	// Limit is at most how many are returned; 0 or more than 500: 50.
	Limit int
}

const (
	usualEntries = 50
	mostEntries  = 500
	mostAbout    = 100
)

const (
	sqlEntryColumns = `SELECT v.id, v.verb, v.target, v.state, v.conversation, v.place, v.digest, COALESCE(g.form, ''), COALESCE(g.composition, ''),
		COALESCE(c.body, ''), v.planned_at, v.due_at, v.first_sent_at, v.settled_at, COALESCE(n.suspended, ''), v.attempts, v.doubts, v.message, v.trouble, v.plain
		FROM deliveries v LEFT JOIN deliveries t ON t.id = v.target
		LEFT JOIN digests g ON g.id = CASE WHEN v.digest > 0 THEN v.digest ELSE COALESCE(t.digest, 0) END
		LEFT JOIN cards c ON c.hash = CASE WHEN v.shown <> '' THEN v.shown ELSE v.card END
		LEFT JOIN conversations n ON n.conversation = v.conversation `
	// The lists are as ",a,b,": empty ones hold everything.
	sqlEntryFilter = `v.id < $1 AND ($2 = '' OR $2 LIKE '%,' || v.state || ',%') AND ($3 = '' OR $3 LIKE '%,' || v.verb || ',%')
		AND ($4 = '' OR v.platform = $4)
		AND ($5 = '' OR g.composition IN (SELECT composition FROM composition_changes WHERE story = $5))
		AND ($6 = '' OR LOWER(v.conversation) LIKE LOWER($6) ESCAPE '!' OR LOWER(v.trouble) LIKE LOWER($6) ESCAPE '!'
			OR CASE WHEN v.shown <> '' THEN v.shown ELSE v.card END IN (SELECT hash FROM cards WHERE LOWER(body) LIKE LOWER($7) ESCAPE '!'))
		AND ($8 = '' OR v.conversation = $8) `
	sqlEntries   = sqlEntryColumns + `WHERE ` + sqlEntryFilter + sqlEntryPage
	sqlEntryPage = `ORDER BY v.id DESC LIMIT $9`
	// What stands behind the filter names the index that is the short way: that of the
	// conversation, or that of states other than sent, which few deliveries are in.
	sqlEntriesOf   = sqlEntryColumns + `WHERE ` + sqlEntryFilter + `AND v.conversation = $8 ` + sqlEntryPage
	sqlEntriesRare = sqlEntryColumns + `WHERE ` + sqlEntryFilter +
		`AND v.state IN ('waiting', 'sending', 'unconfirmed', 'refused', 'withheld', 'moot', 'skipped') ` + sqlEntryPage
	sqlEntry = sqlEntryColumns + `WHERE v.id = $1`
	// One has a digest of its own, or that of its target.
	sqlEntryContent = `SELECT COALESCE(g.composition, ''), CASE WHEN v.verb IN ('pin', 'unpin') THEN '' ELSE COALESCE(c.body, '') END FROM deliveries v
		LEFT JOIN deliveries t ON t.id = v.target LEFT JOIN digests g ON g.id = CASE WHEN v.digest > 0 THEN v.digest ELSE COALESCE(t.digest, 0) END
		LEFT JOIN cards c ON c.hash = CASE WHEN v.shown <> '' THEN v.shown ELSE v.card END WHERE v.id = $1`
	sqlEntriesAbout = sqlEntryColumns + `WHERE v.target = $1 AND v.target > 0 ORDER BY v.id DESC LIMIT $2`
)

// Entries returns what fits a search, the newest first.
func (l *Ledger) Entries(ctx context.Context, s Search) ([]Entry, error) {
	where, query := "", sqlEntries
	switch {
	case s.Where != (chat.Conversation{}):
		where, query = s.Where.String(), sqlEntriesOf
	case len(s.States) > 0 && !slices.Contains(s.States, sent):
		query = sqlEntriesRare
	}
	before, limit := s.Before, s.Limit
	if before <= 0 {
		before = math.MaxInt64
	}
	if limit <= 0 || limit > mostEntries {
		limit = usualEntries
	}
	words, inCard := patterns(s.Words)
	found, err := l.entries(ctx, query, before, listOf(s.States), listOf(s.Verbs), s.Platform, s.Story, words, inCard, where, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("searching the deliveries: %w", err)
	}
	return found, nil
}

// listOf writes words as sqlEntryFilter reads them.
func listOf(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "," + strings.Join(words, ",") + ","
}

// patterns returns what finds words in a text, and in a card as it is kept.
func patterns(words string) (text, card string) {
	words = strings.TrimSpace(words)
	if words == "" {
		return "", ""
	}
	inside := func(s string) string {
		return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s) + "%"
	}
	kept, err := json.Marshal(words)
	if err != nil {
		kept = []byte(`"` + words + `"`)
	}
	return inside(words), inside(string(kept[1 : len(kept)-1]))
}

// entries returns what a query finds.
func (l *Ledger) entries(ctx context.Context, query string, args ...any) ([]Entry, error) {
	type row struct {
		Entry
		composition string
	}
	found, err := collect(ctx, l.read, func(scan func(...any) error) (r row, err error) {
		err = scanEntry(scan, &r.Entry, &r.composition)
		return r, err
	}, query, args...)
	if err != nil {
		return nil, l.explain(err)
	}
	told := make(map[string][]string)
	all := make([]Entry, 0, len(found))
	for _, r := range found {
		stories, known := told[r.composition]
		if !known && r.composition != "" {
			if stories, err = collect(ctx, l.read, scanOne[string], sqlStoriesTold, r.composition); err != nil {
				return nil, l.explain(err)
			}
			told[r.composition] = stories
		}
		r.Stories = stories
		all = append(all, r.Entry)
	}
	return all, nil
}

func scanEntry(scan func(...any) error, e *Entry, composition *string) error {
	var where, place, card string
	var planned, due, first, settled int64
	err := scan(&e.ID, &e.Verb, &e.Target, &e.State, &where, &place, &e.Digest, &e.Form, composition, &card,
		&planned, &due, &first, &settled, &e.Suspended, &e.Attempts, &e.Doubts, &e.Message, &e.Trouble, &e.Plain)
	if err != nil {
		return err
	}
	if e.Where, err = chat.ParseConversation(where); err == nil && place != "" {
		e.Place, err = chat.ParseConversation(place)
	}
	if err != nil {
		return err
	}
	if card != "" {
		var c struct{ Title string }
		if err := json.Unmarshal([]byte(card), &c); err != nil {
			return fmt.Errorf("reading a card: %w", err)
		}
		e.Title = c.Title
	}
	e.Planned, e.Sent, e.Settled = moment(planned), moment(first), moment(settled)
	if settled == 0 && due < never {
		e.Due = moment(due)
	}
	return nil
}

// An Account is everything that is known of an entry.
type Account struct {
	Entry
	// Card is the one that its message shows, or is owed to show. A pin has none.
	Card chat.Card
	// Changes are those that its digest tells, oldest first.
	Changes []Recorded
	// About are the entries about its message, the newest first: edits, pins and
	// replies; at most 100 of them.
	About []Entry
}

// ErrNoEntry says that there is no entry of that number: there never was, or it was
// settled so long ago that it is forgotten.
var ErrNoEntry = errors.New("there is no such entry in the ledger")

// Entry returns all of one entry; ErrNoEntry if there is none.
func (l *Ledger) Entry(ctx context.Context, id int64) (a Account, err error) {
	found, err := l.entries(ctx, sqlEntry, id)
	if err == nil && len(found) == 0 {
		return a, ErrNoEntry
	}
	if err != nil {
		return a, fmt.Errorf("reading entry %d: %w", id, err)
	}
	a.Entry = found[0]
	if a.Card, a.Changes, err = l.content(ctx, id); err != nil {
		return a, fmt.Errorf("reading entry %d: %w", id, l.explain(err))
	}
	if a.About, err = l.entries(ctx, sqlEntriesAbout, id, int64(mostAbout)); err != nil {
		return a, fmt.Errorf("reading what is about entry %d: %w", id, err)
	}
	return a, nil
}

// content returns the card of a delivery and the changes that its digest tells.
func (l *Ledger) content(ctx context.Context, id int64) (c chat.Card, told []Recorded, err error) {
	var composition string
	var card []byte
	if err := l.read.QueryRowContext(ctx, sqlEntryContent, id).Scan(&composition, &card); err != nil {
		return c, nil, err
	}
	if len(card) > 0 {
		if err := json.Unmarshal(card, &c); err != nil {
			return c, nil, fmt.Errorf("reading a card: %w", err)
		}
	}
	changes, err := toldBy(ctx, l.read, composition)
	for _, change := range changes {
		told = append(told, change.Recorded)
	}
	return c, told, err
}

// A StateCount says how many deliveries of a platform are in a state.
type StateCount struct {
	Platform, State string
	Count           int
	Oldest          time.Time // when the first of them was planned
}

const sqlStateCounts = `SELECT platform, state, COUNT(*), MIN(planned_at) FROM deliveries GROUP BY platform, state ORDER BY platform, state`

// Counts returns how many deliveries are in which state, by platform and state; those
// that are none are left out.
func (l *Ledger) Counts(ctx context.Context) ([]StateCount, error) {
	all, err := collect(ctx, l.read, func(scan func(...any) error) (c StateCount, err error) {
		var oldest int64
		err = scan(&c.Platform, &c.State, &c.Count, &oldest)
		c.Oldest = moment(oldest)
		return c, err
	}, sqlStateCounts)
	if err != nil {
		return nil, fmt.Errorf("counting deliveries: %w", l.explain(err))
	}
	return all, nil
}
