package chat

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseCall(t *testing.T) {
	for _, test := range []struct {
		line string
		want Call
	}{
		{"timeline", Call{Name: "timeline"}},
		{"/Timeline", Call{Name: "timeline"}},
		{"  /timeline@BriefBot  ", Call{Name: "timeline"}},
		{"/timeline@BriefBot us-nss-2025 after=moscow-talks", Call{"timeline", []Arg{{"", "us-nss-2025"}, {"after", "moscow-talks"}}}},
		{"/search peace\u00a0talks\nnow\u3000then", Call{"search", []Arg{{"", "peace"}, {"", "talks"}, {"", "now"}, {"", "then"}}}},
		{`/people us "Jane Doe"`, Call{"people", []Arg{{"", "us"}, {"", "Jane Doe"}}}},
		{"/people us “Jane Doe”", Call{"people", []Arg{{"", "us"}, {"", "Jane Doe"}}}},
		{"/people us „Jane Doe“ x", Call{"people", []Arg{{"", "us"}, {"", "Jane Doe"}, {"", "x"}}}},
		{"/people us „Jane Doe” x", Call{"people", []Arg{{"", "us"}, {"", "Jane Doe"}, {"", "x"}}}},
		{"/people us «Jane Doe» x", Call{"people", []Arg{{"", "us"}, {"", "Jane Doe"}, {"", "x"}}}},
		{"/people us »Jane Doe« x", Call{"people", []Arg{{"", "us"}, {"", "Jane Doe"}, {"", "x"}}}},
		{`/people us “Jane "Doe`, Call{"people", []Arg{{"", "us"}, {"", "Jane "}, {"", "Doe"}}}},
		{`/people name="Jane Doe" story=us`, Call{"people", []Arg{{"name", "Jane Doe"}, {"story", "us"}}}},
		{`/people name=“Jane Doe” us`, Call{"people", []Arg{{"name", "Jane Doe"}, {"", "us"}}}},
		{`/search text=with=equals`, Call{"search", []Arg{{"text", "with=equals"}}}},
		{`/search "text=with=equals"`, Call{"search", []Arg{{"", "text=with=equals"}}}},
		{`/search https://x.org/?a=b`, Call{"search", []Arg{{"", "https://x.org/?a=b"}}}},
		{`/search =x`, Call{"search", []Arg{{"", "=x"}}}},
		{`/search story=`, Call{"search", []Arg{{"story", ""}}}},
		{`/search ""`, Call{"search", []Arg{{"", ""}}}},
		{`/search "a \"b\" \\ \n"`, Call{"search", []Arg{{"", `a "b" \ \n`}}}},
		{`/search “a \"`, Call{"search", []Arg{{"", `a \`}}}},
		{`/search a\b it's 5"x`, Call{"search", []Arg{{"", `a\b`}, {"", "it's"}, {"", `5"x`}}}},
		{`/search "never closed`, Call{"search", []Arg{{"", "never closed"}}}},
		{`/search "one"two`, Call{"search", []Arg{{"", "one"}, {"", "two"}}}},
		{"/search \xff", Call{"search", []Arg{{"", "\uFFFD"}}}},
		{"/Überblick x", Call{"überblick", []Arg{{"", "x"}}}},
	} {
		got, err := ParseCall(test.line)
		if err != nil {
			t.Errorf("%q: %v", test.line, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.line, diff)
		}
	}
}

func TestParseCallWithoutName(t *testing.T) {
	for _, line := range []string{"", " \n", "/", "//", "/@BriefBot", "@BriefBot x"} {
		_, err := ParseCall(line)
		var unknown *UnknownCommand
		if !errors.As(err, &unknown) || unknown.Name != "" {
			t.Errorf("%q: %v, want an UnknownCommand without a name", line, err)
		}
	}
}

// TestCallRoundTrip writes random calls and reads them back.
func TestCallRoundTrip(t *testing.T) {
	pieces := []string{"a", "B", "é", " ", "\u00a0", "\n", "=", `"`, `\`, "“", "”", "„", "«", "»", "/", "~", "@", "_", "0", "👩‍👩‍👧", "'"}
	random := rand.New(rand.NewPCG(1, 2))
	value := func() string {
		var b strings.Builder
		for range random.IntN(6) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 20_000 {
		c := Call{Name: "x"}
		for range random.IntN(5) {
			a := Arg{Value: value()}
			if random.IntN(2) == 0 {
				a.Option = "opt_1"
			}
			c.Args = append(c.Args, a)
		}
		got, err := ParseCall(c.String())
		if err != nil {
			t.Fatalf("%q: %v", c.String(), err)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", c.String(), diff)
		}
	}
}

func FuzzParseCall(f *testing.F) {
	for _, line := range []string{`/a "b" c=d`, "a “b” c=„d“", "//a=b", "/\"", `a \"`, "a ="} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, err := ParseCall(line)
		if err != nil {
			return
		}
		again, err := ParseCall(c.String())
		if err != nil {
			t.Fatalf("%q was read as %q, which is not a call: %v", line, c.String(), err)
		}
		if diff := cmp.Diff(c, again); diff != "" {
			t.Fatalf("%q, written as %q, changed (-before +after):\n%s", line, c.String(), diff)
		}
	})
}

func TestShortAndTicket(t *testing.T) {
	long := NewCall("timeline", strings.Repeat("x", 70)).String()
	if got := Short(long); got != "~"+Ticket(long) || !isTicket(got[1:]) {
		t.Errorf("Short gave %q", got)
	}
	if got := Short("timeline us"); got != "timeline us" {
		t.Errorf("Short changed a short call into %q", got)
	}
	// The name is fixed by the contract: a button posted today must work for years.
	if got, want := Ticket("timeline us-nss-2025 after=moscow-talks"), "3NSixcxGuZNIzq8Z"; got != want {
		t.Errorf("Ticket gave %q, want %q", got, want)
	}
	for _, s := range []string{"", "short", "0123456789abcde", "0123456789abcdef0", "0123456789abcde=", "0123456789abcdé"} {
		if isTicket(s) {
			t.Errorf("%q passes for a ticket", s)
		}
	}
}
