package bot

import (
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/digest"
)

func TestWords(t *testing.T) {
	kyiv, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		t.Fatal(err)
	}
	newYear := time.Date(2025, time.December, 31, 23, 0, 0, 0, time.UTC)
	schedule := func(s string) string {
		parsed, err := digest.ParseSchedule(s)
		if err != nil {
			t.Fatal(err)
		}
		return scheduleWords(digest.Subscription{Schedule: parsed, Timezone: "Europe/Kyiv"})
	}
	for got, want := range map[string]string{
		durationWords(time.Second):                 "1 second",
		durationWords(59 * time.Minute):            "59 minutes",
		durationWords(47 * time.Hour):              "47 hours",
		durationWords(49 * time.Hour):              "2 days",
		agoWords(3 * time.Second):                  "just now",
		agoWords(3 * time.Hour):                    "3 hours ago",
		percent(0.35):                              "35\u00a0%",
		percent(0.125):                             "12.5\u00a0%",
		percent(0.07):                              "7\u00a0%",
		listed(nil):                                "",
		listed([]string{"a", "b", "c"}):            "a, b and c",
		aliases([]string{"J. Doe"}).String():       "Also known as J. Doe.",
		aliases([]string{"Zoe", "Z. Å."}).String(): "Also known as Zoe and Z. Å.",
		shortRevision("0123456789abcdef"):          "0123456",
		shortRevision("v1.2.3-rc1-long"):           "v1.2.3-rc1-long",
		rangeWords(newYear, newYear, kyiv):         "Recorded 1 Jan 01:00 Europe/Kyiv",
		rangeWords(noon, newYear, kyiv):            "Covers 10 Dec 2025 14:00 – 1 Jan 2026 01:00 Europe/Kyiv",
		rangeWords(noon, noon.Add(time.Hour), nil): "Covers 10 Dec 12:00 – 10 Dec 13:00 UTC",
		momentWords(newYear, kyiv):                 "Thursday, 1 January 2026, 01:00 Europe/Kyiv",
		quoted(" two \n words "):                   "“two words”",
		schedule("immediate"):                      "as soon as something changes",
		schedule("hourly"):                         "every hour",
		schedule("daily 8:00"):                     "daily at 08:00 Europe/Kyiv",
		schedule("weekdays 18:30"):                 "on weekdays at 18:30 Europe/Kyiv",
		schedule("weekly sat 09:00"):               "every Saturday at 09:00 Europe/Kyiv",
		schedule("*/5 * * * *"):                    "by the cron schedule “*/5 * * * *” Europe/Kyiv",
		term(brief.Date{}, brief.Date{}):           "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestSame compares what is typed as stories are found by it.
func TestSame(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"ÄRGER Ångström", "arger angstrom", true},
		{"Trump’s envoy", "trumps  envoy", true},
		{"black-sea", "Black Sea", true},
		{"Йод", "иод", false},
		{"Talks", "Walks", false},
	} {
		if got := same(test.a, test.b); got != test.want {
			t.Errorf("same(%q, %q) = %v", test.a, test.b, got)
		}
	}
}
