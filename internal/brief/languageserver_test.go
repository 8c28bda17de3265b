package brief

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestLanguageServer edits briefs with the language server that editors use for YAML,
// which knows nothing of briefs but their schema: it completes keys and words, explains
// them, and points at the places at which Decode points.
func TestLanguageServer(t *testing.T) {
	s := startLanguageServer(t)
	schema, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	s.write("docs/brief.schema.json", string(schema))

	t.Run("keys", func(t *testing.T) {
		s.offers(t, "title: A\noverview: B\n|\ntimeline: []\n", "indicators", "people", "scenarios", "review_by", "audience")
		s.offers(t, "title: A\noverview: B\ntimeline:\n  - id: a\n    date: 2025\n    title: T\n    |\n", "detail", "importance", "announce", "sources", "retracted")
		s.offers(t, "title: A\noverview: B\ntimeline: []\nscenarios:\n  - title: S\n    |\n", "likelihood", "signposts", "assessments", "outcome")
	})
	t.Run("words", func(t *testing.T) {
		s.offers(t, "title: A\noverview: B\nstatus: |\ntimeline: []\n", "active", "watching", "closed")
		s.offers(t, "title: A\noverview: B\ntimeline:\n  - id: a\n    date: 2025\n    title: T\n    announce: |\n", "now", "digest", "silent")
	})
	t.Run("a whole item", func(t *testing.T) {
		item := s.offers(t, "title: A\noverview: B\ntimeline:\n  - |\n", "Event")
		if want := "id: $1\n  date: $2\n  title: $3"; item.InsertText != want {
			t.Errorf("an event begins as %q, want %q", item.InsertText, want)
		}
		item = s.offers(t, "title: A\noverview: B\ntimeline: []\nsources:\n  - |\n", "A whole source")
		if want := "id: $1\n  publisher: $2\n  title: $3\n  url: $4\n  date: $5"; item.InsertText != want {
			t.Errorf("a source is %q, want %q", item.InsertText, want)
		}
	})
	t.Run("explanations", func(t *testing.T) {
		s.explains(t, "title: A\nover|view: B\ntimeline: []\n", "what the story is about")
		s.explains(t, "title: A\noverview: B\nsta|tus: active\ntimeline: []\n", "little happens, and somebody still looks")
	})
	t.Run("places", func(t *testing.T) {
		s.agrees(t, "title: A\noverview: B\ntimeline: []\n")
		s.agrees(t, "title: A\noverview: B\nstatus: opn\ntimeline:\n  - id: A b\n    date: 21.11.2025\n    title: T\n    when: now\n"+
			"scenarios:\n  - title: S\n    likelihood: 1.5\nsources:\n  - {title: P, url: example.org}\nlanguage: english language\n")
	})
}

// A languageServer is yaml-language-server with a folder of briefs.
type languageServer struct {
	t      *testing.T
	dir    string
	in     io.Writer
	out    *bufio.Reader
	calls  int
	briefs int
	marked map[string][]mark // by the brief's address
}

// A mark is where the server says that something is wrong.
type mark struct {
	Range   struct{ Start lspPosition }
	Message string
}

// An lspPosition counts from 0, and its characters in UTF-16 units.
type lspPosition struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

