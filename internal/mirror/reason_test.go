package mirror

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestReasons has fetching fail in every way that a host of this test can, both for the
// first copy and for news of one: what may pass by itself says so, in the same words
// each time, and the copy stays; all else does not.
func TestReasons(t *testing.T) {
	h := newHost(t)
	backend := h.backend()
	var trouble atomic.Pointer[http.HandlerFunc]
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if f := trouble.Load(); f != nil {
			(*f)(rw, r)
			return
		}
		backend.ServeHTTP(rw, r)
	}))
	defer server.Close()
	m, _ := mirrorOf(t, server.URL+"/desk.git#main", t.TempDir(), Options{})
	first := fetched(t, m)
	h.push("two")

	status := func(code int) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(code) }
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		passes bool
		want   string
	}{
		{"400", status(400), false, "400"},
		{"401", status(401), false, "401"},
		{"403", status(403), false, "403"},
		{"404", status(404), false, "404"},
		{"408", status(408), true, "408"},
		{"410", status(410), false, "410"},
		{"429", status(429), true, "429"},
		{"500", status(500), true, "500"},
		{"502", status(502), true, "502"},
		{"503", status(503), true, "503"},
		{"a page", func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, "<html>") }, false, "check the address"},
		{"no branch", func(rw http.ResponseWriter, r *http.Request) { backend.ServeHTTP(rw, elsewhere(h, r)) }, false, `no branch "main"`},
		{"cut before it answers", cut(nil), true, "does not answer"},
		{"cut while it says what it has", cutAfter(backend, "/info/refs", 50), true, "reading what the host offers"},
		{"cut while it answers", cutAfter(backend, uploadPack, 5), true, "ceased to answer"},
		{"cut while it sends", cutAfter(backend, uploadPack, 90), true, "ceased to send"},
	}
	for _, test := range tests {
		trouble.Store(&test.answer)
		fresh, _ := mirrorOf(t, server.URL+"/desk.git#main", t.TempDir(), Options{})
		said := ""
		for kind, one := range map[string]*Mirror{"the first copy": fresh, "news": m} {
			_, err := one.Fetch(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, ErrPassing) != test.passes {
				t.Errorf("%s, %s: %v (passes: %v), want %q (passes: %v)", test.name, kind, err, errors.Is(err, ErrPassing), test.want, test.passes)
			}
			if err != nil && said != "" && err.Error() != said {
				t.Errorf("%s is told in two ways:\n%s\n%v", test.name, said, err)
			} else if err != nil {
				said = err.Error()
			}
		}
		if got := standsAt(t, m); got != first {
			t.Errorf("%s: it stands at %s, want %s", test.name, got, first)
		}
	}
	trouble.Store(nil)
	if got, want := fetched(t, m), h.run(h.clone, "rev-parse", "HEAD"); got != want {
		t.Errorf("after all of it, it stands at %s, want %s", got, want)
	}
}

// elsewhere asks for a repository with another branch.
func elsewhere(h *host, r *http.Request) *http.Request {
	other := h.root + "/other.git"
	h.run(h.root, "init", "--quiet", "--bare", "--initial-branch=other", other)
	h.run(h.clone, "push", "--quiet", "--force", other, "HEAD:refs/heads/other")
	r = r.Clone(r.Context())
	r.URL.Path = strings.Replace(r.URL.Path, "/desk.git", "/other.git", 1)
	return r
}

// cut sends the beginning of an answer and ends the connection.
func cut(beginning []byte) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		conn, _, err := rw.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = conn.Write(beginning) // who reads may be gone
			conn.Close()
		}
	}
}

// cutAfter answers as backend does, but of what is asked for under a path only so many
// bytes.
func cutAfter(backend http.Handler, path string, n int) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, path) {
			backend.ServeHTTP(rw, r)
			return
		}
		whole := httptest.NewRecorder()
		backend.ServeHTTP(whole, r)
		body := whole.Body.Bytes()
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", whole.Header().Get("Content-Type"), len(body))
		cut(append([]byte(head), body[:min(n, len(body))]...))(rw, r)
	}
}

// TestUntrusted asks a host whose certificate nobody trusts, one that does not speak
// https, and ports at which nobody listens: only these may pass.
func TestUntrusted(t *testing.T) {
	secure, plain := httptest.NewUnstartedServer(http.NotFoundHandler()), httptest.NewServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of each that does not trust it
	secure.StartTLS()
	defer secure.Close()
	defer plain.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := listener.Addr().String()
	listener.Close()
	for _, test := range []struct {
		address string
		passes  bool
		want    string
	}{
		{secure.URL, false, "certificate is not one that this machine trusts"},
		{strings.Replace(plain.URL, "http:", "https:", 1), false, "does not speak https"},
		{"http://" + nobody, true, "the host does not answer"},
	} {
		m, _ := mirrorOf(t, test.address+"/desk.git#main", t.TempDir(), Options{Token: "hush-hush"})
		_, err := m.Fetch(t.Context())
		if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, ErrPassing) != test.passes || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v (passes: %v), want %q (passes: %v)", test.address, err, errors.Is(err, ErrPassing), test.want, test.passes)
		}
	}
}
