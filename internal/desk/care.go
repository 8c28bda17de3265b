package desk

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/briefbot/briefbot/internal/brief"
)

// units warns of curves of which nobody can tell what they count.
func (l *lint) units() {
	for _, i := range l.dossier.Indicators {
		if len(i.Series) > 1 && i.Unit == "" && !strings.ContainsAny(i.Value, "%$€£¥₴") {
			l.warn("indicators", i.ID, "series", "the series has no unit: write under unit what is counted, such as ships or hours")
		}
	}
}

// order warns of withdrawals and corrections that are older than what they are about.
func (l *lint) order() {
	for _, e := range l.dossier.Timeline {
		if r := e.Retracted; r != nil && isBefore(r.On, e.Date) && e.Date.First().Before(l.now) {
			l.warn("timeline", e.ID, "retracted", "the event of %s is retracted on %s, before it happened: is one of the years wrong?", e.Date, r.On)
		}
	}
	for _, c := range l.dossier.Corrections {
		id, ok := strings.CutPrefix(c.Item, "timeline/")
		e, known := l.dossier.Event(id)
		if ok && known && isBefore(c.On, e.Date) && e.Date.First().Before(l.now) {
			l.warnIn("corrections", c.On.String(), "the event %s of %s is corrected on %s, before it happened: is one of the years wrong?", id, e.Date, c.On)
		}
	}
}

func isBefore(a, b brief.Date) bool {
	return !a.IsZero() && !b.IsZero() && !a.End().After(b.First())
}

// warnIn is warn about the first place in a section where a text stands.
func (l *lint) warnIn(section, text, format string, args ...any) {
	span, ok := l.text.Locate(section, "", "")
	if i := strings.Index(string(l.text.Bytes()[span.From:span.To]), text); ok && i >= 0 {
		span = brief.Span{From: span.From + i, To: span.From + i + len(text)}
	}
	l.warnAt(span, format, args...)
}

// unwritten are words that editors write where a text is still to come, and placeholder
// is what else they write there too.
var (
	unwritten   = []string{"TODO", "FIXME", "TBD", "TBC", "XXX", "TK TK", "TKTK"}
	placeholder = regexp.MustCompile(`\b(?:` + strings.Join(unwritten, "|") + `)\b|(?i:lorem ipsum)|\?\?\?`)
)

// hash is a word behind a space and a hash, which YAML takes for a comment.
var hash = regexp.MustCompile(`^[ ]*(?:- +)*[a-z_]+: +[^"'|>\[{&*#\s][^#]*?( #[\pL\pN]\S*)`)

// placeholders warns of words that stand for a text to come.
func (l *lint) placeholders() {
	l.lines(append([]string{"orem", "OREM", "???"}, unwritten...), func(line string, at int, r func() row) bool {
		if m := placeholder.FindStringIndex(line); m != nil && !r().comment {
			l.warnAt(brief.Span{From: at + m[0], To: at + m[1]}, "%s stands where a text is still to come: readers see it", line[m[0]:m[1]])
		}
		return true
	})
}

// hashes warns of words that a hash makes a comment.
func (l *lint) hashes() {
	l.lines([]string{" #"}, func(line string, at int, r func() row) bool {
		if m := hash.FindStringSubmatchIndex(line); m != nil && !r().inBlock {
			l.warnAt(brief.Span{From: at + m[2] + 1, To: at + m[3]}, "what stands behind “ #” is a comment that nobody is shown: if it is text, put all of it in quotation marks")
		}
		return true
	})
}

// lineEnds warns of the first line that ends otherwise than one before it.
func (l *lint) lineEnds() {
	if !bytes.Contains(l.text.Bytes(), []byte("\r\n")) {
		return
	}
	var first string
	l.lines([]string{"\n"}, func(line string, at int, _ func() row) bool {
		end := line[len(strings.TrimRight(line, "\r\n")):]
		if first = cmp.Or(first, end); end == "" || end == first {
			return true
		}
		whole := at + len(line) - len(end)
		l.warnAt(brief.Span{From: whole, To: whole}, "this line ends otherwise than those before it: have your editor write one kind of line end")
		return false
	})
}

// lines calls look with each line that has one of some words, where it begins, and what it
// is, until look returns false.
func (l *lint) lines(words []string, look func(line string, at int, r func() row) bool) {
	text := string(l.text.Bytes())
	has := func(s string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(s, word) })
	}
	if !has(text) {
		return
	}
	rows, number, at := []row(nil), 0, 0
	for line := range strings.Lines(text) {
		i := number
		r := func() row {
			if rows == nil {
				rows = rowsOf(l.text) // it takes its time
			}
			return rows[i]
		}
		if has(line) && !look(line, at, r) {
			return
		}
		number, at = number+1, at+len(line)
	}
}

// destination is where a link in prose leads.
var destination = regexp.MustCompile(`\]\(([^()\s]+)\)`)

// links warns of links that lead nowhere on the web.
func (l *lint) links() {
	look := func(section, item, key, text string) {
		if !strings.Contains(text, "](") {
			return
		}
		for _, m := range destination.FindAllStringSubmatch(text, -1) {
			if to := m[1]; !strings.HasPrefix(to, "https://") && !strings.HasPrefix(to, "http://") {
				l.warn(section, item, key, "the link to %s is shown as text: write the whole address, with https:// before it", clip(to))
			}
		}
	}
	look("", "", "overview", l.dossier.Overview)
	l.events(func(e *brief.Event) { look("timeline", e.ID, "detail", e.Detail) })
	for _, s := range l.dossier.Scenarios {
		look("scenarios", s.ID, "detail", s.Detail)
	}
}
