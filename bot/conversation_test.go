package bot

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
//   - [ASKER: ]complete LINE|: what is offered for a line being typed
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
	last   chat.Card
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
		case f.Name == "preview":
			f.Data = []byte(c.tidy(string(previewed(c.start().takeShown()))))
		default:
			f.Data = []byte(c.turn(f.Name))
		}
	}
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
		call, err := find(c.last, label)
		if err != nil {
			c.t.Fatalf("%s: %v", name, err)
		}
		line = call
	}
	reply := w.ask(who, line)
	c.last = reply.Card
	return c.tidy(reply.Card.Plain())
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
