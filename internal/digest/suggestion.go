package digest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A Suggestion is a correction of a story that a reader proposed. It changes nothing by
// itself.
type Suggestion struct {
	ID int64 // rises
	// Key is the call's that made it: a call that is carried out again makes no other.
	Key   string
	At    time.Time
	Asker string // as the configuration writes an address
	Where chat.Conversation
	Story string
	Item  string // section/id; empty: the story as a whole
	Proposal
	// Patch is what is proposed as a mail for git am; nil: there is none. Lists leave it
	// out.
	Patch   []byte
	State   string    // one of SuggestionStates
	Settled time.Time // zero: it is open
	By      string    // who settled it
}

// A Proposal is what a [Suggestion] says.
type Proposal struct {
	Title  string           `json:"title"` // of the item, or of the story, as it was
	Fields []SuggestedField `json:"fields,omitempty"`
	Reason string           `json:"reason"`
	Path   string           `json:"path,omitempty"` // of the brief in its repository
	Line   int              `json:"line,omitempty"` // where the first change is, from 1
	// Patched says that there is a patch, and Unpatched why there is none.
	Patched   bool   `json:"patched,omitempty"`
	Unpatched string `json:"unpatched,omitempty"`
}

// A SuggestedField is a text as it stands in the brief and as it should.
type SuggestedField struct {
	Name   string `json:"name"` // the key in the brief
	Before string `json:"before"`
	After  string `json:"after"`
}

// The states of a suggestion.
const (
	SuggestionOpen      = "open"
	SuggestionTaken     = "taken" // the brief says so now
	SuggestionDismissed = "dismissed"
)

// SuggestionStates returns the states of suggestions, first that of those that wait for
// the operators.
func SuggestionStates() []string {
	return []string{SuggestionOpen, SuggestionTaken, SuggestionDismissed}
}

// ErrNoSuggestion says that there is no suggestion of that number: there never was, or
// it was settled so long ago that it is forgotten.
var ErrNoSuggestion = errors.New("there is no such suggestion")

// TooMany says that somebody has to wait before the next suggestion.
type TooMany struct {
	Until    time.Time
	Everyone bool // it is not she alone who proposed so many
}

func (e *TooMany) Error() string {
	return "there were too many suggestions: the next is taken at " + e.Until.UTC().Format(time.RFC3339)
}

// How many suggestions are taken, of one asker and of all.
const (
	suggestionsHour    = 5
	suggestionsDay     = 20
	allSuggestionsHour = 100
)

const (
	sqlSuggestionsOf = `SELECT COALESCE((SELECT at FROM suggestions WHERE asker = $1 AND at > $2 ORDER BY at DESC LIMIT 1 OFFSET $3), 0)`
	sqlSuggestionsIn = `SELECT COALESCE((SELECT at FROM suggestions WHERE at > $1 ORDER BY at DESC LIMIT 1 OFFSET $2), 0)`

	sqlSuggestionColumns = `id, key, at, asker, conversation, story, item, state, settled_at, settled_by, body, `
	sqlSuggestionByKey   = `SELECT ` + sqlSuggestionColumns + `patch FROM suggestions WHERE key = $1`
	sqlSuggestion        = `SELECT ` + sqlSuggestionColumns + `patch FROM suggestions WHERE id = $1`
	sqlNewSuggestion     = `INSERT INTO suggestions (id, key, at, asker, conversation, story, item, state, settled_at, settled_by, told_at, body, patch)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', 0, '', 0, $8, $9)`
	sqlUntoldSuggestions = `SELECT ` + sqlSuggestionColumns + `patch FROM suggestions WHERE told_at = 0 ORDER BY id LIMIT 100`
	sqlToldSuggestion    = `UPDATE suggestions SET told_at = $1 WHERE id = $2`
	sqlSettleSuggestion  = `UPDATE suggestions SET state = $1, settled_at = $2, settled_by = $3 WHERE id = $4`
	sqlSuggestionCounts  = `SELECT state, COUNT(*) FROM suggestions GROUP BY state`
	sqlOpenSuggestions   = `SELECT ` + sqlSuggestionColumns + `NULL FROM suggestions WHERE state = 'open' AND story = $1 ORDER BY id`
	sqlSuggestions       = `SELECT ` + sqlSuggestionColumns + `NULL FROM suggestions WHERE id < $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR story = $3)
		AND ($4 = '' OR LOWER(asker) LIKE LOWER($4) ESCAPE '!' OR LOWER(item) LIKE LOWER($4) ESCAPE '!' OR LOWER(body) LIKE LOWER($5) ESCAPE '!')
		ORDER BY id DESC LIMIT $6`
	sqlDropSuggestions = `DELETE FROM suggestions WHERE settled_at > 0 AND settled_at < $1`
)

