package bot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat/chattest"
)

const ferry = `title: Ferry service
overview: The ferry sails twice a day.
indicators:
  - {id: sailings, label: Sailings a day, value: "2"}
people:
  - {id: ann-lee, name: Ann Lee, title: Harbour master, role: Runs the port.}
timeline:
  - id: begins
    date: 2025-10-01
    title: The ferry begins to sail
    kind: Traffic
    detail: Twice a day, in *both* directions.
    people: [ann-lee]
  - {id: storm, date: 2025-11-02, title: A storm stops the ferry, importance: major}
`

// ferryOtherwise says the same as ferry: keys and items in another order, other
// quotes, styles and line breaks, and comments.
const ferryOtherwise = `# Edited by hand.
timeline:
- title: "A storm stops the ferry"   # the worst in years
  importance: major
  date: "2025-11-02"
  id: storm
- {people: [ann-lee], detail: "Twice a day, in *both* directions.", kind: Traffic, title: 'The ferry begins to sail', date: 2025-10-01, id: begins}

people:
- role: Runs the port.
  title: Harbour master
  name: Ann Lee
  id: ann-lee
overview: |
  The ferry sails twice a day.

indicators:
- value: '2'
  label: "Sailings a day"
  id: sailings
title: >-
  Ferry
  service
`

// A checkout is a git repository whose working tree is a folder of briefs.
type checkout struct {
	t    *testing.T
	dir  string
	repo *git.Repository
	tree *git.Worktree
	when time.Time
}

func newCheckout(t *testing.T, dir string) *checkout {
	t.Helper()
	repo, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := repo.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	return &checkout{t: t, dir: dir, repo: repo, tree: tree, when: noon}
}

// commit writes a file, or removes it if it has no text, and commits everything.
func (c *checkout) commit(name, text string) plumbing.Hash {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	err := os.Remove(path)
	if text != "" {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return c.save()
}

// save commits everything that changed.
func (c *checkout) save() plumbing.Hash {
	c.t.Helper()
	if err := c.tree.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		c.t.Fatal(err)
	}
	c.when = c.when.Add(time.Minute)
	who := &object.Signature{Name: "An Editor", Email: "editor@example.org", When: c.when}
	hash, err := c.tree.Commit("briefs: edit", &git.CommitOptions{Author: who, AllowEmptyCommits: true})
	if err != nil {
		c.t.Fatal(err)
	}
	return hash
}

// reset makes branch and folder what they were at a commit, as a forced push does to
// those who follow.
func (c *checkout) reset(to plumbing.Hash) {
	c.t.Helper()
	if err := c.tree.Reset(&git.ResetOptions{Commit: to, Mode: git.HardReset}); err != nil {
		c.t.Fatal(err)
	}
}

// branch goes on on another branch, which begins at a commit.
func (c *checkout) branch(name string, at plumbing.Hash) {
	c.t.Helper()
	err := c.tree.Checkout(&git.CheckoutOptions{Hash: at, Branch: plumbing.NewBranchReferenceName(name), Create: true, Force: true})
	if err != nil {
		c.t.Fatal(err)
	}
}

// rename renames a file and commits that.
func (c *checkout) rename(from, to string) {
	c.t.Helper()
	if err := os.Rename(filepath.Join(c.dir, from), filepath.Join(c.dir, to)); err != nil {
		c.t.Fatal(err)
	}
	c.save()
}

