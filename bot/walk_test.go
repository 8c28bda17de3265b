package bot

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A walker asks whatever can be asked and presses whatever can be pressed, each
// call once.
type walker struct {
	t     testing.TB
	world *world
	who   string
	asked map[string]bool
	queue []string
	seen  func(line string, r chat.Reply)
}

func (w *walker) walk(lines ...string) {
	w.asked = make(map[string]bool)
	w.queue = lines
	for len(w.queue) > 0 {
		line := w.queue[0]
		w.queue = w.queue[1:]
		if w.asked[line] {
			continue
		}
		w.asked[line] = true
		reply := w.world.ask(w.who, line)
		w.seen(line, reply)
		for _, row := range reply.Card.Actions {
			for _, a := range row {
				if a.Call != "" {
					w.queue = append(w.queue, a.Data())
				}
			}
		}
	}
}

// everyCommand is a line for every command that a manager may give, without options.
func everyCommand(w *world) []string {
	var lines []string
	for _, c := range w.Host().Commands() {
		if c.Access < chat.Operator {
			lines = append(lines, "/"+c.Name)
		}
	}
	return lines
}

// TestEveryButtonAnswers walks from every command through every button over the
// three test stories. No answer is an error but that of a command typed without
// what it needs, and none is more than a service can show whole.
func TestEveryButtonAnswers(t *testing.T) {
	w := newWorld(t, testStories(t), withConfig(everyone()))
	missing := map[string]bool{"/event": true}
	longest := 0
	walk := &walker{t: t, world: w, who: "manager", seen: func(line string, r chat.Reply) {
		if r.Card.Tone == chat.Trouble && !missing[line] {
			t.Errorf("%s is answered by trouble:\n%s", line, shorten(r.Card.Plain(), 2000))
		}
		checkCard(t, r.Card)
		size := cardSize(r.Card)
		longest = max(longest, size)
		if size > maxCardSize {
			t.Errorf("%s is answered by a card of cost %d:\n%s", line, size, shorten(r.Card.Plain(), 3000))
		}
		if r.Card.Tone != chat.Trouble && r.Call != "" && !strings.Contains(r.Call, "after=") {
			again := w.ask("manager", "/"+r.Call)
			if again.Card.Title != r.Card.Title {
				t.Errorf("%s says that /%s asks the same, which is answered by %q", line, r.Call, again.Card.Title)
			}
		}
	}}
	walk.walk(everyCommand(w)...)
	for _, want := range []string{"scenarios full", "event full accord-signed", "people huge person-01", "timeline minimal", "help", "status"} {
		if !slices.ContainsFunc([]string{want, "/" + want}, func(s string) bool { return walk.asked[s] }) {
			t.Errorf("%s cannot be reached", want)
		}
	}
	t.Logf("%d calls, the longest answer costs %d", len(walk.asked), longest)
}

// TestShippedStories walks the stories that come with briefbot.
func TestShippedStories(t *testing.T) {
	stories := make(map[string]string)
	paths, err := filepath.Glob("../briefs/*.yaml")
	if err != nil || len(paths) < 2 {
		t.Fatalf("%v, %v", paths, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		stories[strings.TrimSuffix(filepath.Base(path), ".yaml")] = string(data)
	}
	w := newWorld(t, stories)
	walk := &walker{t: t, world: w, who: "manager", seen: func(line string, r chat.Reply) {
		if r.Card.Tone == chat.Trouble && line != "/event" {
			t.Errorf("%s is answered by trouble:\n%s", line, r.Card.Plain())
		}
		checkCard(t, r.Card)
	}}
	walk.walk(everyCommand(w)...)
}

// maxCardSize is what a card may cost with its title and note, so that one message
// of Telegram, 4,096 UTF-16 units, can show it.
const maxCardSize = 3700

func cardSize(c chat.Card) int {
	n := costOf(c.Title) + cost(c.Lead) + cost(c.Note)
	for _, it := range c.Items {
		n += itemSize(it)
	}
	return n
}

// TestNothingIsLost reads the pages of every section of the huge story and looks
// for all of its text in them.
func TestNothingIsLost(t *testing.T) {
	w := newWorld(t, testStories(t), withConfig(everyone()))
	reader := brief.Unrestricted(w.library.Current())
	for _, id := range []string{"huge", "full"} {
		d, ok := reader.Story(id)
		if !ok {
			t.Fatalf("no story %s", id)
		}
		prose := func(s string) string { return text(d, s).String() }
		want := map[string][]string{"overview " + id: {prose(d.Overview)}}
		for _, in := range d.Indicators {
			want["indicators "+id] = append(want["indicators "+id], in.Label, in.Value, prose(in.Detail), seriesWords(in.Series))
		}
		for _, p := range d.People {
			want["people "+id] = append(want["people "+id], p.Name, p.Title, prose(p.Role))
		}
		for _, o := range d.Organizations {
			want["organizations "+id] = append(want["organizations "+id], o.Name, o.Status, prose(o.About))
		}
		for _, s := range d.Scenarios {
			want["scenarios "+id] = append(want["scenarios "+id], append(s.Signposts, s.Title, prose(s.Detail))...)
		}
		for _, c := range d.History {
			want["history "+id] = append(want["history "+id], c.Title, prose(c.WhatHappened), prose(c.ShortTerm), prose(c.LongTerm), prose(c.Relevance))
		}
		for _, c := range d.Sources {
			want["sources "+id] = append(want["sources "+id], c.Publisher, c.Title)
		}
		for _, e := range d.Timeline {
			want["event "+id+" "+e.ID] = []string{e.Title, prose(e.Detail)}
		}
		for line, texts := range want {
			read := w.readOn(line)
			for _, text := range texts {
				if !strings.Contains(read, bare(text)) {
					t.Errorf("/%s does not show %q", line, shorten(text, 300))
				}
			}
		}
	}
}

// readOn returns the text of an answer and of all the pages after it.
func (w *world) readOn(line string) string {
	var b strings.Builder
	for n := range 200 {
		card := w.ask("reader", "/"+line).Card
		if n == 0 {
			b.WriteString(bare(card.Lead.String()))
		}
		for _, it := range card.Items {
			if !strings.Contains(it.ID, ".") { // repeated in later parts
				b.WriteString(bare(it.Label + it.Head.String()))
			}
			b.WriteString(bare(it.Body.String()))
		}
		next := ""
		for _, label := range []string{"More", "Read on", "Older"} {
			if call, err := find(card, label); err == nil {
				next = call
			}
		}
		if next == "" {
			return b.String()
		}
		line = next
	}
	w.t.Fatalf("/%s has no end", line)
	return ""
}

// bare is a text without white space and without the marks that pages add.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \u00a0…\n\t", r) {
			return -1
		}
		return r
	}, s)
}

