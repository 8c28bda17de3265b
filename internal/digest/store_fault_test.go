package digest

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// garble spoils every page of a file but the first, as a bad disk does.
func garble(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(bytes.Repeat([]byte{0x5a}, int(info.Size())-4096), 4096); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// wantRemedy fails the test unless an error names the store and says all of want.
func wantRemedy(t *testing.T, err error, path string, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("there is no error")
	}
	for _, words := range append(want, path) {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("the error %q does not say %q", err, words)
		}
	}
}

// TestDamageWhileRunning has a store go bad under a dispatcher: it ends with an error
// that says where and what to do, and nothing more is written.
func TestDamageWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "l.db")
		l := openFile(t, path)
		record(t, l, dossier(t, "a"))
		crowd(t, l, "telegram", 200, Immediate)
		if _, err := l.store.write.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
		f := newFake("telegram")
		d, err := NewDispatcher(DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Compose: compose, Settle: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		synctest.Wait()
		garble(t, path)
		// What is in the caches of the connections still stands; the record makes
		// them look again.
		_, _ = l.Record(t.Context(), snapshot(dossier(t, "a", event("one"))))
		select {
		case err := <-done:
			wantRemedy(t, err, path, "damaged", "keep the file", "backup")
		case <-time.After(2 * time.Minute):
			t.Fatal("the dispatcher goes on with a damaged store")
		}
		_, err = l.Record(t.Context(), snapshot(dossier(t, "a", event("two"))))
		wantRemedy(t, err, path, "damaged")
	})
}

// TestKilledAndDamaged opens what a killed process left, its log not merged yet, once
// the file went bad: neither is changed.
func TestKilledAndDamaged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "l.db")
	l := openFile(t, path)
	record(t, l, dossier(t, "a"))
	left := filepath.Join(dir, "left.db")
	for _, suffix := range []string{"", "-wal"} {
		write(t, left+suffix, contents(t, path+suffix))
	}
	garble(t, left)
	file, log := contents(t, left), contents(t, left+"-wal")
	if len(log) == 0 {
		t.Fatal("there is no log")
	}
	_, err := Open(t.Context(), Options{Store: left})
	wantRemedy(t, err, left, "damaged", "backup")
	if !bytes.Equal(contents(t, left), file) || !bytes.Equal(contents(t, left+"-wal"), log) {
		t.Error("the damaged store was changed")
	}
}

