package digest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A storm is a story whose events change at random, told in several conversations by a
// platform and on a store that fail at random, in a process that is killed at random.
type storm struct {
	t       *testing.T
	dir     string
	life    int
	ledger  *Ledger
	board   *board
	dead    atomic.Bool
	calm    atomic.Bool // nothing fails any more
	ended   atomic.Bool // the dispatcher ended by itself
	stop    func()
	events  map[string]string // the state of each event, as it is told; absent: none
	history []string

	mu  sync.Mutex
	rng *rand.Rand
}

const stormEvents = 4

// stormModes are the modes of the conversations, telegram:0 and so on.
var stormModes = []Mode{ModePost, ModeEdit, ModeThread}

func (s *storm) roll(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.IntN(n)
}

// stateOf words an event in an item of a card.
func stateOf(raw []byte) string {
	e, err := brief.As[brief.Event](raw)
	switch {
	case err != nil || e == nil:
		return "gone"
	case e.Retracted != nil:
		return e.Title + "!"
	}
	return e.Title
}

// composeStorm writes one item a change: the event, and as what it is told.
func composeStorm(_ context.Context, d Digest) ([]chat.Card, error) {
	if d.Form == Opening {
		return []chat.Card{{Title: "opening"}}, nil
	}
	var c chat.Card
	for _, r := range d.Changes {
		c.Items = append(c.Items, chat.Item{ID: strconv.FormatInt(r.Seq, 10), Head: chat.Plainly(r.Item + "=" + stateOf(r.After))})
	}
	return []chat.Card{titled(c)}, nil
}

// reviseStorm adds to an item what its event is now.
func reviseStorm(_ context.Context, c chat.Card, marks []Mark) (chat.Card, error) {
	items := slices.Clone(c.Items)
	for i := range items {
		for _, m := range marks {
			if items[i].ID == strconv.FormatInt(m.Told.Seq, 10) && m.Now != nil {
				items[i].Head = chat.Plainly(items[i].Head.String() + ">" + stateOf(m.Now.After))
			}
		}
	}
	c.Items = items
	return titled(c), nil
}

var errStorm = errors.New("a storm")

// outcome returns what a call of the platform comes to, and whether it took effect.
func (s *storm) outcome(fixed bool) (error, bool) {
	if s.calm.Load() {
		return nil, true
	}
	switch n := s.roll(100); {
	case n < 8:
		return &chat.Later{After: time.Duration(s.roll(20)) * time.Second, Err: errStorm}, false
	case n < 14:
		return &chat.Uncertain{Err: errStorm}, true
	case n < 18:
		return &chat.Uncertain{Err: errStorm}, false
	case n < 24 && fixed:
		return &chat.Fixed{Err: errStorm}, false
	case n < 26:
		s.die()
		return &chat.Uncertain{Err: errStorm}, n%2 == 0
	}
	return nil, true
}

func (s *storm) fault(string, bool) error {
	if s.dead.Load() || !s.calm.Load() && s.roll(60) == 0 {
		return errStorm
	}
	if !s.calm.Load() && s.roll(150) == 0 {
		s.die()
		return errStorm
	}
	return nil
}

// die ends this life: what is in the store now is what the next one finds.
func (s *storm) die() {
	if s.dead.Swap(true) {
		return
	}
	if _, err := s.ledger.read.DB.Exec("VACUUM INTO $1", s.path(s.life+1)); err != nil {
		s.t.Errorf("keeping the store: %v", err)
	}
}

func (s *storm) path(life int) string { return filepath.Join(s.dir, fmt.Sprint(life, ".db")) }

