package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

const (
	chats    = 1000
	channels = 500
)

// TestBroadcastSurvivesKill appends an event that 1,000 chats and 500 channels
// want at once, under the vendors’ limits, and on the way stops the process in
// order, which repeats nothing, and kills it, which may repeat what was in flight.
func TestBroadcastSurvivesKill(t *testing.T) {
	if testing.Short() && os.Getenv("BRIEFBOT_TEST_REQUIRE") != "all" {
		t.Skip("takes as long as the vendors' limits ask for; leave out -short")
	}
	t.Parallel()
	b := newBroadcast(t)
	b.start("--listen", "off", "--settle", "500ms")
	b.append()
	b.wait("a third of the messages", func() bool { return b.arrived() > (chats+channels)/3 })
	b.process.stop()
	b.start("--listen", "off", "--settle", "500ms")
	b.wait("two thirds of the messages", func() bool { return b.arrived() > (chats+channels)*2/3 })
	if telegram, discord := b.repeats(); telegram+discord > 0 {
		t.Errorf("%d chats and %d channels got the event twice after an orderly stop", telegram, discord)
	}
	b.process.kill()
	b.start("--listen", "off", "--settle", "500ms")
	b.wait("every message", func() bool { return b.missing() == 0 })
	b.process.stop()

	telegram, discord := b.repeats()
	// Eight is how many sends the adapter has in flight.
	if telegram > 8 {
		t.Errorf("%d chats got the event twice: more than were in flight", telegram)
	}
	if discord > 0 {
		t.Errorf("%d channels got the event twice, although Discord keeps the nonce", discord)
	}
	b.checkLimits()
}

// BenchmarkBroadcast reports how much of the vendors' budgets for digests a
// broadcast uses: 28 messages a second on Telegram, 45 on Discord.
func BenchmarkBroadcast(b *testing.B) {
	for b.Loop() {
		w := newBroadcast(b)
		w.start("--listen", "off", "--settle", "500ms")
		w.append()
		w.wait("every message", func() bool { return w.missing() == 0 })
		w.process.stop()
		w.checkLimits()
		if telegram, discord := w.repeats(); telegram+discord > 0 {
			b.Errorf("%d repeats", telegram+discord)
		}
		b.ReportMetric(rate(w.telegramTimes())/28*100, "%telegram-budget")
		b.ReportMetric(rate(w.discordTimes())/45*100, "%discord-budget")
	}
}

func rate(at []time.Time) float64 {
	first, last := at[0], at[0]
	for _, t := range at {
		if t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	return float64(len(at)-1) / last.Sub(first).Seconds()
}

// A broadcast is a world in which everybody wants one story at once.
type broadcast struct {
	*world
	channels []string
}

// operators is the chat that gets the alarms.
const operators = 4242

func newBroadcast(t testing.TB) *broadcast {
	t.Helper()
	b := &broadcast{world: newWorld(t)}
	var config strings.Builder
	b.telegram.AddChat(telegramtest.Chat{ID: operators})
	fmt.Fprintf(&config, "alarms: [\"telegram:%d\"]\nsubscriptions:\n", operators)
	for n := range chats {
		b.telegram.AddChat(telegramChat(n))
		fmt.Fprintf(&config, "  - {to: \"telegram:%d\", stories: [grain], schedule: immediate}\n", telegramChat(n).ID)
	}
	b.channels = b.discord.Populate("900100", channels)
	for _, channel := range b.channels {
		fmt.Fprintf(&config, "  - {to: \"discord:%s\", stories: [grain], schedule: immediate}\n", channel)
	}
	b.write("briefbot.yaml", config.String())
	b.write("briefs/grain.yaml", story(1, "Event"))
	return b
}

// append adds the event that everybody is to be told.
func (b *broadcast) append() { b.write("briefs/grain.yaml", story(2, "Event")) }

const news = "Event 1"

// arrivals returns how often each conversation got the event.
func (b *broadcast) arrivals() (telegram, discord map[string]int) {
	telegram, discord = make(map[string]int), make(map[string]int)
	for n := range chats {
		for _, m := range b.telegram.Messages(telegramChat(n).ID) {
			if strings.Contains(m.Text, news) {
				telegram[fmt.Sprint(m.Chat)]++
			}
		}
	}
	for _, channel := range b.channels {
		for _, m := range b.discord.Messages(channel) {
			if strings.Contains(m.Text(), news) {
				discord[channel]++
			}
		}
	}
	return telegram, discord
}

func (b *broadcast) arrived() int {
	telegram, discord := b.arrivals()
	return len(telegram) + len(discord)
}

func (b *broadcast) missing() int { return chats + channels - b.arrived() }

// repeats returns in how many conversations the event stands more than once.
func (b *broadcast) repeats() (telegram, discord int) {
	count := func(arrivals map[string]int) (repeats int) {
		for _, n := range arrivals {
			if n > 1 {
				repeats++
			}
		}
		return repeats
	}
	onTelegram, onDiscord := b.arrivals()
	return count(onTelegram), count(onDiscord)
}

// checkLimits fails the test if a vendor had to refuse anything.
func (b *broadcast) checkLimits() {
	b.t.Helper()
	for _, call := range b.telegram.Calls() {
		if call.Status == http.StatusTooManyRequests || call.Status == http.StatusBadRequest {
			b.t.Fatalf("Telegram refused %s: %d %s", call.Method, call.Status, call.Error)
		}
	}
	for _, r := range b.discord.Refused() {
		b.t.Fatalf("Discord refused %s %s: %d %s", r.Method, r.Path, r.Status, r.Problem)
	}
}

func (b *broadcast) telegramTimes() []time.Time {
	var at []time.Time
	for n := range chats {
		for _, m := range b.telegram.Messages(telegramChat(n).ID) {
			at = append(at, m.At)
		}
	}
	return at
}

func (b *broadcast) discordTimes() []time.Time {
	var at []time.Time
	for _, channel := range b.channels {
		for _, m := range b.discord.Messages(channel) {
			at = append(at, m.At)
		}
	}
	return at
}
