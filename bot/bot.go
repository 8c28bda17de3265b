package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// Options are what a [Bot] is made of. Source and Ledger are required.
type Options struct {
	// Source is where the dossiers come from.
	Source brief.Source
	// Ledger is open; whoever opened it closes it after Run.
	Ledger *digest.Ledger
	// Platforms are the chat services to serve. With none the bot answers [Bot.Ask]
	// alone.
	Platforms []chat.Platform
	// Config is what the configuration file says; [Bot.Reload] replaces it.
	Config Config
	// Preview is shown the digest that an edit causes, at once, and the alarms. It
	// must not block. Nil: nobody is shown.
	Preview func([]chat.Card)
	// PublicURL is the address under which readers reach the pages of open stories,
	// without a slash at the end. Empty: they cannot.
	PublicURL string
	// Version is the program's, for /help and /status.
	Version string
	Logger  *slog.Logger     // nil: none
	Now     func() time.Time // nil: time.Now
}

// Config is the part of the configuration that may change while the bot runs.
type Config struct {
	// Policy says who may read what.
	Policy brief.Policy
	// Operators are access subjects (telegram:4242, discord-user:…) who may do
	// everything.
	Operators []string
	// Alarms are the conversations that get the alarms, as platform:id[/thread].
	Alarms []string
	// Subscriptions are the standing orders of the file. An empty Room is filled in
	// from what the platform knows of the conversation.
	Subscriptions []digest.Subscription
	// EditedBy has digests say who edited what they tell, where the source knows.
	EditedBy bool
	// Timezone is the IANA zone of subscriptions that name none; empty is UTC.
	Timezone string
	// Settle is how long briefs must be quiet before an immediate digest; zero is
	// thirty seconds. It is read by New alone.
	Settle time.Duration
}

const (
	defaultSettle = 30 * time.Second
	// stopGrace is how long answers begun, and then sends in flight, may take when
	// the bot stops.
	stopGrace = 15 * time.Second
	// retryEvery is how long after a failure the briefs are read, or recorded, again.
	retryEvery = 30 * time.Second
)

// settings are a Config as it is in force.
type settings struct {
	Config
	alarms []chat.Conversation
}

func (s *settings) settle() time.Duration {
	if s.Settle <= 0 {
		return defaultSettle
	}
	return s.Settle
}

// readConfig checks everything about a Config that can be wrong.
func readConfig(c Config) (*settings, error) {
	s := &settings{Config: c}
	for _, text := range c.Alarms {
		to, err := chat.ParseConversation(text)
		if err != nil {
			return nil, fmt.Errorf("reading alarms: %w", err)
		}
		s.alarms = append(s.alarms, to)
	}
	if _, err := time.LoadLocation(c.Timezone); err != nil {
		return nil, fmt.Errorf("reading the timezone: %w", err)
	}
	for _, o := range c.Operators {
		if !strings.Contains(o, ":") {
			return nil, fmt.Errorf("reading operators: %q is not an address such as telegram:4242", o)
		}
	}
	return s, nil
}

// A Bot answers questions about the dossiers of a source and posts digests of what
// changes in them. Its methods may be called by many at once.
type Bot struct {
	source     brief.Source
	ledger     *digest.Ledger
	platforms  []chat.Platform
	preview    func([]chat.Card)
	publicURL  string
	version    string
	log        *slog.Logger
	now        func() time.Time
	set        *chat.Set
	library    *brief.Library
	dispatcher *digest.Dispatcher
	config     atomic.Pointer[settings]
	// configuring is held while the file's subscriptions are written down, so that
	// an older configuration never overwrites a newer one.
	configuring sync.Mutex

	changed chan struct{} // says to the reload loop that the source may have news
	kept    callCache
	looks   looks
	allowed allowance
	changes changeCache
	health  health
	files   troubles
	askedIn *doorbell
	crying  sync.Mutex // held while alarms and suggestions are told
	// unfetched is what the operators were last told of news that cannot be fetched.
	unfetched string
	// unrecorded are alarms that the store did not take.
	unrecorded refrain
	unheard    sync.Once // says that nobody is told of suggestions
}