func (s *storm) live() {
	var err error
	if s.ledger, err = Open(s.t.Context(), Options{Store: s.path(s.life)}); err != nil {
		s.t.Fatal(err)
	}
	s.ledger.fault = s.fault
	d, err := NewDispatcher(DispatcherOptions{
		Ledger: s.ledger, Platforms: []chat.Platform{s.board}, Compose: composeStorm, Revise: reviseStorm, Settle: time.Second,
		Alarm: func(context.Context, string, string) {},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	s.ended.Store(false)
	go func() {
		err := d.Run(ctx)
		s.ended.Store(true) // for a fault at its start
		done <- err
	}()
	s.stop = func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, errStorm) {
			s.t.Error("Run:", err)
		}
		if err := s.ledger.Close(); err != nil {
			s.t.Error(err)
		}
		s.ledger = nil
	}
}

// pass lets time go by, and begins the next life where this one ended.
func (s *storm) pass(d time.Duration) {
	for end := time.Now().Add(d); ; {
		time.Sleep(min(5*time.Second, time.Until(end)))
		synctest.Wait()
		if s.dead.Load() || s.ended.Load() {
			s.stop()
			if s.dead.Swap(false) {
				s.life++
			}
			s.live()
		}
		if !time.Now().Before(end) {
			return
		}
	}
}

// change changes some of the events, and records it until that goes well.
func (s *storm) change() {
	for range 1 + s.roll(2) {
		id := fmt.Sprint("e", s.roll(stormEvents))
		switch state := []string{"A", "B", "C", "A!", "B!", ""}[s.roll(6)]; state {
		case "":
			delete(s.events, id)
		default:
			s.events[id] = state
		}
	}
	var events []brief.Event
	for _, id := range slices.Sorted(maps.Keys(s.events)) {
		e := titledEvent(id, strings.TrimSuffix(s.events[id], "!"))
		if strings.HasSuffix(s.events[id], "!") {
			e.Retracted = retracted(s.t, id).Retracted
		}
		events = append(events, e)
	}
	s.history = append(s.history, fmt.Sprint(time.Now().Format("04:05"), " ", s.events))
	d := dossier(s.t, "a", events...)
	for {
		if _, err := s.ledger.Record(s.t.Context(), snapshot(d)); err == nil {
			return
		}
		s.pass(time.Second)
	}
}

// TestStorm lets storms of some seeds pass over, and checks what is left: nothing is
// owed, every message that can be edited shows each event as it is now, and what every
// conversation was told last of each event is what that is.
func TestStorm(t *testing.T) {
	seeds := 12
	if detecting {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { playStorm(t, uint64(seed)) })
		})
	}
}

