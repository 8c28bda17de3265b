//go:build !race

package digest

// detecting says that the race detector is on.
const detecting = false

// spares says which cases of a fault matrix are left out: none.
func spares(after, kill bool) bool { return false }
