package mirror

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// maxBack is how many commits of a branch are looked through for one that the host does
// not give by itself, and how many one may go back with ~.
const maxBack = 1000

// A Reached is a commit that was found, and is here.
type Reached struct {
	Repository *git.Repository // has the commit; nobody else reads it
	Revision   string          // names the commit in it
}

// Reach finds revisions of the repository, and has those of a repository elsewhere
// fetched, all at once, to a copy in Options.Dir that serves nothing else, and is left
// there unless there is an error. What [Mirror.State] tells stays as it is.
//
// A revision is a branch, a tag, a commit or the beginning of its hash, or one of these
// with ~2 or ^ after it; "" is the newest commit of the address's branch. A commit at
// which the host shows no branch or tag is asked for where the host gives single
// commits, and else looked for among the last 1000 of the address's branch. The limits
// of a fetch hold. Whether a repository on this machine has the revisions is not looked
// at.
func (m *Mirror) Reach(ctx context.Context, revisions ...string) ([]Reached, error) {
	m.fetching.Lock()
	defer m.fetching.Unlock()
	ctx, cancel := m.limit(ctx)
	defer cancel()
	find := m.reach
	if m.dial == nil {
		find = m.reachHere
	}
	all, err := find(ctx, revisions)
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", m.address, err)
	}
	return all, nil
}

// reachHere opens a repository on this machine for each revision.
func (m *Mirror) reachHere(_ context.Context, revisions []string) ([]Reached, error) {
	all := make([]Reached, len(revisions))
	for i, revision := range revisions {
		state, err := openLocal(m.address)
		if err != nil {
			return nil, err
		}
		if revision == "" {
			revision = state.Head.String()
		}
		all[i] = Reached{state.Repository, revision}
	}
	return all, nil
}

func (m *Mirror) reach(ctx context.Context, revisions []string) ([]Reached, error) {
	w, err := m.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer w.close()
	ad, err := w.advertise(ctx)
	if err != nil {
		return nil, err
	}
	wishes := make([]wish, len(revisions))
	for i, revision := range revisions {
		if wishes[i], err = m.wish(ad, revision); err != nil {
			return nil, fmt.Errorf("finding the revision %q: %w", revision, err)
		}
	}
	c, err := m.grant(ctx, w, ad, wishes)
	if err != nil {
		return nil, err
	}
	all := make([]Reached, len(revisions))
	for i, wish := range wishes {
		if all[i], err = c.reached(wish); err != nil {
			c.discard()
			return nil, fmt.Errorf("finding the revision %q: %w", revisions[i], err)
		}
	}
	return all, nil
}

// A wish is what has to be fetched for a revision, and where in that it is.
type wish struct {
	want   plumbing.Hash
	depth  int    // how many commits, with it and back from it
	start  string // a commit's hash or its beginning
	back   string // what leads from there to the revision, such as ~2
	shown  bool   // the host shows a branch or a tag at want
	branch string // is looked through for start; empty: there is no need
	remedy string // where start is not found there
}

var (
	backForm = regexp.MustCompile(`(?:~[0-9]*|\^[0-9]*)+$`)
	stepForm = regexp.MustCompile(`[~^][0-9]*`)
	hashForm = regexp.MustCompile(`^[0-9a-fA-F]{4,40}$`)
)

// wish says what to fetch for a revision, of what the host offers.
func (m *Mirror) wish(ad *packp.AdvRefs, revision string) (wish, error) {
	start, back := revision, backForm.FindString(revision)
	start = strings.TrimSuffix(start, back)
	steps, err := stepsIn(back)
	if err != nil {
		return wish{}, err
	}
	hash, err := m.offered(ad, start)
	switch {
	case err == nil:
		return wish{want: hash, depth: steps + 1, start: hash.String(), back: back, shown: true}, nil
	case !errors.Is(err, errNotOffered) || !hashForm.MatchString(start):
		return wish{}, err
	}
	start = strings.ToLower(start)
	remedy := "write a branch or a tag, or run briefbot in a clone"
	if ad.Capabilities.Supports(capability.AllowReachableSHA1InWant) {
		if len(start) == 40 {
			return wish{want: plumbing.NewHash(start), depth: steps + 1, start: start, back: back}, nil
		}
		remedy = "write the whole hash, which this host takes"
	}
	at, err := find(ad, m.address.Branch)
	return wish{want: at.hash, depth: maxBack + steps, start: start, back: back, shown: true, branch: at.branch, remedy: remedy}, err
}

// stepsIn returns how many commits one has to know to go back so far.
func stepsIn(back string) (steps int, err error) {
	for _, step := range stepForm.FindAllString(back, -1) {
		n := 1
		if step[0] == '~' && len(step) > 1 {
			n, err = strconv.Atoi(step[1:])
		}
		if steps += n; err != nil || n > maxBack || steps > maxBack {
			return 0, fmt.Errorf("it goes back more than %d commits: write a tag or a commit nearer to it", maxBack)
		}
	}
	return steps, nil
}

