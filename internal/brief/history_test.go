package brief

import (
	"context"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// A made commit is one put together of parts, as tools of all sorts do it.
type made struct {
	files    map[string]string // by path; what begins with @ is a submodule's commit
	author   string            // the bytes of the name
	encoding string            // what the commit says that the bytes are in
	parents  []string
	minute   int // after testNow
}

// make writes a commit and returns its hash; no branch is moved.
func (r *repository) make(t *testing.T, m made) string {
	t.Helper()
	when := testNow.Add(time.Duration(m.minute) * time.Minute)
	c := &object.Commit{
		Author:    object.Signature{Name: m.author, Email: "j\xfcrgen@example.org", When: when},
		Committer: object.Signature{Name: "A Host", Email: "host@example.org", When: when},
		Message:   "briefs: edit", Encoding: object.MessageEncoding(m.encoding), TreeHash: r.tree(t, m.files),
	}
	for _, parent := range m.parents {
		c.ParentHashes = append(c.ParentHashes, plumbing.NewHash(parent))
	}
	return r.write(t, c).String()
}

// write writes an object.
func (r *repository) write(t *testing.T, o interface {
	Encode(plumbing.EncodedObject) error
}) plumbing.Hash {
	t.Helper()
	encoded := r.repo.Storer.NewEncodedObject()
	err := o.Encode(encoded)
	if err == nil {
		_, err = r.repo.Storer.SetEncodedObject(encoded)
	}
	if err != nil {
		t.Fatal(err)
	}
	return encoded.Hash()
}

// tree writes the files and the folders that they are in.
func (r *repository) tree(t *testing.T, files map[string]string) plumbing.Hash {
	t.Helper()
	tree, folders := new(object.Tree), make(map[string]map[string]string)
	for path, text := range files {
		if folder, name, in := strings.Cut(path, "/"); in {
			if folders[folder] == nil {
				folders[folder] = make(map[string]string)
			}
			folders[folder][name] = text
		} else if commit, is := strings.CutPrefix(text, "@"); is {
			tree.Entries = append(tree.Entries, object.TreeEntry{Name: path, Mode: filemode.Submodule, Hash: plumbing.NewHash(commit)})
		} else {
			tree.Entries = append(tree.Entries, object.TreeEntry{Name: path, Mode: filemode.Regular, Hash: r.blob(t, text)})
		}
	}
	for folder, in := range folders {
		tree.Entries = append(tree.Entries, object.TreeEntry{Name: folder, Mode: filemode.Dir, Hash: r.tree(t, in)})
	}
	sort.Sort(object.TreeEntrySorter(tree.Entries))
	return r.write(t, tree)
}

func (r *repository) blob(t *testing.T, text string) plumbing.Hash {
	t.Helper()
	blob := r.repo.Storer.NewEncodedObject()
	blob.SetType(plumbing.BlobObject)
	w, err := blob.Writer()
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err == nil {
		_, err = r.repo.Storer.SetEncodedObject(blob)
	}
	if err != nil {
		t.Fatal(err)
	}
	return blob.Hash()
}

// TestAuthors has commits whose author's name is in whatever encoding, as git's own
// server sends them: it is shown as it was meant, or at least cleanly, and the address
// is not.
func TestAuthors(t *testing.T) {
	h := newHost(t)
	last := h.make(t, made{files: map[string]string{"briefs/a.yaml": minimal("0")}, author: "Nobody"})
	h.at(t, "master", last)
	g := newGit(t, h.address("#master:briefs"), t.TempDir())
	s := mustLoad(t, g, nil)
	for i, test := range []struct{ name, encoding, want string }{
		{"Jürgen Groß", "", "Jürgen Groß"},
		{"Jürgen Groß", "UTF-8", "Jürgen Groß"},
		{"J\xfcrgen Gro\xdf", "ISO-8859-1", "Jürgen Groß"},
		{"J\xfcrgen Gro\xdf", "latin1", "Jürgen Groß"},
		{"J\xfcrgen Gro\xdf", "", "Jürgen Groß"},
		{"J\xfcrgen Gro\xdf", "no-such-encoding", "Jürgen Groß"},
		{"Jürgen Groß", "ISO-8859-1", "Jürgen Groß"}, // a tool that says so, and writes otherwise
		{"\xe9\xd7\xc1\xce", "KOI8-R", "Иван"},
		{"\x8eR\x93c", "Shift_JIS", "山田"},
		{"\x1b$B;3ED\x1b(B", "ISO-2022-JP", "山田"},
		{"\xff\xfe\xfd", "UTF-8", "ÿþý"},
		{"\x8f\xff", "Shift_JIS", "\ufffd"},
		{"An\x00na", "", "An na"},
		{"An\x1b[31mna\u202e\u200b", "", "An [31mna"},
		{"", "", ""},
		{strings.Repeat("ü", 300), "", strings.Repeat("ü", 99) + "…"},
	} {
		last = h.make(t, made{
			files:  map[string]string{"briefs/a.yaml": minimal(strings.Repeat("n", i+1))},
			author: test.name, encoding: test.encoding, parents: []string{last}, minute: i + 1,
		})
		h.at(t, "master", last)
		s = next(t, g, s)
		who, known := s.Commit("a")
		if !known || who.Hash != last || who.Author != test.want {
			t.Errorf("%q in %q is shown as %q (known: %v), want %q", test.name, test.encoding, who.Author, known, test.want)
		}
	}
}

// TestMerges finds who edited what behind merges: whoever edited it on the side that it
// is from, and whoever merged only what is as on neither side.
func TestMerges(t *testing.T) {
	for _, remote := range []bool{false, true} {
		h := newHost(t)
		root := h.make(t, made{author: "Root", files: map[string]string{
			"briefs/a.yaml": minimal("A"), "briefs/b.yaml": minimal("B"), "briefs/c.yaml": minimal("C"), "briefs/d.yaml": minimal("D"), "briefs/e.yaml": minimal("E")}})
		h.at(t, "master", root)
		address, dir := h.dir+"#master:briefs", ""
		if remote {
			address, dir = h.address("#master:briefs"), t.TempDir()
		}
		g := newGit(t, address, dir)
		s := mustLoad(t, g, nil)
		left := h.make(t, made{author: "Left", parents: []string{root}, minute: 5, files: map[string]string{
			"briefs/a.yaml": minimal("A left"), "briefs/b.yaml": minimal("B"), "briefs/c.yaml": minimal("C left"), "briefs/d.yaml": minimal("D both"), "briefs/e.yaml": minimal("E")}})
		right := h.make(t, made{author: "Right", parents: []string{root}, minute: 3, files: map[string]string{
			"briefs/a.yaml": minimal("A"), "briefs/b.yaml": minimal("B right"), "briefs/c.yaml": minimal("C right"), "briefs/d.yaml": minimal("D both"), "briefs/e.yaml": minimal("E")}})
		merge := h.make(t, made{author: "Merger", parents: []string{left, right}, minute: 7, files: map[string]string{
			"briefs/a.yaml": minimal("A left"), "briefs/b.yaml": minimal("B right"), "briefs/c.yaml": minimal("C merged"), "briefs/d.yaml": minimal("D both"), "briefs/e.yaml": minimal("E")}})
		after := h.make(t, made{author: "After", parents: []string{merge}, minute: 9, files: map[string]string{"README.md": "x",
			"briefs/a.yaml": minimal("A left"), "briefs/b.yaml": minimal("B right"), "briefs/c.yaml": minimal("C merged"), "briefs/d.yaml": minimal("D both"), "briefs/e.yaml": minimal("E")}})
		h.at(t, "master", after)
		s = next(t, g, s)
		for story, want := range map[string]string{"a": "Left", "b": "Right", "c": "Merger", "d": "Left", "e": "Root"} {
			if who, known := s.Commit(story); !known || who.Author != want {
				t.Errorf("remote %v: %s was edited by %q (known: %v), want %s", remote, story, who.Author, known, want)
			}
		}
	}
}

// TestMergeOfAnOldBranch merges a branch that began before the first state that was
// fetched, and of which the copy therefore lacks folders: what is in the merge is served.
func TestMergeOfAnOldBranch(t *testing.T) {
	h := newHost(t)
	old := map[string]string{"briefs/a.yaml": minimal("A"), "briefs/b.yaml": minimal("B")}
	root := h.make(t, made{author: "Root", files: old})
	base := h.make(t, made{author: "Base", parents: []string{root}, minute: 1, files: map[string]string{"briefs/a.yaml": minimal("A2"), "briefs/b.yaml": minimal("B")}})
	h.at(t, "master", base)
	g := newGit(t, h.address("#master:briefs"), t.TempDir())
	s := mustLoad(t, g, nil)
	side := h.make(t, made{author: "Side", parents: []string{root}, minute: 2, files: map[string]string{"briefs/a.yaml": minimal("A"), "briefs/b.yaml": minimal("B"), "briefs/c.yaml": minimal("C")}})
	undone := h.make(t, made{author: "Side", parents: []string{side}, minute: 3, files: old})
	merge := h.make(t, made{author: "Merger", parents: []string{base, undone}, minute: 4, files: map[string]string{"briefs/a.yaml": minimal("A2"), "briefs/b.yaml": minimal("B3")}})
	h.at(t, "master", merge)
	s = next(t, g, s)
	wantTitles(t, s, "A2", "B3")
	if who, known := s.Commit("b"); known && who.Author != "Merger" {
		t.Errorf("b was edited by %q", who.Author)
	}
}

// TestSubmodules has submodules beside the briefs, in place of one and in place of the
// folder: they are passed over, which is said where an editor looks for it.
func TestSubmodules(t *testing.T) {
	const commit = "@0123456789abcdef0123456789abcdef01234567"
	h := newHost(t)
	h.at(t, "master", h.make(t, made{author: "Editor", files: map[string]string{
		".gitmodules":   "[submodule \"wire\"]\n\tpath = briefs/wire\n\turl = https://example.org/wire.git\n",
		"briefs/a.yaml": minimal("A"), "briefs/wire": commit, "briefs/b.yaml": commit, "other": commit}}))
	for name, address := range map[string]string{"remote": h.address("#master:briefs"), "local": h.dir + "#master:briefs"} {
		s := mustLoad(t, newGit(t, address, t.TempDir()), nil)
		wantTitles(t, s, "A")
		said := make(map[string]string)
		for _, p := range s.Problems() {
			said[p.Path] = string(p.Severity) + ": " + p.Message
		}
		for _, path := range []string{"briefs/wire", "briefs/b.yaml"} {
			if got := said[path]; got != "warning: is a submodule, another repository: it is ignored" {
				t.Errorf("%s: of %s is said %q", name, path, got)
			}
		}
		if len(said) != 2 {
			t.Errorf("%s: %q", name, said)
		}
	}
	if _, err := newGit(t, h.address("#master:other"), t.TempDir()).Load(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "that is a submodule") {
		t.Errorf("a folder that is a submodule: %v", err)
	}
}
