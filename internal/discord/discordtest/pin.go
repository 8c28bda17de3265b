package discordtest

import (
	"net/http"
	"slices"
)

// maxPins is how many messages of a channel can be pinned
// (https://discord.com/developers/docs/resources/message#pin-message).
const maxPins = 250

// Pinned are the ids of the messages that are pinned in a channel, newest pin last.
func (s *Server) Pinned(channel string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.pins[channel])
}

// FillPins has a channel hold as many pinned messages as it can.
func (s *Server) FillPins(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.pins[channel]) < maxPins {
		s.pins[channel] = append(s.pins[channel], s.id())
	}
}

// mayPin finds the message that a request pins or unpins. The caller holds s.mu.
func (s *Server) mayPin(c *call) (*Message, answer, bool) {
	ch, a, fine := s.mayLook(c.PathValue("channel"))
	if !fine {
		return nil, a, false
	}
	if ch.Guild != "" && s.may(ch)&(PinMessages|ReadMessageHistory) != PinMessages|ReadMessageHistory {
		return nil, refuse(http.StatusForbidden, 50013, "Missing Permissions"), false
	}
	m := s.messages[c.PathValue("message")]
	if m == nil || m.Deleted || m.Ephemeral() || m.Channel != ch.ID {
		return nil, refuse(http.StatusNotFound, 10008, "Unknown Message"), false
	}
	switch {
	case m.Notice != 0:
		return nil, refuse(http.StatusForbidden, 50021, "Cannot execute action on a system message"), false
	case ch.Archived:
		return nil, refuse(http.StatusBadRequest, 50083, "Thread is archived"), false
	case s.locked(ch):
		return nil, refuse(http.StatusForbidden, 160005, "Thread is locked"), false
	}
	return m, answer{}, true
}

// pinNotice is the type of the message by which Discord says that another was pinned
// (https://discord.com/developers/docs/resources/message#message-object-message-types).
// Its author is who pinned it.
const pinNotice = 6

// pin pins a message, and says so in the channel.
func (s *Server) pin(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, a, fine := s.mayPin(c)
	switch {
	case !fine:
		return a
	case slices.Contains(s.pins[m.Channel], m.ID):
		return noContent()
	case len(s.pins[m.Channel]) >= maxPins:
		return refuse(http.StatusBadRequest, 30003, "Maximum number of pins reached for the channel (250)")
	}
	s.pins[m.Channel] = append(s.pins[m.Channel], m.ID)
	s.put(&Message{Channel: m.Channel, Notice: pinNotice, Reply: m.ID}, nil, nil)
	return noContent()
}

func (s *Server) unpin(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, a, fine := s.mayPin(c)
	if !fine {
		return a
	}
	s.pins[m.Channel] = slices.DeleteFunc(s.pins[m.Channel], func(id string) bool { return id == m.ID })
	s.notify()
	return noContent()
}

// Notices are the messages that Discord itself wrote in a channel, oldest first.
func (s *Server) Notices(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for _, id := range s.posted {
		if m := s.messages[id]; m.Channel == channel && !m.Deleted && m.Notice != 0 {
			all = append(all, *m)
		}
	}
	return all
}
