package brief

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A point is one date of an EDTF expression: anything but an interval or a time.
type point struct {
	year, month, day int // a month or day that is not known is 0
	hidden           int // digits of the year that are not known: 0, 1 or 2
	season           int // 21 to 24, or 0
	unknown          string
	uncertain        bool
	approximate      bool
}

// What a point's date leaves out on purpose, as words.
const (
	unknownMonth = "month unknown"
	unknownDay   = "day unknown"
)

const seasonLength = 3 // months

// parsePoint reads one date. Its error says what would be right.
func parsePoint(s string) (point, error) {
	var p point
	rest := s
	if n := len(s); n > 0 {
		switch s[n-1] {
		case '?':
			p.uncertain, rest = true, s[:n-1]
		case '~':
			p.approximate, rest = true, s[:n-1]
		case '%':
			p.uncertain, p.approximate, rest = true, true, s[:n-1]
		}
	}
	if strings.HasPrefix(rest, "Y") {
		return p, p.parseLongYear(s, rest[1:])
	}
	negative := strings.HasPrefix(rest, "-")
	year, monthDay, hasMonth := strings.Cut(strings.TrimPrefix(rest, "-"), "-")
	month, day, hasDay := strings.Cut(monthDay, "-")
	if err := p.parseYear(s, year, negative); err != nil {
		return point{}, err
	}
	if p.hidden > 0 && hasMonth {
		return point{}, fmt.Errorf("%s: a year with unknown digits has no month: write %s", quote(s), year)
	}
	if hasMonth {
		if err := p.parseMonth(s, month); err != nil {
			return point{}, err
		}
	}
	if hasDay {
		if err := p.parseDay(s, day); err != nil {
			return point{}, err
		}
	}
	return p, nil
}

// parseLongYear reads the digits after a Y.
func (p *point) parseLongYear(s, digits string) error {
	year, err := strconv.Atoi(digits)
	if err != nil || digits[0] == '+' || year > -10_000 && year < 10_000 {
		return fmt.Errorf("%s: Y is followed by a year of five or more digits, as in Y17000 or Y-17000", quote(s))
	}
	if year > farYear || year < -farYear {
		return fmt.Errorf("%s is out of range: years go from Y-%d to Y%d", quote(s), farYear, farYear)
	}
	p.year = year
	return nil
}

func (p *point) parseYear(s, digits string, negative bool) error {
	known := strings.TrimRight(digits, "X")
	p.hidden = len(digits) - len(known)
	year, ok := number(known)
	switch {
	case len(digits) != 4 || !ok || p.hidden > 2:
		return notADate(s)
	case negative && p.hidden > 0:
		return fmt.Errorf("%s: a year before 1 CE needs all its digits, as in -0043", quote(s))
	case negative && year == 0:
		return fmt.Errorf("%s: the year before 1 CE is written 0000", quote(s))
	}
	for range p.hidden {
		year *= 10
	}
	if negative {
		year = -year
	}
	p.year = year
	return nil
}

func (p *point) parseMonth(s, digits string) error {
	if digits == "XX" {
		p.unknown = unknownMonth
		return nil
	}
	month, ok := number(digits)
	switch {
	case !ok || len(digits) > 2:
		return notADate(s)
	case len(digits) == 1:
		return fmt.Errorf("%s: a month has two digits: 0%s", quote(s), digits)
	case month >= 21 && month <= 24:
		p.season = month
	case month < 1 || month > 12:
		return fmt.Errorf("%s: there is no month %s: write 01 to 12, or 21 to 24 for a season", quote(s), digits)
	default:
		p.month = month
	}
	return nil
}

func (p *point) parseDay(s, digits string) error {
	switch {
	case p.season != 0:
		return fmt.Errorf("%s: a season has no day: write %s", quote(s), strings.TrimSuffix(s, "-"+digits))
	case digits == "XX":
		p.unknown = unknownDay
		return nil
	case p.unknown != "":
		return fmt.Errorf("%s: a day in an unknown month is not known either: write -XX-XX", quote(s))
	}
	day, ok := number(digits)
	last := time.Date(p.year, time.Month(p.month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	switch {
	case !ok || len(digits) > 2:
		return notADate(s)
	case len(digits) == 1:
		return fmt.Errorf("%s: a day has two digits: 0%s", quote(s), digits)
	case day < 1 || day > last:
		return fmt.Errorf("%s: %s has the days 01 to %d", quote(s), monthYear(p.year, p.month), last)
	}
	p.day = day
	return nil
}

// number reads decimal digits and nothing else, no sign in particular.
func number(digits string) (int, bool) {
	for _, r := range digits {
		if r < '0' || r > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil
}

func notADate(s string) error {
	if day, clock, ok := strings.Cut(s, " "); ok {
		joined := day + "T" + strings.ReplaceAll(clock, " ", "")
		if _, err := parseTime(joined); err == nil {
			return fmt.Errorf("%s is not a date: write %s", quote(s), joined)
		} else if _, err := parseTime(joined + "Z"); err == nil {
			return fmt.Errorf("%s is a time without an offset: write %sZ for UTC, or %s+02:00", quote(s), joined, joined)
		}
	}
	return fmt.Errorf("%s is not a date: write 2025-11-21, 2025-11, 2025, 2025-11~ (about), 2025? (uncertain), "+
		"2025-03/2025-06, or a time such as 2025-11-21T10:00:00+02:00", quote(s))
}

// first returns the first instant that p may mean, in Unix seconds.
func (p point) first() int64 {
	switch {
	case p.season != 0:
		return unix(p.year, seasonStart(p.season), 1)
	case p.month == 0:
		return unix(p.year, 1, 1)
	case p.day == 0:
		return unix(p.year, p.month, 1)
	}
	return unix(p.year, p.month, p.day)
}

// end returns the first instant after the last that p may mean, in Unix seconds.
func (p point) end() int64 {
	switch {
	case p.season != 0:
		return unix(p.year, seasonStart(p.season)+seasonLength, 1)
	case p.month == 0:
		span := 1
		for range p.hidden {
			span *= 10
		}
		return unix(p.year+span, 1, 1)
	case p.day == 0:
		return unix(p.year, p.month+1, 1)
	}
	return unix(p.year, p.month, p.day+1)
}

// seasonStart returns the first month of a season in the northern hemisphere.
// Winter runs into the following year.
func seasonStart(season int) int { return seasonLength * (season - 20) }

func unix(year, month, day int) int64 {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix()
}
