package discord

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	"github.com/briefbot/briefbot/internal/chat"
)

// openWithin is how long a connection may take until the gateway is ready.
const openWithin = 20 * time.Second

// How long the supervisor waits between connections. One that cost an IDENTIFY is
// dearer: a thousand of them in a day cost the token
// (https://discord.com/developers/docs/events/gateway#session-start-limit-object).
const (
	minBackoff  = time.Second
	maxBackoff  = 40 * time.Second
	dearBackoff = 2 * time.Minute
	// stableAfter is how long a connection must have been good to be forgiven.
	stableAfter = time.Minute
)

// startsApart is how far apart two IDENTIFYs must be
// (https://discord.com/developers/docs/events/gateway#rate-limiting).
const startsApart = 5 * time.Second

// keptStarts is how many sessions are never begun, so that a person can still
// repair something by hand.
const keptStarts = 100

// A supervisor keeps one gateway connection open: a fresh session of the library
// for each, never its own reconnecting, which loops for ever where it should stop
// and stops where it should go on. One goroutine runs it.
type supervisor struct {
	rest   *rest
	dial   dialer
	roots  *x509.CertPool // whom to trust; nil: the system's
	logger *slog.Logger
	// event is given every event of the current connection, in order. It must not
	// block.
	event func(kind string, data json.RawMessage)
	// starved is told that the budget of sessions is spent, for how long.
	starved    func(time.Duration)
	contact    *chat.Contact // nil: nobody asks
	generation atomic.Int64
}

// An ending is how a connection ended.
type ending struct {
	err   error
	spent bool          // it cost an IDENTIFY
	lived time.Duration // how long it is since the IDENTIFY
	ready time.Duration // how long it was good
	wait  time.Duration // how long to stay away at least
}

// run connects again and again until ctx is done, which is no error, or Discord
// says that there is no use in it.
func (v *supervisor) run(ctx context.Context) error {
	backoff := minBackoff
	for {
		e := v.connect(ctx)
		if ctx.Err() != nil {
			return nil
		}
		v.contact.Bad(e.err)
		if err := fatal(e.err); err != nil {
			return err
		}
		if e.ready >= stableAfter {
			backoff = minBackoff
		}
		wait := max(e.wait, jitter(backoff))
		if e.spent {
			wait = max(wait, startsApart-e.lived)
		}
		v.logger.Warn("the Discord gateway connection ended", "reason", e.err, "again", wait.Round(time.Millisecond))
		if until(ctx, time.Now().Add(wait)) != nil {
			return nil
		}
		limit := maxBackoff
		if e.spent {
			limit = dearBackoff
		}
		backoff = min(backoff*2, limit)
	}
}

// jitter is between a half and the whole of d.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}

// fatal is the error that ends the adapter, with what to do about it; nil where
// another connection may be better.
func fatal(err error) error {
	var code closeError
	if !errors.As(err, &code) {
		return nil
	}
	remedy := ""
	switch int(code) {
	case 4004:
		remedy = "the token is not valid: set BRIEFBOT_DISCORD_TOKEN to the bot token of the application's page"
	case 4010, 4011:
		remedy = "the bot is in too many servers for one connection: sharding is not built yet"
	case 4012:
		remedy = "the gateway no longer speaks this version: update briefbot"
	case 4013, 4014:
		remedy = "the gateway refuses the intents: update briefbot"
	default:
		return nil
	}
	return fmt.Errorf("Discord ended the connection for good (%w): %s", err, remedy)
}

// connect holds one connection from its beginning to its end.
func (v *supervisor) connect(ctx context.Context) ending {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if wait, err := v.mayStart(ctx); err != nil {
		return ending{err: err, wait: wait}
	}
	c := &connection{supervisor: v, generation: v.generation.Add(1), ready: make(chan struct{})}
	// What is abandoned must be deaf.
	defer v.generation.Add(1)
	defer c.close()
	opened := make(chan error, 1)
	session, err := c.session(ctx)
	if err != nil {
		return ending{err: err}
	}
	go func() { opened <- session.Open() }()
	return c.watch(ctx, opened)
}

