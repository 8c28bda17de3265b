package brief

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const smallBrief = "title: A story\noverview: What it is about.\ntimeline:\n  - {id: a, date: 2025-11-21, title: It began}\n"

// TestOriginal reads briefs as they are written, with their paths in the repository.
func TestOriginal(t *testing.T) {
	root := t.TempDir()
	put := func(path, text string) {
		t.Helper()
		path = filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	crlf := strings.ReplaceAll(smallBrief, "\n", "\r\n")
	put("plain/stories/a.yaml", smallBrief)
	put("repo/.git/HEAD", "ref: refs/heads/main\n")
	put("repo/a.yaml", smallBrief)
	put("repo/desk/stories/a.yaml", crlf)
	put("repo/desk/stories/broken.yaml", "title: [\n")
	put("tree/.git", "gitdir: ../repo/.git/worktrees/tree\n")
	put("tree/briefs/a.yaml", smallBrief)
	if err := os.Symlink("a.yaml", filepath.Join(root, "repo", "desk", "stories", "link.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("repo", "desk", "stories"), filepath.Join(root, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ folder, story, path, text string }{
		{"plain/stories", "a", "stories/a.yaml", smallBrief},
		{"repo", "a", "a.yaml", smallBrief},
		{"repo/desk/stories", "a", "desk/stories/a.yaml", crlf},
		{"repo/desk/stories", "broken", "desk/stories/broken.yaml", "title: [\n"},
		{"repo/desk/stories", "link", "desk/stories/a.yaml", crlf},
		{"elsewhere", "a", "desk/stories/a.yaml", crlf},
		{"tree/briefs", "a", "briefs/a.yaml", smallBrief},
	}
	for _, test := range tests {
		var source Original = NewDir(filepath.Join(root, filepath.FromSlash(test.folder)), DirOptions{})
		path, text, err := source.Original(t.Context(), test.story)
		if err != nil || path != test.path || string(text) != test.text {
			t.Errorf("%s of %s: %q, %q, %v", test.story, test.folder, path, text, err)
		}
	}
	d := NewDir(filepath.Join(root, "repo", "desk", "stories"), DirOptions{})
	for _, story := range []string{"", "b", "a.de", "../a", "../../a", "A", "a/b", ".", ".."} {
		if _, text, err := d.Original(t.Context(), story); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %q, %v", story, text, err)
		}
	}
	if _, _, err := NewDir(filepath.Join(root, "nowhere"), DirOptions{}).Original(t.Context(), "a"); err == nil {
		t.Error("a folder that is not there has a brief")
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := d.Original(done, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("when nobody waits any more: %v", err)
	}
}

// TestOriginalOutside does not show a file outside the folder.
func TestOriginalOutside(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "secret.yaml"), []byte("title: secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(root, "briefs")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "secret.yaml"), filepath.Join(inside, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, text, err := NewDir(inside, DirOptions{}).Original(t.Context(), "a"); err == nil {
		t.Errorf("it shows %q", text)
	}
}
