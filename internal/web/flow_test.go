package web

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// browse serves a preview and returns a page of a browser at it. Where there is
// no browser the test is skipped, unless everything is required.
func browse(t *testing.T, width, height int64) (context.Context, *door) {
	t.Helper()
	ctx := tab(t, width, height)
	d := serve(t)
	do(t, ctx, chromedp.Navigate("http://"+d.Addr()+"/"), chromedp.WaitVisible(chromedp.CSS("#line")))
	return ctx, d
}

// tab returns an empty page of a browser.
func tab(t *testing.T, width, height int64) context.Context {
	t.Helper()
	program := browser(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(stop)
	// The first steps start the browser, which lives as long as their context.
	do(t, ctx, chromedp.EmulateViewport(width, height))
	ctx, stop = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	watch(t, ctx)
	return ctx
}

// watch fails the test on what the browser complains of: scripts that break, and
// whatever the content security policy refuses.
func watch(t *testing.T, ctx context.Context) {
	t.Helper()
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("a script broke: %v", ev.ExceptionDetails)
		case *log.EventEntryAdded:
			t.Errorf("the browser complains: %s %s", ev.Entry.Text, ev.Entry.URL)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const reason = "no browser found: install chromium to try the preview in one"
	if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
		t.Fatal(reason)
	}
	t.Skip(reason)
	return ""
}

// serve runs a Web on a free port until the test ends.
func serve(t *testing.T, changes ...func(*Options)) *door {
	t.Helper()
	stories := shipped(t)
	d := &door{bot: newBot(t, stories)}
	o := Options{Open: func() *brief.Reader { return brief.Unrestricted(stories) }, Panes: panes()}
	for _, change := range changes {
		change(&o)
	}
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.refresh = 250 * time.Millisecond
	d.Web, d.h = w, w.handler()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx, d.bot) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	<-w.listened
	return d
}

