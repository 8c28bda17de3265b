package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Telegram's limits: UTF-16 units of text, entities of a message
// (https://core.telegram.org/bots/api#sendmessage), bytes of a button's data
// (https://core.telegram.org/bots/api#inlinekeyboardbutton), and buttons in a
// row, more of which clients do not show.
const (
	telegramText     = 4096
	telegramEntities = 100
	telegramData     = 64
	telegramRow      = 8
)

type telegramBody struct {
	Text     string          `json:"text"`
	Entities json.RawMessage `json:"entities"`
	Markup   json.RawMessage `json:"reply_markup"`
	Mode     string          `json:"parse_mode"`
}

// A telegramEntity is a style of a part of the text, in UTF-16 units
// (https://core.telegram.org/bots/api#messageentity).
type telegramEntity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	URL    string `json:"url"`
	found  bool   // by Telegram itself, not given by us
}

func (e telegramEntity) end() int { return e.Offset + e.Length }

type telegramButton struct {
	Text string `json:"text"`
	URL  string `json:"url"`
	Data string `json:"callback_data"`
}

// A telegramView is a message as Telegram's client shows it.
type telegramView struct {
	Body     []node
	Rows     [][]button
	Measures []measure
	Faults   []string
	Text     string
}

// readTelegram reads the body of a request that posts a message. Lists may stand
// in it as JSON or as a string of JSON: Telegram takes both.
func readTelegram(raw json.RawMessage) (telegramView, error) {
	var body telegramBody
	var entities []telegramEntity
	var markup struct {
		Keyboard [][]telegramButton `json:"inline_keyboard"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return telegramView{}, fmt.Errorf("reading a Telegram message: %w", err)
	}
	if err := unwrap(body.Entities, &entities); err != nil {
		return telegramView{}, fmt.Errorf("reading a Telegram message’s entities: %w", err)
	}
	if err := unwrap(body.Markup, &markup); err != nil {
		return telegramView{}, fmt.Errorf("reading a Telegram message’s buttons: %w", err)
	}
	units := utf16.Encode([]rune(body.Text))
	v := telegramView{Text: body.Text}
	v.Measures = []measure{{len(units), telegramText, "units"}, {len(entities), telegramEntities, "entities"}}
	v.check(body, units, entities)
	shown := slices.DeleteFunc(slices.Clone(entities), func(e telegramEntity) bool {
		return e.Offset < 0 || e.Length <= 0 || e.end() > len(units)
	})
	shown = append(shown, autolinks(body.Text, shown)...)
	v.Body = telegramNodes(units, shown)
	v.keyboard(markup.Keyboard)
	return v, nil
}

// unwrap decodes JSON, or the JSON within a JSON string; nothing leaves v alone.
func unwrap(raw json.RawMessage, v any) error {
	if len(raw) == 0 {
		return nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if text == "" {
			return nil
		}
		raw = json.RawMessage(text)
	}
	return json.Unmarshal(raw, v)
}

func (v *telegramView) fault(format string, args ...any) {
	v.Faults = append(v.Faults, fmt.Sprintf(format, args...))
}

// check finds what Telegram would refuse, drop or show otherwise than meant.
func (v *telegramView) check(body telegramBody, units []uint16, entities []telegramEntity) {
	if body.Mode != "" {
		v.fault("parse_mode is set: the preview shows the text as it is")
	}
	if len(units) > telegramText {
		v.fault("%d units of text; Telegram takes %d", len(units), telegramText)
	}
	if len(entities) > telegramEntities {
		v.fault("%d entities; Telegram drops those after %d", len(entities), telegramEntities)
	}
	if strings.TrimSpace(body.Text) == "" {
		v.fault("the text is empty")
	} else if strings.TrimLeft(body.Text, " \t\r\n") != body.Text {
		v.fault("the text begins with white space: Telegram removes it and every entity shifts")
	}
	for i, e := range entities {
		if e.Offset < 0 || e.Length <= 0 || e.end() > len(units) {
			v.fault("a %s entity at %d+%d lies outside the text", e.Type, e.Offset, e.Length)
			continue
		}
		if splitsPair(units, e.Offset) || splitsPair(units, e.end()) {
			v.fault("a %s entity at %d+%d cuts a character in two", e.Type, e.Offset, e.Length)
		}
		for _, o := range entities[:i] {
			if o.Offset < e.Offset && e.Offset < o.end() && o.end() < e.end() ||
				e.Offset < o.Offset && o.Offset < e.end() && e.end() < o.end() {
				v.fault("a %s and a %s entity cross at %d", o.Type, e.Type, e.Offset)
			}
		}
	}
}

// splitsPair reports whether at lies within a surrogate pair.
func splitsPair(units []uint16, at int) bool {
	return at > 0 && at < len(units) && utf16.IsSurrogate(rune(units[at-1])) &&
		utf16.DecodeRune(rune(units[at-1]), rune(units[at])) != utf8.RuneError
}

func (v *telegramView) keyboard(rows [][]telegramButton) {
	for _, row := range rows {
		if len(row) > telegramRow {
			v.fault("%d buttons in a row; Telegram shows %d", len(row), telegramRow)
		}
		var shown []button
		for _, b := range row {
			if b.URL == "" && (b.Data == "" || len(b.Data) > telegramData) {
				v.fault("the button %q carries %d bytes; Telegram takes 1 to %d", b.Text, len(b.Data), telegramData)
			}
			shown = append(shown, button{Label: b.Text, URL: b.URL, Data: b.Data})
		}
		v.Rows = append(v.Rows, shown)
	}
}

// telegramKinds says how each type of entity looks; the others look like links.
var telegramKinds = map[string]kind{
	"bold": boldNode, "italic": italicNode, "underline": underlineNode, "strikethrough": strikeNode,
	"spoiler": spoilerNode, "code": codeNode, "pre": preNode, "text_link": linkNode,
	"blockquote": quoteNode, "expandable_blockquote": quoteNode,
}

// telegramNodes cuts the text at every border of an entity and wraps each piece
// in the styles that cover it. Blocks (quotes, code) are cut out first.
func telegramNodes(units []uint16, entities []telegramEntity) []node {
	var blocks, spans []telegramEntity
	for _, e := range entities {
		if k := telegramKinds[e.Type]; k == quoteNode || k == preNode {
			blocks = append(blocks, e)
		} else {
			spans = append(spans, e)
		}
	}
	slices.SortStableFunc(blocks, func(a, b telegramEntity) int { return cmp.Compare(a.Offset, b.Offset) })
	var nodes []node
	at := 0
	for _, b := range blocks {
		if b.Offset < at {
			continue
		}
		nodes = append(nodes, telegramSpans(units, spans, at, b.Offset)...)
		nodes = append(nodes, node{Kind: telegramKinds[b.Type], Kids: telegramSpans(units, spans, b.Offset, b.end())})
		at = b.end()
		if at < len(units) && units[at] == '\n' {
			at++ // a block ends its line
		}
	}
	return append(nodes, telegramSpans(units, spans, at, len(units))...)
}

// telegramSpans returns the text from one offset to another with its styles.
func telegramSpans(units []uint16, spans []telegramEntity, from, to int) []node {
	borders := []int{from, to}
	for _, e := range spans {
		for _, at := range []int{e.Offset, e.end()} {
			if from < at && at < to {
				borders = append(borders, at)
			}
		}
	}
	slices.Sort(borders)
	borders = slices.Compact(borders)
	var nodes []node
	for i := 1; i < len(borders); i++ {
		piece := []node{{Kind: textNode, Text: string(utf16.Decode(units[borders[i-1]:borders[i]]))}}
		nodes = append(nodes, styled(piece, spans, borders[i-1], borders[i])...)
	}
	return nodes
}

// styled wraps a piece of text, links outermost so that they are one target.
func styled(piece []node, spans []telegramEntity, from, to int) []node {
	var links []telegramEntity
	for _, e := range spans {
		if e.Offset > from || e.end() < to {
			continue
		}
		switch k, known := telegramKinds[e.Type]; {
		case !known || k == linkNode:
			links = append(links, e)
		case k == codeNode:
			piece = []node{{Kind: codeNode, Text: plainText(piece)}}
		default:
			piece = []node{{Kind: k, Kids: piece}}
		}
	}
	for _, e := range links {
		if e.Type == "text_link" || e.Type == "url" {
			piece = []node{{Kind: linkNode, URL: e.URL, Kids: piece}}
		} else {
			piece = []node{{Kind: mentionNode, Kids: piece}}
		}
	}
	return piece
}
