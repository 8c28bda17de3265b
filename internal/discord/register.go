package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/chat"
)

// Limits of commands
// (https://discord.com/developers/docs/interactions/application-commands).
const (
	maxChoiceText  = 100
	maxSummary     = 100
	maxCommandOpts = 25
)

// The types of options.
const (
	optionText   = 3
	optionNumber = 10
)

// A command is a slash command as it is registered, with every default said, so
// that what Discord keeps can be compared with it.
type command struct {
	Name             string   `json:"name"`
	Description      string   `json:"description"`
	Type             int      `json:"type"`
	Options          []option `json:"options,omitempty"`
	Contexts         []int    `json:"contexts"`          // where it can be used
	IntegrationTypes []int    `json:"integration_types"` // how the bot was added

	// What we never set and an earlier registration may have.
	NSFW                     bool              `json:"nsfw,omitempty"`
	DefaultMemberPermissions *string           `json:"default_member_permissions,omitempty"`
	NameLocalizations        map[string]string `json:"name_localizations,omitempty"`
	DescriptionLocalizations map[string]string `json:"description_localizations,omitempty"`
}

type option struct {
	Type         int      `json:"type"`
	Name         string   `json:"name"`
	Description  string   `json:"description"`
	Required     bool     `json:"required,omitempty"`
	Autocomplete bool     `json:"autocomplete,omitempty"`
	Choices      []choice `json:"choices,omitempty"`
}

// The contexts and integration types that we use: a server's channels and the
// private chat with the bot, added to a server.
const (
	contextGuild   = 0
	contextBotChat = 1
	guildInstall   = 0
)

// commandsOf are the commands of the bot as Discord knows commands.
func commandsOf(commands []chat.Command) []command {
	list := make([]command, 0, len(commands))
	for _, c := range commands {
		options := slices.Clone(c.Options)
		slices.SortStableFunc(options, func(a, b chat.Option) int {
			switch {
			case a.Required == b.Required:
				return 0
			case a.Required:
				return -1
			}
			return 1
		})
		registered := command{
			Name: c.Name, Description: summary(c.Summary, c.Name), Type: 1,
			Contexts: []int{contextGuild, contextBotChat}, IntegrationTypes: []int{guildInstall},
		}
		for _, o := range options[:min(len(options), maxCommandOpts)] {
			registered.Options = append(registered.Options, optionOf(o))
		}
		list = append(list, registered)
	}
	return normal(list)
}

func optionOf(o chat.Option) option {
	registered := option{Type: optionText, Name: o.Name, Description: summary(o.Summary, o.Name), Required: o.Required}
	switch {
	case o.Complete != nil:
		registered.Autocomplete = true
	case len(o.Choices) > 0 && len(o.Choices) <= chat.MaxChoices:
		registered.Choices = choicesOf(o.Choices)
	case o.Kind == chat.Number:
		registered.Type = optionNumber
	}
	return registered
}

func summary(s, name string) string {
	if s = oneLine(s); visible(s) {
		return clipText(s, maxSummary)
	}
	return name
}

// normal orders what has no order and drops what means nothing.
func normal(list []command) []command {
	for i := range list {
		c := &list[i]
		if len(c.Options) == 0 {
			c.Options = nil
		}
		slices.Sort(c.Contexts)
		slices.Sort(c.IntegrationTypes)
		for j := range c.Options {
			if len(c.Options[j].Choices) == 0 {
				c.Options[j].Choices = nil
			}
		}
		if len(c.NameLocalizations) == 0 {
			c.NameLocalizations = nil
		}
		if len(c.DescriptionLocalizations) == 0 {
			c.DescriptionLocalizations = nil
		}
	}
	slices.SortFunc(list, func(a, b command) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// codeTooManyCreations is the answer to more than 200 new commands in a day.
const codeTooManyCreations = 30034

// register makes what Discord keeps equal to the commands: one read, and one
// write only where they differ.
func (r *rest) register(ctx context.Context, application string, commands []chat.Command) (changed bool, err error) {
	want := commandsOf(commands)
	path := "/applications/" + application + "/commands"
	var raw []json.RawMessage
	if err := r.do(ctx, http.MethodGet, path+"?with_localizations=true", nil, &raw); err != nil {
		return false, fmt.Errorf("reading the registered commands: %w", err)
	}
	if have, ok := readCommands(raw); ok && same(want, have) {
		return false, nil
	}
	if err := r.do(ctx, http.MethodPut, path, want, nil); err != nil {
		return false, fmt.Errorf("registering the commands: %w", err)
	}
	return true, nil
}

// readCommands decodes what Discord keeps, which may be what an earlier version or
// another program registered: then it is simply different.
func readCommands(raw []json.RawMessage) ([]command, bool) {
	list := make([]command, 0, len(raw))
	for _, r := range raw {
		var c command
		if json.Unmarshal(r, &c) != nil {
			return nil, false
		}
		list = append(list, c)
	}
	return normal(list), true
}

func same(a, b []command) bool {
	x, err1 := encode(a)
	y, err2 := encode(b)
	return err1 == nil && err2 == nil && string(x) == string(y) && utf8.Valid(x)
}

// keepRegistered registers the commands, patiently: the bot answers meanwhile with
// what is registered already.
func (d *Discord) keepRegistered(ctx context.Context, host chat.Host) {
	wait := 5 * time.Second
	for {
		changed, err := d.registerOnce(ctx, host)
		if err == nil {
			if changed {
				d.logger.Info("registered the commands with Discord")
			}
			return
		}
		if ctx.Err() != nil {
			return
		}
		pause := wait
		if codeOf(err) == codeTooManyCreations {
			host.Alarm(ctx, "discord-registration", "Discord takes no new commands today (200 a day): the changed commands will be registered tomorrow.")
			pause = 24 * time.Hour
		} else {
			d.logger.Warn("the commands are not registered with Discord yet", "error", err, "again", pause)
			wait = min(wait*2, 10*time.Minute)
		}
		if until(ctx, time.Now().Add(pause)) != nil {
			return
		}
	}
}

func (d *Discord) registerOnce(ctx context.Context, host chat.Host) (bool, error) {
	application, err := d.findApplication(ctx)
	if err != nil {
		// The gateway, and most tokens, tell it as well.
		d.mu.Lock()
		application = d.application
		d.mu.Unlock()
		if application == "" || ctx.Err() != nil || d.refused() != nil {
			return false, err
		}
	}
	return d.rest.register(ctx, application, host.Commands())
}
