package discord

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Why a gateway connection ended, besides what the network says.
var (
	errSilent    = errors.New("the gateway fell silent")
	errReconnect = errors.New("the gateway asked to reconnect")
	errInvalid   = errors.New("the gateway does not know the session")
	errEmpty     = errors.New("the gateway told of a server or a voice without saying which")
	errHello     = errors.New("the gateway said hello without a usable heartbeat interval")
	errDeaf      = errors.New("the gateway no longer acknowledges heartbeats")
)

// A closeError is the code with which the gateway closed a connection
// (https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes).
type closeError int

func (e closeError) Error() string { return fmt.Sprintf("the gateway closed with code %d", int(e)) }

// helloWithin is how long the gateway may take over each of its first words.
const helloWithin = 15 * time.Second

// A socket is the connection under the library's WebSocket. The library hides why
// a connection ended, waits for ever on a silent one, deadlocks when asked to
// reconnect too early, and answers an invalid session by identifying again at
// once, which spends a budget that costs the token. So the socket reads along and
// ends the connection before the library sees such a thing. The library reads with
// one goroutine; the rest is safe for use by many.
type socket struct {
	net.Conn
	frames frames // of the reading goroutine

	mu       sync.Mutex
	patience time.Duration // how long a silence is borne
	greeted  time.Time     // when the gateway said hello, so that an IDENTIFY was spent
	heard    time.Time     // when a heartbeat was acknowledged last, or the hello came
	reason   error
	ended    chan struct{}
}

func newSocket(c net.Conn) *socket {
	s := &socket{Conn: c, patience: helloWithin, ended: make(chan struct{})}
	s.frames.seen = s.seen
	return s
}

// end closes the connection and keeps the first reason.
func (s *socket) end(reason error) {
	s.mu.Lock()
	if s.reason == nil {
		s.reason = reason
		close(s.ended)
	}
	s.mu.Unlock()
	s.Conn.Close()
}

// why is the reason why the connection ended, nil while it lives.
func (s *socket) why() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// spent says whether the connection cost an IDENTIFY, and how long that is ago.
func (s *socket) spent() (bool, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.greeted.IsZero(), time.Since(s.greeted)
}

// Read implements [net.Conn].
func (s *socket) Read(p []byte) (int, error) {
	s.mu.Lock()
	patience, reason := s.patience, s.reason
	s.mu.Unlock()
	if reason != nil {
		return 0, reason
	}
	if err := s.Conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	n, err := s.Conn.Read(p)
	if stop := s.frames.scan(p[:n]); stop != nil {
		s.end(stop)
		return 0, stop
	}
	if err != nil {
		var ne net.Error
		if errors.As(err, &ne) && ne.Timeout() {
			err = errSilent
		}
		s.end(err)
	}
	return n, err
}

// Close implements [net.Conn].
func (s *socket) Close() error {
	s.end(net.ErrClosed)
	return nil
}

// seen judges one whole small frame.
func (s *socket) seen(opcode byte, payload []byte) error {
	switch opcode {
	case frameClose:
		if len(payload) >= 2 {
			return closeError(binary.BigEndian.Uint16(payload))
		}
		return closeError(1005)
	case frameText:
	default:
		return nil
	}
	var said struct {
		Op   int    `json:"op"`
		Type string `json:"t"`
		Data struct {
			Interval int64           `json:"heartbeat_interval"`
			ID       json.RawMessage `json:"id"`
			User     json.RawMessage `json:"user_id"`
		} `json:"d"`
	}
	// A payload of another shape leaves the interval zero, which is all the same.
	_ = json.Unmarshal(payload, &said) //nolint:errcheck // op 9 carries a bool
	switch said.Op {
	case 0:
		// The library panics on what is not there, in a goroutine of its own.
		switch said.Type {
		case "READY":
			if holed(payload, "guilds") {
				return errEmpty
			}
		case "GUILD_CREATE", "GUILD_UPDATE":
			if len(said.Data.ID) == 0 || holed(payload, "channels", "members", "voice_states") {
				return errEmpty
			}
		case "VOICE_STATE_UPDATE":
			if len(said.Data.User) == 0 {
				return errEmpty
			}
		}
	case 7:
		return errReconnect
	case 9:
		return errInvalid
	case 10:
		return s.hello(said.Data.Interval)
	}
	return s.acknowledged(said.Op == 11)
}

// maxInterval is the longest heartbeat interval that is believed, in milliseconds.
const maxInterval = int64(time.Hour / time.Millisecond)

