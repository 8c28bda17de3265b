package chattest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A witness is a [chat.Host] that answers with a set of commands and records what a
// platform asks of it. It keeps nothing beyond its life. All methods are safe for
// use by many at once.
type witness struct {
	set *chat.Set

	mu          sync.Mutex
	invocations []chat.Invocation
	kept        map[string]string // calls by short name
	seen        map[string]bool
	offsets     map[string]string
	notes       map[string]string
	owned       map[string]bool
	told        []told // by forms

	// shut says that nobody is admitted any more who sends a form.
	shut atomic.Bool
}

// newWitness returns a witness with these commands and those of the forms. Rules may be zero: Recall then
// knows the calls of every card that it answered with or was told to [witness.Keep].
func newWitness(commands []chat.Command, rules chat.Rules) (*witness, error) {
	h := &witness{
		kept: map[string]string{}, seen: map[string]bool{},
		offsets: map[string]string{}, notes: map[string]string{}, owned: map[string]bool{},
	}
	if rules.Recall == nil {
		rules.Recall = h.recall
	}
	rules.Admit = func(inv *chat.Invocation) error {
		if h.shut.Load() && inv.Filled != nil {
			return chat.ErrNotOperator
		}
		return nil
	}
	set, err := chat.NewSet(append(commands, formCommands(h.tell)...), rules)
	if err != nil {
		return nil, err
	}
	h.set = set
	return h, nil
}

func (h *witness) recall(_ context.Context, name string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if call, ok := h.kept[name]; ok {
		return call, nil
	}
	return "", chat.ErrNoCall
}

// Keep remembers the calls of a card under their short names, as the bot does
// before it has a digest posted.
func (h *witness) Keep(c chat.Card) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, call := range c.Calls() {
		h.kept["~"+chat.Ticket(call)] = call
	}
}

// Own marks a message as posted by Send.
func (h *witness) Own(where chat.Conversation, id chat.MessageID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.owned[where.String()+" "+string(id)] = true
}

// Commands implements chat.Host.
func (h *witness) Commands() []chat.Command { return h.set.Commands() }

// Run implements chat.Host. The invocation is recorded as it came.
func (h *witness) Run(ctx context.Context, inv chat.Invocation) chat.Reply {
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
func (h *witness) Complete(ctx context.Context, inv chat.Invocation, option, typed string) []chat.Choice {
	return h.set.Complete(ctx, inv, option, typed)
}

// CompleteLine implements chat.Host.
func (h *witness) CompleteLine(ctx context.Context, inv chat.Invocation, line string) []chat.Choice {
	return h.set.CompleteLine(ctx, inv, line)
}

// Owns implements chat.Host.
func (h *witness) Owns(_ context.Context, where chat.Conversation, id chat.MessageID) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.owned[where.String()+" "+string(id)], nil
}

// Lifecycle implements chat.Host. The suite moves nothing.
func (*witness) Lifecycle(context.Context, chat.Event) error { return nil }

// Seen implements chat.Host.
func (h *witness) Seen(_ context.Context, platform, event string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := platform + " " + event
	seen := h.seen[key]
	h.seen[key] = true
	return seen, nil
}

// Offset implements chat.Host.
func (h *witness) Offset(_ context.Context, platform string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.offsets[platform], nil
}

// SetOffset implements chat.Host.
func (h *witness) SetOffset(_ context.Context, platform, offset string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offsets[platform] = offset
	return nil
}

// Note implements chat.Host. Nothing lives long enough for its time to be over.
func (h *witness) Note(_ context.Context, key string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.notes[key], nil
}

// SetNote implements chat.Host.
func (h *witness) SetNote(_ context.Context, key, value string, _ time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes[key] = value
	return nil
}

// Alarm implements chat.Host. Nothing that the suite does need alarm anybody, and
// some of it may.
func (*witness) Alarm(context.Context, string, string) {}

// Told returns what forms were sent with so far, oldest first.
func (h *witness) Told() []told {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.told)
}

// tell notes what a form was sent with.
func (h *witness) tell(t told) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, t)
}

// Invocations returns what was asked so far, oldest first.
func (h *witness) Invocations() []chat.Invocation {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.invocations)
}
