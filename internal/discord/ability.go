package discord

import (
	"context"
	"net/http"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
)

var (
	_ chat.Editor   = (*Discord)(nil)
	_ chat.Replier  = (*Discord)(nil)
	_ chat.Pinner   = (*Discord)(nil)
	_ chat.Threader = (*Discord)(nil)
	_ chat.Linker   = (*Discord)(nil)
)

// Edit has the message of a card show another one. Messages of an archived thread
// cannot be edited, and old ones only so often.
func (d *Discord) Edit(ctx context.Context, where chat.Conversation, id chat.MessageID, c chat.Card) error {
	if err := d.check(where); err != nil {
		return err
	}
	path, err := messagePath(where, id)
	if err != nil {
		return err
	}
	patch := func(c chat.Card) error {
		m := compose(c, "").edit()
		return toEdit.outcome(d.rest.message(ctx, http.MethodPatch, path, m, m.picture, nil), m.text())
	}
	err = patch(c)
	if c.Picture != nil && refusesFile(err) {
		err = patch(pictureless(c))
	}
	return d.noted(ctx, where.ID, err)
}

// messagePath is the path of a message.
func messagePath(where chat.Conversation, id chat.MessageID) (string, error) {
	if !isID(string(id)) {
		return "", &chat.Fixed{Err: errNoMessage}
	}
	return "/channels/" + where.ID + "/messages/" + string(id), nil
}

// A reference names the message that another one answers
// (https://discord.com/developers/docs/resources/message#message-reference-structure).
type reference struct {
	MessageID       string `json:"message_id"`
	FailIfNotExists bool   `json:"fail_if_not_exists"`
}

// Reply posts a card as an answer to a message, without notifying its author, and as
// a message of its own where that one is gone or may not be answered.
func (d *Discord) Reply(ctx context.Context, to chat.Conversation, original chat.MessageID, c chat.Card, key string) (chat.MessageID, error) {
	if !isID(string(original)) {
		return d.Send(ctx, to, c, key)
	}
	return d.send(ctx, to, c, posted{Nonce: key, Reference: &reference{MessageID: string(original)}})
}

// unanswerable says that an answer failed for being one.
func unanswerable(err error) bool {
	switch codeOf(err) {
	case noHistory, unknownMessage:
		return true
	case invalidBody:
		return strings.Contains(err.Error(), "message_reference")
	}
	return false
}

// Pin keeps a message at the top of its channel. Discord says so in a line of its
// own, which notifies nobody, and which is taken away again, so that nothing is unread.
func (d *Discord) Pin(ctx context.Context, where chat.Conversation, id chat.MessageID) error {
	err := d.pinning(ctx, http.MethodPut, where, id, toPin)
	if err == nil {
		d.hush(ctx, where.ID, id)
	}
	return err
}

// pinNotice is the type of the message by which Discord says that another was pinned
// (https://discord.com/developers/docs/resources/message#message-object-message-types).
const pinNotice = 6

// hush deletes what Discord said of a pin of a moment ago. That is a message of the
// bot's own; to find it takes READ_MESSAGE_HISTORY. Nothing depends on it.
func (d *Discord) hush(ctx context.Context, channel string, pinned chat.MessageID) {
	messages := "/channels/" + channel + "/messages"
	var latest []struct {
		ID        string    `json:"id"`
		Type      int       `json:"type"`
		Reference reference `json:"message_reference"`
	}
	err := d.rest.do(ctx, http.MethodGet, messages+"?limit=5", nil, &latest)
	for _, m := range latest {
		if m.Type == pinNotice && m.Reference.MessageID == string(pinned) {
			err = d.rest.do(ctx, http.MethodDelete, messages+"/"+m.ID, nil, nil)
		}
	}
	if err != nil {
		d.logger.Debug("what Discord says of a pin stays", "channel", channel, "error", err)
	}
}

// Unpin undoes [Discord.Pin].
func (d *Discord) Unpin(ctx context.Context, where chat.Conversation, id chat.MessageID) error {
	return d.pinning(ctx, http.MethodDelete, where, id, toUnpin)
}

func (d *Discord) pinning(ctx context.Context, method string, where chat.Conversation, id chat.MessageID, v verb) error {
	if err := d.check(where); err != nil {
		return err
	}
	if !isID(string(id)) {
		return &chat.Fixed{Err: errNoMessage}
	}
	err := d.rest.do(ctx, method, "/channels/"+where.ID+"/messages/pins/"+string(id), nil, nil)
	return d.noted(ctx, where.ID, v.outcome(err, 0))
}

// MessageURL returns the address of a message. Which server a channel belongs to is
// asked once.
func (d *Discord) MessageURL(ctx context.Context, where chat.Conversation, id chat.MessageID) string {
	if d.check(where) != nil || !isID(string(id)) {
		return ""
	}
	guild, known := d.told.guild(where.ID)
	if !known {
		c, err := d.look(ctx, where.ID)
		if err != nil {
			return ""
		}
		guild = c.GuildID
	}
	if guild == "" {
		guild = "@me"
	}
	return "https://discord.com/channels/" + guild + "/" + where.ID + "/" + string(id)
}

// look asks for a channel.
func (d *Discord) look(ctx context.Context, id string) (channel, error) {
	var c channel
	if err := d.rest.do(ctx, http.MethodGet, "/channels/"+id, nil, &c); err != nil {
		return channel{}, err
	}
	d.told.place(id, c.GuildID)
	return c, nil
}
