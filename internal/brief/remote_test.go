package brief

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/mirror"
)

// A host is a git server, git's own, that shows a repository over http.
type host struct {
	*repository
	server *httptest.Server
	token  string // with which one may read; empty: anyone may
	status int    // what is answered instead; zero: what git says
}

func newHost(t *testing.T) *host {
	t.Helper()
	backend := gitBackend(t)
	h := &host{repository: newRepository(t)}
	git := &cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + h.dir, "GIT_HTTP_EXPORT_ALL=1"}, Stderr: t.Output()}
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		switch {
		case h.status != 0:
			http.Error(w, "not now", h.status)
		case h.token != "" && password != h.token:
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, "who are you?", http.StatusUnauthorized)
		default:
			git.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(h.server.Close)
	return h
}

// gitBackend returns the path of git's http server.
func gitBackend(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("git", "--exec-path").Output()
	path := filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
	if err == nil {
		_, err = os.Stat(path)
	}
	if err == nil {
		return path
	}
	const need = "git with git-http-backend is not here: install git"
	if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
		t.Fatal(need)
	}
	t.Skip(need)
	return ""
}

// address returns the repository's address with what follows it.
func (h *host) address(fragment string) string { return h.server.URL + "/.git" + fragment }

// at moves a branch to a commit, as a push by force does.
func (r *repository) at(t *testing.T, branch, hash string) {
	t.Helper()
	name := plumbing.NewBranchReferenceName(branch)
	if err := r.repo.Storer.SetReference(plumbing.NewHashReference(name, plumbing.NewHash(hash))); err != nil {
		t.Fatal(err)
	}
}

func newGit(t *testing.T, address, dir string) *Git {
	t.Helper()
	g, err := NewGit(address, GitOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func mustLoad(t *testing.T, g *Git, previous *Snapshot) *Snapshot {
	t.Helper()
	s, err := g.Load(context.Background(), previous)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// next looks for news and loads them.
func next(t *testing.T, g *Git, previous *Snapshot) *Snapshot {
	t.Helper()
	if _, err := g.look(context.Background()); err != nil {
		t.Fatal(err)
	}
	return mustLoad(t, g, previous)
}

func wantTitles(t *testing.T, s *Snapshot, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, titles(s.Dossiers())); diff != "" {
		t.Errorf("dossiers (-want +got):\n%s", diff)
	}
}

func TestGit(t *testing.T) {
	h := newHost(t)
	h.commit(t, "briefs/a.yaml", minimal("A"), "briefs/b.yaml", minimal("B"))
	h.commit(t, "README.md", "The desk")
	dir := filepath.Join(t.TempDir(), "kept")
	g := newGit(t, h.address("#master:briefs"), dir)
	first := mustLoad(t, g, nil)
	wantTitles(t, first, "A", "B")
	if _, known := first.Commit("a"); known {
		t.Error("who changed a brief is known of the newest commit alone")
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the copy: %v, %v", info, err)
	}

	changed := h.commit(t, "briefs/a.yaml", minimal("A2"))
	h.commit(t, "README.md", "The desk, again")
	second := next(t, g, first)
	wantTitles(t, second, "A2", "B")
	who, known := second.Commit("a")
	if !known || who.Hash != changed || who.Author != "An Editor" {
		t.Errorf("a was changed by %+v (known: %v), want %s", who, known, changed)
	}
	if second.record("b") != first.record("b") {
		t.Error("a brief that did not change was read again")
	}
	if got := Diff(first, second); len(got) != 1 {
		t.Errorf("changes: %v", got)
	}
	if want := "master at " + second.Revision(); second.Origin() != want {
		t.Errorf("origin %q, want %q", second.Origin(), want)
	}
	path, text, err := g.Original(context.Background(), "a")
	if err != nil || path != "briefs/a.yaml" || string(text) != minimal("A2") {
		t.Errorf("original %s %q %v", path, text, err)
	}
	if _, _, err := g.Original(context.Background(), "nobody"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("original of no brief: %v", err)
	}

	// After a restart without the host, the last state is there with its history.
	h.server.Close()
	again := newGit(t, h.address("#master:briefs"), dir)
	third := mustLoad(t, again, nil)
	wantTitles(t, third, "A2", "B")
	if who, known := third.Commit("a"); !known || who.Hash != changed {
		t.Errorf("after a restart a was changed by %+v (known: %v)", who, known)
	}
	if f := again.Freshness(); !errors.Is(f.Err, mirror.ErrPassing) || f.Lasting {
		t.Errorf("freshness: %+v", f)
	}
	other := newGit(t, h.address("#other:briefs"), dir)
	if _, err := other.Load(context.Background(), nil); err == nil {
		t.Error("another branch was read from the copy of this one")
	}
}

func TestGitForcePushes(t *testing.T) {
	h := newHost(t)
	root := h.commit(t, "briefs/a.yaml", minimal("A"), "briefs/b.yaml", minimal("B"))
	middle := h.commit(t, "briefs/a.yaml", minimal("A2"))
	h.commit(t, "briefs/a.yaml", minimal("A3"))
	dir := t.TempDir()
	g := newGit(t, h.address(""), dir)
	s := mustLoad(t, g, nil)
	wantTitles(t, s, "A3", "B")

	// Back to what the copy never had: the host takes it for known.
	h.at(t, "master", middle)
	s = next(t, g, s)
	wantTitles(t, s, "A2", "B")
	h.at(t, "master", root)
	s = next(t, g, s)
	wantTitles(t, s, "A", "B")

	// A history that has nothing in common with it.
	other := newRepository(t)
	strange := other.commit(t, "briefs/a.yaml", minimal("Elsewhere"), "briefs/b.yaml", minimal("B"))
	if err := os.CopyFS(filepath.Join(h.dir, ".git", "objects"), onlyNew{os.DirFS(filepath.Join(other.dir, ".git", "objects")), filepath.Join(h.dir, ".git", "objects")}); err != nil {
		t.Fatal(err)
	}
	h.at(t, "master", strange)
	s = next(t, g, s)
	wantTitles(t, s, "Elsewhere", "B")
	if len(s.Problems()) > 0 {
		t.Errorf("problems: %v", s.Problems())
	}
	wantTitles(t, mustLoad(t, newGit(t, h.address(""), dir), nil), "Elsewhere", "B")
}

// onlyNew is the files of a file system that a folder has not.
type onlyNew struct {
	fs.FS
	folder string
}

func (o onlyNew) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.FS, name)
	var fresh []fs.DirEntry
	for _, e := range entries {
		if _, there := os.Stat(filepath.Join(o.folder, name, e.Name())); e.IsDir() || there != nil {
			fresh = append(fresh, e)
		}
	}
	return fresh, err
}

