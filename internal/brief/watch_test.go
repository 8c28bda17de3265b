package brief

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// A watching is a Watch in a bubble of synctest: time passes only when the test
// waits, so every number of calls is exact.
type watching struct {
	dir    string
	events chan fsnotify.Event // nil: looks only
	calls  atomic.Int64
	stop   func()
}

func startWatching(t *testing.T, dir string, notified bool) *watching {
	t.Helper()
	w := &watching{dir: dir}
	d := NewDir(dir, DirOptions{})
	d.notify = func(string) (*notifier, error) { return nil, errors.New("too many open files") }
	if notified {
		w.events = make(chan fsnotify.Event)
		d.notify = func(string) (*notifier, error) {
			return &notifier{events: w.events, dir: dir, renew: func() error { return nil }, close: func() {}}, nil
		}
	}
	if _, err := d.Load(context.Background(), nil); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Watch(ctx, func() { w.calls.Add(1) }) }()
	w.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch ended with %v", err)
		}
	}
	synctest.Wait()
	return w
}

// write writes a file and tells of it as the system would. Its time is set since
// the real clock may stand still between two writes.
func (w *watching) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(w.dir, name)
	writeFile(t, path, text)
	if err := os.Chtimes(path, time.Time{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	w.notify(name, fsnotify.Write)
}

func (w *watching) notify(name string, op fsnotify.Op) {
	if w.events != nil {
		w.events <- fsnotify.Event{Name: filepath.Join(w.dir, name), Op: op}
	}
}

// after lets time pass and checks how often changed was called so far.
func (w *watching) after(t *testing.T, d time.Duration, want int) {
	t.Helper()
	time.Sleep(d) // of the bubble: no real time passes
	synctest.Wait()
	if got := int(w.calls.Load()); got != want {
		t.Fatalf("changed was called %d times so far, want %d", got, want)
	}
}

func TestWatchCallsOnceForABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWatching(t, t.TempDir(), true)
		defer w.stop()
		for i := range 10 {
			w.write(t, "a.yaml", minimal(strings.Repeat("A", i+1)))
			w.after(t, 100*time.Millisecond, 0)
		}
		w.after(t, 299*time.Millisecond, 0) // the last write was 100 ms ago, and something came in that time
		w.after(t, 300*time.Millisecond, 1)
		w.after(t, time.Hour, 1)
		w.write(t, "a.yaml", minimal("again"))
		w.after(t, 300*time.Millisecond, 2)
	})
}

func TestWatchWaitsForAnEditorThatEmptiesTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "a.yaml"), minimal("A"))
		w := startWatching(t, dir, true)
		defer w.stop()
		w.write(t, "a.yaml", "")
		w.after(t, 2*time.Second, 0)
		w.write(t, "a.yaml", minimal("A2"))
		w.after(t, 600*time.Millisecond, 1)

		w.write(t, "a.yaml", "") // for good
		w.after(t, maxWaits*300*time.Millisecond, 2)
	})
}

func TestWatchDoesNotWaitForeverForAFileThatGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWatching(t, t.TempDir(), true)
		defer w.stop()
		for range maxWaits {
			w.write(t, "a.yaml", minimal("grows "+time.Now().String()))
			time.Sleep(299 * time.Millisecond)
		}
		w.after(t, 300*time.Millisecond, 1)
	})
}

func TestWatchLooksWithoutNotifications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w := startWatching(t, dir, false)
		defer w.stop()
		w.after(t, time.Hour, 0)
		w.write(t, "a.yaml", minimal("A"))
		w.after(t, time.Minute+300*time.Millisecond, 1)
		if err := os.Rename(filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")); err != nil {
			t.Fatal(err)
		}
		w.after(t, time.Minute+300*time.Millisecond, 2)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		w.after(t, time.Minute+300*time.Millisecond, 3)
		w.after(t, time.Hour, 3)
		w.write(t, "b.yaml", minimal("B"))
		w.after(t, time.Minute+300*time.Millisecond, 4)
	})
}

func TestWatchMissesNothingBetweenLoadAndWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		d := NewDir(dir, DirOptions{Poll: time.Hour})
		d.notify = func(string) (*notifier, error) { return nil, errors.New("none") }
		if _, err := d.Load(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, "a.yaml"), minimal("A"))
		ctx, cancel := context.WithCancel(context.Background())
		var calls atomic.Int64
		done := make(chan error)
		go func() { done <- d.Watch(ctx, func() { calls.Add(1) }) }()
		time.Sleep(300 * time.Millisecond)
		synctest.Wait()
		if got := calls.Load(); got != 1 {
			t.Errorf("changed was called %d times, want once", got)
		}
		cancel()
		<-done
	})
}

// TestWatchTriesAgain lets loading meet trouble that passes without any file being
// written.
func TestWatchTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDir(t.TempDir(), DirOptions{})
		d.notify = func(string) (*notifier, error) { return nil, errors.New("none") }
		var calls atomic.Int64
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() {
			done <- d.Watch(ctx, func() {
				if _, err := d.Load(ctx, nil); err != nil {
					t.Error(err)
				}
				if calls.Add(1) < 3 {
					d.noted(fmt.Errorf("reading: %w", syscall.EMFILE))
				}
			})
		}()
		d.noted(syscall.EIO)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := calls.Load(); got != 3 {
			t.Errorf("changed was called %d times, want until the trouble is over", got)
		}
		cancel()
		<-done
	})
	for err, want := range map[error]bool{
		nil: false, fs.ErrNotExist: false, fs.ErrPermission: false, errOutside: false, errHuge: false,
		syscall.EMFILE: true, &fs.PathError{Op: "open", Err: syscall.ENFILE}: true,
	} {
		if isPassing(err) != want {
			t.Errorf("%v may pass: %v", err, !want)
		}
	}
}

