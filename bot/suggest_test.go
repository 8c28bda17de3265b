package bot

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// fill opens a form as somebody and sends it with other texts in it.
func (w *world) fill(name, line, id string, texts map[string]string) chat.Reply {
	w.t.Helper()
	asked := w.ask(name, line)
	if asked.Form == nil {
		w.t.Fatalf("%s shows no form:\n%s", line, asked.Card.Plain())
	}
	return w.send(name, asked, id, texts)
}

// send sends a form that is open.
func (w *world) send(name string, asked chat.Reply, id string, texts map[string]string) chat.Reply {
	w.t.Helper()
	inv := asker(name, asked.Call)
	inv.ID, inv.Filled = id, make(map[string]string)
	for _, f := range asked.Form.Fields {
		inv.Filled[f.Name] = f.Value
	}
	for name, text := range texts {
		if _, ok := inv.Filled[name]; !ok {
			w.t.Fatalf("the form has no field %s", name)
		}
		inv.Filled[name] = text
	}
	return w.Host().Run(w.t.Context(), inv)
}

func (w *world) suggestion(id int64) digest.Suggestion {
	w.t.Helper()
	s, err := w.ledger.Suggestion(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// TestSuggestForms opens the form of every story and event there is: each service takes
// it, and it begins with what stands.
func TestSuggestForms(t *testing.T) {
	stories := testStories(t)
	long := strings.Repeat("A sentence of the detail. ", 200)
	stories["long"] = "title: Long\noverview: " + long + "\ntimeline:\n  - {id: a, date: 2025, title: " + strings.Repeat("Title ", 50) + ", detail: " + long + "}\n"
	w := newWorld(t, stories, withConfig(everyone()))
	forms := 0
	for _, d := range w.question(addressOf(asker("operator", ""))).reader.Stories() {
		lines := []string{"/suggest " + d.ID}
		for _, e := range d.Timeline[:min(len(d.Timeline), 300)] {
			lines = append(lines, "/suggest "+d.ID+" "+e.ID)
		}
		for _, line := range lines {
			reply := w.ask("operator", line)
			if reply.Form == nil {
				t.Fatalf("%s shows no form:\n%s", line, reply.Card.Plain())
			}
			if err := reply.Form.Validate(); err != nil {
				t.Errorf("%s: %v", line, err)
			}
			forms++
		}
	}
	if forms < 100 {
		t.Errorf("only %d forms", forms)
	}
	var names []string
	reply := w.ask("operator", "/suggest long a")
	for _, f := range reply.Form.Fields {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "title date why" || !strings.Contains(reply.Form.Lead.String(), "The detail is too long for a form: say below what is wrong there.") {
		t.Errorf("of a long event it asks for %s: %s", got, reply.Form.Lead.String())
	}
	// What it did not ask for stays.
	w.send("operator", reply, "1", map[string]string{"date": "2024", "why": "x"})
	if s := w.suggestion(1); len(s.Fields) != 1 || s.Fields[0].Name != "date" {
		t.Errorf("suggested: %+v", s.Fields)
	}
}

// TestSuggestIsKept has the call of a form kept under its ticket, however short it is: from
// a group a link leads to it.
func TestSuggestIsKept(t *testing.T) {
	w := newWorld(t, testStories(t), withConfig(everyone()))
	reply := w.ask("reader", "/suggest minimal")
	if reply.Form == nil {
		t.Fatalf("there is no form:\n%s", reply.Card.Plain())
	}
	again := w.ask("private", "~"+chat.Ticket(reply.Call))
	if again.Form == nil || again.Call != reply.Call {
		t.Errorf("the link leads to %q instead of %q:\n%s", again.Call, reply.Call, again.Card.Plain())
	}
}

// addressOf returns the address of v.
func addressOf[T any](v T) *T { return &v }

// TestSuggestOnce sends one form twice, as services do.
func TestSuggestOnce(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(Config{Alarms: alarmRooms}))
	asked := w.ask("reader", "/suggest bridge closed")
	texts := map[string]string{"title": "The bridge is shut", "why": "Seen."}
	first, again := w.send("reader", asked, "77", texts), w.send("reader", asked, "77", texts)
	if diff := cmp.Diff(first.Card, again.Card); diff != "" || !strings.Contains(first.Card.Plain(), "Suggestion 1 is with the editors") {
		t.Errorf("the second answer is another:\n%s\n%s", first.Card.Plain(), diff)
	}
	if cards := w.alarmsPosted(); len(cards) != 1 || !strings.Contains(cards[0].Plain(), "The bridge is shut") {
		t.Errorf("the operators are owed %d cards", len(cards))
	}
	if counts, err := w.ledger.SuggestionCounts(t.Context()); err != nil || counts[digest.SuggestionOpen] != 1 {
		t.Errorf("%v, %v", counts, err)
	}
	s := w.suggestion(1)
	if s.Asker != "fake:7" || s.Where != room || s.Key != "fake:77" || s.Item != "timeline/closed" || !s.Patched {
		t.Errorf("it is kept as %+v", s)
	}
	if got := w.logged.String(); strings.Contains(got, "Seen.") || strings.Contains(got, "shut") {
		t.Errorf("the log has what was written:\n%s", got)
	}
}

// TestSuggestTooMany lets nobody open a form for nothing, and loses nothing of one that
// was open already.
func TestSuggestTooMany(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(Config{Timezone: "Europe/Kyiv"}))
	open := w.ask("reader", "/suggest bridge closed")
	for i := range 5 {
		w.fill("reader", "/suggest bridge closed", fmt.Sprint(i), map[string]string{"why": "x"})
	}
	const wait = "The next suggestion is taken from Wednesday, 10 December 2025, 15:00 Europe/Kyiv on."
	if got := w.ask("reader", "/suggest bridge closed"); got.Form != nil || !strings.Contains(got.Card.Plain(), wait) {
		t.Errorf("a sixth form:\n%s", got.Card.Plain())
	}
	got := w.send("reader", open, "late", map[string]string{"title": "What I wrote", "why": "and why"}).Card.Plain()
	for _, want := range []string{wait, "What I wrote", "and why"} {
		if !strings.Contains(got, want) {
			t.Errorf("the answer lacks %q:\n%s", want, got)
		}
	}
	if got := w.ask("insider", "/suggest bridge closed"); got.Form == nil {
		t.Errorf("another asker: %s", got.Card.Plain())
	}
}

// TestSuggestUntold has the process die after it kept a suggestion and before it told
// anybody: the next one tells.
func TestSuggestUntold(t *testing.T) {
	store := filepath.Join(t.TempDir(), "l.db")
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(Config{Alarms: alarmRooms}), func(w *world) { w.options.Ledger = openLedger(t, store, w.now) })
	for i := range 3 {
		if _, err := w.ledger.Suggest(t.Context(), digest.Suggestion{Key: fmt.Sprint(i), Asker: "fake:7", Where: room, Story: "bridge", Proposal: digest.Proposal{Title: "A", Reason: fmt.Sprint("reason ", i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(w.alarmsPosted()); got != 0 {
		t.Fatalf("%d cards are owed already", got)
	}
	for range 2 {
		w.tellSuggestions(t.Context())
	}
	cards := w.alarmsPosted()
	if len(cards) != 3 || !strings.Contains(cards[0].Plain(), "reason 0") || !strings.Contains(cards[2].Plain(), "reason 2") {
		t.Errorf("the operators are owed %d cards", len(cards))
	}
}

// TestSuggestUnheard keeps suggestions where no conversation gets them, says so once in
// the log, and tells the operators in the status.
func TestSuggestUnheard(t *testing.T) {
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(everyone()))
	for i := range 2 {
		w.fill("reader", "/suggest bridge", fmt.Sprint(i), map[string]string{"why": "x"})
	}
	if n := strings.Count(w.logged.String(), "no conversation gets them"); n != 1 {
		t.Errorf("the log says so %d times:\n%s", n, w.logged)
	}
	if got := w.ask("operator", "/status").Card.Plain(); !strings.Contains(got, "2 suggested corrections wait") {
		t.Errorf("the status:\n%s", got)
	}
	if got := w.ask("private", "/status").Card.Plain(); strings.Contains(got, "suggested") {
		t.Errorf("anybody's status:\n%s", got)
	}
}

// TestSuggestWithoutFile takes suggestions where the source shows no files.
func TestSuggestWithoutFile(t *testing.T) {
	w := newWorld(t, nil, withSource(newScripted(map[string]string{"bridge": bridge})))
	w.fill("reader", "/suggest bridge closed", "1", map[string]string{"date": "2025-11-20", "why": "x"})
	if s := w.suggestion(1); s.Patch != nil || s.Unpatched != "The source of the briefs does not show how they are written." || len(s.Fields) != 1 {
		t.Errorf("it is kept as %+v", s)
	}
	refused := w.fill("reader", "/suggest bridge closed", "2", map[string]string{"detail": "Closed.[^nowhere]", "why": "x"})
	if got := refused.Card.Plain(); !strings.Contains(got, "nowhere") || !strings.Contains(got, "Nothing was sent.") || refused.Form == nil {
		t.Errorf("a source that there is none of:\n%s", got)
	}
}

// TestSuggestByHand takes suggestions where a text stands in the brief so that no patch
// can change it alone, and says why.
func TestSuggestByHand(t *testing.T) {
	w := newWorld(t, map[string]string{"alias": "title: Aliases\noverview: A.\ntimeline:\n  - {id: a, date: 2025, title: &t It began}\n  - {id: b, date: 2026, title: *t}\n"})
	w.fill("reader", "/suggest alias a", "1", map[string]string{"title": "It ended", "why": "x"})
	if s := w.suggestion(1); s.Patch != nil || s.Patched || !strings.HasPrefix(s.Unpatched, "The title cannot be changed by itself in the brief: ") {
		t.Errorf("it is kept as %+v\n%s", s, s.Patch)
	}
	card := w.suggestionCard(w.suggestion(1))
	if got := card.Plain(); !strings.Contains(got, "There is no patch. The title cannot be changed by itself") {
		t.Errorf("the card is\n%s", got)
	}
}

// TestSuggestAmended dismisses a suggestion that was posted: the cards say so.
func TestSuggestAmended(t *testing.T) {
	config := everyone()
	config.Alarms = alarmRooms
	w := newWorld(t, map[string]string{"bridge": bridge}, withConfig(config))
	w.fill("reader", "/suggest bridge closed", "1", map[string]string{"why": "x"})
	w.ask("operator", "/suggestions 1 dismissed")
	if got := w.alarmsPosted()[0].Plain(); !strings.Contains(got, "Dismissed by fake:1") {
		t.Errorf("the card is\n%s", got)
	}
	if got := w.ask("reader", "/suggestions 1 open").Card.Plain(); !strings.Contains(got, "For operators") {
		t.Errorf("anybody opens it again:\n%s", got)
	}
	shared := asker("operator", "/suggestions")
	shared.Private, shared.Direct, shared.Where, shared.Room = false, false, room, roomSubj
	if got := w.Host().Run(t.Context(), shared).Card.Plain(); !strings.Contains(got, "Ask me in private") || strings.Contains(got, "bridge") {
		t.Errorf("before everybody:\n%s", got)
	}
}

// TestSuggestionCards makes the longest suggestions there can be: every card of them is
// one that each service can show whole, and every button of the operators' answers.
func TestSuggestionCards(t *testing.T) {
	config := everyone()
	config.Alarms = alarmRooms
	long := strings.Repeat("Ein Satz & <mehr>. ", 190)
	w := newWorld(t, map[string]string{"long": "title: Long\noverview: A.\ntimeline:\n  - id: a\n    date: 2025\n    title: It began\n    detail: " + long + "\n"}, withConfig(config))
	seen := func(line string, r chat.Reply) {
		if size := cardSize(r.Card); size > maxCardSize || r.Card.Tone == chat.Trouble {
			t.Errorf("%s is answered by a card of cost %d:\n%s", line, size, r.Card.Plain())
		}
		checkCard(t, r.Card)
	}
	title := strings.Repeat("Titel ", 33)
	for i := range 30 {
		w.pass(5 * time.Hour)
		texts := map[string]string{"title": title, "detail": strings.ToUpper(long), "date": "2025-11-01/2025-12-31", "why": strings.Repeat("Warum? ", 570)}
		if i%2 == 0 {
			texts["detail"] = strings.Replace(long, "Satz", strings.Repeat("satz", 50), 1)
		}
		seen("a form", w.fill("reader", "/suggest long a", fmt.Sprint(i), texts))
	}
	for _, card := range w.alarmsPosted() {
		seen("an alarm", chat.Reply{Card: card})
	}
	walk := &walker{t: t, world: w, who: "operator", seen: seen}
	walk.walk("/suggestions")
	for i := range 30 {
		if line := fmt.Sprint("suggestions ", i+1); !walk.asked[line] {
			t.Errorf("/%s cannot be reached", line)
		}
	}
	// What is said of what cannot be sent repeats what was written.
	asked := w.ask("reader", "/suggest long a")
	refused := w.send("reader", asked, "refused", map[string]string{"title": title, "detail": strings.ToUpper(long), "date": "2025-13", "why": strings.Repeat("Warum? ", 570)})
	if size := cardSize(refused.Card); size > maxCardSize || refused.Form == nil {
		t.Errorf("a card of cost %d:\n%s", size, refused.Card.Plain())
	}
	checkCard(t, refused.Card)
}

// styled is a brief in which every scalar style stands.
const styled = `# The corridor.
title: "Grain: corridor" # quoted
overview: |
  First paragraph.

  - One
  - Two
timeline:
  - id: plain
    date: 2025-11-21
    title: Accord signed
    detail: One line.
  - id: single
    date: '2025-11-22'
    title: 'It''s signed'
    detail: 'One line.'
    sources: [wire]
  - id: double
    date: "2025-11-23"
    title: "Signed \"again\""
    detail: "One\nTwo"   # two lines
  - {id: flow, date: 2025-11-24, title: In a flow, detail: "x, y", sources: [wire]}
  - id: literal
    date: 2025-11-25
    title: Literal
    detail: |
      First line.
      Second line.

      New paragraph.[^wire]
    # a comment
  - id: folded
    date: 2025-11-26~
    title: >-
      Folded
      title
    detail: >
      First line
      goes on.

      New paragraph.
  - id: kept
    date: 2025-11-27
    title: Kept
    detail: |+
      Kept.

  - id: bare
    date: 2025/2026
    title: Bare
  - id: unicode
    date: 2025-11-28
    title: Чорноморський коридор – 黒海
    detail: Ünïcödé.
sources:
  - {id: wire, publisher: The Wire}
`

// gitIn returns what runs git in a folder, without the settings of whoever tests.
func gitIn(t *testing.T, dir string) func(in string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		const reason = "no git found: install git to apply patches with it"
		if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	return func(in string, args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), "git", args...)
		c.Dir, c.Stdin = dir, strings.NewReader(in)
		c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_AUTHOR_NAME=Desk", "GIT_AUTHOR_EMAIL=d@example.org", "GIT_COMMITTER_NAME=Desk", "GIT_COMMITTER_EMAIL=d@example.org")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s\n%s", args, err, out, in)
		}
		return string(out)
	}
}

