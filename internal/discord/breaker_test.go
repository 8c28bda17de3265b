package discord

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/discord/discordtest"
)

func TestBreakerStopsInvalidRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		var told []string
		p.trouble = func(key, message string) { told = append(told, key+": "+message) }
		invalid := []*apiError{
			{Status: http.StatusForbidden, JSON: true}, {Status: http.StatusForbidden}, {Status: http.StatusUnauthorized},
			{Status: http.StatusTooManyRequests, Scope: "user", JSON: true}, {Status: http.StatusTooManyRequests, Scope: "global", JSON: true},
		}
		for i := range maxInvalid - 1 {
			p.count(invalid[i%len(invalid)])
		}
		for _, status := range []int{400, 404, 500, 502} {
			p.count(&apiError{Status: status})
		}
		p.count(&apiError{Status: http.StatusTooManyRequests, Scope: "shared"})
		if wait := p.breaker.open(time.Now()); wait != 0 || len(told) != 0 {
			t.Errorf("the breaker is open for %v one request too early; told %q", wait, told)
		}
		p.count(invalid[0])
		_, err := p.acquire(t.Context(), digest, "route", "1")
		if paced, ok := err.(*errPaced); !ok || !paced.everyone || paced.after < 5*time.Minute {
			t.Errorf("acquire() = %v, want to be held for minutes", err)
		}
		if _, err := p.acquire(t.Context(), answer, "route", "1"); err == nil {
			t.Error("an answer is let out, which would count too")
		}
		// What was on its way counts, and nobody is told again.
		p.count(invalid[0])
		if len(told) != 1 || !strings.HasPrefix(told[0], "discord-invalid: ") {
			t.Errorf("told %q, want it once", told)
		}
		<-time.After(10 * time.Minute)
		release, err := p.acquire(t.Context(), digest, "route", "1")
		if err != nil {
			t.Fatalf("acquire() after ten minutes = %v", err)
		}
		release(nil)
		for range maxInvalid {
			p.count(invalid[0])
		}
		if len(told) != 2 {
			t.Errorf("told %d times of two times", len(told))
		}
	})
}

// Invalid requests that are spread out never open the breaker, and it closes as the
// oldest of them are forgotten.
func TestBreakerForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker{began: time.Now()}
		for range 100 {
			for range maxInvalid / 11 {
				if b.count(time.Now()) {
					t.Fatal("the breaker opened")
				}
			}
			<-time.After(time.Minute)
		}
	})
}

// The breaker as the whole adapter has it: the vendor never sees more than its share,
// the operators are told once, and it goes on by itself.
func TestInvalidRequestsOverTheAdapter(t *testing.T) {
	play(t, func(s *stage) {
		s.server.Fail(discordtest.Fault{Path: "/channels/*/messages", Status: 403, Code: 50007, Times: -1})
		sends, held := 0, 0
		for range maxInvalid + 200 {
			_, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "k")
			switch outcomeName(err) {
			case "gone":
				sends++
			case "later, everyone":
				held++
			default:
				s.Fatalf("Send() = %v", err)
			}
		}
		if sends != maxInvalid || held != 200 {
			s.Errorf("%d requests were sent and %d held back, want %d and 200", sends, held, maxInvalid)
		}
		if m := s.operatorsHear("discord-invalid"); !strings.Contains(m, "10,000") {
			s.Errorf("the operators were told %q", m)
		}
		s.server.Heal()
		<-time.After(11 * time.Minute)
		s.send(channelID, chat.Card{Title: "x"}, "k2")
		s.slash(channelID, "overview")
	})
}

// What was noticed before anybody serves is told when somebody does.
func TestTroubleBeforeServing(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		s.server.Fail(discordtest.Fault{Path: "/channels/*/messages", Status: 200, HTML: "<html>sign in"})
		if _, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "k"); outcomeName(err) != "uncertain" {
			s.Errorf("Send() = %v, want uncertain", err)
		}
		s.serve()
		s.wait("the connection", func() bool { return s.server.Connected() == 1 })
		if s.operatorsHear("discord-foreign") == "" {
			s.Error("the operators were not told")
		}
	})
}

