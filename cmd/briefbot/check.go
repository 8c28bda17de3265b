package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
)

type checkCmd struct {
	Format string   `enum:"text,json,github" default:"text" help:"Form of the report: ${enum}."`
	Paths  []string `arg:"" optional:"" name:"path" help:"Briefs, or folders of them; the folder of --briefs if there is none."`
}

// Run carries out “briefbot check”.
func (c checkCmd) Run(s *settings, out *console) error {
	paths := c.Paths
	if len(paths) == 0 {
		paths = []string{s.Briefs}
	}
	problems, err := brief.Check(paths...)
	if err != nil {
		return err
	}
	problems = append(problems, s.file.problems...)
	slices.SortStableFunc(problems, brief.Problem.Compare)
	if err := printProblems(out, c.Format, problems); err != nil {
		return err
	}
	if slices.ContainsFunc(problems, func(p brief.Problem) bool { return p.Severity == brief.Error }) {
		return verdict(exitFailure)
	}
	return nil
}

// printProblems writes the problems to standard output, and for a person a
// closing line beside it.
func printProblems(out *console, format string, problems []brief.Problem) error {
	switch format {
	case "json":
		return printJSON(out, append([]brief.Problem{}, problems...))
	case "github":
		for _, p := range problems {
			printAnnotation(out.out, p)
		}
		return nil
	}
	counts := make(map[brief.Severity]int)
	for _, p := range problems {
		counts[p.Severity]++
		fmt.Fprintln(out.out, p)
	}
	if len(problems) == 0 {
		fmt.Fprintln(out.err, "No problems.")
		return nil
	}
	fmt.Fprintf(out.err, "%s, %s.\n", count(counts[brief.Error], "error", "errors"), count(counts[brief.Warning], "warning", "warnings"))
	return nil
}

// printAnnotation writes a problem as GitHub reads it from a workflow's log:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
func printAnnotation(w io.Writer, p brief.Problem) {
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d,title=%s::%s\n",
		p.Severity, property.Replace(p.Path), p.Line, p.Column, property.Replace(p.Rule), message.Replace(p.Message))
}
