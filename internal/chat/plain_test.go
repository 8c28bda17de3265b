package chat

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlain(t *testing.T) {
	for _, test := range []struct {
		name string
		card Card
		want string
	}{
		{"empty", Card{}, ""},
		{"lead only", Card{Lead: Plainly("Hello")}, "Hello\n"},
		{"everything", Card{
			Title: "Timeline of a story", URL: "https://example.org/stories/us", Tone: Revised,
			Lead: Text{{Text: "A "}, {Text: "bold", Style: Bold}, {Text: " "}, {Text: "claim", URL: "https://example.org/a"}, {Text: "[3]", URL: "https://example.org/s3"},
				{Text: ".\n\nSee "}, {Text: "https://example.org/b", URL: "https://example.org/b"}},
			Items: []Item{
				{ID: "x", Label: "2 December 2025 · Diplomacy", Head: Plainly("Talks in Moscow"), Body: Text{{Text: "First.\n\n"}, {Text: "Quoted\nlines", Style: Quote}, {Text: "[3]", URL: "https://example.org/s3"}}, URL: "https://example.org/x"},
				{Head: Plainly("No label"), Body: Plainly("Body")},
				{Label: "Alone"},
			},
			Picture: &Picture{Alt: "A map"},
			Note:    Plainly("As of 8 December 2025"),
			Actions: [][]Action{
				{{Label: "Overview", Call: "overview us", Current: true}, {Label: "Next", Call: "timeline us after=x"}},
				{{Label: "Read", URL: "https://example.org/r"}},
			},
		}, `Revised · Timeline of a story
=============================
https://example.org/stories/us

A bold claim (https://example.org/a)[3].

See https://example.org/b

2 December 2025 · Diplomacy
  Talks in Moscow
  First.

  > Quoted
  > lines[3]
  https://example.org/x

No label
  Body

Alone

[Picture: A map]

As of 8 December 2025

[3] https://example.org/s3

Overview (shown): /overview us
Next: /timeline us after=x
Read: https://example.org/r
`},
		{"a list", Card{Title: "新闻", Items: []Item{{Head: Plainly("one")}, {Label: "2", Head: Plainly("two")}}}, "新闻\n====\n\none\n2 two\n"},
		{"escapes", Card{Title: "a\x1b[31m\nb\u009b", Lead: Plainly("c\x07\td\r\ne")}, "a[31m b\n=======\n\nc d\ne\n"},
		{"no title", Card{URL: "https://example.org"}, "https://example.org\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.card.Plain()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestToneWords(t *testing.T) {
	for tone, want := range map[Tone]string{Plain: "", New: "New", Revised: "Revised", Withdrawn: "Withdrawn", Trouble: "Problem"} {
		if got := tone.Word(); got != want {
			t.Errorf("%q: %q", tone, got)
		}
	}
}
