package brief

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Original implements [Original]. The text is what the file holds now, whether or not a
// snapshot has it yet. The path is that below the top of the git work tree that the
// folder is in; of a folder in none, it begins with the folder's own name.
func (d *Dir) Original(ctx context.Context, story string) (string, []byte, error) {
	if err := ctx.Err(); err != nil {
		return "", nil, err
	}
	if !isStoryID(story) {
		return "", nil, fmt.Errorf("reading the brief of %q: %w", story, fs.ErrNotExist)
	}
	folder, err := openFolder(d.path)
	if err != nil {
		return "", nil, err
	}
	defer folder.root.Close()
	// A link is not the file that is to be changed.
	name, err := folder.resolve(story + briefExt)
	if err == nil {
		var text []byte
		if text, err = folder.readRegular(name); err == nil {
			return repositoryPath(d.path, name), text, nil
		}
	}
	return "", nil, fmt.Errorf("reading the brief of %q: %w", story, err)
}

// repositoryPath returns the path of a file in a folder from the top of the git work
// tree that the folder is in.
func repositoryPath(folder, name string) string {
	inside, err := filepath.Abs(folder)
	if err == nil {
		inside, err = filepath.EvalSymlinks(inside)
	}
	if err != nil {
		return path.Join(path.Base(filepath.ToSlash(folder)), filepath.ToSlash(name))
	}
	for top := inside; ; top = filepath.Dir(top) {
		// It is a file where the work tree is one of several, or a submodule.
		if _, err := os.Lstat(filepath.Join(top, ".git")); err == nil {
			if rel, err := filepath.Rel(top, filepath.Join(inside, name)); err == nil {
				return filepath.ToSlash(rel)
			}
		}
		if top == filepath.Dir(top) {
			return path.Join(filepath.Base(inside), filepath.ToSlash(name))
		}
	}
}
