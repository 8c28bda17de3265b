package digest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// itemized makes one card with an item a change, and a title that names them all.
func itemized(_ context.Context, d Digest) ([]chat.Card, error) {
	var c chat.Card
	for _, r := range d.Changes {
		_, what, _ := strings.Cut(string(r.Kind), ".")
		if r.Kind != brief.EventAdded {
			what = " " + what
		} else {
			what = ""
			if e, err := brief.As[brief.Event](r.After); err == nil && e.Title == "Revised" {
				what = " as revised"
			}
		}
		c.Items = append(c.Items, chat.Item{ID: strconv.FormatInt(r.Seq, 10), Head: chat.Plainly(r.Item + what)})
	}
	return []chat.Card{titled(c)}, nil
}

func titled(c chat.Card) chat.Card {
	var heads []string
	for _, i := range c.Items {
		heads = append(heads, i.Head.String())
	}
	c.Title = strings.Join(heads, "; ")
	return c
}

// marked puts into a card what became of its items.
func marked(_ context.Context, c chat.Card, marks []Mark) (chat.Card, error) {
	items := make([]chat.Item, len(c.Items))
	for i, item := range c.Items {
		for _, m := range marks {
			if item.ID != strconv.FormatInt(m.Told.Seq, 10) {
				continue
			}
			if m.Now != nil {
				item.Head = append(item.Head, chat.Plainly(" ("+string(m.Now.Kind)[strings.Index(string(m.Now.Kind), ".")+1:]+")")...)
			}
			for _, k := range m.Corrections {
				item.Head = append(item.Head, chat.Plainly(" ("+k.Text+")")...)
			}
		}
		items[i] = item
	}
	c.Items = items
	return titled(c), nil
}

func titledEvent(id, title string) brief.Event { return brief.Event{ID: id, Title: title} }

func retracted(t *testing.T, id string) brief.Event {
	return brief.Event{ID: id, Retracted: &brief.Retraction{On: date(t, "2025-12-01"), Why: "wrong"}}
}

// An amendStep is a state of story a, and how long it lasts.
type amendStep struct {
	events     []brief.Event
	correction string // published about the event e0
	lasts      time.Duration
}

