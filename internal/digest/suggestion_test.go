package digest

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
)

// A boxClock is a clock that a test moves.
type boxClock struct{ at time.Time }

func (c *boxClock) now() time.Time { return c.at }

func (c *boxClock) advance(d time.Duration) { c.at = c.at.Add(d) }

func newBox(t testing.TB) (*Ledger, *boxClock) {
	t.Helper()
	c := &boxClock{time.Date(2025, time.December, 10, 12, 0, 0, 0, time.UTC)}
	return openAt(t, Options{Store: filepath.Join(t.TempDir(), "l.db"), Now: c.now}), c
}

func proposal(key, asker string) Suggestion {
	return Suggestion{
		Key: key, Asker: asker, Where: chat.Conversation{Platform: "telegram", ID: "-100", Thread: "4"}, Story: "grain", Item: "timeline/accord",
		Proposal: Proposal{Title: "Accord", Fields: []SuggestedField{{"title", "Accord", "Grün & “accord”\n<b>"}}, Reason: "The wire says so.", Path: "briefs/grain.yaml", Line: 12, Patched: true},
		Patch:    []byte("From 0\n\x00\xff"),
	}
}

func suggest(t testing.TB, l *Ledger, s Suggestion) Suggestion {
	t.Helper()
	kept, err := l.Suggest(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// TestSuggest keeps suggestions whole, once for each call, across a restart.
func TestSuggest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	l := openFile(t, path)
	first := suggest(t, l, proposal("telegram:1", "telegram:4242"))
	again := suggest(t, l, Suggestion{Key: "telegram:1", Asker: "telegram:9", Where: first.Where, Story: "other"})
	if diff := cmp.Diff(first, again); diff != "" || first.ID != 1 || first.State != SuggestionOpen || first.At.IsZero() {
		t.Errorf("the same call made another suggestion: %+v\n%s", first, diff)
	}
	bare := proposal("telegram:2", "telegram:4242")
	bare.Patch, bare.Item, bare.Fields, bare.Patched, bare.Unpatched = nil, "", nil, false, "nothing is to be replaced"
	second := suggest(t, l, bare)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openFile(t, path)
	for _, want := range []Suggestion{first, second} {
		got, err := l.Suggestion(t.Context(), want.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	if _, err := l.Suggestion(t.Context(), 99); !errors.Is(err, ErrNoSuggestion) {
		t.Errorf("one that was never made: %v", err)
	}
	if third := suggest(t, l, proposal("discord:1", "discord-user:1")); third.ID != 3 {
		t.Errorf("the third has the number %d", third.ID)
	}
}

// TestSuggestCommitUnanswered makes a suggestion whose commit went unanswered, and
// makes it again.
func TestSuggestCommitUnanswered(t *testing.T) {
	for _, committed := range []bool{false, true} {
		l, _ := newBox(t)
		struck := false
		l.fault = func(step string, done bool) error {
			if step == "suggest" && done == committed && !struck {
				struck = true
				return errFault
			}
			return nil
		}
		if _, err := l.Suggest(t.Context(), proposal("telegram:1", "telegram:1")); !errors.Is(err, errFault) {
			t.Fatalf("no fault: %v", err)
		}
		if s := suggest(t, l, proposal("telegram:1", "telegram:1")); s.ID != 1 {
			t.Errorf("committed %t: it was made twice: %d", committed, s.ID)
		}
	}
}

// TestSuggestionSearch pages through suggestions and finds some.
func TestSuggestionSearch(t *testing.T) {
	l, c := newBox(t)
	for i := range 12 {
		s := proposal(fmt.Sprint("k", i), fmt.Sprint("telegram:", i))
		if i%3 == 0 {
			s.Story, s.Reason = "bridge", "100% sure_"
		}
		suggest(t, l, s)
		c.advance(time.Minute)
	}
	if _, err := l.SettleSuggestion(t.Context(), 4, SuggestionDismissed, "telegram:1"); err != nil {
		t.Fatal(err)
	}
	find := func(s SuggestionSearch) string {
		t.Helper()
		found, err := l.Suggestions(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, s := range found {
			ids = append(ids, fmt.Sprint(s.ID))
			if s.Patch != nil {
				t.Error("a list has patches")
			}
		}
		return strings.Join(ids, " ")
	}
	for _, test := range []struct {
		s    SuggestionSearch
		want string
	}{
		{SuggestionSearch{}, "12 11 10 9 8 7 6 5 4 3 2 1"},
		{SuggestionSearch{Limit: 3}, "12 11 10"},
		{SuggestionSearch{Limit: 3, Before: 10}, "9 8 7"},
		{SuggestionSearch{Before: 1}, ""},
		{SuggestionSearch{Story: "bridge"}, "10 7 4 1"},
		{SuggestionSearch{Story: "bridge", State: SuggestionOpen}, "10 7 1"},
		{SuggestionSearch{State: SuggestionDismissed}, "4"},
		{SuggestionSearch{Words: "100% SURE_"}, "10 7 4 1"},
		{SuggestionSearch{Words: "100_ sure%"}, ""},
		{SuggestionSearch{Words: "“accord”\n<b>"}, "12 11 10 9 8 7 6 5 4 3 2 1"},
		{SuggestionSearch{Words: "telegram:11"}, "12"},
		{SuggestionSearch{Words: "timeline/ACCORD", Limit: 1}, "12"},
	} {
		if got := find(test.s); got != test.want {
			t.Errorf("%+v finds %q, want %q", test.s, got, test.want)
		}
	}
	open, err := l.OpenSuggestions(t.Context(), "bridge")
	if err != nil || len(open) != 3 || open[0].ID != 1 {
		t.Errorf("open: %v, %v", open, err)
	}
	counts, err := l.SuggestionCounts(t.Context())
	if diff := cmp.Diff(map[string]int{SuggestionOpen: 11, SuggestionDismissed: 1}, counts); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// TestSuggestionLimits has one asker, and then everybody, propose too much, across a
// restart.
func TestSuggestionLimits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	c := &boxClock{time.Date(2025, time.December, 10, 12, 0, 0, 0, time.UTC)}
	begin := c.at
	open := func() *Ledger { return openAt(t, Options{Store: path, Now: c.now}) }
	l := open()
	made := 0
	try := func(asker string) error {
		made++
		_, err := l.Suggest(t.Context(), proposal(fmt.Sprint("k", made), asker))
		if may := l.MaySuggest(t.Context(), asker); err != nil && may == nil {
			t.Errorf("%s may suggest, and is refused: %v", asker, err)
		}
		return err
	}
	until := func(err error) string {
		t.Helper()
		var many *TooMany
		if !errors.As(err, &many) {
			t.Fatalf("not refused: %v", err)
		}
		return fmt.Sprintf("%v %t", many.Until.Sub(begin), many.Everyone)
	}
	for range suggestionsHour {
		if err := try("telegram:1"); err != nil {
			t.Fatal(err)
		}
		c.advance(time.Minute)
	}
	if got := until(try("telegram:1")); got != "1h0m0s false" {
		t.Errorf("the next may come at %s", got)
	}
	if s := suggest(t, l, proposal("k1", "telegram:1")); s.ID != 1 {
		t.Error("what was taken is not taken for itself once there are too many")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open()
	if got := until(try("telegram:1")); got != "1h0m0s false" {
		t.Errorf("after a restart the next may come at %s", got)
	}
	if err := try("telegram:2"); err != nil {
		t.Errorf("another asker: %v", err)
	}
	c.advance(time.Hour)
	for made := suggestionsHour; made < suggestionsDay; made++ {
		c.advance(30 * time.Minute)
		if err := try("telegram:1"); err != nil {
			t.Fatalf("after %d: %v", made, err)
		}
	}
	c.advance(30 * time.Minute)
	if got := until(try("telegram:1")); got != "24h0m0s false" {
		t.Errorf("after a day's worth the next may come at %s", got)
	}
	c.at = begin.Add(24*time.Hour + time.Second)
	if err := try("telegram:1"); err != nil {
		t.Errorf("a day later: %v", err)
	}
	begin = c.at
	for i := range allSuggestionsHour - 1 {
		if err := try(fmt.Sprint("discord-user:", i)); err != nil {
			t.Fatal(i, err)
		}
	}
	if got := until(try("discord-user:999")); got != "1h0m0s true" {
		t.Errorf("after very many the next may come at %s", got)
	}
}

// TestSettleSuggestion settles one, opens it again, and forgets it long after it was
// settled; one that is open is never forgotten.
func TestSettleSuggestion(t *testing.T) {
	l, c := newBox(t)
	suggest(t, l, proposal("a", "telegram:1"))
	suggest(t, l, proposal("b", "telegram:1"))
	s, err := l.SettleSuggestion(t.Context(), 1, SuggestionDismissed, "telegram:7")
	if err != nil || s.State != SuggestionDismissed || s.By != "telegram:7" || !s.Settled.Equal(c.at) || s.Patch == nil {
		t.Errorf("%+v, %v", s, err)
	}
	at := c.at
	c.advance(time.Hour)
	if s, err = l.SettleSuggestion(t.Context(), 1, SuggestionDismissed, "telegram:8"); err != nil || s.By != "telegram:7" || !s.Settled.Equal(at) {
		t.Errorf("dismissed twice: %+v, %v", s, err)
	}
	if s, err = l.SettleSuggestion(t.Context(), 1, SuggestionOpen, "telegram:8"); err != nil || s.State != SuggestionOpen || s.By != "" || !s.Settled.IsZero() {
		t.Errorf("opened again: %+v, %v", s, err)
	}
	if _, err := l.SettleSuggestion(t.Context(), 9, SuggestionTaken, "x"); !errors.Is(err, ErrNoSuggestion) {
		t.Errorf("one that was never made: %v", err)
	}
	if _, err := l.SettleSuggestion(t.Context(), 2, SuggestionTaken, "the brief"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		after time.Duration
		left  string
	}{{keepSuggestions, "suggestions 2"}, {keepSuggestions + time.Minute, "suggestions 1"}, {20 * keepSuggestions, "suggestions 1"}} {
		if _, err := l.prune(t.Context(), c.at.Add(test.after), onward); err != nil {
			t.Fatal(err)
		}
		if got := rowsOf(t, l, "suggestions"); got != test.left {
			t.Errorf("after %v: %s, want %s", test.after, got, test.left)
		}
	}
	if _, err := l.Suggestion(t.Context(), 1); err != nil {
		t.Errorf("the open one: %v", err)
	}
}

// TestUntoldSuggestions lists what nobody was told of until somebody was.
func TestUntoldSuggestions(t *testing.T) {
	l, _ := newBox(t)
	want := suggest(t, l, proposal("a", "telegram:1"))
	suggest(t, l, proposal("b", "telegram:1"))
	found, err := l.UntoldSuggestions(t.Context())
	if err != nil || len(found) != 2 {
		t.Fatalf("%v, %v", found, err)
	}
	if diff := cmp.Diff(want, found[0]); diff != "" {
		t.Error(diff)
	}
	if err := l.ToldSuggestion(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if found, err = l.UntoldSuggestions(t.Context()); err != nil || len(found) != 1 || found[0].ID != 2 {
		t.Errorf("%v, %v", found, err)
	}
}
