package telegramtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A reply is what the vendor answered.
type reply struct {
	Status int
	OK     bool            `json:"ok"`
	Result json.RawMessage `json:"result"`
	Error  string          `json:"description"`
	Params struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
	Body string `json:"-"`
}

// ask makes one request as any client would.
func ask(s *Server, method string, pairs ...string) (reply, error) {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	client := &http.Client{Transport: s.Transport()}
	resp, err := client.PostForm(s.URL()+"/bot"+s.Token()+"/"+method, form)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	r := reply{Status: resp.StatusCode, Body: string(data)}
	json.Unmarshal(data, &r)
	return r, nil
}

func must(t *testing.T, s *Server, method string, pairs ...string) reply {
	t.Helper()
	r, err := ask(s, method, pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatIsRefused(t *testing.T) {
	s := NewServer(t, Options{})
	s.AddChat(Chat{ID: 42})
	s.AddChat(Chat{ID: -100, Forum: true, Topics: []int{7}})
	rich := func(e string) []string { return []string{"chat_id", "42", "text", "😀 words", "entities", e} }
	keyboard := func(row string) []string {
		return []string{"chat_id", "42", "text", "x", "reply_markup", `{"inline_keyboard":[` + row + `]}`}
	}
	many := strings.TrimSuffix(strings.Repeat(`{"type":"bold","offset":0,"length":1},`, 101), ",")
	for name, test := range map[string]struct {
		pairs []string
		want  string // empty: accepted
	}{
		"plain":                {[]string{"chat_id", "42", "text", "hello"}, ""},
		"no chat":              {[]string{"chat_id", "7", "text", "hello"}, "chat not found"},
		"empty":                {[]string{"chat_id", "42", "text", " \n"}, "message text is empty"},
		"untrimmed":            {[]string{"chat_id", "42", "text", " a"}, "white space at an end"},
		"longest":              {[]string{"chat_id", "42", "text", strings.Repeat("x", 4096)}, ""},
		"too long":             {[]string{"chat_id", "42", "text", strings.Repeat("x", 4097)}, "message is too long"},
		"too long in units":    {[]string{"chat_id", "42", "text", strings.Repeat("😀", 2049)}, "message is too long"},
		"control characters":   {[]string{"chat_id", "42", "text", "a\x00b"}, "control character"},
		"not UTF-8":            {[]string{"chat_id", "42", "text", "a\xffb"}, "UTF-8"},
		"parse mode":           {[]string{"chat_id", "42", "text", "a", "parse_mode", "HTML"}, "parse_mode"},
		"bold":                 {rich(`[{"type":"bold","offset":3,"length":5}]`), ""},
		"outside":              {rich(`[{"type":"bold","offset":3,"length":6}]`), "outside"},
		"negative":             {rich(`[{"type":"bold","offset":-1,"length":2}]`), "outside"},
		"nothing":              {rich(`[{"type":"bold","offset":3,"length":0}]`), "outside"},
		"half a character":     {rich(`[{"type":"bold","offset":1,"length":3}]`), "surrogate"},
		"white space":          {rich(`[{"type":"bold","offset":2,"length":1}]`), "nothing visible"},
		"unknown type":         {rich(`[{"type":"underlined","offset":3,"length":5}]`), "unsupported"},
		"crossing":             {rich(`[{"type":"bold","offset":3,"length":3},{"type":"italic","offset":4,"length":4}]`), "cross"},
		"nested":               {rich(`[{"type":"bold","offset":3,"length":5},{"type":"italic","offset":4,"length":3}]`), ""},
		"code in bold":         {rich(`[{"type":"bold","offset":3,"length":5},{"type":"code","offset":4,"length":3}]`), "code combines"},
		"quotation in another": {rich(`[{"type":"blockquote","offset":3,"length":5},{"type":"expandable_blockquote","offset":4,"length":3}]`), "nested"},
		"link":                 {rich(`[{"type":"text_link","offset":3,"length":5,"url":"https://a.org/"}]`), ""},
		"a script":             {rich(`[{"type":"text_link","offset":3,"length":5,"url":"javascript:x"}]`), "dropped"},
		"no dot":               {rich(`[{"type":"text_link","offset":3,"length":5,"url":"http://localhost/"}]`), "dropped"},
		"101 entities":         {rich("[" + many + "]"), "101 entities"},
		"entities are no list": {rich(`{}`), "entities"},
		"button":               {keyboard(`[{"text":"a","callback_data":"b"},{"text":"c","url":"https://a.org"}]`), ""},
		"data too long":        {keyboard(`[{"text":"a","callback_data":"` + strings.Repeat("ä", 33) + `"}]`), "BUTTON_DATA_INVALID"},
		"no action":            {keyboard(`[{"text":"a"}]`), "exactly one"},
		"no label":             {keyboard(`[{"text":" ","callback_data":"b"}]`), "non-empty"},
		"bad address":          {keyboard(`[{"text":"a","url":"http://localhost"}]`), "BUTTON_URL_INVALID"},
		"empty row":            {keyboard(`[]`), "row of 0"},
		"nine in a row":        {keyboard("[" + strings.TrimSuffix(strings.Repeat(`{"text":"a","callback_data":"b"},`, 9), ",") + "]"), "row of 9"},
		"101 buttons":          {keyboard(strings.TrimSuffix(strings.Repeat(`[{"text":"a","callback_data":"b"}],`, 101), ",")), "101 buttons"},
		"long markup":          {keyboard(strings.TrimSuffix(strings.Repeat(`[{"text":"`+strings.Repeat("a", 200)+`","callback_data":"b"}],`, 60), ",")), "markup is too long"},
		"topic":                {[]string{"chat_id", "-100", "text", "a", "message_thread_id", "7"}, ""},
		"no such topic":        {[]string{"chat_id", "-100", "text", "a", "message_thread_id", "8"}, "message thread not found"},
		"the general topic":    {[]string{"chat_id", "-100", "text", "a", "message_thread_id", "1"}, "message thread not found"},
		"no such reply":        {[]string{"chat_id", "42", "text", "a", "reply_parameters", `{"message_id":999}`}, "replied not found"},
		"reply anyway":         {[]string{"chat_id", "42", "text", "a", "reply_parameters", `{"message_id":999,"allow_sending_without_reply":true}`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := must(t, s, "sendMessage", test.pairs...)
			switch {
			case test.want == "" && !r.OK:
				t.Errorf("refused: %s", r.Error)
			case test.want != "" && (r.OK || r.Status != 400 || !strings.Contains(r.Error, test.want)):
				t.Errorf("answered %d %s, want %q", r.Status, r.Body, test.want)
			}
		})
	}
}

func TestTheInterfaceIsHeld(t *testing.T) {
	s := NewServer(t, Options{})
	if s.spec == nil { // NewServer fails where that must not be
		t.Skip("set BRIEFBOT_TEST_SPECS to the folder of telegram-bot-api.json")
	}
	s.AddChat(Chat{ID: 42})
	for _, pairs := range [][]string{
		{"chat_id", "42", "text", "a", "silent", "true"},
		{"chat_id", "42", "text", "a", "disable_notification", "yes"},
		{"chat_id", "42", "text", "a", "message_thread_id", "x"},
		{"chat_id", "42", "text", "a", "link_preview_options", `{"off":true}`},
		{"chat_id", "42", "text", "a", "reply_markup", `{"inline_keyboard":[[{"callback_data":"b"}]]}`},
		{"chat_id", "42", "text", "a", "entities", `[{"type":"bold","offset":"0","length":1}]`},
		{"text", "a"},
	} {
		if r := must(t, s, "sendMessage", pairs...); r.OK || !strings.Contains(r.Error, "STRICT") {
			t.Errorf("%v was answered %s", pairs, r.Body)
		}
	}
	if r := must(t, s, "sendRumour"); r.Status != 404 || !strings.Contains(r.Error, "method not found") {
		t.Errorf("an unknown method was answered %s", r.Body)
	}
	// What the vendor itself says must be of its types.
	s.AddChat(Chat{ID: -100, Forum: true, Topics: []int{7}, Members: map[int64]string{42: "creator", 43: "restricted", 44: "kicked"}})
	s.AddChat(Chat{ID: -200, Type: "channel"})
	sent := must(t, s, "sendMessage", "chat_id", "-100", "text", "a", "message_thread_id", "7", "reply_markup", `{"inline_keyboard":[[{"text":"a","callback_data":"b"}]]}`)
	s.Say(42, 42, "/start")
	s.Write(Incoming{Chat: -100, SenderChat: -100, Text: "/x"})
	s.Write(Incoming{Chat: -100, SenderChat: -200, Text: "/x", Caption: true})
	s.Say(-200, 0, "/x")
	s.PressLabel(s.Last(-100), 42, "a")
	s.Press(Press{Chat: 42, From: 42, Message: 1, Data: "x", Inaccessible: true})
	s.Press(Press{From: 42, Data: "x", Inline: "1"})
	s.SetBot(-100, 42, Standing{Status: "restricted", Mute: true})
	s.SetBot(-200, 42, Standing{Status: "kicked"})
	for kind, raw := range map[string]json.RawMessage{
		"User": must(t, s, "getMe").Result, "Message": sent.Result, "ChatFullInfo": must(t, s, "getChat", "chat_id", "-100").Result,
		"WebhookInfo": must(t, s, "getWebhookInfo").Result, "Array of Update": must(t, s, "getUpdates").Result,
		"ChatMemberOwner":      must(t, s, "getChatMember", "chat_id", "-100", "user_id", "42").Result,
		"ChatMemberRestricted": must(t, s, "getChatMember", "chat_id", "-100", "user_id", "43").Result,
		"ChatMemberBanned":     must(t, s, "getChatMember", "chat_id", "-100", "user_id", "44").Result,
		"ChatMemberLeft":       must(t, s, "getChatMember", "chat_id", "-100", "user_id", "45").Result,
	} {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		if err := s.spec.value(kind, v); err != nil {
			t.Errorf("%s: %v\n%s", kind, err, raw)
		}
	}
}

func TestOnlyTheTokenIsLetIn(t *testing.T) {
	s := NewServer(t, Options{})
	for path, want := range map[string]int{"/bot1:x/getMe": 401, "/getMe": 404, "/bot" + s.Token() + "/getMe": 200} {
		resp, err := http.Get(s.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, not %d", path, resp.StatusCode, want)
		}
	}
}

func ids(t *testing.T, r reply) []int64 {
	t.Helper()
	var list []struct {
		ID int64 `json:"update_id"`
	}
	if err := json.Unmarshal(r.Result, &list); err != nil {
		t.Fatalf("%v in %s", err, r.Body)
	}
	var out []int64
	for _, u := range list {
		out = append(out, u.ID)
	}
	return out
}

func TestUpdatesAreKeptUntilConfirmed(t *testing.T) {
	s := NewServer(t, Options{})
	s.AddChat(Chat{ID: 42})
	for range 3 {
		s.Say(42, 42, "hello")
	}
	first := ids(t, must(t, s, "getUpdates", "limit", "2"))
	if len(first) != 2 {
		t.Fatalf("got %v", first)
	}
	if again := ids(t, must(t, s, "getUpdates")); len(again) != 3 || again[0] != first[0] {
		t.Errorf("got %v after %v", again, first)
	}
	if rest := ids(t, must(t, s, "getUpdates", "offset", fmt.Sprint(first[1]+1))); len(rest) != 1 || s.Pending() != 1 {
		t.Errorf("got %v, %d are pending", rest, s.Pending())
	}
	// An offset far ahead is taken for a mistake; one just ahead confirms all.
	if all := ids(t, must(t, s, "getUpdates", "offset", fmt.Sprint(first[1]+1000))); len(all) != 1 {
		t.Errorf("got %v", all)
	}
	if none := ids(t, must(t, s, "getUpdates", "offset", fmt.Sprint(first[1]+2))); len(none) != 0 || s.Pending() != 0 {
		t.Errorf("got %v", none)
	}
	s.Say(42, 42, "hello")
	if none := ids(t, must(t, s, "getUpdates", "allowed_updates", `["callback_query"]`)); len(none) != 0 {
		t.Errorf("got %v of a kind not asked for", none)
	}
}

func TestPollsWaitAndExcludeEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(t, Options{Pipe: true})
		s.AddChat(Chat{ID: 42})
		begun := time.Now()
		if r := must(t, s, "getUpdates", "timeout", "70"); !r.OK || time.Since(begun) != 50*time.Second {
			t.Errorf("waited %v for %s", time.Since(begun), r.Body)
		}
		first := make(chan reply)
		poll := func() {
			r, err := ask(s, "getUpdates", "timeout", "50")
			if err != nil {
				t.Error(err)
			}
			first <- r
		}
		go poll()
		synctest.Wait()
		go poll()
		if r := <-first; r.Status != 409 || !strings.Contains(r.Error, "terminated by other getUpdates") {
			t.Errorf("the first poll was answered %s", r.Body)
		}
		s.Say(42, 42, "hello")
		if r := <-first; !r.OK || len(ids(t, r)) != 1 {
			t.Errorf("the second poll was answered %s", r.Body)
		}
		s.SetWebhook("https://example.org/")
		if r := must(t, s, "getUpdates"); r.Status != 409 || !strings.Contains(r.Error, "webhook is active") {
			t.Errorf("with a webhook: %s", r.Body)
		}
		must(t, s, "deleteWebhook")
		if r := must(t, s, "getUpdates"); !r.OK {
			t.Errorf("without a webhook: %s", r.Body)
		}
	})
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(t, Options{Pipe: true, Limits: true})
		for i := range int64(100) {
			s.AddChat(Chat{ID: 1 + i})
		}
		s.AddChat(Chat{ID: -100})
		send := func(chat int64) reply { return must(t, s, "sendMessage", "chat_id", fmt.Sprint(chat), "text", "a") }
		over := 0
		for i := range int64(100) {
			if send(1+i).Status == 429 {
				over++
			}
		}
		if over != 70 {
			t.Errorf("%d of 100 at once were too many, not 70", over)
		}
		time.Sleep(time.Minute)
		for i := range 6 {
			if got, want := send(1).Status, 200; i >= 4 {
				if got != 429 {
					t.Errorf("message %d to a chat at once: %d", i+1, got)
				}
			} else if got != want {
				t.Errorf("message %d to a chat at once: %d", i+1, got)
			}
		}
		count := 0
		for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(1100 * time.Millisecond) {
			r := send(-100)
			if r.OK {
				count++
			} else if r.Params.RetryAfter < 1 {
				t.Errorf("refused without a time: %s", r.Body)
			}
		}
		if count != 20 {
			t.Errorf("a group got %d in a minute", count)
		}
		if s.Limited() == 0 {
			t.Error("no refusal is in the transcript")
		}
	})
}

