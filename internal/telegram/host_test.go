package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/telegram"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// A host records what it is asked and answers as told. Its memory outlives a
// Telegram, as the ledger outlives the process.
type host struct {
	mu      sync.Mutex
	answer  func(chat.Invocation) chat.Reply
	asked   []chat.Invocation
	events  []chat.Event
	alarms  []string
	seen    map[string]bool
	offset  string
	owned   map[string]bool // conversation and message id
	ownsErr error
	offErr  error
	lost    int // events that cannot be kept
	notes   map[string]string
	noteErr error
	more    []chat.Command
}

func newHost() *host {
	return &host{seen: map[string]bool{}, owned: map[string]bool{}, notes: map[string]string{}}
}

func (h *host) Commands() []chat.Command {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]chat.Command{
		{Name: "overview", Summary: "The overview"},
		{Name: "subscribe", Summary: "Post digests here", Access: chat.Manager},
		{Name: "reload", Summary: "Read the file again", Access: chat.Operator},
	}, h.more...)
}

func (h *host) Run(ctx context.Context, inv chat.Invocation) chat.Reply {
	h.mu.Lock()
	h.asked = append(h.asked, inv)
	answer := h.answer
	h.mu.Unlock()
	if answer != nil {
		return answer(inv)
	}
	return chat.Reply{Card: chat.Card{Title: "Answer to " + inv.Line}}
}

func (h *host) Complete(context.Context, chat.Invocation, string, string) []chat.Choice { return nil }
func (h *host) CompleteLine(context.Context, chat.Invocation, string) []chat.Choice     { return nil }

func (h *host) Lifecycle(_ context.Context, e chat.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost > 0 {
		h.lost--
		return errors.New("locked")
	}
	h.events = append(h.events, e)
	return nil
}

func (h *host) Seen(_ context.Context, platform, event string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.seen[platform+event]
	h.seen[platform+event] = true
	return known, nil
}

func (h *host) Offset(context.Context, string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.offset, nil
}

func (h *host) SetOffset(_ context.Context, _, offset string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.offErr != nil {
		return h.offErr
	}
	h.offset = offset
	return nil
}

func (h *host) Note(_ context.Context, key string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.notes[key], h.noteErr
}

func (h *host) SetNote(_ context.Context, key, value string, _ time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.noteErr == nil {
		h.notes[key] = value
	}
	return h.noteErr
}

func (h *host) Owns(_ context.Context, where chat.Conversation, id chat.MessageID) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.owned[where.String()+" "+string(id)], h.ownsErr
}

func (h *host) Alarm(_ context.Context, key, message string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alarms = append(h.alarms, key)
}

func (h *host) own(where chat.Conversation, id chat.MessageID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.owned[where.String()+" "+string(id)] = true
}

func (h *host) lines() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	for _, inv := range h.asked {
		lines = append(lines, inv.Line)
	}
	return lines
}

func (h *host) last() chat.Invocation {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.asked) == 0 {
		return chat.Invocation{}
	}
	return h.asked[len(h.asked)-1]
}

func (h *host) told() []chat.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]chat.Event(nil), h.events...)
}

func (h *host) place() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.offset
}

// A rig is a bot at a vendor.
type rig struct {
	*telegramtest.Server
	t    *testing.T
	bot  *telegram.Telegram
	host *host
	log  *chattest.Log
	down atomic.Pointer[func() error] // what every request ends in without leaving; nil: nothing
	stop func() error                 // ends Serve and returns its error
	over chan struct{}                // closed when Serve has ended
}

// RoundTrip is the way to the vendor, which may be cut.
func (r *rig) RoundTrip(req *http.Request) (*http.Response, error) {
	if down := r.down.Load(); down != nil {
		if err := (*down)(); err != nil {
			return nil, err
		}
	}
	carry := r.Transport()
	if carry == nil {
		carry = http.DefaultTransport
	}
	return carry.RoundTrip(req)
}

// newRig starts a vendor and a bot that is being served.
func newRig(t *testing.T, o telegramtest.Options) *rig {
	t.Helper()
	r := &rig{t: t, Server: telegramtest.NewServer(t, o), host: newHost(), log: &chattest.Log{}}
	r.AddChat(telegramtest.Chat{ID: 42, Title: "Ada"})
	r.AddChat(telegramtest.Chat{ID: -100, Title: "Newsroom", Forum: true, Topics: []int{7}, Members: map[int64]string{42: "administrator", 43: "member"}})
	r.AddChat(telegramtest.Chat{ID: -200, Title: "Channel", Type: "channel", Members: map[int64]string{42: "administrator"}})
	r.AddUser(43, "Ben", "uk")
	r.serve()
	return r
}

// connect makes a new bot, as a restart does.
func (r *rig) connect() *telegram.Telegram {
	r.t.Helper()
	o := telegram.Options{Token: r.Token(), API: r.URL(), Transport: r, Logger: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	bot, err := telegram.New(o)
	if err != nil {
		r.t.Fatal(err)
	}
	return bot
}

func (r *rig) serve() {
	r.t.Helper()
	r.bot = r.connect()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	bot, host, over := r.bot, r.host, make(chan struct{})
	r.over = over
	go func() {
		defer close(over)
		ended <- bot.Serve(ctx, host)
	}()
	var once sync.Once
	var err error
	r.stop = func() error {
		once.Do(func() {
			cancel()
			err = <-ended
		})
		return err
	}
	stop := r.stop
	r.t.Cleanup(func() { stop() })
}

// said waits for so many messages of the bot in a chat and returns them.
func (r *rig) said(chat int64, n int) []telegramtest.Message {
	r.t.Helper()
	r.Await(fmt.Sprintf("%d messages in %d", n, chat), func() bool { return len(r.Messages(chat)) >= n })
	return r.Messages(chat)
}

// texts are the texts of messages.
func texts(all []telegramtest.Message) []string {
	var out []string
	for _, m := range all {
		out = append(out, m.Text)
	}
	return out
}

func conversation(id string) chat.Conversation {
	c, err := chat.ParseConversation("telegram:" + id)
	if err != nil {
		panic(err)
	}
	return c
}
