package brief

import (
	"context"
	"log/slog"
	"time"
)

// DirOptions are the options of a [Dir]. The zero value is usable.
type DirOptions struct {
	Poll     time.Duration // between looks at the folder without a notification; none given: a minute
	Debounce time.Duration // for which the files must not change before they are read; none given: 300 ms
	Logger   *slog.Logger  // none given: nothing is logged
}

// A Dir is the [Source] that is a flat folder of briefs. Its revision is a hash of
// their contents.
type Dir struct {
	path    string
	options DirOptions
}

// NewDir returns the source for the folder at path, which need not exist yet.
func NewDir(path string, o DirOptions) *Dir { return &Dir{path: path, options: o} }

// Load implements [Source].
func (d *Dir) Load(ctx context.Context, previous *Snapshot) (*Snapshot, error) { return empty, nil }

// Watch implements [Source].
func (d *Dir) Watch(ctx context.Context, changed func()) error { <-ctx.Done(); return nil }

type loaded struct{}

func fileProblem(path string, severity Severity, message string) Problem {
	return Problem{Path: path, Line: 1, Column: 1, Severity: severity, Rule: "file", Message: message}
}
