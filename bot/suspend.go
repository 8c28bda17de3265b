package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// suspendedWords says that a conversation is suspended, and why.
func suspendedWords(reason string) string {
	return "Suspended: " + strings.TrimSuffix(reason, ".") + ". What is due is kept."
}

// tellSuspended puts before an answer that nothing can be posted there, and why, once
// a suspension, where the asker may change that and something would be posted.
func (b *Bot) tellSuspended(ctx context.Context, inv chat.Invocation, shut []digest.Suspension, card chat.Card) chat.Card {
	for _, s := range shut {
		if s.Told || inv.Pressed {
			continue
		}
		first, err := b.concerned(ctx, inv, s.Where)
		if err == nil && first {
			first, err = b.ledger.TellSuspension(ctx, s.Where)
		}
		if err != nil {
			b.log.ErrorContext(ctx, "telling of a suspension", "where", s.Where.String(), "error", err)
		}
		if err == nil && first {
			card.Lead = lines(chat.Plainly("Nothing can be posted here by itself. "+suspendedWords(s.Reason)), card.Lead)
		}
	}
	return card
}

// concerned says whether the asker manages a conversation that subscribes to
// something.
func (b *Bot) concerned(ctx context.Context, inv chat.Invocation, where chat.Conversation) (bool, error) {
	subs, err := b.ledger.Subscriptions(ctx, where)
	if err != nil || len(subs) == 0 {
		return false, err
	}
	if inv.Trusted || b.operates(&inv) {
		return true, nil
	}
	return inv.Manages != nil && manages(ctx, inv), nil
}

// manages says whether the asker manages the conversation; where that cannot be told,
// the next who asks is asked about.
func manages(ctx context.Context, inv chat.Invocation) bool {
	yes, err := inv.Manages(ctx)
	return err == nil && yes
}

// movedPrefix begins the keys of alarms that a conversation became another.
const movedPrefix = "moved:"

// moved gives everything of a conversation to the one that it became, and tells the
// operators where the configuration names the old one.
func (b *Bot) moved(ctx context.Context, from, to chat.Conversation) error {
	if err := b.ledger.Move(ctx, from, to); err != nil {
		return fmt.Errorf("moving %v: %w", from, err)
	}
	b.log.InfoContext(ctx, "a conversation became another", "from", from.String(), "to", to.String())
	if parts := b.current().naming(from.String()); len(parts) > 0 {
		b.raise(ctx, movedPrefix+from.String(), fmt.Sprintf(
			"%v has become %v. Its subscriptions, its default and what it is owed were moved. The configuration names the old one under %s: write the new one there.",
			from, to, listed(parts)), 0)
	}
	return nil
}

// settleMoves ends the alarms of moved conversations that the configuration does not
// name any more.
func (b *Bot) settleMoves(ctx context.Context) {
	alarms, err := b.ledger.Alarms(ctx)
	if err != nil {
		b.log.ErrorContext(ctx, "reading the alarms", "error", err)
		return
	}
	for _, a := range alarms {
		if from, ok := strings.CutPrefix(a.Key, movedPrefix); ok && len(b.current().naming(from)) == 0 {
			b.mended(ctx, a.Key)
		}
	}
}

// naming returns the keys of the configuration under which an address stands, or a
// thread of it.
func (s *settings) naming(address string) (keys []string) {
	names := func(other string) bool { return other == address || strings.HasPrefix(other, address+"/") }
	if slices.ContainsFunc(s.Subscriptions, func(o digest.Subscription) bool { return names(o.Where.String()) }) {
		keys = append(keys, "subscriptions")
	}
	if slices.ContainsFunc(s.Alarms, names) {
		keys = append(keys, "alarms")
	}
	if slices.ContainsFunc(s.Operators, names) {
		keys = append(keys, "operators")
	}
	for _, members := range s.Policy.Groups {
		if slices.ContainsFunc(members, names) {
			return append(keys, "access.groups")
		}
	}
	return keys
}
