package web

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A listener is a page that listens.
type listener struct {
	t    *testing.T
	body *bufio.Reader
	stop func()
}

// listen opens a stream of events of what changed after a version.
func listen(t *testing.T, d *door, after string, header map[string]string) *listener {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(stop)
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+d.Addr()+"/events?after="+after, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s %v", answer.Status, answer.Header)
	}
	return &listener{t, bufio.NewReader(answer.Body), stop}
}

// next returns the id and the data of the next event.
func (l *listener) next() (id, data string) {
	l.t.Helper()
	for {
		line, err := l.body.ReadString('\n')
		if err != nil {
			l.t.Fatalf("after %q: %v", data, err)
		}
		line = strings.TrimSuffix(line, "\n")
		switch field, value, _ := strings.Cut(line, ": "); {
		case field == "id":
			id = value
		case field == "data":
			data += value + "\n"
		case line == "" && data != "":
			return id, data
		}
	}
}

// TestEvents tells of what is announced, answered and changed, and after a break
// of what was missed.
func TestEvents(t *testing.T) {
	d := serve(t)
	d.Announce([]chat.Card{{Title: "Before"}})
	l := listen(t, d, "", nil)
	id, data := l.next()
	contains(t, data, "Before", `<hx-partial hx-target="#log" hx-swap="place">`, `<hx-partial hx-target="#start" hx-swap="outerHTML">`)
	d.Announce([]chat.Card{{Title: "One\r\nmore"}})
	next, data := l.next()
	contains(t, data, "One")
	lacks(t, data, "Before", "\r")
	if next == id {
		t.Error("two events have one id")
	}
	entry := entryID(t, d.asks(t, "/stories"))
	_, data = l.next()
	contains(t, data, entry)
	lacks(t, data, "#start")

	// A page that comes back is told from where it was, by header or address.
	for _, again := range []*listener{listen(t, d, id, nil), listen(t, d, "", map[string]string{"Last-Event-ID": id})} {
		_, data = again.next()
		contains(t, data, "One", entry)
		lacks(t, data, "Before")
	}
	// One that showed an earlier process is told everything.
	for _, old := range []string{"abc-7", "7", "-", "x-y"} {
		_, data = listen(t, d, old, nil).next()
		contains(t, data, "Before", "One")
	}
}

// TestStreamsAreBounded refuses more pages than are looked at.
func TestStreamsAreBounded(t *testing.T) {
	d := serve(t)
	for range maxStreams {
		d.streams <- struct{}{}
	}
	r, err := http.Get("http://" + d.Addr() + "/events")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("%s %v", r.Status, r.Header)
	}
}

// TestServeEnds ends open streams and lets answers that have begun finish.
func TestServeEnds(t *testing.T) {
	d := &door{bot: newBot(t, shipped(t))}
	w, err := New(Options{Panes: panes()})
	if err != nil {
		t.Fatal(err)
	}
	d.Web, d.h = w, w.handler()
	begun, finish := make(chan struct{}), make(chan struct{})
	slow := slowHost{d.bot, begun, finish}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx, slow) }()
	<-w.listened
	l := listen(t, d, "", nil)
	answered := make(chan error, 1)
	go func() {
		r, err := http.Get("http://" + w.Addr() + "/?q=/stories")
		if err == nil {
			if r.Body.Close(); r.StatusCode != http.StatusOK {
				err = errors.New(r.Status)
			}
		}
		answered <- err
	}()
	<-begun
	stop()
	for err == nil {
		_, err = l.body.ReadString('\n')
	}
	select {
	case err := <-ended:
		t.Errorf("Serve ended before its answer: %v", err)
	default:
	}
	close(finish)
	if err := <-answered; err != nil {
		t.Errorf("the answer that had begun: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

type slowHost struct {
	*fakeBot
	begun, finish chan struct{}
}

func (h slowHost) Run(ctx context.Context, inv chat.Invocation) chat.Reply {
	close(h.begun)
	<-h.finish
	if ctx.Err() != nil {
		panic("the answer was cut off")
	}
	return h.fakeBot.Run(ctx, inv)
}

// TestAddressInUse says which address cannot be listened on.
func TestAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	w, err := New(Options{Listen: taken.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Serve(t.Context(), newBot(t, shipped(t))); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("%v does not name %v", err, taken.Addr())
	}
}

// TestLimitsAreSet refuses a header that is longer than any of ours.
func TestLimitsAreSet(t *testing.T) {
	d := serve(t)
	c, err := net.Dial("tcp", d.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 2*headerBytes) + "\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	status, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.Contains(status, "431") {
		t.Errorf("a header without end: %q, %v", status, err)
	}
}

// TestListen takes the address before serving, and gives it back unused.
func TestListen(t *testing.T) {
	w, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("closing what never listened: %v", err)
	}
	if err := w.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-w.listened
	second, err := New(Options{Listen: w.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "is another briefbot running?") {
		t.Errorf("a taken address: %v", err)
	}
	wrong, err := New(Options{Listen: "127.0.0.1:99999"})
	if err != nil {
		t.Fatal(err)
	}
	if err := wrong.Listen(t.Context()); err == nil || strings.Contains(err.Error(), "another briefbot") {
		t.Errorf("a port that cannot be: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := second.Listen(t.Context()); err != nil {
		t.Errorf("an address given back: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}