// TestNeverAnewInSilence opens a store of which nothing is left.
func TestNeverAnewInSilence(t *testing.T) {
	var said bytes.Buffer
	o := Options{Store: filepath.Join(t.TempDir(), "l.db"), Logger: slog.New(slog.NewTextHandler(&said, nil))}
	l := openAt(t, o)
	record(t, l, dossier(t, "a"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(o.Store, 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := Open(t.Context(), o)
		wantRemedy(t, err, o.Store, "is empty", "backup", "remove it to begin anew")
		if info, err := os.Stat(o.Store); err != nil || info.Size() != 0 {
			t.Errorf("the empty store was changed: %v, %v", info, err)
		}
	}
	if said.Len() > 0 {
		t.Errorf("the log says %s", &said)
	}
	if err := os.Remove(o.Store); err != nil {
		t.Fatal(err)
	}
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if !strings.Contains(said.String(), "made anew") || !strings.Contains(said.String(), o.Store) {
		t.Errorf("of a store that was removed the log says %q", &said)
	}
	// A start that died before it made anything is no reason to refuse the next.
	fresh := Options{Store: filepath.Join(t.TempDir(), "l.db")}
	write(t, fresh.Store, nil)
	write(t, fresh.Store+".lock", []byte("17\n"))
	if l, err = Open(t.Context(), fresh); err != nil {
		t.Fatal(err)
	}
	l.Close()
}

// TestReadOnlyPlace opens a store, and none, where nothing can be written.
func TestReadOnlyPlace(t *testing.T) {
	dir, makeReadOnly := readOnlyPlace(t)
	path := filepath.Join(dir, "l.db")
	l := openFile(t, path)
	record(t, l, dossier(t, "a"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before := contents(t, path)
	makeReadOnly()
	for _, name := range []string{"l.db", "none.db"} {
		_, err := Open(t.Context(), Options{Store: filepath.Join(dir, name)})
		wantRemedy(t, err, filepath.Join(dir, name), "check the permissions")
	}
	if !bytes.Equal(contents(t, path), before) {
		t.Error("the store was changed")
	}
}

// TestLockedByAnother opens a store that another program writes to and does not
// finish, as an administrator's shell may.
func TestLockedByAnother(t *testing.T) {
	if path := os.Getenv("BRIEFBOT_TEST_LOCK"); path != "" {
		holdLock(t, path)
		return
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "l.db")
	l := openFile(t, path)
	record(t, l, dossier(t, "a"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestLockedByAnother$")
	cmd.Env = append(os.Environ(), "BRIEFBOT_TEST_LOCK="+path)
	release, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("locked"))); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), Options{Store: path})
	wantRemedy(t, err, path, "locked by another program", "close what has it open")
	release.Close()
	if _, err := io.Copy(io.Discard, out); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if s, err := openFile(t, path).Baseline(t.Context()); err != nil || len(s.Dossiers()) != 1 {
		t.Errorf("with the lock released the store has %v, %v", s, err)
	}
}

// holdLock writes to a store and does not finish until its input ends.
func holdLock(t *testing.T, path string) {
	db, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Print("locked")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// TestDiskFullInBroadcast fills the disk in the middle of a broadcast, and makes room
// again minutes later: nothing is lost, nothing repeated, the operators are told,
// and meanwhile the store is tried no more than every second or so by each send that
// waits to be written down.
func TestDiskFullInBroadcast(t *testing.T) {
	dir := smallDisk(t)
	synctest.Test(t, func(t *testing.T) {
		const n = 400
		l := openFile(t, filepath.Join(dir, "l.db"))
		record(t, l, dossier(t, "a"))
		crowd(t, l, "telegram", n, Immediate)
		f := pacedFake(chat.Pace{PerSecond: 28, Burst: 1, Each: time.Second, Workers: 8})
		var told alarms
		var tries atomic.Int64
		l.fault = func(_ string, committed bool) error {
			if !committed {
				tries.Add(1)
			}
			return nil
		}
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second, Alarm: told.tell})
		record(t, l, dossier(t, "a", event("one")))
		for len(f.sent()) < n/4 {
			time.Sleep(time.Second)
		}
		free := fillDisk(t, dir)
		time.Sleep(time.Minute)
		stuck := len(f.sent())
		tries.Store(0)
		minutes := 11 // longer than a job may live
		if detecting {
			minutes = 2
		}
		time.Sleep(time.Duration(minutes) * time.Minute)
		if len(f.sent()) != stuck || stuck == n {
			t.Errorf("with the disk full %d messages were sent, and %d minutes later %d", stuck, minutes, len(f.sent()))
		}
		if tried := tries.Load(); tried > int64(minutes*60*20) {
			t.Errorf("the store was tried %d times in %d minutes", tried, minutes)
		}
		if !strings.Contains(told.String(), "settle") {
			t.Errorf("the operators were told %q", told.String())
		}
		free()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		got := make(map[string]int)
		for _, p := range f.sent() {
			got[p.To.ID]++
		}
		if len(got) != n || len(f.sent()) != n { // nothing was cut off, so nothing is told twice
			t.Errorf("%d of %d conversations were told, in %d messages", len(got), n, len(f.sent()))
		}
		stop()
	})
}

// fillDisk fills the file system of a folder until nothing fits any more.
func fillDisk(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 16, 1 << 10, 1} {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if !isFull(err) {
			t.Fatal(err)
		}
		err = nil
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

// lacking skips a test for what this machine does not let it do, unless every test is
// required.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
		t.Fatal(what)
	}
	t.Skip(what)
}
