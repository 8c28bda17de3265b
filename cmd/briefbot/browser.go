package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// A browser is a Chromium, or one of its kin, that makes pictures of pages.
type browser string

// browsers are the names under which Chromium and its kin are installed.
var browsers = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
}

var errNoBrowser = errors.New("no pictures were made: install Chromium or Chrome, or name it with --browser")

// noBrowser is named by whoever wants no pictures.
const noBrowser = "off"

// findBrowser returns the browser that is named, or else the first that is installed;
// an empty one for [noBrowser].
func findBrowser(name string) (browser, error) {
	if name == noBrowser {
		return "", nil
	}
	if name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("finding the browser: %w", err)
		}
		return browser(path), nil
	}
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return browser(path), nil
		}
	}
	return "", errNoBrowser
}

const (
	pictureWidth  = 780  // CSS pixels: what shows a message at its widest
	pictureHeight = 5000 // CSS pixels; what is below is not in the picture
	pictureScale  = 2    // pixels of the picture for one of the page's
	pictureMargin = 16   // pixels of the picture below what is on it
	pictureTakes  = 30 * time.Second
)

// picture makes a PNG of an HTML file, as high as what is on it. Part is the fragment of
// the page's address; empty: none.
func (b browser) picture(ctx context.Context, page, part, to string) error {
	ctx, cancel := context.WithTimeout(ctx, pictureTakes)
	defer cancel()
	profile, err := os.MkdirTemp("", "briefbot-browser-")
	if err != nil {
		return fmt.Errorf("making a picture of %s: %w", page, err)
	}
	defer os.RemoveAll(profile)
	full, err := filepath.Abs(page)
	if err != nil {
		return fmt.Errorf("making a picture of %s: %w", page, err)
	}
	address := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(full), "/"), Fragment: part}
	raw := filepath.Join(profile, "page.png")
	args := []string{
		"--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--user-data-dir=" + profile, "--screenshot=" + raw,
		fmt.Sprintf("--force-device-scale-factor=%d", pictureScale), fmt.Sprintf("--window-size=%d,%d", pictureWidth, pictureHeight),
	}
	if runtime.GOOS == "linux" && os.Getuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium has none for root, and says so instead of starting
	}
	command := exec.CommandContext(ctx, string(b), append(args, address.String())...)
	command.WaitDelay = 2 * time.Second // its children may keep its output open when it was stopped
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("making a picture of %s with %s: %w: %s", page, b, err, lastLine(out))
	}
	data, err := os.ReadFile(raw)
	if err != nil {
		return fmt.Errorf("making a picture of %s: the browser wrote none: %s", page, lastLine(out))
	}
	return crop(data, to)
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// crop writes a picture without the empty part at its bottom.
func crop(data []byte, to string) error {
	whole, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("reading a picture: %w", err)
	}
	area := whole.Bounds()
	area.Max.Y = min(area.Max.Y, lastRow(whole)+1+pictureMargin*pictureScale)
	cut, ok := whole.(interface {
		SubImage(image.Rectangle) image.Image
	})
	if !ok {
		return fmt.Errorf("cropping a picture: it is a %T", whole)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, cut.SubImage(area)); err != nil {
		return fmt.Errorf("writing a picture: %w", err)
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}

// lastRow returns the last row that is not all of the colour of the last pixel.
func lastRow(m image.Image) int {
	area := m.Bounds()
	ground := m.At(area.Min.X, area.Max.Y-1)
	for y := area.Max.Y - 1; y > area.Min.Y; y-- {
		for x := area.Min.X; x < area.Max.X; x++ {
			if m.At(x, y) != ground {
				return y
			}
		}
	}
	return area.Min.Y
}
