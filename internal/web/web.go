package web

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// platformName is the name of the platform, and previewID the only conversation on it.
const (
	platformName = "web"
	previewID    = "preview"
)

// Options say what a [Web] shows, where, and to whom. The zero value listens on
// a port of the loopback interface and has no stories.
type Options struct {
	// Listen is the address of the listener; empty: a free port of 127.0.0.1.
	Listen string
	// PublicURL is the address under which others reach the listener. Where it is
	// set, the preview asks for the token even on a loopback address.
	PublicURL string
	// WebToken opens the preview where the listener is not private; empty: nothing
	// opens it there.
	WebToken string
	// Open returns the stories that anyone may read. It is asked once a request.
	// Nil: none.
	Open func() *brief.Reader
	// LastChange says when a story last changed, where that was recorded; a page
	// without an as-of date names it instead. Nil: never recorded.
	LastChange func(ctx context.Context, story string) (time.Time, bool, error)
	// HookSecret is what push webhooks at /hooks/briefs are signed with; empty: there is
	// nothing at that address.
	HookSecret string
	// Fetch has the briefs looked for where they come from. It is called for each valid
	// webhook and must not block. Nil: nothing is done.
	Fetch func()
	// Ledger is what was sent and is owed; nil: there is no page for it.
	Ledger Ledger
	// Suggestions are the corrections that readers proposed; nil: there is no page for
	// them.
	Suggestions Suggestions
	// Panes are the chat services that the preview shows side by side.
	Panes []Pane
	// Ready returns nil if every part works. The answer to a stranger names the
	// part where the error has a method Part() string, and nothing else of it.
	// Nil: ready while it serves.
	Ready func(context.Context) error
	// Version is shown in the preview; empty: none.
	Version string
	// Logger takes what no reader should see; nil: nothing is logged.
	Logger *slog.Logger
	// Now tells the time; nil: time.Now.
	Now func() time.Time
}

// A Pane is a chat service as the preview shows it.
type Pane struct {
	// Name is the service's: Discord and Telegram are shown as their clients show
	// messages, any other by the requests themselves.
	Name string
	// Payloads returns the very request bodies that sending a card as an answer
	// would post, in order. It may be called by many at once.
	Payloads func(chat.Card) ([]json.RawMessage, error)
	// Form returns the very request bodies that begin to show a form; call is what is
	// run again with what it is filled in with. Nil: the service shows the card of the
	// reply, with a button that runs the call.
	Form func(f chat.Form, call string) ([]json.RawMessage, error)
	// Live says that the bot is connected to the service.
	Live bool
}

// A Web serves the preview and the pages of the open stories. It is the
// [chat.Platform] called web: a question typed in the preview is its invocation,
// and what is sent to its conversation web:preview appears there.
type Web struct {
	options Options
	public  *url.URL // nil where no public address is set
	pages   *template.Template
	assets  *assets
	log     *transcript
	stories storyCache
	host    chat.Host     // set by Serve before it listens
	done    chan struct{} // closed when Serve is to end
	streams chan struct{} // a place for each open stream of events
	// refresh is how often an open page of the ledger is brought up to date.
	refresh time.Duration
	// attempts are the wrong tokens given of late.
	attempts attempts
	hook     *hook // nil: there is none

	mu       sync.Mutex
	listener net.Listener  // nil: not listening
	listened chan struct{} // closed once it listens
	asked    int           // counts questions
}

// New returns a Web. The error names the option that is wrong.
func New(o Options) (*Web, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Open == nil {
		o.Open = func() *brief.Reader { return nil }
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	if o.Fetch == nil {
		o.Fetch = func() {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Web{options: o, refresh: ledgerRefresh, done: make(chan struct{}), listened: make(chan struct{}), streams: make(chan struct{}, maxStreams)}
	if _, _, err := net.SplitHostPort(o.Listen); err != nil {
		return nil, fmt.Errorf("listen address %q: write host:port, for example 127.0.0.1:8080", o.Listen)
	}
	var err error
	if w.public, err = publicURL(o.PublicURL); err != nil {
		return nil, err
	}
	if w.hook, err = newHook(o.HookSecret, o.Fetch); err != nil {
		return nil, err
	}
	if w.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if w.pages, err = parsePages(w.assets); err != nil {
		return nil, err
	}
	w.log = newTranscript(o.Now())
	return w, nil
}

func publicURL(s string) (*url.URL, error) {
	if s == "" {
		return nil, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("public_url: write the address under which readers reach this listener, for example https://briefs.example.org")
	}
	if strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("public_url: a path is not served: write the address without %q", u.Path)
	}
	return u, nil
}

// Name returns "web".
func (w *Web) Name() string { return platformName }

// Addr returns the address of the listener, host:port, and the empty string
// before it listens.
func (w *Web) Addr() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listener == nil {
		return ""
	}
	return w.listener.Addr().String()
}

// Announce shows cards in the preview at once: the digest that an edit of a brief
// causes, or the trouble with it. It may be called before, during and after
// Serve, by many at once, and does not wait for anyone.
func (w *Web) Announce(cards []chat.Card) {
	now := w.options.Now()
	for _, c := range cards {
		k := previewEntry
		if c.Tone == chat.Trouble {
			k = troubleEntry
		}
		w.log.add(entry{Kind: k, Card: c, At: now})
	}
}

// Send shows c in the preview. Calls with equal keys show one message.
func (w *Web) Send(ctx context.Context, to chat.Conversation, c chat.Card, key string) (chat.MessageID, error) {
	if to != conversation() {
		return "", &chat.Gone{Err: fmt.Errorf("there is no conversation %v: the web preview is %v", to, conversation())}
	}
	if err := ctx.Err(); err != nil {
		return "", &chat.Later{Err: err}
	}
	return chat.MessageID(w.log.post(entry{Kind: digestEntry, Card: c, At: w.options.Now()}, key)), nil
}

// Dedupes says that a key is remembered as long as the message is: while the
// program runs.
func (w *Web) Dedupes() time.Duration { return time.Hour }

// Survey says that the bot may post in the preview.
func (w *Web) Survey(_ context.Context, where chat.Conversation) (chat.Survey, error) {
	if where != conversation() {
		return chat.Survey{}, &chat.Gone{Err: fmt.Errorf("there is no conversation %v: the web preview is %v", where, conversation())}
	}
	return chat.Survey{Room: []string{where.String()}, Title: "the web preview", CanPost: true}, nil
}

// conversation returns the preview's address.
func conversation() chat.Conversation {
	return chat.Conversation{Platform: platformName, ID: previewID}
}
