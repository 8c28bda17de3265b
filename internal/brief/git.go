package brief

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

const (
	// maxLinks is how many links one after the other are followed.
	maxLinks = 8

	// usualFolder is where a repository keeps its briefs unless told.
	usualFolder = "briefs"
)

// openRepository opens the repository that dir is in, and returns the path of dir
// in its trees, with slashes.
func openRepository(dir string) (repo *git.Repository, folder string, err error) {
	full, err := resolvedPath(dir)
	if err != nil {
		return nil, "", fmt.Errorf("finding the git repository of %s: %w", dir, err)
	}
	for at := full; ; at = filepath.Dir(at) {
		if exists(filepath.Join(at, ".git")) || isBare(at) {
			repo, err = git.PlainOpenWithOptions(at, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
			if err != nil {
				return nil, "", fmt.Errorf("opening the git repository %s: %w", at, err)
			}
			folder, err = filepath.Rel(at, full)
			return repo, filepath.ToSlash(folder), err
		}
		if at == filepath.Dir(at) {
			return nil, "", fmt.Errorf("%s is not in a git repository", dir)
		}
	}
}

// resolvedPath returns the absolute path of dir with the links on the way to it
// followed, as far as it exists.
func resolvedPath(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	rest := ""
	for at := dir; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil || at == filepath.Dir(at) {
			return filepath.Join(real, rest), err
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

func isBare(dir string) bool {
	return exists(filepath.Join(dir, "HEAD")) && exists(filepath.Join(dir, "objects")) && exists(filepath.Join(dir, "refs"))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

var (
	errNoRevision   = errors.New("there is no such branch, tag or commit")
	errRevisionForm = errors.New("write a branch, a tag or a commit, with ~2 or ^ after it to go back")
)

func resolveCommit(repo *git.Repository, revision string) (*object.Commit, error) {
	if !isRevision(revision) {
		return nil, errRevisionForm
	}
	hash, err := repo.ResolveRevision(plumbing.Revision(revision))
	switch {
	case errors.Is(err, plumbing.ErrReferenceNotFound) || errors.Is(err, io.EOF):
		return nil, errNoRevision
	case errors.Is(err, plumbing.ErrObjectNotFound):
		return nil, errors.New("the history that is here does not go back to it")
	case err != nil:
		return nil, err
	}
	return repo.CommitObject(*hash)
}

// isRevision keeps out what the library takes for less than it says: it would read
// HEAD@{1} and HEAD:briefs as HEAD.
func isRevision(s string) bool {
	return s != "" && !strings.ContainsAny(s[:1], "~^-") && !strings.ContainsAny(s, ":{} \t\n") && !strings.Contains(s, "..")
}

func shortHash(commit *object.Commit) string { return commit.Hash.String()[:12] }

func hasNoWorktree(repo *git.Repository) bool {
	_, err := repo.Worktree()
	return errors.Is(err, git.ErrIsBareRepository)
}

// folderTree returns the tree of a folder, and the folder's path. With usual the top
// folder is only meant where it has briefs, or where there is none called briefs.
func folderTree(commit *object.Commit, folder string, usual bool) (*object.Tree, string, error) {
	top, err := commit.Tree()
	if err != nil {
		return nil, folder, err
	}
	if usual && folder == "." && !hasBriefs(top) {
		if tree, err := top.Tree(usualFolder); err == nil {
			return tree, usualFolder, nil
		}
	}
	if folder == "." {
		return top, folder, nil
	}
	tree, err := top.Tree(folder)
	if errors.Is(err, object.ErrDirectoryNotFound) {
		err = errNoFolder
		if e, found := top.FindEntry(folder); found == nil && e.Mode == filemode.Submodule {
			err = errSubmodule
		}
	}
	return tree, folder, err
}

var (
	errNoFolder  = errors.New("there is no such folder")
	errSubmodule = errors.New("that is a submodule, another repository: name its address instead")
)

func hasBriefs(tree *object.Tree) bool {
	return slices.ContainsFunc(tree.Entries, func(e object.TreeEntry) bool {
		_, kind := briefName(e.Name)
		return kind == briefFile && e.Mode.IsFile()
	})
}

// A gitFolder is a folder in a tree. A repository is read by one at a time.
type gitFolder struct {
	mu   sync.Mutex
	tree *object.Tree
	name string                   // in problems
	join func(name string) string // the name of one of its files in problems
	lost atomic.Bool              // the repository lacks something that the tree names
}

// list returns the files that are to be decoded, and warnings of what else is
// there.
func (t *gitFolder) list() (files []file, problems []Problem) {
	for _, e := range t.tree.Entries {
		name := t.join(e.Name)
		wanted, problem := judge(name, e.Mode == filemode.Dir || e.Mode == filemode.Submodule)
		if problem != nil && e.Mode == filemode.Submodule {
			problem.Message = "is a submodule, another repository: it is ignored"
		}
		if problem != nil {
			problems = append(problems, *problem)
		}
		if wanted {
			files = append(files, t.file(name, e))
		}
	}
	return files, fewOf(problems, t.name)
}

// file returns what reads an entry. The content of a link is not that which its blob
// names.
func (t *gitFolder) file(name string, e object.TreeEntry) file {
	f := file{path: name, read: func() ([]byte, *Problem) {
		data, err := t.read(e)
		if err != nil {
			return nil, fileProblem(name, Error, err.Error())
		}
		return data, nil
	}}
	if e.Mode != filemode.Symlink {
		f.blob = e.Hash.String()
	}
	return f
}

func (t *gitFolder) read(e object.TreeEntry) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := e.Name
	for range maxLinks {
		data, err := t.blob(&e)
		if err != nil || e.Mode != filemode.Symlink {
			return data, err
		}
		if at = path.Join(path.Dir(at), string(data)); path.IsAbs(string(data)) || !filepath.IsLocal(at) {
			return nil, errOutside
		}
		target, err := t.tree.FindEntry(at)
		if err != nil {
			return nil, errors.New("links to a file that is not there")
		}
		e = *target
	}
	return nil, errors.New("is a link that cannot be followed: too many links")
}

func (t *gitFolder) blob(e *object.TreeEntry) ([]byte, error) {
	if !e.Mode.IsFile() {
		return nil, errIrregular
	}
	f, err := t.tree.TreeEntryFile(e)
	if err != nil {
		return nil, t.missing(err)
	}
	if f.Size > maxFile {
		return nil, errHuge
	}
	r, err := f.Reader()
	if err != nil {
		return nil, t.missing(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, t.missing(err)
	}
	return data, nil
}

func (t *gitFolder) missing(err error) error {
	t.lost.Store(true)
	return fmt.Errorf("cannot be read: %w", err)
}