// TestAmend plays what becomes of posted messages while the story goes on. What was
// posted is shown as it stands at the end; an answer begins with the message that it
// answers.
func TestAmend(t *testing.T) {
	cause := errors.New("cause")
	e0, e1, e2, e3 := event("e0"), event("e1"), event("e2"), event("e3")
	other := titledEvent("e0", "Another")
	quietly := titledEvent("e0", "Another")
	quietly.Announce = brief.Silent
	step := func(events ...brief.Event) amendStep { return amendStep{events: events, lasts: time.Minute} }
	short := func(events ...brief.Event) amendStep {
		return amendStep{events: events, lasts: 100 * time.Millisecond}
	}
	for _, c := range []struct {
		name  string
		edit  func(int, chat.MessageID) (error, bool)
		mode  Mode
		steps []amendStep
		want  string
		edits int
	}{
		{name: "revised", steps: []amendStep{step(e0), step(other)}, edits: 1,
			want: lines("1 e0 (revised)", "1 re m0: e0 revised")},
		{name: "retracted", steps: []amendStep{step(e0), step(retracted(t, "e0"))}, edits: 1,
			want: lines("1 e0 (retracted)", "1 re m0: e0 retracted")},
		{name: "retracted and restored", steps: []amendStep{step(e0), step(retracted(t, "e0")), step(e0)}, edits: 2,
			want: lines("1 e0", "1 re m0: e0 retracted", "1 re m0: e0 restored")},
		{name: "revised twice", steps: []amendStep{step(e0), step(other), step(titledEvent("e0", "A third"))}, edits: 1,
			want: lines("1 e0 (revised)", "1 re m0: e0 revised", "1 re m0: e0 revised")},
		{name: "revised and back before it was told", steps: []amendStep{step(e0), short(other), step(e0)},
			want: "1 e0"},
		{name: "removed and back, silently", steps: []amendStep{step(e0, e1), step(e1), step(e0, e1)}, edits: 2,
			want: "1 e0; e1"},
		{name: "removed and back, retracted", steps: []amendStep{step(e0, e1), step(e1), step(retracted(t, "e0"), e1)}, edits: 2,
			want: lines("1 e0 (retracted); e1", "1 re m0: e0 retracted")},
		{name: "revised and removed before that was told, and back", steps: []amendStep{step(e0, e1), short(other, e1), step(e1), step(other, e1)}, edits: 2,
			want: lines("1 e0 (revised); e1", "1 re m0: e0 revised")},
		{name: "retracted at first, restored and removed before that was told, and back", steps: []amendStep{step(retracted(t, "e0"), e1), short(e0, e1), step(e1), step(e0, e1)},
			want: lines("1 e1", "1 e0")},
		{name: "retracted at first, restored, removed and back, silently", steps: []amendStep{step(retracted(t, "e0"), e1), step(e0, e1), step(e1), step(e0, e1)}, edits: 2,
			want: lines("1 e1", "1 e0 restored")},
		{name: "removed, silently", steps: []amendStep{step(e0, e1), step(e1)}, edits: 1,
			want: "1 e0 (removed); e1"},
		{name: "corrected and removed", steps: []amendStep{step(e0), step(other), step(e1)}, edits: 3,
			want: lines("1 e0 (removed)", "1 re m0: e0 revised (removed)", "1 e1")},
		{name: "revised silently", steps: []amendStep{step(e0), step(quietly)}, edits: 1,
			want: "1 e0 (revised)"},
		{name: "correction", steps: []amendStep{step(e0), {events: []brief.Event{e0}, correction: "It was raining.", lasts: time.Minute}}, edits: 1,
			want: lines("1 e0 (It was raining.)", "1 re m0: timeline/e0 published")},
		{name: "revised with a correction and with news", steps: []amendStep{step(e0), {events: []brief.Event{other, e1}, correction: "It was raining.", lasts: time.Minute}}, edits: 1,
			want: lines("1 e0 (revised) (It was raining.)", "1 re m0: e0 revised; timeline/e0 published", "1 e1")},
		{name: "three messages concerned", steps: []amendStep{step(e0), step(e0, e1), step(e0, e1, e2), step(retracted(t, "e0"), retracted(t, "e1"), retracted(t, "e2"))}, edits: 3,
			want: lines("1 e0 (retracted)", "1 e1 (retracted)", "1 e2 (retracted)", "1 re m0: e0 retracted", "1 re m1: e1 retracted", "1 re m2: e2 retracted")},
		{name: "four messages concerned", steps: []amendStep{step(e0), step(e0, e1), step(e0, e1, e2), step(e0, e1, e2, e3),
			step(retracted(t, "e0"), retracted(t, "e1"), retracted(t, "e2"), retracted(t, "e3"))}, edits: 4,
			want: lines("1 e0 (retracted)", "1 e1 (retracted)", "1 e2 (retracted)", "1 e3 (retracted)", "1 e0 retracted; e1 retracted; e2 retracted; e3 retracted")},
		{name: "cannot be edited", edit: func(int, chat.MessageID) (error, bool) { return &chat.Fixed{Err: cause}, false },
			steps: []amendStep{step(e0), step(other), step(other, e1)}, edits: 1,
			want: lines("1 e0", "1 re m0: e0 revised", "1 e1")},
		{name: "edited later, and nothing waits for it", edit: func(n int, _ chat.MessageID) (error, bool) {
			if n == 0 {
				return &chat.Later{After: 150 * time.Second, Err: cause}, false
			}
			return nil, true
		}, steps: []amendStep{step(e0), step(other), step(other, e1), step(other, e1, e2), step(other, e1, e2)}, edits: 2,
			want: lines("1 e0 (revised)", "1 re m0: e0 revised", "1 e1", "1 e2")},
		{name: "not sure whether it was edited", edit: func(n int, _ chat.MessageID) (error, bool) {
			if n == 0 {
				return &chat.Uncertain{Err: cause}, true
			}
			return nil, true
		}, steps: []amendStep{step(e0), step(other)}, edits: 2,
			want: lines("1 e0 (revised)", "1 re m0: e0 revised")},
		{name: "in a thread", mode: ModeThread, steps: []amendStep{step(e0), step(other)}, edits: 1,
			want: lines("1/t1 e0 (revised)", "1/t1 re m0: e0 revised")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				f := newBoard("telegram")
				f.edit = c.edit
				record(t, l, dossier(t, "a"))
				inMode(t, l, "telegram:1", "a", c.mode)
				stop := run(t, amending(l, f))
				for _, s := range c.steps {
					d := dossier(t, "a", s.events...)
					if s.correction != "" {
						d.Corrections = []brief.Correction{{On: date(t, "2025-12-03"), Text: s.correction, Item: "timeline/e0"}}
					}
					record(t, l, d)
					time.Sleep(s.lasts)
					synctest.Wait()
				}
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				stop()
				same(t, f.shows(), c.want)
				if edits, _ := f.counts(); edits != c.edits {
					t.Errorf("edited %d times, want %d", edits, c.edits)
				}
			})
		})
	}
}

