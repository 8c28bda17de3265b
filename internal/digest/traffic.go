package digest

import (
	"context"
	"fmt"
	"time"
)

// TrafficSpan is how far back Traffic counts what was sent.
const TrafficSpan = 5 * time.Minute

// A Traffic is what is owed on one platform, and how fast that is worked off.
type Traffic struct {
	Platform string
	// Posts are the messages that wait or are being sent, without Kept; Oldest is when
	// the first of them was planned.
	Posts  int
	Oldest time.Time
	// Edits are what is to be done with messages that were posted, without Kept.
	Edits int
	// Kept is owed to conversations that are suspended.
	Kept int
	// Recent is how many were sent within TrafficSpan, of all kinds.
	Recent int
}

const (
	sqlOwedOn = `SELECT platform, posts, kept, COUNT(*), MIN(planned_at) FROM (SELECT platform, planned_at,
		CASE WHEN verb IN ('post', 'reply') THEN 1 ELSE 0 END AS posts, CASE WHEN due_at = $1 THEN 1 ELSE 0 END AS kept
		FROM deliveries WHERE settled_at = 0) owed GROUP BY platform, posts, kept`
	sqlRecentOn = `SELECT platform, COUNT(*) FROM deliveries WHERE state = 'sent' AND settled_at > $1 GROUP BY platform`
)

// Traffic returns what is owed on each platform by its name; one that is owed nothing,
// and was sent nothing of late, is left out.
func (l *Ledger) Traffic(ctx context.Context) (map[string]Traffic, error) {
	all := make(map[string]Traffic)
	_, err := collect(ctx, l.read, func(scan func(...any) error) (none struct{}, err error) {
		var platform string
		var posts, kept, n int
		var oldest int64
		err = scan(&platform, &posts, &kept, &n, &oldest)
		t := all[platform]
		t.count(posts > 0, kept > 0, n, moment(oldest))
		all[platform] = t
		return none, err
	}, sqlOwedOn, int64(never))
	if err == nil {
		_, err = collect(ctx, l.read, func(scan func(...any) error) (none struct{}, err error) {
			var platform string
			var n int
			err = scan(&platform, &n)
			t := all[platform]
			t.Recent = n
			all[platform] = t
			return none, err
		}, sqlRecentOn, millis(l.now().Add(-TrafficSpan)))
	}
	if err != nil {
		return nil, fmt.Errorf("reading what is owed: %w", l.explain(err))
	}
	for name, t := range all {
		t.Platform = name
		all[name] = t
	}
	return all, nil
}

func (t *Traffic) count(posts, kept bool, n int, oldest time.Time) {
	switch {
	case kept:
		t.Kept += n
	case posts:
		t.Posts, t.Oldest = n, oldest
	default:
		t.Edits = n
	}
}
