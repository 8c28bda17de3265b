package telegramtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of a message (https://core.telegram.org/bots/api#sendmessage; those that
// the manual leaves out are reported by users).
const (
	maxText        = 4096
	maxRaw         = 32768
	maxEntities    = 100
	maxEntityBytes = 9500
	maxButtons     = 100
	maxRow         = 8
	maxData        = 64
	maxMarkup      = 10_000
)

// An Entity styles a stretch of a text, counted in UTF-16 units.
type Entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	URL    string `json:"url,omitempty"`
}

// CheckMessage says what the vendor would refuse, drop or mend in the JSON body of a
// sendMessage.
func CheckMessage(body []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return err
	}
	params := map[string]string{}
	for k, v := range raw {
		var text string
		if json.Unmarshal(v, &text) != nil {
			text = string(v)
		}
		params[k] = text
	}
	_, err := parseMessage(params)
	if err != nil {
		return err
	}
	if sp, err := readSpec(); err == nil {
		params["chat_id"] = "1"
		return sp.check("sendMessage", params)
	}
	return nil
}

// checkText checks a text with its entities.
func checkText(text string, entities []Entity) error {
	units := utf16.Encode([]rune(text))
	switch {
	case !utf8.ValidString(text):
		return errors.New("strings must be encoded in UTF-8")
	case strings.TrimFunc(text, blank) == "":
		return errors.New("message text is empty")
	case len(text) > maxRaw:
		return errors.New("text is too long")
	case len(units) > maxText:
		return errors.New("message is too long")
	case strings.TrimFunc(text, blank) != text:
		return fmt.Errorf("STRICT: the text has white space at an end, which shifts entities: %q … %q", text[:min(8, len(text))], text[max(0, len(text)-8):])
	case len(entities) > maxEntities:
		return fmt.Errorf("STRICT: %d entities: those after the 100th are dropped", len(entities))
	}
	if i := strings.IndexFunc(text, replaced); i >= 0 {
		return fmt.Errorf("STRICT: the text holds a control character at %d, which is replaced", i)
	}
	for i, e := range entities {
		if err := checkEntity(units, e); err != nil {
			return fmt.Errorf("entity %d (%+v): %w", i, e, err)
		}
		for _, f := range entities[:i] {
			if err := checkPair(f, e); err != nil {
				return fmt.Errorf("entities %+v and %+v: %w", f, e, err)
			}
		}
	}
	return nil
}

// blank says whether the service strips a character from the ends of a text.
func blank(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x2000 && r <= 0x200f || r >= 0x2028 && r <= 0x202f || r == 0x205f || r == 0x2060 ||
		r == 0x2800 || r == 0x3000 || r == 0xfeff || r == 0xfffc || r == 0x180e || r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0
}

// replaced says whether the service changes or removes a character.
func replaced(r rune) bool {
	return r < 0x20 && r != '\n' || r == 0x7f || r >= 0x2028 && r <= 0x202e
}

var styles = []string{"bold", "italic", "underline", "strikethrough", "spoiler"}

func isQuote(kind string) bool { return kind == "blockquote" || kind == "expandable_blockquote" }
func isCode(kind string) bool  { return kind == "code" || kind == "pre" }

func checkEntity(units []uint16, e Entity) error {
	end := e.Offset + e.Length
	if e.Offset < 0 || e.Length < 1 || end > len(units) {
		return fmt.Errorf("is outside the text of %d units", len(units))
	}
	for _, at := range []int{e.Offset, end} {
		if at > 0 && at < len(units) && utf16.IsSurrogate(rune(units[at-1])) && units[at-1] < 0xdc00 {
			return errors.New("breaks a surrogate pair")
		}
	}
	inner := string(utf16.Decode(units[e.Offset:end]))
	if strings.TrimFunc(inner, blank) == "" {
		return errors.New("STRICT: covers nothing visible and is dropped")
	}
	switch {
	case slices.Contains(styles, e.Type), isQuote(e.Type), isCode(e.Type):
		return nil
	case e.Type == "text_link":
		return checkLink(e.URL)
	}
	return fmt.Errorf("unsupported entity type %q", e.Type)
}

