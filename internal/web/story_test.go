package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/brief"
)

// everything returns a Web with the story that uses every key of a brief, open to
// all, and the time set.
func everything(t *testing.T, change func(*Options)) *door {
	t.Helper()
	data, err := os.ReadFile("../brief/testdata/stories/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), "audience: [newsroom, desk-2]\n", "", 1)
	text = strings.Replace(text, "related: [minimal, huge]", "related: [minimal, secret-talks]", 1)
	minimal, err := os.ReadFile("../brief/testdata/stories/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	stories := shipped(t, secret, "full\n"+text, "minimal\n"+string(minimal))
	return open(t, "0.0.0.0:8080", func(o *Options) {
		o.Open = func() *brief.Reader { return new(brief.Policy).Reader(stories) }
		o.Now = func() time.Time { return time.Date(2025, 12, 10, 12, 0, 0, 0, time.UTC) }
		if change != nil {
			change(o)
		}
	})
}

// TestStoryPage finds every section, with its references resolved.
func TestStoryPage(t *testing.T) {
	d := everything(t, nil)
	page := d.get(t, "/stories/full")
	contains(t, page,
		`<html lang="en-GB">`, "<title>Grain corridor reopens · briefbot</title>", `<meta name="description" content="Ships sail again while the talks go on">`,
		"As of 8 December 2025", ">watching<", ">trade<",
		// Prose, with its citation leading to the source on the page.
		"<strong>grain</strong>", `<a class="cite" href="#source-un-jcc">[1]</a>`, `<li dir="auto">Cargoes have risen <em>every week</em>.</li>`,
		`<a href="https://example.org/premiums" rel="noopener nofollow ugc" target="_blank">still wary</a>`, "<blockquote",
		// Figures.
		`id="indicator-cargoes"`, `>14 <span>ships</span>`, `<th scope="row">15 November 2025</th><td>11.5</td>`,
		// Events.
		`id="event-accord-signed" class="event major"`, "21 November 2025", `<a href="#person-jane-doe">Jane Doe</a>`, `<a href="#organization-imo">`,
		`<a class="number" href="#source-wire" title="The Wire">[2]</a>`, "<ol><li", "Corrected on 5 December 2025.",
		`class="event retracted"`, "<s>A drifting mine is reported</s>", "<strong>Withdrawn</strong> on 1 December 2025: The wire withdrew its report",
		// People and organizations.
		`id="person-jane-doe"`, "J. Doe, The Minister", "Deputy minister, 2021 to May 2024", "Minister of Trade, since May 2024", "UN agency · Observer",
		// Scenarios.
		`<meter min="0" max="100" value="35">`, "<strong>35 %</strong> likely", "Discussed by Reuters, think tanks", "1 November 2025: 20 % (desk)",
		"Did not happen, settled on 1 February 2026. The corridor stayed open.", "A second port opens",
		// Cases.
		"What happened", "From 1429 to the 19th century",
		// Sources and the rest.
		`<li id="source-un-jcc" dir="auto"><a href="https://example.org/jcc?from=2025-11&amp;to=2025-12" rel="noopener nofollow ugc">Vessel movements</a>, UN Joint Coordination Centre, 1 December 2025</li>`,
		`<li id="source-wire" dir="auto">The Wire</li>`, "An earlier version gave 41 cargoes.", `href="/stories/minimal"`, `href="/stories/full.json"`)
	lacks(t, page, "<script", "secret", "due for review", " style=")
	if at, before := strings.Index(page, "event-first-ship"), strings.Index(page, "event-accord-signed"); at > before {
		t.Error("the newest event is not first")
	}
	if at, before := strings.Index(page, "The accord was signed at noon."), strings.LastIndex(page, "An earlier version gave 41 cargoes."); at > before {
		t.Error("the newest correction is not first")
	}
	talks := d.get(t, "/stories/us-nss-2025")
	if first, second := strings.Index(talks, "European leaders see a rift"), strings.Index(talks, "The Kremlin welcomes the strategy"); first < 0 || first > second {
		t.Error("events that begin together are not in the order of the file")
	}
}

// TestStaleStory says that the review is overdue, from the day after on.
func TestStaleStory(t *testing.T) {
	for now, want := range map[string]bool{"2025-12-22T23:59:59Z": false, "2025-12-23T00:00:00Z": true} {
		d := everything(t, func(o *Options) {
			o.Now = func() time.Time { at, _ := time.Parse(time.RFC3339, now); return at }
		})
		if got := strings.Contains(d.get(t, "/stories/full"), "due for review by 22 December 2025 and may be out of date"); got != want {
			t.Errorf("%s: stale %v, want %v", now, got, want)
		}
	}
}

// TestAsOfFallsBack names the last recorded change where no editor gave a date.
func TestAsOfFallsBack(t *testing.T) {
	at := time.Date(2025, 12, 4, 23, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		last func(context.Context, string) (time.Time, bool, error)
		want string
	}{
		{func(context.Context, string) (time.Time, bool, error) { return at, true, nil }, "Last changed on 4 December 2025"},
		{func(context.Context, string) (time.Time, bool, error) { return at, false, nil }, ""},
		{func(context.Context, string) (time.Time, bool, error) { return at, true, errors.New("away") }, ""},
		{nil, ""},
	} {
		d := everything(t, func(o *Options) { o.LastChange = c.last })
		page := d.get(t, "/stories/minimal")
		if got := strings.Contains(page, "Last changed"); got != (c.want != "") || !strings.Contains(page, c.want) {
			t.Errorf("%q is not what the page says", c.want)
		}
		contains(t, d.get(t, "/stories/full"), "As of 8 December 2025")
	}
}

// TestStoryJSON answers with the dossier, and names none that its reader may not
// see.
func TestStoryJSON(t *testing.T) {
	d := everything(t, nil)
	r := d.do(t, request{path: "/stories/full.json"})
	text := body(t, r)
	if r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("type %q", r.Header.Get("Content-Type"))
	}
	var got brief.Dossier
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want, _ := d.options.Open().Story("full")
	if diff := cmp.Diff([]string{"minimal"}, got.Related); diff != "" {
		t.Errorf("related: %s", diff)
	}
	got.Related = want.Related
	if diff := cmp.Diff(*want, got, cmp.Comparer(func(a, b brief.Date) bool { return a == b })); diff != "" {
		t.Errorf("the dossier changed on the way: %s", diff)
	}
	if len(want.Related) != 2 {
		t.Error("the dossier itself was changed")
	}
	lacks(t, text, "secret")
}

// TestNotModified saves the clients that have a story already from reading it
// again.
func TestNotModified(t *testing.T) {
	d := everything(t, nil)
	for _, path := range []string{"/stories/full", "/stories/full.json", "/stories"} {
		r := d.do(t, request{path: path})
		tag := r.Header.Get("ETag")
		if tag == "" || r.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: ETag %q, Cache-Control %q", path, tag, r.Header.Get("Cache-Control"))
		}
		for header, want := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, "": 200} {
			r := d.do(t, request{path: path, header: map[string]string{"If-None-Match": header}})
			if r.StatusCode != want {
				t.Errorf("%s with If-None-Match %s: %s, want %d", path, header, r.Status, want)
			}
			if text := body(t, r); want == 304 && text != "" {
				t.Errorf("%s: a body of %d bytes that the client has", path, len(text))
			}
		}
	}
}

