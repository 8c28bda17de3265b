package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// desk is a small bot with stories, for tests of a Set.
type desk struct {
	stories []string // that the asker may see
	def     string   // the conversation's default
	fail    error    // what every command returns
	panics  bool
	asked   []Invocation
}

func (d *desk) story() Option {
	return Option{
		Name: "story", Summary: "Which story", Kind: Story,
		Known: func(_ context.Context, _ *Invocation, word string) bool { return slices.Contains(d.stories, word) },
		Default: func(context.Context, *Invocation) string {
			if d.def == "" && len(d.stories) == 1 {
				return d.stories[0]
			}
			return d.def
		},
		Complete: func(_ context.Context, _ *Invocation, typed string) []Choice {
			var found []Choice
			for _, s := range d.stories {
				if strings.HasPrefix(s, typed) {
					found = append(found, Choice{Label: "Story " + s, Value: s})
				}
			}
			return found
		},
	}
}

func free(s string) Option { return Option{Name: s, Summary: "Some " + s} }

// schedulePrefix accepts “immediate” and “daily HH:MM”.
func schedulePrefix(words []string) int {
	switch {
	case words[0] == "immediate":
		return 1
	case len(words) > 1 && words[0] == "daily" && strings.Contains(words[1], ":"):
		return 2
	}
	return 0
}

func (d *desk) commands() []Command {
	run := func(_ context.Context, inv *Invocation) (Reply, error) {
		d.asked = append(d.asked, *inv)
		if d.panics {
			panic("the handler is broken")
		}
		return Reply{Card: Card{Title: inv.Call.Name}}, d.fail
	}
	importance := free("importance")
	importance.Choices = []Choice{{"Minor", "minor"}, {"Normal", "normal"}, {"Major", "major"}}
	schedule := free("schedule")
	schedule.Prefix = schedulePrefix
	schedule.Complete = func(_ context.Context, _ *Invocation, typed string) []Choice {
		return matching([]Choice{{"At once", "immediate"}, {"Every day", "daily 08:00"}, {"Evenings", "daily 18:00"}}, typed)
	}
	id := Option{Name: "id", Summary: "Which event", Kind: ItemID, Required: true}
	id.Complete = func(_ context.Context, who *Invocation, typed string) []Choice {
		return []Choice{{Label: "An event of " + who.Arg("story"), Value: who.Arg("story") + "-event"}}
	}
	name := free("name")
	name.Rest = true
	name.Complete = func(_ context.Context, _ *Invocation, typed string) []Choice {
		return matching([]Choice{{"Jane Doe", "Jane Doe"}, {"A=B", "A=B"}}, typed)
	}
	text := free("words")
	text.Rest, text.Required = true, true
	named := d.story()
	named.Named = true
	return []Command{
		{Name: "stories", Summary: "Every story", Options: []Option{free("tag")}, Run: run},
		{Name: "timeline", Summary: "What happened", Options: []Option{d.story(), free("from"), free("kind"), free("after")}, Run: run},
		{Name: "event", Summary: "One event", Options: []Option{d.story(), id}, Run: run},
		{Name: "people", Summary: "Who is involved", Options: []Option{d.story(), name}, Run: run},
		{Name: "search", Summary: "Find words", Options: []Option{text, named}, Run: run},
		{Name: "subscribe", Summary: "Get digests", Access: Manager, Changes: true, Run: run,
			Options: []Option{d.story(), schedule, free("timezone"), importance}},
		{Name: "reload", Summary: "Read again", Access: Operator, Run: run},
	}
}

