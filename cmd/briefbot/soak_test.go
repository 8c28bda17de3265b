package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/discord/discordtest"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

var (
	soakTime = flag.Duration("soak", 0, "how long TestSoak edits, kills and restarts; zero: $BRIEFBOT_TEST_SOAK, or a few seconds")
	soakSeed = flag.Uint64("soak-seed", 0, "the seed of TestSoak; zero: another each time")
)

// Numbers of the soak. A short one runs at the vendors' own limits. A long one has to
// make more deliveries than those allow: the stand-ins' limits are off, and the
// program is the same one with its limits over all conversations multiplied. Every
// other limit, those of one chat or channel, stays as it is.
const (
	soakShort    = 6 * time.Second
	soakTempo    = 20
	soakProgram  = "briefbot-hurried"
	soakStories  = 4
	soakSettle   = 200 * time.Millisecond
	soakBurst    = 5               // edits, at most, before somebody is to be told of them
	soakOutages  = 20              // of a hundred ends of the process, how many are orderly
	soakDeadline = 5 * time.Minute // for everybody to be told
)

// hurried is briefbot with raised limits, for the long soak alone.
func hurried() {
	unsetEmpty()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, soakTempo))
}

// TestSoak edits stories all the time, kills and stops briefbot at random moments and
// has both services fail at random. Then it lets everything come to rest, and proves
// from what the readers of every chat and channel have before them that nothing was
// lost, that no more was repeated than was in flight, and that the order was kept.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := newSoak(t)
	if deadline, ok := t.Deadline(); ok && time.Until(deadline) < s.lasts+time.Minute {
		t.Fatalf("go test ends this before %v are over: give it -timeout %v", s.lasts, s.lasts+soakDeadline)
	}
	s.print("seed %d, %v at %s", s.seed, s.lasts, s.limits())
	end := time.NewTimer(s.lasts)
	defer end.Stop()
	s.begin()
	stop := make(chan struct{})
	var editing sync.WaitGroup
	editing.Go(func() { s.edit(stop) })
	for on := true; on; {
		life := time.NewTimer(s.lifetime())
		select {
		case <-life.C:
			s.interrupt()
		case <-end.C:
			on = false
		}
		life.Stop()
	}
	close(stop)
	editing.Wait()
	s.heal()
	s.wait("everything to be told", s.rested)
	s.finish()
	s.prove()
}

// A soak is a world in which everything goes wrong at random.
type soak struct {
	*world
	seed     uint64
	lasts    time.Duration
	long     bool
	chats    []int64
	channels []string
	ledger   string // the path of the store

	mu      sync.Mutex
	rand    *rand.Rand
	healed  bool
	tales   []*tale
	seen    map[string]map[int]bool // marks told by conversation, as the services took them
	told    map[int]int             // to how many conversations, by mark
	serial  int
	edits   int
	faults  map[string]int
	doubts  int // answers that leave open whether a message to Telegram was posted
	pending int // sends to Telegram that were in flight when the process was killed

	kills, stops int
	peak         int64 // bytes
}

func newSoak(t *testing.T) *soak {
	s := &soak{world: newWorld(t), seed: *soakSeed, lasts: *soakTime,
		seen: make(map[string]map[int]bool), told: make(map[int]int), faults: make(map[string]int)}
	if s.seed == 0 {
		s.seed = rand.Uint64N(1 << 40)
	}
	s.rand = rand.New(rand.NewPCG(s.seed, 0))
	if text := os.Getenv("BRIEFBOT_TEST_SOAK"); s.lasts == 0 && text != "" {
		var err error
		if s.lasts, err = time.ParseDuration(text); err != nil {
			t.Fatal("BRIEFBOT_TEST_SOAK:", err)
		}
	}
	rooms := 20
	if s.long = s.lasts > 0; s.long {
		rooms = 300
		s.program = soakProgram
		s.telegram.SetLimits(false)
		s.discord.SetLimits(false)
	} else {
		s.lasts = soakShort
	}
	s.ledger = s.path("briefbot.db")
	s.furnish(rooms)
	s.telegram.Always("sendMessage", s.telegramFault)
	s.telegram.Always("editMessageText", s.telegramFault)
	s.discord.FailWhen(s.discordFault)
	return s
}

