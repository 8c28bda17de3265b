package web

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Discord's limits, in code points
// (https://discord.com/developers/docs/resources/message#embed-object-embed-limits,
// https://discord.com/developers/docs/components/reference#text-display).
const (
	discordContent     = 2000
	discordTitle       = 256
	discordDescription = 4096
	discordFields      = 25
	discordFieldName   = 256
	discordFieldValue  = 1024
	discordFooter      = 2048
	discordEmbeds      = 10
	discordEmbedText   = 6000
	discordDisplays    = 4000
	discordRows        = 5
	discordRow         = 5
	discordLabel       = 80
	discordCustomID    = 100
)

// Discord's kinds of components that a message of ours may hold
// (https://discord.com/developers/docs/components/reference#component-object-component-types).
const (
	actionRowType = 1
	buttonType    = 2
	sectionType   = 9
	textType      = 10
	thumbnailType = 11
	galleryType   = 12
	fileType      = 13
	separatorType = 14
	containerType = 17
)

// primaryStyle is the style of a button that stands out, and linkStyle of one
// that leads elsewhere.
const (
	primaryStyle = 1
	linkStyle    = 5
)

type discordBody struct {
	Type int             `json:"type"` // of an answer to an interaction
	Data *discordMessage `json:"data"` // of an answer to an interaction
	discordMessage
}

type discordMessage struct {
	Content    string             `json:"content"`
	Embeds     []discordEmbed     `json:"embeds"`
	Components []discordComponent `json:"components"`
	// Title and CustomID are a modal's.
	Title    string `json:"title"`
	CustomID string `json:"custom_id"`
}

type discordEmbed struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	Description string `json:"description"`
	Color       *int   `json:"color"`
	Timestamp   string `json:"timestamp"`
	Author      struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	} `json:"author"`
	Footer struct {
		Text string `json:"text"`
	} `json:"footer"`
	Image struct {
		URL string `json:"url"`
	} `json:"image"`
	Fields []struct {
		Name   string `json:"name"`
		Value  string `json:"value"`
		Inline bool   `json:"inline"`
	} `json:"fields"`
}

type discordComponent struct {
	Type       int                `json:"type"`
	Components []discordComponent `json:"components"`
	Accessory  *discordComponent  `json:"accessory"`
	Content    string             `json:"content"`
	Accent     *int               `json:"accent_color"`
	Label      string             `json:"label"`
	Style      int                `json:"style"`
	URL        string             `json:"url"`
	CustomID   string             `json:"custom_id"`
	Disabled   bool               `json:"disabled"`
	Emoji      struct {
		Name string `json:"name"`
	} `json:"emoji"`
	Items []struct {
		Description string `json:"description"`
	} `json:"items"`
	// The rest is a label's, and its text input's.
	Component   *discordComponent `json:"component"`
	Description string            `json:"description"`
	Value       string            `json:"value"`
	Placeholder string            `json:"placeholder"`
	Required    *bool             `json:"required"`
}

// A discordView is a message as Discord's client shows it.
type discordView struct {
	Content  []node
	Boxes    []discordBox
	Rows     [][]button
	Modal    *modalView // instead of all that
	Measures []measure
	Faults   []string // what Discord would refuse, or what is wrong to the eye
	Text     string   // all that can be read
}

// A discordBox is an embed or a container.
type discordBox struct {
	Color  string // #rrggbb, or empty
	Author string
	Title  []node
	URL    string
	Parts  []discordPart
	Footer string
	Alt    []string // what pictures show
}

// A discordPart is a paragraph of a box, or a field of an embed.
type discordPart struct {
	Name   []node // of a field
	Body   []node
	Inline bool
	Rule   bool // a line between parts
	Rows   [][]button
}

// readDiscord reads the body of a request that posts a message or answers an
// interaction.
func readDiscord(raw json.RawMessage) (discordView, error) {
	var body discordBody
	if err := json.Unmarshal(raw, &body); err != nil {
		return discordView{}, fmt.Errorf("reading a Discord message: %w", err)
	}
	message := body.discordMessage
	if body.Data != nil {
		message = *body.Data
	}
	r := discordReader{}
	if body.Type == modalAnswer {
		r.modal(message)
	} else {
		r.read(message)
	}
	return r.view, nil
}

type discordReader struct {
	view             discordView
	embeds, displays int // code points of text
	longest          int // code points of the longest description
	ids              map[string]bool
}

func (r *discordReader) read(m discordMessage) {
	r.ids = make(map[string]bool)
	r.view.Content = markdown{}.parse(m.Content)
	r.note(plainText(r.view.Content))
	r.check("content", m.Content, discordContent)
	for _, e := range m.Embeds {
		r.embed(e)
	}
	if len(m.Embeds) > discordEmbeds {
		r.fault("%d embeds; Discord takes %d", len(m.Embeds), discordEmbeds)
	}
	r.components(m.Components)
	r.measure()
}

func (r *discordReader) measure() {
	if r.embeds > 0 {
		r.view.Measures = append(r.view.Measures, measure{r.longest, discordDescription, "in the description"}, measure{r.embeds, discordEmbedText, "characters"})
	}
	if r.displays > 0 {
		r.view.Measures = append(r.view.Measures, measure{r.displays, discordDisplays, "characters"})
	}
	for _, m := range r.view.Measures {
		if m.Over() && m.Limit != discordDescription {
			r.fault("%d characters of text; Discord takes %d", m.Used, m.Limit)
		}
	}
	if len(r.view.Rows) > discordRows {
		r.fault("%d rows of buttons; Discord takes %d", len(r.view.Rows), discordRows)
	}
}

