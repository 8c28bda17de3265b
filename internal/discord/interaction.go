package discord

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
)

// The types of interactions
// (https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-interaction-type).
const (
	slashCommand = 2
	buttonPress  = 3
	completion   = 4
	formSent     = 5
)

// The types of channels that differ in who reads them, or in their threads
// (https://discord.com/developers/docs/resources/channel#channel-object-channel-types).
const (
	textChannel         = 0
	directChat          = 1
	announcementChannel = 5
	announcementThread  = 10
	publicThread        = 11
	privateThread       = 12
	forumChannel        = 15
	mediaChannel        = 16
)

// flagEphemeral marks a message that only one person sees
// (https://discord.com/developers/docs/resources/message#message-object-message-flags).
const flagEphemeral = 1 << 6

// The permissions that make a manager
// (https://discord.com/developers/docs/topics/permissions).
const (
	administrator  uint64 = 1 << 3
	manageChannels uint64 = 1 << 4
	manageGuild    uint64 = 1 << 5
)

// An interaction holds the fields of Discord's that we use. The library's own type
// cannot be decoded where a message has a component that it does not know.
type interaction struct {
	ID            string `json:"id"`
	ApplicationID string `json:"application_id"`
	Type          int    `json:"type"`
	Token         string `json:"token"`
	GuildID       string `json:"guild_id"`
	ChannelID     string `json:"channel_id"`
	Channel       struct {
		Type     int    `json:"type"`
		ParentID string `json:"parent_id"`
	} `json:"channel"`
	Member *struct {
		User        user        `json:"user"`
		Roles       []string    `json:"roles"`
		Permissions permissions `json:"permissions"`
	} `json:"member"`
	// Own are the bot's permissions in the channel; nil: not said.
	Own     *permissions `json:"app_permissions"`
	User    *user        `json:"user"`
	Locale  string       `json:"locale"`
	Context *int         `json:"context"` // nil: not said
	Data    struct {
		Name     string  `json:"name"`
		Options  []given `json:"options"`
		CustomID string  `json:"custom_id"`
		// Components are the parts of a form that was sent.
		Components []sentPart `json:"components"`
	} `json:"data"`
	Message *pressedMessage `json:"message"`
}

// A pressedMessage is the message whose button was pressed. Discord tells in several
// ways that it is an answer, and has replaced one by another before.
type pressedMessage struct {
	Type        int             `json:"type"`
	Flags       int             `json:"flags"`
	Metadata    json.RawMessage `json:"interaction_metadata"`
	Interaction json.RawMessage `json:"interaction"` // the metadata's predecessor
}

// The types of messages that answer a command
// (https://discord.com/developers/docs/resources/message#message-object-message-types).
const (
	commandAnswer = 20
	menuAnswer    = 23
)

// isAnswer says whether the message answered an interaction.
func (m *pressedMessage) isAnswer() bool {
	given := func(v json.RawMessage) bool { return len(v) > 0 && string(v) != "null" }
	return given(m.Metadata) || given(m.Interaction) || m.Type == commandAnswer || m.Type == menuAnswer
}

type user struct {
	ID string `json:"id"`
}

// given is an option as its user filled it in.
type given struct {
	Name    string          `json:"name"`
	Value   json.RawMessage `json:"value"`
	Focused bool            `json:"focused"`
}

// text is the value as it is typed.
func (g given) text() string {
	var s string
	if json.Unmarshal(g.Value, &s) == nil {
		return s
	}
	return string(g.Value)
}

// direct says that the channel is a private chat of one person with the bot. Two
// people's private chat, and a group's, is none, and says so in its context; an
// older server says nothing of contexts and channels.
func (i *interaction) direct() bool {
	switch {
	case i.GuildID != "":
		return false
	case i.Context != nil:
		return *i.Context == contextBotChat
	}
	return i.Channel.Type == directChat || i.Channel.Type == 0 && i.Member == nil && i.User != nil
}

// asker is the id of the one who asks.
func (i *interaction) asker() string {
	switch {
	case i.Member != nil:
		return i.Member.User.ID
	case i.User != nil:
		return i.User.ID
	}
	return ""
}

// invocation is what all interactions have in common; only the asker will see the
// answer.
func (i *interaction) invocation() chat.Invocation {
	inv := chat.Invocation{
		ID: i.ID, Where: chat.Conversation{Platform: platformName, ID: i.ChannelID},
		Room: i.room(), Asker: []string{"discord-user:" + i.asker()},
		Private: true, Direct: i.direct(), Language: i.Locale,
	}
	if i.Member != nil {
		for _, r := range i.Member.Roles {
			inv.Asker = append(inv.Asker, "discord-role:"+i.GuildID+"/"+r)
		}
		inv.Manages = func(context.Context) (bool, error) { return i.manages(), nil }
	}
	return inv
}

// room are the access subjects of the conversation. A thread has those of its
// channel too, and a private chat those of the person in it.
func (i *interaction) room() []string {
	parent := ""
	if isThread(i.Channel.Type) {
		parent = i.Channel.ParentID
	}
	recipient := ""
	if i.direct() {
		recipient = i.asker()
	}
	return roomOf(i.ChannelID, parent, i.GuildID, recipient)
}

func roomOf(channel, parent, guild, recipient string) []string {
	room := []string{"discord:" + channel}
	if parent != "" {
		room = append(room, "discord:"+parent)
	}
	if guild != "" {
		room = append(room, "discord-guild:"+guild)
	}
	if recipient != "" {
		room = append(room, "discord-user:"+recipient)
	}
	return room
}

func isThread(kind int) bool {
	return kind == announcementThread || kind == publicThread || kind == privateThread
}

// manages says whether the asker manages the server or the channel, or is an
// administrator. Discord computed the permissions for this channel, and gives a
// server's owner all of them.
func (i *interaction) manages() bool {
	return uint64(i.Member.Permissions)&(administrator|manageGuild|manageChannels) != 0
}

// call is a slash command as a call.
func (i *interaction) call() chat.Call {
	c := chat.Call{Name: i.Data.Name}
	for _, o := range i.Data.Options {
		if !o.Focused {
			c = c.With(o.Name, o.text())
		}
	}
	return c
}

// ephemeral is the flag of an answer: whatever is asked among others is answered
// to the asker alone.
func (i *interaction) ephemeral() int {
	if i.direct() {
		return 0
	}
	return flagEphemeral
}

// inPlace says whether the message whose button was pressed is an answer to the
// one who presses, which a press may change. A digest, or what was shared, is
// not.
func (i *interaction) inPlace() bool {
	m := i.Message
	if m == nil {
		return false
	}
	if i.direct() {
		return m.isAnswer()
	}
	return m.Flags&flagEphemeral != 0
}

// shared is the call that a Share button repeats.
func (i *interaction) shared() (string, bool) {
	return strings.CutPrefix(carried(i.Data.CustomID), sharePrefix)
}
