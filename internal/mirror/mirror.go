package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// Options are the options of a [Mirror]. The zero value suits a repository on this
// machine; every other one needs a Dir.
type Options struct {
	// Dir is the folder in which the copy is kept. It is made with mode 0700, and
	// should be used by one process at a time.
	Dir string
	// Token is the password for an https host.
	Token string
	// KeyFile is the file of the private key for an ssh host.
	KeyFile string
	// KnownHosts is the file of the ssh hosts that are known; none given: those that
	// this user and this machine know.
	KnownHosts string
	// Limit is how long one fetch may take; none given: ten minutes.
	Limit time.Duration
	// MaxPack is the most in bytes that one fetch may bring; none given: 1 GiB.
	MaxPack int64
	Logger  *slog.Logger // none given: nothing is logged
}

// A State is what a mirror has of its repository.
type State struct {
	// Repository holds the commit Head with all that is in it, and of the commits
	// before it those that the mirror has seen come. One at a time reads it.
	Repository *git.Repository
	Head       plumbing.Hash
	Branch     string // without refs/heads/
}

// A Mirror is a copy of one branch of a repository. Its methods may be called by many
// at once; one fetches at a time.
type Mirror struct {
	address Address
	options Options
	dial    dialer // nil for a repository on this machine
	store   *store

	fetching sync.Mutex // held while the host is asked

	mu    sync.Mutex
	state State
	copy  *copied
	worn  bool // the copy is to be made anew
}

// New returns the mirror of an address, with what its last copy holds. Credentials
// that do not go with the address, or cannot be read, are an error.
func New(address Address, o Options) (*Mirror, error) {
	o.Limit = cmp.Or(max(o.Limit, 0), 10*time.Minute)
	o.MaxPack = cmp.Or(max(o.MaxPack, 0), 1<<30)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	m := &Mirror{address: address, options: o}
	if err := m.choose(); err != nil {
		return nil, err
	}
	if m.dial == nil {
		return m, nil
	}
	m.store = &store{dir: o.Dir, address: address, log: o.Logger}
	if m.copy = m.store.newest(); m.copy != nil {
		m.state = m.copy.state
	}
	return m, nil
}

// choose finds how the repository is reached, and refuses what cannot work.
func (m *Mirror) choose() error {
	a, o := m.address, m.options
	scheme := a.Scheme()
	switch {
	case o.Token != "" && scheme != "https" && scheme != "http":
		return fmt.Errorf("a token is for an https address, and this is %s", scheme)
	case o.Token != "" && a.HasPassword():
		return errors.New("there is a password in the address and a token besides: keep one of them")
	case (o.KeyFile != "" || o.KnownHosts != "") && scheme != "ssh":
		return fmt.Errorf("an ssh key and known hosts are for an ssh address, and this is %s", scheme)
	case scheme != "file" && o.Dir == "":
		return errors.New("a copy of the repository needs a folder to be kept in")
	}
	switch scheme {
	case "http", "https":
		m.dial = httpDialer(a, o.Token)
	case "ssh":
		if _, err := readKey(o.KeyFile); err != nil {
			return err
		}
		if _, err := readHosts(o.KnownHosts); err != nil {
			return err
		}
		m.dial = sshDialer(a, o.KeyFile, o.KnownHosts)
	}
	return nil
}

// State returns what the mirror has, and false while it has nothing.
func (m *Mirror) State() (State, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state, m.state.Repository != nil
}

// Distrust has the next fetch make the copy anew: something in it could not be read.
func (m *Mirror) Distrust() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.worn = true
}

// Fetch asks the repository for its newest state, and reports whether that is another
// one than before. The error wraps [ErrPassing] if it may work next time by itself;
// what the mirror has stays as it is.
func (m *Mirror) Fetch(ctx context.Context) (moved bool, err error) {
	m.fetching.Lock()
	defer m.fetching.Unlock()
	ctx, cancel := m.limit(ctx)
	defer cancel()
	before, _ := m.State()
	if m.dial == nil {
		err = m.reopen()
	} else {
		err = m.fetch(ctx)
	}
	if err != nil {
		return false, fmt.Errorf("fetching %s: %w", m.address, err)
	}
	after, _ := m.State()
	return before.Head != after.Head || before.Branch != after.Branch, nil
}

// limit ends what the host is asked for when it takes too long.
func (m *Mirror) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	tooLong := fmt.Errorf("it takes longer than %v: keep briefs in a repository of their own if this one is large", m.options.Limit)
	return context.WithTimeoutCause(ctx, m.options.Limit, tooLong)
}