// TestOutsidersSeeNothing compares two bots, of which one has a story that an
// outsider may not see and the other never had it. Whatever the outsider asks,
// presses or types, both answer alike, also what only an insider could have known
// to ask.
func TestOutsidersSeeNothing(t *testing.T) {
	const secret = `title: Secret audit of the harbour
subtitle: Nobody may know
audience: [newsroom]
tags: [hidden]
overview: Known to few.
people: [{name: Hidden Person, aliases: [Shade]}, {name: Jane Doe, title: Auditor}]
organizations: [{name: Hidden Office}]
timeline:
  - {id: audit-begins, date: 2025-12-01, title: The audit begins, kind: Audit, people: [hidden-person], organizations: [hidden-office]}
  - {id: audit-ends, date: 2025-12-02, title: The audit ends, detail: Found.}
scenarios: [{title: It leaks}]
indicators: [{label: Findings, value: "3"}]
history: [{title: An older audit}]
sources: [{id: memo, publisher: Hidden Memo}]
related: [minimal]
`
	open := testStories(t)
	open["full"] = strings.Replace(open["full"], "audience: [newsroom, desk-2]\n", "", 1)
	open["full"] = strings.Replace(open["full"], "related: [minimal, huge]", "related: [minimal, audit]", 1)
	with := map[string]string{"audit": secret}
	for id, text := range open {
		with[id] = text
	}
	delete(open, "huge")
	delete(with, "huge")
	config := Config{Policy: brief.Policy{Groups: map[string][]string{"newsroom": {"fake:42"}}}}
	has, never := newWorld(t, with, withConfig(config)), newWorld(t, open, withConfig(config))

	// What an insider can reach is what an outsider may have heard of.
	var lines []string
	insider := &walker{t: t, world: has, who: "insider", seen: func(line string, r chat.Reply) {
		lines = append(lines, line)
		if r.Call != "" {
			lines = append(lines, "/"+r.Call)
		}
	}}
	insider.walk(everyCommand(has)...)
	if !insider.asked["timeline audit"] {
		t.Fatal("the insider cannot read the story either")
	}
	for _, c := range has.Host().Commands() {
		for _, story := range []string{"audit", "AUDIT", `"Secret audit of the harbour"`, "Shade", `"Hidden Person"`, "hidden"} {
			lines = append(lines, "/"+c.Name+" "+story, "/"+c.Name+" story="+story, "/"+c.Name+" full "+story, "/"+c.Name+" full name="+story)
		}
		lines = append(lines, "/"+c.Name+" audit audit-begins", "/"+c.Name+" full audit-begins", "/"+c.Name+" tag=hidden")
	}
	for _, who := range []string{"reader", "manager", "private"} {
		for _, line := range lines {
			alike(t, who+": "+line, wholeReply(t, has, has.ask(who, line)), wholeReply(t, never, never.ask(who, line)))
		}
		for _, typed := range []string{"", "/", "a", "audit", "/overview ", "/overview au", "/overview Sec", "/overview Shade", "/overview hidden", "/timeline audit ",
			"/timeline audit kind=", "/event audit ", "/event audit au", "/event full au", "/people ", "/people full h", "/people audit ", "/people H", "/organizations Hid", "/stories h", "/stories hid", "/subscribe au", "/subscribe ", "/unsubscribe au", "/default a"} {
			alike(t, who+" types "+typed,
				fmt.Sprint(has.Host().CompleteLine(t.Context(), asker(who, ""), typed)),
				fmt.Sprint(never.Host().CompleteLine(t.Context(), asker(who, ""), typed)))
		}
		for _, c := range has.Host().Commands() {
			for _, o := range c.Options {
				for _, typed := range []string{"", "a", "h", "au", "sh", "hid", "secret"} {
					for _, story := range []string{"", " audit", " full"} {
						inv := asker(who, "/"+c.Name+story)
						alike(t, who+" types "+inv.Line+" "+o.Name+"="+typed,
							fmt.Sprint(has.Host().Complete(t.Context(), inv, o.Name, typed)),
							fmt.Sprint(never.Host().Complete(t.Context(), inv, o.Name, typed)))
					}
				}
			}
		}
	}
	t.Logf("%d questions", 3*len(lines))
}

// wholeReply is all of a reply, without the revision, which names the whole of the briefs.
func wholeReply(t *testing.T, w *world, r chat.Reply) string {
	t.Helper()
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(data), shortRevision(w.library.Current().Revision()), "REVISION")
}

func alike(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: with the story\n%s\nwithout it\n%s", what, shorten(got, 2000), shorten(want, 2000))
	}
}
