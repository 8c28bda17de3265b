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
