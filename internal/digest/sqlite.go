package digest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Memory is the store that is forgotten when it is closed.
const Memory = ":memory:"

// readers is how many connections read beside the one that writes.
const readers = 4

// idleReader is how long a connection that reads is kept without anything to read.
const idleReader = 30 * time.Second

// A store is an open SQLite file: one connection that writes, a few that read,
// and the lock that keeps other processes out.
type store struct {
	path  string
	write *pool
	read  *pool // write itself in memory
	lock  *os.File
	anew  bool // there was a store, and there is none any more
	harm  harm
}

// openStore opens the file at path, making it if there is none.
func openStore(ctx context.Context, path string) (_ *store, err error) {
	if strings.HasPrefix(path, "postgres://") || strings.HasPrefix(path, "postgresql://") {
		return nil, errors.New("a store on PostgreSQL is not built yet: give the path of a SQLite file")
	}
	if path == "" {
		return nil, errors.New("no store is named: give the path of a SQLite file")
	}
	s := &store{path: path, harm: harm{found: make(chan struct{})}}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if path == Memory {
		if s.write, err = connect("file::memory:", 1); err != nil {
			return nil, err
		}
		s.read = s.write
		return s, nil
	}
	var held bool
	if s.lock, held, err = takeLock(path); err != nil {
		return nil, err
	}
	if s.anew, err = gone(path, held); err != nil {
		return nil, err
	}
	if err := private(path); err != nil {
		return nil, err
	}
	name := (&url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path)}).String()
	if err := s.inspect(ctx, name); err != nil {
		return nil, err
	}
	if s.write, err = connect(name, 1); err != nil {
		return nil, err
	}
	if s.read, err = connect(name, readers); err != nil {
		return nil, err
	}
	return s, nil
}

// connect returns a pool whose connections are set up alike: the write-ahead log
// survives a crash, and full synchronisation a power cut.
func connect(name string, conns int) (*pool, error) {
	settings := url.Values{
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}
	db, err := sql.Open("sqlite", name+"?"+settings.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	if conns > 1 {
		db.SetConnMaxIdleTime(idleReader) // with it goes the memory of its cache
	}
	return newPool(db), nil
}

// private makes sure that the file exists and nobody else can read it: it holds
// where people talk and what they asked for.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	defer f.Close()
	if err := f.Chmod(0o600); err != nil {
		return fmt.Errorf("keeping the store %s private: %w", path, err)
	}
	return nil
}

// heldMark stands in the lock file once the store holds something.
const heldMark = "held"

// takeLock takes the lock file beside the store, and says whether the store held
// something when it was last open. The file stays when the lock is given back:
// removing it could take it away from the next process.
func takeLock(path string) (lock *os.File, held bool, err error) {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, fmt.Errorf("opening the store %s: its folder does not exist: make it first", path)
	}
	if err != nil {
		return nil, false, fmt.Errorf("opening the store %s: %w: check the permissions of the file and its folder", path, err)
	}
	holder := "another process"
	if data, err := os.ReadFile(name); err == nil {
		pid, mark, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
		held = mark == heldMark
		if _, err := strconv.Atoi(pid); err == nil {
			holder = "process " + pid
		}
	}
	if !lockFile(f) {
		f.Close()
		return nil, false, fmt.Errorf("the store %s is in use by %s: stop that one, or give this one a store of its own", path, holder)
	}
	if err := sign(f, held); err != nil {
		f.Close()
		return nil, false, fmt.Errorf("locking the store %s: %w", path, err)
	}
	return f, held, nil
}

// sign writes who holds the lock, and whether the store holds something.
func sign(lock *os.File, held bool) error {
	line := strconv.Itoa(os.Getpid())
	if held {
		line += " " + heldMark
	}
	if err := lock.Truncate(0); err != nil {
		return err
	}
	_, err := lock.WriteAt([]byte(line+"\n"), 0)
	return err
}

// gone says whether a store that held something is missing, as after somebody
// removed it. One that is there and empty was cut off: beginning anew in it would
// forget in silence who is owed what.
func gone(path string, held bool) (bool, error) {
	info, err := os.Stat(path)
	if !held || err == nil && info.Size() > 0 {
		return false, nil
	}
	if err == nil {
		return false, fmt.Errorf("the store %s is empty, and it was not: put a backup in its place, or remove it to begin anew", path)
	}
	return errors.Is(err, fs.ErrNotExist), nil
}

// inspect reads the whole structure of the file once, so that damage is found
// before anything is built on it. It only reads: what is damaged stays as it is, its
// log beside it.
func (s *store) inspect(ctx context.Context, name string) error {
	db, err := sql.Open("sqlite", name+"?mode=ro")
	if err != nil {
		return err
	}
	defer db.Close()
	var finding string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&finding); err != nil {
		return s.explain(err)
	}
	if finding != "ok" {
		return fmt.Errorf("the store %s is damaged (%s): keep the file for inspection and put a backup in its place", s.path, finding)
	}
	return nil
}

// A harm is the damage that was found in a store, once there is any.
type harm struct {
	mu    sync.Mutex
	err   error
	found chan struct{} // closed once there is
}

func (h *harm) note(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err == nil {
		h.err = err
		close(h.found)
	}
}

// damage returns what is wrong with the store for good, nil as long as nothing is.
func (s *store) damage() error {
	s.harm.mu.Lock()
	defer s.harm.mu.Unlock()
	return s.harm.err
}

func (s *store) close() error {
	var errs []error
	if s.read != nil && s.read != s.write {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// explain says what an error of SQLite means for whoever runs the program, and
// which file it is about. Damage is remembered: nothing is written any more.
func (s *store) explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	code := e.Code() & 0xff
	told := fmt.Errorf("the store %s: %w", s.path, err)
	if remedy := remedies[code]; remedy != "" {
		told = fmt.Errorf("the store %s %s: %w", s.path, remedy, err)
	}
	if code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB {
		s.harm.note(told)
	}
	return told
}

// remedies are by primary result code (https://www.sqlite.org/rescode.html).
var remedies = map[int]string{
	sqlite3.SQLITE_BUSY:     "is locked by another program: close what has it open",
	sqlite3.SQLITE_LOCKED:   "is locked by another program: close what has it open",
	sqlite3.SQLITE_READONLY: "cannot be written: check the permissions of the file and its folder",
	sqlite3.SQLITE_PERM:     "cannot be written: check the permissions of the file and its folder",
	sqlite3.SQLITE_CANTOPEN: "cannot be opened: check the permissions of the file and its folder",
	sqlite3.SQLITE_FULL:     "cannot grow, the disk is full: make room",
	sqlite3.SQLITE_IOERR:    "cannot be read or written: check the disk",
	sqlite3.SQLITE_CORRUPT:  "is damaged: keep the file for inspection and put a backup in its place",
	sqlite3.SQLITE_NOTADB:   "is not a SQLite database, or is damaged: keep the file and give another path, or put a backup in its place",
}
