package digest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/chat"
)

var here = chat.Conversation{Platform: "telegram", ID: "-1001", Thread: "7"}

func subscriptions(t *testing.T, l *Ledger, where chat.Conversation) string {
	t.Helper()
	subs, err := l.Subscriptions(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range subs {
		words := []string{strings.Join(s.Stories, "+"), s.Schedule.String(), fmt.Sprint("cursor=", s.Cursor)}
		if s.Configured {
			words = append(words, "file")
		}
		if len(s.elsewhere) > 0 {
			words = append(words, "without="+strings.Join(s.elsewhere, "+"))
		}
		all = append(all, strings.Join(words, " "))
	}
	return strings.Join(all, "\n")
}

func TestSubscribe(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	l, ctx := p.ledger, t.Context()
	record(t, l, dossier(t, "a"), dossier(t, "b"))
	record(t, l, dossier(t, "a", event("one")), dossier(t, "b"))
	want := Subscription{Where: here, Stories: []string{"a"}, Timezone: "Europe/Kyiv", Importance: brief.Major, Room: []string{"telegram:-1001", "telegram:x"}}
	got, err := l.Subscribe(ctx, want)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := l.Subscriptions(ctx, here)
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	if diff := cmp.Diff(got.Room, stored[0].Room); diff != "" {
		t.Errorf("the room differs:\n%s", diff)
	}
	s := stored[0]
	if s.Where != here || s.Schedule != (Schedule{text: usualSchedule}) || s.Timezone != "Europe/Kyiv" || s.Importance != brief.Major ||
		s.Configured || s.Suspended != "" || s.Cursor != 1 || s.ID != got.ID || !s.Next.Equal(got.Next) || !s.Since.Equal(p.now) {
		t.Errorf("stored %+v", s)
	}
	if next := inZone(t, "2026-01-11 08:00"); !got.Next.Equal(next) {
		t.Errorf("the first digest is due at %v, want %v", got.Next, next)
	}
	// Replacing it keeps its place and number.
	record(t, l, dossier(t, "a", event("one"), event("two")), dossier(t, "b"))
	want.Schedule = Immediate
	again, err := l.Subscribe(ctx, want)
	if err != nil || again.ID != got.ID || again.Cursor != 1 || !again.Next.IsZero() {
		t.Errorf("replaced by %+v, %v", again, err)
	}
	for _, bad := range []Subscription{
		{Where: here, Timezone: "Europe/Kiev/x"}, {Where: here, Timezone: "Local"}, {Stories: []string{"a"}}, {Where: here, Importance: "huge"},
	} {
		if _, err := l.Subscribe(ctx, bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestPrecedence(t *testing.T) {
	file := func(stories ...string) Subscription { return Subscription{Stories: stories, Configured: true} }
	asked := func(stories ...string) Subscription { return Subscription{Stories: stories} }
	orders := []Subscription{asked("*"), file("*"), asked("a"), file("a", "b"), asked("c"), asked("b")}
	for story, want := range map[string]int{"a": 3, "b": 3, "c": 4, "d": 1, AllStories: 1} {
		if got := tells(orders, story); got != want {
			t.Errorf("%s is told by order %d, want %d", story, got, want)
		}
	}
	if got := tells(orders[4:], "a"); got != -1 {
		t.Errorf("a story that nobody ordered is told by %d", got)
	}
}

func TestConfigure(t *testing.T) {
	l := openNew(t)
	ctx := t.Context()
	record(t, l)
	order := func(stories ...string) Subscription {
		return Subscription{Where: here, Stories: stories, Schedule: Immediate}
	}
	configure := func(subs ...Subscription) {
		t.Helper()
		if err := l.Configure(ctx, subs); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want ...string) {
		t.Helper()
		if got := subscriptions(t, l, here); got != strings.Join(want, "\n") {
			t.Errorf("subscriptions\n%s\nwant\n%s", got, strings.Join(want, "\n"))
		}
	}
	configure(order("a"), order("*"))
	expect("a immediate cursor=0 file", "* immediate cursor=0 file without=a")
	record(t, l, dossier(t, "a"), dossier(t, "b"))
	configure(order("a"), order("*"))
	expect("a immediate cursor=0 file", "* immediate cursor=0 file without=a")
	// A story more: what was not told yet of the others is not lost.
	configure(order("b", "a"), order("*"))
	expect("* immediate cursor=0 file without=a+b", "a+b immediate cursor=0 file")
	subscribe(t, l, here.String(), "a", "hourly")
	expect("* immediate cursor=0 file without=a+b", "a+b immediate cursor=0 file", "a hourly cursor=0 without=a")
	configure()
	expect("a hourly cursor=0")
	removed, configured, err := l.Unsubscribe(ctx, here, "a")
	if removed != 1 || configured != 0 || err != nil {
		t.Error(removed, configured, err)
	}
	configure(order("*"))
	expect("* immediate cursor=2 file")
	removed, configured, err = l.Unsubscribe(ctx, here, "a")
	if removed != 0 || configured != 1 || err != nil {
		t.Error("chat removed what the file orders:", removed, configured, err)
	}
	if err := l.Configure(ctx, []Subscription{{Where: here, Timezone: "nowhere"}}); err == nil {
		t.Error("a bad zone was taken")
	}
	expect("* immediate cursor=2 file")
}

func TestMove(t *testing.T) {
	l := openNew(t)
	ctx := t.Context()
	to := chat.Conversation{Platform: "telegram", ID: "-2002"}
	record(t, l, dossier(t, "a"))
	subscribe(t, l, here.String(), "a", "immediate")
	if err := l.SetDefault(ctx, here, "a", "telegram:1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Post(ctx, here, chat.Card{Title: "Hello"}, "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Suspend(ctx, here, "it is gone"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Move(ctx, here, to); err != nil {
			t.Fatal(err)
		}
		if got := subscriptions(t, l, here); got != "" {
			t.Errorf("at the old place: %s", got)
		}
		if got := subscriptions(t, l, to); got != "a immediate cursor=0" {
			t.Errorf("at the new place: %s", got)
		}
		if story, err := l.Default(ctx, to); story != "a" || err != nil {
			t.Errorf("the default is %q, %v", story, err)
		}
		s, err := l.Status(ctx, to)
		if err != nil || s.Waiting != 1 || s.Suspended != 0 {
			t.Errorf("status %+v, %v", s, err)
		}
	}
	v, _, err := l.owed(ctx, to, 0, l.now())
	if err != nil || v == nil || v.due.After(l.now()) {
		t.Errorf("what is owed is %+v, %v; want it due", v, err)
	}
	// The file may name the old place for long.
	if err := l.Configure(ctx, []Subscription{{Where: here, Stories: []string{"b"}, Schedule: Immediate}}); err != nil {
		t.Fatal(err)
	}
	if got := subscriptions(t, l, to); got != "b immediate cursor=0 file\na immediate cursor=0" {
		t.Errorf("at the new place: %s", got)
	}
	// And it may move back.
	if err := l.Move(ctx, to, here); err != nil {
		t.Fatal(err)
	}
	if got := subscriptions(t, l, here); got != "b immediate cursor=0 file\na immediate cursor=0" {
		t.Errorf("back at the old place: %s", got)
	}
}

func TestSuspend(t *testing.T) {
	l := openNew(t)
	ctx := t.Context()
	record(t, l, dossier(t, "a"))
	subscribe(t, l, here.String(), "a", "daily 08:00")
	if err := l.SetDefault(ctx, here, "a", "telegram:1"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		if first, err := l.Suspend(ctx, here, "blocked"); first != want || err != nil {
			t.Errorf("time %d: first %v, %v", i, first, err)
		}
	}
	subs, err := l.Subscriptions(ctx, here)
	if err != nil || subs[0].Suspended != "blocked" {
		t.Errorf("subscriptions %+v, %v", subs, err)
	}
	for range 2 {
		if err := l.Resume(ctx, here); err != nil {
			t.Fatal(err)
		}
	}
	if subs, err = l.Subscriptions(ctx, here); err != nil || subs[0].Suspended != "" {
		t.Errorf("subscriptions %+v, %v", subs, err)
	}
	if first, err := l.Suspend(ctx, here, "again"); !first || err != nil {
		t.Errorf("suspended again: first %v, %v", first, err)
	}
	if story, err := l.Default(ctx, here); story != "a" || err != nil {
		t.Errorf("the default is %q, %v", story, err)
	}
}

// TestResumeThreads lets the bot back into a group: its topics are open again, and
// those of a group whose name begins alike stay shut.
func TestResumeThreads(t *testing.T) {
	l := openNew(t)
	ctx := t.Context()
	names := []string{"telegram:-100", "telegram:-100/7", "telegram:-100/8", "telegram:-1001/7"}
	suspended := func() string {
		var still []string
		for _, name := range names {
			where, err := chat.ParseConversation(name)
			if err != nil {
				t.Fatal(err)
			}
			reason, err := l.Suspended(ctx, where)
			if err != nil {
				t.Fatal(err)
			}
			if reason != "" {
				still = append(still, name+" "+reason)
			}
		}
		return strings.Join(still, ", ")
	}
	for _, name := range names[1:] {
		where, err := chat.ParseConversation(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Suspend(ctx, where, "kicked"); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Resume(ctx, chat.Conversation{Platform: "telegram", ID: "-100", Thread: "8"}); err != nil {
		t.Fatal(err)
	}
	if got := suspended(); got != "telegram:-100/7 kicked, telegram:-1001/7 kicked" {
		t.Errorf("a topic is open again, suspended are %s", got)
	}
	if err := l.Resume(ctx, chat.Conversation{Platform: "telegram", ID: "-100"}); err != nil {
		t.Fatal(err)
	}
	if got := suspended(); got != "telegram:-1001/7 kicked" {
		t.Errorf("the group is open again, suspended are %s", got)
	}
}

func TestDefault(t *testing.T) {
	l := openNew(t)
	ctx := t.Context()
	for _, story := range []string{"", "a", "b", ""} {
		if story != "" {
			if err := l.SetDefault(ctx, here, story, "telegram:1"); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := l.Default(ctx, here); got != story && story != "" || err != nil {
			t.Errorf("the default is %q, %v; want %q", got, err, story)
		}
	}
	if err := l.SetDefault(ctx, here, "", ""); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Default(ctx, here); got != "" || err != nil {
		t.Errorf("the default is %q, %v", got, err)
	}
}

func TestAllSubscriptions(t *testing.T) {
	l := openNew(t)
	for _, where := range []string{"telegram:2", "discord:1", "telegram:1"} {
		subscribe(t, l, where, "a", "hourly")
	}
	all, err := l.AllSubscriptions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range all {
		got = append(got, s.Where.String())
	}
	if want := []string{"discord:1", "telegram:1", "telegram:2"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if !all[0].takes("a") || all[0].takes("b") {
		t.Errorf("%+v takes the wrong stories", all[0])
	}
}
