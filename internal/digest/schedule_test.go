package digest

import (
	"strings"
	"testing"
	"time"
)

func TestParseSchedule(t *testing.T) {
	for in, want := range map[string]string{
		"immediate":           "immediate",
		" Hourly ":            "hourly",
		"daily 8:00":          "daily 08:00",
		"DAILY 08:00":         "daily 08:00",
		"weekdays 23:59":      "weekdays 23:59",
		"weekly  mon 08:00":   "weekly mon 08:00",
		"30 3 * * *":          "30 3 * * *",
		"*/15 8-18 * * mon":   "*/15 8-18 * * mon",
		"0 8 1 1 *":           "0 8 1 1 *",
		"daily":               "",
		"daily 24:00":         "",
		"daily 8":             "",
		"daily 08:00 now":     "",
		"weekly 08:00":        "",
		"weekly monday 08:00": "",
		"hourly 08:00":        "",
		"61 * * * *":          "",
		"* * * *":             "",
		"0 8 29 2 *":          "0 8 29 2 *",
		"0 8 30 2 *":          "",
		"0 8 31 4,6 *":        "",
		"@daily":              "",
		"":                    "",
		"sometimes":           "",
	} {
		s, err := ParseSchedule(in)
		if (err == nil) != (want != "") {
			t.Errorf("ParseSchedule(%q): %v", in, err)
			continue
		}
		if err == nil && s.String() != want {
			t.Errorf("ParseSchedule(%q) = %q, want %q", in, s, want)
		}
		if err != nil && !strings.Contains(err.Error(), "daily 08:00") {
			t.Errorf("ParseSchedule(%q): %q does not say what would be right", in, err)
		}
	}
	if got := (Schedule{}).String(); got != "daily 08:00" {
		t.Errorf("the zero schedule is %q", got)
	}
	if s, err := ParseSchedule("Immediate"); err != nil || s != Immediate {
		t.Errorf("immediate is %v, %v", s, err)
	}
}

func TestScheduleWords(t *testing.T) {
	for line, want := range map[string]int{
		"daily 08:00 Europe/Kyiv":          2,
		"daily Europe/Kyiv":                0,
		"hourly daily 08:00":               1,
		"weekly mon 08:00 post":            3,
		"0 8 * * 1 Europe/Kyiv":            5,
		"0 8 * *":                          0,
		"immediate":                        1,
		"":                                 0,
		"weekdays 8:30 importance=major x": 2,
	} {
		if got := ScheduleWords(strings.Fields(line)); got != want {
			t.Errorf("ScheduleWords(%q) = %d, want %d", line, got, want)
		}
	}
}

