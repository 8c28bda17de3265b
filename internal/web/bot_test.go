package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// shipped returns the stories that come with the bot, and secret ones for a
// group.
func shipped(t testing.TB, more ...string) *brief.Snapshot {
	t.Helper()
	files, err := filepath.Glob("../../briefs/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no briefs: %v", err)
	}
	var dossiers []*brief.Dossier
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dossiers = append(dossiers, decode(t, file, string(data)))
	}
	for _, text := range more {
		id, data, _ := strings.Cut(text, "\n")
		dossiers = append(dossiers, decode(t, id+".yaml", data))
	}
	return brief.NewSnapshot("test", time.Now(), dossiers, nil)
}

func decode(t testing.TB, file, text string) *brief.Dossier {
	t.Helper()
	d, problems := brief.Decode(file, []byte(text))
	if d == nil {
		t.Fatalf("%s: %v", file, problems)
	}
	return d
}

// A fakeBot is a host with a few commands over real stories.
type fakeBot struct {
	*chat.Set
	stories *brief.Snapshot

	mu      sync.Mutex
	asked   []chat.Invocation
	owned   map[chat.MessageID]bool
	ownsErr error
	filled  []map[string]string // what forms were sent with
}

func newBot(t testing.TB, s *brief.Snapshot) *fakeBot {
	t.Helper()
	b := &fakeBot{stories: s, owned: make(map[chat.MessageID]bool)}
	story := chat.Option{Name: "story", Summary: "Which story", Kind: chat.Story, Complete: b.completeStory}
	commands := []chat.Command{
		{Name: "stories", Summary: "Every story you may read", Run: b.list},
		{Name: "overview", Summary: "A story at a glance", Options: []chat.Option{story}, Run: b.overview},
		{Name: "timeline", Summary: "What happened, newest first", Options: []chat.Option{story, {Name: "after", Summary: "The event before the page"}}, Run: b.timeline},
		{Name: "subscribe", Summary: "Get digests here", Access: chat.Manager, Changes: true, Options: []chat.Option{story}, Run: b.subscribe},
		{Name: "suggest", Summary: "Suggest a correction", Changes: true, Options: []chat.Option{story}, Run: b.suggest},
		{Name: "status", Summary: "What operators see", Access: chat.Operator, Run: b.list},
	}
	set, err := chat.NewSet(commands, chat.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	b.Set = set
	return b
}

func (b *fakeBot) Run(ctx context.Context, inv chat.Invocation) chat.Reply {
	b.mu.Lock()
	b.asked = append(b.asked, inv)
	b.mu.Unlock()
	return b.Set.Run(ctx, inv)
}

// sent are the texts that forms were sent with.
func (b *fakeBot) sent() []map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.filled)
}

func (b *fakeBot) last() chat.Invocation {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.asked) == 0 {
		return chat.Invocation{}
	}
	return b.asked[len(b.asked)-1]
}

func (b *fakeBot) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.asked)
}

func (b *fakeBot) Owns(_ context.Context, _ chat.Conversation, id chat.MessageID) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.owned[id], b.ownsErr
}

func (b *fakeBot) Lifecycle(context.Context, chat.Event) error              { return nil }
func (b *fakeBot) Seen(context.Context, string, string) (bool, error)       { return false, nil }
func (b *fakeBot) Offset(context.Context, string) (string, error)           { return "", nil }
func (b *fakeBot) SetOffset(context.Context, string, string) error          { return nil }
func (b *fakeBot) Note(context.Context, string) (string, error)             { return "", nil }
func (b *fakeBot) SetNote(context.Context, string, string, time.Time) error { return nil }
func (b *fakeBot) Alarm(ctx context.Context, key, message string)           {}
func (b *fakeBot) reader() *brief.Reader                                    { return brief.Unrestricted(b.stories) }
func (b *fakeBot) find(inv *chat.Invocation) (*brief.Dossier, bool) {
	return b.reader().Story(inv.Arg("story"))
}
func (b *fakeBot) subscribe(context.Context, *chat.Invocation) (chat.Reply, error) {
	return chat.Reply{Card: chat.Card{Title: "Subscribed"}}, nil
}

