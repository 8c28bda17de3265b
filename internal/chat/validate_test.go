package chat

import (
	"fmt"
	"strings"
	"testing"
)

func TestNewSetRefuses(t *testing.T) {
	good := Command{Name: "c", Summary: "C", Run: nothing}
	with := func(change func(*Command)) []Command {
		c := good
		change(&c)
		return []Command{c}
	}
	option := func(o Option) []Command {
		return with(func(c *Command) { c.Options = []Option{o} })
	}
	many := func(n int) (commands []Command) {
		for i := range n {
			c := good
			c.Name = fmt.Sprintf("c%d", i)
			commands = append(commands, c)
		}
		return commands
	}
	options := func(n int, summary string) []Command {
		return with(func(c *Command) {
			for i := range n {
				c.Options = append(c.Options, Option{Name: fmt.Sprintf("o%d", i), Summary: summary})
			}
		})
	}
	choices := func(n int, text string) (found []Choice) {
		for i := range n {
			found = append(found, Choice{Label: text, Value: fmt.Sprintf("%d%s", i, text)})
		}
		return found
	}
	for _, test := range []struct {
		name     string
		commands []Command
		want     string // part of the error; empty: none
	}{
		{"none", nil, ""},
		{"good", []Command{good}, ""},
		{"longest", with(func(c *Command) { c.Name, c.Summary = strings.Repeat("x", 32), strings.Repeat("я", 100) }), ""},
		{"no name", with(func(c *Command) { c.Name = "" }), `the name "" is not 1 to 32 of a-z, 0-9 and _`},
		{"capitals", with(func(c *Command) { c.Name = "Help" }), "is not 1 to 32"},
		{"dash", with(func(c *Command) { c.Name = "a-b" }), "is not 1 to 32"},
		{"long name", with(func(c *Command) { c.Name = strings.Repeat("x", 33) }), "is not 1 to 32"},
		{"no summary", with(func(c *Command) { c.Summary = "" }), "is not one line of 1 to 100 characters"},
		{"long summary", with(func(c *Command) { c.Summary = strings.Repeat("я", 101) }), "is not one line of 1 to 100 characters"},
		{"summary of two lines", with(func(c *Command) { c.Summary = "a\nb" }), "is not one line of 1 to 100 characters"},
		{"summary with space", with(func(c *Command) { c.Summary = "a " }), "is not one line of 1 to 100 characters"},
		{"cannot run", with(func(c *Command) { c.Run = nil }), "/c: it cannot be run"},
		{"access", with(func(c *Command) { c.Access = 7 }), "its access is unknown"},
		{"two of a name", []Command{good, good}, "/c: there are two commands of this name"},
		{"100 commands", many(100), ""},
		{"101 commands", many(101), "there are 101 commands; at most 100 can be registered"},
		{"25 options", options(25, "x"), ""},
		{"26 options", options(26, "x"), "it has 26 options; at most 25 can be registered"},
		{"option name", option(Option{Name: "Story", Summary: "x"}), `/c: option Story: the name "Story" is not`},
		{"option summary", option(Option{Name: "a"}), "option a: the summary"},
		{"option twice", with(func(c *Command) { c.Options = []Option{{Name: "a", Summary: "x"}, {Name: "a", Summary: "x"}} }), "option a: there are two options of this name"},
		{"after rest", with(func(c *Command) {
			c.Options = []Option{{Name: "a", Summary: "x", Rest: true}, {Name: "b", Summary: "x"}}
		}), "option b: nothing is left for it after a, which takes all the words"},
		{"named after rest", with(func(c *Command) {
			c.Options = []Option{{Name: "a", Summary: "x", Rest: true}, {Name: "b", Summary: "x", Named: true}}
		}), ""},
		{"named rest", option(Option{Name: "a", Summary: "x", Rest: true, Named: true}), "only one of Rest, Prefix and Named makes sense"},
		{"25 choices", option(Option{Name: "a", Summary: "x", Choices: choices(25, "x")}), ""},
		{"26 choices", option(Option{Name: "a", Summary: "x", Choices: choices(26, "x")}), "it has 26 choices; at most 25 can be registered"},
		{"long choice", option(Option{Name: "a", Summary: "x", Choices: choices(1, strings.Repeat("x", 101))}), "must have 1 to 100 characters"},
		{"empty choice", option(Option{Name: "a", Summary: "x", Choices: []Choice{{"", "x"}}}), "must have 1 to 100 characters"},
		{"choice twice", option(Option{Name: "a", Summary: "x", Choices: []Choice{{"x", "x"}, {"y", "X"}}}), `the choice "X" is there twice`},
		{"too much text", with(func(c *Command) {
			for i := range 4 {
				c.Options = append(c.Options, Option{Name: fmt.Sprintf("o%d", i), Summary: "x", Choices: choices(25, strings.Repeat("x", 90))})
			}
		}), "at most 8000 can be registered"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewSet(test.commands, Rules{})
			switch {
			case err == nil && test.want != "":
				t.Errorf("accepted; want an error with %q", test.want)
			case err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%v; want %q", err, test.want)
			}
		})
	}
}

func TestNewSetNamesEveryProblem(t *testing.T) {
	_, err := NewSet([]Command{{Name: "A"}, {Name: "B"}}, Rules{})
	if err == nil || strings.Count(err.Error(), "\n") != 5 {
		t.Errorf("%v", err)
	}
}
