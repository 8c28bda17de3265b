package main

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// A gitHost is a git server over http with one repository, and an editor's clone of it.
type gitHost struct {
	t     testing.TB
	clone string
	url   string // what --briefs is

	status atomic.Int32 // what it answers to whoever asks for news; 0: what git does

	mu    sync.Mutex
	looks []time.Time // when somebody asked for news
}

// newGitHost makes a server whose repository has a brief.
func newGitHost(t testing.TB) *gitHost {
	t.Helper()
	backend := gitBackend(t)
	root := t.TempDir()
	h := &gitHost{t: t, clone: filepath.Join(t.TempDir(), "clone")}
	bare := filepath.Join(root, "desk.git")
	h.run(root, "git", "init", "--quiet", "--bare", "--initial-branch=main", bare)
	h.run(root, "git", "-C", bare, "config", "http.receivepack", "true")
	h.run(root, "git", "clone", "--quiet", bare, h.clone)
	h.run(h.clone, "git", "symbolic-ref", "HEAD", "refs/heads/main")
	handler := &cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1"}, Stderr: io.Discard}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/info/refs") {
			h.mu.Lock()
			h.looks = append(h.looks, time.Now())
			h.mu.Unlock()
			if status := h.status.Load(); status != 0 && !strings.Contains(r.URL.RawQuery, "receive-pack") {
				rw.WriteHeader(int(status))
				return
			}
		}
		handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	h.url = server.URL + "/desk.git#main"
	h.push("Jane Doe", map[string]string{"briefs/grain.yaml": story(1, "Event"), "README.md": "The desk.\n"})
	return h
}

// gitBackend returns where git's own server program is.
func gitBackend(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("git", "--exec-path").Output()
	path := filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
	if err == nil {
		_, err = os.Stat(path)
	}
	if err == nil {
		return path
	}
	const need = "git with git-http-backend is not here: install git"
	if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
		t.Fatal(need)
	}
	t.Skip(need)
	return ""
}

