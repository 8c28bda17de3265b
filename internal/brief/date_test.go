package brief

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sfomuseum/go-edtf/parser"
)

// dateTests hold every form of EDTF level 1, and among them what the EDTF library
// at hand reads wrongly or not at all (docs/dependencies.md).
var dateTests = []struct {
	text       string
	first, end string // RFC 3339 dates, in UTC; end "" is forever
	words      string
}{
	{"2025", "2025-01-01", "2026-01-01", "2025"},
	{"2025-11", "2025-11-01", "2025-12-01", "November 2025"},
	{"2025-12", "2025-12-01", "2026-01-01", "December 2025"},
	{"2025-11-21", "2025-11-21", "2025-11-22", "21 November 2025"},
	{"2025-12-31", "2025-12-31", "2026-01-01", "31 December 2025"},
	{"2024-02-29", "2024-02-29", "2024-03-01", "29 February 2024"},
	{"2031-05", "2031-05-01", "2031-06-01", "May 2031"},

	// A qualifier widens nothing.
	{"2025~", "2025-01-01", "2026-01-01", "about 2025"},
	{"2025?", "2025-01-01", "2026-01-01", "2025 (uncertain)"},
	{"2025%", "2025-01-01", "2026-01-01", "about 2025 (uncertain)"},
	{"2025-11~", "2025-11-01", "2025-12-01", "about November 2025"},
	{"2025-11-21~", "2025-11-21", "2025-11-22", "about 21 November 2025"},
	{"2025-11-21?", "2025-11-21", "2025-11-22", "21 November 2025 (uncertain)"},
	{"2025-11-21%", "2025-11-21", "2025-11-22", "about 21 November 2025 (uncertain)"},

	// Intervals.
	{"2025-12-02/2025-12-08", "2025-12-02", "2025-12-09", "2–8 December 2025"},
	{"2025-11-28/2025-12-03", "2025-11-28", "2025-12-04", "28 November – 3 December 2025"},
	{"2025-12-30/2026-01-02", "2025-12-30", "2026-01-03", "30 December 2025 – 2 January 2026"},
	{"2025-03/2025-06", "2025-03-01", "2025-07-01", "March–June 2025"},
	{"2025-11/2026-02", "2025-11-01", "2026-03-01", "November 2025 – February 2026"},
	{"1972/1975", "1972-01-01", "1976-01-01", "1972–1975"},
	{"2025-11/2025-12-08", "2025-11-01", "2025-12-09", "November 2025 – 8 December 2025"},
	{"2025/2025-12-02", "2025-01-01", "2025-12-03", "2025 – 2 December 2025"},
	{"2025-12-02/2025", "2025-12-02", "2026-01-01", "2 December 2025 – 2025"},
	{"2025-11/2025-11", "2025-11-01", "2025-12-01", "November 2025"},
	{"2025-11~/2025-12-08?", "2025-11-01", "2025-12-09", "about November 2025 – 8 December 2025 (uncertain)"},
	{"2025-21/2025-23", "2025-03-01", "2025-12-01", "spring 2025 – autumn 2025"},
	{"201X/2025", "2010-01-01", "2026-01-01", "2010s – 2025"},

	// Open and unknown ends. An open start sorts by its end.
	{"../2025-03", "2025-03-01", "2025-04-01", "until March 2025"},
	{"/2025-03", "2025-03-01", "2025-04-01", "until March 2025"},
	{"../2025-03-15~", "2025-03-15", "2025-03-16", "until about 15 March 2025"},
	{"2025-03/..", "2025-03-01", "", "from March 2025 onward"},
	{"2025-03/", "2025-03-01", "", "from March 2025 onward"},
	{"2025-03-15/..", "2025-03-15", "", "from 15 March 2025 onward"},
	{"2031/..", "2031-01-01", "", "from 2031 onward"},

	// Seasons, winter running into the next year.
	{"2025-21", "2025-03-01", "2025-06-01", "spring 2025"},
	{"2025-22", "2025-06-01", "2025-09-01", "summer 2025"},
	{"2025-23", "2025-09-01", "2025-12-01", "autumn 2025"},
	{"2025-24", "2025-12-01", "2026-03-01", "winter 2025"},
	{"2025-22~", "2025-06-01", "2025-09-01", "about summer 2025"},

	// Unknown digits.
	{"201X", "2010-01-01", "2020-01-01", "2010s"},
	{"20XX", "2000-01-01", "2100-01-01", "2000–2099"},
	{"2025-XX", "2025-01-01", "2026-01-01", "2025 (month unknown)"},
	{"2025-XX-XX", "2025-01-01", "2026-01-01", "2025 (day unknown)"},
	{"2025-11-XX", "2025-11-01", "2025-12-01", "November 2025 (day unknown)"},
	{"2025-11-XX?", "2025-11-01", "2025-12-01", "November 2025 (day unknown, uncertain)"},
	{"007X", "0070-01-01", "0080-01-01", "70–79 CE"},
	{"00XX", "0000-01-01", "0100-01-01", "1–99 CE"},

	// Years that are far away. EDTF has a year 0, which is 1 BCE.
	{"0079-08-24", "0079-08-24", "0079-08-25", "24 August 79 CE"},
	{"0000", "0000-01-01", "0001-01-01", "1 BCE"},
	{"-0043-03-15", "-0043-03-15", "-0043-03-16", "15 March 44 BCE"},
	{"-0043/-0030", "-0043-01-01", "-0029-01-01", "44–31 BCE"},
	{"-0030/0014", "-0030-01-01", "0015-01-01", "31 BCE–14 CE"},
	{"Y17000", "17000-01-01", "17001-01-01", "17000 CE"},
	{"Y-17000", "-17000-01-01", "-16999-01-01", "17001 BCE"},
	{"Y170000002", "170000002-01-01", "170000003-01-01", "170000002 CE"},

	// Times last for their second.
	{"2025-11-21T10:00:00Z", "2025-11-21T10:00:00", "2025-11-21T10:00:01", "21 November 2025, 10:00 UTC"},
	{"2025-11-21T10:00:00+02:00", "2025-11-21T08:00:00", "2025-11-21T08:00:01", "21 November 2025, 10:00 UTC+02:00"},
	{"2025-11-21T23:30:15-05:00", "2025-11-22T04:30:15", "2025-11-22T04:30:16", "21 November 2025, 23:30:15 UTC-05:00"},
	{"2025-11-21T10:00:00.25Z", "2025-11-21T10:00:00.25", "2025-11-21T10:00:01", "21 November 2025, 10:00 UTC"},
}