// Suggest keeps a suggestion under the next number and returns it as it is kept. Where
// one was made by the same call, it returns that. The error may be a *TooMany.
func (l *Ledger) Suggest(ctx context.Context, s Suggestion) (kept Suggestion, err error) {
	body, err := json.Marshal(s.Proposal)
	if err != nil {
		return s, fmt.Errorf("suggest: %w", err)
	}
	err = l.update(ctx, "suggest", func(tx *transaction) error {
		kept, err = suggestion(ctx, tx, sqlSuggestionByKey, s.Key)
		if !errors.Is(err, ErrNoSuggestion) {
			return err
		}
		now := l.now()
		if err := mayAsk(ctx, tx, s.Asker, now); err != nil {
			return err
		}
		kept = s
		kept.At, kept.State = moment(millis(now)), SuggestionOpen
		if kept.ID, err = next(ctx, tx, "suggestion", 1); err != nil {
			return err
		}
		patch := s.Patch
		if patch == nil {
			patch = []byte{}
		}
		_, err = tx.ExecContext(ctx, sqlNewSuggestion, kept.ID, s.Key, millis(now), s.Asker, s.Where.String(), s.Story, s.Item, string(body), patch)
		return err
	})
	return kept, err
}

// MaySuggest returns nil where somebody's next suggestion would be taken now, and
// otherwise a *TooMany.
func (l *Ledger) MaySuggest(ctx context.Context, asker string) error {
	return mayAsk(ctx, l.read, asker, l.now())
}

func mayAsk(ctx context.Context, q queryer, asker string, now time.Time) error {
	var until time.Time
	everyone := false
	for _, limit := range []struct {
		n    int64
		in   time.Duration
		each bool
	}{
		{suggestionsHour, time.Hour, true}, {suggestionsDay, 24 * time.Hour, true}, {allSuggestionsHour, time.Hour, false},
	} {
		query, args := sqlSuggestionsIn, []any{millis(now.Add(-limit.in)), limit.n - 1}
		if limit.each {
			query, args = sqlSuggestionsOf, []any{asker, args[0], args[1]}
		}
		at, err := scalar(ctx, q, query, args...)
		if err != nil {
			return fmt.Errorf("counting suggestions: %w", err)
		}
		if again := moment(at).Add(limit.in); at > 0 && again.After(until) {
			until, everyone = again, !limit.each
		}
	}
	if until.IsZero() {
		return nil
	}
	return &TooMany{Until: until, Everyone: everyone}
}

// suggestion returns the one that a query finds.
func suggestion(ctx context.Context, q queryer, query string, arg any) (Suggestion, error) {
	s, err := scanSuggestion(q.QueryRowContext(ctx, query, arg).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return s, ErrNoSuggestion
	}
	return s, err
}

func scanSuggestion(scan func(...any) error) (s Suggestion, err error) {
	var at, settled int64
	var where string
	var body []byte
	if err = scan(&s.ID, &s.Key, &at, &s.Asker, &where, &s.Story, &s.Item, &s.State, &settled, &s.By, &body, &s.Patch); err != nil {
		return s, err
	}
	if len(s.Patch) == 0 {
		s.Patch = nil
	}
	s.At, s.Settled = moment(at), moment(settled)
	if s.Where, err = chat.ParseConversation(where); err != nil {
		return s, err
	}
	if err = json.Unmarshal(body, &s.Proposal); err != nil {
		err = fmt.Errorf("reading a proposal: %w", err)
	}
	return s, err
}

