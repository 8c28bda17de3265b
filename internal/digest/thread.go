package digest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

const (
	// threadAgain is after how long a thread is tried again where none could be
	// opened.
	threadAgain = 24 * time.Hour
	// threadLasts is how long a thread that was opened must have lasted for another
	// to take its place: where they vanish at once, none is opened for a while.
	threadLasts = time.Hour
	// threadPause is how long a digest waits whose thread may have been opened or
	// not: the platform was not heard of.
	threadPause = 30 * time.Second
)

// A thread is where the digests about a story go in a conversation.
type thread struct {
	where  chat.Conversation // zero: in none
	opened int64             // how often one was
	at     time.Time         // when that was last tried; zero: never, or it is to be tried
}

const (
	sqlThread    = `SELECT thread, opened, at FROM threads WHERE conversation = $1 AND story = $2`
	sqlSetThread = `INSERT INTO threads (conversation, story, thread, opened, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (conversation, story) DO UPDATE SET thread = excluded.thread, opened = excluded.opened, at = excluded.at`
	sqlForgetThreads = `DELETE FROM threads WHERE conversation = $1`
)

// thread returns what is known of a story's thread in a conversation.
func (l *Ledger) thread(ctx context.Context, in chat.Conversation, story string) (t thread, err error) {
	var name string
	var at int64
	err = l.read.QueryRowContext(ctx, sqlThread, in.String(), story).Scan(&name, &t.opened, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return thread{}, nil
	}
	if err == nil && name != "" {
		t.where, err = chat.ParseConversation(name)
	}
	if err != nil {
		return t, fmt.Errorf("reading the thread of %s in %v: %w", story, in, l.explain(err))
	}
	t.at = moment(at)
	return t, nil
}

func setThread(ctx context.Context, tx *transaction, in chat.Conversation, story string, t thread) error {
	name := ""
	if t.where.ID != "" {
		name = t.where.String()
	}
	_, err := tx.ExecContext(ctx, sqlSetThread, in.String(), story, name, t.opened, millis(t.at))
	return err
}

// settleIn says where v is to be posted: in its story's thread, which is opened if
// there is none, or in the conversation itself. Unless it is ready, something was
// tried that took v's turn, and v is to be looked at again.
func (e *engine) settleIn(ctx context.Context, v *delivery, sub Subscription) (ready bool, err error) {
	if !v.posts() || v.verb == replies && v.message != "" {
		return true, nil // it is where its target is
	}
	v.place = chat.Conversation{}
	if v.story == "" {
		return true, nil
	}
	t, err := e.ledger.thread(ctx, v.where, v.story)
	if err != nil {
		return false, err
	}
	now := e.now()
	past := now.Sub(t.at)
	switch threader, able := e.platform.(chat.Threader); {
	case t.where.ID != "":
		v.place, v.opened = t.where, t
		return true, nil
	case !able, !t.at.IsZero() && past >= 0 && past < threadAgain:
		return true, nil
	default:
		return false, e.openThread(ctx, threader, v, sub, t, now)
	}
}

// openThread opens a thread for v's story and writes down what came of it.
func (e *engine) openThread(ctx context.Context, threader chat.Threader, v *delivery, sub Subscription, t thread, now time.Time) error {
	card, err := e.opening(ctx, v, sub)
	if err != nil {
		return err
	}
	if err := e.journal.do(ctx, "thread", func(tx *transaction) error {
		_, err := storeCard(ctx, tx, card, now) // for the calls of its buttons
		return err
	}); err != nil {
		return err
	}
	key := e.ledger.keyOf("thread", v.where.String(), v.story, strconv.FormatInt(t.opened, 10))
	e.pace.took(v.where)
	opened, outcome := e.begin(threader, v.where, card, key)
	var fixed *chat.Fixed
	var refused *chat.Refused
	switch {
	case outcome == nil:
		return e.keepThread(ctx, v, thread{where: opened, opened: t.opened + 1, at: e.now()}, "")
	case errors.As(outcome, &fixed), errors.As(outcome, &refused):
		return e.keepThread(ctx, v, thread{opened: t.opened, at: e.now()}, fmt.Sprintf(
			"No thread could be opened in %v; digests are posted in the conversation itself, and it is tried again a day later. %v", v.where, outcome))
	}
	return e.settle(ctx, v, "", notPosted(outcome))
}