// hello takes the heartbeat interval. The library panics on one that is none.
func (s *socket) hello(millis int64) error {
	if millis <= 0 || millis > maxInterval {
		return errHello
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.greeted, s.heard = time.Now(), time.Now()
	// Each heartbeat is acknowledged: two intervals without a word are too many.
	interval := time.Duration(millis) * time.Millisecond
	s.patience = 2*interval + interval/8
	return nil
}

// acknowledged judges whether heartbeats still are, at a frame that may be such an
// acknowledgement: a connection that only sends events is half dead.
func (s *socket) acknowledged(ack bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case ack:
		s.heard = time.Now()
	case !s.heard.IsZero() && time.Since(s.heard) > s.patience:
		return errDeaf
	}
	return nil
}

// holed says whether one of these lists of an event has a null among its elements.
func holed(payload []byte, lists ...string) bool {
	if !bytes.Contains(payload, []byte("null")) {
		return false
	}
	var event struct {
		Data map[string]json.RawMessage `json:"d"`
	}
	if json.Unmarshal(payload, &event) != nil {
		return false // the library cannot read it either
	}
	for _, name := range lists {
		var elements []json.RawMessage
		if json.Unmarshal(event.Data[name], &elements) == nil && slices.ContainsFunc(elements, isNull) {
			return true
		}
	}
	return false
}

func isNull(v json.RawMessage) bool { return string(v) == "null" }

// The WebSocket opcodes that matter (RFC 6455, section 5.2).
const (
	frameText  = 1
	frameClose = 8
)

// maxScanned is the most bytes of a frame that is looked at: the largest are those
// of servers with all their channels and threads. Up to maxKept of the memory for it
// is kept for the next.
const (
	maxScanned = 8 << 20
	maxKept    = 4096
)

// frames reads along in the server's half of a WebSocket connection.
type frames struct {
	seen func(opcode byte, payload []byte) error

	upgraded bool   // the HTTP answer is over
	tail     []byte // what was read of a header
	opcode   byte
	last     bool   // the frame ends its message
	left     uint64 // bytes of payload to come
	payload  []byte
	keep     bool

	kind    byte   // the opcode with which the message began
	message []byte // what came of it in frames before
	whole   bool   // all of it was kept
}

// scan takes the next bytes and returns the first error of seen.
func (f *frames) scan(p []byte) error {
	for len(p) > 0 {
		switch {
		case !f.upgraded:
			p = f.skipAnswer(p)
		case f.left > 0:
			n := min(uint64(len(p)), f.left)
			if f.keep {
				f.payload = append(f.payload, p[:n]...)
			}
			p, f.left = p[n:], f.left-n
			if f.left == 0 {
				if err := f.finish(); err != nil {
					return err
				}
			}
		default:
			f.tail = append(f.tail, p[0])
			p = p[1:]
			if err := f.header(); err != nil {
				return err
			}
		}
	}
	return nil
}

// skipAnswer passes over the HTTP answer that begins the connection.
func (f *frames) skipAnswer(p []byte) []byte {
	for i, c := range p {
		f.tail = append(f.tail, c)
		if n := len(f.tail); n >= 4 && string(f.tail[n-4:]) == "\r\n\r\n" {
			f.upgraded, f.tail = true, nil
			return p[i+1:]
		}
		if len(f.tail) > 64 {
			f.tail = f.tail[len(f.tail)-4:]
		}
	}
	return nil
}

// header begins a frame once its header is whole.
func (f *frames) header() error {
	h := f.tail
	if len(h) < 2 {
		return nil
	}
	size, length := 2, uint64(h[1]&0x7f)
	switch length {
	case 126:
		size = 4
	case 127:
		size = 10
	}
	if len(h) < size {
		return nil
	}
	switch size {
	case 4:
		length = uint64(binary.BigEndian.Uint16(h[2:]))
	case 10:
		length = binary.BigEndian.Uint64(h[2:])
	}
	f.opcode, f.last, f.left, f.keep = h[0]&0x0f, h[0]&0x80 != 0, length, length <= maxScanned
	f.tail, f.payload = f.tail[:0], f.payload[:0]
	if cap(f.payload) > maxKept {
		f.payload = nil
	}
	if length == 0 {
		return f.finish()
	}
	return nil
}

// finish judges a frame, or the message that it ends. Frames of control come between
// those of a message.
func (f *frames) finish() error {
	const control = 8
	if f.opcode >= control {
		if !f.keep {
			return nil
		}
		return f.seen(f.opcode, f.payload)
	}
	if f.opcode != 0 {
		f.kind, f.message, f.whole = f.opcode, f.message[:0], true
	}
	f.whole = f.whole && f.keep && len(f.message)+len(f.payload) <= maxScanned
	if f.whole {
		f.message = append(f.message, f.payload...)
	}
	if !f.last || !f.whole {
		return nil
	}
	err := f.seen(f.kind, f.message)
	if cap(f.message) > maxKept {
		f.message = nil
	}
	return err
}
