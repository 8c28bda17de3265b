package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/briefbot/briefbot/bot"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"One of ${enum}."`
}

// The scripts ask briefbot itself, so that they know the commands and stories of
// the version that is installed. The last word is the one being typed.
var completionScripts = map[string]string{
	"bash": `# source <(briefbot completion bash)
_briefbot() {
	local IFS=$'\n'
	COMPREPLY=($(briefbot complete-words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _briefbot briefbot
`,
	"zsh": `# source <(briefbot completion zsh)
_briefbot() {
	local -a found
	found=("${(@f)$(briefbot complete-words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	[[ -n "$found" ]] && compadd -- "${found[@]}" || _files
}
compdef _briefbot briefbot
`,
	"fish": `# briefbot completion fish | source
complete -c briefbot -a '(briefbot complete-words -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
}

// Run carries out “briefbot completion”.
func (c completionCmd) Run(out *console) error {
	fmt.Fprint(out.out, completionScripts[c.Shell])
	return nil
}

type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

// Run offers, a line each, what the last of the words may become.
func (c completeCmd) Run(ctx context.Context, s *settings, out *console, parser *kong.Kong) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		words = []string{""}
	}
	typed := words[len(words)-1]
	command, rest := findCommand(parser, words[:len(words)-1])
	switch {
	case strings.HasPrefix(typed, "-"):
		offer(out, flagNames(parser, command), typed)
	case command == nil:
		offer(out, commandNames(parser), typed)
	case command.Name == "ask":
		return s.offerCalls(ctx, out, rest, typed)
	}
	return nil
}

// findCommand returns the command among the words, and the words after it.
func findCommand(parser *kong.Kong, words []string) (command *kong.Node, rest []string) {
	for i, word := range words {
		for _, child := range parser.Model.Children {
			if child.Name == word && !child.Hidden {
				return child, words[i+1:]
			}
		}
	}
	return nil, nil
}

func commandNames(parser *kong.Kong) []string {
	var names []string
	for _, child := range parser.Model.Children {
		if !child.Hidden {
			names = append(names, child.Name)
		}
	}
	return names
}

func flagNames(parser *kong.Kong, command *kong.Node) []string {
	flags := parser.Model.Flags
	if command != nil {
		flags = append(flags[:len(flags):len(flags)], command.Flags...)
	}
	var names []string
	for _, flag := range flags {
		if !flag.Hidden {
			names = append(names, "--"+flag.Name)
		}
	}
	return names
}

func offer(out *console, words []string, typed string) {
	for _, word := range words {
		if strings.HasPrefix(word, typed) {
			fmt.Fprintln(out.out, word)
		}
	}
}

// offerCalls completes a chat call whose words are given one by one.
func (s *settings) offerCalls(ctx context.Context, out *console, before []string, typed string) error {
	b, done, err := s.localBot(ctx, out)
	if err != nil {
		return err
	}
	defer done()
	given := strings.Join(before, " ")
	if given != "" {
		given += " "
	}
	for _, choice := range b.Host().CompleteLine(ctx, bot.LocalInvocation(""), given+typed) {
		if word, ok := strings.CutPrefix(choice.Value, given); ok {
			fmt.Fprintln(out.out, word)
		}
	}
	return nil
}
