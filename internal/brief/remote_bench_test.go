package brief

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// BenchmarkRemoteReload commits a change of one brief of a repository of 10,000 (500 with
// -short), asks the repository for news, and shows it. What that takes beyond the asking is
// measured, and the memory that all the dossiers take.
func BenchmarkRemoteReload(b *testing.B) {
	if _, err := exec.LookPath("git"); err != nil {
		b.Skip("install git")
	}
	dir, paths := benchFolder(b)
	git := func(args ...string) {
		b.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=Jane Doe", "-c", "user.email=jane@example.org", "-c", "gc.auto=0"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "--quiet", "--initial-branch=main")
	git("add", "-A")
	git("commit", "--quiet", "-m", "all")
	source, err := NewGit("file://"+filepath.ToSlash(dir)+"#main", GitOptions{})
	if err != nil {
		b.Fatal(err)
	}
	previous, err := source.Load(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	var fetching, showing time.Duration
	n := 0
	for b.Loop() {
		n++
		b.StopTimer()
		text := strings.Replace(benchText(0), "What became of it", fmt.Sprint("Revision ", n), 1)
		if err := os.WriteFile(paths[0], []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
		git("commit", "--quiet", "-a", "-m", "one")
		b.StartTimer()
		began := time.Now()
		if moved, err := source.look(b.Context()); err != nil || !moved {
			b.Fatal(moved, err)
		}
		fetched := time.Now()
		next, err := source.Load(b.Context(), previous)
		if err != nil {
			b.Fatal(err)
		}
		fetching, showing = fetching+fetched.Sub(began), showing+time.Since(fetched)
		if changes := Diff(previous, next); len(changes) != 1 {
			b.Fatal(short(changes))
		}
		if c, ok := next.Commit(strings.TrimSuffix(filepath.Base(paths[0]), briefExt)); !ok || c.Author != "Jane Doe" {
			b.Fatal("nobody is said to have changed it")
		}
		previous = next
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	runtime.KeepAlive(previous)
	b.ReportMetric(float64(fetching.Milliseconds())/float64(n), "fetch-ms")
	b.ReportMetric(float64(showing.Milliseconds())/float64(n), "show-ms")
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MB")
}
