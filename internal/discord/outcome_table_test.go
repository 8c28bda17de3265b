package discord

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

// publishedCodes are all the JSON error codes of
// https://discord.com/developers/docs/topics/opcodes-and-status-codes#json, in its
// order.
func publishedCodes() []int {
	return []int{
		0, 10001, 10002, 10003, 10004, 10005, 10006, 10007, 10008, 10009, 10010, 10011, 10012, 10013, 10014, 10015,
		10016, 10020, 10021, 10026, 10027, 10028, 10029, 10030, 10031, 10032, 10033, 10036, 10038, 10049, 10050, 10057,
		10059, 10060, 10061, 10062, 10063, 10065, 10066, 10067, 10068, 10069, 10070, 10071, 10087, 10097, 10124, 10129,
		20001, 20002, 20009, 20012, 20015, 20016, 20018, 20022, 20024, 20028, 20029, 20031, 20035,
		30001, 30002, 30003, 30004, 30005, 30007, 30008, 30010, 30011, 30013, 30015, 30016, 30018, 30019, 30030, 30031,
		30032, 30033, 30034, 30035, 30037, 30038, 30039, 30040, 30042, 30045, 30046, 30047, 30048, 30052, 30056, 30058,
		30060, 30061,
		40001, 40002, 40003, 40004, 40005, 40006, 40007, 40009, 40012, 40018, 40019, 40032, 40033, 40041, 40043, 40058,
		40060, 40061, 40062, 40066, 40067, 40074, 40094, 40333,
		50001, 50002, 50003, 50004, 50005, 50006, 50007, 50008, 50009, 50010, 50011, 50012, 50013, 50014, 50015, 50016,
		50017, 50019, 50020, 50021, 50024, 50025, 50026, 50027, 50028, 50033, 50034, 50035, 50036, 50039, 50041, 50045,
		50046, 50054, 50055, 50057, 50067, 50068, 50070, 50073, 50074, 50080, 50081, 50083, 50084, 50085, 50086, 50091,
		50095, 50097, 50101, 50109, 50110, 50123, 50124, 50131, 50132, 50138, 50144, 50145, 50146, 50151, 50159, 50160,
		50161, 50162, 50163, 50167, 50173, 50178, 50192, 50278, 50600,
		60003, 80004, 90001, 90002, 110000, 110001, 130000, 150006, 160002, 160004, 160005, 160006, 160007, 160014,
		170001, 170002, 170003, 170004, 170005, 170006, 170007, 180000, 180002, 200000, 200001, 220001, 220002, 220003,
		220004, 240000, 340015, 350000, 350001, 400001, 500000, 520000, 520001, 520002, 520003, 520004, 520006,
		530000, 530001, 530002, 530003, 530004, 530006, 530007,
	}
}

// A column is what one verb makes of each answer.
type column struct {
	verb string
	path string // what it asks for, as a fault has it
	do   func(s *stage) error
	// codes are the outcomes that a code decides, whatever the status; the rest is
	// decided by the status: lost is that of a 403 and of a 404 with a code, wrong that
	// of what Discord does not take.
	codes       map[string][]int
	lost, wrong string
}

// forNow are the codes of what passes by itself, for every verb, and for one more.
func forNow(more ...int) []int {
	return append(more, 20016, 20022, 20028, 20029, 30037, 30040, 30042, 40003, 40004, 40006, 40062, 40333, 110000, 110001, 130000, 160007)
}

// forAll are the codes of what concerns the application itself.
func forAll() []int { return []int{40001, 40002, 50010, 50014, 50041} }

// closed are the codes of a channel that is closed to the bot for everything, and
// shut those of one where it cannot post.
func closed() []int { return []int{10001, 10003, 10004, 10013, 50001} }

func shut() []int {
	return []int{10007, 20024, 40007, 40058, 40067, 50007, 50008, 50009, 50013, 50024, 50095, 50278, 60003, 160002, 160005}
}

// badCards are the codes of a body that is wrong.
func badCards() []int {
	return []int{20001, 20002, 20009, 20031, 40005, 50006, 50035, 50045, 50046, 50109, 50110, 50123, 200000, 200001, 240000, 400001}
}

// posting are the outcomes of posting, sent those that mean that it was done.
func posting(sent ...int) map[string][]int {
	gone := slices.DeleteFunc(slices.Concat(closed(), shut(), []int{50083}), func(c int) bool { return slices.Contains(sent, c) })
	return map[string][]int{
		"sent": sent, "later": forNow(30046, 160006), "later, everyone": forAll(), "gone": gone, "refused": badCards(),
	}
}

