package discord

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

const (
	newsID  = "2000000000000000010" // an announcement channel
	forumID = "2000000000000000011"
	mediaID = "2000000000000000012"
	voiceID = "2000000000000000013"
)

// threaded runs test on a stage with channels of all types.
func threaded(t *testing.T, test func(*stage)) {
	t.Helper()
	play(t, func(s *stage) {
		for id, kind := range map[string]int{
			newsID: discordtest.AnnouncementChannel, forumID: discordtest.ForumChannel, mediaID: discordtest.MediaChannel, voiceID: discordtest.VoiceChannel,
		} {
			s.server.AddChannel(discordtest.Channel{ID: id, Guild: guildID, Name: "channel", Type: kind})
		}
		test(s)
	})
}

func (s *stage) open(in, name, key string) (chat.Conversation, error) {
	return s.discord.OpenThread(s.ctx, conversation(in), name, chat.Card{Title: "A story", Lead: chat.Plainly("What it is about.")}, key)
}

func TestOpenThread(t *testing.T) {
	for name, in := range map[string]string{"text": channelID, "announcement": newsID, "forum": forumID, "media": mediaID} {
		t.Run(name, func(t *testing.T) {
			threaded(t, func(s *stage) {
				opened, err := s.open(in, "Harbour bridge", "key")
				if err != nil {
					s.Fatal(err)
				}
				threads := s.server.Threads(in)
				if len(threads) != 1 || opened != conversation(threads[0].ID) || threads[0].Name != "Harbour bridge" {
					s.Fatalf("opened was %v, there is %+v", opened, threads)
				}
				begin, ok := s.server.Message(opened.ID)
				if !ok || !strings.Contains(begin.Text(), "What it is about.") {
					s.Errorf("at its beginning is %+v", begin)
				}
				s.refusals = true // there is one already
				again, err := s.open(in, "Harbour bridge", "key")
				if err != nil || again != opened {
					s.Errorf("opened again was %v, %v", again, err)
				}
				if n := len(s.server.Messages("")); n != 1 || len(s.server.Threads(in)) != 1 {
					s.Errorf("%d messages, threads %+v", n, s.server.Threads(in))
				}
				if m := s.send(opened.ID, chat.Card{Title: "News"}, "news"); m.Channel != opened.ID {
					s.Errorf("posted was %+v", m)
				}
				if got, want := s.discord.MessageURL(s.ctx, opened, "77"), "https://discord.com/channels/"+guildID+"/"+opened.ID+"/77"; got != want {
					s.Errorf("its messages are at %q", got)
				}
				for _, r := range s.server.Requests() {
					if strings.HasSuffix(r.Route, "/threads") && !strings.Contains(string(r.Body), `"auto_archive_duration":10080`) {
						s.Errorf("opened with %s", r.Body)
					}
				}
			})
		})
	}
}

func TestThreadNames(t *testing.T) {
	threaded(t, func(s *stage) {
		for i, test := range []struct{ name, want string }{
			{strings.Repeat("ї", 130), strings.Repeat("ї", 99) + "…"},
			{strings.Repeat("ї", 100), strings.Repeat("ї", 100)},
			{" two\nlines ", "two lines"}, {"", "…"}, {"\u200b \n", "…"},
		} {
			opened, err := s.discord.OpenThread(s.ctx, conversation(channelID), test.name, chat.Card{}, "key"+string(rune('a'+i)))
			if err != nil {
				s.Fatalf("%q: %v", test.name, err)
			}
			threads := s.server.Threads(channelID)
			if got := threads[len(threads)-1].Name; got != test.want {
				s.Errorf("%q is called %q (%d), want %q", test.name, got, utf8.RuneCountInString(got), test.want)
			}
			if m, _ := s.server.Message(opened.ID); !strings.Contains(m.Text(), strings.TrimSuffix(test.want, "…")) {
				s.Errorf("%q begins with %q", test.name, m.Text())
			}
		}
	})
}

// TestThreadOpenedWithoutAnAnswer loses each answer on the way: it is the same thread.
func TestThreadOpenedWithoutAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		in    string
		fault discordtest.Fault
		first string
	}{
		"of the first message": {channelID, discordtest.Fault{Method: "POST", Path: "/channels/*/messages"}, "uncertain"},
		"of the thread":        {channelID, discordtest.Fault{Method: "POST", Path: "/channels/*/messages/*/threads"}, "uncertain"},
		"of the post":          {forumID, discordtest.Fault{Method: "POST", Path: "/channels/*/threads"}, "uncertain"},
	} {
		t.Run(name, func(t *testing.T) {
			threaded(t, func(s *stage) {
				s.refusals = true
				test.fault.Reset, test.fault.After = true, true
				s.server.Fail(test.fault)
				_, err := s.open(test.in, "Harbour bridge", "key")
				s.expect(err, test.first, "")
				s.discord.starters = starters{} // as after a crash
				opened, err := s.open(test.in, "Harbour bridge", "key")
				if err != nil {
					s.Fatal(err)
				}
				threads := s.server.Threads(test.in)
				if len(threads) != 1 || threads[0].ID != opened.ID || len(s.server.Messages("")) != 1 {
					s.Errorf("opened was %v; there is %+v with %d messages", opened, threads, len(s.server.Messages("")))
				}
			})
		})
	}
}

