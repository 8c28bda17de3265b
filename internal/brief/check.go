package brief

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Check reads the briefs at paths, each a file or a folder of briefs, and returns
// everything wrong with them in the order of path and position: what Decode finds,
// what in a folder is no brief, and references to stories that are not in the same
// folder. The error is about a path that is not there or cannot be read at all.
//
// Files are judged as a [Dir] would judge them: a link that leads out of the
// folder is not followed.
func Check(paths ...string) ([]Problem, error) { return CheckEach(paths, func(*Text) {}) }

// CheckEach is [Check], and has each brief that is YAML looked at while it is at hand:
// look is called by several goroutines, in no order, and should keep no text, of which
// thousands would fill the memory.
func CheckEach(paths []string, look func(*Text)) ([]Problem, error) {
	var all []Problem
	for _, path := range paths {
		problems, err := checkPath(path, look)
		if err != nil {
			return nil, fmt.Errorf("checking briefs: %w", err)
		}
		all = append(all, problems...)
	}
	slices.SortStableFunc(all, Problem.Compare)
	return withoutRepeats(all), nil
}

// A File is the file of a brief.
type File struct {
	Path string
	Text []byte
}

// Files returns the briefs at paths, each a file or a folder of briefs, in this order and
// by name, and for those that cannot be read a problem each.
func Files(paths ...string) ([]File, []Problem, error) {
	var files []File
	var problems []Problem
	for _, path := range paths {
		found, unread, err := filesAt(path)
		if err != nil {
			return nil, nil, fmt.Errorf("reading briefs: %w", err)
		}
		files, problems = append(files, found...), append(problems, unread...)
	}
	return files, problems, nil
}

func filesAt(path string) ([]File, []Problem, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	dir, names := path, []string(nil)
	if !info.IsDir() {
		dir, names = filepath.Dir(path), []string{filepath.Base(path)}
	}
	f, err := openFolder(dir)
	if err != nil {
		return nil, nil, err
	}
	defer f.root.Close()
	if info.IsDir() {
		if names, _, err = f.list(); err != nil {
			return nil, nil, err
		}
	}
	var files []File
	var problems []Problem
	for _, name := range names {
		if text, problem := f.read(name); problem == nil {
			files = append(files, File{Path: filepath.Join(dir, name), Text: text})
		} else {
			problem.Path = filepath.Join(dir, name)
			problems = append(problems, *problem)
		}
	}
	return files, problems, nil
}

func checkPath(path string, look func(*Text)) ([]Problem, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	dir := path
	if !info.IsDir() {
		dir = filepath.Dir(path)
	}
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	defer f.root.Close()
	if !info.IsDir() {
		return f.check(path, look), nil
	}
	names, problems, err := f.list()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		problems = append(problems, *emptyFolder(path))
	}
	found := make([][]Problem, len(names))
	spread(len(names), func(i int) { found[i] = f.check(f.join(names[i]), look) })
	return append(problems, slices.Concat(found...)...), nil
}

func emptyFolder(path string) *Problem {
	return fileProblem(path, Warning, "holds no briefs: a brief is a file <id>"+briefExt)
}

// check checks the file of the folder at path, and has it looked at.
func (f *folder) check(path string, look func(*Text)) []Problem {
	data, problem := f.read(filepath.Base(path))
	if problem != nil {
		problem.Path = path
		return []Problem{*problem}
	}
	has := func(id string) bool {
		_, err := f.root.Lstat(id + briefExt)
		return err == nil
	}
	return checkText(path, data, neighbours{has, f.stories}, look)
}

// neighbours are the stories beside a brief.
type neighbours struct {
	has     func(id string) bool
	stories func() []string // their ids, for what is misspelt
}

// checkText checks a brief, and has it looked at.
func checkText(path string, data []byte, others neighbours, look func(*Text)) []Problem {
	if isPointer(data) {
		return []Problem{*fileProblem(path, Error, pointerMessage)}
	}
	t, r := readAsText(path, data)
	if t != nil {
		look(t)
	}
	if r.dossier == nil {
		return r.problems
	}
	for i, id := range r.dossier.Related {
		if others.has(id) {
			continue
		}
		r.problems = append(r.problems, Problem{
			Path: path, Line: r.related[i].line, Column: r.related[i].column, Severity: Warning, Rule: "reference",
			Message: fmt.Sprintf("there is no story %q beside this one, so it is not shown as related%s", id, didYouMean(id, others.stories(), "")),
		})
	}
	return r.problems
}

// stories returns the ids of the briefs in the folder.
func (f *folder) stories() []string {
	names, _, err := f.list()
	if err != nil {
		return nil
	}
	var ids []string
	for _, name := range names {
		if id, kind := briefName(name); kind == briefFile {
			ids = append(ids, id)
		}
	}
	return ids
}
