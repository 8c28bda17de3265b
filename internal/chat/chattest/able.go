package chattest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/briefbot/briefbot/internal/chat"
)

// An Act is something done with what an Able posted, or around it.
type Act struct {
	Verb    string // edit, reply, pin, unpin, open
	Where   chat.Conversation
	Message chat.MessageID // edited, answered, pinned or unpinned
	Name    string         // of the thread that was opened
	Card    chat.Card
	Key     string
}

// An Able is a Fake with every ability: it edits, answers, pins and opens threads.
type Able struct {
	*Fake
	// Judge, if set, decides what an act comes to; one with an error is not done.
	// It is set before the Able is used.
	Judge func(Act) error

	mu      sync.Mutex
	acts    []Act
	threads map[string]chat.Conversation // by key
}

// NewAble gives a Fake every ability.
func NewAble(f *Fake) *Able { return &Able{Fake: f, threads: make(map[string]chat.Conversation)} }

// Edit implements chat.Editor.
func (a *Able) Edit(_ context.Context, where chat.Conversation, id chat.MessageID, c chat.Card) error {
	return a.act(Act{Verb: "edit", Where: where, Message: id, Card: c})
}

// Pin implements chat.Pinner.
func (a *Able) Pin(_ context.Context, where chat.Conversation, id chat.MessageID) error {
	return a.act(Act{Verb: "pin", Where: where, Message: id})
}

// Unpin implements chat.Pinner.
func (a *Able) Unpin(_ context.Context, where chat.Conversation, id chat.MessageID) error {
	return a.act(Act{Verb: "unpin", Where: where, Message: id})
}

// Reply implements chat.Replier: it is kept as an act, and posted as Send does.
func (a *Able) Reply(ctx context.Context, to chat.Conversation, original chat.MessageID, c chat.Card, key string) (chat.MessageID, error) {
	if err := a.act(Act{Verb: "reply", Where: to, Message: original, Card: c, Key: key}); err != nil {
		return "", err
	}
	return a.Send(ctx, to, c, key)
}

// OpenThread implements chat.Threader: threads are called t1, t2 and so on.
func (a *Able) OpenThread(_ context.Context, in chat.Conversation, name string, c chat.Card, key string) (chat.Conversation, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if known, ok := a.threads[key]; ok {
		return known, nil
	}
	if err := a.do(Act{Verb: "open", Where: in, Name: name, Card: c, Key: key}); err != nil {
		return chat.Conversation{}, err
	}
	in.Thread = fmt.Sprint("t", len(a.threads)+1)
	a.threads[key] = in
	return in, nil
}

func (a *Able) act(did Act) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.do(did)
}

func (a *Able) do(did Act) error {
	if a.Judge != nil {
		if err := a.Judge(did); err != nil {
			return err
		}
	}
	a.acts = append(a.acts, did)
	return nil
}

// Acts returns what was done, in order.
func (a *Able) Acts() []Act {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.acts)
}
