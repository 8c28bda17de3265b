package brief

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A file is a file of a source that is to be decoded.
type file struct {
	path string
	blob string                    // names the content; empty: it has to be read to know it
	read func() ([]byte, *Problem) // may be called by any goroutine
}

// loaded is what was found in a file.
type loaded struct {
	blob     string            // names the content, where the source knows a name
	sum      [sha256.Size]byte // of the content; zero if the file could not be read
	record   *record           // nil if there is an error among the problems
	problems []Problem
	draft    *place // of the mark of a draft, which has neither record nor problems
}

// load reads and decodes files, as many at once as there are processors, except
// those whose content is that of previous.
func load(ctx context.Context, files []file, previous *Snapshot) (map[string]loaded, error) {
	found := make([]loaded, len(files))
	spread(len(files), func(i int) {
		if ctx.Err() == nil {
			found[i] = loadFile(files[i], previous)
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("loading the briefs: %w", err)
	}
	byPath := make(map[string]loaded, len(files))
	for i, f := range files {
		byPath[f.path] = found[i]
	}
	return byPath, nil
}

// spread calls do with every number below n, as many at once as there are
// processors, and waits for the last.
func spread(n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}

func loadFile(f file, previous *Snapshot) loaded {
	var known loaded
	if previous != nil {
		known = previous.files[f.path]
	}
	if f.blob != "" && f.blob == known.blob {
		return known
	}
	data, problem := f.read()
	if problem != nil {
		return loaded{problems: []Problem{*problem}}
	}
	sum := sha256.Sum256(data)
	if known.sum == sum {
		known.blob = f.blob
		return known
	}
	if isPointer(data) {
		return loaded{blob: f.blob, sum: sum, problems: []Problem{*fileProblem(f.path, Error, pointerMessage)}}
	}
	r := decode(f.path, data)
	if r.draft != nil {
		return loaded{blob: f.blob, sum: sum, draft: r.draft}
	}
	l := loaded{blob: f.blob, sum: sum, problems: r.problems}
	if r.dossier != nil {
		l.record = newRecord(r.dossier)
		l.record.entry()
	}
	return l
}

// pointerMessage says what a brief is that Git LFS keeps elsewhere.
const pointerMessage = "is a pointer of Git LFS, which keeps the text elsewhere: take briefs out of LFS (git lfs untrack '*.yaml', and git lfs migrate export for what is there already)"

// isPointer says whether a file is what Git LFS puts in the place of one:
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
func isPointer(data []byte) bool {
	return bytes.HasPrefix(data, []byte("version https://git-lfs.github.com/spec/")) && len(data) < 1024
}

// assemble makes the snapshot of what was found in files. A brief in error is
// served as previous has it, and so is one that became a draft.
func assemble(revision string, taken time.Time, found map[string]loaded, problems []Problem, previous *Snapshot) *Snapshot {
	records := make([]*record, 0, len(found))
	drafts := make(map[string]bool)
	for path, l := range found {
		problems = append(problems, l.problems...)
		known := l.record
		id, kind := briefName(path)
		if known == nil && kind == briefFile {
			known = previous.record(id)
		}
		if known != nil {
			records = append(records, known)
		}
		if l.draft != nil {
			drafts[id] = true
			problems = append(problems, draftProblem(path, *l.draft, known != nil))
		}
	}
	s := newSnapshot(revision, taken, records, problems)
	s.files, s.drafts = found, drafts
	return s
}

// revisionOf names what was found in files by a hash over their names and
// contents, whatever folder they are in.
func revisionOf(found map[string]loaded) string {
	lines := make([]string, 0, len(found))
	for name, l := range found {
		lines = append(lines, path.Base(filepath.ToSlash(name))+"\x00"+string(l.sum[:]))
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\x00")))
	return hex.EncodeToString(sum[:6])
}
