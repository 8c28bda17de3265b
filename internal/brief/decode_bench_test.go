package brief

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// benchmarkBrief returns a brief of about 15 KB such as an editor would write.
func benchmarkBrief(tb testing.TB) []byte {
	tb.Helper()
	const sentence = "The ministers met again and agreed on the **next round** of talks, according to the joint statement.[^source-%d] "
	var b bytes.Buffer
	b.WriteString("title: A story to measure with\nsubtitle: One line\nstatus: active\nas_of: 2025-12-08\ntags: [trade, sea]\noverview: |\n")
	for i := range 6 {
		fmt.Fprintf(&b, "  "+sentence+"\n\n", i+1)
	}
	b.WriteString("people:\n")
	for i := range 10 {
		fmt.Fprintf(&b, "  - id: person-%d\n    name: Person %d\n    title: Minister\n    role: Signed the accord.\n", i+1, i+1)
	}
	b.WriteString("organizations:\n")
	for i := range 6 {
		fmt.Fprintf(&b, "  - {id: organization-%d, name: Organization %d, kind: Agency, about: Observes.}\n", i+1, i+1)
	}
	b.WriteString("timeline:\n")
	for i := range 30 {
		fmt.Fprintf(&b, "  - id: event-%d\n    date: 2025-%02d-%02d\n    title: The round number %d ends\n    kind: Diplomacy\n    importance: normal\n    detail: >-\n      "+
			sentence+"\n    people: [person-%d, person-%d]\n    organizations: [organization-%d]\n    sources: [source-%d]\n",
			i+1, i/28+1, i%28+1, i+1, i%10+1, i%10+1, (i+1)%10+1, i%6+1, i%10+1)
	}
	b.WriteString("sources:\n")
	for i := range 10 {
		fmt.Fprintf(&b, "  - id: source-%d\n    publisher: Publisher %d\n    title: %s\n    url: https://example.org/%d\n    date: 2025-12-01\n", i+1, i+1, strings.Repeat("Word ", 10), i)
	}
	if b.Len() < 12_000 || b.Len() > 16_000 {
		tb.Fatalf("the brief has %d bytes", b.Len())
	}
	return b.Bytes()
}

// BenchmarkDecode compares decoding with what the YAML library needs alone, to build
// nodes and to fill the same struct with nothing checked.
func BenchmarkDecode(b *testing.B) {
	data := benchmarkBrief(b)
	if _, problems := Decode("story.yaml", data); problems != nil {
		b.Fatal(problems)
	}
	b.Run("nodes", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			var n yaml.Node
			if err := yaml.Unmarshal(data, &n); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("struct", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			var d Dossier
			if err := yaml.Unmarshal(data, &d); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if d, _ := Decode("story.yaml", data); d == nil {
				b.Fatal("no dossier")
			}
		}
	})
}

// hostileBriefs returns files of about a size that ask for more work than their
// size suggests.
func hostileBriefs(size int) map[string][]byte {
	const base = "title: T\noverview: O\ntimeline: []\n"
	fill := func(before, unit, after string) []byte {
		return []byte(before + strings.Repeat(unit, (size-len(before)-len(after))/len(unit)) + after)
	}
	return map[string][]byte{
		"comments":        fill(base, "#\n", ""),
		"items":           fill(base+"tags:\n", "- a # b\n", ""),
		"nothing":         fill(base+"people:\n", "- {}\n", ""),
		"same keys":       fill(base, "title: T\n", ""),
		"unknown keys":    fill(base, "tilte: b\n", ""),
		"same ids":        fill(base+"people: [", "{name: a},", "]"),
		"merges":          fill(base+"people: [", "{<<: {}},", "]"),
		"aliases":         fill(base+"subtitle: &a S\ntags: [", "*a,", "]"),
		"unknown sources": fill("title: T\ntimeline: []\noverview: '", "[^a]", "'"),
		"unknown people":  fill("title: T\noverview: O\ntimeline: [{id: a, date: 2025, title: E, people: [", "abc,", "]}]"),
		"odd line ends":   fill("title: T\ntags: [", "\"\u2028\",", "]"),
		"long lines":      fill("title: ", "a ", ""),
		"many lines":      fill("title: T\noverview: \"", "a\n", "\""),
		"depth":           fill(base+"tags: ", "[", ""),
		"an open bracket": fill(base+"tags: [\n", "a,\n", "b: c\n"),
		"an open quote":   fill(base+"tags: '", "a\n", ""),
	}
}

// TestDecodeHostile checks that no file is too much, and that what is said of it
// stays within bounds.
func TestDecodeHostile(t *testing.T) {
	for name, data := range hostileBriefs(32 << 10) {
		d, problems := Decode("story.yaml", data)
		if (d == nil) != hasErrors(problems) || len(problems) > maxProblems {
			t.Errorf("%s: dossier %t, %d problems", name, d != nil, len(problems))
		}
	}
}

// BenchmarkDecodeHostile decodes files of the size that is allowed.
func BenchmarkDecodeHostile(b *testing.B) {
	for name, data := range hostileBriefs(maxFile) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				Decode("story.yaml", data)
			}
		})
	}
}
