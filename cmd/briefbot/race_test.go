//go:build race

package main

// detecting says that the race detector is on, which makes SQLite twenty times
// slower: the largest tests are then a quarter as large. CI runs them in full too.
const detecting = true
