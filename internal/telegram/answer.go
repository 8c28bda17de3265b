package telegram

import (
	"context"
	"errors"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// answerPatience is how long an answer waits for its turn, which is long only where
// the service asked for it; answerTime is how long it may take with all repeats.
const (
	answerPatience = 90 * time.Second
	answerTime     = 2 * time.Minute
	answerTries    = 5
)

// A target is where an answer goes.
type target struct {
	where chat.Conversation
	edit  int // the message to replace; zero: none
	reply int // the message to answer
}

// give brings an answer to its target: by editing where that is asked and still
// possible, otherwise as a new message. It repeats what certainly had no effect.
func (s *session) give(ctx context.Context, to target, c chat.Card) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	b := answerBody(c)
	for try := 0; ; try++ {
		err := s.attempt(ctx, &to, b)
		if err == nil {
			return
		}
		wait, again := s.afterAnswer(ctx, err, &to, &b, try)
		if !again || try+1 >= answerTries || !sleep(ctx, wait) {
			s.t.log.Error("an answer was not given", "to", to.where.String(), "error", err)
			return
		}
	}
}

func (s *session) attempt(ctx context.Context, to *target, b body) error {
	if to.edit == 0 {
		_, err := s.t.post(ctx, to.where, b, way{reply: to.reply, answer: true})
		return err
	}
	return s.t.edit(ctx, to.where, to.edit, b, true)
}

// afterAnswer says whether and when to try again after err, and changes what has to
// be different then.
func (s *session) afterAnswer(ctx context.Context, err error, to *target, b *body, try int) (wait time.Duration, again bool) {
	var later *chat.Later
	var moved *chat.MovedTo
	var refused *chat.Refused
	var fixed *chat.Fixed
	var uncertain *chat.Uncertain
	switch {
	case errors.As(err, &later):
		return max(later.After, backoff(try)), true
	case errors.As(err, &uncertain):
		// An edit may be repeated; a message would be there twice.
		return backoff(try), to.edit != 0
	case errors.As(err, &moved):
		s.moved(ctx, to.where, moved.To)
		to.where, to.edit, to.reply = moved.To, 0, 0
		return 0, true
	case errors.As(err, &fixed) && to.edit != 0:
		to.edit = 0
		return 0, true
	case errors.As(err, &refused) && len(b.Entities) > 0:
		s.t.log.Error("an answer was refused; sending it plain", "to", to.where.String(), "error", err)
		b.Entities, b.Markup = nil, nil
		return 0, true
	}
	return 0, false
}