// operatorsHear is what the operators were told under a key.
func (s *stage) operatorsHear(key string) string {
	synctest.Wait()
	return s.host.alarm(key)
}

// Pages of a proxy have nothing sent for a while, but for answers, and the adapter
// goes on by itself.
func TestPagesInDiscordsPlace(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		first  string // the outcome of the first
		tries  int    // how many get out before everything waits
	}{
		"a block":       {403, "later", maxStrange},
		"a bad gateway": {502, "later", maxStrange},
		"a sign-in":     {401, "later", maxStrange},
		"not found":     {404, "later", maxStrange},
		"a success":     {200, "uncertain", 1},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.server.Fail(discordtest.Fault{Path: "/channels/*/messages", Status: test.status, HTML: "<html>proxy", Times: -1})
				before := len(s.server.Requests())
				for i := range test.tries {
					_, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "k")
					if got := outcomeName(err); got != test.first {
						s.Errorf("send %d: %s, want %s", i, got, test.first)
					}
				}
				for range 20 {
					_, err := s.discord.Send(s.ctx, conversation(threadID), chat.Card{Title: "x"}, "k")
					if got := outcomeName(err); got != "later, everyone" {
						s.Fatalf("%v, want later for everyone", err)
					}
				}
				if n := len(s.server.Requests()) - before; n != test.tries {
					s.Errorf("%d requests, want %d", n, test.tries)
				}
				if s.operatorsHear("discord-foreign") == "" {
					s.Error("the operators were not told")
				}
				began := time.Now()
				s.slash(channelID, "overview")
				if took := time.Since(began); took > time.Second {
					s.Errorf("an answer waited %v", took)
				}
				s.server.Heal()
				<-time.After(strangeHold)
				s.send(channelID, chat.Card{Title: "x"}, "k")
			})
		})
	}
}

// Single pages among good answers hold nothing up.
func TestSinglePagesHoldNothingUp(t *testing.T) {
	playUnserved(t, discordtest.Options{}, func(s *stage) {
		for i := range 20 {
			s.server.Fail(discordtest.Fault{Path: "/channels/*/messages", Status: 502, HTML: "<html>", Times: maxStrange - 1})
			for range maxStrange - 1 {
				if _, err := s.discord.Send(s.ctx, conversation(channelID), chat.Card{Title: "x"}, "k"); outcomeName(err) != "later" {
					s.Fatalf("Send() = %v", err)
				}
			}
			s.send(channelID, chat.Card{Title: "x"}, fmt.Sprint("k", i))
		}
	})
}

// A clock that is set changes nothing, because nothing here reads one: every wait is
// the difference of two readings of the monotonic clock, which time.Time carries
// until it is made of, or turned into, a date.
func TestNoWaitReadsTheWallClock(t *testing.T) {
	wall := []string{"Unix", "UnixMilli", "UnixNano", "UnixMicro", "Date", "Round", "Truncate", "UTC", "Local", "In"}
	for _, name := range []string{"pacer.go", "breaker.go", "transport.go", "gateway.go", "socket.go", "told.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			// Rounding of a duration is for people, and is called on no time.
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(wall, f.Sel.Name) && !isDuration(call) {
				t.Errorf("%s calls %s, which reads or writes the wall clock", name, f.Sel.Name)
			}
			return true
		})
	}
}

// isDuration says whether a call rounds to a named unit, as only durations are here.
func isDuration(call *ast.CallExpr) bool {
	if len(call.Args) != 1 {
		return false
	}
	unit, ok := call.Args[0].(*ast.SelectorExpr)
	return ok && slices.Contains([]string{"Minute", "Second", "Millisecond"}, unit.Sel.Name)
}
