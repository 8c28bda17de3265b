package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/desk"
)

type newCmd struct {
	ID    string `arg:"" name:"id" help:"Id of the story, which is the name of its file: a–z, 0–9 and hyphens."`
	Title string `placeholder:"TEXT" help:"Title of the story."`
	Into  string `placeholder:"DIR" help:"Folder that the brief is written to; that of --briefs if there is none."`
}

// Run carries out “briefbot new”.
func (c newCmd) Run(s *settings, out *console) error {
	path, err := s.writeBrief(c.Into, c.ID, desk.New(c.Title), false)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: choose another id, or edit that file", path)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out.out, "Wrote %s: a draft with an example of every part in comments.\n", path)
	return tellLeft(out, path)
}

type importCmd struct {
	File  string `arg:"" name:"file" help:"A story page as plain text or Markdown; - for standard input."`
	ID    string `name:"id" placeholder:"ID" help:"Id of the story; made of its title if there is none."`
	Into  string `placeholder:"DIR" help:"Folder that the brief is written to; that of --briefs if there is none."`
	Force bool   `help:"Overwrite a brief that is there."`
}

// Run carries out “briefbot import”.
func (c importCmd) Run(s *settings, out *console) error {
	name, page, err := c.read()
	if err != nil {
		return err
	}
	story, err := desk.ReadStory(name, page)
	if err != nil {
		return fmt.Errorf("importing %s: %w", name, err)
	}
	id := c.ID
	if id == "" {
		if id = brief.Slug(story.Title, brief.MaxStoryID); brief.CheckStoryID(id) != nil {
			return fmt.Errorf("importing %s: no id can be made of its title: name one with --id", name)
		}
	}
	path, err := s.writeBrief(c.Into, id, story.Text, c.Force)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: choose another id with --id, or overwrite it with --force", path)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out.out, "Wrote %s: a draft with %s.\n", path, story.Holds)
	for _, note := range story.Notes {
		fmt.Fprintln(out.out, note)
	}
	if story.Unplaced > 0 {
		fmt.Fprintf(out.err, "briefbot: %s of the page could not be placed, and %s in a comment at the end of the brief.\n",
			count(story.Unplaced, "line", "lines"), standOrStands(story.Unplaced))
	}
	return tellLeft(out, path)
}

func standOrStands(n int) string {
	if n == 1 {
		return "stands"
	}
	return "stand"
}

// read returns the page, and what it is called.
func (c importCmd) read() (name string, page []byte, err error) {
	if c.File == "-" {
		page, err = io.ReadAll(os.Stdin)
		name = "standard input"
	} else {
		page, err = os.ReadFile(c.File)
		name = filepath.Base(c.File)
	}
	if err != nil {
		return "", nil, fmt.Errorf("reading the page: %w", err)
	}
	return name, page, nil
}

// writeBrief writes the brief of a story into a folder, which it makes if it is not
// there, and returns its path. The error wraps fs.ErrExist if there is a brief already
// that may not be overwritten.
func (s *settings) writeBrief(folder, id string, text []byte, overwrite bool) (path string, err error) {
	if err := brief.CheckStoryID(id); err != nil {
		return "", err
	}
	if folder, err = cmp.Or(briefsSetting(folder), s.Briefs).folder(); err != nil {
		return "", fmt.Errorf("%w with --into", err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("making the folder of the briefs: %w", err)
	}
	path = filepath.Join(folder, id+".yaml")
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if overwrite {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(path, how, 0o644)
	if err != nil {
		return path, fmt.Errorf("writing the brief: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("writing the brief: %w", err)
	}
	return path, nil
}

// tellLeft says in plain words what is left to do before a draft can be published.
func tellLeft(out *console, path string) error {
	problems, err := brief.Check(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(out.out, "\nLeft to do:\n")
	for _, line := range desk.Left(problems) {
		fmt.Fprintf(out.out, "- %s\n", line)
	}
	fmt.Fprintf(out.out, "\n“briefbot check %s” names each place.\n", path)
	return nil
}
