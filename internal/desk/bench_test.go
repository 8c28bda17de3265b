package desk

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

// benchText returns a brief of about 15 KB that is unlike the others.
func benchText(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: Story number %d\nsubtitle: What became of it\nas_of: 2025-12-31\ntags: [trade, tag-%d]\n", n, n%50)
	b.WriteString("overview: |\n  What is known about it, in two paragraphs that say who did what and when.\n\n  The second one cites [^wire].\npeople:\n")
	for i := range 8 {
		fmt.Fprintf(&b, "  - id: person-%d-%d\n    name: Person %d Of %d\n    aliases: [P. %d]\n    title: Minister\n    role: Signed the accord that this story is about.\n", i, n%200, i, n, i)
	}
	b.WriteString("organizations:\n")
	for i := range 4 {
		fmt.Fprintf(&b, "  - {id: org-%d, name: Organization %d Of %d, kind: agency, about: It watches over the ships.}\n", i, i, n)
	}
	b.WriteString("sources:\n  - {id: wire, publisher: A wire, title: Its report, url: \"https://example.org/report\"}\ntimeline:\n")
	for i := 0; b.Len() < 15_000; i++ {
		fmt.Fprintf(&b, "  - id: event-%d\n    date: 2025-%02d-%02d\n    title: What happened on day %d of it\n    kind: Diplomacy\n    detail: >-\n      They met for the whole of the day, and said in the evening that they had agreed on most of the\n      points before them, while the others would be left to their ministers.\n    people: [person-%d-%d]\n    organizations: [org-%d]\n    sources: [wire]\n", i, 1+i%12, 1+i%28, i, i%8, n%200, i%4)
	}
	return b.String()
}

// BenchmarkCheck checks 1,000 briefs of 15 KB (100 under -short), as they are and with a
// warning in each; its floor is the same briefs decoded by package brief.
func BenchmarkCheck(b *testing.B) {
	count := 1000
	if testing.Short() {
		count = 100
	}
	dir := b.TempDir()
	for n := range count {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("story-%04d.yaml", n)), []byte(benchText(n)), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	now := time.Date(2026, time.January, 15, 0, 0, 0, 0, time.UTC)
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			if problems, err := brief.Check(dir); err != nil || len(problems) > 0 {
				b.Fatal(err, problems)
			}
		}
	})
	b.Run("clean", func(b *testing.B) {
		for b.Loop() {
			if problems, err := Check(b.Context(), CheckOptions{Now: now}, dir); err != nil || len(problems) > 0 {
				b.Fatal(err, problems)
			}
		}
	})
	b.Run("warned", func(b *testing.B) {
		for b.Loop() {
			problems, err := Check(b.Context(), CheckOptions{Now: now.AddDate(-1, 0, 0)}, dir)
			if err != nil || len(problems) < count {
				b.Fatal(err, len(problems))
			}
		}
	})
}
