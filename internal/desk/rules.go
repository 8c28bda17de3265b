package desk

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/brief"
	"github.com/briefbot/briefbot/internal/spelling"
)

// certain are the rules of package brief.
var certain = []Rule{
	{Name: "file", Summary: "a file that cannot be read, or that is no brief", Severity: brief.Error, Mixed: true},
	{Name: "file-name", Summary: "a brief whose name is no id", Severity: brief.Error},
	{Name: "translation", Summary: "a translation, which is not built yet", Severity: brief.Error},
	{Name: "encoding", Summary: "a file that is not UTF-8", Severity: brief.Error},
	{Name: "control-character", Summary: "a character that cannot be shown", Severity: brief.Error},
	{Name: "limit", Summary: "more than a brief may have: of bytes, characters, entries", Severity: brief.Error},
	{Name: "empty", Summary: "a file with nothing in it", Severity: brief.Error},
	{Name: "syntax", Summary: "what is not YAML", Severity: brief.Error},
	{Name: "document", Summary: "a second document in a file", Severity: brief.Error},
	{Name: "alias", Summary: "an alias inside what it stands for", Severity: brief.Error},
	{Name: "unknown-key", Summary: "a key that there is not", Severity: brief.Error},
	{Name: "duplicate-key", Summary: "a key that is there twice", Severity: brief.Error},
	{Name: brief.RuleMissing, Summary: "something required that is not there", Severity: brief.Error, Mixed: true},
	{Name: "type", Summary: "a list for a text, a text for a number", Severity: brief.Error},
	{Name: "choice", Summary: "a word that is none of those to choose from", Severity: brief.Error},
	{Name: "range", Summary: "a likelihood outside 0 to 1", Severity: brief.Error},
	{Name: "date", Summary: "what is no date, or cannot be one here", Severity: brief.Error, Mixed: true},
	{Name: "language", Summary: "what is no language tag", Severity: brief.Error},
	{Name: "url", Summary: "what is no address of the web", Severity: brief.Error},
	{Name: "id", Summary: "an id that is none, or taken", Severity: brief.Error},
	{Name: "reference", Summary: "an id that nothing has; a warning for a story that is not there", Severity: brief.Error, Mixed: true},
	{Name: "story", Summary: "a subscription in the configuration to a story that is not there", Severity: brief.Warning},
	{Name: "repeated", Summary: "an entry or a date that is listed twice", Severity: brief.Warning},
	{Name: brief.RuleDraft, Summary: "a draft, which nobody sees", Severity: brief.Warning},
	{Name: brief.RuleUndated, Summary: "an event of a draft without a date", Severity: brief.Warning},
	{Name: brief.RuleRewrite, Summary: "a text marked as somebody else's words", Severity: brief.Warning},
}

// ruleKind compares a brief with those beside it.
const ruleKind = "kind"

