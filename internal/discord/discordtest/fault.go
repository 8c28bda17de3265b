package discordtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path"
	"time"
)

// A Fault is something that goes wrong with a request. The zero value of a field
// matches everything.
type Fault struct {
	Method string
	Path   string // a pattern of [path.Match] below the base address: /channels/*/messages
	Body   string // a text that the body holds
	// Times is how often; zero: once; negative: always.
	Times int
	// After lets the request have its effect before its answer goes wrong.
	After bool

	// Status answers with this status, Code and Message as Discord's JSON, or with
	// HTML as an HTML page.
	Status  int
	Code    int
	Message string
	HTML    string
	Header  map[string]string
	// RetryAfter and Scope make a 429 of one of its kinds: user, global, shared.
	RetryAfter time.Duration
	Scope      string
	// Reset breaks the connection off instead of answering.
	Reset bool
	// Hang never answers.
	Hang bool
}

// Fail scripts a fault. Faults are tried in the order in which they were added.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &f)
}

// FailWhen has every request pass through decide, before the faults that Fail
// scripted; it returns what goes wrong, or nil. decide must not call the server. Nil:
// nobody decides any more.
func (s *Server) FailWhen(decide func(Request) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide = decide
}

// Heal forgets all scripted faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.decide = nil, nil
}

func (s *Server) fault(r Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.decide != nil {
		if f := s.decide(r); f != nil {
			return f
		}
	}
	for _, f := range s.faults {
		if f.Times == 0 || f.Method != "" && f.Method != r.Method || f.Body != "" && !bytes.Contains(r.Body, []byte(f.Body)) {
			continue
		}
		if f.Path != "" {
			if match, err := path.Match(f.Path, r.Path); err != nil || !match {
				continue
			}
		}
		if f.Times > 0 {
			f.Times--
		}
		return f
	}
	return nil
}

func (f *Fault) play(w http.ResponseWriter, r *http.Request, done <-chan struct{}) {
	switch {
	case f.Hang:
		select {
		case <-r.Context().Done():
		case <-done:
		}
		panic(http.ErrAbortHandler)
	case f.Reset:
		panic(http.ErrAbortHandler)
	}
	for k, v := range f.Header {
		w.Header().Set(k, v)
	}
	if f.HTML != "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(f.Status)
		w.Write([]byte(f.HTML)) //nolint:errcheck // the client went away
		return
	}
	var body any = map[string]any{"code": f.Code, "message": f.Message}
	if f.RetryAfter > 0 {
		a := limited(f.RetryAfter, f.Scope, nil)
		body = a.body
		for k := range a.header {
			w.Header().Set(k, a.header.Get(k))
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.Status)
	if f.Status != http.StatusNoContent {
		json.NewEncoder(w).Encode(body) //nolint:errcheck // the client went away
	}
}
