package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// A roster knows which channels each guild has, by id alone, so that the loss of
// a guild can be told of its channels; which channels refused the bot, so that it is
// noticed when they let it in again; and which took what it posted, so that it is
// noticed when they no longer will. One goroutine handles events; refused and used
// are safe for use by many.
type roster struct {
	host   chat.Host
	logger *slog.Logger
	survey func(ctx context.Context, channel string) (chat.Survey, error)
	began  time.Time

	// soon has f handled among the events, once d has passed.
	soon func(d time.Duration, f func())

	guilds  map[string]map[string]string // by guild its channels; of a thread, whose it is
	due     map[string]bool              // guilds that are looked at soon
	initial map[string]bool              // guilds that the bot was in when it connected; nil: not told
	self    string

	mu   sync.Mutex
	lost map[string]bool // channels that refused the bot
	open map[string]bool // channels that took a message or would have, at most maxTold
}

func newRoster(host chat.Host, logger *slog.Logger, survey func(context.Context, string) (chat.Survey, error)) *roster {
	return &roster{
		host: host, logger: logger, survey: survey, began: time.Now(),
		guilds: map[string]map[string]string{}, due: map[string]bool{}, initial: map[string]bool{},
		lost: map[string]bool{}, open: map[string]bool{},
	}
}

// guildEvent holds the fields of READY and of the events about guilds and channels
// that we use.
type guildEvent struct {
	ID            string    `json:"id"`
	GuildID       string    `json:"guild_id"`
	ParentID      string    `json:"parent_id"`
	Type          int       `json:"type"`
	Unavailable   bool      `json:"unavailable"`
	JoinedAt      time.Time `json:"joined_at"`
	SystemChannel string    `json:"system_channel_id"`
	Channels      []listed  `json:"channels"`
	Threads       []listed  `json:"threads"`
	User          user      `json:"user"`
	Guilds        *[]user   `json:"guilds"` // nil: not told
}

// listed is a channel as a server lists it.
type listed struct {
	ID       string `json:"id"`
	Type     int    `json:"type"`
	Position int    `json:"position"`
	ParentID string `json:"parent_id"`
}

// of is the channel that a thread is in, empty for what is no thread.
func (c listed) of() string {
	if isThread(c.Type) {
		return c.ParentID
	}
	return ""
}

// handle takes one event of the gateway.
func (r *roster) handle(ctx context.Context, kind string, data json.RawMessage) {
	var e guildEvent
	switch kind {
	case "READY", "GUILD_CREATE", "GUILD_DELETE", "CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE",
		"THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_CREATE", "GUILD_ROLE_DELETE", "GUILD_MEMBER_UPDATE":
		if err := json.Unmarshal(data, &e); err != nil {
			r.logger.Warn("an event cannot be read", "event", kind, "error", err)
			return
		}
	}
	switch kind {
	case "READY":
		r.ready(ctx, e)
	case "GUILD_CREATE":
		r.guildCreated(ctx, e)
	case "GUILD_DELETE":
		if !e.Unavailable {
			r.guildLost(ctx, e.ID)
		}
	case "CHANNEL_CREATE", "THREAD_CREATE", "CHANNEL_UPDATE", "THREAD_UPDATE":
		r.add(e.GuildID, e.ID, listed{Type: e.Type, ParentID: e.ParentID}.of())
		r.probe(ctx, e.ID)
		r.probeThreads(ctx, e.GuildID, e.ID)
	case "CHANNEL_DELETE", "THREAD_DELETE":
		r.deleted(ctx, e.GuildID, e.ID)
	case "GUILD_ROLE_UPDATE", "GUILD_ROLE_CREATE", "GUILD_ROLE_DELETE":
		r.probeSoon(ctx, e.GuildID)
	case "GUILD_MEMBER_UPDATE":
		if e.User.ID == r.self {
			r.probeSoon(ctx, e.GuildID)
		}
	}
}

// ready begins a connection. A guild known before and missing now was lost
// meanwhile.
func (r *roster) ready(ctx context.Context, e guildEvent) {
	r.self = e.User.ID
	r.initial = nil
	if e.Guilds == nil {
		r.logger.Warn("the gateway does not tell which servers the bot is in; all count as before")
		return
	}
	r.initial = map[string]bool{}
	for _, g := range *e.Guilds {
		r.initial[g.ID] = true
	}
	for id := range r.guilds {
		if !r.initial[id] {
			r.guildLost(ctx, id)
		}
	}
}