// suggest asks what is wrong with a story.
func (b *fakeBot) suggest(_ context.Context, inv *chat.Invocation) (chat.Reply, error) {
	if inv.Filled == nil {
		f := &chat.Form{
			Title: "Suggest a correction", Lead: chat.Plainly("What is written here goes to the editors. Nothing changes by itself."), Submit: "Send to the editors",
			Fields: []chat.Field{
				{Name: "title", Label: "Title", Summary: "What stands there now, to be changed", Value: "Talks <in> Moscow & “elsewhere”", Required: true},
				{Name: "detail", Label: "Detail", Value: "\nFirst line\n\n**Second** line", Long: true},
				{Name: "source", Label: "Source", Summary: "Where this can be looked up"},
			},
		}
		return chat.Reply{Card: chat.Card{Title: "Suggest a correction", Lead: chat.Plainly("Please fill in the form.")}, Form: f}, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.filled = append(b.filled, inv.Filled)
	if inv.Filled["source"] == "none" {
		return chat.Reply{}, &chat.UsageError{Problem: "A suggestion needs a source"}
	}
	return chat.Reply{Card: chat.Card{Title: "Thank you", Lead: chat.Plainly("The editors have it.")}}, nil
}

func (b *fakeBot) completeStory(_ context.Context, _ *chat.Invocation, typed string) []chat.Choice {
	var choices []chat.Choice
	for _, d := range b.reader().Stories() {
		if strings.Contains(d.ID, typed) {
			choices = append(choices, chat.Choice{Label: d.Title, Value: d.ID})
		}
	}
	return choices
}

func (b *fakeBot) list(context.Context, *chat.Invocation) (chat.Reply, error) {
	c := chat.Card{Title: "Stories"}
	for _, d := range b.reader().Stories() {
		c.Items = append(c.Items, chat.Item{ID: d.ID, Head: chat.Plainly(d.Title), Body: chat.Plainly(d.Subtitle)})
		c.Actions = append(c.Actions, []chat.Action{{Label: d.ID, Call: chat.NewCall("overview", d.ID).String()}})
	}
	return chat.Reply{Card: c}, nil
}

func (b *fakeBot) overview(_ context.Context, inv *chat.Invocation) (chat.Reply, error) {
	d, ok := b.find(inv)
	if !ok {
		return chat.Reply{}, errors.New("no such story")
	}
	c := chat.Card{Title: d.Title, Tone: chat.New, Lead: chat.Plainly(d.Overview), Note: chat.Plainly("As of today"), Actions: sections(d.ID, "overview")}
	for _, i := range d.Indicators {
		c.Items = append(c.Items, chat.Item{Label: i.Value, Head: chat.Plainly(i.Label), Body: chat.Plainly(i.Detail)})
	}
	return chat.Reply{Card: c}, nil
}

func (b *fakeBot) timeline(_ context.Context, inv *chat.Invocation) (chat.Reply, error) {
	d, ok := b.find(inv)
	if !ok {
		return chat.Reply{}, errors.New("no such story")
	}
	c := chat.Card{Title: d.Title + ": timeline", Actions: sections(d.ID, "timeline")}
	for _, e := range d.Timeline {
		c.Items = append(c.Items, chat.Item{ID: e.ID, Label: e.Date.Words(), Head: chat.Styled(e.Title, chat.Bold), Body: chat.Plainly(e.Detail)})
	}
	long := chat.NewCall("timeline", d.ID).With("after", strings.Repeat("long-", 20)).String()
	c.Actions = append(c.Actions, []chat.Action{{Label: "Older", Call: long}, {Label: "Read on", URL: "https://example.org/"}})
	return chat.Reply{Card: c, Call: inv.Call.String()}, nil
}

func sections(id, current string) [][]chat.Action {
	var row []chat.Action
	for _, name := range []string{"overview", "timeline", "stories"} {
		row = append(row, chat.Action{Label: strings.ToUpper(name[:1]) + name[1:], Call: chat.NewCall(name, id).String(), Current: name == current})
	}
	row[2].Call = "stories"
	return [][]chat.Action{row}
}

// panes render cards in a simple way, as requests that the services would take.
func panes() []Pane {
	return []Pane{{Name: "Discord", Payloads: discordBodies}, {Name: "Telegram", Payloads: telegramBodies}}
}

func discordBodies(c chat.Card) ([]json.RawMessage, error) {
	if c.Title == "unsendable" {
		return nil, errors.New("it has no text")
	}
	c, _ = chat.Fit(c, func(c chat.Card) bool { return len([]rune(discordText(c))) <= discordDescription })
	var rows []any
	for _, row := range c.Actions {
		var buttons []any
		for _, a := range row {
			b := map[string]any{"type": 2, "label": a.Label, "style": 2}
			switch {
			case a.URL != "":
				b["style"], b["url"] = 5, a.URL
			case a.Current:
				b["style"], b["custom_id"] = 1, a.Data()
			default:
				b["custom_id"] = a.Data()
			}
			buttons = append(buttons, b)
		}
		rows = append(rows, map[string]any{"type": 1, "components": buttons})
	}
	body, err := json.Marshal(map[string]any{
		"embeds":     []any{map[string]any{"title": c.Title, "description": discordText(c), "color": 0x5865f2, "footer": map[string]any{"text": c.Note.String()}}},
		"components": rows, "allowed_mentions": map[string]any{"parse": []string{}},
	})
	return []json.RawMessage{body}, err
}

func discordText(c chat.Card) string {
	text := c.Lead.String()
	for _, i := range c.Items {
		text += fmt.Sprintf("\n\n%s **%s**\n%s", i.Label, i.Head, i.Body)
	}
	return text
}

func telegramBodies(c chat.Card) ([]json.RawMessage, error) {
	render := func(c chat.Card) (string, int, []map[string]any) {
		var b strings.Builder
		var entities []map[string]any
		units := 0
		write := func(s string, bold bool) {
			n := len(utf16.Encode([]rune(s)))
			if bold {
				entities = append(entities, map[string]any{"type": "bold", "offset": units, "length": n})
			}
			b.WriteString(s)
			units += n
		}
		write(c.Title, true)
		if lead := c.Lead.String(); lead != "" {
			write("\n\n"+lead, false)
		}
		for _, i := range c.Items {
			write("\n\n"+i.Label+" ", false)
			write(i.Head.String(), true)
			write("\n"+i.Body.String(), false)
		}
		if note := c.Note.String(); note != "" {
			write("\n\n"+note, false)
		}
		return strings.TrimRight(b.String(), "\n "), units, entities
	}
	c, _ = chat.Fit(c, func(c chat.Card) bool {
		_, units, entities := render(c)
		return units <= telegramText && len(entities) <= telegramEntities
	})
	text, _, entities := render(c)
	var rows [][]map[string]any
	for _, row := range c.Actions {
		var buttons []map[string]any
		for _, a := range row {
			b := map[string]any{"text": a.Label, "callback_data": a.Data()}
			if a.URL != "" {
				b = map[string]any{"text": a.Label, "url": a.URL}
			}
			buttons = append(buttons, b)
		}
		rows = append(rows, buttons)
	}
	body, err := json.Marshal(map[string]any{"text": text, "entities": entities, "reply_markup": map[string]any{"inline_keyboard": rows}})
	return []json.RawMessage{body}, err
}

// discordForm and telegramForm begin forms in a simple way.
func discordForm(f chat.Form, call string) ([]json.RawMessage, error) {
	parts := []any{map[string]any{"type": textType, "content": f.Lead.String()}}
	for _, field := range f.Fields {
		style := 1
		if field.Long {
			style = paragraphStyle
		}
		input := map[string]any{"type": inputType, "custom_id": field.Name, "style": style, "value": field.Value, "required": field.Required}
		parts = append(parts, map[string]any{"type": labelType, "label": field.Label, "description": field.Summary, "component": input})
	}
	body, err := json.Marshal(map[string]any{"type": modalAnswer, "data": map[string]any{"custom_id": "form " + call, "title": f.Title, "components": parts}})
	return []json.RawMessage{body}, err
}

func telegramForm(f chat.Form, call string) ([]json.RawMessage, error) {
	button := func(label, data string) map[string]any { return map[string]any{"text": label, "callback_data": data} }
	body, err := json.Marshal(map[string]any{
		"text":         fmt.Sprintf("%s · 1 of %d\n%s", f.Title, len(f.Fields), f.Fields[0].Label),
		"reply_markup": map[string]any{"inline_keyboard": []any{[]any{button("Keep as it is", "form! keep 1 0"), button("Cancel", "form! cancel 1 0")}}},
	})
	return []json.RawMessage{body}, err
}