type lspMessage struct {
	ID     json.RawMessage `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

type offer struct{ Label, InsertText string }

// startLanguageServer starts the server that BRIEFBOT_TEST_LANGUAGE_SERVER names, or
// the one on the path.
func startLanguageServer(t *testing.T) *languageServer {
	name := os.Getenv("BRIEFBOT_TEST_LANGUAGE_SERVER")
	if name == "" {
		name = "yaml-language-server"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		const reason = "no language server: npm install -g yaml-language-server, or name it in BRIEFBOT_TEST_LANGUAGE_SERVER; off for none"
		if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" && name != "off" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	s := &languageServer{t: t, dir: t.TempDir(), marked: make(map[string][]mark)}
	for _, folder := range []string{"docs", "briefs"} {
		if err := os.Mkdir(filepath.Join(s.dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), path, "--stdio")
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); command.Wait() })
	s.in, s.out = in, bufio.NewReader(out)
	s.call("initialize", map[string]any{
		"processId": nil, "rootUri": s.address(""),
		"capabilities": map[string]any{
			"workspace": map[string]any{"configuration": true},
			"textDocument": map[string]any{
				"completion": map[string]any{"completionItem": map[string]any{"snippetSupport": true}},
				"hover":      map[string]any{"contentFormat": []string{"markdown"}},
			},
		},
	})
	s.send(lspMessage{Method: "initialized", Params: json.RawMessage("{}")})
	return s
}

func (s *languageServer) address(name string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(s.dir, name))}).String()
}

func (s *languageServer) write(name, text string) {
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *languageServer) send(m lspMessage) {
	body, err := json.Marshal(struct {
		Version string `json:"jsonrpc"`
		lspMessage
	}{"2.0", m})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(s.in, "Content-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		s.t.Fatal(err)
	}
}

func (s *languageServer) receive() (m lspMessage) {
	header, err := textproto.NewReader(s.out).ReadMIMEHeader()
	if err != nil {
		s.t.Fatalf("the language server ended: %v", err)
	}
	n, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		s.t.Fatal(err)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(s.out, body); err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal(body, &m); err != nil {
		s.t.Fatal(err)
	}
	return m
}

// call asks the server and returns its answer. What the server asks meanwhile is
// answered, and what it marks is kept.
func (s *languageServer) call(method string, params any) json.RawMessage {
	s.calls++
	id, text := strconv.Itoa(s.calls), mustJSON(s.t, params)
	s.send(lspMessage{ID: json.RawMessage(id), Method: method, Params: text})
	for {
		m := s.receive()
		switch {
		case m.Method == "" && string(m.ID) == id:
			if m.Error != nil {
				s.t.Fatalf("%s: %s", method, m.Error)
			}
			return m.Result
		default:
			s.handle(m)
		}
	}
}

// handle answers what the server asks, and keeps what it marks.
func (s *languageServer) handle(m lspMessage) {
	switch {
	case m.Method == "workspace/configuration":
		var asked struct{ Items []struct{ Section string } }
		if err := json.Unmarshal(m.Params, &asked); err != nil {
			s.t.Fatal(err)
		}
		settings := make([]any, len(asked.Items))
		for i := range settings {
			settings[i] = map[string]any{
				"validate": true, "hover": true, "completion": true, "schemaStore": map[string]any{"enable": false},
			}
		}
		s.send(lspMessage{ID: m.ID, Result: mustJSON(s.t, settings)})
	case m.ID != nil:
		s.send(lspMessage{ID: m.ID, Result: json.RawMessage("null")})
	case m.Method == "textDocument/publishDiagnostics":
		var told struct {
			URI         string
			Diagnostics []mark
		}
		if err := json.Unmarshal(m.Params, &told); err != nil {
			s.t.Fatal(err)
		}
		s.marked[told.URI] = told.Diagnostics
	}
}

func mustJSON(t *testing.T, v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const modeline = "# yaml-language-server: $schema=../docs/brief.schema.json\n"

// open opens a brief in the editor, and returns where the cursor is, which | marks.
func (s *languageServer) open(text string) (params map[string]any, name string) {
	before, after, _ := strings.Cut(text, "|")
	s.briefs++
	name = fmt.Sprintf("briefs/brief-%d.yaml", s.briefs)
	s.write(name, modeline+before+after)
	s.send(lspMessage{Method: "textDocument/didOpen", Params: mustJSON(s.t, map[string]any{"textDocument": map[string]any{
		"uri": s.address(name), "languageId": "yaml", "version": 1, "text": modeline + before + after,
	}})})
	return map[string]any{
		"textDocument": map[string]any{"uri": s.address(name)},
		"position":     lspPosition{strings.Count(modeline+before, "\n"), len(before) - 1 - strings.LastIndex(before, "\n")},
	}, name
}

// offers checks that the words are offered where | stands, and returns the last.
func (s *languageServer) offers(t *testing.T, text string, words ...string) (last offer) {
	t.Helper()
	params, _ := s.open(text)
	var list struct{ Items []offer }
	if err := json.Unmarshal(s.call("textDocument/completion", params), &list); err != nil {
		t.Fatal(err)
	}
	for _, word := range words {
		i := slices.IndexFunc(list.Items, func(o offer) bool { return o.Label == word })
		if i < 0 {
			t.Errorf("%s is not offered among %v", word, list.Items)
			continue
		}
		last = list.Items[i]
	}
	return last
}

// explains checks what is said of what is under |.
func (s *languageServer) explains(t *testing.T, text, want string) {
	t.Helper()
	params, _ := s.open(text)
	if got := s.call("textDocument/hover", params); !strings.Contains(string(got), want) {
		t.Errorf("said: %s\nwant: %s", got, want)
	}
}

// agrees checks that the server marks the lines that Decode does.
func (s *languageServer) agrees(t *testing.T, text string) {
	t.Helper()
	_, name := s.open(text)
	at := s.address(name)
	for s.marked[at] == nil {
		s.handle(s.receive())
	}
	var marked, told []int
	for _, m := range s.marked[at] {
		marked = append(marked, m.Range.Start.Line+1)
	}
	_, problems := Decode(name, []byte(modeline+text))
	for _, p := range problems {
		told = append(told, p.Line)
	}
	slices.Sort(marked)
	slices.Sort(told)
	if !slices.Equal(marked, told) {
		t.Errorf("marked on lines %v, told on lines %v\n%v\n%v", marked, told, s.marked[at], problems)
	}
}
