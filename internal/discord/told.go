package discord

import (
	"slices"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// How long, and of how many channels, is remembered what was told of them.
const (
	toldFor = 15 * time.Minute
	maxTold = 4096
)

// A told remembers what Discord told of channels with the questions that came from
// them: who may read there, and what the bot may do. It is safe for use by many.
type told struct {
	mu       sync.Mutex
	channels map[string]toldOf
	guilds   map[string]string // by channel; empty: a direct chat
}

type toldOf struct {
	survey chat.Survey
	at     time.Time
}

// note takes what an interaction tells.
func (t *told) note(i *interaction) {
	if i.ChannelID != "" {
		t.place(i.ChannelID, i.GuildID)
	}
	if i.Own == nil || i.ChannelID == "" {
		return
	}
	s := chat.Survey{Room: i.room()}
	if i.GuildID != "" {
		s.Missing = lacking(uint64(*i.Own), i.Channel.Type)
		if uint64(*i.Own)&administrator != 0 {
			s.Missing = nil
		}
	}
	s.CanPost = len(s.Missing) == 0
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.channels == nil || len(t.channels) >= maxTold {
		t.channels = map[string]toldOf{}
	}
	t.channels[i.ChannelID] = toldOf{s, time.Now()}
}

// recall returns what was told of a channel, unless that is too long ago.
func (t *told) recall(channel string) (chat.Survey, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of, ok := t.channels[channel]
	if !ok || time.Since(of.at) > toldFor {
		return chat.Survey{}, false
	}
	s := of.survey
	s.Room = slices.Clone(s.Room)
	return s, true
}

// place keeps which guild a channel belongs to, which never changes; none: it is a
// direct chat.
func (t *told) place(channel, guild string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.guilds == nil || len(t.guilds) >= maxTold {
		t.guilds = map[string]string{}
	}
	t.guilds[channel] = guild
}

// guild is the guild of a channel, if that is known.
func (t *told) guild(channel string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, known := t.guilds[channel]
	return g, known
}
