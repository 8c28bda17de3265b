package digest

import (
	"context"
	"slices"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

// due returns when the first digest after a moment is due: when the schedule says,
// or when the quiet hours end into which that falls. It is the zero time for an
// immediate order.
func (s Subscription) due(after time.Time) time.Time {
	next := s.Schedule.Next(after, s.zone())
	if next.IsZero() {
		return next
	}
	if end := s.Quiet.Until(next, s.zone()); !end.IsZero() {
		return end
	}
	return next
}

// HeldUntil returns when the quiet hours end that hold the order's digests at now;
// the zero time if none do.
func (s Subscription) HeldUntil(now time.Time) time.Time { return s.Quiet.Until(now, s.zone()) }

// holding says whether quiet hours keep a digest at now that was due since they
// began.
func (s Subscription) holding(now time.Time) bool {
	start, end := s.Quiet.span(now, s.zone())
	if end.IsZero() || !s.Next.Equal(end) || s.Schedule == Immediate {
		return false
	}
	return !s.Schedule.Next(start.Add(-time.Millisecond), s.zone()).After(now)
}

// reschedule says when an order that replaces old is due, and has what quiet hours
// hold looked at again where those are others now.
func (l *Ledger) reschedule(ctx context.Context, tx *transaction, s *Subscription, old Subscription, now time.Time) error {
	switch sameClock := old.Schedule == s.Schedule && old.Timezone == s.Timezone; {
	case sameClock && old.Quiet == s.Quiet:
		s.Next = old.Next
		return nil
	case sameClock && old.holding(now):
		if s.Next = s.HeldUntil(now); s.Next.IsZero() {
			s.Next = now
		}
	default:
		s.Next = s.due(now)
	}
	return release(ctx, tx, old, now)
}

const sqlRelease = `UPDATE deliveries SET due_at = $1 WHERE conversation = $2 AND settled_at = 0 AND job = 0 AND state = 'waiting'
	AND due_at > $3 AND due_at < $4 AND (first_sent_at = 0 OR due_at = $5)`

// release has deliveries looked at again that the order's quiet hours hold.
func release(ctx context.Context, tx *transaction, s Subscription, now time.Time) error {
	end := s.HeldUntil(now)
	if end.IsZero() {
		return nil
	}
	_, err := tx.ExecContext(ctx, sqlRelease, millis(now), s.Where.String(), millis(now), int64(never), millis(end))
	return err
}

// hold outlines that nothing is told before a moment: the order keeps its places.
func hold(s Subscription, until time.Time) flush {
	return flush{sub: s, held: true, cursor: s.Cursor, urgent: s.urgent, next: until}
}

// longestWait is the longest that anything waits which was not suspended: a day
// of quiet hours and one in which clocks change. What is due later was put there by
// a clock that was wrong.
const longestWait = 26 * time.Hour

const sqlReconsider = `UPDATE deliveries SET due_at = $1 WHERE settled_at = 0 AND job = 0 AND state = 'waiting' AND due_at < $2
	AND (due_at > $3 AND first_sent_at = 0 OR due_at > $4)`

// reconsider has deliveries looked at again that wait for a moment which may be
// another by now: those held by quiet hours, and those that a clock which was wrong
// put far off.
func (l *Ledger) reconsider(ctx context.Context, now time.Time) error {
	return l.update(ctx, "reconsider", func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, sqlReconsider, millis(now), int64(never), millis(now), millis(now.Add(longestWait)))
		return err
	})
}

// passes says whether a digest is told in quiet hours too: it tells what is
// announced now.
func passes(told []change) bool {
	return slices.ContainsFunc(told, func(c change) bool { return c.Announce == brief.Now })
}

// held returns until when quiet hours keep v; the zero time if nothing does. What
// may have been posted already is not kept: its platform knows it by its key for a
// short time only.
func (v *delivery) held(now time.Time) time.Time {
	if v.urgent || v.state != waiting || v.doubts > 0 {
		return time.Time{}
	}
	return Subscription{Quiet: v.quiet, Timezone: v.timezone}.HeldUntil(now)
}
