package digest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// How often and how long a delivery is tried. Doubts are sends that went
// unanswered; they are counted apart from attempts, so that a service's rate
// limit never uses up what doubts are allowed.
const (
	firstDelay  = 2 * time.Second
	longDelay   = 10 * time.Minute
	lateAfter   = 24 * time.Hour // then the operators are told
	lateDelay   = time.Hour
	doubtDelay  = 3 * time.Second
	doubtWindow = 2 * time.Minute // well inside what Discord calls a few minutes
	repeats     = 3               // sends under one key where the platform deduplicates
	blindSends  = 2               // sends where it does not, or not any more
)

// A verdict is what becomes of a delivery after an attempt.
type verdict struct {
	state   string
	due     time.Time // while it is waiting
	plain   bool
	doubts  int
	message chat.MessageID
	trouble string

	suspend  string            // why the conversation can not be written to
	moved    chat.Conversation // what it became
	everyone time.Time         // until when the whole platform waits
	alarm    string            // what the operators are told
	key      string            // of the alarm
}

// errInterrupted is the trouble of a delivery that was being sent when the
// process ended.
var errInterrupted = errors.New("the program ended before the answer came")

// judge decides what becomes of v, whose sending came to err at now. Dedupes is
// how long the platform knows a message by its key, zero if it does not.
func judge(v *delivery, id chat.MessageID, err error, now time.Time, dedupes time.Duration) verdict {
	d := verdict{state: waiting, due: now, plain: v.plain, doubts: v.doubts}
	if err == nil {
		d.state, d.message = sent, id
		return d
	}
	d.trouble = err.Error()
	var later *chat.Later
	var moved *chat.MovedTo
	var gone *chat.Gone
	var refusal *chat.Refused
	var fixed *chat.Fixed
	switch {
	case errors.As(err, &later):
		d.later(v, later, now)
	case errors.As(err, &moved) && moved.To != v.where && moved.To.ID != "":
		d.moved = moved.To
	case errors.As(err, &moved):
		d.later(v, &chat.Later{Err: err}, now)
	case errors.As(err, &gone):
		d.suspend = reason(gone.Err)
		d.key, d.alarm = goneKey(v.where), fmt.Sprintf("Nothing can be sent to %v until the bot is let back in: %s", v.where, d.suspend)
	case !v.posts() && (errors.As(err, &fixed) || errors.As(err, &refusal) && v.verb != edits):
		d.fixed(v, err)
	case errors.As(err, &refusal) && !v.plain:
		d.plain = true
		d.key, d.alarm = "refused:"+v.where.Platform+":"+v.card, fmt.Sprintf("%s refused a card, first for %v; its plain text is sent instead. The card is kept as %s. %v", v.where.Platform, v.where, v.card, err)
	case errors.As(err, &refusal):
		d.state = refused
		d.key, d.alarm = "refused-plain:"+v.where.Platform+":"+v.card, fmt.Sprintf("%s refused a card and its plain text too, first for %v. The card is kept as %s. %v", v.where.Platform, v.where, v.card, err)
	case !v.posts(): // to repeat it changes nothing
		d.later(v, &chat.Later{Err: err}, now)
	default: // Uncertain, and what no adapter classified: it may have been posted
		d.uncertain(v, err, now, dedupes)
	}
	return d
}

// later has the delivery tried again: when the service says, or after a delay that
// grows.
func (d *verdict) later(v *delivery, e *chat.Later, now time.Time) {
	delay := e.After
	if delay <= 0 {
		delay = jitter(min(firstDelay<<min(v.attempts, 16), longDelay))
	}
	if now.Sub(v.planned) >= lateAfter {
		delay = max(delay, jitter(lateDelay))
		d.key, d.alarm = lateKey(v.where), fmt.Sprintf("What is owed to %v could not be sent for more than a day; it is tried hourly. %v", v.where, e)
	}
	d.due = now.Add(delay)
	if e.Everyone {
		d.everyone = d.due
	}
}

// fixed says that what was to be done with a message cannot be done. That a message
// cannot be pinned the operators are told once for a conversation.
func (d *verdict) fixed(v *delivery, err error) {
	d.state = moot
	if v.verb == pins {
		d.key, d.alarm = "pin:"+v.where.String(), fmt.Sprintf("Messages that are kept up to date cannot be pinned in %v. %v", v.where, err)
	}
}

func (d *verdict) uncertain(v *delivery, err error, now time.Time, dedupes time.Duration) {
	d.doubts++
	allowed := blindSends
	if window := min(dedupes, doubtWindow); now.Add(doubtDelay).Sub(v.firstSent) < window {
		allowed = repeats
	}
	if d.doubts < allowed {
		d.due = now.Add(doubtDelay)
		return
	}
	d.state = unconfirmed
	d.key, d.alarm = "unconfirmed:"+v.where.String(), fmt.Sprintf("Whether a message to %v was posted is not known: %d sends went unanswered. %v", v.where, d.doubts, err)
}

// jitter returns d, up to a fifth longer or shorter, so that what failed together
// is not tried together.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + time.Duration(rand.Int64N(int64(d)*2/5+1))
}

func reason(err error) string {
	if err == nil {
		return "the service gave no reason"
	}
	return err.Error()
}

// goneKey is the key of the alarm that a conversation cannot be written to.
func goneKey(where chat.Conversation) string { return "gone:" + where.String() }

// lateKey is the key of the alarm that a delivery is more than a day late.
func lateKey(where chat.Conversation) string { return "late:" + where.String() }
