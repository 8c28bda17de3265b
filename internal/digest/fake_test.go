package digest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A post is one call of a fake platform's Send.
type post struct {
	At   time.Time
	To   chat.Conversation
	Card chat.Card
	Key  string
	New  bool // it was posted, and not known by its key
}

// A fake is a platform that remembers what it was asked to post. Reply, if set,
// decides what a send comes to; posted says that the message appeared all the
// same.
type fake struct {
	name    string
	pace    chat.Pace
	dedupes time.Duration
	latency time.Duration
	tail    string // of the id of every message
	reply   func(n int, p post) (err error, posted bool)

	// dead, once set, keeps anything from being posted: the process that sends is
	// no more.
	dead *atomic.Bool

	mu    sync.Mutex
	posts []post
	keys  map[string]chat.MessageID
	sends int
	grew  chan struct{}
}

func newFake(name string) *fake {
	return &fake{name: name, keys: make(map[string]chat.MessageID), grew: make(chan struct{}, 1)}
}

func (f *fake) Name() string                           { return f.name }
func (f *fake) Serve(context.Context, chat.Host) error { return errors.New("not served") }
func (f *fake) Pace(chat.Conversation) chat.Pace       { return f.pace }
func (f *fake) Dedupes() time.Duration                 { return f.dedupes }

func (f *fake) Send(ctx context.Context, to chat.Conversation, c chat.Card, key string) (chat.MessageID, error) {
	if f.latency > 0 {
		if err := wait(ctx, f.latency); err != nil {
			return "", &chat.Uncertain{Err: err}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead != nil && f.dead.Load() {
		return "", &chat.Uncertain{Err: errors.New("dead")}
	}
	p := post{At: time.Now(), To: to, Card: c, Key: key}
	n := f.sends
	f.sends++
	var err error
	posted := true
	if f.reply != nil {
		err, posted = f.reply(n, p)
	}
	id := chat.MessageID(fmt.Sprint("m", n) + f.tail)
	if known, ok := f.keys[key]; ok && f.dedupes > 0 {
		id, posted = known, false
	}
	if posted {
		p.New = true
		f.keys[key] = id
	}
	f.posts = append(f.posts, p)
	select {
	case f.grew <- struct{}{}:
	default:
	}
	if err != nil {
		return "", err
	}
	return id, nil
}

// sent returns what was posted, in order.
func (f *fake) sent() []post {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []post
	for _, p := range f.posts {
		if p.New {
			all = append(all, p)
		}
	}
	return all
}

// calls returns how often Send was called.
func (f *fake) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sends
}
