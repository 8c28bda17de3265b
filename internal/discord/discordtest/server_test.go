package discordtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

const (
	testGuild   = "10"
	testChannel = "11"
	testThread  = "12"
)

// A client is a bot that does as it is told.
type client struct {
	*testing.T
	*Server
	http *http.Client
	pipe *Pipe
}

// with runs test with a server and a client in a bubble.
func with(t *testing.T, o Options, test func(*client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pipe := NewPipe()
		o.Listener = pipe
		s, err := NewServer(o)
		if err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{DialContext: pipe.Dial}
		defer func() {
			transport.CloseIdleConnections()
			s.Close()
			pipe.Close()
		}()
		s.AddGuild(Guild{ID: testGuild})
		s.AddChannel(Channel{ID: testChannel, Guild: testGuild})
		s.AddChannel(Channel{ID: testThread, Guild: testGuild, Type: PublicThread, Parent: testChannel})
		test(&client{t, s, &http.Client{Transport: transport}, pipe})
	})
}

// do makes a request and returns its status, Discord's code and the answer.
func (c *client) do(method, path string, body any) (status, code int, answer map[string]any) {
	c.Helper()
	raw, isText := body.(string)
	if !isText {
		data, err := json.Marshal(body)
		if err != nil {
			c.Fatal(err)
		}
		raw = string(data)
	}
	req, err := http.NewRequest(method, c.API()+path, strings.NewReader(raw))
	if err != nil {
		c.Fatal(err)
	}
	req.Header.Set("Authorization", "Bot "+c.Token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, 0, nil
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, 0, nil
	}
	json.Unmarshal(data, &answer) //nolint:errcheck // lists and pages are left out
	return resp.StatusCode, number(answer["code"]), answer
}

type object = map[string]any

func TestMessagesThatAreRefused(t *testing.T) {
	embed := func(e object) object { return object{"embeds": []any{e}} }
	button := func(b object) object {
		return object{"content": "x", "components": []any{object{"type": 1, "components": []any{b}}}}
	}
	good := object{"type": 2, "style": 1, "label": "a", "custom_id": "a"}
	long := func(n int) string { return strings.Repeat("ж", n) }
	for name, test := range map[string]struct {
		body any
		code int // 0: accepted
	}{
		"content":                    {object{"content": long(2000)}, 0},
		"long content":               {object{"content": long(2001)}, 50035},
		"nothing":                    {object{}, 50006},
		"white space":                {object{"content": " \n "}, 50006},
		"not JSON":                   {"{", 50109},
		"an embed":                   {embed(object{"title": long(256), "description": long(3000)}), 0},
		"an empty embed":             {embed(object{"title": " "}), 50035},
		"a long title":               {embed(object{"title": long(257)}), 50035},
		"a long description":         {embed(object{"description": strings.Repeat("x", 4097)}), 50035},
		"a long footer":              {embed(object{"title": "x", "footer": object{"text": long(2049)}}), 50035},
		"an empty footer":            {embed(object{"title": "x", "footer": object{"text": ""}}), 50035},
		"a long author":              {embed(object{"author": object{"name": long(257)}}), 50035},
		"too much over all embeds":   {object{"embeds": []any{object{"description": strings.Repeat("x", 4000)}, object{"description": strings.Repeat("x", 2001)}}}, 50035},
		"eleven embeds":              {object{"embeds": []any{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}, 50035},
		"a bad address":              {embed(object{"title": "x", "url": "javascript:x"}), 50035},
		"a button":                   {button(good), 0},
		"a button without a label":   {button(object{"type": 2, "style": 1, "custom_id": "a"}), 50035},
		"a button without an id":     {button(object{"type": 2, "style": 1, "label": "a"}), 50035},
		"a long id":                  {button(object{"type": 2, "style": 1, "label": "a", "custom_id": long(101)}), 50035},
		"a long label":               {button(object{"type": 2, "style": 1, "label": long(81), "custom_id": "a"}), 50035},
		"a link button":              {button(object{"type": 2, "style": 5, "label": "a", "url": "https://example.org/"}), 0},
		"a link button with an id":   {button(object{"type": 2, "style": 5, "label": "a", "url": "https://example.org/", "custom_id": "a"}), 50035},
		"a link button without link": {button(object{"type": 2, "style": 5, "label": "a"}), 50035},
		"no style":                   {button(object{"type": 2, "label": "a", "custom_id": "a"}), 50035},
		"one id twice":               {object{"content": "x", "components": []any{object{"type": 1, "components": []any{good, good}}}}, 50035},
		"six buttons in a row":       {object{"content": "x", "components": []any{object{"type": 1, "components": []any{good, good, good, good, good, good}}}}, 50035},
		"an empty row":               {object{"content": "x", "components": []any{object{"type": 1, "components": []any{}}}}, 50035},
		"a button without a row":     {object{"content": "x", "components": []any{good}}, 50035},
		"ephemeral by itself":        {object{"content": "x", "flags": Ephemeral}, 50035},
		"components v2":              {object{"content": "x", "flags": 1 << 15}, 50035},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, Options{}, func(c *client) {
				status, code, _ := c.do("POST", "/channels/"+testChannel+"/messages", test.body)
				if code != test.code || (status == 200) != (test.code == 0) {
					c.Errorf("%d with code %d, want code %d", status, code, test.code)
				}
				if n := len(c.Refused()); (n == 0) != (test.code == 0) {
					c.Errorf("%d refused requests", n)
				}
			})
		})
	}
}

