package digest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A desk is a repository of briefs in which editors commit.
type desk struct {
	t    *testing.T
	dir  string
	tree *git.Worktree
	at   time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), at: time.Date(2025, 12, 1, 9, 0, 0, 0, time.FixedZone("", 7200))}
	repo, err := git.PlainInit(d.dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if d.tree, err = repo.Worktree(); err != nil {
		t.Fatal(err)
	}
	return d
}

// commits has somebody write a story with events of these titles and commit it.
func (d *desk) commits(author, story string, titles ...string) brief.Commit {
	d.t.Helper()
	text := fmt.Sprintf("title: Story %s\noverview: Text.\ntimeline:\n", story)
	for n, title := range titles {
		text += fmt.Sprintf("  - {id: e%d, date: 2025, title: %s}\n", n, title)
	}
	if err := os.WriteFile(filepath.Join(d.dir, story+".yaml"), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := d.tree.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		d.t.Fatal(err)
	}
	d.at = d.at.Add(time.Hour)
	hash, err := d.tree.Commit("briefs: edit", &git.CommitOptions{Author: &object.Signature{Name: author, Email: "desk@example.org", When: d.at}})
	if err != nil {
		d.t.Fatal(err)
	}
	return brief.Commit{Hash: hash.String(), Author: author, At: d.at.UTC()}
}

// load returns the snapshot of what is committed.
func (d *desk) load() *brief.Snapshot {
	d.t.Helper()
	g, err := brief.NewGit(d.dir, brief.GitOptions{})
	if err != nil {
		d.t.Fatal(err)
	}
	s, err := g.Load(d.t.Context(), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

func (d *desk) recorded(l *Ledger) []Recorded {
	d.t.Helper()
	changes, err := l.Record(d.t.Context(), d.load())
	if err != nil {
		d.t.Fatal(err)
	}
	return changes
}

// commitsOf returns the stories and events of changes with their authors.
func commitsOf(changes []Recorded) string {
	var all []string
	for _, c := range changes {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s by %s", c.Story, c.Item, c.Commit.Author)))
	}
	return strings.Join(all, "; ")
}

// TestCommits checks that each change keeps the newest commit of its story, of several
// that came at once, and that what comes from a folder keeps none.
func TestCommits(t *testing.T) {
	d := newDesk(t)
	path := filepath.Join(t.TempDir(), "l.db")
	l := openFile(t, path)
	d.commits("Ann", "a", "0")
	d.commits("Ann", "b", "0")
	if got := d.recorded(l); len(got) != 0 {
		t.Errorf("first %v", got)
	}
	d.commits("Bea", "a", "0", "1")
	newest := d.commits("Cid", "a", "0", "1", "2")
	d.commits("Dan", "b", "0", "1")
	changes := d.recorded(l)
	if got, want := commitsOf(changes), "a e1 by Cid; a e2 by Cid; b e1 by Dan"; got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
	if got := changes[0].Commit; got != newest {
		t.Errorf("the commit is %+v, want %+v", got, newest)
	}
	record(t, l, dossier(t, "a", event("one")))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openFile(t, path)
	kept, err := collect(t.Context(), l.read, scanChange, sqlWindow, int64(0), int64(2))
	if err != nil || len(kept) != 2 || kept[1].Commit != newest {
		t.Errorf("kept %+v, %v", kept, err)
	}
	later, err := collect(t.Context(), l.read, scanChange, sqlWindow, int64(3), int64(100))
	if err != nil || len(later) == 0 {
		t.Fatal(later, err)
	}
	for _, c := range later {
		if c.Commit != (brief.Commit{}) {
			t.Errorf("a folder's change has the commit %+v", c.Commit)
		}
	}
}

// TestCommitsOfMergedChanges tells one item that two commits changed as one, with the
// newer; the delivery's account and the explanation have it too.
func TestCommitsOfMergedChanges(t *testing.T) {
	d := newDesk(t)
	var snapshots []*brief.Snapshot
	for _, c := range [][]string{{"Ann", "First"}, {"Bea", "First", "Second"}, {"Cid", "First", "Another"}} {
		d.commits(c[0], "a", c[1:]...)
		snapshots = append(snapshots, d.load())
	}
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newFake("telegram")
		var told []Recorded
		o := DispatcherOptions{Ledger: l, Platforms: []chat.Platform{f}, Settle: time.Second}
		o.Compose = func(ctx context.Context, d Digest) ([]chat.Card, error) {
			told = d.Changes
			return compose(ctx, d)
		}
		for i, s := range snapshots {
			if _, err := l.Record(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				subscribe(t, l, "telegram:1", "a", "immediate")
			}
		}
		stop := run(t, o)
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if got := commitsOf(told); got != "a e1 by Cid" {
			t.Errorf("told %q", got)
		}
		entries, err := l.Entries(t.Context(), Search{})
		if err != nil || len(entries) != 1 {
			t.Fatal(entries, err)
		}
		account, err := l.Entry(t.Context(), entries[0].ID)
		if got := commitsOf(account.Changes); err != nil || got != "a e1 by Cid" {
			t.Errorf("the account has %q, %v", got, err)
		}
	})
}
