package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/discord/discordtest"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// Listeners are a crowd that is told of an event, and a few beside it who ask.
type listeners struct {
	*world
	askers   []int64
	channels []string
	asked    int
}

const (
	crowdSize = 10_000
	askers    = 40
	apiDelay  = 60 * time.Millisecond // what a service takes for a request
)

// newListeners makes a world in which crowdSize chats, and half as many channels, want
// to be told at once, at the vendors' limits.
func newListeners(t testing.TB) *listeners {
	a := &listeners{world: newWorld(t)}
	var config strings.Builder
	config.WriteString("subscriptions:\n")
	for n := range crowdSize {
		a.telegram.AddChat(telegramChat(n))
		fmt.Fprintf(&config, "  - {to: \"telegram:%d\", stories: [grain], schedule: immediate}\n", telegramChat(n).ID)
	}
	for n := range askers {
		c := telegramChat(crowdSize + n)
		a.telegram.AddChat(c)
		a.askers = append(a.askers, c.ID)
	}
	all := a.discord.Populate("900100", crowdSize/2+askers)
	for _, channel := range all[askers:] {
		fmt.Fprintf(&config, "  - {to: \"discord:%s\", stories: [grain], schedule: immediate}\n", channel)
	}
	a.channels = all[:askers]
	a.telegram.Always("sendMessage", func(telegramtest.Call) (telegramtest.Fault, bool) {
		return telegramtest.Fault{Delay: apiDelay}, true
	})
	a.discord.SetLatency(apiDelay)
	a.write("briefbot.yaml", config.String())
	a.write("briefs/grain.yaml", story(1, "Event"))
	return a
}

// ask asks on both services at once, n times, so often, and returns how long the
// answers took.
func (a *listeners) ask(n int, every time.Duration) (telegram, discord []time.Duration) {
	var mu sync.Mutex
	var answers sync.WaitGroup
	tick := time.NewTicker(every)
	defer tick.Stop()
	for range n {
		asker := a.asked % askers
		a.asked++
		answers.Go(func() {
			took := a.askTelegram(a.askers[asker])
			mu.Lock()
			defer mu.Unlock()
			telegram = append(telegram, took)
		})
		answers.Go(func() {
			took := a.askDiscord(a.channels[asker])
			mu.Lock()
			defer mu.Unlock()
			discord = append(discord, took)
		})
		<-tick.C
	}
	answers.Wait()
	slices.Sort(telegram)
	slices.Sort(discord)
	return telegram, discord
}

func (a *listeners) askTelegram(chat int64) time.Duration {
	before, began := len(a.telegram.Messages(chat)), time.Now()
	a.telegram.Say(chat, chat, "/timeline grain")
	a.telegram.AwaitFor(time.Minute, "an answer", func() bool { return len(a.telegram.Messages(chat)) > before })
	return time.Since(began)
}

func (a *listeners) askDiscord(channel string) time.Duration {
	ctx, cancel := contextWithin(a.t, time.Minute)
	defer cancel()
	began := time.Now()
	p, err := a.discord.Slash(discordtest.Member{User: "700700"}, channel, "timeline", discordtest.Option{Name: "story", Value: "grain"})
	if err == nil {
		_, err = p.Message(ctx)
	}
	if err != nil {
		a.t.Error(err)
	}
	return time.Since(began)
}

// planning reports whether deliveries are being planned.
func (a *listeners) planning() bool {
	db := a.openStore(a.path("briefbot.db"))
	defer db.Close()
	var n int
	if err := db.QueryRow("SELECT COUNT(*) FROM (SELECT 1 FROM deliveries LIMIT 1) found").Scan(&n); err != nil {
		a.t.Fatal(err)
	}
	return n > 0
}

func percentile(sorted []time.Duration, p int) time.Duration { return sorted[(len(sorted)-1)*p/100] }

// BenchmarkAnswers reports how long answers take, on services that take 60 ms for a
// request, while nothing else happens, while a broadcast to 10,000 chats and 5,000
// channels is planned, and while it goes out; the latter two as ratios to idle.
func BenchmarkAnswers(b *testing.B) {
	for b.Loop() {
		a := newListeners(b)
		a.start("--listen", "off", "--settle", "500ms")
		a.ask(20, 100*time.Millisecond) // the first fill caches
		idleTelegram, idleDiscord := a.ask(100, 150*time.Millisecond)
		a.write("briefs/grain.yaml", story(2, "Event"))
		a.wait("the planning to begin", a.planning)
		planTelegram, planDiscord := a.ask(40, 150*time.Millisecond)
		busyTelegram, busyDiscord := a.ask(150, 150*time.Millisecond)
		a.process.kill()
		for _, r := range []struct {
			name             string
			idle, plan, busy []time.Duration
		}{{"telegram", idleTelegram, planTelegram, busyTelegram}, {"discord", idleDiscord, planDiscord, busyDiscord}} {
			for _, p := range []int{50, 95} {
				idle, plan, busy := percentile(r.idle, p), percentile(r.plan, p), percentile(r.busy, p)
				fmt.Printf("answers on %s, p%d: idle %v, planning %v, broadcast %v\n", r.name, p, idle.Round(time.Millisecond), plan.Round(time.Millisecond), busy.Round(time.Millisecond))
				b.ReportMetric(float64(busy)/float64(idle), fmt.Sprintf("%s-p%d-ratio", r.name, p))
				b.ReportMetric(float64(plan)/float64(idle), fmt.Sprintf("%s-p%d-ratio-planning", r.name, p))
			}
		}
	}
}
