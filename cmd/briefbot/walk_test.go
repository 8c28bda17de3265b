package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

var audience = regexp.MustCompile(`(?m)^audience: .*\n`)

const storiesDir = "../../internal/brief/testdata/stories"

// A surface is a chat as one reader uses it.
type surface interface {
	// command gives a command without options, and returns what is answered.
	command(name string) view
	// press presses a button of an answer, and returns what is shown then.
	press(data string) view
	// refused returns what the vendor refused.
	refused() []string
}

// A view is what a reader sees after a question.
type view struct {
	text string
	data []string // of the buttons
}

// TestWalk presses, on both services, every button that can be reached from every
// command, over a minimal story, one that uses every field, and a huge one in many
// scripts. Nothing that briefbot sends is refused, and every word of the stories
// is read on the way.
func TestWalk(t *testing.T) {
	w := newWorld(t)
	w.telegram.SetLimits(false)
	w.discord.SetLimits(false)
	files, err := filepath.Glob(storiesDir + "/*.yaml")
	if err != nil || len(files) != 3 {
		t.Fatalf("want three test stories, got %q (%v)", files, err)
	}
	var stories []*brief.Dossier
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// The story of all fields is for some groups; here everybody may read it.
		data = audience.ReplaceAll(data, nil)
		w.write("briefs/"+filepath.Base(path), string(data))
		d, problems := brief.Decode(path, data)
		if d == nil {
			t.Fatal(problems)
		}
		stories = append(stories, d)
	}
	w.start("--listen", "off")
	for name, open := range map[string]func(*world) surface{"telegram": newTelegramSurface, "discord": newDiscordSurface} {
		t.Run(name, func(t *testing.T) {
			s := open(w.in(t))
			read := walk(t, s)
			for _, problem := range s.refused() {
				t.Error("refused:", problem)
			}
			for _, d := range stories {
				if lost := missingWords(d, read); len(lost) > 0 {
					t.Errorf("%s: %d words cannot be read anywhere, for example %q", d.ID, len(lost), lost[:min(20, len(lost))])
				}
			}
		})
	}
	w.process.stop()
}

// walk asks every command and presses every button, each once, and returns the
// words that were shown.
func walk(t *testing.T, s surface) map[string]bool {
	read := make(map[string]bool)
	known := make(map[string]bool)
	var queue []string
	see := func(v view) {
		for _, word := range words(v.text) {
			read[word] = true
		}
		for _, data := range v.data {
			// A form is one chat's, and its buttons mean nothing in another.
			if !known[data] && !strings.HasPrefix(data, "form!") {
				known[data] = true
				queue = append(queue, data)
			}
		}
	}
	for _, name := range []string{
		"stories", "overview", "timeline", "event", "people", "organizations", "indicators", "scenarios", "history", "sources",
		"subscribe", "unsubscribe", "subscriptions", "default", "status", "help", "start",
	} {
		see(s.command(name))
	}
	pressed := 0
	for ; len(queue) > 0; pressed++ {
		data := queue[0]
		queue = queue[1:]
		see(s.press(data))
	}
	t.Logf("%d different buttons, %d different words", pressed, len(read))
	if pressed < 300 {
		t.Errorf("only %d buttons were found", pressed)
	}
	return read
}

// words returns the words of s: runs of letters, marks and digits, without the
// invisible characters that adapters put between.
func words(s string) []string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || r == '\\' {
			return -1
		}
		return r
	}, s)
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
}

// missingWords returns the words of a story's texts that were not read. Words too
// long for a line may be split, and are left out.
func missingWords(d *brief.Dossier, read map[string]bool) []string {
	var missing []string
	for _, text := range texts(d) {
		for _, word := range words(text) {
			if len([]rune(word)) <= 60 && !read[word] && !slices.Contains(missing, word) {
				missing = append(missing, word)
			}
		}
	}
	return missing
}

// texts returns what a reader of d should be able to find.
func texts(d *brief.Dossier) []string {
	all := []string{d.Title, d.Subtitle}
	for _, i := range d.Indicators {
		all = append(all, i.Label, i.Value, i.Unit)
	}
	for _, p := range d.People {
		all = append(all, p.Name, p.Title)
		all = append(all, p.Aliases...)
	}
	for _, o := range d.Organizations {
		all = append(all, o.Name, o.Kind, o.Status)
	}
	for _, e := range d.Timeline {
		all = append(all, e.Title, e.Kind)
	}
	for _, s := range d.Scenarios {
		all = append(all, s.Title)
		all = append(all, s.DiscussedBy...)
		all = append(all, s.Signposts...)
	}
	for _, c := range d.History {
		all = append(all, c.Title)
	}
	for _, c := range d.Sources {
		all = append(all, c.Publisher, c.Title)
	}
	for _, c := range d.Corrections {
		all = append(all, c.Text)
	}
	return all
}

