package chat

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What every service accepts of commands: Discord's limits
// (https://discord.com/developers/docs/interactions/application-commands), with
// Telegram's letters for names (https://core.telegram.org/bots/api#botcommand).
const (
	maxCommands     = 100
	maxOptions      = 25
	maxName         = 32
	maxSummary      = 100  // code points
	maxChoiceText   = 100  // code points of a label or a value
	maxCommandTexts = 8000 // code points of all names, summaries, labels and values
)

// validate returns everything that is wrong with the commands.
func validate(commands []Command) error {
	var problems []error
	if len(commands) > maxCommands {
		problems = append(problems, fmt.Errorf("there are %d commands; at most %d can be registered", len(commands), maxCommands))
	}
	seen := map[string]bool{}
	for _, c := range commands {
		for _, p := range c.problems() {
			problems = append(problems, fmt.Errorf("/%s: %s", c.Name, p))
		}
		if seen[c.Name] {
			problems = append(problems, fmt.Errorf("/%s: there are two commands of this name", c.Name))
		}
		seen[c.Name] = true
	}
	return errors.Join(problems...)
}

func (c Command) problems() []string {
	problems := append(nameProblems(c.Name), summaryProblems(c.Summary)...)
	if c.Run == nil {
		problems = append(problems, "it cannot be run")
	}
	if c.Access > Operator {
		problems = append(problems, "its access is unknown")
	}
	if len(c.Options) > maxOptions {
		problems = append(problems, fmt.Sprintf("it has %d options; at most %d can be registered", len(c.Options), maxOptions))
	}
	seen, rest, size := map[string]bool{}, "", utf8.RuneCountInString(c.Name+c.Summary)
	for _, o := range c.Options {
		found, length := o.problems()
		size += length
		if seen[o.Name] {
			found = append(found, "there are two options of this name")
		}
		if rest != "" && !o.Named {
			found = append(found, fmt.Sprintf("nothing is left for it after %s, which takes all the words", rest))
		}
		seen[o.Name] = true
		if o.Rest {
			rest = o.Name
		}
		for _, p := range found {
			problems = append(problems, fmt.Sprintf("option %s: %s", o.Name, p))
		}
	}
	if size > maxCommandTexts {
		problems = append(problems, fmt.Sprintf("its texts have %d characters; at most %d can be registered", size, maxCommandTexts))
	}
	return problems
}

// problems returns what is wrong with o, and how many code points its texts have.
func (o Option) problems() (problems []string, size int) {
	problems = append(nameProblems(o.Name), summaryProblems(o.Summary)...)
	if o.Rest && o.Prefix != nil || o.Named && (o.Rest || o.Prefix != nil) {
		problems = append(problems, "only one of Rest, Prefix and Named makes sense")
	}
	if len(o.Choices) > MaxChoices {
		problems = append(problems, fmt.Sprintf("it has %d choices; at most %d can be registered", len(o.Choices), MaxChoices))
	}
	size = utf8.RuneCountInString(o.Name + o.Summary)
	seen := map[string]bool{}
	for _, c := range o.Choices {
		size += utf8.RuneCountInString(c.Label + c.Value)
		if !fitsChoice(c.Label) || !fitsChoice(c.Value) {
			problems = append(problems, fmt.Sprintf("the choice %q=%q must have 1 to %d characters on either side", c.Label, c.Value, maxChoiceText))
		}
		if key := strings.ToLower(c.Value); seen[key] {
			problems = append(problems, fmt.Sprintf("the choice %q is there twice", c.Value))
		} else {
			seen[key] = true
		}
	}
	return problems, size
}

func fitsChoice(s string) bool {
	n := utf8.RuneCountInString(s)
	return 1 <= n && n <= maxChoiceText
}

func nameProblems(name string) []string {
	bad := strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && (r < 'a' || 'z' < r) && (r < '0' || '9' < r)
	})
	if name == "" || len(name) > maxName || bad >= 0 {
		return []string{fmt.Sprintf("the name %q is not 1 to %d of a-z, 0-9 and _", name, maxName)}
	}
	return nil
}

func summaryProblems(summary string) []string {
	n := utf8.RuneCountInString(summary)
	if n == 0 || n > maxSummary || strings.TrimSpace(summary) != summary || strings.Contains(summary, "\n") || !utf8.ValidString(summary) {
		return []string{fmt.Sprintf("the summary %q is not one line of 1 to %d characters", summary, maxSummary)}
	}
	return nil
}
