package chat

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func valuesOf(choices []Choice) string {
	var values []string
	for _, c := range choices {
		values = append(values, c.Value)
	}
	return strings.Join(values, "|")
}

func TestCompleteLine(t *testing.T) {
	for _, test := range []struct {
		def, line, want string
	}{
		{"", "", "/stories|/timeline|/event|/people|/search|/subscribe|/reload"},
		{"", "/", "/stories|/timeline|/event|/people|/search|/subscribe|/reload"},
		{"", "/TI", "/timeline"},
		{"", "ev", "/event"},
		{"", "/scr", "/subscribe"},
		{"", "/nothing", ""},
		{"", "/nothing x", ""},
		{"", "/timeline ", "/timeline us|/timeline ua|/timeline story=|/timeline from=|/timeline kind=|/timeline after="},
		{"", "/timeline u", "/timeline us|/timeline ua"},
		{"", "/timeline ua", "/timeline ua"},
		{"", "/timeline us ", "/timeline us from=|/timeline us kind=|/timeline us after="},
		{"", "/timeline us k", "/timeline us kind="},
		{"", "/timeline story=u", "/timeline story=us|/timeline story=ua"},
		{"", "/timeline from=2025 STORY=ua", "/timeline from=2025 story=ua"},
		{"", "/timeline us after=", ""},
		{"", "/event us ", "/event us us-event|/event us id="},
		{"ua", "/event x", "/event ua-event"},
		{"", "/people us ja", `/people us Jane Doe`},
		{"", "/people us Jane D", `/people us Jane Doe`},
		{"", `/people us "Jane D`, `/people us Jane Doe`},
		{"", "/people us a", `/people us "A=B"|/people us Jane Doe`},
		{"", "/people us name=ja", `/people us name="Jane Doe"`},
		{"", "/search peace ", ""},
		{"", "/search peace story=u", "/search peace story=us|/search peace story=ua"},
		{"", "/subscribe us ", "/subscribe us immediate|/subscribe us daily 08:00|/subscribe us daily 18:00|/subscribe us story=|/subscribe us schedule=|/subscribe us timezone=|/subscribe us importance="},
		{"", "/subscribe us daily 1", "/subscribe us daily 18:00"},
		{"", "/subscribe us daily 18:00 importance=m", "/subscribe us daily 18:00 importance=minor|/subscribe us daily 18:00 importance=major|/subscribe us daily 18:00 importance=normal"},
	} {
		d := &desk{stories: []string{"us", "ua"}, def: test.def}
		got := valuesOf(d.set(t, Rules{}).CompleteLine(t.Context(), Invocation{}, test.line))
		want := test.want
		if strings.HasSuffix(test.line, "us ") && strings.HasPrefix(test.line, "/subscribe") {
			want = strings.Replace(want, "|/subscribe us story=", "", 1) // it is given
		}
		if got != want {
			t.Errorf("default %q, %q\n got %s\nwant %s", test.def, test.line, got, want)
		}
	}
}

