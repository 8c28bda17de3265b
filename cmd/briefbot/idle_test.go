package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkIdle reports what a process with 5,000 subscriptions on both services uses
// over a minute in which nothing happens: resident memory, how much of it is its own
// and how much the mapped binary, and processor time in percent of one core.
func BenchmarkIdle(b *testing.B) {
	const subscriptions = 5000
	for b.Loop() {
		w := newWorld(b)
		var config strings.Builder
		config.WriteString("subscriptions:\n")
		for n := range subscriptions / 2 {
			w.telegram.AddChat(telegramChat(n))
			fmt.Fprintf(&config, "  - {to: \"telegram:%d\", stories: [grain]}\n", telegramChat(n).ID)
		}
		for _, channel := range w.discord.Populate("900100", subscriptions/2) {
			fmt.Fprintf(&config, "  - {to: \"discord:%s\", stories: [grain]}\n", channel)
		}
		w.write("briefbot.yaml", config.String())
		w.write("briefs/grain.yaml", story(50, "Event"))
		w.start("--listen", "127.0.0.1:0")
		w.elapse(100 * time.Second) // the queue is at rest by then
		before := w.process.processorTime()
		w.elapse(time.Minute)
		b.ReportMetric(float64(w.process.processorTime()-before)/float64(time.Minute)*100, "%cpu")
		b.ReportMetric(float64(w.process.memory("VmRSS:"))/(1<<20), "resident-MB")
		b.ReportMetric(float64(w.process.memory("RssAnon:"))/(1<<20), "own-MB")
		b.ReportMetric(float64(w.process.memory("RssFile:"))/(1<<20), "mapped-MB")
		b.ReportMetric(float64(w.process.memory("VmHWM:"))/(1<<20), "peak-MB")
		w.process.stop()
	}
}

// elapse lets so much time pass while the process lives.
func (w *world) elapse(d time.Duration) {
	w.t.Helper()
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
	case <-w.process.done:
		w.t.Fatalf("briefbot ended\n%s", w.process.log())
	}
}

// memory is a figure of the process's memory in bytes, by its name in /proc; 0 where
// the system does not tell.
func (p *process) memory(name string) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), name)
	var kilobytes int64
	_, _ = fmt.Sscan(rest, &kilobytes) // it is 0 where the line is missing
	return kilobytes << 10
}

// processorTime is what the process's threads used so far; 0 where the system does not
// tell.
func (p *process) processorTime() (used time.Duration) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for _, name := range threads {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		var nanoseconds int64
		_, _ = fmt.Sscan(string(data), &nanoseconds) // it is 0 where there is none
		used += time.Duration(nanoseconds)
	}
	return used
}
