package brief

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// A Source is where snapshots come from.
type Source interface {
	// Load returns the snapshot of what the source holds now. What did not
	// change since previous is taken from it, and a file in error is served in the
	// version that previous has; previous may be nil, or come from the ledger's
	// baseline. An error means that the source could not be read at all: the
	// current snapshot then stays. Problems of single files are in the snapshot.
	Load(ctx context.Context, previous *Snapshot) (*Snapshot, error)
	// Watch calls changed whenever Load may have something new, once for a burst
	// of changes, until ctx is done; then it returns nil. It calls from its own
	// goroutine and does not notice what happens during the call until after it.
	Watch(ctx context.Context, changed func()) error
}

// A Fetcher is a [Source] that is elsewhere and can be asked to look there at once.
type Fetcher interface {
	Source
	// Fetch has Watch look for news now rather than at its next interval. It returns
	// at once; what is asked for while a look is under way, or within five seconds of
	// the last one, comes to one more look after it.
	Fetch()
}

// An Original is a [Source] that can show a brief as it was written.
type Original interface {
	Source
	// Original returns the text of a story's brief as the last snapshot has it, and
	// the file's path in its repository, with slashes: what a patch is made against.
	// The error wraps fs.ErrNotExist if there is no such brief.
	Original(ctx context.Context, story string) (path string, text []byte, err error)
}

// A Commit is who changed a brief, and when.
type Commit struct {
	Hash   string    `json:"hash"`   // in full
	Author string    `json:"author"` // the name alone
	At     time.Time `json:"at"`     // when it was written, in UTC
}

// DirOptions are the options of a [Dir]. The zero value is usable.
type DirOptions struct {
	Poll     time.Duration    // between looks at the folder without a notification; none given: a minute
	Debounce time.Duration    // for which the files must not change before they are read; none given: 300 ms
	Now      func() time.Time // when a snapshot is taken; none given: time.Now
	Logger   *slog.Logger     // none given: nothing is logged
}

func (o DirOptions) withDefaults() DirOptions {
	if o.Poll <= 0 {
		o.Poll = time.Minute
	}
	if o.Debounce <= 0 {
		o.Debounce = 300 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// A Dir is the [Source] that is a flat folder of briefs. Its revision is a hash of
// their names and contents.
type Dir struct {
	path    string
	options DirOptions
	loading atomic.Pointer[state] // what the files looked like when Load last began
	again   atomic.Bool           // Load met trouble that may pass by itself
	notify  func(dir string) (*notifier, error)
}

// NewDir returns the source for the folder at path, which need not exist yet.
func NewDir(path string, o DirOptions) *Dir {
	return &Dir{path: path, options: o.withDefaults(), notify: newNotifier}
}

// Load implements [Source]. Every file is read, and decoded where its content is
// not that of previous. Whatever is wrong with a single file (unreadable, huge, a
// pipe, a link in a loop or to the outside, gone since it was listed) is a problem
// in the snapshot.
func (d *Dir) Load(ctx context.Context, previous *Snapshot) (*Snapshot, error) {
	now := d.options.Now()
	d.loading.Store(look(d.path))
	d.again.Store(false)
	folder, err := openFolder(d.path)
	if err != nil {
		return nil, d.noted(err)
	}
	defer folder.root.Close()
	names, problems, err := folder.list()
	if err != nil {
		return nil, d.noted(err)
	}
	files := make([]file, len(names))
	for i, name := range names {
		files[i] = file{path: folder.join(name), read: func() ([]byte, *Problem) {
			data, err := folder.readRegular(name)
			return data, folder.problem(name, d.noted(err))
		}}
	}
	found, err := load(ctx, files, previous)
	if err != nil {
		return nil, err
	}
	return assemble(revisionOf(found), now, found, problems, previous), nil
}

// noted returns err, and has Watch call again at its next look if it may pass.
func (d *Dir) noted(err error) error {
	if isPassing(err) {
		d.again.Store(true)
	}
	return err
}
