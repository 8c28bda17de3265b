package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/desk"
)

type diffCmd struct {
	Format     string `enum:"text,json" default:"text" help:"Form of the list: ${enum}."`
	Preview    string `placeholder:"DIR" help:"Also write to this folder what each service would post: report.md, pages, and pictures where there is a Chromium."`
	Restricted bool   `help:"Have the preview show stories with an audience too."`
	Browser    string `placeholder:"PATH" help:"The Chromium or Chrome that makes the preview's pictures; off for none."`
	Old        string `arg:"" help:"A folder of briefs, or a git revision of --briefs, whether that is a folder or an address."`
	New        string `arg:"" help:"Likewise."`

	patience time.Duration // with the browser; zero: [pictureTakes]
}

// Run carries out “briefbot diff”.
func (c diffCmd) Run(ctx context.Context, s *settings, out *console) error {
	before, after, done, err := s.states(ctx, c.Old, c.New)
	if err != nil {
		return err
	}
	defer done()
	if c.Preview == "" { // whose report names what is broken, and shows the rest
		if err := cmp.Or(before.broken(), after.broken()); err != nil {
			return err
		}
	} else {
		found, err := c.problems(ctx, s, before, after)
		if err != nil {
			return err
		}
		if err := c.writePreview(ctx, comparison{before.briefs, after.briefs, found, c.Restricted}, out); err != nil {
			return err
		}
	}
	changes := comparison{before: before.briefs, after: after.briefs}.changes()
	if c.Format == "json" {
		return printJSON(out, rows(changes))
	}
	for _, change := range changes {
		printChange(out, change)
	}
	return nil
}

// problems returns what check finds in the new briefs, compared with the old ones where
// those are a revision.
func (c diffCmd) problems(ctx context.Context, s *settings, before, after state) ([]brief.Problem, error) {
	if after.past != nil {
		return desk.CheckPast(ctx, time.Time{}, after.past, before.past)
	}
	var o desk.CheckOptions
	if folder, err := s.Briefs.folder(); err == nil && before.past != nil && filepath.Clean(folder) == filepath.Clean(c.New) {
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

// A state is what OLD or NEW of the command line stands for.
type state struct {
	name   string
	past   *brief.Past // nil: name is a folder
	briefs *brief.Snapshot
}

// states loads the briefs that two names stand for, each a folder or else a revision.
// What was fetched for them is there until done is called.
func (s *settings) states(ctx context.Context, before, after string) (b, a state, done func(), err error) {
	b, a, done = state{name: before}, state{name: after}, func() {}
	var names []string
	var places []**brief.Past
	for _, st := range []*state{&b, &a} {
		if !isFolder(st.name) {
			names, places = append(names, st.name), append(places, &st.past)
		}
	}
	if len(names) > 0 {
		var pasts []*brief.Past
		if pasts, done, err = s.revisions(ctx, names); err != nil {
			return b, a, nil, err
		}
		for i, past := range pasts {
			*places[i] = past
		}
	}
	if err := cmp.Or(b.load(ctx), a.load(ctx)); err != nil {
		done()
		return b, a, nil, err
	}
	return b, a, done, nil
}

// revisions returns the briefs of --briefs as they were at revisions, until done is
// called.
func (s *settings) revisions(ctx context.Context, names []string) (pasts []*brief.Past, done func(), err error) {
	if s.Briefs.isAddress() {
		if pasts, done, err = s.at(ctx, names...); err != nil {
			return nil, nil, fmt.Errorf("what is no folder here is a revision of --briefs: %w", err)
		}
		return pasts, done, nil
	}
	dir, err := filepath.Abs(string(s.Briefs))
	if err != nil {
		return nil, nil, fmt.Errorf("finding the briefs: %w", err)
	}
	for _, name := range names {
		past, err := brief.OpenPast(dir, name)
		if err != nil {
			return nil, nil, fmt.Errorf("%q is no folder, and cannot be read as a revision: %w", name, err)
		}
		pasts = append(pasts, past)
	}
	return pasts, func() {}, nil
}

func (st *state) load(ctx context.Context) (err error) {
	if st.past == nil {
		st.briefs, err = brief.NewDir(st.name, brief.DirOptions{}).Load(ctx, nil)
		return err
	}
	if st.briefs, err = st.past.Load(ctx); err != nil {
		return fmt.Errorf("%q is no folder, and cannot be read as a revision: %w", st.name, err)
	}
	return nil
}

// broken returns an error if there is one in a brief, which then is not part of the
// state, since there is no earlier version to take its place: a change that says the
// story is gone would be wrong.
func (st *state) broken() error {
	for _, p := range st.briefs.Problems() {
		if p.Severity == brief.Error {
			return fmt.Errorf("%s holds a brief that cannot be read:\n  %v", st.name, p)
		}
	}
	return nil
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