// Suggestion returns one with its patch; ErrNoSuggestion if there is none.
func (l *Ledger) Suggestion(ctx context.Context, id int64) (Suggestion, error) {
	s, err := suggestion(ctx, l.read, sqlSuggestion, id)
	if err != nil && !errors.Is(err, ErrNoSuggestion) {
		err = fmt.Errorf("reading suggestion %d: %w", id, l.explain(err))
	}
	return s, err
}

// A SuggestionSearch says which suggestions are wanted: those that fit every field which
// is set.
type SuggestionSearch struct {
	State, Story string
	// Words are looked for, as they stand and in any case, in what is proposed and in the
	// asker's address.
	Words string
	// Before is the ID of the last suggestion of the page before; 0: the first page.
	Before int64
	// Limit is at most how many are returned; 0 or more than 500: 50.
	Limit int
}

// Suggestions returns what fits a search, the newest first.
func (l *Ledger) Suggestions(ctx context.Context, s SuggestionSearch) ([]Suggestion, error) {
	if s.Before <= 0 {
		s.Before = math.MaxInt64
	}
	if s.Limit <= 0 || s.Limit > mostEntries {
		s.Limit = usualEntries
	}
	words, inBody := patterns(s.Words)
	return l.suggestions(ctx, sqlSuggestions, s.Before, s.State, s.Story, words, inBody, int64(s.Limit))
}

// OpenSuggestions returns those about a story that wait for the operators, the oldest
// first.
func (l *Ledger) OpenSuggestions(ctx context.Context, story string) ([]Suggestion, error) {
	return l.suggestions(ctx, sqlOpenSuggestions, story)
}

// UntoldSuggestions returns those of which nobody was owed a card yet, with their
// patches, the oldest first.
func (l *Ledger) UntoldSuggestions(ctx context.Context) ([]Suggestion, error) {
	return l.suggestions(ctx, sqlUntoldSuggestions)
}

func (l *Ledger) suggestions(ctx context.Context, query string, args ...any) ([]Suggestion, error) {
	found, err := collect(ctx, l.read, scanSuggestion, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading suggestions: %w", l.explain(err))
	}
	return found, nil
}

// SuggestionCounts returns how many suggestions are in which state; those that none is
// in are left out.
func (l *Ledger) SuggestionCounts(ctx context.Context) (map[string]int, error) {
	counts := make(map[string]int)
	_, err := collect(ctx, l.read, func(scan func(...any) error) (none struct{}, err error) {
		var state string
		var n int
		err = scan(&state, &n)
		counts[state] = n
		return none, err
	}, sqlSuggestionCounts)
	if err != nil {
		return nil, fmt.Errorf("counting suggestions: %w", l.explain(err))
	}
	return counts, nil
}

// ToldSuggestion notes that whoever is to get a card of a suggestion is owed it.
func (l *Ledger) ToldSuggestion(ctx context.Context, id int64) error {
	return l.update(ctx, "told suggestion", func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, sqlToldSuggestion, millis(l.now()), id)
		return err
	})
}

// SettleSuggestion puts a suggestion in another state, and says who did it. It returns
// the suggestion as it is then; ErrNoSuggestion if there is none.
func (l *Ledger) SettleSuggestion(ctx context.Context, id int64, state, by string) (s Suggestion, err error) {
	err = l.update(ctx, "settle suggestion", func(tx *transaction) error {
		if s, err = suggestion(ctx, tx, sqlSuggestion, id); err != nil || s.State == state {
			return err
		}
		s.State, s.By, s.Settled = state, by, moment(millis(l.now()))
		if state == SuggestionOpen {
			s.By, s.Settled = "", time.Time{}
		}
		_, err := tx.ExecContext(ctx, sqlSettleSuggestion, s.State, millis(s.Settled), s.By, id)
		return err
	})
	return s, err
}
