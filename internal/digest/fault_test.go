package digest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

var errFault = errors.New("a fault for the test")

// A trial is a life of the ledger and the dispatcher with one fault in it, and
// with another life after it where the fault is death.
type trial struct {
	t    *testing.T
	dir  string
	step string // where the fault is
	// after says that the step took effect before it failed.
	after bool
	kill  bool
	skip  int // how often the step goes well before
	mode  Mode
	quiet Quiet // of the orders
	// pause is how much longer the first round takes; its messages cannot be edited any
	// more then, so that living messages are posted anew.
	pause time.Duration

	ledger    *Ledger
	platforms []*board
	dead      atomic.Bool
	lives     int
	corrects  bool // each event is revised after it was told
	stop      func()

	mu      sync.Mutex
	struck  bool
	cursors map[int64]int64
}

// strike says whether this is where the fault is.
func (x *trial) strike(step string, after bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.struck || step != x.step || after != x.after {
		return false
	}
	if x.skip > 0 {
		x.skip--
		return false
	}
	x.struck = true
	return true
}

// fault is the ledger's: it stands before and after every transaction.
func (x *trial) fault(step string, committed bool) error {
	if x.dead.Load() {
		return errFault
	}
	if committed {
		x.checkCursors()
	}
	if !x.strike(step, committed) {
		return nil
	}
	if x.kill {
		x.die()
	}
	return errFault
}

// die ends this life: what is in the store now is what the next one finds.
func (x *trial) die() {
	if x.dead.Swap(true) {
		return
	}
	if _, err := x.ledger.read.DB.Exec("VACUUM INTO $1", x.path(x.lives+1)); err != nil {
		x.t.Errorf("keeping the store: %v", err)
	}
}

func (x *trial) path(life int) string { return filepath.Join(x.dir, fmt.Sprint(life, ".db")) }

// reply is the platforms': it stands in the middle of every send.
func (x *trial) reply(int, post) (err error, posted bool) {
	for _, after := range []bool{false, true} {
		if !x.strike("send", after) {
			continue
		}
		if x.kill {
			x.die()
		}
		return &chat.Uncertain{Err: errFault}, after
	}
	return nil, true
}

// open is the platforms' too: it stands in the middle of every thread's opening.
func (x *trial) open(int) (err error, done bool) {
	for _, after := range []bool{false, true} {
		if !x.strike("open", after) {
			continue
		}
		if x.kill {
			x.die()
		}
		return &chat.Uncertain{Err: errFault}, after
	}
	return nil, true
}

// amend stands in the middle of every edit, or every pin.
func (x *trial) amend(step string) func(int, chat.MessageID) (err error, done bool) {
	return func(_ int, id chat.MessageID) (err error, done bool) {
		for _, after := range []bool{false, true} {
			if !x.strike(step, after) {
				continue
			}
			if x.kill {
				x.die()
			}
			return &chat.Uncertain{Err: errFault}, after
		}
		// The messages of the first round are the first that were posted.
		if step == "edit" && x.pause > 0 && slices.Contains([]chat.MessageID{"m0", "m1", "m2"}, id) {
			return &chat.Fixed{Err: errFault}, false
		}
		return nil, true
	}
}

// checkCursors sees to it that no cursor moves back.
func (x *trial) checkCursors() {
	x.mu.Lock()
	defer x.mu.Unlock()
	subs, err := x.ledger.AllSubscriptions(context.Background())
	if err != nil {
		x.t.Errorf("reading cursors: %v", err)
	}
	for _, s := range subs {
		if s.Cursor < x.cursors[s.ID] {
			x.t.Errorf("the cursor of %v moved from %d back to %d", s.Where, x.cursors[s.ID], s.Cursor)
		}
		if !x.dead.Load() {
			x.cursors[s.ID] = s.Cursor
		}
	}
}

// live begins a life.
func (x *trial) live() {
	var err error
	x.ledger, err = Open(x.t.Context(), Options{Store: x.path(x.lives)})
	if err != nil {
		x.t.Fatal(err)
	}
	x.ledger.fault = x.fault
	x.cursors = make(map[int64]int64)
	var platforms []chat.Platform
	for _, f := range x.platforms {
		platforms = append(platforms, f)
	}
	o := DispatcherOptions{Ledger: x.ledger, Compose: opening, Settle: time.Second}
	if x.corrects {
		o = amending(x.ledger)
	}
	o.Platforms = platforms
	d, err := NewDispatcher(o)
	if err != nil {
		x.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(x.t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	x.stop = func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, errFault) {
			x.t.Error("Run:", err)
		}
	}
}

// end ends a life, by death or in peace.
func (x *trial) end() {
	x.stop()
	if err := x.ledger.Close(); err != nil {
		x.t.Error(err)
	}
}