func TestGitTroubles(t *testing.T) {
	h := newHost(t)
	h.commit(t, "briefs/a.yaml", minimal("A"))
	g := newGit(t, h.address("#master:briefs"), t.TempDir())
	s := mustLoad(t, g, nil)
	ctx := context.Background()

	h.commit(t, "briefs/a.yaml", "", "briefs.md", "gone")
	if _, err := g.look(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Load(ctx, s); err == nil || !strings.Contains(err.Error(), "no such folder") {
		t.Errorf("a folder that went: %v", err)
	}
	h.commit(t, "briefs/notes.md", "no briefs")
	if _, err := g.look(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Load(ctx, s); err == nil || !strings.Contains(err.Error(), "no brief any more") {
		t.Errorf("a folder that was emptied: %v", err)
	}
	h.commit(t, "briefs/a.yaml", minimal("A"), "briefs/b.yaml", minimal("B"))
	refilled := next(t, g, s)
	wantTitles(t, refilled, "A", "B")
	if changes := Diff(s, refilled); len(changes) != 1 || changes[0].Story != "b" || changes[0].Kind != "dossier.opened" {
		t.Errorf("a folder that was emptied and filled again is told as %v", short(changes))
	}

	for status, want := range map[int]string{401: "BRIEFBOT_BRIEFS_TOKEN", 403: "may not read", 404: "check the address", 503: "503"} {
		h.status = status
		_, err := g.look(ctx)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("status %d: %v, want %q", status, err, want)
		}
		if passes := errors.Is(err, mirror.ErrPassing); passes != (status == 503) {
			t.Errorf("status %d passes by itself: %v", status, passes)
		}
	}
	h.status = 0
	if err := h.repo.Storer.RemoveReference("refs/heads/master"); err != nil {
		t.Fatal(err)
	}
	h.at(t, "renamed", func() string { state, _ := g.mirror.State(); return state.Head.String() }())
	if _, err := g.look(ctx); err == nil || !strings.Contains(err.Error(), `no branch "master"`) || !strings.Contains(err.Error(), "it has renamed") {
		t.Errorf("a branch that was renamed: %v", err)
	}
	if _, has := g.mirror.State(); !has {
		t.Error("what was fetched is gone")
	}
}

func TestGitOfAnEmptyRepository(t *testing.T) {
	h := newHost(t)
	g := newGit(t, h.address(""), t.TempDir())
	if _, err := g.Load(context.Background(), nil); !errors.Is(err, mirror.ErrEmpty) {
		t.Errorf("an empty repository: %v", err)
	}
	h.commit(t, "briefs/a.yaml", minimal("A"))
	wantTitles(t, mustLoad(t, g, nil), "A")
}

func TestGitOfDamagedCopies(t *testing.T) {
	h := newHost(t)
	h.commit(t, "briefs/a.yaml", minimal("A"))
	for name, damage := range map[string]func(dir string) error{
		"without packs": func(dir string) error { return os.RemoveAll(filepath.Join(dir, "objects")) },
		"without a branch": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "refs", "heads", "master"), nil, 0o600)
		},
		"cut short": func(dir string) error {
			packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
			if err != nil || len(packs) == 0 {
				return errors.New("there is no pack")
			}
			_ = os.Chmod(packs[0], 0o600)
			return os.Truncate(packs[0], 40)
		},
	} {
		dir := t.TempDir()
		mustLoad(t, newGit(t, h.address(""), dir), nil)
		copies, err := filepath.Glob(filepath.Join(dir, "*.git"))
		if err != nil || len(copies) != 1 {
			t.Fatalf("copies: %v %v", copies, err)
		}
		if err := damage(copies[0]); err != nil {
			t.Fatal(err)
		}
		g := newGit(t, h.address(""), dir)
		s, err := g.Load(context.Background(), nil)
		if err != nil { // found while reading: the next look mends it
			if _, err := g.look(context.Background()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			s = mustLoad(t, g, nil)
		}
		wantTitles(t, s, "A")
	}
}

