package brief

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// maxWaits bounds, in debounce times, how long files that go on changing keep the
// others from being read.
const maxWaits = 20

// Watch implements [Source]. It follows the folder when it is deleted, made again
// or, being a link, turned to another one, and goes by looking alone where the
// system gives no notifications.
func (d *Dir) Watch(ctx context.Context, changed func()) error {
	n, err := d.notify(d.path)
	if err != nil {
		n = &notifier{renew: func() error { return err }, close: func() {}}
	}
	defer n.close()
	if err := n.renew(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.options.Logger.Warn("briefs are looked at from time to time only: the system does not tell of changes", "folder", d.path, "every", d.options.Poll, "error", err)
	}
	w := &watch{dir: d, changed: changed, told: d.loading.Load()}
	if w.told == nil {
		w.told = look(d.path)
	}
	poll := time.NewTicker(d.options.Poll)
	defer poll.Stop()
	w.consider(false)
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-n.events:
			if n.concerns(event) {
				w.consider(true)
			}
		case err := <-n.errors:
			d.options.Logger.Warn("briefs may have changed unnoticed: looking", "folder", d.path, "error", err)
			w.consider(true)
		case <-poll.C:
			_ = n.renew() // said at the start, and the look makes up for it
			w.consider(d.again.Load())
		case <-w.settled:
			w.settle()
		}
	}
}

// A watch is what Watch knows of the files. Its goroutine alone uses it.
type watch struct {
	dir     *Dir
	changed func()
	told    *state           // when changed was last called, or the files were loaded
	settled <-chan time.Time // nil while nothing is awaited
	pending *state           // at the last look of this wait
	touched bool             // something happened since then
	waits   int
}

// consider begins to wait for the files to settle if they differ from what was
// told, or if something was noticed to happen to them.
func (w *watch) consider(noticed bool) {
	if w.settled != nil {
		w.touched = w.touched || noticed
		return
	}
	now := look(w.dir.path)
	if !noticed && now.equal(w.told) {
		return
	}
	w.waits = 0
	w.wait(now)
}

func (w *watch) wait(now *state) {
	w.pending, w.touched = now, false
	w.settled = time.After(w.dir.options.Debounce)
}

// settle tells of the change if the files look as they did a debounce time ago,
// and else waits on.
func (w *watch) settle() {
	now := look(w.dir.path)
	w.waits++
	if w.waits < maxWaits && (w.touched || !now.equal(w.pending) || now.emptied(w.told)) {
		w.wait(now)
		return
	}
	w.settled = nil
	if !now.equal(w.told) || w.dir.again.Load() {
		w.told = now
		w.changed()
	}
}

// A state is what a folder of briefs looks like without reading them. The nil
// state is that of a folder that cannot be listed.
type state struct {
	files map[string]fs.FileInfo // nil for one that cannot be looked at
}

// look returns the state of the folder at path.
func look(path string) *state {
	entries, err := os.ReadDir(path)
	if err != nil {
		return &state{}
	}
	s := &state{files: make(map[string]fs.FileInfo, len(entries))}
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		if wanted, _ := judge(name, e.IsDir()); wanted {
			s.files[name], _ = os.Stat(name) // follows links, as reading does
		}
	}
	return s
}

func (s *state) equal(t *state) bool {
	if len(s.files) != len(t.files) || (s.files == nil) != (t.files == nil) {
		return false
	}
	for name, a := range s.files {
		b, ok := t.files[name]
		if !ok || !sameFile(a, b) {
			return false
		}
	}
	return true
}

func sameFile(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode() && os.SameFile(a, b)
}

// emptied says whether a file that has something in t has nothing in s: some
// editors empty a file before they write it.
func (s *state) emptied(t *state) bool {
	for name, a := range s.files {
		if b := t.files[name]; a != nil && a.Size() == 0 && (b == nil || b.Size() > 0) {
			return true
		}
	}
	return false
}

// A notifier tells what happens in a folder.
type notifier struct {
	events <-chan fsnotify.Event
	errors <-chan error
	dir    string
	renew  func() error // watches the folder that is at dir now
	close  func()
}

// newNotifier returns what watches the folder at path, and the one it is in for
// its being replaced, once it is renewed.
func newNotifier(path string) (*notifier, error) {
	dir, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	renew := func() error {
		// What is watched may be a folder that was here before: adding alone
		// would keep it. Without the folder, its coming is seen in its parent.
		_ = w.Remove(dir)
		return errors.Join(w.Add(filepath.Dir(dir)), w.Add(dir))
	}
	return &notifier{events: w.Events, errors: w.Errors, dir: dir, renew: renew, close: func() { _ = w.Close() }}, nil
}

// concerns says whether an event may have to do with a brief.
func (n *notifier) concerns(e fsnotify.Event) bool {
	if e.Name == n.dir {
		_ = n.renew()
		return true
	}
	if filepath.Dir(e.Name) != n.dir {
		return false
	}
	if e.Has(fsnotify.Create | fsnotify.Remove | fsnotify.Rename) {
		return true // also the link that a mounted volume turns: its name is hidden
	}
	wanted, _ := judge(e.Name, false)
	return wanted
}