// note is a message that the bot posted.
func (s *stage) note() chat.MessageID {
	s.Helper()
	for _, m := range s.server.Messages(channelID) {
		return chat.MessageID(m.ID)
	}
	return chat.MessageID(s.send(channelID, chat.Card{Title: "Old news"}, "note").ID)
}

// fresh is a key that was not used before.
func (s *stage) fresh() string { return fmt.Sprintf("key-%d", len(s.server.Requests())) }

// columns are the verbs of the table.
func columns() []column {
	const posts, forum = "/channels/" + channelID + "/messages", "2000000000000000009"
	at := conversation(channelID)
	return []column{
		// The first copy of a repeat, deleted since, was sent.
		{verb: "send", path: posts, codes: posting(10008), lost: "gone", wrong: "refused", do: func(s *stage) error {
			_, err := s.discord.Send(s.ctx, at, chat.Card{Title: "News"}, "key")
			return err
		}},
		// What cannot be an answer is posted without being one.
		{verb: "reply", path: posts, codes: posting(10008, 160002), lost: "gone", wrong: "refused", do: func(s *stage) error {
			_, err := s.discord.Reply(s.ctx, at, "1", chat.Card{Title: "News"}, "key")
			return err
		}},
		{verb: "edit", path: posts + "/*", lost: "gone", wrong: "refused", codes: map[string][]int{
			"later": forNow(160006), "later, everyone": forAll(), "gone": slices.Concat(closed(), shut()),
			"fixed": {10008, 30046, 50005, 50021, 50083}, "refused": badCards(),
		}, do: func(s *stage) error {
			return s.discord.Edit(s.ctx, at, s.note(), chat.Card{Title: "News"})
		}},
		{verb: "pin", path: posts + "/pins/*", lost: "fixed", wrong: "fixed", codes: map[string][]int{
			"later": forNow(30046, 160006), "later, everyone": forAll(), "gone": closed(),
		}, do: func(s *stage) error {
			return s.discord.Pin(s.ctx, at, s.note())
		}},
		{verb: "unpin", path: posts + "/pins/*", lost: "fixed", wrong: "fixed", codes: map[string][]int{
			"sent": {10008}, "later": forNow(30046, 160006), "later, everyone": forAll(), "gone": closed(),
		}, do: func(s *stage) error {
			return s.discord.Unpin(s.ctx, at, s.note())
		}},
		// A message from which a thread was to be started, deleted since, is posted anew.
		{verb: "open", path: posts + "/*/threads", lost: "fixed", wrong: "fixed", codes: map[string][]int{
			"sent": {160004}, "later": forNow(30046, 10008), "later, everyone": forAll(), "gone": closed(),
		}, do: func(s *stage) error {
			_, err := s.discord.OpenThread(s.ctx, at, "News", chat.Card{Title: "News"}, s.fresh())
			return err
		}},
		{verb: "open a post", path: "/channels/" + forum + "/threads", lost: "fixed", wrong: "refused", codes: map[string][]int{
			"later": forNow(30046), "later, everyone": forAll(), "gone": closed(),
			"fixed": append(shut(), 10008, 50005, 50021, 50083, 160006), "refused": badCards(),
		}, do: func(s *stage) error {
			s.server.AddChannel(discordtest.Channel{ID: forum, Guild: guildID, Name: "forum", Type: discordtest.ForumChannel})
			_, err := s.discord.OpenThread(s.ctx, conversation(forum), s.fresh(), chat.Card{Title: "News"}, s.fresh())
			return err
		}},
	}
}

func (c column) want(status, code int) string {
	for outcome, codes := range c.codes {
		if slices.Contains(codes, code) {
			return outcome
		}
	}
	switch {
	case status == 403, status == 404 && code != 0:
		return c.lost
	case status == 404:
		return "later, everyone" // the base address is wrong
	}
	return c.wrong
}

// Every published code has one outcome, and so has one that is new.
func TestEveryCodeHasOneOutcome(t *testing.T) {
	codes := append(publishedCodes(), 99999)
	if n := len(slices.Compact(slices.Sorted(slices.Values(codes)))); n != len(codes) {
		t.Fatalf("%d codes, of which %d are different", len(codes), n)
	}
	for _, c := range columns() {
		for outcome, special := range c.codes {
			for _, code := range special {
				if !slices.Contains(codes, code) {
					t.Errorf("%s: code %d is %s, and not among the published", c.verb, code, outcome)
				}
			}
		}
		for _, status := range []int{400, 403, 404} {
			for chunk := range slices.Chunk(codes, 50) {
				t.Run(fmt.Sprintf("%s/%d/%d", c.verb, status, chunk[0]), func(t *testing.T) {
					playUnserved(t, discordtest.Options{}, func(s *stage) { s.eachCode(c, status, chunk) })
				})
			}
		}
	}
}

