package brief

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"
)

// A repository is a git repository made for a test.
type repository struct {
	dir  string
	repo *git.Repository
	when time.Time
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	dir := t.TempDir()
	repo, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	return &repository{dir: dir, repo: repo, when: testNow}
}

// commit commits files, each a path and its text, and removes what has none.
func (r *repository) commit(t *testing.T, files ...string) string {
	t.Helper()
	tree, err := r.repo.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(r.dir, files[i])
		if files[i+1] == "" {
			err = os.Remove(path)
		} else if target, ok := strings.CutPrefix(files[i+1], "-> "); ok {
			err = os.Symlink(target, path)
		} else {
			writeFile(t, path, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	r.when = r.when.Add(time.Minute)
	who := &object.Signature{Name: "An Editor", Email: "editor@example.org", When: r.when}
	hash, err := tree.Commit("briefs: edit", &git.CommitOptions{Author: who})
	if err != nil {
		t.Fatal(err)
	}
	return hash.String()
}

// loadRevision loads a folder as it was at a revision.
func loadRevision(ctx context.Context, dir, revision string) (*Snapshot, error) {
	past, err := OpenPast(dir, revision)
	if err != nil {
		return nil, err
	}
	return past.Load(ctx)
}

func TestPast(t *testing.T) {
	r := newRepository(t)
	first := r.commit(t, "README.md", "The briefs", "briefs/a.yaml", minimal("A"))
	second := r.commit(t, "briefs/a.yaml", minimal("A2"), "briefs/b.yaml", minimal("B"))
	who := &object.Signature{Name: "An Editor", Email: "editor@example.org", When: r.when}
	for name, options := range map[string]*git.CreateTagOptions{"v1": nil, "v1-annotated": {Tagger: who, Message: "The first"}} {
		if _, err := r.repo.CreateTag(name, plumbing.NewHash(first), options); err != nil {
			t.Fatal(err)
		}
	}
	for _, ref := range []plumbing.ReferenceName{"refs/heads/desk/december", "refs/remotes/origin/main"} {
		if err := r.repo.Storer.SetReference(plumbing.NewHashReference(ref, plumbing.NewHash(second))); err != nil {
			t.Fatal(err)
		}
	}
	third := r.commit(t, "briefs/a.yaml", "", "briefs/b.yaml", minimal("B3"))
	writeFile(t, filepath.Join(r.dir, "briefs/b.yaml"), minimal("not committed"))

	briefs := filepath.Join(r.dir, "briefs")
	for revision, want := range map[string][]string{
		"HEAD": {"B3"}, "master": {"B3"}, "refs/heads/master": {"B3"}, third: {"B3"}, third[:8]: {"B3"},
		"HEAD~1": {"A2", "B"}, "HEAD^": {"A2", "B"}, "master~": {"A2", "B"}, "desk/december": {"A2", "B"}, "origin/main": {"A2", "B"}, second[:7]: {"A2", "B"},
		"HEAD~2": {"A"}, "HEAD^^": {"A"}, "v1": {"A"}, "v1-annotated": {"A"}, "desk/december~1": {"A"}, first: {"A"},
	} {
		s, err := loadRevision(context.Background(), briefs, revision)
		if err != nil {
			t.Errorf("%s: %v", revision, err)
			continue
		}
		if diff := cmp.Diff(want, titles(s.Dossiers())); diff != "" || len(s.Problems()) > 0 {
			t.Errorf("%s: %s %v", revision, diff, s.Problems())
		}
	}

	s, err := loadRevision(context.Background(), briefs, "HEAD~1")
	if err != nil {
		t.Fatal(err)
	}
	if s.Revision() != second[:12] || !s.Taken().Equal(testNow.Add(2*time.Minute)) {
		t.Errorf("revision %s taken %v", s.Revision(), s.Taken())
	}
	if text, err := os.ReadFile(filepath.Join(briefs, "b.yaml")); err != nil || string(text) != minimal("not committed") {
		t.Error("the work tree was touched")
	}
}

func TestPastWherever(t *testing.T) {
	r := newRepository(t)
	r.commit(t, "briefs/a.yaml", minimal("A"), "top.yaml", minimal("Top"), "desk/world/b.yaml", minimal("B"))
	bare := filepath.Join(t.TempDir(), "bare.git")
	// A bare clone without a git binary, which go-git would call for a local path.
	if err := os.CopyFS(bare, os.DirFS(filepath.Join(r.dir, ".git"))); err != nil {
		t.Fatal(err)
	}
	usual := newRepository(t)
	usual.commit(t, "briefs/u.yaml", minimal("Usual"))
	usualBare := filepath.Join(usual.dir, ".git")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(r.dir, "briefs"), link); err != nil {
		t.Fatal(err)
	}
	// What git worktree add makes.
	worktree := filepath.Join(t.TempDir(), "worktree")
	admin := filepath.Join(r.dir, ".git", "worktrees", "w")
	head, err := r.repo.Head()
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(worktree, ".git"), "gitdir: "+admin+"\n")
	writeFile(t, filepath.Join(admin, "HEAD"), head.Hash().String()+"\n")
	writeFile(t, filepath.Join(admin, "commondir"), "../..\n")
	writeFile(t, filepath.Join(admin, "gitdir"), filepath.Join(worktree, ".git")+"\n")

	for dir, want := range map[string]string{
		filepath.Join(r.dir, "briefs"):        "A",
		filepath.Join(r.dir, "desk", "world"): "B",
		r.dir:                                 "Top",
		link:                                  "A",
		bare:                                  "Top",
		filepath.Join(bare, "briefs"):         "A",
		filepath.Join(bare, "desk/world"):     "B",
		usualBare:                             "Usual",
		filepath.Join(worktree, "briefs"):     "A",
	} {
		s, err := loadRevision(context.Background(), dir, "HEAD")
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		if got := titles(s.Dossiers()); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
	t.Chdir(r.dir)
	if s, err := loadRevision(context.Background(), "briefs", "HEAD"); err != nil || len(s.Dossiers()) != 1 {
		t.Errorf("a relative path: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(r.dir, "briefs")); err != nil {
		t.Fatal(err)
	}
	if s, err := loadRevision(context.Background(), "briefs", "HEAD"); err != nil || len(s.Dossiers()) != 1 {
		t.Errorf("a folder that is not in the work tree now: %v", err)
	}
}

func TestPastErrors(t *testing.T) {
	r := newRepository(t)
	briefs := filepath.Join(r.dir, "briefs")
	if _, err := loadRevision(context.Background(), briefs, "HEAD"); err == nil || !strings.Contains(err.Error(), "HEAD") {
		t.Errorf("before the first commit: %v", err)
	}
	r.commit(t, "README.md", "No briefs yet")
	r.commit(t, "briefs/a.yaml", minimal("A"))
	for _, test := range []struct{ dir, revision, part string }{
		{briefs, "nonsense", `"nonsense"`},
		{briefs, "HEAD~7", "HEAD~7"},
		{briefs, "HEAD^2", "HEAD^2"},
		{briefs, "HEAD^3", "HEAD^3"},
		{briefs, "HEAD~1", "there is no such folder"},
		{briefs, "", "write a branch"},
		{briefs, "HEAD@{1}", "write a branch"},
		{briefs, "HEAD:briefs", "write a branch"},
		{briefs, "HEAD..HEAD", "write a branch"},
		{briefs, "~1", "write a branch"},
		{briefs, "^", "write a branch"},
		{briefs, "--help", "write a branch"},
		{briefs, strings.Repeat("0", 40), "no such branch, tag or commit"},
		{filepath.Join(r.dir, "nowhere"), "HEAD", "there is no such folder"},
		{t.TempDir(), "HEAD", "not in a git repository"},
	} {
		s, err := loadRevision(context.Background(), test.dir, test.revision)
		if err == nil || s != nil || !strings.Contains(err.Error(), test.part) {
			t.Errorf("%s at %q: %v, want an error with %q", test.dir, test.revision, err, test.part)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := loadRevision(ctx, briefs, "HEAD"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestPastOfAHostileFolder(t *testing.T) {
	r := newRepository(t)
	r.commit(t,
		"outside.yaml", minimal("Outside"),
		"briefs/good.yaml", minimal("Good"),
		"briefs/broken.yaml", brokenText,
		"briefs/huge.yaml", minimal("Huge")+"#"+strings.Repeat("x", maxFile),
		"briefs/README.md", "No brief",
		"briefs/.gitkeep", "x",
		"briefs/sub/deep.yaml", minimal("Deep"),
		"briefs/inside.yaml", "-> sub/deep.yaml",
		"briefs/twice.yaml", "-> inside.yaml",
		"briefs/out.yaml", "-> ../outside.yaml",
		"briefs/far.yaml", "-> /etc/passwd",
		"briefs/loop.yaml", "-> loop.yaml",
		"briefs/dangling.yaml", "-> nowhere.yaml",
		"briefs/folder.yaml", "-> sub",
	)
	s, err := loadRevision(context.Background(), filepath.Join(r.dir, "briefs"), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"good", "inside", "twice"}, idsOf(s.Dossiers())); diff != "" {
		t.Error(diff)
	}
	faults := map[string]string{
		"HEAD:briefs/broken.yaml": "", "HEAD:briefs/huge.yaml": "1 MiB", "HEAD:briefs/README.md": "not a brief", "HEAD:briefs/sub": "is a folder",
		"HEAD:briefs/out.yaml": "outside the folder", "HEAD:briefs/far.yaml": "outside the folder", "HEAD:briefs/loop.yaml": "too many links",
		"HEAD:briefs/dangling.yaml": "not there", "HEAD:briefs/folder.yaml": "not a regular file",
	}
	for _, p := range s.Problems() {
		if part, ok := faults[p.Path]; !ok || !strings.Contains(p.Message, part) {
			t.Errorf("unexpected: %v", p)
		}
		delete(faults, p.Path)
	}
	if len(faults) > 0 {
		t.Errorf("no problem: %v", faults)
	}
}

// TestDiffOfRevisions is what briefbot diff does.
func TestDiffOfRevisions(t *testing.T) {
	r := newRepository(t)
	r.commit(t, "briefs/story.yaml", fullText)
	r.commit(t, "briefs/story.yaml", edit(t, "title: It opened", "title: It had opened"), "briefs/b.yaml", minimal("B"))
	briefs := filepath.Join(r.dir, "briefs")
	before, errBefore := loadRevision(context.Background(), briefs, "HEAD~1")
	after, errAfter := loadRevision(context.Background(), briefs, "HEAD")
	if errBefore != nil || errAfter != nil {
		t.Fatal(errBefore, errAfter)
	}
	if diff := cmp.Diff([]string{"dossier.opened", "event.revised opened [title]"}, short(Diff(before, after))); diff != "" {
		t.Error(diff)
	}
	if changes := Diff(after, loadDir(t, briefs, nil)); len(changes) > 0 {
		t.Errorf("the work tree differs from what it is checked out from: %q", short(changes))
	}
}

func FuzzResolveRevision(f *testing.F) {
	for _, s := range []string{"HEAD", "HEAD~1", "HEAD^0", "@", "v1^{/x}", "a@{-1}", "^^", "HEAD~99999999999999999999"} {
		f.Add(s)
	}
	dir := f.TempDir()
	repo, err := git.PlainInit(dir, false)
	if err != nil {
		f.Fatal(err)
	}
	r := &repository{dir: dir, repo: repo, when: testNow}
	f.Fuzz(func(t *testing.T, revision string) {
		if _, err := r.repo.Head(); err != nil {
			r.commit(t, "briefs/a.yaml", minimal("A"))
		}
		if commit, err := resolveCommit(repo, revision); (commit == nil) == (err == nil) {
			t.Errorf("%q: %v, %v", revision, commit, err)
		}
	})
}