// rules are what only an editor can judge.
var rules = []Rule{
	{Name: brief.RuleSource, Summary: "an event without a source", Severity: brief.Warning, look: (*lint).unsourced},
	{Name: "source-date", Summary: "an event that its sources cannot have reported, or whose year looks wrong", Severity: brief.Warning, look: (*lint).sourceDates, whole: true, passing: true},
	{Name: "source-address", Summary: "a source without an address", Severity: brief.Warning, look: (*lint).unaddressed, whole: true},
	{Name: "source-unused", Summary: "a source that nothing cites", Severity: brief.Warning, look: (*lint).unused, whole: true},
	{Name: "source-twice", Summary: "two sources with one address", Severity: brief.Warning, look: (*lint).sourceTwice, whole: true},
	{Name: "review", Summary: "a review date that is past, or of a story that is closed", Severity: brief.Warning, look: (*lint).review, passing: true},
	{Name: "as-of", Summary: "an as-of date in the future, or before an event that has happened", Severity: brief.Warning, look: (*lint).asOf, whole: true, passing: true},
	{Name: "likelihood", Summary: "likelihoods of open scenarios over 1 in sum", Severity: brief.Warning, look: (*lint).likelihoods, whole: true},
	{Name: "outcome", Summary: "an outcome, a retraction or a correction of the future", Severity: brief.Warning, look: (*lint).outcomes, passing: true},
	{Name: "people", Summary: "a person of the story named in an event, but not listed there", Severity: brief.Warning, look: (*lint).people},
	{Name: "organizations", Summary: "an organization of the story named in an event, but not listed there", Severity: brief.Warning, look: (*lint).organizations},
	{Name: "unlisted", Summary: "somebody with a title and a name who is in no list", Severity: brief.Warning, look: (*lint).unlisted, whole: true},
	{Name: "namesake", Summary: "two people or organizations with one name", Severity: brief.Warning, look: (*lint).namesakes, whole: true},
	{Name: ruleKind, Summary: "a kind that looks like a slip of another", Severity: brief.Warning, look: (*lint).slips, passing: true},
	{Name: "event-twice", Summary: "two events with one date and one title", Severity: brief.Warning, look: (*lint).eventTwice},
	{Name: "year", Summary: "an event far in the future", Severity: brief.Warning, look: (*lint).years, passing: true},
	{Name: "announce", Summary: "an event of minor importance that is announced now", Severity: brief.Warning, look: (*lint).announced},
	{Name: "id-reused", Summary: "an id that stood for another thing in the last commit", Severity: brief.Warning, look: (*lint).reused, whole: true, passing: true},
	{Name: "id-changed", Summary: "an item that had another id in the last commit", Severity: brief.Warning, look: (*lint).changed, whole: true, passing: true},
	{Name: "series", Summary: "a value that is not the last of its series", Severity: brief.Warning, look: (*lint).series, whole: true},
	{Name: "unit", Summary: "a series without a unit", Severity: brief.Warning, look: (*lint).units, whole: true},
	{Name: "order", Summary: "a retraction or a correction before what it is about", Severity: brief.Warning, look: (*lint).order, whole: true, passing: true},
	{Name: "placeholder", Summary: "a word such as TODO that stands for a text to come", Severity: brief.Warning, look: (*lint).placeholders},
	{Name: "hash", Summary: "text that a hash makes a comment", Severity: brief.Warning, look: (*lint).hashes},
	{Name: "line-ends", Summary: "lines that end in two ways", Severity: brief.Warning, look: (*lint).lineEnds},
	{Name: "link", Summary: "a link in a text that does not lead to the web", Severity: brief.Warning, look: (*lint).links},
	{Name: "long", Summary: "a text longer than chat services show comfortably", Severity: brief.Warning, look: (*lint).long},
	{Name: "markup", Summary: "Markdown that is not shown", Severity: brief.Warning, look: (*lint).markup},
	{Name: "whitespace", Summary: "white space at the end of a line, or no line break at the end", Severity: brief.Warning, look: (*lint).whitespace},
	{Name: ruleAllow, Summary: "a comment that allows a rule that there is not, or that nothing breaks", Severity: brief.Warning},
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
		case e.Date.First().Before(l.now) && !e.Date.First().Before(last.End()):
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
	case d.Stale(l.now):
		l.warn("", "", "review_by", "the review was due by %s, and readers are told that the story is stale: look at it again, and write the next date", d.ReviewBy)
	}
}

func (l *lint) asOf() {
	d := l.dossier
	if d.AsOf.IsZero() {
		return
	}
	if d.AsOf.First().After(l.now) {
		l.warn("", "", "as_of", "%s is in the future: write the day on which somebody last stood by the text", d.AsOf)
		return
	}
	l.events(func(e *brief.Event) {
		if last := len(l.found) - 1; last >= 0 && l.found[last].Rule == l.rule {
			return // one says it
		}
		if !e.Date.First().Before(d.AsOf.End()) && e.Date.First().Before(l.now) {
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
	future := func(d brief.Date) bool { return !d.IsZero() && d.First().After(l.now) }
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

func (l *lint) slips() {
	l.events(func(e *brief.Event) {
		meant := meantKind(e.Kind, l.kinds)
		if e.Kind == "" || meant == "" {
			return
		}
		p := l.warn("timeline", e.ID, "kind", "%q looks like a slip of %q, which %s: write that, or allow the rule kind here",
			e.Kind, meant, counted(l.kinds[meant], "event has", "events have"))
		l.set(p, "timeline", e.ID, "kind", meant)
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
		if e.Date.First().After(l.now.AddDate(10, 0, 0)) {
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
	at, i, rows := 0, -1, []row(nil)
	for line := range strings.Lines(text) {
		i++
		if end := strings.TrimRight(line, "\r\n"); !strings.HasSuffix(end, " ") && !strings.HasSuffix(end, "\t") {
			at += len(line)
			continue
		}
		if rows == nil {
			rows = rowsOf(l.text)
		}
		body := strings.TrimRight(line, "\r\n")
		// In prose, two spaces break the line, and in quotation marks a backslash may keep one.
		bare := strings.TrimRight(body, " \t")
		meant := rows[i].inBlock && strings.HasSuffix(body, "  ") || strings.HasSuffix(bare, `\`)
		if len(bare) < len(body) && bare != "" && !meant {
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
