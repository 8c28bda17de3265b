package web

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/brief"
)

// secret is a story that only a group may read.
const secret = `secret-talks
title: Secret talks
audience: [newsroom]
overview: Nobody else may know of this.
timeline:
  - {id: met, date: 2025-11-02, title: They met}
`

// A door is a Web with its bot, tried as through its listener.
type door struct {
	*Web
	bot  *fakeBot
	logs *bytes.Buffer
	h    http.Handler
}

// open returns a Web whose listener has the given address.
func open(t *testing.T, listener string, change func(*Options)) *door {
	t.Helper()
	stories := shipped(t, secret)
	policy := &brief.Policy{Groups: map[string][]string{"newsroom": {"telegram:1"}}}
	d := &door{bot: newBot(t, stories), logs: new(bytes.Buffer)}
	o := Options{
		Open:  func() *brief.Reader { return policy.Reader(stories) },
		Panes: panes(), Logger: slog.New(slog.NewTextHandler(d.logs, nil)),
	}
	if change != nil {
		change(&o)
	}
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.host = d.bot
	address, err := net.ResolveTCPAddr("tcp", listener)
	if err != nil {
		t.Fatal(err)
	}
	w.listener = &idleListener{address}
	d.Web, d.h = w, w.handler()
	return d
}

// An idleListener has an address and nothing else.
type idleListener struct{ address net.Addr }

func (l *idleListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (l *idleListener) Close() error              { return nil }
func (l *idleListener) Addr() net.Addr            { return l.address }

// private returns a Web that acts for an operator.
func private(t *testing.T) *door { return open(t, "127.0.0.1:8080", nil) }

// A request is what a client sends; the zero value of a field is what a browser on the machine
// sends.
type request struct {
	method, path, host string
	form               url.Values
	header             map[string]string
}

func (d *door) do(t *testing.T, q request) *http.Response {
	t.Helper()
	if q.method == "" {
		q.method = "GET"
	}
	if q.host == "" {
		q.host = "127.0.0.1:8080"
	}
	r := httptest.NewRequestWithContext(context.Background(), q.method, q.path, strings.NewReader(q.form.Encode()))
	r.Host, r.RemoteAddr = q.host, "127.0.0.1:50000"
	if q.form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://"+q.host)
	}
	for k, v := range q.header {
		if v == "" {
			r.Header.Del(k)
		} else {
			r.Header.Set(k, v)
		}
	}
	rw := httptest.NewRecorder()
	d.h.ServeHTTP(rw, r)
	return rw.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// get returns the page at path, which must be there.
func (d *door) get(t *testing.T, path string) string {
	t.Helper()
	r := d.do(t, request{path: path})
	if r.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s\n%s", path, r.Status, d.logs)
	}
	return body(t, r)
}

// asks asks a question as a script does and returns what is to be shown.
func (d *door) asks(t *testing.T, line string) string {
	t.Helper()
	return d.posts(t, "/ask", url.Values{"line": {line}})
}

func (d *door) posts(t *testing.T, path string, form url.Values) string {
	t.Helper()
	r := d.do(t, request{method: "POST", path: path, form: form, header: map[string]string{"HX-Request": "true"}})
	if r.StatusCode != http.StatusOK {
		t.Fatalf("POST %s %v: %s\n%s", path, form, r.Status, d.logs)
	}
	return body(t, r)
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("no %q in:\n%s", p, text)
		}
	}
}

func lacks(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			t.Errorf("%q in:\n%s", p, text)
		}
	}
}
