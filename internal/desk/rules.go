package desk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/spelling"
)

// rules are what Lint looks for.
var rules = []Rule{
	{"source", "an event without a source", (*lint).unsourced, false},
	{"source-date", "an event that its sources cannot have reported, or whose year looks wrong", (*lint).sourceDates, true},
	{"source-address", "a source without an address", (*lint).unaddressed, true},
	{"source-unused", "a source that nothing cites", (*lint).unused, true},
	{"source-twice", "two sources with one address", (*lint).sourceTwice, true},
	{"review", "a review date that is past, or of a story that is closed", (*lint).review, false},
	{"as-of", "an as-of date in the future, or before an event that has happened", (*lint).asOf, true},
	{"likelihood", "likelihoods of open scenarios over 1 in sum", (*lint).likelihoods, true},
	{"outcome", "an outcome, a retraction or a correction of the future", (*lint).outcomes, false},
	{"people", "a person of the story named in an event, but not listed there", (*lint).people, false},
	{"organizations", "an organization of the story named in an event, but not listed there", (*lint).organizations, false},
	{"unlisted", "somebody with a title and a name who is in no list", (*lint).unlisted, true},
	{"namesake", "two people or organizations with one name", (*lint).namesakes, true},
	{"kind", "a kind that looks like a slip of another", (*lint).kinds, false},
	{"event-twice", "two events with one date and one title", (*lint).eventTwice, false},
	{"year", "an event far in the future", (*lint).years, false},
	{"announce", "an event of minor importance that is announced now", (*lint).announced, false},
	{"id-reused", "an id that stood for another thing in the last commit", (*lint).reused, true},
	{"id-changed", "an item that had another id in the last commit", (*lint).changed, true},
	{"series", "a value that is not the last of its series", (*lint).series, true},
	{"long", "a text longer than chat services show comfortably", (*lint).long, false},
	{"markup", "Markdown that is not shown", (*lint).markup, false},
	{"whitespace", "white space at the end of a line, or no line break at the end", (*lint).whitespace, false},
}

func (l *lint) unsourced() {
	l.events(func(e *brief.Event) {
		if len(e.Sources) == 0 && !strings.Contains(e.Detail, "[^") {
			l.warn("timeline", e.ID, "", "the event has no source: write where it was found under sources, and its id here")
		}
	})
}

// aYear is how far apart dates are whose year was mistyped, give or take slack: events of
// early January are filed under the year before.
const (
	aYear = 365 * 24 * time.Hour
	slack = 20 * 24 * time.Hour
)

func (l *lint) sourceDates() {
	l.events(func(e *brief.Event) {
		first, last := l.span(e.Sources)
		switch {
		case first.IsZero() || e.Date.IsZero():
		case e.Date.First().Before(l.options.Now) && !e.Date.First().Before(last.End()):
			l.warn("timeline", e.ID, "date", "the event is dated %s, and its newest source %s: a source cannot report what had not happened", e.Date, last)
		case near(first.First().Sub(e.Date.First()), aYear):
			l.warn("timeline", e.ID, "date", "the event is dated %s, a year before its first source, %s: is the year right?", e.Date, first)
		}
	})
}

// span returns the first and the last date of some sources, none where one has no date.
func (l *lint) span(ids []string) (first, last brief.Date) {
	for _, id := range ids {
		_, c, ok := l.dossier.Citation(id)
		if !ok || c.Date.IsZero() {
			return brief.Date{}, brief.Date{}
		}
		if first.IsZero() || c.Date.Compare(first) < 0 {
			first = c.Date
		}
		if last.IsZero() || c.Date.Compare(last) > 0 {
			last = c.Date
		}
	}
	return first, last
}

func near(d, want time.Duration) bool { return (d - want).Abs() <= slack }

func (l *lint) unaddressed() {
	for _, c := range l.dossier.Sources {
		if c.URL == "" {
			l.warn("sources", c.ID, "", "the source has no address: readers cannot look it up; write url, if there is one")
		}
	}
}

func (l *lint) unused() {
	text := string(l.text.Bytes())
	used := make(map[string]bool)
	for _, e := range l.dossier.Timeline {
		for _, id := range e.Sources {
			used[id] = true
		}
	}
	for _, i := range l.dossier.Indicators {
		for _, id := range i.Sources {
			used[id] = true
		}
	}
	for _, c := range l.dossier.Sources {
		if c.ID != "" && !used[c.ID] && !strings.Contains(text, "[^"+c.ID+"]") {
			l.warn("sources", c.ID, "", "nothing cites the source %s: list it where it is used, or cite it in a text as [^%s]", c.ID, c.ID)
		}
	}
}