// do takes the steps. To type, focus a field and send keys: chromedp.SendKeys reads what
// it knows of the field while news of the page change it.
func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for _, step := range steps {
		err := chromedp.Do(ctx, step)
		for range 5 {
			// The page was replaced between finding what to click and clicking it.
			if err == nil || !strings.Contains(err.Error(), "Could not find node with given id") {
				break
			}
			err = chromedp.Do(ctx, step)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// wait waits until an expression holds on the page.
func wait(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(15*time.Second))); err != nil {
		page, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.getElementById("line")?.value + "\n" + document.visibilityState + "\n" + document.body.innerText.slice(-400)`))
		t.Fatalf("waiting for %s: %v\nthe line and the page: %s", expression, err, page)
	}
}

// eval returns the value of an expression on the page.
func eval[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// shot keeps a picture of the page where BRIEFBOT_TEST_SCREENSHOTS names a folder.
func shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("BRIEFBOT_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestConversationInBrowser types, completes, asks, presses and is told of a
// digest.
func TestConversationInBrowser(t *testing.T) {
	ctx, d := browse(t, 1500, 980)
	wait(t, ctx, `document.getElementById("state").dataset.state === "on"`)
	shot(t, ctx, "welcome")

	do(t, ctx, chromedp.Focus(chromedp.CSS("#line"), chromedp.NodeVisible), chromedp.KeyEvent("/"))
	wait(t, ctx, `document.querySelectorAll("#choices li").length === 6`)
	shot(t, ctx, "commands")
	do(t, ctx, chromedp.KeyEvent("ov"))
	wait(t, ctx, `document.querySelectorAll("#choices li").length === 1`)
	do(t, ctx, chromedp.KeyEvent(kb.Tab))
	wait(t, ctx, `document.getElementById("line").value === "/overview"`)
	do(t, ctx, chromedp.KeyEvent(" "))
	wait(t, ctx, `document.querySelectorAll("#choices li").length >= 2`)
	do(t, ctx, chromedp.KeyEvent("us-"))
	wait(t, ctx, `document.querySelector("#choices li").textContent.includes("us-nss-2025")`)
	shot(t, ctx, "stories")
	do(t, ctx, chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Tab))
	wait(t, ctx, `document.getElementById("line").value === "/overview us-nss-2025"`)
	do(t, ctx, chromedp.KeyEvent(kb.Enter))
	wait(t, ctx, `document.querySelectorAll(".entry").length === 1`)
	wait(t, ctx, `document.querySelector(".pane.discord .embed .title") && document.querySelector(".pane.telegram .bubble.in strong")`)
	wait(t, ctx, `document.getElementById("line").value === ""`)
	shot(t, ctx, "overview")

	id := eval[string](t, ctx, `document.querySelector(".entry").id`)
	do(t, ctx, chromedp.Focus(chromedp.CSS(".pane.telegram .row button:nth-child(2)")), chromedp.KeyEvent(kb.Enter))
	wait(t, ctx, `document.querySelector(".pane.discord .title").textContent.includes("timeline")`)
	wait(t, ctx, `document.querySelector(".pane.telegram .bubble.in").textContent.includes("timeline")`)
	if got := eval[string](t, ctx, `[...document.querySelectorAll(".entry")].map(e => e.id).join()`); got != id {
		t.Errorf("after the press the entries are %s, want only %s", got, id)
	}
	if got := eval[string](t, ctx, `document.activeElement.textContent`); got != "Timeline" {
		t.Errorf("the focus is on %q, want the button that was pressed", got)
	}
	shot(t, ctx, "timeline")

	d.Announce([]chat.Card{{Title: "One new event", Tone: chat.New, Items: []chat.Item{{Label: "2 December 2025", Head: chat.Plainly("Talks in Moscow")}},
		Actions: [][]chat.Action{{{Label: "Timeline", Call: "timeline us-nss-2025"}}}}})
	wait(t, ctx, `document.querySelectorAll(".entry.preview").length === 1`)
	if got := eval[string](t, ctx, `document.getElementById("status").textContent`); got == "" {
		t.Error("those who do not see are not told of the digest")
	}
	shot(t, ctx, "digest")
	do(t, ctx, chromedp.Click(chromedp.CSS(".entry.preview .pane.discord .button")))
	wait(t, ctx, `document.querySelectorAll(".entry").length === 3`)
	if got := eval[bool](t, ctx, `document.querySelector(".entry.preview").textContent.includes("One new event")`); !got {
		t.Error("the press edited the digest")
	}

	do(t, ctx, chromedp.Focus(chromedp.CSS("#line")), chromedp.KeyEvent(kb.ArrowUp))
	wait(t, ctx, `document.getElementById("line").value === "/timeline us-nss-2025"`)
	do(t, ctx, chromedp.KeyEvent(kb.ArrowUp))
	wait(t, ctx, `document.getElementById("line").value === "/overview us-nss-2025"`)
	do(t, ctx, chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown))
	wait(t, ctx, `document.getElementById("line").value === ""`)
}

// TestPhoneShowsOnePane switches between the services where there is room for one.
func TestPhoneShowsOnePane(t *testing.T) {
	ctx, d := browse(t, 390, 844)
	shot(t, ctx, "phone-welcome")
	d.asks(t, "/overview us-nss-2025")
	wait(t, ctx, `document.querySelectorAll(".entry").length === 1`)
	visible := func(pane string) string {
		return fmt.Sprintf(`getComputedStyle(document.querySelector(".pane.%s")).display !== "none"`, pane)
	}
	if !eval[bool](t, ctx, visible("discord")) || eval[bool](t, ctx, visible("telegram")) {
		t.Error("not only Discord is shown")
	}
	shot(t, ctx, "phone-discord")
	do(t, ctx, chromedp.Click(chromedp.CSS("label[for=shown-1]")))
	wait(t, ctx, visible("telegram"))
	if eval[bool](t, ctx, visible("discord")) {
		t.Error("Discord is still shown")
	}
	shot(t, ctx, "phone-telegram")
	if wide := eval[bool](t, ctx, `document.documentElement.scrollWidth > innerWidth`); wide {
		t.Error("the page is wider than the phone")
	}
}

// TestStoryInBrowser reads a story in light and dark, on paper and on a phone.
func TestStoryInBrowser(t *testing.T) {
	ctx, d := browse(t, 1200, 980)
	for _, c := range []struct {
		name, scheme, media string
		width               int64
	}{
		{"light", "light", "", 1200}, {"dark", "dark", "", 1200}, {"phone", "light", "", 390}, {"print", "light", "print", 800},
	} {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: c.media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: c.scheme}},
		})
		if err != nil {
			t.Fatal(err)
		}
		do(t, ctx, chromedp.EmulateViewport(c.width, 980), chromedp.Navigate("http://"+d.Addr()+"/stories/ukraine-peace-talks"))
		wait(t, ctx, `document.querySelector("#timeline")`)
		if eval[bool](t, ctx, `document.documentElement.scrollWidth > innerWidth`) {
			t.Errorf("%s: the page is wider than the window", c.name)
		}
		shot(t, ctx, "story-"+c.name)
		for i := range 4 {
			do(t, ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("scrollTo(0, %d)", 960*(i+1))))
			shot(t, ctx, fmt.Sprintf("story-%s-%d", c.name, i+1))
		}
	}
	if dangling := eval[string](t, ctx, `[...document.querySelectorAll("a[href^='#']")].map(a => a.getAttribute("href")).filter(h => !document.getElementById(h.slice(1))).join()`); dangling != "" {
		t.Errorf("these lead nowhere: %s", dangling)
	}
	do(t, ctx, chromedp.Navigate("http://"+d.Addr()+"/stories"))
	shot(t, ctx, "index")
}

// TestNoScriptInBrowser asks and presses where scripts are off, which also shows
// that a browser names the page's origin with a plain form.
func TestNoScriptInBrowser(t *testing.T) {
	ctx, d := browse(t, 1000, 900)
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Navigate("http://"+d.Addr()+"/"), chromedp.Focus(chromedp.CSS("#line"), chromedp.NodeVisible), chromedp.KeyEvent("/overview us-nss-2025"),
		chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS(".entry .pane.discord .row")))
	shot(t, ctx, "noscript")
	do(t, ctx, chromedp.Click(chromedp.CSS(".entry .pane.telegram .row button:nth-child(2)")),
		chromedp.WaitVisible(chromedp.CSS(".entry .pane.telegram .row:nth-of-type(2)")))
	if n := d.bot.count(); n != 2 || !d.bot.last().Pressed {
		t.Errorf("the bot was asked %d times, want the question and the press", n)
	}
	do(t, ctx, chromedp.Click(chromedp.CSS(".tries button")), chromedp.WaitVisible(chromedp.CSS(".entry:nth-child(2)")))
	if got := d.bot.last().Line; got != "/stories" {
		t.Errorf("the welcome asked %q", got)
	}
}