// fetch brings the copy up to date, or makes one.
func (m *Mirror) fetch(ctx context.Context) error {
	m.mu.Lock()
	copy, worn := m.copy, m.worn
	m.mu.Unlock()
	if copy != nil {
		m.store.tidy(copy) // not sooner: what it took the place of may still be read
	}
	w, err := m.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { w.close() }()
	ad, want, err := m.look(ctx, w)
	switch {
	case err != nil:
		return err
	case copy != nil && !worn && want == (target{copy.state.Branch, copy.state.Head}):
		return nil
	case copy != nil && !worn:
		err := m.update(ctx, w, copy, ad, want)
		if err == nil || ctx.Err() != nil || errors.Is(err, ErrPassing) {
			return err
		}
		m.options.Logger.Info("the copy of the briefs' repository is made anew", "because", err)
		w.close()
		if w, err = m.dial(ctx); err != nil {
			return err
		}
		if ad, want, err = m.look(ctx, w); err != nil {
			return err
		}
	}
	return m.clone(ctx, w, ad, want)
}

// A target is what is wanted of a repository.
type target struct {
	branch string
	hash   plumbing.Hash
}

// look returns what the repository offers, and what is wanted of that.
func (m *Mirror) look(ctx context.Context, w wire) (*packp.AdvRefs, target, error) {
	ad, err := w.advertise(ctx)
	if err != nil {
		return nil, target{}, err
	}
	want, err := find(ad, m.address.Branch)
	return ad, want, err
}

// find returns where a branch stands; an empty name is that which HEAD names.
func find(ad *packp.AdvRefs, branch string) (target, error) {
	references, err := ad.AllReferences()
	if err != nil && branch == "" {
		return target{}, fmt.Errorf("the repository does not say which branch is the main one: write it after the address, as in #main: %w", err)
	}
	if branch == "" {
		head, err := references.Reference(plumbing.HEAD)
		if err != nil || head.Type() != plumbing.SymbolicReference {
			return target{}, errors.New("the repository does not say which branch is the main one: write it after the address, as in #main")
		}
		branch = head.Target().Short()
	}
	hash, ok := ad.References[plumbing.NewBranchReferenceName(branch).String()]
	if ok {
		return target{branch, hash}, nil
	}
	if _, is := ad.References[plumbing.NewTagReferenceName(branch).String()]; is {
		return target{}, fmt.Errorf("there is no branch %q: that is a tag, which never has news", branch)
	}
	return target{}, fmt.Errorf("there is no branch %q (any more): see what --briefs names after the #%s", branch, branchesOf(ad))
}

// update fetches what was added since the copy was made.
func (m *Mirror) update(ctx context.Context, w wire, c *copied, ad *packp.AdvRefs, want target) error {
	if c.grown() {
		return errors.New("it has grown beyond what it is worth")
	}
	if !c.has(want.hash) {
		request := newRequest(ad)
		request.Wants = []plumbing.Hash{want.hash}
		request.Haves = []plumbing.Hash{c.state.Head}
		// A branch that was set back to where the copy never was may bring all of its
		// history: the newest commit alone is then less.
		if _, err := receive(ctx, w, request, c.writer(ctx, min(m.options.MaxPack, max(c.size, 8<<20)))); err != nil {
			return err
		}
	}
	if err := c.complete(want.hash, c.state.Head); err != nil {
		return err
	}
	return m.settle(c, want)
}

// clone makes a new copy with the newest commit alone.
func (m *Mirror) clone(ctx context.Context, w wire, ad *packp.AdvRefs, want target) error {
	c, err := m.store.begin()
	if err != nil {
		return err
	}
	request := newRequest(ad)
	request.Wants = []plumbing.Hash{want.hash}
	if ad.Capabilities.Supports(capability.Shallow) {
		request.Depth = packp.DepthCommits(1)
		_ = request.Capabilities.Set(capability.Shallow)
	}
	update, err := receive(ctx, w, request, c.writer(ctx, m.options.MaxPack))
	if err == nil {
		err = c.shallow(update.Shallows)
	}
	if err == nil {
		err = c.complete(want.hash, plumbing.ZeroHash)
	}
	if err == nil {
		err = m.settle(c, want)
	}
	if err != nil {
		c.discard()
		return err
	}
	return nil
}

// settle makes a copy that holds what is wanted the current one.
func (m *Mirror) settle(c *copied, want target) error {
	if err := c.point(want); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.copy, m.state, m.worn = c, c.state, false
	return nil
}

// reopen finds where the branch of a repository on this machine stands. It is opened
// each time, because others write to it.
func (m *Mirror) reopen() error {
	state, err := openLocal(m.address)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = state
	return nil
}