func TestWatchSaysThatItOnlyLooks(t *testing.T) {
	for _, test := range []struct {
		renewed error
		want    bool
	}{{nil, false}, {syscall.ENOSPC, true}, {fs.ErrNotExist, false}} {
		var log strings.Builder
		d := NewDir(t.TempDir(), DirOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		d.notify = func(string) (*notifier, error) {
			return &notifier{renew: func() error { return test.renewed }, close: func() {}}, nil
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := d.Watch(ctx, func() {}); err != nil {
			t.Error(err)
		}
		if got := strings.Contains(log.String(), "from time to time only"); got != test.want {
			t.Errorf("after %v: %q", test.renewed, log.String())
		}
	}
}

func TestWatchMindsBriefsOnly(t *testing.T) {
	n := &notifier{dir: "/briefs", renew: func() error { return nil }}
	for _, test := range []struct {
		name string
		op   fsnotify.Op
		want bool
	}{
		{"/briefs/a.yaml", fsnotify.Write, true},
		{"/briefs/a.yaml", fsnotify.Chmod, true},
		{"/briefs/.a.yaml.swp", fsnotify.Write, false},
		{"/briefs/notes.txt", fsnotify.Write, false},
		{"/briefs/..data", fsnotify.Create, true},
		{"/briefs", fsnotify.Remove, true},
		{"/briefbot.db-wal", fsnotify.Write, false},
		{"/other", fsnotify.Create, false},
	} {
		if got := n.concerns(fsnotify.Event{Name: test.name, Op: test.op}); got != test.want {
			t.Errorf("%v of %s concerns the briefs: %v, want %v", test.op, test.name, got, test.want)
		}
	}
}

// A seeing is a Watch of a real folder with real notifications.
type seeing struct {
	dir   string
	calls chan struct{}
}

func startSeeing(t *testing.T, dir string) *seeing {
	t.Helper()
	s := &seeing{dir: dir, calls: make(chan struct{}, 100)}
	d := NewDir(dir, DirOptions{Poll: time.Hour, Debounce: 10 * time.Millisecond})
	if _, err := d.Load(context.Background(), nil); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	d.notify = func(path string) (*notifier, error) {
		n, err := newNotifier(path)
		if err != nil {
			t.Error(err)
			return nil, err
		}
		renew := n.renew
		n.renew = sync.OnceValue(func() error {
			defer close(ready)
			n.renew = renew
			return renew()
		})
		return n, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Watch(ctx, func() { s.calls <- struct{}{} }) }()
	<-ready
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch ended with %v", err)
		}
	})
	return s
}

// told waits until the dossiers have these titles, loading at every call.
func (s *seeing) told(t *testing.T, want ...string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case <-s.calls:
			if got, err := NewDir(s.dir, DirOptions{}).Load(context.Background(), nil); err == nil && strings.Join(titles(got.Dossiers()), "; ") == strings.Join(want, "; ") {
				return
			}
		case <-deadline:
			t.Fatalf("not told of %q", want)
		}
	}
}

func TestWatchSeesHowEditorsWrite(t *testing.T) {
	dir := t.TempDir()
	a := filepath.Join(dir, "a.yaml")
	writeFile(t, a, minimal("A"))
	s := startSeeing(t, dir)

	writeFile(t, a, minimal("in place"))
	s.told(t, "in place")

	writeFile(t, filepath.Join(dir, ".a.yaml.tmp"), minimal("by a rename"))
	if err := os.Rename(filepath.Join(dir, ".a.yaml.tmp"), a); err != nil {
		t.Fatal(err)
	}
	s.told(t, "by a rename")

	if err := os.Rename(a, a+"~"); err != nil { // backup, then a new file
		t.Fatal(err)
	}
	writeFile(t, a, minimal("after a backup"))
	s.told(t, "after a backup")

	if err := os.Remove(a); err != nil {
		t.Fatal(err)
	}
	s.told(t)
}

func TestWatchFollowsAFolderMadeAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "briefs")
	writeFile(t, filepath.Join(dir, "a.yaml"), minimal("A"))
	s := startSeeing(t, dir)
	for _, title := range []string{"made again", "and again"} {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, "a.yaml"), minimal(title))
		s.told(t, title)
		writeFile(t, filepath.Join(dir, "b.yaml"), minimal("seen in it"))
		s.told(t, title, "seen in it")
	}
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "c.yaml"), minimal("another folder"))
	s.told(t, "another folder")
}

func TestWatchWaitsForTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "briefs")
	s := startSeeing(t, dir)
	writeFile(t, filepath.Join(dir, "a.yaml"), minimal("at last"))
	s.told(t, "at last")
}

// TestWatchSeesLinksTurn covers folders that are replaced by turning a link, as
// mounted configuration maps and deployments of releases are.
func TestWatchSeesLinksTurn(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "briefs")
	turn := func(link, target string) {
		t.Helper()
		if err := os.Symlink(target, link+".next"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(link+".next", link); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(root, "1", "..2025_1", "a.yaml"), minimal("first"))
	writeFile(t, filepath.Join(root, "1", "..2025_2", "a.yaml"), minimal("second"))
	writeFile(t, filepath.Join(root, "2", "a.yaml"), minimal("third"))
	turn(filepath.Join(root, "1", "..data"), "..2025_1")
	turn(filepath.Join(root, "1", "a.yaml"), "..data/a.yaml")
	turn(dir, "1")
	s := startSeeing(t, dir)

	turn(filepath.Join(root, "1", "..data"), "..2025_2")
	s.told(t, "second")
	turn(dir, "2")
	s.told(t, "third")
	writeFile(t, filepath.Join(root, "2", "a.yaml"), minimal("fourth"))
	s.told(t, "fourth")
}
