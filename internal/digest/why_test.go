package digest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

// A whyPlot is a story a that goes on in front of one conversation, telegram:1.
type whyPlot struct {
	*testing.T
	ledger     *Ledger
	board      *board
	dispatcher *Dispatcher
	hidden     sync.Map // the stories that may not be read
}

// sends decides what each send comes to from now on; nil: it is posted.
func (p *whyPlot) sends(reply func(int, post) (error, bool)) {
	p.board.fake.mu.Lock()
	defer p.board.fake.mu.Unlock()
	p.board.fake.reply = reply
}

// edits decides what each edit comes to from now on.
func (p *whyPlot) edits(err error) {
	p.board.mu.Lock()
	defer p.board.mu.Unlock()
	p.board.edit = func(int, chat.MessageID) (error, bool) { return err, err == nil }
}

func (p *whyPlot) readable(story string) bool {
	_, hidden := p.hidden.Load(story)
	return !hidden
}

// states records states of story a, each for a minute.
func (p *whyPlot) states(all ...[]brief.Event) {
	p.Helper()
	for _, events := range all {
		record(p, p.ledger, dossier(p, "a", events...))
		p.rest(time.Minute)
	}
}

func (p *whyPlot) rest(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// order subscribes the conversation to story a.
func (p *whyPlot) order(schedule string, change ...func(*Subscription)) {
	p.Helper()
	s := subscribe(p, p.ledger, "telegram:1", "a", schedule)
	for _, f := range change {
		f(&s)
	}
	if _, err := p.ledger.Subscribe(p.Context(), s); err != nil {
		p.Fatal(err)
	}
}

// why returns what became of every change, the newest first, one a line.
func (p *whyPlot) why() string {
	p.Helper()
	all, more, err := p.dispatcher.Why(p.Context(), Inquiry{
		Where: chat.Conversation{Platform: "telegram", ID: "1"}, Limit: 50,
		Readable: p.readable,
	})
	if err != nil || more {
		p.Fatal("why: ", err, more)
	}
	var words []string
	for _, e := range all {
		words = append(words, p.words(e))
	}
	return strings.Join(words, "\n")
}

func (p *whyPlot) words(e Explanation) string {
	line := fmt.Sprintf("%s %s: %s", e.Change.Kind, e.Change.Item, e.Fate)
	if e.Fate == FateWithheld {
		line = fmt.Sprintf("%d withheld", e.Count)
	}
	if e.Entry.ID > 0 {
		line += fmt.Sprintf(" %s %d", e.Entry.Verb, e.Entry.ID)
	}
	if e.Entry.Message != "" {
		line += " " + string(e.Entry.Message)
	}
	if e.Merged > 0 {
		line += fmt.Sprintf(", with %d", e.Merged)
	}
	if e.Other {
		line += ", by another"
	}
	if !e.Until.IsZero() && e.Fate != FateBefore {
		line += ", in " + time.Until(e.Until).Round(time.Minute).String()
	}
	if e.Amended != (Amended{}) {
		line += fmt.Sprintf(", amended %d/%d/%d", e.Amended.Done, e.Amended.Owed, e.Amended.Fixed)
	}
	return line
}

// TestWhy plays every fate of a change through the planner and the engine. A play
// begins with story a without events; what is recorded lasts a minute, and briefs
// settle in a second, or slowly in five minutes.
func TestWhy(t *testing.T) {
	cause := errors.New("cause")
	one, two := event("one"), event("two")
	quietly := announced("one", brief.Silent, "")
	urgent := announced("two", brief.Now, "")
	minor := announced("one", "", brief.Minor)
	always := func(err error) func(int, post) (error, bool) {
		return func(int, post) (error, bool) { return err, false }
	}
	major := func(s *Subscription) { s.Importance = brief.Major }
	for _, c := range []struct {
		name string
		play func(p *whyPlot)
		want string
	}{
		{"told, one after the other", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{one}, []brief.Event{one, two})
		}, lines("event.added two: told post 2 m1", "event.added one: told post 1 m0")},
		{"told in one digest", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{one, two})
		}, lines("event.added two: told post 1 m0", "event.added one: told post 1 m0")},
		{"merged into a later change, and told with it", func(p *whyPlot) {
			p.order("hourly")
			p.states([]brief.Event{one}, []brief.Event{titledEvent("one", "Revised")})
			p.rest(time.Hour)
		}, lines("event.revised one: told post 1 m0", "event.added one: told post 1 m0, with 2")},
		{"corrected by a reply and an edit", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{one}, []brief.Event{titledEvent("one", "Revised")})
		}, lines("event.revised one: told reply 3 m1, amended 1/0/0", "event.added one: told post 1 m0")},
		{"corrected, and the message cannot be changed", func(p *whyPlot) {
			p.edits(&chat.Fixed{Err: cause})
			p.order("immediate")
			p.states([]brief.Event{one}, []brief.Event{titledEvent("one", "Revised")})
		}, lines("event.revised one: told reply 3 m1, amended 0/0/1", "event.added one: told post 1 m0")},
		{"removed, and marked", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{one}, nil)
		}, lines("event.removed one: removal, amended 1/0/0", "event.added one: told post 1 m0")},
		{"removed and back", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{one}, nil, []brief.Event{one})
		}, lines("event.added one: returned, amended 1/0/0", "event.removed one: removal, amended 1/0/0", "event.added one: told post 1 m0")},
		{"in the living message", func(p *whyPlot) {
			p.order("immediate", func(s *Subscription) { s.Mode = ModeEdit })
			p.states([]brief.Event{one}, []brief.Event{one, two})
		}, lines("event.added two: told edit 3", "event.added one: told post 1 m0")},
		{"told as the living message's next digest", func(p *whyPlot) {
			p.order("immediate", func(s *Subscription) { s.Mode = ModeEdit })
			p.sends(always(&chat.Later{After: 90 * time.Second, Err: cause}))
			owePosts(p, p.ledger, "telegram:1", "in front of it")
			p.states([]brief.Event{one})
			p.sends(nil)
			p.states([]brief.Event{one, two})
			p.rest(time.Minute)
		}, lines("event.added two: told post 2 m2", "event.added one: told post 2 m2")},
		{"tried again later", func(p *whyPlot) {
			p.order("immediate")
			p.sends(always(&chat.Later{After: 10 * time.Minute, Err: cause}))
			p.states([]brief.Event{one}, []brief.Event{one, two})
		}, lines("event.added two: waiting post 2, in 8m0s", "event.added one: waiting post 1, in 8m0s")},
		{"held by quiet hours, planned and not", func(p *whyPlot) {
			p.order("immediate", func(s *Subscription) { s.Quiet = quiet(p.T, "00:02-07:00") })
			p.sends(always(&chat.Later{After: 2 * time.Minute, Err: cause}))
			p.states([]brief.Event{one})
			p.rest(2 * time.Minute)
			p.states([]brief.Event{one, two})
		}, lines("event.added two: held, in 6h56m0s", "event.added one: held post 1, in 6h56m0s")},
		{"announced now in quiet hours", func(p *whyPlot) {
			p.order("immediate", func(s *Subscription) { s.Quiet = quiet(p.T, "00:00-07:00") })
			p.states([]brief.Event{one, urgent})
		}, lines("event.added two: told post 1 m0", "event.added one: held, in 6h59m0s")},
		{"suspended, planned and not", func(p *whyPlot) {
			p.order("immediate")
			p.sends(always(&chat.Gone{Err: cause}))
			p.states([]brief.Event{one}, []brief.Event{one, two})
		}, lines("event.added two: suspended", "event.added one: suspended post 1")},
		{"not due yet", func(p *whyPlot) {
			p.order("daily 08:00")
			p.states([]brief.Event{one})
		}, "event.added one: not due, in 7h59m0s"},
		{"not due yet, merged", func(p *whyPlot) {
			p.order("daily 08:00")
			p.states([]brief.Event{one}, []brief.Event{titledEvent("one", "Revised")})
		}, lines("event.revised one: not due, in 7h58m0s", "event.added one: not due, with 2, in 7h58m0s")},
		{"the briefs are not quiet yet, slowly", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{one})
		}, "event.added one: settling, in 4m0s"},
		{"announced now, before the next digest, slowly", func(p *whyPlot) {
			p.order("daily 08:00")
			p.states([]brief.Event{one, urgent})
		}, lines("event.added two: settling, in 4m0s", "event.added one: not due, in 7h59m0s")},
		{"below the importance, considered and not", func(p *whyPlot) {
			p.order("hourly", major)
			p.states([]brief.Event{minor})
			p.rest(time.Hour)
			p.states([]brief.Event{minor, two})
		}, lines("event.added two: unasked", "event.added one: unasked")},
		{"below it, and its revision above", func(p *whyPlot) {
			p.order("hourly", major)
			p.states([]brief.Event{one})
			p.rest(time.Hour)
			p.states([]brief.Event{announced("one", "", brief.Major)})
			p.rest(time.Hour)
		}, lines("event.revised one: told post 1 m0", "event.added one: unasked")},
		{"silent", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{quietly})
		}, "event.added one: silent"},
		{"made silent before it was told", func(p *whyPlot) {
			p.order("hourly")
			p.states([]brief.Event{one}, []brief.Event{{ID: "one", Title: "Revised", Announce: brief.Silent}})
			p.rest(time.Hour)
		}, lines("event.revised one: silent", "event.added one: silent")},
		{"undone before it was told, and considered", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{one})
			p.order("hourly")
			p.states([]brief.Event{titledEvent("one", "Revised")}, []brief.Event{one})
			p.rest(time.Hour)
		}, lines("event.revised one: undone, amended 1/0/0", "event.revised one: undone, amended 1/0/0", "event.added one: told post 1 m0")},
		{"undone before it is due", func(p *whyPlot) {
			p.order("daily 08:00")
			p.states([]brief.Event{one}, nil)
		}, lines("event.removed one: removal", "event.added one: undone")},
		{"before the subscription began", func(p *whyPlot) {
			p.states([]brief.Event{one})
			p.order("immediate")
			p.states([]brief.Event{one, two})
		}, lines("event.added two: told post 1 m0", "event.added one: before")},
		{"before it began, and its revision told", func(p *whyPlot) {
			p.states([]brief.Event{one})
			p.order("immediate")
			p.states([]brief.Event{titledEvent("one", "Revised")})
		}, lines("event.revised one: told post 1 m0", "event.added one: before")},
		{"no subscription", func(p *whyPlot) {
			p.states([]brief.Event{one})
		}, "event.added one: no order"},
		{"told by a subscription that ended", func(p *whyPlot) {
			p.order("immediate")
			p.states([]brief.Event{one})
			if _, _, err := p.ledger.Unsubscribe(p.Context(), chat.Conversation{Platform: "telegram", ID: "1"}, "a"); err != nil {
				p.Fatal(err)
			}
			p.states([]brief.Event{one, two})
		}, lines("event.added two: no order", "event.added one: told post 1 m0, by another")},
		{"told by another subscription", func(p *whyPlot) {
			p.order("daily 08:00")
			p.states([]brief.Event{urgent})
			s := subscribe(p, p.ledger, "telegram:1", AllStories, "daily 09:00")
			s.Configured, s.Stories = true, []string{"a"}
			if err := p.ledger.Configure(p.Context(), []Subscription{s}); err != nil {
				p.Fatal(err)
			}
		}, "event.added two: told post 1 m0, by another"},
		{"withheld, and of it nothing is said", func(p *whyPlot) {
			p.order("immediate")
			p.sends(always(&chat.Later{After: 2 * time.Minute, Err: cause}))
			p.states([]brief.Event{one})
			p.hidden.Store("a", true)
			p.sends(nil)
			p.rest(10 * time.Minute)
		}, "1 withheld"},
		{"withheld, and readable again", func(p *whyPlot) {
			p.order("immediate")
			p.sends(always(&chat.Later{After: 2 * time.Minute, Err: cause}))
			p.states([]brief.Event{one})
			p.hidden.Store("a", true)
			p.sends(nil)
			p.rest(10 * time.Minute)
			p.hidden.Delete("a")
		}, lines("1 withheld", "event.added one: passed")},
		{"unconfirmed", func(p *whyPlot) {
			p.order("immediate")
			p.sends(always(&chat.Uncertain{Err: cause}))
			p.states([]brief.Event{one})
		}, "event.added one: unconfirmed post 1"},
		{"refused", func(p *whyPlot) {
			p.order("immediate")
			p.sends(always(&chat.Refused{Err: cause}))
			p.states([]brief.Event{one})
		}, "event.added one: refused post 1"},
		{"skipped by an operator", func(p *whyPlot) {
			p.order("immediate")
			p.sends(always(&chat.Later{After: time.Hour, Err: cause}))
			p.states([]brief.Event{one})
			if err := p.ledger.Skip(p.Context(), 1, "telegram:4242"); err != nil {
				p.Fatal(err)
			}
		}, "event.added one: skipped post 1"},
		{"a story that opens is told as a whole", func(p *whyPlot) {
			if _, err := p.ledger.Subscribe(p.Context(), Subscription{Where: chat.Conversation{Platform: "telegram", ID: "1"}, Stories: []string{AllStories}, Schedule: scheduled(p.T, "hourly")}); err != nil {
				p.Fatal(err)
			}
			record(p, p.ledger, dossier(p, "a"), dossier(p, "b"))
			p.rest(time.Minute)
			record(p, p.ledger, dossier(p, "a"), dossier(p, "b", one))
			p.rest(time.Hour)
		}, lines("event.added one: told post 1 m0", "dossier.opened : told post 1 m0, with 2")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				settle := time.Second
				if strings.HasSuffix(c.name, ", slowly") {
					settle = 5 * time.Minute
				}
				p := newWhyPlot(t, settle)
				c.play(p)
				same(t, p.why(), c.want)
			})
		})
	}
}

