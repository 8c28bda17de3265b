package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/desk"
	"github.com/briefbot/briefbot/internal/spelling"
)

type checkCmd struct {
	Format  string   `enum:"text,json,github" default:"text" help:"Form of the report: ${enum}."`
	Fix     bool     `help:"Mend what can be mended without changing what is meant, and report the rest."`
	DryRun  bool     `name:"dry-run" help:"With --fix: show what would be mended, and write nothing."`
	Base    string   `placeholder:"REVISION" help:"The commit with which ids are compared; HEAD without one."`
	Excerpt bool     `negatable:"" default:"${terminal}" help:"Show the line of each problem, as is done on a terminal."`
	Rules   bool     `help:"List what is looked for, and end."`
	Paths   []string `arg:"" optional:"" name:"path" help:"Briefs, or folders of them; the folder of --briefs if there is none."`
}

// Run carries out “briefbot check”.
func (c checkCmd) Run(ctx context.Context, s *settings, out *console) error {
	switch {
	case c.Rules:
		for _, r := range desk.Rules() {
			fmt.Fprintf(out.out, "%-17s %-16s %s\n", r.Name, r.Weight(), r.Summary)
		}
		return nil
	case c.DryRun && !c.Fix:
		return errors.New("--dry-run is for --fix")
	case c.Fix:
		if err := c.fix(ctx, s, out); err != nil || c.DryRun {
			return err
		}
	}
	problems, err := c.briefs(ctx, s)
	if err != nil {
		return err
	}
	problems = append(problems, s.file.problems...)
	if folder, err := s.Briefs.folder(); err == nil {
		problems = append(problems, s.file.withoutBriefs(folder)...)
	}
	slices.SortStableFunc(problems, brief.Problem.Compare)
	if err := c.print(out, problems); err != nil {
		return err
	}
	if slices.ContainsFunc(problems, func(p brief.Problem) bool { return p.Severity == brief.Error }) {
		return verdict(exitFailure)
	}
	return nil
}

func (c checkCmd) options() desk.CheckOptions { return desk.CheckOptions{Base: c.Base} }

// paths returns what is to be checked: what is named, or else the folder of --briefs.
func (c checkCmd) paths(s *settings) ([]string, error) {
	if len(c.Paths) > 0 {
		return c.Paths, nil
	}
	folder, err := s.Briefs.folder()
	return []string{folder}, err
}

// briefs returns what is wrong with the briefs that are named, or else with those of
// --briefs.
func (c checkCmd) briefs(ctx context.Context, s *settings) ([]brief.Problem, error) {
	if len(c.Paths) == 0 && s.Briefs.isAddress() {
		return s.checkRepository(ctx)
	}
	paths, err := c.paths(s)
	if err != nil {
		return nil, err
	}
	return desk.Check(ctx, c.options(), paths...)
}

// fix mends the briefs, and says beside the answer what it mended.
func (c checkCmd) fix(ctx context.Context, s *settings, out *console) error {
	paths, err := c.paths(s)
	if err != nil {
		return err
	}
	mended, err := desk.Fix(ctx, c.options(), paths...)
	if err != nil {
		return err
	}
	for _, m := range mended {
		if c.DryRun {
			fmt.Fprintf(out.out, "%s", diff.Diff(m.Path, m.Before, m.Path+" (mended)", m.After))
			continue
		}
		if err := replaceFile(m.Path, m.After); err != nil {
			return err
		}
		for _, p := range m.Fixed {
			fmt.Fprintf(out.err, "%s:%d:%d: mended: %s\n", p.Path, p.Line, p.Column, p.Fix.Says)
		}
	}
	return nil
}

// replaceFile gives a file another content, whole or not at all. What a link leads to is
// replaced, and not the link.
func replaceFile(path string, data []byte) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	info, err := os.Stat(real)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if info.Mode().Perm()&0o200 == 0 {
		return fmt.Errorf("writing %s: it is read-only", path)
	}
	next, err := os.CreateTemp(filepath.Dir(real), ".briefbot-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(next.Name()) // once it is renamed there is nothing to remove
	_, err = next.Write(data)
	err = errors.Join(err, next.Chmod(info.Mode().Perm()), next.Sync(), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), real)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
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

// A problemRow is a problem as the JSON form prints it.
type problemRow struct {
	brief.Problem
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"` // just behind what is wrong
	Fix       string `json:"fix,omitempty"`        // what --fix does
}

func newProblemRow(p brief.Problem) problemRow {
	row := problemRow{Problem: p, EndLine: p.EndLine, EndColumn: p.EndColumn}
	if p.Fix != nil {
		row.Fix = p.Fix.Says
	}
	return row
}

// print writes the problems to standard output, and for a person a closing line beside
// it.
func (c checkCmd) print(out *console, problems []brief.Problem) error {
	switch c.Format {
	case "json":
		rows := make([]problemRow, len(problems))
		for i, p := range problems {
			rows[i] = newProblemRow(p)
		}
		return printJSON(out, rows)
	case "github":
		for _, p := range problems {
			printAnnotation(out.out, p)
		}
		return nil
	}
	texts := make(map[string][]byte)
	counts, mendable := make(map[brief.Severity]int), 0
	for _, p := range problems {
		counts[p.Severity]++
		if p.Fix != nil {
			mendable++
		}
		if p.Severity == brief.Warning {
			p.Message = "warning: " + p.Message
		}
		fmt.Fprintln(out.out, p)
		if c.Excerpt {
			fmt.Fprint(out.out, desk.Excerpt(textOf(texts, p.Path), p))
		}
	}
	if len(problems) == 0 {
		fmt.Fprintln(out.err, "No problems.")
		return nil
	}
	end := "."
	if mendable > 0 && !c.Fix {
		end = fmt.Sprintf("; briefbot check --fix mends %d of them.", mendable)
	}
	fmt.Fprintf(out.err, "%s, %s%s\n", count(counts[brief.Error], "error", "errors"), count(counts[brief.Warning], "warning", "warnings"), end)
	return nil
}

// textOf returns what a file holds, read once; nothing where it cannot be read.
func textOf(texts map[string][]byte, path string) []byte {
	text, ok := texts[path]
	if !ok {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() <= 1<<20 {
			text, _ = os.ReadFile(path) // an excerpt is an extra
		}
		texts[path] = text
	}
	return text
}

// printAnnotation writes a problem as GitHub reads it from a workflow's log:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
func printAnnotation(w io.Writer, p brief.Problem) {
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	end, fix := "", ""
	if p.EndLine > 0 {
		end = fmt.Sprintf(",endLine=%d,endColumn=%d", p.EndLine, p.EndColumn)
	}
	if p.Fix != nil {
		fix = "\n(briefbot check --fix: " + p.Fix.Says + ")"
	}
	fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d%s,title=%s::%s\n",
		p.Severity, property.Replace(p.Path), p.Line, p.Column, end, property.Replace(p.Rule), message.Replace(p.Message+fix))
}
