package discordtest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// How long an interaction may go unanswered, and how long its token lives
// (https://discord.com/developers/docs/interactions/receiving-and-responding).
const (
	answerWithin = 3 * time.Second
	tokenLives   = 15 * time.Minute
)

// A Member is somebody who uses the bot.
type Member struct {
	User   string // an id
	Name   string
	Roles  []string
	Locale string // empty: en-US
	// Permissions are the member's in the channel of the interaction.
	Permissions uint64
}

// An Option is an option of a slash command as its user fills it in.
type Option struct {
	Name  string
	Value any // string, float64, bool
}

// Pending is one interaction and what became of it.
type Pending struct {
	server   *Server
	id       string
	token    string
	kind     int // 2 command, 3 component, 4 autocompletion, 5 form
	channel  string
	source   *Message // whose button was pressed
	began    time.Time
	acked    int // the type of the first answer; 0: none
	original *Message
	updated  bool // the source was edited in place
	choices  []Choice
	follow   []*Message
	modal    *Modal
	event    map[string]any // as it was sent to the bot
}

// A Choice is one offer of autocompletion.
type Choice struct{ Name, Value string }

// The types of answers
// (https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object).
const (
	answerMessage  = 4
	answerDeferred = 5
	answerLater    = 6
	answerUpdate   = 7
	answerChoices  = 8
	answerModal    = 9
)

// Slash has a member use a slash command in a channel. It fails where Discord's
// client would not let anybody do so.
func (s *Server) Slash(by Member, channel, command string, options ...Option) (*Pending, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cmd := s.command(command)
	if cmd == nil {
		return nil, fmt.Errorf("command %q is not registered", command)
	}
	given, err := s.fillIn(cmd, options)
	if err != nil {
		return nil, err
	}
	data := map[string]any{"id": cmd["id"], "name": command, "type": 1, "options": given}
	return s.interact(by, channel, 2, data, nil)
}

// Complete asks for offers for the option typed, the others being given.
func (s *Server) Complete(by Member, channel, command string, typed Option, given ...Option) (*Pending, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cmd := s.command(command)
	if cmd == nil {
		return nil, fmt.Errorf("command %q is not registered", command)
	}
	o := optionOf(cmd, typed.Name)
	if completes, _ := o["autocomplete"].(bool); !completes {
		return nil, fmt.Errorf("option %q of %q does not complete", typed.Name, command)
	}
	list := []any{}
	for _, g := range given {
		list = append(list, map[string]any{"name": g.Name, "type": optionOf(cmd, g.Name)["type"], "value": g.Value})
	}
	list = append(list, map[string]any{"name": typed.Name, "type": o["type"], "value": typed.Value, "focused": true})
	data := map[string]any{"id": cmd["id"], "name": command, "type": 1, "options": list}
	return s.interact(by, channel, 4, data, nil)
}

// Press has a member press a button of a message.
func (s *Server) Press(by Member, message, customID string) (*Pending, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[message]
	if m == nil || m.Deleted {
		return nil, fmt.Errorf("there is no message %s", message)
	}
	for _, row := range m.Buttons {
		for _, b := range row {
			if b.CustomID == customID && customID != "" {
				if b.Disabled {
					return nil, fmt.Errorf("the button %q is disabled", b.Label)
				}
				return s.interact(by, m.Channel, 3, map[string]any{"custom_id": customID, "component_type": 2}, m)
			}
		}
	}
	return nil, fmt.Errorf("message %s has no button %q", message, customID)
}

// PressStale has a member press a button that a message no longer has, or never
// had: of an earlier version of the bot.
func (s *Server) PressStale(by Member, message, customID string) (*Pending, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[message]
	if m == nil {
		return nil, fmt.Errorf("there is no message %s", message)
	}
	return s.interact(by, m.Channel, 3, map[string]any{"custom_id": customID, "component_type": 2}, m)
}

func (s *Server) fillIn(cmd map[string]any, options []Option) ([]any, error) {
	list, given := []any{}, map[string]bool{}
	for _, o := range options {
		spec := optionOf(cmd, o.Name)
		if spec == nil {
			return nil, fmt.Errorf("command %q has no option %q", cmd["name"], o.Name)
		}
		if _, isText := o.Value.(string); isText != (number(spec["type"]) == 3) {
			return nil, fmt.Errorf("option %q takes another type than %T", o.Name, o.Value)
		}
		given[o.Name] = true
		list = append(list, map[string]any{"name": o.Name, "type": spec["type"], "value": o.Value})
	}
	all, _ := cmd["options"].([]any)
	for _, v := range all {
		o, _ := v.(map[string]any)
		if required, _ := o["required"].(bool); required && !given[str(o["name"])] {
			return nil, fmt.Errorf("option %q is required", str(o["name"]))
		}
	}
	return list, nil
}

func optionOf(cmd map[string]any, name string) map[string]any {
	all, _ := cmd["options"].([]any)
	for _, v := range all {
		if o, _ := v.(map[string]any); str(o["name"]) == name {
			return o
		}
	}
	return nil
}

