package chattest

import (
	"context"
	"slices"
	"sync"

	"github.com/briefbot/briefbot/internal/chat"
)

// A Host answers with a set of commands and records what a platform asks of it. It
// keeps nothing beyond its life. All methods are safe for use by many at once.
type Host struct {
	set *chat.Set

	mu          sync.Mutex
	invocations []chat.Invocation
	events      []chat.Event
	alarms      map[string]string
	kept        map[string]string // calls by short name
	seen        map[string]bool
	offsets     map[string]string
	owned       map[string]bool
}

// NewHost returns a host with these commands. Rules may be zero: Recall then knows
// the calls of every card that the host answered with or was told to [Host.Keep].
func NewHost(commands []chat.Command, rules chat.Rules) (*Host, error) {
	h := &Host{
		alarms: map[string]string{}, kept: map[string]string{}, seen: map[string]bool{},
		offsets: map[string]string{}, owned: map[string]bool{},
	}
	if rules.Recall == nil {
		rules.Recall = h.recall
	}
	set, err := chat.NewSet(commands, rules)
	if err != nil {
		return nil, err
	}
	h.set = set
	return h, nil
}

func (h *Host) recall(_ context.Context, name string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if call, ok := h.kept[name]; ok {
		return call, nil
	}
	return "", chat.ErrNoCall
}

// Keep remembers the calls of a card under their short names, as the bot does
// before it has a digest posted.
func (h *Host) Keep(c chat.Card) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, call := range c.Calls() {
		h.kept["~"+chat.Ticket(call)] = call
	}
}

// Own marks a message as posted by Send.
func (h *Host) Own(where chat.Conversation, id chat.MessageID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.owned[where.String()+" "+string(id)] = true
}

// Commands implements chat.Host.
func (h *Host) Commands() []chat.Command { return h.set.Commands() }

// Run implements chat.Host. The invocation is recorded as it came.
func (h *Host) Run(ctx context.Context, inv chat.Invocation) chat.Reply {
	h.mu.Lock()
	h.invocations = append(h.invocations, inv)
	h.mu.Unlock()
	reply := h.set.Run(ctx, inv)
	h.Keep(reply.Card)
	if reply.Call != "" {
		h.mu.Lock()
		h.kept["~"+chat.Ticket(reply.Call)] = reply.Call
		h.mu.Unlock()
	}
	return reply
}

// Complete implements chat.Host.
func (h *Host) Complete(ctx context.Context, inv chat.Invocation, option, typed string) []chat.Choice {
	return h.set.Complete(ctx, inv, option, typed)
}

// CompleteLine implements chat.Host.
func (h *Host) CompleteLine(ctx context.Context, inv chat.Invocation, line string) []chat.Choice {
	return h.set.CompleteLine(ctx, inv, line)
}

// Owns implements chat.Host.
func (h *Host) Owns(_ context.Context, where chat.Conversation, id chat.MessageID) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.owned[where.String()+" "+string(id)], nil
}

// Lifecycle implements chat.Host.
func (h *Host) Lifecycle(_ context.Context, e chat.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
	return nil
}

// Seen implements chat.Host.
func (h *Host) Seen(_ context.Context, platform, event string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := platform + " " + event
	seen := h.seen[key]
	h.seen[key] = true
	return seen, nil
}

// Offset implements chat.Host.
func (h *Host) Offset(_ context.Context, platform string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.offsets[platform], nil
}

// SetOffset implements chat.Host.
func (h *Host) SetOffset(_ context.Context, platform, offset string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offsets[platform] = offset
	return nil
}

// Alarm implements chat.Host. Of equal keys the first message stays.
func (h *Host) Alarm(_ context.Context, key, message string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, told := h.alarms[key]; !told {
		h.alarms[key] = message
	}
}

// Invocations returns what was asked so far, oldest first.
func (h *Host) Invocations() []chat.Invocation {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.invocations)
}

// Events returns what was reported of conversations so far, oldest first.
func (h *Host) Events() []chat.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}

// Alarms returns the messages of all alarms by their keys.
func (h *Host) Alarms() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	alarms := make(map[string]string, len(h.alarms))
	for key, message := range h.alarms {
		alarms[key] = message
	}
	return alarms
}