func TestEditsPressesAndMembers(t *testing.T) {
	s := NewServer(t, Options{})
	s.AddChat(Chat{ID: 42})
	theirs := s.Say(42, 42, "hello")
	must(t, s, "sendMessage", "chat_id", "42", "text", "a", "reply_markup", `{"inline_keyboard":[[{"text":"More","callback_data":"b"}]]}`)
	m := s.Last(42)
	for _, test := range []struct{ id, text, want string }{
		{fmt.Sprint(m.ID), "b", ""}, {fmt.Sprint(m.ID), "b", "message is not modified"}, {"999", "b", "message to edit not found"}, {fmt.Sprint(theirs), "b", "can't be edited"},
	} {
		if r := must(t, s, "editMessageText", "chat_id", "42", "message_id", test.id, "text", test.text); !strings.Contains(r.Error, test.want) || r.OK != (test.want == "") {
			t.Errorf("editing %s: %s", test.id, r.Body)
		}
	}
	if got := s.Last(42); got.Text != "b" || got.Edits != 1 || got.Keyboard != nil {
		t.Errorf("the message is now %+v", got)
	}
	id := s.PressLabel(m, 42, "More")
	for i, want := range []string{"", "query is too old"} {
		if r := must(t, s, "answerCallbackQuery", "callback_query_id", id, "url", "https://t.me/BriefBot?start=x"); !strings.Contains(r.Error, want) || r.OK != (want == "") {
			t.Errorf("answer %d: %s", i, r.Body)
		}
	}
	if c := s.Callback(id); !c.Answered || c.URL == "" {
		t.Errorf("the press is %+v", c)
	}
	other := s.PressLabel(m, 42, "More")
	if r := must(t, s, "answerCallbackQuery", "callback_query_id", other, "url", "https://example.org/"); r.OK {
		t.Error("a press may lead anywhere")
	}
	if r := must(t, s, "answerCallbackQuery", "callback_query_id", other, "text", strings.Repeat("x", 201)); r.OK {
		t.Error("a press may be answered at any length")
	}
	s.AddChat(Chat{ID: -5, Type: "group"})
	s.Migrate(-5, -1005)
	if r := must(t, s, "sendMessage", "chat_id", "-5", "text", "a"); r.Params.MigrateTo != -1005 {
		t.Errorf("the old group answers %s", r.Body)
	}
	if r := must(t, s, "sendMessage", "chat_id", "-1005", "text", "a"); !r.OK {
		t.Errorf("the new group answers %s", r.Body)
	}
	s.SetBot(42, 42, Standing{Status: "kicked"})
	if r := must(t, s, "sendMessage", "chat_id", "42", "text", "a"); r.Status != 403 {
		t.Errorf("who blocked the bot answers %s", r.Body)
	}
}

