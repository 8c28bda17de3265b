package main

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/desk"
)

// previewStates loads the two states of an archive, old/ and new/, as at a fixed time.
func previewStates(t *testing.T, archive *txtar.Archive) (before, after *brief.Snapshot) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range archive.Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	load := func(name string) *brief.Snapshot {
		at := func() time.Time { return time.Date(2025, time.December, 10, 9, 30, 0, 0, time.UTC) }
		s, err := brief.NewDir(name, brief.DirOptions{Now: at}).Load(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return load("old"), load("new")
}

// TestPreview holds the report of a change to what it was: each archive has two states
// of the briefs, and the report.
func TestPreview(t *testing.T) {
	archives, err := filepath.Glob("testdata/preview/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			path := filepath.Join(home, name)
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			before, after := previewStates(t, archive)
			command := diffCmd{Preview: "out", Browser: noBrowser}
			found, err := desk.Check(t.Context(), desk.CheckOptions{Now: before.Taken()}, "new")
			if err != nil {
				t.Fatal(err)
			}
			if err := command.writePreview(t.Context(), comparison{before: before, after: after, found: found}, &console{out: new(bytes.Buffer), err: new(bytes.Buffer)}); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile("out/report.md")
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				archive.Comment = got
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(archive.Comment), string(got)); diff != "" {
				t.Errorf("the report (-want +got):\n%s", diff)
			}
			pages, err := filepath.Glob("out/*.html")
			if told := strings.Contains(string(got), "#### What subscribers are told"); err != nil || told != (len(pages) > 0) {
				t.Errorf("%d pages, told: %v: %v", len(pages), told, err)
			}
			for _, name := range pages {
				page, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(page, []byte("<script")) || bytes.Contains(page, []byte("/assets/")) || bytes.Contains(page, []byte("secret")) {
					t.Errorf("%s needs something beside itself, or tells what is not for everyone", name)
				}
			}
		})
	}
}

// TestPreviewRestricted has stories for some readers shown, and the report say so.
func TestPreviewRestricted(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/preview/audience.txtar")
	if err != nil {
		t.Fatal(err)
	}
	before, after := previewStates(t, archive)
	report := comparison{before, after, after.Problems(), true}.report()
	if report.Hidden != 0 || !slices.Equal(report.Exposed, []string{"opened", "secret"}) {
		t.Errorf("hidden: %d, exposed: %v", report.Hidden, report.Exposed)
	}
	text := report.Markdown(desk.MaxReport)
	for _, want := range []string{"**Not for everyone:** `opened`, `secret`", "did you mean \"kind\"?"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not have %s:\n%s", want, text)
		}
	}
}

// TestPreviewPictures has a real browser make the pictures, and looks at what is on them.
func TestPreviewPictures(t *testing.T) {
	b, err := findBrowser("")
	if err != nil {
		if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip("install chromium")
	}
	page := filepath.Join(t.TempDir(), "page.html")
	body := `<!doctype html><body style="margin:0;background:#313338"><div style="height:300px;background:#f00"></div>`
	if err := os.WriteFile(page, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "picture.png")
	if err := b.picture(t.Context(), page, "", to); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	size, want := m.Bounds().Size(), (300+pictureMargin)*pictureScale
	if size.X != pictureWidth*pictureScale || size.Y != want {
		t.Errorf("the picture is %v, want %d × %d", size, pictureWidth*pictureScale, want)
	}
	if r, g, _, _ := m.At(size.X/2, 300).RGBA(); r>>8 != 255 || g != 0 {
		t.Errorf("there is no red in the picture")
	}
}

// TestPreviewBrowser checks what is said of a browser that is not there or does not
// work.
func TestPreviewBrowser(t *testing.T) {
	if _, err := findBrowser("no-such-browser"); err == nil || !strings.Contains(err.Error(), "no-such-browser") {
		t.Errorf("a browser that is not there: %v", err)
	}
	failing, err := exec.LookPath("false")
	if err != nil {
		t.Skip("no program that fails")
	}
	err = browser(failing).picture(context.Background(), "page.html", "", "picture.png")
	if err == nil || !strings.Contains(err.Error(), "page.html") {
		t.Errorf("a browser that fails: %v", err)
	}
}