// New loads the briefs, records them, and makes a Bot ready to run. Where the
// source cannot be read, the dossiers last recorded are served and the operators
// alarmed; without any that is an error, as is a ledger that cannot be used.
func New(ctx context.Context, o Options) (*Bot, error) {
	b := &Bot{
		source: o.Source, ledger: o.Ledger, platforms: o.Platforms,
		preview: o.Preview, publicURL: strings.TrimSuffix(o.PublicURL, "/"), version: o.Version,
		log: o.Logger, now: o.Now,
		changed: make(chan struct{}, 1), askedIn: newDoorbell(),
	}
	if b.source == nil || b.ledger == nil {
		return nil, errors.New("making the bot: a source and a ledger are needed")
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if b.now == nil {
		b.now = time.Now
	}
	if b.preview == nil {
		b.preview = func([]chat.Card) {}
	}
	config, err := readConfig(o.Config)
	if err != nil {
		return nil, err
	}
	if err := b.checkModes(o.Config); err != nil {
		return nil, err
	}
	b.config.Store(config)
	if b.set, err = chat.NewSet(b.commands(), chat.Rules{
		Operator: b.operates, Admit: b.admit, Explain: b.explain, Recall: b.ledger.Call,
	}); err != nil {
		return nil, fmt.Errorf("making the commands: %w", err)
	}
	if b.dispatcher, err = digest.NewDispatcher(digest.DispatcherOptions{
		Ledger: b.ledger, Platforms: b.platforms, Compose: b.compose, Revise: b.revise, Visible: b.visible,
		Alarm: b.alarm, Settle: config.settle(), Now: b.now, Logger: b.log,
	}); err != nil {
		return nil, fmt.Errorf("making the dispatcher: %w", err)
	}
	if err := b.open(ctx); err != nil {
		return nil, err
	}
	if err := b.configure(ctx, config, false); err != nil {
		return nil, err
	}
	return b, nil
}

// open loads the first snapshot and records it.
func (b *Bot) open(ctx context.Context) error {
	baseline, err := b.ledger.Baseline(ctx)
	if err != nil {
		return fmt.Errorf("reading the baseline: %w", err)
	}
	if err := b.files.remember(ctx, b.ledger); err != nil {
		return err
	}
	first, err := b.source.Load(ctx, baseline)
	if err != nil {
		if len(baseline.Dossiers()) == 0 {
			return fmt.Errorf("loading the briefs: %w", err)
		}
		b.library = brief.NewLibrary(baseline)
		b.sourceFailed(ctx, err)
		return nil
	}
	b.library = brief.NewLibrary(first)
	b.tellFetch(ctx, nil)
	if err := b.record(ctx, first); err != nil {
		return fmt.Errorf("recording the briefs: %w", err)
	}
	return nil
}

// Run serves every platform, sends what is due and follows the source, until ctx
// is done. Then it stops receiving, lets the answers begun be given, lets the
// sends in flight settle, and returns nil; the ledger is left to its owner. It
// returns an error only if the ledger cannot be used or no platform is left.
// Called once.
func (b *Bot) Run(ctx context.Context) error {
	receiving, stopReceiving := context.WithCancel(ctx)
	defer stopReceiving()
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSending()
	failed := make(chan error, 2)
	var receivers, senders sync.WaitGroup

	// One receiver a platform: it owns the platform's connection and the answers
	// being given there.
	ended := make(chan error, len(b.platforms))
	for _, p := range b.platforms {
		receivers.Go(func() { b.serve(receiving, p, ended) })
	}
	// The undertaker owns the count of platforms that ended for good.
	receivers.Go(func() { failed <- b.bury(receiving, ended) })
	// The watcher owns the source's notifications; it only says that there may be
	// news.
	receivers.Go(func() { b.watch(receiving) })
	// The reload loop owns the library: it alone swaps snapshots and records them.
	receivers.Go(func() { b.follow(receiving) })
	// The prober owns the question whether suspended conversations can be posted to
	// again.
	receivers.Go(func() { b.probe(receiving) })
	// The crier owns when the alarms that were posted are brought up to date, and sees to
	// it that suggestions are told that a former process was not able to tell.
	receivers.Go(func() { b.cry(receiving) })
	// The dispatcher owns what is due and every delivery; it stops last. It begins
	// when the rooms of the configured conversations are known as far as they can be.
	senders.Go(func() {
		b.resurvey(receiving)
		if err := b.dispatcher.Run(sending); err != nil {
			failed <- fmt.Errorf("dispatching: %w", err)
		}
	})

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	stopReceiving()
	b.await(&receivers, "answers")
	stopSending()
	b.await(&senders, "sends")
	return err
}

// await waits for a group, but not for ever.
func (b *Bot) await(group *sync.WaitGroup, what string) {
	done := make(chan struct{})
	// The waiter owns nothing; it ends with the group.
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(stopGrace):
		b.log.Warn("stopping without waiting any longer", "for", what)
	}
}