// TestSuggestPatchOfGit makes a patch of a brief that comes straight from a git
// repository, and has git apply it there: the suggestion is then taken.
func TestSuggestPatchOfGit(t *testing.T) {
	top := t.TempDir()
	git := gitIn(t, top)
	folder := filepath.Join(top, "desk", "briefs")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "styled.yaml"), []byte(styled), 0o600); err != nil {
		t.Fatal(err)
	}
	git("", "init", "-q", "-b", "main")
	git("", "add", "-A")
	git("", "commit", "-q", "-m", "The briefs")
	source, err := brief.NewGit(top+"#main:desk/briefs", brief.GitOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, nil, withSource(source))
	w.fill("reader", "/suggest styled folded", "1", map[string]string{"detail": "First line goes on.\n\nAnother paragraph.", "why": "x"})
	s := w.suggestion(1)
	if s.Path != "desk/briefs/styled.yaml" || s.Patch == nil {
		t.Fatalf("it is kept as %+v", s)
	}
	git(string(s.Patch), "am", "-q")
	if got := git("", "diff", "HEAD~1", "-U0"); strings.Count(got, "\n-") != 2 || !strings.Contains(got, "+      Another paragraph.") {
		t.Errorf("the commit changes\n%s", got)
	}
	if _, text, err := source.Original(t.Context(), "styled"); err != nil || string(text) != styled {
		t.Errorf("before a look the source shows %q, %v", text, err)
	}
}