func (l *lint) sourceTwice() {
	seen := make(map[string]string)
	for _, c := range l.dossier.Sources {
		address := strings.TrimSuffix(strings.ToLower(c.URL), "/")
		if first := seen[address]; first != "" {
			l.warn("sources", c.ID, "url", "the source %s has this address already: keep one", first)
		} else if address != "" {
			seen[address] = c.ID
		}
	}
}

func (l *lint) review() {
	d := l.dossier
	switch {
	case d.ReviewBy.IsZero():
	case d.Status == brief.Closed:
		l.warn("", "", "review_by", "the story is closed, and needs no review: take review_by out")
	case d.Stale(l.options.Now):
		l.warn("", "", "review_by", "the review was due by %s, and readers are told that the story is stale: look at it again, and write the next date", d.ReviewBy)
	}
}

func (l *lint) asOf() {
	d := l.dossier
	if d.AsOf.IsZero() {
		return
	}
	if d.AsOf.First().After(l.options.Now) {
		l.warn("", "", "as_of", "%s is in the future: write the day on which somebody last stood by the text", d.AsOf)
		return
	}
	l.events(func(e *brief.Event) {
		if last := len(l.found) - 1; last >= 0 && l.found[last].Rule == l.rule {
			return // one says it
		}
		if !e.Date.First().Before(d.AsOf.End()) && e.Date.First().Before(l.options.Now) {
			l.warn("", "", "as_of", "the text is said to be as of %s, and tells of %s, which is later: write a newer date", d.AsOf, e.Date)
		}
	})
}

func (l *lint) likelihoods() {
	sum, last := 0.0, ""
	for _, s := range l.dossier.Scenarios {
		if s.Likelihood != nil && s.Outcome == nil {
			sum, last = sum+*s.Likelihood, s.ID
		}
	}
	if sum > 1+1e-9 {
		l.warn("scenarios", last, "likelihood", "the likelihoods of the open scenarios are %s in sum: of scenarios that exclude each other they are at most 1", strconv.FormatFloat(sum, 'g', 4, 64))
	}
}

func (l *lint) outcomes() {
	future := func(d brief.Date) bool { return !d.IsZero() && d.First().After(l.options.Now) }
	for _, s := range l.dossier.Scenarios {
		if s.Outcome != nil && future(s.Outcome.On) {
			l.warn("scenarios", s.ID, "outcome", "the outcome is dated %s, which is in the future", s.Outcome.On)
		}
	}
	for _, e := range l.dossier.Timeline {
		if e.Retracted != nil && future(e.Retracted.On) {
			l.warn("timeline", e.ID, "retracted", "the retraction is dated %s, which is in the future", e.Retracted.On)
		}
	}
	for _, c := range l.dossier.Corrections {
		if future(c.On) {
			l.warn("corrections", "", "", "a correction is dated %s, which is in the future", c.On)
		}
	}
}

func (l *lint) kinds() {
	counts := make(map[string]int)
	for kind, n := range l.options.Kinds {
		counts[kind] += n
	}
	for _, e := range l.dossier.Timeline {
		counts[e.Kind]++
	}
	l.events(func(e *brief.Event) {
		var others []string
		for kind, n := range counts {
			if kind != e.Kind && n > counts[e.Kind] && utf8.RuneCountInString(kind) > 4 {
				others = append(others, kind)
			}
		}
		slices.Sort(others)
		if e.Kind == "" || len(others) == 0 {
			return
		}
		if meant := spelling.Nearest(e.Kind, others); meant != "" {
			p := l.warn("timeline", e.ID, "kind", "%q looks like a slip of %q, which %s: write that, or allow the rule kind here",
				e.Kind, meant, counted(counts[meant], "event has", "events have"))
			l.set(p, "timeline", e.ID, "kind", meant)
		}
	})
}

