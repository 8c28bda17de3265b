package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// TestMethods answers HEAD like GET without a body, and refuses the rest by name.
func TestMethods(t *testing.T) {
	d := private(t)
	for path, allow := range map[string]string{
		"/": "GET, HEAD", "/stories": "GET, HEAD", "/stories/us-nss-2025": "GET, HEAD", "/stories/us-nss-2025.json": "GET, HEAD",
		"/healthz": "GET, HEAD", "/readyz": "GET, HEAD", "/complete": "GET, HEAD", "/ask": "POST", "/press": "POST", "/logout": "POST",
		d.assetURL(t, "preview.css"): "GET, HEAD",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"} {
			r := d.do(t, request{method: method, path: path, form: url.Values{}})
			text := body(t, r)
			allowed := strings.Contains(allow, method)
			if allowed == (r.StatusCode == http.StatusMethodNotAllowed) {
				t.Errorf("%s %s: %s", method, path, r.Status)
			}
			if got := r.Header.Get("Allow"); !allowed && got != allow {
				t.Errorf("%s %s: Allow %q, want %q", method, path, got, allow)
			}
			if method == "HEAD" && allowed {
				get := d.do(t, request{path: path})
				if n := r.Header.Get("Content-Length"); n != get.Header.Get("Content-Length") || r.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
					t.Errorf("HEAD %s says %s bytes, GET %s", path, n, get.Header.Get("Content-Length"))
				}
				if text != "" && strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
					t.Errorf("HEAD %s has a body", path)
				}
			}
		}
	}
}

// TestSlashes leads from addresses with a slash at the end to those without.
func TestSlashes(t *testing.T) {
	d := open(t, "0.0.0.0:8080", nil)
	for path, want := range map[string]string{
		"/stories/": "/stories", "/stories/us-nss-2025/": "/stories/us-nss-2025", "/stories/never-there/": "/stories/never-there",
		"/stories/secret-talks/": "/stories/secret-talks", "/stories/%0d%0aX/": "/stories/%0d%0aX",
	} {
		r := d.do(t, request{path: path})
		if got := r.Header.Get("Location"); r.StatusCode != http.StatusPermanentRedirect || got != want {
			t.Errorf("%s: %s to %q, want %q", path, r.Status, got, want)
		}
	}
	for _, path := range []string{"/stories/us-nss-2025/timeline", "/healthz/", "/assets/", "/favicon.ico", "/index.html"} {
		if r := d.do(t, request{path: path}); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
}

// TestSecurityHeaders looks at every kind of answer.
func TestSecurityHeaders(t *testing.T) {
	d := private(t)
	for _, path := range []string{"/", "/stories", "/stories/us-nss-2025", "/stories/us-nss-2025.json", "/never-there", "/healthz", "/readyz", "/complete?line=/", d.assetURL(t, "preview.js")} {
		h := d.do(t, request{path: path}).Header
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: no %s in %q", path, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %q", path, policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Content-Type") == "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	if got := d.do(t, request{path: "/"}).Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("the preview is kept: %q", got)
	}
}

// TestNothingInline holds the pages to their policy: no script, style or handler
// in them.
func TestNothingInline(t *testing.T) {
	d := private(t)
	d.asks(t, "/overview us-nss-2025")
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|<script>|\son[a-z]+=|javascript:`)
	for _, path := range []string{"/", "/stories", "/stories/us-nss-2025", "/never-there"} {
		text := body(t, d.do(t, request{path: path}))
		if found := inline.FindString(text); found != "" {
			t.Errorf("%s: %q", path, found)
		}
		if !strings.HasPrefix(text, "<!doctype html>") || !strings.HasSuffix(text, "</html>\n") {
			t.Errorf("%s is cut: %.60s … %s", path, text, text[max(0, len(text)-60):])
		}
	}
}

// assetURL returns the address of an asset.
func (d *door) assetURL(t *testing.T, name string) string {
	t.Helper()
	u, err := d.assets.url(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestAssets may be kept for good, because another version has another address.
func TestAssets(t *testing.T) {
	d := open(t, "0.0.0.0:8080", nil)
	for name, media := range map[string]string{
		"htmx.js": "text/javascript; charset=utf-8", "hx-sse.js": "text/javascript; charset=utf-8", "preview.js": "text/javascript; charset=utf-8",
		"preview.css": "text/css; charset=utf-8", "pages.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml", "htmx.LICENSE": "text/plain; charset=utf-8",
	} {
		u := d.assetURL(t, name)
		r := d.do(t, request{path: u})
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != media || r.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %s %v", u, r.Status, r.Header)
		}
		if body(t, r) == "" {
			t.Errorf("%s is empty", u)
		}
		if again := d.do(t, request{path: u, header: map[string]string{"If-None-Match": r.Header.Get("ETag")}}); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %s", u, again.Status)
		}
		if old := d.do(t, request{path: "/assets/0123456789abcdef/" + name}); old.StatusCode != http.StatusNotFound {
			t.Errorf("another version of %s: %s", name, old.Status)
		}
	}
	if _, err := d.assets.url("never.js"); err == nil {
		t.Error("an asset that does not exist has an address")
	}
}

type partError struct{ error }

func (partError) Part() string { return "store" }

// TestHealth tells strangers which part does not work, and no more.
func TestHealth(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{nil, 200, "ready\n"},
		{partError{errors.New("opening /var/lib/briefbot.db: denied")}, 503, "not ready: store\n"},
		{errors.New("opening /var/lib/briefbot.db: denied"), 503, "not ready\n"},
	} {
		d := open(t, "0.0.0.0:8080", func(o *Options) { o.Ready = func(context.Context) error { return c.err } })
		r := d.do(t, request{path: "/readyz"})
		if got := body(t, r); r.StatusCode != c.status || got != c.want {
			t.Errorf("%v: %s %q, want %d %q", c.err, r.Status, got, c.status, c.want)
		}
		if c.err != nil {
			contains(t, d.logs.String(), "denied")
		}
		contains(t, d.get(t, "/healthz"), "ok")
	}
}

// TestPanicIsContained answers, logs and says nothing of it.
func TestPanicIsContained(t *testing.T) {
	d := open(t, "0.0.0.0:8080", func(o *Options) { o.Open = func() *brief.Reader { panic("the secret of it") } })
	r := d.do(t, request{path: "/stories"})
	if r.StatusCode != http.StatusInternalServerError {
		t.Errorf("%s", r.Status)
	}
	lacks(t, body(t, r), "secret")
	contains(t, d.logs.String(), "the secret of it")
}

// TestOptions refuses what cannot be meant.
func TestOptions(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, ""},
		{Options{Listen: ":8080", PublicURL: "https://briefs.example.org/"}, ""},
		{Options{Listen: "8080"}, "listen address"},
		{Options{PublicURL: "briefs.example.org"}, "public_url"},
		{Options{PublicURL: "ftp://briefs.example.org"}, "public_url"},
		{Options{PublicURL: "https://user@briefs.example.org"}, "public_url"},
		{Options{PublicURL: "https://example.org/briefs"}, "a path is not served"},
	} {
		w, err := New(c.o)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.o, err, c.want)
		}
		if err == nil && (w.Name() != "web" || w.Addr() != "") {
			t.Errorf("named %q, listening on %q", w.Name(), w.Addr())
		}
	}
	var _ chat.Surveyor = (*Web)(nil)
}
