package brief

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Words returns d as an English reader would write it, at the precision it has:
// “2 December 2025”, “about November 2025”, “2025 (uncertain)”, “2–8 December
// 2025”. An interval may mean all the time between its dates or some day of it;
// its words are true of both. It is "" if d is no date.
func (d Date) Words() string {
	if d.form&instant != 0 {
		t, _ := readTime(d.text)
		return timeWords(t)
	}
	from, to, interval := strings.Cut(d.text, "/")
	a, errA := parsePoint(from)
	b, errB := parsePoint(to)
	switch {
	case d.IsZero():
		return ""
	case !interval:
		return a.words()
	case errA != nil:
		return "until " + b.words()
	case errB != nil:
		return "from " + a.words() + " onward"
	}
	return between(a, b)
}

func timeWords(t time.Time) string {
	clock := "15:04"
	if t.Second() != 0 {
		clock = "15:04:05"
	}
	zone := " UTC"
	if _, offset := t.Zone(); offset != 0 {
		zone = " UTC" + t.Format("-07:00")
	}
	year, month, day := t.Date()
	return fmt.Sprintf("%d %s, %s%s", day, monthYear(year, int(month)), t.Format(clock), zone)
}

// words returns p alone.
func (p point) words() string {
	s := p.plain()
	if p.approximate {
		s = "about " + s
	}
	switch {
	case p.unknown != "" && p.uncertain:
		s += " (" + p.unknown + ", uncertain)"
	case p.unknown != "":
		s += " (" + p.unknown + ")"
	case p.uncertain:
		s += " (uncertain)"
	}
	return s
}

// plain returns p without what is said about its certainty.
func (p point) plain() string {
	switch {
	case p.season != 0:
		return [...]string{"spring", "summer", "autumn", "winter"}[p.season-21] + " " + yearWords(p.year)
	case p.day != 0:
		return strconv.Itoa(p.day) + " " + monthYear(p.year, p.month)
	case p.month != 0:
		return monthYear(p.year, p.month)
	case p.hidden == 1 && p.year >= 1000:
		return strconv.Itoa(p.year) + "s"
	case p.hidden == 1:
		return yearSpan(max(1, p.year), p.year+9)
	case p.hidden == 2:
		return yearSpan(max(1, p.year), p.year+99)
	}
	return yearWords(p.year)
}

// between returns the words of the interval from a to b, saying once what both
// have in common.
func between(a, b point) string {
	exact := a.exact() && b.exact()
	switch {
	case a == b:
		return a.words()
	case !exact || a.precision() != b.precision():
		return a.words() + " – " + b.words()
	case a.day != 0 && a.year == b.year && a.month == b.month:
		return fmt.Sprintf("%d–%d %s", a.day, b.day, monthYear(a.year, a.month))
	case a.day != 0 && a.year == b.year:
		return fmt.Sprintf("%d %s – %s", a.day, time.Month(a.month), b.words())
	case a.day == 0 && a.month != 0 && a.year == b.year:
		return fmt.Sprintf("%s–%s", time.Month(a.month), b.words())
	case a.month == 0:
		return yearSpan(a.year, b.year)
	}
	return a.words() + " – " + b.words()
}

// exact reports whether p is a plain year, month or day.
func (p point) exact() bool {
	return !p.uncertain && !p.approximate && p.unknown == "" && p.hidden == 0 && p.season == 0
}

// precision orders exact points: 0 for a year, 1 for a month, 2 for a day.
func (p point) precision() int { return min(p.month, 1) + min(p.day, 1) }

func monthYear(year, month int) string {
	return time.Month(month).String() + " " + yearWords(year)
}

// yearWords returns a year as it is said; EDTF counts 1 BCE as the year 0. A year
// that could be taken for another number names its era.
func yearWords(year int) string {
	switch {
	case year <= 0:
		return strconv.Itoa(1-year) + " BCE"
	case year < 1000 || year > 9999:
		return strconv.Itoa(year) + " CE"
	}
	return strconv.Itoa(year)
}

func yearSpan(from, to int) string {
	a, b := yearWords(from), yearWords(to)
	if era := strings.TrimLeft(b, "0123456789"); era != "" && strings.HasSuffix(a, era) {
		a = strings.TrimSuffix(a, era)
	}
	return a + "–" + b
}
