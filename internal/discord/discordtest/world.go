package discordtest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The permissions that matter to a bot that posts
// (https://discord.com/developers/docs/topics/permissions).
const (
	Administrator         uint64 = 1 << 3
	ManageChannels        uint64 = 1 << 4
	ManageGuild           uint64 = 1 << 5
	ViewChannel           uint64 = 1 << 10
	SendMessages          uint64 = 1 << 11
	EmbedLinks            uint64 = 1 << 14
	AttachFiles           uint64 = 1 << 15
	ReadMessageHistory    uint64 = 1 << 16
	ManageThreads         uint64 = 1 << 34
	CreatePublicThreads   uint64 = 1 << 35
	SendMessagesInThreads uint64 = 1 << 38
	PinMessages           uint64 = 1 << 51
)

// Posting is what a bot needs in order to post everywhere, and Tending what it needs
// in order to answer messages, pin them and open threads besides.
const (
	Posting = ViewChannel | SendMessages | EmbedLinks | AttachFiles | SendMessagesInThreads
	Tending = Posting | ReadMessageHistory | CreatePublicThreads | PinMessages
)

// A Role is a guild's role.
type Role struct {
	ID          string
	Permissions uint64
}

// A Guild is a server. The role with the guild's id is everybody's; a guild
// without it gives everybody [Tending].
type Guild struct {
	ID, Name, Owner string
	System          string // the channel for system messages
	Roles           []Role
	BotRoles        []string // of the bot
	Active          int      // threads that are active besides those that were added
	joined          time.Time
	member          bool // the bot is in it
}

// An Overwrite changes permissions in one channel.
type Overwrite struct {
	ID          string
	Member      bool // ID is a user's, not a role's
	Allow, Deny uint64
}

// The types of channels (https://discord.com/developers/docs/resources/channel).
const (
	TextChannel         = 0
	DirectChat          = 1
	VoiceChannel        = 2
	AnnouncementChannel = 5
	AnnouncementThread  = 10
	PublicThread        = 11
	ForumChannel        = 15
	MediaChannel        = 16
)

// A Channel is where messages are.
type Channel struct {
	ID, Guild, Name string
	Type            int
	Parent          string // of a thread: its channel
	Recipient       string // of a direct chat: the user
	Overwrites      []Overwrite
	Archived        bool
	Locked          bool // of a thread: only those who manage threads write there
	Flags           int
	owner           string // of a thread
	created         time.Time
}

// AddGuild adds a guild that the bot is in, without telling it: it is one that
// the bot joined before. [Server.Join] is the other way.
func (s *Server) AddGuild(g Guild) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addGuild(g, time.Now().Add(-24*time.Hour))
}

func (s *Server) addGuild(g Guild, joined time.Time) *Guild {
	everyone := false
	for _, r := range g.Roles {
		everyone = everyone || r.ID == g.ID
	}
	if !everyone {
		g.Roles = append([]Role{{ID: g.ID, Permissions: Tending}}, g.Roles...)
	}
	if g.Owner == "" {
		g.Owner = s.id()
	}
	g.joined, g.member = joined, true
	s.guilds[g.ID] = &g
	s.notify()
	return &g
}

// AddChannel adds a channel, thread or direct chat, or replaces it, and tells a
// connected bot of a replacement.
func (s *Server) AddChannel(c Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, replaced := s.channels[c.ID]
	s.channels[c.ID] = &c
	if replaced && c.Guild != "" {
		event := "CHANNEL_UPDATE"
		if isThread(c.Type) {
			event = "THREAD_UPDATE"
		}
		s.dispatch(event, s.channelObject(&c))
	}
	s.notify()
}

// ChangeRoles replaces the roles of a guild and of the bot in it, and tells the bot so.
// Roles without everybody's give everybody [Posting].
func (s *Server) ChangeRoles(guild string, roles []Role, bot ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := *s.guilds[guild]
	g.Roles, g.BotRoles = roles, bot
	changed := s.addGuild(g, g.joined)
	for _, r := range changed.Roles {
		s.dispatch("GUILD_ROLE_UPDATE", map[string]any{"guild_id": guild, "role": map[string]any{"id": r.ID, "permissions": bits(r.Permissions)}})
	}
	s.dispatch("GUILD_MEMBER_UPDATE", map[string]any{"guild_id": guild, "user": s.botUser(), "roles": append([]string{}, bot...)})
}