// Novelties has every message in an interaction hold a component of a kind that
// was not invented when the client was written.
func (s *Server) Novelties() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.novelties = true
}

// interact sends an interaction to the bot. The caller holds s.mu.
func (s *Server) interact(by Member, channel string, kind int, data map[string]any, source *Message) (*Pending, error) {
	ch := s.channels[channel]
	if ch == nil {
		return nil, fmt.Errorf("there is no channel %s", channel)
	}
	p := &Pending{server: s, id: s.id(), kind: kind, channel: channel, source: source, began: time.Now()}
	p.token = "interaction-token-" + strings.Repeat("x", 40) + p.id
	s.interactions[p.token] = p
	user := map[string]any{"id": by.User, "username": by.Name, "discriminator": "0", "global_name": by.Name, "avatar": nil}
	o := map[string]any{
		"id": p.id, "application_id": s.application, "type": kind, "token": p.token, "version": 1, "data": data,
		"channel_id": channel, "channel": s.channelObject(ch), "locale": orElse(by.Locale, "en-US"),
		"entitlements": []any{}, "attachment_size_limit": 10 << 20,
	}
	if ch.Guild == "" {
		o["user"], o["context"], o["authorizing_integration_owners"] = user, 1, map[string]any{"0": "0"}
	} else {
		o["guild_id"], o["context"], o["authorizing_integration_owners"] = ch.Guild, 0, map[string]any{"0": ch.Guild}
		o["member"] = map[string]any{"user": user, "roles": append([]string{}, by.Roles...), "permissions": bits(by.Permissions), "joined_at": "2024-01-01T00:00:00Z", "deaf": false, "mute": false, "flags": 0}
		o["app_permissions"] = bits(Posting)
		o["guild_locale"] = "en-US"
	}
	if source != nil {
		m := s.messageObject(source)
		if s.novelties {
			rows, _ := m["components"].([]any)
			m["components"] = append([]any{map[string]any{"type": 99, "id": 1, "novel": true}}, rows...)
		}
		o["message"] = m
	}
	p.event = o
	s.dispatch("INTERACTION_CREATE", o)
	return p, nil
}

// Redeliver sends an interaction to the bot once more, as the gateway may where a
// connection is resumed.
func (s *Server) Redeliver(p *Pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dispatch("INTERACTION_CREATE", p.event)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Tokens are the secrets of all interactions so far.
func (s *Server) Tokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for token := range s.interactions {
		all = append(all, token)
	}
	return all
}

// Message waits for the answer as its asker sees it: a new message, or the one
// whose button was pressed after it was edited. While the answer is deferred it
// waits on.
func (p *Pending) Message(ctx context.Context) (Message, error) {
	var m *Message
	err := p.server.Wait(ctx, func() bool {
		p.server.mu.Lock()
		defer p.server.mu.Unlock()
		switch {
		case p.updated:
			m = p.source
		case p.original != nil && p.original.body != nil:
			m = p.original
		}
		return m != nil
	})
	if err != nil {
		return Message{}, fmt.Errorf("waiting for the answer to interaction %s: %w", p.id, err)
	}
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return *m, nil
}

// FollowUp waits for the nth follow-up, from 0.
func (p *Pending) FollowUp(ctx context.Context, n int) (Message, error) {
	var m Message
	err := p.server.Wait(ctx, func() bool {
		p.server.mu.Lock()
		defer p.server.mu.Unlock()
		if len(p.follow) > n {
			m = *p.follow[n]
			return true
		}
		return false
	})
	return m, err
}

// Choices waits for the offers of autocompletion.
func (p *Pending) Choices(ctx context.Context) ([]Choice, error) {
	err := p.server.Wait(ctx, func() bool {
		p.server.mu.Lock()
		defer p.server.mu.Unlock()
		return p.acked == answerChoices
	})
	if err != nil {
		return nil, fmt.Errorf("waiting for choices: %w", err)
	}
	return p.choices, nil
}

// Edited says that the message whose button was pressed was edited in place.
func (p *Pending) Edited() bool {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.updated
}

// Acknowledged is the type of the first answer, zero before it.
func (p *Pending) Acknowledged() int {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.acked
}

// Overdue says whether the interaction went without an answer for too long.
func (p *Pending) Overdue() bool {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.acked == 0 && time.Since(p.began) > answerWithin
}