// mayStart asks how many sessions may be begun, and refuses to touch the last.
func (v *supervisor) mayStart(ctx context.Context) (time.Duration, error) {
	if err := v.rest.do(ctx, http.MethodGet, "/gateway/bot", nil, nil); err != nil {
		var paced *errPaced
		if errors.As(err, &paced) {
			return paced.after, err
		}
		var api *apiError
		if errors.As(err, &api) {
			return api.After, err
		}
		return 0, err
	}
	l := v.rest.transport.limit.Load()
	if l == nil || l.Total == 0 || l.Remaining > min(keptStarts, l.Total/10) {
		return 0, nil
	}
	v.starved(l.ResetAfter)
	return l.ResetAfter, fmt.Errorf("only %d of %d gateway sessions are left until the budget is renewed", l.Remaining, l.Total)
}

// A connection is one session of the library and the socket under it.
type connection struct {
	*supervisor
	generation int64
	ready      chan struct{} // closed when the gateway is ready

	mu     sync.Mutex
	socket *socket // nil until dialled
	closed bool
	once   sync.Once
}

func (c *connection) session(ctx context.Context) (*discordgo.Session, error) {
	s, err := newSession(c.rest.token, c.rest.transport)
	if err != nil {
		return nil, err
	}
	s.Identify.Intents = discordgo.IntentsGuilds
	s.Compress, s.Identify.Compress = false, false
	s.ShouldReconnectOnError = false
	s.SyncEvents = true
	s.Dialer = &websocket.Dialer{
		HandshakeTimeout: helloWithin,
		NetDialContext: func(_ context.Context, network, address string) (net.Conn, error) {
			return c.connectTo(ctx, network, address, false)
		},
		NetDialTLSContext: func(_ context.Context, network, address string) (net.Conn, error) {
			return c.connectTo(ctx, network, address, true)
		},
	}
	s.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) { c.event(e) })
	return s, nil
}

// connectTo dials the gateway. The library has no context of its own, so that of
// the connection is used.
func (c *connection) connectTo(ctx context.Context, network, address string, secure bool) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, helloWithin)
	defer cancel()
	dial := c.dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if secure {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			conn.Close()
			return nil, err
		}
		t := tls.Client(conn, &tls.Config{ServerName: host, RootCAs: c.roots, MinVersion: tls.VersionTLS12})
		if err := t.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		conn = t
	}
	s := newSocket(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		conn.Close()
		return nil, net.ErrClosed
	}
	c.socket = s
	return s, nil
}

// event hands an event on, unless the connection was given up.
func (c *connection) event(e *discordgo.Event) {
	defer func() {
		if p := recover(); p != nil {
			c.logger.Error("handling a Discord event panicked", "event", e.Type, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	if c.supervisor.generation.Load() != c.generation {
		return
	}
	if e.Type == "READY" {
		c.once.Do(func() { close(c.ready) })
	}
	c.supervisor.event(e.Type, e.RawData)
}

// watch waits for the connection to become ready in time, and then for its end.
func (c *connection) watch(ctx context.Context, opened <-chan error) ending {
	late := time.NewTimer(openWithin)
	defer late.Stop()
	ready := c.ready
	for ready != nil {
		select {
		case <-ready:
			ready = nil
		case err := <-opened:
			if err != nil {
				return c.ending(err, time.Time{})
			}
			opened = nil
		case <-c.ended():
			return c.ending(nil, time.Time{})
		case <-late.C:
			return c.ending(fmt.Errorf("the gateway was not ready within %v", openWithin), time.Time{})
		case <-ctx.Done():
			return c.ending(ctx.Err(), time.Time{})
		}
	}
	since := time.Now()
	c.logger.Info("connected to the Discord gateway")
	c.contact.Good()
	select {
	case <-c.ended():
		return c.ending(nil, since)
	case <-ctx.Done():
		return c.ending(ctx.Err(), since)
	}
}

// ended is closed when the socket has ended; nil, so never, before there is one.
func (c *connection) ended() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.socket == nil {
		return nil
	}
	return c.socket.ended
}

func (c *connection) ending(err error, since time.Time) ending {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := ending{err: c.rest.plain(err)}
	if !since.IsZero() {
		e.ready = time.Since(since)
	}
	if c.socket == nil {
		return e
	}
	e.spent, e.lived = c.socket.spent()
	if why := c.socket.why(); why != nil {
		e.err = why
	}
	if errors.Is(e.err, errInvalid) {
		// The next IDENTIFY should be one to five seconds away.
		e.wait = time.Second + rand.N(4*time.Second)
	}
	return e
}

// close gives the connection up; the library's goroutines end by themselves when
// their next read or write fails.
func (c *connection) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.socket != nil {
		c.socket.Close()
	}
}
