package discord

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"
)

// wire is the server's half of a connection: the HTTP answer and frames.
func wire(frames ...[]byte) []byte {
	all := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-Filler: " + strings.Repeat("x", 100) + "\r\n\r\n")
	for _, f := range frames {
		all = append(all, f...)
	}
	return all
}

func frameOf(opcode byte, payload []byte) []byte {
	f := []byte{0x80 | opcode}
	switch n := len(payload); {
	case n < 126:
		f = append(f, byte(n))
	case n < 1<<16:
		f = binary.BigEndian.AppendUint16(append(f, 126), uint16(n))
	default:
		f = binary.BigEndian.AppendUint64(append(f, 127), uint64(n))
	}
	return append(f, payload...)
}

func text(s string) []byte { return frameOf(frameText, []byte(s)) }

// pieces is a message in three frames, with a ping between them.
func pieces(s string) []byte {
	third := len(s) / 3
	first, middle, last := frameOf(frameText, []byte(s[:third])), frameOf(0, []byte(s[third:2*third])), frameOf(0, []byte(s[2*third:]))
	first[0] &^= 0x80
	middle[0] &^= 0x80
	return slices.Concat(first, frameOf(9, []byte("ping")), middle, last)
}

// scan reads a wire in random pieces with a socket's judgement.
func scan(r *rand.Rand, wire []byte) (*socket, error) {
	s := newSocket(nil)
	for len(wire) > 0 {
		n := min(r.IntN(40)+1, len(wire))
		if err := s.frames.scan(wire[:n]); err != nil {
			return s, err
		}
		wire = wire[n:]
	}
	return s, nil
}

func TestSocketSeesWhyAConnectionEnds(t *testing.T) {
	hello := text(`{"op":10,"d":{"heartbeat_interval":41250}}`)
	big := text(`{"op":0,"t":"GUILD_CREATE","d":{"id":"1","name":"` + strings.Repeat(`{\"op\":9}`, 20_000) + `"}}`)
	medium := text(`{"op":0,"t":"X","d":"` + strings.Repeat("x", 500) + `"}`)
	for name, test := range map[string]struct {
		wire []byte
		want error
	}{
		"nothing special": {wire(hello, medium, big, text(`{"op":11}`), frameOf(9, nil), frameOf(10, []byte("pong"))), nil},
		"reconnect":       {wire(hello, big, text(`{"op":7,"d":null}`)), errReconnect},
		"invalid session": {wire(hello, medium, text(`{"t":null,"s":null,"op":9,"d":false}`)), errInvalid},
		"closed":          {wire(hello, frameOf(frameClose, []byte{0x0f, 0xa4, 'b', 'y', 'e'})), closeError(4004)},
		"closed silently": {wire(hello, frameOf(frameClose, nil)), closeError(1005)},
		"not JSON":        {wire(text("{"), text("")), nil},
		"in pieces":       {wire(hello, pieces(`{"op":7,"d":null}`)), errReconnect},
		"pieces of none":  {wire(hello, pieces(`{"op":0,"t":"X","d":"{\"op\":7}"}`), text(`{"op":11}`)), nil},
		"a hole":          {wire(hello, pieces(`{"op":0,"t":"GUILD_CREATE","d":{"id":"1","channels":[{},null],"name":"`+strings.Repeat("x", 70_000)+`"}}`)), errEmpty},
		"a null in text":  {wire(hello, text(`{"op":0,"t":"GUILD_CREATE","d":{"id":"1","channels":null,"name":"[null]"}}`)), nil},
		"no upgrade":      {[]byte("HTTP/1.1 503 Service Unavailable\r\n\r"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for range 50 {
				s, err := scan(r, test.wire)
				if !errors.Is(err, test.want) {
					t.Fatalf("scan() = %v, want %v", err, test.want)
				}
				if spent, _ := s.spent(); spent != bytes.Contains(test.wire, hello) {
					t.Fatalf("spent() = %v", spent)
				}
			}
		})
	}
}

func FuzzSocket(f *testing.F) {
	f.Add(wire(text(`{"op":10,"d":{"heartbeat_interval":1}}`), text(`{"op":9}`)), uint64(1))
	f.Add(wire([]byte{0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255, 'x'}), uint64(2))
	f.Add(wire([]byte{0x88, 126, 0}), uint64(3))
	f.Fuzz(func(t *testing.T, wire []byte, seed uint64) {
		// No time passes in a bubble, so that no heartbeat is late.
		synctest.Test(t, func(t *testing.T) {
			_, once := scan(rand.New(rand.NewPCG(seed, 0)), wire)
			_, again := scan(rand.New(rand.NewPCG(seed, 1)), wire)
			if fmt.Sprint(once) != fmt.Sprint(again) {
				t.Errorf("read in other pieces: %v, then %v", once, again)
			}
		})
	})
}

// secureGateway is a gateway over TLS that says hello, takes an IDENTIFY, and
// closes with a code.
func secureGateway(t *testing.T, code int) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		if ws.WriteJSON(map[string]any{"op": 10, "d": map[string]any{"heartbeat_interval": 41250}}) != nil {
			return
		}
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
		ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, "")) //nolint:errcheck // it is closed next
	}))
	t.Cleanup(s.Close)
	return s
}

// securely runs a supervisor against a gateway over TLS.
func securely(t *testing.T, gateway *httptest.Server, roots *x509.CertPool) ending {
	t.Helper()
	address := "wss" + strings.TrimPrefix(gateway.URL, "https")
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"url": address}) //nolint:errcheck // the client went away
	}))
	t.Cleanup(api.Close)
	rest, err := newREST("token", api.URL, nil, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(rest.close)
	v := &supervisor{rest: rest, roots: roots, logger: slog.New(slog.DiscardHandler), event: func(string, json.RawMessage) {}}
	return v.connect(context.Background())
}

func TestGatewayOverTLS(t *testing.T) {
	gateway := secureGateway(t, 4014)
	roots := x509.NewCertPool()
	roots.AddCert(gateway.Certificate())
	if e := securely(t, gateway, roots); !errors.Is(e.err, closeError(4014)) || !e.spent {
		t.Errorf("ending %+v, want close code 4014 after an IDENTIFY", e)
	}
}

func TestGatewayOfAnotherIsNotTrusted(t *testing.T) {
	e := securely(t, secureGateway(t, 1000), nil)
	if e.err == nil || e.spent || !strings.Contains(e.err.Error(), "certificate") {
		t.Errorf("ending %+v, want a complaint about the certificate", e)
	}
}
