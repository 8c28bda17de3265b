package mirror

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// noise is a text that packs badly.
func noise(seed string, size int) string {
	var text strings.Builder
	for i := 0; text.Len() < size; i++ {
		fmt.Fprintf(&text, "%x", sha256.Sum256(fmt.Appendf(nil, "%s %d", seed, i)))
	}
	return text.String()
}

// kept returns what the files of a folder take in bytes, how many there are, and how
// many packs and copies are among them.
func kept(t *testing.T, dir string) (size int64, files, packs, copies int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if copyName.MatchString(e.Name()) {
				copies++
			}
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		files++
		size += info.Size()
		if strings.HasSuffix(path, ".pack") {
			packs++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return size, files, packs, copies
}

// TestLimitOfNews has news come that are more than may be fetched: what there was stays,
// nothing of what came is kept however often it is tried, and less is taken again.
func TestLimitOfNews(t *testing.T) {
	h := newHost(t)
	server := httptest.NewServer(h.backend())
	defer server.Close()
	dir := t.TempDir()
	m, _ := mirrorOf(t, server.URL+"/desk.git#main", dir, Options{MaxPack: 64 << 10})
	first := fetched(t, m)
	size, files, _, _ := kept(t, dir)
	h.push(noise("large", 1<<20))
	for range 3 {
		if _, err := m.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "keep briefs in a repository of their own") {
			t.Fatalf("more than may be fetched: %v", err)
		}
		if got := standsAt(t, m); got != first {
			t.Errorf("it stands at %s, want %s", got, first)
		}
		if now, n, _, copies := kept(t, dir); now > size || n > files || copies != 1 {
			t.Errorf("%d bytes in %d files and %d copies are kept, want %d in %d and 1", now, n, copies, size, files)
		}
	}
	// What a process leaves that is killed while a pack comes.
	copies, err := filepath.Glob(filepath.Join(dir, "*.git"))
	if err != nil || len(copies) != 1 {
		t.Fatal(copies, err)
	}
	half := filepath.Join(copies[0], "objects", "pack", "tmp_pack_123")
	if err := os.WriteFile(half, []byte("PACK"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, _ := mirrorOf(t, server.URL+"/desk.git#main", dir, Options{MaxPack: 64 << 10})
	if _, err := os.Stat(half); err == nil {
		t.Error("half a pack is kept after a start")
	}
	if got := standsAt(t, again); got != first {
		t.Errorf("begun again it stands at %s, want %s", got, first)
	}
	h.run(h.clone, "reset", "--quiet", "--hard", first)
	if want, got := h.push("small"), fetched(t, m); got != want {
		t.Errorf("with less it stands at %s, want %s", got, want)
	}
}

// TestGrowth fetches some hundred times: what is kept stays within bounds, and the mirror
// at the newest commit.
func TestGrowth(t *testing.T) {
	t.Parallel() // it is long, and waits for git most of the time
	const pushes = maxPacks + 30
	h := newHost(t)
	server := httptest.NewServer(h.backend())
	defer server.Close()
	bare := filepath.Join(h.root, "desk.git")
	dir := t.TempDir()
	m, log := mirrorOf(t, server.URL+"/desk.git#main", dir, Options{})
	fetched(t, m)
	hashes := manyCommits(t, h, pushes)
	most, anew := 0, 0
	for i, hash := range hashes {
		if err := os.WriteFile(filepath.Join(bare, "refs", "heads", "main"), []byte(hash+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := fetched(t, m); got != hash {
			t.Fatalf("after push %d it stands at %s, want %s", i, got, hash)
		}
		_, _, packs, copies := kept(t, dir)
		if most = max(most, packs); copies > 1 {
			anew++
		}
	}
	if _, err := m.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	size, files, packs, copies := kept(t, dir)
	t.Logf("after %d fetches %d bytes in %d files are kept; there were at most %d packs", pushes, size, files, most)
	if most > maxPacks+1 || packs > 40 || copies != 1 || size > 1<<20 {
		t.Errorf("there were at most %d packs, and are %d in %d copies of %d bytes", most, packs, copies, size)
	}
	if n := strings.Count(log.String(), "made anew"); anew != 1 || n != 1 {
		t.Errorf("the copy was made anew %d times and the log says so %d times, want once:\n%s", anew, n, log)
	}
}

// manyCommits puts commits onto the branch in one go, the oldest first, without moving
// it.
func manyCommits(t *testing.T, h *host, n int) []string {
	t.Helper()
	bare := filepath.Join(h.root, "desk.git")
	head := h.run(bare, "rev-parse", "main")
	var stream strings.Builder
	for i := range n {
		text := fmt.Sprintf("push %d\n%s\n", i, noise(fmt.Sprint(i), 500))
		fmt.Fprintf(&stream, "commit refs/heads/later\ncommitter Jane Doe <jane@example.org> %d +0000\ndata 1\nx\n", 1_800_000_000+i)
		if i == 0 {
			fmt.Fprintf(&stream, "from %s\n", head)
		}
		fmt.Fprintf(&stream, "M 100644 inline brief.yaml\ndata %d\n%s\n", len(text), text)
	}
	cmd := exec.Command("git", "fast-import", "--quiet")
	cmd.Dir, cmd.Stdin = bare, strings.NewReader(stream.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git fast-import: %v\n%s", err, out)
	}
	hashes := strings.Fields(h.run(bare, "rev-list", "--reverse", "main..later"))
	if len(hashes) != n {
		t.Fatalf("%d commits, want %d", len(hashes), n)
	}
	return hashes
}
