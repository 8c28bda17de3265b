package telegram

import (
	"encoding/json"
	"slices"

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
	fitted, _ := chat.Fit(c, func(c chat.Card) bool { return size(c) <= windowBytes && fitsMessage(layout(c)) })
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
	texts := pieces(c, maxPieces+1)
	if len(texts) > maxPieces {
		c, _ = chat.Fit(c, func(c chat.Card) bool {
			return size(c) <= maxPieces*windowBytes && len(pieces(c, maxPieces+1)) <= maxPieces
		})
		texts = pieces(c, maxPieces)
	}
	return bodiesOf(texts, markup(c.Actions, bot))
}

// bodiesOf are the messages of texts, with the buttons under the last.
func bodiesOf(texts []chat.Text, k *keyboard) []body {
	bodies := make([]body, len(texts))
	for i, t := range texts {
		bodies[i] = bodyOf(t, nil)
	}
	bodies[len(bodies)-1].Markup = k
	return bodies
}

// fillBodies are the bodies for so many messages that are there already and are to
// show a card, laid out as postBodies does.
func fillBodies(c chat.Card, bot string, n int) []body {
	texts := pieces(c, n+1)
	if len(texts) > n {
		fitted, _ := chat.Fit(c, func(c chat.Card) bool {
			return size(c) <= n*windowBytes && len(pieces(c, n+1)) <= n
		})
		texts = pieces(fitted, n)
	}
	for len(texts) < n {
		texts = slices.Insert(texts, len(texts)-1, chat.Plainly("…"))
	}
	return bodiesOf(texts, markup(c.Actions, bot))
}

// windowBytes is how much of a text is looked at to find where a message ends: more
// than the 3 bytes a UTF-16 unit takes at most.
const windowBytes = 4 * maxUnits

// pieces are the texts of a card, each of which is one message; at most so many of
// them.
func pieces(c chat.Card, most int) []chat.Text {
	t := layout(c)
	left := length(t)
	var out []chat.Text
	for left > 0 && len(out) < most {
		head, rest := beginning(t, left).Cut(fitsMessage)
		if head = trim(head); len(head) > 0 {
			out = append(out, head)
		}
		taken := min(left, windowBytes) - length(rest)
		if rest != nil && taken <= 0 {
			break
		}
		t = t.Slice(taken, left)
		left -= taken
	}
	return out
}

// beginning is that of a text of so many bytes, as far as a message may reach.
func beginning(t chat.Text, length int) chat.Text {
	if length <= windowBytes {
		return t
	}
	return t.Slice(0, windowBytes)
}

// length is that of a text in bytes.
func length(t chat.Text) int {
	n := 0
	for _, s := range t {
		n += len(s.Text)
	}
	return n
}

// size is about the length of what a card says, without what is put between.
func size(c chat.Card) int {
	n := len(c.Title) + length(c.Lead) + length(c.Note)
	for _, it := range c.Items {
		n += len(it.Label) + length(it.Head) + length(it.Body)
	}
	return n
}
