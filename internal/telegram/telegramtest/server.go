package telegramtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// BotID is the bot's own account.
const BotID = 4242000

// Options say what kind of vendor to play. The zero value is an unlimited one.
type Options struct {
	Token string // empty: "4242000:TEST-token_abcdefghijklmnopqrstuv"
	Name  string // the bot's user name; empty: BriefBot
	// Limits switches the vendor's rate limits on: 30 messages a second, one a
	// second for a chat and 20 a minute for a group, with small bursts.
	Limits bool
	// Pipe serves in memory, through [Server.Transport] alone, so that the server
	// may run in a bubble of testing/synctest.
	Pipe bool
}

// A Server is the vendor. All its methods may be called by many at once.
type Server struct {
	t     testing.TB
	o     Options
	spec  *spec
	web   *httptest.Server
	trans *http.Transport
	base  string

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced whenever anything happened
	chats     map[int64]*room
	users     map[int64]map[string]any
	nextID    map[int64]int // the last message id by chat
	queue     []update
	nextUp    int64 // the next update's id
	poll      int   // counts pollers; only the newest may wait
	webhook   string
	commands  map[string]json.RawMessage
	callbacks map[string]*Callback
	order     []string // callback ids in order
	calls     []Call
	faults    []*script
	limits    limits
	closed    chan struct{}
	revoked   bool
}

// A Call is one request and its answer, as the transcript keeps it.
type Call struct {
	Method string
	Params map[string]string // as they came; JSON where the vendor wants JSON
	At     time.Time
	Status int    // 0: no answer was given
	Error  string // the vendor's description of what is wrong
}

// Chat returns the call's chat, or zero.
func (c Call) Chat() int64 { return number(c.Params["chat_id"]) }

// NewServer starts a vendor that lives as long as the test.
func NewServer(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Token == "" {
		o.Token = "4242000:TEST-token_abcdefghijklmnopqrstuv"
	}
	if o.Name == "" {
		o.Name = "BriefBot"
	}
	s := &Server{
		t: t, o: o, spec: openSpec(t), changed: make(chan struct{}), closed: make(chan struct{}),
		chats: map[int64]*room{}, users: map[int64]map[string]any{}, nextID: map[int64]int{}, nextUp: 700_000_001,
		commands: map[string]json.RawMessage{}, callbacks: map[string]*Callback{},
	}
	s.users[BotID] = map[string]any{"id": BotID, "is_bot": true, "first_name": "Brief Bot", "username": o.Name}
	s.limits.on = o.Limits
	s.listen()
	t.Cleanup(s.Close)
	return s
}

func (s *Server) listen() {
	s.web = httptest.NewUnstartedServer(s)
	if s.o.Pipe {
		l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
		s.web.Listener.Close()
		s.web.Listener = l
		s.trans = &http.Transport{DialContext: l.dial, MaxIdleConnsPerHost: 64}
	}
	s.web.Start()
	s.base = s.web.URL
	if s.o.Pipe {
		s.base = "http://telegram.test"
	}
}

// Close ends the server and every request in progress; called again it does
// nothing.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.closed:
		s.mu.Unlock()
		return
	default:
	}
	close(s.closed)
	s.mu.Unlock()
	s.CloseConnections()
	s.web.Close()
}

// CloseConnections ends every request in progress, as a network that goes away.
func (s *Server) CloseConnections() {
	if s.trans != nil {
		s.trans.CloseIdleConnections()
	}
	s.web.CloseClientConnections()
}

// URL returns the API's base address.
func (s *Server) URL() string { return s.base }

// Token returns the only token that is let in.
func (s *Server) Token() string { return s.o.Token }

// Revoke makes the token one that is not let in, as BotFather does.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
	s.touch()
}

// Name returns the bot's user name.
func (s *Server) Name() string { return s.o.Name }

// Transport returns what carries requests to a server with Options.Pipe, and nil
// for any other.
func (s *Server) Transport() http.RoundTripper {
	if s.trans == nil {
		return nil
	}
	return s.trans
}

// SetLimits switches the rate limits on or off.
func (s *Server) SetLimits(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits.on = on
}

// Calls returns the transcript, oldest first; with methods, those alone.
func (s *Server) Calls(methods ...string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Call
	for _, c := range s.calls {
		if len(methods) == 0 || contains(methods, c.Method) {
			found = append(found, c)
		}
	}
	return found
}

// Refused returns the calls that were answered with 400: what a correct bot never
// causes by its own payloads.
func (s *Server) Refused() []Call {
	var found []Call
	for _, c := range s.Calls() {
		if c.Status == http.StatusBadRequest {
			found = append(found, c)
		}
	}
	return found
}

// Limited returns how many calls were answered with 429.
func (s *Server) Limited() int {
	n := 0
	for _, c := range s.Calls() {
		if c.Status == http.StatusTooManyRequests {
			n++
		}
	}
	return n
}

