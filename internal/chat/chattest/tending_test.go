package chattest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
)

// Delete lets a message be gone.
func (m *model) Delete(where chat.Conversation, gone Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.messages[where] = slices.DeleteFunc(m.messages[where], func(other *modelMessage) bool { return other.ID == gone.ID })
}

func (m *model) Threaded() []chat.Conversation { return []chat.Conversation{m.places[1].Where} }

func (m *model) Hinder(_ chat.Conversation, a Action, o Outcome) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hindered[a] = o
	return true
}

// act begins an action; the caller holds the lock. One that is uncertain is done.
func (m *model) act(ctx context.Context, a Action) (err error, done bool) {
	if ctx.Err() != nil && !m.tendsCancelled {
		return &chat.Later{Err: ctx.Err()}, false
	}
	o := m.hindered[a]
	delete(m.hindered, a)
	return m.outcome(o), o == "" || o == Uncertain
}

// message finds a message; the caller holds the lock.
func (m *model) message(where chat.Conversation, id chat.MessageID) *modelMessage {
	for _, message := range m.messages[where] {
		if message.ID == string(id) {
			return message
		}
	}
	return nil
}

var errNoMessage = &chat.Fixed{Err: errors.New("no such message")}

func (m *model) Edit(ctx context.Context, where chat.Conversation, id chat.MessageID, c chat.Card) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err, done := m.act(ctx, Editing)
	message := m.message(where, id)
	switch {
	case !done:
		return err
	case message == nil && m.editsGone:
		return nil
	case message == nil:
		return errNoMessage
	case m.editsAnew:
		m.add(where, c, false, true)
		return err
	}
	before := message.Text
	message.show(c)
	message.Edited, message.Pings = true, m.pings
	if m.keepsOld {
		message.Text += before
	}
	return err
}

func (m *model) Reply(ctx context.Context, to chat.Conversation, original chat.MessageID, c chat.Card, key string) (chat.MessageID, error) {
	id, err := m.Send(ctx, to, c, key)
	m.mu.Lock()
	defer m.mu.Unlock()
	if message := m.message(to, id); message != nil && !m.losesReference && (m.repliesToAny || m.message(to, original) != nil) {
		message.Answers = string(original) + map[bool]string{true: "?"}[m.repliesToAny]
	}
	return id, err
}

func (m *model) Pin(ctx context.Context, where chat.Conversation, id chat.MessageID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err, done := m.act(ctx, Pinning)
	message := m.message(where, id)
	switch {
	case !done:
		return err
	case message == nil:
		return errNoMessage
	}
	message.Pinned = true
	if m.noticesPins {
		m.add(where, chat.Card{Title: "A message was pinned"}, false, true)
	}
	return err
}

func (m *model) Unpin(_ context.Context, where chat.Conversation, id chat.MessageID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, message := range m.messages[where] {
		if message.ID == string(id) || m.unpinsAll {
			message.Pinned = false
		}
	}
	return nil
}

func (m *model) OpenThread(ctx context.Context, in chat.Conversation, name string, c chat.Card, key string) (chat.Conversation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if in.Thread != "" && !m.nests {
		return chat.Conversation{}, &chat.Fixed{Err: errors.New("a thread holds no threads")}
	}
	err, done := m.act(ctx, Opening)
	if known, ok := m.threads[in.String()+key]; ok && !m.forgetsKey {
		return known, err
	}
	if !done {
		return chat.Conversation{}, err
	}
	in.Thread = fmt.Sprint("t", len(m.threads))
	if m.oneThread {
		in.Thread = ""
	}
	m.threads[chat.Conversation{Platform: in.Platform, ID: in.ID}.String()+key] = in
	if !m.losesBeginning {
		m.add(in, c, false, true)
	}
	return in, err
}

func (m *model) MessageURL(_ context.Context, where chat.Conversation, id chat.MessageID) string {
	if strings.Contains(string(id), " ") {
		return ""
	}
	if m.oddAddress {
		return "model://" + string(id)
	}
	return "https://model.example/" + where.ID + "/" + string(id)
}
