package discord

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/chat"
)

// The limits of a message, in code points unless marked otherwise
// (https://discord.com/developers/docs/resources/message#embed-object-embed-limits,
// https://discord.com/developers/docs/components/reference#button).
const (
	maxTitle       = 256
	maxDescription = 4096
	maxFooter      = 2048
	maxEmbedText   = 6000
	maxAlt         = 1024
	maxCustomID    = 100
	maxLink        = 512      // of a button
	maxURL         = 2048     // of an embed
	maxFile        = 10 << 20 // bytes
	// maxBytes is how many bytes of UTF-8 all texts of a message may have. Discord
	// documents no such limit and fails near 10,000
	// (https://github.com/discord/discord-api-docs/issues/8554).
	maxBytes = 9000
)

// A message is the body of a message as it is posted.
type message struct {
	Embeds          []embed       `json:"embeds"`
	Components      []row         `json:"components"`
	Attachments     *[]attachment `json:"attachments,omitempty"`
	AllowedMentions mentions      `json:"allowed_mentions"`
	Flags           int           `json:"flags,omitempty"`

	picture *chat.Picture
}

type embed struct {
	Title       string  `json:"title,omitempty"`
	URL         string  `json:"url,omitempty"`
	Description string  `json:"description,omitempty"`
	Color       int     `json:"color"`
	Author      *author `json:"author,omitempty"`
	Footer      *footer `json:"footer,omitempty"`
}

type author struct {
	Name string `json:"name"`
}

type footer struct {
	Text string `json:"text"`
}

type attachment struct {
	ID          int    `json:"id,string"` // of the form's file
	Filename    string `json:"filename"`
	Description string `json:"description,omitempty"`
}

// mentions say whom a message may notify: nobody, always.
type mentions struct {
	Parse []string `json:"parse"`
	// RepliedUser is false on an answer, which would notify by default.
	RepliedUser *bool `json:"replied_user,omitempty"`
}

type row struct {
	Type       int      `json:"type"`
	Components []button `json:"components"`
}

type button struct {
	Type     int    `json:"type"`
	Style    int    `json:"style"`
	Label    string `json:"label"`
	CustomID string `json:"custom_id,omitempty"`
	URL      string `json:"url,omitempty"`
}

// The types of components and styles of buttons.
const (
	componentRow    = 1
	componentButton = 2

	stylePrimary   = 1
	styleSecondary = 2
	styleLink      = 5
)

// Payloads returns the very message bodies that answering with c would post.
func Payloads(c chat.Card) ([]json.RawMessage, error) {
	body, err := encode(compose(c, ""))
	if err != nil {
		return nil, err
	}
	return []json.RawMessage{body}, nil
}

// compose renders c so that it fits in one message, with a Share button that
// carries share unless that is empty.
func compose(c chat.Card, share string) message {
	fitted, _ := chat.Fit(c, func(c chat.Card) bool { return render(c, share).fits() })
	m := render(fitted, share)
	// Fit shortens what may be shortened without loss of sense. What is left to
	// be too long is a title or a head: cut hard.
	for n := 1000; !m.fits() && n > 0; n /= 2 {
		m = render(clip(fitted, n), share)
	}
	return m
}

// render maps a card to a message, whatever its size.
func render(c chat.Card, share string) message {
	e := embed{Color: colour(c.Tone)}
	var parts []string
	add := func(s string) {
		if visible(s) {
			parts = append(parts, s)
		}
	}
	e.Title, e.URL = title(c)
	if e.Title == "" {
		add(markdown(chat.Text{{Text: oneLine(c.Title), Style: chat.Bold, URL: c.URL}}))
	}
	add(markdown(c.Lead))
	for _, block := range entries(c.Items) {
		add(block)
	}
	picture := c.Picture
	if picture != nil && (len(picture.Data) == 0 || len(picture.Data) > maxFile) {
		add(markdown(chat.Styled(picture.Alt, chat.Italic)))
		picture = nil
	}
	if note := clean(c.Note.String()); hasLink(c.Note) || utf8.RuneCountInString(note) > maxFooter {
		add(markdown(c.Note))
	} else if visible(note) {
		e.Footer = &footer{Text: strings.TrimSpace(note)}
	}
	e.Description = strings.Join(parts, "\n\n")
	if e.Description == "" && e.Title == "" && e.Footer == nil {
		e.Description = "—"
	}
	if word := c.Tone.Word(); word != "" {
		e.Author = &author{Name: word}
	}
	m := message{Embeds: []embed{e}, Components: buttons(c.Actions, share), AllowedMentions: mentions{Parse: []string{}}}
	if picture != nil {
		m.picture = picture
		m.Attachments = &[]attachment{{Filename: picture.Name, Description: clipText(clean(picture.Alt), maxAlt)}}
	}
	return m
}

