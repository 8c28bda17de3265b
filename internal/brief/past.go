package brief

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// A Past is a folder of briefs as it was at a commit, of which each brief is read when it
// is asked for. Many goroutines may use it at once.
type Past struct {
	commit *object.Commit
	folder *gitFolder
}

// OpenPast returns the folder dir as it was at a revision of the git repository that dir
// is in: a branch, a tag, a hash or its beginning, or one of these with a suffix such as
// ~2. It reads the repository alone, so the folder need not exist in the work tree now,
// and nothing is checked out. In a bare repository dir is its path, or that with the
// folder's after it; without, the folder is the top one, or briefs where that has no
// briefs. Problems name files as git does, revision:path.
func OpenPast(dir, revision string) (*Past, error) {
	repo, folder, err := openRepository(dir)
	if err != nil {
		return nil, err
	}
	commit, err := resolveCommit(repo, revision)
	if err != nil {
		return nil, fmt.Errorf("finding the revision %q in the git repository of %s: %w", revision, dir, err)
	}
	tree, folder, err := folderTree(commit, folder, hasNoWorktree(repo))
	if err != nil {
		return nil, fmt.Errorf("reading %s at the revision %q: %w", folder, revision, err)
	}
	name := revision + ":" + folder
	return &Past{commit, &gitFolder{tree: tree, name: name, join: func(file string) string { return name + "/" + file }}}, nil
}

// At returns the folder of the briefs as it was at revisions that the repository has, as
// [mirror.Mirror.Reach] finds them: "" is the newest commit of the branch. Problems name
// files by their path in the repository.
func (g *Git) At(ctx context.Context, revisions ...string) ([]*Past, error) {
	for _, revision := range revisions {
		if revision != "" && !isRevision(revision) {
			return nil, fmt.Errorf("finding the revision %q in %s: %w", revision, g.address, errRevisionForm)
		}
	}
	reached, err := g.mirror.Reach(ctx, revisions...)
	if err != nil {
		return nil, err
	}
	pasts := make([]*Past, len(revisions))
	for i, r := range reached {
		commit, err := resolveCommit(r.Repository, r.Revision)
		if err != nil {
			return nil, fmt.Errorf("finding the revision %q in %s: %w", revisions[i], g.address, err)
		}
		tree, at, err := folderTree(commit, cmp.Or(g.address.Folder, "."), g.address.Folder == "")
		if err != nil {
			return nil, fmt.Errorf("reading the briefs of %s: the folder %s at %s: %w: check what --briefs names after the #", g.address, at, shortHash(commit), err)
		}
		pasts[i] = &Past{commit, &gitFolder{tree: tree, name: at, join: func(file string) string { return path.Join(at, file) }}}
	}
	return pasts, nil
}

// Load returns the snapshot of the briefs. Its revision is the beginning of the commit's
// hash, and it was taken when the commit was made.
func (p *Past) Load(ctx context.Context) (*Snapshot, error) {
	files, problems := p.folder.list()
	found, err := load(ctx, files, nil)
	if err = cmp.Or(err, p.lost()); err != nil {
		return nil, err
	}
	return assemble(shortHash(p.commit), p.commit.Committer.When, found, problems, nil), nil
}

// lost returns an error if the repository lacked something that was read.
func (p *Past) lost() error {
	if !p.folder.lost.Load() {
		return nil
	}
	return fmt.Errorf("reading the briefs of the commit %s: the repository lacks a file of it: if it is a clone that has only a part, fetch the rest", shortHash(p.commit))
}

// CheckEach is [CheckEach] of the whole folder.
func (p *Past) CheckEach(look func(*Text)) ([]Problem, error) {
	files, problems := p.folder.list()
	if len(files) == 0 {
		problems = append(problems, *emptyFolder(p.folder.name))
	}
	known := make(map[string]bool)
	for _, id := range p.Stories() {
		known[id] = true
	}
	others := neighbours{has: func(id string) bool { return known[id] }, stories: p.Stories}
	found := make([][]Problem, len(files))
	spread(len(files), func(i int) {
		data, problem := files[i].read()
		if problem != nil {
			found[i] = []Problem{*problem}
			return
		}
		found[i] = checkText(files[i].path, data, others, look)
	})
	problems = append(problems, slices.Concat(found...)...)
	slices.SortStableFunc(problems, Problem.Compare)
	return withoutRepeats(problems), p.lost()
}

// Stories returns the ids of the briefs, whether or not they can be read.
func (p *Past) Stories() []string {
	var ids []string
	for _, e := range p.folder.tree.Entries {
		if id, kind := briefName(e.Name); kind == briefFile && e.Mode.IsFile() {
			ids = append(ids, id)
		}
	}
	return ids
}

// Text returns the text of the brief that problems call path; false where there is none,
// or it cannot be read.
func (p *Past) Text(path string) ([]byte, bool) {
	for _, e := range p.folder.tree.Entries {
		if p.folder.join(e.Name) == path {
			text, err := p.folder.read(e)
			return text, err == nil
		}
	}
	return nil, false
}

// Changed returns a story as it was, where its brief was another text than the one it has
// now. It is nil where the brief is the same, was in error, or was not there; a nil Past
// has none.
func (p *Past) Changed(story string, now []byte) *Dossier {
	if p == nil {
		return nil
	}
	for _, e := range p.folder.tree.Entries {
		if e.Name != story+briefExt {
			continue
		}
		if e.Hash == plumbing.ComputeHash(plumbing.BlobObject, now) {
			return nil
		}
		data, err := p.folder.read(e)
		if err != nil {
			return nil
		}
		dossier, _ := Decode(e.Name, data)
		return dossier
	}
	return nil
}
