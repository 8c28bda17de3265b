package telegramtest

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

type method = func(*Server, context.Context, map[string]string) (any, error)

// methods are those that this vendor plays.
var methods = map[string]method{
	"getMe":               getMe,
	"getUpdates":          getUpdates,
	"sendMessage":         sendMessage,
	"editMessageText":     editMessageText,
	"answerCallbackQuery": answerCallbackQuery,
	"pinChatMessage":      pinChatMessage,
	"unpinChatMessage":    unpinChatMessage,
	"createForumTopic":    createForumTopic,
	"sendChatAction":      sendChatAction,
	"getChat":             getChat,
	"getChatMember":       getChatMember,
	"getMyCommands":       getMyCommands,
	"setMyCommands":       setMyCommands,
	"deleteMyCommands":    deleteMyCommands,
	"deleteWebhook":       deleteWebhook,
	"getWebhookInfo":      getWebhookInfo,
}

func getMe(s *Server, _ context.Context, _ map[string]string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[BotID], nil
}

func forbidden(text string) *failure {
	return &failure{code: http.StatusForbidden, text: "Forbidden: " + text}
}

// open finds a chat that the bot may look at. The lock is held.
func (s *Server) open(id string) (*room, error) {
	r := s.chats[number(id)]
	switch {
	case r == nil:
		return nil, bad("chat not found")
	case r.moved != 0:
		f := bad("group chat was upgraded to a supergroup chat")
		f.params = map[string]any{"migrate_to_chat_id": r.moved}
		return nil, f
	case r.Type == "private" && r.Bot.Status == "kicked":
		return nil, forbidden("bot was blocked by the user")
	case r.Bot.Status == "kicked":
		return nil, forbidden("bot was kicked from the " + r.Type + " chat")
	case r.Bot.Status == "left":
		return nil, forbidden("bot is not a member of the " + r.Type + " chat")
	}
	return r, nil
}

// writable finds a chat that the bot may post to. The lock is held.
func (s *Server) writable(id string) (*room, error) {
	r, err := s.open(id)
	if err != nil {
		return nil, err
	}
	if r.Bot.Mute {
		if r.Type == "channel" {
			return nil, bad("need administrator rights in the channel chat")
		}
		return nil, bad("not enough rights to send text messages to the chat")
	}
	if r.Type == "channel" && r.Bot.Status != "administrator" {
		return nil, bad("need administrator rights in the channel chat")
	}
	return r, nil
}

