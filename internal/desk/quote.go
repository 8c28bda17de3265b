package desk

import (
	"fmt"
	"strings"
	"unicode"
)

// code returns a text as a span of code on one line.
func code(s string) string {
	s = strings.Join(strings.Fields(visible(s)), " ")
	if s == "" {
		return ""
	}
	ticks := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return ticks + s + ticks
}

// codes returns texts as code, in a row.
func codes(all []string) string {
	spans := make([]string, len(all))
	for i, s := range all {
		spans[i] = code(s)
	}
	return strings.Join(spans, ", ")
}

// fence returns a text as a block of code, which no line of it can end.
func fence(language, s string) string {
	ticks := strings.Repeat("`", max(3, longestRun(s, '`')+1))
	s = visible(strings.ReplaceAll(strings.TrimRight(s, "\n"), "\r", ""))
	return ticks + language + "\n" + s + "\n" + ticks + "\n"
}

func longestRun(s string, of rune) int {
	longest, run := 0, 0
	for _, c := range s {
		if c != of {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

func indent(s, by string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(by + line)
	}
	return b.String()
}

// visible names the characters that change how others look without being seen, such as
// those that turn the direction of writing: a reviewer judges what is there.
func visible(s string) string {
	if !strings.ContainsFunc(s, isHidden) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		if isHidden(c) {
			fmt.Fprintf(&b, "⟨U+%04X⟩", c)
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

func isHidden(c rune) bool {
	return unicode.Is(unicode.Bidi_Control, c) || unicode.IsControl(c) && c != '\n' && c != '\t' && c != '\r'
}