func (d *desk) set(t *testing.T, rules Rules) *Set {
	t.Helper()
	s, err := NewSet(d.commands(), rules)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestBinding says of each line what is bound, as “call: option=value …”, or the
// problem.
func TestBinding(t *testing.T) {
	for _, test := range []struct {
		def, line, want string
	}{
		{"", "/timeline us", "timeline us"},
		{"", "/timeline US=1 us", `There is no option “US”; there is story, from, kind, after`},
		{"", "/timeline us 2025 Diplomacy moscow", "timeline us 2025 Diplomacy moscow"},
		{"", "/timeline us after=moscow", "timeline us after=moscow"},
		{"", "/timeline us AFTER=moscow", "timeline us after=moscow"},
		{"", `/timeline us "" Diplomacy`, "timeline us kind=Diplomacy"},
		{"", "/timeline from=2025 us moscow", "timeline us 2025 moscow"},
		{"", "/timeline", "timeline"},
		{"ua", "/timeline", "timeline ua"},
		{"ua", "/timeline 2025", "timeline ua 2025"},
		{"ua", "/timeline us 2025", "timeline us 2025"},
		{"ua", "/timeline after=x", "timeline ua after=x"},
		{"", "/timeline nowhere 2025", "timeline nowhere 2025"},
		{"", "/timeline us 1 2 3 4 5", `“4” is one word too many`},
		{"", "/timeline us after=1 after=2", "The option after is given twice"},
		{"", "/timeline us story=ua", "timeline ua us"},
		{"", "/event us", "The option id is missing"},
		{"ua", "/event talks", "event ua talks"},
		{"", "/event id=talks", "event id=talks"},
		{"", "/people us Jane Doe", `people us "Jane Doe"`},
		{"", "/people us a=b Doe", `people us "a=b Doe"`},
		{"ua", "/people Jane Doe", `people ua "Jane Doe"`},
		{"ua", "/people name=Jane", "people ua Jane"},
		{"", "/search peace talks", `search "peace talks"`},
		{"", "/search peace story=us talks", `search "peace talks" story=us`},
		{"ua", "/search us", "search us story=ua"},
		{"", "/search story=us", "The option words is missing"},
		{"", "/search text=with=equals", `search "text=with=equals"`},
		{"", "/subscribe us daily 08:00 Europe/Kyiv", `subscribe us "daily 08:00" Europe/Kyiv`},
		{"", `/subscribe us "daily 08:00" Europe/Kyiv`, `subscribe us "daily 08:00" Europe/Kyiv`},
		{"", "/subscribe us immediate", "subscribe us immediate"},
		{"", "/subscribe us MAJOR", "subscribe us importance=major"},
		{"ua", "/subscribe daily 08:00", `subscribe ua "daily 08:00"`},
		{"ua", "/subscribe major", "subscribe ua importance=major"},
		{"", "/subscribe us sometimes", "subscribe us sometimes"},
		{"", "/subscribe us daily at eight", `subscribe us "daily at eight"`},
		{"ua", "/subscribe nowhere", "subscribe nowhere"},
		{"", "/subscribe us importance=huge", `The option importance is one of minor, normal, major, not “huge”`},
		{"", "/stories", "stories"},
		{"", "/reload now", `“now” is one word too many`},
		{"", "/reload a=b", `There is no option “a”; the command has none`},
	} {
		d := &desk{stories: []string{"us", "ua"}, def: test.def}
		var failure error
		s := d.set(t, Rules{Explain: func(_ context.Context, _ *Invocation, err error) Card {
			failure = err
			return Card{}
		}})
		s.Run(t.Context(), Invocation{Line: test.line, Trusted: true})
		got := ""
		var usage *UsageError
		if errors.As(failure, &usage) {
			got = usage.Problem
		} else if len(d.asked) == 1 {
			got = d.asked[0].Call.String()
		}
		if got != test.want {
			t.Errorf("default %q, %s\n got %s\nwant %s", test.def, test.line, got, test.want)
		}
		if len(d.asked) == 1 {
			rebind(t, s, d)
		}
	}
}

// rebind runs the bound call again and wants the same values: what a button or a
// shared answer repeats must mean what was meant.
func rebind(t *testing.T, s *Set, d *desk) {
	t.Helper()
	first := d.asked[0]
	s.Run(t.Context(), Invocation{Line: first.Call.String(), Trusted: true})
	if len(d.asked) != 2 {
		t.Errorf("%q does not run again", first.Call)
		return
	}
	if diff := cmp.Diff(first.Values, d.asked[1].Values); diff != "" {
		t.Errorf("%q is bound differently again (-first +again):\n%s", first.Call, diff)
	}
}

func TestOnlyVisibleStoryIsTheDefault(t *testing.T) {
	d := &desk{stories: []string{"us"}}
	s := d.set(t, Rules{})
	reply := s.Run(t.Context(), Invocation{Line: "/timeline 2025"})
	if want := "timeline us 2025"; reply.Call != want {
		t.Errorf("the bound call is %q, want %q", reply.Call, want)
	}
}

func TestAccess(t *testing.T) {
	broken := errors.New("the service is down")
	manages := func(yes bool, err error) func(context.Context) (bool, error) {
		return func(context.Context) (bool, error) { return yes, err }
	}
	for _, test := range []struct {
		name string
		inv  Invocation
		want error // nil: it runs
	}{
		{"anyone", Invocation{Line: "stories"}, nil},
		{"nobody asked", Invocation{Line: "subscribe us"}, ErrNotManager},
		{"not a manager", Invocation{Line: "subscribe us", Manages: manages(false, nil)}, ErrNotManager},
		{"a manager", Invocation{Line: "subscribe us", Manages: manages(true, nil)}, nil},
		{"cannot tell", Invocation{Line: "subscribe us", Manages: manages(true, broken)}, broken},
		{"private chat", Invocation{Line: "subscribe us", Direct: true}, nil},
		{"operator manages", Invocation{Line: "subscribe us", Asker: []string{"telegram:1"}}, nil},
		{"trusted manages", Invocation{Line: "subscribe us", Trusted: true}, nil},
		{"local changes", Invocation{Line: "subscribe us", Trusted: true, Local: true}, ErrLocal},
		{"local reads", Invocation{Line: "stories", Trusted: true, Local: true}, nil},
		{"no operator", Invocation{Line: "reload", Direct: true, Manages: manages(true, nil)}, ErrNotOperator},
		{"operator", Invocation{Line: "reload", Asker: []string{"telegram:1"}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := &desk{stories: []string{"us"}}
			var failure error
			s := d.set(t, Rules{
				Operator: func(inv *Invocation) bool { return slices.Contains(inv.Asker, "telegram:1") },
				Explain: func(_ context.Context, _ *Invocation, err error) Card {
					failure = err
					return Card{Tone: Trouble}
				},
			})
			reply := s.Run(t.Context(), test.inv)
			if !errors.Is(failure, test.want) {
				t.Errorf("error %v, want %v", failure, test.want)
			}
			if ran := len(d.asked) == 1; ran != (test.want == nil) {
				t.Errorf("ran: %v", ran)
			}
			if test.want != nil && (reply.Call != "" || reply.Card.Tone != Trouble) {
				t.Errorf("the reply is %+v", reply)
			}
		})
	}
}

func TestManagesIsAskedOnce(t *testing.T) {
	asked := 0
	d := &desk{stories: []string{"us"}}
	commands := d.commands()
	commands[5].Run = func(ctx context.Context, inv *Invocation) (Reply, error) {
		yes, err := inv.Manages(ctx)
		return Reply{Card: Card{Title: fmt.Sprint(yes)}}, err
	}
	s, err := NewSet(commands, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	reply := s.Run(t.Context(), Invocation{Line: "subscribe us", Manages: func(context.Context) (bool, error) {
		asked++
		return true, nil
	}})
	if reply.Card.Title != "true" || asked != 1 {
		t.Errorf("answer %q after asking %d times", reply.Card.Title, asked)
	}
}

func TestRunRecalls(t *testing.T) {
	d := &desk{stories: []string{"us"}}
	name := Short(strings.Repeat("timeline", 20))
	s := d.set(t, Rules{Recall: func(_ context.Context, asked string) (string, error) {
		if asked == name {
			return "timeline us after=x", nil
		}
		return "", ErrNoCall
	}})
	if got := s.Run(t.Context(), Invocation{Line: " " + name + "\n", Pressed: true}).Call; got != "timeline us after=x" {
		t.Errorf("recalled %q", got)
	}
	for _, line := range []string{"~", "~short", "~0123456789abcdef", name + "x"} {
		reply := s.Run(t.Context(), Invocation{Line: line})
		if got := reply.Card.Lead.String(); got != "This button is out of date." {
			t.Errorf("%q: %q", line, got)
		}
	}
	if got := d.set(t, Rules{}).Run(t.Context(), Invocation{Line: name}); got.Card.Tone != Trouble {
		t.Errorf("without a store: %+v", got)
	}
}

func TestRunSurvivesPanics(t *testing.T) {
	d := &desk{panics: true}
	var failure error
	s := d.set(t, Rules{Explain: func(_ context.Context, _ *Invocation, err error) Card {
		failure = err
		panic("and so is this")
	}})
	reply := s.Run(t.Context(), Invocation{Line: "/stories"})
	var p *Panic
	if !errors.As(failure, &p) || p.Command != "stories" || !strings.Contains(p.Error(), "the handler is broken") || len(p.Stack) == 0 {
		t.Errorf("the error is %v", failure)
	}
	if got := reply.Card.Plain(); strings.Contains(got, "broken") || !strings.Contains(got, "went wrong") {
		t.Errorf("the reader is told %q", got)
	}
}

func TestErrorsAreExplained(t *testing.T) {
	d := &desk{stories: []string{"us", "ua"}}
	s := d.set(t, Rules{})
	for line, want := range map[string]string{
		"/timelin us":           "There is no command /timelin; did you mean /timeline?",
		"/tmieline us":          "There is no command /tmieline; did you mean /timeline?",
		"/sto":                  "There is no command /sto; did you mean /stories?",
		"/nothing_like_it":      "There is no command /nothing_like_it.",
		"":                      "No command was given.",
		"/event us":             "The option id is missing.\n/event [story] <id>",
		"/search story=us":      "The option words is missing.\n/search <words…> [story=…]",
		"/reload":               "Only the bot's operators can do that.",
		"/subscribe us":         "Only those who manage this conversation can do that.",
		strings.Repeat("x", 99): "There is no command /" + strings.Repeat("x", 99) + ".",
	} {
		reply := s.Run(t.Context(), Invocation{Line: line})
		if got := reply.Card.Lead.String(); got != want {
			t.Errorf("%q\n got %s\nwant %s", line, got, want)
		}
		if reply.Card.Tone != Trouble || reply.Call != "" {
			t.Errorf("%q: %+v", line, reply)
		}
	}
	d.fail = errors.New("pq: password authentication failed")
	if got := s.Run(t.Context(), Invocation{Line: "/stories"}).Card.Plain(); strings.Contains(got, "password") {
		t.Errorf("an internal error is told: %q", got)
	}
}

func TestReplyCall(t *testing.T) {
	for _, test := range []struct {
		reply   Reply
		changes bool
		want    string
	}{
		{Reply{}, false, "x"},
		{Reply{Call: "y z"}, false, "y z"},
		{Reply{Unshared: true}, false, ""},
		{Reply{}, true, ""},
	} {
		s, err := NewSet([]Command{{Name: "x", Summary: "X", Changes: test.changes, Run: func(context.Context, *Invocation) (Reply, error) {
			return test.reply, nil
		}}}, Rules{})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Run(t.Context(), Invocation{Call: NewCall("x")}).Call; got != test.want {
			t.Errorf("%+v, changes %v: %q, want %q", test.reply, test.changes, got, test.want)
		}
	}
}

func TestLookup(t *testing.T) {
	s := (&desk{}).set(t, Rules{})
	if c, ok := s.Lookup("event"); !ok || c.Summary != "One event" {
		t.Errorf("event: %v %+v", ok, c)
	}
	if _, ok := s.Lookup("Event"); ok {
		t.Error("a name in capitals is found; ParseCall folds names")
	}
	if n := len(s.Commands()); n != 7 {
		t.Errorf("%d commands", n)
	}
}

func TestUsage(t *testing.T) {
	for i, want := range []string{
		"/stories [tag]",
		"/timeline [story] [from] [kind] [after]",
		"/event [story] <id>",
		"/people [story] [name…]",
		"/search <words…> [story=…]",
	} {
		if got := (&desk{}).commands()[i].Usage(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestWhoIsNotAdmittedLearnsNothing(t *testing.T) {
	shut := errors.New("closed")
	d := &desk{stories: []string{"grain"}}
	set, err := NewSet(d.commands(), Rules{
		Admit: func(inv *Invocation) error {
			if inv.Private {
				return nil
			}
			return shut
		},
		Explain: func(_ context.Context, _ *Invocation, err error) Card { return Card{Title: err.Error()} },
		Recall:  func(context.Context, string) (string, error) { panic("recalled") },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"/timeline grain", "/nonsense", "/timeline bogus=1", "~AAAAAAAAAAAAAAAA", "", "/timeline"} {
		if reply := set.Run(t.Context(), Invocation{Line: line}); reply.Card.Title != shut.Error() || reply.Call != "" {
			t.Errorf("%q is answered %+v", line, reply)
		}
	}
	if len(d.asked) != 0 {
		t.Errorf("asked %+v", d.asked)
	}
	if set.Run(t.Context(), Invocation{Line: "/timeline grain", Private: true}); len(d.asked) != 1 {
		t.Errorf("who is admitted asked %+v", d.asked)
	}
}