// spell returns the instant t as the table has it.
func spell(t time.Time) string {
	s := t.Format("2006-01-02T15:04:05.999999999")
	return strings.TrimSuffix(s, "T00:00:00")
}

func TestParseDate(t *testing.T) {
	for _, test := range dateTests {
		d, err := ParseDate(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if got := spell(d.First()); got != test.first {
			t.Errorf("%s begins at %s, want %s", test.text, got, test.first)
		}
		if open := d.end == forever; open != (test.end == "") {
			t.Errorf("%s: open at the end is %v", test.text, open)
		} else if got := spell(d.End()); !open && got != test.end {
			t.Errorf("%s ends at %s, want %s", test.text, got, test.end)
		}
		if got := d.Words(); got != test.words {
			t.Errorf("%s reads %q, want %q", test.text, got, test.words)
		}
		if d.String() != test.text || d.IsZero() {
			t.Errorf("%s became %q", test.text, d)
		}
	}
}

// TestParseDateErrors checks that what is no date is refused with what would be
// right.
func TestParseDateErrors(t *testing.T) {
	const any = "is not a date: write 2025-11-21"
	for text, want := range map[string]string{
		"":                           any,
		" ":                          any,
		"soon":                       any,
		"25":                         any,
		"20251121":                   any,
		"2025/11/21":                 any,
		"21.11.2025":                 any,
		"Nov 2025":                   any,
		"2025-11-21 ":                any,
		"２０２５":                       any,
		"+2025":                      any,
		"2XXX":                       any,
		"XXXX":                       any,
		"20X5":                       any,
		"2025-1X":                    any,
		"2025-11-2X":                 any,
		"2025-":                      any,
		"2025-11-":                   any,
		"2025-11-21-3":               any,
		"[2025,2026]":                any,
		"2025~?":                     any,
		"~2025":                      any,
		"2025-~11":                   any,
		"2025-+1":                    any,
		"..":                         any,
		"2025/2026/2027":             any,
		"2025/../2026":               any,
		"2025-13":                    "there is no month 13: write 01 to 12, or 21 to 24 for a season",
		"2025-00":                    "there is no month 00",
		"2025-25":                    "there is no month 25",
		"2025-1":                     "a month has two digits: 01",
		"2025-11-1":                  "a day has two digits: 01",
		"2025-11-00":                 "November 2025 has the days 01 to 30",
		"2025-11-31":                 "November 2025 has the days 01 to 30",
		"2025-02-29":                 "February 2025 has the days 01 to 28",
		"1900-02-29":                 "February 1900 has the days 01 to 28",
		"2025-21-01":                 "a season has no day: write 2025-21",
		"2025-XX-01":                 "write -XX-XX",
		"201X-11":                    "a year with unknown digits has no month: write 201X",
		"-004X":                      "needs all its digits",
		"-0000":                      "written 0000",
		"Y2025":                      "five or more digits",
		"Y":                          "five or more digits",
		"Y+17000":                    "five or more digits",
		"Y17e3":                      "five or more digits",
		"Y200000001":                 "years go from Y-200000000 to Y200000000",
		"Y99999999999999999999":      "five or more digits",
		"/":                          "names no date",
		"../..":                      "names no date",
		"../":                        "names no date",
		"/..":                        "names no date",
		"2025-06/2025-03":            "ends before it begins: write 2025-03/2025-06",
		"2025-11-21/2025-11-20":      "ends before it begins",
		"2025/2024-12-31":            "ends before it begins",
		"2025-03/2025-13":            "there is no month 13",
		"2025-13/..":                 "there is no month 13",
		"2025-11-21T10:00:00":        "write 2025-11-21T10:00:00Z for UTC",
		"2025-11-21 10:00:00":        "write 2025-11-21T10:00:00Z for UTC",
		"2025-11-21 10:00:00 +02:00": "is not a date: write 2025-11-21T10:00:00+02:00",
		"2025-11-21T10:00Z":          "with seconds and an offset",
		"2025-11-21T24:00:00Z":       "with seconds and an offset",
		"2025-11-31T10:00:00Z":       "with seconds and an offset",
		"2025-11-21T10:00:00,5Z":     "with seconds and an offset",
		"2025-11-21T10:00:00+24:00":  "with seconds and an offset",
		"2025-11-21T10:00:00+02:60":  "with seconds and an offset",
		"2025-11-21T10:00:00.Z":      "with seconds and an offset",
		"2025-11-21T10:00:00z":       "with seconds and an offset",
		"2025-11-21T1:00:00Z":        "with seconds and an offset",
		"2025-11-21T10:00:00Z/..":    "an interval runs between dates",
	} {
		d, err := ParseDate(text)
		if err == nil {
			t.Errorf("%q is taken for %q", text, d.Words())
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %q, want it to say %q", text, err, want)
		}
		if d != (Date{}) {
			t.Errorf("%q: an error and the date %v", text, d)
		}
	}
}

// TestLibraryDates compares with the EDTF library where that is right, which is
// nothing more than plain dates and intervals of them.
func TestLibraryDates(t *testing.T) {
	agreed := 0
	for year := 1900; year <= 2100; year += 25 {
		for month := 1; month <= 12; month++ {
			day := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC)
			for _, layout := range []string{"2006", "2006-01", "2006-01-02"} {
				later := day.AddDate(1, 0, 0)
				for _, text := range []string{day.Format(layout), day.Format(layout) + "/" + later.Format(layout)} {
					library, err := parser.ParseString(text)
					if err != nil {
						t.Fatalf("%s: %v", text, err)
					}
					lower, err := library.Lower()
					if err != nil {
						t.Fatalf("%s: %v", text, err)
					}
					upper, err := library.Upper()
					if err != nil {
						t.Fatalf("%s: %v", text, err)
					}
					d := mustDate(text)
					if !d.First().Equal(*lower) || !d.End().Equal(upper.Add(time.Second)) {
						t.Errorf("%s: %v to %v, and in the library %v to %v", text, d.First(), d.End(), lower, upper)
					}
					agreed++
				}
			}
		}
	}
	if agreed < 500 {
		t.Errorf("only %d dates compared", agreed)
	}
}

