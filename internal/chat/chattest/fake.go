package chattest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A Fake is a platform that posts nowhere: it records what is sent. It is also a Pacer, a Surveyor and an Inviter. All methods are safe for
// use by many at once.
type Fake struct {
	name string
	o    FakeOptions

	mu      sync.Mutex
	host    chat.Host
	serving chan struct{}
	changed chan struct{}
	sends   []Send
	posted  map[string]chat.MessageID // by conversation and key
	surveys map[chat.Conversation]surveyed
}

type surveyed struct {
	survey chat.Survey
	err    error
}

// FakeOptions say how a Fake behaves. The zero value has no limits and, like
// Telegram, posts again what is sent again.
type FakeOptions struct {
	// Deduplicates says that a message with a key posted before in the same
	// conversation is not posted again, as on Discord.
	Deduplicates bool
	// Pace is what the platform states of every conversation.
	Pace chat.Pace
}

// A Send is one attempt to post.
type Send struct {
	To   chat.Conversation
	Card chat.Card
	Key  string
	At   time.Time
	// Posted says that a new message came into being, and ID names it; of a message
	// that was there already, ID is the first one's.
	Posted bool
	ID     chat.MessageID
	Err    error // the outcome; nil: sent
}

// NewFake returns a platform of this name that is not serving yet.
func NewFake(name string, o FakeOptions) *Fake {
	return &Fake{
		name: name, o: o,
		serving: make(chan struct{}), changed: make(chan struct{}),
		posted:  map[string]chat.MessageID{},
		surveys: map[chat.Conversation]surveyed{},
	}
}

// Name implements chat.Platform.
func (f *Fake) Name() string { return f.name }

// Serve implements chat.Platform: it makes host known to [Fake.Ask] and waits.
func (f *Fake) Serve(ctx context.Context, host chat.Host) error {
	f.mu.Lock()
	if f.host != nil {
		f.mu.Unlock()
		return errors.New("Serve is called once")
	}
	f.host = host
	close(f.serving)
	f.mu.Unlock()
	<-ctx.Done()
	return nil
}

// Ask has the host answer an invocation, as if somebody had asked here. It waits
// until the platform serves.
func (f *Fake) Ask(ctx context.Context, inv chat.Invocation) (chat.Reply, error) {
	host, err := f.Host(ctx)
	if err != nil {
		return chat.Reply{}, err
	}
	return host.Run(ctx, inv), nil
}

// Host waits until the platform serves and returns its host.
func (f *Fake) Host(ctx context.Context) (chat.Host, error) {
	select {
	case <-f.serving:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.host, nil
}

// Send implements chat.Platform. A context that is done is a Later: nothing was
// written.
func (f *Fake) Send(ctx context.Context, to chat.Conversation, c chat.Card, key string) (chat.MessageID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := Send{To: to, Card: c, Key: key, At: time.Now(), Err: f.outcome(ctx, to, key)}
	if s.Err == nil {
		f.post(&s)
	}
	f.sends = append(f.sends, s)
	close(f.changed)
	f.changed = make(chan struct{})
	if s.Err != nil {
		return "", s.Err
	}
	return s.ID, nil
}

func (f *Fake) outcome(ctx context.Context, to chat.Conversation, key string) error {
	if err := ctx.Err(); err != nil {
		return &chat.Later{Err: err}
	}
	if to.Platform != f.name {
		return &chat.Refused{Err: fmt.Errorf("%v is not on %s", to, f.name)}
	}
	if err := checkKey(key); err != nil {
		return &chat.Refused{Err: err}
	}
	return nil
}

func (f *Fake) post(s *Send) {
	name := s.To.String() + " " + s.Key
	if id, ok := f.posted[name]; ok && f.o.Deduplicates {
		s.ID = id
		return
	}
	s.Posted, s.ID = true, chat.MessageID(fmt.Sprintf("%d", len(f.sends)+1))
	f.posted[name] = s.ID
}

// Sends returns all attempts so far, oldest first.
func (f *Fake) Sends() []Send {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sends)
}

// Posted returns the messages that can be read in a conversation, oldest first.
func (f *Fake) Posted(where chat.Conversation) []Send {
	var posted []Send
	for _, s := range f.Sends() {
		if s.Posted && s.To == where {
			posted = append(posted, s)
		}
	}
	return posted
}

// Await waits until cond holds of all attempts so far, asking again after each.
func (f *Fake) Await(ctx context.Context, cond func([]Send) bool) error {
	for {
		f.mu.Lock()
		sends, changed := slices.Clone(f.sends), f.changed
		f.mu.Unlock()
		if cond(sends) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for what is sent to %s, of which there are %d: %w", f.name, len(sends), ctx.Err())
		}
	}
}

// Pace implements chat.Pacer.
func (f *Fake) Pace(chat.Conversation) chat.Pace { return f.o.Pace }

// SetSurvey scripts what Survey returns of a conversation. Of any other it returns
// that the bot may post there and that the conversation is its own access subject.
func (f *Fake) SetSurvey(where chat.Conversation, survey chat.Survey, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.surveys[where] = surveyed{survey, err}
}

// Survey implements chat.Surveyor.
func (f *Fake) Survey(_ context.Context, where chat.Conversation) (chat.Survey, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s, ok := f.surveys[where]; ok {
		return s.survey, s.err
	}
	subject := where
	subject.Thread = ""
	return chat.Survey{Room: []string{subject.String()}, Title: where.ID, CanPost: true}, nil
}

// Invitation implements chat.Inviter.
func (f *Fake) Invitation() string { return "https://" + f.name + ".example.org/invite" }

// checkKey returns what is wrong with the key of a message: it has 1 to 25 bytes of
// [A-Za-z0-9_-].
func checkKey(key string) error {
	if len(key) < 1 || len(key) > 25 {
		return fmt.Errorf("the key %q has %d bytes, not 1 to 25", key, len(key))
	}
	for _, r := range key {
		if r != '_' && r != '-' && (r < '0' || '9' < r) && (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r) {
			return fmt.Errorf("the key %q holds %q", key, r)
		}
	}
	return nil
}
