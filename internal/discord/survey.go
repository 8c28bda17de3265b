package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/briefbot/briefbot/internal/chat"
)

// The permissions that posting needs
// (https://discord.com/developers/docs/topics/permissions).
const (
	viewChannel    uint64 = 1 << 10
	sendMessages   uint64 = 1 << 11
	embedLinks     uint64 = 1 << 14
	attachFiles    uint64 = 1 << 15
	manageThreads  uint64 = 1 << 34
	sendInThreads  uint64 = 1 << 38
	allPermissions        = ^uint64(0)
)

// The permissions that answering a message, threads and pinning need besides.
const (
	readHistory   uint64 = 1 << 16
	createThreads uint64 = 1 << 35
	pinMessages   uint64 = 1 << 51
)

// invited are the permissions that the invitation asks for.
const invited = viewChannel | sendMessages | embedLinks | attachFiles | sendInThreads | readHistory | createThreads | pinMessages

// A channel holds the fields of Discord's that we use.
type channel struct {
	ID         string      `json:"id"`
	Type       int         `json:"type"`
	GuildID    string      `json:"guild_id"`
	ParentID   string      `json:"parent_id"`
	Name       string      `json:"name"`
	Overwrites []overwrite `json:"permission_overwrites"`
	Recipients []user      `json:"recipients"`
	Metadata   struct {
		Locked bool `json:"locked"`
	} `json:"thread_metadata"`
}

type overwrite struct {
	ID    string      `json:"id"`
	Type  int         `json:"type"` // 0: of a role, 1: of a member
	Allow permissions `json:"allow"`
	Deny  permissions `json:"deny"`
}

type guild struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	OwnerID string `json:"owner_id"`
	Roles   []role `json:"roles"`
}

type role struct {
	ID          string      `json:"id"`
	Permissions permissions `json:"permissions"`
}

// permissions is a set that Discord writes as a decimal string.
type permissions uint64

// UnmarshalJSON implements [json.Unmarshaler].
func (p *permissions) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		s = string(data)
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return fmt.Errorf("%q are no permissions", s)
	}
	*p = permissions(n)
	return nil
}

// Survey implements [chat.Surveyor]. It asks Discord anew each time; where that
// leads to nothing, what the last question from there told of it counts.
func (d *Discord) Survey(ctx context.Context, where chat.Conversation) (chat.Survey, error) {
	if err := d.check(where); err != nil {
		return chat.Survey{}, err
	}
	s, err := d.survey(ctx, where.ID)
	if r := d.watcher(); r != nil && s.CanPost {
		r.used(where.ID)
	}
	out := outcome(err, 0)
	var gone *chat.Gone
	if out != nil && !errors.As(out, &gone) {
		if heard, ok := d.told.recall(where.ID); ok {
			d.logger.Warn("a channel could not be looked at; what Discord told with the last question from there counts", "channel", where.ID, "error", err)
			return heard, nil
		}
	}
	return s, out
}

func (d *Discord) survey(ctx context.Context, id string) (chat.Survey, error) {
	var c channel
	if err := d.rest.do(ctx, http.MethodGet, "/channels/"+id, nil, &c); err != nil {
		var api *apiError
		if errors.As(err, &api) && api.Code == missingAccess {
			api.Message += ": the bot cannot see the channel (VIEW_CHANNEL)"
		}
		return chat.Survey{}, err
	}
	d.told.place(c.ID, c.GuildID)
	if c.GuildID == "" {
		s := chat.Survey{Title: c.Name, CanPost: true, Room: roomOf(c.ID, "", "", "")}
		if c.Type == directChat && len(c.Recipients) == 1 {
			s.Room = roomOf(c.ID, "", "", c.Recipients[0].ID)
		}
		return s, nil
	}
	missing, title, err := d.missing(ctx, c)
	if err != nil {
		return chat.Survey{}, err
	}
	parent := ""
	if isThread(c.Type) {
		parent = c.ParentID
	}
	return chat.Survey{Room: roomOf(c.ID, parent, c.GuildID, ""), Title: title, CanPost: len(missing) == 0, Missing: missing}, nil
}

// missing are the names of the permissions that the bot lacks in a guild's channel,
// and title is what people call the channel.
func (d *Discord) missing(ctx context.Context, c channel) (missing []string, title string, err error) {
	has, g, err := d.permissions(ctx, c)
	if err != nil {
		return nil, "", err
	}
	missing = lacking(has, c.Type)
	if c.Metadata.Locked && has&manageThreads == 0 {
		missing = append(missing, "MANAGE_THREADS")
	}
	return missing, "#" + c.Name + " in " + g.Name, nil
}

// permissions are what the bot may do in a guild's channel, and the guild.
func (d *Discord) permissions(ctx context.Context, c channel) (uint64, guild, error) {
	self, err := d.self(ctx)
	if err != nil {
		return 0, guild{}, err
	}
	var g guild
	if err := d.rest.do(ctx, http.MethodGet, "/guilds/"+c.GuildID, nil, &g); err != nil {
		return 0, guild{}, err
	}
	if len(g.Roles) == 0 {
		return 0, guild{}, errors.New("discord: the server was told without its roles")
	}
	var m struct {
		Roles []string `json:"roles"`
	}
	if err := d.rest.do(ctx, http.MethodGet, "/guilds/"+c.GuildID+"/members/"+self, nil, &m); err != nil {
		return 0, guild{}, err
	}
	at := c
	if isThread(c.Type) {
		// A thread has the overwrites of its channel.
		if err := d.rest.do(ctx, http.MethodGet, "/channels/"+c.ParentID, nil, &at); err != nil {
			return 0, guild{}, err
		}
	}
	return allowed(g, at.Overwrites, self, m.Roles), g, nil
}

// lacking are the names of the permissions that posting in a channel of this type
// needs and has has not.
func lacking(has uint64, kind int) (missing []string) {
	send := need{sendMessages, "SEND_MESSAGES"}
	if isThread(kind) {
		send = need{sendInThreads, "SEND_MESSAGES_IN_THREADS"}
	}
	for _, n := range []need{{viewChannel, "VIEW_CHANNEL"}, send, {embedLinks, "EMBED_LINKS"}} {
		if has&n.permission == 0 {
			missing = append(missing, n.name)
		}
	}
	return missing
}

type need struct {
	permission uint64
	name       string
}

// allowed computes a member's permissions in a channel as
// https://discord.com/developers/docs/topics/permissions#permission-overwrites has
// it.
func allowed(g guild, overwrites []overwrite, member string, roles []string) uint64 {
	if g.OwnerID == member {
		return allPermissions
	}
	// The role of everybody has the guild's id.
	has := map[string]bool{g.ID: true}
	for _, r := range roles {
		has[r] = true
	}
	var p uint64
	for _, r := range g.Roles {
		if has[r.ID] {
			p |= uint64(r.Permissions)
		}
	}
	if p&administrator != 0 {
		return allPermissions
	}
	var everyone, byRole, own overwrite
	for _, o := range overwrites {
		switch {
		case o.Type == 1 && o.ID == member:
			own = o
		case o.Type == 0 && o.ID == g.ID:
			everyone = o
		case o.Type == 0 && has[o.ID]:
			byRole.Allow, byRole.Deny = byRole.Allow|o.Allow, byRole.Deny|o.Deny
		}
	}
	for _, o := range []overwrite{everyone, byRole, own} {
		p = p&^uint64(o.Deny) | uint64(o.Allow)
	}
	return p
}