func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(t, Options{Pipe: true})
		s.AddChat(Chat{ID: 42})
		s.AddChat(Chat{ID: 43})
		send := func(chat string) (reply, error) {
			client := []string{"chat_id", chat, "text", "a"}
			return ask(s, "sendMessage", client...)
		}
		s.ScriptChat("sendMessage", 42, Fault{Reset: Before}, Fault{Reset: After}, Fault{Status: 502, HTML: true}, Fault{Status: 502, HTML: true, Processed: true},
			Fault{Status: 429, RetryAfter: 3}, Fault{Status: 400, MigrateTo: -7}, Fault{Delay: time.Second}, Fault{Result: "true"})
		if r, err := send("43"); err != nil || !r.OK {
			t.Errorf("another chat: %v %v", r, err)
		}
		for i, want := range []struct {
			dropped          bool
			status, messages int
		}{{true, 0, 0}, {true, 0, 1}, {false, 502, 1}, {false, 502, 2}, {false, 429, 2}, {false, 400, 2}, {false, 200, 3}, {false, 200, 3}, {false, 200, 4}} {
			begun := time.Now()
			r, err := send("42")
			if (err != nil) != want.dropped || r.Status != want.status || len(s.Messages(42)) != want.messages {
				t.Errorf("fault %d: %v, status %d, %d messages", i, err, r.Status, len(s.Messages(42)))
			}
			if i == 6 && time.Since(begun) < time.Second {
				t.Error("nothing was delayed")
			}
			if i == 4 && r.Params.RetryAfter != 3 || i == 5 && r.Params.MigrateTo != -7 {
				t.Errorf("fault %d: %s", i, r.Body)
			}
		}
		stop := s.Always("", func(Call) (Fault, bool) { return Fault{Status: 500}, true })
		if r := must(t, s, "getMe"); r.Status != 500 {
			t.Errorf("always: %s", r.Body)
		}
		stop()
		if r := must(t, s, "getMe"); !r.OK {
			t.Errorf("after always: %s", r.Body)
		}
		s.Script("getMe", Fault{Hang: true})
		hung := &http.Client{Transport: s.Transport(), Timeout: time.Minute}
		if _, err := hung.Get(s.URL() + "/bot" + s.Token() + "/getMe"); err == nil {
			t.Error("nothing hung")
		}
	})
}

