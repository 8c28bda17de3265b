package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// Host returns what the bot offers to a platform.
func (b *Bot) Host() chat.Host { return host{b} }

// A host is a Bot as a platform sees it.
type host struct{ bot *Bot }

func (h host) Commands() []chat.Command { return h.bot.set.Commands() }

// Run answers one invocation, and keeps the calls that its buttons cannot carry.
func (h host) Run(ctx context.Context, inv chat.Invocation) chat.Reply {
	reply := h.bot.set.Run(ctx, inv)
	switch {
	case inv.Local:
	case inv.Direct:
		h.bot.letIn(ctx, inv.Where) // who writes to the bot has not blocked it
	default:
		reply.Card = h.bot.tellSuspended(ctx, inv, h.bot.askedHere(ctx, inv.Where), reply.Card)
	}
	if !inv.Local {
		var long []string
		for _, call := range append(reply.Card.Calls(), reply.Call) {
			if chat.Short(call) != call || len(call) > shareable {
				long = append(long, call)
			}
		}
		if reply.Form != nil {
			long = append(long, reply.Call) // a link may lead to it
		}
		if err := h.bot.keep(ctx, inv, long); err != nil {
			h.bot.log.ErrorContext(ctx, "keeping the calls of buttons", "error", err)
		}
	}
	return reply
}

// shareable is how long a call may be that a platform's own button carries with a
// word of its own before it.
const shareable = chat.MaxData - 16

func (h host) Complete(ctx context.Context, inv chat.Invocation, option, typed string) []chat.Choice {
	return h.bot.set.Complete(ctx, inv, option, typed)
}

func (h host) CompleteLine(ctx context.Context, inv chat.Invocation, line string) []chat.Choice {
	return h.bot.set.CompleteLine(ctx, inv, line)
}

func (h host) Owns(ctx context.Context, where chat.Conversation, id chat.MessageID) (bool, error) {
	return h.bot.ledger.Owns(ctx, where, id)
}

func (h host) Seen(ctx context.Context, platform, event string) (bool, error) {
	return h.bot.ledger.Seen(ctx, platform, event)
}

func (h host) Offset(ctx context.Context, platform string) (string, error) {
	return h.bot.ledger.Offset(ctx, platform)
}

func (h host) SetOffset(ctx context.Context, platform, offset string) error {
	return h.bot.ledger.SetOffset(ctx, platform, offset)
}

func (h host) Note(ctx context.Context, key string) (string, error) {
	return h.bot.ledger.Note(ctx, key)
}

func (h host) SetNote(ctx context.Context, key, value string, until time.Time) error {
	return h.bot.ledger.SetNote(ctx, key, value, until)
}

func (h host) Alarm(ctx context.Context, key, message string) { h.bot.alarm(ctx, key, message) }

// Lifecycle carries what happened to a conversation into the ledger.
func (h host) Lifecycle(ctx context.Context, e chat.Event) error {
	b := h.bot
	switch e.Kind {
	case chat.Moved:
		return b.moved(ctx, e.Where, e.To)
	case chat.Lost:
		return b.lost(ctx, e)
	case chat.Back:
		return b.back(ctx, e.Where)
	case chat.Added:
		if err := b.back(ctx, e.Where); err != nil {
			return err
		}
		return b.greet(ctx, e)
	}
	return nil
}

// lost keeps back what a conversation is owed, and tells the operators if it is
// owed anything.
func (b *Bot) lost(ctx context.Context, e chat.Event) error {
	subs, err := b.ledger.Subscriptions(ctx, e.Where)
	if err != nil {
		return fmt.Errorf("reading the subscriptions of %v: %w", e.Where, err)
	}
	first, err := b.ledger.Suspend(ctx, e.Where, e.Reason)
	if err != nil {
		return fmt.Errorf("suspending %v: %w", e.Where, err)
	}
	// A send that failed may have told of it already.
	if first && len(subs) > 0 {
		b.alarm(ctx, lostKey(e.Where), fmt.Sprintf("%v can no longer be posted to (%s). Its %s kept until the bot is let back in.",
			e.Where, e.Reason, kept(len(subs))))
	}
	return nil
}