// TestLibraryTraps keeps the reasons why dates are read here. If one of them
// fails, the library may have become usable.
func TestLibraryTraps(t *testing.T) {
	for _, text := range []string{"2025-11-21~", "2025-03/.."} {
		library, err := parser.ParseString(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		upper, err := library.Upper()
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if upper.Add(time.Second).Equal(mustDate(text).End()) {
			t.Errorf("%s: the library now ends it right", text)
		}
	}
	if _, err := parser.ParseString("2025-06/2025-03"); err != nil {
		t.Errorf("the library now refuses a reversed interval: %v", err)
	}
	if library, err := parser.ParseString("../2025-03"); err != nil {
		t.Error(err)
	} else if lower, err := library.Lower(); err == nil {
		t.Errorf("the library now has a first instant for an open start: %v", lower)
	}
	for _, text := range []string{"2025-11~/2025-12", "Y17000", "2025-22~"} {
		if library, err := parser.ParseString(text); err == nil {
			t.Errorf("the library now reads %s: %v", text, library)
		}
	}
}

func TestDateCompare(t *testing.T) {
	order := []string{
		"", "Y-17000", "-0043-03-15", "0000", "0079", "1972/1975", "201X", "2025", "../2025-03", "2025-03-15",
		"2025-11-21", "2025-11-21T08:00:00Z", "2025-11-21T08:00:00.5Z", "2025-11-21T11:00:00+02:00", "2025-11-22", "Y17000",
	}
	dates := make([]Date, len(order))
	for i, s := range order[1:] {
		dates[i+1] = mustDate(s)
	}
	for i, a := range dates {
		for j, b := range dates {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := a.Compare(b); got != want {
				t.Errorf("%q.Compare(%q) = %d, want %d", a, b, got, want)
			}
		}
	}
	for _, same := range [][2]string{
		{"2025", "2025-01-01"}, {"2025-03", "../2025-03"}, {"2025-03~", "2025-03/.."}, {"2025-12", "2025-24"},
		{"2025-11-21", "2025-11-21T00:00:00Z"}, {"2025-11-21T10:00:00Z", "2025-11-21T12:00:00+02:00"},
	} {
		if got := mustDate(same[0]).Compare(mustDate(same[1])); got != 0 {
			t.Errorf("%s and %s begin together, and Compare gives %d", same[0], same[1], got)
		}
	}
}

func TestDateOverlaps(t *testing.T) {
	for _, test := range []struct {
		date, from, to string
		want           bool
	}{
		{"2025-11-21", "", "", true},
		{"2025-11-21", "2025-11", "", true},
		{"2025-11-21", "2025-11-21", "2025-11-21", true},
		{"2025-11-21", "2025-11-22", "", false},
		{"2025-11-21", "", "2025-11-20", false},
		{"2025-11-21", "", "2025-11", true},
		{"2025", "2025-11", "2025-12", true},
		{"2025", "2026", "", false},
		{"2025-12-02/2025-12-08", "2025-12-05", "2025-12-05", true},
		{"2025-12-02/2025-12-08", "2025-12-09", "", false},
		{"../2025-03", "", "1990", true},
		{"../2025-03", "2025-04", "", false},
		{"2025-03/..", "2031", "", true},
		{"2025-03/..", "Y170000002", "", true},
		{"2025-03/..", "", "2025-02", false},
		{"2025-11-21T10:00:00Z", "2025-11-21", "2025-11-21", true},
		{"2025-11-21T23:30:00-05:00", "2025-11-21", "2025-11-21", false},
		{"2025-11-21", "2025-11-21T10:00:00Z", "", true},
		{"2025-06", "../2025-03", "", true},
		{"2025-06", "", "2025-03/..", true},
	} {
		var bounds [2]Date
		for i, s := range []string{test.from, test.to} {
			if s != "" {
				bounds[i] = mustDate(s)
			}
		}
		if got := mustDate(test.date).Overlaps(bounds[0], bounds[1]); got != test.want {
			t.Errorf("%s from %q to %q: %v, want %v", test.date, test.from, test.to, got, test.want)
		}
	}
	if (Date{}).Overlaps(Date{}, Date{}) {
		t.Error("no date overlaps")
	}
}

// TestNoDate checks that the zero value says nothing, wherever it is asked.
func TestNoDate(t *testing.T) {
	var d Date
	if !d.IsZero() || d.String() != "" || d.Words() != "" || !d.First().IsZero() || !d.End().IsZero() {
		t.Errorf("the zero date says %q, %v, %v", d.Words(), d.First(), d.End())
	}
}

func TestDateJSON(t *testing.T) {
	type holder struct {
		At    Date `json:"at"`
		Maybe Date `json:"maybe,omitzero"`
	}
	for _, text := range []string{`{"at":"2025-11~"}`, `{"at":""}`, `{"at":"2025-11-21","maybe":"../2025"}`} {
		var h holder
		if err := json.Unmarshal([]byte(text), &h); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		again, err := json.Marshal(h)
		if err != nil || string(again) != text {
			t.Errorf("%s became %s, %v", text, again, err)
		}
	}
	h := holder{At: mustDate("2025")}
	if err := json.Unmarshal([]byte(`{"at":"2025-13"}`), &h); err == nil || h.At != mustDate("2025") {
		t.Errorf("a wrong date gives %v, error %v", h.At, err)
	}
	if a, b := mustDate("2025-11~"), mustDate("2025-11~"); a != b || a == mustDate("2025-11") {
		t.Error("dates that are written alike must be equal, and no others")
	}
}

// TestDateAllocates checks that a date costs no memory beyond its text.
func TestDateAllocates(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { mustDate("2025-11-21") }); n > 0 {
		t.Errorf("reading a day allocates %v times", n)
	}
}

