package discordtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// maxThreads is how many threads of a guild can be active
// (https://support.discord.com/hc/en-us/articles/4403205878423-Threads-FAQ).
const maxThreads = 1000

// requireTag is the flag of a forum that wants every post to have a tag.
const requireTag = 1 << 4

func isThread(kind int) bool { return kind == PublicThread || kind == AnnouncementThread }

func isForum(kind int) bool { return kind == ForumChannel || kind == MediaChannel }

// holdsMessages says whether a channel of a type has messages of its own.
func holdsMessages(kind int) bool {
	switch kind {
	case TextChannel, DirectChat, VoiceChannel, AnnouncementChannel:
		return true
	}
	return isThread(kind)
}

// Threads are the threads of a channel, oldest first.
func (s *Server) Threads(channel string) []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Channel
	for _, id := range s.threads {
		if t := s.channels[id]; t != nil && t.Parent == channel {
			all = append(all, *t)
		}
	}
	return all
}

// threadName checks what both ways to start a thread have in common.
func threadName(body map[string]any) (string, answer, bool) {
	name, _ := body["name"].(string)
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > 100 {
		return "", invalid("name: must be between 1 and 100 in length, has %d", n), false
	}
	if d, given := body["auto_archive_duration"]; given {
		switch number(d) {
		case 60, 1440, 4320, 10080:
		default:
			return "", invalid("auto_archive_duration: %v is none", d), false
		}
	}
	return name, answer{}, true
}

// crowded says whether a guild has no room for another thread. The caller holds s.mu.
func (s *Server) crowded(guild string) bool {
	n := 0
	if g := s.guilds[guild]; g != nil {
		n = g.Active
	}
	for _, c := range s.channels {
		if c.Guild == guild && isThread(c.Type) && !c.Archived {
			n++
		}
	}
	return n >= maxThreads
}

// addThread adds a thread of the bot's and tells it so. The caller holds s.mu.
func (s *Server) addThread(id, name string, parent *Channel, kind int) *Channel {
	t := &Channel{ID: id, Guild: parent.Guild, Name: name, Type: kind, Parent: parent.ID, owner: s.application, created: time.Now()}
	s.channels[id] = t
	s.threads = append(s.threads, id)
	s.dispatch("THREAD_CREATE", s.channelObject(t))
	return t
}

// startThread starts a thread from a message.
func (s *Server) startThread(c *call) answer {
	var body map[string]any
	if err := json.Unmarshal(c.body, &body); err != nil {
		return refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, a, fine := s.mayLook(c.PathValue("channel"))
	if !fine {
		return a
	}
	kind, has := PublicThread, s.messages[c.PathValue("message")]
	switch {
	case ch.Type == AnnouncementChannel:
		kind = AnnouncementThread
	case ch.Type != TextChannel:
		return refuse(http.StatusBadRequest, 50024, "Cannot execute action on this channel type")
	}
	name, a, fine := threadName(body)
	switch {
	case !fine:
		return a
	case s.may(ch)&CreatePublicThreads == 0:
		return refuse(http.StatusForbidden, 50013, "Missing Permissions")
	case has == nil || has.Deleted || has.Ephemeral() || has.Channel != ch.ID:
		return refuse(http.StatusNotFound, 10008, "Unknown Message")
	case s.channels[has.ID] != nil:
		return refuse(http.StatusBadRequest, 160004, "A thread has already been created for this message")
	case s.crowded(ch.Guild):
		return refuse(http.StatusBadRequest, 160006, "Maximum number of active threads reached")
	}
	t := s.addThread(has.ID, name, ch, kind)
	s.notify()
	return answer{status: http.StatusCreated, body: s.channelObject(t)}
}

// createPost creates a post in a forum with its first message, which has the id of the
// post. It knows no nonces.
func (s *Server) createPost(c *call) answer {
	var body map[string]any
	if err := json.Unmarshal(c.body, &body); err != nil {
		return refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, a, fine := s.mayLook(c.PathValue("channel"))
	if !fine {
		return a
	}
	if !isForum(ch.Type) {
		return refuse(http.StatusBadRequest, 50024, "Cannot execute action on this channel type")
	}
	name, a, fine := threadName(body)
	if !fine {
		return a
	}
	message := sub(body, "message")
	flags := number(message["flags"])
	tags, _ := body["applied_tags"].([]any)
	switch {
	case s.may(ch)&SendMessages == 0:
		return refuse(http.StatusForbidden, 50013, "Missing Permissions")
	case ch.Flags&requireTag != 0 && len(tags) == 0:
		return refuse(http.StatusBadRequest, 40067, "A tag is required to create a forum post in this channel")
	case s.crowded(ch.Guild):
		return refuse(http.StatusBadRequest, 160006, "Maximum number of active threads reached")
	case flags&Ephemeral != 0:
		return invalid("flags: only an answer to an interaction is ephemeral")
	}
	if a, fine := checkMessage(message, len(c.files) > 0, flags); !fine {
		return a
	}
	m := &Message{Flags: flags}
	s.put(m, message, c.files)
	m.Channel = m.ID
	t := s.addThread(m.ID, name, ch, PublicThread)
	s.notify()
	o := s.channelObject(t)
	o["message"] = s.messageObject(m)
	return answer{status: http.StatusCreated, body: o}
}

// activeThreads lists the threads of a guild that are not archived.
func (s *Server) activeThreads(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guilds[c.PathValue("guild")]
	if g == nil || !g.member {
		return refuse(http.StatusNotFound, 10004, "Unknown Guild")
	}
	threads := []any{}
	for _, ch := range s.channels {
		if ch.Guild == g.ID && isThread(ch.Type) && !ch.Archived && s.may(ch)&ViewChannel != 0 {
			threads = append(threads, s.channelObject(ch))
		}
	}
	return ok(map[string]any{"threads": threads, "members": []any{}})
}

// deleteMessage deletes a message: the bot's own always.
func (s *Server) deleteMessage(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, a, fine := s.mayLook(c.PathValue("channel"))
	if !fine {
		return a
	}
	m := s.messages[c.PathValue("message")]
	switch {
	case m == nil || m.Deleted || m.Channel != ch.ID:
		return refuse(http.StatusNotFound, 10008, "Unknown Message")
	case m.Author != "":
		return refuse(http.StatusForbidden, 50013, "Missing Permissions")
	}
	m.Deleted = true
	s.notify()
	return noContent()
}
