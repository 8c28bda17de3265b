package bot

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// A service does not always say that the bot was let back in. A suspended
// conversation is therefore looked at once a day, a few a minute so that many do not
// cost the service's limits, and when somebody asks there.
const (
	probeAfter   = 24 * time.Hour
	probeEvery   = time.Minute
	probesAtOnce = 10
	probeTime    = 15 * time.Second
	// askAgain is how soon commands in one suspended conversation have it looked at
	// again.
	askAgain = time.Minute
)

// probe looks at suspended conversations, those that were asked in at once, until
// ctx is done.
func (b *Bot) probe(ctx context.Context) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case where := <-b.askedIn.queue:
			b.look(ctx, where)
		case <-tick.C:
			b.probeDue(ctx)
		}
	}
}

// probeDue looks at the conversations that nobody looked at for a day.
func (b *Bot) probeDue(ctx context.Context) {
	due, err := b.ledger.Suspensions(ctx, b.now().Add(-probeAfter), probesAtOnce)
	if err != nil && ctx.Err() == nil {
		b.log.ErrorContext(ctx, "looking for what to probe", "error", err)
	}
	for _, s := range due {
		b.look(ctx, s.Where)
	}
}

// look asks the platform whether the bot may post in a suspended conversation, and
// resumes it if so. Otherwise the reason is brought up to date.
func (b *Bot) look(ctx context.Context, where chat.Conversation) {
	// Noted first: one whose survey ends the process must not be the first after
	// every start.
	if err := b.ledger.Probed(ctx, where); err != nil {
		b.log.ErrorContext(ctx, "noting a probe", "where", where.String(), "error", err)
		return
	}
	surveyor, ok := b.platform(where.Platform).(chat.Surveyor)
	if !ok {
		return
	}
	asking, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	survey, err := surveyor.Survey(asking, where)
	var gone *chat.Gone
	switch {
	case errors.As(err, &gone):
		return // as before
	case err != nil:
		b.log.WarnContext(ctx, "probing a suspended conversation", "where", where.String(), "error", err)
	case survey.CanPost:
		b.letIn(ctx, where)
	case len(survey.Missing) > 0:
		b.stillMissing(ctx, where, "missing: "+strings.Join(survey.Missing, ", "))
	}
}

// stillMissing keeps why a conversation is suspended, unless it was resumed
// meanwhile.
func (b *Bot) stillMissing(ctx context.Context, where chat.Conversation, reason string) {
	before, err := b.ledger.Suspended(ctx, where)
	if err == nil && before != "" && before != reason {
		_, err = b.ledger.Suspend(ctx, where, reason)
	}
	if err != nil {
		b.log.ErrorContext(ctx, "keeping why a conversation is suspended", "where", where.String(), "error", err)
	}
}

// askedHere has a conversation looked at in which somebody asked, if it is
// suspended or stands in one that is, without waiting for what comes of it, and
// returns what is suspended.
func (b *Bot) askedHere(ctx context.Context, where chat.Conversation) (shut []digest.Suspension) {
	places := []chat.Conversation{where}
	if where.Thread != "" {
		places = append(places, chat.Conversation{Platform: where.Platform, ID: where.ID})
	}
	for _, place := range places {
		s, suspended, err := b.ledger.Suspension(ctx, place)
		if err != nil {
			b.log.ErrorContext(ctx, "looking whether a conversation is suspended", "where", place.String(), "error", err)
		} else if suspended {
			b.askedIn.add(s.Where, b.now())
			shut = append(shut, s)
		}
	}
	return shut
}

// A doorbell holds suspended conversations in which somebody asked.
type doorbell struct {
	queue chan chat.Conversation
	mu    sync.Mutex
	last  map[chat.Conversation]time.Time
}

func newDoorbell() *doorbell {
	return &doorbell{queue: make(chan chat.Conversation, probesAtOnce), last: make(map[chat.Conversation]time.Time)}
}

// add rings for a conversation, unless it rang of late. It never waits: where too
// many are rung for, the next command does.
func (d *doorbell) add(where chat.Conversation, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if since := now.Sub(d.last[where]); since >= 0 && since < askAgain {
		return
	}
	select {
	case d.queue <- where:
	default:
		return
	}
	for w, at := range d.last {
		if now.Sub(at) >= askAgain {
			delete(d.last, w)
		}
	}
	d.last[where] = now
}