func FuzzParseDate(f *testing.F) {
	for _, test := range dateTests {
		f.Add(test.text)
	}
	for _, text := range []string{"", "/", "Y", "-", "2025-", "2025-11-21T", "2025-11-21T10:00:00Z/2026", "2025-1X", "..", "2025 10:00:00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDate(text)
		if err != nil {
			if d != (Date{}) || err.Error() == "" {
				t.Errorf("%q: date %v with error %q", text, d, err)
			}
			return
		}
		if d.String() != text || d.IsZero() {
			t.Errorf("%q became %q", text, d)
		}
		if !d.First().Before(d.End()) {
			t.Errorf("%q begins at %v and ends at %v", text, d.First(), d.End())
		}
		if w := d.Words(); w == "" || strings.TrimSpace(w) != w || strings.Contains(w, "  ") {
			t.Errorf("%q reads %q", text, w)
		}
		if !d.Overlaps(d, d) || d.Compare(d) != 0 {
			t.Errorf("%q is not with itself", text)
		}
		var again Date
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Errorf("%q read again is %v, %v", text, again, err)
		}
	})
}

func BenchmarkParseDate(b *testing.B) {
	for _, text := range []string{"2025", "2025-11-21", "2025-11~", "2025-12-02/2025-12-08", "2025-11-21T10:00:00+02:00"} {
		b.Run(strings.ReplaceAll(text, "/", " "), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseDate(text); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("library "+strings.ReplaceAll(text, "/", " "), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parser.ParseString(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