func scheduled(t *testing.T, words string) Schedule {
	t.Helper()
	s, err := ParseSchedule(words)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newWhyPlot(t *testing.T, settle time.Duration) *whyPlot {
	t.Helper()
	p := &whyPlot{T: t, ledger: openNew(t), board: newBoard("telegram")}
	o := amending(p.ledger, p.board)
	o.Settle = settle
	o.Visible = func(_ Subscription, story string) bool { return p.readable(story) }
	var err error
	if p.dispatcher, err = NewDispatcher(o); err != nil {
		t.Fatal(err)
	}
	record(t, p.ledger, dossier(t, "a"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.dispatcher.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error("Run:", err)
		}
	})
	return p
}

// TestWhyPages checks that pages follow each other, and that stories which cannot be
// read are not told of, on any page.
func TestWhyPages(t *testing.T) {
	l := openNew(t)
	d, err := NewDispatcher(DispatcherOptions{Ledger: l, Compose: compose})
	if err != nil {
		t.Fatal(err)
	}
	record(t, l, dossier(t, "a"), dossier(t, "b"))
	var a, b []brief.Event
	for i := range 260 {
		a, b = append(a, event(fmt.Sprint("a", i))), append(b, event(fmt.Sprint("b", i)))
	}
	record(t, l, dossier(t, "a", a...), dossier(t, "b", b...))
	for _, story := range []string{"", "a"} {
		var seen []string
		q := Inquiry{Where: chat.Conversation{Platform: "telegram", ID: "1"}, Story: story, Limit: 7, Readable: func(story string) bool { return story == "a" }}
		for more := true; more; {
			var page []Explanation
			if page, more, err = d.Why(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			if len(page) > 7 || more && len(page) < 7 {
				t.Fatalf("a page of %d", len(page))
			}
			for _, e := range page {
				seen = append(seen, e.Change.Item)
			}
			q.Before = page[len(page)-1].Change.Seq
		}
		slices.Reverse(seen)
		for i, item := range seen {
			if item != a[i].ID {
				t.Fatalf("place %d has %s, want %s", i, item, a[i].ID)
			}
		}
		if len(seen) != len(a) {
			t.Errorf("told of %d changes, want %d", len(seen), len(a))
		}
	}
}