func TestTooManyBytesFail(t *testing.T) {
	with(t, Options{}, func(c *client) {
		status, _, _ := c.do("POST", "/channels/"+testChannel+"/messages", object{"embeds": []any{object{"description": strings.Repeat("漢", 3400)}}})
		if status != 500 {
			c.Errorf("status %d, want 500", status)
		}
	})
}

func TestTokenIsAskedFor(t *testing.T) {
	with(t, Options{}, func(c *client) {
		req, err := http.NewRequest("GET", c.API()+"/users/@me", nil)
		if err != nil {
			c.Fatal(err)
		}
		req.Header.Set("Authorization", "Bot another")
		resp, err := c.http.Do(req)
		if err != nil {
			c.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 401 {
			c.Errorf("status %d, want 401", resp.StatusCode)
		}
	})
}

func TestPermissionsAreAskedFor(t *testing.T) {
	for name, test := range map[string]struct {
		channel string
		has     uint64
		code    int
	}{
		"all":                  {testChannel, Posting, 0},
		"not seen":             {testChannel, Posting &^ ViewChannel, 50001},
		"not written":          {testChannel, Posting &^ SendMessages, 50013},
		"no embeds":            {testChannel, Posting &^ EmbedLinks, 50013},
		"threads are not that": {testChannel, Posting &^ SendMessagesInThreads, 0},
		"not in threads":       {testThread, Posting &^ SendMessagesInThreads, 50013},
		"in threads":           {testThread, Posting &^ SendMessages, 0},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, Options{}, func(c *client) {
				c.AddGuild(Guild{ID: testGuild, Roles: []Role{{ID: testGuild, Permissions: test.has}}})
				if _, code, _ := c.do("POST", "/channels/"+test.channel+"/messages", object{"embeds": []any{object{"title": "x"}}}); code != test.code {
					c.Errorf("code %d, want %d", code, test.code)
				}
			})
		})
	}
}

func TestNonceIsKeptForMinutes(t *testing.T) {
	with(t, Options{}, func(c *client) {
		post := func() any {
			_, _, m := c.do("POST", "/channels/"+testChannel+"/messages", object{"content": "x", "nonce": "n", "enforce_nonce": true})
			return m["id"]
		}
		first := post()
		if again := post(); again != first {
			c.Errorf("the repeat made message %v of %v", again, first)
		}
		<-time.After(nonceWindow + time.Second)
		if late := post(); late == first {
			c.Error("the nonce is kept for ever")
		}
	})
}

func TestMentions(t *testing.T) {
	with(t, Options{}, func(c *client) {
		for body, pings := range map[string]bool{
			`{"content":"@everyone"}`:                                           true,
			`{"content":"@everyone","allowed_mentions":{"parse":[]}}`:           false,
			`{"content":"@everyone","allowed_mentions":{"parse":["everyone"]}}`: true,
			`{"content":"nobody"}`:                                              false,
			`{"embeds":[{"title":"@everyone"}]}`:                                false,
			`{"content":"<@1>","allowed_mentions":{"parse":[],"users":["1"]}}`:  true,
		} {
			_, _, m := c.do("POST", "/channels/"+testChannel+"/messages", body)
			if got, _ := c.Message(fmt.Sprint(m["id"])); got.Pings != pings {
				c.Errorf("%s pings: %v", body, got.Pings)
			}
		}
	})
}