func sendMessage(s *Server, _ context.Context, p map[string]string) (any, error) {
	m, err := parseMessage(p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.writable(p["chat_id"])
	if err != nil {
		return nil, err
	}
	if m.Thread, err = r.thread(p["message_thread_id"]); err != nil {
		return nil, err
	}
	if m.ReplyTo, err = replyTarget(r, p["reply_parameters"]); err != nil {
		return nil, err
	}
	if f := s.limits.message(time.Now(), r.ID, r.Type == "group" || r.Type == "supergroup"); f != nil {
		return nil, f
	}
	m.Chat, m.ID, m.At, m.Posted, m.bot = r.ID, s.messageID(r.ID), time.Now(), m.Text, true
	r.messages = append(r.messages, m)
	s.touch()
	return s.messageJSON(r, m), nil
}

// parseMessage reads and checks what a message says.
func parseMessage(p map[string]string) (*Message, error) {
	m := &Message{Text: p["text"], Preview: true}
	if p["parse_mode"] != "" {
		return nil, bad("STRICT: parse_mode is used")
	}
	if e := p["entities"]; e != "" {
		if err := json.Unmarshal([]byte(e), &m.Entities); err != nil {
			return nil, bad("can't parse entities: %v", err)
		}
		if len(e) > maxEntityBytes {
			return nil, bad("ENTITIES_TOO_LONG")
		}
	}
	if err := checkText(m.Text, m.Entities); err != nil {
		return nil, bad("%v", err)
	}
	var err error
	if m.Keyboard, err = parseKeyboard(p["reply_markup"]); err != nil {
		return nil, bad("%v", err)
	}
	var preview struct {
		Off bool `json:"is_disabled"`
	}
	json.Unmarshal([]byte(p["link_preview_options"]), &preview)
	m.Preview = !preview.Off
	return m, nil
}

func replyTarget(r *room, reply string) (int, error) {
	if reply == "" {
		return 0, nil
	}
	var to struct {
		Message int  `json:"message_id"`
		Anyway  bool `json:"allow_sending_without_reply"`
	}
	if err := json.Unmarshal([]byte(reply), &to); err != nil {
		return 0, bad("can't parse reply parameters: %v", err)
	}
	if r.message(to.Message) != nil {
		return to.Message, nil
	}
	if !to.Anyway {
		return 0, bad("message to be replied not found")
	}
	return 0, nil
}

func editMessageText(s *Server, _ context.Context, p map[string]string) (any, error) {
	m, err := parseMessage(p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.writable(p["chat_id"])
	if err != nil {
		return nil, err
	}
	old := r.message(int(number(p["message_id"])))
	switch {
	case old == nil:
		return nil, bad("message to edit not found")
	case !old.bot:
		return nil, bad("message can't be edited")
	case r.open(old.Thread) != nil:
		return nil, r.open(old.Thread)
	case old.Text == m.Text && reflect.DeepEqual(old.Entities, m.Entities) && reflect.DeepEqual(old.Keyboard, m.Keyboard):
		return nil, bad("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	// Edits are counted apart from messages.
	if f := s.limits.message(time.Now(), ^r.ID, r.Type != "private"); f != nil {
		return nil, f
	}
	old.Text, old.Entities, old.Keyboard, old.Preview = m.Text, m.Entities, m.Keyboard, m.Preview
	old.Edits++
	s.touch()
	return s.messageJSON(r, old), nil
}

func answerCallbackQuery(s *Server, _ context.Context, p map[string]string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.callbacks[p["callback_query_id"]]
	if c == nil || c.Answered {
		return nil, bad("query is too old and response timeout expired or query ID is invalid")
	}
	if utf8.RuneCountInString(p["text"]) > 200 {
		return nil, bad("MESSAGE_TOO_LONG")
	}
	if u := p["url"]; u != "" && !strings.HasPrefix(u, "https://t.me/"+s.o.Name+"?start=") {
		return nil, bad("URL_INVALID")
	}
	c.Answered, c.Text, c.URL = true, p["text"], p["url"]
	s.touch()
	return true, nil
}

func getChat(s *Server, _ context.Context, p map[string]string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.open(p["chat_id"])
	if err != nil {
		return nil, err
	}
	c := r.chatJSON()
	c["accent_color_id"], c["max_reaction_count"] = 0, 11
	c["accepted_gift_types"] = map[string]any{"unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
		"premium_subscription": false, "gifts_from_channels": false}
	if r.Linked != 0 {
		c["linked_chat_id"] = r.Linked
	}
	if r.Type != "private" && r.Type != "channel" {
		c["permissions"] = map[string]any{"can_send_messages": !(r.Bot.Mute && r.Bot.Status == "member")}
	}
	return c, nil
}

func getChatMember(s *Server, _ context.Context, p map[string]string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.open(p["chat_id"])
	if err != nil {
		return nil, err
	}
	return s.memberJSON(r, number(p["user_id"])), nil
}

// commandKey names a list of commands by its scope and language.
func commandKey(p map[string]string) string {
	var scope struct {
		Type string `json:"type"`
	}
	json.Unmarshal([]byte(p["scope"]), &scope)
	if scope.Type == "" {
		scope.Type = "default"
	}
	return scope.Type + "/" + p["language_code"]
}

func getMyCommands(s *Server, _ context.Context, p map[string]string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if list, ok := s.commands[commandKey(p)]; ok {
		return list, nil
	}
	return []any{}, nil
}

var commandName = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

func setMyCommands(s *Server, _ context.Context, p map[string]string) (any, error) {
	var list []struct {
		Name string `json:"command"`
		What string `json:"description"`
	}
	if err := json.Unmarshal([]byte(p["commands"]), &list); err != nil {
		return nil, bad("can't parse commands: %v", err)
	}
	if len(list) > 100 {
		return nil, bad("BOT_COMMANDS_TOO_MUCH")
	}
	for _, c := range list {
		if !commandName.MatchString(c.Name) {
			return nil, bad("BOT_COMMAND_INVALID")
		}
		if n := utf8.RuneCountInString(c.What); n < 1 || n > 256 {
			return nil, bad("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands[commandKey(p)] = json.RawMessage(p["commands"])
	s.touch()
	return true, nil
}

func deleteMyCommands(s *Server, _ context.Context, p map[string]string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.commands, commandKey(p))
	return true, nil
}

// Commands returns the names of the commands of one scope, in order.
func (s *Server) Commands(scope string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []struct {
		Name string `json:"command"`
	}
	json.Unmarshal(s.commands[scope+"/"], &list)
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	return names
}