// revive begins the next life where this one ended by death.
func (x *trial) revive() {
	if !x.dead.Load() {
		return
	}
	x.end()
	x.lives++
	x.dead.Store(false)
	x.live()
}

// record records until it goes well, as the loop above the ledger does.
func (x *trial) record(d *brief.Dossier) {
	for range 5 {
		if _, err := x.ledger.Record(x.t.Context(), snapshot(d)); err == nil {
			return
		}
		time.Sleep(time.Second)
		synctest.Wait()
		x.revive()
	}
	x.t.Fatal("recording does not go well any more")
}

// TestFaults has each step fail before its effect, after it, and die at either
// moment, early and later, and checks that everything recorded is told, once where
// the platform deduplicates, and almost once where it does not.
func TestFaults(t *testing.T) {
	for _, step := range []string{"record", "plan", "claim", "send", "settle", "assign", "take over", "open", "thread"} {
		for _, after := range []bool{false, true} {
			for _, kill := range []bool{false, true} {
				for _, skip := range []int{0, 2} {
					name := fmt.Sprintf("%s/after=%v/kill=%v/skip=%d", step, after, kill, skip)
					if detecting && skip > 0 {
						continue
					}
					if skip > 0 && (step == "take over" || step == "assign") || step == "take over" && !kill {
						continue // they are rare, and one ends the run
					}
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							x := &trial{t: t, dir: t.TempDir(), step: step, after: after, kill: kill, skip: skip}
							if step == "open" || step == "thread" {
								x.mode = ModeThread
							}
							x.play()
						})
					})
				}
			}
		}
	}
}

const (
	trialRooms  = 3 // on each platform
	trialEvents = 4
)

func (x *trial) play() {
	t := x.t
	for _, name := range []string{"discord", "telegram"} {
		f := newBoard(name)
		f.dead, f.reply, f.open, f.edit, f.pin = &x.dead, x.reply, x.open, x.amend("edit"), x.amend("pin")
		x.platforms = append(x.platforms, f)
	}
	x.platforms[0].dedupes = 5 * time.Minute
	x.prepare()
	x.live()
	events := []brief.Event{}
	for i := range trialEvents {
		events = append(events, event(fmt.Sprint("e", i)))
		x.record(dossier(t, "a", events...))
		if x.corrects {
			events[i] = titledEvent(fmt.Sprint("e", i), "Revised")
		}
		time.Sleep(5 * time.Second)
		if i == 0 {
			time.Sleep(x.pause)
		}
		synctest.Wait()
		x.revive()
		if i == 1 {
			// A card of its own has no job from its plan: it is assigned one.
			for _, f := range x.platforms {
				x.post(chat.Conversation{Platform: f.name, ID: "0"})
			}
		}
	}
	time.Sleep(time.Minute)
	synctest.Wait()
	x.revive()
	time.Sleep(2 * time.Minute)
	synctest.Wait()
	x.end()
	if !x.struck {
		t.Errorf("the fault did not happen")
	}
	if x.mode == ModeEdit {
		x.checkLiving()
		x.checkSettled()
		return
	}
	if x.corrects {
		x.checkAmended()
		return
	}
	x.check()
}

// prepare makes the store: a first record and the orders.
func (x *trial) prepare() {
	l := openFile(x.t, x.path(0))
	record(x.t, l, dossier(x.t, "a"))
	for _, f := range x.platforms {
		for room := range trialRooms {
			s := inMode(x.t, l, fmt.Sprintf("%s:%d", f.name, room), "a", x.mode)
			s.Quiet = x.quiet
			if _, err := l.Subscribe(x.t.Context(), s); err != nil {
				x.t.Fatal(err)
			}
		}
	}
	if err := l.Close(); err != nil {
		x.t.Fatal(err)
	}
}

func (x *trial) post(where chat.Conversation) {
	for range 5 {
		if err := x.ledger.Post(x.t.Context(), where, chat.Card{Title: "own"}, "own"); err == nil {
			return
		}
		time.Sleep(time.Second)
		synctest.Wait()
		x.revive()
	}
	x.t.Fatal("posting does not go well any more")
}

func (x *trial) check() {
	for _, f := range x.platforms {
		told := make(map[string]int)
		twice := 0
		for _, p := range f.sent() {
			for _, words := range strings.Split(p.Card.Title, "; ") {
				fields := strings.Fields(words)
				told[p.To.ID+" "+fields[len(fields)-1]]++
			}
		}
		for room := range trialRooms {
			for i := range trialEvents {
				n := told[fmt.Sprintf("%d e%d", room, i)]
				if n == 0 {
					x.t.Errorf("%s:%d was not told of e%d", f.name, room, i)
				}
				twice += max(0, n-1)
			}
		}
		if threads := f.opened; x.mode == ModeThread && threads != trialRooms {
			x.t.Errorf("%s has %d threads", f.name, threads)
		}
		if told["0 own"] == 0 {
			x.t.Errorf("%s did not get the card of its own", f.name)
		}
		twice += max(0, told["0 own"]-1)
		allowed := 0
		if f.dedupes == 0 && (x.step == "send" && x.after || x.step == "settle" || x.kill && x.step != "record" && x.step != "plan") {
			allowed = trialRooms + 1 // what was in flight
		}
		if twice > allowed {
			x.t.Errorf("%s was told %d times twice, allowed are %d", f.name, twice, allowed)
		}
	}
	x.checkSettled()
}

