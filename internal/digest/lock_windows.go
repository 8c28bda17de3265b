package digest

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes f for this process alone, and says whether it could. The system
// gives it back when the process ends, however it ends. The byte that is locked
// lies far behind the end, so that others can read what the file says.
func lockFile(f *os.File) bool {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 20}) == nil
}
