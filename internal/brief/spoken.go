package brief

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// English prose, as far as it says when something was.
const (
	spokenMonth  = `(?:January|February|March|April|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)`
	spokenDay    = `(?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th)?\b`
	spokenYear   = `[12][0-9]{3}\b`
	spokenDash   = `\s*[-–—]\s*`
	spokenSeason = `(?i:spring|summer|autumn|fall|winter)`
)

// spoken are the forms of a date, each whole; what is in parentheses is, in this
// order, named in the function that reads it.
var spoken = []struct {
	form *regexp.Regexp
	read func(m []string) string
}{
	{whole(`(` + spokenMonth + `)\s+(` + spokenDay + `)` + spokenDash + `(` + spokenDay + `),?\s+(` + spokenYear + `)`),
		func(m []string) string { return writtenDay(m[4], m[1], m[2]) + "/" + writtenDay(m[4], m[1], m[3]) }},
	{whole(`(` + spokenDay + `)` + spokenDash + `(` + spokenDay + `)\s+(` + spokenMonth + `),?\s+(` + spokenYear + `)`),
		func(m []string) string { return writtenDay(m[4], m[3], m[1]) + "/" + writtenDay(m[4], m[3], m[2]) }},
	{whole(`(` + spokenMonth + `)\s+(` + spokenDay + `),?\s+(` + spokenYear + `)`),
		func(m []string) string { return writtenDay(m[3], m[1], m[2]) }},
	{whole(`(` + spokenDay + `)\s+(?:of\s+)?(` + spokenMonth + `),?\s+(` + spokenYear + `)`),
		func(m []string) string { return writtenDay(m[3], m[2], m[1]) }},
	{whole(`(` + spokenMonth + `)(?:,|\s+of)?\s+(` + spokenYear + `)`),
		func(m []string) string { return m[2] + "-" + monthDigits(m[1]) }},
	{whole(`(` + spokenSeason + `)(?:,|\s+of)?\s+(` + spokenYear + `)`),
		func(m []string) string { return m[2] + "-" + seasonDigits(m[1]) }},
	{whole(`(?:the\s+)?([12][0-9]{2})0s`), func(m []string) string { return m[1] + "X" }},
}

func whole(form string) *regexp.Regexp { return regexp.MustCompile(`^(?i:` + form + `)$`) }

var (
	aboutWords   = regexp.MustCompile(`^(?i:about|around|circa|ca?\.)\s*`)
	leadingWords = regexp.MustCompile(`^(?i:(?:on|in)\s+)?(?i:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?`)
	spokenTo     = regexp.MustCompile(`^(.*?[0-9]s?)(?:\s*[–—]\s*|\s+-\s+|\s+(?i:to|until)\s+|-)(.*)$`)
	spokenOpen   = regexp.MustCompile(`^(?i:present|today|now|ongoing)$`)
)

// ReadDate returns the date that English words say, such as “December 2, 2025”,
// “2 December 2025”, “In 1972”, “1972–1975” or “July 2022 – present”, or that is
// written as a brief writes one. It reports false for words that say something
// else besides, and for dates whose meaning depends on a country, such as
// 02/12/2025.
func ReadDate(words string) (Date, bool) {
	words = strings.Join(strings.Fields(plainDashes(words)), " ")
	words = strings.TrimRight(words, ".:;,")
	text := readSpoken(leadingWords.ReplaceAllString(words, ""))
	if text == "" {
		return Date{}, false
	}
	d, err := ParseDate(text)
	return d, err == nil
}

// readSpoken returns the EDTF of words, or "".
func readSpoken(words string) string {
	if text := readSpokenPoint(words); text != "" {
		return text
	}
	m := spokenTo.FindStringSubmatch(words)
	if m == nil {
		return ""
	}
	from, to := readSpokenPoint(m[1]), readSpokenPoint(m[2])
	if spokenOpen.MatchString(m[2]) {
		to = openEnd
	}
	if from == "" || to == "" || strings.Contains(from+to, "/") {
		return ""
	}
	return from + "/" + to
}