func TestCompleteLineLabels(t *testing.T) {
	s := (&desk{stories: []string{"us"}}).set(t, Rules{})
	want := []Choice{{Label: "What happened", Value: "/timeline"}}
	if diff := cmp.Diff(want, s.CompleteLine(t.Context(), Invocation{}, "/ti")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = []Choice{{Label: "Story us", Value: "/timeline us"}}
	if diff := cmp.Diff(want, s.CompleteLine(t.Context(), Invocation{}, "/timeline us")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCompleteLineLocally(t *testing.T) {
	s := (&desk{}).set(t, Rules{})
	if got := valuesOf(s.CompleteLine(t.Context(), Invocation{Local: true}, "/su")); got != "" {
		t.Errorf("offered %s where nothing may be changed", got)
	}
}

func TestComplete(t *testing.T) {
	d := &desk{stories: []string{"us", "ua"}, def: "ua"}
	s := d.set(t, Rules{})
	for _, test := range []struct {
		name          string
		inv           Invocation
		option, typed string
		want          string
	}{
		{"story", Invocation{Call: Call{Name: "timeline"}}, "story", "u", "us|ua"},
		{"earlier value", Invocation{Call: Call{"event", []Arg{{"story", "us"}}}}, "id", "", "us-event"},
		{"the default", Invocation{Call: Call{Name: "event"}}, "id", "", "ua-event"},
		{"option itself given", Invocation{Call: Call{"event", []Arg{{"story", "us"}, {"id", "half"}}}}, "id", "half", "us-event"},
		{"line", Invocation{Line: "/event us"}, "id", "", "us-event"},
		{"wrong earlier values", Invocation{Call: Call{"event", []Arg{{"story", "us"}, {"nonsense", "x"}}}}, "id", "", "us-event"},
		{"choices", Invocation{Call: Call{Name: "subscribe"}}, "importance", "M", "minor|major|normal"},
		{"no such option", Invocation{Call: Call{Name: "subscribe"}}, "size", "", ""},
		{"no such command", Invocation{Call: Call{Name: "shout"}}, "story", "", ""},
		{"free text", Invocation{Call: Call{Name: "stories"}}, "tag", "x", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := valuesOf(s.Complete(t.Context(), test.inv, test.option, test.typed)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestCompleteIsPresentable has an option that offers too much of everything.
func TestCompleteIsPresentable(t *testing.T) {
	option := Option{Name: "x", Summary: "X", Complete: func(context.Context, *Invocation, string) []Choice {
		offers := []Choice{{"", "unlabelled"}, {"empty", ""}, {"too long", strings.Repeat("я", 101)}, {"twice", "a"}, {"again", "a"},
			{strings.Repeat("👩‍👩‍👧", 40), "families"}, {"bad", "\xff"}}
		for i := range 50 {
			offers = append(offers, Choice{"more", fmt.Sprint(i)})
		}
		return offers
	}}
	s, err := NewSet([]Command{{Name: "c", Summary: "C", Options: []Option{option}, Run: nothing}}, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	got := s.Complete(t.Context(), Invocation{Call: Call{Name: "c"}}, "x", "")
	if len(got) != MaxChoices || valuesOf(got[:4]) != "unlabelled|a|families|0" || got[0].Label != "unlabelled" {
		t.Errorf("%d offers: %v", len(got), got)
	}
	for _, c := range got {
		if n := utf8.RuneCountInString(c.Label); n < 1 || n > 100 {
			t.Errorf("the label %q has %d code points", c.Label, n)
		}
	}
}

func nothing(context.Context, *Invocation) (Reply, error) { return Reply{}, nil }

func TestCompleteSurvivesPanics(t *testing.T) {
	option := Option{Name: "x", Summary: "X", Complete: func(context.Context, *Invocation, string) []Choice { panic("broken") }}
	s, err := NewSet([]Command{{Name: "c", Summary: "C", Options: []Option{option}, Run: nothing}}, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Complete(t.Context(), Invocation{Call: Call{Name: "c"}}, "x", ""); got != nil {
		t.Errorf("offered %v", got)
	}
	if got := s.CompleteLine(t.Context(), Invocation{}, "/c a"); got != nil {
		t.Errorf("offered %v", got)
	}
}

func FuzzCompleteLine(f *testing.F) {
	for _, line := range []string{"/people us \"Jane", "/subscribe us daily ", "x=", "/event =", "/search \xff a=b"} {
		f.Add(line)
	}
	d := &desk{stories: []string{"us", "ua"}}
	s, err := NewSet(d.commands(), Rules{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, c := range s.CompleteLine(context.Background(), Invocation{}, line) {
			if !utf8.ValidString(c.Value) {
				t.Errorf("%q: offered %q", line, c.Value)
			}
		}
		s.Run(context.Background(), Invocation{Line: line})
	})
}
