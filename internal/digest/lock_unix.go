//go:build unix

package digest

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes f for this process alone, and says whether it could. The system
// gives it back when the process ends, however it ends.
func lockFile(f *os.File) bool { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil }
