//go:build race

package digest

// detecting says that the race detector is on, which makes SQLite twenty times
// slower: tests that go through many lives then go through fewer.
const detecting = true

// spares says which cases of a fault matrix are left out: of an effect before a fault and a
// death at it, the detector sees neither and both.
func spares(after, kill bool) bool { return after != kill }
