package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/spelling"
)

type checkCmd struct {
	Format string   `enum:"text,json,github" default:"text" help:"Form of the report: ${enum}."`
	Paths  []string `arg:"" optional:"" name:"path" help:"Briefs, or folders of them; the folder of --briefs if there is none."`
}

// Run carries out “briefbot check”.
func (c checkCmd) Run(ctx context.Context, s *settings, out *console) error {
	problems, err := c.briefs(ctx, s)
	if err != nil {
		return err
	}
	problems = append(problems, s.file.problems...)
	if folder, err := s.Briefs.folder(); err == nil {
		problems = append(problems, s.file.withoutBriefs(folder)...)
	}
	slices.SortStableFunc(problems, brief.Problem.Compare)
	if err := printProblems(out, c.Format, problems); err != nil {
		return err
	}
	if slices.ContainsFunc(problems, func(p brief.Problem) bool { return p.Severity == brief.Error }) {
		return verdict(exitFailure)
	}
	return nil
}

// briefs returns what is wrong with the briefs that are named, or else with those of
// --briefs.
func (c checkCmd) briefs(ctx context.Context, s *settings) ([]brief.Problem, error) {
	switch {
	case len(c.Paths) > 0:
		return brief.Check(c.Paths...)
	case s.Briefs.isAddress():
		return s.checkRepository(ctx)
	}
	return brief.Check(string(s.Briefs))
}

// withoutBriefs warns of subscriptions to stories of which there is no brief in
// folder: until one is written, nothing is ever posted for them.
func (f *file) withoutBriefs(folder string) []brief.Problem {
	names, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(names) == 0 {
		return nil // whoever needs the folder says so
	}
	var ids []string
	for _, name := range names {
		ids = append(ids, strings.TrimSuffix(filepath.Base(name), ".yaml"))
	}
	var problems []brief.Problem
	for _, n := range f.stories {
		if !slices.Contains(ids, n.Value) {
			problems = append(problems, brief.Problem{
				Path: f.path, Line: n.Line, Column: n.Column, Severity: brief.Warning, Rule: "story",
				Message: fmt.Sprintf("there is no story %q in %s%s", n.Value, folder, spelling.Suggestion(n.Value, ids)),
			})
		}
	}
	return problems
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
