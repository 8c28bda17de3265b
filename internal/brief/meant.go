package brief

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// meantDates returns the dates that a text may mean which is none as it is written:
// none where nobody can tell, one where it is certain, two where the day and the
// month may be either.
func meantDates(s string) []string {
	s = strings.TrimSpace(s)
	for _, dash := range []string{"–", "—", " to ", " - "} {
		if from, to, ok := strings.Cut(s, dash); ok {
			return meantInterval(from, to)
		}
	}
	for _, about := range []string{"circa ", "ca. ", "ca ", "c. ", "about ", "approx. ", "around ", "~"} {
		if rest, ok := cutPrefixFold(s, about); ok {
			return approximately(rest)
		}
	}
	var found []string
	for _, candidate := range otherwise(s) {
		if _, err := ParseDate(candidate); err == nil && (len(found) == 0 || found[0] != candidate) {
			found = append(found, candidate)
		}
	}
	return found
}

func cutPrefixFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func meantInterval(from, to string) []string {
	a, b := certainDate(from), certainDate(to)
	if _, err := ParseDate(a + "/" + b); a == "" || b == "" || err != nil {
		return nil
	}
	return []string{a + "/" + b}
}

func approximately(s string) []string {
	date := certainDate(s)
	if _, err := ParseDate(date + "~"); date == "" || err != nil {
		return nil
	}
	return []string{date + "~"}
}

// certainDate returns the one date that a text is or means, or "".
func certainDate(s string) string {
	s = strings.TrimSpace(s)
	if _, err := ParseDate(s); err == nil {
		return s
	}
	if meant := meantDates(s); len(meant) == 1 {
		return meant[0]
	}
	return ""
}

var (
	fullDay    = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	yearFirst  = regexp.MustCompile(`^(\d{4})([-./ ])(\d{1,2})(?:[-./ ](\d{1,2}))?$`)
	yearLast   = regexp.MustCompile(`^(\d{1,2})([-./])(\d{1,2})[-./](\d{4})$`)
	compact    = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	monthYears = regexp.MustCompile(`^(\d{1,2})[./](\d{4})$`)
	dayMonth   = regexp.MustCompile(`(?i)^(\d{1,2})(?:st|nd|rd|th)?\.? (?:of )?([a-z]+)\.?,? (\d{4})$`)
	monthDay   = regexp.MustCompile(`(?i)^([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})$`)
	monthOnly  = regexp.MustCompile(`(?i)^([a-z]+)\.?,? (\d{4})$`)
)

// otherwise returns how a date in one of the forms that people write may be written
// here. What comes of it need not be a date.
func otherwise(s string) []string {
	if day, clock, ok := strings.Cut(s, " "); ok && fullDay.MatchString(day) {
		return []string{day + "T" + strings.ReplaceAll(clock, " ", "")}
	}
	if m := yearFirst.FindStringSubmatch(s); m != nil {
		return []string{dashed(m[1], m[3], m[4])}
	}
	if m := compact.FindStringSubmatch(s); m != nil {
		return []string{dashed(m[1], m[2], m[3])}
	}
	if m := yearLast.FindStringSubmatch(s); m != nil {
		dayFirst, monthFirst := dashed(m[4], m[3], m[1]), dashed(m[4], m[1], m[3])
		if m[2] == "." { // nobody writes the month first with full stops
			return []string{dayFirst}
		}
		return []string{dayFirst, monthFirst}
	}
	if m := monthYears.FindStringSubmatch(s); m != nil {
		return []string{dashed(m[2], m[1], "")}
	}
	if m := dayMonth.FindStringSubmatch(s); m != nil {
		return named(m[3], m[2], m[1])
	}
	if m := monthDay.FindStringSubmatch(s); m != nil {
		return named(m[3], m[1], m[2])
	}
	if m := monthOnly.FindStringSubmatch(s); m != nil {
		return named(m[2], m[1], "")
	}
	return nil
}

func dashed(year, month, day string) string {
	date := year + "-" + twoDigits(month)
	if day != "" {
		date += "-" + twoDigits(day)
	}
	return date
}

func twoDigits(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// named is dashed with the month as a word, whole or cut short.
func named(year, month, day string) []string {
	month = strings.ToLower(month)
	for m := time.January; m <= time.December; m++ {
		name := strings.ToLower(m.String())
		if month == name || len(month) >= 3 && len(month) <= 4 && strings.HasPrefix(name, month) {
			return []string{dashed(year, fmt.Sprint(int(m)), day)}
		}
	}
	return nil
}
