package telegram_test

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
	"github.com/briefbot/briefbot/internal/telegram"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

// styled are the parts of a message that have a style.
func styled(m telegramtest.Message, style string) []string {
	units := utf16.Encode([]rune(m.Text))
	var all []string
	for _, e := range m.Entities {
		if e.Type == style {
			all = append(all, string(utf16.Decode(units[e.Offset:e.Offset+e.Length])))
		}
	}
	return all
}

// button is what a button under a message carries, empty where there is none.
func button(m telegramtest.Message, label string) string {
	for _, row := range m.Keyboard {
		for _, b := range row {
			if b.Text == label {
				return b.Data + b.URL
			}
		}
	}
	return ""
}

// mark remembers what stood in the chats before a question.
func (h *harness) mark() {
	h.before, h.followed = map[string]int{}, false
	for _, p := range h.Places() {
		id, _ := place(p.Where)
		h.before[p.Where.ID] = len(h.rig.Messages(id))
	}
}

// since are the messages of a chat after the mark.
func (h *harness) since(where chat.Conversation) []telegramtest.Message {
	id, _ := place(where)
	return h.rig.Messages(id)[h.before[where.ID]:]
}

// question waits for the nth question of a form, from zero, or for what is asked behind
// the last, and returns it with what was posted since the mark before it. A link to it
// is followed.
func (h *harness) question(where chat.Conversation, n int) (m telegramtest.Message, above []telegramtest.Message) {
	h.t.Helper()
	h.Await("a question", func() bool {
		for _, m := range h.since(where) {
			if _, ticket, link := strings.Cut(button(m, telegram.OpenLabel), "?start="); link && !h.followed {
				h.followed = true
				h.rig.Say(asker, asker, "/start "+ticket)
			}
		}
		all := h.since(conversation("42"))
		for i := len(all) - 1; i >= 0; i-- {
			words := strings.Fields(button(all[i], "Cancel"))
			if len(words) == 4 && words[3] == string(rune('0'+n)) {
				m, above = all[i], all[:i]
				return true
			}
		}
		return false
	})
	return m, above
}

func (h *harness) Fill(where chat.Conversation, texts map[string]string) chattest.Sheet {
	h.t.Helper()
	sheet := chattest.Sheet{Where: conversation("42")}
	for n := 0; ; n++ {
		m, above := h.question(where, n)
		if send := button(m, "Tell it"); send != "" {
			h.sent = telegramtest.Press{Chat: asker, From: asker, Message: m.ID, Data: send}
			h.rig.Press(h.sent)
			return sheet
		}
		bold := styled(m, "bold")
		sheet.Title, _, _ = strings.Cut(bold[0], " · ")
		sheet.Labels = append(sheet.Labels, bold[1])
		value := strings.Join(styled(m, "code"), "")
		if strings.Contains(m.Text, "(above)") {
			value = above[len(above)-1].Text
		}
		sheet.Values = append(sheet.Values, value)
		h.reply(m, texts, bold[1])
	}
}

// reply answers a question.
func (h *harness) reply(m telegramtest.Message, texts map[string]string, label string) {
	h.t.Helper()
	text, given := texts[label]
	switch {
	case text != "":
		h.clock = h.clock.Add(10 * time.Second) // nobody writes faster
		h.Write(telegramtest.Incoming{Chat: asker, From: asker, Text: text, Date: h.clock})
	case given && button(m, "Leave empty") != "":
		h.PressLabel(m, asker, "Leave empty")
	case given || button(m, "Keep as it is") == "":
		h.PressLabel(m, asker, "Skip")
	default:
		h.PressLabel(m, asker, "Keep as it is")
	}
}

func (h *harness) Dismiss(where chat.Conversation) {
	h.t.Helper()
	m, _ := h.question(where, 0)
	h.PressLabel(m, asker, "Cancel")
	h.Await("the form to be closed", func() bool {
		return strings.Contains(h.find(conversation("42"), chattest.Message{ID: strconv.Itoa(m.ID)}).Text, "Cancelled")
	})
}

// Again has the asker press twice, before she sees that once was enough.
func (h *harness) Again() bool {
	h.rig.Press(h.sent)
	return true
}

func (h *harness) Restart() {
	h.bot = h.connect()
	telegram.Unpaced(h.bot)
}

var _ chattest.Filler = (*harness)(nil)
