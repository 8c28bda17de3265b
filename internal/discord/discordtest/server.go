package discordtest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options say how a [Server] behaves. The zero value is a Discord without rate
// limits, listening on a free port of the loopback address.
type Options struct {
	// Token is the bot's token; empty: a made-up one, see [Server.Token].
	Token string
	// Specs is the folder that holds discord-openapi.json, and Schemas what
	// [LoadSpecs] made of it, for many servers. Neither: bodies are checked by this
	// package's own rules only.
	Specs   string
	Schemas *Schemas
	// Limits switches the rate limits on: 50 requests a second over all, and the
	// buckets of each route.
	Limits bool
	// Listener is what to serve on; nil: a free port of 127.0.0.1.
	Listener net.Listener
	// Heartbeat is the gateway's interval; zero: 41.25 s.
	Heartbeat time.Duration
	// Latency is how long every REST answer takes.
	Latency time.Duration
}

// A Server is a Discord with one application, whose bot is the one under test.
// All methods are safe for use by many goroutines.
type Server struct {
	options     Options
	application string // also the bot's user id
	listener    net.Listener
	http        *http.Server
	done        chan struct{}

	mu           sync.Mutex
	changed      chan struct{} // closed and replaced whenever anything changes
	lastID       uint64
	guilds       map[string]*Guild
	channels     map[string]*Channel
	messages     map[string]*Message
	posted       []string               // ids of messages, oldest first
	threads      []string               // ids of threads that the bot opened, oldest first
	pins         map[string][]string    // ids of messages by channel, oldest pin first
	oldEdits     map[string][]time.Time // of old messages, by channel
	oldMax       int
	oldPer       time.Duration
	nonces       map[string]nonce    // by channel and nonce
	interactions map[string]*Pending // by token
	commands     []map[string]any
	created      int // commands created today
	requests     []Request
	faults       []*Fault
	decide       func(Request) *Fault
	limits       limits
	gateway      gateway
	novelties    bool
}

type nonce struct {
	message string
	until   time.Time
}

// nonceWindow is how long an enforced nonce is remembered: “a few minutes”
// (https://discord.com/developers/docs/resources/message#create-message).
const nonceWindow = 3 * time.Minute

// NewServer starts a server. [Server.Close] ends it.
func NewServer(o Options) (*Server, error) {
	s := &Server{
		options: o, application: "1100000000000000001", done: make(chan struct{}), changed: make(chan struct{}),
		lastID: 1_200_000_000_000_000_000,
		guilds: map[string]*Guild{}, channels: map[string]*Channel{}, messages: map[string]*Message{},
		pins: map[string][]string{}, oldEdits: map[string][]time.Time{}, oldMax: oldEdits, oldPer: oldEditsPer,
		nonces: map[string]nonce{}, interactions: map[string]*Pending{},
	}
	if s.options.Token == "" {
		s.options.Token = base64.RawStdEncoding.EncodeToString([]byte(s.application)) + ".Stand1.in-for-a-secret-token"
	}
	if s.options.Heartbeat == 0 {
		s.options.Heartbeat = 41250 * time.Millisecond
	}
	if o.Specs != "" && o.Schemas == nil {
		var err error
		if s.options.Schemas, err = LoadSpecs(o.Specs); err != nil {
			return nil, err
		}
	}
	s.limits.buckets = map[string]*window{}
	s.gateway.conns = map[*gatewayConn]bool{}
	s.gateway.starts = sessionStarts{total: 1000, remaining: 1000, resetAfter: 24 * time.Hour}
	s.listener = o.Listener
	if s.listener == nil {
		var err error
		if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, fmt.Errorf("listening: %w", err)
		}
	}
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	go s.http.Serve(s.listener) //nolint:errcheck // ends with Close
	return s, nil
}

// Close ends every connection and stops serving.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.done:
	default:
		close(s.done)
	}
	conns := s.gateway.all()
	s.mu.Unlock()
	for _, c := range conns {
		c.ws.Close()
	}
	s.http.Close()
}

// API is the base address of the REST interface, as --discord-api takes it.
func (s *Server) API() string { return "http://" + s.listener.Addr().String() + "/api/v10" }

// Token is the bot's token.
func (s *Server) Token() string { return s.options.Token }

// Application is the id of the application and of its bot.
func (s *Server) Application() string { return s.application }

