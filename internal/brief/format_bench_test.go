package brief

import (
	"bytes"
	"fmt"
	"testing"

	"gopkg.in/yaml.v3"
)

// largeBrief returns a brief just below the limit of size, with as many events as a
// timeline may have, the newest first and without ids.
func largeBrief(tb testing.TB) []byte {
	var b bytes.Buffer
	b.WriteString("title: A large one\noverview: Text.\ntimeline:\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "  # about the day %d\n  - date: %d-%02d\n    title: Day %d\n    detail: >-\n", i, 2025-i/12, 12-i%12, i)
		for range 5 {
			b.WriteString("      Something that happened on this day is told and Київ in more scripts.\n")
		}
	}
	if b.Len() > maxFile {
		tb.Fatalf("the brief has %d bytes", b.Len())
	}
	return b.Bytes()
}

// oneLineBrief returns a brief nearly all of which is in one line, such as programs write.
func oneLineBrief(tb testing.TB) []byte {
	var b bytes.Buffer
	b.WriteString("title: A large one\noverview: Text.\ntimeline: [")
	for i := range 2000 {
		fmt.Fprintf(&b, "{date: %d, title: Day %d, detail: %q}, ", 2025-i/12, i, bytes.Repeat([]byte("Київ "), 40))
	}
	b.WriteString("]\n")
	if b.Len() > maxFile {
		tb.Fatalf("the brief has %d bytes", b.Len())
	}
	return b.Bytes()
}

// BenchmarkFormat formats a brief of 1 MiB, against the YAML library's building its nodes
// once.
func BenchmarkFormat(b *testing.B) {
	data := largeBrief(b)
	b.Run("nodes", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			var n yaml.Node
			if err := yaml.Unmarshal(data, &n); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("format", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if got, problems := Format("x.yaml", data); hasErrors(problems) || bytes.Equal(got, data) {
				b.Fatal(problems)
			}
		}
	})
	formatted, _ := Format("x.yaml", data)
	b.Run("formatted", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if got, _ := Format("x.yaml", formatted); !bytes.Equal(got, formatted) {
				b.Fatal("it changed again")
			}
		}
	})
	line := oneLineBrief(b)
	b.Run("one line", func(b *testing.B) {
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			if got, problems := Format("x.yaml", line); hasErrors(problems) || bytes.Equal(got, line) {
				b.Fatal(problems)
			}
		}
	})
	text, _ := ReadText("x.yaml", formatted)
	b.Run("set", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := text.Set("timeline", "day-1000", "title", "Another"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
