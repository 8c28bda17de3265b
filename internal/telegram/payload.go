package telegram

import (
	"encoding/json"

	"github.com/briefbot/briefbot/internal/chat"
)

// Payloads returns the bodies of the sendMessage requests that would answer with c,
// without the chat they go to: text, entities, link_preview_options, reply_markup
// (https://core.telegram.org/bots/api#sendmessage). An answer is one message: what
// does not fit is left out and the card says how much. It needs no network and
// returns no error for any card.
func Payloads(c chat.Card) ([]json.RawMessage, error) {
	data, err := json.Marshal(answerBody(c))
	if err != nil {
		return nil, err
	}
	return []json.RawMessage{data}, nil
}

// answerBody is the one message that answers with a card.
func answerBody(c chat.Card) body {
	fitted, _ := chat.Fit(c, func(c chat.Card) bool { return fitsMessage(layout(c)) })
	t := layout(fitted)
	if !fitsMessage(t) {
		// Not even one item fits: a title without end.
		t, _ = t.Cut(func(t chat.Text) bool { return fitsMessage(ended(t)) })
		t = ended(t)
	}
	return bodyOf(t, markup(c.Actions, ""))
}

// ended shows that a text goes on.
func ended(t chat.Text) chat.Text {
	return append(trim(t), chat.Span{Text: " …"})
}

func bodyOf(t chat.Text, k *keyboard) body {
	text, e := entities(trim(t))
	return body{Text: text, Entities: e, Previews: previews{Off: true}, Markup: k}
}

// maxPieces is how many messages a posted card may become. It is reached only where
// paging was forgotten.
const maxPieces = 10

// postBodies are the messages that post a card. A long one is split between
// paragraphs, lines or sentences, with the buttons under the last; nothing is left
// out unless it would take more than maxPieces. With a bot's name the buttons are
// links into the private chat.
func postBodies(c chat.Card, bot string) []body {
	texts := pieces(c)
	if len(texts) > maxPieces {
		c, _ = chat.Fit(c, func(c chat.Card) bool { return len(pieces(c)) <= maxPieces })
		texts = pieces(c)
		texts = texts[:min(len(texts), maxPieces)]
	}
	bodies := make([]body, len(texts))
	for i, t := range texts {
		bodies[i] = bodyOf(t, nil)
	}
	bodies[len(bodies)-1].Markup = markup(c.Actions, bot)
	return bodies
}

// pieces are the texts of a card, each of which is one message.
func pieces(c chat.Card) []chat.Text {
	var out []chat.Text
	for _, t := range layout(c).Pieces(fitsMessage) {
		if t = trim(t); len(t) > 0 {
			out = append(out, t)
		}
	}
	return out
}
