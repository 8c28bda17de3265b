package discord

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

// tended is a card with all that an edit may change.
func tended() chat.Card {
	return chat.Card{
		Title: "Digest", Lead: chat.Plainly("As it was"), Note: chat.Plainly("A note"),
		Actions: [][]chat.Action{{{Label: "Read", Call: "overview a"}}},
	}
}

// expect fails the test unless err is the outcome and its text holds a word.
func (s *stage) expect(err error, outcome, word string) {
	s.Helper()
	if got := outcomeName(err); got != outcome || err != nil && !strings.Contains(err.Error(), word) {
		s.Errorf("%s (%v), want %s with %q", got, err, outcome, word)
	}
}

// deny has everybody's role lack permissions.
func (s *stage) deny(p uint64) {
	s.server.AddGuild(discordtest.Guild{ID: guildID, Name: "Newsroom", Roles: []discordtest.Role{{ID: guildID, Permissions: discordtest.Tending &^ p}}})
}

// asked counts the requests of a method to a route.
func (s *stage) asked(method, route string) int {
	n := 0
	for _, r := range s.server.Requests() {
		if r.Method == method && r.Route == route {
			n++
		}
	}
	return n
}

func TestEditChangesTheMessage(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		for _, in := range []string{channelID, threadID, directID} {
			c := tended()
			c.Picture = &chat.Picture{Name: "timeline.png", Type: "image/png", Alt: "Twelve events", Data: []byte("PNG")}
			m := s.send(in, c, "key")
			now := chat.Card{Title: "Digest", Lead: chat.Text{{Text: "As it was", Style: chat.Strike}, {Text: " @everyone As it is"}}}
			for range 2 {
				if err := s.discord.Edit(s.ctx, conversation(in), chat.MessageID(m.ID), now); err != nil {
					s.Fatalf("%s: %v", in, err)
				}
			}
			m, _ = s.server.Message(m.ID)
			text := m.Text()
			if !strings.Contains(text, "~~As it was~~") || strings.Contains(text, "A note") || strings.Contains(text, "[Read]") || m.Pings || m.Edits != 2 {
				s.Errorf("%s: the message is now %+v", in, m)
			}
		}
		if n := len(s.server.Messages("")); n != 3 {
			s.Errorf("there are %d messages, want 3", n)
		}
		for _, r := range s.server.Requests() {
			if r.Method == http.MethodPatch && !strings.Contains(string(r.Body), `"attachments":[]`) {
				s.Errorf("an edit leaves the picture: %s", r.Body)
			}
		}
	})
}

func TestEditFitsLongCards(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		m := s.send(channelID, tended(), "key")
		long := chat.Card{Title: "Digest"}
		for range 60 {
			long.Items = append(long.Items, chat.Item{Head: chat.Plainly("Заголовок"), Body: chat.Plainly(strings.Repeat("слово ", 60))})
		}
		s.expect(s.discord.Edit(s.ctx, conversation(channelID), chat.MessageID(m.ID), long), "sent", "")
		// Where long texts fail all the same, that is no reason to repeat them.
		if got := outcomeName(toEdit.outcome(&apiError{Status: 500, JSON: true}, maxBytes+1)); got != "refused" {
			s.Errorf("a text that is too long: %s", got)
		}
	})
}

func TestEditDoesWithoutAPictureThatIsNotAllowed(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.refusals = true
		m := s.send(channelID, tended(), "key")
		s.deny(discordtest.AttachFiles)
		c := tended()
		c.Picture = &chat.Picture{Name: "timeline.png", Type: "image/png", Alt: "Twelve events", Data: []byte("PNG")}
		s.expect(s.discord.Edit(s.ctx, conversation(channelID), chat.MessageID(m.ID), c), "sent", "")
		if m, _ = s.server.Message(m.ID); !strings.Contains(m.Text(), "Twelve events") || len(m.Files) != 0 {
			s.Errorf("it shows\n%s\nwith %v", m.Text(), m.Files)
		}
	})
}

