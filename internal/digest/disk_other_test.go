//go:build !linux

package digest

import "testing"

func smallDisk(t *testing.T) string {
	t.Helper()
	lacking(t, "needs a small file system, which only Linux is asked to make")
	return ""
}

func readOnlyPlace(t *testing.T) (dir string, makeReadOnly func()) {
	t.Helper()
	return byPermission(t)
}

func isFull(error) bool { return false }
