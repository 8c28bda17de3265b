package telegram

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/chat"
)

// layout returns the whole card as one text, as it is read on a phone: the title in
// bold, the lead, the items with a short line of small print above each head, and
// the note. What a service might make a link or a ping of is quiet in it.
func layout(c chat.Card) chat.Text {
	blocks := []chat.Text{heading(c), words(c.Lead)}
	blocks = append(blocks, items(c.Items)...)
	if c.Picture != nil && c.Picture.Alt != "" {
		blocks = append(blocks, styled(chat.Plainly("Picture: "+c.Picture.Alt), chat.Italic))
	}
	blocks = append(blocks, wordedActions(c.Actions), styled(c.Note, chat.Italic))
	t := trim(chat.Join("\n\n", blocks...))
	if len(t) == 0 {
		return chat.Plainly("Nothing to show.")
	}
	return quiet(t)
}

func heading(c chat.Card) chat.Text {
	title := oneLine(c.Title)
	word := c.Tone.Word() // there is no colour to say it
	switch {
	case word == "" || strings.Contains(strings.ToLower(title), strings.ToLower(word)):
	case title == "":
		title = word
	default:
		title = word + " · " + title
	}
	if title == "" {
		return nil
	}
	return words(chat.Text{{Text: title, Style: chat.Bold, URL: c.URL}})
}

// items returns the blocks of a card's body. Items of one line each stand together
// as a list.
func items(all []chat.Item) []chat.Text {
	var blocks, list []chat.Text
	flush := func() {
		if len(list) > 0 {
			blocks, list = append(blocks, chat.Join("\n", list...)), nil
		}
	}
	for _, it := range all {
		t, short := item(it)
		if short {
			list = append(list, t)
			continue
		}
		flush()
		blocks = append(blocks, t)
	}
	flush()
	return blocks
}

// item returns one item, and whether it is one line of a list.
func item(it chat.Item) (t chat.Text, short bool) {
	head := it.Head
	if it.URL != "" {
		head = linked(head, it.URL)
	}
	head = styled(head, chat.Bold)
	label := chat.Plainly(oneLine(it.Label))
	body := words(it.Body)
	switch {
	case len(label) == 0:
		return chat.Join("\n", head, body), len(body) == 0 && len(it.Head.String()) < 80
	case it.Numbered():
		return chat.Join("\n", chat.Join(" ", label, head), body), len(body) == 0
	}
	return chat.Join("\n", styled(label, chat.Italic), head, body), false
}

// linked lets every span of t that leads nowhere lead to address.
func linked(t chat.Text, address string) chat.Text {
	out := make(chat.Text, len(t))
	for i, s := range t {
		if s.URL == "" {
			s.URL = address
		}
		out[i] = s
	}
	return out
}

// styled adds a style to the words of t.
func styled(t chat.Text, style chat.Style) chat.Text {
	out := words(t)
	for i := range out {
		if out[i].Style&chat.Code == 0 {
			out[i].Style |= style
		}
	}
	return out
}

// words returns t in a form the service leaves alone: clean characters, code that
// combines with nothing, and addresses it would drop written out.
func words(t chat.Text) chat.Text {
	var out chat.Text
	for i, s := range t {
		s.Text = clean(s.Text)
		address := s.URL
		if address != "" && !linkable(address) {
			s.URL = ""
		}
		if s.URL != "" || s.Style&chat.Quote != 0 {
			s.Style &^= chat.Code
		}
		if s.Style&chat.Code != 0 {
			s.Style = chat.Code
		}
		if s.Text != "" {
			out = append(out, s)
		}
		last := i+1 == len(t) || t[i+1].URL != address
		if address != "" && s.URL == "" && last && clean(address) != s.Text {
			out = append(out, chat.Span{Text: " (" + clean(address) + ")", Style: s.Style & chat.Quote})
		}
	}
	if strings.TrimFunc(out.String(), blank) == "" {
		return nil
	}
	return out
}

// wordedActions are the buttons whose address the service would refuse, in words.
func wordedActions(rows [][]chat.Action) chat.Text {
	var lines []chat.Text
	for _, row := range rows {
		for _, a := range row {
			if a.Call == "" && a.URL != "" && !linkable(a.URL) {
				lines = append(lines, chat.Plainly(oneLine(a.Label)+": "+oneLine(a.URL)))
			}
		}
	}
	return chat.Join("\n", lines...)
}

// maxAddress is the longest address that is sent as a link; a longer one would eat
// the room that all entities of a message share.
const maxAddress = 1500

// linkable says whether the service keeps a link to address: any other it drops
// without a word.
func linkable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || len(address) > maxAddress {
		return false
	}
	host := u.Hostname()
	i := strings.LastIndexByte(host, '.')
	if i <= 0 || i == len(host)-1 || strings.Contains(host, "..") || strings.HasPrefix(host, ".") {
		return false
	}
	for _, r := range host {
		if r != '.' && r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return !strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError })
}

// clean replaces what the service would replace or remove itself, so that nothing
// shifts: invalid bytes, control characters, and marks that turn the direction of
// what follows.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if !strings.ContainsFunc(s, unwelcome) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case !unwelcome(r):
			return r
		case r == '\r' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			return '\n'
		case r == '\t':
			return ' '
		}
		return -1
	}, s)
}

func unwelcome(r rune) bool {
	return r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e
}

func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// blank says whether the service strips a character from the ends of a text.
func blank(r rune) bool {
	switch {
	case unicode.IsSpace(r), r >= 0x2000 && r <= 0x200f, r >= 0x2028 && r <= 0x202f, r >= 0x205f && r <= 0x2064:
		return true
	}
	return strings.ContainsRune("\u00ad\u115f\u1160\u180e\u2800\u3164\ufeff\uffa0\ufffc", r)
}

// trim strips t as the service would.
func trim(t chat.Text) chat.Text {
	whole := t.String()
	from := len(whole) - len(strings.TrimLeftFunc(whole, blank))
	to := len(strings.TrimRightFunc(whole, blank))
	return t.Slice(from, to)
}
