package digest

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// A Schedule says when a subscription's digests are due: “immediate”, “hourly”,
// “daily 08:00”, “weekdays 08:00”, “weekly mon 08:00” or five cron fields. The
// zero Schedule is “daily 08:00”. Schedules are comparable.
type Schedule struct{ text string }

// Immediate is the schedule of digests that go out as soon as the briefs are
// quiet.
var Immediate = Schedule{text: "immediate"}

const (
	hourly        = "hourly"
	usualSchedule = "daily 08:00"
)

var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

// ParseSchedule reads a schedule as the contract writes it; upper case, further
// white space and times such as 8:00 are allowed. The error says what would be
// right.
func ParseSchedule(s string) (Schedule, error) {
	words := strings.Fields(strings.ToLower(s))
	text, err := canonical(words)
	if err != nil {
		return Schedule{}, fmt.Errorf("%q is not a schedule: %w; write immediate, hourly, daily 08:00, weekdays 08:00, weekly mon 08:00, or five cron fields such as 0 8 * * 1", s, err)
	}
	return Schedule{text: text}, nil
}

// ScheduleWords returns how many of the leading words make up the longest valid
// schedule, zero for none.
func ScheduleWords(words []string) int {
	for n := min(len(words), 5); n > 0; n-- {
		lower := strings.Fields(strings.ToLower(strings.Join(words[:n], " ")))
		if len(lower) != n {
			continue
		}
		if _, err := canonical(lower); err == nil {
			return n
		}
	}
	return 0
}

// canonical returns the one form of the schedule that words, in lower case, make.
func canonical(words []string) (string, error) {
	if len(words) == 0 {
		return "", fmt.Errorf("it is empty")
	}
	switch words[0] {
	case Immediate.text, hourly:
		if len(words) == 1 {
			return words[0], nil
		}
	case "daily", "weekdays":
		if len(words) == 2 {
			at, err := clock(words[1])
			return words[0] + " " + at, err
		}
		return "", fmt.Errorf("after %s comes one time of day", words[0])
	case "weekly":
		if len(words) == 3 {
			if _, ok := weekdays[words[1]]; !ok {
				return "", fmt.Errorf("%q is no day of the week (mon, tue, wed, thu, fri, sat, sun)", words[1])
			}
			at, err := clock(words[2])
			return "weekly " + words[1] + " " + at, err
		}
		return "", fmt.Errorf("after weekly come a day and a time of day")
	}
	if len(words) != 5 {
		return "", fmt.Errorf("%d words make no cron expression", len(words))
	}
	text := strings.Join(words, " ")
	spec, err := cron.ParseStandard(text)
	if err != nil {
		return "", err
	}
	if spec.Next(leapYear).IsZero() {
		return "", fmt.Errorf("there is no such day in any month")
	}
	return text, nil
}

// leapYear begins a year that has every day a year can have.
var leapYear = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// clock returns a time of day as hh:mm.
func clock(s string) (string, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return "", fmt.Errorf("%q is no time of day such as 08:00", s)
	}
	return t.Format("15:04"), nil
}

// String returns the schedule as ParseSchedule reads it, in its one form.
func (s Schedule) String() string {
	if s.text == "" {
		return usualSchedule
	}
	return s.text
}

// Next returns the first time after a moment that the schedule names on the
// clocks of zone; nil is UTC. It is the zero time for Immediate. A time of day that a zone's clocks leave
// out is due as much later as they were put forward; one that comes twice is due
// the first time only.
func (s Schedule) Next(after time.Time, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	after = after.In(zone)
	words := strings.Fields(s.String())
	switch words[0] {
	case Immediate.text:
		return time.Time{}
	case hourly:
		return nextHour(after)
	case "daily", "weekdays", "weekly":
		return nextDay(after, words)
	}
	return nextCron(after, s.text)
}

// nextHour returns the next full hour on the clock: every real one, so that an
// hour that clocks repeat has two.
func nextHour(after time.Time) time.Time {
	past := time.Duration(after.Minute())*time.Minute + time.Duration(after.Second())*time.Second + time.Duration(after.Nanosecond())
	next := after.Add(time.Hour - past)
	if odd := time.Duration(next.Minute()) * time.Minute; odd != 0 {
		// The clocks changed by part of an hour in between.
		next = next.Add(time.Hour - odd)
	}
	return next
}

// nextDay returns the next time of day on a day that words allow.
func nextDay(after time.Time, words []string) time.Time {
	at, _ := time.Parse("15:04", words[len(words)-1])
	for day := after.Day() - 1; ; day++ {
		t := onClock(after.Year(), after.Month(), day, at.Hour(), at.Minute(), after.Location())
		// Judge by the date that was asked for: a midnight that does not exist is
		// still that day's.
		date := time.Date(after.Year(), after.Month(), day, 12, 0, 0, 0, time.UTC).Weekday()
		if t.After(after) && allowed(words, date) {
			return t
		}
	}
}

func allowed(words []string, day time.Weekday) bool {
	switch words[0] {
	case "weekdays":
		return day != time.Saturday && day != time.Sunday
	case "weekly":
		return day == weekdays[words[1]]
	}
	return true
}

// onClock returns when the clocks of zone show a time: the first of two such
// moments, and where there is none, as much later as the clocks were put forward.
func onClock(year int, month time.Month, day, hour, minute int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, hour, minute, 0, 0, zone)
	_, before := t.Add(-12 * time.Hour).Zone()
	// Read on the clock of before any change of that night, the time is the first
	// of two, or the later reading of one that is left out.
	first := time.Date(year, month, day, hour, minute, 0, 0, time.UTC).Add(-time.Duration(before) * time.Second).In(zone)
	if _, offset := first.Zone(); offset == before || !sameClock(t, hour, minute) {
		return first
	}
	return t
}

func sameClock(t time.Time, hour, minute int) bool { return t.Hour() == hour && t.Minute() == minute }

// nextCron returns the next time that a cron expression names. One that fires
// whatever the hour counts real time; any other is looked up on a clock that
// never changes, so that no day is skipped and none comes twice.
func nextCron(after time.Time, text string) time.Time {
	spec, err := cron.ParseStandard(text)
	if err != nil {
		return time.Time{}
	}
	if strings.Fields(text)[1] == "*" {
		return spec.Next(after)
	}
	reading := time.Date(after.Year(), after.Month(), after.Day(), after.Hour(), after.Minute(), after.Second(), after.Nanosecond(), time.UTC)
	// A day back: what the clocks left out is due after its reading has passed.
	reading = reading.Add(-24 * time.Hour)
	for {
		reading = spec.Next(reading)
		if reading.IsZero() {
			return time.Time{}
		}
		t := onClock(reading.Year(), reading.Month(), reading.Day(), reading.Hour(), reading.Minute(), after.Location())
		if t.After(after) {
			return t
		}
	}
}

// slot names the window that ends at a moment: two moments of one reading on the
// clock share it, so that no reading is digested twice.
func (s Schedule) slot(at time.Time, zone *time.Location) string {
	words := strings.Fields(s.String())
	if words[0] == hourly || len(words) == 5 && words[1] == "*" {
		return at.UTC().Format(time.RFC3339)
	}
	return at.In(zone).Format("2006-01-02T15:04")
}

// MarshalText returns what String returns.
func (s Schedule) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseSchedule reads.
func (s *Schedule) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSchedule(string(text))
	return err
}
