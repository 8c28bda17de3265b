package digest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// AllStories stands for every story in a Subscription.
const AllStories = "*"

// A Subscription is a conversation's standing order: which stories, how often.
//
// A conversation is told of a change once: where several of its subscriptions
// take a story, one that names the story counts before one for all, and then the
// file's before chat's.
type Subscription struct {
	ID    int64
	Where chat.Conversation
	// Stories are ids, or AllStories alone.
	Stories  []string
	Schedule Schedule
	// Timezone is an IANA name; empty is UTC.
	Timezone string
	// Importance is the least that is told; empty or Minor: everything.
	Importance brief.Importance
	// Mode is how it is told; empty is ModePost.
	Mode Mode
	// Quiet are the hours, on the clocks of Timezone, in which nothing is posted
	// but what is announced now.
	Quiet Quiet
	// Room are the access subjects of the conversation.
	Room []string
	// Configured says that the file orders it, so that chat cannot change it.
	Configured bool
	// Suspended says why nothing is sent; empty: it is sent.
	Suspended string
	// Next is when the next digest is due, after any quiet hours; zero for an
	// immediate order unless quiet hours hold what it is to be told.
	Next time.Time
	// Cursor is the number of the last change that was considered.
	Cursor int64
	// Since is when it was first ordered.
	Since time.Time

	sinceSeq, urgent int64
	elsewhere        []string
}

// takes says whether the order is for a story.
func (s Subscription) takes(story string) bool {
	return slices.Contains(s.Stories, story) || slices.Contains(s.Stories, AllStories)
}

