package desk_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/desk"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func pages(t testing.TB) []string {
	t.Helper()
	texts, _ := filepath.Glob("testdata/import/*.txt")
	marked, _ := filepath.Glob("testdata/import/*.md")
	if len(texts)+len(marked) < 4 {
		t.Fatal("the pages are missing")
	}
	return append(texts, marked...)
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestReadStory holds the drafts of invented pages, what is said of them, and what
// check says of them, to golden files.
func TestReadStory(t *testing.T) {
	for _, path := range pages(t) {
		page := readFile(t, path)
		story, err := desk.ReadStory(filepath.Base(path), page)
		if err != nil {
			t.Fatal(err)
		}
		for _, missing := range lost(page, story.Text) {
			t.Errorf("%s: lost: %s", path, missing)
		}
		golden(t, path+".yaml", story.Text)
		_, problems := brief.Decode("story.yaml", story.Text)
		var b strings.Builder
		fmt.Fprintf(&b, "%s: %s; %d unplaced\n", story.Title, story.Holds, story.Unplaced)
		for _, note := range story.Notes {
			fmt.Fprintln(&b, note)
		}
		fmt.Fprintln(&b, told(problems))
		golden(t, path+".told", []byte(b.String()))
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(readFile(t, path)), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); run go test -update if it should:\n%s", path, diff)
	}
}

// consumed are lines that the shape of the draft says: headings and labels.
var consumed = regexp.MustCompile(`(?i)^(?:overview|summary|in brief|the story( so far)?|about( the story)?|introduction|at a glance|people( involved)?|(key )?(people|players)|who'?s? (is )?(involved|who)|` +
	`(key )?organi[sz]ations( involved)?|groups involved|(key )?indicators|key (numbers|metrics)|(by )?the numbers|figures|timeline( of events)?|(key )?events|chronology|` +
	`timeline of events|historical parallels|sources|citations|footnotes|notes|precedents|historical (parallels|cases)|possible (scenarios|outcomes)|what (could|may) happen next|what happens next|what's next|scenarios|` +
	`what could happen next|historical (?:context|precedents)|history|references|what happened|(the )?outcome|why (it|this)('?s| is) relevant|why it matters|relevance|discussed by|status|role|likelihood|probability|date|when|kind|type|category|(in the )?(short|long)[ -]term( outcome)?)$`)

// label is what a line's own label is dropped from.
var label = regexp.MustCompile(`(?i)^[*_ ]*(?:status|role|discussed by|short.term|long.term|what happened|outcome|relevance|why it matters|why it'?s relevant|likelihood|probability|date|when|kind|type|category)[*_ ]*:`)

// number is what numbers an entry or a footnote.
var number = regexp.MustCompile(`^[0-9]{1,3}[.)]?(\s+|$)|^\[\^?[\w-]+\]:?`)

// unmarked takes out the marks of emphasis and links.
var unmarked = strings.NewReplacer("*", "", "_", "", "[", "", "]", "")

// oneEnd writes every end of a line alike.
var oneEnd = strings.NewReplacer("’", "'", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n", "\f", "\n", "\v", "\n", "\r", "\n")

// wordsOf returns the runs of letters and digits in a text.
func wordsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
}

// lost returns the words of a page that a draft of it does not have, line by line. Of
// headings, labels and numbers before entries nothing is asked.
func lost(page, draft []byte) []string {
	has := make(map[string]bool)
	for _, word := range append(wordsOf(string(draft)), wordsOf(unmarked.Replace(string(draft)))...) {
		has[word] = true
	}
	var missing []string
	for text := range strings.SplitSeq(oneEnd.Replace(string(page)), "\n") {
		text = strings.TrimSpace(strings.Trim(text, "#*_= \t:.-"))
		text = number.ReplaceAllString(text, "")
		if consumed.MatchString(strings.TrimFunc(strings.Join(strings.Fields(text), " "), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })) {
			continue
		}
		text = label.ReplaceAllString(text, "")
		// A word that emphasis or a link begins in may have been taken apart, or not.
		isLost := func(word string) bool { return !has[word] }
		apart, joined := wordsOf(text), wordsOf(unmarked.Replace(text))
		if i := slices.IndexFunc(apart, isLost); i >= 0 && slices.ContainsFunc(joined, isLost) {
			missing = append(missing, fmt.Sprintf("%q of %q", apart[i], text))
		}
	}
	return missing
}