// serve runs one platform. Where it fails for good the others go on.
func (b *Bot) serve(ctx context.Context, p chat.Platform, ended chan<- error) {
	key := "platform:" + p.Name()
	b.health.set("platform "+p.Name(), nil)
	// One that has lasted is mended; one that fails at once again is not.
	lasted := time.AfterFunc(retryEvery, func() { b.mended(ctx, key) })
	err := p.Serve(ctx, b.Host())
	lasted.Stop()
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		err = errors.New("it ended by itself")
	}
	b.health.set("platform "+p.Name(), err)
	b.alarm(ctx, key, fmt.Sprintf("%s has stopped and stays off until a restart: %v", p.Name(), err))
	ended <- fmt.Errorf("serving %s: %w", p.Name(), err)
}

// bury returns an error once every platform has ended, and nil when ctx is done.
func (b *Bot) bury(ctx context.Context, ended <-chan error) error {
	var all []error
	for len(all) < len(b.platforms) || len(b.platforms) == 0 {
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			all = append(all, err)
		}
	}
	return fmt.Errorf("no platform is left: %w", errors.Join(all...))
}

// Reload puts a new configuration in force, all or nothing: on an error the old one
// stays. Subscriptions that the file had before go on where they were.
func (b *Bot) Reload(ctx context.Context, c Config) error {
	next, err := readConfig(c)
	if err != nil {
		return err
	}
	if err := b.checkModes(c); err != nil {
		return err
	}
	b.configuring.Lock()
	defer b.configuring.Unlock()
	next.Settle = b.current().Settle
	if err := b.configure(ctx, next, true); err != nil {
		return err
	}
	b.config.Store(next)
	b.settleMoves(ctx)
	b.wake()
	return nil
}

// current is the configuration in force.
func (b *Bot) current() *settings { return b.config.Load() }

// wake has the dispatcher look at what is due.
func (b *Bot) wake() { b.dispatcher.Wake() }

// platform returns the platform of this name, or nil.
func (b *Bot) platform(name string) chat.Platform {
	for _, p := range b.platforms {
		if p.Name() == name {
			return p
		}
	}
	return nil
}

// Reader returns what anyone may read, also while access is closed: the stories
// without an audience.
func (b *Bot) Reader() *brief.Reader {
	open := brief.Policy{}
	return open.Reader(b.library.Current())
}

// LastChange says when a story last changed after it was first recorded, and
// whether it did.
func (b *Bot) LastChange(ctx context.Context, story string) (time.Time, bool, error) {
	last, known, remember := b.changes.get(story)
	if known {
		return last.at, last.ok, nil
	}
	at, ok, err := b.ledger.LastChange(ctx, story)
	if err != nil {
		return at, ok, fmt.Errorf("reading when %s last changed: %w", story, err)
	}
	remember(lastChange{at, ok})
	return at, ok, nil
}

// lastChange is LastChange for an answer, which is given without it if need be.
func (b *Bot) lastChange(ctx context.Context, story string) (time.Time, bool) {
	at, ok, err := b.LastChange(ctx, story)
	if err != nil {
		b.log.ErrorContext(ctx, "looking up a date", "error", err)
	}
	return at, ok
}

// Ask answers one question as a local operator's: everything may be read and
// nothing is stored or sent. A question that finds nothing is answered. The error
// says that this one was not: it could not be read, named something unknown, or was
// refused; the reply's card says why.
func (b *Bot) Ask(ctx context.Context, line string) (chat.Reply, error) {
	reply := b.set.Run(ctx, LocalInvocation(line))
	if reply.Card.Tone == chat.Trouble {
		return reply, errors.New("the question was not answered")
	}
	return reply, nil
}

// LocalInvocation is a local operator's question, for [Bot.Ask] and completion.
func LocalInvocation(line string) chat.Invocation {
	return chat.Invocation{
		Line:    line,
		Where:   chat.Conversation{Platform: "local", ID: "terminal"},
		Private: true, Direct: true, Local: true, Trusted: true,
	}
}