func (s *stage) eachCode(c column, status int, codes []int) {
	for _, code := range codes {
		s.server.Fail(discordtest.Fault{Path: c.path, Status: status, Code: code, Message: "no"})
		err := c.do(s)
		if got, want := outcomeName(err), c.want(status, code); got != want {
			s.Errorf("%s: %d with code %d: %s, want %s (%v)", c.verb, status, code, got, want, err)
		}
		// A token that is refused once is not tried again, except by this test.
		denied := status == 401 || code == 40001 || code == 50014
		if got := s.discord.refused() != nil; got != denied {
			s.Errorf("%s: %d with code %d stops the adapter: %v, want %v", c.verb, status, code, got, denied)
		}
		s.discord.mu.Lock()
		s.discord.refusal = nil
		s.discord.mu.Unlock()
	}
}

// Every status has one outcome, as JSON without a code and as a page of something
// that stands before Discord.
func TestEveryStatusHasOneOutcome(t *testing.T) {
	want := func(c column, status int, page bool) string {
		switch {
		case status == 429:
			if page {
				return "later, everyone"
			}
			return "later"
		case page && status < 300:
			return "uncertain"
		case page, status >= 500, status < 400:
			return "later"
		}
		switch status {
		case 401, 404, 405:
			return "later, everyone"
		case 403:
			return c.lost
		case 408, 409, 423, 425:
			return "later"
		}
		return c.wrong
	}
	statuses := []int{520, 521, 522, 523, 524, 525, 526, 527, 530}
	for status := 201; status < 512; status++ {
		if status < 209 || status >= 300 && status < 309 || status >= 400 && status < 452 || status >= 499 {
			statuses = append(statuses, status)
		}
	}
	for _, status := range statuses {
		for _, page := range []bool{false, true} {
			if !page && status < 300 || status == 204 || status == 205 || status == 304 {
				continue // a success, or an answer that has no body
			}
			t.Run(fmt.Sprintf("%d page %v", status, page), func(t *testing.T) {
				for _, c := range columns() {
					playUnserved(t, discordtest.Options{}, func(s *stage) {
						f := discordtest.Fault{Path: c.path, Status: status, Message: "no"}
						if page {
							f.HTML = "<html><title>blocked</title>"
						}
						s.server.Fail(f)
						err := c.do(s)
						if got := outcomeName(err); got != want(c, status, page) {
							s.Errorf("%s: %s, want %s (%v)", c.verb, got, want(c, status, page), err)
						}
						if stopped := s.discord.refused() != nil; stopped != (status == 401 && !page) {
							s.Errorf("%s: the adapter stops: %v", c.verb, stopped)
						}
					})
				}
			})
		}
	}
}

// An answer without a body is no refusal: what it stands for is a success, or
// nothing that repeating makes worse.
func TestAnswersWithoutABody(t *testing.T) {
	for status, want := range map[int]string{204: "uncertain", 205: "uncertain", 304: "later"} {
		playUnserved(t, discordtest.Options{}, func(s *stage) {
			s.server.Fail(discordtest.Fault{Path: "/channels/*/messages", Status: status})
			_, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "News"}, "key")
			if got := outcomeName(err); got != want {
				s.Errorf("%d: %s, want %s (%v)", status, got, want, err)
			}
		})
	}
}

// A wait that an answer names is kept, whatever the code.
func TestWaitsThatAnswersName(t *testing.T) {
	for name, test := range map[string]struct {
		fault discordtest.Fault
		want  time.Duration
	}{
		"slow mode": {discordtest.Fault{Status: 429, Code: 20016, RetryAfter: 7 * time.Second, Scope: "user"}, 7 * time.Second},
		"by header": {discordtest.Fault{Status: 503, Header: map[string]string{"Retry-After": "30"}}, 30 * time.Second},
		"no number": {discordtest.Fault{Status: 503, Header: map[string]string{"Retry-After": "NaN"}}, 0},
		"negative":  {discordtest.Fault{Status: 503, Header: map[string]string{"Retry-After": "-5"}}, 0},
		"absurd":    {discordtest.Fault{Status: 503, Header: map[string]string{"Retry-After": "1e300"}}, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			playUnserved(t, discordtest.Options{}, func(s *stage) {
				test.fault.Path = "/channels/*/messages"
				s.server.Fail(test.fault)
				_, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "News"}, "key")
				later, ok := err.(*chat.Later)
				if !ok || later.After != test.want {
					s.Errorf("Send() = %#v, want later after %v", err, test.want)
				}
			})
		})
	}
}
