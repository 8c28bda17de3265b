package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/briefbot/briefbot/internal/brief"
)

type fmtCmd struct {
	Check bool     `help:"Change nothing, and exit with 1 if anything would be changed."`
	Diff  bool     `help:"Show what is changed, or would be."`
	Paths []string `arg:"" optional:"" name:"path" help:"Briefs, or folders of them; - for one from standard input; the folder of --briefs if there is none."`
}

// Run carries out “briefbot fmt”. A brief in error is left as it is and named; the others
// are formatted all the same.
func (c fmtCmd) Run(s *settings, out *console) error {
	switch {
	case len(c.Paths) == 1 && c.Paths[0] == "-":
		return c.stream(os.Stdin, out)
	case slices.Contains(c.Paths, "-"):
		return errors.New("- stands for a brief from standard input, and goes with no other path: call fmt twice")
	}
	paths := c.Paths
	if len(paths) == 0 {
		folder, err := s.Briefs.folder()
		if err != nil {
			return err
		}
		paths = []string{folder}
	}
	files, unread, err := brief.Files(paths...)
	if err != nil {
		return err
	}
	for _, p := range unread {
		fmt.Fprintln(out.err, p)
	}
	failed, changed := len(unread) > 0, false
	for _, f := range files {
		text, ok := c.format(f, out)
		failed = failed || !ok
		if bytes.Equal(text, f.Text) {
			continue
		}
		changed = true
		if err := c.tell(f, text, out); err != nil {
			fmt.Fprintln(out.err, err) // the others can be written all the same
			failed = true
		}
	}
	if failed || c.Check && changed {
		return verdict(exitFailure)
	}
	return nil
}

// stream formats one brief from in to the answer.
func (c fmtCmd) stream(in io.Reader, out *console) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("reading a brief from standard input: %w", err)
	}
	formatted, ok := c.format(brief.File{Path: "standard-input.yaml", Text: text}, out)
	if !c.Check {
		_, err = out.out.Write(formatted)
	}
	if err == nil && (!ok || c.Check && !bytes.Equal(formatted, text)) {
		return verdict(exitFailure)
	}
	return err
}

// format returns a file's text as it should be, and false for one in error. What is wrong
// is told beside the answer.
func (c fmtCmd) format(f brief.File, out *console) (text []byte, ok bool) {
	text, problems := brief.Format(f.Path, f.Text)
	ok = true
	for _, p := range problems {
		// What only needs an editor's judgement is for check to say.
		if p.Severity == brief.Error || p.Rule == "order" {
			fmt.Fprintln(out.err, p)
			ok = ok && p.Severity != brief.Error
		}
	}
	return text, ok
}

// tell names a file whose text is another one now, and writes it unless that is only
// asked about.
func (c fmtCmd) tell(f brief.File, text []byte, out *console) error {
	if !c.Check {
		if err := replaceFile(f.Path, text); err != nil {
			return err
		}
	}
	if c.Diff {
		_, err := out.out.Write(diff.Diff(f.Path, f.Text, f.Path+" (formatted)", text))
		return err
	}
	_, err := fmt.Fprintln(out.out, f.Path)
	return err
}