// TestNoise does to a checkout of briefs what says nothing new. Nobody is told
// anything of it, whatever the order asks for; what is told is the change after it.
func TestNoise(t *testing.T) {
	revised := strings.Replace(ferry, "A storm stops the ferry", "A storm stops all ferries", 1)
	without := ferry[:strings.Index(ferry, "  - {id: storm")]
	for name, noise := range map[string]func(c *checkout, first plumbing.Hash, read func()){
		"another layout": func(c *checkout, _ plumbing.Hash, _ func()) { c.commit("ferry.yaml", ferryOtherwise) },
		"another layout and back": func(c *checkout, _ plumbing.Hash, read func()) {
			c.commit("ferry.yaml", ferryOtherwise)
			read()
			c.commit("ferry.yaml", ferry)
		},
		"files that are no briefs come, go and are renamed": func(c *checkout, _ plumbing.Hash, read func()) {
			c.commit("README.md", "# Briefs\n")
			read()
			c.rename("README.md", "NOTES.md")
			read()
			c.commit("NOTES.md", "")
		},
		"a branch is renamed": func(c *checkout, first plumbing.Hash, _ func()) { c.branch("trunk", first) },
		"a rebase": func(c *checkout, first plumbing.Hash, read func()) {
			c.commit("ferry.yaml", ferryOtherwise)
			read()
			c.branch("rebased", first)
			c.commit("README.md", "# Briefs\n")
			c.commit("ferry.yaml", ferryOtherwise)
		},
		"a push is forced back": func(c *checkout, first plumbing.Hash, read func()) {
			c.commit("ferry.yaml", revised)
			read()
			c.reset(first)
		},
		"a push is forced back and made again, without what it was": func(c *checkout, first plumbing.Hash, read func()) {
			c.commit("ferry.yaml", revised)
			read()
			c.reset(first)
			read()
			c.commit("README.md", "# Briefs\n")
		},
		"a revision is undone": func(c *checkout, _ plumbing.Hash, read func()) {
			c.commit("ferry.yaml", revised)
			read()
			c.commit("ferry.yaml", ferry)
		},
		"an event is removed": func(c *checkout, _ plumbing.Hash, _ func()) { c.commit("ferry.yaml", without) },
		"an event is removed and comes back": func(c *checkout, _ plumbing.Hash, read func()) {
			c.commit("ferry.yaml", without)
			read()
			c.commit("ferry.yaml", ferry)
		},
		"a retraction is undone": func(c *checkout, _ plumbing.Hash, read func()) {
			c.commit("ferry.yaml", strings.Replace(ferry, "importance: major", "importance: major, retracted: {on: 2025-12-01, why: A hoax}", 1))
			read()
			c.commit("ferry.yaml", ferry)
		},
		"the story is removed and comes back": func(c *checkout, _ plumbing.Hash, read func()) {
			c.commit("ferry.yaml", "")
			read()
			c.commit("ferry.yaml", ferry)
		},
		"the story is broken and mended": func(c *checkout, _ plumbing.Hash, read func()) {
			c.commit("ferry.yaml", ferry+"  - {id: begins, date: 2025-13-01}\n")
			read()
			c.commit("ferry.yaml", ferry)
		},
		"a silent event": func(c *checkout, _ plumbing.Hash, _ func()) {
			c.commit("ferry.yaml", ferry+"  - {id: paint, date: 2025-11-03, title: The ferry is painted, announce: silent}\n")
		},
		"a silent event is revised": func(c *checkout, _ plumbing.Hash, read func()) {
			c.commit("ferry.yaml", ferry+"  - {id: paint, date: 2025-11-03, title: The ferry is painted, announce: silent}\n")
			read()
			c.commit("ferry.yaml", ferry+"  - {id: paint, date: 2025-11-03, title: The ferry is painted red, announce: silent}\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			source := t.TempDir()
			c := newCheckout(t, source)
			first := c.commit("ferry.yaml", ferry)
			w := newWorld(t, nil, withSource(brief.NewDir(source, brief.DirOptions{})), realTime, withConfig(Config{Settle: time.Millisecond}))
			if reply := w.ask("manager", "/subscribe all immediate"); strings.Contains(reply.Card.Plain(), "Something went wrong") {
				t.Fatal(reply.Card.Plain())
			}
			noise(c, first, w.refresh)
			w.refresh()
			// What follows is told, and alone.
			c.commit("other.yaml", bridge)
			w.refresh()
			running(t, w)
			if err := w.fake.Await(deadline(t), func(sends []chattest.Send) bool { return len(sends) > 0 }); err != nil {
				t.Fatalf("nothing was told: %v\n%s", err, w.logged)
			}
			told := w.fake.Posted(room)[0].Card.Plain()
			if !strings.Contains(told, "Harbour bridge closed") {
				t.Errorf("what is new is not told:\n%s", told)
			}
			for _, word := range []string{"storm", "begins to sail", "painted", "Ann Lee", "Revised", "Withdrawn", "Retracted"} {
				if strings.Contains(told, word) {
					t.Errorf("“%s” is told:\n%s", word, told)
				}
			}
		})
	}
}