// Two stories of one name have a post each; what a process before this one opened is
// found again while it is new.
func TestPostsOfOneNameInAForum(t *testing.T) {
	threaded(t, func(s *stage) {
		open := func(key string) chat.Conversation {
			to, err := s.open(forumID, "Harbour bridge", key)
			if err != nil {
				s.Fatal(err)
			}
			return to
		}
		first, second := open("key"), open("another")
		if first == second {
			s.Error("two stories of one name have one post")
		}
		if again := open("key"); again != first {
			s.Errorf("one key has the posts %v and %v", first, again)
		}
		s.discord.starters.forget(forumID + " another")
		if again := open("another"); again != second {
			s.Errorf("after a restart: %v, want %v", again, second)
		}
		time.Sleep(time.Hour) // of the bubble
		s.discord.starters.forget(forumID + " key")
		if later := open("key"); later == first {
			s.Errorf("an old post was taken for a new one: %v", later)
		}
	})
}

func TestThreadsThatCannotBe(t *testing.T) {
	for name, test := range map[string]struct {
		in         string
		prepare    func(s *stage)
		want, says string
	}{
		"in a thread":        {threadID, nil, "fixed", "a thread holds no threads"},
		"in a direct chat":   {directID, nil, "fixed", "direct chat"},
		"in a voice channel": {voiceID, nil, "fixed", "this type"},
		"not allowed":        {channelID, func(s *stage) { s.deny(discordtest.CreatePublicThreads) }, "fixed", "CREATE_PUBLIC_THREADS"},
		"none to write in":   {channelID, func(s *stage) { s.deny(discordtest.SendMessagesInThreads) }, "fixed", "SEND_MESSAGES_IN_THREADS"},
		"too many":           {channelID, func(s *stage) { s.crowd() }, "fixed", "too many"},
		"too many posts":     {forumID, func(s *stage) { s.crowd() }, "fixed", "too many"},
		"forum not allowed":  {forumID, func(s *stage) { s.deny(discordtest.SendMessages) }, "fixed", "may not create"},
		"forum wants a tag": {forumID, func(s *stage) {
			s.server.AddChannel(discordtest.Channel{ID: forumID, Guild: guildID, Type: discordtest.ForumChannel, Flags: 1 << 4})
		}, "fixed", "tag"},
		"refused when opened": {channelID, func(s *stage) {
			s.server.Fail(discordtest.Fault{Path: "/channels/*/messages/*/threads", Status: 403, Code: 50013})
		}, "fixed", "may not create"},
		"unseen":              {channelID, func(s *stage) { s.deny(discordtest.ViewChannel) }, "gone", "Missing Access"},
		"unknown":             {"999", nil, "gone", "Unknown Channel"},
		"not to be posted to": {channelID, func(s *stage) { s.deny(discordtest.SendMessages) }, "gone", "SEND_MESSAGES"},
		"broken":              {channelID, func(s *stage) { s.server.Fail(discordtest.Fault{Path: "/guilds/*", Status: 503}) }, "later", ""},
	} {
		t.Run(name, func(t *testing.T) {
			threaded(t, func(s *stage) {
				s.refusals = true
				if test.prepare != nil {
					test.prepare(s)
				}
				opened, err := s.open(test.in, "Harbour bridge", "key")
				s.expect(err, test.want, test.says)
				if opened != (chat.Conversation{}) {
					s.Errorf("opened was %v all the same", opened)
				}
				if all := s.server.Messages(""); len(all) != 0 {
					s.Errorf("left behind was %+v", all)
				}
			})
		})
	}
}

// crowd fills the guild with threads.
func (s *stage) crowd() {
	s.server.AddGuild(discordtest.Guild{ID: guildID, Name: "Newsroom", Active: 1000})
}

// TestStarterDeletedMeanwhile has a moderator delete the first message before the
// thread is there: a new one is posted once the nonce is forgotten.
func TestStarterDeletedMeanwhile(t *testing.T) {
	threaded(t, func(s *stage) {
		s.refusals = true
		s.server.Fail(discordtest.Fault{Path: "/channels/*/messages/*/threads", Status: 503})
		_, err := s.open(channelID, "Harbour bridge", "key")
		s.expect(err, "later", "")
		s.server.DeleteMessage(s.server.Messages(channelID)[0].ID)
		opened := chat.Conversation{}
		for i := 0; i < 10 && opened.ID == ""; i++ {
			if opened, err = s.open(channelID, "Harbour bridge", "key"); err != nil {
				s.expect(err, "later", "deleted")
				time.Sleep(time.Minute) // of the bubble
			}
		}
		if n := len(s.server.Threads(channelID)); err != nil || n != 1 {
			s.Errorf("%d threads, %v", n, err)
		}
	})
}

func TestPostingToClosedThreads(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.refusals = true
		s.archive(threadID, false)
		m := s.send(threadID, tended(), "key")
		// That opened it again, so that it can be edited.
		s.expect(s.discord.Edit(s.ctx, conversation(threadID), chat.MessageID(m.ID), tended()), "sent", "")
		s.archive(threadID, true)
		_, err := s.discord.Send(s.ctx, conversation(threadID), tended(), "another")
		s.expect(err, "gone", "locked")
	})
}