// errNotOffered is a revision at which the host shows nothing.
var errNotOffered = errors.New("there is no such branch, tag or commit")

// offered returns the commit that a name stands for, in git's order, or the one at which
// something is shown whose hash begins so.
func (m *Mirror) offered(ad *packp.AdvRefs, name string) (plumbing.Hash, error) {
	switch {
	case name == "":
		at, err := find(ad, m.address.Branch)
		return at.hash, err
	case name == "HEAD" && ad.Head != nil:
		return *ad.Head, nil
	}
	for _, full := range []string{name, "refs/" + name, "refs/tags/" + name, "refs/heads/" + name} {
		if hash, ok := shownAt(ad, full); ok && strings.HasPrefix(full, "refs/") {
			return hash, nil
		}
	}
	if !hashForm.MatchString(name) {
		return plumbing.ZeroHash, fmt.Errorf("%w%s", errNotOffered, branchesOf(ad))
	}
	var found []plumbing.Hash
	for full := range ad.References {
		if hash, _ := shownAt(ad, full); strings.HasPrefix(hash.String(), strings.ToLower(name)) && !slices.Contains(found, hash) {
			found = append(found, hash)
		}
	}
	switch len(found) {
	case 0:
		return plumbing.ZeroHash, errNotOffered
	case 1:
		return found[0], nil
	}
	return plumbing.ZeroHash, errAmbiguous
}

var errAmbiguous = errors.New("more than one commit begins so: write more of its hash")

// shownAt returns the commit at which a branch or a tag is, whatever kind of tag.
func shownAt(ad *packp.AdvRefs, name string) (plumbing.Hash, bool) {
	if hash, ok := ad.Peeled[name]; ok {
		return hash, true
	}
	hash, ok := ad.References[name]
	return hash, ok
}

// grant fetches what is wished for to a copy of its own.
func (m *Mirror) grant(ctx context.Context, w wire, ad *packp.AdvRefs, wishes []wish) (*copied, error) {
	c, err := m.store.begin()
	if err != nil {
		return nil, err
	}
	request := newRequest(ad)
	depth, allShown := 0, true
	for _, wish := range wishes {
		depth, allShown = max(depth, wish.depth), allShown && wish.shown
		if !slices.Contains(request.Wants, wish.want) {
			request.Wants = append(request.Wants, wish.want)
		}
	}
	if ad.Capabilities.Supports(capability.Shallow) {
		request.Depth = packp.DepthCommits(depth)
		_ = request.Capabilities.Set(capability.Shallow)
	}
	update, err := receive(ctx, w, request, c.writer(ctx, m.options.MaxPack))
	if err == nil {
		err = c.shallow(update.Shallows)
	}
	if err != nil && !allShown && ctx.Err() == nil && !errors.Is(err, ErrPassing) {
		err = fmt.Errorf("%w: push a branch or a tag to the commit that is asked for, or run briefbot in a clone", err)
	}
	if err != nil {
		c.discard()
		return nil, err
	}
	return c, nil
}

// reached finds what was wished for in what was fetched.
func (c *copied) reached(w wish) (Reached, error) {
	hash, err := c.commit(w.start)
	if errors.Is(err, errNotOffered) && w.branch != "" {
		err = fmt.Errorf("the host shows no branch or tag at it, and it is not among the last %d commits of the branch %s: %s", maxBack, w.branch, w.remedy)
	}
	if err != nil {
		return Reached{}, err
	}
	repository, err := git.Open(openStorage(c.path), nil)
	if err != nil {
		return Reached{}, fmt.Errorf("opening the copy: %w", err)
	}
	return Reached{repository, hash.String() + w.back}, nil
}

// commit returns the one commit of the copy whose hash begins so.
func (c *copied) commit(start string) (found plumbing.Hash, err error) {
	bytes, err := hex.DecodeString(start[:len(start)&^1])
	if err != nil {
		return plumbing.ZeroHash, err
	}
	hashes, err := c.storage.HashesWithPrefix(bytes)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("looking through the copy: %w", err)
	}
	for _, hash := range hashes {
		if !strings.HasPrefix(hash.String(), start) || hash == found {
			continue
		}
		if _, err := object.GetCommit(c.storage, hash); err != nil {
			continue // what else is called so is no commit
		}
		if found != plumbing.ZeroHash {
			return plumbing.ZeroHash, errAmbiguous
		}
		found = hash
	}
	if found == plumbing.ZeroHash {
		return found, errNotOffered
	}
	return found, nil
}