// SetLimits switches the rate limits on or off.
func (s *Server) SetLimits(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Limits = on
}

// SetLatency has every REST answer take so long from now on.
func (s *Server) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Latency = d
}

// Wait returns when ok holds, which is asked again after everything that happens
// on the server. ok may call the server's methods.
func (s *Server) Wait(ctx context.Context, ok func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// notify wakes all who Wait. The caller holds s.mu.
func (s *Server) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// id returns a new snowflake. The caller holds s.mu.
func (s *Server) id() string {
	s.lastID++
	return strconv.FormatUint(s.lastID, 10)
}

// A Request is one entry of the transcript.
type Request struct {
	At       time.Time
	Method   string
	Path     string // below the base address
	Route    string // the path with ids replaced, as the router matched it
	Auth     string // the Authorization header
	Body     json.RawMessage
	Status   int // zero: no answer was given
	Answer   json.RawMessage
	Problem  string // why it was refused, for people
	Scripted bool   // the answer was a Fault's
}

// Requests is the transcript so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Refused lists the requests that the server refused by its own rules: what a
// bot without fault never sends. Scripted faults are left out.
func (s *Server) Refused() []Request {
	var refused []Request
	for _, r := range s.Requests() {
		if r.Status >= 400 && !r.Scripted {
			refused = append(refused, r)
		}
	}
	return refused
}

// A call is one request on its way through the server.
type call struct {
	*http.Request
	body  []byte // JSON
	files map[string]file
}

type file struct {
	Name string
	Type string
	Data []byte
}

// An answer is what a route says.
type answer struct {
	status  int
	body    any
	header  http.Header
	problem string
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }
func noContent() answer  { return answer{status: http.StatusNoContent} }

// refuse answers with one of Discord's JSON error codes
// (https://discord.com/developers/docs/topics/opcodes-and-status-codes#json).
func refuse(status, code int, message string) answer {
	return answer{status: status, body: map[string]any{"code": code, "message": message}, problem: message}
}

// invalid is an answer to a body that breaks a rule.
func invalid(format string, args ...any) answer {
	problem := fmt.Sprintf(format, args...)
	return answer{status: http.StatusBadRequest, problem: problem, body: map[string]any{
		"code": 50035, "message": "Invalid Form Body",
		"errors": map[string]any{"_errors": []any{map[string]any{"code": "BASE_TYPE_BAD", "message": problem}}},
	}}
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	route := func(method, path string, handle func(*call) answer) {
		mux.HandleFunc(method+" /api/{version}"+path, func(w http.ResponseWriter, r *http.Request) {
			s.serve(w, r, path, handle)
		})
	}
	route("GET", "/gateway", func(*call) answer { return ok(map[string]any{"url": s.socketURL()}) })
	route("GET", "/gateway/bot", s.gatewayBot)
	route("GET", "/applications/@me", func(*call) answer {
		return ok(map[string]any{"id": s.application, "name": "briefbot", "description": "", "bot_public": true, "bot_require_code_grant": false, "flags": 0})
	})
	route("GET", "/users/@me", func(*call) answer { return ok(s.botUser()) })
	route("GET", "/applications/{application}/commands", s.getCommands)
	route("PUT", "/applications/{application}/commands", s.putCommands)
	route("GET", "/channels/{channel}", s.getChannel)
	route("GET", "/guilds/{guild}", s.getGuild)
	route("GET", "/guilds/{guild}/members/{user}", s.getMember)
	route("POST", "/channels/{channel}/messages", s.postMessage)
	route("PATCH", "/channels/{channel}/messages/{message}", s.patchMessage)
	route("GET", "/channels/{channel}/messages/{message}", s.getMessage)
	route("GET", "/channels/{channel}/messages", s.getMessages)
	route("DELETE", "/channels/{channel}/messages/{message}", s.deleteMessage)
	route("PUT", "/channels/{channel}/messages/pins/{message}", s.pin)
	route("DELETE", "/channels/{channel}/messages/pins/{message}", s.unpin)
	route("POST", "/channels/{channel}/messages/{message}/threads", s.startThread)
	route("POST", "/channels/{channel}/threads", s.createPost)
	route("GET", "/guilds/{guild}/threads/active", s.activeThreads)
	route("POST", "/interactions/{interaction}/{token}/callback", s.callback)
	route("PATCH", "/webhooks/{application}/{token}/messages/@original", s.editOriginal)
	route("POST", "/webhooks/{application}/{token}", s.followUp)
	mux.HandleFunc("GET /gateway-socket/", s.socket)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, r.URL.Path, func(*call) answer { return refuse(http.StatusNotFound, 0, "404: Not Found") })
	})
	return mux
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, route string, handle func(*call) answer) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 25<<20+1))
	if err != nil {
		return
	}
	c := &call{Request: r}
	entry := Request{
		At: time.Now(), Method: r.Method, Route: route, Auth: r.Header.Get("Authorization"),
		Path: strings.TrimPrefix(r.URL.Path, "/api/"+r.PathValue("version")),
	}
	a := c.read(raw)
	entry.Body = c.body
	index := s.record(entry)
	fault := s.fault(entry)
	if fault != nil && !fault.After {
		s.settle(index, answer{status: fault.Status, problem: "scripted"}, nil, true)
		fault.play(w, r, s.done)
		return
	}
	if a.status == 0 {
		a = s.judge(c, entry, handle)
	}
	if fault != nil {
		s.settle(index, a, nil, true)
		fault.play(w, r, s.done)
		return
	}
	s.mu.Lock()
	latency := s.options.Latency
	s.mu.Unlock()
	if latency > 0 {
		select {
		case <-time.After(latency):
		case <-r.Context().Done():
		}
	}
	s.reply(w, index, a)
}