// A telegramSurface is many private chats, used in turn: briefbot keeps to a
// message a second in each.
type telegramSurface struct {
	*world
	turn int
}

// readers is how many chats there are. Those before firstReader are not used.
const (
	firstReader = 4242
	readers     = 100
)

func newTelegramSurface(w *world) surface {
	for n := range readers {
		w.telegram.AddChat(telegramtest.Chat{ID: int64(firstReader + n)})
	}
	return &telegramSurface{world: w}
}

// next returns the chat whose turn it is.
func (s *telegramSurface) next() int64 {
	s.turn++
	return int64(firstReader + s.turn%readers)
}

func (s *telegramSurface) command(name string) view { return s.say(s.next(), "/"+name) }

func (s *telegramSurface) say(chat int64, text string) view {
	s.t.Helper()
	before := len(s.world.telegram.Messages(chat))
	s.world.telegram.Say(chat, chat, text)
	s.wait("an answer to "+text, func() bool { return len(s.world.telegram.Messages(chat)) > before })
	return s.show(chat)
}

func (s *telegramSurface) press(data string) view {
	s.t.Helper()
	chat := s.next()
	if len(s.world.telegram.Messages(chat)) == 0 {
		s.say(chat, "/status")
	}
	before := s.answers(chat)
	id := s.world.telegram.Press(telegramtest.Press{Chat: chat, From: chat, Message: s.world.telegram.Last(chat).ID, Data: data})
	s.wait("an answer to the button "+data, func() bool {
		return s.world.telegram.Callback(id).Answered && s.answers(chat) > before
	})
	return s.show(chat)
}

// answers counts what was sent and edited in a chat.
func (s *telegramSurface) answers(chat int64) (n int) {
	for _, call := range s.world.telegram.Calls("sendMessage", "editMessageText") {
		if call.Chat() == chat {
			n++
		}
	}
	return n
}

// show returns what the chat's last answer shows.
func (s *telegramSurface) show(chat int64) (v view) {
	m := s.world.telegram.Last(chat)
	v.text = m.Text
	for _, row := range m.Keyboard {
		for _, b := range row {
			v.text += "\n" + b.Text
			if b.Data != "" {
				v.data = append(v.data, b.Data)
			}
		}
	}
	return v
}

func (s *telegramSurface) refused() (problems []string) {
	for _, call := range s.world.telegram.Refused() {
		if !strings.Contains(call.Error, "message is not modified") {
			problems = append(problems, call.Method+": "+call.Error)
		}
	}
	return problems
}

// A discordSurface is a channel of a guild, where answers are private.
type discordSurface struct {
	*world
	channel string
	member  discordtest.Member
	message string
}

func newDiscordSurface(w *world) surface {
	return &discordSurface{world: w, channel: w.discord.Populate("900100", 1)[0], member: discordtest.Member{User: "700700", Permissions: 1 << 5}}
}

func (s *discordSurface) command(name string) view {
	var options []discordtest.Option
	if name == "event" {
		options = append(options, discordtest.Option{Name: "id", Value: "no-such-event"})
	}
	p, err := s.world.discord.Slash(s.member, s.channel, name, options...)
	return s.show(p, err)
}

func (s *discordSurface) press(data string) view {
	p, err := s.world.discord.PressStale(s.member, s.message, data)
	return s.show(p, err)
}

func (s *discordSurface) show(p *discordtest.Pending, err error) view {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := contextWithin(s.t, time.Minute)
	defer cancel()
	forms := make(chan discordtest.Modal, 1)
	go func() {
		if f, err := p.Modal(ctx); err == nil {
			forms <- f
			cancel() // there will be no message
		}
	}()
	m, err := p.Message(ctx)
	if err != nil {
		select {
		case f := <-forms:
			return view{text: f.Title}
		default:
			s.t.Fatalf("%v\n%s", err, s.process.log())
		}
	}
	if s.message == "" {
		s.message = m.ID
	}
	v := view{text: m.Text()}
	for _, row := range m.Buttons {
		for _, b := range row {
			v.text += "\n" + b.Label
			if b.CustomID != "" && !b.Disabled {
				v.data = append(v.data, b.CustomID)
			}
		}
	}
	if m.Pings {
		s.t.Errorf("somebody is pinged by %q", m.Text())
	}
	return v
}

func (s *discordSurface) refused() (problems []string) {
	for _, r := range s.world.discord.Refused() {
		body, _ := json.Marshal(r.Body) // it is for people
		problems = append(problems, r.Method+" "+r.Path+": "+r.Problem+"\n"+string(body))
	}
	return problems
}
