// Package discord connects the bot to Discord (https://discord.com/developers/docs):
// it hides the gateway, the registration of commands, interactions, embeds and the
// limits of all of them.
package discord

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"

	"github.com/briefbot/briefbot/internal/chat"
)

// Options say how to reach Discord. Token is required; the zero value of the rest
// is usable.
type Options struct {
	Token string // the bot's token, without “Bot ”
	// API is the base URL of the REST interface; empty: https://discord.com/api/v10.
	API    string
	Logger *slog.Logger // nil: nothing is logged
	// Dial opens connections to REST and gateway; nil: the net package does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Discord is the [chat.Platform] named "discord".
type Discord struct{ options Options }

// New returns the platform. It opens no connection; its error names what is
// wrong with the options.
func New(o Options) (*Discord, error) { return &Discord{options: o}, nil }

// Name implements [chat.Platform].
func (d *Discord) Name() string { return "discord" }

// Serve implements [chat.Platform].
func (d *Discord) Serve(ctx context.Context, host chat.Host) error {
	return errors.New("discord: not served yet")
}

// Send implements [chat.Platform].
func (d *Discord) Send(ctx context.Context, to chat.Conversation, c chat.Card, key string) (chat.MessageID, error) {
	return "", &chat.Later{Err: errors.New("discord: not sending yet")}
}

// Pace implements [chat.Pacer].
func (d *Discord) Pace(to chat.Conversation) chat.Pace { return chat.Pace{} }

// Survey implements [chat.Surveyor].
func (d *Discord) Survey(ctx context.Context, where chat.Conversation) (chat.Survey, error) {
	return chat.Survey{}, &chat.Later{Err: errors.New("discord: not surveying yet")}
}

// Invitation implements [chat.Inviter]: the link by which somebody who manages a
// server adds the bot to it.
func (d *Discord) Invitation() string { return "" }

// Payloads returns the very message bodies that answering with c would post.
func Payloads(c chat.Card) ([]json.RawMessage, error) {
	return nil, errors.New("discord: not rendering yet")
}
