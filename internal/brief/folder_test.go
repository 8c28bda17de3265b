//go:build unix

package brief

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHostileFolder loads a folder in which everything that can be wrong with a
// file is wrong with one.
func TestHostileFolder(t *testing.T) {
	root := t.TempDir()
	dir, outside := filepath.Join(root, "briefs"), filepath.Join(root, "outside.yaml")
	in := func(name string) string { return filepath.Join(dir, name) }
	writeFile(t, in("good.yaml"), minimal("Good"))
	writeFile(t, in("empty.yaml"), "")
	writeFile(t, in("huge.yaml"), minimal("Huge")+"#"+strings.Repeat("x", maxFile))
	writeFile(t, in("latin.yaml"), "title: caf\xe9\n")
	writeFile(t, in("Upper Case.yaml"), minimal("Upper"))
	writeFile(t, in("good.uk.yaml"), "title: Добре\n")
	writeFile(t, in("short.yml"), minimal("Short"))
	writeFile(t, in("README.md"), "not a brief")
	writeFile(t, in(".hidden.yaml"), "not looked at")
	writeFile(t, in("good.yaml~"), "a backup")
	writeFile(t, in("sub/deep.yaml"), minimal("Deep"))
	writeFile(t, outside, minimal("Outside"))
	writeFile(t, in("secret.yaml"), minimal("Unreadable"))
	if err := os.Chmod(in("secret.yaml"), 0); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"inside.yaml": "sub/deep.yaml", "absolute.yaml": in("sub/deep.yaml"), "twice.yaml": "inside.yaml",
		"outside.yaml": "../outside.yaml", "far.yaml": outside, "loop.yaml": "pool.yaml", "pool.yaml": "loop.yaml",
		"dangling.yaml": "nowhere.yaml", "folder.yaml": "sub", "link-to-pipe.yaml": "pipe.yaml", "device.yaml": os.DevNull,
	} {
		if err := os.Symlink(target, in(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(in("pipe.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}

	s := loadDir(t, dir, nil)

	want := []string{"absolute", "good", "inside", "twice"}
	unreadable := os.Geteuid() != 0 // root may read anything
	if !unreadable {
		want = []string{"absolute", "good", "inside", "secret", "twice"}
	}
	if diff := cmp.Diff(want, idsOf(s.Dossiers())); diff != "" {
		t.Error(diff)
	}
	faults := map[string]string{
		"empty.yaml": "", "huge.yaml": "1 MiB", "latin.yaml": "UTF-8", "Upper Case.yaml": "upper-case.yaml",
		"good.uk.yaml": "translations", "short.yml": "ends in .yaml", "README.md": "not a brief", "sub": "is a folder",
		"outside.yaml": "outside the folder", "far.yaml": "outside the folder", "device.yaml": "outside the folder",
		"loop.yaml": "too many links", "pool.yaml": "too many links", "dangling.yaml": "links to a file that is not there",
		"folder.yaml": "not a regular file", "pipe.yaml": "not a regular file",
		"link-to-pipe.yaml": "not a regular file",
	}
	if unreadable {
		faults["secret.yaml"] = "permission denied"
	}
	for _, p := range s.Problems() {
		base := filepath.Base(p.Path)
		if part, ok := faults[base]; !ok || !strings.Contains(p.Message, part) {
			t.Errorf("unexpected: %v", p)
		}
		warning := slices.Contains([]string{"README.md", "short.yml", "sub"}, base)
		if (p.Severity == Warning) != warning {
			t.Errorf("%v is of severity %s", p, p.Severity)
		}
	}
	for base := range faults {
		if !slices.ContainsFunc(s.Problems(), func(p Problem) bool { return filepath.Base(p.Path) == base }) {
			t.Errorf("%s: no problem", base)
		}
	}
	if s.Broken("good") {
		t.Error("its translation broke good")
	}
}
