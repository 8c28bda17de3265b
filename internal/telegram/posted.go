package telegram

import (
	"strconv"
	"strings"

	"github.com/briefbot/briefbot/internal/chat"
)

// posted are the messages that a card became, in order. Its [chat.MessageID] has the
// last one's id first, which has the buttons, then those before it.
type posted struct {
	ids []int
	// group is the chat where that was a group which may yet become a supergroup: the
	// ids count from one again there, and mean other messages. Zero elsewhere.
	group int64
}

// firstSuper is the highest id of a supergroup or channel
// (https://core.telegram.org/api/bots/ids).
const firstSuper = -1_000_000_000_000

// postedTo are messages in a conversation.
func postedTo(to chat.Conversation, ids []int) posted {
	p := posted{ids: ids}
	if id, err := chatID(to); err == nil && id < 0 && id > firstSuper && to.Thread == "" {
		p.group = id
	}
	return p
}

func (p posted) String() string {
	n := len(p.ids)
	words := []string{strconv.Itoa(p.ids[n-1])}
	for _, id := range p.ids[:n-1] {
		words = append(words, strconv.Itoa(id))
	}
	if p.group != 0 {
		words = append(words, decimal(p.group))
	}
	return strings.Join(words, " ")
}

// readPosted reads what String writes. It has no ids where that names none.
func readPosted(id chat.MessageID) posted {
	var p posted
	for _, word := range strings.Fields(string(id)) {
		switch n, err := strconv.ParseInt(word, 10, 64); {
		case err != nil || n == 0:
			return posted{}
		case n < 0:
			p.group = n
		default:
			p.ids = append(p.ids, int(n))
		}
	}
	if len(p.ids) > 1 {
		p.ids = append(p.ids[1:], p.ids[0])
	}
	return p
}

// in says whether the messages can be in a conversation.
func (p posted) in(where chat.Conversation) bool {
	return len(p.ids) > 0 && (p.group == 0 || decimal(p.group) == where.ID)
}