// Join puts the bot into a guild now, with channels that exist already, and tells
// it so.
func (s *Server) Join(g Guild) {
	s.mu.Lock()
	defer s.mu.Unlock()
	joined := s.addGuild(g, time.Now())
	s.dispatch("GUILD_CREATE", s.guildCreate(joined))
}

// Kick takes the bot out of a guild and tells it so.
func (s *Server) Kick(guild string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.guilds[guild]; g != nil {
		g.member = false
	}
	s.dispatch("GUILD_DELETE", map[string]any{"id": guild})
	s.notify()
}

// Outage makes a guild unavailable, which is no reason to believe it lost.
func (s *Server) Outage(guild string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dispatch("GUILD_DELETE", map[string]any{"id": guild, "unavailable": true})
}

// DeleteChannel deletes a channel or thread and tells the bot so.
func (s *Server) DeleteChannel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[id]
	if c == nil {
		return
	}
	delete(s.channels, id)
	event := "CHANNEL_DELETE"
	if isThread(c.Type) {
		event = "THREAD_DELETE"
	}
	s.dispatch(event, s.channelObject(c))
	s.notify()
}

// allowed are the permissions of a member in a channel, computed as
// https://discord.com/developers/docs/topics/permissions#permission-overwrites has
// it. The caller holds s.mu.
func (s *Server) allowed(c *Channel, user string, roles []string) uint64 {
	g := s.guilds[c.Guild]
	if g == nil {
		return Tending
	}
	if g.Owner == user {
		return ^uint64(0)
	}
	has := map[string]bool{g.ID: true}
	for _, r := range roles {
		has[r] = true
	}
	var base uint64
	for _, r := range g.Roles {
		if has[r.ID] {
			base |= r.Permissions
		}
	}
	if base&Administrator != 0 {
		return ^uint64(0)
	}
	at := c
	if isThread(c.Type) && s.channels[c.Parent] != nil {
		at = s.channels[c.Parent]
	}
	var allow, deny uint64
	for _, o := range at.Overwrites {
		if o.ID == g.ID {
			base = base&^o.Deny | o.Allow
		} else if !o.Member && has[o.ID] {
			allow, deny = allow|o.Allow, deny|o.Deny
		}
	}
	base = base&^deny | allow
	for _, o := range at.Overwrites {
		if o.Member && o.ID == user {
			base = base&^o.Deny | o.Allow
		}
	}
	if base&ViewChannel == 0 {
		return 0
	}
	return base
}

// may are the permissions of the bot in a channel. The caller holds s.mu.
func (s *Server) may(c *Channel) uint64 {
	g := s.guilds[c.Guild]
	switch {
	case g == nil && c.Guild == "":
		return Tending
	case g == nil || !g.member:
		return 0
	}
	return s.allowed(c, s.application, g.BotRoles)
}

// mayLook returns a channel that the bot sees, or says why it does not. The caller
// holds s.mu.
func (s *Server) mayLook(id string) (*Channel, answer, bool) {
	c := s.channels[id]
	switch {
	case c == nil:
		return nil, refuse(http.StatusNotFound, 10003, "Unknown Channel"), false
	case s.may(c)&ViewChannel == 0:
		return nil, refuse(http.StatusForbidden, 50001, "Missing Access"), false
	}
	return c, answer{}, true
}

// mayPost says why the bot may not post to a channel. The caller holds s.mu.
func (s *Server) mayPost(c *Channel, embeds bool) (answer, bool) {
	if c.Guild == "" {
		return answer{}, true
	}
	p := s.may(c)
	need := SendMessages
	if isThread(c.Type) {
		need = SendMessagesInThreads
	}
	switch {
	case p&ViewChannel == 0:
		return refuse(http.StatusForbidden, 50001, "Missing Access"), false
	case p&need == 0, embeds && p&EmbedLinks == 0:
		return refuse(http.StatusForbidden, 50013, "Missing Permissions"), false
	case !holdsMessages(c.Type):
		return refuse(http.StatusBadRequest, 50008, "Cannot send messages in a non-text channel"), false
	case c.Locked && p&ManageThreads == 0:
		return refuse(http.StatusBadRequest, 160005, "Thread is locked"), false
	}
	return answer{}, true
}

// locked says whether messages in a thread cannot be changed for its being locked. The
// caller holds s.mu.
func (s *Server) locked(c *Channel) bool { return c.Locked && s.may(c)&ManageThreads == 0 }

func (s *Server) botUser() map[string]any {
	return map[string]any{"id": s.application, "username": "briefbot", "discriminator": "0001", "global_name": nil, "avatar": nil, "bot": true, "flags": 0, "public_flags": 0}
}

