package brief

import (
	"slices"
	"strings"
	"testing"
)

func TestReadDate(t *testing.T) {
	for words, want := range map[string]string{
		"December 2, 2025":                   "2025-12-02",
		"Dec. 2, 2025":                       "2025-12-02",
		"Sept 3 2025":                        "2025-09-03",
		"2 December 2025":                    "2025-12-02",
		"2nd of December, 2025":              "2025-12-02",
		"On December 2nd, 2025.":             "2025-12-02",
		"Tuesday, December 2, 2025":          "2025-12-02",
		"DECEMBER 2, 2025:":                  "2025-12-02",
		"2025-12-02":                         "2025-12-02",
		"2025‑12‑02":                         "2025-12-02",
		"2025-12-02T10:00:00Z":               "2025-12-02T10:00:00Z",
		"December\u00a02025":                 "2025-12",
		"May 2025":                           "2025-05",
		"March of 1917":                      "1917-03",
		"In 1972":                            "1972",
		"1972":                               "1972",
		"circa 1823":                         "1823~",
		"c. 1823":                            "1823~",
		"the 1970s":                          "197X",
		"Autumn 2025":                        "2025-23",
		"1972–1975":                          "1972/1975",
		"1972-1975":                          "1972/1975",
		"1972 – 1975":                        "1972/1975",
		"1972 to 1975":                       "1972/1975",
		"2009–present":                       "2009/..",
		"July 2022 – July 2023":              "2022-07/2023-07",
		"December 2–8, 2025":                 "2025-12-02/2025-12-08",
		"2–8 December 2025":                  "2025-12-02/2025-12-08",
		"28 November 2025 – 2 December 2025": "2025-11-28/2025-12-02",
		"2025-03/2025-06":                    "2025-03/2025-06",

		"":                           "",
		"-":                          "",
		"soon":                       "",
		"02/12/2025":                 "",
		"December 2":                 "",
		"December":                   "",
		"February 30, 2025":          "",
		"1823–20th century":          "",
		"1975–1972":                  "",
		"December 2, 2025 in Moscow": "",
		"2025 strategy":              "",
		"Decoy 2025":                 "",
		"Marching 2025":              "",
		"early December 2025":        "",
	} {
		d, ok := ReadDate(words)
		if ok != (want != "") || d.String() != want {
			t.Errorf("%q reads %q, %v, want %q", words, d, ok, want)
		}
	}
}

func TestTimeWords(t *testing.T) {
	for text, want := range map[string]string{
		"Following the December 2 talks, and until 2026-01.":            "December 2|until 2026-01",
		"On the eve of a summit with the president, she said so.":       "On the eve of a summit with the president",
		"The 2025 strategy names 3 goals; it may change.":               "",
		"After Crimea in 2014 and the 2022 invasion":                    "in 2014",
		"In the early 1970s; 1972–1975; 1972–1975; late\u00a02024":      "early 1970s|1972–1975|late 2024",
		"from 2 to 8 December 2025, on Monday, two weeks later":         "8 December 2025|on Monday|two weeks later",
		"early December 2025 and mid-January 2026, Mar. 3, summer 2024": "early December 2025|mid-January 2026|Mar. 3|summer 2024",
		"12.02.2025 or 12/02/2025":                                      "12.02.2025|12/02/2025",
		"He may march on, in decency, and sept 12 members":              "",
	} {
		if got := strings.Join(TimeWords(text), "|"); got != want {
			t.Errorf("%q says %q, want %q", text, got, want)
		}
	}
}

// FuzzReadDate checks that what is read is a date that a brief may hold, and that
// words are found as they stand.
func FuzzReadDate(f *testing.F) {
	for _, s := range []string{"December 2, 2025", "1972–1975", "on the eve of it", "c. 1823 – now", "2–8 May 2025 and 3 June"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, ok := ReadDate(s); ok {
			if again, err := ParseDate(d.String()); err != nil || again != d {
				t.Errorf("%q reads %q: %v", s, d, err)
			}
		}
		plain := strings.Join(strings.Fields(plainDashes(s)), " ")
		words := TimeWords(s)
		for i, w := range words {
			if !strings.Contains(plain, w) || slices.Contains(words[:i], w) {
				t.Errorf("%q says %q", s, words)
			}
		}
	})
}
