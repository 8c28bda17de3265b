package digest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	sqlAlarm = `INSERT INTO alarms (key, kind, message, first_at, last_at, count) VALUES ($1, $2, $3, $4, $5, 1)
		ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, message = excluded.message, last_at = excluded.last_at,
		first_at = CASE WHEN alarms.last_at < $6 THEN excluded.first_at ELSE alarms.first_at END,
		count = CASE WHEN alarms.last_at < $7 THEN 1 ELSE alarms.count + 1 END RETURNING count`
	sqlAlarmOfKind = `SELECT COUNT(*) FROM (SELECT 1 FROM alarms WHERE kind = $1 AND last_at >= $2 LIMIT 1) found`
	sqlLastingKind = `SELECT serial, first_at, last_at, over FROM alarm_kinds WHERE kind = $1 AND ended_at = 0 ORDER BY serial DESC LIMIT 1`
	sqlNewKind     = `INSERT INTO alarm_kinds (serial, kind, first_at, last_at, count, over, ended_at, told_at, told) VALUES ($1, $2, $3, $4, 1, $5, 0, 0, '')`
	sqlMetKind     = `UPDATE alarm_kinds SET last_at = $1, count = count + 1, over = $2 WHERE serial = $3`
	sqlEndKind     = `UPDATE alarm_kinds SET ended_at = $1 WHERE serial = $2 AND ended_at = 0`
	sqlAlarms      = `SELECT key, message, first_at, last_at, count FROM alarms ORDER BY last_at DESC, key`
	sqlClearAlarm  = `DELETE FROM alarms WHERE key = $1`
)

// A Raised says what is new about a trouble.
type Raised struct {
	// First says that it was cleared since it was last met, or never met.
	First bool
	// Kind says that no trouble of its kind lasted: the operators are to be told of
	// the kind.
	Kind bool
}

// kindOf returns the kind of a trouble: its key up to the first colon.
func kindOf(key string) string {
	kind, _, _ := strings.Cut(key, ":")
	return kind
}

// Alarm counts a trouble under its key, and under its kind, which is the key up to
// the first colon. It is new if it was cleared since, or not met for longer than
// over, because nobody tells of the end of some troubles. With over zero a trouble
// lasts until it is cleared.
func (l *Ledger) Alarm(ctx context.Context, key, message string, over time.Duration) (r Raised, err error) {
	err = l.update(ctx, "alarm", func(tx *transaction) error {
		now := l.now()
		if r.Kind, err = meetKind(ctx, tx, kindOf(key), now, over); err != nil {
			return err
		}
		var count, ended int64
		if over > 0 {
			ended = millis(now.Add(-over))
		}
		err := tx.QueryRowContext(ctx, sqlAlarm, key, kindOf(key), message, millis(now), millis(now), ended, ended).Scan(&count)
		r.First = count == 1
		return err
	})
	return r, err
}

// meetKind counts a trouble under its kind, before it is written down itself, and
// says whether none of the kind lasted.
func meetKind(ctx context.Context, tx *transaction, kind string, now time.Time, over time.Duration) (first bool, err error) {
	var k AlarmKind
	var began, last, after int64
	err = tx.QueryRowContext(ctx, sqlLastingKind, kind).Scan(&k.Serial, &began, &last, &after)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return false, err
	default:
		k.First, k.Last, k.over = moment(began), moment(last), time.Duration(after)*time.Millisecond
		ended, err := k.ended(ctx, tx, kind, now)
		if err != nil {
			return false, err
		}
		if !ended {
			_, err = tx.ExecContext(ctx, sqlMetKind, millis(now), over.Milliseconds(), k.Serial)
			return false, err
		}
		if _, err := tx.ExecContext(ctx, sqlEndKind, millis(now), k.Serial); err != nil {
			return false, err
		}
	}
	serial, err := next(ctx, tx, "alarm", 1)
	if err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, sqlNewKind, serial, kind, millis(now), millis(now), over.Milliseconds())
	return true, err
}

// ended says whether troubles of a kind are over: all were cleared, or none was met
// for long.
func (k AlarmKind) ended(ctx context.Context, q queryer, kind string, now time.Time) (bool, error) {
	if k.over > 0 && now.Sub(k.Last) > k.over {
		return true, nil
	}
	left, err := scalar(ctx, q, sqlAlarmOfKind, kind, millis(k.First))
	return left == 0, err
}

