package bot

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/briefbot/briefbot/internal/chat"
)

// BenchmarkAnswer compares answering /timeline, from the line to the card, with a
// command that only says what it was asked.
func BenchmarkAnswer(b *testing.B) {
	stories := testStories(b)
	data, err := os.ReadFile("../briefs/us-nss-2025.yaml")
	if err != nil {
		b.Fatal(err)
	}
	stories["us-nss-2025"] = string(data)
	w := newWorld(b, stories, withConfig(everyone()))
	echo, err := chat.NewSet([]chat.Command{{
		Name: "timeline", Summary: "Says what it was asked", Options: []chat.Option{{Name: "story", Summary: "A word"}},
		Run: func(_ context.Context, inv *chat.Invocation) (chat.Reply, error) {
			return chat.Reply{Card: chat.Card{Title: inv.Arg("story")}}, nil
		},
	}}, chat.Rules{})
	if err != nil {
		b.Fatal(err)
	}
	run := func(name string, answer func(context.Context, chat.Invocation) chat.Reply, line string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r := answer(b.Context(), asker("reader", line)); r.Card.Tone == chat.Trouble {
					b.Fatal(r.Card.Plain())
				}
			}
		})
	}
	run("echo", echo.Run, "/timeline us-nss-2025")
	run("timeline", w.Host().Run, "/timeline us-nss-2025")
	run("timeline-of-200", w.Host().Run, "/timeline huge after=event-100")
	run("overview", w.Host().Run, "/overview us-nss-2025")
}

// BenchmarkComplete offers stories, tags and people among 1,000 dossiers for a few
// letters.
func BenchmarkComplete(b *testing.B) {
	stories := make(map[string]string)
	for i := range 1000 {
		stories[fmt.Sprintf("story-%d", i)] = fmt.Sprintf(`title: Ärger im Hafen %d
overview: Text.
tags: [ports, "talks %d", Black Sea]
people: [{name: Zoë Ånström %d, aliases: [Zoe of Gävle, "Z. Å."]}, {name: Ann Onymous}]
timeline: [{id: a, date: 2025, title: A}]
`, i, i%100, i)
	}
	host := newWorld(b, stories).Host()
	for _, c := range []struct{ name, line, option, typed string }{
		{"story", "/overview", "story", "anstrom 99"},
		{"tag", "/stories", "tag", "talks 9"},
		{"person", "/people", "name", "anstrom 99"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if found := host.Complete(b.Context(), asker("reader", c.line), c.option, c.typed); len(found) == 0 {
					b.Fatal("nothing is offered")
				}
			}
		})
	}
}
