package digest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/briefbot/briefbot/internal/chat"
)

// A board is a fake platform whose messages can be edited and pinned, and that has
// threads. Each of its scripts, if set, decides what a call comes to; done says that
// it took effect all the same.
type board struct {
	*loom
	edit func(n int, id chat.MessageID) (err error, done bool)
	pin  func(n int, id chat.MessageID) (err error, done bool)

	mu      sync.Mutex
	edited  map[chat.MessageID]string // the title that a message shows since it was edited
	pinned  []chat.MessageID
	edits   int
	pins    int
	history []string
}

func newBoard(name string) *board {
	return &board{loom: newLoom(name), edited: make(map[chat.MessageID]string)}
}

var errDead = &chat.Uncertain{Err: errors.New("dead")}

func (b *board) Edit(_ context.Context, where chat.Conversation, id chat.MessageID, c chat.Card) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dead != nil && b.dead.Load() {
		return errDead
	}
	n := b.edits
	b.edits++
	var err error
	done := true
	if b.edit != nil {
		err, done = b.edit(n, id)
	}
	if done {
		b.edited[id] = c.Title
		b.history = append(b.history, fmt.Sprintf("edit %v %s: %s", where, id, c.Title))
	}
	return err
}

// Reply posts a card whose title says what it answers.
func (b *board) Reply(ctx context.Context, to chat.Conversation, original chat.MessageID, c chat.Card, key string) (chat.MessageID, error) {
	c.Title = fmt.Sprintf("re %s: %s", original, c.Title)
	return b.Send(ctx, to, c, key)
}

func (b *board) Pin(_ context.Context, where chat.Conversation, id chat.MessageID) error {
	return b.pinning(id, true)
}

func (b *board) Unpin(_ context.Context, where chat.Conversation, id chat.MessageID) error {
	return b.pinning(id, false)
}

func (b *board) pinning(id chat.MessageID, on bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dead != nil && b.dead.Load() {
		return errDead
	}
	n := b.pins
	b.pins++
	var err error
	done := true
	if b.pin != nil {
		err, done = b.pin(n, id)
	}
	if done {
		b.pinned = slices.DeleteFunc(b.pinned, func(p chat.MessageID) bool { return p == id })
		if on {
			b.pinned = append(b.pinned, id)
		}
	}
	return err
}

// shows returns what the messages of the board show, in the order in which they
// were posted; those that are pinned are marked with a star.
func (b *board) shows() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fake.mu.Lock()
	defer b.fake.mu.Unlock()
	var all []string
	for n, p := range b.posts {
		if !p.New {
			continue
		}
		id := chat.MessageID(fmt.Sprint("m", n))
		title := p.Card.Title
		if now, ok := b.edited[id]; ok {
			title = now
			if answer, _, ok := strings.Cut(p.Card.Title, ": "); ok && strings.HasPrefix(answer, "re ") {
				title = answer + ": " + now
			}
		}
		mark := ""
		if slices.Contains(b.pinned, id) {
			mark = "*"
		}
		all = append(all, strings.TrimSuffix(p.To.ID+"/"+p.To.Thread, "/")+" "+mark+title)
	}
	return strings.Join(all, "\n")
}

func (b *board) counts() (edits, pins int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.edits, b.pins
}
