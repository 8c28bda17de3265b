package digest

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// smallDisk returns a folder of a file system that can be filled: one that the
// environment names, or one of its own, which takes the right to mount.
func smallDisk(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("BRIEFBOT_TEST_SMALL_DISK"); dir != "" {
		made, err := os.MkdirTemp(dir, "briefbot")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(made) })
		return made
	}
	return mountMemory(t, "size=6m")
}

// readOnlyPlace returns a folder and what makes it read-only. To root permissions mean
// nothing: it gets a file system of its own.
func readOnlyPlace(t *testing.T) (dir string, makeReadOnly func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		return byPermission(t)
	}
	dir = mountMemory(t, "size=16m")
	return dir, func() {
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func mountMemory(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		lacking(t, "needs a small file system: run as root, or set BRIEFBOT_TEST_SMALL_DISK to a folder of one of 4 to 16 MB ("+err.Error()+")")
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) }