func kept(subscriptions int) string {
	if subscriptions == 1 {
		return "subscription is"
	}
	return fmt.Sprintf("%d subscriptions are", subscriptions)
}

func (b *Bot) back(ctx context.Context, where chat.Conversation) error {
	if err := b.ledger.Resume(ctx, where); err != nil {
		return fmt.Errorf("resuming %v: %w", where, err)
	}
	b.mended(ctx, lostKey(where))
	b.wake()
	return nil
}

// letIn resumes a conversation that shows to be open to the bot, where the service
// did not say so.
func (b *Bot) letIn(ctx context.Context, where chat.Conversation) {
	reason, err := b.ledger.Suspended(ctx, where)
	if err == nil && reason != "" {
		err = b.back(ctx, where)
	}
	if err != nil {
		b.log.ErrorContext(ctx, "looking whether a conversation is suspended", "where", where.String(), "error", err)
	}
}

// lostKey is the key of the alarm that a conversation is lost; the ledger gives it
// the same where a send finds out.
func lostKey(where chat.Conversation) string { return "gone:" + where.String() }

// greet owes a conversation a greeting, once.
func (b *Bot) greet(ctx context.Context, e chat.Event) error {
	inv := &chat.Invocation{Where: e.Where, Room: e.Room}
	if len(inv.Room) == 0 {
		inv.Room = []string{ownSubject(e.Where)}
	}
	q := b.question(inv)
	card := b.greetingCard(q)
	if !q.reader.Admitted() {
		card = closedCard(q.Invocation)
		card.Tone = chat.Plain
	}
	if err := b.ledger.Post(ctx, e.Where, card, "greeting "+e.Where.String()); err != nil {
		return fmt.Errorf("greeting %v: %w", e.Where, err)
	}
	return nil
}

// keep keeps the calls of an answer to inv under their tickets, once, as far as its
// asker's allowance goes.
func (b *Bot) keep(ctx context.Context, inv chat.Invocation, calls []string) error {
	fresh := b.kept.fresh(calls)
	if len(fresh) == 0 {
		return nil
	}
	fresh, spent := b.allowed.grant(askerOf(inv), fresh, b.now())
	if spent {
		b.log.WarnContext(ctx, "somebody asks for more buttons in a day than are kept; the new ones will be out of date",
			"asker", askerOf(inv), "where", inv.Where.String())
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := b.ledger.KeepCalls(ctx, fresh...); err != nil {
		return fmt.Errorf("keeping calls: %w", err)
	}
	b.kept.add(fresh)
	return nil
}

// A callCache remembers calls that the ledger holds, so that an answer given often
// is not written down as often.
type callCache struct {
	mu    sync.Mutex
	calls map[string]bool
}

// maxCached is how many calls are remembered before all are forgotten.
const maxCached = 10_000

func (c *callCache) fresh(calls []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var fresh []string
	for _, call := range calls {
		if call != "" && !c.calls[call] {
			fresh = append(fresh, call)
		}
	}
	return fresh
}

func (c *callCache) add(calls []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil || len(c.calls) > maxCached {
		c.calls = make(map[string]bool)
	}
	for _, call := range calls {
		c.calls[call] = true
	}
}

// A changeCache remembers when stories last changed, until something changes.
type changeCache struct {
	mu      sync.Mutex
	cleared int // how often it was
	stories map[string]lastChange
}

type lastChange struct {
	at time.Time
	ok bool
}

// get returns what is known of a story. Where that is nothing, remember takes what
// the ledger says, unless something changed while it was asked.
func (c *changeCache) get(story string) (last lastChange, known bool, remember func(lastChange)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, known = c.stories[story]
	cleared := c.cleared
	return last, known, func(last lastChange) { c.put(story, last, cleared) }
}

func (c *changeCache) put(story string, last lastChange, cleared int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cleared != cleared {
		return
	}
	if c.stories == nil {
		c.stories = make(map[string]lastChange)
	}
	c.stories[story] = last
}

func (c *changeCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stories = nil
	c.cleared++
}
