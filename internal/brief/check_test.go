package brief

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const goodBrief = "title: T\noverview: O\ntimeline: []\n"

// writeFiles makes a folder of files.
func writeFiles(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// told returns problems as “name:line:column severity rule”, one a line.
func told(problems []Problem) string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, fmt.Sprintf("%s:%d:%d %s %s", filepath.Base(p.Path), p.Line, p.Column, p.Severity, p.Rule))
	}
	return strings.Join(lines, "\n")
}

func TestCheckFolder(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"one.yaml":       goodBrief + "related: [two, three, broken, tow]\n",
		"two.yaml":       goodBrief,
		"broken.yaml":    "title: T\nstatus: open\n",
		"three.uk.yaml":  "title: Т\n",
		"four.yml":       goodBrief,
		"README.md":      "text",
		".hidden.yaml":   "x",
		"#one.yaml#":     "x",
		"one.yaml~":      "x",
		"Not An Id.yaml": goodBrief,
	})
	problems, err := Check(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := `Not An Id.yaml:1:1 error file-name
README.md:1:1 warning file
broken.yaml:1:1 error missing
broken.yaml:1:1 error missing
broken.yaml:2:9 error choice
four.yml:1:1 warning file
one.yaml:4:16 warning reference
one.yaml:4:31 warning reference
three.uk.yaml:1:1 error translation`
	if diff := cmp.Diff(want, told(problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	for _, p := range problems {
		if p.Line == 4 && p.Column == 31 && !strings.Contains(p.Message, `did you mean "two"?`) {
			t.Errorf("no hint in: %v", p)
		}
	}
}

// TestCheckFiles checks that files are judged with what lies beside them, each
// problem told once and under the path that was given.
func TestCheckFiles(t *testing.T) {
	dir := writeFiles(t, map[string]string{"one.yaml": goodBrief + "related: [two]\n", "two.yaml": "title: T\n", "note.txt": "x"})
	one, two := dir+"/./one.yaml", filepath.Join(dir, "two.yaml")
	problems, err := Check(one)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	problems, err = Check(two, dir, two)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := told(problems), "note.txt:1:1 warning file\ntwo.yaml:1:1 error missing\ntwo.yaml:1:1 error missing"; got != want {
		t.Errorf("problems:\n%s\nwant:\n%s", got, want)
	}
	problems, err = Check(dir + "/./note.txt")
	if err != nil || len(problems) != 1 || problems[0].Rule != "file-name" || problems[0].Path != dir+"/./note.txt" {
		t.Errorf("a file that is no brief: %v, %v", problems, err)
	}
	if problems, err := Check(); err != nil || len(problems) > 0 {
		t.Errorf("nothing to check: %v, %v", problems, err)
	}
	if _, err := Check(filepath.Join(dir, "three.yaml")); err == nil {
		t.Error("a file that is not there has no error")
	}
}

func TestCheckEmptyFolder(t *testing.T) {
	problems, err := Check(t.TempDir())
	if err != nil || len(problems) != 1 || problems[0].Severity != Warning {
		t.Errorf("%v, %v", problems, err)
	}
}

// TestCheckLinks checks that links are followed inside the folder only.
func TestCheckLinks(t *testing.T) {
	outside := writeFiles(t, map[string]string{"secret.yaml": goodBrief})
	dir := writeFiles(t, map[string]string{"one.yaml": goodBrief})
	for name, target := range map[string]string{
		"inside.yaml": "one.yaml", "whole.yaml": filepath.Join(dir, "one.yaml"), "loop.yaml": "loop.yaml", "outside.yaml": filepath.Join(outside, "secret.yaml"), "gone.yaml": "nothing.yaml",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, path := range []string{dir, "."} {
		problems, err := Check(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := told(problems), "gone.yaml:1:1 error file\nloop.yaml:1:1 error file\noutside.yaml:1:1 error file"; got != want {
			t.Errorf("problems of %s:\n%s\nwant:\n%s", path, got, want)
		}
	}
}

// TestCheckPointer says of a brief that Git LFS keeps elsewhere what it is.
func TestCheckPointer(t *testing.T) {
	dir := writeFiles(t, map[string]string{"one.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"})
	problems, err := Check(dir)
	if err != nil || len(problems) != 1 || problems[0].Message != pointerMessage {
		t.Errorf("%v, %v", problems, err)
	}
}
