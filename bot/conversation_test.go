package bot

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/chat/chattest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestConversations plays the conversations in testdata. Each is an archive whose
// files are, in order:
//
//   - config: lines “closed”, “group NAME MEMBER…”, “operator ADDRESS”, “timezone ZONE”,
//     “alarms CONVERSATION”, “able” for a platform that edits and has threads
//   - ID.yaml: a brief; once a question was asked, an edit that is noticed at once
//   - [ASKER: ]/LINE: a question; the content is the answer as plain text
//   - [ASKER: ]press LABEL: a press on a button of the last answer, likewise
//   - [ASKER: ]fill FIELD=TEXT; FIELD=TEXT: the form of the last answer is sent with these
//     texts, in which \n is a new line; the others are left as they are
//   - [ASKER: ]complete LINE|: what is offered for a line being typed
//   - after DURATION: the clock goes on
//   - preview: the digests and alarms that were shown since the last one
func TestConversations(t *testing.T) {
	paths, err := filepath.Glob("testdata/conversations/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			golden(t, path, play)
		})
	}
}

// golden compares the files that play rewrites with what they were.
func golden(t *testing.T, path string, play func(*testing.T, *txtar.Archive)) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(data)
	want := string(txtar.Format(archive))
	play(t, archive)
	got := txtar.Format(archive)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the answers differ (-want +got); after reading them, rewrite with -update:\n%s", diff)
	}
}

// A play is a conversation on its way.
type conversation struct {
	t      *testing.T
	config Config
	briefs map[string]string
	able   bool   // the platform is
	world  *world // made when it is first needed
	last   chat.Reply
	sent   int // forms
}

func play(t *testing.T, archive *txtar.Archive) {
	c := &conversation{t: t, briefs: make(map[string]string)}
	for i := range archive.Files {
		f := &archive.Files[i]
		switch id, isBrief := strings.CutSuffix(f.Name, ".yaml"); {
		case isBrief:
			c.brief(id, string(f.Data))
		case f.Name == "config":
			c.configure(string(f.Data))
		case strings.HasPrefix(f.Name, "after "):
			c.pass(strings.TrimPrefix(f.Name, "after "))
		case f.Name == "preview":
			f.Data = []byte(c.tidy(string(previewed(c.start().takeShown()))))
		default:
			f.Data = []byte(c.turn(f.Name))
		}
	}
}

// pass lets time go by.
func (c *conversation) pass(duration string) {
	d, err := time.ParseDuration(duration)
	if err != nil {
		c.t.Fatal(err)
	}
	c.start().pass(d)
}

func (c *conversation) start() *world {
	if c.world == nil {
		c.world = newWorld(c.t, c.briefs, withConfig(c.config), func(w *world) {
			if c.able {
				w.options.Platforms = []chat.Platform{chattest.NewAble(w.fake)}
			}
		})
	}
	return c.world
}

func (c *conversation) brief(id, text string) {
	if c.world == nil {
		c.briefs[id] = text
		return
	}
	c.world.write(id, text)
	c.world.refresh()
}

func (c *conversation) configure(text string) {
	c.config.Policy.Groups = make(map[string][]string)
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch words[0] {
		case "closed":
			c.config.Policy.Closed = true
		case "able":
			c.able = true
		case "group":
			c.config.Policy.Groups[words[1]] = words[2:]
		case "operator":
			c.config.Operators = append(c.config.Operators, words[1])
		case "alarms":
			c.config.Alarms = append(c.config.Alarms, words[1])
		case "timezone":
			c.config.Timezone = words[1]
		default:
			c.t.Fatalf("the config has no %q", line)
		}
	}
}

// turn plays one question and returns the answer.
func (c *conversation) turn(name string) string {
	who, line, named := strings.Cut(name, ": ")
	if !named {
		who, line = "reader", name
	}
	w := c.start()
	if typed, ok := strings.CutPrefix(line, "complete "); ok {
		// An archive's file names lose the space at their end.
		typed = strings.TrimSuffix(typed, "|")
		return offered(w.Host().CompleteLine(c.t.Context(), asker(who, ""), typed))
	}
	if label, ok := strings.CutPrefix(line, "press "); ok {
		call, err := find(c.last.Card, label)
		if err != nil {
			c.t.Fatalf("%s: %v", name, err)
		}
		line = call
	}
	if texts, ok := strings.CutPrefix(line, "fill "); ok {
		c.last = c.fill(who, texts)
	} else {
		c.last = w.ask(who, line)
	}
	return c.tidy(c.last.Card.Plain() + formed(c.last.Form))
}

// fill sends the form of the last answer.
func (c *conversation) fill(who, texts string) chat.Reply {
	if c.last.Form == nil {
		c.t.Fatalf("there is no form to fill in with %q", texts)
	}
	c.sent++
	inv := asker(who, c.last.Call)
	inv.ID, inv.Filled = fmt.Sprint("form-", c.sent), make(map[string]string)
	for _, f := range c.last.Form.Fields {
		inv.Filled[f.Name] = f.Value
	}
	for given := range strings.SplitSeq(texts, "; ") {
		name, text, ok := strings.Cut(given, "=")
		if _, asked := inv.Filled[name]; !ok || !asked {
			c.t.Fatalf("the form has no field for %q", given)
		}
		inv.Filled[name] = strings.ReplaceAll(text, `\n`, "\n")
	}
	return c.world.Host().Run(c.t.Context(), inv)
}

// formed is a form as plain text; empty for none.
func formed(f *chat.Form) string {
	if f == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n[%s]\n", f.Title)
	for _, field := range f.Fields {
		sign := ""
		if field.Required {
			sign = "*"
		}
		fmt.Fprintf(&b, "  %s (%s%s): %s\n", field.Label, field.Name, sign, strings.ReplaceAll(field.Value, "\n", "\n    "))
	}
	return b.String() + "  <" + f.Submit + ">\n"
}

// tidy is a text that is the same wherever the briefs are.
func (c *conversation) tidy(s string) string {
	return strings.ReplaceAll(s, c.world.dir, "briefs") + "\n"
}

func offered(choices []chat.Choice) string {
	var b strings.Builder
	for _, c := range choices {
		fmt.Fprintf(&b, "%s\n    %s\n", c.Label, c.Value)
	}
	return b.String()
}

func previewed(cards []chat.Card) []byte {
	var b bytes.Buffer
	for _, c := range cards {
		b.WriteString(c.Plain())
		b.WriteString("\n")
	}
	return b.Bytes()
}

// TestDigests compares the digests in testdata: each archive has briefs before/ and
// after/, and the cards that the difference makes.
func TestDigests(t *testing.T) {
	paths, err := filepath.Glob("testdata/digests/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no digests: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			golden(t, path, playDigest)
		})
	}
}

func playDigest(t *testing.T, archive *txtar.Archive) {
	var before, after []*brief.Dossier
	for _, f := range archive.Files {
		folder, name := filepath.Split(f.Name)
		if folder == "" {
			continue
		}
		d, problems := brief.Decode(name, f.Data)
		if d == nil {
			t.Fatalf("%s: %v", f.Name, problems)
		}
		if folder == "before/" {
			before = append(before, d)
		} else {
			after = append(after, d)
		}
	}
	changes := brief.Diff(brief.NewSnapshot("1", noon, before, nil), brief.NewSnapshot("2", noon, after, nil))
	cards := wordDigest(t, changes, after)
	for i := range archive.Files {
		if f := &archive.Files[i]; f.Name == "digest" {
			f.Data = previewed(cards)
		}
	}
}
