package mirror

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

const (
	// objectCache is the most in bytes of objects that are kept ready: a larger one
	// makes reading all no faster.
	objectCache = 8 << 20
	// maxPacks is how many packs a copy may gather: each fetch brings one, and each
	// is looked through for each object.
	maxPacks = 200
	// maxGrowth is by how many times a copy may exceed what it was when it was made,
	// and roomToGrow what it may in any case, in bytes.
	maxGrowth  = 4
	roomToGrow = 64 << 20
)

// A store is the folder in which copies are kept. Each has a name of its own, made of
// its address and a number; the newest that is whole counts.
type store struct {
	dir     string
	address Address
	log     *slog.Logger
}

// copyName is the name of a copy's folder: nothing else is ever deleted.
var copyName = regexp.MustCompile(`^([0-9a-f]{12})-([0-9]{1,9})\.git$`)

// family is what the names of the copies of an address begin with.
func (s *store) family() string {
	sum := sha256.Sum256([]byte(s.address.repository() + "\x00" + s.address.Branch))
	return hex.EncodeToString(sum[:6])
}

// numbers returns the numbers of the copies of the address that there are, the newest
// first.
func (s *store) numbers() []int {
	entries, _ := os.ReadDir(s.dir) // none: there is no copy yet
	var numbers []int
	for _, e := range entries {
		if m := copyName.FindStringSubmatch(e.Name()); m != nil && m[1] == s.family() {
			n, _ := strconv.Atoi(m[2])
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	slices.Reverse(numbers)
	return numbers
}

func (s *store) path(number int) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s-%d.git", s.family(), number))
}

// newest returns the newest copy that is whole, or nil.
func (s *store) newest() *copied {
	for _, number := range s.numbers() {
		c := &copied{path: s.path(number), number: number}
		err := c.open()
		if err == nil {
			err = c.complete(c.state.Head, plumbing.ZeroHash)
		}
		if err == nil {
			return c
		}
		s.log.Warn("a copy of the briefs' repository cannot be used; another is made", "folder", c.path, "because", err)
	}
	return nil
}

// begin makes an empty copy.
func (s *store) begin() (*copied, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for the copy: %w", err)
	}
	next := 1
	if numbers := s.numbers(); len(numbers) > 0 {
		next = numbers[0] + 1
	}
	c := &copied{path: s.path(next), number: next}
	if err := os.Mkdir(c.path, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for the copy: %w", err)
	}
	c.storage = openStorage(c.path)
	if _, err := git.Init(c.storage, nil); err != nil {
		c.discard()
		return nil, fmt.Errorf("making the copy: %w", err)
	}
	return c, nil
}

// tidy deletes every copy but c: those of other addresses too, which this one took the
// place of.
func (s *store) tidy(c *copied) {
	entries, _ := os.ReadDir(s.dir)
	for _, e := range entries {
		path := filepath.Join(s.dir, e.Name())
		if !copyName.MatchString(e.Name()) || path == c.path {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			s.log.Warn("an old copy of the briefs' repository could not be deleted", "folder", path, "error", err)
		}
	}
}

// A copied repository is a bare one in a folder.
type copied struct {
	path    string
	number  int
	storage *filesystem.Storage
	size    int64 // in bytes, when it was made
	state   State
}

func openStorage(path string) *filesystem.Storage {
	return filesystem.NewStorageWithOptions(osfs.New(path, osfs.WithBoundOS()), cache.NewObjectLRU(objectCache), filesystem.Options{})
}

// open reads where the copy stands. Whoever reads it gets a storage of their own, as
// one that is written to may not be read meanwhile.
func (c *copied) open() error {
	c.storage = openStorage(c.path)
	repository, err := git.Open(openStorage(c.path), nil)
	if err != nil {
		return err
	}
	head, err := repository.Head()
	if err != nil {
		return fmt.Errorf("it was never finished: %w", err)
	}
	c.state = State{Repository: repository, Head: head.Hash(), Branch: head.Name().Short()}
	c.sweep() // the last process may have been killed while a pack came
	for _, pack := range c.packs() {
		c.size = max(c.size, pack)
	}
	return nil
}

// sweep deletes packs that did not come whole, which the library leaves.
func (c *copied) sweep() {
	paths, _ := filepath.Glob(filepath.Join(c.path, "objects", "pack", "tmp_*"))
	for _, path := range paths {
		_ = os.Remove(path) // the next sweep is for what stays
	}
}

func (c *copied) discard() { _ = os.RemoveAll(c.path) } // the next copy has another name

// packs returns the sizes of the packs, in bytes.
func (c *copied) packs() []int64 {
	paths, _ := filepath.Glob(filepath.Join(c.path, "objects", "pack", "*.pack"))
	var sizes []int64
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			sizes = append(sizes, info.Size())
		}
	}
	return sizes
}