func playStorm(t *testing.T, seed uint64) {
	s := &storm{t: t, dir: t.TempDir(), board: newBoard("telegram"), events: make(map[string]string), rng: rand.New(rand.NewPCG(seed, 1))}
	l := openFile(t, s.path(0))
	record(t, l, dossier(t, "a"))
	for i, mode := range stormModes {
		inMode(t, l, fmt.Sprint("telegram:", i), "a", mode)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s.board.dead = &s.dead
	s.board.reply = func(int, post) (error, bool) { return s.outcome(false) }
	s.board.edit = func(int, chat.MessageID) (error, bool) { return s.outcome(true) }
	s.board.pin = func(int, chat.MessageID) (error, bool) { return s.outcome(true) }
	s.live()
	for range 12 {
		s.change()
		s.pass(time.Duration(s.roll(15)) * time.Second)
	}
	s.calm.Store(true)
	s.pass(90 * time.Minute)
	s.check()
	s.stop()
	if t.Failed() {
		t.Logf("seed %d\n%s\nshown\n%s", seed, strings.Join(s.history, "\n"), s.board.shows())
	}
}

// wentBefore ends the state of an event that a conversation was told of when it was gone already.
// That such an event is back is shown where it was told; that it is back and retracted says
// nothing new.
const wentBefore = " gone"

func (s *storm) check() {
	t := s.t
	if n, err := scalar(t.Context(), s.ledger.read, "SELECT COUNT(*) FROM deliveries WHERE settled_at = 0"); err != nil || n > 0 {
		t.Errorf("%d deliveries are still owed (%v)", n, err)
	}
	showing := make(map[chat.MessageID]string)
	told := make([]map[string]string, len(stormModes))
	for i := range told {
		told[i] = make(map[string]string)
	}
	for n, line := range strings.Split(s.board.shows(), "\n") {
		room, shows, _ := strings.Cut(line, " ")
		id := s.board.newest(n)
		showing[id.id] = shows
		room, _, _ = strings.Cut(room, "/")
		i, err := strconv.Atoi(room)
		if err != nil {
			t.Fatal(err)
		}
		for event, state := range itemsOf(id.posted) {
			was, now, waited := strings.Cut(state, ">") // it changed while the message waited
			switch {
			case waited && now != "gone":
				told[i][event] = now
			case waited:
				told[i][event] = was + wentBefore
			default:
				told[i][event] = was
			}
		}
	}
	s.checkShown(showing)
	for i, mode := range stormModes {
		if n, err := scalar(t.Context(), s.ledger.read, "SELECT COUNT(*) FROM deliveries WHERE conversation = $1 AND state = 'unconfirmed'", fmt.Sprint("telegram:", i)); err != nil || n > 0 || mode == ModeEdit {
			continue // the operators were told that something may not have been
		}
		for event, state := range s.events {
			was, withdrawn := strings.CutSuffix(told[i][event], wentBefore)
			if was != state && (was != "" && !withdrawn || !strings.HasSuffix(state, "!")) {
				t.Errorf("telegram:%d, in mode %s, was told last that %s is %q, and it is %q", i, mode, event, told[i][event], state)
			}
		}
	}
}

// checkShown checks the messages of which the ledger knows.
func (s *storm) checkShown(showing map[chat.MessageID]string) {
	_, err := collect(s.t.Context(), s.ledger.read, func(scan func(...any) error) (none struct{}, err error) {
		var id chat.MessageID
		var where, edit string
		var form Form
		var current bool
		if err := scan(&id, &where, &edit, &form, &current); err != nil {
			return none, err
		}
		if edit == moot || form == Living && !current {
			return none, nil // it cannot be edited, or another took its place
		}
		for event, state := range itemsOf(showing[id]) {
			if at := strings.LastIndex(state, ">"); at >= 0 {
				state = state[at+1:]
			}
			if _, there := s.events[event]; form == Correction && there && state != "gone" {
				continue // another answer tells what it is now
			}
			if now, there := s.events[event]; there && now != state || !there && state != "gone" {
				s.t.Errorf("%s in %s shows %q, and %s is %q", id, where, showing[id], event, now)
			}
		}
		return none, nil
	}, `SELECT v.message, v.conversation, COALESCE((SELECT e.state FROM deliveries e WHERE e.target = v.id AND e.verb = 'edit'
		ORDER BY e.settled_at DESC, e.id DESC LIMIT 1), ''),
		COALESCE(g.form, ''), EXISTS (SELECT 1 FROM living l WHERE l.delivery = v.id)
		FROM deliveries v LEFT JOIN digests g ON g.id = v.digest WHERE v.verb IN ('post', 'reply') AND v.message <> ''`)
	if err != nil {
		s.t.Error(err)
	}
}

// itemsOf reads as what a title tells each event, and what that became.
func itemsOf(title string) map[string]string {
	if _, rest, ok := strings.Cut(title, ": "); ok {
		title = rest
	}
	states := make(map[string]string)
	for _, item := range strings.Split(strings.TrimPrefix(title, "*"), "; ") {
		if event, state, ok := strings.Cut(item, "="); ok {
			states[event] = state
		}
	}
	return states
}

// An original is a message as it was posted.
type original struct {
	id     chat.MessageID
	posted string
}

// newest returns the n-th message that was posted.
func (b *board) newest(n int) original {
	b.fake.mu.Lock()
	defer b.fake.mu.Unlock()
	for at, p := range b.posts {
		if !p.New {
			continue
		}
		if n == 0 {
			return original{chat.MessageID(fmt.Sprint("m", at)), p.Card.Title}
		}
		n--
	}
	return original{}
}