func (s *soak) limits() string {
	if s.long {
		return fmt.Sprintf("%d times the vendors' limits over all conversations, those of each as they are", soakTempo)
	}
	return "the vendors' limits"
}

func (s *soak) print(format string, args ...any) {
	fmt.Printf("soak: "+format+"\n", args...)
}

// furnish makes conversations of both services and the stories that they want.
func (s *soak) furnish(rooms int) {
	for n := range soakStories {
		s.tales = append(s.tales, &tale{id: fmt.Sprint("story-", n)})
		s.save(s.tales[n])
	}
	var config strings.Builder
	fmt.Fprintf(&config, "alarms: [\"telegram:%d\"]\nsubscriptions:\n", operators)
	s.telegram.AddChat(telegramtest.Chat{ID: operators})
	wants := func(where string, n int) {
		fmt.Fprintf(&config, "  - {to: %q, stories: [story-%d, story-%d], schedule: immediate}\n", where, n%soakStories, (n+1)%soakStories)
	}
	s.channels = s.discord.Populate("900100", rooms)
	for n := range rooms {
		s.telegram.AddChat(telegramChat(n))
		s.chats = append(s.chats, telegramChat(n).ID)
		wants(fmt.Sprint("telegram:", telegramChat(n).ID), n)
		wants("discord:"+s.channels[n], n)
	}
	s.write("briefbot.yaml", config.String())
}

func (s *soak) begin() {
	s.start("--listen", "off", "--settle", soakSettle.String())
}

// lifetime is how long the process lives before it is ended.
func (s *soak) lifetime() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.long {
		return time.Second + time.Duration(s.rand.Int64N(int64(9*time.Second)))
	}
	return 500*time.Millisecond + time.Duration(s.rand.Int64N(int64(1500*time.Millisecond)))
}

// interrupt ends the process and starts it again.
func (s *soak) interrupt() {
	s.t.Helper()
	s.measure()
	s.mu.Lock()
	orderly := s.rand.IntN(100) < soakOutages
	s.mu.Unlock()
	if orderly {
		s.process.stop()
		s.stops++
	} else {
		s.process.kill()
		s.kills++
		n := s.inFlight()
		s.mu.Lock()
		s.pending += n
		s.mu.Unlock()
	}
	s.begin()
}

// measure notes the most memory that the process ever held.
func (s *soak) measure() {
	s.peak = max(s.peak, s.process.memory("VmHWM:"))
}

// finish ends the last process in order.
func (s *soak) finish() {
	s.t.Helper()
	s.measure()
	s.process.stop()
}

// heal has both services answer as they should.
func (s *soak) heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.healed = true
}

// The faults of a service, in tenths of a percent of the messages to it.
type odds struct{ limited, bad, badAfter, reset, resetAfter int }

// draw returns what goes wrong with a message, usually nothing.
func (s *soak) draw() string {
	if s.healed {
		return ""
	}
	o := odds{limited: 10, bad: 30, badAfter: 10, reset: 30, resetAfter: 30}
	n := s.rand.IntN(1000)
	if s.long {
		o = odds{limited: 5, bad: 30, badAfter: 5, reset: 30, resetAfter: 30}
		n = s.rand.IntN(10_000)
	}
	for _, f := range []struct {
		name string
		odds int
	}{{"429", o.limited}, {"502", o.bad}, {"502 after", o.badAfter}, {"reset", o.reset}, {"reset after", o.resetAfter}} {
		if n -= f.odds; n < 0 {
			return f.name
		}
	}
	return ""
}

func (s *soak) telegramFault(c telegramtest.Call) (telegramtest.Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.draw()
	posts := c.Method == "sendMessage"
	if posts && name != "429" && name != "502" && name != "reset" {
		s.note(fmt.Sprint("telegram:", c.Chat()), c.Params["text"])
	}
	if name == "" {
		return telegramtest.Fault{}, false
	}
	s.faults["Telegram "+name]++
	if posts && (strings.HasSuffix(name, "after") || name == "reset") {
		s.doubts++
	}
	return map[string]telegramtest.Fault{
		"429":         {Status: 429, Description: "Too Many Requests: retry after 1", RetryAfter: 1},
		"502":         {Status: 502, HTML: true},
		"502 after":   {Status: 502, HTML: true, Processed: true},
		"reset":       {Reset: telegramtest.Before},
		"reset after": {Reset: telegramtest.After},
	}[name], true
}

