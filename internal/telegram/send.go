package telegram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// workers is how many sends may be in flight. Throughput is no reason for more.
const workers = 32

// digestRate is what digests may use of the 30 messages a second, so that answers
// never wait behind them.
const digestRate = 28

// Pace leaves room for answers below the vendor's limits: over all, and in each
// chat.
func (t *Telegram) Pace(to chat.Conversation) chat.Pace {
	p := chat.Pace{PerSecond: digestRate * float64(t.tempo), Burst: 1, Each: chatEach, Workers: workers}
	if id, err := chatID(to); err == nil && id < 0 {
		p.Burst, p.Each = 3, groupEach
	}
	return p
}

// chatID is the vendor's id of a conversation.
func chatID(c chat.Conversation) (int64, error) {
	id, err := strconv.ParseInt(c.ID, 10, 64)
	if c.Platform != platformName || err != nil || id == 0 {
		return 0, fmt.Errorf("%v is no Telegram chat: write telegram: and its number, which is negative for a group or channel", c)
	}
	if _, err := strconv.Atoi(c.Thread); c.Thread != "" && err != nil {
		return 0, fmt.Errorf("%v is no Telegram topic: a topic is a number", c)
	}
	return id, nil
}

// Send posts a card. A long one becomes several messages. In groups and channels the
// buttons are links into the private chat with the bot. Telegram cannot tell equal
// keys apart: a key only lets a card of several messages go on where it stopped.
func (t *Telegram) Send(ctx context.Context, to chat.Conversation, c chat.Card, key string) (chat.MessageID, error) {
	return t.send(ctx, to, c, key, way{})
}

// send posts a card, its first message as w says.
func (t *Telegram) send(ctx context.Context, to chat.Conversation, c chat.Card, key string, w way) (chat.MessageID, error) {
	if _, err := chatID(to); err != nil {
		return "", &chat.Gone{Err: err}
	}
	bot, err := t.linkName(ctx, to)
	if err != nil {
		return "", err
	}
	bodies := postBodies(c, bot)
	part := to.String() + " " + key
	ids := t.parts.posted(part)
	for i := len(ids); i < len(bodies); i++ {
		if i > 0 {
			w.reply = 0
		}
		m, err := t.post(ctx, to, bodies[i], w)
		if err != nil {
			return "", err
		}
		ids = append(ids, m.ID)
		if i+1 < len(bodies) {
			t.parts.add(part, m.ID)
		}
	}
	t.parts.done(part)
	return chat.MessageID(postedTo(to, ids).String()), nil
}

// linkName is the bot's name where buttons have to be links to it, which is wherever
// several people read, and empty elsewhere.
func (t *Telegram) linkName(ctx context.Context, to chat.Conversation) (string, error) {
	if id, err := chatID(to); err != nil || id > 0 {
		return "", nil
	}
	me, err := t.whoami(ctx)
	if err != nil {
		return "", &chat.Later{After: askAgain, Everyone: true, Err: err}
	}
	return me.Username, nil
}

// way is how a message goes out.
type way struct {
	reply  int  // the message it answers; zero: none
	answer bool // someone is waiting: it passes before what nobody asked for
}

// sendPatience is how long Send waits for its turn before it gives the worker back.
const sendPatience = 5 * time.Second

var errHeld = errors.New("held back to stay below the service's limits")

// post sends one message. Its error is an outcome.
func (t *Telegram) post(ctx context.Context, to chat.Conversation, b body, w way) (*message, error) {
	p := b.params()
	p["chat_id"] = to.ID
	if to.Thread != "" {
		p["message_thread_id"] = to.Thread
	}
	if w.reply != 0 {
		p["reply_parameters"] = asJSON(replyTo{Message: w.reply, Anyway: true})
	}
	var m message
	err := t.ask(ctx, to, request{verb: toPost, method: "sendMessage", params: p, answer: w.answer}, &m)
	if f := faultOf(err); w.reply != 0 && f != nil && f.has(noReply...) {
		w.reply = 0
		return t.post(ctx, to, b, w)
	}
	if err == nil && m.ID == 0 {
		err = &chat.Uncertain{Err: errors.New("telegram sendMessage: the answer names no message")}
	}
	return &m, err
}

// edit replaces a message. Its error is an outcome.
func (t *Telegram) edit(ctx context.Context, to chat.Conversation, id int, b body, answer bool) error {
	p := b.params()
	p["chat_id"] = to.ID
	p["message_id"] = strconv.Itoa(id)
	return t.ask(ctx, to, request{verb: toEdit, method: "editMessageText", params: p, answer: answer}, nil)
}

// A request is one that counts against the limits.
type request struct {
	verb   verb
	method string
	params map[string]string
	answer bool // as of way
}

// ask waits for its turn and makes one request. Its error is an outcome; a refusal for haste is heeded by all that follows.
func (t *Telegram) ask(ctx context.Context, to chat.Conversation, r request, result any) error {
	id, err := chatID(to)
	if err != nil {
		return &chat.Gone{Err: err}
	}
	patience := sendPatience
	if r.answer {
		patience = answerPatience
	}
	wait, err := t.gate.pass(ctx, id, r.answer, patience)
	if err != nil {
		return &chat.Later{Err: err}
	}
	if wait > 0 {
		return &chat.Later{After: wait, Everyone: t.gate.everyone(), Err: errHeld}
	}
	leave, err := t.gate.enter(ctx, id, r.answer)
	if err != nil {
		return &chat.Later{Err: err}
	}
	f := faultOf(t.client.call(ctx, r.method, r.params, result))
	leave()
	if f == nil {
		return nil
	}
	out := f.outcome(r.verb, to)
	var later *chat.Later
	if f.status == http.StatusTooManyRequests && errors.As(out, &later) {
		// What stands between knows no chats: its refusal is the bot's address's.
		later.Everyone = t.gate.pause(id, later.After, !f.service)
	}
	return out
}

// parts remember how far cards of several messages got, so that a repeated Send
// goes on there. Memory is enough: after a crash the card begins anew.
type parts struct {
	mu    sync.Mutex
	byKey map[string][]int
}

// maxParts bounds the cards that are half posted at once.
const maxParts = 1024

// posted are the messages of a card that are out.
func (p *parts) posted(key string) []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.byKey[key])
}

func (p *parts) add(key string, id int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey == nil || len(p.byKey) >= maxParts && p.byKey[key] == nil {
		p.byKey = map[string][]int{}
	}
	p.byKey[key] = append(p.byKey[key], id)
}

func (p *parts) done(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.byKey, key)
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