// TestSuggestPatches suggests corrections of events in every style in which they can be
// written, and has git am apply each: the brief then says just what was suggested, and
// nothing else of it has changed.
func TestSuggestPatches(t *testing.T) {
	top := t.TempDir()
	git := gitIn(t, top)
	git("", "init", "-q")
	if err := os.MkdirAll(filepath.Join(top, "our stories"), 0o700); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, map[string]string{}, func(w *world) {
		w.dir = filepath.Join(top, "our stories")
		w.options.Source = brief.NewDir(w.dir, brief.DirOptions{})
	})
	titles := []string{"A plain title", "It's: \"quoted\" # not a comment", "- [x] {y}", "Чорне море, 黒海", "true", "2025-11-21", "a\\b %20 & *b*"}
	details := []string{"", "One line.", "First line.\nSecond line.", "A paragraph.\n\n- One\n- Two: three\n\n> Quote # x", "  indented\n\tand more", "It's \"quoted\".[^wire]", strings.Repeat("Long sentence with words. ", 40)}
	n := 0
	for form, text := range map[string]string{"lf": styled, "crlf": strings.ReplaceAll(styled, "\n", "\r\n"), "bom": "\ufeff" + styled} {
		d, problems := brief.Decode("styled.yaml", []byte(text))
		if d == nil {
			t.Fatal(problems)
		}
		for i, e := range d.Timeline {
			w.write("styled", text)
			w.refresh()
			git("", "add", "-A")
			git("", "commit", "-q", "--allow-empty", "-m", "state")
			n++
			w.pass(25 * time.Hour) // nobody suggests so much in a day
			want := map[string]string{"title": titles[n%len(titles)], "date": fmt.Sprintf("2024-01-%02d/2024-03", n%28+1), "detail": details[n%len(details)]}
			for name := range want {
				if n%4 == 0 && name != "detail" || n%4 == 1 && name != "title" || n%4 == 2 && name != "date" {
					delete(want, name)
				}
			}
			texts := map[string]string{"why": "Because.\nFrom: x"}
			for name, text := range want {
				texts[name] = text
			}
			where := fmt.Sprintf("%s, %s, %q", form, e.ID, want)
			answer := w.fill("reader", "/suggest styled "+e.ID, fmt.Sprint(form, i), texts)
			if !strings.Contains(answer.Card.Title, "with the editors") {
				t.Fatalf("%s:\n%s", where, answer.Card.Plain())
			}
			s := w.suggestion(int64(n))
			if len(s.Fields) == 0 {
				continue // it stands already
			}
			if s.Patch == nil {
				t.Errorf("%s: no patch: %s", where, s.Unpatched)
				continue
			}
			git(string(s.Patch), "am", "-q")
			w.refresh()
			now, ok := w.question(addressOf(asker("operator", ""))).reader.Story("styled")
			if !ok || w.library.Current().Broken("styled") {
				t.Fatalf("%s: the brief is broken:\n%s", where, s.Patch)
			}
			wanted := *d
			wanted.Timeline = append([]brief.Event(nil), d.Timeline...)
			for name, text := range want {
				switch name {
				case "title":
					wanted.Timeline[i].Title = text
				case "detail":
					wanted.Timeline[i].Detail = strings.TrimSpace(text)
				case "date":
					if wanted.Timeline[i].Date, ok = parsed(text); !ok {
						t.Fatal(text)
					}
				}
			}
			byID := cmpopts.SortSlices(func(a, b brief.Event) bool { return a.ID < b.ID }) // their order is that of their dates
			if diff := cmp.Diff(wanted, *now, byID, cmp.Comparer(func(a, b brief.Date) bool { return a == b })); diff != "" {
				t.Errorf("%s: the brief says otherwise (-want +got):\n%s\n%s", where, diff, s.Patch)
			}
			if s := w.suggestion(int64(n)); s.State != digest.SuggestionTaken {
				t.Errorf("%s: it is %s", where, s.State)
			}
			if data, err := os.ReadFile(filepath.Join(w.dir, "styled.yaml")); err != nil || !utf8.Valid(data) || form == "crlf" && strings.Count(string(data), "\n") != strings.Count(string(data), "\r\n") {
				t.Errorf("%s: the ends of lines are mixed: %q", where, data)
			}
		}
	}
	if n < 25 {
		t.Errorf("only %d were tried", n)
	}
}

func parsed(s string) (brief.Date, bool) {
	d, err := brief.ParseDate(s)
	return d, err == nil
}