func amending(l *Ledger, platforms ...*board) DispatcherOptions {
	o := DispatcherOptions{Ledger: l, Settle: time.Second, Revise: marked, Compose: func(ctx context.Context, d Digest) ([]chat.Card, error) {
		if d.Form == Opening {
			return opening(ctx, d)
		}
		return itemized(ctx, d)
	}}
	for _, p := range platforms {
		o.Platforms = append(o.Platforms, p)
	}
	return o
}

// TestAmendWaiting retracts an event whose post is not sent yet: it is posted as it
// stands then, and nothing more is told of it.
func TestAmendWaiting(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		t.Run(fmt.Sprint("later edits=", quiet), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				f := newBoard("telegram")
				f.reply = func(n int, _ post) (error, bool) {
					if n == 0 {
						return &chat.Later{After: 5 * time.Minute, Err: errors.New("502")}, false
					}
					return nil, true
				}
				record(t, l, dossier(t, "a"))
				inMode(t, l, "telegram:1", "a", ModePost)
				stop := run(t, amending(l, f))
				record(t, l, dossier(t, "a", event("e0")))
				time.Sleep(time.Minute)
				record(t, l, dossier(t, "a", retracted(t, "e0")))
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				same(t, f.shows(), "1 e0 (retracted)")
				want := 0
				if quiet {
					want = 1
					record(t, l, dossier(t, "a", event("e0")))
					time.Sleep(time.Minute)
					synctest.Wait()
					same(t, f.shows(), lines("1 e0", "1 re m1: e0 restored"))
				}
				stop()
				if edits, _ := f.counts(); edits != want {
					t.Errorf("edited %d times, want %d", edits, want)
				}
			})
		})
	}
}

// TestAmendStoryRemoved marks everything that was told of a story which is removed,
// and nothing that was told of another, and unmarks it when the story is back.
func TestAmendStoryRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newBoard("telegram")
		record(t, l, dossier(t, "a"), dossier(t, "b"))
		inMode(t, l, "telegram:1", AllStories, ModePost)
		run(t, amending(l, f))
		for _, stories := range [][]*brief.Dossier{
			{dossier(t, "a", event("e0")), dossier(t, "b", event("e1"))},
			{dossier(t, "b", event("e1"))},
		} {
			record(t, l, stories...)
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		same(t, f.shows(), "1 e0 (removed); e1")
		record(t, l, dossier(t, "a", event("e0")), dossier(t, "b", event("e1")))
		time.Sleep(time.Minute)
		synctest.Wait()
		same(t, f.shows(), "1 e0; e1")
	})
}

// TestAmendUnseen checks that a message is not edited where the story may not be
// read any more, and is when it may be again.
func TestAmendUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newBoard("telegram")
		var hidden atomic.Bool
		o := amending(l, f)
		o.Visible = func(Subscription, string) bool { return !hidden.Load() }
		record(t, l, dossier(t, "a"))
		inMode(t, l, "telegram:1", "a", ModePost)
		run(t, o)
		record(t, l, dossier(t, "a", event("e0")))
		time.Sleep(time.Minute)
		synctest.Wait()
		hidden.Store(true)
		record(t, l, dossier(t, "a", titledEvent("e0", "Secret")))
		time.Sleep(time.Minute)
		synctest.Wait()
		same(t, f.shows(), "1 e0")
		if edits, _ := f.counts(); edits != 0 {
			t.Errorf("edited %d times", edits)
		}
		hidden.Store(false)
		record(t, l, dossier(t, "a", retracted(t, "e0")))
		time.Sleep(time.Minute)
		synctest.Wait()
		same(t, f.shows(), lines("1 e0 (retracted)", "1 re m0: e0 retracted"))
	})
}

