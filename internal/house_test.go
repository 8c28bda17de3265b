package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/briefbot/briefbot"

// house is the table of design: which packages there are, and what each imports of
// ours. A package stands on a lower line than all it imports.
var house = []struct {
	name    string
	imports []string
}{
	{"cmd/briefbot", []string{"bot", "internal/desk", "internal/web", "internal/discord", "internal/telegram", "internal/digest", "internal/brief", "internal/mirror", "internal/chat", "internal/spelling"}},
	{"bot", []string{"internal/desk", "internal/digest", "internal/brief", "internal/chat", "internal/prose", "internal/spelling"}},
	{"internal/desk", []string{"internal/brief", "internal/chat", "internal/prose", "internal/spelling"}},
	{"internal/web", []string{"internal/brief", "internal/chat", "internal/prose"}},
	{"internal/digest", []string{"internal/brief", "internal/chat"}},
	{"internal/discord", []string{"internal/chat"}},
	{"internal/telegram", []string{"internal/chat"}},
	{"internal/prose", []string{"internal/chat"}},
	{"internal/chat/chattest", []string{"internal/chat"}},
	{"internal/chat", []string{"internal/spelling"}},
	{"internal/brief", []string{"internal/mirror", "internal/spelling"}},
	{"internal/mirror", nil},
	{"internal/spelling", nil},
	{"internal/discord/discordtest", nil},
	{"internal/telegram/telegramtest", nil},
	{"internal", nil}, // this test
}

// forTests are what any test may import besides.
var forTests = []string{"internal/chat/chattest", "internal/discord/discordtest", "internal/telegram/telegramtest"}

// imported is one file's import of a package of ours.
type imported struct {
	file, by, name string
	test           bool
}

// TestImports holds the table, both ways: nothing is imported that it does not
// allow, and no package stands outside it.
func TestImports(t *testing.T) {
	allowed := map[string][]string{}
	for _, p := range house {
		allowed[p.name] = p.imports
	}
	for _, i := range imports(t, "..") {
		list, known := allowed[i.by]
		switch {
		case !known:
			t.Errorf("%s: the package %s is not in the table of this test", i.file, i.by)
		case i.name == "" || i.name == i.by || slices.Contains(list, i.name):
		case i.test && slices.Contains(forTests, i.name):
		default:
			t.Errorf("%s: %s may not import %s", i.file, i.by, i.name)
		}
	}
}

// TestTableDescends proves that the table itself points one way.
func TestTableDescends(t *testing.T) {
	level := map[string]int{}
	for i, p := range house {
		level[p.name] = i
	}
	for i, p := range house {
		for _, name := range p.imports {
			if below, known := level[name]; !known || below <= i {
				t.Errorf("%s imports %s, which does not stand below it", p.name, name)
			}
		}
	}
}

// imports returns every import of a package of ours in the module at root, and one
// without a name for each file, so that a file without imports is seen too.
func imports(t *testing.T, root string) []imported {
	t.Helper()
	var found []imported
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && file != root) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		ofFile, err := fileImports(file, filepath.ToSlash(rel))
		found = append(found, ofFile...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("no Go files were found")
	}
	return found
}

func fileImports(file, rel string) ([]imported, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	i := imported{file: rel, by: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go")}
	found := []imported{i}
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if ours, ok := strings.CutPrefix(name, module+"/"); ok {
			i.name = ours
			found = append(found, i)
		}
	}
	return found, nil
}

// TestTopLevel keeps the first screen of the repository short: there is nothing
// there but what the design names. What a checkout gathers in files (a binary, a
// store) is ignored.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir() && !slices.Contains([]string{"bot", "briefs", "cmd", "deploy", "dist", "docs", "internal"}, e.Name()):
			t.Errorf("there is a folder %s at the top", e.Name())
		case strings.HasSuffix(e.Name(), ".go"):
			t.Errorf("there is a file %s at the top: a program stands in cmd", e.Name())
		}
	}
}
