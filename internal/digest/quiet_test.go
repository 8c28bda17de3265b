package digest

import (
	"strings"
	"testing"
	"time"
)

func TestParseQuiet(t *testing.T) {
	for text, want := range map[string]string{
		"22:00-07:00":     "22:00-07:00",
		"0:00-6:30":       "00:00-06:30",
		" 22:00 – 7:00 ":  "22:00-07:00",
		"13:00-14:00":     "13:00-14:00",
		"23:59-00:00":     "23:59-00:00",
		"":                "",
		"\t22:00 -07:00 ": "22:00-07:00",
	} {
		got, err := ParseQuiet(text)
		if err != nil || got.String() != want {
			t.Errorf("ParseQuiet(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"22:00", "22-7", "22:00-22:00", "24:00-07:00", "22:00-07:60", "22:00-07:00-08:00", "-", "night", "10pm-7am"} {
		got, err := ParseQuiet(text)
		if err == nil || got != (Quiet{}) {
			t.Errorf("ParseQuiet(%q) = %v, want an error", text, got)
			continue
		}
		if !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "such as 22:00-07:00") {
			t.Errorf("of %q it says %q", text, err)
		}
	}
}

// TestUntil checks when quiet hours end, above all where clocks change: in Kyiv
// forward on 29 March 2026 at 03:00 and back on 25 October 2026 at 04:00.
func TestUntil(t *testing.T) {
	for _, c := range []struct {
		name, quiet, zone, at, want string // no want: not quiet
	}{
		{"before midnight", "22:00-07:00", "Europe/Kyiv", "2026-01-10T22:00:00+02:00", "2026-01-11T07:00:00+02:00"},
		{"after midnight", "22:00-07:00", "Europe/Kyiv", "2026-01-11T06:59:59+02:00", "2026-01-11T07:00:00+02:00"},
		{"when they end", "22:00-07:00", "Europe/Kyiv", "2026-01-11T07:00:00+02:00", ""},
		{"just before", "22:00-07:00", "Europe/Kyiv", "2026-01-10T21:59:59+02:00", ""},
		{"within a day", "13:00-14:00", "UTC", "2026-01-10T13:30:00Z", "2026-01-10T14:00:00Z"},
		{"within a day, at night", "13:00-14:00", "UTC", "2026-01-10T01:30:00Z", ""},
		{"up to midnight", "22:00-00:00", "UTC", "2026-01-10T23:30:00Z", "2026-01-11T00:00:00Z"},
		{"from midnight", "00:00-06:00", "UTC", "2026-01-11T00:00:00Z", "2026-01-11T06:00:00Z"},
		{"none", "", "UTC", "2026-01-11T00:00:00Z", ""},
		{"in spring", "22:00-07:00", "Europe/Kyiv", "2026-03-28T23:00:00+02:00", "2026-03-29T07:00:00+03:00"},
		{"in autumn", "22:00-07:00", "Europe/Kyiv", "2026-10-24T23:00:00+03:00", "2026-10-25T07:00:00+02:00"},
		{"an end left out", "22:00-03:30", "Europe/Kyiv", "2026-03-29T02:59:00+02:00", "2026-03-29T04:00:00+03:00"},
		{"a beginning left out", "03:30-06:00", "Europe/Kyiv", "2026-03-29T04:00:00+03:00", "2026-03-29T06:00:00+03:00"},
		{"before a beginning left out", "03:30-06:00", "Europe/Kyiv", "2026-03-29T02:59:59+02:00", ""},
		{"hours left out", "03:10-03:50", "Europe/Kyiv", "2026-03-29T04:00:00+03:00", ""},
		{"an end that comes twice", "22:00-03:30", "Europe/Kyiv", "2026-10-25T03:40:00+03:00", "2026-10-25T03:30:00+02:00"},
		{"a beginning that comes twice", "03:30-06:00", "Europe/Kyiv", "2026-10-25T03:10:00+02:00", "2026-10-25T06:00:00+02:00"},
		{"hours that come twice", "03:10-03:20", "Europe/Kyiv", "2026-10-25T03:50:00+03:00", "2026-10-25T03:20:00+02:00"},
		{"almost all day", "03:30-03:10", "Europe/Kyiv", "2026-10-25T03:20:00+03:00", "2026-10-26T03:10:00+02:00"},
		{"a midnight left out", "22:00-00:30", "Africa/Cairo", "2026-04-23T23:30:00+02:00", "2026-04-24T01:00:00+03:00"},
		{"half an hour", "22:00-02:15", "Australia/Lord_Howe", "2026-10-03T23:00:00+10:30", "2026-10-04T02:30:00+11:00"},
		{"far from UTC", "22:00-07:00", "Pacific/Kiritimati", "2026-01-10T23:00:00+14:00", "2026-01-11T07:00:00+14:00"},
		{"a day left out", "22:00-07:00", "Pacific/Apia", "2011-12-29T23:00:00-10:00", "2011-12-31T07:00:00+14:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, zone := quiet(t, c.quiet), location(t, c.zone)
			at, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if end := q.Until(at, zone); !end.IsZero() {
				got = end.In(zone).Format(time.RFC3339)
			}
			if got != c.want {
				t.Errorf("at %s it is quiet until %q, want %q", c.at, got, c.want)
			}
		})
	}
}

func TestUntilWithoutZone(t *testing.T) {
	at := time.Date(2026, 1, 10, 23, 0, 0, 0, time.UTC)
	if got := quiet(t, "22:00-07:00").Until(at, nil); !got.Equal(at.Add(8 * time.Hour)) {
		t.Errorf("it is quiet until %v", got)
	}
}

func quiet(t testing.TB, text string) Quiet {
	t.Helper()
	q, err := ParseQuiet(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// FuzzQuiet checks that what parses is in its one form, that whatever the clocks
// show within the hours is quiet, and that quiet hours end later and where it is
// not quiet.
func FuzzQuiet(f *testing.F) {
	for _, s := range []string{"22:00-07:00", "0:00-6:30", "3:30-3:10", "03:10-03:20", "13:00 – 14:00", "22:00-22:00", "x-y"} {
		for _, at := range []int64{1774746000, 1792886400, 1325239200} {
			f.Add(s, at)
		}
	}
	zones := []*time.Location{time.UTC}
	for _, name := range []string{"Europe/Kyiv", "Africa/Cairo", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"} {
		zones = append(zones, location(f, name))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		q, err := ParseQuiet(text)
		if err != nil {
			return
		}
		if again, err := ParseQuiet(q.String()); err != nil || again != q {
			t.Fatalf("%q reads back as %v, %v", q, again, err)
		}
		unix %= 4e9
		if unix < 0 {
			unix = -unix
		}
		for _, zone := range zones {
			at := time.Unix(unix, 0).In(zone)
			end := q.Until(at, zone)
			clock := at.Hour()*60 + at.Minute()
			within := q.from <= clock && clock < q.to || q.to < q.from && (clock >= q.from || clock < q.to)
			if within && end.IsZero() {
				t.Fatalf("%v is not in %v", at, q)
			}
			if end.IsZero() {
				continue
			}
			// A change of clocks may make the hours longer, by a day at most.
			if !end.After(at) || end.Sub(at) > 49*time.Hour || !q.Until(end, zone).IsZero() {
				t.Fatalf("%v is in %v until %v", at, q, end.In(zone))
			}
		}
	})
}
