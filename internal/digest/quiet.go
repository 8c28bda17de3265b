package digest

import (
	"fmt"
	"strings"
	"time"
)

// Quiet are the hours of a day in which nothing is posted, “22:00-07:00”, on the
// clocks of the order's zone. What falls into them goes out as one digest when they
// end. The zero Quiet is none. Quiets are comparable.
type Quiet struct {
	from, to int // minutes after midnight; equal: none
}

// ParseQuiet reads quiet hours as the contract writes them; white space, times
// such as 7:00 and a dash for the hyphen are allowed, and an empty text is none.
// The error says what would be right.
func ParseQuiet(s string) (Quiet, error) {
	text := strings.Join(strings.Fields(s), "")
	if text == "" {
		return Quiet{}, nil
	}
	q, err := quietHours(strings.ReplaceAll(text, "–", "-"))
	if err != nil {
		return Quiet{}, fmt.Errorf("%q are not quiet hours: %w; write two times of day such as 22:00-07:00", s, err)
	}
	return q, nil
}

func quietHours(text string) (Quiet, error) {
	first, last, ok := strings.Cut(text, "-")
	if !ok {
		return Quiet{}, fmt.Errorf("there is no hyphen between two times")
	}
	from, err := minutes(first)
	if err != nil {
		return Quiet{}, err
	}
	to, err := minutes(last)
	if err != nil {
		return Quiet{}, err
	}
	if from == to {
		return Quiet{}, fmt.Errorf("they end when they begin")
	}
	return Quiet{from: from, to: to}, nil
}

// minutes returns a time of day as minutes after midnight.
func minutes(s string) (int, error) {
	text, err := clock(s)
	if err != nil {
		return 0, err
	}
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err
}

// String returns the hours as ParseQuiet reads them, in their one form; empty for
// none.
func (q Quiet) String() string {
	if q == (Quiet{}) {
		return ""
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", q.from/60, q.from%60, q.to/60, q.to%60)
}

// MarshalText returns what String returns.
func (q Quiet) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText reads what ParseQuiet reads.
func (q *Quiet) UnmarshalText(text []byte) (err error) {
	*q, err = ParseQuiet(string(text))
	return err
}

// Until returns when the quiet hours that hold t end: the first moment that is in
// none. It is the zero time if t is not in them. A nil zone is UTC.
//
// They begin the first time that the clocks show their beginning and end the last
// time that they show their end, so that a night in which clocks are put back has
// one quiet stretch; a reading that is left out is where the clocks are put
// forward.
func (q Quiet) Until(t time.Time, zone *time.Location) time.Time {
	_, end := q.span(t, zone)
	return end
}

// span returns when the quiet hours that hold t begin and end.
func (q Quiet) span(t time.Time, zone *time.Location) (start, end time.Time) {
	if q == (Quiet{}) {
		return start, end
	}
	if zone == nil {
		zone = time.UTC
	}
	start, end = q.night(t, zone)
	// Where a change of clocks leaves out what was between two, they are one.
	for range 3 {
		next := end
		if next.IsZero() {
			break
		}
		if _, next = q.night(end, zone); next.IsZero() {
			break
		}
		end = next
	}
	return start, end
}

// night returns the one stretch of quiet hours that holds t and ends last.
func (q Quiet) night(t time.Time, zone *time.Location) (start, end time.Time) {
	local := t.In(zone)
	for day := local.Day() - 2; day <= local.Day()+1; day++ {
		from, _ := readings(local.Year(), local.Month(), day, q.from, zone)
		last := day
		if q.to < q.from {
			last++
		}
		_, to := readings(local.Year(), local.Month(), last, q.to, zone)
		if from.After(t) || !to.After(t) {
			continue
		}
		if start.IsZero() {
			start = from
		}
		end = to
	}
	return start, end
}

// readings returns the first and the last moment at which the clocks of zone show
// a time of a day, given in minutes; both are when the clocks are put forward if
// that leaves it out.
func readings(year int, month time.Month, day, minute int, zone *time.Location) (first, last time.Time) {
	asUTC := time.Date(year, month, day, 0, minute, 0, 0, time.UTC)
	// No zone is further from UTC than this: the change that matters, if there is
	// one, lies between the two.
	_, before := asUTC.Add(-15 * time.Hour).In(zone).Zone()
	_, after := asUTC.Add(15 * time.Hour).In(zone).Zone()
	first = asUTC.Add(-time.Duration(before) * time.Second).In(zone)
	last = asUTC.Add(-time.Duration(after) * time.Second).In(zone)
	_, atFirst := first.Zone()
	_, atLast := last.Zone()
	switch {
	case atFirst == before && atLast == after:
		return first, last
	case atFirst == before:
		return first, first
	case atLast == after:
		return last, last
	}
	change, _ := first.ZoneBounds()
	return change, change
}
