package digest

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// The verbs of a delivery. What posts goes out in the order in which it was planned;
// what does something with a message that was posted waits for that, and for
// nothing else, and nothing waits for it.
const (
	posts   = "post"
	replies = "reply" // posts an answer to the message of its target
	edits   = "edit"  // has the message of its target show the card that it is owed to show
	pins    = "pin"
	unpins  = "unpin"
)

// posts says whether v posts a message; otherwise it does something with that of
// its target, and doing it again changes nothing.
func (v *delivery) posts() bool { return v.verb != edits && v.verb != pins && v.verb != unpins }

// call calls the platform as the delivery's verb says.
func (e *engine) call(ctx context.Context, v *delivery, card chat.Card) (chat.MessageID, error) {
	to := v.where
	if v.place.ID != "" {
		to = v.place
	}
	if !v.posts() {
		return "", e.amend(ctx, v, to, card)
	}
	if replier, ok := e.platform.(chat.Replier); ok && v.verb == replies && v.message != "" {
		return replier.Reply(ctx, to, v.message, card, v.key)
	}
	return e.platform.Send(ctx, to, card, v.key)
}

// amend does something with the message of v's target.
func (e *engine) amend(ctx context.Context, v *delivery, where chat.Conversation, card chat.Card) error {
	editor, edit := e.platform.(chat.Editor)
	pinner, pin := e.platform.(chat.Pinner)
	var err error
	switch {
	case v.message == "":
		err = &chat.Fixed{Err: errors.New("there is no message")}
	case v.verb == edits && edit:
		err = editor.Edit(ctx, where, v.message, card)
	case v.verb == pins && pin:
		err = pinner.Pin(ctx, where, v.message)
	case v.verb == unpins && pin:
		err = pinner.Unpin(ctx, where, v.message)
	default:
		err = &chat.Fixed{Err: errors.New("the platform cannot do that")}
	}
	var gone *chat.Gone
	if errors.As(err, &gone) && v.place.ID != "" {
		// It is the thread that is gone, and not the conversation.
		return &chat.Fixed{Err: err}
	}
	return err
}

const (
	sqlShows = `SELECT v.card, v.shown, v.state, v.doubts, v.settled_at, v.message, v.conversation,
		COALESCE((SELECT e.state FROM deliveries e WHERE e.target = v.id AND e.target > 0 AND e.verb = 'edit'
		ORDER BY e.settled_at DESC, e.id DESC LIMIT 1), '')
		FROM deliveries v WHERE v.id = $1`
	sqlShow     = `UPDATE deliveries SET shown = $1 WHERE id = $2`
	sqlSwap     = `UPDATE deliveries SET shown = $1, digest = $2 WHERE id = $3`
	sqlSameEdit = `UPDATE deliveries SET card = $1, digest = $2, plain = FALSE WHERE target = $3 AND target > 0 AND verb = 'edit' AND state = 'waiting' AND settled_at = 0`
	sqlNewVerb  = `INSERT INTO deliveries (id, key, digest, platform, conversation, card, state, plain, due_at, job, attempts, doubts,
		planned_at, first_sent_at, settled_at, message, trouble, verb, target)
		VALUES ($1, $2, $3, $4, $5, $6, 'waiting', FALSE, $7, $8, 0, 0, $9, 0, 0, '', '', $10, $11)`
)

// A shown is what a message shows, or is owed to show.
type shown struct {
	card    string // the hash of it
	state   string
	virgin  bool // nothing can have been posted yet
	settled bool
	missed  bool // its last edit was withheld, so that it shows what it did before
	message chat.MessageID
	where   chat.Conversation
}

// shows returns what the message of a delivery shows.
func shows(ctx context.Context, q queryer, id int64) (s shown, err error) {
	var doubts, settled int64
	var card, now, where, edit string
	err = q.QueryRowContext(ctx, sqlShows, id).Scan(&card, &now, &s.state, &doubts, &settled, &s.message, &where, &edit)
	if err != nil {
		return s, err
	}
	if s.card = now; now == "" {
		s.card = card
	}
	s.virgin, s.settled, s.missed = s.state == waiting && doubts == 0, settled > 0, edit == withheld
	s.where, err = chat.ParseConversation(where)
	return s, err
}

// show has the message of a delivery show a card that is stored, as part of a
// digest, 0 for none. One of which nothing can have been posted is posted with it; any other is
// edited once it is settled, by the edit that waits already if there is one. Where
// nothing was posted, that is so if an operator has it tried again.
func (l *Ledger) show(ctx context.Context, tx *transaction, target int64, card string, digest int64, now time.Time) error {
	s, err := shows(ctx, tx, target)
	if err != nil || s.card == card && !s.missed {
		return err
	}
	if s.virgin && digest > 0 {
		_, err = tx.ExecContext(ctx, sqlSwap, card, digest, target)
		return err
	}
	if _, err := tx.ExecContext(ctx, sqlShow, card, target); err != nil || s.virgin || s.settled && s.message == "" {
		return err
	}
	res, err := tx.ExecContext(ctx, sqlSameEdit, card, digest, target)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return l.verb(ctx, tx, edits, target, s.where, card, digest, 0, now)
}

// verb owes that something is done with the message of a delivery, which is, or is to
// be, where it says. A message stays behind when its conversation becomes another, and
// the service takes its id for that of another message there: it is left alone. Job is
// the one that posts it; 0: another is to be found.
func (l *Ledger) verb(ctx context.Context, tx *transaction, verb string, target int64, where chat.Conversation, card string, digest, job int64, now time.Time) error {
	became, err := current(ctx, tx, where)
	if err != nil || became != where {
		return err
	}
	due, err := dueIn(ctx, tx, where, now)
	if err != nil {
		return err
	}
	id, err := next(ctx, tx, "delivery", 1)
	if err != nil {
		return err
	}
	key := l.keyOf(verb, strconv.FormatInt(target, 10), strconv.FormatInt(id, 10))
	_, err = tx.ExecContext(ctx, sqlNewVerb, id, key, digest, where.Platform, where.String(), card, due, job, millis(now), verb, target)
	return err
}
