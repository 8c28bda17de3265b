package bot

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// surveyTime is how long the platforms may take, in all, to tell the rooms of the
// conversations in the file.
const surveyTime = 20 * time.Second

// visible says whether a subscription's conversation may read a story. It goes by
// the conversation alone, whoever ordered the digest.
func (b *Bot) visible(sub digest.Subscription, story string) bool {
	reader := b.current().Policy.Reader(b.library.Current(), sub.Room...)
	_, ok := reader.Story(story)
	return ok
}

// configure writes the file's subscriptions down. Each needs the access subjects of
// its conversation: those that the file's reader filled in, those that the platform
// tells if asked, those known from before, or else the conversation's own address.
func (b *Bot) configure(ctx context.Context, c *settings, survey bool) error {
	known, err := b.ledger.AllSubscriptions(ctx)
	if err != nil {
		return fmt.Errorf("reading the subscriptions: %w", err)
	}
	asked, cancel := context.WithTimeout(ctx, surveyTime)
	defer cancel()
	subs := slices.Clone(c.Subscriptions)
	rooms := make(map[chat.Conversation][]string)
	for i := range subs {
		s := &subs[i]
		if s.Timezone == "" {
			s.Timezone = c.Timezone
		}
		if len(s.Room) > 0 {
			continue
		}
		if rooms[s.Where] == nil {
			rooms[s.Where] = b.room(asked, s.Where, known, survey && len(c.Policy.Groups) > 0)
		}
		s.Room = rooms[s.Where]
	}
	if err := b.ledger.Configure(ctx, subs); err != nil {
		return fmt.Errorf("configuring the subscriptions: %w", err)
	}
	return nil
}

// room returns the access subjects of a conversation as far as they can be known.
func (b *Bot) room(ctx context.Context, where chat.Conversation, known []digest.Subscription, survey bool) []string {
	own := ownSubject(where)
	if surveyor, ok := b.platform(where.Platform).(chat.Surveyor); ok && survey {
		s, err := surveyor.Survey(ctx, where)
		if err == nil && len(s.Room) > 0 {
			return s.Room
		}
		if err != nil {
			b.log.WarnContext(ctx, "surveying a conversation", "where", where.String(), "error", err)
		}
	}
	for _, s := range known {
		if s.Where == where && slices.Contains(s.Room, own) {
			return s.Room
		}
	}
	return []string{own}
}

// resurvey asks the platforms for the rooms of the file's conversations, now that
// they can be reached. Without an answer what is known from before stays.
func (b *Bot) resurvey(ctx context.Context) {
	b.configuring.Lock()
	defer b.configuring.Unlock()
	if err := b.configure(ctx, b.current(), true); err != nil && ctx.Err() == nil {
		b.log.ErrorContext(ctx, "surveying the configured conversations", "error", err)
	}
}

// ownSubject is the access subject that a conversation is by itself, whatever its
// thread.
func ownSubject(where chat.Conversation) string {
	return chat.Conversation{Platform: where.Platform, ID: where.ID}.String()
}