// An AlarmState is a trouble that was not cleared.
type AlarmState struct {
	Key, Message string
	First, Last  time.Time
	Count        int
}

func scanAlarm(scan func(...any) error) (a AlarmState, err error) {
	var first, last int64
	err = scan(&a.Key, &a.Message, &first, &last, &a.Count)
	a.First, a.Last = moment(first), moment(last)
	return a, err
}

// Alarms returns the troubles that were not cleared, the latest first.
func (l *Ledger) Alarms(ctx context.Context) ([]AlarmState, error) {
	all, err := collect(ctx, l.read, scanAlarm, sqlAlarms)
	if err != nil {
		return nil, fmt.Errorf("reading alarms: %w", l.explain(err))
	}
	return all, nil
}

// ClearAlarm forgets a trouble, so that it is new when it comes again.
func (l *Ledger) ClearAlarm(ctx context.Context, key string) error {
	return l.update(ctx, "clear alarm", func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, sqlClearAlarm, key)
		return err
	})
}

// An AlarmKind is the troubles of one kind from when there was one until there was
// none.
type AlarmKind struct {
	Serial      int64 // rises, and names the episode
	Kind        string
	First, Last time.Time // when one was met
	Count       int       // how often
	// Open is how many troubles are not cleared, and Latest are the last of them that
	// were met, at most five, the newest first.
	Open   int
	Latest []AlarmState
	// Over says that it ended.
	Over bool
	// ToldAt is when somebody last told the operators, and Told what: zero and empty
	// if nobody did.
	ToldAt time.Time
	Told   string

	over time.Duration
}

const (
	sqlKinds        = `SELECT serial, kind, first_at, last_at, count, over, ended_at, told_at, told FROM alarm_kinds ORDER BY serial`
	sqlOpenOfKind   = `SELECT COUNT(*) FROM alarms WHERE kind = $1 AND last_at >= $2`
	sqlLatestOfKind = `SELECT key, message, first_at, last_at, count FROM alarms WHERE kind = $1 AND last_at >= $2 ORDER BY last_at DESC, key LIMIT 5`
	sqlToldKind     = `UPDATE alarm_kinds SET told_at = $1, told = $2 WHERE serial = $3`
	sqlForgetKind   = `DELETE FROM alarm_kinds WHERE serial = $1 AND ended_at > 0`
)

// AlarmKinds returns the kinds of trouble that last, and those that ended since the
// operators were last told of them, in the order in which they began.
func (l *Ledger) AlarmKinds(ctx context.Context) ([]AlarmKind, error) {
	now := l.now()
	all, err := collect(ctx, l.read, scanKind, sqlKinds)
	for i := range all {
		if err == nil {
			err = l.fillKind(ctx, &all[i], now)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the kinds of alarms: %w", l.explain(err))
	}
	return all, nil
}

func scanKind(scan func(...any) error) (k AlarmKind, err error) {
	var first, last, over, ended, told int64
	err = scan(&k.Serial, &k.Kind, &first, &last, &k.Count, &over, &ended, &told, &k.Told)
	k.First, k.Last, k.ToldAt = moment(first), moment(last), moment(told)
	k.over, k.Over = time.Duration(over)*time.Millisecond, ended > 0
	return k, err
}

// fillKind finds the troubles of a kind.
func (l *Ledger) fillKind(ctx context.Context, k *AlarmKind, now time.Time) error {
	if k.Over {
		return nil // troubles of its kind are of another episode
	}
	open, err := scalar(ctx, l.read, sqlOpenOfKind, k.Kind, millis(k.First))
	if err != nil {
		return err
	}
	k.Open = int(open)
	k.Over = open == 0 || k.over > 0 && now.Sub(k.Last) > k.over
	k.Latest, err = collect(ctx, l.read, scanAlarm, sqlLatestOfKind, k.Kind, millis(k.First))
	return err
}

// ToldAlarm notes what the operators were told of a kind of trouble. A kind that is
// over is forgotten with it.
func (l *Ledger) ToldAlarm(ctx context.Context, k AlarmKind, words string) error {
	return l.update(ctx, "told alarm", func(tx *transaction) error {
		now := millis(l.now())
		if !k.Over {
			_, err := tx.ExecContext(ctx, sqlToldKind, now, words, k.Serial)
			return err
		}
		if _, err := tx.ExecContext(ctx, sqlEndKind, now, k.Serial); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, sqlForgetKind, k.Serial)
		return err
	})
}