func TestLimits(t *testing.T) {
	with(t, Options{Limits: true}, func(c *client) {
		for i := range 6 {
			status, _, answer := c.do("POST", "/channels/"+testChannel+"/messages", object{"content": "x"})
			if want := map[bool]int{true: 200, false: 429}[i < 5]; status != want {
				c.Errorf("message %d: %d, want %d", i, status, want)
			}
			if i == 5 && (answer["global"] != false || answer["retry_after"].(float64) < 4) {
				c.Errorf("answer %v", answer)
			}
		}
		<-time.After(5 * time.Second)
		limited := 0
		for range 60 {
			status, _, answer := c.do("GET", "/gateway/bot", "")
			if status == 429 && answer["global"] == true {
				limited++
			}
		}
		if limited != 10 {
			c.Errorf("%d of 60 requests in a second are limited, want 10", limited)
		}
	})
}

func TestFaultsBeforeAndAfter(t *testing.T) {
	with(t, Options{}, func(c *client) {
		path := "/channels/" + testChannel + "/messages"
		c.Fail(Fault{Path: "/channels/*/messages", Body: "first", Reset: true})
		c.Fail(Fault{Path: "/channels/*/messages", Body: "second", Status: 503, After: true})
		c.Fail(Fault{Method: "PATCH", Status: 500, Times: -1})
		if status, _, _ := c.do("POST", path, object{"content": "first"}); status != 0 {
			c.Errorf("status %d, want none", status)
		}
		if status, _, _ := c.do("POST", path, object{"content": "second"}); status != 503 {
			c.Errorf("status %d, want 503", status)
		}
		if all := c.Messages(testChannel); len(all) != 1 || all[0].Content != "second" {
			c.Errorf("messages %v, want the second", all)
		}
		for range 3 {
			if status, _, _ := c.do("PATCH", path+"/1", object{"content": "x"}); status != 500 {
				c.Errorf("status %d, want 500", status)
			}
		}
		if n := len(c.Refused()); n != 0 {
			c.Errorf("%d scripted faults count as refused", n)
		}
		c.Heal()
		if status, _, _ := c.do("POST", path, object{"content": "first"}); status != 200 {
			c.Errorf("status %d after healing", status)
		}
	})
}

func TestCommandsThatAreRefused(t *testing.T) {
	option := func(o ...object) []any {
		var list []any
		for _, o := range o {
			list = append(list, o)
		}
		return []any{object{"name": "a", "description": "d", "options": list}}
	}
	for name, test := range map[string]struct {
		body any
		good bool
	}{
		"one":                     {[]any{object{"name": "a", "description": "d"}}, true},
		"upper case":              {[]any{object{"name": "A", "description": "d"}}, false},
		"no description":          {[]any{object{"name": "a"}}, false},
		"a long description":      {[]any{object{"name": "a", "description": strings.Repeat("ж", 101)}}, false},
		"one name twice":          {[]any{object{"name": "a", "description": "d"}, object{"name": "a", "description": "d"}}, false},
		"an option":               {option(object{"name": "o", "description": "d", "type": 3}), true},
		"optional before needed":  {option(object{"name": "o", "description": "d", "type": 3}, object{"name": "p", "description": "d", "type": 3, "required": true}), false},
		"one option twice":        {option(object{"name": "o", "description": "d", "type": 3}, object{"name": "o", "description": "d", "type": 3}), false},
		"choices and completing":  {option(object{"name": "o", "description": "d", "type": 3, "autocomplete": true, "choices": []any{object{"name": "x", "value": "y"}}}), false},
		"a choice of a number":    {option(object{"name": "o", "description": "d", "type": 3, "choices": []any{object{"name": "x", "value": 1}}}), false},
		"a choice without a name": {option(object{"name": "o", "description": "d", "type": 3, "choices": []any{object{"name": "", "value": "y"}}}), false},
		"no type":                 {option(object{"name": "o", "description": "d"}), false},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, Options{}, func(c *client) {
				status, _, _ := c.do("PUT", "/applications/"+c.Application()+"/commands", test.body)
				if (status == 200) != test.good {
					c.Errorf("status %d", status)
				}
			})
		})
	}
}

func TestDailyCreations(t *testing.T) {
	with(t, Options{}, func(c *client) {
		path := "/applications/" + c.Application() + "/commands"
		c.do("PUT", path, []any{object{"name": "a", "description": "d"}})
		c.SetCreated(200)
		if status, _, _ := c.do("PUT", path, []any{object{"name": "a", "description": "other"}}); status != 200 {
			c.Error("a command that exists counts as new")
		}
		if _, code, _ := c.do("PUT", path, []any{object{"name": "b", "description": "d"}}); code != 30034 {
			c.Errorf("code %d, want 30034", code)
		}
	})
}

// commandsOf registers a command with an option to complete.
func (c *client) register() {
	c.do("PUT", "/applications/"+c.Application()+"/commands", []any{object{"name": "ask", "description": "d", "options": []any{object{"name": "story", "description": "d", "type": 3, "autocomplete": true}}}})
}

