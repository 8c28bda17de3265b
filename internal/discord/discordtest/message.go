package discordtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Message is a message as readers see it.
type Message struct {
	ID, Channel, Content string
	Embeds               []Embed
	Buttons              [][]Button
	Flags                int
	Nonce                string
	// Author is who wrote it, empty for the bot, and Reply the message it answers.
	Author, Reply string
	// Notice is the type of a message that Discord itself wrote, zero for any other.
	Notice int
	// Interaction is the id of the interaction it answers, or empty.
	Interaction string
	Files       []string
	Edits       int
	// Posted is the text when it was posted.
	Posted  string
	Deleted bool
	// Pings says that somebody would have been notified by a mention.
	Pings bool
	At    time.Time
	body  map[string]any
}

// An Embed is the part of an embed that readers see.
type Embed struct {
	Title, URL, Description string
	Color                   int
	Author, Footer          string
}

// A Button is a button under a message.
type Button struct {
	Label, CustomID, URL string
	Style                int
	Disabled             bool
}

// Ephemeral says that only the asker sees m.
func (m Message) Ephemeral() bool { return m.Flags&Ephemeral != 0 }

// Text is all that can be read in m, a line each.
func (m Message) Text() string {
	lines := []string{}
	add := func(s string) {
		if s != "" {
			lines = append(lines, s)
		}
	}
	add(m.Content)
	for _, e := range m.Embeds {
		add(e.Author)
		add(e.Title)
		add(e.Description)
		add(e.Footer)
	}
	for _, row := range m.Buttons {
		for _, b := range row {
			add("[" + b.Label + "]")
		}
	}
	return strings.Join(lines, "\n")
}

// Button returns the button with a label.
func (m Message) Button(label string) (Button, bool) {
	for _, row := range m.Buttons {
		for _, b := range row {
			if b.Label == label {
				return b, true
			}
		}
	}
	return Button{}, false
}

// Messages are the messages of a channel that are seen by everybody there, oldest
// first, without what Discord itself wrote; an empty channel means all channels.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for _, id := range s.posted {
		m := s.messages[id]
		if (channel == "" || m.Channel == channel) && !m.Ephemeral() && !m.Deleted && m.Notice == 0 {
			all = append(all, *m)
		}
	}
	return all
}

// Visible are the messages of a channel that somebody there can see, those that only
// one person sees too, oldest first.
func (s *Server) Visible(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for _, id := range s.posted {
		if m := s.messages[id]; m.Channel == channel && !m.Deleted && m.Notice == 0 {
			all = append(all, *m)
		}
	}
	return all
}

// Message returns a message by its id, ephemeral ones too.
func (s *Server) Message(id string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[id]
	if m == nil {
		return Message{}, false
	}
	return *m, true
}

// DeleteMessage deletes a message, as a moderator would.
func (s *Server) DeleteMessage(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.messages[id]; m != nil {
		m.Deleted = true
	}
}