func (s *Server) callback(c *call) answer {
	var body struct {
		Type int            `json:"type"`
		Data map[string]any `json:"data"`
	}
	if err := json.Unmarshal(c.body, &body); err != nil {
		return refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.interactions[c.PathValue("token")]
	switch {
	case p == nil, p.id != c.PathValue("interaction"), p.acked == 0 && time.Since(p.began) > answerWithin, time.Since(p.began) > tokenLives:
		return refuse(http.StatusNotFound, 10062, "Unknown interaction")
	case p.acked != 0:
		return refuse(http.StatusBadRequest, 40060, "Interaction has already been acknowledged.")
	}
	return p.answer(body.Type, body.Data, c.files)
}

// answer gives the first answer. The caller holds the server's mutex.
func (p *Pending) answer(kind int, data map[string]any, files map[string]file) answer {
	s := p.server
	flags := number(data["flags"])
	switch {
	case kind == answerChoices && p.kind == 4:
		choices, problem := readChoices(data)
		if problem != "" {
			return invalid("%s", problem)
		}
		p.choices = choices
	case kind == answerMessage && p.kind != 4:
		if a, fine := checkMessage(data, len(files) > 0, flags); !fine {
			return a
		}
		p.original = s.put(&Message{Channel: p.channel, Flags: flags, Interaction: p.id}, data, files)
	case kind == answerDeferred && p.kind != 4:
		if flags&^Ephemeral != 0 {
			return invalid("data.flags: only ephemeral can be set on a deferred answer")
		}
		p.original = &Message{Channel: p.channel, Flags: flags, Interaction: p.id}
	case kind == answerModal && (p.kind == 2 || p.kind == 3):
		m, a, fine := checkModal(data)
		if !fine {
			return a
		}
		p.modal = m
	case kind == answerLater && p.onMessage():
	case kind == answerUpdate && p.onMessage():
		if a, fine := checkMessage(data, true, flags&^Ephemeral); !fine {
			return a
		}
		s.edit(p.source, data, files)
		p.updated = true
	default:
		return invalid("type: %d is no answer to an interaction of type %d", kind, p.kind)
	}
	p.acked = kind
	s.notify()
	return noContent()
}

// onMessage says that the interaction came from a message, or from a form that was
// opened from one.
func (p *Pending) onMessage() bool { return p.kind == 3 || p.kind == 5 && p.source != nil }

func readChoices(data map[string]any) ([]Choice, string) {
	list, given := data["choices"].([]any)
	if !given {
		return nil, "data.choices: This field is required"
	}
	if len(list) > maxChoices {
		return nil, fmt.Sprintf("data.choices: at most %d", maxChoices)
	}
	var choices []Choice
	for _, v := range list {
		c, _ := v.(map[string]any)
		name, _ := c["name"].(string)
		value := fmt.Sprint(c["value"])
		if n := utf8.RuneCountInString(strings.TrimSpace(name)); n < 1 || n > 100 {
			return nil, fmt.Sprintf("data.choices: the name %q is not 1 to 100 characters", name)
		}
		if utf8.RuneCountInString(value) > 100 {
			return nil, fmt.Sprintf("data.choices: the value %q has more than 100 characters", value)
		}
		choices = append(choices, Choice{name, value})
	}
	return choices, ""
}

// live finds an interaction by the token of a webhook's path. The caller holds
// s.mu.
func (s *Server) live(c *call) (*Pending, answer, bool) {
	p := s.interactions[c.PathValue("token")]
	switch {
	case p == nil || c.PathValue("application") != s.application:
		return nil, refuse(http.StatusNotFound, 10015, "Unknown Webhook"), false
	case time.Since(p.began) > tokenLives:
		return nil, refuse(http.StatusUnauthorized, 50027, "Invalid Webhook Token"), false
	case p.acked == 0:
		return nil, refuse(http.StatusNotFound, 10015, "Unknown Webhook"), false
	}
	return p, answer{}, true
}

func (s *Server) editOriginal(c *call) answer {
	var body map[string]any
	if err := json.Unmarshal(c.body, &body); err != nil {
		return refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a, alive := s.live(c)
	if !alive {
		return a
	}
	m := p.original
	if m == nil && p.acked != answerModal {
		m = p.source
	}
	if m == nil || m.Deleted {
		return refuse(http.StatusNotFound, 10008, "Unknown Message")
	}
	if a, fine := checkMessage(body, m.body != nil, number(body["flags"])&^Ephemeral); !fine {
		return a
	}
	if m == p.original && m.body == nil {
		s.put(m, maps.Clone(body), c.files)
	} else {
		s.edit(m, body, c.files)
		p.updated = p.updated || m == p.source
	}
	s.notify()
	return ok(s.messageObject(m))
}

func (s *Server) followUp(c *call) answer {
	var body map[string]any
	if err := json.Unmarshal(c.body, &body); err != nil {
		return refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a, alive := s.live(c)
	if !alive {
		return a
	}
	flags := number(body["flags"])
	if a, fine := checkMessage(body, len(c.files) > 0, flags); !fine {
		return a
	}
	// The first follow-up to a deferred answer takes its place.
	if p.acked == answerDeferred && p.original.body == nil {
		s.put(p.original, body, c.files)
		return ok(s.messageObject(p.original))
	}
	m := s.put(&Message{Channel: p.channel, Flags: flags, Interaction: p.id}, body, c.files)
	p.follow = append(p.follow, m)
	return ok(s.messageObject(m))
}
