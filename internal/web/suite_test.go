package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
)

// TestSuite holds the preview to what every platform promises. There is no vendor
// that could fail, so the outcomes are left out.
func TestSuite(t *testing.T) {
	chattest.Suite(t, func(t *testing.T) chattest.Harness { return newStage(t) })
}

// A stage is somebody before the preview, for the suite: she asks and presses
// through the front door, and reads the transcript that the page shows.
type stage struct {
	*testing.T
	web  *Web
	logs *lockedLog
}

const suiteToken = "a-token-of-the-suite"

func newStage(t *testing.T) *stage {
	s := &stage{T: t, logs: &lockedLog{}}
	var err error
	s.web, err = New(Options{
		Panes: panes(), WebToken: suiteToken,
		Logger: slog.New(slog.NewTextHandler(s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) Platform() chat.Platform { return s.web }

func (s *stage) Places() []chattest.Place {
	subject := []string{conversation().String()}
	return []chattest.Place{{Where: conversation(), Room: subject, Asker: subject, Private: true, Direct: true}}
}

func (s *stage) Say(_ chat.Conversation, line string) {
	s.Helper()
	s.post("/ask", url.Values{"line": {line}})
}

func (s *stage) Press(_ chat.Conversation, m chattest.Message, label string) {
	s.Helper()
	e, _ := s.web.log.find(m.ID)
	for _, row := range e.Card.Actions {
		for _, a := range row {
			if a.Label == label {
				s.post("/press", url.Values{"entry": {m.ID}, "data": {a.Data()}})
				return
			}
		}
	}
	s.Fatalf("message %s has no button %q", m.ID, label)
}

// post posts a form once the preview listens.
func (s *stage) post(path string, form url.Values) {
	s.Helper()
	<-s.web.Listening()
	origin := "http://" + s.web.Addr()
	r, err := http.NewRequestWithContext(s.Context(), "POST", origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", origin)
	r.Header.Set("HX-Request", "true")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	if text := body(s.T, answer); answer.StatusCode != http.StatusOK {
		s.Fatalf("POST %s: %s\n%s", path, answer.Status, text)
	}
	answer.Body.Close()
}

func (s *stage) Messages(chat.Conversation) []chattest.Message {
	entries, _ := s.web.log.since(0)
	var all []chattest.Message
	for _, e := range entries {
		c := e.Card
		m := chattest.Message{ID: e.ID}
		for _, row := range c.Actions {
			for _, a := range row {
				m.Buttons = append(m.Buttons, a.Label)
			}
		}
		c.Actions = nil
		m.Text = c.Plain()
		all = append(all, m)
	}
	return all
}

func (s *stage) Await(what string, cond func() bool) {
	s.Helper()
	changed, stop := s.web.log.watch()
	defer stop()
	patience := time.After(10 * time.Second)
	for !cond() {
		select {
		case <-changed:
		case <-patience:
			s.Fatalf("waited in vain for %s\n%s", what, s.logs)
		}
	}
}

func (s *stage) Fail(chat.Conversation, chattest.Outcome) bool { return false }
func (s *stage) Refused() []string                             { return nil }
func (s *stage) Secrets() []string                             { return []string{suiteToken} }
func (s *stage) Log() string                                   { return s.logs.String() }
func (s *stage) Deduplicates() bool                            { return true }

// A lockedLog is read while it is written.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
