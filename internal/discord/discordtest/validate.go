package discordtest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Limits of a message (https://discord.com/developers/docs/resources/message),
// counted in code points.
const (
	maxContent     = 2000
	maxEmbeds      = 10
	maxEmbedText   = 6000
	maxTitle       = 256
	maxDescription = 4096
	maxFields      = 25
	maxFooter      = 2048
	maxAuthor      = 256
	maxLabel       = 80
	maxCustomID    = 100
	maxLink        = 512
	maxRows        = 5
	maxBytes       = 9_900 // undocumented: above it Discord fails with a 500
)

// The flags of messages.
const (
	Ephemeral     = 1 << 6
	componentsV2  = 1 << 15
	suppressEmbed = 1 << 2
	silent        = 1 << 12
)

// A checker collects what a message is made of while it is checked.
type checker struct {
	bytes   int
	embeds  int // code points over all embeds
	ids     map[string]bool
	problem string
}

func (k *checker) fail(format string, args ...any) {
	if k.problem == "" {
		k.problem = fmt.Sprintf(format, args...)
	}
}

// text checks the length of one text and returns it trimmed.
func (k *checker) text(what string, v any, limit int) string {
	s, _ := v.(string)
	s = strings.TrimSpace(s)
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		k.fail("%s: not text", what)
	}
	if n := utf8.RuneCountInString(s); n > limit {
		k.fail("%s: must be %d or fewer in length, has %d", what, limit, n)
	}
	k.bytes += len(s)
	return s
}

// checkMessage judges a message to be posted; had says that an edit leaves
// something to be seen even where the body has nothing.
func checkMessage(m map[string]any, had bool, flags int) (answer, bool) {
	if flags&^(suppressEmbed|Ephemeral|silent|componentsV2) != 0 {
		return invalid("flags: %d are not among those that can be set", flags), false
	}
	if flags&componentsV2 != 0 {
		return invalid("flags: components v2 are not played here"), false
	}
	k := &checker{ids: map[string]bool{}}
	content := k.text("content", m["content"], maxContent)
	embeds, _ := m["embeds"].([]any)
	if len(embeds) > maxEmbeds {
		k.fail("embeds: at most %d", maxEmbeds)
	}
	for i, e := range embeds {
		embed, _ := e.(map[string]any)
		k.embed(fmt.Sprintf("embeds[%d]", i), embed)
	}
	if k.embeds > maxEmbedText {
		k.fail("embeds: %d characters over all, at most %d", k.embeds, maxEmbedText)
	}
	components, _ := m["components"].([]any)
	k.rows(components)
	files, _ := m["attachments"].([]any)
	if k.problem != "" {
		return invalid("%s", k.problem), false
	}
	if k.bytes > maxBytes {
		return answer{status: http.StatusInternalServerError, problem: "too many bytes", body: map[string]any{"message": "500: Internal Server Error", "code": 0}}, false
	}
	if content == "" && len(embeds) == 0 && len(components) == 0 && len(files) == 0 && !had {
		return refuse(http.StatusBadRequest, 50006, "Cannot send an empty message"), false
	}
	return answer{}, true
}

func (k *checker) embed(at string, e map[string]any) {
	count := func(what string, v any, limit int) string {
		s := k.text(at+"."+what, v, limit)
		k.embeds += utf8.RuneCountInString(s)
		return s
	}
	seen := count("title", e["title"], maxTitle) + count("description", e["description"], maxDescription)
	if f, ok := e["footer"].(map[string]any); ok {
		text := count("footer.text", f["text"], maxFooter)
		if text == "" {
			k.fail("%s.footer.text: This field is required", at)
		}
		seen += text
	}
	if a, ok := e["author"].(map[string]any); ok {
		name := count("author.name", a["name"], maxAuthor)
		if name == "" {
			k.fail("%s.author.name: This field is required", at)
		}
		seen += name
	}
	fields, _ := e["fields"].([]any)
	if len(fields) > maxFields {
		k.fail("%s.fields: at most %d", at, maxFields)
	}
	for _, f := range fields {
		field, _ := f.(map[string]any)
		name, value := count("fields.name", field["name"], 256), count("fields.value", field["value"], 1024)
		if name == "" || value == "" {
			k.fail("%s.fields: name and value are required", at)
		}
		seen += name
	}
	if _, ok := e["image"].(map[string]any); ok {
		seen += "image"
	}
	if seen == "" {
		k.fail("%s: an embed needs something to be seen", at)
	}
	if u, ok := e["url"].(string); ok && !web(u) {
		k.fail("%s.url: %q is not a well formed URL", at, u)
	}
}

// rows checks classic components
// (https://discord.com/developers/docs/components/reference).
func (k *checker) rows(rows []any) {
	if len(rows) > maxRows {
		k.fail("components: at most %d rows", maxRows)
	}
	for i, r := range rows {
		row, _ := r.(map[string]any)
		at := fmt.Sprintf("components[%d]", i)
		if number(row["type"]) != 1 {
			k.fail("%s: only action rows stand at the top", at)
		}
		buttons, _ := row["components"].([]any)
		if len(buttons) < 1 || len(buttons) > 5 {
			k.fail("%s: 1 to 5 buttons, has %d", at, len(buttons))
		}
		for j, b := range buttons {
			button, _ := b.(map[string]any)
			k.button(fmt.Sprintf("%s.components[%d]", at, j), button)
		}
	}
}

func (k *checker) button(at string, b map[string]any) {
	if number(b["type"]) != 2 {
		k.fail("%s: only buttons are played here", at)
	}
	if k.text(at+".label", b["label"], maxLabel) == "" && b["emoji"] == nil {
		k.fail("%s: a button needs a label or an emoji", at)
	}
	id, hasID := b["custom_id"].(string)
	link, hasLink := b["url"].(string)
	style := number(b["style"])
	switch {
	case style == 5:
		if hasID {
			k.fail("%s: a link button has no custom id", at)
		}
		if !hasLink || !web(link) || utf8.RuneCountInString(link) > maxLink {
			k.fail("%s.url: %q is not a well formed URL of at most %d characters", at, link, maxLink)
		}
	case style >= 1 && style <= 4:
		if hasLink {
			k.fail("%s: only a link button has a URL", at)
		}
		if n := utf8.RuneCountInString(id); n < 1 || n > maxCustomID {
			k.fail("%s.custom_id: must be between 1 and %d in length, has %d", at, maxCustomID, n)
		}
		if k.ids[id] {
			k.fail("%s.custom_id: %q is duplicated", at, id)
		}
		k.ids[id] = true
	default:
		k.fail("%s.style: %d is none", at, style)
	}
}

func web(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && !strings.ContainsAny(s, " \n\t<>\"")
}

func number(v any) int {
	f, _ := v.(float64)
	return int(f)
}