// TestOnlyOpenStories answers for a story that is not open exactly as for a name
// that nobody used.
func TestOnlyOpenStories(t *testing.T) {
	d := open(t, "127.0.0.1:8080", nil) // an operator too
	show := func(path string) string {
		r := d.do(t, request{path: path})
		return r.Status + "\n" + strings.ReplaceAll(strings.TrimSpace(sprintHeader(r.Header)), path, "") + "\n" + body(t, r)
	}
	for _, ending := range []string{"", ".json", ".md", ".ics", ".atom", ".png", ".yaml", ".json.json", ".JSON"} {
		never := show("/stories/never-there" + ending)
		if !strings.HasPrefix(never, "404") {
			t.Errorf("%s: %s", ending, never)
		}
		if got := show("/stories/secret-talks" + ending); got != never {
			t.Errorf("a secret story%s differs from none:\n%s\n%s", ending, got, never)
		}
		if ending != "" && ending != ".json" {
			if got := show("/stories/us-nss-2025" + ending); got != never {
				t.Errorf("an open story%s: %s", ending, got)
			}
		}
	}
	never := show("/stories/never-there")
	for _, id := range []string{"US-NSS-2025", "us-nss-2025%00", "us-nss-2025%2f", "..%2fus-nss-2025", "%2e%2e", "us-nss-2025%20", "%ff", strings.Repeat("a", 3000), "all", "*"} {
		if got := show("/stories/" + id); got != never {
			t.Errorf("%.40s: %.200s", id, got)
		}
	}
	lacks(t, d.get(t, "/stories"), "ecret")
	contains(t, d.get(t, "/stories"), `href="/stories/us-nss-2025"`)
}

