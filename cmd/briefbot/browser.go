package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// browsers are the names under which Chromium and its kin are installed.
var browsers = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
}

// noBrowser is named by whoever wants no pictures.
const noBrowser = "off"

// findBrowser returns the program that is named, or else the first that is installed.
func findBrowser(name string) (string, error) {
	if name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("%w; name another with --browser, or leave it out", err)
		}
		return path, nil
	}
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("install Chromium or Chrome, or name it with --browser")
}

const (
	pictureWidth = 780  // CSS pixels: what shows a message at its widest
	pictureScale = 2    // pixels of the picture for one of the page's
	pictureTile  = 4000 // CSS pixels: browsers draw no more than 16,384 pixels at once
)

// A browser is a Chromium, or one of its kin, that runs and makes pictures of pages.
type browser struct {
	path string
	tab  context.Context // its one tab, which lives as long as the browser
	stop func()
	wait time.Duration // how long it may take to start, and for a picture
}

// startBrowser starts a browser without a window, until ctx is done or it is stopped. Wait
// is how long it may take for that, and for each picture.
func startBrowser(ctx context.Context, path string, wait time.Duration) (*browser, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU,
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	alloc, free := chromedp.NewExecAllocator(ctx, options...)
	quiet := func(string, ...any) {} // what matters is in the errors
	tab, end := chromedp.NewContext(alloc, chromedp.WithLogf(quiet), chromedp.WithErrorf(quiet))
	b := &browser{path: path, tab: tab, wait: wait, stop: func() { end(); free() }}
	// The browser lives as long as the context of its first step, which therefore has no
	// deadline of its own.
	late := time.AfterFunc(wait, end)
	err := chromedp.Do(tab, chromedp.EmulateViewport(pictureWidth, 1, chromedp.EmulateScale(pictureScale)))
	if !late.Stop() && ctx.Err() == nil {
		err = fmt.Errorf("it did not answer within %v", wait)
	}
	if err != nil {
		b.stop()
		return nil, fmt.Errorf("starting %s: %s", path, reason(err))
	}
	return b, nil
}

// reason says in a line why a browser does not start. What it says itself before it ends
// is many lines, of which one tells.
func reason(err error) string {
	said := strings.Split(strings.TrimSpace(err.Error()), "\n")
	for _, line := range said {
		if strings.Contains(strings.ToLower(line), "no usable sandbox") {
			return "its sandbox cannot start here; allow it user namespaces, or use one that the system's packages install"
		}
	}
	for _, line := range said[1:] {
		if strings.Contains(line, ":FATAL:") || strings.Contains(line, ":ERROR:") || strings.Contains(line, "error while loading") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(said[0] + " " + strings.Join(said[max(1, len(said)-1):], ""))
}

// picture makes a PNG of an HTML file, as high as the page. Part is the fragment of the
// page's address; empty: none.
func (b *browser) picture(from, part, to string) error {
	full, err := filepath.Abs(from)
	if err != nil {
		return fmt.Errorf("making a picture of %s: %w", from, err)
	}
	address := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(full), "/"), Fragment: part}
	ctx, stop := context.WithTimeout(b.tab, b.wait)
	defer stop()
	data, err := shoot(ctx, address.String())
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("it did not answer within %v", b.wait)
	}
	if err != nil {
		return fmt.Errorf("making a picture of %s with %s: %w", from, b.path, err)
	}
	return os.WriteFile(to, data, 0o644)
}

// shoot returns a PNG of a page.
func shoot(ctx context.Context, address string) ([]byte, error) {
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		return nil, err
	}
	size, err := chromedp.Call(ctx, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	var tiles [][]byte
	height := math.Ceil(size.CSSContentSize.Height)
	for top := 0.0; top < height; top += pictureTile {
		yes := true
		clip := page.Viewport{Y: top, Width: pictureWidth, Height: min(pictureTile, height-top), Scale: 1}
		tile, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &yes, Clip: &clip})
		if err != nil {
			return nil, err
		}
		tiles = append(tiles, tile.Data)
	}
	return joined(tiles)
}

// joined puts pictures of equal width below one another.
func joined(tiles [][]byte) ([]byte, error) {
	if len(tiles) == 1 {
		return tiles[0], nil
	}
	var all []image.Image
	var size image.Point
	for _, data := range tiles {
		tile, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("reading what the browser drew: %w", err)
		}
		all, size = append(all, tile), image.Pt(tile.Bounds().Dx(), size.Y+tile.Bounds().Dy())
	}
	whole, top := image.NewRGBA(image.Rectangle{Max: size}), 0
	for _, tile := range all {
		draw.Draw(whole, tile.Bounds().Add(image.Pt(0, top)), tile, tile.Bounds().Min, draw.Src)
		top += tile.Bounds().Dy()
	}
	var b bytes.Buffer
	err := png.Encode(&b, whole)
	return b.Bytes(), err
}