// TestReadStoryOfSeeds imports the pages of the first two stories, which are not part
// of the repository: every section is there with everything in it, and nothing is
// wrong with the drafts but what only an editor can add.
func TestReadStoryOfSeeds(t *testing.T) {
	dir := os.Getenv("BRIEFBOT_TEST_SEEDS")
	if dir == "" {
		const message = "BRIEFBOT_TEST_SEEDS does not name the folder of source texts"
		if os.Getenv("BRIEFBOT_TEST_REQUIRE") == "all" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	seeds, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(seeds) < 2 {
		t.Fatalf("%d seeds in %s, %v", len(seeds), dir, err)
	}
	slices.Sort(seeds)
	want := []string{
		"an overview, 3 indicators, 5 people, 5 organizations, 11 events, 5 scenarios and 3 historical cases; 1 unplaced\n" +
			"1 draft, 0 missing, 11 undated, 11 source, 42 rewrite",
		"an overview and 16 sources; 0 unplaced\n1 draft, 1 missing, 0 undated, 0 source, 1 rewrite",
	}
	for i, seed := range seeds[:2] {
		page := readFile(t, seed)
		story, err := desk.ReadStory(filepath.Base(seed), page)
		if err != nil {
			t.Fatal(err)
		}
		for _, missing := range lost(page, story.Text) {
			t.Errorf("%s: lost: %s", seed, missing)
		}
		d, problems := brief.Decode("story.yaml", story.Text)
		got := fmt.Sprintf("%s; %d unplaced\n%s", story.Holds, story.Unplaced, rules(problems))
		if got != want[i] {
			t.Errorf("%s:\n%s\nwant\n%s", seed, got, want[i])
		}
		if i == 0 {
			complete(t, d)
		}
	}
}

// draftRules are the rules of what is said of a draft that lacks only an editor.
var draftRules = []string{brief.RuleDraft, brief.RuleMissing, brief.RuleUndated, brief.RuleSource, brief.RuleRewrite}

// rules counts problems by rule.
func rules(problems []brief.Problem) string {
	counts := make(map[string]int)
	for _, p := range problems {
		counts[p.Rule]++
	}
	var words []string
	for _, rule := range draftRules {
		words = append(words, fmt.Sprint(counts[rule], " ", rule))
		delete(counts, rule)
	}
	for rule, n := range counts {
		words = append(words, fmt.Sprint(n, " ", rule))
	}
	return strings.Join(words, ", ")
}

// complete checks that every item of the first story has all of its parts.
func complete(t *testing.T, d *brief.Dossier) {
	t.Helper()
	full := func(what string, parts ...string) {
		if slices.Contains(parts, "") {
			t.Errorf("%s lacks a part: %q", what, parts)
		}
	}
	full("the dossier", d.Title, d.Subtitle, d.Overview)
	for _, i := range d.Indicators {
		full(i.ID, i.Label, i.Value, i.Detail)
	}
	for _, p := range d.People {
		full(p.ID, p.Name, p.Title, p.Role)
	}
	for _, o := range d.Organizations {
		full(o.ID, o.Name, o.Kind, o.Status, o.About)
	}
	for _, e := range d.Timeline {
		full(e.ID, e.Title, e.Kind, e.Detail)
	}
	for _, s := range d.Scenarios {
		full(s.ID, s.Title, s.Detail, strings.Join(s.DiscussedBy, ""))
	}
	for _, c := range d.History {
		full(c.ID, c.Title, c.Period, c.WhatHappened, c.ShortTerm, c.LongTerm, c.Relevance)
	}
}

// TestReadStoryRefuses checks what is said of what cannot be read.
func TestReadStoryRefuses(t *testing.T) {
	for page, want := range map[string]string{
		"":                               "empty",
		" \n\u200b\n---\n":               "empty",
		"<!DOCTYPE html><p>Text":         "HTML",
		"Title\nText \xff\n":             "line 2",
		strings.Repeat("text ", 300_000): "1 MiB",
	} {
		if _, err := desk.ReadStory("page", []byte(page)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", page, err, want)
		}
	}
}

// TestReadStoryOfOtherEnds checks that neither the ends of lines nor a mark of the
// encoding matter, nor spaces and hyphens that a line is not to be broken at.
func TestReadStoryOfOtherEnds(t *testing.T) {
	for _, path := range pages(t) {
		page := string(readFile(t, path))
		want, err := desk.ReadStory("page", []byte(page))
		if err != nil {
			t.Fatal(err)
		}
		other := "\uFEFF" + strings.NewReplacer("\n", "\r\n", "-", "\u2011", "a b", "a\u00a0b", "er", "e\u00adr").Replace(page)
		if strings.HasSuffix(path, ".md") {
			other = "\uFEFF" + strings.ReplaceAll(page, "\n", "\r\n")
		}
		got, err := desk.ReadStory("page", []byte(other))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want.Text), string(got.Text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// TestReadStoryOfOneTitle checks that many entries of one title get an id each, and
// quickly.
func TestReadStoryOfOneTitle(t *testing.T) {
	page := "History\n\n" + strings.Repeat("The flood\n1972\nWhat happened\nIt rained.\n", 3000) + "The flood 2\n1973\nWhat happened\nIt rained.\n"
	story, err := desk.ReadStory("page", []byte(page))
	if err != nil {
		t.Fatal(err)
	}
	d, problems := brief.Decode("story.yaml", story.Text)
	if d == nil || len(d.History) != 3001 || d.History[0].ID != "the-flood" || d.History[1].ID != "the-flood-2" || d.History[3000].ID != "the-flood-2-2" {
		t.Errorf("%d cases, %s", len(d.History), told(problems[:1]))
	}
}

// FuzzReadStory checks, of any page, that its draft has no error and every word.
func FuzzReadStory(f *testing.F) {
	for _, path := range pages(f) {
		f.Add(string(readFile(f, path)))
	}
	for _, page := range []string{
		"People\n\nA\nA\n", "Timeline\n\n1. true\n\n   ~\n\n2. [^x] \"y\\z\n", "Sources\n\n[^a b]: x\n[1] https://u:p@h/\n[1] x", "History\n\nA\n1975-1972\nWhat happened",
		"Scenarios\n\n1\n\n2\n\nnull\n", "Indicators\n\n$ 5\n- \n- a: b\n", "- - - x\n* * *\n# #\n**\n** **\n", "Overview\n\n  # a\n\n```\n| x\n> y\n", "Overview\n\nPeople\n\nTimeline\n\n2025\n2025\n2025",
		"Timeline\n\n2025-01-01T00:00:00Z: a\n../2025\n", "a\u00a0b\u2011c\u2028d\u200d e\n", "title: x\ndraft: false\n", "# people\n# B0", "H*000", "\\People\n", "Sources\n\n[x](https://e.org/a_(b))\n<https://e.org>.\n",
	} {
		f.Add(page)
	}
	f.Fuzz(func(t *testing.T, page string) {
		story, err := desk.ReadStory("page", []byte(page))
		if err != nil {
			if strings.Contains(err.Error(), "cannot be made a brief") && len(page) < 10_000 {
				t.Fatal(err)
			}
			return
		}
		d, problems := brief.Decode("story.yaml", story.Text)
		if d == nil || !d.Draft {
			t.Fatalf("%s\n%s", told(problems), story.Text)
		}
		for _, p := range problems {
			if !slices.Contains(draftRules, p.Rule) {
				t.Errorf("%s [%s]\n%s", p, p.Rule, story.Text)
			}
		}
		for _, missing := range lost([]byte(shownOnly(page)), story.Text) {
			t.Errorf("lost: %s\n%s", missing, story.Text)
		}
	})
}

// shownOnly drops what does not show, as import does.
func shownOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\u200c' || r == '\u200d' || unicode.IsSpace(r) || unicode.IsGraphic(r) {
			return r
		}
		return -1
	}, s)
}
