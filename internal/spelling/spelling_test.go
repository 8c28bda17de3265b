package spelling_test

import (
	"testing"

	"github.com/briefbot/briefbot/internal/spelling"
)

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b        string
		limit, want int
	}{
		{"", "", 0, 0},
		{"timeline", "timeline", 3, 0},
		{"timline", "timeline", 3, 1},   // missing
		{"timelline", "timeline", 3, 1}, // one too many
		{"timeiine", "timeline", 3, 1},  // wrong
		{"tmieline", "timeline", 3, 1},  // swapped
		{"київ", "киів", 3, 1},          // code points, not bytes
		{"sources", "people", 3, 4},     // over the limit
		{"abcdef", "", 3, 4},
		{"ab", "ba", 0, 1},
	} {
		if got := spelling.Distance([]rune(test.a), []rune(test.b), test.limit); got != test.want {
			t.Errorf("Distance(%q, %q, %d) = %d, want %d", test.a, test.b, test.limit, got, test.want)
		}
	}
}

func TestNearest(t *testing.T) {
	keys := []string{"as_of", "overview", "organizations", "review_by", "timeline"}
	for word, want := range map[string]string{
		"organisations": "organizations",
		"as-of":         "as_of",
		"As Of":         "as_of",
		"reviewby":      "review_by",
		"timelnie":      "timeline",
		"x":             "",
		"":              "",
		"scenarios":     "",
	} {
		if got := spelling.Nearest(word, keys); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func FuzzNearest(f *testing.F) {
	f.Add("overveiw", "overview")
	f.Add("\xff", "é")
	f.Fuzz(func(t *testing.T, a, b string) {
		ra, rb := []rune(a), []rune(b)
		if len(ra) > 64 || len(rb) > 64 {
			return
		}
		d, back := spelling.Distance(ra, rb, 64), spelling.Distance(rb, ra, 64)
		if d != back || (d == 0) != (string(ra) == string(rb)) || d > max(len(ra), len(rb)) {
			t.Errorf("Distance(%q, %q) = %d, and %d the other way", a, b, d, back)
		}
		if near := spelling.Nearest(a, []string{b}); near != "" && near != b {
			t.Errorf("Nearest(%q) = %q, which is no candidate", a, near)
		}
	})
}