// zone returns the order's zone. Its name was checked when it was kept, but the
// zones known may be others since.
func (s Subscription) zone() *time.Location {
	zone, err := time.LoadLocation(s.Timezone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// checked returns s in its one form, or what is wrong with it.
func (s Subscription) checked() (Subscription, error) {
	if s.Where.Platform == "" || s.Where.ID == "" {
		return s, fmt.Errorf("a subscription names no conversation")
	}
	if _, err := time.LoadLocation(s.Timezone); err != nil || s.Timezone == "Local" {
		return s, fmt.Errorf("%q is not a time zone: write an IANA name such as Europe/Kyiv", s.Timezone)
	}
	if s.Importance != "" && s.Importance != brief.Minor && s.Importance != brief.Normal && s.Importance != brief.Major {
		return s, fmt.Errorf("%q is not an importance: write minor, normal or major", s.Importance)
	}
	switch s.Mode {
	case "":
		s.Mode = ModePost
	case ModePost, ModeEdit, ModeThread:
	default:
		return s, fmt.Errorf("%q is not a mode: write post, edit or thread", s.Mode)
	}
	s.Stories = slices.Compact(slices.Sorted(slices.Values(s.Stories)))
	if len(s.Stories) == 0 || slices.Contains(s.Stories, AllStories) {
		s.Stories = []string{AllStories}
	}
	return s, nil
}

const (
	sqlSubscriptionColumns = `s.id, s.conversation, s.configured, s.stories, s.elsewhere, s.schedule, s.timezone, s.importance, s.mode, s.quiet, s.room,
		s.since_seq, s.since, s.cursor_seq, s.urgent_seq, s.next_at, COALESCE(c.suspended, '')`
	sqlSubscriptionTables = ` FROM subscriptions s LEFT JOIN conversations c ON c.conversation = s.conversation `
	sqlSubscriptionsOf    = `SELECT ` + sqlSubscriptionColumns + sqlSubscriptionTables + `WHERE s.conversation = $1 ORDER BY s.configured DESC, s.id`
	sqlSubscriptions      = `SELECT ` + sqlSubscriptionColumns + sqlSubscriptionTables + `ORDER BY s.conversation, s.configured DESC, s.id`
	sqlConfigured         = `SELECT ` + sqlSubscriptionColumns + sqlSubscriptionTables + `WHERE s.configured ORDER BY s.conversation, s.id`
)

func scanSubscription(scan func(...any) error) (s Subscription, err error) {
	var where, stories, elsewhere, schedule, quiet, room string
	var since, nextAt int64
	err = scan(&s.ID, &where, &s.Configured, &stories, &elsewhere, &schedule, &s.Timezone, &s.Importance, &s.Mode, &quiet, &room,
		&s.sinceSeq, &since, &s.Cursor, &s.urgent, &nextAt, &s.Suspended)
	if err != nil {
		return s, err
	}
	if s.Where, err = chat.ParseConversation(where); err != nil {
		return s, err
	}
	if s.Schedule, err = ParseSchedule(schedule); err != nil {
		return s, err
	}
	if s.Quiet, err = ParseQuiet(quiet); err != nil {
		return s, err
	}
	s.Stories, s.elsewhere = strings.Fields(stories), strings.Fields(elsewhere)
	s.Since, s.Next = moment(since), moment(nextAt)
	return s, json.Unmarshal([]byte(room), &s.Room)
}

// Subscribe adds s, or replaces what the conversation ordered for the same
// stories; where it is new it tells what is recorded from now on. It returns what
// is now in force. The error names what is wrong with s.
func (l *Ledger) Subscribe(ctx context.Context, s Subscription) (Subscription, error) {
	s, err := s.checked()
	if err != nil {
		return s, err
	}
	s.Configured = false
	err = l.update(ctx, "subscribe", func(tx *transaction) error {
		if s, err = l.order(ctx, tx, s); err != nil {
			return err
		}
		return l.arrange(ctx, tx, s.Where)
	})
	if err == nil {
		l.stir()
	}
	return s, err
}

const sqlOrder = `INSERT INTO subscriptions (id, conversation, configured, stories, elsewhere, schedule, timezone, importance, mode, quiet, room,
	since_seq, since, cursor_seq, urgent_seq, next_at) VALUES ($1, $2, $3, $4, '', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
	ON CONFLICT (conversation, configured, stories) DO UPDATE SET schedule = excluded.schedule, timezone = excluded.timezone,
	importance = excluded.importance, mode = excluded.mode, quiet = excluded.quiet, room = excluded.room, next_at = excluded.next_at`

// order writes s down for what its conversation is now, in place of the order for
// the same stories, if there is one.
func (l *Ledger) order(ctx context.Context, tx *transaction, s Subscription) (_ Subscription, err error) {
	if s.Where, err = current(ctx, tx, s.Where); err != nil {
		return s, err
	}
	others, err := collect(ctx, tx, scanSubscription, sqlSubscriptionsOf, s.Where.String())
	if err != nil {
		return s, err
	}
	now := l.now()
	same := slices.IndexFunc(others, func(o Subscription) bool {
		return o.Configured == s.Configured && slices.Equal(o.Stories, s.Stories)
	})
	if same >= 0 {
		o := others[same]
		s.ID, s.Since, s.sinceSeq, s.Cursor, s.urgent, s.Suspended = o.ID, o.Since, o.sinceSeq, o.Cursor, o.urgent, o.Suspended
	} else if err := start(ctx, tx, &s, others, now); err != nil {
		return s, err
	}
	if same < 0 {
		s.Next = s.due(now)
	} else if err := l.reschedule(ctx, tx, &s, others[same], now); err != nil {
		return s, err
	}
	if same >= 0 && s.Mode != ModeEdit {
		if err := l.retire(ctx, tx, s.ID); err != nil {
			return s, err
		}
	}
	room, err := json.Marshal(s.Room)
	if err != nil {
		return s, err
	}
	_, err = tx.ExecContext(ctx, sqlOrder, s.ID, s.Where.String(), s.Configured, strings.Join(s.Stories, " "), s.Schedule.String(), s.Timezone,
		string(s.Importance), string(s.Mode), s.Quiet.String(), string(room), s.sinceSeq, millis(s.Since), s.Cursor, s.urgent, millis(s.Next))
	return s, err
}

// start gives a new order its number and its place: now, or the place of the
// order that told its stories so far, so that nothing falls between the two.
func start(ctx context.Context, tx *transaction, s *Subscription, others []Subscription, now time.Time) (err error) {
	if s.ID, err = next(ctx, tx, "subscription", 1); err != nil {
		return err
	}
	head, err := head(ctx, tx)
	if err != nil {
		return err
	}
	s.Since, s.sinceSeq, s.Cursor, s.urgent = now, head, head, head
	for _, story := range s.Stories {
		if i := tells(others, story); i >= 0 && others[i].Cursor < s.Cursor {
			o := others[i]
			s.sinceSeq, s.Cursor, s.urgent, s.Suspended = o.sinceSeq, o.Cursor, min(s.urgent, o.urgent), o.Suspended
		}
	}
	return nil
}

// head returns the number of the newest change.
func head(ctx context.Context, q queryer) (seq int64, err error) {
	err = q.QueryRowContext(ctx, sqlHead).Scan(&seq)
	return seq, err
}

const sqlHead = `SELECT COALESCE(MAX(seq), 0) FROM changes`

// tells returns which of a conversation's orders tells a story, -1 for none: one
// that names it before one for all, the file's before chat's. AllStories asks for
// a story that none names.
func tells(orders []Subscription, story string) int {
	best, rank := -1, 0
	for i, o := range orders {
		r := 0
		switch {
		case story != AllStories && slices.Contains(o.Stories, story):
			r = 3
		case slices.Contains(o.Stories, AllStories):
			r = 1
		default:
			continue
		}
		if o.Configured {
			r++
		}
		if r > rank {
			best, rank = i, r
		}
	}
	return best
}

const sqlArrange = `UPDATE subscriptions SET elsewhere = $1 WHERE id = $2`

// arrange notes, for each order of a conversation, the stories that another one
// tells.
func (l *Ledger) arrange(ctx context.Context, tx *transaction, where chat.Conversation) error {
	orders, err := collect(ctx, tx, scanSubscription, sqlSubscriptionsOf, where.String())
	if err != nil {
		return err
	}
	var named []string
	for _, o := range orders {
		named = append(named, o.Stories...)
	}
	named = slices.Compact(slices.Sorted(slices.Values(named)))
	for i, o := range orders {
		var elsewhere []string
		for _, story := range named {
			if o.takes(story) && tells(orders, story) != i {
				elsewhere = append(elsewhere, story)
			}
		}
		if slices.Equal(elsewhere, o.elsewhere) {
			continue
		}
		if _, err := tx.ExecContext(ctx, sqlArrange, strings.Join(elsewhere, " "), o.ID); err != nil {
			return err
		}
		if len(elsewhere) == 0 {
			continue
		}
		if err := l.retire(ctx, tx, o.ID, elsewhere...); err != nil {
			return err
		}
	}
	return nil
}

const sqlEndOrder = `DELETE FROM subscriptions WHERE id = $1`

// Unsubscribe ends what the conversation ordered by chat for a story, AllStories
// for the order for all of them. It returns how many orders ended, and how many
// of the file's take the story and remain.
func (l *Ledger) Unsubscribe(ctx context.Context, where chat.Conversation, story string) (removed, configured int, err error) {
	err = l.update(ctx, "unsubscribe", func(tx *transaction) error {
		removed, configured = 0, 0
		if where, err = current(ctx, tx, where); err != nil {
			return err
		}
		orders, err := collect(ctx, tx, scanSubscription, sqlSubscriptionsOf, where.String())
		if err != nil {
			return err
		}
		for _, o := range orders {
			switch {
			case o.Configured && o.takes(story):
				configured++
			case !o.Configured && slices.Contains(o.Stories, story):
				removed++
				if err := l.endOrder(ctx, tx, o.ID); err != nil {
					return err
				}
			}
		}
		return l.arrange(ctx, tx, where)
	})
	return removed, configured, err
}

// Subscriptions returns the orders of a conversation, the file's first.
func (l *Ledger) Subscriptions(ctx context.Context, where chat.Conversation) ([]Subscription, error) {
	subs, err := collect(ctx, l.read, scanSubscription, sqlSubscriptionsOf, where.String())
	if err != nil {
		return nil, fmt.Errorf("reading subscriptions: %w", l.explain(err))
	}
	return subs, nil
}

// AllSubscriptions returns every order, by conversation.
func (l *Ledger) AllSubscriptions(ctx context.Context) ([]Subscription, error) {
	subs, err := collect(ctx, l.read, scanSubscription, sqlSubscriptions)
	if err != nil {
		return nil, fmt.Errorf("reading subscriptions: %w", l.explain(err))
	}
	return subs, nil
}

// Configure makes subs all that the file orders. An order that was there before,
// or takes one of its stories over, goes on where that was.
func (l *Ledger) Configure(ctx context.Context, subs []Subscription) error {
	subs = slices.Clone(subs)
	for i := range subs {
		var err error
		if subs[i], err = subs[i].checked(); err != nil {
			return err
		}
		subs[i].Configured = true
	}
	err := l.update(ctx, "configure", func(tx *transaction) error { return l.configure(ctx, tx, subs) })
	if err == nil {
		l.stir()
	}
	return err
}

func (l *Ledger) configure(ctx context.Context, tx *transaction, subs []Subscription) error {
	before, err := collect(ctx, tx, scanSubscription, sqlConfigured)
	if err != nil {
		return err
	}
	touched := make(map[chat.Conversation]bool)
	kept := make(map[int64]bool)
	for _, s := range subs {
		if s, err = l.order(ctx, tx, s); err != nil {
			return err
		}
		kept[s.ID], touched[s.Where] = true, true
	}
	for _, o := range before {
		if kept[o.ID] {
			continue
		}
		touched[o.Where] = true
		if err := l.endOrder(ctx, tx, o.ID); err != nil {
			return err
		}
	}
	for where := range touched {
		if err := l.arrange(ctx, tx, where); err != nil {
			return err
		}
	}
	return nil
}
