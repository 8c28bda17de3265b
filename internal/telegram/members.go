package telegram

import (
	"context"
	"sync"
	"time"
)

// Managers remember for a short while who manages a chat, because asking costs a
// request.
type managers struct {
	mu    sync.Mutex
	known map[manager]verdict
}

type manager struct{ chat, user int64 }

type verdict struct {
	yes   bool
	until time.Time
}

const (
	managerTTL  = time.Minute
	maxManagers = 4096
)

func (m *managers) recall(k manager, now time.Time) (yes, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.known[k]
	return v.yes, ok && now.Before(v.until)
}

func (m *managers) keep(k manager, yes bool, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= maxManagers {
		m.known = map[manager]verdict{}
	}
	m.known[k] = verdict{yes, now.Add(managerTTL)}
}

// forget drops what is remembered of a chat: something changed there.
func (m *managers) forget(chat int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range m.known {
		if k.chat == chat {
			delete(m.known, k)
		}
	}
}

// writerManages says whether the one who wrote a message manages its chat: whoever
// posts in a channel does, and so do administrators who write in the name of the
// group, or of the channel that the group belongs to.
func (t *Telegram) writerManages(ctx context.Context, m *message) (bool, error) {
	switch {
	case m.Chat.Type == channel, m.Chat.Type == private:
		return true, nil
	case m.SenderChat != nil && m.SenderChat.ID == m.Chat.ID:
		return true, nil
	case m.SenderChat != nil:
		return t.linked(ctx, m.Chat.ID, m.SenderChat.ID)
	case m.From == nil:
		return false, nil
	}
	return t.manages(ctx, &m.Chat, m.From.ID)
}

// manages says whether a person administers a chat.
func (t *Telegram) manages(ctx context.Context, c *room, person int64) (bool, error) {
	if c.Type == private {
		return true, nil
	}
	return t.remembered(manager{c.ID, person}, func() (bool, error) {
		m, err := t.member(ctx, c.ID, person)
		if f := faultOf(err); f != nil && f.has("user not found", "participant_id_invalid", "member not found") {
			return false, nil
		}
		return m.Status == "creator" || m.Status == "administrator", err
	})
}

// member asks what somebody is in a chat.
func (t *Telegram) member(ctx context.Context, chat, user int64) (membership, error) {
	var m membership
	err := t.client.call(ctx, "getChatMember", map[string]string{"chat_id": decimal(chat), "user_id": decimal(user)}, &m)
	return m, err
}

// linked says whether a channel is the one a group belongs to: only who may post
// there can write in its name.
func (t *Telegram) linked(ctx context.Context, group, channel int64) (bool, error) {
	return t.remembered(manager{group, channel}, func() (bool, error) {
		var r room
		err := t.client.call(ctx, "getChat", map[string]string{"chat_id": decimal(group)}, &r)
		return r.Linked == channel && channel != 0, err
	})
}

func (t *Telegram) remembered(k manager, ask func() (bool, error)) (bool, error) {
	if yes, ok := t.admins.recall(k, time.Now()); ok {
		return yes, nil
	}
	yes, err := ask()
	if err != nil {
		return false, err
	}
	t.admins.keep(k, yes, time.Now())
	return yes, nil
}
