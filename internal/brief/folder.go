package brief

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// maxFile is the size in bytes of the largest brief (contract §2).
const maxFile = 1 << 20

// maxIgnored is how many files that are no briefs are named one by one.
const maxIgnored = 100

// ruleFile is the rule of a problem with a file as a whole.
const ruleFile = "file"

// A folder is a flat folder of briefs that is open for reading. Nothing outside it
// can be read through it.
type folder struct {
	path string
	root *os.Root
}

// openFolder opens the folder at path. Close its root when done.
func openFolder(path string) (*folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("opening the folder %s: %w", path, bare(err))
	}
	return &folder{path: path, root: root}, nil
}

// list returns the names of the files that are to be decoded, sorted, and
// warnings of what else is there.
func (f *folder) list() (names []string, problems []Problem, err error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, nil, fmt.Errorf("reading the briefs in %s: %w", f.path, bare(err))
	}
	for _, e := range entries {
		if wanted, problem := judge(f.join(e.Name()), e.IsDir()); problem != nil {
			problems = append(problems, *problem)
		} else if wanted {
			names = append(names, e.Name())
		}
	}
	return names, fewOf(problems, f.path), nil
}

// fewOf names some of many ignored files, and says how many more there are.
func fewOf(ignored []Problem, folder string) []Problem {
	if len(ignored) <= maxIgnored {
		return ignored
	}
	more := fmt.Sprintf("holds %d more files that are not briefs: they are ignored", len(ignored)-maxIgnored)
	return append(ignored[:maxIgnored:maxIgnored], *fileProblem(folder, Warning, more))
}

func (f *folder) join(name string) string { return filepath.Join(f.path, name) }

// judge says by its name whether a file is to be decoded, and if not, why.
func judge(path string, dir bool) (wanted bool, problem *Problem) {
	_, kind := briefName(path)
	switch {
	case kind == hiddenFile:
		return false, nil
	case dir:
		return false, fileProblem(path, Warning, "is a folder: briefs are read from one flat folder, so it is ignored")
	case kind == otherFile && filepath.Ext(path) == ".yml":
		return false, fileProblem(path, Warning, "is ignored, since the name of a brief ends in "+briefExt+": rename it to "+strings.TrimSuffix(filepath.Base(path), ".yml")+briefExt)
	case kind == otherFile:
		return false, fileProblem(path, Warning, "is not a brief: it is ignored")
	}
	return true, nil
}

// read returns what the file holds, or why it cannot be read.
func (f *folder) read(name string) ([]byte, *Problem) {
	data, err := f.readRegular(name)
	return data, f.problem(name, err)
}

// problem says why a file cannot be read; nil for a nil error.
func (f *folder) problem(name string, err error) *Problem {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fileProblem(f.join(name), Error, "is gone, or links to a file that is not there")
	}
	return fileProblem(f.join(name), Error, err.Error())
}

// isPassing says whether reading failed for a reason that may be gone next time
// though no file changes.
func isPassing(err error) bool {
	return slices.ContainsFunc([]error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EIO, syscall.EAGAIN, syscall.EBUSY, syscall.ESTALE, syscall.ETIMEDOUT,
	}, func(passing error) bool { return errors.Is(err, passing) })
}

var (
	errOutside   = errors.New("links to a file outside the folder: only links inside it are followed")
	errIrregular = errors.New("is not a regular file")
	errHuge      = fmt.Errorf("is larger than %d MiB, the most that a brief may have: split the story", maxFile>>20)
)

// readRegular returns what the file holds. It never waits for a writer, as reading
// a named pipe would.
func (f *folder) readRegular(name string) ([]byte, error) {
	name, err := f.resolve(name)
	if err != nil {
		return nil, err
	}
	// Opening a named pipe for reading waits for a writer unless told not to.
	file, err := f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", bare(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", bare(err))
	}
	if !info.Mode().IsRegular() {
		return nil, errIrregular
	}
	data := bytes.NewBuffer(make([]byte, 0, min(info.Size(), maxFile)+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(file, maxFile+1)); err != nil {
		return nil, fmt.Errorf("cannot be read: %w", bare(err))
	}
	if data.Len() > maxFile {
		return nil, errHuge
	}
	return data.Bytes(), nil
}

// resolve follows the links that name may be, as far as they stay in the folder,
// and returns a name that is none.
func (f *folder) resolve(name string) (string, error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", bare(err))
	}
	if info.Mode().IsRegular() {
		return name, nil
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return "", errIrregular
	}
	// A link may be written with its whole path, while the folder's is relative.
	inside, err := filepath.Abs(f.path)
	if err == nil {
		inside, err = filepath.EvalSymlinks(inside)
	}
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", bare(err))
	}
	target, err := filepath.EvalSymlinks(filepath.Join(inside, name))
	if err != nil {
		return "", fmt.Errorf("is a link that cannot be followed: %w", bare(err))
	}
	rel, err := filepath.Rel(inside, target)
	if err != nil || !filepath.IsLocal(rel) {
		return "", errOutside
	}
	return rel, nil
}

// bare returns what a file operation's error says without the operation and the
// path, which the problem around it names.
func bare(err error) error {
	if p := new(fs.PathError); errors.As(err, &p) {
		return p.Err
	}
	return err
}

func fileProblem(path string, severity Severity, message string) *Problem {
	return &Problem{Path: path, Line: 1, Column: 1, Severity: severity, Rule: ruleFile, Message: message}
}
