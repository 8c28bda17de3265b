package brief

import "github.com/go-git/go-git/v5/plumbing"

// A Past is the folder of briefs as it was at a revision, of which each brief is read
// when it is asked for. Many goroutines may use it at once.
type Past struct{ folder *gitFolder }

// OpenPast returns the folder dir as it was at a revision of the git repository that it is
// in, both as [LoadRevision] takes them.
func OpenPast(dir, revision string) (*Past, error) {
	_, folder, err := openRevision(dir, revision)
	if err != nil {
		return nil, err
	}
	return &Past{folder}, nil
}

// Changed returns a story as it was, where its brief was another text than the one it has
// now. It is nil where the brief is the same, was in error, or was not there; a nil Past
// has none.
func (p *Past) Changed(story string, now []byte) *Dossier {
	if p == nil {
		return nil
	}
	for _, e := range p.folder.tree.Entries {
		if e.Name != story+briefExt {
			continue
		}
		if e.Hash == plumbing.ComputeHash(plumbing.BlobObject, now) {
			return nil
		}
		data, err := p.folder.read(e)
		if err != nil {
			return nil
		}
		dossier, _ := Decode(e.Name, data)
		return dossier
	}
	return nil
}
