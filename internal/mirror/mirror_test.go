package mirror

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A host is a git server with one repository, and a clone in which somebody edits.
type host struct {
	t     testing.TB
	root  string // with desk.git in it
	clone string
}

func newHost(t testing.TB) *host {
	t.Helper()
	need(t, "git")
	h := &host{t: t, root: t.TempDir(), clone: filepath.Join(t.TempDir(), "clone")}
	bare := filepath.Join(h.root, "desk.git")
	h.run(h.root, "init", "--quiet", "--bare", "--initial-branch=main", bare)
	h.run(bare, "config", "receive.denyDeleteCurrent", "ignore")
	h.run(h.root, "clone", "--quiet", bare, h.clone)
	h.run(h.clone, "checkout", "--quiet", "-B", "main")
	h.push("one")
	return h
}

// need skips a test that needs a program which is not there.
func need(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
		t.Fatal(err)
	}
	t.Skipf("%s is not here: install it", program)
	return ""
}

func (h *host) run(dir string, args ...string) string {
	h.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.root, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_AUTHOR_NAME=Jane Doe", "GIT_AUTHOR_EMAIL=jane@example.org", "GIT_COMMITTER_NAME=Jane Doe", "GIT_COMMITTER_EMAIL=jane@example.org",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// push writes a text, commits it and pushes; it returns the commit.
func (h *host) push(text string) string {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.clone, "brief.yaml"), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.run(h.clone, "add", "-A")
	h.run(h.clone, "commit", "--quiet", "-m", text[:min(len(text), 50)])
	h.run(h.clone, "push", "--quiet", "--force", "origin", "HEAD:refs/heads/main")
	return h.run(h.clone, "rev-parse", "HEAD")
}

// backend serves the repository as git does over http.
func (h *host) backend() http.Handler {
	h.t.Helper()
	path := filepath.Join(h.run(h.root, "--exec-path"), "git-http-backend")
	need(h.t, path)
	return &cgi.Handler{Path: path, Env: []string{"GIT_PROJECT_ROOT=" + h.root, "GIT_HTTP_EXPORT_ALL=1"}, Stderr: io.Discard}
}

// mirrorOf makes a mirror of an address, which keeps its copies in dir.
func mirrorOf(t testing.TB, address, dir string, o Options) (*Mirror, *bytes.Buffer) {
	t.Helper()
	a, err := ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	o.Dir, o.Logger = dir, slog.New(slog.NewTextHandler(&log, nil))
	m, err := New(a, o)
	if err != nil {
		t.Fatal(err)
	}
	return m, &log
}

// fetched fetches, and returns the commit at which the mirror stands.
func fetched(t testing.TB, m *Mirror) string {
	t.Helper()
	if _, err := m.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	return standsAt(t, m)
}

func standsAt(t testing.TB, m *Mirror) string {
	t.Helper()
	state, ok := m.State()
	if !ok {
		t.Fatal("the mirror has nothing")
	}
	commit, err := state.Repository.CommitObject(state.Head)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := commit.Tree()
	if err != nil {
		t.Fatal(err)
	}
	if file, err := tree.File("brief.yaml"); err != nil {
		t.Fatal(err)
	} else if _, err := file.Contents(); err != nil {
		t.Fatal(err)
	}
	return state.Head.String()
}

// TestFollows follows a branch: news, history that was written anew, a branch that is
// deleted and back, a host that is gone, and a process that begins again meanwhile.
func TestFollows(t *testing.T) {
	h := newHost(t)
	up := true
	var mu sync.Mutex
	backend := h.backend()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if !up {
			http.Error(rw, "down", http.StatusBadGateway)
			return
		}
		backend.ServeHTTP(rw, r)
	}))
	defer server.Close()
	dir := t.TempDir()
	m, _ := mirrorOf(t, server.URL+"/desk.git#main", dir, Options{})
	first := h.run(h.clone, "rev-parse", "HEAD")
	if got := fetched(t, m); got != first {
		t.Errorf("it stands at %s, want %s", got, first)
	}
	for _, text := range []string{"two", "three"} {
		if want, got := h.push(text), fetched(t, m); got != want {
			t.Errorf("%s: it stands at %s, want %s", text, got, want)
		}
	}
	if moved, err := m.Fetch(t.Context()); moved || err != nil {
		t.Errorf("without news: %v, %v", moved, err)
	}

	h.run(h.clone, "reset", "--quiet", "--hard", first)
	if want, got := h.push("two, otherwise"), fetched(t, m); got != want {
		t.Errorf("after a force-push it stands at %s, want %s", got, want)
	}
	h.run(h.clone, "checkout", "--quiet", "--orphan", "anew")
	last := h.push("an unrelated history")
	if got := fetched(t, m); got != last {
		t.Errorf("with another history it stands at %s, want %s", got, last)
	}

	h.run(h.clone, "push", "--quiet", "origin", "HEAD:refs/heads/other", ":refs/heads/main")
	if _, err := m.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), `no branch "main"`) {
		t.Errorf("without its branch: %v", err)
	}
	if got := standsAt(t, m); got != last {
		t.Errorf("without its branch it stands at %s, want %s", got, last)
	}

	mu.Lock()
	up = false
	mu.Unlock()
	again, _ := mirrorOf(t, server.URL+"/desk.git#main", dir, Options{})
	if _, err := again.Fetch(t.Context()); err == nil {
		t.Error("a host that is down was asked")
	}
	if got := standsAt(t, again); got != last {
		t.Errorf("begun again it stands at %s, want %s", got, last)
	}
	fresh, _ := mirrorOf(t, server.URL+"/desk.git#main", t.TempDir(), Options{})
	if _, err := fresh.Fetch(t.Context()); err == nil {
		t.Error("a host that is down was asked")
	}
	if _, ok := fresh.State(); ok {
		t.Error("a mirror that was never filled has something")
	}
	mu.Lock()
	up = true
	mu.Unlock()
	h.run(h.clone, "push", "--quiet", "origin", "HEAD:refs/heads/main")
	if got := fetched(t, again); got != last {
		t.Errorf("with its branch back it stands at %s, want %s", got, last)
	}
}

