package discordtest

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// limits are the rate limits of https://discord.com/developers/docs/topics/rate-limits:
// a window over all requests but those that answer interactions, and a bucket a
// route and major id.
type limits struct {
	recent  []time.Time // requests of the last second
	buckets map[string]*window
}

type window struct {
	used  int
	reset time.Time
}

const globalLimit = 50 // requests a second

// a rule is how much a route lets through.
type rule struct {
	hash  string
	limit int
	per   time.Duration
}

func ruleOf(method, route string) rule {
	switch {
	case method == http.MethodPost && route == "/channels/{channel}/messages":
		return rule{"b4d5c1f0posts", 5, 5 * time.Second}
	case strings.HasPrefix(route, "/interactions/"):
		return rule{"", 0, 0}
	case strings.HasPrefix(route, "/webhooks/"):
		return rule{"a1f4e2c9webhooks", 5, 2 * time.Second}
	case method == http.MethodPut && strings.HasPrefix(route, "/applications/"):
		return rule{"77ab20dccommands", 10, 60 * time.Second}
	case strings.HasPrefix(route, "/gateway"):
		return rule{"", 0, 0}
	default:
		return rule{fmt.Sprintf("%x", len(route)*31+len(method)) + "other", 50, time.Second}
	}
}

// limit counts a request and says whether it is one too many, and otherwise what
// the headers of its answer tell.
func (s *Server) limit(method, route string, c *call, exempt bool) (*answer, http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.options.Limits {
		return nil, nil
	}
	now := time.Now()
	if !exempt {
		if after := s.limits.global(now); after > 0 {
			return limited(after, "global", nil), nil
		}
	}
	r := ruleOf(method, route)
	if r.limit == 0 {
		return nil, nil
	}
	major := c.PathValue("channel") + c.PathValue("guild") + c.PathValue("token")
	w := s.limits.buckets[r.hash+major]
	if w == nil || !now.Before(w.reset) {
		w = &window{reset: now.Add(r.per)}
		s.limits.buckets[r.hash+major] = w
	}
	h := http.Header{}
	after := w.reset.Sub(now)
	h.Set("X-RateLimit-Bucket", r.hash)
	h.Set("X-RateLimit-Limit", strconv.Itoa(r.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(r.limit-w.used-1, 0)))
	h.Set("X-RateLimit-Reset", fmt.Sprintf("%.3f", float64(w.reset.UnixMilli())/1000))
	h.Set("X-RateLimit-Reset-After", fmt.Sprintf("%.3f", after.Seconds()))
	if w.used >= r.limit {
		return limited(after, "user", h), nil
	}
	w.used++
	return nil, h
}

func (l *limits) global(now time.Time) time.Duration {
	first := 0
	for first < len(l.recent) && now.Sub(l.recent[first]) >= time.Second {
		first++
	}
	l.recent = l.recent[first:]
	if len(l.recent) >= globalLimit {
		return l.recent[0].Add(time.Second).Sub(now)
	}
	l.recent = append(l.recent, now)
	return 0
}

func limited(after time.Duration, scope string, h http.Header) *answer {
	if h == nil {
		h = http.Header{}
	}
	h.Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	h.Set("X-RateLimit-Scope", scope)
	if scope == "global" {
		h.Set("X-RateLimit-Global", "true")
	}
	return &answer{
		status: http.StatusTooManyRequests, header: h, problem: "rate limit of scope " + scope,
		body: map[string]any{"message": "You are being rate limited.", "retry_after": after.Seconds(), "global": scope == "global"},
	}
}

// How many edits of messages older than an hour a channel takes in a while, unless
// [Server.SetOldEdits] says otherwise. Discord documents no number; this is what bots
// have counted.
const (
	oldEdits    = 3
	oldEditsPer = 20 * time.Second
)

// SetOldEdits changes how many edits of messages older than an hour a channel takes
// in a while.
func (s *Server) SetOldEdits(n int, per time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oldMax, s.oldPer = n, per
}

// oldEdit counts the edit of a message that is old; it returns how long to wait if
// there were too many. The caller holds s.mu.
func (s *Server) oldEdit(m *Message) time.Duration {
	now := time.Now()
	if now.Sub(m.At) < time.Hour {
		return 0
	}
	recent := slices.DeleteFunc(s.oldEdits[m.Channel], func(t time.Time) bool { return now.Sub(t) >= s.oldPer })
	s.oldEdits[m.Channel] = recent
	if len(recent) < s.oldMax {
		s.oldEdits[m.Channel] = append(recent, now)
		return 0
	}
	if len(recent) == 0 {
		return s.oldPer
	}
	return recent[0].Add(s.oldPer).Sub(now)
}
