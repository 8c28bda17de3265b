//go:build race

package digest

// detecting says that the race detector is on, which makes SQLite twenty times
// slower: tests that go through many lives then go through fewer.
const detecting = true
