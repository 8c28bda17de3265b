package chat

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Card is a message as its author means it. Platforms decide how it looks.
//
// A Card is plain data: it is compared in golden files and stored in the ledger
// as JSON, so fields may be added but never change meaning.
type Card struct {
	Title   string     `json:"title,omitempty"`   // one line, plain text
	URL     string     `json:"url,omitempty"`     // http or https; where the title leads
	Tone    Tone       `json:"tone,omitempty"`    // what kind of news this is
	Lead    Text       `json:"lead,omitempty"`    // opening paragraphs
	Items   []Item     `json:"items,omitempty"`   // events, people, scenarios: the body
	Picture *Picture   `json:"picture,omitempty"` // shown with the text, never instead of it
	Note    Text       `json:"note,omitempty"`    // small print: as of, staleness
	Actions [][]Action `json:"actions,omitempty"` // rows of at most [MaxRow] buttons
}

// MaxRow is the most buttons a row may hold and MaxRows the most rows: Discord's
// limits (https://discord.com/developers/docs/components/reference), the smallest.
const (
	MaxRow  = 5
	MaxRows = 5
)

// A Tone says what kind of news a card is; a platform shows it as a colour
// together with a word, never by colour alone.
type Tone string

// The tones of a card.
const (
	Plain     Tone = ""
	New       Tone = "new"
	Revised   Tone = "revised"
	Withdrawn Tone = "withdrawn"
	// Correction is a card that corrects another one. Its title says so: it has no word
	// besides.
	Correction Tone = "correction"
	Trouble    Tone = "trouble" // something did not work, or an alarm
)

// Word returns the tone in a word, for those to whom colour says nothing, and the
// empty string where nothing need be said.
func (t Tone) Word() string {
	switch t {
	case New:
		return "New"
	case Revised:
		return "Revised"
	case Withdrawn:
		return "Withdrawn"
	case Trouble:
		return "Problem"
	}
	return ""
}

// An Item is one entry of a card's body.
type Item struct {
	// ID names the item within its section, for paging; it is not shown.
	ID string `json:"id,omitempty"`
	// Label is a short word above or before the head: a date, a kind.
	Label string `json:"label,omitempty"`
	// Head is one line that says what the item is.
	Head Text `json:"head,omitempty"`
	// Body is what there is to say about it, in paragraphs.
	Body Text `json:"body,omitempty"`
	// URL is where the head leads: http or https.
	URL string `json:"url,omitempty"`
}

// maxNumber is the longest label, such as “[12]”, that stands before a head rather
// than above it.
const maxNumber = 6

// Numbered reports whether the label is a number or a sign rather than words: it
// then stands before the head on one line, and words stand above it.
func (i Item) Numbered() bool {
	return i.Label != "" && utf8.RuneCountInString(i.Label) <= maxNumber && !strings.ContainsFunc(i.Label, unicode.IsLetter)
}

// A Picture accompanies a card.
type Picture struct {
	Name string `json:"name"` // a file name
	Type string `json:"type"` // a media type
	Alt  string `json:"alt"`  // says in words what the picture shows; never empty
	Data []byte `json:"data"`
}

// Style is a set of text styles.
type Style uint8

// The styles of a span. Code combines with nothing. Quote marks a quoted
// paragraph and combines with the rest.
const (
	Bold Style = 1 << iota
	Italic
	Strike
	Code
	Quote
)

// A Span is a run of text in one style. It never holds markup: whatever stands
// in Text is shown as it stands there. A newline begins a line, an empty line a
// paragraph.
type Span struct {
	Text  string `json:"text"`
	Style Style  `json:"style,omitempty"`
	URL   string `json:"url,omitempty"` // http or https
}

// Text is styled text.
type Text []Span

// Plainly returns s as unstyled text, and no text if s is empty.
func Plainly(s string) Text { return Styled(s, 0) }

// Styled returns s as text in the given style, and no text if s is empty.
func Styled(s string, style Style) Text {
	if s == "" {
		return nil
	}
	return Text{{Text: s, Style: style}}
}

// Link returns s as text that leads to url, which may be empty.
func Link(s, url string) Text {
	if s == "" {
		return nil
	}
	return Text{{Text: s, URL: url}}
}

// Join returns the texts one after another with separator between those that
// are not empty.
func Join(separator string, texts ...Text) Text {
	var joined Text
	for _, t := range texts {
		if t.String() == "" {
			continue
		}
		if len(joined) > 0 && separator != "" {
			joined = append(joined, Span{Text: separator})
		}
		joined = append(joined, t...)
	}
	return joined
}

// String returns the text without styles and links.
func (t Text) String() string {
	if len(t) == 1 {
		return t[0].Text
	}
	var b []byte
	for _, s := range t {
		b = append(b, s.Text...)
	}
	return string(b)
}

// An Action is a button: a link or a call, never both.
type Action struct {
	Label string `json:"label"`         // at most [MaxLabel] code points
	URL   string `json:"url,omitempty"` // http or https
	// Call is what pressing the button asks, as [Call.String] writes it.
	Call string `json:"call,omitempty"`
	// Current marks the button of what is already on the screen.
	Current bool `json:"current,omitempty"`
}

// MaxLabel is how many code points a button's label may have
// (https://discord.com/developers/docs/components/reference#button).
const MaxLabel = 80

// Data returns what the button carries: its call where that fits in
// [MaxData] bytes, otherwise the call's [Short] name.
func (a Action) Data() string { return Short(a.Call) }

// Calls returns the calls of all actions in c, in order of appearance.
func (c Card) Calls() []string {
	var calls []string
	for _, row := range c.Actions {
		for _, a := range row {
			if a.Call != "" {
				calls = append(calls, a.Call)
			}
		}
	}
	return calls
}

// Clone returns a copy of c that shares no slice a caller may change by
// dropping or shortening items.
func (c Card) Clone() Card {
	c.Items = slices.Clone(c.Items)
	c.Actions = slices.Clone(c.Actions)
	return c
}
