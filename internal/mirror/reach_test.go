package mirror

import (
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// A history is what a host's repository may hold: one, two and three on main, tagged in both ways, a
// branch beside it, a commit that nothing but a hidden reference holds, and one that was
// pushed away.
type history struct {
	one, two, three, side, pulled, lost string
}

func (h *host) history() (made history) {
	h.t.Helper()
	made.one = h.run(h.clone, "rev-parse", "HEAD")
	made.two = h.push("two")
	h.run(h.clone, "tag", "light", made.one)
	h.run(h.clone, "tag", "--annotate", "--message=v1", "v1", made.two)
	h.run(h.clone, "checkout", "--quiet", "-b", "side")
	h.run(h.clone, "commit", "--quiet", "--allow-empty", "-m", "side")
	made.side = h.run(h.clone, "rev-parse", "HEAD")
	h.run(h.clone, "commit", "--quiet", "--allow-empty", "-m", "pulled")
	made.pulled = h.run(h.clone, "rev-parse", "HEAD")
	h.run(h.clone, "push", "--quiet", "origin", made.side+":refs/heads/side", "HEAD:refs/pull/7/head", "light", "v1")
	h.run(h.clone, "checkout", "--quiet", "main")
	made.lost = h.push("lost")
	h.run(h.clone, "reset", "--quiet", "--hard", made.two)
	made.three = h.push("three")
	return made
}

// reach returns the commits at which revisions are.
func reach(t *testing.T, m *Mirror, revisions ...string) ([]string, error) {
	t.Helper()
	all, err := m.Reach(t.Context(), revisions...)
	if err != nil {
		return nil, err
	}
	found := make([]string, len(all))
	for i, r := range all {
		hash, err := r.Repository.ResolveRevision(plumbing.Revision(r.Revision))
		if err != nil {
			t.Fatalf("%s: %v", revisions[i], err)
		}
		commit, err := r.Repository.CommitObject(*hash)
		if err != nil {
			t.Fatal(err)
		}
		file, err := commit.File("brief.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Contents(); err != nil {
			t.Fatal(err)
		}
		found[i] = hash.String()
	}
	return found, nil
}

// TestReach finds revisions of every kind on a host, as a host is at first and as one
// that gives single commits, and on this machine.
func TestReach(t *testing.T) {
	h := newHost(t)
	made := h.history()
	server := httptest.NewServer(h.backend())
	defer server.Close()
	elsewhere, here := server.URL+"/desk.git#main", h.root+"/desk.git#main"
	for _, step := range []struct {
		name, address string
		single        string
	}{{"a host", elsewhere, "false"}, {"a host that gives single commits", elsewhere, "true"}, {"this machine", here, "true"}} {
		t.Run(step.name, func(t *testing.T) {
			h.run(h.root+"/desk.git", "config", "uploadpack.allowReachableSHA1InWant", step.single)
			m, _ := mirrorOf(t, step.address, t.TempDir(), Options{})
			for revision, want := range map[string]string{
				"": made.three, "main": made.three, "HEAD": made.three, "refs/heads/side": made.side, "side": made.side, "heads/side": made.side,
				"light": made.one, "v1": made.two, "refs/pull/7/head": made.pulled, "side~": made.two, "side^": made.two, "main~2": made.one, "v1^~0": made.one,
				made.three: made.three, made.two: made.two, made.one: made.one, made.one[:7]: made.one, made.two[:9] + "~1": made.one,
				made.side[:12]: made.side, made.two + "^": made.one,
			} {
				if got, err := reach(t, m, revision); err != nil || got[0] != want {
					t.Errorf("%q is %v, want %s: %v", revision, got, want, err)
				}
			}
			got, err := reach(t, m, "v1", "main", made.one, "main")
			if err != nil || strings.Join(got, " ") != strings.Join([]string{made.two, made.three, made.one, made.three}, " ") {
				t.Errorf("several at once: %v: %v", got, err)
			}
			if _, has := m.State(); has && step.address == elsewhere {
				t.Error("what is reached is the state of the mirror")
			}
		})
	}
}

// TestReachNothing asks for what is not there, and holds each answer to its remedy.
func TestReachNothing(t *testing.T) {
	h := newHost(t)
	made := h.history()
	server := httptest.NewServer(h.backend())
	defer server.Close()
	dir := t.TempDir()
	m, _ := mirrorOf(t, server.URL+"/desk.git#main", dir, Options{})
	fails := func(m *Mirror, revision string, want ...string) {
		t.Helper()
		_, err := m.Reach(t.Context(), "main", revision)
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%q: %v, want %s", revision, err, w)
			}
		}
	}
	nobody := strings.Repeat("0123", 10)
	fails(m, "nope", `the revision "nope"`, "no such branch, tag or commit; it has main, side")
	fails(m, "main~1001", "more than 1000 commits")
	fails(m, "main~99999999999999999999", "more than 1000 commits")
	fails(m, made.lost, "last 1000 commits of the branch main", "write a branch or a tag, or run briefbot in a clone")
	fails(m, made.lost[:8], "last 1000 commits of the branch main")
	fails(m, nobody, "last 1000 commits of the branch main")
	h.run(h.root+"/desk.git", "config", "uploadpack.allowReachableSHA1InWant", "true")
	fails(m, made.lost, "push a branch or a tag to the commit")
	fails(m, nobody, "push a branch or a tag to the commit")
	fails(m, made.lost[:8], "write the whole hash, which this host takes")

	small, _ := mirrorOf(t, server.URL+"/desk.git#main", dir, Options{MaxPack: 10})
	fails(small, "main", "would have to be fetched")
	slow, _ := mirrorOf(t, server.URL+"/desk.git#main", dir, Options{Limit: time.Nanosecond})
	fails(slow, "main", "it takes longer than 1ns")
	gone, _ := mirrorOf(t, server.URL+"/desk.git#gone", dir, Options{})
	fails(gone, "", `no branch "gone"`)
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestReachAmbiguous has a beginning of a hash that two branches share.
func TestReachAmbiguous(t *testing.T) {
	h := newHost(t)
	bare := h.root + "/desk.git"
	repository, err := git.PlainOpen(bare)
	if err != nil {
		t.Fatal(err)
	}
	tree := plumbing.NewHash(h.run(bare, "rev-parse", "main^{tree}"))
	seen := make(map[string]plumbing.EncodedObject)
	start := ""
	for i := 0; start == ""; i++ {
		made := new(plumbing.MemoryObject)
		if err := (&object.Commit{TreeHash: tree, Message: strconv.Itoa(i)}).Encode(made); err != nil {
			t.Fatal(err)
		}
		four := made.Hash().String()[:4]
		for n, o := range []plumbing.EncodedObject{made, seen[four]} {
			if seen[four] == nil {
				break
			}
			start = four
			hash, err := repository.Storer.SetEncodedObject(o)
			if err != nil {
				t.Fatal(err)
			}
			h.run(bare, "update-ref", "refs/heads/twin-"+strconv.Itoa(n), hash.String())
		}
		seen[four] = made
	}
	server := httptest.NewServer(h.backend())
	defer server.Close()
	m, _ := mirrorOf(t, server.URL+"/desk.git#main", t.TempDir(), Options{})
	if _, err := m.Reach(t.Context(), start); err == nil || !strings.Contains(err.Error(), "more than one commit begins so") {
		t.Errorf("%s: %v", start, err)
	}
}