// grown says whether a new copy would be better than one more pack.
func (c *copied) grown() bool {
	sizes := c.packs()
	var all int64
	for _, size := range sizes {
		all += size
	}
	return len(sizes) >= maxPacks || all > maxGrowth*c.size+roomToGrow
}

func (c *copied) has(hash plumbing.Hash) bool { return c.storage.HasEncodedObject(hash) == nil }

// errLarge is a pack beyond the limit.
type errLarge struct{ limit int64 }

func (e *errLarge) Error() string {
	return fmt.Sprintf("more than %d MiB would have to be fetched: keep briefs in a repository of their own", e.limit>>20)
}

// writer returns what takes a pack of at most limit bytes into the copy.
func (c *copied) writer(ctx context.Context, limit int64) func(io.Reader) error {
	return func(pack io.Reader) error {
		source := &limited{ctx: ctx, from: pack, left: limit, limit: limit}
		err := packfile.UpdateObjectStorage(c.storage, source)
		if err != nil {
			c.sweep()
		}
		large := new(errLarge)
		switch {
		case errors.As(err, &large):
			return large
		case err != nil && ctx.Err() != nil:
			return passing(context.Cause(ctx))
		case errors.Is(err, packfile.ErrEmptyPackfile):
			return nil // what is wanted is here already
		case err != nil && isCut(source.broke):
			return passing(unanswered("the host ceased to send", source.broke))
		case err != nil:
			return fmt.Errorf("taking in what the host sends: %w", err)
		}
		return nil
	}
}

// A limited reader ends with an error after so many bytes, or when its time is over.
type limited struct {
	ctx         context.Context
	from        io.Reader
	left, limit int64
	broke       error // why there is no more, if that is not the end
}

func (l *limited) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := l.from.Read(p)
	if err != nil && err != io.EOF {
		l.broke = err
	}
	if l.left -= int64(n); l.left < 0 {
		return 0, &errLarge{l.limit}
	}
	return n, err
}

// shallow notes the commits whose parents are not in the copy.
func (c *copied) shallow(commits []plumbing.Hash) error {
	for _, size := range c.packs() {
		c.size = max(c.size, size)
	}
	if len(commits) == 0 {
		return nil
	}
	return c.storage.SetShallow(commits)
}

// complete returns an error unless all that is in a commit is in the copy. What is in
// the commit known, which was found complete before, is not looked at again.
func (c *copied) complete(hash, known plumbing.Hash) error {
	commit, err := object.GetCommit(c.storage, hash)
	if err != nil {
		return fmt.Errorf("the commit %s is not in it: %w", hash, err)
	}
	old := plumbing.ZeroHash
	if was, err := object.GetCommit(c.storage, known); known != plumbing.ZeroHash && err == nil {
		old = was.TreeHash
	}
	return c.completeTree(commit.TreeHash, old)
}

func (c *copied) completeTree(hash, known plumbing.Hash) error {
	if hash == known {
		return nil
	}
	tree, err := object.GetTree(c.storage, hash)
	if err != nil {
		return fmt.Errorf("a folder of the state is not in it: %w", err)
	}
	before := make(map[string]plumbing.Hash)
	if was, err := object.GetTree(c.storage, known); known != plumbing.ZeroHash && err == nil {
		for _, e := range was.Entries {
			before[e.Name] = e.Hash
		}
	}
	for _, e := range tree.Entries {
		switch {
		case e.Hash == before[e.Name] || e.Mode == filemode.Submodule:
		case e.Mode == filemode.Dir:
			err = c.completeTree(e.Hash, before[e.Name])
		case !c.has(e.Hash):
			err = fmt.Errorf("the file %s of the state is not in it", e.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// point has the copy stand where it is wanted.
func (c *copied) point(want target) error {
	name := plumbing.NewBranchReferenceName(want.branch)
	if err := c.storage.SetReference(plumbing.NewHashReference(name, want.hash)); err != nil {
		return fmt.Errorf("noting the branch in the copy: %w", err)
	}
	if err := c.storage.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, name)); err != nil {
		return fmt.Errorf("noting the branch in the copy: %w", err)
	}
	repository, err := git.Open(openStorage(c.path), nil)
	if err != nil {
		return fmt.Errorf("opening the copy: %w", err)
	}
	c.state = State{Repository: repository, Head: want.hash, Branch: want.branch}
	return nil
}

// branchesOf lists some of the branches that there are, for a message.
func branchesOf(ad *packp.AdvRefs) string {
	const shown = 5
	var names []string
	for name := range ad.References {
		if branch, ok := strings.CutPrefix(name, "refs/heads/"); ok {
			names = append(names, oneLine(branch))
		}
	}
	slices.Sort(names)
	switch {
	case len(names) == 0:
		return "; it has no branch at all"
	case len(names) > shown:
		return fmt.Sprintf("; it has %s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
	}
	return "; it has " + strings.Join(names, ", ")
}
