package brief

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// minimal returns the text of a small brief.
func minimal(title string) string {
	return fmt.Sprintf("title: %q\noverview: What happened.\ntimeline:\n  - {id: first, date: 2025-11-21, title: It began}\n", title)
}

const brokenText = "title: Broken\ntimeline: [\n"

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func loadDir(t testing.TB, dir string, previous *Snapshot) *Snapshot {
	t.Helper()
	s, err := NewDir(dir, DirOptions{}).Load(context.Background(), previous)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func titles(dossiers []*Dossier) []string {
	all := []string{}
	for _, d := range dossiers {
		all = append(all, d.Title)
	}
	return all
}

func idsOf(dossiers []*Dossier) []string {
	all := []string{}
	for _, d := range dossiers {
		all = append(all, d.ID)
	}
	return all
}

func errorsOf(s *Snapshot) []string {
	var found []string
	for _, p := range s.Problems() {
		if p.Severity == Error {
			found = append(found, filepath.Base(p.Path)+": "+p.Message)
		}
	}
	return found
}

func TestLoadDecodesOnlyWhatChanged(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.yaml"), minimal("A"))
	writeFile(t, filepath.Join(dir, "b.yaml"), minimal("B"))
	first := loadDir(t, dir, nil)
	writeFile(t, filepath.Join(dir, "b.yaml"), minimal("B, revised"))
	second := loadDir(t, dir, first)

	if diff := cmp.Diff([]string{"A", "B, revised"}, titles(second.Dossiers())); diff != "" {
		t.Error(diff)
	}
	if first.Dossiers()[0] != second.Dossiers()[0] {
		t.Error("the unchanged file was decoded again")
	}
	if first.Dossiers()[1] == second.Dossiers()[1] {
		t.Error("the changed file was not decoded")
	}
	if got := first.Dossiers()[1].Title; got != "B" {
		t.Errorf("the first snapshot changed: %q", got)
	}
}

func TestRevisionFollowsContents(t *testing.T) {
	one, other := t.TempDir(), t.TempDir()
	for _, dir := range []string{one, other} {
		writeFile(t, filepath.Join(dir, "a.yaml"), minimal("A"))
		writeFile(t, filepath.Join(dir, "b.yaml"), minimal("B"))
	}
	revision := loadDir(t, one, nil).Revision()
	if got := loadDir(t, other, nil).Revision(); got != revision {
		t.Errorf("equal folders have revisions %s and %s", revision, got)
	}
	writeFile(t, filepath.Join(other, "notes.txt"), "not a brief")
	if got := loadDir(t, other, nil).Revision(); got != revision {
		t.Error("a file that is no brief changed the revision")
	}
	seen := map[string]bool{revision: true}
	for _, change := range []func(){
		func() { writeFile(t, filepath.Join(other, "a.yaml"), minimal("A2")) },
		func() { writeFile(t, filepath.Join(other, "b.yaml"), brokenText) },
		func() { writeFile(t, filepath.Join(other, "c.yaml"), minimal("C")) },
		func() { os.Rename(filepath.Join(other, "c.yaml"), filepath.Join(other, "d.yaml")) },
		func() { os.Remove(filepath.Join(other, "d.yaml")); os.Remove(filepath.Join(other, "a.yaml")) },
	} {
		change()
		got := loadDir(t, other, nil).Revision()
		if seen[got] || len(got) != 12 {
			t.Errorf("revision %q is not new, or not of 12 characters", got)
		}
		seen[got] = true
	}
}

func TestBrokenFileKeepsItsLastGoodVersion(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	writeFile(t, a, minimal("A"))
	writeFile(t, b, minimal("B"))
	s := loadDir(t, dir, nil)

	writeFile(t, a, brokenText)
	writeFile(t, b, minimal("B2"))
	for range 3 { // also when the broken file stays as it is
		s = loadDir(t, dir, s)
		if diff := cmp.Diff([]string{"A", "B2"}, titles(s.Dossiers())); diff != "" {
			t.Fatal(diff)
		}
		if !s.Broken("a") || s.Broken("b") || s.Broken("c") {
			t.Fatal("a alone is broken")
		}
		if p := s.Problems(); len(p) == 0 || p[0].Path != a || p[0].Severity != Error || p[0].Line < 1 {
			t.Fatalf("problems: %v", p)
		}
	}

	writeFile(t, a, minimal("A"))
	s = loadDir(t, dir, s)
	if s.Broken("a") || len(s.Problems()) != 0 {
		t.Errorf("still broken after its repair: %v", s.Problems())
	}
}

func TestBrokenFileAfterRestart(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.yaml"), brokenText)
	writeFile(t, filepath.Join(dir, "b.yaml"), minimal("B"))
	writeFile(t, filepath.Join(dir, "new.yaml"), brokenText)
	kept := func(id, title string) *Dossier {
		d, problems := Decode(id+briefExt, []byte(minimal(title)))
		if d == nil {
			t.Fatal(problems)
		}
		return d
	}
	baseline := NewSnapshot("before", time.Time{}, []*Dossier{kept("a", "A"), kept("b", "old B"), kept("gone", "Gone")}, nil)

	s := loadDir(t, dir, baseline)
	if diff := cmp.Diff([]string{"A", "B"}, titles(s.Dossiers())); diff != "" {
		t.Error(diff)
	}
	if !s.Broken("a") || s.Broken("new") || s.Broken("gone") {
		t.Error("a is broken, new was never good, gone is gone")
	}
}

func TestFileThatIsGoneTakesItsDossier(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.yaml"), minimal("A"))
	writeFile(t, filepath.Join(dir, "b.yaml"), minimal("B"))
	first := loadDir(t, dir, nil)
	if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	second := loadDir(t, dir, first)
	if diff := cmp.Diff([]string{"B"}, titles(second.Dossiers())); diff != "" || len(second.Problems()) > 0 {
		t.Error(diff, second.Problems())
	}
}

func TestFolderThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "missing"), filepath.Join(dir, "file")} {
		writeFile(t, filepath.Join(dir, "file"), "")
		s, err := NewDir(path, DirOptions{}).Load(context.Background(), nil)
		if err == nil || s != nil {
			t.Errorf("%s: loaded", path)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("%s: the error does not name the folder: %v", path, err)
		}
	}
	if _, err := NewDir(filepath.Join(dir, "missing"), DirOptions{}).Load(context.Background(), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

func TestLoadStops(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.yaml"), minimal("A"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if s, err := NewDir(dir, DirOptions{}).Load(ctx, nil); !errors.Is(err, context.Canceled) || s != nil {
		t.Errorf("loaded %v, %v", s, err)
	}
}

