package telegram

import (
	"context"
	"errors"
	"hash/fnv"
	"net/url"
	"strconv"
	"sync"

	"github.com/briefbot/briefbot/internal/chat"
)

var (
	_ chat.Editor   = (*Telegram)(nil)
	_ chat.Replier  = (*Telegram)(nil)
	_ chat.Pinner   = (*Telegram)(nil)
	_ chat.Threader = (*Telegram)(nil)
	_ chat.Linker   = (*Telegram)(nil)
)

// What cannot be done whatever the service says.
var (
	errNoMessage = &chat.Fixed{Err: errors.New("this names no message there: one from before a group became a supergroup cannot be changed")}
	errNested    = &chat.Fixed{Err: errors.New("a topic holds no topics")}
)

// Edit has the messages of a card show another one. A card of several messages keeps
// their number: what does not fit into them is left out as [chat.Fit] does, and where
// there is less to say than before, the ones in the middle are left with an ellipsis.
func (t *Telegram) Edit(ctx context.Context, where chat.Conversation, id chat.MessageID, c chat.Card) error {
	p, bot, err := t.find(ctx, where, id)
	if err != nil {
		return err
	}
	bodies := fillBodies(c, bot, len(p.ids))
	name, begun := where.String()+" "+string(id), fingerprint(bodies)
	var fixed error
	for i := t.edits.reached(name, begun); i < len(bodies); i++ {
		err := t.edit(ctx, where, p.ids[i], bodies[i], false)
		var cannot *chat.Fixed
		switch {
		case errors.As(err, &cannot):
			fixed = err // the others may still be brought up to date
		case err != nil:
			return err
		}
		if fixed == nil {
			t.edits.reach(name, begun, i+1)
		}
	}
	t.edits.forget(name)
	return fixed
}

// find returns the messages that an id names in a conversation, and the bot's name
// where buttons need it.
func (t *Telegram) find(ctx context.Context, where chat.Conversation, id chat.MessageID) (posted, string, error) {
	if _, err := chatID(where); err != nil {
		return posted{}, "", &chat.Gone{Err: err}
	}
	p := readPosted(id)
	if !p.in(where) {
		return posted{}, "", errNoMessage
	}
	bot, err := t.linkName(ctx, where)
	return p, bot, err
}

// Reply posts a card as an answer to the first message of another.
func (t *Telegram) Reply(ctx context.Context, to chat.Conversation, original chat.MessageID, c chat.Card, key string) (chat.MessageID, error) {
	w := way{}
	if p := readPosted(original); p.in(to) {
		w.reply = p.ids[0]
	}
	return t.send(ctx, to, c, key, w)
}

// Pin keeps the first message of a card at the top.
func (t *Telegram) Pin(ctx context.Context, where chat.Conversation, id chat.MessageID) error {
	return t.pinning(ctx, where, id, toPin, "pinChatMessage", map[string]string{"disable_notification": "true"})
}

// Unpin undoes [Telegram.Pin].
func (t *Telegram) Unpin(ctx context.Context, where chat.Conversation, id chat.MessageID) error {
	return t.pinning(ctx, where, id, toUnpin, "unpinChatMessage", map[string]string{})
}

func (t *Telegram) pinning(ctx context.Context, where chat.Conversation, id chat.MessageID, v verb, method string, p map[string]string) error {
	if _, err := chatID(where); err != nil {
		return &chat.Gone{Err: err}
	}
	at := readPosted(id)
	if !at.in(where) {
		return errNoMessage
	}
	p["chat_id"], p["message_id"] = where.ID, strconv.Itoa(at.ids[0])
	return t.ask(ctx, where, request{verb: v, method: method, params: p}, nil)
}

// maxTopic is how long a topic's name may be (https://core.telegram.org/bots/api#createforumtopic).
const maxTopic = 128

