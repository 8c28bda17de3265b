package bot

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/spelling"
)

// capital returns s with an upper-case first letter.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// shorten returns s in at most limit code points, cut at a word where one is near.
func shorten(s string, limit int) string {
	return chat.Shorten(s, func(s string) bool { return utf8.RuneCountInString(s) <= limit })
}

// quoted returns what somebody typed, short enough to be repeated in a sentence.
func quoted(typed string) string {
	return "“" + shorten(strings.Join(strings.Fields(typed), " "), 80) + "”"
}

// counted returns “1 event”, “12 events”.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// listed returns “a”, “a and b”, “a, b and c”.
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// dayWords returns the day of an instant: “8 December 2025”.
func dayWords(t time.Time) string { return t.Format("2 January 2006") }

// momentWords returns an instant in a zone: “Thursday, 26 November 2026, 08:00
// Europe/Kyiv”.
func momentWords(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Monday, 2 January 2006, 15:04 ") + zone.String()
}

// rangeWords says what a digest covers: “Covers 24 Nov 08:00 – 25 Nov 08:00
// Europe/Kyiv”. The year stands where the two differ in it.
func rangeWords(from, to time.Time, zone *time.Location) string {
	zone = zoneOr(zone)
	from, to = from.In(zone), to.In(zone)
	layout := "2 Jan 15:04"
	if from.Year() != to.Year() {
		layout = "2 Jan 2006 15:04"
	}
	start, end := from.Format(layout), to.Format(layout)
	if start == end {
		return "Recorded " + end + " " + zone.String()
	}
	return "Covers " + start + " – " + end + " " + zone.String()
}

// percent returns a likelihood in words: “35 %”. The space does not break.
func percent(likelihood float64) string {
	s := fmt.Sprintf("%.1f", likelihood*100)
	return strings.TrimSuffix(s, ".0") + "\u00a0%"
}

// statusWords says whether a story is still told.
func statusWords(s brief.Status) string {
	switch s {
	case brief.Watching:
		return "Watching"
	case brief.Closed:
		return "Closed"
	}
	return "Active"
}

// importanceWords says how much an event matters where that is worth a word.
func importanceWords(i brief.Importance) string {
	switch i {
	case brief.Major:
		return "major"
	case brief.Minor:
		return "minor"
	}
	return ""
}

// dotted joins the parts that are not empty with a middle dot.
func dotted(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " · ")
}

// same reports whether two words differ at most in case, accents and punctuation.
func same(a, b string) bool { return spelling.Fold(a) == spelling.Fold(b) }

// A command in a sentence of ours.
var commandWord = regexp.MustCompile(`(^|[\s“])(/[a-z]+)`)

// said returns a sentence of ours with the commands in it set as code: services
// leave code as it is, so that a reader can copy it.
func said(s string) chat.Text {
	var t chat.Text
	from := 0
	for _, m := range commandWord.FindAllStringSubmatchIndex(s, -1) {
		t = append(append(t, chat.Plainly(s[from:m[4]])...), chat.Styled(s[m[4]:m[5]], chat.Code)...)
		from = m[5]
	}
	return append(t, chat.Plainly(s[from:])...)
}