func TestEditOutcomes(t *testing.T) {
	patch := "/channels/*/messages/*"
	for name, test := range map[string]struct {
		prepare    func(s *stage, m discordtest.Message)
		want, says string
	}{
		"deleted":  {func(s *stage, m discordtest.Message) { s.server.DeleteMessage(m.ID) }, "fixed", "deleted"},
		"archived": {func(s *stage, m discordtest.Message) { s.archive(threadID, false) }, "fixed", "archived"},
		"unseen":   {func(s *stage, m discordtest.Message) { s.deny(discordtest.ViewChannel) }, "gone", "VIEW_CHANNEL"},
		"channel":  {func(s *stage, m discordtest.Message) { s.server.DeleteChannel(threadID) }, "gone", "Unknown Channel"},
		"limited": {func(s *stage, m discordtest.Message) {
			s.server.Fail(discordtest.Fault{Path: patch, Status: 429, RetryAfter: time.Second, Scope: "user"})
		}, "later", ""},
		"over all": {func(s *stage, m discordtest.Message) {
			s.server.Fail(discordtest.Fault{Path: patch, Status: 429, RetryAfter: time.Second, Scope: "global"})
		}, "later, everyone", ""},
		"broken": {func(s *stage, m discordtest.Message) { s.server.Fail(discordtest.Fault{Path: patch, Status: 502}) }, "later", ""},
		"unanswered": {func(s *stage, m discordtest.Message) {
			s.server.Fail(discordtest.Fault{Path: patch, Reset: true, After: true})
		}, "uncertain", ""},
		"bad body": {func(s *stage, m discordtest.Message) {
			s.server.Fail(discordtest.Fault{Path: patch, Status: 400, Code: 50035})
		}, "refused", ""},
		"old message": {func(s *stage, m discordtest.Message) {
			s.server.Fail(discordtest.Fault{Path: patch, Status: 400, Code: 30046})
		}, "fixed", "too often"},
	} {
		t.Run(name, func(t *testing.T) {
			playUnserved(t, discordtest.Options{}, func(s *stage) {
				s.refusals = true
				m := s.send(threadID, tended(), "key")
				test.prepare(s, m)
				s.expect(s.discord.Edit(s.ctx, conversation(threadID), chat.MessageID(m.ID), tended()), test.want, test.says)
			})
		})
	}
}

// archive archives a thread, and locks it if asked.
func (s *stage) archive(id string, lock bool) {
	s.server.AddChannel(discordtest.Channel{ID: id, Guild: guildID, Name: "a thread", Type: discordtest.PublicThread, Parent: channelID, Archived: true, Locked: lock})
}

func TestEditOfWhatIsNotOurs(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.refusals = true
		id := s.server.Write(channelID, reader.User, "Hello")
		s.expect(s.discord.Edit(s.ctx, conversation(channelID), chat.MessageID(id), tended()), "fixed", "not the bot's own")
		m := s.send(channelID, tended(), "key")
		s.expect(s.discord.Edit(s.ctx, conversation(threadID), chat.MessageID(m.ID), tended()), "fixed", "deleted")
		for _, id := range []chat.MessageID{"", "x", "../1"} {
			s.expect(s.discord.Edit(s.ctx, conversation(channelID), id, tended()), "fixed", "no message")
			s.expect(s.discord.Pin(s.ctx, conversation(channelID), id), "fixed", "no message")
		}
	})
}

// An edit of an old message waits where that is short, and is given up where it is
// not. Either way it keeps nothing else back.
func TestOldMessagesAreEditedOnlySoOften(t *testing.T) {
	for name, test := range map[string]struct {
		per  time.Duration
		want string
	}{
		"seconds": {20 * time.Second, "later"},
		"an hour": {time.Hour, "fixed"},
	} {
		t.Run(name, func(t *testing.T) {
			playUnserved(t, discordtest.Options{Limits: true}, func(s *stage) {
				s.refusals = true
				s.server.SetOldEdits(3, test.per)
				m := s.send(channelID, tended(), "key")
				edit := func(m discordtest.Message) error {
					return s.discord.Edit(s.ctx, conversation(m.Channel), chat.MessageID(m.ID), tended())
				}
				for range 10 {
					s.expect(edit(m), "sent", "")
				}
				time.Sleep(2 * time.Hour) // of the bubble
				for range 3 {
					s.expect(edit(m), "sent", "")
				}
				err := edit(m)
				s.expect(err, test.want, "")
				began := time.Now()
				fresh := s.send(channelID, tended(), "another")
				s.expect(edit(fresh), "sent", "")
				if took := time.Since(began); took > 5*time.Second {
					s.Errorf("a new message and its edit took %v", took)
				}
				var later *chat.Later
				if errors.As(err, &later) {
					time.Sleep(later.After)
					s.expect(edit(m), "sent", "")
				}
			})
		})
	}
}