// openEnd is how EDTF writes an end that is not reached.
const openEnd = ".."

func readSpokenPoint(words string) string {
	about := aboutWords.FindString(words)
	words = words[len(about):]
	text := ""
	if _, err := ParseDate(words); err == nil && words[0] >= '0' && words[0] <= '9' {
		text = words
	}
	for _, s := range spoken {
		if m := s.form.FindStringSubmatch(words); m != nil {
			text = s.read(m)
			break
		}
	}
	if about != "" && text != "" {
		text += "~"
	}
	return text
}

func writtenDay(year, name, digits string) string {
	digits = strings.TrimRight(digits, "stndrh")
	return fmt.Sprintf("%s-%s-%02s", year, monthDigits(name), digits)
}

// monthDigits returns the digits of a month by the beginning of its name.
func monthDigits(name string) string {
	const months = "janfebmaraprmayjunjulaugsepoctnovdec"
	return fmt.Sprintf("%02d", 1+strings.Index(months, strings.ToLower(name[:3]))/3)
}

func seasonDigits(name string) string {
	return map[string]string{"spring": "21", "summer": "22", "autumn": "23", "fall": "23", "winter": "24"}[strings.ToLower(name)]
}

// plainDashes writes the hyphens and spaces that a line is not to be broken at as
// plain ones.
func plainDashes(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u2010' || r == '\u2011':
			return '-'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s)
}

// spokenTimes finds words that say when something was, the more telling first.
var spokenTimes = regexp.MustCompile(`\b(?:` + strings.Join([]string{
	`[12][0-9]{3}-[01][0-9](?:-[0-3][0-9])?\b`,
	`(?:(?i:early|mid|late|about|around|circa|the end of)[\s-]+)?` + spokenMonth + `\s+` + spokenDay + `(?:` + spokenDash + spokenDay + `)?(?:,?\s+` + spokenYear + `)?`,
	`(?:` + spokenDay + spokenDash + `)?` + spokenDay + `\s+(?:of\s+)?` + spokenMonth + `(?:,?\s+` + spokenYear + `)?`,
	`(?:(?i:early|mid|late|about|around|circa|the end of)[\s-]+)?` + spokenMonth + `,?\s+` + spokenYear,
	spokenSeason + `(?:\s+of)?\s+` + spokenYear,
	`[12][0-9]{3}[–—-][12][0-9]{3}\b`,
	`(?i:(?:early|mid|late)[\s-]+|the\s+)[12][0-9]{2}0s\b`,
	`(?i:in|since|by|until|till|from|during|before|after|early|mid|late|around|about|circa)[\s-]+[12][0-9]{3}(?:-[01][0-9](?:-[0-3][0-9])?)?\b`,
	`[0-3]?[0-9][./][0-3]?[0-9][./][12][0-9]{3}\b`,
	`(?i:on|last|next|this|early|late)\s+(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b`,
	`(?i:on\s+the\s+eve\s+of)\b[^,.;:()\n]*`,
	`(?i:yesterday|tomorrow|(?:last|next|this)\s+(?:week|month|year))\b`,
	`(?i:(?:a\s+few|several|[0-9]+|one|two|three|four|five|six|seven|ten)\s+(?:days|weeks|months|years)\s+(?:after|before|later|earlier|ago))\b`,
}, "|") + `)`)

// TimeWords returns the words of an English text that say when something was, as
// they stand there and in its order, each once: “December 2”, “in 1972”, “on the eve
// of the summit”. A year that is part of a name says nothing.
func TimeWords(text string) []string {
	var found []string
	for _, words := range spokenTimes.FindAllString(plainDashes(text), -1) {
		words = strings.TrimRight(strings.Join(strings.Fields(words), " "), ".")
		if !slices.Contains(found, words) {
			found = append(found, words)
		}
	}
	return found
}
