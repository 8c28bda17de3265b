package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
)

type diffCmd struct {
	Format string `enum:"text,json" default:"text" help:"Form of the list: ${enum}."`
	Old    string `arg:"" help:"A folder of briefs, or a git revision of the folder of --briefs."`
	New    string `arg:"" help:"Likewise."`
}

// Run carries out “briefbot diff”.
func (c diffCmd) Run(ctx context.Context, s *settings, out *console) error {
	before, err := s.state(ctx, c.Old)
	if err != nil {
		return err
	}
	after, err := s.state(ctx, c.New)
	if err != nil {
		return err
	}
	changes := brief.Diff(before, after)
	if c.Format == "json" {
		return printJSON(out, rows(changes))
	}
	for _, change := range changes {
		printChange(out, change)
	}
	return nil
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
	var snapshot *brief.Snapshot
	var err error
	if info, statErr := os.Stat(name); statErr == nil && info.IsDir() {
		snapshot, err = brief.NewDir(name, brief.DirOptions{}).Load(ctx, nil)
	} else {
		dir, absErr := filepath.Abs(s.Briefs)
		if absErr != nil {
			return nil, fmt.Errorf("finding the briefs: %w", absErr)
		}
		if snapshot, err = brief.LoadRevision(ctx, dir, name); err != nil {
			err = fmt.Errorf("%q is no folder, and cannot be read as a revision: %w", name, err)
		}
	}
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

// printChange writes one change as one line of what it is, and a line for each
// field that was revised.
func printChange(out *console, c brief.Change) {
	line := c.Story + ": " + string(c.Kind)
	if c.Item != "" {
		line += " " + c.Item
	}
	before, after := object(c.Before), object(c.After)
	if name := firstOf(after, before, "name", "title", "label", "text"); name != "" {
		line += ": " + name
	}
	fmt.Fprintln(out.out, line)
	for _, field := range c.Fields {
		fmt.Fprintf(out.out, "    %s: %s → %s\n", field, value(before, field), value(after, field))
	}
}

func object(raw json.RawMessage) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(raw, &fields) // what is no object has no fields to show
	return fields
}

// firstOf returns the first of the named texts that one of the objects has.
func firstOf(a, b map[string]json.RawMessage, names ...string) string {
	for _, o := range []map[string]json.RawMessage{a, b} {
		for _, name := range names {
			if text := value(o, name); text != nothing {
				return text
			}
		}
	}
	return ""
}

// nothing stands for a field that is not there.
const nothing = "(none)"

// value returns a field on one line: a text as it is, texts in a row, and anything
// else as JSON.
func value(fields map[string]json.RawMessage, name string) string {
	raw, ok := fields[name]
	if !ok {
		return nothing
	}
	var text string
	var list []string
	var withdrawn struct{ On, Why string }
	switch {
	case json.Unmarshal(raw, &text) == nil:
	case json.Unmarshal(raw, &list) == nil:
		text = strings.Join(list, ", ")
	case name == "retracted" && json.Unmarshal(raw, &withdrawn) == nil:
		text = strings.Trim(withdrawn.On+": "+withdrawn.Why, ": ")
	default:
		text = string(raw)
	}
	return strings.Join(strings.Fields(text), " ")
}
