package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"
)

// needTools skips a test that needs programs which are not there. They are on the
// machines of GitHub, and not needed for anything but the parts that run there.
func needTools(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("install %s", name)
		}
	}
}

// script runs a script of the action with variables.
func script(t *testing.T, dir string, variables map[string]string, name ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name[0], name[1:]...)
	command.Dir = dir
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	for k, v := range variables {
		command.Env = append(command.Env, k+"="+v)
	}
	out, err := command.CombinedOutput()
	return string(out), err
}

func actionPath(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs("../../deploy/github/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A comment is one of a pull request, as GitHub's interface has it.
type comment struct {
	ID   int    `json:"id"`
	Body string `json:"body"`
	User struct {
		Type string `json:"type"`
	} `json:"user"`
}

// A pullRequest plays the comments of pull request 7.
type pullRequest struct {
	mu       sync.Mutex
	comments []comment
	closed   bool // nothing may be written
}

func (p *pullRequest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer secret" {
		http.Error(w, `{}`, http.StatusUnauthorized)
		return
	}
	var sent comment
	if r.Method != http.MethodGet {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || p.closed {
			http.Error(w, `{}`, http.StatusForbidden)
			return
		}
	}
	var id int
	switch _, err := fmt.Sscanf(r.URL.Path, "/repos/o/r/issues/comments/%d", &id); {
	case r.Method == http.MethodGet && r.URL.Path == "/repos/o/r/issues/7/comments":
		var page int
		fmt.Sscan(r.URL.Query().Get("page"), &page)
		from := min(len(p.comments), (page-1)*100)
		json.NewEncoder(w).Encode(p.comments[from:min(len(p.comments), from+100)])
	case r.Method == http.MethodPost && r.URL.Path == "/repos/o/r/issues/7/comments":
		sent.ID, sent.User.Type = len(p.comments)+1, "Bot"
		p.comments = append(p.comments, sent)
		json.NewEncoder(w).Encode(sent)
	case r.Method == http.MethodPatch && err == nil && id <= len(p.comments):
		p.comments[id-1].Body = sent.Body
		json.NewEncoder(w).Encode(p.comments[id-1])
	default:
		http.Error(w, `{}`, http.StatusNotFound)
	}
}

// TestActionComment has the action post its report: once, then in the same place, past
// what others wrote, and into the summary where it may not write.
func TestActionComment(t *testing.T) {
	needTools(t, "node")
	pull := &pullRequest{}
	for n := range 130 {
		c := comment{ID: n + 1, Body: "A remark."}
		c.User.Type = "User"
		pull.comments = append(pull.comments, c)
	}
	pull.comments[3].Body = "<!-- briefbot preview --> I write as the bot does."
	server := httptest.NewServer(pull)
	defer server.Close()
	dir := t.TempDir()
	summary := filepath.Join(dir, "summary")
	post := func(report, pictures string) string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "report.md"), []byte("<!-- briefbot preview -->\n"+report), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := script(t, dir, map[string]string{
			"FOLDER": dir, "TOKEN": "secret", "PULL": "7", "FILES": "https://example.org/files", "PICTURES": pictures,
			"GITHUB_API_URL": server.URL, "GITHUB_REPOSITORY": "o/r", "GITHUB_STEP_SUMMARY": summary,
		}, "node", actionPath(t, "comment.mjs"))
		if err != nil || strings.Contains(out, "secret") {
			t.Fatal(err, out)
		}
		return out
	}

	post("First.\n\n![As Discord shows it](digest-discord.png)\n", "")
	if n := len(pull.comments); n != 131 {
		t.Fatalf("%d comments, want one more than 130", n)
	}
	if body := pull.comments[130].Body; strings.Contains(body, "png") || !strings.Contains(body, "https://example.org/files") {
		t.Errorf("without an address for pictures the comment is %q", body)
	}
	post("Second.\n\n![As Discord shows it](digest-discord.png)\n", "https://example.org/raw/p")
	if n := len(pull.comments); n != 131 {
		t.Fatalf("%d comments, want the one edited", n)
	}
	if body := pull.comments[130].Body; !strings.Contains(body, "Second.") || !strings.Contains(body, "(https://example.org/raw/p/digest-discord.png)") {
		t.Errorf("the comment is %q", body)
	}
	if body := pull.comments[3].Body; !strings.HasSuffix(body, "as the bot does.") {
		t.Errorf("somebody's comment became %q", body)
	}

	pull.closed = true
	if out := post("Third.", ""); !strings.Contains(out, "::notice::") {
		t.Errorf("where nothing may be written it says %q", out)
	}
	text, err := os.ReadFile(summary)
	if err != nil || !strings.Contains(string(text), "Third.") {
		t.Errorf("the summary has no report: %v, %q", err, text)
	}
}

