package main

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// TestHostAway has the host of the briefs fail while briefbot runs, over a restart, and
// work again: what was fetched is served, briefbot is ready, and the operators read why
// in /status and that it is over.
func TestHostAway(t *testing.T) {
	w, h := newWorld(t), newGitHost(t)
	w.write("briefbot.yaml", "")
	args := []string{"--briefs", h.url, "--briefs-interval", "1s", "--listen", "127.0.0.1:0"}
	w.start(args...)
	served := func(when string) {
		t.Helper()
		if status, body := w.page(http.MethodGet, "/readyz"); status != http.StatusOK {
			t.Errorf("%s /readyz answers %d %s", when, status, body)
		}
		if status, _ := w.page(http.MethodGet, "/stories/grain"); status != http.StatusOK {
			t.Errorf("%s the story's page answers %d", when, status)
		}
	}
	alarmed := func(words string) func() bool {
		alarm := "News of the briefs cannot be fetched; what was fetched last is served. fetching " + h.url + ": " + words
		return func() bool { return w.has("/?q=/status", alarm) }
	}
	served("with the host")
	h.status.Store(http.StatusServiceUnavailable)
	w.wait("the alarm", alarmed("the host answers 503"))
	served("while the host is busy")
	h.status.Store(http.StatusNotFound)
	w.wait("the new reason", alarmed("the host answers 404"))
	served("while the host has no such repository")
	w.process.stop()
	w.start(args...)
	served("after a restart")
	w.wait("the alarm after a restart", alarmed("the host answers 404"))
	h.status.Store(0)
	w.wait("the end of the alarm", func() bool { return !w.has("/?q=/status", "News of the briefs cannot be fetched") })
	served("with the host back")
	w.serves(h.push("Jane Doe", map[string]string{"briefs/grain.yaml": story(2, "Event")}))
	w.process.stop()
}

// TestRedirectInClear has an https host send whoever asks to plain http, on the same host
// and port besides: that is refused, and nobody is asked or told the token there.
func TestRedirectInClear(t *testing.T) {
	const token = "hush-hush-hush"
	var asked atomic.Int32
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer plain.Close()
	var to atomic.Pointer[string]
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, *to.Load()+r.URL.RequestURI(), http.StatusFound)
	}))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	w := &world{t: t, dir: t.TempDir()}
	w.write("host.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	for _, leads := range []string{plain.URL, strings.Replace(secure.URL, "https:", "http:", 1)} {
		to.Store(&leads)
		p := startProcess(t, w.dir, []string{"BRIEFBOT_BRIEFS_TOKEN=" + token, "SSL_CERT_FILE=" + w.path("host.pem"), "SSL_CERT_DIR=" + os.DevNull},
			"--briefs", secure.URL+"/desk.git", "check")
		<-p.done
		if said := p.log(); p.cmd.ProcessState.ExitCode() == 0 || !strings.Contains(said, "redirects to "+leads+", which is not told the token") || strings.Contains(said, token) {
			t.Errorf("to %s it says %s", leads, said)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the host to which it leads was asked %d times", n)
	}
}
