package main

import (
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"short\n", "short\n"},
		{"one two three four\n", "one two\nthree four\n"},
		{"  one two three\n", "  one two\n  three\n"},
		{"• one two three\n", "• one two\n  three\n"},
		{"a unbreakablylongword b", "a\nunbreakablylongword\nb"},
		{"\n\none\n\n", "\n\none\n\n"},
		{"北京举行 会谈 ok\n", "北京举行\n会谈 ok\n"},                                                                      // two columns a character
		{"e\u0301e\u0301e\u0301 e\u0301e\u0301e\u0301 x\n", "e\u0301e\u0301e\u0301 e\u0301e\u0301e\u0301 x\n"}, // marks take none
	} {
		if got := wrap(test.text, 10); got != test.want {
			t.Errorf("wrap(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

func TestWrapLeavesPipesAlone(t *testing.T) {
	long := strings.Repeat("word ", 100)
	if n := columns(new(strings.Builder)); n != 0 {
		t.Errorf("a pipe is %d columns wide", n)
	}
	if got := wrap(long, 0); got != long {
		t.Errorf("wrapped without a width: %q", got)
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("• one  two\n   three", 12)
	f.Fuzz(func(t *testing.T, text string, columns int) {
		got := wrap(text, columns%200)
		if words, want := strings.Fields(got), strings.Fields(text); strings.Join(words, " ") != strings.Join(want, " ") {
			t.Errorf("wrap(%q, %d) = %q lost something", text, columns, got)
		}
	})
}