func (s *Server) getChannel(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[c.PathValue("channel")]
	if ch == nil {
		return refuse(http.StatusNotFound, 10003, "Unknown Channel")
	}
	if g := s.guilds[ch.Guild]; g != nil && (!g.member || s.allowed(ch, s.application, g.BotRoles)&ViewChannel == 0) {
		return refuse(http.StatusForbidden, 50001, "Missing Access")
	}
	return ok(s.channelObject(ch))
}

func (s *Server) getGuild(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guilds[c.PathValue("guild")]
	if g == nil || !g.member {
		return refuse(http.StatusNotFound, 10004, "Unknown Guild")
	}
	return ok(s.guildObject(g))
}

func (s *Server) getMember(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guilds[c.PathValue("guild")]
	if g == nil || !g.member {
		return refuse(http.StatusNotFound, 10004, "Unknown Guild")
	}
	if c.PathValue("user") != s.application {
		return refuse(http.StatusNotFound, 10007, "Unknown Member")
	}
	roles := g.BotRoles
	if roles == nil {
		roles = []string{}
	}
	return ok(map[string]any{"user": s.botUser(), "roles": roles, "joined_at": g.joined.UTC().Format(time.RFC3339Nano), "deaf": false, "mute": false, "flags": 0})
}

func (s *Server) channelObject(c *Channel) map[string]any {
	o := map[string]any{"id": c.ID, "type": c.Type, "name": c.Name, "flags": c.Flags}
	if c.Type == DirectChat {
		o["recipients"] = []any{map[string]any{"id": c.Recipient, "username": "reader", "discriminator": "0", "avatar": nil}}
		return o
	}
	o["guild_id"] = c.Guild
	if c.Parent != "" {
		o["parent_id"] = c.Parent
	}
	if isThread(c.Type) {
		o["owner_id"] = c.owner
		o["thread_metadata"] = map[string]any{
			"archived": c.Archived, "auto_archive_duration": 1440, "archive_timestamp": "2025-01-01T00:00:00Z", "locked": c.Locked,
			"create_timestamp": c.created.UTC().Format(time.RFC3339Nano),
		}
		return o
	}
	overwrites := []any{}
	for _, w := range c.Overwrites {
		kind := 0
		if w.Member {
			kind = 1
		}
		overwrites = append(overwrites, map[string]any{"id": w.ID, "type": kind, "allow": bits(w.Allow), "deny": bits(w.Deny)})
	}
	o["permission_overwrites"] = overwrites
	return o
}

func (s *Server) guildObject(g *Guild) map[string]any {
	roles := []any{}
	for _, r := range g.Roles {
		roles = append(roles, map[string]any{"id": r.ID, "name": "role " + r.ID, "permissions": bits(r.Permissions), "position": 0, "color": 0, "hoist": false, "managed": false, "mentionable": false, "flags": 0})
	}
	o := map[string]any{"id": g.ID, "name": g.Name, "owner_id": g.Owner, "roles": roles, "system_channel_id": nil, "preferred_locale": "en-US"}
	if g.System != "" {
		o["system_channel_id"] = g.System
	}
	return o
}

// guildCreate is what the gateway says of a guild. The caller holds s.mu.
func (s *Server) guildCreate(g *Guild) map[string]any {
	o := s.guildObject(g)
	channels, threads := []any{}, []any{}
	for _, c := range s.channels {
		switch {
		case c.Guild != g.ID:
		case isThread(c.Type):
			threads = append(threads, s.channelObject(c))
		default:
			channels = append(channels, s.channelObject(c))
		}
	}
	o["channels"], o["threads"] = channels, threads
	o["joined_at"] = g.joined.UTC().Format(time.RFC3339Nano)
	o["unavailable"], o["large"], o["member_count"] = false, false, 2
	o["members"] = []any{map[string]any{"user": s.botUser(), "roles": append([]string{}, g.BotRoles...), "joined_at": o["joined_at"]}}
	return o
}

func bits(p uint64) string { return strconv.FormatUint(p, 10) }

// Populate adds a guild of the given id with n text channels and returns their
// ids: for broadcasts.
func (s *Server) Populate(guild string, n int) []string {
	s.AddGuild(Guild{ID: guild, Name: "Guild " + guild})
	ids := make([]string, n)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range ids {
		ids[i] = s.id()
		s.channels[ids[i]] = &Channel{ID: ids[i], Guild: guild, Name: fmt.Sprintf("channel-%d", i)}
	}
	return ids
}