func (r *discordReader) fault(format string, args ...any) {
	r.view.Faults = append(r.view.Faults, fmt.Sprintf(format, args...))
}

// note keeps what can be read, apart from how it looks.
func (r *discordReader) note(s string) { r.view.Text += s + "\n" }

// check measures one text and returns its length.
func (r *discordReader) check(what, s string, limit int) int {
	n := utf8.RuneCountInString(s)
	if n > limit {
		r.fault("a %s of %d characters; Discord takes %d", what, n, limit)
	}
	return n
}

func (r *discordReader) embed(e discordEmbed) {
	title := markdown{inline: true, linked: true}.parse(e.Title)
	description := markdown{}.parse(strings.TrimSpace(e.Description)) // as Discord trims it
	box := discordBox{Color: hexColor(e.Color), Author: e.Author.Name, Title: title, URL: e.URL, Footer: footer(e)}
	r.note(e.Author.Name)
	r.note(plainText(title))
	r.note(plainText(description))
	if len(description) > 0 {
		box.Parts = append(box.Parts, discordPart{Body: description})
	}
	length := r.check("description", e.Description, discordDescription)
	r.longest = max(r.longest, length)
	r.embeds += r.check("title", e.Title, discordTitle) + length
	r.embeds += r.check("footer", e.Footer.Text, discordFooter) + utf8.RuneCountInString(e.Author.Name)
	if len(e.Fields) > discordFields {
		r.fault("%d fields; Discord takes %d", len(e.Fields), discordFields)
	}
	for _, f := range e.Fields {
		r.embeds += r.check("field’s name", f.Name, discordFieldName) + r.check("field’s value", f.Value, discordFieldValue)
		part := discordPart{Name: markdown{inline: true, linked: true}.parse(f.Name), Body: markdown{}.parse(f.Value), Inline: f.Inline}
		r.note(plainText(part.Name))
		r.note(plainText(part.Body))
		box.Parts = append(box.Parts, part)
	}
	r.note(e.Footer.Text)
	if e.Image.URL != "" {
		box.Alt = append(box.Alt, e.Image.URL)
	}
	r.view.Boxes = append(r.view.Boxes, box)
}

// footer joins an embed's small print to its time, as the client does.
func footer(e discordEmbed) string {
	at, err := time.Parse(time.RFC3339, e.Timestamp)
	if err != nil {
		return e.Footer.Text
	}
	stamp := at.Format("02/01/2006 15:04 UTC")
	if e.Footer.Text == "" {
		return stamp
	}
	return e.Footer.Text + " • " + stamp
}

func hexColor(c *int) string {
	if c == nil || *c < 0 || *c > 0xffffff {
		return ""
	}
	return fmt.Sprintf("#%06x", *c)
}

// components reads what stands below, or instead of, a message's text.
func (r *discordReader) components(list []discordComponent) {
	for _, c := range list {
		switch c.Type {
		case actionRowType:
			r.view.Rows = append(r.view.Rows, r.row(c))
		case containerType:
			box := discordBox{Color: hexColor(c.Accent)}
			r.fill(&box, c.Components)
			r.view.Boxes = append(r.view.Boxes, box)
		default:
			box := discordBox{}
			r.fill(&box, []discordComponent{c})
			r.view.Boxes = append(r.view.Boxes, box)
		}
	}
}

// fill reads the parts of a container.
func (r *discordReader) fill(box *discordBox, list []discordComponent) {
	for _, c := range list {
		switch c.Type {
		case textType:
			body := markdown{}.parse(c.Content)
			r.displays += utf8.RuneCountInString(c.Content)
			r.note(plainText(body))
			box.Parts = append(box.Parts, discordPart{Body: body})
		case sectionType:
			r.fill(box, c.Components)
			if c.Accessory != nil && c.Accessory.Type == buttonType {
				box.Parts = append(box.Parts, discordPart{Rows: [][]button{{r.button(*c.Accessory)}}})
			}
		case separatorType:
			box.Parts = append(box.Parts, discordPart{Rule: true})
		case actionRowType:
			box.Parts = append(box.Parts, discordPart{Rows: [][]button{r.row(c)}})
		case galleryType:
			for _, item := range c.Items {
				box.Alt = append(box.Alt, item.Description)
			}
		case thumbnailType, fileType:
		default:
			r.fault("a component of type %d, which the preview does not know", c.Type)
		}
	}
}

func (r *discordReader) row(c discordComponent) []button {
	if len(c.Components) > discordRow {
		r.fault("%d buttons in a row; Discord takes %d", len(c.Components), discordRow)
	}
	var row []button
	for _, b := range c.Components {
		row = append(row, r.button(b))
	}
	return row
}

func (r *discordReader) button(c discordComponent) button {
	label := c.Label
	if c.Emoji.Name != "" {
		label = c.Emoji.Name + " " + label
	}
	r.check("label", c.Label, discordLabel)
	b := button{Label: label, Current: c.Style == primaryStyle, Disabled: c.Disabled}
	if c.Style == linkStyle {
		b.URL = c.URL
		return b
	}
	b.Data = c.CustomID
	if n := r.check("custom_id", c.CustomID, discordCustomID); n == 0 {
		r.fault("the button %q carries nothing", c.Label)
	}
	if r.ids[c.CustomID] {
		r.fault("two buttons carry %q; Discord refuses that", c.CustomID)
	}
	r.ids[c.CustomID] = true
	return b
}
