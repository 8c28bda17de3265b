package digest

import (
	"os"
	"path/filepath"
	"testing"
)

// byPermission returns a folder and what takes away the permission to write in it and
// to its files.
func byPermission(t *testing.T) (dir string, makeReadOnly func()) {
	t.Helper()
	dir = t.TempDir()
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // for the folder's own cleanup
	return dir, func() {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if err := os.Chmod(name, 0o400); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
	}
}
