package telegram

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// platformName is the first part of every conversation on this platform.
const platformName = "telegram"

// defaultAPI is the base address of the vendor's own servers.
const defaultAPI = "https://api.telegram.org"

// Options are what [New] needs to know. Only Token is required.
type Options struct {
	// Token is the bot's secret. It appears in no error and no log line.
	Token string
	// API is the base address of the Bot API; empty: the vendor's own servers.
	API string
	// Logger receives what the platform has to say; nil: nothing is logged.
	Logger *slog.Logger
	// Transport carries the requests; nil: one of its own, sized to the number of
	// sends in flight.
	Transport http.RoundTripper
	// Tempo multiplies the limits over all chats, for a stand-in that has none; zero:
	// the vendor's own. No setting of the program leads here.
	Tempo int
}

// A Telegram is the bot on Telegram. It is a [chat.Platform] that states its pace,
// can look at a conversation, can be invited, and can edit, answer, pin, open topics and
// tell addresses. All its methods may be called by
// many at once, Serve only once.
type Telegram struct {
	log     *slog.Logger
	client  *client
	gate    *gate
	tempo   int
	me      self
	admins  managers
	parts   parts    // of cards being posted
	edits   progress // of cards being edited
	topics  progress // opened, whose first message is not there yet
	names   names
	served  atomic.Bool
	contact chat.Contact
}

var (
	_ chat.Platform = (*Telegram)(nil)
	_ chat.Pacer    = (*Telegram)(nil)
	_ chat.Surveyor = (*Telegram)(nil)
	_ chat.Inviter  = (*Telegram)(nil)
)

// tokenShape is how BotFather writes a token.
var tokenShape = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`)

// Contact implements chat.Reporter: it is about the polling of updates.
func (t *Telegram) Contact() (since time.Time, trouble error) { return t.contact.State() }

// New returns the bot on Telegram. It checks the options and touches no network.
func New(o Options) (*Telegram, error) {
	if !tokenShape.MatchString(o.Token) {
		return nil, errors.New("the Telegram token is not one: BotFather writes digits, a colon and letters, without spaces")
	}
	base, err := baseAddress(o.API)
	if err != nil {
		return nil, err
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	t := &Telegram{log: log, client: newClient(base, o.Token, o.Transport), gate: newGate(time.Now), tempo: max(o.Tempo, 1)}
	t.gate.quicken(t.tempo)
	return t, nil
}

// baseAddress checks an API address and returns it without a slash at the end.
func baseAddress(api string) (string, error) {
	if api == "" {
		api = defaultAPI
	}
	u, err := url.Parse(api)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("the Telegram API address must be http or https with a host, like %s", defaultAPI)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("the Telegram API address must hold no password, query or fragment, like %s", defaultAPI)
	case strings.Contains(api, "%"):
		return "", errors.New("the Telegram API address must hold no percent sign: the token is added by the program")
	}
	return strings.TrimRight(api, "/"), nil
}

// Name returns “telegram”.
func (t *Telegram) Name() string { return platformName }

// self is who the bot is, as getMe tells; asked once and kept.
type self struct {
	mu     sync.Mutex
	user   *user
	err    error // of the last try
	failed time.Time
}

// askAgain is how long a failed getMe stands, so that many senders do not each wait
// for another failure.
const askAgain = time.Second

// whoami returns the bot's own account, asking for it where it is not known yet.
func (t *Telegram) whoami(ctx context.Context) (*user, error) {
	t.me.mu.Lock()
	defer t.me.mu.Unlock()
	if t.me.user != nil {
		return t.me.user, nil
	}
	if t.me.err != nil && time.Since(t.me.failed) < askAgain {
		return nil, t.me.err
	}
	var u user
	if err := t.client.call(ctx, "getMe", nil, &u); err != nil {
		if ctx.Err() == nil {
			t.me.err, t.me.failed = err, time.Now()
		}
		return nil, err
	}
	t.me.user = &u
	return &u, nil
}

// Invitation returns the link by which people add the bot to a group, or where its
// name is not known yet, because the service could not be reached, the empty
// string.
func (t *Telegram) Invitation() string {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	me, err := t.whoami(ctx)
	if err != nil {
		return ""
	}
	return "https://t.me/" + me.Username + "?startgroup=true"
}
