package brief

import (
	"slices"
	"strings"
	"testing"
)

func TestMeantDates(t *testing.T) {
	for written, want := range map[string]string{
		"21.11.2025": "2025-11-21", "1.2.2025": "2025-02-01", "11/21/2025": "2025-11-21", "21/11/2025": "2025-11-21",
		"3/4/2025": "2025-04-03 2025-03-04", "4/4/2025": "2025-04-04", "2025/11/21": "2025-11-21", "2025.11.21": "2025-11-21",
		"2025/11": "2025-11", "11/2025": "2025-11", "11.2025": "2025-11", "20251121": "2025-11-21", "2025-1-5": "2025-01-05",
		"21 Nov 2025": "2025-11-21", "21st November 2025": "2025-11-21", "21. November 2025": "2025-11-21", "Nov. 21, 2025": "2025-11-21",
		"November 21st, 2025": "2025-11-21", "November 2025": "2025-11", "SEPT 2025": "2025-09", "May 5 2025": "2025-05-05",
		"circa 2025": "2025~", "c. Nov 2025": "2025-11~", "~2025": "2025~", "about 2025-11-21": "2025-11-21~",
		"2025-03–2025-06": "2025-03/2025-06", "2025-03 to 2025-06": "2025-03/2025-06", "March 2025 – June 2025": "2025-03/2025-06", "2 - 8 December 2025": "",
		"2025-06 to 2025-03": "", "2025-11-21 10:00:00+02:00": "2025-11-21T10:00:00+02:00", "2025-11-21 10:00": "",
		"31.2.2025": "", "13/13/2025": "", "21.11.25": "", "early December 2025": "", "yesterday": "", "": "", "Ma 2025": "", "2025-13": "", "2025/13": "", "99999999": "",
	} {
		if got := strings.Join(meantDates(written), " "); got != want {
			t.Errorf("%q may mean %q, want %q", written, got, want)
		}
	}
}

// FuzzMeantDates checks that what is offered is a date.
func FuzzMeantDates(f *testing.F) {
	for _, s := range []string{"21.11.2025", "3/4/2025", "~~2025", "1 to 2 to 3", "–", "Nov 2025 – ca. 2026"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		meant := meantDates(s)
		if len(meant) > 2 {
			t.Fatalf("%q means %q", s, meant)
		}
		for _, date := range meant {
			if _, err := ParseDate(date); err != nil {
				t.Errorf("%q means %q: %v", s, date, err)
			}
		}
	})
}

// mended returns a text with every fix applied that does not overlap another.
func mended(text string) (string, []string) {
	_, problems := Decode("story.yaml", []byte(text))
	var says []string
	var edits []Edit
	for _, p := range problems {
		if p.Fix != nil {
			says = append(says, p.Fix.Says)
			edits = append(edits, p.Fix.Edits...)
		}
	}
	slices.SortFunc(edits, func(a, b Edit) int { return b.From - a.From })
	for _, e := range edits {
		text = text[:e.From] + e.New + text[e.To:]
	}
	return text, says
}