// title is the embed's title and where it leads; a title too long for it goes
// into the text.
func title(c chat.Card) (string, string) {
	t := escape(oneLine(c.Title), true)
	if !visible(c.Title) || utf8.RuneCountInString(t) > maxTitle {
		return "", ""
	}
	return t, safeURL(c.URL)
}

// entries are the paragraphs of a card's items. Numbered items of one line each
// stand together as a list.
func entries(items []chat.Item) []string {
	var blocks []string
	listed := false
	for _, i := range items {
		s := entry(i)
		short := i.Numbered() && i.Body.String() == ""
		if short && listed && visible(s) {
			blocks[len(blocks)-1] += "\n" + s
			continue
		}
		blocks, listed = append(blocks, s), short
	}
	return blocks
}

// entry is an item: its label above its head, or before it where it is a number, and
// its body below.
func entry(i chat.Item) string {
	head := make(chat.Text, 0, len(i.Head))
	linked := hasLink(i.Head)
	for _, s := range i.Head {
		if s.Style&chat.Code == 0 {
			s.Style |= chat.Bold
		}
		if !linked {
			s.URL = i.URL
		}
		head = append(head, s)
	}
	label := chat.Plainly(oneLine(i.Label))
	if head.String() == "" && i.URL != "" && len(label) > 0 {
		label[0].URL = i.URL
	}
	between := "\n"
	if i.Numbered() {
		between = " "
	}
	top := markdown(chat.Join(between, label, head))
	body := markdown(i.Body)
	if !visible(top) {
		return body
	}
	if !visible(body) {
		return top
	}
	return top + "\n" + body
}

func hasLink(t chat.Text) bool {
	for _, s := range t {
		if s.URL != "" {
			return true
		}
	}
	return false
}

func colour(t chat.Tone) int {
	switch t {
	case chat.New:
		return 0x2E9E5B
	case chat.Revised, chat.Correction:
		return 0xC98A1B
	case chat.Withdrawn:
		return 0x8A8F98
	case chat.Trouble:
		return 0xD9483B
	}
	return 0x5B9BF3
}

// fits says whether Discord would take m.
func (m message) fits() bool {
	e := m.Embeds[0]
	total := 0
	within := func(s string, limit int) bool {
		n := utf8.RuneCountInString(s)
		total += n
		return n <= limit
	}
	fit := within(e.Title, maxTitle) && within(e.Description, maxDescription)
	if e.Footer != nil {
		fit = fit && within(e.Footer.Text, maxFooter)
	}
	if e.Author != nil {
		fit = fit && within(e.Author.Name, maxTitle)
	}
	return fit && total <= maxEmbedText && m.text() <= maxBytes
}

// text is how many bytes of text m has.
func (m message) text() int {
	e := m.Embeds[0]
	n := len(e.Title) + len(e.Description) + m.labels()
	if e.Footer != nil {
		n += len(e.Footer.Text)
	}
	if e.Author != nil {
		n += len(e.Author.Name)
	}
	return n
}

func (m message) labels() int {
	n := 0
	for _, r := range m.Components {
		for _, b := range r.Components {
			n += len(b.Label)
		}
	}
	return n
}

// oneLine is s without line breaks.
func oneLine(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(clean(s), "\n", " "))
}

// visible says whether there is anything in s to see.
func visible(s string) bool {
	for _, r := range s {
		if !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) {
			return true
		}
	}
	return false
}
