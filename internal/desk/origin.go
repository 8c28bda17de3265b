package desk

import (
	"cmp"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/briefbot/briefbot/internal/brief"
)

// An origin is where the briefs of a check are. Many goroutines use it at once.
type origin interface {
	// each returns what is wrong with every brief, and has each looked at.
	each(look func(*brief.Text)) ([]brief.Problem, error)
	// text returns the text of a brief that was looked at before.
	text(path string) ([]byte, error)
	// before returns what the folder of a brief was, or nil.
	before(path string) *brief.Past
}

// A disk is files and folders on this machine.
type disk struct {
	paths []string
	base  string // the revision that they are compared with; empty: HEAD, where there is one

	mu      sync.Mutex
	pasts   map[string]*brief.Past // by folder
	missing error                  // the first folder without the revision that is asked for
}

func newDisk(base string, paths []string) *disk {
	return &disk{paths: paths, base: base, pasts: make(map[string]*brief.Past)}
}

func (d *disk) each(look func(*brief.Text)) ([]brief.Problem, error) {
	problems, err := brief.CheckEach(d.paths, look)
	return problems, cmp.Or(err, d.missing)
}

func (d *disk) text(path string) ([]byte, error) {
	files, _, err := brief.Files(path)
	if err != nil || len(files) == 0 {
		return nil, err // none where it is gone
	}
	return files[0].Text, nil
}

// before returns nil outside a repository.
func (d *disk) before(path string) *brief.Past {
	d.mu.Lock()
	defer d.mu.Unlock()
	folder := filepath.Dir(path)
	past, known := d.pasts[folder]
	if !known {
		var err error
		if past, err = brief.OpenPast(folder, cmp.Or(d.base, "HEAD")); err != nil && d.base != "" {
			d.missing = cmp.Or(d.missing, err)
		}
		d.pasts[folder] = past
	}
	return past
}

// A revision is a folder as it was at a commit, and at one that it is compared with, which
// may be nil.
type revision struct{ now, base *brief.Past }

func (r revision) each(look func(*brief.Text)) ([]brief.Problem, error) { return r.now.CheckEach(look) }

func (r revision) text(path string) ([]byte, error) {
	text, ok := r.now.Text(path)
	if !ok {
		return nil, fmt.Errorf("reading %s: it was there, and cannot be read again", path)
	}
	return text, nil
}

func (r revision) before(string) *brief.Past { return r.base }
