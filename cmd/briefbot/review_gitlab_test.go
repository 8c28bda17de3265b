package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"
)

// A note is one of a merge request, as GitLab's interface has it.
type note struct {
	ID     int    `json:"id"`
	Body   string `json:"body"`
	Author struct {
		ID int `json:"id"`
	} `json:"author"`
}

// A mergeRequest plays the notes of merge request 7 of project 5 and its uploads.
type mergeRequest struct {
	mu      sync.Mutex
	notes   []note
	uploads int
}

func (m *mergeRequest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Header.Get("PRIVATE-TOKEN") != "secret" {
		http.Error(w, `{}`, http.StatusUnauthorized)
		return
	}
	const notes = "/api/v4/projects/5/merge_requests/7/notes"
	var id int
	switch _, err := fmt.Sscanf(r.URL.Path, notes+"/%d", &id); {
	case r.URL.Path == "/api/v4/user":
		fmt.Fprint(w, `{"id": 42}`)
	case r.URL.Path == "/api/v4/projects/5/uploads" && r.Method == http.MethodPost:
		_, header, err := r.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		m.uploads++
		fmt.Fprintf(w, `{"url": "/uploads/%d/%s"}`, m.uploads, header.Filename)
	case r.URL.Path == notes && r.Method == http.MethodGet:
		json.NewEncoder(w).Encode(m.notes)
	case r.URL.Path == notes && r.Method == http.MethodPost:
		n := note{ID: len(m.notes) + 1, Body: r.FormValue("body")}
		n.Author.ID = 42
		m.notes = append(m.notes, n)
		json.NewEncoder(w).Encode(n)
	case r.Method == http.MethodPut && err == nil && id <= len(m.notes):
		m.notes[id-1].Body = r.FormValue("body")
		json.NewEncoder(w).Encode(m.notes[id-1])
	default:
		http.Error(w, `{}`, http.StatusNotFound)
	}
}

// TestGitLabNote runs the last step of the template, which posts the report, twice.
func TestGitLabNote(t *testing.T) {
	needTools(t, "bash", "curl", "jq")
	steps := gitlabScript(t, "briefs preview")
	request := &mergeRequest{notes: []note{{ID: 1, Body: "<!-- briefbot preview --> I write as the bot does."}}}
	server := httptest.NewServer(request)
	defer server.Close()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "preview"), 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "preview", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("digest-discord.png", "a picture")
	for _, report := range []string{"First & last.", "Second."} {
		write("report.md", "<!-- briefbot preview -->\n"+report+"\n\n![As Discord shows it](digest-discord.png)\n")
		out, err := script(t, dir, map[string]string{
			"BRIEFS_NOTE_TOKEN": "secret", "CI_API_V4_URL": server.URL + "/api/v4", "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7",
		}, "bash", "-eu", "-c", steps[len(steps)-1])
		if err != nil || strings.Contains(out, "secret") {
			t.Fatal(err, out)
		}
		if len(request.notes) != 2 {
			t.Fatalf("%d notes, want one more than was there", len(request.notes))
		}
		body := request.notes[1].Body
		if want := fmt.Sprintf("(/uploads/%d/digest-discord.png)", request.uploads); !strings.Contains(body, report) || !strings.Contains(body, want) {
			t.Errorf("the note is %q, want %s with %s", body, report, want)
		}
	}
}

// gitlabScript returns the script of a job of the template.
func gitlabScript(t *testing.T, job string) []string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/gitlab/briefbot.gitlab-ci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var template map[string]yaml.Node
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	var part struct{ Script []string }
	node := template[job]
	if err := node.Decode(&part); err != nil || len(part.Script) == 0 {
		t.Fatal(job, err, part)
	}
	return part.Script
}

// A qualityIssue is one of GitLab's code quality report.
type qualityIssue struct {
	Description, Fingerprint, Severity string
	Check                              string `json:"check_name"`
	Location                           struct {
		Path  string
		Lines struct{ Begin int }
	}
}

// TestGitLabCheck runs the last step of the template's other job, which makes a code
// quality report of what check finds (https://docs.gitlab.com/ci/testing/code_quality/).
func TestGitLabCheck(t *testing.T) {
	needTools(t, "bash", "jq")
	steps := gitlabScript(t, "briefs check")
	check := func(brief string) ([]qualityIssue, error) {
		t.Helper()
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "briefs"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "briefs/bridge.yaml"), []byte(brief), 0o600); err != nil {
			t.Fatal(err)
		}
		said, failed := script(t, dir, map[string]string{"BRIEFS": "briefs"}, "bash", "-eu", "-o", "pipefail", "-c", steps[len(steps)-1])
		text, err := os.ReadFile(filepath.Join(dir, "briefs-check.json"))
		if err != nil {
			t.Fatal(err, said)
		}
		var issues []qualityIssue
		if err := json.Unmarshal(text, &issues); err != nil {
			t.Fatal(err, said)
		}
		return issues, failed
	}
	if issues, err := check("title: T\noverview: O\ntimeline: []\n"); err != nil || len(issues) != 0 {
		t.Errorf("of a brief in order: %v, %v", issues, err)
	}
	issues, err := check("title: T\noverview: O\ntimeline: []\nstatus: opn\nlang: en\n")
	if err == nil || len(issues) != 2 {
		t.Fatalf("of a brief with two errors: %v, %v", issues, err)
	}
	for i, line := range []int{4, 5} {
		got := issues[i]
		if got.Location.Path != "briefs/bridge.yaml" || got.Location.Lines.Begin != line || got.Severity != "major" || got.Check == "" || got.Description == "" {
			t.Errorf("the issue is %+v, want one on line %d", got, line)
		}
	}
	if issues[0].Fingerprint == issues[1].Fingerprint {
		t.Error("two issues have one fingerprint")
	}
}