// guildCreated tells of a guild that the bot is in: as it connects, when the guild
// is available again, or because somebody just invited it.
func (r *roster) guildCreated(ctx context.Context, e guildEvent) {
	if e.Unavailable {
		return // what it has is told when it is back
	}
	_, known := r.guilds[e.ID]
	invited := !known && (r.initial != nil && !r.initial[e.ID] || e.JoinedAt.After(r.began))
	r.guilds[e.ID] = map[string]string{}
	for _, c := range e.Channels {
		r.add(e.ID, c.ID, "")
	}
	for _, c := range e.Threads {
		r.add(e.ID, c.ID, c.of())
	}
	if !invited {
		r.probeLost(ctx, e.ID)
		return
	}
	seen, err := r.host.Seen(ctx, platformName, "joined/"+e.ID+"/"+e.JoinedAt.UTC().Format(time.RFC3339Nano))
	if err != nil {
		r.logger.Warn("whether a server is new cannot be told", "error", err)
	}
	if seen || err != nil {
		return
	}
	for c := range r.guilds[e.ID] {
		r.accepted(c)
		r.tell(ctx, chat.Event{Kind: chat.Back, Where: conversation(c), Room: roomOf(c, "", e.ID, "")})
	}
	r.greet(ctx, e)
}

// greetingTries is how many channels of a new guild are looked at for one where the
// bot may speak.
const greetingTries = 5

// greet tells the host of a new guild, if there is a place to greet it: the channel
// for the server's own messages, or else the first where the bot may speak.
func (r *roster) greet(ctx context.Context, e guildEvent) {
	for _, c := range greetingPlaces(e) {
		s, err := r.survey(ctx, c)
		if err == nil && s.CanPost {
			r.tell(ctx, chat.Event{Kind: chat.Added, Where: conversation(c), Room: s.Room})
			return
		}
		r.logger.Info("a new server is not greeted in a channel", "guild", e.ID, "channel", c, "missing", s.Missing, "error", err)
	}
}

// greetingPlaces are the channels where a guild might be greeted, best first.
func greetingPlaces(e guildEvent) []string {
	text := slices.DeleteFunc(slices.Clone(e.Channels), func(c listed) bool { return c.Type != textChannel })
	slices.SortStableFunc(text, func(a, b listed) int { return cmp.Compare(a.Position, b.Position) })
	var places []string
	if e.SystemChannel != "" {
		places = append(places, e.SystemChannel)
	}
	for _, c := range text {
		if c.ID != e.SystemChannel {
			places = append(places, c.ID)
		}
	}
	return places[:min(len(places), greetingTries)]
}

func (r *roster) guildLost(ctx context.Context, id string) {
	channels := r.guilds[id]
	delete(r.guilds, id)
	delete(r.initial, id)
	for c := range channels {
		r.forget(c)
		r.tell(ctx, chat.Event{Kind: chat.Lost, Where: conversation(c), Reason: "the bot was removed from the server", Room: roomOf(c, "", id, "")})
	}
}

// deleted tells of a channel that is no more, and of its threads, which Discord does
// not name.
func (r *roster) deleted(ctx context.Context, guild, channel string) {
	for thread, of := range r.guilds[guild] {
		if of == channel {
			r.gone(ctx, guild, thread, "the channel of the thread was deleted")
		}
	}
	reason := "the channel was deleted"
	if r.guilds[guild][channel] != "" {
		reason = "the thread was deleted"
	}
	r.gone(ctx, guild, channel, reason)
}

// gone tells of a channel that will never be back.
func (r *roster) gone(ctx context.Context, guild, channel, reason string) {
	room := roomOf(channel, r.guilds[guild][channel], guild, "")
	delete(r.guilds[guild], channel)
	r.forget(channel)
	r.tell(ctx, chat.Event{Kind: chat.Lost, Where: conversation(channel), Reason: reason, Room: room})
}

func (r *roster) add(guild, channel, of string) {
	if guild == "" {
		return
	}
	if r.guilds[guild] == nil {
		r.guilds[guild] = map[string]string{}
	}
	r.guilds[guild][channel] = of
}

func (r *roster) tell(ctx context.Context, e chat.Event) {
	if err := r.host.Lifecycle(ctx, e); err != nil {
		r.logger.Error("what happened to a conversation was not recorded", "conversation", e.Where.String(), "error", err)
	}
}

func conversation(channel string) chat.Conversation {
	return chat.Conversation{Platform: platformName, ID: channel}
}
