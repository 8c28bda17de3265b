package mirror

import (
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// openLocal opens a repository on this machine and finds its branch.
func openLocal(a Address) (State, error) {
	repository, err := git.PlainOpenWithOptions(a.path, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
	if errors.Is(err, git.ErrRepositoryNotExists) {
		return State{}, errors.New("there is no git repository in that folder")
	}
	if err != nil {
		return State{}, fmt.Errorf("opening the repository: %w", err)
	}
	branch := a.Branch
	if branch == "" {
		head, err := repository.Reference(plumbing.HEAD, false)
		if err != nil || head.Type() != plumbing.SymbolicReference {
			return State{}, errors.New("the repository is on no branch: write one after the address, as in #main")
		}
		branch = head.Target().Short()
	}
	at, err := repository.Reference(plumbing.NewBranchReferenceName(branch), true)
	switch {
	case errors.Is(err, plumbing.ErrReferenceNotFound) && a.Branch == "":
		return State{}, ErrEmpty
	case errors.Is(err, plumbing.ErrReferenceNotFound):
		return State{}, fmt.Errorf("there is no branch %q (any more): see what --briefs names after the #", branch)
	case err != nil:
		return State{}, fmt.Errorf("finding the branch %q: %w", branch, err)
	}
	if _, err := object.GetCommit(repository.Storer, at.Hash()); err != nil {
		return State{}, passing(fmt.Errorf("reading the commit that the branch %q is at: %w", branch, err))
	}
	return State{Repository: repository, Head: at.Hash(), Branch: branch}, nil
}
