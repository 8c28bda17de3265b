package telegram

import (
	"fmt"
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/chat"
)

func BenchmarkPayloads(b *testing.B) {
	c := chat.Card{Title: "Timeline", Lead: chat.Plainly("Newest first.")}
	for i := range 10 {
		c.Items = append(c.Items, chat.Item{Label: "21 November 2025 · Diplomacy", Head: chat.Plainly(fmt.Sprint("Event number ", i)),
			Body: chat.Plainly(strings.Repeat("What happened in Geneva on that day. ", 6))})
	}
	c.Actions = [][]chat.Action{{{Label: "Overview", Call: "overview a"}, {Label: "People", Call: "people a"}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Payloads(c); err != nil {
			b.Fatal(err)
		}
	}
}
