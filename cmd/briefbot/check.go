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
	"time"

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
	case c.Fix && c.fetches(s):
		return errors.New("--fix: the briefs are in a git repository elsewhere, which is only read: mend them in a clone of it, with briefbot check --fix and their folder")
	case c.Fix:
		if err := c.fix(ctx, s, out); err != nil || c.DryRun {
			return err
		}
	}
	if warning := s.inClear(); warning != "" {
		fmt.Fprintln(out.err, "warning:", warning)
	}
	found, err := c.look(ctx, s)
	if err != nil {
		return err
	}
	defer found.done()
	found.problems = append(found.problems, s.file.problems...)
	found.problems = append(found.problems, s.file.withoutBriefs(found.stories, s.Briefs)...)
	slices.SortStableFunc(found.problems, brief.Problem.Compare)
	if err := c.print(out, found); err != nil {
		return err
	}
	if slices.ContainsFunc(found.problems, func(p brief.Problem) bool { return p.Severity == brief.Error }) {
		return verdict(exitFailure)
	}
	return nil
}

func (c checkCmd) options() desk.CheckOptions { return desk.CheckOptions{Base: c.Base} }

// fetches says whether the briefs of a repository elsewhere are checked.
func (c checkCmd) fetches(s *settings) bool { return len(c.Paths) == 0 && s.Briefs.isAddress() }

// paths returns what is to be checked: what is named, or else the folder of --briefs.
func (c checkCmd) paths(s *settings) ([]string, error) {
	if len(c.Paths) > 0 {
		return c.Paths, nil
	}
	folder, err := s.Briefs.folder()
	return []string{folder}, err
}

// A finding is what a check finds, and where.
type finding struct {
	problems []brief.Problem
	stories  []string                 // of --briefs, as far as they are here
	text     func(path string) []byte // of a file with a problem; nothing where it cannot be read
	mending  string                   // how --fix is called there
	done     func()                   // when all was printed
}

// look checks the briefs that are named, or else those of --briefs.
func (c checkCmd) look(ctx context.Context, s *settings) (finding, error) {
	if c.fetches(s) {
		return c.lookElsewhere(ctx, s)
	}
	f := finding{text: textOf, mending: "briefbot check --fix", done: func() {}}
	paths, err := c.paths(s)
	if err != nil {
		return f, err
	}
	if folder, err := s.Briefs.folder(); err == nil {
		f.stories = storiesIn(folder)
	}
	f.problems, err = desk.Check(ctx, c.options(), paths...)
	return f, err
}

// lookElsewhere checks the briefs of a repository elsewhere, as its branch has them now.
func (c checkCmd) lookElsewhere(ctx context.Context, s *settings) (finding, error) {
	revisions := []string{""}
	if c.Base != "" {
		revisions = append(revisions, c.Base)
	}
	pasts, done, err := s.at(ctx, revisions...)
	if err != nil {
		return finding{}, err
	}
	now, base := pasts[0], (*brief.Past)(nil)
	if c.Base != "" {
		base = pasts[1]
	}
	f := finding{stories: now.Stories(), mending: "in a clone, briefbot check --fix", done: done}
	f.text = func(path string) []byte {
		if path == s.file.path {
			return textOf(path)
		}
		text, _ := now.Text(path)
		return text
	}
	if f.problems, err = desk.CheckPast(ctx, time.Time{}, now, base); err != nil {
		done()
	}
	return f, err
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

// storiesIn returns the ids of the stories that have a brief in a folder.
func storiesIn(folder string) []string {
	names, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil // whoever needs the folder says so
	}
	var ids []string
	for _, name := range names {
		ids = append(ids, strings.TrimSuffix(filepath.Base(name), ".yaml"))
	}
	return ids
}

// withoutBriefs warns of subscriptions to stories of which there is no brief among those
// of where: until one is written, nothing is ever posted for them.
func (f *file) withoutBriefs(ids []string, where briefsSetting) []brief.Problem {
	var problems []brief.Problem
	for _, n := range f.stories {
		if len(ids) > 0 && !slices.Contains(ids, n.Value) {
			problems = append(problems, brief.Problem{
				Path: f.path, Line: n.Line, Column: n.Column, Severity: brief.Warning, Rule: "story",
				Message: fmt.Sprintf("there is no story %q in %s%s", n.Value, where, spelling.Suggestion(n.Value, ids)),
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
func (c checkCmd) print(out *console, found finding) error {
	problems := found.problems
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
			if _, read := texts[p.Path]; !read {
				texts[p.Path] = found.text(p.Path)
			}
			fmt.Fprint(out.out, desk.Excerpt(texts[p.Path], p))
		}
	}
	if len(problems) == 0 {
		fmt.Fprintln(out.err, "No problems.")
		return nil
	}
	end := "."
	if mendable > 0 && !c.Fix {
		end = fmt.Sprintf("; %s mends %d of them.", found.mending, mendable)
	}
	fmt.Fprintf(out.err, "%s, %s%s\n", count(counts[brief.Error], "error", "errors"), count(counts[brief.Warning], "warning", "warnings"), end)
	return nil
}

// textOf returns what a file on this machine holds; nothing where it cannot be read.
func textOf(path string) (text []byte) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() <= 1<<20 {
		text, _ = os.ReadFile(path) // an excerpt is an extra
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