func TestFolderFullOfOtherFiles(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.yaml"), minimal("A"))
	for n := range maxIgnored + 7 {
		writeFile(t, filepath.Join(dir, fmt.Sprintf("photo-%d.jpg", n)), "")
	}
	s := loadDir(t, dir, nil)
	problems := s.Problems()
	if len(problems) != maxIgnored+1 || len(s.Dossiers()) != 1 {
		t.Fatalf("%d problems, %d dossiers", len(problems), len(s.Dossiers()))
	}
	if first := problems[0]; first.Path != dir || !strings.Contains(first.Message, "7 more files") || first.Severity != Warning {
		t.Errorf("%v does not say how many more there are", first)
	}
}

// TestFileGoneWhileLoading reads a file that was there when the folder was listed.
func TestFileGoneWhileLoading(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.yaml"), minimal("A"))
	first := loadDir(t, dir, nil)
	f, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.root.Close()
	if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	found, err := load(context.Background(), []file{{path: f.join("a.yaml"), read: func() ([]byte, *Problem) { return f.read("a.yaml") }}}, first)
	if err != nil {
		t.Fatal(err)
	}
	s := assemble("next", time.Time{}, found, nil, first)
	if diff := cmp.Diff([]string{"A"}, titles(s.Dossiers())); diff != "" || !s.Broken("a") {
		t.Errorf("not served in its last version: %s", diff)
	}
	if got := errorsOf(s); len(got) != 1 || !strings.Contains(got[0], "is gone") {
		t.Errorf("problems: %v", got)
	}
}

// TestPanicIsOneFilesProblem lets reading fail as the YAML library might.
func TestPanicIsOneFilesProblem(t *testing.T) {
	l := loadFile(file{path: "a.yaml", read: func() ([]byte, *Problem) { return nil, nil }}, nil)
	if l.record != nil || len(l.problems) == 0 {
		t.Errorf("an empty file: %+v", l)
	}
	r := protect("a.yaml", func() reading { panic("out of cheese") })
	if r.dossier != nil || len(r.problems) != 1 || r.problems[0].Severity != Error || !strings.Contains(r.problems[0].Message, "out of cheese") {
		t.Errorf("after a panic: %+v", r)
	}
}
