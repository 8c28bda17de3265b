package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
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

// newBrowser starts a real browser, and skips the test where none is installed.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := findBrowser("")
	if err != nil {
		if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip("install chromium")
	}
	b, err := startBrowser(t.Context(), path, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.stop)
	return b
}

// TestPreviewPictures has one browser make pictures of pages, low and higher than it
// draws at once, and looks at what is on them.
func TestPreviewPictures(t *testing.T) {
	b := newBrowser(t)
	for _, height := range []int{300, 2*pictureTile + 50} {
		page, to := filepath.Join(t.TempDir(), "page.html"), filepath.Join(t.TempDir(), "picture.png")
		body := fmt.Sprintf(`<!doctype html><body style="margin:0;background:#00f"><div style="height:%dpx;background:#f00"></div>
			<p id="other" style="margin:0;height:10px"><style>:target { background: #0f0 }</style>`, height)
		if err := os.WriteFile(page, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		for part, last := range map[string]color.Color{"": color.NRGBA{B: 255, A: 255}, "other": color.NRGBA{G: 255, A: 255}} {
			if err := b.picture(page, part, to); err != nil {
				t.Fatal(err)
			}
			m := readPicture(t, to)
			size, want := m.Bounds().Size(), image.Pt(pictureWidth, height+10).Mul(pictureScale)
			if size != want {
				t.Errorf("the picture is %v, want %v", size, want)
			}
			for y, want := range map[int]color.Color{0: color.NRGBA{R: 255, A: 255}, height*pictureScale - 1: color.NRGBA{R: 255, A: 255}, height * pictureScale: last, size.Y - 1: last} {
				if got := color.NRGBAModel.Convert(m.At(size.X/2, y)); got != want {
					t.Errorf("part %q, row %d of %d is %v, want %v", part, y, size.Y, got, want)
				}
			}
		}
	}
}

func readPicture(t *testing.T, name string) image.Image {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestPreviewWithoutBrowser has browsers not be there, end, hang and miss their sandbox:
// there is a reason and the whole report, without pictures.
func TestPreviewWithoutBrowser(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/preview/mixed.txtar")
	if err != nil {
		t.Fatal(err)
	}
	before, after := previewStates(t, archive)
	for name, c := range map[string]struct{ script, want string }{
		"missing":  {"", "no-such-browser"},
		"failing":  {"echo '[1:ERROR:x.cc(1)] no display' >&2; exit 1", "no display"},
		"a liar":   {"exit 0", "chrome failed to start"},
		"hanging":  {"exec sleep 1000", "did not answer within"},
		"children": {"sleep 5 & sleep 5", "did not answer within"},
		"walled":   {"echo '[1:FATAL:x.cc(1)] No usable sandbox! If you' >&2; echo '#0 0x1234' >&2; kill -TRAP $$", "its sandbox cannot start here"},
	} {
		t.Run(name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "no-such-browser")
			if c.script != "" {
				program = filepath.Join(t.TempDir(), "browser")
				if err := os.WriteFile(program, []byte("#!/bin/sh\n"+c.script+"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			var said bytes.Buffer
			command := diffCmd{Preview: t.TempDir(), Browser: program, patience: time.Second}
			if err := command.writePreview(t.Context(), comparison{before: before, after: after}, &console{out: new(bytes.Buffer), err: &said}); err != nil {
				t.Fatal(err)
			}
			if got := said.String(); !strings.HasPrefix(got, "briefbot: no pictures are made: ") || !strings.Contains(got, c.want) || strings.Count(got, "\n") != 1 {
				t.Errorf("it says %q, want one line with %q", got, c.want)
			}
			report, err := os.ReadFile(filepath.Join(command.Preview, "report.md"))
			if err != nil || !bytes.Contains(report, []byte("#### What becomes of earlier messages")) || bytes.Contains(report, []byte(".png")) {
				t.Errorf("the report is not whole, or has pictures: %v", err)
			}
		})
	}
}

// TestPreviewBrowserEnds has the browser end between two pictures: the report has the
// first, and the reason is said once.
func TestPreviewBrowserEnds(t *testing.T) {
	var said bytes.Buffer
	p := preview{dir: t.TempDir(), browser: newBrowser(t), out: &console{err: &said}}
	if err := p.write("a.html", []byte("<p>A page")); err != nil {
		t.Fatal(err)
	}
	if got, err := p.picture(t.Context(), "a", ""); got != "a.png" || err != nil {
		t.Fatal(got, err)
	}
	p.browser.stop()
	for range 2 {
		if got, err := p.picture(t.Context(), "a", ""); got != "" || err != nil {
			t.Error(got, err)
		}
	}
	if got := said.String(); !strings.HasPrefix(got, "briefbot: no more pictures are made: ") || strings.Count(got, "\n") != 1 {
		t.Errorf("it says %q", got)
	}
}