func (s *soak) discordFault(r discordtest.Request) *discordtest.Fault {
	posts := r.Method == "POST" && r.Route == "/channels/{channel}/messages"
	if !posts && (r.Method != "PATCH" || r.Route != "/channels/{channel}/messages/{message}") {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.draw()
	if posts && name != "429" && name != "502" && name != "reset" {
		s.note("discord:"+strings.Split(r.Path, "/")[2], string(r.Body))
	}
	if name == "" {
		return nil
	}
	s.faults["Discord "+name]++
	return map[string]*discordtest.Fault{
		"429":         {Status: 429, RetryAfter: time.Second, Scope: "user", Message: "You are being rate limited."},
		"502":         {Status: 502, HTML: "<html><body><h1>Bad Gateway</h1></body></html>"},
		"502 after":   {Status: 502, HTML: "<html><body><h1>Bad Gateway</h1></body></html>", After: true},
		"reset":       {Reset: true},
		"reset after": {Reset: true, After: true},
	}[name]
}

// note remembers what a conversation was told. The caller holds s.mu.
func (s *soak) note(where, text string) {
	for _, m := range marksIn(text) {
		if s.seen[where] == nil {
			s.seen[where] = make(map[int]bool)
		}
		if !s.seen[where][m] {
			s.seen[where][m] = true
			s.told[m]++
		}
	}
}

// edit edits stories until stop is closed: a few at once, and then again when a part
// of those who want to know has been told.
func (s *soak) edit(stop <-chan struct{}) {
	for {
		s.mu.Lock()
		burst := 1 + s.rand.IntN(soakBurst)
		share := s.rand.Float64()
		s.mu.Unlock()
		var mark int
		for range burst {
			s.mu.Lock()
			mark = max(mark, s.change())
			pause := time.Duration(s.rand.Int64N(int64(2 * soakSettle)))
			s.mu.Unlock()
			if !await(stop, pause, nil) {
				return
			}
		}
		enough := int(share * float64(len(s.chats)))
		if !await(stop, soakDeadline, func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.told[mark] >= enough
		}) {
			return
		}
	}
}

// await waits for a time, or until ok holds. It reports false once stop is closed.
func await(stop <-chan struct{}, d time.Duration, ok func() bool) bool {
	limit := time.NewTimer(d)
	defer limit.Stop()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-stop:
			return false
		case <-limit.C:
			return true
		case <-look.C:
			if ok != nil && ok() {
				return true
			}
		}
	}
}

// save writes a story as editors do: whole, and then in its place.
func (s *soak) save(t *tale) {
	if err := os.MkdirAll(s.path("briefs"), 0o755); err != nil {
		s.t.Error(err)
	}
	temporary := s.path("briefs/." + t.id)
	if err := os.WriteFile(temporary, []byte(t.text()), 0o600); err != nil {
		s.t.Error(err)
	}
	if err := os.Rename(temporary, s.path("briefs/"+t.id+".yaml")); err != nil {
		s.t.Error(err)
	}
}

// rested reports whether everybody has been told of everything, as far as it was not
// settled otherwise.
func (s *soak) rested() bool {
	s.mu.Lock()
	missing := s.missing()
	s.mu.Unlock()
	owed, unconfirmed := s.inStore(s.ledger)
	return owed == 0 && !slices.ContainsFunc(missing, func(p pair) bool { return !unconfirmed[p] })
}

// A pair is a mark that a conversation has to be told.
type pair struct {
	where string
	mark  int
}

// missing returns what nobody was seen to be told. The caller holds s.mu.
func (s *soak) missing() (pairs []pair) {
	for n, t := range s.tales {
		for _, mark := range t.required() {
			for room := range s.chats {
				if n != room%soakStories && n != (room+1)%soakStories {
					continue
				}
				for _, where := range []string{fmt.Sprint("telegram:", s.chats[room]), "discord:" + s.channels[room]} {
					if !s.seen[where][mark] {
						pairs = append(pairs, pair{where, mark})
					}
				}
			}
		}
	}
	return pairs
}

// copyStore copies the store as a killed process left it.
func (s *soak) copyStore() string {
	dir := s.t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(s.ledger + suffix)
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "copy.db"+suffix), data, 0o600)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return filepath.Join(dir, "copy.db")
}
