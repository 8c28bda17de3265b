package brief

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const draftText = `# A page that was taken over.
draft: true
title: The bridge closes
overview: | # rewrite: the page's own words
  The bridge closed on short notice.
  # rewrite is only text here
people:
  - name: Ada Voss
    role: "Engineer" # Rewrite
indicators:
  - label: Cars a day
    value:
timeline:
  - id: closed
    date:
    title: The bridge is closed
    detail: > # rewrite
      In March 2031, on the eve of the fair, engineers closed it.
  - id: reopened
    title: It reopens
  - id: repaired
    date: # some day in June
    title: It is repaired
    sources: []
history:
  - title: The flood
    relevance: Ours. # rewritten on Monday
`

// TestDraftLacks checks that what a draft lacks is told with its place, and holds
// nothing back until the mark is taken out.
func TestDraftLacks(t *testing.T) {
	d, problems := Decode("bridge.yaml", []byte(draftText))
	if d == nil || !d.Draft || len(d.Timeline) != 3 || !d.Timeline[0].Date.IsZero() {
		t.Fatalf("%+v, %v", d, problems)
	}
	want := `bridge.yaml:2:1: this is a draft, which is served and announced to nobody: take this line out when it is finished [warning draft]
bridge.yaml:4:1: overview is marked as somebody else's words: say it in your own, then take out the comment “# rewrite” [warning rewrite]
bridge.yaml:9:5: role is marked as somebody else's words: say it in your own, then take out the comment “# rewrite” [warning rewrite]
bridge.yaml:12:11: value has no value: write a line of text [warning missing]
bridge.yaml:14:5: the event has no source: write where it was found under sources, and its id here [warning source]
bridge.yaml:15:10: date has no value: write a date such as 2025-11-21, 2025-11 or 2025; the event's text says “March 2031”, “on the eve of the fair” [warning undated]
bridge.yaml:17:5: detail is marked as somebody else's words: say it in your own, then take out the comment “# rewrite” [warning rewrite]
bridge.yaml:19:5: an event needs date; the event's text does not say when it was [warning undated]
bridge.yaml:19:5: the event has no source: write where it was found under sources, and its id here [warning source]
bridge.yaml:21:5: the event has no source: write where it was found under sources, and its id here [warning source]
bridge.yaml:22:10: date has no value: write a date such as 2025-11-21, 2025-11 or 2025; some day in June [warning undated]
`
	if diff := cmp.Diff(want, listed(problems)); diff != "" {
		t.Errorf("problems of the draft (-want +got):\n%s", diff)
	}
	d, problems = Decode("bridge.yaml", []byte(strings.Replace(draftText, "draft: true", "draft: false", 1)))
	if d != nil {
		t.Error("what is not a draft may lack dates")
	}
	want = `bridge.yaml:4:1 warning rewrite
bridge.yaml:9:5 warning rewrite
bridge.yaml:12:11 error missing
bridge.yaml:15:10 error missing
bridge.yaml:17:5 warning rewrite
bridge.yaml:19:5 error missing
bridge.yaml:22:10 error missing`
	if diff := cmp.Diff(want, told(problems)); diff != "" {
		t.Errorf("problems without the mark (-want +got):\n%s", diff)
	}
}

// listed returns problems one a line, as the golden files have them.
func listed(problems []Problem) string {
	var b strings.Builder
	for _, p := range problems {
		b.WriteString(p.String() + " [" + string(p.Severity) + " " + p.Rule + "]\n")
	}
	return b.String()
}

// TestDraftErrors checks that a mistake is one in a draft too.
func TestDraftErrors(t *testing.T) {
	for _, text := range []string{
		"draft: true\noverveiw: text\n", "draft: true\ntimeline: [{id: A, date: soon}]\n", "draft: maybe\n" + goodBrief, "draft: [true]\n" + goodBrief,
	} {
		if d, problems := Decode("a.yaml", []byte(text)); d != nil {
			t.Errorf("%q is taken: %v", text, problems)
		}
	}
	for _, text := range []string{"draft: true\n", "draft: true\ntitle:\noverview: ''\ntimeline:\n", "draft: &d true\nsources: [{}]\n", "draft:\n" + goodBrief} {
		if d, problems := Decode("a.yaml", []byte(text)); d == nil {
			t.Errorf("%q: %v", text, problems)
		}
	}
}

// TestDraftServed checks that a draft is not served, with whatever it lacks or has
// wrong, and that a story that was served before stays as it was, also over a
// restart, until its draft is published.
func TestDraftServed(t *testing.T) {
	published := minimal("Published")
	revised := strings.Replace(published, "It began", "It began at noon", 1)
	dir := writeFiles(t, map[string]string{"new.yaml": draftText, "broken.yaml": "draft: true\nwrong: 1\n", "old.yaml": published})
	first := loadDir(t, dir, nil)
	if diff := cmp.Diff([]string{"old"}, idsOf(first.Dossiers())); diff != "" {
		t.Errorf("served (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("broken.yaml:1:1 warning draft\nnew.yaml:2:1 warning draft", told(first.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}

	writeFile(t, dir+"/old.yaml", "draft: true\n"+revised)
	second := loadDir(t, dir, first)
	again := loadDir(t, dir, NewSnapshot("stored", time.Time{}, first.Dossiers(), nil))
	for _, s := range []*Snapshot{second, again} {
		if changes := Diff(first, s); len(changes) > 0 || len(s.Dossiers()) != 1 || s.Broken("old") {
			t.Errorf("a draft of a served story changes it: %v, %v", changes, titles(s.Dossiers()))
		}
		if p := s.Problems()[2]; p.Rule != RuleDraft || !strings.Contains(p.Message, "served as it was before") {
			t.Errorf("of the story that is served is said: %v", p)
		}
	}

	writeFile(t, dir+"/old.yaml", revised)
	third := loadDir(t, dir, second)
	if changes := Diff(second, third); len(changes) != 1 || changes[0].Kind != EventRevised {
		t.Errorf("publishing the draft changes %v", changes)
	}
	writeFile(t, dir+"/new.yaml", minimal("New"))
	if changes := Diff(third, loadDir(t, dir, third)); len(changes) != 1 || changes[0].Kind != DossierOpened {
		t.Errorf("publishing a new story changes %v", changes)
	}
}

// TestDraftRevisions checks that between two revisions, too, a story that becomes a
// draft is not one that is removed.
func TestDraftRevisions(t *testing.T) {
	r := newRepository(t)
	r.commit(t, "briefs/one.yaml", minimal("One"), "briefs/two.yaml", minimal("Two"))
	r.commit(t, "briefs/one.yaml", "draft: true\n"+minimal("One"), "briefs/two.yaml", "")
	before, err := loadRevision(context.Background(), r.dir+"/briefs", "HEAD~1")
	if err != nil {
		t.Fatal(err)
	}
	after, err := loadRevision(context.Background(), r.dir+"/briefs", "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if changes := Diff(before, after); len(changes) != 1 || changes[0].Kind != DossierRemoved || changes[0].Story != "two" {
		t.Errorf("%v", changes)
	}
}

// TestDraftRelated checks that a draft beside a brief is a story that it may name.
func TestDraftRelated(t *testing.T) {
	dir := writeFiles(t, map[string]string{"one.yaml": goodBrief + "related: [two]\n", "two.yaml": "draft: true\n" + goodBrief})
	problems, err := Check(dir)
	if got := told(problems); err != nil || got != "two.yaml:1:1 warning draft" {
		t.Errorf("%s, %v", got, err)
	}
}
