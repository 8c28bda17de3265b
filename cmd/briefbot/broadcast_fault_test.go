package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/briefbot/briefbot/internal/discord/discordtest"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// TestBroadcastWithFaults tells 1,000 chats and 500 channels of an event while of a
// hundred messages to either service five are answered ambiguously, half of them
// posted and half not, five with a 502, and the connection of five is reset. Everybody
// is told, or the ledger has the delivery as unconfirmed and the operators know;
// Discord, which keeps the nonce, shows nothing twice.
func TestBroadcastWithFaults(t *testing.T) {
	if testing.Short() && os.Getenv("BRIEFBOT_TEST_REQUIRE") != "all" {
		t.Skip("takes as long as the vendors' limits ask for; leave out -short")
	}
	t.Parallel()
	b := newBroadcast(t)
	f := newMisfortune()
	b.telegram.Always("sendMessage", func(c telegramtest.Call) (telegramtest.Fault, bool) {
		if c.Chat() == operators {
			return telegramtest.Fault{}, false
		}
		fault, strikes := telegramFaults[f.draw("Telegram ")]
		return fault, strikes
	})
	b.discord.FailWhen(func(r discordtest.Request) *discordtest.Fault {
		if r.Method != http.MethodPost || r.Route != "/channels/{channel}/messages" {
			return nil
		}
		return discordFaults[f.draw("Discord ")]
	})
	b.start("--listen", "off", "--settle", "500ms")
	b.append()
	b.wait("the record of the event", func() bool { return b.arrived() > 0 })
	b.wait("everything to be settled", func() bool { return b.owed() == 0 })
	b.process.stop()

	unconfirmed := b.unconfirmed()
	onTelegram, onDiscord := b.arrivals()
	never := 0
	for where := range b.conversations() {
		platform, id, _ := strings.Cut(where, ":")
		told := map[string]map[string]int{"telegram": onTelegram, "discord": onDiscord}[platform][id] > 0
		switch {
		case !told && !unconfirmed[where]:
			t.Errorf("lost: %s was not told, and nothing says so", where)
		case !told:
			never++
		}
	}
	if len(unconfirmed) > 0 && !b.alarmed() {
		t.Error("messages are unconfirmed, and the operators were not told")
	}
	telegram, discord := b.repeats()
	fmt.Printf("broadcast with faults: %v\n", f)
	fmt.Printf("broadcast with faults: %d conversations, %d told, lost 0, unconfirmed and the operators told %d (of them told %d, not told %d), repeated on Telegram %d, on Discord %d\n",
		chats+channels, len(onTelegram)+len(onDiscord), len(unconfirmed), len(unconfirmed)-never, never, telegram, discord)
	if discord > 0 {
		t.Errorf("%d channels got the event twice, although Discord keeps the nonce", discord)
	}
	if doubts := f.count("Telegram posted and unanswered"); telegram > doubts {
		t.Errorf("%d chats got the event twice, %d answers were in doubt", telegram, doubts)
	}
}

var telegramFaults = map[string]telegramtest.Fault{
	"posted and unanswered":     {Reset: telegramtest.After},
	"not posted and unanswered": {Reset: telegramtest.Before},
	"502":                       {Status: http.StatusBadGateway, HTML: true},
	"reset":                     {Reset: telegramtest.Before},
}

var discordFaults = map[string]*discordtest.Fault{
	"posted and unanswered":     {Reset: true, After: true},
	"not posted and unanswered": {Reset: true},
	"502":                       {Status: http.StatusBadGateway, HTML: "<html><body><h1>Bad Gateway</h1></body></html>"},
	"reset":                     {Reset: true},
}

// A misfortune draws what goes wrong with a message.
type misfortune struct {
	seed uint64

	mu     sync.Mutex
	rand   *rand.Rand
	counts map[string]int
}

func newMisfortune() *misfortune {
	seed := rand.Uint64N(1 << 40)
	return &misfortune{seed: seed, rand: rand.New(rand.NewPCG(seed, 0)), counts: make(map[string]int)}
}

func (f *misfortune) draw(service string) (name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[service+"messages"]++
	switch n := f.rand.IntN(1000); {
	case n < 25:
		name = "posted and unanswered"
	case n < 50:
		name = "not posted and unanswered"
	case n < 100:
		name = "502"
	case n < 150:
		name = "reset"
	default:
		return ""
	}
	f.counts[service+name]++
	return name
}

func (f *misfortune) count(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[name]
}

func (f *misfortune) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprintf("seed %d, %v", f.seed, f.counts)
}

// conversations are those that want the event, as the configuration writes them.
func (b *broadcast) conversations() map[string]bool {
	all := make(map[string]bool)
	for n := range chats {
		all[fmt.Sprint("telegram:", telegramChat(n).ID)] = true
	}
	for _, channel := range b.channels {
		all["discord:"+channel] = true
	}
	return all
}

// owed is how many deliveries are not settled.
func (b *broadcast) owed() (n int) {
	db := b.openStore(b.path("briefbot.db"))
	defer db.Close()
	if err := db.QueryRow("SELECT COUNT(*) FROM deliveries WHERE settled_at = 0").Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

// unconfirmed are the conversations of which nobody knows whether they were told.
func (b *broadcast) unconfirmed() map[string]bool {
	db := b.openStore(b.path("briefbot.db"))
	defer db.Close()
	rows, err := db.Query("SELECT conversation FROM deliveries WHERE state = 'unconfirmed'")
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	all := make(map[string]bool)
	for rows.Next() {
		var where string
		if err := rows.Scan(&where); err != nil {
			b.t.Fatal(err)
		}
		all[where] = true
	}
	if err := rows.Err(); err != nil {
		b.t.Fatal(err)
	}
	return all
}
