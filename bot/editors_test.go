package bot

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// by returns a change that came with an author's commit, so many hours after noon.
func by(author string, hour int) digest.Recorded {
	hash := strings.Repeat(string(rune('a'+hour)), 40)
	return digest.Recorded{Commit: brief.Commit{Hash: hash, Author: author, At: noon.Add(time.Duration(hour) * time.Hour)}}
}

// TestEditedBy words who edited what a digest tells.
func TestEditedBy(t *testing.T) {
	auckland, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	unknown := digest.Recorded{}
	for _, c := range []struct {
		name    string
		changes []digest.Recorded
		zone    *time.Location
		want    string
	}{
		{"nobody is known", []digest.Recorded{unknown}, time.UTC, ""},
		{"one", []digest.Recorded{by("Jane Doe", 1)}, time.UTC, "Edited by Jane Doe on 10 December 2025 (bbbbbbb)"},
		{"in the zone of the readers", []digest.Recorded{by("Jane Doe", 1)}, auckland, "Edited by Jane Doe on 11 December 2025 (bbbbbbb)"},
		{"one, several times", []digest.Recorded{by("Jane Doe", 2), by("Jane  Doe", 1), unknown}, time.UTC, "Edited by Jane Doe on 10 December 2025 (ccccccc)"},
		{"two", []digest.Recorded{by("Jane Doe", 1), by("John Roe", 3)}, time.UTC, "Edited by John Roe and 1 other, last on 10 December 2025 (ddddddd)"},
		{"the newest is named", []digest.Recorded{by("C", 2), by("A", 4), by("B", 1)}, time.UTC, "Edited by A and 2 others, last on 10 December 2025 (eeeeeee)"},
		{"a name of which nothing is seen", []digest.Recorded{by("\u202e\u200b", 1)}, time.UTC, ""},
	} {
		if got := editedBy(c.changes, c.zone); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestEditorName lets through what can be read of a name, and no more.
func TestEditorName(t *testing.T) {
	for author, want := range map[string]string{
		"Jane Doe":                  "Jane Doe",
		" Jane\t\n Doe\x00 ":        "Jane Doe",
		"Jane \u202eeoD\u2066":      "Jane eoD",
		"Jürgen 王小明":                "Jürgen 王小明",
		"\xff\xfe":                  "\uFFFD",
		strings.Repeat("long ", 40): strings.Repeat("long ", 11) + "…",
	} {
		got := editorName(brief.Commit{Author: author})
		if got != want && !(len([]rune(want)) > 40 && strings.HasSuffix(got, "…") && len([]rune(got)) <= editorLength) {
			t.Errorf("%q: %q, want %q", author, got, want)
		}
	}
}

// look has a source look for news, and waits until it says that there may be some.
func look(t *testing.T, g *brief.Git) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	changed, done := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		done <- g.Watch(ctx, func() {
			select {
			case changed <- struct{}{}:
			default:
			}
		})
	}()
	g.Fetch()
	<-changed
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestEditorsAreNamed follows commits in a repository: digests name who made them while
// the configuration wants it, /why names them to managers, and /status names the commit
// to all and its author to operators.
func TestEditorsAreNamed(t *testing.T) {
	dir := t.TempDir()
	c := newCheckout(t, dir)
	c.commit("ferry.yaml", ferry)
	source, err := brief.NewGit(dir, brief.GitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := Config{EditedBy: true, Operators: []string{"fake:1"}}
	w := newWorld(t, nil, withConfig(config), func(w *world) { w.options.Source = source })
	if reply := w.ask("manager", "/subscribe ferry hourly"); reply.Card.Tone == chat.Trouble {
		t.Fatal(reply.Card.Plain())
	}
	announced := func(text string) string {
		t.Helper()
		w.takeShown()
		c.commit("ferry.yaml", text)
		look(t, source)
		w.refresh()
		shown := w.takeShown()
		if len(shown) != 1 {
			t.Fatalf("shown %v", shown)
		}
		return shown[0].Note.String()
	}
	event := func(n int) string {
		return ferry + fmt.Sprintf("  - {id: more-%d, date: 2025-12-0%d, title: More}\n", n, n)
	}
	note := announced(event(1))
	head, err := c.repo.Head()
	if err != nil {
		t.Fatal(err)
	}
	hash := head.Hash().String()
	by := "dited by An Editor on 10 December 2025 (" + hash[:7] + ")"
	if !strings.HasSuffix(note, "\nE"+by) {
		t.Errorf("the digest's note is %q, want %q", note, by)
	}
	says := func(who, call string, want bool, text string) {
		t.Helper()
		if answer := w.ask(who, call).Card.Plain(); strings.Contains(answer, text) != want {
			t.Errorf("%s to a %s: %q is in it: %v\n%s", call, who, text, !want, answer)
		}
	}
	says("manager", "/why", true, "E"+by+".")
	for _, who := range []string{"operator", "manager", "reader"} {
		says(who, "/status", true, "Revision "+head.Name().Short()+" at "+hash[:12]+", committed ")
		says(who, "/status", true, "Last fetched ")
		says(who, "/status", who == "operator", "Last e"+by)
		says(who, "/status", false, "Fetching fails")
	}

	config.EditedBy = false
	if err := w.Reload(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if note := announced(event(1) + strings.TrimPrefix(event(2), ferry)); strings.Contains(note, "An Editor") {
		t.Errorf("the note after the configuration changed is %q", note)
	}

	if err := os.Rename(filepath.Join(dir, ".git"), filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	look(t, source)
	says("operator", "/status", true, "Fetching fails since ")
	says("reader", "/status", false, "Fetching fails")
	says("reader", "/status", true, "Last fetched ")
}
