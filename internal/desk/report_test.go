package desk

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"github.com/briefbot/briefbot/internal/brief"
)

// hostileReport has a text at every place that a brief can fill.
func hostileReport(s string) *Report {
	item := func(title string) json.RawMessage {
		data, err := json.Marshal(brief.Event{ID: "e", Title: title})
		if err != nil {
			panic(err)
		}
		return data
	}
	c := brief.Change{Story: "story", Kind: brief.EventRevised, Item: "e", Fields: []string{"title"}, Before: item(s), After: item(s + "!")}
	gone := brief.Change{Story: "story", Kind: brief.EventRemoved, Item: "f", Before: item(s)}
	m := Message{Service: "Discord", Messages: 1, Text: s, Sizes: []string{"1 of 2"}, Faults: []string{s}, Picture: "digest-discord.png"}
	return &Report{
		Changes: []brief.Change{c, gone}, Untold: []brief.Change{gone}, Digest: []Message{m},
		Problems: []brief.Problem{{Path: "briefs/" + s, Line: 1, Column: 1, Severity: brief.Error, Message: s}},
		Modes:    []Mode{{Name: "edit", Story: "story", Shown: []Message{m}}},
		Earlier:  []Correction{{Change: c, Answered: true, Shown: []Message{m}}},
	}
}

// TestReportIsSafe reads reports with hostile texts as a reader of Markdown does: no text
// of a brief is anything but code.
func TestReportIsSafe(t *testing.T) {
	texts := []string{"plain", "*bold* _it_ ~~no~~ [a](https://e.org) ![b](x.png) <b>c</b> &amp; | d |", "@team @everyone", "https://example.org", "www.example.org",
		"a\u202eb\u2066c", "\x00\x1b[31m", "`", "``", "``` end", "~~~\n```\n````\n</details>\n@team ![x](https://e.org/a.png) [b](https://e.org) <img src=x>", "\r\n# Title", "- [ ] task"}
	ours := []string{ReportMark, "</details>", "<details><summary>As text</summary>", "<details open><summary>mode: edit, story</summary>",
		"<details open><summary>How it was, will be edited and is answered</summary>"}
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	for _, hostile := range texts {
		source := []byte(hostileReport(hostile).Markdown(MaxReport))
		if !utf8.Valid(source) && utf8.ValidString(hostile) {
			t.Errorf("%q: the report is no UTF-8", hostile)
		}
		if bytes.ContainsFunc(source, isHidden) {
			t.Errorf("%q: the report has characters that change how others look", hostile)
		}
		err := ast.Walk(parser.Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *ast.CodeSpan, *ast.FencedCodeBlock:
				return ast.WalkSkipChildren, nil
			case *ast.Link, *ast.AutoLink:
				t.Errorf("%q makes a link", hostile)
			case *ast.Image:
				if string(n.Destination) != "digest-discord.png" {
					t.Errorf("%q makes an image", hostile)
				}
			case *ast.Heading:
				if got := string(n.Lines().Value(source)); strings.Contains(got, "Title") {
					t.Errorf("%q makes a heading", hostile)
				}
			case *ast.Text:
				if strings.Contains(string(n.Segment.Value(source)), "@") {
					t.Errorf("%q makes a mention", hostile)
				}
			case *ast.RawHTML:
				t.Errorf("%q makes HTML", hostile)
			case *ast.HTMLBlock:
				if got := strings.TrimSpace(string(n.Lines().Value(source))); !slices.Contains(ours, got) {
					t.Errorf("%q makes HTML: %s", hostile, got)
				}
			}
			return ast.WalkContinue, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestReportFits checks that a long report ends after a whole part, and says that there
// is more.
func TestReportFits(t *testing.T) {
	r := hostileReport("A title.")
	for range 5000 {
		r.Changes = append(r.Changes, r.Changes[0])
	}
	whole := r.Markdown(1 << 30)
	for _, limit := range []int{MaxReport, 5000, 1000} {
		got := r.Markdown(limit)
		if n := utf8.RuneCountInString(got); n > limit {
			t.Errorf("%d characters, want at most %d", n, limit)
		}
		told, _, cut := strings.Cut(got, "\nThe report is longer")
		if !cut || !strings.HasPrefix(whole, told) || strings.Count(told, "```")%2 != 0 || strings.Count(told, "<details") != strings.Count(told, "</details>") {
			t.Errorf("with %d characters it ends: …%s", limit, got[max(0, len(got)-300):])
		}
	}
	if strings.Contains(whole, "longer than fits") {
		t.Error("the whole report says that there is more")
	}
}

// TestReportProblems checks that many warnings hide neither an error nor the digest.
func TestReportProblems(t *testing.T) {
	r := &Report{Digest: []Message{{Service: "Discord", Messages: 1, Text: "News"}}}
	for range 5000 {
		r.Problems = append(r.Problems, brief.Problem{Path: "briefs/a.yaml", Line: 1, Column: 1, Severity: brief.Warning, Message: "hm"})
	}
	r.Problems = append(r.Problems, brief.Problem{Path: "briefs/b.yaml", Line: 7, Column: 1, Severity: brief.Error, Message: "no"})
	got := r.Markdown(MaxReport)
	for _, want := range []string{"- **error** `briefs/b.yaml:7:1`: `no`", "- 4971 more", "News"} {
		if !strings.Contains(got, want) {
			t.Errorf("the report does not have %q:\n%s", want, got)
		}
	}
}
