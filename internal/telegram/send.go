package telegram

import (
	"context"
	"errors"
	"fmt"
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

// Send posts a card. A long one becomes several messages; the id is the last one's,
// which has the buttons. In groups and channels the buttons are links into the
// private chat with the bot. Telegram cannot tell equal keys apart: a key only lets
// a card of several messages go on where it stopped.
func (t *Telegram) Send(ctx context.Context, to chat.Conversation, c chat.Card, key string) (chat.MessageID, error) {
	id, err := chatID(to)
	if err != nil {
		return "", &chat.Gone{Err: err}
	}
	bot := ""
	if id < 0 {
		me, err := t.whoami(ctx)
		if err != nil {
			return "", &chat.Later{After: askAgain, Everyone: true, Err: err}
		}
		bot = me.Username
	}
	bodies := postBodies(c, bot)
	part := to.String() + " " + key
	last := 0
	for i := t.parts.posted(part, &last); i < len(bodies); i++ {
		m, err := t.post(ctx, to, bodies[i], way{})
		if err != nil {
			return "", err
		}
		last = m.ID
		if i+1 < len(bodies) {
			t.parts.add(part, last)
		}
	}
	t.parts.done(part)
	return chat.MessageID(strconv.Itoa(last)), nil
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
	err := t.ask(ctx, to, w.answer, "sendMessage", p, &m)
	if err == nil && m.ID == 0 {
		err = &chat.Uncertain{Err: errors.New("telegram sendMessage: the answer names no message")}
	}
	return &m, err
}

// edit replaces a message. Its error is an outcome.
func (t *Telegram) edit(ctx context.Context, to chat.Conversation, id int, b body) error {
	p := b.params()
	p["chat_id"] = to.ID
	p["message_id"] = strconv.Itoa(id)
	return t.ask(ctx, to, true, "editMessageText", p, nil)
}

// ask waits for its turn and makes one request that counts against the limits. Its
// error is an outcome; a refusal for haste is heeded by all that follows.
func (t *Telegram) ask(ctx context.Context, to chat.Conversation, answer bool, method string, p map[string]string, result any) error {
	id, err := chatID(to)
	if err != nil {
		return &chat.Gone{Err: err}
	}
	patience := sendPatience
	if answer {
		patience = answerPatience
	}
	wait, err := t.gate.pass(ctx, id, answer, patience)
	if err != nil {
		return &chat.Later{Err: err}
	}
	if wait > 0 {
		return &chat.Later{After: wait, Everyone: t.gate.everyone(), Err: errHeld}
	}
	leave, err := t.gate.enter(ctx, id, answer)
	if err != nil {
		return &chat.Later{Err: err}
	}
	f := faultOf(t.client.call(ctx, method, p, result))
	leave()
	if f == nil {
		return nil
	}
	out := f.outcome(to)
	var later *chat.Later
	if f.status == 429 && errors.As(out, &later) {
		later.Everyone = t.gate.pause(id, later.After)
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

// posted is how many messages of a card are out, and puts the last one's id into
// last.
func (p *parts) posted(key string, last *int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids := p.byKey[key]
	if len(ids) > 0 {
		*last = ids[len(ids)-1]
	}
	return len(ids)
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