func sprintHeader(h http.Header) string {
	var b strings.Builder
	h.Write(&b)
	return b.String()
}

// TestClosedAccess serves nobody's stories where there are none for strangers.
func TestClosedAccess(t *testing.T) {
	stories := shipped(t)
	d := open(t, "0.0.0.0:8080", func(o *Options) {
		o.Open = func() *brief.Reader { return (&brief.Policy{Closed: true}).Reader(stories) }
	})
	for _, path := range []string{"/stories/us-nss-2025", "/stories/us-nss-2025.json"} {
		if r := d.do(t, request{path: path}); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	contains(t, d.get(t, "/"), "no open story")
	lacks(t, d.get(t, "/"), "us-nss-2025")
}

// TestSummary describes a story without a subtitle by its beginning.
func TestSummary(t *testing.T) {
	for overview, want := range map[string]string{
		"Short and **bold**.":               "Short and bold.",
		strings.Repeat("word ", 50):         strings.TrimSuffix(strings.Repeat("word ", 32), " ") + "…",
		"A " + strings.Repeat("ж", 200):     "A…",
		"One.[^x]\n\nTwo\nthree.":           "One.[^x] Two three.",
		strings.Repeat("é", 100) + " after": "…",
	} {
		if got := summary(&brief.Dossier{Overview: overview}); got != want {
			t.Errorf("%.30q: %q, want %q", overview, got, want)
		}
	}
}

// TestKeptPageFollows makes a page stale in each way it can become so.
func TestKeptPageFollows(t *testing.T) {
	now := time.Date(2025, 12, 10, 12, 0, 0, 0, time.UTC)
	brief1 := "grain\ntitle: Grain\noverview: Text one.\nreview_by: 2025-12-22\nrelated: [rail]\ntimeline: []\n"
	rail := "rail\ntitle: Rail strike\noverview: Text.\ntimeline: []\n"
	stories := shipped(t, brief1, rail)
	d := open(t, "0.0.0.0:8080", func(o *Options) {
		o.Open = func() *brief.Reader { return new(brief.Policy).Reader(stories) }
		o.Now = func() time.Time { return now }
	})
	for _, step := range []struct {
		name       string
		change     func()
		has, lacks string
	}{
		{"first", func() {}, "Rail strike", "Text two"},
		{"again", func() {}, "Rail strike", "Text two"},
		{"edited", func() { stories = shipped(t, strings.Replace(brief1, "one", "two", 1), rail) }, "Text two", "Text one"},
		{"related story closed to all", func() {
			stories = shipped(t, strings.Replace(brief1, "one", "two", 1), rail+"audience: [newsroom]\n")
		}, "Text two", "Rail strike"},
		{"past its review", func() { now = now.AddDate(0, 1, 0) }, "22 December 2025", "Rail strike"},
	} {
		step.change()
		page := d.get(t, "/stories/grain")
		contains(t, page, step.has)
		if strings.Contains(page, step.lacks) {
			t.Errorf("%s: the page still has %q", step.name, step.lacks)
		}
	}
}

func TestStoryCacheIsBounded(t *testing.T) {
	var c storyCache
	page := make([]byte, maxStoryBytes/4)
	for n := range 10 {
		c.put(storyKey{revision: string(rune('a' + n))}, page)
		c.put(storyKey{revision: string(rune('a' + n))}, page)
		if c.size > maxStoryBytes || c.size != len(c.pages)*len(page) {
			t.Fatalf("%d pages of %d bytes count %d", len(c.pages), len(page), c.size)
		}
	}
	if _, ok := c.get(storyKey{revision: "j"}); !ok {
		t.Error("the page kept last is gone")
	}
}