func TestDetected(t *testing.T) {
	for text, want := range map[string]int{
		"plain words": 0, "@name": 1, "a@bb.org": 2, "#tag": 1, "#1": 0, "$USD": 1, "$5": 0, "/cmd": 1, "a/b": 0, "README.md": 1,
		"e.g. this": 0, "https://example.org/@x#y": 1, "tg://x": 1, "10.0.0.1": 1, "3.14": 0,
	} {
		if got := Detected(text, nil); len(got) != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got := Detected("@name", []Entity{{Type: "code", Offset: 0, Length: 5}}); len(got) != 0 {
		t.Errorf("in code: %q", got)
	}
}

func TestJSONRequestsAreUnderstood(t *testing.T) {
	s := NewServer(t, Options{})
	s.AddChat(Chat{ID: 42})
	resp, err := http.Post(s.URL()+"/bot"+s.Token()+"/sendMessage", "application/json", strings.NewReader(`{"chat_id":42,"text":"a","entities":[{"type":"bold","offset":0,"length":1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if m := s.Last(42); m.Text != "a" || len(m.Entities) != 1 {
		t.Errorf("the message is %+v", m)
	}
}

func TestCloseEndsPolls(t *testing.T) {
	s := NewServer(t, Options{})
	ended := make(chan error, 1)
	go func() {
		_, err := ask(s, "getUpdates", "timeout", "50")
		ended <- err
	}()
	s.Await("the poll", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.poll > 0
	})
	s.Close()
	if err := <-ended; errors.Is(err, http.ErrHandlerTimeout) {
		t.Error(err)
	}
}