// TestNext checks what is due around changes of clocks, in Kyiv (forward on 29
// March 2026 at 03:00, back on 25 October 2026 at 04:00), Cairo (forward on 24
// April 2026 at midnight), Lord Howe (half an hour) and elsewhere.
func TestNext(t *testing.T) {
	for _, c := range []struct {
		name, schedule, zone, after string
		want                        []string
	}{
		{"a usual day", "daily 08:00", "Europe/Kyiv", "2026-01-10T07:59:59+02:00",
			[]string{"2026-01-10T08:00:00+02:00", "2026-01-11T08:00:00+02:00"}},
		{"exactly then", "daily 08:00", "Europe/Kyiv", "2026-01-10T08:00:00+02:00",
			[]string{"2026-01-11T08:00:00+02:00"}},
		{"across spring", "daily 08:00", "Europe/Kyiv", "2026-03-28T08:00:00+02:00",
			[]string{"2026-03-29T08:00:00+03:00", "2026-03-30T08:00:00+03:00"}},
		{"a time left out", "daily 03:30", "Europe/Kyiv", "2026-03-28T03:30:00+02:00",
			[]string{"2026-03-29T04:30:00+03:00", "2026-03-30T03:30:00+03:00"}},
		{"a time left out, by cron", "30 3 * * *", "Europe/Kyiv", "2026-03-28T03:30:00+02:00",
			[]string{"2026-03-29T04:30:00+03:00", "2026-03-30T03:30:00+03:00"}},
		{"a time that comes twice", "daily 03:30", "Europe/Kyiv", "2026-10-24T03:30:00+03:00",
			[]string{"2026-10-25T03:30:00+03:00", "2026-10-26T03:30:00+02:00"}},
		{"a time that comes twice, by cron", "30 3 * * *", "Europe/Kyiv", "2026-10-24T03:30:00+03:00",
			[]string{"2026-10-25T03:30:00+03:00", "2026-10-26T03:30:00+02:00"}},
		{"a midnight left out", "daily 00:00", "Africa/Cairo", "2026-04-23T00:00:00+02:00",
			[]string{"2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"}},
		{"a midnight left out, by cron", "0 0 * * *", "Africa/Cairo", "2026-04-23T00:00:00+02:00",
			[]string{"2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"}},
		{"a midnight left out, weekly", "weekly fri 00:00", "Africa/Cairo", "2026-04-20T00:00:00+02:00",
			[]string{"2026-04-24T01:00:00+03:00", "2026-05-01T00:00:00+03:00"}},
		{"every hour in autumn", "hourly", "Europe/Kyiv", "2026-10-25T02:10:00+03:00",
			[]string{"2026-10-25T03:00:00+03:00", "2026-10-25T03:00:00+02:00", "2026-10-25T04:00:00+02:00"}},
		{"every hour in autumn, by cron", "0 * * * *", "Europe/Kyiv", "2026-10-25T02:10:00+03:00",
			[]string{"2026-10-25T03:00:00+03:00", "2026-10-25T03:00:00+02:00", "2026-10-25T04:00:00+02:00"}},
		{"every hour in spring", "hourly", "Europe/Kyiv", "2026-03-29T02:10:00+02:00",
			[]string{"2026-03-29T04:00:00+03:00", "2026-03-29T05:00:00+03:00"}},
		{"every hour at an odd offset", "hourly", "Asia/Kathmandu", "2026-03-29T02:10:00+05:45",
			[]string{"2026-03-29T03:00:00+05:45"}},
		{"every hour across half an hour", "hourly", "Australia/Lord_Howe", "2026-10-04T01:10:00+10:30",
			[]string{"2026-10-04T03:00:00+11:00", "2026-10-04T04:00:00+11:00"}},
		{"working days", "weekdays 08:00", "Europe/Kyiv", "2026-01-09T08:00:00+02:00",
			[]string{"2026-01-12T08:00:00+02:00", "2026-01-13T08:00:00+02:00"}},
		{"a week", "weekly mon 08:00", "UTC", "2026-01-12T08:00:00Z",
			[]string{"2026-01-19T08:00:00Z"}},
		{"a leap day", "0 12 29 2 *", "UTC", "2026-01-12T08:00:00Z",
			[]string{"2028-02-29T12:00:00Z"}},
		{"after days down", "daily 08:00", "UTC", "2026-01-15T09:00:00Z",
			[]string{"2026-01-16T08:00:00Z"}},
		{"a day that was left out", "daily 08:00", "Pacific/Apia", "2011-12-29T08:00:00-10:00",
			[]string{"2011-12-31T08:00:00+14:00"}},
		{"before a repeated hour", "daily 02:30", "America/New_York", "2026-10-31T12:00:00-04:00",
			[]string{"2026-11-01T02:30:00-05:00"}},
		{"in a repeated hour", "daily 01:30", "America/New_York", "2026-10-31T12:00:00-04:00",
			[]string{"2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := ParseSchedule(c.schedule)
			if err != nil {
				t.Fatal(err)
			}
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, c.after)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				at = s.Next(at, zone)
				if got := at.In(zone).Format(time.RFC3339); got != want {
					t.Fatalf("next is %s, want %s", got, want)
				}
			}
		})
	}
}

func TestNextOfImmediate(t *testing.T) {
	if at := Immediate.Next(time.Unix(0, 0), nil); !at.IsZero() {
		t.Errorf("it is due at %v", at)
	}
}

// FuzzSchedule checks that what parses is in its one form, that its next time is
// later, and that no reading of the clock comes twice.
func FuzzSchedule(f *testing.F) {
	for _, s := range []string{"immediate", "hourly", "daily 03:30", "weekdays 0:00", "weekly sun 23:59", "*/7 3 * * *", "30 3 25 10 *", "0 * * * *"} {
		f.Add(s, int64(1774746000))
		f.Add(s, int64(1792886400))
	}
	zones := []*time.Location{time.UTC}
	for _, name := range []string{"Europe/Kyiv", "Africa/Cairo", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			f.Fatal(err)
		}
		zones = append(zones, zone)
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		s, err := ParseSchedule(text)
		if err != nil {
			return
		}
		if again, err := ParseSchedule(s.String()); err != nil || again != s {
			t.Fatalf("%q reads back as %v, %v", s, again, err)
		}
		unix = unix % 4e9
		if unix < 0 {
			unix = -unix
		}
		for _, zone := range zones {
			at := time.Unix(unix, 0)
			seen := make(map[string]bool)
			for range 30 {
				next := s.Next(at, zone)
				if next.IsZero() {
					break
				}
				if !next.After(at) {
					t.Fatalf("%v in %v after %v is %v", s, zone, at, next)
				}
				slot := s.slot(next, zone)
				if seen[slot] {
					t.Fatalf("%v in %v: %s comes twice", s, zone, slot)
				}
				seen[slot] = true
				at = next
			}
		}
	})
}
