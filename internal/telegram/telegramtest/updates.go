package telegramtest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// An update waits for the bot.
type update struct {
	id   int64
	kind string
	body map[string]any
}

// push queues an update. The lock is held.
func (s *Server) push(kind string, body any) {
	s.queue = append(s.queue, update{id: s.nextUp, kind: kind, body: map[string]any{"update_id": s.nextUp, kind: body}})
	s.nextUp++
	s.touch()
}

// Push queues an update of any kind and content.
func (s *Server) Push(kind string, body any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.push(kind, body)
}

// RestartIDs makes the next update ids begin at id, as the vendor's do at random
// after a week without any.
func (s *Server) RestartIDs(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue, s.nextUp = nil, id
}

// Pending returns how many updates the bot has not confirmed.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}

// SetWebhook makes the service deliver to an address, so that nobody can poll.
func (s *Server) SetWebhook(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhook = address
}

// Limits of getUpdates (https://core.telegram.org/bots/api#getupdates).
const (
	maxTimeout = 50 * time.Second
	maxUpdates = 100
	// future is how far behind its queue the server takes an offset for a
	// mistake, and answers everything it has.
	future = 10
)

func getUpdates(s *Server, ctx context.Context, p map[string]string) (any, error) {
	wait := min(time.Duration(number(p["timeout"]))*time.Second, maxTimeout)
	limit := int(number(p["limit"]))
	if limit < 1 || limit > maxUpdates {
		limit = maxUpdates
	}
	var allowed []string
	json.Unmarshal([]byte(p["allowed_updates"]), &allowed)
	offset := number(p["offset"])
	if offset < 0 {
		return nil, bad("STRICT: a negative offset forgets updates")
	}
	s.mu.Lock()
	s.poll++
	mine := s.poll
	s.touch()
	s.mu.Unlock()
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	for late := false; ; {
		s.mu.Lock()
		changed := s.changed
		if s.webhook != "" {
			s.mu.Unlock()
			return nil, conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
		}
		if s.revoked {
			s.mu.Unlock()
			return nil, &failure{code: http.StatusUnauthorized, text: "Unauthorized"}
		}
		if s.poll != mine {
			s.mu.Unlock()
			return nil, conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
		}
		batch := s.batch(offset, limit, allowed)
		s.mu.Unlock()
		if len(batch) > 0 || late || wait == 0 {
			return batch, nil
		}
		select {
		case <-changed:
		case <-deadline.C:
			late = true
		case <-ctx.Done():
			return batch, nil
		case <-s.closed:
			return batch, nil
		}
	}
}

// batch forgets what the offset confirms and returns what follows. The lock is
// held.
func (s *Server) batch(offset int64, limit int, allowed []string) []any {
	batch := []any{}
	if offset > s.nextUp+future {
		offset = 0
	}
	if len(s.queue) > 0 && s.queue[0].id < offset {
		s.queue = slices.DeleteFunc(s.queue, func(u update) bool { return u.id < offset })
		s.touch()
	}
	for _, u := range s.queue {
		if len(batch) == limit {
			break
		}
		if len(allowed) == 0 || contains(allowed, u.kind) {
			batch = append(batch, u.body)
		}
	}
	return batch
}

func conflict(text string) *failure {
	return &failure{code: http.StatusConflict, text: "Conflict: " + text}
}

func deleteWebhook(s *Server, _ context.Context, p map[string]string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhook = ""
	if p["drop_pending_updates"] == "true" {
		s.queue = nil
	}
	return true, nil
}

func getWebhookInfo(s *Server, _ context.Context, _ map[string]string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"url": s.webhook, "has_custom_certificate": false, "pending_update_count": len(s.queue)}, nil
}

// number reads an integer, or zero.
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
