package chat

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJoin(t *testing.T) {
	for _, test := range []struct {
		separator string
		texts     []Text
		want      Text
	}{
		{" · ", nil, nil},
		{" · ", []Text{nil, {{Text: ""}}}, nil},
		{" · ", []Text{Plainly("a"), nil, Styled("b", Bold)}, Text{{Text: "a"}, {Text: " · "}, {Text: "b", Style: Bold}}},
		{"", []Text{Plainly("a"), Link("b", "https://x.org")}, Text{{Text: "a"}, {Text: "b", URL: "https://x.org"}}},
	} {
		if diff := cmp.Diff(test.want, Join(test.separator, test.texts...)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.texts, diff)
		}
	}
}

// TestJoinLeavesItsTextsAlone appends to a text that has room behind it.
func TestJoinLeavesItsTextsAlone(t *testing.T) {
	room := make(Text, 1, 8)
	room[0] = Span{Text: "a"}
	first := Join("-", room, Plainly("b"))
	second := Join("-", room, Plainly("c"))
	if first.String() != "a-b" || second.String() != "a-c" || room.String() != "a" {
		t.Errorf("%q, %q, %q", first, second, room)
	}
}

func TestEmptyTextsAreNone(t *testing.T) {
	if Plainly("") != nil || Styled("", Bold) != nil || Link("", "https://x.org") != nil {
		t.Error("no words make a text")
	}
}

func TestCalls(t *testing.T) {
	long := NewCall("timeline", strings.Repeat("x", 99)).String()
	c := Card{Actions: [][]Action{{{Label: "a", Call: "a 1"}, {Label: "b", URL: "https://x.org"}}, {{Label: "c", Call: long}}}}
	if diff := cmp.Diff([]string{"a 1", long}, c.Calls()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := c.Actions[0][0].Data(); got != "a 1" {
		t.Errorf("a short call is carried as %q", got)
	}
	if got := c.Actions[1][0].Data(); len(got) > MaxData || got != "~"+Ticket(long) {
		t.Errorf("a long call is carried as %q", got)
	}
}

func TestCloneSharesNoItems(t *testing.T) {
	c := Card{Items: []Item{{ID: "a"}}, Actions: [][]Action{{{Label: "a"}}}}
	clone := c.Clone()
	clone.Items[0].ID, clone.Actions[0] = "b", nil
	if c.Items[0].ID != "a" || c.Actions[0] == nil {
		t.Errorf("the card became %+v", c)
	}
}

// TestCardJSON fixes the form in which cards lie in stores: a card from years ago
// must still be read.
func TestCardJSON(t *testing.T) {
	c := Card{
		Title: "T", URL: "https://x.org", Tone: Withdrawn, Lead: Text{{Text: "l", Style: Bold | Quote, URL: "https://y.org"}},
		Items:   []Item{{ID: "i", Label: "L", Head: Plainly("h"), Body: Plainly("b"), URL: "https://z.org"}},
		Picture: &Picture{Name: "p.png", Type: "image/png", Alt: "alt", Data: []byte{1}}, Note: Plainly("n"),
		Actions: [][]Action{{{Label: "a", Call: "c", Current: true}, {Label: "b", URL: "https://w.org"}}},
	}
	want := `{"title":"T","url":"https://x.org","tone":"withdrawn","lead":[{"text":"l","style":17,"url":"https://y.org"}],` +
		`"items":[{"id":"i","label":"L","head":[{"text":"h"}],"body":[{"text":"b"}],"url":"https://z.org"}],` +
		`"picture":{"name":"p.png","type":"image/png","alt":"alt","data":"AQ=="},"note":[{"text":"n"}],` +
		`"actions":[[{"label":"a","call":"c","current":true},{"label":"b","url":"https://w.org"}]]}`
	data, err := json.Marshal(c)
	if err != nil || string(data) != want {
		t.Errorf("%v\n got %s\nwant %s", err, data, want)
	}
	var back Card
	if err := json.Unmarshal([]byte(want), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, back); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNewCallAndWith(t *testing.T) {
	for want, c := range map[string]Call{
		"stories":                              NewCall("stories", "", ""),
		"timeline us after=x":                  NewCall("timeline", "us").With("after", "x"),
		`timeline "" 2025`:                     NewCall("timeline", "", "2025", ""),
		"timeline us":                          NewCall("timeline", "us").With("after", ""),
		`people us "Jane Doe"`:                 NewCall("people", "us", "Jane Doe"),
		`search "a=b" story="x y"`:             NewCall("search", "a=b").With("story", "x y"),
		`search "say \"hi\" \\ “there”" a=b=c`: NewCall("search", `say "hi" \ “there”`).With("a", "b=c"),
	} {
		if got := c.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestWithLeavesItsCallAlone makes two calls from one.
func TestWithLeavesItsCallAlone(t *testing.T) {
	base := Call{Name: "x", Args: make([]Arg, 0, 4)}
	a, b := base.With("o", "a"), base.With("o", "b")
	if a.String() != "x o=a" || b.String() != "x o=b" || base.String() != "x" {
		t.Errorf("%s, %s, %s", a, b, base)
	}
}

func TestNumbered(t *testing.T) {
	for label, want := range map[string]bool{
		"": false, "3": true, "[12]": true, "[1234]": true, "[12345]": false, "2 a": false, "2017": true, "New": false, "٣": true,
	} {
		if got := (Item{Label: label}).Numbered(); got != want {
			t.Errorf("%q: %v", label, got)
		}
	}
}