// OpenThread opens a topic in a forum where the bot may manage topics. The service
// knows no keys: a topic whose opening went unanswered is opened again, and one whose
// first message failed is remembered until the process ends.
func (t *Telegram) OpenThread(ctx context.Context, in chat.Conversation, name string, c chat.Card, key string) (chat.Conversation, error) {
	switch _, err := chatID(in); {
	case err != nil:
		return chat.Conversation{}, &chat.Gone{Err: err}
	case in.Thread != "":
		return chat.Conversation{}, errNested
	}
	opened := in.String() + " " + key
	thread, err := t.topic(ctx, in, opened, name)
	if err != nil {
		return chat.Conversation{}, err
	}
	in.Thread = strconv.Itoa(thread)
	if size(c) > 0 || len(c.Actions) > 0 {
		_, err = t.Send(ctx, in, c, key)
	}
	var refused *chat.Refused
	var uncertain *chat.Uncertain
	if errors.As(err, &refused) || errors.As(err, &uncertain) {
		// The topic is there, and its name says what it is about.
		t.log.Warn("the first message of a topic may be missing", "topic", in.String(), "error", err)
		err = nil
	}
	if err != nil {
		return chat.Conversation{}, err
	}
	t.topics.forget(opened)
	return in, nil
}

// topic returns the topic that was opened under a name of ours, or opens it.
func (t *Telegram) topic(ctx context.Context, in chat.Conversation, opened, name string) (int, error) {
	if thread := t.topics.reached(opened, 0); thread != 0 {
		return thread, nil
	}
	name = chat.Shorten(oneLine(name), func(s string) bool { return units(s) <= maxTopic })
	if name == "" {
		name = "…"
	}
	var made struct {
		Thread int `json:"message_thread_id"`
	}
	r := request{verb: toOpen, method: "createForumTopic", params: map[string]string{"chat_id": in.ID, "name": name}}
	if err := t.ask(ctx, in, r, &made); err != nil {
		return 0, err
	}
	if made.Thread == 0 {
		return 0, &chat.Uncertain{Err: errors.New("telegram createForumTopic: the answer names no topic")}
	}
	t.topics.reach(opened, 0, made.Thread)
	return made.Thread, nil
}

// MessageURL returns the address of a card's first message. Supergroups and channels
// have addresses; those of public ones can be read by anybody, where the name is
// known by then.
func (t *Telegram) MessageURL(_ context.Context, where chat.Conversation, id chat.MessageID) string {
	chatID, err := chatID(where)
	p := readPosted(id)
	if err != nil || chatID >= firstSuper || !p.in(where) {
		return ""
	}
	path := "c/" + decimal(firstSuper-chatID)
	if name := t.names.of(chatID); name != "" {
		path = url.PathEscape(name)
	}
	if where.Thread != "" {
		path += "/" + where.Thread
	}
	return "https://t.me/" + path + "/" + strconv.Itoa(p.ids[0])
}

// names are the public names of chats that were seen.
type names struct {
	mu     sync.Mutex
	byChat map[int64]string
}

// maxNames bounds them.
const maxNames = 4096

// note keeps the name that a chat has now; empty: none.
func (n *names) note(chat int64, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if name == "" {
		delete(n.byChat, chat)
		return
	}
	if n.byChat == nil || len(n.byChat) >= maxNames {
		n.byChat = map[int64]string{}
	}
	n.byChat[chat] = name
}

func (n *names) of(chat int64) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.byChat[chat]
}

// fingerprint tells bodies apart.
func fingerprint(bodies []body) uint64 {
	h := fnv.New64a()
	h.Write([]byte(asJSON(bodies)))
	return h.Sum64()
}

// A progress remembers how far things of several requests got, so that a repetition
// goes on there. Memory is enough: they may be done again.
type progress struct {
	mu    sync.Mutex
	known map[string]reached
}

type reached struct {
	what uint64
	n    int
}

// reached returns what was noted last under a name, if that was of the same thing.
func (p *progress) reached(name string, what uint64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.known[name]; r.what == what {
		return r.n
	}
	delete(p.known, name)
	return 0
}

func (p *progress) reach(name string, what uint64, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || len(p.known) >= maxParts {
		p.known = map[string]reached{}
	}
	p.known[name] = reached{what, n}
}

func (p *progress) forget(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, name)
}
