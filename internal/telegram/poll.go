package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A session is one Serve: the poller with its place, the lanes that handle what it
// takes, and the host that answers.
type session struct {
	t     *Telegram
	host  chat.Host
	me    *user
	place *place
	lanes *lanes
	slots chan struct{} // how many commands run at once
	moves moves
	calls recent // callback queries taken
	first bool   // the first batch, which a process before may have handled

	failures  int // polls that failed in a row
	conflicts int
	denials   int // of the token, in a row
}

// allowed are the updates that are read
// (https://core.telegram.org/bots/api#getting-updates). An edited message changes what
// it answered in a form; it asks nothing anew.
const allowed = `["message","edited_message","channel_post","callback_query","my_chat_member"]`

const (
	running   = 16                     // commands at once
	pollEvery = 500 * time.Millisecond // at least, where a poll brings nothing new
	linger    = 250 * time.Millisecond // to let what was taken settle before the next poll
	farewell  = 10 * time.Second       // for the answers begun when the bot stops
	// A service that is ill has been seen to know no token for a moment: the bot ends
	// when it is denied so often in a row.
	maxDenials = 3
)

// Serve receives updates by long polling and answers them until ctx is done. It
// returns an error only where the service does not know the token.
func (t *Telegram) Serve(ctx context.Context, host chat.Host) error {
	if t.served.Swap(true) {
		return errors.New("telegram: Serve was called twice")
	}
	me, err := t.greet(ctx)
	if me == nil {
		return err
	}
	s := &session{t: t, host: host, me: me, lanes: newLanes(t.log), slots: make(chan struct{}, running), first: true}
	// Answers that were begun are given after ctx is done, within a bound.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	// One goroutine registers the commands; it owns nothing and ends with ctx.
	registered := make(chan struct{})
	go func() {
		defer close(registered)
		s.register(ctx)
	}()
	err = s.poll(ctx, work)
	done := s.lanes.stop()
	timer := time.NewTimer(farewell)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		t.log.Warn("answers were still being given when the bot stopped")
		stop()
		<-done
	}
	<-registered
	s.store(context.WithoutCancel(ctx))
	return err
}

// greet asks who the bot is until the service answers. It returns nil where ctx is
// done or the token is not known, the latter with an error.
func (t *Telegram) greet(ctx context.Context) (*user, error) {
	denials := 0
	for try := 0; ; try++ {
		me, err := t.whoami(ctx)
		if err == nil {
			t.log.Info("connected to Telegram", "bot", "@"+me.Username)
			return me, nil
		}
		t.contact.Bad(err)
		if f := faultOf(err); f == nil || !f.badToken() {
			denials = 0
		} else if denials++; denials == maxDenials {
			return nil, badToken(err)
		}
		if ctx.Err() != nil {
			return nil, nil
		}
		t.log.Warn("Telegram cannot be reached; trying again", "error", err)
		if !sleep(ctx, max(askAgain, backoff(try))) {
			return nil, nil
		}
	}
}

func badToken(err error) error {
	return fmt.Errorf("the service does not know this token; ask BotFather for the right one: %w", err)
}

// poll takes updates until ctx is done.
func (s *session) poll(ctx, work context.Context) error {
	if !s.open(ctx) {
		return nil
	}
	for ctx.Err() == nil {
		begun := time.Now()
		batch, err := s.fetch(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			wait, fatal := s.trouble(ctx, err)
			if fatal != nil {
				return fatal
			}
			sleep(ctx, wait)
			continue
		}
		s.recovered()
		fresh := s.take(work, batch)
		s.await(ctx, linger, false)
		s.store(work)
		if fresh == 0 {
			s.await(ctx, pollEvery-time.Since(begun), true)
			s.store(work)
		}
	}
	return nil
}

// open finds the place to begin at.
func (s *session) open(ctx context.Context) bool {
	for try := 0; ; try++ {
		text, err := s.host.Offset(ctx, platformName)
		if err == nil {
			offset, _ := strconv.ParseInt(text, 10, 64)
			s.place = newPlace(offset)
			return true
		}
		s.t.log.Error("the place among the updates cannot be read; trying again", "error", err)
		if !sleep(ctx, backoff(try)) {
			return false
		}
	}
}

func (s *session) fetch(ctx context.Context) ([]json.RawMessage, error) {
	timeout, limit := pollTimeout, pollTimeout+pollGrace
	if s.failures > 0 {
		// Whether it works again is to be known soon.
		timeout, limit = 0, callTimeout
	}
	p := map[string]string{
		"timeout": strconv.Itoa(int(timeout / time.Second)), "allowed_updates": allowed,
		"offset": decimal(s.place.confirmed()),
	}
	var batch []json.RawMessage
	err := s.t.client.callWithin(ctx, limit, "getUpdates", p, &batch)
	return batch, err
}