func TestReplyAnswersAndNotifiesNobody(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		first := s.send(channelID, tended(), "first")
		for range 2 {
			id, err := s.discord.Reply(s.ctx, conversation(channelID), chat.MessageID(first.ID), tended(), "answer")
			if err != nil {
				s.Fatal(err)
			}
			if m, _ := s.server.Message(string(id)); m.Reply != first.ID || m.Nonce != "answer" {
				s.Errorf("the answer is %+v", m)
			}
		}
		all := s.server.Messages(channelID)
		if len(all) != 2 {
			s.Errorf("%d messages, want 2", len(all))
		}
		requests := s.server.Requests()
		body := string(requests[len(requests)-1].Body)
		for _, word := range []string{`"replied_user":false`, `"parse":[]`, `"enforce_nonce":true`, `"fail_if_not_exists":false`} {
			if !strings.Contains(body, word) {
				s.Errorf("an answer without %s: %s", word, body)
			}
		}
	})
}

func TestReplyToWhatCannotBeAnswered(t *testing.T) {
	for name, prepare := range map[string]func(s *stage, m discordtest.Message) string{
		"deleted":    func(s *stage, m discordtest.Message) string { s.server.DeleteMessage(m.ID); return m.ID },
		"elsewhere":  func(s *stage, m discordtest.Message) string { return s.send(threadID, tended(), "there").ID },
		"no history": func(s *stage, m discordtest.Message) string { s.deny(discordtest.ReadMessageHistory); return m.ID },
		"no id":      func(s *stage, m discordtest.Message) string { return "" },
		"unknown": func(s *stage, m discordtest.Message) string {
			s.server.Fail(discordtest.Fault{Body: "message_reference", Status: 404, Code: 10008})
			return m.ID
		},
		"refused as is": func(s *stage, m discordtest.Message) string {
			s.server.Fail(discordtest.Fault{Body: "message_reference", Status: 400, Code: 50035, Message: "message_reference: Cannot reply to a system message"})
			return m.ID
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.refusals = true
				original := prepare(s, s.send(channelID, tended(), "first"))
				id, err := s.discord.Reply(s.ctx, conversation(channelID), chat.MessageID(original), tended(), "answer")
				if err != nil {
					s.Fatal(err)
				}
				if m, ok := s.server.Message(string(id)); !ok || m.Reply != "" || m.Channel != channelID {
					s.Errorf("the answer is %+v", m)
				}
				if s.discord.roster.wasRefused(channelID) {
					s.Error("the channel is taken for lost")
				}
			})
		})
	}
}

func TestPinAndUnpinChangeNothingWhenRepeated(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		for _, in := range []string{channelID, threadID, directID} {
			m := s.send(in, tended(), "key")
			for range 2 {
				s.expect(s.discord.Pin(s.ctx, conversation(in), chat.MessageID(m.ID)), "sent", "")
			}
			if pins := s.server.Pinned(in); !slices.Equal(pins, []string{m.ID}) {
				s.Errorf("pinned is %v", pins)
			}
			for range 2 {
				s.expect(s.discord.Unpin(s.ctx, conversation(in), chat.MessageID(m.ID)), "sent", "")
			}
			if pins := s.server.Pinned(in); len(pins) != 0 {
				s.Errorf("pinned is still %v", pins)
			}
		}
	})
}

// Only Discord's own word on this very pin is taken away, and nothing depends on it.
func TestPinsAreSilent(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		first, second := s.send(threadID, tended(), "first"), s.send(threadID, tended(), "second")
		s.server.Fail(discordtest.Fault{Method: "GET", Path: "/channels/*/messages", Status: 500})
		s.expect(s.discord.Pin(s.ctx, conversation(threadID), chat.MessageID(first.ID)), "sent", "")
		if n := s.server.Notices(threadID); len(n) != 1 {
			s.Errorf("%d notices of the first pin, want the one that could not be found", len(n))
		}
		s.expect(s.discord.Pin(s.ctx, conversation(threadID), chat.MessageID(second.ID)), "sent", "")
		if n := s.server.Notices(threadID); len(n) != 1 || n[0].Reply != first.ID {
			s.Errorf("the notices are %+v, want that of the first pin alone", n)
		}
		if n := len(s.server.Messages(threadID)); n != 2 {
			s.Errorf("%d messages, want 2", n)
		}
	})
}

