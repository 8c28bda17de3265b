package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxStreams is how many pages may listen for changes at once.
const maxStreams = 64

// heartbeat is how often a silent stream says that it lives, so that nothing in
// between closes it, and writeTime how long a client may take to read.
const (
	heartbeat = 20 * time.Second
	writeTime = 10 * time.Second
)

// events tells a page of every change of the conversation from the version it
// knows on, until it goes or Serve ends
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
func (w *Web) events(rw http.ResponseWriter, r *http.Request) {
	select {
	case w.streams <- struct{}{}:
		defer func() { <-w.streams }()
	default:
		rw.Header().Set("Retry-After", "30")
		http.Error(rw, "Too many pages listen already.", http.StatusServiceUnavailable)
		return
	}
	s := stream{web: w, rw: rw, control: http.NewResponseController(rw)}
	changed, stop := w.log.watch()
	defer stop()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("X-Accel-Buffering", "no") // a proxy that buffers would hold events back
	s.control.SetReadDeadline(time.Time{})     // it would end the request, which has no more to read
	known := w.knownVersion(r)
	if err := s.write(": listening\n\n"); err != nil {
		return
	}
	for {
		var err error
		if known, err = s.tell(r.Context(), known); err != nil {
			return
		}
		select {
		case <-changed:
		case <-beat.C:
			if err := s.write(": still here\n\n"); err != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-w.done:
			return
		}
	}
}

// knownVersion returns the version of the conversation that the page shows: zero
// where it shows that of an earlier process.
func (w *Web) knownVersion(r *http.Request) int {
	known := r.Header.Get("Last-Event-ID")
	if known == "" {
		known = r.URL.Query().Get("after")
	}
	epoch, version, _ := strings.Cut(known, "-")
	n, err := strconv.Atoi(version)
	if err != nil || epoch != w.log.epoch {
		return 0
	}
	return n
}

// A stream is a page that listens.
type stream struct {
	web     *Web
	rw      http.ResponseWriter
	control *http.ResponseController
}

// tell writes what changed after a version, as one event, and returns the version
// that the page knows then.
func (s stream) tell(ctx context.Context, known int) (int, error) {
	entries, version := s.web.log.since(known)
	if len(entries) == 0 {
		return version, nil
	}
	var b bytes.Buffer
	if err := s.web.pages.ExecuteTemplate(&b, "partial", s.web.partial(ctx, entries)); err != nil {
		s.web.options.Logger.Error("executing a template", "template", "partial", "error", err)
		return version, err
	}
	event := fmt.Sprintf("id: %s-%d\n", s.web.log.epoch, version)
	for line := range strings.Lines(strings.ReplaceAll(b.String(), "\r", "&#13;")) {
		event += "data: " + strings.TrimSuffix(line, "\n") + "\n"
	}
	return version, s.write(event + "\n")
}

func (s stream) write(text string) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	if _, err := s.rw.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
