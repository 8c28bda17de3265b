package discordtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// A Script is what the gateway does with a connection instead of what it should.
// The zero value is a healthy connection.
type Script struct {
	// Silent says nothing at all, SilentAfterHello nothing after the greeting.
	Silent, SilentAfterHello bool
	// Reconnect answers IDENTIFY with op 7, Invalid with op 9, Resumable with an op 9
	// that says the session could be resumed.
	Reconnect, Invalid, Resumable bool
	// Close answers IDENTIFY by closing with this code.
	Close int
	// Drop answers IDENTIFY by cutting the connection without a word.
	Drop bool
	// Greeting is said instead of op 10's data, Ready instead of READY's.
	Greeting, Ready any
	// Refuse answers the WebSocket handshake with this status.
	Refuse int
	// Deaf leaves heartbeats without acknowledgement and dispatches nothing after
	// READY; Unheard leaves heartbeats without acknowledgement and dispatches all the
	// same.
	Deaf, Unheard bool
}

type sessionStarts struct {
	total, remaining int
	resetAfter       time.Duration
}

// gateway is the state of all connections.
type gateway struct {
	scripts    []Script
	conns      map[*gatewayConn]bool
	sockets    int // asked for so far
	identifies []time.Time
	starts     sessionStarts
	heartbeats int
}

func (g *gateway) all() []*gatewayConn {
	var all []*gatewayConn
	for c := range g.conns {
		all = append(all, c)
	}
	return all
}

type gatewayConn struct {
	ws     *websocket.Conn
	write  sync.Mutex
	script Script
	// Guarded by the server's mutex.
	ready   bool
	muted   bool
	seq     int64
	pending []frame // in order, for the one who writes
	wake    chan struct{}
}

type frame struct {
	Op   int     `json:"op"`
	Data any     `json:"d"`
	Seq  *int64  `json:"s"`
	Type *string `json:"t"`
}

// Connections scripts the next connections, one each; later ones are healthy.
func (s *Server) Connections(scripts ...Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.scripts = append(s.gateway.scripts, scripts...)
}

// Connected says how many connections have been given READY and are open.
func (s *Server) Connected() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for c := range s.gateway.conns {
		if c.ready {
			n++
		}
	}
	return n
}

// Sockets is how many connections were asked for so far.
func (s *Server) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gateway.sockets
}

// Identifies are the times of all IDENTIFY so far.
func (s *Server) Identifies() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Time(nil), s.gateway.identifies...)
}

// Heartbeats is how many heartbeats arrived.
func (s *Server) Heartbeats() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gateway.heartbeats
}

// SetSessionStarts changes what is left of the identify budget.
func (s *Server) SetSessionStarts(total, remaining int, resetAfter time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.starts = sessionStarts{total, remaining, resetAfter}
}

// CloseGateway closes all connections with a code, as Discord does.
func (s *Server) CloseGateway(code int) {
	for _, c := range s.connections() {
		c.close(code)
	}
}

// DropGateway cuts all connections without a word.
func (s *Server) DropGateway() {
	for _, c := range s.connections() {
		c.ws.UnderlyingConn().Close()
	}
}

// AskReconnect sends op 7 to all connections, Invalidate op 9.
func (s *Server) AskReconnect() { s.push(frame{Op: 7}) }

// Invalidate sends op 9 to all connections, which says whether the session could be
// resumed.
func (s *Server) Invalidate(resumable bool) { s.push(frame{Op: 9, Data: resumable}) }

// Mute leaves all connections open and says no more on them, not even
// acknowledgements.
func (s *Server) Mute() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.gateway.conns {
		c.muted = true
	}
}

// Dispatch sends an event of any kind to the bot.
func (s *Server) Dispatch(event string, data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dispatch(event, data)
}

func (s *Server) connections() []*gatewayConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gateway.all()
}

func (s *Server) push(f frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.gateway.conns {
		c.enqueue(f)
	}
}

// dispatch sends an event to every ready connection. The caller holds s.mu.
func (s *Server) dispatch(event string, data any) {
	for c := range s.gateway.conns {
		if c.ready && !c.muted {
			c.dispatch(event, data)
		}
	}
}

func (c *gatewayConn) dispatch(event string, data any) {
	c.seq++
	seq := c.seq
	// Encoded now: the data may change before it is written.
	raw, _ := json.Marshal(data)
	c.enqueue(frame{Data: json.RawMessage(raw), Seq: &seq, Type: &event})
}

// enqueue hands a frame to the connection's writer. The caller holds the server's
// mutex.
func (c *gatewayConn) enqueue(f frame) {
	if c.muted {
		return
	}
	c.pending = append(c.pending, f)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *gatewayConn) close(code int) {
	c.write.Lock()
	defer c.write.Unlock()
	c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second)) //nolint:errcheck // it is closed next
	c.ws.Close()
}

func (s *Server) socketURL() string { return "ws://" + s.listener.Addr().String() + "/gateway-socket" }

func (s *Server) gatewayBot(*call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.gateway.starts
	return ok(map[string]any{"url": s.socketURL(), "shards": 1, "session_start_limit": map[string]any{
		"total": l.total, "remaining": l.remaining, "reset_after": l.resetAfter.Milliseconds(), "max_concurrency": 1,
	}})
}