// run runs a program in a folder, with no configuration of git but the test's, and
// returns what it prints.
func (h *gitHost) run(dir, name string, args ...string) string {
	h.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_EDITOR=true",
		"GIT_AUTHOR_NAME=Jane Doe", "GIT_AUTHOR_EMAIL=jane@example.org", "GIT_COMMITTER_NAME=Jane Doe", "GIT_COMMITTER_EMAIL=jane@example.org",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (h *gitHost) git(args ...string) string { h.t.Helper(); return h.run(h.clone, "git", args...) }

// commit writes files and commits them in an author's name.
func (h *gitHost) commit(author string, files map[string]string) {
	h.t.Helper()
	for name, text := range files {
		path := filepath.Join(h.clone, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			h.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	h.git("add", "--all")
	h.git("commit", "--quiet", "--message=briefs: edit", "--author="+author+" <desk@example.org>")
}

// push commits and pushes, and returns the commit's hash as the bot abbreviates it.
func (h *gitHost) push(author string, files map[string]string) string {
	h.t.Helper()
	h.commit(author, files)
	return h.publish()
}

// publish pushes the branch whatever the server has.
func (h *gitHost) publish() string {
	h.t.Helper()
	h.git("push", "--quiet", "--force", "origin", "HEAD:refs/heads/main")
	return h.git("rev-parse", "HEAD")[:12]
}

// looked returns when somebody asked for news.
func (h *gitHost) looked() []time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.looks)
}

const (
	pushChat   = -1001
	pushSecret = "a secret that nobody knows"
)

// newDesk makes a world whose briefs are on a git server, with a chat that is told at
// once, and starts it.
func newDesk(t testing.TB, interval string, config string) (*world, *gitHost) {
	t.Helper()
	w, h := newWorld(t), newGitHost(t)
	w.telegram.AddChat(telegramtest.Chat{ID: pushChat})
	w.write("briefbot.yaml", config+fmt.Sprintf("subscriptions:\n  - {to: \"telegram:%d\", stories: [\"*\"], schedule: immediate}\n", pushChat))
	w.write("secret.txt", pushSecret+"\n")
	w.start("--briefs", h.url, "--briefs-interval", interval, "--briefs-webhook-secret-file", "secret.txt", "--settle", "1s", "--listen", "127.0.0.1:0")
	return w, h
}

// hook sends a webhook and returns the status of the answer.
func (w *world) hook(body string, header map[string]string) int {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, w.address()+"/hooks/briefs", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode
}

// vendors are the headers with which each of the vendors would send a body.
func vendors(body, secret string) map[string]map[string]string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	digest := hex.EncodeToString(mac.Sum(nil))
	return map[string]map[string]string{
		"GitHub":  {"X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=" + digest},
		"GitLab":  {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": secret},
		"Gitea":   {"X-Gitea-Event": "push", "X-Gitea-Signature": digest, "X-Hub-Signature-256": "sha256=" + digest},
		"Forgejo": {"X-Forgejo-Event": "push", "X-Forgejo-Signature": digest, "X-Gitea-Signature": digest, "X-Hub-Signature-256": "sha256=" + digest},
	}
}

// TestPushToDigest pushes to a git server and has each vendor's webhook tell the bot,
// which would not look again for an hour: each push is told once, with its editor.
// What is not signed, or by another secret, asks for nothing.
func TestPushToDigest(t *testing.T) {
	w, h := newDesk(t, "1h", "edited_by: true\n")
	const body = `{"ref":"refs/heads/main"}`
	n := 1
	for _, vendor := range []string{"GitHub", "GitLab", "Gitea", "Forgejo"} {
		before := len(h.looked())
		text := fmt.Sprint("Event ", n)
		hash := h.push("Editor of "+vendor, map[string]string{"briefs/grain.yaml": story(n+1, "Event")})
		wrong := vendors(body, "another secret")[vendor]
		if status := w.hook(body, wrong); status != http.StatusForbidden {
			t.Errorf("%s with another secret: %d", vendor, status)
		}
		if status := w.hook(body, nil); status != http.StatusForbidden {
			t.Errorf("without a signature: %d", status)
		}
		if looks := len(h.looked()); looks != before {
			t.Errorf("%s: %d looks for what is not signed", vendor, looks-before)
		}
		began := time.Now()
		if status := w.hook(body, vendors(body, pushSecret)[vendor]); status != http.StatusAccepted {
			t.Fatalf("%s: %d\n%s", vendor, status, w.process.log())
		}
		w.wait(text, func() bool { return w.chatNews(pushChat, text) == 1 })
		t.Logf("%s: %v from the webhook to the digest", vendor, time.Since(began).Round(time.Millisecond))
		if w.chatNews(pushChat, "Edited by Editor of "+vendor) != 1 || w.chatNews(pushChat, hash[:7]) != 1 {
			t.Errorf("%s: who edited is not told: %+v", vendor, w.telegram.Messages(pushChat))
		}
		n++
	}
	if log := w.process.log(); strings.Contains(log, pushSecret) || !strings.Contains(log, "a webhook was refused") {
		t.Errorf("the log:\n%s", log)
	}
	// What was posted is written down a moment later.
	w.wait("the editor in the ledger", func() bool {
		return w.has(w.first("/ledger?state=sent&platform=telegram"), "Edited by <bdi>Editor of Forgejo</bdi>")
	})
	w.process.stop()
}

// TestHookStorm sends webhooks in a storm, the same again and again: there is a look at
// the server at once, and one in five seconds.
func TestHookStorm(t *testing.T) {
	w, h := newDesk(t, "1h", "")
	const body = `{}`
	header := vendors(body, pushSecret)["GitHub"]
	before := len(h.looked())
	for range 50 {
		if status := w.hook(body, header); status != http.StatusAccepted {
			t.Fatal(status)
		}
	}
	w.wait("a second look", func() bool { return len(h.looked()) >= before+2 })
	looks := h.looked()[before:]
	for i := range looks[1:] {
		if pause := looks[i+1].Sub(looks[i]); pause < 5*time.Second {
			t.Errorf("look %d comes %v after the one before", i+1, pause)
		}
	}
	w.process.stop()
}

// TestPushWithoutWebhook finds a push at the interval.
func TestPushWithoutWebhook(t *testing.T) {
	const interval = 2 * time.Second
	w, h := newDesk(t, interval.String(), "")
	h.push("Jane Doe", map[string]string{"briefs/grain.yaml": story(2, "Event")})
	began := time.Now()
	w.wait("the event", func() bool { return w.chatNews(pushChat, "Event 1") == 1 })
	t.Logf("%v from the push to the digest, of which the interval is at most %v and the settle time 1s", time.Since(began).Round(time.Millisecond), interval)
	w.process.stop()
}

// serves waits until the bot has looked at a commit and done with it what it does.
func (w *world) serves(hash string) {
	w.t.Helper()
	w.wait("the commit "+hash, func() bool { return w.has("/?q=/status", "main at "+hash) && w.settled() })
}

// TestPushedNoise does to a repository what says nothing new: none of it is told, and
// the next event is.
func TestPushedNoise(t *testing.T) {
	w, h := newDesk(t, "1s", "")
	three := map[string]string{"briefs/grain.yaml": story(3, "Event"), "briefs/notes.txt": "Unrelated.\n"}
	w.serves(h.push("Jane Doe", three))
	told := func(text string) func() bool { return func() bool { return w.chatNews(pushChat, text) == 1 } }
	w.wait("the events", told("Event 2"))
	messages := func() string {
		var all strings.Builder
		for _, m := range w.telegram.Messages(pushChat) {
			fmt.Fprintf(&all, "%s\n----\n", m.Text)
		}
		return all.String()
	}
	before := messages()
	for _, step := range []struct {
		name string
		do   func() string
	}{
		{"history rewritten with equal contents", func() string {
			h.git("checkout", "--quiet", "--orphan", "anew")
			h.git("commit", "--quiet", "--message=everything anew")
			h.git("branch", "--quiet", "--force", "main", "anew")
			h.git("checkout", "--quiet", "main")
			return h.publish()
		}},
		{"a rebase", func() string {
			h.git("checkout", "--quiet", "--orphan", "base")
			h.git("rm", "-r", "--quiet", "--cached", ".")
			h.git("add", "README.md")
			h.git("commit", "--quiet", "--message=base")
			h.git("clean", "--quiet", "--force", "-d")
			h.git("checkout", "--quiet", "main")
			h.git("rebase", "--quiet", "--onto", "base", "--root", "--strategy-option=theirs", "main")
			return h.publish()
		}},
		{"a revert that is reverted", func() string {
			h.commit("Jane Doe", map[string]string{"briefs/grain.yaml": story(2, "Event")})
			h.git("revert", "--no-edit", "HEAD")
			return h.publish()
		}},
		{"other files renamed", func() string {
			h.git("mv", "README.md", "READ.md")
			h.git("mv", "briefs/notes.txt", "briefs/noted.txt")
			return h.push("Jane Doe", map[string]string{"docs/more.yaml": "a: [\n"})
		}},
		{"keys in another order, and a comment", func() string {
			text := strings.Replace(story(3, "Event"), "title: Grain corridor reopens\noverview: Text.\n", "# Checked.\noverview: 'Text.'\ntitle: \"Grain corridor reopens\"\n", 1)
			return h.push("Jane Doe", map[string]string{"briefs/grain.yaml": text})
		}},
	} {
		head := h.git("rev-parse", "HEAD")
		hash := step.do()
		if strings.HasPrefix(head, hash) {
			t.Fatalf("%s makes no new commit", step.name)
		}
		w.serves(hash)
		if after := messages(); after != before {
			t.Fatalf("%s is told:\n%s", step.name, strings.TrimPrefix(after, before))
		}
	}
	// An older state withdraws what came after it, and the newer one brings it back.
	h.git("tag", "newest")
	h.commit("Jane Doe", map[string]string{"briefs/grain.yaml": story(2, "Event")})
	w.serves(h.publish())
	w.wait("the event to be marked", func() bool { return messages() != before })
	if n := len(w.telegram.Messages(pushChat)); n != strings.Count(before, "----") {
		t.Errorf("a removal is announced: %s", messages())
	}
	h.git("reset", "--quiet", "--hard", "newest")
	w.serves(h.publish())
	w.wait("the event to stand again", func() bool { return messages() == before })
	w.serves(h.push("Jane Doe", map[string]string{"briefs/grain.yaml": story(4, "Event")}))
	w.wait("the next event", told("Event 3"))
	if n := len(w.telegram.Messages(pushChat)); n != strings.Count(before, "----")+1 {
		t.Errorf("%d messages in the end: %s", n, messages())
	}
	w.process.stop()
}

// BenchmarkPushToDigest reports how long it takes from a push to the digest with a
// webhook, beyond the settle time, and as a ratio to a fetch by git itself.
func BenchmarkPushToDigest(b *testing.B) {
	w, h := newDesk(b, "1h", "")
	const body = `{}`
	header := vendors(body, pushSecret)["GitHub"]
	n := 1
	var took, floor []time.Duration
	other := filepath.Join(b.TempDir(), "other")
	h.run(h.clone, "git", "clone", "--quiet", strings.TrimSuffix(h.url, "#main"), other)
	for b.Loop() {
		b.StopTimer()
		w.wait("the pause of looks to be over", func() bool { l := h.looked(); return time.Since(l[len(l)-1]) > 6*time.Second })
		b.StartTimer()
		n++
		h.push("Jane Doe", map[string]string{"briefs/grain.yaml": story(n, "Event")})
		began := time.Now()
		w.hook(body, header)
		text := fmt.Sprint("Event ", n-1)
		w.wait(text, func() bool { return w.chatNews(pushChat, text) == 1 })
		took = append(took, time.Since(began))
		began = time.Now()
		h.run(other, "git", "fetch", "--quiet")
		floor = append(floor, time.Since(began))
	}
	slices.Sort(took)
	slices.Sort(floor)
	fmt.Printf("push to digest with a webhook and --settle 1s, %d times: median %v, most %v; git fetch: median %v\n", len(took),
		percentile(took, 50).Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond), percentile(floor, 50).Round(time.Millisecond))
	b.ReportMetric(float64(percentile(took, 50)-time.Second)/float64(cmp.Or(percentile(floor, 50), 1)), "beyond-settle/git-fetch")
	w.process.stop()
}
