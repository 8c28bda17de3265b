package brief

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/briefbot/briefbot/internal/mirror"
)

// GitOptions are the options of a [Git]. The zero value suits a repository on this
// machine; every other one needs a Dir.
type GitOptions struct {
	// Dir is the folder in which a copy of a repository elsewhere is kept. It should be
	// used by one process at a time.
	Dir string
	// Interval is how often the repository is asked for news; none given: a minute.
	Interval time.Duration
	// Token is the password for an https host.
	Token string
	// KeyFile is the file of the private key for an ssh host.
	KeyFile string
	// KnownHosts is the file of the ssh hosts that are known; none given: those that
	// this user and this machine know.
	KnownHosts string
	// Limit is how long one fetch may take; none given: ten minutes.
	Limit  time.Duration
	Now    func() time.Time // none given: time.Now
	Logger *slog.Logger     // none given: nothing is logged
}

func (o GitOptions) withDefaults() GitOptions {
	o.Interval = cmp.Or(max(o.Interval, 0), time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// A Git is the [Source] that is a folder in a branch of a git repository. Its revision
// is the beginning of the commit's hash, and a snapshot of it was taken when the commit
// was made.
type Git struct {
	address mirror.Address
	options GitOptions
	mirror  *mirror.Mirror
	asked   chan struct{} // somebody wants a look now

	reading sync.Mutex // held while the repository is read
	looked  bool       // Load has had the host asked once

	mu    sync.Mutex
	fresh Freshness
}

// NewGit returns the source for an address, URL#branch:folder, as [mirror.ParseAddress]
// reads it. Where no folder is named it is the top one, or briefs where that has no
// briefs. Nothing is fetched yet.
func NewGit(address string, o GitOptions) (*Git, error) {
	a, err := mirror.ParseAddress(address)
	if err != nil {
		return nil, fmt.Errorf("reading the address of the briefs: %w", err)
	}
	o = o.withDefaults()
	m, err := mirror.New(a, mirror.Options{
		Dir: o.Dir, Token: o.Token, KeyFile: o.KeyFile, KnownHosts: o.KnownHosts, Limit: o.Limit, Logger: o.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing to fetch the briefs: %w", err)
	}
	return &Git{address: a, options: o, mirror: m, asked: make(chan struct{}, 1)}, nil
}

// Load implements [Source]. The first call has the host asked for news; after that it
// shows what the last look of Watch brought. Where the host cannot be reached it shows
// the state that was fetched last, before a restart too.
//
// A folder that is gone, or that has no brief left where previous has some, is an
// error, since it is rather a wrong address or a slip than an end of all stories.
func (g *Git) Load(ctx context.Context, previous *Snapshot) (*Snapshot, error) {
	g.reading.Lock()
	defer g.reading.Unlock()
	if err := g.first(ctx); err != nil {
		return nil, err
	}
	state, _ := g.mirror.State()
	if previous != nil && previous.history != nil && previous.history.head == state.Head && previous.history.branch == state.Branch {
		return previous, nil
	}
	s, err := g.load(ctx, state, previous)
	if err != nil {
		return nil, fmt.Errorf("reading the briefs of %s: %w", g.address, err)
	}
	return s, nil
}

// first has the host asked by the first Load, and by any while there is nothing.
func (g *Git) first(ctx context.Context) error {
	_, has := g.mirror.State()
	if g.looked && has {
		return nil
	}
	_, err := g.look(ctx)
	if err != nil && !has {
		return err
	}
	g.looked = true
	return ctx.Err()
}

// look has the host asked for news, and notes what came of it.
func (g *Git) look(ctx context.Context) (moved bool, err error) {
	moved, err = g.mirror.Fetch(ctx)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fresh.note(g.options.Now(), err)
	return moved, err
}

func (g *Git) load(ctx context.Context, state mirror.State, previous *Snapshot) (*Snapshot, error) {
	commit, err := state.Repository.CommitObject(state.Head)
	if err != nil {
		return nil, g.distrust(err)
	}
	tree, at, err := g.folder(commit)
	if err != nil {
		return nil, err
	}
	t := &gitFolder{tree: tree, name: at, join: func(name string) string { return path.Join(at, name) }}
	files, problems := t.list()
	if len(files) == 0 && previous != nil && len(previous.records) > 0 {
		return nil, fmt.Errorf("the folder %s of the branch %s holds no brief any more at %s: check what --briefs names after the #", at, state.Branch, shortHash(commit))
	}
	found, err := load(ctx, files, previous)
	if err != nil {
		return nil, err
	}
	if t.lost.Load() {
		return nil, g.distrust(errors.New("a file could not be read"))
	}
	s := assemble(shortHash(commit), commit.Committer.When, found, problems, previous)
	s.history, err = newHistory(ctx, state.Repository, commit, tree, history{branch: state.Branch, folder: at}, previous.past())
	return s, err
}

// distrust has the copy made anew at the next look, which is asked for at once.
func (g *Git) distrust(err error) error {
	g.mirror.Distrust()
	g.Fetch()
	return fmt.Errorf("the copy of the repository is damaged, and made anew: %w", err)
}

// folder returns the tree of the briefs' folder at a commit, and the folder's path.
func (g *Git) folder(commit *object.Commit) (*object.Tree, string, error) {
	tree, at, err := folderTree(commit, cmp.Or(g.address.Folder, "."), g.address.Folder == "")
	if err != nil && !errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, at, fmt.Errorf("the folder %s at %s: %w: check what --briefs names after the #", at, shortHash(commit), err)
	}
	if err != nil {
		return nil, at, g.distrust(err)
	}
	return tree, at, nil
}

// past returns the history of s, or nil.
func (s *Snapshot) past() *history {
	if s == nil {
		return nil
	}
	return s.history
}

// Original implements [Original].
func (g *Git) Original(ctx context.Context, story string) (string, []byte, error) {
	g.reading.Lock()
	defer g.reading.Unlock()
	state, has := g.mirror.State()
	if !has {
		return "", nil, fmt.Errorf("reading the brief of %s: nothing is fetched yet: %w", story, fs.ErrNotExist)
	}
	commit, err := state.Repository.CommitObject(state.Head)
	if err != nil {
		return "", nil, g.distrust(err)
	}
	tree, at, err := g.folder(commit)
	if err != nil {
		return "", nil, err
	}
	e, err := tree.FindEntry(story + briefExt)
	if !isStoryID(story) || err != nil {
		return "", nil, fmt.Errorf("reading the brief of %s: %w", story, fs.ErrNotExist)
	}
	text, err := (&gitFolder{tree: tree}).read(*e)
	if err != nil {
		return "", nil, fmt.Errorf("reading the brief of %s: it %w", story, err)
	}
	return path.Join(at, e.Name), text, nil
}
