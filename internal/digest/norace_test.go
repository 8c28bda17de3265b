//go:build !race

package digest

// detecting says that the race detector is on.
const detecting = false