// TestDamage damages the copy: another is made, and says so in the log.
func TestDamage(t *testing.T) {
	h := newHost(t)
	server := httptest.NewServer(h.backend())
	defer server.Close()
	for _, test := range []struct {
		name   string
		damage func(copy string) error
	}{
		{"no packs", func(copy string) error { return os.RemoveAll(filepath.Join(copy, "objects", "pack")) }},
		{"no head", func(copy string) error { return os.Remove(filepath.Join(copy, "HEAD")) }},
		{"a head of nothing", func(copy string) error { return os.WriteFile(filepath.Join(copy, "HEAD"), []byte("?"), 0o600) }},
		{"an empty folder", func(copy string) error {
			if err := os.RemoveAll(copy); err != nil {
				return err
			}
			return os.Mkdir(copy, 0o700)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			m, _ := mirrorOf(t, server.URL+"/desk.git#main", dir, Options{})
			want := fetched(t, m)
			copies, err := filepath.Glob(filepath.Join(dir, "*.git"))
			if err != nil || len(copies) != 1 {
				t.Fatal(copies, err)
			}
			if err := test.damage(copies[0]); err != nil {
				t.Fatal(err)
			}
			again, log := mirrorOf(t, server.URL+"/desk.git#main", dir, Options{})
			if got := fetched(t, again); got != want {
				t.Errorf("it stands at %s, want %s", got, want)
			}
			if !strings.Contains(log.String(), "cannot be used") {
				t.Errorf("the log: %s", log)
			}
		})
	}
}

// TestSecrets has a token go to the host of the address, and nowhere else.
func TestSecrets(t *testing.T) {
	const token = "hush-hush"
	h := newHost(t)
	backend := h.backend()
	var asked []string
	ours := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		switch {
		case strings.HasPrefix(r.URL.Path, "/forbidden/"):
			http.Error(rw, "no", http.StatusForbidden)
		case password != token:
			rw.Header().Set("WWW-Authenticate", "Basic")
			http.Error(rw, "who?", http.StatusUnauthorized)
		case strings.HasPrefix(r.URL.Path, "/gone/"):
			http.NotFound(rw, r)
		default:
			backend.ServeHTTP(rw, r)
		}
	}))
	defer ours.Close()
	other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Authorization"))
		backend.ServeHTTP(rw, r)
	}))
	defer other.Close()
	leads := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, other.URL+r.URL.RequestURI(), http.StatusMovedPermanently)
	}))
	defer leads.Close()

	m, _ := mirrorOf(t, ours.URL+"/desk.git#main", t.TempDir(), Options{Token: token})
	fetched(t, m)
	named, _ := mirrorOf(t, strings.Replace(ours.URL, "http://", "http://jane:"+token+"@", 1)+"/desk.git#main", t.TempDir(), Options{})
	fetched(t, named)

	for _, test := range []struct{ address, token, want string }{
		{ours.URL + "/desk.git#main", "", "--briefs-token-file"},
		{ours.URL + "/desk.git#main", "wrong-" + token, "--briefs-token-file"},
		{ours.URL + "/forbidden/desk.git#main", token, "--briefs-token-file"},
		{ours.URL + "/gone/desk.git#main", token, "--briefs"},
		{leads.URL + "/desk.git#main", token, "redirects to"},
	} {
		m, log := mirrorOf(t, test.address, t.TempDir(), Options{Token: test.token})
		_, err := m.Fetch(t.Context())
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s in it", test.address, err, test.want)
		}
		if err != nil && strings.Contains(err.Error()+log.String(), token) {
			t.Errorf("%s: the secret is in %v or %s", test.address, err, log)
		}
	}
	for _, authorization := range asked {
		if authorization != "" {
			t.Errorf("another host was sent %q", authorization)
		}
	}
}

// TestLimits has a fetch that would bring too much, or take too long, end.
func TestLimits(t *testing.T) {
	h := newHost(t)
	server := httptest.NewServer(h.backend())
	defer server.Close()
	m, _ := mirrorOf(t, server.URL+"/desk.git#main", t.TempDir(), Options{MaxPack: 10})
	if _, err := m.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "MiB would have to be fetched") {
		t.Errorf("more than may be fetched: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	whole, _ := mirrorOf(t, server.URL+"/desk.git#main", t.TempDir(), Options{})
	if _, err := whole.Fetch(ctx); err == nil {
		t.Error("a fetch that nobody waits for any more went on")
	}
	if got := fetched(t, whole); got == "" {
		t.Error("nothing came of a fetch after one that was ended")
	}
}

// TestEmpty asks a repository in which nothing is.
func TestEmpty(t *testing.T) {
	need(t, "git")
	h := &host{t: t, root: t.TempDir()}
	h.run(h.root, "init", "--quiet", "--bare", "--initial-branch=main", filepath.Join(h.root, "desk.git"))
	server := httptest.NewServer(h.backend())
	defer server.Close()
	m, _ := mirrorOf(t, server.URL+"/desk.git#main", t.TempDir(), Options{})
	if _, err := m.Fetch(t.Context()); err == nil {
		t.Error("an empty repository has something")
	}
	if _, ok := m.State(); ok {
		t.Error("there is a state of an empty repository")
	}
}
