package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect")

// TestMain lets the test binary be briefbot: scripts and the tests that need a
// process of their own run it under that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"briefbot": main, soakProgram: hurried})
}

// TestScripts runs the command line as people and workflows call it.
func TestScripts(t *testing.T) {
	shipped, err := filepath.Abs("../../briefs")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SHIPPED", shipped)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"commit": commitAll},
	})
}

// commitAll is the script command “commit DIR MESSAGE”: it commits everything in
// DIR, making it a repository first where it is none.
func commitAll(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: commit DIR MESSAGE")
	}
	dir := ts.MkAbs(args[0])
	repository, err := git.PlainOpen(dir)
	if os.IsNotExist(err) || err == git.ErrRepositoryNotExists {
		repository, err = git.PlainInit(dir, false)
	}
	ts.Check(err)
	tree, err := repository.Worktree()
	ts.Check(err)
	ts.Check(tree.AddWithOptions(&git.AddOptions{All: true}))
	_, err = tree.Commit(args[1], &git.CommitOptions{
		Author: &gitobject.Signature{Name: "Editor", Email: "editor@example.org", When: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
	})
	ts.Check(err)
}