func checkLink(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return fmt.Errorf("STRICT: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "tg":
		return fmt.Errorf("STRICT: a link to %q is dropped", u.Scheme)
	case u.Scheme != "tg" && !strings.Contains(strings.Trim(u.Hostname(), "."), "."):
		return fmt.Errorf("STRICT: a link to the host %q is dropped", u.Hostname())
	}
	return nil
}

// checkPair checks how two entities may share text
// (https://core.telegram.org/bots/api#formatting-options).
func checkPair(a, b Entity) error {
	aEnd, bEnd := a.Offset+a.Length, b.Offset+b.Length
	if aEnd <= b.Offset || bEnd <= a.Offset {
		return nil
	}
	inside := a.Offset <= b.Offset && bEnd <= aEnd || b.Offset <= a.Offset && aEnd <= bEnd
	switch {
	case !inside:
		return errors.New("cross")
	case isCode(a.Type) || isCode(b.Type):
		return errors.New("code combines with nothing")
	case isQuote(a.Type) && isQuote(b.Type):
		return errors.New("quotations cannot be nested")
	case a.Type == b.Type:
		return errors.New("the same style twice")
	}
	return nil
}

// parseKeyboard reads and checks an inline keyboard.
func parseKeyboard(markup string) ([][]Button, error) {
	if markup == "" {
		return nil, nil
	}
	if len(markup) > maxMarkup {
		return nil, errors.New("reply markup is too long")
	}
	var m struct {
		Rows [][]Button `json:"inline_keyboard"`
	}
	if err := json.Unmarshal([]byte(markup), &m); err != nil {
		return nil, fmt.Errorf("can't parse reply keyboard markup: %w", err)
	}
	count := 0
	for _, row := range m.Rows {
		if len(row) == 0 || len(row) > maxRow {
			return nil, fmt.Errorf("STRICT: a row of %d buttons", len(row))
		}
		for _, b := range row {
			count++
			if err := checkButton(b); err != nil {
				return nil, err
			}
		}
	}
	if count > maxButtons {
		return nil, fmt.Errorf("STRICT: %d buttons", count)
	}
	return m.Rows, nil
}

func checkButton(b Button) error {
	switch {
	case strings.TrimFunc(b.Text, blank) == "" || !utf8.ValidString(b.Text):
		return errors.New("inline keyboard button text must be non-empty")
	case (b.URL == "") == (b.Data == ""):
		return errors.New("text buttons are unallowed in the inline keyboard: exactly one of url and callback_data")
	case len(b.Data) > maxData:
		return errors.New("BUTTON_DATA_INVALID")
	case b.URL != "" && checkLink(b.URL) != nil:
		return errors.New("BUTTON_URL_INVALID")
	}
	return nil
}

// What the service turns into links and pings by itself, roughly as its clients do.
var detectors = []*regexp.Regexp{
	regexp.MustCompile(`@[A-Za-z0-9_]{2,}`),
	regexp.MustCompile(`#[\pL\pN_]*[\pL_][\pL\pN_]*`),
	regexp.MustCompile(`\$[A-Z]{3,8}\b`),
	regexp.MustCompile(`(?:^|[^\pL\pN_/<>])/[A-Za-z0-9_]{1,64}`),
	regexp.MustCompile(`(?i)(?:ftp|tg|ton|tonsite|mailto)://?[^\s]+`),
	regexp.MustCompile(`(?i)https?://[^\s]+`),
	regexp.MustCompile(`[\pL\pN_-]+(?:\.[\pL\pN_-]+)*\.\pL{2,}`),
	regexp.MustCompile(`\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b`),
}

// Detected returns the stretches of a text that the service would make a link, a
// mention, a tag or a command of, outside those that an entity claims as code or
// as a link. An address written in full stands for all that is in it.
func Detected(text string, entities []Entity) []string {
	units := utf16.Encode([]rune(text))
	for _, e := range entities {
		if !isCode(e.Type) && e.Type != "text_link" {
			continue
		}
		for i := e.Offset; i < e.Offset+e.Length && i < len(units); i++ {
			units[i] = ' '
		}
	}
	rest := string(utf16.Decode(units))
	var found []string
	address := detectors[5]
	found = append(found, address.FindAllString(rest, -1)...)
	rest = address.ReplaceAllString(rest, " ")
	for _, d := range detectors {
		found = append(found, d.FindAllString(rest, -1)...)
	}
	return found
}
