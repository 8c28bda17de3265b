package telegramtest

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// A Drop says when a connection is reset instead of answered.
type Drop int

// The moments of a reset: never, before the call has an effect, and after.
const (
	Never Drop = iota
	Before
	After
)

// A Fault is what goes wrong with one call.
type Fault struct {
	Delay time.Duration // waits before anything else
	Hang  bool          // waits until the caller gives up, without any effect
	Reset Drop
	// Status is answered instead of the true one. With HTML the body is that of a
	// proxy, otherwise the vendor's JSON with the fields below.
	Status      int
	HTML        bool
	Description string
	RetryAfter  int   // seconds
	Header      bool  // RetryAfter goes into the header alone
	MigrateTo   int64 // the chat's new id
	// Result is answered as if all were well, with status 200.
	Result string
	// Processed lets the call have its effect before Status is answered.
	Processed bool
}

type script struct {
	method string
	chat   int64
	next   func(Call) (Fault, bool)
}

// Script makes the next calls of a method fail, one fault for each call. A zero
// Fault lets a call pass.
func (s *Server) Script(method string, faults ...Fault) { s.ScriptChat(method, 0, faults...) }

// ScriptChat is Script for the calls that concern one chat.
func (s *Server) ScriptChat(method string, chat int64, faults ...Fault) {
	left := faults
	s.addScript(&script{method: method, chat: chat, next: func(Call) (Fault, bool) {
		if len(left) == 0 {
			return Fault{}, false
		}
		f := left[0]
		left = left[1:]
		return f, true
	}})
}

// Always makes every call of a method pass through decide, which says whether and
// how it fails, until the returned function is called. decide must not call the
// server.
func (s *Server) Always(method string, decide func(Call) (Fault, bool)) (stop func()) {
	sc := &script{method: method, next: decide}
	s.addScript(sc)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		sc.next = func(Call) (Fault, bool) { return Fault{}, false }
	}
}

func (s *Server) addScript(sc *script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, sc)
}

func (s *Server) nextFault(c Call) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sc := range s.faults {
		if sc.method != c.Method && sc.method != "" || sc.chat != 0 && sc.chat != c.Chat() {
			continue
		}
		if f, ok := sc.next(c); ok {
			return f
		}
	}
	return Fault{}
}

// wait spends the fault's delay and reports whether the call goes on.
func (f Fault) wait(ctx context.Context, closed <-chan struct{}) bool {
	var after <-chan time.Time
	switch {
	case f.Hang:
	case f.Delay > 0:
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		after = timer.C
	default:
		return true
	}
	select {
	case <-after:
		return true
	case <-ctx.Done():
	case <-closed:
	}
	return false
}

func (f Fault) write(w http.ResponseWriter) {
	if f.Header {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if f.Result != "" {
		w.Write([]byte(`{"ok":true,"result":` + f.Result + `}`))
		return
	}
	if f.HTML {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.Status)
		w.Write([]byte("<html><body><h1>" + http.StatusText(f.Status) + "</h1></body></html>"))
		return
	}
	body := map[string]any{"ok": false, "error_code": f.Status, "description": f.Description}
	params := map[string]any{}
	if f.RetryAfter > 0 && !f.Header {
		params["retry_after"] = f.RetryAfter
	}
	if f.MigrateTo != 0 {
		params["migrate_to_chat_id"] = f.MigrateTo
	}
	if len(params) > 0 {
		body["parameters"] = params
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.Status)
	json.NewEncoder(w).Encode(body)
}