// TestMend checks what is offered for a mistake in a line of a brief, and that it
// mends it.
func TestMend(t *testing.T) {
	const frame = "title: T\noverview: O\npeople:\n  - {id: jane-doe, name: Jane Doe, aliases: [J. Doe]}\n  - {id: john-roe, name: John Roe}\nsources:\n  - {id: al-jazeera-1, publisher: A}\n  - {id: al-jazeera-2, publisher: B}\n"
	for _, test := range []struct{ wrong, right string }{
		{"timelin: []\nstatus: active\n", "timeline: []\nstatus: active\n"},
		{"timeline: []\nstatus: Active\n", "timeline: []\nstatus: active\n"},
		{"timeline: []\nstatus: 'watchin' # why\n", "timeline: []\nstatus: 'watching' # why\n"},
		{"timeline: []\ntags: trade, sea\n", "timeline: []\ntags: [trade, sea]\n"},
		{"timeline: []\ntags: trade\nlanguage: en\n", "timeline: []\ntags: [trade]\nlanguage: en\n"},
		{"timeline: []\ntags: [a, b,\n  a]\n", "timeline: []\ntags: [a, b]\n"},
		{"timeline: []\ntags:\n  - a\n  - b\n  - a\nlanguage: en\n", "timeline: []\ntags:\n  - a\n  - b\nlanguage: en\n"},
		{"timeline: []\naudience: [Newsroom]\n", "timeline: []\naudience: [newsroom]\n"},
		{"timeline:\n  - id: a\n    date: 21.11.2025\n    title: X\n", "timeline:\n  - id: a\n    date: 2025-11-21\n    title: X\n"},
		{"timeline:\n  - {id: a, date: \"21 Nov 2025\", title: X}\n", "timeline:\n  - {id: a, date: \"2025-11-21\", title: X}\n"},
		{"timeline:\n  - {id: a, date: 2025, title: X, people: [Jane Doe, J. Doe]}\n", "timeline:\n  - {id: a, date: 2025, title: X, people: [jane-doe, jane-doe]}\n"},
		{"timeline:\n  - {id: a, date: 2025, title: X, people: [jane-do, john-reo]}\n", "timeline:\n  - {id: a, date: 2025, title: X, people: [jane-doe, john-roe]}\n"},
		{"timeline:\n  - {id: a, date: 2025, title: X, people: jane-doe}\n", "timeline:\n  - {id: a, date: 2025, title: X, people: [jane-doe]}\n"},
		{"timeline:\n  - date: 2025\n    title: Accord signed\n  - title: Accord signed\n    date: 2025\n", "timeline:\n  - id: accord-signed\n    date: 2025\n    title: Accord signed\n  - id: accord-signed-2\n    title: Accord signed\n    date: 2025\n"},
		{"timeline:\r\n-   date: 2025\r\n    title: Accord\r\n", "timeline:\r\n-   id: accord\r\n    date: 2025\r\n    title: Accord\r\n"},
		{"timeline:\n  - {date: 2025, title: Accord}\n", "timeline:\n  - {id: accord, date: 2025, title: Accord}\n"},
		{"timeline: []\nscenarios:\n  - {title: S, likelihood: 35%}\n", "timeline: []\nscenarios:\n  - {title: S, likelihood: 0.35}\n"},
		{"timeline: []\nscenarios:\n  - {title: S, likelihood: 35}\n", "timeline: []\nscenarios:\n  - {title: S, likelihood: 0.35}\n"},
		{"timeline: []\nscenarios:\n  - {title: S, likelihood: \"0.35\"}\n", "timeline: []\nscenarios:\n  - {title: S, likelihood: 0.35}\n"},
		{"timeline: []\nscenarios:\n  - title: S\n    likelihood: 0,35\n", "timeline: []\nscenarios:\n  - title: S\n    likelihood: 0.35\n"},
		{"timeline: []\nscenarios:\n  - {title: S, outcome: {on: 2025, happened: no}}\n", "timeline: []\nscenarios:\n  - {title: S, outcome: {on: 2025, happened: false}}\n"},
		{"timeline: []\ncorrections:\n  - {on: 2025, text: X, item: peple/jane-doe}\n", "timeline: []\ncorrections:\n  - {on: 2025, text: X, item: people/jane-doe}\n"},
		{"timeline: []\ncorrections:\n  - {on: 2025, text: X, item: people/jane-deo}\n", "timeline: []\ncorrections:\n  - {on: 2025, text: X, item: people/jane-doe}\n"},
	} {
		got, says := mended(frame + test.wrong)
		if got != frame+test.right || len(says) == 0 {
			t.Errorf("mended (%q):\n%s\nwant:\n%s", says, strings.TrimPrefix(got, frame), test.right)
			continue
		}
		for _, p := range second(Decode("story.yaml", []byte(got))) {
			if p.Severity == Error {
				t.Errorf("once it is mended: %v", p)
			}
		}
	}
}