func TestAnswersAreJudged(t *testing.T) {
	content := object{"content": "x"}
	for name, test := range map[string]struct {
		kind string // slash, press, complete
		body object
		code int
	}{
		"an answer":                  {"slash", object{"type": 4, "data": content}, 0},
		"deferred":                   {"slash", object{"type": 5, "data": object{"flags": Ephemeral}}, 0},
		"an update of nothing":       {"slash", object{"type": 7, "data": content}, 50035},
		"choices to a command":       {"slash", object{"type": 8, "data": object{"choices": []any{}}}, 50035},
		"an empty answer":            {"slash", object{"type": 4, "data": object{}}, 50006},
		"a wrong flag":               {"slash", object{"type": 5, "data": object{"flags": 4}}, 50035},
		"an update":                  {"press", object{"type": 7, "data": content}, 0},
		"a later update":             {"press", object{"type": 6}, 0},
		"an answer to a press":       {"press", object{"type": 4, "data": content}, 0},
		"choices":                    {"complete", object{"type": 8, "data": object{"choices": []any{object{"name": "x", "value": "y"}}}}, 0},
		"no choices":                 {"complete", object{"type": 8, "data": object{}}, 50035},
		"a choice without a name":    {"complete", object{"type": 8, "data": object{"choices": []any{object{"name": "", "value": "y"}}}}, 50035},
		"a message to an completion": {"complete", object{"type": 4, "data": content}, 50035},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, Options{}, func(c *client) {
				p := c.ask(test.kind)
				path := "/interactions/" + p.id + "/" + p.token + "/callback"
				if _, code, _ := c.do("POST", path, test.body); code != test.code {
					c.Errorf("code %d, want %d", code, test.code)
				}
				want := 40060
				if test.code != 0 {
					want = test.code
				}
				if _, code, _ := c.do("POST", path, test.body); code != want {
					c.Errorf("a second answer: code %d, want %d", code, want)
				}
			})
		})
	}
}

// ask begins an interaction.
func (c *client) ask(kind string) *Pending {
	c.Helper()
	c.register()
	var p *Pending
	var err error
	switch kind {
	case "slash":
		p, err = c.Slash(Member{User: "1"}, testChannel, "ask", Option{Name: "story", Value: "grain"})
	case "complete":
		p, err = c.Complete(Member{User: "1"}, testChannel, "ask", Option{Name: "story", Value: ""})
	default:
		_, _, m := c.do("POST", "/channels/"+testChannel+"/messages", object{"content": "x", "components": []any{object{"type": 1, "components": []any{object{"type": 2, "style": 1, "label": "a", "custom_id": "a"}}}}})
		p, err = c.Press(Member{User: "1"}, fmt.Sprint(m["id"]), "a")
	}
	if err != nil {
		c.Fatal(err)
	}
	return p
}

func TestInteractionsHaveTheirTime(t *testing.T) {
	with(t, Options{}, func(c *client) {
		p := c.ask("slash")
		callback, webhook := "/interactions/"+p.id+"/"+p.token+"/callback", "/webhooks/"+c.Application()+"/"+p.token
		if _, code, _ := c.do("PATCH", webhook+"/messages/@original", object{"content": "x"}); code != 10015 {
			c.Errorf("an edit before the answer: code %d, want 10015", code)
		}
		<-time.After(3*time.Second + time.Millisecond)
		if !p.Overdue() {
			c.Error("the interaction is not overdue")
		}
		if _, code, _ := c.do("POST", callback, object{"type": 4, "data": object{"content": "x"}}); code != 10062 {
			c.Errorf("a late answer: code %d, want 10062", code)
		}

		p = c.ask("slash")
		callback, webhook = "/interactions/"+p.id+"/"+p.token+"/callback", "/webhooks/"+c.Application()+"/"+p.token
		c.do("POST", callback, object{"type": 5, "data": object{"flags": Ephemeral}})
		<-time.After(14 * time.Minute)
		if status, _, _ := c.do("PATCH", webhook+"/messages/@original", object{"content": "x"}); status != 200 {
			c.Errorf("an edit in time: %d", status)
		}
		if m, err := p.Message(c.Context()); err != nil || !m.Ephemeral() || m.Content != "x" {
			c.Errorf("answer %+v, %v", m, err)
		}
		<-time.After(2 * time.Minute)
		if _, code, _ := c.do("PATCH", webhook+"/messages/@original", object{"content": "y"}); code != 50027 {
			c.Errorf("a late edit: code %d, want 50027", code)
		}
	})
}