// checkSettled sees to it that the store agrees with what was posted.
func (x *trial) checkSettled() {
	l := openFile(x.t, x.path(x.lives))
	defer l.Close()
	s, err := l.Status(x.t.Context(), chat.Conversation{})
	if err != nil {
		x.t.Fatal(err)
	}
	if s.Waiting != 0 || s.Sending != 0 || s.Refused != 0 || s.Unconfirmed != 0 || s.Changes < trialEvents {
		x.t.Errorf("at the end the status is %+v", s)
	}
}

// TestLivingFaults has each step of living messages fail before its effect, after it,
// and die at either moment. No change is lost, every message shows the last, and a
// conversation has one living message: two where the platform does not deduplicate
// and nobody knows whether the first was posted.
func TestLivingFaults(t *testing.T) {
	for _, step := range []string{"plan", "claim", "send", "settle", "assign", "edit", "pin", "renew"} {
		for _, after := range []bool{false, true} {
			for _, kill := range []bool{false, true} {
				for _, skip := range []int{0, 3} {
					if skip > 0 && (detecting || step == "assign" || step == "renew") {
						continue
					}
					t.Run(fmt.Sprintf("%s/after=%v/kill=%v/skip=%d", step, after, kill, skip), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							x := &trial{t: t, dir: t.TempDir(), step: step, after: after, kill: kill, skip: skip, mode: ModeEdit}
							if step == "renew" {
								x.pause = time.Hour
							}
							x.play()
						})
					})
				}
			}
		}
	}
}

func (x *trial) checkLiving() {
	last := fmt.Sprint("a event.added e", trialEvents-1)
	for _, f := range x.platforms {
		for room := range trialRooms {
			id := fmt.Sprint(room)
			seen, messages, pinned, newest := "", 0, 0, ""
			for _, line := range strings.Split(f.shows(), "\n") {
				if where, title, _ := strings.Cut(line, " "); where == id && title != "own" {
					messages++
					newest = strings.TrimPrefix(title, "*")
					if newest != title {
						pinned++
					}
				}
			}
			for _, p := range f.sent() {
				if p.To.ID == id {
					seen += p.Card.Title + "\n"
				}
			}
			for _, h := range f.history {
				if strings.HasPrefix(h, "edit "+f.name+":"+id+" ") {
					seen += h + "\n"
				}
			}
			for i := range trialEvents {
				if !strings.Contains(seen, fmt.Sprint("e", i)) {
					x.t.Errorf("%s:%s never showed e%d:\n%s", f.name, id, i, seen)
				}
			}
			if !strings.HasSuffix(newest, last[len("a event.added "):]) || pinned != 1 {
				x.t.Errorf("%s:%s shows %q, of %d messages %d are pinned", f.name, id, newest, messages, pinned)
			}
			allowed := 1
			if x.pause > 0 {
				allowed++
			}
			if f.dedupes == 0 && (x.step == "send" && x.after || x.step == "settle" || x.kill && x.step != "plan") {
				allowed++
			}
			if messages > allowed {
				x.t.Errorf("%s:%s has %d living messages, allowed are %d", f.name, id, messages, allowed)
			}
		}
	}
}

// TestQuietFaults has each step fail, and die, while quiet hours hold everything and
// when they end: nothing is posted in them, and all of it afterwards.
func TestQuietFaults(t *testing.T) {
	for _, step := range []string{"record", "plan", "reconsider", "claim", "send", "settle"} {
		for _, after := range []bool{false, true} {
			for _, kill := range []bool{false, true} {
				if step == "reconsider" && !kill {
					continue // it is done once in a life
				}
				t.Run(fmt.Sprintf("%s/after=%v/kill=%v", step, after, kill), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						x := &trial{t: t, dir: t.TempDir(), step: step, after: after, kill: kill, quiet: quiet(t, "00:00-00:02")}
						begun := time.Now()
						x.play()
						for _, f := range x.platforms {
							for _, p := range f.sent() {
								if past := p.At.Sub(begun); past < 2*time.Minute && p.Card.Title != "own" {
									t.Errorf("%v got %q after %v, in quiet hours", p.To, p.Card.Title, past)
								}
							}
						}
					})
				})
			}
		}
	}
}
