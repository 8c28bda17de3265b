package brief

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

const (
	// maxCommits is how many commits are looked at for who changed what.
	maxCommits = 500
	// maxAuthor is how many characters of an author's name are kept.
	maxAuthor = 100
)

// A history is what a snapshot knows of the commits behind it.
type history struct {
	head    plumbing.Hash
	branch  string
	folder  string
	entries map[string]plumbing.Hash // what each brief is at head, by name
	commits map[string]Commit        // who changed it last, where that is known
}

// newHistory finds who changed the briefs of a tree. What did not change since
// previous is taken from it.
func newHistory(ctx context.Context, repo *git.Repository, commit *object.Commit, tree *object.Tree, h history, previous *history) (*history, error) {
	h.head, h.entries, h.commits = commit.Hash, make(map[string]plumbing.Hash), make(map[string]Commit)
	var wanted []string
	for _, e := range tree.Entries {
		if _, kind := briefName(e.Name); kind != briefFile {
			continue
		}
		h.entries[e.Name] = e.Hash
		if previous == nil || previous.folder != h.folder || previous.entries[e.Name] != e.Hash {
			wanted = append(wanted, e.Name)
		} else if known, ok := previous.commits[e.Name]; ok {
			h.commits[e.Name] = known
		}
	}
	s := &search{repo: repo, folder: h.folder, found: h.commits, folders: make(map[plumbing.Hash]map[string]plumbing.Hash)}
	return &h, s.run(ctx, commit, wanted)
}

// A search goes back through commits for the newest that changed each of some files,
// as git log does it: of a merge it follows the side that the file is from.
type search struct {
	repo    *git.Repository
	folder  string
	found   map[string]Commit
	front   []step
	folders map[plumbing.Hash]map[string]plumbing.Hash // what is in a tree, for a few of them
}

// A step is a commit, and the files that are in it what they are at the head.
type step struct {
	commit *object.Commit
	names  []string
}

func (s *search) run(ctx context.Context, head *object.Commit, names []string) error {
	s.add(head, names)
	for range maxCommits {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(s.front) == 0 {
			return nil
		}
		if err := s.back(s.next()); err != nil {
			return err
		}
	}
	return nil
}

// add notes that names are to be looked for from a commit on.
func (s *search) add(commit *object.Commit, names []string) {
	if len(names) == 0 {
		return
	}
	for i := range s.front {
		if s.front[i].commit.Hash == commit.Hash {
			s.front[i].names = append(s.front[i].names, names...)
			return
		}
	}
	s.front = append(s.front, step{commit, names})
}

// next takes the newest commit, so that sides of a merge come together again.
func (s *search) next() step {
	newest := 0
	for i, f := range s.front {
		if f.commit.Committer.When.After(s.front[newest].commit.Committer.When) {
			newest = i
		}
	}
	taken := s.front[newest]
	s.front = slices.Delete(s.front, newest, newest+1)
	return taken
}

// back follows each file to a parent that has it the same; where none has, the commit
// changed it. Where a parent is not here, nobody can say.
func (s *search) back(at step) error {
	here, err := s.names(at.commit)
	if err != nil {
		return err
	}
	rest, whole := at.names, true
	for _, hash := range at.commit.ParentHashes {
		parent, there, err := s.commit(hash)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			whole = false
			continue
		}
		if err != nil {
			return err
		}
		var same, other []string
		for _, name := range rest {
			if here[name] == there[name] {
				same = append(same, name)
			} else {
				other = append(other, name)
			}
		}
		s.add(parent, same)
		rest = other
	}
	if whole {
		for _, name := range rest {
			s.found[name] = commitOf(at.commit)
		}
	}
	return nil
}

// commit returns a commit, and what is in the folder there.
func (s *search) commit(hash plumbing.Hash) (*object.Commit, map[string]plumbing.Hash, error) {
	commit, err := s.repo.CommitObject(hash)
	if err != nil {
		return nil, nil, err
	}
	names, err := s.names(commit)
	return commit, names, err
}

// names returns what is in the folder at a commit; nothing if there is none. Of a branch
// that is older than the copy a host may send a commit without its folders, as it takes
// them for known: these are not found.
func (s *search) names(commit *object.Commit) (map[string]plumbing.Hash, error) {
	hash := commit.TreeHash
	if s.folder != "." {
		top, err := commit.Tree()
		if err != nil {
			return nil, err
		}
		e, err := top.FindEntry(s.folder)
		if err != nil {
			return nil, nil // the folder came later
		}
		if e.Mode != filemode.Dir {
			return nil, nil // a file or a submodule was there
		}
		hash = e.Hash
	}
	if known, ok := s.folders[hash]; ok {
		return known, nil
	}
	tree, err := s.repo.TreeObject(hash)
	if err != nil {
		return nil, err
	}
	names := make(map[string]plumbing.Hash, len(tree.Entries))
	for _, e := range tree.Entries {
		names[e.Name] = e.Hash
	}
	if len(s.folders) >= 4 {
		clear(s.folders)
	}
	s.folders[hash] = names
	return names, nil
}

// commitOf returns what is told of a commit.
func commitOf(c *object.Commit) Commit {
	return Commit{Hash: c.Hash.String(), Author: authorName(c), At: c.Author.When.UTC()}
}

// authorName returns the author's name alone, on one line.
func authorName(c *object.Commit) string {
	name := c.Author.Name
	// ISO-2022 is of seven bits, and looks like UTF-8.
	if !utf8.ValidString(name) || strings.HasPrefix(strings.ToUpper(string(c.Encoding)), "ISO-2022-") {
		if decoded, err := charset(string(c.Encoding)).NewDecoder().String(name); err == nil {
			name = decoded
		}
	}
	// What git splits wrongly of an odd line would otherwise bring an address along.
	name, _, _ = strings.Cut(name, "<")
	name = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(name, "�"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsGraphic(r)
	}), " ")
	if runes := []rune(name); len(runes) > maxAuthor {
		name = string(runes[:maxAuthor-1]) + "…"
	}
	return name
}

// charset returns the encoding that a commit names of a text that is not UTF-8. Where it
// names none, or says UTF-8 all the same, it is from a time or a program that wrote as
// the west of Europe did.
func charset(name string) encoding.Encoding {
	known, err := htmlindex.Get(strings.TrimSpace(name))
	if err != nil {
		return charmap.Windows1252
	}
	if name, err := htmlindex.Name(known); err == nil && name != "utf-8" {
		return known
	}
	return charmap.Windows1252
}