// judge lets a request pass the checks that all have in common before its route
// answers it.
func (s *Server) judge(c *call, entry Request, handle func(*call) answer) answer {
	tokenInPath := strings.HasPrefix(entry.Route, "/interactions/") || strings.HasPrefix(entry.Route, "/webhooks/")
	if !tokenInPath && entry.Auth != "Bot "+s.options.Token {
		return refuse(http.StatusUnauthorized, 0, "401: Unauthorized")
	}
	limited, header := s.limit(c.Method, entry.Route, c, tokenInPath)
	if limited != nil {
		return *limited
	}
	if problem := s.options.Schemas.check(c.Method, entry.Route, c.body); problem != "" {
		return invalid("against the OpenAPI file: %s", problem)
	}
	a := handle(c)
	if a.header == nil {
		a.header = http.Header{}
	}
	for k, v := range header {
		a.header[k] = v
	}
	return a
}

func (s *Server) reply(w http.ResponseWriter, index int, a answer) {
	var body []byte
	if a.body != nil {
		body, _ = json.Marshal(a.body)
	}
	s.settle(index, a, body, false)
	for k, v := range a.header {
		w.Header()[k] = v
	}
	if body != nil {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.status)
	w.Write(body) //nolint:errcheck // the client went away
}

func (s *Server) record(r Request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	return len(s.requests) - 1
}

func (s *Server) settle(index int, a answer, body []byte, scripted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.requests[index]
	r.Status, r.Answer, r.Problem, r.Scripted = a.status, body, a.problem, scripted
	s.notify()
}

// read takes the JSON body and the files from a request.
func (c *call) read(raw []byte) answer {
	if len(raw) > 25<<20 {
		return refuse(http.StatusRequestEntityTooLarge, 40005, "Request entity too large")
	}
	if len(raw) == 0 {
		return answer{}
	}
	kind, params, _ := mime.ParseMediaType(c.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		c.body = raw
	case "multipart/form-data":
		if a := c.readParts(multipart.NewReader(bytes.NewReader(raw), params["boundary"])); a.status != 0 {
			return a
		}
	default:
		return refuse(http.StatusUnsupportedMediaType, 50035, "Expected Content-Type to be one of application/json, multipart/form-data")
	}
	if !json.Valid(c.body) {
		return refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	}
	return answer{}
}

func (c *call) readParts(parts *multipart.Reader) answer {
	c.files = map[string]file{}
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			return answer{}
		}
		if err != nil {
			return invalid("reading the form: %v", err)
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return invalid("reading the form: %v", err)
		}
		if p.FormName() == "payload_json" {
			c.body = data
			continue
		}
		if len(data) > 10<<20 {
			return refuse(http.StatusRequestEntityTooLarge, 40005, "Request entity too large")
		}
		c.files[p.FormName()] = file{p.FileName(), p.Header.Get("Content-Type"), data}
	}
}
