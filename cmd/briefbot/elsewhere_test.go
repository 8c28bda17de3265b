package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// called runs a command line in the process, and returns what it prints and its exit code.
func called(args ...string) (out, beside string, code int) {
	var stdout, stderr bytes.Buffer
	code = run(args, &stdout, &stderr, vendorsTempo)
	return stdout.String(), stderr.String(), code
}

// copies pushes the files of a folder as the briefs.
func (h *gitHost) copies(dir string) {
	h.t.Helper()
	files := make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			h.t.Fatal(err)
		}
		files["briefs/"+e.Name()] = string(text)
	}
	h.push("Jane Doe", files)
}

// TestCheckElsewhere checks briefs on a git server, and holds every form of the report to
// that on a clone.
func TestCheckElsewhere(t *testing.T) {
	corpus, err := filepath.Abs("testdata/check")
	if err != nil {
		t.Fatal(err)
	}
	h := newGitHost(t)
	h.copies(filepath.Join(corpus, "committed"))
	h.git("tag", "before")
	h.git("push", "--quiet", "origin", "before")
	h.copies(filepath.Join(corpus, "broken"))
	config := "subscriptions:\n  - {to: \"telegram:-1001\", stories: [grian], schedule: immediate}\n"
	if err := os.WriteFile(filepath.Join(h.clone, "briefbot.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(h.clone)
	told := func(text string) string {
		text = strings.ReplaceAll(text, "in a clone, ", "")
		return strings.ReplaceAll(text, h.url, "./briefs")
	}
	for _, args := range [][]string{{"--excerpt"}, {"--excerpt", "--base", "before"}, {"--format", "json", "--base", "before"}, {"--format", "github"}} {
		args = append([]string{"check"}, args...)
		want, wantBeside, wantCode := called(args...)
		got, beside, code := called(append(args, "--briefs", h.url)...)
		if diff := cmp.Diff(want+wantBeside, told(got+beside)); diff != "" || code != wantCode {
			t.Errorf("%v exits with %d, on a clone with %d (-clone +elsewhere):\n%s", args, code, wantCode, diff)
		}
		if !strings.Contains(got, "grian") || !strings.Contains(got, "warn-") {
			t.Errorf("%v finds too little:\n%s", args, got)
		}
	}
	const reused = "warn-id-reused.yaml:4:10: warning: closed was"
	if out, _, _ := called("check", "--briefs", h.url, "--base", "before"); !strings.Contains(out, reused) {
		t.Errorf("nothing is compared:\n%s", out)
	}
	if out, _, _ := called("check", "--briefs", h.url); strings.Contains(out, reused) {
		t.Errorf("it is compared with what nobody named:\n%s", out)
	}
}

// TestCheckElsewhereSays asks of a git server what check cannot do there.
func TestCheckElsewhereSays(t *testing.T) {
	h := newGitHost(t)
	t.Setenv("TMPDIR", t.TempDir())
	t.Chdir(t.TempDir()) // where no file of the repository is
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"check"}, exitOK, "event-0"},
		{[]string{"check", "--fix"}, exitFailure, "--fix: the briefs are in a git repository elsewhere, which is only read: mend them in a clone"},
		{[]string{"check", "--base", "nope"}, exitFailure, `finding the revision "nope": there is no such branch, tag or commit; it has main`},
		{[]string{"check", "--base", "main:briefs"}, exitFailure, "write a branch, a tag or a commit"},
	} {
		out, beside, code := called(append(test.args, "--excerpt", "--briefs", h.url)...)
		if code != test.code || !strings.Contains(out+beside, test.want) {
			t.Errorf("%v exits with %d: %s%s", test.args, code, out, beside)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "briefbot-briefs-*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

// TestCheckElsewherePrivate checks a repository that takes a token.
func TestCheckElsewherePrivate(t *testing.T) {
	h := newGitHost(t)
	open, err := url.Parse(strings.TrimSuffix(h.url, "/desk.git#main"))
	if err != nil {
		t.Fatal(err)
	}
	behind := httputil.NewSingleHostReverseProxy(open)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "hush-hush" {
			http.Error(rw, "who are you?", http.StatusUnauthorized)
			return
		}
		behind.ServeHTTP(rw, r)
	}))
	defer server.Close()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("token.txt", []byte("hush-hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	call := []string{"check", "--briefs", server.URL + "/desk.git"}
	if out, beside, code := called(call...); code != exitFailure || !strings.Contains(beside, "401") {
		t.Errorf("without the token it exits with %d: %s%s", code, out, beside)
	}
	if out, beside, code := called(append(call, "--briefs-token-file", "token.txt")...); code != exitOK || strings.Contains(out+beside, "hush") {
		t.Errorf("with the token it exits with %d: %s%s", code, out, beside)
	}
	if out, beside, code := called(append(call, "--briefs-token-file", "nowhere.txt")...); code != exitFailure || !strings.Contains(beside, "nowhere.txt") {
		t.Errorf("with a token that is not there it exits with %d: %s%s", code, out, beside)
	}
}

// newProposal makes a server with a branch that proposes a change of main.
func newProposal(t *testing.T) *gitHost {
	t.Helper()
	h := newGitHost(t)
	h.git("checkout", "--quiet", "-b", "proposal")
	edited := strings.Replace(story(3, "Event"), "title: Event 2", "title: TODO", 1)
	h.commit("Jane Doe", map[string]string{"briefs/grain.yaml": edited, "briefs/bridge.yaml": story(1, "Ship")})
	h.git("push", "--quiet", "origin", "HEAD:refs/heads/proposal")
	return h
}

// TestDiffElsewhere compares revisions of a git server with each other and with a folder,
// and holds what is printed to that on a clone.
func TestDiffElsewhere(t *testing.T) {
	h := newProposal(t)
	hash := h.git("rev-parse", "HEAD")
	t.Chdir(h.clone)
	t.Setenv("TMPDIR", t.TempDir())
	for _, args := range [][]string{
		{"main", "proposal"}, {"main", hash}, {"main", hash[:8]}, {"proposal~1", "proposal^0"}, {"proposal", "main"}, {"main", "briefs"}, {"briefs", "main"},
		{"--format", "json", "main", "proposal"},
	} {
		args = append([]string{"diff"}, args...)
		want, _, _ := called(append(args, "--briefs", "briefs")...)
		got, beside, code := called(append(args, "--briefs", h.url)...)
		if diff := cmp.Diff(want, got); diff != "" || code != exitOK || !strings.Contains(got, "event-2") {
			t.Errorf("%v exits with %d, %s (-clone +elsewhere):\n%s", args, code, beside, diff)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "briefbot-*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

// TestDiffElsewhereSays asks for what the server does not have.
func TestDiffElsewhereSays(t *testing.T) {
	h := newProposal(t)
	h.commit("Jane Doe", map[string]string{"briefs/bridge.yaml": "title: [\n"})
	unpushed := h.git("rev-parse", "HEAD")
	t.Chdir(t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	for revision, want := range map[string]string{
		"nope":       `finding the revision "nope": there is no such branch, tag or commit; it has main, proposal`,
		unpushed:     "not among the last 1000 commits of the branch main: write a branch or a tag, or run briefbot in a clone",
		"main~1":     `finding the revision "main~1"`,
		"main..HEAD": "write a branch, a tag or a commit",
	} {
		if out, beside, code := called("diff", "--briefs", h.url, "main", revision); code == exitOK || !strings.Contains(beside, want) {
			t.Errorf("%s: exits with %d: %s%s", revision, code, out, beside)
		}
	}
	h.git("push", "--quiet", "origin", "HEAD:refs/heads/proposal")
	if _, beside, code := called("diff", "--briefs", h.url, "main", "proposal"); code == exitOK || !strings.Contains(beside, "proposal holds a brief that cannot be read:\n  briefs/bridge.yaml:1:") {
		t.Errorf("a broken brief: exits with %d: %s", code, beside)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "briefbot-*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

// TestPreviewElsewhere has the report of a change on a git server made, and holds it to
// that on a clone.
func TestPreviewElsewhere(t *testing.T) {
	h := newProposal(t)
	t.Chdir(h.clone)
	report := func(dir, briefs string) string {
		t.Helper()
		if out, beside, code := called("diff", "main", "proposal", "--briefs", briefs, "--preview", dir, "--browser", "off"); code != exitOK {
			t.Fatalf("%s exits with %d: %s%s", briefs, code, out, beside)
		}
		text, err := os.ReadFile(filepath.Join(dir, "report.md"))
		if err != nil {
			t.Fatal(err)
		}
		if pages, _ := filepath.Glob(filepath.Join(dir, "*.html")); len(pages) == 0 {
			t.Errorf("%s: there are no pages", briefs)
		}
		return string(text)
	}
	got := report("elsewhere", h.url)
	want := strings.ReplaceAll(report("here", "briefs"), "proposal:briefs/", "briefs/")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the report (-clone +elsewhere):\n%s", diff)
	}
	for _, part := range []string{"TODO stands where a text is still to come", "briefs/grain.yaml", "`bridge`"} {
		if !strings.Contains(got, part) {
			t.Errorf("the report does not have %s:\n%s", part, got)
		}
	}
}