func second(_ *Dossier, problems []Problem) []Problem { return problems }

// TestMendNot checks that nothing is offered where it would be a guess.
func TestMendNot(t *testing.T) {
	const frame = "title: T\noverview: O\nsources:\n  - {id: al-jazeera-1, publisher: A}\n  - {id: cable, publisher: B}\n  - {id: table, publisher: C}\n"
	for _, wrong := range []string{
		"timeline: []\nstatus: open\n",
		"timelin: []\ntimeline: []\n", // it is there
		"timeline: []\nx: []\n",
		"timeline:\n  - {id: a, date: 3/4/2025, title: X}\n",
		"timeline:\n  - {id: a, date: 2025, title: X, sources: [al-jazeera-2]}\n",
		"timeline:\n  - {id: a, date: 2025, title: X, sources: [zable]}\n",
		"timeline:\n  - {date: 2025, title: Зустріч}\n",
		"timeline: []\ntags: 'a, b'\n",
		"timeline: []\ntags: \"[a]\"\n",
		"timeline: []\nscenarios:\n  - {title: S, likelihood: 1.5}\n",
		"timeline: []\nscenarios:\n  - {title: S, likelihood: likely}\n",
		"timeline: []\nindicators:\n  - {label: L, value: 1, series: [{date: 2025, value: \"1,200\"}]}\n",
		"timeline: []\ntags:\n  - a\n  - a # the second\n",
		"timeline: []\nstatus: \"activ\\x65d\"\n",
	} {
		if got, says := mended(frame + wrong); got != frame+wrong {
			t.Errorf("offered %q for\n%s", says, wrong)
		}
	}
}

// TestMendQuotes checks which texts are put in quotation marks that YAML cannot do
// without, and which are left to an editor.
func TestMendQuotes(t *testing.T) {
	for wrong, right := range map[string]string{
		"title: Peskov: ties mend":             "title: 'Peskov: ties mend'",
		"title: Peskov’s view: it’s \"slow\"":  "title: 'Peskov’s view: it’s \"slow\"'",
		"title: It's slow: very":               "title: 'It''s slow: very'",
		"title: \"Flexible realism\" doctrine": "title: '\"Flexible realism\" doctrine'",
		"title: 'Peskov's ties'":               "title: 'Peskov''s ties'",
		"title: \"He said \"no\" twice\"":      "title: 'He said \"no\" twice'",
		"title: @realname posts":               "title: '@realname posts'",
		"title: `code`":                        "title: '`code`'",
		"title: *bold* claim":                  "title: '*bold* claim'",
		"title: %d people":                     "title: '%d people'",
		"title: \"A\" and \"B\"":               "", // may be either
		"title: A: b # why":                    "",
		"title: [A: b":                         "",
		"title: - a":                           "",
		"title: \"never closed":                "",
		"title: 'never closed":                 "",
		"tags: &a [x]\ntitle: *b":              "", // may be an anchor
	} {
		text := "subtitle: S\n" + wrong + "\noverview: O\ntimeline: []\n"
		want := text
		if right != "" {
			want = strings.Replace(text, wrong, right, 1)
		}
		if got, says := mended(text); got != want {
			t.Errorf("mended (%q):\n%s\nwant:\n%s", says, got, want)
		} else if d, problems := Decode("story.yaml", []byte(got)); right != "" && d == nil {
			t.Errorf("once it is mended: %v", problems)
		}
	}
	const list = "title: T\r\noverview: O\r\ntimeline:\r\n  - id: a\r\n    date: 2025\r\n    title: Talks: day one\r\n    detail: >-\r\n      Text.\r\n"
	got, _ := mended(list)
	if want := strings.Replace(list, "Talks: day one", "'Talks: day one'", 1); got != want {
		t.Errorf("mended:\n%q", got)
	}
}