// set offers to write another value.
func (l *lint) set(p *brief.Problem, section, item, key, value string) {
	span, ok := l.text.Locate(section, item, key)
	written := ""
	if ok {
		written = string(l.text.Bytes()[span.From:span.To])
	}
	bare := strings.Trim(written, `"'`)
	if !ok || strings.ContainsAny(bare, "\"'\\\n") || strings.ContainsAny(value, "\"'\\\n:#") {
		return
	}
	p.Fix = &brief.Fix{Says: "write " + value, Edits: []brief.Edit{{Span: span, New: strings.Replace(written, bare, value, 1)}}}
}

func (l *lint) eventTwice() {
	seen := make(map[string]string)
	l.events(func(e *brief.Event) {
		key := e.Date.String() + "\x00" + spelling.Fold(e.Title)
		if first := seen[key]; first != "" {
			l.warn("timeline", e.ID, "title", "the event %s has this date and this title already: keep one, or say what differs", first)
		}
		seen[key] = e.ID
	})
}

func (l *lint) years() {
	l.events(func(e *brief.Event) {
		if e.Date.First().After(l.options.Now.AddDate(10, 0, 0)) {
			l.warn("timeline", e.ID, "date", "%s is more than ten years ahead: is the year right?", e.Date)
		}
	})
}

func (l *lint) announced() {
	l.events(func(e *brief.Event) {
		if e.Announce == brief.Now && e.Importance == brief.Minor {
			l.warn("timeline", e.ID, "announce", "the event is of minor importance, and announced now, which breaks into quiet hours: change one of them")
		}
	})
}

func (l *lint) series() {
	for _, i := range l.dossier.Indicators {
		if len(i.Series) == 0 {
			continue
		}
		last := i.Series[len(i.Series)-1]
		value, err := strconv.ParseFloat(strings.NewReplacer(",", "", "\u00a0", "", " ", "").Replace(i.Value), 64)
		if err == nil && value != last.Value {
			l.warn("indicators", i.ID, "value", "the value is %s, and the last of the series, of %s, is %s: bring them together",
				i.Value, last.Date, strconv.FormatFloat(last.Value, 'g', -1, 64))
		}
	}
}

// What is shown comfortably, in characters.
const (
	// longTitle fits the buttons and lists of both services, and a line of a digest.
	longTitle = 120
	// longDetail is what Discord shows in one field
	// (https://discord.com/developers/docs/resources/message#embed-object-embed-limits);
	// a digest shows the first 500 of it.
	longDetail = 1024
	// longOverview leaves room for indicators and the latest events in one message of
	// Telegram, which has 4,096 (https://core.telegram.org/bots/api#sendmessage).
	longOverview = 3000
)

func (l *lint) long() {
	measure := func(section, item, key, text string, most int, why string) {
		if n := utf8.RuneCountInString(text); n > most {
			l.warn(section, item, key, "%s has %d characters: %s", key, n, fmt.Sprintf(why, most))
		}
	}
	measure("", "", "overview", l.dossier.Overview, longOverview, "beyond %d an answer takes several messages; say less, and leave the rest to the sections")
	l.events(func(e *brief.Event) {
		measure("timeline", e.ID, "title", e.Title, longTitle, "lists and digests are easy to read up to %d; move what is more into detail")
		measure("timeline", e.ID, "detail", e.Detail, longDetail, "services show up to %d in one piece, and digests the first 500; say it shorter, or in two events")
	})
	for _, s := range l.dossier.Scenarios {
		measure("scenarios", s.ID, "detail", s.Detail, 2*longDetail, "beyond %d an answer takes several pages; say it shorter")
	}
}

func (l *lint) whitespace() {
	text := string(l.text.Bytes())
	at := 0
	for line := range strings.Lines(text) {
		body := strings.TrimRight(line, "\r\n")
		if bare := strings.TrimRight(body, " \t"); len(bare) < len(body) && bare != "" && !strings.HasPrefix(strings.TrimSpace(bare), "|") {
			span := brief.Span{From: at + len(bare), To: at + len(body)}
			p := l.warnAt(span, "white space stands at the end of the line: take it out")
			p.Fix = &brief.Fix{Says: "take it out", Edits: []brief.Edit{{Span: span}}}
		}
		at += len(line)
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		end := brief.Span{From: len(text), To: len(text)}
		p := l.warnAt(end, "the last line has no line break at its end: add it")
		p.Fix = &brief.Fix{Says: "add it", Edits: []brief.Edit{{Span: end, New: "\n"}}}
	}
}