// TestAmendPost changes the card of a post before and after it is sent.
func TestAmendPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		f := newBoard("telegram")
		room := chat.Conversation{Platform: "telegram", ID: "1"}
		amend := func(key, title string) {
			t.Helper()
			if err := l.Amend(t.Context(), room, key, chat.Card{Title: title}); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Post(t.Context(), room, chat.Card{Title: "one trouble"}, "k"); err != nil {
			t.Fatal(err)
		}
		amend("k", "two troubles")
		amend("another", "never posted")
		run(t, amending(l, f))
		time.Sleep(time.Second)
		synctest.Wait()
		same(t, f.shows(), "1 two troubles")
		amend("k", "three troubles")
		amend("k", "four troubles")
		time.Sleep(time.Second)
		synctest.Wait()
		same(t, f.shows(), "1 four troubles")
		if edits, _ := f.counts(); edits > 2 {
			t.Errorf("edited %d times", edits)
		}
		if n := len(f.sent()); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

// TestAmendFaults has each step of a correction fail before its effect, after it, and
// die at either moment: every message shows in the end what the story says, and each
// change is told once, or twice where the platform cannot tell.
func TestAmendFaults(t *testing.T) {
	for _, step := range []string{"record", "plan", "amend", "amended", "claim", "send", "edit", "settle"} {
		for _, after := range []bool{false, true} {
			for _, kill := range []bool{false, true} {
				for _, skip := range []int{0, 2} {
					if skip > 0 && (detecting || step == "record" || step == "amended") {
						continue
					}
					t.Run(fmt.Sprintf("%s/after=%v/kill=%v/skip=%d", step, after, kill, skip), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							x := &trial{t: t, dir: t.TempDir(), step: step, after: after, kill: kill, skip: skip, corrects: true}
							x.play()
						})
					})
				}
			}
		}
	}
}

// checkAmended checks what stands on every board of a trial that corrects.
func (x *trial) checkAmended() {
	for _, f := range x.platforms {
		shown := make(map[string][]string)
		for _, line := range strings.Split(f.shows(), "\n") {
			room, title, _ := strings.Cut(line, " ")
			shown[room] = append(shown[room], title)
		}
		again := f.dedupes == 0 && (x.step == "send" && x.after || x.step == "settle" || x.kill && x.step != "record" && x.step != "plan")
		for room := range trialRooms {
			all := shown[fmt.Sprint(room)]
			posted := ""
			for _, p := range f.sent() {
				if p.To.ID == fmt.Sprint(room) {
					posted += p.Card.Title + "\n"
				}
			}
			x.checkBoard(fmt.Sprintf("%s:%d", f.name, room), all, posted, again)
		}
	}
	x.checkSettled()
}

// checkBoard checks the messages of one conversation: each event but the last was
// revised after it was posted.
func (x *trial) checkBoard(where string, all []string, posted string, again bool) {
	posts, answers, stale, late := make(map[string]int), make(map[string]int), make(map[string]int), make(map[string]bool)
	for _, title := range all {
		if title == "own" {
			continue
		}
		if _, what, ok := strings.Cut(title, ": "); ok {
			answers[strings.Fields(what)[0]]++
			continue
		}
		for _, item := range strings.Split(title, "; ") {
			id, mark, _ := strings.Cut(item, " ")
			posts[id]++
			if mark == "as revised" || strings.Contains(posted, id+" (revised)") {
				late[id] = true // it needs no correction, unless another copy may stand there
			}
			if mark == "" && id != fmt.Sprint("e", trialEvents-1) {
				stale[id]++
			}
		}
	}
	allowed := 1
	if again {
		allowed = 2
	}
	for i := range trialEvents {
		id := fmt.Sprint("e", i)
		if posts[id] < 1 || posts[id] > allowed {
			x.t.Errorf("%s was told of %s %d times: %q", where, id, posts[id], all)
		}
		// Of two copies the first is not known, and stays as it was.
		if stale[id] >= allowed {
			x.t.Errorf("%s shows %s as it was: %q", where, id, all)
		}
		if n := answers[id]; i < trialEvents-1 && (n < 1 && !late[id] || n > allowed) {
			x.t.Errorf("%s was told of the correction of %s %d times: %q", where, id, n, all)
		}
	}
}
