package brief

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"
)

// A Date says when something was, in one of the forms of EDTF level 1
// (https://www.loc.gov/standards/datetime/) or as an RFC 3339 time with an offset:
//
//	2025  2025-11  2025-11-21        a year, a month, a day
//	2025~  2025?  2025%              about, uncertain, both; also after a month or a day
//	2025-03/2025-06                  from one date to another, or on some day between
//	../2025-03  2025-03/..           no first or no last date
//	/2025-03  2025-03/               an unknown first or last date
//	2025-21                          a season: 21 spring, 22 summer, 23 autumn, 24 winter
//	201X  20XX  2025-XX  2025-11-XX  unknown digits
//	-0043  Y17000                    44 BCE; a year of more than four digits
//	2025-11-21T10:00:00+02:00        a time
//
// A Date compares with ==: equal Dates are written alike. The zero Date is none.
// Its JSON form is the text as written.
type Date struct {
	text       string
	first, end int64 // Unix seconds; of an open start, the first of its end
	nano       int32 // of a time
	form       dateForm
}

type dateForm uint8

const (
	openStart dateForm = 1 << iota
	instant
)

// farYear bounds the years of a Date, so that its instants are safe to count in
// milliseconds. It leaves room for EDTF's own example, Y170000002.
const farYear = 200_000_000

// forever is the End of a Date without a last instant: the end of farYear.
var forever = time.Date(farYear+1, time.January, 1, 0, 0, 0, 0, time.UTC).Unix()

// ParseDate reads a date as it is written in a brief. Its error says what is wrong
// and what would be right.
func ParseDate(s string) (Date, error) {
	if strings.Contains(s, "T") {
		return parseTime(s)
	}
	from, to, interval := strings.Cut(s, "/")
	if interval {
		return parseInterval(s, from, to)
	}
	p, err := parsePoint(s)
	if err != nil {
		return Date{}, err
	}
	return Date{text: s, first: p.first(), end: p.end()}, nil
}

func parseTime(s string) (Date, error) {
	t, ok := readTime(s)
	if ok {
		return Date{text: s, first: t.Unix(), end: t.Unix() + 1, nano: int32(t.Nanosecond()), form: instant}, nil
	}
	if strings.Contains(s, "/") {
		return Date{}, fmt.Errorf("%s: an interval runs between dates, not times: write 2025-11-21/2025-11-22", quote(s))
	}
	if _, ok := readTime(s + "Z"); ok {
		return Date{}, fmt.Errorf("%q is a time without an offset: write %sZ for UTC, or %s+02:00", s, s, s)
	}
	return Date{}, fmt.Errorf("%s is not a time: write it as 2025-11-21T10:00:00+02:00, with seconds and an offset", quote(s))
}

// readTime reads an RFC 3339 time as strictly as the RFC has it, which package
// time does not (https://go.dev/issue/54580).
func readTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Format("2006-01-02T15:04:05") != s[:19] || s[19] == ',' {
		return time.Time{}, false
	}
	offset := s[len(s)-5:]
	if !strings.HasSuffix(s, "Z") && (offset[:2] > "23" || offset[3:] > "59") {
		return time.Time{}, false
	}
	return t, true
}

func parseInterval(s, from, to string) (Date, error) {
	d := Date{text: s}
	start, end := from != "" && from != "..", to != "" && to != ".."
	var a, b point
	var err error
	if start {
		if a, err = parsePoint(from); err != nil {
			return Date{}, err
		}
	}
	if end {
		if b, err = parsePoint(to); err != nil {
			return Date{}, err
		}
	}
	switch {
	case !start && !end:
		return Date{}, fmt.Errorf("%q names no date: an interval needs one at least at one end, as 2025-03/.. has", s)
	case !start:
		d.first, d.end, d.form = b.first(), b.end(), openStart
	case !end:
		d.first, d.end = a.first(), forever
	case b.end() <= a.first():
		return Date{}, fmt.Errorf("%q ends before it begins: write %s/%s", s, to, from)
	default:
		d.first, d.end = a.first(), b.end()
	}
	return d, nil
}

// String returns the date as it is written in the brief, or "" for none.
func (d Date) String() string { return d.text }

// IsZero reports whether d is no date at all.
func (d Date) IsZero() bool { return d.text == "" }

// First returns the first instant that d may mean, in UTC. Where the start is open
// or unknown, that is the first instant of the date at its end. A season has the
// months of the northern hemisphere. It is the zero time if d is no date.
func (d Date) First() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Unix(d.first, int64(d.nano)).UTC()
}

// End returns the first instant after the last one that d may mean, in UTC. An
// open or unknown end is in the far future, after any other date; a time lasts for
// its second. It is the zero time if d is no date.
func (d Date) End() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Unix(d.end, 0).UTC()
}

// Overlaps reports whether d may mean an instant from the first of from to the
// last of to. A bound that is no date does not bound.
func (d Date) Overlaps(from, to Date) bool {
	if d.IsZero() {
		return false
	}
	low, high := d.bounds()
	if fromLow, _ := from.bounds(); !from.IsZero() && high <= fromLow {
		return false
	}
	if _, toHigh := to.bounds(); !to.IsZero() && low >= toHigh {
		return false
	}
	return true
}

// bounds returns the Unix seconds between which d lies.
func (d Date) bounds() (low, high int64) {
	low, high = d.first, d.end
	if d.form&openStart != 0 {
		low = math.MinInt64
	}
	return low, high
}

// Compare orders dates by their first instant, no date first. It returns 0 for
// dates that begin together, however long they last.
func (d Date) Compare(e Date) int {
	if d.IsZero() || e.IsZero() {
		return cmp.Compare(min(1, len(d.text)), min(1, len(e.text)))
	}
	return cmp.Or(cmp.Compare(d.first, e.first), cmp.Compare(d.nano, e.nano))
}

// MarshalText returns the date as written.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.text), nil }

// UnmarshalText reads what MarshalText wrote. The empty text is no date.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
