package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/desk"
)

// brokenFolder makes a folder of briefs, each with one thing wrong, in a repository with
// what some of them were before, and moves there.
func brokenFolder(t *testing.T) (corpus string) {
	t.Helper()
	corpus, err := filepath.Abs("testdata/check")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	repository, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS("briefs", os.DirFS(filepath.Join(corpus, "committed"))); err != nil {
		t.Fatal(err)
	}
	tree, err := repository.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Commit("before", &git.CommitOptions{Author: &gitobject.Signature{Name: "Editor", Email: "editor@example.org"}}); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll("briefs"); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS("briefs", os.DirFS(filepath.Join(corpus, "broken"))); err != nil {
		t.Fatal(err)
	}
	return corpus
}

// golden compares what was printed with a file, or rewrites that.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", filepath.Base(name), diff)
	}
}

// TestCheckBroken checks a folder in which every brief has one thing wrong, in each form,
// and then has it mended.
func TestCheckBroken(t *testing.T) {
	corpus := brokenFolder(t)
	check := func(args ...string) []byte {
		t.Helper()
		var out, beside bytes.Buffer
		if code := run(append([]string{"check"}, args...), &out, &beside, vendorsTempo); code != exitFailure {
			t.Fatalf("check %v exits with %d: %s", args, code, beside.String())
		}
		return append(out.Bytes(), beside.Bytes()...)
	}
	names, err := os.ReadDir("briefs")
	if err != nil || len(names) < 60 {
		t.Fatalf("only %d briefs: %v", len(names), err)
	}
	text := check("--excerpt")
	golden(t, filepath.Join(corpus, "want.txt"), text)
	golden(t, filepath.Join(corpus, "want.json"), check("--format", "json"))
	golden(t, filepath.Join(corpus, "want.github"), check("--format", "github"))
	for _, name := range names {
		if !bytes.Contains(text, []byte("briefs/"+name.Name()+":")) && name.Name() != "warn-allowed.yaml" {
			t.Errorf("nothing is said of %s", name.Name())
		}
	}
	rules := check("--format", "json")
	for _, r := range desk.Rules() {
		if r.Name != "story" && !bytes.Contains(rules, []byte(`"rule": "`+r.Name+`"`)) { // that is about the configuration
			t.Errorf("no brief breaks the rule %s", r.Name)
		}
	}

	before := messages(check())
	golden(t, filepath.Join(corpus, "want-mended.txt"), check("--fix"))
	for message := range messages(check()) {
		if !before[message] && !strings.Contains(message, "has no source") && !strings.Contains(message, "nothing cites") {
			t.Errorf("mending made a problem: %s", message)
		}
	}
	if again := check("--fix"); bytes.Contains(again, []byte(": mended: ")) {
		t.Errorf("mending again mends more:\n%s", again)
	}
}

// messages returns the lines of a report without their place within the file.
func messages(report []byte) map[string]bool {
	all := make(map[string]bool)
	for line := range strings.Lines(string(report)) {
		if path, rest, ok := strings.Cut(line, ".yaml:"); ok {
			_, message, _ := strings.Cut(rest, ": ")
			all[path+": "+message] = true
		}
	}
	return all
}

// TestFixDryRun shows what would be mended, and writes nothing.
func TestFixDryRun(t *testing.T) {
	brokenFolder(t)
	before, err := os.ReadFile("briefs/err-key.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out, beside bytes.Buffer
	if code := run([]string{"check", "--fix", "--dry-run", "briefs/err-key.yaml"}, &out, &beside, vendorsTempo); code != exitOK {
		t.Fatal(code, beside.String())
	}
	if !strings.Contains(out.String(), "-overveiw: It is closed.\n+overview: It is closed.\n") {
		t.Errorf("shown: %s", out.String())
	}
	after, err := os.ReadFile("briefs/err-key.yaml")
	if err != nil || !bytes.Equal(before, after) {
		t.Error("the file was written", err)
	}
}

// TestFixKeeps has a file mended that is reached by a link and has a mode of its own.
func TestFixKeeps(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	text := "title: A\noverveiw: It is closed.\ntimeline: []\n"
	if err := os.WriteFile("real.txt", []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.txt", "bridge.yaml"); err != nil {
		if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip(err) // a system without them
	}
	var out, beside bytes.Buffer
	if code := run([]string{"check", "--fix", "bridge.yaml"}, &out, &beside, vendorsTempo); code != exitOK {
		t.Fatal(code, out.String(), beside.String())
	}
	info, err := os.Lstat("bridge.yaml")
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone", err)
	}
	real, err := os.Stat("real.txt")
	if err != nil || real.Mode().Perm() != 0o640 {
		t.Error("the mode is another", real, err)
	}
	if got, _ := os.ReadFile("real.txt"); !bytes.Contains(got, []byte("\noverview: ")) {
		t.Errorf("it holds %q", got)
	}
	if left, _ := filepath.Glob(".briefbot-*"); left != nil {
		t.Error("left behind:", left)
	}
}