func (s *Server) postMessage(c *call) answer {
	var body map[string]any
	if err := json.Unmarshal(c.body, &body); err != nil {
		return refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[c.PathValue("channel")]
	if ch == nil {
		return refuse(http.StatusNotFound, 10003, "Unknown Channel")
	}
	flags := number(body["flags"])
	if flags&Ephemeral != 0 {
		return invalid("flags: only an answer to an interaction is ephemeral")
	}
	embeds, _ := body["embeds"].([]any)
	if a, may := s.mayPost(ch, len(embeds) > 0); !may {
		return a
	}
	if a, fine := checkMessage(body, len(c.files) > 0, flags); !fine {
		return a
	}
	key, _ := body["nonce"].(string)
	if utf8.RuneCountInString(key) > 25 {
		return invalid("nonce: must be 25 or fewer in length")
	}
	if enforce, _ := body["enforce_nonce"].(bool); enforce && key != "" {
		if n, known := s.nonces[ch.ID+"/"+key]; known && time.Now().Before(n.until) {
			if m := s.messages[n.message]; m.Deleted {
				return refuse(http.StatusNotFound, 10008, "Unknown Message")
			}
			return ok(s.messageObject(s.messages[n.message]))
		}
	}
	original, a, fine := s.original(ch, body)
	if !fine {
		return a
	}
	ch.Archived = false
	m := s.put(&Message{Channel: ch.ID, Flags: flags, Nonce: key, Reply: original}, body, c.files)
	if key != "" {
		s.nonces[ch.ID+"/"+key] = nonce{m.ID, time.Now().Add(nonceWindow)}
	}
	return ok(s.messageObject(m))
}

func (s *Server) patchMessage(c *call) answer {
	var body map[string]any
	if err := json.Unmarshal(c.body, &body); err != nil {
		return refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, a, fine := s.mayLook(c.PathValue("channel"))
	if !fine {
		return a
	}
	m := s.messages[c.PathValue("message")]
	switch {
	case m == nil || m.Deleted || m.Ephemeral() || m.Channel != ch.ID:
		return refuse(http.StatusNotFound, 10008, "Unknown Message")
	case m.Notice != 0:
		return refuse(http.StatusForbidden, 50021, "Cannot execute action on a system message")
	case m.Author != "":
		return refuse(http.StatusForbidden, 50005, "Cannot edit a message authored by another user")
	case ch.Archived:
		return refuse(http.StatusBadRequest, 50083, "Thread is archived")
	case s.locked(ch):
		return refuse(http.StatusForbidden, 160005, "Thread is locked")
	case len(c.files) > 0 && s.may(ch)&AttachFiles == 0:
		return refuse(http.StatusForbidden, 50013, "Missing Permissions")
	}
	if a, fine := checkMessage(body, true, number(body["flags"])); !fine {
		return a
	}
	if after := s.oldEdit(m); after > 0 {
		a := limited(after, "user", nil)
		a.body = map[string]any{
			"code": 30046, "message": "Maximum number of edits to messages older than 1 hour reached. Try again later.",
			"retry_after": after.Seconds(), "global": false,
		}
		return *a
	}
	s.edit(m, body, c.files)
	return ok(s.messageObject(m))
}

// original is the message that a new one answers, empty for none. The caller holds
// s.mu.
func (s *Server) original(ch *Channel, body map[string]any) (string, answer, bool) {
	r, given := body["message_reference"].(map[string]any)
	if !given {
		return "", answer{}, true
	}
	if other := str(r["channel_id"]); other != "" && other != ch.ID {
		return "", invalid("message_reference: the message is of another channel"), false
	}
	id, _ := r["message_id"].(string)
	strict, said := r["fail_if_not_exists"].(bool)
	m := s.messages[id]
	switch {
	case s.may(ch)&ReadMessageHistory == 0:
		return "", refuse(http.StatusBadRequest, 160002, "Cannot reply without permission to read message history"), false
	case m != nil && m.Notice != 0 && m.Channel == ch.ID:
		return "", invalid("message_reference: Cannot reply to a system message"), false
	case m != nil && !m.Deleted && !m.Ephemeral() && m.Channel == ch.ID:
		return id, answer{}, true
	case strict || !said:
		return "", invalid("message_reference: Unknown message"), false
	}
	return "", answer{}, true
}

// Write has somebody else write a message, and returns its id.
func (s *Server) Write(channel, author, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(&Message{Channel: channel, Author: author}, map[string]any{"content": text}, nil).ID
}

func (s *Server) getMessage(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[c.PathValue("message")]
	if m == nil || m.Deleted || m.Ephemeral() {
		return refuse(http.StatusNotFound, 10008, "Unknown Message")
	}
	return ok(s.messageObject(m))
}

// getMessages lists the newest messages of a channel, none where the bot may not read
// its history (https://discord.com/developers/docs/resources/message#get-channel-messages).
func (s *Server) getMessages(c *call) answer {
	limit := 50
	if given := c.URL.Query().Get("limit"); given != "" {
		if json.Unmarshal([]byte(given), &limit) != nil || limit < 1 || limit > 100 {
			return invalid("limit: %q is none", given)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, a, fine := s.mayLook(c.PathValue("channel"))
	if !fine {
		return a
	}
	list := []any{}
	if s.may(ch)&ReadMessageHistory == 0 {
		return ok(list)
	}
	for _, id := range slices.Backward(s.posted) {
		if m := s.messages[id]; m.Channel == ch.ID && !m.Deleted && !m.Ephemeral() && len(list) < limit {
			list = append(list, s.messageObject(m))
		}
	}
	return ok(list)
}

// put stores a new message. The caller holds s.mu.
func (s *Server) put(m *Message, body map[string]any, files map[string]file) *Message {
	m.ID, m.At = s.id(), time.Now()
	s.messages[m.ID] = m
	s.posted = append(s.posted, m.ID)
	s.fill(m, body, files)
	m.Posted = m.Text()
	s.notify()
	return m
}

// edit changes what the body names and leaves the rest. The caller holds s.mu.
func (s *Server) edit(m *Message, body map[string]any, files map[string]file) {
	merged := maps.Clone(m.body)
	if merged == nil {
		merged = map[string]any{}
	}
	for _, k := range []string{"content", "embeds", "components", "attachments"} {
		if v, given := body[k]; given {
			merged[k] = v
		}
	}
	merged["allowed_mentions"] = body["allowed_mentions"]
	m.Edits++
	s.fill(m, merged, files)
	s.notify()
}

func (s *Server) fill(m *Message, body map[string]any, files map[string]file) {
	m.body = body
	m.Content, _ = body["content"].(string)
	m.Content = strings.TrimSpace(m.Content)
	m.Embeds, m.Buttons = nil, nil
	embeds, _ := body["embeds"].([]any)
	for _, v := range embeds {
		e, _ := v.(map[string]any)
		m.Embeds = append(m.Embeds, Embed{
			Title: str(e["title"]), URL: str(e["url"]), Description: str(e["description"]), Color: number(e["color"]),
			Author: str(sub(e, "author")["name"]), Footer: str(sub(e, "footer")["text"]),
		})
	}
	rows, _ := body["components"].([]any)
	for _, v := range rows {
		r, _ := v.(map[string]any)
		buttons, _ := r["components"].([]any)
		var row []Button
		for _, w := range buttons {
			b, _ := w.(map[string]any)
			disabled, _ := b["disabled"].(bool)
			row = append(row, Button{Label: str(b["label"]), CustomID: str(b["custom_id"]), URL: str(b["url"]), Style: number(b["style"]), Disabled: disabled})
		}
		m.Buttons = append(m.Buttons, row)
	}
	for _, f := range files {
		m.Files = append(m.Files, f.Name)
	}
	m.Pings = m.Pings || pings(m.Content, body["allowed_mentions"]) || m.Reply != "" && m.Notice == 0 && pingsAuthor(body["allowed_mentions"])
}

// pings says whether a content with these allowed mentions notifies anybody: by
// default it may notify all
// (https://discord.com/developers/docs/resources/message#allowed-mentions-object).
func pings(content string, allowed any) bool {
	if !strings.Contains(content, "@everyone") && !strings.Contains(content, "@here") && !strings.Contains(content, "<@") {
		return false
	}
	m, given := allowed.(map[string]any)
	if !given {
		return true
	}
	parse, _ := m["parse"].([]any)
	users, _ := m["users"].([]any)
	roles, _ := m["roles"].([]any)
	return len(parse)+len(users)+len(roles) > 0
}

// pingsAuthor says whether an answer with these allowed mentions notifies the author
// of the original: by default it does.
func pingsAuthor(allowed any) bool {
	m, given := allowed.(map[string]any)
	replied, _ := m["replied_user"].(bool)
	return !given || replied
}

// messageObject is a message as the API shows it. The caller holds s.mu.
func (s *Server) messageObject(m *Message) map[string]any {
	list := func(k string) any {
		if v, ok := m.body[k].([]any); ok {
			return v
		}
		return []any{}
	}
	o := map[string]any{
		"id": m.ID, "channel_id": m.Channel, "content": m.Content, "author": s.botUser(), "type": 0,
		"embeds": list("embeds"), "components": list("components"), "attachments": []any{}, "flags": m.Flags,
		"timestamp": m.At.UTC().Format(time.RFC3339Nano), "edited_timestamp": nil, "mentions": []any{},
		"mention_roles": []any{}, "mention_everyone": false, "pinned": slices.Contains(s.pins[m.Channel], m.ID), "tts": false,
	}
	if m.Reply != "" {
		o["type"] = 19
		o["message_reference"] = map[string]any{"type": 0, "channel_id": m.Channel, "message_id": m.Reply}
	}
	if m.Notice != 0 {
		o["type"] = m.Notice
	}
	if m.Nonce != "" {
		o["nonce"] = m.Nonce
	}
	if m.Interaction != "" {
		o["type"] = 20
		o["interaction_metadata"] = map[string]any{"id": m.Interaction, "type": 2, "user": map[string]any{"id": "1"}, "authorizing_integration_owners": map[string]any{}}
	}
	return o
}

func str(v any) string {
	s, _ := v.(string)
	return strings.TrimSpace(s)
}

func sub(m map[string]any, k string) map[string]any {
	v, _ := m[k].(map[string]any)
	return v
}
