package telegram

import (
	"context"
	"fmt"
	"slices"

	"github.com/briefbot/briefbot/internal/chat"
)

// botCommand is a line of the menu that clients show
// (https://core.telegram.org/bots/api#botcommand).
type botCommand struct {
	Name        string `json:"command"`
	Description string `json:"description"`
}

// maxCommands is how many lines a menu may have.
const maxCommands = 100

// A menu is who sees which commands.
type menu struct {
	scope  string // https://core.telegram.org/bots/api#botcommandscope
	access chat.Access
}

var menus = []menu{
	{"default", chat.Anyone},
	{"all_private_chats", chat.Manager}, // a person manages her own chat
	{"all_group_chats", chat.Anyone},
	{"all_chat_administrators", chat.Manager},
}

// registerTries is how often the menus are tried; without them everything but the
// offering of commands works.
const registerTries = 5

// register brings the menus up to date, and gives up quietly where the service does
// not let it.
func (s *session) register(ctx context.Context) {
	for _, m := range menus {
		for try := 0; ; try++ {
			err := s.registerMenu(ctx, m)
			if err == nil || ctx.Err() != nil {
				break
			}
			s.t.log.Warn("the command menu could not be set", "scope", m.scope, "error", err)
			if try+1 == registerTries || !sleep(ctx, max(backoff(try), retryTime(err))) {
				break
			}
		}
	}
}

// registerMenu sets one menu where it differs.
func (s *session) registerMenu(ctx context.Context, m menu) error {
	want := menuOf(s.host.Commands(), m.access)
	scope := asJSON(map[string]string{"type": m.scope})
	var have []botCommand
	if err := s.t.client.call(ctx, "getMyCommands", map[string]string{"scope": scope}, &have); err != nil {
		return fmt.Errorf("asking for the menu: %w", err)
	}
	if slices.Equal(have, want) {
		return nil
	}
	return s.t.client.call(ctx, "setMyCommands", map[string]string{"scope": scope, "commands": asJSON(want)}, nil)
}

// menuOf are the commands that someone with this access is offered.
func menuOf(all []chat.Command, access chat.Access) []botCommand {
	list := []botCommand{}
	for _, c := range all {
		if c.Access <= access && len(list) < maxCommands {
			list = append(list, botCommand{Name: c.Name, Description: c.Summary})
		}
	}
	return list
}
