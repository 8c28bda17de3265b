package telegram

import (
	"encoding/json"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// The library stops at Bot API 5.5. These types add what is newer and leave out
// what is not read (https://core.telegram.org/bots/api#available-types).
type (
	user struct {
		ID        int64  `json:"id"`
		IsBot     bool   `json:"is_bot"`
		FirstName string `json:"first_name"`
		LastName  string `json:"last_name"`
		Username  string `json:"username"`
		Language  string `json:"language_code"`
	}

	// room is a chat as updates and getChat tell of it.
	room struct {
		ID          int64  `json:"id"`
		Type        string `json:"type"`
		Title       string `json:"title"`
		Username    string `json:"username"`
		FirstName   string `json:"first_name"`
		LastName    string `json:"last_name"`
		Linked      int64  `json:"linked_chat_id"`
		Permissions *struct {
			Send *bool `json:"can_send_messages"`
		} `json:"permissions"`
	}

	message struct {
		ID          int      `json:"message_id"`
		Thread      int      `json:"message_thread_id"`
		Topic       bool     `json:"is_topic_message"`
		From        *user    `json:"from"`
		SenderChat  *room    `json:"sender_chat"`
		Date        int64    `json:"date"` // zero: inaccessible
		Chat        room     `json:"chat"`
		Auto        bool     `json:"is_automatic_forward"`
		ViaBot      *user    `json:"via_bot"`
		Text        string   `json:"text"`
		Entities    []entity `json:"entities"`
		Caption     string   `json:"caption"`
		CapEntities []entity `json:"caption_entities"`
		media
		MigrateTo   int64 `json:"migrate_to_chat_id"`
		MigrateFrom int64 `json:"migrate_from_chat_id"`
		// A topic was closed to all who may not manage topics, or opened again.
		Closed   *struct{} `json:"forum_topic_closed"`
		Reopened *struct{} `json:"forum_topic_reopened"`
	}

	// media are what a message may be instead of words.
	media struct {
		Photo, Document, Voice, Video, Audio, Sticker, Animation, Location, Contact, Poll, Dice, Story json.RawMessage

		VideoNote json.RawMessage `json:"video_note"`
	}

	press struct {
		ID      string   `json:"id"`
		From    user     `json:"from"`
		Message *message `json:"message"` // nil for a message sent by way of another chat
		Data    string   `json:"data"`
	}

	membership struct {
		Status string `json:"status"`
		Member *bool  `json:"is_member"`         // of a restricted member
		Send   *bool  `json:"can_send_messages"` // of a restricted member
		Post   *bool  `json:"can_post_messages"` // of an administrator of a channel
		Topics *bool  `json:"can_manage_topics"` // of an administrator of a supergroup
	}

	standing struct {
		Chat room       `json:"chat"`
		From user       `json:"from"`
		Old  membership `json:"old_chat_member"`
		New  membership `json:"new_chat_member"`
	}

	update struct {
		ID       int64     `json:"update_id"`
		Message  *message  `json:"message"`
		Edited   *message  `json:"edited_message"`
		Post     *message  `json:"channel_post"`
		Press    *press    `json:"callback_query"`
		Standing *standing `json:"my_chat_member"`
	}

	// entity styles a stretch of a text, counted in UTF-16 units
	// (https://core.telegram.org/bots/api#messageentity).
	entity struct {
		Type   string `json:"type"`
		Offset int    `json:"offset"`
		Length int    `json:"length"`
		URL    string `json:"url,omitempty"`
	}

	button struct {
		Text string `json:"text"`
		URL  string `json:"url,omitempty"`
		Data string `json:"callback_data,omitempty"`
	}

	keyboard struct {
		Rows [][]button `json:"inline_keyboard"`
	}

	previews struct {
		Off bool `json:"is_disabled"`
	}

	replyTo struct {
		Message int  `json:"message_id"`
		Anyway  bool `json:"allow_sending_without_reply"`
	}

	// body is what a sendMessage or an editMessageText says; where it goes is
	// added to it.
	body struct {
		Text     string    `json:"text"`
		Entities []entity  `json:"entities,omitempty"`
		Previews previews  `json:"link_preview_options"`
		Markup   *keyboard `json:"reply_markup,omitempty"`
	}
)

// The types of a chat.
const (
	private    = "private"
	group      = "group"
	supergroup = "supergroup"
	channel    = "channel"
)

// isMedia says whether a message is something else than words, perhaps with words.
func (m *message) isMedia() bool {
	for _, part := range []json.RawMessage{
		m.Photo, m.Document, m.Voice, m.Video, m.VideoNote, m.Audio, m.Sticker, m.Animation, m.Location, m.Contact, m.Poll, m.Dice, m.Story,
	} {
		if len(part) > 0 {
			return true
		}
	}
	return false
}

// isGroup says whether several people talk in a chat.
func (r *room) isGroup() bool { return r.Type == group || r.Type == supergroup }

// name is the chat's name for people.
func (r *room) name() string {
	if r.Title != "" {
		return r.Title
	}
	return strings.TrimSpace(r.FirstName + " " + r.LastName)
}

// params writes the body as the library wants it.
func (b body) params() tgbotapi.Params {
	p := tgbotapi.Params{"text": b.Text, "link_preview_options": asJSON(b.Previews)}
	if len(b.Entities) > 0 {
		p["entities"] = asJSON(b.Entities)
	}
	if b.Markup != nil {
		p["reply_markup"] = asJSON(b.Markup)
	}
	return p
}

// asJSON encodes one of the types above, which cannot fail.
func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic("telegram: encoding a request: " + err.Error())
	}
	return string(data)
}