// TestActionPreview runs what the action runs, in a shallow checkout of a pull request,
// and pushes the pictures to a branch of their own.
func TestActionPreview(t *testing.T) {
	needTools(t, "git", "bash")
	dir := t.TempDir()
	in := func(folder string, line ...string) string {
		t.Helper()
		out, err := script(t, folder, map[string]string{
			"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
		}, append([]string{"git"}, line...)...)
		if err != nil {
			t.Fatal(line, err, out)
		}
		return strings.TrimSpace(out)
	}
	origin, work, checkout := filepath.Join(dir, "origin.git"), filepath.Join(dir, "work"), filepath.Join(dir, "checkout")
	in(dir, "init", "--quiet", "--bare", "-b", "main", origin)
	in(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
	in(dir, "clone", "--quiet", origin, work)
	commit := func(title string) string {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(work, "briefs"), 0o700); err != nil {
			t.Fatal(err)
		}
		text := "title: T\noverview: O\ntimeline:\n  - {id: a, date: 2025, title: " + title + "}\n"
		if err := os.WriteFile(filepath.Join(work, "briefs/bridge.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		in(work, "add", "-A")
		in(work, "commit", "--quiet", "-m", title)
		in(work, "push", "--quiet", "origin", "HEAD:refs/heads/main")
		return in(work, "rev-parse", "HEAD")
	}
	base := commit("Before")
	commit("After")
	in(dir, "clone", "--quiet", "--depth=1", "file://"+origin, checkout)

	out := filepath.Join(dir, "out")
	said, err := script(t, checkout, map[string]string{
		"BRIEFBOT": "briefbot", "BRIEFS": "briefs", "BASE": base, "FOLDER": out, "RESTRICTED": "false", "BROWSER": noBrowser,
	}, "bash", actionPath(t, "preview.sh"))
	if err != nil {
		t.Fatal(err, said)
	}
	report, err := os.ReadFile(filepath.Join(out, "report.md"))
	if err != nil || !strings.Contains(string(report), "- title: Before\n  + title: After") {
		t.Errorf("the report: %v\n%s", err, report)
	}

	// The base has moved on since the pull request was pushed: what moved is not its doing.
	in(work, "checkout", "--quiet", "-b", "proposal")
	commit("Proposed")
	in(work, "checkout", "--quiet", "-B", "main", "HEAD~1")
	if err := os.WriteFile(filepath.Join(work, "briefs/ferry.yaml"), []byte("title: Ferry\noverview: O\ntimeline: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in(work, "add", "-A")
	in(work, "commit", "--quiet", "-m", "Meanwhile")
	in(work, "merge", "--quiet", "--no-ff", "-m", "Both", "proposal")
	in(work, "push", "--quiet", "origin", "HEAD:refs/heads/merge")
	merge := in(work, "rev-parse", "HEAD")
	in(checkout, "fetch", "--quiet", "--depth=1", "origin", merge)
	in(checkout, "checkout", "--quiet", merge)
	said, err = script(t, checkout, map[string]string{
		"BRIEFBOT": "briefbot", "BRIEFS": "briefs", "BASE": base, "MERGE": merge, "FOLDER": out, "BROWSER": noBrowser,
	}, "bash", actionPath(t, "preview.sh"))
	if err != nil {
		t.Fatal(err, said)
	}
	report, err = os.ReadFile(filepath.Join(out, "report.md"))
	if err != nil || !strings.Contains(string(report), "- title: After\n  + title: Proposed") || strings.Contains(string(report), "ferry") {
		t.Errorf("the report of a merge: %v\n%s", err, report)
	}

	push := func(place, name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(out, name), []byte("a picture"), 0o600); err != nil {
			t.Fatal(err)
		}
		said, err := script(t, dir, map[string]string{"FOLDER": out, "BRANCH": "previews", "PLACE": place, "REMOTE": origin}, "bash", actionPath(t, "pictures.sh"))
		if err != nil {
			t.Fatal(err, said)
		}
	}
	push("pull-7/1", "one.png")
	push("pull-7/2", "two.png")
	files := in(origin, "ls-tree", "-r", "--name-only", "previews")
	for _, want := range []string{"pull-7/1/one.png", "pull-7/2/one.png", "pull-7/2/two.png"} {
		if !strings.Contains(files, want) {
			t.Errorf("the branch has no %s:\n%s", want, files)
		}
	}
	if n := in(origin, "rev-list", "--count", "previews"); n != "2" {
		t.Errorf("the branch has %s commits, want 2", n)
	}
}

// TestActionText reads what GitHub reads: nothing of a pull request is put into the text
// of a script, where it would be run, every script is one, and what is used is there.
func TestActionText(t *testing.T) {
	needTools(t, "bash")
	text, err := os.ReadFile(actionPath(t, "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Inputs map[string]struct{ Description string }
		Runs   struct {
			Using string
			Steps []struct {
				Name, ID, Uses, Shell, Run string
				Env                        map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &action); err != nil {
		t.Fatal(err)
	}
	if action.Runs.Using != "composite" || len(action.Runs.Steps) == 0 {
		t.Fatalf("the action is %q of %d steps", action.Runs.Using, len(action.Runs.Steps))
	}
	known := make(map[string]bool)
	for _, step := range action.Runs.Steps {
		known[step.ID] = true
		if step.Run == "" {
			continue
		}
		if step.Shell != "bash" || strings.Contains(step.Run, "${{") {
			t.Errorf("%s: an expression is in the text of a script, or the shell is not said", step.Name)
		}
		if said, err := script(t, t.TempDir(), nil, "bash", "-n", "-c", step.Run); err != nil {
			t.Errorf("%s: %s", step.Name, said)
		}
		for _, name := range regexp.MustCompile(`\$GITHUB_ACTION_PATH/([a-z.]+)`).FindAllStringSubmatch(step.Run, -1) {
			if _, err := os.Stat(actionPath(t, name[1])); err != nil {
				t.Errorf("%s: %v", step.Name, err)
			}
		}
	}
	for _, use := range regexp.MustCompile(`(inputs|steps)\.([a-z-]+)`).FindAllStringSubmatch(string(text), -1) {
		if _, input := action.Inputs[use[2]]; !input && use[1] == "inputs" || use[1] == "steps" && !known[use[2]] {
			t.Errorf("there is no %s", use[0])
		}
	}
}
