package telegram

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/chat"
)

// Limits of an inline keyboard (https://core.telegram.org/bots/api#inlinekeyboardmarkup;
// the bytes are reported by users, with about 10,000 as the end).
const (
	maxButtons     = 100
	maxMarkupBytes = 9900
	maxRow         = 8
	// lineWidth is about how many characters stay readable side by side on a phone,
	// where the padding of each button takes the room of some.
	lineWidth = 46
	padding   = 2
)

// markup returns the buttons of a card, or nil if it has none. With a bot's name
// every call becomes a link into the private chat with that bot.
func markup(rows [][]chat.Action, bot string) *keyboard {
	k := &keyboard{}
	count, size := 0, len(`{"inline_keyboard":[]}`)
	for _, row := range rows {
		for _, line := range lines(buttons(row, bot)) {
			var kept []button
			size += len(`[],`)
			for _, b := range line {
				n := len(asJSON(b)) + 1
				if count == maxButtons || size+n > maxMarkupBytes {
					break
				}
				kept = append(kept, b)
				count, size = count+1, size+n
			}
			if len(kept) > 0 {
				k.Rows = append(k.Rows, kept)
			}
		}
	}
	if count == 0 {
		return nil
	}
	return k
}

// buttons are a row's, without those that lead nowhere.
func buttons(row []chat.Action, bot string) []button {
	var out []button
	for _, a := range row {
		b := button{Text: label(a)}
		switch {
		case a.Call != "" && bot != "":
			b.URL = deepLink(bot, a.Call)
		case a.Call != "":
			b.Data = data(a)
		case linkable(a.URL):
			b.URL = a.URL
		default:
			continue
		}
		out = append(out, b)
	}
	return out[:min(len(out), maxButtons)]
}

// deepLink is the address that opens the private chat with the bot and asks call
// there, which must be kept under its ticket.
func deepLink(bot, call string) string {
	return "https://t.me/" + url.PathEscape(bot) + "?start=" + chat.Ticket(call)
}

// data is what a button carries. The service takes valid text only.
func data(a chat.Action) string {
	if d := a.Data(); utf8.ValidString(d) {
		return d
	}
	return "~" + chat.Ticket(a.Call)
}

// label is a button's, marked where it leads to what is on the screen already.
func label(a chat.Action) string {
	s := strings.TrimFunc(oneLine(a.Label), blank)
	if r := []rune(s); len(r) > chat.MaxLabel {
		s = string(r[:chat.MaxLabel-1]) + "…"
	}
	if s == "" {
		s = "…"
	}
	if a.Current {
		s = "• " + s
	}
	return s
}

// lines breaks a row that is too wide for a phone into even ones, or, where labels
// of unlike length would make more of these than needed, into full ones.
func lines(row []button) [][]button {
	if len(row) == 0 {
		return nil
	}
	full := pack(row)
	for n := (len(row) + maxRow - 1) / maxRow; n <= len(full); n++ {
		var even [][]button
		for i := range n {
			even = append(even, row[(i*len(row)+n-1)/n:((i+1)*len(row)+n-1)/n])
		}
		if !slices.ContainsFunc(even, tooWide) {
			return even
		}
	}
	return full
}

// pack breaks a row into lines that hold as much as fits.
func pack(row []button) [][]button {
	var full [][]button
	from := 0
	for i := range row {
		if i > from && (i-from == maxRow || tooWide(row[from:i+1])) {
			full, from = append(full, row[from:i]), i
		}
	}
	return append(full, row[from:])
}

func tooWide(line []button) bool { return len(line) > 1 && width(line) > lineWidth }

// width is that of a line whose buttons are all as wide as the widest.
func width(line []button) int {
	widest := 0
	for _, b := range line {
		widest = max(widest, utf8.RuneCountInString(b.Text))
	}
	return (widest + padding) * len(line)
}