// opening returns the card at the beginning of a story's thread.
func (e *engine) opening(ctx context.Context, v *delivery, sub Subscription) (chat.Card, error) {
	d := Digest{
		Form: Opening, Story: v.story, From: v.planned, To: v.planned, Zone: sub.zone(),
		Sub: Subscription{Stories: sub.Stories, Schedule: sub.Schedule, Timezone: sub.Timezone, Importance: sub.Importance},
	}
	cards, err := e.planner.compose(ctx, d)
	if err != nil {
		return chat.Card{}, fmt.Errorf("composing the beginning of a thread: %w", err)
	}
	if len(cards) == 0 {
		return chat.Card{Title: v.story}, nil
	}
	return cards[0], nil
}

// begin calls the platform.
func (e *engine) begin(threader chat.Threader, in chat.Conversation, c chat.Card, key string) (opened chat.Conversation, err error) {
	ctx, cancel := context.WithTimeout(e.flight, sendTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = &chat.Uncertain{Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	opened, err = threader.OpenThread(ctx, in, c.Title, c, key)
	if err == nil && opened.ID == "" {
		err = &chat.Fixed{Err: errors.New("the platform named no thread")}
	}
	return opened, err
}

// notPosted is an outcome for a delivery whose thread came to another: it was not
// posted itself, so that nothing is uncertain about it.
func notPosted(outcome error) error {
	var later *chat.Later
	var moved *chat.MovedTo
	var gone *chat.Gone
	if errors.As(outcome, &later) || errors.As(outcome, &moved) || errors.As(outcome, &gone) {
		return outcome
	}
	return &chat.Later{After: threadPause, Err: outcome}
}

func threadKey(where chat.Conversation) string { return "thread:" + where.String() }

// keepThread writes down where a story's digests go from now on, for as long as it
// takes, and what the operators are to be told.
func (e *engine) keepThread(ctx context.Context, v *delivery, t thread, alarm string) error {
	for {
		err := e.journal.do(context.WithoutCancel(ctx), "thread", func(tx *transaction) error {
			if err := setThread(ctx, tx, v.where, v.story, t); err != nil || t.where.ID == "" {
				return err
			}
			_, err := tx.ExecContext(ctx, sqlClearAlarm, threadKey(v.where))
			return err
		})
		if err == nil {
			break
		}
		if ctx.Err() != nil || wait(e.flight, settleRetry) != nil {
			return err
		}
	}
	if alarm != "" {
		e.alarm(context.WithoutCancel(ctx), threadKey(v.where), alarm)
	}
	return nil
}

// lostThread says whether a send to v's thread found that there is none any more,
// and writes that down: another is opened, unless this one did not last.
func (e *engine) lostThread(ctx context.Context, v *delivery, outcome error) (bool, error) {
	var gone *chat.Gone
	var fixed *chat.Fixed
	if v.place.ID == "" || !v.posts() || !errors.As(outcome, &gone) && !errors.As(outcome, &fixed) {
		return false, nil
	}
	t := thread{opened: v.opened.opened}
	alarm := ""
	if now := e.now(); now.Sub(v.opened.at) < threadLasts {
		t.at = now
		alarm = fmt.Sprintf("The thread opened in %v was gone at once; digests are posted in the conversation itself, and it is tried again a day later. %v", v.where, outcome)
	}
	if err := e.keepThread(ctx, v, t, alarm); err != nil {
		return true, err
	}
	// Nothing was posted: it is tried again at once.
	return true, e.settle(ctx, v, "", &chat.Later{After: time.Millisecond, Err: outcome})
}
