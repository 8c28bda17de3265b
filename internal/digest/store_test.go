package digest

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// TestMemory checks the store that is forgotten, which has one connection for
// everything.
func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openAt(t, Options{Store: Memory})
		f := newFake("telegram")
		record(t, l, dossier(t, "a"))
		subscribe(t, l, "telegram:1", "*", "immediate")
		stop := run(t, DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second})
		record(t, l, dossier(t, "a", event("one")))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		same(t, titles(f.sent()), "a event.added one")
		stop()
		if _, err := os.Stat(Memory); err == nil {
			t.Error("there is a file")
		}
	})
}

func TestOpenIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode there")
	}
	path := filepath.Join(t.TempDir(), "l.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	l := openFile(t, path)
	record(t, l, dossier(t, "a"))
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(name), info.Mode())
		}
	}
}

// TestOpenOddPaths checks that a path is a path, whatever is in it.
func TestOpenOddPaths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder?mode=memory&x=%41#y")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "briefbot 100% ü.db")
	l := openFile(t, path)
	record(t, l, dossier(t, "a"))
	l.Close()
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("the store is not at its path: %v, %v", info, err)
	}
	l = openFile(t, path)
	if s, err := l.Baseline(t.Context()); err != nil || len(s.Dossiers()) != 1 {
		t.Errorf("what was recorded is not there: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		// spoil does something to a good store and returns what to open.
		spoil func(t *testing.T, path string) string
		want  []string
	}{
		{"PostgreSQL", func(*testing.T, string) string { return "postgres://user:secret@host/db" }, []string{"not built yet"}},
		{"no path", func(*testing.T, string) string { return "" }, []string{"no store"}},
		{"a folder", func(t *testing.T, path string) string { return filepath.Dir(path) }, []string{"directory"}},
		{"a folder that is not there", func(t *testing.T, path string) string { return filepath.Join(path+"x", "l.db") }, []string{"does not exist"}},
		{"not a database", func(t *testing.T, path string) string {
			write(t, path, bytes.Repeat([]byte("not a database "), 1000))
			return path
		}, []string{"is not a SQLite database", "l.db"}},
		{"a damaged page", func(t *testing.T, path string) string {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := 4096; i < len(data); i += 3 {
				data[i] ^= 0x5a
			}
			write(t, path, data)
			return path
		}, []string{"damaged", "backup", "l.db"}},
		{"a truncated file", func(t *testing.T, path string) string {
			if err := os.Truncate(path, 5000); err != nil {
				t.Fatal(err)
			}
			return path
		}, []string{"damaged", "l.db"}},
		{"a newer schema", func(t *testing.T, path string) string {
			alter(t, path, "INSERT INTO schema_versions (version_id, is_applied) VALUES (999, 1)")
			return path
		}, []string{"version 999", "newer briefbot", "l.db"}},
		{"a newer queue", func(t *testing.T, path string) string {
			alter(t, path, "INSERT INTO river_migration (line, version) VALUES ('main', 999)")
			return path
		}, []string{"newer briefbot", "l.db"}},
		{"in use", func(t *testing.T, path string) string { openFile(t, path); return path },
			[]string{"in use", fmt.Sprint("process ", os.Getpid()), "store of its own", "l.db"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "l.db")
			l := openFile(t, path)
			record(t, l, dossier(t, "a", event("one")))
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			at := c.spoil(t, path)
			spoiled, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			l, err = Open(t.Context(), Options{Store: at})
			if err == nil {
				l.Close()
				t.Fatal("it was opened")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error %q tells the password", err)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(after, spoiled) {
				t.Errorf("the file was changed (%v, %d and %d bytes)", err, len(before), len(after))
			}
		})
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// alter runs a statement on a store that nobody has open.
func alter(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
}

// TestDiskFull checks that a store that cannot grow says so, keeps what it has,
// and goes on when there is room.
func TestDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	l := openFile(t, path)
	record(t, l, dossier(t, "a"))
	if _, err := l.store.write.ExecContext(t.Context(), "PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	// Longer than one page, and not to be compressed.
	long := event("long")
	for i := range 5000 {
		long.Detail += fmt.Sprint(i * i * 7919)
	}
	_, err := l.Record(t.Context(), snapshot(dossier(t, "a", long)))
	if err == nil || !strings.Contains(err.Error(), "disk is full") || !strings.Contains(err.Error(), path) {
		t.Fatalf("a full disk gives %v", err)
	}
	if _, err := l.store.write.ExecContext(t.Context(), "PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if got := kinds(record(t, l, dossier(t, "a", long))); got != "a event.added long" {
		t.Errorf("with room again it recorded %q", got)
	}
}

// TestReadOnly checks that a store that cannot be written says so.
func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	l := openFile(t, path)
	record(t, l, dossier(t, "a"))
	if _, err := l.store.write.ExecContext(t.Context(), "PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	_, err := l.Record(t.Context(), snapshot(dossier(t, "a", event("one"))))
	if err == nil || !strings.Contains(err.Error(), "cannot be written") || !strings.Contains(err.Error(), path) {
		t.Errorf("a store that cannot be written gives %v", err)
	}
}

// TestSecondCopy starts a second process on a store that is in use.
func TestSecondCopy(t *testing.T) {
	if path := os.Getenv("BRIEFBOT_TEST_SECOND_COPY"); path != "" {
		l, err := Open(t.Context(), Options{Store: path})
		if err == nil {
			l.Close()
			t.Fatal("opened")
		}
		fmt.Println(err)
		return
	}
	path := filepath.Join(t.TempDir(), "l.db")
	l := openFile(t, path)
	second := func() (string, error) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSecondCopy$")
		cmd.Env = append(os.Environ(), "BRIEFBOT_TEST_SECOND_COPY="+path)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := second(); err != nil || !strings.Contains(out, fmt.Sprint("in use by process ", os.Getpid())) {
		t.Errorf("the second copy says %q (%v)", out, err)
	}
	l.Close()
	if out, err := second(); err == nil || !strings.Contains(out, "opened") {
		t.Errorf("after the first copy ended the second says %q (%v)", out, err)
	}
}

func TestKeep(t *testing.T) {
	l := openNew(t)
	ctx := t.Context()
	long := "timeline us-nss-2025 after=" + strings.Repeat("x", 60)
	for range 2 {
		if err := l.KeepCalls(ctx, "stories", long, "stories"); err != nil {
			t.Fatal(err)
		}
	}
	for _, call := range []string{"stories", long} {
		if got, err := l.Call(ctx, "~"+chat.Ticket(call)); got != call || err != nil {
			t.Errorf("the kept call is %q, %v; want %q", got, err, call)
		}
	}
	if _, err := l.Call(ctx, "~unknown"); err != chat.ErrNoCall {
		t.Errorf("an unknown call gives %v", err)
	}
	for i, want := range []bool{false, true, true} {
		if seen, err := l.Seen(ctx, "telegram", "7"); seen != want || err != nil {
			t.Errorf("time %d: seen %v, %v", i, seen, err)
		}
	}
	if seen, err := l.Seen(ctx, "discord", "7"); seen || err != nil {
		t.Errorf("another platform's event is seen: %v, %v", seen, err)
	}
	for _, place := range []string{"", "12", "13"} {
		if place != "" {
			if err := l.SetOffset(ctx, "telegram", place); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := l.Offset(ctx, "telegram"); got != place || err != nil {
			t.Errorf("the offset is %q, %v; want %q", got, err, place)
		}
	}
}

// TestNotes keeps what a platform notes until its time is over, across a restart too.
func TestNotes(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	ctx := t.Context()
	note := func(key, want string) {
		t.Helper()
		if got, err := p.ledger.Note(ctx, key); got != want || err != nil {
			t.Errorf("the note of %s is %q, %v; want %q", key, got, err, want)
		}
	}
	set := func(key, value string, lasts time.Duration) {
		t.Helper()
		if err := p.ledger.SetNote(ctx, key, value, p.now.Add(lasts)); err != nil {
			t.Fatal(err)
		}
	}
	note("telegram a", "")
	set("telegram a", "one", time.Hour)
	set("telegram a", "two \u0437 \U0001F302", 2*time.Hour)
	set("telegram b", "other", time.Hour)
	note("telegram a", "two \u0437 \U0001F302")
	set("telegram b", "", 0)
	note("telegram b", "")
	p.now = p.now.Add(2 * time.Hour)
	note("telegram a", "")
	set("telegram c", "new", time.Hour)
	count := func(want int) {
		t.Helper()
		var n int
		if err := p.ledger.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM notes").Scan(&n); n != want || err != nil {
			t.Errorf("there are %d notes, %v; want %d", n, err, want)
		}
	}
	count(1)
	p.now = p.now.Add(time.Hour)
	if forgotten, err := p.ledger.prune(ctx, p.now, func() error { return nil }); forgotten.Notes != 1 || err != nil {
		t.Errorf("forgot %+v, %v", forgotten, err)
	}
	count(0)
	if err := p.ledger.SetNote(ctx, "k", strings.Repeat("x", chat.MaxNote+1), p.now.Add(time.Hour)); err == nil {
		t.Error("a note may have any length")
	}
}

// TestSeenForgets checks that events are remembered for a week and that their
// number stays bounded.
func TestSeenForgets(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	see := func(event string) bool {
		seen, err := p.ledger.Seen(t.Context(), "telegram", event)
		if err != nil {
			t.Fatal(err)
		}
		return seen
	}
	for i := range 100 {
		see(fmt.Sprint("old-", i))
	}
	p.asleep("2026-01-16 09:00")
	if !see("old-0") {
		t.Error("an event was forgotten within a week")
	}
	p.asleep("2026-01-18 09:00")
	for i := range 20 {
		see(fmt.Sprint("new-", i))
	}
	n, err := scalar(t.Context(), p.ledger.read, "SELECT COUNT(*) FROM events")
	if err != nil || n != 20 {
		t.Errorf("%d events are remembered (%v), want 20", n, err)
	}
}

func TestAlarms(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	l, ctx := p.ledger, t.Context()
	alarm := func(key, message string, want bool) {
		t.Helper()
		if r, err := l.Alarm(ctx, key, message, 0); r.First != want || err != nil {
			t.Errorf("Alarm(%s) is first: %v, %v", key, r.First, err)
		}
	}
	alarm("a", "one", true)
	p.asleep("2026-01-10 10:00")
	alarm("a", "two", false)
	p.asleep("2026-01-10 11:00")
	alarm("b", "three", true)
	all, err := l.Alarms(ctx)
	if err != nil || len(all) != 2 || all[0].Key != "b" || all[1].Count != 2 || all[1].Message != "two" {
		t.Errorf("alarms %+v, %v", all, err)
	}
	if d := all[1].Last.Sub(all[1].First).Hours(); d != 1 {
		t.Errorf("the alarm lasted %v hours", d)
	}
	if err := l.ClearAlarm(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	alarm("a", "again", true)
}

// TestAlarmsEnd lets a day pass without a trouble whose end nobody tells: then it is
// new, however often it was met before.
func TestAlarmsEnd(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	l, ctx := p.ledger, t.Context()
	for _, step := range []struct {
		at   string
		want bool
	}{
		{"2026-01-10 09:00", true}, {"2026-01-11 09:00", false}, {"2026-01-12 08:00", false}, {"2026-01-13 09:00", true},
	} {
		p.asleep(step.at)
		if r, err := l.Alarm(ctx, "a", "at "+step.at, 24*time.Hour); r.First != step.want || err != nil {
			t.Errorf("at %s the alarm is first: %v, %v", step.at, r.First, err)
		}
	}
	all, err := l.Alarms(ctx)
	if err != nil || len(all) != 1 || all[0].Count != 1 || !all[0].First.Equal(all[0].Last) {
		t.Errorf("alarms %+v, %v", all, err)
	}
	p.asleep("2026-02-20 09:00")
	if r, err := l.Alarm(ctx, "a", "lasting", 0); r.First || err != nil {
		t.Errorf("a trouble that lasts until it is cleared is first: %v, %v", r.First, err)
	}
}

// Strangers ask whether the store can be read: nothing that grows may be counted for
// it.
func TestReadable(t *testing.T) {
	l := openNew(t)
	for _, table := range []string{"deliveries", "subscriptions", "conversations", "changes", "calls", "events"} {
		if _, err := l.store.write.ExecContext(t.Context(), "DROP TABLE "+table); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Readable(t.Context()); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Readable(t.Context()); err == nil {
		t.Error("a closed store can be read")
	}
}