// patience is how long [Server.Await] waits. It is counted by the test's clock.
const patience = 30 * time.Second

// Await waits until cond holds, looking again whenever the server did anything,
// and fails the test when it takes too long.
func (s *Server) Await(what string, cond func() bool) {
	s.t.Helper()
	s.AwaitFor(patience, what, cond)
}

// AwaitFor is Await with a patience of the caller's.
func (s *Server) AwaitFor(patience time.Duration, what string, cond func() bool) {
	s.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if cond() {
			return
		}
		select {
		case <-changed:
		case <-deadline.C:
			s.t.Fatalf("waited %v for %s; the last calls were:\n%s", patience, what, s.tail(12))
		}
	}
}

func (s *Server) tail(n int) string {
	calls := s.Calls()
	var b strings.Builder
	for _, c := range calls[max(0, len(calls)-n):] {
		fmt.Fprintf(&b, "%s %v -> %d %s\n", c.Method, c.Params, c.Status, c.Error)
	}
	return b.String()
}

// touch tells everyone who waits that something happened. The lock is held.
func (s *Server) touch() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// A failure is an answer that is not ok.
type failure struct {
	code   int
	text   string
	params map[string]any
}

func (f *failure) Error() string { return f.text }

func bad(format string, args ...any) *failure {
	return &failure{code: http.StatusBadRequest, text: "Bad Request: " + fmt.Sprintf(format, args...)}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/bot")
	token, method, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 {
		s.answer(w, nil, &failure{code: http.StatusNotFound, text: "Not Found"})
		return
	}
	params, err := parameters(r)
	if err != nil {
		s.answer(w, nil, bad("%v", err))
		return
	}
	call := Call{Method: method, Params: params, At: time.Now()}
	s.mu.Lock()
	revoked := s.revoked
	s.mu.Unlock()
	if token != s.o.Token || revoked {
		call.Status, call.Error = http.StatusUnauthorized, "Unauthorized"
		s.record(call)
		s.answer(w, nil, &failure{code: http.StatusUnauthorized, text: "Unauthorized"})
		return
	}
	s.serve(w, r, call)
}

// serve applies the next fault for the call, if any, around its handling.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, call Call) {
	f := s.nextFault(call)
	if f.Result != "" {
		f.Status = http.StatusOK
	}
	if !f.wait(r.Context(), s.closed) || f.Reset == Before {
		s.record(call)
		reset(w)
		return
	}
	if f.Status != 0 && !f.Processed {
		call.Status, call.Error = f.Status, f.Description
		s.record(call)
		f.write(w)
		return
	}
	result, err := s.handle(r.Context(), call)
	var fail *failure
	if !errors.As(err, &fail) {
		call.Status = http.StatusOK
	} else {
		call.Status, call.Error = fail.code, fail.text
	}
	switch {
	case f.Reset == After:
		call.Status = 0
		s.record(call)
		reset(w)
	case f.Status != 0:
		call.Status, call.Error = f.Status, f.Description
		s.record(call)
		f.write(w)
	default:
		s.record(call)
		s.answer(w, result, fail)
	}
}

func (s *Server) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	s.touch()
}

func (s *Server) answer(w http.ResponseWriter, result any, fail *failure) {
	body := map[string]any{"ok": fail == nil}
	status := http.StatusOK
	if fail != nil {
		status = fail.code
		body["error_code"], body["description"] = fail.code, fail.text
		if fail.params != nil {
			body["parameters"] = fail.params
		}
	} else {
		body["result"] = result
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

// parameters reads what a request carries, in any of the vendor's three forms.
func parameters(r *http.Request) (map[string]string, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	params := map[string]string{}
	switch kind {
	case "application/json":
		var raw map[string]json.RawMessage
		if err := json.NewDecoder(io.LimitReader(r.Body, 1<<22)).Decode(&raw); err != nil {
			return nil, fmt.Errorf("can't parse JSON: %w", err)
		}
		for k, v := range raw {
			var text string
			if json.Unmarshal(v, &text) != nil {
				text = string(v)
			}
			params[k] = text
		}
		return params, nil
	case "multipart/form-data":
		if err := r.ParseMultipartForm(1 << 22); err != nil {
			return nil, err
		}
	default:
		if err := r.ParseForm(); err != nil {
			return nil, err
		}
	}
	for k, v := range r.Form {
		params[k] = v[0]
	}
	return params, nil
}

// reset drops the connection without an answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// handle checks the call as the vendor would and carries it out.
func (s *Server) handle(ctx context.Context, c Call) (any, error) {
	do, ok := methods[c.Method]
	if !ok {
		return nil, &failure{code: http.StatusNotFound, text: "Not Found: method not found"}
	}
	if err := s.spec.check(c.Method, c.Params); err != nil {
		return nil, bad("STRICT: %v", err)
	}
	return do(s, ctx, c.Params)
}

// A pipeListener hands out both ends of connections in memory.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "telegram.test:80" }