func TestGitKeepsSecrets(t *testing.T) {
	h := newHost(t)
	h.commit(t, "briefs/a.yaml", minimal("A"))
	h.token = "hush-hush"
	with := func(address, token string) error {
		g, err := NewGit(address, GitOptions{Dir: t.TempDir(), Token: token})
		if err == nil {
			_, err = g.Load(context.Background(), nil)
		}
		return err
	}
	if err := with(h.address(""), h.token); err != nil {
		t.Errorf("with the token: %v", err)
	}
	password := strings.Replace(h.address(""), "://", "://desk:hush-hush@", 1)
	if err := with(password, ""); err != nil {
		t.Errorf("with a password in the address: %v", err)
	}
	if err := with(h.address(""), "wrong-secret"); err == nil || strings.Contains(err.Error(), "wrong-secret") || !strings.Contains(err.Error(), "401") {
		t.Errorf("with another token: %v", err)
	}

	var heard []string
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		heard = append(heard, r.URL.String()+r.Header.Get("Authorization"))
	}))
	defer stranger.Close()
	redirect := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, stranger.URL+r.URL.String(), http.StatusMovedPermanently)
	}))
	defer redirect.Close()
	for _, from := range []string{redirect.URL, strings.Replace(redirect.URL, "127.0.0.1", "localhost", 1)} {
		err := with(from+"/desk.git", "hush-hush")
		if err == nil || !strings.Contains(err.Error(), "redirects to") || strings.Contains(err.Error(), "hush-hush") {
			t.Errorf("a redirect: %v", err)
		}
	}
	if len(heard) > 0 {
		t.Errorf("another host was asked: %q", heard)
	}

	closed := httptest.NewServer(nil)
	closed.Close()
	away, _ := url.Parse(closed.URL)
	away.User = url.UserPassword("desk", "hush-hush")
	if err := with(away.String()+"/desk.git", ""); err == nil || strings.Contains(err.Error(), "hush") || !errors.Is(err, mirror.ErrPassing) {
		t.Errorf("a host that is away: %v", err)
	}
}

func TestGitOfOddFiles(t *testing.T) {
	r := newRepository(t)
	r.commit(t, "desk/a.yaml", minimal("A"), "desk/big.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n",
		"desk/link.yaml", "-> a.yaml", "desk/out.yaml", "-> ../../secret")
	g := newGit(t, "file://"+r.dir+"#master:desk", "")
	s := mustLoad(t, g, nil)
	wantTitles(t, s, "A", "A")
	var told []string
	for _, p := range s.Problems() {
		told = append(told, p.String())
	}
	for _, want := range []string{"desk/big.yaml:1:1: is a pointer of Git LFS", "desk/out.yaml:1:1: links to a file outside"} {
		if !strings.Contains(strings.Join(told, "\n"), want) {
			t.Errorf("problems %q, want %q", told, want)
		}
	}
	// What a link shows changes though the link does not.
	r.commit(t, "desk/a.yaml", minimal("A2"))
	wantTitles(t, next(t, g, s), "A2", "A2")
}

func TestGitWatch(t *testing.T) {
	r := newRepository(t)
	r.commit(t, "briefs/a.yaml", minimal("A"))
	g, err := NewGit(r.dir+"#master", GitOptions{Interval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	s := mustLoad(t, g, nil)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	changed := make(chan struct{}, 8)
	ended := make(chan error)
	go func() { ended <- g.Watch(ctx, func() { changed <- struct{}{} }) }()
	r.commit(t, "briefs/a.yaml", minimal("A2"))
	g.Fetch()
	select {
	case <-changed:
	case <-time.After(10 * time.Second):
		t.Fatal("Fetch brought no news")
	}
	wantTitles(t, mustLoad(t, g, s), "A2")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