func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.gateway.sockets++
	var script Script
	if len(s.gateway.scripts) > 0 {
		script, s.gateway.scripts = s.gateway.scripts[0], s.gateway.scripts[1:]
	}
	s.mu.Unlock()
	if script.Refuse != 0 {
		http.Error(w, "refused", script.Refuse)
		return
	}
	if v := r.URL.Query().Get("v"); v != "9" && v != "10" || r.URL.Query().Get("encoding") != "json" {
		http.Error(w, "a version and an encoding are needed", http.StatusBadRequest)
		return
	}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &gatewayConn{ws: ws, script: script, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	s.gateway.conns[c] = true
	s.mu.Unlock()
	gone := make(chan struct{})
	go s.speak(c, gone)
	s.listen(c)
	close(gone)
	ws.Close()
	s.mu.Lock()
	delete(s.gateway.conns, c)
	s.notify()
	s.mu.Unlock()
}

// speak writes what is pending, until the connection is gone.
func (s *Server) speak(c *gatewayConn, gone <-chan struct{}) {
	for {
		s.mu.Lock()
		frames := c.pending
		c.pending = nil
		s.mu.Unlock()
		for _, f := range frames {
			c.write.Lock()
			err := c.ws.WriteJSON(f)
			c.write.Unlock()
			if err != nil {
				return
			}
		}
		select {
		case <-c.wake:
		case <-gone:
			return
		}
	}
}

func (s *Server) send(c *gatewayConn, f frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.enqueue(f)
}

// listen obeys one connection until it ends.
func (s *Server) listen(c *gatewayConn) {
	if !c.script.Silent {
		var greeting any = map[string]any{"heartbeat_interval": s.options.Heartbeat.Milliseconds()}
		if c.script.Greeting != nil {
			greeting = c.script.Greeting
		}
		s.send(c, frame{Op: 10, Data: greeting})
	}
	identified, events := false, 0
	for {
		// A client that misses two heartbeats is given up.
		c.ws.SetReadDeadline(time.Now().Add(s.options.Heartbeat*5/2 + time.Second)) //nolint:errcheck // reading fails next
		_, raw, err := c.ws.ReadMessage()
		if err != nil {
			if ne, timeout := err.(interface{ Timeout() bool }); timeout && ne.Timeout() {
				c.close(4009)
			}
			return
		}
		if events++; len(raw) > 4096 {
			c.close(4002)
			return
		}
		var in struct {
			Op   int             `json:"op"`
			Data json.RawMessage `json:"d"`
		}
		if json.Unmarshal(raw, &in) != nil {
			c.close(4002)
			return
		}
		switch in.Op {
		case 1:
			s.heartbeat(c)
		case 2:
			if identified {
				c.close(4005)
				return
			}
			if identified = s.identify(c, in.Data); !identified && c.script.Close != 0 {
				return
			}
		case 6:
			s.send(c, frame{Op: 9, Data: false})
		case 3, 4, 8:
		default:
			c.close(4001)
			return
		}
	}
}

func (s *Server) heartbeat(c *gatewayConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.heartbeats++
	if !c.script.Deaf && !c.script.Unheard && !c.script.Silent && !c.script.SilentAfterHello {
		c.enqueue(frame{Op: 11})
	}
	s.notify()
}

// identify judges an IDENTIFY and says whether the session has begun.
func (s *Server) identify(c *gatewayConn, data json.RawMessage) bool {
	var in struct {
		Token   string `json:"token"`
		Intents *int   `json:"intents"`
	}
	s.mu.Lock()
	g := &s.gateway
	now := time.Now()
	tooSoon := s.options.Limits && len(g.identifies) > 0 && now.Sub(g.identifies[len(g.identifies)-1]) < 5*time.Second
	g.identifies = append(g.identifies, now)
	g.starts.remaining--
	spent := g.starts.remaining < 0
	s.notify()
	s.mu.Unlock()
	code := c.script.Close
	const privileged = 1<<1 | 1<<8 | 1<<15
	switch {
	case code != 0:
	case json.Unmarshal(data, &in) != nil || in.Intents == nil:
		code = 4002
	case strings.TrimPrefix(in.Token, "Bot ") != s.options.Token, spent:
		code = 4004
	case *in.Intents&privileged != 0:
		code = 4014
	}
	if code != 0 {
		c.close(code)
		c.script.Close = code
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case c.script.Silent || c.script.SilentAfterHello:
	case c.script.Reconnect:
		c.enqueue(frame{Op: 7})
	case c.script.Invalid || c.script.Resumable || tooSoon:
		c.enqueue(frame{Op: 9, Data: c.script.Resumable})
	case c.script.Drop:
		c.ws.UnderlyingConn().Close()
	default:
		s.greet(c)
		return true
	}
	return false
}

// greet sends READY and then each guild. The caller holds s.mu.
func (s *Server) greet(c *gatewayConn) {
	guilds := []any{}
	for _, g := range s.guilds {
		if g.member {
			guilds = append(guilds, map[string]any{"id": g.ID, "unavailable": true})
		}
	}
	var ready any = map[string]any{
		"v": 10, "user": s.botUser(), "guilds": guilds, "session_id": s.id(), "resume_gateway_url": s.socketURL(),
		"application": map[string]any{"id": s.application, "flags": 0}, "shard": []int{0, 1},
	}
	if c.script.Ready != nil {
		ready = c.script.Ready
	}
	c.dispatch("READY", ready)
	for _, g := range s.guilds {
		if g.member {
			c.dispatch("GUILD_CREATE", s.guildCreate(g))
		}
	}
	c.ready = true
	c.muted = c.script.Deaf
	s.notify()
}
