package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/desk"
)

type diffCmd struct {
	Format     string `enum:"text,json" default:"text" help:"Form of the list: ${enum}."`
	Preview    string `placeholder:"DIR" help:"Also write to this folder what each service would post: report.md, pages, and pictures where there is a Chromium."`
	Restricted bool   `help:"Have the preview show stories with an audience too."`
	Browser    string `placeholder:"PATH" help:"The Chromium or Chrome that makes the preview's pictures; off for none."`
	Old        string `arg:"" help:"A folder of briefs, or a git revision of the folder of --briefs."`
	New        string `arg:"" help:"Likewise."`
}

// Run carries out “briefbot diff”.
func (c diffCmd) Run(ctx context.Context, s *settings, out *console) error {
	load := s.state
	if c.Preview != "" {
		load = s.load // the report names what is broken, and shows the rest
	}
	before, err := load(ctx, c.Old)
	if err != nil {
		return err
	}
	after, err := load(ctx, c.New)
	if err != nil {
		return err
	}
	if c.Preview != "" {
		found, err := c.problems(ctx, s, after)
		if err != nil {
			return err
		}
		if err := c.writePreview(ctx, comparison{before, after, found, c.Restricted}, out); err != nil {
			return err
		}
	}
	changes := comparison{before: before, after: after}.changes()
	if c.Format == "json" {
		return printJSON(out, rows(changes))
	}
	for _, change := range changes {
		printChange(out, change)
	}
	return nil
}

// problems returns what check finds in the new briefs. Of a revision, whose files are
// nowhere, it is what keeps them from being read.
func (c diffCmd) problems(ctx context.Context, s *settings, after *brief.Snapshot) ([]brief.Problem, error) {
	if !isFolder(c.New) {
		return after.Problems(), nil
	}
	var o desk.CheckOptions
	if folder, err := s.Briefs.folder(); err == nil && !isFolder(c.Old) && filepath.Clean(folder) == filepath.Clean(c.New) {
		o.Base = c.Old
	}
	return desk.Check(ctx, o, c.New)
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// A row is a change as the JSON form prints it: with every key in every row, so
// that no program has to ask whether one is there.
type row struct {
	Story      string           `json:"story"`
	Kind       brief.ChangeKind `json:"kind"`
	Item       string           `json:"item"`
	Fields     []string         `json:"fields"`
	Before     json.RawMessage  `json:"before"`
	After      json.RawMessage  `json:"after"`
	Importance brief.Importance `json:"importance"`
	Announce   brief.Announce   `json:"announce"`
}

// rows returns the changes for printing; lists without anything in them are empty,
// not null.
func rows(changes []brief.Change) []row {
	list := make([]row, len(changes))
	for i, change := range changes {
		list[i] = row(change)
		if list[i].Fields == nil {
			list[i].Fields = []string{}
		}
	}
	return list
}

// state loads the briefs that name stands for. A broken brief is not part of a
// state, since there is no earlier version to take its place; it is an error
// rather than a change that says the story is gone.
func (s *settings) state(ctx context.Context, name string) (*brief.Snapshot, error) {
	snapshot, err := s.load(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, p := range snapshot.Problems() {
		if p.Severity == brief.Error {
			return nil, fmt.Errorf("%s holds a brief that cannot be read:\n  %v", name, p)
		}
	}
	return snapshot, nil
}

// load loads the briefs that name stands for: a folder, or else a revision.
func (s *settings) load(ctx context.Context, name string) (*brief.Snapshot, error) {
	if isFolder(name) {
		return brief.NewDir(name, brief.DirOptions{}).Load(ctx, nil)
	}
	folder, err := s.Briefs.folder()
	if err != nil {
		return nil, fmt.Errorf("%q is no folder, and no revision can be read: %w with --briefs", name, err)
	}
	dir, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("finding the briefs: %w", err)
	}
	snapshot, err := brief.LoadRevision(ctx, dir, name)
	if err != nil {
		return nil, fmt.Errorf("%q is no folder, and cannot be read as a revision: %w", name, err)
	}
	return snapshot, nil
}

// printChange writes one change as one line of what it is, and a line for each
// field that was revised.
func printChange(out *console, c brief.Change) {
	line := c.Story + ": " + string(c.Kind)
	if c.Item != "" {
		line += " " + c.Item
	}
	if name := desk.Name(c); name != "" {
		line += ": " + name
	}
	fmt.Fprintln(out.out, line)
	for _, d := range desk.Differences(c) {
		fmt.Fprintf(out.out, "    %s: %s → %s\n", d.Field, d.Before, d.After)
	}
}