// trouble says how long to wait after a failed poll, or that there is no use in it.
func (s *session) trouble(ctx context.Context, err error) (wait time.Duration, fatal error) {
	s.t.contact.Bad(err)
	f := faultOf(err)
	switch {
	case f == nil:
		return backoff(s.failures), nil
	case f.badToken():
		if s.denials++; s.denials == maxDenials {
			return 0, badToken(err)
		}
		return backoff(s.denials), nil
	case f.said && f.status == http.StatusConflict && f.has("webhook"):
		return s.dropWebhook(ctx), nil
	case f.said && f.status == http.StatusConflict:
		return s.conflict(ctx, err), nil
	}
	s.failures++
	if f.status == 0 {
		// The connection may be dead, and be given to the next call all the same.
		s.t.client.http.CloseIdleConnections()
	}
	wait = max(f.retryAfter, backoff(s.failures-1))
	s.t.log.Warn("Telegram cannot be polled; trying again", "error", err, "after", wait, "failures", s.failures)
	return wait, nil
}

// dropWebhook makes the service keep updates for polling, which is what the
// configuration asks for. What waits is not lost.
func (s *session) dropWebhook(ctx context.Context) time.Duration {
	s.t.log.Warn("a webhook is set for this bot, so it cannot be polled: removing the webhook, as the configuration asks for polling")
	if err := s.t.client.call(ctx, "deleteWebhook", map[string]string{"drop_pending_updates": "false"}, nil); err != nil {
		s.failures++
		s.t.log.Warn("the webhook could not be removed", "error", err)
		return backoff(s.failures)
	}
	return 0
}

// conflict waits for another copy of the bot to go away. One conflict alone may be
// the last poll of the process before this one.
func (s *session) conflict(ctx context.Context, err error) time.Duration {
	s.conflicts++
	const what = "another copy of this bot is polling Telegram with the same token, and both lose updates to each other: stop one of them"
	s.t.log.Warn(what, "error", err, "times", s.conflicts)
	if s.conflicts == 2 {
		s.host.Alarm(ctx, "telegram.conflict", what)
	}
	return 5*time.Second + backoff(s.conflicts)
}

func (s *session) recovered() {
	s.t.contact.Good()
	if s.failures > 0 || s.conflicts > 0 {
		s.t.log.Info("Telegram is being polled again", "failures", s.failures+s.conflicts)
	}
	s.failures, s.conflicts, s.denials = 0, 0, 0
}

// take hands the updates that are new to the lanes and returns how many they were.
func (s *session) take(ctx context.Context, batch []json.RawMessage) (fresh int) {
	first := s.first
	s.first = false
	for _, raw := range batch {
		var u update
		err := json.Unmarshal(raw, &u)
		if err != nil {
			// One odd update must not spoil the batch; its id is enough to pass it.
			json.Unmarshal(raw, &struct {
				ID *int64 `json:"update_id"`
			}{&u.ID})
		}
		if u.ID == 0 {
			continue
		}
		isNew, rebased := s.place.take(u.ID, time.Now())
		if rebased {
			s.t.log.Warn("Telegram numbers updates anew", "first", u.ID)
		}
		if !isNew {
			continue
		}
		fresh++
		if err != nil {
			s.t.log.Error("an update could not be read and is passed over", "update", u.ID, "error", err)
			s.place.settle(u.ID)
			continue
		}
		if !s.lanes.run(u.chat(), func() { s.process(ctx, u, first) }) {
			s.t.log.Warn("a chat asks faster than it can be answered; an update is passed over", "chat", u.chat(), "update", u.ID)
			s.place.settle(u.ID)
		}
	}
	return fresh
}

// process handles one update and remembers that it was. What came with the first
// batch may have been handled before the process started anew; there a second crash
// passes it over, so that an update that ends the process does so only twice.
func (s *session) process(ctx context.Context, u update, first bool) {
	defer s.place.settle(u.ID)
	if first && s.seen(ctx, u.ID) {
		return
	}
	s.handle(ctx, u)
	if !first {
		s.seen(ctx, u.ID)
	}
}

// seen remembers an update and says whether it was known.
func (s *session) seen(ctx context.Context, id int64) bool {
	known, err := s.host.Seen(ctx, platformName, "update:"+decimal(id))
	if err != nil {
		s.t.log.Error("an update could not be remembered", "update", id, "error", err)
	}
	return err == nil && known
}

// await waits until nothing is pending, or for d. With all it waits the whole time
// where nothing is pending, and otherwise until the next update settles.
func (s *session) await(ctx context.Context, d time.Duration, all bool) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		n, settled := s.place.busy()
		if n == 0 && !all {
			return
		}
		if n == 0 {
			settled = nil
		}
		select {
		case <-settled:
			if all {
				return
			}
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// store keeps the place. Only a stored one is told to the service: what it confirms
// is forgotten there.
func (s *session) store(ctx context.Context) {
	if s.place == nil {
		return
	}
	offset := s.place.offset(time.Now())
	if offset == s.place.confirmed() {
		return
	}
	if err := s.host.SetOffset(ctx, platformName, decimal(offset)); err != nil {
		s.t.log.Error("the place among the updates could not be kept", "error", err)
		return
	}
	s.place.confirm(offset)
}