func TestPinOutcomes(t *testing.T) {
	pins := "/channels/*/messages/pins/*"
	for name, test := range map[string]struct {
		prepare    func(s *stage, m discordtest.Message)
		want, says string
		unpin      string
	}{
		"full":      {func(s *stage, m discordtest.Message) { s.server.FillPins(threadID) }, "fixed", "no more", "sent"},
		"forbidden": {func(s *stage, m discordtest.Message) { s.deny(discordtest.PinMessages) }, "fixed", "PIN_MESSAGES", "fixed"},
		"deleted":   {func(s *stage, m discordtest.Message) { s.server.DeleteMessage(m.ID) }, "fixed", "deleted", "sent"},
		"archived":  {func(s *stage, m discordtest.Message) { s.archive(threadID, false) }, "fixed", "archived", "fixed"},
		"locked": {func(s *stage, m discordtest.Message) {
			s.server.AddChannel(discordtest.Channel{ID: threadID, Guild: guildID, Type: discordtest.PublicThread, Parent: channelID, Locked: true})
		}, "fixed", "locked", "fixed"},
		"unseen": {func(s *stage, m discordtest.Message) { s.deny(discordtest.ViewChannel) }, "gone", "VIEW_CHANNEL", "gone"},
		"unanswered": {func(s *stage, m discordtest.Message) {
			s.server.Fail(discordtest.Fault{Path: pins, Reset: true, Times: 2})
		}, "uncertain", "", "uncertain"},
		"odd": {func(s *stage, m discordtest.Message) {
			s.server.Fail(discordtest.Fault{Path: pins, Status: 400, Code: 99999, Times: 2})
		}, "fixed", "", "fixed"},
		"limited": {func(s *stage, m discordtest.Message) {
			s.server.Fail(discordtest.Fault{Path: pins, Status: 429, RetryAfter: time.Second, Scope: "user", Times: 2})
		}, "later", "", "later"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.refusals = true
				m := s.send(threadID, tended(), "key")
				test.prepare(s, m)
				s.expect(s.discord.Pin(s.ctx, conversation(threadID), chat.MessageID(m.ID)), test.want, test.says)
				s.expect(s.discord.Unpin(s.ctx, conversation(threadID), chat.MessageID(m.ID)), test.unpin, "")
				if lost := s.discord.roster.wasRefused(threadID); lost != (test.want == "gone") {
					s.Errorf("that the channel is taken for lost is %v", lost)
				}
			})
		})
	}
}

func TestMessageURL(t *testing.T) {
	play(t, func(s *stage) {
		for _, test := range []struct{ in, want string }{
			{channelID, "https://discord.com/channels/" + guildID + "/" + channelID + "/77"},
			{threadID, "https://discord.com/channels/" + guildID + "/" + threadID + "/77"},
			{directID, "https://discord.com/channels/@me/" + directID + "/77"},
		} {
			for range 3 {
				if got := s.discord.MessageURL(s.ctx, conversation(test.in), "77"); got != test.want {
					s.Errorf("%q, want %q", got, test.want)
				}
			}
		}
		if n := s.asked("GET", "/channels/{channel}"); n != 3 {
			s.Errorf("it was asked %d times, want once a channel", n)
		}
		// What a question tells need not be asked.
		const other = "2000000000000000077"
		s.server.AddChannel(discordtest.Channel{ID: other, Guild: guildID, Name: "other"})
		s.slash(other, "overview")
		if got := s.discord.MessageURL(s.ctx, conversation(other), "77"); !strings.Contains(got, guildID) {
			s.Errorf("after a question: %q", got)
		}
		if n := s.asked("GET", "/channels/{channel}"); n != 3 {
			s.Errorf("it was asked %d times, want 3", n)
		}
		s.refusals = true
		for _, where := range []chat.Conversation{conversation("1"), {Platform: "telegram", ID: channelID}} {
			if got := s.discord.MessageURL(s.ctx, where, "77"); got != "" {
				s.Errorf("%v has the address %q", where, got)
			}
		}
		if got := s.discord.MessageURL(s.ctx, conversation(channelID), "x"); got != "" {
			s.Errorf("no id has the address %q", got)
		}
	})
}

func TestTendingKeepsToTheLimits(t *testing.T) {
	playUnserved(t, discordtest.Options{Limits: true}, func(s *stage) {
		m := s.send(channelID, tended(), "key")
		s.expect(s.discord.Pin(s.ctx, conversation(channelID), chat.MessageID(m.ID)), "sent", "")
		began := time.Now()
		failed := make(chan error, 200)
		for i := range cap(failed) {
			go func() {
				if i%2 == 0 {
					failed <- s.discord.Edit(s.ctx, conversation(channelID), chat.MessageID(m.ID), tended())
					return
				}
				failed <- s.discord.Pin(s.ctx, conversation(channelID), chat.MessageID(m.ID))
			}()
		}
		for range cap(failed) {
			s.expect(<-failed, "sent", "")
		}
		if took := time.Since(began); took < 4*time.Second {
			s.Errorf("200 requests took %v, which is more than 45 a second", took)
		}
	})
}