func TestFollowUpTakesThePlaceOfADeferredAnswer(t *testing.T) {
	with(t, Options{}, func(c *client) {
		p := c.ask("slash")
		webhook := "/webhooks/" + c.Application() + "/" + p.token
		c.do("POST", "/interactions/"+p.id+"/"+p.token+"/callback", object{"type": 5, "data": object{"flags": Ephemeral}})
		c.do("POST", webhook, object{"content": "first"})
		c.do("POST", webhook, object{"content": "second"})
		if m, err := p.Message(c.Context()); err != nil || m.Content != "first" || !m.Ephemeral() {
			c.Errorf("answer %+v, %v", m, err)
		}
		if m, err := p.FollowUp(c.Context(), 0); err != nil || m.Content != "second" || m.Ephemeral() {
			c.Errorf("follow-up %+v, %v", m, err)
		}
	})
}

func TestWhatNobodyCanDo(t *testing.T) {
	with(t, Options{}, func(c *client) {
		p := c.ask("press")
		by := Member{User: "1"}
		for name, err := range map[string]error{
			"an unknown command": second(c.Slash(by, testChannel, "nothing")),
			"an unknown option":  second(c.Slash(by, testChannel, "ask", Option{Name: "x", Value: "y"})),
			"a wrong type":       second(c.Slash(by, testChannel, "ask", Option{Name: "story", Value: 3.0})),
			"an unknown channel": second(c.Slash(by, "404", "ask")),
			"an unknown button":  second(c.Press(by, p.source.ID, "b")),
			"an unknown message": second(c.Press(by, "404", "a")),
		} {
			if err == nil {
				c.Errorf("%s is possible", name)
			}
		}
	})
}

func second(_ *Pending, err error) error { return err }

// dial opens a gateway connection.
func (c *client) dial() *websocket.Conn {
	c.Helper()
	d := websocket.Dialer{NetDialContext: c.pipe.Dial}
	ws, _, err := d.Dial(c.socketURL()+"/?v=9&encoding=json", nil)
	if err != nil {
		c.Fatal(err)
	}
	return ws
}

// next reads one frame; its op is -1 and the close code in seq when closed.
func next(ws *websocket.Conn) (op int, event string, code int) {
	var f struct {
		Op   int    `json:"op"`
		Type string `json:"t"`
	}
	_, raw, err := ws.ReadMessage()
	if ce, closed := err.(*websocket.CloseError); closed {
		return -1, "", ce.Code
	}
	if err != nil {
		return -1, "", 0
	}
	json.NewDecoder(bytes.NewReader(raw)).Decode(&f) //nolint:errcheck // a zero frame fails the test
	return f.Op, f.Type, 0
}

func TestGateway(t *testing.T) {
	with(t, Options{}, func(c *client) {
		ws := c.dial()
		defer ws.Close()
		if op, _, _ := next(ws); op != 10 {
			c.Errorf("op %d, want hello", op)
		}
		ws.WriteJSON(object{"op": 2, "d": object{"token": "Bot " + c.Token(), "intents": 1}}) //nolint:errcheck // reading fails next
		if _, event, _ := next(ws); event != "READY" {
			c.Errorf("event %q, want READY", event)
		}
		if _, event, _ := next(ws); event != "GUILD_CREATE" {
			c.Errorf("event %q, want GUILD_CREATE", event)
		}
		ws.WriteJSON(object{"op": 1, "d": 1}) //nolint:errcheck // reading fails next
		if op, _, _ := next(ws); op != 11 {
			c.Errorf("op %d, want an acknowledgement", op)
		}
		c.ask("slash")
		if _, event, _ := next(ws); event != "INTERACTION_CREATE" {
			c.Errorf("event %q, want INTERACTION_CREATE", event)
		}
		// No heartbeat for long: the session has timed out.
		if _, _, code := next(ws); code != 4009 {
			c.Errorf("close code %d, want 4009", code)
		}
	})
}

func TestIdentifyIsJudged(t *testing.T) {
	for name, test := range map[string]struct {
		data object
		code int
	}{
		"a wrong token":      {object{"token": "Bot x", "intents": 1}, 4004},
		"no intents":         {object{"token": "x"}, 4002},
		"privileged intents": {object{"token": "TOKEN", "intents": 1 << 15}, 4014},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, Options{Token: "TOKEN"}, func(c *client) {
				ws := c.dial()
				defer ws.Close()
				next(ws)
				ws.WriteJSON(object{"op": 2, "d": test.data}) //nolint:errcheck // reading fails next
				if _, _, code := next(ws); code != test.code {
					c.Errorf("close code %d, want %d", code, test.code)
				}
			})
		})
	}
}
