package discord

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

func TestPayloads(t *testing.T) {
	card := chat.Card{
		Title: "Grain_corridor", URL: "https://example.org/stories/grain", Tone: chat.Revised,
		Lead: chat.Text{{Text: "Suspended since "}, {Text: "July 2023", Style: chat.Bold}, {Text: "."}},
		Items: []chat.Item{
			{ID: "a", Label: "21 November 2025 · Diplomacy", Head: chat.Plainly("Accord signed"), Body: chat.Text{{Text: "In Geneva "}, {Text: "[1]", URL: "https://example.org/1"}}},
			{ID: "b", Label: "[1]", Head: chat.Plainly("Strategy"), URL: "https://example.org/2"},
			{ID: "b2", Label: "[2]", Head: chat.Plainly("Speech")},
			{ID: "c", Body: chat.Plainly("Only a body")},
		},
		Note: chat.Plainly("As of 8 December 2025"),
		Actions: [][]chat.Action{
			{{Label: "Overview", Call: "overview grain", Current: true}, {Label: "Timeline", Call: "timeline grain"}, {Label: "Again", Call: "timeline grain"}, {Label: "Site", URL: "https://example.org/"}},
			{{Label: "", Call: "help"}, {Label: "Bad", URL: "ftp://example.org/"}},
		},
	}
	payloads, err := Payloads(card)
	if err != nil || len(payloads) != 1 {
		t.Fatalf("%d payloads, error %v", len(payloads), err)
	}
	want := `{
  "embeds": [
    {
      "title": "Grain\\_corridor",
      "url": "https://example.org/stories/grain",
      "description": "Suspended since **July 2023**.\n\n21 November 2025 · Diplomacy\n**Accord signed**\nIn Geneva [\\[1\\]](<https://example.org/1>)\n\n\\[1\\] **[Strategy](<https://example.org/2>)**\n\\[2\\] **Speech**\n\nOnly a body",
      "color": 13208091,
      "author": {
        "name": "Revised"
      },
      "footer": {
        "text": "As of 8 December 2025"
      }
    }
  ],
  "components": [
    {
      "type": 1,
      "components": [
        {
          "type": 2,
          "style": 1,
          "label": "Overview",
          "custom_id": "overview grain"
        },
        {
          "type": 2,
          "style": 2,
          "label": "Timeline",
          "custom_id": "timeline grain"
        },
        {
          "type": 2,
          "style": 2,
          "label": "Again",
          "custom_id": "timeline grain␟2"
        },
        {
          "type": 2,
          "style": 5,
          "label": "Site",
          "url": "https://example.org/"
        }
      ]
    },
    {
      "type": 1,
      "components": [
        {
          "type": 2,
          "style": 2,
          "label": "Open",
          "custom_id": "help"
        }
      ]
    }
  ],
  "allowed_mentions": {
    "parse": []
  }
}`
	var got strings.Builder
	e := json.NewEncoder(&got)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(payloads[0]); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, strings.TrimSpace(got.String())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestRenderCorners(t *testing.T) {
	long := strings.Repeat("ж", 300)
	for name, test := range map[string]struct {
		card  chat.Card
		check func(embed) bool
	}{
		"an empty card":          {chat.Card{}, func(e embed) bool { return e.Description == "—" }},
		"an invisible card":      {chat.Card{Title: " \u200b", Lead: chat.Plainly("\u200b\n")}, func(e embed) bool { return e.Title == "" && e.Description == "—" }},
		"a title alone":          {chat.Card{Title: "Help"}, func(e embed) bool { return e.Title == "Help" && e.Description == "" }},
		"a title of two lines":   {chat.Card{Title: "a\nb"}, func(e embed) bool { return e.Title == "a b" }},
		"a title full of markup": {chat.Card{Title: strings.Repeat("*", 200)}, func(e embed) bool { return e.Title == "" && strings.HasPrefix(e.Description, "**") }},
		"a title like a list":    {chat.Card{Title: "# 1. a"}, func(e embed) bool { return e.Title == `\# 1. a` }},
		"a link in the note": {chat.Card{Title: "x", Note: chat.Link("as of", "https://example.org/")}, func(e embed) bool {
			return e.Footer == nil && strings.Contains(e.Description, "](<https://example.org/>)")
		}},
		"a note alone":             {chat.Card{Note: chat.Plainly("note")}, func(e embed) bool { return e.Footer.Text == "note" }},
		"a picture without data":   {chat.Card{Picture: &chat.Picture{Alt: "Twelve events"}}, func(e embed) bool { return e.Description == "*Twelve events*" }},
		"an item with a label":     {chat.Card{Items: []chat.Item{{Label: "2017", URL: "https://example.org/"}}}, func(e embed) bool { return e.Description == "[2017](<https://example.org/>)" }},
		"a head with its own link": {chat.Card{Items: []chat.Item{{Head: chat.Link("a", "https://a.example/"), URL: "https://b.example/"}}}, func(e embed) bool { return !strings.Contains(e.Description, "b.example") }},
		"a long address":           {chat.Card{Title: "x", URL: "https://example.org/" + long}, func(e embed) bool { return strings.HasPrefix(e.URL, "https://example.org/%D0%B6") }},
	} {
		t.Run(name, func(t *testing.T) {
			if e := compose(test.card, "").Embeds[0]; !test.check(e) {
				t.Errorf("embed %+v", e)
			}
		})
	}
}

func TestTonesHaveWords(t *testing.T) {
	words, colours := map[string]bool{}, map[int]bool{}
	for _, tone := range []chat.Tone{chat.Plain, chat.New, chat.Revised, chat.Withdrawn, chat.Trouble} {
		e := compose(chat.Card{Title: "x", Tone: tone}, "").Embeds[0]
		word := ""
		if e.Author != nil {
			word = e.Author.Name
		}
		if (word == "") != (tone == chat.Plain) || words[word] || colours[e.Color] {
			t.Errorf("tone %q: word %q, colour %06x", tone, word, e.Color)
		}
		words[word], colours[e.Color] = true, true
	}
}

func TestButtonsKeepTheirRows(t *testing.T) {
	var actions [][]chat.Action
	for i := range 5 {
		var line []chat.Action
		for j := range 5 {
			line = append(line, chat.Action{Label: fmt.Sprint(i, j), Call: fmt.Sprintf("timeline story-%d-%d", i, j)})
		}
		actions = append(actions, line)
	}
	m := compose(chat.Card{Title: "x", Actions: actions}, "")
	if len(m.Components) != 5 || len(m.Components[4].Components) != 5 {
		t.Errorf("%d rows", len(m.Components))
	}
	// Five full rows have no room to share; a row with a place does.
	actions[4] = actions[4][:2]
	m = compose(chat.Card{Title: "x", Actions: actions}, "share x")
	if last := m.Components[4].Components; last[len(last)-1].CustomID != "share x" {
		t.Errorf("no Share button: %+v", last)
	}
	m = compose(chat.Card{Title: "x", Actions: actions[:1]}, "share x")
	if len(m.Components) != 2 || m.Components[1].Components[0].CustomID != "share x" {
		t.Errorf("the Share button has no row of its own: %+v", m.Components)
	}
	// More than five in a row go on in the next.
	m = compose(chat.Card{Title: "x", Actions: [][]chat.Action{append(actions[0], actions[1]...)}}, "")
	if len(m.Components) != 2 || len(m.Components[0].Components) != 5 {
		t.Errorf("rows %+v", m.Components)
	}
}

func TestLongCallsAreCarriedByName(t *testing.T) {
	call := "timeline " + strings.Repeat("ж", 60)
	m := compose(chat.Card{Title: "x", Actions: [][]chat.Action{{{Label: "a", Call: call}}}}, shareID(call))
	if id := m.Components[0].Components[0].CustomID; id != chat.Short(call) {
		t.Errorf("custom id %q", id)
	}
	if id := m.Components[1].Components[0].CustomID; id != "share "+chat.Short(call) {
		t.Errorf("share id %q", id)
	}
	// With its own word in front a call may become too long.
	call = "event a-story-with-a-rather-long-name id=an-event-with-a-long-name"
	if id := shareID(call); id != "share ~"+chat.Ticket(call) || len(id) > chat.MaxData {
		t.Errorf("share id %q", id)
	}
	if id := shareID("timeline us-nss-2025"); id != "share timeline us-nss-2025" {
		t.Errorf("share id %q", id)
	}
}

func TestLabelsAreCutBetweenGraphemes(t *testing.T) {
	for given, want := range map[string]string{
		"short":                       "short",
		strings.Repeat("👩‍👩‍👧", 20):   strings.Repeat("👩‍👩‍👧", 15) + "…",
		strings.Repeat("e\u0301", 41): strings.Repeat("e\u0301", 39) + "…",
		strings.Repeat("ж", 80):       strings.Repeat("ж", 80),
	} {
		if got := clipText(given, chat.MaxLabel); got != want || utf8.RuneCountInString(got) > chat.MaxLabel {
			t.Errorf("clipText(%q) = %q, want %q", given, got, want)
		}
	}
}

// hostileCard is a card that no author should write.
func hostileCard(r *rand.Rand) chat.Card {
	text := func(n int) string {
		s := hostileText(r, n)
		if r.IntN(10) == 0 {
			s += strings.Repeat([]string{"w", "ж", "漢", "👩‍👩‍👧", "*", "\u0301", " a", "\n"}[r.IntN(8)], r.IntN(5000))
		}
		return s
	}
	spans := func(n int) chat.Text {
		var t chat.Text
		for range r.IntN(n) {
			t = append(t, chat.Span{Text: text(20), Style: chat.Style(r.IntN(32)), URL: []string{"", "https://example.org/" + text(3), "javascript:x", "https://example.org/"}[r.IntN(4)]})
		}
		return t
	}
	c := chat.Card{Title: text(8), URL: "https://example.org/" + text(2), Tone: []chat.Tone{"", chat.New, chat.Trouble}[r.IntN(3)], Lead: spans(5), Note: spans(3)}
	for range r.IntN(20) {
		c.Items = append(c.Items, chat.Item{Label: text(3), Head: spans(3), Body: spans(6), URL: []string{"", "https://example.org/x"}[r.IntN(2)]})
	}
	for range r.IntN(7) {
		var line []chat.Action
		for range r.IntN(8) {
			line = append(line, chat.Action{Label: text(4), Call: []string{"", "timeline x", text(10)}[r.IntN(3)], URL: []string{"", "", "https://example.org/" + text(2)}[r.IntN(3)]})
		}
		c.Actions = append(c.Actions, line)
	}
	return c
}

func TestHostileCardsAreAccepted(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		r := rand.New(rand.NewPCG(5, 6))
		for i := range 60 {
			c := hostileCard(r)
			if m := compose(c, "share x"); !m.fits() {
				s.Fatalf("card %d does not fit: %d bytes", i, m.text())
			}
			if m := s.send(channelID, c, fmt.Sprint("key-", i)); m.Pings {
				s.Errorf("card %d pings", i)
			}
		}
	})
}

func FuzzCompose(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		c := hostileCard(rand.New(rand.NewPCG(a, b)))
		m := compose(c, "share x")
		if !m.fits() {
			t.Errorf("the card does not fit")
		}
		r := read(m.Embeds[0].Description)
		for _, n := range r.nodes {
			switch {
			case strings.HasPrefix(n, "link https://example.org/"), n == "***", n == "**", n == "*", n == "~~", n == "code", n == "quote":
			default:
				t.Errorf("the description has %q", n)
			}
		}
	})
}

func TestShortCardIsNotCut(t *testing.T) {
	c := chat.Card{Title: "x"}
	for i := range 12 {
		c.Items = append(c.Items, chat.Item{Label: fmt.Sprint(2000 + i), Head: chat.Plainly("An event"), Body: chat.Plainly(strings.Repeat("word ", 50))})
	}
	e := compose(c, "").Embeds[0]
	for i := range 12 {
		if !strings.Contains(e.Description, fmt.Sprint(2000+i)) {
			t.Errorf("item %d is missing", i)
		}
	}
}

func BenchmarkCompose(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	c := hostileCard(r)
	for b.Loop() {
		compose(c, "share x")
	}
}
